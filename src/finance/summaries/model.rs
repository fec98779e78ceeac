//! Summaries on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    finance::purchase_orders::{PurchaseOrderWithLines, agreements::Agreement},
    types::{Money, Percent, ids::ProjectId},
};

/// The figures of a project, from one query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    pub(super) total_po_value: Money,
    pub(super) total_agreement_value: Money,
    pub(super) total_project_value: Money,
    pub(super) documents: i64,
    pub(super) verbal_agreements: i64,
    pub(super) purchase_orders: i64,
    pub(super) total_collected: Money,
    pub(super) total_tds: Money,
    pub(super) outstanding_amount: Money,
    pub(super) kept_on_cancelled: Money,
    pub(super) revenue: Money,
    pub(super) total_billing_value: Money,
    pub(super) final_revenue: Money,
    pub(super) total_vendor_order_value: Money,
    pub(super) total_vendor_paid: Money,
    pub(super) remaining_payable: Money,
    pub(super) paid_on_cancelled: Money,
    pub(super) net_profit: Money,
    pub(super) profit_margin_percentage: Percent,
    pub(super) active_orders: i64,
    pub(super) vendor_count: i64,
    pub(super) client_count: i64,
    pub(super) cleared_payments: i64,
    pub(super) pending_payments: i64,
    pub(super) bounced_payments: i64,
}

/// What a project earned, owes and is owed. POs that were cancelled are in no figure but `kept_on_cancelled`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct FinancialSummary {
    /// Σ value of POs, open agreements left out.
    total_po_value: Money,
    /// Σ value of open verbal agreements.
    total_agreement_value: Money,
    /// Both together.
    total_project_value: Money,
    /// Documents of the project.
    documents: i64,
    /// Open verbal agreements.
    verbal_agreements: i64,
    /// Money that arrived from the client, less money sent back.
    total_collected: Money,
    /// The part of it that the client withheld as tax.
    total_tds: Money,
    /// `total_project_value` − `total_collected`.
    outstanding_amount: Money,
    /// Money that arrived for POs that were cancelled later.
    kept_on_cancelled: Money,
    /// What the client ordered, without GST.
    revenue: Money,
    /// Σ of final and approved bills, GST included.
    total_billing_value: Money,
    /// The same without GST.
    final_revenue: Money,
    /// What was ordered from vendors.
    total_vendor_order_value: Money,
    /// What was paid of it.
    total_vendor_paid: Money,
    /// What was paid of vendor orders that were cancelled.
    paid_on_cancelled: Money,
    /// `revenue` − `total_vendor_order_value`.
    net_profit: Money,
    /// 100 × `net_profit` ÷ `revenue`, to 2 decimals; 0 without revenue.
    profit_margin_percentage: Percent,
    /// POs with the status `active`.
    active_orders: i64,
    /// Different vendors of live orders.
    vendor_count: i64,
    /// Different clients of live POs.
    client_count: i64,
    /// Payments that arrived.
    cleared_payments: i64,
    /// Payments that are promised.
    pending_payments: i64,
    /// Payments that bounced or failed.
    bounced_payments: i64,
}

impl From<Figures> for FinancialSummary {
    fn from(figures: Figures) -> Self {
        Self {
            total_po_value: figures.total_po_value,
            total_agreement_value: figures.total_agreement_value,
            total_project_value: figures.total_project_value,
            documents: figures.documents,
            verbal_agreements: figures.verbal_agreements,
            total_collected: figures.total_collected,
            total_tds: figures.total_tds,
            outstanding_amount: figures.outstanding_amount,
            kept_on_cancelled: figures.kept_on_cancelled,
            revenue: figures.revenue,
            total_billing_value: figures.total_billing_value,
            final_revenue: figures.final_revenue,
            total_vendor_order_value: figures.total_vendor_order_value,
            total_vendor_paid: figures.total_vendor_paid,
            paid_on_cancelled: figures.paid_on_cancelled,
            net_profit: figures.net_profit,
            profit_margin_percentage: figures.profit_margin_percentage,
            active_orders: figures.active_orders,
            vendor_count: figures.vendor_count,
            client_count: figures.client_count,
            cleared_payments: figures.cleared_payments,
            pending_payments: figures.pending_payments,
            bounced_payments: figures.bounced_payments,
        }
    }
}

/// The project's POs beside their sum.
#[derive(Debug, Serialize, ToSchema)]
struct Orders {
    /// All of them that are not cancelled.
    count: i64,
    total_value: Money,
    /// At most 1000.
    orders: Vec<PurchaseOrderWithLines>,
}

/// The project's open agreements beside their sum.
#[derive(Debug, Serialize, ToSchema)]
struct Agreements {
    count: i64,
    total_value: Money,
    /// At most 1000.
    agreements: Vec<Agreement>,
}

/// The same figures flat, as the frontend reads them.
#[derive(Debug, Serialize, ToSchema)]
struct FlatSummary {
    project_id: ProjectId,
    #[serde(flatten)]
    summary: FinancialSummary,
    /// `total_collected`.
    total_payments: Money,
    /// `total_vendor_order_value` − `total_vendor_paid`.
    remaining_payable: Money,
    /// `net_profit`.
    profit_loss: Money,
}

/// The financial summary of a project.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SummaryAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    project_id: ProjectId,
    financial_summary: FinancialSummary,
    purchase_orders: Orders,
    verbal_agreements: Agreements,
    data: FlatSummary,
}

impl SummaryAnswer {
    pub(super) fn new(
        project_id: ProjectId,
        figures: &Figures,
        orders: Vec<PurchaseOrderWithLines>,
        agreements: Vec<Agreement>,
    ) -> Self {
        let summary = FinancialSummary::from(*figures);
        Self {
            status: crate::http::envelope::SUCCESS,
            project_id,
            financial_summary: summary,
            purchase_orders: Orders {
                count: figures.purchase_orders,
                total_value: figures.total_po_value,
                orders,
            },
            verbal_agreements: Agreements {
                count: figures.verbal_agreements,
                total_value: figures.total_agreement_value,
                agreements,
            },
            data: FlatSummary {
                project_id,
                summary,
                total_payments: figures.total_collected,
                remaining_payable: figures.remaining_payable,
                profit_loss: figures.net_profit,
            },
        }
    }
}
