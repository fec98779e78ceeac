//! What stands above an item table: labels and values, how they are printed, and what must be read from them.

use chrono::NaiveDate;
use nexgen_finance::documents::OrderHeader;
use proptest::prelude::*;

use super::forms::{self, Day, Letters, pick};
use crate::support::sheet::{Content, Sheet, number};

const VENDOR: &str = "Example Interiors Pvt Ltd";
const VENDOR_ADDRESS: &str = "12 Example Road, Pune, Maharashtra 411001";
const VENDOR_GSTIN: &str = "27AAAAA0000A1Z5";
const CLIENT: &str = "Example Retail India Pvt Ltd";
const CLIENT_ADDRESS: &str = "1 Retail Street, Mumbai, Maharashtra 400001";
/// Of the vendor's state and of another.
const CLIENT_GSTINS: [&str; 2] = ["27BBBBB0000B1Z4", "29BBBBB0000B1Z4"];
const SHIP_TO: &str = "Example Retail, Andheri West";
/// The second names a store.
const SHIP_TO_ADDRESSES: [&str; 2] = [
    "9 Store Lane, Andheri West, Mumbai 400058",
    "Store PUNE104, 3 Market Road, Pune 411001",
];
const STORE_OF_ADDRESS: &str = "PUNE104";
const SITE: &str = "Andheri West";
const STORES: [&str; 3] = ["ST-104", "MH/0042", "B2B_17"];
const PI_PREFIXES: [&str; 3] = ["", "PI/2025-26/", "EX-PI-"];

/// How a label stands to its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the next cell, or so many cells further.
    Right(u16),
    /// In the same cell, after a colon.
    Inline,
    /// In the cell below.
    Below,
}

/// How a label is printed.
#[derive(Debug, Clone, Copy)]
struct Print {
    place: Place,
    ending: usize,
    letters: Letters,
    wording: usize,
    /// The label spans two columns.
    is_wide: bool,
    /// Its rank among the labels.
    rank: u8,
}

fn print() -> impl Strategy<Value = Print> {
    let place = prop_oneof![
        3 => Just(Place::Right(0)),
        1 => (1..3_u16).prop_map(Place::Right),
        1 => Just(Place::Inline),
        1 => Just(Place::Below),
    ];
    (
        place,
        0..5_usize,
        forms::letters(),
        any::<u8>().prop_map(usize::from),
        prop::bool::weighted(0.2),
        0..4_u8,
    )
        .prop_map(|(place, ending, letters, wording, is_wide, rank)| Print {
            place,
            ending,
            letters,
            wording,
            is_wide,
            rank,
        })
}

/// A label with its value.
#[derive(Debug, Clone)]
struct Entry {
    label: String,
    /// `None` for a heading.
    value: Option<Content>,
    print: Print,
}

impl Entry {
    fn new(words: &'static [&'static str], value: impl Into<Content>, print: Print) -> Self {
        Self {
            label: pick(words, print.wording).to_owned(),
            value: Some(value.into()),
            print,
        }
    }

    /// Puts both at this row and column; gives the number of rows taken.
    fn put(&self, sheet: &mut Sheet, row: u16, column: u16, may_go_below: bool) -> u16 {
        const ENDINGS: [&str; 5] = [":", "", " :", ".", " -"];
        let print = self.print;
        let label = print.letters.of(&self.label);
        let Some(value) = &self.value else {
            sheet.put(row, column, Content::Text(label));
            return 1;
        };
        let place = match (print.place, value) {
            (Place::Below, _) if !may_go_below => Place::Right(0),
            // Only text can stand behind its label.
            (Place::Inline, Content::Number(_) | Content::Date(_)) => Place::Right(0),
            (place, _) => place,
        };
        if let (Place::Inline, Content::Text(text)) = (place, value) {
            sheet.put(row, column, Content::Text(format!("{label}: {text}")));
            return 1;
        }
        let last_column = column + u16::from(print.is_wide);
        if print.is_wide {
            sheet.merge([row, column, row, last_column]);
        }
        sheet.put(
            row,
            column,
            Content::Text(format!("{}{}", label, ENDINGS[print.ending])),
        );
        match place {
            Place::Below => {
                sheet.put(row + 1, column, value.clone());
                2
            }
            Place::Right(gap) => {
                // With labels in two columns a value must stand left of the second.
                let gap = if print.is_wide { gap.min(1) } else { gap };
                sheet.put(row, last_column + 1 + gap, value.clone());
                1
            }
            Place::Inline => 1,
        }
    }
}

