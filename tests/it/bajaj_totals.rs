//! The totals of Bajaj's orders as PDF: which figures behind the items are the document's, and which are none.

use nexgen_finance::documents::{ParsedOrder, share_tax};
use rust_decimal::{Decimal, dec};

use crate::support::{
    bajaj_lines::read_bajaj,
    bajaj_pdf::{BajajPdf, Form, PdfItem, Tax},
};

fn read(pdf: &BajajPdf) -> ParsedOrder {
    let mut order = read_bajaj(pdf.to_bytes()).unwrap();
    share_tax(&mut order);
    order
}

#[test]
fn a_tax_that_is_printed_once_is_the_documents_and_is_shared() {
    let mut pdf = BajajPdf::sample(Form::PlainTable);
    let tax = (pdf.subtotal() * dec!(0.18)).round_dp(2);
    pdf.tax = Tax::Once(vec![("Tax Amount".into(), tax)]);

    let order = read(&pdf);

    assert_eq!(order.totals.total_amount, Some(pdf.total()));
    assert_eq!(order.totals.total_tax, Some(tax));
    assert_eq!(order.totals.subtotal, Some(pdf.subtotal()));
    assert_eq!(order.lines[0].gst_amount, Some(dec!(900)));
    assert_eq!(order.lines[0].tax_rate, Some(dec!(18)));
}

#[test]
fn a_total_that_does_not_fit_is_kept_and_told() {
    let mut pdf = BajajPdf::sample(Form::PlainTable);
    pdf.tax = Tax::Once(vec![("Freight".into(), dec!(1000))]);

    let order = read(&pdf);

    assert_eq!(order.totals.total_amount, Some(pdf.total()));
    assert!(
        order
            .warnings
            .iter()
            .any(|warning| warning.starts_with("Total mismatch: lines ")),
        "{:?}",
        order.warnings
    );
}

#[test]
fn what_is_charged_besides_takes_no_tax_away() {
    let freight = || ("Freight".to_owned(), dec!(500));
    let tax = |label: &str, amount| (label.to_owned(), amount);
    for lines in [
        vec![freight(), tax("IGST 18%", dec!(360))],
        vec![
            tax("IGST 18%", dec!(360)),
            freight(),
            tax("Insurance", dec!(20.50)),
        ],
        vec![
            freight(),
            tax("Packing", dec!(50)),
            tax("Other Charges", dec!(75)),
            tax("IGST @ 18%", dec!(360)),
        ],
    ] {
        let mut pdf = BajajPdf::sample(Form::PlainTable);
        pdf.items = vec![
            PdfItem::new(10, "Cable tray", dec!(10), "M", dec!(100)),
            PdfItem::new(20, "Glass door", dec!(2), "EA", dec!(500)),
        ];
        pdf.tax = Tax::Once(lines.clone());

        let order = read(&pdf);

        assert_eq!(
            (order.totals.igst, order.totals.total_tax, order.printed.total_tax),
            (Some(dec!(360)), Some(dec!(360)), Some(dec!(360))),
            "{lines:?}"
        );
        assert_eq!(order.totals.total_amount, Some(pdf.total()));
        assert_eq!(order.totals.subtotal, Some(dec!(2000)));
        assert_eq!(order.lines[1].gst_amount, Some(dec!(180)));
        let mismatch = format!("Total mismatch: lines 2360.00, document {:.2}", pdf.total());
        assert!(order.warnings.contains(&mismatch), "{:?}", order.warnings);
    }
}

#[test]
fn taxes_of_several_rates_add_up() {
    let mut pdf = BajajPdf::sample(Form::PlainTable);
    pdf.items = vec![PdfItem::new(10, "Cable tray", dec!(10), "M", dec!(200))];
    let taxes = [("CGST 9%", 90), ("SGST 9%", 90), ("CGST 6%", 60), ("SGST 6%", 60)];
    pdf.tax = Tax::Once(
        taxes
            .map(|(label, amount)| (label.to_owned(), Decimal::from(amount)))
            .to_vec(),
    );

    let order = read(&pdf);

    assert_eq!(order.totals.total_amount, Some(pdf.total()));
    assert_eq!(
        (order.totals.cgst, order.totals.sgst, order.totals.total_tax),
        (Some(dec!(150)), Some(dec!(150)), Some(dec!(300)))
    );
}

#[test]
fn an_amount_in_the_terms_is_no_total() {
    for form in [Form::TitlesPerItem, Form::PlainTable] {
        for terms in [
            [
                "This Purchase Order is valid.",
                "Penalty: total amount 5,000.00 INR",
            ],
            ["Terms and Conditions", "Grand Total 1.00"],
            ["General Terms", "Total Amount 1.00 INR is the least"],
            [
                "Grand Total 1.00 is the least that is ordered",
                "Total Amount below 2.00 is none",
            ],
        ] {
            let mut pdf = BajajPdf::sample(form);
            pdf.total_label = "Grand Total".into();
            pdf.terms = terms.map(str::to_owned).to_vec();

            let order = read(&pdf);

            assert_eq!(order.lines.len(), pdf.items.len(), "{terms:?}");
            assert_eq!(order.printed.total_amount, Some(pdf.total()), "{terms:?}");
            assert_eq!(order.totals.total_amount, Some(pdf.total()), "{terms:?}");
            assert!(order.warnings.is_empty(), "{:?}", order.warnings);
        }
    }
}
