//! Upload sessions: opened, filled, listed, emptied, ended.

use chrono::{DateTime, TimeDelta, Utc};
use nexgen_finance::uploads;
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use reqwest::{Method, multipart::Form};
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::Caller,
    files::{PNG_HEAD, assert_mirrored, noise, open_session, to_session, unsigned},
    race,
    workbooks::{BajajWorkbook, ProformaWorkbook},
};

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// How many POs, projects, vendors, sites and documents there are.
async fn books(app: &TestApp) -> [i64; 5] {
    let mut counts = [0; 5];
    let tables = [
        r#"SELECT count(*) FROM "Finances".client_po"#,
        r#"SELECT count(*) FROM "Finances".project"#,
        r#"SELECT count(*) FROM "Finances".vendor"#,
        r#"SELECT count(*) FROM "Finances".site"#,
        r#"SELECT count(*) FROM "Finances".project_document"#,
    ];
    for (count, sql) in counts.iter_mut().zip(tables) {
        *count = app.value(sql).await;
    }
    counts
}

#[tokio::test]
async fn a_session_is_opened_for_a_while_with_what_is_said_of_it() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let reply = editor
        .post("/api/uploads/session")
        .json(&json!({
            "metadata": {"project": "test", "note": "no NUL: \\u0000"}, "ttl_hours": 2, "client_id": 1, "po_number": "PO-1",
            "created_by": "somebody", "description": " of a test "
        }))
        .send()
        .await;

    let body = reply.expect(200);
    assert_mirrored(&body);
    let id = body["session_id"].as_str().unwrap();
    assert!(
        id.starts_with("sess_client1_") && id.len() == "sess_client1_20260210_100000_".len() + 16,
        "{id}"
    );
    assert_eq!(reply.header("location"), format!("/api/uploads/session/{id}"));
    assert_eq!(body["status"], "active");
    assert_eq!((&body["file_count"], &body["total_size"]), (&json!(0), &json!(0)));
    let life = time(&body["expires_at"]) - time(&body["created_at"]);
    assert_eq!(life, TimeDelta::hours(2));
    assert_eq!(
        body["metadata"],
        json!({
            "project": "test", "note": "no NUL: \\u0000", "client_id": 1, "client_name": "Bajaj", "po_number": "PO-1",
            "created_by": "somebody", "description": "of a test"
        })
    );

    let read = app
        .viewer()
        .await
        .get(format!("/api/uploads/session/{id}"))
        .send()
        .await;
    let read = read.expect(200);
    assert_mirrored(&read);
    assert_eq!(read["metadata"], body["metadata"]);
    assert_eq!(
        (&read["files"], &read["limit"], &read["total_count"]),
        (&json!([]), &json!(50), &json!(0))
    );
}

#[tokio::test]
async fn a_session_needs_nothing_and_lasts_a_day() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let body = editor.post("/api/uploads/session").send().await.expect(200);

    assert!(body["session_id"].as_str().unwrap().starts_with("sess_generic_"));
    assert_eq!(body["metadata"], json!({}));
    assert_eq!(
        time(&body["expires_at"]) - time(&body["created_at"]),
        TimeDelta::hours(24)
    );
}

