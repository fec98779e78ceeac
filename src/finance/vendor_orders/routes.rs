//! The handlers of vendor orders.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

use super::{
    answers::{OrderAnswer, OrderDeleted, OrderFound, OrdersPlaced},
    body::{
        NewProjectOrder, NewProjectOrderBody, NewProjectOrders, NewProjectOrdersBody, NewVendorOrder,
        NewVendorOrderBody, OrderStatusChange, OrderStatusChangeBody, PathProject, VendorOrderChange,
        VendorOrderChangeBody,
    },
    change, lines,
    list::{self, AllOrdersQuery, OrderList, OrderListView, OrderQuery, OrderSearch},
    place::{self, Placing},
    store,
};
use crate::{
    app::AppState,
    auth::{Admin, Editor, RequiredRole, Role, Viewer},
    error::{Error, Result},
    finance::projects,
    http::{
        access::routes,
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    postgres::Pool,
    types::{
        clock::Clock,
        ids::{ProjectId, VendorOrderId},
    },
    unit_of_work::{Answer, StoredAnswer, UnitOfWork, Write},
};

path_parameters! {
    /// A project.
    ProjectPath {
        /// Its id.
        project_id: ProjectId,
    }
}

path_parameters! {
    /// A vendor order.
    OrderPath {
        /// Its id.
        vendor_order_id: VendorOrderId,
    }
}

path_parameters! {
    /// A vendor order of a project.
    ProjectOrderPath {
        /// The project's id; 0 for an order of none.
        project_id: PathProject,
        /// The order's id.
        vendor_order_id: VendorOrderId,
    }
}

/// The routes of vendor orders and their lines.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_vendor_orders, create_vendor_order))
        .routes(routes!(search_vendor_orders))
        .routes(routes!(list_project_vendor_orders, create_project_vendor_order))
        .routes(routes!(create_project_vendor_orders))
        .routes(routes!(update_vendor_order, delete_project_vendor_order))
        .routes(routes!(get_vendor_order, delete_vendor_order))
        .routes(routes!(update_vendor_order_status))
        .merge(lines::routes::router())
}

fn is_admin<R: RequiredRole>(write: &Write<R>) -> Result<bool> {
    Ok(write.caller()?.role == Role::Admin)
}

fn placing<R: RequiredRole>(write: &Write<R>, clock: &Clock) -> Result<Placing> {
    Ok(Placing {
        is_admin: is_admin(write)?,
        today: clock.today(),
    })
}

