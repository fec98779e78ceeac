//! The probes.

use serde_json::json;

use crate::support::{TestApp, logs::Logs};

#[tokio::test]
async fn health_says_up_at_the_top_and_under_data() {
    let app = TestApp::start().await;

    let body = app.nobody().get("/api/health").send().await.expect(200);

    assert_eq!(body["status"], "UP");
    assert_eq!(body["database"], "UP");
    assert_eq!(body["service"], "Nexgen ERP - Finance API");
    assert_eq!(body["version"], "1.0.0");
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
    let mut top = body.clone();
    top.as_object_mut().unwrap().remove("data");
    assert_eq!(top, body["data"]);
}

#[tokio::test]
async fn details_name_the_parts() {
    let app = TestApp::start().await;

    let body = app.nobody().get("/api/health/detailed").send().await.expect(200);

    assert_eq!(body["components"], json!({"api": "UP", "database": "UP"}));
    assert_eq!(body["environment"], "test");
    let tables: i64 = app
        .value("SELECT count(*) FROM pg_tables WHERE schemaname = 'Finances'")
        .await;
    assert_eq!(body["database_tables"], tables);
    assert_eq!(body["data"]["database_tables"], tables);
}

#[tokio::test]
async fn without_the_database_the_service_is_degraded_and_not_ready() {
    let app = TestApp::start().await;
    app.db.close().await;

    let health = app.nobody().get("/api/health").send().await.expect(200);
    assert_eq!(
        (&health["status"], &health["database"]),
        (&json!("DEGRADED"), &json!("DOWN"))
    );
    assert_eq!(health["data"]["status"], "DEGRADED");

    let details = app.nobody().get("/api/health/detailed").send().await.expect(200);
    assert_eq!(details["components"]["database"], "DOWN");
    assert!(details.get("database_tables").is_none());

    for probe in ["/api/health/ready", "/api/health/db"] {
        let reply = app.nobody().get(probe).send().await;
        let body = reply.expect_error(503, "SERVICE_UNAVAILABLE");
        assert_eq!(body["database"], "disconnected");
        assert_eq!(reply.header("retry-after"), "5");
    }
    app.nobody().get("/api/health/live").send().await.expect(200);
}

#[tokio::test]
async fn a_stopping_server_is_not_ready_though_connected() {
    let app = TestApp::start().await;
    assert_eq!(
        app.nobody().get("/api/health/ready").send().await.expect(200)["database"],
        "connected"
    );

    app.state.health.stop();

    let logs = Logs::start("INFO");
    let refused = app.nobody().get("/api/health/ready").send().await;
    let line = logs.end().access(refused.header("x-request-id"));
    let body = refused.expect_error(503, "SERVICE_UNAVAILABLE");
    assert_eq!(body["database"], "connected");
    assert_eq!(line["error"], "not ready: the database is connected");
    app.nobody().get("/api/health/live").send().await.expect(200);
}
