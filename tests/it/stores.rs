//! The kept numbers of stores behind the list by store.

use serde_json::json;

use crate::support::TestApp;

/// What the list says: bundles, those of several POs, and POs that stand alone.
async fn counted(app: &TestApp, query: &str) -> [i64; 3] {
    let body = app
        .viewer()
        .await
        .get(format!("/api/po/aggregated/by-store?limit=1000&{query}"))
        .send()
        .await
        .expect(200);
    let data = &body["data"];
    let listed = data["bundles"].as_array().unwrap();
    let shared = listed
        .iter()
        .filter(|bundle| bundle["is_bundled"] == true)
        .count();
    let counts =
        ["bundle_count", "bundled_groups", "single_po_groups"].map(|name| data[name].as_i64().unwrap());
    // The page holds them all, so that it says the same.
    assert_eq!(counts[0], i64::try_from(listed.len()).unwrap(), "{query}");
    assert_eq!(counts[1], i64::try_from(shared).unwrap(), "{query}");
    counts
}

#[tokio::test]
async fn stores_are_counted_as_pos_come_move_and_go() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let admin = app.admin().await;
    let new = async |client: i64, store: Option<&str>| -> i64 {
        let body = editor
            .post("/api/po")
            .json(&json!({"client_id": client, "store_id": store, "po_value": 10}))
            .send()
            .await
            .expect(200);
        body["id"].as_i64().unwrap()
    };
    let put = async |po: i64, change: serde_json::Value| {
        editor
            .put(format!("/api/po/{po}"))
            .json(&change)
            .send()
            .await
            .expect(200);
    };

    let first = new(2, Some("A")).await;
    assert_eq!(counted(&app, "").await, [1, 0, 1]);
    let second = new(2, Some("A")).await;
    let third = new(2, Some("B")).await;
    let loose = new(2, None).await;
    // This client's POs stand alone, whatever their store.
    new(1, Some("A")).await;
    new(1, Some("A")).await;
    assert_eq!(counted(&app, "").await, [5, 1, 4]);
    assert_eq!(counted(&app, "client_id=2").await, [3, 1, 2]);
    assert_eq!(counted(&app, "client_id=1").await, [2, 0, 2]);

    put(second, json!({"status": "active"})).await;
    assert_eq!(counted(&app, "client_id=2&status=active").await, [1, 0, 1]);
    assert_eq!(counted(&app, "client_id=2&status=pending").await, [3, 0, 3]);
    assert_eq!(counted(&app, "client_id=2").await, [3, 1, 2]);

    put(third, json!({"store_id": "A"})).await;
    assert_eq!(counted(&app, "client_id=2").await, [2, 1, 1]);
    put(first, json!({"store_id": ""})).await;
    put(loose, json!({"store_id": "B"})).await;
    assert_eq!(counted(&app, "client_id=2").await, [3, 1, 2]);

    admin.delete(format!("/api/po/{second}")).send().await.expect(200);
    assert_eq!(counted(&app, "client_id=2").await, [3, 0, 3]);

    // A client that starts to bundle, and one that stops.
    put(third, json!({"store_id": "B"})).await;
    for (client, bundles) in [(1, true), (2, false)] {
        editor
            .put(format!("/api/clients/{client}"))
            .json(&json!({"bundle_by_store": bundles}))
            .send()
            .await
            .expect(200);
    }
    assert_eq!(counted(&app, "").await, [4, 1, 3]);
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn stores_are_counted_right_whoever_moves_pos_at_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut pos = Vec::new();
    for _ in 0..12 {
        let body = editor
            .post("/api/po")
            .json(&json!({"client_id": 2, "store_id": "A"}))
            .send()
            .await
            .expect(200);
        pos.push(body["id"].as_i64().unwrap());
    }

    for round in 0_usize..4 {
        let moves = pos.iter().enumerate().map(|(place, po)| {
            let store = ["A", "B", "C", ""][(place + round) % 4];
            editor
                .put(format!("/api/po/{po}"))
                .json(&json!({"store_id": store}))
                .send()
        });
        for reply in futures_util::future::join_all(moves).await {
            reply.expect(200);
        }
        // Three stores of three POs each, and three POs without one.
        assert_eq!(counted(&app, "").await, [6, 3, 3]);
    }
    app.expect_kept_totals_as_recounted().await;
}
