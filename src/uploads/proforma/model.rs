//! The upload of a proforma invoice on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    documents::ParsedOrder,
    types::{
        Fields, FromFields, Text,
        ids::{ClientId, ClientPoId, ProjectId},
    },
    uploads::ingest::{DashboardInfo, PoDetails, ReadLine},
};

/// What is said beside the file, in the form or in the query; the form wins.
#[derive(Debug, Clone)]
pub(super) struct InvoiceOptions {
    pub(super) client_id: ClientId,
    pub(super) project_id: Option<ProjectId>,
    pub(super) project_name: Option<Text<255>>,
    pub(super) uploaded_by: Option<Text<100>>,
    pub(super) revision: bool,
}

impl FromFields for InvoiceOptions {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let client_id = fields.required("client_id");
        let project_id = fields.optional("project_id");
        let project_name = fields.optional("project_name");
        let uploaded_by = fields.optional("uploaded_by");
        let revision = fields.optional("revision").unwrap_or(false);
        Some(Self {
            client_id: client_id?,
            project_id,
            project_name,
            uploaded_by,
            revision,
        })
    }
}

/// The form, for the OpenAPI document. Every field but the file may also stand in the query.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "read through `InvoiceOptions`; this only documents the form"
)]
pub(super) struct InvoiceForm {
    /// The file: xlsx or xls.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// Whose invoice it is.
    client_id: ClientId,
    /// The project that it belongs to; must exist and be the client's.
    project_id: Option<ProjectId>,
    /// Its name instead; made if there is none. Without both, the store or site on the paper names the project.
    project_name: Option<String>,
    /// Who sends it, if not the caller.
    uploaded_by: Option<String>,
    /// Whether the PO that exists already, found by PO or invoice number, takes the figures of this file.
    #[schema(default = false)]
    revision: Option<bool>,
}

/// What was read of the file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ParsedData {
    po_details: PoDetails,
    line_items: Vec<ReadLine>,
    line_item_count: usize,
    /// What a person should look at.
    warnings: Vec<String>,
}

impl From<&ParsedOrder> for ParsedData {
    fn from(order: &ParsedOrder) -> Self {
        Self {
            po_details: PoDetails::from(order),
            line_items: order.lines.iter().map(ReadLine::from).collect(),
            line_item_count: order.lines.len(),
            warnings: order.warnings.clone(),
        }
    }
}

/// An invoice that was read, and the PO that was made of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct InvoiceUploaded {
    pub(super) client_po_id: ClientPoId,
    pub(super) project_name: Option<String>,
    pub(super) project_id: Option<ProjectId>,
    pub(super) po_number: Option<String>,
    #[schema(example = "PI-7")]
    pub(super) pi_number: Option<String>,
    pub(super) parsed_data: ParsedData,
    pub(super) line_item_count: usize,
    #[schema(example = "Proforma Invoice uploaded and parsed. 2 line items created.")]
    pub(super) message: String,
    pub(super) dashboard_info: DashboardInfo,
    pub(super) file_id: String,
    pub(super) session_id: String,
}
