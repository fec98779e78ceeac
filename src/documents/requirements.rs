//! What a route insists on, and what it lets pass with a warning.

use rust_decimal::Decimal;

use super::model::{Finding, FindingKind, OrderHeader, ParseFailure, ParsedOrder};

const PO_NUMBER: &str = "po_details.po_number";

/// What a purchase order must have: a number of its own or of its proforma invoice, and items with description, quantity
/// above 0 and amount of at least 0. Everything else that is amiss becomes a warning.
///
/// # Errors
/// What is missing or wrong, each with its field, and the order as far as it was read.
pub fn require_for_po_upload(mut order: ParsedOrder) -> Result<ParsedOrder, ParseFailure> {
    let has_number = order.header.po_number.is_some() || order.header.pi_number.is_some();
    let (mut refused, noted): (Vec<_>, Vec<_>) = std::mem::take(&mut order.findings)
        .into_iter()
        .partition(|finding| is_essential(finding, has_number));
    order
        .warnings
        .extend(noted.into_iter().map(|finding| finding.message));
    if !has_number && !refused.iter().any(|finding| finding.field == PO_NUMBER) {
        refused.insert(
            0,
            Finding::new(PO_NUMBER, FindingKind::Missing, "Missing: PO number"),
        );
    }
    if order.lines.is_empty() && !refused.iter().any(|finding| finding.field == "line_items") {
        refused.push(no_items());
    }
    for (index, line) in order.lines.iter().enumerate() {
        let mut demand = |holds: bool, field: &str, message: &str| {
            let finding = Finding::on_line(index, field, FindingKind::Missing, message);
            if !holds && !refused.iter().any(|earlier| earlier.field == finding.field) {
                refused.push(finding);
            }
        };
        demand(!line.boq_name.is_empty(), "description", "Missing description");
        demand(
            line.quantity.is_some_and(is_positive),
            "quantity",
            "Missing or invalid quantity",
        );
        // A rate that is not printed follows from the amount, unless it would be beyond all bounds. Without an amount it
        // is that which is missing.
        demand(
            line.rate.is_some() || line.taxable_amount.is_none(),
            "rate",
            "Missing or invalid rate",
        );
        demand(
            line.taxable_amount.is_some(),
            "amount",
            "Missing or invalid amount",
        );
    }
    settle(order, refused)
}

/// What a proforma invoice must have to be uploaded as one: no finding at all. The number of an order is none of it.
///
/// # Errors
/// All findings, and the invoice as far as it was read.
pub fn require_for_proforma_upload(mut order: ParsedOrder) -> Result<ParsedOrder, ParseFailure> {
    let mut findings = std::mem::take(&mut order.findings);
    findings.retain(|finding| finding.field != PO_NUMBER);
    settle(order, findings)
}

/// More of a kind than this is no help to anyone; the rest is counted.
const MAX_REPORTED: usize = 100;

fn settle(mut order: ParsedOrder, mut findings: Vec<Finding>) -> Result<ParsedOrder, ParseFailure> {
    if let Some(more) = shorten(&mut order.warnings) {
        order.warnings.push(format!("… and {more} more"));
    }
    if findings.is_empty() {
        return Ok(order);
    }
    if let Some(more) = shorten(&mut findings) {
        findings.push(Finding::new(
            "line_items",
            FindingKind::Invalid,
            format!("… and {more} more"),
        ));
    }
    Err(ParseFailure {
        findings,
        partial: Box::new(order),
    })
}

/// Cuts a list at its limit; tells how many entries are gone.
fn shorten<T>(list: &mut Vec<T>) -> Option<usize> {
    let more = list.len().saturating_sub(MAX_REPORTED);
    list.truncate(MAX_REPORTED);
    (more > 0).then_some(more)
}

/// True for a finding without whose remedy no purchase order can be made.
fn is_essential(finding: &Finding, has_number: bool) -> bool {
    let line_field = finding.field.split_once("].").map(|(_, field)| field);
    match finding.field.as_str() {
        "file" | "line_items" => true,
        PO_NUMBER => !has_number,
        _ => matches!(line_field, Some("description" | "quantity" | "amount")),
    }
}

