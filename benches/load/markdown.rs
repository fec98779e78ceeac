//! The report as a page for docs/performance.md: every figure on it comes from one run.

use std::{fmt::Write as _, fs, time::Duration};

use crate::{
    options::Options,
    report::{Report, Row},
};

/// What a request must reach of its floor; none where it is only told.
fn bar(row: &Row) -> Option<f64> {
    match row.name {
        "login" | "upload" => None,
        "line create" | "payment create" => Some(0.6),
        _ => Some(0.8),
    }
}

/// What a page may take more on the largest database than on the smallest, and the memory that the server may have.
const GROWTH: f64 = 1.3;
const MEMORY_MB: u64 = 100;
/// How many times as much processor time a handler in Python must take.
const PYTHON: f64 = 20.0;

/// The page; its plot stands in a file of this name beside it.
pub(crate) fn page(report: &Report, options: &Options, plot: Option<&str>) -> String {
    let mut page = String::from(
        "# Performance\n\n\
         Written by `cargo bench --bench load` (README, Performance); nothing here is edited by hand. Figures mean something as\n\
         ratios of this run.\n\n",
    );
    writeln!(page, "{}\n", how(options)).unwrap();
    page += "## Requests and their floors\n\n\
             A floor is what stands below the server, given as many connections in turns with it: for a read or a write pgbench with\n\
             the very statements of the request, which sends them over the same socket and throws the rows away; for health an axum\n\
             route that does nothing; for a login the hashes of passwords that the processors make. Driver, server and PostgreSQL share\n\
             the machine's processors. Latencies in ms, processor time of the server in ms for 1 000 requests.\n\n\
             Of the reads each request is told from the others by a parameter that the server passes over: it reads for each alone.\n\
             Of those called shared all requests are the same; who waits together is answered by one read that began after all of\n\
             them had asked.\n";
    let mut sizes: Vec<u32> = report.rows.iter().map(|row| row.pos).collect();
    sizes.dedup();
    for pos in sizes {
        write!(
            page,
            "\n### {} POs\n\n\
             | Request | connections | per second | p50 | p99 | p99.9 | errors | processor | floor | ratio | bar |\n\
             |---|---|---|---|---|---|---|---|---|---|---|\n",
            grouped(pos)
        )
        .unwrap();
        for row in report.rows.iter().filter(|row| row.pos == pos) {
            request(&mut page, row);
        }
    }
    growth(&mut page, report, plot);
    others(&mut page, report);
    page
}

/// Machine, date and command.
fn how(options: &Options) -> String {
    let told = |file: &str, name: &str| {
        let text = fs::read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let processor = told("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = told("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .map_or_else(String::new, |kilobytes| {
            format!(", {} GB of memory", kilobytes.div_ceil(1024 * 1024))
        });
    format!(
        "- Machine: {} cores of an {processor}{memory}, {}\n\
         - Date: {}\n\
         - Command: `cargo bench --bench load -- {}`\n\
         - Medians of {} rounds of {} s",
        std::thread::available_parallelism().map_or(1, usize::from),
        std::env::consts::OS,
        chrono::Utc::now().format("%Y-%m-%d"),
        options.given.join(" "),
        options.rounds,
        options.seconds
    )
}

fn request(page: &mut String, row: &Row) {
    let measured = &row.measured;
    let [half, most, nearly_all] = measured.latencies.map(millis);
    let processor = measured.processor.map_or_else(
        || "–".to_owned(),
        |time| format!("{:.0}", time.as_secs_f64() * 1000.0),
    );
    let (floor, ratio) = match (row.floor, row.ratio()) {
        (Some(floor), Some(ratio)) => (format!("{floor:.0}"), format!("{ratio:.2}")),
        _ => ("–".to_owned(), "–".to_owned()),
    };
    let bar = match bar(row).zip(row.ratio()) {
        Some((bar, ratio)) => verdict(ratio >= bar, &format!("≥ {bar:.2}")),
        None => "–".to_owned(),
    };
    writeln!(
        page,
        "| {} `{}` | {} | {:.0} | {half} | {most} | {nearly_all} | {} | {processor} | {floor} | {ratio} | {bar} |",
        row.name,
        row.what,
        row.connections,
        measured.per_second,
        measured.errors.values().sum::<u64>(),
    )
    .unwrap();
}

fn growth(page: &mut String, report: &Report, plot: Option<&str>) {
    let by_size = report.by_size();
    if by_size.is_empty() {
        return;
    }
    write!(
        page,
        "\n## Size\n\nThe median latency over one connection against that with the fewest POs; the bar is {GROWTH} ×.\n\n\
         | Request | {} |\n|---|{}\n",
        by_size
            .values()
            .next()
            .map(|sizes| sizes
                .iter()
                .map(|(pos, _)| grouped(*pos))
                .collect::<Vec<_>>()
                .join(" | "))
            .unwrap_or_default(),
        "---|".repeat(by_size.values().next().map_or(0, Vec::len)),
    )
    .unwrap();
    for (name, sizes) in &by_size {
        let ratios: Vec<String> = sizes
            .iter()
            .map(|(_, latency)| {
                let ratio = latency.as_secs_f64() / sizes[0].1.as_secs_f64();
                verdict(ratio <= GROWTH, &format!("{ratio:.2}"))
            })
            .collect();
        writeln!(page, "| {name} | {} |", ratios.join(" | ")).unwrap();
    }
    if let Some(plot) = plot {
        writeln!(page, "\n![Latency by the number of POs]({plot})").unwrap();
    }
}

fn others(page: &mut String, report: &Report) {
    page.push_str("\n## Memory, processor, overload, start\n\n");
    for (pos, memory) in &report.memory {
        if let Some((now, highest)) = memory {
            writeln!(
                page,
                "- Memory with {} POs: {now} MB at the end, {} at its highest (bar {MEMORY_MB} MB).",
                grouped(*pos),
                verdict(*highest <= MEMORY_MB, &format!("{highest} MB"))
            )
            .unwrap();
        }
    }
    for compared in &report.python {
        let ratio = compared.ratio();
        writeln!(
            page,
            "- Processor time of `{}`: a handler in Python (FastAPI, asyncpg) with the same statements takes {} as much (bar \
             {PYTHON:.0} ×).",
            compared.name,
            verdict(ratio >= PYTHON, &format!("{ratio:.1} ×"))
        )
        .unwrap();
    }
    if let Some(overload) = &report.overload {
        writeln!(
            page,
            "- Ten times the connections that keep the server busy: it serves {:.2} of its peak; 99 % of those served within {} ms \
             (before: {} ms); others by status {:?}; health: {} not answered, the slowest in {} ms.",
            overload.served / overload.peak,
            millis(overload.slowest),
            millis(overload.peak_slowest),
            overload.errors,
            overload.health_failures,
            millis(overload.health_slowest),
        )
        .unwrap();
    }
    if let Some(times) = &report.start {
        let times: Vec<String> = times.iter().map(|time| time.as_millis().to_string()).collect();
        writeln!(
            page,
            "- From start to ready on the database that is there, the start of its private PostgreSQL included: {} ms.",
            times.join(", ")
        )
        .unwrap();
    }
}

/// What misses its bar stands out.
fn verdict(is_met: bool, text: &str) -> String {
    if is_met {
        text.to_owned()
    } else {
        format!("**{text}**")
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

/// `1 000 000`.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
