//! The database of a test: a copy of its own of a template that was migrated once.
//!
//! Nothing needs to be set up. The test process starts one private cluster in a temp folder, in memory where there is room
//! for it, which goes away with the process however it ends. With `TEST_DATABASE_URL`, a server that runs already is used instead, whose role must
//! be allowed to make databases; what earlier runs left there is cleared away after an hour. Under cargo-nextest every
//! test is a process, so that a server of its own is quicker there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use nexgen_finance::postgres::embedded::{EmbeddedError, EmbeddedPostgres, EmbeddedSettings};
use nexgen_finance::postgres::programs::ProgramSearch;
use nix::sys::statvfs::statvfs;
use sha2::{Digest, Sha256};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// Guards the making of the template among the processes that share a server: "nexgen" as a number.
const TEMPLATE_LOCK: i64 = 0x6e65_7867_656e;

/// How old a test's database must be before another run clears it away, in milliseconds.
const LEFT_AFTER_MILLIS: u128 = 3_600_000;

/// How the temp folders of test clusters begin.
const FOLDER: &str = "nexgen-finance-test-";

/// A folder in memory, on Linux. A database is some seven hundred files, and a disk's file system remembers those of each one
/// that was dropped: making the next then takes longer than the test itself.
const IN_MEMORY: &str = "/dev/shm";

/// How much room there must be in memory, in bytes: ten times what the databases of tests that run at once take.
const ROOM: u64 = 2 << 30;

/// How old the folder of a test cluster that nobody uses must be before another run removes it.
const FOLDER_LEFT_AFTER: Duration = Duration::from_mins(10);

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static UNUSED: OnceLock<mpsc::Sender<String>> = OnceLock::new();

/// A database that only one test uses, until the last of its clones goes: together those of a whole run would fill a
/// small disk.
#[derive(Debug, Clone)]
pub(crate) struct TestDatabase {
    /// How to connect to it, by a name such as `test_0197f3…`, as a role that may do everything in it.
    pub(crate) options: PgConnectOptions,
    /// None of one that goes with a server of the test's own.
    _temporary: Option<Arc<Temporary>>,
}

/// Has the database of this name dropped when nobody uses it.
#[derive(Debug)]
struct Temporary(String);

/// Makes a database for one test, migrated, from the template that `migrator` makes. A test run has one migrator.
pub(crate) async fn database(migrator: &'static Migrator) -> TestDatabase {
    let cluster = CLUSTER.get_or_init(Cluster::start).await;
    let template = TEMPLATE
        .get_or_init(|| make_template(&cluster.options, migrator))
        .await;
    cluster.make(template).await
}

/// Makes a database for one test that holds nothing at all, and which plans as migrations of a few rows go quicker: they
/// ask for little else than the catalogue.
pub(crate) async fn empty_database() -> TestDatabase {
    let cluster = CLUSTER.get_or_init(Cluster::start).await;
    let database = cluster.make("template0").await;
    let name = database.options.get_database().expect("a name");
    let mut admin = cluster
        .options
        .connect()
        .await
        .expect("connect to the test cluster");
    for setting in ["enable_seqscan = off", "plan_cache_mode = force_generic_plan"] {
        execute(&mut admin, format!("ALTER DATABASE {name} SET {setting}")).await;
    }
    admin.close().await.expect("end the session");
    database
}

impl TestDatabase {
    /// The database of a server that the test started.
    pub(crate) fn of_own_server(options: PgConnectOptions) -> Self {
        Self {
            options,
            _temporary: None,
        }
    }

    /// Makes a copy of the database, to which nobody may be connected.
    pub(crate) async fn copy(&self) -> Self {
        let name = self.options.get_database().expect("a name");
        CLUSTER.get_or_init(Cluster::start).await.make(name).await
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let Some(cluster) = CLUSTER.get() else { return };
        let unused = UNUSED.get_or_init(|| {
            let (sender, names) = mpsc::channel();
            let options = cluster.options.clone();
            thread::spawn(move || drop_unused(&options, &names));
            sender
        });
        // Without the thread, the database goes as what a run leaves goes.
        unused.send(std::mem::take(&mut self.0)).ok();
    }
}

