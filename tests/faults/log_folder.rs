//! Logs that cannot be written: the server starts, serves and says so; once they can be, it writes them.

use std::{fs, path::Path};

use crate::support::{
    TestApp,
    server::{Home, Server},
    waiting::until_so,
};

async fn start(app: &TestApp, home: &Home, folder: &str) -> Server {
    let settings = crate::beside(app);
    let mut settings: Vec<(&str, &str)> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    settings.push(("LOG_DIR", folder));
    home.start(&settings).await
}

/// Asks until the answers stand in the log.
async fn until_logged(server: &Server, log: &Path) {
    for _ in 0..40 {
        server.nobody().get("/").send().await.expect(200);
        if fs::read_to_string(log).is_ok_and(|text| text.contains("GET / - Status: 200")) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{} is not written", log.display());
}

#[tokio::test]
async fn a_folder_of_logs_that_is_none_is_told_of_and_used_once_it_is_one() {
    let (app, home) = (TestApp::start().await, Home::new());
    let logs = home.path().join("logs");
    fs::write(&logs, "a file in the folder's place").unwrap();

    let server = start(&app, &home, "logs").await;
    server.nobody().get("/api/health/ready").send().await.expect(200);

    let told = home.stderr();
    assert!(
        told.contains("no log file logs/app.log") && told.contains("no log file logs/error.log"),
        "{told}"
    );
    fs::remove_file(&logs).unwrap();
    until_logged(&server, &logs.join("app.log")).await;
    assert!(
        home.stderr().contains("logs/app.log is written again"),
        "{}",
        home.stderr()
    );
    assert_eq!(
        home.stderr().matches("no log file logs/app.log").count(),
        1,
        "once"
    );
}

#[tokio::test]
async fn a_place_where_nobody_may_write_costs_the_logs_and_nothing_else() {
    let (app, home) = (TestApp::start().await, Home::new());
    let editor = app.editor().await;

    // Not even root makes folders there.
    let mut server = start(&app, &home, "/proc/logs").await;
    let editor = server.caller_of(&editor);
    editor
        .post("/api/projects")
        .json(&serde_json::json!({"name": "Store"}))
        .send()
        .await
        .expect(200);

    assert!(
        home.stderr().contains("no log file /proc/logs/app.log"),
        "{}",
        home.stderr()
    );
    assert!(server.is_running());
}

#[tokio::test]
async fn a_folder_of_logs_that_is_removed_meanwhile_is_made_again() {
    let (app, home) = (TestApp::start().await, Home::new());
    let server = start(&app, &home, "logs").await;
    let logs = home.path().join("logs");
    until_logged(&server, &logs.join("app.log")).await;

    fs::rename(&logs, home.path().join("moved")).unwrap();

    until_logged(&server, &logs.join("app.log")).await;
    until_so("both files are there", || logs.join("app.log").is_file()).await;
}
