//! Reading vendor payments: one, several, a page, and what pages add up to.

use sqlx::{PgExecutor, Postgres, QueryBuilder};

use super::ledger::{LedgerTotals, TOTALS};
use crate::{
    error::{Error, Result},
    finance::{
        kept_totals::{self, List, Scope},
        payments::{Payment, PaymentQuery, PaymentState, States},
    },
    http::list::{Listed, PageInfo},
    postgres::Pool,
    types::ids::{VendorOrderId, VendorPaymentId},
};

/// The columns of [`Payment`], of a vendor payment as `payment`, its order as `ordered` and its vendor as `vendor`.
macro_rules! vendor_payment_columns {
    () => {
        "
        SELECT payment.id, 'vendor' AS kind, NULL::bigint AS po_id, NULL::bigint AS client_id, NULL AS client_name,
               NULL AS po_number, payment.project_id, payment.payment_date, payment.amount, payment.payment_mode,
               payment.status, NULL AS payment_stage, NULL AS transaction_type, NULL::boolean AS is_tds_deducted,
               NULL::numeric AS tds_amount, NULL AS received_by_account, payment.reference_number, payment.notes,
               payment.batch_reference, payment.reconciled_at, vendor.id AS vendor_id, vendor.name AS vendor_name,
               vendor.email AS vendor_email, payment.vendor_order_id, payment.version, payment.created_at,
               payment.updated_at"
    };
}

/// Where the columns of a vendor payment come from.
macro_rules! vendor_payment_tables {
    () => {
        r#"
          FROM "Finances".vendor_payment AS payment
          LEFT JOIN "Finances".vendor_order AS ordered ON ordered.id = payment.vendor_order_id
          LEFT JOIN "Finances".vendor ON vendor.id = COALESCE(payment.vendor_id, ordered.vendor_id)"#
    };
}

/// Whether there is such a payment.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn exists(db: impl PgExecutor<'_>, id: VendorPaymentId) -> Result<bool> {
    let is_there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM "Finances".vendor_payment WHERE id = $1) AS "is_there!""#,
        id as VendorPaymentId,
    )
    .fetch_one(db)
    .await?;
    Ok(is_there)
}

/// A payment that must be there.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn get(db: impl PgExecutor<'_>, id: VendorPaymentId) -> Result<Payment> {
    const SQL: &str = concat!(
        vendor_payment_columns!(),
        vendor_payment_tables!(),
        " WHERE payment.id = $1"
    );
    // A row that both ledgers make cannot be named to the checking macro.
    let payment = sqlx::query_as(SQL).bind(id).fetch_optional(db).await?;
    payment.ok_or(Error::NotFound("Payment"))
}

/// Payments in the order of their ids; those that are not there are left out.
pub(super) async fn get_all(db: impl PgExecutor<'_>, ids: &[i64]) -> Result<Vec<Payment>> {
    const SQL: &str = concat!(
        vendor_payment_columns!(),
        vendor_payment_tables!(),
        " WHERE payment.id = ANY ($1) ORDER BY payment.id"
    );
    Ok(sqlx::query_as(SQL).bind(ids.to_vec()).fetch_all(db).await?)
}

/// A page of vendor payments.
///
/// # Errors
/// `Invalid` if the query names something that does not exist.
pub async fn list(db: &Pool, query: &PaymentQuery) -> Result<(Vec<Payment>, PageInfo)> {
    let mut sql = QueryBuilder::<Postgres>::new("WITH page AS (");
    Matching::of(query).push_page(&mut sql);
    sql.push(concat!(")", vendor_payment_columns!()));
    query.order.push_key(&mut sql);
    sql.push(vendor_payment_tables!())
        .push(" JOIN page ON page.id = payment.id");
    query.order.push_order(&mut sql);
    let rows: Vec<Listed<Payment>> = sql.build_query_as().fetch_all(db).await?;

    let total = total_count(db, query).await?;
    if total == 0 {
        query.ensure_known(db).await?;
    }
    Ok(query.paging.page(rows, total))
}

/// The payments that a query asks for, as conditions on `payment`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matching<'a> {
    query: &'a PaymentQuery,
    /// Only those for this order.
    vendor_order_id: Option<VendorOrderId>,
}

impl<'a> Matching<'a> {
    pub(super) fn of(query: &'a PaymentQuery) -> Self {
        Self {
            query,
            vendor_order_id: None,
        }
    }

    /// The same, of one order.
    pub(super) fn for_order(self, vendor_order_id: Option<VendorOrderId>) -> Self {
        Self {
            vendor_order_id,
            ..self
        }
    }

