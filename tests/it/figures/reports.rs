//! What the routes show, held against the model: projects, clients, bundles and profit.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    checks::{Check, average},
    model::PO_STATUSES,
    numbers::{fine, rupees},
    payments::{PAID, payment_status},
    profits::percent,
    vendors::VendorOrder,
};

impl Check<'_> {
    pub(super) async fn projects(&self) {
        for project in self.book.projects.keys() {
            self.pos_of_project(*project).await;
            self.lines_of_project(*project).await;
            self.summary(*project).await;
            self.agreements_of(*project).await;
        }
    }

    async fn pos_of_project(&self, project: i64) {
        for status in [None].into_iter().chain(PO_STATUSES.map(Some)) {
            let mut ids = self.book.pos_of(project);
            ids.retain(|id| status.is_none_or(|status| self.book.pos[id].status == status));
            let filter = status.map_or_else(String::new, |status| format!("?status={status}"));
            let shown = self.get(format!("/api/projects/{project}/po{filter}")).await;
            assert_eq!(shown.ids("pos"), ids, "{}", shown.path);
            for (entry, id) in shown.list("pos").iter().zip(&ids) {
                self.po_with_lines_is_right(entry, *id);
            }
            let sums = self.book.sums(&ids);
            shown.has(&[
                ("total_po_count", json!(sums.count)),
                ("total_count", json!(sums.count)),
                ("total_project_value", rupees(sums.value)),
                ("total_paid", rupees(sums.paid)),
                ("total_receivable", rupees(sums.value - sums.paid)),
            ]);
        }
    }

    async fn lines_of_project(&self, project: i64) {
        let shown = self.get(format!("/api/projects/{project}/line-items")).await;
        let mut pos = self.book.pos_of(project);
        pos.sort_unstable();
        let pos = pos.iter().map(|id| &self.book.pos[id]);
        let ids: Vec<i64> = pos.clone().flat_map(|po| po.lines.keys().copied()).collect();
        assert_eq!(shown.ids("line_items"), ids, "{}", shown.path);
        let live = pos.filter(|po| po.is_live()).flat_map(|po| po.lines.values());
        let quantity: i128 = live.clone().map(|line| line.quantity).sum();
        let total: i128 = live.map(|line| line.total).sum();
        shown.has(&[
            ("line_item_count", json!(ids.len())),
            ("total_count", json!(ids.len())),
            ("total_quantity", fine(quantity)),
            ("total_value", rupees(total)),
            ("average_unit_price", average(total, quantity)),
        ]);
    }

    async fn summary(&self, project: i64) {
        let ids = self.book.pos_of(project);
        let (open, numbered): (Vec<i64>, Vec<i64>) =
            ids.iter().partition(|id| self.book.pos[id].is_open_agreement());
        let (all, open_sums, numbered_sums) = (
            self.book.sums(&ids),
            self.book.sums(&open),
            self.book.sums(&numbered),
        );
        let live: Vec<i64> = ids
            .iter()
            .copied()
            .filter(|id| self.book.pos[id].is_live())
            .collect();
        let mut clients: Vec<i64> = live.iter().map(|id| self.book.pos[id].client).collect();
        clients.sort_unstable();
        clients.dedup();
        let is_active = |id: &&i64| self.book.pos[id].status == "active";
        let payments = |words: &[&str]| {
            let rows = live.iter().flat_map(|id| self.book.payments_of(*id));
            rows.filter(|(_, row)| words.contains(&row.status.as_str()))
                .count()
        };
        let books = self.book.project_books(project);
        let orders = self.book.orders_of_project(project).map(|(_, order)| order);
        let mut vendors: Vec<i64> = orders
            .filter(|order| order.is_live())
            .filter_map(|order| order.vendor)
            .collect();
        vendors.sort_unstable();
        vendors.dedup();
        let figures = [
            ("total_billing_value", rupees(books.billed_total())),
            ("final_revenue", rupees(books.billed)),
            ("total_vendor_order_value", rupees(books.cost)),
            ("total_vendor_paid", rupees(books.paid)),
            ("paid_on_cancelled", rupees(books.kept)),
            ("vendor_count", json!(vendors.len())),
            ("total_po_value", rupees(numbered_sums.value)),
            ("total_agreement_value", rupees(open_sums.value)),
            ("total_project_value", rupees(all.value)),
            ("verbal_agreements", json!(open_sums.live)),
            ("total_collected", rupees(all.paid)),
            ("total_tds", rupees(all.tds)),
            ("outstanding_amount", rupees(all.value - all.paid)),
            ("kept_on_cancelled", rupees(all.kept)),
            ("revenue", rupees(all.net)),
            ("net_profit", rupees(books.profit())),
            ("profit_margin_percentage", percent(books.profit(), all.net)),
            ("active_orders", json!(numbered.iter().filter(is_active).count())),
            ("client_count", json!(clients.len())),
            ("cleared_payments", json!(payments(&PAID))),
            ("pending_payments", json!(payments(&["pending", "processing"]))),
            ("bounced_payments", json!(payments(&["bounced", "failed"]))),
        ];
        let shown = self
            .get(format!("/api/projects/{project}/financial-summary"))
            .await;
        shown.part("/financial_summary").has(&figures);
        let flat = shown.part("/data");
        flat.has(&figures);
        flat.has(&[
            ("total_payments", rupees(all.paid)),
            ("profit_loss", rupees(books.profit())),
            ("remaining_payable", rupees(books.cost - books.paid)),
        ]);
        let orders = shown.part("/purchase_orders");
        orders.has(&[
            ("count", json!(numbered_sums.live)),
            ("total_value", rupees(numbered_sums.value)),
        ]);
        assert_eq!(orders.ids("orders"), numbered, "{}", orders.path);
        for (entry, id) in orders.list("orders").iter().zip(&numbered) {
            self.po_with_lines_is_right(entry, *id);
        }
        let agreements = shown.part("/verbal_agreements");
        agreements.has(&[
            ("count", json!(open_sums.live)),
            ("total_value", rupees(open_sums.value)),
        ]);
        for entry in agreements.list("agreements") {
            let id = entry.body["id"].as_i64().expect("an id");
            entry.has(&[("value", rupees(self.book.pos[&id].value()))]);
        }
    }

    pub(super) async fn clients(&self) {
        for (id, client) in &self.book.clients {
            let sums = self.book.sums(&self.pos_where(|po| po.client == *id));
            let projects = self.book.projects.values();
            let projects = projects.filter(|project| project.client == Some(*id)).count();
            self.get(format!("/api/clients/{id}"))
                .await
                .part("/client")
                .has(&[
                    ("name", json!(client.name)),
                    ("bundle_by_store", json!(client.bundles)),
                    ("project_count", json!(projects)),
                    ("po_count", json!(sums.live)),
                    ("total_po_value", rupees(sums.value)),
                    ("total_paid", rupees(sums.paid)),
                    ("outstanding_amount", rupees(sums.value - sums.paid)),
                ]);
        }
    }

    pub(super) async fn bundles(&self) {
        self.bundles_of(None, None).await;
        for status in PO_STATUSES {
            self.bundles_of(None, Some(status)).await;
        }
        for client in self.book.clients.keys() {
            self.bundles_of(Some(*client), None).await;
        }
        self.bundles_of(Some(2), Some("pending")).await;
    }

    async fn bundles_of(&self, client: Option<i64>, status: Option<&str>) {
        // A bundle is a client's store, or a PO by itself; newest first, as ids are.
        let mut bundles: BTreeMap<(i64, Option<&str>, i64), Vec<i64>> = BTreeMap::new();
        let mut all = Vec::new();
        for (id, po) in self.book.pos.iter().rev() {
            if client.is_some_and(|client| po.client != client)
                || status.is_some_and(|word| po.status != word)
            {
                continue;
            }
            all.push(*id);
            let store = po.store.as_deref();
            let is_shared = self.book.clients[&po.client].bundles && store.is_some();
            let key = (po.client, store, if is_shared { 0 } else { *id });
            bundles.entry(key).or_default().push(*id);
        }
        let mut bundles: Vec<Vec<i64>> = bundles.into_values().collect();
        let head = |bundle: &[i64]| {
            let id = bundle[0];
            let po = &self.book.pos[&id];
            (po.client, std::cmp::Reverse((po.store.clone(), id)))
        };
        bundles.sort_by_key(|bundle| head(bundle));

        let whose = client.map_or_else(String::new, |client| format!("client_id={client}&"));
        let how = status.map_or_else(String::new, |status| format!("status={status}"));
        let path = format!("/api/po/aggregated/by-store?{whose}{how}");
        let shown = self.get(path).await.part("/data");
        let sums = self.book.sums(&all);
        let shared = bundles.iter().filter(|bundle| bundle.len() > 1).count();
        shown.has(&[
            ("bundle_count", json!(bundles.len())),
            ("total_count", json!(bundles.len())),
            ("bundled_groups", json!(shared)),
            ("single_po_groups", json!(bundles.len() - shared)),
            ("total_po_value", rupees(sums.value)),
            ("total_paid", rupees(sums.paid)),
            ("total_receivable", rupees(sums.value - sums.paid)),
            ("total_line_items", json!(sums.lines)),
        ]);
        let entries = shown.list("bundles");
        let expected: Vec<Value> = bundles.iter().map(|bundle| json!(bundle)).collect();
        let found: Vec<Value> = entries.iter().map(|entry| entry.body["po_ids"].clone()).collect();
        assert_eq!(found, expected, "{}", shown.path);
        for (entry, bundle) in entries.iter().zip(&bundles) {
            let sums = self.book.sums(bundle);
            let members: Vec<_> = bundle.iter().map(|id| &self.book.pos[id]).collect();
            let is_common = members.iter().all(|po| po.status == members[0].status);
            entry.has(&[
                ("id", json!(bundle[0])),
                ("bundle_id", json!(bundle[0])),
                ("is_bundled", json!(bundle.len() > 1)),
                ("project_id", json!(members.iter().find_map(|po| po.project()))),
                (
                    "status",
                    json!(if is_common { &members[0].status } else { "active" }),
                ),
                ("po_value", rupees(sums.value)),
                ("total_po_value", rupees(sums.value)),
                ("total_paid", rupees(sums.paid)),
                ("receivable_amount", rupees(sums.value - sums.paid)),
                ("total_receivable", rupees(sums.value - sums.paid)),
                ("payment_status", json!(payment_status(sums.paid, sums.value))),
                (
                    "line_count",
                    json!(members.iter().map(|po| po.lines.len()).sum::<usize>()),
                ),
            ]);
            assert_eq!(entry.ids("po_details"), *bundle, "{}", entry.path);
        }
    }

    pub(super) async fn profit(&self) {
        let middle = NaiveDate::from_ymd_opt(2025, 12, 31).expect("a day");
        self.profit_of("", |_| true, None).await;
        self.profit_of(
            &format!("end_date={middle}"),
            |id| self.book.pos[&id].date.is_some_and(|date| date <= middle),
            Some(middle),
        )
        .await;
        self.profit_of("client_id=2", |id| self.book.pos[&id].client == 2, None)
            .await;
        for project in self.book.projects.keys() {
            self.profit_of(
                &format!("project_id={project}"),
                |id| self.book.pos[&id].project() == Some(*project),
                None,
            )
            .await;
        }
    }

    /// What the live vendor orders for these POs are worth, and those of their project for no PO, up to a day.
    fn cost(&self, project: Option<i64>, pos: &[i64], until: Option<NaiveDate>) -> i128 {
        let is_meant = |order: &&VendorOrder| {
            let is_dated = until.is_none_or(|day| order.date.is_some_and(|date| date <= day));
            order
                .po
                .map_or(project.is_some() && order.project == project && is_dated, |po| {
                    pos.contains(&po)
                })
        };
        let orders = self.book.orders.values().filter(|order| order.is_live());
        orders.filter(is_meant).map(VendorOrder::value).sum()
    }

    async fn profit_of(&self, filter: &str, is_meant: impl Fn(i64) -> bool, until: Option<NaiveDate>) {
        let counted = self.pos_where(|po| po.is_live() && !po.is_open_agreement());
        let mut by_project: BTreeMap<(bool, Option<i64>), Vec<i64>> = BTreeMap::new();
        for id in counted.into_iter().filter(|id| is_meant(*id)) {
            let project = self.book.pos[&id].project();
            by_project
                .entry((project.is_none(), project))
                .or_default()
                .push(id);
        }
        let shown = self
            .get(format!("/api/po/analysis/profit?{filter}"))
            .await
            .part("/data");
        let rows = shown.list("projects");
        assert_eq!(rows.len(), by_project.len(), "{}", shown.path);
        let mut whole_cost = 0;
        for (row, ((_, project), pos)) in rows.iter().zip(&by_project) {
            let sums = self.book.sums(pos);
            let cost = self.cost(*project, pos, until);
            whole_cost += cost;
            row.has(&[
                ("project_id", json!(project)),
                ("po_count", json!(pos.len())),
                ("revenue", rupees(sums.net)),
                ("cost", rupees(cost)),
                ("profit", rupees(sums.net - cost)),
                ("profit_margin_percentage", percent(sums.net - cost, sums.net)),
                ("total_collected", rupees(sums.paid)),
            ]);
        }
        let all = self.book.sums(by_project.values().flatten());
        shown.has(&[
            ("total_revenue", rupees(all.net)),
            ("total_cost", rupees(whole_cost)),
            ("total_profit", rupees(all.net - whole_cost)),
            ("profit_margin_percentage", percent(all.net - whole_cost, all.net)),
            ("total_collected", rupees(all.paid)),
        ]);
    }
}
