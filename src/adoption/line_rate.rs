//! Lines of proformas into which an old parser wrote the tax instead of the rate (rule `line_rate_is_tax`): repaired only
//! when somebody asks for it, with an entry in the audit trail for each line and each order.
//!
//! The unit price becomes total ÷ quantity to four places, the tax what the gross has over the total. An order whose
//! value follows its lines is worth more afterwards, by their tax. One whose stated figures the lines give from then on
//! follows them too, which changes none of its figures; any other one keeps its own.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use rust_decimal::{Decimal, dec};
use serde_json::json;

use crate::{
    audit::{Action, Actor, Change},
    error::Result,
    finance::{
        line_items::rules,
        purchase_orders::store::{self as orders},
    },
    postgres::Pool,
    types::{
        Money, Percent, Quantity, Rate,
        ids::{ClientPoId, LineItemId},
    },
    unit_of_work::UnitOfWork,
};

const NOTE: &str = "adopt --repair line-rate";
/// Percents from here on are too much for their column.
const TOO_HIGH: Decimal = dec!(999);

/// What was repaired.
#[derive(Debug, Default)]
pub struct Repaired {
    /// How many lines.
    pub lines: usize,
    /// The orders whose value has changed: id, and the value before and after, in rupees.
    pub orders: Vec<(ClientPoId, Money, Money)>,
    /// Lines that have no quantity to divide by.
    pub left: Vec<LineItemId>,
}

/// A line that holds the tax in place of the rate.
struct Suspect {
    id: LineItemId,
    /// Its order; `None` if that is gone.
    po: Option<ClientPoId>,
    quantity: Quantity,
    rate: Rate,
    total: Money,
    gross: Money,
    tax: Option<Money>,
    tax_rate: Option<Percent>,
}

/// What a line is to have instead.
struct Figures {
    rate: Rate,
    tax: Money,
    tax_rate: Option<Percent>,
}

impl Suspect {
    /// Its figures as they should be; `None` if there is no quantity to divide by.
    fn repaired(&self) -> Option<Figures> {
        let rate = rules::unit_price_of(self.total, self.quantity.0)?;
        let tax = self.gross - self.total;
        // A rate that its column cannot hold is left as it was.
        let found = rules::tax_rate_of(self.total, tax).filter(|rate| rate.0.abs() < TOO_HIGH);
        Some(Figures {
            rate,
            tax,
            tax_rate: found.or(self.tax_rate),
        })
    }
}

/// Repairs every such line, all of them or none.
///
/// # Errors
/// `Unavailable` without the database; `Invalid` if an order gets worth more than its column holds.
pub(crate) async fn repair(db: &Pool, dry_run: bool) -> Result<Repaired> {
    let mut uow = UnitOfWork::open(db, Actor::system(NOTE)).await?;
    let mut orders_before = BTreeMap::new();
    for po in suspects(&mut uow).await?.iter().filter_map(|line| line.po) {
        if let Entry::Vacant(unlocked) = orders_before.entry(po) {
            unlocked.insert(orders::lock(&mut uow, po).await?);
        }
    }
    let mut repaired = Repaired::default();
    let mut concerned = BTreeSet::new();
    // Read once more, now that nobody changes them; what has come since is for another run.
    let mut lines = suspects(&mut uow).await?;
    lines.retain(|line| line.po.is_none_or(|po| orders_before.contains_key(&po)));
    for line in &lines {
        if let Some(figures) = line.repaired() {
            write(&mut uow, line, &figures).await?;
            repaired.lines += 1;
            concerned.extend(line.po);
        } else {
            repaired.left.push(line.id);
        }
    }
    for (po, before) in orders_before {
        if !concerned.contains(&po) || !follows_lines(&mut uow, po).await? {
            continue;
        }
        let value = orders::revalue(uow.conn(), po, "po_value").await?;
        uow.record(
            Change::new(Action::Updated, "client_po", po)
                .before(&json!({"po_value": before.po_value, "total_tax": before.total_tax}))
                .after(&value)
                .note(NOTE),
        );
        if value.po_value != before.po_value {
            repaired.orders.push((po, before.po_value, value.po_value));
        }
    }
    if !dry_run {
        uow.commit_silent().await?;
    }
    Ok(repaired)
}

