//! Steps with payments.

use serde_json::{Value, json};

use super::{
    history::{History, Who},
    model::Refusals,
    numbers::rupees,
    payments::{OPEN, PAYMENT_STATUSES, Payment, PaymentWish},
    vendor_money::{DEAD, Source},
};

impl History {
    pub(super) async fn pay(&mut self) {
        let Some(po) = self.dice.pick(&self.pos()) else {
            return;
        };
        // About what is owed as often as anything else, so that some are paid to the paisa.
        let owed = self.book.pos[&po].value() - self.book.paid(po);
        let amount = match self.dice.roll(3) {
            0 if owed > 0 => owed,
            1 if owed > 1 => self.dice.whole(owed) + 1,
            _ => self.dice.amount(),
        };
        let is_debit = self.dice.one_in(5);
        let is_tds = self.dice.one_in(3);
        let mut tds = self.dice.whole(amount + 1);
        let mut refusals = Refusals::new();
        let mut status = PAYMENT_STATUSES[self.dice.index(8)];
        if status == "reconciled" && !self.dice.one_in(3) {
            status = "cleared";
        }
        if status == "reconciled" {
            refusals.push(422);
        }
        if self.dice.one_in(15) {
            tds = amount + 1;
            refusals.push(422);
        }
        let date = self.date();
        let mut body = json!({
            "amount": self.dice.sum(amount), "payment_date": date, "payment_mode": "Bank Transfer", "status": status,
            "is_tds_deducted": is_tds, "tds_amount": self.dice.sum(tds),
        });
        if is_debit {
            body["transaction_type"] = json!("DEBIT");
        }
        if self.dice.one_in(15) {
            body["amount"] = json!(0);
            refusals.push(422);
        }
        let path = if self.dice.one_in(2) {
            body[["po_id", "client_po_id"][self.dice.index(2)]] = json!(po);
            "/api/payments".to_owned()
        } else {
            format!("/api/po/{po}/payments")
        };
        let who = self.any_editor();
        if let Some(answer) = self.take(who, ("POST", path), Some(body), &refusals).await {
            let id = answer["payment_id"].as_i64().expect("an id");
            let payment = Payment {
                po,
                amount,
                is_debit,
                status: status.to_owned(),
                is_tds,
                tds: if is_tds { tds } else { 0 },
                date,
                notes: None,
                batch: None,
                version: 1,
            };
            self.book.payments.insert(id, payment);
        }
    }

    pub(super) async fn change_payment(&mut self) {
        let mut wish = PaymentWish::default();
        match self.dice.roll(6) {
            0 | 1 => wish.amount = Some(self.dice.amount()),
            2 => wish.is_debit = Some(self.dice.one_in(2)),
            3 => {
                wish.is_tds = Some(self.dice.one_in(2));
                wish.tds = Some(self.dice.amount());
            }
            4 => wish.date = Some(self.date()),
            _ => wish.notes = Some(self.name("note")),
        }
        if self.dice.one_in(3) {
            wish.status = Some(PAYMENT_STATUSES[self.dice.index(8)]);
        }
        self.change(wish, "").await;
    }

    pub(super) async fn move_payment(&mut self) {
        let wish = PaymentWish {
            status: Some(PAYMENT_STATUSES[self.dice.index(8)]),
            ..PaymentWish::default()
        };
        let route = ["/status", ""][self.dice.index(2)];
        self.change(wish, route).await;
    }

