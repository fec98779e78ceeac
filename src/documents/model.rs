//! What a parser hands over: the order as read, what was wrong with it, and the failure that carries both.
//!
//! Amounts are rupees as exact decimals: money to 2 places, quantities, rates and percentages to 4. Nothing here knows
//! HTTP, the database or the file format.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

/// The kind of a [`Finding`], as it appears in `errors[].type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Nothing is printed where a value must be.
    Missing,
    /// Something is printed, but it is not a value of that kind.
    Invalid,
    /// Two figures of the document contradict each other.
    Mismatch,
    /// The file cannot be read at all.
    Unreadable,
}

impl FindingKind {
    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Mismatch => "mismatch",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One thing that is wrong with a document, tied to the field it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Path of the field: `po_details.pi_number`, `line_items`, `line_items[3].quantity` (from 0), `file`.
    pub field: String,
    /// What is wrong.
    #[serde(rename = "type")]
    pub kind: FindingKind,
    /// One sentence for a person.
    pub message: String,
}

impl Finding {
    pub(crate) fn new(field: impl Into<String>, kind: FindingKind, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            kind,
            message: message.into(),
        }
    }

    /// A finding about line `index` (from 0) of the document; the message counts lines from 1.
    pub(crate) fn on_line(index: usize, field: &str, kind: FindingKind, message: &str) -> Self {
        Self::new(
            format!("line_items[{index}].{field}"),
            kind,
            format!("Line {}: {message}", index.saturating_add(1)),
        )
    }
}

/// The figures of a whole document; `None` where nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sum before tax.
    pub subtotal: Option<Decimal>,
    /// Central GST.
    pub cgst: Option<Decimal>,
    /// State GST.
    pub sgst: Option<Decimal>,
    /// Integrated GST.
    pub igst: Option<Decimal>,
    /// All tax: `cgst + sgst + igst`, else the one tax figure.
    pub total_tax: Option<Decimal>,
    /// Sum with tax.
    pub total_amount: Option<Decimal>,
}

/// Who, when and under which numbers: the label/value pairs above the item table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderHeader {
    /// Name of the company that sells.
    pub vendor_name: Option<String>,
    /// Address of the company that sells.
    pub vendor_address: Option<String>,
    /// GSTIN of the company that sells, as printed.
    pub vendor_gstin: Option<String>,
    /// Name of the company that is billed.
    pub client_name: Option<String>,
    /// Address of the company that is billed.
    pub bill_to_address: Option<String>,
    /// GSTIN of the company that is billed, as printed.
    pub bill_to_gstin: Option<String>,
    /// Name of the place of delivery.
    pub ship_to_name: Option<String>,
    /// Address of the place of delivery; the name where no address is printed.
    pub ship_to_address: Option<String>,
    /// The client's purchase order number.
    pub po_number: Option<String>,
    /// Date of the purchase order.
    pub po_date: Option<NaiveDate>,
    /// The proforma invoice's own number.
    pub pi_number: Option<String>,
    /// Date of the proforma invoice.
    pub pi_date: Option<NaiveDate>,
    /// Name of the site.
    pub site_name: Option<String>,
}

/// One item of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedLine {
    /// Serial number as printed.
    pub sr: Option<String>,
    /// Description, continuation rows joined, at most 2 000 characters. Empty if none is printed.
    pub boq_name: String,
    /// HSN or SAC code as printed.
    pub hsn_code: Option<String>,
    /// Quantity, 4 places.
    pub quantity: Option<Decimal>,
    /// Unit of the quantity as printed.
    pub unit: Option<String>,
    /// Price of one unit before tax, 4 places.
    pub rate: Option<Decimal>,
    /// Amount before tax.
    pub taxable_amount: Option<Decimal>,
    /// Tax in percent, 4 places: as printed, else the rate that gives the tax.
    pub tax_rate: Option<Decimal>,
    /// Tax of this line; `None` where no tax is known.
    pub gst_amount: Option<Decimal>,
    /// Amount with tax: as printed, else taxable amount plus tax, else the taxable amount.
    pub gross_amount: Option<Decimal>,
    /// Position in the document, from 1.
    pub row_index: u32,
}

/// A purchase order or proforma invoice as read from a file.
///
/// It may be incomplete: [`super::require_for_po_upload`] and [`super::require_for_proforma_upload`] decide what a
/// route insists on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedOrder {
    /// Parties, numbers and dates.
    pub header: OrderHeader,
    /// Code of the store the order is for.
    pub store_id: Option<String>,
    /// The figures that stand on the paper, and only those.
    pub printed: Totals,
    /// The printed figures, completed from the lines where the paper is silent.
    pub totals: Totals,
    /// The items, in the order of the document.
    pub lines: Vec<ParsedLine>,
    /// What a person should look at, though it refuses nothing.
    pub warnings: Vec<String>,
    /// What could not be read; a route refuses it or turns it into warnings.
    pub findings: Vec<Finding>,
}

/// Why a document was refused, together with what could be read of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.summary())]
pub struct ParseFailure {
    /// At least one finding, in the order of the document.
    pub findings: Vec<Finding>,
    /// Everything that was read all the same, with its warnings.
    pub partial: Box<ParsedOrder>,
}

impl ParseFailure {
    /// A file that cannot be read at all, and why.
    pub(crate) fn unreadable(reason: impl Into<String>) -> Self {
        Self {
            findings: vec![Finding::new("file", FindingKind::Unreadable, reason)],
            partial: Box::default(),
        }
    }

    /// All messages in one line, separated by semicolons.
    pub fn summary(&self) -> String {
        self.findings
            .iter()
            .map(|finding| finding.message.as_str())
            .collect::<Vec<_>>()
            .join("; ")
    }
}
