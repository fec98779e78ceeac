//! Payment links as they are sent, stored and shown.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sqlx::FromRow;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    finance::{payments::positive_amount, references::References},
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Order, PageInfo, Paging},
    },
    types::{
        Fields, FromFields, Input, Money, Problem, Text,
        ids::{
            ClientPaymentId, PaymentId, PaymentLinkId, ProjectId, VendorId, VendorOrderId, VendorPaymentId,
        },
        words::words,
    },
};

words! {
    /// Which way the money of a link goes.
    LinkType {
        /// From the client, meant for the order.
        Incoming = "incoming",
        /// To the vendor, or back to the client.
        Outgoing = "outgoing",
    }
}

words! {
    /// The ledger of a link's payment.
    LinkSource {
        /// A client payment.
        Client = "client",
        /// A vendor payment.
        Vendor = "vendor",
    }
}

/// A link with its payment.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Link {
    /// Its id.
    pub id: PaymentLinkId,
    /// The order that the part is meant for.
    pub vendor_order_id: VendorOrderId,
    /// The client payment, or null.
    pub payment_id: Option<ClientPaymentId>,
    /// The vendor payment, or null.
    pub vendor_payment_id: Option<VendorPaymentId>,
    /// One of [`LinkType`].
    pub link_type: String,
    /// The part.
    pub amount_allocated: Money,
    /// The whole payment.
    pub payment_amount: Money,
    /// When it was paid; null on some adopted rows.
    pub payment_date: Option<NaiveDate>,
    /// By which way it went.
    pub payment_mode: String,
    /// How it stands.
    pub payment_status: String,
    /// The bank's reference.
    pub reference_number: Option<String>,
    /// When the part was allotted.
    pub linked_at: DateTime<Utc>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

impl Link {
    /// The ledger of its payment.
    pub fn source(&self) -> LinkSource {
        if self.payment_id.is_some() {
            LinkSource::Client
        } else {
            LinkSource::Vendor
        }
    }
}

/// A link on the wire.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentLink)]
struct Wire<'a> {
    id: PaymentLinkId,
    link_id: PaymentLinkId,
    vendor_order_id: VendorOrderId,
    /// Set if `source` is `client`.
    payment_id: Option<ClientPaymentId>,
    /// Set if `source` is `vendor`.
    vendor_payment_id: Option<VendorPaymentId>,
    source: LinkSource,
    #[schema(example = "incoming")]
    link_type: &'a str,
    /// The allotted part.
    amount: Money,
    amount_allocated: Money,
    /// The whole payment.
    payment_amount: Money,
    payment_date: Option<NaiveDate>,
    #[schema(example = "upi")]
    payment_mode: &'a str,
    #[schema(example = "cleared")]
    payment_status: &'a str,
    #[schema(example = "UTR-1")]
    reference_number: Option<&'a str>,
    linked_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire {
            id: self.id,
            link_id: self.id,
            vendor_order_id: self.vendor_order_id,
            payment_id: self.payment_id,
            vendor_payment_id: self.vendor_payment_id,
            source: self.source(),
            link_type: &self.link_type,
            amount: self.amount_allocated,
            amount_allocated: self.amount_allocated,
            payment_amount: self.payment_amount,
            payment_date: self.payment_date,
            payment_mode: &self.payment_mode,
            payment_status: &self.payment_status,
            reference_number: self.reference_number.as_deref(),
            linked_at: self.linked_at,
            created_at: self.created_at,
        }
        .serialize(serializer)
    }
}

impl PartialSchema for Link {
    fn schema() -> RefOr<Schema> {
        Wire::schema()
    }
}

impl ToSchema for Link {
    fn name() -> Cow<'static, str> {
        Wire::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Wire::schemas(schemas);
    }
}

/// A link with what is told of its order in the list of all.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
#[schema(as = PaymentLinkOfOrder)]
pub(super) struct LinkOfOrder {
    #[sqlx(flatten)]
    #[serde(flatten)]
    link: Link,
    #[schema(example = "VO-1")]
    po_number: String,
    /// The order's vendor; of an order without one the vendor of the payment.
    vendor_id: Option<VendorId>,
    #[schema(example = "Example Works Pvt Ltd")]
    vendor_name: Option<String>,
    /// The order's project.
    project_id: Option<ProjectId>,
}

/// How a request names the payment that is to be linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentName {
    /// A client payment by its id.
    Client(ClientPaymentId),
    /// A client payment by the bank's reference.
    Reference(Text<100>),
    /// A vendor payment by its id.
    Vendor(VendorPaymentId),
}

/// A client payment's id, or text that is no number and stands for its reference.
struct ClientName(PaymentName);

impl Input for ClientName {
    fn read(value: &Value) -> Result<Self, Problem> {
        let is_id = match value {
            Value::String(text) => text.trim().bytes().all(|byte| byte.is_ascii_digit()),
            _ => true,
        };
        let name = if is_id {
            PaymentName::Client(ClientPaymentId::read(value)?)
        } else {
            PaymentName::Reference(Text::read(value)?)
        };
        Ok(Self(name))
    }
}

