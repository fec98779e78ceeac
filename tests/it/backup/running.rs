//! Beside a server that works: the archive is of one moment.

use std::{collections::BTreeSet, sync::Arc};

use nexgen_finance::uploads;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::multipart::{Form, Part};
use rust_decimal::dec;
use serde_json::json;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{process::Child, sync::Semaphore};

use super::{Empty, Ended, document, entries, manifest, run, sum};
use crate::support::{
    TestApp,
    callers::Caller,
    server::Home,
    waiting::until_blocked,
    workbooks::{Item, ProformaWorkbook},
};

const SETTINGS: [(&str, &str); 3] = [
    ("SECRET_KEY", "a key for two runs of one server: 0f9b6a71d4c8e253"),
    ("UPLOADS_PER_HOUR", "10000"),
    ("LOG_LEVEL", "WARN"),
];
/// How many clients upload at once.
const WRITERS: usize = 4;

async fn sign_up(nobody: &Caller) -> Caller {
    let body = json!({"username": "admin", "email": "admin@example.com", "password": "of this test"});
    let answer = nobody
        .post("/api/auth/signup")
        .json(&body)
        .send()
        .await
        .expect(200);
    nobody.with_token(answer["access_token"].as_str().unwrap())
}

async fn send_invoice(caller: &Caller, number: &str) {
    let book = ProformaWorkbook::sample()
        .field("PO Number", number)
        .field("PI Number", format!("PI-{number}").as_str())
        .items(vec![Item::new("First", "1", "NOS", dec!(2), dec!(100))]);
    let form = Form::new().part("file", Part::bytes(book.xlsx()).file_name("po.xlsx"));
    caller.post("/api/po/upload").form(form).send().await.expect(200);
}

