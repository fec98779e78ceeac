//! What the routes of the vendors' ledger and of payment links refuse alike: a caller who may not, an id that is none or
//! nobody's, a body and a query that make no sense. What is refused leaves no row changed.

use reqwest::Method;
use serde_json::json;

use crate::{
    coverage::{self, Area, parameters},
    support::{
        TestApp,
        callers::{Call, Caller},
        vendor_rows::{Order, advance, vendor},
    },
};

/// A body, and the faults of it.
type Wrong = (&'static str, &'static [&'static str]);

/// A route, and what it does not take.
struct Route {
    /// Method and path as in `routes.txt`.
    name: &'static str,
    /// A body that is taken, and others with their faults.
    bodies: Option<(&'static str, &'static [Wrong])>,
    /// Whether the query may name a page and an order.
    is_list: bool,
    /// Words of a query that make no sense, and the fault of each.
    queries: &'static [(&'static str, &'static str)],
}

const PLAIN: Route = Route {
    name: "",
    bodies: None,
    is_list: false,
    queries: &[],
};
const LIST: Route = Route {
    is_list: true,
    ..PLAIN
};

/// Words of a page that make no sense, and the fault of each.
const PAGES: [(&str, &str); 9] = [
    ("skip=-1", "skip: greater_than_equal"),
    ("offset=abc", "offset: int_parsing"),
    ("limit=0", "limit: greater_than_equal"),
    ("limit=1001", "limit: less_than_equal"),
    ("limit=abc", "limit: int_parsing"),
    ("page=0", "page: greater_than_equal"),
    ("page_size=1001", "page_size: less_than_equal"),
    ("cursor=nonsense", "cursor: value_error"),
    ("sort=vendor_name", "sort: enum"),
];
const BAD_STATUS: &[(&str, &str)] = &[
    ("status=paid", "status: enum"),
    ("status=cleared,zzz", "status: enum"),
];
const PAYMENT: &str = r#"{"amount": 1, "payment_date": "2026-02-17", "vendor_order_id": {order}}"#;

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
                r#"{"vendor_order_id": {order}, "amount": 1, "payment_date": "2099-01-01"}"#,
                &["payment_date: less_than_equal"],
            ),
            (
                r#"{"vendor_order_id": {order}, "amount": 1, "payment_date": "2026-02-17", "vendor_id": 99999999999999999999}"#,
                &["vendor_id: int_parsing"],
            ),
            $($own),*
        ]
    };
}

