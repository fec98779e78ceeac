//! Old timestamps have no zone: where they are read, and who says so.

use super::{Legacy, SHAPE_C};

/// A time from a default, one that the program wrote, a user's two, and a bill's date.
async fn times(legacy: &mut Legacy) -> [String; 4] {
    let mut times = [const { String::new() }; 4];
    for (time, query) in times.iter_mut().zip([
        "SELECT created_at FROM client_po WHERE id = 133",
        "SELECT expires_at FROM upload_session",
        r#"SELECT created_at FROM "user""#,
        r#"SELECT updated_at FROM "user""#,
    ]) {
        *time = legacy.value(query).await;
    }
    times
}

const INDIAN: [&str; 4] = [
    "2026-02-12 15:15:04.988277+00",
    "2026-02-13 04:30:00+00",
    "2026-02-10 10:00:00+00",
    "2026-02-10 10:00:00+00",
];
const UTC: [&str; 4] = [
    "2026-02-12 20:45:04.988277+00",
    "2026-02-13 04:30:00+00",
    "2026-02-10 10:00:00+00",
    "2026-02-10 15:30:00+00",
];

#[tokio::test]
async fn times_that_the_database_wrote_are_local_and_times_that_the_program_wrote_are_utc() {
    let mut legacy = Legacy::load(&[SHAPE_C])
        .await
        .with(&[("LEGACY_TIMEZONE", "Asia/Kolkata")]);

    legacy.adopt().await;

    assert_eq!(times(&mut legacy).await, INDIAN);
    assert_eq!(
        legacy
            .value("SELECT kept ->> 'timezone' FROM adoption_report WHERE rule = 'legacy_timezone'")
            .await,
        "Asia/Kolkata"
    );
}

#[tokio::test]
async fn times_of_a_server_in_utc_stay_as_they_are() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await.with(&[("LEGACY_TIMEZONE", "UTC")]);

    legacy.adopt().await;

    assert_eq!(times(&mut legacy).await, UTC);
}

#[tokio::test]
async fn without_a_setting_the_zone_is_the_databases_own() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await.with(&[]);
    legacy
        .run(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET TimeZone = ''Asia/Kolkata''', current_database()); END $$",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(times(&mut legacy).await, INDIAN);
}

#[tokio::test]
async fn times_that_have_a_zone_stay_as_they_are() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run("ALTER TABLE client_po ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC'")
        .await;

    legacy.adopt().await;

    assert_eq!(times(&mut legacy).await[0], UTC[0]);
}

#[tokio::test]
async fn a_row_that_never_had_a_time_of_change_has_that_of_its_making() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;

    legacy.adopt().await;

    for table in [
        "project",
        "vendor",
        "client_po",
        "client_payment",
        "vendor_order",
        "vendor_payment",
    ] {
        assert_eq!(
            legacy
                .value(&format!("SELECT bool_and(updated_at = created_at) FROM {table}"))
                .await,
            "true",
            "{table}"
        );
    }
}

#[tokio::test]
async fn a_client_without_a_time_has_that_of_its_first_order() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run("INSERT INTO client (id, name, created_at) VALUES (7, 'No orders', NULL); UPDATE client SET created_at = NULL WHERE id = 1")
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.value("SELECT created_at FROM client WHERE id = 1").await,
        "2026-02-11 18:30:00+00" // the first order's date begins at midnight in India
    );
    assert_eq!(
        legacy
            .value("SELECT created_at > now() - interval '1 hour' FROM client WHERE id = 7")
            .await,
        "true"
    );
    let filled = legacy.findings("null_filled").await;
    assert!(
        filled.iter().any(|line| line.starts_with("client 1: ")),
        "{filled:?}"
    );
    assert!(
        filled.iter().any(|line| line.starts_with("client 7: ")),
        "{filled:?}"
    );
}
