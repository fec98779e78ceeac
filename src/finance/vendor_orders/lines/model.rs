//! Lines of vendor orders as they are sent and shown.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer};
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::{
    finance::vendor_orders::{VendorOrder, VendorOrderView, words::LineStatus},
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Order, PageInfo, Paging},
    },
    types::{
        Fields, FromFields, Money, Patch, Problem, Quantity, Rate, Text,
        ids::{LineItemId, VendorId, VendorLineId, VendorOrderId},
    },
};

/// A line of a vendor order.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct VendorLine {
    /// Its id.
    pub id: VendorLineId,
    /// The order that it is of.
    pub vendor_order_id: VendorOrderId,
    /// What is asked for.
    pub item_name: String,
    /// How much of it.
    pub quantity: Quantity,
    /// What one costs.
    pub unit_price: Rate,
    /// What it costs, net of recoverable GST.
    pub total_price: Money,
    /// One of [`LineStatus`], or an older word.
    pub status: String,
    /// Percent of it that is there.
    pub delivery_progress: i32,
    /// Who does it, if it names somebody.
    pub vendor_id: Option<VendorId>,
    /// That vendor's name; in lists by category the order's vendor's where the line names nobody.
    pub vendor_name: Option<String>,
    /// The client's line that it is for.
    pub client_line_item_id: Option<LineItemId>,
    /// When it was asked for.
    pub order_date: Option<NaiveDate>,
    /// Raised with every change.
    pub version: i32,
    /// When it was made; null on some adopted rows.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was changed last; null on some adopted rows.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A line on the wire, under every name that clients read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorLine)]
pub struct VendorLineView<'a> {
    id: VendorLineId,
    vendor_order_id: VendorOrderId,
    #[schema(example = "Beam")]
    item_name: &'a str,
    item_description: &'a str,
    description: &'a str,
    quantity: Quantity,
    unit_price: Rate,
    /// quantity × unit price, rounded half away from zero to the paisa.
    total_price: Money,
    amount: Money,
    total_amount: Money,
    #[schema(example = "pending")]
    status: &'a str,
    /// 0 to 100.
    #[schema(example = 40)]
    delivery_progress: i32,
    vendor_id: Option<VendorId>,
    #[schema(example = "Example Works Pvt Ltd")]
    vendor_name: Option<&'a str>,
    client_line_item_id: Option<LineItemId>,
    order_date: Option<NaiveDate>,
    #[schema(example = 1)]
    version: i32,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
}

impl Serialize for VendorLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        VendorLineView {
            id: self.id,
            vendor_order_id: self.vendor_order_id,
            item_name: &self.item_name,
            item_description: &self.item_name,
            description: &self.item_name,
            quantity: self.quantity,
            unit_price: self.unit_price,
            total_price: self.total_price,
            amount: self.total_price,
            total_amount: self.total_price,
            status: &self.status,
            delivery_progress: self.delivery_progress,
            vendor_id: self.vendor_id,
            vendor_name: self.vendor_name.as_deref(),
            client_line_item_id: self.client_line_item_id,
            order_date: self.order_date,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
        .serialize(serializer)
    }
}

/// The other names of a line's name; the first one wins.
const NAMES: [&str; 2] = ["item_description", "description"];

/// Percent of a line that is there.
fn progress(fields: &mut Fields<'_>) -> Option<i32> {
    let percent: i64 = fields.optional("delivery_progress")?;
    if percent < 0 {
        fields.fault(
            "delivery_progress",
            Problem::new("greater_than_equal", "must be at least 0"),
        );
        return None;
    }
    match i32::try_from(percent) {
        Ok(percent) if percent <= 100 => Some(percent),
        _ => {
            fields.fault(
                "delivery_progress",
                Problem::new("less_than_equal", "must be at most 100"),
            );
            None
        }
    }
}

/// A line to be added.
#[derive(Debug, Clone)]
pub(super) struct NewVendorLine {
    pub(super) item_name: Text<500>,
    pub(super) quantity: Quantity,
    pub(super) unit_price: Rate,
    pub(super) status: LineStatus,
    pub(super) delivery_progress: i32,
    pub(super) vendor_id: Option<VendorId>,
    pub(super) client_line_item_id: Option<LineItemId>,
    pub(super) order_date: Option<NaiveDate>,
}

impl NewVendorLine {
    /// What it costs.
    pub(super) fn total(&self) -> Money {
        Money::of_line(self.quantity, self.unit_price)
    }
}

