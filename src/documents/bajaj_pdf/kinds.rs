//! What titles say: the kind of what stands below each, and which of several titles of one kind is meant.

use super::titles::Title;

/// What stands below a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// The number of the line.
    Number,
    Description,
    Quantity,
    Unit,
    /// Of one unit, before tax.
    Price,
    /// What is taken off: neither price nor amount.
    Discount,
    /// Before tax.
    Amount,
    /// In percent.
    TaxRate,
    Tax,
    /// The amount with tax.
    Gross,
    Hsn,
    /// When the item is needed.
    Date,
    /// A figure that is none of these: a part of the amount, or one beside that which is meant.
    Besides,
    Other,
}

impl Kind {
    /// True if a figure stands below such a title, and nothing else.
    pub(super) fn is_of_figures(self) -> bool {
        match self {
            Self::Quantity
            | Self::Price
            | Self::Discount
            | Self::Amount
            | Self::TaxRate
            | Self::Tax
            | Self::Gross
            | Self::Besides => true,
            Self::Number | Self::Description | Self::Unit | Self::Hsn | Self::Date | Self::Other => false,
        }
    }
}

/// The kind that the words of a title, upper-case, name.
pub(super) fn kind_of(names: &[String]) -> Kind {
    let has = |words: &[&str]| names.iter().any(|name| words.contains(&name.as_str()));
    let has_tax = has(&["GST", "TAX", "CGST", "SGST", "UTGST", "IGST", "CESS", "VAT"]);
    let is_amount = has(&["AMOUNT", "AMT", "TOTAL", "SUBTOTAL", "VALUE", "NET", "SUB"]);
    let is_price = has(&["PRICE", "RATE", "COST"]);
    let is_before_tax = has(&["EXCL", "EXCLUDING", "EXCLUSIVE", "BEFORE", "WITHOUT"]);
    let is_with_tax = !is_before_tax && has(&["INCL", "INCLUDING", "INCLUSIVE", "WITH"]);
    if has(&["LINE", "SR", "SL"]) && !is_amount && !is_price {
        Kind::Number
    } else if has(&["DESCRIPTION", "PARTICULARS"]) {
        Kind::Description
    } else if has(&["HSN", "SAC"]) {
        Kind::Hsn
    } else if has(&["DISC", "DISCOUNT", "REBATE"]) {
        Kind::Discount
    } else if has_tax && !is_with_tax && !is_before_tax {
        if has(&["%", "RATE"]) {
            Kind::TaxRate
        } else {
            Kind::Tax
        }
    } else if (is_with_tax || has(&["GROSS"])) && !is_price {
        Kind::Gross
    } else if has(&["QTY", "QUANTITY", "QUAN"]) {
        Kind::Quantity
    } else if is_price && !has(&["TOTAL"]) || has(&["UNIT"]) && has(&["VALUE"]) {
        Kind::Price
    } else if has(&["UNIT", "UNITS", "UOM"]) {
        Kind::Unit
    } else if is_amount || is_price || has(&["TAXABLE"]) {
        Kind::Amount
    } else if has(&["NEED", "NEEDED", "REQUIRED", "DELIVERY", "DATE"]) {
        Kind::Date
    } else if has(&[
        "FREIGHT",
        "CHARGES",
        "INSURANCE",
        "INSTALLATION",
        "LABOUR",
        "LABOR",
    ]) {
        Kind::Besides
    } else {
        Kind::Other
    }
}

/// True for a word that says of an amount that it lacks its tax.
fn is_before_tax(name: &str) -> bool {
    matches!(
        name,
        "TAXABLE" | "EXCL" | "EXCLUDING" | "EXCLUSIVE" | "BEFORE" | "WITHOUT"
    )
}

/// Which of several amounts is that of the line before tax. What stands between two amounts is tax only if it is titled so:
/// of the amounts before it, and where there is none of all, the last is the whole.
fn own_amount(all: &[(Title, Vec<String>)], amounts: &[usize], discount: Option<usize>) -> Option<usize> {
    let is_named = |at: &&usize| {
        let names = all.get(**at).map(|(_, names)| names.as_slice());
        let mut names = names.unwrap_or_default().iter();
        names.any(|name| is_before_tax(name))
    };
    let is_tax = |at: usize| {
        let kind = all.get(at).map(|(title, _)| title.kind);
        matches!(kind, Some(Kind::Tax | Kind::TaxRate | Kind::Gross))
    };
    let first = amounts.first().copied();
    let tax = (0..all.len()).find(|at| is_tax(*at) && first.is_some_and(|first| first < *at));
    let has_rate_before = (0..all.len()).any(is_tax);
    let whole = || match tax {
        Some(tax) => amounts.iter().rev().find(|at| **at < tax),
        // With a tax left of all amounts, the last has it.
        None if has_rate_before => amounts
            .iter()
            .find(|at| discount.is_none_or(|discount| **at > discount)),
        None => amounts.last(),
    };
    amounts
        .iter()
        .find(is_named)
        .or_else(whole)
        .or(amounts.first())
        .copied()
}

