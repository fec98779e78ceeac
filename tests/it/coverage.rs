//! The table of what is tested of each route of the books, against the routes, the document and the tests' sources:
//! no route without its row, no cell without a test that is there and speaks of the route, no excuse that is not one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use nexgen_finance::http::router;
use serde_json::Value;

const ROUTES: &str = include_str!("data/routes.txt");
const TABLE: &str = include_str!("data/coverage.txt");
const FAULTS: &str = include_str!("support/faults.rs");
const FILES: &str = include_str!("support/files.rs");
/// What a route of the books is about; the faults of each area have a table of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// Clients, projects, POs, lines, agreements, payments and quotations.
    ClientSide,
    /// Vendors, and what projects ordered from them.
    Vendors,
    /// Vendor orders and their lines.
    VendorOrders,
    /// The vendors' ledger, payment links, and what orders earn.
    Ledger,
    /// Bills, and what they add up to.
    Billing,
    /// Proforma invoices and Bajaj's orders, as JSON and as files.
    Parties,
    /// Documents of projects and POs.
    Documents,
    /// Upload sessions and their files.
    UploadSessions,
    /// The audit trail.
    Audit,
}

/// Paths belong to the first area of which they have a part.
const AREAS: [(Area, &[&str]); 9] = [
    (Area::UploadSessions, &["/uploads/"]),
    (Area::Billing, &["/billing-", "/pl-analysis"]),
    (
        Area::Ledger,
        &[
            "/vendor-payments",
            "/vendor-payment-links",
            "/link",
            "/vendor-orders/{vendor_order_id}/payment",
            "/profit-analysis",
        ],
    ),
    (Area::Vendors, &["/vendor-summary", "/vendors"]),
    (Area::VendorOrders, &["/vendor-orders", "/vendor-line-items"]),
    (
        Area::ClientSide,
        &[
            "/api/client-po",
            "/api/clients",
            "/api/line-items",
            "/api/payments",
            "/api/po",
            "/api/projects",
            "/api/quotations",
            "/api/verbal-agreement",
        ],
    ),
    (Area::Parties, &["/api/bajaj-po", "/api/proforma-invoice"]),
    (Area::Documents, &["/api/documents"]),
    (Area::Audit, &["/api/audit"]),
];
/// What is to be tested of each route.
const CELLS: [&str; 5] = ["happy", "validation", "not-found", "no-token", "forbidden"];

/// Method and path of each route, and the weakest role that may call it.
pub(crate) fn routes() -> Vec<(String, &'static str)> {
    let lines = ROUTES
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [method, path, role] = words[..] else {
                panic!("routes.txt: {line}")
            };
            (format!("{method} {path}"), role)
        })
        .collect()
}

/// Those of the books.
fn covered() -> Vec<(String, &'static str)> {
    let mut routes = routes();
    routes.retain(|(name, _)| area(name).is_some());
    routes
}

fn area(name: &str) -> Option<Area> {
    let found = AREAS
        .iter()
        .find(|(_, parts)| parts.iter().any(|part| name.contains(part)));
    found.map(|(area, _)| *area)
}

/// Those of one area.
pub(crate) fn of(wanted: Area) -> Vec<(String, &'static str)> {
    let mut routes = routes();
    routes.retain(|(name, _)| area(name) == Some(wanted));
    routes
}

/// The names in a path that stand for ids.
pub(crate) fn parameters(path: &str) -> Vec<&str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .collect()
}

/// A test's own text, and what else its file holds: helpers, tables, and the data that it includes.
struct Source {
    test: String,
    around: String,
}

/// Every test of the suite by `module::name`.
fn tests() -> BTreeMap<String, Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut tests = BTreeMap::new();
    for file in rust_files(&folder) {
        let text = fs::read_to_string(&file).unwrap();
        let module = file.strip_prefix(&folder).unwrap().with_extension("");
        let module = module.to_str().unwrap().replace('/', "::");
        let module = module.strip_suffix("::mod").unwrap_or(&module);
        let (mut found, mut around) = split(&text);
        if text.contains("\nsuite_tests!(") {
            found.extend(suite_tests());
        }
        for name in text.split("include_str!(\"").skip(1) {
            let included = folder.join(name.split('"').next().unwrap());
            around.push_str(&fs::read_to_string(included).unwrap_or_default());
        }
        // What a table of routes is tried with, and what sends files.
        for (import, shared) in [("faults::{", FAULTS), ("files::{", FILES)] {
            if text.contains(import) {
                around.push_str(shared);
            }
        }
        for (name, test) in found {
            let around = around.clone();
            tests.insert(format!("{module}::{name}"), Source { test, around });
        }
    }
    tests
}

/// The tests that a table of routes is given by a macro; there they stand deeper.
fn suite_tests() -> Vec<(String, String)> {
    let outdented: Vec<&str> = FAULTS
        .lines()
        .map(|line| line.strip_prefix("        ").unwrap_or(line))
        .collect();
    split(&outdented.join("\n")).0
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.retain(|path| path.extension().is_some_and(|kind| kind == "rs"));
    files.extend(folders.iter().flat_map(|folder| rust_files(folder)));
    files
}

/// Whether a test of this name is there, with the modules that it stands in.
pub(crate) fn has_test(name: &str) -> bool {
    static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| tests().into_keys().collect());
    NAMES.contains(name)
}

/// The tests of a file, each with its text, and the rest of the file. A test ends at the first line that is a bare `}`, as
/// rustfmt writes it.
fn split(text: &str) -> (Vec<(String, String)>, String) {
    let (mut tests, mut rest) = (Vec::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with("#[tokio::test") && line != "#[test]" {
            rest.push_str(line);
            rest.push('\n');
            continue;
        }
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "}").collect();
        let head = body.iter().find_map(|line| line.split_once("fn "));
        let (_, head) = head.unwrap_or_else(|| panic!("a test without a function: {body:?}"));
        tests.push((head.split('(').next().unwrap().to_owned(), body.join("\n")));
    }
    (tests, rest)
}

