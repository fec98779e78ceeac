//! What is paid to each vendor, and for how long money is owed (purchase-order contract, 8.5 and 8.6).

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Ledger,
    list::{check_days, ledger},
};
use crate::{
    error::Result,
    finance::references::References,
    postgres::Pool,
    types::{
        Clock, Fields, FromFields, Money, Percent,
        ids::{ClientId, ClientPoId, VendorId, VendorOrderId},
    },
};

/// Which payments to vendors are summed up.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SummaryQuery {
    /// Only those of this day or later.
    start_date: Option<NaiveDate>,
    /// Only those of this day or earlier.
    end_date: Option<NaiveDate>,
    /// Only those to this vendor.
    vendor_id: Option<VendorId>,
}

impl FromFields for SummaryQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let (start_date, end_date) = (fields.optional("start_date"), fields.optional("end_date"));
        check_days(fields, ("start_date", start_date), ("end_date", end_date));
        Some(Self {
            start_date,
            end_date,
            vendor_id: fields.optional("vendor_id"),
        })
    }
}

/// What was and is to be paid to a vendor.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct VendorPaid {
    vendor_id: VendorId,
    #[schema(example = "Example Works Pvt Ltd")]
    vendor_name: String,
    /// Money that arrived.
    total_paid: Money,
    /// Money that is promised.
    pending_payment: Money,
    /// The part of both that arrived; 0 of nothing.
    payment_completion_percent: Percent,
    payment_count: i64,
}

/// Payments to vendors; cancelled ones are left out.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PaymentsByVendor)]
pub(super) struct VendorSummary {
    /// All three sums.
    total_amount: Money,
    /// Money that is promised.
    total_pending: Money,
    /// Money that arrived.
    total_completed: Money,
    /// Money that failed or bounced.
    total_failed: Money,
    pending_count: i64,
    completed_count: i64,
    failed_count: i64,
    /// `total_completed` ÷ `completed_count`; 0 of nothing.
    average_payment_amount: Money,
    /// Those who were paid most first.
    vendors: Vec<VendorPaid>,
}

