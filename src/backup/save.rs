//! Makes an archive.

use std::{io, path::Path, sync::Arc};

use anyhow::Context;
use sqlx::postgres::PgConnectOptions;

use super::{
    Listener, Meter,
    archive::{Draft, Writer},
    files::Steady,
    manifest::{Content, DUMP, FORMAT, Manifest, SavedFile, file_entry},
    programs::Client,
    snapshot::{BACKUP, Snapshot},
};
use crate::{
    postgres::programs::ProgramSearch,
    uploads::{NamedFile, storage::Storage},
};

/// A write that panicked took the writer along.
const LOST: &str = "the archive cannot be written any more";

/// What is saved.
pub struct Source<'a> {
    /// The way to the database that no pooler stands in.
    pub options: &'a PgConnectOptions,
    /// The stored files.
    pub storage: &'a Storage,
    /// Where to look for `pg_dump`.
    pub search: &'a ProgramSearch,
}

/// What was saved.
#[derive(Debug)]
pub struct Saved {
    /// The archive's manifest.
    pub manifest: Manifest,
    /// The archive's length in bytes.
    pub bytes: u64,
    /// What a person should look at: what is needed of other schemas, files that are missing or changed.
    pub warnings: Vec<String>,
}

/// Saves everything into `file`, which comes to be when it is complete; `replace` allows that there is one already.
///
/// # Errors
/// If `file` is there, the programs are missing or too old, or anything cannot be read or written.
pub async fn save(
    source: Source<'_>,
    file: &Path,
    replace: bool,
    listener: Listener,
) -> anyhow::Result<Saved> {
    let (draft, archive) = Draft::begin(file, replace)?;
    let mut snapshot = Snapshot::take(source.options).await?;
    let major = snapshot.postgres_major().await?;
    let client = Client::find(
        source.search,
        major,
        &source.options.clone().application_name(BACKUP),
    )
    .await?;
    listener("reading what the tables hold");
    let seen = snapshot.read().await?;
    let time = u64::try_from(seen.taken_at.timestamp())?;
    let mut saving = Saving {
        writer: Some(Writer::new(archive, time)),
        listener,
        warnings: seen
            .needs
            .iter()
            .map(|object| {
                format!("{object}: is of another schema, which is not saved; a restore needs it to be there")
            })
            .collect(),
    };
    let dump = saving.dump(&client, snapshot.id()).await?;
    snapshot.close().await?;
    let (files, missing_files) = saving.files(source.storage, seen.files).await?;
    snapshot.release().await?;

    let manifest = Manifest {
        format: FORMAT,
        taken_at: seen.taken_at,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        postgres_version: seen.postgres_version,
        postgres_major: major,
        pg_dump_major: client.major(),
        migrations: seen.migrations,
        search: seen.search,
        needs: seen.needs,
        dump,
        tables: seen.tables,
        files,
        missing_files,
    };
    let writer = saving.writer.context(LOST)?;
    let (manifest, bytes) = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        let bytes = writer.finish(&manifest).context("writing the manifest")?;
        Ok((manifest, bytes))
    })
    .await??;
    draft.publish()?;
    Ok(Saved {
        manifest,
        bytes,
        warnings: saving.warnings,
    })
}

/// An archive that grows.
struct Saving {
    /// Away while a thread writes.
    writer: Option<Writer>,
    listener: Listener,
    warnings: Vec<String>,
}

impl Saving {
    /// Writes on a thread that may block.
    async fn on_thread<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> io::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let mut writer = self.writer.take().context(LOST)?;
        let (writer, done) = tokio::task::spawn_blocking(move || {
            let done = work(&mut writer);
            (writer, done)
        })
        .await?;
        self.writer = Some(writer);
        Ok(done?)
    }

    async fn dump(&mut self, client: &Client, snapshot: &str) -> anyhow::Result<Content> {
        (self.listener)("saving the database");
        let mut running = client.dump(snapshot)?;
        let mut output = running.stdout()?;
        let mut meter = Meter::new(Arc::clone(&self.listener));
        let content = self
            .on_thread(move |writer| {
                writer.add(DUMP, &mut output, |bytes| {
                    meter.at(|| format!("saving the database: {bytes} bytes"));
                })
            })
            .await
            .context("saving the database");
        // Why it wrote no more explains more than that it did.
        running.end("pg_dump").await?;
        content
    }

    /// Saves files; what was saved, and what was not there.
    async fn files(
        &mut self,
        storage: &Storage,
        named: Vec<NamedFile>,
    ) -> anyhow::Result<(Vec<SavedFile>, Vec<String>)> {
        let all = named.len();
        (self.listener)(&format!("saving {all} stored files"));
        let (mut saved, mut missing) = (Vec::with_capacity(all), Vec::new());
        let (mut meter, mut bytes) = (Meter::new(Arc::clone(&self.listener)), 0);
        for (done, file) in named.into_iter().enumerate() {
            let NamedFile { address, sha256, .. } = file;
            let entry = file_entry(&address);
            let (Some(key), Some(entry)) = (address.key(), entry) else {
                // Rows of the predecessor may name what is no file.
                self.warnings
                    .push(format!("{}: is not the name of a stored file", address.name()));
                missing.push(address.name().to_owned());
                continue;
            };
            let doing = || format!("saving {key}");
            let Some(mut source) = Steady::open(storage, address).await.with_context(doing)? else {
                self.warnings.push(format!("{key}: is missing"));
                missing.push(key);
                continue;
            };
            let content = self
                .on_thread(move |writer| writer.add(&entry, &mut source, |_| {}))
                .await
                .with_context(doing)?;
            if sha256.is_some_and(|hash| !hash.eq_ignore_ascii_case(&content.sha256)) {
                self.warnings
                    .push(format!("{key}: its bytes are not those that were stored"));
            }
            bytes += content.size;
            meter.at(|| format!("saving stored files: {} of {all}, {bytes} bytes", done + 1));
            saved.push(SavedFile {
                address: key,
                size: content.size,
                sha256: content.sha256,
            });
        }
        Ok((saved, missing))
    }
}
