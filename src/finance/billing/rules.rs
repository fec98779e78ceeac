//! What a bill allows (vendor contract, sections 3 and 12).

use super::{Bill, BillStatus};
use crate::{
    error::{Error, Result},
    types::{Money, Problem, ids::BillingPoId},
};

/// What a bill is worth with its GST.
///
/// # Errors
/// What is wrong with the figure that came last, if the sum is too large for its column.
pub(super) fn total(value: Money, gst: Money) -> Result<Money, Problem> {
    let total = value + gst;
    if total.is_storable() {
        Ok(total)
    } else {
        Err(Problem::new(
            "less_than_equal",
            "billed_value and billed_gst together must have at most 13 digits before the point",
        ))
    }
}

/// Checks that figures, texts and lines of a bill may still change.
///
/// # Errors
/// `Conflict` if it is approved, cancelled, or another bill has taken its place.
pub(super) fn ensure_open(bill: &Bill) -> Result<()> {
    ensure_not_superseded(bill)?;
    match bill.status() {
        Some(BillStatus::Draft | BillStatus::Final) => Ok(()),
        Some(BillStatus::Approved) => Err(Error::conflict("The bill is approved and cannot be changed")),
        Some(BillStatus::Cancelled) | None => {
            Err(Error::conflict("The bill is cancelled and cannot be changed"))
        }
    }
}

/// Checks that a bill may be approved.
///
/// # Errors
/// `Conflict` unless it is final, bills something, and no other bill has taken its place.
pub(super) fn ensure_approvable(bill: &Bill) -> Result<()> {
    match bill.status() {
        Some(BillStatus::Final) => {}
        Some(BillStatus::Approved) => return Err(Error::conflict("The bill is already approved")),
        Some(BillStatus::Draft | BillStatus::Cancelled) | None => {
            return Err(Error::conflict("Only a final bill can be approved"));
        }
    }
    ensure_not_superseded(bill)?;
    if bill.billed_value == Money::ZERO {
        return Err(Error::conflict_field(
            "billed_value",
            "greater_than",
            "A bill over nothing cannot be approved",
        ));
    }
    Ok(())
}

fn ensure_not_superseded(bill: &Bill) -> Result<()> {
    match bill.superseded_by_id {
        None => Ok(()),
        Some(revision) => Err(Error::conflict(format!(
            "The bill is superseded by bill {revision}"
        ))),
    }
}

/// Checks that a bill may move from one state to another by a change, which never approves.
///
/// # Errors
/// `Conflict` for a way back.
pub(super) fn ensure_may_move(from: Option<BillStatus>, to: BillStatus) -> Result<()> {
    let allowed = match (from, to) {
        (Some(BillStatus::Draft), BillStatus::Draft | BillStatus::Final)
        | (Some(BillStatus::Final), BillStatus::Final)
        | (Some(BillStatus::Approved), BillStatus::Approved)
        | (Some(BillStatus::Cancelled), BillStatus::Cancelled) => true,
        (
            Some(BillStatus::Draft | BillStatus::Final | BillStatus::Approved | BillStatus::Cancelled) | None,
            BillStatus::Draft | BillStatus::Final | BillStatus::Approved | BillStatus::Cancelled,
        ) => false,
    };
    if allowed {
        return Ok(());
    }
    Err(Error::conflict_field(
        "status",
        "value_error",
        format!(
            "A {} bill cannot become {}",
            from.map_or("", BillStatus::as_str),
            to.as_str()
        ),
    ))
}

/// Checks that a bill may be revised by one more bill; `named_by` is another that does so already.
///
/// # Errors
/// `Conflict` if it is no final or approved bill, or another bill revises it.
pub(super) fn ensure_revisable(bill: &Bill, named_by: Option<BillingPoId>) -> Result<()> {
    let refused = |text: String| Err(Error::conflict_field("revises_id", "value_error", text));
    match bill.status() {
        Some(BillStatus::Final | BillStatus::Approved) => {}
        Some(BillStatus::Draft | BillStatus::Cancelled) | None => {
            return refused("Only a final or approved bill can be revised".to_owned());
        }
    }
    match named_by {
        None => Ok(()),
        Some(revision) => refused(format!("The bill is already revised by bill {revision}")),
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn a_bill_moves_forward_and_only_a_draft_moves_at_all() {
        use BillStatus::{Approved, Cancelled, Draft, Final};
        let all = [Draft, Final, Approved, Cancelled];
        for from in all {
            for to in all {
                let is_allowed = from == to || (from, to) == (Draft, Final);
                assert_eq!(
                    ensure_may_move(Some(from), to).is_ok(),
                    is_allowed,
                    "{from:?} to {to:?}"
                );
            }
        }
        assert!(all.into_iter().all(|to| ensure_may_move(None, to).is_err()));
    }

    #[test]
    fn a_total_is_what_its_column_holds() {
        let most = Money(dec!(9999999999999.99));
        assert_eq!(total(most, Money::ZERO), Ok(most));
        assert_eq!(total(Money(dec!(0.10)), Money(dec!(0.20))), Ok(Money(dec!(0.30))));
        assert_eq!(
            total(most, Money(dec!(0.01))).unwrap_err().kind,
            "less_than_equal"
        );
    }
}
