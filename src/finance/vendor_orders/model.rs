//! Vendor orders as they are shown.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer};
use sqlx::FromRow;
use utoipa::ToSchema;

use super::{numbers::Number, rules::Standing};
use crate::types::{
    Money,
    ids::{ClientPoId, ProjectId, VendorId, VendorOrderId},
    moment,
};

/// A vendor order with its figures.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct VendorOrder {
    /// Its id.
    pub id: VendorOrderId,
    /// Who does the work; null for a bundle, whose lines may name several.
    pub vendor_id: Option<VendorId>,
    /// That vendor's name.
    pub vendor_name: Option<String>,
    /// The project that it is for.
    pub project_id: Option<ProjectId>,
    /// That project's name.
    pub project_name: Option<String>,
    /// The client PO that the work is part of.
    pub client_po_id: Option<ClientPoId>,
    /// Its number.
    pub po_number: String,
    /// When it was placed.
    pub po_date: Option<NaiveDate>,
    /// When it is to be paid.
    pub due_date: Option<NaiveDate>,
    /// What it is worth, net of recoverable GST.
    pub po_value: Money,
    /// What a user or the paper said.
    pub stated_value: Option<Money>,
    /// `lines` or `stated`: what `po_value` follows from.
    pub value_basis: String,
    /// `stated_value` − the lines; null without one of them.
    pub value_difference: Option<Money>,
    /// Σ `total_price` of its lines.
    pub line_items_total: Money,
    /// How many lines it has.
    pub line_item_count: i64,
    /// Free text.
    pub description: Option<String>,
    /// What kind of work it is.
    pub category: Option<String>,
    /// How it stands with its approval.
    pub status: String,
    /// How the work stands.
    pub work_status: String,
    /// How far it is paid.
    pub payment_status: String,
    /// `payments` if that follows from payments, `manual` if a user chose the word.
    pub payment_status_source: String,
    /// Whether it was due before today and is not paid in full.
    pub is_overdue: bool,
    /// What was paid.
    pub paid: Money,
    /// How many payments are linked.
    pub linked_payments_count: i64,
    /// As an older program left it.
    pub final_po_value: Option<Money>,
    /// As an older program left it.
    pub billing_status: Option<String>,
    /// Free text.
    pub billing_notes: Option<String>,
    /// Raised with every change.
    pub version: i32,
    /// When it was made; null on some adopted rows.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was changed last; null on some adopted rows.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Who does the work.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct NamedVendor<'a> {
    id: VendorId,
    #[schema(example = "Example Works Pvt Ltd")]
    name: Option<&'a str>,
}

/// A vendor order on the wire, under every name that clients read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrder)]
pub struct VendorOrderView<'a> {
    id: VendorOrderId,
    vendor_order_id: VendorOrderId,
    /// Null for a bundle.
    vendor_id: Option<VendorId>,
    #[schema(example = "Example Works Pvt Ltd")]
    vendor_name: Option<&'a str>,
    vendor: Option<NamedVendor<'a>>,
    project_id: Option<ProjectId>,
    #[schema(example = "Site A")]
    project_name: Option<&'a str>,
    client_po_id: Option<ClientPoId>,
    #[schema(example = "VO-000010")]
    po_number: &'a str,
    order_number: &'a str,
    po_date: Option<NaiveDate>,
    order_date: Option<NaiveDate>,
    due_date: Option<NaiveDate>,
    /// Net of recoverable GST: the sum of its lines, or what was stated.
    po_value: Money,
    amount: Money,
    order_value: Money,
    stated_value: Option<Money>,
    /// `lines` or `stated`.
    #[schema(example = "stated")]
    value_basis: &'a str,
    /// `stated_value` − the lines; null without one of them.
    value_difference: Option<Money>,
    line_items_total: Money,
    description: Option<&'a str>,
    #[schema(example = "Civil")]
    category: Option<&'a str>,
    #[schema(example = "pending")]
    status: &'a str,
    #[schema(example = "pending")]
    work_status: &'a str,
    #[schema(example = "partial")]
    payment_status: &'a str,
    /// `payments` or `manual`.
    #[schema(example = "payments")]
    payment_status_source: &'a str,
    is_overdue: bool,
    total_paid: Money,
    paid_amount: Money,
    /// What is left to pay; never below 0.
    pending_amount: Money,
    /// What was paid beyond the value.
    overpaid_amount: Money,
    linked_payments_count: i64,
    line_item_count: i64,
    final_po_value: Option<Money>,
    #[schema(example = "not_initiated")]
    billing_status: Option<&'a str>,
    billing_notes: Option<&'a str>,
    #[schema(example = 1)]
    version: i32,
    #[serde(serialize_with = "moment::write_optional")]
    created_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "moment::write_optional")]
    updated_at: Option<DateTime<Utc>>,
}

impl VendorOrder {
    /// How it stands with its approval and its work.
    pub(super) fn standing(&self) -> Standing {
        Standing {
            status: self.status.clone(),
            work_status: self.work_status.clone(),
        }
    }

    /// Whether it was neither rejected nor cancelled; only then it counts.
    pub fn is_live(&self) -> bool {
        self.standing().is_live()
    }

    /// Its number, and where it has to be the only one.
    pub(super) fn number(&self) -> Number {
        Number {
            project: self.project_id,
            vendor: self.vendor_id,
            number: self.po_number.clone(),
        }
    }

    /// What is left to pay; never below 0.
    pub fn pending_amount(&self) -> Money {
        (self.po_value - self.paid).max(Money::ZERO)
    }

    /// What was paid beyond the value; never below 0.
    pub fn overpaid_amount(&self) -> Money {
        (self.paid - self.po_value).max(Money::ZERO)
    }
}

impl Serialize for VendorOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        VendorOrderView {
            id: self.id,
            vendor_order_id: self.id,
            vendor_id: self.vendor_id,
            vendor_name: self.vendor_name.as_deref(),
            vendor: self.vendor_id.map(|id| NamedVendor {
                id,
                name: self.vendor_name.as_deref(),
            }),
            project_id: self.project_id,
            project_name: self.project_name.as_deref(),
            client_po_id: self.client_po_id,
            po_number: &self.po_number,
            order_number: &self.po_number,
            po_date: self.po_date,
            order_date: self.po_date,
            due_date: self.due_date,
            po_value: self.po_value,
            amount: self.po_value,
            order_value: self.po_value,
            stated_value: self.stated_value,
            value_basis: &self.value_basis,
            value_difference: self.value_difference,
            line_items_total: self.line_items_total,
            description: self.description.as_deref(),
            category: self.category.as_deref(),
            status: &self.status,
            work_status: &self.work_status,
            payment_status: &self.payment_status,
            payment_status_source: &self.payment_status_source,
            is_overdue: self.is_overdue,
            total_paid: self.paid,
            paid_amount: self.paid,
            pending_amount: self.pending_amount(),
            overpaid_amount: self.overpaid_amount(),
            linked_payments_count: self.linked_payments_count,
            line_item_count: self.line_item_count,
            final_po_value: self.final_po_value,
            billing_status: self.billing_status.as_deref(),
            billing_notes: self.billing_notes.as_deref(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
        .serialize(serializer)
    }
}