/// List the vendor orders of all projects, the newest first.
///
/// `sort` may name `id`, `po_number`, `po_date`, `due_date`, `po_value`, `status`, `work_status` or `created_at`. Values are
/// over live orders that match; the categories are those of the page.
#[utoipa::path(get, path = "/vendor-orders", tag = "vendor orders", params(AllOrdersQuery, OrderQuery, PageQuery),
    responses((status = 200, body = OrderListView<'static>), ReadErrors))]
async fn list_vendor_orders(
    _: Viewer,
    State(db): State<Pool>,
    State(clock): State<Clock>,
    Query(AllOrdersQuery { query, .. }): Query<AllOrdersQuery>,
) -> Result<Answer<OrderList>> {
    let page = list::list(&db, &query, clock.today()).await?;
    Ok(Answer::ok(OrderList {
        project_id: None,
        query: None,
        page,
    }))
}

/// Search the vendor orders, the newest first.
///
/// Finds a text in number, description, category, vendor's name or project's name, in any case, and takes the filters of the
/// list too.
#[utoipa::path(get, path = "/vendor-orders/search", tag = "vendor orders",
    params(OrderSearch, AllOrdersQuery, OrderQuery, PageQuery),
    responses((status = 200, body = OrderListView<'static>), ReadErrors))]
async fn search_vendor_orders(
    _: Viewer,
    State(db): State<Pool>,
    State(clock): State<Clock>,
    Query(search): Query<OrderSearch>,
) -> Result<Answer<OrderList>> {
    let page = list::list(&db, &search.orders, clock.today()).await?;
    Ok(Answer::ok(OrderList {
        project_id: None,
        query: Some(search.query.into_string()),
        page,
    }))
}

/// List the vendor orders of a project, the newest first.
///
/// `sort` as in the list of all.
#[utoipa::path(get, path = "/projects/{project_id}/vendor-orders", tag = "vendor orders",
    params(ProjectPath, OrderQuery, PageQuery),
    responses((status = 200, body = OrderListView<'static>), ReadErrors))]
async fn list_project_vendor_orders(
    _: Viewer,
    State(db): State<Pool>,
    State(clock): State<Clock>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<OrderQuery>,
) -> Result<Answer<OrderList>> {
    let page = list::list(&db, &query.of(project_id), clock.today()).await?;
    if page.is_empty() && !projects::store::exists(&db, project_id).await? {
        return Err(Error::NotFound("Project"));
    }
    Ok(Answer::ok(OrderList {
        project_id: Some(project_id),
        query: None,
        page,
    }))
}

/// Place a vendor order.
///
/// Without `project_id` it is of the project of its client PO, if it has one. 409 for a blacklisted vendor, or a number that a
/// live order of the project to this vendor has.
#[utoipa::path(post, path = "/vendor-orders", tag = "vendor orders", request_body = NewVendorOrderBody,
    responses((status = 200, body = OrderAnswer), WriteErrors))]
async fn create_vendor_order(
    write: Write<Editor>,
    State(clock): State<Clock>,
    Json(new): Json<NewVendorOrder>,
) -> Result<StoredAnswer> {
    let placing = placing(&write, &clock)?;
    let mut uow = write.begin().await?;
    let order = place::place(&mut uow, &new, placing).await?;
    let (id, version) = (order.id, order.version);
    let answer = Answer::ok(OrderAnswer::new("Vendor order created", order));
    uow.commit(answer.at(format!("/api/vendor-orders/{id}")).version(version))
        .await
}

/// Place a vendor order in a project.
///
/// 409 for a blacklisted vendor, or a number that a live order of the project to this vendor has.
#[utoipa::path(post, path = "/projects/{project_id}/vendor-orders", tag = "vendor orders", params(ProjectPath),
    request_body = NewProjectOrderBody, responses((status = 200, body = OrderAnswer), WriteErrors))]
async fn create_project_vendor_order(
    write: Write<Editor>,
    State(clock): State<Clock>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Json(NewProjectOrder(new)): Json<NewProjectOrder>,
) -> Result<StoredAnswer> {
    let placing = placing(&write, &clock)?;
    let mut uow = write.begin().await?;
    let order = place::place_in_project(&mut uow, project_id, &new, placing).await?;
    let version = order.version;
    uow.commit(Answer::ok(OrderAnswer::new("Vendor order created", order)).version(version))
        .await
}

/// Place several vendor orders in a project, all of them or none.
///
/// A fault of any order is named by its place, as `orders[1].vendor_id`.
#[utoipa::path(post, path = "/projects/{project_id}/vendor-orders/bulk", tag = "vendor orders", params(ProjectPath),
    request_body = NewProjectOrdersBody, responses((status = 200, body = OrdersPlaced), WriteErrors))]
async fn create_project_vendor_orders(
    write: Write<Editor>,
    State(clock): State<Clock>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Json(new): Json<NewProjectOrders>,
) -> Result<StoredAnswer> {
    let placing = placing(&write, &clock)?;
    let mut uow = write.begin().await?;
    let orders = place::place_several(&mut uow, project_id, new, placing).await?;
    uow.commit(Answer::ok(OrdersPlaced::from(orders))).await
}

/// One vendor order with its lines.
#[utoipa::path(get, path = "/vendor-orders/{vendor_order_id}", tag = "vendor orders", params(OrderPath),
    responses((status = 200, body = OrderFound), ReadErrors))]
