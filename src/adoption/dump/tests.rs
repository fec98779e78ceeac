//! What the reader makes of dumps, good and bad.

use proptest::prelude::*;
use tokio::sync::mpsc;

use super::{Ending, Event, Fault, bytes::Bytes, lexer::Lexer, read_text, statements::Reader};

/// What a dump says, a line for each event.
fn events(dump: &str) -> (Vec<String>, Result<Ending, Fault>) {
    let (sender, mut receiver) = mpsc::channel(1024);
    let ending = Reader::new(Lexer::new(Bytes::new(dump.as_bytes())), sender).read();
    let mut told = Vec::new();
    while let Ok(event) = receiver.try_recv() {
        told.push(match event {
            Event::Table(table, line) => format!("{line}: {}", table.sql()),
            Event::Column(table, column, line) => format!("{line}: {table} + {}", column.sql()),
            Event::Default(table, column, default, line) => format!("{line}: {table}.{column} {default:?}"),
            Event::NotNull(table, column, line) => format!("{line}: {table}.{column} not null"),
            Event::Rows(rows) => format!(
                "{:?}: {} ({}) {}",
                rows.lines,
                rows.table,
                rows.columns.join(","),
                String::from_utf8_lossy(&rows.data)
            ),
            Event::LeftOut {
                line,
                table,
                statement,
            } => format!("{line}: {table} left out: {statement}"),
        });
    }
    (told, ending)
}

fn rows(dump: &str) -> String {
    let (told, ending) = events(dump);
    ending.unwrap_or_else(|fault| panic!("{fault}: {dump}"));
    told.into_iter()
        .filter(|event| event.starts_with('['))
        .collect::<Vec<_>>()
        .join("|")
}

fn fault(dump: &str) -> String {
    let dump = format!("CREATE TABLE client (id bigint, name text);\n{dump}");
    events(&dump).1.unwrap_err().to_string()
}

const CLIENT: &str = "CREATE TABLE client (id bigint, name text);\n";

#[test]
fn a_table_is_made_of_names_and_types_alone() {
    let (told, ending) = events(
        r#"
        CREATE TABLE "Finances".client_po (
            id bigint DEFAULT nextval('"Finances".client_po_id_seq'::regclass) NOT NULL,
            po_number character varying(100),
            po_value numeric(15,2) DEFAULT 0.00,
            status public.mood DEFAULT 'pending'::public.mood NOT NULL,
            flags text[] DEFAULT pg_read_file('/etc/passwd'),
            created_at timestamp without time zone DEFAULT now(),
            "odd ""name" jsonb DEFAULT '{}'::jsonb,
            CONSTRAINT positive CHECK ((po_value > (0)::numeric)),
            PRIMARY KEY (id),
        );
        "#,
    );

    ending.unwrap();
    assert_eq!(
        told,
        [
            "2: client_po left out: client_po.flags DEFAULT pg_read_file '(' a text ')'",
            concat!(
                r#"2: CREATE TABLE "Finances"."client_po" ("id" bigint NOT NULL, "po_number" character varying(100), "#,
                r#""po_value" numeric(15,2) DEFAULT '0.00'::numeric(15,2), "status" text DEFAULT 'pending'::text NOT NULL, "#,
                r#""flags" text[], "created_at" timestamp without time zone DEFAULT now(), "#,
                r#""odd ""name" jsonb DEFAULT '{}'::jsonb)"#
            )
        ]
    );
}

#[test]
fn rows_of_copy_are_taken_line_by_line() {
    let dump = format!("{CLIENT}COPY \"Finances\".client (id, name) FROM stdin;\n1\tA\\nB\n2\t\\N\n\\.\n");
    assert_eq!(rows(&dump), "[3, 4]: client (id,name) 1\tA\\nB\n2\t\\N\n");
    assert_eq!(
        rows(&dump.replace('\n', "\r\n")),
        "[3, 4]: client (id,name) 1\tA\\nB\n2\t\\N\n"
    );
}

#[test]
fn rows_of_insert_are_constants_written_anew() {
    let dump = format!(
        "{CLIENT}INSERT INTO client VALUES (1, 'it''s'), (-2, E'a\\tb\\\\'::text), (+3, NULL),\n(4.5e-3, 'a\tb\nc\\'),\n"
    );
    assert_eq!(
        rows(&dump),
        "[2, 2, 2, 3]: client (id,name) 1\tit's\n-2\ta\\tb\\\\\n3\t\\N\n4.5e-3\ta\\tb\\nc\\\\\n"
    );
}

