//! Steps with lines of POs.

use serde_json::{Map, Value, json};

use super::{
    history::History,
    lines::{Line, LineWish},
    model::Refusals,
    numbers::{fine, rupees},
};

/// The wish as a body.
fn body_of(wish: &LineWish) -> Map<String, Value> {
    let LineWish {
        quantity,
        price,
        amount,
        rate,
        tax,
    } = wish;
    let fields = [
        ("quantity", quantity.map(fine)),
        ("unit_price", price.map(fine)),
        ("amount", amount.map(rupees)),
        ("tax_rate", rate.map(fine)),
        ("gst_amount", tax.map(rupees)),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

impl History {
    /// A new line: what is sent, and what becomes of it.
    fn line(&mut self) -> (Value, Result<Line, Refusals>) {
        let wish = LineWish::any(&mut self.dice);
        let mut body = body_of(&wish);
        body.insert("item_name".to_owned(), json!(self.name("Line")));
        let mut line = Line::new(&wish);
        if self.dice.one_in(12) {
            let (field, value) = [
                ("quantity", 0),
                ("quantity", -1),
                ("unit_price", -1),
                ("tax_rate", 101),
            ][self.dice.index(4)];
            body.insert(field.to_owned(), json!(value));
            line = Err(vec![422]);
        }
        (Value::Object(body), line)
    }

    /// Why lines cannot be added to a PO, apart from what they are.
    fn refused_lines(&self, po: i64) -> Refusals {
        if self.book.pos[&po].is_live() {
            Refusals::new()
        } else {
            vec![409]
        }
    }

    pub(super) async fn add_line(&mut self) {
        let Some(po) = self.dice.pick(&self.pos()) else {
            return;
        };
        let mut refusals = self.refused_lines(po);
        let (body, line) = self.line();
        refusals.extend(line.as_ref().err().into_iter().flatten());
        let who = self.any_editor();
        let what = ("POST", format!("/api/po/{po}/line-items"));
        let answer = self.take(who, what, Some(body), &refusals).await;
        if let (Some(answer), Ok(line)) = (answer, line) {
            self.add(po, &[answer["line_item"].clone()], vec![line]);
            assert_eq!(answer["po_value"], rupees(self.book.pos[&po].value()));
        }
    }

    pub(super) async fn add_lines(&mut self) {
        let Some(po) = self.dice.pick(&self.pos()) else {
            return;
        };
        let mut refusals = self.refused_lines(po);
        let (mut items, mut lines) = (Vec::new(), Vec::new());
        for _ in 0..self.dice.roll(6) {
            let (body, line) = self.line();
            items.push(body);
            match line {
                Ok(line) => lines.push(line),
                Err(refused) => refusals.extend(refused),
            }
        }
        if items.is_empty() {
            refusals.push(422);
        }
        let who = self.any_editor();
        let what = ("POST", format!("/api/po/{po}/line-items/bulk"));
        let body = json!({"items": items});
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let shown = answer["line_items"].as_array().expect("the lines").clone();
            assert_eq!(answer["created_count"], lines.len());
            self.add(po, &shown, lines);
            assert_eq!(answer["po_value"], rupees(self.book.pos[&po].value()));
        }
    }

    fn add(&mut self, po: i64, shown: &[Value], lines: Vec<Line>) {
        let po = self.book.pos.get_mut(&po).expect("the PO");
        assert_eq!(shown.len(), lines.len());
        for (shown, line) in shown.iter().zip(lines) {
            po.lines.insert(shown["id"].as_i64().expect("an id"), line);
        }
        po.version += 1;
    }

    pub(super) async fn change_line(&mut self) {
        let Some((po, id)) = self.any_line() else {
            return;
        };
        let line = self.book.pos[&po].lines[&id].clone();
        let wish = LineWish::change(&mut self.dice, &line);
        let changed = line.changed(&wish);
        let refusals = changed.clone().err().unwrap_or_default();
        let who = self.any_editor();
        let what = ("PUT", format!("/api/line-items/{id}"));
        let body = Value::Object(body_of(&wish));
        if let Some(answer) = self.take(who, what, Some(body), &refusals).await {
            let changed = changed.expect("not refused");
            let row = self.book.pos.get_mut(&po).expect("the PO");
            row.version += i64::from(changed != line);
            row.lines.insert(id, changed);
            assert_eq!(answer["po_value"], rupees(row.value()));
        }
    }

    pub(super) async fn delete_line(&mut self) {
        let Some((po, id)) = self.any_line() else {
            return;
        };
        // Often down to the last one, after which the stated value counts.
        let ids: Vec<i64> = self.book.pos[&po].lines.keys().copied().collect();
        let ids = if self.dice.one_in(4) { ids } else { vec![id] };
        for id in ids {
            let who = self.any_editor();
            let what = ("DELETE", format!("/api/line-items/{id}"));
            let answer = self.take(who, what, None, &Refusals::new()).await;
            let row = self.book.pos.get_mut(&po).expect("the PO");
            row.lines.remove(&id);
            row.version += 1;
            assert_eq!(answer.expect("an answer")["po_value"], rupees(row.value()));
            self.book.let_go_of_lines(&[id]);
        }
    }
}
