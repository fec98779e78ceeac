//! The upload of a PO on the wire.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    types::{
        Fields, FromFields, Text,
        ids::{ClientId, ClientPoId, ProjectId},
    },
    uploads::ingest::{DashboardInfo, PoDetails, ReadLine},
};

/// What is said beside the file, in the form or in the query; the form wins.
#[derive(Debug, Clone)]
pub(super) struct UploadOptions {
    pub(super) client_id: Option<ClientId>,
    pub(super) project_id: Option<ProjectId>,
    pub(super) project_name: Option<Text<255>>,
    pub(super) uploaded_by: Option<Text<100>>,
    pub(super) auto_save: bool,
    pub(super) revision: bool,
}

impl FromFields for UploadOptions {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            client_id: fields.optional("client_id"),
            project_id: fields.optional("project_id"),
            project_name: fields.optional("project_name"),
            uploaded_by: fields.optional("uploaded_by"),
            auto_save: fields.optional("auto_save").unwrap_or(true),
            revision: fields.optional("revision").unwrap_or(false),
        })
    }
}

/// The form, for the OpenAPI document. Every field but the file may also stand in the query.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "read through `UploadOptions`; this only documents the form"
)]
pub(super) struct UploadForm {
    /// The file: pdf, xlsx or xls, as far as the client's layout comes in it.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// Whose order it is; without it the layout of the file decides.
    client_id: Option<ClientId>,
    /// The project that it belongs to; must exist and be the client's.
    project_id: Option<ProjectId>,
    /// Its name instead; made if there is none. Without both, the store or site on the paper names the project.
    project_name: Option<String>,
    /// Who sends it, if not the caller.
    uploaded_by: Option<String>,
    /// Whether a PO is made of it; else it is only stored and read.
    #[schema(default = true)]
    auto_save: Option<bool>,
    /// Whether the PO that exists already takes the figures of this file.
    #[schema(default = false)]
    revision: Option<bool>,
}

/// A file that was read, and the PO that was made of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Uploaded {
    /// Always `completed`.
    #[schema(example = "completed")]
    pub(super) parsing_status: &'static str,
    pub(super) file_id: String,
    pub(super) session_id: String,
    pub(super) client_id: ClientId,
    #[schema(example = "Dava India")]
    pub(super) client_name: String,
    #[schema(example = "proforma_invoice")]
    pub(super) parser_type: &'static str,
    pub(super) po_details: PoDetails,
    pub(super) line_items: Vec<ReadLine>,
    pub(super) line_item_count: usize,
    /// Null when nothing was to be saved.
    pub(super) client_po_id: Option<ClientPoId>,
    pub(super) project_id: Option<ProjectId>,
    pub(super) project_name: Option<String>,
    #[schema(example = "po.xlsx")]
    pub(super) original_filename: String,
    pub(super) upload_timestamp: DateTime<Utc>,
    /// What a person should look at.
    pub(super) warnings: Vec<String>,
    /// Always null in a success.
    pub(super) error: Option<String>,
    pub(super) dashboard_info: DashboardInfo,
}
