//! Kept totals as they are read.

use rust_decimal::prelude::ToPrimitive;
use sqlx::{
    FromRow, PgExecutor, Postgres, QueryBuilder, Row, Value as _, ValueRef,
    postgres::{PgRow, PgValue},
};

use crate::{
    error::Result,
    http::list::Listed,
    postgres::Pool,
    types::{Money, ids::ClientId},
};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Client POs; `amount` is Σ `po_value`, `paid` Σ `total_paid`.
    ClientPo,
    /// Client payments; entries only.
    ClientPayment,
    /// Vendor payments; `amount` is Σ `amount`.
    VendorPayment,
    /// Projects; entries only.
    Project,
    /// Quotations; entries only.
    Quotation,
    /// Vendors; entries only.
    Vendor,
    /// Client POs with the number of a proforma invoice; entries only.
    ProformaInvoice,
    /// Documents, whose type takes the place of the status; entries only.
    Document,
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
            Self::Vendor => "vendor",
            Self::ProformaInvoice => "proforma_invoice",
            Self::Document => "project_document",
        }
    }

    /// What is kept of its rows, in the order of [`KeptTotal`], as sums over `kept_total`.
    const fn sums(self) -> &'static str {
        match self {
            Self::ClientPo => {
                "sum(entries),
                 sum(amount) FILTER (WHERE status <> 'cancelled'),
                 sum(paid) FILTER (WHERE status <> 'cancelled'),
                 sum(lines) FILTER (WHERE status <> 'cancelled'),
                 sum(paid_entries) FILTER (WHERE status <> 'cancelled'),
                 sum(partial_entries) FILTER (WHERE status <> 'cancelled'),
                 sum(entries - paid_entries - partial_entries) FILTER (WHERE status <> 'cancelled')"
            }
            Self::VendorPayment => "sum(entries), sum(amount) FILTER (WHERE status <> 'cancelled')",
            _ => "sum(entries)",
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
    pub(super) const fn key(self) -> (&'static str, i64) {
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

impl KeptTotal {
    /// From what [`List::sums`] says; what is not there is nothing.
    fn of_sums(sums: &[Option<Money>]) -> Self {
        let sum = |place: usize| sums.get(place).copied().flatten().unwrap_or(Money::ZERO);
        let count = |place| sum(place).0.to_i64().unwrap_or(i64::MAX);
        Self {
            entries: count(0),
            amount: sum(1),
            paid: sum(2),
            lines: count(3),
            paid_entries: count(4),
            partial_entries: count(5),
            pending_entries: count(6),
        }
    }
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
    read_paid(db, list, scope, statuses, None).await
}

/// The same, of POs that are paid so far.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn read_paid(
    db: impl PgExecutor<'_>,
    list: List,
    scope: Scope,
    statuses: Option<&[&str]>,
    payment_status: Option<&str>,
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
           AND ($5::text IS NULL OR payment_status = $5)
        "#,
        list.as_str(),
        scope,
        id,
        statuses as Option<&[&str]>,
        payment_status,
    )
    .fetch_one(db)
    .await?;
    Ok(total)
}

/// The totals of a list that go with a page of it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What is counted.
    pub list: List,
    /// Whose.
    pub scope: Scope,
    /// In which statuses; all of them if there is none.
    pub statuses: Option<Vec<&'static str>>,
    /// Paid how far.
    pub payment_status: Option<&'static str>,
}

impl Kept {
    /// Adds the totals as one more column of the statement that reads a page, so that page and totals are of one state of the
    /// database.
    pub fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        let (scope, id) = self.scope.key();
        sql.push(", (SELECT ARRAY[").push(self.list.sums());
        sql.push(r#"]::numeric[] FROM "Finances".kept_total WHERE list = "#);
        sql.push_bind(self.list.as_str());
        sql.push(" AND scope = ").push_bind(scope);
        sql.push(" AND scope_id = ").push_bind(id);
        if let Some(statuses) = &self.statuses {
            sql.push(" AND status = ANY (")
                .push_bind(statuses.clone())
                .push(")");
        }
        if let Some(status) = self.payment_status {
            sql.push(" AND payment_status = ").push_bind(status);
        }
        sql.push(") AS kept");
    }

    /// The rows of a page whose statement asks for the totals, and these.
    ///
    /// # Errors
    /// `Unavailable` without the database.
    pub async fn page<T>(
        &self,
        db: &Pool,
        mut sql: QueryBuilder<Postgres>,
    ) -> Result<(Vec<Listed<T>>, KeptTotal)>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let rows: Vec<WithTotal<T>> = sql.build_query_as().fetch_all(db).await?;
        let total = match rows.first() {
            Some(row) => KeptTotal::of_sums(&row.kept.try_decode::<Vec<Option<Money>>>()?),
            // Where there is no row, none has brought them along.
            None => {
                read_paid(
                    db,
                    self.list,
                    self.scope,
                    self.statuses.as_deref(),
                    self.payment_status,
                )
                .await?
            }
        };
        Ok((rows.into_iter().map(|row| row.listed).collect(), total))
    }
}

/// A row of a page that brings the totals of its list along.
struct WithTotal<T> {
    listed: Listed<T>,
    kept: PgValue,
}

impl<'r, T: FromRow<'r, PgRow>> FromRow<'r, PgRow> for WithTotal<T> {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            listed: Listed::from_row(row)?,
            kept: ValueRef::to_owned(&row.try_get_raw("kept")?),
        })
    }
}

/// How many bundles POs make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundleCounts {
    /// Stores with their POs, and POs that stand alone.
    pub bundles: i64,
    /// Stores that have several POs.
    pub shared: i64,
}

/// How many bundles a client's POs make, or everybody's, of the POs in a status or of all.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn bundle_counts(
    db: impl PgExecutor<'_>,
    client: Option<ClientId>,
    status: Option<&str>,
) -> Result<BundleCounts> {
    let scope = client.map_or(Scope::All, |client| Scope::Client(client.0));
    let (scope, id) = scope.key();
    // Each PO is a bundle, but for those of a store that are one together.
    let counts = sqlx::query_as!(
        BundleCounts,
        r#"
        SELECT (po.entries - store.joined)::bigint AS "bundles!",
               store.shared::bigint AS "shared!"
          FROM (
               SELECT COALESCE(sum(kept.entries), 0) AS entries
                 FROM "Finances".kept_total AS kept
                WHERE kept.list = 'client_po'
                  AND kept.scope = $1
                  AND kept.scope_id = $2
                  AND ($3::text IS NULL OR kept.status = $3)
               ) AS po
         CROSS JOIN (
               SELECT COALESCE(sum(total.members - total.stores), 0) AS joined,
                      COALESCE(sum(total.shared), 0) AS shared
                 FROM "Finances".store_group_total AS total
                 JOIN "Finances".client ON client.id = total.client_id
                WHERE client.bundle_by_store
                  AND total.status = COALESCE($3, '')
                  AND ($4::bigint IS NULL OR total.client_id = $4)
               ) AS store
        "#,
        scope,
        id,
        status,
        client as Option<ClientId>,
    )
    .fetch_one(db)
    .await?;
    Ok(counts)
}
