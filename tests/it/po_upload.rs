//! A purchase-order file goes in and comes out as figures.

use std::{fs::File, io::Read};

use flate2::read::GzDecoder;
use reqwest::multipart::{Form, Part};
use rust_decimal::dec;
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::support::{
    TestApp,
    callers::{Call, Caller, fault_list},
    money, race,
    workbooks::{BajajWorkbook, Item, ProformaWorkbook},
};

const SAMPLE: &[u8] = include_bytes!("data/sample-proforma.xlsx");

/// An upload of these bytes under this name with these fields.
fn upload(caller: &Caller, name: &str, bytes: Vec<u8>, fields: &[(&str, &str)]) -> Call {
    caller.post("/api/po/upload").file(name, bytes, fields)
}

/// An invoice that differs from the sample in its numbers.
fn invoice(number: &str) -> ProformaWorkbook {
    ProformaWorkbook::sample()
        .field("PO Number", number)
        .field("PI Number", format!("PI-{number}").as_str())
}

async fn rows(app: &TestApp) -> [i64; 6] {
    [
        app.value(r#"SELECT count(*) FROM "Finances".client_po"#).await,
        app.value(r#"SELECT count(*) FROM "Finances".client_po_line_item"#)
            .await,
        app.value(r#"SELECT count(*) FROM "Finances".project"#).await,
        app.value(r#"SELECT count(*) FROM "Finances".vendor"#).await,
        app.value(r#"SELECT count(*) FROM "Finances".upload_file"#).await,
        app.value(r#"SELECT count(*) FROM "Finances".project_document"#)
            .await,
    ]
}

#[tokio::test]
async fn the_sample_becomes_a_po_that_every_route_shows_to_the_paisa() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let reply = upload(&editor, "sample.xlsx", SAMPLE.to_vec(), &[("client_id", "2")])
        .send()
        .await;

    let body = reply.expect(200);
    let po = body["client_po_id"].as_i64().unwrap();
    let project = body["project_id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/po/{po}"));
    assert_eq!(
        (&body["status"], &body["parsing_status"]),
        (&"SUCCESS".into(), &"completed".into())
    );
    assert_eq!(body["client_name"], "Dava India");
    assert_eq!(body["parser_type"], "proforma_invoice");
    assert_eq!(body["project_name"], "ST-104");
    assert_eq!(body["original_filename"], "sample.xlsx");
    assert_eq!(body["warnings"], json!([]));
    assert!(body["error"].is_null());
    assert_eq!(body["po_details"]["po_number"], "4500000001");
    assert_eq!(body["po_details"]["po_date"], "2026-01-15");
    assert_eq!(body["po_details"]["po_value"], money("242755.5"));
    assert_eq!(body["po_details"]["store_id"], "ST-104");
    assert_eq!(body["line_item_count"], 3);
    assert_eq!(body["line_items"][0]["quantity"], money("120.5"));
    // 120.5 × 850 = 102 425; 18 % = 18 436.50
    assert_eq!(body["line_items"][0]["taxable_amount"], money("102425"));
    assert_eq!(body["line_items"][0]["gst_amount"], money("18436.5"));
    assert_eq!(body["dashboard_info"]["client_po_id"], po);
    let mut data = body.clone();
    let mirror = data.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(mirror, data);

    let viewer = app.viewer().await;
    let details = viewer
        .get(format!("/api/po/{po}/details"))
        .send()
        .await
        .expect(200)["data"]
        .clone();
    for (field, value) in [
        ("po_value", "242755.5"),
        ("net_value", "205725"),
        ("total_tax", "37030.5"),
        ("stated_value", "242755.5"),
        ("stated_tax", "37030.5"),
        ("value_difference", "0"),
        ("subtotal", "205725"),
        ("cgst", "18515.25"),
        ("sgst", "18515.25"),
        ("receivable_amount", "242755.5"),
        ("total_paid", "0"),
    ] {
        assert_eq!(details[field], money(value), "{field}");
    }
    assert_eq!(details["value_basis"], "lines");
    assert_eq!(details["status"], "pending");
    assert_eq!(details["store_id"], "ST-104");
    assert_eq!(details["vendor_name"], "Example Interiors Pvt Ltd");
    assert_eq!(
        (&details["is_primary"], &details["sequence_order"]),
        (&true.into(), &1.into())
    );
    let lines = viewer
        .get(format!("/api/po/{po}/line-items"))
        .send()
        .await
        .expect(200);
    assert_eq!(lines["line_items"], details["line_items"]);
    assert_eq!(lines["total_value"], money("205725"));
    assert_eq!(lines["line_items"][0]["hsn_code"], "6809");
    assert_eq!(lines["line_items"][0]["unit_price"], money("850"));
    assert_eq!(lines["line_items"][0]["tax_rate"], money("18"));
    let list = viewer.get("/api/po?client_id=2").send().await.expect(200);
    assert_eq!(list["data"]["total_value"], money("242755.5"));
    let summary = viewer
        .get(format!("/api/projects/{project}/financial-summary"))
        .send()
        .await
        .expect(200);
    assert_eq!(summary["data"]["total_po_value"], money("242755.5"));
    assert_eq!(summary["data"]["revenue"], money("205725"));
    assert_eq!(summary["data"]["documents"], 1);
}

#[tokio::test]
async fn the_file_is_stored_as_it_came_for_its_session_and_as_a_document() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let body = upload(&editor, "../a po.xlsx", SAMPLE.to_vec(), &[])
        .send()
        .await
        .expect(200);

    let (session, stored): (String, String) = sqlx::query_as(
        r#"
        SELECT session_id, storage_filename
          FROM "Finances".upload_file
         WHERE id = $1
           AND original_filename = 'a po.xlsx'
           AND file_size = $2
           AND file_hash = encode(sha256($3), 'hex')
           AND metadata ->> 'parse_status' = 'SUCCESS'
           AND po_number = '4500000001'
        "#,
    )
    .bind(body["file_id"].as_str().unwrap())
    .bind(i64::try_from(SAMPLE.len()).unwrap())
    .bind(SAMPLE)
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!(session, body["session_id"]);
    assert!(session.starts_with("sess_client2_"), "{session}");
    let root = app.upload_folder();
    // It is XML in an archive, which gets smaller still.
    let stored = std::fs::read(root.join("sessions").join(&session).join(stored)).unwrap();
    let mut unpacked = Vec::new();
    GzDecoder::new(stored.as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert!(unpacked == SAMPLE);
    let is_recorded: bool = sqlx::query_scalar(
        r#"
        SELECT is_compressed AND mime_type = 'application/gzip' AND compressed_size = $1
               AND compressed_hash = encode(sha256($2), 'hex')
          FROM "Finances".upload_file
        "#,
    )
    .bind(i64::try_from(stored.len()).unwrap())
    .bind(&stored)
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert!(is_recorded);
    let document: String = app
        .value(r#"SELECT stored_filename FROM "Finances".project_document"#)
        .await;
    assert_eq!(std::fs::read(root.join(document)).unwrap(), SAMPLE);
    let archive: String = app
        .value(r#"SELECT compressed_filename FROM "Finances".project_document"#)
        .await;
    let mut archive = ZipArchive::new(File::open(root.join(archive)).unwrap()).unwrap();
    let mut entry = archive.by_index(0).unwrap();
    assert_eq!(entry.name().unwrap(), "a po.xlsx");
    unpacked.clear();
    entry.read_to_end(&mut unpacked).unwrap();
    assert!(unpacked == SAMPLE);
    assert_eq!(std::fs::read_dir(root.join("temp")).unwrap().count(), 0);
}

#[tokio::test]
async fn both_paths_and_the_query_work() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let form = Form::new().part("file", Part::bytes(SAMPLE.to_vec()).file_name("po.xlsx"));

    let body = editor
        .post("/api/uploads/po/upload?client_id=2&project_name=Named%20In%20Query&auto_save=no")
        .form(form)
        .send()
        .await
        .expect(200);

    assert!(body["client_po_id"].is_null() && body["dashboard_info"]["client_po_id"].is_null());
    assert_eq!(body["line_item_count"], 3);
    assert_eq!(rows(&app).await, [0, 0, 0, 0, 1, 0]);

    let body = upload(
        &editor,
        "po.xlsx",
        SAMPLE.to_vec(),
        &[("project_name", "By Name")],
    )
    .send()
    .await
    .expect(200);
    assert_eq!(body["project_name"], "By Name");
}

#[tokio::test]
async fn data_repeats_every_field_of_the_top_level() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let mut body = upload(&editor, "po.xlsx", SAMPLE.to_vec(), &[])
        .send()
        .await
        .expect(200);

    let data = body
        .as_object_mut()
        .and_then(|body| body.remove("data"))
        .expect("data");
    assert_eq!(data, body);
}

#[tokio::test]
async fn a_project_that_is_found_by_name_is_answered_with_the_name_it_has() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut projects = Vec::new();
    for (number, name) in [("4500000301", "Delhi North"), ("4500000302", " DELHI NORTH ")] {
        let body = upload(
            &editor,
            "po.xlsx",
            invoice(number).xlsx(),
            &[("project_name", name)],
        )
        .send()
        .await
        .expect(200);
        assert_eq!(body["project_name"], "Delhi North");
        projects.push(body["project_id"].clone());
    }
    assert_eq!(projects[0], projects[1]);
}

#[tokio::test]
async fn the_layout_tells_the_client_where_nobody_names_one() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let proforma = upload(&editor, "pi.xls", invoice("4500000009").xls(), &[])
        .send()
        .await
        .expect(200);
    let order = upload(&editor, "po.xlsx", BajajWorkbook::sample().xlsx(), &[])
        .send()
        .await
        .expect(200);

    assert_eq!(
        (&proforma["client_id"], &proforma["parser_type"]),
        (&2.into(), &"proforma_invoice".into())
    );
    assert_eq!(
        (&order["client_id"], &order["parser_type"]),
        (&1.into(), &"po".into())
    );
}

#[tokio::test]
async fn a_file_that_nobody_says_whose_it_is_and_that_does_not_tell_is_kept_as_failed() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let neither = rust_xlsxwriter_book(&[["hello", "world"]]);
    let broken = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and no more".to_vec();
    for (name, bytes, fault) in [
        ("x.xlsx", neither, "client_id: missing"),
        ("x.xls", broken, "file: unreadable"),
    ] {
        let reply = upload(&editor, name, bytes.clone(), &[]).send().await;

        assert_eq!(reply.faults(), [fault]);
        let body = reply.expect_error(422, "VALIDATION_ERROR");
        for (field, value) in [
            ("parse_status", json!("FAILED")),
            ("parsing_status", json!("failed")),
            ("client_id", Value::Null),
            ("parser_type", Value::Null),
        ] {
            assert_eq!(body[field], value, "{field}");
        }
        assert!(
            body["po_details"].is_object() && body["warnings"].is_array(),
            "{body}"
        );
        let (session, file) = (
            body["session_id"].as_str().unwrap(),
            body["file_id"].as_str().unwrap(),
        );
        assert!(session.starts_with("sess_generic_"), "{session}");
        let path = format!("/api/uploads/session/{session}/files");
        let files = editor.get(&path).send().await.expect(200);
        assert_eq!(files["files"][0]["parse_status"], "FAILED");
        assert_eq!(
            files["files"][0]["parse_error"].as_str().unwrap(),
            body["errors"][0]["message"].as_str().unwrap()
        );
        let kept = editor.get(format!("{path}/{file}/download")).send().await;
        assert_eq!((kept.status, &kept.bytes[..]), (200, &bytes[..]));
    }
    assert_eq!(rows(&app).await, [0, 0, 0, 0, 2, 0]);
}

#[tokio::test]
async fn a_request_without_a_file_is_told_so_whatever_its_body_is() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let post = || editor.post("/api/po/upload?revision=perhaps");

    let nothing = post().send().await;
    let plain = post()
        .raw("application/x-www-form-urlencoded", "client_id=x&auto_save=true")
        .send()
        .await;

    assert_eq!(nothing.faults(), ["file: missing", "revision: value_error"]);
    assert_eq!(
        plain.faults(),
        ["client_id: int_parsing", "file: missing", "revision: value_error"]
    );
}

