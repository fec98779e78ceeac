//! Lists of vendor orders: which are asked for, a page of them, and their sums by category.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Serialize, Serializer};
use sqlx::{Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

use super::{
    VendorOrder, VendorOrderView,
    store::vendor_order_columns,
    words::{OrderPaymentStatus, OrderStatus, WorkStatus},
};
use crate::{
    error::Result,
    finance::{
        kept_totals::{self, CategoryTotal, OrderWords, Scope},
        references::References,
    },
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Listed, Order, PageInfo, Paging, contains},
    },
    postgres::Pool,
    types::{
        Fields, FromFields, Money, Text,
        ids::{ClientPoId, ProjectId, VendorId},
    },
};

/// What the orders without a category are shown in.
const UNCATEGORIZED: &str = "Uncategorized";
/// The id, which closes every order.
pub(crate) const ID: Column = Column {
    name: "id",
    sql: "ordered.id",
    kind: "bigint",
};
/// When an order was made.
pub(crate) const CREATED: Column = Column {
    name: "created_at",
    sql: "ordered.created_at",
    kind: "timestamptz",
};
/// What orders may be sorted by.
pub(crate) const SORTS: [Column; 8] = [
    ID,
    Column {
        name: "po_number",
        sql: "ordered.po_number",
        kind: "text",
    },
    Column {
        name: "po_date",
        sql: "ordered.po_date",
        kind: "date",
    },
    Column {
        name: "due_date",
        sql: "ordered.due_date",
        kind: "date",
    },
    Column {
        name: "po_value",
        sql: "ordered.po_value",
        kind: "numeric",
    },
    Column {
        name: "status",
        sql: "ordered.status",
        kind: "text",
    },
    Column {
        name: "work_status",
        sql: "ordered.work_status",
        kind: "text",
    },
    CREATED,
];

/// Which orders are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderQuery {
    /// Only those that stand so.
    #[param(inline)]
    status: Option<OrderStatus>,
    /// Only those of which the work stands so.
    #[param(inline)]
    work_status: Option<WorkStatus>,
    /// Only those that are paid so far.
    #[param(inline)]
    payment_status: Option<OrderPaymentStatus>,
    /// Only those to this vendor.
    vendor_id: Option<VendorId>,
    /// Only those for this PO.
    client_po_id: Option<ClientPoId>,
    /// Only those of this category, in any case; `Uncategorized` for those of none.
    #[param(value_type = Option<String>)]
    category: Option<Text<255>>,
    /// Only those with this in their number, description, category, vendor's or project's name.
    search: Option<String>,
    /// Only those of this project.
    #[param(ignore)]
    project_id: Option<ProjectId>,
    /// Whether the path names the project; one that nobody knows is not found then.
    #[param(ignore)]
    is_of_path: bool,
    #[param(ignore)]
    paging: Paging,
    #[param(ignore)]
    order: Order,
}

impl OrderQuery {
    fn read(fields: &mut Fields<'_>, default_limit: i64) -> Self {
        let default = Order::of(&[(CREATED, Direction::Down), (ID, Direction::Down)]);
        Self {
            status: fields.optional("status"),
            work_status: fields.optional("work_status"),
            payment_status: fields.optional("payment_status"),
            vendor_id: fields.optional("vendor_id"),
            client_po_id: fields.optional("client_po_id"),
            category: fields.optional("category"),
            search: fields.optional("search").map(Text::<200>::into_string),
            project_id: None,
            is_of_path: false,
            paging: Paging::read(fields, default_limit),
            order: Order::read(fields, &SORTS, default),
        }
    }

    /// The same question about the orders of a project.
    pub(super) fn of(self, project: ProjectId) -> Self {
        Self {
            project_id: Some(project),
            is_of_path: true,
            ..self
        }
    }
}

impl FromFields for OrderQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self::read(fields, 1000))
    }
}

/// Which orders of all projects are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AllOrdersQuery {
    /// Only those of this project.
    #[expect(dead_code, reason = "read into `query`; this only documents the name")]
    project_id: Option<ProjectId>,
    #[param(ignore)]
    pub(super) query: OrderQuery,
}