/// Whether a text speaks of a route: it sends with the method, and has each fixed word of the path.
fn speaks_of(source: &Source, method: &str, path: &str) -> bool {
    let text = format!("{}\n{}", source.test, source.around);
    let sends = text.contains(&format!(".{}(", method.to_lowercase())) || text.contains(".call(");
    let words = path
        .split('/')
        .filter(|word| !word.is_empty() && !word.starts_with('{'));
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    sends
        && words.into_iter().all(|word| {
            text.match_indices(word).any(|(at, _)| {
                let before = text[..at].chars().next_back();
                let after = text[at + word.len()..].chars().next();
                before.is_some_and(|c| c == '/' || c == '"') && !after.is_some_and(is_part)
            })
        })
}

/// The cells of each route, as the table has them: the words after the cell's name.
fn table() -> BTreeMap<String, BTreeMap<&'static str, &'static str>> {
    let mut table = BTreeMap::new();
    let mut route = String::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let words = line.trim();
        if words.is_empty() {
            continue;
        }
        if !line.starts_with(' ') {
            route = words.split_whitespace().collect::<Vec<_>>().join(" ");
            let is_new = table.insert(route.clone(), BTreeMap::new()).is_none();
            assert!(is_new, "coverage.txt has {route} twice");
            continue;
        }
        let (cell, content) = words
            .split_once(' ')
            .unwrap_or_else(|| panic!("coverage.txt: {line:?} is empty"));
        assert!(
            CELLS.contains(&cell),
            "coverage.txt: {route}: unknown cell {cell}"
        );
        let cells = table.get_mut(&route).expect("a route before its cells");
        let is_new = cells.insert(cell, content.trim()).is_none();
        assert!(is_new, "coverage.txt: {route} has {cell} twice");
    }
    table
}

/// Whether a cell may say `-`.
fn cannot_exist(cell: &str, method: &str, path: &str, role: &str, document: &Value) -> bool {
    let operation = &document["paths"][path][method.to_lowercase()];
    let in_query_or_path = |parameter: &Value| parameter["in"] != "header";
    match cell {
        "validation" => {
            let parameters = operation["parameters"].as_array();
            operation.get("requestBody").is_none()
                && !parameters.is_some_and(|all| all.iter().any(in_query_or_path))
        }
        "not-found" => parameters(path).is_empty(),
        "forbidden" => role == "viewer",
        _ => false,
    }
}

#[test]
fn every_cell_names_a_test_or_says_why_there_is_none() {
    let (tests, table) = (tests(), table());
    let document = serde_json::to_value(router::document()).unwrap();
    let mut faults = Vec::new();
    for (route, role) in covered() {
        let Some(cells) = table.get(&route) else {
            faults.push(format!("{route}: has no row"));
            continue;
        };
        let (method, path) = route.split_once(' ').unwrap();
        for cell in CELLS {
            let Some(content) = cells.get(cell) else {
                faults.push(format!("{route}: {cell} is missing"));
                continue;
            };
            if let Some(reason) = content.strip_prefix('-') {
                if reason.trim().is_empty() {
                    faults.push(format!("{route}: {cell} gives no reason"));
                }
                if !cannot_exist(cell, method, path, role, &document) {
                    faults.push(format!("{route}: {cell} can be tested: {content}"));
                }
                continue;
            }
            for name in content.split_whitespace() {
                match tests.get(name) {
                    None => faults.push(format!("{route}: {cell}: there is no test {name}")),
                    Some(source) if !speaks_of(source, method, path) => {
                        faults.push(format!("{route}: {cell}: {name} does not speak of it"));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    let listed: BTreeSet<String> = covered().into_iter().map(|(route, _)| route).collect();
    faults.extend(
        table
            .keys()
            .filter(|route| !listed.contains(*route))
            .map(|route| format!("{route}: is no route of routes.txt")),
    );
    assert!(
        faults.is_empty(),
        "tests/it/data/coverage.txt:\n{}",
        faults.join("\n")
    );
}

#[test]
fn a_test_is_found_with_its_text_and_what_is_around_it() {
    let (tests, rest) = split(
        "const A: &str = \"/api/po\";\n#[test]\nfn one() {\n    a();\n}\nfn help() {}\n#[tokio::test]\nasync fn two() {\n    b();\n}\n",
    );
    assert_eq!(
        tests,
        [
            ("one".to_owned(), "fn one() {\n    a();".to_owned()),
            ("two".to_owned(), "async fn two() {\n    b();".to_owned()),
        ]
    );
    assert_eq!(rest, "const A: &str = \"/api/po\";\nfn help() {}\n");
}

#[test]
fn a_test_speaks_of_a_route_only_with_its_method_and_all_its_words() {
    let source = |test: &str| Source {
        test: test.to_owned(),
        around: String::new(),
    };
    let path = "/api/po/{po_id}/payments";
    for (text, speaks) in [
        (r#"editor.get(format!("/api/po/{po}/payments?limit=1"))"#, true),
        (
            r#"let path = "/api/po"; viewer.get(format!("{path}/1/payments"))"#,
            true,
        ),
        (r#"editor.post(format!("/api/po/{po}/payments"))"#, false),
        (r#"editor.get(format!("/api/po/{po}"))"#, false),
        (
            r#"editor.get(format!("/api/po/{po}/payments-of-vendors"))"#,
            false,
        ),
        (r#"editor.get("/api/payments"); // the po"#, false),
    ] {
        assert_eq!(speaks_of(&source(text), "GET", path), speaks, "{text}");
    }
}
