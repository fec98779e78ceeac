//! What routes refuse alike, tried over a table of them: a caller who may not, an id that is none or nobody's, a body and a
//! query that make no sense. What is refused leaves no row changed, in whatever table.

use std::{
    pin::Pin,
    sync::atomic::{AtomicI64, Ordering},
};

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use sqlx::AssertSqlSafe;

use super::{
    TestApp,
    callers::{Call, Caller, Reply},
    workbooks::ProformaWorkbook,
};
use crate::coverage::{self, parameters};

/// A route, what it takes, and what it does not.
pub(crate) struct Route {
    /// Method and path as in `routes.txt`.
    pub(crate) name: &'static str,
    /// What the query has to say.
    pub(crate) query: &'static str,
    pub(crate) body: Body,
    /// Whether the query may name a page and an order.
    pub(crate) is_list: bool,
    /// Words of a query that make no sense, and the fault of each.
    pub(crate) bad_queries: &'static [(&'static str, &'static str)],
    /// What `status` says when all is well; nothing where the answer is a file.
    pub(crate) says: &'static str,
    /// Whether it changes nothing, although its method is that of a write.
    pub(crate) only_reads: bool,
}

/// What a request holds. An id in braces stands for that of the row which the path would name, `{new}` for a number that
/// nothing has.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    None,
    /// A valid one, and others with their faults.
    Json(&'static str, &'static [(&'static str, &'static [&'static str])]),
    /// A form with a file, and text fields with their faults.
    Form(&'static [((&'static str, &'static str), &'static str)]),
    /// The same with files, of which this is one.
    Files(
        fn() -> Vec<u8>,
        &'static [((&'static str, &'static str), &'static str)],
    ),
}

pub(crate) const PLAIN: Route = Route {
    name: "",
    query: "",
    body: Body::None,
    is_list: false,
    bad_queries: &[],
    says: "SUCCESS",
    only_reads: false,
};
pub(crate) const LIST: Route = Route {
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
const UNKNOWN: &str = "999999999";
const UNKNOWN_UUID: &str = "0f9b6a71-d4c8-4253-8a90-bf1c6de84372";
const BAD_IDS: [&str; 6] = ["abc", "0", "-1", "1.5", "9223372036854775808", "%20"];
const BAD_UUIDS: [&str; 6] = [
    "abc",
    "-1",
    "1.5",
    "%20",
    "0f9b6a71-d4c8-4253-8a90-bf1c6de8437",
    "0f9b6a71-d4c8-4253-8a90-bf1c6de84372x",
];

/// A table of routes, and what it takes to call them.
pub(crate) struct Suite {
    pub(crate) routes: &'static [Route],
    /// Routes that make something and that no client called before.
    pub(crate) creating: &'static [&'static str],
    /// What a write needs beside the rows of the scene.
    pub(crate) prepared: &'static [(&'static str, &'static str)],
    /// The names in paths that stand for a UUID, or for the number that a row had before it got one.
    pub(crate) uuids: &'static [&'static str],
    /// The names in paths that stand for an id of no form in particular: what is none is just not found.
    pub(crate) opaque: &'static [&'static str],
    /// Parameters of paths that are text, of which any is fine.
    pub(crate) texts: &'static [&'static str],
    /// Routes where the project 0 stands for none.
    pub(crate) without_project: &'static [&'static str],
    pub(crate) scene: fn() -> Pin<Box<dyn Future<Output = Scene> + Send>>,
}

/// Rows that every path can name.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    /// By the names that stand for them in paths and bodies.
    ids: Vec<(&'static str, String)>,
    numbers: AtomicI64,
}

impl Scene {
    pub(crate) fn new(app: TestApp, ids: Vec<(&'static str, String)>) -> Self {
        Self {
            app,
            ids,
            numbers: AtomicI64::new(1000),
        }
    }

    /// A path or body with the ids of the scene.
    pub(crate) fn fill(&self, text: &str) -> String {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed).to_string();
        self.ids
            .iter()
            .map(|(name, id)| (*name, id))
            .chain([("new", &number)])
            .fold(text.to_owned(), |text, (name, id)| {
                text.replace(&format!("{{{name}}}"), id)
            })
    }