impl FromFields for AllOrdersQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let project_id = fields.optional("project_id");
        let query = OrderQuery {
            project_id,
            ..OrderQuery::read(fields, 1000)
        };
        Some(Self { project_id, query })
    }
}

/// What is looked for in orders.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderSearch {
    /// 1 to 100 characters, part of the number, description, category, vendor's or project's name; `q` is another name.
    #[param(value_type = String)]
    pub(super) query: Text<100>,
    #[param(ignore)]
    pub(super) orders: OrderQuery,
}

impl FromFields for OrderSearch {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias("query", "q");
        let query: Option<Text<100>> = fields.required("query");
        let orders = OrderQuery::read(fields, 50);
        let query = query?;
        Some(Self {
            orders: OrderQuery {
                search: Some(query.to_string()),
                project_id: fields.optional("project_id"),
                ..orders
            },
            query,
        })
    }
}

impl OrderQuery {
    /// Whose kept totals are those of the list; `None` where a filter has to look at the rows.
    fn kept_scope(&self) -> Option<Scope> {
        if self.client_po_id.is_some() || self.search.is_some() {
            return None;
        }
        match (self.project_id, self.vendor_id) {
            (None, None) => Some(Scope::All),
            (Some(project), None) => Some(Scope::Project(project.0)),
            (None, Some(vendor)) => Some(Scope::Vendor(vendor.0)),
            (Some(_), Some(_)) => None,
        }
    }

    fn words(&self) -> OrderWords<'_> {
        OrderWords {
            status: self.status.map(OrderStatus::as_str),
            work_status: self.work_status.map(WorkStatus::as_str),
            payment_status: self.payment_status.map(OrderPaymentStatus::as_str),
            category: self.category.as_deref(),
        }
    }

    /// The table that the filters look at, and the filters: the figures only where one needs them.
    fn push_matching(&self, named: &Named, sql: &mut QueryBuilder<Postgres>) {
        sql.push(if self.payment_status.is_some() {
            r#" FROM "Finances".vendor_order_overview AS ordered WHERE TRUE"#
        } else {
            r#" FROM "Finances".vendor_order AS ordered WHERE TRUE"#
        });
        if let Some(status) = self.status {
            sql.push(" AND ordered.status = ").push_bind(status.as_str());
        }
        if let Some(status) = self.work_status {
            sql.push(" AND ordered.work_status = ").push_bind(status.as_str());
        }
        if let Some(status) = self.payment_status {
            sql.push(" AND ordered.payment_status = ")
                .push_bind(status.as_str());
        }
        if let Some(vendor) = self.vendor_id {
            sql.push(" AND ordered.vendor_id = ").push_bind(vendor);
        }
        if let Some(project) = self.project_id {
            sql.push(" AND ordered.project_id = ").push_bind(project);
        }
        if let Some(po) = self.client_po_id {
            sql.push(" AND ordered.client_po_id = ").push_bind(po);
        }
        if let Some(category) = &self.category {
            sql.push(r#" AND lower("Finances".shown_category(ordered.category)) = lower("#)
                .push_bind(category.to_string())
                .push(")");
        }
        if let Some(text) = &self.search {
            // A statement with a search is planned for its own text and for what that finds, as in the search of POs.
            let pattern = contains(text);
            for (before, column) in [
                (" AND (", "ordered.po_number"),
                (" OR ", "ordered.description"),
                (" OR ", "ordered.category"),
            ] {
                sql.push(before)
                    .push(column)
                    .push(" ILIKE ")
                    .push_bind(pattern.clone());
            }
            sql.push(" OR ordered.vendor_id = ANY (")
                .push_bind(named.vendors.clone())
                .push(") OR ordered.project_id = ANY (")
                .push_bind(named.projects.clone())
                .push(")");
            sql.push(")");
        }
    }
}

/// The vendors and projects whose names have what is looked for.
///
/// They are looked up before the orders: only if it knows how many they are does PostgreSQL know how many orders match.
#[derive(Debug, Default)]
struct Named {
    vendors: Vec<i64>,
    projects: Vec<i64>,
}

