//! Deletion of client POs, of one or of all of a project, with a fixed number of statements however many they are.
//!
//! What others built on a PO is kept and let go of: vendor orders, their lines, child POs, documents of the project. What
//! hangs on it goes: payments, billing POs, lines, documents of its own. Money that was received and bills that count stand
//! in the way unless the deletion is forced. Source: purchase-order contract, section 11.1.

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{places, primary};
use crate::{
    audit::{Action, Change},
    error::{Error, Fault, Refusal, Result},
    finance::{kept_totals::Counted, line_items, vendor_orders},
    types::ids::{ClientPoId, DocumentId, ProjectId, VendorOrderId},
    unit_of_work::UnitOfWork,
    uploads::{self, Removal},
};

/// The POs that go, locked, and the project that goes with them.
#[derive(Debug)]
pub struct Doomed {
    /// The POs.
    pub pos: Vec<ClientPoId>,
    /// Their project; `None` if it stays.
    pub project: Option<ProjectId>,
}

/// How many rows went with POs, or were let go of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// Client payments.
    #[schema(example = 1)]
    pub payments: usize,
    /// Lines.
    #[schema(example = 12)]
    pub line_items: i64,
    /// Billing POs.
    #[schema(example = 0)]
    pub billing_pos: usize,
    /// Places in projects.
    #[schema(example = 1)]
    pub mappings: usize,
    /// Documents.
    #[schema(example = 0)]
    pub documents: usize,
    /// Vendor orders that are kept without the PO.
    #[schema(example = 1)]
    pub vendor_orders_unlinked: usize,
}

/// What a deletion did.
#[derive(Debug)]
#[must_use = "the stored files have to be removed after the commit"]
pub struct Removed {
    /// How much of what.
    pub counts: Counts,
    /// Stored files that no row names any more.
    pub files: Removal,
}

/// A row that went, for the audit trail.
#[derive(Debug)]
pub struct Gone {
    /// Its id.
    pub id: String,
    /// The row.
    pub row: Value,
}

/// Deletes a PO and what hangs on it.
///
/// # Errors
/// `NotFound` if there is none of this id, `Stale` if it has another version than `If-Match` says, `Conflict` (fault type
/// `still_referenced`) if it is needed and the deletion is not forced.
pub async fn delete(uow: &mut UnitOfWork, id: ClientPoId, force: bool) -> Result<Removed> {
    let doomed = lock_one(uow, id).await?;
    if !force {
        let reasons = reasons(uow.conn(), &doomed).await?;
        ensure_unneeded(&format!("PO {id}"), reasons)?;
    }
    remove(uow, &doomed).await
}

/// Locks a PO with all that hangs on it; the kept totals follow it.
async fn lock_one(uow: &mut UnitOfWork, id: ClientPoId) -> Result<Doomed> {
    places::take_place(uow.conn(), id).await?;
    // Before the PO, as everywhere: its project's POs may get another first one.
    let projects = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: ProjectId"
          FROM "Finances".project
         WHERE id IN (
               SELECT project_id FROM "Finances".client_po WHERE id = $1
                UNION
               SELECT project_id FROM "Finances".po_project_mapping WHERE client_po_id = $1
               )
         ORDER BY id
           FOR NO KEY UPDATE
        "#,
        id as ClientPoId,
    )
    .fetch_all(uow.conn())
    .await?;
    let locked = lock_rows(uow.conn(), &[id]).await?;
    let po = locked
        .iter()
        .find(|po| po.id == id)
        .ok_or(Error::NotFound("PO"))?;
    uow.ensure_current(po.version)?;
    if po.project_id.is_some_and(|project| !projects.contains(&project)) {
        // It went to another project in between.
        return Err(Error::Contended(sqlx::Error::RowNotFound));
    }
    finish_locking(uow, vec![id], None).await
}

