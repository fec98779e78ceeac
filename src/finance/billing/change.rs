//! Changes of bills.

use sqlx::PgConnection;

use super::{
    Bill, BillStatus,
    body::BillChange,
    revision::{ensure_revisable, fitting},
    rules,
    store::{ENTITY, THING, find, lock},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Fault, Result},
    types::{
        Money, Patch, Text,
        ids::{BillingKey, BillingPoId, ProjectId},
    },
    unit_of_work::UnitOfWork,
};

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
