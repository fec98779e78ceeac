//! What bills ask of POs: which one of a project is meant, and that it stays as it is while it is billed.

use sqlx::{PgConnection, PgExecutor};

use crate::{
    error::Result,
    types::ids::{ClientId, ClientPoId, ProjectId},
};

/// A PO that stays as it is until the transaction ends.
#[derive(Debug, Clone)]
pub struct BillablePo {
    /// Its id.
    pub id: ClientPoId,
    /// Who ordered.
    pub client_id: Option<ClientId>,
    /// The project that it belongs to.
    pub project_id: Option<ProjectId>,
    /// The client's number.
    pub po_number: Option<String>,
    /// Whether it counts: it was not cancelled.
    pub is_live: bool,
}

/// Keeps a PO from being deleted, cancelled or moved until the transaction ends; `None` if there is none of this id. Its
/// project is to be locked before.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn hold(db: &mut PgConnection, id: ClientPoId) -> Result<Option<BillablePo>> {
    let po = sqlx::query_as!(
        BillablePo,
        r#"
        SELECT id AS "id: ClientPoId",
               client_id AS "client_id: ClientId",
               project_id AS "project_id: ProjectId",
               po_number,
               status <> 'cancelled' AS "is_live!"
          FROM "Finances".client_po
         WHERE id = $1
           FOR SHARE
        "#,
        id as ClientPoId,
    )
    .fetch_optional(db)
    .await?;
    Ok(po)
}

/// The PO of a project that is meant where none is named: the primary one, else the only one. One that was cancelled is not.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn main_of_project(db: impl PgExecutor<'_>, project: ProjectId) -> Result<Option<ClientPoId>> {
    let main = sqlx::query_scalar!(
        r#"
        SELECT COALESCE(
                   (SELECT po.id
                      FROM "Finances".po_project_mapping AS mapping
                      JOIN "Finances".client_po AS po
                        ON po.id = mapping.client_po_id
                       -- A mapping to another project than the PO's own is left over from old data and counts nowhere.
                       AND po.project_id = mapping.project_id
                     WHERE mapping.project_id = $1
                       AND mapping.is_primary
                       AND po.status <> 'cancelled'),
                   (SELECT CASE WHEN count(*) = 1 THEN min(first.id) END
                      FROM (
                           SELECT id
                             FROM "Finances".client_po
                            WHERE project_id = $1
                              AND status <> 'cancelled'
                            LIMIT 2
                           ) AS first)
               ) AS "id: ClientPoId"
        "#,
        project as ProjectId,
    )
    .fetch_one(db)
    .await?;
    Ok(main)
}
