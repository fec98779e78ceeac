//! Client POs with everything that hangs on them: lines and payments.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    list::{self, PoQuery},
    model::{PaymentStatusCounts, PurchaseOrderWithLines},
};
use crate::{
    error::Result,
    finance::{
        client_payments,
        payments::{Payment, PaymentView},
    },
    http::list::PageInfo,
    postgres::Pool,
    types::{
        Fields, FromFields, Money,
        ids::{ClientPoId, ProjectId},
    },
};

/// Which POs are asked for; answers are long, so that a page is short unless the query says otherwise.
#[derive(Debug, Clone)]
pub(super) struct EnrichedQuery(pub(super) PoQuery);

impl FromFields for EnrichedQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self(PoQuery::read(fields, 50)))
    }
}

impl IntoParams for EnrichedQuery {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        PoQuery::into_params(parameter_in)
    }
}

/// A PO with its lines and all its payments, the latest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct EnrichedPo {
    #[serde(flatten)]
    po: PurchaseOrderWithLines,
    #[schema(value_type = Vec<PaymentView<'static>>)]
    payment_details: Vec<Payment>,
}

/// A page of POs with their lines and payments.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct EnrichedList {
    pos: Vec<EnrichedPo>,
    /// All that match, cancelled ones too.
    total_po_count: i64,
    /// Σ `po_value` of those that are not cancelled.
    total_project_value: Money,
    total_value: Money,
    total_paid: Money,
    total_receivable: Money,
    summary: PaymentStatusCounts,
    #[serde(flatten)]
    page: PageInfo,
}

/// The same of one project.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProjectEnrichedList {
    pub(super) project_id: ProjectId,
    #[serde(flatten)]
    pub(super) list: EnrichedList,
}

/// A page of POs and the sums over all that match.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn list(db: &Pool, query: &PoQuery) -> Result<EnrichedList> {
    let (pos, totals, page) = list::list_with_lines(db, query).await?;
    let ids: Vec<ClientPoId> = pos.iter().map(PurchaseOrderWithLines::id).collect();
    let mut payments: HashMap<ClientPoId, Vec<Payment>> = HashMap::with_capacity(ids.len());
    for payment in client_payments::store::list_of_pos(db, &ids).await? {
        if let Some(po) = payment.po_id {
            payments.entry(po).or_default().push(payment);
        }
    }
    Ok(EnrichedList {
        pos: pos
            .into_iter()
            .map(|po| EnrichedPo {
                payment_details: payments.remove(&po.id()).unwrap_or_default(),
                po,
            })
            .collect(),
        total_po_count: totals.total_count,
        total_project_value: totals.total_value,
        total_value: totals.total_value,
        total_paid: totals.total_paid,
        total_receivable: totals.total_receivable,
        summary: totals.counts,
        page,
    })
}
