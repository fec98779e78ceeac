//! Lists of client POs: which are asked for, a page of them, and their sums.

use chrono::NaiveDate;
use sqlx::{FromRow, Postgres, QueryBuilder, postgres::PgRow};
use utoipa::IntoParams;

use super::{
    model::{
        PaymentStatus, PoStatus, PoTotals, PoType, PurchaseOrder, PurchaseOrderRow, PurchaseOrderWithLines,
    },
    store::{line_columns, line_lists, po_columns},
};
use crate::{
    error::Result,
    finance::kept_totals::{Kept, List, Scope},
    http::list::{Column, Direction, Listed, Order, PageInfo, Paging, contains},
    postgres::Pool,
    types::{
        Fields, FromFields, Problem, Text,
        ids::{ClientId, ProjectId},
    },
};

pub(super) const ID: Column = Column {
    name: "id",
    sql: "po.id",
    kind: "bigint",
};
const STORE: Column = Column {
    name: "store_id",
    sql: "po.store_id",
    kind: "text",
};
pub(super) const CREATED: Column = Column {
    name: "created_at",
    sql: "po.created_at",
    kind: "timestamptz",
};
const CLIENT: Column = Column {
    name: "client_id",
    sql: "po.client_id",
    kind: "bigint",
};
pub(super) const PI_DATE: Column = Column {
    name: "pi_date",
    sql: "po.pi_date",
    kind: "date",
};
/// What bundles may be ordered by: the columns of the newest PO of each.
pub(super) const BUNDLE_SORTS: [Column; 8] = SORTS;
const SEQUENCE: Column = Column {
    name: "sequence_order",
    sql: "po.sequence_order",
    kind: "integer",
};
/// What POs may be ordered by, verbal agreements too.
pub(super) const SORTS: [Column; 8] = [
    ID,
    Column {
        name: "po_number",
        sql: "po.po_number",
        kind: "text",
    },
    Column {
        name: "po_date",
        sql: "po.po_date",
        kind: "date",
    },
    PI_DATE,
    Column {
        name: "po_value",
        sql: "po.po_value",
        kind: "numeric",
    },
    Column {
        name: "status",
        sql: "po.status",
        kind: "text",
    },
    STORE,
    CREATED,
];

/// Which POs are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PoQuery {
    /// Only this client's.
    pub(super) client_id: Option<ClientId>,
    /// Only this project's.
    pub(super) project_id: Option<ProjectId>,
    /// Only those that stand so.
    #[param(inline)]
    pub(super) status: Option<PoStatus>,
    /// Only those that are paid so far.
    #[param(inline)]
    pub(super) payment_status: Option<PaymentStatus>,
    /// Only those of this store, exactly.
    #[param(value_type = Option<String>)]
    pub(super) store_id: Option<Text<100>>,
    /// Only those with this in their number, proforma number, project's name or store.
    #[param(value_type = Option<String>)]
    pub(super) q: Option<Text<200>>,
    /// Only those dated on this day or later.
    pub(super) date_from: Option<NaiveDate>,
    /// Only those dated on this day or earlier.
    pub(super) date_to: Option<NaiveDate>,
    /// Only those of this type; read by the routes of a project.
    #[param(ignore)]
    pub(super) po_type: Option<PoType>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for PoQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self::read(fields, 1000))
    }
}

impl PoQuery {
    /// Reads a query whose page has so many entries unless it says.
    pub(super) fn read(fields: &mut Fields<'_>, default_limit: i64) -> Self {
        let (date_from, date_to) = (fields.optional("date_from"), fields.optional("date_to"));
        if let (Some(from), Some(to)) = (date_from, date_to)
            && from > to
        {
            fields.fault(
                "date_to",
                Problem::new("greater_than_equal", "must not be before date_from"),
            );
        }
        Self {
            client_id: fields.optional("client_id"),
            project_id: fields.optional("project_id"),
            status: fields.optional("status"),
            payment_status: fields.optional("payment_status"),
            store_id: fields.optional("store_id"),
            q: fields.optional("q"),
            date_from,
            date_to,
            po_type: None,
            paging: Paging::read(fields, default_limit),
            order: Order::read(fields, &SORTS, by_store()),
        }
    }
}

/// By client and store, then the newest first: as an index has them.
pub(super) fn by_client_and_store() -> Order {
    Order::of(&[
        (CLIENT, Direction::Up),
        (STORE, Direction::DownNullsLast),
        (CREATED, Direction::Down),
        (ID, Direction::Down),
    ])
}