    /// A request that is valid but for what the test is about.
    pub(crate) fn call(&self, caller: &Caller, route: &Route, path: &str, query: &str) -> Call {
        let call = self.bare(caller, route, path, query);
        match route.body {
            Body::None => call,
            Body::Json(valid, _) => call.body(self.fill(valid)),
            Body::Form(_) => call.form(form()),
            Body::Files(file, _) => call.form(files(file())),
        }
    }

    /// The same without a body.
    pub(crate) fn bare(&self, caller: &Caller, route: &Route, path: &str, query: &str) -> Call {
        let path = self.fill(path);
        assert!(!path.contains('{'), "the scene has no row for {path}");
        caller.call(
            Method::from_bytes(route.method().as_bytes()).unwrap(),
            format!("{path}?{query}"),
        )
    }

    /// Every row of every table, in short.
    async fn rows(&self) -> String {
        let tables = self.app.tables().await;
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
    pub(crate) fn method(&self) -> &'static str {
        self.name.split_once(' ').unwrap().0
    }

    pub(crate) fn path(&self) -> &'static str {
        self.name.split_once(' ').unwrap().1
    }

    pub(crate) fn is_write(&self) -> bool {
        self.method() != "GET" && !self.only_reads
    }
}

fn form() -> Form {
    let file = ProformaWorkbook::sample().xlsx();
    Form::new().part("file", Part::bytes(file).file_name("po.xlsx"))
}

fn files(file: Vec<u8>) -> Form {
    Form::new().part("files", Part::bytes(file).file_name("po.xlsx"))
}

/// The role that `routes.txt` asks for.
fn role(route: &Route) -> &'static str {
    coverage::routes()
        .into_iter()
        .find(|(name, _)| name == route.name)
        .unwrap_or_else(|| panic!("{} is not in routes.txt", route.name))
        .1
}

/// The tests of a table of routes, for the module that has it: the table, the area of its routes, and at how many of them, at
/// least, an editor is refused what is an admin's.
macro_rules! suite_tests {
    ($suite:expr, $area:expr, $admins:literal) => {
        #[test]
        fn the_table_has_every_route_of_its_area() {
            $suite.has_just(&$crate::coverage::of($area));
        }

        #[tokio::test]
        async fn without_a_token_nothing_is_read_or_written() {
            $suite.asks_for_a_token().await;
        }

        #[tokio::test]
        async fn a_viewer_writes_nothing() {
            $suite.lets_no_viewer_write().await;
        }

        #[tokio::test]
        async fn an_editor_does_nothing_that_is_an_admins() {
            $suite.lets_no_editor_be_admin($admins).await;
        }

        #[tokio::test]
        async fn every_read_of_what_is_there_succeeds() {
            $suite.reads_what_is_there().await;
        }

        #[tokio::test]
        async fn every_write_that_makes_sense_is_done_and_recorded() {
            $suite.does_what_makes_sense().await;
        }

        #[tokio::test]
        async fn an_id_that_nothing_has_is_not_found() {
            $suite.finds_nothing_by_unknown_ids().await;
        }

        #[tokio::test]
        async fn an_id_that_is_none_is_named() {
            $suite.names_bad_ids().await;
        }

        #[tokio::test]
        async fn a_body_that_is_no_json_object_is_refused() {
            $suite.refuses_bodies_that_are_none().await;
        }

        #[tokio::test]
        async fn every_field_of_a_wrong_type_is_named() {
            $suite.names_fields_of_wrong_types().await;
        }

        #[tokio::test]
        async fn every_word_of_a_query_that_makes_no_sense_is_named() {
            $suite.names_senseless_queries().await;
        }

        #[tokio::test]
        async fn text_that_means_something_to_sql_is_text() {
            $crate::security::sql_text::try_all(&$suite).await;
        }
    };
}
pub(crate) use suite_tests;

