//! An item table: what stands in it, how it is printed, and what must be read from it.

use std::collections::HashMap;

use nexgen_finance::documents::{ParsedLine, Totals};
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy, dec};

use super::forms::{self, Figure, Letters, pick};
use crate::support::sheet::{Content, Sheet, number};

const DESCRIPTIONS: [&str; 12] = [
    "Brick wall",
    "Gypsum partition wall, 12 mm, both sides",
    "LED panel light 2 x 2, 36 W",
    "Reception counter with laminate",
    "Vendor Tools Set",
    "Cable tray 100 mm",
    "Rate contract for cleaning",
    "Unit heater\nwith  thermostat",
    "Amount of sand as measured",
    // These begin as totals do; only a serial number makes items of them.
    "Total station survey",
    "GST 5 registration",
    "Sub total earthwork",
];
/// So many of the descriptions are items without a serial number too.
const PLAIN_DESCRIPTIONS: usize = 9;
const CONTINUATIONS: [&str; 5] = [
    "one brick thick",
    "with laminate top, as per drawing A-12",
    "a) including scaffolding",
    "Total height 3 m",
    "rate valid for 30 days",
];
const HEADINGS: [&str; 3] = ["CIVIL WORKS", "A. ELECTRICAL", "GROUND FLOOR"];
const HSN_CODES: [&str; 4] = ["6809", "940540", "99872100", "7326"];
const UNITS: [&str; 6] = ["NOS", "Sqm", "RMT", "Cu.M", "Lot", "FT2"];
const TAX_RATES: [u32; 5] = [18, 0, 5, 12, 28];

/// Which layout the table is of; they differ in their titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Proforma,
    Bajaj,
}

/// One of quantity, rate and amount may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Omitted {
    Nothing,
    Quantity,
    Rate,
    Amount,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serial {
    Number,
    Text,
    Dot,
    Bracket,
    Nothing,
}

/// A row that goes on with the description of the item above.
#[derive(Debug, Clone, Copy)]
struct Continuation {
    text: usize,
    /// It stands in the column of serial numbers, if there is one.
    is_left: bool,
    /// A blank row comes first.
    is_late: bool,
}

#[derive(Debug, Clone)]
struct Line {
    description: usize,
    continuations: Vec<Continuation>,
    /// Blank rows before it, fewer than end a table.
    blanks: u16,
    heading: Option<usize>,
    hsn: Option<usize>,
    is_hsn_number: bool,
    unit: Option<usize>,
    quantity: Decimal,
    rate: Decimal,
    gst: Decimal,
    omitted: Omitted,
    serial: Serial,
    figures: Figure,
    /// The total of a section follows.
    closes_section: bool,
}

fn line() -> impl Strategy<Value = Line> {
    let texts = (
        0..DESCRIPTIONS.len(),
        prop::collection::vec(
            (0..CONTINUATIONS.len(), any::<bool>(), any::<bool>()).prop_map(|(text, is_left, is_late)| {
                Continuation {
                    text,
                    is_left,
                    is_late,
                }
            }),
            0..3,
        ),
        prop_oneof![4 => Just(0_u16), 1 => 1..5_u16],
        prop::option::weighted(0.1, 0..HEADINGS.len()),
        prop::option::weighted(0.8, 0..HSN_CODES.len()),
        any::<bool>(),
        prop::option::weighted(0.8, 0..UNITS.len()),
    );
    let figures = (
        prop_oneof![
            (1..10_000_u32).prop_map(Decimal::from),
            (100_i64..10_000_000).prop_map(|cents| Decimal::new(cents, 2)),
            (10_000_i64..100_000_000).prop_map(|parts| Decimal::new(parts, 4))
        ],
        prop_oneof![
            (1..100_000_u32).prop_map(Decimal::from),
            (100_i64..100_000_000).prop_map(|cents| Decimal::new(cents, 2)),
            (10_000_i64..1_000_000_000).prop_map(|parts| Decimal::new(parts, 4))
        ],
        prop::sample::select(TAX_RATES.to_vec()).prop_map(Decimal::from),
        prop_oneof![
            6 => Just(Omitted::Nothing),
            1 => Just(Omitted::Quantity),
            1 => Just(Omitted::Rate),
            1 => Just(Omitted::Amount),
        ],
        prop_oneof![
            4 => Just(Serial::Number),
            1 => Just(Serial::Text),
            1 => Just(Serial::Dot),
            1 => Just(Serial::Bracket),
            1 => Just(Serial::Nothing),
        ],
        forms::figure(),
        prop::bool::weighted(0.1),
    );
    (texts, figures).prop_map(|(texts, figures)| {
        let (description, continuations, blanks, heading, hsn, is_hsn_number, unit) = texts;
        let (quantity, rate, gst, omitted, serial, figures, closes_section) = figures;
        Line {
            description,
            continuations,
            blanks,
            heading,
            hsn,
            is_hsn_number,
            unit,
            quantity,
            rate,
            gst,
            omitted,
            serial,
            figures,
            closes_section,
        }
    })
}

