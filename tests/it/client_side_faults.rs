//! What every route of the clients' side refuses alike: a caller who may not, an id that is none or nobody's, a body and a
//! query that make no sense. What is refused leaves no row changed, in whatever table.
//!
//! A new route is one more row of [`ROUTES`].

use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use sqlx::AssertSqlSafe;

use crate::{
    coverage::{self, parameters},
    support::{
        TestApp,
        callers::{Call, Caller, Reply},
        workbooks::ProformaWorkbook,
    },
};

/// A route, what it takes, and what it does not.
struct Route {
    /// Method and path as in `routes.txt`.
    name: &'static str,
    /// What the query has to say.
    query: &'static str,
    body: Body,
    /// Whether the query may name a page and an order.
    is_list: bool,
    /// Words of a query that make no sense, and the fault of each.
    bad_queries: &'static [(&'static str, &'static str)],
}

/// What a request holds. An id in braces stands for that of the row which the path would name, `{new}` for a number that
/// nothing has.
#[derive(Clone, Copy)]
enum Body {
    None,
    /// A valid one, and others with their faults.
    Json(&'static str, &'static [(&'static str, &'static [&'static str])]),
    /// A form with a file, and text fields with their faults.
    Form(&'static [((&'static str, &'static str), &'static str)]),
}

const PLAIN: Route = Route {
    name: "",
    query: "",
    body: Body::None,
    is_list: false,
    bad_queries: &[],
};
const LIST: Route = Route {
    is_list: true,
    ..PLAIN
};

/// Words of a page that make no sense, and the fault of each.
const BAD_PAGES: [(&str, &str); 9] = [
    ("skip=-1", "skip: greater_than_equal"),
    ("skip=abc", "skip: int_parsing"),
    ("limit=0", "limit: greater_than_equal"),
    ("limit=1001", "limit: less_than_equal"),
    ("limit=abc", "limit: int_parsing"),
    ("page=0", "page: greater_than_equal"),
    ("page_size=0", "page_size: greater_than_equal"),
    ("cursor=nonsense", "cursor: value_error"),
    ("sort=nothing_of_this_list", "sort: enum"),
];
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
const UNKNOWN: &str = "999999999";
const BAD_IDS: [&str; 6] = ["abc", "0", "-1", "1.5", "9223372036854775808", "%20"];

/// Rows that every path can name.
struct Scene {
    app: TestApp,
    /// Nothing refers to it.
    client: i64,
    project: i64,
    po: i64,
    agreement: i64,
    line: i64,
    payment: i64,
    quotation: i32,
    numbers: AtomicI64,
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
        let client = app
            .value(r#"INSERT INTO "Finances".client (name) VALUES ('Example Stores Pvt Ltd') RETURNING id"#)
            .await;
        let project = app.project("Store").await;
        let po = app.client_po().project(project).number("PO-1").insert().await;
        let agreement = app.client_po().project(project).open_agreement().insert().await;
        let payment = app.payment(po, "credit", "10", "pending").await;
        let line = app
            .value(
                r#"
                INSERT INTO "Finances".client_po_line_item (client_po_id, item_name, quantity, unit_price, total_price)
                SELECT min(id), 'Cabling works', 1, 10, 10 FROM "Finances".client_po
                RETURNING id
                "#,
            )
            .await;
        let quotation = app
            .value(
                r#"
                INSERT INTO "Finances".quotation (store_id, store_location, full_address, company_name, total_area)
                VALUES ('ST-104', 'Andheri', 'Andheri, Mumbai', 'Example Interiors Pvt Ltd', '100')
                RETURNING id
                "#,
            )
            .await;
        Self {
            app,
            client,
            project,
            po,
            agreement,
            line,
            payment,
            quotation,
            numbers: AtomicI64::new(1000),
        }
    }

    /// A path or body with the ids of the scene.
    fn fill(&self, text: &str) -> String {
        [
            ("client_id", self.client),
            ("project_id", self.project),
            ("po_id", self.po),
            ("client_po_id", self.po),
            ("agreement_id", self.agreement),
            ("line_item_id", self.line),
            ("payment_id", self.payment),
            ("quotation_id", self.quotation.into()),
        ]
        .into_iter()
        .chain([("new", self.numbers.fetch_add(1, Ordering::Relaxed))])
        .fold(text.to_owned(), |text, (name, id)| {
            text.replace(&format!("{{{name}}}"), &id.to_string())
        })
    }

    /// A request that is valid but for what the test is about.
    fn call(&self, caller: &Caller, route: &Route, path: &str, query: &str) -> Call {
        let call = self.bare(caller, route, path, query);
        match route.body {
            Body::None => call,
            Body::Json(valid, _) => call.body(self.fill(valid)),
            Body::Form(_) => call.form(form()),
        }
    }

    /// The same without a body.
    fn bare(&self, caller: &Caller, route: &Route, path: &str, query: &str) -> Call {
        let path = self.fill(path);
        assert!(!path.contains('{'), "the scene has no row for {path}");
        caller.call(
            Method::from_bytes(route.method().as_bytes()).unwrap(),
            format!("{path}?{query}"),
        )
    }

    /// Every row of every table, in short.
    async fn rows(&self) -> String {
        let tables: Vec<String> = sqlx::query_scalar(
            r#"
            SELECT table_name::text
              FROM information_schema.tables
             WHERE table_schema = 'Finances'
               AND table_type = 'BASE TABLE'
             ORDER BY 1
            "#,
        )
        .fetch_all(&self.app.db)
        .await
        .unwrap();
        assert!(tables.len() > 25, "{tables:?}");
        let each: Vec<String> = tables
            .iter()
            .map(|table| {
                format!(
                    r#"(SELECT '{table} ' || count(*) || ' ' || COALESCE(sum(hashtextextended(entry::text, 0)), 0)
                          FROM "Finances"."{table}" AS entry)"#
                )
            })
            .collect();
        let query = format!("SELECT concat_ws(E'\\n', {})", each.join(", "));
        sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_one(&self.app.db)
            .await
            .unwrap()
    }
}

impl Route {
    fn method(&self) -> &'static str {
        self.name.split_once(' ').unwrap().0
    }

