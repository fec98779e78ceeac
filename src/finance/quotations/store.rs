//! Quotations in the database.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor, Postgres, QueryBuilder};

use super::{
    Item, NewItem, NewQuotation, Quotation, QuotationStatus,
    model::{QuotationQuery, QuotationRow, StoreQuery},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    finance::kept_totals::{self, Counted, List, Scope},
    http::list::{Listed, Order, PageInfo, Paging, contains},
    postgres::Pool,
    types::{
        Money, Percent, Quantity, Rate,
        ids::{QuotationId, QuotationItemId},
    },
    unit_of_work::UnitOfWork,
};

/// The columns of [`Quotation`].
const COLUMNS: &str = "
SELECT quotation.id,
       quotation.store_id,
       quotation.store_location,
       quotation.full_address,
       quotation.company_name,
       quotation.total_area,
       quotation.subtotal,
       quotation.total_gst,
       quotation.total_amount,
       quotation.status,
       quotation.version,
       quotation.created_at,
       quotation.updated_at";

/// A page of a store's quotations.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list_of_store(db: &Pool, query: &StoreQuery) -> Result<(Vec<Quotation>, PageInfo)> {
    let store = &*query.store_id;
    let rows = page(db, &query.order, &query.paging, false, |sql| {
        sql.push(" AND quotation.store_id = ").push_bind(store.to_owned());
    })
    .await?;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "total!" FROM "Finances".quotation WHERE store_id = $1"#,
        store,
    )
    .fetch_one(db)
    .await?;
    Ok(query.paging.page(rows, total))
}

/// A page of all quotations that match.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list(db: &Pool, query: &QuotationQuery) -> Result<(Vec<Quotation>, PageInfo)> {
    let rows = page(db, &query.order, &query.paging, query.q.is_some(), |sql| {
        push_filters(sql, query);
    })
    .await?;
    let total = if query.q.is_some() {
        let mut sql =
            QueryBuilder::<Postgres>::new(r#"SELECT count(*) FROM "Finances".quotation WHERE TRUE"#);
        push_filters(&mut sql, query);
        sql.build_query_scalar().persistent(false).fetch_one(db).await?
    } else {
        let status = query.status.map(|status| [status.as_str()]);
        let statuses = status.as_ref().map(<[_; 1]>::as_slice);
        kept_totals::read(db, List::Quotation, Scope::All, statuses)
            .await?
            .entries
    };
    Ok(query.paging.page(rows, total))
}

async fn page(
    db: &Pool,
    order: &Order,
    paging: &Paging,
    is_search: bool,
    push_filters: impl FnOnce(&mut QueryBuilder<Postgres>) + Send,
) -> Result<Vec<Listed<Quotation>>> {
    let mut sql = QueryBuilder::<Postgres>::new(COLUMNS);
    order.push_key(&mut sql);
    sql.push(r#" FROM "Finances".quotation WHERE TRUE"#);
    push_filters(&mut sql);
    order.push_after(&mut sql, paging);
    order.push_page(&mut sql, paging);
    // Whether an index pays for a search depends on its text: each is planned for its own.
    Ok(sql.build_query_as().persistent(!is_search).fetch_all(db).await?)
}

fn push_filters(sql: &mut QueryBuilder<Postgres>, query: &QuotationQuery) {
    if let Some(status) = query.status {
        sql.push(" AND quotation.status = ").push_bind(status.as_str());
    }
    if let Some(text) = &query.q {
        let pattern = contains(text);
        for (before, column) in [
            (" AND (", "quotation.store_id"),
            (" OR ", "quotation.company_name"),
            (" OR ", "quotation.store_location"),
        ] {
            sql.push(before)
                .push(column)
                .push(" ILIKE ")
                .push_bind(pattern.clone());
        }
        sql.push(")");
    }
}

/// A quotation with its items.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn get(db: impl PgExecutor<'_>, id: QuotationId) -> Result<(Quotation, Vec<Item>)> {
    let row = sqlx::query_file_as!(
        QuotationRow,
        "src/finance/quotations/sql/quotation.sql",
        id as QuotationId,
    )
    .fetch_optional(db)
    .await?;
    row.map(Into::into).ok_or(Error::NotFound("Quotation"))
}

/// What the audit trail keeps of a quotation.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    quotation: &'a Quotation,
    line_items: &'a [Item],
}

