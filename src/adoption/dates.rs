//! Whether a date in a dump is surely one day, and whether its column keeps all that it says. PostgreSQL reads far more
//! spellings, takes one of two days without a word, and drops what a column has no room for.

/// What a column of dates keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    /// A day alone.
    Day,
    /// A day and a time, without an offset.
    Local,
    /// A day, a time and an offset.
    Moment,
}

const MONTHS: [&str; 24] = [
    "jan",
    "january",
    "feb",
    "february",
    "mar",
    "march",
    "apr",
    "april",
    "may",
    "jun",
    "june",
    "jul",
    "july",
    "aug",
    "august",
    "sep",
    "sept",
    "september",
    "oct",
    "october",
    "nov",
    "november",
    "dec",
    "december",
];
const TWO_DAYS: &str = "may be two days; write the year first";

/// Why a date cannot be placed in such a column; `None` for one that can, or that PostgreSQL refuses anyway.
pub(super) fn doubt(date: &str, keeps: Keeps) -> Option<&'static str> {
    let date = date.trim().to_ascii_lowercase();
    if matches!(date.as_str(), "infinity" | "+infinity" | "-infinity" | "epoch") {
        return None;
    }
    let date = date
        .strip_suffix(" bc")
        .or(date.strip_suffix(" ad"))
        .unwrap_or(&date);
    let mut scanner = Scanner(date);
    let is_one_day = scanner.day().is_some();
    let rest = scanner.0;
    if is_one_day && rest.is_empty() {
        return None;
    }
    if !is_one_day || !rest.starts_with([' ', 't']) {
        return Some(TWO_DAYS);
    }
    let Some(time) = Scanner(rest.get(1..).unwrap_or_default().trim_start()).time() else {
        return Some("has a time that is not surely one; write it like 10:00:00 or 10:00:00+05:30");
    };
    match keeps {
        Keeps::Day if !time.is_midnight || time.has_offset => {
            Some("has a time, which a date does not keep; write the day alone")
        }
        Keeps::Local if time.has_offset => Some(
            "has an offset, which a timestamp without time zone does not keep; write the time without it, in the zone of \
             the column's other ones",
        ),
        _ => None,
    }
}

/// A time of a day.
struct Time {
    is_midnight: bool,
    has_offset: bool,
}

/// What is left to be read.
struct Scanner<'t>(&'t str);

impl<'t> Scanner<'t> {
    /// Passes over a date that is one day whoever reads it: the year first, eight figures, a month by its name with a year of
    /// four figures, or figures only one of which may be the month.
    fn day(&mut self) -> Option<()> {
        if self.0.starts_with(|first: char| first.is_ascii_alphabetic()) {
            self.month()?;
            self.gap()?;
            self.figures(1, 2)?;
            self.gap()?;
            return self.figures(4, 4).map(drop);
        }
        let first = self.figures(1, 8)?;
        if first.len() == 8 {
            return Some(());
        }
        let before = self.0;
        if first.len() > 3 {
            let sign = self.sign()?;
            if self.month().is_none() {
                self.figures(1, 2)?;
            }
            return (self.sign()? == sign && self.figures(1, 2).is_some()).then_some(());
        }
        if first.len() > 2 {
            return None;
        }
        self.gap()?;
        if self.month().is_some() {
            self.gap()?;
            return self.figures(4, 4).map(drop);
        }
        self.0 = before;
        let sign = self.sign()?;
        let second = self.figures(1, 2)?;
        let same_sign = self.sign()? == sign;
        self.figures(4, 4)?;
        let (first, second): (u8, u8) = (first.parse().ok()?, second.parse().ok()?);
        (same_sign && (first == second || (first > 12) != (second > 12))).then_some(())
    }

    /// `10:00`, `10:00:00.5 PM`, `10:00:00+05:30`, to the end.
    fn time(mut self) -> Option<Time> {
        let mut is_midnight = self.is_zero(1)?;
        self.0 = self.0.strip_prefix(':')?;
        is_midnight &= self.is_zero(2)?;
        if let Some(rest) = self.0.strip_prefix(':') {
            self.0 = rest;
            is_midnight &= self.is_zero(2)?;
            if let Some(rest) = self.0.strip_prefix('.') {
                self.0 = rest;
                is_midnight &= self.figures(1, 9)?.bytes().all(|figure| figure == b'0');
            }
        }
        let rest = self.0.trim_start();
        let half = rest.strip_prefix("am").or(rest.strip_prefix("pm"));
        let zone = half.unwrap_or(rest).trim_start();
        let is_offset = zone.strip_prefix(['+', '-']).is_some_and(|offset| {
            offset
                .split(':')
                .all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
        });
        // The three letters of another zone may mean several.
        let is_name = matches!(zone, "z" | "utc" | "gmt") || zone.contains('/');
        (zone.is_empty() || is_offset || is_name).then_some(Time {
            is_midnight: is_midnight && half.is_none(),
            has_offset: !zone.is_empty(),
        })
    }

