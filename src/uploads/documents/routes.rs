//! The handlers of documents.

use axum::extract::{Request, State};
use serde_json::json;

use super::{
    model::{
        DocumentDeleted, DocumentList, DocumentQuery, FileForm, FileList, FileOptions, FileStored,
        ProjectDocument,
    },
    store::{self, NewDocument, Owner},
};
use crate::{
    app::AppState,
    audit::Change,
    auth::{Editor, Viewer},
    error::{Error, Result},
    finance::purchase_orders,
    http::{
        envelope::{Mirror, Success},
        extract::{Path, Query, path_parameters},
        list::{PageInfo, PageQuery},
        multipart::FormFile,
        openapi::{ReadErrors, WriteErrors},
    },
    types::ids::{ClientPoId, DocumentId, ProjectId},
    unit_of_work::{Answer, StoredAnswer, Write},
    uploads::{document_files::DocumentFiles, intake, links::Links, quota},
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
    let FormFile {
        filename, received, ..
    } = file;
    let name = intake::safe_name(&filename)?;
    let name_on_thread = name.clone();
    let kind = intake::off_the_async_threads(&state, &received, move |mut file| {
        intake::kind_of(&name_on_thread, &mut file)
    })
    .await?;
    let caller = write.caller()?.clone();
    let now = state.clock.now();
    let files = DocumentFiles::stage(&state, &received, kind, &name, now).await?;
    let mut uow = write.begin().await?;
    quota::count_upload(&mut uow, caller.id, now, state.config.uploads.uploads_per_hour).await?;
    let po = purchase_orders::store::hold(uow.conn(), client_po_id).await?;
    let new = NewDocument {
        project: po.project_id,
        po: client_po_id,
        po_number: po.po_number.as_deref(),
        document_type: options.document_type.as_deref(),
        original_filename: &name,
        files: &files,
        description: None,
        uploaded_by: caller.id,
        uploaded_by_name: &caller.username,
        created_at: now,
    };
    let document = store::insert(uow.conn(), &new).await?;
    let id = document.id;
    uow.record(Change::created(
        "project_document",
        id,
        &json!({
            "client_po_id": client_po_id, "project_id": po.project_id, "document_type": options.document_type,
            "file_hash": files.file_hash,
        }),
    ));
    let answer = Answer::ok(Mirror(FileStored {
        message: "File uploaded",
        file: ProjectDocument::new(document, &Links::of(&state)?)?,
    }));
    let answer = uow.commit(answer.at(format!("/api/documents/{id}"))).await?;
    files.publish(&state).await;
    Ok(answer)
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
