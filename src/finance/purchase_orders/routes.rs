//! The handlers of client POs.

use axum::extract::State;

use super::{
    bundles::{self, BundleList, BundleQuery},
    enriched::{self, EnrichedList, EnrichedQuery, ProjectEnrichedList},
    list::{self, PoQuery, ProjectPoQuery},
    model::{PoAnswer, PoList, ProjectPoList, PurchaseOrderWithLines},
    overview::{self, OverviewAnswer},
    store,
};
use crate::{
    error::{Error, Result},
    finance::projects,
    http::{
        envelope::{Mirror, SUCCESS, WithData},
        extract::{Path, Query, path_parameters},
        list::PageQuery,
        openapi::ReadErrors,
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::{ClientPoId, ProjectId},
    unit_of_work::Answer,
};

path_parameters! {
    /// A client PO.
    PoPath {
        /// Its id.
        po_id: ClientPoId,
    }

    /// A client PO.
    ClientPoPath {
        /// Its id.
        client_po_id: ClientPoId,
    }

    /// A project.
    ProjectPath {
        /// Its id.
        project_id: ProjectId,
    }
}

/// List the client POs.
///
/// By store (descending, those without one last), then the newest first. `sort` may name `id`, `po_number`, `po_date`,
/// `pi_date`, `po_value`, `status`, `store_id` or `created_at`. The sums are over all POs that match and are not cancelled.
#[utoipa::path(get, path = "/po", tag = "purchase orders", params(PoQuery, PageQuery),
    responses((status = 200, body = WithData<PoList>), ReadErrors))]
pub(super) async fn list_purchase_orders(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<PoQuery>,
) -> Result<SharedAnswer<WithData<PoList>>> {
    shared
        .answer(async move {
            let (pos, totals, page) = list::list(&db, &query).await?;
            Ok(Answer::ok(WithData(PoList {
                pos: pos.into_iter().map(Into::into).collect(),
                totals,
                page,
            })))
        })
        .await
}

/// List the client POs, under their older path.
///
/// The same as `GET /po`.
#[utoipa::path(get, path = "/client-po", tag = "purchase orders", params(PoQuery, PageQuery),
    responses((status = 200, body = WithData<PoList>), ReadErrors))]
pub(super) async fn list_client_pos(
    shared: SharedRead,
    db: State<Pool>,
    query: Query<PoQuery>,
) -> Result<SharedAnswer<WithData<PoList>>> {
    list_purchase_orders(shared, db, query).await
}

/// One client PO as an overview: head, project, parties, sums and lines.
///
/// `status` is that of the answer; the PO's own is `po_status`, and `status` inside `data`.
#[utoipa::path(get, path = "/client-po/{client_po_id}", tag = "purchase orders", params(ClientPoPath),
    responses((status = 200, body = OverviewAnswer), ReadErrors))]
pub(super) async fn get_client_po(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ClientPoPath { client_po_id }): Path<ClientPoPath>,
) -> Result<SharedAnswer<OverviewAnswer>> {
    shared
        .answer(async move {
            let overview = overview::get(&db, client_po_id).await?;
            let version = overview.version;
            Ok(Answer::ok(OverviewAnswer::from(overview)).version(version))
        })
        .await
}

/// List the POs of a project with their lines.
///
/// In the order that the project gives them; open agreements are among them. The sums are over those that match and are not
/// cancelled.
#[utoipa::path(get, path = "/projects/{project_id}/po", tag = "purchase orders",
    params(ProjectPath, ProjectPoQuery, PageQuery),
    responses((status = 200, body = Mirror<ProjectPoList>), ReadErrors))]
