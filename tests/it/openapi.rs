//! The OpenAPI document against the running server: each route is documented, and answers as documented to nobody, to
//! each role and for what does not exist.

use std::collections::{BTreeMap, BTreeSet};

use nexgen_finance::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    operations::{METHODS, Operation, document, example, operations, resolve},
};

/// The committed list of routes.
const ROUTES: &str = include_str!("data/routes.txt");
/// The role that each route of the list asks for; `None` for public ones.
fn listed() -> BTreeMap<String, Option<Role>> {
    let lines = ROUTES
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [method, path, role] = words[..] else {
                panic!("routes.txt: {line}")
            };
            let role =
                (role != "public").then(|| Role::parse(role).unwrap_or_else(|| panic!("routes.txt: {line}")));
            (format!("{method} {path}"), role)
        })
        .collect()
}

#[test]
fn the_list_of_routes_and_the_document_agree() {
    let documented: BTreeSet<String> = operations(&document()).iter().map(Operation::name).collect();
    let listed: BTreeSet<String> = listed().into_keys().collect();

    let unlisted: Vec<_> = documented.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&documented).collect();

    assert!(
        unlisted.is_empty(),
        "add to tests/it/data/routes.txt, with the role: {unlisted:?}"
    );
    assert!(
        gone.is_empty(),
        "listed in tests/it/data/routes.txt, but not in the document: {gone:?}"
    );
}

#[test]
fn the_document_names_the_role_that_the_list_does() {
    let listed = listed();
    for operation in operations(&document()) {
        let name = operation.name();
        assert_eq!(Some(&operation.role()), listed.get(&name), "{name}");
    }
}

/// A value of which a string is wanted and an object at once cannot exist.
#[test]
fn no_schema_wants_two_types_at_once() {
    fn look(value: &Value, place: &str, found: &mut Vec<String>) {
        if let Some(parts) = value.get("allOf").and_then(Value::as_array) {
            let types: BTreeSet<&str> = parts.iter().filter_map(|part| part["type"].as_str()).collect();
            if types.len() > 1 {
                found.push(place.to_owned());
            }
        }
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    look(field, &format!("{place}/{name}"), found);
                }
            }
            Value::Array(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    look(entry, &format!("{place}/{index}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    look(&document(), "", &mut found);

    assert!(found.is_empty(), "{found:?}");
}

/// Routes come in through `routes!`, which documents them. What is mounted otherwise is named here.
#[test]
fn no_route_is_mounted_around_the_document() {
    let known = [
        "src/http/docs.rs",
        "src/http/router.rs",
        "src/telemetry/routes.rs",
    ];
    for (name, source) in sources()
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
    {
        for word in [".route(", ".route_service(", ".nest(", ".nest_service("] {
            assert!(!source.contains(word), "{name} mounts a route with {word}");
        }
    }
}

/// Of two types with one name in the document, one would speak for the other.
#[test]
fn no_two_schemas_have_one_name() {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, source) in sources() {
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        let source = code.collect::<Vec<_>>().join("\n");
        for (at, _) in source.match_indices("derive(") {
            let (derived, rest) = source[at..].split_once(")]").unwrap();
            if !derived.contains("ToSchema") {
                continue;
            }
            let kinds = ["struct ", "enum "];
            let (place, kind) = kinds
                .iter()
                .filter_map(|kind| Some((rest.find(kind)?, kind)))
                .min()
                .expect("a type");
            let (attributes, declared) = (&rest[..place], &rest[place + kind.len()..]);
            let named = attributes.split_once("(as = ").map_or(declared, |(_, name)| name);
            let name = named.split(|c: char| !c.is_alphanumeric()).next();
            files
                .entry(name.unwrap_or_default().to_owned())
                .or_default()
                .push(file.clone());
        }
    }
    assert!(files.len() > 100, "only {} were found", files.len());
    files.retain(|_, places| places.len() > 1);

    assert!(files.is_empty(), "{files:?}");
}

/// The program's own files by their paths.
fn sources() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 50, "only {} files were read", files.len());
    files
}

#[test]
fn the_document_is_sound() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    for word in ["title", "version", "description"] {
        assert!(
            document["info"][word]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "info.{word}"
        );
    }
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    let mut all = vec![&document];
    while let Some(value) = all.pop() {
        resolve(&document, value);
        match value {
            Value::Object(fields) => all.extend(fields.values()),
            Value::Array(entries) => all.extend(entries),
            _ => {}
        }
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        assert!(name.bytes().all(is_plain), "a schema is called {name}");
    }
}

