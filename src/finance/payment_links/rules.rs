//! How much of a payment an order takes, and what an order earns (vendor contract, sections 4.2, 4.3 and 9).

use rust_decimal::Decimal;

use crate::{
    error::Fault,
    types::{Money, Percent, decimal, words::words},
};

/// What stands against a link, and how much there is for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    /// What the payment is worth, less all its links.
    pub(super) left: Money,
    /// What the order still takes; `None` without a limit.
    pub(super) room: Option<Money>,
    /// Whether the payment is linked to the order already.
    pub(super) is_linked: bool,
    /// The field that names the payment.
    pub(super) named_by: &'static str,
}

/// The part that is linked: the one that was asked for, or as much as there is.
///
/// # Errors
/// A fault for each reason why not: `payment_overlinked`, `order_overlinked`, a link that is there already.
pub(super) fn part(asked: Option<Money>, offer: Offer) -> Result<Money, Vec<Fault>> {
    let Offer {
        left,
        room,
        is_linked,
        named_by,
    } = offer;
    let mut faults = Vec::new();
    let part = asked.unwrap_or_else(|| room.map_or(left, |room| room.min(left)));
    // What an order has already says more than that nothing is left for it.
    if asked.is_some() || !is_linked {
        if left <= Money::ZERO {
            faults.push(overlinked(
                "payment_overlinked",
                "Nothing is left of the payment".into(),
            ));
        } else if part > left {
            let text = format!("Only {left} of the payment are left");
            faults.push(overlinked("payment_overlinked", text));
        }
        match room {
            Some(room) if room <= Money::ZERO => {
                faults.push(overlinked(
                    "order_overlinked",
                    "The vendor order has no room for it".into(),
                ));
            }
            Some(room) if part > room => {
                let text = format!("The vendor order has room for {room} only");
                faults.push(overlinked("order_overlinked", text));
            }
            _ => {}
        }
    }
    if is_linked {
        faults.push(Fault::new(
            named_by,
            "value_error",
            "Payment is already linked to this order",
        ));
    }
    if faults.is_empty() { Ok(part) } else { Err(faults) }
}

fn overlinked(kind: &'static str, text: String) -> Fault {
    Fault::new("amount", kind, text)
}

words! {
    /// From what it is told what an order earns.
    BillableBasis {
        /// It earns nothing, or nobody can say what.
        None = "none",
        /// The lines of the client's PO that its own lines name.
        Lines = "lines",
        /// Its share of the client's PO.
        ProRata = "pro_rata",
        /// What the client paid for it.
        LinkedPayments = "linked_payments",
    }
}

/// What is known of an order's earnings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Earnings {
    /// Whether the order is live.
    pub(super) is_live: bool,
    /// Whether it is for a client PO.
    pub(super) has_po: bool,
    /// Whether that PO is cancelled.
    pub(super) is_po_cancelled: bool,
    /// What the client lines bring that its lines name; `None` if they name none.
    pub(super) by_lines: Option<Money>,
    /// Its share of the PO.
    pub(super) pro_rata: Money,
    /// What the client paid for it; `None` without an incoming link.
    pub(super) by_payments: Option<Money>,
}

/// What an order earns, and from what that is told: the first basis that fits.
pub(super) fn billable(earnings: Earnings) -> (BillableBasis, Money) {
    let Earnings {
        is_live,
        has_po,
        is_po_cancelled,
        by_lines,
        pro_rata,
        by_payments,
    } = earnings;
    if !is_live || is_po_cancelled {
        (BillableBasis::None, Money::ZERO)
    } else if let Some(amount) = by_lines {
        (BillableBasis::Lines, amount)
    } else if has_po {
        (BillableBasis::ProRata, pro_rata)
    } else if let Some(amount) = by_payments {
        (BillableBasis::LinkedPayments, amount)
    } else {
        (BillableBasis::None, Money::ZERO)
    }
}

