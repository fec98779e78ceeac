//! Brings an archive back.

use std::sync::Arc;

use anyhow::{Context, bail};
use sqlx::postgres::PgConnectOptions;

use super::{
    Checked, Listener, figures, files,
    programs::{Client, Dump},
    target::{RESTORE, Target},
};
use crate::{postgres::programs::ProgramSearch, uploads::storage::Storage};

/// Where an archive is brought back.
pub struct Place<'a> {
    /// The way to the database that no pooler stands in.
    pub options: &'a PgConnectOptions,
    /// The stored files.
    pub storage: &'a Storage,
    /// Where to look for `pg_restore`.
    pub search: &'a ProgramSearch,
}

/// What was brought back.
#[derive(Debug)]
pub struct Restored {
    /// How many files were written; the others were there.
    pub files_written: usize,
    /// Whether the rows were there already, from an earlier run.
    pub database_was_there: bool,
    /// Whether indexes of the search were left out, since PostgreSQL lacks the extension for them.
    pub search_was_left_out: bool,
}

/// Brings everything back that an archive holds, the files first and then the database in one transaction, and compares rows
/// and sums with the manifest. Whatever it is cut off at, it may be run again.
///
/// # Errors
/// If something else is in the place, before anything is written; if the programs are missing or too old; if rows or sums are
/// not what the manifest says.
pub async fn restore(place: Place<'_>, checked: &Checked, listener: Listener) -> anyhow::Result<Restored> {
    let manifest = &checked.manifest;
    let mut target = Target::reach(place.options).await?;
    target.refuse_company().await?;
    if target.major < manifest.postgres_major {
        bail!(
            "the backup is of PostgreSQL {}, and this server is {}; restore it into {} or newer",
            manifest.postgres_major,
            target.major,
            manifest.postgres_major
        );
    }
    let client = Client::find(
        place.search,
        target.major.max(manifest.pg_dump_major),
        &place.options.clone().application_name(RESTORE),
    )
    .await?;
    let database_was_there = target.is_restored(manifest).await?;
    let wanted = files::wanted(place.storage, manifest, Arc::clone(&listener)).await?;

    let files_written = wanted.len();
    listener(&format!("bringing back {files_written} stored files"));
    files::bring_back(&checked.archive, place.storage, wanted, Arc::clone(&listener)).await?;

    let mut search_was_left_out = false;
    if !database_was_there {
        listener(&format!(
            "bringing back the database: {} bytes",
            manifest.dump.size
        ));
        let search = manifest.search.as_ref();
        search_was_left_out = !target.prepare(search).await?;
        let dump = Dump::new(&checked.archive, checked.dump_at, manifest)?;
        client
            .restore(dump, search.filter(|_| search_was_left_out))
            .await
            .with_context(|| {
                let as_it_was = "the database is as it was; stored files stay for another try";
                if manifest.needs.is_empty() {
                    as_it_was.to_owned()
                } else {
                    let needs = manifest.needs.join(", ");
                    format!("{as_it_was}; these of other schemas must be there, the backup does not hold them: {needs}")
                }
            })?;
        target.compare(manifest).await?;
        target.analyze().await?;
    }
    target.close().await?;
    Ok(Restored {
        files_written,
        database_was_there,
        search_was_left_out,
    })
}

/// How rows and sums differ from the manifest's since the program's migrations have run on them.
///
/// # Errors
/// If the database cannot be read.
pub async fn changed_since(options: &PgConnectOptions, checked: &Checked) -> anyhow::Result<Vec<String>> {
    let mut target = Target::reach(options).await?;
    let found = target.figures().await?;
    target.close().await?;
    Ok(figures::differences(&checked.manifest.tables, &found))
}
