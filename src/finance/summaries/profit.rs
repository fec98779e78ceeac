//! What projects earned and cost, by the POs dated in a range (purchase-order routes, section 5.7).

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::{FromRow, PgExecutor, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

use super::rules::percent;
use crate::{
    error::Result,
    types::{
        Fields, FromFields, Money, Percent, Problem,
        ids::{ClientId, ProjectId},
    },
};

/// Which POs count.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ProfitQuery {
    /// Only POs dated on this day or later.
    pub(super) start_date: Option<NaiveDate>,
    /// Only POs dated on this day or earlier.
    pub(super) end_date: Option<NaiveDate>,
    /// Only this client's POs.
    client_id: Option<ClientId>,
    /// Only this project's POs.
    project_id: Option<ProjectId>,
}

impl FromFields for ProfitQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let (start_date, end_date) = (fields.optional("start_date"), fields.optional("end_date"));
        if let (Some(start), Some(end)) = (start_date, end_date)
            && start > end
        {
            fields.fault(
                "end_date",
                Problem::new("greater_than_equal", "must not be before start_date"),
            );
        }
        Some(Self {
            start_date,
            end_date,
            client_id: fields.optional("client_id"),
            project_id: fields.optional("project_id"),
        })
    }
}

/// A project's row, as the query makes it.
#[derive(FromRow)]
struct Earned {
    project_id: Option<ProjectId>,
    project_name: Option<String>,
    po_count: i64,
    revenue: Money,
    cost: Money,
    total_collected: Money,
}

/// What a project earned and cost.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ProjectProfit {
    /// Null for the POs without a project.
    project_id: Option<ProjectId>,
    project_name: Option<String>,
    po_count: i64,
    /// Σ `net_value`.
    revenue: Money,
    /// Live vendor orders for these POs, and those of the project for no PO.
    cost: Money,
    /// `revenue` − `cost`.
    profit: Money,
    /// Percent of the revenue; 0 without one.
    profit_margin_percentage: Percent,
    total_collected: Money,
}

/// What all projects earned and cost.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProfitFigures {
    projects: Vec<ProjectProfit>,
    total_revenue: Money,
    total_cost: Money,
    total_profit: Money,
    profit_margin_percentage: Percent,
    total_collected: Money,
}

/// The analysis and the range that was asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProfitAnswer {
    #[schema(example = "SUCCESS")]
    pub(super) status: &'static str,
    pub(super) start_date: Option<NaiveDate>,
    pub(super) end_date: Option<NaiveDate>,
    pub(super) data: ProfitFigures,
}

/// The POs that count; the filters follow.
const COUNTED: &str = r#"
    WITH counted AS MATERIALIZED (
        SELECT po.id,
               po.project_id,
               po.po_value - COALESCE(po.total_tax, 0) AS net_value
          FROM "Finances".client_po AS po
         WHERE po.status <> 'cancelled'
           AND NOT (po.po_type = 'verbal_agreement' AND po.po_number IS NULL)"#;

/// What they earned and cost. Rows of all kinds are added up at once: POs without a project have a null there, by which
/// nothing could be joined. Vendor orders that name a PO cost what they are worth where the PO counts; those that name none
/// count by their own date, whose filters follow.
const ENTRIES: &str = r#"
    ),
    entry (project_id, pos, revenue, cost, collected) AS (
        SELECT project_id, 1, net_value, 0, 0
          FROM counted
         UNION ALL
        SELECT counted.project_id, 0, 0, 0,
               CASE WHEN payment.transaction_type = 'debit' THEN -payment.amount ELSE payment.amount END
          FROM counted
          JOIN "Finances".client_payment AS payment ON payment.client_po_id = counted.id
         WHERE payment.status IN ('cleared', 'completed', 'reconciled')
         UNION ALL
        SELECT counted.project_id, 0, 0, ordered.po_value, 0
          FROM counted
          JOIN "Finances".vendor_order AS ordered ON ordered.client_po_id = counted.id
         WHERE ordered.status NOT IN ('rejected', 'cancelled')
           AND ordered.work_status <> 'cancelled'
         UNION ALL
        SELECT ordered.project_id, 0, 0, ordered.po_value, 0
          FROM "Finances".vendor_order AS ordered
         WHERE ordered.client_po_id IS NULL
           AND ordered.project_id IN (SELECT counted.project_id FROM counted)
           AND ordered.status NOT IN ('rejected', 'cancelled')
           AND ordered.work_status <> 'cancelled'"#;

/// By project.
const SUMMED: &str = r#"
    ),
    summed AS (
        SELECT project_id,
               sum(pos) AS po_count,
               sum(revenue) AS revenue,
               sum(cost) AS cost,
               sum(collected) AS total_collected
          FROM entry
         GROUP BY project_id
    )
    SELECT summed.*, project.name AS project_name
      FROM summed
      LEFT JOIN "Finances".project ON project.id = summed.project_id
     ORDER BY summed.project_id NULLS LAST"#;

/// What the projects earned and cost, by project.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn analyse(db: impl PgExecutor<'_>, query: &ProfitQuery) -> Result<ProfitFigures> {
    // Only the filters that there are stand in the text: the others would keep an index from being used.
    let push_dates = |sql: &mut QueryBuilder<Postgres>, table: &str| {
        if let Some(start) = query.start_date {
            sql.push(format_args!(" AND {table}.po_date >= "))
                .push_bind(start);
        }
        if let Some(end) = query.end_date {
            sql.push(format_args!(" AND {table}.po_date <= ")).push_bind(end);
        }
    };
    let mut sql = QueryBuilder::<Postgres>::new(COUNTED);
    push_dates(&mut sql, "po");
    if let Some(client) = query.client_id {
        sql.push(" AND po.client_id = ").push_bind(client);
    }
    if let Some(project) = query.project_id {
        sql.push(" AND po.project_id = ").push_bind(project);
    }
    sql.push(ENTRIES);
    push_dates(&mut sql, "ordered");
    sql.push(SUMMED);
    let rows: Vec<Earned> = sql.build_query_as().fetch_all(db).await?;
    let total_revenue: Money = rows.iter().map(|row| row.revenue).sum();
    let total_cost: Money = rows.iter().map(|row| row.cost).sum();
    let total_profit = total_revenue - total_cost;
    Ok(ProfitFigures {
        total_revenue,
        total_cost,
        total_profit,
        profit_margin_percentage: percent(total_profit, total_revenue),
        total_collected: rows.iter().map(|row| row.total_collected).sum(),
        projects: rows
            .into_iter()
            .map(|row| ProjectProfit {
                profit: row.revenue - row.cost,
                profit_margin_percentage: percent(row.revenue - row.cost, row.revenue),
                project_id: row.project_id,
                project_name: row.project_name,
                po_count: row.po_count,
                revenue: row.revenue,
                cost: row.cost,
                total_collected: row.total_collected,
            })
            .collect(),
    })
}
