//! Steps that change vendor orders, and what becomes of them.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    history::{History, Who},
    model::{Book, Refusals},
    numbers::rupees,
    payments::PAID,
    vendor_money::Source,
    vendor_order_steps::{CATEGORIES, PAYMENT_WORDS, Words},
    vendors::VendorOrder,
};

/// A field that empty text clears.
#[derive(Debug, Clone, Copy, Default)]
enum Sent<T> {
    #[default]
    Not,
    Empty,
    As(T),
}

impl<T> From<Option<T>> for Sent<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Self::As)
    }
}

impl<T> Sent<T> {
    fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Not => before,
            Self::Empty => None,
            Self::As(value) => Some(value),
        }
    }
}

impl<T: serde::Serialize> Sent<T> {
    fn value(self) -> Option<Value> {
        match self {
            Self::Not => None,
            Self::Empty => Some(json!("")),
            Self::As(value) => Some(json!(value)),
        }
    }
}

/// What a request wants of an order.
#[derive(Debug, Clone, Default)]
pub(super) struct OrderWish {
    value: Option<i128>,
    basis: Option<&'static str>,
    vendor: Option<i64>,
    po: Option<i64>,
    number: Option<String>,
    date: Sent<NaiveDate>,
    due: Sent<NaiveDate>,
    category: Sent<&'static str>,
    words: Words,
    payment: Option<&'static str>,
}

impl Book {
    /// An order as a request wants it, or with what that is refused.
    fn changed_order(&self, id: i64, wish: &OrderWish, is_admin: bool) -> Result<VendorOrder, Refusals> {
        let before = &self.orders[&id];
        let mut after = before.clone();
        let mut refusals = Refusals::new();
        if let Some(value) = wish.value.filter(|value| *value != before.value()) {
            after.stated = Some(value);
        }
        if let Some(basis) = wish.basis
            && (basis == "lines") != before.has_lines()
        {
            refusals.push(409);
        }
        if let Some(vendor) = wish.vendor.filter(|vendor| before.vendor != Some(*vendor)) {
            after.vendor = Some(vendor);
            refusals.extend(self.refused_vendor(id, vendor));
        }
        if let Some(po) = wish.po {
            let home = self.pos[&po].project();
            if home.is_some() && home != before.project && before.po != Some(po) {
                refusals.push(422);
            }
            after.po = Some(po);
        }
        if let Some(number) = &wish.number {
            after.number.clone_from(number);
        }
        after.date = wish.date.over(before.date);
        after.due = wish.due.over(before.due);
        after.category = wish.category.over(before.category.as_deref()).map(str::to_owned);
        match before.standing.after(wish.words.0, wish.words.1, is_admin) {
            Ok(standing) => after.standing = standing,
            Err(refused) => refusals.extend(refused),
        }
        if before.is_live() && !after.is_live() && self.paid_out(id) > 0 {
            refusals.push(409);
        }
        let (word, source) = self.payment_word(id);
        if let Some(wanted) = wish.payment.filter(|wanted| *wanted != word) {
            after.word = wanted;
            if source == "payments" {
                refusals.push(409);
            }
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        after.version += i64::from(after != *before);
        Ok(after)
    }

    fn refused_vendor(&self, order: i64, vendor: i64) -> Refusals {
        let is_paid = self.own_payments(order).any(|(_, payment)| payment.is(&PAID));
        let is_linked = self
            .links_of(order)
            .any(|(_, link)| matches!(link.source, Source::Vendor(_)));
        match self.vendors.get(&vendor) {
            None => vec![422],
            Some(vendor) if vendor.is_blacklisted() || is_paid || is_linked => vec![409],
            Some(_) => Refusals::new(),
        }
    }
}

impl History {
    /// What dialogs and grids send: one or two things that are different, or all that is there already.
    fn order_wish(&mut self, id: i64) -> OrderWish {
        let order = self.book.orders[&id].clone();
        let mut wish = OrderWish::default();
        if self.dice.one_in(6) {
            // A dialog that was opened and closed.
            wish.value = Some(order.value());
            wish.vendor = order.vendor;
            wish.number = Some(order.number.clone());
            wish.words = (Some(order.standing.status), Some(order.standing.work));
            wish.payment = Some(self.book.payment_word(id).0);
        }
        for _ in 0..=self.dice.roll(2) {
            match self.dice.roll(10) {
                0..3 => wish.value = Some(self.dice.amount()),
                3 => wish.vendor = self.chosen_vendor(&mut Refusals::new()),
                4 => {
                    wish.po = self.chosen_po(order.project, &mut Refusals::new());
                    if self.dice.one_in(3) {
                        wish.number = Some(self.order_number());
                    }
                }
                5 => wish.basis = Some(["lines", "stated"][self.dice.index(2)]),
                6 => wish.due = Some(self.due_day()).filter(|_| !self.dice.one_in(3)).into(),
                7 => {
                    wish.category = self
                        .dice
                        .pick(&CATEGORIES)
                        .filter(|_| !self.dice.one_in(3))
                        .into();
                    wish.date = Some(self.date()).filter(|_| !self.dice.one_in(3)).into();
                }
                8 => wish.words = self.words(&order.standing),
                _ => wish.payment = self.dice.pick(&PAYMENT_WORDS),
            }
        }
        let (date, due) = (wish.date.over(order.date), wish.due.over(order.due));
        if date.is_none() && due.is_none() {
            // Else it would be as old as its row, whose day the server's clock does not say.
            wish.date = Sent::As(self.date());
        }
        wish
    }

