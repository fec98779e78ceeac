//! Synthetic purchase-order workbooks: of no real party, with figures that agree unless a test says otherwise.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy, dec};

use super::sheet::{Content, Sheet, number};

/// One item of a workbook.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) description: String,
    pub(crate) hsn: String,
    pub(crate) unit: String,
    pub(crate) quantity: Decimal,
    pub(crate) rate: Decimal,
    /// Percent.
    pub(crate) gst: Decimal,
}

impl Item {
    pub(crate) fn new(description: &str, hsn: &str, unit: &str, quantity: Decimal, rate: Decimal) -> Self {
        let (description, hsn, unit) = (description.to_owned(), hsn.to_owned(), unit.to_owned());
        Self {
            description,
            hsn,
            unit,
            quantity,
            rate,
            gst: dec!(18),
        }
    }

    fn amount(&self) -> Decimal {
        paisa(self.quantity * self.rate)
    }

    fn tax(&self) -> Decimal {
        paisa(self.amount() * self.gst / dec!(100))
    }
}

fn paisa(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

fn figure(value: Decimal) -> Content {
    number(&value.to_string())
}

/// How a proforma invoice shows the tax of its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaxColumns {
    /// A column for the rate, one for the tax, one for the gross amount.
    Whole,
    /// A column titled "Tax Rate" that holds 18, and the gross amount.
    Percents,
    /// The same with 0.18.
    Fractions,
    /// The same with the tax itself.
    Amounts,
    /// Nothing: the tax stands only below the table.
    None,
}

/// A proforma invoice. [`ProformaWorkbook::sample`] is complete; the setters take it apart.
#[derive(Debug, Clone)]
pub(crate) struct ProformaWorkbook {
    fields: Vec<(String, Content)>,
    items: Vec<Item>,
    tax_columns: TaxColumns,
    label_column: u16,
    grand_total: Option<Decimal>,
    has_totals: bool,
}

impl ProformaWorkbook {
    /// A complete invoice of an example vendor to an example client, for three items at 18 % GST: 205 725.00 before and
    /// 242 755.50 with tax.
    pub(crate) fn sample() -> Self {
        let date = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap();
        let fields: [(&str, Content); 14] = [
            ("PI Number", "PI/2025-26/0042".into()),
            ("PI Date", date(1, 22).into()),
            ("PO Number", "4500000001".into()),
            ("PO Date", date(1, 15).into()),
            ("Vendor Name", "Example Interiors Pvt Ltd".into()),
            (
                "Vendor Address",
                "12 Example Road, Pune, Maharashtra 411001".into(),
            ),
            ("Vendor GSTIN", "27AAAAA0000A1Z5".into()),
            ("Bill To", "Example Retail India Pvt Ltd".into()),
            (
                "Bill To Address",
                "1 Retail Street, Mumbai, Maharashtra 400001".into(),
            ),
            ("Bill To GSTIN", "27BBBBB0000B1Z4".into()),
            ("Ship To", "Example Retail, Andheri West".into()),
            (
                "Ship To Address",
                "9 Store Lane, Andheri West, Mumbai 400058".into(),
            ),
            ("Site Name", "Andheri West".into()),
            ("Store ID", "ST-104".into()),
        ];
        Self {
            fields: fields
                .into_iter()
                .map(|(label, value)| (label.to_owned(), value))
                .collect(),
            items: vec![
                Item::new(
                    "Gypsum partition wall, 12 mm, both sides",
                    "6809",
                    "SQM",
                    dec!(120.5),
                    dec!(850),
                ),
                Item::new("LED panel light 2 x 2, 36 W", "9405", "NOS", dec!(24), dec!(1450)),
                Item::new(
                    "Reception counter with laminate",
                    "9403",
                    "NOS",
                    dec!(1),
                    dec!(68500),
                ),
            ],
            tax_columns: TaxColumns::Whole,
            label_column: 0,
            grand_total: None,
            has_totals: true,
        }
    }

