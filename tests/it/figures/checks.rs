//! What the routes show, held against the model: POs, lines and the payments of each.

use serde_json::{Value, json};

use super::{
    history::History,
    model::{Book, PAID, PO_STATUSES, Po, Sums, payment_status},
    numbers::{fine, paise, rounded, rupees},
};
use crate::support::callers::Caller;

/// The books and somebody who reads them.
pub(super) struct Check<'a> {
    pub(super) book: &'a Book,
    reader: &'a Caller,
}

/// What a route showed, and which it was.
pub(super) struct Shown {
    pub(super) path: String,
    pub(super) body: Value,
}

impl Shown {
    /// The same path and a part of the body.
    pub(super) fn part(&self, pointer: &str) -> Self {
        let part = self.body.pointer(pointer);
        Self {
            path: format!("{}{pointer}", self.path),
            body: part
                .unwrap_or_else(|| panic!("{} has no {pointer}: {}", self.path, self.body))
                .clone(),
        }
    }

    /// Every one of these fields has its value.
    pub(super) fn has(&self, fields: &[(&str, Value)]) {
        for (field, value) in fields {
            assert_eq!(&self.body[field], value, "{} {field}", self.path);
        }
    }

    /// The entries of a list.
    pub(super) fn list(&self, field: &str) -> Vec<Self> {
        let entries = self.body[field].as_array();
        let entries = entries.unwrap_or_else(|| panic!("{} has no list {field}", self.path));
        let entry = |(index, body): (usize, &Value)| Self {
            path: format!("{} {field}[{index}]", self.path),
            body: body.clone(),
        };
        entries.iter().enumerate().map(entry).collect()
    }

    /// The ids of a list's entries, in their order.
    pub(super) fn ids(&self, field: &str) -> Vec<i64> {
        let entries = self.list(field);
        entries
            .iter()
            .map(|entry| entry.body["id"].as_i64().expect("an id"))
            .collect()
    }
}

impl History {
    /// Everything that is shown is as the model has it.
    pub(super) async fn check(&self) {
        let check = Check {
            book: &self.book,
            reader: &self.viewer,
        };
        check.pos().await;
        check.po_lists().await;
        check.enriched_lists().await;
        check.projects().await;
        check.clients().await;
        check.bundles().await;
        check.profit().await;
        check.payment_lists().await;
        check.aging().await;
        check.sums_of_parts().await;
        self.check_kept_totals().await;
    }

    /// The kept totals are what they would be if they were made anew; they stay as they are.
    async fn check_kept_totals(&self) {
        const KEPT: &str = r#"
            SELECT concat_ws(E'\n',
                   (SELECT jsonb_agg(to_jsonb(total) ORDER BY list, scope, scope_id, status, payment_status)
                      FROM (
                           SELECT list, scope, scope_id, status, payment_status, sum(entries) AS entries,
                                  sum(amount) + 0.00 AS amount, sum(paid) + 0.00 AS paid, sum(lines) AS lines,
                                  sum(paid_entries) AS paid_entries, sum(partial_entries) AS partial_entries
                             FROM "Finances".kept_total
                            GROUP BY list, scope, scope_id, status, payment_status
                           HAVING (sum(entries), sum(amount), sum(paid), sum(lines), sum(paid_entries),
                                   sum(partial_entries)) <> (0, 0, 0, 0, 0, 0)
                           ) AS total),
                   (SELECT jsonb_agg(to_jsonb(store) ORDER BY client_id, store_id, status)
                      FROM "Finances".store_group AS store
                     WHERE members <> 0),
                   (SELECT jsonb_agg(to_jsonb(total) ORDER BY client_id, status)
                      FROM (
                           SELECT client_id, status, sum(stores) AS stores, sum(shared) AS shared, sum(members) AS members
                             FROM "Finances".store_group_total
                            GROUP BY client_id, status
                           HAVING (sum(stores), sum(shared), sum(members)) <> (0, 0, 0)
                           ) AS total))
            "#;
        let mut transaction = self.app.db.begin().await.expect("a transaction");
        let kept: String = sqlx::query_scalar(KEPT)
            .fetch_one(&mut *transaction)
            .await
            .expect("what is kept");
        sqlx::query(r#"SELECT "Finances".recount_kept_totals()"#)
            .execute(&mut *transaction)
            .await
            .expect("a recount");
        let made: String = sqlx::query_scalar(KEPT)
            .fetch_one(&mut *transaction)
            .await
            .expect("what is recounted");
        transaction.rollback().await.expect("the old totals");
        assert_eq!(kept, made, "the kept totals are off");
    }
}

impl Check<'_> {
    pub(super) async fn get(&self, path: impl Into<String>) -> Shown {
        let path = path.into();
        let reply = self.reader.get(&path).send().await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        Shown {
            path,
            body: reply.json(),
        }
    }

