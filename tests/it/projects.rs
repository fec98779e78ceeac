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
                "name: value_error",
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

#[tokio::test]
async fn a_project_is_changed_where_the_request_says_so() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let id = app.project("Delhi").await;
    let path = format!("/api/projects/{id}");
    let all = json!({"name": " Delhi Metro ", "client_id": 2, "location": "Ring Road", "city": "Delhi", "state": "DL",
                     "country": "India", "latitude": "28.61", "longitude": 77.2, "status": "Completed", "other": 1});

    let reply = editor
        .put(&path)
        .json(&all)
        .header("if-match", "\"1\"")
        .send()
        .await;

    let body = reply.expect(200);
    assert_eq!(reply.header("etag").split('-').next(), Some("\"2"));
    assert_eq!(body["message"], "Project updated successfully");
    assert_eq!(body["project"], body["data"]);
    let project = &body["project"];
    assert_eq!(
        (&project["name"], &project["client_name"]),
        (&json!("Delhi Metro"), &json!("Dava India"))
    );
    assert_eq!(
        (&project["city"], &project["status"]),
        (&json!("Delhi"), &json!("completed"))
    );
    assert_eq!(
        (&project["latitude"], &project["version"]),
        (&money("28.61"), &json!(2))
    );

    // What is sent back as it is changes nothing; null keeps a text and clears a number; empty text clears a text.
    for same in [
        json!({}),
        json!({"nothing": 1}),
        json!({"location": null, "name": null, "status": ""}),
        all.clone(),
    ] {
        let body = editor.put(&path).json(&same).send().await.expect(200);
        assert_eq!(body["project"], *project, "{same}");
    }
    let cleared = json!({"location": "", "city": "  ", "state": "", "country": "", "latitude": null, "longitude": null,
                         "client_id": null});
    let body = editor.put(&path).json(&cleared).send().await.expect(200);
    for field in [
        "location",
        "city",
        "state",
        "country",
        "latitude",
        "longitude",
        "client_id",
        "client_name",
    ] {
        assert!(body["data"][field].is_null(), "{field}");
    }
    assert_eq!(body["data"]["version"], 3);
    let by_client = |client: i64| {
        let call = editor.get(format!("/api/projects?client_id={client}"));
        async move { call.send().await.expect(200)["total_count"].as_i64().unwrap() }
    };
    assert_eq!((by_client(1).await, by_client(2).await), (0, 0));
}

#[tokio::test]
async fn a_change_of_a_project_that_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (id, _) = (app.project("Delhi").await, app.project(" Agra ").await);
    let path = format!("/api/projects/{id}");
    for (body, faults) in [
        (json!({"name": ""}), vec!["name: string_too_short"]),
        (
            json!({"name": "  ", "status": "gone"}),
            vec!["name: string_too_short", "status: enum"],
        ),
        (
            json!({"client_id": "x", "city": "c".repeat(101), "latitude": 91}),
            vec![
                "city: string_too_long",
                "client_id: int_parsing",
                "latitude: less_than_equal",
            ],
        ),
        (json!({"client_id": 99}), vec!["client_id: foreign_key"]),
    ] {
        assert_eq!(
            editor.put(&path).json(&body).send().await.faults(),
            faults,
            "{body}"
        );
    }
    let taken = editor.put(&path).json(&json!({"name": "AGRA"})).send().await;
    assert_eq!(taken.expect_error(409, "CONFLICT")["errors"][0]["field"], "name");
    let stale = editor
        .put(&path)
        .json(&json!({"city": "X"}))
        .header("if-match", "\"2\"")
        .send()
        .await;
    stale.expect_error(412, "PRECONDITION_FAILED");
    let nowhere = editor
        .put("/api/projects/999")
        .json(&json!({"city": "X"}))
        .send()
        .await;
    nowhere.expect_error(404, "NOT_FOUND");
    let viewer = app.viewer().await;
    viewer
        .put(&path)
        .json(&json!({"city": "X"}))
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    // Its own name in another case is its to take.
    editor
        .put(&path)
        .json(&json!({"name": "DELHI"}))
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn of_many_changes_at_once_one_gets_the_name() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut calls = Vec::new();
    for n in 0..4 {
        let id = app.project(&format!("P{n}")).await;
        calls.push(
            editor
                .put(format!("/api/projects/{id}"))
                .json(&json!({"name": "Only One"})),
        );
    }

    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();

    assert_eq!(statuses, [200, 409, 409, 409]);
}

#[tokio::test]
async fn projects_are_searched_literally_in_their_name_and_place() {
    let app = TestApp::start().await;
    for name in [
        "50% off",
        "50 percent",
        r"back\slash",
        "under_score",
        "underXscore",
    ] {
        app.project(name).await;
    }
    app.execute(
        r#"UPDATE "Finances".project SET location = 'Ring Road', city = 'Pune', state = 'Maharashtra' WHERE name LIKE '50%'"#,
    )
    .await;
    let viewer = app.viewer().await;
    for (query, names, total) in [
        ("q=%25", vec!["50% off"], 1),
        ("q=_", vec!["under_score"], 1),
        ("q=%5C", vec![r"back\slash"], 1),
        ("q=+UNDER+", vec!["underXscore", "under_score"], 2),
        ("q=pune", vec!["50 percent", "50% off"], 2),
        ("q=harash&limit=1", vec!["50 percent"], 2),
        ("q=ring&skip=1", vec!["50% off"], 2),
        ("q=ring&sort=name", vec!["50 percent", "50% off"], 2),
        ("q=nothing", vec![], 0),
    ] {
        let body = viewer
            .get(format!("/api/projects/search?{query}"))
            .send()
            .await
            .expect(200);
        let found: Vec<&str> = body["data"]["projects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|project| project["name"].as_str().unwrap())
            .collect();
        assert_eq!(
            (found, body["total_count"].as_i64()),
            (names, Some(total)),
            "{query}"
        );
        assert_eq!(body["projects"], body["data"]["projects"]);
    }
    for (query, faults) in [
        ("", vec!["q: missing"]),
        ("?q=%20", vec!["q: string_too_short"]),
        ("?q=a&limit=0", vec!["limit: greater_than_equal"]),
    ] {
        let reply = viewer.get(format!("/api/projects/search{query}")).send().await;
        assert_eq!(reply.faults(), faults, "{query}");
    }
}
