//! The words by which rows of totals are known, below an item table and between its items.

use super::labels::Words;

/// A longer text is a sentence, not the label of a total.
const MAX_WORDS: usize = 8;
const INCLUDING: &[&str] = &["INCL", "INCLUDING", "INCLUSIVE", "INC", "WITH", "AFTER"];
const SUMS: &[&str] = &["TOTAL", "VALUE", "AMOUNT", "AMT"];
/// With one of these before it, a sum is one of the whole document.
const WHOLE: &[&str] = &["GRAND", "INVOICE", "ORDER", "BILL", "FINAL", "PO", "PI"];
/// With one of these, it may be one before or after tax.
const OPEN: &[&str] = &["NET", "GROSS"];
const BEFORE_TAX: &[&str] = &["TAXABLE", "BASIC", "BASE", "ASSESSABLE"];
const BESIDES: &[&str] = &["THE", "OF", "IN", "RS", "INR", "RUPEES"];

/// What a row of totals states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    Cgst,
    Sgst,
    Igst,
    /// All tax in one figure.
    Tax,
    Subtotal,
    GrandTotal,
    /// "Total" alone: before tax as a rule, unless what stands around it says otherwise.
    PlainTotal,
}

impl Figure {
    pub(super) fn of(words: &Words) -> Option<Self> {
        if words.len() > MAX_WORDS || words.has_any(&["WORDS", "WORD"]) || is_forward(words) {
            return None;
        }
        let (cgst, sgst, igst) = (
            words.has("CGST"),
            words.has_any(&["SGST", "UTGST"]),
            words.has("IGST"),
        );
        let is_total = words.start_with(&["TOTAL"]) || words.start_with(&["NET", "TOTAL"]);
        let is_grand = words.start_with(&["GRAND", "TOTAL"])
            || words.start_with(&["PI", "TOTAL"])
            || words.start_with(&["NET", "PAYABLE"])
            || words.start_with(&["AMOUNT", "DUE"])
            || is_sum(words, WHOLE)
            || is_total && (words.has_any(INCLUDING) || words.has("PAYABLE"));
        match [cgst, sgst, igst].into_iter().filter(|has| *has).count() {
            0 => {}
            1 if cgst => return Some(Self::Cgst),
            1 if sgst => return Some(Self::Sgst),
            1 => return Some(Self::Igst),
            _ => return Some(Self::Tax),
        }
        if words.has_any(&["QTY", "QUANTITY", "WEIGHT", "DISCOUNT", "ADVANCE"]) {
            None
        } else if is_grand {
            Some(Self::GrandTotal)
        } else if words.start_with(&["SUB", "TOTAL"])
            || words.start_with(&["SUBTOTAL"])
            || words.start_with(&["TAXABLE"])
            || is_sum(words, BEFORE_TAX)
            || is_total && words.has_any(&["TAXABLE", "BEFORE", "EXCLUDING", "EXCL", "WITHOUT"])
        {
            Some(Self::Subtotal)
        } else if is_tax(words) {
            Some(Self::Tax)
        } else {
            (is_total || is_sum(words, OPEN) || ends_as_total(words)).then_some(Self::PlainTotal)
        }
    }

    /// The field of the document that the figure is about.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Cgst => "po_details.cgst",
            Self::Sgst => "po_details.sgst",
            Self::Igst => "po_details.igst",
            Self::Tax => "po_details.total_tax",
            Self::Subtotal => "po_details.subtotal",
            Self::GrandTotal | Self::PlainTotal => "po_details.total_amount",
        }
    }

    pub(super) fn is_tax(self) -> bool {
        matches!(self, Self::Cgst | Self::Sgst | Self::Igst | Self::Tax)
    }

    /// True for a sum that the items of a section may have as well as the whole document.
    pub(super) fn may_be_of_section(self) -> bool {
        matches!(self, Self::Subtotal | Self::PlainTotal)
    }
}

