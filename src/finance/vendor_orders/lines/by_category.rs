//! The lines of all vendor orders of a category.

use serde::Serialize;
use sqlx::{FromRow, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

use super::{
    VendorLine, VendorLineView,
    model::{ID, SORTS},
    store::vendor_line_columns,
};
use crate::{
    error::Result,
    finance::{
        kept_totals::{self, OrderTotal, OrderWords, Scope},
        references::References,
    },
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Listed, Order, PageInfo, Paging},
    },
    postgres::Pool,
    types::{Fields, FromFields, Money, ids::ProjectId},
};

/// How orders without a category are asked for, beside `Uncategorized`, as which they are shown.
const GENERAL: &str = "general";
const UNCATEGORIZED: &str = "Uncategorized";
const ORDER: Column = Column {
    name: "vendor_order_id",
    sql: "line.vendor_order_id",
    kind: "bigint",
};

/// Which lines of a category are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CategoryQuery {
    /// Only those of this project's orders.
    project_id: Option<ProjectId>,
    #[param(ignore)]
    paging: Paging,
    #[param(ignore)]
    order: Order,
}

impl FromFields for CategoryQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let default = Order::of(&[(ORDER, Direction::Up), (ID, Direction::Up)]);
        Some(Self {
            project_id: fields.optional("project_id"),
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &SORTS, default),
        })
    }
}

/// A line with what its list says of its order.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
struct CategoryLine {
    #[sqlx(flatten)]
    #[serde(flatten)]
    #[schema(value_type = VendorLineView<'static>)]
    line: VendorLine,
    #[schema(example = "VO-000010")]
    po_number: String,
    project_id: Option<ProjectId>,
    project_name: Option<String>,
    #[schema(example = "Civil")]
    category: Option<String>,
    /// How the work of the order stands.
    #[schema(example = "pending")]
    work_status: String,
}

/// A page of a category's lines.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CategoryLineList {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Civil")]
    category: String,
    line_items: Vec<CategoryLine>,
    /// Lines on this page.
    line_item_count: usize,
    /// Σ `total_price` of the lines of live orders.
    total_value: Money,
    #[serde(flatten)]
    page: PageInfo,
    data: CategoryLineData,
}

/// The same once more.
#[derive(Debug, Serialize, ToSchema)]
struct CategoryLineData {
    category: String,
    line_items: Vec<CategoryLine>,
    line_item_count: usize,
    total_value: Money,
    #[serde(flatten)]
    page: PageInfo,
}

/// A page of the lines of a category, whatever its case.
///
/// # Errors
/// `Invalid` for an unknown project.
pub(super) async fn list(db: &Pool, category: &str, query: &CategoryQuery) -> Result<CategoryLineList> {
    let category = category.trim();
    let asked = if category.eq_ignore_ascii_case(GENERAL) {
        UNCATEGORIZED
    } else {
        category
    };
    // An index has the orders of a category by id, and their lines by order and id: the page is cut from the two, and names
    // are looked up for its rows only.
    let mut sql = QueryBuilder::<Postgres>::new(concat!("SELECT ", vendor_line_columns!()));
    sql.push(
        ", line.po_number, line.project_id, project.name AS project_name, line.category, line.work_status",
    );
    query.order.push_key(&mut sql);
    sql.push(
        r#" FROM (
            SELECT line.*, ordered.po_number, ordered.project_id, ordered.category, ordered.work_status,
                   COALESCE(line.vendor_id, ordered.vendor_id) AS named_vendor_id
              FROM "Finances".vendor_order AS ordered
              JOIN "Finances".vendor_order_line_item AS line ON line.vendor_order_id = ordered.id
             WHERE lower("Finances".shown_category(ordered.category)) = lower("#,
    )
    .push_bind(asked.to_owned())
    .push(")");
    if let Some(project) = query.project_id {
        sql.push(" AND ordered.project_id = ").push_bind(project);
    }
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    sql.push(
        r#") AS line
            LEFT JOIN "Finances".vendor ON vendor.id = line.named_vendor_id
            LEFT JOIN "Finances".project ON project.id = line.project_id"#,
    );
    query.order.push_order(&mut sql);
    let rows: Vec<Listed<CategoryLine>> = sql.build_query_as().fetch_all(db).await?;
    let total = total(db, asked, query.project_id).await?;
    if total.lines == 0 {
        let references = References {
            project_id: query.project_id,
            ..References::default()
        };
        references.ensure_known(db).await?;
    }
    let (lines, page) = query.paging.page(rows, total.lines);
    Ok(CategoryLineList {
        status: SUCCESS,
        category: category.to_owned(),
        line_item_count: lines.len(),
        total_value: total.live_lines_amount,
        data: CategoryLineData {
            category: category.to_owned(),
            line_items: lines.clone(),
            line_item_count: lines.len(),
            total_value: total.live_lines_amount,
            page: page.clone(),
        },
        line_items: lines,
        page,
    })
}

async fn total(db: &Pool, category: &str, project: Option<ProjectId>) -> Result<OrderTotal> {
    let scope = project.map_or(Scope::All, |project| Scope::Project(project.0));
    let words = OrderWords {
        category: Some(category),
        ..OrderWords::default()
    };
    kept_totals::vendor_orders(db, scope, words).await
}
