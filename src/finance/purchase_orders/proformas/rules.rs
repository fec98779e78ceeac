//! Whether the figures of an invoice agree with each other (uploads contract, section 5). What is not known counts as 0; a
//! line without tax is worth what it is before tax.

use rust_decimal::Decimal;

use crate::types::{Money, decimal};

/// What two figures may differ by: one paisa.
pub(in crate::finance::purchase_orders) const TOLERANCE: Money =
    Money(Decimal::from_parts(1, 0, 0, false, 2));

/// The figures of a whole invoice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::finance::purchase_orders) struct Paper {
    pub(in crate::finance::purchase_orders) subtotal: Option<Money>,
    pub(in crate::finance::purchase_orders) cgst: Option<Money>,
    pub(in crate::finance::purchase_orders) sgst: Option<Money>,
    pub(in crate::finance::purchase_orders) igst: Option<Money>,
    /// The stated tax, else that of the PO.
    pub(in crate::finance::purchase_orders) total_tax: Option<Money>,
    /// The stated value, else that of the PO.
    pub(in crate::finance::purchase_orders) grand_total: Option<Money>,
}

/// The figures of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::finance::purchase_orders) struct LineAmounts {
    pub(in crate::finance::purchase_orders) quantity: Option<Decimal>,
    pub(in crate::finance::purchase_orders) rate: Option<Decimal>,
    pub(in crate::finance::purchase_orders) taxable: Option<Money>,
    /// The tax, where it is known.
    pub(in crate::finance::purchase_orders) tax: Option<Money>,
    /// With tax; none without.
    pub(in crate::finance::purchase_orders) gross: Option<Money>,
}

/// Whether two figures are as good as equal.
pub(in crate::finance::purchase_orders) fn agree(one: Money, other: Money) -> bool {
    Money(one.0.saturating_sub(other.0).abs()) <= TOLERANCE
}

fn sum(amounts: impl IntoIterator<Item = Option<Money>>) -> Money {
    amounts.into_iter().flatten().sum()
}

/// Every contradiction, one sentence each.
pub(super) fn contradictions(paper: Paper, lines: &[LineAmounts]) -> Vec<String> {
    let subtotal = paper.subtotal.unwrap_or_default();
    let total_tax = paper.total_tax.unwrap_or_default();
    let grand_total = paper.grand_total.unwrap_or_default();
    let mut found = Vec::new();
    for (name, calculated, reported) in [
        ("Subtotal", sum(lines.iter().map(|line| line.taxable)), subtotal),
        ("Total tax", sum([paper.cgst, paper.sgst, paper.igst]), total_tax),
        ("Grand total", subtotal + total_tax, grand_total),
        (
            "Gross total",
            sum(lines.iter().map(|line| line.gross.or(line.taxable))),
            grand_total,
        ),
    ] {
        if !agree(calculated, reported) {
            found.push(mismatch(name, calculated, reported));
        }
    }
    for (number, line) in (1_u64..).zip(lines) {
        let quantity = line.quantity.unwrap_or_default();
        let calculated = quantity.saturating_mul(line.rate.unwrap_or_default());
        let calculated = Money(decimal::round(calculated, 2));
        let reported = line.taxable.unwrap_or_default();
        if !agree(calculated, reported) {
            found.push(mismatch(
                &format!("Line {number}: Taxable amount"),
                calculated,
                reported,
            ));
        }
        if let (Some(tax), Some(gross)) = (line.tax, line.gross)
            && !agree(reported + tax, gross)
        {
            found.push(mismatch(
                &format!("Line {number}: Gross amount"),
                reported + tax,
                gross,
            ));
        }
    }
    found
}

