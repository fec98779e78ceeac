//! One worksheet as tests describe it, written as `.xlsx` or as `.xls`.

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Text(String),
    Number(f64),
    Date(NaiveDate),
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
        workbook(&[("Sheet1", self)])
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
            };
        }
        for (column, width) in &self.widths {
            sheet.set_column_width(*column, *width).unwrap();
        }
    }

    /// The bytes of an `.xls` workbook (BIFF 8 in a compound file) with this sheet.
    pub(crate) fn xls(&self) -> Vec<u8> {
        let mut globals = record(0x0809, &words(&[0x0600, 0x0005, 0, 0, 0, 0, 0, 0]));
        globals.extend(record(0x0042, &words(&[1200])));
        // Two cell formats: general, and the built-in date format 14.
        for format in [0, 14] {
            let mut data = words(&[0, format]);
            data.resize(20, 0);
            globals.extend(record(0x00E0, &data));
        }
        let bound_sheet_len = 4 + 8 + 6;
        let end = record(0x000A, &[]);
        let start = u32::try_from(globals.len() + bound_sheet_len + end.len()).unwrap();
        let mut bound_sheet = start.to_le_bytes().to_vec();
        bound_sheet.extend([0, 0, 6, 0]);
        bound_sheet.extend(b"Sheet1");
        globals.extend(record(0x0085, &bound_sheet));
        globals.extend(end.clone());
        assert_eq!(globals.len(), usize::try_from(start).unwrap());

        let mut stream = globals;
        stream.extend(record(0x0809, &words(&[0x0600, 0x0010, 0, 0, 0, 0, 0, 0])));
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
            });
        }
        if !self.merged.is_empty() {
            let mut data = words(&[u16::try_from(self.merged.len()).unwrap()]);
            for [top, left, bottom, right] in &self.merged {
                data.extend(words(&[*top, *bottom, *left, *right]));
            }
            stream.extend(record(0x00E5, &data));
        }
        stream.extend(end);
        compound_file(stream)
    }
}

/// The bytes of an `.xlsx` workbook with named sheets, the first of which is the active one.
pub(crate) fn workbook(sheets: &[(&str, &Sheet)]) -> Vec<u8> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 1, 22).unwrap();
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    for (name, sheet) in sheets {
        sheet.write(book.add_worksheet().set_name(*name).unwrap());
    }
    book.save_to_buffer().unwrap()
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

/// A compound file with one stream, `Workbook`: a header, a sector of the table, a sector of the directory, the stream.
fn compound_file(mut stream: Vec<u8>) -> Vec<u8> {
    const SECTOR: usize = 512;
    const END: u32 = 0xFFFF_FFFE;
    const FREE: u32 = 0xFFFF_FFFF;
    // A shorter stream would belong into the table of small ones.
    stream.resize(stream.len().next_multiple_of(SECTOR).max(4096), 0);
    let sectors = u32::try_from(stream.len() / SECTOR).unwrap();
    assert!(sectors + 2 <= 128, "one sector of the table holds 128 entries");

    let mut file = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    file.extend([0; 16]);
    file.extend(words(&[0x003E, 0x0003, 0xFFFE, 9, 6, 0, 0, 0]));
    for value in [0, 1, 1, 0, 4096, END, 0, END, 0, 0] {
        file.extend(u32::to_le_bytes(value));
    }
    file.resize(SECTOR, 0xFF);

    let mut table = vec![0xFFFF_FFFD, END];
    table.extend((0..sectors).map(|sector| if sector + 1 == sectors { END } else { sector + 3 }));
    table.resize(SECTOR / 4, FREE);
    file.extend(table.into_iter().flat_map(u32::to_le_bytes));

    for (name, kind, start, len) in [
        ("Root Entry", 5_u8, END, 0),
        ("Workbook", 2, 2, u32::try_from(stream.len()).unwrap()),
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
    file.resize(SECTOR * 3, 0);
    file.extend(stream);
    file
}
