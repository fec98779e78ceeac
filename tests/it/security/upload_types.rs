//! Files that a browser would run, or that are not what they say: refused, or handed out so that nothing runs them.

use std::io::{Cursor, Write};

use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::support::{
    TestApp,
    callers::{Call, Caller, Reply},
    files::{PDF_HEAD, PNG_HEAD, open_session},
};

const HTML: &[u8] = b"<!DOCTYPE html><html><script>alert(document.cookie)</script></html>";
const SVG: &[u8] =
    b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><script>alert(1)</script></svg>";
const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0";

/// An archive with these entries.
fn archive(entries: &[&str]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for name in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(b"<Types/>").unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A part of a form that says of itself that it is of this type.
fn lying(call: Call, name: &str, kind: &str, bytes: &[u8]) -> Call {
    let mut body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--x--\r\n");
    call.raw("multipart/form-data; boundary=x", body)
}

/// What may not be stored: the name, the type that the client says, the bytes.
fn refused() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    vec![
        ("page.html", "application/pdf", HTML.to_vec()),
        ("page.htm", "text/plain", HTML.to_vec()),
        ("page.xhtml", "application/pdf", HTML.to_vec()),
        ("page.mht", "application/pdf", HTML.to_vec()),
        ("image.svg", "image/png", SVG.to_vec()),
        ("image.svgz", "image/png", SVG.to_vec()),
        ("feed.xml", "text/plain", SVG.to_vec()),
        ("run.exe", "application/pdf", b"MZ\x90\0".to_vec()),
        ("run.dll", "application/pdf", b"MZ\x90\0".to_vec()),
        ("run.com", "application/pdf", b"MZ".to_vec()),
        ("run", "application/pdf", ELF.to_vec()),
        ("run.sh", "text/plain", b"#!/bin/sh\nid\n".to_vec()),
        ("run.bat", "text/plain", b"@echo off\r\n".to_vec()),
        ("run.ps1", "text/plain", b"Get-Item\n".to_vec()),
        ("run.js", "text/plain", b"alert(1)".to_vec()),
        (
            "run.php",
            "image/png",
            joined(&[PNG_HEAD, b"<?php system($_GET[0]); ?>"]),
        ),
        ("run.jsp", "text/plain", b"<% %>".to_vec()),
        ("run.jar", "application/pdf", archive(&["META-INF/MANIFEST.MF"])),
        ("run.hta", "text/plain", HTML.to_vec()),
        ("link.lnk", "text/plain", b"L\0\0\0".to_vec()),
        ("link.url", "text/plain", b"[InternetShortcut]\n".to_vec()),
        (
            "macro.xlsm",
            "application/pdf",
            archive(&["[Content_Types].xml", "xl/vbaProject.bin"]),
        ),
        (
            "macro.docm",
            "application/pdf",
            archive(&["[Content_Types].xml", "word/vbaProject.bin"]),
        ),
        ("files.zip", "application/pdf", archive(&["a.txt"])),
        ("files.rar", "application/pdf", b"Rar!\x1a\x07\0".to_vec()),
        ("disk.iso", "application/pdf", vec![0; 100]),
        // Two extensions: the last one counts, with what trails behind it.
        ("order.pdf.exe", "application/pdf", PDF_HEAD.to_vec()),
        ("order.pdf.html", "application/pdf", PDF_HEAD.to_vec()),
        ("order.pdf.exe.", "application/pdf", PDF_HEAD.to_vec()),
        ("order.pdf.exe ", "application/pdf", PDF_HEAD.to_vec()),
        ("order.pdf::$DATA", "application/pdf", PDF_HEAD.to_vec()),
        ("order.pdf;.exe", "application/pdf", PDF_HEAD.to_vec()),
        ("order.exe;x.html", "application/pdf", PDF_HEAD.to_vec()),
        ("order.pd\u{192}", "application/pdf", PDF_HEAD.to_vec()),
        ("order", "application/pdf", PDF_HEAD.to_vec()),
        (".pdf", "application/pdf", ELF.to_vec()),
        // The extension is fine, the content another.
        ("order.pdf", "application/pdf", HTML.to_vec()),
        ("order.pdf", "application/pdf", ELF.to_vec()),
        ("order.pdf", "application/pdf", PNG_HEAD.to_vec()),
        (
            "order.pdf",
            "application/pdf",
            joined(&[&vec![b' '; 1024], PDF_HEAD]),
        ),
        ("image.png", "image/png", HTML.to_vec()),
        ("image.png", "image/png", SVG.to_vec()),
        ("image.jpg", "image/jpeg", PNG_HEAD.to_vec()),
        ("image.gif", "image/gif", b"GIF90a".to_vec()),
        ("image.webp", "image/webp", b"RIFF\0\0\0\0WAVE".to_vec()),
        ("image.webp", "image/webp", b"RIFF".to_vec()),
        ("book.xlsx", "application/vnd.ms-excel", HTML.to_vec()),
        ("book.xlsx", "application/vnd.ms-excel", archive(&["a.html"])),
        (
            "book.xlsx",
            "application/vnd.ms-excel",
            archive(&["[Content_Types].xml", "word/document.xml"]),
        ),
        (
            "text.docx",
            "application/msword",
            archive(&["[Content_Types].xml", "xl/workbook.xml"]),
        ),
        ("book.xls", "application/vnd.ms-excel", HTML.to_vec()),
        ("list.csv", "text/csv", joined(&[b"a,b\n", ELF])),
        ("list.txt", "text/plain", b"\x1b]0;owned\x07".to_vec()),
        ("list.txt", "text/plain", b"MZ\0\0".to_vec()),
    ]
}

