//! Kept totals in the database.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use sqlx::{PgConnection, PgExecutor, PgPool};

use super::Counted;
use crate::{error::Result, types::Money};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Client POs; `amount` is Σ `po_value`, `paid` Σ `total_paid`.
    ClientPo,
    /// Client payments; entries only.
    ClientPayment,
    /// Vendor payments; entries only.
    VendorPayment,
    /// Projects; entries only.
    Project,
    /// Quotations; entries only.
    Quotation,
}

impl List {
    /// The word in the database.
    const fn as_str(self) -> &'static str {
        match self {
            Self::ClientPo => "client_po",
            Self::ClientPayment => "client_payment",
            Self::VendorPayment => "vendor_payment",
            Self::Project => "project",
            Self::Quotation => "quotation",
        }
    }
}

/// Whose rows are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's.
    All,
    /// Those of a client.
    Client(i64),
    /// Those of a project.
    Project(i64),
    /// Those of a vendor.
    Vendor(i64),
}

impl Scope {
    const fn key(self) -> (&'static str, i64) {
        match self {
            Self::All => ("all", 0),
            Self::Client(id) => ("client", id),
            Self::Project(id) => ("project", id),
            Self::Vendor(id) => ("vendor", id),
        }
    }
}

/// The totals of a list; sums and counts by payment status are over rows that are not `cancelled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptTotal {
    /// All rows, cancelled ones too.
    pub entries: i64,
    /// What they are worth.
    pub amount: Money,
    /// What was paid of them.
    pub paid: Money,
    /// How many lines they have.
    pub lines: i64,
    /// How many are paid in full.
    pub paid_entries: i64,
    /// How many are paid in part.
    pub partial_entries: i64,
    /// How many are not paid at all.
    pub pending_entries: i64,
}

/// The totals of a list, of the rows in these statuses, or of all.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn read(
    db: impl PgExecutor<'_>,
    list: List,
    scope: Scope,
    statuses: Option<&[&str]>,
) -> Result<KeptTotal> {
    let (scope, id) = scope.key();
    let total = sqlx::query_as!(
        KeptTotal,
        r#"
        SELECT COALESCE(sum(entries), 0)::bigint AS "entries!",
               COALESCE(sum(amount) FILTER (WHERE status <> 'cancelled'), 0) AS "amount!: Money",
               COALESCE(sum(paid) FILTER (WHERE status <> 'cancelled'), 0) AS "paid!: Money",
               COALESCE(sum(lines) FILTER (WHERE status <> 'cancelled'), 0)::bigint AS "lines!",
               COALESCE(sum(paid_entries) FILTER (WHERE status <> 'cancelled'), 0)::bigint AS "paid_entries!",
               COALESCE(sum(partial_entries) FILTER (WHERE status <> 'cancelled'), 0)::bigint AS "partial_entries!",
               COALESCE(sum(entries - paid_entries - partial_entries) FILTER (WHERE status <> 'cancelled'), 0)::bigint
                   AS "pending_entries!"
          FROM "Finances".kept_total
         WHERE list = $1
           AND scope = $2
           AND scope_id = $3
           AND ($4::text[] IS NULL OR status = ANY ($4))
        "#,
        list.as_str(),
        scope,
        id,
        statuses as Option<&[&str]>,
    )
    .fetch_one(db)
    .await?;
    Ok(total)
}

/// Which list, whose rows, in which status.
type Key = (String, String, i64, String);

/// What rows add to a total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    entries: i64,
    amount: Decimal,
    paid: Decimal,
    lines: i64,
    paid_entries: i64,
    partial_entries: i64,
}

impl Sums {
    fn add(&mut self, other: Self, sign: i64) {
        self.entries += sign * other.entries;
        self.amount += Decimal::from(sign) * other.amount;
        self.paid += Decimal::from(sign) * other.paid;
        self.lines += sign * other.lines;
        self.paid_entries += sign * other.paid_entries;
        self.partial_entries += sign * other.partial_entries;
    }
}

