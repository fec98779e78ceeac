//! Vendors, what was ordered of them and the lines of that, as plain rows with the formulas of one order.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{model::Refusals, numbers::rounded};

pub(super) const VENDOR_STATUSES: [&str; 4] = ["active", "inactive", "suspended", "blacklisted"];
pub(super) const ORDER_STATUSES: [&str; 6] = [
    "pending",
    "approved",
    "rejected",
    "in_progress",
    "completed",
    "cancelled",
];
pub(super) const WORK_STATUSES: [&str; 4] = ["pending", "in_progress", "completed", "cancelled"];
pub(super) const LINE_STATUSES: [&str; 7] = [
    "pending",
    "ordered",
    "shipped",
    "in_progress",
    "delivered",
    "completed",
    "cancelled",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vendor {
    pub(super) name: String,
    pub(super) status: &'static str,
    pub(super) gstin: Option<String>,
    pub(super) version: i64,
}

impl Vendor {
    pub(super) fn is_blacklisted(&self) -> bool {
        self.status == "blacklisted"
    }
}

/// A line of a vendor order. Quantity and price are ten-thousandths, the total paise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VendorLine {
    pub(super) name: String,
    pub(super) quantity: i128,
    pub(super) price: i128,
    pub(super) total: i128,
    /// Who does it, where that is not the order's vendor.
    pub(super) vendor: Option<i64>,
    /// The client's line that it is for.
    pub(super) client_line: Option<i64>,
    pub(super) status: &'static str,
    pub(super) progress: i64,
    pub(super) version: i64,
}

/// What a line costs.
pub(super) fn cost(quantity: i128, price: i128) -> i128 {
    rounded(quantity * price, 1_000_000)
}

/// How an order stands: approval and work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) status: &'static str,
    pub(super) work: &'static str,
}

impl Standing {
    pub(super) fn is_live(&self) -> bool {
        !["rejected", "cancelled"].contains(&self.status) && self.work != "cancelled"
    }

    /// How the order stands after a request; words that it has already are sent back by dialogs and mean nothing.
    pub(super) fn after(
        &self,
        status: Option<&'static str>,
        work: Option<&'static str>,
        is_admin: bool,
    ) -> Result<Self, Refusals> {
        let mut after = self.clone();
        let mut refusals = Refusals::new();
        let status = status.filter(|word| *word != self.status);
        let is_given_up = status.is_some_and(|word| ["rejected", "cancelled"].contains(&word));
        let mut job = work.filter(|word| *word != self.work);
        if is_given_up && job.is_some_and(|word| word != "cancelled") {
            refusals.push(422);
        }
        if work.is_none() && !is_given_up {
            // The word of a client that knows `status` only.
            job = status.filter(|word| *word != "approved");
        }
        if let Some(job) = job {
            if let Some(refused) = refused_work(self.work, job, is_admin) {
                refusals.push(refused);
            }
            after.work = job;
            let stays_approved = job == "pending" && self.status == "approved";
            after.status = if stays_approved { "approved" } else { job };
        }
        if status == Some("approved") {
            if !is_admin {
                refusals.push(403);
            }
            if after.work == "cancelled" {
                refusals.push(409);
            }
            after.status = "approved";
        }
        if let Some(word) = status.filter(|_| is_given_up) {
            after = Self {
                status: word,
                work: "cancelled",
            };
        }
        if refusals.is_empty() {
            Ok(after)
        } else {
            Err(refusals)
        }
    }
}

/// What a move of the work is refused with.
fn refused_work(from: &str, to: &str, is_admin: bool) -> Option<u16> {
    let is_free = match (from, to) {
        ("cancelled", "pending") => return (!is_admin).then_some(403),
        ("cancelled", _) | ("completed", "pending") => from == to,
        _ => true,
    };
    (!is_free).then_some(409)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VendorOrder {
    /// None of a bundle, whose lines may name several.
    pub(super) vendor: Option<i64>,
    pub(super) project: Option<i64>,
    /// The client PO that it is for.
    pub(super) po: Option<i64>,
    pub(super) number: String,
    pub(super) date: Option<NaiveDate>,
    pub(super) due: Option<NaiveDate>,
    pub(super) stated: Option<i128>,
    pub(super) category: Option<String>,
    pub(super) standing: Standing,
    /// What somebody said of its payment, as long as no payment says it.
    pub(super) word: &'static str,
    pub(super) lines: BTreeMap<i64, VendorLine>,
    pub(super) version: i64,
}

impl VendorOrder {
    pub(super) fn is_live(&self) -> bool {
        self.standing.is_live()
    }

    pub(super) fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    pub(super) fn lines_total(&self) -> i128 {
        self.lines.values().map(|line| line.total).sum()
    }

    pub(super) fn value(&self) -> i128 {
        if self.has_lines() {
            self.lines_total()
        } else {
            self.stated.unwrap_or(0)
        }
    }

    /// What was stated beyond the lines.
    pub(super) fn difference(&self) -> Option<i128> {
        let stated = self.stated.filter(|_| self.has_lines())?;
        Some(stated - self.lines_total())
    }

    /// The vendors that it names itself or in a line.
    pub(super) fn named(&self) -> BTreeSet<i64> {
        let lines = self.lines.values().filter_map(|line| line.vendor);
        lines.chain(self.vendor).collect()
    }

    /// Who may be paid for it: its vendor, else those of its lines.
    pub(super) fn payees(&self) -> BTreeSet<i64> {
        match self.vendor {
            Some(vendor) => [vendor].into(),
            None => self.named(),
        }
    }

    /// What of its value is a vendor's.
    pub(super) fn share(&self, vendor: i64) -> i128 {
        if !self.has_lines() {
            return if self.vendor == Some(vendor) {
                self.value()
            } else {
                0
            };
        }
        let lines = self.lines.values();
        lines
            .filter(|line| line.vendor.or(self.vendor) == Some(vendor))
            .map(|line| line.total)
            .sum()
    }

    /// What of its value is nobody's.
    pub(super) fn unassigned(&self) -> i128 {
        if self.vendor.is_some() {
            return 0;
        }
        if !self.has_lines() {
            return self.value();
        }
        let lines = self.lines.values().filter(|line| line.vendor.is_none());
        lines.map(|line| line.total).sum()
    }

    /// Under which category it is listed.
    pub(super) fn shown_category(&self) -> &str {
        self.category.as_deref().unwrap_or("Uncategorized")
    }
}
