//! Client POs in the database.

use chrono::NaiveDate;
use sqlx::{PgConnection, PgExecutor};

use super::{
    PoStatus,
    model::{PurchaseOrderRow, PurchaseOrderWithLines},
};
use crate::{
    error::{Error, Result},
    finance::{kept_totals::Counted, line_items},
    types::{
        Money,
        ids::{ClientId, ClientPoId, ProjectId, SiteId, VendorId},
    },
    unit_of_work::UnitOfWork,
};

/// The columns of [`PurchaseOrder`](super::PurchaseOrder), from the view of figures as `po`.
macro_rules! po_columns {
    () => {
        "
        SELECT po.id, po.client_id, po.client_name, po.project_id, po.project_name, po.store_id, po.site_id, po.vendor_id,
               po.vendor_name, po.po_number, po.po_date, po.po_value, po.net_value, po.stated_value, po.stated_tax,
               po.value_basis, po.value_difference, po.outstanding_amount, po.total_paid, po.total_tds, po.net_received,
               po.payment_status, po.payment_count, po.status, po.po_type, po.parent_po_id, po.pi_number, po.pi_date,
               po.agreement_date, po.notes, po.is_open_agreement, po.is_primary, po.sequence_order, po.subtotal, po.cgst,
               po.sgst, po.igst, po.total_tax, po.line_item_count, po.version, po.created_at, po.updated_at"
    };
}

/// Adds the lines of each PO to `po_columns`: the columns of [`LineColumns`](crate::finance::line_items::LineColumns), from
/// `line_lists`.
macro_rules! line_columns {
    () => {
        ",
               line.line_ids, line.item_names, line.quantities, line.units, line.unit_prices, line.rates,
               line.total_prices, line.hsn_codes, line.tax_rates, line.gst_amounts, line.gross_amounts,
               line.line_versions, line.line_created_ats"
    };
}

/// Joins the lines of `po` as one row of lists.
macro_rules! line_lists {
    () => {
        r#"
         CROSS JOIN LATERAL (
               -- Every list is in the order of the rows that it is made from.
               SELECT array_agg(item.id) AS line_ids,
                      array_agg(item.item_name) AS item_names,
                      array_agg(item.quantity) AS quantities,
                      array_agg(item.unit) AS units,
                      array_agg(item.unit_price) AS unit_prices,
                      array_agg(item.rate) AS rates,
                      array_agg(item.total_price) AS total_prices,
                      array_agg(item.hsn_code) AS hsn_codes,
                      array_agg(item.tax_rate) AS tax_rates,
                      array_agg(item.gst_amount) AS gst_amounts,
                      array_agg(item.gross_amount) AS gross_amounts,
                      array_agg(item.version) AS line_versions,
                      array_agg(item.created_at) AS line_created_ats
                 FROM (
                       SELECT id, item_name, quantity, unit, unit_price, rate, total_price, hsn_code, tax_rate,
                              gst_amount, gross_amount, version, created_at
                         FROM "Finances".client_po_line_item
                        WHERE client_po_id = po.id
                        ORDER BY id
                      ) AS item
               ) AS line"#
    };
}

/// POs with their lines, from the view of figures as `po`.
macro_rules! po_columns_with_lines {
    () => {
        concat!(
            po_columns!(),
            line_columns!(),
            r#"
          FROM "Finances".client_po_figures AS po"#,
            line_lists!()
        )
    };
}

pub(super) use line_columns;
pub(super) use line_lists;
pub(super) use po_columns;

/// A PO with its lines, in one query.
pub const GET_SQL: &str = concat!(po_columns_with_lines!(), " WHERE po.id = $1");

/// A PO with its lines.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn get(db: impl PgExecutor<'_>, id: ClientPoId) -> Result<PurchaseOrderWithLines> {
    // A row that is put together from two others cannot be named to the checking macro.
    let row: Option<PurchaseOrderRow> = sqlx::query_as(GET_SQL).bind(id).fetch_optional(db).await?;
    row.map(Into::into).ok_or(Error::NotFound("PO"))
}