/// A part of a payment that is to be meant for an order.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// Which way the money goes.
    pub link_type: LinkType,
    /// The payment.
    pub payment: PaymentName,
    /// The part, above 0; what is left of the payment and fits the order, if it is not said.
    pub amount: Option<Money>,
}

impl FromFields for NewLink {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let link_type = fields.required::<LinkType>("link_type");
        let client = fields.optional::<ClientName>("payment_id");
        let vendor = fields.optional::<VendorPaymentId>("vendor_payment_id");
        match (
            fields.has_text("payment_id"),
            fields.has_text("vendor_payment_id"),
        ) {
            (false, false) => fields.fault(
                "payment_id",
                Problem::new("missing", "Field required, unless vendor_payment_id is given"),
            ),
            (true, true) => fields.fault(
                "vendor_payment_id",
                Problem::new("value_error", "does not go with payment_id"),
            ),
            (false, true) if link_type == Some(LinkType::Incoming) => fields.fault(
                "link_type",
                Problem::new("value_error", "must be outgoing with vendor_payment_id"),
            ),
            _ => {}
        }
        let amount = positive_amount(fields, "amount");
        let payment = client.map(|name| name.0).or(vendor.map(PaymentName::Vendor));
        Some(Self {
            link_type: link_type?,
            payment: payment?,
            amount,
        })
    }
}

/// An id, or a reference.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "read through `PaymentName`; this only documents the field"
)]
enum ClientNameBody {
    /// The id of a client payment; digits in quotes are an id too.
    Id(ClientPaymentId),
    /// The reference of a client payment.
    Reference(Text<100>),
}

/// The body of a link request.
#[derive(Debug, ToSchema)]
#[schema(as = NewPaymentLink, example = json!({"link_type": "incoming", "payment_id": 16, "amount": 25000}))]
#[expect(dead_code, reason = "read through `NewLink`; this only documents the body")]
pub(super) struct NewLinkBody {
    /// `incoming` for money from a client, `outgoing` for a share of an advance or money back to a client.
    link_type: LinkType,
    /// This or `vendor_payment_id`.
    payment_id: Option<ClientNameBody>,
    /// An advance to a vendor, with `outgoing`.
    vendor_payment_id: Option<VendorPaymentId>,
    /// Above 0; unless given what is left of the payment, at most what the order has room for.
    amount: Option<Money>,
}

/// The ledger of the payment whose link is meant.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SourceQuery {
    /// Without it a client payment of this id is looked for first, then a vendor payment.
    #[param(inline)]
    pub(super) source: Option<LinkSource>,
}

impl FromFields for SourceQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            source: fields.optional("source"),
        })
    }
}

/// The id, which closes every order.
const ID: Column = Column {
    name: "id",
    sql: "link.id",
    kind: "bigint",
};
/// When a part was allotted.
const LINKED_AT: Column = Column {
    name: "linked_at",
    sql: "link.linked_at",
    kind: "timestamptz",
};
/// What links can be sorted by.
const SORTS: [Column; 3] = [
    ID,
    LINKED_AT,
    Column {
        name: "amount",
        sql: "link.amount_allocated",
        kind: "numeric",
    },
];

fn order(fields: &mut Fields<'_>) -> Order {
    let default = Order::of(&[(LINKED_AT, Direction::Down), (ID, Direction::Down)]);
    Order::read(fields, &SORTS, default)
}

/// Which links are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LinkQuery {
    /// Only those of this order.
    pub vendor_order_id: Option<VendorOrderId>,
    /// Only those of this client payment.
    pub payment_id: Option<ClientPaymentId>,
    /// Only those of this vendor payment.
    pub vendor_payment_id: Option<VendorPaymentId>,
    /// Only those in this direction.
    #[param(inline)]
    pub link_type: Option<LinkType>,
    /// Only those of this vendor's orders; of an order without a vendor, those of payments to this vendor.
    pub vendor_id: Option<VendorId>,
    /// Only those of this project's orders.
    pub project_id: Option<ProjectId>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for LinkQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            vendor_order_id: fields.optional("vendor_order_id"),
            payment_id: fields.optional("payment_id"),
            vendor_payment_id: fields.optional("vendor_payment_id"),
            link_type: fields.optional("link_type"),
            vendor_id: fields.optional("vendor_id"),
            project_id: fields.optional("project_id"),
            paging: Paging::read(fields, 50),
            order: order(fields),
        })
    }
}

impl LinkQuery {
    /// Whether only links of one order or one payment are asked for.
    pub(super) const fn is_of_one(&self) -> bool {
        self.vendor_order_id.is_some() || self.payment_id.is_some() || self.vendor_payment_id.is_some()
    }
}

/// Which links of one order are asked for.
#[derive(Debug, Clone)]
pub(super) struct OwnLinksQuery {
    paging: Paging,
    order: Order,
}

impl FromFields for OwnLinksQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            paging: Paging::read(fields, 1000),
            order: order(fields),
        })
    }
}