    /// Adds all of them, for a count or a sum.
    pub(super) fn push(self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(r#" FROM "Finances".vendor_payment AS payment WHERE TRUE"#);
        if let Some(vendor) = self.query.vendor_id {
            // A payment without a vendor of its own is to the vendor of its order.
            sql.push(" AND (payment.vendor_id = ").push_bind(vendor);
            sql.push(
                r#" OR (payment.vendor_id IS NULL
                    AND payment.vendor_order_id = ANY (ARRAY(SELECT id FROM "Finances".vendor_order WHERE vendor_id = "#,
            );
            sql.push_bind(vendor).push("))))");
        }
        self.push_filters(sql);
    }

    /// Adds the query of the ids of a page. It is cut out of the bare table by an index, so that names are looked up for its
    /// rows only; of a vendor's payments, out of those that name it and of those that only their order gives it, each no
    /// further than the page can reach.
    pub(super) fn push_page(self, sql: &mut QueryBuilder<Postgres>) {
        let PaymentQuery { order, paging, .. } = self.query;
        let Some(vendor) = self.query.vendor_id else {
            sql.push("SELECT payment.id");
            self.push(sql);
            order.push_after(sql, paging);
            order.push_page(sql, paging);
            return;
        };
        sql.push("SELECT payment.id FROM (");
        for (before, theirs) in [
            (
                "",
                r#" FROM "Finances".vendor_payment AS payment WHERE payment.vendor_id = "#,
            ),
            (
                " UNION ALL ",
                r#" FROM "Finances".vendor_payment AS payment
                    JOIN "Finances".vendor_order AS ordered ON ordered.id = payment.vendor_order_id
                   WHERE payment.vendor_id IS NULL AND ordered.vendor_id = "#,
            ),
        ] {
            sql.push(before)
                .push("(SELECT payment.id, payment.payment_date, payment.amount, payment.status, payment.created_at")
                .push(theirs)
                .push_bind(vendor);
            self.push_filters(sql);
            order.push_after(sql, paging);
            order.push_reach(sql, paging);
            sql.push(")");
        }
        sql.push(") AS payment");
        order.push_page(sql, paging);
    }

    /// Adds all conditions but the vendor.
    fn push_filters(self, sql: &mut QueryBuilder<Postgres>) {
        let query = self.query;
        if let Some(order) = self.vendor_order_id {
            sql.push(" AND payment.vendor_order_id = ").push_bind(order);
        }
        if let Some(project) = query.project_id {
            sql.push(" AND payment.project_id = ").push_bind(project);
        }
        if query.client_id.is_some() || query.po_id.is_some() || query.transaction_type.is_some() {
            // No vendor payment has a client, a PO or a direction.
            sql.push(" AND FALSE");
        }
        query.push_common_filters(sql);
    }
}

/// The list whose totals are kept, if it is narrowed by nothing else.
fn kept_scope(query: &PaymentQuery) -> Option<Scope> {
    let scope = match (query.vendor_id, query.project_id) {
        (None, None) => Scope::All,
        (Some(vendor), None) => Scope::Vendor(vendor.0),
        (None, Some(project)) => Scope::Project(project.0),
        (Some(_), Some(_)) => return None,
    };
    (query.is_counted_by_whose() && query.client_id.is_none()).then_some(scope)
}

/// How many payments match: as it is kept, where it is kept, else counted.
async fn total_count(db: &Pool, query: &PaymentQuery) -> Result<i64> {
    if let Some(scope) = kept_scope(query) {
        let words = query.status.as_ref().map(States::words);
        let kept = kept_totals::read(db, List::VendorPayment, scope, words.as_deref()).await?;
        return Ok(kept.entries);
    }
    let mut sql = QueryBuilder::<Postgres>::new("SELECT count(*)");
    Matching::of(query).push(&mut sql);
    Ok(sql.build_query_scalar().fetch_one(db).await?)
}

/// How many payments match, and what arrived of them: as it is kept, where it is kept, else added up.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn totals(db: &Pool, query: &PaymentQuery) -> Result<LedgerTotals> {
    if let Some(scope) = kept_scope(query) {
        let words = query.status.as_ref().map(States::words);
        let kept = kept_totals::read(db, List::VendorPayment, scope, words.as_deref()).await?;
        let paid: Vec<&str> = PaymentState::PAID
            .iter()
            .map(|state| state.as_str())
            .filter(|word| words.as_ref().is_none_or(|words| words.contains(word)))
            .collect();
        let arrived = kept_totals::read(db, List::VendorPayment, scope, Some(&paid)).await?;
        return Ok(LedgerTotals {
            entries: kept.entries,
            paid: arrived.amount,
        });
    }
    let mut sql = QueryBuilder::<Postgres>::new(TOTALS);
    Matching::of(query).push(&mut sql);
    Ok(sql.build_query_as().fetch_one(db).await?)
}
