//! Changing and deleting vendor orders.

use chrono::NaiveDate;
use serde_json::Value;

use super::{
    VendorOrder,
    body::{PathProject, VendorOrderChange},
    numbers, place, rules,
    store::{self, ENTITY, LockedOrder},
    words::{OrderStatus, ValueBasis},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Fault, Result},
    finance::{
        kept_totals::Counted,
        purchase_orders::{
            self,
            delete::{ensure_unneeded, reason},
            store::HeldPo,
        },
        vendors::hold::{self, HeldVendor},
    },
    types::{
        Money,
        ids::{VendorId, VendorOrderId, VendorPaymentId},
    },
    unit_of_work::UnitOfWork,
};

/// Locks the order that a request is about.
///
/// # Errors
/// `NotFound` if there is none of this id, or it is not of the project that the path names; `Stale`.
async fn lock(uow: &mut UnitOfWork, id: VendorOrderId, project: Option<PathProject>) -> Result<LockedOrder> {
    let order = store::lock(uow, id).await?;
    if project.is_some_and(|project| project.0 != order.project_id) {
        return Err(Error::NotFound("Vendor order"));
    }
    uow.ensure_current(order.version)?;
    Ok(order)
}

/// Changes an order; the flag says whether anything is different.
///
/// # Errors
/// `NotFound`, `Stale`; `Invalid` for an unknown vendor or PO, or a PO of another project; `Conflict` for a blacklisted vendor,
/// a number that is taken, a vendor of an order that is paid in part, a value basis that it cannot have, a word of payment
/// that the payments contradict, or a move that there is not; `Forbidden` for one that is an admin's.
pub(super) async fn update(
    uow: &mut UnitOfWork,
    id: VendorOrderId,
    project: Option<PathProject>,
    change: &VendorOrderChange,
    is_admin: bool,
    today: NaiveDate,
) -> Result<(VendorOrder, bool)> {
    // Before the order, as everywhere.
    let pos: Vec<_> = change.client_po_id.into_iter().collect();
    let pos = purchase_orders::store::hold_all(uow.conn(), &pos).await?;
    let locked = lock(uow, id, project).await?;
    let before = store::get(uow.conn(), id, today).await?;
    let vendors: Vec<VendorId> = change.vendor_id.into_iter().collect();
    let vendors = hold::hold_all(uow.conn(), &vendors).await?;
    ensure_known(change, &locked, &pos, &vendors)?;

    let after = apply(&before, change, is_admin)?;
    let payment_word = payment_word(&before, change)?;
    if after == before && payment_word.is_none() {
        return Ok((before, false));
    }
    if after.vendor_id != before.vendor_id {
        ensure_vendor_may_change(uow, &before, &vendors).await?;
    }
    if before.is_live() && !after.is_live() && before.paid > Money::ZERO {
        return Err(Error::conflict_field(
            "status",
            "value_error",
            format!("{} was paid of the order; it cannot be given up", before.paid),
        ));
    }
    let is_new_number = after.number() != before.number() || !before.is_live();
    if after.is_live()
        && is_new_number
        && !numbers::take(uow.conn(), &[after.number()], &[id])
            .await?
            .is_empty()
    {
        return Err(Error::conflict_field(
            "po_number",
            "value_error",
            "A live order of the project to this vendor has this number",
        ));
    }
    write(uow, id, &after, payment_word).await?;
    let after = store::get(uow.conn(), id, today).await?;
    uow.record(
        Change::new(action(&before, &after), ENTITY, id)
            .before(&before)
            .after(&after),
    );
    Ok((after, true))
}

/// What the trail calls a change.
fn action(before: &VendorOrder, after: &VendorOrder) -> Action {
    if before.standing() == after.standing() {
        Action::Updated
    } else if after.status == OrderStatus::Approved.as_str() && before.status != after.status {
        Action::Approved
    } else {
        Action::StatusChanged
    }
}

