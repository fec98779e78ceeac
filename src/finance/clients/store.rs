//! Clients in the database.

use sqlx::{FromRow, PgExecutor, PgPool, Postgres, QueryBuilder};

use super::{Client, model::ClientQuery};
use crate::{error::Result, http::list::PageInfo, types::ids::ClientId};

#[derive(FromRow)]
struct Listed {
    #[sqlx(flatten)]
    client: Client,
    sort_key: Vec<Option<String>>,
}

/// A page of clients.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list(db: &PgPool, query: &ClientQuery) -> Result<(Vec<Client>, PageInfo)> {
    let mut sql =
        QueryBuilder::<Postgres>::new("SELECT client.id, client.name, client.created_at, client.version");
    query.order.push_key(&mut sql);
    sql.push(r#" FROM "Finances".client WHERE TRUE"#);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed> = sql.build_query_as().fetch_all(db).await?;
    let total = sqlx::query_scalar!(r#"SELECT count(*) AS "total!" FROM "Finances".client"#)
        .fetch_one(db)
        .await?;
    let page = query
        .paging
        .info(total, rows.len(), rows.last().map(|row| row.sort_key.clone()));
    Ok((rows.into_iter().map(|row| row.client).collect(), page))
}

/// A client; `None` if there is none of this id.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn find(db: impl PgExecutor<'_>, id: ClientId) -> Result<Option<Client>> {
    let client = sqlx::query_as!(
        Client,
        r#"
        SELECT id AS "id: ClientId",
               name,
               created_at,
               version
          FROM "Finances".client
         WHERE id = $1
        "#,
        id as ClientId,
    )
    .fetch_optional(db)
    .await?;
    Ok(client)
}
