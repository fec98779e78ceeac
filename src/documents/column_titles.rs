//! What the title of a column of an item table says that the column holds.

use super::discounts::DiscountKind;
use super::labels::Words;

const AMOUNT: &[&str] = &["TOTAL", "AMOUNT", "AMT", "VALUE"];
const TAX: &[&str] = &["GST", "TAX", "CGST", "SGST", "IGST", "UTGST", "TAXES"];
/// Taxes that are printed in a column each and add up.
const PARTIAL_TAX: &[&str] = &["CGST", "SGST", "IGST", "UTGST"];
/// With one of these an amount includes its tax, without it is before tax.
const INCLUDING: &[&str] = &["INCL", "INCLUDING", "INCLUSIVE", "INC", "WITH", "AFTER"];
const EXCLUDING: &[&str] = &[
    "EXCL",
    "EXCLUDING",
    "EXCLUSIVE",
    "EXC",
    "WITHOUT",
    "WO",
    "BEFORE",
    "EXTRA",
];
const DISCOUNT: &[&str] = &["DISCOUNT", "DISC", "DISCT", "REBATE", "DISCOUNTED"];
/// With one of these a price or an amount is what is left of it after a discount.
const NET: &[&str] = &["NET", "AFTER", "DISCOUNTED", "POST"];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    TotalWithGst,
    Hsn,
    /// A tax rate in percent; the flag is true for one of several partial taxes.
    TaxRate(bool),
    TaxAmount(bool),
    Quantity,
    Rate,
    /// What is taken off quantity times rate.
    Discount(DiscountKind),
    Unit,
    Total,
    Description,
    Serial,
}

/// The title of one column.
pub(super) struct Title {
    pub(super) words: Words,
    /// Tax is added with a sign, as in "Total + GST".
    adds_tax: bool,
}

impl Title {
    pub(super) fn of(text: &str) -> Self {
        let compact: String = text
            .to_uppercase()
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let adds_tax = ["+GST", "+TAX", "&GST", "&TAX"]
            .iter()
            .any(|sign| compact.contains(sign));
        Self {
            words: Words::of(text),
            adds_tax,
        }
    }

    pub(super) fn is_serial(&self) -> bool {
        self.words.has_any(&["SR", "SL", "SRNO", "SLNO", "SNO"])
            || self.words.start_with(&["S", "NO"])
            || self.words.are(&["NO"])
            || self.words.are(&["#"])
    }

    pub(super) fn is_description(&self) -> bool {
        let names = self.words.has_prefix("DESC")
            || self
                .words
                .has_any(&["BOQ", "PARTICULAR", "PARTICULARS", "PRODUCT", "PRODUCTS", "NAME"]);
        names && !self.is_serial() && !self.words.has_any(&["CODE", "NO", "NUMBER", "ID", "#"])
    }

    pub(super) fn is_item(&self) -> bool {
        self.words.has_any(&["ITEM", "ITEMS"])
    }

    pub(super) fn is_quantity(&self) -> bool {
        self.words.has("QTY") || self.words.has_prefix("QUAN")
    }

    pub(super) fn is_price(&self) -> bool {
        self.words.has_any(&["RATE", "PRICE"]) || self.words.has("UNIT") && self.words.has("COST")
    }

    /// True for how many are in something, or what became of them, which is not how many are ordered.
    pub(super) fn is_other_quantity(&self) -> bool {
        self.words.has_any(&[
            "PER", "BOX", "PACK", "PKT", "CARTON", "CASE", "CTN", "UNIT", "FREE", "BALANCE", "PENDING",
            "RECEIVED", "PREVIOUS", "STOCK",
        ])
    }

    /// True for a price that no discount is taken off any more.
    pub(super) fn is_net_price(&self) -> bool {
        self.words.has_any(NET)
    }

    /// True for the amount that the tax is reckoned of, after any discount.
    pub(super) fn is_taxable(&self) -> bool {
        self.words.has_any(&["TAXABLE", "ASSESSABLE"]) || self.is_after_discount() && self.words.has_any(NET)
    }

    /// The discount that a column holds, unless its title speaks of an amount or price before or after it.
    fn discount(&self) -> Option<DiscountKind> {
        let words = &self.words;
        if !words.has_any(DISCOUNT) || words.has_any(NET) || words.has_any(EXCLUDING) {
            return None;
        }
        let is_percent = words.has_any(&["%", "PERCENT", "PERCENTAGE", "PCT", "RATE"]);
        let is_amount = words.has_any(AMOUNT) || words.has_any(&["RS", "INR", "RUPEES"]);
        Some(match (is_percent, is_amount) {
            (true, false) => DiscountKind::Percent,
            (false, true) => DiscountKind::Amount,
            _ => DiscountKind::Open,
        })
    }

