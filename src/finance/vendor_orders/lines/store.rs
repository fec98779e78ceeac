//! Lines of vendor orders in the database.

use chrono::NaiveDate;
use sqlx::{PgExecutor, Postgres, QueryBuilder};

use super::{
    VendorLine,
    model::{NewVendorLine, VendorLineChange, VendorLineQuery, too_much},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Fault, Result},
    finance::{
        vendor_orders::{
            VendorOrder,
            store::{self as orders, ENTITY as ORDER, LockedOrder},
        },
        vendors::hold,
    },
    http::list::{Listed, PageInfo},
    postgres::Pool,
    types::{
        Money, Quantity, Rate,
        ids::{LineItemId, VendorId, VendorLineId, VendorOrderId},
    },
    unit_of_work::UnitOfWork,
};

/// The name of the table in the trail.
const ENTITY: &str = "vendor_order_line_item";

/// The columns of [`VendorLine`], of a line as `line` and its vendor as `vendor`.
macro_rules! vendor_line_columns {
    () => {
        "line.id, line.vendor_order_id, line.item_name, line.quantity, line.unit_price, line.total_price,
         COALESCE(line.status, 'pending') AS status, COALESCE(line.delivery_progress, 0) AS delivery_progress,
         line.vendor_id, vendor.name AS vendor_name, line.client_line_item_id, line.order_date, line.version,
         line.created_at, line.updated_at"
    };
}
pub(super) use vendor_line_columns;

/// A line that must be there.
async fn get(db: impl PgExecutor<'_>, id: VendorLineId) -> Result<VendorLine> {
    const SQL: &str = concat!(
        "SELECT ",
        vendor_line_columns!(),
        r#" FROM "Finances".vendor_order_line_item AS line
            LEFT JOIN "Finances".vendor ON vendor.id = line.vendor_id
           WHERE line.id = $1"#
    );
    let line = sqlx::query_as(SQL).bind(id).fetch_optional(db).await?;
    line.ok_or(Error::NotFound("Line item"))
}

/// All lines of an order, in the order of their ids.
///
/// # Errors
/// `Unavailable` without the database.
pub(in super::super) async fn list_all(
    db: impl PgExecutor<'_>,
    order: VendorOrderId,
) -> Result<Vec<VendorLine>> {
    const SQL: &str = concat!(
        "SELECT ",
        vendor_line_columns!(),
        r#" FROM "Finances".vendor_order_line_item AS line
            LEFT JOIN "Finances".vendor ON vendor.id = line.vendor_id
           WHERE line.vendor_order_id = $1
           ORDER BY line.id"#
    );
    Ok(sqlx::query_as(SQL).bind(order).fetch_all(db).await?)
}

/// What an order's lines come to, and what it is worth.
pub(super) struct OrderSums {
    pub(super) entries: i64,
    pub(super) lines_total: Money,
    pub(super) po_value: Money,
}

/// A page of an order's lines, and the sums over all of them.
///
/// # Errors
/// `NotFound` without the order.
pub(super) async fn list(
    db: &Pool,
    order: VendorOrderId,
    query: &VendorLineQuery,
) -> Result<(Vec<VendorLine>, OrderSums, PageInfo)> {
    let sums = sqlx::query_as!(
        OrderSums,
        r#"
        SELECT count(line.id) AS "entries!",
               COALESCE(sum(line.total_price), 0) AS "lines_total!: Money",
               ordered.po_value AS "po_value: Money"
          FROM "Finances".vendor_order AS ordered
          LEFT JOIN "Finances".vendor_order_line_item AS line ON line.vendor_order_id = ordered.id
         WHERE ordered.id = $1
         GROUP BY ordered.id
        "#,
        order as VendorOrderId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("Vendor order"))?;
    let mut sql = QueryBuilder::<Postgres>::new(concat!("SELECT ", vendor_line_columns!()));
    query.order.push_key(&mut sql);
    sql.push(
        r#" FROM "Finances".vendor_order_line_item AS line
            LEFT JOIN "Finances".vendor ON vendor.id = line.vendor_id
           WHERE line.vendor_order_id = "#,
    )
    .push_bind(order);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<VendorLine>> = sql.build_query_as().fetch_all(db).await?;
    let (lines, page) = query.paging.page(rows, sums.entries);
    Ok((lines, sums, page))
}

