//! Moving a client PO into another project with all that hangs on it.

use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    places::{self, Invoice},
    primary, store,
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    finance::kept_totals::Counted,
    types::{
        Fields, FromFields, Problem,
        ids::{ClientPoId, DocumentId, ProjectId, VendorOrderId, VendorPaymentId},
    },
    unit_of_work::UnitOfWork,
};

/// Where among the POs of its new project a PO is put.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AttachQuery {
    /// Its place, 1 to 100000; the last unless given.
    #[param(minimum = 1, maximum = 100_000)]
    sequence_order: Option<i32>,
}

impl FromFields for AttachQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let given: Option<i64> = fields.optional("sequence_order");
        if given.is_some_and(|place| place < 1) {
            fields.fault(
                "sequence_order",
                Problem::new("greater_than_equal", "must be at least 1"),
            );
        }
        if given.is_some_and(|place| place > 100_000) {
            fields.fault(
                "sequence_order",
                Problem::new("less_than_equal", "must be at most 100000"),
            );
        }
        Some(Self {
            sequence_order: given.and_then(|place| i32::try_from(place).ok()),
        })
    }
}

/// A PO in its new project.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Attached {
    #[schema(example = "PO attached to project")]
    message: &'static str,
    project_id: ProjectId,
    client_po_id: ClientPoId,
    sequence_order: i32,
    /// Where it was before.
    previous_project_id: Option<ProjectId>,
    #[serde(skip)]
    pub(super) version: i32,
}

/// The place of a PO in its new project.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct NewPlace {
    /// Its place in the order.
    pub(super) sequence_order: i32,
    /// Whether it is the project's main PO.
    pub(super) is_primary: bool,
}

/// Moves a PO into a project.
///
/// # Errors
/// `NotFound` without the PO or the project; `Stale`; `Conflict` if it is there already, or another PO of the project has its
/// proforma number.
pub(super) async fn attach(
    uow: &mut UnitOfWork,
    project: ProjectId,
    po: ClientPoId,
    query: AttachQuery,
) -> Result<Attached> {
    places::take_place(uow.conn(), po).await?;
    let place = places::place_of(uow.conn(), po).await?;
    places::take_invoice(uow.conn(), place.client_id, place.pi_number.as_deref()).await?;
    let found = places::lock_projects(uow.conn(), &place.projects_with(project)).await?;
    if !found.contains(&project) {
        return Err(Error::NotFound("Project"));
    }
    let before = store::lock(uow, po).await?;
    uow.ensure_current(before.version)?;
    place.ensure_unmoved(before.project_id)?;
    if before.project_id == Some(project) {
        return Err(Error::conflict("The PO already is in this project"));
    }
    if let Some(number) = place.pi_number.as_deref() {
        let invoice = Invoice {
            number,
            client: before.client_id,
            project: Some(project),
        };
        places::ensure_invoice_free(uow.conn(), invoice, Some(po)).await?;
    }
    let version = set_project(uow.conn(), po, project).await?;
    let new = move_to(uow, po, project, query.sequence_order).await?;
    uow.record(
        Change::new(Action::Attached, "client_po", po)
            .before(&json!({"project_id": before.project_id}))
            .after(&json!({
                "project_id": project, "sequence_order": new.sequence_order, "is_primary": new.is_primary,
            })),
    );
    Ok(Attached {
        message: "PO attached to project",
        project_id: project,
        client_po_id: po,
        sequence_order: new.sequence_order,
        previous_project_id: before.project_id,
        version,
    })
}

async fn set_project(db: &mut PgConnection, po: ClientPoId, project: ProjectId) -> Result<i32> {
    let version = sqlx::query_scalar!(
        r#"
        UPDATE "Finances".client_po
           SET project_id = $2,
               version = version + 1,
               updated_at = now()
         WHERE id = $1
        RETURNING version
        "#,
        po as ClientPoId,
        project as ProjectId,
    )
    .fetch_one(db)
    .await?;
    Ok(version)
}

/// Has everything that hangs on a PO follow it into a project: its mapping, bills, documents, vendor orders and what was paid
/// of them. The caller has locked the projects and the PO, and writes the PO's own row.
///
/// # Errors
/// What the database refuses.
pub(super) async fn move_to(
    uow: &mut UnitOfWork,
    po: ClientPoId,
    project: ProjectId,
    sequence_order: Option<i32>,
) -> Result<NewPlace> {
    let place = map(uow, po, project, sequence_order).await?;
    move_vendor_orders(uow, po, project).await?;
    move_bills(uow, po, project).await?;
    move_documents(uow, po, project).await?;
    Ok(place)
}

/// Replaces the PO's mappings by one to the project, which the caller has locked.
///
/// # Errors
/// What the database refuses.
pub(super) async fn map(
    uow: &mut UnitOfWork,
    po: ClientPoId,
    project: ProjectId,
    sequence_order: Option<i32>,
) -> Result<NewPlace> {
    let left = sqlx::query!(
        r#"
        DELETE FROM "Finances".po_project_mapping
         WHERE client_po_id = $1
        RETURNING project_id AS "project_id?: ProjectId",
                  is_primary
        "#,
        po as ClientPoId,
    )
    .fetch_all(uow.conn())
    .await?;
    let headless: Vec<ProjectId> = left
        .iter()
        .filter(|mapping| mapping.is_primary)
        .filter_map(|mapping| mapping.project_id)
        .filter(|left| *left != project)
        .collect();
    primary::promote_first(uow, &headless).await?;
    let place = sqlx::query_as!(
        NewPlace,
        r#"
        INSERT INTO "Finances".po_project_mapping (client_po_id, project_id, is_primary, sequence_order)
        SELECT $1,
               $2,
               count(*) FILTER (WHERE is_primary) = 0,
               COALESCE($3, max(sequence_order) + 1, 1)
          FROM "Finances".po_project_mapping
         WHERE project_id = $2
        RETURNING sequence_order AS "sequence_order!",
                  is_primary
        "#,
        po as ClientPoId,
        project as ProjectId,
        sequence_order,
    )
    .fetch_one(uow.conn())
    .await?;
    Ok(place)
}

