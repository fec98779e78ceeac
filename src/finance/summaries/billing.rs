//! What a project was ordered for, what was billed of it and what it cost (vendor contract, sections 4.4 and 12).

use serde::Serialize;
use sqlx::PgExecutor;
use utoipa::ToSchema;

use super::rules::{Direction, Outcome, Sums};
use crate::{
    error::{Error, Result},
    finance::billing::{self, Bill, BillView},
    http::envelope::SUCCESS,
    postgres::Pool,
    types::{Money, Percent, ids::ProjectId},
};

/// The sums of a project that its profit follows from.
///
/// # Errors
/// `NotFound` if there is no such project.
pub(super) async fn sums(db: impl PgExecutor<'_>, project: ProjectId) -> Result<Sums> {
    sqlx::query_file_as!(
        Sums,
        "src/finance/summaries/sql/profit_and_loss.sql",
        project as ProjectId
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("Project"))
}

/// What a project is worth as it was ordered.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnalysisBaseline)]
struct Baseline {
    /// Σ value of the POs that are not cancelled, tax included.
    po_value: Money,
}

/// What was billed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnalysisBilling)]
struct Billed {
    /// Σ of the bills that count, GST included.
    billed_value: Money,
}

/// What was billed beyond what was ordered.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnalysisVariance)]
struct Variance {
    /// Billed − ordered, tax included in both.
    delta: Money,
    /// The same in percent of what was ordered; 0 if that is nothing.
    delta_percent: Percent,
    #[schema(inline)]
    direction: Direction,
}

/// What the project costs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnalysisCosts)]
struct Costs {
    /// Σ of the live vendor orders.
    vendor_costs: Money,
}

/// What is left.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnalysisProfitLoss)]
struct ProfitLoss {
    /// Revenue − cost.
    amount: Money,
    /// Percent of the revenue; 0 without one.
    margin_percent: Percent,
    #[schema(inline)]
    status: Outcome,
}

/// The three figures once more.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct AnalysisTotals {
    /// What the client ordered, without GST.
    revenue: Money,
    costs: Money,
    profit: Money,
}

/// The profit of a project by where it comes from.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ProjectAnalysis)]
struct Analysis {
    baseline: Baseline,
    billing: Billed,
    variance: Variance,
    costs: Costs,
    profit_loss: ProfitLoss,
    totals: AnalysisTotals,
}

impl From<&Sums> for Analysis {
    fn from(sums: &Sums) -> Self {
        Self {
            baseline: Baseline {
                po_value: sums.original_total,
            },
            billing: Billed {
                billed_value: sums.billed_total,
            },
            variance: Variance {
                delta: sums.delta(),
                delta_percent: sums.delta_percent(),
                direction: sums.direction(),
            },
            costs: Costs {
                vendor_costs: sums.vendor_total,
            },
            profit_loss: ProfitLoss {
                amount: sums.profit(),
                margin_percent: sums.margin(),
                status: sums.outcome(),
            },
            totals: AnalysisTotals {
                revenue: sums.revenue(),
                costs: sums.vendor_total,
                profit: sums.profit(),
            },
        }
    }
}

/// The analysis as older clients know it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingAnalysisAnswer)]
pub(super) struct BillingPlAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    project_id: ProjectId,
    analysis: Analysis,
    data: BillingPlData,
}

/// The same once more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingAnalysisData)]
struct BillingPlData {
    project_id: ProjectId,
    analysis: Analysis,
}

impl BillingPlAnswer {
    pub(super) fn new(project_id: ProjectId, sums: &Sums) -> Self {
        let analysis = Analysis::from(sums);
        Self {
            status: SUCCESS,
            project_id,
            analysis: analysis.clone(),
            data: BillingPlData { project_id, analysis },
        }
    }
}

/// The profit and loss of a project.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = ProjectProfitAndLoss)]
struct ProfitAndLoss {
    /// Σ value of the POs that are not cancelled, tax included.
    total_po_value: Money,
    /// Σ of the bills that count, GST included.
    total_billed: Money,
    /// Σ of the live vendor orders.
    total_vendor_costs: Money,
    /// What the client ordered, without GST.
    revenue: Money,
    /// `revenue` − `total_vendor_costs`.
    net_profit: Money,
    /// Percent of the revenue; 0 without one.
    profit_margin_percentage: Percent,
    /// `total_billed` − `total_po_value`.
    variance: Money,
    /// The same in percent of `total_po_value`; 0 if that is 0.
    variance_percentage: Percent,
    /// `total_po_value`.
    original_budget: Money,
    /// Σ of the bills that count, net of GST.
    final_revenue: Money,
    /// `total_billed`.
    final_revenue_with_gst: Money,
}

impl From<&Sums> for ProfitAndLoss {
    fn from(sums: &Sums) -> Self {
        Self {
            total_po_value: sums.original_total,
            total_billed: sums.billed_total,
            total_vendor_costs: sums.vendor_total,
            revenue: sums.revenue(),
            net_profit: sums.profit(),
            profit_margin_percentage: sums.margin(),
            variance: sums.delta(),
            variance_percentage: sums.delta_percent(),
            original_budget: sums.original_total,
            final_revenue: sums.billed_value,
            final_revenue_with_gst: sums.billed_total,
        }
    }
}

/// The profit and loss of a project, at both levels at which clients look for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfitAndLossAnswer)]
pub(super) struct PlAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    project_id: ProjectId,
    data: PlData,
}

