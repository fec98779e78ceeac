//! One worksheet as tests describe it, written as `.xlsx` or as `.xls`.

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Formula, Workbook, Worksheet};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Text(String),
    Number(f64),
    Date(NaiveDate),
    /// A formula that came to this error, such as `#N/A`.
    Error(&'static str),
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<NaiveDate> for Content {
    fn from(date: NaiveDate) -> Self {
        Self::Date(date)
    }
}

/// A decimal's text becomes a number cell, as a spreadsheet stores it.
pub(crate) fn number(text: &str) -> Content {
    Content::Number(text.parse().unwrap())
}

/// A worksheet; rows and columns count from 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sheet {
    cells: Vec<(u16, u16, Content)>,
    merged: Vec<[u16; 4]>,
    widths: Vec<(u16, f64)>,
    bold: Vec<(u16, u16)>,
}

impl Sheet {
    pub(crate) fn put(&mut self, row: u16, column: u16, content: impl Into<Content>) -> &mut Self {
        self.cells.push((row, column, content.into()));
        self
    }

    /// The cell stands out in print.
    pub(crate) fn bold(&mut self, row: u16, column: u16, content: impl Into<Content>) -> &mut Self {
        self.bold.push((row, column));
        self.put(row, column, content)
    }

    /// Merges from the first row and column to the last ones.
    pub(crate) fn merge(&mut self, range: [u16; 4]) -> &mut Self {
        self.merged.push(range);
        self
    }

    pub(crate) fn width(&mut self, column: u16, width: f64) -> &mut Self {
        self.widths.push((column, width));
        self
    }

    /// The same sheet with everything moved down and to the right.
    pub(crate) fn moved(mut self, rows: u16, columns: u16) -> Self {
        for (row, column, _) in &mut self.cells {
            (*row, *column) = (*row + rows, *column + columns);
        }
        for range in &mut self.merged {
            *range = [
                range[0] + rows,
                range[1] + columns,
                range[2] + rows,
                range[3] + columns,
            ];
        }
        self
    }

    /// The bytes of an `.xlsx` workbook with this sheet; the same sheet gives the same bytes.
    pub(crate) fn xlsx(&self) -> Vec<u8> {
        Book::default().with("Sheet1", self.clone()).xlsx()
    }

    /// The bytes of an `.xls` workbook (BIFF 8 in a compound file) with this sheet.
    pub(crate) fn xls(&self) -> Vec<u8> {
        Book::default().with("Sheet1", self.clone()).xls()
    }

    fn write(&self, sheet: &mut Worksheet) {
        let (plain, bold) = (Format::new(), Format::new().set_bold());
        let date_format = Format::new().set_num_format("dd-mm-yyyy");
        for range in &self.merged {
            let [top, left, bottom, right] = *range;
            sheet
                .merge_range(top.into(), left, bottom.into(), right, "", &plain)
                .unwrap();
        }
        for (row, column, content) in &self.cells {
            let format = if self.bold.contains(&(*row, *column)) {
                &bold
            } else {
                &plain
            };
            let (row, column) = (u32::from(*row), *column);
            match content {
                Content::Text(text) => sheet.write_string_with_format(row, column, text, format).unwrap(),
                Content::Number(number) => sheet
                    .write_number_with_format(row, column, *number, format)
                    .unwrap(),
                Content::Date(date) => {
                    let (month, day) = (date.month().try_into().unwrap(), date.day().try_into().unwrap());
                    let date = ExcelDateTime::from_ymd(date.year().try_into().unwrap(), month, day).unwrap();
                    sheet
                        .write_datetime_with_format(row, column, &date, &date_format)
                        .unwrap()
                }
                Content::Error(text) => {
                    let formula = Formula::new("=NA()").set_result(*text);
                    sheet
                        .write_formula_with_format(row, column, formula, format)
                        .unwrap()
                }
            };
        }
        for (column, width) in &self.widths {
            sheet.set_column_width(*column, *width).unwrap();
        }
    }

