//! Bills as they are sent, stored and shown.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use super::{
    lines::{Line, LineView},
    rules,
};
use crate::{
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Order, PageInfo, Paging},
    },
    types::{
        Fields, FromFields, Input, Money, Patch, Problem, Quantity, Rate, Text,
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

/// The state that a request asks for: only a draft or a final bill can be asked for, another word says nothing.
struct AskedStatus(Option<BillStatus>);

impl Input for AskedStatus {
    fn read(value: &Value) -> Result<Self, Problem> {
        if !value.is_string() {
            return Err(Problem::new("value_error", "must be text"));
        }
        let status = BillStatus::read(value).ok();
        Ok(Self(status.filter(|status| {
            matches!(status, BillStatus::Draft | BillStatus::Final)
        })))
    }
}

fn asked_status(fields: &mut Fields<'_>) -> Option<BillStatus> {
    fields.optional("status").and_then(|AskedStatus(status)| status)
}

/// A bill to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewBill {
    /// The PO that it bills; the project's main one if absent.
    pub(super) client_po_id: Option<ClientPoId>,
    /// Its number; the PO's if absent.
    pub(super) po_number: Option<Text<100>>,
    /// Net of GST.
    pub(super) billed_value: Money,
    /// The GST on it.
    pub(super) billed_gst: Money,
    /// Both together.
    pub(super) billed_total: Money,
    /// Notes on the bill.
    pub(super) billing_notes: Option<Text<5000>>,
    /// Draft or final.
    pub(super) status: BillStatus,
    /// The bill whose place it takes.
    pub(super) revises_id: Option<BillingPoId>,
}

impl FromFields for NewBill {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias("billed_value", "amount");
        fields.alias("billing_notes", "description");
        let client_po_id = fields.optional("client_po_id");
        let po_number = fields.optional("po_number");
        let billed_value = fields.required("billed_value");
        let billed_gst = fields.optional("billed_gst").unwrap_or(Money::ZERO);
        let billing_notes = fields.optional("billing_notes");
        let status = asked_status(fields).unwrap_or(BillStatus::Final);
        let revises_id = fields.optional("revises_id");
        let billed_value = billed_value?;
        let billed_total = match rules::total(billed_value, billed_gst) {
            Ok(total) => total,
            Err(problem) => {
                fields.fault("billed_gst", problem);
                return None;
            }
        };
        Some(Self {
            client_po_id,
            po_number,
            billed_value,
            billed_gst,
            billed_total,
            billing_notes,
            status,
            revises_id,
        })
    }
}

/// The body of a bill to be made.
#[derive(Debug, ToSchema)]
#[schema(as = NewBillingPo)]
#[expect(dead_code, reason = "read through `NewBill`; this only documents the body")]
pub(super) struct NewBillBody {
    /// One of the project's POs that are not cancelled; unless given the primary one, else the only one.
    client_po_id: Option<ClientPoId>,
    /// Net of GST; `amount` is another name.
    billed_value: Money,
    /// 0 unless given.
    billed_gst: Option<Money>,
    /// At most 5000 characters; `description` is another name.
    #[schema(example = "First part", max_length = 5000)]
    billing_notes: Option<String>,
    /// Unless given the PO's number, else `BILLING-` and the project's id.
    #[schema(max_length = 100)]
    po_number: Option<String>,
    /// `DRAFT` or `FINAL`, which is meant unless given; other words are not looked at.
    #[schema(example = "FINAL")]
    status: Option<String>,
    /// The bill whose place this one takes once it is final: a final or approved one of the same PO, which no other revises.
    revises_id: Option<BillingPoId>,
}

/// What is to become of a bill; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BillChange {
    /// Its number.
    pub(super) po_number: Option<Text<100>>,
    /// Net of GST.
    pub(super) billed_value: Option<Money>,
    /// The GST on it.
    pub(super) billed_gst: Option<Money>,
    /// Notes on the bill.
    pub(super) billing_notes: Patch<Text<5000>>,
    /// Draft or final.
    pub(super) status: Option<BillStatus>,
    /// The bill whose place it takes.
    pub(super) revises_id: Patch<BillingPoId>,
}

impl BillChange {
    /// Whether it names nothing that could change.
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            po_number,
            billed_value,
            billed_gst,
            billing_notes,
            status,
            revises_id,
        } = self;
        po_number.is_none()
            && billed_value.is_none()
            && billed_gst.is_none()
            && *billing_notes == Patch::Keep
            && status.is_none()
            && *revises_id == Patch::Keep
    }
}

