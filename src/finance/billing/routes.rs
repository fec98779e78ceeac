//! The handlers of bills.

use axum::extract::State;

use super::{
    answers::{BillAnswer, BillDeleted, BillList, BillWithLines},
    body::{Approval, ApprovalBody, BillChange, BillChangeBody, NewBill, NewBillBody},
    change::{self, Outcome},
    create,
    model::BillQuery,
    store,
};
use crate::{
    auth::{Admin, Editor},
    error::Result,
    http::{
        envelope::Mirror,
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::{BillingKey, ProjectId},
    unit_of_work::{Answer, StoredAnswer, UnitOfWork, Write},
};

path_parameters! {
    /// The project that is billed.
    ProjectPath {
        /// Its id.
        project_id: ProjectId,
    }
}

path_parameters! {
    /// A bill.
    BillPath {
        /// Its id, or the number that it had before ids became UUIDs.
        billing_po_id: BillingKey,
    }
}

path_parameters! {
    /// A bill of a project.
    ProjectBillPath {
        /// The project's id.
        project_id: ProjectId,
        /// The bill's id, or the number that it had before ids became UUIDs.
        billing_po_id: BillingKey,
    }
}

/// List the bills of a project, the newest first.
///
/// `sort` may name `id`, `po_number`, `billed_total`, `status` or `created_at`.
#[utoipa::path(get, path = "/projects/{project_id}/billing-po", tag = "billing",
    params(ProjectPath, BillQuery, PageQuery), responses((status = 200, body = Mirror<BillList>), ReadErrors))]
pub(super) async fn list_billing_pos(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<BillQuery>,
) -> Result<SharedAnswer<Mirror<BillList>>> {
    shared
        .answer(async move {
            let (billing_pos, page) = store::list(&db, project_id, &query).await?;
            Ok(Answer::ok(Mirror(BillList {
                project_id,
                billing_pos,
                page,
            })))
        })
        .await
}

/// Bill a PO of a project.
///
/// A bill without `revises_id` is a further bill, which counts beside the others. A revision takes the place of the bill that
/// it names from the moment it is final; 409 if that bill is a draft or revised already.
#[utoipa::path(post, path = "/projects/{project_id}/billing-po", tag = "billing", params(ProjectPath),
    request_body = NewBillBody, responses((status = 200, body = BillAnswer), WriteErrors))]
pub(super) async fn create_billing_po(
    write: Write<Editor>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Json(new): Json<NewBill>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let bill = create::create(&mut uow, project_id, &new).await?;
    let (id, version) = (bill.id, bill.version);
    uow.commit(
        Answer::ok(BillAnswer::new(bill, "Billing PO created"))
            .at(format!("/api/billing-po/{id}"))
            .version(version),
    )
    .await
}

/// One bill with its lines.
#[utoipa::path(get, path = "/billing-po/{billing_po_id}", tag = "billing", params(BillPath),
    responses((status = 200, body = BillWithLines), ReadErrors))]
pub(super) async fn get_billing_po(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(BillPath { billing_po_id }): Path<BillPath>,
) -> Result<SharedAnswer<BillWithLines>> {
    shared
        .answer(async move {
            let found = store::get(&db, billing_po_id).await?;
            let version = found.0.version;
            Ok(Answer::ok(BillWithLines::from(found)).version(version))
        })
        .await
}

/// Change a bill that is not approved.
///
/// `status` `FINAL` makes a draft final, from when on it counts and takes the place of the bill that it revises. 409 if the
/// bill is approved or superseded, or would go back.
#[utoipa::path(put, path = "/billing-po/{billing_po_id}", tag = "billing", params(BillPath),
    request_body = BillChangeBody, responses((status = 200, body = BillAnswer), WriteErrors))]
pub(super) async fn update_billing_po(
    write: Write<Editor>,
    Path(BillPath { billing_po_id }): Path<BillPath>,
    Json(change): Json<BillChange>,
) -> Result<StoredAnswer> {
    update(write.begin().await?, billing_po_id, None, change).await
}

/// Change a bill of a project that is not approved.
///
/// As `PUT /billing-po/{billing_po_id}`; 404 also if the bill is of another project.
#[utoipa::path(put, path = "/projects/{project_id}/billing-po/{billing_po_id}", tag = "billing",
    params(ProjectBillPath), request_body = BillChangeBody, responses((status = 200, body = BillAnswer), WriteErrors))]
pub(super) async fn update_billing_po_of_project(
    write: Write<Editor>,
    Path(ProjectBillPath {
        project_id,
        billing_po_id,
    }): Path<ProjectBillPath>,
    Json(change): Json<BillChange>,
) -> Result<StoredAnswer> {
    update(write.begin().await?, billing_po_id, Some(project_id), change).await
}

async fn update(
    mut uow: UnitOfWork,
    key: BillingKey,
    project: Option<ProjectId>,
    change: BillChange,
) -> Result<StoredAnswer> {
    let (bill, outcome) = change::update(&mut uow, key, project, change).await?;
    let version = bill.version;
    let answer = |message| Answer::ok(BillAnswer::new(bill, message)).version(version);
    match outcome {
        Outcome::Changed => uow.commit(answer("Billing PO updated")).await,
        Outcome::Unchanged => uow.unchanged(answer("Billing PO updated")).await,
        Outcome::NothingSent => uow.unchanged(answer("No updates provided")).await,
    }
}

/// Delete a bill with its lines.
///
/// A bill that it revised counts again. 409 if the bill is approved, or while another revises it.
#[utoipa::path(delete, path = "/billing-po/{billing_po_id}", tag = "billing", params(BillPath),
    responses((status = 200, body = BillDeleted), WriteErrors))]
pub(super) async fn delete_billing_po(
    write: Write<Admin>,
    Path(BillPath { billing_po_id }): Path<BillPath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let id = store::delete(&mut uow, billing_po_id).await?;
    uow.commit(Answer::ok(BillDeleted::from(id))).await
}

/// Approve a bill, which is fixed from then on.
///
/// In the name of the caller. 409 unless the bill is final, over more than nothing, and not superseded.
#[utoipa::path(post, path = "/billing-po/{billing_po_id}/approve", tag = "billing", params(BillPath),
    request_body(content = ApprovalBody, description = "May be empty"),
    responses((status = 200, body = BillAnswer), WriteErrors))]
pub(super) async fn approve_billing_po(
    write: Write<Admin>,
    Path(BillPath { billing_po_id }): Path<BillPath>,
    Json(approval): Json<Approval>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let bill = store::approve(&mut uow, billing_po_id, approval.notes.as_ref()).await?;
    let version = bill.version;
    uow.commit(Answer::ok(BillAnswer::new(bill, "Billing PO approved")).version(version))
        .await
}
