//! Dates, times and figures that an old database keeps as text.

use super::Legacy;

/// Two POs with a payment each; what is text here is a date or a figure elsewhere.
const TEXTS: &str = r#"
CREATE SCHEMA "Finances";
SET search_path = "Finances";
CREATE TABLE client (id bigint, name varchar NOT NULL);
CREATE TABLE client_po (id bigint PRIMARY KEY, client_id bigint, po_number varchar, po_date text, pi_date varchar(40) NOT NULL DEFAULT '',
    po_value text, created_at text);
CREATE TABLE client_payment (id bigint PRIMARY KEY, client_id bigint, client_po_id bigint, amount varchar(20), payment_date text);
INSERT INTO client VALUES (1, 'Bajaj'), (2, 'Dava India');
INSERT INTO client_po VALUES
    (1, 1, 'PO-1', '03/04/2026', '15-Mar-2026', '1,18,000.50', '2026-01-02 10:00:00'),
    (2, 1, 'PO-2', ' 25/03/2026 ', '2026-03-01T18:30:00.000Z', ' 500 ', '13-01-2026 4:05 pm'),
    (3, 2, 'PO-3', 'to be told', '31/02/2026', '₹ 0.10', NULL),
    (4, 2, 'PO-4', '', 'March 5th, 2026', NULL, 'yesterday');
INSERT INTO client_payment VALUES (1, 1, 1, 'Rs. 1,000.25', '2026/3/9'), (2, 1, 2, '.75', '20260310');
"#;

#[tokio::test]
async fn text_is_read_as_the_date_or_figure_that_it_is() {
    let mut legacy = Legacy::load(&[TEXTS]).await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, po_date, pi_date, po_value, created_at AT TIME ZONE 'Asia/Kolkata' FROM client_po WHERE id < 3 ORDER BY id")
            .await,
        [
            // The column has a day first elsewhere; the evening of the first in UTC is the second in India.
            r#"(1,2026-04-03,2026-03-15,118000.50,"2026-01-02 10:00:00")"#,
            r#"(2,2026-03-25,2026-03-02,500.00,"2026-01-13 16:05:00")"#,
        ]
    );
    assert_eq!(
        legacy
            .rows("SELECT id, po_date, pi_date, po_value, created_at = updated_at FROM client_po WHERE id > 2 ORDER BY id")
            .await,
        ["(3,,,0.10,t)", "(4,,2026-03-05,0.00,t)"]
    );
    assert_eq!(
        legacy
            .rows("SELECT id, amount, payment_date FROM client_payment ORDER BY id")
            .await,
        ["(1,1000.25,2026-03-09)", "(2,0.75,2026-03-10)"]
    );
    // When it was made nobody knows: the day of the document stands for it, else the day of the adoption.
    assert_eq!(
        legacy
            .value("SELECT created_at AT TIME ZONE 'Asia/Kolkata' FROM client_po WHERE id = 4")
            .await,
        "2026-03-05 00:00:00"
    );
    assert_eq!(
        legacy.findings("date_unreadable").await,
        [
            r#"client_po 3: {"column": "po_date", "legacy_text": "to be told"}"#,
            r#"client_po 3: {"column": "pi_date", "legacy_text": "31/02/2026"}"#,
            r#"client_po 4: {"column": "created_at", "legacy_text": "yesterday"}"#,
        ]
    );
    assert_eq!(
        legacy
            .rows(
                "SELECT column_name, data_type FROM information_schema.columns
                  WHERE table_schema = 'Finances'
                    AND (table_name, column_name) IN (('client_po', 'po_date'), ('client_po', 'created_at'), ('client_payment', 'amount'))
                  ORDER BY 1"
            )
            .await,
        [
            "(amount,numeric)",
            r#"(created_at,"timestamp with time zone")"#,
            "(po_date,date)"
        ]
    );
    // Found once, whatever runs again.
    legacy.adopt_again().await;
    assert_eq!(legacy.findings("date_unreadable").await.len(), 3);
}

