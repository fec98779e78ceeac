//! PostgreSQL's own load program on the server's own database: the floor of what needs the database.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use nexgen_finance::postgres::programs::ProgramSearch;

use crate::{requests, site::Site, statements::Statement, support::port};

/// The program, and the database that it drives.
pub(crate) struct Pgbench {
    program: PathBuf,
    folder: PathBuf,
    pos: u32,
}

impl Pgbench {
    /// None without the program, and for a server that ran already.
    pub(crate) fn find(site: &Site) -> Option<Self> {
        let folder = site.server.as_ref()?.postgres();
        let search = ProgramSearch {
            pg_bindir: std::env::var_os("PG_BINDIR").map(PathBuf::from),
            path: std::env::var_os("PATH"),
            project_folders: vec![PathBuf::from(env!("CARGO_MANIFEST_DIR"))],
        };
        let programs = search.find(&folder.join("cluster")).unwrap();
        let program = programs.program("pgbench");
        if !program.is_file() {
            eprintln!("pgbench is not in {}: no floors", programs.folder().display());
            return None;
        }
        Some(Self {
            program,
            folder,
            pos: site.pos,
        })
    }

    /// The transactions a second with prepared statements, from one thread as ours.
    pub(crate) fn run(&self, statements: &[Statement], connections: usize, seconds: u32) -> f64 {
        let Script { text, variables } = script(statements, self.pos);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=1"])
            .arg(format!("--client={connections}"))
            .arg(format!("--time={seconds}"))
            .args(
                variables
                    .iter()
                    .map(|(name, value)| format!("--define={name}={value}")),
            )
            .arg(format!("--file={}", file.path().display()))
            .envs(environment(&self.folder))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let tps = line.and_then(|line| line.split(' ').next()?.parse().ok());
        tps.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// What PostgreSQL's programs need to find the database of a server.
fn environment(folder: &Path) -> [(&'static str, String); 5] {
    let password = fs::read_to_string(folder.join("password")).unwrap();
    [
        ("PGHOST", folder.join("socket").display().to_string()),
        ("PGPORT", port(folder)),
        ("PGUSER", "erp".to_owned()),
        ("PGDATABASE", "Nexgen_erp".to_owned()),
        ("PGPASSWORD", password.trim().to_owned()),
    ]
}

struct Script {
    text: String,
    variables: Vec<(String, String)>,
}

/// The statements for pgbench. What wrote to one PO writes to as many as the requests do, and what has to be new is.
fn script(statements: &[Statement], pos: u32) -> Script {
    let first = requests::po(pos, 0);
    let many = (1..=10_000)
        .take_while(|number| requests::po(pos, *number) != first)
        .count();
    let mut text = String::new();
    let is_write = statements.iter().any(|statement| statement.sql == "BEGIN");
    if is_write {
        writeln!(text, "\\set po {first} + 20 * random(0, {many})").unwrap();
    }
    let targets: Vec<String> = (0..=many as u64)
        .map(|number| requests::po(pos, number).to_string())
        .collect();
    let mut variables = Vec::new();
    for (number, statement) in statements.iter().enumerate() {
        let mut sql = statement.sql.clone();
        // The highest first, so that $1 is not found in $10.
        for (index, parameter) in statement.parameters.iter().enumerate().rev() {
            let place = format!("${}", index + 1);
            let with = match parameter {
                None => "NULL".to_owned(),
                Some(value) if is_write && targets.contains(value) => ":po".to_owned(),
                Some(value) => {
                    let name = format!("s{number}p{index}");
                    variables.push((name.clone(), value.clone()));
                    format!(":{name}")
                }
            };
            sql = sql.replace(&place, &with);
        }
        writeln!(text, "{sql};").unwrap();
    }
    Script { text, variables }
}
