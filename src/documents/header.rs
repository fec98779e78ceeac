//! The label/value pairs above a proforma invoice's item table: parties, numbers and dates.

use super::grid::{Grid, Value};
use super::header_labels::{Field, Meaning, Party};
use super::labels::{Label, Words, labels};
use super::model::{Finding, FindingKind, OrderHeader};
use super::text;

/// Numbers and GSTINs are stored in columns of this width.
const MAX_NUMBER: usize = 100;
const MAX_GSTIN: usize = 20;
const MAX_NAME: usize = 255;
const MAX_ADDRESS: usize = 2_000;

/// What stands above the item table, and what is odd about it.
#[derive(Debug, Default)]
pub(super) struct HeaderReading {
    pub(super) header: OrderHeader,
    pub(super) warnings: Vec<String>,
    pub(super) findings: Vec<Finding>,
}

/// Reads the rows 1 to `last_row`.
pub(super) fn read(grid: &Grid, last_row: usize) -> HeaderReading {
    let labels = labels(grid, last_row);
    let meanings: Vec<(&Label, Meaning)> = labels
        .iter()
        .filter_map(|label| Some((label, Meaning::of(&label.words)?)))
        .collect();
    let mut exact = Vec::new();
    let mut loose = Vec::new();
    let mut last_resort = Vec::new();
    for (label, meaning) in &meanings {
        let Some(value) = label.value(grid, last_row) else {
            continue;
        };
        let block = || party_above(label, &meanings);
        match meaning {
            Meaning::Exact(field) => exact.push((*field, value)),
            Meaning::Loose(field) => loose.push((*field, value)),
            Meaning::Name => loose.extend(block().map(|party| (party.name(), value))),
            Meaning::Address => loose.extend(block().map(|party| (party.address(), value))),
            Meaning::Gstin => loose.extend(block().and_then(Party::gstin).map(|field| (field, value))),
            Meaning::Date => last_resort.push((Field::PiDate, value)),
        }
    }
    let mut reading = HeaderReading::default();
    for round in [exact, loose, last_resort] {
        reading.take(grid, round);
    }
    let header = &mut reading.header;
    if header.po_number.is_none() {
        header.po_number = po_number_in_text(grid, last_row);
    }
    if header.ship_to_address.is_none() {
        header.ship_to_address.clone_from(&header.ship_to_name);
    }
    reading
}

/// The block a label stands in: that of the nearest heading above it in its column, else of the nearest one above that does
/// not begin further to the right.
fn party_above(label: &Label, meanings: &[(&Label, Meaning)]) -> Option<Party> {
    let headings = meanings
        .iter()
        .filter_map(|(heading, meaning)| Some((heading, meaning.heading()?)));
    let above = headings.filter(|(heading, _)| heading.row < label.row);
    let own_column = above
        .clone()
        .filter(|(heading, _)| heading.column == label.column);
    let left = above
        .clone()
        .filter(|(heading, _)| heading.column <= label.column);
    own_column
        .max_by_key(|(heading, _)| heading.row)
        .or_else(|| left.max_by_key(|(heading, _)| (heading.row, heading.column)))
        .or_else(|| above.max_by_key(|(heading, _)| heading.row))
        .map(|(_, party)| party)
}

impl HeaderReading {
    /// Takes the values of one round into the fields that no earlier round has filled. The first of a round wins.
    fn take(&mut self, grid: &Grid, round: Vec<(Field, Value)>) {
        let mut filled: Vec<(Field, String)> = Vec::new();
        for (field, value) in round {
            if let Some((_, first)) = filled.iter().find(|(earlier, _)| *earlier == field) {
                let other = value.text();
                if !first.eq_ignore_ascii_case(&other) {
                    self.warnings.push(format!(
                        "Two values for {}: \"{first}\" is used, not \"{other}\"",
                        field.title()
                    ));
                }
            } else if !self.has(field) {
                self.put(grid, field, &value);
                filled.push((field, value.text().to_string()));
            }
        }
    }