#[tokio::test]
async fn days_are_read_month_first_where_the_column_tells() {
    let mut legacy = Legacy::load(&[TEXTS]).await;
    legacy
        .run("UPDATE client_po SET po_date = '03/25/2026' WHERE id = 2")
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, po_date FROM client_po WHERE id < 3 ORDER BY id")
            .await,
        ["(1,2026-03-04)", "(2,2026-03-25)"]
    );
}

#[tokio::test]
async fn what_may_be_several_days_or_is_no_figure_stops_the_adoption() {
    for (change, told) in [
        (
            "UPDATE client_po SET po_date = '03/05/2026' WHERE id = 2",
            r#""Finances".client_po.po_date is text, and 2 of its values may be several days; write the year first; one is row 1: "03/04/2026""#,
        ),
        (
            "UPDATE client_po SET po_date = '03/25/2026' WHERE id = 2;
             UPDATE client_po SET po_date = '25/03/2026' WHERE id = 3",
            r#""Finances".client_po.po_date is text, and 1 of its values may be several days; write the year first; one is row 1: "03/04/2026""#,
        ),
        (
            "UPDATE client_po SET po_date = '26/04/13' WHERE id = 2",
            r#""Finances".client_po.po_date is text, and 2 of its values may be several days"#,
        ),
        (
            "UPDATE client_payment SET amount = '12.3.4' WHERE id = 2",
            r#""Finances".client_payment.amount is text, and 1 of its values are no figures; make them such; one is row 2: "12.3.4""#,
        ),
        (
            "UPDATE client_po SET po_date = '99/13/2026' WHERE id = 2",
            r#""Finances".client_po.po_date is text, and 1 of its values may be several days"#,
        ),
        (
            "UPDATE client_po SET pi_date = '5-Mar-04' WHERE id = 2",
            r#""Finances".client_po.pi_date is text, and 1 of its values may be several days"#,
        ),
        (
            "CREATE VIEW dated AS SELECT po_date FROM client_po",
            r#""Finances".client_po.po_date is text and cannot become date: cannot alter type of a column used by a view or rule; drop what depends"#,
        ),
        (
            "CREATE INDEX ON client_po (lower(po_date))",
            r#""Finances".client_po.po_date is text and cannot become date"#,
        ),
        (
            "UPDATE client_po SET po_value = '1,2,3' WHERE id = 3",
            r#"one is row 3: "1,2,3""#,
        ),
    ] {
        let mut legacy = Legacy::load(&[TEXTS]).await;
        legacy.run(change).await;

        let refusal = legacy.refusal().await;

        assert!(
            refusal.contains("adoption stopped: ") && refusal.contains(told),
            "{change}: {refusal}"
        );
        assert!(!refusal.contains(" at line "), "{refusal}");
        // Nothing was written.
        assert_eq!(
            legacy.rows("SELECT po_date FROM client_po WHERE id = 1").await,
            ["(03/04/2026)"]
        );
    }
}

#[tokio::test]
async fn an_offset_that_is_none_is_no_time() {
    let mut legacy = Legacy::load(&[TEXTS]).await;
    legacy
        .run("UPDATE client_po SET created_at = '2026-03-15 10:00:00+99:99' WHERE id = 3")
        .await;

    legacy.adopt().await;

    assert_eq!(legacy.findings("date_unreadable").await.len(), 4);
}

#[tokio::test]
async fn a_real_keeps_the_digits_that_it_shows() {
    let mut legacy = Legacy::load(&[TEXTS]).await;
    legacy
        .run(
            "ALTER TABLE client_payment ALTER COLUMN amount TYPE real USING 1.5;
             UPDATE client_payment SET amount = 1234567.5 WHERE id = 1;
             UPDATE client_payment SET amount = 0.1 WHERE id = 2;
             CREATE TABLE project (id bigint, name text, latitude real, longitude real, is_new boolean);
             INSERT INTO project VALUES (1, 'Delhi', 28.6139391, 77.2090212)",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, amount FROM client_payment ORDER BY id")
            .await,
        ["(1,1234567.50)", "(2,0.10)"]
    );
    // All that it has, which is less than was put in.
    assert_eq!(
        legacy.rows("SELECT latitude, longitude FROM project").await,
        ["(28.6139400,77.2090200)"]
    );
}
