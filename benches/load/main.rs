//! How much of what it stands on the server gives on, and what that costs, at several sizes of the database.
//!
//! `cargo bench --bench load` starts release servers on embedded databases of their own, one for each number of POs
//! (seed.sql says with what on them), and drives reads, writes, logins and uploads over their loopback address. In turns with
//! each it drives the floor of it: pgbench with the very statements that the request ran, taken from PostgreSQL's log, over as
//! many connections; for `GET /api/health` an axum route that does nothing else. It prints the medians of the rounds, their
//! ratios to the floors, and what grows with the size. With `--base-url` it drives a server that runs already, without floors.
//!
//! The figures mean something as ratios of one run, on a machine that does nothing else. `-- --help` tells the options.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    clippy::disallowed_methods,
    dead_code,
    reason = "a bench ends by panicking where it meets what it did not expect, its figures are no amounts, and it needs \
              only some of what the benches share"
)]

mod bare;
mod drive;
mod markdown;
mod options;
mod overload;
mod pgbench;
mod plot;
mod python;
mod report;
mod requests;
mod site;
mod start;
mod statements;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use bare::Bare;
use drive::drive;
use options::Options;
use pgbench::Pgbench;
use report::{Report, Row};
use requests::{Floor, Scenario};
use site::Site;
use statements::Statement;

fn main() {
    // The floor of a route that does nothing is a process of its own, as the server is.
    if let Some(port) = std::env::var_os(bare::PORT) {
        bare::serve(port.to_str().unwrap().parse().unwrap());
        return;
    }
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(&options));
}

async fn run(options: &Options) {
    let mut report = Report::new(options);
    if let Some(url) = &options.base_url {
        let site = Site::there(url, options).await;
        measure(&site, options, &mut report).await;
    } else {
        for pos in &options.sizes {
            let mut site = Site::start(*pos).await;
            measure(&site, options, &mut report).await;
            let is_last = options.sizes.last() == Some(pos);
            if is_last && options.asks_for("python") {
                python::compare(&site, options, &mut report).await;
            }
            if is_last && options.asks_for("overload") {
                report.overload = Some(overload::run(&site, options).await);
            }
            if is_last && options.asks_for("start") {
                report.start = Some(start::run(&mut site).await);
            }
        }
    }
    println!("{report}");
    if let Some(file) = &options.json {
        fs::write(file, report.json()).unwrap();
    }
    if let Some(file) = &options.plot {
        fs::write(file, plot::svg(&report)).unwrap();
    }
    if let Some(file) = &options.markdown {
        let plot = options.plot.as_ref().and_then(|plot| plot.file_name());
        let page = markdown::page(&report, options, plot.and_then(|name| name.to_str()));
        fs::write(file, page).unwrap();
    }
}

/// Something to drive, with what is known of it.
struct Prepared {
    scenario: Scenario,
    statements: Vec<Statement>,
    rows: Vec<Row>,
}

async fn measure(site: &Site, options: &Options, report: &mut Report) {
    let bare = Bare::start(site).await;
    let pgbench = Pgbench::find(site);
    let mut prepared = Vec::new();
    for scenario in requests::all(site).filter(|scenario| options.asks_for(scenario.name)) {
        // The first answers fill caches and pools and prepare statements, and are thrown away.
        drive(site.address, &scenario, 4, options.warming())
            .await
            .expect_success(scenario.name);
        let statements = match (&scenario.floor, &pgbench) {
            (Floor::Statements, Some(_)) => statements::of(site, &scenario).await,
            _ => Vec::new(),
        };
        prepared.push(Prepared {
            scenario,
            statements,
            rows: Vec::new(),
        });
    }
    for round in 0..options.rounds {
        for Prepared {
            scenario,
            statements,
            rows,
        } in &mut prepared
        {
            eprintln!("{} POs, round {}: {}", site.pos, round + 1, scenario.name);
            for connections in scenario.connections(options) {
                let measured = site.measure(scenario, connections, options.length()).await;
                let floor = match scenario.floor {
                    _ if Some(&connections) != options.connections.last() => None,
                    Floor::Bare => Some(bare.measure(scenario, connections, options.length()).await),
                    Floor::Statements => pgbench
                        .as_ref()
                        .filter(|_| !statements.is_empty())
                        .map(|pgbench| pgbench.run(statements, connections, options.seconds)),
                    Floor::Hash => Some(bare::hashes(options.length())),
                    Floor::None => None,
                };
                rows.push(Row::new(site.pos, scenario, connections, measured, floor));
            }
        }
    }
    for Prepared { rows, .. } in prepared {
        report.add(rows);
    }
    report.memory.push((site.pos, site.memory()));
}