    fn has(&self, field: Field) -> bool {
        let header = &self.header;
        match field {
            Field::PoDate => header.po_date.is_some(),
            Field::PiDate => header.pi_date.is_some() || !self.findings.is_empty(),
            Field::VendorName => header.vendor_name.is_some(),
            Field::VendorAddress => header.vendor_address.is_some(),
            Field::VendorGstin => header.vendor_gstin.is_some(),
            Field::ClientName => header.client_name.is_some(),
            Field::BillToAddress => header.bill_to_address.is_some(),
            Field::BillToGstin => header.bill_to_gstin.is_some(),
            Field::ShipToName => header.ship_to_name.is_some(),
            Field::ShipToAddress => header.ship_to_address.is_some(),
            Field::PoNumber => header.po_number.is_some(),
            Field::PiNumber => header.pi_number.is_some(),
            Field::SiteName => header.site_name.is_some(),
        }
    }

    fn put(&mut self, grid: &Grid, field: Field, value: &Value) {
        let text = value.text().to_string();
        match field {
            Field::PoDate => {
                self.header.po_date = grid.date(value);
                if self.header.po_date.is_none() {
                    self.warnings.push(format!("PO date \"{text}\" is not a date"));
                }
            }
            Field::PiDate => {
                self.header.pi_date = grid.date(value);
                if self.header.pi_date.is_none() {
                    let message = format!("PI date \"{text}\" is not a date");
                    self.findings
                        .push(Finding::new("po_details.pi_date", FindingKind::Invalid, message));
                }
            }
            Field::VendorName => self.header.vendor_name = Some(self.cut(field, text, MAX_NAME)),
            Field::ClientName => self.header.client_name = Some(self.cut(field, text, MAX_NAME)),
            Field::ShipToName => self.header.ship_to_name = Some(self.cut(field, text, MAX_NAME)),
            Field::SiteName => self.header.site_name = Some(self.cut(field, text, MAX_NAME)),
            Field::VendorAddress => self.header.vendor_address = Some(self.cut(field, text, MAX_ADDRESS)),
            Field::BillToAddress => self.header.bill_to_address = Some(self.cut(field, text, MAX_ADDRESS)),
            Field::ShipToAddress => self.header.ship_to_address = Some(self.cut(field, text, MAX_ADDRESS)),
            Field::VendorGstin => self.header.vendor_gstin = self.gstin(field, &text),
            Field::BillToGstin => self.header.bill_to_gstin = self.gstin(field, &text),
            Field::PoNumber => self.header.po_number = self.number(field, &text),
            Field::PiNumber => self.header.pi_number = self.number(field, &text),
        }
    }

    fn cut(&mut self, field: Field, text: String, max: usize) -> String {
        if text.chars().count() <= max {
            return text;
        }
        self.warnings
            .push(format!("The {} is cut to {max} characters", field.title()));
        text.chars().take(max).collect()
    }

    fn gstin(&mut self, field: Field, printed: &str) -> Option<String> {
        let compact: String = printed
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_ascii_uppercase();
        if text::is_gstin(&compact) {
            return Some(compact);
        }
        self.warnings
            .push(format!("The {} \"{printed}\" is not a GSTIN", field.title()));
        (printed.chars().count() <= MAX_GSTIN).then(|| printed.to_owned())
    }

    /// A document's number: what stands before a date in the same cell. It holds a digit.
    fn number(&mut self, field: Field, printed: &str) -> Option<String> {
        let number = printed
            .split(' ')
            .take_while(|word| !Words::of(word).are_among(&["DATED", "DATE", "DT", "DTD"]))
            .collect::<Vec<_>>()
            .join(" ");
        let number = number.trim_matches([' ', ',', ';', ':', '.', '-']);
        if number.contains(|c: char| c.is_ascii_digit()) && number.chars().count() <= MAX_NUMBER {
            return Some(number.to_owned());
        }
        self.warnings.push(format!(
            "The {} \"{printed}\" is not a number of a document",
            field.title()
        ));
        None
    }
}

/// The number in a text such as `Your P.O. No. 4500000001`, in the first cell that holds one.
fn po_number_in_text(grid: &Grid, last_row: usize) -> Option<String> {
    let texts =
        (1..=last_row.min(grid.rows())).flat_map(|row| grid.filled(row).map(|(_, value)| value.text()));
    texts.into_iter().find_map(|text| number_after_po(&text))
}

