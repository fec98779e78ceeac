//! What the routes show, held against the model: vendors and what was ordered of them and paid to them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    checks::{Check, Shown},
    numbers::{paise, rupees},
    vendors::{VENDOR_STATUSES, Vendor, VendorOrder, WORK_STATUSES},
};

impl Check<'_> {
    pub(super) fn vendor_is_right(&self, shown: &Shown, id: i64) {
        let vendor = &self.book.vendors[&id];
        shown.has(&[
            ("id", json!(id)),
            ("vendor_id", json!(id)),
            ("name", json!(vendor.name)),
            ("vendor_name", json!(vendor.name)),
            ("gstin", json!(vendor.gstin)),
            ("gst_number", json!(vendor.gstin)),
            ("status", json!(vendor.status)),
            ("version", json!(vendor.version)),
        ]);
    }

    pub(super) async fn vendors(&self) {
        for id in self.book.vendors.keys() {
            self.vendor(*id).await;
            self.orders_of_vendor(*id).await;
            self.payments_of_vendor(*id).await;
            self.vendor_payment_summary(*id).await;
            self.vendor_payment_stats(*id).await;
            self.vendor_details(*id).await;
        }
        self.shares_add_up().await;
    }

    pub(super) async fn vendor_lists(&self) {
        self.vendor_list("", |_| true).await;
        for status in VENDOR_STATUSES {
            let filter = format!("status={}", status.to_uppercase());
            self.vendor_list(&filter, |vendor| vendor.status == status).await;
        }
        for filter in ["name", "search"] {
            self.vendor_list(&format!("{filter}=DOR-1"), |vendor| vendor.name.contains("dor-1"))
                .await;
        }
        for gstin in self
            .book
            .vendors
            .values()
            .filter_map(|vendor| vendor.gstin.as_ref())
        {
            self.vendor_list(&format!("gstin={}", gstin.to_lowercase()), |vendor| {
                vendor.gstin.as_ref() == Some(gstin)
            })
            .await;
        }
    }

    async fn vendor_list(&self, filter: &str, is_meant: impl Fn(&Vendor) -> bool) {
        let vendors = self.book.vendors.iter().filter(|(_, vendor)| is_meant(vendor));
        let mut ids: Vec<(&String, i64)> = vendors.map(|(id, vendor)| (&vendor.name, *id)).collect();
        ids.sort_unstable();
        let ids: Vec<i64> = ids.into_iter().map(|(_, id)| id).collect();
        let shown = self.get(format!("/api/vendors?{filter}")).await;
        for part in ["", "/data"] {
            let part = shown.part(part);
            assert_eq!(part.ids("vendors"), ids, "{}", part.path);
            part.has(&[
                ("vendor_count", json!(ids.len())),
                ("total_count", json!(ids.len())),
            ]);
        }
        for (entry, id) in shown.list("vendors").iter().zip(&ids) {
            self.vendor_is_right(entry, *id);
        }
    }

    pub(super) fn live_orders_of(&self, vendor: i64) -> Vec<(i64, &VendorOrder)> {
        let orders = self.book.orders_of_vendor(vendor);
        orders.filter(|(_, order)| order.is_live()).collect()
    }

    pub(super) fn active_orders_of(&self, vendor: i64) -> usize {
        let live = self.live_orders_of(vendor);
        live.iter()
            .filter(|(_, order)| order.standing.work != "completed")
            .count()
    }

    pub(super) fn vendor_sums(&self, id: i64) -> Vec<(&'static str, Value)> {
        let (ordered, paid) = (self.book.order_value_of_vendor(id), self.book.paid_to_vendor(id));
        vec![
            ("total_order_value", rupees(ordered)),
            ("total_paid", rupees(paid)),
            ("total_payable", rupees(ordered - paid)),
        ]
    }

    async fn vendor(&self, id: i64) {
        let shown = self.get(format!("/api/vendors/{id}")).await;
        let balance = self.book.order_value_of_vendor(id) - self.book.paid_to_vendor(id);
        for part in ["/data", "/vendor"] {
            let part = shown.part(part);
            self.vendor_is_right(&part, id);
            part.has(&self.vendor_sums(id));
            part.has(&[
                ("total_orders", json!(self.book.orders_of_vendor(id).count())),
                ("active_orders", json!(self.active_orders_of(id))),
                ("balance", rupees(balance)),
            ]);
        }
    }

    async fn orders_of_vendor(&self, id: i64) {
        self.shared_orders(id, "", |_| true).await;
        for work in WORK_STATUSES {
            self.shared_orders(id, &format!("work_status={work}"), |order| {
                order.standing.work == work
            })
            .await;
        }
        self.shared_orders(id, "status=approved", |order| order.standing.status == "approved")
            .await;
        for project in self.book.projects.keys().take(2) {
            self.shared_orders(id, &format!("project_id={project}"), |order| {
                order.project == Some(*project)
            })
            .await;
        }
    }

    async fn shared_orders(&self, vendor: i64, filter: &str, is_meant: impl Fn(&VendorOrder) -> bool) {
        let orders = self
            .book
            .orders_of_vendor(vendor)
            .filter(|(_, order)| is_meant(order));
        let mut orders: Vec<(i64, &VendorOrder)> = orders.collect();
        orders.reverse();
        let ids: Vec<i64> = orders.iter().map(|(id, _)| *id).collect();
        let live = orders.iter().filter(|(_, order)| order.is_live());
        let whole: i128 = live.map(|(_, order)| order.share(vendor)).sum();
        let shown = self.get(format!("/api/vendors/{vendor}/orders?{filter}")).await;
        assert_eq!(shown.ids("vendor_orders"), ids, "{}", shown.path);
        let data = shown.part("/data");
        for name in ["vendor_orders", "data", "orders"] {
            assert_eq!(data.ids(name), ids, "{}", data.path);
        }
        shown.has(&[
            ("vendor_order_count", json!(ids.len())),
            ("total_count", json!(ids.len())),
        ]);
        data.has(&[("total_count", json!(ids.len())), ("total_value", rupees(whole))]);
        for (entry, (id, order)) in shown.list("vendor_orders").iter().zip(&orders) {
            self.order_is_right(entry, *id);
            entry.has(&[("vendor_value", rupees(order.share(vendor)))]);
        }
    }

    async fn payments_of_vendor(&self, id: i64) {
        for filter in ["", "cleared", "pending"] {
            let rows = self.book.payments_of_vendor(id);
            let ids = Self::latest(rows.filter(|(_, row)| filter.is_empty() || row.status == filter));
            let shown = self
                .get(format!("/api/vendors/{id}/payments?status={filter}"))
                .await;
            assert_eq!(shown.ids("payments"), ids, "{}", shown.path);
            assert_eq!(shown.part("/data").ids("data"), ids, "{}", shown.path);
            shown.has(&[
                ("payment_count", json!(ids.len())),
                ("total_count", json!(ids.len())),
            ]);
            for entry in shown.list("payments") {
                self.vendor_payment_is_right(&entry);
            }
        }
    }

    /// What all vendors have of an order and what is nobody's come to what it is worth.
    async fn shares_add_up(&self) {
        let mut parts: BTreeMap<i64, i128> = BTreeMap::new();
        for vendor in self.book.vendors.keys() {
            let shown = self.get(format!("/api/vendors/{vendor}/orders")).await;
            for entry in shown.list("vendor_orders") {
                let order = entry.body["id"].as_i64().expect("an id");
                *parts.entry(order).or_default() += paise(&entry.body["vendor_value"]);
            }
        }
        for (id, order) in &self.book.orders {
            let shared = parts.get(id).copied().unwrap_or(0);
            assert_eq!(
                shared + order.unassigned(),
                order.value(),
                "the shares of vendor order {id}"
            );
        }
    }
}
