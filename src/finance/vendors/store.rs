//! Vendors in the database.

use sqlx::PgConnection;

use crate::{error::Result, types::ids::VendorId};

/// What a document says of a vendor.
#[derive(Debug, Clone, Copy)]
pub struct VendorOnPaper<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its GSTIN as printed.
    pub gstin: Option<&'a str>,
    /// Its address.
    pub address: Option<&'a str>,
}

/// The vendor that a document names, by GSTIN, else by name without regard to case; made if there is none. The flag says
/// whether it was made.
///
/// # Errors
/// What the database refuses.
pub async fn find_or_insert(db: &mut PgConnection, vendor: VendorOnPaper<'_>) -> Result<(VendorId, bool)> {
    // Names are not unique in old data, so that no index keeps two uploads from making one vendor twice.
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock(hashtextextended('vendor:' || lower($1), 0))"#,
        vendor.gstin.unwrap_or(vendor.name),
    )
    .execute(&mut *db)
    .await?;
    let found = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: VendorId"
          FROM "Finances".vendor
         WHERE lower(gstin) = lower($1)
            OR lower(name) = lower($2)
         ORDER BY lower(gstin) = lower($1) DESC NULLS LAST, id
         LIMIT 1
        "#,
        vendor.gstin,
        vendor.name,
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(id) = found {
        return Ok((id, false));
    }
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".vendor (name, gstin, address)
        VALUES ($1, $2, $3)
        RETURNING id AS "id: VendorId"
        "#,
        vendor.name,
        vendor.gstin,
        vendor.address,
    )
    .fetch_one(db)
    .await?;
    Ok((id, true))
}
