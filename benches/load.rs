//! How many requests a second the server answers, beside what PostgreSQL alone reaches with the same query.
//!
//! `cargo bench --bench load` starts the release server on an embedded database in a temp folder, makes a user, a project
//! and a PO of twelve lines through the API, and then measures in turns, some rounds of each:
//!
//! - `GET /api/health` against pgbench with `SELECT 1`,
//! - `GET /api/po/{id}/details` against pgbench with the server's own query for it,
//!
//! with as many connections each, over the same machine's loopback and unix socket. The medians of the rounds and their
//! ratios are printed; they mean something only on a machine that does nothing else. `-- --help` tells the options.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench ends by panicking where it meets what it did not expect, and its figures are no amounts"
)]

mod support;

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use nexgen_finance::{finance::purchase_orders::store::GET_SQL, postgres::programs::ProgramSearch};
use reqwest::{
    Client,
    multipart::{Form, Part},
};
use rust_xlsxwriter::{Workbook, XlsxError};
use serde_json::Value;
use support::{Server, answer, number, port, read_answer, read_options, request};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const HELP: &str = "\
cargo bench --bench load [-- OPTIONS]
  --seconds N        length of one measurement [5]
  --rounds N         measurements of each kind, in turns [3]
  --connections N    connections of each kind [32]";

const LINES: u32 = 12;

fn main() {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(&options));
}

async fn run(options: &Options) {
    let server = Server::start().await;
    let seeded = seed(&server).await;
    let health = request(&server, "/api/health", None);
    let path = format!("/api/po/{}/details", seeded.po);
    let details = request(&server, &path, Some(&seeded.token));
    let pgbench = Pgbench::find(&server, seeded.po);
    println!(
        "{} connections, {} rounds of {} s each; details of a PO with {LINES} lines, {} bytes",
        options.connections, options.rounds, options.seconds, seeded.bytes
    );

    // A first short round fills caches and pools, and is thrown away.
    load(
        server.address,
        &health,
        options.connections,
        Duration::from_secs(1),
    )
    .await;
    load(
        server.address,
        &details,
        options.connections,
        Duration::from_secs(1),
    )
    .await;
    let length = Duration::from_secs(options.seconds);
    let mut rounds = Rounds::default();
    for _ in 0..options.rounds {
        rounds
            .health
            .push(measure(&server, &health, options.connections, length).await);
        rounds.select_one.push(pgbench.run("SELECT 1;", options));
        rounds
            .details
            .push(measure(&server, &details, options.connections, length).await);
        rounds.query.push(pgbench.run(&pgbench_script(), options));
    }

    rounds.report(&path);
    if let Some(memory) = server.status("VmHWM:") {
        println!("server memory at its highest: {} MB", memory / 1024);
    }
}

/// What was asked for on the command line.
struct Options {
    seconds: u64,
    rounds: usize,
    connections: usize,
}

impl Options {
    fn parse() -> Self {
        let mut options = Self {
            seconds: 5,
            rounds: 3,
            connections: 32,
        };
        read_options(HELP, |name, value| {
            match name {
                "--seconds" => options.seconds = number(value, 1..=60).into(),
                "--rounds" => options.rounds = usize::try_from(number(value, 1..=20)).unwrap(),
                "--connections" => options.connections = usize::try_from(number(value, 1..=150)).unwrap(),
                _ => return false,
            }
            true
        });
        options
    }
}

/// What the measurements need to know.
struct Seeded {
    token: String,
    po: i64,
    bytes: usize,
}

/// Makes the first user, a project, and a PO from a file with twelve lines.
async fn seed(server: &Server) -> Seeded {
    let client = Client::new();
    let token = server.sign_up(&client).await;

    let file = Part::bytes(workbook().unwrap()).file_name("proforma.xlsx");
    let form = Form::new()
        .text("client_id", "2")
        .text("project_name", "Bench")
        .part("file", file);
    let upload = client
        .post(server.url("/api/po/upload"))
        .bearer_auth(&token)
        .multipart(form);
    let uploaded = answer(upload).await;
    let po = uploaded["data"]["client_po_id"].as_i64().unwrap();

    let url = server.url(&format!("/api/po/{po}/details"));
    let body = client.get(url).bearer_auth(&token).send().await.unwrap();
    let body = body.bytes().await.unwrap();
    let details: Value = serde_json::from_slice(&body).unwrap();
    let lines = details["data"]["line_items"].as_array().unwrap().len();
    assert_eq!(lines, usize::try_from(LINES).unwrap(), "{details}");
    Seeded {
        token,
        po,
        bytes: body.len(),
    }
}

/// A proforma invoice in its smallest layout.
fn workbook() -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 4, "PI Number:")?.write(0, 5, "PI-2026-0001")?;
    sheet.write(1, 4, "Date:")?.write(1, 5, "2026-01-22")?;
    for (column, head) in (0..).zip(["ITEM", "DESCRIPTION", "QTY", "RATE", "AMOUNT"]) {
        sheet.write(4, column, head)?;
    }
    let mut total = 0;
    for line in 1..=LINES {
        let (quantity, rate) = (line * 10, 125 + line);
        let row = 4 + line;
        sheet.write(row, 0, line)?;
        sheet.write(row, 1, format!("Steel plate, {line} mm, cut and primed"))?;
        sheet.write(row, 2, quantity)?.write(row, 3, rate)?;
        sheet.write(row, 4, quantity * rate)?;
        total += quantity * rate;
    }
    sheet.write(5 + LINES, 4, "Total")?.write(5 + LINES, 5, total)?;
    workbook.save_to_buffer()
}

