//! The queries behind the summaries.

use sqlx::PgExecutor;

use super::model::{Agreement, Figures};
use crate::{
    error::{Error, Result},
    types::{
        Money, Percent,
        ids::{ClientId, ClientPoId, ProjectId},
    },
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

/// The open agreements of a project, the newest first, at most 1000.
pub(super) async fn open_agreements(db: impl PgExecutor<'_>, project: ProjectId) -> Result<Vec<Agreement>> {
    let agreements = sqlx::query_as!(
        Agreement,
        r#"
        SELECT po.id AS "id: ClientPoId",
               po.client_id AS "client_id: ClientId",
               client.name AS "client_name?",
               po.project_id AS "project_id: ProjectId",
               po.pi_number,
               po.pi_date,
               po.agreement_date,
               po.po_number,
               po.po_date,
               po.po_value AS "po_value: Money",
               po.stated_value AS "stated_value: Money",
               po.value_basis,
               po.status,
               po.notes,
               po.version,
               po.created_at AS "created_at?"
          FROM "Finances".client_po AS po
          LEFT JOIN "Finances".client ON client.id = po.client_id
         WHERE po.project_id = $1
           AND po.po_type = 'verbal_agreement'
           AND po.po_number IS NULL
           AND po.status <> 'cancelled'
         ORDER BY po.pi_date DESC NULLS LAST, po.id DESC
         LIMIT 1000
        "#,
        project as ProjectId,
    )
    .fetch_all(db)
    .await?;
    Ok(agreements)
}
