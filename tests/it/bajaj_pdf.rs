//! Bajaj's orders as PDF: what is printed comes out as it was put in, and what cannot be read says why.

use std::io::Cursor;

use nexgen_finance::documents::{
    FileKind, Layout, ParseFailure, ParsedOrder, read_order, require_for_po_upload, share_tax,
};
use proptest::prelude::*;
use reqwest::multipart::{Form as Multipart, Part};
use rust_decimal::{Decimal, dec};

use crate::support::{
    TestApp,
    bajaj_pdf::{BajajPdf, Form, Grouping, PdfItem, Tax},
    callers::{Caller, Reply, fault_list},
    money,
    pdf::{Lettering, Objects, Packing, Pdf},
};

const FORMS: [Form; 2] = [Form::TitlesPerItem, Form::PlainTable];

fn read(pdf: &BajajPdf) -> ParsedOrder {
    let mut order = checked(&pdf.to_bytes()).unwrap();
    share_tax(&mut order);
    order
}

/// Reads a PDF of which nobody says what it is.
fn parse(bytes: &[u8]) -> Result<ParsedOrder, ParseFailure> {
    let reading = read_order(&mut Cursor::new(bytes), FileKind::Pdf, None).unwrap();
    assert!(reading.order.is_err() || reading.layout == Some(Layout::BAJAJ_ORDER));
    reading.order
}

fn checked(bytes: &[u8]) -> Result<ParsedOrder, ParseFailure> {
    parse(bytes).and_then(require_for_po_upload)
}

/// The lines as they were put in.
#[track_caller]
fn assert_same(order: &ParsedOrder, pdf: &BajajPdf) {
    assert_eq!(
        order.lines.len(),
        pdf.items.len(),
        "{:?}\n{:?}",
        order.lines,
        pdf.items
    );
    for (line, item) in order.lines.iter().zip(&pdf.items) {
        assert_eq!(line.sr, Some(item.number.to_string()));
        assert_eq!(line.boq_name, item.full_description());
        assert_eq!(line.quantity, Some(item.quantity));
        assert_eq!(line.unit.as_deref(), Some(item.unit.as_str()));
        assert_eq!(line.rate, Some(item.rate));
        assert_eq!(line.taxable_amount, Some(item.amount));
        if pdf.tax == Tax::PerItem {
            assert_eq!(line.gst_amount, Some(item.tax));
        }
    }
    assert_eq!(
        order.totals.total_amount,
        Some(pdf.total()),
        "{:?}",
        order.warnings
    );
    assert_eq!(order.printed.total_amount, Some(pdf.total()));
    let gross: Decimal = order.lines.iter().map(|line| line.gross_amount.unwrap()).sum();
    assert_eq!(gross, pdf.total(), "{:?}", order.warnings);
    assert_eq!(order.header.po_number.as_deref(), Some("4500000001"));
    assert_eq!(order.header.po_date.unwrap().to_string(), "2026-02-03");
    assert_eq!(order.header.ship_to_address, Some(pdf.address.join(", ")));
    assert_eq!(order.header.vendor_name.as_deref(), Some(pdf.vendor.as_str()));
}

#[test]
fn both_forms_are_read_in_every_packing() {
    for form in FORMS {
        for packing in [
            Packing::Plain,
            Packing::Flate,
            Packing::Ascii85Flate,
            Packing::ObjectStream,
        ] {
            for lettering in [Lettering::WinAnsi, Lettering::Glyphs] {
                let pdf = BajajPdf {
                    packing,
                    lettering,
                    ..BajajPdf::sample(form)
                };
                let order = read(&pdf);
                assert_same(&order, &pdf);
                assert_eq!(order.store_id.as_deref(), Some("ST-104"));
                assert!(
                    order.warnings.is_empty(),
                    "{form:?} {packing:?}: {:?}",
                    order.warnings
                );
            }
        }
    }
}

#[test]
fn lines_that_say_the_same_are_two_lines() {
    for form in FORMS {
        let mut pdf = BajajPdf::sample(form);
        pdf.items = vec![
            PdfItem::new(1, "P001 Chair", dec!(4), "EA", dec!(250)),
            PdfItem::new(2, "P001 Chair", dec!(4), "EA", dec!(250)),
        ];
        assert_same(&read(&pdf), &pdf);
    }
}

