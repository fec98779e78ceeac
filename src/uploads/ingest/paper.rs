//! What was read of a file, on the wire.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    documents::{ParsedLine, ParsedOrder},
    types::{Money, Percent, Quantity, Rate, ids::ClientPoId},
};

/// What stands on the paper above and below its items; null where it says nothing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::uploads) struct PoDetails {
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
pub(in crate::uploads) struct ReadLine {
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
pub(in crate::uploads) struct DashboardInfo {
    pub(in crate::uploads) project_name: Option<String>,
    pub(in crate::uploads) po_number: Option<String>,
    pub(in crate::uploads) client_po_id: Option<ClientPoId>,
    pub(in crate::uploads) line_items_count: usize,
}
