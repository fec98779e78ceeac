//! Where PostgreSQL's own programs are on this machine.
//!
//! A folder counts only if both `initdb` and `postgres` are in it: distributions put `psql` and wrappers in the
//! path without either, and `pg_config` of a development package may name a folder that lacks them. A data folder
//! can be opened by its own major version only, so that one is chosen where data exists, and otherwise the newest
//! one found. The environment is not read here: its values come in as [`ProgramSearch`].

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest major version that is supported.
pub const OLDEST_MAJOR: u32 = 14;
/// The newest major version that is supported.
pub const NEWEST_MAJOR: u32 = 18;

/// The folder of a project in which `./dev` unpacks PostgreSQL where no package of the system can be installed.
pub const PROJECT_FOLDER: &str = ".postgres";

/// Folders of distributions and package managers: every entry of the first whose name starts with the second, and
/// the third below it.
const PACKAGE_FOLDERS: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),                      // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                               // Fedora and RHEL, packages of PGDG
    ("/usr/lib", "postgresql", "bin"),                       // openSUSE
    ("/usr/libexec", "postgresql", ""),                      // Alpine
    ("/opt/homebrew/opt", "postgresql", "bin"),              // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql", "bin"),                 // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"), // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"), // Postgres.app
];

/// Folders without a version in their name.
const FIXED_FOLDERS: &[&str] = &[
    "/usr/bin",
    "/usr/local/bin",
    "/usr/local/pgsql/bin",
    // Where `./dev` unpacks for root, if the project lies in a folder that only root may enter.
    "/var/lib/nexgen-finance/.postgres/bin",
];

/// Where to look, apart from the folders that every machine has in common.
#[derive(Debug, Clone, Default)]
pub struct ProgramSearch {
    /// `PG_BINDIR`: where it is given, no other folder is looked at.
    pub pg_bindir: Option<PathBuf>,
    /// `PATH`.
    pub path: Option<OsString>,
    /// Folders that may hold a `.postgres` made by `./dev`: the working folder and the one of the manifest.
    pub project_folders: Vec<PathBuf>,
}

/// One folder with PostgreSQL's programs, and their major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    folder: PathBuf,
    major: u32,
}

impl Programs {
    /// The folder that holds `initdb` and `postgres`; absolute, without symbolic links.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The major version, such as 17.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The path of one program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl fmt::Display for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.major, self.folder.display())
    }
}

/// Why no programs can be used. The texts are for the person who starts the server.
#[derive(Debug, thiserror::Error)]
pub enum ProgramsError {
    /// Nothing usable was found.
    #[error("{}", missing_text(unusable))]
    Missing {
        /// Folders that hold the programs and yet cannot serve, each with the reason.
        unusable: Vec<String>,
    },
    /// `PG_BINDIR` names a folder that cannot serve.
    #[error("PG_BINDIR is {}, but {reason}; it must name the folder that holds initdb and postgres", folder.display())]
    BinDir {
        /// The value of `PG_BINDIR`.
        folder: PathBuf,
        /// What is wrong with it, as half a sentence.
        reason: String,
    },
    /// The data was made by a version whose programs are not there.
    #[error("{}", other_version_text(data_folder, data_version, found))]
    OtherVersion {
        /// The folder of the data.
        data_folder: PathBuf,
        /// The version that made it, as its `PG_VERSION` says.
        data_version: String,
        /// The programs that are there.
        found: Vec<Programs>,
    },
}

fn missing_text(unusable: &[String]) -> String {
    let mut text = String::from(
        "PostgreSQL's programs (initdb and postgres) were not found on this machine. One of these helps:\n\
         \x20 ./dev run                                  gets them and starts the server\n\
         \x20 apt-get install postgresql                 Debian, Ubuntu\n\
         \x20 dnf install postgresql-server              Fedora\n\
         \x20 brew install postgresql@17                 macOS\n\
         \x20 PG_BINDIR=/path/to/postgresql/bin          where they are already, in an unusual place\n\
         \x20 DATABASE_URL=postgres://user:password@host:5432/Nexgen_erp   a PostgreSQL server of yours",
    );
    if !unusable.is_empty() {
        text.push_str("\nFound, but of no use:");
        for line in unusable {
            text.push_str("\n  ");
            text.push_str(line);
        }
    }
    text
}

fn other_version_text(data_folder: &Path, data_version: &str, found: &[Programs]) -> String {
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    format!(
        "the database in {} was made by PostgreSQL {data_version}, and only PostgreSQL {data_version} can open it; \
         found on this machine: PostgreSQL {}. Install version {data_version} beside it (Debian, Ubuntu: apt-get \
         install postgresql-{data_version}) or name its programs with PG_BINDIR. To move to the other version, dump \
         the database with pg_dump while version {data_version} runs and restore it under a new DATA_DIR.",
        data_folder.display(),
        found.join(", "),
    )
}

