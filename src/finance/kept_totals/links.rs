//! The kept totals of payment links, which follow the vendor orders that they name.

use sqlx::PgExecutor;

use super::Scope;
use crate::error::Result;

/// How many payment links there are, in one direction or in both; with a vendor's scope, of its orders, and of its payments to
/// orders of nobody.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn payment_links(db: impl PgExecutor<'_>, scope: Scope, link_type: Option<&str>) -> Result<i64> {
    let (scope, id) = scope.key();
    let entries = sqlx::query_scalar!(
        r#"
        SELECT COALESCE(sum(entries), 0)::bigint AS "entries!"
          FROM "Finances".kept_vendor_total
         WHERE list = 'payment_link'
           AND scope = $1
           AND scope_id = $2
           AND part = ''
           AND ($3::text IS NULL OR status = $3)
        "#,
        scope,
        id,
        link_type,
    )
    .fetch_one(db)
    .await?;
    Ok(entries)
}
