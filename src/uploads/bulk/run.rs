//! The way of many files: received together, read a few at a time, saved one by one.

use axum::extract::Request;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::model::{BulkOptions, FileFailed, FileSaved, Results};
use crate::{
    app::AppState,
    auth::Editor,
    documents::{self, Layout},
    error::{Error, Result},
    finance::{clients, projects},
    http::{
        extract,
        multipart::{self, FormFile, FormLimits},
    },
    types::{
        Problem,
        ids::{ClientId, ProjectId},
    },
    unit_of_work::{Answer, Write},
    uploads::{
        ingest::{Outcome, Purpose, Reading, Sender, Session, Target, Upload},
        po::intake::{self, Completeness, Demands, Order},
    },
};

/// How many files are read ahead; how many of the whole server are read at once is bounded elsewhere.
const READ_AHEAD: usize = 2;
/// How often a file is tried whose transaction stood in another's way.
const TRIES: usize = 3;
/// The longest name of a file that is answered though it is no usable one.
const SHOWN_NAME: usize = 255;

/// What a route makes of its files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// Whose orders they are unless the request says.
    pub(super) client: ClientId,
    pub(super) layout: Layout,
    pub(super) upload_type: &'static str,
    pub(super) description: &'static str,
}

/// A file at its place in the form.
enum Sent {
    Whole(FormFile),
    TooLarge(String),
}

impl Sent {
    fn shown_name(&self) -> String {
        let (Self::Whole(FormFile { filename, .. }) | Self::TooLarge(filename)) = self;
        documents::safe_filename(filename).unwrap_or_else(|| {
            let readable = filename.chars().filter(|letter| !letter.is_control());
            readable.take(SHOWN_NAME).collect()
        })
    }
}

/// Whose orders they are, and where they go.
struct Owner {
    client: ClientId,
    client_name: String,
    project_id: Option<ProjectId>,
}

/// Receives the files of a request and makes POs of them.
///
/// # Errors
/// `Invalid` without files, with too many, or for a client or project that there is not; `RateLimited` if the quota of uploads
/// was used up before the first file; `Replayed`; `Unavailable`, after
/// which the request may be repeated under its key.
pub(super) async fn run(
    write: &Write<Editor>,
    state: &AppState,
    request: Request,
    kind: Kind,
) -> Result<Results> {
    let (sent, options) = receive(state, request).await?;
    write.ensure_not_done().await?;
    let owner = owner(state, options, kind.client).await?;
    let sender = Sender::new(write.caller()?, None);
    let demands = Demands {
        layout: Some(kind.layout),
        order: Completeness::Order,
        takes_any_kind: false,
    };

    let names: Vec<String> = sent.iter().map(Sent::shown_name).collect();
    let mut read = Box::pin(
        stream::iter(sent)
            .map(|file| read(state, file, demands))
            .buffered(READ_AHEAD),
    );
    let mut results = Results::default();
    let mut is_quota_used = false;
    for (index, name) in names.into_iter().enumerate() {
        if is_quota_used {
            // As the first file that found it so.
            results
                .failed
                .extend(results.failed.last().map(|last| last.of(name)));
            continue;
        }
        let saved = match read.next().await {
            Some(Ok(order)) => {
                let part = format!("file-{index}");
                save(write, state, &order, (kind, &owner, &sender), &part).await
            }
            Some(Err(error)) => Err(error),
            None => Err(Error::internal(anyhow::anyhow!("a file of a form was not read"))),
        };
        match saved {
            Ok(saved) => results.saved.push(saved),
            // Nothing was done, and nothing can be before the next hour.
            Err(error @ Error::RateLimited(..)) if results.is_empty() => return Err(error),
            Err(error) => {
                let failed = failed(name, error)?;
                is_quota_used = failed.is_rate_limited();
                results.failed.push(failed);
            }
        }
    }
    Ok(results)
}

/// What the answer says of a file that was not saved.
///
/// # Errors
/// What concerns the whole request: the database is away, the key belongs to another request.
fn failed(name: String, error: Error) -> Result<FileFailed> {
    match &error {
        Error::Unavailable(_) | Error::NotReady { .. } | Error::Contended(_) | Error::RunningUnderKey => {
            return Err(error);
        }
        Error::Invalid(refusal)
            if refusal
                .faults
                .iter()
                .any(|fault| fault.field == "Idempotency-Key") =>
        {
            return Err(error);
        }
        Error::Internal(_) => tracing::error!(%error, "a file of many could not be saved"),
        _ => {}
    }
    Ok(FileFailed::new(name, error))
}

