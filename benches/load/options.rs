//! What was asked for on the command line.

use std::{path::PathBuf, time::Duration};

use crate::support::{number, read_options};

const HELP: &str = "\
cargo bench --bench load [-- OPTIONS]
  --sizes N,N,…        POs of the servers, one after the other [1000,100000]
  --connections N,N,…  connections of a measurement; the floors have the last [1,32]
  --seconds N          length of one measurement [3]
  --rounds N           measurements of each kind, in turns [3]
  --only WORD,WORD,…   those whose names hold one of these words; beside the requests: python, overload, start
  --json FILE          write all figures as JSON
  --plot FILE          write what a request costs by size as SVG
  --markdown FILE      write a page with all figures and the plot, if there is one beside it
  --base-url URL       drive this server instead, as the user that LOAD_USERNAME and LOAD_PASSWORD name; writes, logins
                       and uploads only where --only names them";

/// What was asked for.
pub(crate) struct Options {
    pub(crate) sizes: Vec<u32>,
    pub(crate) connections: Vec<usize>,
    pub(crate) seconds: u32,
    pub(crate) rounds: u32,
    pub(crate) only: Vec<String>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) plot: Option<PathBuf>,
    pub(crate) markdown: Option<PathBuf>,
    pub(crate) base_url: Option<String>,
    /// The options as they were given.
    pub(crate) given: Vec<String>,
}

impl Options {
    pub(crate) fn parse() -> Self {
        let mut options = Self {
            sizes: vec![1000, 100_000],
            connections: vec![1, 32],
            seconds: 3,
            rounds: 3,
            only: Vec::new(),
            json: None,
            plot: None,
            markdown: None,
            base_url: None,
            given: std::env::args()
                .skip(1)
                .filter(|option| option != "--bench")
                .collect(),
        };
        read_options(HELP, |name, value| {
            match name {
                "--sizes" => options.sizes = numbers(&value(), 200, 10_000_000),
                "--connections" => {
                    let counts = numbers(&value(), 1, 500);
                    options.connections = counts.into_iter().map(|count| count as usize).collect();
                }
                "--seconds" => options.seconds = number(value, 1..=60),
                "--rounds" => options.rounds = number(value, 1..=20),
                "--only" => options.only = value().split(',').map(str::to_owned).collect(),
                "--json" => options.json = Some(value().into()),
                "--plot" => options.plot = Some(value().into()),
                "--markdown" => options.markdown = Some(value().into()),
                "--base-url" => options.base_url = Some(value()),
                _ => return false,
            }
            true
        });
        options
    }

    pub(crate) fn asks_for(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| name.contains(word.as_str()))
    }

    /// How long one measurement takes.
    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    /// How long the first one takes, which is thrown away.
    pub(crate) fn warming(&self) -> Duration {
        Duration::from_millis(500).min(self.length())
    }
}

fn numbers(list: &str, least: u32, most: u32) -> Vec<u32> {
    let mut numbers: Vec<u32> = list
        .split(',')
        .map(|number| {
            let number: u32 = number.parse().expect("numbers with commas between them");
            number.clamp(least, most)
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