/// Makes a quotation.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn insert(uow: &mut UnitOfWork, new: &NewQuotation) -> Result<(Quotation, Vec<Item>)> {
    let NewQuotation {
        header,
        items,
        totals,
    } = new;
    let quotation = sqlx::query_as!(
        Quotation,
        r#"
        INSERT INTO "Finances".quotation
               (store_id, store_location, full_address, company_name, total_area, subtotal, total_gst, total_amount, status)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        RETURNING id AS "id: QuotationId",
                  store_id,
                  store_location,
                  full_address,
                  company_name,
                  total_area,
                  subtotal AS "subtotal: Money",
                  total_gst AS "total_gst: Money",
                  total_amount AS "total_amount: Money",
                  status,
                  version,
                  created_at,
                  updated_at
        "#,
        &*header.store_id,
        &*header.store_location,
        &*header.full_address,
        &*header.company_name,
        &*header.total_area,
        totals.subtotal as Money,
        totals.total_gst as Money,
        totals.total_amount as Money,
        QuotationStatus::Saved.as_str(),
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::Quotation(quotation.id));
    let items = insert_items(uow.conn(), quotation.id, items).await?;
    let record = Record {
        quotation: &quotation,
        line_items: &items,
    };
    uow.record(Change::created("quotation", quotation.id, &record));
    Ok((quotation, items))
}

/// Inserts the items in one statement; they come back in their order.
async fn insert_items(db: &mut PgConnection, id: QuotationId, items: &[NewItem]) -> Result<Vec<Item>> {
    let names: Vec<&str> = items.iter().map(|item| &*item.name).collect();
    let codes: Vec<Option<&str>> = items.iter().map(|item| item.hsn_sac_code.as_deref()).collect();
    let kinds: Vec<Option<&str>> = items.iter().map(|item| item.type_of_boq.as_deref()).collect();
    let units: Vec<Option<&str>> = items.iter().map(|item| item.units.as_deref()).collect();
    let quantities: Vec<Quantity> = items.iter().map(|item| item.quantity).collect();
    let prices: Vec<Rate> = items.iter().map(|item| item.price).collect();
    let taxes: Vec<Percent> = items.iter().map(|item| item.tax).collect();
    let gst_amounts: Vec<Money> = items.iter().map(|item| item.amounts.gst_amount).collect();
    let totals: Vec<Money> = items.iter().map(|item| item.amounts.total).collect();
    let mut inserted = sqlx::query_as!(
        Item,
        r#"
        INSERT INTO "Finances".quotation_line_item
               (quotation_id, name, hsn_sac_code, type_of_boq, units, quantity, price, tax, gst_amount, total)
        SELECT $1, item.name, item.hsn_sac_code, item.type_of_boq, item.units, item.quantity, item.price, item.tax,
               item.gst_amount, item.total
          FROM UNNEST($2::text[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::numeric[], $8::numeric[],
                      $9::numeric[], $10::numeric[])
               WITH ORDINALITY
            AS item (name, hsn_sac_code, type_of_boq, units, quantity, price, tax, gst_amount, total, position)
         ORDER BY item.position
        RETURNING id AS "id: QuotationItemId",
                  quotation_id AS "quotation_id!: QuotationId",
                  name,
                  hsn_sac_code,
                  type_of_boq,
                  quantity AS "quantity: Quantity",
                  units,
                  price AS "price: Rate",
                  tax AS "tax: Percent",
                  gst_amount AS "gst_amount: Money",
                  total AS "total: Money",
                  created_at AS "created_at: DateTime<Utc>"
        "#,
        id as QuotationId,
        &names as &[&str],
        &codes as &[Option<&str>],
        &kinds as &[Option<&str>],
        &units as &[Option<&str>],
        &quantities as &[Quantity],
        &prices as &[Rate],
        &taxes as &[Percent],
        &gst_amounts as &[Money],
        &totals as &[Money],
    )
    .fetch_all(db)
    .await?;
    inserted.sort_by_key(|item| item.id);
    Ok(inserted)
}

/// Deletes a quotation; its items go with it.
///
/// # Errors
/// `NotFound` if there is none of this id, `Stale` if it has another version than `If-Match` says.
pub async fn delete(uow: &mut UnitOfWork, id: QuotationId) -> Result<()> {
    sqlx::query!(
        r#"SELECT id FROM "Finances".quotation WHERE id = $1 FOR UPDATE"#,
        id as QuotationId,
    )
    .fetch_optional(uow.conn())
    .await?;
    let (quotation, items) = get(uow.conn(), id).await?;
    uow.ensure_current(quotation.version)?;
    uow.follow(&[Counted::Quotation(id)]).await?;
    sqlx::query!(
        r#"DELETE FROM "Finances".quotation WHERE id = $1"#,
        id as QuotationId,
    )
    .execute(uow.conn())
    .await?;
    let record = Record {
        quotation: &quotation,
        line_items: &items,
    };
    uow.record(Change::new(Action::Deleted, "quotation", id).before(&record));
    Ok(())
}