async fn receive(state: &AppState, request: Request) -> Result<(Vec<Sent>, BulkOptions)> {
    let query = request.uri().query().map(str::to_owned);
    let uploads = &state.config.uploads;
    let limits = FormLimits {
        file: uploads.max_file_size,
        files: usize::try_from(uploads.max_files_per_session).map_err(Error::internal)?,
        whole: uploads.max_bulk_size,
        leaves_out: true,
    };
    let form = multipart::receive(request, state, limits).await?;
    let mut fields = form.fields(query.as_deref());
    let is_ours = |field: &str| matches!(field, "files" | "files[]" | "file");
    let mut sent: Vec<Sent> = Vec::with_capacity(form.files.len());
    let mut left_out = form.left_out.into_iter().peekable();
    let mut position = 0;
    for file in form.files {
        while let Some(large) = left_out.next_if(|large| large.position == position) {
            position += 1;
            if is_ours(&large.field) {
                sent.push(Sent::TooLarge(large.filename));
            }
        }
        position += 1;
        if is_ours(&file.field) {
            sent.push(Sent::Whole(file));
        }
    }
    let last = left_out.filter(|large| is_ours(&large.field));
    sent.extend(last.map(|large| Sent::TooLarge(large.filename)));
    if sent.is_empty() {
        fields.fault("files", Problem::new("missing", "Field required"));
    }
    Ok((sent, extract::parse(fields)?))
}

/// Checks client and project once for all files.
async fn owner(state: &AppState, options: BulkOptions, usual: ClientId) -> Result<Owner> {
    let client = clients::store::find(&state.db, options.client_id.unwrap_or(usual))
        .await?
        .ok_or_else(|| Error::unknown_reference("client_id", "client"))?;
    if let Some(id) = options.project_id {
        let project = projects::store::find(&state.db, id)
            .await?
            .ok_or_else(|| Error::unknown_reference("project_id", "project"))?;
        if project.client_id.is_some_and(|owner| owner != client.id) {
            return Err(Error::invalid_field(
                "project_id",
                "value_error",
                "The project belongs to another client",
            ));
        }
    }
    Ok(Owner {
        client: client.id,
        client_name: client.name,
        project_id: options.project_id,
    })
}

async fn read(state: &AppState, file: Sent, demands: Demands) -> Result<Order> {
    match file {
        Sent::Whole(FormFile {
            filename, received, ..
        }) => intake::read(state, filename, received, demands).await,
        Sent::TooLarge(_) => Err(multipart::too_large(state.config.uploads.max_file_size)),
    }
}

/// Saves one file, and tries it again where its transaction stood in another's way.
async fn save(
    write: &Write<Editor>,
    state: &AppState,
    order: &Order,
    context: (Kind, &Owner, &Sender),
    part: &str,
) -> Result<Value> {
    let mut tries = 1;
    loop {
        match save_once(write, state, order, context, part).await {
            Err(Error::Contended(_)) if tries < TRIES => tries += 1,
            result => return result,
        }
    }
}

async fn save_once(
    write: &Write<Editor>,
    state: &AppState,
    order: &Order,
    (kind, owner, sender): (Kind, &Owner, &Sender),
    part: &str,
) -> Result<Value> {
    let upload = Upload::stage(
        state,
        sender.clone(),
        Session::New {
            upload_type: kind.upload_type,
        },
        Some(owner.client),
        Purpose::of(&order.parsed),
        (&order.filename, order.kind, &order.received),
    )
    .await?;
    let target = Target {
        client: owner.client,
        client_name: &owner.client_name,
        parser_type: kind.layout.parser_type(),
        project_id: owner.project_id,
        project_name: None,
        is_revision: false,
        description: kind.description,
    };
    let mut uow = match write.begin_part(part).await {
        Ok(uow) => uow,
        // Saved before the request was cut off.
        Err(Error::Replayed(answer)) => return serde_json::from_slice(&answer.body).map_err(Error::internal),
        Err(error) => return Err(error),
    };
    let reading = Reading::Done {
        parsed: &order.parsed,
        target: &target,
    };
    let outcome = upload.keep(&mut uow, state, reading).await?;
    let result = match (&outcome, &order.parsed) {
        (Outcome::Saved(saved), Ok(read)) => {
            let answer = uow
                .commit(Answer::ok(FileSaved {
                    client_po_id: saved.po,
                    filename: upload.filename.clone(),
                    pi_number: read.header.pi_number.clone(),
                    po_number: read.header.po_number.clone(),
                    po_value: saved.value,
                    store_id: read.store_id.clone(),
                    line_item_count: read.lines.len(),
                    document_id: saved.document,
                    warnings: read.warnings.clone(),
                }))
                .await?;
            serde_json::from_slice(&answer.body).map_err(Error::internal)
        }
        (Outcome::Refused(refusal), _) => {
            let error = upload.named_in(refusal.to_error());
            uow.commit_silent().await?;
            Err(error)
        }
        _ => Err(Error::internal(anyhow::anyhow!(
            "a file that was read became neither a PO nor a refusal"
        ))),
    };
    upload.publish(state, &outcome).await;
    result
}