impl Suite {
    /// The table has these routes, each once, and no others.
    pub(crate) fn has_just(&self, routes: &[(String, &'static str)]) {
        for (name, _) in routes {
            assert_eq!(
                self.routes.iter().filter(|route| route.name == name).count(),
                1,
                "rows of {name} in ROUTES"
            );
        }
        assert_eq!(self.routes.len(), routes.len());
    }

    /// Without a token each route answers 401.
    pub(crate) async fn asks_for_a_token(&self) {
        let scene = (self.scene)().await;
        let nobody = scene.app.nobody();
        let before = scene.rows().await;
        for route in self.routes {
            let reply = scene.call(&nobody, route, route.path(), route.query).send().await;
            assert_eq!(reply.status, 401, "{}: {}", route.name, reply.text());
            reply.expect_error(401, "UNAUTHORIZED");
            assert_eq!(reply.header("www-authenticate"), "Bearer", "{}", route.name);
            assert_eq!(scene.rows().await, before, "{}", route.name);
        }
    }

    /// A viewer who writes is refused with 403.
    pub(crate) async fn lets_no_viewer_write(&self) {
        let scene = (self.scene)().await;
        let viewer = scene.app.viewer().await;
        let before = scene.rows().await;
        for route in self.routes.iter().filter(|route| route.is_write()) {
            assert_ne!(role(route), "viewer", "{}", route.name);
            let reply = scene.call(&viewer, route, route.path(), route.query).send().await;
            assert_eq!(reply.status, 403, "{}: {}", route.name, reply.text());
            reply.expect_error(403, "FORBIDDEN");
            assert_eq!(scene.rows().await, before, "{}", route.name);
        }
    }

    /// An editor is refused with 403 at so many routes, at least, that are an admin's.
    pub(crate) async fn lets_no_editor_be_admin(&self, least: usize) {
        let scene = (self.scene)().await;
        let editor = scene.app.editor().await;
        let before = scene.rows().await;
        let mut seen = 0;
        for route in self.routes.iter().filter(|route| role(route) == "admin") {
            let reply = scene.call(&editor, route, route.path(), route.query).send().await;
            assert_eq!(reply.status, 403, "{}: {}", route.name, reply.text());
            reply.expect_error(403, "FORBIDDEN");
            assert_eq!(scene.rows().await, before, "{}", route.name);
            seen += 1;
        }
        assert!(seen >= least);
    }

    /// A viewer reads what is there.
    pub(crate) async fn reads_what_is_there(&self) {
        let scene = (self.scene)().await;
        let viewer = scene.app.viewer().await;
        let before = scene.rows().await;
        let reads = self.routes.iter().filter(|route| !route.is_write());
        let (files, pages): (Vec<&Route>, Vec<&Route>) = reads.partition(|route| route.says.is_empty());
        for route in pages {
            let reply = scene.call(&viewer, route, route.path(), route.query).send().await;
            assert_eq!(reply.status, 200, "{}: {}", route.name, reply.text());
            assert_eq!(reply.json()["status"], route.says, "{}", route.name);
        }
        assert_eq!(scene.rows().await, before);
        // A download is counted.
        for route in files {
            let reply = scene.call(&viewer, route, route.path(), route.query).send().await;
            assert_eq!(reply.status, 200, "{}: {}", route.name, reply.text());
        }
    }

    /// An admin's valid writes are done and leave a trace, so that what is refused elsewhere is refused for what it is about.
    pub(crate) async fn does_what_makes_sense(&self) {
        let (deletions, others): (Vec<&Route>, Vec<&Route>) = self
            .routes
            .iter()
            .filter(|route| route.is_write())
            .partition(|route| route.method() == "DELETE");
        let scene = (self.scene)().await;
        for route in others {
            self.succeeds(&scene, route).await;
        }
        for route in deletions {
            self.succeeds(&(self.scene)().await, route).await;
        }
    }

    async fn succeeds(&self, scene: &Scene, route: &Route) {
        for (_, preparation) in self.prepared.iter().filter(|(name, _)| *name == route.name) {
            scene.app.execute(preparation).await;
        }
        let admin = scene.app.admin().await;
        let trail = r#"SELECT count(*) FROM "Finances".audit_entry"#;
        let before: i64 = scene.app.value(trail).await;

        let reply = scene.call(&admin, route, route.path(), route.query).send().await;

        let is_creating = self.creating.contains(&route.name);
        let status = if is_creating { 201 } else { 200 };
        assert_eq!(reply.status, status, "{}: {}", route.name, reply.text());
        assert_eq!(reply.json()["status"], route.says, "{}", route.name);
        let after: i64 = scene.app.value(trail).await;
        assert!(after > before, "{} leaves no trace", route.name);
    }

    /// The parameters of a path that are ids.
    fn ids_of(&self, route: &Route) -> Vec<&'static str> {
        let mut names = parameters(route.path());
        names.retain(|name| !self.texts.contains(name));
        names
    }

    /// An id that no row has is answered with 404.
    pub(crate) async fn finds_nothing_by_unknown_ids(&self) {
        let scene = (self.scene)().await;
        let admin = scene.app.admin().await;
        let before = scene.rows().await;
        for route in self.routes {
            for parameter in self.ids_of(route) {
                let uuid = self.uuids.contains(&parameter).then_some(UNKNOWN_UUID);
                for id in [UNKNOWN].into_iter().chain(uuid) {
                    let path = route.path().replace(&format!("{{{parameter}}}"), id);
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
                    let says_so =
                        message.ends_with(" not found") || message == "Session not found or expired";
                    assert!(says_so, "{}: {message}", route.name);
                    assert_eq!(scene.rows().await, before, "{}", route.name);
                }
            }
        }
    }

    /// An id that is none is answered with 422 and its name, or not found where ids have no form.
    pub(crate) async fn names_bad_ids(&self) {
        let scene = (self.scene)().await;
        let admin = scene.app.admin().await;
        let before = scene.rows().await;
        for route in self.routes {
            for parameter in self.ids_of(route) {
                let (ids, kind) = if self.uuids.contains(&parameter) {
                    (BAD_UUIDS, "uuid_parsing")
                } else {
                    (BAD_IDS, "int_parsing")
                };
                for id in ids {
                    let path = route.path().replace(&format!("{{{parameter}}}"), id);
                    let reply = scene.call(&admin, route, &path, route.query).send().await;
                    if self.opaque.contains(&parameter) {
                        reply.expect_error(404, "NOT_FOUND");
                        continue;
                    }
                    if id == "0" && parameter == "project_id" && self.without_project.contains(&route.name) {
                        reply.expect_error(404, "NOT_FOUND");
                        continue;
                    }
                    assert_eq!(reply.status, 422, "{} ({id}): {}", route.name, reply.text());
                    assert_eq!(
                        reply.faults(),
                        [format!("{parameter}: {kind}")],
                        "{} ({id})",
                        route.name
                    );
                }
                assert_eq!(scene.rows().await, before, "{}", route.name);
            }
        }
    }

    /// A body that is no JSON object, or no form, is refused.
    pub(crate) async fn refuses_bodies_that_are_none(&self) {
        let scene = (self.scene)().await;
        let admin = scene.app.admin().await;
        let before = scene.rows().await;
        for route in self.routes {
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
                Body::Form(_) | Body::Files(..) => {
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

    /// Every field of a wrong type is named, all at once.
    pub(crate) async fn names_fields_of_wrong_types(&self) {
        let scene = (self.scene)().await;
        let admin = scene.app.admin().await;
        let before = scene.rows().await;
        let mut wrong_answers = Vec::new();
        for route in self.routes {
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
                Body::Files(file, wrong) => {
                    for ((field, text), fault) in wrong {
                        let reply = call().form(files(file()).text(*field, *text)).send().await;
                        wrong_answers.extend(off(route, field, &reply, &[fault]));
                    }
                    let reply = call().form(Form::new().text("note", "no file")).send().await;
                    wrong_answers.extend(off(route, "no file", &reply, &["files: missing"]));
                }
            }
            assert_eq!(scene.rows().await, before, "{}", route.name);
        }
        assert!(wrong_answers.is_empty(), "{}", wrong_answers.join("\n"));
    }

    /// Every word of a query that makes no sense is named.
    pub(crate) async fn names_senseless_queries(&self) {
        let scene = (self.scene)().await;
        let admin = scene.app.admin().await;
        let before = scene.rows().await;
        let mut wrong_answers = Vec::new();
        for route in self.routes {
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
