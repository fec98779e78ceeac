//! Lines below an item that do not describe it.

use super::rows::{Row, amount_of, is_currency};
use crate::documents::labels::Words;
use crate::documents::{text, total_labels};

/// Lines that say something about an item without describing it.
pub(super) const NOTES: &[&str] = &[
    "STATUS",
    "OTHER INFORMATION",
    "REQ. LINE",
    "PR NO",
    "STORAGE LOCATION",
    "CLASSIFICATION",
    "INCOTERM",
    "INCOTERMS",
    "ORDER SUBMITTED",
    "PDF GENERATED",
    "THIS PURCHASE ORDER",
];
pub(super) const TAXES: &[&str] = &["TAX", "CGST", "SGST", "IGST", "UTGST"];
const STATES: &[&str] = &[
    "ANDHRA PRADESH",
    "ARUNACHAL PRADESH",
    "ASSAM",
    "BIHAR",
    "CHANDIGARH",
    "CHHATTISGARH",
    "DELHI",
    "GOA",
    "GUJARAT",
    "HARYANA",
    "HIMACHAL PRADESH",
    "JAMMU AND KASHMIR",
    "JHARKHAND",
    "KARNATAKA",
    "KERALA",
    "LADAKH",
    "MADHYA PRADESH",
    "MAHARASHTRA",
    "MANIPUR",
    "MEGHALAYA",
    "MIZORAM",
    "NAGALAND",
    "ODISHA",
    "PUDUCHERRY",
    "PUNJAB",
    "RAJASTHAN",
    "SIKKIM",
    "TAMIL NADU",
    "TELANGANA",
    "TRIPURA",
    "UTTAR PRADESH",
    "UTTARAKHAND",
    "WEST BENGAL",
];

/// True for a line about an item's delivery, its tax and the like.
pub(super) fn is_note(row: &Row) -> bool {
    row.starts_with_any(NOTES) || row.starts_with_any(TAXES) || is_forward(row)
}

/// True for the sum of a page that is repeated on the next one.
pub(super) fn is_forward(row: &Row) -> bool {
    let last = row.words.iter().rev().find(|word| !is_currency(word));
    total_labels::is_forward(&label_of(row)) && last.is_some_and(|word| amount_of(word).is_some())
}

/// The words of a line without its figures.
fn label_of(row: &Row) -> Words {
    let words = row.words.iter().filter(|word| amount_of(word).is_none());
    let texts: Vec<&str> = words.map(|word| word.text.as_str()).collect();
    Words::of(&texts.join(" "))
}

/// True for the first line of what stands below all items: the value in words, or what is agreed besides.
pub(super) fn is_of_terms(row: &Row) -> bool {
    const STARTS: &[&str] = &[
        "THIS PURCHASE ORDER",
        "TERMS",
        "GENERAL TERMS",
        "SPECIAL TERMS",
        "STANDARD TERMS",
        "OTHER TERMS",
        "CONDITIONS",
        "AMOUNT IN WORDS",
        "AMOUNT (IN WORDS)",
        "TOTAL IN WORDS",
        "TOTAL AMOUNT IN WORDS",
        "VALUE IN WORDS",
        "RUPEES IN WORDS",
    ];
    row.starts_with_any(STARTS)
}

/// True for digits alone that are too many for a number of anything.
pub(super) fn is_only_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 8 && text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace())
}

/// The buyer's address: a state and a city in capitals and little else.
pub(super) fn is_address(line: &str) -> bool {
    const MAX_WORDS: usize = 6;
    let is_capitals = !line.chars().any(char::is_lowercase);
    let words: Vec<String> = text::words(line);
    let joined = words.join(" ");
    let has_state = STATES.iter().any(|state| {
        joined
            .strip_prefix(state)
            .is_some_and(|rest| rest.starts_with(' '))
            || joined.strip_suffix(state).is_some_and(|rest| rest.ends_with(' '))
    });
    is_capitals && has_state && words.len() <= MAX_WORDS
}
