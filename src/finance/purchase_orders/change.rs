//! Changing a client PO: what a request says of it, and its row anew.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{
    PoStatus, PurchaseOrderWithLines, ValueBasis, attach,
    create::{tax_name, tax_too_large},
    places::{self, Invoice, Place},
    store::{self, LockedPo},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    http::envelope::SUCCESS,
    types::{
        Fields, FromFields, Input, Money, Patch, Text,
        ids::{ClientPoId, ProjectId},
    },
    unit_of_work::UnitOfWork,
};

/// What changes of a PO. What is absent or null stays; empty text clears a text or date.
#[derive(Debug, Clone, ToSchema)]
pub(super) struct PoChange {
    /// The client's number, unique over all POs; not for an open verbal agreement.
    #[schema(value_type = Option<String>, example = "4500000001", max_length = 100)]
    po_number: Patch<Text<100>>,
    #[schema(value_type = Option<NaiveDate>)]
    po_date: Patch<NaiveDate>,
    /// What is stated, tax included; the PO's present value changes nothing.
    po_value: Option<Money>,
    /// The tax in it; `stated_tax` is another name.
    total_tax: Option<Money>,
    /// `lines` has the lines of an adopted PO count.
    value_basis: Option<ValueBasis>,
    /// Unique within the project, or among the client's POs without one.
    #[schema(value_type = Option<String>, max_length = 100)]
    pi_number: Patch<Text<100>>,
    #[schema(value_type = Option<NaiveDate>)]
    pi_date: Patch<NaiveDate>,
    #[schema(value_type = Option<String>, max_length = 5000)]
    notes: Patch<Text<5000>>,
    status: Option<PoStatus>,
    #[schema(value_type = Option<String>, max_length = 100)]
    store_id: Patch<Text<100>>,
    /// The PO that it adds to.
    parent_po_id: Option<ClientPoId>,
    /// Moves the PO into this project with all that hangs on it.
    project_id: Option<ProjectId>,
    /// The name under which the tax was sent.
    #[schema(ignore)]
    tax_name: &'static str,
}

impl FromFields for PoChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias_of_change("notes", "description");
        let tax_name = tax_name(fields);
        Some(Self {
            po_number: text(fields, "po_number"),
            po_date: text(fields, "po_date"),
            po_value: fields.optional("po_value"),
            total_tax: fields.optional(tax_name),
            value_basis: fields.optional("value_basis"),
            pi_number: text(fields, "pi_number"),
            pi_date: text(fields, "pi_date"),
            notes: text(fields, "notes"),
            status: fields.optional("status"),
            store_id: text(fields, "store_id"),
            parent_po_id: fields.optional("parent_po_id"),
            project_id: fields.optional("project_id"),
            tax_name,
        })
    }
}

/// A text or date that null keeps and empty text clears.
fn text<T: Input>(fields: &mut Fields<'_>, name: &str) -> Patch<T> {
    if fields.has(name) {
        fields.patch(name)
    } else {
        Patch::Keep
    }
}

/// A PO that was changed, or not.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PoUpdated {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "PO updated")]
    message: &'static str,
    po: PurchaseOrderWithLines,
    data: PurchaseOrderWithLines,
}

impl From<PurchaseOrderWithLines> for PoUpdated {
    fn from(po: PurchaseOrderWithLines) -> Self {
        Self {
            status: SUCCESS,
            message: "PO updated",
            po: po.clone(),
            data: po,
        }
    }
}

/// What a request may set in a PO's row; also its audit record.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    po_number: Option<String>,
    po_date: Option<NaiveDate>,
    stated_value: Option<Money>,
    stated_tax: Option<Money>,
    value_basis: String,
    pi_number: Option<String>,
    pi_date: Option<NaiveDate>,
    notes: Option<String>,
    status: String,
    store_id: Option<String>,
    parent_po_id: Option<ClientPoId>,
    project_id: Option<ProjectId>,
}

/// Changes a PO; whether anything changed.
///
/// # Errors
/// `NotFound` without the PO; `Stale`; `Invalid` if a reference is unknown or closes a circle, or the tax exceeds the value;
/// `Conflict` if a number is taken or the PO's state does not allow it.
pub(super) async fn update(uow: &mut UnitOfWork, po: ClientPoId, change: &PoChange) -> Result<bool> {
    if change.project_id.is_some() || !matches!(change.pi_number, Patch::Keep) {
        places::take_place(uow.conn(), po).await?;
    }
    let place = places::place_of(uow.conn(), po).await?;
    lock_around(uow.conn(), &place, change).await?;
    let locked = store::lock(uow, po).await?;
    uow.ensure_current(locked.version)?;
    let before = row(uow.conn(), po).await?;
    let after = changed(uow.conn(), po, &locked, &before, change).await?;
    if after == before {
        return Ok(false);
    }
    let is_moved = after.project_id != before.project_id;
    if is_moved || after.pi_number != before.pi_number {
        place.ensure_unmoved(before.project_id)?;
        if let Some(number) = after.pi_number.as_deref() {
            let invoice = Invoice {
                number,
                client: locked.client_id,
                project: after.project_id,
            };
            places::ensure_invoice_free(uow.conn(), invoice, Some(po)).await?;
        }
    }
    if after.parent_po_id != before.parent_po_id
        && let Some(parent) = after.parent_po_id
    {
        ensure_no_circle(uow.conn(), po, parent).await?;
    }
    write(uow.conn(), po, &after).await?;
    if is_moved && let Some(project) = after.project_id {
        attach::move_to(uow, po, project, None).await?;
    }
    record(uow, po, &before, &after);
    Ok(true)
}

