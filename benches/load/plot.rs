//! What a request takes by the size of the database, drawn as SVG.

use std::{fmt::Write as _, time::Duration};

use crate::report::Report;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 460.0;
/// Around the plot: left, right (where the names stand), top, bottom.
const MARGINS: [f64; 4] = [70.0, 170.0, 40.0, 50.0];
const COLOURS: [&str; 8] = [
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf",
];

/// The plot: sizes to the right and milliseconds upwards, both as logarithms.
pub(crate) fn svg(report: &Report) -> String {
    let lines = report.by_size();
    let all = || lines.values().flatten();
    let sizes = bounds(all().map(|(pos, _)| f64::from(*pos)));
    let times = bounds(all().map(|(_, latency)| millis(*latency)));
    // Whole decades, so that a flat line looks flat.
    let times = (times.0.log10().floor(), times.1.log10().ceil());
    let [left, right, top, bottom] = MARGINS;
    let x = |pos: f64| {
        let share = (pos.log10() - sizes.0.log10()) / (sizes.1.log10() - sizes.0.log10()).max(0.1);
        left + share * (WIDTH - left - right)
    };
    let y = |time: f64| {
        let share = (time.log10() - times.0) / (times.1 - times.0).max(0.1);
        HEIGHT - bottom - share * (HEIGHT - top - bottom)
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{left}\" y=\"22\">Median latency over one connection in ms, by the number of POs</text>\n"
    );
    let mut decade = times.0;
    while decade <= times.1 {
        let (value, height) = (10_f64.powf(decade), y(10_f64.powf(decade)));
        write!(
            svg,
            "<line x1=\"{left}\" x2=\"{}\" y1=\"{height:.1}\" y2=\"{height:.1}\" stroke=\"#ddd\"/>\n\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>\n",
            WIDTH - right,
            left - 8.0,
            height + 4.0
        )
        .unwrap();
        decade += 1.0;
    }
    let mut ticks: Vec<u32> = all().map(|(pos, _)| *pos).collect();
    ticks.sort_unstable();
    ticks.dedup();
    for pos in ticks {
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{pos}</text>",
            x(f64::from(pos)),
            HEIGHT - bottom + 22.0
        )
        .unwrap();
    }
    // Names stand one below the other in the order of where their lines end.
    let mut ends: Vec<(f64, &str, &str)> = Vec::new();
    for ((name, line), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let points: Vec<(f64, f64)> = line
            .iter()
            .map(|(pos, latency)| (x(f64::from(*pos)), y(millis(*latency))))
            .collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        )
        .unwrap();
        for (x, y) in &points {
            writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"
            )
            .unwrap();
        }
        if let Some((_, y)) = points.last() {
            ends.push((*y, *name, *colour));
        }
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut lowest = f64::MIN;
    for (y, name, colour) in ends {
        lowest = (lowest + 16.0).max(y);
        writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" fill=\"{colour}\">{name}</text>",
            WIDTH - right + 12.0,
            lowest + 4.0
        )
        .unwrap();
    }
    svg.push_str("</svg>\n");
    svg
}

fn millis(latency: Duration) -> f64 {
    latency.as_secs_f64() * 1000.0
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::MAX, f64::MIN_POSITIVE), |(least, most), value| {
        (least.min(value), most.max(value))
    })
}
