//! `pg_dump` and `pg_restore` at work: how they reach the database, and what they have to say.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    thread::JoinHandle,
};

use anyhow::{Context, bail};
use sqlx::postgres::PgConnectOptions;

use super::{
    PIECE,
    libpq::environment,
    manifest::{Manifest, SearchIndexes},
};
use crate::{
    postgres::{client_programs::ClientPrograms, programs::ProgramSearch},
    uploads::storage::random,
};

/// Settings of libpq that would lead elsewhere than the options say.
const MISLEADING: [&str; 8] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGUSER",
    "PGPASSWORD",
    "PGSERVICE",
    "PGOPTIONS",
    "PGDATABASE",
];
/// How much of what a program complains of is kept.
const COMPLAINTS: u64 = 16 << 10;

/// The programs, and the database that they work on.
pub(super) struct Client {
    programs: ClientPrograms,
    /// Everything that libpq is to know. The arguments of a process can be read by everybody on the machine, its environment
    /// by its own user alone.
    environment: Vec<(String, String)>,
    database: String,
}

impl Client {
    /// Finds programs of this major version or newer for a database.
    ///
    /// # Errors
    /// If there are none.
    pub(super) async fn find(
        search: &ProgramSearch,
        major: u32,
        options: &PgConnectOptions,
    ) -> anyhow::Result<Self> {
        let search = search.clone();
        let programs = tokio::task::spawn_blocking(move || search.find_client(major)).await??;
        Ok(Self {
            programs,
            environment: environment(options)?,
            database: options
                .get_database()
                .unwrap_or(options.get_username())
                .to_owned(),
        })
    }

    /// The programs' major version.
    pub(super) fn major(&self) -> u32 {
        self.programs.major()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for name in MISLEADING {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        // A password that is missing is an error, not a question.
        command.arg("--no-password").stdin(Stdio::null());
        command
    }

    /// Begins to dump the schema as a snapshot shows it.
    ///
    /// # Errors
    /// If the program does not start.
    pub(super) fn dump(&self, snapshot: &str) -> anyhow::Result<Running> {
        let mut command = self.command(&self.programs.dump());
        command
            .args(["--format=custom", r#"--schema="Finances""#, "--no-owner", "--no-acl"])
            .arg(format!("--snapshot={snapshot}"))
            // A migration that runs just now is waited for, but not for ever.
            .arg("--lock-wait-timeout=60s")
            .arg(self.dbname());
        Running::start(command.stdout(Stdio::piped()))
    }

    /// The database by its name: a bare one with an equals sign in it would be read as more than a name.
    fn dbname(&self) -> String {
        let name = self.database.replace('\\', r"\\").replace('\'', r"\'");
        format!("--dbname=dbname='{name}'")
    }

    /// Brings the dump in `archive` into the database, all of it or nothing.
    ///
    /// # Errors
    /// What `pg_restore` complains of.
    pub(super) async fn restore(&self, dump: Dump, search: Option<&SearchIndexes>) -> anyhow::Result<()> {
        let wanted = self.list(dump.again()?, search).await?;
        let list = TempList::write(&wanted)?;
        let mut command = self.command(&self.programs.restore());
        command
            .args([
                "--single-transaction",
                "--exit-on-error",
                "--no-owner",
                "--no-acl",
            ])
            .arg("--use-list")
            .arg(&list.0)
            .arg(self.dbname())
            .stdout(Stdio::null())
            .stdin(Stdio::piped());
        let mut running = Running::start(&mut command)?;
        let stdin = running.stdin()?;
        let fed = tokio::task::spawn_blocking(move || dump.feed(stdin)).await?;
        // What the program says explains more than that it stopped to listen.
        running.end("pg_restore").await?;
        fed.context("reading the dump")
    }

    /// What of the dump is to be restored: objects of the one schema, without indexes that need an extension which is not
    /// there (`search`).
    async fn list(&self, dump: Dump, search: Option<&SearchIndexes>) -> anyhow::Result<String> {
        let mut command = self.command(&self.programs.restore());
        command.arg("--list").stdout(Stdio::piped()).stdin(Stdio::piped());
        let mut running = Running::start(&mut command)?;
        let (stdin, mut stdout) = (running.stdin()?, running.stdout()?);
        let feeding = tokio::task::spawn_blocking(move || dump.feed(stdin));
        let reading = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).map(|_| text)
        });
        let text = reading.await?.context("reading the list of the dump")?;
        // It has read enough at the end of the list.
        feeding.await?.ok();
        running.end("pg_restore").await?;
        let unwanted = search.map_or(&[][..], |search| &search.indexes);
        let lines: Vec<&str> = text.lines().filter(|line| is_wanted(line, unwanted)).collect();
        if lines.is_empty() {
            bail!("the dump holds nothing of the schema \"Finances\"");
        }
        Ok(lines.join("\n"))
    }
}

