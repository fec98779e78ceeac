//! Backups: what they hold while a server works, what comes back of them, and what is refused.

mod hostile;
mod places;
mod running;
mod whole;

use std::path::{Path, PathBuf};

use nexgen_finance::backup::Manifest;
use serde_json::Value;
use sqlx::ConnectOptions;
use tempfile::TempDir;

use crate::support::{
    TestApp,
    callers::Caller,
    cluster::{self, TestDatabase},
    files::{PDF_HEAD, noise},
    server::Home,
};

/// How a command has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ended {
    #[track_caller]
    pub(super) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// Checks that it has failed with these words.
    #[track_caller]
    pub(super) fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        for part in words {
            assert!(self.err.contains(part), "{part} is not in: {}", self.err);
        }
    }
}

/// Runs the program to its end.
pub(super) async fn run(home: &Home, arguments: &[&str], settings: &[(String, String)]) -> Ended {
    let output = home.command(arguments, settings).output().await.unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// An empty database and an empty folder.
pub(super) struct Empty {
    pub(super) database: TestDatabase,
    folder: TempDir,
}

impl Empty {
    pub(super) async fn new() -> Self {
        Self {
            database: cluster::empty_database().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let folder = self.files().to_str().unwrap().to_owned();
        vec![
            (
                "DATABASE_URL".to_owned(),
                self.database.options.to_url_lossy().to_string(),
            ),
            ("UPLOAD_DIR".to_owned(), folder),
        ]
    }

    pub(super) fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// The one value of a query.
    pub(super) async fn value<T>(&self, sql: &'static str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let mut db = self.database.options.connect().await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut db).await.unwrap()
    }

    /// Checks that nothing has come here.
    pub(super) async fn is_untouched(&self) {
        assert!(!self.files().exists(), "no file");
        let schema = r"SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'Finances')";
        assert!(!self.value::<bool>(schema).await, "no table");
    }
}

/// A document with two stored files.
pub(super) async fn document(app: &TestApp, caller: &Caller, name: &str, length: usize) -> Value {
    let po = app.client_po().stated("1180.55", "180.05").insert().await;
    caller
        .post(format!("/api/client-po/{po}/files"))
        .file(name, noise(PDF_HEAD, length), &[])
        .send()
        .await
        .expect(200)["file"]
        .clone()
}

/// An archive's entries with their bytes.
pub(super) fn entries(archive: &Path) -> Vec<(String, Vec<u8>)> {
    let mut tar = tar::Archive::new(std::fs::File::open(archive).unwrap());
    let read = |entry: std::io::Result<tar::Entry<'_, std::fs::File>>| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (name, bytes)
    };
    tar.entries().unwrap().map(read).collect()
}

/// An archive's manifest.
pub(super) fn manifest(archive: &Path) -> Manifest {
    let entries = entries(archive);
    let (_, text) = entries.iter().find(|(name, _)| name == "manifest.json").unwrap();
    serde_json::from_slice(text).unwrap()
}

/// The sum of a column of money in a manifest, with its two digits.
#[track_caller]
pub(super) fn sum<'a>(manifest: &'a Manifest, table: &str, column: &str) -> &'a str {
    &manifest.tables[table].sums[column]
}
