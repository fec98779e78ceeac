//! Lines in the database.

use sqlx::{FromRow, PgConnection, PgPool, Postgres, QueryBuilder};

use super::{
    Line, NewLine,
    model::{LineQuery, LineTotals},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    finance::purchase_orders,
    http::list::PageInfo,
    types::{
        Money, Percent, Rate,
        ids::{ClientPoId, LineItemId},
    },
    unit_of_work::UnitOfWork,
};

#[derive(FromRow)]
struct Listed {
    #[sqlx(flatten)]
    line: Line,
    sort_key: Vec<Option<String>>,
}

/// A page of a PO's lines, and the sums over all of them.
///
/// # Errors
/// `NotFound` if there is no such PO.
pub async fn list(
    db: &PgPool,
    po: ClientPoId,
    query: &LineQuery,
) -> Result<(Vec<Line>, LineTotals, PageInfo)> {
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
    let rows: Vec<Listed> = sql.build_query_as().fetch_all(db).await?;
    let last = rows.last().map(|row| row.sort_key.clone());
    let page = query.paging.info(totals.line_item_count, rows.len(), last);
    Ok((rows.into_iter().map(|row| row.line).collect(), totals, page))
}

/// The lines of these POs, ordered by id.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn of_pos(db: &PgPool, pos: &[ClientPoId]) -> Result<Vec<Line>> {
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
async fn totals(db: &PgPool, po: ClientPoId) -> Result<Option<LineTotals>> {
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

/// Adds a line to a PO and computes the PO's value anew.
///
/// # Errors
/// `NotFound` if there is no such PO, `Conflict` if it was cancelled, `Invalid` if its value gets too large.
pub async fn add(uow: &mut UnitOfWork, po: ClientPoId, new: &NewLine) -> Result<(Line, Money)> {
    let before = purchase_orders::store::lock(uow, po).await?;
    if before.is_cancelled() {
        return Err(Error::conflict(
            "The PO is cancelled; lines cannot be added to it",
        ));
    }
    let line = insert(uow.conn(), po, std::slice::from_ref(new))
        .await?
        .pop()
        .ok_or_else(|| Error::internal(anyhow::anyhow!("an inserted line did not come back")))?;
    let value = purchase_orders::store::revalue(uow.conn(), po).await?;
    uow.record(Change::created("client_po_line_item", line.id, &line));
    uow.record(
        Change::new(Action::Updated, "client_po", po)
            .before(&serde_json::json!({"po_value": before.po_value, "total_tax": before.total_tax}))
            .after(&value),
    );
    Ok((line, value.po_value))
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
