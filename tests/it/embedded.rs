//! The embedded PostgreSQL: first start, restarts, kills, left-overs, and what it refuses.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nexgen_finance::postgres::embedded::{EmbeddedError, EmbeddedPostgres, EmbeddedSettings};
use nexgen_finance::postgres::programs::{ProgramSearch, ProgramsError};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use sqlx::{ConnectOptions, PgConnection};
use tempfile::TempDir;

use crate::support::cluster::search;

/// Names the data folder to the process that the kill test kills.
const HELPER_FOLDER: &str = "NEXGEN_TEST_HELPER_FOLDER";

fn folder() -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("nexgen-finance-embedded-")
        .tempdir_in("/tmp")
        .unwrap();
    // As open as a folder that a person makes.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn settings(data_dir: &Path) -> EmbeddedSettings {
    EmbeddedSettings {
        durable: false,
        max_connections: 20,
        ..EmbeddedSettings::new(data_dir, search())
    }
}

async fn start(data_dir: &Path) -> EmbeddedPostgres {
    EmbeddedPostgres::start(settings(data_dir)).await.unwrap()
}

async fn connect(postgres: &EmbeddedPostgres) -> PgConnection {
    postgres.connect_options("postgres").connect().await.unwrap()
}

async fn write_row(postgres: &EmbeddedPostgres) {
    let mut connection = connect(postgres).await;
    sqlx::query("CREATE TABLE IF NOT EXISTS kept (id BIGINT)")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("INSERT INTO kept VALUES (1)")
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn rows(postgres: &EmbeddedPostgres) -> i64 {
    let mut connection = connect(postgres).await;
    sqlx::query_scalar("SELECT COUNT(*) FROM kept")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

fn cluster(data_dir: &Path) -> PathBuf {
    data_dir.canonicalize().unwrap().join("postgres/cluster")
}

/// A command that runs as the user that the cluster belongs to.
fn as_owner(data_dir: &Path, program: impl AsRef<Path>) -> Command {
    let owner = cluster(data_dir).metadata().unwrap();
    let mut command = Command::new(program.as_ref());
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if geteuid().is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command
}

/// Waits for something that another process does; the test fails if it takes half a minute.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "it never came to this: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn kill_now(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
}

fn is_running(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_none()
}

#[tokio::test]
async fn the_first_start_makes_a_private_cluster() {
    let folder = folder();
    let data_dir = folder.path().join("data");

    let postgres = start(&data_dir).await;

    let mut connection = connect(&postgres).await;
    for (setting, value) in [
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("server_encoding", "UTF8"),
        ("data_checksums", "on"),
        ("max_connections", "20"),
    ] {
        let shown: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(shown, value, "{setting}");
    }
    let password = data_dir.join("postgres/password").metadata().unwrap();
    assert_eq!(password.mode() & 0o777, 0o600);
    assert_eq!(
        data_dir.join("postgres/socket").metadata().unwrap().mode() & 0o777,
        0o700
    );
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_refused_on_the_socket_too() {
    let folder = folder();
    let postgres = start(folder.path()).await;

    let answer = postgres
        .connect_options("postgres")
        .password("wrong")
        .connect()
        .await;

    let code = answer
        .unwrap_err()
        .into_database_error()
        .unwrap()
        .code()
        .map(std::borrow::Cow::into_owned);
    assert_eq!(code.as_deref(), Some("28P01"));
    postgres.stop().await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn postgres_never_runs_as_root() {
    let folder = folder();
    let postgres = start(folder.path()).await;

    let process = fs::metadata(format!("/proc/{}", postgres.pid().unwrap())).unwrap();

    assert_ne!(process.uid(), 0);
    if !geteuid().is_root() {
        assert_eq!(process.uid(), geteuid().as_raw());
    }
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_is_made_once_and_keeps_the_case_of_its_name() {
    let folder = folder();
    let postgres = start(folder.path()).await;

    postgres.ensure_database("Nexgen_erp").await.unwrap();
    postgres.ensure_database("Nexgen_erp").await.unwrap();

    let mut connection = postgres.connect_options("Nexgen_erp").connect().await.unwrap();
    let name: String = sqlx::query_scalar("SELECT current_database()")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(name, "Nexgen_erp");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_told_so() {
    let folder = folder();
    let first = start(folder.path()).await;

    let second = EmbeddedPostgres::start(settings(folder.path()))
        .await
        .unwrap_err();

    assert!(matches!(second, EmbeddedError::InUse { .. }), "{second}");
    assert!(
        second.to_string().contains("another server uses this folder"),
        "{second}"
    );
    connect(&first).await;
    first.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_a_stop_and_a_start() {
    let folder = folder();
    let postgres = start(folder.path()).await;
    write_row(&postgres).await;
    postgres.stop().await.unwrap();

    let postgres = start(folder.path()).await;

    assert_eq!(rows(&postgres).await, 1);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_postmaster_is_noticed_and_started_again() {
    let folder = folder();
    let mut postgres = start(folder.path()).await;
    write_row(&postgres).await;
    let exited = postgres.exited();
    // A session that is at work, so that a backend outlives the postmaster for a while.
    let mut connection = connect(&postgres).await;
    let busy = tokio::spawn(async move {
        sqlx::query("SELECT COUNT(*) FROM generate_series(1, 30000000)")
            .execute(&mut connection)
            .await
    });

    let killed = postgres.pid().unwrap();
    kill_now(killed);
    exited.await.expect("the system says how it ended");
    assert_eq!(postgres.pid(), None);
    postgres.restart().await.unwrap();

    assert_eq!(rows(&postgres).await, 1);
    assert_ne!(postgres.pid(), Some(killed));
    // It may have ended or been cut off: what counts is that it kept nothing from starting.
    busy.await.unwrap().ok();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_postgres_left_running_is_taken_over() {
    let folder = folder();
    let postgres = start(folder.path()).await;
    write_row(&postgres).await;
    let program = postgres.programs().program("postgres");
    postgres.stop().await.unwrap();
    let mut left_over = as_owner(folder.path(), program);
    left_over
        .arg("-D")
        .arg(cluster(folder.path()))
        .args(["-c", "listen_addresses=", "-c"]);
    left_over.arg(format!(
        "unix_socket_directories={}",
        folder.path().join("postgres/socket").display()
    ));
    let mut left_over = left_over.spawn().unwrap();
    let pid_file = cluster(folder.path()).join("postmaster.pid");
    until("the left-over is ready", || {
        fs::read_to_string(&pid_file).is_ok_and(|text| text.contains("ready"))
    })
    .await;

    let starting = tokio::spawn(EmbeddedPostgres::start(settings(folder.path())));
    until("the left-over has stopped", || !is_running(&mut left_over)).await;
    let postgres = starting.await.unwrap().unwrap();

    assert_eq!(rows(&postgres).await, 1);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_that_names_an_unrelated_process_of_the_same_user_is_in_nobodys_way() {
    let folder = folder();
    let mut postgres = start(folder.path()).await;
    write_row(&postgres).await;
    let exited = postgres.exited();
    let pid_file = cluster(folder.path()).join("postmaster.pid");
    let mut unrelated = as_owner(folder.path(), "sleep").arg("600").spawn().unwrap();
    kill_now(postgres.pid().unwrap());
    exited.await;
    let text = fs::read_to_string(&pid_file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", unrelated.id())).unwrap();

    postgres.restart().await.unwrap();

    assert_eq!(rows(&postgres).await, 1);
    assert!(is_running(&mut unrelated));
    unrelated.kill().unwrap();
    unrelated.wait().unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_first_start_that_is_dropped_half_way_can_be_repeated() {
    let folder = folder();
    let start_dropped = tokio::time::timeout(
        Duration::from_millis(300),
        EmbeddedPostgres::start(settings(folder.path())),
    )
    .await;
    drop(start_dropped);
    let mut outcome = EmbeddedPostgres::start(settings(folder.path())).await;
    // The blocking half of the dropped start may hold the lock for a moment.
    while let Err(EmbeddedError::InUse { .. }) = outcome {
        tokio::time::sleep(Duration::from_millis(20)).await;
        outcome = EmbeddedPostgres::start(settings(folder.path())).await;
    }

    let postgres = outcome.unwrap();

    connect(&postgres).await;
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_killed_takes_its_postgres_along() {
    let folder = folder();
    let data_dir = folder.path().join("data");
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "embedded::helper_that_holds_a_cluster", "--ignored"])
        .env(HELPER_FOLDER, &data_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid_file = data_dir.join("postgres/cluster/postmaster.pid");
    until("the other server is ready", || data_dir.join("ready").exists()).await;
    assert!(pid_file.exists());

    server.kill().unwrap();
    server.wait().unwrap();

    until("postgres has stopped and its folder is gone", || {
        !data_dir.join("postgres").exists()
    })
    .await;
}

#[tokio::test]
#[ignore = "it is the process that a_server_that_is_killed_takes_its_postgres_along kills"]
async fn helper_that_holds_a_cluster() {
    let data_dir = PathBuf::from(std::env::var_os(HELPER_FOLDER).unwrap());
    let settings = EmbeddedSettings {
        remove_afterwards: true,
        ..settings(&data_dir)
    };
    let _postgres = EmbeddedPostgres::start(settings).await.unwrap();
    fs::write(data_dir.join("ready"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_cluster_that_is_only_dropped_stops_by_itself() {
    let folder = folder();
    let postgres = start(folder.path()).await;
    let pid_file = cluster(folder.path()).join("postmaster.pid");
    assert!(pid_file.exists());

    drop(postgres);

    until("postgres has stopped", || !pid_file.exists()).await;
}

#[tokio::test]
async fn data_of_another_major_version_is_left_alone_with_a_word_on_what_to_do() {
    let folder = folder();
    let cluster = folder.path().join("postgres/cluster");
    fs::create_dir_all(&cluster).unwrap();
    fs::set_permissions(folder.path().join("postgres"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(cluster.join("PG_VERSION"), "13\n").unwrap();

    let error = EmbeddedPostgres::start(settings(folder.path()))
        .await
        .unwrap_err();

    let text = error.to_string();
    assert!(
        matches!(error, EmbeddedError::Programs(ProgramsError::OtherVersion { .. })),
        "{text}"
    );
    for part in [
        "made by PostgreSQL 13",
        "found on this machine: PostgreSQL 1",
        "postgresql-13",
        "PG_BINDIR",
        "DATA_DIR",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(!cluster.join("postmaster.pid").exists());
}

#[tokio::test]
async fn a_pg_bindir_without_programs_is_named() {
    let folder = folder();
    let search = ProgramSearch {
        pg_bindir: Some(folder.path().to_owned()),
        ..search()
    };

    let error = EmbeddedPostgres::start(EmbeddedSettings::new(folder.path().join("data"), search))
        .await
        .unwrap_err();

    let text = error.to_string();
    assert!(
        text.contains("PG_BINDIR") && text.contains(&*folder.path().to_string_lossy()),
        "{text}"
    );
}

#[tokio::test]
async fn a_cluster_without_its_password_says_so() {
    let folder = folder();
    start(folder.path()).await.stop().await.unwrap();
    fs::remove_file(folder.path().join("postgres/password")).unwrap();

    let error = EmbeddedPostgres::start(settings(folder.path()))
        .await
        .unwrap_err();

    assert!(matches!(error, EmbeddedError::PasswordMissing { .. }), "{error}");
}

#[tokio::test]
async fn a_data_folder_may_have_a_long_and_odd_path() {
    let folder = folder();
    let data_dir = folder
        .path()
        .join(format!("{}, 'a' \"b\" $c/data", "long".repeat(30)));

    let postgres = start(&data_dir).await;
    write_row(&postgres).await;
    postgres.stop().await.unwrap();
    let postgres = start(&data_dir).await;

    assert_eq!(rows(&postgres).await, 1);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn an_odd_path_that_is_short_keeps_its_socket_inside() {
    let folder = folder();
    let data_dir = folder.path().join("a, \"b\" c");

    let postgres = start(&data_dir).await;

    assert!(data_dir.join("postgres/socket/.s.PGSQL.5432").exists());
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_closed_to_the_unprivileged_user_is_named() {
    if !geteuid().is_root() {
        return;
    }
    let folder = folder();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();

    let error = EmbeddedPostgres::start(settings(&closed.join("project/data")))
        .await
        .unwrap_err();

    assert!(
        matches!(&error, EmbeddedError::Closed { closed: named, .. } if *named == closed),
        "{error}"
    );
    assert!(error.to_string().contains("DATA_DIR"), "{error}");
}
