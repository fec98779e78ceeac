//! The handlers of files that were sent with a PO's number, or of which the PO of that number was made.

use axum::extract::State;

use super::{
    files::{self, Owner},
    model::{FileQuery, NumberFileList, NumberStats},
};
use crate::{
    app::AppState,
    auth::Viewer,
    error::{Error, Result},
    http::{
        base_url::BaseUrl,
        envelope::Success,
        extract::{Path, Query, path_parameters},
        list::PageQuery,
        openapi::ReadErrors,
    },
    types::Text,
    unit_of_work::Answer,
};

type PoNumber = Text<100>;

path_parameters! {
    /// A PO's number.
    NumberPath {
        /// The number; a slash in it is written `%2F`. There need not be a PO of it.
        po_number: PoNumber,
    }
}

/// List the files of a PO's number, the newest first.
///
/// Also those whose session has ended. `compression_ratio` is the percentage saved. `sort` may name `id`,
/// `upload_timestamp`, `original_filename` or `file_size`.
#[utoipa::path(get, path = "/uploads/po/{po_number}", tag = "upload sessions", params(NumberPath, PageQuery),
    responses((status = 200, body = Success<NumberFileList>), ReadErrors))]
pub(super) async fn list_files_of_number(
    _: Viewer,
    State(state): State<AppState>,
    Path(NumberPath { po_number }): Path<NumberPath>,
    Query(query): Query<FileQuery>,
    base: BaseUrl,
) -> Result<Answer<Success<NumberFileList>>> {
    let sums = files::sums(&state.db, &po_number).await?;
    let owner = Owner::PoNumber(&po_number);
    let (files, page) = files::page(&state, &base, owner, sums.file_count, &query).await?;
    Ok(Answer::ok(Success(NumberFileList {
        po_number: po_number.into_string(),
        file_count: sums.file_count,
        total_size: sums.total_size,
        compressed_size: sums.compressed_size,
        compression_ratio: sums.ratio(),
        files,
        page,
    })))
}

/// List the files of the number `upload`, to whose path orders are sent too.
///
/// As `GET /uploads/po/{po_number}`.
#[utoipa::path(get, path = "/uploads/po/upload", tag = "upload sessions", params(PageQuery),
    responses((status = 200, body = Success<NumberFileList>), ReadErrors))]
pub(super) async fn list_files_of_upload(
    viewer: Viewer,
    state: State<AppState>,
    query: Query<FileQuery>,
    base: BaseUrl,
) -> Result<Answer<Success<NumberFileList>>> {
    let po_number = Text::new("upload").map_err(|problem| Error::internal(anyhow::anyhow!("{problem:?}")))?;
    list_files_of_number(viewer, state, Path(NumberPath { po_number }), query, base).await
}

/// List the files of a PO's number, under their other path.
///
/// The same as `GET /uploads/po/{po_number}`.
#[utoipa::path(get, path = "/uploads/po/{po_number}/files", tag = "upload sessions", params(NumberPath, PageQuery),
    responses((status = 200, body = Success<NumberFileList>), ReadErrors))]
pub(super) async fn list_files_of_number_under_files(
    viewer: Viewer,
    state: State<AppState>,
    path: Path<NumberPath>,
    query: Query<FileQuery>,
    base: BaseUrl,
) -> Result<Answer<Success<NumberFileList>>> {
    list_files_of_number(viewer, state, path, query, base).await
}

/// The files of a PO's number, added up.
#[utoipa::path(get, path = "/uploads/po/{po_number}/stats", tag = "upload sessions", params(NumberPath),
    responses((status = 200, body = Success<NumberStats>), ReadErrors))]
pub(super) async fn get_stats_of_number(
    _: Viewer,
    State(state): State<AppState>,
    Path(NumberPath { po_number }): Path<NumberPath>,
) -> Result<Answer<Success<NumberStats>>> {
    let sums = files::sums(&state.db, &po_number).await?;
    Ok(Answer::ok(Success(NumberStats {
        po_number: po_number.into_string(),
        file_count: sums.file_count,
        total_files: sums.file_count,
        total_size_bytes: sums.total_size,
        total_compressed_size: sums.compressed_size,
        space_saved_bytes: sums.total_size.saturating_sub(sums.compressed_size),
        compression_ratio: sums.ratio(),
    })))
}
