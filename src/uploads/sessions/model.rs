//! Sessions and their files on the wire and in the database.

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::FromRow;
use utoipa::{PartialSchema, ToSchema};

use crate::{
    error::{Error, Result},
    http::{
        base_url::BaseUrl,
        list::{Column, Direction, Order, PageInfo, Paging},
        signed_links::{Links, SignedLink},
    },
    types::{
        Fields, FromFields, Input, Percent, Problem, Text, free_json,
        ids::{ClientId, ProjectId},
    },
};

/// What is said of a session that is not there, or not any more.
pub(super) const NO_SESSION: Error = Error::Missing("Session not found or expired");
/// The most hours that a session may take files for.
const MOST_HOURS: i64 = 720;
/// The most bytes of a session's metadata, as JSON.
const METADATA_LIMIT: usize = 16 * 1024;

/// A session's id as a path names it; `None` if it cannot be one, so that there is no such session.
#[derive(Debug, Clone)]
pub(super) struct SessionId(Option<String>);

impl SessionId {
    /// The id.
    ///
    /// # Errors
    /// `Missing` if it can be no session's.
    pub(super) fn known(&self) -> Result<&str> {
        self.0.as_deref().ok_or(NO_SESSION)
    }

    pub(super) fn of(text: &str) -> Self {
        let is_id = text.strip_prefix("sess_").is_some_and(|rest| {
            (1..=200).contains(&rest.len())
                && rest
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        Self(is_id.then(|| text.to_owned()))
    }
}

impl Input for SessionId {
    fn read(value: &Value) -> Result<Self, Problem> {
        Ok(Self::of(value.as_str().unwrap_or_default()))
    }
}

impl PartialSchema for SessionId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl ToSchema for SessionId {}

/// A file's id as a path names it; `None` if it cannot be one.
#[derive(Debug, Clone)]
pub(super) struct FileId(Option<String>);

impl FileId {
    /// The id.
    ///
    /// # Errors
    /// `NotFound` if it can be no file's.
    pub(super) fn known(&self) -> Result<&str> {
        self.0.as_deref().ok_or(Error::NotFound("File"))
    }
}

impl Input for FileId {
    fn read(value: &Value) -> Result<Self, Problem> {
        let text = value.as_str().unwrap_or_default();
        let is_id = (1..=36).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        Ok(Self(is_id.then(|| text.to_owned())))
    }
}

impl PartialSchema for FileId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl ToSchema for FileId {}

/// What a new session is for.
#[derive(Debug, Clone, ToSchema)]
pub(super) struct NewUploadSession {
    /// Anything that is to be remembered with it; `project_id`, `project_name` or `project` say where POs of its files go.
    #[schema(value_type = Option<Object>, example = json!({"project": "Store 104"}))]
    pub(super) metadata: Map<String, Value>,
    /// How many hours it takes files.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 720, default = 24)]
    pub(super) ttl_hours: Option<i64>,
    /// Whose files it takes; those of a client with a parser are read as they come.
    pub(super) client_id: Option<ClientId>,
    /// The project of its metadata, which must exist.
    #[schema(ignore)]
    pub(super) project_id: Option<ProjectId>,
}

impl FromFields for NewUploadSession {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let mut metadata = match fields.raw("metadata") {
            None => Map::new(),
            Some(Value::Object(metadata)) => metadata.clone(),
            Some(_) => {
                fields.fault("metadata", Problem::new("value_error", "must be an object"));
                Map::new()
            }
        };
        let client_id = fields.optional("client_id").or_else(|| {
            // As older clients send it.
            read_from(&metadata, "client_id", fields)
        });
        let project_id = read_from(&metadata, "project_id", fields);
        // A name that could not be used would let orders go elsewhere unseen.
        for name in ["project_name", "project"] {
            read_from::<Text<255>>(&metadata, name, fields);
        }
        for name in ["po_number", "created_by", "description"] {
            if let Some(text) = fields.optional::<Text<1000>>(name) {
                metadata.insert(name.to_owned(), Value::String(text.into_string()));
            }
        }
        let ttl_hours = fields.optional::<i64>("ttl_hours");
        if ttl_hours.is_some_and(|hours| !(1..=MOST_HOURS).contains(&hours)) {
            let text = format!("must be from 1 to {MOST_HOURS}");
            fields.fault("ttl_hours", Problem::new("value_error", text));
        }
        let text = serde_json::to_string(&metadata).unwrap_or_default();
        if text.len() > METADATA_LIMIT {
            let text = format!("must have at most {METADATA_LIMIT} bytes");
            fields.fault("metadata", Problem::new("value_error", text));
        }
        if let Err(problem) = free_json::ensure_storable_fields(&metadata) {
            fields.fault("metadata", problem);
        }
        Some(Self {
            metadata,
            ttl_hours,
            client_id,
            project_id,
        })
    }
}

/// A value of the metadata that means something here.
fn read_from<T: Input>(metadata: &Map<String, Value>, name: &str, fields: &mut Fields<'_>) -> Option<T> {
    let value = metadata.get(name).filter(|value| !value.is_null())?;
    if value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return None;
    }
    T::read(value)
        .map_err(|problem| fields.fault(&format!("metadata.{name}"), problem))
        .ok()
}

