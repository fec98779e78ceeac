//! Lines in the database.

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::{
    Line, NewLine,
    model::{LineChange, LineQuery, LineTotals, ProjectLine, ProjectLineQuery},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    finance::{
        projects,
        purchase_orders::{self, store::LockedPo},
    },
    http::list::{Listed, PageInfo},
    postgres::Pool,
    types::{
        Money, Percent, Rate, Text,
        ids::{ClientPoId, LineItemId, ProjectId, VendorOrderId},
    },
    unit_of_work::UnitOfWork,
};

/// A page of a PO's lines, and the sums over all of them.
///
/// # Errors
/// `NotFound` if there is no such PO.
pub async fn list(db: &Pool, po: ClientPoId, query: &LineQuery) -> Result<(Vec<Line>, LineTotals, PageInfo)> {
    let totals = totals(db, po).await?.ok_or(Error::NotFound("PO"))?;
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT line.id, line.client_po_id, line.item_name, line.quantity, line.unit, line.unit_price, line.rate, \
                line.total_price, line.hsn_code, line.tax_rate, line.gst_amount, line.gross_amount, line.version, \
                line.created_at",
    );
    query.order.push_key(&mut sql);
    sql.push(r#" FROM "Finances".client_po_line_item AS line WHERE line.client_po_id = "#)
        .push_bind(po);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<Line>> = sql.build_query_as().fetch_all(db).await?;
    let (rows, page) = query.paging.page(rows, totals.line_item_count);
    Ok((rows, totals, page))
}

/// The lines of these POs, ordered by id.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn of_pos(db: &Pool, pos: &[ClientPoId]) -> Result<Vec<Line>> {
    let lines = sqlx::query_as!(
        Line,
        r#"
        SELECT id AS "id: LineItemId",
               client_po_id AS "client_po_id: ClientPoId",
               item_name,
               quantity,
               unit,
               unit_price AS "unit_price: Rate",
               rate AS "rate: Rate",
               total_price AS "total_price: Money",
               hsn_code,
               tax_rate AS "tax_rate: Percent",
               gst_amount AS "gst_amount: Money",
               gross_amount AS "gross_amount: Money",
               version,
               created_at
          FROM "Finances".client_po_line_item
         WHERE client_po_id = ANY ($1)
         ORDER BY id
        "#,
        pos as &[ClientPoId],
    )
    .fetch_all(db)
    .await?;
    Ok(lines)
}

/// The sums over a PO's lines; `None` if there is no such PO.
async fn totals(db: &Pool, po: ClientPoId) -> Result<Option<LineTotals>> {
    let totals = sqlx::query_as!(
        LineTotals,
        r#"
        SELECT count(line.id) AS "line_item_count!",
               COALESCE(sum(line.quantity), 0) AS "total_quantity!",
               COALESCE(sum(line.total_price), 0) AS "total_value!",
               COALESCE(sum(line.gst_amount), 0) AS "total_gst!",
               COALESCE(sum(COALESCE(line.gross_amount, line.total_price)), 0) AS "total_gross!",
               COALESCE(round(sum(line.total_price) / NULLIF(sum(line.quantity), 0), 2), 0) AS "average_unit_price!"
          FROM "Finances".client_po AS po
          LEFT JOIN "Finances".client_po_line_item AS line ON line.client_po_id = po.id
         WHERE po.id = $1
         GROUP BY po.id
        "#,
        po as ClientPoId,
    )
    .fetch_optional(db)
    .await?;
    Ok(totals)
}

