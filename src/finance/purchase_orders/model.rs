//! Client POs as they are stored and shown.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::{FromRow, postgres::PgRow};
use utoipa::ToSchema;

use crate::{
    finance::{
        kept_totals::KeptTotal,
        line_items::{Line, LineColumns, LineView},
    },
    http::list::PageInfo,
    postgres::in_order::{InOrder as _, in_order},
    types::{
        Money,
        ids::{ClientId, ClientPoId, ProjectId, SiteId, VendorId},
        moment,
        words::words,
    },
};

words! {
    /// How a PO stands.
    PoStatus {
        /// Not sent yet.
        Draft = "draft",
        /// Placed.
        Pending = "pending",
        /// Being worked on.
        Active = "active",
        /// Done.
        Completed = "completed",
        /// Given up: in lists, but in no sum.
        Cancelled = "cancelled",
    }
}

words! {
    /// What kind of order a PO is.
    PoType {
        /// An order like any other.
        Standard = "standard",
        /// Agreed by word of mouth; made by its own routes only.
        VerbalAgreement = "verbal_agreement",
        /// Adds to another PO.
        Additional = "additional",
        /// Changes another PO.
        Amendment = "amendment",
        /// Ordered by a proforma invoice.
        Proforma = "proforma",
    }
}

words! {
    /// How far a PO is paid; computed, never stored.
    PaymentStatus {
        /// Nothing has arrived.
        Pending = "pending",
        /// Something has.
        Partial = "partial",
        /// All of it, or more.
        Paid = "paid",
    }
}

impl PaymentStatus {
    /// The status of something of this value of which so much is paid.
    pub fn of(paid: Money, value: Money) -> Self {
        if paid <= Money::ZERO {
            Self::Pending
        } else if paid >= value {
            Self::Paid
        } else {
            Self::Partial
        }
    }
}

words! {
    /// What a PO's value follows from.
    ValueBasis {
        /// The sum of its lines and their taxes.
        Lines = "lines",
        /// What the paper or the user said.
        Stated = "stated",
    }
}

/// A row of the view `client_po_figures`.
#[derive(Debug, Clone)]
pub struct PurchaseOrder {
    /// Its id.
    pub id: ClientPoId,
    /// Who ordered; null on some adopted rows.
    pub client_id: Option<ClientId>,
    /// That client's name.
    pub client_name: Option<String>,
    /// The project that it belongs to.
    pub project_id: Option<ProjectId>,
    /// That project's name.
    pub project_name: Option<String>,
    /// The client's code of the store.
    pub store_id: Option<String>,
    /// The place of delivery.
    pub site_id: Option<SiteId>,
    /// The seller on the paper.
    pub vendor_id: Option<VendorId>,
    /// That vendor's name.
    pub vendor_name: Option<String>,
    /// The client's number; null until it is issued.
    pub po_number: Option<String>,
    /// The date on the paper.
    pub po_date: Option<NaiveDate>,
    /// `net_value` + `total_tax`.
    pub po_value: Money,
    /// Without GST.
    pub net_value: Money,
    /// What the paper or the user said, tax included.
    pub stated_value: Option<Money>,
    /// The tax in it.
    pub stated_tax: Option<Money>,
    /// One of [`ValueBasis`].
    pub value_basis: String,
    /// `stated_value` − the sum of the lines.
    pub value_difference: Option<Money>,
    /// `po_value` − `total_paid`; negative when overpaid.
    pub outstanding_amount: Money,
    /// Money that arrived, less money sent back.
    pub total_paid: Money,
    /// The part of it that the client withheld as tax.
    pub total_tds: Money,
    /// `total_paid` − `total_tds`.
    pub net_received: Money,
    /// One of [`PaymentStatus`].
    pub payment_status: String,
    /// All payments, whatever their status.
    pub payment_count: i64,
    /// One of [`PoStatus`], or an older word.
    pub status: String,
    /// `standard`, `verbal_agreement`, `additional`, `amendment` or `proforma`, or an older word.
    pub po_type: String,
    /// The PO that it adds to.
    pub parent_po_id: Option<ClientPoId>,
    /// The proforma invoice's number.
    pub pi_number: Option<String>,
    /// The proforma invoice's date.
    pub pi_date: Option<NaiveDate>,
    /// When it was agreed by word of mouth.
    pub agreement_date: Option<NaiveDate>,
    /// Free text.
    pub notes: Option<String>,
    /// A verbal agreement without a number yet.
    pub is_open_agreement: bool,
    /// The main PO of its project.
    pub is_primary: bool,
    /// Its place among the POs of its project.
    pub sequence_order: Option<i32>,
    /// The paper's sum before tax.
    pub subtotal: Option<Money>,
    /// The paper's central GST.
    pub cgst: Option<Money>,
    /// The paper's state GST.
    pub sgst: Option<Money>,
    /// The paper's integrated GST.
    pub igst: Option<Money>,
    /// The GST in `po_value`.
    pub total_tax: Money,
    /// How many lines it has.
    pub line_item_count: i64,
    /// Raised with every change of the PO or its lines.
    pub version: i32,
    /// When it was made; null on some adopted rows.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was changed last; null on some adopted rows.
    pub updated_at: Option<DateTime<Utc>>,
}