    async fn change(&mut self, wish: PaymentWish, route: &str) {
        let Some(id) = self.any_payment() else {
            return;
        };
        let who = self.any_editor();
        let before = &self.book.payments[&id];
        let changed = before.changed(&wish, who == Who::Admin);
        let refusals = match &changed {
            Ok(after) => self.refused_by_links(id, before, after),
            Err(refusals) => refusals.clone(),
        };
        let PaymentWish {
            amount,
            is_debit,
            status,
            is_tds,
            tds,
            date,
            notes,
        } = wish;
        let kind = is_debit.map(|is_debit| if is_debit { "debit" } else { "credit" });
        let mut body = json!({});
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body[name] = value;
            }
        };
        set("amount", amount.map(rupees));
        set("transaction_type", kind.map(Value::from));
        set("status", status.map(Value::from));
        set("is_tds_deducted", is_tds.map(Value::from));
        set("tds_amount", tds.map(rupees));
        set("payment_date", date.map(|date| json!(date)));
        set("notes", notes.map(Value::from));
        let what = ("PUT", format!("/api/payments/{id}{route}"));
        if self.take(who, what, Some(body), &refusals).await.is_some() {
            self.book.payments.insert(id, changed.expect("not refused"));
        }
    }

    /// What the parts of a payment that are meant for vendor orders do not let happen to it.
    fn refused_by_links(&self, id: i64, before: &Payment, after: &Payment) -> Refusals {
        let source = Source::Client(id);
        if before == after || self.book.links_with(source).next().is_none() {
            return Refusals::new();
        }
        let is_dead = |payment: &Payment| DEAD.contains(&payment.status.as_str());
        let is_refused = after.amount < self.book.allocated(source)
            || after.is_debit != before.is_debit
            || (is_dead(before) && !is_dead(after) && !self.book.has_room_again(id, after));
        if is_refused { vec![409] } else { Refusals::new() }
    }

    pub(super) async fn reconcile(&mut self) {
        let Some(id) = self.any_payment() else {
            return;
        };
        let status = self.book.payments[&id].status.clone();
        let refusals = if ["cleared", "completed", "reconciled"].contains(&status.as_str()) {
            Vec::new()
        } else {
            vec![409]
        };
        let who = self.any_editor();
        let what = ("PUT", format!("/api/payments/{id}/reconcile"));
        if self.take(who, what, Some(json!({})), &refusals).await.is_some() && status != "reconciled" {
            let payment = self.book.payments.get_mut(&id).expect("the payment");
            "reconciled".clone_into(&mut payment.status);
            payment.version += 1;
        }
    }

    /// Some payments that may move together; now and then one that may not among them.
    pub(super) async fn move_batch(&mut self) {
        let (route, from, to): (_, &[&str], _) = if self.dice.one_in(2) {
            ("bulk-process", &["pending"], "processing")
        } else {
            ("bulk-complete", &OPEN, "completed")
        };
        let is_careful = !self.dice.one_in(4);
        let mut ids: Vec<i64> = self
            .book
            .payments
            .iter()
            .filter(|(_, payment)| !is_careful || from.contains(&payment.status.as_str()))
            .map(|(id, _)| *id)
            .collect();
        ids.retain(|_| !self.dice.one_in(3));
        ids.truncate(4);
        ids.reverse();
        let mut refusals = Refusals::new();
        if ids.is_empty() {
            refusals.push(422);
        }
        let is_fit = |id: &i64| from.contains(&self.book.payments[id].status.as_str());
        if !ids.iter().all(is_fit) {
            refusals.push(409);
        }
        let batch = self.name("BATCH");
        let body = json!({"payment_ids": ids, "batch_reference": batch, "processing_date": "2026-01-31"});
        let who = self.any_editor();
        let what = ("POST", format!("/api/payments/{route}"));
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let total: i128 = ids.iter().map(|id| self.book.payments[id].amount).sum();
            assert_eq!(answer["data"]["total_amount"], rupees(total));
            for id in ids {
                let payment = self.book.payments.get_mut(&id).expect("the payment");
                to.clone_into(&mut payment.status);
                payment.batch = Some(batch.clone());
                payment.version += 1;
            }
        }
    }

    pub(super) async fn delete_payment(&mut self) {
        let Some(id) = self.any_payment() else {
            return;
        };
        let who = if self.dice.one_in(4) {
            Who::Editor
        } else {
            Who::Admin
        };
        let mut refusals = Refusals::new();
        if who == Who::Editor {
            refusals.push(403);
        }
        let is_linked = self.book.links_with(Source::Client(id)).next().is_some();
        if self.book.payments[&id].status == "reconciled" || is_linked {
            refusals.push(409);
        }
        let what = ("DELETE", format!("/api/payments/{id}"));
        if self.take(who, what, None, &refusals).await.is_some() {
            self.book.payments.remove(&id);
        }
    }
}
