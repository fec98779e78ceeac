//! Recording, changing, reconciling and deleting vendor payments.

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{
    NewVendorPayment, VendorPaymentChange,
    checks::{ensure_not_far_ahead, ensure_not_paid_before, ensure_payable, lock_order, vendor_of_order},
    read::{get, get_all},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    finance::{
        kept_totals::{self, Counted},
        payment_links,
        payments::{
            Payment, PaymentState, Reconciliation,
            rules::Mover,
            store::{
                BatchMove, Linked, ensure_batch_may_move, ensure_links_fit, ensure_may_change, ensure_may_go,
                ensure_may_move, record_batch, record_change,
            },
        },
        projects,
        references::References,
        vendor_orders,
    },
    types::{
        Money,
        ids::{PaymentId, ProjectId, VendorId, VendorOrderId, VendorPaymentId},
    },
    unit_of_work::UnitOfWork,
};

/// How often the orders of a payment are looked for again, if it got another one while they were locked.
const LOCK_ATTEMPTS: usize = 20;
/// The name of the table in the trail.
pub const ENTITY: &str = "vendor_payment";
/// Records a payment to a vendor.
///
/// # Errors
/// `Invalid` for an unknown order or vendor, for an order of another vendor, or for a day too far ahead; `Conflict` for an
/// order that was given up, a blacklisted vendor, or a reference that was used.
pub async fn insert(uow: &mut UnitOfWork, new: &NewVendorPayment, today: NaiveDate) -> Result<Payment> {
    let NewVendorPayment {
        vendor_id,
        vendor_order_id,
        project_id,
        amount,
        payment_date,
        payment_mode,
        status,
        reference_number,
        notes,
    } = new;
    ensure_not_far_ahead(*payment_date, today)?;
    let named = References {
        vendor_id: *vendor_id,
        vendor_order_id: *vendor_order_id,
        project_id: *project_id,
        ..References::default()
    };
    named.ensure_known(uow.conn()).await?;
    let (mut vendor, mut project) = (*vendor_id, *project_id);
    if let Some(order) = *vendor_order_id {
        let locked = lock_order(uow, order).await?;
        if !locked.is_live {
            return Err(Error::conflict("The vendor order is cancelled or rejected"));
        }
        vendor = vendor_of_order(uow.conn(), &locked, vendor).await?;
        if project.is_some() && locked.project_id.is_some() && project != locked.project_id {
            return Err(Error::invalid_field(
                "project_id",
                "value_error",
                "The vendor order is of another project",
            ));
        }
        project = locked.project_id.or(project);
    }
    if let Some(vendor) = vendor {
        ensure_payable(uow.conn(), vendor).await?;
    }
    if !status.is_dead() {
        ensure_not_paid_before(uow.conn(), vendor, reference_number.as_deref(), *amount, None).await?;
    }
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".vendor_payment
               (vendor_id, vendor_order_id, project_id, amount, payment_date, payment_mode, status, reference_number, notes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        RETURNING id AS "id: VendorPaymentId"
        "#,
        vendor as Option<VendorId>,
        *vendor_order_id as Option<VendorOrderId>,
        project as Option<ProjectId>,
        amount.0,
        payment_date,
        payment_mode.as_str(),
        status.as_str(),
        reference_number.as_deref(),
        notes.as_deref(),
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::VendorPayment(id));
    let payment = get(uow.conn(), id).await?;
    uow.record(Change::created(ENTITY, id, &payment));
    Ok(payment)
}

/// Records a payment for the order that a path names.
///
/// # Errors
/// `NotFound` if there is no such order; as [`insert`].
pub(super) async fn insert_for_order(
    uow: &mut UnitOfWork,
    order: VendorOrderId,
    new: &NewVendorPayment,
    today: NaiveDate,
) -> Result<VendorPaymentId> {
    vendor_orders::store::hold_project(uow.conn(), order).await?;
    vendor_orders::store::lock(uow, order).await?;
    let payment = insert(uow, new, today).await?;
    Ok(VendorPaymentId(payment.id.0))
}

