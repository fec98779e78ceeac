//! Lines as they are sent, stored and shown.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use sqlx::FromRow;
use utoipa::ToSchema;

use super::rules::{Changed, Figures, Given, Price, Stored};
use crate::{
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Order, PageInfo, Paging},
    },
    postgres::in_order::in_order,
    types::{
        Fields, FromFields, Money, Patch, Percent, Problem, Quantity, Rate, Text,
        ids::{ClientPoId, LineItemId, ProjectId},
        moment,
    },
};

/// A line's row.
#[derive(Debug, Clone, FromRow)]
pub struct Line {
    /// Its id.
    pub id: LineItemId,
    /// Its PO.
    pub client_po_id: ClientPoId,
    /// What was ordered.
    pub item_name: String,
    /// How much of it; null on some adopted rows.
    pub quantity: Option<Decimal>,
    /// What a unit is.
    pub unit: Option<String>,
    /// The price of one unit before tax.
    pub unit_price: Option<Rate>,
    /// The same, as far as the line has one.
    pub rate: Option<Rate>,
    /// The amount before tax.
    pub total_price: Option<Money>,
    /// The HSN or SAC code.
    pub hsn_code: Option<String>,
    /// Tax in percent.
    pub tax_rate: Option<Percent>,
    /// The amount of tax.
    pub gst_amount: Option<Money>,
    /// The amount with tax.
    pub gross_amount: Option<Money>,
    /// Raised with every change.
    pub version: i32,
    /// When it was made; null on adopted rows.
    pub created_at: Option<DateTime<Utc>>,
}

impl Line {
    /// Its money.
    pub fn figures(&self) -> Stored {
        Stored {
            quantity: self.quantity,
            unit_price: self.unit_price,
            rate: self.rate,
            total_price: self.total_price,
            tax_rate: self.tax_rate,
            gst_amount: self.gst_amount,
            gross_amount: self.gross_amount,
        }
    }
}

/// A line on the wire: the same figures under every name that clients read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Line)]
pub struct LineView<'a> {
    id: LineItemId,
    line_item_id: LineItemId,
    client_po_id: ClientPoId,
    #[schema(example = "Steel rods")]
    item_name: &'a str,
    description: &'a str,
    boq_name: &'a str,
    quantity: Option<Quantity>,
    #[schema(example = "nos")]
    unit: Option<&'a str>,
    unit_price: Option<Rate>,
    rate: Option<Rate>,
    /// Before tax.
    total_price: Option<Money>,
    amount: Option<Money>,
    taxable_amount: Option<Money>,
    hsn_code: Option<&'a str>,
    /// Percent; null if no tax is known.
    tax_rate: Option<Percent>,
    gst_amount: Option<Money>,
    /// With tax; null if no tax is known.
    gross_amount: Option<Money>,
    version: i32,
    #[serde(serialize_with = "moment::write_optional")]
    created_at: Option<DateTime<Utc>>,
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        LineView {
            id: self.id,
            line_item_id: self.id,
            client_po_id: self.client_po_id,
            item_name: &self.item_name,
            description: &self.item_name,
            boq_name: &self.item_name,
            quantity: self.quantity.map(Quantity),
            unit: self.unit.as_deref(),
            unit_price: self.figures().shown_unit_price(),
            rate: self.rate,
            total_price: self.total_price,
            amount: self.total_price,
            taxable_amount: self.total_price,
            hsn_code: self.hsn_code.as_deref(),
            tax_rate: self.tax_rate,
            gst_amount: self.gst_amount,
            gross_amount: self.gross_amount,
            version: self.version,
            created_at: self.created_at,
        }
        .serialize(serializer)
    }
}

/// The lines of one PO, each column as a list in the order of their ids; null without lines.
#[derive(Debug, Clone)]
pub struct LineColumns {
    line_ids: Option<Vec<LineItemId>>,
    item_names: Option<Vec<String>>,
    quantities: Option<Vec<Option<Decimal>>>,
    units: Option<Vec<Option<String>>>,
    unit_prices: Option<Vec<Option<Rate>>>,
    rates: Option<Vec<Option<Rate>>>,
    total_prices: Option<Vec<Option<Money>>>,
    hsn_codes: Option<Vec<Option<String>>>,
    tax_rates: Option<Vec<Option<Percent>>>,
    gst_amounts: Option<Vec<Option<Money>>>,
    gross_amounts: Option<Vec<Option<Money>>>,
    line_versions: Option<Vec<i32>>,
    line_created_ats: Option<Vec<Option<DateTime<Utc>>>>,
}