impl Named {
    async fn find(db: &Pool, text: Option<&str>) -> Result<Self> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        let named = sqlx::query_as!(
            Self,
            r#"
            SELECT ARRAY (SELECT id FROM "Finances".vendor WHERE name ILIKE $1) AS "vendors!",
                   ARRAY (SELECT id FROM "Finances".project WHERE name ILIKE $1) AS "projects!"
            "#,
            contains(text),
        )
        .fetch_one(db)
        .await?;
        Ok(named)
    }
}

/// A page of orders, with the sums over all that match.
#[derive(Debug)]
pub(super) struct OrderPage {
    orders: Vec<VendorOrder>,
    total_value: Money,
    categories: Vec<CategoryTotal>,
    page: PageInfo,
}

impl OrderPage {
    /// Whether nothing matches, so that it may be of nobody.
    pub(super) fn is_empty(&self) -> bool {
        self.page.total_count == 0
    }
}

/// A page of orders.
///
/// # Errors
/// `Invalid` if the query names something that does not exist.
pub(super) async fn list(db: &Pool, query: &OrderQuery, today: NaiveDate) -> Result<OrderPage> {
    let named = Named::find(db, query.search.as_deref()).await?;
    // The page is cut out of the bare table by an index; figures are made for its rows only.
    let mut sql = QueryBuilder::<Postgres>::new("WITH page AS (SELECT ordered.id");
    query.push_matching(&named, &mut sql);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    sql.push("), today AS (SELECT ")
        .push_bind(today)
        .push("::date AS day) SELECT ")
        .push(vendor_order_columns!("today.day"));
    query.order.push_key(&mut sql);
    sql.push(r#" FROM today, page JOIN "Finances".vendor_order_overview AS ordered ON ordered.id = page.id"#);
    query.order.push_order(&mut sql);
    let rows: Vec<Listed<VendorOrder>> = sql
        .build_query_as()
        .persistent(query.search.is_none())
        .fetch_all(db)
        .await?;
    let (count, total_value) = totals(db, query, &named).await?;
    if count == 0 {
        let references = References {
            vendor_id: query.vendor_id,
            client_po_id: query.client_po_id,
            project_id: query.project_id.filter(|_| !query.is_of_path),
            ..References::default()
        };
        references.ensure_known(db).await?;
    }
    let (orders, page) = query.paging.page(rows, count);
    let categories = categories(db, query, &named, &orders).await?;
    Ok(OrderPage {
        orders,
        total_value,
        categories,
        page,
    })
}

/// How many orders match and what the live ones are worth: as it is kept, else made from the rows.
async fn totals(db: &Pool, query: &OrderQuery, named: &Named) -> Result<(i64, Money)> {
    if let Some(scope) = query.kept_scope() {
        let kept = kept_totals::vendor_orders(db, scope, query.words()).await?;
        return Ok((kept.entries, kept.live_amount));
    }
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT count(*), COALESCE(sum(ordered.po_value)
                FILTER (WHERE ordered.status NOT IN ('rejected', 'cancelled') AND ordered.work_status <> 'cancelled'), 0)",
    );
    query.push_matching(named, &mut sql);
    Ok(sql
        .build_query_as()
        .persistent(query.search.is_none())
        .fetch_one(db)
        .await?)
}