/// A page of the lines of a project's POs, and the sums over all of those whose PO is not cancelled.
///
/// # Errors
/// `NotFound` if there is no such project.
pub async fn list_of_project(
    db: &Pool,
    project: ProjectId,
    query: &ProjectLineQuery,
) -> Result<(Vec<ProjectLine>, LineTotals, PageInfo)> {
    if !projects::store::exists(db, project).await? {
        return Err(Error::NotFound("Project"));
    }
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT line.id, line.client_po_id, line.item_name, line.quantity, line.unit, line.unit_price, line.rate, \
                line.total_price, line.hsn_code, line.tax_rate, line.gst_amount, line.gross_amount, line.version, \
                line.created_at, po.po_number",
    );
    query.order.push_key(&mut sql);
    sql.push(
        r#" FROM "Finances".client_po AS po
            JOIN "Finances".client_po_line_item AS line ON line.client_po_id = po.id
           WHERE po.project_id = "#,
    )
    .push_bind(project);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<ProjectLine>> = sql.build_query_as().fetch_all(db).await?;

    let totals = sqlx::query_as!(
        LineTotals,
        r#"
        SELECT count(*) AS "line_item_count!",
               COALESCE(sum(line.quantity) FILTER (WHERE po.status <> 'cancelled'), 0) AS "total_quantity!",
               COALESCE(sum(line.total_price) FILTER (WHERE po.status <> 'cancelled'), 0) AS "total_value!",
               COALESCE(sum(line.gst_amount) FILTER (WHERE po.status <> 'cancelled'), 0) AS "total_gst!",
               COALESCE(sum(COALESCE(line.gross_amount, line.total_price)) FILTER (WHERE po.status <> 'cancelled'), 0)
                   AS "total_gross!",
               COALESCE(
                   round(
                       sum(line.total_price) FILTER (WHERE po.status <> 'cancelled')
                           / NULLIF(sum(line.quantity) FILTER (WHERE po.status <> 'cancelled'), 0),
                       2
                   ),
                   0
               ) AS "average_unit_price!"
          FROM "Finances".client_po AS po
          JOIN "Finances".client_po_line_item AS line ON line.client_po_id = po.id
         WHERE po.project_id = $1
        "#,
        project as ProjectId,
    )
    .fetch_one(db)
    .await?;
    let (rows, page) = query.paging.page(rows, totals.line_item_count);
    Ok((rows, totals, page))
}

/// Adds one line to a PO and computes the PO's value anew.
///
/// # Errors
/// As [`add`].
pub async fn add_one(uow: &mut UnitOfWork, po: ClientPoId, new: NewLine) -> Result<(Line, Money)> {
    let (lines, po_value) = add(uow, po, &[new]).await?;
    let line = lines.into_iter().next();
    let line = line.ok_or_else(|| Error::internal(anyhow::anyhow!("an inserted line did not come back")))?;
    Ok((line, po_value))
}

/// Adds lines to a PO and computes the PO's value anew.
///
/// # Errors
/// `NotFound` if there is no such PO, `Conflict` if it was cancelled, `Invalid` if its value gets too large.
pub async fn add(uow: &mut UnitOfWork, po: ClientPoId, new: &[NewLine]) -> Result<(Vec<Line>, Money)> {
    let before = purchase_orders::store::lock(uow, po).await?;
    if before.is_cancelled() {
        return Err(Error::conflict(
            "The PO is cancelled; lines cannot be added to it",
        ));
    }
    let lines = insert(uow.conn(), po, new).await?;
    for line in &lines {
        uow.record(Change::created("client_po_line_item", line.id, line));
    }
    let to_blame = if new.len() == 1 { "quantity" } else { "items" };
    let po_value = revalue(uow, po, &before, to_blame).await?;
    Ok((lines, po_value))
}

/// Computes the value of a PO anew after a write of its lines, with its entry in the audit trail.
async fn revalue(
    uow: &mut UnitOfWork,
    po: ClientPoId,
    before: &LockedPo,
    to_blame: &'static str,
) -> Result<Money> {
    let value = purchase_orders::store::revalue(uow.conn(), po, to_blame).await?;
    uow.record(
        Change::new(Action::Updated, "client_po", po)
            .before(&serde_json::json!({"po_value": before.po_value, "total_tax": before.total_tax}))
            .after(&value),
    );
    Ok(value.po_value)
}

/// Locks a line, and its PO before it.
///
/// # Errors
/// `NotFound` if there is no such line, `Stale` if the request knows another version of it.
async fn lock(uow: &mut UnitOfWork, id: LineItemId) -> Result<(LockedPo, Line)> {
    let gone = || Error::NotFound("Line item");
    // An adopted line of no PO is never shown.
    let po = sqlx::query_scalar!(
        r#"
        SELECT client_po_id AS "client_po_id!: ClientPoId"
          FROM "Finances".client_po_line_item
         WHERE id = $1
           AND client_po_id IS NOT NULL
        "#,
        id as LineItemId,
    )
    .fetch_optional(uow.conn())
    .await?
    .ok_or_else(gone)?;
    let locked = purchase_orders::store::lock(uow, po)
        .await
        .map_err(|error| match error {
            // Deleted since the line was read, and the line with it.
            Error::NotFound(_) => gone(),
            other => other,
        })?;
    let line = sqlx::query_as!(
        Line,
        r#"
        SELECT id AS "id: LineItemId",
               client_po_id AS "client_po_id: ClientPoId",
               item_name,
               quantity,
               unit,
               unit_price AS "unit_price: Rate",
               rate AS "rate: Rate",
               total_price AS "total_price: Money",
               hsn_code,
               tax_rate AS "tax_rate: Percent",
               gst_amount AS "gst_amount: Money",
               gross_amount AS "gross_amount: Money",
               version,
               created_at
          FROM "Finances".client_po_line_item
         WHERE id = $1
           FOR UPDATE
        "#,
        id as LineItemId,
    )
    .fetch_optional(uow.conn())
    .await?
    .ok_or_else(gone)?;
    uow.ensure_current(line.version)?;
    Ok((locked, line))
}

