//! Steps with lines of vendor orders.

use serde_json::{Value, json};

use super::{
    history::History,
    lines,
    model::Refusals,
    numbers::{fine, rupees},
    vendors::{LINE_STATUSES, VendorLine, VendorOrder, cost},
};

impl History {
    /// An order and one of its lines.
    fn any_vendor_line(&mut self) -> Option<(i64, i64)> {
        let orders = self.book.orders.iter();
        let lines: Vec<(i64, i64)> = orders
            .flat_map(|(order, row)| row.lines.keys().map(|line| (*order, *line)))
            .collect();
        self.dice.pick(&lines)
    }

    /// A line of a client's PO, those that other lines name already as often as others.
    fn client_line(&mut self) -> Option<i64> {
        let orders = self.book.orders.values();
        let named: Vec<i64> = orders
            .flat_map(|order| order.lines.values().filter_map(|line| line.client_line))
            .collect();
        if self.dice.one_in(2)
            && let Some(line) = self.dice.pick(&named)
        {
            return Some(line);
        }
        self.any_line().map(|(_, line)| line)
    }

    /// What is different of a line: a part of it, as grids send it, or all.
    fn line_wish(&mut self, line: &mut VendorLine, body: &mut Value) {
        match self.dice.roll(6) {
            0 => {
                line.quantity = lines::quantity(&mut self.dice);
                body["quantity"] = fine(line.quantity);
            }
            1 => {
                line.price = lines::price(&mut self.dice);
                body["unit_price"] = fine(line.price);
            }
            2 => {
                line.status = LINE_STATUSES[self.dice.index(7)];
                body["status"] = json!(line.status.to_uppercase());
                line.progress = i64::try_from(self.dice.roll(101)).expect("few");
                body["delivery_progress"] = json!(line.progress);
            }
            3 => {
                if let Some(vendor) = self.chosen_vendor(&mut Refusals::new()) {
                    body["vendor_id"] = json!(vendor);
                    line.vendor = Some(vendor);
                }
            }
            4 => {
                let client_line = self.client_line();
                body["client_line_item_id"] = json!(client_line);
                line.client_line = client_line.or(line.client_line);
            }
            _ => {
                body["quantity"] = fine(line.quantity);
                body["unit_price"] = fine(line.price);
                body["total"] = json!(1);
            }
        }
    }

    /// Why a line may not name a vendor.
    fn refused_line_vendor(&self, before: Option<i64>, after: Option<i64>) -> Refusals {
        let vendor = after.filter(|_| after != before);
        match vendor.map(|vendor| self.book.vendors.get(&vendor)) {
            Some(None) => vec![422],
            Some(Some(vendor)) if vendor.is_blacklisted() => vec![409],
            _ => Refusals::new(),
        }
    }

    pub(super) async fn add_vendor_line(&mut self) {
        let Some(order) = self.any_order() else {
            return;
        };
        let mut line = VendorLine {
            name: self.name("Item"),
            quantity: lines::quantity(&mut self.dice),
            price: lines::price(&mut self.dice),
            total: 0,
            vendor: None,
            client_line: None,
            status: "pending",
            progress: 0,
            version: 1,
        };
        let mut refusals = Refusals::new();
        let field = ["item_name", "item_description", "description"][self.dice.index(3)];
        let mut body =
            json!({field: line.name, "quantity": fine(line.quantity), "unit_price": fine(line.price)});
        if !self.dice.one_in(3) {
            self.line_wish(&mut line, &mut body);
            self.line_wish(&mut line, &mut body);
        }
        refusals.extend(self.refused_line_vendor(None, line.vendor));
        if self.dice.one_in(15) {
            let wrong = [
                ("quantity", 0),
                ("quantity", -2),
                ("unit_price", -1),
                ("delivery_progress", 101),
            ];
            let (field, value) = wrong[self.dice.index(4)];
            body[field] = json!(value);
            refusals.push(422);
        }
        line.total = cost(line.quantity, line.price);
        if !self.book.orders[&order].is_live() {
            refusals.push(409);
        }
        let who = self.any_editor();
        let what = ("POST", format!("/api/vendor-orders/{order}/line-items"));
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let id = answer["line_item"]["id"].as_i64().expect("an id");
            assert_eq!(answer["line_item"]["total_price"], rupees(line.total));
            let row = self.lined(order);
            row.lines.insert(id, line);
            assert_eq!(answer["vendor_order"]["po_value"], rupees(row.value()));
        }
    }

    /// An order of which a line was written.
    fn lined(&mut self, order: i64) -> &mut VendorOrder {
        let order = self.book.orders.get_mut(&order).expect("the order");
        order.version += 1;
        order
    }

    pub(super) async fn change_vendor_line(&mut self) {
        let Some((order, id)) = self.any_vendor_line() else {
            return;
        };
        let before = self.book.orders[&order].lines[&id].clone();
        let mut line = before.clone();
        let mut body = json!({});
        for _ in 0..=self.dice.roll(2) {
            self.line_wish(&mut line, &mut body);
        }
        let refusals = self.refused_line_vendor(before.vendor, line.vendor);
        line.total = cost(line.quantity, line.price);
        let who = self.any_editor();
        let path = ["/api/vendor-line-items", "/api/vendor-orders/line-items"][self.dice.index(2)];
        let what = ("PUT", format!("{path}/{id}"));
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            if line != before {
                line.version += 1;
                self.lined(order).lines.insert(id, line);
            }
            let value = self.book.orders[&order].value();
            assert_eq!(answer["data"]["vendor_order"]["po_value"], rupees(value));
        }
    }

    pub(super) async fn delete_vendor_line(&mut self) {
        let Some((order, id)) = self.any_vendor_line() else {
            return;
        };
        // Often down to the last one, after which the stated value counts.
        let ids: Vec<i64> = self.book.orders[&order].lines.keys().copied().collect();
        let ids = if self.dice.one_in(4) { ids } else { vec![id] };
        for id in ids {
            let who = self.any_editor();
            let path = ["/api/vendor-line-items", "/api/vendor-orders/line-items"][self.dice.index(2)];
            let what = ("DELETE", format!("{path}/{id}"));
            let answer = self.take(who, what, None, &Refusals::new()).await;
            let row = self.lined(order);
            row.lines.remove(&id);
            assert_eq!(answer.expect("an answer")["po_value"], rupees(row.value()));
        }
    }
}