pub(super) async fn list_project_pos(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<ProjectPoQuery>,
) -> Result<SharedAnswer<Mirror<ProjectPoList>>> {
    shared
        .answer(async move {
            if !projects::store::exists(&db, project_id).await? {
                return Err(Error::NotFound("Project"));
            }
            let (pos, totals, page) = list::list_with_lines(&db, &query.of(project_id)).await?;
            Ok(Answer::ok(Mirror(ProjectPoList {
                project_id,
                pos,
                total_po_count: totals.total_count,
                total_project_value: totals.total_value,
                total_paid: totals.total_paid,
                total_receivable: totals.total_receivable,
                page,
            })))
        })
        .await
}

/// List the client POs by store.
///
/// Where a client's POs are bundled by store, those of one store are one entry; every other PO is an entry of its own. By
/// client and store; the sums are over all POs that match and are not cancelled.
#[utoipa::path(get, path = "/po/aggregated/by-store", tag = "purchase orders", params(BundleQuery, PageQuery),
    responses((status = 200, body = WithData<BundleList>), ReadErrors))]
pub(super) async fn list_by_store(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<BundleQuery>,
) -> Result<SharedAnswer<WithData<BundleList>>> {
    shared
        .answer(async move { Ok(Answer::ok(WithData(bundles::list(&db, &query).await?))) })
        .await
}

/// List the client POs with their lines and payments.
///
/// Filters, order and sums are those of `GET /po`; a page has 50 POs unless `limit` says otherwise.
#[utoipa::path(get, path = "/po/enriched", tag = "purchase orders", params(EnrichedQuery, PageQuery),
    responses((status = 200, body = Mirror<EnrichedList>), ReadErrors))]
pub(super) async fn list_enriched(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(EnrichedQuery(query)): Query<EnrichedQuery>,
) -> Result<SharedAnswer<Mirror<EnrichedList>>> {
    shared
        .answer(async move { Ok(Answer::ok(Mirror(enriched::list(&db, &query).await?))) })
        .await
}

/// List the POs of a project with their lines and payments.
///
/// In the order that the project gives them. The sums are over those that match and are not cancelled.
#[utoipa::path(get, path = "/projects/{project_id}/po/enriched", tag = "purchase orders",
    params(ProjectPath, ProjectPoQuery, PageQuery),
    responses((status = 200, body = Mirror<ProjectEnrichedList>), ReadErrors))]
pub(super) async fn list_project_enriched(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<ProjectPoQuery>,
) -> Result<SharedAnswer<Mirror<ProjectEnrichedList>>> {
    shared
        .answer(async move {
            if !projects::store::exists(&db, project_id).await? {
                return Err(Error::NotFound("Project"));
            }
            let list = enriched::list(&db, &query.of(project_id)).await?;
            Ok(Answer::ok(Mirror(ProjectEnrichedList { project_id, list })))
        })
        .await
}

/// One client PO with its lines.
#[utoipa::path(get, path = "/po/{po_id}", tag = "purchase orders", params(PoPath),
    responses((status = 200, body = PoAnswer), ReadErrors))]
pub(super) async fn get_purchase_order(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(PoPath { po_id }): Path<PoPath>,
) -> Result<SharedAnswer<PoAnswer>> {
    shared
        .answer(async move {
            let po = store::get(&db, po_id).await?;
            let version = po.version();
            Ok(Answer::ok(PoAnswer {
                status: SUCCESS,
                po_id,
                po_number: po.po_number().map(str::to_owned),
                data: po,
            })
            .version(version))
        })
        .await
}

/// One client PO with its lines and what was paid of it.
#[utoipa::path(get, path = "/po/{po_id}/details", tag = "purchase orders", params(PoPath),
    responses((status = 200, body = WithData<PurchaseOrderWithLines>), ReadErrors))]
pub(super) async fn get_purchase_order_details(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(PoPath { po_id }): Path<PoPath>,
) -> Result<SharedAnswer<WithData<PurchaseOrderWithLines>>> {
    shared
        .answer(async move {
            let po = store::get(&db, po_id).await?;
            let version = po.version();
            Ok(Answer::ok(WithData(po)).version(version))
        })
        .await
}
