//! Quotations as they are sent, stored and shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use super::rules::{Amounts, Totals};
use crate::{
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Order, PageInfo, Paging},
    },
    types::{
        Fields, FromFields, Input, Money, Percent, Problem, Quantity, Rate, Text, decimal,
        ids::{QuotationId, QuotationItemId},
        words::words,
    },
};

words! {
    /// How a quotation stands.
    QuotationStatus {
        /// Made and kept.
        Saved = "saved",
    }
}

/// A quotation's row without its items.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Quotation {
    /// Its id.
    pub id: QuotationId,
    /// The client's code of the store.
    pub store_id: String,
    /// Where the store is.
    pub store_location: String,
    /// The store's address.
    pub full_address: String,
    /// Who is to have the work done.
    pub company_name: String,
    /// The store's area, in words.
    pub total_area: String,
    /// Σ quantity × price of the items.
    pub subtotal: Money,
    /// The tax on it.
    pub total_gst: Money,
    /// Both together.
    pub total_amount: Money,
    /// One of [`QuotationStatus`], or an older word.
    pub status: String,
    /// Raised with every change.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// A quotation on the wire, without its items.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Quotation)]
pub(super) struct QuotationView {
    id: QuotationId,
    quotation_id: QuotationId,
    #[schema(example = "ST-104")]
    store_id: String,
    #[schema(example = "Delhi")]
    store_location: String,
    full_address: String,
    #[schema(example = "Example Retail Ltd")]
    company_name: String,
    #[schema(example = "1200 sq ft")]
    total_area: String,
    /// `subtotal` + `total_gst`.
    total_amount: Money,
    /// Before tax.
    subtotal: Money,
    total_gst: Money,
    #[schema(example = "saved")]
    status: String,
    #[schema(example = 1)]
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Quotation> for QuotationView {
    fn from(quotation: Quotation) -> Self {
        Self {
            id: quotation.id,
            quotation_id: quotation.id,
            store_id: quotation.store_id,
            store_location: quotation.store_location,
            full_address: quotation.full_address,
            company_name: quotation.company_name,
            total_area: quotation.total_area,
            total_amount: quotation.total_amount,
            subtotal: quotation.subtotal,
            total_gst: quotation.total_gst,
            status: quotation.status,
            version: quotation.version,
            created_at: quotation.created_at,
            updated_at: quotation.updated_at,
        }
    }
}

/// An item of a quotation, as it is stored and shown; adopted rows may lack some figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = QuotationItem)]
pub struct Item {
    /// Its id.
    pub id: QuotationItemId,
    /// Its quotation.
    pub quotation_id: QuotationId,
    /// What is offered.
    #[schema(example = "Gypsum partition")]
    pub name: String,
    /// The HSN or SAC code.
    pub hsn_sac_code: Option<String>,
    /// `Movable`, `Non Movable` or a word of the user's.
    #[schema(example = "Non Movable")]
    pub type_of_boq: Option<String>,
    /// How much of it.
    pub quantity: Option<Quantity>,
    /// What a unit is.
    #[schema(example = "sq ft")]
    pub units: Option<String>,
    /// The price of one unit before tax.
    pub price: Option<Rate>,
    /// Percent.
    pub tax: Option<Percent>,
    /// The amount of tax.
    pub gst_amount: Option<Money>,
    /// The amount with tax.
    pub total: Option<Money>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
}

/// A quotation's row with its items, each column of theirs as a list in the order of their ids; null without items.
#[derive(Debug, Clone)]
pub(super) struct QuotationRow {
    pub(super) id: QuotationId,
    pub(super) store_id: String,
    pub(super) store_location: String,
    pub(super) full_address: String,
    pub(super) company_name: String,
    pub(super) total_area: String,
    pub(super) subtotal: Money,
    pub(super) total_gst: Money,
    pub(super) total_amount: Money,
    pub(super) status: String,
    pub(super) version: i32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) item_ids: Option<Vec<QuotationItemId>>,
    pub(super) names: Option<Vec<String>>,
    pub(super) codes: Option<Vec<Option<String>>>,
    pub(super) kinds: Option<Vec<Option<String>>>,
    pub(super) quantities: Option<Vec<Option<Quantity>>>,
    pub(super) units: Option<Vec<Option<String>>>,
    pub(super) prices: Option<Vec<Option<Rate>>>,
    pub(super) taxes: Option<Vec<Option<Percent>>>,
    pub(super) gst_amounts: Option<Vec<Option<Money>>>,
    pub(super) totals: Option<Vec<Option<Money>>>,
    pub(super) item_created_ats: Option<Vec<Option<DateTime<Utc>>>>,
}

