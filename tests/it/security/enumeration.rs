//! Who guesses passwords or names learns nothing but that the guess was wrong, and not for long.

use std::time::{Duration, Instant};

use nexgen_finance::auth::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, accounts::PASSWORD, callers::Reply};

/// A hash of the cost that the server's own have, of a password that nobody has.
const FULL_COST: &str = "$2b$12$2H7LczL9A1XIJJpUUFEEUunbxjVZCaMZu44OCtv4sxANXTiiMYbum";

/// What a client sees of an answer, but for what differs from request to request anyway.
fn seen(reply: &Reply) -> (u16, Value, Vec<String>) {
    let mut body = reply.json();
    body.as_object_mut().unwrap().remove("request_id");
    let differs = [
        "date",
        "x-request-id",
        "x-process-time",
        "x-ratelimit-remaining",
        "retry-after",
    ];
    let headers = reply
        .headers
        .iter()
        .filter(|(name, _)| !differs.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    let mut headers: Vec<String> = headers.collect();
    headers.sort();
    (reply.status, body, headers)
}

#[tokio::test]
async fn a_name_that_exists_is_answered_like_one_that_does_not() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    app.account("gone", Role::Viewer).await;
    app.execute(r#"UPDATE "Finances"."user" SET is_active = false WHERE username = 'gone'"#)
        .await;
    let refused = seen(&app.try_login("nobody", PASSWORD).await);
    assert_eq!(refused.0, 401);
    for (name, password) in [
        ("clerk", "wrong"),
        ("CLERK", "wrong"),
        ("clerk@example.com", "wrong"),
        ("gone", PASSWORD),
        ("gone", "wrong"),
        ("nobody", ""),
    ] {
        assert_eq!(seen(&app.try_login(name, password).await), refused, "{name}");
    }
}

/// Also the limit is one that every name has, whether somebody has it or not.
#[tokio::test]
async fn a_name_that_nobody_has_is_locked_like_one_that_somebody_has() {
    let app = TestApp::start_with(&[("TRUSTED_PROXIES", "127.0.0.1/32")]).await;
    app.account("clerk", Role::Viewer).await;
    let mut answers = Vec::new();
    for (name, address) in [("clerk", "10.0.0.1"), ("nobody", "10.0.0.2")] {
        let mut statuses = Vec::new();
        let mut last = None;
        for _ in 0..12 {
            let reply = app
                .nobody()
                .post("/api/auth/login")
                .header("x-forwarded-for", address)
                .json(&json!({"username": name, "password": "wrong"}))
                .send()
                .await;
            statuses.push(reply.status);
            last = Some(seen(&reply));
        }
        assert_eq!(statuses, [vec![401; 10], vec![429; 2]].concat(), "{name}");
        answers.push(last);
    }
    assert_eq!(answers[0], answers[1]);
}

/// Guesses from many addresses do not help against one name, nor names against one address; and without a trusted proxy
/// nobody has but one address.
#[tokio::test]
async fn a_guesser_gets_ten_guesses_whatever_addresses_they_claim() {
    for (settings, claims_are_believed) in
        [(vec![], false), (vec![("TRUSTED_PROXIES", "127.0.0.1/32")], true)]
    {
        let app = TestApp::start_with(&settings).await;
        app.account("clerk", Role::Viewer).await;
        for number in 0..22 {
            app.account(&format!("name{number}"), Role::Viewer).await;
        }
        let guess = |number: usize, name: String| {
            app.nobody()
                .post("/api/auth/login")
                .header("x-forwarded-for", &format!("198.51.100.{number}"))
                .header("forwarded", &format!("for=198.51.100.{number}"))
                .header("x-real-ip", &format!("198.51.100.{number}"))
                .json(&json!({"username": name, "password": "wrong"}))
                .send()
        };
        let mut allowed = 0;
        for number in 0..14 {
            allowed += usize::from(guess(number, "clerk".to_owned()).await.status == 401);
        }
        assert_eq!(allowed, 10);
        let hashes = app.state.auth.passwords.runs();
        assert_eq!(hashes, 10, "a refused guess compares nothing");
        // 20 more names from this one address fill its thirty, if it is one address.
        let mut statuses = Vec::new();
        for number in 0..22 {
            statuses.push(guess(number, format!("name{number}")).await.status);
        }
        let refused = statuses.iter().filter(|status| **status == 429).count();
        assert_eq!(refused, if claims_are_believed { 0 } else { 2 }, "{statuses:?}");
    }
}

/// Where signing up is closed, it tells of no name; where it is open, it has to say that a name is taken.
#[tokio::test]
async fn a_closed_signup_tells_of_no_account() {
    let app = TestApp::start_with(&[("ALLOW_SIGNUP", "false")]).await;
    app.account("clerk", Role::Admin).await;
    let attempt = |name: &'static str, email: &'static str| {
        app.nobody()
            .post("/api/auth/signup")
            .json(&json!({"username": name, "email": email, "password": PASSWORD}))
            .send()
    };
    let refused = seen(&attempt("nobody", "nobody@example.com").await);
    assert_eq!(refused.0, 403);
    assert_eq!(seen(&attempt("clerk", "nobody@example.com").await), refused);
    assert_eq!(seen(&attempt("nobody", "clerk@example.com").await), refused);
    assert_eq!(app.state.auth.passwords.runs(), 0);
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The work is the same, so the time is: their ratio in one run, asked in turns, with room for a busy machine.
#[tokio::test]
async fn an_unknown_name_takes_the_time_of_a_wrong_password() {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    app.account("clerk", Role::Viewer).await;
    sqlx::query(r#"UPDATE "Finances"."user" SET password_hash = $1"#)
        .bind(FULL_COST)
        .execute(&app.db)
        .await
        .unwrap();
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..5 {
        for (place, name) in ["clerk", "nobody"].into_iter().enumerate() {
            let start = Instant::now();
            app.try_login(name, "wrong")
                .await
                .expect_error(401, "UNAUTHORIZED");
            times[place].push(start.elapsed());
        }
    }
    let [known, unknown] = times.map(median);
    let ratio = unknown.as_micros() * 100 / known.as_micros();
    println!("a login with an unknown name takes {ratio} % of one with a wrong password");
    assert!((40..250).contains(&ratio), "{ratio} %: {unknown:?} and {known:?}");
}
