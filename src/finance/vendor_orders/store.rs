//! Vendor orders in the database.

use chrono::NaiveDate;
use sqlx::{FromRow, PgConnection, PgExecutor};

use super::{VendorOrder, answers::OrderDetails, lines};
use crate::{
    error::{Error, Result},
    finance::kept_totals::Counted,
    postgres::Pool,
    types::{
        Money,
        ids::{ClientPoId, ProjectId, VendorId, VendorOrderId},
    },
    unit_of_work::UnitOfWork,
};

/// The name of the table in the trail.
pub const ENTITY: &str = "vendor_order";

/// The columns of [`VendorOrder`], from `vendor_order_overview` as `ordered`; `$today` is how the query names the day of today.
macro_rules! vendor_order_columns {
    ($today:literal) => {
        concat!(
            "ordered.id, ordered.vendor_id, ordered.vendor_name, ordered.project_id, ordered.project_name,
             ordered.client_po_id, ordered.po_number, ordered.po_date, ordered.due_date, ordered.po_value,
             ordered.stated_value, ordered.value_basis, ordered.value_difference, ordered.line_items_total,
             ordered.line_item_count, ordered.description, ordered.category, ordered.status, ordered.work_status,
             ordered.payment_status, ordered.payment_status_source,
             COALESCE(ordered.is_live AND ordered.due_date < ",
            $today,
            " AND ordered.po_value > ordered.paid, FALSE) AS is_overdue,
             ordered.paid, ordered.linked_payments_count, ordered.final_po_value, ordered.billing_status,
             ordered.billing_notes, ordered.version, ordered.created_at, ordered.updated_at"
        )
    };
}
pub(crate) use vendor_order_columns;

/// An order as it is on this day.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn get(db: impl PgExecutor<'_>, id: VendorOrderId, today: NaiveDate) -> Result<VendorOrder> {
    const SQL: &str = concat!(
        "SELECT ",
        vendor_order_columns!("$2"),
        r#" FROM "Finances".vendor_order_overview AS ordered WHERE ordered.id = $1"#
    );
    // Lists put the same columns together with others, so that they cannot be named to the checking macro.
    let order = sqlx::query_as(SQL)
        .bind(id)
        .bind(today)
        .fetch_optional(db)
        .await?;
    order.ok_or(Error::NotFound("Vendor order"))
}

/// An order with its lines and whom to ask.
#[derive(FromRow)]
struct OrderRow {
    #[sqlx(flatten)]
    order: VendorOrder,
    contact_person: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

/// An order with its lines and whom to ask.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub(super) async fn get_details(db: &Pool, id: VendorOrderId, today: NaiveDate) -> Result<OrderDetails> {
    const SQL: &str = concat!(
        "SELECT ",
        vendor_order_columns!("$2"),
        r#", vendor.contact_person, vendor.email, vendor.phone
             FROM "Finances".vendor_order_overview AS ordered
             LEFT JOIN "Finances".vendor ON vendor.id = ordered.vendor_id
            WHERE ordered.id = $1"#
    );
    let row: Option<OrderRow> = sqlx::query_as(SQL)
        .bind(id)
        .bind(today)
        .fetch_optional(db)
        .await?;
    let row = row.ok_or(Error::NotFound("Vendor order"))?;
    let line_items = if row.order.line_item_count > 0 {
        lines::list_all(db, id).await?
    } else {
        Vec::new()
    };
    Ok(OrderDetails {
        order: row.order,
        contact_person: row.contact_person,
        email: row.email,
        phone: row.phone,
        line_items,
    })
}

/// Orders in the order of their ids; those that are not there are left out.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn get_all(
    db: impl PgExecutor<'_>,
    ids: &[VendorOrderId],
    today: NaiveDate,
) -> Result<Vec<VendorOrder>> {
    const SQL: &str = concat!(
        "SELECT ",
        vendor_order_columns!("$2"),
        r#" FROM "Finances".vendor_order_overview AS ordered WHERE ordered.id = ANY ($1) ORDER BY ordered.id"#
    );
    let raw: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as(SQL).bind(raw).bind(today).fetch_all(db).await?)
}

/// Whether there is such an order.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn exists(db: impl PgExecutor<'_>, id: VendorOrderId) -> Result<bool> {
    let is_there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM "Finances".vendor_order WHERE id = $1) AS "is_there!""#,
        id as VendorOrderId,
    )
    .fetch_one(db)
    .await?;
    Ok(is_there)
}

