//! The numbers of vendor orders: no two live ones of a project to the same vendor have the same.

use sqlx::PgConnection;

use crate::{
    error::Result,
    types::ids::{ProjectId, VendorId, VendorOrderId},
};

/// A number and where it has to be the only one; its case does not matter, of which PostgreSQL alone is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    /// The project, if any.
    pub(super) project: Option<ProjectId>,
    /// The vendor, if any.
    pub(super) vendor: Option<VendorId>,
    /// The number.
    pub(super) number: String,
}

/// The places among these numbers of those that live orders have, other than these orders, or that stand there before.
/// Until the transaction ends nobody else can give one of them to an order: adopted rows may share a number, so that no
/// unique index can see to that.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn take(
    db: &mut PgConnection,
    numbers: &[Number],
    but: &[VendorOrderId],
) -> Result<Vec<usize>> {
    let projects: Vec<Option<ProjectId>> = numbers.iter().map(|number| number.project).collect();
    let vendors: Vec<Option<VendorId>> = numbers.iter().map(|number| number.vendor).collect();
    let texts: Vec<&str> = numbers.iter().map(|number| &*number.number).collect();
    // In one order everywhere, so that two requests cannot wait for each other.
    sqlx::query!(
        r#"
        SELECT pg_advisory_xact_lock(wanted.key)
          FROM (
               SELECT DISTINCT hashtextextended(
                          concat_ws(':', 'vendor_order.number', COALESCE(project, 0), COALESCE(vendor, 0), lower(number)), 0
                      ) AS key
                 FROM UNNEST($1::bigint[], $2::bigint[], $3::text[]) AS named (project, vendor, number)
                ORDER BY key
               ) AS wanted
        "#,
        &projects as &[Option<ProjectId>],
        &vendors as &[Option<VendorId>],
        &texts as &[&str],
    )
    .fetch_all(&mut *db)
    .await?;
    let taken = sqlx::query_scalar!(
        r#"
        WITH wanted AS (
            SELECT *
              FROM UNNEST($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY
                AS named (project, vendor, number, place)
        )
        SELECT wanted.place AS "place!"
          FROM wanted
         WHERE EXISTS (
               SELECT
                 FROM "Finances".vendor_order AS ordered
                WHERE lower(ordered.po_number) = lower(wanted.number)
                  AND ordered.project_id IS NOT DISTINCT FROM wanted.project
                  AND ordered.vendor_id IS NOT DISTINCT FROM wanted.vendor
                  AND ordered.status NOT IN ('rejected', 'cancelled')
                  AND ordered.work_status <> 'cancelled'
                  AND ordered.id <> ALL ($4)
               )
            OR EXISTS (
               SELECT
                 FROM wanted AS earlier
                WHERE earlier.place < wanted.place
                  AND lower(earlier.number) = lower(wanted.number)
                  AND earlier.project IS NOT DISTINCT FROM wanted.project
                  AND earlier.vendor IS NOT DISTINCT FROM wanted.vendor
               )
         ORDER BY wanted.place
        "#,
        &projects as &[Option<ProjectId>],
        &vendors as &[Option<VendorId>],
        &texts as &[&str],
        but as &[VendorOrderId],
    )
    .fetch_all(db)
    .await?;
    Ok(taken
        .into_iter()
        .filter_map(|place| usize::try_from(place - 1).ok())
        .collect())
}

/// Numbers orders after their ids; one whose number a live order of the project to the vendor has gets the first free one
/// that begins so.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn number_by_id(db: &mut PgConnection, orders: &[VendorOrderId]) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE "Finances".vendor_order AS ordered
           SET po_number = (
               SELECT by_id.number || free.ending
                 FROM (SELECT 'VO-' || lpad(ordered.id::text, greatest(6, length(ordered.id::text)), '0') AS number) AS by_id
                CROSS JOIN LATERAL (
                      SELECT CASE WHEN attempt = 1 THEN '' ELSE '-' || attempt END AS ending, attempt
                        FROM generate_series(1, 1000) AS attempt
                      ) AS free
                WHERE NOT EXISTS (
                      SELECT
                        FROM "Finances".vendor_order AS other
                       WHERE lower(other.po_number) = lower(by_id.number || free.ending)
                         AND other.project_id IS NOT DISTINCT FROM ordered.project_id
                         AND other.vendor_id IS NOT DISTINCT FROM ordered.vendor_id
                         AND other.status NOT IN ('rejected', 'cancelled')
                         AND other.work_status <> 'cancelled'
                      )
                ORDER BY free.attempt
                LIMIT 1
               )
         WHERE ordered.id = ANY ($1)
        "#,
        orders as &[VendorOrderId],
    )
    .execute(db)
    .await?;
    Ok(())
}
