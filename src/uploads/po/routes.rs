//! The handlers of PO uploads, under both of their paths.

use axum::extract::{Request, State};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    intake::{self, Order},
    model::{DashboardInfo, PoDetails, ReadLine, UploadForm, UploadOptions, Uploaded},
    save::{self, NotSaved, Saved, Target},
};
use crate::{
    app::AppState,
    audit::{Action, Change},
    auth::{Caller, Editor},
    documents::{Layout, ParseFailure, ParsedOrder},
    error::{Error, Fault, Result},
    finance::clients::{self, Parser},
    http::{envelope::Mirror, multipart::FormFile, openapi::WriteErrors},
    types::ids::ClientId,
    unit_of_work::{Answer, StoredAnswer, UnitOfWork, Write},
    uploads::{
        document_files::DocumentFiles,
        documents::store::{self as documents, NewDocument},
        intake as received, quota,
        session_files::SessionFile,
        storage,
        store::{self, NewFile, NewSession},
    },
};

/// Upload a purchase-order file and make a client PO of it.
///
/// The file is stored in a session of its own, read, and saved with its lines, all or nothing. A file that is read but
/// cannot be saved (fields missing, the order exists already) is kept in its session, marked as failed; the error names
/// `file_id` and `session_id`, and for an order that exists `existing_client_po_id`.
#[utoipa::path(post, path = "/po/upload", tag = "uploads",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Mirror<Uploaded>), WriteErrors))]
pub(super) async fn upload_purchase_order(
    write: Write<Editor>,
    State(state): State<AppState>,
    request: Request,
) -> Result<StoredAnswer> {
    upload(write, &state, request).await
}

/// Upload a purchase-order file under the older path; the same as `/po/upload`.
#[utoipa::path(post, path = "/uploads/po/upload", tag = "uploads",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Mirror<Uploaded>), WriteErrors))]
pub(super) async fn upload_purchase_order_by_its_older_path(
    write: Write<Editor>,
    State(state): State<AppState>,
    request: Request,
) -> Result<StoredAnswer> {
    upload(write, &state, request).await
}

async fn upload(write: Write<Editor>, state: &AppState, request: Request) -> Result<StoredAnswer> {
    let (file, options): (_, UploadOptions) = received::receive(state, request).await?;
    let named = match options.client_id {
        Some(id) => Some(parser_of(state, id).await?),
        None => None,
    };
    let FormFile {
        filename, received, ..
    } = file;
    let layout = named.as_ref().map(|(_, parser)| parser.layout);
    let order = intake::read(state, filename, received, layout).await?;
    let (client_name, parser) = match named {
        Some(named) => named,
        None => match order.layout.and_then(Parser::of_layout) {
            Some(parser) => parser_of(state, parser.client).await?,
            None => {
                return Err(Error::invalid_field(
                    "client_id",
                    "missing",
                    "The client cannot be told from the file; name it",
                ));
            }
        },
    };
    let caller = write.caller()?.clone();
    let upload = Upload::stage(state, caller, parser, client_name, &options, order).await?;
    let mut uow = write.begin().await?;
    let kept = upload.keep(&mut uow, state, &options).await?;
    upload.finish(uow, state, kept).await
}

/// A client's name and the parser of its files.
async fn parser_of(state: &AppState, id: ClientId) -> Result<(String, Parser)> {
    let client = clients::store::find(&state.db, id)
        .await?
        .ok_or_else(|| Error::unknown_reference("client_id", "client"))?;
    let parser = Parser::of(&client)
        .ok_or_else(|| Error::invalid_field("client_id", "value_error", "No parser for this client"))?;
    Ok((client.name, parser))
}

/// A file that was received and read, with the names that its rows will know it by.
struct Upload {
    caller: Caller,
    uploaded_by: String,
    client_name: String,
    parser: Parser,
    order: Order,
    now: DateTime<Utc>,
    file_id: String,
    session_id: String,
    file: SessionFile,
    document: DocumentFiles,
}

/// What has become of the file in the open unit of work.
enum Kept {
    /// A PO.
    Saved(Saved),
    /// Nothing but the file, as was asked for.
    FileOnly,
    /// Nothing but the file, and why.
    Refused(Error),
}

