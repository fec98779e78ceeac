//! A proforma invoice goes in whole, or not at all.

use rust_decimal::dec;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::{Call, Caller, fault_list},
    money, race,
    sheet::Sheet,
    workbooks::{Item, ProformaWorkbook},
};

fn upload(caller: &Caller, name: &str, bytes: Vec<u8>, fields: &[(&str, &str)]) -> Call {
    caller
        .post("/api/proforma-invoice/upload")
        .file(name, bytes, fields)
}

fn invoice(number: &str) -> ProformaWorkbook {
    ProformaWorkbook::sample()
        .field("PO Number", number)
        .field("PI Number", format!("PI-{number}").as_str())
}

/// POs, lines, projects, vendors, files, documents.
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
async fn a_complete_invoice_becomes_a_po_whose_figures_agree() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let reply = upload(
        &editor,
        "pi.xlsx",
        ProformaWorkbook::sample().xlsx(),
        &[("client_id", "2")],
    )
    .send()
    .await;

    let mut body = reply.expect(200);
    let po = body["client_po_id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/po/{po}"));
    let data = body.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(data, body, "data repeats the top level");
    for (field, value) in [
        ("status", json!("SUCCESS")),
        ("project_name", json!("ST-104")),
        ("po_number", json!("4500000001")),
        ("pi_number", json!("PI/2025-26/0042")),
        ("line_item_count", json!(3)),
        (
            "message",
            json!("Proforma Invoice uploaded and parsed. 3 line items created."),
        ),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    let parsed = &body["parsed_data"];
    assert_eq!(parsed["line_item_count"], 3);
    assert_eq!(parsed["warnings"], json!([]));
    assert_eq!(parsed["po_details"]["total_amount"], money("242755.5"));
    // 120.5 × 850 = 102 425, 18 % of it 18 436.50.
    assert_eq!(parsed["line_items"][0]["gross_amount"], money("120861.5"));
    assert_eq!(
        body["dashboard_info"],
        json!({"project_name": "ST-104", "po_number": "4500000001", "client_po_id": po, "line_items_count": 3})
    );
    assert_eq!(rows(&app).await, [1, 3, 1, 1, 1, 1]);
    let description: String = app
        .value(r#"SELECT description FROM "Finances".project_document"#)
        .await;
    assert_eq!(description, "Proforma Invoice upload");
    let kind: String = app
        .value(r#"SELECT metadata ->> 'upload_type' FROM "Finances".upload_session"#)
        .await;
    assert_eq!(kind, "proforma_invoice");

    let verdict = editor
        .get(format!("/api/proforma-invoice/validate/{po}"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&verdict["status"], &verdict["validation_errors"]),
        (&json!("VALID"), &json!([]))
    );
}

#[tokio::test]
async fn every_missing_part_is_named_and_nothing_but_the_file_is_kept() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    for (label, field, message) in [
        (
            "Bill To",
            "po_details.client_name",
            "Missing: Client name (Bill To)",
        ),
        ("Vendor Name", "po_details.vendor_name", "Missing: Vendor name"),
        ("PI Number", "po_details.pi_number", "Missing: PI number"),
        ("PI Date", "po_details.pi_date", "Missing: PI date"),
        (
            "Bill To GSTIN",
            "po_details.bill_to_gstin",
            "Missing: Bill To GSTIN",
        ),
        ("Vendor GSTIN", "po_details.vendor_gstin", "Missing: Vendor GSTIN"),
    ] {
        let book = ProformaWorkbook::sample().without(label).xlsx();

        let reply = upload(&editor, "pi.xlsx", book, &[("client_id", "2")])
            .send()
            .await;

        let body = reply.expect_error(422, "VALIDATION_ERROR");
        assert_eq!(fault_list(&body), [format!("{field}: missing")], "{label}");
        let told = body["validation_errors"].as_array().unwrap();
        assert!(
            told.len() == 1 && told[0].as_str().unwrap().starts_with(message),
            "{label}: {told:?}"
        );
        assert_eq!(body["parsed_data"]["line_item_count"], 3, "{label}");
        assert!(body["file_id"].is_string() && body["session_id"].is_string());
    }
    assert_eq!(rows(&app).await, [0, 0, 0, 0, 6, 0]);
    let failed: i64 = app
        .value(
            r#"
            SELECT count(*)
              FROM "Finances".upload_file
             WHERE metadata ->> 'parse_status' = 'FAILED'
               AND metadata ->> 'parse_error' LIKE 'Missing: %'
            "#,
        )
        .await;
    assert_eq!(failed, 6);
}

#[tokio::test]
async fn a_total_may_be_off_by_half_a_percent_and_no_more() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    // The lines give 242 755.50; half a percent of it is 1 213.7775.
    for (number, total, status) in [
        ("4500000101", dec!(241541.73), 200),
        ("4500000102", dec!(243969.27), 200),
        ("4500000103", dec!(241541.72), 422),
        ("4500000104", dec!(243969.28), 422),
    ] {
        let book = invoice(number).grand_total(total).xlsx();

        let reply = upload(&editor, "pi.xlsx", book, &[("client_id", "2")])
            .send()
            .await;

        assert_eq!(reply.status, status, "{total}: {}", reply.text());
        if status == 422 {
            assert_eq!(reply.faults(), ["po_details.total_amount: mismatch"]);
            let told = format!("Total mismatch: Calculated 242755.50 vs Reported {total:.2}");
            assert_eq!(reply.json()["validation_errors"], json!([told]));
        } else {
            let po = &reply.json()["client_po_id"];
            let po = editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
            assert_eq!(po["stated_value"], money(&total.to_string()));
            assert_eq!(po["po_value"], money("242755.5"));
            assert_eq!(
                po["value_difference"],
                money(&(total - dec!(242755.5)).to_string())
            );
        }
    }
}

