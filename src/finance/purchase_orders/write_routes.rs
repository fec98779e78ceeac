//! The handlers that make and change client POs.

use axum::extract::State;

use super::{
    attach::{self, AttachQuery, Attached},
    change::{self, PoChange, PoUpdated},
    create::{self, ClientQuery, NewPo, NewProjectPo, PoCreated},
    primary::{self, Primary, PrimaryAnswer},
    routes::{PoPath, ProjectPath},
    store,
};
use crate::{
    app::AppState,
    auth::Editor,
    error::Result,
    http::{
        envelope::Mirror,
        extract::{Json, Path, Query, path_parameters},
        openapi::WriteErrors,
    },
    types::ids::{ClientPoId, ProjectId},
    unit_of_work::{Answer, StoredAnswer, UnitOfWork, Write},
};

path_parameters! {
    /// A client PO and a project.
    PlacePath {
        /// The project's id.
        project_id: ProjectId,
        /// The PO's id.
        client_po_id: ClientPoId,
    }
}

/// Make a PO.
///
/// Its value is what is stated here until it has lines. In a project it gets the last place; the first PO of a project is its
/// primary one. 409 if its number is taken.
#[utoipa::path(post, path = "/po", tag = "purchase orders", request_body = NewPo,
    responses((status = 200, body = PoCreated), WriteErrors))]
pub(super) async fn create_purchase_order(
    write: Write<Editor>,
    State(state): State<AppState>,
    Json(new): Json<NewPo>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let po = create::create(&mut uow, &new, state.clock.today()).await?;
    commit_created(uow, po.into()).await
}

/// Make a PO, under an older path.
///
/// The same as `POST /po`.
#[utoipa::path(post, path = "/client-po", tag = "purchase orders", request_body = NewPo,
    responses((status = 200, body = PoCreated), WriteErrors))]
pub(super) async fn create_client_po(
    write: Write<Editor>,
    state: State<AppState>,
    new: Json<NewPo>,
) -> Result<StoredAnswer> {
    create_purchase_order(write, state, new).await
}

/// Make a PO in a project.
///
/// For the client of the query, else for the project's own; else as `POST /po`.
#[utoipa::path(post, path = "/projects/{project_id}/po", tag = "purchase orders", params(ProjectPath, ClientQuery),
    request_body = NewProjectPo, responses((status = 200, body = PoCreated), WriteErrors))]
pub(super) async fn create_project_po(
    write: Write<Editor>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<ClientQuery>,
    Json(new): Json<NewProjectPo>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let po = create::create_in_project(&mut uow, project_id, &query, &new).await?;
    commit_created(uow, po.into()).await
}

async fn commit_created(uow: UnitOfWork, created: PoCreated) -> Result<StoredAnswer> {
    let (id, version) = (created.id, created.po.version);
    uow.commit(Answer::ok(created).at(format!("/api/po/{id}")).version(version))
        .await
}

/// Change a PO.
///
/// What is absent or null stays; empty text clears a text or date. Stated figures that are those of the PO change nothing. With
/// lines the value stays their sum, and `value_difference` shows the gap. A `project_id` moves the PO as attaching it does. 409
/// if a number is taken, on the number of an open verbal agreement, and on a basis that the PO cannot have.
#[utoipa::path(put, path = "/po/{po_id}", tag = "purchase orders", params(PoPath), request_body = PoChange,
    responses((status = 200, body = PoUpdated), WriteErrors))]
pub(super) async fn update_purchase_order(
    write: Write<Editor>,
    Path(PoPath { po_id }): Path<PoPath>,
    Json(change): Json<PoChange>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let is_changed = change::update(&mut uow, po_id, &change).await?;
    let po = store::get(uow.conn(), po_id).await?;
    let version = po.version();
    let answer = Answer::ok(PoUpdated::from(po)).version(version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// Move a PO into a project.
///
/// Its bills, its vendor orders with their payments, and its documents move with it; so the old project's figures fall by what
/// the new one's rise. 409 if it is there already, or if another PO there has its proforma number.
#[utoipa::path(post, path = "/projects/{project_id}/po/{client_po_id}/attach", tag = "purchase orders",
    params(PlacePath, AttachQuery), responses((status = 200, body = Mirror<Attached>), WriteErrors))]
pub(super) async fn attach_purchase_order(
    write: Write<Editor>,
    Path(PlacePath {
        project_id,
        client_po_id,
    }): Path<PlacePath>,
    Query(query): Query<AttachQuery>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let attached = attach::attach(&mut uow, project_id, client_po_id, query).await?;
    let version = attached.version;
    uow.commit(Answer::ok(Mirror(attached)).version(version)).await
}

/// Make a PO the primary one of its project.
///
/// The one that was it before no longer is.
#[utoipa::path(put, path = "/projects/{project_id}/po/{client_po_id}/set-primary", tag = "purchase orders",
    params(PlacePath), responses((status = 200, body = PrimaryAnswer), WriteErrors))]
pub(super) async fn set_primary_purchase_order(
    write: Write<Editor>,
    Path(PlacePath {
        project_id,
        client_po_id,
    }): Path<PlacePath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (version, is_changed) = primary::set_primary(&mut uow, project_id, client_po_id).await?;
    let answer = Answer::ok(PrimaryAnswer::from(Primary {
        project_id,
        primary_po_id: client_po_id,
    }))
    .version(version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}