fn ensure_known(
    change: &VendorOrderChange,
    order: &LockedOrder,
    pos: &[HeldPo],
    vendors: &[HeldVendor],
) -> Result<()> {
    let mut faults = Vec::new();
    if change.vendor_id.is_some() && vendors.is_empty() {
        faults.push(Fault::new("vendor_id", "foreign_key", "Unknown vendor"));
    }
    if change.client_po_id.is_some() {
        match pos.first() {
            None => faults.push(Fault::new("client_po_id", "foreign_key", "Unknown PO")),
            Some(po) if po.project_id.is_some() && po.project_id != order.project_id => {
                // What it names already it may name again.
                if order.client_po_id != Some(po.id) {
                    faults.push(place::other_project("client_po_id".to_owned()));
                }
            }
            Some(_) => {}
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid(faults))
    }
}

/// The order as it is to be.
fn apply(before: &VendorOrder, change: &VendorOrderChange, is_admin: bool) -> Result<VendorOrder> {
    let VendorOrderChange {
        vendor_id,
        client_po_id,
        po_number,
        po_date,
        due_date,
        value,
        value_basis,
        description,
        category,
        billing_notes,
        wanted,
        payment_status: _,
    } = change;
    let standing = rules::stand(&before.standing(), *wanted, is_admin)?;
    let mut after = before.clone();
    after.vendor_id = vendor_id.or(before.vendor_id);
    after.client_po_id = client_po_id.or(before.client_po_id);
    if let Some(number) = po_number {
        (**number).clone_into(&mut after.po_number);
    }
    after.po_date = po_date.over(before.po_date);
    after.due_date = due_date.over(before.due_date);
    description.apply_to(&mut after.description, ToString::to_string);
    category.apply_to(&mut after.category, ToString::to_string);
    billing_notes.apply_to(&mut after.billing_notes, ToString::to_string);
    after.status = standing.status;
    after.work_status = standing.work_status;
    apply_value(&mut after, *value, *value_basis)?;
    Ok(after)
}

/// A value that the order has already is a wish for nothing, whatever was stated.
fn apply_value(order: &mut VendorOrder, value: Option<Money>, basis: Option<ValueBasis>) -> Result<()> {
    if let Some(value) = value.filter(|value| *value != order.po_value) {
        order.stated_value = Some(value);
    }
    if let Some(basis) = basis.filter(|basis| basis.as_str() != order.value_basis) {
        match basis {
            ValueBasis::Lines if order.line_item_count > 0 => {
                basis.as_str().clone_into(&mut order.value_basis);
            }
            ValueBasis::Lines => {
                return Err(Error::conflict_field(
                    "value_basis",
                    "value_error",
                    "The order has no lines that its value could follow from",
                ));
            }
            ValueBasis::Stated => {
                return Err(Error::conflict_field(
                    "value_basis",
                    "value_error",
                    "The order has lines; its value follows from them",
                ));
            }
        }
    }
    order.po_value = if order.value_basis == ValueBasis::Lines.as_str() {
        order.line_items_total
    } else {
        order.stated_value.unwrap_or_default()
    };
    Ok(())
}

/// The word of payment to be stored, if another one is wanted than the order has.
fn payment_word(before: &VendorOrder, change: &VendorOrderChange) -> Result<Option<&'static str>> {
    let Some(word) = change
        .payment_status
        .map(super::words::OrderPaymentStatus::as_str)
        .filter(|word| *word != before.payment_status)
    else {
        return Ok(None);
    };
    if before.payment_status_source == "payments" {
        return Err(Error::conflict_field(
            "payment_status",
            "value_error",
            "The order has payments, which say how far it is paid; record a payment instead",
        ));
    }
    Ok(Some(word))
}

