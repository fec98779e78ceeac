//! What vendors are asked to do, tables `vendor_order` and `vendor_order_line_item`: orders, their lines, and how work and
//! payment stand.
//!
//! An order is worth the sum of its lines where it has lines, else what was stated; the one column `po_value` is kept so by
//! every write. How far it is paid follows from payments and links as soon as there is one. A write locks the order before
//! its payments, and the client PO before the order. Source: the vendor contract, sections 3, 4, 7 and 8.

mod answers;
mod body;
mod change;
pub mod lines;
mod list;
mod model;
mod numbers;
mod place;
mod routes;
mod rules;
pub mod store;
pub mod words;

pub(crate) use list::{CREATED, ID, SORTS};
pub use model::{VendorOrder, VendorOrderView};
pub use routes::router;