/// What is two things at once, or active for a program that is asked to open it, and yet of a kind that is stored.
fn polyglots() -> Vec<(&'static str, &'static str, Vec<u8>, &'static str)> {
    let pdf = "application/pdf";
    vec![
        ("both.pdf", "text/html", joined(&[HTML, PDF_HEAD]), pdf),
        ("both.pdf", "text/html", joined(&[PDF_HEAD, HTML]), pdf),
        ("both.pdf", "image/svg+xml", joined(&[PDF_HEAD, SVG]), pdf),
        (
            "both.pdf",
            "application/zip",
            joined(&[PDF_HEAD, &archive(&["a.html"])]),
            pdf,
        ),
        (
            "both.pdf",
            "application/x-msdownload",
            joined(&[b"MZ", PDF_HEAD]),
            pdf,
        ),
        (
            "script.pdf",
            "text/html",
            joined(&[PDF_HEAD, b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"]),
            pdf,
        ),
        (
            "both.gif",
            "text/html",
            joined(&[b"GIF89a/*", HTML, b"*/=1;alert(1)"]),
            "image/gif",
        ),
        ("both.png", "text/html", joined(&[PNG_HEAD, HTML]), "image/png"),
        (
            "both.jpg",
            "text/html",
            joined(&[b"\xff\xd8\xff\xe0", HTML]),
            "image/jpeg",
        ),
        ("page.txt", "text/html", HTML.to_vec(), "text/plain"),
        ("page.csv", "text/html", HTML.to_vec(), "text/csv"),
        ("image.txt", "image/svg+xml", SVG.to_vec(), "text/plain"),
        (
            "formula.csv",
            "text/html",
            b"=cmd|'/C calc'!A1,=HYPERLINK(\"https://evil.example\")\n".to_vec(),
            "text/csv",
        ),
        ("page.html.txt", "text/html", HTML.to_vec(), "text/plain"),
        ("ORDER.PDF", "text/html", PDF_HEAD.to_vec(), pdf),
    ]
}

/// Nothing runs what comes like this.
#[track_caller]
fn assert_harmless(what: &str, reply: &Reply, kind: &str) {
    assert_eq!(reply.status, 200, "{what}: {}", reply.text());
    assert_eq!(reply.header("content-type"), kind, "{what}");
    assert_eq!(reply.header("x-content-type-options"), "nosniff", "{what}");
    assert!(
        reply.header("content-disposition").starts_with("attachment; "),
        "{what}"
    );
    assert_eq!(
        reply.header("content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'",
        "{what}"
    );
    assert_eq!(reply.header("x-frame-options"), "DENY", "{what}");
    assert_eq!(
        reply.header("cross-origin-resource-policy"),
        "same-site",
        "{what}"
    );
}

/// The ways in: what takes any file that may be stored.
fn doors(editor: &Caller, session: &str, po: i64, project: i64) -> Vec<Call> {
    vec![
        editor.post(format!("/api/uploads/session/{session}/files")),
        editor.post(format!("/api/client-po/{po}/files")),
        editor.post(format!("/api/documents/upload?project_id={project}")),
    ]
}

#[tokio::test]
async fn what_a_browser_or_a_system_would_run_is_refused_at_every_door() {
    let app = TestApp::start_with(&[("UPLOADS_PER_HOUR", "1000")]).await;
    let editor = app.editor().await;
    let session = open_session(&editor, &json!({})).await;
    let (po, project) = (app.client_po().insert().await, app.project("Store").await);
    let files = refused();
    let mut calls = 0;
    for (name, kind, bytes) in &files {
        let mut doors = doors(&editor, &session, po, project);
        for path in [
            "/api/po/upload?client_id=2",
            "/api/uploads/po/upload?client_id=2",
            "/api/proforma-invoice/upload",
        ] {
            doors.push(editor.post(path));
        }
        for door in doors {
            let reply = lying(door, name, kind, bytes).send().await;
            assert!(
                [415, 422].contains(&reply.status),
                "{name}: {} {}",
                reply.status,
                reply.text()
            );
            calls += 1;
        }
    }
    for table in ["upload_file", "project_document"] {
        let query = format!(r#"SELECT count(*) FROM "Finances".{table}"#);
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&app.db)
            .await
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    assert_eq!(std::fs::read_dir(app.spool_folder()).unwrap().count(), 0);
    println!(
        "{} files that may not be stored, at 6 doors: {calls} calls",
        files.len()
    );
}

#[tokio::test]
async fn what_is_stored_goes_out_so_that_nothing_runs_it() {
    let app = TestApp::start_with(&[("UPLOADS_PER_HOUR", "1000")]).await;
    let (editor, nobody) = (app.editor().await, app.nobody());
    let session = open_session(&editor, &json!({})).await;
    let (po, project) = (app.client_po().insert().await, app.project("Store").await);
    let files = polyglots();
    let mut downloads = 0;
    for (name, lie, bytes, kind) in &files {
        for door in doors(&editor, &session, po, project) {
            let reply = lying(door, name, lie, bytes).send().await;
            let body = reply.expect(200);
            let mut links: Vec<&str> = Vec::new();
            collect_links(&body, &mut links);
            assert!(!links.is_empty(), "{body}");
            for link in links {
                let path = link.strip_prefix(&app.base_url).unwrap_or(link);
                let path = path
                    .strip_prefix("http://")
                    .map_or(path, |rest| &rest[rest.find('/').unwrap()..]);
                if path.starts_with("/api/documents/") {
                    // An archive with the file in it, unless the file itself is asked for.
                    assert_harmless(name, &nobody.get(path).send().await, "application/zip");
                    let original = nobody.get(format!("{path}&format=original")).send().await;
                    assert_harmless(name, &original, kind);
                    assert!(original.bytes == *bytes, "{name}");
                    downloads += 2;
                } else {
                    let reply = nobody.get(path).send().await;
                    assert_harmless(name, &reply, kind);
                    assert!(reply.bytes == *bytes, "{name}");
                    downloads += 1;
                }
            }
        }
    }
    println!(
        "{} polyglots and scripts stored at 3 doors: {downloads} downloads",
        files.len()
    );
}

/// Every signed link that an answer holds, once.
fn collect_links<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.contains("?token=") && !found.contains(&text.as_str()) => {
            found.push(text);
        }
        Value::Array(entries) => entries.iter().for_each(|entry| collect_links(entry, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect_links(field, found)),
        _ => {}
    }
}
