//! What was measured, as a table and as JSON.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde_json::{Value, json};

use crate::{drive::Driven, options::Options, overload::Overload, requests::Scenario};

/// What one measurement found.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    /// The latencies that half, 99 % and 99.9 % of the requests do not exceed.
    pub(crate) latencies: [Duration; 3],
    pub(crate) errors: BTreeMap<u16, u64>,
    /// The server's processor time for a thousand requests.
    pub(crate) processor: Option<Duration>,
}

impl Measured {
    pub(crate) fn new(driven: &Driven, processor: Option<Duration>) -> Self {
        Self {
            per_second: driven.per_second(),
            latencies: [500, 990, 999].map(|share| driven.per_mille(share)),
            errors: driven.errors.clone(),
            processor,
        }
    }
}

/// A request at one size over so many connections.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) pos: u32,
    pub(crate) name: &'static str,
    pub(crate) what: String,
    pub(crate) connections: usize,
    pub(crate) measured: Measured,
    /// What the floor made a second.
    pub(crate) floor: Option<f64>,
}

impl Row {
    pub(crate) fn new(
        pos: u32,
        scenario: &Scenario,
        connections: usize,
        measured: Measured,
        floor: Option<f64>,
    ) -> Self {
        Self {
            pos,
            name: scenario.name,
            what: scenario.what.clone(),
            connections,
            measured,
            floor,
        }
    }

    pub(crate) fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.measured.per_second / floor)
    }

    fn json(&self) -> Value {
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let [half, most, nearly_all] = self.measured.latencies.map(millis);
        json!({
            "pos": self.pos, "name": self.name, "request": self.what, "connections": self.connections,
            "per_second": self.measured.per_second, "p50_ms": half, "p99_ms": most, "p999_ms": nearly_all,
            "errors": self.measured.errors, "processor_ms_per_1000": self.measured.processor.map(millis),
            "floor_per_second": self.floor, "ratio": self.ratio(),
        })
    }
}

/// A server's processor time for a thousand requests of a kind, and that of a handler in Python.
pub(crate) struct Compared {
    pub(crate) name: &'static str,
    pub(crate) ours: Duration,
    pub(crate) python: Duration,
}

impl Compared {
    pub(crate) fn ratio(&self) -> f64 {
        self.python.as_secs_f64() / self.ours.as_secs_f64()
    }
}

/// Everything that was measured.
pub(crate) struct Report {
    settings: String,
    pub(crate) rows: Vec<Row>,
    /// By size: the server's memory at the end and at its highest.
    pub(crate) memory: Vec<(u32, Option<(u64, u64)>)>,
    pub(crate) python: Vec<Compared>,
    pub(crate) overload: Option<Overload>,
    pub(crate) start: Option<Vec<Duration>>,
}

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        let settings = format!(
            "medians of {} rounds of {} s; {} cores",
            options.rounds,
            options.seconds,
            std::thread::available_parallelism().map_or(1, usize::from)
        );
        Self {
            settings,
            rows: Vec::new(),
            memory: Vec::new(),
            python: Vec::new(),
            overload: None,
            start: None,
        }
    }

    /// Takes the medians of the rounds of one kind of request.
    pub(crate) fn add(&mut self, rounds: Vec<Row>) {
        let mut by_connections: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
        for row in rounds {
            by_connections.entry(row.connections).or_default().push(row);
        }
        for (_, mut rows) in by_connections {
            let mut floors: Vec<f64> = rows.iter().filter_map(|row| row.floor).collect();
            floors.sort_by(f64::total_cmp);
            let mut errors = BTreeMap::new();
            for (status, count) in rows.iter().flat_map(|row| &row.measured.errors) {
                *errors.entry(*status).or_default() += count;
            }
            rows.sort_by(|a, b| a.measured.per_second.total_cmp(&b.measured.per_second));
            let mut row = rows[rows.len() / 2].clone();
            row.floor = floors.get(floors.len() / 2).copied();
            row.measured.errors = errors;
            self.rows.push(row);
        }
    }

    /// Of each request what it takes alone at each size: the median latency over one connection.
    pub(crate) fn by_size(&self) -> BTreeMap<&'static str, Vec<(u32, Duration)>> {
        let fewest = self.rows.iter().map(|row| row.connections).min();
        let mut all: BTreeMap<&'static str, Vec<(u32, Duration)>> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| Some(row.connections) == fewest) {
            all.entry(row.name)
                .or_default()
                .push((row.pos, row.measured.latencies[0]));
        }
        all.retain(|_, sizes| sizes.len() > 1);
        all
    }

    pub(crate) fn json(&self) -> String {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let python: Vec<Value> = self
            .python
            .iter()
            .map(|compared| json!({"name": compared.name, "ratio": compared.ratio()}))
            .collect();
        let report = json!({
            "settings": self.settings, "rows": rows, "memory_mb": self.memory, "python": python,
            "overload": self.overload.as_ref().map(Overload::json),
            "start_ms": self.start.as_ref().map(|times| times.iter().map(Duration::as_millis).collect::<Vec<_>>()),
        });
        serde_json::to_string_pretty(&report).unwrap()
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}; latencies in ms, processor time in ms for 1000 requests",
            self.settings
        )?;
        writeln!(
            f,
            "{:>8} {:<20} {:>5} {:>9} {:>8} {:>8} {:>8} {:>7} {:>8} {:>9} {:>6}",
            "POs", "request", "conn.", "per s", "p50", "p99", "p99.9", "errors", "proc.", "floor/s", "ratio"
        )?;
        for row in &self.rows {
            let measured = &row.measured;
            let [half, most, nearly_all] = measured.latencies.map(millis);
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            writeln!(
                f,
                "{:>8} {:<18} {:>5} {:>9.0} {half:>8} {most:>8} {nearly_all:>8} {:>7} {:>8} {:>9} {:>6}",
                row.pos,
                row.name,
                row.connections,
                measured.per_second,
                measured.errors.values().sum::<u64>(),
                or_none(
                    measured
                        .processor
                        .map(|time| format!("{:.0}", time.as_secs_f64() * 1000.0))
                ),
                or_none(row.floor.map(|floor| format!("{floor:.0}"))),
                or_none(row.ratio().map(|ratio| format!("{ratio:.2}"))),
            )?;
        }
        let by_size = self.by_size();
        if !by_size.is_empty() {
            writeln!(f, "\nwhat a request takes alone, by size, against the smallest")?;
        }
        for (name, sizes) in by_size {
            write!(f, "  {name:<20}")?;
            for (pos, latency) in &sizes {
                let ratio = latency.as_secs_f64() / sizes[0].1.as_secs_f64();
                write!(f, " {pos}: {ratio:.2}")?;
            }
            writeln!(f)?;
        }
        for (pos, memory) in &self.memory {
            if let Some((now, highest)) = memory {
                writeln!(
                    f,
                    "memory of the server with {pos} POs: {now} MB, {highest} MB at its highest"
                )?;
            }
        }
        for compared in &self.python {
            writeln!(
                f,
                "processor time of {} against a handler in Python: 1 : {:.1}",
                compared.name,
                compared.ratio()
            )?;
        }
        if let Some(overload) = &self.overload {
            write!(f, "{overload}")?;
        }
        if let Some(times) = &self.start {
            let times: Vec<String> = times
                .iter()
                .map(|time| format!("{} ms", time.as_millis()))
                .collect();
            writeln!(
                f,
                "start to ready, PostgreSQL's own start included: {}",
                times.join(", ")
            )?;
        }
        Ok(())
    }
}