impl Upload {
    async fn stage(
        state: &AppState,
        caller: Caller,
        parser: Parser,
        client_name: String,
        options: &UploadOptions,
        order: Order,
    ) -> Result<Self> {
        let now = state.clock.now();
        let random = storage::random::<8>().map_err(Error::internal)?;
        let session_id = format!(
            "sess_client{}_{}_{}",
            parser.client,
            now.format("%Y%m%d_%H%M%S"),
            hex::encode(random)
        );
        let (received, kind) = (&order.received, order.kind);
        let file = SessionFile::stage(state, received, kind, &session_id, now).await?;
        let document = DocumentFiles::stage(state, received, kind, &order.filename, now).await?;
        Ok(Self {
            uploaded_by: options
                .uploaded_by
                .as_deref()
                .map_or_else(|| caller.username.chars().take(100).collect(), str::to_owned),
            caller,
            client_name,
            now,
            file_id: Uuid::new_v4().to_string(),
            session_id,
            parser,
            order,
            file,
            document,
        })
    }

    /// Writes everything that is to stay: file and session always, PO and document if the order can be saved.
    async fn keep(&self, uow: &mut UnitOfWork, state: &AppState, options: &UploadOptions) -> Result<Kept> {
        let uploads = &state.config.uploads;
        quota::count_upload(uow, self.caller.id, self.now, uploads.uploads_per_hour).await?;
        let target = Target {
            client: self.parser.client,
            project_id: options.project_id,
            project_name: options.project_name.as_ref(),
            is_revision: options.revision,
            hash: &self.file.file_hash,
        };
        save::check_project(uow, &target).await?;
        let kept = match &self.order.parsed {
            Err(failure) => Kept::Refused(self.refusal(failure)),
            Ok(_) if !options.auto_save => Kept::FileOnly,
            Ok(order) => {
                // What a refused order has written goes, while its file stays.
                let savepoint = uow.savepoint().await?;
                match save::save(uow, &target, order).await {
                    Ok(saved) => Kept::Saved(saved),
                    Err(NotSaved::Failed(error)) => return Err(error),
                    Err(not_saved) => {
                        uow.roll_back_to(savepoint).await?;
                        Kept::Refused(self.not_saved(not_saved, order))
                    }
                }
            }
        };
        self.insert_rows(uow, &kept, uploads.session_ttl).await?;
        Ok(kept)
    }

    async fn insert_rows(&self, uow: &mut UnitOfWork, kept: &Kept, ttl: std::time::Duration) -> Result<()> {
        let saved = match kept {
            Kept::Saved(saved) => Some(saved),
            Kept::FileOnly | Kept::Refused(_) => None,
        };
        let session_metadata = json!({
            "upload_type": "po",
            "client_id": self.parser.client,
            "client_name": self.client_name,
        });
        let expires_at = self.now + chrono::TimeDelta::from_std(ttl).map_err(Error::internal)?;
        let session = NewSession {
            session_id: &self.session_id,
            created_at: self.now,
            expires_at,
            metadata: &session_metadata,
            created_by: self.caller.id,
        };
        store::insert_session(uow.conn(), &session).await?;

        let parsed = self.order.parsed.as_ref().ok();
        let po_number = parsed
            .filter(|_| saved.is_some())
            .and_then(|order| order.header.po_number.as_deref());
        let refusal = match kept {
            Kept::Refused(error) => Some(error.summary()),
            Kept::Saved(_) | Kept::FileOnly => None,
        };
        let metadata = json!({
            "parsed": parsed.is_some(),
            "parser_type": self.parser.parser_type,
            "client_name": self.client_name,
            "line_item_count": parsed.map_or(0, |order| order.lines.len()),
            "parse_status": if refusal.is_some() { "FAILED" } else { "SUCCESS" },
            "parse_error": refusal,
            "po_id": saved.map(|saved| saved.po),
        });
        let file = NewFile {
            id: &self.file_id,
            session_id: &self.session_id,
            po_number,
            original_filename: &self.order.filename,
            file: &self.file,
            uploaded_at: self.now,
            uploaded_by: &self.uploaded_by,
            uploader: self.caller.id,
            metadata: &metadata,
        };
        store::insert_file(uow.conn(), &file).await?;
        let action = if refusal.is_some() {
            Action::Refused
        } else {
            Action::Stored
        };
        let mut change = Change::new(action, "upload_file", &self.file_id).after(&json!({
            "session_id": self.session_id, "file_hash": self.file.file_hash, "file_size": self.file.file_size,
            "po_id": saved.map(|saved| saved.po),
        }));
        if let Some(refusal) = refusal {
            change = change.note(refusal);
        }
        uow.record(change);

        if let Some(saved) = saved {
            let document = NewDocument {
                project: saved.project,
                document_type: None,
                po: saved.po,
                po_number,
                original_filename: &self.order.filename,
                files: &self.document,
                description: Some(match self.parser.layout {
                    Layout::BajajOrder => "PO upload",
                    Layout::ProformaInvoice => "Proforma Invoice upload",
                }),
                uploaded_by: self.caller.id,
                uploaded_by_name: &self.uploaded_by,
                created_at: self.now,
            };
            let document = documents::insert(uow.conn(), &document).await?;
            uow.record(Change::created(
                "project_document",
                document.id,
                &json!({"client_po_id": saved.po, "project_id": saved.project, "file_hash": self.file.file_hash}),
            ));
        }
        Ok(())
    }