fn number_after_po(text: &str) -> Option<String> {
    #[derive(PartialEq)]
    enum Seen {
        Nothing,
        Purchase,
        Order,
    }
    let spaced = text.replace([':', '#'], " ");
    let mut seen = Seen::Nothing;
    for token in spaced.split(' ').filter(|token| !token.is_empty()) {
        let words = Words::of(token);
        let is_link = words.len() == 0 || words.are_among(&["NO", "NUMBER", "REF"]);
        seen = match seen {
            Seen::Order if is_link => Seen::Order,
            Seen::Order if token.contains(|c: char| c.is_ascii_digit()) && text::date(token).is_none() => {
                let number = token.trim_matches([',', ';', '.', '-', '(', ')']);
                return (number.chars().count() <= MAX_NUMBER).then(|| number.to_owned());
            }
            Seen::Purchase if words.start_with(&["ORDER"]) => Seen::Order,
            _ if words.start_with(&["PO"]) && words.are_among(&["PO", "NO", "NUMBER", "REF"]) => Seen::Order,
            _ if words.are(&["PURCHASE"]) => Seen::Purchase,
            _ => Seen::Nothing,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn labels_stand_in_any_column() {
        let grid = Grid::of(&[
            &[
                "Vendor Co. Name:",
                "Example Interiors Pvt Ltd",
                "",
                "",
                "PI Number:",
                "PI/25-26/001",
            ],
            &[
                "Vendor Address",
                "12 Example Road",
                "",
                "",
                "PI Date:",
                "22-01-2026",
            ],
            &["Vendor GST No", "27AAAAA0000A1Z5", "", "", "PO No.", "4500000001"],
            &[
                "Bill To",
                "Example Retail India Pvt Ltd",
                "",
                "",
                "PO Date",
                "15/01/2026",
            ],
            &[
                "Bill To Address:",
                "1 Retail Street",
                "",
                "",
                "Site Name",
                "Andheri",
            ],
            &[
                "Bill To GSTIN: 27BBBBB0000B1Z4",
                "",
                "",
                "",
                "Ship To",
                "Example Retail, Andheri",
            ],
        ]);

        let reading = read(&grid, 6);

        assert_eq!(
            reading.header,
            OrderHeader {
                vendor_name: Some("Example Interiors Pvt Ltd".into()),
                vendor_address: Some("12 Example Road".into()),
                vendor_gstin: Some("27AAAAA0000A1Z5".into()),
                client_name: Some("Example Retail India Pvt Ltd".into()),
                bill_to_address: Some("1 Retail Street".into()),
                bill_to_gstin: Some("27BBBBB0000B1Z4".into()),
                ship_to_name: Some("Example Retail, Andheri".into()),
                ship_to_address: Some("Example Retail, Andheri".into()),
                po_number: Some("4500000001".into()),
                po_date: NaiveDate::from_ymd_opt(2026, 1, 15),
                pi_number: Some("PI/25-26/001".into()),
                pi_date: NaiveDate::from_ymd_opt(2026, 1, 22),
                site_name: Some("Andheri".into()),
            }
        );
        assert_eq!((reading.warnings.len(), reading.findings.len()), (0, 0));
    }

    #[test]
    fn a_lone_colon_between_label_and_value_is_passed_over() {
        let grid = Grid::of(&[
            &["PI No", ":", "PI/26/7", "", "PO No.", ":-", "4500000001"],
            &["PI Date", ":", "22-01-2026", "", "PO Date", ":", "15-01-2026"],
            &[
                "Vendor Name",
                ":",
                "Example Interiors",
                "",
                "Bill To",
                ": Example Retail",
            ],
        ]);

        let header = read(&grid, 3).header;

        assert_eq!(
            (header.pi_number.as_deref(), header.po_number.as_deref()),
            (Some("PI/26/7"), Some("4500000001"))
        );
        assert_eq!(header.pi_date, NaiveDate::from_ymd_opt(2026, 1, 22));
        assert_eq!(header.po_date, NaiveDate::from_ymd_opt(2026, 1, 15));
        assert_eq!(header.vendor_name.as_deref(), Some("Example Interiors"));
        assert_eq!(header.client_name.as_deref(), Some("Example Retail"));
    }

    #[test]
    fn a_block_that_begins_beside_another_ends_nothing() {
        let grid = Grid::of(&[
            &["BILL TO", "", "", "VENDOR", ""],
            &["Name", "Example Retail", "", "Name", "Example Interiors"],
            &["SHIP TO", "", "", "Address", "12 Example Road"],
            &["Name", "Example Store", "", "GSTIN", "27AAAAA0000A1Z5"],
        ]);

        let header = read(&grid, 4).header;

        assert_eq!(header.vendor_name.as_deref(), Some("Example Interiors"));
        assert_eq!(header.vendor_address.as_deref(), Some("12 Example Road"));
        assert_eq!(header.vendor_gstin.as_deref(), Some("27AAAAA0000A1Z5"));
        assert_eq!(header.ship_to_name.as_deref(), Some("Example Store"));
    }

    #[test]
    fn a_block_gives_its_party_to_the_labels_below() {
        let grid = Grid::of(&[
            &["VENDOR", "", "", "BILL TO", ""],
            &["Name", "Example Interiors", "", "Name:", "Example Retail"],
            &["Address", "12 Example Road", "", "Address", "1 Retail Street"],
            &["GSTIN", "27AAAAA0000A1Z5", "", "GSTIN No", "27BBBBB0000B1Z4"],
            &["SHIP TO"],
            &["Name", "Example Store"],
            &["Address", "9 Store Lane"],
            &["GSTIN", "27CCCCC0000C1Z3"],
        ]);

        let header = read(&grid, 8).header;

        assert_eq!(header.vendor_name.as_deref(), Some("Example Interiors"));
        assert_eq!(header.vendor_address.as_deref(), Some("12 Example Road"));
        assert_eq!(header.vendor_gstin.as_deref(), Some("27AAAAA0000A1Z5"));
        assert_eq!(header.client_name.as_deref(), Some("Example Retail"));
        assert_eq!(header.bill_to_address.as_deref(), Some("1 Retail Street"));
        assert_eq!(header.bill_to_gstin.as_deref(), Some("27BBBBB0000B1Z4"));
        assert_eq!(header.ship_to_name.as_deref(), Some("Example Store"));
        assert_eq!(header.ship_to_address.as_deref(), Some("9 Store Lane"));
    }

    #[test]
    fn the_more_exact_label_wins_and_a_contradiction_is_told() {
        let grid = Grid::of(&[
            &["Ref No", "R-1"],
            &["PO No", "4500000001"],
            &["Order No", "4500000002"],
            &["Date", "01-01-2026"],
            &["Invoice Date", "22-01-2026"],
            &["Delivery Date", "30-01-2026"],
        ]);

        let reading = read(&grid, 6);

        assert_eq!(reading.header.po_number.as_deref(), Some("4500000001"));
        assert_eq!(reading.header.pi_date, NaiveDate::from_ymd_opt(2026, 1, 22));
        assert_eq!(
            reading.warnings,
            ["Two values for PO number: \"4500000001\" is used, not \"4500000002\""]
        );
    }

    #[test]
    fn what_is_no_date_gstin_or_number_is_told() {
        let grid = Grid::of(&[
            &["PI Date", "31-02-2026"],
            &["Date", "22-01-2026"],
            &["PO Date", "soon"],
            &["Vendor GSTIN", "27AAAAA0000A1Y5"],
            &["PO No", "awaited"],
            &["PI No", "PI-7 dated 22-01-2026"],
        ]);

        let reading = read(&grid, 6);

        assert_eq!(reading.header.pi_date, None);
        assert_eq!(reading.header.pi_number.as_deref(), Some("PI-7"));
        assert_eq!(reading.header.vendor_gstin.as_deref(), Some("27AAAAA0000A1Y5"));
        assert_eq!(reading.header.po_number, None);
        assert_eq!(reading.findings.len(), 1);
        assert_eq!(
            (reading.findings[0].field.as_str(), reading.findings[0].kind),
            ("po_details.pi_date", FindingKind::Invalid)
        );
        assert_eq!(reading.warnings.len(), 3);
    }

    #[test]
    fn a_number_after_the_words_po_is_found_in_running_text() {
        for (text, number) in [
            (
                "Ref: your P.O. No. 4500000001 dated 22-01-2026",
                Some("4500000001"),
            ),
            ("Against Purchase Order # ABC/12, Mumbai", Some("ABC/12")),
            ("PO:45001", Some("45001")),
            ("PO No - 45001", Some("45001")),
            ("PO date 22-01-2026", None),
            ("PO 22-01-2026", None),
            ("Post 4500000001", None),
            ("purchase 4500000001", None),
        ] {
            assert_eq!(number_after_po(text).as_deref(), number, "{text}");
        }
    }
}