/// Records a payment for an order of the project that a path names.
///
/// # Errors
/// `NotFound` if there is no such project, `Invalid` for an order of another one; as [`insert`].
pub(super) async fn insert_for_project(
    uow: &mut UnitOfWork,
    project: ProjectId,
    new: &NewVendorPayment,
    today: NaiveDate,
) -> Result<VendorPaymentId> {
    projects::store::hold(uow.conn(), project)
        .await?
        .ok_or(Error::NotFound("Project"))?;
    if let Some(order) = new.vendor_order_id
        && let Some(locked) = vendor_orders::store::find_and_lock(uow, order).await?
        && locked.project_id != Some(project)
    {
        return Err(Error::invalid_field(
            "vendor_order_id",
            "value_error",
            "The vendor order is of another project",
        ));
    }
    let payment = insert(uow, new, today).await?;
    Ok(VendorPaymentId(payment.id.0))
}

/// Locks payments, first the orders whose figures they enter, and has the kept totals follow them; they come in the order of
/// their ids, and those that are not there are left out.
///
/// # Errors
/// `Unavailable` without the database; `Contended` if one is linked to other orders again and again meanwhile.
pub async fn lock(uow: &mut UnitOfWork, ids: &[VendorPaymentId]) -> Result<Vec<Payment>> {
    lock_beside(uow, ids, None).await
}

/// The same, and an order that a payment is to get.
async fn lock_beside(
    uow: &mut UnitOfWork,
    ids: &[VendorPaymentId],
    other: Option<VendorOrderId>,
) -> Result<Vec<Payment>> {
    for _ in 0..LOCK_ATTEMPTS {
        let orders = kept_totals::orders_of_payments(uow.conn(), ids).await?;
        let start = uow.savepoint().await?;
        vendor_orders::store::lock_rows(uow.conn(), &[orders.as_slice(), other.as_slice()].concat()).await?;
        sqlx::query!(
            r#"SELECT id FROM "Finances".vendor_payment WHERE id = ANY ($1) ORDER BY id FOR UPDATE"#,
            ids as &[VendorPaymentId],
        )
        .fetch_all(uow.conn())
        .await?;
        let entered = kept_totals::orders_of_payments(uow.conn(), ids).await?;
        if entered.iter().all(|order| orders.contains(order)) {
            // Only under locks that stay: what is followed is taken for what it was until the end.
            let counted: Vec<Counted> = ids.iter().copied().map(Counted::VendorPayment).collect();
            uow.follow(&counted).await?;
            let raw: Vec<i64> = ids.iter().map(|id| id.0).collect();
            return get_all(uow.conn(), &raw).await;
        }
        // A link came while this waited. Its order has to be locked before the payment, so that all locks are given back.
        uow.roll_back_to(start).await?;
    }
    Err(Error::Contended(sqlx::Error::Protocol(
        "a payment got other orders again and again while its orders were being locked".to_owned(),
    )))
}

/// Locks the payment that a request is about, and the order that it is to get.
async fn lock_one(
    uow: &mut UnitOfWork,
    id: VendorPaymentId,
    other: Option<VendorOrderId>,
) -> Result<Payment> {
    if let Some(order) = other {
        vendor_orders::store::hold_project(uow.conn(), order).await?;
    }
    let payment = lock_beside(uow, &[id], other)
        .await?
        .pop()
        .ok_or(Error::NotFound("Payment"))?;
    uow.ensure_current(payment.version)?;
    Ok(payment)
}