/// The next entry of a list that may have none, or hold none.
fn next<T>(column: &mut impl Iterator<Item = Option<T>>) -> Option<T> {
    column.next().flatten()
}

impl From<QuotationRow> for (Quotation, Vec<Item>) {
    fn from(row: QuotationRow) -> Self {
        let quotation_id = row.id;
        let mut names = row.names.unwrap_or_default().into_iter();
        let mut codes = row.codes.unwrap_or_default().into_iter();
        let mut kinds = row.kinds.unwrap_or_default().into_iter();
        let mut quantities = row.quantities.unwrap_or_default().into_iter();
        let mut units = row.units.unwrap_or_default().into_iter();
        let mut prices = row.prices.unwrap_or_default().into_iter();
        let mut taxes = row.taxes.unwrap_or_default().into_iter();
        let mut gst_amounts = row.gst_amounts.unwrap_or_default().into_iter();
        let mut totals = row.totals.unwrap_or_default().into_iter();
        let mut created = row.item_created_ats.unwrap_or_default().into_iter();
        let ids = row.item_ids.unwrap_or_default().into_iter();
        let items = ids.map(|id| Item {
            id,
            quotation_id,
            name: names.next().unwrap_or_default(),
            hsn_sac_code: next(&mut codes),
            type_of_boq: next(&mut kinds),
            quantity: next(&mut quantities),
            units: next(&mut units),
            price: next(&mut prices),
            tax: next(&mut taxes),
            gst_amount: next(&mut gst_amounts),
            total: next(&mut totals),
            created_at: next(&mut created),
        });
        let items = items.collect();
        let quotation = Quotation {
            id: row.id,
            store_id: row.store_id,
            store_location: row.store_location,
            full_address: row.full_address,
            company_name: row.company_name,
            total_area: row.total_area,
            subtotal: row.subtotal,
            total_gst: row.total_gst,
            total_amount: row.total_amount,
            status: row.status,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        (quotation, items)
    }
}

/// A quotation with its items.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct QuotationWithItems {
    id: QuotationId,
    header: QuotationView,
    /// Ordered by id.
    line_items: Vec<Item>,
}

impl From<(Quotation, Vec<Item>)> for QuotationWithItems {
    fn from((quotation, line_items): (Quotation, Vec<Item>)) -> Self {
        Self {
            id: quotation.id,
            header: quotation.into(),
            line_items,
        }
    }
}

/// A quotation that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct QuotationCreated {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Quotation saved successfully")]
    message: &'static str,
    id: QuotationId,
    quotation_id: QuotationId,
    data: QuotationWithItems,
}

impl From<(Quotation, Vec<Item>)> for QuotationCreated {
    fn from(made: (Quotation, Vec<Item>)) -> Self {
        let data = QuotationWithItems::from(made);
        Self {
            status: SUCCESS,
            message: "Quotation saved successfully",
            id: data.id,
            quotation_id: data.id,
            data,
        }
    }
}

/// A quotation that was deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct QuotationDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Quotation deleted")]
    message: &'static str,
    #[serde(flatten)]
    content: QuotationDeletedData,
    data: QuotationDeletedData,
}

/// What went.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct QuotationDeletedData {
    success: bool,
    quotation_id: QuotationId,
}

impl From<QuotationId> for QuotationDeleted {
    fn from(quotation_id: QuotationId) -> Self {
        let content = QuotationDeletedData {
            success: true,
            quotation_id,
        };
        Self {
            status: SUCCESS,
            message: "Quotation deleted",
            content,
            data: content,
        }
    }
}

