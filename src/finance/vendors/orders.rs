//! The orders of a vendor: those that name it, and those of which a line does.

use chrono::NaiveDate;
use serde::{Serialize, Serializer};
use sqlx::{FromRow, PgExecutor, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

use super::store;
use crate::{
    error::Result,
    finance::{
        kept_totals::{self, OrderWords, ShareTotal},
        vendor_orders::{
            CREATED, ID, SORTS, VendorOrder, VendorOrderView,
            store::vendor_order_columns,
            words::{OrderStatus, WorkStatus},
        },
    },
    http::{
        envelope::SUCCESS,
        list::{Direction, Listed, Order, PageInfo, Paging},
    },
    postgres::Pool,
    types::{
        Fields, FromFields, Money,
        ids::{ProjectId, VendorId},
    },
};

fn newest_first() -> Order {
    Order::of(&[(CREATED, Direction::Down), (ID, Direction::Down)])
}

/// Which of a vendor's orders are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OrdersQuery {
    /// Only those of this status.
    #[param(inline)]
    status: Option<OrderStatus>,
    /// Only those of which the work stands so.
    #[param(inline)]
    work_status: Option<WorkStatus>,
    /// Only those for this project.
    project_id: Option<ProjectId>,
    #[param(ignore)]
    paging: Paging,
    #[param(ignore)]
    order: Order,
}

impl FromFields for OrdersQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            status: fields.optional("status"),
            work_status: fields.optional("work_status"),
            project_id: fields.optional("project_id"),
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &SORTS, newest_first()),
        })
    }
}

impl OrdersQuery {
    /// The newest orders, at most so many.
    fn newest(limit: i64) -> Self {
        Self {
            status: None,
            work_status: None,
            project_id: None,
            paging: Paging::first(limit),
            order: newest_first(),
        }
    }
}

/// An order of a vendor, and what of it is the vendor's.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize, ToSchema)]
#[schema(as = VendorOrderOfVendor)]
pub(super) struct SharedOrder {
    #[sqlx(flatten)]
    #[serde(flatten)]
    #[schema(value_type = VendorOrderView<'static>)]
    order: VendorOrder,
    /// What of `po_value` is the vendor's: the lines that name it, and of its own orders all that names nobody else.
    vendor_value: Money,
}

/// A page of a vendor's orders.
#[derive(Debug, Clone)]
pub(super) struct OrderPage {
    vendor_id: VendorId,
    orders: Vec<SharedOrder>,
    page: PageInfo,
    total_value: Money,
}

/// The same on the wire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrdersOfVendor)]
pub(super) struct OrderPageView<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_id: VendorId,
    vendor_orders: &'a [SharedOrder],
    /// Orders on this page.
    vendor_order_count: usize,
    #[serde(flatten)]
    #[schema(value_type = PageInfo)]
    page: &'a PageInfo,
    /// The vendor's share of all that match and are neither rejected nor cancelled.
    total_value: Money,
    data: OrderPageData<'a>,
}

/// The same once more, the orders under every name that clients read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrdersOfVendorData)]
struct OrderPageData<'a> {
    vendor_id: VendorId,
    vendor_orders: &'a [SharedOrder],
    data: &'a [SharedOrder],
    orders: &'a [SharedOrder],
    vendor_order_count: usize,
    #[serde(flatten)]
    #[schema(value_type = PageInfo)]
    page: &'a PageInfo,
    total_value: Money,
}

impl Serialize for OrderPage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            vendor_id,
            orders,
            page,
            total_value,
        } = self;
        OrderPageView {
            status: SUCCESS,
            vendor_id: *vendor_id,
            vendor_orders: orders,
            vendor_order_count: orders.len(),
            page,
            total_value: *total_value,
            data: OrderPageData {
                vendor_id: *vendor_id,
                vendor_orders: orders,
                data: orders,
                orders,
                vendor_order_count: orders.len(),
                page,
                total_value: *total_value,
            },
        }
        .serialize(serializer)
    }
}

/// A page of a vendor's orders as they are on this day.
///
/// # Errors
/// `NotFound` if there is no such vendor.
pub(super) async fn list(
    db: &Pool,
    vendor: VendorId,
    query: &OrdersQuery,
    today: NaiveDate,
) -> Result<OrderPage> {
    let rows = page(db, vendor, query, today).await?;
    let total = total(db, vendor, query).await?;
    if total.entries == 0 {
        store::ensure_exists(db, vendor).await?;
    }
    let (orders, page) = query.paging.page(rows, total.entries);
    Ok(OrderPage {
        vendor_id: vendor,
        orders,
        page,
        total_value: total.live_amount,
    })
}

