//! What vendor orders and projects earn and cost.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    model::{Book, Sums},
    numbers::{decimal, rounded},
    vendor_money::Source,
    vendors::VendorOrder,
};
use crate::support::money;

/// `part ÷ whole` in percent to two places; 0 of nothing.
pub(super) fn percent(part: i128, whole: i128) -> Value {
    if whole == 0 {
        return json!(0);
    }
    money(&decimal(rounded(part * 10_000, whole), 2))
}

/// What an order earns, and from what that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Earnings {
    pub(super) basis: &'static str,
    pub(super) billable: i128,
    pub(super) profit: i128,
}

/// The figures of a project.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ProjectBooks {
    /// Its POs that were not cancelled.
    pub(super) pos: Sums,
    /// Vendor orders that were not given up.
    pub(super) orders: usize,
    pub(super) cost: i128,
    /// What was paid of them.
    pub(super) paid: i128,
    /// What was paid of orders that were given up.
    pub(super) kept: i128,
    /// What of the orders' value names no vendor.
    pub(super) unassigned: i128,
    /// Bills that count.
    pub(super) bills: usize,
    pub(super) billed: i128,
    pub(super) billed_gst: i128,
}

impl ProjectBooks {
    pub(super) fn billed_total(&self) -> i128 {
        self.billed + self.billed_gst
    }

    pub(super) fn profit(&self) -> i128 {
        self.pos.net - self.cost
    }

    /// What was billed beyond what was ordered, tax included.
    pub(super) fn delta(&self) -> i128 {
        self.billed_total() - self.pos.value
    }
}

impl Book {
    fn live_orders(&self) -> impl Iterator<Item = (i64, &VendorOrder)> {
        let orders = self.orders.iter().filter(|(_, order)| order.is_live());
        orders.map(|(id, order)| (*id, order))
    }

    pub(super) fn earnings(&self, id: i64) -> Earnings {
        let order = &self.orders[&id];
        let po = order.po.map(|po| &self.pos[&po]);
        let has_incoming = self.links_of(id).any(|(_, link)| link.is_incoming);
        let (basis, billable) = if !order.is_live() || po.is_some_and(|po| !po.is_live()) {
            ("none", 0)
        } else if let Some(billable) = self.earned_by_lines(id) {
            ("lines", billable)
        } else if let Some(po) = order.po {
            let siblings = self.live_orders().filter(|(_, other)| other.po == Some(po));
            let whole: i128 = siblings.map(|(_, other)| other.value()).sum();
            let share = if whole == 0 {
                0
            } else {
                rounded(self.pos[&po].net() * order.value(), whole)
            };
            ("pro_rata", share)
        } else if has_incoming {
            ("linked_payments", self.linked_in(id))
        } else {
            ("none", 0)
        };
        let profit = if basis == "none" {
            0
        } else {
            billable - order.value()
        };
        Earnings {
            basis,
            billable,
            profit,
        }
    }

    /// What the client lines bring that an order's lines name, shared with the other orders that name them; none if they
    /// name none.
    fn earned_by_lines(&self, id: i64) -> Option<i128> {
        let named: BTreeSet<i64> = self.orders[&id]
            .lines
            .values()
            .filter_map(|line| line.client_line)
            .collect();
        if named.is_empty() {
            return None;
        }
        let earned = named.into_iter().map(|client_line| {
            let mut total = None;
            for po in self.pos.values() {
                total = total.or(po.lines.get(&client_line).map(|line| line.total));
            }
            let total = total.expect("a client line that is there");
            let spent = |order: &VendorOrder| -> Option<i128> {
                let lines = order
                    .lines
                    .values()
                    .filter(|line| line.client_line == Some(client_line));
                let totals: Vec<i128> = lines.map(|line| line.total).collect();
                (!totals.is_empty()).then(|| totals.iter().sum())
            };
            let all: Vec<i128> = self.live_orders().filter_map(|(_, order)| spent(order)).collect();
            let (own, whole) = (spent(&self.orders[&id]).expect("it names it"), all.iter().sum());
            match (all.len(), whole) {
                (1, _) => total,
                (_, 0) => 0,
                _ => rounded(total * own, whole),
            }
        });
        Some(earned.sum())
    }

    /// The client POs that have to do with an order: its own and those whose payments are meant for it.
    pub(super) fn linked_pos(&self, id: i64) -> BTreeSet<i64> {
        let links = self.links_of(id).filter(|(_, link)| link.is_incoming);
        let paid = links.filter_map(|(_, link)| match link.source {
            Source::Client(payment) => Some(self.payments[&payment].po),
            Source::Vendor(_) => None,
        });
        paid.chain(self.orders[&id].po).collect()
    }

    pub(super) fn orders_of_project(&self, project: i64) -> impl Iterator<Item = (i64, &VendorOrder)> {
        let orders = self.orders.iter();
        orders
            .filter(move |(_, order)| order.project == Some(project))
            .map(|(id, order)| (*id, order))
    }

    pub(super) fn project_books(&self, project: i64) -> ProjectBooks {
        let mut books = ProjectBooks {
            pos: self.sums(&self.pos_of(project)),
            ..ProjectBooks::default()
        };
        for (id, order) in self.orders_of_project(project) {
            if !order.is_live() {
                books.kept += self.paid_out(id);
                continue;
            }
            books.orders += 1;
            books.cost += order.value();
            books.paid += self.paid_out(id);
            books.unassigned += order.unassigned();
        }
        for id in self.bills_of(project) {
            if self.is_counted(id) {
                books.bills += 1;
                books.billed += self.bills[id].value;
                books.billed_gst += self.bills[id].gst;
            }
        }
        books
    }
}
