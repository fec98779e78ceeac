//! Holds what is kept beside the rows against the rows: the kept totals, what pages are read from, and the maintained value of
//! each document. Source: DESIGN.md §4.

use std::fmt;

use sqlx::PgConnection;

use crate::{audit::Actor, error::Result, postgres::Pool, unit_of_work::UnitOfWork};

/// What is kept and not so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalFault {
    /// What it belongs to, from the largest to the smallest: `client_po/client/3/active/paid`.
    pub what: String,
    /// What is kept.
    pub kept: String,
    /// What the rows say.
    pub counted: String,
}

impl fmt::Display for TotalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, kept, counted } = self;
        write!(f, "{what}: has {kept}; should have {counted}")
    }
}

/// Makes everything anew from the rows, in the state of one moment, and tells what differs. Nothing is written: a recount
/// (`recount_kept_totals`) puts the totals right, a write of the document its value.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn verify(db: &Pool) -> Result<Vec<TotalFault>> {
    // Never committed.
    let mut uow = UnitOfWork::open(db, Actor::system("verify")).await?;
    look_at_one_moment(uow.conn()).await?;
    let db = uow.conn();
    let mut faults = sqlx::query_file_as!(TotalFault, "src/finance/kept_totals/sql/verify_totals.sql")
        .fetch_all(&mut *db)
        .await?;
    faults.extend(
        sqlx::query_file_as!(TotalFault, "src/finance/kept_totals/sql/verify_vendor_totals.sql")
            .fetch_all(&mut *db)
            .await?,
    );
    faults.extend(
        sqlx::query_file_as!(TotalFault, "src/finance/kept_totals/sql/verify_stores.sql")
            .fetch_all(&mut *db)
            .await?,
    );
    faults.extend(
        sqlx::query_file_as!(TotalFault, "src/finance/kept_totals/sql/verify_vendor_pages.sql")
            .fetch_all(&mut *db)
            .await?,
    );
    faults.extend(
        sqlx::query_file_as!(TotalFault, "src/finance/kept_totals/sql/verify_values.sql")
            .fetch_all(&mut *db)
            .await?,
    );
    Ok(faults)
}

/// All statements of the transaction see the same rows, and may take as long as they need: a recount reads everything.
async fn look_at_one_moment(db: &mut PgConnection) -> Result<()> {
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .execute(&mut *db)
        .await?;
    sqlx::query("SET LOCAL statement_timeout = 0").execute(db).await?;
    Ok(())
}

/// Makes the totals anew if they do not count as many rows as there are, which happens only when somebody else wrote to the
/// tables; whether it did.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn recount_if_off(db: &Pool) -> Result<bool> {
    let is_off = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM (
                          SELECT 'client_po' AS list, count(*) AS entries FROM "Finances".client_po
                          UNION ALL
                          SELECT 'client_payment', count(*) FROM "Finances".client_payment
                          UNION ALL
                          SELECT 'vendor_payment', count(*) FROM "Finances".vendor_payment
                          UNION ALL
                          SELECT 'project', count(*) FROM "Finances".project
                          UNION ALL
                          SELECT 'quotation', count(*) FROM "Finances".quotation
                          UNION ALL
                          SELECT 'vendor', count(*) FROM "Finances".vendor
                          UNION ALL
                          SELECT 'proforma_invoice', count(*) FROM "Finances".client_po WHERE pi_number <> ''
                          UNION ALL
                          SELECT 'project_document', count(*) FROM "Finances".project_document
                          ) AS counted
                    WHERE counted.entries <> (
                              SELECT COALESCE(sum(kept.entries), 0)
                                FROM "Finances".kept_total AS kept
                               WHERE kept.list = counted.list
                                 AND kept.scope = 'all'
                          )
               )
            OR (SELECT count(*) FROM "Finances".vendor_order)
               <> (SELECT COALESCE(sum(entries), 0)
                     FROM "Finances".kept_vendor_total
                    WHERE list = 'vendor_order'
                      AND scope = 'all'
                      AND part = '')
            OR (SELECT count(*) FROM "Finances".client_po WHERE client_id IS NOT NULL AND store_id IS NOT NULL)
               <> (SELECT COALESCE(sum(members), 0) FROM "Finances".store_group WHERE status = '') AS "is_off!"
        "#
    )
    .fetch_one(db)
    .await?;
    if is_off {
        sqlx::query!(r#"SELECT "Finances".recount_kept_totals()"#)
            .execute(db)
            .await?;
    }
    Ok(is_off)
}
