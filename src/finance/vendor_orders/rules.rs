//! How a vendor order may move from one state to another. Source: the vendor contract, section 3.

use super::words::{OrderStatus, WorkStatus};
use crate::error::{Error, Result};

/// How an order stands: its approval and its work, as the row has them; an older program may have left other words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// The approval.
    pub(super) status: String,
    /// The work.
    pub(super) work_status: String,
}

impl Standing {
    /// That of an order that was just placed.
    pub(super) fn new() -> Self {
        Self {
            status: OrderStatus::Pending.as_str().to_owned(),
            work_status: WorkStatus::Pending.as_str().to_owned(),
        }
    }

    /// Whether the order was neither rejected nor cancelled.
    pub(super) fn is_live(&self) -> bool {
        self.status != OrderStatus::Rejected.as_str()
            && self.status != OrderStatus::Cancelled.as_str()
            && self.work_status != WorkStatus::Cancelled.as_str()
    }

    fn set(&mut self, status: OrderStatus, work: WorkStatus) {
        status.as_str().clone_into(&mut self.status);
        work.as_str().clone_into(&mut self.work_status);
    }
}

/// What a request wants of the words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The approval, or, of a client that knows no other word, the work.
    pub(super) status: Option<OrderStatus>,
    /// The work.
    pub(super) work_status: Option<WorkStatus>,
}

/// How an order stands after a request.
///
/// A word that the row has already is a wish for nothing, because dialogs send all words back. `status` means the work where
/// it is a word of work and no `work_status` is given.
///
/// # Errors
/// `Conflict` for a move that there is not, `Forbidden` for one that only an admin may make, `Invalid` if the two words
/// contradict each other.
pub(super) fn stand(before: &Standing, wanted: Wanted, is_admin: bool) -> Result<Standing> {
    let status = wanted
        .status
        .filter(|status| status.as_str() != before.status.as_str());
    let mut work = wanted
        .work_status
        .filter(|work| work.as_str() != before.work_status.as_str());
    let mut after = before.clone();
    let gives_up = matches!(status, Some(OrderStatus::Rejected | OrderStatus::Cancelled));
    if gives_up && work.is_some_and(|work| work != WorkStatus::Cancelled) {
        return Err(Error::invalid_field(
            "work_status",
            "value_error",
            "contradicts status, which gives the order up",
        ));
    }
    if wanted.work_status.is_none()
        && let Some(alias) = status.and_then(as_work)
    {
        work = Some(alias);
    }
    if let Some(work) = work {
        ensure_work_may_move(&before.work_status, work, is_admin)?;
        after.set(status_of_work(before, work), work);
    }
    match status {
        Some(OrderStatus::Approved) => {
            if after.work_status == WorkStatus::Cancelled.as_str() {
                return Err(Error::conflict_field(
                    "status",
                    "value_error",
                    "The order is given up; make it pending first",
                ));
            }
            if !is_admin {
                return Err(Error::Forbidden("Only an admin may approve an order".into()));
            }
            OrderStatus::Approved.as_str().clone_into(&mut after.status);
        }
        Some(status @ (OrderStatus::Rejected | OrderStatus::Cancelled)) => {
            after.set(status, WorkStatus::Cancelled);
        }
        Some(OrderStatus::Pending | OrderStatus::InProgress | OrderStatus::Completed) | None => {}
    }
    Ok(after)
}

/// The work that a word of approval means.
fn as_work(status: OrderStatus) -> Option<WorkStatus> {
    match status {
        OrderStatus::Pending => Some(WorkStatus::Pending),
        OrderStatus::InProgress => Some(WorkStatus::InProgress),
        OrderStatus::Completed => Some(WorkStatus::Completed),
        OrderStatus::Approved | OrderStatus::Rejected | OrderStatus::Cancelled => None,
    }
}

/// The approval that follows from the work.
fn status_of_work(before: &Standing, work: WorkStatus) -> OrderStatus {
    match work {
        WorkStatus::Pending if before.status == OrderStatus::Approved.as_str() => OrderStatus::Approved,
        WorkStatus::Pending => OrderStatus::Pending,
        WorkStatus::InProgress => OrderStatus::InProgress,
        WorkStatus::Completed => OrderStatus::Completed,
        WorkStatus::Cancelled => OrderStatus::Cancelled,
    }
}