impl ProgramSearch {
    /// Finds the programs for the data folder `data_folder`: those of its own version where it holds data, the
    /// newest supported ones otherwise.
    ///
    /// Runs `postgres --version` in every folder found, so it blocks for some milliseconds.
    ///
    /// # Errors
    /// `Missing` and `BinDir` if nothing usable is there, `OtherVersion` if only other versions than the data's are.
    pub fn find(&self, data_folder: &Path) -> Result<Programs, ProgramsError> {
        let found = self.usable()?;
        let Some(data_version) = data_version(data_folder) else {
            return newest(found).ok_or(ProgramsError::Missing { unusable: Vec::new() });
        };
        match found
            .iter()
            .find(|programs| data_version == programs.major.to_string())
        {
            Some(programs) => Ok(programs.clone()),
            None => Err(ProgramsError::OtherVersion {
                data_folder: data_folder.to_owned(),
                data_version,
                found,
            }),
        }
    }

    /// All folders that can serve, in the order of the search; never empty.
    fn usable(&self) -> Result<Vec<Programs>, ProgramsError> {
        if let Some(folder) = &self.pg_bindir {
            let reason = match examine(folder) {
                Some(Ok(programs)) => return Ok(vec![programs]),
                Some(Err(reason)) => reason,
                None => String::from("there is no initdb and postgres"),
            };
            return Err(ProgramsError::BinDir {
                folder: folder.clone(),
                reason,
            });
        }
        let mut seen = HashSet::new();
        let mut usable = Vec::new();
        let mut unusable = Vec::new();
        for folder in self.candidates() {
            let folder = real_folder(folder);
            if !seen.insert(folder.clone()) {
                continue;
            }
            match examine(&folder) {
                Some(Ok(programs)) => usable.push(programs),
                Some(Err(reason)) => unusable.push(format!("{}: {reason}", folder.display())),
                None => {}
            }
        }
        if usable.is_empty() {
            Err(ProgramsError::Missing { unusable })
        } else {
            Ok(usable)
        }
    }

    /// The folders to look into: that of `PG_BINDIR` alone where it is given.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        match &self.pg_bindir {
            Some(folder) => vec![folder.clone()],
            None => self.candidates(),
        }
    }

    fn candidates(&self) -> Vec<PathBuf> {
        let in_path = self.path_folders();
        let configured = in_path
            .iter()
            .find_map(|folder| ask_pg_config(&folder.join("pg_config")));
        let mut candidates = in_path;
        candidates.extend(configured);
        for (parent, start, below) in PACKAGE_FOLDERS {
            candidates.extend(
                entries(Path::new(parent), start)
                    .into_iter()
                    .map(|entry| entry.join(below)),
            );
        }
        candidates.extend(FIXED_FOLDERS.iter().map(PathBuf::from));
        candidates.extend(
            self.project_folders
                .iter()
                .map(|folder| folder.join(PROJECT_FOLDER).join("bin")),
        );
        candidates
    }

    fn path_folders(&self) -> Vec<PathBuf> {
        let Some(path) = &self.path else { return Vec::new() };
        std::env::split_paths(path)
            .filter(|folder| folder.is_absolute())
            .collect()
    }
}

/// The folder itself, without symbolic links; where its programs are links, the folder that they lead to.
fn real_folder(folder: PathBuf) -> PathBuf {
    let behind_link = folder
        .join("postgres")
        .canonicalize()
        .ok()
        .and_then(|postgres| Some(postgres.parent()?.to_owned()))
        .filter(|real| real.join("initdb").is_file());
    behind_link.unwrap_or_else(|| folder.canonicalize().unwrap_or(folder))
}

/// The version that made the data in a folder, as its `PG_VERSION` says; `None` if there is no data.
pub fn data_version(data_folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(data_folder.join("PG_VERSION")).ok()?;
    Some(text.trim().to_owned())
}

fn newest(found: Vec<Programs>) -> Option<Programs> {
    // Of two folders with the same version the first stays: PATH comes before the folders of packages.
    found
        .into_iter()
        .reduce(|best, next| if next.major > best.major { next } else { best })
}

/// `None` if the programs are not in the folder, the reason if they are and cannot serve.
fn examine(folder: &Path) -> Option<Result<Programs, String>> {
    let postgres = folder.join("postgres");
    if !postgres.is_file() || !folder.join("initdb").is_file() {
        return None;
    }
    let major = match answer(&postgres, "--version") {
        Ok(text) => parse_major(&text).ok_or_else(|| format!("unknown version {text:?}")),
        Err(reason) => Err(reason),
    };
    Some(match major {
        Ok(major) if (OLDEST_MAJOR..=NEWEST_MAJOR).contains(&major) => Ok(Programs {
            folder: folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
            major,
        }),
        Ok(major) => Err(format!(
            "PostgreSQL {major} is not supported, only {OLDEST_MAJOR} to {NEWEST_MAJOR} are"
        )),
        Err(reason) => Err(reason),
    })
}

