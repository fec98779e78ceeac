//! Fetching the files of sessions: one by one, all at once, with a token, through links, and by the older paths.

use std::{
    io::{Cursor, Read},
    path::PathBuf,
};

use chrono::TimeDelta;
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::support::{
    TestApp, bucket,
    callers::Caller,
    files::{PNG_HEAD, noise, open_session, to_session},
    logs::Logs,
};

/// A picture that does not shrink.
fn picture(length: usize) -> Vec<u8> {
    noise(PNG_HEAD, length)
}

/// Text that does.
fn text(length: usize) -> Vec<u8> {
    b"twenty bytes of text"
        .iter()
        .copied()
        .cycle()
        .take(length)
        .collect()
}

async fn session(caller: &Caller) -> String {
    open_session(caller, &json!({})).await
}

async fn send(caller: &Caller, session: &str, name: &str, bytes: &[u8]) -> Value {
    to_session(caller, session, name, bytes, &[])
        .send()
        .await
        .expect(200)
}

fn url(file: &Value) -> String {
    let (session, id) = (file["session_id"].as_str().unwrap(), file["id"].as_str().unwrap());
    format!("/api/uploads/session/{session}/files/{id}/download")
}

fn path(app: &TestApp, file: &Value) -> PathBuf {
    let (session, name) = (
        file["session_id"].as_str().unwrap(),
        file["storage_filename"].as_str().unwrap(),
    );
    app.upload_folder().join("sessions").join(session).join(name)
}

/// A link without the server's address.
fn link(app: &TestApp, file: &Value, field: &str) -> String {
    file[field]
        .as_str()
        .unwrap()
        .strip_prefix(&app.base_url)
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent_however_and_wherever_it_is_stored() {
    for app in [TestApp::start().await, TestApp::start_on_bucket().await] {
        let (editor, viewer) = (app.editor().await, app.viewer().await);
        let id = session(&editor).await;
        for (name, bytes, mime, is_compressed) in [
            ("a b.png", picture(700_000), "image/png", false),
            ("Übersicht.txt", text(900_000), "text/plain", true),
            ("t.csv", text(1), "text/csv", false),
        ] {
            let file = send(&editor, &id, name, &bytes).await;
            assert_eq!(file["is_compressed"], is_compressed);

            let reply = viewer.get(url(&file)).send().await;

            assert_eq!(reply.status, 200);
            assert!(reply.bytes == bytes, "{name}");
            assert_eq!(reply.header("content-type"), mime);
            assert_eq!(reply.header("content-length"), bytes.len().to_string());
            assert_eq!(reply.header("cache-control"), "private, no-cache");
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            let tag = format!("\"{}\"", hex::encode(Sha256::digest(&bytes)));
            assert_eq!(reply.header("etag"), tag);
            let disposition = reply.header("content-disposition");
            assert!(
                disposition.starts_with("attachment; filename*=UTF-8''"),
                "{disposition}"
            );
            let known = viewer.get(url(&file)).header("if-none-match", &tag).send().await;
            assert_eq!((known.status, known.bytes.len()), (304, 0));
            let head = viewer.call(Method::HEAD, url(&file)).send().await;
            assert_eq!(
                (head.status, head.header("content-length")),
                (200, reply.header("content-length"))
            );
        }
        let stats = viewer
            .get(format!("/api/uploads/session/{id}/stats"))
            .send()
            .await
            .expect(200);
        assert_eq!(stats["total_downloads"], 3, "what is not sent is not counted");
    }
}

#[tokio::test]
async fn a_part_is_sent_of_what_is_stored_as_it_came_and_else_the_whole() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    let bytes = picture(10_000);
    let plain = send(&editor, &id, "a.png", &bytes).await;
    let packed = send(&editor, &id, "a.txt", &text(10_000)).await;

    let part = editor
        .get(url(&plain))
        .header("range", "bytes=100-199")
        .send()
        .await;
    assert_eq!(
        (part.status, part.header("content-range")),
        (206, "bytes 100-199/10000")
    );
    assert_eq!(part.bytes, bytes[100..200]);
    let beyond = editor
        .get(url(&plain))
        .header("range", "bytes=10000-")
        .send()
        .await;
    assert_eq!(beyond.status, 416);
    let whole = editor
        .get(url(&packed))
        .header("range", "bytes=100-199")
        .send()
        .await;
    assert_eq!((whole.status, whole.bytes.len()), (200, 10_000));
}

