//! Whatever an old row lacks, it is adopted, told, and can be read: no answer fails for it.

use serde_json::json;

use super::{Legacy, RESTORED, SHAPE_C, SHAPE_D};
use crate::support::{
    app::TestApp,
    callers::Caller,
    operations::{document, operations},
};

/// Of each table: for each of its columns a copy of its first row that lacks it, and a row that has only an id and what it belongs
/// to. Nothing is NOT NULL and nothing unique, as after a restore.
const ROWS: &str = r#"
SET search_path = "Finances";
DO $$
DECLARE
    target record;
    bare   constant text := '8999';
    number bigint := 9000;
BEGIN
    IF to_regclass('upload_session') IS NOT NULL THEN
        UPDATE upload_session SET expires_at = now() + interval '1 year';
    END IF;
    FOR target IN
        SELECT indexrelid::regclass AS name
          FROM pg_index
          JOIN pg_class ON pg_class.oid = indrelid
         WHERE relnamespace = '"Finances"'::regnamespace AND indisunique
    LOOP
        EXECUTE format('DROP INDEX %s', target.name);
    END LOOP;
    FOR target IN
        SELECT kept.table_name AS tab, kept.column_name AS col, id.data_type AS id_type
          FROM information_schema.columns AS kept
          JOIN information_schema.columns AS id USING (table_schema, table_name)
         WHERE kept.table_schema = 'Finances' AND id.column_name = 'id' AND kept.column_name <> 'id'
         ORDER BY kept.table_name, kept.ordinal_position
    LOOP
        number := number + 1;
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I DROP NOT NULL', target.tab, target.col);
        EXECUTE format(
            'INSERT INTO %1$I
             SELECT (jsonb_populate_record(entry, jsonb_build_object(
                        ''id'', CASE %2$L WHEN ''uuid'' THEN ''00000000-0000-4000-8000-00000000'' || %3$L ELSE %3$L END, %4$L, NULL))).*
               FROM %1$I AS entry
              WHERE id::text NOT LIKE ''%%9___''
              ORDER BY id
              LIMIT 1',
            target.tab, target.id_type, number, target.col);
    END LOOP;
    FOR target IN
        SELECT table_name AS tab,
               max(data_type) FILTER (WHERE column_name = 'id') AS id_type,
               COALESCE(
                   jsonb_object_agg(column_name, CASE data_type WHEN 'uuid' THEN '00000000-0000-4000-8000-00000000' || bare ELSE bare END)
                       FILTER (WHERE column_name IN ('client_po_id', 'project_id', 'client_id', 'vendor_id', 'vendor_order_id',
                                                     'vendor_payment_id', 'billing_po_id', 'quotation_id', 'session_id')),
                   '{}') AS parents
          FROM information_schema.columns
         WHERE table_schema = 'Finances'
         GROUP BY table_name
    LOOP
        EXECUTE format(
            'INSERT INTO %1$I
             SELECT (jsonb_populate_record(NULL::%1$I, jsonb_build_object(
                        ''id'', CASE %2$L WHEN ''uuid'' THEN ''00000000-0000-4000-8000-00000000'' || %3$L ELSE %3$L END) || %4$L)).*',
            target.tab, target.id_type, bare, target.parents);
    END LOOP;
END
$$;
"#;

/// Where the values of a path's parameter come from.
fn ids_of(path: &str, parameter: &str) -> &'static str {
    match parameter {
        "client_id" => "SELECT id::text FROM client",
        "client_po_id" | "po_id" | "agreement_id" => "SELECT id::text FROM client_po",
        "project_id" => "SELECT id::text FROM project",
        "doc_id" => "SELECT id::text FROM project_document",
        "payment_id" if path.contains("vendor-payments") => "SELECT id::text FROM vendor_payment",
        "payment_id" => "SELECT id::text FROM client_payment",
        "vendor_id" => "SELECT id::text FROM vendor",
        "vendor_order_id" => "SELECT id::text FROM vendor_order",
        "billing_po_id" => "SELECT id::text FROM billing_po",
        "quotation_id" => "SELECT id::text FROM quotation",
        "session_id" => "SELECT DISTINCT session_id::text FROM upload_session WHERE session_id IS NOT NULL",
        "file_id" => "SELECT session_id || '/files/' || id FROM upload_file WHERE session_id IS NOT NULL",
        "po_number" => "SELECT DISTINCT po_number::text FROM upload_file WHERE po_number <> ''",
        "cat" => "SELECT DISTINCT category::text FROM vendor_order WHERE category <> ''",
        "id" => r#"SELECT id::text FROM "user""#,
        "path" => "SELECT compressed_filename FROM project_document WHERE compressed_filename IS NOT NULL",
        _ => panic!("{path}: whose {parameter} is it?"),
    }
}

