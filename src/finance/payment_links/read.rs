//! Payment links as they are read.

use sqlx::{PgExecutor, Postgres, QueryBuilder};

use super::{
    Link, LinkQuery, LinkType,
    model::{LinkOfOrder, OwnLinksQuery},
};
use crate::{
    error::{Error, Result},
    finance::kept_totals::{self, Scope},
    http::list::{Listed, PageInfo},
    postgres::Pool,
    types::ids::{PaymentLinkId, VendorOrderId},
};

/// The columns of [`Link`]. An adopted link may name a payment that is gone, or none: nothing was paid then, and no way is known.
macro_rules! link_columns {
    () => {
        "
        SELECT link.id, link.vendor_order_id, link.payment_id, link.vendor_payment_id, link.link_type,
               link.amount_allocated, COALESCE(client_payment.amount, vendor_payment.amount, 0) AS payment_amount,
               COALESCE(client_payment.payment_date, vendor_payment.payment_date) AS payment_date,
               COALESCE(client_payment.payment_mode, vendor_payment.payment_mode, '') AS payment_mode,
               COALESCE(client_payment.status, vendor_payment.status, '') AS payment_status,
               COALESCE(client_payment.reference_number, vendor_payment.reference_number) AS reference_number,
               link.linked_at, link.created_at"
    };
}

/// Where they come from.
macro_rules! link_tables {
    () => {
        r#"
          FROM "Finances".payment_vendor_link AS link
          LEFT JOIN "Finances".client_payment ON client_payment.id = link.payment_id
          LEFT JOIN "Finances".vendor_payment ON vendor_payment.id = link.vendor_payment_id"#
    };
}

/// The order of a link, and its vendor.
const WITH_ORDER: &str = concat!(
    link_columns!(),
    ", ordered.po_number, vendor.id AS vendor_id, vendor.name AS vendor_name, ordered.project_id"
);
const ORDER_TABLES: &str = concat!(
    link_tables!(),
    r#"
          JOIN "Finances".vendor_order AS ordered ON ordered.id = link.vendor_order_id
          LEFT JOIN "Finances".vendor ON vendor.id = COALESCE(ordered.vendor_id, vendor_payment.vendor_id)
          JOIN page ON page.id = link.id"#
);

/// A link that must be there.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub(super) async fn get(db: impl PgExecutor<'_>, id: PaymentLinkId) -> Result<Link> {
    const SQL: &str = concat!(link_columns!(), link_tables!(), " WHERE link.id = $1");
    // The columns are those of the lists, whose statements are put together.
    let link = sqlx::query_as(SQL).bind(id).fetch_optional(db).await?;
    link.ok_or(Error::NotFound("Payment link"))
}

/// A page of links.
///
/// # Errors
/// `Invalid` if the query names something that does not exist.
pub(super) async fn list(db: &Pool, query: &LinkQuery) -> Result<(Vec<LinkOfOrder>, PageInfo)> {
    let (links, page) = page(db, query).await?;
    if page.total_count == 0 {
        query.references().ensure_known(db).await?;
    }
    Ok((links, page))
}

/// A page of an order's links.
///
/// # Errors
/// `NotFound` if there is no such order.
pub(super) async fn list_of_order(
    db: &Pool,
    order: VendorOrderId,
    query: OwnLinksQuery,
) -> Result<(Vec<LinkOfOrder>, PageInfo)> {
    let query = query.of(order);
    let (links, page) = page(db, &query).await?;
    if page.total_count == 0 {
        query
            .references()
            .ensure_known(db)
            .await
            .map_err(|error| match error {
                Error::Invalid(_) => Error::NotFound("Vendor order"),
                other => other,
            })?;
    }
    Ok((links, page))
}

async fn page(db: &Pool, query: &LinkQuery) -> Result<(Vec<LinkOfOrder>, PageInfo)> {
    // The page is cut out of the bare table by an index; payments and orders are looked up for its rows only.
    let mut sql = QueryBuilder::<Postgres>::new("WITH page AS (SELECT link.id");
    push_matching(&mut sql, query);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    sql.push(")").push(WITH_ORDER);
    query.order.push_key(&mut sql);
    sql.push(ORDER_TABLES);
    query.order.push_order(&mut sql);
    let rows: Vec<Listed<LinkOfOrder>> = sql.build_query_as().fetch_all(db).await?;

    let total = total_count(db, query).await?;
    Ok(query.paging.page(rows, total))
}

/// How many links match: as it is kept, where it is kept, else counted.
async fn total_count(db: &Pool, query: &LinkQuery) -> Result<i64> {
    let scope = match (query.vendor_id, query.project_id) {
        (None, None) => Some(Scope::All),
        (Some(vendor), None) => Some(Scope::Vendor(vendor.0)),
        (None, Some(project)) => Some(Scope::Project(project.0)),
        (Some(_), Some(_)) => None,
    };
    if let Some(scope) = scope.filter(|_| !query.is_of_one()) {
        return kept_totals::payment_links(db, scope, query.link_type.map(LinkType::as_str)).await;
    }
    let mut sql = QueryBuilder::<Postgres>::new("SELECT count(*)");
    push_matching(&mut sql, query);
    Ok(sql.build_query_scalar().fetch_one(db).await?)
}

/// The links that match, as `link`.
fn push_matching(sql: &mut QueryBuilder<Postgres>, query: &LinkQuery) {
    let mut owners = [
        query.vendor_id.map(|id| ("vendor", id.0)),
        query.project_id.map(|id| ("project", id.0)),
    ]
    .into_iter()
    .flatten();
    // Whoever has many links has them by an index in the order of the list; an order or a payment has few.
    let first = if query.is_of_one() { None } else { owners.next() };
    match first {
        Some((owner, id)) => {
            sql.push(format_args!(
                r#" FROM (SELECT link_id AS id, vendor_order_id, link_type, amount_allocated, linked_at
                            FROM "Finances".payment_link_owner
                           WHERE owner = '{owner}' AND owner_id = "#
            ));
            sql.push_bind(id).push(") AS link WHERE TRUE");
        }
        None => {
            sql.push(r#" FROM "Finances".payment_vendor_link AS link WHERE TRUE"#);
        }
    }
    for (owner, id) in owners {
        sql.push(format_args!(
            r#" AND EXISTS (SELECT FROM "Finances".payment_link_owner AS other
                             WHERE other.vendor_order_id = link.vendor_order_id AND other.link_id = link.id
                               AND other.owner = '{owner}' AND other.owner_id = "#
        ));
        sql.push_bind(id).push(")");
    }
    if let Some(order) = query.vendor_order_id {
        sql.push(" AND link.vendor_order_id = ").push_bind(order);
    }
    if let Some(payment) = query.payment_id {
        sql.push(" AND link.payment_id = ").push_bind(payment);
    }
    if let Some(payment) = query.vendor_payment_id {
        sql.push(" AND link.vendor_payment_id = ").push_bind(payment);
    }
    if let Some(kind) = query.link_type {
        sql.push(" AND link.link_type = ").push_bind(kind.as_str());
    }
}
