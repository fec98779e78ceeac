//! The way of one file: staged, kept in a unit of work, published.

use std::{io, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Outcome, Reading, Refusal, Saved, Session, Target,
    save::{self, NotSaved},
};
use crate::{
    app::AppState,
    audit::{Action, Change},
    auth::Caller,
    documents::{FileKind, ParseFailure, ParsedOrder},
    error::{Error, Result},
    types::ids::{ClientId, DocumentId, UserId},
    unit_of_work::UnitOfWork,
    uploads::{
        document_files::DocumentFiles,
        documents::store::{self as documents, NewDocument},
        quota,
        session_files::SessionFile,
        storage::{self, Received},
        store::{self, NewFile, NewSession},
    },
};

/// The id of a new session, for the files of a client or of none.
///
/// # Errors
/// If the system has no random bytes to give.
pub(in crate::uploads) fn session_id(client: Option<ClientId>, now: DateTime<Utc>) -> io::Result<String> {
    let owner = client.map_or_else(|| "generic".to_owned(), |client| format!("client{client}"));
    Ok(format!(
        "sess_{owner}_{}_{}",
        now.format("%Y%m%d_%H%M%S"),
        hex::encode(storage::random::<8>()?)
    ))
}

/// Who sends a file.
#[derive(Debug, Clone)]
pub(in crate::uploads) struct Sender {
    /// The caller.
    pub(in crate::uploads) id: UserId,
    /// The name that the file's rows show.
    pub(in crate::uploads) name: String,
}

impl Sender {
    /// The caller, under the name that the request gives or under their own.
    pub(in crate::uploads) fn new(caller: &Caller, name: Option<&str>) -> Self {
        Self {
            id: caller.id,
            name: name.map_or_else(|| caller.username.chars().take(100).collect(), str::to_owned),
        }
    }
}

/// A received file with the names that its rows will know it by.
#[derive(Debug)]
pub(in crate::uploads) struct Upload {
    /// The id of the file's row.
    pub(in crate::uploads) file_id: String,
    /// The session that it is put into.
    pub(in crate::uploads) session_id: String,
    /// When it was received.
    pub(in crate::uploads) now: DateTime<Utc>,
    /// Its name, made safe.
    pub(in crate::uploads) filename: String,
    session: Session,
    sender: Sender,
    file: SessionFile,
    document: Option<DocumentFiles>,
}

/// What a file is stored for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::uploads) enum Purpose {
    /// To be kept in its session, and no more.
    FileOnly,
    /// To become a PO and a document as well.
    Order,
}

impl Purpose {
    /// A PO is made of what could be read as an order.
    pub(in crate::uploads) fn of(parsed: &Result<ParsedOrder, ParseFailure>) -> Self {
        match parsed {
            Ok(_) => Self::Order,
            Err(_) => Self::FileOnly,
        }
    }
}

impl Upload {
    /// Stores a received file; `client` stands in the id of a session that is opened for it.
    ///
    /// # Errors
    /// `Unavailable` if the storage fails.
    pub(in crate::uploads) async fn stage(
        state: &AppState,
        sender: Sender,
        session: Session,
        client: Option<ClientId>,
        purpose: Purpose,
        (filename, kind, received): (&str, FileKind, &Received),
    ) -> Result<Self> {
        let now = state.clock.now();
        let session_id = match &session {
            Session::New { .. } => session_id(client, now).map_err(Error::internal)?,
            Session::Existing { session_id, .. } => session_id.clone(),
        };
        let file = SessionFile::stage(state, received, kind, &session_id, now).await?;
        let document = match purpose {
            Purpose::FileOnly => None,
            Purpose::Order => Some(DocumentFiles::stage(state, received, kind, filename, now).await?),
        };
        Ok(Self {
            file_id: Uuid::new_v4().to_string(),
            session_id,
            now,
            filename: filename.to_owned(),
            session,
            sender,
            file,
            document,
        })
    }

