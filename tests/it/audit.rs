//! The audit trail as admins read it.

use std::time::Duration;

use nexgen_finance::audit::sealer::Sealer;
use serde_json::{Value, json};

use crate::support::{TestApp, callers::Caller};

/// Ten entries, one a day from 1 March 2026 on, by two users and the server.
const ENTRIES: &str = r#"
    INSERT INTO "Finances".audit_entry (at, actor_id, actor_name, request_id, action, entity, entity_id, before, after)
    SELECT '2026-02-28 12:00:00+00'::timestamptz + number * interval '1 day',
           CASE WHEN number % 5 > 0 THEN 900 + number % 2 END,
           CASE WHEN number % 5 = 0 THEN 'sweeper' WHEN number % 2 = 1 THEN 'meera' ELSE 'ravi' END,
           'request-' || number,
           CASE WHEN number % 3 = 0 THEN 'updated' ELSE 'created' END,
           CASE WHEN number > 6 THEN 'vendor' ELSE 'client_po' END,
           (number % 4)::text,
           CASE WHEN number % 3 = 0 THEN '{"po_value": 10.10}'::jsonb END,
           '{"po_value": 99999999999.99}'
      FROM generate_series(1, 10) AS number
     ORDER BY number"#;

async fn seal(app: &TestApp) {
    let round = Sealer::waiting(Duration::from_secs(20)).seal(&app.db).await;
    assert!(!round.unwrap().is_waiting);
}

/// The ids on a page, in its order, and the answer.
async fn page(admin: &Caller, query: &str) -> (Vec<i64>, Value) {
    let body = admin.get(format!("/api/audit?{query}")).send().await.expect(200);
    let entries = body["entries"].as_array().unwrap();
    let ids = entries
        .iter()
        .map(|entry| entry["id"].as_i64().unwrap())
        .collect();
    assert_eq!(body["entries"], body["data"]["entries"]);
    assert_eq!(body["total_count"], body["data"]["total_count"]);
    (ids, body)
}

#[tokio::test]
async fn only_admins_read_the_trail_and_its_seals() {
    let app = TestApp::start().await;
    for path in ["/api/audit", "/api/audit/seals"] {
        let reply = app.nobody().get(path).send().await;
        reply.expect_error(401, "UNAUTHORIZED");
        for caller in [app.viewer().await, app.editor().await] {
            caller.get(path).send().await.expect_error(403, "FORBIDDEN");
        }
        let body = app.admin().await.get(path).send().await.expect(200);
        assert_eq!(
            (&body["status"], &body["total_count"]),
            (&json!("SUCCESS"), &json!(0))
        );
        let reply = app.admin().await.post(path).json(&json!({})).send().await;
        reply.expect_error(405, "METHOD_NOT_ALLOWED");
    }
}

#[tokio::test]
async fn an_entry_tells_who_did_what_when_and_in_which_request() {
    let app = TestApp::start().await;
    let (admin, editor) = (app.admin().await, app.editor().await);
    let project = editor
        .post("/api/projects")
        .header("x-request-id", "first")
        .json(&json!({"name": "Store", "city": "Pune"}))
        .send()
        .await
        .expect(200)["id"]
        .clone();
    editor
        .put(format!("/api/projects/{project}"))
        .header("x-request-id", "second")
        .json(&json!({"name": "Stores", "city": "Pune"}))
        .send()
        .await
        .expect(200);

    let (ids, body) = page(&admin, "").await;

    assert_eq!(ids, [2, 1]);
    let entry = body["entries"][0].as_object().unwrap();
    let mut names: Vec<&str> = entry.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "action",
            "actor_id",
            "actor_name",
            "after",
            "at",
            "before",
            "entity",
            "entity_id",
            "id",
            "note",
            "request_id"
        ]
    );
    assert!(entry["at"].as_str().unwrap().ends_with('Z'), "{entry:?}");
    let told = |index: usize| {
        let entry = &body["entries"][index];
        let words = ["action", "entity", "entity_id", "request_id"];
        words.map(|word| entry[word].as_str().unwrap().to_owned())
    };
    assert_eq!(told(0), ["updated", "project", &project.to_string(), "second"]);
    assert_eq!(told(1), ["created", "project", &project.to_string(), "first"]);
    assert_eq!(entry["actor_id"], editor.user_id);
    assert!(entry["actor_name"].as_str().unwrap().starts_with("editor-"));
    assert_eq!(entry["before"]["name"], "Store");
    assert_eq!(entry["after"]["name"], "Stores");
    assert_eq!(body["entries"][1]["before"], Value::Null);
    let seals = admin.get("/api/audit/seals").send().await.expect(200);
    assert_eq!(seals["total_count"], 0);
}