/// The newest orders of a vendor as they are on this day, at most so many.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn newest(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    limit: i64,
    today: NaiveDate,
) -> Result<Vec<SharedOrder>> {
    let rows = page(db, vendor, &OrdersQuery::newest(limit), today).await?;
    Ok(rows.into_iter().map(Listed::into_row).collect())
}

/// A vendor's own orders, by their index; `$1` is the vendor.
const OWN: &str = r#"
    SELECT id, created_at, po_number, po_date, due_date, po_value, status, work_status, project_id
      FROM "Finances".vendor_order
     WHERE vendor_id = $1"#;
/// Those of which only lines name it. Their day stands beside the vendor, so that an index gives the newest of them.
const BY_LINES: &str = r#"
    SELECT named.vendor_order_id AS id, named.created_at, other.po_number, other.po_date, other.due_date, other.po_value,
           other.status, other.work_status, other.project_id
      FROM "Finances".vendor_order_line_vendor AS named
      JOIN "Finances".vendor_order AS other ON other.id = named.vendor_order_id
     WHERE named.vendor_id = $1"#;

async fn page(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    query: &OrdersQuery,
    today: NaiveDate,
) -> Result<Vec<Listed<SharedOrder>>> {
    let OrdersQuery { paging, order, .. } = query;
    // Nothing is read from `asked`: it makes the vendor $1 and the day $2.
    let mut sql = QueryBuilder::<Postgres>::new("WITH asked AS (SELECT ");
    sql.push_bind(vendor).push("::bigint, ");
    sql.push_bind(today)
        .push("::date), page AS (SELECT ordered.id FROM (");
    for (before, orders) in [("", OWN), (" UNION ALL ", BY_LINES)] {
        sql.push(before)
            .push("(SELECT ordered.* FROM (")
            .push(orders)
            .push(") AS ordered WHERE TRUE");
        push_filters(&mut sql, query);
        order.push_after(&mut sql, paging);
        // No further than the page can reach, whichever kind its orders are of.
        order.push_reach(&mut sql, paging);
        sql.push(")");
    }
    sql.push(") AS ordered");
    order.push_page(&mut sql, paging);
    sql.push(") SELECT ").push(vendor_order_columns!("$2")).push(
        r#", (SELECT share.amount
                    FROM "Finances".vendor_share AS share
                   WHERE share.vendor_order_id = ordered.id
                     AND share.vendor_id = $1) AS vendor_value"#,
    );
    order.push_key(&mut sql);
    sql.push(r#" FROM "Finances".vendor_order_overview AS ordered JOIN page ON page.id = ordered.id"#);
    order.push_order(&mut sql);
    Ok(sql.build_query_as().fetch_all(db).await?)
}

fn push_filters(sql: &mut QueryBuilder<Postgres>, query: &OrdersQuery) {
    if let Some(status) = query.status {
        sql.push(" AND ordered.status = ").push_bind(status.as_str());
    }
    if let Some(work_status) = query.work_status {
        sql.push(" AND ordered.work_status = ")
            .push_bind(work_status.as_str());
    }
    if let Some(project) = query.project_id {
        sql.push(" AND ordered.project_id = ").push_bind(project);
    }
}

/// How many orders match, and what of the live ones is the vendor's: as it is kept, but for those of one project.
async fn total(db: &Pool, vendor: VendorId, query: &OrdersQuery) -> Result<ShareTotal> {
    let words = OrderWords {
        status: query.status.map(OrderStatus::as_str),
        work_status: query.work_status.map(WorkStatus::as_str),
        ..OrderWords::default()
    };
    let Some(project) = query.project_id else {
        return kept_totals::vendor_shares(db, vendor, words).await;
    };
    let total = sqlx::query_as!(
        ShareTotal,
        r#"
        SELECT count(*) AS "entries!",
               COALESCE(sum(part.amount) FILTER (WHERE part.is_live), 0) AS "live_amount!: Money"
          FROM (
               SELECT ordered.status NOT IN ('rejected', 'cancelled') AND ordered.work_status <> 'cancelled' AS is_live,
                      (SELECT share.amount
                         FROM "Finances".vendor_share AS share
                        WHERE share.vendor_order_id = ordered.id
                          AND share.vendor_id = $1) AS amount
                 FROM "Finances".vendor_order AS ordered
                WHERE ordered.project_id = $2
                  AND ($3::text IS NULL OR ordered.status = $3)
                  AND ($4::text IS NULL OR ordered.work_status = $4)
                  AND (ordered.vendor_id = $1
                       OR EXISTS (
                           SELECT
                             FROM "Finances".vendor_order_line_vendor AS named
                            WHERE named.vendor_order_id = ordered.id
                              AND named.vendor_id = $1
                       ))
               ) AS part
        "#,
        vendor as VendorId,
        project as ProjectId,
        words.status,
        words.work_status,
    )
    .fetch_one(db)
    .await?;
    Ok(total)
}