/// The numbers of all POs.
async fn numbers(caller: &Caller) -> BTreeSet<String> {
    let page = caller.get("/api/po?sort=id&limit=1000").send().await.expect(200);
    let pos = page["data"]["pos"].as_array().unwrap();
    pos.iter()
        .map(|po| po["po_number"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_embedded_database_under_writes_is_saved_as_of_one_moment() {
    let (home, other) = (Home::new(), Home::new());
    let server = home.start(&SETTINGS).await;
    let admin = sign_up(&server.nobody()).await;
    let (sent, going_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (admin, sent, ended) = (admin.clone(), Arc::clone(&sent), Arc::clone(&going_on));
        writers.push(tokio::spawn(async move {
            for round in 0.. {
                send_invoice(&admin, &format!("45{writer:03}{round:05}")).await;
                sent.add_permits(1);
                if ended.available_permits() > 0 {
                    break;
                }
            }
        }));
    }
    sent.acquire_many(8).await.unwrap().forget();
    let before = numbers(&admin).await;

    let archive = other.path().join("one.tar").to_str().unwrap().to_owned();
    run(&home, &["backup", &archive], &[]).await.well();

    going_on.add_permits(1);
    for writer in writers {
        writer.await.unwrap();
    }
    let after = numbers(&admin).await;
    // A second one, with no server: the command starts and stops the cluster itself.
    drop(server);
    run(&home, &["backup", "later.tar"], &[]).await.well();
    let later = manifest(&home.path().join("later.tar"));
    assert_eq!(
        later.tables["client_po"].rows,
        i64::try_from(after.len()).unwrap()
    );

    run(&other, &["restore", "one.tar"], &[]).await.well();

    let saved = manifest(&other.path().join("one.tar"));
    let server = other.start(&SETTINGS).await;
    // The token is that of a user who came along.
    let admin = server.nobody().with_token(admin.token.clone().unwrap());
    let restored = numbers(&admin).await;
    assert!(
        before.is_subset(&restored) && restored.is_subset(&after),
        "{before:?} {restored:?}"
    );
    let count = i64::try_from(restored.len()).unwrap();
    assert_eq!(saved.tables["client_po"].rows, count);
    assert_eq!(
        sum(&saved, "client_po", "po_value"),
        format!("{}.00", 236 * count)
    );
    assert_eq!(saved.tables["upload_file"].rows, count);
    // Of each order the file of its session, the document, and the archive of that.
    assert_eq!(saved.files.len(), 3 * restored.len());
    assert!(saved.missing_files.is_empty());
    drop(server);
    let verified = run(&other, &["verify"], &[]).await.well();
    assert!(verified.contains("0 files are named by no row"), "{verified}");
}

/// A transaction that keeps a table which no request touches from being read.
struct Gate(PgConnection);

impl Gate {
    async fn close(app: &TestApp) -> Self {
        let options: PgConnectOptions = app.db.connect_options().as_ref().clone();
        let mut db = PgConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(r#"BEGIN; LOCK TABLE "Finances".adoption_report IN ACCESS EXCLUSIVE MODE"#)
            .execute(&mut db)
            .await
            .unwrap();
        Self(db)
    }

    async fn open(self) {
        self.0.close().await.unwrap();
    }
}

/// Starts a backup that waits at a gate, its snapshot taken.
async fn begin(app: &TestApp, home: &Home) -> (Gate, Child) {
    let gate = Gate::close(app).await;
    let backup = home
        .command(&["backup", "one.tar"], &app.command_settings())
        .spawn()
        .unwrap();
    until_blocked(app).await;
    (gate, backup)
}

async fn end(backup: Child) -> Ended {
    let output = backup.wait_with_output().await.unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test]
async fn files_that_are_deleted_while_a_backup_runs_are_in_it_and_go_after_it() {
    let (app, place, home) = (TestApp::start().await, Empty::new().await, Home::new());
    let (editor, admin) = (app.editor().await, app.admin().await);
    let deleted = document(&app, &editor, "deleted.pdf", 2_000_000).await;
    let staged = document(&app, &editor, "staged.pdf", 300).await;
    let fields = ["stored_filename", "compressed_filename"];
    let path = |document: &serde_json::Value, field: &str| {
        app.upload_folder().join(document[field].as_str().unwrap())
    };
    // As it is between the commit of a row and the publishing of its file.
    let name = staged["stored_filename"].as_str().unwrap();
    std::fs::create_dir_all(app.upload_folder().join("temp")).unwrap();
    std::fs::rename(
        path(&staged, "stored_filename"),
        app.upload_folder().join("temp").join(name),
    )
    .unwrap();

    let (gate, backup) = begin(&app, &home).await;
    for document in [&deleted, &staged] {
        admin
            .delete(format!("/api/documents/{}", document["id"]))
            .send()
            .await
            .expect(200);
    }
    document(&app, &editor, "new.pdf", 100).await;
    uploads::sweep(&app.state).await.unwrap();
    assert!(fields.iter().all(|field| path(&deleted, field).exists()));
    gate.open().await;
    end(backup).await.well();

    run(&home, &["restore", "one.tar"], &place.settings())
        .await
        .well();
    let saved = entries(&home.path().join("one.tar"));
    for (document, field) in [(&deleted, fields[0]), (&deleted, fields[1]), (&staged, fields[0])] {
        let name = document[field].as_str().unwrap();
        assert!(place.files().join(name).exists(), "{name}");
        assert!(saved.iter().any(|(entry, _)| entry == &format!("files/{name}")));
    }
    let names: Vec<_> = saved
        .iter()
        .filter(|(entry, _)| entry.starts_with("files/"))
        .collect();
    assert_eq!(names.len(), 4, "what came later is not in it");

    uploads::sweep(&app.state).await.unwrap();
    for document in [&deleted, &staged] {
        assert!(fields.iter().all(|field| !path(document, field).exists()));
    }
    assert!(!app.upload_folder().join("temp").join(name).exists());
    let notes = r#"SELECT count(*) FROM "Finances".stored_file_removal"#;
    assert_eq!(app.value::<i64>(notes).await, 0);
}

#[tokio::test]
async fn a_backup_that_is_interrupted_leaves_no_file() {
    let (app, home) = (TestApp::start().await, Home::new());
    let (gate, backup) = begin(&app, &home).await;
    assert!(home.path().join("one.tar.part").exists());

    let process = Pid::from_raw(i32::try_from(backup.id().unwrap()).unwrap());
    kill(process, Signal::SIGTERM).unwrap();
    let ended = end(backup).await;

    ended.refused(&["interrupted; nothing was saved"]);
    assert!(
        std::fs::read_dir(home.path()).unwrap().next().is_none(),
        "no file is left"
    );
    gate.open().await;

    // One that is killed leaves its part, which the next one overwrites.
    std::fs::write(home.path().join("one.tar.part"), vec![b'x'; 1_000_000]).unwrap();
    run(&home, &["backup", "one.tar"], &app.command_settings())
        .await
        .well();
    run(&home, &["restore", "--verify-only", "one.tar"], &[])
        .await
        .well();
    let names = std::fs::read_dir(home.path()).unwrap().count();
    assert_eq!(names, 1);
}

#[tokio::test]
async fn two_backups_of_one_database_do_not_run_at_once() {
    let (app, home) = (TestApp::start().await, Home::new());
    let (gate, first) = begin(&app, &home).await;

    let second = run(&home, &["backup", "two.tar"], &app.command_settings()).await;

    second.refused(&["another backup of this database is running"]);
    gate.open().await;
    end(first).await.well();
    assert!(!home.path().join("two.tar").exists());
}

#[tokio::test]
async fn a_file_that_is_there_is_replaced_only_on_request() {
    let (app, home) = (TestApp::start().await, Home::new());
    std::fs::write(home.path().join("one.tar"), "kept").unwrap();
    let settings = app.command_settings();

    let refused = run(&home, &["backup", "one.tar"], &settings).await;

    refused.refused(&["one.tar is there already", "--force"]);
    assert_eq!(std::fs::read(home.path().join("one.tar")).unwrap(), b"kept");
    run(&home, &["backup", "--force", "one.tar"], &settings)
        .await
        .well();
    run(&home, &["restore", "--verify-only", "one.tar"], &[])
        .await
        .well();
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(home.path().join("one.tar"))
            .unwrap()
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}
