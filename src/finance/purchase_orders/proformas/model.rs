//! Proforma invoices as they are sent and shown.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use super::rules;
use crate::{
    finance::{
        line_items::{Line, LineView, NewLine},
        purchase_orders::{
            list::{CREATED, ID, SORTS},
            overview::OverviewAnswer,
        },
    },
    http::list::{Direction, Order, PageInfo, Paging},
    types::{
        Fields, FromFields, Money, Percent, Problem, Quantity, Rate, Text,
        ids::{ClientId, ClientPoId, ProjectId, VendorId},
    },
};

/// Whose invoices they are where nobody says.
const USUAL_CLIENT: ClientId = ClientId(2);
/// The most items of an invoice.
const MOST_ITEMS: usize = 1000;

/// An invoice to be made.
#[derive(Debug, Clone)]
pub(super) struct NewInvoice {
    pub(super) client_id: ClientId,
    pub(super) project_id: Option<ProjectId>,
    pub(super) vendor_id: Option<VendorId>,
    pub(super) vendor_name: Option<Text<255>>,
    pub(super) vendor_address: Option<Text<1000>>,
    pub(super) number: Text<100>,
    pub(super) date: Option<NaiveDate>,
    /// Tax included: what was stated, else what the items give.
    pub(super) amount: Money,
    pub(super) items: Vec<NewLine>,
}

/// The body of an invoice to be made.
#[derive(Debug, ToSchema)]
#[schema(as = NewProformaInvoice)]
#[expect(dead_code, reason = "read through `NewInvoice`; this only documents the body")]
pub(super) struct NewInvoiceBody {
    /// Whose invoice it is; Dava India unless given.
    #[schema(default = 2)]
    client_id: Option<ClientId>,
    /// The project that it belongs to; must exist and be the client's.
    project_id: Option<ProjectId>,
    /// The seller.
    vendor_id: Option<VendorId>,
    /// The seller by its name, without regard to case; made if there is none. `vendor_id` wins.
    #[schema(max_length = 255)]
    vendor_name: Option<String>,
    /// As it stands on the invoice.
    #[schema(max_length = 1000)]
    vendor_address: Option<String>,
    /// Unique within the project, or among the client's POs without one; `pi_number` is another name.
    #[schema(example = "PFI-1", max_length = 100)]
    invoice_number: String,
    /// `pi_date` is another name.
    #[schema(example = "2026-02-10")]
    invoice_date: Option<NaiveDate>,
    /// Tax included; what the items give to the paisa. Required without items.
    #[schema(example = 50000)]
    amount: Option<Money>,
    /// Nothing but `INR`.
    #[schema(example = "INR")]
    currency: Option<String>,
    #[schema(max_items = 1000,
        example = json!([{"description": "Cabling works", "quantity": 100, "unit_price": 500, "total": 50000}]))]
    items: Option<Vec<ItemBody>>,
}

/// An item of a document that is made from JSON.
#[derive(Debug, ToSchema)]
#[schema(as = NewItem)]
#[expect(dead_code, reason = "read through `NewLine`; this only documents the body")]
pub(in crate::finance::purchase_orders) struct ItemBody {
    /// `item_name` is another name, which wins.
    #[schema(example = "Cabling works", max_length = 2000)]
    description: String,
    /// Above 0.
    quantity: Quantity,
    /// Required unless `total` is given.
    unit_price: Option<Rate>,
    /// Before tax; quantity × unit price to the paisa where both are given. `amount` is another name.
    total: Option<Money>,
    /// At most 50 characters.
    hsn_code: Option<String>,
    /// At most 50 characters.
    unit: Option<String>,
    /// Percent, 0 to 100; gives `gst_amount`.
    tax_rate: Option<Percent>,
    /// Kept as given; gives `tax_rate` where that is absent.
    gst_amount: Option<Money>,
}

/// Reads the items of a document; none if there are none. Their totals agree with quantity and price.
pub(in crate::finance::purchase_orders) fn items(fields: &mut Fields<'_>) -> Vec<NewLine> {
    if !fields.has("items") {
        return Vec::new();
    }
    fields.list("items", (0, MOST_ITEMS), item).unwrap_or_default()
}

fn item(fields: &mut Fields<'_>) -> Option<NewLine> {
    let name = if fields.has_text("total") {
        "total"
    } else {
        "amount"
    };
    let total: Option<Money> = fields.optional(name);
    if total.is_some() {
        fields.alias("amount", "total");
    } else if fields.has_text(name) {
        // What is no sum has been named.
        fields.forget(name);
        fields.forget("amount");
        if !fields.has_text("unit_price") {
            return None;
        }
    }
    let line = NewLine::from_fields(fields)?;
    if total.is_some_and(|total| !rules::agree(total, line.figures.total_price)) {
        fields.fault(name, Problem::new("value_error", "must be quantity × unit_price"));
    }
    Some(line)
}