    /// The records of this sheet in an `.xls` workbook.
    fn records(&self) -> Vec<u8> {
        let mut stream = record(0x0809, &words(&[0x0600, 0x0010, 0, 0, 0, 0, 0, 0]));
        for (row, column, content) in &self.cells {
            stream.extend(match content {
                Content::Text(text) => label(*row, *column, text),
                Content::Number(number) => float(*row, *column, 0, *number),
                Content::Date(date) => {
                    let days = *date - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap();
                    float(
                        *row,
                        *column,
                        1,
                        f64::from(i32::try_from(days.num_days()).unwrap()),
                    )
                }
                Content::Error(_) => {
                    let mut data = words(&[*row, *column, 0]);
                    data.extend([0x2A, 1]);
                    record(0x0205, &data)
                }
            });
        }
        if !self.merged.is_empty() {
            let mut data = words(&[u16::try_from(self.merged.len()).unwrap()]);
            for [top, left, bottom, right] in &self.merged {
                data.extend(words(&[*top, *bottom, *left, *right]));
            }
            stream.extend(record(0x00E5, &data));
        }
        stream.extend(record(0x000A, &[]));
        stream
    }
}

/// A workbook of several sheets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    tabs: Vec<Tab>,
    active: usize,
}

#[derive(Debug, Clone)]
struct Tab {
    name: String,
    sheet: Sheet,
    is_hidden: bool,
}

impl Book {
    pub(crate) fn with(mut self, name: &str, sheet: Sheet) -> Self {
        self.tabs.push(Tab {
            name: name.to_owned(),
            sheet,
            is_hidden: false,
        });
        self
    }

    pub(crate) fn with_hidden(mut self, name: &str, sheet: Sheet) -> Self {
        self = self.with(name, sheet);
        self.tabs.last_mut().unwrap().is_hidden = true;
        self
    }

    /// The sheet of this index (from 0) is the one that was open when the workbook was saved.
    pub(crate) fn active(mut self, index: usize) -> Self {
        self.active = index;
        self
    }

    /// The bytes of an `.xlsx` workbook; the same sheets give the same bytes.
    pub(crate) fn xlsx(&self) -> Vec<u8> {
        let mut book = Workbook::new();
        let made = ExcelDateTime::from_ymd(2026, 1, 22).unwrap();
        book.set_properties(&DocProperties::new().set_creation_datetime(&made));
        for (index, tab) in self.tabs.iter().enumerate() {
            let sheet = book.add_worksheet();
            sheet.set_name(&tab.name).unwrap().set_hidden(tab.is_hidden);
            if index == self.active && index > 0 {
                sheet.set_active(true);
            }
            tab.sheet.write(sheet);
        }
        book.save_to_buffer().unwrap()
    }

    /// The bytes of an `.xls` workbook (BIFF 8 in a compound file).
    pub(crate) fn xls(&self) -> Vec<u8> {
        let mut globals = record(0x0809, &words(&[0x0600, 0x0005, 0, 0, 0, 0, 0, 0]));
        globals.extend(record(0x0042, &words(&[1200])));
        let active = u16::try_from(self.active).unwrap();
        globals.extend(record(0x003D, &words(&[0, 0, 0, 0, 0x0038, active, 0, 1, 600])));
        // Two cell formats: general, and the built-in date format 14.
        for format in [0, 14] {
            let mut data = words(&[0, format]);
            data.resize(20, 0);
            globals.extend(record(0x00E0, &data));
        }
        let end = record(0x000A, &[]);
        let bound_sheets: usize = self.tabs.iter().map(|tab| 4 + 8 + tab.name.len()).sum();
        let mut start = globals.len() + bound_sheets + end.len();
        let sheets: Vec<_> = self.tabs.iter().map(|tab| tab.sheet.records()).collect();
        for (tab, sheet) in self.tabs.iter().zip(&sheets) {
            let mut data = u32::try_from(start).unwrap().to_le_bytes().to_vec();
            let name_len = u8::try_from(tab.name.len()).unwrap();
            data.extend([u8::from(tab.is_hidden), 0, name_len, 0]);
            data.extend(tab.name.as_bytes());
            globals.extend(record(0x0085, &data));
            start += sheet.len();
        }
        globals.extend(end);
        globals.extend(sheets.concat());
        compound_file("Workbook", globals)
    }
}

