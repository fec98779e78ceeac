//! Documents in the database.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::model::{Document, DocumentFilter, DocumentQuery, NewRecord};
use crate::{
    audit::{Action, Change},
    auth::Caller,
    error::{Error, Result},
    finance::{
        kept_totals::{self, Counted, List, Scope},
        projects, purchase_orders,
    },
    http::list::{Listed, PageInfo},
    postgres::Pool,
    types::ids::{ClientPoId, DocumentId, ProjectId, UserId},
    unit_of_work::UnitOfWork,
    uploads::{
        document_files::DocumentFiles,
        removal::{self, Removal},
        storage::Address,
    },
};

/// A document of a project, of a PO, or of a PO and its project.
#[derive(Debug)]
pub(in crate::uploads) struct NewDocument<'a> {
    pub(in crate::uploads) project: Option<ProjectId>,
    pub(in crate::uploads) po: Option<ClientPoId>,
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
pub(in crate::uploads) async fn insert(uow: &mut UnitOfWork, new: &NewDocument<'_>) -> Result<Document> {
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
        new.po as Option<ClientPoId>,
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
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::Document(document.id));
    Ok(document)
}

/// A document.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn find(db: &Pool, id: DocumentId) -> Result<Option<Document>> {
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
pub(super) async fn find_stored(db: &Pool, name: &str) -> Result<Option<Document>> {
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
    caller.ensure_owns(uploader, "Only an admin may delete a document of somebody else")?;
    uow.follow(&[Counted::Document(id)]).await?;
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

/// Adds what is known of a file that is stored elsewhere. No file of ours is behind it.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn insert_record(
    uow: &mut UnitOfWork,
    new: &NewRecord,
    place: &DocumentPlace,
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<Document> {
    let document = sqlx::query_as!(
        Document,
        r#"
        INSERT INTO "Finances".project_document
               (project_id, client_po_id, po_number, document_name, document_path, original_filename, original_size,
                file_hash, document_type, document_number, document_date, uploaded_by, uploaded_by_name, created_at)
        VALUES ($1, $2, $3, $4, $5, $4, $6, $7, $8, $9, $10, $11, $12, $13)
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
        place.project as Option<ProjectId>,
        place.po as Option<ClientPoId>,
        place.po_number,
        new.name(),
        new.file_path.as_deref(),
        new.file_size,
        new.file_hash,
        &*new.document_type,
        new.document_number.as_deref(),
        new.document_date,
        caller.id as UserId,
        caller.username,
        now,
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::Document(document.id));
    Ok(document)
}

/// Where a new document belongs.
#[derive(Debug, Clone, Default)]
pub(super) struct DocumentPlace {
    pub(super) project: Option<ProjectId>,
    pub(super) po: Option<ClientPoId>,
    /// The number of that PO.
    pub(super) po_number: Option<String>,
}

/// What a request says of the place of a document, and the names of the fields that say it.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedPlace<'a> {
    pub(super) project: Option<ProjectId>,
    pub(super) po: Option<ClientPoId>,
    /// The field that names the PO.
    pub(super) po_field: &'static str,
    /// The PO's number, or that of its proforma invoice.
    pub(super) po_number: Option<&'a str>,
}

/// Finds where a new document belongs, and keeps the PO where it is until the document is there too.
///
/// # Errors
/// `Invalid` at the field that names something that there is not, or another project than that of the PO, or if nothing is
/// named.
pub(super) async fn place(uow: &mut UnitOfWork, named: NamedPlace<'_>) -> Result<DocumentPlace> {
    let (po, po_field) = match (named.po, named.po_number) {
        (Some(id), number) => {
            if let Some(number) = number {
                ensure_numbered(uow.conn(), id, number).await?;
            }
            (Some(id), named.po_field)
        }
        (None, Some(number)) => (
            Some(po_of_number(uow.conn(), number, named.project).await?),
            "po_number",
        ),
        (None, None) => (None, named.po_field),
    };
    if let Some(project) = named.project
        && !projects::store::exists(uow.conn(), project).await?
    {
        return Err(Error::unknown_reference("project_id", "project"));
    }
    let Some(po) = po else {
        if named.project.is_none() {
            return Err(Error::invalid_field(
                "project_id",
                "missing",
                "Field required, unless a PO is given",
            ));
        }
        return Ok(DocumentPlace {
            project: named.project,
            ..DocumentPlace::default()
        });
    };
    let held = match purchase_orders::store::hold(uow.conn(), po).await {
        Err(Error::NotFound(_)) => return Err(Error::unknown_reference(po_field, "PO")),
        held => held?,
    };
    if let (Some(asked), Some(own)) = (named.project, held.project_id)
        && asked != own
    {
        return Err(Error::invalid_field(
            "project_id",
            "value_error",
            "The PO belongs to another project",
        ));
    }
    Ok(DocumentPlace {
        project: held.project_id.or(named.project),
        po: Some(po),
        po_number: held.po_number,
    })
}

