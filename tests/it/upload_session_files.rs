//! Files of upload sessions: which orders become POs of which projects, what is too much, and what the predecessor left.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use rust_decimal::dec;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{
    TestApp,
    callers::{Call, Caller},
    files::{open_session, to_session},
    race,
    workbooks::{Item, ProformaWorkbook},
};

fn send(caller: &Caller, session: &str, name: &str, bytes: impl AsRef<[u8]>) -> Call {
    to_session(caller, session, name, bytes.as_ref(), &[])
}

/// An invoice of one item with a number of its own.
fn invoice(number: &str) -> Vec<u8> {
    ProformaWorkbook::sample()
        .field("PO Number", number)
        .field("PI Number", format!("PI-{number}").as_str())
        .items(vec![Item::new("Cabling", "8544", "MTR", dec!(2), dec!(100))])
        .grand_total(dec!(236))
        .xlsx()
}

async fn project_of(app: &TestApp, po: &Value) -> Option<String> {
    sqlx::query_scalar(
        r#"
        SELECT project.name
          FROM "Finances".client_po AS po
          JOIN "Finances".project ON project.id = po.project_id
         WHERE po.id = $1
        "#,
    )
    .bind(po.as_i64())
    .fetch_optional(&app.db)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_metadata_of_a_session_say_in_which_project_its_orders_go() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let known: i64 = app
        .value(
            r#"INSERT INTO "Finances".project (name, client_id) VALUES ('Known Store', 2) RETURNING id::bigint"#,
        )
        .await;
    for (number, metadata, project) in [
        (
            "4500000001",
            json!({"project_id": known, "project_name": "Another", "project": "A third"}),
            "Known Store",
        ),
        (
            "4500000002",
            json!({"project_id": known.to_string()}),
            "Known Store",
        ),
        (
            "4500000003",
            json!({"project_name": "known store", "project": "A third"}),
            "Known Store",
        ),
        (
            "4500000004",
            json!({"project_id": null, "project_name": " ", "project": " New Store "}),
            "New Store",
        ),
        ("4500000006", json!({"project": ""}), "ST-104"),
    ] {
        let id = open_session(&editor, &json!({"client_id": 2, "metadata": metadata})).await;

        let body = send(&editor, &id, "po.xlsx", invoice(number))
            .send()
            .await
            .expect(200);

        assert_eq!(body["parse_status"], "SUCCESS", "{body}");
        assert_eq!(body["po_number"], number);
        let name = project_of(&app, &body["po_id"]).await;
        assert_eq!(name.as_deref(), Some(project), "{metadata}");
    }
}

