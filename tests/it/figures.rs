//! Random histories of POs, lines and payments: every route that shows a figure agrees with a plain model in whole paise.

use serde_json::Value;

use crate::support::{TestApp, money};

/// A small generator of its own, so that a failing seed can be run again anywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A PO as the model sees it; amounts in paise.
struct Po {
    id: i64,
    is_live: bool,
    is_agreement: bool,
    stated: i128,
    stated_tax: i128,
    /// Total and tax of each line.
    lines: Vec<(i128, Option<i128>)>,
    paid: i128,
}

impl Po {
    fn tax(&self) -> i128 {
        if self.lines.is_empty() {
            self.stated_tax
        } else {
            self.lines.iter().map(|(_, tax)| tax.unwrap_or(0)).sum()
        }
    }

    fn net(&self) -> i128 {
        if self.lines.is_empty() {
            self.stated - self.stated_tax
        } else {
            self.lines.iter().map(|(total, _)| total).sum()
        }
    }

    fn value(&self) -> i128 {
        self.net() + self.tax()
    }

    fn payment_status(&self) -> &'static str {
        match self.paid {
            paid if paid <= 0 => "pending",
            paid if paid >= self.value() => "paid",
            _ => "partial",
        }
    }
}

/// `numerator ÷ denominator`, half away from zero.
fn rounded(numerator: i128, denominator: i128) -> i128 {
    let sign = if (numerator < 0) == (denominator < 0) {
        1
    } else {
        -1
    };
    let (numerator, denominator) = (numerator.abs(), denominator.abs());
    sign * ((2 * numerator + denominator) / (2 * denominator))
}

/// Paise as rupees on the wire.
fn rupees(paise: i128) -> Value {
    let sign = if paise < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:02}", paise.abs() / 100, paise.abs() % 100);
    money(text.trim_end_matches('0').trim_end_matches('.'))
}

fn text_of(paise: i128) -> String {
    format!("{}.{:02}", paise / 100, paise % 100)
}

#[tokio::test]
async fn all_routes_agree_with_a_plain_model() {
    for seed in 1..=4 {
        let app = TestApp::start().await;
        let mut dice = Dice(seed);
        let editor = app.editor().await;
        let project = app.project("Model").await;
        let mut pos = Vec::new();
        for _ in 0..8 {
            pos.push(new_po(&app, &mut dice, project).await);
        }
        for _ in 0..60 {
            let index = usize::try_from(dice.roll(8)).unwrap();
            if dice.roll(2) == 0 {
                add_line(&mut dice, &editor, &mut pos[index]).await;
            } else {
                pay(&app, &mut dice, &mut pos[index]).await;
            }
        }
        check(&app, project, &pos, seed).await;
    }
}

async fn new_po(app: &TestApp, dice: &mut Dice, project: i64) -> Po {
    let stated = i128::from(dice.roll(1_000_000));
    let stated_tax = i128::from(dice.roll(u64::try_from(stated).unwrap() + 1));
    let is_live = dice.roll(5) > 0;
    let is_agreement = dice.roll(4) == 0;
    let mut builder = app
        .client_po()
        .project(project)
        .stated(&text_of(stated), &text_of(stated_tax));
    if is_agreement {
        builder = builder.open_agreement();
    }
    if !is_live {
        builder = builder.status("cancelled");
    }
    Po {
        id: builder.insert().await,
        is_live,
        is_agreement,
        stated,
        stated_tax,
        lines: Vec::new(),
        paid: 0,
    }
}

