//! Steps that place vendor orders, change and delete them.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::{
    history::{History, Who},
    model::Refusals,
    numbers::rupees,
    vendors::{ORDER_STATUSES, Standing, VendorOrder, WORK_STATUSES},
};

pub(super) const CATEGORIES: [&str; 4] = ["Civil", "civil", "Electrical works", "HVAC 50%"];
pub(super) const PAYMENT_WORDS: [&str; 3] = ["pending", "partial", "paid"];

/// What a request wants of how an order stands.
pub(super) type Words = (Option<&'static str>, Option<&'static str>);

impl History {
    pub(super) fn orders(&self) -> Vec<i64> {
        self.book.orders.keys().copied().collect()
    }

    /// An order, those that are live more often.
    pub(super) fn any_order(&mut self) -> Option<i64> {
        let mut orders = self.orders();
        if !self.dice.one_in(5) {
            orders.retain(|id| self.book.orders[id].is_live());
        }
        self.dice.pick(&orders)
    }

    /// A day around today, on which orders fall due.
    pub(super) fn due_day(&mut self) -> NaiveDate {
        let first = self.today() - Days::new(60);
        first + Days::new(self.dice.roll(120))
    }

    /// Whether another live order of the same project and vendor has the number, or is in the list.
    fn is_number_taken<'a>(order: &VendorOrder, others: impl Iterator<Item = &'a VendorOrder>) -> bool {
        let place = |order: &VendorOrder| (order.project, order.vendor, order.number.to_lowercase());
        let mut others = others.filter(|other| other.is_live());
        order.is_live() && others.any(|other| place(other) == place(order))
    }

    pub(super) fn is_number_free(&self, id: Option<i64>, order: &VendorOrder) -> bool {
        let others = self.book.orders.iter().filter(|(other, _)| Some(**other) != id);
        !Self::is_number_taken(order, others.map(|(_, other)| other))
    }

    /// A vendor for an order: nobody of a bundle; now and then one that does not exist.
    pub(super) fn chosen_vendor(&mut self, refusals: &mut Refusals) -> Option<i64> {
        if self.dice.one_in(40) {
            refusals.push(422);
            return Some(987_654_321);
        }
        let vendor = self.dice.pick(&self.vendors()).filter(|_| !self.dice.one_in(5))?;
        if self.book.vendors[&vendor].is_blacklisted() {
            refusals.push(409);
        }
        Some(vendor)
    }

    /// A client PO for an order of a project, which has to be there or nowhere.
    pub(super) fn chosen_po(&mut self, project: Option<i64>, refusals: &mut Refusals) -> Option<i64> {
        if self.dice.one_in(2) {
            return None;
        }
        let mut pos = self.pos();
        if !self.dice.one_in(15) {
            pos.retain(|po| {
                let home = self.book.pos[po].project();
                home.is_none() || home == project
            });
        }
        let po = self.dice.pick(&pos)?;
        let home = self.book.pos[&po].project();
        if home.is_some() && home != project {
            refusals.push(422);
        }
        Some(po)
    }

    /// An order to be placed, what is sent, and what becomes of it.
    fn draft(
        &mut self,
        project: Option<i64>,
        po: Option<i64>,
        who: Who,
        refusals: &mut Refusals,
    ) -> (Value, VendorOrder) {
        let mut body = json!({"currency": "INR", "client_po_id": po});
        let mut order = VendorOrder {
            vendor: self.chosen_vendor(refusals),
            project,
            po,
            number: String::new(),
            date: Some(self.today()),
            due: None,
            stated: None,
            category: None,
            standing: Standing {
                status: "pending",
                work: "pending",
            },
            word: "pending",
            lines: [].into(),
            version: 1,
        };
        body["vendor_id"] = json!(order.vendor);
        if !self.dice.one_in(4) {
            order.number = self.order_number();
            body[["po_number", "order_number"][self.dice.index(2)]] = json!(order.number);
        }
        if !self.dice.one_in(3) {
            order.date = Some(self.date());
            body["po_date"] = json!(order.date);
        }
        if self.dice.one_in(2) {
            order.due = Some(self.due_day());
            body[["due_date", "expected_delivery"][self.dice.index(2)]] = json!(order.due);
        }
        if self.dice.one_in(2) {
            let category = CATEGORIES[self.dice.index(4)];
            order.category = Some(category.to_owned());
            body["category"] = json!(format!(" {category} "));
        }
        let value = self.dice.amount();
        match self.dice.roll(12) {
            0 => {}
            1 => body["po_value"] = json!(0),
            2 => {
                body["po_value"] = rupees(value);
                body["amount"] = rupees(value + 1);
                refusals.push(422);
            }
            3 => {
                body["po_value"] = json!("0.00");
                body["amount"] = self.dice.sum(value);
                order.stated = Some(value);
            }
            4..7 => {
                body[["amount", "order_value"][self.dice.index(2)]] = self.dice.sum(value);
                order.stated = Some(value);
            }
            _ => {
                body["po_value"] = self.dice.sum(value);
                body["amount"] = rupees(value);
                order.stated = Some(value);
            }
        }
        if self.dice.one_in(6) {
            let words = self.words(&order.standing);
            self.send_words(words, &mut body);
            match order.standing.after(words.0, words.1, who == Who::Admin) {
                Ok(standing) => order.standing = standing,
                Err(refused) => refusals.extend(refused),
            }
        }
        if self.dice.one_in(6) {
            order.word = PAYMENT_WORDS[self.dice.index(3)];
            body["payment_status"] = json!(order.word);
        }
        (body, order)
    }

    /// A number; now and then that of another order.
    pub(super) fn order_number(&mut self) -> String {
        let taken: Vec<String> = self
            .book
            .orders
            .values()
            .map(|order| order.number.clone())
            .collect();
        let other = self.dice.pick(&taken).filter(|_| self.dice.one_in(6));
        other.map_or_else(|| self.name("VO"), |other| other.to_lowercase())
    }

    /// Words of how an order stands, as forms send them: one of the two, or both, of which one is the order's.
    pub(super) fn words(&mut self, now: &Standing) -> Words {
        let status = ORDER_STATUSES[self.dice.index(6)];
        let work = WORK_STATUSES[self.dice.index(4)];
        match self.dice.roll(4) {
            0 => (Some(status), None),
            1 => (None, Some(work)),
            2 => (Some(now.status), Some(work)),
            _ => (Some(status), Some(now.work)),
        }
    }

    pub(super) fn send_words(&mut self, (status, work): Words, body: &mut Value) {
        if let Some(status) = status {
            body["status"] = json!(status.to_uppercase());
        }
        if let Some(work) = work {
            let is_old = work == "in_progress" && self.dice.one_in(2);
            body["work_status"] = json!(if is_old { "ongoing" } else { work });
        }
    }

    /// What is answered about an order that was placed.
    fn placed(&mut self, shown: &Value, mut order: VendorOrder) {
        let id = shown["id"].as_i64().expect("an id");
        assert_eq!(shown["vendor_order_id"], id);
        assert_eq!(shown["po_value"], rupees(order.value()));
        if order.number.is_empty() {
            order.number = format!("VO-{id:06}");
        }
        self.book.orders.insert(id, order);
    }

    pub(super) async fn place_order(&mut self) {
        let who = self.any_editor();
        let mut refusals = Refusals::new();
        let mut project = self.dice.pick(&self.projects()).filter(|_| !self.dice.one_in(8));
        let route = if project.is_none() { 0 } else { self.dice.roll(3) };
        let mut po = self.chosen_po(project, &mut refusals);
        if route == 0 {
            // The project that is not named is the PO's.
            refusals.clear();
            po = self.dice.pick(&self.pos()).filter(|_| !self.dice.one_in(3));
            project = po.and_then(|po| self.book.pos[&po].project());
        }
        let (mut body, order) = self.draft(project, po, who, &mut refusals);
        let path = if let Some(project) = project.filter(|_| route == 2) {
            // The path rules.
            body["project_id"] = json!(987_654_321);
            format!("/api/projects/{project}/vendor-orders")
        } else {
            body["project_id"] = if route == 0 { Value::Null } else { json!(project) };
            "/api/vendor-orders".to_owned()
        };
        if !self.is_number_free(None, &order) {
            refusals.push(409);
        }
        if let Some(answer) = self.take(who, ("POST", path), Some(body), &refusals).await {
            assert_eq!(answer["data"]["vendor_order"], answer["vendor_order"]);
            self.placed(&answer["vendor_order"], order);
        }
    }

    pub(super) async fn place_orders(&mut self) {
        let Some(project) = self.dice.pick(&self.projects()) else {
            return;
        };
        let who = self.any_editor();
        let mut refusals = Refusals::new();
        let (mut bodies, mut orders) = (Vec::new(), Vec::<VendorOrder>::new());
        for _ in 0..self.dice.roll(4) {
            let po = self.chosen_po(Some(project), &mut refusals);
            let (body, order) = self.draft(Some(project), po, who, &mut refusals);
            let is_new = order.number.is_empty();
            let is_free = self.is_number_free(None, &order) && !Self::is_number_taken(&order, orders.iter());
            if !is_new && !is_free {
                refusals.push(409);
            }
            bodies.push(body);
            orders.push(order);
        }
        if bodies.is_empty() {
            refusals.push(422);
        }
        let what = ("POST", format!("/api/projects/{project}/vendor-orders/bulk"));
        let body = json!({"orders": bodies});
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let shown = answer["vendor_orders"].as_array().expect("the orders").clone();
            assert_eq!(shown.len(), orders.len());
            for (shown, order) in shown.iter().zip(orders) {
                self.placed(shown, order);
            }
        }
    }
}
