//! Vendor payments as the vendors' routes show them: the object of the vendor contract, section 5, and its answers.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer};
use sqlx::FromRow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    finance::payment_links::Link,
    http::{envelope::SUCCESS, list::PageInfo},
    types::{
        Money,
        ids::{ProjectId, VendorId, VendorOrderId, VendorPaymentId},
    },
};

/// A vendor payment with its order and its vendor.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct VendorPaymentView {
    /// Its id.
    pub id: VendorPaymentId,
    /// Who is paid: its own vendor, else its order's.
    pub vendor_id: Option<VendorId>,
    /// That vendor's name.
    pub vendor_name: Option<String>,
    /// The order that it is for; null for an advance.
    pub vendor_order_id: Option<VendorOrderId>,
    /// The project of the order, or the one that the advance is for.
    pub project_id: Option<ProjectId>,
    /// The order's number.
    pub po_number: Option<String>,
    /// What the order is worth.
    pub order_amount: Option<Money>,
    /// When it was paid.
    pub payment_date: NaiveDate,
    /// Above 0.
    pub amount: Money,
    /// One of [`PaymentMode`](crate::finance::payments::PaymentMode), or an older word.
    pub payment_mode: String,
    /// The bank's reference.
    pub reference_number: Option<String>,
    /// One of [`PaymentState`](crate::finance::payments::PaymentState), or an older word.
    pub status: String,
    /// Free text.
    pub notes: Option<String>,
    /// Raised with every change.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// The same on the wire, under every name that clients read.
#[derive(Serialize, ToSchema)]
#[schema(as = VendorPayment)]
struct Wire<'a> {
    id: VendorPaymentId,
    payment_id: VendorPaymentId,
    /// Its own vendor, else its order's.
    vendor_id: Option<VendorId>,
    #[schema(example = "Example Works Pvt Ltd")]
    vendor_name: Option<&'a str>,
    /// Null for an advance.
    vendor_order_id: Option<VendorOrderId>,
    project_id: Option<ProjectId>,
    #[schema(example = "VO-1")]
    po_number: Option<&'a str>,
    order_amount: Option<Money>,
    payment_date: NaiveDate,
    date: NaiveDate,
    amount: Money,
    payment_amount: Money,
    #[schema(example = "bank_transfer")]
    payment_mode: &'a str,
    #[schema(example = "bank_transfer")]
    payment_method: &'a str,
    #[schema(example = "UTR-1")]
    reference_number: Option<&'a str>,
    #[schema(example = "cleared")]
    status: &'a str,
    notes: Option<&'a str>,
    #[schema(example = 1)]
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Serialize for VendorPaymentView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire {
            id: self.id,
            payment_id: self.id,
            vendor_id: self.vendor_id,
            vendor_name: self.vendor_name.as_deref(),
            vendor_order_id: self.vendor_order_id,
            project_id: self.project_id,
            po_number: self.po_number.as_deref(),
            order_amount: self.order_amount,
            payment_date: self.payment_date,
            date: self.payment_date,
            amount: self.amount,
            payment_amount: self.amount,
            payment_mode: &self.payment_mode,
            payment_method: &self.payment_mode,
            reference_number: self.reference_number.as_deref(),
            status: &self.status,
            notes: self.notes.as_deref(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
        .serialize(serializer)
    }
}

impl PartialSchema for VendorPaymentView {
    fn schema() -> RefOr<Schema> {
        Wire::schema()
    }
}

impl ToSchema for VendorPaymentView {
    fn name() -> Cow<'static, str> {
        Wire::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Wire::schemas(schemas);
    }
}

/// One payment that was recorded or changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorPaymentAnswer)]
pub(super) struct PaymentAnswer<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Vendor payment recorded")]
    message: &'static str,
    payment: &'a VendorPaymentView,
    payment_id: VendorPaymentId,
    data: PaymentTwice<'a, VendorPaymentView>,
}

impl<'a> PaymentAnswer<'a> {
    pub(super) fn new(message: &'static str, payment: &'a VendorPaymentView) -> Self {
        Self {
            status: SUCCESS,
            message,
            payment,
            payment_id: payment.id,
            data: PaymentTwice::of(payment),
        }
    }
}

/// A payment, and the same once more under its name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorPaymentTwice)]
struct PaymentTwice<'a, T: ToSchema> {
    #[serde(flatten)]
    own: &'a T,
    payment: &'a T,
}

impl<'a, T: ToSchema> PaymentTwice<'a, T> {
    fn of(payment: &'a T) -> Self {
        Self {
            own: payment,
            payment,
        }
    }
}

/// A payment, and what of it is allotted to vendor orders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorPaymentWithLinks)]
pub(super) struct PaymentWithLinks {
    #[serde(flatten)]
    pub(super) payment: VendorPaymentView,
    pub(super) links: Vec<Link>,
    /// Σ `amount_allocated` of the links.
    pub(super) allocated_amount: Money,
    /// `amount` − `allocated_amount`.
    pub(super) unallocated_amount: Money,
}

