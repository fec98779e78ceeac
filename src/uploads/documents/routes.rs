//! The handlers of documents.

use axum::extract::{Request, State};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    model::{
        AllDocuments, Document, DocumentDeleted, DocumentFilter, DocumentForm, DocumentList, DocumentOptions,
        DocumentQuery, FileForm, FileList, FileOptions, FileStored, NewRecord, ProjectDocument,
    },
    store::{self, DocumentPlace, NamedPlace, NewDocument, Owner},
};
use crate::{
    app::AppState,
    audit::Change,
    auth::{Caller, Editor, Viewer},
    error::{Error, Result},
    finance::purchase_orders,
    http::{
        base_url::BaseUrl,
        envelope::{Mirror, Success},
        extract::{Json, Path, Query, path_parameters},
        list::{PageInfo, PageQuery},
        multipart::FormFile,
        openapi::{ReadErrors, WriteErrors},
        signed_links::Links,
    },
    types::ids::{ClientPoId, DocumentId, ProjectId},
    unit_of_work::{Answer, StoredAnswer, UnitOfWork, Write},
    uploads::{document_files::DocumentFiles, intake, quota},
};

path_parameters! {
    /// The PO that the documents belong to.
    PoPath {
        /// Its id.
        client_po_id: ClientPoId,
    }

    /// The document.
    DocumentPath {
        /// Its id.
        doc_id: DocumentId,
    }

    /// The project that the documents belong to.
    ProjectPath {
        /// Its id.
        project_id: ProjectId,
    }
}

/// Store a file of a client PO.
///
/// It becomes a document of the PO, and of the PO's project. Its name and its content have to agree. 429 when the caller has
/// sent as many files as an hour has room for.
#[utoipa::path(post, path = "/client-po/{client_po_id}/files", tag = "documents", params(PoPath),
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Mirror<FileStored>), WriteErrors))]
pub(super) async fn store_po_file(
    write: Write<Editor>,
    State(state): State<AppState>,
    Path(PoPath { client_po_id }): Path<PoPath>,
    request: Request,
) -> Result<StoredAnswer> {
    let (file, options): (_, FileOptions) = intake::receive(&state, request).await?;
    let arrived = Arrived::of(&state, file).await?;
    let caller = write.caller()?.clone();
    let mut uow = write.begin().await?;
    arrived.count(&mut uow, &state, &caller).await?;
    let po = purchase_orders::store::hold(uow.conn(), client_po_id).await?;
    let place = DocumentPlace {
        project: po.project_id,
        po: Some(client_po_id),
        po_number: po.po_number,
    };
    let kind = options.document_type.as_deref();
    let document = arrived.keep(&mut uow, &caller, &place, (kind, None)).await?;
    let id = document.id;
    let links = Links::of(&state)?;
    let answer = Answer::ok(Mirror(FileStored {
        message: "File uploaded",
        file: ProjectDocument::new(document, &links)?,
    }))
    .at(format!("/api/documents/{id}"))
    .link(links.kept_document(id)?);
    let answer = uow.commit(answer).await?;
    arrived.files.publish(&state).await;
    Ok(answer)
}

/// A file that is stored and is to become a document.
struct Arrived {
    name: String,
    now: DateTime<Utc>,
    files: DocumentFiles,
}

impl Arrived {
    /// Looks at a received file and stores it.
    async fn of(state: &AppState, file: FormFile) -> Result<Self> {
        let FormFile {
            filename, received, ..
        } = file;
        let name = intake::safe_name(&filename)?;
        let kind = intake::kind(state, &name, &received).await?;
        let now = state.clock.now();
        let files = DocumentFiles::stage(state, &received, kind, &name, now).await?;
        Ok(Self { name, now, files })
    }

    /// Counts the file for its sender's quota: first of all, as everywhere, so that no two uploads wait for each other.
    async fn count(&self, uow: &mut UnitOfWork, state: &AppState, caller: &Caller) -> Result<()> {
        quota::count_upload(uow, caller.id, self.now, state.config.uploads.uploads_per_hour).await
    }

    /// Writes the document.
    async fn keep(
        &self,
        uow: &mut UnitOfWork,
        caller: &Caller,
        place: &DocumentPlace,
        (document_type, description): (Option<&str>, Option<&str>),
    ) -> Result<Document> {
        let new = NewDocument {
            project: place.project,
            po: place.po,
            po_number: place.po_number.as_deref(),
            document_type,
            original_filename: &self.name,
            files: &self.files,
            description,
            uploaded_by: caller.id,
            uploaded_by_name: &caller.username,
            created_at: self.now,
        };
        let document = store::insert(uow, &new).await?;
        self.files.name();
        uow.record(Change::created(
            "project_document",
            document.id,
            &json!({
                "client_po_id": place.po, "project_id": place.project, "document_type": document_type,
                "file_hash": self.files.file_hash,
            }),
        ));
        Ok(document)
    }
}

