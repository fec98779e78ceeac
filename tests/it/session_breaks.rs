//! Upload sessions when something gives way: clients that go away in the middle, and several that want the same at once.

use std::path::{Path, PathBuf};

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, sync::oneshot};

use nexgen_finance::uploads;

use crate::support::{
    TestApp,
    callers::{Call, Caller},
    files::{open_session, to_session},
    race,
    waiting::{until, until_blocked, until_so},
    wire,
};

async fn session(caller: &Caller) -> String {
    open_session(caller, &json!({})).await
}

fn send(caller: &Caller, session: &str, text: &str) -> Call {
    to_session(caller, session, "a.txt", text.as_bytes(), &[])
}

/// Everything that arrives or is stored, published or not.
fn stored(app: &TestApp) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(app.upload_folder(), &mut found);
    walk(&app.spool_folder(), &mut found);
    found.sort();
    found.dedup();
    found
}

#[tokio::test]
async fn a_client_that_breaks_off_in_the_middle_of_a_file_leaves_nothing() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    let head = format!(
        "POST /api/uploads/session/{id}/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Idempotency-Key: k\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n",
        editor.token.as_deref().unwrap()
    );

    let mut stream = wire::connect(&app).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; 300_000]).await.unwrap();
    until_so("a file arrives", || !stored(&app).is_empty()).await;
    drop(stream);

    until_so("nothing is left of it", || stored(&app).is_empty()).await;
    until(
        &app,
        r#"SELECT NOT EXISTS (SELECT FROM "Finances".idempotency_key)"#,
    )
    .await;
    for count in [
        r#"SELECT count(*) FROM "Finances".upload_file"#,
        r#"SELECT count(*) FROM "Finances".quota_counter"#,
        r#"SELECT sum(total_uploads) FROM "Finances".upload_stats"#,
    ] {
        assert_eq!(app.value::<i64>(count).await, 0, "{count}");
    }
    // Its key is free.
    send(&editor, &id, "text")
        .header("idempotency-key", "k")
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_client_that_goes_away_while_its_file_is_committed_loses_no_file() {
    let app = TestApp::start().await;
    app.execute(
        r#"
        CREATE FUNCTION "Finances".wait_for_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(1);
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON "Finances".upload_file
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "Finances".wait_for_the_gate();
        CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON "Finances".project_document
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "Finances".wait_for_the_gate();
        "#,
    )
    .await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    let document = |caller: &Caller| {
        let part = Part::bytes(b"%PDF-1.7\n%%EOF\n".to_vec()).file_name("a.pdf");
        caller
            .post("/api/documents/upload?project_id=1")
            .form(Form::new().part("file", part))
    };
    app.project("Store").await;
    for (call, files) in [(send(&editor, &id, "text"), 1), (document(&editor), 2)] {
        let before = stored(&app).len();
        let mut gate = app.db.begin().await.unwrap();
        sqlx::query("SELECT pg_advisory_xact_lock(1)")
            .execute(&mut *gate)
            .await
            .unwrap();
        let request = tokio::spawn(call.header("idempotency-key", &files.to_string()).send());
        until_blocked(&app).await;

        request.abort();
        // The request is over when it lets its key go; that waits for the row which the commit has in hand.
        until(
            &app,
            "SELECT count(*) = 2 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .await;
        gate.rollback().await.unwrap();

        until(
            &app,
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')",
        )
        .await;
        assert_eq!(stored(&app).len(), before + files);
    }

    let viewer = app.viewer().await;
    let files = viewer
        .get(format!("/api/uploads/session/{id}/files"))
        .send()
        .await
        .expect(200);
    let file = files["files"][0]["id"].as_str().unwrap().to_owned();
    let fetch = || viewer.get(format!("/api/uploads/session/{id}/files/{file}/download"));
    assert_eq!(fetch().send().await.bytes, b"text");
    uploads::sweep(&app.state).await.unwrap();
    assert_eq!(fetch().send().await.bytes, b"text");
    assert_eq!(
        std::fs::read_dir(app.upload_folder().join("temp"))
            .unwrap()
            .count(),
        0
    );
    let documents = viewer.get("/api/documents").send().await.expect(200);
    assert_eq!(documents["total_count"], 1);
    let report = uploads::verify(&app.db, &app.state.storage, |_| {})
        .await
        .unwrap();
    assert!(
        report.faults.is_empty() && report.unknown.is_empty(),
        "{report:?}"
    );
}

#[tokio::test]
async fn the_last_place_of_a_session_is_taken_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    sqlx::query(
        r#"
        INSERT INTO "Finances".upload_file
               (id, session_id, original_filename, storage_filename, storage_path, file_size, is_compressed)
        SELECT 'older-' || n, $1, 'a.txt', 'older-' || n || '.txt', $1, 4, false
          FROM generate_series(1, 49) AS n
        "#,
    )
    .bind(&id)
    .execute(&app.db)
    .await
    .unwrap();

    let replies = race(vec![send(&editor, &id, "one"), send(&editor, &id, "two")]).await;

    assert_eq!((replies[0].status, replies[1].status), (200, 409));
    let body = replies[1].expect_error(409, "CONFLICT");
    assert_eq!(body["message"], "Session file limit (50) reached");
    let list = format!("/api/uploads/session/{id}/files");
    let listed = editor.get(list).send().await.expect(200);
    assert_eq!(
        (&listed["file_count"], &listed["total_count"]),
        (&json!(50), &json!(50))
    );
    assert_eq!(stored(&app).len(), 1);
}