/// Checks a move of the work; the word of the row counts as a move to itself.
fn ensure_work_may_move(from: &str, to: WorkStatus, is_admin: bool) -> Result<()> {
    use WorkStatus::{Cancelled, Completed, InProgress, Pending};
    if from == to.as_str() {
        return Ok(());
    }
    let known = [Pending, InProgress, Completed, Cancelled]
        .into_iter()
        .find(|word| word.as_str() == from);
    match (known, to) {
        // A word that only an older program knew may become any.
        (None, _)
        | (Some(Pending | Completed), InProgress)
        | (Some(Pending | InProgress), Completed)
        | (Some(InProgress), Pending)
        | (Some(Pending | InProgress | Completed), Cancelled) => Ok(()),
        (Some(Cancelled), Pending) if is_admin => Ok(()),
        (Some(Cancelled), Pending) => Err(Error::Forbidden(
            "Only an admin may take up a cancelled order again".into(),
        )),
        (Some(Cancelled), InProgress | Completed | Cancelled)
        | (Some(Completed), Pending | Completed)
        | (Some(Pending), Pending)
        | (Some(InProgress), InProgress) => Err(Error::conflict_field(
            "work_status",
            "value_error",
            format!("An order cannot go from {from} to {}", to.as_str()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(status: &str, work: &str) -> Standing {
        Standing {
            status: status.to_owned(),
            work_status: work.to_owned(),
        }
    }

    /// What a move makes of an order, or the code of its refusal.
    type Outcome = Result<(String, String), &'static str>;

    fn outcome(
        (status, work): (&str, &str),
        wanted: (Option<OrderStatus>, Option<WorkStatus>),
        is_admin: bool,
    ) -> Outcome {
        let wanted = Wanted {
            status: wanted.0,
            work_status: wanted.1,
        };
        match stand(&standing(status, work), wanted, is_admin) {
            Ok(after) => Ok((after.status, after.work_status)),
            Err(error) => Err(error.code()),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with an outcome")]
    fn is(status: &str, work: &str) -> Outcome {
        Ok((status.to_owned(), work.to_owned()))
    }

    #[test]
    fn every_move_of_the_work_is_as_the_contract_says() {
        use WorkStatus::{Cancelled, Completed, InProgress, Pending};
        let words = [Pending, InProgress, Completed, Cancelled];
        let free = [
            (Pending, InProgress),
            (InProgress, Pending),
            (InProgress, Completed),
            (Completed, InProgress),
            (Pending, Completed),
            (Pending, Cancelled),
            (InProgress, Cancelled),
            (Completed, Cancelled),
        ];
        for from in words {
            for to in words {
                for is_admin in [false, true] {
                    let found = outcome((from.as_str(), from.as_str()), (None, Some(to)), is_admin);
                    let expected = if from == to || free.contains(&(from, to)) {
                        is(to.as_str(), to.as_str())
                    } else if (from, to) == (Cancelled, Pending) {
                        if is_admin {
                            is("pending", "pending")
                        } else {
                            Err("FORBIDDEN")
                        }
                    } else {
                        Err("CONFLICT")
                    };
                    assert_eq!(found, expected, "{from:?} to {to:?}, admin: {is_admin}");
                }
            }
        }
    }

    #[test]
    fn a_word_of_work_in_status_moves_the_work_only_where_no_work_is_given() {
        let completed = Some(OrderStatus::Completed);
        assert_eq!(
            outcome(("pending", "pending"), (completed, None), false),
            is("completed", "completed")
        );
        assert_eq!(
            outcome(
                ("pending", "pending"),
                (completed, Some(WorkStatus::InProgress)),
                false
            ),
            is("in_progress", "in_progress")
        );
        assert_eq!(
            outcome(
                ("pending", "pending"),
                (completed, Some(WorkStatus::Pending)),
                false
            ),
            is("pending", "pending")
        );
    }

    #[test]
    fn an_approval_is_an_admins_and_outlasts_pending_work_only() {
        let approved = Some(OrderStatus::Approved);
        assert_eq!(
            outcome(("pending", "pending"), (approved, None), false),
            Err("FORBIDDEN")
        );
        assert_eq!(
            outcome(("pending", "pending"), (approved, None), true),
            is("approved", "pending")
        );
        // Sent back with the rest of a dialog, it is no wish.
        assert_eq!(
            outcome(
                ("approved", "pending"),
                (approved, Some(WorkStatus::InProgress)),
                false
            ),
            is("in_progress", "in_progress")
        );
        assert_eq!(
            outcome(("approved", "pending"), (None, Some(WorkStatus::Pending)), false),
            is("approved", "pending")
        );
        assert_eq!(
            outcome(("approved", "pending"), (Some(OrderStatus::Pending), None), false),
            is("approved", "pending")
        );
        assert_eq!(
            outcome(("cancelled", "cancelled"), (approved, None), true),
            Err("CONFLICT")
        );
    }

    #[test]
    fn giving_up_cancels_the_work_and_cannot_be_said_with_other_work() {
        let rejected = Some(OrderStatus::Rejected);
        assert_eq!(
            outcome(("approved", "in_progress"), (rejected, None), false),
            is("rejected", "cancelled")
        );
        assert_eq!(
            outcome(
                ("pending", "pending"),
                (rejected, Some(WorkStatus::Pending)),
                false
            ),
            is("rejected", "cancelled")
        );
        assert_eq!(
            outcome(
                ("pending", "pending"),
                (rejected, Some(WorkStatus::Completed)),
                false
            ),
            Err("VALIDATION_ERROR")
        );
        assert!(!standing("rejected", "cancelled").is_live());
        assert!(!standing("pending", "cancelled").is_live());
        assert!(standing("approved", "pending").is_live());
    }
}
