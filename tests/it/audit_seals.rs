//! Sealing the audit trail, and finding out who changed it.

use std::{
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

use nexgen_finance::audit::{
    sealer::{LOCK, MOST, Round, Sealer},
    verify::{Anchor, TrailReport, verify},
};
use nexgen_finance::postgres::Pool;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{AssertSqlSafe, Postgres, Transaction};

use crate::support::{
    TestApp,
    app::SECRET_KEY,
    server::Home,
    waiting::{until, until_so},
};

const AN_ENTRY: &str = r#"INSERT INTO "Finances".audit_entry (actor_name, action, entity, entity_id)
                          VALUES ('meera', 'updated', 'vendor', '1')"#;
const TEN_ENTRIES: &str = r#"
    INSERT INTO "Finances".audit_entry (at, actor_id, actor_name, request_id, action, entity, entity_id, before, after, note)
    SELECT '2026-03-01 00:00:00.000001+05:30'::timestamptz + number * interval '1 hour',
           NULLIF(number % 3, 0), 'meera', NULLIF('r' || number, 'r4'), 'updated', 'client_po', number::text,
           CASE WHEN number > 2 THEN jsonb_build_object('b', number, 'a', 1.10, 'ä', 'x"y') END,
           jsonb_build_object('a', number * 0.10), NULLIF('note ' || number, 'note 5')
      FROM generate_series(1, 10) AS number
     ORDER BY number"#;
/// The hash of every batch as the module's documentation says, made by the database alone.
const HASHES: &str = r#"
    WITH field AS (
        SELECT seal.batch, '1' AS part, 0 AS entry, place, value::bytea
          FROM "Finances".audit_seal AS seal
         CROSS JOIN LATERAL UNNEST(ARRAY [
               convert_to('nexgen-finance audit 1', 'UTF8'), convert_to(seal.batch::text, 'UTF8'), seal.previous_hash
               ]) WITH ORDINALITY AS head (value, place)
         UNION ALL
        SELECT seal.batch, '2', entry.id, place, convert_to(value, 'UTF8')
          FROM "Finances".audit_seal AS seal
          JOIN "Finances".audit_entry AS entry ON entry.id BETWEEN seal.first_id AND seal.last_id
         CROSS JOIN LATERAL UNNEST(ARRAY [
               entry.id::text, (extract(epoch FROM entry.at) * 1000000)::bigint::text, entry.actor_id::text,
               entry.actor_name, entry.request_id, entry.action, entry.entity, entry.entity_id, entry.before::text,
               entry.after::text, entry.note, entry.xid::text
               ]) WITH ORDINALITY AS column_of (value, place)
         UNION ALL
        SELECT seal.batch, '3', 0, place, convert_to(value, 'UTF8')
          FROM "Finances".audit_seal AS seal
         CROSS JOIN LATERAL UNNEST(ARRAY [
               seal.first_id::text, seal.last_id::text, seal.count::text,
               (extract(epoch FROM seal.sealed_at) * 1000000)::bigint::text
               ]) WITH ORDINALITY AS tail (value, place)
    )
    SELECT COALESCE(bool_and(sha256(made.bytes) = seal.hash), FALSE)
      FROM "Finances".audit_seal AS seal
      LEFT JOIN (
           SELECT batch,
                  string_agg(COALESCE(int4send(octet_length(value)) || value, '\xffffffff'), '' ORDER BY part, entry, place)
                      AS bytes
             FROM field
            GROUP BY batch
           ) AS made USING (batch)"#;

async fn seal(db: &Pool) -> Round {
    Sealer::waiting(Duration::from_secs(20)).seal(db).await.unwrap()
}

fn round(batches: u32, entries: i64) -> Round {
    Round {
        batches,
        entries,
        is_waiting: false,
    }
}

async fn walked(app: &TestApp, anchors: &[&str]) -> TrailReport {
    let anchors: Vec<Anchor> = anchors.iter().map(|text| text.parse().unwrap()).collect();
    verify(&app.db, &anchors, |_| {}).await.unwrap()
}

fn told(report: &TrailReport) -> Vec<String> {
    report.faults.iter().map(ToString::to_string).collect()
}

/// Three batches of ten entries; the id 11 is nobody's.
async fn sealed() -> TestApp {
    let app = TestApp::start().await;
    app.execute(TEN_ENTRIES).await;
    seal(&app.db).await;
    let mut transaction = app.db.begin().await.unwrap();
    sqlx::query(AN_ENTRY).execute(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    app.execute(TEN_ENTRIES).await;
    seal(&app.db).await;
    app.execute(TEN_ENTRIES).await;
    seal(&app.db).await;
    app
}

#[tokio::test]
async fn every_column_of_every_entry_is_hashed_as_is_written_down() {
    let app = sealed().await;

    let is_so: bool = app.value(HASHES).await;

    assert!(is_so);
    let columns: String = app
        .value(
            r#"SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns
                WHERE table_schema = 'Finances' AND table_name = 'audit_entry'"#,
        )
        .await;
    assert_eq!(
        columns,
        "id at actor_id actor_name request_id action entity entity_id before after note xid"
    );
    let columns: String = app
        .value(
            r#"SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns
                WHERE table_schema = 'Finances' AND table_name = 'audit_seal'"#,
        )
        .await;
    assert_eq!(
        columns,
        "batch first_id last_id count hash previous_hash sealed_at"
    );
    let report = walked(&app, &[]).await;
    assert_eq!(told(&report), [""; 0]);
    assert_eq!((report.entries, report.batches, report.unsealed), (30, 3, 0));
}

#[tokio::test]
async fn without_new_entries_nothing_is_sealed() {
    let app = TestApp::start().await;
    assert_eq!(seal(&app.db).await, Round::default());
    app.execute(AN_ENTRY).await;
    assert_eq!(seal(&app.db).await, round(1, 1));
    assert_eq!(seal(&app.db).await, Round::default());
    let report = walked(&app, &[]).await;
    assert_eq!((told(&report), report.batches), (vec![], 1));
}

#[tokio::test]
async fn a_batch_has_a_limit() {
    let app = TestApp::start().await;
    app.execute(
        r#"INSERT INTO "Finances".audit_entry (action, entity, entity_id)
           SELECT 'created', 'vendor', number::text FROM generate_series(1, 20001) AS number"#,
    )
    .await;

    let sealed = seal(&app.db).await;

    assert_eq!((MOST, sealed), (10_000, round(3, 20_001)));
    let counts: Vec<i32> = sqlx::query_scalar(r#"SELECT count FROM "Finances".audit_seal ORDER BY batch"#)
        .fetch_all(&app.db)
        .await
        .unwrap();
    assert_eq!(counts, [10_000, 10_000, 1]);
    let report = walked(&app, &[]).await;
    assert_eq!((told(&report), report.entries), (vec![], 20_001));
}

#[tokio::test]
async fn entries_of_other_clusters_and_of_later_transactions_are_sealed_like_any() {
    let app = TestApp::start().await;
    app.execute(
        r#"INSERT INTO "Finances".audit_entry (action, entity, entity_id, xid)
           VALUES ('created', 'vendor', '1', '3'), ('created', 'vendor', '2', '999999999999')"#,
    )
    .await;
    assert_eq!(seal(&app.db).await, round(1, 2));
    assert_eq!(told(&walked(&app, &[]).await), [""; 0]);
}

async fn writing(app: &TestApp) -> Transaction<'static, Postgres> {
    let mut transaction = app.db.begin().await.unwrap();
    sqlx::query(AN_ENTRY).execute(&mut *transaction).await.unwrap();
    transaction
}

#[tokio::test]
async fn nothing_is_sealed_above_an_entry_that_may_still_come() {
    let app = TestApp::start().await;
    app.execute(AN_ENTRY).await;
    assert_eq!(seal(&app.db).await, round(1, 1));
    let late = writing(&app).await;
    let never = writing(&app).await;
    app.execute(AN_ENTRY).await;
    let mut sealer = Sealer::waiting(Duration::ZERO);

    // Entry 4 is there, 2 and 3 are on their way.
    assert!(sealer.seal(&app.db).await.unwrap().is_waiting);
    never.rollback().await.unwrap();
    assert!(sealer.seal(&app.db).await.unwrap().is_waiting);
    // One that began after the mark is not waited for.
    let younger = writing(&app).await;
    late.commit().await.unwrap();
    assert_eq!(sealer.seal(&app.db).await.unwrap(), round(1, 2));

    younger.commit().await.unwrap();
    assert_eq!(sealer.seal(&app.db).await.unwrap(), round(1, 1));
    let seals: String = app
        .value(
            r#"SELECT string_agg(concat_ws('-', first_id, last_id, count), ' ' ORDER BY batch) FROM "Finances".audit_seal"#,
        )
        .await;
    assert_eq!(seals, "1-1-1 2-4-2 5-5-1");
    assert_eq!(told(&walked(&app, &[]).await), [""; 0]);
}

#[tokio::test]
async fn a_transaction_that_writes_elsewhere_holds_nothing_up() {
    let app = TestApp::start().await;
    let mut elsewhere = app.db.begin().await.unwrap();
    sqlx::query(r#"INSERT INTO "Finances".vendor (name) VALUES ('Sharma')"#)
        .execute(&mut *elsewhere)
        .await
        .unwrap();
    app.execute(AN_ENTRY).await;

    assert_eq!(
        Sealer::waiting(Duration::ZERO).seal(&app.db).await.unwrap(),
        round(1, 1)
    );

    // What it records afterwards comes after the batch.
    sqlx::query(AN_ENTRY).execute(&mut *elsewhere).await.unwrap();
    elsewhere.commit().await.unwrap();
    assert_eq!(seal(&app.db).await, round(1, 1));
    assert_eq!(told(&walked(&app, &[]).await), [""; 0]);
}

#[tokio::test]
async fn one_server_seals_at_a_time_and_no_writer_waits_for_it() {
    let app = TestApp::start().await;
    app.execute(TEN_ENTRIES).await;
    let mut sealing = app.db.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *sealing)
        .await
        .unwrap();
    // Somebody else is at it.
    assert_eq!(
        Sealer::waiting(Duration::ZERO).seal(&app.db).await.unwrap(),
        round(0, 0)
    );
    app.execute(AN_ENTRY).await;
    sealing.rollback().await.unwrap();
    assert_eq!(seal(&app.db).await, round(1, 11));
}

#[tokio::test]
async fn many_writers_and_several_sealers_leave_one_whole_chain() {
    let app = Arc::new(TestApp::start().await);
    let mut writers = Vec::new();
    for writer in 0..4 {
        let app = Arc::clone(&app);
        writers.push(tokio::spawn(async move {
            for turn in 0..40 {
                let mut transaction = app.db.begin().await.unwrap();
                // Some have their transaction number before their first id, some after; some write twice, some not at all.
                if (writer + turn) % 2 == 0 {
                    sqlx::query("SELECT pg_current_xact_id()")
                        .execute(&mut *transaction)
                        .await
                        .unwrap();
                }
                for _ in 0..=(turn % 3) {
                    sqlx::query(AN_ENTRY).execute(&mut *transaction).await.unwrap();
                    tokio::task::yield_now().await;
                }
                if (writer * 7 + turn) % 5 == 0 {
                    transaction.rollback().await.unwrap();
                } else {
                    transaction.commit().await.unwrap();
                }
            }
        }));
    }
    let mut sealers = Vec::new();
    for _ in 0..3 {
        let app = Arc::clone(&app);
        sealers.push(tokio::spawn(async move {
            let mut sealer = Sealer::waiting(Duration::from_secs(20));
            for _ in 0..25 {
                sealer.seal(&app.db).await.unwrap();
                tokio::task::yield_now().await;
            }
        }));
    }
    for task in writers.into_iter().chain(sealers) {
        task.await.unwrap();
    }
    seal(&app.db).await;

    let report = walked(&app, &[]).await;

    assert_eq!(told(&report), [""; 0]);
    let entries: i64 = app.value(r#"SELECT count(*) FROM "Finances".audit_entry"#).await;
    assert_eq!(
        (i64::try_from(report.entries).unwrap(), report.unsealed),
        (entries, 0)
    );
    assert!(report.batches > 1, "{}", report.batches);
    let is_so: bool = app.value(HASHES).await;
    assert!(is_so);
}

#[tokio::test]
async fn a_server_seals_what_is_there_when_it_starts_and_the_rest_when_it_stops() {
    let app = TestApp::start().await;
    app.execute(AN_ENTRY).await;
    let home = Home::new();
    let url = app.database_url();
    let settings = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", SECRET_KEY)];
    let server = home.start(&settings).await;
    until(
        &app,
        r#"SELECT EXISTS (SELECT FROM "Finances".audit_seal WHERE last_id = 1)"#,
    )
    .await;
    app.execute(AN_ENTRY).await;

    kill(
        Pid::from_raw(i32::try_from(server.id()).unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();

    until(
        &app,
        r#"SELECT EXISTS (SELECT FROM "Finances".audit_seal WHERE last_id = 2)"#,
    )
    .await;
    let report = walked(&app, &[]).await;
    assert_eq!((told(&report), report.batches, report.unsealed), (vec![], 2, 0));
    let head = report.head.unwrap();
    until_logged(&home, "audit entries 1 to 1 are sealed: 1:").await;
    until_logged(&home, &format!("audit entries 2 to 2 are sealed: {head}")).await;
}

/// Lines reach the file a moment after what they tell.
async fn until_logged(home: &Home, text: &str) {
    until_so(text, || {
        std::fs::read_to_string(home.path().join("logs/app.log")).is_ok_and(|logged| logged.contains(text))
    })
    .await;
}

/// Changes the trail as somebody can who may alter its tables, and who leaves no trace of that.
async fn tamper(app: &TestApp, statement: &str) {
    let sql = format!(
        r#"SET search_path TO "Finances";
           ALTER TABLE audit_entry DISABLE TRIGGER ALL;
           ALTER TABLE audit_seal DISABLE TRIGGER ALL;
           {statement};
           ALTER TABLE audit_entry ENABLE TRIGGER ALL;
           ALTER TABLE audit_seal ENABLE TRIGGER ALL;
           RESET search_path"#
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&app.db)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

const CHANGED_2: &str = "batch 2, entries 12 to 21: an entry of it, or its seal, was changed";
const CHANGED_3: &str = "batch 3, entries 22 to 31: an entry of it, or its seal, was changed";
const SEAL_2: &str =
    "batch 2, entries 12 to 21: the hash of its seal was changed; its entries are those that were sealed";

#[tokio::test]
async fn each_way_to_change_the_trail_is_found_in_its_batch() {
    let app = sealed().await;
    app.execute(
        r#"CREATE TABLE kept_entry AS TABLE "Finances".audit_entry;
           CREATE TABLE kept_seal AS TABLE "Finances".audit_seal"#,
    )
    .await;
    for (statement, faults) in [
        (
            "UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE id = 15",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET actor_id = 99 WHERE id = 15",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET actor_id = NULL WHERE id = 12",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET actor_name = 'ravi' WHERE id = 15",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET request_id = '' WHERE id = 15",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET action = 'created' WHERE id = 15",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET entity = 'vendor' WHERE id = 15",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET entity_id = '44' WHERE id = 15",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET before = NULL WHERE id = 15",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET after = '{\"a\": 0.4}' WHERE id = 15",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET note = note || ' ' WHERE id = 15",
            vec![CHANGED_2],
        ),
        ("UPDATE audit_entry SET xid = '1' WHERE id = 15", vec![CHANGED_2]),
        (
            "UPDATE audit_entry SET note = 'x' WHERE id IN (12, 31)",
            vec![CHANGED_2, CHANGED_3],
        ),
        (
            "DELETE FROM audit_entry WHERE id = 15",
            vec!["batch 2, entries 12 to 21: has 9 entries instead of 10: some were removed"],
        ),
        (
            "DELETE FROM audit_entry WHERE id BETWEEN 12 AND 21",
            vec!["batch 2, entries 12 to 21: has 0 entries instead of 10: some were removed"],
        ),
        (
            "UPDATE audit_entry SET id = 100 WHERE id = 15",
            vec!["batch 2, entries 12 to 21: has 9 entries instead of 10: some were removed"],
        ),
        (
            "UPDATE audit_entry SET id = 11 WHERE id = 12",
            vec!["batch 2, entries 12 to 21: its entries have other ids than were sealed"],
        ),
        (
            "INSERT INTO audit_entry (id, action, entity, entity_id) VALUES (11, 'created', 'vendor', '1')",
            vec!["batch 2, entries 12 to 21: has 11 entries instead of 10: some were put in"],
        ),
        (
            "INSERT INTO audit_entry (id, action, entity, entity_id) VALUES (-1, 'created', 'vendor', '1')",
            vec!["batch 1, entries 1 to 10: has 11 entries instead of 10: some were put in"],
        ),
        (
            "UPDATE audit_entry SET id = -13 WHERE id = 13; UPDATE audit_entry SET id = 13 WHERE id = 14;
             UPDATE audit_entry SET id = 14 WHERE id = -13",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_entry SET id = -13 WHERE id = 13; UPDATE audit_entry SET id = 13 WHERE id = 25;
             UPDATE audit_entry SET id = 25 WHERE id = -13",
            vec![CHANGED_2, CHANGED_3],
        ),
        (
            "UPDATE audit_seal SET hash = sha256('x') WHERE batch = 2",
            vec![SEAL_2],
        ),
        (
            "UPDATE audit_seal SET hash = sha256('x') WHERE batch = 3",
            vec![CHANGED_3],
        ),
        (
            "UPDATE audit_seal SET count = 9 WHERE batch = 2",
            vec!["batch 2, entries 12 to 21: its seal was changed; its entries are those that were sealed"],
        ),
        (
            "UPDATE audit_seal SET sealed_at = sealed_at - interval '1 day' WHERE batch = 2",
            vec![CHANGED_2],
        ),
        (
            "UPDATE audit_seal SET previous_hash = sha256('x') WHERE batch = 3",
            vec![
                "batch 3, entries 22 to 31: does not continue the batch before it: another hash came before",
                CHANGED_3,
            ],
        ),
        (
            "DELETE FROM audit_seal WHERE batch = 1",
            vec!["batch 1, entries 1 to 11: its seal is missing"],
        ),
        (
            "DELETE FROM audit_seal WHERE batch = 2",
            vec!["batch 2, entries 11 to 21: its seal is missing"],
        ),
        (
            "DELETE FROM audit_seal WHERE batch IN (1, 2)",
            vec!["batch 1, entries 1 to 21: its seal is missing, and all up to that of batch 2"],
        ),
        ("DELETE FROM audit_seal WHERE batch = 3", vec![]),
    ] {
        tamper(&app, statement).await;

        let report = walked(&app, &[]).await;

        let batches: Vec<String> = report
            .faults
            .iter()
            .filter(|fault| fault.batch.is_some())
            .map(ToString::to_string)
            .collect();
        assert_eq!(batches, faults, "{statement}");
        tamper(
            &app,
            "DELETE FROM audit_entry; INSERT INTO audit_entry SELECT * FROM public.kept_entry;
             DELETE FROM audit_seal; INSERT INTO audit_seal SELECT * FROM public.kept_seal",
        )
        .await;
        assert_eq!(told(&walked(&app, &[]).await), [""; 0], "after {statement}");
    }
}

#[tokio::test]
async fn a_hash_that_was_noted_finds_what_the_chain_alone_cannot_tell() {
    let app = sealed().await;
    let report = walked(&app, &[]).await;
    let noted = report.head.unwrap().to_string();
    let (batch, hash) = noted.split_once(':').unwrap();
    assert_eq!(batch, "3");
    let missing =
        format!("batch 3: no batch has the hash {hash}: seals were removed, or the trail was sealed anew");

    app.execute(AN_ENTRY).await;
    seal(&app.db).await;
    assert_eq!(
        told(&walked(&app, &[&noted, hash, &hash.to_uppercase()]).await),
        [""; 0]
    );
    assert_eq!(told(&walked(&app, &[&format!("2:{hash}")]).await).len(), 1);

    // The end is taken away.
    tamper(
        &app,
        "DELETE FROM audit_seal WHERE batch > 2; DELETE FROM audit_entry WHERE id > 21",
    )
    .await;
    tamper(&app, "DELETE FROM audit_total").await;
    let report = walked(&app, &[&noted]).await;
    assert_eq!(report.faults.first().unwrap().to_string(), missing);

    // The whole chain is made anew over what was changed.
    tamper(
        &app,
        "DELETE FROM audit_seal; UPDATE audit_entry SET note = 'x' WHERE id = 3",
    )
    .await;
    seal(&app.db).await;
    assert_eq!(told(&walked(&app, &[]).await), [""; 0]);
    assert_eq!(told(&walked(&app, &[&noted]).await), [missing]);
    assert_eq!(
        told(&walked(&app, &[hash]).await),
        [format!(
            "no batch has the hash {hash}: seals were removed, or the trail was sealed anew"
        )]
    );
}

#[tokio::test]
async fn seals_cannot_be_changed_and_a_guard_that_is_off_is_told() {
    let app = sealed().await;
    for statement in [
        r#"UPDATE "Finances".audit_seal SET count = 0"#,
        r#"DELETE FROM "Finances".audit_seal WHERE false"#,
        r#"TRUNCATE "Finances".audit_seal"#,
    ] {
        let error = sqlx::query(statement)
            .execute(&app.db)
            .await
            .expect_err(statement);
        assert!(error.to_string().contains("audit_seal is append-only"), "{error}");
    }

    app.execute(r#"ALTER TABLE "Finances".audit_seal DISABLE TRIGGER audit_seal_append_only"#)
        .await;
    app.execute(r#"DROP TRIGGER audit_entry_append_only ON "Finances".audit_entry"#)
        .await;

    assert_eq!(
        told(&walked(&app, &[]).await),
        [
            "audit_entry: its guard against changes is gone or switched off",
            "audit_seal: its guard against changes is gone or switched off"
        ]
    );
}

#[tokio::test]
async fn kept_numbers_of_entries_are_compared_with_the_entries() {
    let app = sealed().await;
    app.execute(
        r#"UPDATE "Finances".audit_total SET entries = 31 WHERE scope = 'all';
           DELETE FROM "Finances".audit_total WHERE scope = 'entity';
           INSERT INTO "Finances".audit_total VALUES ('actor_name', 'nobody', 1)"#,
    )
    .await;
    assert_eq!(
        told(&walked(&app, &[]).await),
        [
            "audit_total actor_name/nobody: has 1 entries; should have 0",
            "audit_total all/: has 31 entries; should have 30",
            "audit_total entity/client_po: has 0 entries; should have 30"
        ]
    );
}

fn command(app: &TestApp, arguments: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_nexgen-finance"))
        .current_dir(app.upload_folder())
        .env_clear()
        .env("DATABASE_URL", app.database_url())
        .env("UPLOAD_DIR", app.upload_folder())
        .env("APP_ENVIRONMENT", "test")
        .env("LOG_DIR", "")
        .arg("verify")
        .args(arguments)
        .output()
        .expect("run the program");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let lines = text(stdout).lines().map(str::to_owned).collect();
    (status.code(), lines, text(stderr))
}

#[tokio::test]
async fn the_command_says_line_by_line_what_is_wrong() {
    let app = sealed().await;
    app.execute(AN_ENTRY).await;

    let (code, clean, stderr) = command(&app, &[]);

    assert_eq!((code, clean.len()), (Some(0), 5), "{clean:?} {stderr}");
    assert!(
        clean[0].starts_with("note: 1 audit entries are not sealed yet, the oldest of 20"),
        "{clean:?}"
    );
    let (read, head) = clean[1].split_once("the head of the trail is ").unwrap();
    assert_eq!(read, "30 audit entries in 3 batches were read; 0 findings; ");
    assert_eq!(clean[2], "Rows were held against the trail; 0 findings.");
    assert_eq!(
        clean[3],
        "Kept totals and the values of documents were made anew; 0 of them are not what they should be."
    );
    assert!(clean[4].ends_with("0 of them are not as they should be; 0 files are named by no row."));

    let head = head.trim_end_matches('.');
    let (code, lines, _) = command(&app, &["trail", "--expect-head", head]);
    assert_eq!((code, lines.len()), (Some(0), 2), "{lines:?}");
    let (code, lines, _) = command(&app, &["totals"]);
    assert_eq!((code, &lines[..]), (Some(0), &clean[3..4]));

    tamper(&app, "UPDATE audit_entry SET note = 'x' WHERE id = 15").await;
    app.client_po().insert().await;
    app.execute(r#"UPDATE "Finances".client_po SET po_value = 7"#)
        .await;
    let (code, lines, stderr) = command(&app, &["trail", "totals"]);
    assert_eq!(code, Some(1));
    assert_eq!(lines[0], format!("trail: {CHANGED_2}"));
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("totals: client_po/all/pending/pending: has ")),
        "{lines:?}"
    );
    assert!(
        lines.contains(
            &"totals: client_po/1: has po_value 7.00, total_tax 0.00; should have po_value 1000.00, total_tax 0.00"
                .to_owned()
        ),
        "{lines:?}"
    );
    assert!(
        stderr.contains("error: not everything is as it should be"),
        "{stderr}"
    );
    let (code, _, _) = command(&app, &["files"]);
    assert_eq!(code, Some(0));
    let (code, _, stderr) = command(&app, &["everything"]);
    assert_eq!(code, Some(2), "{stderr}");
}