    pub(super) fn pos_where(&self, is_meant: impl Fn(&Po) -> bool) -> Vec<i64> {
        let pos = self.book.pos.iter();
        pos.filter(|(_, po)| is_meant(po)).map(|(id, _)| *id).collect()
    }

    /// The fields of a PO that are figures.
    fn po_is_right(&self, shown: &Shown, id: i64) {
        let po = &self.book.pos[&id];
        let (value, paid, tds) = (po.value(), self.book.paid(id), self.book.tds(id));
        let is_stated = po.lines.is_empty();
        shown.has(&[
            ("id", json!(id)),
            ("client_id", json!(po.client)),
            ("client_name", json!(self.book.clients[&po.client].name)),
            ("project_id", json!(po.project())),
            ("po_number", json!(po.number)),
            ("po_date", json!(po.date)),
            ("store_id", json!(po.store)),
            ("status", json!(po.status)),
            ("version", json!(po.version)),
            ("po_value", rupees(value)),
            ("net_value", rupees(po.net())),
            ("total_tax", rupees(po.tax())),
            ("stated_value", rupees(po.stated)),
            ("value_basis", json!(if is_stated { "stated" } else { "lines" })),
            (
                "value_difference",
                if is_stated {
                    Value::Null
                } else {
                    rupees(po.stated - po.gross())
                },
            ),
            ("total_paid", rupees(paid)),
            ("payment_amount", rupees(paid)),
            ("receivable_amount", rupees(value - paid)),
            ("outstanding_amount", rupees(value - paid)),
            ("total_tds", rupees(tds)),
            ("net_received", rupees(paid - tds)),
            ("payment_status", json!(payment_status(paid, value))),
            ("payment_count", json!(self.book.payments_of(id).count())),
            ("line_item_count", json!(po.lines.len())),
            ("line_count", json!(po.lines.len())),
            ("is_open_agreement", json!(po.is_open_agreement())),
            (
                "is_primary",
                json!(po.place.as_ref().is_some_and(|place| place.is_primary)),
            ),
            (
                "sequence_order",
                json!(po.place.as_ref().map(|place| place.sequence)),
            ),
        ]);
        assert_eq!(
            paise(&shown.body["total_paid"]) + paise(&shown.body["outstanding_amount"]),
            paise(&shown.body["po_value"]),
            "{}",
            shown.path
        );
    }

    fn lines_are_right(&self, lines: &[Shown], po: i64) {
        let expected = &self.book.pos[&po].lines;
        assert_eq!(lines.len(), expected.len(), "lines of {po}");
        for (shown, (id, line)) in lines.iter().zip(expected) {
            shown.has(&[
                ("id", json!(id)),
                ("client_po_id", json!(po)),
                ("quantity", fine(line.quantity)),
                ("unit_price", fine(line.price)),
                ("rate", fine(line.price)),
                ("total_price", rupees(line.total)),
                ("tax_rate", line.rate.map_or(Value::Null, fine)),
                ("gst_amount", line.tax.map_or(Value::Null, rupees)),
                (
                    "gross_amount",
                    line.tax.map_or(Value::Null, |tax| rupees(line.total + tax)),
                ),
                ("version", json!(line.version)),
            ]);
        }
    }

