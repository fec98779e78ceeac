//! A vendor's figures, and the answers that show them.
//!
//! What was ordered from a vendor is its share of the live orders, what it was paid is every payment to it that arrived,
//! advances too. Source: the vendor contract, sections 4.2 and 6.

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::{
    Vendor,
    model::VendorView,
    rules::{average, completion},
};
use crate::{
    http::envelope::SUCCESS,
    types::{
        Days, Money, Percent,
        ids::{VendorId, VendorOrderId, VendorPaymentId},
    },
};

/// The sums over a vendor's orders and payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct VendorFigures {
    /// Orders that name it, or a line of which does.
    pub total_orders: i64,
    /// Those that are neither rejected nor cancelled.
    pub live_orders: i64,
    /// Those of them whose work is not completed.
    pub active_orders: i64,
    /// Its share of the live ones.
    pub total_order_value: Money,
    /// All payments to it, whatever became of them.
    pub payment_count: i64,
    /// Σ of all of them.
    pub total_amount: Money,
    /// Σ of those that arrived.
    pub total_paid: Money,
    /// Σ of those that are promised.
    pub total_pending: Money,
    /// Σ of those that bounced.
    pub total_bounced: Money,
    /// Σ of those that failed.
    pub total_failed: Money,
    /// Σ of those that were given up.
    pub total_cancelled: Money,
    /// How many arrived.
    pub paid_count: i64,
    /// How many are promised.
    pub pending_count: i64,
    /// How many bounced.
    pub bounced_count: i64,
    /// How many failed.
    pub failed_count: i64,
    /// How many were given up.
    pub cancelled_count: i64,
    /// How many days after the date of their order payments arrived, on the average.
    pub average_payment_days: Days,
}

impl VendorFigures {
    /// What is left to pay; negative where the vendor holds an advance.
    pub fn total_payable(&self) -> Money {
        self.total_order_value - self.total_paid
    }

    /// The same, but never below 0.
    pub fn payable_amount(&self) -> Money {
        self.total_payable().max(Money::ZERO)
    }

    /// What was paid of what was ordered.
    pub fn completion(&self) -> Percent {
        completion(self.total_paid, self.total_order_value)
    }
}

/// A vendor with its figures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VendorFull<'a> {
    #[serde(flatten)]
    #[schema(value_type = VendorView<'static>)]
    vendor: &'a Vendor,
    /// Orders that name it, or a line of which does.
    #[schema(example = 3)]
    total_orders: i64,
    /// Its share of those that are neither rejected nor cancelled.
    total_order_value: Money,
    /// What arrived, advances too.
    total_paid: Money,
    /// `total_payable`.
    balance: Money,
    /// `total_order_value` − `total_paid`; negative where it holds an advance.
    total_payable: Money,
    /// Orders that are neither given up nor completed.
    #[schema(example = 2)]
    active_orders: i64,
}

/// One vendor, where clients look for it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VendorFound<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_id: VendorId,
    #[schema(example = "Example Works Pvt Ltd")]
    vendor_name: &'a str,
    vendor: VendorFull<'a>,
    data: VendorFull<'a>,
}

impl<'a> VendorFound<'a> {
    pub(super) fn new(vendor: &'a Vendor, figures: &VendorFigures) -> Self {
        let full = || VendorFull {
            vendor,
            total_orders: figures.total_orders,
            total_order_value: figures.total_order_value,
            total_paid: figures.total_paid,
            balance: figures.total_payable(),
            total_payable: figures.total_payable(),
            active_orders: figures.active_orders,
        };
        Self {
            status: SUCCESS,
            vendor_id: vendor.id,
            vendor_name: &vendor.name,
            vendor: full(),
            data: full(),
        }
    }
}

/// A report about a vendor.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VendorReport<T: ToSchema> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_id: VendorId,
    data: T,
}

impl<T: ToSchema> VendorReport<T> {
    pub(super) fn new(vendor_id: VendorId, data: T) -> Self {
        Self {
            status: SUCCESS,
            vendor_id,
            data,
        }
    }
}

/// A payment that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct LastPayment {
    pub(super) id: VendorPaymentId,
    /// Null on some adopted rows.
    pub(super) date: Option<NaiveDate>,
    pub(super) amount: Money,
    #[schema(example = "cleared")]
    pub(super) status: String,
}

