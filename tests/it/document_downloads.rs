//! Fetching, reading and deleting documents, with a token and through links.

use std::{
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::support::{
    TestApp, bucket,
    callers::{Caller, Reply},
    files::{PDF_HEAD, noise},
    logs::Logs,
};

const PDF: &[u8] = b"%PDF-1.7\na drawing of this test\n%%EOF\n";

/// Stores a file for a new PO and gives its document.
async fn upload(app: &TestApp, caller: &Caller, name: &str, bytes: &[u8]) -> Value {
    let po = app.client_po().insert().await;
    let form = Form::new().part("file", Part::bytes(bytes.to_vec()).file_name(name.to_owned()));
    let reply = caller
        .post(format!("/api/client-po/{po}/files"))
        .form(form)
        .send()
        .await;
    reply.expect(200)["file"].clone()
}

/// A row as older data may have it.
async fn old_row(
    app: &TestApp,
    name: &str,
    stored: Option<&str>,
    compressed: Option<&str>,
    hash: Option<&str>,
    mime: Option<&str>,
) -> i64 {
    let po = app.client_po().insert().await;
    sqlx::query_scalar(
        r#"INSERT INTO "Finances".project_document
                  (client_po_id, original_filename, stored_filename, compressed_filename, file_hash, mime_type)
           VALUES ($1, $2, $3, $4, $5, $6) RETURNING id"#,
    )
    .bind(po)
    .bind(name)
    .bind(stored)
    .bind(compressed)
    .bind(hash)
    .bind(mime)
    .fetch_one(&app.db)
    .await
    .unwrap()
}

fn hash_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn id_of(document: &Value) -> i64 {
    document["id"].as_i64().unwrap()
}

fn url(id: i64) -> String {
    format!("/api/documents/download/{id}")
}

fn link(document: &Value) -> String {
    document["download_url"].as_str().unwrap().to_owned()
}

fn token(document: &Value) -> String {
    link(document).split_once("token=").unwrap().1.to_owned()
}

fn file(app: &TestApp, document: &Value) -> PathBuf {
    app.upload_folder()
        .join(document["stored_filename"].as_str().unwrap())
}

/// The archive of a document on the disk.
fn archive(app: &TestApp, document: &Value) -> PathBuf {
    app.upload_folder()
        .join(document["compressed_filename"].as_str().unwrap())
}

/// Changes one bit of a file on the disk.
fn corrupt(path: &Path, place: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[place] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

/// The names and contents of an archive's entries.
fn entries(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).expect("an archive");
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

fn archive_of(name: &str, bytes: &[u8], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    writer.start_file(name, options).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap().into_inner()
}

#[track_caller]
fn assert_original(reply: &Reply, bytes: &[u8]) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.bytes == bytes, "{} bytes differ", reply.bytes.len());
    assert_eq!(reply.header("content-length"), bytes.len().to_string());
}

#[tokio::test]
async fn a_document_is_fetched_in_an_archive_or_as_it_was_received() {
    let app = TestApp::start().await;
    let document = upload(&app, &app.editor().await, "Grundriß plan.PDF", PDF).await;
    let (id, hash) = (id_of(&document), hash_of(PDF));
    let viewer = app.viewer().await;

    let archive = viewer.get(url(id)).send().await;
    let original = viewer.get(url(id) + "?format=original").send().await;

    assert_eq!(archive.status, 200, "{}", archive.text());
    assert_eq!(
        entries(&archive.bytes),
        [("Grundriß plan.PDF".to_owned(), PDF.to_vec())]
    );
    assert_eq!(archive.header("content-type"), "application/zip");
    assert_eq!(
        archive.header("content-disposition"),
        "attachment; filename*=UTF-8''Grundri%C3%9F%20plan.zip; filename=\"Grundri_ plan.zip\""
    );
    assert_original(&original, PDF);
    assert_eq!(original.header("content-type"), "application/pdf");
    assert_eq!(
        original.header("content-disposition"),
        "attachment; filename*=UTF-8''Grundri%C3%9F%20plan.PDF; filename=\"Grundri_ plan.PDF\""
    );
    assert_eq!(original.header("etag"), format!("\"{hash}\""));
    assert_eq!(original.header("accept-ranges"), "bytes");
    for reply in [&archive, &original] {
        reply.expect_common_headers();
        assert_eq!(reply.header("cache-control"), "private, no-cache");
        assert_eq!(reply.header("content-encoding"), "");
    }
    assert_ne!(archive.header("etag"), original.header("etag"));
    assert_eq!(
        viewer.get(url(id) + "?format=zip").send().await.bytes,
        archive.bytes
    );
    let refused = viewer.get(url(id) + "?format=tar").send().await;
    assert_eq!(refused.faults(), ["format: enum"]);
}