/// Locks the POs of a project, which the caller has locked, with all that hangs on them; the kept totals follow them.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn lock_of_project(uow: &mut UnitOfWork, project: ProjectId) -> Result<Doomed> {
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id: ClientPoId" FROM "Finances".client_po WHERE project_id = $1"#,
        project as ProjectId,
    )
    .fetch_all(uow.conn())
    .await?;
    let locked = lock_rows(uow.conn(), &ids).await?;
    // None can come to a project that is locked, but one may have left before its lock was had.
    let pos = locked
        .iter()
        .filter(|po| po.project_id == Some(project))
        .map(|po| po.id);
    finish_locking(uow, pos.collect(), Some(project)).await
}

struct LockedRow {
    id: ClientPoId,
    version: i32,
    project_id: Option<ProjectId>,
}

/// Locks POs and those that name them as their parent, in the order of their ids.
async fn lock_rows(db: &mut PgConnection, ids: &[ClientPoId]) -> Result<Vec<LockedRow>> {
    let rows = sqlx::query_as!(
        LockedRow,
        r#"
        SELECT id AS "id: ClientPoId",
               version,
               project_id AS "project_id: ProjectId"
          FROM "Finances".client_po
         WHERE id = ANY ($1)
            OR parent_po_id = ANY ($1)
         ORDER BY id
           FOR UPDATE
        "#,
        ids as &[ClientPoId],
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Locks the payments and bills of locked POs, so that none of them becomes a reason after the reasons were looked for.
async fn finish_locking(
    uow: &mut UnitOfWork,
    pos: Vec<ClientPoId>,
    project: Option<ProjectId>,
) -> Result<Doomed> {
    sqlx::query!(
        r#"SELECT id FROM "Finances".client_payment WHERE client_po_id = ANY ($1) ORDER BY id FOR UPDATE"#,
        &pos as &[ClientPoId],
    )
    .fetch_all(uow.conn())
    .await?;
    sqlx::query!(
        r#"
        SELECT id
          FROM "Finances".billing_po
         WHERE client_po_id = ANY ($1)
            OR project_id = $2
         ORDER BY id
           FOR UPDATE
        "#,
        &pos as &[ClientPoId],
        project as Option<ProjectId>,
    )
    .fetch_all(uow.conn())
    .await?;
    let counted: Vec<Counted> = pos.iter().copied().map(Counted::ClientPo).collect();
    uow.follow(&counted).await?;
    Ok(Doomed { pos, project })
}

/// What stands in the way of a deletion that is not forced.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn reasons(db: &mut PgConnection, doomed: &Doomed) -> Result<Vec<Fault>> {
    let found = sqlx::query!(
        r#"
        WITH payment AS (
            SELECT id, status FROM "Finances".client_payment WHERE client_po_id = ANY ($1)
        ),
        link AS (
            SELECT link.payment_id,
                   link.vendor_order_id
              FROM "Finances".payment_vendor_link AS link
              JOIN payment ON payment.id = link.payment_id
        ),
        bill AS (
            SELECT status FROM "Finances".billing_po WHERE client_po_id = ANY ($1) OR project_id = $2
        )
        SELECT (SELECT count(*) FROM payment WHERE status IN ('cleared', 'completed', 'reconciled')) AS "received!",
               (SELECT count(DISTINCT payment_id) FROM link) AS "linked!",
               COALESCE((SELECT array_agg(DISTINCT vendor_order_id ORDER BY vendor_order_id) FROM link), '{}')
                   AS "orders!: Vec<VendorOrderId>",
               (SELECT count(*) FROM bill WHERE status = 'APPROVED') AS "approved!",
               (SELECT count(*) FROM bill WHERE status = 'FINAL') AS "final!"
        "#,
        &doomed.pos as &[ClientPoId],
        doomed.project as Option<ProjectId>,
    )
    .fetch_one(db)
    .await?;
    let mut reasons = Vec::new();
    reasons.extend(reason("client_payment", found.received, "received payment"));
    if found.linked > 0 {
        let orders = if found.orders.len() == 1 {
            "vendor order"
        } else {
            "vendor orders"
        };
        let ids: Vec<String> = found.orders.iter().map(ToString::to_string).collect();
        let text = format!(
            "{} linked to {orders} {}",
            counted(found.linked, "payment"),
            ids.join(" and ")
        );
        reasons.push(Fault::new("payment_vendor_link", "still_referenced", text));
    }
    reasons.extend(reason("billing_po", found.approved, "approved billing PO"));
    reasons.extend(reason("billing_po", found.r#final, "final billing PO"));
    Ok(reasons)
}

/// One reason against a deletion: so many rows of a table; `None` if there are none.
pub fn reason(table: &str, rows: i64, thing: &str) -> Option<Fault> {
    (rows > 0).then(|| Fault::new(table, "still_referenced", counted(rows, thing)))
}

/// "1 bill", "2 bills".
fn counted(rows: i64, thing: &str) -> String {
    if rows == 1 {
        format!("1 {thing}")
    } else {
        format!("{rows} {thing}s")
    }
}

/// Refuses a deletion that has reasons against it, with all of them.
///
/// # Errors
/// `Conflict` with one fault of type `still_referenced` for each.
pub fn ensure_unneeded(what: &str, reasons: Vec<Fault>) -> Result<()> {
    if reasons.is_empty() {
        return Ok(());
    }
    let texts: Vec<&str> = reasons.iter().map(|fault| fault.message.as_str()).collect();
    Err(Error::Conflict(Box::new(Refusal {
        message: format!("{what} is still needed by: {}", texts.join(", ")).into(),
        faults: reasons,
        ..Refusal::default()
    })))
}

/// Deletes locked POs with what hangs on them, and what hangs on their project if it goes too.
///
/// # Errors
/// `Conflict` if something refers to them that may not be let go of.
pub async fn remove(uow: &mut UnitOfWork, doomed: &Doomed) -> Result<Removed> {
    let payments = remove_payments(uow, doomed).await?;
    let billing_pos = remove_bills(uow, doomed).await?;
    let (documents, files) = remove_documents(uow, doomed).await?;
    let vendor_orders_unlinked = let_go_of_vendor_orders(uow, doomed).await?;
    line_items::store::let_go_of(uow, &doomed.pos, &[]).await?;
    let_go_of_children(uow, doomed).await?;
    let mappings = remove_mappings(uow, doomed).await?;
    let line_items = remove_rows(uow, doomed).await?;
    Ok(Removed {
        counts: Counts {
            payments,
            line_items,
            billing_pos,
            mappings,
            documents,
            vendor_orders_unlinked,
        },
        files,
    })
}

/// Notes rows that went; how many they are.
pub fn record_gone(uow: &mut UnitOfWork, table: &'static str, rows: &[Gone]) -> usize {
    for gone in rows {
        uow.record(Change::new(Action::Deleted, table, &gone.id).before(&gone.row));
    }
    rows.len()
}

async fn remove_payments(uow: &mut UnitOfWork, doomed: &Doomed) -> Result<usize> {
    let linked = sqlx::query_scalar!(
        r#"
        SELECT DISTINCT link.vendor_order_id AS "id!: VendorOrderId"
          FROM "Finances".payment_vendor_link AS link
          JOIN "Finances".client_payment AS payment ON payment.id = link.payment_id
         WHERE payment.client_po_id = ANY ($1)
           AND link.vendor_order_id IS NOT NULL
        "#,
        &doomed.pos as &[ClientPoId],
    )
    .fetch_all(uow.conn())
    .await?;
    vendor_orders::store::lock_all(uow, &linked).await?;
    let links = sqlx::query_as!(
        Gone,
        r#"
        DELETE FROM "Finances".payment_vendor_link AS link
         USING "Finances".client_payment AS payment
         WHERE payment.id = link.payment_id
           AND payment.client_po_id = ANY ($1)
        RETURNING link.id::text AS "id!",
                  to_jsonb(link) AS "row!"
        "#,
        &doomed.pos as &[ClientPoId],
    )
    .fetch_all(uow.conn())
    .await?;
    record_gone(uow, "payment_vendor_link", &links);
    let payments = sqlx::query_as!(
        Gone,
        r#"
        DELETE FROM "Finances".client_payment AS payment
         WHERE client_po_id = ANY ($1)
        RETURNING id::text AS "id!",
                  to_jsonb(payment) AS "row!"
        "#,
        &doomed.pos as &[ClientPoId],
    )
    .fetch_all(uow.conn())
    .await?;
    Ok(record_gone(uow, "client_payment", &payments))
}

async fn remove_bills(uow: &mut UnitOfWork, doomed: &Doomed) -> Result<usize> {
    let bills = sqlx::query_as!(
        Gone,
        r#"
        DELETE FROM "Finances".billing_po AS bill
         WHERE client_po_id = ANY ($1)
            OR project_id = $2
        RETURNING id::text AS "id!",
                  to_jsonb(bill) || jsonb_build_object('line_items', (
                      SELECT jsonb_agg(to_jsonb(line) ORDER BY line.created_at, line.id)
                        FROM "Finances".billing_po_line_item AS line
                       WHERE line.billing_po_id = bill.id
                  )) AS "row!"
        "#,
        &doomed.pos as &[ClientPoId],
        doomed.project as Option<ProjectId>,
    )
    .fetch_all(uow.conn())
    .await?;
    Ok(record_gone(uow, "billing_po", &bills))
}

/// How many documents went, and their files.
async fn remove_documents(uow: &mut UnitOfWork, doomed: &Doomed) -> Result<(usize, Removal)> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: DocumentId"
          FROM "Finances".project_document
         WHERE project_id = $2
            OR (project_id IS NULL AND client_po_id = ANY ($1))
         ORDER BY id
           FOR UPDATE
        "#,
        &doomed.pos as &[ClientPoId],
        doomed.project as Option<ProjectId>,
    )
    .fetch_all(uow.conn())
    .await?;
    let counted: Vec<Counted> = ids.iter().copied().map(Counted::Document).collect();
    uow.follow(&counted).await?;
    let gone = sqlx::query!(
        r#"
        DELETE FROM "Finances".project_document AS document
         WHERE id = ANY ($1)
        RETURNING id::text AS "id!",
                  to_jsonb(document) AS "row!",
                  stored_filename,
                  compressed_filename
        "#,
        &ids as &[DocumentId],
    )
    .fetch_all(uow.conn())
    .await?;
    let kept = sqlx::query!(
        r#"
        UPDATE "Finances".project_document AS document
           SET client_po_id = NULL
          FROM (
               SELECT id, client_po_id
                 FROM "Finances".project_document
                WHERE client_po_id = ANY ($1)
                ORDER BY id
                  FOR UPDATE
               ) AS before
         WHERE document.id = before.id
        RETURNING document.id AS "id: DocumentId",
                  before.client_po_id AS "po: ClientPoId"
        "#,
        &doomed.pos as &[ClientPoId],
    )
    .fetch_all(uow.conn())
    .await?;
    for document in kept {
        uow.record(let_go(
            "project_document",
            document.id,
            "client_po_id",
            &document.po,
        ));
    }
    let mut files = Vec::new();
    let mut rows = Vec::with_capacity(gone.len());
    for document in gone {
        files.extend(
            [document.stored_filename, document.compressed_filename]
                .into_iter()
                .flatten(),
        );
        rows.push(Gone {
            id: document.id,
            row: document.row,
        });
    }
    let documents = record_gone(uow, "project_document", &rows);
    let files = uploads::remove_unnamed(uow.conn(), files).await?;
    Ok((documents, files))
}

async fn let_go_of_vendor_orders(uow: &mut UnitOfWork, doomed: &Doomed) -> Result<usize> {
    let orders = sqlx::query!(
        r#"
        UPDATE "Finances".vendor_order
           SET client_po_id = NULL,
               version = version + 1,
               updated_at = now()
          FROM (
               SELECT id, client_po_id
                 FROM "Finances".vendor_order
                WHERE client_po_id = ANY ($1)
                ORDER BY id
                  FOR UPDATE
               ) AS before
         WHERE vendor_order.id = before.id
        RETURNING vendor_order.id AS "id: VendorOrderId",
                  before.client_po_id AS "po: ClientPoId"
        "#,
        &doomed.pos as &[ClientPoId],
    )
    .fetch_all(uow.conn())
    .await?;
    for order in &orders {
        uow.record(let_go("vendor_order", order.id, "client_po_id", &order.po));
    }
    Ok(orders.len())
}

/// Lets go of POs that name one of these as their parent; they are locked already.
async fn let_go_of_children(uow: &mut UnitOfWork, doomed: &Doomed) -> Result<()> {
    let children = sqlx::query!(
        r#"
        UPDATE "Finances".client_po AS child
           SET parent_po_id = NULL,
               version = child.version + 1,
               updated_at = now()
          FROM "Finances".client_po AS parent
         WHERE parent.id = child.parent_po_id
           AND parent.id = ANY ($1)
           AND child.id <> ALL ($1)
        RETURNING child.id AS "id: ClientPoId",
                  parent.id AS "parent: ClientPoId"
        "#,
        &doomed.pos as &[ClientPoId],
    )
    .fetch_all(uow.conn())
    .await?;
    for child in children {
        uow.record(let_go("client_po", child.id, "parent_po_id", &child.parent));
    }
    Ok(())
}

/// The record of a row that named one that goes.
fn let_go(table: &'static str, id: impl std::fmt::Display, field: &str, was: &impl Serialize) -> Change {
    Change::new(Action::Updated, table, id)
        .before(&json!({field: was}))
        .after(&json!({field: Value::Null}))
}

/// Takes POs out of their projects; a project that loses its primary PO gets the first of those that are left.
async fn remove_mappings(uow: &mut UnitOfWork, doomed: &Doomed) -> Result<usize> {
    let mappings = sqlx::query!(
        r#"
        DELETE FROM "Finances".po_project_mapping
         WHERE client_po_id = ANY ($1)
            OR project_id = $2
        RETURNING project_id AS "project: ProjectId",
                  is_primary
        "#,
        &doomed.pos as &[ClientPoId],
        doomed.project as Option<ProjectId>,
    )
    .fetch_all(uow.conn())
    .await?;
    let headless: Vec<ProjectId> = mappings
        .iter()
        .filter(|mapping| mapping.is_primary && Some(mapping.project) != doomed.project)
        .map(|mapping| mapping.project)
        .collect();
    primary::promote_first(uow, &headless).await?;
    Ok(mappings.len())
}

/// Deletes the POs themselves; how many lines went with them.
async fn remove_rows(uow: &mut UnitOfWork, doomed: &Doomed) -> Result<i64> {
    let lines = sqlx::query_scalar!(
        r#"SELECT count(*) AS "lines!" FROM "Finances".client_po_line_item WHERE client_po_id = ANY ($1)"#,
        &doomed.pos as &[ClientPoId],
    )
    .fetch_one(uow.conn())
    .await?;
    let pos = sqlx::query_as!(
        Gone,
        r#"
        DELETE FROM "Finances".client_po AS po
         WHERE id = ANY ($1)
        RETURNING id::text AS "id!",
                  to_jsonb(po) || jsonb_build_object('line_items', (
                      SELECT jsonb_agg(to_jsonb(line) ORDER BY line.id)
                        FROM "Finances".client_po_line_item AS line
                       WHERE line.client_po_id = po.id
                  )) AS "row!"
        "#,
        &doomed.pos as &[ClientPoId],
    )
    .fetch_all(uow.conn())
    .await?;
    record_gone(uow, "client_po", &pos);
    Ok(lines)
}