in_order!(PurchaseOrder {
    id,
    client_id,
    client_name,
    project_id,
    project_name,
    store_id,
    site_id,
    vendor_id,
    vendor_name,
    po_number,
    po_date,
    po_value,
    net_value,
    stated_value,
    stated_tax,
    value_basis,
    value_difference,
    outstanding_amount,
    total_paid,
    total_tds,
    net_received,
    payment_status,
    payment_count,
    status,
    po_type,
    parent_po_id,
    pi_number,
    pi_date,
    agreement_date,
    notes,
    is_open_agreement,
    is_primary,
    sequence_order,
    subtotal,
    cgst,
    sgst,
    igst,
    total_tax,
    line_item_count,
    version,
    created_at,
    updated_at,
});

/// A client PO on the wire: the same figures under every name that clients read.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PurchaseOrder)]
pub struct PurchaseOrderView {
    pub(super) id: ClientPoId,
    pub(super) po_id: ClientPoId,
    pub(super) client_po_id: ClientPoId,
    pub(super) client_id: Option<ClientId>,
    #[schema(example = "Dava India")]
    pub(super) client_name: Option<String>,
    pub(super) project_id: Option<ProjectId>,
    #[schema(example = "Store ST-104")]
    pub(super) project_name: Option<String>,
    #[schema(example = "ST-104")]
    pub(super) store_id: Option<String>,
    pub(super) site_id: Option<SiteId>,
    pub(super) vendor_id: Option<VendorId>,
    pub(super) vendor_name: Option<String>,
    #[schema(example = "4500000001")]
    pub(super) po_number: Option<String>,
    pub(super) po_date: Option<NaiveDate>,
    /// `net_value` + `total_tax`.
    pub(super) po_value: Money,
    /// Without GST.
    pub(super) net_value: Money,
    /// What the paper or the user said, tax included.
    pub(super) stated_value: Option<Money>,
    pub(super) stated_tax: Option<Money>,
    /// `lines` or `stated`: what the value follows from.
    #[schema(example = "lines")]
    pub(super) value_basis: String,
    /// `stated_value` − the sum of the lines; null without either.
    pub(super) value_difference: Option<Money>,
    /// `po_value` − `total_paid`; negative when overpaid.
    pub(super) receivable_amount: Money,
    pub(super) outstanding_amount: Money,
    /// Cleared, completed and reconciled payments, less money sent back.
    pub(super) total_paid: Money,
    pub(super) payment_amount: Money,
    pub(super) total_tds: Money,
    pub(super) net_received: Money,
    /// `pending`, `partial` or `paid`.
    #[schema(example = "partial")]
    pub(super) payment_status: String,
    pub(super) payment_count: i64,
    #[schema(example = "pending")]
    pub(super) status: String,
    #[schema(example = "standard")]
    pub(super) po_type: String,
    pub(super) parent_po_id: Option<ClientPoId>,
    pub(super) pi_number: Option<String>,
    pub(super) pi_date: Option<NaiveDate>,
    pub(super) agreement_date: Option<NaiveDate>,
    pub(super) notes: Option<String>,
    pub(super) is_open_agreement: bool,
    pub(super) is_primary: bool,
    pub(super) sequence_order: Option<i32>,
    /// The figures on the uploaded paper.
    pub(super) subtotal: Option<Money>,
    pub(super) cgst: Option<Money>,
    pub(super) sgst: Option<Money>,
    pub(super) igst: Option<Money>,
    /// The GST in `po_value`.
    pub(super) total_tax: Money,
    pub(super) line_item_count: i64,
    pub(super) line_count: i64,
    pub(super) version: i32,
    #[serde(serialize_with = "moment::write_optional")]
    pub(super) created_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "moment::write_optional")]
    pub(super) updated_at: Option<DateTime<Utc>>,
}

impl From<PurchaseOrder> for PurchaseOrderView {
    fn from(po: PurchaseOrder) -> Self {
        Self {
            id: po.id,
            po_id: po.id,
            client_po_id: po.id,
            client_id: po.client_id,
            client_name: po.client_name,
            project_id: po.project_id,
            project_name: po.project_name,
            store_id: po.store_id,
            site_id: po.site_id,
            vendor_id: po.vendor_id,
            vendor_name: po.vendor_name,
            po_number: po.po_number,
            po_date: po.po_date,
            po_value: po.po_value,
            net_value: po.net_value,
            stated_value: po.stated_value,
            stated_tax: po.stated_tax,
            value_basis: po.value_basis,
            value_difference: po.value_difference,
            receivable_amount: po.outstanding_amount,
            outstanding_amount: po.outstanding_amount,
            total_paid: po.total_paid,
            payment_amount: po.total_paid,
            total_tds: po.total_tds,
            net_received: po.net_received,
            payment_status: po.payment_status,
            payment_count: po.payment_count,
            status: po.status,
            po_type: po.po_type,
            parent_po_id: po.parent_po_id,
            pi_number: po.pi_number,
            pi_date: po.pi_date,
            agreement_date: po.agreement_date,
            notes: po.notes,
            is_open_agreement: po.is_open_agreement,
            is_primary: po.is_primary,
            sequence_order: po.sequence_order,
            subtotal: po.subtotal,
            cgst: po.cgst,
            sgst: po.sgst,
            igst: po.igst,
            total_tax: po.total_tax,
            line_item_count: po.line_item_count,
            line_count: po.line_item_count,
            version: po.version,
            created_at: po.created_at,
            updated_at: po.updated_at,
        }
    }
}