async fn add_line(dice: &mut Dice, editor: &crate::support::callers::Caller, po: &mut Po) {
    // Ten-thousandths, as the columns keep them.
    let quantity = i128::from(dice.roll(50_000)) + 1;
    let price = i128::from(dice.roll(5_000_000));
    let total = rounded(quantity * price, 1_000_000);
    let (tax_text, tax) = match dice.roll(3) {
        0 => (String::new(), None),
        1 => {
            let rate = i128::from(dice.roll(1_000_001));
            let text = format!(r#", "tax_rate": {}.{:04}"#, rate / 10_000, rate % 10_000);
            (text, Some(rounded(total * rate, 1_000_000)))
        }
        _ => {
            let tax = rounded(total * 18, 100);
            (format!(r#", "gst_amount": {}"#, text_of(tax)), Some(tax))
        }
    };
    let body = format!(
        r#"{{"item_name": "line", "quantity": {}.{:04}, "unit_price": {}.{:04}{tax_text}}}"#,
        quantity / 10_000,
        quantity % 10_000,
        price / 10_000,
        price % 10_000,
    );
    let reply = editor
        .post(format!("/api/po/{}/line-items", po.id))
        .body(body)
        .send()
        .await;
    if po.is_live {
        po.lines.push((total, tax));
        assert_eq!(reply.expect(200)["po_value"], rupees(po.value()));
    } else {
        reply.expect_error(409, "CONFLICT");
    }
}

async fn pay(app: &TestApp, dice: &mut Dice, po: &mut Po) {
    let amount = i128::from(dice.roll(500_000)) + 1;
    let kind = if dice.roll(4) == 0 { "debit" } else { "credit" };
    let statuses = [
        "cleared",
        "completed",
        "reconciled",
        "pending",
        "processing",
        "bounced",
        "failed",
        "cancelled",
    ];
    let status = statuses[usize::try_from(dice.roll(8)).unwrap()];
    app.payment(po.id, kind, &text_of(amount), status).await;
    if ["cleared", "completed", "reconciled"].contains(&status) {
        po.paid += if kind == "debit" { -amount } else { amount };
    }
}

async fn check(app: &TestApp, project: i64, pos: &[Po], seed: u64) {
    let viewer = app.viewer().await;
    let live = || pos.iter().filter(|po| po.is_live);
    let sum = |of: fn(&Po) -> i128| live().map(of).sum::<i128>();

    let list = viewer.get("/api/po").send().await.expect(200)["data"].clone();
    assert_eq!(list["total_value"], rupees(sum(Po::value)), "seed {seed}");
    assert_eq!(list["total_paid"], rupees(sum(|po| po.paid)), "seed {seed}");
    assert_eq!(
        list["total_receivable"],
        rupees(sum(|po| po.value() - po.paid)),
        "seed {seed}"
    );
    assert_eq!(list["total_count"], pos.len(), "seed {seed}");

    for po in pos {
        let details = viewer
            .get(format!("/api/po/{}/details", po.id))
            .send()
            .await
            .expect(200)["data"]
            .clone();
        let one = viewer.get(format!("/api/po/{}", po.id)).send().await.expect(200)["data"].clone();
        let lines = viewer
            .get(format!("/api/po/{}/line-items", po.id))
            .send()
            .await
            .expect(200);
        let listed = list["pos"]
            .as_array()
            .unwrap()
            .iter()
            .find(|listed| listed["id"] == po.id)
            .unwrap();
        assert_eq!(details, one);
        for shown in [&details, listed] {
            assert_eq!(shown["po_value"], rupees(po.value()), "seed {seed}");
            assert_eq!(shown["net_value"], rupees(po.net()), "seed {seed}");
            assert_eq!(shown["total_tax"], rupees(po.tax()), "seed {seed}");
            assert_eq!(shown["total_paid"], rupees(po.paid), "seed {seed}");
            assert_eq!(
                shown["outstanding_amount"],
                rupees(po.value() - po.paid),
                "seed {seed}"
            );
            assert_eq!(shown["payment_status"], po.payment_status(), "seed {seed}");
            assert_eq!(shown["line_item_count"], po.lines.len());
        }
        assert_eq!(details["line_items"], lines["line_items"]);
        assert_eq!(
            lines["total_value"],
            rupees(po.lines.iter().map(|(total, _)| total).sum()),
            "seed {seed}"
        );
        let gross: i128 = po.lines.iter().map(|(total, tax)| total + tax.unwrap_or(0)).sum();
        assert_eq!(lines["total_gross"], rupees(gross), "seed {seed}");
        let difference = if po.lines.is_empty() {
            Value::Null
        } else {
            rupees(po.stated - gross)
        };
        assert_eq!(details["value_difference"], difference, "seed {seed}");
    }

    let summary = viewer
        .get(format!("/api/projects/{project}/financial-summary"))
        .send()
        .await
        .expect(200);
    let figures = &summary["financial_summary"];
    let open = |is_open: bool| {
        live()
            .filter(|po| po.is_agreement == is_open)
            .map(Po::value)
            .sum::<i128>()
    };
    assert_eq!(figures["total_po_value"], rupees(open(false)), "seed {seed}");
    assert_eq!(
        figures["total_agreement_value"],
        rupees(open(true)),
        "seed {seed}"
    );
    assert_eq!(figures["total_project_value"], list["total_value"], "seed {seed}");
    assert_eq!(figures["total_collected"], list["total_paid"], "seed {seed}");
    assert_eq!(
        figures["outstanding_amount"], list["total_receivable"],
        "seed {seed}"
    );
    assert_eq!(figures["revenue"], rupees(sum(Po::net)), "seed {seed}");
    let kept: i128 = pos.iter().filter(|po| !po.is_live).map(|po| po.paid).sum();
    assert_eq!(figures["kept_on_cancelled"], rupees(kept), "seed {seed}");
    assert_eq!(figures["net_profit"], figures["revenue"], "seed {seed}");
    assert_eq!(
        figures["profit_margin_percentage"],
        money(if sum(Po::net) == 0 { "0" } else { "100" }),
        "seed {seed}"
    );
}