    /// True if the title says that tax is included.
    pub(super) fn says_with_tax(&self) -> bool {
        let including =
            |word: &str| INCLUDING.contains(&word) && !(word == "AFTER" && self.is_after_discount());
        self.words.iter().any(including) || self.adds_tax
    }

    /// "After" is after the discount, unless a tax is named too.
    fn is_after_discount(&self) -> bool {
        self.words.has_any(DISCOUNT) && !self.words.has_any(TAX)
    }

    /// The field, tested in an order in which the more telling words come first: "Tax Rate" is no rate.
    pub(super) fn field(&self, has_description: bool) -> Option<Field> {
        let words = &self.words;
        let is_amount = words.has_any(AMOUNT);
        let excludes = words.has_any(EXCLUDING);
        let includes = !excludes && self.says_with_tax();
        let is_tax = words.has_any(TAX) && !excludes && !includes;
        let is_partial = words.has_any(PARTIAL_TAX);
        let is_rate = words.has_any(&["RATE", "%", "PERCENT", "PERCENTAGE"]);
        if let Some(kind) = self.discount() {
            Some(Field::Discount(kind))
        } else if words.has("GROSS") && !words.has("WEIGHT") || includes && is_amount {
            Some(Field::TotalWithGst)
        } else if words.has_any(&["HSN", "SAC"]) {
            Some(Field::Hsn)
        } else if is_tax && is_rate && !is_amount {
            Some(Field::TaxRate(is_partial))
        } else if is_tax {
            Some(Field::TaxAmount(is_partial))
        } else if self.is_quantity() {
            Some(Field::Quantity)
        } else if self.is_price() && !words.has("TOTAL") {
            // A price that includes its tax is no rate before tax.
            (!includes).then_some(Field::Rate)
        } else if words.has_any(&["UNIT", "UNITS", "UOM"]) || words.are(&["PER"]) {
            Some(Field::Unit)
        } else if is_amount || words.has_any(&["NET", "TAXABLE", "SUBTOTAL"]) {
            Some(Field::Total)
        } else if self.is_description() || !has_description && self.is_item() {
            Some(Field::Description)
        } else {
            let is_serial = self.is_serial() || words.has("NO") || has_description && self.is_item();
            is_serial.then_some(Field::Serial)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_title_means_one_thing() {
        for (title, field) in [
            ("Amount incl. GST", Some(Field::TotalWithGst)),
            ("Total + GST", Some(Field::TotalWithGst)),
            ("Total (with tax)", Some(Field::TotalWithGst)),
            ("Amount excl. GST", Some(Field::Total)),
            ("Total before tax", Some(Field::Total)),
            ("Taxable Value", Some(Field::Total)),
            ("Total Price", Some(Field::Total)),
            ("Net", Some(Field::Total)),
            ("GST %", Some(Field::TaxRate(false))),
            ("GST Rate", Some(Field::TaxRate(false))),
            ("CGST %", Some(Field::TaxRate(true))),
            ("GST Amount", Some(Field::TaxAmount(false))),
            ("Total Tax", Some(Field::TaxAmount(false))),
            ("CGST+SGST", Some(Field::TaxAmount(true))),
            ("CGST Amt", Some(Field::TaxAmount(true))),
            ("Unit Price", Some(Field::Rate)),
            ("Rate (excl. GST)", Some(Field::Rate)),
            ("Rate incl. GST", None),
            ("Total Qty", Some(Field::Quantity)),
            ("Quantity (Nos)", Some(Field::Quantity)),
            ("Unit", Some(Field::Unit)),
            ("UOM", Some(Field::Unit)),
            ("per", Some(Field::Unit)),
            ("Rate per unit", Some(Field::Rate)),
            ("Discount Amount", Some(Field::Discount(DiscountKind::Amount))),
            ("Disc. Amt", Some(Field::Discount(DiscountKind::Amount))),
            ("Less Discount (Rs.)", Some(Field::Discount(DiscountKind::Amount))),
            ("Disc %", Some(Field::Discount(DiscountKind::Percent))),
            ("Discount", Some(Field::Discount(DiscountKind::Open))),
            ("Net amount after discount", Some(Field::Total)),
            ("Amount before discount", Some(Field::Total)),
            ("Amount after disc.", Some(Field::Total)),
            ("Amount after tax", Some(Field::TotalWithGst)),
            ("Rate after discount", Some(Field::Rate)),
            ("Discounted rate", Some(Field::Rate)),
            ("Product Name", Some(Field::Description)),
            ("Item Code", Some(Field::Serial)),
            ("S.No", Some(Field::Serial)),
            ("Remarks", None),
        ] {
            assert_eq!(Title::of(title).field(true), field, "{title}");
        }
        assert_eq!(Title::of("Item").field(false), Some(Field::Description));
    }
}
