//! The worked example of the documentation: its requests are sent, and each line of its tables is held against the answers.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{TestApp, callers::Caller, money};

const PAGE: &str = include_str!("../../docs/worked-example.md");

/// What the page says, in its order.
enum Part {
    /// A request, and the names that its answer gives to what it made: the name, and where it stands.
    Request {
        method: String,
        path: String,
        body: String,
        names: Vec<(String, String)>,
    },
    /// What a path answers: where each figure stands, and what it is.
    Table {
        path: String,
        figures: Vec<(String, String)>,
    },
}

fn parts() -> Vec<Part> {
    let mut parts = Vec::new();
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        if line == "```http" {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            parts.push(request(&block));
        } else if let Some(path) = line.strip_prefix("### GET ") {
            parts.push(Part::Table {
                path: path.to_owned(),
                figures: Vec::new(),
            });
        } else if let Some(row) = line.strip_prefix("| ") {
            let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
            let [figure, _, value] = cells[..] else {
                panic!("not three cells: {line}")
            };
            if figure != "Figure" {
                let Some(Part::Table { figures, .. }) = parts.last_mut() else {
                    panic!("a row of no table: {line}")
                };
                figures.push((figure.to_owned(), value.to_owned()));
            }
        }
    }
    parts
}

fn request(lines: &[&str]) -> Part {
    let (method, path) = lines[0].split_once(' ').expect("a method and a path");
    let (mut body, mut names) = (String::new(), Vec::new());
    for line in &lines[1..] {
        match line.strip_prefix("# {") {
            Some(naming) => {
                let (name, place) = naming.split_once("} is ").expect("a name and its place");
                names.push((name.to_owned(), place.to_owned()));
            }
            None => body.push_str(line),
        }
    }
    Part::Request {
        method: method.to_owned(),
        path: path.to_owned(),
        body,
        names,
    }
}

/// What stands at `data.a.b` of an answer.
fn at<'a>(answer: &'a Value, place: &str) -> &'a Value {
    let pointer = format!("/{}", place.replace('.', "/"));
    answer
        .pointer(&pointer)
        .unwrap_or_else(|| panic!("no {place} in {answer}"))
}

fn fill(text: &str, ids: &BTreeMap<String, String>) -> String {
    ids.iter().fold(text.to_owned(), |text, (name, id)| {
        text.replace(&format!("{{{name}}}"), id)
    })
}

async fn send(admin: &Caller, method: &str, path: &str, body: &str) -> Value {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let call = admin.call(method, path);
    let call = if body.is_empty() { call } else { call.body(body) };
    call.send().await.expect(200)
}

#[tokio::test]
async fn every_figure_of_the_worked_example_is_what_the_server_answers() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut ids = BTreeMap::new();
    let (mut requests, mut held, mut wrong) = (0, 0, Vec::new());
    for part in parts() {
        match part {
            Part::Request {
                method,
                path,
                body,
                names,
            } => {
                let answer = send(&admin, &method, &fill(&path, &ids), &fill(&body, &ids)).await;
                for (name, place) in names {
                    let id = at(&answer, &place);
                    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
                    ids.insert(name, id);
                }
                requests += 1;
            }
            Part::Table { path, figures } => {
                let answer = send(&admin, "GET", &fill(&path, &ids), "").await;
                for (figure, value) in figures {
                    let found = at(&answer, &figure);
                    let is_right = match found.as_str() {
                        Some(text) => text == value,
                        None => *found == money(&plain(&value)),
                    };
                    if !is_right {
                        wrong.push(format!("{path}: {figure} is {found}, the page says {value}"));
                    }
                    held += 1;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(requests > 30 && held > 100, "{requests} requests, {held} figures");
    app.expect_kept_totals_as_recounted().await;
}

/// A number without the zeros at its end, as it is answered.
fn plain(number: &str) -> String {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        number.to_owned()
    }
}