    /// Sets the value beside a label of the header, or adds both.
    pub(crate) fn field(mut self, label: &str, value: impl Into<Content>) -> Self {
        let value = value.into();
        match self.fields.iter_mut().find(|(own, _)| own == label) {
            Some((_, place)) => *place = value,
            None => self.fields.push((label.to_owned(), value)),
        }
        self
    }

    /// Leaves out a label of the header with its value.
    pub(crate) fn without(mut self, label: &str) -> Self {
        self.fields.retain(|(own, _)| own != label);
        self
    }

    pub(crate) fn items(mut self, items: Vec<Item>) -> Self {
        self.items = items;
        self
    }

    pub(crate) fn tax_columns(mut self, columns: TaxColumns) -> Self {
        self.tax_columns = columns;
        self
    }

    /// The header's labels stand in this column (from 0), their values to the right.
    pub(crate) fn labels_in_column(mut self, column: u16) -> Self {
        self.label_column = column;
        self
    }

    /// The grand total as printed, whatever the items add up to.
    pub(crate) fn grand_total(mut self, total: Decimal) -> Self {
        self.grand_total = Some(total);
        self
    }

    /// No totals below the table.
    pub(crate) fn without_totals(mut self) -> Self {
        self.has_totals = false;
        self
    }

    pub(crate) fn xlsx(&self) -> Vec<u8> {
        self.sheet().xlsx()
    }

    pub(crate) fn xls(&self) -> Vec<u8> {
        self.sheet().xls()
    }

    pub(crate) fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::default();
        for (column, width) in (0..).zip([16.0, 44.0, 10.0, 8.0, 10.0, 12.0, 14.0, 10.0, 14.0, 16.0]) {
            sheet.width(column, width);
        }
        sheet.bold(0, 0, "PROFORMA INVOICE");
        let mut row = 2;
        for (label, value) in &self.fields {
            sheet.bold(row, self.label_column, format!("{label}:").as_str());
            sheet.put(row, self.label_column + 1, value.clone());
            row += 1;
        }
        row += 1;
        for (column, title) in (0..).zip(self.titles()) {
            sheet.bold(row, column, title);
        }
        for (index, item) in (1_u16..).zip(&self.items) {
            row += 1;
            for (column, content) in (0..).zip(self.cells(index, item)) {
                sheet.put(row, column, content);
            }
        }
        if self.has_totals {
            self.put_totals(&mut sheet, row + 1);
        }
        sheet
    }

    fn titles(&self) -> Vec<&'static str> {
        let mut titles = vec!["Sr No", "Description", "HSN", "Unit", "Qty", "Rate", "Amount"];
        titles.extend(match self.tax_columns {
            TaxColumns::Whole => ["GST %", "GST Amount", "Gross Amount"].as_slice(),
            TaxColumns::Percents | TaxColumns::Fractions | TaxColumns::Amounts => {
                &["Tax Rate", "Gross Amount"]
            }
            TaxColumns::None => &[],
        });
        titles
    }

    fn cells(&self, index: u16, item: &Item) -> Vec<Content> {
        let gross = figure(item.amount() + item.tax());
        let mut cells = vec![
            Content::Number(index.into()),
            item.description.as_str().into(),
            item.hsn.as_str().into(),
            item.unit.as_str().into(),
            figure(item.quantity),
            figure(item.rate),
            figure(item.amount()),
        ];
        cells.extend(match self.tax_columns {
            TaxColumns::Whole => vec![figure(item.gst), figure(item.tax()), gross],
            TaxColumns::Percents => vec![figure(item.gst), gross],
            TaxColumns::Fractions => vec![figure(item.gst / dec!(100)), gross],
            TaxColumns::Amounts => vec![figure(item.tax()), gross],
            TaxColumns::None => Vec::new(),
        });
        cells
    }

    fn put_totals(&self, sheet: &mut Sheet, first_row: u16) {
        let subtotal: Decimal = self.items.iter().map(Item::amount).sum();
        let tax: Decimal = self.items.iter().map(Item::tax).sum();
        let sgst = (tax / dec!(2)).trunc_with_scale(2);
        let total = self.grand_total.unwrap_or(subtotal + tax);
        let last_column = u16::try_from(self.titles().len()).unwrap() - 1;
        let totals = [
            ("Subtotal", subtotal),
            ("CGST 9%", tax - sgst),
            ("SGST 9%", sgst),
            ("Grand Total", total),
        ];
        for (row, (label, value)) in (first_row..).zip(totals) {
            sheet.bold(row, 1, label);
            sheet.bold(row, last_column, figure(value));
        }
    }
}