impl Line {
    fn amount(&self) -> Decimal {
        paisa(self.quantity * self.rate)
    }

    fn tax(&self) -> Decimal {
        paisa(self.amount() * self.gst / dec!(100))
    }

    fn serial(&self, index: usize) -> Option<Content> {
        let number_of = index + 1;
        match self.serial {
            Serial::Number => Some(number(&number_of.to_string())),
            Serial::Text => Some(Content::Text(number_of.to_string())),
            Serial::Dot => Some(Content::Text(format!("{number_of}."))),
            Serial::Bracket => Some(Content::Text(format!("{number_of})"))),
            Serial::Nothing => None,
        }
    }
}

fn paisa(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

fn fine(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero)
}

/// How the tax is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tax {
    /// Nowhere.
    None,
    /// 18, or with a sign `18%`.
    Percent { has_gross: bool, has_sign: bool },
    /// 0.18
    Fraction,
    /// A column titled "Tax Rate" that holds the tax.
    AmountAsRate,
    /// A column of tax amounts.
    Amount { has_gross: bool },
    /// Central and state tax, each in a column.
    Halves { has_gross: bool },
    /// Integrated tax.
    Integrated { has_gross: bool },
    /// The percents of central and state tax, each in a column.
    HalfPercents { has_gross: bool },
    /// Percent, amount and gross amount.
    Whole,
    /// Only the gross amount.
    GrossOnly,
    /// Once, below the table.
    Below,
}

impl Tax {
    fn columns(self) -> Vec<Column> {
        use Column::{Cgst, CgstRate, Gross, Igst, Sgst, SgstRate, TaxAmount, TaxRate};
        let (mut columns, has_gross) = match self {
            Self::None | Self::Below => (vec![], false),
            Self::Percent { has_gross, .. } => (vec![TaxRate], has_gross),
            Self::Fraction | Self::AmountAsRate => (vec![TaxRate], true),
            Self::Amount { has_gross } => (vec![TaxAmount], has_gross),
            Self::Halves { has_gross } => (vec![Cgst, Sgst], has_gross),
            Self::Integrated { has_gross } => (vec![Igst], has_gross),
            Self::HalfPercents { has_gross } => (vec![CgstRate, SgstRate], has_gross),
            Self::Whole => (vec![TaxRate, TaxAmount], true),
            Self::GrossOnly => (vec![], true),
        };
        columns.extend(has_gross.then_some(Gross));
        columns
    }

    /// What a column of rates holds is told by comparing it with the gross amount, for which the amounts of one line must
    /// be large enough.
    fn needs_a_large_line(self) -> bool {
        matches!(
            self,
            Self::Percent { has_gross: true, .. }
                | Self::Fraction
                | Self::AmountAsRate
                | Self::HalfPercents { has_gross: true }
                | Self::Whole
        )
    }
}