in_order!(LineColumns {
    line_ids,
    item_names,
    quantities,
    units,
    unit_prices,
    rates,
    total_prices,
    hsn_codes,
    tax_rates,
    gst_amounts,
    gross_amounts,
    line_versions,
    line_created_ats,
});

/// The next entry of a list that may have none, or hold none.
fn next<T>(column: &mut impl Iterator<Item = Option<T>>) -> Option<T> {
    column.next().flatten()
}

impl LineColumns {
    /// The lines themselves.
    pub fn into_lines(self, client_po_id: ClientPoId) -> Vec<Line> {
        let mut names = self.item_names.unwrap_or_default().into_iter();
        let mut quantities = self.quantities.unwrap_or_default().into_iter();
        let mut units = self.units.unwrap_or_default().into_iter();
        let mut unit_prices = self.unit_prices.unwrap_or_default().into_iter();
        let mut rates = self.rates.unwrap_or_default().into_iter();
        let mut totals = self.total_prices.unwrap_or_default().into_iter();
        let mut codes = self.hsn_codes.unwrap_or_default().into_iter();
        let mut tax_rates = self.tax_rates.unwrap_or_default().into_iter();
        let mut taxes = self.gst_amounts.unwrap_or_default().into_iter();
        let mut gross = self.gross_amounts.unwrap_or_default().into_iter();
        let mut versions = self.line_versions.unwrap_or_default().into_iter();
        let mut created = self.line_created_ats.unwrap_or_default().into_iter();
        let ids = self.line_ids.unwrap_or_default().into_iter();
        ids.map(|id| Line {
            id,
            client_po_id,
            item_name: names.next().unwrap_or_default(),
            quantity: next(&mut quantities),
            unit: next(&mut units),
            unit_price: next(&mut unit_prices),
            rate: next(&mut rates),
            total_price: next(&mut totals),
            hsn_code: next(&mut codes),
            tax_rate: next(&mut tax_rates),
            gst_amount: next(&mut taxes),
            gross_amount: next(&mut gross),
            version: versions.next().unwrap_or(1),
            created_at: next(&mut created),
        })
        .collect()
    }
}

/// A line to be added.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// What was ordered.
    pub item_name: Text<2000>,
    /// What a unit is.
    pub unit: Option<Text<50>>,
    /// The HSN or SAC code.
    pub hsn_code: Option<Text<50>>,
    /// Its money.
    pub figures: Figures,
}

/// The body of a line to be added.
#[derive(Debug, ToSchema)]
#[schema(as = NewLine)]
#[expect(dead_code, reason = "read through `NewLine`; this only documents the body")]
pub(super) struct NewLineBody {
    /// This or `description`.
    #[schema(example = "Steel rods", max_length = 2000)]
    item_name: Option<String>,
    /// Another name of it; `item_name` wins.
    description: Option<String>,
    /// Above 0.
    quantity: Quantity,
    /// Required unless `amount` is given.
    unit_price: Option<Rate>,
    /// The amount before tax, for a line without a unit price; kept as it is.
    amount: Option<Money>,
    /// At most 50 characters.
    hsn_code: Option<String>,
    /// At most 50 characters.
    unit: Option<String>,
    /// Percent, 0 to 100; gives `gst_amount`.
    tax_rate: Option<Percent>,
    /// Kept as given; gives `tax_rate` where that is absent.
    gst_amount: Option<Money>,
}

impl FromFields for NewLine {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.optional("item_name");
        let description = fields.optional("description");
        if !fields.has_text("item_name") && !fields.has_text("description") {
            fields.fault(
                "item_name",
                Problem::new("missing", "Item name or description is required"),
            );
        }
        let quantity = fields.required("quantity");
        let unit_price = fields.optional("unit_price");
        let amount = fields.optional("amount");
        if !fields.has_text("unit_price") && !fields.has_text("amount") {
            fields.fault(
                "unit_price",
                Problem::new("missing", "Field required, unless amount is given"),
            );
        }
        let unit = fields.optional("unit");
        let hsn_code = fields.optional("hsn_code");
        let tax_rate = fields.optional("tax_rate");
        let gst_amount = fields.optional("gst_amount");
        let given = Given {
            quantity: quantity?,
            price: unit_price.map(Price::Unit).or(amount.map(Price::Amount))?,
            tax_rate,
            gst_amount,
        };
        let figures = match given.figures() {
            Ok(figures) => figures,
            Err((field, problem)) => {
                fields.fault(field, problem);
                return None;
            }
        };
        Some(Self {
            item_name: name.or(description)?,
            unit,
            hsn_code,
            figures,
        })
    }
}

