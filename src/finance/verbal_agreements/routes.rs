//! The handlers of verbal agreements.

use axum::extract::State;
use sqlx::PgPool;

use super::{
    NewAgreement, PoNumber,
    model::{AgreementCreated, AgreementList, AgreementQuery, PoNumberAdded},
    store,
};
use crate::{
    auth::{Editor, Viewer},
    error::Result,
    finance::purchase_orders::ClientQuery,
    http::{
        envelope::Mirror,
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    types::ids::{ClientPoId, ProjectId},
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// The project of the agreements.
    ProjectPath {
        /// Its id.
        project_id: ProjectId,
    }

    /// A verbal agreement.
    AgreementPath {
        /// Its id, which is that of the PO.
        agreement_id: ClientPoId,
    }
}

/// Make a verbal agreement in a project.
///
/// It is a client PO without a number. For the client of the query, else for the project's own. 409 if another PO of the
/// project has the proforma number.
#[utoipa::path(post, path = "/projects/{project_id}/verbal-agreement", tag = "verbal agreements",
    params(ProjectPath, ClientQuery), request_body = NewAgreement,
    responses((status = 200, body = AgreementCreated), WriteErrors))]
pub(super) async fn create_agreement(
    write: Write<Editor>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<ClientQuery>,
    Json(new): Json<NewAgreement>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let agreement = store::insert(&mut uow, project_id, &query, &new).await?;
    let (id, version) = (agreement.id, agreement.version);
    uow.commit(
        Answer::ok(AgreementCreated::from(agreement))
            .at(format!("/api/po/{id}"))
            .version(version),
    )
    .await
}

/// List the verbal agreements of a project.
///
/// By the date of their proforma invoice, the newest first; `sort` may name `id`, `po_number`, `po_date`, `pi_date`,
/// `po_value`, `status`, `store_id` or `created_at`. The sums are over all agreements of the project, whatever the page.
#[utoipa::path(get, path = "/projects/{project_id}/verbal-agreements", tag = "verbal agreements",
    params(ProjectPath, AgreementQuery, PageQuery),
    responses((status = 200, body = Mirror<AgreementList>), ReadErrors))]
pub(super) async fn list_agreements(
    _: Viewer,
    State(db): State<PgPool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<AgreementQuery>,
) -> Result<Answer<Mirror<AgreementList>>> {
    let (agreements, totals, page) = store::list(&db, project_id, &query).await?;
    Ok(Answer::ok(Mirror(AgreementList::new(
        project_id, agreements, totals, page,
    ))))
}

/// Give a verbal agreement its PO number.
///
/// It keeps its id, value, lines and payments, and counts as a PO and no more as an agreement. The same number again sets
/// the date only. 409 if it has another number, or another PO has this one.
#[utoipa::path(put, path = "/verbal-agreement/{agreement_id}/add-po", tag = "verbal agreements",
    params(AgreementPath), request_body = PoNumber, responses((status = 200, body = PoNumberAdded), WriteErrors))]
pub(super) async fn add_po_number(
    write: Write<Editor>,
    Path(AgreementPath { agreement_id }): Path<AgreementPath>,
    Json(number): Json<PoNumber>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (agreement, is_changed) = store::add_number(&mut uow, agreement_id, &number).await?;
    let version = agreement.version;
    let answer = Answer::ok(PoNumberAdded::from(agreement)).version(version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}
