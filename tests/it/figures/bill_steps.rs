//! Steps with bills to clients.

use serde_json::{Value, json};

use super::{
    bills::{Bill, BillLine},
    history::{History, Who},
    lines,
    model::{Book, Refusals},
    numbers::{fine, rupees},
    vendors::cost,
};

impl Book {
    /// Why a bill may not be made to take this one's place.
    fn refused_revision(&self, revised: &str, project: i64, po: Option<i64>, own: Option<&str>) -> Refusals {
        let Some(bill) = self.bills.get(revised) else {
            return vec![422];
        };
        if bill.project != project || po.is_some_and(|po| bill.po != po) || own == Some(revised) {
            return vec![422];
        }
        let named_by = self.revision_of(revised).map(|(id, _)| id.as_str());
        let is_named = named_by.is_some() && named_by != own;
        if bill.is_draft() || is_named {
            vec![409]
        } else {
            Refusals::new()
        }
    }
}

impl History {
    fn bills(&self) -> Vec<String> {
        self.book.bills.keys().cloned().collect()
    }

    /// A bill, those that may still change more often.
    fn any_bill(&mut self) -> Option<String> {
        let mut bills = self.bills();
        if !self.dice.one_in(4) {
            bills.retain(|id| !self.book.is_fixed(id));
        }
        self.dice.pick(&bills)
    }

    /// A bill of a project whose place another one could take; now and then any.
    fn revisable(&mut self, project: i64) -> Option<String> {
        let mut bills = self.bills();
        if !self.dice.one_in(4) {
            bills.retain(|id| {
                let bill = &self.book.bills[id];
                bill.project == project && !bill.is_draft() && self.book.revision_of(id).is_none()
            });
        }
        self.dice.pick(&bills)
    }