/// Makes sure that a number which is given beside a PO is that PO's, or that of its proforma invoice. A PO that there is not is
/// somebody else's fault to find.
async fn ensure_numbered(db: &mut PgConnection, po: ClientPoId, number: &str) -> Result<()> {
    let named = sqlx::query!(
        r#"
        SELECT (po_number IS DISTINCT FROM $2 AND pi_number IS DISTINCT FROM $2) AS "is_another!",
               EXISTS (SELECT FROM "Finances".client_po AS other WHERE other.po_number = $2 OR other.pi_number = $2)
                   AS "is_known!"
          FROM "Finances".client_po
         WHERE id = $1
        "#,
        po as ClientPoId,
        number,
    )
    .fetch_optional(db)
    .await?;
    match named {
        Some(named) if named.is_another && named.is_known => Err(Error::invalid_field(
            "po_number",
            "value_error",
            "The PO that is named by its id has another number",
        )),
        Some(named) if named.is_another => Err(Error::unknown_reference("po_number", "PO")),
        _ => Ok(()),
    }
}

/// The PO of this number, else the one of this proforma number, in this project if one is named.
async fn po_of_number(db: &mut PgConnection, number: &str, project: Option<ProjectId>) -> Result<ClientPoId> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: ClientPoId"
          FROM "Finances".client_po
         WHERE po_number = $1
            OR (pi_number = $1
                AND ($2::bigint IS NULL OR project_id = $2)
                AND NOT EXISTS (SELECT FROM "Finances".client_po AS numbered WHERE numbered.po_number = $1))
         ORDER BY id
         LIMIT 2
        "#,
        number,
        project as Option<ProjectId>,
    )
    .fetch_all(db)
    .await?;
    match found[..] {
        [po] => Ok(po),
        [] => Err(Error::unknown_reference("po_number", "PO")),
        _ => Err(Error::invalid_field(
            "po_number",
            "value_error",
            "Several POs have this proforma number; name one by its id",
        )),
    }
}

/// Whose documents are listed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner {
    Project(ProjectId),
    Po(ClientPoId),
}

/// The columns of [`Document`].
const COLUMNS: &str = "SELECT document.id, document.project_id, document.client_po_id, document.document_name, \
                document.document_path, document.original_filename, document.stored_filename, \
                document.compressed_filename, document.mime_type, document.original_size, document.compressed_size, \
                document.compressed_hash, document.description, document.uploaded_by, document.document_type, \
                document.document_number, document.document_date, document.file_hash, document.po_number, \
                document.created_at";

/// A page of all documents that match.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn list_all(db: &Pool, query: &DocumentFilter) -> Result<(Vec<Document>, PageInfo)> {
    let mut sql = QueryBuilder::<Postgres>::new(COLUMNS);
    query.page.order.push_key(&mut sql);
    push_matching(&mut sql, query);
    query.page.order.push_after(&mut sql, &query.page.paging);
    query.page.order.push_page(&mut sql, &query.page.paging);
    let rows: Vec<Listed<Document>> = sql.build_query_as().fetch_all(db).await?;

    Ok(query.page.paging.page(rows, count_all(db, query).await?))
}

/// How many documents match: as it is kept, or of a PO's documents as they are there.
async fn count_all(db: &Pool, query: &DocumentFilter) -> Result<i64> {
    if query.client_po_id.is_some() {
        let mut sql = QueryBuilder::<Postgres>::new("SELECT count(*)");
        push_matching(&mut sql, query);
        return Ok(sql.build_query_scalar().fetch_one(db).await?);
    }
    let scope = query
        .project_id
        .map_or(Scope::All, |project| Scope::Project(project.0));
    let document_type = query.document_type.as_ref().map(ToString::to_string);
    let types = document_type.as_deref().map(|word| [word]);
    let kept = kept_totals::read(
        db,
        List::Document,
        scope,
        types.as_ref().map(<[&str; 1]>::as_slice),
    )
    .await?;
    Ok(kept.entries)
}

fn push_matching(sql: &mut QueryBuilder<Postgres>, query: &DocumentFilter) {
    sql.push(r#" FROM "Finances".project_document AS document WHERE TRUE"#);
    if let Some(project) = query.project_id {
        sql.push(" AND document.project_id = ").push_bind(project);
    }
    if let Some(po) = query.client_po_id {
        sql.push(" AND document.client_po_id = ").push_bind(po);
    }
    if let Some(kind) = &query.document_type {
        sql.push(" AND document.document_type = ")
            .push_bind(kind.to_string());
    }
}

/// The documents of a project or PO.
///
/// # Errors
/// `NotFound` if there is no such project or PO.
pub(super) async fn list(
    db: &Pool,
    owner: Owner,
    query: &DocumentQuery,
) -> Result<(Vec<Document>, PageInfo)> {
    let total_count = count(db, owner).await?;
    let mut sql = QueryBuilder::<Postgres>::new(COLUMNS);
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
async fn count(db: &Pool, owner: Owner) -> Result<i64> {
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