/// Takes the locks that come before the PO's own.
async fn lock_around(db: &mut PgConnection, place: &Place, change: &PoChange) -> Result<()> {
    if change.parent_po_id.is_some() {
        // Two that set a parent take turns, lest they close a circle together.
        sqlx::query!(r#"SELECT pg_advisory_xact_lock(hashtextextended('po.parent', 0))"#)
            .execute(&mut *db)
            .await?;
    }
    let target = change
        .project_id
        .filter(|_| change.project_id != place.project_id);
    let number = match &change.pi_number {
        Patch::Set(number) => Some(&**number),
        Patch::Clear => None,
        Patch::Keep => place.pi_number.as_deref().filter(|_| target.is_some()),
    };
    places::take_invoice(db, place.client_id, number).await?;
    if let Some(target) = target {
        let found = places::lock_projects(db, &place.projects_with(target)).await?;
        if !found.contains(&target) {
            return Err(Error::unknown_reference("project_id", "project"));
        }
    } else if number.is_some()
        && let Some(project) = place.project_id
    {
        places::lock_projects(db, &[project]).await?;
    }
    Ok(())
}

async fn row(db: &mut PgConnection, po: ClientPoId) -> Result<Row> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT po_number,
               po_date,
               stated_value AS "stated_value: Money",
               stated_tax AS "stated_tax: Money",
               value_basis,
               pi_number,
               pi_date,
               notes,
               status,
               store_id,
               parent_po_id AS "parent_po_id: ClientPoId",
               project_id AS "project_id: ProjectId"
          FROM "Finances".client_po
         WHERE id = $1
        "#,
        po as ClientPoId,
    )
    .fetch_one(db)
    .await?;
    Ok(row)
}

/// The row as the request wants it.
async fn changed(
    db: &mut PgConnection,
    po: ClientPoId,
    locked: &LockedPo,
    before: &Row,
    change: &PoChange,
) -> Result<Row> {
    let PoChange {
        po_number,
        po_date,
        po_value,
        total_tax,
        value_basis,
        pi_number,
        pi_date,
        notes,
        status,
        store_id,
        parent_po_id,
        project_id,
        tax_name,
    } = change;
    let mut row = before.clone();
    po_number.apply_to(&mut row.po_number, ToString::to_string);
    po_date.apply_to(&mut row.po_date, |date| *date);
    pi_number.apply_to(&mut row.pi_number, ToString::to_string);
    pi_date.apply_to(&mut row.pi_date, |date| *date);
    notes.apply_to(&mut row.notes, ToString::to_string);
    store_id.apply_to(&mut row.store_id, ToString::to_string);
    row.parent_po_id = parent_po_id.or(row.parent_po_id);
    row.project_id = project_id.or(row.project_id);
    if let Some(status) = status {
        status.as_str().clone_into(&mut row.status);
    }
    ensure_number_may_change(locked, before, &row)?;
    // Dialogs send the figures back that they were shown; those are no statement of the user's.
    if let Some(value) = po_value.filter(|value| *value != locked.po_value) {
        row.stated_value = Some(value);
    }
    if let Some(tax) = total_tax.filter(|tax| *tax != locked.total_tax.unwrap_or_default()) {
        row.stated_tax = Some(tax);
    }
    let is_stated_anew = (row.stated_value, row.stated_tax) != (before.stated_value, before.stated_tax);
    if is_stated_anew && row.stated_tax.unwrap_or_default() > row.stated_value.unwrap_or_default() {
        return Err(if row.stated_tax == before.stated_tax {
            Error::invalid_field("po_value", "greater_than_equal", "must be at least the tax in it")
        } else {
            Error::invalid_field(*tax_name, tax_too_large().kind, tax_too_large().message)
        });
    }
    if let Some(basis) = value_basis.filter(|basis| basis.as_str() != before.value_basis) {
        row.value_basis = basis_after(db, po, basis).await?;
    }
    Ok(row)
}