/// By store, then the newest first.
fn by_store() -> Order {
    Order::of(&[
        (STORE, Direction::DownNullsLast),
        (CREATED, Direction::Down),
        (ID, Direction::Down),
    ])
}

/// Which POs of a project are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ProjectPoQuery {
    /// Only those that stand so.
    #[param(inline)]
    status: Option<PoStatus>,
    /// Only those of this type.
    #[param(inline)]
    po_type: Option<PoType>,
    #[param(ignore)]
    paging: Paging,
    #[param(ignore)]
    order: Order,
}

impl FromFields for ProjectPoQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let default = Order::of(&[
            (SEQUENCE, Direction::Up),
            (CREATED, Direction::Up),
            (ID, Direction::Up),
        ]);
        Some(Self {
            status: fields.optional("status"),
            po_type: fields.optional("po_type"),
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &SORTS, default),
        })
    }
}

impl ProjectPoQuery {
    /// The same question about the POs of this project.
    pub(super) fn of(self, project: ProjectId) -> PoQuery {
        PoQuery {
            client_id: None,
            project_id: Some(project),
            status: self.status,
            payment_status: None,
            store_id: None,
            q: None,
            date_from: None,
            date_to: None,
            po_type: self.po_type,
            paging: self.paging,
            order: self.order,
        }
    }
}

impl PoQuery {
    /// The table that the filters look at: the figures only where a filter needs them.
    fn source(&self) -> &'static str {
        if self.payment_status.is_some() {
            r#" FROM "Finances".client_po_figures AS po WHERE TRUE"#
        } else if self.project_id.is_some() {
            // The order among the POs of a project stands in the mapping.
            r#" FROM (
                SELECT po.*, mapping.sequence_order
                  FROM "Finances".client_po AS po
                  LEFT JOIN "Finances".po_project_mapping AS mapping
                    ON mapping.client_po_id = po.id AND mapping.project_id = po.project_id
                ) AS po WHERE TRUE"#
        } else {
            r#" FROM "Finances".client_po AS po WHERE TRUE"#
        }
    }

    /// The kept totals that are those of the list; `None` where a filter has to look at the rows.
    fn kept(&self) -> Option<Kept> {
        let Self {
            client_id,
            project_id,
            status,
            payment_status,
            store_id: None,
            q: None,
            date_from: None,
            date_to: None,
            po_type: None,
            paging: _,
            order: _,
        } = self
        else {
            return None;
        };
        let scope = match (client_id, project_id) {
            (None, None) => Scope::All,
            (Some(client), None) => Scope::Client(client.0),
            (None, Some(project)) => Scope::Project(project.0),
            (Some(_), Some(_)) => return None,
        };
        Some(Kept {
            list: List::ClientPo,
            scope,
            statuses: status.map(|status| vec![status.as_str()]),
            payment_status: payment_status.map(PaymentStatus::as_str),
        })
    }

    fn push_filters(&self, sql: &mut QueryBuilder<Postgres>) {
        if let Some(client) = self.client_id {
            sql.push(" AND po.client_id = ").push_bind(client);
        }
        if let Some(project) = self.project_id {
            sql.push(" AND po.project_id = ").push_bind(project);
        }
        if let Some(status) = self.status {
            sql.push(" AND po.status = ").push_bind(status.as_str());
        }
        if let Some(status) = self.payment_status {
            sql.push(" AND po.payment_status = ").push_bind(status.as_str());
        }
        if let Some(store) = &self.store_id {
            sql.push(" AND po.store_id = ").push_bind(store.to_string());
        }
        if let Some(from) = self.date_from {
            sql.push(" AND po.po_date >= ").push_bind(from);
        }
        if let Some(to) = self.date_to {
            sql.push(" AND po.po_date <= ").push_bind(to);
        }
        if let Some(po_type) = self.po_type {
            sql.push(" AND po.po_type = ").push_bind(po_type.as_str());
        }
        if let Some(text) = &self.q {
            // A statement with a search is not prepared: whether the index pays depends on the text, so that each is planned
            // for its own. The projects are looked up first, as a list, so that an index serves each of the four conditions.
            let pattern = contains(text);
            for (before, column) in [
                (" AND (", "po.po_number"),
                (" OR ", "po.pi_number"),
                (" OR ", "po.store_id"),
            ] {
                sql.push(before)
                    .push(column)
                    .push(" ILIKE ")
                    .push_bind(pattern.clone());
            }
            sql.push(
                r#" OR po.project_id = ANY (ARRAY (
                    SELECT project.id FROM "Finances".project WHERE project.name ILIKE "#,
            )
            .push_bind(pattern)
            .push(")))");
        }
    }
}

