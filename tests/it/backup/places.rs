//! Places that a backup is not restored into, restores that are cut off, and programs that will not do.

use std::os::unix::fs::PermissionsExt;

use sqlx::{ConnectOptions, Connection};

use super::{Empty, document, manifest, run};
use crate::support::{TestApp, server::Home, waiting::until_so};

/// A home with an archive of a server with one document.
async fn archive() -> (TestApp, Home) {
    let (app, home) = (TestApp::start().await, Home::new());
    let editor = app.editor().await;
    document(&app, &editor, "a.pdf", 1000).await;
    run(&home, &["backup", "one.tar"], &app.command_settings())
        .await
        .well();
    (app, home)
}

#[tokio::test]
async fn a_database_that_holds_something_is_refused_before_anything_is_written() {
    let (app, home) = archive().await;
    let other = TestApp::start().await;
    other.client_po().insert().await;
    let place = Empty::new().await;
    let mut settings = other.command_settings();
    settings.truncate(1);
    settings.push(place.settings()[1].clone());

    let beside_a_server = run(&home, &["restore", "one.tar"], &settings).await;
    other.db.close().await;
    let not_empty = run(&home, &["restore", "one.tar"], &settings).await;

    beside_a_server.refused(&["a server works on this database"]);
    not_empty.refused(&["the database is not empty", "1 rows in client_po", "new database"]);
    let files = std::fs::read_dir(place.files()).unwrap().count();
    assert_eq!(files, 1, "only the folder of files that arrive");
    drop(app);
}

#[tokio::test]
async fn stored_files_of_the_same_names_are_not_overwritten() {
    let (_app, home) = archive().await;
    let place = Empty::new().await;
    let saved = manifest(&home.path().join("one.tar"));
    let name = &saved.files[0].address;
    std::fs::create_dir_all(place.files()).unwrap();
    std::fs::write(place.files().join(name), "another").unwrap();

    let refused = run(&home, &["restore", "one.tar"], &place.settings()).await;

    refused.refused(&["1 stored files are there already", name]);
    assert_eq!(std::fs::read(place.files().join(name)).unwrap(), b"another");
    assert!(!place.files().join(&saved.files[1].address).exists());
    let schema = r"SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'Finances')";
    assert!(!place.value::<bool>(schema).await);
}

#[tokio::test]
async fn an_embedded_database_that_a_server_uses_is_refused() {
    let (_app, home) = archive().await;
    let server = home.start(&[("LOG_LEVEL", "WARN")]).await;

    let refused = run(&home, &["restore", "one.tar"], &[]).await;

    refused.refused(&["another server uses this folder"]);
    drop(server);
}

#[tokio::test]
async fn a_restore_that_is_killed_while_the_database_comes_back_can_be_run_again() {
    let (_app, home) = archive().await;
    let place = Empty::new().await;
    let options = place.database.options.clone().application_name("a test");
    let mut gate = options.connect().await.unwrap();
    // A table that is not committed: nobody sees it, and who makes one of its name has to wait.
    for sql in [
        r#"CREATE SCHEMA "Finances""#,
        r#"BEGIN; CREATE TABLE "Finances".vendor_payment ()"#,
    ] {
        sqlx::raw_sql(sql).execute(&mut gate).await.unwrap();
    }
    let mut restore = home
        .command(&["restore", "one.tar"], &place.settings())
        .spawn()
        .unwrap();
    let blocked = r"
        SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database()
           AND wait_event_type = 'Lock'
           AND query LIKE '%CREATE TABLE%vendor_payment%'
        ";
    while place.value::<i64>(blocked).await == 0 {
        assert!(restore.try_wait().unwrap().is_none(), "it has ended");
        tokio::task::yield_now().await;
    }

    restore.kill().await.unwrap();
    gate.close().await.unwrap();
    let again = run(&home, &["restore", "one.tar"], &place.settings())
        .await
        .well();

    // What `pg_restore` had been given before the kill may have been all.
    assert!(again.contains("2 files were there already"), "{again}");
    assert_eq!(
        place
            .value::<i64>(r#"SELECT count(*) FROM "Finances".client_po"#)
            .await,
        1
    );
}

#[tokio::test]
async fn a_restore_that_is_killed_before_the_database_comes_back_has_brought_whole_files() {
    let (_app, home) = archive().await;
    let place = Empty::new().await;
    let options = place.database.options.clone().application_name("a test");
    let mut gate = options.connect().await.unwrap();
    sqlx::raw_sql(r#"BEGIN; CREATE SCHEMA "Finances""#)
        .execute(&mut gate)
        .await
        .unwrap();
    let mut restore = home
        .command(&["restore", "one.tar"], &place.settings())
        .spawn()
        .unwrap();
    let blocked = r"
        SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database()
           AND wait_event_type = 'Lock'
           AND query LIKE 'CREATE SCHEMA%'
        ";
    while place.value::<i64>(blocked).await == 0 {
        tokio::task::yield_now().await;
    }
    restore.kill().await.unwrap();
    gate.close().await.unwrap();
    // As it is if the kill comes between a file's arrival and its publishing.
    let saved = manifest(&home.path().join("one.tar"));
    let name = &saved.files[1].address;
    std::fs::rename(place.files().join(name), place.files().join("temp").join(name)).unwrap();

    let again = run(&home, &["restore", "one.tar"], &place.settings())
        .await
        .well();

    assert!(again.contains("2 files were there already"), "{again}");
    assert!(!again.contains("held these rows already"), "{again}");
    assert!(place.files().join(name).exists());
}

/// A folder with programs that only seem to be PostgreSQL's.
fn pretend(home: &Home, version: &str) -> String {
    let folder = home.path().join("pretended");
    std::fs::create_dir(&folder).unwrap();
    for name in ["pg_dump", "pg_restore"] {
        let path = folder.join(name);
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = --version ] && {{ echo '{name} (PostgreSQL) {version}'; exit; }}\n\
             echo \"$@\" >\"{}/arguments\"\nhead -c 100000 /dev/zero\necho 'it is out of order' >&2\nexit 3\n",
            folder.display()
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_pg_dump_that_is_older_than_the_server_is_refused() {
    let (app, home) = (TestApp::start().await, Home::new());
    let mut settings = app.command_settings();
    settings.push(("PG_BINDIR".to_owned(), pretend(&home, "9.6.1")));

    let refused = run(&home, &["backup", "one.tar"], &settings).await;

    refused.refused(&[
        "are of PostgreSQL 9,",
        "or newer",
        "postgresql-client-",
        "PG_BINDIR",
    ]);
    assert!(!home.path().join("one.tar").exists());
}

#[tokio::test]
async fn a_pg_dump_that_fails_leaves_no_file_and_never_had_the_password_in_its_arguments() {
    let (app, home) = (TestApp::start().await, Home::new());
    let url = app.db.connect_options().to_url_lossy();
    let password = url.password().unwrap();
    let mut settings = app.command_settings();
    settings.push(("PG_BINDIR".to_owned(), pretend(&home, "99.1")));

    let refused = run(&home, &["backup", "one.tar"], &settings).await;

    refused.refused(&["pg_dump failed", "it is out of order"]);
    assert!(!refused.err.contains(password));
    let arguments = std::fs::read_to_string(home.path().join("pretended/arguments")).unwrap();
    assert!(
        arguments.contains("--schema=\"Finances\"") && !arguments.contains(password),
        "{arguments}"
    );
    until_so("no part is left", || !home.path().join("one.tar.part").exists()).await;
    assert!(!home.path().join("one.tar").exists());
}