/// A session with what is in it.
#[derive(Debug, Clone, FromRow)]
pub(super) struct SessionRow {
    pub(super) session_id: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) metadata: Value,
    pub(super) last_activity: Option<DateTime<Utc>>,
    /// Active files.
    pub(super) file_count: i64,
    /// Their bytes.
    pub(super) total_size: i64,
    /// Their bytes as they are stored.
    pub(super) compressed_size: i64,
    pub(super) total_uploads: Option<i32>,
    pub(super) total_downloads: Option<i32>,
}

/// A session that takes files.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct UploadSession {
    /// Its status, not that of the request.
    #[schema(example = "active")]
    pub(super) status: &'static str,
    #[schema(example = "sess_client1_20260210_100000_0123456789abcdef")]
    pub(super) session_id: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    #[schema(value_type = Object, example = json!({"client_id": 1, "client_name": "Bajaj"}))]
    pub(super) metadata: Value,
    /// Active files in it.
    #[schema(example = 0)]
    pub(super) file_count: i64,
    /// Their bytes.
    #[schema(example = 0)]
    pub(super) total_size: i64,
}

impl From<SessionRow> for UploadSession {
    fn from(row: SessionRow) -> Self {
        Self {
            status: "active",
            session_id: row.session_id,
            created_at: row.created_at,
            expires_at: row.expires_at,
            metadata: row.metadata,
            file_count: row.file_count,
            total_size: row.total_size,
        }
    }
}

/// A session with a page of its files.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SessionWithFiles {
    #[serde(flatten)]
    pub(super) session: UploadSession,
    pub(super) files: Vec<UploadedFile>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// What a session has seen.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SessionStats {
    /// The session's status, not that of the request.
    #[schema(example = "active")]
    pub(super) status: &'static str,
    pub(super) session_id: String,
    /// Active files.
    #[schema(example = 5)]
    pub(super) total_files: i64,
    /// Their bytes.
    #[schema(example = 5_242_880)]
    pub(super) total_size_bytes: i64,
    /// Their bytes as they are stored.
    #[schema(example = 4_000_000)]
    pub(super) total_compressed_size: i64,
    /// Files that were ever sent, deleted ones too.
    #[schema(example = 6)]
    pub(super) total_uploads: i32,
    #[schema(example = 12)]
    pub(super) total_downloads: i32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) last_activity: Option<DateTime<Utc>>,
}

impl From<SessionRow> for SessionStats {
    fn from(row: SessionRow) -> Self {
        Self {
            status: "active",
            session_id: row.session_id,
            total_files: row.file_count,
            total_size_bytes: row.total_size,
            total_compressed_size: row.compressed_size,
            total_uploads: row.total_uploads.unwrap_or_default(),
            total_downloads: row.total_downloads.unwrap_or_default(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_activity: row.last_activity,
        }
    }
}

/// A session that was deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SessionDeleted {
    #[schema(example = "Session deleted successfully")]
    pub(super) message: &'static str,
    pub(super) data: DeletedFiles,
}

/// What went with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct DeletedFiles {
    pub(super) session_id: String,
    /// Files that went with it; those of POs stay.
    #[schema(example = 3)]
    pub(super) deleted_files: usize,
}

/// A file of a session as it is stored.
#[derive(Debug, Clone, FromRow)]
pub(super) struct FileRow {
    pub(super) id: String,
    pub(super) session_id: String,
    pub(super) po_number: Option<String>,
    pub(super) original_filename: String,
    pub(super) storage_filename: String,
    pub(super) file_size: i64,
    pub(super) compressed_size: Option<i64>,
    pub(super) is_compressed: bool,
    pub(super) mime_type: Option<String>,
    pub(super) original_mime_type: Option<String>,
    pub(super) file_hash: Option<String>,
    pub(super) compressed_hash: Option<String>,
    pub(super) upload_timestamp: DateTime<Utc>,
    pub(super) uploaded_by: Option<String>,
    pub(super) metadata: Value,
    pub(super) status: String,
    /// When its session ends; `None` if it has ended, and the file is there for its PO.
    pub(super) session_ends: Option<DateTime<Utc>>,
}

