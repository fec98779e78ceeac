//! Pages of the trail and of its seals.

use sqlx::{Postgres, QueryBuilder};

use super::{
    count,
    model::{Entry, EntryList, EntryQuery, Seal, SealList, SealQuery},
};
use crate::{error::Result, http::list::Listed, postgres::Pool};

/// A page of the trail.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn entries(db: &Pool, query: &EntryQuery) -> Result<EntryList> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT entry.id, entry.at, entry.actor_id, entry.actor_name, entry.request_id, entry.action, entry.entity, \
                entry.entity_id, entry.before, entry.after, entry.note",
    );
    query.order.push_key(&mut sql);
    sql.push(r#" FROM "Finances".audit_entry AS entry WHERE TRUE"#);
    query.push_filters(&mut sql);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    // Planned for the words that are asked for, each time: which index is the right one depends on how rare they are.
    let rows: Vec<Listed<Entry>> = sql.build_query_as().persistent(false).fetch_all(db).await?;
    let (entries, page) = query.paging.page(rows, count::matching(db, query).await?);
    Ok(EntryList { entries, page })
}

#[derive(sqlx::FromRow)]
struct SealRow {
    batch: i64,
    first_id: i64,
    last_id: i64,
    count: i32,
    hash: Vec<u8>,
    previous_hash: Option<Vec<u8>>,
    sealed_at: chrono::DateTime<chrono::Utc>,
}

impl From<SealRow> for Seal {
    fn from(row: SealRow) -> Self {
        Self {
            batch: row.batch,
            first_id: row.first_id,
            last_id: row.last_id,
            count: row.count,
            hash: hex::encode(row.hash),
            previous_hash: row.previous_hash.map(hex::encode),
            sealed_at: row.sealed_at,
        }
    }
}

/// A page of the seals.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn seals(db: &Pool, query: &SealQuery) -> Result<SealList> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT seal.batch, seal.first_id, seal.last_id, seal.count, seal.hash, seal.previous_hash, seal.sealed_at",
    );
    query.order.push_key(&mut sql);
    sql.push(r#" FROM "Finances".audit_seal AS seal WHERE TRUE"#);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<SealRow>> = sql.build_query_as().fetch_all(db).await?;
    let total = sqlx::query_scalar!(r#"SELECT count(*) AS "seals!" FROM "Finances".audit_seal"#)
        .fetch_one(db)
        .await?;
    let (rows, page) = query.paging.page(rows, total);
    Ok(SealList {
        seals: rows.into_iter().map(Into::into).collect(),
        page,
    })
}
