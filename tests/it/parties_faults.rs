//! What the routes of proforma invoices and of Bajaj's orders refuse alike; see `support::faults`.

use crate::{
    coverage::Area,
    support::{
        TestApp,
        faults::{Body, LIST, PLAIN, Route, Scene, Suite, suite_tests},
        workbooks::{BajajWorkbook, ProformaWorkbook},
    },
};

const INVOICE: Body = Body::Json(
    r#"{"invoice_number": "PFI-{new}", "amount": 1000, "items": [{"description": "Cabling works", "quantity": 2, "unit_price": 500}]}"#,
    &[
        ("{}", &["invoice_number: missing"]),
        (
            r#"{"invoice_number": 5, "invoice_date": "10-02-2026", "client_id": "x", "project_id": 0, "vendor_id": -1,
                "vendor_name": [], "vendor_address": {}, "amount": "much", "currency": "USD", "items": "all"}"#,
            &[
                "amount: decimal_parsing",
                "client_id: int_parsing",
                "currency: enum",
                "invoice_date: date_parsing",
                "invoice_number: value_error",
                "items: value_error",
                "project_id: int_parsing",
                "vendor_address: value_error",
                "vendor_id: int_parsing",
                "vendor_name: value_error",
            ],
        ),
        (
            r#"{"pi_number": "A\u0000B", "pi_date": "2026-02-31", "items": [{}, 5, {"description": "x", "quantity": 0, "unit_price": -1},
                {"description": "x", "quantity": 2, "unit_price": 5, "total": 10.02}, {"description": "x", "quantity": 1, "total": "y"}]}"#,
            &[
                "invoice_date: date_parsing",
                "invoice_number: value_error",
                "items[0].item_name: missing",
                "items[0].quantity: missing",
                "items[0].unit_price: missing",
                "items[1]: value_error",
                "items[2].quantity: greater_than",
                "items[2].unit_price: greater_than_equal",
                "items[3].total: value_error",
                "items[4].total: decimal_parsing",
            ],
        ),
        (
            r#"{"invoice_number": "P", "amount": 1000.02, "items": [{"description": "x", "quantity": 2, "unit_price": 500}]}"#,
            &["amount: value_error"],
        ),
        (r#"{"invoice_number": "P", "items": []}"#, &["amount: missing"]),
        (
            r#"{"invoice_number": "P", "amount": 1, "client_id": 99, "project_id": 99, "vendor_id": 99}"#,
            &[
                "client_id: foreign_key",
                "project_id: foreign_key",
                "vendor_id: foreign_key",
            ],
        ),
        // The project of the scene is Bajaj's.
        (
            r#"{"invoice_number": "P", "amount": 1, "project_id": {project_id}}"#,
            &["project_id: value_error"],
        ),
    ],
);

const INVOICES: Route = Route {
    name: "GET /api/proforma-invoice",
    bad_queries: &[
        ("client_id=x", "client_id: int_parsing"),
        ("project_id=0", "project_id: int_parsing"),
    ],
    ..LIST
};

const BAD_OWNERS: &[((&str, &str), &str)] = &[
    (("client_id", "x"), "client_id: int_parsing"),
    (("client_id", "99"), "client_id: foreign_key"),
    (("project_id", "-1"), "project_id: int_parsing"),
    (("project_id", "99"), "project_id: foreign_key"),
];

const ROUTES: &[Route] = &[
    INVOICES,
    Route {
        name: "GET /api/proforma-invoices",
        ..INVOICES
    },
    Route {
        name: "POST /api/proforma-invoice",
        body: INVOICE,
        ..PLAIN
    },
    Route {
        name: "POST /api/proforma-invoices",
        body: INVOICE,
        ..PLAIN
    },
    Route {
        name: "GET /api/proforma-invoice/validate/{client_po_id}",
        says: "VALID",
        ..PLAIN
    },
    Route {
        name: "POST /api/proforma-invoice/upload",
        query: "client_id=2",
        body: Body::Form(&[
            (("client_id", "x"), "client_id: int_parsing"),
            (("client_id", "99"), "client_id: foreign_key"),
            (("project_id", "-1"), "project_id: int_parsing"),
            (("project_id", "99"), "project_id: foreign_key"),
            (("project_id", "1"), "project_id: value_error"),
            (("project_name", "STORE"), "project_name: value_error"),
            (("project_name", "a\0b"), "project_name: value_error"),
            (("revision", "perhaps"), "revision: value_error"),
        ]),
        ..PLAIN
    },
    Route {
        name: "POST /api/proforma-invoice/bulk",
        body: Body::Files(|| ProformaWorkbook::sample().xlsx(), BAD_OWNERS),
        ..PLAIN
    },
    Route {
        name: "POST /api/bajaj-po/bulk",
        body: Body::Files(|| BajajWorkbook::sample().xlsx(), BAD_OWNERS),
        ..PLAIN
    },
    Route {
        name: "GET /api/bajaj-po",
        bad_queries: &[
            ("project_id=abc", "project_id: int_parsing"),
            ("status=gone", "status: enum"),
            ("payment_status=never", "payment_status: enum"),
            ("date_from=2026-02-30", "date_from: date_parsing"),
        ],
        ..LIST
    },
    Route {
        name: "POST /api/bajaj-po",
        body: Body::Json(
            r#"{"po_number": "B-{new}", "po_value": 3000, "items": [{"description": "Cabling works", "quantity": 2, "unit_price": 1500}]}"#,
            &[
                ("{}", &["po_number: missing"]),
                (
                    r#"{"po_number": "", "po_date": 5, "vendor_id": "x", "po_value": -1, "currency": "EUR", "items": {},
                        "delivery_date": 5, "payment_terms": [], "project_id": 1.5}"#,
                    &[
                        "currency: enum",
                        "delivery_date: value_error",
                        "items: value_error",
                        "payment_terms: value_error",
                        "po_date: date_parsing",
                        "po_number: string_too_short",
                        "po_value: greater_than_equal",
                        "project_id: int_parsing",
                        "vendor_id: int_parsing",
                    ],
                ),
                (
                    r#"{"po_number": "B", "po_value": 10.01, "items": [{"description": "x", "quantity": 1, "unit_price": 10}]}"#,
                    &["po_value: value_error"],
                ),
                (
                    r#"{"po_number": "B", "vendor_id": 99, "project_id": 99}"#,
                    &["project_id: foreign_key", "vendor_id: foreign_key"],
                ),
            ],
        ),
        ..PLAIN
    },
];

/// Files that became POs may do so once more.
const FORGET: &str = r#"
    UPDATE "Finances".upload_file SET metadata = metadata - 'po_id';
    UPDATE "Finances".client_po SET po_number = NULL, pi_number = NULL;
"#;

async fn scene() -> Scene {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let project = app.project("Store").await;
    let po = app.client_po().stated("0", "0").insert().await;
    let ids = [
        ("project_id", project.to_string()),
        ("client_po_id", po.to_string()),
    ];
    Scene::new(app, ids.into())
}

const SUITE: Suite = Suite {
    routes: ROUTES,
    creating: &[],
    prepared: &[
        ("POST /api/proforma-invoice/upload", FORGET),
        ("POST /api/proforma-invoice/bulk", FORGET),
    ],
    uuids: &[],
    texts: &[],
    without_project: &[],
    scene: || Box::pin(scene()),
};

suite_tests!(SUITE, Area::Parties, 0);
