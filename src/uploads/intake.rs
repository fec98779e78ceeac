//! What every received file goes through before it is kept: a name that is safe, and content that is what the name says.

use std::{fs::File, io::BufReader, sync::Arc, time::Duration};

use axum::extract::Request;
use tokio::sync::Semaphore;

use crate::{
    app::AppState,
    documents::{self, FileKind, InspectError},
    error::{Error, Result},
    http::{
        extract,
        multipart::{self, FormFile, FormLimits},
    },
    types::{FromFields, Problem},
    uploads::{storage::Received, workers::Workers},
};

/// How many megabytes of memory are for reading files. A large file leaves less for others, which wait.
const MEMORY: u32 = 64;
/// What every file takes of it, however small: four of them are read at once.
const LEAST: u32 = 16;
/// How long looking at a file, or reading it, may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is said of one that takes longer.
pub(super) const TOO_LONG: &str = "Parsing took too long";

/// Receives a form with one file, `file`, and what is said beside it in the form or the query; the form wins.
///
/// # Errors
/// Those of [`multipart::receive`]; `Invalid` with every fault of the fields, a missing file among them.
pub(super) async fn receive<T: FromFields>(state: &AppState, request: Request) -> Result<(FormFile, T)> {
    let query = request.uri().query().map(str::to_owned);
    let limits = FormLimits {
        file: state.config.uploads.max_file_size,
        files: 1,
        whole: state.config.uploads.max_form_size(),
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

/// Tells what a received file is, by its name and its content.
///
/// # Errors
/// `Invalid` if the file is empty, an unsafe archive, or takes too long to be looked at; `UnsupportedMediaType` if it is of no
/// kind that is stored, or not what its name says.
pub(super) async fn kind(state: &AppState, name: &str, received: &Received) -> Result<FileKind> {
    let name = name.to_owned();
    let look = move |mut file: BufReader<File>| documents::inspect(&name, &mut file);
    let looked = state.parsers.read(received.open().map_err(Error::storage)?, look);
    match looked.await? {
        Some(kind) => kind.map_err(refused),
        None => Err(Error::invalid_field("file", "unreadable", TOO_LONG)),
    }
}

/// Reads files on threads of their own: only so many at once, and each for so long.
#[derive(Debug)]
pub struct Parsers {
    /// Megabytes.
    permits: Arc<Semaphore>,
    threads: Workers,
    patience: Duration,
}

impl Default for Parsers {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(MEMORY as usize)),
            threads: Workers::new("parser", (MEMORY / LEAST) as usize),
            patience: PATIENCE,
        }
    }
}

impl Parsers {
    /// What `work` makes of a file; `None` if it takes too long.
    ///
    /// # Errors
    /// `Internal` if the thread ends before its time.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        file: File,
        work: impl FnOnce(BufReader<File>) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        let length = file.metadata().map_err(Error::storage)?.len();
        let share = u32::try_from(length >> 20).unwrap_or(MEMORY).clamp(LEAST, MEMORY);
        // Held until the thread is done, which may be later than this request's patience.
        let permit = Arc::clone(&self.permits)
            .acquire_many_owned(share)
            .await
            .map_err(Error::internal)?;
        let thread = self.threads.run(move || {
            let result = work(BufReader::new(file));
            drop(permit);
            result
        });
        match tokio::time::timeout(self.patience, thread).await {
            Ok(done) => done.map(Some).map_err(Error::internal),
            Err(_) => Ok(None),
        }
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_takes_too_long_is_given_up_and_holds_its_place_until_it_ends() {
        let parsers = Parsers {
            permits: Arc::new(Semaphore::new(LEAST as usize)),
            threads: Workers::new("parser", 1),
            patience: Duration::from_millis(20),
        };
        let file = || tempfile::tempfile().unwrap();
        let (end, ended) = mpsc::channel::<()>();

        let slow = parsers.read(file(), move |_| ended.recv()).await.unwrap();

        assert!(slow.is_none());
        assert_eq!(parsers.permits.available_permits(), 0);
        end.send(()).unwrap();
        assert_eq!(parsers.read(file(), |_| 5).await.unwrap(), Some(5));
    }
}