fn mismatch(name: &str, calculated: Money, reported: Money) -> String {
    format!(
        "{name} mismatch: Calculated {:.2} vs Reported {:.2}",
        calculated.0, reported.0
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;

    fn line(quantity: Decimal, rate: Decimal, taxable: Decimal, gross: Decimal) -> LineAmounts {
        LineAmounts {
            quantity: Some(quantity),
            rate: Some(rate),
            taxable: Some(Money(taxable)),
            tax: None,
            gross: Some(Money(gross)),
        }
    }

    /// 120.5 × 850 = 102 425; 24 × 1 450 = 34 800; together 137 225, 18 % of it 24 700.50, with it 161 925.50.
    fn invoice() -> (Paper, Vec<LineAmounts>) {
        let paper = Paper {
            subtotal: Some(Money(dec!(137225))),
            cgst: Some(Money(dec!(12350.25))),
            sgst: Some(Money(dec!(12350.25))),
            igst: None,
            total_tax: Some(Money(dec!(24700.50))),
            grand_total: Some(Money(dec!(161925.50))),
        };
        let lines = vec![
            line(dec!(120.5), dec!(850), dec!(102425), dec!(120861.50)),
            line(dec!(24), dec!(1450), dec!(34800), dec!(41064)),
        ];
        (paper, lines)
    }

    #[test]
    fn figures_that_agree_are_valid() {
        let (paper, lines) = invoice();
        assert_eq!(contradictions(paper, &lines), Vec::<String>::new());
        assert_eq!(contradictions(Paper::default(), &[]), Vec::<String>::new());
    }

    #[test]
    fn a_paisa_passes_and_two_do_not() {
        for (off, is_valid) in [
            (dec!(0.01), true),
            (dec!(-0.01), true),
            (dec!(0.02), false),
            (dec!(-0.02), false),
        ] {
            let (mut paper, lines) = invoice();
            paper.grand_total = Some(Money(dec!(161925.50) + off));
            assert_eq!(contradictions(paper, &lines).is_empty(), is_valid, "{off}");
        }
    }

    #[test]
    fn each_contradiction_names_both_figures() {
        let (mut paper, mut lines) = invoice();
        paper.subtotal = Some(Money(dec!(137226)));
        paper.igst = Some(Money(dec!(1)));
        paper.grand_total = Some(Money(dec!(161925)));
        lines[1].rate = Some(dec!(1449.9995));
        lines[0].quantity = None;
        assert_eq!(
            contradictions(paper, &lines),
            [
                "Subtotal mismatch: Calculated 137225.00 vs Reported 137226.00",
                "Total tax mismatch: Calculated 24701.50 vs Reported 24700.50",
                "Grand total mismatch: Calculated 161926.50 vs Reported 161925.00",
                "Gross total mismatch: Calculated 161925.50 vs Reported 161925.00",
                "Line 1: Taxable amount mismatch: Calculated 0.00 vs Reported 102425.00",
            ]
        );
        // 24 × 1 449.9994 = 34 799.9856, rounded 34 799.99; 24 × 1 449.999 = 34 799.976, rounded 34 799.98.
        lines[1].rate = Some(dec!(1449.9994));
        assert_eq!(contradictions(paper, &lines).len(), 5);
        lines[1].rate = Some(dec!(1449.999));
        assert_eq!(contradictions(paper, &lines).len(), 6);
    }

    #[test]
    fn the_tax_of_a_line_is_what_its_gross_amount_adds() {
        let (paper, mut lines) = invoice();
        lines[0].tax = Some(Money(dec!(18436.50)));
        lines[1].tax = Some(Money(dec!(18)));

        assert_eq!(
            contradictions(paper, &lines),
            ["Line 2: Gross amount mismatch: Calculated 34818.00 vs Reported 41064.00"]
        );
    }

    #[test]
    fn what_is_not_known_counts_as_nothing() {
        let lines = [LineAmounts::default()];
        assert!(contradictions(Paper::default(), &lines).is_empty());
        let untaxed = [LineAmounts {
            gross: None,
            ..line(dec!(2), dec!(5), dec!(10), dec!(0))
        }];
        let paper = Paper {
            subtotal: Some(Money(dec!(10))),
            grand_total: Some(Money(dec!(10))),
            ..Paper::default()
        };
        assert!(contradictions(paper, &untaxed).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_the_figures_the_sums_decide(
            parts in prop::collection::vec((1_u32..1_000_000, 0_u32..1_000_000, 0_u32..100_000), 0..20),
            off in -3_i64..=3,
        ) {
            let lines: Vec<LineAmounts> = parts.iter().map(|(quantity, rate, tax)| {
                let (quantity, rate) = (Decimal::new((*quantity).into(), 4), Decimal::new((*rate).into(), 4));
                let taxable = decimal::round(quantity * rate, 2);
                line(quantity, rate, taxable, taxable + Decimal::new((*tax).into(), 2))
            }).collect();
            let subtotal: Money = lines.iter().filter_map(|line| line.taxable).sum();
            let gross: Money = lines.iter().filter_map(|line| line.gross).sum();
            let paper = Paper {
                subtotal: Some(subtotal),
                cgst: None,
                sgst: None,
                igst: Some(gross - subtotal),
                total_tax: Some(gross - subtotal),
                grand_total: Some(gross + Money(Decimal::new(off, 2))),
            };
            prop_assert_eq!(contradictions(paper, &lines).is_empty(), off.abs() <= 1);
        }
    }
}