/// A file of a session, but for its status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FileFields {
    #[schema(example = "0f7a4f58-54b1-4d4c-9c0a-2f1f0e9a6f11")]
    id: String,
    /// The same.
    file_id: String,
    session_id: String,
    #[schema(example = "po.xlsx")]
    original_filename: String,
    storage_filename: String,
    /// Bytes.
    #[schema(example = 17_116)]
    file_size: i64,
    /// Bytes as they are stored.
    #[schema(example = 14_303)]
    compressed_size: i64,
    is_compressed: bool,
    /// What the stored bytes are.
    #[schema(example = "application/gzip")]
    mime_type: Option<String>,
    /// What the file is.
    #[schema(example = "application/pdf")]
    original_mime_type: Option<String>,
    /// The SHA-256 of the file in hexadecimal digits.
    file_hash: Option<String>,
    /// The SHA-256 of the stored bytes.
    compressed_hash: Option<String>,
    upload_timestamp: DateTime<Utc>,
    uploaded_by: Option<String>,
    po_number: Option<String>,
    /// `SUCCESS`, `FAILED`, `SKIPPED` or `PENDING`; null in older rows.
    #[schema(example = "SUCCESS")]
    parse_status: Value,
    /// What was missing, in one line.
    parse_error: Value,
    /// The PO that was made of it.
    po_id: Value,
    #[schema(value_type = Object)]
    metadata: Value,
    /// Opens the file without a token for a while.
    #[schema(
        example = "https://erp.example.com/api/uploads/session/sess_1/files/0f7a4f58/download?token=1770003600.c2ln"
    )]
    access_url: String,
}

impl FileFields {
    /// A file with its link.
    ///
    /// # Errors
    /// `Internal` if the link cannot be signed.
    pub(super) fn new(row: FileRow, base: &BaseUrl, links: &Links) -> Result<Self> {
        let access_url = base.link(&links_of(&row, links).file(&row.session_id, &row.id)?);
        let mut metadata = row.metadata;
        let mut take = |name: &str| {
            let taken = metadata
                .as_object_mut()
                .and_then(|metadata| metadata.remove(name));
            taken.unwrap_or_default()
        };
        Ok(Self {
            file_id: row.id.clone(),
            id: row.id,
            session_id: row.session_id,
            original_filename: row.original_filename,
            storage_filename: row.storage_filename,
            file_size: row.file_size,
            compressed_size: row.compressed_size.unwrap_or(row.file_size),
            is_compressed: row.is_compressed,
            mime_type: row.mime_type,
            original_mime_type: row.original_mime_type,
            file_hash: row.file_hash,
            compressed_hash: row.compressed_hash,
            upload_timestamp: row.upload_timestamp,
            uploaded_by: row.uploaded_by,
            po_number: row.po_number,
            parse_status: take("parse_status"),
            parse_error: take("parse_error"),
            po_id: take("po_id"),
            metadata,
            access_url,
        })
    }
}

/// Links to a file end with its session, unless the file outlives it.
fn links_of(row: &FileRow, links: &Links) -> Links {
    match row.session_ends {
        Some(end) => links.until(end),
        None => links.clone(),
    }
}

/// A file of a session.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct UploadedFile {
    /// `active` or `quarantined`.
    #[schema(example = "active")]
    status: String,
    #[serde(flatten)]
    fields: FileFields,
}

impl UploadedFile {
    /// A file with its link.
    ///
    /// # Errors
    /// `Internal` if the link cannot be signed.
    pub(super) fn new(row: FileRow, base: &BaseUrl, links: &Links) -> Result<Self> {
        Ok(Self {
            status: row.status.clone(),
            fields: FileFields::new(row, base, links)?,
        })
    }
}

/// A file that was received.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FileReceived {
    /// The file's own status.
    #[schema(example = "active")]
    file_status: String,
    #[serde(flatten)]
    fields: FileFields,
    /// The older form of `access_url`.
    #[schema(
        example = "https://erp.example.com/uploads/sess_1/20260210_100000_0f7a.xlsx?token=1770003600.c2ln"
    )]
    direct_url: String,
    #[serde(skip)]
    kept_link: SignedLink,
}

impl FileReceived {
    /// A file with its links.
    ///
    /// # Errors
    /// `Internal` if a link cannot be signed.
    pub(super) fn new(row: FileRow, base: &BaseUrl, links: &Links) -> Result<Self> {
        let token = links_of(&row, links).file_token(&row.session_id, &row.id)?;
        let kept_link = links.kept_file(&row.session_id, &row.id, row.session_ends)?;
        let path = format!(
            "/uploads/{}/{}?token={token}",
            row.session_id, row.storage_filename
        );
        Ok(Self {
            file_status: row.status.clone(),
            direct_url: base.link(&path),
            kept_link,
            fields: FileFields::new(row, base, links)?,
        })
    }

    /// The link of its two, to be kept with the answer.
    pub(super) fn kept_link(&self) -> SignedLink {
        self.kept_link.clone()
    }

