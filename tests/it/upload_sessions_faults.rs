//! What the routes of upload sessions and their files refuse alike; see `support::faults`.

use reqwest::multipart::{Form, Part};

use crate::{
    coverage::Area,
    support::{
        TestApp,
        faults::{Body, LIST, PLAIN, Route, Scene, Suite, suite_tests},
    },
};

/// What is refused of an order, on either path.
const WRONG_ORDERS: &[((&str, &str), &str)] = &[
    (("client_id", "abc"), "client_id: int_parsing"),
    (("client_id", "999999999"), "client_id: foreign_key"),
    (("project_id", "0"), "project_id: int_parsing"),
    (("auto_save", "perhaps"), "auto_save: value_error"),
];
/// What may be said of a file that nobody will find again.
const LONG: &str =
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";

const ROUTES: &[Route] = &[
    Route {
        name: "POST /api/uploads/session",
        says: "active",
        body: Body::Json(
            r#"{"metadata": {"project_id": {project_id}, "project": "Store"}, "ttl_hours": 720, "client_id": 2}"#,
            &[
                (
                    r#"{"metadata": [], "ttl_hours": "soon", "client_id": "x", "po_number": 5, "created_by": {},
                        "description": [1]}"#,
                    &[
                        "client_id: int_parsing",
                        "created_by: value_error",
                        "description: value_error",
                        "metadata: value_error",
                        "po_number: value_error",
                        "ttl_hours: int_parsing",
                    ],
                ),
                (r#"{"ttl_hours": 0}"#, &["ttl_hours: value_error"]),
                (r#"{"ttl_hours": 721}"#, &["ttl_hours: value_error"]),
                (r#"{"ttl_hours": 1.5}"#, &["ttl_hours: int_parsing"]),
                (r#"{"client_id": 99}"#, &["client_id: foreign_key"]),
                (
                    r#"{"metadata": {"project_id": 99}}"#,
                    &["metadata.project_id: foreign_key"],
                ),
                (
                    r#"{"metadata": {"client_id": [], "project_id": "x"}}"#,
                    &[
                        "metadata.client_id: int_parsing",
                        "metadata.project_id: int_parsing",
                    ],
                ),
                (r#"{"metadata": {"a": [1e99999]}}"#, &["metadata: value_error"]),
                (r#"{"metadata": {"a": 1e-99999}}"#, &["metadata: value_error"]),
                (
                    r#"{"metadata": {"project_name": {}, "project": 2026}}"#,
                    &[
                        "metadata.project: value_error",
                        "metadata.project_name: value_error",
                    ],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "GET /api/uploads/session/{session_id}",
        says: "active",
        ..LIST
    },
    Route {
        name: "DELETE /api/uploads/session/{session_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/uploads/session/{session_id}/stats",
        says: "active",
        ..PLAIN
    },
    Route {
        name: "GET /api/uploads/session/{session_id}/download-all",
        says: "",
        ..PLAIN
    },
    Route {
        name: "POST /api/uploads/session/{session_id}/download-all",
        says: "",
        only_reads: true,
        ..PLAIN
    },
    Route {
        name: "GET /api/uploads/session/{session_id}/files",
        ..LIST
    },
    Route {
        name: "POST /api/uploads/session/{session_id}/files",
        body: Body::Form(&[
            (("auto_parse", "perhaps"), "auto_parse: value_error"),
            (("uploaded_by", LONG), "uploaded_by: string_too_long"),
            (("po_number", LONG), "po_number: string_too_long"),
            (("po_number", "a\0b"), "po_number: value_error"),
            (("category", LONG), "category: string_too_long"),
            (("document_type", LONG), "document_type: string_too_long"),
        ]),
        bad_queries: &[("auto_parse=perhaps", "auto_parse: value_error")],
        ..PLAIN
    },
    Route {
        name: "GET /api/uploads/session/{session_id}/files/{file_id}/download",
        says: "",
        ..PLAIN
    },
    Route {
        name: "DELETE /api/uploads/session/{session_id}/files/{file_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/uploads/po/{po_number}",
        ..LIST
    },
    Route {
        name: "GET /api/uploads/po/{po_number}/files",
        ..LIST
    },
    Route {
        name: "GET /api/uploads/po/{po_number}/stats",
        ..PLAIN
    },
    Route {
        name: "GET /api/uploads/po/upload",
        ..LIST
    },
    Route {
        name: "POST /api/uploads/po/upload",
        body: Body::Form(WRONG_ORDERS),
        bad_queries: &[("revision=perhaps", "revision: value_error")],
        ..PLAIN
    },
    Route {
        name: "GET /uploads/{path}",
        says: "",
        ..PLAIN
    },
];

async fn scene() -> Scene {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let project = app.project("Store").await;
    let admin = app.admin().await;
    let session = admin.post("/api/uploads/session").send().await.expect(200);
    let session = session["session_id"].as_str().unwrap().to_owned();
    let part = Part::bytes(b"a text of this test".to_vec()).file_name("a.txt");
    let file = admin
        .post(format!("/api/uploads/session/{session}/files?po_number=PO%2F1"))
        .form(Form::new().part("file", part))
        .send()
        .await
        .expect(200);
    let name = file["storage_filename"].as_str().unwrap();
    let ids = vec![
        ("project_id", project.to_string()),
        ("path", format!("{session}/{name}")),
        ("session_id", session),
        ("file_id", file["id"].as_str().unwrap().to_owned()),
        ("po_number", "PO%2F1".to_owned()),
    ];
    Scene::new(app, ids)
}

const SUITE: Suite = Suite {
    routes: ROUTES,
    creating: &[],
    prepared: &[],
    uuids: &[],
    opaque: &["session_id", "file_id"],
    texts: &["po_number", "path"],
    without_project: &[],
    scene: || Box::pin(scene()),
};

suite_tests!(SUITE, Area::UploadSessions, 0);
