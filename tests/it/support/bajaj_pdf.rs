//! Synthetic purchase orders as PDF, in the forms that Bajaj prints: of no real party.

use rust_decimal::{Decimal, RoundingStrategy, dec};

use super::pdf::{Lettering, Packing, Pdf};

/// How items stand below their titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The titles above every item, quantities as `10 (EA)`, amounts with INR.
    TitlesPerItem,
    /// The titles once, and a column each for quantity and unit.
    PlainTable,
}

/// Where the tax is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tax {
    Nowhere,
    /// In lines of this label and figure behind the items.
    Once(Vec<(String, Decimal)>),
    /// Under every item, which has a tax of its own then.
    PerItem,
}

/// How digits are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grouping {
    None,
    Indian,
    Western,
}

#[derive(Debug, Clone)]
pub(crate) struct PdfItem {
    pub(crate) number: u32,
    pub(crate) description: String,
    pub(crate) continuation: Vec<String>,
    pub(crate) quantity: Decimal,
    pub(crate) unit: String,
    pub(crate) rate: Decimal,
    pub(crate) amount: Decimal,
    pub(crate) tax: Decimal,
}

impl PdfItem {
    pub(crate) fn new(number: u32, description: &str, quantity: Decimal, unit: &str, rate: Decimal) -> Self {
        let amount = paisa(quantity * rate);
        Self {
            number,
            description: description.to_owned(),
            continuation: Vec::new(),
            quantity,
            unit: unit.to_owned(),
            rate,
            amount,
            tax: paisa(amount * dec!(0.18)),
        }
    }

    /// Description and continuation in one.
    pub(crate) fn full_description(&self) -> String {
        let mut text = self.description.clone();
        for line in &self.continuation {
            text.push(' ');
            text.push_str(line);
        }
        text
    }
}

/// A purchase order.
#[derive(Debug, Clone)]
pub(crate) struct BajajPdf {
    pub(crate) form: Form,
    /// Label and number of the order, as printed.
    pub(crate) number: String,
    /// Label and date, as printed.
    pub(crate) date: String,
    pub(crate) address: Vec<String>,
    pub(crate) vendor: String,
    /// A line such as `Store ID: ST-104`.
    pub(crate) store: Option<String>,
    pub(crate) items: Vec<PdfItem>,
    pub(crate) tax: Tax,
    pub(crate) grouping: Grouping,
    /// Whether the value stands above the items, too.
    pub(crate) value_above: bool,
    /// The label of the total behind the items.
    pub(crate) total_label: String,
    /// The lines behind the total.
    pub(crate) terms: Vec<String>,
    pub(crate) lines_per_page: usize,
    /// Whether titles are printed again on every page.
    pub(crate) repeats_titles: bool,
    /// Whether the titles are printed at all.
    pub(crate) has_titles: bool,
    pub(crate) packing: Packing,
    pub(crate) lettering: Lettering,
}

type Line = Vec<(u32, String)>;

impl BajajPdf {
    /// An order of three items.
    pub(crate) fn sample(form: Form) -> Self {
        Self {
            form,
            number: match form {
                Form::TitlesPerItem => "Purchase Order 4500000001".to_owned(),
                Form::PlainTable => "PO Number: 4500000001".to_owned(),
            },
            date: "PO Date: 03-02-2026".to_owned(),
            address: vec![
                "Example Retail Ltd".into(),
                "Shop 4, Mall Road".into(),
                "Mumbai 400001".into(),
            ],
            vendor: "Example Interiors Pvt Ltd".to_owned(),
            store: Some("Store ID: ST-104".to_owned()),
            items: vec![
                PdfItem::new(1, "P001 Oak table", dec!(10), "EA", dec!(500)),
                PdfItem::new(2, "P002 Glass door 18mm", dec!(2.5), "FT2", dec!(1200.5)),
                PdfItem::new(3, "P003 Fitting", dec!(1), "LOT", dec!(282359.12)),
            ],
            tax: Tax::Nowhere,
            grouping: Grouping::Indian,
            value_above: false,
            total_label: "Total Amount".to_owned(),
            terms: vec![
                "This Purchase Order is valid without a signature.".into(),
                "1 Payment within 30 days, 2 copies of the invoice.".into(),
            ],
            lines_per_page: 55,
            repeats_titles: true,
            has_titles: true,
            packing: Packing::Flate,
            lettering: Lettering::WinAnsi,
        }
    }

    pub(crate) fn subtotal(&self) -> Decimal {
        self.items.iter().map(|item| item.amount).sum()
    }

    pub(crate) fn tax(&self) -> Decimal {
        match &self.tax {
            Tax::Nowhere => Decimal::ZERO,
            Tax::Once(figures) => figures.iter().map(|(_, figure)| *figure).sum(),
            Tax::PerItem => self.items.iter().map(|item| item.tax).sum(),
        }
    }

    pub(crate) fn total(&self) -> Decimal {
        self.subtotal() + self.tax()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut lines = self.header();
        if self.form == Form::PlainTable && self.has_titles {
            lines.push(self.titles());
        }
        for item in &self.items {
            if self.form == Form::TitlesPerItem && self.has_titles {
                lines.push(self.titles());
            }
            lines.extend(self.item(item));
        }
        lines.extend(self.footer());
        self.print(&lines)
    }

