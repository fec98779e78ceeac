//! What it costs to read a purchase-order file and make a PO of it.
//!
//! `cargo bench --bench uploads` starts the release server on an embedded database of its own and sends it files of twenty
//! lines, one after the other and twenty at once. Next to each stands what it costs to store the same files without reading
//! them, measured in turns with it, and the ratio of the two. At the end it prints the server's memory at its highest while
//! twenty files were read at once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    dead_code,
    reason = "a bench ends by panicking where it meets what it did not expect, its figures are no amounts, and it needs \
              only some of what it shares with the tests"
)]

#[path = "../tests/it/support/bajaj_pdf.rs"]
mod bajaj_pdf;
#[path = "../tests/it/support/pdf.rs"]
mod pdf;
#[path = "../tests/it/support/sheet.rs"]
mod sheet;
mod support;
#[path = "../tests/it/support/workbooks.rs"]
mod workbooks;

use std::{fs, time::Instant};

use bajaj_pdf::{BajajPdf, PdfItem};
use futures_util::{StreamExt, stream};
use reqwest::{
    Client,
    multipart::{Form, Part},
};
use rust_decimal::{Decimal, dec};
use serde_json::json;
use support::{Server, answer, number, read_options};
use workbooks::{BajajWorkbook, Item, ProformaWorkbook};

const HELP: &str = "\
cargo bench --bench uploads [-- OPTIONS]
  --files N      files of one measurement [60]
  --rounds N     times that each is measured, in turns [5]";

/// Lines of each file.
const LINES: u32 = 20;
/// Files that are sent at once.
const AT_ONCE: usize = 20;

fn main() {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(&options));
}

/// What was asked for on the command line.
struct Options {
    files: u32,
    rounds: u32,
}

impl Options {
    fn parse() -> Self {
        let mut options = Self { files: 60, rounds: 5 };
        read_options(HELP, |name, value| {
            match name {
                "--files" => options.files = number(value, 20..=10_000),
                "--rounds" => options.rounds = number(value, 1..=1000),
                _ => return false,
            }
            true
        });
        options
    }
}

/// A layout of which files are made.
#[derive(Clone, Copy)]
struct Layout {
    name: &'static str,
    client: u32,
    extension: &'static str,
    /// The file of an order of this number.
    file: fn(u32) -> Vec<u8>,
}

const LAYOUTS: [Layout; 3] = [
    Layout {
        name: "proforma invoice, xlsx",
        client: 2,
        extension: "xlsx",
        file: proforma,
    },
    Layout {
        name: "Bajaj order, xlsx",
        client: 1,
        extension: "xlsx",
        file: bajaj,
    },
    Layout {
        name: "Bajaj order, pdf",
        client: 1,
        extension: "pdf",
        file: bajaj_as_pdf,
    },
];

fn items() -> Vec<Item> {
    (1..=LINES)
        .map(|line| {
            Item::new(
                &format!("Gypsum partition, both sides, with insulation, room {line}"),
                "6809",
                "SQFT",
                Decimal::from(line) + dec!(12.5),
                dec!(118.75),
            )
        })
        .collect()
}

fn proforma(number: u32) -> Vec<u8> {
    ProformaWorkbook::sample()
        .field("PO Number", format!("46{number:08}").as_str())
        .field("PI Number", format!("PI/{number}").as_str())
        .items(items())
        .xlsx()
}

fn bajaj(number: u32) -> Vec<u8> {
    BajajWorkbook::sample()
        .po_number(format!("45{number:08}").as_str())
        .items(items())
        .xlsx()
}

fn bajaj_as_pdf(number: u32) -> Vec<u8> {
    let items = items()
        .into_iter()
        .zip(1..)
        .map(|(item, line)| PdfItem::new(line, &item.description, item.quantity, &item.unit, item.rate));
    BajajPdf {
        number: format!("Purchase Order 47{number:08}"),
        items: items.collect(),
        ..BajajPdf::sample(bajaj_pdf::Form::TitlesPerItem)
    }
    .to_bytes()
}

/// A server, and who sends it files.
struct Bench {
    server: Server,
    client: Client,
    token: String,
    /// A PO that files are stored for without being read.
    po: i64,
    /// How many files were made; each is another order.
    made: u32,
}

impl Bench {
    async fn start() -> Self {
        let client = Client::new();
        let server = Server::start().await;
        let token = server.sign_up(&client).await;
        let body = json!({"client_id": 1, "po_number": "4400000000", "po_value": 100});
        let po = answer(client.post(server.url("/api/po")).bearer_auth(&token).json(&body)).await;
        Self {
            server,
            client,
            token,
            po: po["id"].as_i64().unwrap(),
            made: 0,
        }
    }

    fn files(&mut self, layout: Layout, count: u32) -> Vec<Vec<u8>> {
        let first = self.made + 1;
        self.made += count;
        (first..=self.made).map(layout.file).collect()
    }

    /// Files a second.
    async fn send(&self, layout: Layout, files: Vec<Vec<u8>>, at_once: usize, is_read: bool) -> f64 {
        let count = files.len();
        let began = Instant::now();
        stream::iter(files)
            .for_each_concurrent(at_once, |file| async move {
                let file = Part::bytes(file).file_name(format!("order.{}", layout.extension));
                let form = Form::new().part("file", file);
                let (path, form) = if is_read {
                    (
                        "/api/po/upload".to_owned(),
                        form.text("client_id", layout.client.to_string()),
                    )
                } else {
                    (format!("/api/client-po/{}/files", self.po), form)
                };
                let request = self.client.post(self.server.url(&path));
                let body = answer(request.bearer_auth(&self.token).multipart(form)).await;
                if is_read {
                    assert_eq!(body["line_item_count"], LINES);
                    assert!(body["client_po_id"].is_i64());
                }
            })
            .await;
        count as f64 / began.elapsed().as_secs_f64()
    }

    /// From here on the highest memory is counted anew.
    fn forget_memory(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.server.process()), "5").ok();
    }
}

async fn run(options: &Options) {
    let mut bench = Bench::start().await;
    println!(
        "{:<26} {:>8} {:>18} {:>16} {:>7}",
        "files of 20 lines", "at once", "read and saved /s", "only stored /s", "ratio"
    );
    let mut memory = Vec::new();
    for layout in LAYOUTS {
        for at_once in [1, AT_ONCE] {
            // The first prepare statements and fill caches, and are thrown away.
            let files = bench.files(layout, 10);
            bench.send(layout, files, at_once, true).await;
            let (mut read, mut stored) = (Vec::new(), Vec::new());
            for _ in 0..options.rounds {
                let files = bench.files(layout, options.files);
                bench.forget_memory();
                read.push(bench.send(layout, files, at_once, true).await);
                if at_once == AT_ONCE {
                    memory.extend(bench.server.status("VmHWM:"));
                }
                let files = bench.files(layout, options.files);
                stored.push(bench.send(layout, files, at_once, false).await);
            }
            let (read, stored) = (median(read), median(stored));
            println!(
                "{:<26} {at_once:>8} {read:>18.0} {stored:>16.0} {:>7.2}",
                layout.name,
                read / stored
            );
        }
    }
    if let Some(highest) = memory.into_iter().max() {
        println!(
            "\nmemory of the server at its highest while {AT_ONCE} files were read at once: {} MB",
            highest / 1024
        );
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates[rates.len() / 2]
}