#[test]
fn every_operation_says_what_it_takes_and_answers() {
    let document = document();
    let roles = listed();
    let mut ids = BTreeSet::new();
    for operation in operations(&document) {
        let (name, body) = (operation.name(), &operation.body);
        let id = body["operationId"].as_str().unwrap_or_default();
        assert!(
            !id.is_empty() && ids.insert(id.to_owned()),
            "{name}: operationId {id:?}"
        );
        for word in ["summary", "operationId"] {
            assert!(
                body[word].as_str().is_some_and(|text| !text.is_empty()),
                "{name} has no {word}"
            );
        }
        assert!(
            body["tags"].as_array().is_some_and(|tags| tags.len() == 1),
            "{name} has no tag"
        );

        let parameters = body["parameters"].as_array().cloned().unwrap_or_default();
        let in_path: BTreeSet<&str> = operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let told: BTreeSet<&str> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(told, in_path, "{name}");
        for parameter in &parameters {
            assert!(parameter["schema"].is_object(), "{name}: {parameter}");
            assert!(
                parameter["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{name}: {parameter}"
            );
        }
        let takes_key = parameters
            .iter()
            .any(|parameter| parameter["name"] == "Idempotency-Key");
        assert_eq!(
            takes_key,
            operation.method == "POST" && !operation.path.starts_with("/api/auth/"),
            "{name}"
        );

        let is_public = roles.get(&name).is_some_and(Option::is_none);
        assert_eq!(
            body.get("security") == Some(&json!([{}])),
            is_public,
            "{name}: {:?}",
            body.get("security")
        );

        let responses = body["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{name} has no success"
        );
        let mut expected: Vec<&str> = if operation.path == "/" {
            vec![]
        } else {
            vec!["400", "429", "500", "503"]
        };
        if !is_public {
            expected.extend(["401", "403"]);
        }
        if !parameters.is_empty() || body.get("requestBody").is_some() {
            expected.push("422");
        }
        if !in_path.is_empty() {
            expected.push("404");
        }
        if body.get("requestBody").is_some() {
            expected.extend(["413", "415"]);
        }
        for status in expected {
            assert!(
                responses.contains_key(status),
                "{name} does not document {status}"
            );
        }
        for (status, response) in responses {
            assert!(
                response["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{name}: {status} is not described"
            );
            let schema = response["content"]
                .as_object()
                .and_then(|content| content.values().next());
            let schema = schema.map(|content| &content["schema"]);
            if status.starts_with(['4', '5']) {
                assert_eq!(
                    schema,
                    Some(&json!({"$ref": "#/components/schemas/ErrorBody"})),
                    "{name}: {status}"
                );
            } else {
                assert!(
                    schema.is_some_and(Value::is_object),
                    "{name}: {status} has no schema"
                );
            }
        }
    }
}

#[tokio::test]
async fn each_documented_path_is_mounted_with_its_methods_and_no_others() {
    let app = TestApp::start().await;
    let document = document();
    let documented: BTreeSet<String> = operations(&document).iter().map(Operation::name).collect();
    for path in document["paths"].as_object().unwrap().keys() {
        for method in METHODS {
            let operation = Operation {
                method: method.to_owned(),
                path: path.clone(),
                body: Value::Null,
            };
            // A caller of its own, since some routes end the token that they are called with.
            let reply = operation.call(&app.admin().await, None).await;
            if documented.contains(&operation.name()) {
                assert_ne!(reply.status, 405, "{}", operation.name());
                let is_missing = reply.status == 404 && reply.json()["message"] == "Not Found";
                assert!(!is_missing, "{} is documented, but not mounted", operation.name());
            } else {
                assert_eq!(
                    reply.status,
                    405,
                    "{} is mounted, but not documented",
                    operation.name()
                );
                let allowed: BTreeSet<String> = reply
                    .header("allow")
                    .split(',')
                    .map(|word| word.trim().to_owned())
                    .collect();
                let of_path = |method: &&str| documented.contains(&format!("{method} {path}"));
                let mut expected: BTreeSet<String> = METHODS
                    .iter()
                    .filter(|m| of_path(m))
                    .map(|m| (*m).to_owned())
                    .collect();
                if expected.contains("GET") {
                    expected.insert("HEAD".to_owned());
                }
                assert_eq!(allowed, expected, "Allow of {}", operation.name());
            }
        }
    }
}

#[tokio::test]
async fn each_route_lets_in_its_role_and_nobody_below() {
    let app = TestApp::start().await;
    let roles = listed();
    for operation in operations(&document()) {
        let name = operation.name();
        let Some(needed) = roles.get(&name) else {
            panic!("{name} is not in tests/it/data/routes.txt")
        };
        let as_nobody = operation.call(&app.nobody(), None).await;
        let Some(needed) = needed else {
            // The refresh token is in the body or a cookie of its own.
            let is_refused = [401, 403].contains(&as_nobody.status) && operation.path != "/api/auth/refresh";
            assert!(!is_refused, "{name} is public: {}", as_nobody.text());
            assert!(as_nobody.status < 500, "{name}: {}", as_nobody.text());
            continue;
        };
        as_nobody.expect_error(401, "UNAUTHORIZED");
        assert_eq!(as_nobody.header("www-authenticate"), "Bearer", "{name}");
        for role in Role::ALL {
            // A caller of its own, since some routes end the token that they are called with.
            let reply = operation.call(&app.user(role).await, None).await;
            if role < *needed {
                let error = reply.expect_error(403, "FORBIDDEN");
                assert_eq!(
                    error["message"],
                    format!("This action requires '{}' role", needed.as_str()),
                    "{name}"
                );
            } else {
                assert!(
                    ![401, 403].contains(&reply.status),
                    "{name} as {}: {}",
                    role.as_str(),
                    reply.text()
                );
                assert!(
                    reply.status < 500,
                    "{name} as {}: {}",
                    role.as_str(),
                    reply.text()
                );
            }
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_404_also_for_a_valid_body() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let document = document();
    let mut seen = 0;
    for operation in operations(&document)
        .iter()
        // A category that nothing has is an empty list, as is a number.
        .filter(|operation| operation.path.contains('{') && !operation.path.contains("{cat}")
                && !operation.path.contains("{po_number}"))
    {
        let schema = operation
            .body
            .pointer("/requestBody/content/application~1json/schema");
        if schema.is_none() && operation.body.get("requestBody").is_some() {
            // A form with files; its routes have tests of their own.
            continue;
        }
        let body = schema.map(|schema| example(&document, schema).expect("examples in the body's schema"));
        let reply = operation.call(&admin, body.as_ref()).await;
        let error = reply.expect_error(404, "NOT_FOUND");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(" not found"), "{}: {message}", operation.name());
        seen += 1;
    }
    assert!(seen >= 5);
}

#[tokio::test]
async fn the_documentation_comes_from_the_binary_alone() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    let served = nobody.get("/api/openapi.json").send().await;
    assert_eq!(served.header("content-type"), "application/json");
    assert_eq!(served.expect(200), document());
    for page in ["/api/docs", "/api/redoc"] {
        let reply = nobody.get(page).send().await;
        assert_eq!(reply.status, 200);
        assert!(reply.header("content-type").starts_with("text/html"));
        let policy = reply.header("content-security-policy").to_owned();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(
            !policy.contains("http") && !policy.contains("script-src 'self' '"),
            "{policy}"
        );
        let text = reply.text();
        assert!(
            !text.contains("http://") && !text.contains("https://") && !text.contains("<script>"),
            "{text}"
        );
        let sources: Vec<&str> = ["src=\"", "href=\""]
            .iter()
            .flat_map(|word| text.split(word).skip(1))
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        assert!(sources.len() >= 2, "{text}");
        for source in sources {
            assert!(source.starts_with("/api/"), "{source}");
            let asset = nobody.get(source).send().await;
            assert_eq!(asset.status, 200, "{source}");
            let kind = match source.rsplit_once('.').unwrap().1 {
                "js" => "text/javascript",
                "css" => "text/css",
                _ => "image/png",
            };
            assert!(
                asset.header("content-type").starts_with(kind),
                "{source}: {}",
                asset.header("content-type")
            );
            assert_eq!(asset.header("content-encoding"), "", "{source}");
            if kind == "image/png" {
                assert!(asset.bytes.starts_with(b"\x89PNG"));
                continue;
            }
            let text = String::from_utf8(asset.bytes).expect("an asset of text");
            assert!(text.len() > 50, "{source}");
            for elsewhere in ["cdn.redoc.ly", "fonts.googleapis.com", "@import"] {
                assert!(!text.contains(elsewhere), "{source} loads {elsewhere}");
            }
            if source.ends_with("swagger-initializer.js") {
                assert!(text.contains("/api/openapi.json"), "{text}");
                assert!(
                    text.contains(r#""validatorUrl": "none""#) && !text.contains("https://"),
                    "{text}"
                );
            }
        }
    }
    for missing in [
        "/api/docs/nothing.js",
        "/api/docs/..%2f..%2fCargo.toml",
        "/api/redoc/other.js",
    ] {
        nobody.get(missing).send().await.expect_error(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn without_documentation_there_is_no_trace_of_it() {
    let app = TestApp::start_with(&[("DOCS_ENABLED", "false")]).await;
    for path in [
        "/api/docs",
        "/api/redoc",
        "/api/openapi.json",
        "/api/docs/swagger-ui.css",
        "/api/redoc/redoc.standalone.js",
    ] {
        app.nobody().get(path).send().await.expect_error(404, "NOT_FOUND");
    }
}
