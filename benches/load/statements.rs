//! The statements that a request runs, with their parameters, as PostgreSQL's own log tells them.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    time::Duration,
};

use crate::{
    drive::{drive, once},
    requests::Scenario,
    site::Site,
    support::data::database,
};

/// A statement and its parameters; `None` stands for NULL.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Option<String>>,
}

/// The statements of one request of this kind, in their order.
pub(crate) async fn of(site: &Site, scenario: &Scenario) -> Vec<Statement> {
    let server = site.server.as_ref().expect("a server of our own");
    let mut database = database(server).await;
    set(
        &mut database,
        "ALTER DATABASE \"Nexgen_erp\" SET log_min_duration_statement = 0;
         ALTER DATABASE \"Nexgen_erp\" SET log_error_verbosity = 'default'",
    )
    .await;
    restart_sessions(&mut database).await;
    // The server notices, opens new sessions and prepares its statements there.
    drive(site.address, scenario, 1, Duration::from_secs(1)).await;
    let mut log = File::open(server.postgres().join("server.log")).unwrap();
    let mut found = Vec::new();
    // A job of the server's own may run just then; the shortest of three is the request alone.
    for _ in 0..3 {
        log.seek(SeekFrom::End(0)).unwrap();
        once(site.address, scenario).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        found.push(parse(&text));
    }
    set(&mut database, "ALTER DATABASE \"Nexgen_erp\" RESET ALL").await;
    restart_sessions(&mut database).await;
    drive(site.address, scenario, 32, Duration::from_millis(300)).await;
    found
        .into_iter()
        .filter(|statements| !statements.is_empty())
        .min_by_key(Vec::len)
        .unwrap_or_default()
}

async fn set(database: &mut sqlx::PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(database).await.unwrap();
}

async fn restart_sessions(database: &mut sqlx::PgConnection) {
    set(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
}

/// The statements of all sessions in the order of the log: one request may use several.
fn parse(log: &str) -> Vec<Statement> {
    // Lines that begin with a tab go on with the one before.
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(more), Some(entry)) => {
                entry.push('\n');
                entry.push_str(more);
            }
            _ => entries.push(line.to_owned()),
        }
    }
    let mut statements: Vec<Statement> = Vec::new();
    // The parameters stand below `bind`, before there is anything to give them to, and again below `execute`.
    let mut is_executed = false;
    for entry in &entries {
        let Some((_, text)) = entry.split_once(" [").and_then(|(_, rest)| rest.split_once("] ")) else {
            continue;
        };
        if let Some(parameters) = text.strip_prefix("DETAIL:  parameters: ") {
            if let Some(statement) = statements.last_mut().filter(|_| is_executed) {
                statement.parameters = parse_parameters(parameters);
            }
        } else if let Some((_, what)) = text.split_once(" ms  ") {
            is_executed = what.starts_with("execute ");
            let sql = match what.split_once(": ") {
                Some((kind, sql)) if kind == "statement" || kind.starts_with("execute ") => sql,
                _ => continue,
            };
            statements.push(Statement {
                sql: sql.trim().trim_end_matches(';').to_owned(),
                parameters: Vec::new(),
            });
        }
    }
    statements
}

/// `$1 = '5', $2 = NULL`, with quotes doubled inside.
fn parse_parameters(text: &str) -> Vec<Option<String>> {
    let mut parameters = Vec::new();
    let mut rest = text;
    while let Some((_, value)) = rest.split_once(" = ") {
        if let Some(after) = value.strip_prefix("NULL") {
            parameters.push(None);
            rest = after;
            continue;
        }
        let mut value = value.strip_prefix('\'').expect("a quoted parameter");
        let mut whole = String::new();
        loop {
            let (part, after) = value.split_once('\'').expect("the end of a parameter");
            whole.push_str(part);
            if let Some(more) = after.strip_prefix('\'') {
                whole.push('\'');
                value = more;
            } else {
                rest = after;
                break;
            }
        }
        parameters.push(Some(whole));
    }
    parameters
}
