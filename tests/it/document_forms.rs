//! Orders written as workbooks in all the forms that people give them, and read back to what was ordered, to the paisa.

use std::io::Cursor;

use chrono::NaiveDate;
use nexgen_finance::documents::{
    FileKind, Layout, ParsedOrder, read_order, require_for_po_upload, require_for_proforma_upload,
};
use proptest::prelude::*;
use rust_decimal::{Decimal, dec};

use crate::support::{
    printed::{Choices, Figures, Ordered, any_day, date_forms, label_forms, paisa},
    sheet::{Content, Sheet, number, workbook},
};

/// How a table shows the tax of its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tax {
    /// A column of percents.
    Percent,
    /// A column titled as a rate that holds 0.18.
    Fraction,
    /// A column titled as a rate that holds the tax itself.
    AmountAsRate,
    /// A column of amounts.
    Amount,
    /// A column each for central and state tax.
    Halves,
    /// A column of integrated tax.
    Integrated,
    /// No column; the tax stands below the table.
    Below,
    /// No tax at all.
    None,
}

const ALL_TAXES: [Tax; 8] = [
    Tax::Percent,
    Tax::Fraction,
    Tax::AmountAsRate,
    Tax::Amount,
    Tax::Halves,
    Tax::Integrated,
    Tax::Below,
    Tax::None,
];

/// What the totals below a table say of the tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TaxBelow {
    Halves,
    Integrated,
    Whole,
    Nothing,
}

/// How a document looks.
#[derive(Debug, Clone)]
struct Look {
    figures: Figures,
    /// Figures are number cells and no texts.
    has_number_cells: bool,
    tax: Tax,
    tax_below: TaxBelow,
    has_gross_column: bool,
    has_totals: bool,
    choices: Choices,
}

fn look(taxes: &[Tax]) -> impl Strategy<Value = Look> {
    let taxes = taxes.to_vec();
    let below = vec![
        TaxBelow::Nothing,
        TaxBelow::Whole,
        TaxBelow::Integrated,
        TaxBelow::Halves,
    ];
    (
        Figures::any(),
        any::<bool>(),
        prop::sample::select(taxes),
        prop::sample::select(below),
        any::<[bool; 2]>(),
        Choices::any(),
    )
        .prop_map(
            |(figures, has_number_cells, tax, below, [gross, totals], choices)| {
                let stands_below = tax == Tax::Below;
                // A tax that stands below is there; rates that may be anything need the gross amount to be told by.
                let tax_below = match below {
                    TaxBelow::Nothing if stands_below => TaxBelow::Whole,
                    _ if tax == Tax::None => TaxBelow::Nothing,
                    other => other,
                };
                Look {
                    figures,
                    has_number_cells,
                    tax,
                    tax_below,
                    has_gross_column: !stands_below
                        && tax != Tax::None
                        && (gross || matches!(tax, Tax::AmountAsRate | Tax::Fraction)),
                    has_totals: totals || stands_below,
                    choices,
                }
            },
        )
}

impl Look {
    fn amount(&self, value: Decimal) -> Content {
        if self.has_number_cells {
            number(&value.to_string())
        } else {
            self.figures.amount(value).as_str().into()
        }
    }

    fn count(&self, value: Decimal) -> Content {
        if self.has_number_cells {
            number(&value.to_string())
        } else {
            self.figures.count(value).as_str().into()
        }
    }

    fn code(&self, text: &str) -> Content {
        if self.choices.flip() {
            number(text)
        } else {
            text.into()
        }
    }

    fn day(&self, day: NaiveDate) -> Content {
        match self.choices.below(4) {
            0 => day.into(),
            1 => {
                let days = day - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap();
                number(&days.num_days().to_string())
            }
            _ => self.choices.one_of(&date_forms(day)).as_str().into(),
        }
    }

