//! Projects: make, list, get.

use serde_json::json;

use crate::support::{TestApp, money, race};

#[tokio::test]
async fn a_project_is_made_and_shown_with_all_it_was_given() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let reply = editor
        .post("/api/projects")
        .body(
            r#"{"name": "  Store ST-104 ", "client_id": "2", "location": "Ring Road", "city": "Pune", "state": "MH",
                "country": "India", "latitude": 18.52043001, "longitude": -73.8567437, "status": "ON_HOLD", "extra": 1}"#,
        )
        .send()
        .await;

    let body = reply.expect(200);
    let id = body["project_id"].as_i64().unwrap();
    assert_eq!(body["message"], "Project 'Store ST-104' created");
    assert_eq!(reply.header("location"), format!("/api/projects/{id}"));
    assert_eq!(body["id"], id);
    assert_eq!(body["data"]["id"], id);
    let project = app.viewer().await.get(format!("/api/projects/{id}")).send().await;
    let shown = project.expect(200);
    assert_eq!(project.header("etag").split('-').next(), Some("\"1"));
    for place in [&shown["project"], &shown["data"], &shown["data"]["project"]] {
        assert_eq!(place["name"], "Store ST-104");
        assert_eq!(place["client_id"], 2);
        assert_eq!(place["client_name"], "Dava India");
        assert_eq!(place["city"], "Pune");
        assert_eq!(place["status"], "on-hold");
        assert_eq!(place["latitude"], money("18.52043"));
        assert_eq!(place["longitude"], money("-73.8567437"));
        assert_eq!(place["po_count"], 0);
        assert_eq!(place["version"], 1);
    }
}

#[tokio::test]
async fn every_fault_of_a_project_is_named_at_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let long = "x".repeat(256);
    for (body, faults) in [
        (json!({}), vec!["name: missing"]),
        (json!({"name": "  "}), vec!["name: string_too_short"]),
        (json!({"name": long}), vec!["name: string_too_long"]),
        (json!({"name": "a\0b"}), vec!["name: value_error"]),
        (
            json!({"name": 5, "client_id": "x", "city": "c".repeat(101), "latitude": 91, "longitude": "east", "status": "gone"}),
            vec![
                "city: string_too_long",
                "client_id: int_parsing",
                "latitude: less_than_equal",
                "longitude: decimal_parsing",
                "name: string_type",
                "status: enum",
            ],
        ),
        (
            json!({"name": "P", "client_id": 99}),
            vec!["client_id: foreign_key"],
        ),
        (
            json!({"name": "P", "latitude": -90.0000001, "longitude": -181}),
            vec!["latitude: greater_than_equal", "longitude: greater_than_equal"],
        ),
    ] {
        let reply = editor.post("/api/projects").json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".project"#)
            .await,
        0
    );
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case_and_blanks() {
    let app = TestApp::start().await;
    app.project(" Delhi Metro ").await;

    let reply = app
        .editor()
        .await
        .post("/api/projects")
        .json(&json!({"name": "DELHI METRO"}))
        .send()
        .await;

    let body = reply.expect_error(409, "CONFLICT");
    assert_eq!(body["errors"][0]["field"], "name");
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_name() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let calls = (0..8)
        .map(|_| editor.post("/api/projects").json(&json!({"name": "Only One"})))
        .collect();

    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();

    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".project"#)
            .await,
        1
    );
}

#[tokio::test]
async fn projects_are_listed_newest_first_and_filtered() {
    let app = TestApp::start().await;
    for name in ["A", "B", "C"] {
        app.project(name).await;
    }
    app.execute(r#"UPDATE "Finances".project SET status = 'completed', client_id = 2 WHERE name = 'B'"#)
        .await;
    app.execute(r#"SELECT "Finances".recount_kept_totals()"#).await;
    let viewer = app.viewer().await;
    let names = |query: &str| {
        let call = viewer.get(format!("/api/projects?{query}"));
        async move {
            let body = call.send().await.expect(200);
            assert_eq!(body["projects"], body["data"]["projects"]);
            assert_eq!(body["project_count"], body["data"]["project_count"]);
            let names: Vec<String> = body["projects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|project| project["name"].as_str().unwrap().to_owned())
                .collect();
            (names.join(""), body["total_count"].as_i64().unwrap())
        }
    };

    assert_eq!(names("").await, ("CBA".to_owned(), 3));
    assert_eq!(names("limit=2").await, ("CB".to_owned(), 3));
    assert_eq!(names("status=completed").await, ("B".to_owned(), 1));
    assert_eq!(names("client_id=1&sort=name").await, ("AC".to_owned(), 2));
    assert_eq!(names("client_id=99").await, (String::new(), 0));
}

#[tokio::test]
async fn unknown_and_malformed_ids_are_told_apart() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    viewer
        .get("/api/projects/9")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    for id in ["abc", "-1", "0", "99999999999999999999", "1.5"] {
        let reply = viewer.get(format!("/api/projects/{id}")).send().await;
        assert_eq!(reply.faults(), ["project_id: int_parsing"], "{id}");
    }
}
