//! Workbooks read sheet by sheet into grids.
//!
//! An `.xlsx` is read from the file as it lies there, one sheet at a time; the guards of [`super::archive`] bound what the
//! reader keeps of it. An `.xls` can only be read whole, so one above [`MAX_XLS`] is refused, and [`super::compound`]
//! and [`super::biff`] bound what comes of the rest.

use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsx, XlsxError};
use rust_decimal::Decimal;

use super::archive::{self, ArchiveFault, Purpose};
use super::grid::{Grid, Value, serial_date};
use super::inspect::FileKind;
use super::text;
use super::{biff, compound};

/// An `.xls` file above this size is not read: the reader takes it whole into memory, and its bulk is pictures.
const MAX_XLS: u64 = 16 * 1024 * 1024;
/// All texts of a sheet together; more is no order.
const MAX_TEXT: usize = 16 * 1024 * 1024;
/// Only so many sheets are looked through for the item table.
const MAX_SHEETS: usize = 50;

const DAMAGED: &str = "the workbook is damaged";
const PROTECTED: &str = "the workbook is password protected";

/// Shows `visit` the visible sheets of a workbook, the active one first, until it breaks. A sheet that cannot be read is
/// passed over as long as another can.
///
/// # Errors
/// One sentence that says why the workbook cannot be read: damaged, protected, unsafe, or too large.
pub(super) fn visit_sheets(
    file: &mut (impl Read + Seek),
    kind: FileKind,
    visit: &mut dyn FnMut(Grid) -> ControlFlow<()>,
) -> Result<(), String> {
    let read = || match kind {
        FileKind::Xlsx => visit_xlsx(file, visit),
        FileKind::Xls => visit_xls(file, visit),
        _ => Err("only Excel workbooks can be read".to_owned()),
    };
    // The reader indexes without checks in places, so damage that the guards let through may still panic in it.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(DAMAGED.to_owned()))
}

fn visit_xlsx(
    file: &mut (impl Read + Seek),
    visit: &mut dyn FnMut(Grid) -> ControlFlow<()>,
) -> Result<(), String> {
    // An encrypted workbook is a compound file that keeps its real name.
    if starts_with(file, b"\xD0\xCF\x11\xE0") {
        return Err(PROTECTED.to_owned());
    }
    archive::examine(file, Purpose::Reading).map_err(|fault| match fault {
        ArchiveFault::NotAnArchive => DAMAGED.to_owned(),
        ArchiveFault::Unsafe(reason) => format!("the workbook is unsafe: {reason}"),
    })?;
    let active = archive::active_sheet(file);
    let mut book = Xlsx::new(BufReader::new(file)).map_err(|error| match error {
        XlsxError::Password => PROTECTED.to_owned(),
        _ => DAMAGED.to_owned(),
    })?;
    let names = visible_sheets(book.sheets_metadata(), active);
    let has_1904_epoch = book.has_1904_epoch();
    each(&names, visit, |name| {
        // A formula that cannot be made out is no reason not to read the values.
        match xlsx_sheet(&mut book, name, has_1904_epoch, true) {
            Err(DAMAGED) => xlsx_sheet(&mut book, name, has_1904_epoch, false),
            read => read,
        }
    })
}

/// Reads one sheet, with or without a look at its formulas: which of them lack a value.
fn xlsx_sheet(
    book: &mut Xlsx<impl Read + Seek>,
    name: &str,
    has_1904_epoch: bool,
    with_formulas: bool,
) -> Result<Grid, &'static str> {
    let mut grid = Grid::new(name, has_1904_epoch);
    let mut budget = MAX_TEXT;
    let merged = book.merge_cells_by_sheet_name(name).map_err(|_| DAMAGED)?;
    let mut reader = book.worksheet_cells_reader(name).map_err(|_| DAMAGED)?;
    loop {
        let cell = if with_formulas {
            let cell = reader.next_cell_with_formula_metadata();
            cell.map(|cell| cell.map(|cell| (cell.pos, cell.value, cell.formula.is_some())))
        } else {
            let cell = reader.next_cell();
            cell.map(|cell| cell.map(|cell| (cell.get_position(), cell.get_value().clone(), false)))
        };
        let Some((position, value, is_formula)) = cell.map_err(|_| DAMAGED)? else {
            break;
        };
        let value = match value {
            DataRef::Empty if is_formula => {
                grid.note_uncomputed(position);
                Value::Empty
            }
            DataRef::SharedString(text) => text_value(text, &mut budget)?,
            other => value_of(&Data::from(other), has_1904_epoch, &mut budget)?,
        };
        grid.fill(position, value)?;
    }
    grid.spread(&merged)?;
    Ok(grid)
}