/// The figures, and the same figures once more a level below.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfitAndLossData)]
struct PlData {
    project_id: ProjectId,
    #[serde(flatten)]
    figures: ProfitAndLoss,
    analysis: Analysis,
    data: ProfitAndLoss,
}

impl PlAnswer {
    pub(super) fn new(project_id: ProjectId, sums: &Sums) -> Self {
        let figures = ProfitAndLoss::from(sums);
        Self {
            status: SUCCESS,
            project_id,
            data: PlData {
                project_id,
                figures,
                analysis: sums.into(),
                data: figures,
            },
        }
    }
}

/// The figures of the billing summary, from one query.
struct Figures {
    original_total: Money,
    original_tax: Money,
    original_count: i64,
    billed_value: Money,
    billed_gst: Money,
    billed_total: Money,
    billed_count: i64,
    final_count: i64,
    approved_count: i64,
    draft_count: i64,
    vendor_total: Money,
    vendor_paid: Money,
    paid_on_cancelled: Money,
    order_count: i64,
}

/// What the client ordered; POs that were cancelled are left out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingSummaryOriginal)]
struct OriginalPo {
    /// Without tax.
    value: Money,
    tax: Money,
    total: Money,
    count: i64,
}

/// What was billed, by the bills that count.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingSummaryBilled)]
struct BillingPoTotals {
    /// Net of GST.
    value: Money,
    gst: Money,
    total: Money,
    count: i64,
    /// Those of them that are final.
    final_count: i64,
    /// Those of them that are approved.
    approved_count: i64,
    /// Drafts, which do not count.
    draft_count: i64,
}

/// What was ordered from vendors, and paid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingSummaryVendorCosts)]
struct VendorCosts {
    /// Σ of the live orders.
    total: Money,
    /// What was paid of them.
    paid: Money,
    /// What was paid of orders that were rejected or cancelled.
    paid_on_cancelled: Money,
    /// Live orders.
    order_count: i64,
}

/// What it comes to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingSummaryResult)]
struct BillingResult {
    /// Billed − ordered, tax included in both.
    delta_value: Money,
    /// The same in percent of what was ordered; 0 if that is nothing.
    delta_percent: Percent,
    /// Billed, net of GST; a figure of its own, in no profit.
    final_revenue: Money,
    final_revenue_with_gst: Money,
    /// Ordered, tax included.
    original_budget: Money,
    /// What the client ordered, without GST.
    revenue: Money,
    vendor_costs: Money,
    /// `revenue` − `vendor_costs`.
    profit: Money,
    /// Percent of the revenue; 0 without one.
    profit_margin_percent: Percent,
}

/// What was ordered, billed and spent in a project.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BillingSummary {
    pub(super) project_id: ProjectId,
    original_po: OriginalPo,
    billing_po: BillingPoTotals,
    vendor_costs: VendorCosts,
    financial_summary: BillingResult,
    /// The bills that count, the newest first, at most 1000.
    #[schema(value_type = Vec<BillView<'static>>)]
    billing_pos: Vec<Bill>,
}

/// The billing summary of a project.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BillingSummaryAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    project_id: ProjectId,
    data: BillingSummary,
}

impl From<BillingSummary> for BillingSummaryAnswer {
    fn from(data: BillingSummary) -> Self {
        Self {
            status: SUCCESS,
            project_id: data.project_id,
            data,
        }
    }
}

impl BillingSummary {
    fn new(project_id: ProjectId, figures: &Figures, billing_pos: Vec<Bill>) -> Self {
        let sums = Sums {
            original_total: figures.original_total,
            original_tax: figures.original_tax,
            billed_value: figures.billed_value,
            billed_gst: figures.billed_gst,
            billed_total: figures.billed_total,
            vendor_total: figures.vendor_total,
        };
        Self {
            project_id,
            original_po: OriginalPo {
                value: sums.revenue(),
                tax: sums.original_tax,
                total: sums.original_total,
                count: figures.original_count,
            },
            billing_po: BillingPoTotals {
                value: sums.billed_value,
                gst: sums.billed_gst,
                total: sums.billed_total,
                count: figures.billed_count,
                final_count: figures.final_count,
                approved_count: figures.approved_count,
                draft_count: figures.draft_count,
            },
            vendor_costs: VendorCosts {
                total: sums.vendor_total,
                paid: figures.vendor_paid,
                paid_on_cancelled: figures.paid_on_cancelled,
                order_count: figures.order_count,
            },
            financial_summary: BillingResult {
                delta_value: sums.delta(),
                delta_percent: sums.delta_percent(),
                final_revenue: sums.billed_value,
                final_revenue_with_gst: sums.billed_total,
                original_budget: sums.original_total,
                revenue: sums.revenue(),
                vendor_costs: sums.vendor_total,
                profit: sums.profit(),
                profit_margin_percent: sums.margin(),
            },
            billing_pos,
        }
    }
}

/// What was ordered, billed and spent in a project.
///
/// # Errors
/// `NotFound` if there is no such project.
pub(super) async fn summary(db: &Pool, project: ProjectId) -> Result<BillingSummary> {
    let figures = sqlx::query_file_as!(
        Figures,
        "src/finance/summaries/sql/billing_summary.sql",
        project as ProjectId
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("Project"))?;
    let bills = billing::store::counted_of_project(db, project).await?;
    Ok(BillingSummary::new(project, &figures, bills))
}
