//! What every route of vendor orders and their lines refuses alike.
//!
//! A new route is one more row of [`ROUTES`].

use crate::{
    coverage::Area,
    support::{
        TestApp,
        faults::{Body, LIST, PLAIN, Route, Scene, Suite, suite_tests},
    },
};

/// Orders that cannot be, and the faults of each.
const BAD_ORDERS: &[(&str, &[&str])] = &[
    (
        r#"{"vendor_id": "x", "po_number": [], "po_date": 5, "po_value": "much", "amount": -1, "due_date": "soon", "description": {},
            "category": 5, "billing_notes": true, "client_po_id": 1.5, "status": "zzz", "work_status": "approved",
            "payment_status": "all", "currency": "USD"}"#,
        &[
            "amount: greater_than_equal",
            "billing_notes: value_error",
            "category: value_error",
            "client_po_id: int_parsing",
            "currency: enum",
            "description: value_error",
            "due_date: date_parsing",
            "payment_status: enum",
            "po_date: date_parsing",
            "po_number: value_error",
            "po_value: decimal_parsing",
            "status: enum",
            "vendor_id: int_parsing",
            "work_status: enum",
        ],
    ),
    (
        r#"{"vendor_id": 999999999, "client_po_id": 999999999}"#,
        &["client_po_id: foreign_key", "vendor_id: foreign_key"],
    ),
    (
        r#"{"po_value": 10000000000000, "category": "\u0000"}"#,
        &["category: value_error", "po_value: less_than_equal"],
    ),
];
const BAD_LINES: &[(&str, &[&str])] = &[
    (
        r#"{"item_name": 5, "quantity": "many", "unit_price": -1, "status": "zzz", "delivery_progress": -1, "vendor_id": "x",
            "client_line_item_id": [], "order_date": "soon"}"#,
        &[
            "client_line_item_id: int_parsing",
            "delivery_progress: greater_than_equal",
            "item_name: value_error",
            "order_date: date_parsing",
            "quantity: decimal_parsing",
            "status: enum",
            "unit_price: greater_than_equal",
            "vendor_id: int_parsing",
        ],
    ),
    (
        r#"{"item_name": "a", "quantity": 99999999999, "unit_price": 99999999999}"#,
        &["quantity: less_than_equal"],
    ),
    (
        r#"{"item_name": "a", "quantity": 1, "unit_price": 1, "vendor_id": 999999999, "client_line_item_id": 999999999}"#,
        &["client_line_item_id: foreign_key", "vendor_id: foreign_key"],
    ),
];
const BAD_FILTERS: &[(&str, &str)] = &[
    ("status=zzz", "status: enum"),
    ("work_status=approved", "work_status: enum"),
    ("payment_status=zzz", "payment_status: enum"),
    ("vendor_id=abc", "vendor_id: int_parsing"),
    ("client_po_id=0", "client_po_id: int_parsing"),
    ("category=%00", "category: value_error"),
    ("search=%00", "search: value_error"),
];
const CHANGE: Body = Body::Json(r#"{"description": "Works {new}"}"#, BAD_ORDERS);
const CHANGED_LINE: Body = Body::Json(r#"{"item_name": "Beam {new}"}"#, BAD_LINES);

const ROUTES: &[Route] = &[
    Route {
        name: "GET /api/projects/{project_id}/vendor-orders",
        bad_queries: BAD_FILTERS,
        ..LIST
    },
    Route {
        name: "POST /api/projects/{project_id}/vendor-orders",
        body: Body::Json(
            r#"{"vendor_id": {vendor_id}, "po_number": "VO-{new}", "po_value": 100}"#,
            BAD_ORDERS,
        ),
        ..PLAIN
    },
    Route {
        name: "POST /api/projects/{project_id}/vendor-orders/bulk",
        body: Body::Json(
            r#"{"orders": [{"vendor_id": {vendor_id}, "po_number": "VO-{new}"}, {}]}"#,
            &[
                ("{}", &["orders: missing"]),
                (r#"{"orders": {}}"#, &["orders: value_error"]),
                (r#"{"orders": []}"#, &["orders: value_error"]),
                (
                    r#"{"orders": [{}, {"vendor_id": "x"}, 5, {"po_value": 1, "amount": 2}]}"#,
                    &[
                        "orders[1].vendor_id: int_parsing",
                        "orders[2]: value_error",
                        "orders[3].amount: value_error",
                    ],
                ),
                (
                    r#"{"orders": [{}, {"vendor_id": 999999999}]}"#,
                    &["orders[1].vendor_id: foreign_key"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "PUT /api/projects/{project_id}/vendor-orders/{vendor_order_id}",
        body: CHANGE,
        ..PLAIN
    },
    Route {
        name: "DELETE /api/projects/{project_id}/vendor-orders/{vendor_order_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-orders",
        bad_queries: &[
            ("status=zzz", "status: enum"),
            ("project_id=abc", "project_id: int_parsing"),
            ("vendor_id=-1", "vendor_id: int_parsing"),
        ],
        ..LIST
    },
    Route {
        name: "POST /api/vendor-orders",
        body: Body::Json(
            r#"{"vendor_id": {vendor_id}, "po_number": "VO-{new}", "po_value": 100}"#,
            BAD_ORDERS,
        ),
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-orders/search",
        query: "query=VO",
        bad_queries: &[
            ("query=", "query: string_too_short"),
            ("query=%00", "query: value_error"),
            ("work_status=zzz", "work_status: enum"),
            ("project_id=abc", "project_id: int_parsing"),
        ],
        ..LIST
    },
    Route {
        name: "GET /api/vendor-orders/by-category/{cat}/line-items",
        bad_queries: &[("project_id=abc", "project_id: int_parsing")],
        ..LIST
    },
    Route {
        name: "GET /api/vendor-orders/{vendor_order_id}",
        ..PLAIN
    },
    Route {
        name: "DELETE /api/vendor-orders/{vendor_order_id}",
        ..PLAIN
    },
    Route {
        name: "PUT /api/vendor-orders/{vendor_order_id}/status",
        body: Body::Json(
            r#"{"work_status": "completed"}"#,
            &[
                (
                    r#"{"status": 5, "work_status": "approved", "payment_status": [], "client_po_id": "x"}"#,
                    &[
                        "client_po_id: int_parsing",
                        "payment_status: enum",
                        "status: enum",
                        "work_status: enum",
                    ],
                ),
                (r#"{"client_po_id": 999999999}"#, &["client_po_id: foreign_key"]),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-orders/{vendor_order_id}/history",
        ..LIST
    },
    Route {
        name: "GET /api/vendor-orders/{vendor_order_id}/line-items",
        ..LIST
    },
    Route {
        name: "POST /api/vendor-orders/{vendor_order_id}/line-items",
        body: Body::Json(
            r#"{"item_name": "Beam", "quantity": 2, "unit_price": 5}"#,
            BAD_LINES,
        ),
        ..PLAIN
    },
    Route {
        name: "PUT /api/vendor-orders/line-items/{item_id}",
        body: CHANGED_LINE,
        ..PLAIN
    },
    Route {
        name: "DELETE /api/vendor-orders/line-items/{item_id}",
        ..PLAIN
    },
    Route {
        name: "PUT /api/vendor-line-items/{item_id}",
        body: CHANGED_LINE,
        ..PLAIN
    },
    Route {
        name: "DELETE /api/vendor-line-items/{item_id}",
        ..PLAIN
    },
];

async fn scene() -> Scene {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let project = app.project("Store").await;
    let order = app.vendor_order(project, "100", "pending").await;
    let line: i64 = app
        .value(
            r#"
            INSERT INTO "Finances".vendor_order_line_item (vendor_order_id, item_name, quantity, unit_price, total_price)
            SELECT min(id), 'Cabling works', 1, 10, 10 FROM "Finances".vendor_order
            RETURNING id
            "#,
        )
        .await;
    let vendor: i64 = app.value(r#"SELECT min(id) FROM "Finances".vendor"#).await;
    let ids = [
        ("project_id", project.to_string()),
        ("vendor_id", vendor.to_string()),
        ("vendor_order_id", order.to_string()),
        ("item_id", line.to_string()),
        ("cat", "Civil".to_owned()),
    ];
    Scene::new(app, ids.into())
}

const SUITE: Suite = Suite {
    routes: ROUTES,
    creating: &[],
    prepared: &[],
    uuids: &[],
    opaque: &[],
    texts: &["cat"],
    without_project: &[
        "PUT /api/projects/{project_id}/vendor-orders/{vendor_order_id}",
        "DELETE /api/projects/{project_id}/vendor-orders/{vendor_order_id}",
    ],
    scene: || Box::pin(scene()),
};

suite_tests!(SUITE, Area::VendorOrders, 2);
