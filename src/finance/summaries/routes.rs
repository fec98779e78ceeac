//! The handlers of summaries.

use axum::{
    extract::State,
    http::{HeaderName, header},
};

use super::{
    billing::{self, BillingPlAnswer, BillingSummaryAnswer, PlAnswer},
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
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::ProjectId,
    unit_of_work::Answer,
};

/// Says that a route is kept for older clients only.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

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
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
) -> Result<SharedAnswer<SummaryAnswer>> {
    shared
        .answer(async move {
            let figures = store::figures(&db, project_id).await?;
            let orders = purchase_orders::store::list_of_project(&db, project_id).await?;
            let agreements = purchase_orders::agreements::open_of_project(&db, project_id).await?;
            Ok(Answer::ok(SummaryAnswer::new(
                project_id, &figures, orders, agreements,
            )))
        })
        .await
}

/// What was ordered from vendors for a project, and what was paid of it.
#[utoipa::path(get, path = "/projects/{project_id}/vendor-summary", tag = "summaries", params(ProjectPath),
    responses((status = 200, body = WithData<VendorSummary>), ReadErrors))]
pub(super) async fn get_vendor_summary(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
) -> Result<SharedAnswer<WithData<VendorSummary>>> {
    shared
        .answer(async move {
            let summary = vendors::of_project(&db, project_id).await?;
            Ok(Answer::ok(WithData(summary)))
        })
        .await
}

/// What projects earned and cost, by the POs dated in a range.
///
/// Open agreements and cancelled POs do not count. A vendor order costs its value: with its PO where it names one, else in
/// its project if it is dated in the range.
#[utoipa::path(get, path = "/po/analysis/profit", tag = "summaries", params(ProfitQuery),
    responses((status = 200, body = ProfitAnswer), ReadErrors))]
pub(super) async fn analyse_profit(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<ProfitQuery>,
) -> Result<SharedAnswer<ProfitAnswer>> {
    shared
        .answer(async move {
            let data = profit::analyse(&db, &query).await?;
            Ok(Answer::ok(ProfitAnswer {
                status: SUCCESS,
                start_date: query.start_date,
                end_date: query.end_date,
                data,
            }))
        })
        .await
}

/// What was ordered, billed and spent in a project.
///
/// Sums and counts of bills are over those that count: final or approved ones that no revision has taken the place of. They
/// are listed up to 1000, the newest first. What was billed is a figure of its own; the profit is what the client ordered,
/// net of GST, less what was ordered from vendors.
#[utoipa::path(get, path = "/projects/{project_id}/billing-summary", tag = "summaries", params(ProjectPath),
    responses((status = 200, body = BillingSummaryAnswer), ReadErrors))]
pub(super) async fn get_billing_summary(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
) -> Result<SharedAnswer<BillingSummaryAnswer>> {
    shared
        .answer(async move {
            let summary = billing::summary(&db, project_id).await?;
            Ok(Answer::ok(summary.into()))
        })
        .await
}

/// The profit of a project as older clients ask for it; `pl-analysis` says more.
#[utoipa::path(get, path = "/projects/{project_id}/billing-pl-analysis", tag = "summaries", params(ProjectPath),
    responses(
        (status = 200, body = BillingPlAnswer, headers(
            ("Deprecation" = String, description = "`true`"),
            ("Link" = String, description = "The route that takes its place, with `rel=\"successor-version\"`"),
        )),
        ReadErrors,
    ))]
#[deprecated]
pub(super) async fn get_billing_pl_analysis(
    _: Viewer,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
) -> Result<([(HeaderName, String); 2], Answer<BillingPlAnswer>)> {
    let sums = billing::sums(&db, project_id).await?;
    let successor = format!("</api/projects/{project_id}/pl-analysis>; rel=\"successor-version\"");
    Ok((
        [(DEPRECATION, "true".to_owned()), (header::LINK, successor)],
        Answer::ok(BillingPlAnswer::new(project_id, &sums)),
    ))
}

/// The profit and loss of a project.
///
/// The profit is what the client ordered, net of GST, less what was ordered from vendors; neither depends on what was billed
/// or paid so far. The figures stand under `data` and once more under `data.data`.
#[utoipa::path(get, path = "/projects/{project_id}/pl-analysis", tag = "summaries", params(ProjectPath),
    responses((status = 200, body = PlAnswer), ReadErrors))]
pub(super) async fn get_pl_analysis(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
) -> Result<SharedAnswer<PlAnswer>> {
    shared
        .answer(async move {
            let sums = billing::sums(&db, project_id).await?;
            Ok(Answer::ok(PlAnswer::new(project_id, &sums)))
        })
        .await
}