    /// Writes everything that is to stay: the file's row always, PO and document if the order can be saved.
    ///
    /// # Errors
    /// `RateLimited` if the sender's quota is used up; in a session of its own also what contradicts itself in the request.
    /// Nothing is to be committed then.
    pub(in crate::uploads) async fn keep(
        &self,
        uow: &mut UnitOfWork,
        state: &AppState,
        reading: Reading<'_>,
    ) -> Result<Outcome> {
        let uploads = &state.config.uploads;
        quota::count_upload(uow, self.sender.id, self.now, uploads.uploads_per_hour).await?;
        let (parsed, target) = match reading {
            Reading::Done { parsed, target } => (parsed, target),
            Reading::Skipped => {
                self.insert_session(uow, None, uploads.session_ttl).await?;
                self.insert_file(uow, reading, None, None).await?;
                return Ok(Outcome::FileOnly);
            }
            Reading::Undecided(faults) => {
                let refusal = Refusal::Unread(faults.to_vec());
                self.insert_session(uow, None, uploads.session_ttl).await?;
                self.insert_file(uow, reading, None, Some(&refusal)).await?;
                return Ok(Outcome::Refused(refusal));
            }
        };
        if matches!(self.session, Session::New { .. }) {
            save::check_project(uow, target).await?;
        }
        let made = match (parsed, &self.document) {
            (Err(failure), _) => Err(Refusal::from(failure)),
            (Ok(_), None) => Ok(None),
            (Ok(order), Some(files)) => {
                let made = self.save(uow, target, order).await?;
                made.map(|made| Some((made, files, order.header.po_number.as_deref())))
            }
        };
        self.insert_session(uow, Some(target), uploads.session_ttl)
            .await?;
        match made {
            Err(refusal) => {
                self.insert_file(uow, reading, None, Some(&refusal)).await?;
                Ok(Outcome::Refused(refusal))
            }
            Ok(None) => {
                self.insert_file(uow, reading, None, None).await?;
                Ok(Outcome::FileOnly)
            }
            Ok(Some((made, files, number))) => {
                self.insert_file(uow, reading, Some(&made), None).await?;
                let document = self.insert_document(uow, target, &made, (files, number)).await?;
                Ok(Outcome::Saved(Saved {
                    po: made.po,
                    value: made.value,
                    project: made.project,
                    project_name: made.project_name,
                    document,
                }))
            }
        }
    }

    /// Saves the order; what a refused one has written goes again.
    async fn save(
        &self,
        uow: &mut UnitOfWork,
        target: &Target<'_>,
        order: &ParsedOrder,
    ) -> Result<Result<save::Made, Refusal>> {
        let savepoint = uow.savepoint().await?;
        let refusal = match save::save(uow, target, &self.file.file_hash, order).await {
            Ok(made) => return Ok(Ok(made)),
            Err(NotSaved::Duplicate { message, existing }) => Refusal::Duplicate { message, existing },
            Err(NotSaved::Unfit(faults)) => Refusal::Unfit(faults),
            Err(NotSaved::Failed(error)) => match (&self.session, error) {
                (Session::Existing { .. }, error @ (Error::Invalid(_) | Error::Conflict(_))) => {
                    Refusal::Contradicted(error.summary())
                }
                (_, error) => return Err(error),
            },
        };
        uow.roll_back_to(savepoint).await?;
        Ok(Err(refusal))
    }

    async fn insert_session(
        &self,
        uow: &mut UnitOfWork,
        target: Option<&Target<'_>>,
        ttl: Duration,
    ) -> Result<()> {
        let Session::New { upload_type } = self.session else {
            return Ok(());
        };
        let mut metadata = Map::new();
        metadata.insert("upload_type".to_owned(), json!(upload_type));
        if let Some(target) = target {
            metadata.insert("client_id".to_owned(), json!(target.client));
            metadata.insert("client_name".to_owned(), json!(target.client_name));
        }
        let session = NewSession {
            session_id: &self.session_id,
            created_at: self.now,
            expires_at: self.now + chrono::TimeDelta::from_std(ttl).map_err(Error::internal)?,
            metadata: &Value::Object(metadata),
            created_by: self.sender.id,
        };
        store::insert_session(uow.conn(), &session).await
    }

