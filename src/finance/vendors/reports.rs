//! The queries behind a vendor's figures. What the running unit of work changes is not in the kept totals yet.

use chrono::NaiveDate;
use sqlx::{FromRow, PgExecutor};

use super::{
    Vendor, VendorFigures,
    figures::{DueOrder, LastPayment, MonthlyPayments, PaymentSpan},
    rules::Troubles,
    store::vendor_columns,
};
use crate::{
    error::{Error, Result},
    types::{
        Money,
        ids::{VendorId, VendorOrderId, VendorPaymentId},
    },
};

/// A vendor's row beside its figures.
#[derive(FromRow)]
struct VendorRow {
    #[sqlx(flatten)]
    vendor: Vendor,
    #[sqlx(flatten)]
    figures: VendorFigures,
}

/// A vendor with its figures.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub(super) async fn get(db: impl PgExecutor<'_>, id: VendorId) -> Result<(Vendor, VendorFigures)> {
    const SQL: &str = concat!(
        vendor_columns!(),
        r#", figures.*
             FROM "Finances".vendor
             JOIN (SELECT id AS vendor_id, total_orders, live_orders, active_orders, total_order_value, payment_count,
                          total_amount, total_paid, total_pending, total_bounced, total_failed, total_cancelled,
                          paid_count, pending_count, bounced_count, failed_count, cancelled_count, average_payment_days
                     FROM "Finances".vendor_figures) AS figures ON figures.vendor_id = vendor.id
            WHERE vendor.id = $1"#
    );
    let row: Option<VendorRow> = sqlx::query_as(SQL).bind(id).fetch_optional(db).await?;
    let row = row.ok_or(Error::NotFound("Vendor"))?;
    Ok((row.vendor, row.figures))
}

/// The last payment to a vendor that arrived.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn last_payment(db: impl PgExecutor<'_>, vendor: VendorId) -> Result<Option<LastPayment>> {
    let payment = sqlx::query_as!(
        LastPayment,
        r#"
        SELECT id AS "id!: VendorPaymentId",
               date,
               amount AS "amount!: Money",
               status AS "status!"
          FROM (
               (SELECT payment.id, payment.payment_date AS date, payment.amount, payment.status
                  FROM "Finances".vendor_payment AS payment
                 WHERE payment.vendor_id = $1
                   AND payment.status IN ('cleared', 'completed', 'reconciled')
                 ORDER BY payment.payment_date DESC NULLS LAST, payment.id DESC
                 LIMIT 1)
                UNION ALL
               -- Without a vendor of its own it is to the vendor of its order.
               (SELECT payment.id, payment.payment_date, payment.amount, payment.status
                  FROM "Finances".vendor_payment AS payment
                  JOIN "Finances".vendor_order AS ordered ON ordered.id = payment.vendor_order_id
                 WHERE payment.vendor_id IS NULL
                   AND ordered.vendor_id = $1
                   AND payment.status IN ('cleared', 'completed', 'reconciled')
                 ORDER BY payment.payment_date DESC NULLS LAST, payment.id DESC
                 LIMIT 1)
               ) AS paid
         ORDER BY date DESC NULLS LAST, id DESC
         LIMIT 1
        "#,
        vendor as VendorId,
    )
    .fetch_optional(db)
    .await?;
    Ok(payment)
}

/// The vendor's own orders that are due until 30 days from today and not paid in full, at most 50.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn upcoming_due(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    today: NaiveDate,
) -> Result<Vec<DueOrder>> {
    let orders = sqlx::query_as!(
        DueOrder,
        r#"
        SELECT due.vendor_order_id AS "vendor_order_id!: VendorOrderId",
               ordered.po_number AS "po_number!",
               due.amount AS "amount!: Money",
               due.due_date AS "due_date!",
               due.due_date < $2::date AS "is_overdue!"
          FROM (
               SELECT kept.vendor_order_id, kept.due_date, kept.amount
                 FROM "Finances".vendor_order_due AS kept
                WHERE kept.vendor_id = $1
                  AND kept.is_own
                  AND kept.due_date <= $2::date + 30
                ORDER BY kept.due_date, kept.vendor_order_id
                LIMIT 50
               ) AS due
          JOIN "Finances".vendor_order AS ordered ON ordered.id = due.vendor_order_id
         ORDER BY due.due_date, due.vendor_order_id
        "#,
        vendor as VendorId,
        today,
    )
    .fetch_all(db)
    .await?;
    Ok(orders)
}

