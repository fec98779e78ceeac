//! Dumps that nobody's `pg_dump` has made: backups with faults, and such as want to do harm.

use std::io::Write;

use super::{Desk, contents, has_schema, legacy, value};
use crate::adoption::SHAPE_C;
use crate::support::cluster;

/// A backup as the predecessor's scripts write them.
const BACKUP: &str = "\u{feff}-- backup of Finances\r
CREATE TABLE client (\r
    id bigint NOT NULL DEFAULT nextval('client_id_seq'::regclass),\r
    name character varying NOT NULL,\r
    created_at timestamp without time zone DEFAULT now(),\r
);\r
CREATE TABLE \"Finances\".upload_session (id varchar(36), session_id varchar(255), expires_at timestamp, metadata jsonb);\r
CREATE TABLE Finances.client_payment (id bigint, client_id bigint, amount numeric(12,2), notes text)\r
INSERT INTO client (id, name, created_at) VALUES\r
(1, 'Bajaj', '2026-02-10 10:00:00'),\r
(7, 'O''Neil & Sons; Ltd', NULL),\r
INSERT INTO \"Finances\".upload_session VALUES ('s1', 'sess', '2026-02-11 04:30:00', '{'client_id': 7, 'done': True}'),\r
('s2', 'sess-2', '2026-02-11 04:30:00', '{''unreadable'': ]}'::jsonb),\r
;\r
INSERT INTO Finances.client_payment (id, client_id, amount, notes) VALUES (1, 7, 1234.50, E'two\\nlines'), (2, 7, 0.01, NULL)";