/// Store a file as a document of a project or a PO.
///
/// The PO is named by its id, else by its number, else by its proforma invoice's number; the document belongs to the PO's
/// project too. Its name and its content have to agree. 429 when the caller has sent as many files as an hour has room for.
#[utoipa::path(post, path = "/documents/upload", tag = "documents",
    request_body(content = DocumentForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Mirror<ProjectDocument>), WriteErrors))]
pub(super) async fn upload_document(
    write: Write<Editor>,
    State(state): State<AppState>,
    base: BaseUrl,
    request: Request,
) -> Result<StoredAnswer> {
    let (file, options): (_, DocumentOptions) = intake::receive(&state, request).await?;
    let arrived = Arrived::of(&state, file).await?;
    let caller = write.caller()?.clone();
    let mut uow = write.begin().await?;
    arrived.count(&mut uow, &state, &caller).await?;
    let named = NamedPlace {
        project: options.project_id,
        po: options.client_po_id,
        po_field: "client_po_id",
        po_number: options.po_number.as_deref(),
    };
    let place = store::place(&mut uow, named).await?;
    let beside = (options.document_type.as_deref(), options.description.as_deref());
    let document = arrived.keep(&mut uow, &caller, &place, beside).await?;
    let id = document.id;
    let links = Links::of(&state)?;
    let document = ProjectDocument::absolute(document, &links, &base)?;
    let answer = Answer::ok(Mirror(document))
        .at(format!("/api/documents/{id}"))
        .link(links.kept_document(id)?);
    let answer = uow.commit(answer).await?;
    arrived.files.publish(&state).await;
    Ok(answer)
}

/// Note a document whose file is stored elsewhere and is known by its hash.
///
/// `file_path` is only text: nothing is read from there, and a download is 404.
#[utoipa::path(post, path = "/documents", tag = "documents", request_body = NewRecord,
    responses((status = 200, body = Mirror<ProjectDocument>), WriteErrors))]
pub(super) async fn create_document(
    write: Write<Editor>,
    State(state): State<AppState>,
    Json(new): Json<NewRecord>,
) -> Result<StoredAnswer> {
    let caller = write.caller()?.clone();
    let mut uow = write.begin().await?;
    let named = NamedPlace {
        project: new.project_id,
        po: new.po_id,
        po_field: "po_id",
        po_number: None,
    };
    let place = store::place(&mut uow, named).await?;
    let document = store::insert_record(&mut uow, &new, &place, &caller, state.clock.now()).await?;
    let id = document.id;
    let links = Links::of(&state)?;
    let document = ProjectDocument::new(document, &links)?;
    uow.record(Change::created(
        "project_document",
        id,
        &json!({
            "client_po_id": place.po, "project_id": place.project, "document_type": new.document_type,
            "file_hash": new.file_hash,
        }),
    ));
    let answer = Answer::ok(Mirror(document))
        .at(format!("/api/documents/{id}"))
        .link(links.kept_document(id)?);
    uow.commit(answer).await
}

/// List all documents, the newest first.
///
/// `sort` may name `id`, `original_filename` or `created_at`.
#[utoipa::path(get, path = "/documents", tag = "documents", params(DocumentFilter, PageQuery),
    responses((status = 200, body = Success<AllDocuments>), ReadErrors))]
pub(super) async fn list_documents(
    _: Viewer,
    State(state): State<AppState>,
    Query(query): Query<DocumentFilter>,
) -> Result<Answer<Success<AllDocuments>>> {
    let links = Links::of(&state)?;
    let (documents, page) = store::list_all(&state.db, &query).await?;
    let documents: Result<_> = documents
        .into_iter()
        .map(|document| ProjectDocument::new(document, &links))
        .collect();
    Ok(Answer::ok(Success(AllDocuments {
        documents: documents?,
        page,
    })))
}

async fn page(
    state: &AppState,
    owner: Owner,
    query: &DocumentQuery,
) -> Result<(Vec<ProjectDocument>, PageInfo)> {
    let links = Links::of(state)?;
    let (documents, page) = store::list(&state.db, owner, query).await?;
    let documents: Result<_> = documents
        .into_iter()
        .map(|document| ProjectDocument::new(document, &links))
        .collect();
    Ok((documents?, page))
}