/// Whether there is such a PO.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn exists(db: impl PgExecutor<'_>, id: ClientPoId) -> Result<bool> {
    let is_there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM "Finances".client_po WHERE id = $1) AS "is_there!""#,
        id as ClientPoId,
    )
    .fetch_one(db)
    .await?;
    Ok(is_there)
}

/// Locks a PO, so that its value can be computed from its rows without another writer in between; the kept totals follow
/// it.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn lock(uow: &mut UnitOfWork, id: ClientPoId) -> Result<LockedPo> {
    let po = sqlx::query_as!(
        LockedPo,
        r#"
        SELECT status,
               version,
               client_id AS "client_id: ClientId",
               project_id AS "project_id: ProjectId",
               po_number,
               po_type,
               po_value AS "po_value: Money",
               total_tax AS "total_tax: Money"
          FROM "Finances".client_po
         WHERE id = $1
           FOR UPDATE
        "#,
        id as ClientPoId,
    )
    .fetch_optional(uow.conn())
    .await?
    .ok_or(Error::NotFound("PO"))?;
    uow.follow(&[Counted::ClientPo(id)]).await?;
    Ok(po)
}

/// A PO that stays, and stays where it is.
#[derive(Debug, Clone)]
pub struct HeldPo {
    /// Its id.
    pub id: ClientPoId,
    /// The project that it belongs to.
    pub project_id: Option<ProjectId>,
    /// The client's number.
    pub po_number: Option<String>,
}

/// Keeps a PO from being deleted, changed or moved until the transaction ends, for a row that hangs on it without being
/// part of its value.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn hold(db: &mut PgConnection, id: ClientPoId) -> Result<HeldPo> {
    hold_all(db, &[id]).await?.pop().ok_or(Error::NotFound("PO"))
}

/// The same of several, in the order of their ids; one that is not there is left out.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn hold_all(db: &mut PgConnection, ids: &[ClientPoId]) -> Result<Vec<HeldPo>> {
    // The projects before the POs, as everywhere. One that a PO moved to in between is held by the row that is to come.
    sqlx::query!(
        r#"
        SELECT id
          FROM "Finances".project
         WHERE id IN (SELECT project_id FROM "Finances".client_po WHERE id = ANY ($1))
         ORDER BY id
           FOR KEY SHARE
        "#,
        ids as &[ClientPoId],
    )
    .fetch_all(&mut *db)
    .await?;
    let held = sqlx::query_as!(
        HeldPo,
        r#"
        SELECT id AS "id: ClientPoId",
               project_id AS "project_id: ProjectId",
               po_number
          FROM "Finances".client_po
         WHERE id = ANY ($1)
         ORDER BY id
           FOR SHARE
        "#,
        ids as &[ClientPoId],
    )
    .fetch_all(db)
    .await?;
    Ok(held)
}

/// Locks POs in the order of their ids, for a write to rows of several; the kept totals follow them. One that is not there is
/// left out.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn lock_all(uow: &mut UnitOfWork, ids: &[ClientPoId]) -> Result<()> {
    guard_all(uow.conn(), ids).await?;
    let counted: Vec<Counted> = ids.iter().copied().map(Counted::ClientPo).collect();
    uow.follow(&counted).await
}