impl OwnLinksQuery {
    /// The same as a query of all links.
    pub(super) fn of(self, order: VendorOrderId) -> LinkQuery {
        LinkQuery {
            vendor_order_id: Some(order),
            payment_id: None,
            vendor_payment_id: None,
            link_type: None,
            vendor_id: None,
            project_id: None,
            paging: self.paging,
            order: self.order,
        }
    }
}

/// A link that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentLinked<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Payment linked to vendor order")]
    message: &'static str,
    vendor_order_id: VendorOrderId,
    link: &'a Link,
    linked_payment: &'a Link,
    data: PaymentLinkedData<'a>,
}

/// The link, and the same once more under both names.
#[derive(Debug, Serialize, ToSchema)]
struct PaymentLinkedData<'a> {
    #[serde(flatten)]
    own: &'a Link,
    link: &'a Link,
    linked_payment: &'a Link,
}

impl<'a> From<&'a Link> for PaymentLinked<'a> {
    fn from(link: &'a Link) -> Self {
        Self {
            status: SUCCESS,
            message: "Payment linked to vendor order",
            vendor_order_id: link.vendor_order_id,
            link,
            linked_payment: link,
            data: PaymentLinkedData {
                own: link,
                link,
                linked_payment: link,
            },
        }
    }
}

/// A link that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentUnlinked {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Payment unlinked")]
    message: &'static str,
    data: UnlinkedPayment,
}

#[derive(Debug, Serialize, ToSchema)]
struct UnlinkedPayment {
    vendor_order_id: VendorOrderId,
    payment_id: PaymentId,
    link_id: PaymentLinkId,
}

impl PaymentUnlinked {
    pub(super) fn new(vendor_order_id: VendorOrderId, payment_id: PaymentId, link_id: PaymentLinkId) -> Self {
        Self {
            status: SUCCESS,
            message: "Payment unlinked",
            data: UnlinkedPayment {
                vendor_order_id,
                payment_id,
                link_id,
            },
        }
    }
}

/// The links of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkedPayments<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_order_id: VendorOrderId,
    incoming_payments: Vec<&'a Link>,
    outgoing_payments: Vec<&'a Link>,
    /// All links of the order, on whatever page.
    total_linked: i64,
    #[serde(flatten)]
    page: &'a PageInfo,
    data: LinkedPaymentsData<'a>,
}

/// The same once more, and all links together.
#[derive(Debug, Serialize, ToSchema)]
struct LinkedPaymentsData<'a> {
    vendor_order_id: VendorOrderId,
    incoming_payments: Vec<&'a Link>,
    outgoing_payments: Vec<&'a Link>,
    linked_payments: Vec<&'a Link>,
    total_linked: i64,
    #[serde(flatten)]
    page: &'a PageInfo,
}

impl<'a> LinkedPayments<'a> {
    pub(super) fn new(vendor_order_id: VendorOrderId, links: &'a [LinkOfOrder], page: &'a PageInfo) -> Self {
        let all: Vec<&Link> = links.iter().map(|row| &row.link).collect();
        let (incoming, outgoing): (Vec<&Link>, Vec<&Link>) = all
            .iter()
            .partition(|link| link.link_type == LinkType::Incoming.as_str());
        Self {
            status: SUCCESS,
            vendor_order_id,
            incoming_payments: incoming.clone(),
            outgoing_payments: outgoing.clone(),
            total_linked: page.total_count,
            page,
            data: LinkedPaymentsData {
                vendor_order_id,
                incoming_payments: incoming,
                outgoing_payments: outgoing,
                linked_payments: all,
                total_linked: page.total_count,
                page,
            },
        }
    }
}

/// A page of links.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkList<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    links: &'a [LinkOfOrder],
    vendor_payment_links: &'a [LinkOfOrder],
    /// Links on this page.
    link_count: usize,
    #[serde(flatten)]
    page: &'a PageInfo,
    data: LinkListData<'a>,
}

/// The same once more, under a third name too.
#[derive(Debug, Serialize, ToSchema)]
struct LinkListData<'a> {
    links: &'a [LinkOfOrder],
    vendor_payment_links: &'a [LinkOfOrder],
    data: &'a [LinkOfOrder],
    link_count: usize,
    #[serde(flatten)]
    page: &'a PageInfo,
}

impl<'a> LinkList<'a> {
    pub(super) fn new(links: &'a [LinkOfOrder], page: &'a PageInfo) -> Self {
        Self {
            status: SUCCESS,
            links,
            vendor_payment_links: links,
            link_count: links.len(),
            page,
            data: LinkListData {
                links,
                vendor_payment_links: links,
                data: links,
                link_count: links.len(),
                page,
            },
        }
    }
}

impl LinkQuery {
    /// The rows that the query names.
    pub(super) fn references(&self) -> References {
        References {
            vendor_order_id: self.vendor_order_id,
            payment_id: self.payment_id,
            vendor_payment_id: self.vendor_payment_id,
            vendor_id: self.vendor_id,
            project_id: self.project_id,
            ..References::default()
        }
    }
}
