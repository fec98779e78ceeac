//! Payments to vendors, what of them and of clients' payments is linked to vendor orders, and what that comes to.

use chrono::NaiveDate;

use super::{
    model::Book,
    payments::{OPEN, PAID, Payment},
    vendors::VendorOrder,
};

/// Payments that never came about.
pub(super) const DEAD: [&str; 3] = ["bounced", "failed", "cancelled"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VendorPayment {
    /// Its own, which may be nobody while its order names nobody.
    pub(super) vendor: Option<i64>,
    /// None of an advance.
    pub(super) order: Option<i64>,
    pub(super) project: Option<i64>,
    pub(super) amount: i128,
    pub(super) status: String,
    pub(super) date: NaiveDate,
    pub(super) reference: Option<String>,
    pub(super) notes: Option<String>,
    pub(super) batch: Option<String>,
    pub(super) version: i64,
}

impl VendorPayment {
    pub(super) fn is(&self, words: &[&str]) -> bool {
        words.contains(&self.status.as_str())
    }
}

/// The payment that a link is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Client(i64),
    Vendor(i64),
}

/// A part of a payment that is meant for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) order: i64,
    pub(super) source: Source,
    pub(super) is_incoming: bool,
    pub(super) amount: i128,
}

impl Book {
    pub(super) fn own_payments(&self, order: i64) -> impl Iterator<Item = (i64, &VendorPayment)> {
        let payments = self.vendor_payments.iter();
        payments
            .filter(move |(_, payment)| payment.order == Some(order))
            .map(|(id, payment)| (*id, payment))
    }

    pub(super) fn links_of(&self, order: i64) -> impl Iterator<Item = (i64, &Link)> {
        let links = self.links.iter();
        links
            .filter(move |(_, link)| link.order == order)
            .map(|(id, link)| (*id, link))
    }

    pub(super) fn links_with(&self, source: Source) -> impl Iterator<Item = (i64, &Link)> {
        let links = self.links.iter();
        links
            .filter(move |(_, link)| link.source == source)
            .map(|(id, link)| (*id, link))
    }

    /// What of a payment is linked.
    pub(super) fn allocated(&self, source: Source) -> i128 {
        self.links_with(source).map(|(_, link)| link.amount).sum()
    }

    /// The word of a link's payment.
    pub(super) fn word_of(&self, source: Source) -> &str {
        match source {
            Source::Client(id) => &self.payments[&id].status,
            Source::Vendor(id) => &self.vendor_payments[&id].status,
        }
    }

    fn linked(&self, order: i64, words: &[&str], is_meant: impl Fn(&Link) -> bool) -> i128 {
        let links = self.links_of(order).map(|(_, link)| link);
        links
            .filter(|link| is_meant(link) && words.contains(&self.word_of(link.source)))
            .map(|link| link.amount)
            .sum()
    }

    /// Payments of the order's own.
    fn direct(&self, order: i64, words: &[&str]) -> i128 {
        let payments = self.own_payments(order).map(|(_, payment)| payment);
        payments
            .filter(|payment| payment.is(words))
            .map(|payment| payment.amount)
            .sum()
    }

    /// Shares of advances.
    fn linked_out(&self, order: i64, words: &[&str]) -> i128 {
        self.linked(order, words, |link| match link.source {
            Source::Vendor(id) => !link.is_incoming && self.vendor_payments[&id].order.is_none(),
            Source::Client(_) => false,
        })
    }

    /// What went back to the client.
    pub(super) fn refunded(&self, order: i64) -> i128 {
        self.linked(order, &PAID, |link| {
            !link.is_incoming && matches!(link.source, Source::Client(_))
        })
    }

    pub(super) fn linked_in(&self, order: i64) -> i128 {
        self.linked(order, &PAID, |link| link.is_incoming)
    }

    pub(super) fn paid_out(&self, order: i64) -> i128 {
        self.direct(order, &PAID) + self.linked_out(order, &PAID)
    }

    pub(super) fn committed(&self, order: i64) -> i128 {
        self.paid_out(order) + self.direct(order, &OPEN) + self.linked_out(order, &OPEN)
    }