/// Drops databases beside the tests, each of which would wait for a checkpoint.
fn drop_unused(options: &PgConnectOptions, names: &mpsc::Receiver<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("make a runtime");
    runtime.block_on(async {
        let mut admin = options.connect().await.expect("connect to the test cluster");
        for name in names {
            // What a server that is going away still does there ends with the session.
            execute(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    });
}

/// Where the tests look for PostgreSQL's programs: as the server does.
pub(crate) fn search() -> ProgramSearch {
    ProgramSearch {
        pg_bindir: std::env::var_os("PG_BINDIR")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from),
        path: std::env::var_os("PATH"),
        project_folders: vec![PathBuf::from(env!("CARGO_MANIFEST_DIR"))],
    }
}

/// Settings of a cluster that goes away with the test process, in a new folder of the temp folder.
pub(crate) fn settings(parent: &Path) -> EmbeddedSettings {
    let folder = tempfile::Builder::new().prefix(FOLDER).tempdir_in(parent);
    EmbeddedSettings {
        durable: false,
        remove_afterwards: true,
        ..EmbeddedSettings::new(folder.expect("make a temp folder").keep(), search())
    }
}

struct Cluster {
    /// How to connect to the database from which others are made.
    options: PgConnectOptions,
    /// How a database is copied, as an end of the statement.
    strategy: &'static str,
    /// Held until the process ends.
    _postgres: Option<EmbeddedPostgres>,
}

impl Cluster {
    async fn start() -> Self {
        let url = std::env::var_os("TEST_DATABASE_URL").filter(|url| !url.is_empty());
        let (options, postgres) = if let Some(url) = url {
            let url = url.into_string().expect("TEST_DATABASE_URL is text");
            (
                PgConnectOptions::from_str(&url).expect("TEST_DATABASE_URL is a URL"),
                None,
            )
        } else {
            let postgres = start_private().await;
            (postgres.connect_options("postgres"), Some(postgres))
        };
        let strategy = if postgres.is_some() && version(&options).await >= 15 {
            "STRATEGY file_copy"
        } else {
            ""
        };
        Self {
            options,
            strategy,
            _postgres: postgres,
        }
    }

    async fn make(&self, template: &str) -> TestDatabase {
        // The number begins with the time, by which a later run knows how old the database is.
        let name = format!("test_{}", Uuid::now_v7().simple());
        let mut admin = self.options.connect().await.expect("connect to the test cluster");
        let strategy = self.strategy;
        execute(
            &mut admin,
            format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}"),
        )
        .await;
        admin.close().await.expect("end the session");
        TestDatabase {
            options: self.options.clone().database(&name),
            _temporary: Some(Arc::new(Temporary(name))),
        }
    }
}

/// PostgreSQL's major version. From 15 on, a copy is written to the log block by block unless told otherwise; files cost half
/// where nothing waits for a disk.
async fn version(options: &PgConnectOptions) -> i32 {
    let mut db = options.connect().await.expect("connect to the test cluster");
    let version = sqlx::query_scalar("SELECT current_setting('server_version_num')::int / 10000")
        .fetch_one(&mut db)
        .await
        .expect("ask for the version");
    db.close().await.expect("end the session");
    version
}

