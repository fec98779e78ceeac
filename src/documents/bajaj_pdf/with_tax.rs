//! Amounts that include the tax, though nothing says so.

use rust_decimal::{Decimal, dec};

use crate::documents::grid::Reading;
use crate::documents::items::Item;
use crate::documents::remarks::Remarks;
use crate::documents::text::round_money;

const TOLERANCE: Decimal = dec!(1.00);
/// What an amount with tax is of the one without.
pub(super) const WITH_TAX: [Decimal; 4] = [dec!(1.18), dec!(1.28), dec!(1.12), dec!(1.05)];
/// Where the amount is quantity × price with a usual tax on it, it is the amount with tax.
pub(super) fn split_amount(item: &mut Item, index: usize, remarks: &mut Remarks) {
    let product = item
        .quantity
        .number()
        .zip(item.rate.number())
        .and_then(|(quantity, rate)| quantity.checked_mul(rate))
        .map(round_money);
    let Some((product, amount)) = product.zip(item.total.number()) else {
        return;
    };
    let agrees = |expected: Decimal| expected.saturating_sub(amount).abs() <= TOLERANCE;
    let has_tax = WITH_TAX
        .iter()
        .any(|factor| agrees(product.saturating_mul(*factor)));
    if agrees(product) || !has_tax || product.is_sign_negative() {
        return;
    }
    item.total = Reading::Number(product);
    item.total_with_gst = Reading::Number(amount);
    item.tax_amount = Reading::Absent;
    remarks.note(index, "amount includes tax");
}