    /// How far an order is paid, and whether payments say so or somebody did.
    pub(super) fn payment_word(&self, id: i64) -> (&'static str, &'static str) {
        let has_payments = self.own_payments(id).next().is_some()
            || self
                .links_of(id)
                .any(|(_, link)| !link.is_incoming && matches!(link.source, Source::Vendor(_)));
        let order = &self.orders[&id];
        if !has_payments {
            return (order.word, "manual");
        }
        let (value, paid) = (order.value(), self.paid_out(id));
        let word = match paid {
            _ if value > 0 && paid >= value => "paid",
            1.. => "partial",
            _ => "pending",
        };
        (word, "payments")
    }

    pub(super) fn is_overdue(&self, id: i64, today: NaiveDate) -> bool {
        let order = &self.orders[&id];
        order.is_live() && order.due.is_some_and(|due| due < today) && order.value() > self.paid_out(id)
    }

    /// Who got a payment.
    pub(super) fn payee(&self, payment: &VendorPayment) -> Option<i64> {
        let order = payment.order.map(|order| &self.orders[&order]);
        payment.vendor.or_else(|| order.and_then(|order| order.vendor))
    }

    /// What an order takes of an advance.
    pub(super) fn room_for_share(&self, order: i64) -> i128 {
        self.orders[&order].value() - self.committed(order)
    }

    /// What the orders for a PO take of the client's money.
    pub(super) fn room_of_po(&self, po: i64) -> i128 {
        let links = self.links.values().filter(|link| {
            let order = &self.orders[&link.order];
            let is_alive = !DEAD.contains(&self.word_of(link.source));
            link.is_incoming && is_alive && order.is_live() && order.po == Some(po)
        });
        self.pos[&po].value() - links.map(|link| link.amount).sum::<i128>()
    }

    /// What of a client's money for an order can go back.
    pub(super) fn room_for_refund(&self, order: i64) -> i128 {
        let links = self.links_of(order).map(|(_, link)| link).filter(|link| {
            matches!(link.source, Source::Client(_)) && !DEAD.contains(&self.word_of(link.source))
        });
        links
            .map(|link| {
                if link.is_incoming {
                    link.amount
                } else {
                    -link.amount
                }
            })
            .sum()
    }

    /// What an order has room for of a client's payment; no limit without a PO.
    pub(super) fn room_for(&self, order: i64, is_incoming: bool) -> Option<i128> {
        if is_incoming {
            self.orders[&order].po.map(|po| self.room_of_po(po))
        } else {
            Some(self.room_for_refund(order))
        }
    }

    /// Whether all that is linked of a client's payment has room, now that it counts again.
    pub(super) fn has_room_again(&self, payment: i64, after: &Payment) -> bool {
        let mut book = self.clone();
        book.payments.insert(payment, after.clone());
        let links: Vec<&Link> = book
            .links_with(Source::Client(payment))
            .map(|(_, link)| link)
            .collect();
        links.iter().all(|link| {
            book.room_for(link.order, link.is_incoming)
                .is_none_or(|room| room >= 0)
        })
    }

    /// The orders that name a vendor themselves or in a line.
    pub(super) fn orders_of_vendor(&self, vendor: i64) -> impl Iterator<Item = (i64, &VendorOrder)> {
        let orders = self.orders.iter();
        orders
            .filter(move |(_, order)| order.named().contains(&vendor))
            .map(|(id, order)| (*id, order))
    }

    pub(super) fn order_value_of_vendor(&self, vendor: i64) -> i128 {
        let orders = self.orders_of_vendor(vendor).map(|(_, order)| order);
        orders
            .filter(|order| order.is_live())
            .map(|order| order.share(vendor))
            .sum()
    }

    pub(super) fn payments_of_vendor(&self, vendor: i64) -> impl Iterator<Item = (i64, &VendorPayment)> {
        let payments = self.vendor_payments.iter();
        payments
            .filter(move |(_, payment)| self.payee(payment) == Some(vendor))
            .map(|(id, payment)| (*id, payment))
    }

    pub(super) fn paid_to_vendor(&self, vendor: i64) -> i128 {
        let payments = self.payments_of_vendor(vendor).map(|(_, payment)| payment);
        payments
            .filter(|payment| payment.is(&PAID))
            .map(|payment| payment.amount)
            .sum()
    }
}
