//! Users and their roles, and the two clients whose documents can be read.

use super::{Legacy, SHAPE_A, SHAPE_B, SHAPE_C};

#[tokio::test]
async fn the_first_user_is_the_admin_and_the_others_are_what_the_setting_says() {
    let mut legacy = Legacy::load(&[SHAPE_A])
        .await
        .with(&[("LEGACY_USER_ROLE", "viewer")]);

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows(r#"SELECT id, role, is_active, token_version, last_login_at FROM "user" ORDER BY id"#)
            .await,
        ["(3,admin,t,0,)", "(4,viewer,t,0,)"]
    );
    assert_eq!(
        legacy.findings("user_role_assigned").await,
        [r#"user 3: {"role": "admin"}"#, r#"user 4: {"role": "viewer"}"#]
    );
}

#[tokio::test]
async fn the_others_are_editors_without_a_setting() {
    let mut legacy = Legacy::load(&[SHAPE_A]).await;

    legacy.adopt().await;

    assert_eq!(
        legacy.rows(r#"SELECT id, role FROM "user" ORDER BY id"#).await,
        ["(3,admin)", "(4,editor)"]
    );
}

#[tokio::test]
async fn hashes_that_no_login_can_match_are_counted_and_never_shown() {
    let mut legacy = Legacy::load(&[SHAPE_A]).await;
    legacy
        .run(r#"UPDATE "user" SET password_hash = 'plain-text' WHERE id = 4"#)
        .await;

    legacy.adopt().await;

    assert_eq!(legacy.findings("bad_hash").await, [r#"user: {"rows": 1}"#]);
    assert_eq!(
        legacy
            .value("SELECT count(*) FROM adoption_report WHERE kept::text LIKE '%plain-text%'")
            .await,
        "0"
    );
}

#[tokio::test]
async fn names_that_differ_in_case_only_stay_and_are_reported() {
    let mut legacy = Legacy::load(&[SHAPE_A]).await;
    legacy
        .run(r#"INSERT INTO "user" (username, email, password_hash) VALUES ('Anita', 'other@example.com', 'x')"#)
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.findings("case_twin").await,
        [r#"user 3: {"key": "anita"}"#, r#"user 5: {"key": "anita"}"#]
    );
    assert_eq!(
        legacy.left_out().await.into_iter().collect::<Vec<_>>(),
        ["user_username_lower_key"]
    );
}

#[tokio::test]
async fn an_empty_database_has_the_two_clients_and_nobody_else() {
    let mut empty = Legacy::load(&[]).await;

    empty.adopt().await;

    assert_eq!(
        empty
            .rows("SELECT id, name, bundle_by_store FROM client ORDER BY id")
            .await,
        ["(1,Bajaj,f)", "(2,\"Dava India\",t)"]
    );
    assert_eq!(empty.value(r#"SELECT count(*) FROM "user""#).await, "0");
    assert_eq!(empty.value("SELECT count(*) FROM adoption_report").await, "0");
    assert_eq!(
        empty.insert("INSERT INTO client (name) VALUES ('Third')").await,
        3
    );
}

#[tokio::test]
async fn a_client_that_is_missing_is_added_and_the_sequence_goes_on_above_it() {
    let mut legacy = Legacy::load(&[SHAPE_B]).await;
    legacy.run("DELETE FROM client WHERE id = 2").await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, name, bundle_by_store FROM client ORDER BY id")
            .await,
        ["(1,Bajaj,f)", "(2,\"Dava India\",t)"]
    );
}

#[tokio::test]
async fn clients_one_and_two_under_another_name_keep_it_and_are_reported() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run("UPDATE client SET name = 'Acme' WHERE id = 1; UPDATE client SET name = 'DAVA INDIA' WHERE id = 2")
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.rows("SELECT id, name FROM client ORDER BY id").await,
        ["(1,Acme)", "(2,\"DAVA INDIA\")"]
    );
    assert_eq!(
        legacy.findings("seed_name_differs").await,
        [r#"client 1: {"name": "Acme", "expected": "Bajaj"}"#]
    );
}

#[tokio::test]
async fn a_namesake_of_a_client_that_is_added_is_reported() {
    let mut legacy = Legacy::load(&[SHAPE_B]).await;
    legacy.run("UPDATE client SET id = 9 WHERE id = 2").await;

    legacy.adopt().await;

    assert_eq!(
        legacy.rows("SELECT id, name FROM client ORDER BY id").await,
        ["(1,Bajaj)", "(2,\"Dava India\")", "(9,\"Dava India\")"]
    );
    assert_eq!(
        legacy.findings("duplicate_key").await,
        [
            r#"client 2: {"key": "dava india"}"#,
            r#"client 9: {"key": "dava india"}"#
        ]
    );
}