    /// Writes a label and its value from `row` on; the number of rows that they take.
    fn label(&self, sheet: &mut Sheet, (row, column): (u16, u16), labels: &[&str], value: Content) -> u16 {
        let label = *self.choices.one_of(labels);
        match (self.choices.below(4), &value) {
            (0, Content::Text(text)) => {
                sheet.put(row, column, format!("{label}: {text}").as_str());
                1
            }
            (1, _) => {
                sheet.put(row, column, self.choices.one_of(&label_forms(label)).as_str());
                sheet.put(row + 1, column, value);
                2
            }
            _ => {
                sheet.put(row, column, self.choices.one_of(&label_forms(label)).as_str());
                sheet.put(row, column + 1 + self.choices.below(2), value);
                1
            }
        }
    }

    /// Writes label/value pairs in one or two blocks side by side, some rows apart; the first row below them.
    fn header(&self, sheet: &mut Sheet, mut row: u16, pairs: Vec<(&[&str], Content)>) -> u16 {
        let has_two = self.choices.flip();
        let half = pairs.len().div_ceil(2);
        let (start, mut last) = (row, row);
        for (index, (labels, value)) in pairs.into_iter().enumerate() {
            let column = if has_two && index >= half { 5 } else { 0 };
            if has_two && index == half {
                row = start;
            }
            row += self.label(sheet, (row, column), labels, value) + self.choices.below(2);
            last = last.max(row);
        }
        last + self.choices.below(3)
    }

    /// Writes the table and what stands below it.
    fn table(&self, sheet: &mut Sheet, mut row: u16, lines: &[Ordered], titles: &Titles) {
        let columns = self.columns(titles);
        for (column, (_, title)) in (0..).zip(&columns) {
            sheet.put(row, column, title.as_str());
        }
        let at = |wanted: Column| {
            (0_u16..)
                .zip(&columns)
                .find(|(_, (column, _))| *column == wanted)
                .map(|(at, _)| at)
        };
        let description = at(Column::Description).unwrap();
        row += 1;
        if self.choices.flip() {
            sheet.put(row, description, "CIVIL WORKS");
            row += 1;
        }
        let has_serials = self.choices.below(3) > 0;
        for (index, line) in lines.iter().enumerate() {
            for (column, (kind, _)) in (0..).zip(&columns) {
                if let Some(content) = self.cell(*kind, index, line, has_serials) {
                    sheet.put(row, column, content);
                }
            }
            for more in &line.description[1..] {
                row += 1;
                // The text of a row that goes on may stand in another column, if it is the only one.
                let column = if self.choices.below(4) == 0 {
                    0
                } else {
                    description
                };
                sheet.put(row, column, more.as_str());
            }
            row += 1 + self.choices.below(3);
        }
        if self.has_totals {
            self.totals(sheet, row, lines, u16::try_from(columns.len()).unwrap());
        }
    }

    fn cell(&self, kind: Column, index: usize, line: &Ordered, has_serials: bool) -> Option<Content> {
        let half = paisa(line.tax() / dec!(2));
        Some(match kind {
            Column::Serial if has_serials => match self.choices.below(3) {
                0 => format!("{}.", index + 1).as_str().into(),
                1 => format!("{})", index + 1).as_str().into(),
                _ => number(&(index + 1).to_string()),
            },
            Column::Description => line.description[0].as_str().into(),
            Column::Hsn => self.code(line.hsn.as_deref()?),
            Column::Unit => line.unit.as_deref()?.into(),
            Column::Quantity => self.count(line.quantity),
            Column::Rate => self.amount(line.rate),
            Column::Total => self.amount(line.amount()),
            Column::TaxRate => match self.tax {
                Tax::AmountAsRate => self.amount(line.tax()),
                Tax::Fraction => number(&(line.gst / dec!(100)).to_string()),
                _ if self.choices.flip() => format!("{}%", line.gst).as_str().into(),
                _ => number(&line.gst.to_string()),
            },
            Column::Tax => self.amount(line.tax()),
            Column::Cgst => self.amount(half),
            Column::Sgst => self.amount(line.tax() - half),
            Column::Gross => self.amount(line.amount() + line.tax()),
            Column::Serial | Column::Remarks => return None,
        })
    }