#[tokio::test]
async fn every_link_that_a_route_gives_opens_its_file_without_a_token() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Store").await;
    let po = app.client_po().project(project).insert().await;
    let form = Form::new().part("file", Part::bytes(PDF).file_name("plan.pdf"));
    let path = format!("/api/client-po/{po}/files");
    let stored = editor.post(&path).form(form).send().await.expect(200);
    let id = id_of(&stored["file"]);
    let mut links = vec![link(&stored["file"]), link(&stored["data"]["file"])];
    for (path, key) in [
        (path, "/files/0"),
        (format!("/api/documents/po/{po}"), "/documents/0"),
        (format!("/api/documents/po/{po}"), "/data/documents/0"),
        (format!("/api/documents/project/{project}"), "/documents/0"),
        (format!("/api/projects/{project}/documents"), "/documents/0"),
        (format!("/api/documents/{id}"), ""),
        (format!("/api/documents/{id}"), "/data"),
    ] {
        let body = editor.get(&path).send().await.expect(200);
        links.push(link(body.pointer(key).unwrap_or_else(|| panic!("{path} {key}"))));
    }
    let nobody = app.nobody();
    for link in links {
        let archive = nobody.get(&link).send().await;
        assert_eq!(archive.status, 200, "{link}: {}", archive.text());
        assert_eq!(entries(&archive.bytes), [("plan.pdf".to_owned(), PDF.to_vec())]);
        let original = nobody.get(format!("{link}&format=original")).send().await;
        assert_original(&original, PDF);
    }
}

