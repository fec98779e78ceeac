//! Figures and dates as people print them, for documents that tests make up.

use std::cell::Cell;

use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

/// How the figures of a document are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figures {
    /// 123456.78
    Plain,
    /// 1,23,456.78
    Indian,
    /// 123,456.78
    Western,
    /// ₹ 1,23,456.78
    Rupees,
    /// Rs. 1,23,456.78/-
    Rs,
}

impl Figures {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        prop::sample::select(vec![
            Self::Plain,
            Self::Indian,
            Self::Western,
            Self::Rupees,
            Self::Rs,
        ])
    }

    /// An amount with two decimals.
    pub(crate) fn amount(self, value: Decimal) -> String {
        let plain = format!("{value:.2}");
        match self {
            Self::Plain => plain,
            Self::Indian => grouped(&plain, 2),
            Self::Western => grouped(&plain, 3),
            Self::Rupees => format!("₹ {}", grouped(&plain, 2)),
            Self::Rs => format!("Rs. {}/-", grouped(&plain, 2)),
        }
    }

    /// A figure without currency, with as many decimals as it has.
    pub(crate) fn count(self, value: Decimal) -> String {
        let plain = value.normalize().to_string();
        match self {
            Self::Plain => plain,
            Self::Western => grouped(&plain, 3),
            Self::Indian | Self::Rupees | Self::Rs => grouped(&plain, 2),
        }
    }
}

/// The last three digits before the point stand together, those before them in groups of `size`.
fn grouped(plain: &str, size: usize) -> String {
    let (whole, rest) = plain
        .split_once('.')
        .map_or((plain, String::new()), |(whole, rest)| {
            (whole, format!(".{rest}"))
        });
    let (mut head, tail) = whole.split_at(whole.len().saturating_sub(3));
    let mut groups = vec![tail];
    while !head.is_empty() {
        let (before, group) = head.split_at(head.len().saturating_sub(size));
        groups.insert(0, group);
        head = before;
    }
    format!("{}{rest}", groups.join(","))
}

/// How dates are printed: `day` is every way in which documents print a day.
pub(crate) fn date_forms(day: NaiveDate) -> Vec<String> {
    let ordinal = match day.day() {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    };
    let mut forms: Vec<String> = [
        "%d-%m-%Y",
        "%d/%m/%Y",
        "%d.%m.%Y",
        "%d-%m-%y",
        "%-d/%-m/%Y",
        "%Y-%m-%d",
        "%-d %b %Y",
        "%d-%b-%Y",
        "%d-%B-%y",
        "%B %-d, %Y",
        "%b %-d, %Y",
        "%Y-%m-%d 10:30:00",
        "%d-%m-%Y 18:05",
    ]
    .iter()
    .map(|form| day.format(form).to_string())
    .collect();
    forms.push(format!("{}{ordinal} {}", day.day(), day.format("%B %Y")));
    forms
}

/// A day on which documents are dated.
pub(crate) fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0_u64..9_000).prop_map(|days| NaiveDate::from_ymd_opt(2010, 1, 1).unwrap() + chrono::Days::new(days))
}

/// A label as people write it: in other letters, with more space, with or without a colon.
pub(crate) fn label_forms(label: &str) -> Vec<String> {
    vec![
        label.to_owned(),
        format!("{label}:"),
        label.to_uppercase(),
        format!(" {} :", label.to_uppercase()),
        format!("{}\u{a0}", label.replace(' ', "  ")),
        format!("{label} -"),
    ]
}

pub(crate) fn paisa(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// One item as it is ordered.
#[derive(Debug, Clone)]
pub(crate) struct Ordered {
    /// The description, cut where it goes on in another row.
    pub(crate) description: Vec<String>,
    pub(crate) hsn: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) quantity: Decimal,
    pub(crate) rate: Decimal,
    /// Percent.
    pub(crate) gst: Decimal,
}

impl Ordered {
    /// Items whose amounts are large enough that no figure could be another one by chance.
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let words = prop::sample::select(vec![
            "Gypsum partition",
            "12 mm",
            "both sides",
            "laying of",
            "2 x 2",
            "LED panel",
            "36 W",
            "cable tray (GI)",
            "as per drawing",
            "with fixings",
            "& primer",
            "total station survey",
            "grade-A",
            "plywood 18mm",
            "wall",
        ]);
        let text = prop::collection::vec(words, 1..4).prop_map(|words| words.join(" "));
        let description = prop::collection::vec(text, 1..4).prop_map(|mut rows| {
            // The first row says what it is.
            rows[0] = format!("Supply of {}", rows[0]);
            rows
        });
        let hsn = prop::option::of(prop::sample::select(vec!["6809", "9405", "94036000", "8544"]));
        let unit = prop::option::of(prop::sample::select(vec!["SQM", "NOS", "EA", "FT2", "RMT", "Kg"]));
        // Quantities with up to 3 decimals, rates with 2.
        let figures = (
            1_i64..20_000,
            prop::sample::select(vec![0_u32, 1, 3]),
            60_000_i64..90_000_000,
        );
        let gst = prop::sample::select(vec![0_i64, 5, 12, 18, 28]);
        (description, hsn, unit, figures, gst).prop_map(
            |(description, hsn, unit, (count, scale, rate), gst)| Self {
                description,
                hsn: hsn.map(str::to_owned),
                unit: unit.map(str::to_owned),
                quantity: Decimal::new(count, scale).max(Decimal::ONE).normalize(),
                rate: Decimal::new(rate, 2),
                gst: Decimal::from(gst),
            },
        )
    }

    pub(crate) fn amount(&self) -> Decimal {
        paisa(self.quantity * self.rate)
    }

    pub(crate) fn tax(&self) -> Decimal {
        paisa(self.amount() * self.gst / Decimal::ONE_HUNDRED)
    }

    pub(crate) fn whole_description(&self) -> String {
        self.description.join(" ")
    }
}

/// Numbers from which a document's small choices are made, one after the other, over and over.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    numbers: Vec<u16>,
    at: Cell<usize>,
}

impl Choices {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        prop::collection::vec(any::<u16>(), 97).prop_map(|numbers| Self {
            numbers,
            at: Cell::new(0),
        })
    }

    /// A number below `end`.
    pub(crate) fn below(&self, end: u16) -> u16 {
        let at = self.at.get();
        self.at.set((at + 1) % self.numbers.len());
        self.numbers[at] % end
    }

    pub(crate) fn flip(&self) -> bool {
        self.below(2) == 1
    }

    pub(crate) fn one_of<'a, T>(&self, options: &'a [T]) -> &'a T {
        &options[usize::from(self.below(u16::try_from(options.len()).unwrap()))]
    }
}
