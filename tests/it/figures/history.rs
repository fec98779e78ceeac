//! A random history: steps through the routes, each of which the model takes too or must see refused.

use chrono::{Days, NaiveDate, TimeDelta, Timelike};
use serde_json::{Value, json};

use super::{
    model::{Book, Client, Refusals},
    numbers::Dice,
};
use crate::support::{
    TestApp,
    callers::{Caller, Reply},
};

/// Who takes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Viewer,
    Editor,
    Admin,
}

pub(super) struct History {
    pub(super) app: TestApp,
    pub(super) book: Book,
    pub(super) dice: Dice,
    pub(super) viewer: Caller,
    editor: Caller,
    admin: Caller,
    /// The last answer that refused a step.
    pub(super) refusal: Value,
    seed: u64,
    steps: Vec<String>,
    names: u64,
}

impl Drop for History {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {} failed after:", self.seed);
            for step in &self.steps {
                eprintln!("  {step}");
            }
            eprintln!(
                "again: FIGURES_SEEDS={} cargo test --test it figures:: (and FIGURES_STEPS, if it was set)",
                self.seed
            );
        }
    }
}

impl History {
    /// The books at their start: the two clients that a new database has.
    pub(super) async fn start(seed: u64) -> Self {
        let app = TestApp::start().await;
        // About noon where the business is, so that no day ends in the middle of a history.
        while app.clock().now().hour() != 6 {
            app.clock().advance(TimeDelta::hours(1));
        }
        let mut book = Book::default();
        for (id, name, bundles) in [(1, "Bajaj", false), (2, "Dava India", true)] {
            let name = name.to_owned();
            book.clients.insert(id, Client { name, bundles });
        }
        Self {
            viewer: app.viewer().await,
            editor: app.editor().await,
            admin: app.admin().await,
            app,
            book,
            dice: Dice::new(seed),
            refusal: Value::Null,
            seed,
            steps: Vec::new(),
            names: 0,
        }
    }

    /// Something to begin with, so that the first steps do not find empty books.
    pub(super) async fn set_out(&mut self) {
        self.new_client().await;
        for _ in 0..2 {
            self.new_project().await;
        }
        for _ in 0..5 {
            self.new_po().await;
        }
        self.agree().await;
        self.set_out_with_vendors().await;
    }

    /// One step of any kind.
    pub(super) async fn step(&mut self) {
        match self.dice.roll(250) {
            0 => self.new_client().await,
            1 => self.change_client().await,
            2 => self.delete_client().await,
            3 => self.new_project().await,
            4 => self.change_project().await,
            5 => self.delete_project().await,
            6..12 => self.new_po().await,
            12..14 => self.agree().await,
            14..16 => self.add_number().await,
            16..21 => self.change_po().await,
            21..27 => self.attach().await,
            27..29 => self.set_primary().await,
            29..31 => self.delete_po().await,
            31..43 => self.add_line().await,
            43..48 => self.add_lines().await,
            48..56 => self.change_line().await,
            56..61 => self.delete_line().await,
            61..77 => self.pay().await,
            77..82 => self.change_payment().await,
            82..89 => self.move_payment().await,
            89..92 => self.reconcile().await,
            92..95 => self.move_batch().await,
            95 => self.delete_payment().await,
            96..100 => self.refused().await,
            _ => self.vendor_step().await,
        }
    }

    pub(super) fn any_editor(&mut self) -> Who {
        if self.dice.one_in(4) {
            Who::Admin
        } else {
            Who::Editor
        }
    }

    /// A name that nothing else has.
    pub(super) fn name(&mut self, what: &str) -> String {
        self.names += 1;
        format!("{what}-{}", self.names)
    }

