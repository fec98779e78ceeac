//! Documents on the wire and in the database.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use crate::{
    documents,
    error::Result,
    http::{
        base_url::BaseUrl,
        list::{Column, Direction, Order, PageInfo, Paging},
        signed_links::Links,
    },
    types::{
        Fields, FromFields, Input, Problem, Text,
        ids::{ClientPoId, DocumentId, ProjectId, UserId},
    },
};

/// What is said beside the file, in the form or in the query; the form wins.
#[derive(Debug, Clone)]
pub(super) struct FileOptions {
    pub(super) document_type: Option<Text<50>>,
}

impl FromFields for FileOptions {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            document_type: fields.optional("document_type"),
        })
    }
}

/// The form, for the OpenAPI document.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "read through `FileOptions`; this only documents the form"
)]
pub(super) struct FileForm {
    /// The file: pdf, xlsx, xls, docx, doc, csv, txt, jpg, jpeg, png, gif or webp.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// What it is, such as `INVOICE`.
    document_type: Option<Text<50>>,
}

/// What is said beside a file that is to become a document.
#[derive(Debug, Clone)]
pub(super) struct DocumentOptions {
    pub(super) project_id: Option<ProjectId>,
    pub(super) client_po_id: Option<ClientPoId>,
    pub(super) po_number: Option<Text<100>>,
    pub(super) description: Option<Text<1000>>,
    pub(super) document_type: Option<Text<50>>,
}

impl FromFields for DocumentOptions {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        if !["project_id", "client_po_id", "po_number"]
            .iter()
            .any(|name| fields.has_text(name))
        {
            fields.fault(
                "project_id",
                Problem::new("missing", "Field required, unless a PO is given"),
            );
        }
        Some(Self {
            project_id: fields.optional("project_id"),
            client_po_id: fields.optional("client_po_id"),
            po_number: fields.optional("po_number"),
            description: fields.optional("description"),
            document_type: fields.optional("document_type"),
        })
    }
}

/// The form, for the OpenAPI document. Every field but the file may also stand in the query.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "read through `DocumentOptions`; this only documents the form"
)]
pub(super) struct DocumentForm {
    /// The file: pdf, xlsx, xls, docx, doc, csv, txt, jpg, jpeg, png, gif or webp.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// The project that it belongs to: that of its PO, if it has one.
    project_id: Option<ProjectId>,
    /// The PO that it belongs to.
    client_po_id: Option<ClientPoId>,
    /// That PO by its number, else by its proforma invoice's; `client_po_id` wins.
    po_number: Option<Text<100>>,
    description: Option<Text<1000>>,
    /// What it is, such as `INVOICE`.
    document_type: Option<Text<50>>,
}

/// What is known of a file that is stored elsewhere.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = NewDocumentRecord)]
pub(super) struct NewRecord {
    /// The PO that it belongs to; `client_po_id` is another name.
    pub(super) po_id: Option<ClientPoId>,
    /// The project that it belongs to: that of its PO, if it has one. This or a PO is required.
    pub(super) project_id: Option<ProjectId>,
    #[schema(value_type = String, min_length = 1, max_length = 50, example = "INVOICE")]
    pub(super) document_type: Text<50>,
    #[schema(value_type = Option<String>, example = "INV-1")]
    pub(super) document_number: Option<Text<100>>,
    #[schema(example = "2026-02-10")]
    pub(super) document_date: Option<NaiveDate>,
    /// Where the file is, as text: nothing is ever read from there.
    #[schema(value_type = Option<String>, example = "archive/inv-1.pdf")]
    pub(super) file_path: Option<Text<500>>,
    /// Bytes.
    #[schema(example = 102_400)]
    pub(super) file_size: Option<i64>,
    /// SHA-256 in 64 hexadecimal digits.
    pub(super) file_hash: String,
}

impl NewRecord {
    /// A name to be shown: the last part of the path, else the document's number or type.
    pub(super) fn name(&self) -> String {
        let from_path = self.file_path.as_deref().and_then(documents::safe_filename);
        from_path.unwrap_or_else(|| {
            let number = self.document_number.as_deref();
            number.unwrap_or(&self.document_type).to_owned()
        })
    }
}

