//! Secrets that anybody would recognise, in every place that has one, while the real program does good, bad and failing
//! things: none of them comes out in a log, an error, a figure or the print of the settings, and none is stored in the clear.

use std::fs;

use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::rows;
use crate::support::{
    TestApp,
    callers::{Caller, Reply},
    files::PDF_HEAD,
    server::Home,
};

const SECRET_KEY: &str = "SECRETsigningkey-0f9b6a71d4c8e2537a90bf1c6de84372";
const METRICS_TOKEN: &str = "SECRETmetrics-0f9b6a71d4c8e253";
const PASSWORD: &str = "SECRETpassword";
const NEXT_PASSWORD: &str = "SECRETnextpassword";
const GUESS: &str = "SECRETguess";
/// A text that is never right, for places that take a secret and were given another.
const STRAY: &str = "SECRETstray";

/// The secrets, and all that came out.
struct Watch {
    secrets: Vec<String>,
    outputs: Vec<(String, String)>,
}

impl Watch {
    /// Keeps an answer that must hold no secret.
    fn keep(&mut self, what: &str, reply: &Reply) {
        let headers = format!("{:?}", reply.headers);
        self.outputs
            .push((format!("{what}, {}", reply.status), reply.text() + &headers));
    }

    /// What a login gave is secret from here on.
    fn learn(&mut self, reply: &Reply) -> (String, String) {
        let body = reply.expect(200);
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let tokens = (text("access_token"), text("refresh_token"));
        // A part of it would do as well.
        let (_, signature) = tokens.0.rsplit_once('.').unwrap();
        self.secrets.extend([signature.to_owned(), tokens.1.clone()]);
        tokens
    }

    fn check(&self) {
        for (what, text) in &self.outputs {
            for secret in &self.secrets {
                if let Some(place) = text.find(secret.as_str()) {
                    let from = text.floor_char_boundary(place.saturating_sub(200));
                    panic!("{secret} is in {what}: …{}", &text[from..place]);
                }
            }
        }
    }
}

fn login(nobody: &Caller, name: &str, password: &str) -> crate::support::callers::Call {
    nobody
        .post("/api/auth/login")
        .json(&json!({"username": name, "password": password}))
}

/// Requests that hold secrets and are refused, each at another place of the way through the server.
async fn drive_bad(watch: &mut Watch, nobody: &Caller, user: &Caller) {
    let passwords = [
        r#"{"username": "asha", "password": "SECRETpassword""#,
        r#"{"username": "asha", "password": "SECRETpassword",}"#,
        r#"{"username": "asha", "password": ["SECRETpassword"]}"#,
        r#"{"username": ["SECRETpassword"], "password": {"SECRETpassword": 1}}"#,
        r#""SECRETpassword""#,
        "username=asha&password=SECRETpassword",
        "{\"username\": \"asha\", \"password\": \"SECRETpassword\u{0}",
    ];
    for path in [
        "/api/auth/login",
        "/api/auth/signup",
        "/api/auth/refresh",
        "/api/auth/change-password",
        "/api/users",
    ] {
        for body in passwords {
            watch.keep(path, &user.post(path).body(body).send().await);
            watch.keep(path, &nobody.post(path).raw("text/plain", body).send().await);
        }
    }
    let short = json!({"username": "a", "email": "SECRETstray", "password": "SECRE", "role": "SECRETstray"});
    watch.keep(
        "short",
        &nobody.post("/api/auth/signup").json(&short).send().await,
    );
    watch.keep("guess", &login(nobody, "asha", GUESS).send().await);
    watch.keep("guess", &login(nobody, "nobody", GUESS).send().await);
    let wrong = json!({"current_password": GUESS, "new_password": NEXT_PASSWORD});
    watch.keep(
        "change",
        &user.post("/api/auth/change-password").json(&wrong).send().await,
    );
    let stray = json!({"refresh_token": STRAY});
    watch.keep(
        "refresh",
        &nobody.post("/api/auth/refresh").json(&stray).send().await,
    );
    for (name, value) in [
        ("authorization", format!("Bearer {STRAY}")),
        ("authorization", format!("Basic {STRAY}")),
        ("authorization", STRAY.to_owned()),
        ("cookie", format!("access_token={STRAY}; refresh_token={STRAY}")),
        ("idempotency-key", STRAY.to_owned() + " \u{e4}"),
        ("if-match", STRAY.to_owned()),
        ("host", format!("{STRAY}@a")),
    ] {
        watch.keep(
            name,
            &nobody.post("/api/po").header(name, &value).body("{").send().await,
        );
        watch.keep(
            name,
            &nobody
                .get("/metrics")
                .header(name, &value)
                .header("x-forwarded-for", "192.0.2.1")
                .send()
                .await,
        );
        watch.keep(
            name,
            &user
                .post("/api/projects")
                .header("x-api-key", STRAY)
                .body("{")
                .send()
                .await,
        );
    }
    for path in [
        "/api/documents/download/1",
        "/uploads/a.pdf",
        "/api/po",
        "/api/nowhere",
        "/api/auth/me",
    ] {
        let path =
            format!("{path}?token={STRAY}&password={STRAY}&q={STRAY}&sort={STRAY}&access_token={STRAY}");
        watch.keep("a query", &nobody.get(&path).send().await);
        watch.keep("a query", &user.get(&path).send().await);
    }
}

