//! Lists of the vendors' ledger as the vendors' routes show it.

use chrono::NaiveDate;
use sqlx::{PgExecutor, Postgres, QueryBuilder};
use utoipa::IntoParams;

use super::{
    read::{Matching, totals},
    view::{OrderPaymentSummary, PaymentWithLinks, VendorPaymentPage, VendorPaymentView},
};
use crate::{
    error::{Error, Result},
    finance::{
        payment_links::Link,
        payments::{ID, Ledger, PAYMENT_DATE, PaymentQuery, SORTS, States, check_days},
        projects,
        references::References,
    },
    http::list::{Direction, Listed, Order, PageInfo, Paging},
    postgres::Pool,
    types::{
        Fields, FromFields, Money, Problem,
        ids::{PaymentLinkId, ProjectId, VendorId, VendorOrderId, VendorPaymentId},
    },
};

/// Which vendor payments are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VendorPaymentQuery {
    /// Only those to this vendor: by themselves, or by their order.
    pub vendor_id: Option<VendorId>,
    /// Only those for this order.
    pub vendor_order_id: Option<VendorOrderId>,
    /// Only this project's.
    pub project_id: Option<ProjectId>,
    /// Only those that stand so: one status or several, comma separated.
    #[param(value_type = Option<String>, example = "cleared,completed")]
    pub status: Option<States>,
    /// Only those of this day or later.
    pub payment_date_from: Option<NaiveDate>,
    /// Only those of this day or earlier.
    pub payment_date_to: Option<NaiveDate>,
    /// Only those of this amount or more.
    pub min_amount: Option<Money>,
    /// Only those of this amount or less.
    pub max_amount: Option<Money>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

/// The latest first.
fn latest_first() -> Order {
    Order::of(&[(PAYMENT_DATE, Direction::DownNullsLast), (ID, Direction::Down)])
}

fn order(fields: &mut Fields<'_>) -> Order {
    Order::read(fields, &SORTS, latest_first())
}

impl FromFields for VendorPaymentQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let payment_date_from = fields.optional("payment_date_from");
        let payment_date_to = fields.optional("payment_date_to");
        check_days(
            fields,
            ("payment_date_from", payment_date_from),
            ("payment_date_to", payment_date_to),
        );
        let min_amount = fields.optional::<Money>("min_amount");
        let max_amount = fields.optional::<Money>("max_amount");
        if let (Some(least), Some(most)) = (min_amount, max_amount)
            && least > most
        {
            fields.fault(
                "max_amount",
                Problem::new("greater_than_equal", "must not be below min_amount"),
            );
        }
        Some(Self {
            vendor_id: fields.optional("vendor_id"),
            vendor_order_id: fields.optional("vendor_order_id"),
            project_id: fields.optional("project_id"),
            status: fields.optional("status"),
            payment_date_from,
            payment_date_to,
            min_amount,
            max_amount,
            paging: Paging::read(fields, 50),
            order: order(fields),
        })
    }
}

/// Which payments of one vendor, order or project are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OwnPaymentsQuery {
    /// Only those that stand so: one status or several, comma separated.
    #[param(value_type = Option<String>, example = "cleared,completed")]
    status: Option<States>,
    #[param(ignore)]
    paging: Paging,
    #[param(ignore)]
    order: Order,
}

impl OwnPaymentsQuery {
    /// The latest payments, at most so many.
    fn latest(limit: i64) -> Self {
        Self {
            status: None,
            paging: Paging::first(limit),
            order: latest_first(),
        }
    }
}

impl FromFields for OwnPaymentsQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            status: fields.optional("status"),
            paging: Paging::read(fields, 1000),
            order: order(fields),
        })
    }
}

impl From<OwnPaymentsQuery> for VendorPaymentQuery {
    /// Everybody's, until a vendor, an order or a project is set.
    fn from(own: OwnPaymentsQuery) -> Self {
        Self {
            vendor_id: None,
            vendor_order_id: None,
            project_id: None,
            status: own.status,
            payment_date_from: None,
            payment_date_to: None,
            min_amount: None,
            max_amount: None,
            paging: own.paging,
            order: own.order,
        }
    }
}