fn tax() -> impl Strategy<Value = Tax> {
    (0..11_u8, any::<bool>(), any::<bool>()).prop_map(|(mode, has_gross, has_sign)| match mode {
        0 => Tax::None,
        1 => Tax::Percent { has_gross, has_sign },
        2 => Tax::Fraction,
        3 => Tax::AmountAsRate,
        4 => Tax::Amount { has_gross },
        5 => Tax::Halves { has_gross },
        6 => Tax::Integrated { has_gross },
        7 => Tax::HalfPercents { has_gross },
        8 => Tax::Whole,
        9 => Tax::GrossOnly,
        _ => Tax::Below,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Column {
    Serial,
    Description,
    Hsn,
    Unit,
    Quantity,
    Rate,
    Amount,
    TaxRate,
    TaxAmount,
    Cgst,
    Sgst,
    Igst,
    CgstRate,
    SgstRate,
    Gross,
    Remarks,
    /// Without a title and without content.
    Spare,
}

impl Column {
    fn titles(self, kind: Kind) -> &'static [&'static str] {
        match self {
            Self::Serial => &[
                "Sr No", "Sl. No.", "S.No", "S. No.", "No", "SR", "Item", "Item No",
            ],
            Self::Description if kind == Kind::Bajaj => &[
                "Description",
                "Item Description",
                "Particulars",
                "Description of Goods",
            ],
            Self::Description => &[
                "Description",
                "BOQ",
                "Particulars",
                "Item Description",
                "Product Name",
                "Desc. of work",
            ],
            Self::Hsn => &["HSN", "HSN/SAC", "HSN Code", "SAC"],
            Self::Unit => &["Unit", "UOM", "Units", "UoM"],
            Self::Quantity if kind == Kind::Bajaj => &["Qty", "Quantity", "Qty.", "Order Qty"],
            Self::Quantity => &["Qty", "Quantity", "Qty.", "Quan", "BOQ Qty"],
            Self::Rate => &[
                "Rate",
                "Unit Price",
                "Unit Rate",
                "Price",
                "Rate (INR)",
                "Basic Rate",
            ],
            Self::Amount => &[
                "Amount",
                "Total",
                "Value",
                "Taxable Value",
                "Net Amount",
                "Amount (Rs.)",
                "Total Amount",
                "Amount before Tax",
            ],
            Self::TaxRate => &["GST %", "Tax Rate", "GST Rate", "Tax %", "% GST", "Rate of GST"],
            Self::TaxAmount => &["GST Amount", "GST", "Tax Amount", "Tax", "Total GST"],
            Self::Cgst => &["CGST", "CGST Amount", "CGST Amt."],
            Self::Sgst => &["SGST", "SGST Amount", "SGST Amt."],
            Self::Igst => &["IGST", "IGST Amount"],
            Self::CgstRate => &["CGST %", "CGST Rate"],
            Self::SgstRate => &["SGST %", "SGST Rate"],
            Self::Gross => &[
                "Gross Amount",
                "Total with GST",
                "Amount incl. GST",
                "Gross",
                "Total Amount incl. Tax",
                "Total + GST",
            ],
            Self::Remarks => &["Remarks", "Delivery", "Make"],
            Self::Spare => &[],
        }
    }
}

/// Titles in one row or in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Titles {
    One,
    /// Every title reaches down into the second row.
    Merged,
    /// A title of several words has its last one in the second row.
    Split,
}

/// What stands below the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Below {
    Nothing,
    Grand,
    SubAndGrand,
    /// With the taxes, central and state.
    Halves,
    /// With integrated tax.
    Integrated,
    /// With the whole tax as "GST".
    Gst,
    /// A row "Total" with the sum of each column.
    Sums,
}

impl Below {
    fn has_tax(self) -> bool {
        matches!(self, Self::Halves | Self::Integrated | Self::Gst)
    }
}

/// An item table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    kind: Kind,
    lines: Vec<Line>,
    tax: Tax,
    below: Below,
    has_serials: bool,
    titles: Titles,
    letters: Letters,
    /// Which of its titles a column has.
    wording: usize,
    /// The order of the columns: they are sorted by these.
    order: Vec<u8>,
    has_remarks: bool,
    spares: usize,
    first_column: u16,
    /// The description spans two columns.
    is_wide: bool,
    /// Equal units of neighbours share a cell.
    merges_units: bool,
    totals: Figure,
    /// The labels of totals stand left of their values and not below the descriptions.
    labels_beside: bool,
    has_notes: bool,
    /// Right of a tax below the table stands its rate.
    has_rates_beside: bool,
    /// The line that has no description.
    bare: Option<usize>,
}