    pub(super) fn po_with_lines_is_right(&self, shown: &Shown, id: i64) {
        self.po_is_right(shown, id);
        self.lines_are_right(&shown.list("line_items"), id);
    }

    /// Each PO by itself, under each of its routes.
    async fn pos(&self) {
        for (id, po) in &self.book.pos {
            let one = self.get(format!("/api/po/{id}")).await;
            self.po_with_lines_is_right(&one.part("/data"), *id);
            let details = self.get(format!("/api/po/{id}/details")).await;
            assert_eq!(details.body["data"], one.body["data"], "{}", details.path);
            self.overview(*id, po).await;
            self.lines_of(*id, po).await;
            self.payments_of(*id, po).await;
        }
    }

    async fn overview(&self, id: i64, po: &Po) {
        let shown = self.get(format!("/api/client-po/{id}")).await;
        let (value, paid) = (po.value(), self.book.paid(id));
        let figures = [
            ("total_paid", rupees(paid)),
            ("receivable_amount", rupees(value - paid)),
            ("payment_status", json!(payment_status(paid, value))),
        ];
        shown.has(&figures);
        let summary = shown.part("/summary");
        summary.has(&figures);
        summary.has(&[("grand_total", rupees(value)), ("total_tax", rupees(po.tax()))]);
        shown
            .part("/po")
            .has(&[("po_value", rupees(value)), ("status", json!(po.status))]);
        shown.has(&[
            ("status", json!("SUCCESS")),
            ("po_status", json!(po.status)),
            ("line_item_count", json!(po.lines.len())),
            ("version", json!(po.version)),
        ]);
        shown.part("/data").has(&[
            ("status", json!(po.status)),
            ("receivable_amount", rupees(value - paid)),
        ]);
        self.lines_are_right(&shown.list("line_items"), id);
    }

    async fn lines_of(&self, id: i64, po: &Po) {
        let shown = self.get(format!("/api/po/{id}/line-items")).await;
        self.lines_are_right(&shown.list("line_items"), id);
        let quantity: i128 = po.lines.values().map(|line| line.quantity).sum();
        let total: i128 = po.lines.values().map(|line| line.total).sum();
        shown.has(&[
            ("total_count", json!(po.lines.len())),
            ("line_item_count", json!(po.lines.len())),
            ("total_quantity", fine(quantity)),
            ("total_value", rupees(total)),
            ("total_gst", rupees(po.gross() - total)),
            ("total_gross", rupees(po.gross())),
            ("average_unit_price", average(total, quantity)),
        ]);
    }

    async fn payments_of(&self, id: i64, po: &Po) {
        let shown = self.get(format!("/api/po/{id}/payments")).await;
        let (value, paid, tds) = (po.value(), self.book.paid(id), self.book.tds(id));
        let mut order: Vec<_> = self
            .book
            .payments_of(id)
            .map(|(id, row)| (row.date, id))
            .collect();
        order.sort_unstable();
        let order: Vec<i64> = order.into_iter().rev().map(|(_, id)| id).collect();
        assert_eq!(shown.ids("payments"), order, "{}", shown.path);
        for entry in shown.list("payments") {
            self.payment_is_right(&entry);
        }
        let sum = |is_debit: bool| -> i128 {
            let rows = self.book.payments_of(id).map(|(_, row)| row);
            rows.filter(|row| row.is_paid() && row.is_debit == is_debit)
                .map(|row| row.amount)
                .sum()
        };
        let count = |words: &[&str]| {
            let rows = self.book.payments_of(id);
            rows.filter(|(_, row)| words.contains(&row.status.as_str()))
                .count()
        };
        shown.has(&[
            ("payment_count", json!(order.len())),
            ("total_count", json!(order.len())),
        ]);
        shown.part("/summary").has(&[
            ("total_paid", rupees(paid)),
            ("total_tds", rupees(tds)),
            ("net_received", rupees(paid - tds)),
            ("total_credit", rupees(sum(false))),
            ("total_debit", rupees(sum(true))),
            ("po_value", rupees(value)),
            ("receivable_amount", rupees(value - paid)),
            ("outstanding_amount", rupees(value - paid)),
            ("payment_status", json!(payment_status(paid, value))),
            ("cleared_count", json!(count(&PAID))),
            ("pending_count", json!(count(&["pending", "processing"]))),
            ("bounced_count", json!(count(&["bounced", "failed"]))),
        ]);
    }

