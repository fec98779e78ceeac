//! A client PO as an overview: the PO, its project, parties and sums, each under a heading of its own.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgExecutor};
use utoipa::ToSchema;

use super::{
    model::{PurchaseOrderRow, PurchaseOrderView},
    proformas::{LineAmounts, Paper},
    store::{line_columns, line_lists, po_columns},
};
use crate::{
    error::{Error, Result},
    finance::line_items::{Line, LineView},
    http::envelope::SUCCESS,
    types::{
        Money,
        ids::{ClientId, ClientPoId, ProjectId, SiteId, VendorId},
    },
};

/// The parties as the paper names them.
#[derive(Debug, Clone, FromRow)]
struct Parties {
    vendor_gstin: Option<String>,
    vendor_address: Option<String>,
    bill_to_gstin: Option<String>,
    bill_to_address: Option<String>,
    ship_to_address: Option<String>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    po: PurchaseOrderRow,
    #[sqlx(flatten)]
    parties: Parties,
}

/// The head of the paper.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Head {
    id: ClientPoId,
    po_number: Option<String>,
    po_date: Option<NaiveDate>,
    pi_number: Option<String>,
    pi_date: Option<NaiveDate>,
    po_type: String,
    po_value: Money,
    #[schema(example = "active")]
    status: String,
}

/// The project that the PO belongs to.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct OwnProject {
    id: Option<ProjectId>,
    name: Option<String>,
}

/// Who ordered.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct OwnClient {
    id: Option<ClientId>,
    name: Option<String>,
}

/// Who sells.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Seller {
    vendor_id: Option<VendorId>,
    vendor_name: Option<String>,
    vendor_gstin: Option<String>,
    vendor_address: Option<String>,
}

/// Where the bill and the goods go.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Buyer {
    bill_to_gstin: Option<String>,
    bill_to_address: Option<String>,
    ship_to_address: Option<String>,
}

/// The paper's figures, and what the PO is worth and what was paid of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Sums {
    subtotal: Option<Money>,
    cgst: Option<Money>,
    sgst: Option<Money>,
    igst: Option<Money>,
    total_tax: Money,
    /// `po_value`.
    grand_total: Money,
    total_paid: Money,
    receivable_amount: Money,
    payment_status: String,
}

/// A client PO as an overview.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Overview {
    client_po_id: ClientPoId,
    #[schema(example = "active")]
    pub(super) po_status: String,
    po: Head,
    project: OwnProject,
    project_id: Option<ProjectId>,
    project_name: Option<String>,
    client: OwnClient,
    vendor: Seller,
    billing: Buyer,
    summary: Sums,
    site_id: Option<SiteId>,
    store_id: Option<String>,
    notes: Option<String>,
    created_at: Option<DateTime<Utc>>,
    receivable_amount: Money,
    total_paid: Money,
    payment_amount: Money,
    payment_status: String,
    stated_value: Option<Money>,
    stated_tax: Option<Money>,
    value_basis: String,
    value_difference: Option<Money>,
    pub(super) version: i32,
    #[schema(value_type = Vec<LineView<'static>>)]
    line_items: Vec<Line>,
    line_item_count: i64,
}

/// The overview at the top level, where `status` says that all went well, and in `data`, where it is the PO's own.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OverviewAnswer {
    #[schema(example = "SUCCESS")]
    pub(super) status: &'static str,
    #[serde(flatten)]
    pub(super) overview: Overview,
    pub(super) data: OverviewData,
}

/// The overview with the PO's own status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OverviewData {
    #[schema(example = "active")]
    pub(super) status: String,
    #[serde(flatten)]
    pub(super) overview: Overview,
}

impl Overview {
    /// The figures of the paper and of each line; what is not stated is that of the PO.
    pub(super) fn figures(&self) -> (Paper, Vec<LineAmounts>) {
        let paper = Paper {
            subtotal: self.summary.subtotal,
            cgst: self.summary.cgst,
            sgst: self.summary.sgst,
            igst: self.summary.igst,
            total_tax: self.stated_tax.or(Some(self.summary.total_tax)),
            grand_total: self.stated_value.or(Some(self.summary.grand_total)),
        };
        let lines = self.line_items.iter().map(|line| LineAmounts {
            quantity: line.quantity,
            rate: line.rate.or(line.unit_price).map(|rate| rate.0),
            taxable: line.total_price,
            tax: line.gst_amount,
            gross: line.gross_amount,
        });
        (paper, lines.collect())
    }
}

impl From<Overview> for OverviewAnswer {
    fn from(overview: Overview) -> Self {
        Self {
            status: SUCCESS,
            overview: overview.clone(),
            data: OverviewData {
                status: overview.po_status.clone(),
                overview,
            },
        }
    }
}

/// The overview of a PO.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub(super) async fn get(db: impl PgExecutor<'_>, id: ClientPoId) -> Result<Overview> {
    const SQL: &str = concat!(
        po_columns!(),
        line_columns!(),
        r#", paper.vendor_gstin, paper.vendor_address, paper.bill_to_gstin, paper.bill_to_address, paper.ship_to_address
          FROM "Finances".client_po_figures AS po
          JOIN "Finances".client_po AS paper ON paper.id = po.id"#,
        line_lists!(),
        " WHERE po.id = $1"
    );
    let row: Option<Row> = sqlx::query_as(SQL).bind(id).fetch_optional(db).await?;
    row.map(Into::into).ok_or(Error::NotFound("PO"))
}

impl From<Row> for Overview {
    fn from(Row { po: row, parties }: Row) -> Self {
        let line_items = row.lines.into_lines(row.po.id);
        let po = PurchaseOrderView::from(row.po);
        Self {
            client_po_id: po.id,
            po_status: po.status.clone(),
            po: Head {
                id: po.id,
                po_number: po.po_number,
                po_date: po.po_date,
                pi_number: po.pi_number,
                pi_date: po.pi_date,
                po_type: po.po_type,
                po_value: po.po_value,
                status: po.status,
            },
            project: OwnProject {
                id: po.project_id,
                name: po.project_name.clone(),
            },
            project_id: po.project_id,
            project_name: po.project_name,
            client: OwnClient {
                id: po.client_id,
                name: po.client_name,
            },
            vendor: Seller {
                vendor_id: po.vendor_id,
                vendor_name: po.vendor_name,
                vendor_gstin: parties.vendor_gstin,
                vendor_address: parties.vendor_address,
            },
            billing: Buyer {
                bill_to_gstin: parties.bill_to_gstin,
                bill_to_address: parties.bill_to_address,
                ship_to_address: parties.ship_to_address,
            },
            summary: Sums {
                subtotal: po.subtotal,
                cgst: po.cgst,
                sgst: po.sgst,
                igst: po.igst,
                total_tax: po.total_tax,
                grand_total: po.po_value,
                total_paid: po.total_paid,
                receivable_amount: po.receivable_amount,
                payment_status: po.payment_status.clone(),
            },
            site_id: po.site_id,
            store_id: po.store_id,
            notes: po.notes,
            created_at: po.created_at,
            receivable_amount: po.receivable_amount,
            total_paid: po.total_paid,
            payment_amount: po.payment_amount,
            payment_status: po.payment_status,
            stated_value: po.stated_value,
            stated_tax: po.stated_tax,
            value_basis: po.value_basis,
            value_difference: po.value_difference,
            version: po.version,
            line_item_count: po.line_item_count,
            line_items,
        }
    }
}