impl VendorPaymentQuery {
    /// The same in the words of the routes that serve both ledgers; the order is left out.
    fn of_both_ledgers(&self) -> PaymentQuery {
        PaymentQuery {
            kind: Ledger::Vendor,
            status: self.status.clone(),
            vendor_id: self.vendor_id,
            po_id: None,
            client_id: None,
            project_id: self.project_id,
            payment_date_from: self.payment_date_from,
            payment_date_to: self.payment_date_to,
            min_amount: self.min_amount,
            max_amount: self.max_amount,
            payment_mode: None,
            transaction_type: None,
            reference_number: None,
            batch_reference: None,
            paging: self.paging.clone(),
            order: self.order.clone(),
        }
    }

    /// Looks up the rows that the query names, for a list that turned out empty.
    ///
    /// # Errors
    /// `Invalid` with one fault for each that does not exist.
    pub async fn ensure_known(&self, db: impl PgExecutor<'_>) -> Result<()> {
        let named = References {
            vendor_id: self.vendor_id,
            vendor_order_id: self.vendor_order_id,
            project_id: self.project_id,
            ..References::default()
        };
        named.ensure_known(db).await
    }
}

/// The columns of [`VendorPaymentView`].
macro_rules! view_columns {
    () => {
        "
        SELECT payment.id, vendor.id AS vendor_id, vendor.name AS vendor_name, payment.vendor_order_id,
               COALESCE(payment.project_id, ordered.project_id) AS project_id, ordered.po_number,
               ordered.po_value AS order_amount, payment.payment_date, payment.amount, payment.payment_mode,
               payment.reference_number, payment.status, payment.notes, payment.version, payment.created_at,
               payment.updated_at"
    };
}

/// Where they come from.
macro_rules! view_tables {
    () => {
        r#"
          FROM "Finances".vendor_payment AS payment
          LEFT JOIN "Finances".vendor_order AS ordered ON ordered.id = payment.vendor_order_id
          LEFT JOIN "Finances".vendor ON vendor.id = COALESCE(payment.vendor_id, ordered.vendor_id)"#
    };
}

/// A payment that must be there.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn get(db: impl PgExecutor<'_>, id: VendorPaymentId) -> Result<VendorPaymentView> {
    const SQL: &str = concat!(view_columns!(), view_tables!(), " WHERE payment.id = $1");
    // The columns are those of the lists, whose statements are put together.
    let payment = sqlx::query_as(SQL).bind(id).fetch_optional(db).await?;
    payment.ok_or(Error::NotFound("Payment"))
}

#[derive(sqlx::FromRow)]
struct RowWithLinks {
    #[sqlx(flatten)]
    payment: VendorPaymentView,
    link_ids: Option<Vec<PaymentLinkId>>,
    order_ids: Option<Vec<VendorOrderId>>,
    link_types: Option<Vec<String>>,
    amounts: Option<Vec<Money>>,
    linked_ats: Option<Vec<chrono::DateTime<chrono::Utc>>>,
    created_ats: Option<Vec<chrono::DateTime<chrono::Utc>>>,
}