#[test]
fn lists_of_rows_may_have_commas_too_many_and_no_semicolon() {
    let expected = "[2]: client (id,name) 1\ta\n|[3]: client (name,id) b\t2\n";
    for dump in [
        "INSERT INTO client VALUES (1, 'a'),\nINSERT INTO client (name, id) VALUES ('b', 2)",
        "INSERT INTO \"Finances\".client VALUES (1, 'a',)\nINSERT INTO Finances.client (name, id) VALUES ('b', 2),;",
        "INSERT INTO client VALUES (1, 'a'); -- and\n/* /* so */ on */ INSERT INTO client (name, id,) VALUES ('b', 2,),\n",
    ] {
        assert_eq!(rows(&format!("{CLIENT}{dump}")), expected, "{dump}");
    }
}

#[test]
fn printed_dictionaries_need_no_doubled_quotes() {
    for (written, read) in [
        ("'{'a': 1}'", "{'a': 1}"),
        (
            "'{'parsed': True, 'items': [{'n': 'x'}]}'",
            "{'parsed': True, 'items': [{'n': 'x'}]}",
        ),
        ("'{''a'': 1}'", "{'a': 1}"),
        (r#"'{"a": "it's"}'"#, r#"{"a": "it's"}"#),
        (
            r#"'{'a': "it's (fine), or"}'::jsonb"#,
            r#"{'a': "it's (fine), or"}"#,
        ),
        ("'{}'", "{}"),
        ("'[draft'", "[draft"),
        ("'['a', 'b']'", "['a', 'b']"),
    ] {
        assert_eq!(
            rows(&format!("{CLIENT}INSERT INTO client VALUES (1, {written});")),
            format!("[2]: client (id,name) 1\t{read}\n"),
            "{written}"
        );
    }
}

#[test]
fn a_comment_behind_a_text_is_none_of_it() {
    for (values, expected) in [
        (
            "(7,'[draft' -- note\n), (8,'x]'), (9,'y')",
            "7\t[draft\n8\tx]\n9\ty\n",
        ),
        (
            "(7,'{x' /* ' */), (8, 'y' -- second }\n), (9,'}')",
            "7\t{x\n8\ty\n9\t}\n",
        ),
        ("(7,'[it''s'\n\n-- note\n), (8,'x]')", "7\t[it's\n8\tx]\n"),
        ("(7,'[draft] A' -- note\n), (8,'x')", "7\t[draft] A\n8\tx\n"),
        ("(7,'{}'/* note */), (8,'x')", "7\t{}\n8\tx\n"),
        ("(7,'['-- a', 'b']')", ""),
        ("(7,'[' -- a\n), (8,'x]')", ""),
        ("(7,'[' ', 'b']')", "7\t[' ', 'b']\n"),
        ("(7,'[a', 'b']')", ""),
        ("(7,'[a'\n'b'), (8,']')", ""),
        ("(7,'['\n'b]')", ""),
        ("(7,'{a}'\n'b')", ""),
        ("(7,'[a' 'b'), (8,']')", ""),
    ] {
        let rest = format!("INSERT INTO client VALUES {values};");
        if expected.is_empty() {
            let fault = fault(&rest);
            assert!(
                fault.contains("line 2 ") || fault.contains("line 3 "),
                "{values}: {fault}"
            );
            continue;
        }
        let read = rows(&format!("{CLIENT}{rest}"));
        assert!(
            read.ends_with(&format!("client (id,name) {expected}")),
            "{values}: {read}"
        );
    }
    // Elsewhere no text is printed in that way.
    let dump =
        format!("{CLIENT}COMMENT ON TABLE client IS '[ours'\nINSERT INTO client VALUES (1, 'x]'), (2, 'y');");
    assert_eq!(rows(&dump), "[3, 3]: client (id,name) 1\tx]\n2\ty\n");
}

#[test]
fn a_text_may_end_where_the_buffer_does() {
    for length in 65_500..65_560 {
        let text = "x".repeat(length - 1);
        let dump = format!("{CLIENT}INSERT INTO client VALUES (1, '[{text}' /* note */), (2, ']');");
        assert!(rows(&dump).ends_with("x\n2\t]\n"), "{length}");
    }
}

#[test]
fn a_row_that_cannot_be_placed_ends_the_reading_with_its_line() {
    for (dump, says) in [
        ("INSERT INTO client VALUES\n(1, 'O'Brien');", "line 3"),
        (
            "INSERT INTO client VALUES\n(1, 'a'),\n(2);",
            "line 4 of the dump: a row of 1 values for 2 columns",
        ),
        (
            "INSERT INTO client VALUES (1, pg_read_file('/etc/passwd'));",
            "line 2",
        ),
        ("INSERT INTO client VALUES (1, (SELECT 'x'));", "line 2"),
        ("INSERT INTO client VALUES (1, 'a' || 'b');", "line 2"),
        (
            "INSERT INTO client (id, gone) VALUES (1, 'a');",
            "the column gone",
        ),
        ("INSERT INTO client (id, id) VALUES (1, 1);", "twice"),
        ("INSERT INTO project VALUES (1);", "CREATE TABLE"),
        ("INSERT INTO client VALUES (1, 'a", "does not end"),
        ("COPY client FROM stdin;\n1\ta\n", "cut short"),
        (
            "COPY client FROM stdin WITH (FORMAT csv);\n1,a\n\\.\n",
            "another format",
        ),
        ("CREATE TABLE client (id bigint);", "one database"),
        ("SET client_encoding = 'SJIS';", "--encoding=UTF8"),
        ("'x';", "where a statement should begin"),
    ] {
        let told = fault(dump);
        assert!(told.contains(says), "{told}: {dump}");
    }
}

#[test]
fn nothing_but_definitions_and_rows_of_ours_is_read() {
    let dump = r#"
\restrict abc
\connect template1
SET search_path = '';
CREATE EXTENSION plpython3u;
CREATE ROLE evil SUPERUSER;
CREATE FUNCTION "Finances".f() RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    INSERT INTO "Finances".client VALUES (9, 'function');
END
$body$;
CREATE FUNCTION g() RETURNS void BEGIN ATOMIC
    INSERT INTO "Finances".client VALUES (9, 'atomic');
    SELECT CASE WHEN true THEN 1 END;
    INSERT INTO "Finances".client VALUES (9, 'atomic');
END;
CREATE TABLE "Finances".client (id bigint, name text);
\! touch hostile
DROP TABLE "Finances".client;
COPY "Finances".client FROM PROGRAM 'touch hostile';
COPY (SELECT 1) TO PROGRAM 'touch hostile';
COPY public.client (id, name) FROM stdin;
9	'; INSERT INTO "Finances".client VALUES (9, 'rows');
\.
INSERT INTO public.client VALUES (9, 'other (schema'), (8, ');');
INSERT INTO "Finances".client SELECT 9, 'query';
UPDATE "Finances".client SET name = 'x';
DO 'BEGIN DELETE FROM "Finances".client; END';
CREATE VIEW "Finances".v AS SELECT ';';
INSERT INTO client VALUES (9, 'not in the schema');
INSERT INTO "Finances".client VALUES (1, 'ours');
SELECT pg_catalog.setval('"Finances".client_id_seq', 40, true);
"#;

    let (told, ending) = events(dump);

    let ending = ending.unwrap();
    assert_eq!(
        told,
        [
            r#"17: CREATE TABLE "Finances"."client" ("id" bigint, "name" text)"#,
            r#"19: client left out: DROP table "Finances" '.' client"#,
            "20: client left out: COPY client from program a text",
            "26: client left out: INSERT INTO client select 9 ',' a text",
            r#"27: client left out: UPDATE "Finances" '.' client set name '=' a text"#,
            r#"28: client left out: DO a text begin delete from "Finances" '.' client ';' end"#,
            "[31]: client (id,name) 1\tours\n",
        ]
    );
    assert_eq!(ending.sequences[&("client", "id".to_owned())], (40, true));
    assert_eq!(ending.passed_over["CREATE FUNCTION"], 2);
}

#[test]
fn sequences_are_found_by_owner_default_and_name() {
    let (_, ending) = events(
        r#"
        CREATE TABLE "Finances".client (id bigint DEFAULT nextval('"Finances".odd_seq'::regclass));
        CREATE TABLE "Finances".project (id bigserial);
        CREATE TABLE "Finances".vendor (id bigint);
        ALTER SEQUENCE "Finances".other_seq OWNED BY "Finances".vendor.id;
        SELECT setval('"Finances".odd_seq', 7, true), setval('"Finances".project_id_seq', 8, false);
        SELECT pg_catalog.setval('"Finances".other_seq', 9);
        "#,
    );

    let sequences = ending.unwrap().sequences;
    assert_eq!(sequences[&("client", "id".to_owned())], (7, true));
    assert_eq!(sequences[&("project", "id".to_owned())], (8, false));
    assert_eq!(sequences[&("vendor", "id".to_owned())], (9, true));
}

#[test]
fn alterations_reach_a_table_that_was_told() {
    let (told, ending) = events(
        r#"
        CREATE TABLE client (id bigint);
        ALTER TABLE ONLY "Finances".client ADD COLUMN IF NOT EXISTS note text DEFAULT 'x', ADD CONSTRAINT k PRIMARY KEY (id);
        ALTER TABLE client ALTER COLUMN id SET NOT NULL;
        ALTER TABLE client ALTER COLUMN id SET DEFAULT nextval('client_id_seq');
        ALTER TABLE client OWNER TO someone;
        ALTER TABLE client RENAME COLUMN id TO number;
        INSERT INTO client (id, note) VALUES (1, 'n');
        "#,
    );

    ending.unwrap();
    assert_eq!(
        told[1..],
        [
            r#"3: client + "note" text DEFAULT 'x'::text"#,
            "4: client.id not null",
            r#"5: client.id Sequence(Some("client_id_seq"))"#,
            "7: client left out: ALTER TABLE client rename column id to number",
            "[8]: client (id,note) 1\tn\n",
        ]
    );
}

#[test]
fn packed_dumps_and_marks_of_encoding_are_recognised() {
    use std::io::Write;

    let read = |bytes: Vec<u8>| {
        let (sender, mut receiver) = mpsc::channel(64);
        let text = super::unpacked(std::io::Cursor::new(bytes)).map_err(|fault| fault.to_string())?;
        let ending = read_text(text, sender).map_err(|fault| fault.to_string())?;
        assert!(matches!(receiver.try_recv(), Ok(Event::Table(..))));
        Ok::<_, String>(ending.hash)
    };
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(CLIENT.as_bytes()).unwrap();
    let plain = read(CLIENT.into()).unwrap();

    assert_eq!(read(packer.finish().unwrap()).unwrap(), plain);
    assert_eq!(
        read([b"\xef\xbb\xbf", CLIENT.as_bytes()].concat()).unwrap(),
        plain
    );
    for (bytes, says) in [
        (&b"PGDMP\x01\x0e"[..], "pg_restore"),
        (b"\xff\xfeC\0R\0E\0", "UTF-16"),
        (b"PK\x03\x04....", "unpack"),
    ] {
        let told = read(bytes.to_vec()).unwrap_err();
        assert!(told.contains(says), "{told}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (sender, _receiver) = mpsc::channel(1024);
        Reader::new(Lexer::new(Bytes::new(bytes.as_slice())), sender).read().ok();
    }

    #[test]
    fn no_mixture_of_its_words_makes_the_reader_panic(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "CREATE", "TABLE", "client", "(", ")", ",", ";", "INSERT", "INTO", "VALUES", "'", "\"", "$$", "{", "[",
                "COPY", "FROM", "stdin", "\n", "\\.", "ALTER", "ADD", "COLUMN", "id", "bigint", "DEFAULT", "NOT", "NULL",
                "1", "-", "::", "E'", "\\", "SET", "search_path", "=", "SELECT", "setval", "SEQUENCE", "OWNED", "BY", ".",
                "GENERATED", "IDENTITY", "IF", "EXISTS", "BEGIN", "ATOMIC", "END", "CASE",
            ]),
            0..60,
        )
    ) {
        let (sender, _receiver) = mpsc::channel(1024);
        Reader::new(Lexer::new(Bytes::new(words.join(" ").as_bytes())), sender).read().ok();
    }

    #[test]
    fn every_text_comes_back(text in "[^\0]{0,40}") {
        let quoted = text.replace('\'', "''");
        // A text that begins like a dictionary may be read as one that lacks its end.
        prop_assume!(!text.starts_with(['{', '[']));
        let escaped = text.replace('\\', r"\\").replace('\n', r"\n").replace('\r', r"\r").replace('\t', r"\t");

        let read = rows(&format!("{CLIENT}INSERT INTO client VALUES (1, '{quoted}');"));

        prop_assert_eq!(read, format!("[2]: client (id,name) 1\t{escaped}\n"));
    }
}

