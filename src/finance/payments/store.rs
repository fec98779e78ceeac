//! What both ledgers have in common in the database: the rules of a change, its trail, and the history read from it.

use serde_json::{Map, Value, json};

use super::{
    Payment, PaymentState, StatusEntry,
    rules::{Move, Mover, movement},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Fault, Refusal, Result},
    postgres::Pool,
    types::{Money, ids::PaymentId},
    unit_of_work::UnitOfWork,
};

/// The names of a payment that say nothing new in its trail, or that the status entry says.
const UNRECORDED: [&str; 6] = [
    "payment_method",
    "payment_status",
    "status",
    "vendor_details",
    "version",
    "updated_at",
];

/// What payment links hold of a payment.
#[derive(Debug, Clone)]
pub struct Linked {
    /// Σ `amount_allocated`.
    pub amount: Money,
    /// The orders, by their numbers; `None` without links.
    pub orders: Option<String>,
}

/// Whether a payment takes another status.
///
/// # Errors
/// `Conflict` if it must not.
pub fn ensure_may_move(payment: &Payment, to: PaymentState, mover: Mover) -> Result<bool> {
    match movement(payment.state(), to, mover) {
        Move::Stay => Ok(false),
        Move::Go => Ok(true),
        Move::Refuse => Err(Error::conflict_field(
            "status",
            "value_error",
            refused_move(payment, to),
        )),
    }
}

fn refused_move(payment: &Payment, to: PaymentState) -> String {
    format!(
        "A payment that is {} cannot become {}",
        payment.status,
        to.as_str()
    )
}

/// Checks what holds for a change of any payment: a reconciled one is fixed but for notes and status; amount, date, vendor
/// and order of a paid one are an admin's.
///
/// # Errors
/// `Conflict`, `Forbidden`.
pub fn ensure_may_change(before: &Payment, after: &Payment, is_admin: bool) -> Result<()> {
    let but_notes_and_status = Payment {
        notes: before.notes.clone(),
        status: before.status.clone(),
        ..after.clone()
    };
    if before.is_reconciled() && but_notes_and_status != *before {
        return Err(Error::conflict(
            "The payment is reconciled; only its notes and status can be changed",
        ));
    }
    let is_guarded = |payment: &Payment| {
        (
            payment.amount,
            payment.payment_date,
            payment.vendor_id,
            payment.vendor_order_id,
        )
    };
    if before.is_paid() && is_guarded(before) != is_guarded(after) && !is_admin {
        return Err(Error::Forbidden(
            "Amount, date, vendor and order of a paid payment are changed by an admin only".into(),
        ));
    }
    Ok(())
}

/// Checks that what links hold of a payment still fits its amount, if that changes: an adopted one may be negative, or linked
/// beyond what it is, and can be edited otherwise.
///
/// # Errors
/// `Conflict` (fault type `payment_overlinked`) if it does not.
pub fn ensure_links_fit(before: &Payment, after: &Payment, linked: &Linked) -> Result<()> {
    if after.amount == before.amount || after.amount >= linked.amount {
        return Ok(());
    }
    let text = format!(
        "{} of the payment are linked to vendor orders {}",
        linked.amount,
        linked.orders.as_deref().unwrap_or_default()
    );
    Err(Error::conflict_field("amount", "payment_overlinked", text))
}

/// Checks that a payment can go.
///
/// # Errors
/// `Conflict` if it is reconciled or linked.
pub fn ensure_may_go(payment: &Payment, linked: &Linked) -> Result<()> {
    if payment.is_reconciled() {
        return Err(Error::conflict("The payment is reconciled and cannot be deleted"));
    }
    if let Some(orders) = &linked.orders {
        return Err(Error::conflict(format!(
            "The payment is linked to vendor orders {orders}; unlink it first"
        )));
    }
    Ok(())
}

/// Records what a change did: the fields, and the status as an entry of its own, which the history reads.
pub fn record_change(
    uow: &mut UnitOfWork,
    entity: &'static str,
    before: &Payment,
    after: &Payment,
    action: Action,
    note: Option<&str>,
) {
    let with_note = |change: Change| match note {
        Some(note) => change.note(note),
        None => change,
    };
    let (old, new) = difference(before, after);
    if before.status == after.status {
        if !new.is_empty() {
            uow.record(with_note(
                Change::new(Action::Updated, entity, after.id)
                    .before(&old)
                    .after(&new),
            ));
        }
        return;
    }
    if !new.is_empty() && action == Action::StatusChanged {
        uow.record(
            Change::new(Action::Updated, entity, after.id)
                .before(&old)
                .after(&new),
        );
    }
    let mut old_status = Map::from_iter([("status".to_owned(), json!(before.status))]);
    let mut new_status = Map::from_iter([("status".to_owned(), json!(after.status))]);
    if action != Action::StatusChanged {
        // The fields that belong to the action are told with it.
        old_status.extend(old);
        new_status.extend(new);
    }
    uow.record(with_note(
        Change::new(action, entity, after.id)
            .before(&old_status)
            .after(&new_status),
    ));
}