/// The major version in the answer of a program to `--version`, such as `postgres (PostgreSQL) 17.2 (Debian 17.2-1)`.
pub(super) fn parse_major(text: &str) -> Option<u32> {
    let (_, version) = text.split_once("(PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn ask_pg_config(pg_config: &Path) -> Option<PathBuf> {
    if !pg_config.is_file() {
        return None;
    }
    answer(pg_config, "--bindir").ok().map(PathBuf::from)
}

/// What a program prints when called with one argument, or why it printed nothing, as half a sentence.
pub(super) fn answer(program: &Path, argument: &str) -> Result<String, String> {
    let output = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{} does not start: {error}", program.display()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        let text = String::from_utf8_lossy(&output.stderr);
        let line = text.lines().next().unwrap_or("it gives no reason");
        Err(format!("{} does not work: {line}", program.display()))
    }
}

/// The entries of a folder whose names start with `start`, in the order of their names.
fn entries(parent: &Path, start: &str) -> Vec<PathBuf> {
    let Ok(listing) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = listing
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .and_then(OsStr::to_str)
                .is_some_and(|name| name.starts_with(start))
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn fake(parent: &Path, name: &str, version: &str) -> PathBuf {
        let folder = parent.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for program in ["initdb", "postgres"] {
            let path = folder.join(program);
            std::fs::write(
                &path,
                format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n"),
            )
            .unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder.canonicalize().unwrap()
    }

    #[test]
    fn major_versions_are_read_from_every_form() {
        for (text, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some(15)),
            ("postgres (PostgreSQL) 18beta2", Some(18)),
            ("postgres (PostgreSQL) 9.6.24", Some(9)),
            ("postgres 15", None),
            ("", None),
        ] {
            assert_eq!(parse_major(text), major, "{text}");
        }
    }

    #[test]
    fn the_newest_supported_version_is_chosen_and_the_data_folders_own_before_it() {
        let temp = tempfile::tempdir().unwrap();
        let folders = [
            fake(temp.path(), "a", "16.1"),
            fake(temp.path(), "b", "17.2"),
            fake(temp.path(), "c", "13.9"),
            fake(temp.path(), "d", "99.0"),
        ];
        let usable: Vec<Programs> = folders
            .iter()
            .filter_map(|folder| examine(folder)?.ok())
            .collect();
        assert_eq!(usable.iter().map(Programs::major).collect::<Vec<_>>(), [16, 17]);

        assert_eq!(newest(usable).unwrap().folder(), folders[1]);
        let refused = examine(&folders[3]).unwrap().unwrap_err();
        assert_eq!(refused, "PostgreSQL 99 is not supported, only 14 to 18 are");
    }

    #[test]
    fn links_to_programs_are_no_second_installation() {
        let temp = tempfile::tempdir().unwrap();
        let real = fake(temp.path(), "real", "17.2");
        let links = temp.path().join("links");
        std::fs::create_dir(&links).unwrap();
        for program in ["initdb", "postgres"] {
            std::os::unix::fs::symlink(real.join(program), links.join(program)).unwrap();
        }

        assert_eq!(real_folder(links), real);
        assert_eq!(real_folder(real.clone()), real);
    }

    #[test]
    fn pg_bindir_alone_counts_where_it_is_given() {
        let temp = tempfile::tempdir().unwrap();
        let old = fake(temp.path(), "old", "14.0");
        let search = |folder: &Path| ProgramSearch {
            pg_bindir: Some(folder.to_owned()),
            ..Default::default()
        };
        let data = temp.path().join("data");
        std::fs::create_dir(&data).unwrap();

        assert_eq!(search(&old).find(&data).unwrap().major(), 14);
        assert!(matches!(
            search(temp.path()).find(&data),
            Err(ProgramsError::BinDir { .. })
        ));
        std::fs::write(data.join("PG_VERSION"), "16\n").unwrap();
        let text = search(&old).find(&data).unwrap_err().to_string();
        for part in [
            "PostgreSQL 16",
            "14 in ",
            "postgresql-16",
            "PG_BINDIR",
            "DATA_DIR",
            "pg_dump",
        ] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }

    #[test]
    fn what_is_missing_is_said_with_every_way_out() {
        let text = ProgramsError::Missing {
            unusable: vec![String::from("/x: PostgreSQL 13")],
        }
        .to_string();
        for part in [
            "./dev run",
            "apt-get install postgresql",
            "dnf install postgresql-server",
            "brew install postgresql@17",
            "PG_BINDIR",
            "DATABASE_URL",
            "/x: PostgreSQL 13",
        ] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }

    #[test]
    fn a_folder_without_postgres_itself_does_not_count() {
        let temp = tempfile::tempdir().unwrap();
        let folder = fake(temp.path(), "half", "17.0");
        std::fs::remove_file(folder.join("postgres")).unwrap();
        assert!(examine(&folder).is_none());
    }

    #[test]
    fn programs_that_do_not_start_are_named_with_the_reason() {
        let temp = tempfile::tempdir().unwrap();
        let folder = fake(temp.path(), "broken", "17.0");
        std::fs::write(
            folder.join("postgres"),
            "#!/bin/sh\necho 'libpq.so: not found' >&2\nexit 127\n",
        )
        .unwrap();
        assert!(
            examine(&folder)
                .unwrap()
                .unwrap_err()
                .contains("libpq.so: not found")
        );
    }
}
