//! Deletion of a project with everything that is booked under it: POs, vendor orders, their payments, bills, documents.
//!
//! Money that was received or paid, and bills that count, stand in the way unless the deletion is forced. Source:
//! purchase-order contract, section 11.2.

use serde_json::json;
use sqlx::PgConnection;

use super::store;
use crate::{
    audit::{Action, Change},
    error::{Error, Fault, Result},
    finance::{
        kept_totals::Counted,
        purchase_orders::delete::{self, Gone, reason, record_gone},
    },
    types::ids::{ProjectId, VendorOrderId, VendorPaymentId},
    unit_of_work::UnitOfWork,
    uploads::Removal,
};

/// A project that was deleted.
#[derive(Debug)]
#[must_use = "the stored files have to be removed after the commit"]
pub struct DeletedProject {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// How many POs went with it.
    pub pos: usize,
    /// Stored files that no row names any more.
    pub files: Removal,
}

/// Deletes the one project of this name, but for outer blanks.
///
/// # Errors
/// As [`delete`](fn@delete); `Conflict` too if several projects bear the name.
pub async fn delete_named(uow: &mut UnitOfWork, name: &str, force: bool) -> Result<DeletedProject> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: ProjectId"
          FROM "Finances".project
         WHERE lower(btrim(name)) = lower($1)
           AND btrim(name) = $1
         ORDER BY id
        "#,
        name,
    )
    .fetch_all(uow.conn())
    .await?;
    match *ids {
        [] => Err(Error::NotFound("Project")),
        [id] => delete_if(uow, id, force, |found| found.trim() == name).await,
        _ => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            Err(Error::conflict_field(
                "name",
                "value_error",
                format!(
                    "Several projects bear this name: {}; delete them by id",
                    ids.join(", ")
                ),
            ))
        }
    }
}

/// Deletes a project.
///
/// # Errors
/// `NotFound` if there is none of this id, `Stale` if it has another version than `If-Match` says, `Conflict` (fault type
/// `still_referenced`) if it is needed and the deletion is not forced.
pub async fn delete(uow: &mut UnitOfWork, id: ProjectId, force: bool) -> Result<DeletedProject> {
    delete_if(uow, id, force, |_| true).await
}

