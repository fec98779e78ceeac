//! The handlers that list and delete a session's files.

use axum::extract::State;

use super::{
    files::{self, Owner},
    model::{FileDeleted, FileId, FileQuery, SessionFileList, SessionId},
    routes::SessionPath,
    store,
};
use crate::{
    app::AppState,
    auth::{Editor, Viewer},
    error::Result,
    http::{
        base_url::BaseUrl,
        envelope::{Mirror, Success},
        extract::{Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// A file of a session.
    FilePath {
        /// The session's id.
        session_id: SessionId,
        /// The file's id.
        file_id: FileId,
    }
}

/// List the files of an upload session, the newest first.
///
/// `file_count` and `total_size` are of the whole session. `sort` may name `id`, `upload_timestamp`, `original_filename` or
/// `file_size`.
#[utoipa::path(get, path = "/uploads/session/{session_id}/files", tag = "upload sessions",
    params(SessionPath, PageQuery), responses((status = 200, body = Success<SessionFileList>), ReadErrors))]
pub(super) async fn list_session_files(
    _: Viewer,
    State(state): State<AppState>,
    Path(SessionPath { session_id }): Path<SessionPath>,
    Query(query): Query<FileQuery>,
    base: BaseUrl,
) -> Result<Answer<Success<SessionFileList>>> {
    let session = store::find_open(&state.db, session_id.known()?, state.clock.now()).await?;
    let owner = Owner::Session(&session.session_id);
    let (files, page) = files::page(&state, &base, owner, session.file_count, &query).await?;
    Ok(Answer::ok(Success(SessionFileList {
        file_count: session.file_count,
        total_size: session.total_size,
        session_id: session.session_id,
        files,
        page,
    })))
}

/// Delete a file of an upload session.
///
/// Who sent it may, and admins.
#[utoipa::path(delete, path = "/uploads/session/{session_id}/files/{file_id}", tag = "upload sessions", params(FilePath),
    responses((status = 200, body = Mirror<FileDeleted>), WriteErrors))]
pub(super) async fn delete_session_file(
    write: Write<Editor>,
    State(state): State<AppState>,
    Path(FilePath { session_id, file_id }): Path<FilePath>,
) -> Result<StoredAnswer> {
    let (session, file) = (session_id.known()?, file_id.known()?);
    let caller = write.caller()?.clone();
    let mut uow = write.begin().await?;
    let removal = files::delete(&mut uow, session, file, &caller, state.clock.now()).await?;
    let answer = uow
        .commit(Answer::ok(Mirror(FileDeleted {
            message: "File deleted successfully",
            file_id: file.to_owned(),
            session_id: session.to_owned(),
            deleted: true,
            success: true,
        })))
        .await?;
    removal.carry_out(&state).await;
    Ok(answer)
}
