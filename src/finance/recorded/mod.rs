//! Holds documents, lines, payments, parties and users against what the audit trail last recorded of them. The trail tells of every write of
//! the server; a row that differs from it was changed, removed or put in by somebody with access to the database.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::{audit::Actor, error::Result, postgres::Pool, unit_of_work::UnitOfWork};

/// A row that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Its table and id: `client_payment/12`.
    pub row: String,
    /// What is different.
    pub what: String,
    /// The entry that says otherwise; none of a row that was put in.
    pub entry: Option<i64>,
    /// The batch in which it is sealed; none as long as it is not.
    pub batch: Option<i64>,
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            row,
            what,
            entry,
            batch,
        } = self;
        write!(f, "{row}: {what}")?;
        match (entry, batch) {
            (Some(entry), Some(batch)) => write!(f, " (entry {entry} of batch {batch})"),
            (Some(entry), None) => write!(f, " (entry {entry}, not sealed yet)"),
            (None, _) => Ok(()),
        }
    }
}

/// Compares all rows with the trail, in the state of one moment. Rows that were adopted and not written since have no entry,
/// and nothing is said of them, nor of one that was put in under an id before the first that an entry tells of.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn verify(db: &Pool) -> Result<Vec<RowFault>> {
    // Never committed.
    let mut uow = UnitOfWork::open(db, Actor::system("verify")).await?;
    // It reads the whole trail, which takes as long as it takes.
    sqlx::query("SET LOCAL statement_timeout = 0")
        .execute(uow.conn())
        .await?;
    // When an older database was adopted, if this was one. The macros' database has no such table.
    let began: Option<DateTime<Utc>> =
        sqlx::query_scalar(r#"SELECT min(installed_on) FROM "Finances"._nexgen_migration"#)
            .fetch_one(uow.conn())
            .await?;
    let faults = sqlx::query_file_as!(RowFault, "src/finance/recorded/differing_rows.sql", began)
        .fetch_all(uow.conn())
        .await?;
    Ok(faults)
}