#[tokio::test]
async fn a_backup_of_the_predecessor_is_read_with_its_faults() {
    let desk = Desk::new();
    let target = cluster::empty_database().await;
    let file = desk.file("backup.sql", BACKUP);

    let report = desk.adopt(&target, &["--from", &file]).await.report();

    assert_eq!(report["findings_by_rule"]["json_unreadable"], 1);
    for (query, expected) in [
        (
            r#"SELECT string_agg(name, '|' ORDER BY id) FROM "Finances".client"#,
            "Bajaj|Dava India|O'Neil & Sons; Ltd",
        ),
        (
            r#"SELECT metadata FROM "Finances".upload_session WHERE id = 's1'"#,
            r#"{"done": true, "client_id": 7}"#,
        ),
        (
            r#"SELECT metadata FROM "Finances".upload_session WHERE id = 's2'"#,
            r#"{"legacy_text": "{'unreadable': ]}"}"#,
        ),
        (r#"SELECT sum(amount) FROM "Finances".client_payment"#, "1234.51"),
        (
            r#"SELECT notes FROM "Finances".client_payment WHERE id = 1"#,
            "two\nlines",
        ),
        (r#"SELECT nextval('"Finances".client_id_seq')"#, "8"),
    ] {
        assert_eq!(value(&target, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_packed_dump_is_read_by_its_content() {
    let desk = Desk::new();
    let target = cluster::empty_database().await;
    let plain = cluster::empty_database().await;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(BACKUP.as_bytes()).unwrap();
    let file = desk.file("backup.sql", packer.finish().unwrap());

    desk.adopt(&target, &["--from", &file]).await.report();

    desk.adopt(&plain, &["--from", &desk.file("plain.sql", BACKUP)])
        .await
        .report();
    assert_eq!(contents(&target).await, contents(&plain).await);
}

#[tokio::test]
async fn a_row_that_cannot_be_placed_stops_the_run_with_its_line() {
    let desk = Desk::new();
    let target = cluster::empty_database().await;
    let head = "CREATE TABLE client (id bigint NOT NULL, name text);\n";
    for (rows, says) in [
        (
            "INSERT INTO client VALUES (1, 'a'),\n(2, 'b'),\n('three', 'c');",
            "line 4 of the dump: a row of client, column id,",
        ),
        (
            "COPY client FROM stdin;\n1\ta\n2\tb\tc\n\\.\n",
            "line 4 of the dump: a row of client",
        ),
        ("COPY client FROM stdin;\n1\ta\n\\N\tb\n\\.\n", "line 4"),
        ("INSERT INTO client VALUES\n(1, 'O'Neil');", "line 3"),
        ("COPY client FROM stdin;\n1\ta\n", "cut short"),
    ] {
        let file = desk.file("dump.sql", format!("{head}{rows}"));

        let refused = desk.adopt(&target, &["--from", &file]).await;

        assert!(refused.refusal().contains(says), "{rows}: {}", refused.stderr);
        assert!(!has_schema(&target).await);
    }
    // Without an encoding, bytes have no meaning but that of UTF-8.
    let latin = b"SET client_encoding = 'SQL_ASCII';\nINSERT INTO client VALUES\n(1, 'caf\xe9');";
    let file = desk.file("dump.sql", [head.as_bytes(), latin].concat());

    let refused = desk.adopt(&target, &["--from", &file]).await;

    let says = "line 4 of the dump: a row of client, column name, cannot be placed: it is not UTF-8";
    assert!(refused.refusal().contains(says), "{}", refused.stderr);
}

#[tokio::test]
async fn dates_and_figures_that_a_dump_keeps_as_text_are_read_and_told() {
    let desk = Desk::new();
    let target = cluster::empty_database().await;
    let file = desk.file(
        "dump.sql",
        "CREATE TABLE client (id bigint NOT NULL, name text);\n\
         CREATE TABLE client_po (id bigint NOT NULL, client_id bigint, po_date text, po_value character varying(20));\n\
         INSERT INTO client VALUES (1, 'Bajaj');\n\
         INSERT INTO client_po VALUES (1, 1, '13/04/2026', '1,180.10'), (2, 1, '03-04-2026', '20'), (3, 1, 'soon', NULL);",
    );

    let report = desk.adopt(&target, &["--from", &file]).await.report();

    assert_eq!(
        report["findings_by_rule"]["date_unreadable"], 1,
        "{}",
        report["findings"]
    );
    let sum = report["sums"]
        .as_array()
        .unwrap()
        .iter()
        .find(|sum| sum["column"] == "po_value")
        .unwrap();
    assert_eq!(sum["before"].to_string(), "1200.10");
    assert_eq!(sum["after"].to_string(), "1200.10");
    let actions = report["actions"].to_string();
    assert!(actions.contains("po_date: text to date"), "{actions}");
    assert_eq!(
        value(
            &target,
            r#"SELECT po_date FROM "Finances".client_po WHERE id = 2"#
        )
        .await,
        "2026-04-03"
    );
    let again = desk.adopt(&target, &["--from", &file]).await.report();
    assert_eq!(again["findings_by_rule"]["date_unreadable"], 1);
}

#[tokio::test]
async fn a_date_that_may_be_two_days_stops_the_run_and_one_that_is_clear_does_not() {
    let desk = Desk::new();
    let target = cluster::empty_database().await;
    let head = "CREATE TABLE client_po (id bigint NOT NULL, po_date date, created_at timestamp);\n\
                INSERT INTO client_po VALUES\n";
    for row in [
        "(1, '03/04/2026', NULL)",
        "(1, '13.4.26', NULL)",
        "(1, NULL, '03-04-2026 10:00')",
        "(1, E'\\t03/04/2026', NULL)",
        "(1, '03 / 04 / 2026', NULL)",
        "(1, '05Mar04', NULL)",
        "(1, '2026-04-03 18:30:00', NULL)",
        "(1, NULL, '2026-04-03 10:00:00+05:30'::timestamptz)",
    ] {
        let file = desk.file("dump.sql", format!("{head}{row};"));

        let refused = desk.adopt(&target, &["--from", &file]).await;

        assert!(
            refused
                .refusal()
                .contains("line 3 of the dump: a row of client_po"),
            "{}",
            refused.stderr
        );
        assert!(!has_schema(&target).await);
    }
    let file = desk.file(
        "dump.sql",
        format!("{head}(1, '03-Apr-2026', '2026-04-03 10:00'), (2, '20260403', NULL);"),
    );

    desk.adopt(&target, &["--from", &file]).await.report();

    assert_eq!(
        value(
            &target,
            r#"SELECT string_agg(po_date::text, ' ') FROM "Finances".client_po"#
        )
        .await,
        "2026-04-03 2026-04-03"
    );
}

#[tokio::test]
async fn amounts_that_the_type_in_the_dump_would_round_are_told() {
    let desk = Desk::new();
    let target = cluster::empty_database().await;
    let file = desk.file(
        "dump.sql",
        "CREATE TABLE client_payment (id bigint NOT NULL, client_id bigint, amount numeric(12,2), tds_amount numeric(15,2), \
         payment_date date);\n\
         INSERT INTO client_payment VALUES (1, 1, 10.50, 0.10, '2026-03-01');\n\
         INSERT INTO client_payment VALUES (2, 1, 12345.675, 0.005, '2026-03-01'), (3, 1, 1.250, 1e-1, NULL);",
    );

    let report = desk.adopt(&target, &["--from", &file]).await.report();

    let mut rounded: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["rule"] == "money_rounded")
        .map(|finding| {
            let kept = &finding["kept"];
            format!(
                "{} {}: {} {}",
                finding["row_id"], kept["column"], kept["old"], kept["new"]
            )
        })
        .collect();
    rounded.sort();
    assert_eq!(
        rounded,
        [
            r#""2" "amount": 12345.675 12345.68"#,
            r#""2" "tds_amount": 0.005 0.01"#
        ]
    );
    let sums: Vec<String> = report["sums"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sum| format!("{} {} {}", sum["column"], sum["before"], sum["after"]))
        .collect();
    assert!(
        sums.contains(&r#""amount" 12357.425 12357.43"#.to_owned()),
        "{sums:?}"
    );
    assert!(
        sums.contains(&r#""tds_amount" 0.205 0.21"#.to_owned()),
        "{sums:?}"
    );
}

#[tokio::test]
async fn a_hostile_dump_runs_nothing() {
    let desk = Desk::new();
    let target = cluster::empty_database().await;
    let mark = desk.path("mark");
    let mark = mark.to_str().unwrap();
    super::run_sql(
        &target,
        "CREATE TABLE public.precious (id int); INSERT INTO public.precious VALUES (1)",
    )
    .await;
    let file = desk.file(
        "hostile.sql",
        format!(
            r#"
\! touch {mark}
\connect postgres
CREATE TABLE "Finances".client (
    id bigint DEFAULT (SELECT 1),
    name text DEFAULT pg_read_file('/etc/passwd'),
    "x"" text); DROP TABLE public.precious; --" text CHECK (pg_sleep(1) IS NULL)
);
COPY "Finances".client FROM PROGRAM 'touch {mark}';
COPY (SELECT 1) TO PROGRAM 'touch {mark}';
DROP TABLE public.precious;
DROP SCHEMA public CASCADE;
CREATE FUNCTION "Finances".evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DROP TABLE public.precious; END $$;
CREATE TRIGGER evil BEFORE INSERT ON "Finances".client FOR EACH ROW EXECUTE FUNCTION "Finances".evil();
ALTER TABLE "Finances".client ALTER COLUMN id SET DEFAULT setval('x', 1);
DO $$ BEGIN DROP TABLE public.precious; END $$;
CREATE ROLE nexgen_hostile SUPERUSER;
DELETE FROM "Finances".client;
COPY "Finances".client (id, name) FROM stdin;
1	'); DROP TABLE public.precious; --
\.
SELECT setval('"Finances".client_id_seq', 1); SELECT pg_sleep(100); SELECT lo_export(1, '{mark}');
"#
        ),
    );

    let report = desk.adopt(&target, &["--from", &file]).await.report();

    assert!(!std::fs::exists(mark).unwrap());
    assert_eq!(value(&target, "SELECT count(*) FROM public.precious").await, "1");
    assert_eq!(
        value(
            &target,
            "SELECT count(*) FROM pg_roles WHERE rolname = 'nexgen_hostile'"
        )
        .await,
        "0"
    );
    assert_eq!(
        value(&target, r#"SELECT to_regprocedure('"Finances".evil()')"#).await,
        "null"
    );
    assert_eq!(
        value(&target, r#"SELECT name FROM "Finances".client WHERE id = 1"#).await,
        "'); DROP TABLE public.precious; --"
    );
    let lines: Vec<i64> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["rule"] == "statement_left_out")
        .map(|finding| finding["kept"]["line"].as_i64().unwrap())
        .collect();
    assert_eq!(lines, [4, 4, 9, 15, 18]);
    assert_eq!(
        value(
            &target,
            r#"SELECT count(*) FROM "Finances".adoption_report WHERE rule = 'statement_left_out'"#
        )
        .await,
        "5"
    );
}

#[tokio::test]
async fn a_dump_of_a_whole_server_with_other_schemas_gives_ours_only() {
    let desk = Desk::new();
    let source = legacy(&[
        SHAPE_C,
        r#"
        CREATE TABLE public.client (id int, name text);
        INSERT INTO public.client VALUES (99, 'not ours');
        CREATE TABLE "Finances".atm_site (id int, note text);
        INSERT INTO "Finances".atm_site VALUES (1, E'a\\.\n\\.');
        CREATE VIEW public.v AS SELECT id FROM "Finances".client;
        "#,
    ])
    .await;
    for arguments in [
        &["--create", "--clean", "--if-exists"][..],
        &["--inserts", "--column-inserts"],
    ] {
        let target = cluster::empty_database().await;
        let dump = desk.dump(&source, "dump.sql", arguments);

        desk.adopt(&target, &["--from", &dump]).await.report();

        assert_eq!(
            value(&target, r#"SELECT count(*) FROM "Finances".client"#).await,
            "2"
        );
        assert_eq!(
            value(&target, r#"SELECT to_regclass('"Finances".atm_site')"#).await,
            "null"
        );
        assert_eq!(
            value(&target, "SELECT to_regclass('public.client')").await,
            "null"
        );
    }
}
