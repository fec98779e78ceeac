//! What the guides say, held against the program: the quickstart of the README, run as it stands there, and the tests that
//! they name.

use std::{fs, path::Path, process::Command};

use crate::{coverage, support::server::Home};

/// The commands of the quickstart, each with what it is said to print; nothing where it says nothing.
fn quickstart() -> Vec<(String, String)> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Quickstart\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut steps: Vec<(String, String)> = Vec::new();
    for block in section.split("```").skip(1).step_by(2) {
        let (kind, text) = block.split_once('\n').unwrap();
        match kind {
            "sh" => steps.push((text.to_owned(), String::new())),
            "text" => text.clone_into(&mut steps.last_mut().unwrap().1),
            other => panic!("a block of {other:?} in the quickstart"),
        }
    }
    steps
}

#[tokio::test]
async fn the_quickstart_of_the_readme_prints_what_it_says() {
    let home = Home::new();
    let server = home.start(&[]).await;
    let steps = quickstart();
    assert!(steps.len() >= 4, "{}", steps.len());
    // One shell for all, as a reader has, with a mark after each step.
    let script: String = steps
        .iter()
        .map(|(commands, _)| format!("{commands}\necho ==\n"))
        .collect();
    let script = script.replace("http://127.0.0.1:8000", server.base_url());

    let output = tokio::task::spawn_blocking(|| {
        Command::new("sh")
            .arg("-euc")
            .arg(script)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap()
    })
    .await
    .unwrap();

    let printed = String::from_utf8(output.stdout).unwrap();
    let said: String = steps.iter().map(|(_, text)| format!("{text}==\n")).collect();
    assert_eq!(printed, said, "{}", String::from_utf8_lossy(&output.stderr));
}

/// The words of a text that name tests: `module::test`, between backticks.
fn named_tests(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split('`').skip(1).step_by(2);
    words.filter(|word| {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_:".contains(&byte);
        word.contains("::") && !word.ends_with(':') && word.bytes().all(is_plain)
    })
}

#[test]
fn every_test_that_a_guide_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for guide in ["PRODUCTION_CHECKLIST.md", "docs/security.md"] {
        let text = fs::read_to_string(root.join(guide)).unwrap();
        for name in named_tests(&text) {
            assert!(coverage::has_test(name), "{guide} names {name}, which is no test");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

/// Each of the ten risks has its line, and the line its tests.
#[test]
fn every_risk_of_the_checklist_names_what_holds_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("PRODUCTION_CHECKLIST.md")).unwrap();
    for number in 1..=10 {
        let start = format!("| API{number}:2023 ");
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(&start)).collect();
        assert_eq!(lines.len(), 1, "{start}");
        assert!(named_tests(lines[0]).count() >= 2, "{}", lines[0]);
    }
}