    /// Commits, and then gives the files their places.
    async fn finish(self, uow: UnitOfWork, state: &AppState, kept: Kept) -> Result<StoredAnswer> {
        let (answer, has_document) = match kept {
            Kept::Refused(error) => {
                uow.commit_silent().await?;
                (Err(error), false)
            }
            Kept::FileOnly => (Ok(uow.commit(self.answer(None)).await?), false),
            Kept::Saved(saved) => (Ok(uow.commit(self.answer(Some(saved))).await?), true),
        };
        self.file.publish(state).await;
        if has_document {
            self.document.publish(state).await;
        }
        answer
    }

    fn answer(&self, saved: Option<Saved>) -> Answer<Mirror<Uploaded>> {
        let nothing = ParsedOrder::default();
        let order = self.order.parsed.as_ref().unwrap_or(&nothing);
        let (po, project, project_name) = match saved {
            Some(saved) => (Some(saved.po), saved.project, saved.project_name),
            None => (None, None, None),
        };
        let answer = Answer::ok(Mirror(Uploaded {
            parsing_status: "completed",
            file_id: self.file_id.clone(),
            session_id: self.session_id.clone(),
            client_id: self.parser.client,
            client_name: self.client_name.clone(),
            parser_type: self.parser.parser_type,
            po_details: PoDetails::from(order),
            line_items: order.lines.iter().map(ReadLine::from).collect(),
            line_item_count: order.lines.len(),
            client_po_id: po,
            project_id: project,
            project_name: project_name.clone(),
            original_filename: self.order.filename.clone(),
            upload_timestamp: self.now,
            warnings: order.warnings.clone(),
            error: None,
            dashboard_info: DashboardInfo {
                project_name,
                po_number: order.header.po_number.clone(),
                client_po_id: po,
                line_items_count: order.lines.len(),
            },
        }));
        match po {
            Some(po) => answer.at(format!("/api/po/{po}")),
            None => answer,
        }
    }

    /// What the client is told of a file that could not be read as an order.
    fn refusal(&self, failure: &ParseFailure) -> Error {
        let faults = failure
            .findings
            .iter()
            .map(|finding| {
                Fault::new(
                    finding.field.clone(),
                    finding.kind.as_str(),
                    finding.message.clone(),
                )
            })
            .collect();
        self.with_evidence(Error::invalid(faults), &failure.partial)
    }

    fn not_saved(&self, reason: NotSaved, order: &ParsedOrder) -> Error {
        match reason {
            NotSaved::Duplicate { message, existing } => self
                .with_file(Error::conflict(message))
                .with_extra("existing_client_po_id", json!(existing)),
            NotSaved::Unfit(faults) => self.with_evidence(Error::invalid(faults), order),
            NotSaved::Failed(error) => error,
        }
    }

    fn with_file(&self, error: Error) -> Error {
        error
            .with_extra("file_id", Value::from(self.file_id.as_str()))
            .with_extra("session_id", Value::from(self.session_id.as_str()))
    }

    fn with_evidence(&self, error: Error, order: &ParsedOrder) -> Error {
        self.with_file(error)
            .with_extra("parse_status", json!("FAILED"))
            .with_extra("parsing_status", json!("failed"))
            .with_extra("client_id", json!(self.parser.client))
            .with_extra("parser_type", json!(self.parser.parser_type))
            .with_extra("po_details", json!(PoDetails::from(order)))
            .with_extra("warnings", json!(order.warnings))
    }
}