    /// Later than all before.
    pub(super) fn age(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    pub(super) fn date(&mut self) -> NaiveDate {
        let first = NaiveDate::from_ymd_opt(2025, 10, 1).expect("a day");
        first + Days::new(self.dice.roll(180))
    }

    pub(super) fn today(&self) -> NaiveDate {
        self.app.clock().today()
    }

    /// Takes a step. One that must be refused is refused with one of these statuses, and changes no row; any other is done,
    /// and its answer comes back.
    pub(super) async fn take(
        &mut self,
        who: Who,
        what: (&str, String),
        body: Option<Value>,
        refusals: &Refusals,
    ) -> Option<Value> {
        let (method, path) = what;
        let sent = body.as_ref().map_or_else(String::new, Value::to_string);
        self.steps
            .push(format!("{who:?} {method} {path} {sent} {refusals:?}"));
        let before = if refusals.is_empty() {
            None
        } else {
            Some(self.all_rows().await)
        };
        let reply = self.send(who, method, &path, body.as_ref()).await;
        if let Some(step) = self.steps.last_mut() {
            step.push_str(" -> ");
            step.push_str(&reply.status.to_string());
        }
        let Some(before) = before else {
            assert!(
                matches!(reply.status, 200 | 201),
                "{} {}",
                reply.status,
                reply.text()
            );
            return Some(reply.json());
        };
        assert!(
            refusals.contains(&reply.status),
            "{} {}",
            reply.status,
            reply.text()
        );
        let refusal = reply.json();
        assert_eq!(refusal["status"], "ERROR");
        assert_eq!(self.all_rows().await, before, "a refused step changed something");
        self.refusal = refusal;
        None
    }

    async fn send(&self, who: Who, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let caller = match who {
            Who::Viewer => &self.viewer,
            Who::Editor => &self.editor,
            Who::Admin => &self.admin,
        };
        let call = match method {
            "POST" => caller.post(path),
            "PUT" => caller.put(path),
            "DELETE" => caller.delete(path),
            _ => panic!("{method} is no way to write"),
        };
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }

    /// A step that must be done.
    pub(super) async fn done(&mut self, method: &str, path: String, body: Value) -> Value {
        let who = self.any_editor();
        let answer = self.take(who, (method, path), Some(body), &Vec::new()).await;
        answer.expect("an answer")
    }

    /// A digest of every row that a step could change.
    async fn all_rows(&self) -> String {
        self.app
            .value(
                r#"
                SELECT concat_ws(' ',
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".client AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".project AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".client_po AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".client_po_line_item AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".po_project_mapping AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".client_payment AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".vendor AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".vendor_order AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".vendor_order_line_item AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".vendor_payment AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".payment_vendor_link AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".billing_po AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY id)) FROM "Finances".billing_po_line_item AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY entry::text)) FROM "Finances".kept_total AS entry),
                       (SELECT md5(string_agg(entry::text, '|' ORDER BY entry::text)) FROM "Finances".kept_vendor_total AS entry),
                       (SELECT count(*) FROM "Finances".audit_entry))
                "#,
            )
            .await
    }

    pub(super) fn clients(&self) -> Vec<i64> {
        self.book.clients.keys().copied().collect()
    }

    pub(super) fn projects(&self) -> Vec<i64> {
        self.book.projects.keys().copied().collect()
    }

    pub(super) fn pos(&self) -> Vec<i64> {
        self.book.pos.keys().copied().collect()
    }

    /// A PO and one of its lines.
    pub(super) fn any_line(&mut self) -> Option<(i64, i64)> {
        let lines: Vec<(i64, i64)> = self
            .book
            .pos
            .iter()
            .flat_map(|(po, row)| row.lines.keys().map(|line| (*po, *line)))
            .collect();
        self.dice.pick(&lines)
    }

    pub(super) fn any_payment(&mut self) -> Option<i64> {
        let payments: Vec<i64> = self.book.payments.keys().copied().collect();
        self.dice.pick(&payments)
    }

    /// What must be refused whatever the books hold.
    async fn refused(&mut self) {
        let nowhere = 987_654_321;
        let line = json!({"item_name": "a", "quantity": 1, "unit_price": 1});
        let payment = json!({"amount": 1, "payment_date": "2026-01-01", "payment_mode": "neft"});
        let po = self.pos().first().copied().unwrap_or(nowhere);
        let (method, path, body, status) = match self.dice.roll(16) {
            0 => ("POST", format!("/api/po/{nowhere}/line-items"), Some(line), 404),
            1 => ("POST", format!("/api/po/{nowhere}/payments"), Some(payment), 404),
            2 => (
                "PUT",
                format!("/api/po/{nowhere}"),
                Some(json!({"po_value": 1})),
                404,
            ),
            3 => ("DELETE", format!("/api/line-items/{nowhere}"), None, 404),
            4 => (
                "POST",
                "/api/po".to_owned(),
                Some(json!({"client_id": nowhere, "po_value": 1})),
                422,
            ),
            5 => (
                "POST",
                "/api/po".to_owned(),
                Some(json!({"client_id": 1, "po_value": 10, "total_tax": "10.01"})),
                422,
            ),
            6 => (
                "POST",
                "/api/po".to_owned(),
                Some(json!({"client_id": 1, "po_type": "verbal_agreement"})),
                422,
            ),
            7 => (
                "POST",
                "/api/po".to_owned(),
                Some(json!({"client_id": 1, "po_value": -1})),
                422,
            ),
            8 => (
                "POST",
                "/api/payments/bulk-complete".to_owned(),
                Some(json!({"payment_ids": [nowhere]})),
                422,
            ),
            9 => (
                "POST",
                "/api/po".to_owned(),
                Some(json!({"client_id": 1, "project_id": nowhere})),
                422,
            ),
            10 => (
                "PUT",
                format!("/api/payments/{nowhere}/reconcile"),
                Some(json!({})),
                404,
            ),
            11 => (
                "POST",
                "/api/payments".to_owned(),
                Some(
                    json!({"po_id": nowhere, "amount": 1, "payment_date": "2026-01-01", "payment_mode": "neft"}),
                ),
                422,
            ),
            12 => (
                "POST",
                format!("/api/projects/{nowhere}/po"),
                Some(json!({"po_date": "2026-01-01"})),
                404,
            ),
            13 => ("DELETE", format!("/api/projects/{nowhere}?force=true"), None, 404),
            14 => {
                let body = Some(json!({"po_value": 77}));
                let refusals = vec![403];
                self.take(Who::Viewer, ("PUT", format!("/api/po/{po}")), body, &refusals)
                    .await;
                return;
            }
            _ => {
                let refusals = vec![403];
                self.take(Who::Editor, ("DELETE", format!("/api/po/{po}")), None, &refusals)
                    .await;
                return;
            }
        };
        self.take(Who::Admin, (method, path), body, &vec![status]).await;
    }
}
