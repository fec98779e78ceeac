//! The reader on whole files: sound ones in every packing, and ones that are made to break it.

use std::io::Cursor;

use proptest::prelude::*;

use super::limits::MAX_PAGES;
use super::read;
use crate::documents::pdf_writer::{Lettering, Objects, Packing, Pdf, deflated, deflated_zeros};

fn lines(bytes: &[u8]) -> Vec<Vec<String>> {
    let pages = read(&mut Cursor::new(bytes)).unwrap();
    let texts = |page: super::Page| page.lines.into_iter().map(|line| line.text).collect();
    pages.into_iter().map(texts).collect()
}

fn refusal(bytes: &[u8]) -> String {
    match read(&mut Cursor::new(bytes)) {
        Ok(pages) => panic!("read as {pages:?}"),
        Err(failure) => failure.summary(),
    }
}

fn sample() -> Pdf {
    let mut pdf = Pdf::default();
    pdf.page(&[
        vec![(40, "Purchase Order".into()), (300, "4500000001".into())],
        vec![(40, "caf\u{e9} (10)".into())],
    ]);
    pdf.page(&[vec![(40, "2,82,359.12".into())]]);
    pdf
}

/// A file of one page with this content and these further objects.
fn file_of(content: &[u8], resources: &str, more: &[(u32, &str)]) -> Vec<u8> {
    let mut file = Objects::default();
    file.plain(1, "<< /Type /Catalog /Pages 2 0 R >>");
    file.plain(2, "<< /Type /Pages /Count 1 /Kids [4 0 R] >>");
    file.plain(3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    file.plain(
        4,
        &format!("<< /Type /Page /Contents 5 0 R /Resources << /Font << /F1 3 0 R >> {resources} >> >>"),
    );
    file.stream(5, "", content);
    for (id, body) in more {
        file.plain(*id, body);
    }
    file.finish()
}

#[test]
fn text_is_the_same_in_every_packing_and_lettering() {
    for packing in [
        Packing::Plain,
        Packing::Flate,
        Packing::Ascii85Flate,
        Packing::ObjectStream,
    ] {
        for lettering in [Lettering::WinAnsi, Lettering::Glyphs] {
            let pdf = Pdf {
                packing,
                lettering,
                ..sample()
            };
            assert_eq!(
                lines(&pdf.to_bytes()),
                [
                    vec!["Purchase Order 4500000001", "caf\u{e9} (10)"],
                    vec!["2,82,359.12"]
                ],
                "{packing:?} {lettering:?}"
            );
        }
    }
}

#[test]
fn every_operator_that_places_text_is_carried_out() {
    let content = b"q 2 0 0 2 10 10 cm BT /F1 10 Tf 0 300 Td (one) Tj 12 TL T* (two) Tj (three) ' 0 -12 TD \
        [(fo) -20 (ur) -1000 (five)] TJ 1 3 (six) \" ET Q BT /F1 10 Tf 10 20 Td 3 Ts 50 Tz (sev) Tj (en) Tj ET \
        BI /W 1 /H 1 ID \x00\xff(( EI BT /F1 10 Tf 10 2 Td (eight) Tj ET";

    assert_eq!(
        lines(&file_of(content, "", &[])),
        [["one", "two", "three", "four five", "s i x", "seven", "eight"]]
    );
}

#[test]
fn a_form_is_read_where_it_is_drawn() {
    let mut file = Objects::default();
    file.plain(1, "<< /Pages 2 0 R >>");
    file.plain(
        2,
        "<< /Kids [4 0 R] /Resources << /Font << /F1 3 0 R >> /XObject << /A 6 0 R >> >> >>",
    );
    file.plain(3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    file.plain(4, "<< /Type /Page /Contents [5 0 R] >>");
    file.stream(
        5,
        "",
        b"BT /F1 9 Tf 10 100 Td (under) Tj ET q 1 0 0 1 0 50 cm /A Do Q",
    );
    file.stream(
        6,
        "/Subtype /Form /Matrix [1 0 0 1 0 70]",
        b"BT /F1 9 Tf 10 0 Td (above) Tj ET",
    );

    assert_eq!(lines(&file.finish()), [["above", "under"]]);
}

#[test]
fn a_file_changed_by_appending_is_read_as_changed() {
    let mut bytes = sample().to_bytes();
    let content = "BT /F1 9 Tf 40 700 Td (changed) Tj ET";
    bytes.extend(
        format!(
            "11 0 obj << /Length {} >> stream\n{content}\nendstream endobj\nstartxref\n0\n%%EOF\n",
            content.len()
        )
        .into_bytes(),
    );

    assert_eq!(lines(&bytes)[0], ["changed"]);
}

#[test]
fn a_length_may_be_elsewhere_or_wrong() {
    for length in ["/Length 6 0 R", "/Length 3", "/Length 999999", ""] {
        let content = "BT /F1 9 Tf 40 700 Td (text) Tj ET";
        let body = format!("<< {length} >> stream\r\n{content}\r\nendstream");
        let size = content.len().to_string();
        let bytes = file_of(b"", "", &[(6, &size), (5, &body)]);
        assert_eq!(lines(&bytes), [["text"]], "{length}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let empty = file_of(b"0 0 m 9 9 l S", "", &[]);
    assert!(refusal(&empty).contains("no readable text; scanned copies cannot be parsed"));
    assert!(refusal(b"%PDF-1.7\n%%EOF").contains("no pages"));
    assert!(refusal(b"").contains("truncated"));

    let mut encrypted = Objects::default();
    encrypted.plain(1, "<< /Pages 2 0 R >>");
    encrypted.trailer = "/Encrypt 9 0 R".into();
    assert!(refusal(&encrypted.finish()).contains("encrypted"));
    assert!(refusal(&encrypted.finish_packed()).contains("encrypted"));

    let unknown = file_of(
        b"BT /F2 9 Tf 40 700 Td (abcd) Tj ET",
        "/Font << /F2 7 0 R >>",
        &[
            (
                4,
                "<< /Type /Page /Contents 5 0 R /Resources << /Font << /F2 7 0 R >> >> >>",
            ),
            (
                7,
                "<< /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [] >>",
            ),
        ],
    );
    assert!(
        refusal(&unknown).contains("no readable text"),
        "{}",
        refusal(&unknown)
    );
}

#[test]
fn a_file_that_is_filled_up_with_zeros_is_whole() {
    for packing in [Packing::Plain, Packing::ObjectStream] {
        let mut bytes = Pdf { packing, ..sample() }.to_bytes();
        let whole = lines(&bytes);
        bytes.extend(vec![0; 100_000]);
        assert_eq!(lines(&bytes), whole);
    }
}

#[test]
fn a_truncated_file_is_never_read_in_part() {
    for packing in [Packing::Plain, Packing::Flate, Packing::ObjectStream] {
        let bytes = Pdf { packing, ..sample() }.to_bytes();
        for twentieth in 0..20 {
            let part = &bytes[..bytes.len() * twentieth / 20];
            assert!(refusal(part).contains("truncated"), "{packing:?} {twentieth}");
        }
    }
}

#[test]
fn damaged_content_is_refused_and_not_skipped() {
    let mut packed = deflated(b"BT /F1 9 Tf 40 700 Td (text) Tj ET");
    let last = packed.len() - 1;
    packed[last] ^= 1;
    let mut file = Objects::default();
    file.plain(1, "<< /Pages 2 0 R >>");
    file.plain(2, "<< /Kids [4 0 R] >>");
    file.plain(4, "<< /Contents 5 0 R >>");
    file.stream(5, "/Filter /FlateDecode", &packed);
    assert!(refusal(&file.finish()).contains("page 1 cannot be read"));

    for content in [&b"BT (never closed Tj"[..], b"BT (a) Tj [ ET", b"<</A"] {
        assert!(
            refusal(&file_of(content, "", &[])).contains("damaged"),
            "{content:?}"
        );
    }
}

#[test]
fn pages_are_counted_and_a_tree_that_is_no_tree_is_refused() {
    let mut pdf = Pdf::default();
    for _ in 0..MAX_PAGES {
        pdf.page(&[vec![(9, "x".into())]]);
    }
    assert_eq!(lines(&pdf.to_bytes()).len(), MAX_PAGES);
    pdf.page(&[]);
    assert!(refusal(&pdf.to_bytes()).contains("more than 200 pages"));
    for _ in 0..10_000 {
        pdf.page(&[]);
    }
    assert!(refusal(&pdf.to_bytes()).contains("more than 200 pages"));

    let circle = file_of(b"", "", &[(2, "<< /Kids [4 0 R 2 0 R] >>")]);
    assert!(refusal(&circle).contains("circle"));
    let to_itself = file_of(b"", "", &[(2, "2 0 R")]);
    assert!(refusal(&to_itself).contains("damaged"));
    let deep: Vec<(u32, String)> = (10..400)
        .map(|id| (id, format!("<< /Kids [{} 0 R] >>", id + 1)))
        .collect();
    let deep: Vec<(u32, &str)> = deep.iter().map(|(id, body)| (*id, body.as_str())).collect();
    let deep = file_of(
        b"",
        "",
        &[&[(2, "<< /Kids [10 0 R] >>")], deep.as_slice()].concat(),
    );
    assert!(refusal(&deep).contains("too deep"));
}

#[test]
fn bombs_are_refused_while_small() {
    let bomb = deflated_zeros(1 << 26);
    let mut file = Objects::default();
    file.plain(1, "<< /Pages 2 0 R >>");
    file.plain(2, "<< /Kids [4 0 R] >>");
    file.plain(4, "<< /Contents 5 0 R >>");
    file.stream(5, "/Filter /FlateDecode", &bomb);
    assert!(refusal(&file.finish()).contains("unpacks to more"));
    file.stream(6, "/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", &bomb);
    assert!(refusal(&file.finish()).contains("unpacks to more"));

    let twice = deflated(&bomb);
    file.stream(5, "/Filter [/FlateDecode /FlateDecode]", &twice);
    assert!(refusal(&file.finish()).contains("unpacks to more"));
}

#[test]
fn forms_that_draw_themselves_or_each_other_without_end_are_refused() {
    let mut file = Objects::default();
    file.plain(1, "<< /Pages 2 0 R >>");
    file.plain(2, "<< /Kids [4 0 R] >>");
    file.plain(
        4,
        "<< /Contents 5 0 R /Resources << /XObject << /A 6 0 R >> >> >>",
    );
    file.stream(5, "", b"/A Do");
    file.stream(
        6,
        "/Subtype /Form /Resources << /XObject << /A 6 0 R >> >>",
        b"/A Do",
    );
    assert!(refusal(&file.finish()).contains("without end"));

    // Ten forms, each of which draws the next a thousand times.
    for form in 0..10 {
        let resources = format!(
            "/Subtype /Form /Resources << /XObject << /A {} 0 R >> >>",
            7 + form
        );
        file.stream(6 + form, &resources, "/A Do ".repeat(1_000).as_bytes());
    }
    assert!(refusal(&file.finish()).contains("too complicated"));
}

#[test]
fn deep_nesting_and_endless_references_end() {
    for deep in ["[", "<<", "<</A", "(", "<</A["] {
        let body = deep.repeat(200_000);
        let text = b"BT /F1 9 Tf 40 700 Td (text) Tj ET";
        assert_eq!(lines(&file_of(text, "", &[(9, &body)])), [["text"]], "{deep}");
        assert!(
            refusal(&file_of(body.as_bytes(), "", &[])).contains("damaged"),
            "{deep}"
        );
    }
    let lengths = file_of(b"", "", &[(5, "<< /Length 5 0 R >> stream\nendstream")]);
    assert!(refusal(&lengths).contains("no readable text"));
    let filters = file_of(b"", "", &[(5, "<< /Filter 5 0 R >> stream\nendstream")]);
    assert!(!refusal(&filters).is_empty());
}

#[test]
fn text_without_end_is_refused() {
    let endless = format!("BT /F1 9 Tf 40 700 Td {} ET", "(aaaaaaaaaa) Tj ".repeat(50_000));
    assert!(refusal(&file_of(endless.as_bytes(), "", &[])).contains("more text than any order"));
}

#[test]
fn fonts_and_lines_without_end_are_refused() {
    let widths = "0 65535 500 ".repeat(20_000);
    let font = format!("<< /Subtype /Type0 /DescendantFonts [<< /W [{widths}] >>] >>");
    let content = b"BT /F1 9 Tf 40 700 Td (text) Tj ET";
    assert!(refusal(&file_of(content, "", &[(3, &font)])).contains("too complicated"));

    let words = format!("BT /F1 1 Tf 40 700 Td {} ET", "(a ) Tj ".repeat(1_000));
    assert!(refusal(&file_of(words.as_bytes(), "", &[])).contains("more words"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn flipped_bytes_never_panic(
        packing in prop::sample::select(vec![Packing::Plain, Packing::Flate, Packing::Ascii85Flate, Packing::ObjectStream]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = Pdf { packing, lettering: Lettering::Glyphs, ..sample() }.to_bytes();
        for (place, value) in flips {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        // Whatever comes out, it comes out; a panic would be told as a damaged file, so this asks the reader itself.
        let _ = super::pages(&bytes);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let mut bytes = bytes;
        bytes.extend(b"trailer << /Root 1 0 R >> %%EOF");
        let _ = super::pages(&bytes);
    }
}