    fn path(&self) -> &'static str {
        self.name.split_once(' ').unwrap().1
    }

    fn is_write(&self) -> bool {
        self.method() != "GET"
    }
}

fn form() -> Form {
    let file = ProformaWorkbook::sample().xlsx();
    Form::new().part("file", Part::bytes(file).file_name("po.xlsx"))
}

/// The role that `routes.txt` asks for.
fn role(route: &Route) -> &'static str {
    coverage::routes()
        .into_iter()
        .find(|(name, _)| name == route.name)
        .unwrap_or_else(|| panic!("{} is not in routes.txt", route.name))
        .1
}

#[test]
fn the_table_has_every_route_of_the_clients_side() {
    let listed: Vec<String> = coverage::client_side()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    for name in &listed {
        assert_eq!(
            ROUTES.iter().filter(|route| route.name == name).count(),
            1,
            "rows of {name} in ROUTES"
        );
    }
    assert_eq!(ROUTES.len(), listed.len());
}

#[tokio::test]
async fn without_a_token_nothing_is_read_or_written() {
    let scene = Scene::set().await;
    let nobody = scene.app.nobody();
    let before = scene.rows().await;
    for route in ROUTES {
        let reply = scene.call(&nobody, route, route.path(), route.query).send().await;
        assert_eq!(reply.status, 401, "{}: {}", route.name, reply.text());
        reply.expect_error(401, "UNAUTHORIZED");
        assert_eq!(reply.header("www-authenticate"), "Bearer", "{}", route.name);
        assert_eq!(scene.rows().await, before, "{}", route.name);
    }
}

#[tokio::test]
async fn a_viewer_writes_nothing() {
    let scene = Scene::set().await;
    let viewer = scene.app.viewer().await;
    let before = scene.rows().await;
    for route in ROUTES.iter().filter(|route| route.is_write()) {
        assert_ne!(role(route), "viewer", "{}", route.name);
        let reply = scene.call(&viewer, route, route.path(), route.query).send().await;
        assert_eq!(reply.status, 403, "{}: {}", route.name, reply.text());
        reply.expect_error(403, "FORBIDDEN");
        assert_eq!(scene.rows().await, before, "{}", route.name);
    }
}

