//! Lines of bills in the database.

use serde_json::json;
use sqlx::{Postgres, QueryBuilder};

use super::{
    super::{
        Bill, rules,
        store::{self, ENTITY, THING},
    },
    Line,
    model::{LineListContent, LineQuery, NewLine},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    http::list::Listed,
    postgres::Pool,
    types::{
        Money, Quantity, Rate,
        ids::{BillingKey, BillingLineId, BillingPoId},
    },
    unit_of_work::UnitOfWork,
};

/// The name of the table in the trail.
const LINE_ENTITY: &str = "billing_po_line_item";

/// A page of a bill's lines, and the sum over all of them.
///
/// # Errors
/// `NotFound` if there is no such bill.
pub(super) async fn list(db: &Pool, key: BillingKey, query: &LineQuery) -> Result<LineListContent> {
    let bill = sqlx::query!(
        r#"
        SELECT id AS "id!: BillingPoId",
               line_item_count AS "line_item_count!",
               line_total AS "line_total!: Money"
          FROM "Finances".billing_po_figures
         WHERE id = $1
            OR legacy_id = $2
        "#,
        key.id(),
        key.number(),
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound(THING))?;
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT line.id, line.billing_po_id, line.description, line.qty, line.rate, line.total, line.created_at, \
                line.updated_at",
    );
    query.order.push_key(&mut sql);
    sql.push(r#" FROM "Finances".billing_po_line_item AS line WHERE line.billing_po_id = "#)
        .push_bind(bill.id);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<Line>> = sql.build_query_as().fetch_all(db).await?;
    let (line_items, page) = query.paging.page(rows, bill.line_item_count);
    Ok(LineListContent {
        billing_po_id: bill.id,
        line_item_count: bill.line_item_count,
        total_value: bill.line_total,
        line_items,
        page,
    })
}

/// Adds a line to a bill.
///
/// # Errors
/// `NotFound` if there is no such bill, `Conflict` if it may not change any more.
pub(super) async fn add(uow: &mut UnitOfWork, key: BillingKey, new: &NewLine) -> Result<Line> {
    let bill = store::lock(uow, key, None).await?;
    rules::ensure_open(&bill)?;
    let NewLine {
        description,
        qty,
        rate,
        total,
    } = new;
    let line = sqlx::query_as!(
        Line,
        r#"
        INSERT INTO "Finances".billing_po_line_item (billing_po_id, description, qty, rate, total)
        VALUES ($1, $2, $3, $4, $5)
        RETURNING id AS "id: BillingLineId",
                  billing_po_id AS "billing_po_id: BillingPoId",
                  description,
                  qty AS "qty: Quantity",
                  rate AS "rate: Rate",
                  total AS "total: Money",
                  created_at,
                  updated_at
        "#,
        bill.id as BillingPoId,
        &**description,
        *qty as Quantity,
        *rate as Rate,
        *total as Money,
    )
    .fetch_one(uow.conn())
    .await?;
    uow.record(Change::created(LINE_ENTITY, line.id, &line));
    touch(uow, &bill, bill.line_total + line.total).await?;
    Ok(line)
}

/// Removes a line from a bill.
///
/// # Errors
/// `NotFound` if there is no such bill or it has no such line, `Stale` if the request knows another version of the bill,
/// `Conflict` if that may not change any more.
pub(super) async fn delete(uow: &mut UnitOfWork, key: BillingKey, line: BillingKey) -> Result<Line> {
    let bill = store::lock(uow, key, None).await?;
    let line = sqlx::query_as!(
        Line,
        r#"
        SELECT id AS "id: BillingLineId",
               billing_po_id AS "billing_po_id: BillingPoId",
               description,
               qty AS "qty: Quantity",
               rate AS "rate: Rate",
               total AS "total: Money",
               created_at,
               updated_at
          FROM "Finances".billing_po_line_item
         WHERE billing_po_id = $1
           AND (id = $2 OR legacy_id = $3)
        "#,
        bill.id as BillingPoId,
        line.id(),
        line.number(),
    )
    .fetch_optional(uow.conn())
    .await?
    .ok_or(Error::NotFound("Line item"))?;
    uow.ensure_current(bill.version)?;
    rules::ensure_open(&bill)?;
    sqlx::query!(
        r#"DELETE FROM "Finances".billing_po_line_item WHERE id = $1"#,
        line.id as BillingLineId,
    )
    .execute(uow.conn())
    .await?;
    uow.record(Change::new(Action::Deleted, LINE_ENTITY, line.id).before(&line));
    touch(uow, &bill, bill.line_total - line.total).await?;
    Ok(line)
}

/// Gives a bill a new version after a change of its lines, which now add up to this.
async fn touch(uow: &mut UnitOfWork, bill: &Bill, line_total: Money) -> Result<()> {
    sqlx::query!(
        r#"UPDATE "Finances".billing_po SET version = version + 1, updated_at = now() WHERE id = $1"#,
        bill.id as BillingPoId,
    )
    .execute(uow.conn())
    .await?;
    uow.record(
        Change::new(Action::Updated, ENTITY, bill.id)
            .before(&json!({"line_total": bill.line_total}))
            .after(&json!({"line_total": line_total})),
    );
    Ok(())
}
