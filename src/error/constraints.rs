//! What the database's refusals mean to a client: every constraint's name with its field and a message.
//!
//! A test holds this table against the schema, so that a new constraint cannot be forgotten here.

use sqlx::error::DatabaseError;

use super::Error;

/// What a constraint stands for.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// A value that only one row may have: 409.
    Taken {
        field: &'static str,
        message: &'static str,
    },
    /// A row that must exist: 422 when it is referred to, 409 when it is to go while it is referred to.
    Reference {
        field: &'static str,
        unknown: &'static str,
        by: &'static str,
        used: &'static str,
    },
    /// A range or set of values: 422.
    Check {
        field: &'static str,
        kind: &'static str,
        message: &'static str,
    },
    /// Nothing that a client could have caused: 500.
    Ours,
}

type Constraint = (&'static str, Rule);

const fn taken(name: &'static str, field: &'static str, message: &'static str) -> Constraint {
    (name, Rule::Taken { field, message })
}

const fn reference(
    name: &'static str,
    field: &'static str,
    unknown: &'static str,
    by: &'static str,
    used: &'static str,
) -> Constraint {
    (
        name,
        Rule::Reference {
            field,
            unknown,
            by,
            used,
        },
    )
}

const fn check(
    name: &'static str,
    field: &'static str,
    kind: &'static str,
    message: &'static str,
) -> Constraint {
    (name, Rule::Check { field, kind, message })
}

const fn ours(name: &'static str) -> Constraint {
    (name, Rule::Ours)
}

/// The check of a table that its dates and figures are none that only the database knows, such as infinity.
const fn possible(name: &'static str) -> Constraint {
    check(
        name,
        "body",
        "value_error",
        "holds a date or figure that is out of range",
    )
}

/// Every constraint and unique index of the schema, by table.
const CONSTRAINTS: &[Constraint] = &[
    taken("user_email_key", "email", "Email already registered"),
    taken("user_email_lower_key", "email", "Email already registered"),
    ours("user_pkey"),
    check("user_role_known", "role", "enum", "is not an allowed value"),
    taken("user_username_key", "username", "Username already exists"),
    taken("user_username_lower_key", "username", "Username already exists"),
    ours("adoption_report_pkey"),
    ours("kept_total_pkey"),
    ours("kept_vendor_total_pkey"),
    ours("vendor_order_due_pkey"),
    ours("vendor_order_line_vendor_pkey"),
    ours("payment_link_owner_pkey"),
    ours("store_group_pkey"),
    ours("store_group_total_pkey"),
    ours("audit_entry_pkey"),
    ours("stored_file_removal_pkey"),
    ours("audit_seal_pkey"),
    ours("audit_total_pkey"),
    reference(
        "billing_po_approved_by_fkey",
        "approved_by",
        "Unknown user",
        "billing_po",
        "Still used by billing POs",
    ),
    reference(
        "billing_po_client_po_id_fkey",
        "client_po_id",
        "Unknown PO",
        "billing_po",
        "Still used by billing POs",
    ),
    ours("billing_po_legacy_id_key"),
    taken(
        "billing_po_one_revision_key",
        "revises_id",
        "This bill is already revised by another",
    ),
    ours("billing_po_pkey"),
    reference(
        "billing_po_project_id_fkey",
        "project_id",
        "Unknown project",
        "billing_po",
        "Still used by billing POs",
    ),
    reference(
        "billing_po_revises_id_fkey",
        "revises_id",
        "Unknown billing PO",
        "billing_po",
        "Still used by billing POs",
    ),
    check(
        "billing_po_status_known",
        "status",
        "enum",
        "is not an allowed value",
    ),
    reference(
        "billing_po_line_item_billing_po_id_fkey",
        "billing_po_id",
        "Unknown billing PO",
        "billing_po_line_item",
        "Still used",
    ),
    ours("billing_po_line_item_legacy_id_key"),
    ours("billing_po_line_item_pkey"),
    taken("client_name_lower_key", "name", "Client name already exists"),
    ours("client_pkey"),
    check(
        "client_payment_amount_positive",
        "amount",
        "greater_than",
        "must be greater than 0",
    ),
    reference(
        "client_payment_client_id_fkey",
        "client_id",
        "Unknown client",
        "client_payment",
        "Still used by payments",
    ),
    reference(
        "client_payment_client_po_id_fkey",
        "client_po_id",
        "Unknown PO",
        "client_payment",
        "Still used by payments",
    ),
    check(
        "client_payment_payment_mode_known",
        "payment_mode",
        "enum",
        "is not an allowed value",
    ),
    check(
        "client_payment_payment_stage_known",
        "payment_stage",
        "enum",
        "is not an allowed value",
    ),
    ours("client_payment_pkey"),
    check(
        "client_payment_status_known",
        "status",
        "enum",
        "is not an allowed value",
    ),
    check(
        "client_payment_tds_amount_not_negative",
        "tds_amount",
        "greater_than_equal",
        "must not be negative",
    ),
    check(
        "client_payment_transaction_type_known",
        "transaction_type",
        "enum",
        "is not an allowed value",
    ),
    reference(
        "client_po_client_id_fkey",
        "client_id",
        "Unknown client",
        "client_po",
        "Still used by POs",
    ),
    reference(
        "client_po_parent_po_id_fkey",
        "parent_po_id",
        "Unknown PO",
        "client_po",
        "Still used",
    ),
    ours("client_po_pkey"),
    taken("client_po_po_number_key", "po_number", "PO number already exists"),
    check(
        "client_po_po_type_known",
        "po_type",
        "enum",
        "is not an allowed value",
    ),
    check(
        "client_po_po_value_not_negative",
        "po_value",
        "greater_than_equal",
        "must not be negative",
    ),
    reference(
        "client_po_project_id_fkey",
        "project_id",
        "Unknown project",
        "client_po",
        "Still used by POs",
    ),
    reference(
        "client_po_site_id_fkey",
        "site_id",
        "Unknown site",
        "client_po",
        "Still used",
    ),
    check(
        "client_po_status_known",
        "status",
        "enum",
        "is not an allowed value",
    ),
    check(
        "client_po_value_basis_known",
        "value_basis",
        "enum",
        "is not an allowed value",
    ),
    reference(
        "client_po_vendor_id_fkey",
        "vendor_id",
        "Unknown vendor",
        "client_po",
        "Still used",
    ),
    reference(
        "client_po_line_item_client_po_id_fkey",
        "client_po_id",
        "Unknown PO",
        "client_po_line_item",
        "Still used",
    ),
    ours("client_po_line_item_pkey"),
    check(
        "client_po_line_item_quantity_not_negative",
        "quantity",
        "greater_than_equal",
        "must not be negative",
    ),
    ours("event_pkey"),
    ours("idempotency_key_pkey"),
    check(
        "idempotency_key_state_known",
        "state",
        "enum",
        "is not an allowed value",
    ),
    ours("login_failure_pkey"),
    check(
        "payment_vendor_link_link_type_known",
        "link_type",
        "enum",
        "is not an allowed value",
    ),
    check(
        "payment_vendor_link_one_payment",
        "payment_id",
        "value_error",
        "must name exactly one payment",
    ),
    reference(
        "payment_vendor_link_payment_id_fkey",
        "payment_id",
        "Unknown payment",
        "payment_vendor_link",
        "Still used by payment links",
    ),
    ours("payment_vendor_link_pkey"),
    reference(
        "payment_vendor_link_vendor_order_id_fkey",
        "vendor_order_id",
        "Unknown vendor order",
        "payment_vendor_link",
        "Still used by payment links",
    ),
    taken(
        "payment_vendor_link_vendor_order_id_payment_id_key",
        "payment_id",
        "Payment is already linked to this order",
    ),
    reference(
        "payment_vendor_link_vendor_payment_id_fkey",
        "vendor_payment_id",
        "Unknown vendor payment",
        "payment_vendor_link",
        "Still used by payment links",
    ),
    taken(
        "payment_vendor_link_vendor_payment_id_vendor_order_id_key",
        "vendor_payment_id",
        "Payment is already linked to this order",
    ),
    reference(
        "po_project_mapping_client_po_id_fkey",
        "client_po_id",
        "Unknown PO",
        "po_project_mapping",
        "Still used",
    ),
    taken(
        "po_project_mapping_client_po_id_project_id_key",
        "client_po_id",
        "PO is already in this project",
    ),
    taken(
        "po_project_mapping_one_primary_key",
        "project_id",
        "Project already has a primary PO",
    ),
    ours("po_project_mapping_pkey"),
    reference(
        "po_project_mapping_project_id_fkey",
        "project_id",
        "Unknown project",
        "po_project_mapping",
        "Still used by project mappings",
    ),
    reference(
        "project_client_id_fkey",
        "client_id",
        "Unknown client",
        "project",
        "Still used by projects",
    ),
    check(
        "project_latitude_range",
        "latitude",
        "value_error",
        "must be between -90 and 90",
    ),
    check(
        "project_longitude_range",
        "longitude",
        "value_error",
        "must be between -180 and 180",
    ),
    ours("project_pkey"),
    check(
        "project_status_known",
        "status",
        "enum",
        "is not an allowed value",
    ),
    reference(
        "project_document_client_po_id_fkey",
        "client_po_id",
        "Unknown PO",
        "project_document",
        "Still used by documents",
    ),
    ours("project_document_pkey"),
    reference(
        "project_document_project_id_fkey",
        "project_id",
        "Unknown project",
        "project_document",
        "Still used by documents",
    ),
    check(
        "project_document_project_or_po",
        "project_id",
        "value_error",
        "must belong to a project or a PO",
    ),
    reference(
        "project_document_uploaded_by_fkey",
        "uploaded_by",
        "Unknown user",
        "project_document",
        "Still used",
    ),
    check(
        "quota_counter_kind_known",
        "kind",
        "enum",
        "is not an allowed value",
    ),
    ours("quota_counter_pkey"),
    ours("quotation_pkey"),
    check(
        "quotation_status_known",
        "status",
        "enum",
        "is not an allowed value",
    ),
    ours("quotation_line_item_pkey"),
    reference(
        "quotation_line_item_quotation_id_fkey",
        "quotation_id",
        "Unknown quotation",
        "quotation_line_item",
        "Still used",
    ),
    check(
        "quotation_line_item_tax_range",
        "tax",
        "value_error",
        "must be between 0 and 100",
    ),
    ours("refresh_token_pkey"),
    ours("refresh_token_token_hash_key"),
    reference(
        "refresh_token_user_id_fkey",
        "user_id",
        "Unknown user",
        "refresh_token",
        "Still used",
    ),
    ours("revoked_token_pkey"),
    ours("site_pkey"),
    taken("site_store_id_key", "store_id", "Store id already exists"),
    ours("upload_file_pkey"),
    reference(
        "upload_file_session_id_fkey",
        "session_id",
        "Unknown upload session",
        "upload_file",
        "Still used by uploaded files",
    ),
    check(
        "upload_file_status_known",
        "status",
        "enum",
        "is not an allowed value",
    ),
    reference(
        "upload_file_uploader_id_fkey",
        "uploader_id",
        "Unknown user",
        "upload_file",
        "Still used",
    ),
    reference(
        "upload_session_created_by_fkey",
        "created_by",
        "Unknown user",
        "upload_session",
        "Still used",
    ),
    ours("upload_session_pkey"),
    taken(
        "upload_session_session_id_key",
        "session_id",
        "Session already exists",
    ),
    check(
        "upload_session_status_known",
        "status",
        "enum",
        "is not an allowed value",
    ),
    ours("upload_stats_pkey"),
    taken(
        "upload_stats_session_id_key",
        "session_id",
        "Statistics already exist",
    ),
    ours("vendor_pkey"),
    check("vendor_status_known", "status", "enum", "is not an allowed value"),
    reference(
        "vendor_order_client_po_id_fkey",
        "client_po_id",
        "Unknown PO",
        "vendor_order",
        "Still used",
    ),
    check(
        "vendor_order_payment_status_known",
        "payment_status",
        "enum",
        "is not an allowed value",
    ),
    ours("vendor_order_pkey"),
    reference(
        "vendor_order_project_id_fkey",
        "project_id",
        "Unknown project",
        "vendor_order",
        "Still used by vendor orders",
    ),
    check(
        "vendor_order_status_known",
        "status",
        "enum",
        "is not an allowed value",
    ),
    check(
        "vendor_order_value_basis_known",
        "value_basis",
        "enum",
        "is not an allowed value",
    ),
    reference(
        "vendor_order_vendor_id_fkey",
        "vendor_id",
        "Unknown vendor",
        "vendor_order",
        "Still used by vendor orders",
    ),
    check(
        "vendor_order_work_status_known",
        "work_status",
        "enum",
        "is not an allowed value",
    ),
    reference(
        "vendor_order_line_item_client_line_item_id_fkey",
        "client_line_item_id",
        "Unknown PO line item",
        "vendor_order_line_item",
        "Still used",
    ),
    check(
        "vendor_order_line_item_delivery_progress_range",
        "delivery_progress",
        "value_error",
        "must be between 0 and 100",
    ),
    ours("vendor_order_line_item_pkey"),
    check(
        "vendor_order_line_item_status_known",
        "status",
        "enum",
        "is not an allowed value",
    ),
    reference(
        "vendor_order_line_item_vendor_id_fkey",
        "vendor_id",
        "Unknown vendor",
        "vendor_order_line_item",
        "Still used by vendor order line items",
    ),
    reference(
        "vendor_order_line_item_vendor_order_id_fkey",
        "vendor_order_id",
        "Unknown vendor order",
        "vendor_order_line_item",
        "Still used",
    ),
    check(
        "vendor_payment_amount_positive",
        "amount",
        "greater_than",
        "must be greater than 0",
    ),
    check(
        "vendor_payment_payment_mode_known",
        "payment_mode",
        "enum",
        "is not an allowed value",
    ),
    ours("vendor_payment_pkey"),
    reference(
        "vendor_payment_project_id_fkey",
        "project_id",
        "Unknown project",
        "vendor_payment",
        "Still used by vendor payments",
    ),
    check(
        "vendor_payment_status_known",
        "status",
        "enum",
        "is not an allowed value",
    ),
    reference(
        "vendor_payment_vendor_id_fkey",
        "vendor_id",
        "Unknown vendor",
        "vendor_payment",
        "Still used by vendor payments",
    ),
    reference(
        "vendor_payment_vendor_order_id_fkey",
        "vendor_order_id",
        "Unknown vendor order",
        "vendor_payment",
        "Still used by vendor payments",
    ),
    possible("user_values_possible"),
    possible("client_values_possible"),
    possible("project_values_possible"),
    possible("site_values_possible"),
    possible("vendor_values_possible"),
    possible("client_po_values_possible"),
    possible("client_po_line_item_values_possible"),
    possible("po_project_mapping_values_possible"),
    possible("client_payment_values_possible"),
    possible("vendor_order_values_possible"),
    possible("vendor_order_line_item_values_possible"),
    possible("vendor_payment_values_possible"),
    possible("payment_vendor_link_values_possible"),
    possible("billing_po_values_possible"),
    possible("billing_po_line_item_values_possible"),
    possible("quotation_values_possible"),
    possible("quotation_line_item_values_possible"),
    possible("project_document_values_possible"),
    possible("upload_session_values_possible"),
    possible("upload_file_values_possible"),
    possible("upload_stats_values_possible"),
];

/// Whether the table knows a constraint; for the test that compares it with the schema.
pub fn is_known(name: &str) -> bool {
    CONSTRAINTS.iter().any(|(known, _)| *known == name)
}

/// What a violated constraint means to the client; `None` if no constraint of ours is named.
pub(super) fn explain(error: &(dyn DatabaseError + 'static)) -> Option<Error> {
    let name = error.constraint()?;
    let (_, rule) = CONSTRAINTS.iter().find(|(known, _)| *known == name)?;
    match *rule {
        Rule::Taken { field, message } => Some(Error::conflict_field(field, "value_error", message)),
        Rule::Reference { by, used, .. } if is_removal(error) => {
            Some(Error::conflict_field(by, "still_referenced", used))
        }
        Rule::Reference { field, unknown, .. } => Some(Error::invalid_field(field, "foreign_key", unknown)),
        Rule::Check { field, kind, message } => Some(Error::invalid_field(field, kind, message)),
        Rule::Ours => None,
    }
}

/// Whether a foreign key stands in the way of a row's removal, rather than missing its row.
fn is_removal(error: &(dyn DatabaseError + 'static)) -> bool {
    // PostgreSQL 18 has a code of its own for it; before, only the text tells.
    error.code().as_deref() == Some("23001") || error.message().starts_with("update or delete on table")
}