#[tokio::test]
async fn no_secret_comes_out() {
    let app = TestApp::start_on_bucket().await;
    let home = Home::new();
    let mut settings = app.command_settings();
    let url = settings.iter().find(|(name, _)| name == "DATABASE_URL").unwrap();
    let database_password = password_of(&url.1);
    for (name, value) in [
        ("SECRET_KEY", SECRET_KEY),
        ("METRICS_TOKEN", METRICS_TOKEN),
        ("LOG_LEVEL", "TRACE"),
        ("LOG_FORMAT", "json"),
        ("DB_POOL_TIMEOUT", "1"),
        ("DB_POOL_SIZE", "4"),
        ("DEBUG_MODE", "true"),
        ("RATE_LIMIT_ENABLED", "false"),
    ] {
        settings.push((name.to_owned(), value.to_owned()));
    }
    let storage_secrets = settings
        .iter()
        .filter(|(name, _)| name == "AWS_SECRET_ACCESS_KEY")
        .map(|(_, value)| value.clone());
    let mut watch = Watch {
        secrets: storage_secrets.collect(),
        outputs: Vec::new(),
    };
    assert_eq!(watch.secrets.len(), 1);
    watch.secrets.extend(
        [
            SECRET_KEY,
            &database_password,
            METRICS_TOKEN,
            PASSWORD,
            NEXT_PASSWORD,
            GUESS,
        ]
        .map(str::to_owned),
    );
    let pairs: Vec<(&str, &str)> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let server = home.start(&pairs).await;
    let nobody = server.nobody();

    let account = json!({"username": "asha", "email": "asha@example.com", "password": PASSWORD});
    watch.learn(&nobody.post("/api/auth/signup").json(&account).send().await);
    let (access, refresh) = watch.learn(&login(&nobody, "asha", PASSWORD).send().await);
    let user = nobody.with_token(&access);
    let me = user.get("/api/auth/me").send().await;
    assert_eq!(me.status, 200);
    watch.keep("me", &me);
    watch.keep("users", &user.get("/api/users").send().await);
    // A file and its link, whose signature is as good as a token.
    let project = user
        .post("/api/projects")
        .json(&json!({"name": "Store"}))
        .send()
        .await
        .expect(200);
    let po = user
        .post("/api/po")
        .json(&json!({"client_id": 1, "po_number": "PO-1", "project_id": project["id"]}))
        .send()
        .await
        .expect(200);
    let upload = user
        .post(format!("/api/client-po/{}/files", po["id"]))
        .header("idempotency-key", "the-upload")
        .file("a.pdf", PDF_HEAD, &[])
        .send()
        .await
        .expect(200);
    let link = upload["file"]["download_url"].as_str().unwrap().to_owned();
    let link = link[link.find("/api").unwrap()..].to_owned();
    let link_signature = link.rsplit_once('.').unwrap().1.to_owned();
    watch.secrets.push(link_signature.clone());
    assert_eq!(nobody.get(&link).send().await.status, 200);
    watch.keep(
        "a link cut short",
        &nobody.get(&link[..link.len() - 3]).send().await,
    );
    let longer = nobody.get(format!("{link}A")).send().await;
    watch.keep("a link made longer", &longer);

    drive_bad(&mut watch, &nobody, &user).await;

    let renew = |token: &str| {
        nobody
            .post("/api/auth/refresh")
            .json(&json!({"refresh_token": token}))
            .send()
    };
    let (_, renewed) = watch.learn(&renew(&refresh).await);
    watch.keep("reuse", &renew(&refresh).await);
    watch.keep("after reuse", &renew(&renewed).await);
    let (access, _) = watch.learn(&login(&nobody, "asha", PASSWORD).send().await);
    let user = nobody.with_token(&access);
    let change = json!({"current_password": PASSWORD, "new_password": NEXT_PASSWORD});
    watch.keep(
        "change",
        &user.post("/api/auth/change-password").json(&change).send().await,
    );
    let (access, _) = watch.learn(&login(&nobody, "asha", NEXT_PASSWORD).send().await);
    let user = nobody.with_token(&access);

    // The storage away, then the database.
    app.stop_bucket().await;
    let lost = user
        .get(format!("/api/documents/download/{}", upload["file"]["id"]))
        .send()
        .await;
    assert!(lost.status >= 500, "{}", lost.text());
    watch.keep("without the storage", &lost);
    let failed = user
        .post(format!("/api/client-po/{}/files", po["id"]))
        .file("b.pdf", PDF_HEAD, &[])
        .send()
        .await;
    assert!(failed.status >= 500, "{}", failed.text());
    watch.keep("without the storage", &failed);
    shut(&app, true).await;
    for call in [
        user.get("/api/po?q=SECRETguess"),
        user.post("/api/projects").json(&json!({"name": GUESS})),
        login(&nobody, "asha", PASSWORD),
        nobody.get("/api/health/ready"),
        nobody.get("/api/health/detailed"),
        nobody.post("/api/auth/signup").json(&account),
    ] {
        watch.keep("without the database", &call.send().await);
    }
    shut(&app, false).await;
    for (name, value) in [
        ("authorization", format!("Bearer {METRICS_TOKEN}")),
        ("accept", "*/*".to_owned()),
    ] {
        let metrics = nobody.get("/metrics").header(name, &value).send().await;
        assert_eq!(metrics.status, 200, "{}", metrics.text());
        watch.keep("/metrics", &metrics);
    }
    watch.keep("the document", &nobody.get("/api/openapi.json").send().await);
    watch.keep("the audit trail", &user.get("/api/audit?limit=1000").send().await);

    // What the commands print, when all is well and when it is not.
    let mut broken = settings.clone();
    broken.push(("DB_POOL_SIZE".to_owned(), STRAY.to_owned()));
    broken.push(("SECRET_KEY".to_owned(), "SECRETguess".to_owned()));
    broken.push(("APP_ENVIRONMENT".to_owned(), "production".to_owned()));
    let mut unreachable = settings.clone();
    for (name, value) in &mut unreachable {
        if name == "DATABASE_URL" {
            *value = format!("postgres://SECRETuser:{database_password}@127.0.0.1:1/none");
        }
    }
    unreachable.push(("DB_POOL_TIMEOUT".to_owned(), "1".to_owned()));
    for (arguments, settings) in [
        (vec!["check-config"], &settings),
        (vec!["check-config"], &broken),
        (vec!["check-config"], &unreachable),
        (vec!["serve"], &broken),
        (vec!["migrate"], &settings),
        (vec!["verify"], &settings),
        (vec!["healthcheck"], &settings),
    ] {
        let output = home.command(&arguments, settings).output().await.unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed).into_owned();
        assert!(!printed.is_empty(), "{arguments:?}");
        watch.outputs.push((format!("{arguments:?}"), printed));
    }
    // Passwords and tokens are stored as hashes. An answer that is kept to be repeated keeps its link, which soon ends.
    let mut in_the_clear = watch.secrets.clone();
    in_the_clear.retain(|secret| *secret != database_password && *secret != link_signature);
    let stored = stored(&app).await;
    for secret in &in_the_clear {
        assert!(!stored.contains(secret.as_str()), "{secret} is in the database");
    }
    watch.check();
    // A text that was no secret of ours but stood where one stands.
    watch.secrets.push(STRAY.to_owned());
    // Faults may name a bad value of a setting that is no secret, and an answer the parameter that it was sent in.
    watch
        .outputs
        .retain(|(what, _)| !what.contains("check-config") && !what.contains("serve"));
    drop(server);
    let mut lines = 0;
    for file in ["stdout.txt", "stderr.txt", "logs/app.log", "logs/error.log"] {
        let text = fs::read_to_string(home.path().join(file)).unwrap();
        lines += text.lines().count();
        watch.outputs.push((file.to_owned(), text));
    }
    watch.check();
    println!(
        "{} secrets, {} outputs of the program, {lines} lines of its logs",
        watch.secrets.len(),
        watch.outputs.len()
    );
}

