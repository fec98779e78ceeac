//! `pg_dump` and `pg_restore`, of a version that a server can be saved and restored with.
//!
//! They are looked for where the server's own programs are, and count without them: a machine that only reaches a database
//! elsewhere has the client's package alone.

use std::{
    collections::HashSet,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::programs::{ProgramSearch, answer, parse_major};

const DUMP: &str = "pg_dump";
const RESTORE: &str = "pg_restore";

/// A folder with both programs, and their major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientPrograms {
    folder: PathBuf,
    major: u32,
}

impl ClientPrograms {
    /// The major version, such as 17.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The path of `pg_dump`.
    pub fn dump(&self) -> PathBuf {
        self.folder.join(DUMP)
    }

    /// The path of `pg_restore`.
    pub fn restore(&self) -> PathBuf {
        self.folder.join(RESTORE)
    }
}

/// Why no programs can be used. The texts are for the person who runs the command.
#[derive(Debug, thiserror::Error)]
pub enum ClientProgramsError {
    /// There are none.
    #[error(
        "pg_dump and pg_restore were not found; install PostgreSQL {wanted}'s client programs (Debian, Ubuntu: apt-get \
         install postgresql-client-{wanted}) or name their folder with PG_BINDIR"
    )]
    Missing {
        /// The version that was looked for.
        wanted: u32,
    },
    /// There are only some that know less than is asked of them.
    #[error(
        "pg_dump and pg_restore here are of PostgreSQL {}, and PostgreSQL {wanted} asks for {wanted} or newer; install \
         them (Debian, Ubuntu: apt-get install postgresql-client-{wanted}) or name their folder with PG_BINDIR",
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    Older {
        /// The version that was looked for.
        wanted: u32,
        /// Those that are there.
        found: Vec<u32>,
    },
}

impl ProgramSearch {
    /// The programs of this major version, or else the ones that come next after it.
    ///
    /// Runs `pg_dump --version` in every folder found, so it blocks for some milliseconds.
    ///
    /// # Errors
    /// `Missing` if there are none, `Older` if all are of earlier versions.
    pub fn find_client(&self, wanted: u32) -> Result<ClientPrograms, ClientProgramsError> {
        let mut seen = HashSet::new();
        let found: Vec<_> = self
            .folders()
            .iter()
            .filter_map(|folder| real_folder(folder))
            .filter(|folder| seen.insert(folder.clone()))
            .filter_map(examine)
            .collect();
        let fits = found.iter().filter(|programs| programs.major >= wanted);
        match fits.min_by_key(|programs| programs.major) {
            Some(programs) => Ok(programs.clone()),
            None if found.is_empty() => Err(ClientProgramsError::Missing { wanted }),
            None => Err(ClientProgramsError::Older {
                wanted,
                found: found.iter().map(ClientPrograms::major).collect(),
            }),
        }
    }
}

/// The folder in which both programs really are. Debian's wrapper in `/usr/bin`, which guesses a version, is not followed: the
/// folders that it chooses from are looked at themselves.
fn real_folder(folder: &Path) -> Option<PathBuf> {
    let dump = folder.join(DUMP).canonicalize().ok()?;
    let folder = dump.parent()?;
    let is_whole = dump.file_name() == Some(OsStr::new(DUMP)) && folder.join(RESTORE).is_file();
    is_whole.then(|| folder.to_owned())
}

fn examine(folder: PathBuf) -> Option<ClientPrograms> {
    let text = answer(&folder.join(DUMP), "--version").ok()?;
    let major = parse_major(&text)?;
    Some(ClientPrograms { folder, major })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn fake(parent: &Path, name: &str, version: &str) -> PathBuf {
        let folder = parent.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for program in [DUMP, RESTORE] {
            let path = folder.join(program);
            std::fs::write(
                &path,
                format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n"),
            )
            .unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder.canonicalize().unwrap()
    }

    fn only(folder: PathBuf) -> ProgramSearch {
        ProgramSearch {
            pg_bindir: Some(folder),
            ..ProgramSearch::default()
        }
    }

    #[test]
    fn a_client_needs_no_server_beside_it_and_is_never_older_than_what_it_saves() {
        let temp = tempfile::tempdir().unwrap();
        let folder = fake(temp.path(), "16", "16.4 (Debian 16.4-1)");
        let search = only(folder.clone());

        for wanted in [14, 16] {
            let found = search.find_client(wanted).unwrap();
            assert_eq!(found.major(), 16);
            assert_eq!(found.dump(), folder.join("pg_dump"));
        }
        let text = search.find_client(17).unwrap_err().to_string();
        for part in [
            "of PostgreSQL 16,",
            "asks for 17 or newer",
            "postgresql-client-17",
            "PG_BINDIR",
        ] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }

    #[test]
    fn a_wrapper_or_half_a_client_is_none() {
        let temp = tempfile::tempdir().unwrap();
        let folder = fake(temp.path(), "wrapped", "17.0");
        std::fs::rename(folder.join(DUMP), folder.join("wrapper")).unwrap();
        std::os::unix::fs::symlink("wrapper", folder.join(DUMP)).unwrap();
        let half = fake(temp.path(), "half", "17.0");
        std::fs::remove_file(half.join(RESTORE)).unwrap();

        for folder in [folder, half, temp.path().to_owned()] {
            let text = only(folder).find_client(17).unwrap_err().to_string();
            assert!(text.contains("were not found"), "{text}");
        }
    }
}