/// An order that is to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct DueOrder {
    pub(super) vendor_order_id: VendorOrderId,
    #[schema(example = "VO-1")]
    pub(super) po_number: String,
    /// What is left to pay of it.
    pub(super) amount: Money,
    pub(super) due_date: NaiveDate,
    /// Whether it was due before today.
    pub(super) is_overdue: bool,
}

/// What a vendor was paid, and what it will have to be.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentSummary {
    vendor_id: VendorId,
    #[schema(example = "Example Works Pvt Ltd")]
    vendor_name: String,
    /// Its share of live orders.
    total_order_value: Money,
    /// What arrived, advances too.
    total_paid: Money,
    /// `total_order_value` − `total_paid`; negative where it holds an advance.
    total_payable: Money,
    /// The same, but never below 0.
    payable_amount: Money,
    /// `total_paid` in percent of `total_order_value`, at most 100.
    payment_completion_percent: Percent,
    /// Days from the date of an order to a payment for it that arrived, on the average.
    average_payment_days: Days,
    /// The last one that arrived.
    last_payment: Option<LastPayment>,
    /// Its own orders that are due in the next 30 days or were before, by day; at most 50.
    upcoming_due: Vec<DueOrder>,
}

impl PaymentSummary {
    pub(super) fn new(
        vendor: Vendor,
        figures: &VendorFigures,
        last_payment: Option<LastPayment>,
        upcoming_due: Vec<DueOrder>,
    ) -> Self {
        Self {
            vendor_id: vendor.id,
            vendor_name: vendor.name,
            total_order_value: figures.total_order_value,
            total_paid: figures.total_paid,
            total_payable: figures.total_payable(),
            payable_amount: figures.payable_amount(),
            payment_completion_percent: figures.completion(),
            average_payment_days: figures.average_payment_days,
            last_payment,
            upcoming_due,
        }
    }
}

/// What arrived in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct MonthlyPayments {
    #[schema(example = "2026-02")]
    pub(super) month: String,
    pub(super) total_paid: Money,
    #[schema(example = 2)]
    pub(super) payment_count: i64,
}

/// The days of a vendor's first and last payments, whatever became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PaymentSpan {
    pub(super) first: Option<NaiveDate>,
    pub(super) last: Option<NaiveDate>,
}

/// A vendor's payments by what became of them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentStats {
    vendor_id: VendorId,
    #[schema(example = "Example Works Pvt Ltd")]
    vendor_name: String,
    /// All of them.
    payment_count: i64,
    /// Σ of all of them.
    total_amount: Money,
    /// Σ of those that arrived.
    total_paid: Money,
    /// The same.
    total_completed: Money,
    /// Σ of those that are promised.
    total_pending: Money,
    total_bounced: Money,
    total_failed: Money,
    total_cancelled: Money,
    /// How many arrived.
    cleared_count: i64,
    /// The same.
    completed_count: i64,
    /// How many are promised.
    pending_count: i64,
    bounced_count: i64,
    failed_count: i64,
    cancelled_count: i64,
    /// `total_completed` ÷ `completed_count`.
    average_payment_amount: Money,
    /// Days from the date of an order to a payment for it that arrived, on the average.
    average_payment_days: Days,
    first_payment_date: Option<NaiveDate>,
    last_payment_date: Option<NaiveDate>,
    /// `total_paid` in percent of the vendor's share of live orders, at most 100.
    payment_completion_percent: Percent,
    /// What arrived in the last 12 months in which something did, oldest first.
    by_month: Vec<MonthlyPayments>,
}

impl PaymentStats {
    pub(super) fn new(
        vendor: Vendor,
        figures: &VendorFigures,
        span: PaymentSpan,
        by_month: Vec<MonthlyPayments>,
    ) -> Self {
        Self {
            vendor_id: vendor.id,
            vendor_name: vendor.name,
            payment_count: figures.payment_count,
            total_amount: figures.total_amount,
            total_paid: figures.total_paid,
            total_completed: figures.total_paid,
            total_pending: figures.total_pending,
            total_bounced: figures.total_bounced,
            total_failed: figures.total_failed,
            total_cancelled: figures.total_cancelled,
            cleared_count: figures.paid_count,
            completed_count: figures.paid_count,
            pending_count: figures.pending_count,
            bounced_count: figures.bounced_count,
            failed_count: figures.failed_count,
            cancelled_count: figures.cancelled_count,
            average_payment_amount: average(figures.total_paid, figures.paid_count),
            average_payment_days: figures.average_payment_days,
            first_payment_date: span.first,
            last_payment_date: span.last,
            payment_completion_percent: figures.completion(),
            by_month,
        }
    }
}
