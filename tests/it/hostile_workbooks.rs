//! Excel files that are broken, locked or made to do harm: refused with the reason, in bounded time.

use std::{
    fmt::Write as _,
    io::{Cursor, Read, Write as _},
};

use reqwest::multipart::{Form, Part};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::support::{
    TestApp,
    sheet::{Content, Sheet, compound_file, number},
    workbooks::ProformaWorkbook,
};

const SHEET: &str = "xl/worksheets/sheet1.xml";
const MIB: usize = 1024 * 1024;

/// The sample invoice with one part of its archive replaced or added.
fn with_part(name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(ProformaWorkbook::sample().xlsx())).unwrap();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let mut put = |name: &str, content: &[u8]| {
        out.start_file(name, SimpleFileOptions::default()).unwrap();
        out.write_all(content).unwrap();
    };
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        let own_name = part.name().unwrap();
        if own_name != name {
            put(&own_name, &bytes);
        }
    }
    put(name, content);
    out.finish().unwrap().into_inner()
}

fn sheet_of(rows: &str) -> Vec<u8> {
    let head = r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#;
    with_part(
        SHEET,
        format!("{head}<sheetData>{rows}</sheetData></worksheet>").as_bytes(),
    )
}

fn rows(count: usize) -> String {
    let mut rows = String::new();
    for row in 1..=count {
        write!(rows, r#"<row r="{row}"><c r="A{row}"><v>{row}</v></c></row>"#).unwrap();
    }
    rows
}

/// An invoice whose only amount, and what it could follow from, are formulas that failed.
fn failed_formulas() -> Vec<u8> {
    let mut sheet = Sheet::default();
    sheet.put(0, 0, "PI No").put(0, 1, "PI-1");
    for (column, title) in (0..).zip(["Sr No", "Description", "Qty", "Rate", "Amount"]) {
        sheet.put(2, column, title);
    }
    sheet
        .put(3, 0, number("1"))
        .put(3, 1, "Chair")
        .put(3, 2, Content::Error("#DIV/0!"));
    sheet.put(3, 3, number("5")).put(3, 4, Content::Error("#N/A"));
    sheet.xlsx()
}

#[tokio::test]
async fn a_hostile_workbook_is_refused_with_its_reason() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let invoice = ProformaWorkbook::sample();
    let entities = r#"<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><sst>&b;</sst>"#;
    let files = [
        ("rows.xlsx", sheet_of(&rows(40_000)), 422, "more than 10 000 rows"),
        (
            "far.xlsx",
            sheet_of(r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#),
            422,
            "more than 10 000 rows",
        ),
        (
            "bomb.xlsx",
            with_part(SHEET, &vec![b' '; 20 * MIB]),
            422,
            "unsafe",
        ),
        (
            "entities.xlsx",
            with_part("xl/sharedStrings.xml", entities.as_bytes()),
            422,
            "unsafe",
        ),
        ("climbs.xlsx", with_part("../../evil.xml", b"<a/>"), 422, "unsafe"),
        (
            "garbled.xlsx",
            with_part(SHEET, b"<worksheet><sheetData><row"),
            422,
            "damaged",
        ),
        (
            "locked.xlsx",
            compound_file("EncryptedPackage", vec![7; 9000]),
            415,
            "locked with a password",
        ),
        (
            "formulas.xlsx",
            failed_formulas(),
            422,
            "Line 1: Missing or invalid amount",
        ),
        ("old.xlsx", invoice.xls(), 415, "not that of a \"xlsx\" file"),
        ("new.xls", invoice.xlsx(), 415, "not that of a \"xls\" file"),
        ("word.docx", invoice.xlsx(), 415, "not that of a \"docx\" file"),
        (
            "other.xls",
            compound_file("WordDocument", vec![7; 9000]),
            422,
            "damaged",
        ),
    ];

    for (name, bytes, status, reason) in files {
        let form = Form::new()
            .part("file", Part::bytes(bytes).file_name(name))
            .text("client_id", "2");
        let reply = editor.post("/api/po/upload").form(form).send().await;

        let text = reply.text();
        assert_eq!(reply.status, status, "{name}: {text}");
        assert!(
            reply.json().to_string().replace("\\\"", "\"").contains(reason),
            "{name}: {text}"
        );
    }
    let orders: i64 = app.value(r#"SELECT count(*) FROM "Finances".client_po"#).await;
    assert_eq!(orders, 0);
}
