//! What the routes show, held against the model: vendor orders with their lines, one by one and in lists.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    checks::{Check, Shown},
    numbers::{fine, paise, rupees},
    vendor_order_steps::CATEGORIES,
    vendors::{ORDER_STATUSES, VendorOrder, WORK_STATUSES},
};

impl Check<'_> {
    fn vendor_name(&self, vendor: Option<i64>) -> Value {
        json!(vendor.map(|vendor| &self.book.vendors[&vendor].name))
    }

    /// The fields of a vendor order that every route shows.
    pub(super) fn order_is_right(&self, shown: &Shown, id: i64) {
        let order = &self.book.orders[&id];
        let (value, paid) = (order.value(), self.book.paid_out(id));
        let (word, source) = self.book.payment_word(id);
        let vendor = order
            .vendor
            .map(|vendor| json!({"id": vendor, "name": self.vendor_name(order.vendor)}));
        let project = order.project.map(|project| &self.book.projects[&project].name);
        shown.has(&[
            ("id", json!(id)),
            ("vendor_order_id", json!(id)),
            ("vendor_id", json!(order.vendor)),
            ("vendor_name", self.vendor_name(order.vendor)),
            ("vendor", json!(vendor)),
            ("project_id", json!(order.project)),
            ("project_name", json!(project)),
            ("client_po_id", json!(order.po)),
            ("po_number", json!(order.number)),
            ("order_number", json!(order.number)),
            ("po_date", json!(order.date)),
            ("order_date", json!(order.date)),
            ("due_date", json!(order.due)),
            ("po_value", rupees(value)),
            ("amount", rupees(value)),
            ("order_value", rupees(value)),
            ("stated_value", order.stated.map_or(Value::Null, rupees)),
            (
                "value_basis",
                json!(if order.has_lines() { "lines" } else { "stated" }),
            ),
            ("value_difference", order.difference().map_or(Value::Null, rupees)),
            ("line_items_total", rupees(order.lines_total())),
            ("category", json!(order.category)),
            ("status", json!(order.standing.status)),
            ("work_status", json!(order.standing.work)),
            ("payment_status", json!(word)),
            ("payment_status_source", json!(source)),
            ("is_overdue", json!(self.book.is_overdue(id, self.today))),
            ("total_paid", rupees(paid)),
            ("paid_amount", rupees(paid)),
            ("pending_amount", rupees((value - paid).max(0))),
            ("overpaid_amount", rupees((paid - value).max(0))),
            ("linked_payments_count", json!(self.book.links_of(id).count())),
            ("line_item_count", json!(order.lines.len())),
            ("final_po_value", Value::Null),
            ("version", json!(order.version)),
        ]);
        let figure = |field: &str| paise(&shown.body[field]);
        assert_eq!(
            figure("paid_amount") + figure("pending_amount") - figure("overpaid_amount"),
            figure("po_value"),
            "{}",
            shown.path
        );
    }

    fn vendor_line_is_right(&self, shown: &Shown, order: i64, id: i64) {
        let line = &self.book.orders[&order].lines[&id];
        shown.has(&[
            ("id", json!(id)),
            ("vendor_order_id", json!(order)),
            ("item_name", json!(line.name)),
            ("description", json!(line.name)),
            ("quantity", fine(line.quantity)),
            ("unit_price", fine(line.price)),
            ("total_price", rupees(line.total)),
            ("amount", rupees(line.total)),
            ("total_amount", rupees(line.total)),
            ("status", json!(line.status)),
            ("delivery_progress", json!(line.progress)),
            ("vendor_id", json!(line.vendor)),
            ("client_line_item_id", json!(line.client_line)),
            ("version", json!(line.version)),
        ]);
    }

    fn vendor_lines_are_right(&self, shown: &[Shown], order: i64) {
        let lines = &self.book.orders[&order].lines;
        assert_eq!(shown.len(), lines.len(), "lines of vendor order {order}");
        for (shown, (id, line)) in shown.iter().zip(lines) {
            self.vendor_line_is_right(shown, order, *id);
            shown.has(&[("vendor_name", self.vendor_name(line.vendor))]);
        }
    }

    /// Each order by itself, and the list of its lines.
    pub(super) async fn orders(&self) {
        for (id, order) in &self.book.orders {
            let shown = self.get(format!("/api/vendor-orders/{id}")).await;
            for part in ["/data", "/data/vendor_order", "/vendor_order"] {
                let part = shown.part(part);
                self.order_is_right(&part, *id);
                self.vendor_lines_are_right(&part.list("line_items"), *id);
            }
            let shown = self.get(format!("/api/vendor-orders/{id}/line-items")).await;
            self.vendor_lines_are_right(&shown.list("line_items"), *id);
            shown.has(&[
                ("line_item_count", json!(order.lines.len())),
                ("total_count", json!(order.lines.len())),
                ("total_value", rupees(order.lines_total())),
                ("po_value", rupees(order.value())),
            ]);
            shown
                .part("/data")
                .has(&[("total_value", rupees(order.lines_total()))]);
        }
    }

    /// The lists of orders under their filters.
    pub(super) async fn order_lists(&self) {
        self.order_list("", |_, _| true).await;
        for status in ORDER_STATUSES {
            self.order_list(&format!("status={status}"), |_, order| {
                order.standing.status == status
            })
            .await;
        }
        for work in WORK_STATUSES {
            self.order_list(&format!("work_status={work}"), |_, order| {
                order.standing.work == work
            })
            .await;
        }
        for word in ["pending", "partial", "paid"] {
            self.order_list(&format!("payment_status={word}"), |id, _| {
                self.book.payment_word(id).0 == word
            })
            .await;
            self.order_list(&format!("payment_status={word}&status=pending"), |id, order| {
                self.book.payment_word(id).0 == word && order.standing.status == "pending"
            })
            .await;
        }
        for vendor in self.book.vendors.keys() {
            self.order_list(&format!("vendor_id={vendor}"), |_, order| {
                order.vendor == Some(*vendor)
            })
            .await;
        }
        for po in self.book.pos.keys().take(5) {
            self.order_list(&format!("client_po_id={po}"), |_, order| order.po == Some(*po))
                .await;
        }
        for (asked, is_meant) in [
            ("CIVIL", "civil"),
            ("uncategorized", "uncategorized"),
            ("hvac%2050%25", "hvac 50%"),
        ] {
            self.order_list(&format!("category={asked}"), |_, order| {
                order.shown_category().to_lowercase() == is_meant
            })
            .await;
        }
        for project in self.book.projects.keys() {
            let whole = self
                .order_list(&format!("project_id={project}"), |_, order| {
                    order.project == Some(*project)
                })
                .await;
            let own = self.get(format!("/api/projects/{project}/vendor-orders")).await;
            assert_eq!(
                own.body["data"]["vendor_orders"],
                whole.body["data"]["vendor_orders"]
            );
            own.has(&[
                ("project_id", json!(project)),
                ("total_value", whole.body["total_value"].clone()),
                ("categories", whole.body["categories"].clone()),
                ("total_count", whole.body["total_count"].clone()),
            ]);
            self.order_list(
                &format!("project_id={project}&category=civil&work_status=pending"),
                |_, order| {
                    order.project == Some(*project)
                        && order.shown_category().to_lowercase() == "civil"
                        && order.standing.work == "pending"
                },
            )
            .await;
        }
        self.order_search("vo-1").await;
        self.order_search("%").await;
        self.order_search("vendor-").await;
    }

    async fn order_list(&self, filter: &str, is_meant: impl Fn(i64, &VendorOrder) -> bool) -> Shown {
        let shown = self.get(format!("/api/vendor-orders?{filter}")).await;
        self.order_list_is_right(&shown, is_meant);
        shown
    }

    async fn order_search(&self, text: &str) {
        let path = format!(
            "/api/vendor-orders/search?limit=1000&query={}",
            text.replace('%', "%25")
        );
        let shown = self.get(path).await;
        let is_within = |name: &str| name.to_lowercase().contains(text);
        self.order_list_is_right(&shown, |_, order| {
            let project = order.project.map(|project| &self.book.projects[&project].name);
            let vendor = order.vendor.map(|vendor| &self.book.vendors[&vendor].name);
            is_within(&order.number)
                || order.category.as_deref().is_some_and(is_within)
                || project.is_some_and(|name| is_within(name))
                || vendor.is_some_and(|name| is_within(name))
        });
    }

    fn order_list_is_right(&self, shown: &Shown, is_meant: impl Fn(i64, &VendorOrder) -> bool) {
        let rows = self.book.orders.iter().rev();
        let ids: Vec<i64> = rows
            .filter(|(id, order)| is_meant(**id, order))
            .map(|(id, _)| *id)
            .collect();
        let value = |ids: &[i64]| -> i128 {
            let orders = ids.iter().map(|id| &self.book.orders[id]);
            orders
                .filter(|order| order.is_live())
                .map(VendorOrder::value)
                .sum()
        };
        for part in ["", "/data"] {
            let part = shown.part(part);
            assert_eq!(part.ids("vendor_orders"), ids, "{}", part.path);
            part.has(&[
                ("vendor_order_count", json!(ids.len())),
                ("total_count", json!(ids.len())),
                ("total", json!(ids.len())),
                ("total_value", rupees(value(&ids))),
            ]);
        }
        for (entry, id) in shown.list("vendor_orders").iter().zip(&ids) {
            self.order_is_right(entry, *id);
        }
        let mut categories: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for id in &ids {
            let name = self.book.orders[id].shown_category();
            categories.entry(name).or_default().push(*id);
        }
        let entries = shown.list("categories");
        assert_eq!(entries.len(), categories.len(), "{}", shown.path);
        for (entry, (name, ids)) in entries.iter().zip(&categories) {
            assert_eq!(&entry.ids("orders"), ids, "{}", entry.path);
            entry.has(&[
                ("category", json!(name)),
                ("order_count", json!(ids.len())),
                ("total_value", rupees(value(ids))),
            ]);
        }
    }

    /// The lines of the orders of each category.
    pub(super) async fn lines_by_category(&self) {
        for name in CATEGORIES
            .into_iter()
            .chain(["UNCATEGORIZED", "general", "nothing"])
        {
            self.lines_of_category(name, None).await;
        }
        for project in self.book.projects.keys() {
            self.lines_of_category("civil", Some(*project)).await;
        }
    }

    async fn lines_of_category(&self, name: &str, project: Option<i64>) {
        let asked = match name.to_lowercase() {
            general if general == "general" => "uncategorized".to_owned(),
            name => name,
        };
        let filter = project.map_or_else(String::new, |project| format!("?project_id={project}"));
        let name = name.replace('%', "%25").replace(' ', "%20");
        let shown = self
            .get(format!(
                "/api/vendor-orders/by-category/{name}/line-items{filter}"
            ))
            .await;
        let orders = self.book.orders.iter().filter(|(_, order)| {
            order.shown_category().to_lowercase() == asked
                && project.is_none_or(|project| order.project == Some(project))
        });
        let lines: Vec<(i64, &VendorOrder, i64)> = orders
            .clone()
            .flat_map(|(id, order)| order.lines.keys().map(move |line| (*id, order, *line)))
            .collect();
        let entries = shown.list("line_items");
        assert_eq!(entries.len(), lines.len(), "{}", shown.path);
        for (entry, (id, order, line)) in entries.iter().zip(&lines) {
            self.vendor_line_is_right(entry, *id, *line);
            entry.has(&[
                (
                    "vendor_name",
                    self.vendor_name(order.lines[line].vendor.or(order.vendor)),
                ),
                ("po_number", json!(order.number)),
                ("project_id", json!(order.project)),
                ("category", json!(order.category)),
                ("work_status", json!(order.standing.work)),
            ]);
        }
        let live = orders.filter(|(_, order)| order.is_live());
        shown.has(&[
            ("line_item_count", json!(lines.len())),
            ("total_count", json!(lines.len())),
            (
                "total_value",
                rupees(live.map(|(_, order)| order.lines_total()).sum()),
            ),
        ]);
    }
}
