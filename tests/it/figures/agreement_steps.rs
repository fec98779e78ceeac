//! Steps with verbal agreements, and what their list says.

use serde_json::json;

use super::{
    checks::Check,
    history::History,
    model::{Po, Refusals},
    numbers::rupees,
};

impl History {
    pub(super) async fn agree(&mut self) {
        let Some(project) = self.dice.pick(&self.projects()) else {
            return;
        };
        let mut refusals = Refusals::new();
        let own = self.book.projects[&project].client;
        let mut path = format!("/api/projects/{project}/verbal-agreement");
        let mut client = own;
        if self.dice.one_in(2) {
            client = self.dice.pick(&self.clients());
            path = format!("{path}?client_id={}", client.expect("a client"));
        }
        if client.is_none() {
            refusals.push(422);
        }
        let taken: Vec<String> = self
            .book
            .pos_of(project)
            .iter()
            .filter_map(|id| self.book.pos[id].invoice.clone())
            .collect();
        let mut invoice = self.name("PI");
        if self.dice.one_in(6)
            && let Some(other) = self.dice.pick(&taken)
        {
            invoice = other;
            refusals.push(409);
        }
        let (value, day) = (self.dice.amount(), self.date());
        let body = json!({"pi_number": invoice, "pi_date": day, "value": self.dice.sum(value)});
        let who = self.any_editor();
        if let Some(answer) = self.take(who, ("POST", path), Some(body), &refusals).await {
            let id = answer["agreement_id"].as_i64().expect("an id");
            assert_eq!(answer["agreement"]["value"], rupees(value));
            let po = Po {
                client: client.expect("a client"),
                place: None,
                number: None,
                invoice: Some(invoice),
                store: None,
                status: "pending".to_owned(),
                date: None,
                agreed: Some(day),
                is_agreement: true,
                stated: value,
                stated_tax: 0,
                lines: [].into(),
                version: 1,
            };
            self.book.pos.insert(id, po);
            self.book.enter_project(id, project, None);
        }
    }

    pub(super) async fn add_number(&mut self) {
        let Some(id) = self.dice.pick(&self.pos()) else {
            return;
        };
        let agreements: Vec<i64> = self
            .pos()
            .into_iter()
            .filter(|id| self.book.pos[id].is_agreement)
            .collect();
        // Now and then a PO that is no agreement.
        let id = self
            .dice
            .pick(&agreements)
            .filter(|_| !self.dice.one_in(10))
            .unwrap_or(id);
        let mut po = self.book.pos[&id].clone();
        let mut refusals = Refusals::new();
        let mut number = po.number.clone().unwrap_or_else(|| self.name("PO"));
        if !po.is_agreement {
            refusals.push(404);
        } else if self.dice.one_in(6) {
            let others = self.book.pos.iter().filter(|(other, _)| **other != id);
            let taken: Vec<String> = others.filter_map(|(_, po)| po.number.clone()).collect();
            if let Some(other) = self.dice.pick(&taken) {
                number = other;
                refusals.push(409);
            }
        } else if po.number.is_some() && self.dice.one_in(4) {
            number = self.name("PO");
            refusals.push(409);
        }
        let day = self.date();
        let body = json!({"po_number": number, "po_date": day});
        let who = self.any_editor();
        let what = ("PUT", format!("/api/verbal-agreement/{id}/add-po"));
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            assert_eq!(answer["agreement"]["value"], rupees(po.value()));
            po.version += i64::from(po.number.is_none() || po.date != Some(day));
            po.number = Some(number);
            po.date = Some(day);
            self.book.pos.insert(id, po);
        }
    }
}

impl Check<'_> {
    pub(super) async fn agreements_of(&self, project: i64) {
        let mut ids = self.book.pos_of(project);
        ids.retain(|id| self.book.pos[id].is_agreement);
        ids.sort_by_key(|id| std::cmp::Reverse((self.book.pos[id].agreed, *id)));
        let open: Vec<i64> = ids
            .iter()
            .copied()
            .filter(|id| self.book.pos[id].is_open_agreement())
            .collect();
        let live_open = open.iter().filter(|id| self.book.pos[id].is_live()).count();
        let sums = self.book.sums(&open);
        for (filter, listed) in [("", &ids), ("?open_only=true", &open)] {
            let path = format!("/api/projects/{project}/verbal-agreements{filter}");
            let shown = self.get(path).await;
            assert_eq!(&shown.ids("agreements"), listed, "{}", shown.path);
            shown.has(&[
                ("total_agreement_count", json!(ids.len())),
                ("total_agreement_value", rupees(sums.value)),
                ("open_count", json!(live_open)),
                ("open_value", rupees(sums.value)),
                ("total_count", json!(listed.len())),
            ]);
            for (entry, id) in shown.list("agreements").iter().zip(listed) {
                let po = &self.book.pos[id];
                entry.has(&[
                    ("value", rupees(po.value())),
                    ("pi_number", json!(po.invoice)),
                    ("po_number", json!(po.number)),
                    ("has_po", json!(po.number.is_some())),
                    ("version", json!(po.version)),
                ]);
            }
        }
    }
}
