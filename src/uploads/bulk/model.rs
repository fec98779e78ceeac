//! Many files at once on the wire.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{
    error::{Error, Fault, Refusal},
    types::{
        Fields, FromFields, Money,
        ids::{ClientId, ClientPoId, DocumentId, ProjectId},
    },
};

/// What is said beside the files, in the form or in the query; the form wins.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BulkOptions {
    /// Whose orders they are; the client of the route unless given.
    pub(super) client_id: Option<ClientId>,
    /// The project that they belong to; must exist and be the client's. Without it each goes where its paper says.
    pub(super) project_id: Option<ProjectId>,
}

impl FromFields for BulkOptions {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            client_id: fields.optional("client_id"),
            project_id: fields.optional("project_id"),
        })
    }
}

/// The form, for the OpenAPI document.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "read through `BulkOptions`; this only documents the form"
)]
pub(super) struct BulkForm {
    /// The files, one after another under this name.
    #[schema(value_type = Vec<String>, format = Binary, content_media_type = "application/octet-stream", min_items = 1)]
    files: Vec<Vec<u8>>,
    /// Whose orders they are; the client of the route unless given.
    client_id: Option<ClientId>,
    /// The project that they belong to.
    project_id: Option<ProjectId>,
}

/// A file that became a PO.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FileSaved {
    pub(super) client_po_id: ClientPoId,
    #[schema(example = "a.xlsx")]
    pub(super) filename: String,
    #[schema(example = "PI-7")]
    pub(super) pi_number: Option<String>,
    #[schema(example = "4500000001")]
    pub(super) po_number: Option<String>,
    /// What the PO is worth, tax included.
    pub(super) po_value: Money,
    pub(super) store_id: Option<String>,
    pub(super) line_item_count: usize,
    pub(super) document_id: DocumentId,
    /// What a person should look at.
    pub(super) warnings: Vec<String>,
}

/// A file that became none, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FileFailed {
    #[schema(example = "b.xlsx")]
    filename: String,
    /// Everything that is wrong, in one line.
    #[schema(example = "Missing: PO number")]
    error: String,
    /// The stable code that the file alone would have been refused with.
    #[schema(example = "VALIDATION_ERROR")]
    error_code: &'static str,
    errors: Vec<Fault>,
    /// `file_id` and `session_id` of a file that is kept, `existing_client_po_id` of an order that exists.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    extra: Map<String, Value>,
}

impl FileFailed {
    pub(super) fn new(filename: String, error: Error) -> Self {
        let summary = error.summary();
        let answer = error.into_answer();
        Self {
            filename,
            error: summary,
            error_code: answer.code,
            errors: answer.faults,
            extra: answer.extra,
        }
    }

    /// The same of another file.
    pub(super) fn of(&self, filename: String) -> Self {
        Self {
            filename,
            ..self.clone()
        }
    }

    pub(super) fn is_rate_limited(&self) -> bool {
        self.error_code == "RATE_LIMITED"
    }
}

/// What has become of all files.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct Counters {
    /// `SUCCESS`, or `PARTIAL_SUCCESS` where a file failed.
    #[schema(example = "SUCCESS")]
    status: &'static str,
    total_files: usize,
    successful: usize,
    failed: usize,
}

/// Every file in the order of the form.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// Files that became POs: a [`FileSaved`] each, as it is answered and kept.
    pub(super) saved: Vec<Value>,
    pub(super) failed: Vec<FileFailed>,
}

impl Results {
    /// Whether no file has been dealt with yet.
    pub(super) const fn is_empty(&self) -> bool {
        self.saved.is_empty() && self.failed.is_empty()
    }

    /// The counters.
    ///
    /// # Errors
    /// `Invalid` with what is wrong with each file, if none was saved.
    pub(super) fn counters(&self) -> Result<Counters, Error> {
        let (successful, failed) = (self.saved.len(), self.failed.len());
        let total_files = successful + failed;
        if successful > 0 {
            return Ok(Counters {
                status: if failed == 0 { "SUCCESS" } else { "PARTIAL_SUCCESS" },
                total_files,
                successful,
                failed,
            });
        }
        let mut extra = Map::new();
        extra.insert("total_files".to_owned(), json!(total_files));
        extra.insert("successful".to_owned(), json!(successful));
        extra.insert("failed".to_owned(), json!(failed));
        extra.insert("file_errors".to_owned(), json!(self.failed));
        let faults = self.failed.iter().enumerate().map(|(index, file)| {
            Fault::new(
                format!("files[{index}]"),
                "value_error",
                format!("{}: {}", file.filename, file.error),
            )
        });
        Err(Error::Invalid(Box::new(Refusal {
            message: "None of the files could be saved".into(),
            faults: faults.collect(),
            extra,
        })))
    }
}

/// The files of a proforma bulk.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct InvoicesUploaded {
    #[serde(flatten)]
    pub(super) counters: Counters,
    #[schema(value_type = Vec<FileSaved>)]
    pub(super) uploaded_pis: Vec<Value>,
    pub(super) errors: Vec<FileFailed>,
}

/// The files of a bulk of purchase orders.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OrdersUploaded {
    #[serde(flatten)]
    pub(super) counters: Counters,
    #[schema(value_type = Vec<FileSaved>)]
    pub(super) uploaded_pos: Vec<Value>,
    pub(super) errors: Vec<FileFailed>,
}
