//! The lines of vendor orders, table `vendor_order_line_item`. As soon as an order has a line it is worth the sum of its lines.
//!
//! A write locks the order and computes its value anew. Source: the vendor contract, sections 4.1 and 8.

mod by_category;
mod model;
pub(super) mod routes;
mod store;

pub use model::{VendorLine, VendorLineView};
pub(super) use store::list_all;