/// A payment with its links, the latest first.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub(super) async fn get_with_links(db: impl PgExecutor<'_>, id: VendorPaymentId) -> Result<PaymentWithLinks> {
    const SQL: &str = concat!(
        view_columns!(),
        ", link.ids AS link_ids, link.order_ids, link.link_types, link.amounts, link.linked_ats, link.created_ats",
        view_tables!(),
        r#"
         CROSS JOIN LATERAL (
               -- Every list is in the order of the rows that it is made from.
               SELECT array_agg(own.id) AS ids,
                      array_agg(own.vendor_order_id) AS order_ids,
                      array_agg(own.link_type::text) AS link_types,
                      array_agg(own.amount_allocated) AS amounts,
                      array_agg(own.linked_at) AS linked_ats,
                      array_agg(own.created_at) AS created_ats
                 FROM (
                       SELECT id, vendor_order_id, link_type, amount_allocated, linked_at, created_at
                         FROM "Finances".payment_vendor_link
                        WHERE vendor_payment_id = payment.id
                          -- An adopted link of no order is never shown.
                          AND vendor_order_id IS NOT NULL
                        ORDER BY linked_at DESC, id DESC
                      ) AS own
               ) AS link
         WHERE payment.id = $1"#
    );
    let row: RowWithLinks = sqlx::query_as(SQL)
        .bind(id)
        .fetch_optional(db)
        .await?
        .ok_or(Error::NotFound("Payment"))?;
    let payment = row.payment;
    let mut orders = row.order_ids.unwrap_or_default().into_iter();
    let mut types = row.link_types.unwrap_or_default().into_iter();
    let mut amounts = row.amounts.unwrap_or_default().into_iter();
    let mut linked = row.linked_ats.unwrap_or_default().into_iter();
    let mut created = row.created_ats.unwrap_or_default().into_iter();
    let links: Vec<Link> = row
        .link_ids
        .unwrap_or_default()
        .into_iter()
        .filter_map(|link| {
            Some(Link {
                id: link,
                vendor_order_id: orders.next()?,
                payment_id: None,
                vendor_payment_id: Some(id),
                link_type: types.next()?,
                amount_allocated: amounts.next()?,
                payment_amount: payment.amount,
                payment_date: Some(payment.payment_date),
                payment_mode: payment.payment_mode.clone(),
                payment_status: payment.status.clone(),
                reference_number: payment.reference_number.clone(),
                linked_at: linked.next()?,
                created_at: created.next()?,
            })
        })
        .collect();
    let allocated_amount = links.iter().map(|link| link.amount_allocated).sum();
    Ok(PaymentWithLinks {
        links,
        allocated_amount,
        unallocated_amount: payment.amount - allocated_amount,
        payment,
    })
}

/// A page of payments, and the sum of what arrived over all that match.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list(db: &Pool, query: &VendorPaymentQuery) -> Result<VendorPaymentPage> {
    let payments = query.of_both_ledgers();
    let matching = Matching::of(&payments).for_order(query.vendor_order_id);
    let rows = page(db, matching, query).await?;
    let totals = if query.vendor_order_id.is_none() {
        totals(db, &payments).await?
    } else {
        let mut sql = QueryBuilder::<Postgres>::new(TOTALS);
        matching.push(&mut sql);
        sql.build_query_as().fetch_one(db).await?
    };
    let (payments, page) = query.paging.page(rows, totals.entries);
    Ok(VendorPaymentPage {
        payments,
        page,
        total_paid: totals.paid,
    })
}

/// A page of the payments for a project's orders, and of the advances for it.
///
/// # Errors
/// `NotFound` if there is no such project.
pub(super) async fn list_of_project(
    db: &Pool,
    id: ProjectId,
    query: OwnPaymentsQuery,
) -> Result<VendorPaymentPage> {
    let mut query = VendorPaymentQuery::from(query);
    query.project_id = Some(id);
    let found = list(db, &query).await?;
    if found.page.total_count == 0 && !projects::store::exists(db, id).await? {
        return Err(Error::NotFound("Project"));
    }
    Ok(found)
}

/// A page of the payments that name a vendor, and of those for its orders that name nobody.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list_of_vendor(db: &Pool, id: VendorId, query: OwnPaymentsQuery) -> Result<VendorPaymentPage> {
    let mut query = VendorPaymentQuery::from(query);
    query.vendor_id = Some(id);
    list(db, &query).await
}

/// The latest of them, at most so many.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn latest_of_vendor(
    db: impl PgExecutor<'_>,
    id: VendorId,
    limit: i64,
) -> Result<Vec<VendorPaymentView>> {
    let mut query = VendorPaymentQuery::from(OwnPaymentsQuery::latest(limit));
    query.vendor_id = Some(id);
    let payments = query.of_both_ledgers();
    let rows = page(db, Matching::of(&payments), &query).await?;
    Ok(rows.into_iter().map(Listed::into_row).collect())
}

async fn page(
    db: impl PgExecutor<'_>,
    matching: Matching<'_>,
    query: &VendorPaymentQuery,
) -> Result<Vec<Listed<VendorPaymentView>>> {
    let mut sql = QueryBuilder::<Postgres>::new("WITH page AS (");
    matching.push_page(&mut sql);
    sql.push(concat!(")", view_columns!()));
    query.order.push_key(&mut sql);
    sql.push(view_tables!())
        .push(" JOIN page ON page.id = payment.id");
    query.order.push_order(&mut sql);
    Ok(sql.build_query_as().fetch_all(db).await?)
}

