//! The kept totals behind lists: how many rows a list has, and the sums over them, by status and payment status, for all rows
//! and for those of one client, project or vendor, so that a page costs the same however many rows there are. Beside them,
//! how many stores the POs of a client are for, which vendor orders are due and not paid, and which vendors their lines name.
//!
//! They are written in the transaction of the change, by the unit of work: a store function that changes a counted row says
//! so before ([`UnitOfWork::follow`](crate::unit_of_work::UnitOfWork::follow)), one that makes a row afterwards
//! ([`UnitOfWork::follow_new`](crate::unit_of_work::UnitOfWork::follow_new)). At commit the difference between what the rows
//! contributed and what they contribute is added. The SQL function `recount_kept_totals` makes all of them anew.

mod following;
mod links;
mod reading;
mod vendor_side;
mod verify;

pub use following::Followed;
pub use links::payment_links;
pub use reading::{BundleCounts, Kept, KeptTotal, List, Scope, bundle_counts, read, read_paid};
pub use vendor_side::{
    CategoryTotal, OrderTotal, OrderWords, ShareTotal, orders_of_payments, vendor_order_categories,
    vendor_orders, vendor_shares,
};
pub use verify::{TotalFault, recount_if_off, verify};

use crate::types::ids::{
    ClientPaymentId, ClientPoId, DocumentId, ProjectId, QuotationId, VendorId, VendorOrderId, VendorPaymentId,
};

/// A row that kept totals count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// A client PO with its lines and payments.
    ClientPo(ClientPoId),
    /// A client payment; one that has a PO counts with it, so that the PO has to be followed too.
    ClientPayment(ClientPaymentId),
    /// A vendor order with its lines, payments and links; lock it before it is followed.
    VendorOrder(VendorOrderId),
    /// A vendor payment; the orders whose figures it enters are followed with it.
    VendorPayment(VendorPaymentId),
    /// A project.
    Project(ProjectId),
    /// A quotation.
    Quotation(QuotationId),
    /// A vendor.
    Vendor(VendorId),
    /// A document of a project or a PO.
    Document(DocumentId),
}