    async fn insert_file(
        &self,
        uow: &mut UnitOfWork,
        reading: Reading<'_>,
        made: Option<&save::Made>,
        refusal: Option<&Refusal>,
    ) -> Result<()> {
        let po = made.map(|made| made.po);
        let refusal = refusal.map(Refusal::summary);
        let order = match reading {
            Reading::Skipped | Reading::Undecided(_) => None,
            Reading::Done { parsed, .. } => parsed.as_ref().ok(),
        };
        let mut metadata = match &self.session {
            Session::New { .. } => Map::new(),
            Session::Existing { metadata, .. } => metadata.clone(),
        };
        let status = match reading {
            Reading::Skipped => "SKIPPED",
            Reading::Done { .. } | Reading::Undecided(_) if refusal.is_some() => "FAILED",
            Reading::Done { .. } | Reading::Undecided(_) => "SUCCESS",
        };
        if let Reading::Done { target, .. } = reading {
            metadata.insert("parsed".to_owned(), json!(order.is_some()));
            metadata.insert("parser_type".to_owned(), json!(target.parser_type));
            metadata.insert("client_name".to_owned(), json!(target.client_name));
            let lines = order.map_or(0, |order| order.lines.len());
            metadata.insert("line_item_count".to_owned(), json!(lines));
        }
        metadata.insert("parse_status".to_owned(), json!(status));
        metadata.insert("parse_error".to_owned(), json!(refusal));
        metadata.insert("po_id".to_owned(), json!(po));

        let sent_with = match &self.session {
            Session::New { .. } => None,
            Session::Existing { po_number, .. } => po_number.as_deref(),
        };
        let number = order
            .filter(|_| po.is_some())
            .and_then(|order| order.header.po_number.as_deref());
        let file = NewFile {
            id: &self.file_id,
            session_id: &self.session_id,
            po_number: number.or(sent_with),
            original_filename: &self.filename,
            file: &self.file,
            uploaded_at: self.now,
            uploaded_by: &self.sender.name,
            uploader: self.sender.id,
            metadata: &Value::Object(metadata),
        };
        store::insert_file(uow.conn(), &file).await?;
        self.file.name();
        let action = if refusal.is_some() {
            Action::Refused
        } else {
            Action::Stored
        };
        let mut change = Change::new(action, "upload_file", &self.file_id).after(&json!({
            "session_id": self.session_id, "file_hash": self.file.file_hash,
            "file_size": self.file.file_size, "po_id": po,
        }));
        if let Some(refusal) = refusal {
            change = change.note(refusal);
        }
        uow.record(change);
        Ok(())
    }

    async fn insert_document(
        &self,
        uow: &mut UnitOfWork,
        target: &Target<'_>,
        made: &save::Made,
        (files, po_number): (&DocumentFiles, Option<&str>),
    ) -> Result<DocumentId> {
        let document = NewDocument {
            project: made.project,
            document_type: None,
            po: Some(made.po),
            po_number,
            original_filename: &self.filename,
            files,
            description: Some(target.description),
            uploaded_by: self.sender.id,
            uploaded_by_name: &self.sender.name,
            created_at: self.now,
        };
        let document = documents::insert(uow, &document).await?;
        files.name();
        uow.record(Change::created(
            "project_document",
            document.id,
            &json!({"client_po_id": made.po, "project_id": made.project, "file_hash": self.file.file_hash}),
        ));
        Ok(document.id)
    }

    /// The error of a file that is kept names its row and its session.
    pub(in crate::uploads) fn named_in(&self, error: Error) -> Error {
        error
            .with_extra("file_id", Value::from(self.file_id.as_str()))
            .with_extra("session_id", Value::from(self.session_id.as_str()))
    }

    /// Gives the stored bytes their places, once their rows are committed.
    pub(in crate::uploads) async fn publish(self, state: &AppState, outcome: &Outcome) {
        self.file.publish(state).await;
        if let (Outcome::Saved(_), Some(document)) = (outcome, self.document) {
            document.publish(state).await;
        }
    }
}
