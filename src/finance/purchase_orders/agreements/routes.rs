//! The handlers of verbal agreements.

use axum::extract::State;

use super::{
    model::{AgreementCreated, AgreementList, AgreementQuery, NewAgreement, PoNumber, PoNumberAdded},
    store,
};
use crate::{
    auth::Editor,
    error::Result,
    finance::purchase_orders::{create::ClientQuery, routes::ProjectPath},
    http::{
        envelope::Mirror,
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::ClientPoId,
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// A verbal agreement.
    AgreementPath {
        /// Its id, which is that of its PO.
        agreement_id: ClientPoId,
    }
}

/// Make a verbal agreement.
///
/// It is a PO of its project without a number, and counts as an agreement until it has one. 409 if a PO of the project has its
/// proforma number.
#[utoipa::path(post, path = "/projects/{project_id}/verbal-agreement", tag = "verbal agreements",
    params(ProjectPath, ClientQuery), request_body = NewAgreement,
    responses((status = 200, body = AgreementCreated), WriteErrors))]
pub(super) async fn create_verbal_agreement(
    write: Write<Editor>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<ClientQuery>,
    Json(new): Json<NewAgreement>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let agreement = store::create(&mut uow, project_id, &query, &new).await?;
    let (path, version) = (format!("/api/po/{}", agreement.id), agreement.version);
    let answer = Answer::ok(AgreementCreated::from(agreement))
        .at(path)
        .version(version);
    uow.commit(answer).await
}

/// Give a verbal agreement its PO number.
///
/// From then on it counts as a PO; value, lines and payments stay as they are. The same number again changes only the date;
/// 409 if it has another, or another PO has this one.
#[utoipa::path(put, path = "/verbal-agreement/{agreement_id}/add-po", tag = "verbal agreements",
    params(AgreementPath), request_body = PoNumber, responses((status = 200, body = PoNumberAdded), WriteErrors))]
pub(super) async fn add_po_number(
    write: Write<Editor>,
    Path(AgreementPath { agreement_id }): Path<AgreementPath>,
    Json(new): Json<PoNumber>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (agreement, is_changed) = store::add_po_number(&mut uow, agreement_id, &new).await?;
    let version = agreement.version;
    let answer = Answer::ok(PoNumberAdded::from(agreement)).version(version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// List the verbal agreements of a project.
///
/// The latest proforma date first; `sort` may name `id`, `po_number`, `po_date`, `pi_date`, `po_value`, `status`, `store_id` or
/// `created_at`. The sums are over all of the project's agreements.
#[utoipa::path(get, path = "/projects/{project_id}/verbal-agreements", tag = "verbal agreements",
    params(ProjectPath, AgreementQuery, PageQuery),
    responses((status = 200, body = Mirror<AgreementList>), ReadErrors))]
pub(super) async fn list_verbal_agreements(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<AgreementQuery>,
) -> Result<SharedAnswer<Mirror<AgreementList>>> {
    shared
        .answer(async move { Ok(Answer::ok(Mirror(store::list(&db, project_id, &query).await?))) })
        .await
}