    pub(super) fn payment_is_right(&self, shown: &Shown) {
        let id = shown.body["id"].as_i64().expect("an id");
        let payment = &self.book.payments[&id];
        let po = &self.book.pos[&payment.po];
        shown.has(&[
            ("po_id", json!(payment.po)),
            ("client_id", json!(po.client)),
            ("project_id", json!(po.project())),
            ("po_number", json!(po.number)),
            ("amount", rupees(payment.amount)),
            ("status", json!(payment.status)),
            ("payment_date", json!(payment.date)),
            (
                "transaction_type",
                json!(if payment.is_debit { "debit" } else { "credit" }),
            ),
            ("is_tds_deducted", json!(payment.is_tds)),
            ("tds_amount", rupees(payment.tds)),
            ("notes", json!(payment.notes)),
            ("batch_reference", json!(payment.batch)),
            ("version", json!(payment.version)),
        ]);
        assert_eq!(
            shown.body["reconciled_at"].is_null(),
            payment.status != "reconciled",
            "{}",
            shown.path
        );
    }

    /// The list of POs under its filters.
    async fn po_lists(&self) {
        self.po_list("", |_, _| true).await;
        for client in self.book.clients.keys() {
            self.po_list(&format!("client_id={client}"), |_, po| po.client == *client)
                .await;
            for status in ["pending", "cancelled"] {
                self.po_list(&format!("client_id={client}&status={status}"), |_, po| {
                    po.client == *client && po.status == status
                })
                .await;
            }
        }
        for project in self.book.projects.keys() {
            self.po_list(&format!("project_id={project}"), |_, po| {
                po.project() == Some(*project)
            })
            .await;
            self.po_list(
                &format!("project_id={project}&client_id=1&status=active"),
                |_, po| po.project() == Some(*project) && po.client == 1 && po.status == "active",
            )
            .await;
        }
        for status in PO_STATUSES {
            self.po_list(&format!("status={status}"), |_, po| po.status == status)
                .await;
        }
        for word in ["pending", "partial", "paid"] {
            self.po_list(&format!("payment_status={word}"), |id, _| {
                self.book.payment_status(id) == word
            })
            .await;
            self.po_list(&format!("payment_status={word}&client_id=2"), |id, po| {
                self.book.payment_status(id) == word && po.client == 2
            })
            .await;
        }
        for store in ["ST-1", "ST-2", "ST-9"] {
            self.po_list(&format!("store_id={store}"), |_, po| {
                po.store.as_deref() == Some(store)
            })
            .await;
        }
    }

    async fn po_list(&self, filter: &str, is_meant: impl Fn(i64, &Po) -> bool) {
        let mut order: Vec<(Option<&str>, i64)> = self
            .book
            .pos
            .iter()
            .filter(|(id, po)| is_meant(**id, po))
            .map(|(id, po)| (po.store.as_deref(), *id))
            .collect();
        order.sort_unstable();
        let ids: Vec<i64> = order.into_iter().rev().map(|(_, id)| id).collect();
        let sums = self.book.sums(&ids);
        let shown = self.get(format!("/api/po?{filter}")).await;
        let data = shown.part("/data");
        assert_eq!(data.ids("pos"), ids, "{}", shown.path);
        for (entry, id) in data.list("pos").iter().zip(&ids) {
            self.po_is_right(entry, *id);
            entry.has(&[("po_ids", json!([id]))]);
        }
        data.has(&[
            ("total_count", json!(sums.count)),
            ("total_value", rupees(sums.value)),
            ("total_paid", rupees(sums.paid)),
            ("total_receivable", rupees(sums.value - sums.paid)),
        ]);
    }

