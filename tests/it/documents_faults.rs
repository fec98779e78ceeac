//! What the routes of documents refuse alike; see `support::faults`.

use reqwest::multipart::{Form, Part};

use crate::{
    coverage::Area,
    support::{
        TestApp,
        faults::{Body, LIST, PLAIN, Route, Scene, Suite, suite_tests},
    },
};

const ROUTES: &[Route] = &[
    Route {
        name: "GET /api/documents",
        bad_queries: &[
            ("project_id=x", "project_id: int_parsing"),
            ("client_po_id=0", "client_po_id: int_parsing"),
            ("document_type=a%00b", "document_type: value_error"),
        ],
        ..LIST
    },
    Route {
        name: "POST /api/documents",
        body: Body::Json(
            r#"{"po_id": {client_po_id}, "document_type": "INVOICE", "file_size": 102400,
                "file_hash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}"#,
            &[
                (
                    "{}",
                    &[
                        "document_type: missing",
                        "file_hash: missing",
                        "project_id: missing",
                    ],
                ),
                (
                    r#"{"po_id": "x", "project_id": 1.5, "document_type": [], "document_number": 5, "document_date": "soon",
                        "file_path": {}, "file_size": -1, "file_hash": "xyz"}"#,
                    &[
                        "document_date: date_parsing",
                        "document_number: value_error",
                        "document_type: value_error",
                        "file_hash: value_error",
                        "file_path: value_error",
                        "file_size: greater_than_equal",
                        "po_id: int_parsing",
                        "project_id: int_parsing",
                    ],
                ),
                (
                    r#"{"po_id": 99, "document_type": "INVOICE",
                        "file_hash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}"#,
                    &["po_id: foreign_key"],
                ),
                (
                    r#"{"project_id": 99, "document_type": "INVOICE",
                        "file_hash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}"#,
                    &["project_id: foreign_key"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "POST /api/documents/upload",
        query: "project_id=1",
        body: Body::Form(&[
            (("project_id", "x"), "project_id: int_parsing"),
            (("project_id", "99"), "project_id: foreign_key"),
            (("client_po_id", "x"), "client_po_id: int_parsing"),
            (("client_po_id", "99"), "client_po_id: foreign_key"),
            (("po_number", "nobody's"), "po_number: foreign_key"),
            (("document_type", "a\0b"), "document_type: value_error"),
        ]),
        ..PLAIN
    },
    Route {
        name: "GET /api/documents/download/{doc_id}",
        says: "",
        bad_queries: &[("format=tar", "format: enum")],
        ..PLAIN
    },
    Route {
        name: "GET /api/documents/po/{client_po_id}",
        ..LIST
    },
    Route {
        name: "GET /api/documents/project/{project_id}",
        ..LIST
    },
    Route {
        name: "GET /api/documents/{doc_id}",
        ..PLAIN
    },
    Route {
        name: "DELETE /api/documents/{doc_id}",
        ..PLAIN
    },
];

async fn scene() -> Scene {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let project = app.project("Store").await;
    let po = app.client_po().project(project).number("PO-1").insert().await;
    let part = Part::bytes(b"%PDF-1.7\n%%EOF\n".to_vec()).file_name("a.pdf");
    let document = app
        .admin()
        .await
        .post(format!("/api/client-po/{po}/files"))
        .form(Form::new().part("file", part))
        .send()
        .await
        .expect(200)["file"]["id"]
        .as_i64()
        .unwrap();
    let ids = [
        ("project_id", project),
        ("client_po_id", po),
        ("doc_id", document),
    ];
    let ids = ids.map(|(name, id)| (name, id.to_string()));
    Scene::new(app, ids.into())
}

const SUITE: Suite = Suite {
    routes: ROUTES,
    creating: &[],
    prepared: &[],
    uuids: &[],
    texts: &[],
    without_project: &[],
    scene: || Box::pin(scene()),
};

suite_tests!(SUITE, Area::Documents, 0);
