//! The kept totals of vendor orders and of the vendors' payments, which orders are due, and which vendors their lines name, in
//! the database.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sqlx::{FromRow, PgConnection, PgExecutor, Postgres, QueryBuilder};

use super::Scope;
use crate::{
    error::Result,
    types::{
        Money,
        ids::{VendorId, VendorOrderId, VendorPaymentId},
    },
};

/// Which vendor orders are counted, by the words that are kept apart.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderWords<'a> {
    /// Only those of this status.
    pub status: Option<&'a str>,
    /// Only those of which the work stands so.
    pub work_status: Option<&'a str>,
    /// Only those that are paid so far.
    pub payment_status: Option<&'a str>,
    /// Only those that are shown in this category, whatever its case.
    pub category: Option<&'a str>,
}

/// The totals of vendor orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderTotal {
    /// All of them, given up or not.
    pub entries: i64,
    /// What the live ones are worth.
    pub live_amount: Money,
    /// How many lines they have.
    pub lines: i64,
    /// What the lines of live ones are worth.
    pub live_lines_amount: Money,
}

/// The totals of vendor orders; with a vendor's scope, of those that name it.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn vendor_orders(
    db: impl PgExecutor<'_>,
    scope: Scope,
    words: OrderWords<'_>,
) -> Result<OrderTotal> {
    let (scope, id) = scope.key();
    let total = sqlx::query_as!(
        OrderTotal,
        r#"
        WITH kept AS (
            SELECT total.*,
                   total.status NOT IN ('rejected', 'cancelled') AND total.work_status <> 'cancelled' AS is_live
              FROM "Finances".kept_vendor_total AS total
             WHERE total.list = 'vendor_order'
               AND total.scope = $1
               AND total.scope_id = $2
               AND lower(total.part) = lower(COALESCE($6, ''))
               AND ($3::text IS NULL OR total.status = $3)
               AND ($4::text IS NULL OR total.work_status = $4)
               AND ($5::text IS NULL OR total.payment_status = $5)
        )
        SELECT COALESCE(sum(entries), 0)::bigint AS "entries!",
               COALESCE(sum(amount) FILTER (WHERE is_live), 0) AS "live_amount!: Money",
               COALESCE(sum(lines), 0)::bigint AS "lines!",
               COALESCE(sum(lines_amount) FILTER (WHERE is_live), 0) AS "live_lines_amount!: Money"
          FROM kept
        "#,
        scope,
        id,
        words.status,
        words.work_status,
        words.payment_status,
        words.category,
    )
    .fetch_one(db)
    .await?;
    Ok(total)
}

/// The totals of the vendor orders of one category.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CategoryTotal {
    /// The category as it is shown.
    pub category: String,
    /// All of its orders, given up or not.
    pub entries: i64,
    /// What the live ones are worth.
    pub live_amount: Money,
}

/// The totals of each of these categories, in the order of their names.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn vendor_order_categories(
    db: impl PgExecutor<'_>,
    scope: Scope,
    words: OrderWords<'_>,
    categories: &[&str],
) -> Result<Vec<CategoryTotal>> {
    let (scope, id) = scope.key();
    let totals = sqlx::query_as!(
        CategoryTotal,
        r#"
        SELECT total.part AS category,
               sum(total.entries)::bigint AS "entries!",
               COALESCE(sum(total.amount) FILTER (WHERE total.status NOT IN ('rejected', 'cancelled')
                                                    AND total.work_status <> 'cancelled'), 0) AS "live_amount!: Money"
          FROM "Finances".kept_vendor_total AS total
         WHERE total.list = 'vendor_order'
           AND total.scope = $1
           AND total.scope_id = $2
           AND total.part = ANY ($6)
           AND ($3::text IS NULL OR total.status = $3)
           AND ($4::text IS NULL OR total.work_status = $4)
           AND ($5::text IS NULL OR total.payment_status = $5)
         GROUP BY total.part
         ORDER BY total.part
        "#,
        scope,
        id,
        words.status,
        words.work_status,
        words.payment_status,
        categories as &[&str],
    )
    .fetch_all(db)
    .await?;
    Ok(totals)
}

