//! What a page costs with a hundred times the rows.
//!
//! `cargo bench --bench pages` starts two release servers on embedded databases of their own, one with a small number of POs
//! and one with a large (seed.sql says with what on them), asks both in turns for the same lists and summaries, and prints
//! the medians and their ratio. The first table is of answers that hold a page or one thing, whose ratio should stay near 1;
//! the second of sums over everything that matches, which grow with it.
//!
//! `-- --plans FILE` also writes the plan of each statement that the large server ran, by request, and counts the sequential
//! scans of large tables among those of the first table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::disallowed_methods,
    dead_code,
    reason = "a bench ends by panicking where it meets what it did not expect, its figures are no amounts, and it needs \
              only some of what the benches share"
)]

mod support;

use std::{
    fmt::Write as _,
    fs,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
    time::{Duration, Instant},
};

use reqwest::Client;
use support::{
    Server,
    data::{self, path},
    number, read_answer, read_options, request,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const HELP: &str = "\
cargo bench --bench pages [-- OPTIONS]
  --small N      POs of the small server [1000]
  --large N      POs of the large server [100000]
  --rounds N     times that each request is measured, in turns [15]
  --plans FILE   write the plans of the large server's statements";

/// Requests of one measurement.
const REQUESTS: usize = 10;

/// Tables of which a page must not read all rows.
const LARGE: [&str; 14] = [
    "client_po",
    "client_po_line_item",
    "client_payment",
    "po_project_mapping",
    "vendor_order",
    "vendor_order_line_item",
    "vendor_payment",
    "payment_vendor_link",
    "billing_po",
    "quotation",
    "project",
    "project_document",
    "upload_session",
    "upload_file",
];

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
    small: u32,
    large: u32,
    rounds: usize,
    plans: Option<PathBuf>,
}

impl Options {
    fn parse() -> Self {
        let mut options = Self {
            small: 1000,
            large: 100_000,
            rounds: 15,
            plans: None,
        };
        read_options(HELP, |name, value| {
            match name {
                "--small" => options.small = number(value, 200..=10_000_000),
                "--large" => options.large = number(value, 200..=10_000_000),
                "--rounds" => options.rounds = usize::try_from(number(value, 1..=1000)).unwrap(),
                "--plans" => options.plans = Some(value().into()),
                _ => return false,
            }
            true
        });
        options
    }
}

/// A server with its rows, and a connection to it.
struct Seeded {
    server: Server,
    token: String,
    pos: u32,
    stream: TcpStream,
}

impl Seeded {
    async fn start(pos: u32) -> Self {
        let server = Server::start().await;
        let token = server.sign_up(&Client::new()).await;
        data::seed(&server, pos).await;
        let stream = connect(&server).await;
        Self {
            server,
            token,
            pos,
            stream,
        }
    }

    /// Asks some times; how long each answer took, and its length.
    async fn ask(&mut self, path: &str, times: usize) -> (Vec<Duration>, usize) {
        let request = request(&self.server, path, Some(&self.token));
        let mut buffer = Vec::with_capacity(1024 * 1024);
        let mut latencies = Vec::with_capacity(times);
        for _ in 0..times {
            let started = Instant::now();
            self.stream.write_all(&request).await.unwrap();
            read_answer(&mut self.stream, &mut buffer).await;
            latencies.push(started.elapsed());
        }
        (latencies, buffer.len())
    }
}

async fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// What is asked for, with names for what is in the middle of the rows.
const PAGES: [&str; 104] = [
    "/api/clients",
    "/api/clients/5",
    "/api/projects?limit=50",
    "/api/projects?limit=50&status=active",
    "/api/projects/search?limit=50&q={project_name}",
    "/api/projects/{project}",
    "/api/projects/{project}/po?limit=50",
    "/api/projects/{project}/po/enriched?limit=50",
    "/api/projects/{project}/line-items?limit=50",
    "/api/projects/{project}/verbal-agreements?limit=50",
    "/api/projects/{project}/financial-summary",
    "/api/po?limit=50",
    "/api/po?limit=50&sort=-po_value",
    "/api/po?limit=50&sort=-created_at",
    "/api/po?limit=50&client_id=5",
    "/api/po?limit=50&project_id={project}",
    "/api/po?limit=50&status=active",
    "/api/po?limit=50&payment_status=partial",
    "/api/po?limit=50&store_id={store}",
    "/api/po?limit=50&q={number}",
    "/api/po?limit=50&q={project_name}",
    "/api/client-po?limit=50",
    "/api/client-po/{po}",
    "/api/po/enriched",
    "/api/po/enriched?client_id=5",
    "/api/po/aggregated/by-store?limit=20",
    "/api/po/aggregated/by-store?limit=20&client_id=5",
    "/api/po/aggregated/by-store?limit=20&status=active",
    "/api/po/analysis/profit?project_id={project}",
    "/api/po/{po}",
    "/api/po/{po}/details",
    "/api/po/{po}/line-items",
    "/api/po/{po}/payments",
    "/api/payments",
    "/api/payments?sort=-amount",
    "/api/payments?status=cleared,completed",
    "/api/payments?client_id=5",
    "/api/payments?project_id={project}",
    "/api/payments?reference_number={reference}",
    "/api/payments?kind=vendor",
    "/api/payments/pending",
    "/api/payments/reconciliation",
    "/api/payments/{payment}",
    "/api/payments/{payment}/status",
    "/api/quotations?limit=50&store_id={store}",
    "/api/quotations/all?limit=50",
    "/api/quotations/all?limit=50&q={store}",
    "/api/vendors?limit=50",
    "/api/vendors?limit=50&status=active",
    "/api/vendors/7",
    "/api/vendors/7/details",
    "/api/vendors/7/payment-stats",
    "/api/vendors/7/payment-summary",
    "/api/vendors/7/orders?limit=10",
    "/api/vendors/7/orders?limit=10&status=completed",
    "/api/vendors/7/payments?limit=10",
    "/api/vendors/7/payments?limit=10&status=cleared",
    "/api/projects/{project}/vendor-summary",
    "/api/projects/{project}/vendor-orders?limit=50",
    "/api/vendor-orders?limit=50",
    "/api/vendor-orders?limit=10&vendor_id=7",
    "/api/vendor-orders?limit=50&project_id={project}",
    "/api/vendor-orders?limit=50&status=completed",
    "/api/vendor-orders?limit=50&work_status=pending",
    "/api/vendor-orders?limit=50&payment_status=partial",
    "/api/vendor-orders?limit=50&category=civil",
    "/api/vendor-orders?limit=50&client_po_id={po}",
    "/api/vendor-orders?limit=50&sort=-po_value",
    "/api/vendor-orders/search?query={vendor_order_number}",
    "/api/vendor-orders/by-category/Civil/line-items?limit=50",
    "/api/vendor-orders/{vendor_order}",
    "/api/vendor-orders/{vendor_order}/line-items",
    "/api/vendor-orders/{vendor_order}/payments",
    "/api/vendor-orders/{vendor_order}/linked-payments",
    "/api/vendor-orders/{vendor_order}/payment-summary",
    "/api/vendor-orders/{vendor_order}/profit-analysis",
    "/api/vendor-payments?limit=50",
    "/api/vendor-payments?limit=10&vendor_id=7",
    "/api/vendor-payments?limit=50&status=cleared",
    "/api/vendor-payments/{vendor_payment}",
    "/api/projects/{project}/vendor-payments?limit=50",
    "/api/vendor-payment-links?limit=50",
    "/api/vendor-payment-links?limit=2&vendor_id=4",
    "/api/projects/{project}/billing-po?limit=50",
    "/api/projects/{project}/billing-summary",
    "/api/projects/{project}/pl-analysis",
    "/api/documents?limit=50",
    "/api/documents?limit=50&sort=original_filename",
    "/api/documents?limit=50&project_id={project}",
    "/api/documents?limit=50&client_po_id={po}",
    "/api/documents?limit=50&document_type=INVOICE",
    "/api/documents/project/{project}",
    "/api/documents/po/{po}",
    "/api/documents/{po}",
    "/api/client-po/{po}/files",
    "/api/proforma-invoices?limit=50",
    "/api/proforma-invoices?limit=50&client_id=5",
    "/api/proforma-invoices?limit=50&project_id={project}",
    "/api/proforma-invoice/validate/{po}",
    "/api/uploads/session/{session}",
    "/api/uploads/session/{session}/files?limit=10",
    "/api/uploads/session/{session}/stats",
    "/api/uploads/po/{number}",
    "/api/uploads/po/{number}/stats",
];

/// What has to look at everything that it sums or counts.
const SUMS: [&str; 7] = [
    "/api/po?limit=50&date_from=2025-01-01&date_to=2025-03-31",
    "/api/po?limit=50&q=41",
    "/api/payments/reports/by-date?from=2025-01-01&to=2025-01-31",
    "/api/payments/summary/by-vendor",
    "/api/payments/reports/aging?as_of=2025-12-31",
    "/api/po/analysis/profit?start_date=2025-01-01&end_date=2025-03-31&client_id=5",
    "/api/po/analysis/profit",
];