/// Adds a line to an order; both as they are then.
///
/// # Errors
/// `NotFound` without the order; `Invalid` for an unknown vendor or client line, or where the order would be worth more than
/// its column holds; `Conflict` if the order is cancelled or rejected, or the vendor blacklisted.
pub(super) async fn add(
    uow: &mut UnitOfWork,
    order: VendorOrderId,
    new: &NewVendorLine,
    today: NaiveDate,
) -> Result<(VendorLine, VendorOrder)> {
    let locked = orders::lock(uow, order).await?;
    if !locked.is_live {
        return Err(Error::conflict("The vendor order is cancelled or rejected"));
    }
    ensure_known(uow, new.vendor_id, new.client_line_item_id).await?;
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".vendor_order_line_item
               (vendor_order_id, item_name, quantity, unit_price, total_price, status, delivery_progress, vendor_id,
                client_line_item_id, order_date)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        RETURNING id AS "id: VendorLineId"
        "#,
        order as VendorOrderId,
        &*new.item_name,
        new.quantity as Quantity,
        new.unit_price as Rate,
        new.total() as Money,
        new.status.as_str(),
        new.delivery_progress,
        new.vendor_id as Option<VendorId>,
        new.client_line_item_id as Option<LineItemId>,
        new.order_date.unwrap_or(today),
    )
    .fetch_one(uow.conn())
    .await?;
    let line = get(uow.conn(), id).await?;
    uow.record(Change::created(ENTITY, id, &line));
    revalue(uow, &locked).await?;
    let order = orders::get(uow.conn(), order, today).await?;
    Ok((line, order))
}

/// Changes a line; it and its order as they are then, and whether anything is different.
///
/// # Errors
/// `NotFound`, `Stale`; else as [`add`], but that a line of an order that was given up may change.
pub(super) async fn update(
    uow: &mut UnitOfWork,
    id: VendorLineId,
    change: &VendorLineChange,
    today: NaiveDate,
) -> Result<(VendorLine, VendorOrder, bool)> {
    let (locked, before) = lock(uow, id).await?;
    let after = change.apply(&before);
    if !after.total_price.is_storable() {
        let problem = too_much();
        return Err(Error::invalid_field("quantity", problem.kind, problem.message));
    }
    let vendor = after.vendor_id.filter(|_| after.vendor_id != before.vendor_id);
    let client_line = after
        .client_line_item_id
        .filter(|_| after.client_line_item_id != before.client_line_item_id);
    ensure_known(uow, vendor, client_line).await?;
    if after == before {
        let order = orders::get(uow.conn(), locked.id, today).await?;
        return Ok((before, order, false));
    }
    sqlx::query!(
        r#"
        UPDATE "Finances".vendor_order_line_item
           SET item_name = $2,
               quantity = $3,
               unit_price = $4,
               total_price = $5,
               status = $6,
               delivery_progress = $7,
               vendor_id = $8,
               client_line_item_id = $9,
               order_date = $10,
               version = version + 1,
               updated_at = now()
         WHERE id = $1
        "#,
        id as VendorLineId,
        after.item_name,
        after.quantity as Quantity,
        after.unit_price as Rate,
        after.total_price as Money,
        after.status,
        after.delivery_progress,
        after.vendor_id as Option<VendorId>,
        after.client_line_item_id as Option<LineItemId>,
        after.order_date,
    )
    .execute(uow.conn())
    .await?;
    let line = get(uow.conn(), id).await?;
    uow.record(
        Change::new(Action::Updated, ENTITY, id)
            .before(&before)
            .after(&line),
    );
    revalue(uow, &locked).await?;
    let order = orders::get(uow.conn(), locked.id, today).await?;
    Ok((line, order, true))
}

/// Removes a line; its order, and what that is worth without it.
///
/// # Errors
/// `NotFound`, `Stale`.
pub(super) async fn delete(uow: &mut UnitOfWork, id: VendorLineId) -> Result<(VendorOrderId, Money)> {
    let (locked, line) = lock(uow, id).await?;
    sqlx::query!(
        r#"DELETE FROM "Finances".vendor_order_line_item WHERE id = $1"#,
        id as VendorLineId,
    )
    .execute(uow.conn())
    .await?;
    uow.record(Change::new(Action::Deleted, ENTITY, id).before(&line));
    let po_value = revalue(uow, &locked).await?;
    Ok((locked.id, po_value))
}

