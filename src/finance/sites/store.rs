//! Sites in the database.

use sqlx::PgConnection;

use crate::{error::Result, types::ids::SiteId};

/// What a document says of a site.
#[derive(Debug, Clone, Copy)]
pub struct SiteOnPaper<'a> {
    /// The client's code of the store.
    pub store_id: Option<&'a str>,
    /// Its name, where there is one.
    pub name: &'a str,
    /// Its address.
    pub address: Option<&'a str>,
}

/// The site that a document names, by store, else by name; made if there is none. The flag says whether it was made.
///
/// # Errors
/// What the database refuses.
pub async fn find_or_insert(db: &mut PgConnection, site: SiteOnPaper<'_>) -> Result<(SiteId, bool)> {
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock(hashtextextended('site:' || lower($1), 0))"#,
        site.store_id.unwrap_or(site.name),
    )
    .execute(&mut *db)
    .await?;
    let found = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: SiteId"
          FROM "Finances".site
         WHERE store_id = $1
            OR ($1::text IS NULL AND lower(site_name) = lower($2))
         ORDER BY id
         LIMIT 1
        "#,
        site.store_id,
        site.name,
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(id) = found {
        return Ok((id, false));
    }
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".site (store_id, site_name, address)
        VALUES ($1, $2, $3)
        RETURNING id AS "id: SiteId"
        "#,
        site.store_id,
        site.name,
        site.address,
    )
    .fetch_one(db)
    .await?;
    Ok((id, true))
}