impl FromFields for NewRecord {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias("po_id", "client_po_id");
        if !fields.has_text("po_id") && !fields.has_text("project_id") {
            fields.fault(
                "project_id",
                Problem::new("missing", "Field required, unless a PO is given"),
            );
        }
        let document_type = fields.required("document_type");
        let file_size: Option<i64> = fields.optional("file_size");
        if file_size.is_some_and(|size| size < 0) {
            fields.fault(
                "file_size",
                Problem::new("greater_than_equal", "must be at least 0"),
            );
        }
        let file_hash: Option<Text<64>> = fields.required("file_hash");
        let is_hash = |hash: &Text<64>| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if file_hash.as_ref().is_some_and(|hash| !is_hash(hash)) {
            fields.fault(
                "file_hash",
                Problem::new("value_error", "must be a SHA-256 in 64 hexadecimal digits"),
            );
        }
        let po_id = fields.optional("po_id");
        let project_id = fields.optional("project_id");
        let document_number = fields.optional("document_number");
        let document_date = fields.optional("document_date");
        let file_path = fields.optional("file_path");
        Some(Self {
            po_id,
            project_id,
            document_type: document_type?,
            document_number,
            document_date,
            file_path,
            file_size,
            file_hash: file_hash?.to_ascii_lowercase(),
        })
    }
}

/// A document as it is stored.
#[derive(Debug, Clone, FromRow)]
pub(in crate::uploads) struct Document {
    pub(in crate::uploads) id: DocumentId,
    pub(super) project_id: Option<ProjectId>,
    pub(super) client_po_id: Option<ClientPoId>,
    pub(super) document_name: Option<String>,
    pub(super) document_path: Option<String>,
    pub(super) original_filename: String,
    pub(super) stored_filename: Option<String>,
    pub(super) compressed_filename: Option<String>,
    pub(super) mime_type: Option<String>,
    pub(super) original_size: Option<i64>,
    pub(super) compressed_size: Option<i64>,
    pub(super) compressed_hash: Option<String>,
    pub(super) description: Option<String>,
    pub(super) uploaded_by: Option<UserId>,
    pub(super) document_type: Option<String>,
    pub(super) document_number: Option<String>,
    pub(super) document_date: Option<NaiveDate>,
    pub(super) file_hash: Option<String>,
    pub(super) po_number: Option<String>,
    pub(super) created_at: DateTime<Utc>,
}

/// A stored file of a project or PO.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProjectDocument {
    #[schema(example = 9)]
    id: DocumentId,
    /// The same.
    #[schema(example = 9)]
    document_id: DocumentId,
    project_id: Option<ProjectId>,
    client_po_id: Option<ClientPoId>,
    #[schema(example = "drawing.pdf")]
    original_filename: String,
    /// Its name in storage; null where nothing is stored.
    stored_filename: Option<String>,
    /// The name of its archive in storage; older documents have one.
    compressed_filename: Option<String>,
    #[schema(example = "application/pdf")]
    mime_type: Option<String>,
    /// Bytes.
    #[schema(example = 1000)]
    original_size: Option<i64>,
    /// Bytes of the archive.
    compressed_size: Option<i64>,
    description: Option<String>,
    /// The id of the user who sent it.
    uploaded_by: Option<UserId>,
    created_at: DateTime<Utc>,
    /// As `original_filename`, unless an older row says otherwise.
    #[schema(example = "drawing.pdf")]
    document_name: String,
    document_path: Option<String>,
    /// As `original_size`.
    #[schema(example = 1000)]
    file_size: Option<i64>,
    #[schema(example = "INVOICE")]
    document_type: Option<String>,
    document_number: Option<String>,
    document_date: Option<NaiveDate>,
    /// The SHA-256 of the file in hexadecimal digits.
    file_hash: Option<String>,
    /// The number of its PO.
    po_number: Option<String>,
    /// Opens the file without a token for a while.
    #[schema(example = "/api/documents/download/9?token=1770003600.c2lnbmF0dXJl")]
    download_url: String,
}

impl ProjectDocument {
    /// A document with its link.
    ///
    /// # Errors
    /// `Internal` if the link cannot be signed.
    pub(super) fn new(document: Document, links: &Links) -> Result<Self> {
        let link = links.document(document.id)?;
        Ok(Self::with_link(document, link))
    }

    /// The same with an absolute link.
    ///
    /// # Errors
    /// `Internal` if the link cannot be signed.
    pub(super) fn absolute(document: Document, links: &Links, base: &BaseUrl) -> Result<Self> {
        let link = base.link(&links.document(document.id)?);
        Ok(Self::with_link(document, link))
    }

    fn with_link(document: Document, download_url: String) -> Self {
        Self {
            id: document.id,
            document_id: document.id,
            project_id: document.project_id,
            client_po_id: document.client_po_id,
            document_name: document
                .document_name
                .unwrap_or_else(|| document.original_filename.clone()),
            original_filename: document.original_filename,
            stored_filename: document.stored_filename,
            compressed_filename: document.compressed_filename,
            mime_type: document.mime_type,
            original_size: document.original_size,
            compressed_size: document.compressed_size,
            description: document.description,
            uploaded_by: document.uploaded_by,
            created_at: document.created_at,
            document_path: document.document_path,
            file_size: document.original_size,
            document_type: document.document_type,
            document_number: document.document_number,
            document_date: document.document_date,
            file_hash: document.file_hash,
            po_number: document.po_number,
            download_url,
        }
    }
}

