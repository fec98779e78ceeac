//! The many ways in which one value is written into a cell.

use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;
use rust_decimal::{Decimal, prelude::ToPrimitive};

use crate::support::sheet::{Content, number};

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    /// As a number.
    Native,
    /// `123456.5`
    Plain,
    /// `1,23,456.5`
    Indian,
    /// `123,456.5`
    Western,
    /// `₹ 1,23,456.5`
    Sign,
    /// `INR 123,456.5`
    Currency,
    /// `Rs. 1,23,456.5/-`
    Closed,
}

pub(super) fn figure() -> impl Strategy<Value = Figure> {
    prop::sample::select(vec![
        Figure::Native,
        Figure::Plain,
        Figure::Indian,
        Figure::Western,
        Figure::Sign,
        Figure::Currency,
        Figure::Closed,
    ])
}

impl Figure {
    pub(super) fn of(self, value: Decimal) -> Content {
        let plain = value.to_string();
        let text = match self {
            Self::Native => return number(&plain),
            Self::Plain => plain,
            Self::Indian => grouped(&plain, 2),
            Self::Western => grouped(&plain, 3),
            Self::Sign => format!("₹ {}", grouped(&plain, 2)),
            Self::Currency => format!("INR {}", grouped(&plain, 3)),
            Self::Closed => format!("Rs. {}/-", grouped(&plain, 2)),
        };
        Content::Text(text)
    }

    /// The same for what is no money.
    pub(super) fn of_bare(self, value: Decimal) -> Content {
        match self {
            Self::Sign | Self::Closed => Self::Indian.of(value),
            Self::Currency => Self::Western.of(value),
            other => other.of(value),
        }
    }
}

/// Commas after the last three digits before the point, and then after every `size`.
fn grouped(plain: &str, size: usize) -> String {
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && (left == 3 || left > 3 && (left - 3).is_multiple_of(size)) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    Native,
    Serial,
    Dashes,
    Slashes,
    Dots,
    Short,
    Iso,
    ShortMonth,
    DashedMonth,
    MonthFirst,
    LongMonth,
    Ordinal,
    Upper,
    WithTime,
    IsoTime,
}

pub(super) fn day() -> impl Strategy<Value = Day> {
    prop::sample::select(vec![
        Day::Native,
        Day::Serial,
        Day::Dashes,
        Day::Slashes,
        Day::Dots,
        Day::Short,
        Day::Iso,
        Day::ShortMonth,
        Day::DashedMonth,
        Day::MonthFirst,
        Day::LongMonth,
        Day::Ordinal,
        Day::Upper,
        Day::WithTime,
        Day::IsoTime,
    ])
}

impl Day {
    pub(super) fn of(self, date: NaiveDate) -> Content {
        let text = |format: &str| Content::Text(date.format(format).to_string());
        match self {
            Self::Native => Content::Date(date),
            Self::Serial => {
                let days = date - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap();
                Content::Number(days.num_days().to_f64().unwrap())
            }
            Self::Dashes => text("%d-%m-%Y"),
            Self::Slashes => text("%d/%m/%Y"),
            Self::Dots => text("%d.%m.%Y"),
            Self::Short => text("%-d/%-m/%y"),
            Self::Iso => text("%Y-%m-%d"),
            Self::ShortMonth => text("%-d %b %Y"),
            Self::DashedMonth => text("%d-%b-%Y"),
            Self::MonthFirst => text("%b %-d, %Y"),
            Self::LongMonth => text("%B %-d, %Y"),
            Self::Ordinal => {
                let ending = match date.day() {
                    1 | 21 | 31 => "st",
                    2 | 22 => "nd",
                    3 | 23 => "rd",
                    _ => "th",
                };
                Content::Text(format!("{}{ending} {}", date.day(), date.format("%B %Y")))
            }
            Self::Upper => Content::Text(date.format("%d-%b-%Y").to_string().to_uppercase()),
            Self::WithTime => text("%d-%m-%Y 10:30"),
            Self::IsoTime => text("%Y-%m-%dT10:30:00"),
        }
    }
}

/// How the words of a label or title are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    AsTheyAre,
    Upper,
    Lower,
    Wide,
    Broken,
}

pub(super) fn letters() -> impl Strategy<Value = Letters> {
    prop::sample::select(vec![
        Letters::AsTheyAre,
        Letters::Upper,
        Letters::Lower,
        Letters::Wide,
        Letters::Broken,
    ])
}

impl Letters {
    pub(super) fn of(self, text: &str) -> String {
        match self {
            Self::AsTheyAre => text.to_owned(),
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
            Self::Wide => format!(" {} ", text.replace(' ', "  \u{a0}")),
            Self::Broken => text.replace(' ', "\n"),
        }
    }
}

/// One of some words; each number stands for one of them.
pub(super) fn pick<T: Copy>(from: &[T], number: usize) -> T {
    from[number % from.len()]
}
