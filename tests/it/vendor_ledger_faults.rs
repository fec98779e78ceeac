//! What every route of the vendors' ledger and of payment links refuses alike.
//!
//! A new route is one more row of [`ROUTES`].

use serde_json::json;

use crate::{
    coverage::Area,
    support::{
        TestApp,
        faults::{Body, LIST, PLAIN, Route, Scene, Suite, suite_tests},
        vendor_rows::{Order, advance, vendor},
    },
};

const BAD_STATUS: &[(&str, &str)] = &[
    ("status=paid", "status: enum"),
    ("status=cleared,zzz", "status: enum"),
];
const PAYMENT: &str = r#"{"amount": 1, "payment_date": "2026-02-17", "vendor_order_id": {vendor_order_id}}"#;

/// What no payment can say of itself, wherever it is recorded.
macro_rules! wrong_payments {
    ($($own:expr),* $(,)?) => {
        &[
            (
                r#"{"vendor_order_id": 1, "amount": "much", "payment_date": 5, "payment_mode": "barter", "status": "paid",
                    "reference_number": [], "notes": {}, "vendor_id": "x"}"#,
                &[
                    "amount: decimal_parsing",
                    "notes: value_error",
                    "payment_date: date_parsing",
                    "payment_mode: enum",
                    "reference_number: value_error",
                    "status: enum",
                    "vendor_id: int_parsing",
                ],
            ),
            (
                r#"{"vendor_order_id": 1, "amount": 0, "payment_date": "2026-02-30", "status": "reconciled"}"#,
                &["amount: greater_than", "payment_date: date_parsing", "status: enum"],
            ),
            (
                r#"{"vendor_order_id": 1, "payment_amount": -0.01, "date": "2026-02-17"}"#,
                &["amount: greater_than"],
            ),
            (
                r#"{"vendor_order_id": 1, "amount": "9999999999999.995", "payment_date": "2026-02-17"}"#,
                &["amount: less_than_equal"],
            ),
            (
                r#"{"vendor_order_id": 1, "amount": 0.004, "payment_date": "2026-02-17"}"#,
                &["amount: greater_than"],
            ),
            (
                r#"{"vendor_order_id": 1, "amount": 1, "payment_date": "2026-02-17", "notes": "a\u0000b",
                    "reference": "12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"}"#,
                &["notes: value_error", "reference_number: string_too_long"],
            ),
            (
                r#"{"vendor_order_id": {vendor_order_id}, "amount": 1, "payment_date": "2099-01-01"}"#,
                &["payment_date: less_than_equal"],
            ),
            (
                r#"{"vendor_order_id": {vendor_order_id}, "amount": 1, "payment_date": "2026-02-17", "vendor_id": 99999999999999999999}"#,
                &["vendor_id: int_parsing"],
            ),
            $($own),*
        ]
    };
}