#[tokio::test]
async fn no_part_is_sent_of_a_file_that_has_another_length_than_it_came_with() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    let file = send(&editor, &id, "a.png", &picture(10_000)).await;
    std::fs::write(path(&app, &file), &picture(10_000)[..1000]).unwrap();
    let logs = Logs::start("INFO");
    for range in ["bytes=100-199", "bytes=5000-5099"] {
        let sent = editor.get(url(&file)).header("range", range).try_send().await;
        assert!(sent.is_none_or(|reply| reply.bytes.len() < 1000), "{range}");
    }
    assert_eq!(logs.end().error_lines().len(), 2);
}

#[tokio::test]
async fn a_link_in_the_place_of_a_folder_leads_nowhere() {
    if bucket::is_asked_for() {
        // There are no folders in a bucket.
        return;
    }
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    let file = send(&editor, &id, "a.png", &picture(1000)).await;
    let folder = path(&app, &file).parent().unwrap().to_owned();
    let outside = tempfile::tempdir().unwrap();
    let moved = outside.path().join("files");
    std::fs::rename(&folder, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &folder).unwrap();

    let lost = editor.get(url(&file)).send().await;
    assert_eq!(
        lost.expect_error(404, "NOT_FOUND")["message"],
        "File content is missing"
    );
    let session = format!("/api/uploads/session/{id}");
    editor.delete(&session).send().await.expect(200);
    assert_eq!(
        std::fs::read_dir(&moved).unwrap().count(),
        1,
        "what lies outside stays"
    );
}

#[tokio::test]
async fn a_repeat_under_a_key_has_links_afresh_that_end_with_the_session() {
    let app = TestApp::start().await;
    let (editor, nobody) = (app.editor().await, app.nobody());
    let id = open_session(&editor, &json!({"ttl_hours": 4})).await;
    let send = async || {
        let editor = editor.logged_in_at(app.clock().now());
        let call = to_session(&editor, &id, "a.png", &picture(100), &[]);
        let reply = call.header("idempotency-key", "k").send().await;
        let body = reply.expect(200);
        // The links of a file are three, of one token.
        assert!(
            body["access_url"]
                .as_str()
                .unwrap()
                .ends_with(reply.header("location"))
        );
        body
    };
    let first = send().await;
    let token = |file: &Value| {
        let link = link(&app, file, "access_url");
        link.split_once("token=").unwrap().1.to_owned()
    };
    let end = |file: &Value| token(file).split_once('.').unwrap().0.parse::<i64>().unwrap();
    app.clock().advance(TimeDelta::minutes(210));

    let again = send().await;

    assert_eq!(again["id"], first["id"]);
    for field in ["access_url", "direct_url"] {
        let ended = nobody.get(link(&app, &first, field)).send().await;
        ended.expect_error(401, "UNAUTHORIZED");
        assert_eq!(nobody.get(link(&app, &again, field)).send().await.status, 200);
        assert!(link(&app, &again, field).ends_with(&token(&again)));
    }
    let left = end(&again) - app.clock().now().timestamp();
    assert!((left - 1800).abs() < 60, "{left} seconds are left of the session");
}