#[tokio::test]
async fn amounts_come_back_to_the_paisa() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.execute(ENTRIES).await;

    let reply = admin.get("/api/audit?entity=client_po&limit=1").send().await;

    assert!(
        reply.text().contains(r#""before":{"po_value":10.10}"#),
        "{}",
        reply.text()
    );
    assert!(reply.text().contains(r#""after":{"po_value":99999999999.99}"#));
}

#[tokio::test]
async fn each_filter_finds_its_entries_sealed_or_not() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.execute(ENTRIES).await;
    // In batches of different sizes, and with a rest that is not sealed.
    for round in 0..4 {
        if round > 0 {
            seal(&app).await;
            app.execute(ENTRIES).await;
        }
        let shift = 10 * round;
        for (query, found) in [
            ("", vec![10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
            ("entity=vendor", vec![10, 9, 8, 7]),
            ("entity=client_po&entity_id=2", vec![6, 2]),
            ("entity_id=2", vec![10, 6, 2]),
            ("entity=nothing", vec![]),
            ("actor=900", vec![8, 6, 4, 2]),
            ("actor=901", vec![9, 7, 3, 1]),
            ("actor=meera", vec![9, 7, 3, 1]),
            ("actor=sweeper", vec![10, 5]),
            ("actor=Meera", vec![]),
            ("actor=5", vec![]),
            ("action=updated", vec![9, 6, 3]),
            ("action=UPDATED", vec![9, 6, 3]),
            ("action=login", vec![]),
            ("actor=meera&action=updated", vec![9, 3]),
            ("entity=vendor&action=updated&actor=901", vec![9]),
        ] {
            let (ids, body) = page(&admin, &format!("{query}&limit=1000")).await;
            let expected: Vec<i64> = (0..=shift / 10)
                .rev()
                .flat_map(|turn| found.iter().map(move |id| id + 10 * turn))
                .collect();
            assert_eq!(ids, expected, "{query} in round {round}");
            assert_eq!(body["total_count"], expected.len(), "{query} in round {round}");
        }
    }
}

#[tokio::test]
async fn a_time_counts_with_the_day_or_the_moment_that_it_names() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.execute(ENTRIES).await;
    // Not sealed, sealed, and sealed with a rest.
    for round in 0..3 {
        if round == 1 {
            seal(&app).await;
        } else if round == 2 {
            app.execute(
                r#"INSERT INTO "Finances".audit_entry (at, action, entity, entity_id)
                       VALUES ('2026-03-02 12:00:00+00', 'created', 'client_po', '9')"#,
            )
            .await;
        }
        for (query, found) in [
            ("from=2026-03-08", vec![10, 9, 8]),
            ("to=2026-03-02", vec![2, 1]),
            ("from=2026-03-02&to=2026-03-03", vec![3, 2]),
            ("from=2026-03-02&to=2026-03-02", vec![2]),
            ("from=2026-03-02T12:00:00Z&to=2026-03-03T12:00:00Z", vec![3, 2]),
            (
                "from=2026-03-02T12:00:00.000001Z&to=2026-03-03T11:59:59.999999Z",
                vec![],
            ),
            ("from=2026-03-02T17:30:00%2B05:30&to=2026-03-02T12:00:00", vec![2]),
            ("from=2026-03-09T13:00:00Z", vec![10]),
            (
                "from=2026-03-02T11:00:00Z&to=2026-03-08T13:00:00Z",
                vec![8, 7, 6, 5, 4, 3, 2],
            ),
            (
                "from=2026-03-02T13:00:00Z&to=2026-03-08T11:00:00Z",
                vec![7, 6, 5, 4, 3],
            ),
            ("to=2026-03-03T11:00:00Z", vec![2, 1]),
            ("from=2027-01-01", vec![]),
            (
                "from=2026-03-02&to=2026-03-05&entity=client_po&action=created",
                vec![5, 4, 2],
            ),
            ("from=2026-03-02&to=2026-03-05&sort=id", vec![2, 3, 4, 5]),
        ] {
            let (ids, body) = page(&admin, query).await;
            let mut found = found;
            if round == 2
                && let Some(place) = found.iter().position(|id| *id == 2)
            {
                // Of one moment, the later one first.
                let is_up = query.contains("sort=id");
                found.insert(if is_up { found.len() } else { place }, 11);
            }
            assert_eq!(ids, found, "{query} in round {round}");
            assert_eq!(body["total_count"], found.len(), "{query} in round {round}");
        }
    }
}

#[tokio::test]
async fn pages_of_every_order_hold_each_entry_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    // Several of one moment: their ids decide.
    app.execute(ENTRIES).await;
    app.execute(ENTRIES).await;
    for (filters, all) in [
        ("", (1..=20).rev().collect::<Vec<i64>>()),
        ("sort=id", (1..=20).collect()),
        ("sort=-id", (1..=20).rev().collect()),
        ("from=2026-03-03&to=2026-03-05", vec![15, 5, 14, 4, 13, 3]),
        ("entity=vendor", vec![20, 19, 18, 17, 10, 9, 8, 7]),
    ] {
        let mut by_cursor = Vec::new();
        let mut cursor = String::new();
        loop {
            let (ids, body) = page(&admin, &format!("{filters}&limit=3&cursor={cursor}")).await;
            assert_eq!(body["total_count"], all.len(), "{filters}");
            by_cursor.extend(ids);
            match body["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(by_cursor, all, "{filters}");
        let (second, body) = page(&admin, &format!("{filters}&page=2&page_size=2")).await;
        assert_eq!(second, all[2..4], "{filters}");
        assert_eq!((&body["skip"], &body["limit"]), (&json!(2), &json!(2)));
        let (skipped, _) = page(&admin, &format!("{filters}&skip=3&limit=2")).await;
        assert_eq!(skipped, all[3..5], "{filters}");
    }
    let (_, body) = page(&admin, "limit=3").await;
    let cursor = body["next_cursor"].as_str().unwrap();
    let other = admin
        .get(format!("/api/audit?entity=vendor&cursor={cursor}"))
        .send()
        .await;
    assert_eq!(other.faults(), ["cursor: value_error"]);
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_with_all_its_faults() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let long = "x".repeat(51);
    for (query, faults) in [
        ("from=yesterday", vec!["from: date_parsing"]),
        ("to=2026-02-30", vec!["to: date_parsing"]),
        ("from=2026-03-02T10:00", vec!["from: date_parsing"]),
        ("from=2026-03-03&to=2026-03-02", vec!["to: greater_than_equal"]),
        (
            "from=2026-03-02T10:00:00Z&to=2026-03-02T09:59:59Z",
            vec!["to: greater_than_equal"],
        ),
        ("action=destroyed", vec!["action: enum"]),
        ("actor=%00", vec!["actor: value_error"]),
        (&format!("entity={long}"), vec!["entity: string_too_long"]),
        ("limit=0", vec!["limit: greater_than_equal"]),
        ("limit=1001", vec!["limit: less_than_equal"]),
        ("sort=at", vec!["sort: enum"]),
        ("cursor=nonsense", vec!["cursor: value_error"]),
        (
            "from=x&to=y&action=z&skip=-1",
            vec![
                "action: enum",
                "from: date_parsing",
                "skip: greater_than_equal",
                "to: date_parsing",
            ],
        ),
    ] {
        let reply = admin.get(format!("/api/audit?{query}")).send().await;
        assert_eq!(reply.faults(), faults, "{query}");
    }
    for (query, faults) in [
        ("sort=hash", ["sort: enum"]),
        ("limit=x", ["limit: int_parsing"]),
        ("cursor=nonsense", ["cursor: value_error"]),
    ] {
        let reply = admin.get(format!("/api/audit/seals?{query}")).send().await;
        assert_eq!(reply.faults(), faults, "{query}");
    }
    // Blank words are none.
    app.execute(ENTRIES).await;
    let (ids, _) = page(
        &admin,
        "entity=&entity_id=&actor=&action=&from=&to=&sort=&limit=1",
    )
    .await;
    assert_eq!(ids, [10]);
}

#[tokio::test]
async fn seals_are_listed_the_newest_first_with_hashes_in_hex() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for _ in 0..3 {
        app.execute(ENTRIES).await;
        seal(&app).await;
    }

    let body = admin.get("/api/audit/seals").send().await.expect(200);

    let seals = body["seals"].as_array().unwrap();
    assert_eq!(
        (&body["status"], &body["total_count"]),
        (&json!("SUCCESS"), &json!(3))
    );
    let extents: Vec<Value> = seals
        .iter()
        .map(|seal| json!([seal["batch"], seal["first_id"], seal["last_id"], seal["count"]]))
        .collect();
    assert_eq!(
        extents,
        [
            json!([3, 21, 30, 10]),
            json!([2, 11, 20, 10]),
            json!([1, 1, 10, 10])
        ]
    );
    assert_eq!(seals[0]["previous_hash"], seals[1]["hash"]);
    assert_eq!(seals[1]["previous_hash"], seals[2]["hash"]);
    assert_eq!(seals[2]["previous_hash"], Value::Null);
    let hash = seals[0]["hash"].as_str().unwrap();
    assert!(
        hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{hash}"
    );
    assert!(seals[0]["sealed_at"].as_str().unwrap().ends_with('Z'));
    let body = admin
        .get("/api/audit/seals?sort=id&limit=2")
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&body["seals"][0]["batch"], &body["seals"][1]["batch"]),
        (&json!(1), &json!(2))
    );
    let cursor = body["next_cursor"].as_str().unwrap();
    let rest = admin
        .get(format!("/api/audit/seals?sort=id&limit=2&cursor={cursor}"))
        .send()
        .await
        .expect(200);
    assert_eq!(rest["seals"][0]["batch"], 3);
    assert_eq!(
        (rest["seals"].as_array().unwrap().len(), &rest["next_cursor"]),
        (1, &Value::Null)
    );
}