/// A line after a request to change it.
#[derive(Debug)]
pub struct Updated {
    /// The line as it is.
    pub line: Line,
    /// What its PO is worth.
    pub po_value: Money,
    /// Whether the request changed anything.
    pub is_changed: bool,
}

/// Changes a line and computes its PO's value anew; nothing of either if the line already is as the request wants it.
///
/// # Errors
/// `NotFound` if there is no such line, `Stale` if the request knows another version of it, `Invalid` if a figure gets too
/// large or the line lacks what it follows from.
pub async fn update(uow: &mut UnitOfWork, id: LineItemId, change: LineChange) -> Result<Updated> {
    let (po, before) = lock(uow, id).await?;
    let LineChange {
        item_name,
        unit,
        hsn_code,
        figures,
    } = change;
    let item_name = item_name.map_or_else(|| before.item_name.clone(), Text::into_string);
    let unit = unit.map(Text::into_string).over(before.unit.clone());
    let hsn_code = hsn_code.map(Text::into_string).over(before.hsn_code.clone());
    let figures = before
        .figures()
        .changed(figures)
        .map_err(|(field, problem)| Error::invalid_field(field, problem.kind, problem.message))?;
    if item_name == before.item_name
        && unit == before.unit
        && hsn_code == before.hsn_code
        && figures == before.figures()
    {
        return Ok(Updated {
            line: before,
            po_value: po.po_value,
            is_changed: false,
        });
    }
    let version = sqlx::query_scalar!(
        r#"
        UPDATE "Finances".client_po_line_item
           SET item_name = $2,
               unit = $3,
               hsn_code = $4,
               quantity = $5,
               unit_price = $6,
               rate = $7,
               total_price = $8,
               tax_rate = $9,
               gst_amount = $10,
               gross_amount = $11,
               version = version + 1
         WHERE id = $1
        RETURNING version
        "#,
        id as LineItemId,
        item_name,
        unit,
        hsn_code,
        figures.quantity,
        figures.unit_price as Option<Rate>,
        figures.rate as Option<Rate>,
        figures.total_price as Option<Money>,
        figures.tax_rate as Option<Percent>,
        figures.gst_amount as Option<Money>,
        figures.gross_amount as Option<Money>,
    )
    .fetch_one(uow.conn())
    .await?;
    let line = Line {
        item_name,
        unit,
        hsn_code,
        quantity: figures.quantity,
        unit_price: figures.unit_price,
        rate: figures.rate,
        total_price: figures.total_price,
        tax_rate: figures.tax_rate,
        gst_amount: figures.gst_amount,
        gross_amount: figures.gross_amount,
        version,
        ..before.clone()
    };
    uow.record(
        Change::new(Action::Updated, "client_po_line_item", id)
            .before(&before)
            .after(&line),
    );
    let po_value = revalue(uow, line.client_po_id, &po, "quantity").await?;
    Ok(Updated {
        line,
        po_value,
        is_changed: true,
    })
}

/// Has vendor order lines let go of the lines of these POs, and of these lines, which are to be removed.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn let_go_of(uow: &mut UnitOfWork, pos: &[ClientPoId], lines: &[LineItemId]) -> Result<()> {
    let freed = sqlx::query!(
        r#"
        UPDATE "Finances".vendor_order_line_item AS ordered
           SET client_line_item_id = NULL,
               version = version + 1,
               updated_at = now()
          FROM (
               SELECT ordered.id, ordered.client_line_item_id
                 FROM "Finances".vendor_order_line_item AS ordered
                 JOIN "Finances".client_po_line_item AS line ON line.id = ordered.client_line_item_id
                WHERE line.client_po_id = ANY ($1)
                   OR line.id = ANY ($2)
                ORDER BY ordered.id
                  FOR UPDATE OF ordered
               ) AS before
         WHERE ordered.id = before.id
        RETURNING ordered.id,
                  ordered.vendor_order_id AS "order: VendorOrderId",
                  before.client_line_item_id AS "line: LineItemId"
        "#,
        pos as &[ClientPoId],
        lines as &[LineItemId],
    )
    .fetch_all(uow.conn())
    .await?;
    for ordered in freed {
        uow.record(
            Change::new(Action::Updated, "vendor_order_line_item", ordered.id)
                .before(&serde_json::json!({"vendor_order_id": ordered.order, "client_line_item_id": ordered.line}))
                .after(&serde_json::json!({"vendor_order_id": ordered.order, "client_line_item_id": null})),
        );
    }
    Ok(())
}

