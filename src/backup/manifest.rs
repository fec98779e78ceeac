//! What an archive says about itself, as JSON that a person can read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::uploads::storage::Address;

/// The form of archives that this version writes and reads.
pub(super) const FORMAT: u32 = 1;

/// The names in an archive.
pub(super) const DUMP: &str = "database.dump";
pub(super) const MANIFEST: &str = "manifest.json";
/// In the form of `sha256sum`, which checks it too.
pub(super) const MANIFEST_HASH: &str = "manifest.json.sha256";
const FILES: &str = "files/";

/// The name of a stored file in an archive; `None` if the address is that of no file.
pub(super) fn file_entry(address: &Address) -> Option<String> {
    address.key().map(|key| format!("{FILES}{key}"))
}

/// The stored file that a name in an archive stands for.
pub(super) fn address_of_entry(name: &str) -> Option<Address> {
    Address::of_key(name.strip_prefix(FILES)?)
}

/// The manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the archive.
    pub format: u32,
    /// The moment that it holds, UTC.
    pub taken_at: DateTime<Utc>,
    /// The version of the program that wrote it.
    pub program_version: String,
    /// The version of the database server, in its own words.
    pub postgres_version: String,
    /// The server's major version.
    pub postgres_major: u32,
    /// That of the `pg_dump` that wrote the dump.
    pub pg_dump_major: u32,
    /// The migrations that the schema had seen, in their order.
    pub migrations: Vec<Migrated>,
    /// The indexes that need an extension of PostgreSQL.
    pub search: Option<SearchIndexes>,
    /// What must be in other schemas of a database that this is brought back to, in PostgreSQL's words.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The dump.
    pub dump: Content,
    /// What each table held.
    pub tables: BTreeMap<String, TableFigures>,
    /// The stored files.
    pub files: Vec<SavedFile>,
    /// Files that rows named and that were not there to be saved.
    pub missing_files: Vec<String>,
}

/// A migration that had run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrated {
    /// Its number.
    pub version: i64,
    /// What it is for.
    pub description: String,
}

/// Indexes that work by the extension `pg_trgm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchIndexes {
    /// The schema in which the extension was.
    pub extension_schema: String,
    /// The names of the indexes.
    pub indexes: Vec<String>,
}

/// How many bytes, and which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The number of bytes.
    pub size: u64,
    /// Their SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFigures {
    /// The number of rows.
    pub rows: i64,
    /// The sum of each column of money, exact, as PostgreSQL writes it.
    pub sums: BTreeMap<String, String>,
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFile {
    /// Its place below the root of the stored files.
    pub address: String,
    /// The number of bytes.
    pub size: u64,
    /// Their SHA-256 in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// The number of rows in all tables.
    pub fn rows(&self) -> i64 {
        self.tables.values().map(|table| table.rows).sum()
    }

    /// The bytes of all stored files.
    pub fn file_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}