/// Whether a line of the list, such as `219; 1259 16759 TABLE Finances client owner`, is about an object that is to be restored.
/// The schema itself is there already.
fn is_wanted(line: &str, unwanted_indexes: &[String]) -> bool {
    let mut words = line.split_whitespace();
    let number = words.next().and_then(|word| word.strip_suffix(';'));
    if number.is_none_or(|number| number.parse::<u64>().is_err()) {
        return false;
    }
    let mut rest = words.skip(2);
    let mut kind = Vec::new();
    let schema = loop {
        match rest.next() {
            Some(word) if word.bytes().all(|byte| byte.is_ascii_uppercase()) => kind.push(word),
            other => break other,
        }
    };
    schema == Some("Finances")
        && !(kind == ["INDEX"]
            && rest
                .next()
                .is_some_and(|name| unwanted_indexes.iter().any(|index| index == name)))
}

/// The list for `pg_restore`, which takes it as a file; removed with this.
struct TempList(PathBuf);

impl TempList {
    fn write(text: &str) -> io::Result<Self> {
        let name = format!("nexgen-finance-restore-{}.list", hex::encode(random::<16>()?));
        let list = Self(std::env::temp_dir().join(name));
        File::create_new(&list.0)?.write_all(text.as_bytes())?;
        Ok(list)
    }
}

impl Drop for TempList {
    fn drop(&mut self) {
        // A list that stays behind says no more than the names of tables.
        std::fs::remove_file(&self.0).ok();
    }
}

/// The dump where it lies in an archive.
pub(super) struct Dump {
    archive: File,
    at: u64,
    size: u64,
}

impl Dump {
    pub(super) fn new(archive: &File, at: u64, manifest: &Manifest) -> io::Result<Self> {
        Ok(Self {
            archive: archive.try_clone()?,
            at,
            size: manifest.dump.size,
        })
    }

    fn again(&self) -> io::Result<Self> {
        Ok(Self {
            archive: self.archive.try_clone()?,
            ..*self
        })
    }

    fn feed(&self, mut stdin: ChildStdin) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        let mut done = 0;
        while done < self.size {
            let left = usize::try_from(self.size - done).unwrap_or(usize::MAX).min(PIECE);
            let room = piece.get_mut(..left).unwrap_or_default();
            // Its own position, which other readers of the archive do not move.
            self.archive.read_exact_at(room, self.at + done)?;
            stdin.write_all(room)?;
            done += u64::try_from(left).unwrap_or(u64::MAX);
        }
        Ok(())
    }
}

/// A program that runs; killed when it goes out of scope before its end.
pub(super) struct Running {
    child: Child,
    complaints: Option<JoinHandle<String>>,
}

impl Running {
    fn start(command: &mut Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_owned();
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let complaints = child
            .stderr
            .take()
            .map(|stderr| std::thread::spawn(move || words(stderr)));
        Ok(Self { child, complaints })
    }

    fn stdin(&mut self) -> anyhow::Result<ChildStdin> {
        self.child.stdin.take().context("the program has no input")
    }

    /// What it writes.
    pub(super) fn stdout(&mut self) -> anyhow::Result<ChildStdout> {
        self.child.stdout.take().context("the program has no output")
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// What it complains of, if it failed.
    pub(super) async fn end(mut self, name: &str) -> anyhow::Result<()> {
        let ending = tokio::task::spawn_blocking(move || -> io::Result<(ExitStatus, String)> {
            let status = self.child.wait()?;
            let complaints = self.complaints.take().and_then(|reading| reading.join().ok());
            Ok((status, complaints.unwrap_or_default()))
        });
        let (status, complaints) = ending.await??;
        if !status.success() {
            bail!("{name} failed ({status}): {}", complaints.trim());
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended is not there to be killed, and not to be waited for twice.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What a program complains of, the beginning of it, read to the end so that it is not held up.
fn words(mut stderr: impl Read) -> String {
    let mut kept = Vec::new();
    let reading = (&mut stderr).take(COMPLAINTS).read_to_end(&mut kept);
    if reading.is_ok() {
        io::copy(&mut stderr, &mut io::sink()).ok();
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_of_the_schema_are_restored() {
        let unwanted = ["project_search_idx".to_owned()];
        for (line, wanted) in [
            ("219; 1259 16759 TABLE Finances client erp", true),
            ("4152; 0 0 SEQUENCE OWNED BY Finances client_id_seq erp", true),
            (
                "340; 1255 17690 FUNCTION Finances keep_vendor_pages(bigint[]) erp",
                true,
            ),
            ("99; 1259 1 INDEX Finances project_name_idx erp", true),
            ("99; 1259 1 INDEX Finances project_search_idx erp", false),
            ("7; 2615 16385 SCHEMA - Finances erp", false),
            ("8; 0 0 COMMENT - SCHEMA Finances erp", false),
            ("9; 1259 1 TABLE public Finances erp", false),
            ("9; 3079 1 EXTENSION - plpgsql ", false),
            (";219; 1259 16759 TABLE Finances client erp", false),
            ("; Archive created at 2026-11-26", false),
            (";", false),
            ("", false),
        ] {
            assert_eq!(is_wanted(line, &unwanted), wanted, "{line}");
        }
    }
}