    /// POs with their lines and payments, of all and of each project.
    async fn enriched_lists(&self) {
        let mut ids: Vec<(Option<&str>, i64)> = Vec::new();
        ids.extend(self.book.pos.iter().map(|(id, po)| (po.store.as_deref(), *id)));
        ids.sort_unstable();
        let ids: Vec<i64> = ids.into_iter().rev().map(|(_, id)| id).collect();
        self.enriched_list("/api/po/enriched?limit=1000".to_owned(), &ids)
            .await;
        for project in self.book.projects.keys() {
            let path = format!("/api/projects/{project}/po/enriched?limit=1000");
            self.enriched_list(path, &self.book.pos_of(*project)).await;
        }
    }

    async fn enriched_list(&self, path: String, ids: &[i64]) {
        let shown = self.get(path).await;
        let sums = self.book.sums(ids);
        let count = |word: &str| {
            let live = ids.iter().filter(|id| self.book.pos[id].is_live());
            live.filter(|id| self.book.payment_status(**id) == word).count()
        };
        for part in ["", "/data"] {
            let part = shown.part(part);
            assert_eq!(part.ids("pos"), ids, "{}", part.path);
            part.has(&[
                ("total_po_count", json!(sums.count)),
                ("total_count", json!(sums.count)),
                ("total_project_value", rupees(sums.value)),
                ("total_paid", rupees(sums.paid)),
                ("total_receivable", rupees(sums.value - sums.paid)),
            ]);
            part.part("/summary").has(&[
                ("paid_count", json!(count("paid"))),
                ("partial_count", json!(count("partial"))),
                ("pending_count", json!(count("pending"))),
            ]);
        }
        for (entry, id) in shown.list("pos").iter().zip(ids) {
            self.po_with_lines_is_right(entry, *id);
            let mut order: Vec<_> = self
                .book
                .payments_of(*id)
                .map(|(id, row)| (row.date, id))
                .collect();
            order.sort_unstable();
            let order: Vec<i64> = order.into_iter().rev().map(|(_, id)| id).collect();
            assert_eq!(entry.ids("payment_details"), order, "{}", entry.path);
            for payment in entry.list("payment_details") {
                self.payment_is_right(&payment);
            }
        }
    }

    /// The parts add up to the whole: projects and what has none, clients.
    async fn sums_of_parts(&self) {
        let all = self.get("/api/po").await.part("/data");
        let whole = ["total_value", "total_paid", "total_receivable"].map(|field| paise(&all.body[field]));
        let mut by_project = [0; 3];
        for project in self.book.projects.keys() {
            let shown = self
                .get(format!("/api/projects/{project}/financial-summary"))
                .await;
            for (sum, field) in
                by_project
                    .iter_mut()
                    .zip(["total_project_value", "total_collected", "outstanding_amount"])
            {
                *sum += paise(&shown.body["financial_summary"][field]);
            }
        }
        let unassigned = self.pos_where(|po| po.project().is_none());
        let Sums { value, paid, .. } = self.book.sums(&unassigned);
        for (sum, rest) in by_project.iter_mut().zip([value, paid, value - paid]) {
            *sum += rest;
        }
        assert_eq!(by_project, whole, "the projects do not add up");
        let mut by_client = [0; 3];
        for client in self.book.clients.keys() {
            let shown = self.get(format!("/api/clients/{client}")).await;
            for (sum, field) in
                by_client
                    .iter_mut()
                    .zip(["total_po_value", "total_paid", "outstanding_amount"])
            {
                *sum += paise(&shown.body["client"][field]);
            }
        }
        assert_eq!(by_client, whole, "the clients do not add up");
    }
}

/// Paise for ten-thousandths, as rupees for one.
pub(super) fn average(total: i128, quantity: i128) -> Value {
    if quantity == 0 {
        rupees(0)
    } else {
        rupees(rounded(total * 10_000, quantity))
    }
}