#[tokio::test]
async fn a_link_opens_its_own_document_until_it_ends_and_nothing_else() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let document = upload(&app, &editor, "a.pdf", PDF).await;
    let other = upload(&app, &editor, "b.pdf", PDF).await;
    let (id, nobody) = (id_of(&document), app.nobody());
    let good = token(&document);
    let (end, signature) = good.split_once('.').unwrap();
    let later = end.parse::<i64>().unwrap() + 1;
    let zeros = URL_SAFE_NO_PAD.encode([0; 32]);
    for (what, query) in [
        ("no token", String::new()),
        ("an empty token", "?token=".to_owned()),
        ("another document's token", format!("?token={}", token(&other))),
        ("a later end", format!("?token={later}.{signature}")),
        ("another spelling of the end", format!("?token=0{good}")),
        ("no signature", format!("?token={end}")),
        ("an empty signature", format!("?token={end}.")),
        ("a made-up signature", format!("?token={end}.{zeros}")),
        (
            "a signature cut short",
            format!("?token={}", &good[..good.len() - 2]),
        ),
        ("more behind it", format!("?token={good}A")),
        ("bytes that are no text", "?token=%ff%00".to_owned()),
        ("the good one second", format!("?token=x&token={good}")),
        (
            "an access token",
            format!("?token={}", editor.token.as_deref().unwrap()),
        ),
    ] {
        let reply = nobody.get(url(id) + &query).send().await;
        reply.expect_error(401, "UNAUTHORIZED");
        assert_eq!(reply.header("www-authenticate"), "Bearer", "{what}");
    }
    for path in [
        url(999_999_999),
        "/api/documents/download/abc".to_owned(),
        format!("/api/documents/{id}"),
        format!("/api/client-po/{}/files", document["client_po_id"]),
    ] {
        let reply = nobody.get(format!("{path}?token={good}")).send().await;
        reply.expect_error(401, "UNAUTHORIZED");
    }
    let deletion = nobody.delete(format!("/api/documents/{id}?token={good}"));
    deletion.send().await.expect_error(401, "UNAUTHORIZED");

    app.clock().advance(TimeDelta::seconds(3595));
    assert_eq!(nobody.get(link(&document)).send().await.status, 200);
    app.clock().advance(TimeDelta::seconds(6));
    let late = nobody.get(link(&document)).send().await;
    late.expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_repeat_under_a_key_has_links_that_open_though_those_of_the_first_answer_ended() {
    let app = TestApp::start().await;
    let (editor, nobody) = (app.editor().await, app.nobody());
    let po = app.client_po().insert().await;
    let form = || Form::new().part("file", Part::bytes(PDF.to_vec()).file_name("a.pdf"));
    let hash = hex::encode(Sha256::digest(PDF));
    let record = json!({"po_id": po, "document_type": "NOTE", "file_hash": hash});
    let send = async |number: usize| {
        let editor = editor.logged_in_at(app.clock().now());
        let call = match number {
            0 => editor.post(format!("/api/client-po/{po}/files")).form(form()),
            1 => editor
                .post("/api/documents/upload")
                .form(form().text("client_po_id", po.to_string())),
            _ => editor.post("/api/documents").json(&record),
        };
        let reply = call.header("idempotency-key", "k").send().await;
        let body = reply.expect(200);
        let document = if number == 0 { &body["file"] } else { &body };
        (reply.header("idempotency-replayed") == "true", document.clone())
    };
    let mut first = Vec::new();
    for number in 0..3 {
        first.push(send(number).await);
    }
    app.clock().advance(TimeDelta::hours(3));

    for (number, (was_replay, document)) in first.into_iter().enumerate() {
        let (is_replay, again) = send(number).await;
        assert_eq!((was_replay, is_replay), (false, true), "{number}");
        assert_eq!(id_of(&again), id_of(&document));
        let path = |document: &Value| {
            let link = link(document);
            link.strip_prefix(&app.base_url).unwrap_or(&link).to_owned()
        };
        let ended = nobody.get(path(&document)).send().await;
        ended.expect_error(401, "UNAUTHORIZED");
        // A record has no file, which only those learn whom the link lets in.
        let opened = nobody.get(path(&again)).send().await;
        assert_eq!(opened.status, if number == 2 { 404 } else { 200 }, "{number}");
        let end: i64 = token(&again).split_once('.').unwrap().0.parse().unwrap();
        assert!((end - app.clock().now().timestamp() - 3600).abs() < 60);
    }
}