/// List the files of a client PO, the newest first.
///
/// `sort` may name `id`, `original_filename` or `created_at`.
#[utoipa::path(get, path = "/client-po/{client_po_id}/files", tag = "documents", params(PoPath, PageQuery),
    responses((status = 200, body = Success<FileList>), ReadErrors))]
pub(super) async fn list_po_files(
    _: Viewer,
    State(state): State<AppState>,
    Path(PoPath { client_po_id }): Path<PoPath>,
    Query(query): Query<DocumentQuery>,
) -> Result<Answer<Success<FileList>>> {
    let (files, page) = page(&state, Owner::Po(client_po_id), &query).await?;
    Ok(Answer::ok(Success(FileList { files, page })))
}

/// List the documents of a client PO, the newest first.
///
/// `sort` may name `id`, `original_filename` or `created_at`.
#[utoipa::path(get, path = "/documents/po/{client_po_id}", tag = "documents", params(PoPath, PageQuery),
    responses((status = 200, body = Success<DocumentList>), ReadErrors))]
pub(super) async fn list_po_documents(
    _: Viewer,
    State(state): State<AppState>,
    Path(PoPath { client_po_id }): Path<PoPath>,
    Query(query): Query<DocumentQuery>,
) -> Result<Answer<Success<DocumentList>>> {
    let (documents, page) = page(&state, Owner::Po(client_po_id), &query).await?;
    Ok(Answer::ok(Success(DocumentList::new(documents, page))))
}

/// List the documents of a project, those of its POs among them, the newest first.
///
/// `sort` may name `id`, `original_filename` or `created_at`.
#[utoipa::path(get, path = "/projects/{project_id}/documents", tag = "documents", params(ProjectPath, PageQuery),
    responses((status = 200, body = Success<DocumentList>), ReadErrors))]
pub(super) async fn list_project_documents(
    _: Viewer,
    State(state): State<AppState>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<DocumentQuery>,
) -> Result<Answer<Success<DocumentList>>> {
    let (documents, page) = page(&state, Owner::Project(project_id), &query).await?;
    Ok(Answer::ok(Success(DocumentList::new(documents, page))))
}

/// List the documents of a project, under their other path.
///
/// The same as `GET /projects/{project_id}/documents`.
#[utoipa::path(get, path = "/documents/project/{project_id}", tag = "documents", params(ProjectPath, PageQuery),
    responses((status = 200, body = Success<DocumentList>), ReadErrors))]
pub(super) async fn list_documents_of_project(
    viewer: Viewer,
    state: State<AppState>,
    path: Path<ProjectPath>,
    query: Query<DocumentQuery>,
) -> Result<Answer<Success<DocumentList>>> {
    list_project_documents(viewer, state, path, query).await
}

/// Read a document.
#[utoipa::path(get, path = "/documents/{doc_id}", tag = "documents", params(DocumentPath),
    responses((status = 200, body = Mirror<ProjectDocument>), ReadErrors))]
pub(super) async fn get_document(
    _: Viewer,
    State(state): State<AppState>,
    Path(DocumentPath { doc_id }): Path<DocumentPath>,
) -> Result<Answer<Mirror<ProjectDocument>>> {
    let document = store::find(&state.db, doc_id)
        .await?
        .ok_or(Error::NotFound("Document"))?;
    let document = ProjectDocument::new(document, &Links::of(&state)?)?;
    Ok(Answer::ok(Mirror(document)))
}

/// Delete a document and its file.
///
/// Who uploaded it may, and admins.
#[utoipa::path(delete, path = "/documents/{doc_id}", tag = "documents", params(DocumentPath),
    responses((status = 200, body = Success<DocumentDeleted>), WriteErrors))]
pub(super) async fn delete_document(
    write: Write<Editor>,
    State(state): State<AppState>,
    Path(DocumentPath { doc_id }): Path<DocumentPath>,
) -> Result<StoredAnswer> {
    let caller = write.caller()?.clone();
    let mut uow = write.begin().await?;
    let removal = store::delete(&mut uow, doc_id, &caller).await?;
    let answer = uow
        .commit(Answer::ok(Success(DocumentDeleted {
            message: "Document deleted",
            document_id: doc_id,
        })))
        .await?;
    removal.carry_out(&state).await;
    Ok(answer)
}
