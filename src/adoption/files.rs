//! Whether the files that rows name are stored, which only a run that is undone looks for: it changes nothing, and a file
//! may still be brought.

use serde_json::json;

use super::report::Report;
use crate::uploads::{NamedFile, storage::Storage};

/// Reports those of the files that are not stored.
///
/// # Errors
/// If the storage cannot be read.
pub(super) async fn report_missing(
    storage: &Storage,
    named: Vec<NamedFile>,
    report: &mut Report,
) -> anyhow::Result<()> {
    for file in named {
        if storage.find(&file.address).await?.is_none() {
            report.found(
                file.table.name(),
                Some(file.row_id),
                "file_missing",
                json!({"file": file.address.name()}),
            );
        }
    }
    Ok(())
}
