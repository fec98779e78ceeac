//! Where a stored file lies, and the names that files are given.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use object_store::path::Path as ObjectPath;

/// The folder of files that are not published.
pub(super) const TEMP: &str = "temp";
const SESSIONS: &str = "sessions";

/// Where a published file lies below the root.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// `sessions/{session}/{name}`.
    Session(String),
    /// `{name}`: a document.
    Root,
}

/// A stored file's place and name, as its row has them. Old rows may hold anything: what would lead out of the root is the
/// address of no file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    place: Place,
    name: String,
}

impl Address {
    /// A file of a session.
    pub fn in_session(session: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            place: Place::Session(session.into()),
            name: name.into(),
        }
    }

    /// A document.
    pub fn of_document(name: impl Into<String>) -> Self {
        Self {
            place: Place::Root,
            name: name.into(),
        }
    }

    /// Its place.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The session that it is a file of; `None` for a document.
    pub fn session(&self) -> Option<&str> {
        match &self.place {
            Place::Session(session) => Some(session),
            Place::Root => None,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its folders and name below the root once it is published; `None` if they lead out of it.
    fn parts(&self) -> Option<Vec<&str>> {
        let parts = match &self.place {
            Place::Session(session) => vec![SESSIONS, session, &self.name],
            Place::Root => vec![self.name.as_str()],
        };
        parts.iter().all(|part| is_bare(part)).then_some(parts)
    }

    /// Its place and name in one, such as `sessions/sess_1/a.pdf`; `None` if it is the address of no file.
    pub fn key(&self) -> Option<String> {
        self.parts().map(|parts| parts.join("/"))
    }

    /// The address that a key stands for; `None` if it is not one of ours.
    pub fn of_key(key: &str) -> Option<Self> {
        let address = match key.split('/').collect::<Vec<_>>().as_slice() {
            // The names of folders.
            [TEMP | SESSIONS] => return None,
            [name] => Self::of_document(*name),
            [SESSIONS, session, name] => Self::in_session(*session, *name),
            _ => return None,
        };
        address.parts().is_some().then_some(address)
    }

    /// Its key once it is published.
    pub(super) fn published(&self) -> Option<ObjectPath> {
        ObjectPath::parse(self.parts()?.join("/")).ok()
    }

    /// The file that is published under a key, if files of ours are.
    pub(super) fn of_published(key: &ObjectPath) -> Option<Self> {
        let parts: Vec<_> = key.parts().map(|part| part.as_ref().to_owned()).collect();
        match parts.as_slice() {
            [name] => Some(Self::of_document(name.as_str())),
            [folder, session, name] if folder == SESSIONS => {
                Some(Self::in_session(session.as_str(), name.as_str()))
            }
            _ => None,
        }
    }

    /// Its key until then.
    pub(super) fn staged(&self) -> Option<ObjectPath> {
        self.parts()?;
        ObjectPath::parse(format!("{TEMP}/{}", self.name)).ok()
    }

    pub(super) fn on_disk(&self, root: &Path) -> Option<PathBuf> {
        Some(root.join(self.parts()?.iter().collect::<PathBuf>()))
    }

    pub(super) fn staged_on_disk(&self, root: &Path) -> Option<PathBuf> {
        self.parts()?;
        Some(root.join(TEMP).join(&self.name))
    }
}

/// Whether a name stays below the folder that it is joined to.
pub(super) fn is_bare(name: &str) -> bool {
    Path::new(name).file_name() == Some(OsStr::new(name))
}

/// Random bytes of the system's generator.
///
/// # Errors
/// If the system has none to give.
pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// `{YYYYMMDD_HHMMSS}_{32 hex}.{extension}`, in UTC.
///
/// # Errors
/// If the system has no random bytes to give.
pub fn session_file_name(now: DateTime<Utc>, extension: &str) -> io::Result<String> {
    Ok(format!(
        "{}_{}.{extension}",
        now.format("%Y%m%d_%H%M%S"),
        hex::encode(random::<16>()?)
    ))
}

/// `{32 hex}.{extension}`.
///
/// # Errors
/// If the system has no random bytes to give.
pub fn document_name(extension: &str) -> io::Result<String> {
    Ok(format!("{}.{extension}", hex::encode(random::<16>()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_root() {
        let root = Path::new("/files");
        for (address, path) in [
            (Address::of_document("a.pdf"), Some("/files/a.pdf")),
            (Address::of_document("a b%2F.pdf"), Some("/files/a b%2F.pdf")),
            (
                Address::in_session("sess_1", "a.pdf"),
                Some("/files/sessions/sess_1/a.pdf"),
            ),
            (Address::in_session("..", "a.pdf"), None),
            (Address::in_session("", "a.pdf"), None),
            (Address::in_session("sess_1", ".."), None),
            (Address::of_document(""), None),
            (Address::of_document("."), None),
            (Address::of_document(".."), None),
            (Address::of_document("../a.pdf"), None),
            (Address::of_document("/etc/passwd"), None),
            (Address::of_document("sessions/sess_1/a.pdf"), None),
            (Address::of_document("a.pdf/"), None),
        ] {
            assert_eq!(
                address.on_disk(root).as_deref(),
                path.map(Path::new),
                "{address:?}"
            );
            assert_eq!(address.staged().is_some(), path.is_some(), "{address:?}");
            assert_eq!(address.published().is_some(), path.is_some(), "{address:?}");
            let key = address.key();
            assert_eq!(key.is_some(), path.is_some(), "{address:?}");
            assert_eq!(key.and_then(|key| Address::of_key(&key)), path.map(|_| address));
        }
    }

    #[test]
    fn a_key_that_is_no_address_of_ours_is_none() {
        for key in [
            "",
            "/",
            "/etc/passwd",
            "../a.pdf",
            "a/../b",
            "temp",
            "temp/a.part",
            "sessions",
            "sessions/",
            "sessions/a",
            "sessions/../../a.pdf",
            "sessions/a/..",
            "sessions//a.pdf",
            "sessions/a/b/c",
            "other/a/b",
            ".",
            "..",
            "./a.pdf",
            "a.pdf/",
        ] {
            assert_eq!(Address::of_key(key), None, "{key}");
        }
    }
}