/// A store's area: a text, or a number that is kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Area(Text<50>);

impl Input for Area {
    fn read(value: &Value) -> Result<Self, Problem> {
        match value {
            Value::Number(number) => Text::new(number.as_str()).map(Self),
            other => Text::read(other).map(Self),
        }
    }
}

/// What a new quotation says of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHeader {
    /// The client's code of the store.
    pub store_id: Text<50>,
    /// Where the store is.
    pub store_location: Text<1000>,
    /// The store's address.
    pub full_address: Text<1000>,
    /// Who is to have the work done.
    pub company_name: Text<1000>,
    /// The store's area, in words.
    pub total_area: Text<50>,
}

impl NewHeader {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let store_id = fields.required("storeId");
        let store_location = fields.required("storeLocation");
        let full_address = fields.required("fullAddress");
        let company_name = fields.required("companyName");
        let total_area = fields.required("totalArea");
        Some(Self {
            store_id: store_id?,
            store_location: store_location?,
            full_address: full_address?,
            company_name: company_name?,
            total_area: total_area.map(|Area(text)| text)?,
        })
    }
}

/// An item of a new quotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// What is offered.
    pub name: Text<2000>,
    /// The HSN or SAC code.
    pub hsn_sac_code: Option<Text<50>>,
    /// `Movable`, `Non Movable` or another word.
    pub type_of_boq: Option<Text<50>>,
    /// What a unit is.
    pub units: Option<Text<20>>,
    /// How much of it.
    pub quantity: Quantity,
    /// The price of one unit before tax.
    pub price: Rate,
    /// Percent with at most 2 decimals.
    pub tax: Percent,
    /// What that costs.
    pub amounts: Amounts,
}

impl NewItem {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let hsn_sac_code = fields.optional("hsn_sac_code");
        let type_of_boq = fields.optional("type_of_boq");
        let units = fields.optional("units");
        let quantity = fields.optional("quantity").unwrap_or(Quantity(1.into()));
        let price = fields.optional("price").unwrap_or(Rate::ZERO);
        let tax = fields.optional("tax").unwrap_or(Percent(18.into()));
        // As the column keeps it, so that the stored tax gives the stored amount.
        let tax = Percent(decimal::round(tax.0, 2));
        let amounts = match Amounts::of(quantity, price, tax) {
            Ok(amounts) => amounts,
            Err((field, problem)) => {
                fields.fault(field, problem);
                return None;
            }
        };
        Some(Self {
            name: name?,
            hsn_sac_code,
            type_of_boq,
            units,
            quantity,
            price,
            tax,
            amounts,
        })
    }
}

/// A quotation to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQuotation {
    /// What it says of the store.
    pub header: NewHeader,
    /// Its items, in their order.
    pub items: Vec<NewItem>,
    /// What they cost together.
    pub totals: Totals,
}

impl FromFields for NewQuotation {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let header = fields.object("header", NewHeader::read);
        let items = fields.list("lineItems", (1, 1000), NewItem::read)?;
        let totals = match Totals::of(items.iter().map(|item| item.amounts)) {
            Ok(totals) => totals,
            Err(problem) => {
                fields.fault("lineItems", problem);
                return None;
            }
        };
        Some(Self {
            header: header?,
            items,
            totals,
        })
    }
}

/// The body of a quotation to be made.
#[derive(Debug, ToSchema)]
#[schema(as = NewQuotation, rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "read through `NewQuotation`; this only documents the body"
)]
pub(super) struct NewQuotationBody {
    header: NewHeaderBody,
    /// 1 to 1000 items.
    #[schema(min_items = 1, max_items = 1000,
        example = json!([{"name": "Gypsum partition", "quantity": 2, "units": "sq ft", "price": 99.995, "tax": 18}]))]
    line_items: Vec<NewItemBody>,
}

