//! What the routes show, held against the model: lists of POs, and the whole against its parts.

use serde_json::json;

use super::{
    checks::Check,
    model::{PO_STATUSES, Po, Sums},
    numbers::{paise, rupees},
};

impl Check<'_> {
    /// The list of POs under its filters.
    pub(super) async fn po_lists(&self) {
        self.po_list("", |_, _| true).await;
        for client in self.book.clients.keys() {
            self.po_list(&format!("client_id={client}"), |_, po| po.client == *client)
                .await;
            for status in ["pending", "cancelled"] {
                self.po_list(&format!("client_id={client}&status={status}"), |_, po| {
                    po.client == *client && po.status == status
                })
                .await;
            }
        }
        for project in self.book.projects.keys() {
            self.po_list(&format!("project_id={project}"), |_, po| {
                po.project() == Some(*project)
            })
            .await;
            self.po_list(
                &format!("project_id={project}&client_id=1&status=active"),
                |_, po| po.project() == Some(*project) && po.client == 1 && po.status == "active",
            )
            .await;
        }
        for status in PO_STATUSES {
            self.po_list(&format!("status={status}"), |_, po| po.status == status)
                .await;
        }
        for word in ["pending", "partial", "paid"] {
            self.po_list(&format!("payment_status={word}"), |id, _| {
                self.book.payment_status(id) == word
            })
            .await;
            self.po_list(&format!("payment_status={word}&client_id=2"), |id, po| {
                self.book.payment_status(id) == word && po.client == 2
            })
            .await;
        }
        for store in ["ST-1", "ST-2", "ST-9"] {
            self.po_list(&format!("store_id={store}"), |_, po| {
                po.store.as_deref() == Some(store)
            })
            .await;
        }
    }

    async fn po_list(&self, filter: &str, is_meant: impl Fn(i64, &Po) -> bool) {
        let mut order: Vec<(Option<&str>, i64)> = self
            .book
            .pos
            .iter()
            .filter(|(id, po)| is_meant(**id, po))
            .map(|(id, po)| (po.store.as_deref(), *id))
            .collect();
        order.sort_unstable();
        let ids: Vec<i64> = order.into_iter().rev().map(|(_, id)| id).collect();
        let sums = self.book.sums(&ids);
        let shown = self.get(format!("/api/po?{filter}")).await;
        let data = shown.part("/data");
        assert_eq!(data.ids("pos"), ids, "{}", shown.path);
        for (entry, id) in data.list("pos").iter().zip(&ids) {
            self.po_is_right(entry, *id);
            entry.has(&[("po_ids", json!([id]))]);
        }
        data.has(&[
            ("total_count", json!(sums.count)),
            ("total_value", rupees(sums.value)),
            ("total_paid", rupees(sums.paid)),
            ("total_receivable", rupees(sums.value - sums.paid)),
        ]);
    }

    /// POs with their lines and payments, of all and of each project.
    pub(super) async fn enriched_lists(&self) {
        let mut ids: Vec<(Option<&str>, i64)> = Vec::new();
        ids.extend(self.book.pos.iter().map(|(id, po)| (po.store.as_deref(), *id)));
        ids.sort_unstable();
        let ids: Vec<i64> = ids.into_iter().rev().map(|(_, id)| id).collect();
        self.enriched_list("/api/po/enriched?limit=1000".to_owned(), &ids)
            .await;
        for project in self.book.projects.keys() {
            let path = format!("/api/projects/{project}/po/enriched?limit=1000");
            self.enriched_list(path, &self.book.pos_of(*project)).await;
        }
    }

    async fn enriched_list(&self, path: String, ids: &[i64]) {
        let shown = self.get(path).await;
        let sums = self.book.sums(ids);
        let count = |word: &str| {
            let live = ids.iter().filter(|id| self.book.pos[id].is_live());
            live.filter(|id| self.book.payment_status(**id) == word).count()
        };
        for part in ["", "/data"] {
            let part = shown.part(part);
            assert_eq!(part.ids("pos"), ids, "{}", part.path);
            part.has(&[
                ("total_po_count", json!(sums.count)),
                ("total_count", json!(sums.count)),
                ("total_project_value", rupees(sums.value)),
                ("total_paid", rupees(sums.paid)),
                ("total_receivable", rupees(sums.value - sums.paid)),
            ]);
            part.part("/summary").has(&[
                ("paid_count", json!(count("paid"))),
                ("partial_count", json!(count("partial"))),
                ("pending_count", json!(count("pending"))),
            ]);
        }
        for (entry, id) in shown.list("pos").iter().zip(ids) {
            self.po_with_lines_is_right(entry, *id);
            let mut order: Vec<_> = self
                .book
                .payments_of(*id)
                .map(|(id, row)| (row.date, id))
                .collect();
            order.sort_unstable();
            let order: Vec<i64> = order.into_iter().rev().map(|(_, id)| id).collect();
            assert_eq!(entry.ids("payment_details"), order, "{}", entry.path);
            for payment in entry.list("payment_details") {
                self.payment_is_right(&payment);
            }
        }
    }

    /// The parts add up to the whole: projects and what has none, clients.
    pub(super) async fn sums_of_parts(&self) {
        let all = self.get("/api/po").await.part("/data");
        let whole = ["total_value", "total_paid", "total_receivable"].map(|field| paise(&all.body[field]));
        let mut by_project = [0; 3];
        for project in self.book.projects.keys() {
            let shown = self
                .get(format!("/api/projects/{project}/financial-summary"))
                .await;
            for (sum, field) in
                by_project
                    .iter_mut()
                    .zip(["total_project_value", "total_collected", "outstanding_amount"])
            {
                *sum += paise(&shown.body["financial_summary"][field]);
            }
        }
        let unassigned = self.pos_where(|po| po.project().is_none());
        let Sums { value, paid, .. } = self.book.sums(&unassigned);
        for (sum, rest) in by_project.iter_mut().zip([value, paid, value - paid]) {
            *sum += rest;
        }
        assert_eq!(by_project, whole, "the projects do not add up");
        let mut by_client = [0; 3];
        for client in self.book.clients.keys() {
            let shown = self.get(format!("/api/clients/{client}")).await;
            for (sum, field) in
                by_client
                    .iter_mut()
                    .zip(["total_po_value", "total_paid", "outstanding_amount"])
            {
                *sum += paise(&shown.body["client"][field]);
            }
        }
        assert_eq!(by_client, whole, "the clients do not add up");
    }
}
