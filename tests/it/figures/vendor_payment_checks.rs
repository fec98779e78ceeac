//! What the routes show, held against the model: payments to vendors, in both shapes.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::{
    checks::{Check, Shown},
    numbers::{day, rounded, rupees},
    payments::{OPEN, PAID, PAYMENT_STATUSES},
    profits::percent,
    vendor_money::{Source, VendorPayment},
};

impl Check<'_> {
    /// The fields of a payment on the vendors' routes.
    pub(super) fn vendor_payment_is_right(&self, shown: &Shown) {
        let id = shown.body["id"].as_i64().expect("an id");
        let payment = &self.book.vendor_payments[&id];
        let payee = self.book.payee(payment);
        let order = payment.order.map(|order| &self.book.orders[&order]);
        let project = payment.project.or_else(|| order.and_then(|order| order.project));
        shown.has(&[
            ("payment_id", json!(id)),
            ("vendor_id", json!(payee)),
            (
                "vendor_name",
                json!(payee.map(|vendor| &self.book.vendors[&vendor].name)),
            ),
            ("vendor_order_id", json!(payment.order)),
            ("project_id", json!(project)),
            ("po_number", json!(order.map(|order| &order.number))),
            (
                "order_amount",
                order.map_or(Value::Null, |order| rupees(order.value())),
            ),
            ("payment_date", json!(payment.date)),
            ("date", json!(payment.date)),
            ("amount", rupees(payment.amount)),
            ("payment_amount", rupees(payment.amount)),
            ("reference_number", json!(payment.reference)),
            ("status", json!(payment.status)),
            ("notes", json!(payment.notes)),
            ("version", json!(payment.version)),
        ]);
    }

    /// The fields of a payment on the routes of both ledgers.
    fn ledger_payment_is_right(&self, shown: &Shown) {
        let id = shown.body["id"].as_i64().expect("an id");
        let payment = &self.book.vendor_payments[&id];
        shown.has(&[
            ("kind", json!("vendor")),
            ("vendor_id", json!(self.book.payee(payment))),
            ("vendor_order_id", json!(payment.order)),
            ("amount", rupees(payment.amount)),
            ("status", json!(payment.status)),
            ("payment_date", json!(payment.date)),
            ("batch_reference", json!(payment.batch)),
            ("po_id", Value::Null),
            ("client_id", Value::Null),
            ("version", json!(payment.version)),
        ]);
        assert_eq!(
            shown.body["reconciled_at"].is_null(),
            payment.status != "reconciled"
        );
    }

    /// The ids of these payments, the latest first.
    pub(super) fn latest<'b>(rows: impl Iterator<Item = (i64, &'b VendorPayment)>) -> Vec<i64> {
        let mut order: Vec<_> = rows.map(|(id, row)| Reverse((row.date, id))).collect();
        order.sort_unstable();
        order.into_iter().map(|Reverse((_, id))| id).collect()
    }

    pub(super) fn sum_of<'b>(
        rows: impl Iterator<Item = (i64, &'b VendorPayment)>,
        words: &[&str],
    ) -> (usize, i128) {
        let rows = rows.filter(|(_, row)| row.is(words));
        rows.fold((0, 0), |(count, sum), (_, row)| (count + 1, sum + row.amount))
    }

    pub(super) async fn vendor_payments(&self) {
        for (id, payment) in &self.book.vendor_payments {
            let shown = self.get(format!("/api/vendor-payments/{id}")).await;
            let allocated = self.book.allocated(Source::Vendor(*id));
            assert!(
                allocated <= payment.amount,
                "payment {id} is linked beyond what it is"
            );
            for part in ["/data", "/payment", "/data/payment"] {
                let part = shown.part(part);
                self.vendor_payment_is_right(&part);
                part.has(&[
                    ("allocated_amount", rupees(allocated)),
                    ("unallocated_amount", rupees(payment.amount - allocated)),
                ]);
                let links = self.book.links_with(Source::Vendor(*id)).map(|(id, _)| id);
                let mut links: Vec<i64> = links.collect();
                links.reverse();
                assert_eq!(part.ids("links"), links, "{}", part.path);
            }
            let shown = self.get(format!("/api/payments/{id}?kind=vendor")).await;
            self.ledger_payment_is_right(&shown.part("/data"));
        }
    }

    pub(super) async fn vendor_payment_lists(&self) {
        self.vendor_payment_list("", |_, _| true).await;
        for status in PAYMENT_STATUSES {
            self.vendor_payment_list(&format!("status={status}"), |_, row| row.status == status)
                .await;
        }
        for vendor in self.book.vendors.keys() {
            self.vendor_payment_list(&format!("vendor_id={vendor}"), |check, row| {
                check.book.payee(row) == Some(*vendor)
            })
            .await;
            self.vendor_payment_list(&format!("vendor_id={vendor}&status=cleared"), |check, row| {
                check.book.payee(row) == Some(*vendor) && row.status == "cleared"
            })
            .await;
        }
        for project in self.book.projects.keys() {
            let is_its = |check: &Check<'_>, row: &VendorPayment| {
                let order = row.order.and_then(|order| check.book.orders[&order].project);
                row.project == Some(*project) || order == Some(*project)
            };
            let all = self
                .vendor_payment_list(&format!("project_id={project}"), is_its)
                .await;
            let own = self.get(format!("/api/projects/{project}/vendor-payments")).await;
            assert_eq!(own.body["payments"], all.body["payments"], "{}", own.path);
            own.has(&[
                ("total_count", all.body["total_count"].clone()),
                ("total_paid", all.body["total_paid"].clone()),
            ]);
        }
        for order in self.book.orders.keys().take(3) {
            self.vendor_payment_list(&format!("vendor_order_id={order}"), |_, row| {
                row.order == Some(*order)
            })
            .await;
        }
        self.vendor_payment_list("min_amount=500.50&max_amount=90000", |_, row| {
            (50_050..=9_000_000).contains(&row.amount)
        })
        .await;
        let (from, to) = (day(2025, 11, 15), day(2026, 2, 1));
        self.vendor_payment_list(
            &format!("payment_date_from={from}&payment_date_to={to}"),
            |_, row| row.date >= from && row.date <= to,
        )
        .await;
    }

    async fn vendor_payment_list(
        &self,
        filter: &str,
        is_meant: impl Fn(&Self, &VendorPayment) -> bool,
    ) -> Shown {
        let rows = self.book.vendor_payments.iter().map(|(id, row)| (*id, row));
        let rows = rows.filter(|(_, row)| is_meant(self, row));
        let ids = Self::latest(rows.clone());
        let shown = self
            .get(format!("/api/vendor-payments?limit=1000&{filter}"))
            .await;
        for part in ["", "/data"] {
            let part = shown.part(part);
            for name in ["payments", "vendor_payments"] {
                assert_eq!(part.ids(name), ids, "{}", part.path);
            }
            part.has(&[
                ("payment_count", json!(ids.len())),
                ("total_count", json!(ids.len())),
                ("total_paid", rupees(Self::sum_of(rows.clone(), &PAID).1)),
            ]);
        }
        for entry in shown.list("payments") {
            self.vendor_payment_is_right(&entry);
        }
        if !filter.contains("vendor_order_id") {
            let shown = self
                .get(format!("/api/payments?kind=vendor&limit=1000&{filter}"))
                .await;
            assert_eq!(shown.ids("payments"), ids, "{}", shown.path);
            for entry in shown.list("payments") {
                self.ledger_payment_is_right(&entry);
            }
            shown.has(&[("total_count", json!(ids.len()))]);
        }
        shown
    }

    /// The payments of each order.
    pub(super) async fn payments_of_orders(&self) {
        for (id, order) in &self.book.orders {
            let shown = self.get(format!("/api/vendor-orders/{id}/payments")).await;
            let rows = || self.book.own_payments(*id);
            let ids = Self::latest(rows());
            let (value, paid) = (order.value(), self.book.paid_out(*id));
            for part in ["", "/data"] {
                let part = shown.part(part);
                assert_eq!(part.ids("payments"), ids, "{}", part.path);
                part.has(&[
                    ("payment_count", json!(ids.len())),
                    ("vendor_order_id", json!(id)),
                ]);
                let groups: [(&str, &[&str]); 5] = [
                    ("cleared", &PAID),
                    ("pending", &OPEN),
                    ("bounced", &["bounced"]),
                    ("failed", &["failed"]),
                    ("cancelled", &["cancelled"]),
                ];
                for (name, words) in groups {
                    let (count, sum) = Self::sum_of(rows(), words);
                    part.part("/summary").has(&[
                        (&*format!("{name}_count"), json!(count)),
                        (&*format!("total_{name}"), rupees(sum)),
                    ]);
                }
                part.part("/summary").has(&[
                    ("total_paid", rupees(paid)),
                    ("po_value", rupees(value)),
                    ("pending_amount", rupees((value - paid).max(0))),
                ]);
            }
            for entry in shown.list("payments") {
                self.vendor_payment_is_right(&entry);
            }
        }
    }

    /// What vendors got, all of them and each.
    pub(super) async fn paid_by_vendor(&self) {
        self.paid_by("", |_, _| true).await;
        let (from, to) = (day(2025, 12, 1), day(2026, 1, 31));
        self.paid_by(&format!("start_date={from}&end_date={to}"), |_, row| {
            row.date >= from && row.date <= to
        })
        .await;
        for vendor in self.book.vendors.keys().take(2) {
            self.paid_by(&format!("vendor_id={vendor}"), |check, row| {
                check.book.payee(row) == Some(*vendor)
            })
            .await;
        }
    }

    async fn paid_by(&self, filter: &str, is_meant: impl Fn(&Self, &VendorPayment) -> bool) {
        const FAILED: [&str; 2] = ["failed", "bounced"];
        let rows = || {
            let rows = self.book.vendor_payments.iter().map(|(id, row)| (*id, row));
            rows.filter(|(_, row)| is_meant(self, row) && row.status != "cancelled")
        };
        let (paid_count, paid) = Self::sum_of(rows(), &PAID);
        let (open_count, open) = Self::sum_of(rows(), &OPEN);
        let (failed_count, failed) = Self::sum_of(rows(), &FAILED);
        let average = if paid_count == 0 {
            0
        } else {
            rounded(paid, i128::try_from(paid_count).expect("few"))
        };
        let shown = self
            .get(format!("/api/payments/summary/by-vendor?{filter}"))
            .await;
        let mut vendors: Vec<(Reverse<i128>, i64)> = Vec::new();
        for vendor in self.book.vendors.keys() {
            let own = || rows().filter(|(_, row)| self.book.payee(row) == Some(*vendor));
            if own().next().is_some() {
                vendors.push((Reverse(Self::sum_of(own(), &PAID).1), *vendor));
            }
        }
        vendors.sort_unstable();
        for part in ["", "/data"] {
            let part = shown.part(part);
            part.has(&[
                ("total_amount", rupees(paid + open + failed)),
                ("total_pending", rupees(open)),
                ("total_completed", rupees(paid)),
                ("total_failed", rupees(failed)),
                ("pending_count", json!(open_count)),
                ("completed_count", json!(paid_count)),
                ("failed_count", json!(failed_count)),
                ("average_payment_amount", rupees(average)),
            ]);
            let entries = part.list("vendors");
            assert_eq!(entries.len(), vendors.len(), "{}", part.path);
            for (entry, (Reverse(paid), vendor)) in entries.iter().zip(&vendors) {
                let own = || rows().filter(|(_, row)| self.book.payee(row) == Some(*vendor));
                let (_, open) = Self::sum_of(own(), &OPEN);
                entry.has(&[
                    ("vendor_id", json!(vendor)),
                    ("total_paid", rupees(*paid)),
                    ("pending_payment", rupees(open)),
                    ("payment_completion_percent", percent(*paid, *paid + open)),
                    ("payment_count", json!(own().count())),
                ]);
            }
        }
    }

    /// What is owed to vendors for how long.
    pub(super) async fn vendor_aging(&self) {
        for as_of in [self.today, day(2026, 1, 10)] {
            let mut rows = Vec::new();
            for (id, order) in &self.book.orders {
                let due = order.due.or(order.date).expect("one of the two dates");
                let dated = order.date.unwrap_or(self.today);
                let owed = order.value() - self.book.paid_out(*id);
                if order.is_live() && owed > 0 && dated <= as_of {
                    rows.push((Reverse((as_of - due).num_days().max(0)), *id, owed));
                }
            }
            rows.sort_unstable();
            let path = format!("/api/payments/reports/aging?kind=vendor&as_of={as_of}");
            let shown = self.get(path).await.part("/data");
            shown.has(&[(
                "total_outstanding",
                rupees(rows.iter().map(|(_, _, owed)| owed).sum()),
            )]);
            let entries = shown.list("rows");
            assert_eq!(entries.len(), rows.len(), "{}", shown.path);
            for (entry, (Reverse(age), id, owed)) in entries.iter().zip(&rows) {
                entry.has(&[
                    ("vendor_order_id", json!(id)),
                    ("vendor_id", json!(self.book.orders[id].vendor)),
                    ("age_days", json!(age)),
                    ("outstanding_amount", rupees(*owed)),
                ]);
            }
        }
    }
}