/// Where the labels stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    A,
    E,
    Both,
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::A, Side::E, Side::Both])
}

/// Puts groups of labels from this row on; gives the row after the last.
fn put_groups(sheet: &mut Sheet, first_row: u16, side: Side, groups: &[Vec<Entry>]) -> u16 {
    let mut rows = [first_row; 2];
    for (index, group) in groups.iter().enumerate() {
        let at = match side {
            Side::A => 0,
            Side::E => 1,
            Side::Both => index % 2,
        };
        for entry in group {
            rows[at] += entry.put(sheet, rows[at], [0, 4][at], side != Side::Both);
        }
    }
    rows[0].max(rows[1])
}

/// The head of a proforma invoice.
#[derive(Debug, Clone)]
pub(super) struct ProformaHead {
    prints: Vec<Print>,
    side: Side,
    /// Vendor, client and place of delivery are headings, under which their details stand without their names.
    has_blocks: bool,
    has_title: bool,
    has_company: bool,
    rows_before: u16,
    rows_after: u16,
    client_gstin: usize,
    po_number: Option<u32>,
    is_po_number_a_number: bool,
    po_date: Option<(NaiveDate, Day)>,
    pi_number: (usize, u32),
    pi_date: (NaiveDate, Day),
    ship_to: bool,
    ship_to_address: Option<usize>,
    site: bool,
    store: Option<usize>,
    addresses: bool,
}

fn date() -> impl Strategy<Value = NaiveDate> {
    (0..36_525_u64).prop_map(|days| {
        let first = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap();
        first + chrono::Days::new(days)
    })
}

pub(super) fn proforma_head() -> impl Strategy<Value = ProformaHead> {
    let layout = (
        prop::collection::vec(print(), 17),
        side(),
        prop::bool::weighted(0.3),
        any::<bool>(),
        any::<bool>(),
        0..4_u16,
        0..15_u16,
    );
    let values = (
        0..2_usize,
        prop::option::weighted(0.8, 100_000..4_000_000_000_u32),
        any::<bool>(),
        prop::option::weighted(0.8, (date(), forms::day())),
        (0..PI_PREFIXES.len(), 1..1_000_000_u32),
        (date(), forms::day()),
        any::<bool>(),
        prop::option::of(0..2_usize),
        any::<bool>(),
        prop::option::of(0..STORES.len()),
        any::<bool>(),
    );
    (layout, values).prop_map(|(layout, values)| {
        let (prints, side, has_blocks, has_title, has_company, rows_before, rows_after) = layout;
        let (
            client_gstin,
            po_number,
            is_po_number_a_number,
            po_date,
            pi_number,
            pi_date,
            ship_to,
            ship_to_address,
            site,
            store,
            addresses,
        ) = values;
        ProformaHead {
            prints,
            side,
            has_blocks,
            has_title,
            has_company,
            rows_before,
            rows_after,
            client_gstin,
            po_number,
            is_po_number_a_number,
            po_date,
            pi_number,
            pi_date,
            ship_to,
            ship_to_address,
            site,
            store,
            addresses,
        }
    })
}

impl ProformaHead {
    pub(super) fn is_one_state(&self) -> bool {
        self.client_gstin == 0
    }

