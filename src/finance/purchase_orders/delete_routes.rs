//! The handler that deletes a client PO.

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    delete::{self, Counts},
    routes::PoPath,
};
use crate::{
    app::AppState,
    auth::Admin,
    error::Result,
    http::{
        envelope::SUCCESS,
        extract::{Path, Query},
        openapi::WriteErrors,
    },
    types::{Fields, FromFields, ids::ClientPoId},
    unit_of_work::{Answer, StoredAnswer, Write},
};

const MESSAGE: &str = "PO and associated data deleted";

/// Whether a deletion is done whatever it takes with it.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Force {
    /// Deletes received payments and bills that count too.
    #[param(value_type = Option<bool>, default = false)]
    pub(crate) force: bool,
}

impl FromFields for Force {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            force: fields.optional("force").unwrap_or(false),
        })
    }
}

/// A PO that was deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PoDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "PO and associated data deleted")]
    message: &'static str,
    success: bool,
    client_po_id: ClientPoId,
    data: PoDeletedData,
}

/// The same with what went.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct PoDeletedData {
    success: bool,
    #[schema(example = "PO and associated data deleted")]
    message: &'static str,
    client_po_id: ClientPoId,
    deleted: Counts,
}

/// Delete a client PO with its lines, payments and bills.
///
/// Vendor orders, child POs and documents of its project are kept without it. 409 names received payments, payments that
/// are linked to vendor orders, and bills that are final or approved; `force=true` deletes them too.
#[utoipa::path(delete, path = "/po/{po_id}", tag = "purchase orders", params(PoPath, Force),
    responses((status = 200, body = PoDeleted), WriteErrors))]
pub(super) async fn delete_purchase_order(
    write: Write<Admin>,
    State(state): State<AppState>,
    Path(PoPath { po_id: client_po_id }): Path<PoPath>,
    Query(Force { force }): Query<Force>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let removed = delete::delete(&mut uow, client_po_id, force).await?;
    let answer = uow
        .commit(Answer::ok(PoDeleted {
            status: SUCCESS,
            message: MESSAGE,
            success: true,
            client_po_id,
            data: PoDeletedData {
                success: true,
                message: MESSAGE,
                client_po_id,
                deleted: removed.counts,
            },
        }))
        .await?;
    removed.files.carry_out(&state).await;
    Ok(answer)
}
