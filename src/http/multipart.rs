//! Forms with files: text fields gathered, files streamed to storage and hashed on the way, within limits.

use std::borrow::Cow;

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, RawForm, Request, multipart::Field},
    http::header,
};
use http_body_util::LengthLimitError;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use crate::{
    app::AppState,
    error::{Error, Fault, Result},
    http::{
        body_limit,
        paced::{Allowance, Paced},
    },
    types::Fields,
    unit_of_work::Fingerprint,
    uploads::storage::Received,
};

/// The longest text field of a form, in bytes.
const TEXT_LIMIT: usize = 64 * 1024;
/// All text fields of a form together, in bytes.
const MULTIPART_TEXT: usize = 1024 * 1024;
/// What may come before a part's content: the end of the part before it, and its head.
const HEAD_LIMIT: u64 = 16 * 1024;
/// The most parts of a form.
const PART_LIMIT: usize = 200;

/// One file of a form.
#[derive(Debug)]
pub struct FormFile {
    /// The field's name.
    pub field: String,
    /// The name that the client gave the file; not to be trusted.
    pub filename: String,
    /// The bytes.
    pub received: Received,
}

/// A file of a form that is larger than it may be; its bytes were let go by.
#[derive(Debug)]
pub struct LeftOut {
    /// The field's name.
    pub field: String,
    /// The name that the client gave the file; not to be trusted.
    pub filename: String,
    /// How many files of the form came before it.
    pub position: usize,
}

/// A form that has arrived as a whole.
#[derive(Debug)]
pub struct Form {
    texts: Vec<(String, String)>,
    /// The files in the order of the form.
    pub files: Vec<FormFile>,
    /// Files that were too large; there are some only where [`FormLimits::leaves_out`] says so.
    pub left_out: Vec<LeftOut>,
}

impl Form {
    /// Its text fields followed by those of the query, so that the form wins.
    pub fn fields(&self, query: Option<&str>) -> Fields<'static> {
        let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned();
        Fields::from_text(self.texts.iter().cloned().chain(query))
    }
}

/// How a form's files are bounded.
#[derive(Debug, Clone, Copy)]
pub struct FormLimits {
    /// The largest file in bytes.
    pub file: u64,
    /// The most files.
    pub files: usize,
    /// The longest form, in bytes of its body.
    pub whole: u64,
    /// Whether a file that is too large is left out, and the others are received all the same.
    pub leaves_out: bool,
}

impl FormLimits {
    /// What is said of a form that is too long: of one file, its own limit is what the client has to know.
    fn refusal(self) -> Error {
        if self.files == 1 {
            too_large(self.file)
        } else {
            body_limit::too_large(self.whole)
        }
    }
}

/// Receives a whole form. A request that fails leaves no file behind.
///
/// # Errors
/// `UnsupportedMediaType` if the body is no form, `TooLarge` over a limit, `Invalid` for too many files, `BadRequest` if it is
/// cut off or malformed.
pub async fn receive(request: Request, state: &AppState, limits: FormLimits) -> Result<Form> {
    if !body_limit::is_multipart(request.headers()) {
        return without_files(request, state).await;
    }
    if body_limit::is_announced_beyond(&request, limits.whole) {
        return Err(limits.refusal());
    }
    let request = body_limit::cut_off_at(request, limits.whole);
    let fingerprint = request.extensions().get::<Fingerprint>().cloned();
    let allowance = Allowance::default();
    let request = request.map(|body| Body::new(Paced::new(body, allowance.clone())));
    let mut multipart = Multipart::from_request(request, state)
        .await
        .map_err(|_| Error::BadRequest("The form has no valid boundary".into()))?;

    let mut form = Form {
        texts: Vec::new(),
        files: Vec::new(),
        left_out: Vec::new(),
    };
    let most_parts = PART_LIMIT.max(limits.files.saturating_add(PART_LIMIT / 2));
    let mut hash = Sha256::new();
    let mut room = MULTIPART_TEXT;
    loop {
        allowance.set(HEAD_LIMIT);
        let Some(field) = multipart
            .next_field()
            .await
            .map_err(|error| broken(&error, limits))?
        else {
            break;
        };
        // The content has limits of its own.
        allowance.set(u64::MAX);
        let position = form.files.len() + form.left_out.len();
        if form.texts.len() + position >= most_parts {
            return Err(Error::invalid(vec![Fault::new(
                "body",
                "value_error",
                format!("must have at most {most_parts} parts"),
            )]));
        }
        let name = field.name().unwrap_or_default().to_owned();
        hash.update(name.as_bytes());
        hash.update([0]);
        if let Some(filename) = filename_of(&field) {
            if position >= limits.files {
                return Err(Error::invalid_field(
                    name,
                    "value_error",
                    format!("At most {} file(s) can be sent", limits.files),
                ));
            }
            match receive_file(field, state, limits).await? {
                Some(received) => {
                    hash.update(received.sha256);
                    form.files.push(FormFile {
                        field: name,
                        filename,
                        received,
                    });
                }
                None => form.left_out.push(LeftOut {
                    field: name,
                    filename,
                    position,
                }),
            }
        } else {
            let text = receive_text(field, &name, limits).await?;
            room = room.checked_sub(text.len()).ok_or_else(|| {
                Error::TooLarge(format!("The text fields are larger than {MULTIPART_TEXT} bytes").into())
            })?;
            hash.update(text.as_bytes());
            form.texts.push((name, text));
        }
        hash.update([0]);
    }
    if let Some(fingerprint) = fingerprint {
        fingerprint.set(hash.finalize().into());
    }
    Ok(form)
}