/// Locks POs in the order of their ids for a write that changes no row and no figure of theirs, such as one that shares what
/// they are worth. One that is not there is left out.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn guard_all(db: &mut PgConnection, ids: &[ClientPoId]) -> Result<()> {
    sqlx::query!(
        r#"SELECT id FROM "Finances".client_po WHERE id = ANY ($1) ORDER BY id FOR UPDATE"#,
        ids as &[ClientPoId],
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// What is known of a PO once it is locked.
#[derive(Debug, Clone)]
pub struct LockedPo {
    /// One of [`PoStatus`], or an older word.
    pub status: String,
    /// Raised with every change.
    pub version: i32,
    /// Who ordered.
    pub client_id: Option<ClientId>,
    /// The project that it belongs to.
    pub project_id: Option<ProjectId>,
    /// The client's number.
    pub po_number: Option<String>,
    /// `verbal_agreement` or another type.
    pub po_type: String,
    /// Its value, tax included.
    pub po_value: Money,
    /// The tax in it.
    pub total_tax: Option<Money>,
}

impl LockedPo {
    /// Whether it was given up.
    pub fn is_cancelled(&self) -> bool {
        self.status == PoStatus::Cancelled.as_str()
    }

    /// Whether it is a verbal agreement that waits for its number.
    pub fn is_open_agreement(&self) -> bool {
        self.po_type == "verbal_agreement" && self.po_number.is_none()
    }
}

/// What a PO is worth after a write.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Value {
    /// Tax included.
    pub po_value: Money,
    /// The tax in it.
    pub total_tax: Money,
}

/// Computes the value of a PO anew from its lines, or from what was stated if it has none, and raises its version.
///
/// Lock the PO first: a sum that was made before the lock could miss a line.
///
/// # Errors
/// `Invalid` at the field that is to blame if the sum is too large for its column.
pub async fn revalue(db: &mut PgConnection, id: ClientPoId, to_blame: &'static str) -> Result<Value> {
    let value = sqlx::query_as!(
        Value,
        r#"
        UPDATE "Finances".client_po AS po
           SET po_value = CASE WHEN line.entries > 0 THEN line.net + line.tax ELSE COALESCE(po.stated_value, 0) END,
               total_tax = CASE WHEN line.entries > 0 THEN line.tax ELSE COALESCE(po.stated_tax, 0) END,
               value_basis = CASE WHEN line.entries > 0 THEN 'lines' ELSE 'stated' END,
               version = po.version + 1,
               updated_at = now()
          FROM (
               SELECT count(*) AS entries,
                      COALESCE(sum(total_price), 0) AS net,
                      COALESCE(sum(gst_amount), 0) AS tax
                 FROM "Finances".client_po_line_item
                WHERE client_po_id = $1
               ) AS line
         WHERE po.id = $1
        RETURNING po.po_value AS "po_value: Money",
                  po.total_tax AS "total_tax!: Money"
        "#,
        id as ClientPoId,
    )
    .fetch_one(db)
    .await;
    value.map_err(|error| {
        match error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
        {
            Some(code) if code == "22003" => Error::invalid_field(
                to_blame,
                "less_than_equal",
                "The PO would be worth more than its books hold",
            ),
            _ => error.into(),
        }
    })
}

/// The PO of this number, locked.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn lock_by_number(db: &mut PgConnection, number: &str) -> Result<Option<ClientPoId>> {
    let id = sqlx::query_scalar!(
        r#"SELECT id AS "id: ClientPoId" FROM "Finances".client_po WHERE po_number = $1 FOR UPDATE"#,
        number,
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}

/// The PO of this proforma number in the project, or without a project among the client's POs that have none; locked.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn lock_by_proforma(
    db: &mut PgConnection,
    number: &str,
    client: ClientId,
    project: Option<ProjectId>,
) -> Result<Option<Proforma>> {
    let found = sqlx::query_as!(
        Proforma,
        r#"
        SELECT id AS "id: ClientPoId",
               po_type = 'verbal_agreement' AND po_number IS NULL AS "is_open_agreement!"
          FROM "Finances".client_po
         WHERE pi_number = $1
           AND project_id IS NOT DISTINCT FROM $2
           AND ($2::bigint IS NOT NULL OR client_id = $3)
         ORDER BY id
         LIMIT 1
           FOR UPDATE
        "#,
        number,
        project as Option<ProjectId>,
        client as ClientId,
    )
    .fetch_optional(db)
    .await?;
    Ok(found)
}

