//! `/metrics`: who may read it, and what it tells.

use axum::{Router, extract::Path, routing::get};

use crate::support::{TestApp, callers::Reply, wire::SideServer};

const TOKEN: &str = "a-token-for-prometheus";

#[tokio::test]
async fn callers_on_this_machine_those_with_the_token_and_admins_may_read_it() {
    let app = TestApp::start_with(&[("METRICS_TOKEN", TOKEN)]).await;
    let far = "192.0.2.1";
    let with = |value: &str| {
        app.nobody()
            .get("/metrics")
            .header("x-forwarded-for", far)
            .header("authorization", value)
    };

    let near = app.nobody().get("/metrics").send().await;
    assert_eq!(near.status, 200);
    assert_eq!(
        near.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    near.expect_common_headers();
    for header in ["x-forwarded-for", "forwarded"] {
        let proxied = app.nobody().get("/metrics").header(header, far).send().await;
        proxied.expect_error(401, "UNAUTHORIZED");
        assert_eq!(proxied.header("www-authenticate"), "Bearer");
    }
    assert_eq!(with(&format!("Bearer {TOKEN}")).send().await.status, 200);
    assert_eq!(with(&format!("bearer {TOKEN}")).send().await.status, 200);
    for wrong in [
        TOKEN.to_owned(),
        format!("Basic {TOKEN}"),
        format!("Bearer {TOKEN}x"),
        "Bearer ".to_owned(),
        "Bearer x.y.z".to_owned(),
    ] {
        with(&wrong).send().await.expect_error(401, "UNAUTHORIZED");
    }
    let admin = app.admin().await;
    assert_eq!(
        admin
            .get("/metrics")
            .header("x-forwarded-for", far)
            .send()
            .await
            .status,
        200
    );
    for caller in [app.viewer().await, app.editor().await] {
        let refused = caller.get("/metrics").header("x-forwarded-for", far).send().await;
        refused.expect_error(403, "FORBIDDEN");
    }
}

#[tokio::test]
async fn without_a_token_in_the_settings_none_opens_it() {
    let app = TestApp::start().await;
    for value in ["Bearer ", "Bearer", "Bearer null"] {
        let call = app
            .nobody()
            .get("/metrics")
            .header("x-forwarded-for", "192.0.2.1");
        call.header("authorization", value)
            .send()
            .await
            .expect_error(401, "UNAUTHORIZED");
    }
}

/// The value of the series that starts so.
fn value(reply: &Reply, series: &str) -> String {
    let text = reply.text();
    let found = text.lines().find_map(|line| line.strip_prefix(series));
    found
        .unwrap_or_else(|| panic!("no {series} in\n{text}"))
        .trim()
        .to_owned()
}

#[tokio::test]
async fn requests_are_told_by_route_template_and_status_never_by_path() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    let handler = async |Path(id): Path<u32>| {
        if id == 0 {
            Err(nexgen_finance::error::Error::NotFound("Thing"))
        } else {
            Ok("fine")
        }
    };
    let server = SideServer::start(
        &app,
        Router::new().route("/api/told-by-template/{id}", get(handler)),
    )
    .await;
    let caller = server.caller(&nobody);
    for id in 0..5 {
        caller.get(format!("/api/told-by-template/{id}")).send().await;
    }
    for number in 0..3 {
        caller
            .get(format!("/api/told-by-template-{number}/unknown"))
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
    }
    app.viewer().await.get("/api/projects").send().await.expect(200);

    let reply = nobody.get("/metrics").send().await;

    let labels = "method=\"GET\",route=\"/api/told-by-template/{id}\"";
    assert_eq!(
        value(&reply, &format!("http_requests_total{{{labels},status=\"200\"}}")),
        "4"
    );
    assert_eq!(
        value(&reply, &format!("http_requests_total{{{labels},status=\"404\"}}")),
        "1"
    );
    assert_eq!(
        value(
            &reply,
            &format!("http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}}")
        ),
        "5"
    );
    assert_eq!(
        value(
            &reply,
            &format!("http_request_duration_seconds_bucket{{{labels},le=\"60\"}}")
        ),
        "5"
    );
    assert_eq!(
        value(
            &reply,
            &format!("http_request_duration_seconds_count{{{labels}}}")
        ),
        "5"
    );
    let text = reply.text();
    assert!(
        !text.contains("told-by-template/1") && !text.contains("told-by-template-1"),
        "{text}"
    );
    assert!(text.contains("route=\"unmatched\""), "{text}");
    assert!(
        text.contains("# TYPE http_request_duration_seconds histogram"),
        "{text}"
    );
    for state in ["idle", "used", "max"] {
        value(&reply, &format!("db_pool_connections{{state=\"{state}\"}}"))
            .parse::<u32>()
            .unwrap();
    }
    assert_eq!(
        value(
            &reply,
            &format!(
                "nexgen_finance_build_info{{version=\"{}\"}}",
                env!("CARGO_PKG_VERSION")
            )
        ),
        "1"
    );
    value(&reply, "http_requests_in_flight").parse::<u32>().unwrap();
    value(&reply, "nexgen_finance_uptime_seconds");
}
