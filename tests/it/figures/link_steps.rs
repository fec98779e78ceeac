//! Steps that mean parts of payments for vendor orders.

use serde_json::json;

use super::{
    history::History,
    model::{Book, Refusals},
    numbers::rupees,
    vendor_money::{Link, Source},
    vendor_payment_steps::is_dead,
};

/// Why a part may not be linked.
struct Refused {
    statuses: Refusals,
    /// The types of the faults, where there is too little of the payment or too little room.
    types: Vec<&'static str>,
}

impl Book {
    /// What is linked if so much is asked for.
    fn offered(
        &self,
        order: i64,
        source: Source,
        is_incoming: bool,
        asked: Option<i128>,
    ) -> Result<i128, Refused> {
        let row = &self.orders[&order];
        let mut statuses = Refusals::new();
        let (amount, room) = match source {
            Source::Client(id) => {
                let payment = &self.payments[&id];
                if payment.is_debit == is_incoming {
                    statuses.push(422);
                }
                if is_incoming && !row.is_live() {
                    statuses.push(409);
                }
                (payment.amount, self.room_for(order, is_incoming))
            }
            Source::Vendor(id) => {
                let payment = &self.vendor_payments[&id];
                let payees = row.payees();
                let is_theirs = payment.vendor.is_none_or(|vendor| payees.contains(&vendor));
                if is_incoming || !(is_theirs || payees.is_empty()) {
                    statuses.push(422);
                }
                if payment.order.is_some() || !row.is_live() {
                    statuses.push(409);
                }
                (payment.amount, Some(self.room_for_share(order)))
            }
        };
        if is_dead(self.word_of(source)) || self.links_with(source).any(|(_, link)| link.order == order) {
            statuses.push(409);
        }
        let left = amount - self.allocated(source);
        let part = asked.unwrap_or_else(|| room.map_or(left, |room| room.min(left)));
        let mut types = Vec::new();
        if left <= 0 || part > left {
            types.push("payment_overlinked");
        }
        if room.is_some_and(|room| room <= 0 || part > room) {
            types.push("order_overlinked");
        }
        if !types.is_empty() && statuses.is_empty() {
            return Err(Refused {
                statuses: vec![409],
                types,
            });
        }
        if statuses.is_empty() {
            return Ok(part);
        }
        Err(Refused {
            statuses,
            types: Vec::new(),
        })
    }
}

impl History {
    /// An order, a payment that could be linked to it and in which direction; now and then any, which mostly could not.
    fn pairing(&mut self) -> Option<(i64, Source, bool)> {
        let clients = self.book.payments.keys().map(|id| Source::Client(*id));
        let vendors = self.book.vendor_payments.keys().map(|id| Source::Vendor(*id));
        if self.dice.one_in(5) {
            let sources: Vec<Source> = clients.chain(vendors).collect();
            let source = self.dice.pick(&sources)?;
            return Some((self.any_order()?, source, self.dice.one_in(2)));
        }
        let is_incoming = self.dice.one_in(3);
        let mut sources: Vec<Source> = clients.collect();
        if !is_incoming && !self.dice.one_in(3) {
            sources = vendors.collect();
        }
        let (mut fits, mut tight) = (Vec::new(), Vec::new());
        for order in self.book.orders.keys() {
            let is_promised = self.book.committed(*order) > self.book.paid_out(*order);
            for source in &sources {
                let offered = |asked| self.book.offered(*order, *source, is_incoming, asked);
                let Ok(part) = offered(None) else { continue };
                fits.push((*order, *source, is_incoming));
                // Where the order has less room than the payment has left.
                let is_tight =
                    offered(Some(part + 1)).is_err_and(|refused| refused.types == ["order_overlinked"]);
                if is_tight && (is_promised || matches!(source, Source::Client(_))) {
                    tight.push((*order, *source, is_incoming));
                }
            }
        }
        let is_tight = !tight.is_empty() && !self.dice.one_in(3);
        self.dice.pick(if is_tight { &tight } else { &fits })
    }