/// Lines to be added together.
#[derive(Debug, Clone)]
pub(super) struct NewLines(pub(super) Vec<NewLine>);

/// The body of lines to be added together.
#[derive(Debug, ToSchema)]
#[schema(as = NewLines)]
#[expect(dead_code, reason = "read through `NewLines`; this only documents the body")]
pub(super) struct NewLinesBody {
    /// 1 to 100 lines.
    #[schema(min_items = 1, max_items = 100,
        example = json!([{"item_name": "Steel rods", "quantity": 25, "unit_price": 2000, "tax_rate": 18}]))]
    items: Vec<NewLineBody>,
}

impl FromFields for NewLines {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.list("items", (1, 100), NewLine::from_fields).map(Self)
    }
}

/// What is to become of a line; what is not named stays.
#[derive(Debug, Clone)]
pub struct LineChange {
    /// What was ordered.
    pub item_name: Option<Text<2000>>,
    /// What a unit is.
    pub unit: Patch<Text<50>>,
    /// The HSN or SAC code.
    pub hsn_code: Patch<Text<50>>,
    /// Its money.
    pub figures: Changed,
}

/// The body of a change of a line; null is as good as absent.
#[derive(Debug, ToSchema)]
#[schema(as = LineChange)]
#[expect(dead_code, reason = "read through `LineChange`; this only documents the body")]
pub(super) struct LineChangeBody {
    /// At most 2000 characters.
    #[schema(example = "Steel rods", max_length = 2000)]
    item_name: Option<String>,
    /// Another name of it; `item_name` wins.
    description: Option<String>,
    /// Above 0; total and tax follow.
    quantity: Option<Quantity>,
    /// Total and tax follow.
    unit_price: Option<Rate>,
    /// The amount before tax, in place of a unit price; kept as it is.
    amount: Option<Money>,
    /// At most 50 characters; empty text clears.
    hsn_code: Option<String>,
    /// At most 50 characters; empty text clears.
    unit: Option<String>,
    /// Percent, 0 to 100; gives `gst_amount`.
    tax_rate: Option<Percent>,
    /// Kept as given; gives `tax_rate` where that is absent.
    gst_amount: Option<Money>,
}

/// A text that empty text clears, while null leaves it as it is.
fn clearable(fields: &mut Fields<'_>, name: &str) -> Patch<Text<50>> {
    if fields.has(name) {
        fields.patch(name)
    } else {
        Patch::Keep
    }
}

impl FromFields for LineChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = if fields.has_text("item_name") || !fields.has("description") {
            "item_name"
        } else {
            "description"
        };
        // Blank is no name, and a line has to have one.
        let item_name = if fields.has(name) {
            fields.required(name)
        } else {
            None
        };
        let unit_price = fields.optional("unit_price");
        let amount = fields.optional("amount");
        Some(Self {
            item_name,
            unit: clearable(fields, "unit"),
            hsn_code: clearable(fields, "hsn_code"),
            figures: Changed {
                quantity: fields.optional("quantity"),
                price: unit_price.map(Price::Unit).or(amount.map(Price::Amount)),
                tax_rate: fields.optional("tax_rate"),
                gst_amount: fields.optional("gst_amount"),
            },
        })
    }
}

/// Lines that were added together.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinesAdded {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Added 1 item successfully")]
    message: String,
    #[schema(value_type = Vec<LineView<'static>>)]
    line_items: Vec<Line>,
    created_count: usize,
    /// Always 0: all lines are added, or none.
    failed_count: usize,
    #[schema(value_type = Vec<String>)]
    failed_items: [(); 0],
    /// What the PO is worth now.
    po_value: Money,
    data: LinesAddedData,
}

/// The same once more, as some clients read it.
#[derive(Debug, Serialize, ToSchema)]
struct LinesAddedData {
    #[schema(value_type = Vec<LineView<'static>>)]
    line_items: Vec<Line>,
    #[schema(value_type = Vec<String>)]
    failed_items: [(); 0],
}

