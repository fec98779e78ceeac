//! The entries of an archive, which may come from anywhere: only plain files count, and nothing is held in memory that the
//! archive makes large.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
};

use anyhow::{Context, bail};
use tar::{Archive, EntryType};

/// The longest name that is read.
const NAME_LIMIT: u64 = 4096;

/// An entry.
pub(super) struct Entry<'a> {
    /// Its name, or what is wrong with it.
    pub(super) name: Result<String, String>,
    /// How long its head says that it is.
    pub(super) size: u64,
    /// Where its bytes begin in the archive.
    pub(super) at: u64,
    /// Its bytes.
    pub(super) reader: &'a mut dyn Read,
}

/// Shows each entry in turn.
///
/// # Errors
/// If the archive breaks off or its heads cannot be read; what `each` says.
pub(super) fn walk(
    archive: &File,
    mut each: impl FnMut(Entry<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut file = archive;
    file.rewind()?;
    let mut tar = Archive::new(BufReader::new(file));
    let mut last = String::from("its beginning");
    let mut long_name = None;
    // Raw: long names and other extensions of the format are not read into memory behind our back.
    for entry in tar.entries()?.raw(true) {
        let mut entry = entry.with_context(|| format!("the archive is damaged after {last}"))?;
        let kind = entry.header().entry_type();
        let size = entry.size();
        if kind == EntryType::GNULongName {
            if size > NAME_LIMIT {
                bail!("the archive is damaged after {last}: a name of {size} bytes");
            }
            let mut name = Vec::new();
            entry.read_to_end(&mut name)?;
            while name.last() == Some(&0) {
                name.pop();
            }
            long_name = Some(name);
            continue;
        }
        let name = long_name
            .take()
            .unwrap_or_else(|| entry.path_bytes().into_owned());
        let shown = String::from_utf8_lossy(&name).into_owned();
        let name = match String::from_utf8(name) {
            _ if kind != EntryType::Regular => Err(format!("{}: is not a plain file", shown.escape_debug())),
            Ok(name) => Ok(name),
            Err(_) => Err(format!("{}: is not a name of ours", shown.escape_debug())),
        };
        let at = entry.raw_file_position();
        each(Entry {
            name,
            size,
            at,
            reader: &mut entry,
        })?;
        last = shown.escape_debug().to_string();
    }
    Ok(())
}

/// Reads to the end of an entry; the number of its bytes.
///
/// # Errors
/// What `each` says, and what the file system says.
pub(super) fn pieces(
    reader: &mut dyn Read,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<u64> {
    let mut piece = vec![0; super::PIECE];
    let mut size = 0;
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok(size),
            count => {
                each(piece.get(..count).unwrap_or_default())?;
                size += u64::try_from(count).unwrap_or(u64::MAX);
            }
        }
    }
}