    pub(super) async fn link(&mut self) {
        // Some kinds of links are rarely possible.
        let mut found = None;
        for _ in 0..3 {
            found = found.or_else(|| self.pairing());
        }
        let Some((order, source, is_incoming)) = found else {
            return;
        };
        let most = self.book.offered(order, source, is_incoming, None).unwrap_or(0);
        let asked = match self.dice.roll(6) {
            0..3 => None,
            3 if most > 0 => Some(most),
            4 if most > 0 => Some(most + 1 + self.dice.whole(2)),
            _ => Some(self.dice.whole(most.max(1_000)) + 1),
        };
        let kind = if is_incoming { "incoming" } else { "OUTGOING" };
        let mut body = json!({"link_type": kind});
        match source {
            Source::Client(id) if self.dice.one_in(2) => body["payment_id"] = json!(id.to_string()),
            Source::Client(id) => body["payment_id"] = json!(id),
            Source::Vendor(id) => body["vendor_payment_id"] = json!(id),
        }
        if let Some(asked) = asked {
            body["amount"] = self.dice.sum(asked);
        }
        let offered = self.book.offered(order, source, is_incoming, asked);
        let refusals = offered
            .as_ref()
            .err()
            .map_or_else(Refusals::new, |refused| refused.statuses.clone());
        let who = self.any_editor();
        let what = ("POST", format!("/api/vendor-orders/{order}/link-payment"));
        let answer = self.take(who, what, Some(body), &refusals).await;
        match offered {
            Ok(amount) => {
                let answer = answer.expect("an answer");
                assert_eq!(answer["link"]["amount_allocated"], rupees(amount));
                assert_eq!(answer["data"]["linked_payment"], answer["linked_payment"]);
                let id = answer["link"]["id"].as_i64().expect("an id");
                let link = Link {
                    order,
                    source,
                    is_incoming,
                    amount,
                };
                self.book.links.insert(id, link);
            }
            Err(refused) if !refused.types.is_empty() => {
                let faults = self.refusal["errors"].as_array().expect("the faults");
                let types: Vec<&str> = faults.iter().filter_map(|fault| fault["type"].as_str()).collect();
                assert_eq!(types, refused.types, "{}", self.refusal);
            }
            Err(_) => {}
        }
    }

    pub(super) async fn unlink(&mut self) {
        let links: Vec<Link> = self.book.links.values().cloned().collect();
        let Some(link) = self.dice.pick(&links) else {
            return;
        };
        let mut order = link.order;
        if self.dice.one_in(10) {
            order = self.dice.pick(&self.orders()).unwrap_or(order);
        }
        let (mut payment, name) = match link.source {
            Source::Client(id) => (id, "client"),
            Source::Vendor(id) => (id, "vendor"),
        };
        let mut sources = vec![link.source];
        let mut filter = format!("?source={name}");
        if self.dice.one_in(3) {
            // A client payment of this id is meant before a vendor payment.
            sources = vec![Source::Client(payment), Source::Vendor(payment)];
            filter = String::new();
        }
        if self.dice.one_in(15) {
            payment = 987_654_321;
            sources.clear();
        }
        let found = sources.into_iter().find_map(|source| {
            let mut links = self.book.links_of(order);
            links.find(|(_, link)| link.source == source).map(|(id, _)| id)
        });
        let refusals = if found.is_some() { Vec::new() } else { vec![404] };
        let who = self.any_editor();
        let what = (
            "DELETE",
            format!("/api/vendor-orders/{order}/payments/{payment}{filter}"),
        );
        if let Some(answer) = self.take(who, what, None, &refusals).await {
            let id = found.expect("a link");
            assert_eq!(answer["data"]["link_id"], id);
            self.book.links.remove(&id);
        }
    }
}
