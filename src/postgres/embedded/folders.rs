//! The files of the embedded cluster below the data folder, and the lock that keeps a second server out.
//!
//! ```text
//! DATA_DIR/server.lock          held by the one server that uses the folder
//! DATA_DIR/postgres/cluster     PostgreSQL's own data folder
//! DATA_DIR/postgres/password    of the cluster's only role
//! DATA_DIR/postgres/socket/     the only way in (elsewhere if the path is too long for a socket)
//! DATA_DIR/postgres/server.log  what PostgreSQL writes
//! ```
//!
//! Where PostgreSQL's user cannot get into the data folder, `postgres` is a link to a folder that it can get into.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::account::Account;
use super::error::{Doing, EmbeddedError};

/// The port that names the socket's file; no TCP port is opened.
pub(super) const PORT: u16 = 5432;

/// The longest path of a socket, in bytes, without the closing zero.
const SOCKET_PATH_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// A log longer than this is put aside when PostgreSQL starts.
const LOG_MAX_BYTES: u64 = 10 * 1024 * 1024;

/// How long a lock is asked for again.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_ROUND: Duration = Duration::from_millis(20);

/// How the folder is called in which `initdb` works, with a random ending.
const UNFINISHED: &str = "unfinished-";

/// Where everything of one cluster is. All paths are absolute.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    pub(super) base: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) password: PathBuf,
    pub(super) socket: PathBuf,
    pub(super) log: PathBuf,
}

impl Folders {
    /// The places below the cluster's own folder, which is absolute.
    pub(super) fn at(base: PathBuf) -> Self {
        Self {
            cluster: base.join("cluster"),
            password: base.join("password"),
            socket: socket_folder(&base),
            log: base.join("server.log"),
            base,
        }
    }

    /// Makes the folders that are missing, for the user that PostgreSQL runs as, and clears what a killed `initdb`
    /// left.
    pub(super) fn prepare(&self, account: &Account) -> Result<(), EmbeddedError> {
        account.make_folder(&self.base)?;
        if let Some(closed) = account.closed_on_the_way(&self.base)? {
            return Err(EmbeddedError::Closed {
                folder: self.base.clone(),
                closed,
                user: account.name().to_owned(),
            });
        }
        self.remove_unfinished()?;
        account.make_folder(&self.socket)?;
        // A folder of that name in the temp folder may be another's: not followed, and not used.
        let metadata =
            fs::symlink_metadata(&self.socket).doing(|| format!("read {}", self.socket.display()))?;
        if !account.has_alone(&metadata) {
            return Err(EmbeddedError::SocketFolder {
                folder: self.socket.clone(),
                user: account.name().to_owned(),
            });
        }
        Ok(())
    }

    /// Where the next `initdb` works: a name of its own, so that one that outlived its server is in nobody's way.
    pub(super) fn unfinished(&self) -> Result<PathBuf, EmbeddedError> {
        Ok(self.base.join(format!("{UNFINISHED}{}", random_hex::<8>()?)))
    }

    fn remove_unfinished(&self) -> Result<(), EmbeddedError> {
        let listing = fs::read_dir(&self.base).doing(|| format!("list {}", self.base.display()))?;
        for entry in listing {
            let entry = entry.doing(|| format!("list {}", self.base.display()))?;
            if entry.file_name().as_bytes().starts_with(UNFINISHED.as_bytes())
                && let Err(error) = fs::remove_dir_all(entry.path())
            {
                tracing::warn!(%error, folder = %entry.path().display(), "what a stopped initdb left stays");
            }
        }
        Ok(())
    }

    /// Whether the cluster has been made.
    pub(super) fn has_cluster(&self) -> bool {
        self.cluster.join("PG_VERSION").exists()
    }

