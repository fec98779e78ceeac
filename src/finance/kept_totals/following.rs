//! Kept totals as they follow a unit of work: what changed rows contributed before and contribute now.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::{Counted, vendor_side};
use crate::{error::Result, types::ids::VendorPaymentId};

/// A kept total: which list, whose rows, in which status, paid how far.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    list: String,
    scope: String,
    scope_id: i64,
    status: String,
    payment_status: String,
}

/// A client's store and a status; an empty one stands for all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct StoreKey {
    client_id: i64,
    store_id: String,
    status: String,
}

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
    /// How many POs a store has more or less.
    stores: BTreeMap<StoreKey, i64>,
    vendor_side: vendor_side::Changes,
}

impl Followed {
    /// Takes rows in, with what they contribute now; vendor payments with the orders whose figures they enter.
    ///
    /// # Errors
    /// `Unavailable` without the database.
    pub async fn follow(&mut self, db: &mut PgConnection, rows: &[Counted]) -> Result<()> {
        let payments: Vec<VendorPaymentId> = rows
            .iter()
            .filter_map(|row| match row {
                Counted::VendorPayment(id) => Some(*id),
                _ => None,
            })
            .collect();
        let orders = if payments.is_empty() {
            Vec::new()
        } else {
            vendor_side::orders_of_payments(db, &payments).await?
        };
        let new: Vec<Counted> = rows
            .iter()
            .copied()
            .chain(orders.into_iter().map(Counted::VendorOrder))
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
        self.stores.retain(|_, members| *members != 0);
        if !self.stores.is_empty() {
            write_stores(db, &self.stores).await?;
        }
        self.changes.retain(|_, sums| *sums != Sums::default());
        if !self.changes.is_empty() {
            write(db, &self.changes).await?;
        }
        self.vendor_side.settle(db).await?;
        let orders = Ids::of(&rows).vendor_orders;
        if !orders.is_empty() {
            vendor_side::keep_pages(db, &orders).await?;
        }
        Ok(())
    }