impl FromFields for BillChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias("billed_value", "amount");
        fields.alias("billing_notes", "description");
        Some(Self {
            po_number: fields.present("po_number"),
            billed_value: fields.optional("billed_value"),
            billed_gst: fields.optional("billed_gst"),
            billing_notes: fields.patch_text("billing_notes"),
            status: asked_status(fields),
            revises_id: fields.patch_text("revises_id"),
        })
    }
}

/// The body of a change of a bill; null is as good as absent.
#[derive(Debug, ToSchema)]
#[schema(as = BillingPoChange)]
#[expect(dead_code, reason = "read through `BillChange`; this only documents the body")]
pub(super) struct BillChangeBody {
    /// Net of GST; `amount` is another name.
    billed_value: Option<Money>,
    billed_gst: Option<Money>,
    /// At most 5000 characters; empty text clears. `description` is another name.
    #[schema(example = "First part", max_length = 5000)]
    billing_notes: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    po_number: Option<String>,
    /// `FINAL` makes a draft final; other words are not looked at.
    #[schema(example = "FINAL")]
    status: Option<String>,
    /// Only of a draft; empty text clears.
    revises_id: Option<BillingPoId>,
}

/// What an approval says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Approval {
    pub(super) notes: Option<Text<5000>>,
}

impl FromFields for Approval {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            notes: fields.optional("notes"),
        })
    }
}

/// The body of an approval; it may be empty.
#[derive(Debug, ToSchema)]
#[schema(as = BillingPoApproval)]
#[expect(dead_code, reason = "read through `Approval`; this only documents the body")]
pub(super) struct ApprovalBody {
    /// Kept as `approval_notes`; at most 5000 characters.
    #[schema(example = "As agreed", max_length = 5000)]
    notes: Option<String>,
    /// Not looked at: who calls approves.
    approved_by: Option<String>,
}

/// A bill flat and once more under its name, as clients read `data`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoData)]
struct BillData {
    #[serde(flatten)]
    #[schema(value_type = BillView<'static>)]
    content: Bill,
    #[schema(value_type = BillView<'static>)]
    billing_po: Bill,
}

/// A bill that was made, changed or approved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoAnswer)]
pub(super) struct BillAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Billing PO created")]
    message: &'static str,
    #[schema(value_type = BillView<'static>)]
    billing_po: Bill,
    data: BillData,
}

impl BillAnswer {
    pub(super) fn new(bill: Bill, message: &'static str) -> Self {
        Self {
            status: SUCCESS,
            message,
            billing_po: bill.clone(),
            data: BillData {
                content: bill.clone(),
                billing_po: bill,
            },
        }
    }
}

/// A bill and its lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoWithLines)]
pub(super) struct BillWithLines {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(value_type = BillView<'static>)]
    billing_po: Bill,
    /// By the time when they were made.
    #[schema(value_type = Vec<LineView<'static>>)]
    line_items: Vec<Line>,
    data: BillWithLinesData,
}

/// The same as clients read `data`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoWithLinesData)]
struct BillWithLinesData {
    #[serde(flatten)]
    bill: BillData,
    #[schema(value_type = Vec<LineView<'static>>)]
    line_items: Vec<Line>,
}

impl From<(Bill, Vec<Line>)> for BillWithLines {
    fn from((bill, line_items): (Bill, Vec<Line>)) -> Self {
        Self {
            status: SUCCESS,
            billing_po: bill.clone(),
            line_items: line_items.clone(),
            data: BillWithLinesData {
                bill: BillData {
                    content: bill.clone(),
                    billing_po: bill,
                },
                line_items,
            },
        }
    }
}

/// A bill that was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoDeleted)]
pub(super) struct BillDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Billing PO deleted")]
    message: &'static str,
    data: BillDeletedData,
}

/// What went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoDeletedData)]
struct BillDeletedData {
    billing_po_id: BillingPoId,
}

impl From<BillingPoId> for BillDeleted {
    fn from(billing_po_id: BillingPoId) -> Self {
        Self {
            status: SUCCESS,
            message: "Billing PO deleted",
            data: BillDeletedData { billing_po_id },
        }
    }
}

/// A page of a project's bills.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoList)]
pub(super) struct BillList {
    pub(super) project_id: ProjectId,
    #[schema(value_type = Vec<BillView<'static>>)]
    pub(super) billing_pos: Vec<Bill>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
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