/// The processor time that the server has used so far, where the system tells.
fn processor_time(server: &Server) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.process())).ok()?;
    let fields: Vec<u64> = stat
        .rsplit_once(") ")?
        .1
        .split(' ')
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    // User and system time, in hundredths of a second.
    Some(Duration::from_millis(10 * (fields[11] + fields[12])))
}

/// What one measurement found.
#[derive(Clone, Copy)]
struct Measured {
    per_second: f64,
    median: Duration,
    slowest_in_hundred: Duration,
    /// Of the server, for one request.
    processor: Option<Duration>,
}

async fn measure(server: &Server, request: &[u8], connections: usize, length: Duration) -> Measured {
    let before = processor_time(server);
    let started = Instant::now();
    let mut latencies = load(server.address, request, connections, length).await;
    let elapsed = started.elapsed();
    let used = before
        .zip(processor_time(server))
        .map(|(before, after)| after.saturating_sub(before));
    latencies.sort_unstable();
    let count = latencies.len();
    Measured {
        per_second: count as f64 / elapsed.as_secs_f64(),
        median: latencies[count / 2],
        slowest_in_hundred: latencies[count * 99 / 100],
        processor: used.map(|used| used.div_f64(count as f64)),
    }
}

/// Sends a request again and again on every connection, each after the answer to the one before; how long each took.
async fn load(address: SocketAddr, request: &[u8], connections: usize, length: Duration) -> Vec<Duration> {
    let until = Instant::now() + length;
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(ask_until(address, request.to_vec(), until)))
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    latencies
}

async fn ask_until(address: SocketAddr, request: Vec<u8>, until: Instant) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::with_capacity(64 * 1024);
    let mut latencies = Vec::new();
    loop {
        let started = Instant::now();
        if started >= until {
            return latencies;
        }
        stream.write_all(&request).await.unwrap();
        read_answer(&mut stream, &mut buffer).await;
        latencies.push(started.elapsed());
    }
}

/// The server's query for a PO, for pgbench.
fn pgbench_script() -> String {
    format!("{};", GET_SQL.replace("$1", ":id"))
}

/// PostgreSQL's own load program on the server's own database, if it is there.
struct Pgbench {
    program: Option<PathBuf>,
    folder: PathBuf,
    po: i64,
}

impl Pgbench {
    fn find(server: &Server, po: i64) -> Self {
        let search = ProgramSearch {
            pg_bindir: std::env::var_os("PG_BINDIR").map(PathBuf::from),
            path: std::env::var_os("PATH"),
            project_folders: vec![PathBuf::from(env!("CARGO_MANIFEST_DIR"))],
        };
        let folder = server.postgres();
        let programs = search.find(&folder.join("cluster")).unwrap();
        let program = programs.program("pgbench");
        if !program.is_file() {
            println!("pgbench is not in {}: no ratios", programs.folder().display());
        }
        Self {
            program: Some(program).filter(|program| program.is_file()),
            folder,
            po,
        }
    }

    /// The transactions a second with prepared statements, from one thread as ours.
    fn run(&self, script: &str, options: &Options) -> Option<f64> {
        let program = self.program.as_ref()?;
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), script).unwrap();
        let output = Command::new(program)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=1"])
            .arg(format!("--client={}", options.connections))
            .arg(format!("--time={}", options.seconds))
            .arg(format!("--define=id={}", self.po))
            .arg(format!("--file={}", file.path().display()))
            .env("PGHOST", self.folder.join("socket"))
            .env("PGPORT", port(&self.folder))
            .env("PGUSER", "erp")
            .env("PGDATABASE", "Nexgen_erp")
            .env(
                "PGPASSWORD",
                fs::read_to_string(self.folder.join("password")).unwrap().trim(),
            )
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let tps = line.and_then(|line| line.split(' ').next()?.parse().ok());
        assert!(tps.is_some(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        tps
    }
}

#[derive(Default)]
struct Rounds {
    health: Vec<Measured>,
    select_one: Vec<Option<f64>>,
    details: Vec<Measured>,
    query: Vec<Option<f64>>,
}

impl Rounds {
    fn report(&self, path: &str) {
        println!(
            "{:<28} {:>10} {:>9} {:>9} {:>12} {:>13} {:>7}",
            "", "requests/s", "median", "99 %", "CPU/request", "pgbench tps", "ratio"
        );
        line("GET /api/health", &self.health, &self.select_one);
        line(&format!("GET {path}"), &self.details, &self.query);
    }
}

fn line(name: &str, rounds: &[Measured], pgbench: &[Option<f64>]) {
    let mut rounds = rounds.to_vec();
    rounds.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let middle = rounds[rounds.len() / 2];
    let mut tps: Vec<f64> = pgbench.iter().copied().flatten().collect();
    tps.sort_by(f64::total_cmp);
    let (tps, ratio) = match tps.get(tps.len() / 2) {
        Some(tps) => (format!("{tps:.0}"), format!("{:.2}", middle.per_second / tps)),
        None => (String::from("-"), String::from("-")),
    };
    let micros = |duration: Duration| format!("{} us", duration.as_micros());
    println!(
        "{name:<28} {:>10.0} {:>9} {:>9} {:>12} {tps:>13} {ratio:>7}",
        middle.per_second,
        micros(middle.median),
        micros(middle.slowest_in_hundred),
        middle.processor.map_or(String::from("-"), micros),
    );
}