#[tokio::test]
async fn what_makes_no_sense_of_a_session_is_named() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let long = "x".repeat(16 * 1024);
    for (body, faults) in [
        (json!({"ttl_hours": 0}), vec!["ttl_hours: value_error"]),
        (json!({"ttl_hours": 721}), vec!["ttl_hours: value_error"]),
        (json!({"ttl_hours": "soon"}), vec!["ttl_hours: int_parsing"]),
        (json!({"client_id": 999}), vec!["client_id: foreign_key"]),
        (
            json!({"metadata": {"project_id": 999}}),
            vec!["metadata.project_id: foreign_key"],
        ),
        (
            json!({"metadata": {"project_id": "x"}}),
            vec!["metadata.project_id: int_parsing"],
        ),
        (
            json!({"metadata": {"a": "b\u{0}"}}),
            vec!["metadata: value_error"],
        ),
        (
            json!({"metadata": {"a": [{"b\u{0}": 1}]}}),
            vec!["metadata: value_error"],
        ),
        (json!({"metadata": {"a": long}}), vec!["metadata: value_error"]),
        (
            serde_json::from_str(r#"{"metadata": {"a": [1e200000]}}"#).unwrap(),
            vec!["metadata: value_error"],
        ),
        (
            json!({"metadata": [], "ttl_hours": -1, "client_id": "x", "po_number": 5}),
            vec![
                "client_id: int_parsing",
                "metadata: value_error",
                "po_number: value_error",
                "ttl_hours: value_error",
            ],
        ),
    ] {
        let reply = editor.post("/api/uploads/session").json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    let sessions = r#"SELECT count(*) FROM "Finances".upload_session"#;
    assert_eq!(app.value::<i64>(sessions).await, 0);
}

#[tokio::test]
async fn a_file_is_kept_as_what_it_is_and_every_list_shows_it() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = open_session(&editor, &json!({})).await;
    let text = "a,b\n".repeat(1000);

    let reply = to_session(
        &editor,
        &id,
        "C:\\data\\Übersicht.CSV",
        text.as_bytes(),
        &[
            ("uploaded_by", "john_doe"),
            ("po_number", "PO/7"),
            ("category", "scan"),
            ("document_type", "INVOICE"),
        ],
    )
    .send()
    .await;

    let body = reply.expect(200);
    assert_mirrored(&body);
    let file = body["id"].as_str().unwrap();
    for (field, value) in [
        ("status", json!("SUCCESS")),
        ("file_status", json!("active")),
        ("file_id", json!(file)),
        ("session_id", json!(id)),
        ("original_filename", json!("Übersicht.CSV")),
        ("file_size", json!(4000)),
        ("is_compressed", json!(true)),
        ("mime_type", json!("application/gzip")),
        ("original_mime_type", json!("text/csv")),
        ("uploaded_by", json!("john_doe")),
        ("po_number", json!("PO/7")),
        ("parse_status", json!("SKIPPED")),
        ("parse_error", Value::Null),
        ("po_id", Value::Null),
        (
            "metadata",
            json!({"category": "scan", "document_type": "INVOICE"}),
        ),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    let stored = body["compressed_size"].as_i64().unwrap();
    assert!(stored < 200, "{stored}");
    assert_ne!(body["compressed_hash"], body["file_hash"]);
    let base = &app.base_url;
    let url = body["access_url"].as_str().unwrap();
    assert!(
        url.starts_with(&format!(
            "{base}/api/uploads/session/{id}/files/{file}/download?token="
        )),
        "{url}"
    );
    assert_eq!(reply.header("location"), url);
    let name = body["storage_filename"].as_str().unwrap();
    let direct = body["direct_url"].as_str().unwrap();
    assert!(
        direct.starts_with(&format!("{base}/uploads/{id}/{name}?token=")),
        "{direct}"
    );

    let viewer = app.viewer().await;
    let listed = viewer
        .get(format!("/api/uploads/session/{id}/files"))
        .send()
        .await
        .expect(200);
    assert!(listed.get("data").is_none());
    assert_eq!(
        (&listed["file_count"], &listed["total_size"]),
        (&json!(1), &json!(4000))
    );
    assert_eq!(listed["files"][0]["status"], "active");
    assert_eq!(listed["files"][0]["file_hash"], body["file_hash"]);
    let by_session = viewer
        .get(format!("/api/uploads/session/{id}"))
        .send()
        .await
        .expect(200);
    assert_eq!(by_session["files"][0]["id"], *file);
    for path in ["/api/uploads/po/PO%2F7", "/api/uploads/po/PO%2F7/files"] {
        let by_number = viewer.get(path).send().await.expect(200);
        assert_eq!(by_number["files"][0]["id"], *file);
        assert_eq!(by_number["po_number"], "PO/7");
        assert_eq!(by_number["compressed_size"], stored);
        assert_eq!(by_number["total_size"], 4000);
        assert_eq!(by_number["file_count"], 1);
    }
    let stats = viewer
        .get("/api/uploads/po/PO%2F7/stats")
        .send()
        .await
        .expect(200);
    assert_eq!(stats["space_saved_bytes"], 4000 - stored);
    assert_eq!(
        (&stats["file_count"], &stats["total_files"]),
        (&json!(1), &json!(1))
    );
    let none = viewer.get("/api/uploads/po/upload").send().await.expect(200);
    assert_eq!(
        (&none["files"], &none["compression_ratio"]),
        (&json!([]), &json!(0))
    );
}

#[tokio::test]
async fn a_file_that_hardly_shrinks_is_kept_as_it_came() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = open_session(&editor, &json!({})).await;
    let noise = noise(PNG_HEAD, 2000);

    let body = to_session(&editor, &id, "a.png", &noise, &[])
        .send()
        .await
        .expect(200);

    assert_eq!(body["is_compressed"], false);
    assert_eq!(body["compressed_size"], body["file_size"]);
    assert_eq!(body["compressed_hash"], body["file_hash"]);
    assert_eq!(body["mime_type"], "image/png");
    assert_eq!(body["original_mime_type"], "image/png");
}