/// The POs of a client with this proforma number, in whatever project; locked, two at most.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn lock_proformas(
    db: &mut PgConnection,
    number: &str,
    client: ClientId,
) -> Result<Vec<ClientPoId>> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: ClientPoId"
          FROM "Finances".client_po
         WHERE pi_number = $1
           AND client_id = $2
         ORDER BY id
         LIMIT 2
           FOR UPDATE
        "#,
        number,
        client as ClientId,
    )
    .fetch_all(db)
    .await?;
    Ok(found)
}

/// A PO that was found by its proforma number.
#[derive(Debug, Clone, Copy)]
pub struct Proforma {
    /// Its id.
    pub id: ClientPoId,
    /// A verbal agreement that waits for its number.
    pub is_open_agreement: bool,
}

/// What a document says of a PO; money in rupees.
#[derive(Debug, Clone)]
pub struct DocumentFigures<'a> {
    /// The client's number.
    pub po_number: Option<&'a str>,
    /// Its date.
    pub po_date: Option<NaiveDate>,
    /// The proforma invoice's number.
    pub pi_number: Option<&'a str>,
    /// Its date.
    pub pi_date: Option<NaiveDate>,
    /// The printed total, tax included.
    pub stated_value: Option<Money>,
    /// The printed tax.
    pub stated_tax: Option<Money>,
    /// The printed sum before tax.
    pub subtotal: Option<Money>,
    /// The printed central GST.
    pub cgst: Option<Money>,
    /// The printed state GST.
    pub sgst: Option<Money>,
    /// The printed integrated GST.
    pub igst: Option<Money>,
    /// The seller.
    pub vendor_id: Option<VendorId>,
    /// The seller's GSTIN as printed.
    pub vendor_gstin: Option<&'a str>,
    /// The seller's address.
    pub vendor_address: Option<&'a str>,
    /// The buyer's GSTIN as printed.
    pub bill_to_gstin: Option<&'a str>,
    /// The buyer's address.
    pub bill_to_address: Option<&'a str>,
    /// Where it is delivered.
    pub ship_to_address: Option<&'a str>,
    /// The place of delivery.
    pub site_id: Option<SiteId>,
    /// The client's code of the store.
    pub store_id: Option<&'a str>,
}

/// Makes a PO from a document; its value follows when its lines are in ([`revalue`]).
///
/// # Errors
/// `Conflict` if the number is taken.
pub async fn insert_from_document(
    uow: &mut UnitOfWork,
    client: ClientId,
    project: ProjectId,
    document: &DocumentFigures<'_>,
) -> Result<ClientPoId> {
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".client_po
               (client_id, project_id, po_number, po_date, pi_number, pi_date, stated_value, stated_tax, subtotal, cgst,
                sgst, igst, vendor_id, vendor_gstin, vendor_address, bill_to_gstin, bill_to_address, ship_to_address,
                site_id, store_id, status, po_type)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 'pending',
                'standard')
        RETURNING id AS "id: ClientPoId"
        "#,
        client as ClientId,
        project as ProjectId,
        document.po_number,
        document.po_date,
        document.pi_number,
        document.pi_date,
        document.stated_value as Option<Money>,
        document.stated_tax as Option<Money>,
        document.subtotal as Option<Money>,
        document.cgst as Option<Money>,
        document.sgst as Option<Money>,
        document.igst as Option<Money>,
        document.vendor_id as Option<VendorId>,
        document.vendor_gstin,
        document.vendor_address,
        document.bill_to_gstin,
        document.bill_to_address,
        document.ship_to_address,
        document.site_id as Option<SiteId>,
        document.store_id,
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::ClientPo(id));
    Ok(id)
}