/// Checks that an order may get another vendor, and has the kept totals follow the payments that take theirs from it.
async fn ensure_vendor_may_change(
    uow: &mut UnitOfWork,
    before: &VendorOrder,
    vendors: &[HeldVendor],
) -> Result<()> {
    if vendors.iter().any(|vendor| vendor.is_blacklisted) {
        return Err(Error::conflict_field(
            "vendor_id",
            "value_error",
            hold::BLACKLISTED,
        ));
    }
    let payments = sqlx::query!(
        r#"
        SELECT COALESCE((SELECT bool_or(payment.status IN ('cleared', 'completed', 'reconciled'))
                           FROM "Finances".vendor_payment AS payment
                          WHERE payment.vendor_order_id = $1), FALSE)
            OR EXISTS (SELECT
                         FROM "Finances".payment_vendor_link AS link
                        WHERE link.vendor_order_id = $1
                          AND link.vendor_payment_id IS NOT NULL) AS "are_there!",
               ARRAY (SELECT payment.id
                        FROM "Finances".vendor_payment AS payment
                       WHERE payment.vendor_order_id = $1
                         AND payment.vendor_id IS NULL) AS "nobodys!: Vec<VendorPaymentId>"
        "#,
        before.id as VendorOrderId,
    )
    .fetch_one(uow.conn())
    .await?;
    if payments.are_there {
        return Err(Error::conflict_field(
            "vendor_id",
            "value_error",
            "The order is paid in part, or has a share of an advance; its vendor cannot change",
        ));
    }
    let counted: Vec<Counted> = payments.nobodys.into_iter().map(Counted::VendorPayment).collect();
    uow.follow(&counted).await
}

/// Writes the fields of an order that can change.
async fn write(
    uow: &mut UnitOfWork,
    id: VendorOrderId,
    after: &VendorOrder,
    payment_word: Option<&'static str>,
) -> Result<()> {
    let done = sqlx::query!(
        r#"
        UPDATE "Finances".vendor_order
           SET vendor_id = $2,
               client_po_id = $3,
               po_number = $4,
               po_date = $5,
               due_date = $6,
               po_value = $7,
               stated_value = $8,
               value_basis = $9,
               description = $10,
               category = $11,
               billing_notes = $12,
               status = $13,
               work_status = $14,
               payment_status = COALESCE($15, payment_status),
               version = version + 1,
               updated_at = now()
         WHERE id = $1
        "#,
        id as VendorOrderId,
        after.vendor_id as Option<VendorId>,
        after.client_po_id as Option<crate::types::ids::ClientPoId>,
        after.po_number,
        after.po_date,
        after.due_date,
        after.po_value.0,
        after.stated_value as Option<Money>,
        after.value_basis,
        after.description,
        after.category,
        after.billing_notes,
        after.status,
        after.work_status,
        payment_word,
    )
    .execute(uow.conn())
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::NotFound("Vendor order"))
    }
}

/// Deletes an order with its lines.
///
/// # Errors
/// `NotFound`, `Stale`; `Conflict` (fault type `still_referenced`) while a payment or a link names it.
pub(super) async fn delete(
    uow: &mut UnitOfWork,
    id: VendorOrderId,
    project: Option<PathProject>,
) -> Result<()> {
    lock(uow, id, project).await?;
    let found = sqlx::query!(
        r#"
        SELECT (SELECT count(*) FROM "Finances".vendor_payment WHERE vendor_order_id = $1) AS "payments!",
               (SELECT count(*) FROM "Finances".payment_vendor_link WHERE vendor_order_id = $1) AS "links!"
        "#,
        id as VendorOrderId,
    )
    .fetch_one(uow.conn())
    .await?;
    let reasons = [
        reason("vendor_payment", found.payments, "payment"),
        reason("payment_vendor_link", found.links, "link"),
    ];
    ensure_unneeded(
        &format!("Vendor order {id}"),
        reasons.into_iter().flatten().collect(),
    )?;
    let gone: Option<Value> = sqlx::query_scalar!(
        r#"
        DELETE FROM "Finances".vendor_order AS ordered
         WHERE id = $1
        RETURNING to_jsonb(ordered) || jsonb_build_object('line_items', (
                      SELECT jsonb_agg(to_jsonb(line) ORDER BY line.id)
                        FROM "Finances".vendor_order_line_item AS line
                       WHERE line.vendor_order_id = ordered.id
                  )) AS "row!"
        "#,
        id as VendorOrderId,
    )
    .fetch_optional(uow.conn())
    .await?;
    let gone = gone.ok_or(Error::NotFound("Vendor order"))?;
    uow.record(Change::new(Action::Deleted, ENTITY, id).before(&gone));
    Ok(())
}
