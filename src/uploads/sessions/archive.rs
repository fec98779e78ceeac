//! All files of a session in one archive, made while it is sent.

use std::{
    collections::{HashSet, VecDeque},
    path::Path as FilePath,
};

use axum::{
    extract::State,
    http::{Method, StatusCode},
    response::Response,
};

use super::{
    download::{name_of, open},
    files,
    routes::SessionPath,
    store,
};
use crate::{
    app::AppState,
    auth::Viewer,
    error::{Error, Result},
    http::{extract::Path, openapi::ReadErrors},
    uploads::{
        download::{FileBytes, Head, known_hash},
        outgoing::{Bundle, Entry},
        quota,
    },
};

/// Fetch all files of an upload session in one archive.
///
/// Each under its own name; of files with the same name the later ones get a number. Counts one download for each file. 404
/// if there is none.
#[utoipa::path(post, path = "/uploads/session/{session_id}/download-all", tag = "upload sessions", params(SessionPath),
    responses(
        (status = 200, description = "The archive", body = FileBytes, content_type = "application/zip"),
        ReadErrors,
    ))]
pub(super) async fn download_all_session_files(
    Viewer(caller): Viewer,
    State(state): State<AppState>,
    Path(SessionPath { session_id }): Path<SessionPath>,
    method: Method,
) -> Result<Response> {
    let now = state.clock.now();
    let session = store::find_open(&state.db, session_id.known()?, now)
        .await?
        .session_id;
    let rows = files::all(&state.db, &session).await?;
    if rows.is_empty() {
        return Err(Error::Missing("The session has no files"));
    }
    let mut names = Names::default();
    let mut entries = VecDeque::with_capacity(rows.len());
    // All of them before the first byte goes out: a file that is lost can still be told.
    for row in &rows {
        entries.push_back(Entry {
            file: open(&state, row).await?,
            name: names.unique(&name_of(row)),
            modified: row.upload_timestamp,
            length: u64::try_from(row.file_size).map_err(Error::internal)?,
            is_compressed: row.is_compressed,
            hash: known_hash(row.file_hash.as_deref()).map(str::to_owned),
        });
    }
    // Of an archive that only its head is asked for nothing is fetched.
    if method != Method::HEAD {
        let limit = state.config.uploads.downloads_per_hour;
        quota::count_downloads(&state.db, &caller.id.to_string(), rows.len(), now, limit).await?;
        store::count_downloads(&state.db, &session, rows.len(), now).await?;
    }
    let head = Head::new(Some("application/zip"), &format!("{session}.zip"));
    Ok(head.answer(StatusCode::OK, Bundle::new(entries).into_body(session)))
}

/// Fetch all files of an upload session in one archive, as a link does.
///
/// The same as `POST`.
#[utoipa::path(get, path = "/uploads/session/{session_id}/download-all", tag = "upload sessions", params(SessionPath),
    responses(
        (status = 200, description = "The archive", body = FileBytes, content_type = "application/zip"),
        ReadErrors,
    ))]
pub(super) async fn fetch_all_session_files(
    viewer: Viewer,
    state: State<AppState>,
    path: Path<SessionPath>,
    method: Method,
) -> Result<Response> {
    download_all_session_files(viewer, state, path, method).await
}

/// The names of an archive's entries, of which no two are the same on any system.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    /// The name itself, or with the first number before its extension that nothing has yet.
    fn unique(&mut self, name: &str) -> String {
        let mut unique = name.to_owned();
        let mut number = 1;
        while !self.0.insert(unique.to_lowercase()) {
            number += 1;
            let path = FilePath::new(name);
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or(name);
            unique = match path.extension().and_then(|extension| extension.to_str()) {
                Some(extension) => format!("{stem} ({number}).{extension}"),
                None => format!("{stem} ({number})"),
            };
        }
        unique
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn no_two_entries_have_the_same_name() {
        let mut names = Names::default();
        for (name, unique) in [
            ("a.pdf", "a.pdf"),
            ("a.pdf", "a (2).pdf"),
            ("A.PDF", "A (3).PDF"),
            ("a (2).pdf", "a (2) (2).pdf"),
            ("b", "b"),
            ("b", "b (2)"),
            ("c.tar.gz", "c.tar.gz"),
            ("c.tar.gz", "c.tar (2).gz"),
        ] {
            assert_eq!(names.unique(name), unique);
        }
    }
}