#[tokio::test]
async fn the_small_form_lacks_what_a_complete_invoice_has() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut sheet = Sheet::default();
    sheet.put(0, 4, "PI Number:").put(0, 5, "PI-9");
    sheet.put(1, 4, "Date:").put(1, 5, "2026-01-22");
    for (column, title) in (0..).zip(["ITEM", "DESCRIPTION", "QTY", "RATE", "AMOUNT"]) {
        sheet.put(4, column, title);
    }
    for (column, text) in (0..).zip(["1", "Cabling works", "2", "500", "1000"]) {
        sheet.put(5, column, text);
    }
    sheet.put(9, 4, "Total").put(9, 5, "1000");

    let reply = upload(&editor, "pi.xlsx", sheet.xlsx(), &[("client_id", "2")])
        .send()
        .await;

    let faults = reply.faults();
    for field in ["client_name", "vendor_name", "bill_to_gstin", "vendor_gstin"] {
        let fault = format!("po_details.{field}: missing");
        assert!(faults.contains(&fault), "{fault} in {faults:?}");
    }
    assert!(
        !faults.iter().any(|fault| fault.contains("pi_number")),
        "{faults:?}"
    );
    assert_eq!(rows(&app).await, [0, 0, 0, 0, 1, 0]);
}

#[tokio::test]
async fn a_client_without_a_parser_sends_invoices_too() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let client: i64 = app
        .value(r#"INSERT INTO "Finances".client (name) VALUES ('Example Stores') RETURNING id"#)
        .await;
    app.project("Of Bajaj").await;
    let client_id = client.to_string();

    let body = upload(
        &editor,
        "pi.xls",
        invoice("4500000201").xls(),
        &[("client_id", &client_id), ("project_name", "Their Store")],
    )
    .send()
    .await
    .expect(200);

    assert_eq!(body["project_name"], "Their Store");
    let po = &body["client_po_id"];
    let po = editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
    assert_eq!(
        (&po["client_id"], &po["client_name"]),
        (&json!(client), &json!("Example Stores"))
    );
    let session: String = app
        .value(r#"SELECT session_id FROM "Finances".upload_session"#)
        .await;
    assert!(session.starts_with(&format!("sess_client{client}_")), "{session}");

    let before = rows(&app).await;
    for (fields, fault) in [
        ([("client_id", ""), ("note", "")], "client_id: int_parsing"),
        ([("note", ""), ("note", "")], "client_id: missing"),
        (
            [("client_id", "2"), ("project_id", "1")],
            "project_id: value_error",
        ),
        (
            [("client_id", client_id.as_str()), ("project_name", "of bajaj")],
            "project_name: value_error",
        ),
    ] {
        let reply = upload(&editor, "pi.xlsx", invoice("4500000202").xlsx(), &fields)
            .send()
            .await;
        assert_eq!(reply.faults(), [fault], "{fields:?}");
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn what_exists_already_is_a_conflict_that_names_it() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let book = ProformaWorkbook::sample().xlsx();
    let first = upload(&editor, "pi.xlsx", book.clone(), &[("client_id", "2")])
        .send()
        .await
        .expect(200);

    let same_file = upload(&editor, "again.xlsx", book, &[("client_id", "2")])
        .send()
        .await;
    let same_number = ProformaWorkbook::sample()
        .field("PI Number", "PI-2")
        .field("Site Name", "Elsewhere");
    let same_number = upload(&editor, "b.xlsx", same_number.xlsx(), &[("client_id", "2")])
        .send()
        .await;
    let same_invoice = ProformaWorkbook::sample().field("PO Number", "4500000002");
    let same_invoice = upload(&editor, "c.xlsx", same_invoice.xlsx(), &[("client_id", "2")])
        .send()
        .await;

    for reply in [same_file, same_number, same_invoice] {
        let body = reply.expect_error(409, "CONFLICT");
        assert_eq!(body["existing_client_po_id"], first["client_po_id"]);
        assert!(body["file_id"].is_string() && body["parsed_data"].is_null());
    }
    assert_eq!(rows(&app).await, [1, 3, 1, 1, 4, 1]);
}

#[tokio::test]
async fn a_revision_finds_its_po_by_the_invoice_in_whatever_project() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let only_invoice = ProformaWorkbook::sample().without("PO Number");
    let first = upload(
        &editor,
        "pi.xlsx",
        only_invoice.xlsx(),
        &[("client_id", "2"), ("project_name", "Somewhere")],
    )
    .send()
    .await
    .expect(200);
    let revised = only_invoice
        .clone()
        .items(vec![Item::new("Only this", "1", "NOS", dec!(2), dec!(99.995))]);

    let body = upload(
        &editor,
        "pi-2.xlsx",
        revised.xlsx(),
        &[("client_id", "2"), ("revision", "yes")],
    )
    .send()
    .await
    .expect(200);

    assert_eq!(body["client_po_id"], first["client_po_id"]);
    assert_eq!(body["project_id"], first["project_id"]);
    let po = &body["client_po_id"];
    let po = editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
    // 199.99 + 36.00
    assert_eq!(po["po_value"], money("235.99"));
    assert_eq!(rows(&app).await, [1, 1, 1, 1, 2, 2]);

    // The same invoice in a second project: which one is meant has to be said.
    let elsewhere = only_invoice.clone().field("Site Name", "Elsewhere");
    upload(
        &editor,
        "pi.xlsx",
        elsewhere.xlsx(),
        &[("client_id", "2"), ("project_name", "Elsewhere")],
    )
    .send()
    .await
    .expect(200);
    let again = only_invoice.field("Site Name", "Nowhere").xlsx();
    let reply = upload(
        &editor,
        "pi-3.xlsx",
        again.clone(),
        &[("client_id", "2"), ("revision", "1")],
    )
    .send()
    .await;
    assert_eq!(reply.faults(), ["revision: value_error"]);
    let named = upload(
        &editor,
        "pi-3.xlsx",
        again,
        &[
            ("client_id", "2"),
            ("revision", "1"),
            ("project_name", "elsewhere"),
        ],
    )
    .send()
    .await
    .expect(200);
    assert_ne!(named["client_po_id"], first["client_po_id"]);
    let nothing = upload(
        &editor,
        "pi-4.xlsx",
        invoice("4500000999").xlsx(),
        &[("client_id", "2"), ("revision", "1")],
    )
    .send()
    .await;
    assert_eq!(nothing.faults(), ["revision: value_error"]);
    assert_eq!(rows(&app).await[0], 2);
}

#[tokio::test]
async fn a_po_of_another_client_takes_no_revision() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let first = upload(
        &editor,
        "pi.xlsx",
        ProformaWorkbook::sample().xlsx(),
        &[("client_id", "2")],
    )
    .send()
    .await
    .expect(200);
    let revised = ProformaWorkbook::sample().field("Site Name", "Taken");

    let reply = upload(
        &editor,
        "pi-2.xlsx",
        revised.xlsx(),
        &[("client_id", "1"), ("revision", "true")],
    )
    .send()
    .await;

    let body = reply.expect_error(409, "CONFLICT");
    assert_eq!(body["existing_client_po_id"], first["client_po_id"]);
    assert_eq!(rows(&app).await, [1, 3, 1, 1, 2, 1]);
}