/// What is earned less what it costs, and that in percent of what is earned, rounded half away from zero to 2 places; both
/// 0 where nobody can say what is earned.
pub(super) fn profit(basis: BillableBasis, billable: Money, cost: Money) -> (Money, Percent) {
    if basis == BillableBasis::None {
        return (Money::ZERO, Percent::ZERO);
    }
    let profit = billable - cost;
    let quotient = profit
        .0
        .saturating_mul(Decimal::ONE_HUNDRED)
        .checked_div(billable.0);
    let margin = quotient.map_or(Percent::ZERO, |value| Percent(decimal::round(value, 2)));
    (profit, margin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;

    fn offer(left: Decimal, room: Option<Decimal>) -> Offer {
        Offer {
            left: Money(left),
            room: room.map(Money),
            is_linked: false,
            named_by: "payment_id",
        }
    }

    fn kinds(asked: Option<Decimal>, offer: Offer) -> Vec<String> {
        part(asked.map(Money), offer)
            .unwrap_err()
            .into_iter()
            .map(|fault| fault.kind.into_owned())
            .collect()
    }

    #[test]
    fn unless_a_part_is_asked_for_it_is_as_much_as_there_is() {
        for (left, room, expected) in [
            (dec!(100), None, dec!(100)),
            (dec!(100), Some(dec!(40.01)), dec!(40.01)),
            (dec!(40), Some(dec!(100)), dec!(40)),
        ] {
            assert_eq!(part(None, offer(left, room)).unwrap(), Money(expected));
        }
    }

    #[test]
    fn what_is_over_is_refused_with_every_reason() {
        let both = ["payment_overlinked", "order_overlinked"];
        assert_eq!(kinds(Some(dec!(40.01)), offer(dec!(40), None)), both[..1]);
        assert_eq!(
            kinds(Some(dec!(40.01)), offer(dec!(50), Some(dec!(40)))),
            both[1..]
        );
        assert_eq!(kinds(Some(dec!(60)), offer(dec!(50), Some(dec!(40)))), both);
        assert_eq!(kinds(None, offer(dec!(0), Some(dec!(5)))), both[..1]);
        assert_eq!(kinds(None, offer(dec!(5), Some(dec!(-5)))), both[1..]);
        assert_eq!(kinds(None, offer(dec!(-1), Some(dec!(0)))), both);
        assert_eq!(
            part(Some(Money(dec!(40))), offer(dec!(40), Some(dec!(40)))).unwrap(),
            Money(dec!(40))
        );
    }

    #[test]
    fn a_payment_is_linked_to_an_order_once() {
        let again = |left, room| Offer {
            is_linked: true,
            ..offer(left, Some(room))
        };
        assert_eq!(kinds(None, again(dec!(0), dec!(0))), ["value_error"]);
        assert_eq!(kinds(Some(dec!(1)), again(dec!(5), dec!(5))), ["value_error"]);
        assert_eq!(
            kinds(Some(dec!(1)), again(dec!(5), dec!(0))),
            ["order_overlinked", "value_error"]
        );
        let advance = Offer {
            named_by: "vendor_payment_id",
            ..again(dec!(5), dec!(5))
        };
        assert_eq!(part(None, advance).unwrap_err()[0].field, "vendor_payment_id");
    }

    proptest! {
        #[test]
        fn a_part_is_never_more_than_is_left_or_fits(
            asked in prop::option::of(1_i64..1000), left in -50_i64..1000, room in prop::option::of(-50_i64..1000),
        ) {
            let paise = |paise| Money(Decimal::new(paise, 2));
            let offer = Offer { left: paise(left), room: room.map(paise), is_linked: false, named_by: "payment_id" };
            if let Ok(part) = part(asked.map(paise), offer) {
                prop_assert!(part > Money::ZERO && part <= offer.left);
                prop_assert!(offer.room.is_none_or(|room| part <= room));
                prop_assert!(asked.is_none_or(|asked| part == paise(asked)));
            } else {
                let most = room.map_or(left, |room| room.min(left));
                prop_assert!(most <= 0 || asked.is_some_and(|asked| asked > most));
            }
        }
    }

    #[test]
    fn the_first_basis_that_fits_tells_what_is_earned() {
        let all = Earnings {
            is_live: true,
            has_po: true,
            is_po_cancelled: false,
            by_lines: Some(Money(dec!(1))),
            pro_rata: Money(dec!(2)),
            by_payments: Some(Money(dec!(3))),
        };
        let without_lines = Earnings {
            by_lines: None,
            ..all
        };
        let without_po = Earnings {
            has_po: false,
            ..without_lines
        };
        for (earnings, basis, amount) in [
            (
                Earnings {
                    is_live: false,
                    ..all
                },
                BillableBasis::None,
                dec!(0),
            ),
            (
                Earnings {
                    is_po_cancelled: true,
                    ..all
                },
                BillableBasis::None,
                dec!(0),
            ),
            (all, BillableBasis::Lines, dec!(1)),
            (without_lines, BillableBasis::ProRata, dec!(2)),
            (without_po, BillableBasis::LinkedPayments, dec!(3)),
            (
                Earnings {
                    by_payments: None,
                    ..without_po
                },
                BillableBasis::None,
                dec!(0),
            ),
        ] {
            assert_eq!(billable(earnings), (basis, Money(amount)), "{earnings:?}");
        }
    }

    #[test]
    fn a_margin_is_rounded_half_away_from_zero() {
        for (billable, cost, gain, margin) in [
            (dec!(60000), dec!(50000), dec!(10000), dec!(16.67)),
            (dec!(30000), dec!(50000), dec!(-20000), dec!(-66.67)),
            (dec!(800), dec!(799.96), dec!(0.04), dec!(0.01)),
            (dec!(0), dec!(5), dec!(-5), dec!(0)),
        ] {
            let found = profit(BillableBasis::Lines, Money(billable), Money(cost));
            assert_eq!(found, (Money(gain), Percent(margin)), "{billable} − {cost}");
        }
        let nothing = profit(BillableBasis::None, Money(dec!(0)), Money(dec!(5)));
        assert_eq!(nothing, (Money::ZERO, Percent::ZERO));
    }
}
