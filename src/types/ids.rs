//! Ids as types of their own, so that a project's id cannot be taken for a purchase order's.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

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

/// The UUID in a text, with or without its hyphens.
fn parse_uuid(text: &str) -> Option<Uuid> {
    // Not in braces or as a URN, which would be a second spelling of a path.
    Some(text)
        .filter(|text| matches!(text.len(), 32 | 36))
        .and_then(|text| Uuid::try_parse(text).ok())
}

fn not_a_uuid() -> Problem {
    Problem::new("uuid_parsing", "must be a UUID")
}

/// Makes an id type over a UUID; on the wire a string.
macro_rules! uuid_id {
    ($(#[doc = $doc:literal] $name:ident;)+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl Input for $name {
            fn read(value: &Value) -> Result<Self, Problem> {
                let id = value.as_str().and_then(|text| parse_uuid(text.trim()));
                id.map(Self).ok_or_else(not_a_uuid)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                        utoipa::openapi::KnownFormat::Uuid,
                    )))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

uuid_id! {
    /// A bill's id.
    BillingPoId;
    /// The id of a line of a bill.
    BillingLineId;
}

/// How a path names a bill or a line of one: by its id, or by the number that it had before ids became UUIDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingKey {
    /// The id.
    Id(Uuid),
    /// The earlier number; 0, which nothing has, for one beyond all numbers.
    Number(i64),
}

impl BillingKey {
    /// The id, if that is what is named.
    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::Id(id) => Some(id),
            Self::Number(_) => None,
        }
    }

    /// The earlier number, if that is what is named.
    pub fn number(self) -> Option<i64> {
        match self {
            Self::Id(_) => None,
            Self::Number(number) => Some(number),
        }
    }
}

impl Input for BillingKey {
    fn read(value: &Value) -> Result<Self, Problem> {
        let text = value.as_str().unwrap_or_default();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Number(text.parse().unwrap_or_default()));
        }
        parse_uuid(text).map(Self::Id).ok_or_else(not_a_uuid)
    }
}

impl utoipa::PartialSchema for BillingKey {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <String as utoipa::PartialSchema>::schema()
    }
}

impl utoipa::ToSchema for BillingKey {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bill_is_named_by_its_uuid_or_its_earlier_number() {
        let id = "0f9b6a71-d4c8-4253-8a90-bf1c6de84372";
        let uuid = BillingKey::Id(id.parse().unwrap());
        for (text, key) in [
            (id, uuid),
            ("0F9B6A71-D4C8-4253-8A90-BF1C6DE84372", uuid),
            ("0f9b6a71d4c842538a90bf1c6de84372", uuid),
            ("17", BillingKey::Number(17)),
            ("0", BillingKey::Number(0)),
            ("12345678901234567890123456789012", BillingKey::Number(0)),
        ] {
            assert_eq!(BillingKey::read(&json!(text)), Ok(key), "{text}");
        }
        for text in [
            "",
            " ",
            "-1",
            "1.5",
            "abc",
            "0f9b6a71-d4c8-4253-8a90-bf1c6de8437",
            "0f9b6a71-d4c8-4253-8a90-bf1c6de8437g",
            "{0f9b6a71-d4c8-4253-8a90-bf1c6de84372}",
            "urn:uuid:0f9b6a71-d4c8-4253-8a90-bf1c6de84372",
        ] {
            let kind = BillingKey::read(&json!(text)).unwrap_err().kind;
            assert_eq!(kind, "uuid_parsing", "{text}");
        }
    }

    #[test]
    fn only_a_text_is_a_uuid() {
        let id = "0f9b6a71-d4c8-4253-8a90-bf1c6de84372";
        assert_eq!(
            BillingPoId::read(&json!(format!(" {id} "))).unwrap().to_string(),
            id
        );
        for value in [json!(5), json!("5"), json!([id]), json!(true), json!({})] {
            assert_eq!(
                BillingPoId::read(&value).unwrap_err().kind,
                "uuid_parsing",
                "{value}"
            );
        }
    }
}
