//! The companies that work is passed on to, and that appear as sellers on proforma invoices.

pub mod hold;
pub mod store;