    /// The columns with their titles, from the left.
    fn columns(&self, titles: &Titles) -> Vec<(Column, String)> {
        let taxes: &[Column] = match self.tax {
            Tax::Percent | Tax::Fraction | Tax::AmountAsRate => &[Column::TaxRate],
            Tax::Amount | Tax::Integrated => &[Column::Tax],
            Tax::Halves => &[Column::Cgst, Column::Sgst],
            Tax::Below | Tax::None => &[],
        };
        let mut columns = vec![
            Column::Serial,
            Column::Description,
            Column::Hsn,
            Column::Quantity,
            Column::Unit,
            Column::Rate,
            Column::Total,
        ];
        columns.extend(taxes);
        if self.has_gross_column {
            columns.push(Column::Gross);
        }
        columns.push(Column::Remarks);
        // Everything moves but the serial number.
        if self.choices.flip() {
            for index in 1..columns.len() {
                let other = 1 + usize::from(self.choices.below(u16::try_from(columns.len() - 1).unwrap()));
                columns.swap(index, other);
            }
        }
        let columns = columns.into_iter();
        columns
            .map(|column| {
                let titles: &[&str] = match column {
                    Column::Serial => titles.serial,
                    Column::Description => titles.description,
                    Column::Hsn => &["HSN", "HSN/SAC", "HSN Code", "SAC"],
                    Column::Quantity => titles.quantity,
                    Column::Unit => &["Unit", "UOM", "UoM", "Units"],
                    Column::Rate => titles.rate,
                    Column::Total => titles.total,
                    Column::TaxRate if self.tax == Tax::Percent => {
                        &["GST %", "Tax Rate", "GST Rate", "Tax %"]
                    }
                    Column::TaxRate => &["Tax Rate", "GST Rate", "TAX RATE"],
                    Column::Tax if self.tax == Tax::Integrated => &["IGST", "IGST Amount"],
                    Column::Tax => &["GST Amount", "Tax Amount", "GST", "Total Tax"],
                    Column::Cgst => &["CGST", "CGST Amt"],
                    Column::Sgst => &["SGST", "SGST Amt", "UTGST"],
                    Column::Gross => &[
                        "Total with GST",
                        "Gross Amount",
                        "Amount incl. GST",
                        "Total (incl. tax)",
                        "Gross",
                    ],
                    Column::Remarks => &["Remarks"],
                };
                let title = *self.choices.one_of(titles);
                let title = match self.choices.below(3) {
                    0 => title.to_uppercase(),
                    1 => format!(" {} ", title.replace(' ', "  ")),
                    _ => title.to_owned(),
                };
                (column, title)
            })
            .collect()
    }

    fn totals(&self, sheet: &mut Sheet, mut row: u16, lines: &[Ordered], width: u16) {
        let (taxable, tax) = sums(lines);
        let tax = if self.tax == Tax::None { Decimal::ZERO } else { tax };
        let half = paisa(tax / dec!(2));
        let column = self.choices.below(width - 1);
        let mut total = |labels: &[&str], value: Decimal| {
            sheet.put(row, column, *self.choices.one_of(labels));
            sheet.put(row, column + 1, self.amount(value));
            row += 1 + self.choices.below(2);
        };
        total(&["Sub Total", "Subtotal", "SUB TOTAL", "Sub-Total:"], taxable);
        match self.tax_below {
            TaxBelow::Halves => {
                total(&["CGST", "CGST 9%", "CGST @ 9%"], half);
                total(&["SGST", "SGST 9%", "UTGST"], tax - half);
            }
            TaxBelow::Integrated => total(&["IGST", "IGST 18%", "IGST @18%"], tax),
            TaxBelow::Whole => total(&["GST 18%", "GST", "Tax", "Total GST", "GST @ 18%"], tax),
            TaxBelow::Nothing => {}
        }
        total(
            &[
                "Grand Total",
                "GRAND TOTAL",
                "Net Payable",
                "Amount Due",
                "Total with GST",
            ],
            taxable + tax,
        );
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Serial,
    Description,
    Hsn,
    Quantity,
    Unit,
    Rate,
    Total,
    TaxRate,
    Tax,
    Cgst,
    Sgst,
    Gross,
    Remarks,
}

/// The titles of a layout's columns.
struct Titles {
    serial: &'static [&'static str],
    description: &'static [&'static str],
    quantity: &'static [&'static str],
    rate: &'static [&'static str],
    total: &'static [&'static str],
}

