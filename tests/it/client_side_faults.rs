//! What every route of the clients' side refuses alike: a caller who may not, an id that is none or nobody's, a body and a
//! query that make no sense. What is refused leaves no row changed, in whatever table.
//!
//! A new route is one more row of [`ROUTES`].

use crate::{
    coverage::Area,
    support::{
        TestApp,
        faults::{Body, LIST, PLAIN, Route, Scene, Suite, suite_tests},
    },
};

const BAD_PO_FILTERS: &[(&str, &str)] = &[
    ("status=zzz", "status: enum"),
    ("payment_status=zzz", "payment_status: enum"),
    ("client_id=abc", "client_id: int_parsing"),
    ("project_id=0", "project_id: int_parsing"),
    ("date_from=yesterday", "date_from: date_parsing"),
    ("date_to=2026-02-30", "date_to: date_parsing"),
];
const BAD_PAYMENT_FILTERS: &[(&str, &str)] = &[
    ("kind=zzz", "kind: enum"),
    ("status=zzz", "status: enum"),
    ("payment_mode=zzz", "payment_mode: enum"),
    ("transaction_type=zzz", "transaction_type: enum"),
    ("po_id=abc", "po_id: int_parsing"),
    ("client_id=-1", "client_id: int_parsing"),
    ("min_amount=much", "min_amount: decimal_parsing"),
    ("max_amount=-1", "max_amount: greater_than_equal"),
    ("payment_date_from=tomorrow", "payment_date_from: date_parsing"),
];
const BAD_LEDGER: &[(&str, &str)] = &[("kind=zzz", "kind: enum")];
const BAD_FORCE: &[(&str, &str)] = &[("force=perhaps", "force: value_error")];
const NEW_PO: Body = Body::Json(
    r#"{"client_id": 1, "po_number": "PO-{new}", "po_date": "2026-02-10", "po_value": 100}"#,
    &[
        (
            r#"{"client_id": "x", "po_value": "much", "po_date": 5, "status": "zzz", "po_type": []}"#,
            &[
                "client_id: int_parsing",
                "po_date: date_parsing",
                "po_type: enum",
                "po_value: decimal_parsing",
                "status: enum",
            ],
        ),
        (
            r#"{"client_id": 1, "po_number": {}}"#,
            &["po_number: value_error"],
        ),
        (
            r#"{"client_id": 1, "project_id": 999999999}"#,
            &["project_id: foreign_key"],
        ),
    ],
);
const FILE: Body = Body::Form(&[(
    (
        "document_type",
        "123456789 123456789 123456789 123456789 123456789 1",
    ),
    "document_type: string_too_long",
)]);