    /// Prints the head; gives the row of the item table.
    pub(super) fn print(&self, sheet: &mut Sheet) -> u16 {
        let mut row = self.rows_before;
        if self.has_company {
            for text in [
                "Example Interiors Pvt Ltd",
                "CIN: U12345MH2020PTC123456",
                "Phone: 9800000000",
                "FY 2025-26",
            ] {
                sheet.put(row, 0, text);
                row += 1;
            }
        }
        if self.has_title {
            sheet.put(row, 0, "PROFORMA INVOICE").merge([row, 0, row, 5]);
            row += 1;
        }
        let mut groups: Vec<_> = self.groups();
        groups.sort_by_key(|group| group[0].print.rank);
        put_groups(sheet, row, self.side, &groups) + self.rows_after
    }

    fn pi_number(&self) -> String {
        let (prefix, number) = self.pi_number;
        format!("{}{number}", PI_PREFIXES[prefix])
    }

    fn groups(&self) -> Vec<Vec<Entry>> {
        let mut prints = self.prints.iter().copied();
        let mut entry =
            |words: &'static [&'static str], value: Content| Entry::new(words, value, prints.next().unwrap());
        let address = |text: &'static str| self.addresses.then(|| Content::from(text));
        let client_gstin = CLIENT_GSTINS[self.client_gstin];
        let ship_to_address = self
            .ship_to_address
            .map(|at| Content::from(SHIP_TO_ADDRESSES[at]));
        let mut groups = Vec::new();
        let vendor = [
            Some(entry(
                if self.has_blocks {
                    &["Name", "Company Name"]
                } else {
                    &[
                        "Vendor Name",
                        "Vendor Co",
                        "Supplier Name",
                        "Supplier Company",
                        "Vendor Company",
                        "Vendor Co. Name",
                    ]
                },
                VENDOR.into(),
            )),
            address(VENDOR_ADDRESS).map(|value| {
                entry(
                    if self.has_blocks {
                        &["Address", "Add"]
                    } else {
                        &["Vendor Address", "Supplier Add", "Vendor Addr."]
                    },
                    value,
                )
            }),
            Some(entry(
                if self.has_blocks {
                    &["GSTIN", "GST No", "GST"]
                } else {
                    &["Vendor GSTIN", "Supplier GST No", "Vendor GST", "Supplier Tax No"]
                },
                VENDOR_GSTIN.into(),
            )),
        ];
        let client = [
            Some(entry(
                if self.has_blocks {
                    &["Name"]
                } else {
                    &["Bill To", "Bill To Name", "Client Name", "Buyer"]
                },
                CLIENT.into(),
            )),
            address(CLIENT_ADDRESS).map(|value| {
                entry(
                    if self.has_blocks {
                        &["Address"]
                    } else {
                        &["Bill To Address", "Billing Address"]
                    },
                    value,
                )
            }),
            Some(entry(
                if self.has_blocks {
                    &["GSTIN", "GST No."]
                } else {
                    &["Bill To GSTIN", "Billing GST", "Bill To GST No"]
                },
                client_gstin.into(),
            )),
        ];
        let ship_to = [
            self.ship_to.then(|| {
                entry(
                    if self.has_blocks {
                        &["Name"]
                    } else {
                        &["Ship To", "Ship To Name"]
                    },
                    SHIP_TO.into(),
                )
            }),
            ship_to_address.map(|value| {
                entry(
                    if self.has_blocks {
                        &["Address"]
                    } else {
                        &["Ship To Address", "Shipping Address"]
                    },
                    value,
                )
            }),
            None,
        ];
        let parties: [(&'static [&'static str], [Option<Entry>; 3]); 3] = [
            (&["Vendor", "Supplier", "VENDOR DETAILS"], vendor),
            (&["Bill To", "BILL TO"], client),
            (&["Ship To", "SHIP TO"], ship_to),
        ];
        for (headings, entries) in parties {
            let entries: Vec<Entry> = entries.into_iter().flatten().collect();
            let Some(first) = entries.first() else { continue };
            if self.has_blocks {
                let heading = Entry {
                    label: pick(headings, first.print.wording).to_owned(),
                    value: None,
                    print: first.print,
                };
                groups.push([vec![heading], entries].concat());
            } else {
                groups.extend(entries.into_iter().map(|entry| vec![entry]));
            }
        }
        let mut single = |words: &'static [&'static str], value: Option<Content>| {
            let print = prints.next().unwrap();
            groups.extend(value.map(|value| vec![Entry::new(words, value, print)]));
        };
        single(
            &[
                "PO No",
                "PO Number",
                "PO #",
                "P.O. No.",
                "Purchase Order No",
                "Order No",
                "Ref PO No",
                "Ref No",
                "Client Ref",
            ],
            self.po_number.map(|digits| {
                let digits = digits.to_string();
                if self.is_po_number_a_number {
                    number(&digits)
                } else {
                    Content::Text(digits)
                }
            }),
        );
        single(
            &["PO Date", "Order Date", "P.O. Date"],
            self.po_date.map(|(date, form)| form.of(date)),
        );
        single(
            &[
                "PI No",
                "PI Number",
                "PI #",
                "Invoice No",
                "Invoice Number",
                "Proforma No",
                "Proforma Invoice No",
            ],
            Some(Content::Text(self.pi_number())),
        );
        single(
            &["PI Date", "Invoice Date", "Proforma Date", "Date"],
            Some(self.pi_date.1.of(self.pi_date.0)),
        );
        single(&["Site Name", "Location Name"], self.site.then(|| SITE.into()));
        single(
            &[
                "Store ID",
                "Store Code",
                "Store No",
                "Site ID",
                "Site Code",
                "Outlet ID",
                "Outlet Code",
                "Branch Code",
                "Location Code",
            ],
            self.store.map(|store| STORES[store].into()),
        );
        groups
    }

    pub(super) fn expected(&self) -> OrderHeader {
        let text = |text: &str| Some(text.to_owned());
        let ship_to_name = self.ship_to.then(|| SHIP_TO.to_owned());
        OrderHeader {
            vendor_name: text(VENDOR),
            vendor_address: text(VENDOR_ADDRESS).filter(|_| self.addresses),
            vendor_gstin: text(VENDOR_GSTIN),
            client_name: text(CLIENT),
            bill_to_address: text(CLIENT_ADDRESS).filter(|_| self.addresses),
            bill_to_gstin: text(CLIENT_GSTINS[self.client_gstin]),
            ship_to_address: self
                .ship_to_address
                .map(|at| SHIP_TO_ADDRESSES[at].to_owned())
                .or_else(|| ship_to_name.clone()),
            ship_to_name,
            po_number: self.po_number.map(|digits| digits.to_string()),
            po_date: self.po_date.map(|(date, _)| date),
            pi_number: Some(self.pi_number()),
            pi_date: Some(self.pi_date.0),
            site_name: self.site.then(|| SITE.to_owned()),
        }
    }

    pub(super) fn expected_store(&self) -> Option<String> {
        let labelled = self.store.map(|store| STORES[store]);
        let of_address = self
            .ship_to_address
            .filter(|at| *at == 1)
            .map(|_| STORE_OF_ADDRESS);
        labelled.or(of_address).map(str::to_owned)
    }
}

