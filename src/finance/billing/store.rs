//! Bills in the database.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor, Postgres, QueryBuilder};

use super::{
    Bill, BillStatus,
    lines::Line,
    model::{BillQuery, BillRow},
    rules,
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    finance::projects,
    http::list::{Listed, PageInfo},
    postgres::Pool,
    types::{
        Money, Quantity, Rate, Text,
        ids::{BillingKey, BillingLineId, BillingPoId, ClientPoId, ProjectId, UserId},
    },
    unit_of_work::UnitOfWork,
};

/// The name of the table in the trail.
pub(super) const ENTITY: &str = "billing_po";

/// What a bill is called where there is none.
pub(super) const THING: &str = "Billing PO";

/// The columns of [`Bill`].
const COLUMNS: &str = "
SELECT bill.id,
       bill.client_po_id,
       bill.project_id,
       bill.po_number,
       bill.billed_value,
       bill.billed_gst,
       bill.billed_total,
       bill.billing_notes,
       bill.approval_notes,
       bill.approved_by,
       bill.approved_at,
       bill.status,
       bill.revises_id,
       bill.superseded_by_id,
       bill.counted,
       bill.version,
       bill.line_item_count,
       bill.line_total,
       bill.difference,
       bill.created_at,
       bill.updated_at";

/// Where they come from once a page of ids is cut out.
const FROM_PAGE: &str = r#"
  FROM "Finances".billing_po_figures AS bill
  JOIN page ON page.id = bill.id"#;

/// A page of a project's bills.
///
/// # Errors
/// `NotFound` if there is no such project.
pub(super) async fn list(db: &Pool, project: ProjectId, query: &BillQuery) -> Result<(Vec<Bill>, PageInfo)> {
    if !projects::store::exists(db, project).await? {
        return Err(Error::NotFound("Project"));
    }
    // The page is cut out before lines and names are looked up for its rows.
    let mut sql = QueryBuilder::<Postgres>::new("WITH page AS (SELECT bill.id");
    push_matching(&mut sql, project, query);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    sql.push(")").push(COLUMNS);
    query.order.push_key(&mut sql);
    sql.push(FROM_PAGE);
    query.order.push_order(&mut sql);
    let rows: Vec<Listed<Bill>> = sql.build_query_as().fetch_all(db).await?;

    let mut sql = QueryBuilder::<Postgres>::new("SELECT count(*)");
    push_matching(&mut sql, project, query);
    let total = sql.build_query_scalar().fetch_one(db).await?;
    Ok(query.paging.page(rows, total))
}

fn push_matching(sql: &mut QueryBuilder<Postgres>, project: ProjectId, query: &BillQuery) {
    sql.push(r#" FROM "Finances".billing_po_figures AS bill WHERE bill.project_id = "#)
        .push_bind(project);
    if let Some(status) = query.status {
        sql.push(" AND bill.status = ").push_bind(status.as_str());
    }
    if let Some(counted) = query.counted {
        sql.push(if counted {
            " AND bill.counted"
        } else {
            " AND NOT bill.counted"
        });
    }
}

/// The bills of a project that count, the newest first, at most 1000.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn counted_of_project(db: impl PgExecutor<'_>, project: ProjectId) -> Result<Vec<Bill>> {
    let mut sql = QueryBuilder::<Postgres>::new(
        r#"WITH page AS (
               SELECT bill.id FROM "Finances".billing_po_figures AS bill WHERE bill.project_id = "#,
    );
    sql.push_bind(project)
        .push(" AND bill.counted ORDER BY bill.created_at DESC, bill.id LIMIT 1000)")
        .push(COLUMNS)
        .push(FROM_PAGE)
        .push(" ORDER BY bill.created_at DESC, bill.id");
    Ok(sql.build_query_as().fetch_all(db).await?)
}

/// A bill with its lines.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub(super) async fn get(db: impl PgExecutor<'_>, key: BillingKey) -> Result<(Bill, Vec<Line>)> {
    let row = sqlx::query_file_as!(
        BillRow,
        "src/finance/billing/sql/bill.sql",
        key.id(),
        key.number(),
    )
    .fetch_optional(db)
    .await?;
    row.map(Into::into).ok_or(Error::NotFound(THING))
}

/// The id of the bill that a path names; `None` if there is none.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn find_id(db: impl PgExecutor<'_>, key: BillingKey) -> Result<Option<BillingPoId>> {
    let id = sqlx::query_scalar!(
        r#"SELECT id AS "id: BillingPoId" FROM "Finances".billing_po WHERE id = $1 OR legacy_id = $2"#,
        key.id(),
        key.number(),
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}

/// A bill without its lines.
pub(super) async fn find(db: impl PgExecutor<'_>, id: BillingPoId) -> Result<Option<Bill>> {
    let bill = sqlx::query_as!(
        Bill,
        r#"
        SELECT id AS "id!: BillingPoId",
               client_po_id AS "client_po_id: ClientPoId",
               project_id AS "project_id: ProjectId",
               po_number AS "po_number!",
               billed_value AS "billed_value!: Money",
               billed_gst AS "billed_gst!: Money",
               billed_total AS "billed_total!: Money",
               billing_notes,
               approval_notes,
               approved_by AS "approved_by?",
               approved_at,
               status AS "status!",
               revises_id AS "revises_id: BillingPoId",
               superseded_by_id AS "superseded_by_id?: BillingPoId",
               counted AS "counted!",
               version AS "version!",
               line_item_count AS "line_item_count!",
               line_total AS "line_total!: Money",
               difference AS "difference!: Money",
               created_at AS "created_at!",
               updated_at AS "updated_at!"
          FROM "Finances".billing_po_figures
         WHERE id = $1
        "#,
        id as BillingPoId,
    )
    .fetch_optional(db)
    .await?;
    Ok(bill)
}