/// The fields that differ, as they were and as they are.
fn difference(before: &Payment, after: &Payment) -> (Map<String, Value>, Map<String, Value>) {
    let (mut old, mut new) = (Map::new(), Map::new());
    if let (Ok(Value::Object(was)), Ok(Value::Object(is))) =
        (serde_json::to_value(before), serde_json::to_value(after))
    {
        for (name, value) in is {
            let former = was.get(&name).cloned().unwrap_or_default();
            if former != value && !UNRECORDED.contains(&name.as_str()) {
                old.insert(name.clone(), former);
                new.insert(name, value);
            }
        }
    }
    (old, new)
}

/// Finds those payments of a batch that are not there, or do not stand as they must.
///
/// # Errors
/// `Invalid` with a fault for each unknown id; `Conflict` with one for each that must not move.
pub fn ensure_batch_may_move(
    ids: &[PaymentId],
    payments: &[Payment],
    from: &[PaymentState],
    to: PaymentState,
) -> Result<()> {
    let mut unknown = Vec::new();
    let mut refused = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        let field = format!("payment_ids[{index}]");
        match payments.iter().find(|payment| payment.id == *id) {
            None => unknown.push(Fault::new(field, "foreign_key", "Unknown payment")),
            Some(payment) if payment.state().is_none_or(|state| !from.contains(&state)) => {
                refused.push(Fault::new(field, "value_error", refused_move(payment, to)));
            }
            Some(_) => {}
        }
    }
    if !unknown.is_empty() {
        return Err(Error::invalid(unknown));
    }
    if !refused.is_empty() {
        return Err(Error::Conflict(Box::new(Refusal {
            message: "Some payments do not stand as they must for this".into(),
            faults: refused,
            extra: Map::new(),
        })));
    }
    Ok(())
}

/// The statuses that a payment had, oldest first, from the trail of its table.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn history(db: &Pool, entity: &'static str, payment: &Payment) -> Result<Vec<StatusEntry>> {
    let mut entries = sqlx::query_as!(
        StatusEntry,
        r#"
        SELECT after ->> 'status' AS "status!",
               before ->> 'status' AS old_status,
               at AS "timestamp?",
               actor_name AS changed_by,
               note AS notes
          FROM "Finances".audit_entry
         WHERE entity = $1
           AND entity_id = $2
           AND after ->> 'status' IS NOT NULL
           AND before ->> 'status' IS DISTINCT FROM after ->> 'status'
         ORDER BY id
        "#,
        entity,
        payment.id.to_string(),
    )
    .fetch_all(db)
    .await?;
    // A row that another program wrote has no beginning in the trail.
    let beginning = match entries.first() {
        None => Some(payment.status.clone()),
        Some(first) => first.old_status.clone(),
    };
    if let Some(status) = beginning {
        entries.insert(
            0,
            StatusEntry {
                status,
                old_status: None,
                timestamp: payment.created_at,
                changed_by: None,
                notes: None,
            },
        );
    }
    Ok(entries)
}

/// What a batch gives its payments.
#[derive(Debug, Clone, Copy)]
pub struct BatchMove<'a> {
    /// The statuses from which a payment may come.
    pub from: &'static [PaymentState],
    /// The one that it gets.
    pub to: PaymentState,
    /// Names the batch.
    pub reference: &'a str,
    /// The day of the batch.
    pub day: chrono::NaiveDate,
    /// Why.
    pub note: Option<&'a str>,
}

/// Records the new status of each payment of a batch.
pub fn record_batch(uow: &mut UnitOfWork, entity: &'static str, payments: &[Payment], batch: &BatchMove<'_>) {
    for payment in payments {
        let change = Change::new(Action::StatusChanged, entity, payment.id)
            .before(&json!({"status": payment.status, "batch_reference": payment.batch_reference}))
            .after(&json!({
                "status": batch.to.as_str(),
                "batch_reference": batch.reference,
                "processing_date": batch.day,
            }));
        uow.record(match batch.note {
            Some(note) => change.note(note),
            None => change,
        });
    }
}
