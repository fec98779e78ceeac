//! The payments to one vendor: those that name it, and those for its orders that name nobody. However many there are, a page
//! costs the same.

use sqlx::{PgExecutor, PgPool, Postgres, QueryBuilder};

use super::{
    OwnPaymentsQuery, VendorPaymentView,
    ledger::{latest_first, view_columns, view_tables},
};
use crate::{
    error::Result,
    finance::{
        kept_totals::{self, List, Scope},
        payments::States,
    },
    http::list::{Listed, PageInfo, Paging},
    types::ids::VendorId,
};

/// The payments that name a vendor, by their index; `$1` is the vendor.
const NAMED: &str = r#"
    SELECT id, payment_date, amount, status, created_at
      FROM "Finances".vendor_payment
     WHERE vendor_id = $1"#;
/// Those that are to it because their order is; few name nobody.
const BY_ORDER: &str = r#"
    SELECT other.id, other.payment_date, other.amount, other.status, other.created_at
      FROM "Finances".vendor_payment AS other
      JOIN "Finances".vendor_order AS ordered ON ordered.id = other.vendor_order_id
     WHERE other.vendor_id IS NULL
       AND ordered.vendor_id = $1"#;

/// A page of the payments to a vendor.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list(
    db: &PgPool,
    vendor: VendorId,
    query: &OwnPaymentsQuery,
) -> Result<(Vec<VendorPaymentView>, PageInfo)> {
    let rows = page(db, vendor, query).await?;
    let words = query.status.as_ref().map(States::words);
    let scope = Scope::Vendor(vendor.0);
    let total = kept_totals::read(db, List::VendorPayment, scope, words.as_deref()).await?;
    Ok(query.paging.page(rows, total.entries))
}

/// The latest payments to a vendor, at most so many.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn latest(db: impl PgExecutor<'_>, vendor: VendorId, limit: i64) -> Result<Vec<VendorPaymentView>> {
    let query = OwnPaymentsQuery {
        status: None,
        paging: Paging::first(limit),
        order: latest_first(),
    };
    let rows = page(db, vendor, &query).await?;
    Ok(rows.into_iter().map(Listed::into_row).collect())
}

async fn page(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    query: &OwnPaymentsQuery,
) -> Result<Vec<Listed<VendorPaymentView>>> {
    let OwnPaymentsQuery {
        status,
        paging,
        order,
    } = query;
    // Nothing is read from `asked`: it makes the vendor $1.
    let mut sql = QueryBuilder::<Postgres>::new("WITH asked AS (SELECT ");
    sql.push_bind(vendor)
        .push("::bigint), page AS (SELECT payment.id FROM (");
    for (before, payments) in [("", NAMED), (" UNION ALL ", BY_ORDER)] {
        sql.push(before)
            .push("(SELECT payment.* FROM (")
            .push(payments)
            .push(") AS payment WHERE TRUE");
        match status.as_ref().map(States::words).as_deref() {
            None => {}
            // One status has an index in the order of the list.
            Some([word]) => {
                sql.push(" AND payment.status = ").push_bind(*word);
            }
            Some(words) => {
                sql.push(" AND payment.status = ANY (")
                    .push_bind(words.to_vec())
                    .push(")");
            }
        }
        order.push_after(&mut sql, paging);
        order.push_order(&mut sql);
        // No further than the page can reach, whichever kind its payments are of.
        if paging.skip > 0 {
            sql.push(" LIMIT ")
                .push_bind(paging.skip.saturating_add(paging.limit));
        } else {
            sql.push(format_args!(" LIMIT {}", paging.limit));
        }
        sql.push(")");
    }
    sql.push(") AS payment");
    order.push_page(&mut sql, paging);
    sql.push(concat!(")", view_columns!()));
    order.push_key(&mut sql);
    sql.push(view_tables!())
        .push(" JOIN page ON page.id = payment.id");
    order.push_order(&mut sql);
    Ok(sql.build_query_as().fetch_all(db).await?)
}