pub(super) fn table(kind: Kind) -> impl Strategy<Value = Table> {
    let content = (
        prop::collection::vec(line(), 1..=40),
        tax(),
        prop::sample::select(vec![
            Below::Halves,
            Below::Nothing,
            Below::Grand,
            Below::SubAndGrand,
            Below::Integrated,
            Below::Gst,
            Below::Sums,
        ]),
        prop::bool::weighted(0.9),
    );
    let print = (
        prop::sample::select(vec![Titles::One, Titles::Merged, Titles::Split]),
        forms::letters(),
        any::<u8>().prop_map(usize::from),
        prop::collection::vec(0..4_u8, 17),
        any::<bool>(),
        0..2_usize,
        0..3_u16,
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.3),
        forms::figure(),
        (any::<bool>(), any::<bool>(), any::<bool>()),
    );
    (content, print).prop_map(move |(content, print)| {
        let (lines, tax, below, has_serials) = content;
        let (
            titles,
            letters,
            wording,
            order,
            has_remarks,
            spares,
            first_column,
            is_wide,
            merges_units,
            totals,
            (labels_beside, has_notes, has_rates_beside),
        ) = print;
        let mut table = Table {
            kind,
            lines,
            tax,
            below,
            has_serials,
            titles,
            letters,
            wording,
            order,
            has_remarks,
            spares,
            first_column,
            is_wide,
            merges_units,
            totals,
            labels_beside,
            has_notes,
            has_rates_beside,
            bare: None,
        };
        table.agree();
        table
    })
}

impl Table {
    /// Takes out what no reader could tell.
    fn agree(&mut self) {
        match self.tax {
            Tax::Below => {
                if !self.below.has_tax() {
                    self.below = Below::Halves;
                }
                // Of a tax that is printed once, the lines have one rate.
                let gst = self.lines[0].gst;
                self.lines.iter_mut().for_each(|line| line.gst = gst);
            }
            Tax::None => {
                if self.below.has_tax() {
                    self.below = Below::SubAndGrand;
                }
                self.lines.iter_mut().for_each(|line| line.gst = Decimal::ZERO);
            }
            tax if tax.needs_a_large_line() => {
                let line = &mut self.lines[0];
                line.quantity = line.quantity.max(dec!(10));
                line.rate = line.rate.max(dec!(1000));
                if line.gst.is_zero() {
                    line.gst = dec!(18);
                }
            }
            _ => {}
        }
        if !self.has_serials {
            self.lines
                .iter_mut()
                .for_each(|line| line.serial = Serial::Nothing);
        }
        for line in &mut self.lines {
            if line.serial == Serial::Nothing {
                line.description %= PLAIN_DESCRIPTIONS;
            }
            // No number of blank rows ends a table of this kind.
            if self.kind == Kind::Bajaj {
                line.blanks *= 2;
            }
        }
        // Below a total, an item shows that the table goes on by its serial number and its amount.
        let goes_on: Vec<bool> = self
            .lines
            .iter()
            .skip(1)
            .map(|next| next.serial != Serial::Nothing && next.omitted != Omitted::Amount)
            .chain([false])
            .collect();
        for (line, goes_on) in self.lines.iter_mut().zip(goes_on) {
            line.closes_section &= goes_on;
        }
        self.has_rates_beside &= self.total_tax().is_some_and(|tax| tax > dec!(50));
    }

    /// The same table with a line that has no description, and none below it either.
    pub(super) fn with_bare_line(mut self, line: prop::sample::Index) -> (Self, usize) {
        let index = line.index(self.lines.len());
        self.bare = Some(index);
        self.lines[index].continuations.clear();
        if let Some(next) = self.lines.get_mut(index + 1) {
            next.heading = None;
        }
        (self, index)
    }

    /// The tax of the whole document; `None` if it shows none.
    fn total_tax(&self) -> Option<Decimal> {
        match self.tax {
            Tax::None => None,
            Tax::Below => Some(paisa(self.subtotal() * self.lines[0].gst / dec!(100))),
            _ => Some(self.lines.iter().map(Line::tax).sum()),
        }
    }

    fn subtotal(&self) -> Decimal {
        self.lines.iter().map(Line::amount).sum()
    }

    pub(super) fn grand_total(&self) -> Decimal {
        self.subtotal() + self.total_tax().unwrap_or_default()
    }

    /// The columns with their places.
    fn columns(&self) -> Vec<(Column, u16)> {
        let mut columns = Vec::new();
        columns.extend(self.has_serials.then_some(Column::Serial));
        columns.extend([
            Column::Description,
            Column::Hsn,
            Column::Unit,
            Column::Quantity,
            Column::Rate,
            Column::Amount,
        ]);
        columns.extend(self.tax.columns());
        columns.extend(self.has_remarks.then_some(Column::Remarks));
        columns.extend(std::iter::repeat_n(Column::Spare, self.spares));
        let mut ranked: Vec<_> = columns.into_iter().zip(&self.order).collect();
        ranked.sort_by_key(|(_, rank)| **rank);
        let mut place = self.first_column;
        let mut placed = Vec::new();
        for (column, _) in ranked {
            placed.push((column, place));
            place += if column == Column::Description && self.is_wide {
                2
            } else {
                1
            };
        }
        placed
    }