/// A page of POs and the sums over all that match.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn list(db: &Pool, query: &PoQuery) -> Result<(Vec<PurchaseOrder>, PoTotals, PageInfo)> {
    page_and_totals(db, query, po_columns!(), "").await
}

/// The same with the lines of each PO.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn list_with_lines(
    db: &Pool,
    query: &PoQuery,
) -> Result<(Vec<PurchaseOrderWithLines>, PoTotals, PageInfo)> {
    let (rows, totals, page): (Vec<PurchaseOrderRow>, _, _) =
        page_and_totals(db, query, concat!(po_columns!(), line_columns!()), line_lists!()).await?;
    Ok((rows.into_iter().map(Into::into).collect(), totals, page))
}

/// Both of one statement, where the totals are kept and the page has any row.
async fn page_and_totals<T>(
    db: &Pool,
    query: &PoQuery,
    columns: &str,
    joined: &str,
) -> Result<(Vec<T>, PoTotals, PageInfo)>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let (rows, totals) = if let Some(kept) = query.kept() {
        let sql = page_of(query, columns, joined, |sql| kept.push(sql));
        let (rows, totals) = kept.page(db, sql).await?;
        (rows, totals.into())
    } else {
        let mut sql = page_of(query, columns, joined, |_| ());
        let rows: Vec<Listed<T>> = sql
            .build_query_as()
            .persistent(query.q.is_none())
            .fetch_all(db)
            .await?;
        (rows, count(db, query).await?)
    };
    let (rows, page) = query.paging.page(rows, totals.total_count);
    Ok((rows, totals, page))
}

/// The page is cut out of the bare table by an index; figures are made for its rows only.
fn page_of(
    query: &PoQuery,
    columns: &str,
    joined: &str,
    push_more: impl FnOnce(&mut QueryBuilder<Postgres>),
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::<Postgres>::new("WITH page AS (SELECT po.id");
    sql.push(query.source());
    query.push_filters(&mut sql);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    sql.push(")").push(columns);
    query.order.push_key(&mut sql);
    push_more(&mut sql);
    sql.push(r#" FROM page JOIN "Finances".client_po_figures AS po ON po.id = page.id"#)
        .push(joined);
    query.order.push_order(&mut sql);
    sql
}

/// The sums over all POs that match, made from the rows.
async fn count(db: &Pool, query: &PoQuery) -> Result<PoTotals> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "WITH matching AS (SELECT po.id, po.po_value, po.status <> 'cancelled' AS is_live",
    );
    sql.push(query.source());
    query.push_filters(&mut sql);
    sql.push(
        r#"),
        payment AS (
            SELECT entry.client_po_id,
                   sum(CASE WHEN entry.transaction_type = 'debit' THEN -entry.amount ELSE entry.amount END) AS amount
              FROM matching
              JOIN "Finances".client_payment AS entry ON entry.client_po_id = matching.id
             WHERE matching.is_live
               AND entry.status IN ('cleared', 'completed', 'reconciled')
             GROUP BY entry.client_po_id
        ),
        figures AS (
            SELECT matching.is_live,
                   matching.po_value AS value,
                   COALESCE(payment.amount, 0) AS paid
              FROM matching
              LEFT JOIN payment ON payment.client_po_id = matching.id
        )
        SELECT count(*) AS total_count,
               COALESCE(sum(value) FILTER (WHERE is_live), 0) AS total_value,
               COALESCE(sum(paid) FILTER (WHERE is_live), 0) AS total_paid,
               COALESCE(sum(value - paid) FILTER (WHERE is_live), 0) AS total_receivable,
               count(*) FILTER (WHERE is_live AND paid > 0 AND paid >= value) AS paid_count,
               count(*) FILTER (WHERE is_live AND paid > 0 AND paid < value) AS partial_count,
               count(*) FILTER (WHERE is_live AND paid <= 0) AS pending_count
          FROM figures"#,
    );
    Ok(sql
        .build_query_as()
        .persistent(query.q.is_none())
        .fetch_one(db)
        .await?)
}