/// The client PO that an order is part of, as it is without a lock.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn client_po(db: impl PgExecutor<'_>, id: VendorOrderId) -> Result<Option<ClientPoId>> {
    sqlx::query_scalar!(
        r#"SELECT client_po_id AS "client_po_id: ClientPoId" FROM "Finances".vendor_order WHERE id = $1"#,
        id as VendorOrderId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("Vendor order"))
}

/// Keeps the project of an order from being deleted until the transaction ends, for a row that is to name both: whoever
/// deletes a project locks it before its orders.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn hold_project(db: &mut PgConnection, id: VendorOrderId) -> Result<()> {
    sqlx::query!(
        r#"
        SELECT id
          FROM "Finances".project
         WHERE id = (SELECT project_id FROM "Finances".vendor_order WHERE id = $1)
           FOR KEY SHARE
        "#,
        id as VendorOrderId,
    )
    .fetch_optional(db)
    .await?;
    Ok(())
}

/// An order under its lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedOrder {
    /// Its id.
    pub id: VendorOrderId,
    /// Who does the work; null for a bundle.
    pub vendor_id: Option<VendorId>,
    /// The project that it is for.
    pub project_id: Option<ProjectId>,
    /// The client PO that the work is part of.
    pub client_po_id: Option<ClientPoId>,
    /// What it is worth.
    pub po_value: Money,
    /// Whether it was neither rejected nor cancelled.
    pub is_live: bool,
    /// Raised with every change.
    pub version: i32,
}

/// Locks an order, so that sums over its lines, payments and links can be made without another writer in between; the kept
/// totals follow it. `None` if there is none of this id.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn find_and_lock(uow: &mut UnitOfWork, id: VendorOrderId) -> Result<Option<LockedOrder>> {
    Ok(lock_all(uow, &[id]).await?.pop())
}

/// The same of an order that must be there.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn lock(uow: &mut UnitOfWork, id: VendorOrderId) -> Result<LockedOrder> {
    find_and_lock(uow, id)
        .await?
        .ok_or(Error::NotFound("Vendor order"))
}

/// Locks orders in the order of their ids, in which they come back; the kept totals follow them. One that is not there is
/// left out.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn lock_all(uow: &mut UnitOfWork, ids: &[VendorOrderId]) -> Result<Vec<LockedOrder>> {
    let orders = sqlx::query_as!(
        LockedOrder,
        r#"
        SELECT id AS "id: VendorOrderId",
               vendor_id AS "vendor_id: VendorId",
               project_id AS "project_id: ProjectId",
               client_po_id AS "client_po_id: ClientPoId",
               po_value AS "po_value: Money",
               status NOT IN ('rejected', 'cancelled') AND work_status <> 'cancelled' AS "is_live!",
               version
          FROM "Finances".vendor_order
         WHERE id = ANY ($1)
         ORDER BY id
           FOR UPDATE
        "#,
        ids as &[VendorOrderId],
    )
    .fetch_all(uow.conn())
    .await?;
    let counted: Vec<Counted> = orders
        .iter()
        .map(|order| Counted::VendorOrder(order.id))
        .collect();
    uow.follow(&counted).await?;
    Ok(orders)
}

/// Locks orders in the order of their ids, without having the kept totals follow them: for who may have to give the locks
/// back, or changes no figure of theirs.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn lock_rows(db: &mut PgConnection, ids: &[VendorOrderId]) -> Result<()> {
    sqlx::query!(
        r#"SELECT id FROM "Finances".vendor_order WHERE id = ANY ($1) ORDER BY id FOR UPDATE"#,
        ids as &[VendorOrderId],
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// The vendors of an order's lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineVendors {
    /// Those that lines name, in the order of their ids.
    pub named: Vec<VendorId>,
    /// Whether some line names nobody.
    pub has_nobodys: bool,
}

/// The vendors that an order's lines name.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn vendors_of_lines(db: &mut PgConnection, id: VendorOrderId) -> Result<LineVendors> {
    let vendors = sqlx::query_as!(
        LineVendors,
        r#"
        SELECT COALESCE(array_agg(DISTINCT vendor_id ORDER BY vendor_id) FILTER (WHERE vendor_id IS NOT NULL), '{}')
                   AS "named!: Vec<VendorId>",
               COALESCE(bool_or(vendor_id IS NULL), FALSE) AS "has_nobodys!"
          FROM "Finances".vendor_order_line_item
         WHERE vendor_order_id = $1
        "#,
        id as VendorOrderId,
    )
    .fetch_one(db)
    .await?;
    Ok(vendors)
}