async fn get_vendor_order(
    _: Viewer,
    State(db): State<Pool>,
    State(clock): State<Clock>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
) -> Result<Answer<OrderFound>> {
    let order = store::get_details(&db, vendor_order_id, clock.today()).await?;
    let version = order.order.version;
    Ok(Answer::ok(OrderFound::from(order)).version(version))
}

/// Change a vendor order.
///
/// Words that the order has already are no change. A value becomes the stated one, which an order with lines shows beside what
/// they come to. 409 for a blacklisted vendor, another vendor of an order that is paid in part, a number that is taken, a move
/// that there is not, or a word of payment that the payments contradict.
#[utoipa::path(put, path = "/projects/{project_id}/vendor-orders/{vendor_order_id}", tag = "vendor orders",
    params(ProjectOrderPath), request_body = VendorOrderChangeBody,
    responses((status = 200, body = OrderAnswer), WriteErrors))]
async fn update_vendor_order(
    write: Write<Editor>,
    State(clock): State<Clock>,
    Path(ProjectOrderPath {
        project_id,
        vendor_order_id,
    }): Path<ProjectOrderPath>,
    Json(change): Json<VendorOrderChange>,
) -> Result<StoredAnswer> {
    let is_admin = is_admin(&write)?;
    let mut uow = write.begin().await?;
    let today = clock.today();
    let changed = change::update(
        &mut uow,
        vendor_order_id,
        Some(project_id),
        &change,
        is_admin,
        today,
    )
    .await?;
    answer_change(uow, "Vendor order updated", changed).await
}

/// Change how a vendor order stands.
#[utoipa::path(put, path = "/vendor-orders/{vendor_order_id}/status", tag = "vendor orders", params(OrderPath),
    request_body = OrderStatusChangeBody, responses((status = 200, body = OrderAnswer), WriteErrors))]
async fn update_vendor_order_status(
    write: Write<Editor>,
    State(clock): State<Clock>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
    Json(OrderStatusChange(change)): Json<OrderStatusChange>,
) -> Result<StoredAnswer> {
    let is_admin = is_admin(&write)?;
    let mut uow = write.begin().await?;
    let changed = change::update(&mut uow, vendor_order_id, None, &change, is_admin, clock.today()).await?;
    answer_change(uow, "Status updated", changed).await
}

async fn answer_change(
    uow: UnitOfWork,
    message: &'static str,
    (order, is_changed): (super::VendorOrder, bool),
) -> Result<StoredAnswer> {
    let version = order.version;
    let answer = Answer::ok(OrderAnswer::new(message, order)).version(version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// Delete a vendor order of a project with its lines.
///
/// 409 while a payment or a link names it.
#[utoipa::path(delete, path = "/projects/{project_id}/vendor-orders/{vendor_order_id}", tag = "vendor orders",
    params(ProjectOrderPath), responses((status = 200, body = OrderDeleted), WriteErrors))]
async fn delete_project_vendor_order(
    write: Write<Admin>,
    Path(ProjectOrderPath {
        project_id,
        vendor_order_id,
    }): Path<ProjectOrderPath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    change::delete(&mut uow, vendor_order_id, Some(project_id)).await?;
    uow.commit(Answer::ok(OrderDeleted::from(vendor_order_id))).await
}

/// Delete a vendor order with its lines.
///
/// 409 while a payment or a link names it.
#[utoipa::path(delete, path = "/vendor-orders/{vendor_order_id}", tag = "vendor orders", params(OrderPath),
    responses((status = 200, body = OrderDeleted), WriteErrors))]
async fn delete_vendor_order(
    write: Write<Admin>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    change::delete(&mut uow, vendor_order_id, None).await?;
    uow.commit(Answer::ok(OrderDeleted::from(vendor_order_id))).await
}