/// Sums up the payments to vendors.
///
/// # Errors
/// `Invalid` if the vendor does not exist.
pub(super) async fn by_vendor(db: &Pool, query: &SummaryQuery) -> Result<VendorSummary> {
    let rows = sqlx::query!(
        r#"
        WITH payment AS (
            SELECT COALESCE(entry.vendor_id, ordered.vendor_id) AS vendor_id,
                   entry.amount,
                   CASE
                       WHEN entry.status IN ('cleared', 'completed', 'reconciled') THEN 'completed'
                       WHEN entry.status IN ('pending', 'processing') THEN 'pending'
                       WHEN entry.status IN ('failed', 'bounced') THEN 'failed'
                   END AS outcome
              FROM "Finances".vendor_payment AS entry
              LEFT JOIN "Finances".vendor_order AS ordered ON ordered.id = entry.vendor_order_id
             WHERE ($1::date IS NULL OR entry.payment_date >= $1)
               AND ($2::date IS NULL OR entry.payment_date <= $2)
               AND ($3::bigint IS NULL OR COALESCE(entry.vendor_id, ordered.vendor_id) = $3)
        ),
        summed AS (
            SELECT vendor_id,
                   COALESCE(sum(amount) FILTER (WHERE outcome = 'completed'), 0) AS completed,
                   COALESCE(sum(amount) FILTER (WHERE outcome = 'pending'), 0) AS pending,
                   COALESCE(sum(amount) FILTER (WHERE outcome = 'failed'), 0) AS failed,
                   count(*) FILTER (WHERE outcome = 'completed') AS completed_count,
                   count(*) FILTER (WHERE outcome = 'pending') AS pending_count,
                   count(*) FILTER (WHERE outcome = 'failed') AS failed_count,
                   count(*) AS entries
              FROM payment
             WHERE outcome IS NOT NULL
             GROUP BY vendor_id
        )
        SELECT summed.vendor_id AS "vendor_id?: VendorId",
               vendor.name AS "name?",
               summed.completed AS "completed!: Money",
               summed.pending AS "pending!: Money",
               summed.failed AS "failed!: Money",
               summed.completed_count AS "completed_count!",
               summed.pending_count AS "pending_count!",
               summed.failed_count AS "failed_count!",
               summed.entries AS "entries!",
               COALESCE(round(100 * summed.completed / NULLIF(summed.completed + summed.pending, 0), 2), 0)
                   AS "completion!: Percent"
          FROM summed
          LEFT JOIN "Finances".vendor ON vendor.id = summed.vendor_id
         ORDER BY summed.completed DESC, summed.vendor_id
        "#,
        query.start_date,
        query.end_date,
        query.vendor_id as Option<VendorId>,
    )
    .fetch_all(db)
    .await?;
    if rows.is_empty() {
        let named = References {
            vendor_id: query.vendor_id,
            ..References::default()
        };
        named.ensure_known(db).await?;
    }
    let total_completed: Money = rows.iter().map(|row| row.completed).sum();
    let total_pending: Money = rows.iter().map(|row| row.pending).sum();
    let total_failed: Money = rows.iter().map(|row| row.failed).sum();
    let completed_count: i64 = rows.iter().map(|row| row.completed_count).sum();
    let average = total_completed.0.checked_div(completed_count.into());
    Ok(VendorSummary {
        total_amount: total_completed + total_pending + total_failed,
        total_pending,
        total_completed,
        total_failed,
        pending_count: rows.iter().map(|row| row.pending_count).sum(),
        completed_count,
        failed_count: rows.iter().map(|row| row.failed_count).sum(),
        average_payment_amount: Money::round_paisa(average.unwrap_or_default()),
        vendors: rows
            .into_iter()
            .filter_map(|row| {
                // Payments that name nobody count in the sums only.
                Some(VendorPaid {
                    vendor_id: row.vendor_id?,
                    vendor_name: row.name?,
                    total_paid: row.completed,
                    pending_payment: row.pending,
                    payment_completion_percent: row.completion,
                    payment_count: row.entries,
                })
            })
            .collect(),
    })
}

/// Whose open money is looked at, and on which day.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AgingQuery {
    /// The day; today unless given.
    as_of: Option<NaiveDate>,
    /// `client`, unless given or `vendor_id` is.
    #[param(value_type = Option<Ledger>, inline)]
    kind: Ledger,
    /// Only what this client owes.
    client_id: Option<ClientId>,
    /// Only what is owed to this vendor.
    vendor_id: Option<VendorId>,
}

impl FromFields for AgingQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            as_of: fields.optional("as_of"),
            kind: ledger(fields),
            client_id: fields.optional("client_id"),
            vendor_id: fields.optional("vendor_id"),
        })
    }
}

/// What is owed for so many days.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Bucket {
    #[schema(example = "31-60")]
    label: &'static str,
    #[schema(example = 31)]
    from_days: i32,
    /// Null: without end.
    #[schema(example = 60)]
    to_days: Option<i32>,
    count: i64,
    amount: Money,
}

/// The first and last day of each bucket.
const BUCKETS: [(&str, i32, Option<i32>); 4] = [
    ("0-30", 0, Some(30)),
    ("31-60", 31, Some(60)),
    ("61-90", 61, Some(90)),
    ("90+", 91, None),
];

fn bucket_of(age_days: i32) -> &'static str {
    BUCKETS
        .iter()
        .rev()
        .find(|(_, from, _)| age_days >= *from)
        .map_or("0-30", |(label, ..)| label)
}

/// A PO or vendor order of which something is owed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OpenAmount {
    po_id: Option<ClientPoId>,
    #[schema(example = "4100000003")]
    po_number: Option<String>,
    client_id: Option<ClientId>,
    client_name: Option<String>,
    vendor_id: Option<VendorId>,
    vendor_name: Option<String>,
    vendor_order_id: Option<VendorOrderId>,
    due_date: Option<NaiveDate>,
    #[schema(example = 101)]
    age_days: i32,
    #[schema(example = "90+")]
    bucket: &'static str,
    outstanding_amount: Money,
}