const INVOICE_TITLES: Titles = Titles {
    serial: &["Sr No", "S.No", "Sl. No.", "SR", "Sr. No", "Item"],
    description: &[
        "Description",
        "BOQ",
        "BOQ Description",
        "Particulars",
        "Item Description",
        "Product Name",
    ],
    quantity: &["Qty", "Quantity", "QTY.", "Quan."],
    rate: &["Rate", "Unit Price", "Price", "Rate (INR)", "Rate (excl. GST)"],
    total: &[
        "Amount",
        "Total",
        "Taxable Value",
        "Value",
        "Net Amount",
        "Total Amount",
        "Amount (Rs.)",
    ],
};
const ORDER_TITLES: Titles = Titles {
    serial: &["Sr No", "S.No", "Sl. No.", "SR"],
    description: &[
        "Description",
        "Item Description",
        "Particulars",
        "Description of Goods",
    ],
    quantity: &["Qty", "Quantity"],
    rate: &["Rate", "Unit Price", "Price"],
    total: &["Amount", "Total", "Value", "Net Amount"],
};

fn sums(lines: &[Ordered]) -> (Decimal, Decimal) {
    (
        lines.iter().map(Ordered::amount).sum(),
        lines.iter().map(Ordered::tax).sum(),
    )
}

/// The tax of each line: its own, its share of the tax that is printed once, or none that is known.
fn taxes(lines: &[Ordered], tax: Tax) -> Vec<Option<Decimal>> {
    match tax {
        Tax::None => vec![None; lines.len()],
        Tax::Below => {
            let (taxable, tax) = sums(lines);
            let mut left = tax;
            let mut shares: Vec<_> = lines
                .iter()
                .map(|line| {
                    let share = paisa(tax * line.amount() / taxable).min(left);
                    left -= share;
                    Some(share)
                })
                .collect();
            if let Some(last) = shares.last_mut() {
                *last = last.map(|share| share + left);
            }
            shares
        }
        _ => lines.iter().map(|line| Some(line.tax())).collect(),
    }
}