#[test]
fn an_item_across_a_page_break_is_one_item() {
    for form in FORMS {
        for repeats_titles in [true, false] {
            let mut pdf = BajajPdf::sample(form);
            pdf.repeats_titles = repeats_titles;
            for item in &mut pdf.items {
                item.continuation = vec![
                    "oiled and waxed".into(),
                    "12 mm thick".into(),
                    "with fittings".into(),
                ];
            }
            for lines_per_page in 9..25 {
                pdf.lines_per_page = lines_per_page;
                assert_same(&read(&pdf), &pdf);
            }
        }
    }
}

#[test]
fn a_table_that_is_printed_again_adds_nothing() {
    for form in FORMS {
        let mut pdf = BajajPdf::sample(form);
        let once = pdf.clone();
        pdf.items.extend(once.items.clone());
        // The paper's own sum is that of the items, each once.
        let titles_again = BajajPdf {
            lines_per_page: match form {
                Form::PlainTable => 9 + 3,
                Form::TitlesPerItem => 55,
            },
            ..pdf
        };
        let order = parse(&titles_again.to_bytes()).unwrap();
        assert_eq!(order.lines.len(), 3, "{form:?} {:?}", order.lines);
    }
}

#[test]
fn amounts_that_include_tax_are_split_and_others_kept() {
    let mut pdf = BajajPdf::sample(Form::TitlesPerItem);
    pdf.items[0].amount = dec!(5900);
    pdf.items[1].amount = dec!(3500);

    let order = read(&pdf);

    let line = &order.lines[0];
    assert_eq!(
        (line.taxable_amount, line.gst_amount, line.gross_amount),
        (Some(dec!(5000)), Some(dec!(900)), Some(dec!(5900)))
    );
    assert_eq!(order.lines[1].taxable_amount, Some(dec!(3500)));
    let has = |part: &str| order.warnings.iter().any(|warning| warning.contains(part));
    assert!(has("Line 1: amount includes tax"), "{:?}", order.warnings);
    assert!(has("the amount is kept"), "{:?}", order.warnings);
}

#[test]
fn what_is_missing_is_named_with_where_it_was_looked_for() {
    for form in FORMS {
        let pdf = BajajPdf {
            number: "Order of goods".into(),
            ..BajajPdf::sample(form)
        };
        let failure = checked(&pdf.to_bytes()).unwrap_err();
        assert_eq!(failure.findings.len(), 1);
        assert_eq!(failure.findings[0].field, "po_details.po_number");
        assert!(
            failure.findings[0].message.contains("first 200 lines"),
            "{failure}"
        );
        assert_eq!(failure.partial.lines.len(), 3);

        let pdf = BajajPdf {
            has_titles: false,
            ..BajajPdf::sample(form)
        };
        let failure = checked(&pdf.to_bytes()).unwrap_err();
        assert_eq!(failure.findings.len(), 1);
        assert_eq!(failure.findings[0].field, "line_items");
        assert!(
            failure.findings[0]
                .message
                .contains("Line # Part # / Description"),
            "{failure}"
        );
    }
    let mut pdf = Pdf::default();
    pdf.page(&[
        vec![(40, "Purchase Order 4500000001".into())],
        vec![(40, "Line # Part # / Description Qty Amount".into())],
        vec![(40, "1 Chair 10 (EA)".into())],
        vec![(40, "Total Amount 500.00".into())],
    ]);
    let pdf_without_amount = Pdf {
        pages: vec![pdf.pages[0][..3].to_vec()],
        ..pdf
    };
    let failure = checked(&pdf_without_amount.to_bytes()).unwrap_err();
    let fields: Vec<&str> = failure
        .findings
        .iter()
        .map(|finding| finding.field.as_str())
        .collect();
    assert_eq!(fields, ["line_items[0].amount"]);
}

const WORDS: &[&str] = &[
    "oak",
    "Table",
    "door",
    "18mm",
    "2x4",
    "P-100",
    "(left)",
    "Ø12",
    "steel/glass",
    "chair,",
    "No.5",
    "RAL9010",
    "&",
    "fire-rated",
    "L=2.5",
    "half",
    "set",
];

fn description() -> impl Strategy<Value = String> {
    (
        prop::sample::select(WORDS.to_vec()),
        prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..4),
    )
        .prop_map(|(first, more)| [vec![first], more].concat().join(" "))
}