/// Gives a PO the figures of a document in place of those it had; what the document does not say stays. Its lines are
/// removed, vendor order lines that name them let go of them.
///
/// # Errors
/// `Conflict` if the number is taken.
pub async fn replace_with_document(
    uow: &mut UnitOfWork,
    id: ClientPoId,
    document: &DocumentFigures<'_>,
) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE "Finances".client_po
           SET po_number = COALESCE($2, po_number),
               po_date = COALESCE($3, po_date),
               pi_number = COALESCE($4, pi_number),
               pi_date = COALESCE($5, pi_date),
               stated_value = $6,
               stated_tax = $7,
               subtotal = $8,
               cgst = $9,
               sgst = $10,
               igst = $11,
               vendor_id = COALESCE($12, vendor_id),
               vendor_gstin = COALESCE($13, vendor_gstin),
               vendor_address = COALESCE($14, vendor_address),
               bill_to_gstin = COALESCE($15, bill_to_gstin),
               bill_to_address = COALESCE($16, bill_to_address),
               ship_to_address = COALESCE($17, ship_to_address),
               site_id = COALESCE($18, site_id),
               store_id = COALESCE($19, store_id)
         WHERE id = $1
        "#,
        id as ClientPoId,
        document.po_number,
        document.po_date,
        document.pi_number,
        document.pi_date,
        document.stated_value as Option<Money>,
        document.stated_tax as Option<Money>,
        document.subtotal as Option<Money>,
        document.cgst as Option<Money>,
        document.sgst as Option<Money>,
        document.igst as Option<Money>,
        document.vendor_id as Option<VendorId>,
        document.vendor_gstin,
        document.vendor_address,
        document.bill_to_gstin,
        document.bill_to_address,
        document.ship_to_address,
        document.site_id as Option<SiteId>,
        document.store_id,
    )
    .execute(uow.conn())
    .await?;
    line_items::store::let_go_of(uow, &[id], &[]).await?;
    sqlx::query!(
        r#"DELETE FROM "Finances".client_po_line_item WHERE client_po_id = $1"#,
        id as ClientPoId,
    )
    .execute(uow.conn())
    .await?;
    Ok(())
}

/// Puts a PO last among the POs of its project; the first of a project becomes its primary one.
///
/// # Errors
/// `Invalid` if the project is gone.
pub async fn map_to_project(db: &mut PgConnection, id: ClientPoId, project: ProjectId) -> Result<()> {
    // Two that are put into one project at once take turns, so that each gets a place of its own.
    sqlx::query!(
        r#"SELECT id FROM "Finances".project WHERE id = $1 FOR NO KEY UPDATE"#,
        project as ProjectId,
    )
    .fetch_optional(&mut *db)
    .await?;
    sqlx::query!(
        r#"
        INSERT INTO "Finances".po_project_mapping (client_po_id, project_id, is_primary, sequence_order)
        SELECT $1,
               $2,
               count(*) = 0,
               COALESCE(max(sequence_order), 0) + 1
          FROM "Finances".po_project_mapping
         WHERE project_id = $2
        "#,
        id as ClientPoId,
        project as ProjectId,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The POs of a project in their order, open agreements left out, with their lines; at most 1000.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list_of_project(
    db: impl PgExecutor<'_>,
    project: ProjectId,
) -> Result<Vec<PurchaseOrderWithLines>> {
    const SQL: &str = concat!(
        po_columns_with_lines!(),
        "
         WHERE po.project_id = $1
           AND NOT po.is_open_agreement
         ORDER BY po.sequence_order, po.created_at, po.id
         LIMIT 1000"
    );
    let rows: Vec<PurchaseOrderRow> = sqlx::query_as(SQL).bind(project).fetch_all(db).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The project of a PO and its name.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn project_of(db: impl PgExecutor<'_>, id: ClientPoId) -> Result<Option<(ProjectId, String)>> {
    let project = sqlx::query!(
        r#"
        SELECT project.id AS "id: ProjectId",
               project.name
          FROM "Finances".client_po AS po
          JOIN "Finances".project ON project.id = po.project_id
         WHERE po.id = $1
        "#,
        id as ClientPoId,
    )
    .fetch_optional(db)
    .await?;
    Ok(project.map(|row| (row.id, row.name)))
}