#[tokio::test]
async fn a_link_opens_its_file_for_a_while_and_nothing_else() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    let (one, other) = (
        send(&editor, &id, "a.png", &picture(100)).await,
        send(&editor, &id, "b.png", &picture(200)).await,
    );
    let nobody = app.nobody();
    for field in ["access_url", "direct_url"] {
        let reply = nobody.get(link(&app, &one, field)).send().await;
        assert_eq!((reply.status, reply.bytes.len()), (200, 100), "{field}");
    }
    let token = link(&app, &one, "access_url");
    let token = token.split_once('?').unwrap().1;
    let foreign = "1770003600.UkG4VF0LRjn8xDfxMR60NyX0GSdCufaYU1KiKpXSyd8";
    for path in [
        format!("{}?{token}", url(&other)),
        format!("{}?token={foreign}", url(&one)),
        format!("{}?token=", url(&one)),
        url(&one),
        format!(
            "/uploads/{id}/{}?{token}",
            other["storage_filename"].as_str().unwrap()
        ),
        format!("/uploads/{id}/nothing.png?{token}"),
        format!("/uploads/nothing.png?{token}"),
        format!("/api/uploads/session/{id}/files?{token}"),
        format!("/api/uploads/session/{id}/download-all?{token}"),
        format!("/api/uploads/session/sess_x/files/x/download?{token}"),
    ] {
        nobody.get(&path).send().await.expect_error(401, "UNAUTHORIZED");
    }
    // A user's token makes the link's unnecessary, right or wrong.
    let reply = app
        .viewer()
        .await
        .get(format!("{}?token={foreign}", url(&one)))
        .send()
        .await;
    assert_eq!(reply.status, 200);
    // Of a file that is gone its links say so, and no other link does.
    let path = url(&other);
    editor
        .delete(path.strip_suffix("/download").unwrap())
        .send()
        .await
        .expect(200);
    for field in ["access_url", "direct_url"] {
        let reply = nobody.get(link(&app, &other, field)).send().await;
        reply.expect_error(404, "NOT_FOUND");
    }
    let gone = other["storage_filename"].as_str().unwrap();
    let reply = nobody.get(format!("/uploads/{id}/{gone}?{token}")).send().await;
    reply.expect_error(401, "UNAUTHORIZED");

    app.clock().advance(TimeDelta::seconds(3601));
    nobody
        .get(link(&app, &one, "access_url"))
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn all_files_come_in_one_archive_under_names_of_their_own() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let id = session(&editor).await;
    let all = format!("/api/uploads/session/{id}/download-all");
    viewer.get(&all).send().await.expect_error(404, "NOT_FOUND");
    let sent = [
        ("a.txt", text(300_000)),
        ("a.txt", text(10)),
        ("b.png", picture(200_000)),
        ("A.TXT", text(5)),
    ];
    for (name, bytes) in &sent {
        send(&editor, &id, name, bytes).await;
    }

    for call in [viewer.get(&all), viewer.post(&all)] {
        let reply = call.send().await;

        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), "application/zip");
        assert!(
            reply
                .header("content-disposition")
                .ends_with(&format!("filename=\"{id}.zip\""))
        );
        let mut archive = ZipArchive::new(Cursor::new(&reply.bytes)).unwrap();
        assert_eq!(archive.len(), 4);
        let names = ["a.txt", "a (2).txt", "b.png", "A (3).TXT"];
        for (index, (_, bytes)) in sent.iter().enumerate() {
            let mut entry = archive.by_index(index).unwrap();
            assert_eq!(entry.name().unwrap(), names[index]);
            let mut unpacked = Vec::new();
            entry.read_to_end(&mut unpacked).unwrap();
            assert!(unpacked == *bytes, "{}", names[index]);
        }
    }
    let head = viewer.call(Method::HEAD, &all).send().await;
    assert_eq!(
        (head.status, head.header("content-type")),
        (200, "application/zip")
    );
    let stats = viewer
        .get(format!("/api/uploads/session/{id}/stats"))
        .send()
        .await
        .expect(200);
    assert_eq!(stats["total_downloads"], 8, "what is not sent is not counted");
}

#[tokio::test]
async fn an_hour_has_room_for_so_many_downloads_and_an_archive_counts_each_file() {
    let app = TestApp::start_with(&[("DOWNLOADS_PER_HOUR", "3")]).await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    let (one, _) = (
        send(&editor, &id, "a.png", &picture(100)).await,
        send(&editor, &id, "b.png", &picture(100)).await,
    );
    let all = format!("/api/uploads/session/{id}/download-all");
    let viewer = app.viewer().await;
    assert_eq!(viewer.get(&all).send().await.status, 200);
    let refused = viewer.get(&all).send().await;
    refused.expect_error(429, "RATE_LIMITED");
    assert!((1..=3600).contains(&refused.header("retry-after").parse::<i64>().unwrap()));
    assert_eq!(viewer.get(url(&one)).send().await.status, 200);
    viewer
        .get(url(&one))
        .send()
        .await
        .expect_error(429, "RATE_LIMITED");
    // Links count for the session, whoever uses them.
    for _ in 0..3 {
        assert_eq!(
            app.nobody()
                .get(link(&app, &one, "access_url"))
                .send()
                .await
                .status,
            200
        );
    }
    app.nobody()
        .get(link(&app, &one, "direct_url"))
        .send()
        .await
        .expect_error(429, "RATE_LIMITED");
    let stats = app
        .viewer()
        .await
        .get(format!("/api/uploads/session/{id}/stats"))
        .send()
        .await
        .expect(200);
    assert_eq!(stats["total_downloads"], 6);
}