/// Changes a payment; the flag says whether anything is different.
///
/// # Errors
/// `NotFound`, `Stale`; `Invalid` as [`insert`]; `Conflict` for a status that it must not get, a reconciled payment, another
/// vendor or order than the ones it has, or what its links do not allow; `Forbidden` where only an admin may.
pub async fn update(
    uow: &mut UnitOfWork,
    id: VendorPaymentId,
    change: &VendorPaymentChange,
    mover: Mover,
    note: Option<&str>,
    today: NaiveDate,
) -> Result<(Payment, bool)> {
    let before = lock_one(uow, id, change.vendor_order_id).await?;
    for (field, is_other) in [
        (
            "vendor_id",
            before.vendor_id.is_some()
                && change
                    .vendor_id
                    .is_some_and(|vendor| Some(vendor) != before.vendor_id),
        ),
        (
            "vendor_order_id",
            before.vendor_order_id.is_some()
                && change
                    .vendor_order_id
                    .is_some_and(|order| Some(order) != before.vendor_order_id),
        ),
    ] {
        if is_other {
            return Err(Error::conflict_field(
                field,
                "value_error",
                "The payment has another one already",
            ));
        }
    }
    let references = References {
        vendor_id: change.vendor_id,
        vendor_order_id: change.vendor_order_id,
        ..References::default()
    };
    references.ensure_known(uow.conn()).await?;
    let mut after = change.apply(&before);
    if let Some(order) = after.vendor_order_id
        && (after.vendor_order_id, after.vendor_id) != (before.vendor_order_id, before.vendor_id)
    {
        let locked = lock_order(uow, order).await?;
        if before.vendor_order_id.is_none() {
            if !locked.is_live {
                return Err(Error::conflict("The vendor order is cancelled or rejected"));
            }
            after.project_id = locked.project_id.or(after.project_id);
        }
        after.vendor_id = vendor_of_order(uow.conn(), &locked, after.vendor_id).await?;
    }
    if after == before {
        return Ok((before, false));
    }
    ensure_may_change(&before, &after, mover == Mover::Admin)?;
    if let Some(state) = change.status {
        ensure_may_move(&before, state, mover)?;
    }
    if after.payment_date != before.payment_date
        && let Some(day) = after.payment_date
    {
        ensure_not_far_ahead(day, today)?;
    }
    let linked = linked(uow.conn(), id).await?;
    ensure_links_allow(&before, &after, &linked)?;
    if after.vendor_id != before.vendor_id
        && let Some(vendor) = after.vendor_id
    {
        ensure_payable(uow.conn(), vendor).await?;
        payment_links::store::ensure_orders_of(uow.conn(), id, vendor).await?;
    }
    let is_alive = after.state().is_some_and(|state| !state.is_dead());
    let was_alive = before.state().is_some_and(|state| !state.is_dead());
    let names = |payment: &Payment| {
        (
            payment.vendor_id,
            payment.reference_number.clone(),
            payment.amount,
        )
    };
    if is_alive && (!was_alive || names(&before) != names(&after)) {
        let reference = after.reference_number.as_deref();
        ensure_not_paid_before(uow.conn(), after.vendor_id, reference, after.amount, Some(id)).await?;
    }
    store(uow.conn(), id, &before, &after).await?;
    if is_alive && !was_alive && linked.orders.is_some() {
        payment_links::store::ensure_room_for_vendor_payment(uow.conn(), id).await?;
    }
    let stored = get(uow.conn(), id).await?;
    record_change(uow, ENTITY, &before, &stored, Action::StatusChanged, note);
    Ok((stored, true))
}

/// What links of a payment do not let happen to it.
fn ensure_links_allow(before: &Payment, after: &Payment, linked: &Linked) -> Result<()> {
    ensure_links_fit(before, after, linked)?;
    let Some(orders) = &linked.orders else {
        return Ok(());
    };
    if after.vendor_order_id != before.vendor_order_id {
        return Err(Error::conflict_field(
            "vendor_order_id",
            "value_error",
            format!("The payment is linked to vendor orders {orders}; unlink it first"),
        ));
    }
    if after.status != before.status && after.state().is_some_and(PaymentState::is_dead) {
        return Err(Error::conflict_field(
            "status",
            "value_error",
            format!("The payment is linked to vendor orders {orders}; unlink it first"),
        ));
    }
    Ok(())
}

/// Marks a payment that arrived as found in the bank's statement; the flag says whether it was not so before.
///
/// # Errors
/// `NotFound`, `Stale`; `Conflict` if it did not arrive, or if the reference was used for another payment like it.
pub async fn reconcile(
    uow: &mut UnitOfWork,
    id: VendorPaymentId,
    found: &Reconciliation,
) -> Result<(Payment, bool)> {
    let before = lock_one(uow, id, None).await?;
    if !ensure_may_move(&before, PaymentState::Reconciled, Mover::Reconciliation)? {
        return Ok((before, false));
    }
    let mut after = before.clone();
    PaymentState::Reconciled.as_str().clone_into(&mut after.status);
    if let Some(reference) = &found.reference_number {
        after.reference_number = Some(reference.to_string());
        if after.reference_number != before.reference_number {
            let reference = after.reference_number.as_deref();
            ensure_not_paid_before(uow.conn(), after.vendor_id, reference, after.amount, Some(id)).await?;
        }
    }
    store(uow.conn(), id, &before, &after).await?;
    let stored = get(uow.conn(), id).await?;
    record_change(
        uow,
        ENTITY,
        &before,
        &stored,
        Action::Reconciled,
        found.notes.as_deref(),
    );
    Ok((stored, true))
}