/// The rows that a unit of work changes, and what they contributed before.
#[derive(Debug, Default)]
pub struct Followed {
    rows: BTreeSet<Counted>,
    changes: BTreeMap<Key, Sums>,
}

impl Followed {
    /// Takes rows in, with what they contribute now.
    ///
    /// # Errors
    /// `Unavailable` without the database.
    pub async fn follow(&mut self, db: &mut PgConnection, rows: &[Counted]) -> Result<()> {
        let new: Vec<Counted> = rows
            .iter()
            .copied()
            .filter(|row| self.rows.insert(*row))
            .collect();
        if !new.is_empty() {
            self.add_contributions(db, &new, -1).await?;
        }
        Ok(())
    }

    /// Takes in a row that contributed nothing before.
    pub fn follow_new(&mut self, row: Counted) {
        self.rows.insert(row);
    }

    /// Adds what the followed rows contribute now, less what they did, to the kept totals.
    ///
    /// # Errors
    /// `Unavailable` without the database.
    pub async fn settle(mut self, db: &mut PgConnection) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows: Vec<Counted> = self.rows.iter().copied().collect();
        self.add_contributions(db, &rows, 1).await?;
        self.changes.retain(|_, sums| *sums != Sums::default());
        if self.changes.is_empty() {
            return Ok(());
        }
        write(db, &self.changes).await
    }

    async fn add_contributions(&mut self, db: &mut PgConnection, rows: &[Counted], sign: i64) -> Result<()> {
        let mut ids: [Vec<i64>; 5] = Default::default();
        let [pos, payments, vendor_payments, projects, quotations] = &mut ids;
        for row in rows {
            match row {
                Counted::ClientPo(id) => pos.push(id.0),
                Counted::ClientPayment(id) => payments.push(id.0),
                Counted::VendorPayment(id) => vendor_payments.push(id.0),
                Counted::Project(id) => projects.push(id.0),
                Counted::Quotation(id) => quotations.push(i64::from(id.0)),
            }
        }
        let contributions = sqlx::query!(
            r#"
            SELECT entry.list AS "list!",
                   scope.name AS "scope!",
                   scope.id AS "scope_id!",
                   entry.status AS "status!",
                   sum(entry.entries)::bigint AS "entries!",
                   sum(entry.amount) AS "amount!",
                   sum(entry.paid) AS "paid!",
                   sum(entry.lines)::bigint AS "lines!",
                   sum(entry.paid_entries)::bigint AS "paid_entries!",
                   sum(entry.partial_entries)::bigint AS "partial_entries!"
              FROM "Finances".kept_total_source AS entry
             CROSS JOIN LATERAL (
                   VALUES ('all', 0),
                          ('client', entry.client_id),
                          ('project', entry.project_id),
                          ('vendor', entry.vendor_id)
                   ) AS scope (name, id)
             WHERE scope.id IS NOT NULL
               AND (   (entry.source = 'client_po' AND entry.id = ANY ($1))
                    OR (entry.source = 'client_payment' AND entry.id = ANY ($2))
                    OR (entry.source = 'vendor_payment' AND entry.id = ANY ($3))
                    OR (entry.source = 'project' AND entry.id = ANY ($4))
                    OR (entry.source = 'quotation' AND entry.id = ANY ($5)))
             GROUP BY entry.list, scope.name, scope.id, entry.status
            "#,
            &*pos,
            &*payments,
            &*vendor_payments,
            &*projects,
            &*quotations,
        )
        .fetch_all(db)
        .await?;
        for row in contributions {
            let key = (row.list, row.scope, row.scope_id, row.status);
            let sums = Sums {
                entries: row.entries,
                amount: row.amount,
                paid: row.paid,
                lines: row.lines,
                paid_entries: row.paid_entries,
                partial_entries: row.partial_entries,
            };
            self.changes.entry(key).or_default().add(sums, sign);
        }
        Ok(())
    }
}

