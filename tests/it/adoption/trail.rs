//! The audit trail: it grows and never changes, and histories of adopted payments begin in it.

use super::{Legacy, SHAPE_C};

#[tokio::test]
async fn nobody_changes_or_removes_an_entry_of_the_trail() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy.adopt().await;
    legacy
        .run("INSERT INTO audit_entry (action, entity, entity_id) VALUES ('created', 'client', '1')")
        .await;
    let before = legacy.value("SELECT count(*) FROM audit_entry").await;

    for attempt in [
        "UPDATE audit_entry SET note = 'changed'",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE false",
        "TRUNCATE audit_entry",
    ] {
        let refused = sqlx::query(attempt).execute(&mut legacy.db).await.unwrap_err();
        let refused = refused.into_database_error().unwrap();
        assert_eq!(refused.code().as_deref(), Some("42501"), "{attempt}: {refused}");
    }

    assert_eq!(legacy.value("SELECT count(*) FROM audit_entry").await, before);
}

#[tokio::test]
async fn the_history_of_a_payment_begins_with_the_state_in_which_it_was_found() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT at, actor_id, actor_name, action, entity, entity_id, before, after::text FROM audit_entry ORDER BY id")
            .await,
        [
            r#"("2026-02-22 11:11:53.873823+00",,,created,client_payment,16,,"{""status"": ""cleared""}")"#,
            r#"("2026-02-23 11:11:00+00",,,created,client_payment,17,,"{""status"": ""pending""}")"#,
            r#"("2026-02-17 06:30:00+00",,,created,vendor_payment,3,,"{""status"": ""completed""}")"#,
        ]
    );
}
