//! What becomes of payments to vendors that are recorded or changed, and why they may not be.

use chrono::NaiveDate;

use super::{
    model::{Book, Refusals},
    payments::{PAID, may_move},
    vendor_money::{Source, VendorPayment},
    vendor_payment_steps::is_dead,
};

/// What a request wants of a payment.
#[derive(Debug, Clone, Default)]
pub(super) struct VendorPaymentWish {
    pub(super) amount: Option<i128>,
    pub(super) date: Option<NaiveDate>,
    pub(super) status: Option<&'static str>,
    pub(super) reference: Option<String>,
    pub(super) notes: Option<String>,
    pub(super) order: Option<i64>,
    pub(super) vendor: Option<i64>,
}

impl Book {
    /// Why a payment for an order may not go to a vendor.
    fn refused_payee(&self, order: i64, vendor: Option<i64>) -> Refusals {
        let payees = self.orders[&order].payees();
        let is_wrong = match vendor {
            Some(vendor) => !payees.is_empty() && !payees.contains(&vendor),
            None => payees.len() > 1,
        };
        if is_wrong { vec![422] } else { Refusals::new() }
    }

    /// Whether another payment like this one has its reference.
    fn is_paid_before(&self, id: Option<i64>, payment: &VendorPayment, payee: Option<i64>) -> bool {
        if payee.is_none() || payment.reference.is_none() || is_dead(&payment.status) {
            return false;
        }
        self.vendor_payments.iter().any(|(other, row)| {
            Some(*other) != id
                && !is_dead(&row.status)
                && (&row.reference, row.amount) == (&payment.reference, payment.amount)
                && self.payee(row) == payee
        })
    }

    /// Why a payment may not be recorded.
    pub(super) fn refused_vendor_payment(&self, payment: &VendorPayment) -> Refusals {
        let mut refusals = Refusals::new();
        if payment.status == "reconciled" {
            refusals.push(422);
        }
        let mut payee = payment.vendor;
        if let Some(order) = payment.order {
            if !self.orders[&order].is_live() {
                refusals.push(409);
            }
            refusals.extend(self.refused_payee(order, payment.vendor));
            payee = payee.or(self.orders[&order].payees().first().copied());
        }
        if payee.is_some_and(|vendor| self.vendors[&vendor].is_blacklisted()) {
            refusals.push(409);
        }
        if self.is_paid_before(None, payment, payee) {
            refusals.push(409);
        }
        refusals
    }

    /// A payment as a request wants it, or with what that is refused.
    pub(super) fn changed_vendor_payment(
        &self,
        id: i64,
        wish: &VendorPaymentWish,
        is_admin: bool,
    ) -> Result<VendorPayment, Refusals> {
        let before = &self.vendor_payments[&id];
        let payee = self.payee(before);
        let mut after = before.clone();
        let mut refusals = Refusals::new();
        after.amount = wish.amount.unwrap_or(before.amount);
        after.date = wish.date.unwrap_or(before.date);
        after.reference = wish.reference.clone().or(before.reference.clone());
        if let Some(vendor) = wish.vendor.filter(|vendor| Some(*vendor) != payee) {
            after.vendor = Some(vendor);
            if payee.is_some() {
                refusals.push(409);
            }
            if self.vendors[&vendor].is_blacklisted() {
                refusals.push(409);
            }
            if let Some(order) = before.order.or(wish.order) {
                refusals.extend(self.refused_payee(order, Some(vendor)));
            }
        }
        let has_links = self.links_with(Source::Vendor(id)).next().is_some();
        if let Some(order) = wish.order.filter(|order| Some(*order) != before.order) {
            after.order = Some(order);
            if before.order.is_some() || has_links || !self.orders[&order].is_live() {
                refusals.push(409);
            }
            refusals.extend(self.refused_payee(order, after.vendor));
            after.project = self.orders[&order].project.or(before.project);
        }
        let has_other_terms = after != *before;
        let is_guarded = (after.amount, after.date, after.vendor, after.order)
            != (before.amount, before.date, before.vendor, before.order);
        after.notes = wish.notes.clone().or(before.notes.clone());
        if let Some(status) = wish.status {
            status.clone_into(&mut after.status);
        }
        if before.is(&["reconciled"]) && has_other_terms {
            refusals.push(409);
        }
        if before.is(&PAID) && is_guarded && !is_admin {
            refusals.push(403);
        }
        if !may_move(&before.status, &after.status, is_admin) {
            refusals.push(409);
        }
        if after.amount < self.allocated(Source::Vendor(id)) {
            refusals.push(409);
        }
        if has_links && after.status != before.status && is_dead(&after.status) {
            refusals.push(409);
        }
        let named = |payment: &VendorPayment| (payment.vendor, payment.reference.clone(), payment.amount);
        let is_new = is_dead(&before.status) || named(&after) != named(before);
        let payee = after.vendor.or(payee);
        if is_new && self.is_paid_before(Some(id), &after, payee) {
            refusals.push(409);
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        after.version += i64::from(after != *before);
        Ok(after)
    }
}