#[tokio::test]
async fn an_order_that_cannot_go_where_its_session_says_is_kept_and_makes_nothing() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.execute(
        r#"
        INSERT INTO "Finances".project (name, client_id) VALUES ('Of Another Client', 1);
        INSERT INTO "Finances".project (name, client_id) VALUES ('Gone Soon', 2);
        "#,
    )
    .await;
    let id_of = async |name: &str| -> i64 {
        sqlx::query_scalar(r#"SELECT id::bigint FROM "Finances".project WHERE name = $1"#)
            .bind(name)
            .fetch_one(&app.db)
            .await
            .unwrap()
    };
    let (foreign, gone) = (id_of("Of Another Client").await, id_of("Gone Soon").await);
    let mut sessions = Vec::new();
    for metadata in [
        json!({"project_id": foreign}),
        json!({"project_name": "Of another client"}),
        json!({"project_id": gone}),
    ] {
        sessions.push(open_session(&editor, &json!({"client_id": 2, "metadata": metadata})).await);
    }
    app.execute(r#"DELETE FROM "Finances".project WHERE name = 'Gone Soon'"#)
        .await;

    for id in sessions {
        let body = send(&editor, &id, "po.xlsx", invoice("4500000001"))
            .send()
            .await
            .expect(200);

        assert_eq!(body["parse_status"], "FAILED", "{body}");
        let error = body["parse_error"].as_str().unwrap();
        assert!(!error.is_empty() && !error.contains('\n'), "{error:?}");
        assert_eq!((&body["po_id"], &body["po_number"]), (&Value::Null, &Value::Null));
        let path = format!("/api/uploads/session/{id}/files");
        let listed = editor.get(path).send().await.expect(200);
        assert_eq!(listed["files"][0]["parse_error"], error);
    }
    for count in [
        r#"SELECT count(*) FROM "Finances".client_po"#,
        r#"SELECT count(*) FROM "Finances".vendor"#,
        r#"SELECT count(*) FROM "Finances".site"#,
        r#"SELECT count(*) FROM "Finances".project_document"#,
        r#"SELECT count(*) - 1 FROM "Finances".project"#,
    ] {
        assert_eq!(app.value::<i64>(count).await, 0, "{count}");
    }
}

#[tokio::test]
async fn of_one_order_sent_at_once_into_several_sessions_one_po_is_made() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut calls = Vec::new();
    for _ in 0..4 {
        let id = open_session(&editor, &json!({"client_id": 2})).await;
        calls.push(send(&editor, &id, "po.xlsx", invoice("4500000001")));
        calls.push(send(&editor, &id, "po.xlsx", invoice("4500000001")));
    }

    let replies = race(calls).await;

    let mut said: Vec<String> = replies
        .iter()
        .map(|reply| reply.expect(200)["parse_status"].as_str().unwrap().to_owned())
        .collect();
    said.sort();
    let expected: Vec<&str> = ["FAILED"].repeat(7).into_iter().chain(["SUCCESS"]).collect();
    assert_eq!(said, expected);
    for count in [
        r#"SELECT count(*) FROM "Finances".client_po"#,
        r#"SELECT count(*) FROM "Finances".project_document"#,
        r#"SELECT count(*) FROM "Finances".upload_file WHERE po_number IS NOT NULL"#,
    ] {
        assert_eq!(app.value::<i64>(count).await, 1, "{count}");
    }
}

#[tokio::test]
async fn a_session_that_is_opened_again_under_its_key_is_the_same() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let call = |hours: u8| {
        editor
            .post("/api/uploads/session")
            .json(&json!({"ttl_hours": hours}))
            .header("idempotency-key", "one")
    };

    let (first, again, other) = (call(1).send().await, call(1).send().await, call(2).send().await);

    assert_eq!(first.expect(200), again.expect(200));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(other.faults(), ["Idempotency-Key: value_error"]);
    let sessions = r#"SELECT count(*) FROM "Finances".upload_session"#;
    assert_eq!(app.value::<i64>(sessions).await, 1);
}