/// A request without files: without a body, or with the fields of a form in the way of a plain one. What it lacks is then named
/// as a fault of its own.
async fn without_files(request: Request, state: &AppState) -> Result<Form> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let kind = content_type.and_then(|value| value.to_str().ok()).map(|value| {
        let essence = value.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    });
    let texts = match kind.as_deref() {
        None if content_type.is_none() => Vec::new(),
        Some("application/x-www-form-urlencoded") => RawForm::from_request(request, state)
            .await
            .map(|RawForm(bytes)| form_urlencoded::parse(&bytes).into_owned().collect())
            .map_err(|_| Error::BadRequest("The form is malformed or was cut off".into()))?,
        _ => {
            return Err(Error::UnsupportedMediaType(
                "Content-Type must be multipart/form-data".into(),
            ));
        }
    };
    Ok(Form {
        texts,
        files: Vec::new(),
        left_out: Vec::new(),
    })
}

/// The name that a part gives its file: the extended one (RFC 5987), which some clients send beside or instead of the other; also
/// one in Latin-1, as old clients send it, which is no UTF-8.
fn filename_of(field: &Field<'_>) -> Option<String> {
    let disposition = field.headers().get(header::CONTENT_DISPOSITION)?.as_bytes();
    let text: String = disposition.iter().copied().map(char::from).collect();
    if let Some(name) = extended_filename(&text) {
        return Some(name);
    }
    let name = if let Some(name) = field.file_name() {
        name
    } else {
        let (_, rest) = text.split_once("filename=\"")?;
        rest.split_once('"')?.0
    };
    // What browsers write for those that would end the name or the line.
    Some(
        name.replace("%22", "\"")
            .replace("%0D", "\r")
            .replace("%0A", "\n"),
    )
}

/// The value of `filename*`, as in `filename*=UTF-8''a%20b.pdf`.
fn extended_filename(disposition: &str) -> Option<String> {
    let value = disposition.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("filename*")
            .then(|| value.trim())
    })?;
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    let bytes = percent_decode_str(encoded);
    if charset.eq_ignore_ascii_case("utf-8") {
        bytes.decode_utf8().ok().map(Cow::into_owned)
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(bytes.map(char::from).collect())
    } else {
        None
    }
}

/// The file; `None` if it is too large and is to be left out.
async fn receive_file(
    mut field: Field<'_>,
    state: &AppState,
    limits: FormLimits,
) -> Result<Option<Received>> {
    let mut incoming = state.storage.receive().await.map_err(Error::storage)?;
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error, limits))? {
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if incoming.size().saturating_add(length) <= limits.file {
            incoming.write(&chunk).await.map_err(Error::storage)?;
            continue;
        }
        if !limits.leaves_out {
            return Err(too_large(limits.file));
        }
        drop(incoming);
        // What is left of it has to pass by before the next part.
        while field
            .chunk()
            .await
            .map_err(|error| broken(&error, limits))?
            .is_some()
        {}
        return Ok(None);
    }
    incoming.finish().await.map(Some).map_err(Error::storage)
}

/// The refusal of a file, which names the limit.
pub fn too_large(limit: u64) -> Error {
    Error::TooLarge(format!("The file is larger than {limit} bytes").into())
}

async fn receive_text(mut field: Field<'_>, name: &str, limits: FormLimits) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error, limits))? {
        if bytes.len() + chunk.len() > TEXT_LIMIT {
            return Err(Error::TooLarge(
                format!("The field {name} is larger than {TEXT_LIMIT} bytes").into(),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Error::invalid_field(name, "value_error", "must be UTF-8 text"))
}

fn broken(error: &axum::extract::multipart::MultipartError, limits: FormLimits) -> Error {
    // The body's limit lies below the layers that a body passes on its way.
    let mut causes = std::iter::successors(Some(error as &dyn std::error::Error), |cause| cause.source());
    if causes.any(<dyn std::error::Error>::is::<LengthLimitError>) {
        return limits.refusal();
    }
    Error::BadRequest("The form is malformed or was cut off".into())
}
