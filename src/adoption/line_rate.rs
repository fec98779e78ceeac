//! Lines of proformas into which an old parser wrote the tax instead of the rate (rule `line_rate_is_tax`): repaired only
//! when somebody asks for it, with an entry in the audit trail for each line and each order.
//!
//! The unit price becomes total ÷ quantity to four places, the tax what the gross has over the total. An order whose
//! value follows its lines is worth more afterwards, by their tax. One whose stated figures the lines give from then on
//! follows them too, which changes none of its figures; any other one keeps its own.

use serde_json::json;
use sqlx::PgPool;

use crate::{
    audit::{Action, Actor, Change},
    error::Result,
    finance::purchase_orders::store::{self as orders},
    types::{
        Money, Percent, Rate,
        ids::{ClientPoId, LineItemId},
    },
    unit_of_work::UnitOfWork,
};

const NOTE: &str = "adopt --repair line-rate";

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

/// A line with its old and new figures.
struct Line {
    id: LineItemId,
    old_rate: Option<Rate>,
    old_tax: Option<Money>,
    old_tax_rate: Option<Percent>,
    rate: Option<Rate>,
    tax: Option<Money>,
    tax_rate: Option<Percent>,
}

/// Repairs every such line, all of them or none.
///
/// # Errors
/// `Unavailable` without the database; `Invalid` if an order gets worth more than its column holds.
pub(crate) async fn repair(db: &PgPool, dry_run: bool) -> Result<Repaired> {
    let mut uow = UnitOfWork::open(db, Actor::system(NOTE)).await?;
    let mut repaired = Repaired {
        left: without_quantity(&mut uow).await?,
        ..Repaired::default()
    };
    for po in concerned(&mut uow).await? {
        let before = match po {
            Some(po) => Some((po, orders::lock(&mut uow, po).await?)),
            None => None,
        };
        let lines = repair_lines(&mut uow, po).await?;
        repaired.lines += lines.len();
        for line in lines {
            uow.record(
                Change::new(Action::Updated, "client_po_line_item", line.id)
                    .before(&json!({
                        "unit_price": line.old_rate, "rate": line.old_rate,
                        "gst_amount": line.old_tax, "tax_rate": line.old_tax_rate,
                    }))
                    .after(&json!({
                        "unit_price": line.rate, "rate": line.rate,
                        "gst_amount": line.tax, "tax_rate": line.tax_rate,
                    }))
                    .note(NOTE),
            );
        }
        if let Some((po, before)) = before
            && follows_lines(&mut uow, po).await?
        {
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
    }
    if !dry_run {
        uow.commit_silent().await?;
    }
    Ok(repaired)
}

/// Lines of the rule that cannot be repaired.
async fn without_quantity(uow: &mut UnitOfWork) -> Result<Vec<LineItemId>> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: LineItemId"
          FROM "Finances".client_po_line_item
         WHERE rate <> 0
           AND unit_price = rate
           AND COALESCE(gst_amount, 0) = 0
           AND abs(gross_amount - total_price - rate) <= 0.01
           AND round(quantity * rate, 2) <> total_price
           AND quantity = 0
         ORDER BY id
        "#,
    )
    .fetch_all(uow.conn())
    .await?;
    Ok(ids)
}

/// The orders that have such lines, in the order in which they are locked; none for lines whose order is gone.
async fn concerned(uow: &mut UnitOfWork) -> Result<Vec<Option<ClientPoId>>> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT DISTINCT po.id AS "id?: ClientPoId"
          FROM "Finances".client_po_line_item AS line
          LEFT JOIN "Finances".client_po AS po ON po.id = line.client_po_id
         WHERE line.rate <> 0
           AND line.unit_price = line.rate
           AND COALESCE(line.gst_amount, 0) = 0
           AND abs(line.gross_amount - line.total_price - line.rate) <= 0.01
           AND round(line.quantity * line.rate, 2) <> line.total_price
           AND line.quantity <> 0
         ORDER BY po.id
        "#,
    )
    .fetch_all(uow.conn())
    .await?;
    Ok(ids)
}

/// Repairs the lines of one order, or those whose order is gone.
async fn repair_lines(uow: &mut UnitOfWork, po: Option<ClientPoId>) -> Result<Vec<Line>> {
    let lines = sqlx::query_as!(
        Line,
        r#"
        WITH repaired AS (
            SELECT line.id,
                   line.rate,
                   line.gst_amount,
                   line.tax_rate,
                   round(line.total_price / line.quantity, 4) AS new_rate,
                   line.gross_amount - line.total_price AS new_tax
              FROM "Finances".client_po_line_item AS line
              LEFT JOIN "Finances".client_po AS po ON po.id = line.client_po_id
             WHERE po.id IS NOT DISTINCT FROM $1
               AND line.rate <> 0
               AND line.unit_price = line.rate
               AND COALESCE(line.gst_amount, 0) = 0
               AND abs(line.gross_amount - line.total_price - line.rate) <= 0.01
               AND round(line.quantity * line.rate, 2) <> line.total_price
               AND line.quantity <> 0
             ORDER BY line.id
               FOR UPDATE OF line
        )
        UPDATE "Finances".client_po_line_item AS line
           SET unit_price = repaired.new_rate,
               rate = repaired.new_rate,
               gst_amount = repaired.new_tax,
               -- The usual rate that gives this tax, the likeliest first, else what the figures say.
               tax_rate = CASE
                   WHEN line.total_price = 0 THEN line.tax_rate
                   WHEN repaired.new_tax = round(line.total_price * 18 / 100, 2) THEN 18
                   WHEN repaired.new_tax = round(line.total_price * 28 / 100, 2) THEN 28
                   WHEN repaired.new_tax = round(line.total_price * 12 / 100, 2) THEN 12
                   WHEN repaired.new_tax = round(line.total_price * 5 / 100, 2) THEN 5
                   WHEN abs(repaired.new_tax * 100 / line.total_price) < 999 THEN
                       round(repaired.new_tax * 100 / line.total_price, 4)
                   ELSE line.tax_rate
               END,
               version = line.version + 1
          FROM repaired
         WHERE line.id = repaired.id
        RETURNING line.id AS "id: LineItemId",
                  repaired.rate AS "old_rate: Rate",
                  repaired.gst_amount AS "old_tax: Money",
                  repaired.tax_rate AS "old_tax_rate: Percent",
                  line.rate AS "rate: Rate",
                  line.gst_amount AS "tax: Money",
                  line.tax_rate AS "tax_rate: Percent"
        "#,
        po as Option<ClientPoId>,
    )
    .fetch_all(uow.conn())
    .await?;
    Ok(lines)
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
