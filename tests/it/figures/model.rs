//! The books as plain maps: what has to be true after each step, by the formulas in words. Amounts are paise; quantities,
//! prices and rates of tax ten-thousandths.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    bills::Bill,
    lines::Line,
    payments::{Payment, payment_status},
    vendor_money::{Link, VendorPayment},
    vendors::{Vendor, VendorOrder},
};

pub(super) const PO_STATUSES: [&str; 5] = ["draft", "pending", "active", "completed", "cancelled"];
/// Why a step must be refused: every status that its answer may have. None: it must be done.
pub(super) type Refusals = Vec<u16>;

#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) name: String,
    pub(super) bundles: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Project {
    pub(super) name: String,
    pub(super) client: Option<i64>,
}

/// Where among the POs of its project a PO stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) project: i64,
    pub(super) sequence: i64,
    /// Which came first among equals.
    age: u64,
    pub(super) is_primary: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Po {
    pub(super) client: i64,
    pub(super) place: Option<Place>,
    pub(super) number: Option<String>,
    /// The proforma invoice's number.
    pub(super) invoice: Option<String>,
    pub(super) store: Option<String>,
    pub(super) status: String,
    pub(super) date: Option<NaiveDate>,
    /// When it was agreed by word of mouth.
    pub(super) agreed: Option<NaiveDate>,
    pub(super) is_agreement: bool,
    pub(super) stated: i128,
    pub(super) stated_tax: i128,
    pub(super) lines: BTreeMap<i64, Line>,
    pub(super) version: i64,
}

impl Po {
    pub(super) fn is_live(&self) -> bool {
        self.status != "cancelled"
    }

    /// Since when its money is due.
    pub(super) fn due(&self) -> NaiveDate {
        self.date.or(self.agreed).expect("one of the two dates")
    }

    pub(super) fn is_open_agreement(&self) -> bool {
        self.is_agreement && self.number.is_none()
    }

    pub(super) fn project(&self) -> Option<i64> {
        self.place.as_ref().map(|place| place.project)
    }

    pub(super) fn tax(&self) -> i128 {
        if self.lines.is_empty() {
            self.stated_tax
        } else {
            self.lines.values().map(|line| line.tax.unwrap_or(0)).sum()
        }
    }

    pub(super) fn net(&self) -> i128 {
        if self.lines.is_empty() {
            self.stated - self.stated_tax
        } else {
            self.lines.values().map(|line| line.total).sum()
        }
    }

    pub(super) fn value(&self) -> i128 {
        self.net() + self.tax()
    }

    /// What the lines are worth, tax included.
    pub(super) fn gross(&self) -> i128 {
        self.lines.values().map(Line::gross).sum()
    }

    /// Takes new stated figures; one that is the PO's present figure says nothing.
    pub(super) fn state(&mut self, value: Option<i128>, tax: Option<i128>) -> Result<bool, Refusals> {
        let stated = value
            .filter(|value| *value != self.value())
            .unwrap_or(self.stated);
        let stated_tax = tax.filter(|tax| *tax != self.tax()).unwrap_or(self.stated_tax);
        if (stated, stated_tax) == (self.stated, self.stated_tax) {
            return Ok(false);
        }
        if stated_tax > stated {
            return Err(vec![422]);
        }
        (self.stated, self.stated_tax) = (stated, stated_tax);
        Ok(true)
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    pub(super) clients: BTreeMap<i64, Client>,
    pub(super) projects: BTreeMap<i64, Project>,
    pub(super) pos: BTreeMap<i64, Po>,
    pub(super) payments: BTreeMap<i64, Payment>,
    pub(super) vendors: BTreeMap<i64, Vendor>,
    pub(super) orders: BTreeMap<i64, VendorOrder>,
    pub(super) vendor_payments: BTreeMap<i64, VendorPayment>,
    pub(super) links: BTreeMap<i64, Link>,
    pub(super) bills: BTreeMap<String, Bill>,
    places: u64,
}

impl Book {
    pub(super) fn payments_of(&self, po: i64) -> impl Iterator<Item = (i64, &Payment)> {
        self.payments
            .iter()
            .filter(move |(_, payment)| payment.po == po)
            .map(|(id, payment)| (*id, payment))
    }

