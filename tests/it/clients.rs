//! The clients.

use crate::support::TestApp;

#[tokio::test]
async fn the_two_clients_with_parsers_are_always_there() {
    let app = TestApp::start().await;

    let body = app.viewer().await.get("/api/clients").send().await.expect(200);

    let data = &body["data"];
    assert_eq!(data["clients"][0]["id"], 1);
    assert_eq!(data["clients"][0]["name"], "Bajaj");
    assert_eq!(data["clients"][1]["name"], "Dava India");
    assert_eq!(data["clients"][1]["supports_upload"], true);
    assert_eq!((&data["count"], &data["total_count"]), (&2.into(), &2.into()));
    assert_eq!((&data["skip"], &data["limit"]), (&0.into(), &1000.into()));
}

#[tokio::test]
async fn a_client_of_another_name_under_a_known_id_has_no_parser() {
    let app = TestApp::start().await;
    app.execute(r#"UPDATE "Finances".client SET name = 'Somebody Else' WHERE id = 2"#)
        .await;

    let body = app.viewer().await.get("/api/clients").send().await.expect(200);

    assert_eq!(body["data"]["clients"][1]["supports_upload"], false);
}

#[tokio::test]
async fn pages_follow_each_other_by_skip_page_and_cursor() {
    let app = TestApp::start().await;
    app.execute(
        r#"INSERT INTO "Finances".client (name) SELECT 'Client ' || n FROM generate_series(1, 5) AS n"#,
    )
    .await;
    let viewer = app.viewer().await;
    let names = |query: String| {
        let call = viewer.get(format!("/api/clients?{query}"));
        async move {
            let data = call.send().await.expect(200)["data"].clone();
            let names: Vec<String> = data["clients"]
                .as_array()
                .unwrap()
                .iter()
                .map(|client| client["name"].as_str().unwrap().to_owned())
                .collect();
            (names, data)
        }
    };

    let (first, data) = names("limit=3&sort=-name".to_owned()).await;
    assert_eq!(first, ["Dava India", "Client 5", "Client 4"]);
    assert_eq!(data["total_count"], 7);
    let cursor = data["next_cursor"].as_str().unwrap().to_owned();

    let (second, _) = names(format!("limit=3&sort=-name&cursor={cursor}")).await;
    assert_eq!(second, ["Client 3", "Client 2", "Client 1"]);
    assert_eq!(names("page=2&page_size=3&sort=-name".to_owned()).await.0, second);
    assert_eq!(names("skip=3&limit=3&sort=-name".to_owned()).await.0, second);
    assert_eq!(names("offset=3&limit=3&sort=-name".to_owned()).await.0, second);

    let (last, data) = names("skip=6&limit=3&sort=-name".to_owned()).await;
    assert_eq!(last, ["Bajaj"]);
    assert!(data["next_cursor"].is_null());

    let other_sort = viewer
        .get(format!("/api/clients?limit=3&sort=name&cursor={cursor}"))
        .send()
        .await;
    assert_eq!(other_sort.faults(), ["cursor: value_error"]);
}

#[tokio::test]
async fn every_bad_word_of_a_page_is_named() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for (query, faults) in [
        (
            "skip=-1&limit=0",
            vec!["limit: greater_than_equal", "skip: greater_than_equal"],
        ),
        ("limit=1001", vec!["limit: less_than_equal"]),
        ("page=0", vec!["page: greater_than_equal"]),
        (
            "skip=x&page_size=1.5",
            vec!["page_size: int_parsing", "skip: int_parsing"],
        ),
        ("skip=99999999999999999999", vec!["skip: int_parsing"]),
        ("sort=password", vec!["sort: enum"]),
        ("cursor=%00", vec!["cursor: value_error"]),
    ] {
        let reply = viewer.get(format!("/api/clients?{query}")).send().await;
        assert_eq!(reply.faults(), faults, "{query}");
    }
    let beyond = viewer
        .get("/api/clients?skip=9223372036854775807")
        .send()
        .await
        .expect(200);
    assert_eq!(beyond["data"]["count"], 0);
}