/// A kept total: which list, whose rows, of which part, with which words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    list: String,
    scope: String,
    scope_id: i64,
    part: String,
    status: String,
    work_status: String,
    payment_status: String,
}

/// What rows add to a total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    entries: i64,
    amount: Decimal,
    paid: Decimal,
    lines: i64,
    lines_amount: Decimal,
}

impl Sums {
    fn add(&mut self, other: Self, sign: i64) {
        self.entries += sign * other.entries;
        self.amount += Decimal::from(sign) * other.amount;
        self.paid += Decimal::from(sign) * other.paid;
        self.lines += sign * other.lines;
        self.lines_amount += Decimal::from(sign) * other.lines_amount;
    }
}

/// What some rows contribute to one total.
#[derive(Debug, FromRow)]
struct Contribution {
    list: String,
    scope: String,
    scope_id: i64,
    part: String,
    status: String,
    work_status: String,
    payment_status: String,
    entries: i64,
    amount: Decimal,
    paid: Decimal,
    lines: i64,
    lines_amount: Decimal,
}

/// The differences that a unit of work makes.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<Key, Sums>);

impl Changes {
    /// Adds what these orders and payments contribute, or takes it away.
    pub(super) async fn add_contributions(
        &mut self,
        db: &mut PgConnection,
        orders: &[i64],
        payments: &[i64],
        sign: i64,
    ) -> Result<()> {
        let mut sql = QueryBuilder::<Postgres>::new(
            r#"
            SELECT list, scope, scope_id, part, status, work_status, payment_status, entries, amount, paid, lines, lines_amount
              FROM "Finances".kept_vendor_source AS entry
             WHERE FALSE"#,
        );
        // As on the client side: of those kinds only that are there.
        for (source, ids) in [("vendor_order", orders), ("vendor_payment", payments)] {
            if !ids.is_empty() {
                sql.push(format_args!(
                    " OR (entry.source = '{source}' AND entry.id = ANY ("
                ))
                .push_bind(ids.to_vec())
                .push("))");
            }
        }
        let contributions: Vec<Contribution> = sql.build_query_as().fetch_all(db).await?;
        for row in contributions {
            let key = Key {
                list: row.list,
                scope: row.scope,
                scope_id: row.scope_id,
                part: row.part,
                status: row.status,
                work_status: row.work_status,
                payment_status: row.payment_status,
            };
            let sums = Sums {
                entries: row.entries,
                amount: row.amount,
                paid: row.paid,
                lines: row.lines,
                lines_amount: row.lines_amount,
            };
            self.0.entry(key).or_default().add(sums, sign);
        }
        Ok(())
    }