    fn paid_payments_of(&self, po: i64) -> impl Iterator<Item = &Payment> {
        self.payments_of(po)
            .map(|(_, payment)| payment)
            .filter(|payment| payment.is_paid())
    }

    pub(super) fn paid(&self, po: i64) -> i128 {
        self.paid_payments_of(po).map(Payment::signed).sum()
    }

    pub(super) fn tds(&self, po: i64) -> i128 {
        self.paid_payments_of(po).map(Payment::signed_tds).sum()
    }

    pub(super) fn payment_status(&self, po: i64) -> &'static str {
        payment_status(self.paid(po), self.pos[&po].value())
    }

    /// Whether money that arrived stands in the way of a deletion.
    pub(super) fn has_received(&self, po: i64) -> bool {
        self.paid_payments_of(po).next().is_some()
    }

    /// The POs of a project in their order.
    pub(super) fn pos_of(&self, project: i64) -> Vec<i64> {
        let mut pos: Vec<(i64, i64)> = self
            .pos
            .iter()
            .filter_map(|(id, po)| {
                let place = po.place.as_ref()?;
                (place.project == project).then_some((place.sequence, *id))
            })
            .collect();
        pos.sort_unstable();
        pos.into_iter().map(|(_, id)| id).collect()
    }

    fn places_of(&mut self, project: i64) -> impl Iterator<Item = &mut Place> {
        self.pos
            .values_mut()
            .filter_map(|po| po.place.as_mut())
            .filter(move |place| place.project == project)
    }

    /// Takes a PO out of its project, which gets another primary one if it was that.
    pub(super) fn leave_project(&mut self, po: i64) {
        let Some(left) = self.pos.get_mut(&po).and_then(|po| po.place.take()) else {
            return;
        };
        if left.is_primary {
            let first = self
                .places_of(left.project)
                .min_by_key(|place| (place.sequence, place.age));
            if let Some(place) = first {
                place.is_primary = true;
            }
        }
    }

    /// Puts a PO into a project, last unless its place is given; what hangs on it goes with it.
    pub(super) fn enter_project(&mut self, po: i64, project: i64, sequence: Option<i64>) {
        self.leave_project(po);
        self.move_with(po, project);
        let last = self.places_of(project).map(|place| place.sequence).max();
        let has_primary = self.places_of(project).any(|place| place.is_primary);
        self.places += 1;
        let place = Place {
            project,
            sequence: sequence.unwrap_or(last.unwrap_or(0) + 1),
            age: self.places,
            is_primary: !has_primary,
        };
        self.pos.get_mut(&po).expect("a PO of the book").place = Some(place);
    }

    pub(super) fn make_primary(&mut self, project: i64, po: i64) {
        for place in self.places_of(project) {
            place.is_primary = false;
        }
        let place = self.pos.get_mut(&po).and_then(|po| po.place.as_mut());
        place.expect("a PO with a project").is_primary = true;
    }

    /// Whether anything is a client's.
    pub(super) fn needs_client(&self, client: i64) -> bool {
        self.pos.values().any(|po| po.client == client)
            || self
                .projects
                .values()
                .any(|project| project.client == Some(client))
    }

    /// The sums over those of some POs that were not cancelled.
    pub(super) fn sums<'a>(&'a self, pos: impl IntoIterator<Item = &'a i64>) -> Sums {
        let mut sums = Sums::default();
        for id in pos {
            let po = &self.pos[id];
            sums.count += 1;
            if !po.is_live() {
                sums.kept += self.paid(*id);
                continue;
            }
            sums.live += 1;
            sums.value += po.value();
            sums.net += po.net();
            sums.paid += self.paid(*id);
            sums.tds += self.tds(*id);
            sums.lines += po.lines.len();
        }
        sums
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Cancelled ones too.
    pub(super) count: usize,
    pub(super) live: usize,
    pub(super) value: i128,
    pub(super) net: i128,
    pub(super) paid: i128,
    pub(super) tds: i128,
    pub(super) lines: usize,
    /// What was paid of cancelled ones.
    pub(super) kept: i128,
}
