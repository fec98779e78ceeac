//! What every route of bills, their lines and the summaries of them refuses alike.
//!
//! A new route is one more row of [`ROUTES`].

use crate::{
    coverage::Area,
    support::{
        TestApp,
        faults::{Body, LIST, PLAIN, Route, Scene, Suite, suite_tests},
    },
};

const BILL_CHANGE: Body = Body::Json(
    r#"{"billed_value": "100.50", "billing_notes": "as agreed {new}"}"#,
    &[
        (
            r#"{"billed_value": "much", "billed_gst": -1, "billing_notes": [], "po_number": "", "status": 5,
                "revises_id": "{project_id}"}"#,
            &[
                "billed_gst: greater_than_equal",
                "billed_value: decimal_parsing",
                "billing_notes: value_error",
                "po_number: string_too_short",
                "revises_id: uuid_parsing",
                "status: value_error",
            ],
        ),
        (
            r#"{"amount": 10000000000000, "description": "\u0000", "billed_gst": true}"#,
            &[
                "billed_gst: decimal_parsing",
                "billed_value: less_than_equal",
                "billing_notes: value_error",
            ],
        ),
        (
            r#"{"billed_value": 9999999999999.99, "billed_gst": "0.01"}"#,
            &["billed_gst: less_than_equal"],
        ),
        (
            r#"{"revises_id": "0f9b6a71-d4c8-4253-8a90-bf1c6de84372"}"#,
            &["revises_id: foreign_key"],
        ),
        (
            r#"{"revises_id": "{billing_po_id}"}"#,
            &["revises_id: value_error"],
        ),
    ],
);

const ROUTES: &[Route] = &[
    Route {
        name: "GET /api/projects/{project_id}/billing-po",
        bad_queries: &[
            ("status=zzz", "status: enum"),
            ("counted=perhaps", "counted: value_error"),
            ("sort=billed_value", "sort: enum"),
        ],
        ..LIST
    },
    Route {
        name: "POST /api/projects/{project_id}/billing-po",
        body: Body::Json(
            r#"{"billed_value": 100, "billed_gst": 18, "po_number": "RA-{new}"}"#,
            &[
                ("{}", &["billed_value: missing"]),
                (
                    r#"{"billed_value": [], "billed_gst": {}, "client_po_id": "x", "billing_notes": 5, "po_number": true,
                        "status": [], "revises_id": "x"}"#,
                    &[
                        "billed_gst: decimal_parsing",
                        "billed_value: decimal_parsing",
                        "billing_notes: value_error",
                        "client_po_id: int_parsing",
                        "po_number: value_error",
                        "revises_id: uuid_parsing",
                        "status: value_error",
                    ],
                ),
                (
                    r#"{"amount": -0.01, "billed_gst": "NaN", "client_po_id": 0}"#,
                    &[
                        "billed_gst: decimal_parsing",
                        "billed_value: greater_than_equal",
                        "client_po_id: int_parsing",
                    ],
                ),
                (
                    r#"{"billed_value": 5000000000000, "billed_gst": 5000000000000}"#,
                    &["billed_gst: less_than_equal"],
                ),
                (
                    r#"{"billed_value": 1, "client_po_id": 999999999, "revises_id": "0f9b6a71-d4c8-4253-8a90-bf1c6de84372"}"#,
                    &["client_po_id: foreign_key", "revises_id: foreign_key"],
                ),
                (
                    r#"{"billed_value": 1, "client_po_id": 99999999999999999999}"#,
                    &["client_po_id: int_parsing"],
                ),
                (
                    r#"{"billed_value": 1, "po_number": "12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"}"#,
                    &["po_number: string_too_long"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "PUT /api/projects/{project_id}/billing-po/{billing_po_id}",
        body: BILL_CHANGE,
        ..PLAIN
    },
    Route {
        name: "GET /api/billing-po/{billing_po_id}",
        ..PLAIN
    },
    Route {
        name: "PUT /api/billing-po/{billing_po_id}",
        body: BILL_CHANGE,
        ..PLAIN
    },
    Route {
        name: "DELETE /api/billing-po/{billing_po_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/billing-po/{billing_po_id}/history",
        ..LIST
    },
    Route {
        name: "GET /api/billing-po/{billing_po_id}/line-items",
        ..LIST
    },
    Route {
        name: "POST /api/billing-po/{billing_po_id}/line-items",
        body: Body::Json(
            r#"{"description": "Cabling works", "qty": 2, "rate": "33.335"}"#,
            &[
                ("{}", &["description: missing", "qty: missing", "rate: missing"]),
                (
                    r#"{"item_description": 5, "quantity": "many", "unit_price": "much"}"#,
                    &[
                        "description: value_error",
                        "qty: decimal_parsing",
                        "rate: decimal_parsing",
                    ],
                ),
                (
                    r#"{"description": " ", "qty": 0, "rate": -0.0001}"#,
                    &[
                        "description: string_too_short",
                        "qty: greater_than",
                        "rate: greater_than_equal",
                    ],
                ),
                (
                    r#"{"description": "a\u0000", "qty": 100000000000, "rate": 100000000000}"#,
                    &[
                        "description: value_error",
                        "qty: less_than_equal",
                        "rate: less_than_equal",
                    ],
                ),
                (
                    r#"{"description": [], "qty": 1000, "rate": 10000000000}"#,
                    &["description: value_error", "qty: less_than_equal"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "DELETE /api/billing-po/{billing_po_id}/line-items/{line_item_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/projects/{project_id}/billing-summary",
        ..PLAIN
    },
    Route {
        name: "GET /api/projects/{project_id}/billing-pl-analysis",
        ..PLAIN
    },
    Route {
        name: "GET /api/projects/{project_id}/pl-analysis",
        ..PLAIN
    },
    // After the others, to which it closes the bill.
    Route {
        name: "POST /api/billing-po/{billing_po_id}/approve",
        body: Body::Json(
            r#"{"notes": "as agreed"}"#,
            &[
                (r#"{"notes": 5}"#, &["notes: value_error"]),
                (r#"{"notes": ["\u0000"]}"#, &["notes: value_error"]),
            ],
        ),
        ..PLAIN
    },
];

async fn scene() -> Scene {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let project = app.project("Store").await;
    app.client_po().project(project).number("PO-1").insert().await;
    let bill: String = app
        .value(
            r#"
            INSERT INTO "Finances".billing_po (client_po_id, project_id, po_number, billed_value, billed_total, status)
            VALUES (1, 1, 'PO-1', 100, 100, 'DRAFT')
            RETURNING id::text
            "#,
        )
        .await;
    let line: String = app
        .value(
            r#"
            INSERT INTO "Finances".billing_po_line_item (billing_po_id, description, qty, rate, total)
            SELECT id, 'Cabling works', 1, 10, 10 FROM "Finances".billing_po
            RETURNING id::text
            "#,
        )
        .await;
    let ids = [
        ("project_id", project.to_string()),
        ("billing_po_id", bill),
        ("line_item_id", line),
    ];
    Scene::new(app, ids.into())
}

const SUITE: Suite = Suite {
    routes: ROUTES,
    creating: &[],
    prepared: &[(
        "POST /api/billing-po/{billing_po_id}/approve",
        r#"UPDATE "Finances".billing_po SET status = 'FINAL'"#,
    )],
    uuids: &["billing_po_id", "line_item_id"],
    opaque: &[],
    texts: &[],
    without_project: &[],
    scene: || Box::pin(scene()),
};

suite_tests!(SUITE, Area::Billing, 2);
