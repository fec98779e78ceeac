//! How often one may call: by address before anybody is known, by user after it.

use futures_util::{StreamExt, stream};

use crate::support::{TestApp, callers::Reply};

/// Checks a refusal: when to come back, and everything else that an answer has.
#[track_caller]
fn assert_refused(reply: &Reply, limit: &str) {
    let error = reply.expect_error(429, "RATE_LIMITED");
    assert_eq!(error["message"], "Too many requests");
    assert!(reply.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(reply.header("x-ratelimit-limit"), limit);
    assert_eq!(reply.header("x-ratelimit-remaining"), "0");
    assert_eq!(
        reply.header("access-control-allow-origin"),
        "https://app.example.com"
    );
    reply.expect_common_headers();
}

/// A server whose users have a burst of two, and whose addresses have one of four.
async fn strict(settings: &[(&str, &str)]) -> TestApp {
    let all: Vec<(&str, &str)> = [("RATE_LIMIT_PER_MINUTE", "10")]
        .into_iter()
        .chain(settings.iter().copied())
        .collect();
    TestApp::start_with(&all).await
}

#[tokio::test]
async fn an_address_has_a_burst_and_then_has_to_wait() {
    let app = strict(&[]).await;
    let ask = || {
        app.nobody()
            .get("/api/nowhere")
            .header("origin", "https://app.example.com")
            .send()
    };

    for remaining in ["3", "2", "1", "0"] {
        let reply = ask().await;
        assert_eq!(reply.status, 404);
        assert_eq!(reply.header("x-ratelimit-limit"), "20");
        assert_eq!(reply.header("x-ratelimit-remaining"), remaining);
    }
    assert_refused(&ask().await, "20");
}

#[tokio::test]
async fn a_user_has_half_of_what_an_address_has_and_others_do_not_suffer() {
    let app = strict(&[]).await;
    let (one, other) = (app.viewer().await, app.viewer().await);

    for remaining in ["1", "0"] {
        let reply = one.get("/api/auth/me").send().await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("x-ratelimit-limit"), "10");
        assert_eq!(reply.header("x-ratelimit-remaining"), remaining);
    }
    let refused = one
        .get("/api/auth/me")
        .header("origin", "https://app.example.com")
        .send()
        .await;
    assert_refused(&refused, "10");
    assert_eq!(other.get("/api/auth/me").send().await.status, 200);
}

#[tokio::test]
async fn probes_and_metrics_are_free_but_only_they() {
    let app = strict(&[]).await;
    let nobody = app.nobody();
    for path in [
        "/api/health",
        "/api/health/live",
        "/api/health/ready",
        "/api/v1/health/detailed",
        "/metrics",
    ] {
        for _ in 0..10 {
            let reply = nobody.get(path).send().await;
            assert_eq!(reply.status, 200, "{path}");
            assert_eq!(reply.header("x-ratelimit-limit"), "", "{path}");
        }
    }
    let statuses = stream::iter(0..6)
        .then(|_| nobody.get("/api/healthy").send())
        .map(|reply| reply.status);
    assert_eq!(statuses.collect::<Vec<_>>().await, [404, 404, 404, 404, 429, 429]);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_counts_for_itself() {
    let app = strict(&[("TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8")]).await;
    let from = |forwarded: &'static str| {
        app.nobody()
            .get("/api/nowhere")
            .header("x-forwarded-for", forwarded)
            .send()
    };
    for _ in 0..4 {
        assert_eq!(from("203.0.113.1").await.status, 404);
    }
    assert_eq!(from("203.0.113.1").await.status, 429);
    // What the client itself wrote stands left of what the proxy added, and does not help.
    assert_eq!(from("198.51.100.7, 203.0.113.1, 10.0.0.5").await.status, 429);
    assert_eq!(from("203.0.113.2").await.status, 404);
}

#[tokio::test]
async fn without_a_trusted_proxy_nobody_chooses_their_address() {
    let app = strict(&[]).await;
    let from = |forwarded: String| {
        app.nobody()
            .get("/api/nowhere")
            .header("x-forwarded-for", &forwarded)
            .send()
    };
    let mut statuses = Vec::new();
    for number in 0..5 {
        statuses.push(from(format!("203.0.113.{number}")).await.status);
    }
    assert_eq!(statuses, [404, 404, 404, 404, 429]);
}

#[tokio::test]
async fn a_dashboard_of_three_hundred_projects_loads_at_once() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let project = app.project("Store").await;
    let paths = (0..900).map(|number| match number % 3 {
        0 => format!("/api/projects/{project}"),
        1 => format!("/api/projects/{project}/financial-summary"),
        _ => format!("/api/po?project_id={project}&limit=5"),
    });

    let replies = stream::iter(paths)
        .map(|path| viewer.get(path).send())
        .buffer_unordered(8);
    let refused = replies
        .filter(|reply| std::future::ready(reply.status != 200))
        .count()
        .await;

    assert_eq!(refused, 0);
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let app = strict(&[("RATE_LIMIT_ENABLED", "false")]).await;
    for _ in 0..10 {
        let reply = app.nobody().get("/api/nowhere").send().await;
        assert_eq!(reply.status, 404);
        assert_eq!(reply.header("x-ratelimit-limit"), "");
    }
}
