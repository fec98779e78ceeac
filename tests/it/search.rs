//! The search in texts: with the extension that indexes it, and without.

use serde_json::json;

use crate::support::TestApp;

async fn found(app: &TestApp, path: &str, list: &str, text: &str) -> Vec<i64> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("q", text)
        .append_pair("sort", "id")
        .finish();
    let body = app
        .viewer()
        .await
        .get(format!("{path}?{query}"))
        .send()
        .await
        .expect(200);
    let entries = body["data"][list].as_array().unwrap();
    assert_eq!(body["data"]["total_count"], entries.len(), "{text}");
    entries
        .iter()
        .map(|entry| entry["id"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_text_is_found_with_an_index_and_without() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Delhi 100% Phase_2").await;
    let mut pos = Vec::new();
    for body in [
        json!({"client_id": 2, "po_number": "4100-ABC/7", "store_id": "ST-9"}),
        json!({"client_id": 2, "pi_number": "pi\\9", "store_id": "st-10"}),
        json!({"client_id": 2, "project_id": project}),
        json!({"client_id": 2, "po_number": "Größe", "project_id": project}),
    ] {
        let made = editor.post("/api/po").json(&body).send().await.expect(200);
        pos.push(made["id"].as_i64().unwrap());
    }
    let [number, proforma, plain, german] = pos[..] else {
        unreachable!("four were made")
    };

    for is_indexed in [true, false] {
        if !is_indexed {
            app.execute("DROP EXTENSION IF EXISTS pg_trgm CASCADE").await;
        }
        for (text, expected) in [
            ("abc/", vec![number]),
            ("ST-", vec![number, proforma]),
            ("i\\9", vec![proforma]),
            ("100%", vec![plain, german]),
            ("e_2", vec![plain, german]),
            // These would match everything, were they patterns.
            ("%", vec![plain, german]),
            ("_", vec![plain, german]),
            ("GRÖSSE", vec![]),
            ("größ", vec![german]),
            ("GRÖ", vec![german]),
            ("9", vec![number, proforma]),
        ] {
            assert_eq!(found(&app, "/api/po", "pos", text).await, expected, "{text}");
        }
        assert_eq!(
            found(&app, "/api/projects/search", "projects", "phase_").await,
            [project]
        );
        assert_eq!(
            found(&app, "/api/projects/search", "projects", "phase2").await,
            [0_i64; 0]
        );
    }
}

#[tokio::test]
async fn the_indexes_can_be_made_later_and_serve_the_search() {
    let app = TestApp::start().await;
    app.execute("DROP EXTENSION IF EXISTS pg_trgm CASCADE").await;
    let mut transaction = app.db.begin().await.unwrap();
    let made: bool = sqlx::query_scalar(r#"SELECT "Finances".make_search_indexes()"#)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    let is_there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')")
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
    assert_eq!(made, is_there);
    if !is_there {
        // A PostgreSQL that was packed without it.
        return;
    }

    // So few rows are read faster one by one.
    sqlx::query("SET LOCAL enable_seqscan = off")
        .execute(&mut *transaction)
        .await
        .unwrap();
    for (table, column, index) in [
        ("client_po", "po_number", "client_po_search_idx"),
        ("client_po", "pi_number", "client_po_search_idx"),
        ("client_po", "store_id", "client_po_search_idx"),
        ("project", "name", "project_search_idx"),
        ("project", "city", "project_search_idx"),
        ("quotation", "company_name", "quotation_search_idx"),
    ] {
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            r#"EXPLAIN SELECT id FROM "Finances".{table} WHERE {column} ILIKE '%needle%'"#
        )))
        .fetch_all(&mut *transaction)
        .await
        .unwrap();
        assert!(
            plan.iter().any(|line| line.contains(index)),
            "{table}.{column}: {plan:?}"
        );
    }
}

#[tokio::test]
async fn a_role_that_may_not_make_the_extension_goes_without() {
    let app = TestApp::start().await;
    app.execute("DROP EXTENSION IF EXISTS pg_trgm CASCADE").await;
    let mut transaction = app.db.begin().await.unwrap();
    for statement in [
        "CREATE ROLE poor_search_role",
        r#"GRANT USAGE ON SCHEMA "Finances" TO poor_search_role"#,
        "SET LOCAL ROLE poor_search_role",
    ] {
        sqlx::query(statement).execute(&mut *transaction).await.unwrap();
    }

    let made: bool = sqlx::query_scalar(r#"SELECT "Finances".make_search_indexes()"#)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();

    assert!(!made);
}