#[tokio::test]
async fn a_file_that_is_lost_or_changed_is_not_sent_as_if_it_were_whole() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = session(&editor).await;
    let plain = send(&editor, &id, "a.png", &picture(700_000)).await;
    let packed = send(&editor, &id, "a.txt", &text(700_000)).await;
    for (file, place) in [(&plain, 699_999), (&packed, 1000)] {
        let mut bytes = std::fs::read(path(&app, file)).unwrap();
        bytes[place] ^= 1;
        std::fs::write(path(&app, file), bytes).unwrap();
    }
    let logs = Logs::start("INFO");
    for call in [
        editor.get(url(&plain)),
        editor.get(url(&packed)),
        editor.get(format!("/api/uploads/session/{id}/download-all")),
    ] {
        assert!(call.try_send().await.is_none(), "the transfer breaks off");
    }
    std::fs::remove_file(path(&app, &plain)).unwrap();
    for call in [
        editor.get(url(&plain)),
        editor.get(format!("/api/uploads/session/{id}/download-all")),
    ] {
        let reply = call.send().await;
        assert_eq!(
            reply.expect_error(404, "NOT_FOUND")["message"],
            "File content is missing"
        );
    }
    assert_eq!(logs.end().error_lines().len(), 5);
}

#[tokio::test]
async fn older_paths_lead_to_what_a_row_names_and_nowhere_else() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let id = session(&editor).await;
    let bytes = text(1000);
    let file = send(&editor, &id, "a.txt", &bytes).await;
    let name = file["storage_filename"].as_str().unwrap();
    let po = app.client_po().insert().await;
    let form = Form::new().part("file", Part::bytes(picture(100)).file_name("plan.png"));
    let document = editor
        .post(format!("/api/client-po/{po}/files"))
        .form(form)
        .send()
        .await
        .expect(200)["file"]
        .clone();
    let token = document["download_url"]
        .as_str()
        .unwrap()
        .split_once('?')
        .unwrap()
        .1
        .to_owned();
    let (stored, archive) = (
        document["stored_filename"].as_str().unwrap(),
        document["compressed_filename"].as_str().unwrap(),
    );
    std::fs::write(app.upload_folder().join("foreign.txt"), "nobody's").unwrap();
    std::fs::write(app.upload_folder().join("temp/arriving.txt"), "not yet").unwrap();

    for path in [
        format!("/uploads/{id}/{name}"),
        format!("/uploads/sessions/{id}/{name}"),
    ] {
        let reply = viewer.get(&path).send().await;
        assert_eq!(reply.status, 200, "{path}");
        assert!(reply.bytes == bytes);
        app.nobody()
            .get(&path)
            .send()
            .await
            .expect_error(401, "UNAUTHORIZED");
        app.nobody()
            .get(format!("{path}?{token}"))
            .send()
            .await
            .expect_error(401, "UNAUTHORIZED");
    }
    let path = format!("/uploads/{stored}");
    let reply = viewer.get(&path).send().await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "image/png"));
    assert!(reply.bytes == picture(100));
    assert_eq!(
        app.nobody().get(format!("{path}?{token}")).send().await.status,
        200
    );
    let reply = viewer
        .get(document["document_path"].as_str().unwrap())
        .send()
        .await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, "application/zip")
    );
    assert_eq!(document["document_path"], format!("/uploads/{archive}"));

    for path in [
        "/uploads/foreign.txt",
        "/uploads/temp/arriving.txt",
        "/uploads/temp",
        "/uploads/sessions",
        &format!("/uploads/sessions/{id}"),
        &format!("/uploads/{id}"),
        &format!("/uploads/{id}/"),
        &format!("/uploads/a/{id}/{name}"),
        "/uploads/..%2F..%2Fetc%2Fpasswd",
        "/uploads/%2Fetc%2Fpasswd",
        "/uploads/a%00b",
        &format!("/uploads/{id}/a%00b"),
        "/uploads/%FF",
        "/uploads/",
        "/uploads",
    ] {
        let reply = viewer.get(path).send().await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
        let reply = app.nobody().get(path).send().await;
        assert!(matches!(reply.status, 401 | 404), "{path}: {}", reply.status);
    }
}
