//! Vendor orders as they are sent.

use chrono::NaiveDate;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    rules::Wanted,
    words::{OrderPaymentStatus, OrderStatus, ValueBasis, WorkStatus},
};
use crate::{
    error::Fault,
    types::{
        Fields, FromFields, Input, Money, Patch, Problem, Text,
        ids::{ClientPoId, ProjectId, VendorId},
    },
};

/// The most orders of one request.
pub(super) const MOST: usize = 500;
/// The other names of fields; the first one wins.
const ALIASES: [(&str, &str); 4] = [
    ("po_number", "order_number"),
    ("po_date", "order_date"),
    ("amount", "order_value"),
    ("due_date", "expected_delivery"),
];

/// The one currency of the books; it is not stored.
struct Rupees;

impl Input for Rupees {
    fn read(value: &Value) -> Result<Self, Problem> {
        match value.as_str() {
            Some(text) if text.trim().eq_ignore_ascii_case("INR") => Ok(Self),
            _ => Err(Problem::new("enum", "must be one of: INR")),
        }
    }
}

/// An order to be placed.
#[derive(Debug, Clone)]
pub(super) struct NewVendorOrder {
    pub(super) vendor_id: Option<VendorId>,
    pub(super) client_po_id: Option<ClientPoId>,
    /// Read by the collection of all orders only; elsewhere the path says which project.
    pub(super) project_id: Option<ProjectId>,
    pub(super) po_number: Option<Text<100>>,
    pub(super) po_date: Option<NaiveDate>,
    pub(super) due_date: Option<NaiveDate>,
    pub(super) stated_value: Option<Money>,
    pub(super) description: Option<Text<5000>>,
    pub(super) category: Option<Text<255>>,
    pub(super) billing_notes: Option<Text<5000>>,
    pub(super) wanted: Wanted,
    pub(super) payment_status: Option<OrderPaymentStatus>,
}

impl FromFields for NewVendorOrder {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        for (name, other) in ALIASES {
            fields.alias(name, other);
        }
        let positive = |value: Option<Money>| value.filter(|value| *value > Money::ZERO);
        let po_value = positive(fields.optional("po_value"));
        let amount = positive(fields.optional("amount"));
        if let (Some(po_value), Some(amount)) = (po_value, amount)
            && po_value != amount
        {
            fields.fault(
                "amount",
                Problem::new("value_error", "must not differ from po_value"),
            );
        }
        let _: Option<Rupees> = fields.optional("currency");
        Some(Self {
            vendor_id: fields.optional("vendor_id"),
            client_po_id: fields.optional("client_po_id"),
            project_id: fields.optional("project_id"),
            po_number: fields.optional("po_number"),
            po_date: fields.optional("po_date"),
            due_date: fields.optional("due_date"),
            stated_value: po_value.or(amount),
            description: fields.optional("description"),
            category: fields.optional("category"),
            billing_notes: fields.optional("billing_notes"),
            wanted: Wanted {
                status: fields.optional("status"),
                work_status: fields.optional("work_status"),
            },
            payment_status: fields.optional("payment_status"),
        })
    }
}

/// The same in a project that the path names: what the body says of a project is not looked at.
#[derive(Debug, Clone)]
pub(super) struct NewProjectOrder(pub(super) NewVendorOrder);

impl FromFields for NewProjectOrder {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.forget("project_id");
        NewVendorOrder::from_fields(fields).map(Self)
    }
}

/// Several of them.
#[derive(Debug, Clone)]
pub(super) struct NewProjectOrders {
    /// Those without a fault.
    pub(super) orders: Vec<NewVendorOrder>,
    /// The place of each in the request.
    pub(super) places: Vec<usize>,
    /// What is wrong with the others, which is told together with what the database has against these.
    pub(super) faults: Vec<Fault>,
}

impl FromFields for NewProjectOrders {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let entries = fields.each("orders", (1, MOST), NewProjectOrder::from_fields)?;
        let (places, orders) = entries
            .into_iter()
            .enumerate()
            .filter_map(|(place, order)| Some((place, order?.0)))
            .unzip();
        Some(Self {
            orders,
            places,
            faults: fields.take_faults(),
        })
    }
}

/// The body of an order to be placed in a project.
#[derive(Debug, ToSchema)]
#[schema(as = NewProjectVendorOrder)]
#[expect(
    dead_code,
    reason = "read through `NewVendorOrder`; this only documents the body"
)]
pub(super) struct NewProjectOrderBody {
    /// None for a bundle, whose lines may name several.
    vendor_id: Option<VendorId>,
    /// `VO-` and the id unless given; not that of another live order of the project to the vendor.
    #[schema(value_type = Option<String>, example = "VO-2026-14")]
    po_number: Option<Text<100>>,
    /// Today unless given.
    po_date: Option<NaiveDate>,
    /// What was agreed, net of recoverable GST. It is the order's value as long as it has no lines.
    po_value: Option<Money>,
    /// The same by another name; if both are given they must not differ.
    amount: Option<Money>,
    /// When it is to be paid.
    due_date: Option<NaiveDate>,
    description: Option<Text<5000>>,
    #[schema(value_type = Option<String>, example = "Civil")]
    category: Option<Text<255>>,
    billing_notes: Option<Text<5000>>,
    /// A PO of the same project, or of none.
    client_po_id: Option<ClientPoId>,
    /// `approved` is an admin's.
    status: Option<OrderStatus>,
    work_status: Option<WorkStatus>,
    payment_status: Option<OrderPaymentStatus>,
    /// `INR`, if anything.
    #[schema(example = "INR")]
    currency: Option<String>,
}

