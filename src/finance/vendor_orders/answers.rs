//! The answers about one vendor order.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    VendorOrder, VendorOrderView,
    lines::{VendorLine, VendorLineView},
};
use crate::{http::envelope::SUCCESS, types::ids::VendorOrderId};

/// An order that was placed or changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrderAnswer)]
pub(super) struct OrderAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Vendor order created")]
    message: &'static str,
    #[schema(value_type = VendorOrderView<'static>)]
    vendor_order: VendorOrder,
    vendor_order_id: VendorOrderId,
    data: OrderData,
}

/// The order, and beside its fields the order once more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrderData)]
struct OrderData {
    #[serde(flatten)]
    #[schema(value_type = VendorOrderView<'static>)]
    order: VendorOrder,
    #[schema(value_type = VendorOrderView<'static>)]
    vendor_order: VendorOrder,
}

impl OrderAnswer {
    pub(super) fn new(message: &'static str, order: VendorOrder) -> Self {
        Self {
            status: SUCCESS,
            message,
            vendor_order: order.clone(),
            vendor_order_id: order.id,
            data: OrderData {
                order: order.clone(),
                vendor_order: order,
            },
        }
    }
}

/// An order with whom to ask and its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VendorOrderDetails)]
pub(super) struct OrderDetails {
    #[serde(flatten)]
    #[schema(value_type = VendorOrderView<'static>)]
    pub(super) order: VendorOrder,
    /// The vendor's.
    pub(super) contact_person: Option<String>,
    /// The vendor's.
    pub(super) email: Option<String>,
    /// The vendor's.
    pub(super) phone: Option<String>,
    /// In the order of their ids.
    #[schema(value_type = Vec<VendorLineView<'static>>)]
    pub(super) line_items: Vec<VendorLine>,
}

/// One order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrderFound)]
pub(super) struct OrderFound {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_order: OrderDetails,
    vendor_order_id: VendorOrderId,
    data: OrderFoundData,
}

/// The order, and beside its fields the order once more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrderFoundData)]
struct OrderFoundData {
    #[serde(flatten)]
    order: OrderDetails,
    vendor_order: OrderDetails,
}

impl From<OrderDetails> for OrderFound {
    fn from(order: OrderDetails) -> Self {
        Self {
            status: SUCCESS,
            vendor_order: order.clone(),
            vendor_order_id: order.order.id,
            data: OrderFoundData {
                order: order.clone(),
                vendor_order: order,
            },
        }
    }
}

/// Several orders that were placed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrdersPlaced)]
pub(super) struct OrdersPlaced {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Created 2 vendor orders")]
    message: String,
    #[schema(value_type = Vec<VendorOrderView<'static>>)]
    vendor_orders: Vec<VendorOrder>,
    #[schema(example = 2)]
    count: usize,
    data: OrdersPlacedData,
}

/// The same once more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrdersPlacedData)]
struct OrdersPlacedData {
    #[schema(value_type = Vec<VendorOrderView<'static>>)]
    vendor_orders: Vec<VendorOrder>,
    count: usize,
}

impl From<Vec<VendorOrder>> for OrdersPlaced {
    fn from(orders: Vec<VendorOrder>) -> Self {
        let count = orders.len();
        let plural = if count == 1 { "" } else { "s" };
        Self {
            status: SUCCESS,
            message: format!("Created {count} vendor order{plural}"),
            vendor_orders: orders.clone(),
            count,
            data: OrdersPlacedData {
                vendor_orders: orders,
                count,
            },
        }
    }
}

/// An order that is gone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrderDeleted)]
pub(super) struct OrderDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Vendor order deleted")]
    message: &'static str,
    data: OrderGone,
}

/// Which one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrderGone)]
struct OrderGone {
    #[schema(example = true)]
    success: bool,
    #[schema(example = "Vendor order deleted")]
    message: &'static str,
    vendor_order_id: VendorOrderId,
}

impl From<VendorOrderId> for OrderDeleted {
    fn from(vendor_order_id: VendorOrderId) -> Self {
        const MESSAGE: &str = "Vendor order deleted";
        Self {
            status: SUCCESS,
            message: MESSAGE,
            data: OrderGone {
                success: true,
                message: MESSAGE,
                vendor_order_id,
            },
        }
    }
}