fn continuation() -> impl Strategy<Value = String> {
    (any::<bool>(), description()).prop_map(|(is_numbered, text)| {
        if is_numbered {
            format!("12 mm {text}")
        } else {
            text
        }
    })
}

fn item() -> impl Strategy<Value = PdfItem> {
    (
        description(),
        prop::collection::vec(continuation(), 0..4),
        (1_i64..10_000, 0_u32..4),
        prop::sample::select(vec!["EA", "FT2", "Nos", "SQM", "LOT", "M"]),
        1_i64..10_000_000,
    )
        .prop_map(
            |(description, continuation, (digits, scale), unit, paisa)| PdfItem {
                continuation,
                ..PdfItem::new(
                    1,
                    &description,
                    Decimal::new(digits, scale),
                    unit,
                    Decimal::new(paisa, 2),
                )
            },
        )
}

fn order() -> impl Strategy<Value = BajajPdf> {
    let texts = (
        prop::sample::select(vec![
            "Purchase Order 4500000001",
            "Purchase Order No.: 4500000001",
            "PO Number: 4500000001",
            "PO No. 4500000001",
            "PO # 4500000001",
            "PO: 4500000001",
        ]),
        prop::sample::select(vec![
            "PO Date:",
            "Order Date:",
            "Issued on",
            "Submitted on:",
            "Date:",
            "Mumbai,",
        ]),
        prop::sample::select(vec![
            "03-02-2026",
            "03/02/26",
            "3.2.2026",
            "2026-02-03",
            "3 Feb 2026",
            "3-Feb-2026",
            "Feb 3, 2026",
            "3rd February 2026",
        ]),
        prop::sample::select(vec![
            "Total Amount",
            "Grand Total",
            "Total Amount:",
            "Grand Total (INR)",
        ]),
    );
    let kinds = (
        prop::sample::select(FORMS.to_vec()),
        prop::sample::select(vec![Grouping::None, Grouping::Indian, Grouping::Western]),
        prop::sample::select(vec![
            Packing::Plain,
            Packing::Flate,
            Packing::Ascii85Flate,
            Packing::ObjectStream,
        ]),
        prop::sample::select(vec![Lettering::WinAnsi, Lettering::Glyphs]),
        prop::sample::select(vec!["nowhere", "tax", "igst", "halves", "items"]),
    );
    (
        texts,
        kinds,
        prop::collection::vec(item(), 1..40),
        (any::<bool>(), any::<bool>(), 9_usize..56),
        prop::sample::select(vec![1_u32, 10]),
    )
        .prop_map(
            |(texts, kinds, items, (value_above, repeats_titles, lines_per_page), step)| {
                let (number, date_label, date, total_label) = texts;
                let (form, grouping, packing, lettering, tax) = kinds;
                // A date that is not labelled is known by its month in words.
                let date = if date_label == "Mumbai," {
                    "3 Feb 2026"
                } else {
                    date
                };
                let mut pdf = BajajPdf {
                    number: number.to_owned(),
                    date: format!("{date_label} {date}"),
                    items,
                    grouping,
                    packing,
                    lettering,
                    value_above,
                    repeats_titles,
                    lines_per_page,
                    total_label: total_label.to_owned(),
                    ..BajajPdf::sample(form)
                };
                for (item, number) in pdf.items.iter_mut().zip(1_u32..) {
                    item.number = number * step;
                }
                let whole = ((pdf.subtotal() * dec!(0.18)).round_dp(2)).max(dec!(10));
                let half = (whole / dec!(2)).round_dp(2);
                pdf.tax = match tax {
                    "tax" => Tax::Once(vec![("Tax Amount".into(), whole)]),
                    "igst" => Tax::Once(vec![("IGST 18%".into(), whole)]),
                    "halves" => Tax::Once(vec![("CGST 9%".into(), half), ("SGST 9%".into(), half)]),
                    "items" => Tax::PerItem,
                    _ => Tax::Nowhere,
                };
                pdf
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_order_is_read_back_as_it_was_put_in(pdf in order()) {
        let order = read(&pdf);
        assert_same(&order, &pdf);
    }

    #[test]
    fn a_damaged_order_never_panics(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..10),
    ) {
        let mut bytes = BajajPdf { packing: Packing::Plain, ..BajajPdf::sample(Form::PlainTable) }.to_bytes();
        for (place, value) in flips {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        // Where the damage is in what tells an order, nothing is read at all.
        let reading = read_order(&mut Cursor::new(&bytes), FileKind::Pdf, None).unwrap();
        let _ = reading.order.and_then(require_for_po_upload);
    }
}

async fn upload(caller: &Caller, bytes: Vec<u8>, client: Option<&str>) -> Reply {
    let mut form = Multipart::new().part("file", Part::bytes(bytes).file_name("order.pdf"));
    if let Some(client) = client {
        form = form.text("client_id", client.to_owned());
    }
    caller.post("/api/po/upload").form(form).send().await
}

#[tokio::test]
async fn a_pdf_becomes_a_po_with_its_lines() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut pdf = BajajPdf::sample(Form::TitlesPerItem);
    let tax = (pdf.subtotal() * dec!(0.18)).round_dp(2);
    pdf.tax = Tax::Once(vec![("IGST 18%".into(), tax)]);

    // Nobody names the client; the content tells it.
    let reply = upload(&editor, pdf.to_bytes(), None).await;

    let body = reply.expect(200);
    assert_eq!(body["client_id"], 1);
    assert_eq!(body["parser_type"], "po");
    assert_eq!(body["line_item_count"], 3);
    assert_eq!(body["po_details"]["po_number"], "4500000001");
    let po = body["client_po_id"].as_i64().unwrap();
    let details = editor
        .get(format!("/api/po/{po}/details"))
        .send()
        .await
        .expect(200)["data"]
        .clone();
    assert_eq!(details["po_value"], money(&pdf.total().to_string()));
    assert_eq!(details["total_tax"], money(&tax.to_string()));
    assert_eq!(details["value_difference"], money("0"));
    assert_eq!(details["store_id"], "ST-104");
    for (line, item) in body["line_items"].as_array().unwrap().iter().zip(&pdf.items) {
        assert_eq!(line["description"], item.full_description());
        assert_eq!(line["quantity"], money(&item.quantity.to_string()));
        assert_eq!(line["unit_price"], money(&item.rate.to_string()));
        assert_eq!(line["taxable_amount"], money(&item.amount.to_string()));
    }
    let total: Decimal = app
        .value(r#"SELECT sum(gross_amount) FROM "Finances".client_po_line_item"#)
        .await;
    assert_eq!(total, pdf.total());
}

#[tokio::test]
async fn a_pdf_that_cannot_be_read_says_why() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let sample = || BajajPdf::sample(Form::PlainTable);
    let mut encrypted = Objects::default();
    encrypted.plain(1, "<< /Type /Catalog /Pages 2 0 R >>");
    encrypted.trailer = "/Encrypt 9 0 R".into();
    let mut scanned = Pdf::default();
    scanned.page(&[]);
    let mut whole = sample().to_bytes();
    whole.truncate(whole.len() / 2);
    let without_number = BajajPdf {
        number: "Order".into(),
        ..sample()
    };
    let without_titles = BajajPdf {
        has_titles: false,
        ..sample()
    };
    for (bytes, field, reason) in [
        (encrypted.finish(), "file", "encrypted"),
        (scanned.to_bytes(), "file", "no readable text"),
        (whole, "file", "truncated"),
        (without_number.to_bytes(), "po_details.po_number", "PO number"),
        (
            without_titles.to_bytes(),
            "line_items",
            "Line item header not found",
        ),
    ] {
        for client in [None, Some("1")] {
            let reply = upload(&editor, bytes.clone(), client).await;
            let body = reply.expect(422);
            let faults = fault_list(&body);
            assert!(
                faults.iter().any(|fault| fault.contains(field)) && body.to_string().contains(reason),
                "{reason}: {body}"
            );
        }
    }

    let reply = upload(&editor, sample().to_bytes(), Some("2")).await;
    assert!(reply.expect(415).to_string().contains("(xlsx, xls)"));
    let mut letter = Pdf::default();
    letter.page(&[vec![(40, "Dear Sirs".into())]]);
    let reply = upload(&editor, letter.to_bytes(), None).await;
    assert!(reply.expect(422).to_string().contains("client_id"));
}