    /// Adds the differences to the totals, in the order of their keys; see the totals of the client side.
    pub(super) async fn settle(mut self, db: &mut PgConnection) -> Result<()> {
        self.0.retain(|_, sums| *sums != Sums::default());
        if self.0.is_empty() {
            return Ok(());
        }
        let (keys, sums): (Vec<&Key>, Vec<&Sums>) = self.0.iter().unzip();
        let lists: Vec<&str> = keys.iter().map(|key| &*key.list).collect();
        let scopes: Vec<&str> = keys.iter().map(|key| &*key.scope).collect();
        let ids: Vec<i64> = keys.iter().map(|key| key.scope_id).collect();
        let parts: Vec<&str> = keys.iter().map(|key| &*key.part).collect();
        let statuses: Vec<&str> = keys.iter().map(|key| &*key.status).collect();
        let work_statuses: Vec<&str> = keys.iter().map(|key| &*key.work_status).collect();
        let payment_statuses: Vec<&str> = keys.iter().map(|key| &*key.payment_status).collect();
        let entries: Vec<i64> = sums.iter().map(|sums| sums.entries).collect();
        let amounts: Vec<Decimal> = sums.iter().map(|sums| sums.amount).collect();
        let paid: Vec<Decimal> = sums.iter().map(|sums| sums.paid).collect();
        let lines: Vec<i64> = sums.iter().map(|sums| sums.lines).collect();
        let lines_amounts: Vec<Decimal> = sums.iter().map(|sums| sums.lines_amount).collect();
        sqlx::query!(
            r#"
            INSERT INTO "Finances".kept_vendor_total AS kept
                   (list, scope, scope_id, part, status, work_status, payment_status, slot, entries, amount, paid, lines,
                    lines_amount)
            SELECT change.list, change.scope, change.scope_id, change.part, change.status, change.work_status,
                   change.payment_status, pg_backend_pid() % 8, change.entries, change.amount, change.paid, change.lines,
                   change.lines_amount
              FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                          $8::bigint[], $9::numeric[], $10::numeric[], $11::bigint[], $12::numeric[])
                   WITH ORDINALITY
                AS change (list, scope, scope_id, part, status, work_status, payment_status, entries, amount, paid,
                           lines, lines_amount, position)
             ORDER BY change.position
                ON CONFLICT (list, scope, scope_id, part, status, work_status, payment_status, slot) DO UPDATE
               SET entries = kept.entries + EXCLUDED.entries,
                   amount = kept.amount + EXCLUDED.amount,
                   paid = kept.paid + EXCLUDED.paid,
                   lines = kept.lines + EXCLUDED.lines,
                   lines_amount = kept.lines_amount + EXCLUDED.lines_amount
            "#,
            &lists as &[&str],
            &scopes as &[&str],
            &ids,
            &parts as &[&str],
            &statuses as &[&str],
            &work_statuses as &[&str],
            &payment_statuses as &[&str],
            &entries,
            &amounts,
            &paid,
            &lines,
            &lines_amounts,
        )
        .execute(db)
        .await?;
        Ok(())
    }
}

/// The orders whose figures these payments enter: their own, and those that their links name.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn orders_of_payments(
    db: &mut PgConnection,
    payments: &[VendorPaymentId],
) -> Result<Vec<VendorOrderId>> {
    let orders = sqlx::query_scalar!(
        r#"
        SELECT vendor_order_id AS "id!: VendorOrderId"
          FROM "Finances".vendor_payment
         WHERE id = ANY ($1)
           AND vendor_order_id IS NOT NULL
         UNION
        SELECT vendor_order_id
          FROM "Finances".payment_vendor_link
         WHERE vendor_payment_id = ANY ($1)
           AND vendor_order_id IS NOT NULL
        "#,
        payments as &[VendorPaymentId],
    )
    .fetch_all(db)
    .await?;
    Ok(orders)
}

/// Writes down anew, of these orders, what pages are read from: which are due and what of them is still to be paid, which
/// vendors their lines name, and with which vendor and project their links are listed.
pub(super) async fn keep_pages(db: &mut PgConnection, orders: &[i64]) -> Result<()> {
    sqlx::query!(r#"SELECT "Finances".keep_vendor_pages($1)"#, orders)
        .execute(db)
        .await?;
    Ok(())
}

/// The totals of the orders that are a vendor's by themselves or by a line, over its share of them.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn vendor_shares(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    words: OrderWords<'_>,
) -> Result<ShareTotal> {
    let total = sqlx::query_as!(
        ShareTotal,
        r#"
        SELECT COALESCE(sum(total.entries), 0)::bigint AS "entries!",
               COALESCE(sum(total.amount) FILTER (WHERE total.status NOT IN ('rejected', 'cancelled')
                                                    AND total.work_status <> 'cancelled'), 0) AS "live_amount!: Money"
          FROM "Finances".kept_vendor_total AS total
         WHERE total.list = 'vendor_share'
           AND total.scope = 'vendor'
           AND total.scope_id = $1
           AND ($2::text IS NULL OR total.status = $2)
           AND ($3::text IS NULL OR total.work_status = $3)
        "#,
        vendor as VendorId,
        words.status,
        words.work_status,
    )
    .fetch_one(db)
    .await?;
    Ok(total)
}

/// The totals of a vendor's shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareTotal {
    /// All orders, given up or not.
    pub entries: i64,
    /// What of the live ones is the vendor's.
    pub live_amount: Money,
}
