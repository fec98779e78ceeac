//! Bills to clients as plain rows.

use super::model::Book;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BillLine {
    pub(super) id: String,
    pub(super) quantity: i128,
    pub(super) rate: i128,
    pub(super) total: i128,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bill {
    pub(super) po: i64,
    pub(super) project: i64,
    pub(super) number: String,
    pub(super) value: i128,
    pub(super) gst: i128,
    pub(super) status: &'static str,
    /// The bill whose place it takes.
    pub(super) revises: Option<String>,
    pub(super) notes: Option<String>,
    /// In the order in which they were added.
    pub(super) lines: Vec<BillLine>,
    pub(super) version: i64,
    /// Which was made first.
    pub(super) age: u64,
}

impl Bill {
    pub(super) fn total(&self) -> i128 {
        self.value + self.gst
    }

    pub(super) fn line_total(&self) -> i128 {
        self.lines.iter().map(|line| line.total).sum()
    }

    pub(super) fn is_draft(&self) -> bool {
        self.status == "DRAFT"
    }
}

impl Book {
    /// The bill that names this one as the one whose place it takes, a draft too.
    pub(super) fn revision_of(&self, bill: &str) -> Option<(&String, &Bill)> {
        self.bills
            .iter()
            .find(|(_, other)| other.revises.as_deref() == Some(bill))
    }

    /// The bill that took this one's place.
    pub(super) fn superseding(&self, bill: &str) -> Option<&String> {
        let (id, _) = self.revision_of(bill).filter(|(_, other)| !other.is_draft())?;
        Some(id)
    }

    pub(super) fn is_counted(&self, bill: &str) -> bool {
        !self.bills[bill].is_draft() && self.superseding(bill).is_none()
    }

    /// Whether nothing of a bill may change any more.
    pub(super) fn is_fixed(&self, bill: &str) -> bool {
        self.bills[bill].status == "APPROVED" || self.superseding(bill).is_some()
    }

    /// The bills of a project, newest first.
    pub(super) fn bills_of(&self, project: i64) -> Vec<&String> {
        let mut bills: Vec<(&String, &Bill)> = self
            .bills
            .iter()
            .filter(|(_, bill)| bill.project == project)
            .collect();
        bills.sort_by_key(|(_, bill)| std::cmp::Reverse(bill.age));
        bills.into_iter().map(|(id, _)| id).collect()
    }

    /// The PO that a bill is for which names none: the primary one, else the only one, of those not cancelled.
    pub(super) fn billed_by_default(&self, project: i64) -> Option<i64> {
        let pos = self.pos_of(project);
        let live: Vec<i64> = pos.into_iter().filter(|id| self.pos[id].is_live()).collect();
        let is_primary = |id: &&i64| self.pos[id].place.as_ref().is_some_and(|place| place.is_primary);
        let primary = live.iter().find(is_primary);
        primary.or(live.first().filter(|_| live.len() == 1)).copied()
    }
}
