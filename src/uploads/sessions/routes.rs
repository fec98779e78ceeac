//! The handlers of sessions.

use axum::extract::State;

use super::{
    files::{self, Owner},
    model::{
        DeletedFiles, FileQuery, NewUploadSession, SessionDeleted, SessionId, SessionStats, SessionWithFiles,
        UploadSession,
    },
    store,
};
use crate::{
    app::AppState,
    auth::{Editor, Viewer},
    error::Result,
    http::{
        base_url::BaseUrl,
        envelope::{Repeated, Success},
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// A session.
    SessionPath {
        /// Its id.
        session_id: SessionId,
    }
}

/// Open an upload session.
///
/// It takes files for `ttl_hours`. With a client whose files can be read, each file is read as it comes and becomes a PO;
/// `metadata.project_id`, `project_name` or `project` say in which project. `po_number`, `created_by` and `description` go
/// into the metadata, which has at most 16 KB.
#[utoipa::path(post, path = "/uploads/session", tag = "upload sessions", request_body = NewUploadSession,
    responses((status = 200, body = Repeated<UploadSession>), WriteErrors))]
pub(super) async fn open_session(
    write: Write<Editor>,
    State(state): State<AppState>,
    Json(new): Json<NewUploadSession>,
) -> Result<StoredAnswer> {
    let caller = write.caller()?.id;
    let mut uow = write.begin().await?;
    let session = store::open(&mut uow, &state, caller, new).await?;
    let location = format!("/api/uploads/session/{}", session.session_id);
    uow.commit(Answer::ok(Repeated(UploadSession::from(session))).at(location))
        .await
}

/// Read an upload session with a page of its files, the newest first.
///
/// 404 once it has ended or is closed. `sort` may name `id`, `upload_timestamp`, `original_filename` or `file_size`.
#[utoipa::path(get, path = "/uploads/session/{session_id}", tag = "upload sessions", params(SessionPath, PageQuery),
    responses((status = 200, body = Repeated<SessionWithFiles>), ReadErrors))]
pub(super) async fn get_session(
    _: Viewer,
    State(state): State<AppState>,
    Path(SessionPath { session_id }): Path<SessionPath>,
    Query(query): Query<FileQuery>,
    base: BaseUrl,
) -> Result<Answer<Repeated<SessionWithFiles>>> {
    let session = store::find_open(&state.db, session_id.known()?, state.clock.now()).await?;
    let owner = Owner::Session(&session.session_id);
    let (files, page) = files::page(&state, &base, owner, session.file_count, &query).await?;
    Ok(Answer::ok(Repeated(SessionWithFiles {
        session: UploadSession::from(session),
        files,
        page,
    })))
}

/// Delete an upload session and its files.
///
/// Who opened it may, and admins. Files of which a PO was made, or that were sent with a PO's number, stay; the session is
/// then only closed. POs that were made of its files stay.
#[utoipa::path(delete, path = "/uploads/session/{session_id}", tag = "upload sessions", params(SessionPath),
    responses((status = 200, body = Success<SessionDeleted>), WriteErrors))]
pub(super) async fn delete_session(
    write: Write<Editor>,
    State(state): State<AppState>,
    Path(SessionPath { session_id }): Path<SessionPath>,
) -> Result<StoredAnswer> {
    let id = session_id.known()?;
    let caller = write.caller()?.clone();
    let mut uow = write.begin().await?;
    let (deleted_files, removal) = store::delete(&mut uow, id, &caller, state.clock.now()).await?;
    let answer = uow
        .commit(Answer::ok(Success(SessionDeleted {
            message: "Session deleted successfully",
            data: DeletedFiles {
                session_id: id.to_owned(),
                deleted_files,
            },
        })))
        .await?;
    removal.carry_out(&state).await;
    Ok(answer)
}

/// What an upload session has seen.
#[utoipa::path(get, path = "/uploads/session/{session_id}/stats", tag = "upload sessions", params(SessionPath),
    responses((status = 200, body = Repeated<SessionStats>), ReadErrors))]
pub(super) async fn get_session_stats(
    _: Viewer,
    State(state): State<AppState>,
    Path(SessionPath { session_id }): Path<SessionPath>,
) -> Result<Answer<Repeated<SessionStats>>> {
    let session = store::find_open(&state.db, session_id.known()?, state.clock.now()).await?;
    Ok(Answer::ok(Repeated(SessionStats::from(session))))
}
