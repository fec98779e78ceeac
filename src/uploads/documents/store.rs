//! Documents in the database.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};

use super::model::{Document, DocumentQuery};
use crate::{
    audit::{Action, Change},
    auth::{Caller, Role},
    error::{Error, Result},
    http::list::{Listed, PageInfo},
    types::ids::{ClientPoId, DocumentId, ProjectId, UserId},
    unit_of_work::UnitOfWork,
    uploads::{
        document_files::DocumentFiles,
        removal::{self, Removal},
        storage::Address,
    },
};

/// A document of a PO, and of its project if it has one.
#[derive(Debug)]
pub(in crate::uploads) struct NewDocument<'a> {
    pub(in crate::uploads) project: Option<ProjectId>,
    pub(in crate::uploads) po: ClientPoId,
    pub(in crate::uploads) po_number: Option<&'a str>,
    pub(in crate::uploads) document_type: Option<&'a str>,
    pub(in crate::uploads) original_filename: &'a str,
    pub(in crate::uploads) files: &'a DocumentFiles,
    pub(in crate::uploads) description: Option<&'a str>,
    pub(in crate::uploads) uploaded_by: UserId,
    pub(in crate::uploads) uploaded_by_name: &'a str,
    pub(in crate::uploads) created_at: DateTime<Utc>,
}

/// Adds a document.
///
/// # Errors
/// `Unavailable` without the database.
pub(in crate::uploads) async fn insert(db: &mut PgConnection, new: &NewDocument<'_>) -> Result<Document> {
    let document = sqlx::query_as!(
        Document,
        r#"
        INSERT INTO "Finances".project_document
               (project_id, client_po_id, po_number, document_name, document_path, original_filename, stored_filename,
                mime_type, original_size, file_hash, description, uploaded_by, uploaded_by_name, created_at, document_type,
                compressed_filename, compressed_size, compressed_hash)
        VALUES ($1, $2, $3, $4, '/uploads/' || $14::text, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        RETURNING id AS "id: DocumentId",
                  project_id AS "project_id: ProjectId",
                  client_po_id AS "client_po_id: ClientPoId",
                  document_name,
                  document_path,
                  original_filename,
                  stored_filename,
                  compressed_filename,
                  mime_type,
                  original_size,
                  compressed_size,
                  compressed_hash,
                  description,
                  uploaded_by AS "uploaded_by: UserId",
                  document_type,
                  document_number,
                  document_date,
                  file_hash,
                  po_number,
                  created_at
        "#,
        new.project as Option<ProjectId>,
        new.po as ClientPoId,
        new.po_number,
        new.original_filename,
        new.files.stored_filename,
        new.files.mime_type,
        new.files.original_size,
        new.files.file_hash,
        new.description,
        new.uploaded_by as UserId,
        new.uploaded_by_name,
        new.created_at,
        new.document_type,
        new.files.compressed_filename,
        new.files.compressed_size,
        new.files.compressed_hash,
    )
    .fetch_one(db)
    .await?;
    Ok(document)
}

/// A document.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn find(db: &PgPool, id: DocumentId) -> Result<Option<Document>> {
    let document = sqlx::query_as!(
        Document,
        r#"
        SELECT id AS "id: DocumentId",
               project_id AS "project_id: ProjectId",
               client_po_id AS "client_po_id: ClientPoId",
               document_name,
               document_path,
               original_filename,
               stored_filename,
               compressed_filename,
               mime_type,
               original_size,
               compressed_size,
               compressed_hash,
               description,
               uploaded_by AS "uploaded_by: UserId",
               document_type,
               document_number,
               document_date,
               file_hash,
               po_number,
               created_at
          FROM "Finances".project_document
         WHERE id = $1
        "#,
        id as DocumentId,
    )
    .fetch_optional(db)
    .await?;
    Ok(document)
}

/// The document that is stored, or whose archive is stored, under a name.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn find_stored(db: &PgPool, name: &str) -> Result<Option<Document>> {
    if name.contains('\0') {
        return Ok(None);
    }
    let id = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: DocumentId"
          FROM "Finances".project_document
         WHERE stored_filename = $1 OR compressed_filename = $1
         ORDER BY id
         LIMIT 1
        "#,
        name,
    )
    .fetch_optional(db)
    .await?;
    match id {
        Some(id) => find(db, id).await,
        None => Ok(None),
    }
}

