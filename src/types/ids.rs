//! Ids as types of their own, so that a project's id cannot be taken for a purchase order's.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::{Input, Problem};

/// Makes an id type over a positive integer; on the wire a JSON number, read from a numeric string too.
macro_rules! id {
    ($(#[doc = $doc:literal] $name:ident($inner:ty);)+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// Reads a positive whole number, as it stands in a path; `None` for anything else. One that is beyond the ids of
            /// this table becomes 0, which is nobody's either.
            pub fn parse(text: &str) -> Option<Self> {
                let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let is_id = is_plain && text.parse::<i64>().is_ok_and(|id| id > 0);
                is_id.then(|| Self(text.parse().unwrap_or_default()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl Input for $name {
            fn read(value: &Value) -> Result<Self, Problem> {
                let text = match value {
                    Value::Number(number) => number.as_str(),
                    Value::String(text) => text.trim(),
                    _ => return Err(Problem::int()),
                };
                Self::parse(text).ok_or_else(Problem::id)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <$inner as utoipa::PartialSchema>::schema()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

id! {
    /// A user's id.
    UserId(i32);
    /// A client's id.
    ClientId(i64);
    /// A project's id.
    ProjectId(i64);
    /// A client purchase order's id, a verbal agreement's too.
    ClientPoId(i64);
    /// The id of a line of a client purchase order.
    LineItemId(i64);
    /// The id of a payment by a client, or back to it.
    ClientPaymentId(i64);
    /// The id of a payment in whichever ledger the request names.
    PaymentId(i64);
    /// A quotation's id.
    QuotationId(i32);
    /// The id of an item of a quotation.
    QuotationItemId(i32);
    /// A vendor's id.
    VendorId(i64);
    /// A vendor order's id.
    VendorOrderId(i64);
    /// The id of a line of a vendor order.
    VendorLineId(i64);
    /// The id of a payment to a vendor.
    VendorPaymentId(i64);
    /// The id of a payment's link to a vendor order.
    PaymentLinkId(i64);
    /// A site's id.
    SiteId(i64);
    /// A stored document's id.
    DocumentId(i64);
}
