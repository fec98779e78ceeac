//! Payments of clients as plain rows, and how a payment of either ledger may move.

use chrono::NaiveDate;

use super::model::Refusals;

pub(super) const PAYMENT_STATUSES: [&str; 8] = [
    "pending",
    "processing",
    "cleared",
    "completed",
    "reconciled",
    "bounced",
    "failed",
    "cancelled",
];
/// Money that arrived.
pub(super) const PAID: [&str; 3] = ["cleared", "completed", "reconciled"];
/// Money that is promised.
pub(super) const OPEN: [&str; 2] = ["pending", "processing"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payment {
    pub(super) po: i64,
    pub(super) amount: i128,
    pub(super) is_debit: bool,
    pub(super) status: String,
    pub(super) is_tds: bool,
    pub(super) tds: i128,
    pub(super) date: NaiveDate,
    pub(super) notes: Option<String>,
    pub(super) batch: Option<String>,
    pub(super) version: i64,
}

/// What a request wants of a payment.
#[derive(Debug, Clone, Default)]
pub(super) struct PaymentWish {
    pub(super) amount: Option<i128>,
    pub(super) is_debit: Option<bool>,
    pub(super) status: Option<&'static str>,
    pub(super) is_tds: Option<bool>,
    pub(super) tds: Option<i128>,
    pub(super) date: Option<NaiveDate>,
    pub(super) notes: Option<String>,
}

impl Payment {
    pub(super) fn is_paid(&self) -> bool {
        PAID.contains(&self.status.as_str())
    }

    pub(super) fn signed(&self) -> i128 {
        if self.is_debit { -self.amount } else { self.amount }
    }

    pub(super) fn signed_tds(&self) -> i128 {
        if self.is_debit { -self.tds } else { self.tds }
    }

    /// The payment as a request wants it.
    pub(super) fn changed(&self, wish: &PaymentWish, is_admin: bool) -> Result<Self, Refusals> {
        let mut after = self.clone();
        after.amount = wish.amount.unwrap_or(after.amount);
        after.is_debit = wish.is_debit.unwrap_or(after.is_debit);
        after.date = wish.date.unwrap_or(after.date);
        after.is_tds = wish.is_tds.unwrap_or(after.is_tds);
        after.tds = wish.tds.unwrap_or(after.tds);
        if !after.is_tds {
            after.tds = 0;
        }
        if let Some(notes) = &wish.notes {
            after.notes = Some(notes.clone());
        }
        let has_other_terms = after
            != Self {
                notes: after.notes.clone(),
                ..self.clone()
            };
        if let Some(status) = wish.status {
            status.clone_into(&mut after.status);
        }
        if after == *self {
            return Ok(after);
        }
        let mut refusals = Vec::new();
        if self.status == "reconciled" && has_other_terms {
            refusals.push(409);
        }
        if self.is_paid() && (after.amount, after.date) != (self.amount, self.date) && !is_admin {
            refusals.push(403);
        }
        if !may_move(&self.status, &after.status, is_admin) {
            refusals.push(409);
        }
        if after.tds > after.amount {
            refusals.push(422);
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        after.version += 1;
        Ok(after)
    }
}

/// Whether somebody may set this word in place of that one. `reconciled` has a route of its own.
pub(super) fn may_move(from: &str, to: &str, is_admin: bool) -> bool {
    if from == to {
        return true;
    }
    if to == "reconciled" {
        return false;
    }
    is_admin
        || match from {
            "pending" | "processing" => true,
            "cleared" | "completed" => ["cleared", "completed", "bounced", "cancelled"].contains(&to),
            "reconciled" => ["bounced", "cancelled"].contains(&to),
            _ => to == "pending",
        }
}

/// How far something worth so much is paid.
pub(super) fn payment_status(paid: i128, value: i128) -> &'static str {
    match paid {
        paid if paid <= 0 => "pending",
        paid if paid >= value => "paid",
        _ => "partial",
    }
}
