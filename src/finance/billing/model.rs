//! Bills as they are stored and shown, and which of them are asked for.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use super::lines::Line;
use crate::{
    http::list::{Column, Direction, Order, Paging},
    types::{
        Fields, FromFields, Money, Quantity, Rate,
        ids::{BillingLineId, BillingPoId, ClientPoId, ProjectId},
        words::words,
    },
};

words! {
    /// How a bill stands.
    BillStatus {
        /// Being written; it does not count.
        Draft = "DRAFT" | "draft",
        /// Counts, and may still change.
        Final = "FINAL" | "final",
        /// Counts, and is fixed.
        Approved = "APPROVED" | "approved",
        /// Given up; only in rows of an adopted database.
        Cancelled = "CANCELLED" | "cancelled",
    }
}

impl BillStatus {
    /// The state that a word of the database stands for.
    fn of(word: &str) -> Option<Self> {
        [Self::Draft, Self::Final, Self::Approved, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// A bill with what follows from other rows.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Bill {
    /// Its id.
    pub id: BillingPoId,
    /// The PO that it bills; null on some adopted rows.
    pub client_po_id: Option<ClientPoId>,
    /// The project of that PO; null on some adopted rows.
    pub project_id: Option<ProjectId>,
    /// The number that it goes by.
    pub po_number: String,
    /// What is billed, net of GST.
    pub billed_value: Money,
    /// The GST on it.
    pub billed_gst: Money,
    /// Both together.
    pub billed_total: Money,
    /// Notes on the bill.
    pub billing_notes: Option<String>,
    /// Notes on its approval.
    pub approval_notes: Option<String>,
    /// The name of the user who approved it.
    pub approved_by: Option<String>,
    /// When that was.
    pub approved_at: Option<DateTime<Utc>>,
    /// One of [`BillStatus`], or an older word.
    pub status: String,
    /// The bill whose place it takes once it is final.
    pub revises_id: Option<BillingPoId>,
    /// The bill that has taken its place.
    pub superseded_by_id: Option<BillingPoId>,
    /// Whether it counts.
    pub counted: bool,
    /// Raised with every change, of a line too.
    pub version: i32,
    /// How many lines it has.
    pub line_item_count: i64,
    /// Σ total of its lines.
    pub line_total: Money,
    /// `billed_value` − `line_total`.
    pub difference: Money,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl Bill {
    /// How it stands; `None` for an older word.
    pub(super) fn status(&self) -> Option<BillStatus> {
        BillStatus::of(&self.status)
    }
}

/// A bill on the wire.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = BillingPo)]
pub struct BillView<'a> {
    id: BillingPoId,
    billing_po_id: BillingPoId,
    client_po_id: Option<ClientPoId>,
    project_id: Option<ProjectId>,
    #[schema(example = "PO-1")]
    po_number: &'a str,
    /// Net of GST.
    billed_value: Money,
    billed_gst: Money,
    /// `billed_value` + `billed_gst`.
    billed_total: Money,
    /// `billed_value`.
    amount: Money,
    billing_notes: Option<&'a str>,
    /// `billing_notes`.
    description: Option<&'a str>,
    approval_notes: Option<&'a str>,
    /// The name of the user who approved it.
    approved_by: Option<&'a str>,
    approved_at: Option<DateTime<Utc>>,
    /// `DRAFT`, `FINAL`, `APPROVED` or, from older data, `CANCELLED`.
    #[schema(example = "FINAL")]
    status: &'a str,
    /// The bill whose place this one takes once it is final.
    revises_id: Option<BillingPoId>,
    /// The final or approved bill that has taken this one's place.
    superseded_by_id: Option<BillingPoId>,
    /// Whether it is in the sums: final or approved, and not superseded.
    counted: bool,
    #[schema(example = 1)]
    version: i32,
    line_item_count: i64,
    /// Σ `total` of its lines.
    line_total: Money,
    /// `billed_value` − `line_total`.
    difference: Money,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Serialize for Bill {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        BillView {
            id: self.id,
            billing_po_id: self.id,
            client_po_id: self.client_po_id,
            project_id: self.project_id,
            po_number: &self.po_number,
            billed_value: self.billed_value,
            billed_gst: self.billed_gst,
            billed_total: self.billed_total,
            amount: self.billed_value,
            billing_notes: self.billing_notes.as_deref(),
            description: self.billing_notes.as_deref(),
            approval_notes: self.approval_notes.as_deref(),
            approved_by: self.approved_by.as_deref(),
            approved_at: self.approved_at,
            status: &self.status,
            revises_id: self.revises_id,
            superseded_by_id: self.superseded_by_id,
            counted: self.counted,
            version: self.version,
            line_item_count: self.line_item_count,
            line_total: self.line_total,
            difference: self.difference,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
        .serialize(serializer)
    }
}

/// A bill with its lines, each column of theirs as a list in their order; null without lines.
#[derive(Debug, Clone)]
pub(super) struct BillRow {
    pub(super) id: BillingPoId,
    pub(super) client_po_id: Option<ClientPoId>,
    pub(super) project_id: Option<ProjectId>,
    pub(super) po_number: String,
    pub(super) billed_value: Money,
    pub(super) billed_gst: Money,
    pub(super) billed_total: Money,
    pub(super) billing_notes: Option<String>,
    pub(super) approval_notes: Option<String>,
    pub(super) approved_by: Option<String>,
    pub(super) approved_at: Option<DateTime<Utc>>,
    pub(super) status: String,
    pub(super) revises_id: Option<BillingPoId>,
    pub(super) superseded_by_id: Option<BillingPoId>,
    pub(super) counted: bool,
    pub(super) version: i32,
    pub(super) line_item_count: i64,
    pub(super) line_total: Money,
    pub(super) difference: Money,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) line_ids: Option<Vec<BillingLineId>>,
    pub(super) descriptions: Option<Vec<String>>,
    pub(super) quantities: Option<Vec<Quantity>>,
    pub(super) rates: Option<Vec<Rate>>,
    pub(super) totals: Option<Vec<Money>>,
    pub(super) line_created_ats: Option<Vec<Option<DateTime<Utc>>>>,
    pub(super) line_updated_ats: Option<Vec<Option<DateTime<Utc>>>>,
}

impl From<BillRow> for (Bill, Vec<Line>) {
    fn from(row: BillRow) -> Self {
        let billing_po_id = row.id;
        let mut descriptions = row.descriptions.unwrap_or_default().into_iter();
        let mut quantities = row.quantities.unwrap_or_default().into_iter();
        let mut rates = row.rates.unwrap_or_default().into_iter();
        let mut totals = row.totals.unwrap_or_default().into_iter();
        let mut created = row.line_created_ats.unwrap_or_default().into_iter();
        let mut updated = row.line_updated_ats.unwrap_or_default().into_iter();
        let ids = row.line_ids.unwrap_or_default().into_iter();
        let lines = ids.map(|id| Line {
            id,
            billing_po_id,
            description: descriptions.next().unwrap_or_default(),
            qty: quantities.next().unwrap_or_default(),
            rate: rates.next().unwrap_or_default(),
            total: totals.next().unwrap_or_default(),
            created_at: created.next().flatten(),
            updated_at: updated.next().flatten(),
        });
        let lines = lines.collect();
        let bill = Bill {
            id: row.id,
            client_po_id: row.client_po_id,
            project_id: row.project_id,
            po_number: row.po_number,
            billed_value: row.billed_value,
            billed_gst: row.billed_gst,
            billed_total: row.billed_total,
            billing_notes: row.billing_notes,
            approval_notes: row.approval_notes,
            approved_by: row.approved_by,
            approved_at: row.approved_at,
            status: row.status,
            revises_id: row.revises_id,
            superseded_by_id: row.superseded_by_id,
            counted: row.counted,
            version: row.version,
            line_item_count: row.line_item_count,
            line_total: row.line_total,
            difference: row.difference,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        (bill, lines)
    }
}

const ID: Column = Column {
    name: "id",
    sql: "bill.id",
    kind: "uuid",
};
const CREATED: Column = Column {
    name: "created_at",
    sql: "bill.created_at",
    kind: "timestamptz",
};
const COLUMNS: [Column; 5] = [
    ID,
    Column {
        name: "po_number",
        sql: "bill.po_number",
        kind: "text",
    },
    Column {
        name: "billed_total",
        sql: "bill.billed_total",
        kind: "numeric",
    },
    Column {
        name: "status",
        sql: "bill.status",
        kind: "text",
    },
    CREATED,
];

/// Which bills of a project are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BillQuery {
    /// Only those that stand so, in any case.
    #[param(inline)]
    pub(super) status: Option<BillStatus>,
    /// Only those that count, or only those that do not.
    pub(super) counted: Option<bool>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for BillQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let newest_first = Order::of(&[(CREATED, Direction::Down), (ID, Direction::Up)]);
        Some(Self {
            status: fields.optional("status"),
            counted: fields.optional("counted"),
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &COLUMNS, newest_first),
        })
    }
}
