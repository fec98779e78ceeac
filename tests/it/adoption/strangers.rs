//! What other programs keep in the same database is left alone, or named when it is in the way.

use super::{Legacy, SHAPE_C};

#[tokio::test]
async fn tables_and_columns_that_nobody_knows_stay_as_they_are() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            r"
            CREATE TABLE atm_site (code text, value numeric, seen timestamp, client_id bigint REFERENCES client (id));
            INSERT INTO atm_site VALUES ('a', 1.23456, '2026-01-01', 1);
            CREATE TABLE public.client (id integer, name text);
            INSERT INTO public.client VALUES (1, 'of another schema');
            ALTER TABLE vendor ADD COLUMN rating numeric, ADD COLUMN region text NOT NULL DEFAULT 'north';
            UPDATE vendor SET rating = 4.56789;
            ",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.rows("SELECT * FROM atm_site").await,
        ["(a,1.23456,\"2026-01-01 00:00:00\",1)"]
    );
    assert_eq!(
        legacy.rows("SELECT * FROM public.client").await,
        ["(1,\"of another schema\")"]
    );
    assert_eq!(
        legacy.rows("SELECT DISTINCT rating, region FROM vendor").await,
        ["(4.56789,north)"]
    );
    legacy.run("INSERT INTO vendor (name) VALUES ('New')").await;
}

#[tokio::test]
async fn an_unknown_column_that_asks_for_a_value_stops_the_adoption_by_name() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            "ALTER TABLE vendor ADD COLUMN branch text;
             UPDATE vendor SET branch = 'Pune';
             ALTER TABLE vendor ALTER COLUMN branch SET NOT NULL",
        )
        .await;
    let before = (legacy.catalogue().await, legacy.contents().await);

    let refusal = legacy.refusal().await;

    assert!(
        refusal.contains(r#""Finances".vendor has the unknown column branch"#),
        "{refusal}"
    );
    assert_eq!((legacy.catalogue().await, legacy.contents().await), before);
}

#[tokio::test]
async fn a_view_that_bears_the_name_of_a_table_stops_the_adoption_by_name() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy.run("CREATE VIEW quotation AS SELECT 1 AS id").await;

    let refusal = legacy.refusal().await;

    assert!(
        refusal.contains(r#""Finances".quotation is not a table"#),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_view_over_columns_whose_type_changes_stops_the_adoption_by_name() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run("CREATE VIEW public.collected AS SELECT client_id, sum(amount) AS total FROM client_payment GROUP BY client_id")
        .await;

    let refusal = legacy.refusal().await;

    assert!(
        refusal.contains(r#"the view collected reads "Finances".client_payment"#),
        "{refusal}"
    );
}

#[tokio::test]
async fn old_indexes_over_the_same_columns_are_renamed_and_others_are_kept() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            "CREATE INDEX idx_parent ON client_po (parent_po_id);
             CREATE INDEX idx_notes ON client_po (notes);
             CREATE INDEX client_po_pi_date_idx ON client_po (agreement_date)",
        )
        .await;

    legacy.adopt().await;

    let indexes = legacy
        .rows(
            "SELECT indexname, substring(indexdef FROM 'USING.*') FROM pg_indexes
              WHERE tablename = 'client_po' AND indexdef ~ '\\((parent_po_id|notes|agreement_date|pi_date, id)\\)' ORDER BY 1",
        )
        .await;
    assert_eq!(
        indexes,
        [
            "(client_po_parent_po_id_idx,\"USING btree (parent_po_id)\")",
            "(client_po_pi_date_idx,\"USING btree (pi_date, id)\")",
            "(client_po_pi_date_idx_old,\"USING btree (agreement_date)\")",
            "(idx_notes,\"USING btree (notes)\")",
        ]
    );
}

#[tokio::test]
async fn what_keeps_a_table_from_changing_stops_the_adoption_by_name_and_triggers_that_do_not_rest_meanwhile()
{
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at = '2030-01-01'; RETURN NEW; END $$;
             CREATE TRIGGER touch BEFORE UPDATE ON billing_po FOR EACH ROW EXECUTE FUNCTION touch();
             CREATE TRIGGER asleep BEFORE UPDATE ON billing_po FOR EACH ROW EXECUTE FUNCTION touch();
             ALTER TABLE billing_po DISABLE TRIGGER asleep",
        )
        .await;
    for (obstacle, removal, named) in [
        (
            "ALTER TABLE client_payment ADD CONSTRAINT old_words CHECK (status IN ('PENDING', 'cleared'))",
            "ALTER TABLE client_payment DROP CONSTRAINT old_words",
            "client_payment cannot be changed past what another program has put there: constraint old_words;",
        ),
        (
            "CREATE INDEX by_day ON client_payment ((created_at::date))",
            "DROP INDEX by_day",
            "client_payment cannot be changed past what another program has put there: index by_day;",
        ),
        (
            "ALTER TABLE client_po_line_item ADD COLUMN calc numeric GENERATED ALWAYS AS (quantity * unit_price) STORED",
            "ALTER TABLE client_po_line_item DROP COLUMN calc",
            "client_po_line_item cannot be changed past what another program has put there: generated column calc;",
        ),
        (
            "CREATE TRIGGER watch BEFORE UPDATE OF status ON client_payment FOR EACH ROW EXECUTE FUNCTION touch()",
            "DROP TRIGGER watch ON client_payment",
            "client_payment cannot be changed past what another program has put there: trigger watch;",
        ),
        (
            "CREATE POLICY big ON client_payment USING (amount > 60000)",
            "DROP POLICY big ON client_payment",
            "client_payment cannot be changed past what another program has put there: policy big;",
        ),
        (
            "CREATE TABLE public.other (billing_id bigint REFERENCES billing_po (id))",
            "DROP TABLE public.other",
            "billing_po cannot be changed past what another program has put there: trigger asleep, trigger touch, foreign key \
             other_billing_id_fkey of other;",
        ),
    ] {
        legacy.run(obstacle).await;

        let refusal = legacy.refusal().await;

        let told = format!(r#"adoption stopped: "Finances".{named}"#);
        assert!(refusal.starts_with(&told), "{refusal}");
        legacy.run(removal).await;
    }

    legacy.adopt().await;

    assert_eq!(
        legacy
            .value("SELECT count(*) FROM billing_po WHERE updated_at >= '2030-01-01'")
            .await,
        "0"
    );
    assert_eq!(
        legacy
            .rows("SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'billing_po'::regclass AND NOT tgisinternal ORDER BY 1")
            .await,
        ["(asleep,D)", "(touch,O)"]
    );
}