    fn title(&self, column: Column) -> &'static str {
        if column == Column::Description && !self.has_serials && self.kind == Kind::Proforma {
            return "Item";
        }
        let title = if column == Column::TaxRate && self.tax == Tax::AmountAsRate {
            "Tax Rate"
        } else {
            pick(column.titles(self.kind), self.wording / (1 + column as usize))
        };
        // A figure's column must have a word that makes the row the titles of a table.
        if column == Column::Quantity && self.kind == Kind::Bajaj && self.titles == Titles::Split {
            "Qty"
        } else {
            title
        }
    }

    /// Prints the table from this row on; its first row is that of the titles.
    pub(super) fn print(&self, sheet: &mut Sheet, first_row: u16) {
        let columns = self.columns();
        let places: HashMap<Column, u16> = columns.iter().copied().collect();
        let mut row = first_row;
        for (column, place) in &columns {
            if *column != Column::Spare {
                self.print_title(sheet, row, *place, *column);
            }
        }
        row += if self.titles == Titles::One { 1 } else { 2 };
        let mut units: Vec<(u16, usize)> = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            row += line.blanks;
            if let Some(heading) = line.heading {
                self.describe(sheet, row, places[&Column::Description], HEADINGS[heading]);
                row += 1;
            }
            for (column, place) in &columns {
                match *column {
                    Column::Description if self.bare == Some(index) => {}
                    Column::Description => self.describe(sheet, row, *place, DESCRIPTIONS[line.description]),
                    Column::Unit => units.extend(line.unit.map(|unit| (row, unit))),
                    column => {
                        if let Some(content) = self.cell(column, index, line) {
                            sheet.put(row, *place, content);
                        }
                    }
                }
            }
            row += 1;
            for continuation in &line.continuations {
                row += u16::from(continuation.is_late);
                let text = CONTINUATIONS[continuation.text];
                match places.get(&Column::Serial).filter(|_| continuation.is_left) {
                    Some(place) => {
                        sheet.put(row, *place, text);
                    }
                    None => self.describe(sheet, row, places[&Column::Description], text),
                }
                row += 1;
            }
            if line.closes_section {
                let label = pick(
                    &["Sub Total", "Total (A)", "Total", "Total Section A"],
                    self.wording,
                );
                self.describe(sheet, row, places[&Column::Description], label);
                let sum = self.section_sum(index);
                sheet.put(row, places[&Column::Amount], line.figures.of(sum));
                row += 1;
            }
        }
        self.print_units(sheet, places[&Column::Unit], &units);
        self.print_totals(sheet, row, &places, *columns.last().unwrap());
    }

    /// The sum of the lines of the section that ends with this one.
    fn section_sum(&self, last: usize) -> Decimal {
        let above = self.lines[..last].iter().rposition(|line| line.closes_section);
        let first = above.map_or(0, |above| above + 1);
        self.lines[first..=last].iter().map(Line::amount).sum()
    }

    fn print_title(&self, sheet: &mut Sheet, row: u16, place: u16, column: Column) {
        let last_place = place + u16::from(column == Column::Description && self.is_wide);
        let title = self.title(column);
        let title_of = |text: &str| Content::Text(self.letters.of(text));
        match (self.titles, title.rsplit_once(' ')) {
            (Titles::Split, Some((top, bottom))) if column != Column::Description => {
                sheet
                    .put(row, place, title_of(top))
                    .put(row + 1, place, title_of(bottom));
                return;
            }
            (Titles::Merged | Titles::Split, _) => sheet.merge([row, place, row + 1, last_place]),
            (Titles::One, _) if last_place > place => sheet.merge([row, place, row, last_place]),
            (Titles::One, _) => sheet,
        };
        sheet.put(row, place, title_of(title));
    }

    fn describe(&self, sheet: &mut Sheet, row: u16, place: u16, text: &str) {
        if self.is_wide {
            sheet.merge([row, place, row, place + 1]);
        }
        sheet.put(row, place, text);
    }

    fn cell(&self, column: Column, index: usize, line: &Line) -> Option<Content> {
        let half = line.gst / dec!(2);
        let sgst = (line.tax() / dec!(2)).trunc_with_scale(2);
        let money = |value: Decimal| Some(line.figures.of(value));
        let bare = |value: Decimal| Some(line.figures.of_bare(value.normalize()));
        match column {
            Column::Serial => line.serial(index),
            Column::Hsn => line.hsn.map(|hsn| {
                let code = HSN_CODES[hsn];
                if line.is_hsn_number {
                    number(code)
                } else {
                    code.into()
                }
            }),
            Column::Quantity => bare(line.quantity).filter(|_| line.omitted != Omitted::Quantity),
            Column::Rate => money(line.rate).filter(|_| line.omitted != Omitted::Rate),
            Column::Amount => money(line.amount()).filter(|_| line.omitted != Omitted::Amount),
            Column::TaxRate => match self.tax {
                Tax::Fraction => bare(line.gst / dec!(100)),
                Tax::AmountAsRate => money(line.tax()),
                Tax::Percent { has_sign: true, .. } => Some(Content::Text(format!("{} %", line.gst))),
                _ => bare(line.gst),
            },
            Column::TaxAmount | Column::Igst => money(line.tax()),
            Column::Cgst => money(line.tax() - sgst),
            Column::Sgst => money(sgst),
            Column::CgstRate | Column::SgstRate => bare(half),
            Column::Gross => money(line.amount() + line.tax()),
            Column::Remarks => (index.is_multiple_of(2)).then(|| "within 7 days".into()),
            Column::Description | Column::Unit | Column::Spare => None,
        }
    }

    fn print_units(&self, sheet: &mut Sheet, place: u16, units: &[(u16, usize)]) {
        let is_next = |one: &(u16, usize), next: &(u16, usize)| {
            self.merges_units && one.1 == next.1 && one.0 + 1 == next.0
        };
        for run in units.chunk_by(is_next) {
            let ((first, unit), (last, _)) = (run[0], run[run.len() - 1]);
            if first < last {
                sheet.merge([first, place, last, place]);
            }
            sheet.put(first, place, UNITS[unit]);
        }
    }

    fn print_totals(
        &self,
        sheet: &mut Sheet,
        mut row: u16,
        places: &HashMap<Column, u16>,
        last: (Column, u16),
    ) {
        let (subtotal, tax, grand) = (
            self.subtotal(),
            self.total_tax().unwrap_or_default(),
            self.grand_total(),
        );
        let sgst = (tax / dec!(2)).trunc_with_scale(2);
        let word = |from: &[&'static str]| pick(from, self.wording);
        let sub = (
            word(&["Sub Total", "Subtotal", "SUB-TOTAL", "Sub Total:"]),
            subtotal,
        );
        let total = (
            word(&[
                "Grand Total",
                "GRAND TOTAL (INR)",
                "Net Payable",
                "Amount Due",
                "Grand total:",
            ]),
            grand,
        );
        let rows = match self.below {
            Below::Nothing => vec![],
            Below::Grand => vec![total],
            Below::SubAndGrand => vec![sub, total],
            Below::Halves => vec![
                sub,
                (word(&["CGST", "CGST 9%", "CGST @ 9 %"]), tax - sgst),
                (word(&["SGST", "SGST 9%", "SGST @ 9 %"]), sgst),
                total,
            ],
            Below::Integrated => vec![sub, (word(&["IGST", "IGST 18%", "IGST @18 %"]), tax), total],
            Below::Gst => vec![sub, (word(&["GST", "GST 18%", "GST @ 18%"]), tax), total],
            Below::Sums => {
                let gross = places.get(&Column::Gross).map(|place| (*place, grand));
                let sums = [(places[&Column::Amount], subtotal)].into_iter().chain(gross);
                sheet.put(row, places[&Column::Description], "Total");
                for (place, value) in sums {
                    sheet.put(row, place, self.totals.of(value));
                }
                row += 1;
                vec![]
            }
        };
        let amounts = places
            .get(&Column::Gross)
            .copied()
            .unwrap_or(places[&Column::Amount]);
        // The value stands below the amounts, or below the last column if that holds amounts too.
        let value_place = match last {
            (Column::TaxAmount | Column::Igst | Column::Sgst | Column::Gross | Column::Amount, place) => {
                place
            }
            _ => amounts,
        };
        let label_place = if self.labels_beside && value_place > 0 {
            value_place - 1
        } else {
            places[&Column::Description]
        };
        for (label, value) in rows {
            sheet
                .put(row, label_place, label)
                .put(row, value_place, self.totals.of(value));
            if self.has_rates_beside && label.contains("GST") {
                sheet.put(row, last.1 + 2, number("0.09"));
            }
            row += 1;
        }
        if self.has_notes {
            // Without totals only blank rows end the table.
            row += if self.below == Below::Nothing { 6 } else { 1 };
            for note in [
                "Total amount in words: Rupees as above only",
                "Terms: 30 days",
                "Bank: Example Bank, A/c 123456",
            ] {
                sheet.put(row, 0, note);
                row += 1;
            }
        }
    }

    /// The lines that must be read.
    pub(super) fn expected_lines(&self) -> Vec<ParsedLine> {
        let shares = self.shares();
        let mut lines: Vec<ParsedLine> = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let join = |lines: &mut Vec<ParsedLine>, text: &str| {
                if let Some(last) = lines.last_mut() {
                    last.boq_name = format!("{} {text}", last.boq_name);
                }
            };
            let is_apart = self.kind == Kind::Bajaj && line.blanks >= 5
                || index
                    .checked_sub(1)
                    .is_some_and(|above| self.lines[above].closes_section);
            if let Some(heading) = line.heading.filter(|_| !is_apart) {
                join(&mut lines, HEADINGS[heading]);
            }
            let amount = line.amount();
            let (tax_rate, gst_amount) = match self.tax {
                Tax::None => (None, None),
                Tax::Below => (Some(line.gst), Some(shares[index])),
                _ => (Some(line.gst), Some(line.tax())),
            };
            lines.push(ParsedLine {
                sr: line.serial(index).map(|content| match content {
                    Content::Text(text) => text,
                    _ => (index + 1).to_string(),
                }),
                boq_name: DESCRIPTIONS[line.description]
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" "),
                hsn_code: line.hsn.map(|hsn| HSN_CODES[hsn].to_owned()),
                quantity: Some(match line.omitted {
                    Omitted::Quantity => fine(amount / line.rate),
                    _ => line.quantity,
                }),
                unit: line.unit.map(|unit| UNITS[unit].to_owned()),
                rate: Some(match line.omitted {
                    Omitted::Rate => fine(amount / line.quantity),
                    _ => line.rate,
                }),
                taxable_amount: Some(amount),
                tax_rate,
                gst_amount,
                gross_amount: Some(amount + gst_amount.unwrap_or_default()),
                row_index: u32::try_from(index + 1).unwrap(),
            });
            for continuation in &line.continuations {
                join(&mut lines, CONTINUATIONS[continuation.text]);
            }
        }
        lines
    }

    /// The parts of a tax that is printed once: in proportion, to the paisa, and the rest to the last line.
    fn shares(&self) -> Vec<Decimal> {
        let (tax, subtotal) = (self.total_tax().unwrap_or_default(), self.subtotal());
        let mut left = tax;
        let mut shares = Vec::new();
        for line in &self.lines {
            let share = paisa(tax * line.amount() / subtotal).min(left);
            left -= share;
            shares.push(share);
        }
        *shares.last_mut().unwrap() += left;
        shares
    }

    /// The totals that must be read or follow; parties of one state split a tax that is not printed in halves.
    pub(super) fn expected_totals(&self, is_one_state: bool) -> Totals {
        let tax = self.total_tax();
        let sgst = tax.map(|tax| (tax / dec!(2)).trunc_with_scale(2));
        let cgst = tax.zip(sgst).map(|(tax, sgst)| tax - sgst);
        let (cgst, sgst, igst) = match self.below {
            Below::Halves => (cgst, sgst, None),
            Below::Integrated => (None, None, tax),
            Below::Gst if self.kind == Kind::Bajaj => (None, None, None),
            _ if tax.is_none_or(|tax| tax.is_zero()) => (None, None, None),
            _ if is_one_state => (cgst, sgst, None),
            _ => (None, None, tax),
        };
        Totals {
            subtotal: Some(self.subtotal()),
            cgst,
            sgst,
            igst,
            total_tax: tax,
            total_amount: Some(self.grand_total()),
        }
    }
}