    fn is_zero(&mut self, least: usize) -> Option<bool> {
        self.figures(least, 2)
            .map(|figures| figures.bytes().all(|figure| figure == b'0'))
    }

    /// So many figures, neither more nor fewer.
    fn figures(&mut self, least: usize, most: usize) -> Option<&'t str> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (figures, rest) = self.0.split_at_checked(length)?;
        (least..=most).contains(&length).then(|| {
            self.0 = rest;
            figures
        })
    }

    fn month(&mut self) -> Option<()> {
        let length = self.0.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (name, rest) = self.0.split_at_checked(length)?;
        (length > 0 && MONTHS.contains(&name)).then(|| self.0 = rest)
    }

    /// What stands between figures.
    fn sign(&mut self) -> Option<char> {
        let sign = self
            .0
            .chars()
            .next()
            .filter(|sign| matches!(sign, '-' | '/' | '.'))?;
        self.0 = self.0.get(1..)?;
        Some(sign)
    }

    /// What stands around a month's name.
    fn gap(&mut self) -> Option<()> {
        if self.sign().is_some() {
            return Some(());
        }
        let rest = self.0.strip_prefix(',').unwrap_or(self.0).trim_start_matches(' ');
        (rest.len() < self.0.len()).then(|| self.0 = rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_taken_only_if_it_is_one_day() {
        for date in [
            "2026-04-03",
            "2026/4/3",
            "2026.04.03",
            "20260403",
            "12026-04-03",
            "0044-03-15 BC",
            "infinity",
            "-infinity",
            "03-Apr-2026",
            "3 april 2026",
            "April 3, 2026",
            "Apr-03-2026",
            "2026-Apr-03",
            "04/13/2026",
            "13-04-2026",
            "04.04.2026",
            " 2026-04-03\t",
            "2026-04-03 00:00:00",
            "2026-04-03T00:00",
        ] {
            assert_eq!(doubt(date, Keeps::Day), None, "{date}");
        }
        for date in [
            "03/04/2026",
            "3.4.2026",
            "03 / 04 / 2026",
            "03, 04, 2026",
            "\t03/04/2026",
            "03_04_2026",
            "(03/04/2026)",
            "Z 03/04/2026",
            "03--04-2026",
            "03-04/2026",
            "Mar-05-04",
            "05Mar04",
            "05-Mar-04",
            "13.4.26",
            "260403",
            "03042026x",
            "03 04 2026",
            "2026-04-031",
            "2026-04",
            "2026 04 03",
            "tomorrow",
            "now",
            "J2451187",
            "2026.123",
            "04-2026-03",
            "13/14/2026",
            "",
            "2026-04-03Z",
            "é",
            "3é4",
            "2026-é",
            "Fri Apr 03 2026",
            "2026-04/03",
        ] {
            assert_eq!(doubt(date, Keeps::Day), Some(TWO_DAYS), "{date}");
        }
    }

    #[test]
    fn what_a_column_does_not_keep_is_not_taken() {
        for (date, day, local, moment) in [
            ("2026-04-03 10:00", false, true, true),
            ("2026-04-03 10:00:00.5", false, true, true),
            ("2026-04-03 12:00 am", false, true, true),
            ("2026-04-03T10:00:00.123456Z", false, false, true),
            ("2026-04-03 00:00:00+00", false, false, true),
            ("2026-04-03 10:00:00+05:30", false, false, true),
            ("0044-03-15 10:00:00+05:53:28 BC", false, false, true),
            ("2026-04-03 10:00 Asia/Kolkata", false, false, true),
            ("2026-04-03 10:00 IST", false, false, false),
            ("2026-04-03 10", false, false, false),
            ("03/04/2026 10:00", false, false, false),
        ] {
            for (keeps, is_kept) in [(Keeps::Day, day), (Keeps::Local, local), (Keeps::Moment, moment)] {
                assert_eq!(doubt(date, keeps).is_none(), is_kept, "{date} {keeps:?}");
            }
        }
    }
}