/// The header fields that a proforma invoice must have: the field, what messages call it, and the labels that name it.
type Demand = (bool, &'static str, &'static str, &'static str);

fn header_demands(header: &OrderHeader) -> [Demand; 6] {
    [
        (
            header.client_name.is_some(),
            "client_name",
            "Client name (Bill To)",
            "\"Bill To\", \"Buyer\" or \"Client Name\"",
        ),
        (
            header.vendor_name.is_some(),
            "vendor_name",
            "Vendor name",
            "\"Vendor Name\" or \"Supplier Name\"",
        ),
        (header.pi_number.is_some(), "pi_number", "PI number", PI_LABELS),
        (
            header.pi_date.is_some(),
            "pi_date",
            "PI date",
            "\"PI Date\", \"Invoice Date\" or \"Date\"",
        ),
        (
            header.bill_to_gstin.is_some(),
            "bill_to_gstin",
            "Bill To GSTIN",
            "\"Bill To GSTIN\", or \"GSTIN\" below \"Bill To\"",
        ),
        (
            header.vendor_gstin.is_some(),
            "vendor_gstin",
            "Vendor GSTIN",
            "\"Vendor GSTIN\", or \"GSTIN\" below \"Vendor\"",
        ),
    ]
}

const PI_LABELS: &str = "\"PI No\", \"Invoice No\" or \"Proforma No\"";
const PO_LABELS: &str = "\"PO No\", \"Order No\" or \"Ref No\"";

/// All that a proforma invoice lacks, in the order of the document: `found` while reading it, and what its fields show.
/// `place` is where the fields of its header were looked for.
pub(super) fn proforma_findings(order: &ParsedOrder, found: Vec<Finding>, place: &str) -> Vec<Finding> {
    let mut found = found;
    let mut all = Vec::new();
    let header = &order.header;
    if header.po_number.is_none() && header.pi_number.is_none() {
        let message =
            format!("Missing: PO number or PI number (looked for {PO_LABELS}, {PI_LABELS} in {place})");
        all.push(Finding::new(PO_NUMBER, FindingKind::Missing, message));
    }
    let mut demand = |holds: bool, missing: Finding| {
        // What was found while reading tells more than that the value is missing.
        let earlier = found
            .iter()
            .position(|finding| finding.field == missing.field)
            .map(|at| found.remove(at));
        all.extend(earlier.or((!holds).then_some(missing)));
    };
    for (holds, field, name, labels) in header_demands(header) {
        let field = format!("po_details.{field}");
        let message = format!("Missing: {name} (looked for {labels} in {place})");
        demand(holds, Finding::new(field, FindingKind::Missing, message));
    }
    demand(!order.lines.is_empty(), no_items());
    for (index, line) in order.lines.iter().enumerate() {
        let rules = [
            (!line.boq_name.is_empty(), "description", "Missing BOQ name"),
            (
                line.quantity.is_some_and(is_positive),
                "quantity",
                "Missing or invalid quantity",
            ),
            (
                line.rate.is_some_and(is_positive),
                "rate",
                "Missing or invalid rate",
            ),
            (
                line.taxable_amount.is_some(),
                "amount",
                "Missing or invalid amount",
            ),
            (
                line.gross_amount.is_some_and(is_positive),
                "gross_amount",
                "Gross amount must be > 0",
            ),
        ];
        for (holds, field, message) in rules {
            // Without an amount there is no gross amount either; that is said once.
            if field == "gross_amount" && line.taxable_amount.is_none() && line.gross_amount.is_none() {
                continue;
            }
            let kind = if field == "gross_amount" {
                FindingKind::Invalid
            } else {
                FindingKind::Missing
            };
            demand(holds, Finding::on_line(index, field, kind, message));
        }
    }
    all.extend(found);
    all.extend(total_mismatch(order));
    all
}

fn is_positive(value: Decimal) -> bool {
    value > Decimal::ZERO
}

fn no_items() -> Finding {
    Finding::new(
        "line_items",
        FindingKind::Missing,
        "Missing: No BOQ line items found",
    )
}

/// The printed total may differ from the sum of the lines by half a percent of that sum.
fn total_mismatch(order: &ParsedOrder) -> Option<Finding> {
    let printed = order.printed.total_amount?;
    let sum: Decimal = order.lines.iter().filter_map(|line| line.gross_amount).sum();
    let differs = sum
        .saturating_sub(printed)
        .abs()
        .saturating_mul(Decimal::from(200))
        > sum;
    (differs && !order.lines.is_empty()).then(|| {
        let message = format!("Total mismatch: Calculated {sum:.2} vs Reported {printed:.2}");
        Finding::new("po_details.total_amount", FindingKind::Mismatch, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::model::ParsedLine;

    #[test]
    fn a_flood_of_faults_is_cut_and_counted() {
        let mut order = ParsedOrder {
            lines: vec![ParsedLine::default(); 200],
            ..ParsedOrder::default()
        };
        order.warnings = vec!["odd".to_owned(); 150];

        let failure = require_for_po_upload(order).unwrap_err();

        assert_eq!(failure.findings.len(), MAX_REPORTED + 1);
        assert_eq!(failure.findings[MAX_REPORTED].message, "… and 501 more");
        assert_eq!(failure.partial.warnings[MAX_REPORTED], "… and 50 more");
    }

    #[test]
    fn a_reading_that_failed_is_reported_once() {
        let line = ParsedLine {
            boq_name: "Chair".into(),
            ..ParsedLine::default()
        };
        let order = ParsedOrder {
            lines: vec![line],
            ..ParsedOrder::default()
        };
        let found = vec![Finding::on_line(
            0,
            "quantity",
            FindingKind::Invalid,
            "Missing or invalid quantity",
        )];

        let findings = proforma_findings(&order, found, "row 1");

        let about: Vec<_> = findings
            .iter()
            .filter(|finding| finding.field == "line_items[0].quantity")
            .collect();
        assert_eq!(about.len(), 1);
        assert_eq!(about[0].kind, FindingKind::Invalid);
    }
}