/// What items are worth, tax included.
pub(in crate::finance::purchase_orders) fn worth(items: &[NewLine]) -> Money {
    let gross = |line: &NewLine| line.figures.gross_amount.unwrap_or(line.figures.total_price);
    items.iter().map(gross).sum()
}

/// Refuses every currency but the rupee.
pub(in crate::finance::purchase_orders) fn only_rupees(fields: &mut Fields<'_>) {
    let currency: Option<Text<10>> = fields.optional("currency");
    if currency.is_some_and(|currency| !currency.eq_ignore_ascii_case("INR")) {
        fields.fault("currency", Problem::new("enum", "must be INR"));
    }
}

impl FromFields for NewInvoice {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias("invoice_number", "pi_number");
        fields.alias("invoice_date", "pi_date");
        only_rupees(fields);
        let number = fields.required("invoice_number");
        let stated: Option<Money> = fields.optional("amount");
        let items = items(fields);
        let given = worth(&items);
        if fields.is_faultless() {
            match stated {
                None if items.is_empty() => {
                    fields.fault(
                        "amount",
                        Problem::new("missing", "Field required, unless items are given"),
                    );
                }
                Some(stated) if !items.is_empty() && !rules::agree(stated, given) => {
                    fields.fault(
                        "amount",
                        Problem::new("value_error", format!("must be the sum of the items, {given:.2}")),
                    );
                }
                None if !given.is_storable() => {
                    fields.fault("items", Problem::new("less_than_equal", "are worth too much"));
                }
                _ => {}
            }
        }
        let client_id = fields.optional("client_id").unwrap_or(USUAL_CLIENT);
        let project_id = fields.optional("project_id");
        let vendor_id = fields.optional("vendor_id");
        let vendor_name = fields.optional("vendor_name");
        let vendor_address = fields.optional("vendor_address");
        let date = fields.optional("invoice_date");
        Some(Self {
            client_id,
            project_id,
            vendor_id,
            vendor_name,
            vendor_address,
            number: number?,
            date,
            amount: stated.unwrap_or(given),
            items,
        })
    }
}

/// A proforma invoice in a list.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
pub(super) struct ProformaInvoice {
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(super) invoice: Invoice,
    /// How its PO stands.
    #[schema(example = "pending")]
    pub(super) status: String,
}

/// A proforma invoice but for how it stands.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
pub(super) struct Invoice {
    pub(super) id: ClientPoId,
    /// The same.
    client_po_id: ClientPoId,
    client_id: Option<ClientId>,
    #[schema(example = "Dava India")]
    client_name: Option<String>,
    project_id: Option<ProjectId>,
    project_name: Option<String>,
    vendor_id: Option<VendorId>,
    vendor_name: Option<String>,
    #[schema(example = "PFI-1")]
    pi_number: String,
    pi_date: Option<NaiveDate>,
    po_number: Option<String>,
    po_date: Option<NaiveDate>,
    /// What its PO is worth, tax included.
    amount: Money,
    /// The sum before tax as stated.
    subtotal: Option<Money>,
    /// The GST in `amount`.
    total_tax: Money,
    line_item_count: i64,
    created_at: DateTime<Utc>,
}

/// An invoice that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct InvoiceCreated {
    #[serde(flatten)]
    pub(super) invoice: Invoice,
    /// How its PO stands.
    #[schema(example = "pending")]
    pub(super) po_status: String,
    #[schema(value_type = Vec<LineView<'static>>)]
    pub(super) line_items: Vec<Line>,
}

/// A page of proforma invoices.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct InvoiceList {
    pub(super) proforma_invoices: Vec<ProformaInvoice>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// Which proforma invoices are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct InvoiceQuery {
    /// Only this client's.
    pub(super) client_id: Option<ClientId>,
    /// Only this project's.
    pub(super) project_id: Option<ProjectId>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for InvoiceQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let newest_first = Order::of(&[(CREATED, Direction::Down), (ID, Direction::Down)]);
        Some(Self {
            client_id: fields.optional("client_id"),
            project_id: fields.optional("project_id"),
            paging: Paging::read(fields, 50),
            order: Order::read(fields, &SORTS, newest_first),
        })
    }
}

/// What is to be said of an invoice's figures.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Verdict {
    /// `VALID` if the figures agree to a paisa, else `INVALID`.
    #[schema(example = "INVALID")]
    pub(super) status: &'static str,
    pub(super) client_po_id: ClientPoId,
    pub(super) line_item_count: usize,
    /// Each contradiction.
    #[schema(example = json!(["Subtotal mismatch: Calculated 1.00 vs Reported 2.00"]))]
    pub(super) validation_errors: Vec<String>,
    /// As `GET /client-po/{client_po_id}` answers it.
    pub(super) po_data: OverviewAnswer,
}
