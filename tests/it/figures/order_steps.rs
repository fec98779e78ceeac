//! Steps with clients, projects and POs.

use serde_json::{Value, json};

use super::{
    history::{History, Who},
    model::{Client, PO_STATUSES, Po, Project, Refusals},
    numbers::{Dice, rupees},
};

/// Stores of which several clients have some.
const STORES: [&str; 3] = ["ST-1", "ST-2", "ST-3"];

/// A stated value and the tax in it.
fn stated(dice: &mut Dice) -> (i128, i128) {
    let value = dice.amount();
    let tax = if dice.one_in(3) { 0 } else { dice.whole(value + 1) };
    (value, tax)
}

fn id_of(answer: &Value, field: &str) -> i64 {
    answer[field]
        .as_i64()
        .unwrap_or_else(|| panic!("no {field} in {answer}"))
}

impl History {
    pub(super) async fn new_client(&mut self) {
        let name = self.name("Client");
        let bundles = self.dice.one_in(2);
        let body = json!({"name": name, "bundle_by_store": bundles});
        let answer = self.done("POST", "/api/clients".to_owned(), body).await;
        let id = id_of(&answer["client"], "id");
        self.book.clients.insert(id, Client { name, bundles });
    }

    pub(super) async fn change_client(&mut self) {
        let id = self.dice.pick(&self.clients()).expect("a client");
        let bundles = self.dice.one_in(2);
        let body = json!({"bundle_by_store": bundles});
        self.done("PUT", format!("/api/clients/{id}"), body).await;
        self.book.clients.get_mut(&id).expect("the client").bundles = bundles;
    }

    pub(super) async fn delete_client(&mut self) {
        let id = self.dice.pick(&self.clients()).expect("a client");
        let refusals = if id <= 2 || self.book.needs_client(id) {
            vec![409]
        } else {
            Vec::new()
        };
        let what = ("DELETE", format!("/api/clients/{id}"));
        if self.take(Who::Admin, what, None, &refusals).await.is_some() {
            self.book.clients.remove(&id);
        }
    }

