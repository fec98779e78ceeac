//! The upload of a PO on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    documents::{ParsedLine, ParsedOrder},
    types::{
        Fields, FromFields, Money, Percent, Quantity, Rate, Text,
        ids::{ClientId, ClientPoId, ProjectId},
    },
};

/// What is said beside the file, in the form or in the query; the form wins.
#[derive(Debug, Clone)]
pub(super) struct UploadOptions {
    pub(super) client_id: Option<ClientId>,
    pub(super) project_id: Option<ProjectId>,
    pub(super) project_name: Option<Text<255>>,
    pub(super) uploaded_by: Option<Text<100>>,
    pub(super) auto_save: bool,
    pub(super) revision: bool,
}

impl FromFields for UploadOptions {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            client_id: fields.optional("client_id"),
            project_id: fields.optional("project_id"),
            project_name: fields.optional("project_name"),
            uploaded_by: fields.optional("uploaded_by"),
            auto_save: fields.optional("auto_save").unwrap_or(true),
            revision: fields.optional("revision").unwrap_or(false),
        })
    }
}

/// The form, for the OpenAPI document. Every field but the file may also stand in the query.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "read through `UploadOptions`; this only documents the form"
)]
pub(super) struct UploadForm {
    /// The file: xlsx or xls.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// Whose order it is; without it the layout of the file decides.
    client_id: Option<ClientId>,
    /// The project that it belongs to; must exist and be the client's.
    project_id: Option<ProjectId>,
    /// Its name instead; made if there is none. Without both, the store or site on the paper names the project.
    project_name: Option<String>,
    /// Who sends it, if not the caller.
    uploaded_by: Option<String>,
    /// Whether a PO is made of it; else it is only stored and read.
    #[schema(default = true)]
    auto_save: Option<bool>,
    /// Whether the PO that exists already takes the figures of this file.
    #[schema(default = false)]
    revision: Option<bool>,
}

/// What stands on the paper above and below its items; null where it says nothing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PoDetails {
    #[schema(example = "4500000001")]
    po_number: Option<String>,
    client_po_number: Option<String>,
    po_date: Option<NaiveDate>,
    pi_number: Option<String>,
    pi_date: Option<NaiveDate>,
    po_value: Option<Money>,
    subtotal: Option<Money>,
    cgst: Option<Money>,
    sgst: Option<Money>,
    igst: Option<Money>,
    total_tax: Option<Money>,
    total: Option<Money>,
    total_amount: Option<Money>,
    #[schema(example = "ST-104")]
    store_id: Option<String>,
    site_name: Option<String>,
    site_address: Option<String>,
    vendor_name: Option<String>,
    vendor_address: Option<String>,
    vendor_gstin: Option<String>,
    client_name: Option<String>,
    bill_to_address: Option<String>,
    bill_to_gstin: Option<String>,
    ship_to_name: Option<String>,
    ship_to_address: Option<String>,
}

impl From<&ParsedOrder> for PoDetails {
    fn from(order: &ParsedOrder) -> Self {
        let (header, totals) = (&order.header, &order.totals);
        let money = |amount: Option<Decimal>| amount.map(Money);
        Self {
            po_number: header.po_number.clone(),
            client_po_number: header.po_number.clone(),
            po_date: header.po_date,
            pi_number: header.pi_number.clone(),
            pi_date: header.pi_date,
            po_value: money(totals.total_amount),
            subtotal: money(totals.subtotal),
            cgst: money(totals.cgst),
            sgst: money(totals.sgst),
            igst: money(totals.igst),
            total_tax: money(totals.total_tax),
            total: money(totals.total_amount),
            total_amount: money(totals.total_amount),
            store_id: order.store_id.clone(),
            site_name: header.site_name.clone(),
            site_address: header.ship_to_address.clone(),
            vendor_name: header.vendor_name.clone(),
            vendor_address: header.vendor_address.clone(),
            vendor_gstin: header.vendor_gstin.clone(),
            client_name: header.client_name.clone(),
            bill_to_address: header.bill_to_address.clone(),
            bill_to_gstin: header.bill_to_gstin.clone(),
            ship_to_name: header.ship_to_name.clone(),
            ship_to_address: header.ship_to_address.clone(),
        }
    }
}

/// An item on the paper.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ReadLine {
    sr: Option<String>,
    #[schema(example = "Cabling works")]
    description: String,
    item_name: String,
    boq_name: String,
    quantity: Option<Quantity>,
    unit: Option<String>,
    unit_price: Option<Rate>,
    rate: Option<Rate>,
    /// Before tax.
    amount: Option<Money>,
    taxable_amount: Option<Money>,
    /// Percent.
    tax_rate: Option<Percent>,
    tax_amount: Option<Money>,
    gst_amount: Option<Money>,
    gross_amount: Option<Money>,
    total_with_gst: Option<Money>,
    hsn_code: Option<String>,
    /// Its place on the paper, from 1.
    row_index: u32,
}

impl From<&ParsedLine> for ReadLine {
    fn from(line: &ParsedLine) -> Self {
        Self {
            sr: line.sr.clone(),
            description: line.boq_name.clone(),
            item_name: line.boq_name.clone(),
            boq_name: line.boq_name.clone(),
            quantity: line.quantity.map(Quantity),
            unit: line.unit.clone(),
            unit_price: line.rate.map(Rate),
            rate: line.rate.map(Rate),
            amount: line.taxable_amount.map(Money),
            taxable_amount: line.taxable_amount.map(Money),
            tax_rate: line.tax_rate.map(Percent),
            tax_amount: line.gst_amount.map(Money),
            gst_amount: line.gst_amount.map(Money),
            gross_amount: line.gross_amount.map(Money),
            total_with_gst: line.gross_amount.map(Money),
            hsn_code: line.hsn_code.clone(),
            row_index: line.row_index,
        }
    }
}

/// What the dashboard shows of an upload.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct DashboardInfo {
    pub(super) project_name: Option<String>,
    pub(super) po_number: Option<String>,
    pub(super) client_po_id: Option<ClientPoId>,
    pub(super) line_items_count: usize,
}

/// A file that was read, and the PO that was made of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Uploaded {
    /// Always `completed`.
    #[schema(example = "completed")]
    pub(super) parsing_status: &'static str,
    pub(super) file_id: String,
    pub(super) session_id: String,
    pub(super) client_id: ClientId,
    #[schema(example = "Dava India")]
    pub(super) client_name: String,
    #[schema(example = "proforma_invoice")]
    pub(super) parser_type: &'static str,
    pub(super) po_details: PoDetails,
    pub(super) line_items: Vec<ReadLine>,
    pub(super) line_item_count: usize,
    /// Null when nothing was to be saved.
    pub(super) client_po_id: Option<ClientPoId>,
    pub(super) project_id: Option<ProjectId>,
    pub(super) project_name: Option<String>,
    #[schema(example = "po.xlsx")]
    pub(super) original_filename: String,
    pub(super) upload_timestamp: DateTime<Utc>,
    /// What a person should look at.
    pub(super) warnings: Vec<String>,
    /// Always null in a success.
    pub(super) error: Option<String>,
    pub(super) dashboard_info: DashboardInfo,
}
