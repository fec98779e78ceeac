//! Bajaj's purchase orders: those of client 1, listed and made by themselves. Source: the uploads contract, section 6.

use std::sync::Arc;

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Serialize, Serializer, ser::Error as _};
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    list::{self, PoQuery},
    model::{ListedPo, PoType, PurchaseOrderWithLines},
    proformas::{ItemBody, items, only_rupees, worth},
    store,
    with_lines::{self, NewPoWithLines, Seller},
};
use crate::{
    app::AppState,
    audit::Change,
    auth::Editor,
    error::Result,
    finance::line_items::NewLine,
    http::{
        envelope::{Mirror, Success},
        extract::{Json, Query},
        list::{PageInfo, PageQuery},
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::{
        Fields, FromFields, Money, Problem, Text,
        ids::{ClientId, ProjectId, VendorId},
    },
    unit_of_work::{Answer, StoredAnswer, Write},
};

const BAJAJ: ClientId = ClientId(1);

/// Which of Bajaj's POs are asked for: the query of `GET /po` without its client.
#[derive(Debug, Clone)]
pub(super) struct OrderQuery(PoQuery);

impl FromFields for OrderQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.forget("client_id");
        let query = PoQuery::read(fields, 50);
        Some(Self(PoQuery {
            client_id: Some(BAJAJ),
            ..query
        }))
    }
}

impl IntoParams for OrderQuery {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = PoQuery::into_params(parameter_in);
        parameters.retain(|parameter| parameter.name != "client_id");
        parameters
    }
}

/// A page of Bajaj's POs, under two names.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OrderList {
    #[schema(value_type = Vec<ListedPo>)]
    #[serde(serialize_with = "shared")]
    pos: Arc<Vec<ListedPo>>,
    /// The same.
    #[schema(value_type = Vec<ListedPo>)]
    #[serde(serialize_with = "shared")]
    bajaj_pos: Arc<Vec<ListedPo>>,
    #[serde(flatten)]
    page: PageInfo,
}

fn shared<S: Serializer>(pos: &Arc<Vec<ListedPo>>, serializer: S) -> Result<S::Ok, S::Error> {
    pos.as_ref().serialize(serializer)
}

/// A purchase order of Bajaj's to be made.
#[derive(Debug, Clone)]
pub(super) struct NewOrder {
    po_number: Text<100>,
    po_date: Option<NaiveDate>,
    vendor_id: Option<VendorId>,
    project_id: Option<ProjectId>,
    po_value: Option<Money>,
    notes: Option<String>,
    items: Vec<NewLine>,
}

/// The body of a purchase order to be made.
#[derive(Debug, ToSchema)]
#[schema(as = NewBajajOrder)]
#[expect(dead_code, reason = "read through `NewOrder`; this only documents the body")]
pub(super) struct NewOrderBody {
    /// Unique over all POs.
    #[schema(example = "4500000001", max_length = 100)]
    po_number: String,
    /// Today unless given.
    #[schema(example = "2026-02-10")]
    po_date: Option<NaiveDate>,
    /// The seller.
    vendor_id: Option<VendorId>,
    /// Tax included: the stated value. With items it has to be their sum.
    #[schema(example = 150_000)]
    po_value: Option<Money>,
    /// Nothing but `INR`.
    #[schema(example = "INR")]
    currency: Option<String>,
    #[schema(max_items = 1000, example = json!([{"description": "Cabling works", "quantity": 100, "unit_price": 1500}]))]
    items: Option<Vec<ItemBody>>,
    /// Kept in the notes as it stands here.
    #[schema(example = "2026-03-31", max_length = 200)]
    delivery_date: Option<String>,
    /// Kept in the notes as they stand here.
    #[schema(example = "30 days", max_length = 2000)]
    payment_terms: Option<String>,
    /// The project that it belongs to; must exist and be Bajaj's.
    project_id: Option<ProjectId>,
}