#[tokio::test]
async fn a_good_token_of_a_user_makes_the_links_unimportant_and_a_bad_one_is_no_way_in() {
    let app = TestApp::start().await;
    let document = upload(&app, &app.editor().await, "a.pdf", PDF).await;
    let (id, viewer) = (id_of(&document), app.viewer().await);
    let (good, forged) = (link(&document), url(id) + "?token=1.AAAA");
    let cookie = format!("access_token={}", viewer.token.as_deref().unwrap());
    let nobody = app.nobody();

    assert_eq!(viewer.get(&forged).send().await.status, 200);
    let with_cookie = nobody.get(&forged).header("cookie", &cookie).send().await;
    assert_eq!(with_cookie.status, 200);
    let without_link = nobody.get(url(id)).header("cookie", &cookie).send().await;
    assert_eq!(without_link.status, 200);
    let stale = nobody
        .get(&good)
        .header("cookie", "access_token=old")
        .send()
        .await;
    assert_eq!(stale.status, 200, "the link speaks for itself");
    let stale = nobody
        .get(&forged)
        .header("cookie", "access_token=old")
        .send()
        .await;
    stale.expect_error(401, "UNAUTHORIZED");
    let bad = nobody.with_token("bad").get(&good).send().await;
    bad.expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_large_file_comes_whole_in_every_form_and_in_pieces() {
    let app = TestApp::start().await;
    let bytes = noise(PDF_HEAD, 3 * 1024 * 1024 + 17);
    let document = upload(&app, &app.editor().await, "large.pdf", &bytes).await;
    let viewer = app.viewer().await;

    let archive = viewer.get(url(id_of(&document))).send().await;
    let path = url(id_of(&document)) + "?format=original";

    assert!(entries(&archive.bytes) == [("large.pdf".to_owned(), bytes.clone())]);
    let original = viewer.get(&path).send().await;
    assert_original(&original, &bytes);
    let length = bytes.len();
    for (range, part, place) in [
        ("bytes=0-0", &bytes[..1], format!("bytes 0-0/{length}")),
        (
            "bytes=1000000-2000000",
            &bytes[1_000_000..=2_000_000],
            format!("bytes 1000000-2000000/{length}"),
        ),
        (
            "bytes=-5",
            &bytes[length - 5..],
            format!("bytes {}-{}/{length}", length - 5, length - 1),
        ),
        (
            "bytes=3145728-",
            &bytes[3_145_728..],
            format!("bytes 3145728-{}/{length}", length - 1),
        ),
    ] {
        for condition in [None, Some(original.header("etag"))] {
            let mut call = viewer.get(&path).header("range", range);
            if let Some(tag) = condition {
                call = call.header("if-range", tag);
            }
            let reply = call.send().await;
            assert_eq!(reply.status, 206, "{range}");
            assert!(reply.bytes == part, "{range}: {} bytes", reply.bytes.len());
            assert_eq!(reply.header("content-range"), place);
            assert_eq!(reply.header("content-length"), part.len().to_string());
            assert_eq!(reply.header("content-type"), "application/pdf");
            assert_eq!(reply.header("etag"), original.header("etag"));
        }
    }
    let outside = viewer
        .get(&path)
        .header("range", &format!("bytes={length}-"))
        .send()
        .await;
    outside.expect_error(416, "RANGE_NOT_SATISFIABLE");
    assert_eq!(outside.header("content-range"), format!("bytes */{length}"));
    for (name, value) in [("range", "bytes=0-1,5-6"), ("range", "lines=0-1")] {
        assert_original(&viewer.get(&path).header(name, value).send().await, &bytes);
    }
    let other = viewer
        .get(&path)
        .header("range", "bytes=0-1")
        .header("if-range", "\"other\"");
    assert_original(&other.send().await, &bytes);
    let of_archive = viewer
        .get(url(id_of(&document)))
        .header("range", "bytes=0-1")
        .send()
        .await;
    assert_eq!(of_archive.status, 200);
    assert!(of_archive.bytes == archive.bytes);
}

#[tokio::test]
async fn who_has_the_file_already_is_told_so() {
    let app = TestApp::start().await;
    let document = upload(&app, &app.editor().await, "a.pdf", PDF).await;
    let viewer = app.viewer().await;
    for path in [url(id_of(&document)), url(id_of(&document)) + "?format=original"] {
        let tag = viewer.get(&path).send().await.header("etag").to_owned();
        assert!(tag.contains(&hash_of(PDF)), "{tag}");

        let again = viewer.get(&path).header("if-none-match", &tag).send().await;
        let other = viewer.get(&path).header("if-none-match", "\"x\"").send().await;

        assert_eq!((again.status, again.bytes.len()), (304, 0));
        assert_eq!(again.header("etag"), tag);
        assert_eq!(again.header("cache-control"), "private, no-cache");
        assert_eq!(other.status, 200);
    }
    let used = r#"SELECT sum(used)::bigint FROM "Finances".quota_counter WHERE kind = 'download'"#;
    assert_eq!(app.value::<i64>(used).await, 4, "a 304 is no download");
}

#[tokio::test]
async fn a_head_tells_of_the_file_without_fetching_it() {
    let app = TestApp::start().await;
    let document = upload(&app, &app.editor().await, "a.pdf", PDF).await;
    let path = url(id_of(&document)) + "?format=original";

    let reply = app
        .viewer()
        .await
        .call(Method::HEAD, path)
        .header("range", "bytes=0-1")
        .send()
        .await;

    assert_eq!((reply.status, reply.bytes.len()), (200, 0));
    assert_eq!(reply.header("content-length"), PDF.len().to_string());
    assert_eq!(reply.header("etag"), format!("\"{}\"", hash_of(PDF)));
    let used = r#"SELECT count(*) FROM "Finances".quota_counter WHERE kind = 'download'"#;
    assert_eq!(app.value::<i64>(used).await, 0);
}

#[tokio::test]
async fn a_file_of_text_goes_out_as_it_is_to_those_who_take_it_compressed() {
    let app = TestApp::start().await;
    let text = "an even line of text\n".repeat(500);
    let document = upload(&app, &app.editor().await, "list.csv", text.as_bytes()).await;

    let reply = app
        .viewer()
        .await
        .get(url(id_of(&document)) + "?format=original")
        .header("accept-encoding", "gzip, br, zstd")
        .send()
        .await;

    assert_original(&reply, text.as_bytes());
    assert_eq!(reply.header("content-type"), "text/csv");
    assert_eq!(reply.header("content-encoding"), "");
}

#[tokio::test]
async fn names_of_older_rows_break_out_of_neither_header_nor_archive() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    std::fs::write(app.upload_folder().join("old.bin"), PDF).unwrap();
    for (name, shown, header) in [
        (
            "a \"quoted\" name.pdf",
            "a _quoted_ name.pdf",
            "filename*=UTF-8''a%20_quoted_%20name.pdf; filename=\"a _quoted_ name.pdf\"",
        ),
        (
            "../../etc/passwd",
            "passwd",
            "filename*=UTF-8''passwd; filename=\"passwd\"",
        ),
        (
            "C:\\x\\योजना.pdf",
            "योजना.pdf",
            "filename*=UTF-8''%E0%A4%AF%E0%A5%8B%E0%A4%9C%E0%A4%A8%E0%A4%BE.pdf; filename=\"_____.pdf\"",
        ),
        (
            "a\r\nX-Evil: 1;b.pdf",
            "a_X-Evil_ 1;b.pdf",
            "filename*=UTF-8''a_X-Evil_%201%3Bb.pdf; filename=\"a_X-Evil_ 1;b.pdf\"",
        ),
        (
            "it's 100%.pdf",
            "it's 100%.pdf",
            "filename*=UTF-8''it%27s%20100%25.pdf; filename=\"it's 100%.pdf\"",
        ),
    ] {
        let id = old_row(&app, name, Some("old.bin"), None, None, Some("text/html\r\n")).await;
        let original = viewer.get(url(id) + "?format=original").send().await;
        assert_original(&original, PDF);
        assert_eq!(
            original.header("content-disposition"),
            format!("attachment; {header}")
        );
        assert_eq!(original.header("x-evil"), "");
        assert_eq!(original.header("content-type"), "application/octet-stream");
        assert_eq!(original.header("etag"), "");
        let archive = viewer.get(url(id)).send().await;
        assert_eq!(
            entries(&archive.bytes),
            [(shown.to_owned(), PDF.to_vec())],
            "{name}"
        );
    }
    let nameless = old_row(&app, "...", Some("old.bin"), None, None, None).await;
    let archive = viewer.get(url(nameless)).send().await;
    assert_eq!(entries(&archive.bytes)[0].0, format!("document-{nameless}"));
    assert!(
        archive
            .header("content-disposition")
            .ends_with(&format!("filename=\"document-{nameless}.zip\""))
    );
}