#[test]
fn a_statement_without_an_end_takes_no_rows() {
    let insert = "INSERT INTO client VALUES (1, 'A');\nINSERT INTO client VALUES (2, 'B');";
    for open in [
        "SET a = b",
        "SELECT set_config('search_path', 'Finances', false)",
        "COMMENT ON TABLE client IS 'ours'",
        "CREATE INDEX i ON client (name)",
        "ALTER TABLE client ADD CONSTRAINT c UNIQUE (id)",
        "ALTER TABLE client OWNER TO postgres",
        "Dumping table client...",
        "UPDATE other SET a = 1",
        "COPY other TO stdout",
        "CREATE SEQUENCE client_id_seq",
        "CREATE SEQUENCE s START WITH 5",
        "CREATE SCHEMA other",
        "CREATE VIEW v AS SELECT a,\n    delete\n   FROM b",
        "CREATE TABLE public.t AS SELECT 1",
        "CREATE TABLE public.t (copy integer, update date) WITH (fillfactor=70)",
        "SET standard_conforming_strings = on",
        "SET a = also",
        "GRANT SELECT,\nINSERT ON client TO reader",
        "REVOKE\nSELECT ON client FROM reader",
        "INSERT INTO public.foo SELECT * FROM bar",
        "INSERT INTO public.foo SELECT * FROM bar WHERE a IN (1, 2)",
        "INSERT INTO public.foo DEFAULT VALUES",
        "INSERT INTO public.foo VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1",
        "INSERT INTO public.foo VALUES (1) ON CONFLICT DO NOTHING RETURNING id",
        "CREATE RULE r AS ON INSERT TO a DO INSTEAD NOTHING",
        "CREATE RULE r AS ON INSERT TO a DO INSTEAD INSERT INTO b VALUES (1)",
        "CREATE RULE r AS ON INSERT TO a DO (DELETE FROM b; SELECT 1)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql\nSET search_path TO 'x'\nAS 'SELECT 1'",
        "CREATE TRIGGER t AFTER INSERT OR\nDELETE ON client EXECUTE FUNCTION f()",
        "\\restrict abc",
        "ANALYZE",
    ] {
        let open = open.replace('\n', " \n");
        let line = 2 + open.lines().count();
        let dump = format!("{CLIENT}{open}\n{insert}");
        assert_eq!(
            rows(&dump),
            format!(
                "[{line}]: client (id,name) 1\tA\n|[{}]: client (id,name) 2\tB\n",
                line + 1
            ),
            "{open}"
        );
    }
    let copy = format!("{CLIENT}SET a = b\nCOPY client (id, name) FROM stdin;\n1\tA\n\\.\n");
    assert_eq!(rows(&copy), "[4]: client (id,name) 1\tA\n");
}

