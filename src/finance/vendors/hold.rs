//! Keeping vendors as they are while something is written that names them.

use sqlx::PgConnection;

use crate::{error::Result, types::ids::VendorId};

/// Why a vendor gets no new orders and payments.
pub const BLACKLISTED: &str = "The vendor is blacklisted";

/// A vendor that stays as it is until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldVendor {
    /// Its id.
    pub id: VendorId,
    /// Whether it gets no new orders and payments.
    pub is_blacklisted: bool,
}

/// Keeps vendors from being changed, blacklisted or deleted until the transaction ends; they come in the order of their ids,
/// and those that are not there are left out.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn hold_all(db: &mut PgConnection, ids: &[VendorId]) -> Result<Vec<HeldVendor>> {
    let vendors = sqlx::query_as!(
        HeldVendor,
        r#"
        SELECT id AS "id: VendorId",
               status = 'blacklisted' AS "is_blacklisted!"
          FROM "Finances".vendor
         WHERE id = ANY ($1)
         ORDER BY id
           FOR SHARE
        "#,
        ids as &[VendorId],
    )
    .fetch_all(db)
    .await?;
    Ok(vendors)
}
