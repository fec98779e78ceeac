//! What every received file goes through before it is kept: a name that is safe, and content that is what the name says.

use std::{fs::File, io::BufReader, sync::Arc, time::Duration};

use axum::extract::Request;

use crate::{
    app::AppState,
    documents::{self, FileKind, InspectError},
    error::{Error, Result},
    http::{
        extract,
        multipart::{self, FormFile, FormLimits},
    },
    types::{FromFields, Problem},
    uploads::storage::Received,
};

/// How long looking at a file may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Receives a form with one file, `file`, and what is said beside it in the form or the query; the form wins.
///
/// # Errors
/// Those of [`multipart::receive`]; `Invalid` with every fault of the fields, a missing file among them.
pub(super) async fn receive<T: FromFields>(state: &AppState, request: Request) -> Result<(FormFile, T)> {
    let query = request.uri().query().map(str::to_owned);
    let limits = FormLimits {
        file: state.config.uploads.max_file_size,
        files: 1,
        leaves_out: false,
    };
    let form = multipart::receive(request, state, limits).await?;
    let mut fields = form.fields(query.as_deref());
    let file = form.files.into_iter().find(|file| file.field == "file");
    if file.is_none() {
        fields.fault("file", Problem::new("missing", "Field required"));
    }
    let beside = extract::parse(fields)?;
    let file = file.ok_or_else(|| Error::internal(anyhow::anyhow!("a missing file was not noticed")))?;
    Ok((file, beside))
}

/// The file's name, made safe to show.
///
/// # Errors
/// `Invalid` if nothing is left of it.
pub(super) fn safe_name(filename: &str) -> Result<String> {
    documents::safe_filename(filename)
        .ok_or_else(|| Error::invalid_field("file", "value_error", "The file has no usable name"))
}

/// Tells what a file is, on a thread that may block.
///
/// # Errors
/// `Invalid` if the file is empty or an unsafe archive, `UnsupportedMediaType` if it is of no kind that is stored, or not
/// what its name says.
pub(super) fn kind_of(name: &str, file: &mut BufReader<File>) -> Result<FileKind> {
    documents::inspect(name, file).map_err(refused)
}

/// Reads a received file on a thread that may block; only so many are read at once.
///
/// # Errors
/// Those of `work`; `Invalid` if it takes too long.
pub(super) async fn off_the_async_threads<T: Send + 'static>(
    state: &AppState,
    received: &Received,
    work: impl FnOnce(BufReader<File>) -> Result<T> + Send + 'static,
) -> Result<T> {
    // Held until the thread is done, which may be later than this request's patience.
    let permit = Arc::clone(&state.parsers)
        .acquire_owned()
        .await
        .map_err(Error::internal)?;
    let file = received.open().map_err(Error::internal)?;
    let thread = tokio::task::spawn_blocking(move || {
        let result = work(BufReader::new(file));
        drop(permit);
        result
    });
    match tokio::time::timeout(PATIENCE, thread).await {
        Ok(done) => done.map_err(Error::internal)?,
        Err(_) => Err(Error::invalid_field(
            "file",
            "unreadable",
            "Parsing took too long",
        )),
    }
}

fn refused(error: InspectError) -> Error {
    let text = error.to_string();
    match error {
        InspectError::Empty => Error::invalid_field("file", "invalid", text),
        InspectError::UnsafeArchive { .. } => Error::invalid_field("file", "unsafe_archive", text),
        InspectError::Io(error) => Error::internal(error),
        InspectError::Unsupported { .. } | InspectError::Mismatch { .. } | InspectError::Locked { .. } => {
            Error::UnsupportedMediaType(text.into())
        }
    }
}
