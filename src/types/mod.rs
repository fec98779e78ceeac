//! Values that cannot be wrong: ids, money, quantities, text, time; and the reader that makes them from client input.
//!
//! A request type holds these, so that nothing below a handler checks shape, length or range again. Whatever a client
//! got wrong is gathered as a list of [`Fault`](crate::error::Fault)s, one for each field.

pub mod clock;
pub mod decimal;
pub mod email;
pub mod fields;
pub mod free_json;
pub mod gstin;
pub mod ids;
pub(crate) mod moment;
mod numeric;
pub mod text;
pub mod words;

pub use clock::Clock;
pub(crate) use decimal::NUMBER;
pub use decimal::{Days, Latitude, Longitude, Money, Percent, Quantity, Rate};
pub use email::Email;
pub use fields::{Fields, FromFields, Input, Patch, Problem};
pub use gstin::Gstin;
pub use text::Text;
