//! Kept totals as they are read.

use sqlx::PgExecutor;

use crate::{
    error::Result,
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
