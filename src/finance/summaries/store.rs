//! The queries behind the summaries.

use sqlx::PgExecutor;

use super::model::Figures;
use crate::{
    error::{Error, Result},
    types::{Money, Percent, ids::ProjectId},
};

/// The figures of a project.
///
/// # Errors
/// `NotFound` if there is no such project.
pub(super) async fn figures(db: impl PgExecutor<'_>, project: ProjectId) -> Result<Figures> {
    sqlx::query_file_as!(
        Figures,
        "src/finance/summaries/sql/financial_summary.sql",
        project as ProjectId
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("Project"))
}
