//! What the fields of a dump's rows must be, so that nothing of them is lost or changed in their columns without a word.

use std::{borrow::Cow, collections::BTreeMap};

use anyhow::bail;

use super::{
    dates::{self, Keeps},
    dump::Rows,
    tables::{Column, Fallback},
};

/// The columns whose type may take less than a field says.
#[derive(Debug, Default)]
pub(super) struct Fields {
    dates: BTreeMap<(&'static str, String), Keeps>,
    decimals: BTreeMap<(&'static str, String), usize>,
}

impl Fields {
    /// Notes a column of a table.
    ///
    /// # Errors
    /// If a date fills it that may be two days.
    pub(super) fn note(&mut self, table: &'static str, column: &Column, line: u64) -> anyhow::Result<()> {
        let key = (table, column.name.clone());
        if let Some(keeps) = column.kind.keeps() {
            self.dates.insert(key, keeps);
        } else if let Some(decimals) = column.kind.decimals() {
            self.decimals.insert(key, decimals);
        }
        match &column.default {
            Some(default) => self.ensure_default_is_clear(table, &column.name, default, line),
            None => Ok(()),
        }
    }

    /// Notes that a column takes figures with any number of decimals.
    pub(super) fn widen(&mut self, table: &'static str, column: &str) {
        self.decimals.remove(&(table, column.to_owned()));
    }

    /// Refuses a default that may be two days.
    ///
    /// # Errors
    /// If it is one.
    pub(super) fn ensure_default_is_clear(
        &self,
        table: &'static str,
        column: &str,
        default: &Fallback,
        line: u64,
    ) -> anyhow::Result<()> {
        if let (Some(keeps), Fallback::Constant(date)) =
            (self.dates.get(&(table, column.to_owned())), default)
            && let Some(why) = dates::doubt(date, *keeps)
        {
            bail!(
                "line {line} of the dump: the default of {table}.{column}: \"{date}\" {why}; nothing was written"
            );
        }
        Ok(())
    }

    /// Looks at rows before they are written. Returns the columns whose type has too few decimals for them.
    ///
    /// # Errors
    /// If a date may be two days or says more than its column keeps.
    pub(super) fn check<'r>(&self, rows: &'r Rows) -> anyhow::Result<Vec<&'r String>> {
        ensure_is_utf8(rows)?;
        let mut dates = Vec::new();
        let mut figures = Vec::new();
        for (place, name) in rows.columns.iter().enumerate() {
            let key = (rows.table, name.clone());
            if let Some(keeps) = self.dates.get(&key) {
                dates.push((place, name, *keeps));
            }
            if let Some(decimals) = self.decimals.get(&key) {
                figures.push((place, name, *decimals));
            }
        }
        let mut too_narrow = Vec::new();
        if dates.is_empty() && figures.is_empty() {
            return Ok(too_narrow);
        }
        for (row, line) in rows.data.split(|byte| *byte == b'\n').zip(&rows.lines) {
            let fields: Vec<&[u8]> = row.split(|byte| *byte == b'\t').collect();
            for (place, name, keeps) in &dates {
                let Some(date) = fields.get(*place).filter(|date| **date != br"\N") else {
                    continue;
                };
                let date = unescaped(date);
                if let Some(why) = dates::doubt(&date, *keeps) {
                    bail!(
                        "line {line} of the dump: a row of {}, column {name}, cannot be placed: \"{}\" {why}; nothing was \
                         written",
                        rows.table,
                        date.trim()
                    );
                }
            }
            for (place, name, most) in &figures {
                if fields.get(*place).is_some_and(|figure| decimals(figure) > *most)
                    && !too_narrow.contains(name)
                {
                    too_narrow.push(*name);
                }
            }
        }
        Ok(too_narrow)
    }
}

/// Refuses bytes that are no text: a dump that names no encoding, or none in particular, must be UTF-8.
fn ensure_is_utf8(rows: &Rows) -> anyhow::Result<()> {
    if rows.encoding.is_some() || str::from_utf8(&rows.data).is_ok() {
        return Ok(());
    }
    for (row, line) in rows.data.split(|byte| *byte == b'\n').zip(&rows.lines) {
        for (field, name) in row.split(|byte| *byte == b'\t').zip(&rows.columns) {
            if str::from_utf8(field).is_err() {
                bail!(
                    "line {line} of the dump: a row of {}, column {name}, cannot be placed: it is not UTF-8; let the dump \
                     say its real encoding (SET client_encoding = 'LATIN1'; where it says none or SQL_ASCII), or convert it to \
                     UTF-8; nothing was written",
                    rows.table
                );
            }
        }
    }
    bail!(
        "a row of {} has too many fields, and they are not UTF-8; nothing was written",
        rows.table
    )
}

/// A field of `COPY` with its white space as it is meant.
fn unescaped(field: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(field);
    if !text.contains('\\') {
        return text;
    }
    let mut text = text.into_owned();
    for escape in [r"\t", r"\n", r"\r", r"\v", r"\f"] {
        text = text.replace(escape, " ");
    }
    Cow::Owned(text)
}

/// How many decimals a figure has that are not zero, or more; none if it is no figure.
fn decimals(figure: &[u8]) -> usize {
    // What is escaped is read by the database.
    if figure.contains(&b'\\') {
        return if figure == br"\N" { 0 } else { usize::MAX };
    }
    let figure = String::from_utf8_lossy(figure);
    let (figure, exponent) = figure.split_once(['e', 'E']).unwrap_or((&figure, "0"));
    let (_, fraction) = figure.split_once('.').unwrap_or((figure, ""));
    let decimals = fraction.trim_end().trim_end_matches('0').len();
    let exponent: i64 = exponent.trim_end().parse().unwrap_or(0);
    let decimals = i64::try_from(decimals)
        .unwrap_or(i64::MAX)
        .saturating_sub(exponent);
    usize::try_from(decimals).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::decimals;

    #[test]
    fn decimals_are_counted_as_a_column_must_keep_them() {
        for (figure, expected) in [
            (&br"\N"[..], 0),
            (b"12345.675", 3),
            (b"1.50", 1),
            (b"-1.00 ", 0),
            (b"12", 0),
            (b".005", 3),
            (b"1.25e-3", 5),
            (b"1.25e2", 0),
            (b"5E-1", 1),
            (b"NaN", 0),
        ] {
            assert_eq!(decimals(figure), expected, "{}", String::from_utf8_lossy(figure));
        }
    }
}
