//! Where a PO stands and which locks guard it: its project, its proforma invoice's number.
//!
//! Locks are taken in this order: the PO's place, other advisory ones, projects by ascending id, the PO, its children.

use sqlx::PgConnection;

use crate::{
    error::{Error, Result},
    types::ids::{ClientId, ClientPoId, ProjectId},
};

/// Locks projects, in the order of their ids; those that are there.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn lock_projects(db: &mut PgConnection, projects: &[ProjectId]) -> Result<Vec<ProjectId>> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: ProjectId"
          FROM "Finances".project
         WHERE id = ANY ($1)
         ORDER BY id
           FOR NO KEY UPDATE
        "#,
        projects as &[ProjectId],
    )
    .fetch_all(db)
    .await?;
    Ok(found)
}

/// The client that a project is for.
///
/// # Errors
/// `NotFound` without the project.
pub(super) async fn client_of_project(db: &mut PgConnection, project: ProjectId) -> Result<Option<ClientId>> {
    sqlx::query_scalar!(
        r#"SELECT client_id AS "client_id: ClientId" FROM "Finances".project WHERE id = $1"#,
        project as ProjectId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("Project"))
}

/// Where a PO is, read before anything is locked.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Who ordered.
    pub(super) client_id: Option<ClientId>,
    /// The project that it belongs to.
    pub(super) project_id: Option<ProjectId>,
    /// The proforma invoice's number.
    pub(super) pi_number: Option<String>,
    /// Every project that it is mapped to; adopted rows may have several.
    pub(super) mapped: Vec<ProjectId>,
}

impl Place {
    /// The projects to be locked before the PO moves into this one.
    pub(super) fn projects_with(&self, target: ProjectId) -> Vec<ProjectId> {
        let mut projects = self.mapped.clone();
        projects.extend(self.project_id);
        projects.push(target);
        projects
    }

    /// Makes sure that the PO is still where it was before the locks: its projects were locked by that.
    ///
    /// # Errors
    /// `Contended`, so that the request is tried once more.
    pub(super) fn ensure_unmoved(&self, project: Option<ProjectId>) -> Result<()> {
        if self.project_id == project {
            return Ok(());
        }
        Err(Error::Contended(sqlx::Error::Protocol(
            "the PO moved to another project while its projects were being locked".to_owned(),
        )))
    }
}

/// Those that move a PO, give it a proforma number or delete it take turns, so that its projects are known before they are
/// locked however many want it at once.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn take_place(db: &mut PgConnection, po: ClientPoId) -> Result<()> {
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock(hashtextextended('po.place:' || $1::bigint, 0))"#,
        po as ClientPoId,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Where a PO is; [`take_place`] has it stay there.
///
/// # Errors
/// `NotFound` without the PO.
pub(super) async fn place_of(db: &mut PgConnection, po: ClientPoId) -> Result<Place> {
    sqlx::query_as!(
        Place,
        r#"
        SELECT client_id AS "client_id: ClientId",
               project_id AS "project_id: ProjectId",
               pi_number,
               ARRAY (
                   SELECT mapping.project_id
                     FROM "Finances".po_project_mapping AS mapping
                    WHERE mapping.client_po_id = po.id
                      AND mapping.project_id IS NOT NULL
               ) AS "mapped!: Vec<ProjectId>"
          FROM "Finances".client_po AS po
         WHERE id = $1
        "#,
        po as ClientPoId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("PO"))
}

/// A proforma invoice's number and where it has to be the only one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Invoice<'a> {
    /// The number.
    pub(super) number: &'a str,
    /// Whose it is.
    pub(super) client: Option<ClientId>,
    /// The project of its PO.
    pub(super) project: Option<ProjectId>,
}

/// Two writers of one client's proforma number take turns, uploads too; without a number nobody waits.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn take_invoice(
    db: &mut PgConnection,
    client: Option<ClientId>,
    number: Option<&str>,
) -> Result<()> {
    if let Some(number) = number {
        let client = client.map_or(0, |client| client.0);
        sqlx::query!(
            r#"SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"#,
            format!("po.invoice:{client}:{number}"),
        )
        .execute(db)
        .await?;
    }
    Ok(())
}

/// Makes sure that no other PO has this proforma number in the project, or without a project among the client's POs that
/// have none. Lock the project and take the number first.
///
/// # Errors
/// `Conflict` if another has it.
pub(super) async fn ensure_invoice_free(
    db: &mut PgConnection,
    invoice: Invoice<'_>,
    own: Option<ClientPoId>,
) -> Result<()> {
    let is_taken = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM "Finances".client_po
                    WHERE pi_number = $1
                      AND project_id IS NOT DISTINCT FROM $2
                      AND ($2::bigint IS NOT NULL OR client_id IS NOT DISTINCT FROM $3)
                      AND id IS DISTINCT FROM $4
               ) AS "is_taken!"
        "#,
        invoice.number,
        invoice.project as Option<ProjectId>,
        invoice.client as Option<ClientId>,
        own as Option<ClientPoId>,
    )
    .fetch_one(db)
    .await?;
    if is_taken {
        return Err(Error::conflict_field(
            "pi_number",
            "value_error",
            "A PO with this proforma number already exists here",
        ));
    }
    Ok(())
}