    pub(super) async fn new_project(&mut self) {
        let taken: Vec<String> = self
            .book
            .projects
            .values()
            .map(|project| project.name.clone())
            .collect();
        let client = self.dice.pick(&self.clients()).filter(|_| !self.dice.one_in(4));
        let mut refusals = Refusals::new();
        let mut name = self.name("Project");
        if self.dice.one_in(6)
            && let Some(other) = self.dice.pick(&taken)
        {
            name = format!(" {} ", other.to_uppercase());
            refusals.push(409);
        }
        let who = self.any_editor();
        let body = json!({"name": name, "client_id": client});
        let what = ("POST", "/api/projects".to_owned());
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let id = id_of(&answer, "project_id");
            self.book.projects.insert(id, Project { name, client });
        }
    }

    pub(super) async fn change_project(&mut self) {
        let Some(id) = self.dice.pick(&self.projects()) else {
            return;
        };
        let client = self.dice.pick(&self.clients()).filter(|_| !self.dice.one_in(4));
        let body = json!({"client_id": client});
        self.done("PUT", format!("/api/projects/{id}"), body).await;
        self.book.projects.get_mut(&id).expect("the project").client = client;
    }

    pub(super) async fn delete_project(&mut self) {
        let Some(id) = self.dice.pick(&self.projects()) else {
            return;
        };
        let force = self.dice.one_in(3);
        let refusals = if self.book.is_project_needed(id) && !force {
            vec![409]
        } else {
            Vec::new()
        };
        let path = if self.dice.one_in(3) {
            let name = self.book.projects[&id].name.clone();
            format!("/api/projects?name={name}&force={force}")
        } else {
            format!("/api/projects/{id}?force={force}")
        };
        let gone = self.book.pos_of(id).len();
        if let Some(answer) = self.take(Who::Admin, ("DELETE", path), None, &refusals).await {
            assert_eq!(answer["pos_deleted"], gone);
            self.book.delete_project(id);
        }
    }

    pub(super) async fn new_po(&mut self) {
        let (value, tax) = stated(&mut self.dice);
        let client = self.dice.pick(&self.clients()).expect("a client");
        let project = self.dice.pick(&self.projects()).filter(|_| !self.dice.one_in(3));
        let number = Some(self.name("PO")).filter(|_| !self.dice.one_in(4));
        let store = self.dice.pick(&STORES).filter(|_| !self.dice.one_in(3));
        let date = self.date();
        let mut body = json!({"po_date": date, "po_number": number, "store_id": store});
        let (mut stated, mut stated_tax) = (0, 0);
        if !self.dice.one_in(6) {
            stated = value;
            body["po_value"] = self.dice.sum(value);
            if !self.dice.one_in(3) {
                stated_tax = tax;
                body[["total_tax", "stated_tax"][self.dice.index(2)]] = self.dice.sum(tax);
            }
        }
        let mut status = "pending";
        if self.dice.one_in(3) {
            status = PO_STATUSES[self.dice.index(5)];
            body["status"] = json!(status.to_uppercase());
        }
        let mut refusals = Refusals::new();
        let numbers: Vec<String> = self
            .book
            .pos
            .values()
            .filter_map(|po| po.number.clone())
            .collect();
        if self.dice.one_in(10)
            && let Some(taken) = self.dice.pick(&numbers)
        {
            body["po_number"] = json!(taken);
            refusals.push(409);
        }
        let (path, client) = self.new_po_path(client, project, &mut body, &mut refusals);
        let who = self.any_editor();
        if let Some(answer) = self.take(who, ("POST", path), Some(body), &refusals).await {
            let id = id_of(&answer, "po_id");
            assert_eq!(answer["po"]["po_value"], rupees(stated));
            let po = Po {
                client,
                place: None,
                number,
                invoice: None,
                store: store.map(str::to_owned),
                status: status.to_owned(),
                date: Some(date),
                agreed: None,
                is_agreement: false,
                stated,
                stated_tax,
                lines: [].into(),
                version: 1,
            };
            self.book.pos.insert(id, po);
            if let Some(project) = project {
                self.book.enter_project(id, project, None);
            }
        }
    }

    /// One of the three routes that make a PO, and whose PO it is there.
    fn new_po_path(
        &mut self,
        client: i64,
        project: Option<i64>,
        body: &mut Value,
        refusals: &mut Refusals,
    ) -> (String, i64) {
        if let Some(project) = project
            && self.dice.one_in(2)
        {
            let own = self.book.projects[&project].client;
            if self.dice.one_in(2) {
                return (format!("/api/projects/{project}/po?client_id={client}"), client);
            }
            if own.is_none() {
                refusals.push(422);
            }
            return (format!("/api/projects/{project}/po"), own.unwrap_or(client));
        }
        body["project_id"] = json!(project);
        if self.dice.one_in(3) {
            body["client_name"] = json!(self.book.clients[&client].name.to_uppercase());
        } else {
            body["client_id"] = json!(client);
        }
        let path = ["/api/po", "/api/client-po"][self.dice.index(2)];
        (path.to_owned(), client)
    }

    pub(super) async fn change_po(&mut self) {
        let Some(id) = self.dice.pick(&self.pos()) else {
            return;
        };
        let mut po = self.book.pos[&id].clone();
        let mut body = json!({"payment_status": "paid"});
        let mut refusals = Refusals::new();
        let (mut value, mut tax) = (None, None);
        match self.dice.roll(4) {
            0 => {
                let given = stated(&mut self.dice);
                (value, tax) = (Some(given.0), Some(given.1));
            }
            1 => value = Some(self.dice.amount()),
            // What a dialog sends back.
            2 => (value, tax) = (Some(po.value()), Some(po.tax())),
            _ => {}
        }
        if self.dice.one_in(12) {
            tax = Some(self.dice.amount());
        }
        if let Some(value) = value {
            body["po_value"] = self.dice.sum(value);
        }
        if let Some(tax) = tax {
            body["total_tax"] = self.dice.sum(tax);
        }
        let mut is_changed = match po.state(value, tax) {
            Ok(is_changed) => is_changed,
            Err(refused) => {
                refusals.extend(refused);
                false
            }
        };
        if self.dice.one_in(3) {
            // One in four is cancelled, so that enough are left.
            let status = PO_STATUSES[self.dice.index(5)];
            body["status"] = json!(status);
            is_changed |= po.status != status;
            status.clone_into(&mut po.status);
        }
        if self.dice.one_in(6) {
            let store = self.dice.pick(&STORES).filter(|_| !self.dice.one_in(3));
            body["store_id"] = json!(store.unwrap_or_default());
            is_changed |= po.store.as_deref() != store;
            po.store = store.map(str::to_owned);
        }
        if self.dice.one_in(8) {
            let basis = ["lines", "stated"][self.dice.index(2)];
            body["value_basis"] = json!(basis);
            let has_lines = !po.lines.is_empty();
            if has_lines != (basis == "lines") {
                refusals.push(409);
            }
        }
        let mut target = None;
        if self.dice.one_in(6)
            && let Some(project) = self.dice.pick(&self.projects())
        {
            body["project_id"] = json!(project);
            target = Some(project).filter(|project| po.project() != Some(*project));
            is_changed |= target.is_some();
        }
        let who = self.any_editor();
        let what = ("PUT", format!("/api/po/{id}"));
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            assert_eq!(answer["po"]["po_value"], rupees(po.value()));
            po.version += i64::from(is_changed);
            self.book.pos.insert(id, po);
            if let Some(project) = target {
                self.book.enter_project(id, project, None);
            }
        }
    }

    pub(super) async fn attach(&mut self) {
        let (Some(id), Some(project)) = (self.dice.pick(&self.pos()), self.dice.pick(&self.projects()))
        else {
            return;
        };
        let sequence = Some(i64::try_from(self.dice.roll(9)).expect("few"));
        let sequence = sequence.filter(|_| self.dice.one_in(2));
        let mut refusals = Refusals::new();
        if self.book.pos[&id].project() == Some(project) {
            refusals.push(409);
        }
        if sequence == Some(0) {
            refusals.push(422);
        }
        let place = sequence.map_or_else(String::new, |place| format!("?sequence_order={place}"));
        let path = format!("/api/projects/{project}/po/{id}/attach{place}");
        let who = self.any_editor();
        let previous = self.book.pos[&id].project();
        if let Some(answer) = self.take(who, ("POST", path), None, &refusals).await {
            assert_eq!(answer["previous_project_id"], json!(previous));
            self.book.enter_project(id, project, sequence);
            self.book.pos.get_mut(&id).expect("the PO").version += 1;
        }
    }

    pub(super) async fn set_primary(&mut self) {
        let (Some(id), Some(any)) = (self.dice.pick(&self.pos()), self.dice.pick(&self.projects())) else {
            return;
        };
        let own = self.book.pos[&id].project();
        let project = own.filter(|_| !self.dice.one_in(5)).unwrap_or(any);
        let refusals = if own == Some(project) {
            Vec::new()
        } else {
            vec![404]
        };
        let who = self.any_editor();
        let what = ("PUT", format!("/api/projects/{project}/po/{id}/set-primary"));
        if self.take(who, what, None, &refusals).await.is_some() {
            self.book.make_primary(project, id);
        }
    }

    pub(super) async fn delete_po(&mut self) {
        let Some(id) = self.dice.pick(&self.pos()) else {
            return;
        };
        let force = self.dice.one_in(3);
        let refusals = if self.book.is_needed(id) && !force {
            vec![409]
        } else {
            Vec::new()
        };
        let what = ("DELETE", format!("/api/po/{id}?force={force}"));
        let counts = [
            ("payments", self.book.payments_of(id).count()),
            ("line_items", self.book.pos[&id].lines.len()),
            (
                "billing_pos",
                self.book.bills.values().filter(|bill| bill.po == id).count(),
            ),
            ("vendor_orders_unlinked", self.book.orders_for(id)),
        ];
        if let Some(answer) = self.take(Who::Admin, what, None, &refusals).await {
            for (what, count) in counts {
                assert_eq!(answer["data"]["deleted"][what], count, "{what}");
            }
            self.book.delete_po(id);
        }
    }
}