/// Removes what runs left that were killed before their cluster stood: from then on it goes away by itself.
fn remove_left_over(parent: &Path) {
    for entry in fs::read_dir(parent)
        .expect("list the temp folder")
        .filter_map(Result::ok)
    {
        if !entry.file_name().to_string_lossy().starts_with(FOLDER) {
            continue;
        }
        // A folder of another user, or one that goes away just now, cannot be looked at.
        let Ok(lock) = File::open(entry.path().join("server.lock")) else {
            continue;
        };
        let age = lock
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|made| made.elapsed().ok());
        if age.is_some_and(|age| age > FOLDER_LEFT_AFTER) && lock.try_lock().is_ok() {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// Where the cluster is: in memory, unless there is no room, or the environment names another folder.
fn parent() -> PathBuf {
    let in_memory = Path::new(IN_MEMORY);
    let has_room = statvfs(in_memory)
        .is_ok_and(|there| there.blocks_available() * there.fragment_size() >= ROOM)
        && tempfile::tempdir_in(in_memory).is_ok();
    if has_room && std::env::var_os("TMPDIR").is_none() {
        in_memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

async fn start_private() -> EmbeddedPostgres {
    let parent = parent();
    remove_left_over(&parent);
    match EmbeddedPostgres::start(settings(&parent)).await {
        // A temp folder of root's own, which the user that PostgreSQL runs as cannot enter.
        Err(EmbeddedError::Closed { .. }) => EmbeddedPostgres::start(settings(Path::new("/tmp"))).await,
        other => other,
    }
    .unwrap_or_else(|error| panic!("the tests' PostgreSQL does not start: {error}"))
}

/// Makes the template for a set of migrations unless it is there; its name.
async fn make_template(options: &PgConnectOptions, migrator: &'static Migrator) -> String {
    let mut checksum = Sha256::new();
    for migration in migrator.iter() {
        checksum.update(migration.version.to_be_bytes());
        checksum.update(&migration.checksum);
    }
    let template = format!("test_template_{}", &hex::encode(checksum.finalize())[..16]);

    let mut admin = options.connect().await.expect("connect to the test cluster");
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut admin)
        .await
        .expect("take a lock");
    let complete: Option<bool> =
        sqlx::query_scalar("SELECT datistemplate FROM pg_database WHERE datname = $1")
            .bind(&template)
            .fetch_optional(&mut admin)
            .await
            .expect("look for the template");
    if complete != Some(true) {
        // One that is there without the mark was left by a run that ended in between.
        execute(
            &mut admin,
            format!("DROP DATABASE IF EXISTS {template} WITH (FORCE)"),
        )
        .await;
        execute(&mut admin, format!("CREATE DATABASE {template}")).await;
        let mut connection = options
            .clone()
            .database(&template)
            .connect()
            .await
            .expect("connect to the template");
        migrator
            .run_direct(None, &mut connection, false)
            .await
            .expect("migrate the template");
        connection.close().await.expect("end the session");
        // A database is copied only while nobody is connected to it.
        execute(
            &mut admin,
            format!("ALTER DATABASE {template} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true"),
        )
        .await;
    }
    drop_left_over(&mut admin).await;
    admin.close().await.expect("end the session");
    template
}

/// Drops the databases of test runs that ended long ago, the oldest first and some at a time: each waits for a
/// checkpoint. They are left only on a server that outlives the run.
async fn drop_left_over(admin: &mut PgConnection) {
    let names: Vec<String> = sqlx::query_scalar(
        r"
        SELECT datname
          FROM pg_database AS candidate
         WHERE datname ~ '^test_[0-9a-f]{32}$'
           AND NOT EXISTS (SELECT FROM pg_stat_activity AS session WHERE session.datid = candidate.oid)
         ORDER BY datname
         LIMIT 20
        ",
    )
    .fetch_all(&mut *admin)
    .await
    .expect("list the databases");
    let now = millis(&Uuid::now_v7().simple().to_string());
    for name in names {
        let made = millis(name.trim_start_matches("test_"));
        if now.saturating_sub(made) > LEFT_AFTER_MILLIS {
            execute(admin, format!("DROP DATABASE IF EXISTS {name}")).await;
        }
    }
}

/// The time at the beginning of a version 7 UUID, in milliseconds.
fn millis(uuid: &str) -> u128 {
    u128::from_str_radix(&uuid[..12], 16).expect("hexadecimal")
}

async fn execute(connection: &mut PgConnection, sql: String) {
    let what = sql.clone();
    connection
        .execute(AssertSqlSafe(sql))
        .await
        .unwrap_or_else(|error| panic!("{what}: {error}"));
}
