//! Lines of bills as they are sent, stored and shown.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::{
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Order, PageInfo, Paging},
    },
    types::{
        Fields, FromFields, Money, Problem, Quantity, Rate, Text,
        ids::{BillingLineId, BillingPoId},
    },
};

/// A line's row.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(in super::super) struct Line {
    pub(in super::super) id: BillingLineId,
    pub(in super::super) billing_po_id: BillingPoId,
    /// What is billed.
    pub(in super::super) description: String,
    /// How much of it.
    pub(in super::super) qty: Quantity,
    /// The price of one.
    pub(in super::super) rate: Rate,
    /// `qty` × `rate`, rounded to the paisa.
    pub(in super::super) total: Money,
    /// Null on some adopted rows.
    pub(in super::super) created_at: Option<DateTime<Utc>>,
    /// Null on some adopted rows.
    pub(in super::super) updated_at: Option<DateTime<Utc>>,
}

/// A line on the wire: the same figures under every name that clients read.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = BillingLine)]
pub(in super::super) struct LineView<'a> {
    id: BillingLineId,
    billing_po_id: BillingPoId,
    #[schema(example = "Cabling works")]
    description: &'a str,
    item_description: &'a str,
    qty: Quantity,
    quantity: Quantity,
    rate: Rate,
    unit_price: Rate,
    /// `qty` × `rate`, rounded half away from zero to the paisa.
    total: Money,
    amount: Money,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        LineView {
            id: self.id,
            billing_po_id: self.billing_po_id,
            description: &self.description,
            item_description: &self.description,
            qty: self.qty,
            quantity: self.qty,
            rate: self.rate,
            unit_price: self.rate,
            total: self.total,
            amount: self.total,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
        .serialize(serializer)
    }
}

/// A line to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewLine {
    pub(super) description: Text<5000>,
    pub(super) qty: Quantity,
    pub(super) rate: Rate,
    pub(super) total: Money,
}

impl FromFields for NewLine {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias("description", "item_description");
        fields.alias("qty", "quantity");
        fields.alias("rate", "unit_price");
        let description = fields.required("description");
        let qty = fields.required("qty");
        let rate = fields.required("rate");
        let (qty, rate) = (qty?, rate?);
        let total = Money::of_line(qty, rate);
        if !total.is_storable() {
            fields.fault("qty", Problem::new("less_than_equal", "qty × rate is too large"));
        }
        Some(Self {
            description: description?,
            qty,
            rate,
            total,
        })
    }
}

/// The body of a line to be added.
#[derive(Debug, ToSchema)]
#[schema(as = NewBillingLine)]
#[expect(dead_code, reason = "read through `NewLine`; this only documents the body")]
pub(super) struct NewLineBody {
    /// `item_description` is another name.
    #[schema(value_type = String, example = "Cabling works", min_length = 1, max_length = 5000)]
    description: Text<5000>,
    /// Above 0; `quantity` is another name.
    qty: Quantity,
    /// `unit_price` is another name.
    rate: Rate,
    /// Not looked at: it follows from both.
    total: Option<Money>,
    /// Not looked at.
    amount: Option<Money>,
}

/// A line flat and once more under its name, as clients read `data`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingLineData)]
struct LineData {
    #[serde(flatten)]
    #[schema(value_type = LineView<'static>)]
    content: Line,
    #[schema(value_type = LineView<'static>)]
    line_item: Line,
}

/// A line that was added.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingLineAnswer)]
pub(super) struct LineAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Line item added")]
    message: &'static str,
    #[schema(value_type = LineView<'static>)]
    line_item: Line,
    data: LineData,
}

impl From<Line> for LineAnswer {
    fn from(line: Line) -> Self {
        Self {
            status: SUCCESS,
            message: "Line item added",
            line_item: line.clone(),
            data: LineData {
                content: line.clone(),
                line_item: line,
            },
        }
    }
}

/// A line that was removed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingLineDeleted)]
pub(super) struct LineDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Line item deleted")]
    message: &'static str,
    data: LineDeletedData,
}

/// What went, and from where.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingLineDeletedData)]
struct LineDeletedData {
    billing_po_id: BillingPoId,
    line_item_id: BillingLineId,
}

impl From<&Line> for LineDeleted {
    fn from(line: &Line) -> Self {
        Self {
            status: SUCCESS,
            message: "Line item deleted",
            data: LineDeletedData {
                billing_po_id: line.billing_po_id,
                line_item_id: line.id,
            },
        }
    }
}

/// A page of a bill's lines, and the sum over all of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingLineList)]
pub(super) struct LineList {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[serde(flatten)]
    content: LineListContent,
    data: LineListData,
}

/// What a list of lines holds at the top and under `data`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BillingLineListContent)]
pub(super) struct LineListContent {
    pub(super) billing_po_id: BillingPoId,
    /// All lines of the bill, on whatever page.
    pub(super) line_item_count: i64,
    /// Σ `total` of all of them.
    pub(super) total_value: Money,
    #[schema(value_type = Vec<LineView<'static>>)]
    pub(super) line_items: Vec<Line>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// The same as clients read `data`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingLineListData)]
struct LineListData {
    #[serde(flatten)]
    content: LineListContent,
    #[schema(value_type = Vec<LineView<'static>>)]
    data: Vec<Line>,
}

impl From<LineListContent> for LineList {
    fn from(content: LineListContent) -> Self {
        Self {
            status: SUCCESS,
            content: content.clone(),
            data: LineListData {
                data: content.line_items.clone(),
                content,
            },
        }
    }
}

const ID: Column = Column {
    name: "id",
    sql: "line.id",
    kind: "uuid",
};
const CREATED: Column = Column {
    name: "created_at",
    sql: "line.created_at",
    kind: "timestamptz",
};
const COLUMNS: [Column; 5] = [
    ID,
    Column {
        name: "description",
        sql: "line.description",
        kind: "text",
    },
    Column {
        name: "quantity",
        sql: "line.qty",
        kind: "numeric",
    },
    Column {
        name: "total",
        sql: "line.total",
        kind: "numeric",
    },
    CREATED,
];

/// Which lines of a bill are asked for.
#[derive(Debug, Clone)]
pub(super) struct LineQuery {
    pub(super) paging: Paging,
    pub(super) order: Order,
}

impl FromFields for LineQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let by_age = Order::of(&[(CREATED, Direction::Up), (ID, Direction::Up)]);
        Some(Self {
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &COLUMNS, by_age),
        })
    }
}