    /// The password of a cluster that was made.
    pub(super) fn known_password(&self) -> Result<SecretString, EmbeddedError> {
        match fs::read_to_string(&self.password) {
            Ok(text) => Ok(SecretString::from(text.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(EmbeddedError::PasswordMissing {
                folder: self.cluster.clone(),
                file: self.password.clone(),
            }),
            Err(error) => Err(error).doing(|| format!("read {}", self.password.display())),
        }
    }

    /// The password of the cluster's role, made once.
    pub(super) fn password(&self, account: &Account) -> Result<SecretString, EmbeddedError> {
        let file = &self.password;
        match fs::read_to_string(file) {
            Ok(text) if !text.trim().is_empty() => return Ok(SecretString::from(text.trim().to_owned())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).doing(|| format!("read {}", file.display())),
        }
        if self.has_cluster() {
            return Err(EmbeddedError::PasswordMissing {
                folder: self.cluster.clone(),
                file: file.clone(),
            });
        }
        let password = random_hex::<32>()?;
        let mut open = OpenOptions::new();
        open.write(true).create(true).truncate(true).mode(0o600);
        open.open(file)
            .and_then(|mut opened| {
                opened.write_all(password.as_bytes())?;
                opened.sync_all()
            })
            .doing(|| format!("write {}", file.display()))?;
        account.own(file)?;
        Ok(SecretString::from(password))
    }

    /// Opens PostgreSQL's log at its end; a long one is put aside first.
    pub(super) fn open_log(&self) -> Result<File, EmbeddedError> {
        let old = self.log.with_extension("log.1");
        if self
            .log
            .metadata()
            .is_ok_and(|metadata| metadata.len() > LOG_MAX_BYTES)
        {
            fs::rename(&self.log, &old).doing(|| format!("rename {}", self.log.display()))?;
        }
        let mut open = OpenOptions::new();
        open.append(true).create(true).mode(0o600);
        open.open(&self.log)
            .doing(|| format!("open {}", self.log.display()))
    }

    /// Removes the socket's folder if it is outside the data folder.
    pub(super) fn remove_outside(&self) {
        if !self.socket.starts_with(&self.base)
            && let Err(error) = fs::remove_dir_all(&self.socket)
        {
            tracing::debug!(%error, folder = %self.socket.display(), "the socket's folder stays");
        }
    }
}

/// Makes the data folder unless it is there; its absolute path, without symbolic links.
pub(super) fn make_data_dir(data_dir: &Path) -> Result<PathBuf, EmbeddedError> {
    if !data_dir.exists() {
        fs::create_dir_all(data_dir).doing(|| format!("make the folder {}", data_dir.display()))?;
        // Whatever the umask: the user that PostgreSQL runs as must get through, nobody needs to list it.
        let open = fs::Permissions::from_mode(0o711);
        fs::set_permissions(data_dir, open).doing(|| format!("open the folder {}", data_dir.display()))?;
    }
    data_dir
        .canonicalize()
        .doing(|| format!("read {}", data_dir.display()))
}

/// Takes the lock of a data folder, on a thread that may wait. It is let go when the file is dropped, and by the system when the process ends.
///
/// A process that is being started anywhere in this one holds a copy of every open file for the moment between its making
/// and its own program, of a lock that was just let go too: so a lock that is taken is asked for again for a while.
pub(super) fn lock(data_dir: &Path) -> Result<File, EmbeddedError> {
    let path = data_dir.join("server.lock");
    let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => File::open(&path),
        other => other,
    };
    let file = file.doing(|| format!("open {}", path.display()))?;
    let asked = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if asked.elapsed() < LOCK_PATIENCE => {
                thread::sleep(LOCK_ROUND);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(EmbeddedError::InUse {
                    folder: data_dir.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).doing(|| format!("lock {}", path.display()));
            }
        }
    }
}

/// The folder of the cluster, below the data folder or where the link there points.
pub(super) fn base(data_dir: &Path) -> PathBuf {
    let usual = data_dir.join("postgres");
    fs::read_link(&usual).unwrap_or(usual)
}

/// Makes a folder for the cluster below `parent` and a link to it in the data folder.
pub(super) fn link_elsewhere(data_dir: &Path, parent: &Path) -> Result<PathBuf, EmbeddedError> {
    fs::create_dir_all(parent).doing(|| format!("make the folder {}", parent.display()))?;
    let base = parent.join(random_hex::<8>()?);
    symlink(&base, data_dir.join("postgres")).doing(|| format!("make a link in {}", data_dir.display()))?;
    tracing::warn!(
        "root alone can enter {} and PostgreSQL never runs as root: the data goes to {}",
        data_dir.display(),
        base.display()
    );
    Ok(base)
}

/// The socket's folder: below `base`, or in the temp folder where a socket's path would be too long otherwise.
fn socket_folder(base: &Path) -> PathBuf {
    let usual = base.join("socket");
    if fits(&usual) {
        return usual;
    }
    let digest = Sha256::digest(base.as_os_str().as_bytes());
    let name = format!(
        "nexgen-finance-{}",
        hex::encode(digest.iter().take(8).copied().collect::<Vec<u8>>())
    );
    let in_temp = std::env::temp_dir().join(&name);
    if fits(&in_temp) {
        in_temp
    } else {
        Path::new("/tmp").join(name)
    }
}

fn fits(folder: &Path) -> bool {
    folder.join(format!(".s.PGSQL.{PORT}")).as_os_str().len() <= SOCKET_PATH_MAX
}

/// `BYTES` random bytes in hexadecimal.
fn random_hex<const BYTES: usize>() -> Result<String, EmbeddedError> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(io::Error::other)
        .doing(|| String::from("get random bytes"))?;
    Ok(hex::encode(bytes))
}

/// A path as one entry of a PostgreSQL setting that lists paths: quoted, so that commas and spaces are its own.
pub(super) fn quoted(path: &OsStr) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for byte in path.as_bytes() {
        if *byte == b'"' {
            quoted.push(b'"');
        }
        quoted.push(*byte);
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_stays_inside_as_long_as_its_path_fits() {
        // "/" + 85 letters + "/socket/.s.PGSQL.5432" is 107 bytes long.
        let longest = if cfg!(target_os = "linux") { 85 } else { 81 };
        let inside = PathBuf::from(format!("/{}", "a".repeat(longest)));
        let beyond = PathBuf::from(format!("/{}", "a".repeat(longest + 1)));

        assert_eq!(socket_folder(&inside), inside.join("socket"));
        let outside = socket_folder(&beyond);
        assert!(!outside.starts_with(&beyond));
        assert_eq!(outside, socket_folder(&beyond));
        assert_ne!(outside, socket_folder(&beyond.join("other")));
    }

    #[test]
    fn a_path_in_a_list_of_paths_is_quoted() {
        for (path, expected) in [("/a b,c", r#""/a b,c""#), (r#"/a"b"#, r#""/a""b""#)] {
            assert_eq!(quoted(OsStr::new(path)), expected.as_bytes(), "{path}");
        }
    }

    #[test]
    fn random_names_differ() {
        let (first, second) = (random_hex::<8>().unwrap(), random_hex::<8>().unwrap());
        assert_eq!(first.len(), 16);
        assert_ne!(first, second);
    }
}
