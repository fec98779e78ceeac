//! What every route of vendors, and of what a project ordered from them, refuses alike.
//!
//! A new route is one more row of [`ROUTES`].

use crate::{
    coverage::Area,
    support::{
        TestApp,
        faults::{Body, LIST, PLAIN, Route, Scene, Suite, suite_tests},
    },
};

const ROUTES: &[Route] = &[
    Route {
        name: "GET /api/vendors",
        bad_queries: &[
            ("status=gone", "status: enum"),
            ("name=%00", "name: value_error"),
            ("search=a%00b", "search: value_error"),
            ("gstin=123456789012345678901", "gstin: string_too_long"),
        ],
        ..LIST
    },
    Route {
        name: "POST /api/vendors",
        body: Body::Json(
            r#"{"name": "Example Works {new} Ltd", "status": "Active", "rate_configuration": [{"item": "Beam", "rate": 85.50}]}"#,
            &[
                ("{}", &["name: missing"]),
                (
                    r#"{"vendor_name": 5, "contact_person": {}, "email": "nobody", "phone": 5, "address": [], "gst_number": "x",
                        "vendor_code": 1, "city": 1, "state": 1, "country": 1, "pincode": 411001, "payment_terms": 30,
                        "status": 5, "master_type": 1, "rate_configuration": "all"}"#,
                    &[
                        "address: value_error",
                        "city: value_error",
                        "contact_person: value_error",
                        "country: value_error",
                        "email: value_error",
                        "gstin: value_error",
                        "master_type: value_error",
                        "name: value_error",
                        "payment_terms: value_error",
                        "phone: value_error",
                        "pincode: value_error",
                        "rate_configuration: value_error",
                        "state: value_error",
                        "status: enum",
                        "vendor_code: value_error",
                    ],
                ),
                (
                    r#"{"name": "N", "status": "blocked", "rate_configuration": [[]]}"#,
                    &["rate_configuration: value_error", "status: enum"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "GET /api/vendors/{vendor_id}",
        ..PLAIN
    },
    Route {
        name: "PUT /api/vendors/{vendor_id}",
        body: Body::Json(
            r#"{"name": "Example Works {new} Ltd"}"#,
            &[
                (r#"{"name": " "}"#, &["name: string_too_short"]),
                (
                    r#"{"name": [], "email": "a@", "gstin": 5, "status": "blocked", "rate_configuration": {}}"#,
                    &[
                        "email: value_error",
                        "gstin: value_error",
                        "name: value_error",
                        "rate_configuration: value_error",
                        "status: enum",
                    ],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "DELETE /api/vendors/{vendor_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/vendors/{vendor_id}/details",
        ..PLAIN
    },
    Route {
        name: "GET /api/vendors/{vendor_id}/orders",
        bad_queries: &[
            ("status=gone", "status: enum"),
            ("work_status=approved", "work_status: enum"),
            ("project_id=abc", "project_id: int_parsing"),
            ("project_id=0", "project_id: int_parsing"),
        ],
        ..LIST
    },
    Route {
        name: "GET /api/vendors/{vendor_id}/payment-stats",
        ..PLAIN
    },
    Route {
        name: "GET /api/vendors/{vendor_id}/payment-summary",
        ..PLAIN
    },
    Route {
        name: "GET /api/vendors/{vendor_id}/payments",
        bad_queries: &[
            ("status=gone", "status: enum"),
            ("status=cleared,gone", "status: enum"),
        ],
        ..LIST
    },
    Route {
        name: "GET /api/projects/{project_id}/vendor-summary",
        ..PLAIN
    },
];

async fn scene() -> Scene {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let project = app.project("Store").await;
    let vendor: i64 = app
        .value(r#"INSERT INTO "Finances".vendor (name) VALUES ('Example Works Pvt Ltd') RETURNING id"#)
        .await;
    let ids = [
        ("project_id", project.to_string()),
        ("vendor_id", vendor.to_string()),
    ];
    Scene::new(app, ids.into())
}

const SUITE: Suite = Suite {
    routes: ROUTES,
    creating: &[],
    prepared: &[],
    uuids: &[],
    opaque: &[],
    texts: &[],
    without_project: &[],
    scene: || Box::pin(scene()),
};

suite_tests!(SUITE, Area::Vendors, 1);