/// How a Bajaj order shows its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Text,
    Native,
    Spaced,
    /// Without a label.
    Free,
}

/// The head of a Bajaj order.
#[derive(Debug, Clone)]
pub(super) struct BajajHead {
    prints: Vec<Print>,
    side: Side,
    rows_before: u16,
    rows_after: u16,
    number: u64,
    number_form: Number,
    date: Option<(NaiveDate, Day)>,
    address: Option<usize>,
    store: Option<usize>,
    /// Other numbers and dates that are not the order's.
    has_noise: bool,
}

pub(super) fn bajaj_head() -> impl Strategy<Value = BajajHead> {
    (
        prop::collection::vec(print(), 8),
        side(),
        0..4_u16,
        0..30_u16,
        100_000..1_000_000_000_000_u64,
        prop::sample::select(vec![Number::Text, Number::Native, Number::Spaced, Number::Free]),
        prop::option::weighted(0.8, (date(), forms::day())),
        prop::option::weighted(0.8, 0..2_usize),
        prop::option::of(0..STORES.len()),
        any::<bool>(),
    )
        .prop_map(
            |(
                prints,
                side,
                rows_before,
                rows_after,
                number,
                number_form,
                date,
                address,
                store,
                has_noise,
            )| BajajHead {
                prints,
                side,
                rows_before,
                rows_after,
                number,
                number_form,
                date,
                address,
                store,
                has_noise,
            },
        )
}