    fn header(&self) -> Vec<Line> {
        let mut lines = vec![
            vec![(40, "Example Retail Ltd".to_owned())],
            vec![(40, self.number.clone()), (350, self.date.clone())],
        ];
        if self.value_above {
            lines.push(vec![
                (40, "Version: 1".into()),
                (350, format!("Amount: INR {}", self.money(self.total()))),
            ]);
        }
        lines.push(vec![(40, "Vendor:".into()), (300, "Ship To:".into())]);
        for (index, part) in self.address.iter().enumerate() {
            let mut line = vec![(300, part.clone())];
            if index == 0 {
                line.insert(0, (40, self.vendor.clone()));
            }
            lines.push(line);
        }
        lines.extend(self.store.iter().map(|store| vec![(40, store.clone())]));
        lines
    }

    fn titles(&self) -> Line {
        let titles: &[(u32, &str)] = match self.form {
            Form::TitlesPerItem => &[
                (40, "Line #"),
                (75, "Part # / Description"),
                (300, "Qty (Unit)"),
                (355, "Need By"),
                (435, "Unit Price"),
                (540, "Subtotal"),
            ],
            Form::PlainTable => &[
                (40, "Line #"),
                (75, "Part # / Description"),
                (270, "Need By"),
                (340, "Qty"),
                (385, "Unit"),
                (430, "Unit Price"),
                (540, "Amount"),
            ],
        };
        titles
            .iter()
            .map(|(x, title)| (*x, (*title).to_owned()))
            .collect()
    }

    fn item(&self, item: &PdfItem) -> Vec<Line> {
        let first = match self.form {
            Form::TitlesPerItem => vec![
                (40, item.number.to_string()),
                (75, item.description.clone()),
                (300, format!("{} ({})", item.quantity, item.unit)),
                (355, "20 Feb 2026".into()),
                right(480, &format!("{} INR", self.money(item.rate))),
                right(575, &format!("{} INR", self.money(item.amount))),
            ],
            Form::PlainTable => vec![
                (40, item.number.to_string()),
                (75, item.description.clone()),
                (270, "20-02-2026".into()),
                right(360, &item.quantity.to_string()),
                (385, item.unit.clone()),
                right(480, &self.money(item.rate)),
                right(575, &self.money(item.amount)),
            ],
        };
        let mut lines = vec![first];
        lines.extend(item.continuation.iter().map(|text| vec![(75, text.clone())]));
        if self.tax == Tax::PerItem {
            lines.push(vec![(75, format!("Tax: IGST 18% {} INR", self.money(item.tax)))]);
        }
        lines
    }

    fn footer(&self) -> Vec<Line> {
        let mut lines = vec![vec![
            (350, "Subtotal".to_owned()),
            right(560, &self.money(self.subtotal())),
        ]];
        if let Tax::Once(figures) = &self.tax {
            lines.extend(
                figures
                    .iter()
                    .map(|(label, figure)| vec![(350, label.clone()), right(560, &self.money(*figure))]),
            );
        }
        lines.push(vec![
            (350, self.total_label.clone()),
            right(560, &format!("INR {}", self.money(self.total()))),
        ]);
        lines.extend(self.terms.iter().map(|line| vec![(40, line.clone())]));
        lines
    }

    /// Lines on pages, each with the same head and foot.
    fn print(&self, lines: &[Line]) -> Vec<u8> {
        let mut pdf = Pdf {
            packing: self.packing,
            lettering: self.lettering,
            ..Pdf::default()
        };
        let pages: Vec<&[Line]> = lines.chunks(self.lines_per_page).collect();
        for (index, own) in pages.iter().enumerate() {
            let mut page = vec![vec![(40, "Example Retail Ltd, Procurement".to_owned())]];
            let is_inside = index > 0 && self.has_titles && self.repeats_titles;
            if is_inside && own.first() != Some(&self.titles()) {
                page.push(self.titles());
            }
            page.extend(own.iter().cloned());
            page.push(vec![(40, "Registered office: 1 Example Road, Pune".into())]);
            page.push(vec![(40, format!("Page {} of {}", index + 1, pages.len()))]);
            pdf.page(&page);
        }
        pdf.to_bytes()
    }

    fn money(&self, value: Decimal) -> String {
        let plain = format!("{value:.2}");
        let (whole, paisa) = plain.split_once('.').unwrap();
        let digits: Vec<char> = whole.chars().rev().collect();
        let mut grouped = String::new();
        for (place, digit) in digits.iter().enumerate() {
            let is_group = match self.grouping {
                Grouping::None => false,
                Grouping::Western => place > 0 && place % 3 == 0,
                Grouping::Indian => place == 3 || place > 3 && place % 2 == 1,
            };
            if is_group {
                grouped.insert(0, ',');
            }
            grouped.insert(0, *digit);
        }
        format!("{grouped}.{paisa}")
    }
}

/// A text that ends at `end`, as figures do.
fn right(end: u32, text: &str) -> (u32, String) {
    let width: u32 = text
        .chars()
        .map(|c| match c {
            ',' | '.' | ' ' | 'I' => 22,
            'N' | 'R' => 58,
            _ => 45,
        })
        .sum();
    (end.saturating_sub(width / 10), text.to_owned())
}

fn paisa(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}