const ROUTES: &[Route] = &[
    Route {
        name: "GET /api/vendor-payments",
        queries: &[
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
        bodies: Some((
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
        )),
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-payments/{payment_id}",
        ..PLAIN
    },
    Route {
        name: "PUT /api/vendor-payments/{payment_id}",
        bodies: Some((
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
        )),
        ..PLAIN
    },
    Route {
        name: "DELETE /api/vendor-payments/{payment_id}",
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-orders/{vendor_order_id}/payments",
        queries: BAD_STATUS,
        ..LIST
    },
    Route {
        name: "POST /api/vendor-orders/{vendor_order_id}/payments",
        bodies: Some((
            PAYMENT,
            wrong_payments![("{}", &["amount: missing", "payment_date: missing"])],
        )),
        ..PLAIN
    },
    Route {
        name: "GET /api/projects/{project_id}/vendor-payments",
        queries: BAD_STATUS,
        ..LIST
    },
    Route {
        name: "POST /api/projects/{project_id}/vendor-payments",
        bodies: Some((
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
        )),
        ..PLAIN
    },
    Route {
        name: "POST /api/vendor-orders/{vendor_order_id}/link-payment",
        bodies: Some((
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
        )),
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
        queries: &[("source=nobody", "source: enum")],
        ..PLAIN
    },
    Route {
        name: "GET /api/vendor-payment-links",
        queries: &[
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

    /// The weakest role that may call it.
    fn role(&self) -> &'static str {
        let routes = coverage::routes();
        let route = routes.iter().find(|(name, _)| name == self.name);
        route
            .unwrap_or_else(|| panic!("{} is not in routes.txt", self.name))
            .1
    }
}

/// A project with an order, whose payment is not linked, and an advance that is linked to another one.
struct Scene {
    app: TestApp,
    project: i64,
    order: i64,
    linked: i64,
    advance: i64,
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let project = app.project("Site A").await;
        let steel = vendor(&app, "Example Steel").await;
        let order = Order::over("1000").of(steel).project(project).insert(&app).await;
        let linked = Order::over("1000").of(steel).project(project).insert(&app).await;
        let advance = advance(&app, steel, "100", "pending").await;
        let editor = app.editor().await;
        editor
            .post(format!("/api/vendor-orders/{linked}/link-payment"))
            .json(&json!({"link_type": "outgoing", "vendor_payment_id": advance, "amount": 50}))
            .send()
            .await
            .expect(200);
        Self {
            app,
            project,
            order,
            linked,
            advance,
        }
    }

    /// A path or body with the ids of the scene.
    fn fill(&self, route: &Route, text: &str) -> String {
        let order = if route.method() == "DELETE" {
            self.linked
        } else {
            self.order
        };
        [
            ("vendor_order_id", order),
            ("order", order),
            ("project_id", self.project),
            ("payment_id", self.advance),
            ("advance", self.advance),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (name, id)| {
            text.replace(&format!("{{{name}}}"), &id.to_string())
        })
    }

    /// A request that is valid but for what the test is about.
    fn call(&self, caller: &Caller, route: &Route, path: &str, query: &str) -> Call {
        let call = self.bare(caller, route, path, query);
        match route.bodies {
            None => call,
            Some((valid, _)) => call.body(self.fill(route, valid)),
        }
    }

    /// The same without a body.
    fn bare(&self, caller: &Caller, route: &Route, path: &str, query: &str) -> Call {
        let path = self.fill(route, path);
        let method = Method::from_bytes(route.method().as_bytes()).unwrap();
        caller.call(method, format!("{path}?{query}"))
    }

    /// The rows that a request could have changed, in short.
    async fn rows(&self) -> String {
        self.app
            .value(
                r#"
                SELECT concat_ws(E'\n',
                       (SELECT string_agg(entry::text, '|' ORDER BY id) FROM "Finances".vendor_payment AS entry),
                       (SELECT string_agg(entry::text, '|' ORDER BY id) FROM "Finances".payment_vendor_link AS entry),
                       (SELECT string_agg(entry::text, '|' ORDER BY id) FROM "Finances".vendor_order AS entry),
                       (SELECT sum(amount) || ' ' || sum(entries) FROM "Finances".kept_total),
                       (SELECT count(*) FROM "Finances".audit_entry))
                "#,
            )
            .await
    }
}

#[test]
fn the_table_has_every_route_of_the_ledger_and_of_links() {
    let listed: Vec<String> = coverage::of(Area::Ledger)
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
async fn without_a_token_or_the_role_nothing_is_done() {
    let scene = Scene::set().await;
    let (nobody, viewer, editor) = (
        scene.app.nobody(),
        scene.app.viewer().await,
        scene.app.editor().await,
    );
    let before = scene.rows().await;
    for route in ROUTES {
        let reply = scene.call(&nobody, route, route.path(), "").send().await;
        reply.expect_error(401, "UNAUTHORIZED");
        assert_eq!(reply.header("www-authenticate"), "Bearer", "{}", route.name);
        if route.is_write() {
            assert_ne!(route.role(), "viewer", "{}", route.name);
            let reply = scene.call(&viewer, route, route.path(), "").send().await;
            assert_eq!(reply.status, 403, "{}: {}", route.name, reply.text());
        }
        if route.role() == "admin" {
            let reply = scene.call(&editor, route, route.path(), "").send().await;
            assert_eq!(reply.status, 403, "{}: {}", route.name, reply.text());
        }
        assert_eq!(scene.rows().await, before, "{}", route.name);
    }
}

/// So that what the other tests refuse is refused for what they are about.
#[tokio::test]
async fn what_makes_sense_is_done() {
    let scene = Scene::set().await;
    let (viewer, admin) = (scene.app.viewer().await, scene.app.admin().await);
    let (reads, writes): (Vec<&Route>, Vec<&Route>) = ROUTES.iter().partition(|route| !route.is_write());
    let before = scene.rows().await;
    for route in reads {
        let reply = scene.call(&viewer, route, route.path(), "").send().await;
        assert_eq!(reply.status, 200, "{}: {}", route.name, reply.text());
        assert_eq!(reply.json()["status"], "SUCCESS", "{}", route.name);
    }
    assert_eq!(scene.rows().await, before);
    // What is deleted last, and the links of it before.
    let (mut gone, others): (Vec<&Route>, Vec<&Route>) =
        writes.into_iter().partition(|route| route.method() == "DELETE");
    gone.reverse();
    for route in others.into_iter().chain(gone) {
        if route.name.starts_with("DELETE /api/vendor-payments") {
            scene
                .app
                .execute(r#"DELETE FROM "Finances".payment_vendor_link"#)
                .await;
        }
        let before = scene.rows().await;
        let reply = scene.call(&admin, route, route.path(), "").send().await;
        assert_eq!(reply.status, 200, "{}: {}", route.name, reply.text());
        assert_eq!(reply.json()["status"], "SUCCESS", "{}", route.name);
        assert_ne!(scene.rows().await, before, "{}", route.name);
    }
}

#[tokio::test]
async fn an_id_that_is_none_or_nobodys_is_refused() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    let before = scene.rows().await;
    for route in ROUTES {
        for parameter in parameters(route.path()) {
            let with = |id: &str| route.path().replace(&format!("{{{parameter}}}"), id);
            for id in ["999999999", "9223372036854775807"] {
                let reply = scene.call(&admin, route, &with(id), "").send().await;
                assert_eq!(reply.status, 404, "{} ({id}): {}", route.name, reply.text());
                reply.expect_error(404, "NOT_FOUND");
            }
            for id in ["abc", "0", "-1", "1.5", "%20", "99999999999999999999"] {
                let reply = scene.call(&admin, route, &with(id), "").send().await;
                assert_eq!(
                    reply.faults(),
                    [format!("{parameter}: int_parsing")],
                    "{} ({id})",
                    route.name
                );
            }
        }
        assert_eq!(scene.rows().await, before, "{}", route.name);
    }
}

#[tokio::test]
async fn every_fault_of_a_body_is_named() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    let before = scene.rows().await;
    for route in ROUTES {
        let Some((_, wrong)) = route.bodies else { continue };
        let call = || scene.bare(&admin, route, route.path(), "");
        for body in ["{", "[]", "\"text\"", "5", "null", "{} {}", "{\"amount\": 1,}"] {
            let reply = call().body(body).send().await;
            assert_eq!(reply.faults(), ["body: json_invalid"], "{} ({body})", route.name);
        }
        let reply = call().raw("text/plain", "{}").send().await;
        reply.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
        for (body, faults) in wrong {
            let reply = call().body(scene.fill(route, body)).send().await;
            assert_eq!(reply.status, 422, "{} {body}: {}", route.name, reply.text());
            assert_eq!(reply.faults(), *faults, "{} {body}", route.name);
        }
        assert_eq!(scene.rows().await, before, "{}", route.name);
    }
}

#[tokio::test]
async fn every_word_of_a_query_that_makes_no_sense_is_named() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    let before = scene.rows().await;
    for route in ROUTES {
        let pages = PAGES.iter().filter(|_| route.is_list);
        for (query, fault) in route.queries.iter().chain(pages) {
            let reply = scene.call(&admin, route, route.path(), query).send().await;
            assert_eq!(reply.status, 422, "{} ({query}): {}", route.name, reply.text());
            assert_eq!(reply.faults(), [*fault], "{} ({query})", route.name);
        }
        assert_eq!(scene.rows().await, before, "{}", route.name);
    }
}

/// The largest amounts that columns hold, together more than one could hold.
#[tokio::test]
async fn no_sum_is_too_large_for_an_answer() {
    let scene = Scene::set().await;
    let editor = scene.app.editor().await;
    let order = scene.order;
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
        format!("/api/projects/{}/vendor-payments", scene.project),
    ] {
        let total = editor.get(path).send().await.expect(200)["total_paid"].clone();
        assert_eq!(total.to_string(), "119999999999999.88");
    }
    scene.app.expect_kept_totals_as_recounted().await;
}