/// The body of an order to be placed.
#[derive(Debug, ToSchema)]
#[schema(as = NewVendorOrder)]
#[expect(
    dead_code,
    reason = "read through `NewVendorOrder`; this only documents the body"
)]
pub(super) struct NewVendorOrderBody {
    #[serde(flatten)]
    order: NewProjectOrderBody,
    /// That of the PO unless given, if it has one.
    project_id: Option<ProjectId>,
}

/// The body of several orders to be placed.
#[derive(Debug, ToSchema)]
#[schema(as = NewVendorOrders)]
#[expect(
    dead_code,
    reason = "read through `NewProjectOrders`; this only documents the body"
)]
pub(super) struct NewProjectOrdersBody {
    /// 1 to 500 orders.
    #[schema(min_items = 1, max_items = 500,
        example = json!([{"vendor_id": 5, "po_value": 50000, "category": "Civil"}, {"po_value": 1200.5}]))]
    orders: Vec<NewProjectOrderBody>,
}

/// What is to change of an order.
#[derive(Debug, Clone, Default)]
pub(super) struct VendorOrderChange {
    pub(super) vendor_id: Option<VendorId>,
    pub(super) client_po_id: Option<ClientPoId>,
    pub(super) po_number: Option<Text<100>>,
    pub(super) po_date: Patch<NaiveDate>,
    pub(super) due_date: Patch<NaiveDate>,
    pub(super) value: Option<Money>,
    pub(super) value_basis: Option<ValueBasis>,
    pub(super) description: Patch<Text<5000>>,
    pub(super) category: Patch<Text<255>>,
    pub(super) billing_notes: Patch<Text<5000>>,
    pub(super) wanted: Wanted,
    pub(super) payment_status: Option<OrderPaymentStatus>,
}

impl FromFields for VendorOrderChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        for (name, other) in ALIASES {
            fields.alias_of_change(name, other);
        }
        let po_value: Option<Money> = fields.optional("po_value");
        let amount = fields.optional("amount");
        let _: Option<Rupees> = fields.optional("currency");
        Some(Self {
            vendor_id: fields.optional("vendor_id"),
            client_po_id: fields.optional("client_po_id"),
            po_number: fields.present("po_number"),
            po_date: fields.patch_text("po_date"),
            due_date: fields.patch_text("due_date"),
            value: po_value.or(amount),
            value_basis: fields.optional("value_basis"),
            description: fields.patch_text("description"),
            category: fields.patch_text("category"),
            billing_notes: fields.patch_text("billing_notes"),
            wanted: Wanted {
                status: fields.optional("status"),
                work_status: fields.optional("work_status"),
            },
            payment_status: fields.optional("payment_status"),
        })
    }
}

/// The body of a change.
#[derive(Debug, ToSchema)]
#[schema(as = VendorOrderChange)]
#[expect(
    dead_code,
    reason = "read through `VendorOrderChange`; this only documents the body"
)]
pub(super) struct VendorOrderChangeBody {
    /// Not while the order is paid in part.
    vendor_id: Option<VendorId>,
    /// Not that of another live order of the project to the vendor.
    #[schema(value_type = Option<String>, example = "VO-2026-14")]
    po_number: Option<Text<100>>,
    /// Empty text clears it.
    po_date: Option<NaiveDate>,
    /// Becomes the stated value, unless it is what the order is worth already.
    po_value: Option<Money>,
    /// The same by another name; `po_value` wins.
    amount: Option<Money>,
    /// `lines`, of an order that has lines; there is no way back.
    value_basis: Option<ValueBasis>,
    /// Empty text clears it.
    due_date: Option<NaiveDate>,
    /// Empty text clears it.
    description: Option<Text<5000>>,
    /// Empty text clears it.
    category: Option<Text<255>>,
    /// Empty text clears it.
    billing_notes: Option<Text<5000>>,
    /// A PO of the same project, or of none.
    client_po_id: Option<ClientPoId>,
    /// A word of work where `work_status` is absent; `approved` is an admin's.
    status: Option<OrderStatus>,
    work_status: Option<WorkStatus>,
    /// Only as long as no payment says how far the order is paid.
    payment_status: Option<OrderPaymentStatus>,
    /// `INR`, if anything.
    #[schema(example = "INR")]
    currency: Option<String>,
}

/// What is to change of how an order stands.
#[derive(Debug, Clone)]
pub(super) struct OrderStatusChange(pub(super) VendorOrderChange);

impl FromFields for OrderStatusChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self(VendorOrderChange {
            client_po_id: fields.optional("client_po_id"),
            wanted: Wanted {
                status: fields.optional("status"),
                work_status: fields.optional("work_status"),
            },
            payment_status: fields.optional("payment_status"),
            ..VendorOrderChange::default()
        }))
    }
}

/// The body of a change of how an order stands.
#[derive(Debug, ToSchema)]
#[schema(as = VendorOrderStatusChange)]
#[expect(
    dead_code,
    reason = "read through `OrderStatusChange`; this only documents the body"
)]
pub(super) struct OrderStatusChangeBody {
    /// A word of work where `work_status` is absent; `approved` is an admin's.
    status: Option<OrderStatus>,
    work_status: Option<WorkStatus>,
    /// Only as long as no payment says how far the order is paid.
    payment_status: Option<OrderPaymentStatus>,
    /// A PO of the same project, or of none.
    client_po_id: Option<ClientPoId>,
}

/// The project in a path; 0 stands for the orders of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = i64)]
pub(super) struct PathProject(pub(super) Option<ProjectId>);

impl Input for PathProject {
    fn read(value: &Value) -> Result<Self, Problem> {
        if value.as_str().is_some_and(|text| text == "0") {
            return Ok(Self(None));
        }
        ProjectId::read(value).map(|id| Self(Some(id)))
    }
}