/// A Bajaj purchase order in the older Excel form.
#[derive(Debug, Clone)]
pub(crate) struct BajajWorkbook {
    po_number: Content,
    po_date: Content,
    items: Vec<Item>,
    offset: (u16, u16),
    grand_total: Option<Decimal>,
}

impl BajajWorkbook {
    /// An order for two items, 5 000.00 before and 5 900.00 with 18 % GST.
    pub(crate) fn sample() -> Self {
        Self {
            po_number: "4500012345".into(),
            po_date: "10-02-2026".into(),
            items: vec![
                Item::new("Cabling works", "8544", "MTR", dec!(80), dec!(50)),
                Item::new("Cable tray", "7326", "MTR", dec!(10), dec!(100)),
            ],
            offset: (0, 0),
            grand_total: None,
        }
    }

    pub(crate) fn po_number(mut self, number: impl Into<Content>) -> Self {
        self.po_number = number.into();
        self
    }

    pub(crate) fn po_date(mut self, date: impl Into<Content>) -> Self {
        self.po_date = date.into();
        self
    }

    pub(crate) fn items(mut self, items: Vec<Item>) -> Self {
        self.items = items;
        self
    }

    /// Everything moved down and to the right.
    pub(crate) fn moved(mut self, rows: u16, columns: u16) -> Self {
        self.offset = (rows, columns);
        self
    }

    pub(crate) fn grand_total(mut self, total: Decimal) -> Self {
        self.grand_total = Some(total);
        self
    }

    pub(crate) fn xlsx(&self) -> Vec<u8> {
        self.sheet().xlsx()
    }

    pub(crate) fn xls(&self) -> Vec<u8> {
        self.sheet().xls()
    }

    pub(crate) fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::default();
        sheet
            .put(0, 0, "Example Electricals Ltd")
            .put(1, 0, "Purchase Order");
        sheet.put(4, 0, "PO No:").put(4, 1, self.po_number.clone());
        sheet.put(5, 0, "PO Date:").put(5, 1, self.po_date.clone());
        sheet
            .put(6, 0, "Ship To:")
            .put(6, 1, "Example store PUNE104, 3 Market Road, Pune 411001");
        let titles = ["Sr No", "Description", "HSN", "Qty", "UoM", "Rate", "Amount"];
        for (column, title) in (0..).zip(titles) {
            sheet.put(9, column, title);
        }
        let mut row = 9;
        for (index, item) in (1_u16..).zip(&self.items) {
            row += 1;
            sheet
                .put(row, 0, Content::Number(index.into()))
                .put(row, 1, item.description.as_str());
            sheet
                .put(row, 2, item.hsn.as_str())
                .put(row, 3, figure(item.quantity))
                .put(row, 4, item.unit.as_str());
            sheet
                .put(row, 5, figure(item.rate))
                .put(row, 6, figure(item.amount()));
        }
        let subtotal: Decimal = self.items.iter().map(Item::amount).sum();
        let tax: Decimal = self.items.iter().map(Item::tax).sum();
        let total = self.grand_total.unwrap_or(subtotal + tax);
        sheet
            .put(row + 1, 5, "Sub Total")
            .put(row + 1, 6, figure(subtotal));
        sheet.put(row + 2, 5, "GST 18%").put(row + 2, 6, figure(tax));
        sheet
            .put(row + 3, 5, "Grand Total")
            .put(row + 3, 6, figure(total));
        sheet.moved(self.offset.0, self.offset.1)
    }
}