/// The number of a verbal agreement is given by its own route, which keeps what it was agreed by.
fn ensure_number_may_change(locked: &LockedPo, before: &Row, after: &Row) -> Result<()> {
    if after.po_number == before.po_number {
        return Ok(());
    }
    if locked.is_open_agreement() || (locked.po_type == "verbal_agreement" && after.po_number.is_none()) {
        return Err(Error::conflict_field(
            "po_number",
            "value_error",
            "The number of a verbal agreement is set with add-po",
        ));
    }
    Ok(())
}

async fn basis_after(db: &mut PgConnection, po: ClientPoId, basis: ValueBasis) -> Result<String> {
    let has_lines = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM "Finances".client_po_line_item
                    WHERE client_po_id = $1
               ) AS "has_lines!"
        "#,
        po as ClientPoId,
    )
    .fetch_one(db)
    .await?;
    match basis {
        ValueBasis::Lines if has_lines => Ok(basis.as_str().to_owned()),
        ValueBasis::Lines => Err(Error::conflict_field(
            "value_basis",
            "value_error",
            "The PO has no lines that could count",
        )),
        ValueBasis::Stated => Err(Error::conflict_field(
            "value_basis",
            "value_error",
            "The lines of the PO count; remove them to have the stated value count",
        )),
    }
}

/// Makes sure that a PO does not become its own ancestor, or the child of one that does not exist.
async fn ensure_no_circle(db: &mut PgConnection, po: ClientPoId, parent: ClientPoId) -> Result<()> {
    let ancestors = sqlx::query_scalar!(
        r#"
        WITH RECURSIVE ancestor AS (
            SELECT id, parent_po_id
              FROM "Finances".client_po
             WHERE id = $1
            UNION
            SELECT parent.id, parent.parent_po_id
              FROM ancestor
              JOIN "Finances".client_po AS parent ON parent.id = ancestor.parent_po_id
        )
        SELECT id AS "id!: ClientPoId" FROM ancestor
        "#,
        parent as ClientPoId,
    )
    .fetch_all(db)
    .await?;
    if ancestors.is_empty() {
        return Err(Error::unknown_reference("parent_po_id", "PO"));
    }
    if ancestors.contains(&po) {
        return Err(Error::invalid_field(
            "parent_po_id",
            "value_error",
            "A PO cannot add to itself",
        ));
    }
    Ok(())
}

/// Writes the row and what it is worth by its basis.
async fn write(db: &mut PgConnection, po: ClientPoId, row: &Row) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE "Finances".client_po AS po
           SET po_number = $2,
               po_date = $3,
               stated_value = $4,
               stated_tax = $5,
               value_basis = $6,
               pi_number = $7,
               pi_date = $8,
               notes = $9,
               status = $10,
               store_id = $11,
               parent_po_id = $12,
               project_id = $13,
               po_value = CASE WHEN $6::varchar = 'lines' THEN line.net + line.tax ELSE COALESCE($4::numeric, 0) END,
               total_tax = CASE WHEN $6::varchar = 'lines' THEN line.tax ELSE COALESCE($5::numeric, 0) END,
               version = po.version + 1,
               updated_at = now()
          FROM (
               SELECT COALESCE(sum(total_price), 0) AS net,
                      COALESCE(sum(gst_amount), 0) AS tax
                 FROM "Finances".client_po_line_item
                WHERE client_po_id = $1
               ) AS line
         WHERE po.id = $1
        "#,
        po as ClientPoId,
        row.po_number.as_deref(),
        row.po_date,
        row.stated_value as Option<Money>,
        row.stated_tax as Option<Money>,
        row.value_basis,
        row.pi_number.as_deref(),
        row.pi_date,
        row.notes.as_deref(),
        row.status,
        row.store_id.as_deref(),
        row.parent_po_id as Option<ClientPoId>,
        row.project_id as Option<ProjectId>,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Records what changed: a change of status, a move and anything else each for itself.
fn record(uow: &mut UnitOfWork, po: ClientPoId, before: &Row, after: &Row) {
    let (old, new) = (fields_of(before), fields_of(after));
    for (action, concerns) in [
        (
            Action::Updated,
            (|name| name != "status" && name != "project_id") as fn(&str) -> bool,
        ),
        (Action::StatusChanged, |name| name == "status"),
        (Action::Attached, |name| name == "project_id"),
    ] {
        let differing = |fields: &Map<String, Value>, others: &Map<String, Value>| -> Map<String, Value> {
            fields
                .iter()
                .filter(|(name, value)| concerns(name) && others.get(*name) != Some(*value))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        let (was, is) = (differing(&old, &new), differing(&new, &old));
        if !is.is_empty() {
            uow.record(Change::new(action, "client_po", po).before(&was).after(&is));
        }
    }
}

fn fields_of(row: &Row) -> Map<String, Value> {
    match serde_json::to_value(row) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}