#[tokio::test]
async fn what_several_delete_at_once_goes_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    let file = send(&editor, &id, "text").send().await.expect(200);
    let of_session = format!("/api/uploads/session/{id}");
    let of_file = format!("{of_session}/files/{}", file["id"].as_str().unwrap());

    let replies = race((0..6).map(|_| editor.delete(&of_file)).collect()).await;

    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 404, 404, 404, 404, 404]);

    // Files that come in while the session goes are refused, or go with it.
    let calls = (0..4)
        .map(|_| send(&editor, &id, "text"))
        .chain((0..4).map(|_| editor.delete(&of_session)));
    let replies = race(calls.collect()).await;
    let deleted: Vec<Value> = replies
        .iter()
        .filter(|reply| reply.status == 200)
        .map(|reply| reply.json()["data"].clone())
        .filter(|data| data.get("deleted_files").is_some())
        .collect();
    assert_eq!(deleted.len(), 1, "one deletes the session");
    let sent = replies.iter().filter(|reply| reply.status == 200).count() - 1;
    assert_eq!(deleted[0]["deleted_files"], sent);
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 404)));
    for count in [
        r#"SELECT count(*) FROM "Finances".upload_session"#,
        r#"SELECT count(*) FROM "Finances".upload_file"#,
        r#"SELECT count(*) FROM "Finances".upload_stats"#,
        r#"SELECT count(*) FROM "Finances".stored_file_removal"#,
    ] {
        assert_eq!(app.value::<i64>(count).await, 0, "{count}");
    }
    assert_eq!(stored(&app), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_download_while_its_session_goes_leaves_no_counter_behind() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    let file = send(&editor, &id, "text").send().await.expect(200);
    let path = format!(
        "/api/uploads/session/{id}/files/{}/download",
        file["id"].as_str().unwrap()
    );

    // The session goes when the file is found already, and its download is about to be counted.
    let mut deletion = app.db.begin().await.unwrap();
    for sql in [
        r#"DELETE FROM "Finances".upload_file"#,
        r#"DELETE FROM "Finances".upload_stats"#,
        r#"DELETE FROM "Finances".upload_session"#,
    ] {
        sqlx::query(sql).execute(&mut *deletion).await.unwrap();
    }
    let (done, answered) = oneshot::channel();
    let download = editor.get(path);
    tokio::spawn(async move { done.send(download.send().await.status).unwrap() });
    until_blocked(&app).await;
    deletion.commit().await.unwrap();

    assert_eq!(answered.await.unwrap(), 200);
    let counters = r#"SELECT count(*) FROM "Finances".upload_stats"#;
    assert_eq!(app.value::<i64>(counters).await, 0);
}
