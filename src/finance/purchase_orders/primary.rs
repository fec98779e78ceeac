//! The primary PO of a project: at most one of them.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{attach, places, store};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    http::envelope::SUCCESS,
    types::ids::{ClientPoId, ProjectId},
    unit_of_work::UnitOfWork,
};

/// The primary PO of a project.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct Primary {
    pub(super) project_id: ProjectId,
    pub(super) primary_po_id: ClientPoId,
}

/// A primary PO that was set.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PrimaryAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Primary PO set")]
    message: &'static str,
    project_id: ProjectId,
    primary_po_id: ClientPoId,
    data: Primary,
}

impl From<Primary> for PrimaryAnswer {
    fn from(primary: Primary) -> Self {
        Self {
            status: SUCCESS,
            message: "Primary PO set",
            project_id: primary.project_id,
            primary_po_id: primary.primary_po_id,
            data: primary,
        }
    }
}

/// Makes a PO the primary one of its project; the version of the PO and whether anything changed.
///
/// # Errors
/// `NotFound` without the project, without the PO, or if the PO is in another project; `Stale`.
pub(super) async fn set_primary(
    uow: &mut UnitOfWork,
    project: ProjectId,
    po: ClientPoId,
) -> Result<(i32, bool)> {
    // Under this lock two requests for one project cannot both set a primary PO.
    if places::lock_projects(uow.conn(), &[project]).await?.is_empty() {
        return Err(Error::NotFound("Project"));
    }
    let locked = store::lock(uow, po).await?;
    if locked.project_id != Some(project) {
        return Err(Error::NotFound("PO"));
    }
    uow.ensure_current(locked.version)?;
    let earlier = sqlx::query_scalar!(
        r#"
        SELECT client_po_id AS "client_po_id: ClientPoId"
          FROM "Finances".po_project_mapping
         WHERE project_id = $1
           AND is_primary
        "#,
        project as ProjectId,
    )
    .fetch_optional(uow.conn())
    .await?;
    if earlier == Some(po) {
        return Ok((locked.version, false));
    }
    if let Some(earlier) = earlier {
        sqlx::query!(
            r#"
            UPDATE "Finances".po_project_mapping
               SET is_primary = FALSE
             WHERE project_id = $1
               AND is_primary
            "#,
            project as ProjectId,
        )
        .execute(uow.conn())
        .await?;
        uow.record(primary_changed(earlier, false));
    }
    let changed = sqlx::query!(
        r#"
        UPDATE "Finances".po_project_mapping
           SET is_primary = TRUE
         WHERE project_id = $1
           AND client_po_id = $2
        "#,
        project as ProjectId,
        po as ClientPoId,
    )
    .execute(uow.conn())
    .await?;
    if changed.rows_affected() == 0 {
        attach::map(uow, po, project, None).await?;
    }
    uow.record(primary_changed(po, true));
    Ok((locked.version, true))
}

/// Makes the first PO of each of these projects, which have lost their primary one, the primary one.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn promote_first(uow: &mut UnitOfWork, projects: &[ProjectId]) -> Result<()> {
    if projects.is_empty() {
        return Ok(());
    }
    let promoted = sqlx::query_scalar!(
        r#"
        UPDATE "Finances".po_project_mapping
           SET is_primary = TRUE
         WHERE id IN (
               SELECT DISTINCT ON (mapping.project_id) mapping.id
                 FROM "Finances".po_project_mapping AS mapping
                 -- A mapping to another project than the PO's own is left over from old data and counts nowhere.
                 JOIN "Finances".client_po AS po
                   ON po.id = mapping.client_po_id
                  AND po.project_id = mapping.project_id
                WHERE mapping.project_id = ANY ($1)
                ORDER BY mapping.project_id, mapping.sequence_order NULLS LAST, mapping.id
               )
        RETURNING client_po_id AS "client_po_id: ClientPoId"
        "#,
        projects as &[ProjectId],
    )
    .fetch_all(uow.conn())
    .await?;
    for po in promoted {
        uow.record(primary_changed(po, true));
    }
    Ok(())
}

fn primary_changed(po: ClientPoId, is_primary: bool) -> Change {
    Change::new(Action::Updated, "client_po", po)
        .before(&json!({"is_primary": !is_primary}))
        .after(&json!({"is_primary": is_primary}))
}