/// Locks the bill that a request is about, with the one that it revises and the one that it is to revise; it comes as it is
/// under the lock.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub(super) async fn lock(uow: &mut UnitOfWork, key: BillingKey, beside: Option<BillingPoId>) -> Result<Bill> {
    let named = sqlx::query!(
        r#"
        SELECT id AS "id: BillingPoId",
               revises_id AS "revises_id: BillingPoId"
          FROM "Finances".billing_po
         WHERE id = $1
            OR legacy_id = $2
        "#,
        key.id(),
        key.number(),
    )
    .fetch_optional(uow.conn())
    .await?
    .ok_or(Error::NotFound(THING))?;
    let ids: Vec<BillingPoId> = [Some(named.id), named.revises_id, beside]
        .into_iter()
        .flatten()
        .collect();
    lock_rows(uow.conn(), &ids).await?;
    let bill = find(uow.conn(), named.id).await?.ok_or(Error::NotFound(THING))?;
    if bill.revises_id != named.revises_id {
        return Err(Error::Contended(sqlx::Error::Protocol(
            "the bill was made to revise another one while its lock was awaited".to_owned(),
        )));
    }
    Ok(bill)
}

/// Locks bills in the order of their ids; those that are not there are left out.
pub(super) async fn lock_rows(db: &mut PgConnection, ids: &[BillingPoId]) -> Result<()> {
    sqlx::query!(
        r#"SELECT id FROM "Finances".billing_po WHERE id = ANY ($1) ORDER BY id FOR UPDATE"#,
        ids as &[BillingPoId],
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Approves a bill in the name of the user who acts.
///
/// # Errors
/// `NotFound`, `Stale`; `Conflict` unless the bill is final, bills something, and no other has taken its place.
pub(super) async fn approve(
    uow: &mut UnitOfWork,
    key: BillingKey,
    notes: Option<&Text<5000>>,
) -> Result<Bill> {
    let before = lock(uow, key, None).await?;
    uow.ensure_current(before.version)?;
    rules::ensure_approvable(&before)?;
    let approver = uow.actor().id;
    sqlx::query!(
        r#"
        UPDATE "Finances".billing_po
           SET status = $2,
               approved_by = $3,
               approved_at = now(),
               approval_notes = $4,
               version = version + 1,
               updated_at = now()
         WHERE id = $1
        "#,
        before.id as BillingPoId,
        BillStatus::Approved.as_str(),
        approver as Option<UserId>,
        notes.map(|notes| &**notes),
    )
    .execute(uow.conn())
    .await?;
    let after = find(uow.conn(), before.id).await?.ok_or(Error::NotFound(THING))?;
    let mut entry = Change::new(Action::Approved, ENTITY, after.id).between(&before, &after);
    if let Some(notes) = notes {
        entry = entry.note(notes.to_string());
    }
    uow.record(entry);
    Ok(after)
}

/// What the audit trail keeps of a bill that goes.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    bill: &'a Bill,
    /// The number that it had before ids became UUIDs, by which its history may be asked for.
    legacy_id: Option<i64>,
    line_items: &'a [Line],
}

/// Deletes a bill with its lines; the bill that it revises counts again.
///
/// # Errors
/// `NotFound`, `Stale`; `Conflict` if it is approved, or another bill revises it.
pub(super) async fn delete(uow: &mut UnitOfWork, key: BillingKey) -> Result<BillingPoId> {
    let Bill { id, version, .. } = lock(uow, key, None).await?;
    uow.ensure_current(version)?;
    let (bill, line_items) = get(uow.conn(), BillingKey::Id(id.0)).await?;
    if bill.status() == Some(BillStatus::Approved) {
        return Err(Error::conflict("The bill is approved and cannot be deleted"));
    }
    // A cancelled one too: it still names the bill.
    let revision = sqlx::query_scalar!(
        r#"SELECT id AS "id: BillingPoId" FROM "Finances".billing_po WHERE revises_id = $1 LIMIT 1"#,
        id as BillingPoId,
    )
    .fetch_optional(uow.conn())
    .await?;
    if let Some(revision) = revision {
        return Err(Error::conflict_field(
            ENTITY,
            "still_referenced",
            format!("The bill is revised by bill {revision}; delete that first"),
        ));
    }
    let legacy_id = sqlx::query_scalar!(
        r#"DELETE FROM "Finances".billing_po WHERE id = $1 RETURNING legacy_id"#,
        id as BillingPoId,
    )
    .fetch_one(uow.conn())
    .await?;
    let record = Record {
        bill: &bill,
        legacy_id,
        line_items: &line_items,
    };
    uow.record(Change::new(Action::Deleted, ENTITY, id).before(&record));
    Ok(id)
}