/// What is wrong with how a vendor is paid.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn troubles(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    today: NaiveDate,
) -> Result<Troubles> {
    let troubles = sqlx::query_as!(
        Troubles,
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM "Finances".vendor_order_due AS due
                    WHERE due.vendor_id = $1
                      AND due.due_date < $2::date
               ) AS "is_overdue!",
               EXISTS (
                   SELECT
                     FROM "Finances".vendor_order_due AS due
                    WHERE due.vendor_id = $1
                      AND due.due_date < $2::date - 30
               ) AS "is_long_overdue!",
               EXISTS (
                   SELECT
                     FROM "Finances".vendor_payment AS payment
                    WHERE payment.vendor_id = $1
                      AND payment.status = 'bounced'
                      AND payment.payment_date >= $2::date - 90
               )
            OR EXISTS (
                   SELECT
                     FROM "Finances".vendor_payment AS payment
                     JOIN "Finances".vendor_order AS ordered ON ordered.id = payment.vendor_order_id
                    WHERE payment.vendor_id IS NULL
                      AND ordered.vendor_id = $1
                      AND payment.status = 'bounced'
                      AND payment.payment_date >= $2::date - 90
               ) AS "has_bounced!"
        "#,
        vendor as VendorId,
        today,
    )
    .fetch_one(db)
    .await?;
    Ok(troubles)
}

/// The days of a vendor's first and last payments.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn span(db: impl PgExecutor<'_>, vendor: VendorId) -> Result<PaymentSpan> {
    let span = sqlx::query_as!(
        PaymentSpan,
        r#"
        SELECT min(part.first) AS first,
               max(part.last) AS last
          FROM (
               SELECT (SELECT min(payment_date) FROM "Finances".vendor_payment WHERE vendor_id = $1) AS first,
                      (SELECT max(payment_date) FROM "Finances".vendor_payment WHERE vendor_id = $1) AS last
                UNION ALL
               SELECT min(payment.payment_date), max(payment.payment_date)
                 FROM "Finances".vendor_payment AS payment
                 JOIN "Finances".vendor_order AS ordered ON ordered.id = payment.vendor_order_id
                WHERE payment.vendor_id IS NULL
                  AND ordered.vendor_id = $1
               ) AS part
        "#,
        vendor as VendorId,
    )
    .fetch_one(db)
    .await?;
    Ok(span)
}

/// What arrived in the last 12 months in which something did, oldest first.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn by_month(db: impl PgExecutor<'_>, vendor: VendorId) -> Result<Vec<MonthlyPayments>> {
    let months = sqlx::query_as!(
        MonthlyPayments,
        r#"
        SELECT kept.month AS "month!",
               kept.total_paid AS "total_paid!: Money",
               kept.payment_count AS "payment_count!"
          FROM (
               SELECT total.part AS month,
                      sum(total.amount) AS total_paid,
                      sum(total.entries)::bigint AS payment_count
                 FROM "Finances".kept_vendor_total AS total
                WHERE total.list = 'payment_month'
                  AND total.scope = 'vendor'
                  AND total.scope_id = $1
                GROUP BY total.part
               HAVING sum(total.entries) > 0
                ORDER BY total.part DESC
                LIMIT 12
               ) AS kept
         ORDER BY kept.month
        "#,
        vendor as VendorId,
    )
    .fetch_all(db)
    .await?;
    Ok(months)
}