/// Removes a line and computes its PO's value anew; what the PO is worth then. Vendor order lines that name the line let go
/// of it.
///
/// # Errors
/// `NotFound` if there is no such line, `Stale` if the request knows another version of it.
pub async fn delete(uow: &mut UnitOfWork, id: LineItemId) -> Result<Money> {
    let (po, line) = lock(uow, id).await?;
    let_go_of(uow, &[], &[id]).await?;
    sqlx::query!(
        r#"DELETE FROM "Finances".client_po_line_item WHERE id = $1"#,
        id as LineItemId,
    )
    .execute(uow.conn())
    .await?;
    uow.record(Change::new(Action::Deleted, "client_po_line_item", id).before(&line));
    revalue(uow, line.client_po_id, &po, "line_item_id").await
}

/// Inserts lines in one statement; they come back in their order. The caller has locked the PO and revalues it.
///
/// # Errors
/// What the database refuses.
pub async fn insert(db: &mut PgConnection, po: ClientPoId, lines: &[NewLine]) -> Result<Vec<Line>> {
    let column = |read: fn(&NewLine) -> Option<String>| lines.iter().map(read).collect::<Vec<_>>();
    let names: Vec<&str> = lines.iter().map(|line| &*line.item_name).collect();
    let units = column(|line| line.unit.as_deref().map(str::to_owned));
    let codes = column(|line| line.hsn_code.as_deref().map(str::to_owned));
    let quantities: Vec<_> = lines.iter().map(|line| line.figures.quantity.0).collect();
    let prices: Vec<Rate> = lines.iter().map(|line| line.figures.unit_price).collect();
    let totals: Vec<Money> = lines.iter().map(|line| line.figures.total_price).collect();
    let rates: Vec<Option<Percent>> = lines.iter().map(|line| line.figures.tax_rate).collect();
    let taxes: Vec<Option<Money>> = lines.iter().map(|line| line.figures.gst_amount).collect();
    let gross: Vec<Option<Money>> = lines.iter().map(|line| line.figures.gross_amount).collect();
    let mut inserted = sqlx::query_as!(
        Line,
        r#"
        INSERT INTO "Finances".client_po_line_item
               (client_po_id, item_name, unit, hsn_code, quantity, unit_price, rate, total_price, tax_rate, gst_amount,
                gross_amount, created_at)
        SELECT $1, line.item_name, line.unit, line.hsn_code, line.quantity, line.unit_price, line.unit_price,
               line.total_price, line.tax_rate, line.gst_amount, line.gross_amount, now()
          FROM UNNEST($2::text[], $3::text[], $4::text[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[],
                      $9::numeric[], $10::numeric[])
               WITH ORDINALITY
            AS line (item_name, unit, hsn_code, quantity, unit_price, total_price, tax_rate, gst_amount, gross_amount,
                     position)
         ORDER BY line.position
        RETURNING id AS "id: LineItemId",
                  client_po_id AS "client_po_id: ClientPoId",
                  item_name,
                  quantity,
                  unit,
                  unit_price AS "unit_price: Rate",
                  rate AS "rate: Rate",
                  total_price AS "total_price: Money",
                  hsn_code,
                  tax_rate AS "tax_rate: Percent",
                  gst_amount AS "gst_amount: Money",
                  gross_amount AS "gross_amount: Money",
                  version,
                  created_at
        "#,
        po as ClientPoId,
        &names as &[&str],
        &units as &[Option<String>],
        &codes as &[Option<String>],
        &quantities,
        &prices as &[Rate],
        &totals as &[Money],
        &rates as &[Option<Percent>],
        &taxes as &[Option<Money>],
        &gross as &[Option<Money>],
    )
    .fetch_all(db)
    .await?;
    inserted.sort_by_key(|line| line.id);
    Ok(inserted)
}
