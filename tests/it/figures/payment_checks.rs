//! What the routes show, held against the model: lists of payments, and what is owed for how long.

use chrono::NaiveDate;
use serde_json::json;

use super::{
    checks::Check,
    numbers::{day, rupees},
    payments::{PAYMENT_STATUSES, Payment},
};

impl Check<'_> {
    pub(super) async fn payment_lists(&self) {
        self.payment_list("/api/payments?limit=1000", |_| true).await;
        for status in PAYMENT_STATUSES {
            self.payment_list(&format!("/api/payments?limit=1000&status={status}"), |row| {
                row.status == status
            })
            .await;
        }
        self.payment_list(
            "/api/payments?limit=1000&status=cleared,bounced&client_id=1",
            |row| ["cleared", "bounced"].contains(&row.status.as_str()) && self.book.pos[&row.po].client == 1,
        )
        .await;
        for client in self.book.clients.keys() {
            self.payment_list(&format!("/api/payments?limit=1000&client_id={client}"), |row| {
                self.book.pos[&row.po].client == *client
            })
            .await;
        }
        for project in self.book.projects.keys() {
            self.payment_list(&format!("/api/payments?limit=1000&project_id={project}"), |row| {
                self.book.pos[&row.po].project() == Some(*project)
            })
            .await;
            self.payment_list(
                &format!("/api/payments?limit=1000&project_id={project}&status=pending,completed"),
                |row| {
                    self.book.pos[&row.po].project() == Some(*project)
                        && ["pending", "completed"].contains(&row.status.as_str())
                },
            )
            .await;
        }
        self.payment_list(
            "/api/payments?limit=1000&transaction_type=debit&min_amount=500.50",
            |row| row.is_debit && row.amount >= 50_050,
        )
        .await;
        self.payment_list("/api/payments/pending?limit=1000", |row| {
            ["pending", "processing"].contains(&row.status.as_str())
        })
        .await;
        self.payment_list("/api/payments/reconciliation?limit=1000", |row| {
            ["cleared", "completed"].contains(&row.status.as_str())
        })
        .await;
        let (from, to) = (day(2025, 11, 15), day(2026, 2, 1));
        self.payment_list(
            &format!("/api/payments/reports/by-date?from={from}&to={to}&limit=1000"),
            |row| row.date >= from && row.date <= to,
        )
        .await;
    }

    async fn payment_list(&self, path: &str, is_meant: impl Fn(&Payment) -> bool) {
        let rows = self.book.payments.iter().filter(|(_, row)| is_meant(row));
        let mut order: Vec<_> = rows.map(|(id, row)| (row.date, *id)).collect();
        order.sort_unstable();
        let ids: Vec<i64> = order.into_iter().rev().map(|(_, id)| id).collect();
        let shown = self.get(path).await;
        assert_eq!(shown.ids("payments"), ids, "{path}");
        for entry in shown.list("payments") {
            self.payment_is_right(&entry);
        }
        shown.has(&[
            ("payment_count", json!(ids.len())),
            ("total_count", json!(ids.len())),
            ("total", json!(ids.len())),
        ]);
    }

    pub(super) async fn aging(&self) {
        // On the very days of payments and POs, too.
        for (_, payment) in self.book.payments.iter().take(2) {
            self.aging_of(payment.date, None).await;
        }
        for po in self.book.pos.values().take(2) {
            self.aging_of(po.due(), None).await;
        }
        self.aging_of(day(2026, 6, 30), None).await;
        for client in self.book.clients.keys() {
            self.aging_of(day(2026, 3, 1), Some(*client)).await;
        }
    }

    async fn aging_of(&self, as_of: NaiveDate, client: Option<i64>) {
        let mut rows = Vec::new();
        for (id, po) in &self.book.pos {
            let due = po.due();
            if !po.is_live() || client.is_some_and(|client| po.client != client) || due > as_of {
                continue;
            }
            let payments = self.book.payments_of(*id).map(|(_, row)| row);
            let paid = payments.filter(|row| row.is_paid() && row.date <= as_of);
            let owed = po.value() - paid.map(Payment::signed).sum::<i128>();
            if owed > 0 {
                rows.push((-(as_of - due).num_days(), *id, owed));
            }
        }
        rows.sort_unstable();
        let filter = client.map_or_else(String::new, |client| format!("&client_id={client}"));
        let path = format!("/api/payments/reports/aging?as_of={as_of}{filter}");
        let shown = self.get(path).await.part("/data");
        shown.has(&[(
            "total_outstanding",
            rupees(rows.iter().map(|(_, _, owed)| owed).sum()),
        )]);
        let limits = [
            ("0-30", 0, 30),
            ("31-60", 31, 60),
            ("61-90", 61, 90),
            ("90+", 91, i64::MAX),
        ];
        for (bucket, (label, from, to)) in shown.list("buckets").iter().zip(limits) {
            let within: Vec<i128> = rows
                .iter()
                .filter(|(age, ..)| (from..=to).contains(&-age))
                .map(|(_, _, owed)| *owed)
                .collect();
            bucket.has(&[
                ("label", json!(label)),
                ("count", json!(within.len())),
                ("amount", rupees(within.iter().sum())),
            ]);
        }
        let entries = shown.list("rows");
        assert_eq!(entries.len(), rows.len(), "{}", shown.path);
        for (entry, (age, id, owed)) in entries.iter().zip(&rows) {
            entry.has(&[
                ("po_id", json!(id)),
                ("age_days", json!(-age)),
                ("outstanding_amount", rupees(*owed)),
            ]);
        }
    }
}
