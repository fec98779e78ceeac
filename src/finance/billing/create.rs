//! Bills that are made.

use sqlx::PgConnection;

use super::{
    Bill,
    body::NewBill,
    revision::{ensure_revisable, fitting},
    store::{ENTITY, THING, find, lock_rows},
};
use crate::{
    audit::Change,
    error::{Error, Fault, Result},
    finance::{
        projects,
        purchase_orders::billable::{self, BillablePo},
    },
    types::{
        Money,
        ids::{BillingPoId, ClientId, ClientPoId, ProjectId},
    },
    unit_of_work::UnitOfWork,
};

/// Makes a bill for a PO of a project.
///
/// # Errors
/// `NotFound` if there is no such project; `Invalid` if the PO is not one of those that count there, or the bill to be
/// revised is not one of the PO's; `Conflict` if that cannot be revised.
pub(super) async fn create(uow: &mut UnitOfWork, project: ProjectId, new: &NewBill) -> Result<Bill> {
    projects::store::hold_with_pos(uow.conn(), project).await?;
    let mut faults = Vec::new();
    let po = match hold_po(uow.conn(), project, new.client_po_id).await? {
        Ok(po) => Some(po),
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    let mut revised = None;
    if let Some(id) = new.revises_id {
        lock_rows(uow.conn(), &[id]).await?;
        let bill = find(uow.conn(), id).await?;
        match fitting(bill, Some(project), po.as_ref().map(|po| po.id)) {
            Ok(bill) => revised = Some(bill),
            Err(fault) => faults.push(fault),
        }
    }
    let Some(po) = po.filter(|_| faults.is_empty()) else {
        return Err(Error::invalid(faults));
    };
    if let Some(revised) = &revised {
        ensure_revisable(uow.conn(), revised, None).await?;
    }
    let id = insert(uow.conn(), project, &po, new).await?;
    let bill = find(uow.conn(), id).await?.ok_or(Error::NotFound(THING))?;
    uow.record(Change::created(ENTITY, id, &bill));
    Ok(bill)
}

/// Keeps the PO that is to be billed as it is: the one that is named, else the project's main one. The inner fault says why
/// it cannot be billed.
async fn hold_po(
    db: &mut PgConnection,
    project: ProjectId,
    named: Option<ClientPoId>,
) -> Result<Result<BillablePo, Fault>> {
    let id = match named {
        Some(id) => Some(id),
        None => billable::main_of_project(&mut *db, project).await?,
    };
    let Some(id) = id else {
        let text = "The project has no primary PO; name the one to be billed";
        return Ok(Err(Fault::new("client_po_id", "missing", text)));
    };
    let (kind, text) = match billable::hold(db, id).await? {
        None => ("foreign_key", "Unknown PO"),
        Some(po) if po.project_id != Some(project) => ("value_error", "The PO is not in this project"),
        Some(po) if !po.is_live => ("value_error", "The PO is cancelled"),
        Some(po) => return Ok(Ok(po)),
    };
    Ok(Err(Fault::new("client_po_id", kind, text)))
}

async fn insert(
    db: &mut PgConnection,
    project: ProjectId,
    po: &BillablePo,
    new: &NewBill,
) -> Result<BillingPoId> {
    let NewBill {
        client_po_id: _,
        po_number,
        billed_value,
        billed_gst,
        billed_total,
        billing_notes,
        status,
        revises_id,
    } = new;
    let po_number = po_number
        .as_deref()
        .or(po.po_number.as_deref())
        .map_or_else(|| format!("BILLING-{project}"), str::to_owned);
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".billing_po
               (client_id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, billing_notes,
                status, revises_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        RETURNING id AS "id: BillingPoId"
        "#,
        po.client_id as Option<ClientId>,
        po.id as ClientPoId,
        project as ProjectId,
        po_number,
        *billed_value as Money,
        *billed_gst as Money,
        *billed_total as Money,
        billing_notes.as_deref(),
        status.as_str(),
        *revises_id as Option<BillingPoId>,
    )
    .fetch_one(db)
    .await?;
    Ok(id)
}
