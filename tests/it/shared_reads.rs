//! Who asks the same at the same time is answered by one read; nobody hears of a state older than their question.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use rust_decimal::Decimal;
use serde_json::json;

use crate::support::{TestApp, callers::Caller, race};

const READERS: usize = 12;
const PAYMENTS: u64 = 40;

fn amount(answer: &serde_json::Value, field: &str) -> Decimal {
    answer["data"][field].to_string().parse().unwrap()
}

/// Reads on and on; the number of reads. What was acknowledged before a read was sent is in its answer.
async fn read_on(
    viewer: Caller,
    path: String,
    acknowledged: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
) -> u64 {
    let mut reads = 0;
    while !is_over.load(Ordering::SeqCst) {
        let least = acknowledged.load(Ordering::SeqCst);
        let answer = viewer.get(&path).send().await.expect(200);
        let paid = amount(&answer, "total_paid");
        assert!(
            paid >= Decimal::from(least),
            "{paid} after {least} was acknowledged"
        );
        reads += 1;
    }
    reads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_in_every_answer_to_a_later_question() {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let po = app.client_po().stated("5000", "0").insert().await;
    let (acknowledged, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            tokio::spawn(read_on(
                viewer.clone(),
                "/api/po?limit=10".to_owned(),
                Arc::clone(&acknowledged),
                Arc::clone(&is_over),
            ))
        })
        .collect();

    for number in 1..=PAYMENTS {
        let payment =
            json!({"amount": 1, "payment_date": "2026-02-10", "payment_mode": "upi", "status": "cleared"});
        editor
            .post(format!("/api/po/{po}/payments"))
            .json(&payment)
            .send()
            .await
            .expect(200);
        acknowledged.store(number, Ordering::SeqCst);
    }
    is_over.store(true, Ordering::SeqCst);

    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    let end = viewer.get("/api/po?limit=10").send().await.expect(200);
    assert_eq!(amount(&end, "total_paid"), Decimal::from(PAYMENTS));
}

#[tokio::test]
async fn beside_those_who_may_nobody_else_is_answered() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    app.client_po().insert().await;
    let calls = (0..40)
        .map(|number| {
            let caller = if number % 2 == 0 {
                app.nobody()
            } else {
                viewer.clone()
            };
            caller.get("/api/po?limit=10")
        })
        .collect();
    let replies = race(calls).await;
    let (answered, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((answered.len(), refused.len()), (20, 20));
    for reply in refused {
        reply.expect_error(401, "UNAUTHORIZED");
    }
    for reply in answered {
        assert_eq!(reply.expect(200)["data"]["total_count"], 1);
    }
}

#[tokio::test]
async fn each_of_those_who_ask_together_has_headers_and_errors_of_their_own() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let po = app.client_po().insert().await;
    for (path, status) in [
        (format!("/api/po/{po}/details"), 200),
        ("/api/po/999999/details".to_owned(), 404),
    ] {
        let calls = (0..30)
            .map(|number| {
                viewer
                    .get(&path)
                    .header("x-request-id", &format!("asker-{number}"))
            })
            .collect();
        for (number, reply) in race(calls).await.into_iter().enumerate() {
            assert_eq!(reply.status, status);
            assert_eq!(reply.header("x-request-id"), format!("asker-{number}"));
            if status != 200 {
                assert_eq!(reply.json()["request_id"], format!("asker-{number}"));
            }
        }
    }
}