fn visit_xls(
    file: &mut (impl Read + Seek),
    visit: &mut dyn FnMut(Grid) -> ControlFlow<()>,
) -> Result<(), String> {
    let bytes = read_whole(file, MAX_XLS)?;
    let streams = compound::workbook_streams(&bytes).ok_or(DAMAGED)?;
    let facts: Vec<biff::Facts> = streams
        .iter()
        .map(|stream| biff::examine(stream))
        .collect::<Result<_, _>>()?;
    drop(streams);
    let active = facts.first().map_or(0, |facts| facts.active_sheet);
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|error| match error {
        XlsError::Password => PROTECTED.to_owned(),
        _ => DAMAGED.to_owned(),
    })?;
    let names = visible_sheets(book.sheets_metadata(), active);
    let has_1904_epoch = book.has_1904_epoch();
    each(&names, visit, |name| {
        let mut grid = Grid::new(name, has_1904_epoch);
        let mut budget = MAX_TEXT;
        let range = book.worksheet_range(name).map_err(|_| DAMAGED)?;
        let (top, left) = range.start().unwrap_or_default();
        for (row, column, data) in range.used_cells() {
            let value = value_of(data, has_1904_epoch, &mut budget)?;
            let offset = |start: u32, index: usize| Some(start.saturating_add(u32::try_from(index).ok()?));
            let position = offset(top, row).zip(offset(left, column)).ok_or(DAMAGED)?;
            grid.fill(position, value)?;
        }
        let merged = book.merge_cells_by_sheet_name(name).map_err(|_| DAMAGED)?;
        grid.spread(&merged)?;
        Ok(grid)
    })
}

fn starts_with(file: &mut (impl Read + Seek), signature: &[u8]) -> bool {
    let mut head = vec![0; signature.len()];
    file.rewind().is_ok() && file.read_exact(&mut head).is_ok() && head == signature
}

/// All bytes of a file of at most `limit` bytes.
fn read_whole(file: &mut (impl Read + Seek), limit: u64) -> Result<Vec<u8>, String> {
    const UNREADABLE: &str = "the file could not be read";
    let len = file.seek(SeekFrom::End(0)).map_err(|_| UNREADABLE)?;
    if len > limit {
        return Err(format!(
            "workbooks of type \"xls\" are read up to {} MB; save it as xlsx",
            limit / 1024 / 1024
        ));
    }
    let mut bytes = Vec::new();
    file.rewind().map_err(|_| UNREADABLE)?;
    file.take(limit).read_to_end(&mut bytes).map_err(|_| UNREADABLE)?;
    Ok(bytes)
}

fn each(
    names: &[String],
    visit: &mut dyn FnMut(Grid) -> ControlFlow<()>,
    mut read: impl FnMut(&str) -> Result<Grid, &'static str>,
) -> Result<(), String> {
    let mut has_read = false;
    let mut fault = "the workbook has no visible sheet";
    for name in names {
        match read(name) {
            Ok(grid) => {
                has_read = true;
                if visit(grid).is_break() {
                    break;
                }
            }
            Err(reason) => fault = reason,
        }
    }
    if has_read { Ok(()) } else { Err(fault.to_owned()) }
}

fn visible_sheets(sheets: &[calamine::Sheet], active: usize) -> Vec<String> {
    let is_shown = |sheet: &&calamine::Sheet| {
        sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet
    };
    let first = sheets.get(active).filter(is_shown);
    let others = sheets
        .iter()
        .enumerate()
        .filter(|(index, sheet)| *index != active && is_shown(sheet));
    let all = first.into_iter().chain(others.map(|(_, sheet)| sheet));
    all.take(MAX_SHEETS).map(|sheet| sheet.name.clone()).collect()
}

fn value_of(data: &Data, has_1904_epoch: bool, budget: &mut usize) -> Result<Value, &'static str> {
    Ok(match data {
        Data::Empty => Value::Empty,
        Data::Int(number) => Value::Number(Decimal::from(*number)),
        Data::Float(number) => number_value(*number),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text_value(text, budget)?,
        Data::Bool(value) => text_value(if *value { "TRUE" } else { "FALSE" }, budget)?,
        Data::DateTime(serial) => match number_value(serial.as_f64()) {
            Value::Number(number) if serial.is_datetime() => {
                serial_date(number, has_1904_epoch).map_or(Value::Number(number), Value::Date)
            }
            other => other,
        },
        Data::Error(_) => Value::Error,
    })
}

fn number_value(number: f64) -> Value {
    number.to_string().parse().map_or(Value::Error, Value::Number)
}

fn text_value(text: &str, budget: &mut usize) -> Result<Value, &'static str> {
    *budget = budget
        .checked_sub(text.len())
        .ok_or("a sheet holds too much text")?;
    let clean = text::clean(text);
    Ok(if clean.is_empty() {
        Value::Empty
    } else {
        Value::Text(clean.into())
    })
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::documents::grid::Reading;

    #[test]
    fn stored_numbers_come_through_their_shortest_text() {
        assert_eq!(number_value(0.1), Value::Number(dec!(0.1)));
        assert_eq!(number_value(282_359.12), Value::Number(dec!(282359.12)));
        assert_eq!(number_value(4_500_000_001.0).text().as_ref(), "4500000001");
        assert_eq!(number_value(f64::NAN), Value::Error);
        assert_eq!(number_value(1e300), Value::Error);
        assert_eq!(number_value(1e-300).reading(), Reading::Number(Decimal::ZERO));
        assert_eq!(
            number_value(0.300_000_000_000_000_04)
                .reading()
                .number()
                .map(text::round_money),
            Some(dec!(0.30))
        );
        assert_eq!(number_value(1e16).reading(), Reading::Unreadable);
    }
}
