//! Steps with payments to vendors.

use serde_json::{Value, json};

use super::{
    history::{History, Who},
    model::Refusals,
    numbers::rupees,
    payments::{OPEN, PAYMENT_STATUSES},
    vendor_money::{DEAD, Source, VendorPayment},
    vendor_payment_changes::VendorPaymentWish,
};

impl History {
    pub(super) fn any_vendor_payment(&mut self) -> Option<i64> {
        let payments: Vec<i64> = self.book.vendor_payments.keys().copied().collect();
        self.dice.pick(&payments)
    }

    /// An amount for an order: what is owed of it as often as anything else, so that some are paid to the paisa.
    fn due_amount(&mut self, order: Option<i64>) -> i128 {
        let owed = order.map_or(0, |order| {
            self.book.orders[&order].value() - self.book.paid_out(order)
        });
        match self.dice.roll(3) {
            0 if owed > 0 => owed,
            1 if owed > 1 => self.dice.whole(owed) + 1,
            _ => self.dice.amount(),
        }
    }

    pub(super) async fn pay_vendor(&mut self) {
        // For an order, or in advance.
        let order = self.any_order().filter(|_| !self.dice.one_in(2));
        let mut payment = VendorPayment {
            vendor: None,
            order,
            project: None,
            amount: self.due_amount(order),
            status: PAYMENT_STATUSES[self.dice.index(8)].to_owned(),
            date: if self.dice.one_in(2) {
                self.date()
            } else {
                self.due_day()
            },
            reference: None,
            notes: None,
            batch: None,
            version: 1,
        };
        if order.is_none() || self.dice.one_in(3) {
            payment.vendor = self.dice.pick(&self.vendors()).filter(|_| !self.dice.one_in(15));
        }
        if self.dice.one_in(3) {
            payment.reference = Some(self.name("UTR"));
        }
        if self.dice.one_in(6) {
            self.pay_once_more(&mut payment);
        }
        if ["bounced", "failed", "reconciled"].contains(&&*payment.status) && !self.dice.one_in(3) {
            "cleared".clone_into(&mut payment.status);
        }
        if self.dice.one_in(3) {
            // What is promised takes room too.
            OPEN[self.dice.index(2)].clone_into(&mut payment.status);
        }
        let mut refusals = Refusals::new();
        let mut body = json!({
            "amount": self.dice.sum(payment.amount), "payment_date": payment.date, "status": payment.status.to_uppercase(),
            "vendor_id": payment.vendor, "reference_number": payment.reference.clone().unwrap_or_default(),
        });
        if self.dice.one_in(15) {
            body["amount"] = json!("0.00");
            refusals.push(422);
        }
        let path = self.payment_path(&mut payment, &mut body, &mut refusals);
        refusals.extend(self.book.refused_vendor_payment(&payment));
        let who = self.any_editor();
        if let Some(answer) = self.take(who, ("POST", path), Some(body), &refusals).await {
            let id = answer["payment_id"].as_i64().expect("an id");
            if let Some(order) = order {
                let payees = self.book.orders[&order].payees();
                payment.vendor = payment.vendor.or(payees.first().copied());
                payment.project = self.book.orders[&order].project;
            }
            self.book.vendor_payments.insert(id, payment);
        }
    }

    /// The same reference and amount as another payment's, perhaps to the same vendor.
    fn pay_once_more(&mut self, payment: &mut VendorPayment) {
        let Some(other) = self.any_vendor_payment() else {
            return;
        };
        let other = &self.book.vendor_payments[&other];
        payment.reference.clone_from(&other.reference);
        payment.amount = other.amount;
        if payment.order.is_none() {
            payment.vendor = other.vendor;
        }
    }

    /// One of the routes that record a payment, and what it wants in the body.
    fn payment_path(
        &mut self,
        payment: &mut VendorPayment,
        body: &mut Value,
        refusals: &mut Refusals,
    ) -> String {
        let Some(order) = payment.order else {
            if payment.vendor.is_none() {
                refusals.push(422);
            }
            if payment.vendor.is_some() && self.dice.one_in(3) {
                return "/api/payments".to_owned();
            }
            payment.project = self.dice.pick(&self.projects()).filter(|_| self.dice.one_in(2));
            body["project_id"] = json!(payment.project);
            return "/api/vendor-payments".to_owned();
        };
        if self.dice.one_in(2) {
            return format!("/api/vendor-orders/{order}/payments");
        }
        body["vendor_order_id"] = json!(order);
        let own = self.book.orders[&order].project;
        let project = if self.dice.one_in(10) {
            self.dice.pick(&self.projects())
        } else {
            own
        };
        match project.filter(|_| self.dice.one_in(2)) {
            Some(project) => {
                if own != Some(project) {
                    refusals.push(422);
                }
                format!("/api/projects/{project}/vendor-payments")
            }
            None => ["/api/vendor-payments", "/api/payments"][self.dice.index(2)].to_owned(),
        }
    }

