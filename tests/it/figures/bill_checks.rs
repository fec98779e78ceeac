//! What the routes show, held against the model: bills, and the books of each project.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    bills::Bill,
    checks::{Check, Shown},
    numbers::{fine, paise, rupees},
    profits::{ProjectBooks, percent},
    vendors::VendorOrder,
};

/// The word for which side of nothing a figure is on.
fn side(figure: i128, [above, even, below]: [&'static str; 3]) -> Value {
    json!(match figure {
        1.. => above,
        0 => even,
        _ => below,
    })
}

impl Check<'_> {
    fn bill_is_right(&self, shown: &Shown, id: &str) {
        let bill = &self.book.bills[id];
        shown.has(&[
            ("id", json!(id)),
            ("billing_po_id", json!(id)),
            ("client_po_id", json!(bill.po)),
            ("project_id", json!(bill.project)),
            ("po_number", json!(bill.number)),
            ("billed_value", rupees(bill.value)),
            ("amount", rupees(bill.value)),
            ("billed_gst", rupees(bill.gst)),
            ("billed_total", rupees(bill.total())),
            ("billing_notes", json!(bill.notes)),
            ("description", json!(bill.notes)),
            ("status", json!(bill.status)),
            ("revises_id", json!(bill.revises)),
            ("superseded_by_id", json!(self.book.superseding(id))),
            ("counted", json!(self.book.is_counted(id))),
            ("line_item_count", json!(bill.lines.len())),
            ("line_total", rupees(bill.line_total())),
            ("difference", rupees(bill.value - bill.line_total())),
            ("version", json!(bill.version)),
        ]);
        assert_eq!(
            shown.body["approved_at"].is_null(),
            bill.status != "APPROVED",
            "{}",
            shown.path
        );
    }

    fn bills_are_right(&self, shown: &Shown, name: &str, ids: &[&String]) {
        let entries = shown.list(name);
        let found: Vec<&str> = entries
            .iter()
            .filter_map(|entry| entry.body["id"].as_str())
            .collect();
        assert_eq!(found, ids, "{}", shown.path);
        for (entry, id) in entries.iter().zip(ids) {
            self.bill_is_right(entry, id);
        }
    }

    fn bill_lines_are_right(shown: &Shown, bill: &Bill) {
        let entries = shown.list("line_items");
        assert_eq!(entries.len(), bill.lines.len(), "{}", shown.path);
        for (entry, line) in entries.iter().zip(&bill.lines) {
            entry.has(&[
                ("id", json!(line.id)),
                ("qty", fine(line.quantity)),
                ("quantity", fine(line.quantity)),
                ("rate", fine(line.rate)),
                ("unit_price", fine(line.rate)),
                ("total", rupees(line.total)),
                ("amount", rupees(line.total)),
            ]);
        }
    }

    pub(super) async fn bills(&self) {
        for (id, bill) in &self.book.bills {
            let shown = self.get(format!("/api/billing-po/{id}")).await;
            for part in ["/data", "/billing_po", "/data/billing_po"] {
                self.bill_is_right(&shown.part(part), id);
            }
            Self::bill_lines_are_right(&shown, bill);
            Self::bill_lines_are_right(&shown.part("/data"), bill);
            let shown = self.get(format!("/api/billing-po/{id}/line-items")).await;
            Self::bill_lines_are_right(&shown, bill);
            shown.has(&[
                ("line_item_count", json!(bill.lines.len())),
                ("total_value", rupees(bill.line_total())),
            ]);
        }
    }

    /// Each project's books under each of their routes, and the whole of all.
    pub(super) async fn books(&self) {
        let (mut cost, mut profit) = (0, 0);
        for project in self.book.projects.keys() {
            self.bill_lists(*project).await;
            let books = self.book.project_books(*project);
            self.vendor_summary(*project, &books).await;
            self.billing_summary(*project, &books).await;
            self.profit_and_loss(*project, &books).await;
            let shown = self
                .get(format!("/api/projects/{project}/pl-analysis"))
                .await
                .part("/data");
            let figure = |name: &str| paise(&shown.body[name]);
            assert_eq!(
                figure("revenue") - figure("total_vendor_costs"),
                figure("net_profit"),
                "{}",
                shown.path
            );
            cost += figure("total_vendor_costs");
            profit += figure("net_profit");
        }
        // What has no project is in the whole only.
        let homeless = self
            .book
            .orders
            .values()
            .filter(|order| order.project.is_none() && order.is_live());
        let homeless: i128 = homeless.map(VendorOrder::value).sum();
        let all = self.get("/api/vendor-orders").await;
        assert_eq!(
            cost + homeless,
            paise(&all.body["total_value"]),
            "the projects' costs do not add up"
        );
        let pos: Vec<i64> = self.pos_where(|po| po.project().is_some());
        assert_eq!(
            profit,
            self.book.sums(&pos).net - cost,
            "the projects' profits do not add up"
        );
    }

    async fn bill_lists(&self, project: i64) {
        let bills = self.book.bills_of(project);
        let lists: [(&str, &dyn Fn(&str) -> bool); 5] = [
            ("", &|_| true),
            ("status=final", &|id| self.book.bills[id].status == "FINAL"),
            ("status=DRAFT", &|id| self.book.bills[id].status == "DRAFT"),
            ("counted=true", &|id| self.book.is_counted(id)),
            ("counted=false", &|id| !self.book.is_counted(id)),
        ];
        for (filter, is_meant) in lists {
            let ids: Vec<&String> = bills.iter().copied().filter(|id| is_meant(id)).collect();
            let shown = self
                .get(format!("/api/projects/{project}/billing-po?{filter}"))
                .await;
            for part in ["", "/data"] {
                let part = shown.part(part);
                self.bills_are_right(&part, "billing_pos", &ids);
                part.has(&[("total_count", json!(ids.len()))]);
            }
        }
    }

    async fn vendor_summary(&self, project: i64, books: &ProjectBooks) {
        let shown = self
            .get(format!("/api/projects/{project}/vendor-summary"))
            .await
            .part("/data");
        let orders: Vec<&VendorOrder> = self
            .book
            .orders_of_project(project)
            .map(|(_, order)| order)
            .collect();
        let vendors: BTreeSet<i64> = orders.iter().flat_map(|order| order.named()).collect();
        let count = |work: &str| {
            let live = orders.iter().filter(|order| order.is_live());
            live.filter(|order| order.standing.work == work).count()
        };
        shown.has(&[
            ("project_id", json!(project)),
            ("total_vendors", json!(vendors.len())),
            ("total_vendor_orders", json!(orders.len())),
            ("total_order_value", rupees(books.cost)),
            ("total_paid", rupees(books.paid)),
            ("total_payable", rupees(books.cost - books.paid)),
            ("paid_on_cancelled", rupees(books.kept)),
            ("unassigned_value", rupees(books.unassigned)),
            ("pending_orders", json!(count("pending"))),
            ("ongoing_orders", json!(count("in_progress"))),
            ("in_progress_orders", json!(count("in_progress"))),
            ("completed_orders", json!(count("completed"))),
            ("cancelled_orders", json!(orders.len() - books.orders)),
        ]);
    }

    async fn billing_summary(&self, project: i64, books: &ProjectBooks) {
        let shown = self
            .get(format!("/api/projects/{project}/billing-summary"))
            .await
            .part("/data");
        let bills = self.book.bills_of(project);
        let counted: Vec<&String> = bills
            .iter()
            .copied()
            .filter(|id| self.book.is_counted(id))
            .collect();
        let count = |status: &str| {
            counted
                .iter()
                .filter(|id| self.book.bills[**id].status == status)
                .count()
        };
        let drafts = bills.iter().filter(|id| self.book.bills[**id].is_draft()).count();
        let (net, gross) = (books.pos.net, books.pos.value);
        shown.part("/original_po").has(&[
            ("value", rupees(net)),
            ("tax", rupees(gross - net)),
            ("total", rupees(gross)),
            ("count", json!(books.pos.live)),
        ]);
        shown.part("/billing_po").has(&[
            ("value", rupees(books.billed)),
            ("gst", rupees(books.billed_gst)),
            ("total", rupees(books.billed_total())),
            ("count", json!(counted.len())),
            ("final_count", json!(count("FINAL"))),
            ("approved_count", json!(count("APPROVED"))),
            ("draft_count", json!(drafts)),
        ]);
        shown.part("/vendor_costs").has(&[
            ("total", rupees(books.cost)),
            ("paid", rupees(books.paid)),
            ("paid_on_cancelled", rupees(books.kept)),
            ("order_count", json!(books.orders)),
        ]);
        shown.part("/financial_summary").has(&[
            ("delta_value", rupees(books.delta())),
            ("delta_percent", percent(books.delta(), gross)),
            ("final_revenue", rupees(books.billed)),
            ("final_revenue_with_gst", rupees(books.billed_total())),
            ("original_budget", rupees(gross)),
            ("revenue", rupees(net)),
            ("vendor_costs", rupees(books.cost)),
            ("profit", rupees(books.profit())),
            ("profit_margin_percent", percent(books.profit(), net)),
        ]);
        self.bills_are_right(&shown, "billing_pos", &counted);
    }

    fn analysis_is_right(shown: &Shown, books: &ProjectBooks) {
        let (net, gross) = (books.pos.net, books.pos.value);
        let (delta, profit) = (books.delta(), books.profit());
        shown.part("/baseline").has(&[("po_value", rupees(gross))]);
        shown
            .part("/billing")
            .has(&[("billed_value", rupees(books.billed_total()))]);
        shown.part("/variance").has(&[
            ("delta", rupees(delta)),
            ("delta_percent", percent(delta, gross)),
            ("direction", side(delta, ["up", "flat", "down"])),
        ]);
        shown.part("/costs").has(&[("vendor_costs", rupees(books.cost))]);
        shown.part("/profit_loss").has(&[
            ("amount", rupees(profit)),
            ("margin_percent", percent(profit, net)),
            ("status", side(profit, ["profit", "break_even", "loss"])),
        ]);
        shown.part("/totals").has(&[
            ("revenue", rupees(net)),
            ("costs", rupees(books.cost)),
            ("profit", rupees(profit)),
        ]);
    }

    async fn profit_and_loss(&self, project: i64, books: &ProjectBooks) {
        let shown = self
            .get(format!("/api/projects/{project}/billing-pl-analysis"))
            .await;
        Self::analysis_is_right(&shown.part("/analysis"), books);
        Self::analysis_is_right(&shown.part("/data/analysis"), books);
        let shown = self.get(format!("/api/projects/{project}/pl-analysis")).await;
        Self::analysis_is_right(&shown.part("/data/analysis"), books);
        let (net, gross) = (books.pos.net, books.pos.value);
        for part in ["/data", "/data/data"] {
            shown.part(part).has(&[
                ("total_po_value", rupees(gross)),
                ("original_budget", rupees(gross)),
                ("total_billed", rupees(books.billed_total())),
                ("final_revenue_with_gst", rupees(books.billed_total())),
                ("final_revenue", rupees(books.billed)),
                ("total_vendor_costs", rupees(books.cost)),
                ("revenue", rupees(net)),
                ("net_profit", rupees(books.profit())),
                ("profit_margin_percentage", percent(books.profit(), net)),
                ("variance", rupees(books.delta())),
                ("variance_percentage", percent(books.delta(), gross)),
            ]);
        }
    }
}