const ROUTES: &[Route] = &[
    Route {
        name: "GET /api/vendor-payments",
        bad_queries: &[
            ("status=paid", "status: enum"),
            ("vendor_id=abc", "vendor_id: int_parsing"),
            ("vendor_order_id=0", "vendor_order_id: int_parsing"),
            ("project_id=-1", "project_id: int_parsing"),
            ("payment_date_from=tomorrow", "payment_date_from: date_parsing"),
            ("payment_date_to=2026-02-30", "payment_date_to: date_parsing"),
            (
                "payment_date_from=2026-02-02&payment_date_to=2026-02-01",
                "payment_date_to: greater_than_equal",
            ),
            ("min_amount=much", "min_amount: decimal_parsing"),
            ("max_amount=-1", "max_amount: greater_than_equal"),
            ("min_amount=2&max_amount=1", "max_amount: greater_than_equal"),
            ("vendor_order_id=999999999", "vendor_order_id: foreign_key"),
        ],
        ..LIST
    },
    Route {
        name: "POST /api/vendor-payments",
        body: Body::Json(
            PAYMENT,
            wrong_payments![
                (
                    "{}",
                    &["amount: missing", "payment_date: missing", "vendor_id: missing"]
                ),
                (
                    r#"{"vendor_id": "", "vendor_order_id": null, "project_id": true, "amount": 1, "payment_date": "2026-02-17"}"#,
                    &["project_id: int_parsing", "vendor_id: missing"],
                ),
                (
                    r#"{"vendor_order_id": 999999999, "project_id": 999999999, "amount": 1, "payment_date": "2026-02-17"}"#,
                    &["project_id: foreign_key", "vendor_order_id: foreign_key"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-payments/{payment_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-payments/{payment_id}/history",
        ..LIST
    },
    Route {
        name: "PUT /api/vendor-payments/{payment_id}",
        body: Body::Json(
            r#"{"notes": "x"}"#,
            &[
                (
                    r#"{"amount": [], "payment_date": "soon", "method": 5, "status": "", "vendor_id": -1, "vendor_order_id": 1.5,
                        "reference": 7, "notes": 7}"#,
                    &[
                        "amount: decimal_parsing",
                        "notes: value_error",
                        "payment_date: date_parsing",
                        "payment_mode: enum",
                        "reference_number: value_error",
                        "vendor_id: int_parsing",
                        "vendor_order_id: int_parsing",
                    ],
                ),
                (r#"{"amount": 0}"#, &["amount: greater_than"]),
                (
                    r#"{"payment_date": "2099-01-01"}"#,
                    &["payment_date: less_than_equal"],
                ),
                (
                    r#"{"vendor_order_id": 999999999}"#,
                    &["vendor_order_id: foreign_key"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "DELETE /api/vendor-payments/{payment_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-orders/{vendor_order_id}/payments",
        bad_queries: BAD_STATUS,
        ..LIST
    },
    Route {
        name: "POST /api/vendor-orders/{vendor_order_id}/payments",
        body: Body::Json(
            PAYMENT,
            wrong_payments![("{}", &["amount: missing", "payment_date: missing"])],
        ),
        ..PLAIN
    },
    Route {
        name: "GET /api/projects/{project_id}/vendor-payments",
        bad_queries: BAD_STATUS,
        ..LIST
    },
    Route {
        name: "POST /api/projects/{project_id}/vendor-payments",
        body: Body::Json(
            PAYMENT,
            wrong_payments![
                (
                    r#"{"vendor_order_id": " "}"#,
                    &[
                        "amount: missing",
                        "payment_date: missing",
                        "vendor_order_id: missing"
                    ],
                ),
                (
                    r#"{"vendor_order_id": 999999999, "amount": 1, "payment_date": "2026-02-17"}"#,
                    &["vendor_order_id: foreign_key"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "POST /api/vendor-orders/{vendor_order_id}/link-payment",
        body: Body::Json(
            r#"{"link_type": "outgoing", "vendor_payment_id": {advance}}"#,
            &[
                ("{}", &["link_type: missing", "payment_id: missing"]),
                (
                    r#"{"link_type": "sideways", "payment_id": [], "amount": "much"}"#,
                    &[
                        "amount: decimal_parsing",
                        "link_type: enum",
                        "payment_id: int_parsing",
                    ],
                ),
                (
                    r#"{"link_type": "outgoing", "payment_id": "5", "vendor_payment_id": 5, "amount": 0}"#,
                    &["amount: greater_than", "vendor_payment_id: value_error"],
                ),
                (
                    r#"{"link_type": "incoming", "vendor_payment_id": 5}"#,
                    &["link_type: value_error"],
                ),
                (
                    r#"{"link_type": 1, "vendor_payment_id": "x", "amount": -1}"#,
                    &[
                        "amount: greater_than",
                        "link_type: enum",
                        "vendor_payment_id: int_parsing",
                    ],
                ),
                (
                    r#"{"link_type": "incoming", "payment_id": 0}"#,
                    &["payment_id: int_parsing"],
                ),
                (
                    r#"{"link_type": "incoming", "payment_id": "a\u0000b"}"#,
                    &["payment_id: value_error"],
                ),
                (
                    r#"{"link_type": "incoming", "payment_id": "nobody's"}"#,
                    &["payment_id: foreign_key"],
                ),
                (
                    r#"{"link_type": "outgoing", "vendor_payment_id": 999999999}"#,
                    &["vendor_payment_id: foreign_key"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-orders/{vendor_order_id}/linked-payments",
        ..LIST
    },
    Route {
        name: "GET /api/vendor-orders/{vendor_order_id}/payment-summary",
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-orders/{vendor_order_id}/profit-analysis",
        ..PLAIN
    },
    Route {
        name: "DELETE /api/vendor-orders/{vendor_order_id}/payments/{payment_id}",
        bad_queries: &[("source=nobody", "source: enum")],
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-payment-links",
        bad_queries: &[
            ("vendor_order_id=abc", "vendor_order_id: int_parsing"),
            ("payment_id=0", "payment_id: int_parsing"),
            ("vendor_payment_id=-1", "vendor_payment_id: int_parsing"),
            ("vendor_id=1.5", "vendor_id: int_parsing"),
            ("project_id=x", "project_id: int_parsing"),
            ("link_type=sideways", "link_type: enum"),
            ("payment_id=999999999", "payment_id: foreign_key"),
        ],
        ..LIST
    },
];

/// A project with an order, to which a part of an advance is linked, and another advance that is free.
async fn scene() -> Scene {
    let app = TestApp::start().await;
    let project = app.project("Site A").await;
    let steel = vendor(&app, "Example Steel").await;
    let order = Order::over("1000").of(steel).project(project).insert(&app).await;
    let linked = advance(&app, steel, "100", "pending").await;
    let free = advance(&app, steel, "100", "pending").await;
    let link = json!({"link_type": "outgoing", "vendor_payment_id": linked, "amount": 50});
    let editor = app.editor().await;
    editor
        .post(format!("/api/vendor-orders/{order}/link-payment"))
        .json(&link)
        .send()
        .await
        .expect(200);
    let ids = [
        ("project_id", project),
        ("vendor_order_id", order),
        ("payment_id", linked),
        ("advance", free),
    ];
    Scene::new(app, ids.map(|(name, id)| (name, id.to_string())).into())
}

const SUITE: Suite = Suite {
    routes: ROUTES,
    creating: &[],
    prepared: &[(
        "DELETE /api/vendor-payments/{payment_id}",
        r#"DELETE FROM "Finances".payment_vendor_link"#,
    )],
    uuids: &[],
    opaque: &[],
    texts: &[],
    without_project: &[],
    scene: || Box::pin(scene()),
};

suite_tests!(SUITE, Area::Ledger, 1);

/// The largest amounts that columns hold, together more than one could hold.
#[tokio::test]
async fn no_sum_is_too_large_for_an_answer() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;
    let order = Order::over("1000").project(project).insert(&app).await;
    for _ in 0..12 {
        let body = json!({"amount": "9999999999999.99", "payment_date": "2026-02-17", "status": "cleared"});
        let path = format!("/api/vendor-orders/{order}/payments");
        editor.post(path).json(&body).send().await.expect(200);
    }
    for path in [
        "payments",
        "payment-summary",
        "profit-analysis",
        "linked-payments",
    ] {
        let reply = editor
            .get(format!("/api/vendor-orders/{order}/{path}"))
            .send()
            .await;
        reply.expect(200);
    }
    for path in [
        "/api/vendor-payments".to_owned(),
        format!("/api/projects/{project}/vendor-payments"),
    ] {
        let total = editor.get(path).send().await.expect(200)["total_paid"].clone();
        assert_eq!(total.to_string(), "119999999999999.88");
    }
    app.expect_kept_totals_as_recounted().await;
}