/// Each line is what was ordered, and the totals are theirs.
fn check(order: &ParsedOrder, lines: &[Ordered], look: &Look) -> Result<(), TestCaseError> {
    prop_assert_eq!(&order.findings, &[]);
    let odd: Vec<_> = order
        .warnings
        .iter()
        .filter(|warning| !warning.starts_with("The document's tax of "))
        .collect();
    prop_assert!(odd.is_empty(), "{:?}", odd);
    let taxes = taxes(lines, look.tax);
    prop_assert_eq!(order.lines.len(), lines.len());
    for (position, ((read, line), tax)) in (1..).zip(order.lines.iter().zip(lines).zip(&taxes)) {
        prop_assert_eq!(&read.boq_name, &line.whole_description());
        prop_assert_eq!(&read.hsn_code, &line.hsn);
        prop_assert_eq!(&read.unit, &line.unit);
        prop_assert_eq!(read.quantity, Some(line.quantity));
        prop_assert_eq!(read.rate, Some(line.rate));
        prop_assert_eq!(read.taxable_amount, Some(line.amount()));
        prop_assert_eq!(read.gst_amount, *tax);
        prop_assert_eq!(read.gross_amount, Some(line.amount() + tax.unwrap_or_default()));
        if matches!(look.tax, Tax::Percent | Tax::Fraction) {
            prop_assert_eq!(read.tax_rate, Some(line.gst));
        }
        prop_assert_eq!(read.row_index, position);
    }
    let (taxable, tax) = sums(lines);
    let tax = if look.tax == Tax::None { Decimal::ZERO } else { tax };
    prop_assert_eq!(order.totals.subtotal, Some(taxable));
    prop_assert_eq!(order.totals.total_amount, Some(taxable + tax));
    prop_assert_eq!(order.totals.total_tax.unwrap_or_default(), tax);
    if look.has_totals {
        prop_assert_eq!(order.printed.total_amount, Some(taxable + tax));
        let half = paisa(tax / dec!(2));
        let expected = match look.tax_below {
            TaxBelow::Halves => [Some(half), Some(tax - half), None],
            TaxBelow::Integrated => [None, None, Some(tax)],
            TaxBelow::Whole | TaxBelow::Nothing => [None; 3],
        };
        prop_assert_eq!(
            [order.printed.cgst, order.printed.sgst, order.printed.igst],
            expected
        );
    }
    Ok(())
}

/// A workbook in which the sheet stands alone or among others, or an `.xls` of it.
fn stored(look: &Look, sheet: Sheet) -> (FileKind, Vec<u8>) {
    let sheet = sheet.moved(look.choices.below(3), look.choices.below(3));
    let mut notes = Sheet::default();
    notes
        .put(0, 0, "Notes")
        .put(2, 1, "Payment within 30 days")
        .put(3, 1, "Amount in words");
    match look.choices.below(5) {
        0 => (FileKind::Xls, sheet.xls()),
        1 => (FileKind::Xlsx, workbook(&[("Cover", &notes), ("PO", &sheet)])),
        2 => (
            FileKind::Xlsx,
            workbook(&[("PO", &sheet), ("Terms", &notes), ("Again", &sheet)]),
        ),
        _ => (FileKind::Xlsx, sheet.xlsx()),
    }
}

/// Reads a file whose layout nobody names.
fn read(kind: FileKind, bytes: Vec<u8>, layout: Layout) -> Result<ParsedOrder, TestCaseError> {
    let reading = read_order(&mut Cursor::new(bytes), kind, None).unwrap();
    prop_assert_eq!(reading.layout, Some(layout));
    Ok(reading.order.unwrap())
}