/// Writes the fields of a payment that can change.
async fn store(db: &mut PgConnection, id: VendorPaymentId, before: &Payment, after: &Payment) -> Result<()> {
    // What is shown of a payment without a vendor of its own is its order's, and stays there.
    let vendor = after.vendor_id.filter(|_| after.vendor_id != before.vendor_id);
    let done = sqlx::query!(
        r#"
        UPDATE "Finances".vendor_payment
           SET vendor_id = COALESCE($2, vendor_id),
               vendor_order_id = $3,
               project_id = $4,
               amount = $5,
               payment_date = COALESCE($6, payment_date),
               payment_mode = $7,
               status = $8::text,
               reference_number = $9,
               notes = $10,
               reconciled_at = CASE WHEN $8::text = 'reconciled' THEN COALESCE(reconciled_at, now()) END,
               version = version + 1,
               updated_at = now()
         WHERE id = $1
        "#,
        id.0,
        vendor as Option<VendorId>,
        after.vendor_order_id as Option<VendorOrderId>,
        after.project_id as Option<ProjectId>,
        after.amount.0,
        after.payment_date,
        after.payment_mode,
        after.status,
        after.reference_number,
        after.notes,
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::NotFound("Payment"))
    }
}

/// Deletes a payment and gives back what it was.
///
/// # Errors
/// `NotFound`, `Stale`; `Conflict` if it is reconciled or linked to vendor orders.
pub async fn delete(uow: &mut UnitOfWork, id: VendorPaymentId) -> Result<Payment> {
    let payment = lock_one(uow, id, None).await?;
    ensure_may_go(&payment, &linked(uow.conn(), id).await?)?;
    let done = sqlx::query!(r#"DELETE FROM "Finances".vendor_payment WHERE id = $1"#, id.0)
        .execute(uow.conn())
        .await?;
    if done.rows_affected() != 1 {
        return Err(Error::NotFound("Payment"));
    }
    uow.record(Change::new(Action::Deleted, ENTITY, id).before(&payment));
    Ok(payment)
}

/// Moves all payments of a batch, or none; their sum.
///
/// # Errors
/// `Invalid` with a fault for each unknown id; `Conflict` with one for each that must not move.
pub async fn move_batch(uow: &mut UnitOfWork, ids: &[PaymentId], batch: &BatchMove<'_>) -> Result<Money> {
    let own: Vec<VendorPaymentId> = ids.iter().map(|id| VendorPaymentId(id.0)).collect();
    let payments = lock(uow, &own).await?;
    ensure_batch_may_move(ids, &payments, batch.from, batch.to)?;
    let raw: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        r#"
        UPDATE "Finances".vendor_payment
           SET status = $2,
               batch_reference = $3,
               version = version + 1,
               updated_at = now()
         WHERE id = ANY ($1)
        "#,
        &raw,
        batch.to.as_str(),
        batch.reference,
    )
    .execute(uow.conn())
    .await?;
    record_batch(uow, ENTITY, &payments, batch);
    Ok(payments.iter().map(|payment| payment.amount).sum())
}

/// What links hold of a payment; its row is locked, so that no link can come in between.
async fn linked(db: &mut PgConnection, id: VendorPaymentId) -> Result<Linked> {
    let linked = sqlx::query_as!(
        Linked,
        r#"
        SELECT COALESCE(sum(link.amount_allocated), 0) AS "amount!: Money",
               string_agg(ordered.po_number || ' (' || ordered.id || ')', ', ' ORDER BY ordered.id) AS orders
          FROM "Finances".payment_vendor_link AS link
          JOIN "Finances".vendor_order AS ordered ON ordered.id = link.vendor_order_id
         WHERE link.vendor_payment_id = $1
        "#,
        id.0,
    )
    .fetch_one(db)
    .await?;
    Ok(linked)
}