/// Where several titles name the same, settles which of them is meant.
pub(super) fn settle(all: &mut [(Title, Vec<String>)]) {
    let places = |all: &[(Title, Vec<String>)], kind: Kind| -> Vec<usize> {
        let places = all.iter().enumerate();
        places
            .filter(|(_, (title, _))| title.kind == kind)
            .map(|(at, _)| at)
            .collect()
    };
    let set = |all: &mut [(Title, Vec<String>)], at: usize, kind: Kind| {
        if let Some((title, _)) = all.get_mut(at) {
            title.kind = kind;
        }
    };
    let discount = places(all, Kind::Discount).first().copied();
    // What is called gross left of a discount is the amount before it.
    for at in places(all, Kind::Gross) {
        if discount.is_some_and(|discount| at < discount) {
            set(all, at, Kind::Besides);
        }
    }
    let amounts = places(all, Kind::Amount);
    let own = own_amount(all, &amounts, discount);
    let last = amounts.last().copied();
    let has_gross = !places(all, Kind::Gross).is_empty();
    let names_tax = |at: usize| {
        all.get(at)
            .is_some_and(|(_, names)| names.iter().any(|name| is_before_tax(name)))
    };
    let has_tax = own.is_some_and(names_tax)
        || [Kind::Tax, Kind::TaxRate]
            .iter()
            .any(|kind| !places(all, *kind).is_empty());
    for at in amounts {
        if Some(at) != own {
            let is_gross = has_tax && Some(at) == last && own.is_some_and(|own| own < at) && !has_gross;
            set(all, at, if is_gross { Kind::Gross } else { Kind::Besides });
        }
    }
    for kind in [
        Kind::Number,
        Kind::Description,
        Kind::Quantity,
        Kind::Unit,
        Kind::Price,
        Kind::Gross,
        Kind::Hsn,
        Kind::Discount,
    ] {
        let further = if kind.is_of_figures() {
            Kind::Besides
        } else {
            Kind::Other
        };
        for at in places(all, kind).into_iter().skip(1) {
            set(all, at, further);
        }
    }
    // A tax in parts with its sum beside it is counted once.
    let taxes = places(all, Kind::Tax);
    let is_sum = |at: &usize| {
        all.get(*at)
            .is_some_and(|(_, names)| names.iter().any(|name| name == "TOTAL"))
    };
    if let Some(sum) = taxes.iter().copied().find(is_sum) {
        for at in taxes.into_iter().filter(|at| *at != sum) {
            set(all, at, Kind::Besides);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::text;

    #[test]
    fn titles_say_what_stands_below() {
        for (title, kind) in [
            ("Line #", Kind::Number),
            ("Line No.", Kind::Number),
            ("Line Total", Kind::Amount),
            ("Part # / Description", Kind::Description),
            ("Qty (Unit)", Kind::Quantity),
            ("UOM", Kind::Unit),
            ("Unit Price", Kind::Price),
            ("Rate (excl. GST)", Kind::Price),
            ("Disc. %", Kind::Discount),
            ("Taxable Value", Kind::Amount),
            ("Subtotal", Kind::Amount),
            ("GST %", Kind::TaxRate),
            ("Tax Rate", Kind::TaxRate),
            ("GST Amt", Kind::Tax),
            ("Total Tax", Kind::Tax),
            ("Total incl. GST", Kind::Gross),
            ("HSN/SAC", Kind::Hsn),
            ("Need By", Kind::Date),
            ("Type", Kind::Other),
        ] {
            assert_eq!(kind_of(&text::words(title)), kind, "{title}");
        }
    }

    #[test]
    fn of_several_amounts_one_is_that_before_tax() {
        for (titles, expected) in [
            (["Amount", "GST", "Total"], [Kind::Amount, Kind::Tax, Kind::Gross]),
            (
                ["Taxable Value", "IGST", "Amount"],
                [Kind::Amount, Kind::Tax, Kind::Gross],
            ),
            (
                ["Gross Amount", "Discount", "Net Amount"],
                [Kind::Besides, Kind::Discount, Kind::Amount],
            ),
            (
                ["CGST", "SGST", "Total Tax"],
                [Kind::Besides, Kind::Besides, Kind::Tax],
            ),
            // A gap between two amounts is tax only if something is titled as tax.
            (
                ["Amount", "Freight", "Total"],
                [Kind::Besides, Kind::Besides, Kind::Amount],
            ),
            (
                ["Supply Amt", "Inst. Amt", "Total Amount"],
                [Kind::Besides, Kind::Besides, Kind::Amount],
            ),
            (
                ["Taxable Value", "Type", "Amount"],
                [Kind::Amount, Kind::Other, Kind::Gross],
            ),
            (
                ["Supply Amt", "Amount", "GST"],
                [Kind::Besides, Kind::Amount, Kind::Tax],
            ),
        ] {
            let mut all: Vec<(Title, Vec<String>)> = titles
                .iter()
                .map(|title| {
                    let names = text::words(title);
                    let kind = kind_of(&names);
                    (Title { x: 0, end: 0, kind }, names)
                })
                .collect();
            settle(&mut all);
            assert!(all.iter().map(|(title, _)| title.kind).eq(expected), "{titles:?}");
        }
    }
}
