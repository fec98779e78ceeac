//! A vendor at a glance.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Vendor, VendorFigures,
    model::VendorView,
    orders::SharedOrder,
    rules::{PaymentHealth, Troubles, average},
};
use crate::{finance::vendor_payments::VendorPaymentView, types::Money};

/// A vendor with its figures and its latest orders and payments.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VendorDetails {
    #[schema(value_type = VendorView<'static>)]
    vendor: Vendor,
    /// Orders that name it, or a line of which does.
    #[schema(example = 3)]
    total_orders: i64,
    /// Its share of those that are neither rejected nor cancelled.
    total_order_value: Money,
    /// `total_order_value` ÷ how many those are.
    avg_order_value: Money,
    /// `total_payable`, but never below 0.
    pending_payment: Money,
    /// What arrived, advances too.
    total_paid: Money,
    /// `total_order_value` − `total_paid`; negative where it holds an advance.
    total_payable: Money,
    /// Orders that are neither given up nor completed.
    #[schema(example = 2)]
    active_orders: i64,
    /// At most 10, the newest first.
    recent_orders: Vec<SharedOrder>,
    /// At most 10, the latest first.
    recent_payments: Vec<VendorPaymentView>,
    payment_health: PaymentHealth,
}

impl VendorDetails {
    pub(super) fn new(
        vendor: Vendor,
        figures: &VendorFigures,
        troubles: Troubles,
        recent_orders: Vec<SharedOrder>,
        recent_payments: Vec<VendorPaymentView>,
    ) -> Self {
        let pending_payment = figures.payable_amount();
        Self {
            vendor,
            total_orders: figures.total_orders,
            total_order_value: figures.total_order_value,
            avg_order_value: average(figures.total_order_value, figures.live_orders),
            pending_payment,
            total_paid: figures.total_paid,
            total_payable: figures.total_payable(),
            active_orders: figures.active_orders,
            recent_orders,
            recent_payments,
            payment_health: PaymentHealth::of(troubles, pending_payment, figures.completion()),
        }
    }
}