impl FromFields for NewVendorLine {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        for other in NAMES {
            fields.alias("item_name", other);
        }
        let item_name = fields.required("item_name");
        let quantity = fields.required("quantity");
        let unit_price = fields.required("unit_price");
        if let (Some(quantity), Some(unit_price)) = (quantity, unit_price)
            && !Money::of_line(quantity, unit_price).is_storable()
        {
            fields.fault("quantity", too_much());
        }
        let status = fields.optional("status").unwrap_or(LineStatus::Pending);
        let delivery_progress = progress(fields).unwrap_or(0);
        let vendor_id = fields.optional("vendor_id");
        let client_line_item_id = fields.optional("client_line_item_id");
        let order_date = fields.optional("order_date");
        Some(Self {
            item_name: item_name?,
            quantity: quantity?,
            unit_price: unit_price?,
            status,
            delivery_progress,
            vendor_id,
            client_line_item_id,
            order_date,
        })
    }
}

/// The fault of a quantity whose price no column holds.
pub(super) fn too_much() -> Problem {
    Problem::new(
        "less_than_equal",
        "times unit_price must have at most 13 digits before the point",
    )
}

/// The body of a line to be added.
#[derive(Debug, ToSchema)]
#[schema(as = NewVendorLine)]
#[expect(
    dead_code,
    reason = "read through `NewVendorLine`; this only documents the body"
)]
pub(super) struct NewVendorLineBody {
    /// 1 to 500 characters; `item_description` and `description` are other names.
    #[schema(value_type = String, example = "Beam")]
    item_name: Text<500>,
    quantity: Quantity,
    unit_price: Rate,
    status: Option<LineStatus>,
    /// 0 to 100; 0 unless given.
    #[schema(minimum = 0, maximum = 100)]
    delivery_progress: Option<i32>,
    /// Who does it, where that is not the order's vendor.
    vendor_id: Option<VendorId>,
    /// The client's line that it is for.
    client_line_item_id: Option<LineItemId>,
    /// Today unless given.
    order_date: Option<NaiveDate>,
}

/// What is to change of a line.
#[derive(Debug, Clone)]
pub(super) struct VendorLineChange {
    pub(super) item_name: Option<Text<500>>,
    pub(super) quantity: Option<Quantity>,
    pub(super) unit_price: Option<Rate>,
    pub(super) status: Option<LineStatus>,
    pub(super) delivery_progress: Option<i32>,
    pub(super) vendor_id: Option<VendorId>,
    pub(super) client_line_item_id: Option<LineItemId>,
    pub(super) order_date: Patch<NaiveDate>,
}

impl FromFields for VendorLineChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        for other in NAMES {
            fields.alias_of_change("item_name", other);
        }
        Some(Self {
            item_name: fields.present("item_name"),
            quantity: fields.present("quantity"),
            unit_price: fields.present("unit_price"),
            status: fields.optional("status"),
            delivery_progress: progress(fields),
            vendor_id: fields.optional("vendor_id"),
            client_line_item_id: fields.optional("client_line_item_id"),
            order_date: fields.patch_text("order_date"),
        })
    }
}

impl VendorLineChange {
    /// The line as it is to be. What was printed of its total stays until quantity or price change.
    pub(super) fn apply(&self, line: &VendorLine) -> VendorLine {
        let Self {
            item_name,
            quantity,
            unit_price,
            status,
            delivery_progress,
            vendor_id,
            client_line_item_id,
            order_date,
        } = self;
        let mut after = line.clone();
        if let Some(name) = item_name {
            (**name).clone_into(&mut after.item_name);
        }
        after.quantity = quantity.unwrap_or(line.quantity);
        after.unit_price = unit_price.unwrap_or(line.unit_price);
        if (after.quantity, after.unit_price) != (line.quantity, line.unit_price) {
            after.total_price = Money::of_line(after.quantity, after.unit_price);
        }
        if let Some(status) = status {
            status.as_str().clone_into(&mut after.status);
        }
        after.delivery_progress = delivery_progress.unwrap_or(line.delivery_progress);
        after.vendor_id = vendor_id.or(line.vendor_id);
        after.client_line_item_id = client_line_item_id.or(line.client_line_item_id);
        after.order_date = order_date.over(line.order_date);
        after
    }
}

/// The body of a change.
#[derive(Debug, ToSchema)]
#[schema(as = VendorLineChange)]
#[expect(
    dead_code,
    reason = "read through `VendorLineChange`; this only documents the body"
)]
pub(super) struct VendorLineChangeBody {
    #[schema(value_type = Option<String>, example = "Beam")]
    item_name: Option<Text<500>>,
    quantity: Option<Quantity>,
    unit_price: Option<Rate>,
    status: Option<LineStatus>,
    #[schema(minimum = 0, maximum = 100)]
    delivery_progress: Option<i32>,
    vendor_id: Option<VendorId>,
    client_line_item_id: Option<LineItemId>,
    /// Empty text clears it.
    order_date: Option<NaiveDate>,
}