/// The totals of the categories of the page's orders, over all orders that match.
async fn categories(
    db: &Pool,
    query: &OrderQuery,
    named: &Named,
    orders: &[VendorOrder],
) -> Result<Vec<CategoryTotal>> {
    let mut shown: Vec<&str> = orders.iter().map(shown_category).collect();
    shown.sort_unstable();
    shown.dedup();
    if shown.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(scope) = query.kept_scope() {
        return kept_totals::vendor_order_categories(db, scope, query.words(), &shown).await;
    }
    let mut sql = QueryBuilder::<Postgres>::new(
        r#"SELECT "Finances".shown_category(ordered.category) AS category, count(*) AS entries,
                  COALESCE(sum(ordered.po_value)
                      FILTER (WHERE ordered.status NOT IN ('rejected', 'cancelled')
                                AND ordered.work_status <> 'cancelled'), 0) AS live_amount"#,
    );
    query.push_matching(named, &mut sql);
    let shown: Vec<String> = shown.into_iter().map(str::to_owned).collect();
    sql.push(r#" AND "Finances".shown_category(ordered.category) = ANY ("#)
        .push_bind(shown)
        .push(") GROUP BY 1 ORDER BY 1");
    Ok(sql
        .build_query_as()
        .persistent(query.search.is_none())
        .fetch_all(db)
        .await?)
}

/// The category that an order is shown in.
fn shown_category(order: &VendorOrder) -> &str {
    let named = order.category.as_deref().map(|text| text.trim_matches(' '));
    named.filter(|name| !name.is_empty()).unwrap_or(UNCATEGORIZED)
}

/// The orders of one category.
#[derive(Debug, Serialize, ToSchema)]
struct OrderCategory<'a> {
    #[schema(example = "Civil")]
    category: &'a str,
    /// Those of them that are on this page.
    #[schema(value_type = Vec<VendorOrderView<'static>>)]
    orders: Vec<&'a VendorOrder>,
    /// All of them that match, on whatever page.
    order_count: i64,
    /// What the live ones of those are worth.
    total_value: Money,
}

/// The same once more.
#[derive(Debug, Serialize, ToSchema)]
struct OrderListData<'a> {
    #[schema(value_type = Vec<VendorOrderView<'static>>)]
    vendor_orders: &'a [VendorOrder],
    #[schema(value_type = Vec<VendorOrderView<'static>>)]
    orders: &'a [VendorOrder],
    #[schema(value_type = Vec<VendorOrderView<'static>>)]
    data: &'a [VendorOrder],
    categories: &'a [OrderCategory<'a>],
    vendor_order_count: usize,
    total_value: Money,
    #[serde(flatten)]
    page: &'a PageInfo,
}

/// A page of orders on the wire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrderList)]
pub(super) struct OrderListView<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    /// The project, in the list of a project.
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<ProjectId>,
    /// What was looked for, in a search.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "VO-2026")]
    query: Option<&'a str>,
    /// Orders on this page.
    vendor_order_count: usize,
    /// What the live orders that match are worth.
    total_value: Money,
    #[schema(value_type = Vec<VendorOrderView<'static>>)]
    vendor_orders: &'a [VendorOrder],
    /// The page's orders by category, by name.
    categories: &'a [OrderCategory<'a>],
    #[serde(flatten)]
    page: &'a PageInfo,
    data: OrderListData<'a>,
}

/// A page of orders, and of which list it is.
#[derive(Debug)]
pub(super) struct OrderList {
    pub(super) project_id: Option<ProjectId>,
    pub(super) query: Option<String>,
    pub(super) page: OrderPage,
}

impl Serialize for OrderList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let OrderPage {
            orders,
            total_value,
            categories,
            page,
        } = &self.page;
        let mut grouped: BTreeMap<&str, Vec<&VendorOrder>> = BTreeMap::new();
        for order in orders {
            grouped.entry(shown_category(order)).or_default().push(order);
        }
        let categories: Vec<OrderCategory<'_>> = grouped
            .into_iter()
            .map(|(name, orders)| {
                let total = categories.iter().find(|total| total.category == name);
                OrderCategory {
                    category: name,
                    order_count: total.map_or(0, |total| total.entries),
                    total_value: total.map_or(Money::ZERO, |total| total.live_amount),
                    orders,
                }
            })
            .collect();
        OrderListView {
            status: SUCCESS,
            project_id: self.project_id,
            query: self.query.as_deref(),
            vendor_order_count: orders.len(),
            total_value: *total_value,
            vendor_orders: orders,
            categories: &categories,
            page,
            data: OrderListData {
                vendor_orders: orders,
                orders,
                data: orders,
                categories: &categories,
                vendor_order_count: orders.len(),
                total_value: *total_value,
                page,
            },
        }
        .serialize(serializer)
    }
}