#[tokio::test]
async fn an_editor_does_nothing_that_is_an_admins() {
    let scene = Scene::set().await;
    let editor = scene.app.editor().await;
    let before = scene.rows().await;
    let mut seen = 0;
    for route in ROUTES.iter().filter(|route| role(route) == "admin") {
        let reply = scene.call(&editor, route, route.path(), route.query).send().await;
        assert_eq!(reply.status, 403, "{}: {}", route.name, reply.text());
        reply.expect_error(403, "FORBIDDEN");
        assert_eq!(scene.rows().await, before, "{}", route.name);
        seen += 1;
    }
    assert!(seen >= 4);
}

#[tokio::test]
async fn every_read_of_what_is_there_succeeds() {
    let scene = Scene::set().await;
    let viewer = scene.app.viewer().await;
    let before = scene.rows().await;
    for route in ROUTES.iter().filter(|route| !route.is_write()) {
        let reply = scene.call(&viewer, route, route.path(), route.query).send().await;
        assert_eq!(reply.status, 200, "{}: {}", route.name, reply.text());
        assert_eq!(reply.json()["status"], "SUCCESS", "{}", route.name);
    }
    assert_eq!(scene.rows().await, before);
}

/// So that what the other tests refuse is refused for what they are about.
#[tokio::test]
async fn every_write_that_makes_sense_is_done_and_recorded() {
    let (deletions, others): (Vec<&Route>, Vec<&Route>) = ROUTES
        .iter()
        .filter(|route| route.is_write())
        .partition(|route| route.method() == "DELETE");
    let scene = Scene::set().await;
    for route in others {
        succeeds(&scene, route).await;
    }
    for route in deletions {
        succeeds(&Scene::set().await, route).await;
    }
}

async fn succeeds(scene: &Scene, route: &Route) {
    for (_, preparation) in PREPARED.iter().filter(|(name, _)| *name == route.name) {
        scene.app.execute(preparation).await;
    }
    let admin = scene.app.admin().await;
    let trail = r#"SELECT count(*) FROM "Finances".audit_entry"#;
    let before: i64 = scene.app.value(trail).await;

    let reply = scene.call(&admin, route, route.path(), route.query).send().await;

    // The one creating route that no client called before.
    let status = if route.name == "POST /api/clients" {
        201
    } else {
        200
    };
    assert_eq!(reply.status, status, "{}: {}", route.name, reply.text());
    assert_eq!(reply.json()["status"], "SUCCESS", "{}", route.name);
    let after: i64 = scene.app.value(trail).await;
    assert!(after > before, "{} leaves no trace", route.name);
}

#[tokio::test]
async fn an_id_that_nothing_has_is_not_found() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    let before = scene.rows().await;
    for route in ROUTES {
        for parameter in parameters(route.path()) {
            let path = route.path().replace(&format!("{{{parameter}}}"), UNKNOWN);
            let reply = scene.call(&admin, route, &path, route.query).send().await;
            assert_eq!(
                reply.status,
                404,
                "{} ({parameter}): {}",
                route.name,
                reply.text()
            );
            let body = reply.expect_error(404, "NOT_FOUND");
            let message = body["message"].as_str().unwrap();
            assert!(message.ends_with(" not found"), "{}: {message}", route.name);
            assert_eq!(scene.rows().await, before, "{}", route.name);
        }
    }
}