/// What every reading operation answers with a fault of the server, for every row that there is.
async fn failures(legacy: &mut Legacy, caller: &Caller) -> Vec<String> {
    let mut failures = Vec::new();
    for operation in operations(&document()) {
        if operation.method != "GET" || operation.path.contains("/health") {
            continue;
        }
        let path = operation
            .path
            .replace("{session_id}/files/{file_id}", "{file_id}");
        let urls = match path.split_once('{') {
            None => vec![path],
            Some((before, rest)) => {
                let (parameter, after) = rest.split_once('}').unwrap();
                let ids: Vec<String> = sqlx::query_scalar(ids_of(&path, parameter))
                    .fetch_all(&mut legacy.db)
                    .await
                    .unwrap();
                ids.iter().map(|id| format!("{before}{id}{after}")).collect()
            }
        };
        for url in urls {
            let asked = "limit=500&from=2000-01-01&to=2100-12-31&q=a&query=a&store_id=ST-9";
            let reply = caller.get(format!("{url}?{asked}")).send().await;
            if reply.status >= 500 {
                failures.push(format!("{} {url}", reply.status));
            }
        }
    }
    failures
}

async fn edits(legacy: &mut Legacy, caller: &Caller) -> Vec<String> {
    let mut failures = Vec::new();
    for (table, path, body) in [
        ("client_po", "/api/po/{}", json!({"notes": "n"})),
        (
            "client_po_line_item",
            "/api/line-items/{}",
            json!({"hsn_code": "9"}),
        ),
        ("project", "/api/projects/{}", json!({"city": "n"})),
        ("client_payment", "/api/payments/{}", json!({"notes": "n"})),
        ("vendor_payment", "/api/vendor-payments/{}", json!({"notes": "n"})),
        (
            "vendor_order",
            "/api/vendor-orders/{}/status",
            json!({"work_status": "completed"}),
        ),
        (
            "vendor_order_line_item",
            "/api/vendor-line-items/{}",
            json!({"delivery_progress": 3}),
        ),
        ("vendor", "/api/vendors/{}", json!({"city": "n"})),
        ("billing_po", "/api/billing-po/{}", json!({"billing_notes": "n"})),
    ] {
        let ids: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "SELECT id::text FROM {table} ORDER BY id"
        )))
        .fetch_all(&mut legacy.db)
        .await
        .unwrap();
        for id in ids {
            let url = path.replace("{}", &id);
            let reply = caller.put(&url).json(&body).send().await;
            if reply.status >= 500 {
                failures.push(format!("{} PUT {url}", reply.status));
            }
        }
    }
    failures
}

#[tokio::test]
async fn a_row_that_lacks_a_value_is_adopted_and_no_answer_fails_for_it() {
    for shape in [SHAPE_C, SHAPE_D] {
        let mut legacy = Legacy::load(&[shape, RESTORED, ROWS]).await;

        legacy.adopt().await;

        let logs = crate::support::logs::Logs::start("error");
        let app = TestApp::start_on(
            legacy.database.options.clone(),
            &[("RATE_LIMIT_ENABLED", "false")],
        )
        .await;
        let admin = app.admin().await;
        let mut found = failures(&mut legacy, &admin).await;
        found.extend(edits(&mut legacy, &admin).await);
        let errors = logs.end().errors;
        assert_eq!(found, [""; 0], "{errors}");
    }
}

#[tokio::test]
async fn what_an_earlier_version_has_left_missing_is_filled_before_the_next_migration() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy.adopt().await;
    // As if it had been adopted before any of this was known.
    legacy
        .run(
            "ALTER TABLE payment_vendor_link ALTER linked_at DROP NOT NULL, ALTER created_at DROP NOT NULL;
             UPDATE payment_vendor_link SET linked_at = NULL, created_at = NULL;
             ALTER TABLE vendor_order_line_item ALTER total_price DROP NOT NULL, ALTER unit_price DROP NOT NULL;
             UPDATE vendor_order_line_item SET total_price = NULL, unit_price = NULL WHERE id = 7;
             ALTER TABLE client_payment DROP CONSTRAINT client_payment_values_possible;
             UPDATE client_payment SET payment_date = 'infinity' WHERE id = 16;
             DELETE FROM payment_link_owner;
             INSERT INTO adoption_report (run_id, table_name, rule, kept)
             VALUES (gen_random_uuid(), 'payment_vendor_link', 'constraint_not_created',
                     jsonb_build_object('constraint', 'payment_vendor_link_linked_at_not_null'));
             DELETE FROM _nexgen_migration WHERE version > 20260109000000",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT linked_at AT TIME ZONE 'Asia/Kolkata', linked_at = created_at FROM payment_vendor_link")
            .await,
        // As its payment.
        [r#"("2026-02-17 12:00:00",t)"#]
    );
    assert_eq!(legacy.value("SELECT count(*) FROM payment_link_owner").await, "2");
    assert_eq!(
        legacy.findings("money_missing").await,
        [
            r#"vendor_order_line_item 7: {"value": 0.00, "column": "total_price"}"#,
            r#"vendor_order_line_item 7: {"value": 0.0000, "column": "unit_price"}"#,
        ]
    );
    assert_eq!(
        legacy.findings("constraint_created").await,
        [r#"payment_vendor_link: {"constraint": "payment_vendor_link_linked_at_not_null"}"#]
    );
    // The row that nobody can reckon with stops nothing now: its rule waits.
    assert!(legacy.left_out().await.contains("client_payment_values_possible"));
    assert_eq!(
        legacy
            .value(
                "SELECT string_agg(is_nullable, '') FROM information_schema.columns
                  WHERE (table_name, column_name) IN (('payment_vendor_link', 'linked_at'), ('vendor_order_line_item', 'unit_price'))"
            )
            .await,
        "NONO"
    );
}