fn moved(entity: &'static str, id: impl std::fmt::Display, from: Option<ProjectId>, to: ProjectId) -> Change {
    Change::new(Action::Updated, entity, id)
        .before(&json!({"project_id": from}))
        .after(&json!({"project_id": to}))
        .note("moved with its PO")
}

async fn move_vendor_orders(uow: &mut UnitOfWork, po: ClientPoId, project: ProjectId) -> Result<()> {
    let orders = sqlx::query!(
        r#"
        SELECT id AS "id: VendorOrderId",
               project_id AS "project_id: ProjectId"
          FROM "Finances".vendor_order
         WHERE client_po_id = $1
         ORDER BY id
           FOR NO KEY UPDATE
        "#,
        po as ClientPoId,
    )
    .fetch_all(uow.conn())
    .await?;
    let ids: Vec<VendorOrderId> = orders.iter().map(|order| order.id).collect();
    let payments = sqlx::query!(
        r#"
        SELECT id AS "id: VendorPaymentId",
               project_id AS "project_id: ProjectId"
          FROM "Finances".vendor_payment
         WHERE vendor_order_id = ANY ($1)
           AND project_id IS DISTINCT FROM $2
         ORDER BY id
           FOR NO KEY UPDATE
        "#,
        &ids as &[VendorOrderId],
        project as ProjectId,
    )
    .fetch_all(uow.conn())
    .await?;
    let payment_ids: Vec<VendorPaymentId> = payments.iter().map(|payment| payment.id).collect();
    let orders_counted = ids.iter().copied().map(Counted::VendorOrder);
    let counted: Vec<Counted> = payment_ids
        .iter()
        .copied()
        .map(Counted::VendorPayment)
        .chain(orders_counted)
        .collect();
    uow.follow(&counted).await?;
    sqlx::query!(
        r#"
        UPDATE "Finances".vendor_order
           SET project_id = $2,
               version = version + 1,
               updated_at = now()
         WHERE id = ANY ($1)
           AND project_id IS DISTINCT FROM $2
        "#,
        &ids as &[VendorOrderId],
        project as ProjectId,
    )
    .execute(uow.conn())
    .await?;
    sqlx::query!(
        r#"
        UPDATE "Finances".vendor_payment
           SET project_id = $2,
               version = version + 1,
               updated_at = now()
         WHERE id = ANY ($1)
        "#,
        &payment_ids as &[VendorPaymentId],
        project as ProjectId,
    )
    .execute(uow.conn())
    .await?;
    for order in orders.iter().filter(|order| order.project_id != Some(project)) {
        uow.record(moved("vendor_order", order.id, order.project_id, project));
    }
    for payment in &payments {
        uow.record(moved("vendor_payment", payment.id, payment.project_id, project));
    }
    Ok(())
}

async fn move_bills(uow: &mut UnitOfWork, po: ClientPoId, project: ProjectId) -> Result<()> {
    let bills = sqlx::query!(
        r#"
        SELECT id,
               project_id AS "project_id: ProjectId"
          FROM "Finances".billing_po
         WHERE client_po_id = $1
           AND project_id IS DISTINCT FROM $2
         ORDER BY id
           FOR NO KEY UPDATE
        "#,
        po as ClientPoId,
        project as ProjectId,
    )
    .fetch_all(uow.conn())
    .await?;
    let ids: Vec<Uuid> = bills.iter().map(|bill| bill.id).collect();
    sqlx::query!(
        r#"
        UPDATE "Finances".billing_po
           SET project_id = $2,
               version = version + 1,
               updated_at = now()
         WHERE id = ANY ($1)
        "#,
        &ids,
        project as ProjectId,
    )
    .execute(uow.conn())
    .await?;
    for bill in &bills {
        uow.record(moved("billing_po", bill.id, bill.project_id, project));
    }
    Ok(())
}

async fn move_documents(uow: &mut UnitOfWork, po: ClientPoId, project: ProjectId) -> Result<()> {
    let documents = sqlx::query!(
        r#"
        SELECT id AS "id: DocumentId",
               project_id AS "project_id: ProjectId"
          FROM "Finances".project_document
         WHERE client_po_id = $1
           AND project_id IS DISTINCT FROM $2
         ORDER BY id
           FOR NO KEY UPDATE
        "#,
        po as ClientPoId,
        project as ProjectId,
    )
    .fetch_all(uow.conn())
    .await?;
    let ids: Vec<DocumentId> = documents.iter().map(|document| document.id).collect();
    let counted: Vec<Counted> = ids.iter().copied().map(Counted::Document).collect();
    uow.follow(&counted).await?;
    sqlx::query!(
        r#"UPDATE "Finances".project_document SET project_id = $2 WHERE id = ANY ($1)"#,
        &ids as &[DocumentId],
        project as ProjectId,
    )
    .execute(uow.conn())
    .await?;
    for document in &documents {
        uow.record(moved(
            "project_document",
            document.id,
            document.project_id,
            project,
        ));
    }
    Ok(())
}