impl LinesAdded {
    pub(super) fn new(lines: Vec<Line>, po_value: Money) -> Self {
        let noun = if lines.len() == 1 { "item" } else { "items" };
        Self {
            status: SUCCESS,
            message: format!("Added {} {noun} successfully", lines.len()),
            created_count: lines.len(),
            line_items: lines.clone(),
            failed_count: 0,
            failed_items: [],
            po_value,
            data: LinesAddedData {
                line_items: lines,
                failed_items: [],
            },
        }
    }
}

/// A line that was removed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LineDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Line item deleted successfully")]
    message: &'static str,
    success: bool,
    line_item_id: LineItemId,
    data: LineDeletedData,
    /// What the PO is worth now.
    po_value: Money,
}

/// The same once more, as some clients read it.
#[derive(Debug, Serialize, ToSchema)]
struct LineDeletedData {
    success: bool,
    message: &'static str,
    line_item_id: LineItemId,
}

impl LineDeleted {
    pub(super) fn new(line_item_id: LineItemId, po_value: Money) -> Self {
        let message = "Line item deleted successfully";
        Self {
            status: SUCCESS,
            message,
            success: true,
            line_item_id,
            data: LineDeletedData {
                success: true,
                message,
                line_item_id,
            },
            po_value,
        }
    }
}

/// A line that was added or changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LineAnswer {
    #[schema(example = "SUCCESS")]
    pub(super) status: &'static str,
    #[schema(example = "Line item added successfully")]
    pub(super) message: &'static str,
    #[schema(value_type = LineView<'static>)]
    pub(super) line_item: Line,
    #[schema(value_type = LineView<'static>)]
    pub(super) data: Line,
    /// What the PO is worth now.
    pub(super) po_value: Money,
}

/// Sums over all lines of a PO.
#[derive(Debug, Clone, Copy, FromRow, Serialize, ToSchema)]
pub struct LineTotals {
    /// How many there are.
    pub line_item_count: i64,
    /// Σ `quantity`.
    pub total_quantity: Quantity,
    /// Σ `total_price`.
    pub total_value: Money,
    /// Σ `gst_amount`.
    pub total_gst: Money,
    /// Σ `gross_amount`, of a line without tax its `total_price`.
    pub total_gross: Money,
    /// `total_value` ÷ `total_quantity`, rounded to the paisa; 0 of nothing.
    pub average_unit_price: Money,
}

/// A page of a PO's lines.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LineList {
    pub(super) client_po_id: ClientPoId,
    #[schema(value_type = Vec<LineView<'static>>)]
    pub(super) line_items: Vec<Line>,
    #[serde(flatten)]
    pub(super) totals: LineTotals,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// A line in the list of its project.
#[derive(Debug, FromRow, Serialize, ToSchema)]
pub struct ProjectLine {
    #[sqlx(flatten)]
    #[serde(flatten)]
    #[schema(value_type = LineView<'static>)]
    line: Line,
    /// The number of its PO.
    po_number: Option<String>,
}

/// A page of the lines of a project's POs; the sums leave out cancelled POs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProjectLineList {
    pub(super) project_id: ProjectId,
    pub(super) line_items: Vec<ProjectLine>,
    #[serde(flatten)]
    pub(super) totals: LineTotals,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

const ID: Column = Column {
    name: "id",
    sql: "line.id",
    kind: "bigint",
};
const PO: Column = Column {
    name: "client_po_id",
    sql: "line.client_po_id",
    kind: "bigint",
};
const SORTS: [Column; 4] = [
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

/// Which lines are asked for.
#[derive(Debug, Clone)]
pub struct LineQuery {
    pub(super) paging: Paging,
    pub(super) order: Order,
}

impl FromFields for LineQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &SORTS, Order::of(&[(ID, Direction::Up)])),
        })
    }
}

/// Which lines of a project are asked for.
#[derive(Debug, Clone)]
pub struct ProjectLineQuery {
    pub(super) paging: Paging,
    pub(super) order: Order,
}

impl FromFields for ProjectLineQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let default = Order::of(&[(PO, Direction::Up), (ID, Direction::Up)]);
        Some(Self {
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &SORTS, default),
        })
    }
}
