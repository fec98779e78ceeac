//! There and back: everything is as it was.

use nexgen_finance::postgres::migrate;
use sqlx::{ConnectOptions, Connection};

use super::{Empty, Ended, document, entries, manifest, run, sum};
use crate::support::{TestApp, bucket::Bucket, server::Home};

/// How many documents there are.
const ROWS: &str = r#"SELECT count(*) FROM "Finances".project_document"#;

async fn there_and_back(app: TestApp, place: &Empty, more: Vec<(String, String)>) -> (Home, Ended) {
    let home = Home::new();
    let editor = app.editor().await;
    let large = document(&app, &editor, "large.pdf", 6_000_000).await;
    document(&app, &editor, "small.pdf", 100).await;
    let (before, sums): (i64, String) = (
        app.value(ROWS).await,
        app.value(r#"SELECT sum(po_value)::text FROM "Finances".client_po"#)
            .await,
    );

    let saved = run(&home, &["backup", "one.tar"], &app.command_settings())
        .await
        .well();

    assert!(saved.contains("4 files with "), "{saved}");
    let archive = home.path().join("one.tar");
    let written = manifest(&archive);
    assert_eq!(written.tables["project_document"].rows, before);
    assert_eq!(sum(&written, "client_po", "po_value"), sums);
    assert_eq!(sums, "2361.10");
    assert_eq!(written.files.len(), 4);
    assert!(!home.path().join("one.tar.part").exists());
    run(&home, &["restore", "--verify-only", "one.tar"], &[])
        .await
        .well();

    let mut settings = place.settings();
    settings.extend(more);
    let restored = run(&home, &["restore", "one.tar"], &settings).await;

    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert_eq!(place.value::<i64>(ROWS).await, before);
    let name = large["stored_filename"].as_str().unwrap();
    let (_, bytes) = entries(&archive)
        .into_iter()
        .find(|(entry, _)| entry == &format!("files/{name}"))
        .unwrap();
    assert_eq!(bytes, std::fs::read(app.upload_folder().join(name)).unwrap());
    (home, restored)
}

#[tokio::test]
async fn what_a_server_keeps_on_the_disk_comes_back_in_another_place() {
    let (app, place) = (TestApp::start().await, Empty::new().await);

    let (home, restored) = there_and_back(app, &place, vec![]).await;

    assert!(restored.out.contains("4 files with "), "{restored:?}");
    assert!(!restored.out.contains("no row names it"), "{restored:?}");
    let names = std::fs::read_dir(place.files()).unwrap().count();
    assert_eq!(names, 4 + 1, "the files and the folder of those that arrive");
    let index =
        r"SELECT count(*) FROM pg_indexes WHERE schemaname = 'Finances' AND indexname LIKE '%search_idx'";
    assert_eq!(place.value::<i64>(index).await, 5);

    let again = run(&home, &["restore", "one.tar"], &place.settings())
        .await
        .well();
    for part in [
        "the database held these rows already",
        "4 files were there already",
    ] {
        assert!(again.contains(part), "{again}");
    }
}

#[tokio::test]
async fn what_a_server_keeps_in_a_bucket_comes_back_in_another_bucket() {
    let (app, place) = (TestApp::start_on_bucket().await, Empty::new().await);
    let folder = tempfile::tempdir().unwrap();
    let other = Bucket::serve(folder.path()).await;
    let settings = other.settings().map(|(name, value)| (name.to_owned(), value));

    there_and_back(app, &place, settings.into()).await;

    let stored = std::fs::read_dir(other.objects()).unwrap();
    let files = stored.filter(|entry| entry.as_ref().unwrap().path().is_file());
    assert_eq!(files.count(), 4);
}

#[tokio::test]
async fn a_backup_of_an_older_schema_comes_back_in_todays() {
    const OLD: i64 = 20_260_104_000_000;
    let (old, place, home) = (Empty::new().await, Empty::new().await, Home::new());
    let mut db = old.database.options.connect().await.unwrap();
    let migrator = migrate::migrator();
    let newer = migrator
        .iter()
        .filter(|migration| migration.version > OLD)
        .count();
    migrator.run_to(OLD, &mut db).await.unwrap();
    sqlx::raw_sql(
        r#"
        INSERT INTO "Finances".client_po (client_id, po_number, po_value, total_tax, stated_value, stated_tax)
        SELECT 1, 'PO-' || number, 1180.10, 180.10, 1180.10, 180.10
          FROM generate_series(1, 3) AS number
        "#,
    )
    .execute(&mut db)
    .await
    .unwrap();
    drop(db);

    run(&home, &["backup", "old.tar"], &old.settings()).await.well();
    let saved = manifest(&home.path().join("old.tar"));
    let restored = run(&home, &["restore", "old.tar"], &place.settings())
        .await
        .well();

    assert_eq!(saved.migrations.last().unwrap().version, OLD);
    assert!(
        restored.contains(&format!("{newer} migration(s) ran")),
        "{restored}"
    );
    assert_eq!(sum(&saved, "client_po", "po_value"), "3540.30");
    let value: String = place
        .value(r#"SELECT sum(po_value)::text FROM "Finances".client_po"#)
        .await;
    assert_eq!(value, "3540.30");
    let counted: i64 = place
        .value(r#"SELECT count(*) FROM "Finances"._nexgen_migration"#)
        .await;
    assert_eq!(usize::try_from(counted).unwrap(), migrator.iter().count());
}

#[tokio::test]
async fn a_file_that_was_lost_before_the_backup_is_named_and_the_rest_is_saved() {
    let (app, place, home) = (TestApp::start().await, Empty::new().await, Home::new());
    let editor = app.editor().await;
    let lost = document(&app, &editor, "lost.pdf", 100).await;
    let lost = lost["stored_filename"].as_str().unwrap();
    let changed = document(&app, &editor, "changed.pdf", 100).await;
    let changed = changed["stored_filename"].as_str().unwrap();
    std::fs::remove_file(app.upload_folder().join(lost)).unwrap();
    std::fs::write(app.upload_folder().join(changed), vec![b'x'; 100]).unwrap();

    let saved = run(&home, &["backup", "one.tar"], &app.command_settings())
        .await
        .well();
    let restored = run(&home, &["restore", "one.tar"], &place.settings()).await;

    assert!(saved.contains(&format!("warning: {lost}: is missing")), "{saved}");
    assert!(
        saved.contains(&format!(
            "warning: {changed}: its bytes are not those that were stored"
        )),
        "{saved}"
    );
    assert_eq!(manifest(&home.path().join("one.tar")).missing_files, [lost]);
    // It ends as `verify` does.
    restored.refused(&["not everything is as it should be"]);
    assert!(
        restored.out.contains("was missing when the backup was made"),
        "{restored:?}"
    );
    assert_eq!(place.value::<i64>(ROWS).await, 2);
}

#[tokio::test]
async fn a_database_without_our_tables_has_nothing_to_save() {
    let (place, home) = (Empty::new().await, Home::new());

    let ended = run(&home, &["backup", "one.tar"], &place.settings()).await;

    ended.refused(&["there is nothing to save"]);
    assert!(
        std::fs::read_dir(home.path()).unwrap().next().is_none(),
        "no file is left"
    );
}

#[tokio::test]
async fn what_the_tables_need_of_other_schemas_is_named_when_it_is_saved_and_when_it_is_missing() {
    const OTHERS: &str = "CREATE TYPE public.mood AS ENUM ('fine');
         CREATE FUNCTION public.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'";
    let (app, place, home) = (TestApp::start().await, Empty::new().await, Home::new());
    sqlx::raw_sql(OTHERS).execute(&app.db).await.unwrap();
    sqlx::raw_sql(
        r#"ALTER TABLE "Finances".client ADD COLUMN mood public.mood;
           CREATE TRIGGER stamp BEFORE UPDATE ON "Finances".client FOR EACH ROW EXECUTE FUNCTION public.stamp()"#,
    )
    .execute(&app.db)
    .await
    .unwrap();

    let saved = run(&home, &["backup", "one.tar"], &app.command_settings())
        .await
        .well();
    let missing = run(&home, &["restore", "one.tar"], &place.settings()).await;
    let mut db = place.database.options.connect().await.unwrap();
    sqlx::raw_sql(OTHERS).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let there = run(&home, &["restore", "one.tar"], &place.settings()).await;

    for object in ["function public.stamp()", "type public.mood"] {
        let warning = format!("warning: {object}: is of another schema, which is not saved");
        assert!(saved.contains(&warning), "{saved}");
    }
    assert_eq!(
        manifest(&home.path().join("one.tar")).needs,
        ["function public.stamp()", "type public.mood"]
    );
    missing.refused(&["must be there", "function public.stamp(), type public.mood"]);
    there.well();
}