impl BajajHead {
    /// Prints the head; gives the row of the item table.
    pub(super) fn print(&self, sheet: &mut Sheet) -> u16 {
        let mut row = self.rows_before;
        for text in ["Example Electricals Ltd", "Purchase Order"] {
            sheet.put(row, 0, text);
            row += 1;
        }
        let mut groups: Vec<Vec<Entry>> = self.entries().into_iter().map(|entry| vec![entry]).collect();
        groups.sort_by_key(|group| group[0].print.rank);
        // The address of the site is looked for in the first rows only.
        groups.sort_by_key(|group| !is_place(&group[0].label));
        // A number without a label is the first of its kind.
        if self.number_form == Number::Free {
            let text = format!("Purchase Order {} of the buyer", self.number);
            sheet.put(row, 0, Content::Text(text));
            row += 1;
        }
        put_groups(sheet, row, self.side, &groups) + self.rows_after
    }

    fn entries(&self) -> Vec<Entry> {
        let mut prints = self.prints.iter().copied();
        let mut entries = Vec::new();
        let mut single = |words: &'static [&'static str], value: Option<Content>| {
            let print = prints.next().unwrap();
            entries.extend(value.map(|value| Entry::new(words, value, print)));
        };
        let digits = self.number.to_string();
        let number_words: &'static [&'static str] = &[
            "PO No",
            "PO Number",
            "Purchase Order No",
            "Order No",
            "P.O. No.",
            "PO #",
        ];
        single(
            number_words,
            match self.number_form {
                Number::Text => Some(Content::Text(digits)),
                Number::Native => Some(number(&digits)),
                Number::Spaced => {
                    let (front, back) = digits.split_at(3);
                    Some(Content::Text(format!("{front} {back}")))
                }
                Number::Free => None,
            },
        );
        single(
            &["PO Date", "Order Date", "Date", "Dated"],
            self.date.map(|(date, form)| form.of(date)),
        );
        single(
            &["Ship To", "Delivery To", "Site Address", "Delivery Address"],
            self.address.map(|at| SHIP_TO_ADDRESSES[at].into()),
        );
        single(
            &[
                "Store ID",
                "Store Code",
                "Store No",
                "Site ID",
                "Outlet Code",
                "Branch Code",
                "Location Code",
            ],
            self.store.map(|store| STORES[store].into()),
        );
        let noise = |text: &str| self.has_noise.then(|| text.into());
        single(
            &["GSTIN", "Phone", "Pin Code", "Mobile No", "Fax"],
            noise("411001"),
        );
        single(&["Delivery Date", "Due Date"], noise("31-12-2030"));
        single(&["Vendor Name", "Vendor"], noise(VENDOR));
        entries
    }

    pub(super) fn has_label(&self) -> bool {
        self.number_form != Number::Free
    }

    pub(super) fn expected(&self) -> OrderHeader {
        OrderHeader {
            po_number: Some(self.number.to_string()),
            po_date: self.date.map(|(date, _)| date),
            ship_to_address: self.address.map(|at| SHIP_TO_ADDRESSES[at].to_owned()),
            ..OrderHeader::default()
        }
    }

    pub(super) fn expected_store(&self) -> Option<String> {
        let labelled = self.store.map(|store| STORES[store]);
        let of_address = self.address.filter(|at| *at == 1).map(|_| STORE_OF_ADDRESS);
        labelled.or(of_address).map(str::to_owned)
    }
}

fn is_place(label: &str) -> bool {
    label.contains("Ship") || label.starts_with("Delivery To") || label.ends_with("Address")
}