    pub(super) async fn change_vendor_payment(&mut self) {
        let Some(id) = self.any_vendor_payment() else {
            return;
        };
        let mut wish = VendorPaymentWish::default();
        match self.dice.roll(7) {
            0 | 1 => wish.amount = Some(self.dice.amount()),
            2 => wish.date = Some(self.date()),
            3 => wish.notes = Some(self.name("note")),
            4 => {
                let mut other = self.book.vendor_payments[&id].clone();
                self.pay_once_more(&mut other);
                wish.reference = Some(other.reference.unwrap_or_else(|| self.name("UTR")));
                wish.amount = Some(other.amount);
            }
            5 => wish.order = self.any_order(),
            _ => wish.vendor = self.dice.pick(&self.vendors()),
        }
        if self.dice.one_in(3) {
            wish.status = Some(PAYMENT_STATUSES[self.dice.index(8)]);
        }
        self.finish_vendor_payment(id, wish, false).await;
    }

    pub(super) async fn move_vendor_payment(&mut self) {
        if let Some(id) = self.any_vendor_payment() {
            let wish = VendorPaymentWish {
                status: Some(PAYMENT_STATUSES[self.dice.index(8)]),
                ..VendorPaymentWish::default()
            };
            self.finish_vendor_payment(id, wish, true).await;
        }
    }

    async fn finish_vendor_payment(&mut self, id: i64, wish: VendorPaymentWish, is_move: bool) {
        let who = self.any_editor();
        let changed = self.book.changed_vendor_payment(id, &wish, who == Who::Admin);
        let refusals = changed.clone().err().unwrap_or_default();
        let VendorPaymentWish {
            amount,
            date,
            status,
            reference,
            notes,
            order,
            vendor,
        } = wish;
        let mut body = json!({});
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body[name] = value;
            }
        };
        set("amount", amount.map(rupees));
        set("payment_date", date.map(|date| json!(date)));
        set("status", status.map(Value::from));
        set("reference_number", reference.map(Value::from));
        set("notes", notes.map(Value::from));
        set("vendor_order_id", order.map(Value::from));
        set("vendor_id", vendor.map(Value::from));
        let path = match self.dice.roll(3) {
            0 if is_move => format!("/api/payments/{id}/status?kind=vendor"),
            1 => format!("/api/payments/{id}?kind=vendor"),
            _ => format!("/api/vendor-payments/{id}"),
        };
        if self
            .take(who, ("PUT", path), Some(body), &refusals)
            .await
            .is_some()
        {
            self.book
                .vendor_payments
                .insert(id, changed.expect("not refused"));
        }
    }

    pub(super) async fn reconcile_vendor_payment(&mut self) {
        let Some(id) = self.any_vendor_payment() else {
            return;
        };
        let status = self.book.vendor_payments[&id].status.clone();
        let refusals = if ["cleared", "completed", "reconciled"].contains(&status.as_str()) {
            Vec::new()
        } else {
            vec![409]
        };
        let who = self.any_editor();
        let what = ("PUT", format!("/api/payments/{id}/reconcile?kind=vendor"));
        let answer = self.take(who, what, Some(json!({})), &refusals).await;
        if answer.is_some() && status != "reconciled" {
            let payment = self.book.vendor_payments.get_mut(&id).expect("the payment");
            "reconciled".clone_into(&mut payment.status);
            payment.version += 1;
        }
    }

    /// Some payments that may move together; now and then one that may not among them.
    pub(super) async fn move_vendor_batch(&mut self) {
        let (route, from, to): (_, &[&str], _) = if self.dice.one_in(2) {
            ("bulk-process", &["pending"], "processing")
        } else {
            ("bulk-complete", &OPEN, "completed")
        };
        let is_careful = !self.dice.one_in(4);
        let rows = self.book.vendor_payments.iter();
        let mut ids: Vec<i64> = rows
            .filter(|(_, payment)| !is_careful || payment.is(from))
            .map(|(id, _)| *id)
            .collect();
        ids.retain(|_| !self.dice.one_in(3));
        ids.truncate(4);
        let mut refusals = Refusals::new();
        if ids.is_empty() {
            refusals.push(422);
        }
        if !ids.iter().all(|id| self.book.vendor_payments[id].is(from)) {
            refusals.push(409);
        }
        let batch = self.name("BATCH");
        let body = json!({"payment_ids": ids, "batch_reference": batch, "processing_date": "2026-01-31"});
        let who = self.any_editor();
        let what = ("POST", format!("/api/payments/{route}?kind=vendor"));
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let total: i128 = ids.iter().map(|id| self.book.vendor_payments[id].amount).sum();
            assert_eq!(answer["data"]["total_amount"], rupees(total));
            for id in ids {
                let payment = self.book.vendor_payments.get_mut(&id).expect("the payment");
                to.clone_into(&mut payment.status);
                payment.batch = Some(batch.clone());
                payment.version += 1;
            }
        }
    }

    pub(super) async fn delete_vendor_payment(&mut self) {
        let Some(id) = self.any_vendor_payment() else {
            return;
        };
        let mut refusals = Refusals::new();
        let mut who = Who::Admin;
        if self.dice.one_in(4) {
            who = Who::Editor;
            refusals.push(403);
        }
        let is_linked = self.book.links_with(Source::Vendor(id)).next().is_some();
        if is_linked || self.book.vendor_payments[&id].is(&["reconciled"]) {
            refusals.push(409);
        }
        let path = if self.dice.one_in(2) {
            format!("/api/vendor-payments/{id}")
        } else {
            format!("/api/payments/{id}?kind=vendor")
        };
        if self.take(who, ("DELETE", path), None, &refusals).await.is_some() {
            self.book.vendor_payments.remove(&id);
        }
    }
}

/// Whether a word says that the payment never came about.
pub(super) fn is_dead(word: &str) -> bool {
    DEAD.contains(&word)
}