async fn delete_if(
    uow: &mut UnitOfWork,
    id: ProjectId,
    force: bool,
    is_meant: impl Fn(&str) -> bool + Send,
) -> Result<DeletedProject> {
    lock(uow.conn(), id).await?;
    let project = store::get(uow.conn(), id).await?;
    if !is_meant(&project.name) {
        // It was renamed before its lock was had.
        return Err(Error::NotFound("Project"));
    }
    uow.ensure_current(project.version)?;
    uow.follow(&[Counted::Project(id)]).await?;
    let doomed = delete::lock_of_project(uow, id).await?;
    let (orders, payments) = lock_vendor_side(uow, id).await?;
    if !force {
        let mut reasons = delete::reasons(uow.conn(), &doomed).await?;
        reasons.extend(vendor_reasons(uow.conn(), id, &orders).await?);
        delete::ensure_unneeded(&format!("Project '{}'", project.name), reasons)?;
    }
    remove_vendor_side(uow, id, &orders, &payments).await?;
    let removed = delete::remove(uow, &doomed).await?;
    sqlx::query!(r#"DELETE FROM "Finances".project WHERE id = $1"#, id as ProjectId)
        .execute(uow.conn())
        .await?;
    uow.record(Change::new(Action::Deleted, "project", id).before(&project));
    Ok(DeletedProject {
        id,
        name: project.name,
        pos: doomed.pos.len(),
        files: removed.files,
    })
}

/// Locks a project against new rows under it, and those projects that its POs are mapped to in old data.
async fn lock(db: &mut PgConnection, id: ProjectId) -> Result<()> {
    sqlx::query!(
        r#"
        SELECT id
          FROM "Finances".project
         WHERE id = $1
            OR id IN (
               SELECT mapping.project_id
                 FROM "Finances".po_project_mapping AS mapping
                 JOIN "Finances".client_po AS po ON po.id = mapping.client_po_id
                WHERE po.project_id = $1
               )
         ORDER BY id
           FOR UPDATE
        "#,
        id as ProjectId,
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Locks the vendor orders of a project and every vendor payment that has to do with them or with the project.
async fn lock_vendor_side(
    uow: &mut UnitOfWork,
    id: ProjectId,
) -> Result<(Vec<VendorOrderId>, Vec<VendorPaymentId>)> {
    let orders = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: VendorOrderId"
          FROM "Finances".vendor_order
         WHERE project_id = $1
         ORDER BY id
           FOR UPDATE
        "#,
        id as ProjectId,
    )
    .fetch_all(uow.conn())
    .await?;
    let payments = sqlx::query!(
        r#"
        SELECT id AS "id: VendorPaymentId",
               (vendor_order_id = ANY ($2) OR (vendor_order_id IS NULL AND project_id = $1)) AS is_doomed
          FROM "Finances".vendor_payment
         WHERE id IN (
               SELECT id FROM "Finances".vendor_payment WHERE project_id = $1
                UNION
               SELECT id FROM "Finances".vendor_payment WHERE vendor_order_id = ANY ($2)
                UNION
               -- Shares of advances, which say whether an order was paid.
               SELECT vendor_payment_id FROM "Finances".payment_vendor_link WHERE vendor_order_id = ANY ($2)
               )
         ORDER BY id
           FOR UPDATE
        "#,
        id as ProjectId,
        &orders as &[VendorOrderId],
    )
    .fetch_all(uow.conn())
    .await?;
    let counted: Vec<Counted> = payments
        .iter()
        .map(|payment| Counted::VendorPayment(payment.id))
        .chain(orders.iter().copied().map(Counted::VendorOrder))
        .collect();
    uow.follow(&counted).await?;
    let doomed = payments
        .into_iter()
        .filter(|payment| payment.is_doomed == Some(true));
    Ok((orders, doomed.map(|payment| payment.id).collect()))
}

/// What stands in the way on the vendors' side.
async fn vendor_reasons(
    db: &mut PgConnection,
    id: ProjectId,
    orders: &[VendorOrderId],
) -> Result<Vec<Fault>> {
    let found = sqlx::query!(
        r#"
        WITH paid AS (
            SELECT payment.vendor_order_id, payment.amount
              FROM "Finances".vendor_payment AS payment
             WHERE payment.vendor_order_id = ANY ($2)
               AND payment.status IN ('cleared', 'completed', 'reconciled')
             UNION ALL
            SELECT link.vendor_order_id, link.amount_allocated
              FROM "Finances".payment_vendor_link AS link
              JOIN "Finances".vendor_payment AS payment
                ON payment.id = link.vendor_payment_id
               -- A payment that has an order of its own counts there.
               AND payment.vendor_order_id IS NULL
             WHERE link.vendor_order_id = ANY ($2)
               AND link.link_type = 'outgoing'
               AND payment.status IN ('cleared', 'completed', 'reconciled')
        )
        SELECT (SELECT count(*)
                  FROM (SELECT FROM paid GROUP BY vendor_order_id HAVING sum(amount) > 0) AS paid_order)
                   AS "paid_orders!",
               (SELECT count(DISTINCT vendor_order_id)
                  FROM "Finances".payment_vendor_link
                 WHERE vendor_order_id = ANY ($2)
                   AND link_type = 'incoming')
                   AS "linked_orders!",
               (SELECT count(*)
                  FROM "Finances".vendor_payment
                 WHERE project_id = $1
                   AND vendor_order_id IS NULL
                   AND status IN ('cleared', 'completed', 'reconciled'))
                   AS "advances!"
        "#,
        id as ProjectId,
        orders as &[VendorOrderId],
    )
    .fetch_one(db)
    .await?;
    let reasons = [
        reason("vendor_order", found.paid_orders, "paid vendor order"),
        reason("vendor_order", found.linked_orders, "client-funded vendor order"),
        reason("vendor_payment", found.advances, "paid advance"),
    ];
    Ok(reasons.into_iter().flatten().collect())
}

/// Deletes the vendor orders with their links, payments and lines, and the project's advances.
async fn remove_vendor_side(
    uow: &mut UnitOfWork,
    id: ProjectId,
    orders: &[VendorOrderId],
    payments: &[VendorPaymentId],
) -> Result<()> {
    let links = sqlx::query_as!(
        Gone,
        r#"
        DELETE FROM "Finances".payment_vendor_link AS link
         WHERE vendor_order_id = ANY ($1)
            OR vendor_payment_id = ANY ($2)
        RETURNING id::text AS "id!",
                  to_jsonb(link) AS "row!"
        "#,
        orders as &[VendorOrderId],
        payments as &[VendorPaymentId],
    )
    .fetch_all(uow.conn())
    .await?;
    record_gone(uow, "payment_vendor_link", &links);
    let gone = sqlx::query_as!(
        Gone,
        r#"
        DELETE FROM "Finances".vendor_payment AS payment
         WHERE id = ANY ($1)
        RETURNING id::text AS "id!",
                  to_jsonb(payment) AS "row!"
        "#,
        payments as &[VendorPaymentId],
    )
    .fetch_all(uow.conn())
    .await?;
    record_gone(uow, "vendor_payment", &gone);
    // Payments of other projects' orders that old data booked here go where their order is.
    let moved = sqlx::query!(
        r#"
        UPDATE "Finances".vendor_payment AS payment
           SET project_id = ordered.project_id,
               version = payment.version + 1,
               updated_at = now()
          FROM "Finances".vendor_order AS ordered
         WHERE payment.project_id = $1
           AND ordered.id = payment.vendor_order_id
        RETURNING payment.id AS "id: VendorPaymentId",
                  ordered.project_id AS "project: ProjectId"
        "#,
        id as ProjectId,
    )
    .fetch_all(uow.conn())
    .await?;
    for payment in moved {
        uow.record(
            Change::new(Action::Updated, "vendor_payment", payment.id)
                .before(&json!({"project_id": id}))
                .after(&json!({"project_id": payment.project})),
        );
    }
    let gone = sqlx::query_as!(
        Gone,
        r#"
        DELETE FROM "Finances".vendor_order AS ordered
         WHERE id = ANY ($1)
        RETURNING id::text AS "id!",
                  to_jsonb(ordered) || jsonb_build_object('line_items', (
                      SELECT jsonb_agg(to_jsonb(line) ORDER BY line.id)
                        FROM "Finances".vendor_order_line_item AS line
                       WHERE line.vendor_order_id = ordered.id
                  )) AS "row!"
        "#,
        orders as &[VendorOrderId],
    )
    .fetch_all(uow.conn())
    .await?;
    record_gone(uow, "vendor_order", &gone);
    Ok(())
}