const ROUTES: &[Route] = &[
    Route {
        name: "GET /api/clients",
        ..LIST
    },
    Route {
        name: "POST /api/clients",
        body: Body::Json(
            r#"{"name": "Example Retail {new} Ltd"}"#,
            &[
                ("{}", &["name: missing"]),
                (
                    r#"{"name": 5, "email": "nobody", "bundle_by_store": "perhaps"}"#,
                    &[
                        "bundle_by_store: value_error",
                        "email: value_error",
                        "name: value_error",
                    ],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "GET /api/clients/{client_id}",
        ..PLAIN
    },
    Route {
        name: "PUT /api/clients/{client_id}",
        body: Body::Json(
            r#"{"name": "Example Retail {new} Ltd"}"#,
            &[(
                r#"{"name": [], "email": "a@", "bundle_by_store": 2}"#,
                &[
                    "bundle_by_store: value_error",
                    "email: value_error",
                    "name: value_error",
                ],
            )],
        ),
        ..PLAIN
    },
    Route {
        name: "DELETE /api/clients/{client_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/client-po",
        bad_queries: BAD_PO_FILTERS,
        ..LIST
    },
    Route {
        name: "POST /api/client-po",
        body: NEW_PO,
        ..PLAIN
    },
    Route {
        name: "GET /api/client-po/{client_po_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/client-po/{client_po_id}/files",
        ..LIST
    },
    Route {
        name: "POST /api/client-po/{client_po_id}/files",
        body: FILE,
        ..PLAIN
    },
    Route {
        name: "PUT /api/line-items/{line_item_id}",
        body: Body::Json(
            r#"{"quantity": 2}"#,
            &[(
                r#"{"quantity": "many", "unit_price": true, "item_name": 5}"#,
                &[
                    "item_name: value_error",
                    "quantity: decimal_parsing",
                    "unit_price: decimal_parsing",
                ],
            )],
        ),
        ..PLAIN
    },
    Route {
        name: "DELETE /api/line-items/{line_item_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/payments",
        bad_queries: BAD_PAYMENT_FILTERS,
        ..LIST
    },
    Route {
        name: "POST /api/payments",
        body: Body::Json(
            r#"{"po_id": "{po_id}", "payment_date": "2026-03-01", "amount": 10, "payment_mode": "neft"}"#,
            &[
                (
                    "{}",
                    &[
                        "amount: missing",
                        "payment_date: missing",
                        "payment_mode: missing",
                        "po_id: missing",
                    ],
                ),
                (
                    r#"{"po_id": [], "payment_date": "soon", "amount": "much", "payment_mode": "barter", "status": 5}"#,
                    &[
                        "amount: decimal_parsing",
                        "payment_date: date_parsing",
                        "payment_mode: enum",
                        "po_id: int_parsing",
                        "status: enum",
                    ],
                ),
                (
                    r#"{"po_id": 999999999, "payment_date": "2026-03-01", "amount": 10, "payment_mode": "neft"}"#,
                    &["po_id: foreign_key"],
                ),
            ],
        ),
        bad_queries: BAD_LEDGER,
        ..PLAIN
    },
    Route {
        name: "POST /api/payments/bulk-process",
        body: Body::Json(
            r#"{"payment_ids": ["{payment_id}"], "batch_reference": "B", "processing_date": "2026-03-02"}"#,
            &[
                (
                    "{}",
                    &[
                        "batch_reference: missing",
                        "payment_ids: missing",
                        "processing_date: missing",
                    ],
                ),
                (
                    r#"{"payment_ids": 5, "batch_reference": [], "processing_date": 5}"#,
                    &[
                        "batch_reference: value_error",
                        "payment_ids: value_error",
                        "processing_date: date_parsing",
                    ],
                ),
            ],
        ),
        bad_queries: BAD_LEDGER,
        ..PLAIN
    },
    Route {
        name: "POST /api/payments/bulk-complete",
        body: Body::Json(
            r#"{"payment_ids": ["{payment_id}"]}"#,
            &[
                ("{}", &["payment_ids: missing"]),
                (r#"{"payment_ids": ["x"]}"#, &["payment_ids[0]: int_parsing"]),
            ],
        ),
        bad_queries: BAD_LEDGER,
        ..PLAIN
    },
    Route {
        name: "GET /api/payments/pending",
        bad_queries: BAD_PAYMENT_FILTERS,
        ..LIST
    },
    Route {
        name: "GET /api/payments/reconciliation",
        bad_queries: BAD_PAYMENT_FILTERS,
        ..LIST
    },
    Route {
        name: "GET /api/payments/reports/by-date",
        query: "from=2026-01-01&to=2026-12-31",
        bad_queries: &[
            ("from=first", "from: date_parsing"),
            ("to=last", "to: date_parsing"),
            ("to=2025-12-31", "to: greater_than_equal"),
            ("status=zzz", "status: enum"),
        ],
        ..LIST
    },
    Route {
        name: "GET /api/payments/reports/aging",
        bad_queries: &[
            ("as_of=today", "as_of: date_parsing"),
            ("kind=zzz", "kind: enum"),
            ("client_id=abc", "client_id: int_parsing"),
            ("kind=client&vendor_id=1", "vendor_id: value_error"),
        ],
        ..PLAIN
    },
    Route {
        name: "GET /api/payments/summary/by-vendor",
        bad_queries: &[
            ("start_date=first", "start_date: date_parsing"),
            (
                "start_date=2026-02-01&end_date=2026-01-01",
                "end_date: greater_than_equal",
            ),
            ("vendor_id=abc", "vendor_id: int_parsing"),
        ],
        ..PLAIN
    },
    Route {
        name: "GET /api/payments/{payment_id}",
        bad_queries: BAD_LEDGER,
        ..PLAIN
    },
    Route {
        name: "PUT /api/payments/{payment_id}",
        body: Body::Json(
            r#"{"amount": 20}"#,
            &[(
                r#"{"amount": "much", "status": "zzz", "payment_date": [], "payment_mode": "barter"}"#,
                &[
                    "amount: decimal_parsing",
                    "payment_date: date_parsing",
                    "payment_mode: enum",
                    "status: enum",
                ],
            )],
        ),
        bad_queries: BAD_LEDGER,
        ..PLAIN
    },
    Route {
        name: "DELETE /api/payments/{payment_id}",
        bad_queries: BAD_LEDGER,
        ..PLAIN
    },
    Route {
        name: "GET /api/payments/{payment_id}/status",
        bad_queries: BAD_LEDGER,
        ..PLAIN
    },
    Route {
        name: "PUT /api/payments/{payment_id}/status",
        body: Body::Json(
            r#"{"status": "cleared"}"#,
            &[
                ("{}", &["status: missing"]),
                (
                    r#"{"status": "zzz", "notes": 5}"#,
                    &["notes: value_error", "status: enum"],
                ),
            ],
        ),
        bad_queries: BAD_LEDGER,
        ..PLAIN
    },
    Route {
        name: "PUT /api/payments/{payment_id}/reconcile",
        body: Body::Json(
            r#"{"reference_number": "UTR-1"}"#,
            &[(
                r#"{"reference_number": [], "notes": 5}"#,
                &["notes: value_error", "reference_number: value_error"],
            )],
        ),
        bad_queries: BAD_LEDGER,
        ..PLAIN
    },
    Route {
        name: "GET /api/po",
        bad_queries: BAD_PO_FILTERS,
        ..LIST
    },
    Route {
        name: "POST /api/po",
        body: NEW_PO,
        ..PLAIN
    },
    Route {
        name: "GET /api/po/aggregated/by-store",
        bad_queries: &[
            ("status=zzz", "status: enum"),
            ("client_id=abc", "client_id: int_parsing"),
            ("include_lines=perhaps", "include_lines: value_error"),
        ],
        ..LIST
    },
    Route {
        name: "GET /api/po/analysis/profit",
        bad_queries: &[
            ("start_date=first", "start_date: date_parsing"),
            (
                "start_date=2026-02-01&end_date=2026-01-01",
                "end_date: greater_than_equal",
            ),
            ("client_id=abc", "client_id: int_parsing"),
            ("project_id=0", "project_id: int_parsing"),
        ],
        ..PLAIN
    },
    Route {
        name: "GET /api/po/enriched",
        bad_queries: BAD_PO_FILTERS,
        ..LIST
    },
    Route {
        name: "GET /api/po/{client_po_id}/line-items",
        ..LIST
    },
    Route {
        name: "POST /api/po/{client_po_id}/line-items",
        body: Body::Json(
            r#"{"item_name": "Cabling works", "quantity": 1, "unit_price": 10}"#,
            &[
                (
                    "{}",
                    &["item_name: missing", "quantity: missing", "unit_price: missing"],
                ),
                (
                    r#"{"item_name": [], "quantity": "many", "unit_price": "much", "tax_rate": "full"}"#,
                    &[
                        "item_name: value_error",
                        "quantity: decimal_parsing",
                        "tax_rate: decimal_parsing",
                        "unit_price: decimal_parsing",
                    ],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "POST /api/po/{client_po_id}/line-items/bulk",
        body: Body::Json(
            r#"{"items": [{"item_name": "Cabling works", "quantity": 1, "unit_price": 10}]}"#,
            &[
                ("{}", &["items: missing"]),
                (r#"{"items": {}}"#, &["items: value_error"]),
                (r#"{"items": []}"#, &["items: value_error"]),
                (r#"{"items": [5]}"#, &["items[0]: value_error"]),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "GET /api/po/{po_id}",
        ..PLAIN
    },
    Route {
        name: "PUT /api/po/{po_id}",
        body: Body::Json(
            r#"{"notes": "as agreed"}"#,
            &[(
                r#"{"po_value": "much", "po_date": 5, "status": "zzz", "project_id": "x"}"#,
                &[
                    "po_date: date_parsing",
                    "po_value: decimal_parsing",
                    "project_id: int_parsing",
                    "status: enum",
                ],
            )],
        ),
        ..PLAIN
    },
    Route {
        name: "DELETE /api/po/{po_id}",
        bad_queries: BAD_FORCE,
        ..PLAIN
    },
    Route {
        name: "GET /api/po/{po_id}/details",
        ..PLAIN
    },
    Route {
        name: "GET /api/po/{po_id}/history",
        ..LIST
    },
    Route {
        name: "GET /api/po/{po_id}/payments",
        bad_queries: &[("status=zzz", "status: enum")],
        ..LIST
    },
    Route {
        name: "POST /api/po/{po_id}/payments",
        body: Body::Json(
            r#"{"payment_date": "2026-03-01", "amount": 10, "payment_mode": "neft"}"#,
            &[
                (
                    "{}",
                    &[
                        "amount: missing",
                        "payment_date: missing",
                        "payment_mode: missing",
                    ],
                ),
                (
                    r#"{"payment_date": 5, "amount": [], "payment_mode": "barter", "tds_amount": "some"}"#,
                    &[
                        "amount: decimal_parsing",
                        "payment_date: date_parsing",
                        "payment_mode: enum",
                        "tds_amount: decimal_parsing",
                    ],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "POST /api/po/upload",
        body: Body::Form(&[
            (("client_id", "abc"), "client_id: int_parsing"),
            (("client_id", "999999999"), "client_id: foreign_key"),
            (("project_id", "0"), "project_id: int_parsing"),
            (("auto_save", "perhaps"), "auto_save: value_error"),
        ]),
        bad_queries: &[("revision=perhaps", "revision: value_error")],
        ..PLAIN
    },
    Route {
        name: "GET /api/projects",
        bad_queries: &[
            ("status=zzz", "status: enum"),
            ("client_id=abc", "client_id: int_parsing"),
        ],
        ..LIST
    },
    Route {
        name: "POST /api/projects",
        body: Body::Json(
            r#"{"name": "Another store"}"#,
            &[
                ("{}", &["name: missing"]),
                (
                    r#"{"name": 5, "client_id": "x", "latitude": "north", "status": "zzz"}"#,
                    &[
                        "client_id: int_parsing",
                        "latitude: decimal_parsing",
                        "name: value_error",
                        "status: enum",
                    ],
                ),
                (
                    r#"{"name": "Another store", "client_id": 999999999}"#,
                    &["client_id: foreign_key"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "DELETE /api/projects",
        query: "name=Store",
        bad_queries: &[
            ("name=", "name: string_too_short"),
            ("force=perhaps", "force: value_error"),
        ],
        ..PLAIN
    },
    Route {
        name: "GET /api/projects/search",
        query: "q=store",
        bad_queries: &[("q=", "q: string_too_short")],
        ..LIST
    },
    Route {
        name: "GET /api/projects/{project_id}",
        ..PLAIN
    },
    Route {
        name: "PUT /api/projects/{project_id}",
        body: Body::Json(
            r#"{"city": "Pune"}"#,
            &[(
                r#"{"name": [], "client_id": "x", "longitude": "east", "status": "zzz"}"#,
                &[
                    "client_id: int_parsing",
                    "longitude: decimal_parsing",
                    "name: value_error",
                    "status: enum",
                ],
            )],
        ),
        ..PLAIN
    },
    Route {
        name: "DELETE /api/projects/{project_id}",
        bad_queries: BAD_FORCE,
        ..PLAIN
    },
    Route {
        name: "GET /api/projects/{project_id}/documents",
        ..LIST
    },
    Route {
        name: "GET /api/projects/{project_id}/financial-summary",
        ..PLAIN
    },
    Route {
        name: "GET /api/projects/{project_id}/line-items",
        ..LIST
    },
    Route {
        name: "GET /api/projects/{project_id}/po",
        bad_queries: &[("status=zzz", "status: enum"), ("po_type=zzz", "po_type: enum")],
        ..LIST
    },
    Route {
        name: "POST /api/projects/{project_id}/po",
        body: Body::Json(
            r#"{"po_number": "PO-{new}", "po_date": "2026-02-10", "po_value": 100}"#,
            &[
                ("{}", &["po_date: missing"]),
                (
                    r#"{"po_number": [], "po_date": 5, "po_value": "much"}"#,
                    &[
                        "po_date: date_parsing",
                        "po_number: value_error",
                        "po_value: decimal_parsing",
                    ],
                ),
            ],
        ),
        bad_queries: &[("client_id=abc", "client_id: int_parsing")],
        ..PLAIN
    },
    Route {
        name: "GET /api/projects/{project_id}/po/enriched",
        bad_queries: &[("status=zzz", "status: enum"), ("po_type=zzz", "po_type: enum")],
        ..LIST
    },
    Route {
        name: "POST /api/projects/{project_id}/po/{client_po_id}/attach",
        bad_queries: &[
            ("sequence_order=first", "sequence_order: int_parsing"),
            ("sequence_order=0", "sequence_order: greater_than_equal"),
            ("sequence_order=100001", "sequence_order: less_than_equal"),
        ],
        ..PLAIN
    },
    Route {
        name: "PUT /api/projects/{project_id}/po/{client_po_id}/set-primary",
        ..PLAIN
    },
    Route {
        name: "POST /api/projects/{project_id}/verbal-agreement",
        query: "client_id=1",
        body: Body::Json(
            r#"{"pi_number": "PI-{new}", "pi_date": "2026-02-10", "value": 100}"#,
            &[
                ("{}", &["pi_date: missing", "pi_number: missing"]),
                (
                    r#"{"pi_number": [], "pi_date": 5, "value": "much", "notes": {}}"#,
                    &[
                        "notes: value_error",
                        "pi_date: date_parsing",
                        "pi_number: value_error",
                        "value: decimal_parsing",
                    ],
                ),
            ],
        ),
        bad_queries: &[("client_id=abc", "client_id: int_parsing")],
        ..PLAIN
    },
    Route {
        name: "PUT /api/verbal-agreement/{agreement_id}/add-po",
        body: Body::Json(
            r#"{"po_number": "PO-{new}", "po_date": "2026-02-10"}"#,
            &[
                ("{}", &["po_date: missing", "po_number: missing"]),
                (
                    r#"{"po_number": {}, "po_date": "soon"}"#,
                    &["po_date: date_parsing", "po_number: value_error"],
                ),
            ],
        ),
        ..PLAIN
    },
    Route {
        name: "GET /api/projects/{project_id}/verbal-agreements",
        bad_queries: &[("open_only=perhaps", "open_only: value_error")],
        ..LIST
    },
    Route {
        name: "GET /api/quotations",
        query: "store_id=ST-104",
        bad_queries: &[("store_id=", "store_id: string_too_short")],
        ..LIST
    },
    Route {
        name: "GET /api/quotations/all",
        bad_queries: &[("status=zzz", "status: enum")],
        ..LIST
    },
    Route {
        name: "GET /api/quotations/{quotation_id}",
        ..PLAIN
    },
    Route {
        name: "DELETE /api/quotations/{quotation_id}",
        ..PLAIN
    },
    Route {
        name: "POST /api/quotations",
        body: Body::Json(
            r#"{"header": {"storeId": "ST-1", "storeLocation": "Pune", "fullAddress": "Pune", "companyName": "Shop",
                "totalArea": 100}, "lineItems": [{"name": "Partition", "price": 5}]}"#,
            &[
                ("{}", &["header: missing", "lineItems: missing"]),
                (
                    r#"{"header": {"storeId": 5, "storeLocation": "Pune", "fullAddress": "Pune", "companyName": "Shop",
                        "totalArea": []}, "lineItems": [{"name": {}, "price": "much", "quantity": 0, "tax": 101}]}"#,
                    &[
                        "header.storeId: value_error",
                        "header.totalArea: value_error",
                        "lineItems[0].name: value_error",
                        "lineItems[0].price: decimal_parsing",
                        "lineItems[0].quantity: greater_than",
                        "lineItems[0].tax: less_than_equal",
                    ],
                ),
            ],
        ),
        ..PLAIN
    },
];

/// What a write needs beside the rows of the scene.
const PREPARED: &[(&str, &str)] = &[
    (
        "PUT /api/payments/{payment_id}/reconcile",
        r#"UPDATE "Finances".client_payment SET status = 'cleared'"#,
    ),
    (
        "PUT /api/projects/{project_id}/po/{client_po_id}/set-primary",
        r#"UPDATE "Finances".po_project_mapping SET is_primary = FALSE"#,
    ),
    (
        "POST /api/projects/{project_id}/po/{client_po_id}/attach",
        r#"
        DELETE FROM "Finances".po_project_mapping;
        UPDATE "Finances".client_po SET project_id = NULL;
        "#,
    ),
];
async fn scene() -> Scene {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    // Nothing refers to it.
    let client: i64 = app
        .value(r#"INSERT INTO "Finances".client (name) VALUES ('Example Stores Pvt Ltd') RETURNING id"#)
        .await;
    let project = app.project("Store").await;
    let po = app.client_po().project(project).number("PO-1").insert().await;
    let agreement = app.client_po().project(project).open_agreement().insert().await;
    let payment = app.payment(po, "credit", "10", "pending").await;
    let line: i64 = app
        .value(
            r#"
            INSERT INTO "Finances".client_po_line_item (client_po_id, item_name, quantity, unit_price, total_price)
            SELECT min(id), 'Cabling works', 1, 10, 10 FROM "Finances".client_po
            RETURNING id
            "#,
        )
        .await;
    let quotation: i64 = app
        .value(
            r#"
            INSERT INTO "Finances".quotation (store_id, store_location, full_address, company_name, total_area)
            VALUES ('ST-104', 'Andheri', 'Andheri, Mumbai', 'Example Interiors Pvt Ltd', '100')
            RETURNING id::bigint
            "#,
        )
        .await;
    let ids = [
        ("client_id", client),
        ("project_id", project),
        ("po_id", po),
        ("client_po_id", po),
        ("agreement_id", agreement),
        ("line_item_id", line),
        ("payment_id", payment),
        ("quotation_id", quotation),
    ];
    let ids = ids.map(|(name, id)| (name, id.to_string()));
    Scene::new(app, ids.into())
}

const SUITE: Suite = Suite {
    routes: ROUTES,
    creating: &["POST /api/clients"],
    prepared: PREPARED,
    uuids: &[],
    opaque: &[],
    texts: &[],
    without_project: &[],
    scene: || Box::pin(scene()),
};

suite_tests!(SUITE, Area::ClientSide, 4);
