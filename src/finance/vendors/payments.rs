//! The answer that lists the payments to a vendor.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::{
    finance::vendor_payments::VendorPaymentView,
    http::{envelope::SUCCESS, list::PageInfo},
    types::ids::VendorId,
};

/// A page of the payments to a vendor.
#[derive(Debug, Clone)]
pub(super) struct PaymentPage {
    pub(super) vendor_id: VendorId,
    pub(super) payments: Vec<VendorPaymentView>,
    pub(super) page: PageInfo,
}

/// The same on the wire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentsToVendor)]
pub(super) struct PaymentPageView<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_id: VendorId,
    payments: &'a [VendorPaymentView],
    /// Payments on this page.
    payment_count: usize,
    #[serde(flatten)]
    #[schema(value_type = PageInfo)]
    page: &'a PageInfo,
    data: PaymentPageData<'a>,
}

/// The same once more, the payments under two names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentsToVendorData)]
struct PaymentPageData<'a> {
    data: &'a [VendorPaymentView],
    payments: &'a [VendorPaymentView],
    payment_count: usize,
    #[serde(flatten)]
    #[schema(value_type = PageInfo)]
    page: &'a PageInfo,
}

impl Serialize for PaymentPage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            vendor_id,
            payments,
            page,
        } = self;
        PaymentPageView {
            status: SUCCESS,
            vendor_id: *vendor_id,
            payments,
            payment_count: payments.len(),
            page,
            data: PaymentPageData {
                data: payments,
                payments,
                payment_count: payments.len(),
                page,
            },
        }
        .serialize(serializer)
    }
}