    async fn add_contributions(&mut self, db: &mut PgConnection, rows: &[Counted], sign: i64) -> Result<()> {
        let ids = Ids::of(rows);
        if !ids.vendor_orders.is_empty() || !ids.vendor_payments.is_empty() {
            self.vendor_side
                .add_contributions(db, &ids.vendor_orders, &ids.vendor_payments, sign)
                .await?;
        }
        let Some(mut statement) = contributions(&ids) else {
            return Ok(());
        };
        let contributions: Vec<Contribution> = statement.build_query_as().fetch_all(db).await?;
        for row in contributions {
            if row.list == "store" {
                for status in [row.status.as_str(), ""] {
                    let key = StoreKey {
                        client_id: row.scope_id,
                        store_id: row.scope.clone(),
                        status: status.to_owned(),
                    };
                    *self.stores.entry(key).or_default() += sign * row.entries;
                }
                continue;
            }
            let key = Key {
                list: row.list,
                scope: row.scope,
                scope_id: row.scope_id,
                status: row.status,
                payment_status: row.payment_status,
            };
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

/// What some rows contribute to one total.
#[derive(Debug, FromRow)]
struct Contribution {
    list: String,
    scope: String,
    scope_id: i64,
    status: String,
    payment_status: String,
    entries: i64,
    amount: Decimal,
    paid: Decimal,
    lines: i64,
    paid_entries: i64,
    partial_entries: i64,
}

/// The statement for what rows contribute; `None` if they are of no kind that does. It asks for those kinds only that are there:
/// with all of them PostgreSQL would never keep its plan, and making that takes longer than running it.
fn contributions(ids: &Ids) -> Option<QueryBuilder<Postgres>> {
    let kinds = [
        ("client_po", &ids.pos),
        ("client_payment", &ids.client_payments),
        ("vendor_payment", &ids.vendor_payments),
        ("project", &ids.projects),
        ("quotation", &ids.quotations),
        ("vendor", &ids.vendors),
        ("project_document", &ids.documents),
    ];
    if kinds.iter().all(|(_, ids)| ids.is_empty()) {
        return None;
    }
    let mut sql = QueryBuilder::new(
        r#"
        SELECT entry.list,
               scope.name AS scope,
               scope.id AS scope_id,
               entry.status,
               "Finances".kept_payment_status(entry.list, entry.paid_entries, entry.partial_entries) AS payment_status,
               sum(entry.entries)::bigint AS entries,
               sum(entry.amount) AS amount,
               sum(entry.paid) AS paid,
               sum(entry.lines)::bigint AS lines,
               sum(entry.paid_entries)::bigint AS paid_entries,
               sum(entry.partial_entries)::bigint AS partial_entries
          FROM "Finances".kept_total_source AS entry
         CROSS JOIN LATERAL (
               VALUES ('all', 0),
                      ('client', entry.client_id),
                      ('project', entry.project_id),
                      ('vendor', entry.vendor_id)
               ) AS scope (name, id)
         WHERE scope.id IS NOT NULL
           AND (FALSE"#,
    );
    for (source, ids) in kinds.iter().filter(|(_, ids)| !ids.is_empty()) {
        sql.push(format_args!(
            " OR (entry.source = '{source}' AND entry.id = ANY ("
        ))
        .push_bind((*ids).clone())
        .push("))");
    }
    sql.push(") GROUP BY 1, 2, 3, 4, 5");
    if !ids.pos.is_empty() {
        sql.push(
            r#"
             UNION ALL
            SELECT 'store', po.store_id, po.client_id, po.status, '', count(*), 0, 0, 0, 0, 0
              FROM "Finances".client_po AS po
             WHERE po.client_id IS NOT NULL
               AND po.store_id IS NOT NULL
               AND po.id = ANY ("#,
        )
        .push_bind(ids.pos.clone())
        .push(") GROUP BY po.client_id, po.store_id, po.status");
    }
    Some(sql)
}

/// The ids of rows, by what they are.
#[derive(Debug, Default)]
struct Ids {
    pos: Vec<i64>,
    client_payments: Vec<i64>,
    vendor_orders: Vec<i64>,
    vendor_payments: Vec<i64>,
    projects: Vec<i64>,
    quotations: Vec<i64>,
    vendors: Vec<i64>,
    documents: Vec<i64>,
}

impl Ids {
    fn of(rows: &[Counted]) -> Self {
        let mut ids = Self::default();
        for row in rows {
            match row {
                Counted::ClientPo(id) => ids.pos.push(id.0),
                Counted::ClientPayment(id) => ids.client_payments.push(id.0),
                Counted::VendorOrder(id) => ids.vendor_orders.push(id.0),
                Counted::VendorPayment(id) => ids.vendor_payments.push(id.0),
                Counted::Project(id) => ids.projects.push(id.0),
                Counted::Quotation(id) => ids.quotations.push(i64::from(id.0)),
                Counted::Vendor(id) => ids.vendors.push(id.0),
                Counted::Document(id) => ids.documents.push(id.0),
            }
        }
        ids
    }
}

/// Adds to the totals, in the order of their keys, so that two writers cannot wait for each other. Each connection has one
/// of eight rows of a total, so that few writers wait at all.
async fn write(db: &mut PgConnection, changes: &BTreeMap<Key, Sums>) -> Result<()> {
    let lists: Vec<&str> = changes.keys().map(|key| &*key.list).collect();
    let scopes: Vec<&str> = changes.keys().map(|key| &*key.scope).collect();
    let ids: Vec<i64> = changes.keys().map(|key| key.scope_id).collect();
    let statuses: Vec<&str> = changes.keys().map(|key| &*key.status).collect();
    let payment_statuses: Vec<&str> = changes.keys().map(|key| &*key.payment_status).collect();
    let entries: Vec<i64> = changes.values().map(|sums| sums.entries).collect();
    let amounts: Vec<Decimal> = changes.values().map(|sums| sums.amount).collect();
    let paid: Vec<Decimal> = changes.values().map(|sums| sums.paid).collect();
    let lines: Vec<i64> = changes.values().map(|sums| sums.lines).collect();
    let paid_entries: Vec<i64> = changes.values().map(|sums| sums.paid_entries).collect();
    let partial_entries: Vec<i64> = changes.values().map(|sums| sums.partial_entries).collect();
    sqlx::query!(
        r#"
        INSERT INTO "Finances".kept_total AS kept
               (list, scope, scope_id, status, payment_status, slot, entries, amount, paid, lines, paid_entries,
                partial_entries)
        SELECT change.list, change.scope, change.scope_id, change.status, change.payment_status, pg_backend_pid() % 8,
               change.entries, change.amount, change.paid, change.lines, change.paid_entries, change.partial_entries
          FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::numeric[],
                      $8::numeric[], $9::bigint[], $10::bigint[], $11::bigint[])
               WITH ORDINALITY
            AS change (list, scope, scope_id, status, payment_status, entries, amount, paid, lines, paid_entries,
                       partial_entries, position)
         ORDER BY change.position
            ON CONFLICT (list, scope, scope_id, status, payment_status, slot) DO UPDATE
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
        &payment_statuses as &[&str],
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

/// Counts POs to and from stores, in the order of the keys too, and what that makes of the numbers of stores. A store's row
/// stays locked until the end of the transaction, so that each writer sees what the others left.
async fn write_stores(db: &mut PgConnection, stores: &BTreeMap<StoreKey, i64>) -> Result<()> {
    let clients: Vec<i64> = stores.keys().map(|key| key.client_id).collect();
    let ids: Vec<&str> = stores.keys().map(|key| &*key.store_id).collect();
    let statuses: Vec<&str> = stores.keys().map(|key| &*key.status).collect();
    let members: Vec<i64> = stores.values().copied().collect();
    sqlx::query!(
        r#"
        WITH change AS (
            SELECT *
              FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY
                AS change (client_id, store_id, status, members, position)
        ),
        counted AS (
            INSERT INTO "Finances".store_group AS store (client_id, store_id, status, members)
            SELECT client_id, store_id, status, members
              FROM change
             ORDER BY position
                ON CONFLICT (client_id, store_id, status) DO UPDATE
               SET members = store.members + EXCLUDED.members
            RETURNING store.client_id, store.store_id, store.status, store.members
        ),
        moved AS (
            SELECT counted.client_id,
                   counted.status,
                   sum((counted.members > 0)::integer - (counted.members > change.members)::integer) AS stores,
                   sum((counted.members > 1)::integer - (counted.members > change.members + 1)::integer) AS shared,
                   sum(change.members) AS members
              FROM counted
              JOIN change USING (client_id, store_id, status)
             GROUP BY counted.client_id, counted.status
        )
        INSERT INTO "Finances".store_group_total AS total (client_id, status, slot, stores, shared, members)
        SELECT client_id, status, pg_backend_pid() % 8, stores, shared, members
          FROM moved
         ORDER BY client_id, status
            ON CONFLICT (client_id, status, slot) DO UPDATE
           SET stores = total.stores + EXCLUDED.stores,
               shared = total.shared + EXCLUDED.shared,
               members = total.members + EXCLUDED.members
        "#,
        &clients,
        &ids as &[&str],
        &statuses as &[&str],
        &members,
    )
    .execute(db)
    .await?;
    Ok(())
}
