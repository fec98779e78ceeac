//! A tax that is printed once for the whole document, shared over its lines.

use rust_decimal::{Decimal, dec};

use super::model::ParsedOrder;
use super::text::{round_fine, round_money};

const HUNDRED: Decimal = dec!(100);
/// The rates of GST, the most usual first.
const USUAL_RATES: [Decimal; 4] = [dec!(18), dec!(28), dec!(12), dec!(5)];

/// Gives each line its part of the document's printed tax, in proportion to its amount before tax, so that the lines add
/// up to the paper's total. Each part is rounded to paisa; the last line takes the remainder. The lines' rate is that of
/// the whole document: the usual one that gives the tax, else the exact one to 4 places.
///
/// Does nothing if a line has a tax of its own, if no tax is printed or if no amount is known to share it over, so a
/// second call changes nothing.
pub fn share_tax(order: &mut ParsedOrder) {
    let Some(tax) = order.printed.total_tax.filter(|tax| !tax.is_sign_negative()) else {
        return;
    };
    let sum: Decimal = order.lines.iter().filter_map(|line| line.taxable_amount).sum();
    if sum.is_zero() || order.lines.iter().any(|line| line.gst_amount.is_some()) {
        return;
    }
    let rate = implied_rate(sum, tax);
    let mut left = tax;
    let mut last = None;
    for line in &mut order.lines {
        let Some(taxable) = line.taxable_amount else {
            continue;
        };
        // Half paisas that all round up must not share out more than there is.
        let part = round_money(tax.saturating_mul(taxable) / sum).min(left);
        left = left.saturating_sub(part);
        line.gst_amount = Some(part);
        line.tax_rate = rate;
        line.gross_amount = Some(taxable.saturating_add(part));
        last = Some(line);
    }
    if let Some(line) = last {
        line.gst_amount = line.gst_amount.map(|part| part.saturating_add(left));
        line.gross_amount = line.gross_amount.map(|gross| gross.saturating_add(left));
    }
    if !tax.is_zero() {
        order
            .warnings
            .push(format!("The document's tax of {tax} is shared over the lines"));
    }
}

/// The rate in percent that gives `tax` on `taxable`: the usual one that does, else the exact one to 4 places; `None` if it
/// is no rate at all.
pub(super) fn implied_rate(taxable: Decimal, tax: Decimal) -> Option<Decimal> {
    if tax.is_zero() {
        return Some(Decimal::ZERO);
    }
    let gives_tax = |rate: &Decimal| round_money(taxable.saturating_mul(*rate) / HUNDRED) == tax;
    let exact = || {
        tax.saturating_mul(HUNDRED)
            .checked_div(taxable)
            .map(round_fine)
            .filter(|rate| *rate <= HUNDRED)
    };
    USUAL_RATES.into_iter().find(gives_tax).or_else(exact)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::documents::model::ParsedLine;

    fn order(amounts: &[Option<Decimal>], tax: Option<Decimal>) -> ParsedOrder {
        let line = |amount: &Option<Decimal>| ParsedLine {
            taxable_amount: *amount,
            gross_amount: *amount,
            ..ParsedLine::default()
        };
        let mut order = ParsedOrder {
            lines: amounts.iter().map(line).collect(),
            ..ParsedOrder::default()
        };
        order.printed.total_tax = tax;
        order
    }

    fn shared(amounts: &[Decimal], tax: Decimal) -> (Vec<Decimal>, Option<Decimal>) {
        let amounts: Vec<_> = amounts.iter().copied().map(Some).collect();
        let mut order = order(&amounts, Some(tax));
        share_tax(&mut order);
        let rate = order.lines[0].tax_rate;
        assert!(order.lines.iter().all(|line| line.tax_rate == rate));
        assert!(order.lines.iter().all(|line| line.gross_amount == line.taxable_amount.zip(line.gst_amount).map(|(a, b)| a + b)));
        (
            order.lines.iter().map(|line| line.gst_amount.unwrap()).collect(),
            rate,
        )
    }

    #[test]
    fn the_tax_is_shared_in_proportion_and_the_last_line_takes_the_remainder() {
        assert_eq!(
            shared(&[dec!(5000)], dec!(900)),
            (vec![dec!(900.00)], Some(dec!(18)))
        );
        assert_eq!(
            shared(&[dec!(1000), dec!(3000)], dec!(200)),
            (vec![dec!(50.00), dec!(150.00)], Some(dec!(5)))
        );
        assert_eq!(
            shared(&[dec!(100), dec!(100), dec!(100)], dec!(100)),
            (vec![dec!(33.33), dec!(33.33), dec!(33.34)], Some(dec!(33.3333)))
        );
        assert_eq!(
            shared(&[dec!(99.99), dec!(0.01), dec!(0)], dec!(18)),
            (vec![dec!(18.00), dec!(0.00), dec!(0.00)], Some(dec!(18)))
        );
    }

    #[test]
    fn parts_that_round_up_never_exceed_the_tax() {
        let (parts, _) = shared(&[dec!(1); 10], dec!(0.05));

        assert_eq!(parts.iter().filter(|part| **part == dec!(0.01)).count(), 5);
        assert_eq!(parts.iter().sum::<Decimal>(), dec!(0.05));
    }

    #[test]
    fn a_tax_of_zero_is_shared_without_a_warning() {
        let mut order = order(&[Some(dec!(10))], Some(dec!(0)));
        share_tax(&mut order);

        assert_eq!(
            (order.lines[0].gst_amount, order.lines[0].tax_rate),
            (Some(dec!(0)), Some(dec!(0)))
        );
        assert!(order.warnings.is_empty());
    }

    #[test]
    fn lines_with_a_tax_of_their_own_keep_it() {
        let mut order = order(&[Some(dec!(10)), Some(dec!(20)), None], Some(dec!(5.40)));
        share_tax(&mut order);
        let once = order.clone();
        share_tax(&mut order);

        assert_eq!(order, once);
        assert_eq!(
            once.warnings,
            ["The document's tax of 5.40 is shared over the lines"]
        );
        assert_eq!(once.lines[2].gst_amount, None);
    }

    #[test]
    fn without_a_printed_tax_or_an_amount_nothing_happens() {
        for mut order in [
            order(&[Some(dec!(10))], None),
            order(&[Some(dec!(0)), None], Some(dec!(5))),
        ] {
            let before = order.clone();
            share_tax(&mut order);
            assert_eq!(order, before);
        }
    }

    #[test]
    fn a_tax_above_the_amount_has_no_rate() {
        assert_eq!(shared(&[dec!(10)], dec!(15)), (vec![dec!(15)], None));
    }

    proptest! {
        #[test]
        fn the_lines_always_add_up_to_the_printed_tax(
            amounts in prop::collection::vec(0_i64..10_000_000, 1..40),
            tax in 0_i64..10_000_000,
        ) {
            prop_assume!(amounts.iter().any(|amount| *amount > 0));
            let amounts: Vec<_> = amounts.into_iter().map(|amount| Decimal::new(amount, 2)).collect();
            let tax = Decimal::new(tax, 2);
            let (parts, _) = shared(&amounts, tax);

            prop_assert_eq!(parts.iter().sum::<Decimal>(), tax);
            prop_assert!(parts.iter().all(|part| !part.is_sign_negative() || part.is_zero()));
        }
    }
}