    fn body_of_wish(&mut self, wish: &OrderWish) -> Value {
        let mut body = json!({"amount": null});
        if let Some(value) = wish.value {
            // The first name wins.
            match self.dice.roll(3) {
                0 => body["amount"] = self.dice.sum(value),
                1 => body["order_value"] = self.dice.sum(value),
                _ => {
                    body["po_value"] = self.dice.sum(value);
                    body["amount"] = rupees(value + 1);
                }
            }
            if body["amount"].is_null() {
                body.as_object_mut().expect("a body").remove("amount");
            }
        }
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body[name] = value;
            }
        };
        set("value_basis", wish.basis.map(Value::from));
        set("vendor_id", wish.vendor.map(Value::from));
        set("client_po_id", wish.po.map(Value::from));
        set("po_number", wish.number.clone().map(Value::from));
        set("order_date", wish.date.value());
        set("due_date", wish.due.value());
        set("category", wish.category.value());
        set("payment_status", wish.payment.map(Value::from));
        self.send_words(wish.words, &mut body);
        body
    }

    pub(super) async fn change_order(&mut self) {
        let Some(id) = self.any_order() else {
            return;
        };
        let who = self.any_editor();
        let wish = self.order_wish(id);
        let mut changed = self.changed_with_number(id, &wish, who);
        // Orders of no project are found under 0.
        let mut home = self.book.orders[&id].project.unwrap_or(0);
        if self.dice.one_in(20) {
            home = self
                .dice
                .pick(&self.projects())
                .filter(|other| *other != home)
                .unwrap_or(987_654_321);
            changed = Err(vec![404]);
        }
        let body = self.body_of_wish(&wish);
        let what = ("PUT", format!("/api/projects/{home}/vendor-orders/{id}"));
        self.finish_change(id, who, (what, body), changed).await;
    }

    pub(super) async fn move_order(&mut self) {
        let Some(id) = self.any_order() else {
            return;
        };
        let who = self.any_editor();
        let mut wish = OrderWish::default();
        match self.dice.roll(6) {
            // Often enough that some are given up, and taken up again.
            5 => {
                wish.words = [
                    (Some("rejected"), None),
                    (None, Some("cancelled")),
                    (None, Some("pending")),
                ][self.dice.index(3)];
            }
            0 => wish.payment = self.dice.pick(&PAYMENT_WORDS),
            1 => wish.po = self.chosen_po(self.book.orders[&id].project, &mut Refusals::new()),
            _ => wish.words = self.words(&self.book.orders[&id].standing.clone()),
        }
        let changed = self.changed_with_number(id, &wish, who);
        let body = self.body_of_wish(&wish);
        let what = ("PUT", format!("/api/vendor-orders/{id}/status"));
        self.finish_change(id, who, (what, body), changed).await;
    }

    fn changed_with_number(&self, id: i64, wish: &OrderWish, who: Who) -> Result<VendorOrder, Refusals> {
        let before = &self.book.orders[&id];
        let after = self.book.changed_order(id, wish, who == Who::Admin)?;
        let place = |order: &VendorOrder| (order.vendor, order.number.to_lowercase(), order.is_live());
        if place(&after) != place(before) && !self.is_number_free(Some(id), &after) {
            return Err(vec![409]);
        }
        Ok(after)
    }

    async fn finish_change(
        &mut self,
        id: i64,
        who: Who,
        (what, body): ((&str, String), Value),
        changed: Result<VendorOrder, Refusals>,
    ) {
        let refusals = changed.clone().err().unwrap_or_default();
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let order = changed.expect("not refused");
            let shown = &answer["vendor_order"];
            assert_eq!(shown["po_value"], rupees(order.value()));
            assert_eq!(answer["data"]["id"], id);
            assert_eq!(answer["data"]["version"], order.version);
            self.book.orders.insert(id, order);
        }
    }

    pub(super) async fn delete_order(&mut self) {
        // Those that can be deleted as often as others.
        let mut orders = self.orders();
        if self.dice.one_in(2) {
            orders.retain(|id| self.is_order_free(*id));
        }
        let Some(id) = self.dice.pick(&orders) else {
            return;
        };
        let mut refusals = Refusals::new();
        let mut who = Who::Admin;
        let home = self.book.orders[&id].project.unwrap_or(0);
        let mut path = format!("/api/vendor-orders/{id}");
        match self.dice.roll(6) {
            0 => {
                who = Who::Editor;
                refusals.push(403);
            }
            1 => {
                path = format!("/api/projects/987654321/vendor-orders/{id}");
                refusals.push(404);
            }
            2 | 3 => path = format!("/api/projects/{home}/vendor-orders/{id}"),
            _ => {}
        }
        if refusals.is_empty() && !self.is_order_free(id) {
            refusals.push(409);
        }
        if let Some(answer) = self.take(who, ("DELETE", path), None, &refusals).await {
            assert_eq!(answer["data"]["vendor_order_id"], id);
            self.book.orders.remove(&id);
        }
    }

    /// Whether no payment and no link names an order.
    fn is_order_free(&self, id: i64) -> bool {
        self.book.own_payments(id).next().is_none() && self.book.links_of(id).next().is_none()
    }
}