#[tokio::test]
async fn an_order_in_a_session_of_its_client_becomes_a_po() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = open_session(
        &editor,
        &json!({"client_id": 2, "metadata": {"project": "Store 104"}}),
    )
    .await;
    let invoice = ProformaWorkbook::sample().xlsx();

    let body = to_session(&editor, &id, "po.xlsx", &invoice, &[("po_number", "another")])
        .send()
        .await
        .expect(200);

    assert_eq!(body["parse_status"], "SUCCESS", "{body}");
    assert_eq!(body["po_number"], "4500000001");
    let po = body["po_id"].as_i64().unwrap();
    let made: (i64, String, String) = sqlx::query_as(
        r#"
        SELECT po.id, po.po_number, project.name
          FROM "Finances".client_po AS po
          JOIN "Finances".po_project_mapping AS mapping ON mapping.client_po_id = po.id
          JOIN "Finances".project ON project.id = mapping.project_id
        "#,
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!(made, (po, "4500000001".to_owned(), "Store 104".to_owned()));
    assert_eq!(books(&app).await, [1, 1, 1, 1, 1]);

    // The same order again is a duplicate, and the upload is done all the same.
    let again = to_session(&editor, &id, "po.xlsx", &invoice, &[])
        .send()
        .await
        .expect(200);
    assert_eq!(again["parse_status"], "FAILED");
    assert!(
        again["parse_error"].as_str().unwrap().contains("exists already"),
        "{again}"
    );
    assert_eq!(again["po_id"], Value::Null);
    assert_eq!(books(&app).await, [1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn what_cannot_be_read_as_an_order_is_kept_and_says_why() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let dava = open_session(&editor, &json!({"client_id": 2})).await;
    let other: i64 = app
        .value(r#"INSERT INTO "Finances".client (name) VALUES ('Another Client') RETURNING id::bigint"#)
        .await;
    let without = open_session(&editor, &json!({"client_id": other})).await;
    let broken = ProformaWorkbook::sample()
        .without("PI Number")
        .without("PO Number")
        .xlsx();
    let bajaj = BajajWorkbook::sample().xlsx();

    for (session, name, bytes, fields, status, error) in [
        (
            &dava,
            "a.csv",
            b"a,b".to_vec(),
            &[][..],
            "FAILED",
            Some("CSV cannot be parsed"),
        ),
        (&dava, "b.xlsx", broken.clone(), &[], "FAILED", Some("PO number")),
        (
            &dava,
            "c.xlsx",
            broken.clone(),
            &[("auto_parse", "false")],
            "SKIPPED",
            None,
        ),
        (&without, "d.xlsx", bajaj, &[], "SKIPPED", None),
    ] {
        let body = to_session(&editor, session, name, &bytes, fields)
            .send()
            .await
            .expect(200);
        assert_eq!(body["parse_status"], status, "{body}");
        match error {
            None => assert_eq!(body["parse_error"], Value::Null),
            Some(text) => {
                let error = body["parse_error"].as_str().unwrap();
                assert!(error.contains(text) && !error.contains('\n'), "{error}");
            }
        }
        assert_eq!(body["po_id"], Value::Null);
    }
    assert_eq!(books(&app).await, [0; 5]);
    let refused = to_session(&editor, &dava, "a.xlsx", b"no workbook", &[])
        .send()
        .await;
    refused.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
}

#[tokio::test]
async fn a_session_has_room_for_so_many_files() {
    let app = TestApp::start_with(&[("MAX_FILES_PER_SESSION", "3")]).await;
    let editor = app.editor().await;
    let id = open_session(&editor, &json!({})).await;
    let calls = (0..6)
        .map(|n| to_session(&editor, &id, &format!("{n}.txt"), b"text", &[]))
        .collect();

    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();

    assert_eq!(statuses, [200, 200, 200, 409, 409, 409]);
    let refused = to_session(&editor, &id, "a.txt", b"text", &[]).send().await;
    let body = refused.expect_error(409, "CONFLICT");
    assert_eq!(body["message"], "Session file limit (3) reached");
    assert_eq!(
        app.value::<i32>(r#"SELECT used FROM "Finances".quota_counter"#)
            .await,
        3
    );
    assert_eq!(
        std::fs::read_dir(app.upload_folder().join("temp"))
            .unwrap()
            .count(),
        0
    );

    // A deleted file makes room.
    let files = editor
        .get(format!("/api/uploads/session/{id}/files"))
        .send()
        .await
        .expect(200);
    let file = files["files"][0]["id"].as_str().unwrap();
    let deleted = editor
        .delete(format!("/api/uploads/session/{id}/files/{file}"))
        .send()
        .await
        .expect(200);
    assert_mirrored(&deleted);
    assert_eq!(
        (&deleted["deleted"], &deleted["success"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(deleted["status"], "SUCCESS");
    to_session(&editor, &id, "a.txt", b"text", &[])
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_file_that_comes_again_under_its_key_is_kept_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = open_session(&editor, &json!({})).await;
    let call = || to_session(&editor, &id, "a.txt", b"text", &[]).header("idempotency-key", "one");

    let first = call().send().await;
    let again = call().send().await;

    // Links are signed to the second.
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!((again.status, unsigned(&again)), (200, unsigned(&first)));
    let stats = editor
        .get(format!("/api/uploads/session/{id}/stats"))
        .send()
        .await
        .expect(200);
    assert_eq!(stats["total_uploads"], 1);
}

#[tokio::test]
async fn a_file_goes_by_who_sent_it_or_an_admin() {
    let app = TestApp::start().await;
    let (one, other, admin) = (app.editor().await, app.editor().await, app.admin().await);
    let id = open_session(&one, &json!({})).await;
    let (mine, theirs) = (
        to_session(&one, &id, "a.txt", b"text", &[])
            .send()
            .await
            .expect(200),
        to_session(&other, &id, "b.txt", b"text", &[])
            .send()
            .await
            .expect(200),
    );
    let path = |file: &Value| format!("/api/uploads/session/{id}/files/{}", file["id"].as_str().unwrap());
    let stored = |file: &Value| {
        let name = file["storage_filename"].as_str().unwrap();
        app.upload_folder().join("sessions").join(&id).join(name)
    };

    one.delete(path(&theirs))
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    other
        .delete(path(&mine))
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    assert!(stored(&mine).exists() && stored(&theirs).exists());
    one.delete(path(&mine)).send().await.expect(200);
    admin.delete(path(&theirs)).send().await.expect(200);
    assert!(!stored(&mine).exists() && !stored(&theirs).exists());
    for file in [&mine, &theirs] {
        admin
            .delete(path(file))
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
    }
    other
        .delete(format!("/api/uploads/session/{id}"))
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    one.delete(format!("/api/uploads/session/{id}"))
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_deleted_session_leaves_only_the_files_of_pos() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let plain = open_session(&editor, &json!({})).await;
    to_session(&editor, &plain, "a.txt", b"text", &[])
        .send()
        .await
        .expect(200);
    let busy = open_session(&editor, &json!({"client_id": 2})).await;
    let invoice = ProformaWorkbook::sample().xlsx();
    let made = to_session(&editor, &busy, "po.xlsx", &invoice, &[])
        .send()
        .await
        .expect(200);
    let tagged = to_session(
        &editor,
        &busy,
        "t.txt",
        b"text",
        &[("po_number", "PO-9"), ("auto_parse", "no")],
    )
    .send()
    .await
    .expect(200);
    to_session(&editor, &busy, "b.txt", b"text", &[])
        .send()
        .await
        .expect(200);

    for (id, files) in [(&plain, 1), (&busy, 1)] {
        let body = editor
            .delete(format!("/api/uploads/session/{id}"))
            .send()
            .await
            .expect(200);
        assert_eq!(body["message"], "Session deleted successfully");
        assert_eq!(body["data"], json!({"session_id": id, "deleted_files": files}));
    }

    let sessions: Vec<(String, String)> =
        sqlx::query_as(r#"SELECT session_id, status FROM "Finances".upload_session"#)
            .fetch_all(&app.db)
            .await
            .unwrap();
    assert_eq!(sessions, [(busy.clone(), "closed".to_owned())]);
    let folder = app.upload_folder().join("sessions").join(&plain);
    assert_eq!(std::fs::read_dir(folder).into_iter().flatten().count(), 0);
    let viewer = app.viewer().await;
    for id in [&plain, &busy] {
        for path in ["", "/files", "/stats", "/download-all"] {
            let reply = viewer
                .get(format!("/api/uploads/session/{id}{path}"))
                .send()
                .await;
            assert_eq!(
                reply.expect_error(404, "NOT_FOUND")["message"],
                "Session not found or expired"
            );
        }
        to_session(&editor, id, "c.txt", b"text", &[])
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
        editor
            .delete(format!("/api/uploads/session/{id}"))
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
    }
    for file in [&made, &tagged] {
        let path = format!(
            "/api/uploads/session/{busy}/files/{}/download",
            file["id"].as_str().unwrap()
        );
        assert_eq!(viewer.get(path).send().await.status, 200);
    }
    let listed = viewer.get("/api/uploads/po/4500000001").send().await.expect(200);
    let link = listed["files"][0]["access_url"].as_str().unwrap();
    let link = link.strip_prefix(&app.base_url).unwrap();
    assert_eq!(app.nobody().get(link).send().await.bytes, invoice);
    viewer
        .get(format!("/api/po/{}/details", made["po_id"]))
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_session_that_has_ended_is_gone_and_the_sweeper_takes_what_nobody_needs() {
    let app = TestApp::start_with(&[("SESSION_RETENTION_HOURS", "10")]).await;
    let editor = app.editor().await;
    let id = open_session(&editor, &json!({"ttl_hours": 1})).await;
    let lasting = open_session(&editor, &json!({"ttl_hours": 720})).await;
    let stays = to_session(&editor, &lasting, "a.txt", b"text", &[])
        .send()
        .await
        .expect(200);
    let plain = to_session(&editor, &id, "a.txt", b"text", &[])
        .send()
        .await
        .expect(200);
    let tagged = to_session(&editor, &id, "b.txt", b"text", &[("po_number", "PO-9")])
        .send()
        .await
        .expect(200);
    let path = |file: &Value| {
        let session = file["session_id"].as_str().unwrap();
        let name = file["storage_filename"].as_str().unwrap();
        app.upload_folder().join("sessions").join(session).join(name)
    };
    let download = |file: &Value| {
        format!(
            "/api/uploads/session/{id}/files/{}/download",
            file["id"].as_str().unwrap()
        )
    };
    // Links end with the session.
    let link = plain["access_url"]
        .as_str()
        .unwrap()
        .strip_prefix(&app.base_url)
        .unwrap()
        .to_owned();
    assert_eq!(app.nobody().get(&link).send().await.status, 200);

    app.clock().advance(TimeDelta::minutes(61));
    let editor = app.editor().await;
    editor
        .get(format!("/api/uploads/session/{id}"))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    to_session(&editor, &id, "c.txt", b"text", &[])
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    editor
        .get(download(&plain))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    assert_eq!(editor.get(download(&tagged)).send().await.status, 200);
    app.nobody()
        .get(&link)
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    uploads::sweep(&app.state).await.unwrap();
    let status = format!(r#"SELECT status FROM "Finances".upload_session WHERE session_id = '{id}'"#);
    let status: String = sqlx::query_scalar(sqlx::AssertSqlSafe(status))
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(status, "expired");
    assert!(path(&plain).exists() && path(&tagged).exists());

    app.clock().advance(TimeDelta::hours(10));
    uploads::sweep(&app.state).await.unwrap();
    assert!(!path(&plain).exists() && path(&tagged).exists() && path(&stays).exists());
    let editor = app.editor().await;
    assert_eq!(editor.get(download(&tagged)).send().await.status, 200);
    let listed = editor.get("/api/uploads/po/PO-9").send().await.expect(200);
    let link = listed["files"][0]["access_url"]
        .as_str()
        .unwrap()
        .strip_prefix(&app.base_url)
        .unwrap();
    assert_eq!(
        app.nobody().get(link).send().await.status,
        200,
        "its links live on"
    );
    let trail = r#"SELECT count(*) FROM "Finances".audit_entry WHERE actor_name = 'sweeper'"#;
    assert_eq!(app.value::<i64>(trail).await, 2);
}

#[tokio::test]
async fn nobody_gets_in_who_does_not_belong() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let id = open_session(&editor, &json!({})).await;
    let file = to_session(&editor, &id, "a.txt", b"text", &[("po_number", "PO-1")])
        .send()
        .await
        .expect(200);
    let file = file["id"].as_str().unwrap();
    let of_session = format!("/api/uploads/session/{id}");
    let of_file = format!("{of_session}/files/{file}");
    let reads = [
        of_session.clone(),
        format!("{of_session}/files"),
        format!("{of_session}/stats"),
        format!("{of_session}/download-all"),
        format!("{of_file}/download"),
        "/api/uploads/po/PO-1".to_owned(),
        "/api/uploads/po/PO-1/files".to_owned(),
        "/api/uploads/po/PO-1/stats".to_owned(),
    ];
    for path in &reads {
        app.nobody()
            .get(path)
            .send()
            .await
            .expect_error(401, "UNAUTHORIZED");
        assert_eq!(viewer.get(path).send().await.status, 200, "{path}");
        assert_eq!(viewer.call(Method::HEAD, path).send().await.status, 200, "{path}");
    }
    let download_all = format!("{of_session}/download-all");
    app.nobody()
        .post(&download_all)
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    assert_eq!(viewer.post(&download_all).send().await.status, 200);
    for (caller, status, code) in [(&app.nobody(), 401, "UNAUTHORIZED"), (&viewer, 403, "FORBIDDEN")] {
        for call in [
            caller.post("/api/uploads/session"),
            to_session(caller, &id, "b.txt", b"text", &[]),
            caller.delete(&of_file),
            caller.delete(&of_session),
        ] {
            call.send().await.expect_error(status, code);
        }
    }
    let stats = viewer.get(format!("{of_session}/stats")).send().await.expect(200);
    assert_eq!(
        (&stats["total_uploads"], &stats["total_files"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found_whatever_it_is_called() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (one, other) = (
        open_session(&admin, &json!({})).await,
        open_session(&admin, &json!({})).await,
    );
    let file = to_session(&admin, &one, "a.txt", b"text", &[])
        .send()
        .await
        .expect(200);
    let file = file["id"].as_str().unwrap();
    for id in [
        "sess_nothing",
        "nothing",
        "sess_",
        "..%2F..%2Fetc%2Fpasswd",
        "sess_a%00b",
        "sess_a%27%20OR%201=1--",
        "%F0%9F%92%A3",
    ] {
        for path in ["", "/files", "/stats", "/download-all"] {
            let reply = admin.get(format!("/api/uploads/session/{id}{path}")).send().await;
            reply.expect_error(404, "NOT_FOUND");
        }
        admin
            .delete(format!("/api/uploads/session/{id}"))
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
        to_session(&admin, id, "a.txt", b"text", &[])
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
        for path in [
            format!("/api/uploads/session/{id}/files/{file}"),
            format!("/api/uploads/session/{one}/files/{id}"),
        ] {
            admin.delete(&path).send().await.expect_error(404, "NOT_FOUND");
            admin
                .get(path + "/download")
                .send()
                .await
                .expect_error(404, "NOT_FOUND");
        }
    }
    // Of another session.
    let foreign = format!("/api/uploads/session/{other}/files/{file}");
    admin.delete(&foreign).send().await.expect_error(404, "NOT_FOUND");
    admin
        .get(foreign + "/download")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    assert_eq!(
        admin
            .get(format!("/api/uploads/session/{one}/files/{file}/download"))
            .send()
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_is_said_beside_a_file_must_make_sense() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = open_session(&editor, &json!({})).await;
    let long = "x".repeat(101);

    let reply = to_session(
        &editor,
        &id,
        "a.txt",
        b"text",
        &[
            ("auto_parse", "perhaps"),
            ("po_number", &long),
            ("uploaded_by", &long),
        ],
    )
    .send()
    .await;
    assert_eq!(
        reply.faults(),
        [
            "auto_parse: value_error",
            "po_number: string_too_long",
            "uploaded_by: string_too_long"
        ]
    );
    let path = format!("/api/uploads/session/{id}/files");
    assert_eq!(
        editor
            .post(&path)
            .form(Form::new().text("a", "b"))
            .send()
            .await
            .faults(),
        ["file: missing"]
    );
    assert_eq!(
        to_session(&editor, &id, "a.txt", b"", &[]).send().await.faults(),
        ["file: invalid"]
    );
    to_session(&editor, &id, "a.exe", b"MZ", &[])
        .send()
        .await
        .expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    // The form wins over the query.
    let body = editor
        .post(format!("{path}?uploaded_by=query&category=query"))
        .file("a.txt", b"text", &[("uploaded_by", "form")])
        .send()
        .await
        .expect(200);
    assert_eq!(body["uploaded_by"], "form");
    assert_eq!(body["metadata"], json!({"category": "query"}));
    let files = r#"SELECT count(*) FROM "Finances".upload_file"#;
    assert_eq!(app.value::<i64>(files).await, 1);
    for query in ["skip=-1", "limit=0", "limit=1001", "sort=nothing", "cursor=x"] {
        for list in [
            &path,
            &format!("/api/uploads/session/{id}"),
            "/api/uploads/po/PO-1",
        ] {
            assert_eq!(
                editor.get(format!("{list}?{query}")).send().await.faults().len(),
                1,
                "{list} {query}"
            );
        }
    }
}

#[tokio::test]
async fn pages_of_files_are_whole_in_every_order() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = open_session(&editor, &json!({})).await;
    for n in 0..7 {
        to_session(
            &editor,
            &id,
            &format!("{n}.txt"),
            b"text",
            &[("po_number", "PO-1")],
        )
        .send()
        .await
        .expect(200);
    }
    let list = format!("/api/uploads/session/{id}/files");
    for (list, sort) in [
        (list.as_str(), "original_filename"),
        ("/api/uploads/po/PO-1", "-original_filename"),
    ] {
        let (mut names, mut query) = (Vec::new(), format!("?limit=3&sort={sort}"));
        loop {
            let page = editor.get(format!("{list}{query}")).send().await.expect(200);
            assert_eq!(page["total_count"], 7);
            assert_eq!(page["file_count"], 7);
            let files = page["files"].as_array().unwrap();
            names.extend(
                files
                    .iter()
                    .map(|file| file["original_filename"].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(cursor) => query = format!("?limit=3&sort={sort}&cursor={cursor}"),
                None => break,
            }
        }
        if sort.starts_with('-') {
            names.reverse();
        }
        assert_eq!(
            names,
            ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt", "5.txt", "6.txt"]
        );
    }
    let newest = editor
        .get(format!("{list}?limit=1&skip=6"))
        .send()
        .await
        .expect(200);
    assert_eq!(newest["files"][0]["original_filename"], "0.txt");
}

#[tokio::test]
async fn a_number_that_no_file_was_sent_with_has_none() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for path in ["/api/uploads/po/PO-1", "/api/uploads/po/PO-1/files"] {
        let body = viewer.get(path).send().await.expect(200);
        for (field, value) in [
            ("files", json!([])),
            ("file_count", json!(0)),
            ("total_count", json!(0)),
            ("total_size", json!(0)),
            ("compressed_size", json!(0)),
            ("compression_ratio", json!(0)),
        ] {
            assert_eq!(body[field], value, "{path}: {field}");
        }
    }
    let stats = viewer.get("/api/uploads/po/PO-1/stats").send().await.expect(200);
    assert_eq!(
        stats,
        json!({
            "status": "SUCCESS", "po_number": "PO-1", "file_count": 0, "total_files": 0, "total_size_bytes": 0,
            "total_compressed_size": 0, "space_saved_bytes": 0, "compression_ratio": 0
        })
    );
}

#[tokio::test]
async fn a_number_that_can_be_no_pos_is_named() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for (number, fault) in [
        ("x".repeat(101), "po_number: string_too_long"),
        ("a%00b".to_owned(), "po_number: value_error"),
    ] {
        for path in ["", "/files", "/stats"] {
            let reply = viewer.get(format!("/api/uploads/po/{number}{path}")).send().await;
            assert_eq!(reply.faults(), [fault], "{number}{path}");
        }
    }
}

/// What happens to a session.
#[derive(Debug, Clone)]
enum Step {
    Send(usize),
    Delete(usize),
    Fetch(usize),
    FetchAll,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..5000_usize).prop_map(Step::Send),
        (0..20_usize).prop_map(Step::Delete),
        (0..20_usize).prop_map(Step::Fetch),
        Just(Step::FetchAll),
    ]
}

/// Any sequence of uploads, deletions and downloads is counted as a plain model counts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_counters_of_a_session_are_those_of_a_model() {
    let app = TestApp::start_with(&[("UPLOADS_PER_HOUR", "1000")]).await;
    let editor = app.editor().await;
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 6,
            failure_persistence: None,
            max_shrink_iters: 40,
            ..ProptestConfig::default()
        });
        let checked = runner.run(&vec(step(), 1..20), |steps| {
            runtime.block_on(count(&editor, &steps));
            Ok(())
        });
        checked.unwrap();
        drop(app);
    })
    .await
    .unwrap();
}

async fn count(editor: &Caller, steps: &[Step]) {
    let id = open_session(editor, &json!({})).await;
    let path = format!("/api/uploads/session/{id}");
    let mut files: Vec<(String, usize)> = Vec::new();
    let (mut sent, mut fetched) = (0, 0);
    for step in steps {
        match step {
            Step::Send(size) => {
                let body = to_session(editor, &id, "a.txt", &vec![b'x'; *size], &[])
                    .send()
                    .await
                    .expect(200);
                files.push((body["id"].as_str().unwrap().to_owned(), *size));
                sent += 1;
            }
            Step::Delete(index) if !files.is_empty() => {
                let (file, _) = files.remove(index % files.len());
                editor
                    .delete(format!("{path}/files/{file}"))
                    .send()
                    .await
                    .expect(200);
            }
            Step::Fetch(index) if !files.is_empty() => {
                let (file, size) = &files[index % files.len()];
                let reply = editor.get(format!("{path}/files/{file}/download")).send().await;
                assert_eq!((reply.status, reply.bytes.len()), (200, *size));
                fetched += 1;
            }
            Step::FetchAll => {
                let reply = editor.post(format!("{path}/download-all")).send().await;
                assert_eq!(reply.status, if files.is_empty() { 404 } else { 200 });
                fetched += files.len();
            }
            _ => {}
        }
    }
    let size: usize = files.iter().map(|(_, size)| size).sum();
    let stats = editor.get(format!("{path}/stats")).send().await.expect(200);
    assert_mirrored(&stats);
    assert_eq!(stats["status"], "active");
    for (field, value) in [
        ("total_files", files.len()),
        ("total_size_bytes", size),
        ("total_uploads", sent),
        ("total_downloads", fetched),
    ] {
        assert_eq!(stats[field], value, "{field} after {steps:?}");
    }
    let listed = editor
        .get(format!("{path}/files?limit=1000"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&listed["file_count"], &listed["total_size"]),
        (&json!(files.len()), &json!(size))
    );
    assert_eq!(listed["files"].as_array().unwrap().len(), files.len());
}
