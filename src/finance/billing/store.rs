//! Bills in the database.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor, PgPool, Postgres, QueryBuilder};

use super::{
    Bill, BillStatus,
    lines::Line,
    model::{BillChange, BillQuery, BillRow, NewBill},
    rules,
};
use crate::{
    audit::{Action, Change},
    error::{Error, Fault, Result},
    finance::{
        projects,
        purchase_orders::billable::{self, BillablePo},
    },
    http::list::{Listed, PageInfo},
    types::{
        Money, Patch, Quantity, Rate, Text,
        ids::{BillingKey, BillingLineId, BillingPoId, ClientId, ClientPoId, ProjectId, UserId},
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
pub(super) async fn list(
    db: &PgPool,
    project: ProjectId,
    query: &BillQuery,
) -> Result<(Vec<Bill>, PageInfo)> {
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
async fn lock_rows(db: &mut PgConnection, ids: &[BillingPoId]) -> Result<()> {
    sqlx::query!(
        r#"SELECT id FROM "Finances".billing_po WHERE id = ANY ($1) ORDER BY id FOR UPDATE"#,
        ids as &[BillingPoId],
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Makes a bill for a PO of a project.
///
/// # Errors
/// `NotFound` if there is no such project; `Invalid` if the PO is not one of those that count there, or the bill to be
/// revised is not one of the PO's; `Conflict` if that cannot be revised.
pub(super) async fn create(uow: &mut UnitOfWork, project: ProjectId, new: &NewBill) -> Result<Bill> {
    projects::store::hold_with_pos(uow.conn(), project).await?;
    let mut faults = Vec::new();
    let po = match hold_po(uow.conn(), project, new.client_po_id).await? {
        Ok(po) => Some(po),
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    let mut revised = None;
    if let Some(id) = new.revises_id {
        lock_rows(uow.conn(), &[id]).await?;
        let bill = find(uow.conn(), id).await?;
        match fitting(bill, Some(project), po.as_ref().map(|po| po.id)) {
            Ok(bill) => revised = Some(bill),
            Err(fault) => faults.push(fault),
        }
    }
    let Some(po) = po.filter(|_| faults.is_empty()) else {
        return Err(Error::invalid(faults));
    };
    if let Some(revised) = &revised {
        ensure_revisable(uow.conn(), revised, None).await?;
    }
    let id = insert(uow.conn(), project, &po, new).await?;
    let bill = find(uow.conn(), id).await?.ok_or(Error::NotFound(THING))?;
    uow.record(Change::created(ENTITY, id, &bill));
    Ok(bill)
}

/// Keeps the PO that is to be billed as it is: the one that is named, else the project's main one. The inner fault says why
/// it cannot be billed.
async fn hold_po(
    db: &mut PgConnection,
    project: ProjectId,
    named: Option<ClientPoId>,
) -> Result<Result<BillablePo, Fault>> {
    let id = match named {
        Some(id) => Some(id),
        None => billable::main_of_project(&mut *db, project).await?,
    };
    let Some(id) = id else {
        let text = "The project has no primary PO; name the one to be billed";
        return Ok(Err(Fault::new("client_po_id", "missing", text)));
    };
    let (kind, text) = match billable::hold(db, id).await? {
        None => ("foreign_key", "Unknown PO"),
        Some(po) if po.project_id != Some(project) => ("value_error", "The PO is not in this project"),
        Some(po) if !po.is_live => ("value_error", "The PO is cancelled"),
        Some(po) => return Ok(Ok(po)),
    };
    Ok(Err(Fault::new("client_po_id", kind, text)))
}

/// The bill that is to be revised, if it is one of the same project and PO; the PO is `None` where there is a fault in it
/// already.
fn fitting(revised: Option<Bill>, project: Option<ProjectId>, po: Option<ClientPoId>) -> Result<Bill, Fault> {
    let fault = |kind: &'static str, text: &'static str| Err(Fault::new("revises_id", kind, text));
    match revised {
        None => fault("foreign_key", "Unknown billing PO"),
        Some(bill) if bill.project_id != project => {
            fault("value_error", "The bill to be revised is of another project")
        }
        Some(bill) if po.is_some() && bill.client_po_id != po => {
            fault("value_error", "The bill to be revised is of another PO")
        }
        Some(bill) => Ok(bill),
    }
}

/// Checks that a locked bill may be revised by one more bill, or by `own` still.
async fn ensure_revisable(db: &mut PgConnection, revised: &Bill, own: Option<BillingPoId>) -> Result<()> {
    let named_by = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: BillingPoId"
          FROM "Finances".billing_po
         WHERE revises_id = $1
           AND status <> 'CANCELLED'
           AND id IS DISTINCT FROM $2
         LIMIT 1
        "#,
        revised.id as BillingPoId,
        own as Option<BillingPoId>,
    )
    .fetch_optional(db)
    .await?;
    rules::ensure_revisable(revised, named_by)
}

async fn insert(
    db: &mut PgConnection,
    project: ProjectId,
    po: &BillablePo,
    new: &NewBill,
) -> Result<BillingPoId> {
    let NewBill {
        client_po_id: _,
        po_number,
        billed_value,
        billed_gst,
        billed_total,
        billing_notes,
        status,
        revises_id,
    } = new;
    let po_number = po_number
        .as_deref()
        .or(po.po_number.as_deref())
        .map_or_else(|| format!("BILLING-{project}"), str::to_owned);
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".billing_po
               (client_id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, billing_notes,
                status, revises_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        RETURNING id AS "id: BillingPoId"
        "#,
        po.client_id as Option<ClientId>,
        po.id as ClientPoId,
        project as ProjectId,
        po_number,
        *billed_value as Money,
        *billed_gst as Money,
        *billed_total as Money,
        billing_notes.as_deref(),
        status.as_str(),
        *revises_id as Option<BillingPoId>,
    )
    .fetch_one(db)
    .await?;
    Ok(id)
}

/// What a request to change a bill came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Something is different.
    Changed,
    /// It was as the request wants it.
    Unchanged,
    /// The request names nothing that could change.
    NothingSent,
}

/// Changes a bill; `project`, where given, is the one that it has to be of.
///
/// # Errors
/// `NotFound`, `Stale`; `Conflict` if the bill is fixed, would go back, or names a bill that cannot be revised; `Invalid` if
/// that is not one of the same PO, or value and GST together are too large.
pub(super) async fn update(
    uow: &mut UnitOfWork,
    key: BillingKey,
    project: Option<ProjectId>,
    change: BillChange,
) -> Result<(Bill, Outcome)> {
    let beside = match change.revises_id {
        Patch::Set(id) => Some(id),
        Patch::Keep | Patch::Clear => None,
    };
    let before = lock(uow, key, beside).await?;
    if project.is_some() && before.project_id != project {
        return Err(Error::NotFound(THING));
    }
    uow.ensure_current(before.version)?;
    if change.is_empty() {
        return Ok((before, Outcome::NothingSent));
    }
    rules::ensure_open(&before)?;
    let after = changed(uow.conn(), &before, change).await?;
    if after == before {
        return Ok((before, Outcome::Unchanged));
    }
    sqlx::query!(
        r#"
        UPDATE "Finances".billing_po
           SET po_number = $2,
               billed_value = $3,
               billed_gst = $4,
               billed_total = $5,
               billing_notes = $6,
               status = $7,
               revises_id = $8,
               version = version + 1,
               updated_at = now()
         WHERE id = $1
        "#,
        after.id as BillingPoId,
        after.po_number,
        after.billed_value as Money,
        after.billed_gst as Money,
        after.billed_total as Money,
        after.billing_notes,
        after.status,
        after.revises_id as Option<BillingPoId>,
    )
    .execute(uow.conn())
    .await?;
    let after = find(uow.conn(), before.id).await?.ok_or(Error::NotFound(THING))?;
    let action = if after.status == before.status {
        Action::Updated
    } else {
        Action::StatusChanged
    };
    uow.record(Change::new(action, ENTITY, after.id).between(&before, &after));
    Ok((after, Outcome::Changed))
}

/// The bill as the request wants it, as far as the request decides.
async fn changed(db: &mut PgConnection, before: &Bill, change: BillChange) -> Result<Bill> {
    let BillChange {
        po_number,
        billed_value,
        billed_gst,
        billing_notes,
        status,
        revises_id,
    } = change;
    let mut after = before.clone();
    let mut faults = Vec::new();
    if let Some(number) = po_number {
        after.po_number = number.into_string();
    }
    after.billing_notes = billing_notes.map(Text::into_string).over(after.billing_notes);
    after.billed_value = billed_value.unwrap_or(after.billed_value);
    after.billed_gst = billed_gst.unwrap_or(after.billed_gst);
    // An adopted bill keeps a total that is not this sum until somebody states one of both.
    if billed_value.is_some() || billed_gst.is_some() {
        match rules::total(after.billed_value, after.billed_gst) {
            Ok(total) => after.billed_total = total,
            Err(problem) => {
                let to_blame = if billed_gst.is_some() {
                    "billed_gst"
                } else {
                    "billed_value"
                };
                faults.push(Fault::new(to_blame, problem.kind, problem.message));
            }
        }
    }
    after.revises_id = revises_id.over(after.revises_id);
    let mut revised = None;
    if let Some(id) = after.revises_id.filter(|_| after.revises_id != before.revises_id) {
        let bill = find(&mut *db, id).await?;
        match fitting(bill, before.project_id, before.client_po_id) {
            Ok(bill) if bill.id == before.id => {
                faults.push(Fault::new(
                    "revises_id",
                    "value_error",
                    "A bill cannot revise itself",
                ));
            }
            Ok(bill) => revised = Some(bill),
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    if after.revises_id != before.revises_id && before.status() != Some(BillStatus::Draft) {
        return Err(Error::conflict_field(
            "revises_id",
            "value_error",
            "Only a draft can be made a revision",
        ));
    }
    if let Some(revised) = &revised {
        ensure_revisable(db, revised, Some(before.id)).await?;
    }
    if let Some(status) = status {
        rules::ensure_may_move(before.status(), status)?;
        status.as_str().clone_into(&mut after.status);
    }
    Ok(after)
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
    sqlx::query!(
        r#"DELETE FROM "Finances".billing_po WHERE id = $1"#,
        id as BillingPoId,
    )
    .execute(uow.conn())
    .await?;
    let record = Record {
        bill: &bill,
        line_items: &line_items,
    };
    uow.record(Change::new(Action::Deleted, ENTITY, id).before(&record));
    Ok(id)
}
