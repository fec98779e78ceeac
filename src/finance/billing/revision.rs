//! Which bill may take the place of which other.

use sqlx::PgConnection;

use super::{Bill, rules};
use crate::{
    error::{Fault, Result},
    types::ids::{BillingPoId, ClientPoId, ProjectId},
};

/// The bill that is to be revised, if it is one of the same project and PO; the PO is `None` where there is a fault in it
/// already.
pub(super) fn fitting(
    revised: Option<Bill>,
    project: Option<ProjectId>,
    po: Option<ClientPoId>,
) -> Result<Bill, Fault> {
    let fault = |kind: &'static str, text: &'static str| Err(Fault::new("revises_id", kind, text));
    match revised {
        None => fault("foreign_key", "Unknown billing PO"),
        Some(bill) if bill.project_id != project => {
            fault("value_error", "The bill to be revised is of another project")
        }
        Some(bill) if po.is_some() && bill.client_po_id != po => {
            fault("value_error", "The bill to be revised is of another PO")
        }
        Some(bill) => Ok(bill),
    }
}

/// Checks that a locked bill may be revised by one more bill, or by `own` still.
pub(super) async fn ensure_revisable(
    db: &mut PgConnection,
    revised: &Bill,
    own: Option<BillingPoId>,
) -> Result<()> {
    let named_by = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: BillingPoId"
          FROM "Finances".billing_po
         WHERE revises_id = $1
           AND status <> 'CANCELLED'
           AND id IS DISTINCT FROM $2
         LIMIT 1
        "#,
        revised.id as BillingPoId,
        own as Option<BillingPoId>,
    )
    .fetch_optional(db)
    .await?;
    rules::ensure_revisable(revised, named_by)
}
