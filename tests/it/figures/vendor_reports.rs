//! What the routes show, held against the model: how vendors are paid.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days};
use serde_json::{Value, json};

use super::{
    checks::Check,
    numbers::{decimal, rounded, rupees},
    payments::{OPEN, PAID},
    profits::percent,
};
use crate::support::money;

fn counted(rows: usize) -> i128 {
    i128::try_from(rows).expect("few")
}

/// `sum ÷ count` to the paisa; 0 of nothing.
fn average_of(sum: i128, count: usize) -> Value {
    rupees(if count == 0 {
        0
    } else {
        rounded(sum, counted(count))
    })
}

impl Check<'_> {
    /// What was paid of what was ordered, in percent, at most all.
    fn completion(&self, vendor: i64) -> Value {
        let (ordered, paid) = (
            self.book.order_value_of_vendor(vendor),
            self.book.paid_to_vendor(vendor),
        );
        percent(paid.min(ordered), ordered)
    }

    /// Days from the order to the payment, to one place.
    fn average_days(&self, vendor: i64) -> Value {
        let paid = self
            .book
            .payments_of_vendor(vendor)
            .filter(|(_, row)| row.is(&PAID));
        let days: Vec<i64> = paid
            .filter_map(|(_, row)| {
                let ordered = self.book.orders[&row.order?].date?;
                Some((row.date - ordered).num_days())
            })
            .collect();
        if days.is_empty() {
            return json!(0);
        }
        let tenths = i128::from(days.iter().sum::<i64>()) * 10;
        money(&decimal(rounded(tenths, counted(days.len())), 1))
    }

    pub(super) async fn vendor_payment_summary(&self, id: i64) {
        let shown = self
            .get(format!("/api/vendors/{id}/payment-summary"))
            .await
            .part("/data");
        let payable = self.book.order_value_of_vendor(id) - self.book.paid_to_vendor(id);
        let paid = self.book.payments_of_vendor(id).filter(|(_, row)| row.is(&PAID));
        let last = Self::latest(paid).first().copied();
        let last = last.map(|id| {
            let row = &self.book.vendor_payments[&id];
            json!({"id": id, "date": row.date, "amount": rupees(row.amount), "status": row.status})
        });
        shown.has(&self.vendor_sums(id));
        shown.has(&[
            ("vendor_id", json!(id)),
            ("vendor_name", json!(self.book.vendors[&id].name)),
            ("payable_amount", rupees(payable.max(0))),
            ("payment_completion_percent", self.completion(id)),
            ("average_payment_days", self.average_days(id)),
            ("last_payment", json!(last)),
        ]);
        let mut due: Vec<_> = self
            .book
            .orders
            .iter()
            .filter_map(|(order, row)| {
                let owed = row.value() - self.book.paid_out(*order);
                let day = row.due.filter(|due| *due <= self.today + Days::new(30))?;
                (row.is_live() && row.vendor == Some(id) && owed > 0).then_some((day, *order, owed))
            })
            .collect();
        due.sort_unstable();
        due.truncate(50);
        let entries = shown.list("upcoming_due");
        assert_eq!(entries.len(), due.len(), "{}", shown.path);
        for (entry, (day, order, owed)) in entries.iter().zip(due) {
            entry.has(&[
                ("vendor_order_id", json!(order)),
                ("po_number", json!(self.book.orders[&order].number)),
                ("amount", rupees(owed)),
                ("due_date", json!(day)),
                ("is_overdue", json!(day < self.today)),
            ]);
        }
    }

    pub(super) async fn vendor_payment_stats(&self, id: i64) {
        let shown = self
            .get(format!("/api/vendors/{id}/payment-stats"))
            .await
            .part("/data");
        let rows = || self.book.payments_of_vendor(id);
        let (paid_count, paid) = Self::sum_of(rows(), &PAID);
        let days: BTreeSet<_> = rows().map(|(_, row)| row.date).collect();
        let groups: [(&str, &[&str]); 5] = [
            ("completed", &PAID),
            ("pending", &OPEN),
            ("bounced", &["bounced"]),
            ("failed", &["failed"]),
            ("cancelled", &["cancelled"]),
        ];
        for (name, words) in groups {
            let (count, sum) = Self::sum_of(rows(), words);
            shown.has(&[
                (&*format!("{name}_count"), json!(count)),
                (&*format!("total_{name}"), rupees(sum)),
            ]);
        }
        shown.has(&[
            ("vendor_id", json!(id)),
            ("payment_count", json!(rows().count())),
            ("total_amount", rupees(rows().map(|(_, row)| row.amount).sum())),
            ("total_paid", rupees(self.book.paid_to_vendor(id))),
            ("cleared_count", json!(paid_count)),
            ("average_payment_amount", average_of(paid, paid_count)),
            ("average_payment_days", self.average_days(id)),
            ("first_payment_date", json!(days.first())),
            ("last_payment_date", json!(days.last())),
            ("payment_completion_percent", self.completion(id)),
        ]);
        let mut months: BTreeMap<String, (usize, i128)> = BTreeMap::new();
        for (_, row) in rows().filter(|(_, row)| row.is(&PAID)) {
            let month = format!("{}-{:02}", row.date.year(), row.date.month());
            let (count, sum) = months.entry(month).or_default();
            *count += 1;
            *sum += row.amount;
        }
        let skipped = months.len().saturating_sub(12);
        let months: Vec<Value> = months
            .iter()
            .skip(skipped)
            .map(|(month, (count, sum))| json!({"month": month, "total_paid": rupees(*sum), "payment_count": count}))
            .collect();
        assert_eq!(shown.body["by_month"], json!(months), "{}", shown.path);
    }

    /// How well a vendor is paid, in a word.
    fn health(&self, vendor: i64) -> &'static str {
        let overdue = |days: u64| {
            let before = self.today - Days::new(days);
            self.book
                .orders_of_vendor(vendor)
                .any(|(id, _)| self.book.is_overdue(id, before))
        };
        let since = self.today - Days::new(90);
        let has_bounced = self
            .book
            .payments_of_vendor(vendor)
            .any(|(_, row)| row.is(&["bounced"]) && row.date >= since);
        let (ordered, paid) = (
            self.book.order_value_of_vendor(vendor),
            self.book.paid_to_vendor(vendor),
        );
        // At least 90 percent as it is shown, with two places.
        let is_nearly_paid = ordered > 0 && rounded(paid * 10_000, ordered) >= 9_000;
        if overdue(30) || has_bounced {
            "POOR"
        } else if overdue(0) {
            "FAIR"
        } else if paid >= ordered || is_nearly_paid {
            "EXCELLENT"
        } else {
            "GOOD"
        }
    }

    pub(super) async fn vendor_details(&self, id: i64) {
        let shown = self.get(format!("/api/vendors/{id}/details")).await.part("/data");
        self.vendor_is_right(&shown.part("/vendor"), id);
        let ordered = self.book.order_value_of_vendor(id);
        let payable = ordered - self.book.paid_to_vendor(id);
        shown.has(&self.vendor_sums(id));
        shown.has(&[
            ("total_orders", json!(self.book.orders_of_vendor(id).count())),
            (
                "avg_order_value",
                average_of(ordered, self.live_orders_of(id).len()),
            ),
            ("pending_payment", rupees(payable.max(0))),
            ("active_orders", json!(self.active_orders_of(id))),
            ("payment_health", json!(self.health(id))),
        ]);
        let mut orders: Vec<i64> = self.book.orders_of_vendor(id).map(|(order, _)| order).collect();
        orders.reverse();
        orders.truncate(10);
        assert_eq!(shown.ids("recent_orders"), orders, "{}", shown.path);
        for entry in shown.list("recent_orders") {
            let order = entry.body["id"].as_i64().expect("an id");
            self.order_is_right(&entry, order);
            entry.has(&[("vendor_value", rupees(self.book.orders[&order].share(id)))]);
        }
        let mut payments = Self::latest(self.book.payments_of_vendor(id));
        payments.truncate(10);
        assert_eq!(shown.ids("recent_payments"), payments, "{}", shown.path);
        for entry in shown.list("recent_payments") {
            self.vendor_payment_is_right(&entry);
        }
    }
}
