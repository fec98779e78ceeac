//! The code of the store an order is for.
//!
//! A labelled code counts, and else a code that stands free in the delivery address; there is no guess from the rest of
//! the sheet, where fiscal years and company numbers look the same.

use super::grid::Grid;
use super::labels::{Words, labels};
use super::text;

/// Letters that stand before digits in an address without being a store's code.
const NO_CODES: &[&str] = &[
    "AY", "BLDG", "BLK", "BLOCK", "CIN", "CM", "CTS", "EXT", "FL", "FLAT", "FLOOR", "FLR", "FT", "FY",
    "GALA", "GATE", "GAT", "GST", "HSN", "KH", "KM", "LANE", "MM", "MOB", "MTR", "NH", "NO", "PAN", "PH",
    "PHASE", "PI", "PIN", "PLOT", "PLT", "PO", "RD", "ROAD", "ROOM", "ROW", "SAC", "SEC", "SECTOR", "SFT",
    "SH", "SHOP", "SNO", "SQFT", "SQM", "SURVEY", "SY", "TEL", "UNIT", "WARD", "WING", "JAN", "FEB", "MAR",
    "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "SEPT", "OCT", "NOV", "DEC",
];
/// Words that make the next token something else than a store's code.
const INTRODUCERS: &[&str] = &[
    "BLK", "BLOCK", "BLDG", "BUILDING", "DNO", "DOOR", "FLAT", "FLOOR", "GALA", "GSTIN", "HSN", "NO", "PAN",
    "PI", "PIN", "PLOT", "PO", "ROOM", "SAC", "SECTOR", "SHOP", "SURVEY", "UNIT", "WING", "GATE", "HNO",
    "HOUSE", "LANE", "PILLAR", "PHASE", "TOWER", "WARD",
];
/// Letters of the states that stand before a pin code.
const STATES: &[&str] = &[
    "AP", "AR", "AS", "BR", "CG", "CH", "DL", "GA", "GJ", "HP", "HR", "JH", "JK", "KA", "KL", "LA", "MH",
    "ML", "MN", "MP", "MZ", "NL", "OD", "OR", "PB", "PY", "RJ", "SK", "TG", "TN", "TR", "TS", "UK", "UP",
    "WB",
];
const PIN_DIGITS: usize = 6;

/// True for the labels of a store's code.
pub(super) fn is_store_label(words: &Words) -> bool {
    let is_code = words.has_any(&["ID", "CODE"]);
    let is_place = is_code && words.has_any(&["STORE", "SITE", "OUTLET"])
        || words.has("CODE") && words.has_any(&["BRANCH", "LOCATION"])
        || words.has("STORE") && words.has_any(&["NO", "NUMBER", "#"]);
    let is_alone = ["STORE", "OUTLET", "BRANCH"]
        .iter()
        .any(|place| words.are(&[*place]));
    let is_short = words.are_among(&[
        "STORE", "SITE", "OUTLET", "BRANCH", "LOCATION", "ID", "CODE", "NO", "NUMBER", "#",
    ]);
    is_alone || is_place && is_short
}

/// The store's code from the labels of the rows up to `last_row`, else from the first address that holds one.
/// `known` are texts that are something else, such as the order's own number.
pub(super) fn find(
    grid: &Grid,
    last_row: usize,
    addresses: &[Option<&str>],
    known: &[Option<&str>],
) -> Option<String> {
    let labelled = labels(grid, last_row)
        .into_iter()
        .filter(|label| is_store_label(&label.words))
        .find_map(|label| label.text(grid, last_row).and_then(|text| code_in(&text)));
    labelled.or_else(|| {
        let known: Vec<String> = known.iter().flatten().map(|text| text.to_uppercase()).collect();
        addresses
            .iter()
            .flatten()
            .find_map(|address| free_code(address, &known))
    })
}

/// The first run of letters, digits, `/`, `-` and `_`, 3 to 20 long, with a digit.
fn code_in(text: &str) -> Option<String> {
    let runs = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_')));
    let mut codes = runs.map(|run| run.trim_matches(['/', '-', '_']));
    codes
        .find(|run| {
            (3..=20).contains(&run.len())
                && run.contains(|c: char| c.is_ascii_digit())
                && text::date(run).is_none()
        })
        .map(str::to_owned)
}

/// The first free-standing token of 2 to 6 letters and then 2 to 6 digits.
fn free_code(address: &str, known: &[String]) -> Option<String> {
    // What a word says of the next one ends with a comma: "Store Lane, ASN017" names a store, "Lane ASN017" does not.
    let parts = address.split([',', ';']).flat_map(|part| {
        let words = part.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ':'));
        words.enumerate().map(|(place, word)| (place == 0, word))
    });
    let mut previous = String::new();
    for (is_first, word) in parts {
        if is_first {
            previous.clear();
        }
        let token = word.trim_matches(['.', '"', '\'']).to_uppercase();
        if token.is_empty() {
            continue;
        }
        let letters = token.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = token.len().saturating_sub(letters.len());
        let is_code = (2..=6).contains(&letters.len())
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
            && (2..=6).contains(&digits)
            && !NO_CODES.contains(&letters)
            && !(digits == PIN_DIGITS && STATES.contains(&letters))
            && !INTRODUCERS.contains(&previous.as_str())
            && !known.contains(&token);
        if is_code {
            return Some(token);
        }
        // "H.No." and "D.No." say what "No" does.
        previous = token.replace('.', "");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_labelled_code_wins() {
        for (rows, code) in [
            (
                &[&["Store ID", "ST-104"] as &[&str]] as &[&[&str]],
                Some("ST-104"),
            ),
            (&[&["Store: ST-104 (Andheri)"]], Some("ST-104")),
            (&[&["Branch Code:", "", "MUM/12"]], Some("MUM/12")),
            (&[&["Site Code", "104"]], Some("104")),
            (&[&["Store", "Andheri West"]], None),
            (&[&["Store Name", "ST-104"]], None),
            (&[&["CIN: U12 345 MH", "FY25"]], None),
        ] {
            assert_eq!(
                find(&Grid::of(rows), 5, &[Some("nowhere")], &[]).as_deref(),
                code,
                "{rows:?}"
            );
        }
    }

    #[test]
    fn a_code_in_the_address_stands_free_and_is_nothing_else() {
        for (address, code) in [
            ("Example Retail st104, Andheri", Some("ST104")),
            ("Shop 4, MUMB0123.", Some("MUMB0123")),
            ("PIN400001 HSN9403 F1 FL02 PLOT12 SQFT1200 FEB26 FY25", None),
            ("Plot AB12, Unit CD34", None),
            ("U12-345 ABC12-7 27AAAAA0000A1Z5", None),
            ("Against PI AB1234", None),
            ("Sector 62 Noida UP201301", None),
            (
                "H.No. AB123, Tower TW12, Near Metro Pillar MP123, Ward WD14",
                None,
            ),
            ("Tower B, MP123", Some("MP123")),
            ("9 Store Lane, ASN017, Thane 400601", Some("ASN017")),
            ("9 Store Lane ASN017, Thane 400601", None),
            ("see XY4500", None),
            ("Mumbai 400001", None),
        ] {
            let known = [Some("XY4500"), None];
            assert_eq!(
                find(&Grid::of(&[]), 5, &[None, Some(address)], &known).as_deref(),
                code,
                "{address}"
            );
        }
    }
}
