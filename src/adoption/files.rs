//! Whether the files that rows name are stored, which only a run that is undone looks for: it changes nothing, and a file
//! may still be brought.

use serde_json::json;
use sqlx::PgConnection;

use super::report::Report;
use crate::uploads::storage::{Address, Storage};

/// A file that a row names.
pub(super) struct Expected {
    table: &'static str,
    row_id: String,
    address: Address,
}

/// The files that the rows of the adopted tables name.
///
/// # Errors
/// Without the database.
pub(super) async fn expected(transaction: &mut PgConnection) -> anyhow::Result<Vec<Expected>> {
    let files: Vec<(String, String, String)> = sqlx::query_as(
        r#"
        SELECT id, session_id, storage_filename
          FROM "Finances".upload_file
         WHERE status <> 'deleted'
         ORDER BY id
        "#,
    )
    .fetch_all(&mut *transaction)
    .await?;
    let documents: Vec<(String, String)> = sqlx::query_as(
        r#"
        SELECT document.id::text, named.file
          FROM "Finances".project_document AS document
         CROSS JOIN LATERAL (VALUES (document.stored_filename), (document.compressed_filename)) AS named (file)
         WHERE named.file IS NOT NULL
         ORDER BY document.id, named.file
        "#,
    )
    .fetch_all(transaction)
    .await?;
    let files = files.into_iter().map(|(row_id, session, name)| Expected {
        table: "upload_file",
        row_id,
        address: Address::in_session(session, name),
    });
    let documents = documents.into_iter().map(|(row_id, name)| Expected {
        table: "project_document",
        row_id,
        address: Address::of_document(name),
    });
    Ok(files.chain(documents).collect())
}

/// Reports the files that are not stored.
///
/// # Errors
/// If the storage cannot be read.
pub(super) async fn report_missing(
    storage: &Storage,
    expected: Vec<Expected>,
    report: &mut Report,
) -> anyhow::Result<()> {
    for Expected {
        table,
        row_id,
        address,
    } in expected
    {
        if storage.find(&address).await?.is_none() {
            report.found(
                table,
                Some(row_id),
                "file_missing",
                json!({"file": address.name()}),
            );
        }
    }
    Ok(())
}