#[tokio::test]
async fn of_older_documents_the_archive_and_the_file_stand_in_for_each_other() {
    let app = TestApp::start().await;
    let (viewer, root, hash) = (app.viewer().await, app.upload_folder(), hash_of(PDF));
    let packed = archive_of("in the archive.pdf", PDF, CompressionMethod::Deflated);
    std::fs::write(root.join("kept.pdf"), PDF).unwrap();
    std::fs::write(root.join("packed.zip"), &packed).unwrap();
    std::fs::write(
        root.join("stored.zip"),
        archive_of("b.pdf", PDF, CompressionMethod::Stored),
    )
    .unwrap();
    for (stored, compressed, is_rebuilt) in [
        (Some("kept.pdf"), Some("packed.zip"), false),
        (Some("lost.pdf"), Some("packed.zip"), false),
        (None, Some("packed.zip"), false),
        (Some("kept.pdf"), Some("lost.zip"), true),
        (Some("kept.pdf"), None, true),
    ] {
        let id = old_row(&app, "a.pdf", stored, compressed, Some(&hash), None).await;
        let archive = viewer.get(url(id)).send().await;
        let original = viewer.get(url(id) + "?format=original").send().await;
        assert_original(&original, PDF);
        assert_eq!(archive.status, 200);
        if is_rebuilt {
            assert_eq!(entries(&archive.bytes), [("a.pdf".to_owned(), PDF.to_vec())]);
        } else {
            assert_eq!(archive.bytes, packed, "{stored:?} {compressed:?}");
            assert_eq!(archive.header("content-length"), packed.len().to_string());
        }
    }
    let id = old_row(&app, "a.pdf", None, Some("stored.zip"), Some(&hash), None).await;
    let path = url(id) + "?format=original";
    let whole = viewer.get(path).header("range", "bytes=0-1").send().await;
    assert_original(&whole, PDF);
    assert_eq!(whole.header("accept-ranges"), "");
}

