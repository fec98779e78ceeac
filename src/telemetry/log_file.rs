//! One log file: rotated by size, and found again when its folder or its disk is.
//!
//! Nothing here ends the writing for good. A line that cannot be written is lost, which is told on stderr once, and the next
//! one is tried anew; a file that was moved away or removed with its folder is made again within a second.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A file is rotated when it passes this size.
pub(super) const FILE_BYTES: u64 = 10 << 20;
/// This many rotated files are kept: `app.log.1` is the newest of them.
const FILES_KEPT: u32 = 5;
/// How often it is looked whether the file is still in its place.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// A log file that takes whole lines.
pub(super) struct LogFile {
    path: PathBuf,
    file: Option<File>,
    bytes: u64,
    looked_at: Instant,
    /// Whether the last thing that was said of it is that it cannot be written.
    is_failing: bool,
    /// Whether it may end in the middle of a line.
    is_torn: bool,
}

impl LogFile {
    /// The file of this name. One that cannot be opened now is tried again with later lines.
    pub(super) fn open(folder: &Path, name: &str) -> Self {
        let mut this = Self {
            path: folder.join(name),
            file: None,
            bytes: 0,
            looked_at: Instant::now(),
            is_failing: false,
            is_torn: false,
        };
        let opened = this.reopen();
        this.tell(opened.err().as_ref());
        this
    }

    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        if self.looked_at.elapsed() >= LOOK_INTERVAL {
            self.looked_at = Instant::now();
            if !self.is_in_place() {
                self.reopen()?;
            }
        }
        if self.bytes > FILE_BYTES {
            self.rotate()?;
        }
        let Some(file) = &mut self.file else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "it is not open"));
        };
        if self.is_torn {
            file.write_all(b"\n")?;
            self.is_torn = false;
        }
        // A full disk may take the first half of a line.
        self.is_torn = true;
        file.write_all(line)?;
        self.is_torn = false;
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Whether the path still leads to the file that is open.
    fn is_in_place(&self) -> bool {
        let open = self.file.as_ref().and_then(|file| file.metadata().ok());
        match (open, fs::metadata(&self.path)) {
            (Some(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
            _ => false,
        }
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.file = None;
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o640)
            .open(&self.path)?;
        self.bytes = file.metadata()?.len();
        self.file = Some(file);
        Ok(())
    }

    /// Makes room: each old file gets the next number, the oldest goes.
    fn rotate(&mut self) -> io::Result<()> {
        let numbered = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        // Where that fails, lines go on into the file that there is, until it has grown by as much again.
        self.bytes = 0;
        for number in (1..FILES_KEPT).rev() {
            match fs::rename(numbered(number), numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, numbered(1))?;
        self.reopen()
    }

    /// Says on stderr that the file cannot be written, or can be again; each once.
    fn tell(&mut self, error: Option<&io::Error>) {
        let (path, mut stderr) = (self.path.display(), io::stderr());
        // Where even that cannot be said, there is nobody left to tell.
        match error {
            Some(error) if !self.is_failing => writeln!(stderr, "warning: no log file {path}: {error}").ok(),
            None if self.is_failing => writeln!(stderr, "the log file {path} is written again").ok(),
            _ => None,
        };
        self.is_failing = error.is_some();
    }
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let put = self.put(line);
        self.tell(put.as_ref().err());
        put.map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As after a second in which nothing was logged.
    fn later(mut file: LogFile) -> LogFile {
        file.looked_at = Instant::now().checked_sub(LOOK_INTERVAL).unwrap();
        file
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn files_rotate_and_five_old_ones_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = LogFile::open(folder.path(), "app.log");
        let half = vec![b'x'; usize::try_from(FILE_BYTES / 2).unwrap()];

        for _ in 0..24 {
            file.write_all(&half).unwrap();
        }

        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let expected = [
            "app.log",
            "app.log.1",
            "app.log.2",
            "app.log.3",
            "app.log.4",
            "app.log.5",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_file_that_was_taken_away_with_its_folder_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        let mut file = LogFile::open(&logs, "app.log");
        file.write_all(b"one\n").unwrap();

        fs::remove_dir_all(&logs).unwrap();
        let mut file = later(file);
        file.write_all(b"two\n").unwrap();

        assert_eq!(read(&logs.join("app.log")), "two\n");
    }

    #[test]
    fn a_folder_that_is_none_loses_lines_until_it_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        fs::write(&logs, "in the way").unwrap();
        let mut file = LogFile::open(&logs, "app.log");

        assert!(file.write_all(b"lost\n").is_err());
        assert!(file.is_failing);
        fs::remove_file(&logs).unwrap();
        let mut file = later(file);
        file.write_all(b"kept\n").unwrap();

        assert!(!file.is_failing);
        assert_eq!(read(&logs.join("app.log")), "kept\n");
    }

    #[test]
    fn a_rotation_that_fails_costs_no_line_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = LogFile::open(folder.path(), "app.log");
        // A folder with something in it cannot be replaced by a file.
        fs::create_dir_all(folder.path().join("app.log.1").join("x")).unwrap();
        fs::create_dir_all(folder.path().join("app.log.2").join("x")).unwrap();
        fs::write(folder.path().join("app.log.3"), "").unwrap();
        file.bytes = FILE_BYTES + 1;

        file.write_all(b"lost\n").ok();
        file.write_all(b"kept\n").unwrap();

        assert!(read(&folder.path().join("app.log")).ends_with("kept\n"));
    }
}