/// True if a text begins as the label of a total does.
pub(super) fn starts_as_total(words: &Words) -> bool {
    const SINGLE: &[&str] = &["TOTAL", "SUBTOTAL", "CGST", "SGST", "IGST", "UTGST"];
    const DOUBLE: &[&[&str]] = &[
        &["SUB", "TOTAL"],
        &["GRAND", "TOTAL"],
        &["NET", "TOTAL"],
        &["NET", "PAYABLE"],
        &["AMOUNT", "DUE"],
        &["PI", "TOTAL"],
        &["ROUND", "OFF"],
    ];
    let mut rest = words
        .iter()
        .skip_while(|word| matches!(*word, "ADD" | "PLUS" | "OUTPUT"));
    rest.next().is_some_and(|word| SINGLE.contains(&word))
        || DOUBLE.iter().any(|label| words.start_with(label))
        || is_tax(words)
}

/// True for a label that names a sum and could, with a quantity and a rate, name goods as well: "Basic Amount".
pub(super) fn may_be_total(words: &Words) -> bool {
    [WHOLE, OPEN, BEFORE_TAX].iter().any(|kind| is_sum(words, kind))
        || is_deduction(words)
        || ends_as_total(words)
}

/// True for the total of something that is named first: "Civil Works Total".
fn ends_as_total(words: &Words) -> bool {
    words.len() <= MAX_WORDS && words.iter().last() == Some("TOTAL")
}

/// True for a sum of this kind and nothing else.
fn is_sum(words: &Words, kind: &[&str]) -> bool {
    let lists = [SUMS, WHOLE, OPEN, BEFORE_TAX, BESIDES];
    let is_known = |word: &str| lists.iter().any(|list| list.contains(&word));
    words.has_any(SUMS) && words.has_any(kind) && words.iter().all(is_known)
}

/// True for a label of a total that names nothing of which it could be besides the whole: "Total Amount (Rs.)".
pub(super) fn is_sum_of_all(words: &Words) -> bool {
    let lists = [SUMS, WHOLE, OPEN, BESIDES];
    words
        .iter()
        .all(|word| lists.iter().any(|list| list.contains(&word)) || word == "PAYABLE")
}

/// True for a label that fits the total of a whole document, though it may name a sum before tax: "Net Total", "Total Amount".
pub(super) fn names_document(words: &Words) -> bool {
    is_sum_of_all(words) && words.has_any(&["NET", "AMOUNT", "AMT", "VALUE", "PAYABLE"])
}

/// True for what takes something off the sum of the items.
pub(super) fn is_deduction(words: &Words) -> bool {
    words.len() <= MAX_WORDS
        && (words.start_with(&["LESS"])
            || words.start_with(&["DISCOUNT"])
            || words.start_with(&["REBATE"])
            || words.len() <= 4 && words.has("DISCOUNT"))
}

/// True for a text that begins as those do that close a document.
pub(super) fn is_closing(words: &Words) -> bool {
    const OPENINGS: &[&[&str]] = &[
        &["AMOUNT", "IN", "WORDS"],
        &["AMOUNT", "IN", "WORD"],
        &["AMT", "IN", "WORDS"],
        &["AMOUNT", "CHARGEABLE"],
        &["TOTAL", "AMOUNT", "IN", "WORDS"],
        &["TOTAL", "IN", "WORDS"],
        &["IN", "WORDS"],
        &["RUPEES"],
        &["INR"],
        &["TERMS"],
        &["TERM", "AND", "CONDITIONS"],
        &["GENERAL", "TERMS"],
        &["PAYMENT", "TERMS"],
        &["DELIVERY", "TERMS"],
        &["BANK", "DETAILS"],
        &["BANK", "NAME"],
        &["DECLARATION"],
        &["AUTHORISED", "SIGNATORY"],
        &["AUTHORIZED", "SIGNATORY"],
        &["EOE"],
        &["E", "OE"],
    ];
    let opens = OPENINGS.iter().any(|opening| words.start_with(opening));
    // A sum of money in words ends so.
    let is_money = words.start_with(&["RUPEES"]) || words.start_with(&["INR"]);
    opens && (!is_money || words.iter().last() == Some("ONLY"))
}

/// True for the sum of a page that is repeated on the next one.
pub(super) fn is_forward(words: &Words) -> bool {
    words.len() <= MAX_WORDS
        && (words.has_any(&["CARRIED", "BROUGHT", "CARRY"]) && words.has_any(&["FORWARD", "OVER", "DOWN"])
            || words.start_with(&["CF"])
            || words.start_with(&["BF"])
            || words.start_with(&["TOTAL", "CF"])
            || words.start_with(&["TOTAL", "BF"]))
}