async fn run(options: &Options) {
    let mut small = Seeded::start(options.small).await;
    let mut large = Seeded::start(options.large).await;
    // While the large one got its rows the small one may have closed the connection that nobody used.
    small.stream = connect(&small.server).await;
    println!(
        "{} and {} POs; medians of {} requests in {} turns",
        options.small,
        options.large,
        options.rounds * REQUESTS,
        options.rounds
    );
    for (title, templates, rounds) in [
        ("a page, or one thing", &PAGES[..], options.rounds),
        ("sums over all that match", &SUMS[..], 1),
    ] {
        let mut worst = 0.0_f64;
        println!(
            "\n{title:<78} {:>9} {:>9} {:>9} {:>6}",
            "bytes", "small", "large", "ratio"
        );
        for template in templates {
            let (ratio, line) = compare(&mut small, &mut large, template, rounds).await;
            worst = worst.max(ratio);
            println!("{line}");
        }
        println!("{:<78} {worst:>36.2}", "the largest ratio");
    }
    if let Some(memory) = large.server.status("VmHWM:") {
        println!(
            "\nmemory of the large server at its highest: {} MB",
            memory / 1024
        );
    }
    if let Some(file) = &options.plans {
        fs::write(file, plans(&mut large).await).unwrap();
    }
}

async fn compare(small: &mut Seeded, large: &mut Seeded, template: &str, rounds: usize) -> (f64, String) {
    let (path_small, path_large) = (path(template, small.pos), path(template, large.pos));
    // The first answers fill caches and prepare statements, and are thrown away.
    small.ask(&path_small, REQUESTS).await;
    large.ask(&path_large, REQUESTS).await;
    let (mut of_small, mut of_large, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        of_small.extend(small.ask(&path_small, REQUESTS).await.0);
        let (latencies, length) = large.ask(&path_large, REQUESTS).await;
        of_large.extend(latencies);
        bytes = length;
    }
    let (of_small, of_large) = (median(of_small), median(of_large));
    let ratio = of_large.as_secs_f64() / of_small.as_secs_f64();
    let micros = |duration: Duration| format!("{} us", duration.as_micros());
    let line = format!(
        "GET {template:<74} {bytes:>9} {:>9} {:>9} {ratio:>6.2}",
        micros(of_small),
        micros(of_large)
    );
    (ratio, line)
}

fn median(mut latencies: Vec<Duration>) -> Duration {
    latencies.sort_unstable();
    latencies[latencies.len() / 2]
}

/// The plan of every statement of every request, as PostgreSQL itself logs it.
async fn plans(seeded: &mut Seeded) -> String {
    let mut database = data::database(&seeded.server).await;
    sqlx::raw_sql(
        r#"
        ALTER DATABASE "Nexgen_erp" SET session_preload_libraries = 'auto_explain';
        ALTER DATABASE "Nexgen_erp" SET auto_explain.log_min_duration = 0;
        ALTER DATABASE "Nexgen_erp" SET auto_explain.log_analyze = on;
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
        "#,
    )
    .execute(&mut database)
    .await
    .unwrap();
    // Until the server has noticed that its connections are gone.
    let client = Client::new();
    let mut answered = 0;
    while answered < 20 {
        let probe = client
            .get(seeded.server.url("/api/clients"))
            .bearer_auth(&seeded.token);
        let is_ok = probe.send().await.unwrap().status().is_success();
        answered = if is_ok { answered + 1 } else { 0 };
    }
    let mut log = fs::File::open(seeded.server.postgres().join("server.log")).unwrap();
    let mut text = String::new();
    let mut scans = 0;
    for template in PAGES.iter().chain(&SUMS) {
        log.seek(SeekFrom::End(0)).unwrap();
        // Often enough for the plan that stays when a statement has been prepared.
        seeded.ask(&path(template, seeded.pos), 12).await;
        let mut plans = String::new();
        log.read_to_string(&mut plans).unwrap();
        let found = LARGE
            .iter()
            .map(|table| plans.matches(&format!("Seq Scan on {table} ")).count())
            .sum::<usize>();
        writeln!(
            text,
            "==== GET {template}: {found} sequential scans of large tables\n{plans}"
        )
        .unwrap();
        if PAGES.contains(template) && found > 0 {
            println!("GET {template}: {found} sequential scans of large tables");
            scans += found;
        }
    }
    println!("{scans} sequential scans of large tables for pages");
    text
}
