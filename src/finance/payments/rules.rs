//! Which way a payment's status may go: one state machine for both ledgers (vendor contract, section 3).

use super::PaymentState::{
    self, Bounced, Cancelled, Cleared, Completed, Failed, Pending, Processing, Reconciled,
};

/// Who wants the status to change, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mover {
    /// An editor who sets a word.
    Editor,
    /// An admin who sets a word.
    Admin,
    /// Somebody who compared the payment with the bank's statement.
    Reconciliation,
}

/// What becomes of the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// It has the word already.
    Stay,
    /// It takes the word.
    Go,
    /// It must not.
    Refuse,
}

/// Whether a payment may go from one status to another.
///
/// `from` is `None` for a word that only an older program knew; such a payment starts anew like one that failed.
pub fn movement(from: Option<PaymentState>, to: PaymentState, mover: Mover) -> Move {
    if from == Some(to) {
        return Move::Stay;
    }
    let is_allowed = match mover {
        Mover::Reconciliation => to == Reconciled && matches!(from, Some(Cleared | Completed)),
        Mover::Admin => to != Reconciled,
        Mover::Editor => is_usual(from, to),
    };
    if is_allowed { Move::Go } else { Move::Refuse }
}

/// The ways that are open to everybody who may write.
fn is_usual(from: Option<PaymentState>, to: PaymentState) -> bool {
    match (from, to) {
        (
            Some(Pending | Processing),
            Pending | Processing | Cleared | Completed | Bounced | Failed | Cancelled,
        )
        | (Some(Cleared | Completed), Cleared | Completed | Bounced | Cancelled)
        | (Some(Reconciled), Bounced | Cancelled)
        | (Some(Bounced | Failed | Cancelled) | None, Pending) => true,
        (_, Reconciled)
        | (Some(Cleared | Completed), Pending | Processing | Failed)
        | (Some(Reconciled), Pending | Processing | Cleared | Completed | Failed)
        | (
            Some(Bounced | Failed | Cancelled) | None,
            Processing | Cleared | Completed | Bounced | Failed | Cancelled,
        ) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [PaymentState; 8] = [
        Pending, Processing, Cleared, Completed, Reconciled, Bounced, Failed, Cancelled,
    ];

    /// One row for each status a payment has, one letter for each it is to get, in the order of `ALL`: `=` stays, `e` an
    /// editor may, `a` only an admin may, `r` only a reconciliation may, `-` nobody may.
    const TABLE: [(Option<PaymentState>, &str); 9] = [
        (Some(Pending), "=eee-eee"),
        (Some(Processing), "e=ee-eee"),
        (Some(Cleared), "aa=ereae"),
        (Some(Completed), "aae=reae"),
        (Some(Reconciled), "aaaa=eae"),
        (Some(Bounced), "eaaa-=aa"),
        (Some(Failed), "eaaa-a=a"),
        (Some(Cancelled), "eaaa-aa="),
        (None, "eaaa-aaa"),
    ];

    #[test]
    fn a_payment_moves_as_the_table_says() {
        for (from, row) in TABLE {
            assert_eq!(row.len(), ALL.len());
            for (to, letter) in ALL.into_iter().zip(row.chars()) {
                let [editor, admin, reconciliation] = match letter {
                    '=' => [Move::Stay; 3],
                    'e' => [Move::Go, Move::Go, Move::Refuse],
                    'a' => [Move::Refuse, Move::Go, Move::Refuse],
                    'r' => [Move::Refuse, Move::Refuse, Move::Go],
                    _ => [Move::Refuse; 3],
                };
                for (mover, expected) in [
                    (Mover::Editor, editor),
                    (Mover::Admin, admin),
                    (Mover::Reconciliation, reconciliation),
                ] {
                    assert_eq!(
                        movement(from, to, mover),
                        expected,
                        "{from:?} to {to:?} by {mover:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_word_is_open_paid_or_dead() {
        for state in ALL {
            let sets = [state.is_open(), state.is_paid(), state.is_dead()];
            assert_eq!(sets.iter().filter(|is_in| **is_in).count(), 1, "{state:?}");
        }
    }
}