const VENDOR: &str = "Example Interiors Pvt Ltd";
const CLIENT: &str = "Example Retail India Pvt Ltd";
const PLACE: &str = "9 Store Lane, Andheri West, Mumbai 400058";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_proforma_invoice_is_read_in_every_form(
        lines in prop::collection::vec(Ordered::any(), 1..40),
        days in (any_day(), any_day()),
        numbers in (prop::sample::select(vec!["PI/2025-26/0042", "PI-17", "42"]), prop::sample::select(vec!["4500000001", "PO/17-A"])),
        look in look(&ALL_TAXES),
    ) {
        let mut sheet = Sheet::default();
        sheet.put(0, 0, if look.choices.flip() { "PROFORMA INVOICE" } else { VENDOR });
        let pairs: Vec<(&[&str], Content)> = vec![
            (&["PI Number", "PI No", "P.I. No.", "Invoice No", "Proforma No", "Proforma Invoice No", "PI #"], numbers.0.into()),
            (&["PI Date", "Invoice Date", "Proforma Date", "Date"], look.day(days.0)),
            (&["PO Number", "PO No", "P.O. No.", "PO #", "Purchase Order No", "Order No", "Ref PO No", "Ref No", "Client Ref"], numbers.1.into()),
            (&["PO Date", "Order Date"], look.day(days.1)),
            (&["Vendor Name", "Supplier Name", "Vendor Co", "Supplier Company"], VENDOR.into()),
            (&["Vendor Address", "Supplier Add", "Vendor Addr"], "12 Example Road, Pune 411001".into()),
            (&["Vendor GSTIN", "Vendor GST No", "Supplier GST"], "27AAAAA0000A1Z5".into()),
            (&["Bill To", "Bill To Name", "Client Name", "Buyer"], CLIENT.into()),
            (&["Bill To Address", "Billing Address"], "1 Retail Street, Mumbai 400001".into()),
            (&["Bill To GSTIN", "Billing GST"], "27BBBBB0000B1Z4".into()),
            (&["Ship To Address", "Shipping Address"], PLACE.into()),
            (&["Site Name", "Location Name"], "Andheri West".into()),
            (&["Store ID", "Store Code", "Site Code", "Outlet Code", "Store No"], "ST-104".into()),
        ];
        let row = look.header(&mut sheet, 2, pairs);
        look.table(&mut sheet, row, &lines, &INVOICE_TITLES);
        let (kind, bytes) = stored(&look, sheet);

        let order = read(kind, bytes, Layout::PROFORMA_INVOICE)?;

        check(&order, &lines, &look)?;
        let header = &order.header;
        prop_assert_eq!((header.pi_number.as_deref(), header.po_number.as_deref()), (Some(numbers.0), Some(numbers.1)));
        prop_assert_eq!((header.pi_date, header.po_date), (Some(days.0), Some(days.1)));
        prop_assert_eq!((header.vendor_name.as_deref(), header.client_name.as_deref()), (Some(VENDOR), Some(CLIENT)));
        prop_assert_eq!(header.vendor_gstin.as_deref(), Some("27AAAAA0000A1Z5"));
        prop_assert_eq!(header.bill_to_gstin.as_deref(), Some("27BBBBB0000B1Z4"));
        prop_assert_eq!((header.ship_to_address.as_deref(), header.site_name.as_deref()), (Some(PLACE), Some("Andheri West")));
        prop_assert_eq!(order.store_id.as_deref(), Some("ST-104"));
        prop_assert!(require_for_proforma_upload(order.clone()).is_ok());
        prop_assert!(require_for_po_upload(order).is_ok());
    }

    #[test]
    fn a_bajaj_order_is_read_in_every_form(
        lines in prop::collection::vec(Ordered::any(), 1..40),
        day in any_day(),
        po_number in 100_000_u64..1_000_000_000_000,
        look in look(&ALL_TAXES),
    ) {
        let po_number = po_number.to_string();
        let mut sheet = Sheet::default();
        sheet.put(0, 0, "Example Electricals Ltd").put(1, 0, "Purchase Order");
        let pairs: Vec<(&[&str], Content)> = vec![
            (&["Ship To", "Delivery To", "Site Address", "Delivery Address"], format!("Example store PUNE104, {PLACE}").as_str().into()),
            (&["PO No", "PO Number", "P.O. No.", "Purchase Order No", "Order No"], look.code(&po_number)),
            (&["PO Date", "Order Date", "Date"], look.day(day)),
        ];
        let row = look.header(&mut sheet, 3, pairs);
        look.table(&mut sheet, row, &lines, &ORDER_TITLES);
        let (kind, bytes) = stored(&look, sheet);

        let order = read(kind, bytes, Layout::BAJAJ_ORDER)?;

        check(&order, &lines, &look)?;
        prop_assert_eq!(order.header.po_number.as_deref(), Some(po_number.as_str()));
        prop_assert_eq!(order.header.po_date, Some(day));
        prop_assert_eq!(order.store_id.as_deref(), Some("PUNE104"));
        prop_assert!(order.header.ship_to_address.as_deref().is_some_and(|place| place.ends_with(PLACE)));
        prop_assert!(require_for_po_upload(order).is_ok());
    }
}