/// The bytes of an `.xlsx` workbook with named sheets, the first of which is the active one.
pub(crate) fn workbook(sheets: &[(&str, &Sheet)]) -> Vec<u8> {
    sheets
        .iter()
        .fold(Book::default(), |book, (name, sheet)| {
            book.with(name, (*sheet).clone())
        })
        .xlsx()
}

fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn record(number: u16, data: &[u8]) -> Vec<u8> {
    let mut record = words(&[number, u16::try_from(data.len()).unwrap()]);
    record.extend(data);
    record
}

fn float(row: u16, column: u16, format: u16, value: f64) -> Vec<u8> {
    let mut data = words(&[row, column, format]);
    data.extend(value.to_le_bytes());
    record(0x0203, &data)
}

fn label(row: u16, column: u16, text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut data = words(&[row, column, 0, u16::try_from(units.len()).unwrap()]);
    data.push(1);
    data.extend(words(&units));
    record(0x0204, &data)
}

/// A compound file with one stream: a header, the table, a sector of the directory, the stream.
pub(crate) fn compound_file(stream_name: &str, mut stream: Vec<u8>) -> Vec<u8> {
    const SECTOR: usize = 512;
    const END: u32 = 0xFFFF_FFFE;
    const FREE: u32 = 0xFFFF_FFFF;
    // A shorter stream would belong into the table of small ones.
    stream.resize(stream.len().next_multiple_of(SECTOR).max(4096), 0);
    let sectors = u32::try_from(stream.len() / SECTOR).unwrap();
    let entries_each = u32::try_from(SECTOR / 4).unwrap();
    // The table lists its own sectors, that of the directory and those of the stream.
    let tables = (1..=109)
        .find(|tables| tables + 1 + sectors <= tables * entries_each)
        .expect("the header lists 109 sectors of the table");

    let mut file = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    file.extend([0; 16]);
    file.extend(words(&[0x003E, 0x0003, 0xFFFE, 9, 6, 0, 0, 0]));
    for value in [0, tables, tables, 0, 4096, END, 0, END, 0] {
        file.extend(u32::to_le_bytes(value));
    }
    file.extend((0..tables).flat_map(u32::to_le_bytes));
    file.resize(SECTOR, 0xFF);

    let mut table: Vec<u32> = (0..tables).map(|_| 0xFFFF_FFFD).collect();
    table.push(END);
    let first = tables + 1;
    table.extend((1..=sectors).map(|next| if next == sectors { END } else { first + next }));
    table.resize(usize::try_from(tables * entries_each).unwrap(), FREE);
    file.extend(table.into_iter().flat_map(u32::to_le_bytes));

    for (name, kind, start, len) in [
        ("Root Entry", 5_u8, END, 0),
        (stream_name, 2, first, u32::try_from(stream.len()).unwrap()),
    ] {
        let mut entry = words(&name.encode_utf16().collect::<Vec<_>>());
        entry.resize(64, 0);
        entry.extend(words(&[u16::try_from(2 * (name.len() + 1)).unwrap()]));
        entry.extend([kind, 1]);
        let child = if kind == 5 { 1 } else { FREE };
        entry.extend([FREE, FREE, child].into_iter().flat_map(u32::to_le_bytes));
        entry.resize(116, 0);
        entry.extend(start.to_le_bytes());
        entry.extend(len.to_le_bytes());
        entry.resize(128, 0);
        file.extend(entry);
    }
    file.resize(file.len().next_multiple_of(SECTOR), 0);
    file.extend(stream);
    file
}