/// Adds to the totals, in the order of their keys, so that two writers cannot wait for each other. Each connection has one
/// of eight rows of a total, so that few writers wait at all.
async fn write(db: &mut PgConnection, changes: &BTreeMap<Key, Sums>) -> Result<()> {
    let lists: Vec<&str> = changes.keys().map(|key| &*key.0).collect();
    let scopes: Vec<&str> = changes.keys().map(|key| &*key.1).collect();
    let ids: Vec<i64> = changes.keys().map(|key| key.2).collect();
    let statuses: Vec<&str> = changes.keys().map(|key| &*key.3).collect();
    let entries: Vec<i64> = changes.values().map(|sums| sums.entries).collect();
    let amounts: Vec<Decimal> = changes.values().map(|sums| sums.amount).collect();
    let paid: Vec<Decimal> = changes.values().map(|sums| sums.paid).collect();
    let lines: Vec<i64> = changes.values().map(|sums| sums.lines).collect();
    let paid_entries: Vec<i64> = changes.values().map(|sums| sums.paid_entries).collect();
    let partial_entries: Vec<i64> = changes.values().map(|sums| sums.partial_entries).collect();
    sqlx::query!(
        r#"
        INSERT INTO "Finances".kept_total AS kept
               (list, scope, scope_id, status, slot, entries, amount, paid, lines, paid_entries, partial_entries)
        SELECT change.list, change.scope, change.scope_id, change.status, pg_backend_pid() % 8, change.entries,
               change.amount, change.paid, change.lines, change.paid_entries, change.partial_entries
          FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::numeric[], $7::numeric[],
                      $8::bigint[], $9::bigint[], $10::bigint[])
               WITH ORDINALITY
            AS change (list, scope, scope_id, status, entries, amount, paid, lines, paid_entries, partial_entries,
                       position)
         ORDER BY change.position
            ON CONFLICT (list, scope, scope_id, status, slot) DO UPDATE
           SET entries = kept.entries + EXCLUDED.entries,
               amount = kept.amount + EXCLUDED.amount,
               paid = kept.paid + EXCLUDED.paid,
               lines = kept.lines + EXCLUDED.lines,
               paid_entries = kept.paid_entries + EXCLUDED.paid_entries,
               partial_entries = kept.partial_entries + EXCLUDED.partial_entries
        "#,
        &lists as &[&str],
        &scopes as &[&str],
        &ids,
        &statuses as &[&str],
        &entries,
        &amounts,
        &paid,
        &lines,
        &paid_entries,
        &partial_entries,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes the totals anew if they do not count as many rows as there are, which happens only when somebody else wrote to the
/// tables; whether it did.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn recount_if_off(db: &PgPool) -> Result<bool> {
    let is_off = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM (
                          SELECT 'client_po' AS list, count(*) AS entries FROM "Finances".client_po
                          UNION ALL
                          SELECT 'client_payment', count(*) FROM "Finances".client_payment
                          UNION ALL
                          SELECT 'vendor_payment', count(*) FROM "Finances".vendor_payment
                          UNION ALL
                          SELECT 'project', count(*) FROM "Finances".project
                          UNION ALL
                          SELECT 'quotation', count(*) FROM "Finances".quotation
                          ) AS counted
                    WHERE counted.entries <> (
                              SELECT COALESCE(sum(kept.entries), 0)
                                FROM "Finances".kept_total AS kept
                               WHERE kept.list = counted.list
                                 AND kept.scope = 'all'
                          )
               ) AS "is_off!"
        "#
    )
    .fetch_one(db)
    .await?;
    if is_off {
        sqlx::query!(r#"SELECT "Finances".recount_kept_totals()"#)
            .execute(db)
            .await?;
    }
    Ok(is_off)
}
