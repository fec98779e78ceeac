//! What the routes show, held against the model: links, and what each vendor order earns and costs.

use std::cmp::Reverse;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    checks::{Check, Shown},
    numbers::rupees,
    profits::percent,
    vendor_money::{Link, Source},
};

/// The parts of a payment that a link or an order shows.
struct Part<'a> {
    amount: i128,
    date: NaiveDate,
    status: &'a str,
}

impl Check<'_> {
    fn part_of(&self, source: Source) -> Part<'_> {
        match source {
            Source::Client(id) => {
                let payment = &self.book.payments[&id];
                Part {
                    amount: payment.amount,
                    date: payment.date,
                    status: &payment.status,
                }
            }
            Source::Vendor(id) => {
                let payment = &self.book.vendor_payments[&id];
                Part {
                    amount: payment.amount,
                    date: payment.date,
                    status: &payment.status,
                }
            }
        }
    }

    fn link_is_right(&self, shown: &Shown) {
        let id = shown.body["id"].as_i64().expect("an id");
        let link = &self.book.links[&id];
        let payment = self.part_of(link.source);
        let (client, vendor, source) = match link.source {
            Source::Client(id) => (Some(id), None, "client"),
            Source::Vendor(id) => (None, Some(id), "vendor"),
        };
        shown.has(&[
            ("link_id", json!(id)),
            ("vendor_order_id", json!(link.order)),
            ("payment_id", json!(client)),
            ("vendor_payment_id", json!(vendor)),
            ("source", json!(source)),
            (
                "link_type",
                json!(if link.is_incoming { "incoming" } else { "outgoing" }),
            ),
            ("amount", rupees(link.amount)),
            ("amount_allocated", rupees(link.amount)),
            ("payment_amount", rupees(payment.amount)),
            ("payment_date", json!(payment.date)),
            ("payment_status", json!(payment.status)),
        ]);
    }

    /// Whose a link is: its order's vendor's, else its payment's.
    fn vendor_of_link(&self, link: &Link) -> Option<i64> {
        self.book.orders[&link.order].vendor.or(match link.source {
            Source::Vendor(id) => self.book.vendor_payments[&id].vendor,
            Source::Client(_) => None,
        })
    }

    pub(super) async fn links(&self) {
        self.link_list("", |_| true).await;
        for (kind, is_incoming) in [("incoming", true), ("OUTGOING", false)] {
            self.link_list(&format!("link_type={kind}"), |link| {
                link.is_incoming == is_incoming
            })
            .await;
        }
        for id in self.book.payments.keys() {
            let allocated = self.book.allocated(Source::Client(*id));
            assert!(
                allocated <= self.book.payments[id].amount,
                "payment {id} is linked beyond what it is"
            );
            if allocated == 0 {
                continue;
            }
            self.link_list(&format!("payment_id={id}"), |link| {
                link.source == Source::Client(*id)
            })
            .await;
        }
        for id in self.book.vendor_payments.keys() {
            if self.book.allocated(Source::Vendor(*id)) == 0 {
                continue;
            }
            self.link_list(&format!("vendor_payment_id={id}"), |link| {
                link.source == Source::Vendor(*id)
            })
            .await;
        }
        for vendor in self.book.vendors.keys() {
            self.link_list(&format!("vendor_id={vendor}"), |link| {
                self.vendor_of_link(link) == Some(*vendor)
            })
            .await;
        }
        for project in self.book.projects.keys() {
            self.link_list(&format!("project_id={project}"), |link| {
                self.book.orders[&link.order].project == Some(*project)
            })
            .await;
        }
    }

    async fn link_list(&self, filter: &str, is_meant: impl Fn(&Link) -> bool) {
        let rows = self.book.links.iter().rev();
        let ids: Vec<i64> = rows
            .filter(|(_, link)| is_meant(link))
            .map(|(id, _)| *id)
            .collect();
        let shown = self
            .get(format!("/api/vendor-payment-links?limit=1000&{filter}"))
            .await;
        for (part, name) in [("", "links"), ("", "vendor_payment_links"), ("/data", "data")] {
            assert_eq!(shown.part(part).ids(name), ids, "{}", shown.path);
        }
        shown.has(&[
            ("link_count", json!(ids.len())),
            ("total_count", json!(ids.len())),
        ]);
        for entry in shown.list("links") {
            self.link_is_right(&entry);
            let link = &self.book.links[&entry.body["id"].as_i64().expect("an id")];
            let order = &self.book.orders[&link.order];
            let vendor = self.vendor_of_link(link);
            entry.has(&[
                ("po_number", json!(order.number)),
                ("vendor_id", json!(vendor)),
                (
                    "vendor_name",
                    json!(vendor.map(|vendor| &self.book.vendors[&vendor].name)),
                ),
                ("project_id", json!(order.project)),
            ]);
        }
    }

    /// What is linked to each order, what that comes to, and what the order earns.
    pub(super) async fn money_of_orders(&self) {
        for id in self.book.orders.keys() {
            self.linked_to(*id).await;
            self.money_of(*id).await;
            self.profit_of_order(*id).await;
        }
    }

    async fn linked_to(&self, id: i64) {
        let shown = self.get(format!("/api/vendor-orders/{id}/linked-payments")).await;
        let mut links: Vec<(i64, &Link)> = self.book.links_of(id).collect();
        links.reverse();
        let ids = |is_meant: &dyn Fn(&Link) -> bool| -> Vec<i64> {
            let links = links.iter().filter(|(_, link)| is_meant(link));
            links.map(|(id, _)| *id).collect()
        };
        for part in ["", "/data"] {
            let part = shown.part(part);
            assert_eq!(
                part.ids("incoming_payments"),
                ids(&|link| link.is_incoming),
                "{}",
                part.path
            );
            assert_eq!(
                part.ids("outgoing_payments"),
                ids(&|link| !link.is_incoming),
                "{}",
                part.path
            );
            part.has(&[("total_linked", json!(links.len()))]);
        }
        let all = shown.part("/data");
        assert_eq!(all.ids("linked_payments"), ids(&|_| true), "{}", all.path);
        for entry in all.list("linked_payments") {
            self.link_is_right(&entry);
        }
    }

    fn cash(&self, id: i64) -> Vec<(&'static str, Value)> {
        let (incoming, outgoing) = (
            self.book.linked_in(id),
            self.book.paid_out(id) + self.book.refunded(id),
        );
        vec![
            ("total_incoming", rupees(incoming)),
            ("total_outgoing", rupees(outgoing)),
            ("profit", rupees(self.book.earnings(id).profit)),
            ("net_cash", rupees(incoming - outgoing)),
            ("link_count", json!(self.book.links_of(id).count())),
        ]
    }

    async fn money_of(&self, id: i64) {
        let shown = self.get(format!("/api/vendor-orders/{id}/payment-summary")).await;
        let (value, paid) = (self.book.orders[&id].value(), self.book.paid_out(id));
        let mut rows = Vec::new();
        for (payment, row) in self.book.own_payments(id) {
            rows.push((
                Reverse((row.date, payment)),
                "order",
                None,
                row.amount,
                row.status.as_str(),
            ));
        }
        for (link, row) in self.book.links_of(id).filter(|(_, link)| !link.is_incoming) {
            let (payment, source) = match row.source {
                Source::Client(id) => (id, "client"),
                Source::Vendor(id) => (id, "advance"),
            };
            let part = self.part_of(row.source);
            rows.push((
                Reverse((part.date, payment)),
                source,
                Some(link),
                row.amount,
                part.status,
            ));
        }
        rows.sort_unstable();
        for part in ["", "/data"] {
            let part = shown.part(part);
            part.has(&[
                ("po_amount", rupees(value)),
                ("paid_amount", rupees(paid)),
                ("pending_amount", rupees((value - paid).max(0))),
                ("payment_status", json!(self.book.payment_word(id).0)),
                ("payment_count", json!(rows.len())),
            ]);
            part.part("/summary").has(&self.cash(id));
            let entries = part.list("payments");
            assert_eq!(entries.len(), rows.len(), "{}", part.path);
            for (entry, (Reverse((date, payment)), source, link, amount, status)) in entries.iter().zip(&rows)
            {
                entry.has(&[
                    ("id", json!(payment)),
                    ("source", json!(source)),
                    ("link_id", json!(link)),
                    ("payment_date", json!(date)),
                    ("date", json!(date)),
                    ("amount", rupees(*amount)),
                    ("status", json!(status)),
                ]);
            }
        }
        let data = shown.part("/data");
        data.has(&self.cash(id));
        data.has(&[
            ("po_value", rupees(value)),
            ("total_paid", rupees(paid)),
            ("overpaid_amount", rupees((paid - value).max(0))),
        ]);
    }

    async fn profit_of_order(&self, id: i64) {
        let shown = self.get(format!("/api/vendor-orders/{id}/profit-analysis")).await;
        let (value, earnings) = (self.book.orders[&id].value(), self.book.earnings(id));
        let margin = match earnings.basis {
            "none" => json!(0),
            _ => percent(earnings.profit, earnings.billable),
        };
        for part in ["", "/data"] {
            let part = shown.part(part);
            part.has(&[
                ("vendor_order_id", json!(id)),
                ("po_value", rupees(value)),
                ("po_amount", rupees(value)),
                ("billable_amount", rupees(earnings.billable)),
                ("billable_basis", json!(earnings.basis)),
                ("billable_is_estimate", json!(earnings.basis == "pro_rata")),
                ("profit", rupees(earnings.profit)),
                ("profit_margin", margin.clone()),
                ("linked_client_pos", json!(self.book.linked_pos(id))),
            ]);
            part.part("/profit_analysis").has(&self.cash(id));
            part.part("/profit_analysis")
                .has(&[("profit_margin", margin.clone())]);
        }
        shown.part("/data").has(&self.cash(id));
    }
}