#[tokio::test]
async fn what_is_no_workbook_is_refused_and_leaves_nothing() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let whole = ProformaWorkbook::sample().xlsx();
    for (name, bytes, status, code) in [
        ("pi.xlsx", Vec::new(), 422, "VALIDATION_ERROR"),
        ("pi.pdf", b"%PDF-1.7".to_vec(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("pi.csv", b"a,b\n1,2\n".to_vec(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            "pi.xlsx",
            b"\x89PNG\r\n\x1a\n".to_vec(),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        ("pi.docx", whole.clone(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("..", whole.clone(), 422, "VALIDATION_ERROR"),
        (
            "pi.xlsx",
            whole[..whole.len() / 2].to_vec(),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
    ] {
        let reply = upload(&editor, name, bytes, &[("client_id", "2")]).send().await;
        reply.expect_error(status, code);
    }
    assert_eq!(rows(&app).await, [0; 6]);
    let counted: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".quota_counter"#)
        .await;
    assert_eq!(counted, 0);
}

#[tokio::test]
async fn under_a_key_and_in_a_race_one_po_is_made() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let send = || {
        upload(
            &editor,
            "pi.xlsx",
            ProformaWorkbook::sample().xlsx(),
            &[("client_id", "2")],
        )
    };

    let first = send().header("idempotency-key", "k").send().await;
    let again = send().header("idempotency-key", "k").send().await;

    first.expect(200);
    assert_eq!(
        (again.status, again.header("idempotency-replayed")),
        (200, "true")
    );
    assert_eq!(again.bytes, first.bytes);
    let other = || {
        let book = invoice("4500000301").xlsx();
        upload(&editor, "pi.xlsx", book, &[("client_id", "2")])
    };
    let statuses: Vec<u16> = race((0..4).map(|_| other()).collect())
        .await
        .iter()
        .map(|reply| reply.status)
        .collect();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(rows(&app).await[0], 2);
    let trail: Vec<Value> = sqlx::query_scalar(
        r#"SELECT to_jsonb(entity || ' ' || action) FROM "Finances".audit_entry WHERE entity = 'client_po'"#,
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert_eq!(trail.len(), 2, "{trail:?}");
}
