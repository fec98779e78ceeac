//! What was ordered from vendors for a project, and what was paid of it (vendor routes, section 6).

use serde::Serialize;
use sqlx::PgExecutor;
use utoipa::ToSchema;

use crate::{
    error::{Error, Result},
    types::{Money, ids::ProjectId},
};

/// A project's vendor orders. Rejected and cancelled ones are in `total_vendor_orders`, `cancelled_orders` and
/// `paid_on_cancelled` only.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct VendorSummary {
    project_id: ProjectId,
    /// Different vendors that orders or their lines name.
    #[schema(example = 2)]
    total_vendors: i64,
    /// All orders.
    #[schema(example = 3)]
    total_vendor_orders: i64,
    total_order_value: Money,
    /// `total_order_value` − `total_paid`.
    total_payable: Money,
    total_paid: Money,
    /// What was paid of orders that were given up.
    paid_on_cancelled: Money,
    /// The part of `total_order_value` that is no vendor's.
    unassigned_value: Money,
    pending_orders: i64,
    ongoing_orders: i64,
    /// The same.
    in_progress_orders: i64,
    completed_orders: i64,
    cancelled_orders: i64,
}

/// The figures of a project's vendor orders.
///
/// # Errors
/// `NotFound` if there is no such project.
pub(super) async fn of_project(db: impl PgExecutor<'_>, project: ProjectId) -> Result<VendorSummary> {
    let row = sqlx::query!(
        r#"
        WITH kept AS (
            SELECT total.entries,
                   total.amount,
                   total.paid,
                   total.work_status,
                   total.status NOT IN ('rejected', 'cancelled') AND total.work_status <> 'cancelled' AS is_live
              FROM "Finances".kept_vendor_total AS total
             WHERE total.list = 'vendor_order'
               AND total.scope = 'project'
               AND total.scope_id = $1
               AND total.part = ''
        ),
        ordered AS (
            SELECT COALESCE(sum(entries), 0)::bigint AS entries,
                   COALESCE(sum(amount) FILTER (WHERE is_live), 0) AS amount,
                   COALESCE(sum(paid) FILTER (WHERE is_live), 0) AS paid,
                   COALESCE(sum(paid) FILTER (WHERE NOT is_live), 0) AS paid_on_cancelled,
                   COALESCE(sum(entries) FILTER (WHERE is_live AND work_status = 'pending'), 0)::bigint AS pending,
                   COALESCE(sum(entries) FILTER (WHERE is_live AND work_status = 'in_progress'), 0)::bigint AS in_progress,
                   COALESCE(sum(entries) FILTER (WHERE is_live AND work_status = 'completed'), 0)::bigint AS completed,
                   COALESCE(sum(entries) FILTER (WHERE NOT is_live), 0)::bigint AS cancelled
              FROM kept
        ),
        named AS (
            SELECT vendor_order.vendor_id
              FROM "Finances".vendor_order
             WHERE vendor_order.project_id = $1
               AND vendor_order.vendor_id IS NOT NULL
             UNION
            SELECT line.vendor_id
              FROM "Finances".vendor_order
              JOIN "Finances".vendor_order_line_vendor AS line ON line.vendor_order_id = vendor_order.id
             WHERE vendor_order.project_id = $1
        ),
        unassigned AS (
            -- Of an order that names a vendor nothing is left over.
            SELECT COALESCE(sum(vendor_order.po_value - share.amount), 0) AS amount
              FROM "Finances".vendor_order
             CROSS JOIN LATERAL (
                   SELECT COALESCE(sum(part.amount), 0) AS amount
                     FROM "Finances".vendor_share AS part
                    WHERE part.vendor_order_id = vendor_order.id
                   ) AS share
             WHERE vendor_order.project_id = $1
               AND vendor_order.vendor_id IS NULL
               AND vendor_order.status NOT IN ('rejected', 'cancelled')
               AND vendor_order.work_status <> 'cancelled'
        )
        SELECT (SELECT count(*) FROM named) AS "vendors!",
               ordered.entries AS "entries!",
               ordered.amount AS "amount!: Money",
               ordered.paid AS "paid!: Money",
               ordered.paid_on_cancelled AS "paid_on_cancelled!: Money",
               unassigned.amount AS "unassigned!: Money",
               ordered.pending AS "pending!",
               ordered.in_progress AS "in_progress!",
               ordered.completed AS "completed!",
               ordered.cancelled AS "cancelled!"
          FROM ordered
         CROSS JOIN unassigned
         WHERE EXISTS (SELECT FROM "Finances".project WHERE id = $1)
        "#,
        project as ProjectId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("Project"))?;
    Ok(VendorSummary {
        project_id: project,
        total_vendors: row.vendors,
        total_vendor_orders: row.entries,
        total_order_value: row.amount,
        total_payable: row.amount - row.paid,
        total_paid: row.paid,
        paid_on_cancelled: row.paid_on_cancelled,
        unassigned_value: row.unassigned,
        pending_orders: row.pending,
        ongoing_orders: row.in_progress,
        in_progress_orders: row.in_progress,
        completed_orders: row.completed,
        cancelled_orders: row.cancelled,
    })
}