/// The password in an address.
fn password_of(url: &str) -> String {
    let (account, _) = url.split_once('@').unwrap();
    let (_, password) = account.rsplit_once(':').unwrap();
    assert!(password.len() > 8, "{password:?} could stand anywhere");
    password.to_owned()
}

/// Closes the database to everybody, or opens it again.
async fn shut(app: &TestApp, is_shut: bool) {
    let mut options = app.db.connect_options().as_ref().clone();
    let name = options.get_database().unwrap().to_owned();
    options = options.database("template1");
    let mut connection = options.connect().await.unwrap();
    let allow = format!(r#"ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS {}"#, !is_shut);
    sqlx::raw_sql(AssertSqlSafe(allow))
        .execute(&mut connection)
        .await
        .unwrap();
    if is_shut {
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        sqlx::raw_sql(AssertSqlSafe(end))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
}

/// Every row as text.
async fn stored(app: &TestApp) -> String {
    // Stored answers are bytes.
    let answers: Vec<Option<Vec<u8>>> = sqlx::query_scalar(r#"SELECT body FROM "Finances".idempotency_key"#)
        .fetch_all(&app.db)
        .await
        .unwrap();
    let answers = answers.into_iter().flatten();
    let answers = answers.map(|body| String::from_utf8_lossy(&body).into_owned());
    let rows = rows(app).await.into_iter().map(|(_, row)| row.to_string());
    rows.chain(answers).collect()
}
