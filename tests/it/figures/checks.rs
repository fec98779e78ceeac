//! What the routes show, held against the model: each PO with its lines and payments.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    history::History,
    model::{Book, Po},
    numbers::{fine, paise, rounded, rupees},
    payments::{PAID, payment_status},
};
use crate::support::callers::Caller;

/// The books and somebody who reads them.
pub(super) struct Check<'a> {
    pub(super) book: &'a Book,
    pub(super) today: NaiveDate,
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
            today: self.today(),
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
        check.orders().await;
        check.order_lists().await;
        check.lines_by_category().await;
        check.vendor_payments().await;
        check.vendor_payment_lists().await;
        check.payments_of_orders().await;
        check.paid_by_vendor().await;
        check.vendor_aging().await;
        check.links().await;
        check.money_of_orders().await;
        check.vendors().await;
        check.vendor_lists().await;
        check.bills().await;
        check.books().await;
        self.app.expect_kept_totals_as_recounted().await;
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
    pub(super) fn po_is_right(&self, shown: &Shown, id: i64) {
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
}

/// Paise for ten-thousandths, as rupees for one.
pub(super) fn average(total: i128, quantity: i128) -> Value {
    if quantity == 0 {
        rupees(0)
    } else {
        rupees(rounded(total * 10_000, quantity))
    }
}