#[tokio::test]
async fn what_is_not_stored_is_not_found_and_a_lost_file_is_logged() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let lost = upload(&app, &app.editor().await, "a.pdf", PDF).await;
    std::fs::remove_file(file(&app, &lost)).unwrap();
    std::fs::remove_file(archive(&app, &lost)).unwrap();
    let never = old_row(&app, "a.pdf", None, None, Some(&hash_of(PDF)), None).await;
    let logs = Logs::start("INFO");

    for format in ["", "?format=original"] {
        for (id, message) in [
            (999_999_999, "Document not found"),
            (never, "No stored file"),
            (id_of(&lost), "File content is missing"),
        ] {
            let reply = viewer.get(url(id) + format).send().await;
            assert_eq!(reply.expect_error(404, "NOT_FOUND")["message"], message);
        }
    }

    let logged = logs.end();
    let errors = logged.error_lines();
    assert_eq!(errors.len(), 2, "{errors:?}");
    for line in errors {
        let text = line.to_string();
        assert!(text.contains("is missing"), "{text}");
        assert!(text.contains(&id_of(&lost).to_string()), "{text}");
    }
    let used = r#"SELECT count(*) FROM "Finances".quota_counter WHERE kind = 'download'"#;
    assert_eq!(app.value::<i64>(used).await, 0, "what is refused is no download");
}

