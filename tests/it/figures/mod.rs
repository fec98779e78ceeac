//! Random histories through the routes: after them every route that shows a figure agrees with a plain model to the paisa.
//!
//! A few seeds always run. `FIGURES_SEEDS=1000..1100`, or `FIGURES_SEEDS=7`, runs others instead, and `FIGURES_STEPS=500` makes
//! longer histories of them; a failure prints its seed and the steps that led to it.

mod agreement_steps;
mod bill_checks;
mod bill_steps;
mod bills;
mod checks;
mod history;
mod line_steps;
mod lines;
mod link_checks;
mod link_steps;
mod lists;
mod model;
mod numbers;
mod order_changes;
mod order_steps;
mod payment_checks;
mod payment_steps;
mod payments;
mod profits;
mod removals;
mod reports;
mod vendor_checks;
mod vendor_line_steps;
mod vendor_money;
mod vendor_order_checks;
mod vendor_order_steps;
mod vendor_payment_changes;
mod vendor_payment_checks;
mod vendor_payment_steps;
mod vendor_reports;
mod vendor_steps;
mod vendors;

use std::ops::Range;

use history::History;

/// The seeds of every run.
const USUAL: Range<u64> = 1..5;
/// The steps of a history; everything is looked at in its middle and at its end.
const STEPS: u64 = 240;

/// The seeds to run: `FIRST..END` or one.
fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("FIGURES_SEEDS") else {
        return USUAL;
    };
    match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => number(&text)..number(&text) + 1,
    }
}

/// How many steps a history has.
fn steps() -> u64 {
    std::env::var("FIGURES_STEPS").map_or(STEPS, |text| number(&text))
}

fn number(text: &str) -> u64 {
    let number = text.trim().parse();
    number.unwrap_or_else(|_| panic!("{text:?} is no number of a seed or of steps"))
}

#[tokio::test]
async fn all_routes_agree_with_a_plain_model() {
    for seed in seeds() {
        let mut history = History::start(seed).await;
        history.set_out().await;
        for _ in 0..2 {
            for _ in 0..steps() / 2 {
                history.step().await;
            }
            history.check().await;
        }
    }
}