/// A line that was added or changed, and its order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VendorLineAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Line item added")]
    message: &'static str,
    #[schema(value_type = VendorLineView<'static>)]
    line_item: VendorLine,
    #[schema(value_type = VendorOrderView<'static>)]
    vendor_order: VendorOrder,
    data: VendorLineData,
}

/// The line, and beside its fields the line and its order once more.
#[derive(Debug, Serialize, ToSchema)]
struct VendorLineData {
    #[serde(flatten)]
    #[schema(value_type = VendorLineView<'static>)]
    line: VendorLine,
    #[schema(value_type = VendorLineView<'static>)]
    line_item: VendorLine,
    #[schema(value_type = VendorOrderView<'static>)]
    vendor_order: VendorOrder,
}

impl VendorLineAnswer {
    pub(super) fn new(message: &'static str, line: VendorLine, order: VendorOrder) -> Self {
        Self {
            status: SUCCESS,
            message,
            line_item: line.clone(),
            vendor_order: order.clone(),
            data: VendorLineData {
                line: line.clone(),
                line_item: line,
                vendor_order: order,
            },
        }
    }
}

/// A line that is gone, and what its order is worth without it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VendorLineDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Line item deleted")]
    message: &'static str,
    vendor_order_id: VendorOrderId,
    po_value: Money,
    data: VendorLineGone,
}

/// The same once more.
#[derive(Debug, Serialize, ToSchema)]
struct VendorLineGone {
    line_item_id: VendorLineId,
    vendor_order_id: VendorOrderId,
    po_value: Money,
}

impl VendorLineDeleted {
    pub(super) fn new(line: VendorLineId, order: VendorOrderId, po_value: Money) -> Self {
        Self {
            status: SUCCESS,
            message: "Line item deleted",
            vendor_order_id: order,
            po_value,
            data: VendorLineGone {
                line_item_id: line,
                vendor_order_id: order,
                po_value,
            },
        }
    }
}

pub(super) const ID: Column = Column {
    name: "id",
    sql: "line.id",
    kind: "bigint",
};
/// What lines may be ordered by.
pub(super) const SORTS: [Column; 4] = [
    ID,
    Column {
        name: "item_name",
        sql: "line.item_name",
        kind: "text",
    },
    Column {
        name: "quantity",
        sql: "line.quantity",
        kind: "numeric",
    },
    Column {
        name: "total_price",
        sql: "line.total_price",
        kind: "numeric",
    },
];

/// Which lines of an order are asked for.
#[derive(Debug, Clone)]
pub(super) struct VendorLineQuery {
    pub(super) paging: Paging,
    pub(super) order: Order,
}

impl FromFields for VendorLineQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &SORTS, Order::of(&[(ID, Direction::Up)])),
        })
    }
}

/// A page of an order's lines.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VendorLineList {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_order_id: VendorOrderId,
    #[schema(value_type = Vec<VendorLineView<'static>>)]
    line_items: Vec<VendorLine>,
    /// Lines on this page.
    line_item_count: usize,
    /// Σ `total_price` of all lines.
    total_value: Money,
    /// What the order is worth.
    po_value: Money,
    #[serde(flatten)]
    page: PageInfo,
    data: VendorLineListData,
}

/// The same once more.
#[derive(Debug, Serialize, ToSchema)]
struct VendorLineListData {
    vendor_order_id: VendorOrderId,
    #[schema(value_type = Vec<VendorLineView<'static>>)]
    line_items: Vec<VendorLine>,
    line_item_count: usize,
    total_value: Money,
    po_value: Money,
    #[serde(flatten)]
    page: PageInfo,
}

impl VendorLineList {
    pub(super) fn new(
        vendor_order_id: VendorOrderId,
        (total_value, po_value): (Money, Money),
        line_items: Vec<VendorLine>,
        page: PageInfo,
    ) -> Self {
        Self {
            status: SUCCESS,
            vendor_order_id,
            line_item_count: line_items.len(),
            total_value,
            po_value,
            data: VendorLineListData {
                vendor_order_id,
                line_items: line_items.clone(),
                line_item_count: line_items.len(),
                total_value,
                po_value,
                page: page.clone(),
            },
            line_items,
            page,
        }
    }
}
