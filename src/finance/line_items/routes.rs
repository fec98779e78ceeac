//! The handlers of lines.

use axum::extract::State;

use super::{
    Line, NewLine,
    model::{
        LineAnswer, LineChange, LineChangeBody, LineDeleted, LineList, LineQuery, LinesAdded, NewLineBody,
        NewLines, NewLinesBody, ProjectLineList, ProjectLineQuery,
    },
    store,
};
use crate::{
    auth::Editor,
    error::Result,
    http::{
        envelope::{Mirror, SUCCESS},
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::{
        Money,
        ids::{ClientPoId, LineItemId, ProjectId},
    },
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// The PO that the lines belong to.
    PoPath {
        /// Its id.
        client_po_id: ClientPoId,
    }
}

path_parameters! {
    /// A line of a PO.
    LinePath {
        /// Its id.
        line_item_id: LineItemId,
    }
}

path_parameters! {
    /// The project that the lines belong to.
    ProjectPath {
        /// Its id.
        project_id: ProjectId,
    }
}

/// List the lines of a PO.
///
/// In the order of their ids; `sort` may name `id`, `item_name`, `quantity` or `total_price`. The sums are over all lines.
#[utoipa::path(get, path = "/po/{client_po_id}/line-items", tag = "line items", params(PoPath, PageQuery),
    responses((status = 200, body = Mirror<LineList>), ReadErrors))]
pub(super) async fn list_line_items(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(PoPath { client_po_id }): Path<PoPath>,
    Query(query): Query<LineQuery>,
) -> Result<SharedAnswer<Mirror<LineList>>> {
    shared
        .answer(async move {
            let (line_items, totals, page) = store::list(&db, client_po_id, &query).await?;
            Ok(Answer::ok(Mirror(LineList {
                client_po_id,
                line_items,
                totals,
                page,
            })))
        })
        .await
}

/// List the lines of all POs of a project, each with its PO's number.
///
/// By PO, in the order of their ids; `sort` may name `id`, `item_name`, `quantity` or `total_price`. The sums are over all
/// lines of POs that are not cancelled; the counts are over all lines.
#[utoipa::path(get, path = "/projects/{project_id}/line-items", tag = "line items", params(ProjectPath, PageQuery),
    responses((status = 200, body = Mirror<ProjectLineList>), ReadErrors))]
pub(super) async fn list_project_line_items(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<ProjectLineQuery>,
) -> Result<SharedAnswer<Mirror<ProjectLineList>>> {
    shared
        .answer(async move {
            let (line_items, totals, page) = store::list_of_project(&db, project_id, &query).await?;
            Ok(Answer::ok(Mirror(ProjectLineList {
                project_id,
                line_items,
                totals,
                page,
            })))
        })
        .await
}

/// Add a line to a PO.
///
/// The PO's value becomes the sum of its lines and their taxes; so the first line replaces a stated value. 409 if the PO is
/// cancelled.
#[utoipa::path(post, path = "/po/{client_po_id}/line-items", tag = "line items", params(PoPath),
    request_body = NewLineBody, responses((status = 200, body = LineAnswer), WriteErrors))]
pub(super) async fn add_line_item(
    write: Write<Editor>,
    Path(PoPath { client_po_id }): Path<PoPath>,
    Json(new): Json<NewLine>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (line, po_value) = store::add_one(&mut uow, client_po_id, new).await?;
    uow.commit(line_answer(line, po_value, "Line item added successfully"))
        .await
}

/// Add several lines to a PO, all of them or none.
///
/// A fault of any line is named by its place, as `items[1].quantity`, and nothing is added. 409 if the PO is cancelled.
#[utoipa::path(post, path = "/po/{client_po_id}/line-items/bulk", tag = "line items", params(PoPath),
    request_body = NewLinesBody, responses((status = 200, body = LinesAdded), WriteErrors))]
pub(super) async fn add_line_items(
    write: Write<Editor>,
    Path(PoPath { client_po_id }): Path<PoPath>,
    Json(NewLines(new)): Json<NewLines>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (lines, po_value) = store::add(&mut uow, client_po_id, &new).await?;
    uow.commit(Answer::ok(LinesAdded::new(lines, po_value))).await
}

/// Change a line.
///
/// The total follows quantity and unit price, the tax follows the total and the rate, when one of them changes; a printed
/// figure stays as long as nothing that it follows from does. The PO's value becomes the sum of its lines and their taxes.
#[utoipa::path(put, path = "/line-items/{line_item_id}", tag = "line items", params(LinePath),
    request_body = LineChangeBody, responses((status = 200, body = LineAnswer), WriteErrors))]
pub(super) async fn update_line_item(
    write: Write<Editor>,
    Path(LinePath { line_item_id }): Path<LinePath>,
    Json(change): Json<LineChange>,
) -> Result<StoredAnswer> {
    const MESSAGE: &str = "Line item updated successfully";
    let mut uow = write.begin().await?;
    let updated = store::update(&mut uow, line_item_id, change).await?;
    let answer = line_answer(updated.line, updated.po_value, MESSAGE);
    if updated.is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// Remove a line.
///
/// The PO's value becomes the sum of the lines that remain; after the last one it is the stated value again. Vendor order
/// lines that were made from the line let go of it.
#[utoipa::path(delete, path = "/line-items/{line_item_id}", tag = "line items", params(LinePath),
    responses((status = 200, body = LineDeleted), WriteErrors))]
pub(super) async fn delete_line_item(
    write: Write<Editor>,
    Path(LinePath { line_item_id }): Path<LinePath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let po_value = store::delete(&mut uow, line_item_id).await?;
    uow.commit(Answer::ok(LineDeleted::new(line_item_id, po_value)))
        .await
}

fn line_answer(line: Line, po_value: Money, message: &'static str) -> Answer<LineAnswer> {
    let version = line.version;
    Answer::ok(LineAnswer {
        status: SUCCESS,
        message,
        line_item: line.clone(),
        data: line,
        po_value,
    })
    .version(version)
}