/// Deletes a document for its uploader or an admin, and notes files that nothing names any more for removal.
///
/// # Errors
/// `NotFound` if there is no such document, `Forbidden` if somebody else uploaded it.
pub(super) async fn delete(uow: &mut UnitOfWork, id: DocumentId, caller: &Caller) -> Result<Removal> {
    let uploader = sqlx::query_scalar!(
        r#"
        SELECT uploaded_by AS "uploaded_by: UserId"
          FROM "Finances".project_document
         WHERE id = $1
           FOR UPDATE
        "#,
        id as DocumentId,
    )
    .fetch_optional(uow.conn())
    .await?
    .ok_or(Error::NotFound("Document"))?;
    if caller.role < Role::Admin && uploader != Some(caller.id) {
        return Err(Error::Forbidden(
            "Only an admin may delete a document of somebody else".into(),
        ));
    }
    let gone = sqlx::query!(
        r#"
        DELETE FROM "Finances".project_document AS document
         WHERE id = $1
        RETURNING to_jsonb(document) AS "row!",
                  stored_filename,
                  compressed_filename
        "#,
        id as DocumentId,
    )
    .fetch_one(uow.conn())
    .await?;
    uow.record(Change::new(Action::Deleted, "project_document", id).before(&gone.row));
    let files = [gone.stored_filename, gone.compressed_filename];
    remove_unnamed(uow.conn(), files.into_iter().flatten().collect()).await
}

/// Notes those of the files that no document names for removal.
///
/// # Errors
/// `Unavailable` without the database.
pub(crate) async fn remove_unnamed(db: &mut PgConnection, files: Vec<String>) -> Result<Removal> {
    if files.is_empty() {
        return Ok(Removal::default());
    }
    let unnamed = sqlx::query_scalar!(
        r#"
        SELECT DISTINCT file.name AS "name!"
          FROM UNNEST($1::text[]) AS file (name)
         WHERE file.name NOT IN (
               SELECT stored_filename FROM "Finances".project_document WHERE stored_filename = ANY ($1)
                UNION ALL
               SELECT compressed_filename FROM "Finances".project_document WHERE compressed_filename = ANY ($1)
               )
        "#,
        &files,
    )
    .fetch_all(&mut *db)
    .await?;
    removal::note(db, unnamed.into_iter().map(Address::of_document).collect()).await
}

/// Whose documents are listed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner {
    Project(ProjectId),
    Po(ClientPoId),
}

/// The documents of a project or PO.
///
/// # Errors
/// `NotFound` if there is no such project or PO.
pub(super) async fn list(
    db: &PgPool,
    owner: Owner,
    query: &DocumentQuery,
) -> Result<(Vec<Document>, PageInfo)> {
    let total_count = count(db, owner).await?;
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT document.id, document.project_id, document.client_po_id, document.document_name, document.document_path, \
                document.original_filename, document.stored_filename, document.compressed_filename, document.mime_type, \
                document.original_size, document.compressed_size, document.compressed_hash, document.description, document.uploaded_by, \
                document.document_type, document.document_number, document.document_date, document.file_hash, \
                document.po_number, document.created_at",
    );
    query.order.push_key(&mut sql);
    sql.push(r#" FROM "Finances".project_document AS document WHERE "#);
    match owner {
        Owner::Project(id) => sql.push("document.project_id = ").push_bind(id),
        Owner::Po(id) => sql.push("document.client_po_id = ").push_bind(id),
    };
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<Document>> = sql.build_query_as().fetch_all(db).await?;
    Ok(query.paging.page(rows, total_count))
}

/// How many documents a project or PO has.
async fn count(db: &PgPool, owner: Owner) -> Result<i64> {
    match owner {
        Owner::Project(id) => sqlx::query_scalar!(
            r#"
            SELECT count(document.id) AS "count!"
              FROM "Finances".project AS project
              LEFT JOIN "Finances".project_document AS document ON document.project_id = project.id
             WHERE project.id = $1
             GROUP BY project.id
            "#,
            id as ProjectId,
        )
        .fetch_optional(db)
        .await?
        .ok_or(Error::NotFound("Project")),
        Owner::Po(id) => sqlx::query_scalar!(
            r#"
            SELECT count(document.id) AS "count!"
              FROM "Finances".client_po AS po
              LEFT JOIN "Finances".project_document AS document ON document.client_po_id = po.id
             WHERE po.id = $1
             GROUP BY po.id
            "#,
            id as ClientPoId,
        )
        .fetch_optional(db)
        .await?
        .ok_or(Error::NotFound("PO")),
    }
}