/// One payment with its links.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorPaymentFound)]
pub(super) struct PaymentFound<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    payment: &'a PaymentWithLinks,
    payment_id: VendorPaymentId,
    data: PaymentTwice<'a, PaymentWithLinks>,
}

impl<'a> From<&'a PaymentWithLinks> for PaymentFound<'a> {
    fn from(found: &'a PaymentWithLinks) -> Self {
        Self {
            status: SUCCESS,
            payment: found,
            payment_id: found.payment.id,
            data: PaymentTwice::of(found),
        }
    }
}

/// A payment that is gone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorPaymentDeleted)]
pub(super) struct PaymentDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Vendor payment deleted")]
    message: &'static str,
    data: DeletedPayment,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletedVendorPayment)]
struct DeletedPayment {
    payment_id: VendorPaymentId,
}

impl From<VendorPaymentId> for PaymentDeleted {
    fn from(payment_id: VendorPaymentId) -> Self {
        Self {
            status: SUCCESS,
            message: "Vendor payment deleted",
            data: DeletedPayment { payment_id },
        }
    }
}

/// A page of vendor payments.
#[derive(Debug, Clone)]
pub struct VendorPaymentPage {
    /// The rows of the page.
    pub payments: Vec<VendorPaymentView>,
    /// What goes with it.
    pub page: PageInfo,
    /// Σ `amount` of all matching rows whose money arrived.
    pub total_paid: Money,
}

/// A page of vendor payments on the wire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorPaymentList)]
pub(super) struct PaymentList<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    payments: &'a [VendorPaymentView],
    vendor_payments: &'a [VendorPaymentView],
    /// Payments on this page.
    payment_count: usize,
    #[serde(flatten)]
    page: &'a PageInfo,
    /// Σ `amount` of all matching payments that are cleared, completed or reconciled.
    total_paid: Money,
    data: PaymentListData<'a>,
}

/// The same once more, the payments under a third name too.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorPaymentListData)]
struct PaymentListData<'a> {
    payments: &'a [VendorPaymentView],
    vendor_payments: &'a [VendorPaymentView],
    data: &'a [VendorPaymentView],
    payment_count: usize,
    #[serde(flatten)]
    page: &'a PageInfo,
    total_paid: Money,
}

impl<'a> From<&'a VendorPaymentPage> for PaymentList<'a> {
    fn from(found: &'a VendorPaymentPage) -> Self {
        let VendorPaymentPage {
            payments,
            page,
            total_paid,
        } = found;
        Self {
            status: SUCCESS,
            payments,
            vendor_payments: payments,
            payment_count: payments.len(),
            page,
            total_paid: *total_paid,
            data: PaymentListData {
                payments,
                vendor_payments: payments,
                data: payments,
                payment_count: payments.len(),
                page,
                total_paid: *total_paid,
            },
        }
    }
}

/// What was paid of an order, over all its payments.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = VendorOrderPaymentSummary)]
pub(super) struct OrderPaymentSummary {
    /// The order's own payments that arrived.
    pub(super) total_cleared: Money,
    /// Those that are promised.
    pub(super) total_pending: Money,
    pub(super) total_bounced: Money,
    pub(super) total_failed: Money,
    pub(super) total_cancelled: Money,
    /// What was paid of the order, shares of advances included.
    pub(super) total_paid: Money,
    pub(super) cleared_count: i64,
    pub(super) pending_count: i64,
    pub(super) bounced_count: i64,
    pub(super) failed_count: i64,
    pub(super) cancelled_count: i64,
    pub(super) po_value: Money,
    /// What is left to be paid of the order; 0 if it is overpaid.
    pub(super) pending_amount: Money,
}

/// The payments of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrderPayments)]
pub(super) struct OrderPayments<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_order_id: VendorOrderId,
    payments: &'a [VendorPaymentView],
    /// Payments on this page.
    payment_count: usize,
    #[serde(flatten)]
    page: &'a PageInfo,
    summary: &'a OrderPaymentSummary,
    data: OrderPaymentsData<'a>,
}

/// The same once more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrderPaymentsData)]
struct OrderPaymentsData<'a> {
    vendor_order_id: VendorOrderId,
    payments: &'a [VendorPaymentView],
    payment_count: usize,
    #[serde(flatten)]
    page: &'a PageInfo,
    summary: &'a OrderPaymentSummary,
}

impl<'a> OrderPayments<'a> {
    pub(super) fn new(
        vendor_order_id: VendorOrderId,
        payments: &'a [VendorPaymentView],
        page: &'a PageInfo,
        summary: &'a OrderPaymentSummary,
    ) -> Self {
        Self {
            status: SUCCESS,
            vendor_order_id,
            payments,
            payment_count: payments.len(),
            page,
            summary,
            data: OrderPaymentsData {
                vendor_order_id,
                payments,
                payment_count: payments.len(),
                page,
                summary,
            },
        }
    }
}