/// For how long money is owed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Aging {
    /// `client` or `vendor`.
    kind: Ledger,
    as_of: NaiveDate,
    buckets: Vec<Bucket>,
    total_outstanding: Money,
    /// The oldest first, at most 1000; buckets and total are over all.
    rows: Vec<OpenAmount>,
}

/// An open amount as it comes from the database, with what its bucket holds in all.
struct AgingRow {
    po_id: Option<ClientPoId>,
    vendor_order_id: Option<VendorOrderId>,
    po_number: Option<String>,
    client_id: Option<ClientId>,
    client_name: Option<String>,
    vendor_id: Option<VendorId>,
    vendor_name: Option<String>,
    due_date: Option<NaiveDate>,
    age_days: i32,
    outstanding: Money,
    counts: Vec<i64>,
    amounts: Vec<Money>,
}

/// What clients owe on a day, or what is owed to vendors.
///
/// # Errors
/// `Invalid` if the client or vendor does not exist.
pub(super) async fn aging(db: &Pool, query: &AgingQuery, clock: &Clock) -> Result<Aging> {
    let as_of = query.as_of.unwrap_or_else(|| clock.today());
    let rows = match query.kind {
        Ledger::Client => owed_by_clients(db, query, as_of, clock.zone_name()).await?,
        Ledger::Vendor => owed_to_vendors(db, query, as_of, clock.zone_name()).await?,
    };
    if rows.is_empty() {
        let named = References {
            client_id: query.client_id,
            vendor_id: query.vendor_id,
            ..References::default()
        };
        named.ensure_known(db).await?;
    }
    let (counts, amounts) = rows
        .first()
        .map(|row| (row.counts.clone(), row.amounts.clone()))
        .unwrap_or_default();
    let buckets: Vec<Bucket> = BUCKETS
        .iter()
        .enumerate()
        .map(|(place, &(label, from_days, to_days))| Bucket {
            label,
            from_days,
            to_days,
            count: counts.get(place).copied().unwrap_or_default(),
            amount: amounts.get(place).copied().unwrap_or_default(),
        })
        .collect();
    Ok(Aging {
        kind: query.kind,
        as_of,
        total_outstanding: buckets.iter().map(|bucket| bucket.amount).sum(),
        buckets,
        rows: rows
            .into_iter()
            .map(|row| OpenAmount {
                po_id: row.po_id,
                po_number: row.po_number,
                client_id: row.client_id,
                client_name: row.client_name,
                vendor_id: row.vendor_id,
                vendor_name: row.vendor_name,
                vendor_order_id: row.vendor_order_id,
                due_date: row.due_date,
                age_days: row.age_days,
                bucket: bucket_of(row.age_days),
                outstanding_amount: row.outstanding,
            })
            .collect(),
    })
}

async fn owed_by_clients(
    db: &Pool,
    query: &AgingQuery,
    as_of: NaiveDate,
    zone: &str,
) -> Result<Vec<AgingRow>> {
    let rows = sqlx::query_file_as!(
        AgingRow,
        "src/finance/payments/sql/owed_by_clients.sql",
        as_of,
        zone,
        query.client_id as Option<ClientId>,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

async fn owed_to_vendors(
    db: &Pool,
    query: &AgingQuery,
    as_of: NaiveDate,
    zone: &str,
) -> Result<Vec<AgingRow>> {
    if query.client_id.is_some() {
        // No vendor order is a client's.
        return Ok(Vec::new());
    }
    let rows = sqlx::query_file_as!(
        AgingRow,
        "src/finance/payments/sql/owed_to_vendors.sql",
        as_of,
        zone,
        query.vendor_id as Option<VendorId>,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_falls_into_one_bucket() {
        for (age, label) in [
            (0, "0-30"),
            (30, "0-30"),
            (31, "31-60"),
            (60, "31-60"),
            (61, "61-90"),
            (90, "61-90"),
            (91, "90+"),
            (9999, "90+"),
        ] {
            assert_eq!(bucket_of(age), label, "{age}");
        }
    }
}
