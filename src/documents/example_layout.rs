//! The layout that `docs/layouts.md` explains. It is compiled and tried, so that the guide cannot be wrong, and is in no list.

// guide begins
use super::grid::Grid;
use super::inspect::FileKind;
use super::items::{self, Style};
use super::layout::{Fit, OrderLayout};
use super::model::{Finding, FindingKind, ParseFailure, ParsedOrder};
use super::{charges, labels, lines, printed_totals, share_tax, summary, table};

/// The layout.
pub(super) struct ExampleOrder;

impl OrderLayout for ExampleOrder {
    fn parser_type(&self) -> &'static str {
        "example_order"
    }

    fn upload_description(&self) -> &'static str {
        "Example Foods order upload"
    }

    fn kinds(&self) -> &'static [FileKind] {
        &[FileKind::Xlsx, FileKind::Xls]
    }

    fn has_table(&self, sheet: &Grid) -> bool {
        table::find_proforma(sheet).is_some()
    }

    fn fit_of_sheet(&self, sheet: &Grid) -> Fit {
        if sheet.value(1, 1).text().starts_with("Example Foods") {
            Fit::Certain
        } else {
            Fit::No
        }
    }

    fn read_sheet(&self, sheet: &Grid) -> Result<ParsedOrder, ParseFailure> {
        let mut order = ParsedOrder::default();
        let Some(table) = table::find_proforma(sheet) else {
            let message = format!(
                "Missing: No line items found (looked for \"Description\" and \"Qty\" in {})",
                sheet.place(table::MAX_PROFORMA_ROW)
            );
            let missing = Finding::new("line_items", FindingKind::Missing, message);
            order.findings.push(missing);
            return Ok(order);
        };

        // Label/value pairs stand above the table.
        let last_row = table.header_row.saturating_sub(1);
        order.header.po_number = labels::labels(sheet, last_row)
            .iter()
            .filter(|label| label.words.are(&["ORDER", "NO"]))
            .find_map(|label| label.text(sheet, last_row));
        if order.header.po_number.is_none() {
            let message = format!(
                "Missing: PO number (looked for \"Order No\" in {})",
                sheet.place(last_row)
            );
            let missing = Finding::new("po_details.po_number", FindingKind::Missing, message);
            order.findings.push(missing);
        }

        // Rows become items, items become lines with all their figures.
        let rows = items::read(sheet, &table, Style::Proforma)?;
        let mut reading = lines::complete(rows.items, None);
        order.lines = reading.lines;
        order.findings.append(&mut reading.findings);
        order.warnings.extend(rows.warnings);
        order.warnings.append(&mut reading.warnings);

        // What is printed below the table, then what follows from the lines where nothing is printed.
        let printed = printed_totals::read(sheet, &rows.totals, &table.columns, &order.lines);
        order.printed = printed.totals;
        order.warnings.extend(printed.warnings);
        order.findings.extend(printed.findings);
        charges::settle(sheet, &rows.totals, &rows.loose, &mut order);
        share_tax::share_tax(&mut order);
        summary::complete(&mut order);
        order.findings.extend(summary::excess(&order));
        Ok(order)
    }
}
// guide ends

mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::documents::require_for_po_upload;

    #[test]
    fn the_guide_shows_this_layout() {
        let code = include_str!("example_layout.rs");
        let (_, code) = code.split_once("// guide begins\n").unwrap();
        let (code, _) = code.split_once("// guide ends\n").unwrap();

        assert!(include_str!("../../docs/layouts.md").contains(code));
    }

    #[test]
    fn the_layout_of_the_guide_reads_an_order() {
        let sheet = Grid::of(&[
            &["Example Foods Ltd"],
            &["Order No:", "EF-7"],
            &["Sr", "Description", "Qty", "Rate", "Amount"],
            &["1", "Shelf", "2", "50.00", "100.00"],
            &["", "of steel"],
            &["", "GST 18%", "", "", "18.00"],
            &["", "Grand Total", "", "", "118.00"],
        ]);
        assert!(ExampleOrder.has_table(&sheet));
        assert_eq!(ExampleOrder.fit_of_sheet(&sheet), Fit::Certain);

        let order = require_for_po_upload(ExampleOrder.read_sheet(&sheet).unwrap()).unwrap();

        assert_eq!(order.header.po_number.as_deref(), Some("EF-7"));
        assert_eq!(order.lines[0].boq_name, "Shelf of steel");
        assert_eq!(order.lines[0].gross_amount, Some(dec!(118)));
        assert_eq!(order.printed.total_amount, Some(dec!(118)));
    }

    #[test]
    fn what_the_layout_of_the_guide_misses_is_named() {
        let order = ExampleOrder
            .read_sheet(&Grid::of(&[&["Example Foods Ltd"]]))
            .unwrap();
        let table = ExampleOrder.read_sheet(&Grid::of(&[&["Sr", "Description", "Qty", "Rate"]]));

        let fields = |order: ParsedOrder| {
            let failure = require_for_po_upload(order).unwrap_err();
            let findings = failure.findings.into_iter();
            findings.map(|finding| finding.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(order), ["po_details.po_number", "line_items"]);
        assert_eq!(fields(table.unwrap()), ["po_details.po_number", "line_items"]);
    }
}