#[tokio::test]
async fn an_id_that_is_none_is_named() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    let before = scene.rows().await;
    for route in ROUTES {
        for parameter in parameters(route.path()) {
            for id in BAD_IDS {
                let path = route.path().replace(&format!("{{{parameter}}}"), id);
                let reply = scene.call(&admin, route, &path, route.query).send().await;
                assert_eq!(reply.status, 422, "{} ({id}): {}", route.name, reply.text());
                assert_eq!(
                    reply.faults(),
                    [format!("{parameter}: int_parsing")],
                    "{} ({id})",
                    route.name
                );
            }
            assert_eq!(scene.rows().await, before, "{}", route.name);
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    let before = scene.rows().await;
    for route in ROUTES {
        let call = || scene.bare(&admin, route, route.path(), route.query);
        match route.body {
            Body::None => continue,
            Body::Json(..) => {
                for body in [
                    "{",
                    "[]",
                    "[{}]",
                    "\"text\"",
                    "5",
                    "null",
                    "{} {}",
                    "{'a': 1}",
                    "{\"a\": 1,}",
                    "\u{feff}x",
                ] {
                    let reply = call().body(body).send().await;
                    assert_eq!(reply.status, 422, "{} ({body}): {}", route.name, reply.text());
                    assert_eq!(reply.faults(), ["body: json_invalid"], "{} ({body})", route.name);
                }
                let reply = call().raw("text/plain", "{}").send().await;
                assert_eq!(reply.status, 415, "{}: {}", route.name, reply.text());
                reply.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
            }
            Body::Form(_) => {
                for (kind, status, code) in [
                    ("application/json", 415, "UNSUPPORTED_MEDIA_TYPE"),
                    ("multipart/form-data", 400, "BAD_REQUEST"),
                    ("multipart/form-data; boundary=x", 400, "BAD_REQUEST"),
                ] {
                    let reply = call().raw(kind, "{}").send().await;
                    assert_eq!(reply.status, status, "{} ({kind}): {}", route.name, reply.text());
                    reply.expect_error(status, code);
                }
            }
        }
        assert_eq!(scene.rows().await, before, "{}", route.name);
    }
}

/// Checks that a request is refused with these faults, and that nothing was written; else says what is off.
fn off(route: &Route, what: &str, reply: &Reply, faults: &[&str]) -> Option<String> {
    if reply.status == 422 && reply.faults() == faults {
        return None;
    }
    let answer: String = reply.text().chars().take(300).collect();
    Some(format!(
        "{} ({what}) not {faults:?} but {}: {answer}",
        route.name, reply.status
    ))
}

#[tokio::test]
async fn every_field_of_a_wrong_type_is_named() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    let before = scene.rows().await;
    let mut wrong_answers = Vec::new();
    for route in ROUTES {
        let call = || scene.bare(&admin, route, route.path(), route.query);
        match route.body {
            Body::None => {}
            Body::Json(_, wrong) => {
                assert!(!wrong.is_empty(), "{} has no wrong body in ROUTES", route.name);
                for (body, faults) in wrong {
                    let reply = call().body(scene.fill(body)).send().await;
                    wrong_answers.extend(off(route, body, &reply, faults));
                }
            }
            Body::Form(wrong) => {
                for ((field, text), fault) in wrong {
                    let reply = call().form(form().text(*field, *text)).send().await;
                    wrong_answers.extend(off(route, field, &reply, &[fault]));
                }
                let reply = call().form(Form::new().text("note", "no file")).send().await;
                wrong_answers.extend(off(route, "no file", &reply, &["file: missing"]));
            }
        }
        assert_eq!(scene.rows().await, before, "{}", route.name);
    }
    assert!(wrong_answers.is_empty(), "{}", wrong_answers.join("\n"));
}

#[tokio::test]
async fn every_word_of_a_query_that_makes_no_sense_is_named() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    let before = scene.rows().await;
    let mut wrong_answers = Vec::new();
    for route in ROUTES {
        let pages = BAD_PAGES.iter().filter(|_| route.is_list);
        for (words, fault) in route.bad_queries.iter().chain(pages) {
            // Of a name that comes twice the first counts.
            let query = format!("{words}&{}", route.query);
            let reply = scene.call(&admin, route, route.path(), &query).send().await;
            wrong_answers.extend(off(route, words, &reply, &[fault]));
        }
        assert_eq!(scene.rows().await, before, "{}", route.name);
    }
    assert!(wrong_answers.is_empty(), "{}", wrong_answers.join("\n"));
}