/// What a new quotation says of the store.
#[derive(Debug, ToSchema)]
#[schema(as = NewQuotationHeader, rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "read through `NewHeader`; this only documents the fields"
)]
struct NewHeaderBody {
    /// The client's code of the store.
    #[schema(value_type = String, example = "ST-104", min_length = 1, max_length = 50)]
    store_id: Text<50>,
    #[schema(value_type = String, example = "Delhi", min_length = 1, max_length = 1000)]
    store_location: Text<1000>,
    #[schema(value_type = String, example = "12 Ring Road, Delhi 110001", min_length = 1, max_length = 1000)]
    full_address: Text<1000>,
    #[schema(value_type = String, example = "Example Retail Ltd", min_length = 1, max_length = 1000)]
    company_name: Text<1000>,
    /// A text; a number is kept as it is written.
    #[schema(value_type = String, example = "1200 sq ft", min_length = 1, max_length = 50)]
    total_area: Area,
    /// Not looked at: the sums follow from the items.
    total_amount: Option<Money>,
    /// Not looked at.
    subtotal: Option<Money>,
    /// Not looked at.
    #[schema(rename = "totalGST")]
    total_gst: Option<Money>,
}

/// An item of a new quotation.
#[derive(Debug, ToSchema)]
#[schema(as = NewQuotationItem)]
#[expect(dead_code, reason = "read through `NewItem`; this only documents the fields")]
struct NewItemBody {
    #[schema(value_type = String, example = "Gypsum partition", min_length = 1, max_length = 2000)]
    name: Text<2000>,
    hsn_sac_code: Option<Text<50>>,
    /// `Movable` or `Non Movable`; other words are kept.
    #[schema(value_type = Option<String>, example = "Non Movable", min_length = 1, max_length = 50)]
    type_of_boq: Option<Text<50>>,
    #[schema(value_type = Option<String>, example = "sq ft", min_length = 1, max_length = 20)]
    units: Option<Text<20>>,
    /// Above 0; 1 unless given.
    quantity: Option<Quantity>,
    /// Of one unit, before tax; 0 unless given.
    price: Option<Rate>,
    /// Percent, 0 to 100, with at most 2 decimals; 18 unless given.
    tax: Option<Percent>,
    /// Not looked at.
    gst_amount: Option<Money>,
    /// Not looked at.
    total: Option<Money>,
}

/// A page of quotations.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct QuotationList {
    /// Quotations on this page.
    count: usize,
    quotations: Vec<QuotationView>,
    #[serde(flatten)]
    page: PageInfo,
}

impl From<(Vec<Quotation>, PageInfo)> for QuotationList {
    fn from((quotations, page): (Vec<Quotation>, PageInfo)) -> Self {
        Self {
            count: quotations.len(),
            quotations: quotations.into_iter().map(Into::into).collect(),
            page,
        }
    }
}

const ID: Column = Column {
    name: "id",
    sql: "quotation.id",
    kind: "integer",
};
const CREATED: Column = Column {
    name: "created_at",
    sql: "quotation.created_at",
    kind: "timestamptz",
};
const COLUMNS: [Column; 4] = [
    ID,
    Column {
        name: "store_id",
        sql: "quotation.store_id",
        kind: "text",
    },
    Column {
        name: "total_amount",
        sql: "quotation.total_amount",
        kind: "numeric",
    },
    CREATED,
];

fn newest_first() -> Order {
    Order::of(&[(CREATED, Direction::Down), (ID, Direction::Down)])
}

/// Which store's quotations are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StoreQuery {
    /// The client's code of the store, exactly.
    #[param(value_type = String, min_length = 1, max_length = 50)]
    pub(super) store_id: Text<50>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for StoreQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let store_id = fields.required("store_id");
        let paging = Paging::read(fields, 1000);
        let order = Order::read(fields, &COLUMNS, newest_first());
        Some(Self {
            store_id: store_id?,
            paging,
            order,
        })
    }
}

/// Which quotations are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuotationQuery {
    /// Only those that stand so.
    #[param(inline)]
    pub(super) status: Option<QuotationStatus>,
    /// Only those with this in their store's code, company's name or place, without regard to case.
    #[param(value_type = Option<String>, max_length = 200)]
    pub(super) q: Option<Text<200>>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for QuotationQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            status: fields.optional("status"),
            q: fields.optional("q"),
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &COLUMNS, newest_first()),
        })
    }
}