#[tokio::test]
async fn an_hour_has_room_for_so_many_files_and_a_deletion_makes_none() {
    let app = TestApp::start_with(&[("UPLOADS_PER_HOUR", "2")]).await;
    let editor = app.editor().await;
    let (one, other) = (
        open_session(&editor, &json!({})).await,
        open_session(&editor, &json!({})).await,
    );
    send(&editor, &one, "a.exe", b"MZ")
        .send()
        .await
        .expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    let file = send(&editor, &one, "a.txt", b"text").send().await.expect(200);
    send(&editor, &other, "a.txt", b"text").send().await.expect(200);
    editor
        .delete(format!(
            "/api/uploads/session/{one}/files/{}",
            file["id"].as_str().unwrap()
        ))
        .send()
        .await
        .expect(200);

    let refused = send(&editor, &one, "a.txt", b"text").send().await;

    refused.expect_error(429, "RATE_LIMITED");
    assert!((1..=3600).contains(&refused.header("retry-after").parse::<i64>().unwrap()));
    let stats = editor
        .get(format!("/api/uploads/session/{one}/stats"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&stats["total_uploads"], &stats["total_files"]),
        (&json!(1), &json!(0))
    );
    let temp = app.upload_folder().join("temp");
    assert_eq!(std::fs::read_dir(temp).unwrap().count(), 0);
    // The room is each user's own.
    send(&app.editor().await, &one, "a.txt", b"text")
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_file_is_as_large_as_it_may_be_and_no_larger() {
    let app = TestApp::start_with(&[("MAX_FILE_SIZE_MB", "1")]).await;
    let editor = app.editor().await;
    let id = open_session(&editor, &json!({})).await;
    let most = 1024 * 1024;

    let body = send(&editor, &id, "a.txt", vec![b'x'; most])
        .send()
        .await
        .expect(200);
    assert_eq!(body["file_size"], most);
    let refused = send(&editor, &id, "a.txt", vec![b'x'; most + 1]).send().await;

    let refusal = refused.expect_error(413, "PAYLOAD_TOO_LARGE");
    assert!(
        refusal["message"].as_str().unwrap().contains("1048576"),
        "{refusal}"
    );
    let path = format!("/api/uploads/session/{id}/files");
    assert_eq!(editor.get(path).send().await.expect(200)["total_count"], 1);
    let temp = app.upload_folder().join("temp");
    assert_eq!(std::fs::read_dir(temp).unwrap().count(), 0);
}

#[tokio::test]
async fn what_the_predecessor_stored_comes_back_as_it_was_sent_and_goes_by_an_admin() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let id = "sess_client1_20250101_100000_0a1b";
    let bytes = b"twenty bytes of text".repeat(1000);
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&bytes).unwrap();
    let folder = app.upload_folder().join("sessions").join(id);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("20250101_100000_ab.txt"), packed.finish().unwrap()).unwrap();
    sqlx::query(
        r#"
        WITH session AS (
            INSERT INTO "Finances".upload_session (id, session_id, expires_at)
            VALUES ('old', $1, now() + interval '100 years')
        )
        INSERT INTO "Finances".upload_file
               (id, session_id, original_filename, storage_filename, storage_path, file_size, is_compressed,
                original_mime_type, file_hash)
        VALUES ('old-file', $1, '../a/b?.txt', '20250101_100000_ab.txt', 'anything', $2, true, 'text/plain', $3)
        "#,
    )
    .bind(id)
    .bind(i64::try_from(bytes.len()).unwrap())
    .bind(hex::encode(Sha256::digest(&bytes)))
    .execute(&app.db)
    .await
    .unwrap();
    let of_session = format!("/api/uploads/session/{id}");
    let of_file = format!("{of_session}/files/old-file");

    let listed = editor.get(format!("{of_session}/files")).send().await.expect(200);
    for (field, value) in [
        ("parse_status", Value::Null),
        ("parse_error", Value::Null),
        ("po_id", Value::Null),
        ("uploaded_by", Value::Null),
        ("compressed_size", json!(bytes.len())),
        ("metadata", json!({})),
    ] {
        assert_eq!(listed["files"][0][field], value, "{field}");
    }
    for path in [
        format!("{of_file}/download"),
        format!("/uploads/{id}/20250101_100000_ab.txt"),
    ] {
        let reply = editor.get(path).send().await;
        assert_eq!(reply.status, 200);
        assert!(reply.bytes == bytes);
        assert!(
            reply
                .header("content-disposition")
                .ends_with("filename=\"b_.txt\""),
            "{}",
            reply.header("content-disposition")
        );
    }
    let stats = editor.get(format!("{of_session}/stats")).send().await.expect(200);
    assert_eq!(stats["total_downloads"], 2, "it had no counters of its own");
    assert_eq!(stats["total_uploads"], 0);
    // Nobody is known to have sent it.
    for path in [&of_file, &of_session] {
        editor.delete(path).send().await.expect_error(403, "FORBIDDEN");
        admin.delete(path).send().await.expect(200);
    }
    // A folder goes with its last file; a bucket has none.
    assert_eq!(std::fs::read_dir(folder).into_iter().flatten().count(), 0);
}