/// True for `GST`, `Tax` and the like with a rate, and for nothing that could be goods.
fn is_tax(words: &Words) -> bool {
    const TAX: &[&str] = &["GST", "TAX", "TAXES"];
    const BESIDES: &[&str] = &[
        "ADD", "AMOUNT", "AMT", "AT", "PLUS", "RATE", "RS", "INR", "TOTAL", "ON", "THE", "%",
    ];
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_rated = |word: &str| word.strip_prefix("GST").is_some_and(is_number);
    words.iter().any(|word| TAX.contains(&word) || is_rated(word))
        && words
            .iter()
            .all(|word| TAX.contains(&word) || BESIDES.contains(&word) || is_number(word) || is_rated(word))
}

/// True for a label of a total that says nothing else but which section it is of: "Total (A)".
pub(super) fn says_only_total(words: &Words) -> bool {
    const TOTALS: &[&str] = &[
        "TOTAL", "SUB", "SUBTOTAL", "GRAND", "NET", "PI", "AMOUNT", "PAYABLE", "DUE", "CGST", "SGST", "IGST",
        "UTGST", "GST", "TAX", "%", "RS", "INR",
    ];
    let is_short = |word: &str| word.len() == 1;
    words.has_any(TOTALS)
        && words
            .iter()
            .all(|word| TOTALS.contains(&word) || is_short(word) || matches!(word, "SECTION" | "PART"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_label_names_one_figure() {
        for (label, figure) in [
            ("Sub Total", Some(Figure::Subtotal)),
            ("Taxable Value", Some(Figure::Subtotal)),
            ("Basic Amount (Rs.)", Some(Figure::Subtotal)),
            ("Basic Total", Some(Figure::Subtotal)),
            ("Net Amount", Some(Figure::PlainTotal)),
            ("Total (A)", Some(Figure::PlainTotal)),
            ("Civil Works Total", Some(Figure::PlainTotal)),
            ("Total Section A", Some(Figure::PlainTotal)),
            ("Grand Total (A+B)", Some(Figure::GrandTotal)),
            ("Invoice Value", Some(Figure::GrandTotal)),
            ("Add GST 18%", Some(Figure::Tax)),
            ("Total GST", Some(Figure::Tax)),
            ("Total Tax Amount", Some(Figure::Tax)),
            ("CGST @ 9%", Some(Figure::Cgst)),
            ("Total amount in words", None),
            ("Total C/F", None),
            ("Total Qty", None),
            ("Amount of sand as measured", None),
            ("Order of the wall", None),
        ] {
            assert_eq!(Figure::of(&Words::of(label)), figure, "{label}");
        }
    }

    #[test]
    fn a_tax_may_be_added_in_words() {
        for label in ["Add: IGST", "Output CGST 9%", "Add SGST @ 9%", "Plus GST 18%"] {
            assert!(starts_as_total(&Words::of(label)), "{label}");
        }
        assert!(!starts_as_total(&Words::of("Output panel of the total station")));
    }

    #[test]
    fn a_document_closes_with_its_terms_or_its_sum_in_words() {
        for text in [
            "Amount in words: Rupees one lakh only",
            "Amount Chargeable (in words)",
            "Rupees Five Thousand Only",
            "Terms & Conditions:",
            "Payment terms: 30 days",
            "Bank details",
            "E. & O.E",
        ] {
            assert!(is_closing(&Words::of(text)), "{text}");
        }
        for text in [
            "Terminal block",
            "Words in brass letters",
            "Rupees symbol in acrylic",
            "Bank counter",
        ] {
            assert!(!is_closing(&Words::of(text)), "{text}");
        }
    }

    #[test]
    fn pages_are_carried_forward_and_discounts_are_taken_off() {
        for label in [
            "Carried forward",
            "B/F",
            "c/f to page 2",
            "Total carried over",
            "Brought Forward",
        ] {
            assert!(is_forward(&Words::of(label)), "{label}");
        }
        assert!(!is_forward(&Words::of("Forward caps")));
        assert!(
            is_deduction(&Words::of("Less: Discount")) && is_deduction(&Words::of("Special discount 5%"))
        );
        assert!(!is_deduction(&Words::of("Lessons in discount trading for staff")));
    }
}