/// Locks the order of a line that a request is about, and the line.
async fn lock(uow: &mut UnitOfWork, id: VendorLineId) -> Result<(LockedOrder, VendorLine)> {
    // A line stays in its order, so that it can be looked up before the order is locked. An adopted one of no order is never
    // shown.
    let order = sqlx::query_scalar!(
        r#"
        SELECT vendor_order_id AS "id!: VendorOrderId"
          FROM "Finances".vendor_order_line_item
         WHERE id = $1
           AND vendor_order_id IS NOT NULL
        "#,
        id as VendorLineId,
    )
    .fetch_optional(uow.conn())
    .await?
    .ok_or(Error::NotFound("Line item"))?;
    let locked = orders::lock(uow, order).await?;
    sqlx::query!(
        r#"SELECT id FROM "Finances".vendor_order_line_item WHERE id = $1 FOR UPDATE"#,
        id as VendorLineId,
    )
    .fetch_optional(uow.conn())
    .await?;
    let line = get(uow.conn(), id).await?;
    uow.ensure_current(line.version)?;
    Ok((locked, line))
}

/// Checks what a line names that is not its order.
async fn ensure_known(
    uow: &mut UnitOfWork,
    vendor: Option<VendorId>,
    client_line: Option<LineItemId>,
) -> Result<()> {
    let mut faults = Vec::new();
    if let Some(line) = client_line {
        let found = sqlx::query_scalar!(
            r#"SELECT id FROM "Finances".client_po_line_item WHERE id = $1 FOR KEY SHARE"#,
            line as LineItemId,
        )
        .fetch_optional(uow.conn())
        .await?;
        if found.is_none() {
            faults.push(Fault::new(
                "client_line_item_id",
                "foreign_key",
                "Unknown client line item",
            ));
        }
    }
    let mut is_blacklisted = false;
    if let Some(vendor) = vendor {
        match hold::hold_all(uow.conn(), &[vendor]).await?.first() {
            Some(held) => is_blacklisted = held.is_blacklisted,
            None => faults.push(Fault::new("vendor_id", "foreign_key", "Unknown vendor")),
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    if is_blacklisted {
        return Err(Error::conflict_field(
            "vendor_id",
            "value_error",
            hold::BLACKLISTED,
        ));
    }
    Ok(())
}

/// What an order is worth after a write to its lines.
#[derive(serde::Serialize)]
struct Value {
    po_value: Money,
    value_basis: String,
}

/// Computes the value of a locked order anew, from its lines, or from what was stated if it has none.
async fn revalue(uow: &mut UnitOfWork, order: &LockedOrder) -> Result<Money> {
    let changed = sqlx::query!(
        r#"
        UPDATE "Finances".vendor_order AS ordered
           SET po_value = CASE WHEN line.entries > 0 THEN line.total ELSE COALESCE(ordered.stated_value, 0) END,
               value_basis = CASE WHEN line.entries > 0 THEN 'lines' ELSE 'stated' END,
               version = ordered.version + 1,
               updated_at = now()
          FROM (
               SELECT count(*) AS entries,
                      COALESCE(sum(total_price), 0) AS total
                 FROM "Finances".vendor_order_line_item
                WHERE vendor_order_id = $1
               ) AS line,
               (SELECT value_basis FROM "Finances".vendor_order WHERE id = $1) AS before
         WHERE ordered.id = $1
        RETURNING ordered.po_value AS "po_value: Money",
                  ordered.value_basis,
                  before.value_basis AS "basis_before!"
        "#,
        order.id as VendorOrderId,
    )
    .fetch_one(uow.conn())
    .await;
    let changed = changed.map_err(|error| {
        match error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
        {
            Some(code) if code == "22003" => Error::invalid_field(
                "quantity",
                "less_than_equal",
                "The order would be worth more than its books hold",
            ),
            _ => error.into(),
        }
    })?;
    let before = Value {
        po_value: order.po_value,
        value_basis: changed.basis_before,
    };
    let after = Value {
        po_value: changed.po_value,
        value_basis: changed.value_basis,
    };
    uow.record(
        Change::new(Action::Updated, ORDER, order.id)
            .before(&before)
            .after(&after),
    );
    Ok(changed.po_value)
}