/// The lines of the rule (legacy schema, `client_po_line_item`), in the order in which their orders are locked.
async fn suspects(uow: &mut UnitOfWork) -> Result<Vec<Suspect>> {
    let lines = sqlx::query_as!(
        Suspect,
        r#"
        SELECT line.id AS "id: LineItemId",
               po.id AS "po?: ClientPoId",
               line.quantity AS "quantity!: Quantity",
               line.rate AS "rate!: Rate",
               line.total_price AS "total!: Money",
               line.gross_amount AS "gross!: Money",
               line.gst_amount AS "tax: Money",
               line.tax_rate AS "tax_rate: Percent"
          FROM "Finances".client_po_line_item AS line
          LEFT JOIN "Finances".client_po AS po ON po.id = line.client_po_id
         WHERE line.rate <> 0
           AND line.unit_price = line.rate
           AND COALESCE(line.gst_amount, 0) = 0
           AND abs(line.gross_amount - line.total_price - line.rate) <= 0.01
           AND round(line.quantity * line.rate, 2) <> line.total_price
         ORDER BY po.id, line.id
        "#,
    )
    .fetch_all(uow.conn())
    .await?;
    Ok(lines)
}

async fn write(uow: &mut UnitOfWork, line: &Suspect, figures: &Figures) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE "Finances".client_po_line_item
           SET unit_price = $2, rate = $2, gst_amount = $3, tax_rate = $4, version = version + 1
         WHERE id = $1
        "#,
        line.id as LineItemId,
        figures.rate as Rate,
        figures.tax as Money,
        figures.tax_rate as Option<Percent>,
    )
    .execute(uow.conn())
    .await?;
    uow.record(
        Change::new(Action::Updated, "client_po_line_item", line.id)
            .before(&json!({
                "unit_price": line.rate, "rate": line.rate, "gst_amount": line.tax, "tax_rate": line.tax_rate,
            }))
            .after(&json!({
                "unit_price": figures.rate, "rate": figures.rate,
                "gst_amount": figures.tax, "tax_rate": figures.tax_rate,
            }))
            .note(NOTE),
    );
    Ok(())
}

/// Whether the order's value follows its lines, or may from here on without any of its figures changing.
async fn follows_lines(uow: &mut UnitOfWork, po: ClientPoId) -> Result<bool> {
    let follows = sqlx::query_scalar!(
        r#"
        SELECT po.value_basis = 'lines'
               OR (line.net + line.tax = po.po_value AND line.tax = COALESCE(po.total_tax, line.tax)) AS "follows!"
          FROM "Finances".client_po AS po
         CROSS JOIN LATERAL (
               SELECT COALESCE(sum(total_price), 0) AS net, COALESCE(sum(gst_amount), 0) AS tax
                 FROM "Finances".client_po_line_item
                WHERE client_po_id = po.id
               ) AS line
         WHERE po.id = $1
        "#,
        po as ClientPoId,
    )
    .fetch_one(uow.conn())
    .await?;
    Ok(follows)
}

impl Repaired {
    /// What was repaired, for a person.
    pub fn summary(&self, dry_run: bool) -> String {
        let how = if dry_run { "would be repaired" } else { "repaired" };
        let orders = self.orders.iter().map(|(po, before, after)| {
            format!("order {po}: its value follows its lines: {before} before, {after} after\n")
        });
        let left = self
            .left
            .iter()
            .map(|line| format!("line {line}: left as it is, it has no quantity\n"));
        [format!("{} line(s) {how}.\n", self.lines)]
            .into_iter()
            .chain(orders)
            .chain(left)
            .collect()
    }
}
