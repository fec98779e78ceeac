//! The numbers of vendor orders: no two live ones of a project to the same vendor have the same.

use sqlx::PgConnection;

use crate::{
    error::Result,
    types::ids::{ProjectId, VendorId, VendorOrderId},
};

/// A number and where it has to be the only one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number {
    /// The project, if any.
    pub(super) project: Option<ProjectId>,
    /// The vendor, if any.
    pub(super) vendor: Option<VendorId>,
    /// The number, whose case does not matter.
    pub(super) number: String,
}

impl Number {
    /// A number as it is compared.
    pub(super) fn new(project: Option<ProjectId>, vendor: Option<VendorId>, number: &str) -> Self {
        Self {
            project,
            vendor,
            number: number.to_lowercase(),
        }
    }
}

/// Which of these numbers live orders have, other than these. Until the transaction ends nobody else can give one of them
/// to an order: adopted rows may share a number, so that no unique index can see to that.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn take(
    db: &mut PgConnection,
    numbers: &[Number],
    but: &[VendorOrderId],
) -> Result<Vec<Number>> {
    let mut keys: Vec<String> = numbers
        .iter()
        .map(|number| {
            let project = number.project.map_or(0, |project| project.0);
            let vendor = number.vendor.map_or(0, |vendor| vendor.0);
            format!("vendor_order.number:{project}:{vendor}:{}", number.number)
        })
        .collect();
    // In one order everywhere, so that two requests cannot wait for each other.
    keys.sort_unstable();
    keys.dedup();
    sqlx::query!(
        r#"
        SELECT pg_advisory_xact_lock(hashtextextended(key, 0))
          FROM UNNEST($1::text[]) WITH ORDINALITY AS wanted (key, position)
         ORDER BY position
        "#,
        &keys,
    )
    .fetch_all(&mut *db)
    .await?;
    let projects: Vec<Option<ProjectId>> = numbers.iter().map(|number| number.project).collect();
    let vendors: Vec<Option<VendorId>> = numbers.iter().map(|number| number.vendor).collect();
    let texts: Vec<&str> = numbers.iter().map(|number| &*number.number).collect();
    let taken = sqlx::query_as!(
        Number,
        r#"
        SELECT wanted.project AS "project: ProjectId",
               wanted.vendor AS "vendor: VendorId",
               wanted.number AS "number!"
          FROM UNNEST($1::bigint[], $2::bigint[], $3::text[]) AS wanted (project, vendor, number)
         WHERE EXISTS (
               SELECT
                 FROM "Finances".vendor_order AS ordered
                WHERE lower(ordered.po_number) = wanted.number
                  AND ordered.project_id IS NOT DISTINCT FROM wanted.project
                  AND ordered.vendor_id IS NOT DISTINCT FROM wanted.vendor
                  AND ordered.status NOT IN ('rejected', 'cancelled')
                  AND ordered.work_status <> 'cancelled'
                  AND ordered.id <> ALL ($4)
               )
        "#,
        &projects as &[Option<ProjectId>],
        &vendors as &[Option<VendorId>],
        &texts as &[&str],
        but as &[VendorOrderId],
    )
    .fetch_all(db)
    .await?;
    Ok(taken)
}
