//! The handlers of summaries.

use axum::extract::State;
use sqlx::PgPool;

use super::{
    model::SummaryAnswer,
    profit::{self, ProfitAnswer, ProfitQuery},
    store,
    vendors::{self, VendorSummary},
};
use crate::{
    auth::Viewer,
    error::Result,
    finance::purchase_orders,
    http::{
        envelope::{SUCCESS, WithData},
        extract::{Path, Query, path_parameters},
        openapi::ReadErrors,
    },
    types::ids::ProjectId,
    unit_of_work::Answer,
};

path_parameters! {
    /// A project.
    ProjectPath {
        /// Its id.
        project_id: ProjectId,
    }
}

/// What a project earned, owes and is owed.
///
/// POs and agreements are listed up to 1000 each; counts and sums are over all of them. Cancelled POs are in the list, but
/// in no figure but `kept_on_cancelled`.
#[utoipa::path(get, path = "/projects/{project_id}/financial-summary", tag = "summaries", params(ProjectPath),
    responses((status = 200, body = SummaryAnswer), ReadErrors))]
pub(super) async fn get_financial_summary(
    _: Viewer,
    State(db): State<PgPool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
) -> Result<Answer<SummaryAnswer>> {
    let figures = store::figures(&db, project_id).await?;
    let orders = purchase_orders::store::list_of_project(&db, project_id).await?;
    let agreements = purchase_orders::agreements::open_of_project(&db, project_id).await?;
    Ok(Answer::ok(SummaryAnswer::new(
        project_id, &figures, orders, agreements,
    )))
}

/// What was ordered from vendors for a project, and what was paid of it.
#[utoipa::path(get, path = "/projects/{project_id}/vendor-summary", tag = "summaries", params(ProjectPath),
    responses((status = 200, body = WithData<VendorSummary>), ReadErrors))]
pub(super) async fn get_vendor_summary(
    _: Viewer,
    State(db): State<PgPool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
) -> Result<Answer<WithData<VendorSummary>>> {
    let summary = vendors::of_project(&db, project_id).await?;
    Ok(Answer::ok(WithData(summary)))
}

/// What projects earned and cost, by the POs dated in a range.
///
/// Open agreements and cancelled POs do not count. A vendor order costs its value: with its PO where it names one, else in
/// its project if it is dated in the range.
#[utoipa::path(get, path = "/po/analysis/profit", tag = "summaries", params(ProfitQuery),
    responses((status = 200, body = ProfitAnswer), ReadErrors))]
pub(super) async fn analyse_profit(
    _: Viewer,
    State(db): State<PgPool>,
    Query(query): Query<ProfitQuery>,
) -> Result<Answer<ProfitAnswer>> {
    let data = profit::analyse(&db, &query).await?;
    Ok(Answer::ok(ProfitAnswer {
        status: SUCCESS,
        start_date: query.start_date,
        end_date: query.end_date,
        data,
    }))
}