#[tokio::test]
async fn a_name_is_kept_in_any_letters_but_without_what_hides_another() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let send = |name: &'static [u8]| {
        let head = [
            b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"".as_slice(),
            name,
            b"\"\r\n\r\n",
            SAMPLE,
            b"\r\n--x--\r\n",
        ]
        .concat();
        editor
            .post("/api/po/upload?auto_save=false")
            .raw("multipart/form-data; boundary=x", head)
            .send()
    };
    for (sent, stored) in [
        ("Grundriß ₹.xlsx".as_bytes(), "Grundriß ₹.xlsx"),
        // The same letters as old clients send them.
        (b"Grundri\xDF.xlsx", "Grundriß.xlsx"),
        ("a\u{202E}slx.exe\u{2028}.xlsx".as_bytes(), "a_slx.exe_.xlsx"),
    ] {
        assert_eq!(send(sent).await.expect(200)["original_filename"], stored);
    }
}

fn rust_xlsxwriter_book(cells: &[[&str; 2]]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(cells) {
        for (column, text) in (0..).zip(cells) {
            sheet.write(row, column, *text).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

#[tokio::test]
async fn a_tax_that_is_printed_once_is_shared_so_that_the_lines_give_the_total() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let book = invoice("4500000077")
        .tax_columns(crate::support::workbooks::TaxColumns::None)
        .items(vec![
            Item::new("First", "1", "NOS", dec!(1), dec!(33.33)),
            Item::new("Second", "2", "NOS", dec!(1), dec!(66.68)),
        ]);

    let body = upload(&editor, "po.xlsx", book.xlsx(), &[("client_id", "2")])
        .send()
        .await
        .expect(200);

    // 18 % of 33.33 and 66.68, rounded each: 6.00 + 12.00 = 18.00 of 100.01; shared anew: 18 × 33.33 ÷ 100.01 = 6.00
    let po = &body["client_po_id"];
    let details = editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
    assert_eq!(details["po_value"], money("118.01"));
    assert_eq!(details["total_tax"], money("18"));
    assert_eq!(details["line_items"][0]["gst_amount"], money("6"));
    assert_eq!(details["line_items"][1]["gst_amount"], money("12"));
    assert_eq!(details["value_difference"], money("0"));
    assert!(!body["warnings"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_file_that_exists_already_is_a_conflict_that_names_its_po() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let first = upload(&editor, "po.xlsx", SAMPLE.to_vec(), &[])
        .send()
        .await
        .expect(200);

    let same_file = upload(&editor, "again.xlsx", SAMPLE.to_vec(), &[]).send().await;
    let same_number = upload(
        &editor,
        "other.xlsx",
        ProformaWorkbook::sample().field("Site Name", "Elsewhere").xlsx(),
        &[],
    )
    .send()
    .await;
    let same_invoice = upload(
        &editor,
        "third.xlsx",
        ProformaWorkbook::sample().field("PO Number", "4500000002").xlsx(),
        &[],
    )
    .send()
    .await;

    for reply in [same_file, same_number, same_invoice] {
        let body = reply.expect_error(409, "CONFLICT");
        assert_eq!(body["existing_client_po_id"], first["client_po_id"]);
        assert!(body["file_id"].is_string() && body["session_id"].is_string());
    }
    assert_eq!(rows(&app).await, [1, 3, 1, 1, 4, 1]);
    let failed: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".upload_file WHERE metadata ->> 'parse_status' = 'FAILED'"#)
        .await;
    assert_eq!(failed, 3);
}

#[tokio::test]
async fn a_revision_takes_the_place_of_figures_and_lines_and_leaves_the_rest() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let first = upload(&editor, "po.xlsx", SAMPLE.to_vec(), &[])
        .send()
        .await
        .expect(200);
    let po = first["client_po_id"].as_i64().unwrap();
    app.payment(po, "credit", "1000", "cleared").await;
    let revised =
        ProformaWorkbook::sample().items(vec![Item::new("Only this", "1", "NOS", dec!(2), dec!(99.995))]);

    let body = upload(&editor, "po-2.xlsx", revised.xlsx(), &[("revision", "true")])
        .send()
        .await
        .expect(200);

    assert_eq!(body["client_po_id"], po);
    assert_eq!(body["project_id"], first["project_id"]);
    let details = editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
    // 199.99 + 36.00
    assert_eq!(details["po_value"], money("235.99"));
    assert_eq!(details["total_paid"], money("1000"));
    assert_eq!(details["line_item_count"], 1);
    assert_eq!(rows(&app).await, [1, 1, 1, 1, 2, 2]);

    let nothing = upload(
        &editor,
        "x.xlsx",
        invoice("4599999999").field("Site Name", "New").xlsx(),
        &[("revision", "true"), ("project_name", "New")],
    );
    assert_eq!(nothing.send().await.faults(), ["revision: value_error"]);
    assert_eq!(rows(&app).await[2], 1);
}

#[tokio::test]
async fn an_open_agreement_of_the_same_invoice_is_completed_not_doubled() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.execute(
        r#"
        INSERT INTO "Finances".project (name, client_id) VALUES ('ST-104', 2);
        INSERT INTO "Finances".client_po (client_id, project_id, po_type, pi_number, pi_date, agreement_date, po_value, stated_value)
        VALUES (2, 1, 'verbal_agreement', 'PI/2025-26/0042', '2026-01-01', '2026-01-01', 150000, 150000);
        INSERT INTO "Finances".po_project_mapping (client_po_id, project_id, is_primary, sequence_order) VALUES (1, 1, TRUE, 1);
        "#,
    )
    .await;

    let body = upload(&editor, "po.xlsx", SAMPLE.to_vec(), &[])
        .send()
        .await
        .expect(200);

    assert_eq!(body["client_po_id"], 1);
    let details = editor.get("/api/po/1").send().await.expect(200)["data"].clone();
    assert_eq!(details["po_number"], "4500000001");
    assert_eq!(details["agreement_date"], "2026-01-01");
    assert_eq!(details["is_open_agreement"], false);
    assert_eq!(details["po_value"], money("242755.5"));
    assert_eq!(rows(&app).await[0], 1);
}

#[tokio::test]
async fn a_file_that_lacks_what_a_po_needs_is_kept_and_every_gap_is_named() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let book = ProformaWorkbook::sample()
        .without("PO Number")
        .without("PI Number")
        .items(vec![
            Item::new("", "1", "NOS", dec!(1), dec!(5)),
            Item::new("Zero", "1", "NOS", dec!(0), dec!(5)),
        ]);

    let reply = upload(&editor, "po.xlsx", book.xlsx(), &[("client_id", "2")])
        .send()
        .await;

    let body = reply.expect_error(422, "VALIDATION_ERROR");
    let faults = fault_list(&body);
    assert!(
        faults.contains(&"po_details.po_number: missing".to_owned()),
        "{faults:?}"
    );
    assert!(
        faults.iter().any(|fault| fault.starts_with("line_items[")),
        "{faults:?}"
    );
    assert_eq!(
        (&body["parse_status"], &body["parsing_status"]),
        (&"FAILED".into(), &"failed".into())
    );
    assert_eq!(body["po_details"]["store_id"], "ST-104");
    assert_eq!(body["client_id"], 2);
    assert!(body["warnings"].is_array());
    assert_eq!(rows(&app).await, [0, 0, 0, 0, 1, 0]);
    let stored: String = app
        .value(r#"SELECT session_id || '/' || storage_filename FROM "Finances".upload_file"#)
        .await;
    assert!(app.upload_folder().join("sessions").join(stored).exists());
}

#[tokio::test]
async fn what_is_no_purchase_order_file_is_refused_and_leaves_nothing() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    for (name, bytes, status, code) in [
        ("po.xlsx", Vec::new(), 422, "VALIDATION_ERROR"),
        ("po.exe", b"MZ".to_vec(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            "po.xlsx",
            b"\x89PNG\r\n\x1a\n".to_vec(),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        ("po.png", SAMPLE.to_vec(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("po.csv", b"a,b\n1,2\n".to_vec(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("po.pdf", b"%PDF-1.7".to_vec(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("...", SAMPLE.to_vec(), 422, "VALIDATION_ERROR"),
        (
            "po.xlsx",
            SAMPLE[..SAMPLE.len() / 2].to_vec(),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
    ] {
        let reply = upload(&editor, name, bytes, &[("client_id", "2")]).send().await;
        reply.expect_error(status, code);
    }
    assert_eq!(rows(&app).await, [0; 6]);
    assert_eq!(
        std::fs::read_dir(app.upload_folder().join("temp"))
            .unwrap()
            .count(),
        0
    );
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".quota_counter"#)
            .await,
        0
    );
}

#[tokio::test]
async fn every_bad_field_is_named_at_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.project("Of Bajaj").await;
    let fields = [("client_id", "x"), ("project_id", "-1"), ("auto_save", "perhaps")];
    let reply = editor
        .post("/api/po/upload?revision=maybe")
        .form(
            fields
                .iter()
                .fold(Form::new(), |form, (name, value)| form.text(*name, *value)),
        )
        .send()
        .await;
    assert_eq!(
        reply.faults(),
        [
            "auto_save: value_error",
            "client_id: int_parsing",
            "file: missing",
            "project_id: int_parsing",
            "revision: value_error",
        ]
    );
    for (fields, fault) in [
        (
            [("client_id", "99"), ("project_id", "")],
            "client_id: foreign_key",
        ),
        (
            [("client_id", "2"), ("project_id", "77")],
            "project_id: foreign_key",
        ),
        (
            [("client_id", "2"), ("project_id", "1")],
            "project_id: value_error",
        ),
        (
            [("client_id", "2"), ("project_name", "OF BAJAJ")],
            "project_name: value_error",
        ),
    ] {
        let reply = upload(&editor, "po.xlsx", SAMPLE.to_vec(), &fields).send().await;
        assert_eq!(reply.faults(), [fault]);
    }
    assert_eq!(rows(&app).await, [0, 0, 1, 0, 0, 0]);
}

#[tokio::test]
async fn only_editors_upload() {
    let app = TestApp::start().await;
    let send = |caller: Caller| async move { upload(&caller, "po.xlsx", SAMPLE.to_vec(), &[]).send().await };
    send(app.nobody()).await.expect_error(401, "UNAUTHORIZED");
    send(app.viewer().await).await.expect_error(403, "FORBIDDEN");
    assert_eq!(rows(&app).await, [0; 6]);
    send(app.admin().await).await.expect(200);
}

#[tokio::test]
async fn of_one_file_sent_many_times_at_once_one_po_is_made() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let calls = (0..6)
        .map(|_| upload(&editor, "po.xlsx", SAMPLE.to_vec(), &[]))
        .collect();

    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();

    assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
    assert_eq!(rows(&app).await[..4], [1, 3, 1, 1]);
}

#[tokio::test]
async fn many_files_at_once_share_their_project_vendor_and_site() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let calls = (0..12)
        .map(|number| {
            upload(
                &editor,
                "po.xlsx",
                invoice(&format!("45000010{number:02}")).xlsx(),
                &[],
            )
        })
        .collect();

    let replies = race(calls).await;

    assert!(
        replies.iter().all(|reply| reply.status == 200),
        "{}",
        replies[11].text()
    );
    assert_eq!(rows(&app).await, [12, 36, 1, 1, 12, 12]);
    let places: Vec<i32> =
        sqlx::query_scalar(r#"SELECT sequence_order FROM "Finances".po_project_mapping ORDER BY 1"#)
            .fetch_all(&app.db)
            .await
            .unwrap();
    assert_eq!(places, (1..=12).collect::<Vec<_>>());
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".site"#).await,
        1
    );
}

#[tokio::test]
async fn an_upload_under_an_idempotency_key_is_done_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let send = |bytes: Vec<u8>| {
        upload(&editor, "po.xlsx", bytes, &[("client_id", "2")]).header("idempotency-key", "k")
    };

    let first = send(SAMPLE.to_vec()).send().await;
    let again = send(SAMPLE.to_vec()).send().await;
    let other = send(invoice("4500000055").xlsx()).send().await;

    first.expect(200);
    assert_eq!(
        (again.status, again.header("idempotency-replayed")),
        (200, "true")
    );
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(other.faults(), ["Idempotency-Key: value_error"]);
    assert_eq!(rows(&app).await, [1, 3, 1, 1, 1, 1]);
}

#[tokio::test]
async fn the_hour_has_room_for_so_many_files() {
    let app = TestApp::start_with(&[("UPLOADS_PER_HOUR", "2")]).await;
    let editor = app.editor().await;
    let send = |number: &str| upload(&editor, "po.xlsx", invoice(number).xlsx(), &[]);
    send("4500000001").send().await.expect(200);
    send("4500000001").send().await.expect_error(409, "CONFLICT");

    let refused = send("4500000003").send().await;

    refused.expect_error(429, "RATE_LIMITED");
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(rows(&app).await[0], 1);
    upload(&app.editor().await, "po.xlsx", invoice("4500000003").xlsx(), &[])
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn an_upload_is_in_the_audit_trail() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    upload(&editor, "po.xlsx", SAMPLE.to_vec(), &[])
        .send()
        .await
        .expect(200);
    upload(&editor, "po.xlsx", SAMPLE.to_vec(), &[])
        .send()
        .await
        .expect_error(409, "CONFLICT");

    let entries: Vec<(String, String)> =
        sqlx::query_as(r#"SELECT action, entity FROM "Finances".audit_entry ORDER BY id"#)
            .fetch_all(&app.db)
            .await
            .unwrap();

    let entries: Vec<String> = entries
        .iter()
        .map(|(action, entity)| format!("{action} {entity}"))
        .collect();
    assert_eq!(
        entries,
        [
            "created project",
            "created vendor",
            "created site",
            "created client_po",
            "stored upload_file",
            "created project_document",
            "refused upload_file",
        ]
    );
    let after: Value = app
        .value(r#"SELECT after FROM "Finances".audit_entry WHERE entity = 'client_po'"#)
        .await;
    assert_eq!(after["po_value"], money("242755.5"));
}

#[tokio::test]
async fn an_old_names_store_of_another_client_does_not_stand_in_the_way() {
    let app = TestApp::start().await;
    app.project("ST-104").await;

    let body = upload(&app.editor().await, "po.xlsx", SAMPLE.to_vec(), &[])
        .send()
        .await
        .expect(200);

    assert_eq!(body["project_name"], "Andheri West");
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused_by_its_size() {
    let app = TestApp::start_with(&[("MAX_FILE_SIZE_MB", "1")]).await;
    let editor = app.editor().await;

    // Just above, and so far above that the head of the request tells.
    for length in [1024 * 1024 + 1, 3 * 1024 * 1024] {
        let reply = upload(&editor, "po.xlsx", vec![b'x'; length], &[]).send().await;

        let body = reply.expect_error(413, "PAYLOAD_TOO_LARGE");
        assert!(body["message"].as_str().unwrap().contains("1048576"), "{body}");
    }
    assert_eq!(
        std::fs::read_dir(app.upload_folder().join("temp"))
            .unwrap()
            .count(),
        0
    );
}