impl FromFields for NewOrder {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        only_rupees(fields);
        let po_number = fields.required("po_number");
        let po_value: Option<Money> = fields.optional("po_value");
        let items = items(fields);
        let given = worth(&items);
        if fields.is_faultless() && !items.is_empty() && po_value.is_some_and(|stated| stated != given) {
            fields.fault(
                "po_value",
                Problem::new("value_error", format!("must be the sum of the items, {given:.2}")),
            );
        }
        let delivery: Option<Text<200>> = fields.optional("delivery_date");
        let terms: Option<Text<2000>> = fields.optional("payment_terms");
        let notes: Vec<String> = [
            delivery.map(|text| format!("Delivery date: {text}")),
            terms.map(|text| format!("Payment terms: {text}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let po_date = fields.optional("po_date");
        let vendor_id = fields.optional("vendor_id");
        let project_id = fields.optional("project_id");
        Some(Self {
            po_number: po_number?,
            po_date,
            vendor_id,
            project_id,
            po_value,
            notes: (!notes.is_empty()).then(|| notes.join("; ")),
            items,
        })
    }
}

/// A purchase order that was made; its own status is `po_status`, because `status` is that of the answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OrderCreated {
    #[serde(flatten, serialize_with = "without_status")]
    po: PurchaseOrderWithLines,
    #[schema(example = "pending")]
    po_status: String,
}

fn without_status<S: Serializer>(po: &PurchaseOrderWithLines, serializer: S) -> Result<S::Ok, S::Error> {
    let mut fields = serde_json::to_value(po).map_err(S::Error::custom)?;
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("status");
    }
    fields.serialize(serializer)
}

/// List Bajaj's purchase orders.
///
/// Filters, order and objects are those of `GET /po`.
#[utoipa::path(get, path = "/bajaj-po", tag = "purchase orders", params(OrderQuery, PageQuery),
    responses((status = 200, body = Success<OrderList>), ReadErrors))]
pub(super) async fn list_bajaj_orders(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(OrderQuery(query)): Query<OrderQuery>,
) -> Result<SharedAnswer<Success<OrderList>>> {
    shared
        .answer(async move {
            let (pos, _, page) = list::list(&db, &query).await?;
            let pos: Arc<Vec<ListedPo>> = Arc::new(pos.into_iter().map(Into::into).collect());
            Ok(Answer::ok(Success(OrderList {
                bajaj_pos: Arc::clone(&pos),
                pos,
                page,
            })))
        })
        .await
}

/// Make a purchase order of Bajaj's, with its items.
///
/// With items it is worth their sum, tax included, and `po_value` has to say the same; without, what `po_value` states. 409 if
/// its number is taken.
#[utoipa::path(post, path = "/bajaj-po", tag = "purchase orders", request_body = NewOrderBody,
    responses((status = 200, body = Mirror<OrderCreated>), WriteErrors))]
pub(super) async fn create_bajaj_order(
    write: Write<Editor>,
    State(state): State<AppState>,
    Json(new): Json<NewOrder>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let made = with_lines::create(
        &mut uow,
        &NewPoWithLines {
            client: BAJAJ,
            project: new.project_id,
            seller: new.vendor_id.map_or(Seller::None, Seller::Known),
            vendor_address: None,
            po_type: PoType::Standard,
            po_number: Some(&new.po_number),
            po_date: Some(new.po_date.unwrap_or_else(|| state.clock.today())),
            pi_number: None,
            pi_date: None,
            stated_value: new.po_value,
            notes: new.notes.as_deref(),
            lines: &new.items,
        },
    )
    .await?;
    let po = store::get(uow.conn(), made.id).await?;
    uow.record(Change::created("client_po", made.id, &po));
    let version = po.version();
    let answer = Answer::ok(Mirror(OrderCreated {
        po_status: po.status().to_owned(),
        po,
    }));
    let path = format!("/api/po/{}", made.id);
    uow.commit(answer.at(path).version(version)).await
}
