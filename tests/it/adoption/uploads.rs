//! Upload sessions, their statistics and broken triggers, documents, and JSON that was kept as text.

use super::{Legacy, SHAPE_A, SHAPE_B, SHAPE_C};

#[tokio::test]
async fn broken_triggers_and_their_functions_go() {
    let mut legacy = Legacy::load(&[SHAPE_A]).await;
    legacy
        .run(
            "CREATE FUNCTION public.update_upload_stats() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE FUNCTION public.initialize_upload_stats() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TABLE public.elsewhere (id integer);
             CREATE TRIGGER used AFTER INSERT ON public.elsewhere
                 FOR EACH ROW EXECUTE FUNCTION public.initialize_upload_stats()",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT oid::regprocedure FROM pg_proc WHERE proname ~ 'upload_stats' ORDER BY 1")
            .await,
        [r#"("public.initialize_upload_stats()")"#] // another program's trigger uses it
    );
    assert_eq!(
        legacy
            .value("SELECT count(*) FROM pg_trigger WHERE tgname ~ 'upload_stats' AND NOT tgisinternal")
            .await,
        "0"
    );
    // The second upload of a session failed or miscounted.
    legacy
        .run("INSERT INTO upload_file (id, session_id, original_filename, storage_filename, storage_path, file_size) VALUES ('x', 'session_1', 'a', 'b', 'c', 1)")
        .await;
}

#[tokio::test]
async fn statistics_over_everything_become_statistics_by_session() {
    let mut legacy = Legacy::load(&[SHAPE_B]).await;
    legacy
        .run("INSERT INTO upload_stats (total_files, total_sessions, total_size_bytes, last_updated) VALUES (9, 3, 900, '2026-01-01')")
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, session_id, total_uploads, total_downloads, total_size_bytes, total_files FROM upload_stats ORDER BY id")
            .await,
        ["(1,session_1,2,0,30,2)", "(2,,0,0,900,9)"]
    );
    assert_eq!(
        legacy.findings("null_kept").await,
        [r#"upload_stats 2: {"session_id": null}"#]
    );
    legacy
        .run("INSERT INTO upload_stats (id, session_id) VALUES ('9b2f1c1e-4c58-4f0e-9c5c-0a3c53a6f001', repeat('s', 255))")
        .await;
}

#[tokio::test]
async fn documents_get_a_name_and_the_file_that_their_path_names() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, original_filename, stored_filename, compressed_filename FROM project_document ORDER BY id")
            .await,
        [
            "(9,spec.pdf,,spec_1.zip)",
            "(10,plan_2.pdf,plan_2.pdf,)",
            "(11,document-11,,)",
        ]
    );
    // A document may belong to a purchase order alone.
    legacy
        .run("INSERT INTO project_document (client_po_id, original_filename) VALUES (133, 'po.pdf')")
        .await;
}

#[tokio::test]
async fn json_that_was_kept_as_text_becomes_json_or_stays_readable() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            r#"
            ALTER TABLE upload_file ALTER COLUMN metadata DROP DEFAULT, ALTER COLUMN metadata TYPE text;
            INSERT INTO upload_file (id, session_id, original_filename, storage_filename, storage_path, file_size, metadata) VALUES
                ('j1', 'sess-1', 'a', 'b', 'c', 1, '{''parsed'': True, ''po'': None, ''lines'': 3}'),
                ('j2', 'sess-1', 'a', 'b', 'c', 1, '{"parsed": false}'),
                ('j3', 'sess-1', 'a', 'b', 'c', 1, 'no json at all'),
                ('j4', 'sess-1', 'a', 'b', 'c', 1, ' '),
                ('j5', 'sess-1', 'a', 'b', 'c', 1, NULL);
            UPDATE upload_session SET metadata = '"{''client_id'': 1}"';
            "#,
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, metadata::text FROM upload_file WHERE id LIKE 'j%' ORDER BY id")
            .await,
        [
            r#"(j1,"{""po"": null, ""lines"": 3, ""parsed"": true}")"#,
            r#"(j2,"{""parsed"": false}")"#,
            r#"(j3,"{""legacy_text"": ""no json at all""}")"#,
            "(j4,{})",
            "(j5,{})",
        ]
    );
    assert_eq!(
        legacy.value("SELECT metadata FROM upload_session").await,
        r#"{"client_id": 1}"#
    );
    assert_eq!(
        legacy.findings("json_unreadable").await,
        [r#"upload_file j3: {"column": "metadata"}"#]
    );
}

#[tokio::test]
async fn a_file_is_not_lost_with_its_session() {
    let mut legacy = Legacy::load(&[SHAPE_A]).await;
    legacy.adopt().await;

    let refused = sqlx::query("DELETE FROM upload_session")
        .execute(&mut legacy.db)
        .await
        .unwrap_err();

    let refused = refused.into_database_error().unwrap();
    assert_eq!(refused.constraint(), Some("upload_file_session_id_fkey"));
}