    /// Where the file is fetched.
    pub(super) fn location(&self) -> String {
        self.fields.access_url.clone()
    }
}

/// A file that was deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FileDeleted {
    #[schema(example = "File deleted successfully")]
    pub(super) message: &'static str,
    pub(super) file_id: String,
    pub(super) session_id: String,
    pub(super) deleted: bool,
    pub(super) success: bool,
}

/// A page of a session's files.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SessionFileList {
    pub(super) session_id: String,
    /// Active files of the whole session.
    #[schema(example = 2)]
    pub(super) file_count: i64,
    /// Their bytes.
    #[schema(example = 2048)]
    pub(super) total_size: i64,
    pub(super) files: Vec<UploadedFile>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// The files of a PO's number added up.
#[derive(Debug, Clone, Copy, FromRow)]
pub(super) struct Sums {
    pub(super) file_count: i64,
    pub(super) total_size: i64,
    pub(super) compressed_size: i64,
}

impl Sums {
    /// Percent of the bytes that storing them costs less; 0 of nothing.
    pub(super) fn ratio(self) -> Percent {
        let (whole, stored) = (
            Decimal::from(self.total_size),
            Decimal::from(self.compressed_size),
        );
        let saved = ((whole - stored) * Decimal::ONE_HUNDRED).checked_div(whole);
        Percent(
            saved
                .unwrap_or_default()
                .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero),
        )
    }
}

/// A page of the files that were sent with a PO's number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct NumberFileList {
    #[schema(example = "PO-2026-001")]
    pub(super) po_number: String,
    #[schema(example = 2)]
    pub(super) file_count: i64,
    /// Bytes.
    #[schema(example = 2_048_000)]
    pub(super) total_size: i64,
    /// Bytes as they are stored.
    #[schema(example = 512_000)]
    pub(super) compressed_size: i64,
    /// Percent saved.
    #[schema(example = 75.0)]
    pub(super) compression_ratio: Percent,
    pub(super) files: Vec<UploadedFile>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// The files that were sent with a PO's number, added up.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct NumberStats {
    #[schema(example = "PO-2026-001")]
    pub(super) po_number: String,
    #[schema(example = 2)]
    pub(super) file_count: i64,
    /// The same.
    #[schema(example = 2)]
    pub(super) total_files: i64,
    #[schema(example = 2_048_000)]
    pub(super) total_size_bytes: i64,
    #[schema(example = 512_000)]
    pub(super) total_compressed_size: i64,
    #[schema(example = 1_536_000)]
    pub(super) space_saved_bytes: i64,
    /// Percent saved.
    #[schema(example = 75.0)]
    pub(super) compression_ratio: Percent,
}

const ID: Column = Column {
    name: "id",
    sql: "file.id",
    kind: "text",
};
const UPLOADED: Column = Column {
    name: "upload_timestamp",
    sql: "file.upload_timestamp",
    kind: "timestamptz",
};
const SORTS: [Column; 4] = [
    ID,
    UPLOADED,
    Column {
        name: "original_filename",
        sql: "file.original_filename",
        kind: "text",
    },
    Column {
        name: "file_size",
        sql: "file.file_size",
        kind: "bigint",
    },
];

/// Which files are asked for.
#[derive(Debug, Clone)]
pub(super) struct FileQuery {
    pub(super) paging: Paging,
    pub(super) order: Order,
}

impl FromFields for FileQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let newest_first = Order::of(&[(UPLOADED, Direction::Down), (ID, Direction::Down)]);
        Some(Self {
            paging: Paging::read(fields, 50),
            order: Order::read(fields, &SORTS, newest_first),
        })
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn an_id_of_a_session_is_told_by_its_form() {
        for id in [
            "sess_client1_20260210_100000_0123456789abcdef",
            "sess_generic_20260210_100000_0a1b",
            "sess_x",
        ] {
            assert_eq!(SessionId::of(id).known().unwrap(), id);
        }
        let long = format!("sess_{}", "a".repeat(201));
        for text in [
            "", "sess_", "SESS_a", "sess_a-b", "sess_a/b", "sess_ä", "sess_a\0", &long,
        ] {
            assert!(SessionId::of(text).known().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_saved_is_told_in_percent_of_the_whole() {
        for (whole, stored, ratio) in [
            (2_048_000, 512_000, dec!(75)),
            (3, 2, dec!(33.33)),
            (3, 1, dec!(66.67)),
            (10, 10, dec!(0)),
            (0, 0, dec!(0)),
        ] {
            let sums = Sums {
                file_count: 1,
                total_size: whole,
                compressed_size: stored,
            };
            assert_eq!(sums.ratio().0, ratio, "{stored} of {whole}");
        }
    }
}
