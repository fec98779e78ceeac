//! The handlers of quotations.

use axum::extract::State;

use super::{
    NewQuotation,
    model::{
        NewQuotationBody, QuotationCreated, QuotationDeleted, QuotationList, QuotationQuery,
        QuotationWithItems, StoreQuery,
    },
    store,
};
use crate::{
    auth::{Admin, Editor},
    error::Result,
    http::{
        envelope::{Mirror, WithData},
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::QuotationId,
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// A quotation.
    QuotationPath {
        /// Its id.
        quotation_id: QuotationId,
    }
}

/// List a store's quotations, the newest first.
///
/// `sort` may name `id`, `store_id`, `total_amount` or `created_at`. A store that nobody knows has none.
#[utoipa::path(get, path = "/quotations", tag = "quotations", params(StoreQuery, PageQuery),
    responses((status = 200, body = Mirror<QuotationList>), ReadErrors))]
pub(super) async fn list_quotations(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<StoreQuery>,
) -> Result<SharedAnswer<Mirror<QuotationList>>> {
    shared
        .answer(async move {
            let page = store::list_of_store(&db, &query).await?;
            Ok(Answer::ok(Mirror(page.into())))
        })
        .await
}

/// List the quotations of all stores, the newest first.
///
/// `sort` may name what it may in the list of a store.
#[utoipa::path(get, path = "/quotations/all", tag = "quotations", params(QuotationQuery, PageQuery),
    responses((status = 200, body = Mirror<QuotationList>), ReadErrors))]
pub(super) async fn list_all_quotations(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<QuotationQuery>,
) -> Result<SharedAnswer<Mirror<QuotationList>>> {
    shared
        .answer(async move {
            let page = store::list(&db, &query).await?;
            Ok(Answer::ok(Mirror(page.into())))
        })
        .await
}

/// Make a quotation.
///
/// What an item costs is quantity × price, rounded to the paisa, and its tax on that, rounded too; the quotation costs their
/// sum. Amounts in the request are not looked at.
#[utoipa::path(post, path = "/quotations", tag = "quotations", request_body = NewQuotationBody,
    responses((status = 200, body = QuotationCreated), WriteErrors))]
pub(super) async fn create_quotation(
    write: Write<Editor>,
    Json(new): Json<NewQuotation>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let made = store::insert(&mut uow, &new).await?;
    let (id, version) = (made.0.id, made.0.version);
    uow.commit(
        Answer::ok(QuotationCreated::from(made))
            .at(format!("/api/quotations/{id}"))
            .version(version),
    )
    .await
}

/// One quotation with its items.
#[utoipa::path(get, path = "/quotations/{quotation_id}", tag = "quotations", params(QuotationPath),
    responses((status = 200, body = WithData<QuotationWithItems>), ReadErrors))]
pub(super) async fn get_quotation(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(QuotationPath { quotation_id }): Path<QuotationPath>,
) -> Result<SharedAnswer<WithData<QuotationWithItems>>> {
    shared
        .answer(async move {
            let found = store::get(&db, quotation_id).await?;
            let version = found.0.version;
            Ok(Answer::ok(WithData(found.into())).version(version))
        })
        .await
}

/// Delete a quotation with its items.
#[utoipa::path(delete, path = "/quotations/{quotation_id}", tag = "quotations", params(QuotationPath),
    responses((status = 200, body = QuotationDeleted), WriteErrors))]
pub(super) async fn delete_quotation(
    write: Write<Admin>,
    Path(QuotationPath { quotation_id }): Path<QuotationPath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    store::delete(&mut uow, quotation_id).await?;
    uow.commit(Answer::ok(QuotationDeleted::from(quotation_id))).await
}