    pub(super) async fn bill(&mut self) {
        let Some(project) = self.dice.pick(&self.projects()) else {
            return;
        };
        let mut refusals = Refusals::new();
        let (value, gst) = (self.dice.amount(), self.dice.amount() / 5);
        let mut body = json!({"billed_gst": self.dice.sum(gst), "billing_notes": ""});
        body[["billed_value", "amount"][self.dice.index(2)]] = self.dice.sum(value);
        let mut po = self.book.billed_by_default(project);
        if self.dice.one_in(3) {
            // One of the project's, or, now and then, any.
            let own = self.book.pos_of(project);
            let pos = if self.dice.one_in(5) { self.pos() } else { own };
            po = self.dice.pick(&pos);
            body["client_po_id"] = json!(po);
            if po.is_none() {
                po = self.book.billed_by_default(project);
            }
        }
        let is_billable =
            |po: i64| self.book.pos[&po].is_live() && self.book.pos[&po].project() == Some(project);
        if !po.is_some_and(is_billable) {
            refusals.push(422);
            po = None;
        }
        let mut status = "FINAL";
        if self.dice.one_in(2) {
            status = ["DRAFT", "FINAL"][self.dice.index(2)];
            body["status"] = json!(status.to_lowercase());
        }
        let mut revises = None;
        if self.dice.one_in(3) {
            revises = self.revisable(project);
            if let Some(revised) = &revises {
                body["revises_id"] = json!(revised);
                refusals.extend(self.book.refused_revision(revised, project, po, None));
                if let Some(bill) = self.book.bills.get(revised)
                    && !self.dice.one_in(5)
                    && bill.project == project
                {
                    // Of the same PO, as it has to be.
                    body["client_po_id"] = json!(bill.po);
                    po = Some(bill.po);
                    let is_live = self.book.pos[&bill.po].is_live();
                    refusals = if is_live { Refusals::new() } else { vec![422] };
                    refusals.extend(self.book.refused_revision(revised, project, po, None));
                }
            }
        }
        let default = po.and_then(|po| self.book.pos[&po].number.clone());
        let mut number = default.unwrap_or_else(|| format!("BILLING-{project}"));
        if self.dice.one_in(3) {
            number = self.name("BILL");
            body["po_number"] = json!(number);
        }
        let who = self.any_editor();
        let what = ("POST", format!("/api/projects/{project}/billing-po"));
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let id = answer["data"]["id"].as_str().expect("an id").to_owned();
            let bill = Bill {
                po: po.expect("a PO"),
                project,
                number,
                value,
                gst,
                status,
                revises,
                notes: None,
                lines: Vec::new(),
                version: 1,
                age: self.age(),
            };
            Self::bill_is_answered(&answer, &bill);
            self.book.bills.insert(id, bill);
        }
    }

    fn bill_is_answered(answer: &Value, bill: &Bill) {
        assert_eq!(answer["billing_po"]["billed_total"], rupees(bill.total()));
        assert_eq!(answer["data"]["billing_po"], answer["billing_po"]);
        assert_eq!(answer["data"]["status"], bill.status);
        assert_eq!(answer["data"]["version"], bill.version);
    }

    pub(super) async fn change_bill(&mut self) {
        let Some(id) = self.any_bill() else {
            return;
        };
        let before = self.book.bills[&id].clone();
        let mut bill = before.clone();
        let (mut body, mut refusals) = (json!({}), Refusals::new());
        match self.dice.roll(6) {
            0 => {
                bill.value = self.dice.amount();
                body["amount"] = self.dice.sum(bill.value);
            }
            1 => {
                bill.gst = self.dice.amount();
                body["billed_gst"] = self.dice.sum(bill.gst);
                bill.notes = Some(self.name("note"));
                body["description"] = json!(bill.notes);
            }
            2 => {
                bill.number = self.name("BILL");
                body["po_number"] = json!(bill.number);
            }
            3 => {
                if let Some(revised) = self.revisable(bill.project) {
                    body["revises_id"] = json!(revised);
                    if bill.revises.as_ref() != Some(&revised) {
                        if !bill.is_draft() {
                            refusals.push(409);
                        }
                        let (project, po) = (bill.project, Some(bill.po));
                        refusals.extend(self.book.refused_revision(&revised, project, po, Some(&id)));
                    }
                    bill.revises = Some(revised);
                } else {
                    body["billed_value"] = rupees(bill.value);
                }
            }
            _ => {
                let status = ["DRAFT", "FINAL"][self.dice.index(4).min(1)];
                body["status"] = json!(status);
                if status == "DRAFT" && !bill.is_draft() {
                    refusals.push(409);
                }
                if bill.is_draft() {
                    bill.status = status;
                }
            }
        }
        if self.book.is_fixed(&id) {
            refusals.push(409);
        }
        let mut path = format!("/api/billing-po/{id}");
        if self.dice.one_in(3) {
            path = format!(
                "/api/projects/{}{}",
                bill.project,
                path.trim_start_matches("/api")
            );
        } else if self.dice.one_in(15) {
            path = format!("/api/projects/987654321{}", path.trim_start_matches("/api"));
            refusals = vec![404];
        }
        let who = self.any_editor();
        if let Some(answer) = self.take(who, ("PUT", path), Some(body), &refusals).await {
            bill.version += i64::from(bill != before);
            Self::bill_is_answered(&answer, &bill);
            self.book.bills.insert(id, bill);
        }
    }

    pub(super) async fn approve_bill(&mut self) {
        let Some(id) = self.any_bill() else {
            return;
        };
        let mut refusals = Refusals::new();
        let mut who = Who::Admin;
        if self.dice.one_in(6) {
            who = Who::Editor;
            refusals.push(403);
        }
        if self.book.is_fixed(&id) || self.book.bills[&id].is_draft() || self.book.bills[&id].value == 0 {
            refusals.push(409);
        }
        let what = ("POST", format!("/api/billing-po/{id}/approve"));
        if let Some(answer) = self
            .take(who, what, Some(json!({"notes": "agreed"})), &refusals)
            .await
        {
            let mut bill = self.book.bills[&id].clone();
            bill.status = "APPROVED";
            bill.version += 1;
            Self::bill_is_answered(&answer, &bill);
            self.book.bills.insert(id, bill);
        }
    }

    pub(super) async fn delete_bill(&mut self) {
        let Some(id) = self.any_bill() else {
            return;
        };
        let mut refusals = Refusals::new();
        let mut who = Who::Admin;
        if self.dice.one_in(6) {
            who = Who::Editor;
            refusals.push(403);
        }
        if self.book.bills[&id].status == "APPROVED" || self.book.revision_of(&id).is_some() {
            refusals.push(409);
        }
        let what = ("DELETE", format!("/api/billing-po/{id}"));
        if self.take(who, what, None, &refusals).await.is_some() {
            self.book.bills.remove(&id);
        }
    }

    pub(super) async fn add_bill_line(&mut self) {
        let Some(id) = self.any_bill() else {
            return;
        };
        let (quantity, rate) = (lines::quantity(&mut self.dice), lines::price(&mut self.dice));
        let mut body = json!({"description": "Shelf", "qty": fine(quantity), "rate": fine(rate), "total": 1});
        if self.dice.one_in(2) {
            body = json!({
                "item_description": "Shelf", "quantity": fine(quantity), "unit_price": fine(rate), "amount": 1,
            });
        }
        let refusals = if self.book.is_fixed(&id) {
            vec![409]
        } else {
            Vec::new()
        };
        let who = self.any_editor();
        let what = ("POST", format!("/api/billing-po/{id}/line-items"));
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let total = cost(quantity, rate);
            assert_eq!(answer["line_item"]["total"], rupees(total));
            let line = BillLine {
                id: answer["data"]["id"].as_str().expect("an id").to_owned(),
                quantity,
                rate,
                total,
            };
            let bill = self.book.bills.get_mut(&id).expect("the bill");
            bill.lines.push(line);
            bill.version += 1;
        }
    }

    pub(super) async fn delete_bill_line(&mut self) {
        let lines: Vec<(String, String)> = self
            .book
            .bills
            .iter()
            .flat_map(|(id, bill)| bill.lines.iter().map(|line| (id.clone(), line.id.clone())))
            .collect();
        let Some((mut id, line)) = self.dice.pick(&lines) else {
            return;
        };
        let mut refusals = Refusals::new();
        if self.book.is_fixed(&id) {
            refusals.push(409);
        }
        let others: Vec<String> = self.bills().into_iter().filter(|other| *other != id).collect();
        if self.dice.one_in(8)
            && let Some(other) = self.dice.pick(&others)
        {
            id = other;
            refusals = vec![404];
        }
        let who = self.any_editor();
        let what = ("DELETE", format!("/api/billing-po/{id}/line-items/{line}"));
        if self.take(who, what, None, &refusals).await.is_some() {
            let bill = self.book.bills.get_mut(&id).expect("the bill");
            bill.lines.retain(|other| other.id != line);
            bill.version += 1;
        }
    }
}