/// A file that was stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FileStored {
    #[schema(example = "File uploaded")]
    pub(super) message: &'static str,
    pub(super) file: ProjectDocument,
}

/// A document that was deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct DocumentDeleted {
    #[schema(example = "Document deleted")]
    pub(super) message: &'static str,
    #[schema(example = 9)]
    pub(super) document_id: DocumentId,
}

/// The form in which a document is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum DownloadFormat {
    /// An archive with the file as its one entry.
    Zip,
    /// The file as it was received.
    Original,
}

impl Input for DownloadFormat {
    fn read(value: &Value) -> Result<Self, Problem> {
        let word = value.as_str().map(|word| word.trim().to_ascii_lowercase());
        match word.as_deref() {
            Some("zip") => Ok(Self::Zip),
            Some("original") => Ok(Self::Original),
            _ => Err(Problem::new("enum", "must be one of: zip, original")),
        }
    }
}

/// How a document is fetched.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DownloadQuery {
    /// `original` for the file as it was received instead of an archive of it.
    #[param(value_type = Option<DownloadFormat>, inline)]
    pub(super) format: DownloadFormat,
}

impl FromFields for DownloadQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            format: fields.optional("format").unwrap_or(DownloadFormat::Zip),
        })
    }
}

/// A page of a PO's files.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FileList {
    pub(super) files: Vec<ProjectDocument>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// A page of all documents.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct AllDocuments {
    pub(super) documents: Vec<ProjectDocument>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// A page of documents, which stand in `data` too.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct DocumentList {
    #[schema(value_type = Vec<ProjectDocument>)]
    #[serde(serialize_with = "shared")]
    documents: Arc<Vec<ProjectDocument>>,
    #[serde(flatten)]
    page: PageInfo,
    data: DocumentData,
}

/// The same documents.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct DocumentData {
    #[schema(value_type = Vec<ProjectDocument>)]
    #[serde(serialize_with = "shared")]
    documents: Arc<Vec<ProjectDocument>>,
}

impl DocumentList {
    /// The page in both places.
    pub(super) fn new(documents: Vec<ProjectDocument>, page: PageInfo) -> Self {
        let documents = Arc::new(documents);
        Self {
            data: DocumentData {
                documents: Arc::clone(&documents),
            },
            documents,
            page,
        }
    }
}

fn shared<S: Serializer>(documents: &Arc<Vec<ProjectDocument>>, serializer: S) -> Result<S::Ok, S::Error> {
    documents.as_ref().serialize(serializer)
}

const ID: Column = Column {
    name: "id",
    sql: "document.id",
    kind: "bigint",
};
const CREATED_AT: Column = Column {
    name: "created_at",
    sql: "document.created_at",
    kind: "timestamptz",
};
const SORTS: [Column; 3] = [
    ID,
    Column {
        name: "original_filename",
        sql: "document.original_filename",
        kind: "text",
    },
    CREATED_AT,
];

/// Which documents of a project or PO are asked for.
#[derive(Debug, Clone)]
pub(super) struct DocumentQuery {
    pub(super) paging: Paging,
    pub(super) order: Order,
}

impl DocumentQuery {
    /// Reads a page of so many entries unless the query says, the newest first.
    fn read(fields: &mut Fields<'_>, default_limit: i64) -> Self {
        let newest_first = Order::of(&[(CREATED_AT, Direction::Down), (ID, Direction::Down)]);
        Self {
            paging: Paging::read(fields, default_limit),
            order: Order::read(fields, &SORTS, newest_first),
        }
    }
}

impl FromFields for DocumentQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self::read(fields, 1000))
    }
}

/// Which documents are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DocumentFilter {
    /// Only this project's.
    pub(super) project_id: Option<ProjectId>,
    /// Only this PO's.
    pub(super) client_po_id: Option<ClientPoId>,
    /// Only those of this type, exactly.
    #[param(value_type = Option<String>)]
    pub(super) document_type: Option<Text<50>>,
    #[param(ignore)]
    pub(super) page: DocumentQuery,
}

impl FromFields for DocumentFilter {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            project_id: fields.optional("project_id"),
            client_po_id: fields.optional("client_po_id"),
            document_type: fields.optional("document_type"),
            page: DocumentQuery::read(fields, 50),
        })
    }
}