/// How many payments match, and what arrived of them.
pub(super) const TOTALS: &str = "
    SELECT count(*) AS entries,
           COALESCE(sum(payment.amount) FILTER (WHERE payment.status IN ('cleared', 'completed', 'reconciled')), 0) AS paid";

/// How many payments match, and what arrived of them.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(super) struct LedgerTotals {
    /// All that match.
    pub(super) entries: i64,
    /// Σ `amount` of those whose money arrived.
    pub(super) paid: Money,
}

/// A page of an order's own payments, and the sums over all of them.
///
/// # Errors
/// `NotFound` if there is no such order.
pub(super) async fn list_of_order(
    db: &Pool,
    id: VendorOrderId,
    query: OwnPaymentsQuery,
) -> Result<(Vec<VendorPaymentView>, OrderPaymentSummary, PageInfo)> {
    let words = query.status.as_ref().map(States::words);
    let found = sqlx::query!(
        r#"
        SELECT figures.po_value AS "po_value!: Money",
               figures.paid AS "paid!: Money",
               GREATEST(figures.po_value - figures.paid, 0) AS "left!: Money",
               entry.cleared AS "total_cleared!: Money",
               entry.pending AS "total_pending!: Money",
               entry.bounced AS "total_bounced!: Money",
               entry.failed AS "total_failed!: Money",
               entry.cancelled AS "total_cancelled!: Money",
               entry.cleared_count AS "cleared_count!",
               entry.pending_count AS "pending_count!",
               entry.bounced_count AS "bounced_count!",
               entry.failed_count AS "failed_count!",
               entry.cancelled_count AS "cancelled_count!",
               entry.matching AS "matching!"
          FROM "Finances".vendor_order_figures AS figures
         CROSS JOIN LATERAL (
               SELECT COALESCE(sum(amount) FILTER (WHERE status IN ('cleared', 'completed', 'reconciled')), 0) AS cleared,
                      COALESCE(sum(amount) FILTER (WHERE status IN ('pending', 'processing')), 0) AS pending,
                      COALESCE(sum(amount) FILTER (WHERE status = 'bounced'), 0) AS bounced,
                      COALESCE(sum(amount) FILTER (WHERE status = 'failed'), 0) AS failed,
                      COALESCE(sum(amount) FILTER (WHERE status = 'cancelled'), 0) AS cancelled,
                      count(*) FILTER (WHERE status IN ('cleared', 'completed', 'reconciled')) AS cleared_count,
                      count(*) FILTER (WHERE status IN ('pending', 'processing')) AS pending_count,
                      count(*) FILTER (WHERE status = 'bounced') AS bounced_count,
                      count(*) FILTER (WHERE status = 'failed') AS failed_count,
                      count(*) FILTER (WHERE status = 'cancelled') AS cancelled_count,
                      count(*) FILTER (WHERE $2::text[] IS NULL OR status = ANY ($2)) AS matching
                 FROM "Finances".vendor_payment
                WHERE vendor_order_id = figures.id
               ) AS entry
         WHERE figures.id = $1
        "#,
        id as VendorOrderId,
        words.as_deref() as Option<&[&str]>,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("Vendor order"))?;
    let mut query = VendorPaymentQuery::from(query);
    query.vendor_order_id = Some(id);
    let payments = query.of_both_ledgers();
    let matching = Matching::of(&payments).for_order(Some(id));
    let rows = page(db, matching, &query).await?;
    let (payments, info) = query.paging.page(rows, found.matching);
    let summary = OrderPaymentSummary {
        total_cleared: found.total_cleared,
        total_pending: found.total_pending,
        total_bounced: found.total_bounced,
        total_failed: found.total_failed,
        total_cancelled: found.total_cancelled,
        total_paid: found.paid,
        cleared_count: found.cleared_count,
        pending_count: found.pending_count,
        bounced_count: found.bounced_count,
        failed_count: found.failed_count,
        cancelled_count: found.cancelled_count,
        po_value: found.po_value,
        pending_amount: found.left,
    };
    Ok((payments, summary, info))
}