#[test]
fn rows_without_an_end_take_no_statement() {
    for behind in [
        "ON CONFLICT DO NOTHING",
        "ON CONFLICT (id) WHERE (id > 1) DO NOTHING RETURNING id",
        "RETURNING id",
        "",
    ] {
        for gap in ["\n", " "] {
            let dump = format!(
                "{CLIENT}INSERT INTO client VALUES (1, 'A') {behind}{gap}INSERT INTO client VALUES (2, 'B') {behind}{gap}\
                 COPY client FROM stdin;\n3\tC\n\\.\n"
            );
            assert_eq!(rows(&dump).matches("client (id,name)").count(), 3, "{dump}");
        }
    }
}

#[test]
fn a_statement_without_an_end_takes_no_other_statement_of_ours() {
    for (next, says) in [
        ("UPDATE client SET name = 'x';", "client left out: UPDATE"),
        (
            "UPDATE ONLY \"Finances\".client SET name = 'x';",
            "client left out: UPDATE",
        ),
        ("DELETE FROM client;", "client left out: DELETE"),
        ("TRUNCATE client;", "client left out: TRUNCATE"),
        ("DROP TABLE client;", "client left out: DROP"),
        ("DO $$BEGIN DELETE FROM client; END$$;", "client left out: DO"),
        (
            "PREPARE i AS INSERT INTO client VALUES (1);",
            "client left out: PREPARE",
        ),
        (
            "CREATE TABLE vendor (id bigint);",
            "CREATE TABLE \"Finances\".\"vendor\"",
        ),
        (
            "ALTER TABLE client ADD COLUMN note text;",
            "client + \"note\" text",
        ),
    ] {
        for open in [
            "SET a = on",
            "SELECT setval('client_id_seq', 5)",
            "COMMENT ON TABLE client IS 'ours'",
            "ALTER TABLE client OWNER TO postgres",
            "CREATE VIEW v AS SELECT 1",
            "INSERT INTO client VALUES (1, 'A') ON CONFLICT DO NOTHING",
            "INSERT INTO client VALUES (1, 'A') RETURNING id",
            "INSERT INTO public.foo SELECT 1",
        ] {
            let (told, ending) = events(&format!("{CLIENT}{open}\n{next}"));
            ending.unwrap();
            assert!(told.last().unwrap().contains(says), "{open}, {next}: {told:?}");
        }
    }
    for open in [
        "SELECT 1",
        "SET a = on",
        "CREATE VIEW v AS SELECT 1",
        "RETURNING id",
    ] {
        for next in ["ROLLBACK;", "ABORT", "rollback work;"] {
            let rows = "INSERT INTO client VALUES (1, 'A')";
            let end = if open == "RETURNING id" { "" } else { ";\n" };
            assert!(fault(&format!("{rows}{end} {open}\n{next}")).contains("takes rows back"));
        }
    }
    let dump = "SELECT setval('client_id_seq', 5, false)\nSELECT setval('client_id_seq', 7)\n\
                SET client_encoding = 'UTF8'\nSET search_path = public\nINSERT INTO client VALUES (1, 'A');";
    let (told, ending) = events(&format!("{CLIENT}{dump}"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(ending.unwrap().sequences[&("client", "id".to_owned())], (7, true));
}

#[test]
fn what_follows_an_open_bracket_is_not_lost() {
    for open in [
        "CREATE TABLE public.t (id bigint, name text",
        "CREATE TABLE vendor (id bigint, name text",
        "CREATE VIEW v AS SELECT (1",
        "INSERT INTO public.foo VALUES (1, (2",
        "SELECT (1",
        "COMMENT ON (",
    ] {
        for next in [
            "INSERT INTO client VALUES (1, 'A');",
            "INSERT INTO public.log VALUES (1);",
            "COPY \"Finances\".client (id, name) FROM stdin;\n1\tA)\n\\.\n",
            "",
        ] {
            let fault = fault(&format!("{open}\n{next}"));
            assert!(
                fault.contains("line 2 ") && fault.contains("a bracket of this statement is not closed"),
                "{open} {next}: {fault}"
            );
        }
    }
    assert!(
        fault("CREATE RULE r AS ON INSERT TO a DO (\nINSERT INTO b VALUES (1);\n").contains("not closed")
    );
    assert!(
        fault("CREATE FUNCTION f() BEGIN ATOMIC\nINSERT INTO client VALUES (1, 'A');")
            .contains("does not end")
    );
    for rows in [
        "COPY public.t FROM stdin\n1\n\\.\n",
        "COPY public.t FROM stdin\n\\.\n",
        "COPY client FROM stdin\n1\tA\n\\.\n",
        "COPY client FROM stdin\nCOPY client FROM stdin;\n1\tA\n\\.\n",
    ] {
        assert!(fault(rows).contains("without its semicolon"), "{rows}");
    }
}

#[test]
fn rules_may_have_several_commands() {
    let rule = "CREATE RULE r AS\n    ON INSERT TO public.x DO ( INSERT INTO public.log (t)\n  VALUES ('x'::text);\n\
                INSERT INTO \"Finances\".client (id, name)\n  VALUES (77, 'y'::text);\n);";
    assert_eq!(
        rows(&format!("{CLIENT}{rule}\nINSERT INTO client VALUES (1, 'A');")),
        "[8]: client (id,name) 1\tA\n"
    );
}

#[test]
fn verbs_inside_a_statement_begin_no_rows() {
    for whole in [
        "CREATE TRIGGER t AFTER\nINSERT ON client EXECUTE FUNCTION f();",
        "CREATE TRIGGER t BEFORE UPDATE OR\nINSERT ON client EXECUTE FUNCTION f();",
        "CREATE RULE r AS ON\nINSERT TO client DO\nINSERT INTO log VALUES (1);",
        "GRANT SELECT,\nINSERT ON client TO reader;",
        "CREATE FUNCTION f() BEGIN ATOMIC\nINSERT INTO log VALUES (1);\nEND;",
        "CREATE RULE r AS ON INSERT TO a DO INSTEAD  WITH b AS (\n SELECT 1\n)\n INSERT INTO log SELECT * FROM b;",
        "CREATE TABLE public.t (\n    copy integer,\n    insert date,\n    update text,\n    delete text\n);",
        "CREATE VIEW v AS\n SELECT a,\n    copy,\n    update,\n    delete\n   FROM b;",
        "CREATE POLICY p ON client FOR\nUPDATE TO reader USING (true);",
        "CREATE VIEW v AS\n WITH x AS (\n SELECT 1\n)\n SELECT 1\nUNION\n SELECT 2;",
        "ALTER TABLE client ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES client(id) ON\nUPDATE CASCADE ON\nDELETE SET NULL;",
    ] {
        let dump = format!("{CLIENT}{whole}\nINSERT INTO client VALUES (1, 'A');");
        let line = 2 + whole.lines().count();
        assert_eq!(
            rows(&dump),
            format!("[{line}]: client (id,name) 1\tA\n"),
            "{whole}"
        );
    }
}

#[test]
fn rows_that_cannot_be_placed_end_the_reading() {
    for (statement, reason) in [
        ("INSERT INTO `client` VALUES (1, 'A');", "cannot be read"),
        ("INSERT INTO [client] VALUES (1, 'A');", "cannot be read"),
        ("INSERT INTO 'client' VALUES (1, 'A');", "cannot be read"),
        ("INSERT INTO \"Finances.client\" VALUES (1, 'A');", "nearly"),
        ("INSERT INTO \"Finances\".\"CLIENT\" VALUES (1, 'A');", "nearly"),
        ("COPY \"CLIENT\" FROM stdin;\n1\tA\n\\.\n", "nearly"),
        ("REPLACE INTO client VALUES (1, 'A');", "REPLACE"),
        ("\\copy client from 'client.csv'", "elsewhere"),
        ("\\i client.sql", "elsewhere"),
        (
            "CREATE TABLE client_1 PARTITION OF client FOR VALUES IN (1);",
            "part of client",
        ),
        (
            "CREATE TABLE client_1 (id bigint) INHERITS (client);",
            "part of client",
        ),
    ] {
        let fault = fault(statement);
        assert!(
            fault.contains("line 2") && fault.contains(reason),
            "{statement}: {fault}"
        );
    }
    assert_eq!(
        rows(&format!("{CLIENT}INSERT IGNORE INTO client VALUES (1, 'A');")),
        "[2]: client (id,name) 1\tA\n"
    );
}

#[test]
fn rows_that_a_program_would_write_are_told() {
    for statement in [
        "DO $$BEGIN INSERT INTO client VALUES (1, 'A'); END$$;",
        "WITH made AS (INSERT INTO client VALUES (1, 'A') RETURNING id) SELECT id FROM made;",
    ] {
        let (told, ending) = events(&format!("{CLIENT}{statement}"));
        ending.unwrap();
        assert!(
            told.last().unwrap().starts_with("2: client left out: "),
            "{told:?}"
        );
    }
    let (told, ending) = events(&format!("{CLIENT}DO $$BEGIN PERFORM 1; END$$;"));
    assert_eq!((told.len(), ending.unwrap().passed_over["DO"]), (1, 1));
}

#[test]
fn nothing_behind_a_value_is_computed_or_lost() {
    for (value, says) in [
        ("'2026-03-15'::date + 1", "'+' behind a value"),
        ("'500'::numeric * 2", "'*' behind a value"),
        ("'x'::text||'y'", "'|' behind a value"),
        ("('5'::numeric * 2)", "'*' behind a value"),
        ("('5')::numeric(5,1)", "a cast of a value in brackets"),
        ("1.005::numeric(10,2)", "the cast to numeric changes a value"),
        ("12.7::int", "the cast to int changes a value"),
        ("1234567.5::real", "the cast to real changes a value"),
        ("'abc'::varchar(2)", "the cast to varchar changes a value"),
        ("'2026-03-15 10:00'::date", "the cast to date changes a value"),
        (
            "'2026-03-15 10:00+05:30'::timestamp",
            "the cast to timestamp changes a value",
        ),
        (
            "timestamp '2026-03-15 10:00+05:30'",
            "the cast to timestamp changes a value",
        ),
    ] {
        let fault = fault(&format!("INSERT INTO client VALUES (1, {value});"));
        assert!(
            fault.contains(says) && fault.contains("line 2"),
            "{value}: {fault}"
        );
    }
    let kept = "INSERT INTO client VALUES (1::bigint, 'a'::character varying(5)), ('2'::int, 'b'::public.mood), \
                (3.0::integer, '1.50'::numeric(10,1)), (-4, '2026-03-15 10:00'::timestamp without time zone);";
    assert_eq!(
        rows(&format!("{CLIENT}{kept}")),
        "[2, 2, 2, 2]: client (id,name) 1\ta\n2\tb\n3.0\t1.50\n-4\t2026-03-15 10:00\n"
    );
    let day = "CREATE TABLE client_po (id bigint, po_date date);
               INSERT INTO client_po VALUES (1, '2026-03-15 23:00:00+00'::timestamptz);";
    assert!(fault(day).contains("the cast to timestamptz changes a value"));
}

#[test]
fn rows_that_come_by_another_name_are_not_lost() {
    for (dump, says) in [
        (
            "CREATE TABLE vp2 (id bigint); ALTER TABLE vp2 RENAME TO vendor_payment;",
            "another table becomes vendor_payment",
        ),
        (
            "ALTER TABLE public.vendor_payment SET SCHEMA \"Finances\";",
            "another table becomes vendor_payment",
        ),
        ("ALTER TABLE part INHERIT client;", "another table becomes client"),
        (
            "ALTER SCHEMA old RENAME TO \"Finances\";",
            "a schema gets another name",
        ),
        (
            "ALTER TABLE ONLY client ATTACH PARTITION p1 FOR VALUES IN (1);",
            "a part of client",
        ),
        (
            "SET search_path = public, \"Finances\"; INSERT INTO client VALUES (1, 'a');",
            "a table of several schemas",
        ),
        (
            "SET search_path = public, \"Finances\"; COPY client FROM stdin;\n1\ta\n\\.\n",
            "a table of several schemas",
        ),
        (
            "RESET ALL; INSERT INTO client VALUES (1, 'a');",
            "a table of several schemas",
        ),
        (
            "SET search_path TO DEFAULT; INSERT INTO client VALUES (1, 'a');",
            "a table of several schemas",
        ),
        (
            "BEGIN; INSERT INTO client VALUES (1, 'a'); ROLLBACK;",
            "ROLLBACK takes",
        ),
        ("BEGIN; INSERT INTO client VALUES (1, 'a'); ABORT;", "ABORT takes"),
        (
            "INSERT INTO client VALUES (1, 'a'); DROP SCHEMA IF EXISTS \"Finances\" CASCADE;",
            "DROP SCHEMA",
        ),
        (
            "INSERT INTO client VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET name = 'b';",
            "ON CONFLICT DO UPDATE",
        ),
        ("SET TIME ZONE 'Asia/Kolkata';", "LEGACY_TIMEZONE"),
        (
            "SET NAMES 'LATIN1'; INSERT INTO client VALUES (1, E'caf\\u00e9');",
            "not UTF-8",
        ),
        (
            "CREATE TABLE vendor_payment (id bigint, amount numeric GENERATED ALWAYS AS (id * 2) STORED);",
            "computed by the old database",
        ),
    ] {
        let fault = fault(dump);
        assert!(fault.contains(says), "{dump}: {fault}");
    }
    // Of another schema, they are none of ours.
    for schema in [
        "SET SCHEMA 'public';",
        "SELECT set_config('search_path', 'other', false);",
    ] {
        let (told, ending) = events(&format!("{CLIENT}{schema} INSERT INTO client VALUES (1, 'a');"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(ending.unwrap().passed_over["INSERT of others"], 1);
    }
    let (told, ending) = events(&format!(
        "{CLIENT}SELECT 1 AS id INTO client FROM x;PREPARE i AS INSERT INTO client VALUES (1);"
    ));
    ending.unwrap();
    assert!(
        told[1].contains("client left out: SELECT 1") && told[2].contains("client left out: PREPARE"),
        "{told:?}"
    );
}

#[test]
fn a_dump_that_is_cut_short_is_refused_wherever_it_is_cut() {
    for dump in [
        "--\n-- PostgreSQL database dump\n--\n",
        "-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n-- PostgreSQL database dump\n",
        "COPY atm (id) FROM stdin;\n1\n",
        "INSERT INTO client VALUES",
    ] {
        assert!(fault(dump).contains("cut short"), "{dump}");
    }
    let whole = "--\n-- PostgreSQL database dump\n--\nINSERT INTO client VALUES (1, 'a');\n--\n-- PostgreSQL database dump complete\n--\n";
    assert_eq!(rows(&format!("{CLIENT}{whole}")), "[5]: client (id,name) 1\ta\n");
}

#[test]
fn the_day_of_a_row_is_no_constant() {
    let (told, ending) = events(
        "CREATE TABLE client_po (id bigint, po_date date DEFAULT ('now'::text)::date, note text DEFAULT 'now'::text);
         ALTER TABLE client_po ALTER COLUMN po_date SET DEFAULT 'now'::text::date;",
    );
    ending.unwrap();
    assert!(
        told[0].contains(r#""po_date" date DEFAULT CURRENT_TIMESTAMP, "note" text DEFAULT 'now'::text"#)
            && told[1].contains("Function(\"CURRENT_TIMESTAMP\")"),
        "{told:?}"
    );
}

#[test]
fn defaults_that_are_not_followed_are_told() {
    let (told, ending) = events(
        "CREATE TABLE client (id bigint, name text DEFAULT upper('a'), kind text DEFAULT 'b'::text || 'c', note text DEFAULT NULL::text);
         ALTER TABLE client ADD COLUMN share numeric DEFAULT 10::numeric/4;
         CREATE TABLE upload_session (id bigint, metadata jsonb DEFAULT '{}' NOT NULL, CHECK (metadata <> '[]'), rate real, \
         remark varchar(100000));",
    );
    ending.unwrap();
    let left_out: Vec<&String> = told.iter().filter(|event| event.contains("left out")).collect();
    assert_eq!(left_out.len(), 3, "{told:?}");
    for (event, says) in left_out.iter().zip([
        "client.name DEFAULT upper",
        "client.kind DEFAULT",
        "client.share DEFAULT 10",
    ]) {
        assert!(event.contains(says), "{event}");
    }
    let table = told.last().unwrap();
    assert!(
        table.contains(r#""metadata" jsonb DEFAULT '{}'::jsonb NOT NULL"#)
            && table.contains(r#""rate" double precision"#)
            && table.contains(r#""remark" character varying(100000)"#),
        "{table}"
    );
}