#[tokio::test]
async fn no_row_opens_a_file_outside_of_the_storage() {
    let app = TestApp::start().await;
    let (viewer, root) = (app.viewer().await, app.upload_folder());
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.pdf");
    std::fs::write(&secret, PDF).unwrap();
    // A bucket has no links, whatever the server that keeps it makes of them.
    if !bucket::is_asked_for() {
        std::os::unix::fs::symlink(&secret, root.join("link.pdf")).unwrap();
    }
    std::fs::create_dir_all(root.join("sessions/s")).unwrap();
    std::fs::write(root.join("sessions/s/file.pdf"), PDF).unwrap();
    for name in [
        secret.to_str().unwrap(),
        "link.pdf",
        "../secret.pdf",
        "sessions",
        "sessions/s/file.pdf",
        "./sessions/../link.pdf",
        "..",
        ".",
        "",
    ] {
        // Nor has it folders.
        if name == "sessions" && bucket::is_asked_for() {
            continue;
        }
        let id = old_row(&app, "a.pdf", Some(name), Some(name), None, None).await;
        for format in ["", "?format=original"] {
            let reply = viewer.get(url(id) + format).send().await;
            reply.expect_error(404, "NOT_FOUND");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_not_published_yet_is_fetched_all_the_same() {
    let app = TestApp::start().await;
    let document = upload(&app, &app.editor().await, "a.pdf", PDF).await;
    let published = file(&app, &document);
    let waiting = app
        .upload_folder()
        .join("temp")
        .join(published.file_name().unwrap());
    std::fs::rename(published, waiting).unwrap();

    let reply = app
        .viewer()
        .await
        .get(url(id_of(&document)) + "?format=original")
        .send()
        .await;

    assert_original(&reply, PDF);
}

#[tokio::test]
async fn a_file_that_is_not_what_was_received_breaks_off_and_is_logged() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let small = upload(&app, &editor, "small.pdf", PDF).await;
    let large = upload(&app, &editor, "large.pdf", &noise(PDF_HEAD, 700_000)).await;
    corrupt(&file(&app, &small), 10);
    corrupt(&archive(&app, &small), 40);
    corrupt(&file(&app, &large), 699_999);
    corrupt(&archive(&app, &large), 600_000);
    let logs = Logs::start("INFO");

    for document in [&small, &large] {
        for format in ["", "?format=original"] {
            let reply = editor.get(url(id_of(document)) + format).try_send().await;
            assert!(reply.is_none(), "{format} of {document}");
        }
    }

    let errors = logs.end().error_lines();
    let corrupt = errors
        .iter()
        .filter(|line| line.to_string().contains("not those that were received"));
    assert_eq!(corrupt.count(), 4, "{errors:?}");
}

#[tokio::test]
async fn an_hour_has_room_for_so_many_downloads_of_a_user_or_through_a_link() {
    let app = TestApp::start_with(&[("DOWNLOADS_PER_HOUR", "2")]).await;
    let document = upload(&app, &app.editor().await, "a.pdf", PDF).await;
    let (viewer, nobody) = (app.viewer().await, app.nobody());
    let calls = || [viewer.get(url(id_of(&document))), nobody.get(link(&document))];
    for _ in 0..2 {
        for call in calls() {
            assert_eq!(call.send().await.status, 200);
        }
    }

    for call in calls() {
        let refused = call.send().await;
        refused.expect_error(429, "RATE_LIMITED");
        let wait: i64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=3600).contains(&wait), "{wait}");
    }

    let most = r#"SELECT max(used) FROM "Finances".quota_counter WHERE kind = 'download'"#;
    assert_eq!(app.value::<i32>(most).await, 2, "a refused one does not count");
    let other = app.viewer().await;
    assert_eq!(other.get(url(id_of(&document))).send().await.status, 200);
    app.clock().advance(TimeDelta::hours(1));
    let later = app.viewer().await;
    let reply = later.get(url(id_of(&document))).send().await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_document_is_read_by_its_id() {
    let app = TestApp::start().await;
    let document = upload(&app, &app.editor().await, "a.pdf", PDF).await;
    let viewer = app.viewer().await;

    let body = viewer
        .get(format!("/api/documents/{}", id_of(&document)))
        .send()
        .await
        .expect(200);

    let mut top = body.clone();
    let mirror = top.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(mirror, top);
    assert_eq!(top["status"], "SUCCESS");
    for (field, value) in document.as_object().unwrap() {
        if field != "download_url" {
            assert_eq!(&top[field], value, "{field}");
        }
    }
    let missing = viewer.get("/api/documents/999999999").send().await;
    assert_eq!(
        missing.expect_error(404, "NOT_FOUND")["message"],
        "Document not found"
    );
    let refused = viewer.get("/api/documents/abc").send().await;
    assert_eq!(refused.faults(), ["doc_id: int_parsing"]);
}

#[tokio::test]
async fn only_the_uploader_and_admins_delete_a_document() {
    let app = TestApp::start().await;
    let (uploader, admin) = (app.editor().await, app.admin().await);
    for (deleter, name) in [(&uploader, "a.pdf"), (&admin, "b.pdf")] {
        let document = upload(&app, &uploader, name, PDF).await;
        let (id, file) = (id_of(&document), file(&app, &document));
        let path = format!("/api/documents/{id}");
        for (caller, status, code) in [
            (app.nobody(), 401, "UNAUTHORIZED"),
            (app.viewer().await, 403, "FORBIDDEN"),
            (app.editor().await, 403, "FORBIDDEN"),
        ] {
            caller.delete(&path).send().await.expect_error(status, code);
        }
        assert!(file.exists());

        let body = deleter.delete(&path).send().await.expect(200);

        assert_eq!(
            body,
            json!({"status": "SUCCESS", "message": "Document deleted", "document_id": id})
        );
        assert!(!file.exists());
        for reply in [
            deleter.delete(&path).send().await,
            deleter.get(&path).send().await,
            deleter.get(url(id)).send().await,
            app.nobody().get(link(&document)).send().await,
        ] {
            assert_eq!(
                reply.expect_error(404, "NOT_FOUND")["message"],
                "Document not found"
            );
        }
        let trail: Value = sqlx::query_scalar(
            r#"SELECT jsonb_build_array(action, actor_id, before -> 'original_filename') FROM "Finances".audit_entry
                WHERE entity = 'project_document' AND entity_id = $1 AND action <> 'created'"#,
        )
        .bind(id.to_string())
        .fetch_one(&app.db)
        .await
        .unwrap();
        assert_eq!(trail, json!(["deleted", deleter.user_id, name]));
    }
}

#[tokio::test]
async fn who_was_an_editor_deletes_their_own_documents_no_more() {
    let app = TestApp::start().await;
    let uploader = app.editor().await;
    let document = upload(&app, &uploader, "a.pdf", PDF).await;
    app.execute(r#"UPDATE "Finances"."user" SET role = 'viewer'"#)
        .await;
    app.clock().advance(TimeDelta::seconds(5));

    let reply = uploader
        .delete(format!("/api/documents/{}", id_of(&document)))
        .send()
        .await;

    reply.expect_error(403, "FORBIDDEN");
    assert!(file(&app, &document).exists());
}

#[tokio::test]
async fn both_files_go_with_their_last_document() {
    let app = TestApp::start().await;
    let (admin, root) = (app.admin().await, app.upload_folder());
    std::fs::write(root.join("shared.pdf"), PDF).unwrap();
    std::fs::write(root.join("own.zip"), PDF).unwrap();
    let first = old_row(&app, "a.pdf", Some("shared.pdf"), Some("own.zip"), None, None).await;
    let second = old_row(&app, "b.pdf", Some("shared.pdf"), None, None, None).await;
    let lost = old_row(&app, "c.pdf", Some("lost.pdf"), Some("../lost.zip"), None, None).await;
    let delete = async |id: i64| {
        let reply = admin.delete(format!("/api/documents/{id}")).send().await;
        reply.expect(200);
        (root.join("shared.pdf").exists(), root.join("own.zip").exists())
    };

    assert_eq!(delete(first).await, (true, false));
    assert_eq!(delete(lost).await, (true, false));
    assert_eq!(delete(second).await, (false, false));
}
