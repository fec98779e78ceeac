//! What a vendor payment must fulfil beside its own words: whose it is, when it is dated, and that it is not there already.

use chrono::{Days, NaiveDate};
use sqlx::PgConnection;

use crate::{
    error::{Error, Result},
    finance::{
        vendor_orders::{self, store::LockedOrder},
        vendors::hold,
    },
    types::{
        Money,
        ids::{VendorId, VendorOrderId, VendorPaymentId},
    },
    unit_of_work::UnitOfWork,
};

/// How far ahead a payment may be dated.
const DAYS_AHEAD: u64 = 366;

/// Locks the order that a request names, and before it holds its project, which the payment is to name too.
pub(super) async fn lock_order(uow: &mut UnitOfWork, id: VendorOrderId) -> Result<LockedOrder> {
    vendor_orders::store::hold_project(uow.conn(), id).await?;
    vendor_orders::store::find_and_lock(uow, id)
        .await?
        .ok_or_else(|| Error::unknown_reference("vendor_order_id", "vendor order"))
}

/// Whom a payment for an order goes to: who is named, as far as the order is theirs, else the order's vendor, else the one
/// that all its lines name.
pub(super) async fn vendor_of_order(
    db: &mut PgConnection,
    order: &LockedOrder,
    named: Option<VendorId>,
) -> Result<Option<VendorId>> {
    if let Some(vendor) = named {
        ensure_of_order(db, order, vendor, "vendor_id").await?;
        return Ok(named);
    }
    if order.vendor_id.is_some() {
        return Ok(order.vendor_id);
    }
    let lines = vendor_orders::store::vendors_of_lines(db, order.id).await?;
    match *lines.named {
        [] => Ok(None),
        [vendor] => Ok(Some(vendor).filter(|_| !lines.has_nobodys)),
        _ => Err(Error::invalid_field(
            "vendor_id",
            "missing",
            "The order has lines of several vendors; name the one that is paid",
        )),
    }
}

/// Checks that a payment to this vendor may be meant for an order.
///
/// # Errors
/// `Invalid` at `field` if the order is another vendor's, or if its lines are.
pub async fn ensure_of_order(
    db: &mut PgConnection,
    order: &LockedOrder,
    vendor: VendorId,
    field: &'static str,
) -> Result<()> {
    let vendors = vendors_of_order(db, order).await?;
    if vendors.is_empty() || vendors.contains(&vendor) {
        return Ok(());
    }
    Err(Error::invalid_field(
        field,
        "value_error",
        "The order is not this vendor's",
    ))
}

/// Whose an order is: its own vendor's, else those of its lines.
async fn vendors_of_order(db: &mut PgConnection, order: &LockedOrder) -> Result<Vec<VendorId>> {
    match order.vendor_id {
        Some(vendor) => Ok(vec![vendor]),
        None => Ok(vendor_orders::store::vendors_of_lines(db, order.id).await?.named),
    }
}

/// What a link has to know of a vendor payment, under its lock.
#[derive(Debug, Clone)]
pub struct LinkablePayment {
    /// Who is paid.
    pub vendor_id: Option<VendorId>,
    /// The order that it is for.
    pub vendor_order_id: Option<VendorOrderId>,
    /// Above 0.
    pub amount: Money,
    /// One of [`PaymentState`](crate::finance::payments::PaymentState), or an older word.
    pub status: String,
}

/// Locks a payment for a link to an order, which is locked already; `None` if there is none of this id.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn lock_for_link(db: &mut PgConnection, id: VendorPaymentId) -> Result<Option<LinkablePayment>> {
    let payment = sqlx::query_as!(
        LinkablePayment,
        r#"
        SELECT vendor_id AS "vendor_id: VendorId",
               vendor_order_id AS "vendor_order_id: VendorOrderId",
               amount AS "amount: Money",
               status
          FROM "Finances".vendor_payment
         WHERE id = $1
           FOR UPDATE
        "#,
        id as VendorPaymentId,
    )
    .fetch_optional(db)
    .await?;
    Ok(payment)
}

/// Checks that a vendor may be paid; until the end of the transaction nobody can put it on the blacklist.
pub(super) async fn ensure_payable(db: &mut PgConnection, vendor: VendorId) -> Result<()> {
    match hold::hold_all(db, &[vendor]).await?.first() {
        None => Err(Error::unknown_reference("vendor_id", "vendor")),
        Some(held) if held.is_blacklisted => Err(Error::conflict(hold::BLACKLISTED)),
        Some(_) => Ok(()),
    }
}

/// Checks that a payment is not dated too far ahead of today.
pub(super) fn ensure_not_far_ahead(day: NaiveDate, today: NaiveDate) -> Result<()> {
    let last = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
    if day > last {
        return Err(Error::invalid_field(
            "payment_date",
            "less_than_equal",
            "must be at most 366 days ahead",
        ));
    }
    Ok(())
}

/// Checks that no other payment of this amount to the vendor has the reference, unless that one is dead.
pub(super) async fn ensure_not_paid_before(
    db: &mut PgConnection,
    vendor: Option<VendorId>,
    reference: Option<&str>,
    amount: Money,
    but: Option<VendorPaymentId>,
) -> Result<()> {
    let (Some(vendor), Some(reference)) = (vendor, reference) else {
        return Ok(());
    };
    // Payments without an order have no common row to lock. A statement of its own: one that waited would still see the
    // payments as they were before the wait.
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock(hashtextextended('vendor_payment:' || $1::bigint || ':' || $2::text, 0))"#,
        vendor.0,
        reference,
    )
    .execute(&mut *db)
    .await?;
    let is_there = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM "Finances".vendor_payment AS payment
                     LEFT JOIN "Finances".vendor_order AS ordered ON ordered.id = payment.vendor_order_id
                    WHERE payment.reference_number = $2
                      AND COALESCE(payment.vendor_id, ordered.vendor_id) = $1
                      AND payment.amount = $3
                      AND payment.status NOT IN ('bounced', 'failed', 'cancelled')
                      AND payment.id IS DISTINCT FROM $4
               ) AS "is_there!"
        "#,
        vendor.0,
        reference,
        amount.0,
        but.map(|id| id.0),
    )
    .fetch_one(db)
    .await?;
    if is_there {
        return Err(Error::conflict_field(
            "reference_number",
            "value_error",
            "A payment of this amount to the vendor has this reference already",
        ));
    }
    Ok(())
}
