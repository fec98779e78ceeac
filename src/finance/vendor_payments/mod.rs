//! The vendors' ledger, table `vendor_payment`: money to vendors for their orders, and in advance.
//!
//! A write locks the vendor order first where there is one, then the payment. Routes that serve both ledgers are in
//! [`payments`](super::payments). Source: the vendor contract, sections 3 and 10.

mod model;
pub mod store;

pub use model::{NewVendorPayment, VendorPaymentChange};
pub(crate) use model::{NewVendorPaymentBody, VendorPaymentChangeBody};