/// A row of the view with the PO's lines, each column of theirs as a list.
#[derive(Debug, Clone)]
pub struct PurchaseOrderRow {
    /// The PO.
    pub po: PurchaseOrder,
    /// Its lines.
    pub lines: LineColumns,
}

impl FromRow<'_, PgRow> for PurchaseOrderRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            po: PurchaseOrder::read(row, 0)?,
            lines: LineColumns::read(row, PurchaseOrder::COLUMNS)?,
        })
    }
}

/// A client PO with its lines, ordered by id.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PurchaseOrderWithLines {
    #[serde(flatten)]
    pub(super) po: PurchaseOrderView,
    #[schema(value_type = Vec<LineView<'static>>)]
    pub(super) line_items: Vec<Line>,
}

impl PurchaseOrderWithLines {
    /// The PO's id.
    pub fn id(&self) -> ClientPoId {
        self.po.id
    }

    /// The PO's version.
    pub fn version(&self) -> i32 {
        self.po.version
    }

    /// How the PO stands.
    pub fn status(&self) -> &str {
        &self.po.status
    }

    /// The PO's number.
    pub fn po_number(&self) -> Option<&str> {
        self.po.po_number.as_deref()
    }
}

impl From<PurchaseOrderRow> for PurchaseOrderWithLines {
    fn from(row: PurchaseOrderRow) -> Self {
        Self {
            line_items: row.lines.into_lines(row.po.id),
            po: row.po.into(),
        }
    }
}

/// A PO in a list, with its own id once more as a list: some clients know bundles only.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ListedPo {
    #[serde(flatten)]
    po: PurchaseOrderView,
    po_ids: [ClientPoId; 1],
}

impl From<PurchaseOrder> for ListedPo {
    fn from(po: PurchaseOrder) -> Self {
        Self {
            po_ids: [po.id],
            po: po.into(),
        }
    }
}

/// Sums over all POs that match and are not cancelled.
#[derive(Debug, Clone, Copy, FromRow, Serialize, ToSchema)]
pub(super) struct PoTotals {
    /// All POs that match, cancelled ones too.
    #[serde(skip)]
    pub(super) total_count: i64,
    /// Σ `po_value`.
    pub(super) total_value: Money,
    /// Σ `total_paid`.
    pub(super) total_paid: Money,
    /// Σ `receivable_amount`.
    pub(super) total_receivable: Money,
    #[serde(skip)]
    #[sqlx(flatten)]
    pub(super) counts: PaymentStatusCounts,
}

impl From<KeptTotal> for PoTotals {
    fn from(kept: KeptTotal) -> Self {
        Self {
            total_count: kept.entries,
            total_value: kept.amount,
            total_paid: kept.paid,
            total_receivable: kept.amount - kept.paid,
            counts: PaymentStatusCounts {
                paid_count: kept.paid_entries,
                partial_count: kept.partial_entries,
                pending_count: kept.pending_entries,
            },
        }
    }
}

/// How many POs that match and are not cancelled are paid how far.
#[derive(Debug, Clone, Copy, FromRow, Serialize, ToSchema)]
pub(super) struct PaymentStatusCounts {
    /// In full.
    pub(super) paid_count: i64,
    /// In part.
    pub(super) partial_count: i64,
    /// Not at all.
    pub(super) pending_count: i64,
}

/// A page of POs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PoList {
    pub(super) pos: Vec<ListedPo>,
    #[serde(flatten)]
    pub(super) totals: PoTotals,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// One PO.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PoAnswer {
    #[schema(example = "SUCCESS")]
    pub(super) status: &'static str,
    pub(super) po_id: ClientPoId,
    pub(super) po_number: Option<String>,
    pub(super) data: PurchaseOrderWithLines,
}

/// A page of a project's POs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProjectPoList {
    pub(super) project_id: ProjectId,
    pub(super) pos: Vec<PurchaseOrderWithLines>,
    /// All that match, cancelled ones too.
    pub(super) total_po_count: i64,
    /// Σ `po_value` of those that are not cancelled.
    pub(super) total_project_value: Money,
    pub(super) total_paid: Money,
    pub(super) total_receivable: Money,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}
