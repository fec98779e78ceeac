//! The user of the system that PostgreSQL runs as.
//!
//! PostgreSQL refuses to run as root. A server started as root therefore runs it as the owner of the cluster, or for
//! a new one as `postgres`, else as `nobody`; the user must stand in the user database. Anybody else runs it as
//! themselves.

use std::ffi::OsString;
use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User, geteuid};

use super::error::{Doing, EmbeddedError};

/// Whom a server started as root may run PostgreSQL as, in order of preference.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The user that PostgreSQL runs as, and how its programs are called as that user.
#[derive(Debug, Clone)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
    /// Whether the server is root, so that programs and folders must be handed over.
    hands_over: bool,
    path: OsString,
}

impl Account {
    /// Chooses the user for the cluster in `folder`, which need not exist. Programs called as that user get `path`
    /// as their `PATH`.
    pub(super) fn choose(folder: &Path, path: Option<OsString>) -> Result<Self, EmbeddedError> {
        let me = geteuid();
        let owner = folder
            .metadata()
            .ok()
            .map(|metadata| Uid::from_raw(metadata.uid()));
        let user = if me.is_root() {
            let of_folder = owner.filter(|owner| !owner.is_root()).and_then(find_user);
            of_folder
                .or_else(unprivileged)
                .ok_or(EmbeddedError::NoUnprivilegedUser)?
        } else {
            let user = find_user(me).ok_or(EmbeddedError::NamelessUser { uid: me.as_raw() })?;
            if let Some(owner) = owner.filter(|owner| *owner != me) {
                return Err(EmbeddedError::OwnedByAnother {
                    folder: folder.to_owned(),
                    owner: find_user(owner).map_or_else(|| owner.to_string(), |user| user.name),
                    user: user.name,
                });
            }
            user
        };
        Ok(Self {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            hands_over: me.is_root(),
            path: path.unwrap_or_else(|| OsString::from("/usr/local/bin:/usr/bin:/bin")),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs as this user, with an environment of its own, from a folder that everyone may enter, and
    /// out of reach of the terminal's Ctrl-C: the server stops PostgreSQL itself, after its requests have ended.
    pub(super) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", &self.path)
            .env("LC_ALL", "C")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null());
        if self.hands_over {
            // Dropping the user this way also drops root's supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Makes a file or folder this user's own.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        if !self.hands_over {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid))
            .doing(|| format!("give {} to the user {}", path.display(), self.name))
    }

    /// Makes a folder that only this user may enter, unless it is there.
    pub(super) fn make_folder(&self, folder: &Path) -> Result<(), EmbeddedError> {
        match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => self.own(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error).doing(|| format!("make the folder {}", folder.display())),
        }
    }

    /// Whether a folder is this user's and closed to everyone else.
    pub(super) fn has_alone(&self, metadata: &Metadata) -> bool {
        metadata.is_dir() && metadata.uid() == self.uid && metadata.mode().trailing_zeros() >= 6
    }

    /// The folder that keeps this user from getting into `folder`, if one does.
    pub(super) fn closed_on_the_way(&self, folder: &Path) -> Result<Option<PathBuf>, EmbeddedError> {
        if !self.hands_over {
            return Ok(None);
        }
        // Trying it is the only answer that counts: access lists and mounts do not show in the mode of a folder.
        let mut command = self.command("/bin/sh");
        command
            .args(["-c", "cd -- \"$1\"", "sh"])
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = command
            .status()
            .doing(|| format!("run /bin/sh as the user {}", self.name))?;
        if status.success() {
            return Ok(None);
        }
        Ok(Some(
            self.first_closed(folder).unwrap_or_else(|| folder.to_owned()),
        ))
    }

    /// The outermost folder on the way to `folder` whose mode keeps this user out.
    fn first_closed(&self, folder: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = folder.ancestors().collect();
        way.reverse();
        way.into_iter()
            .find(|step| {
                step.metadata().is_ok_and(|metadata| {
                    let may_enter = if metadata.uid() == self.uid {
                        0o100
                    } else if metadata.gid() == self.gid {
                        0o010
                    } else {
                        0o001
                    };
                    metadata.mode() & may_enter == 0
                })
            })
            .map(Path::to_owned)
    }
}

fn unprivileged() -> Option<User> {
    UNPRIVILEGED
        .iter()
        .find_map(|name| User::from_name(name).ok().flatten())
}

fn find_user(uid: Uid) -> Option<User> {
    User::from_uid(uid).ok().flatten()
}
