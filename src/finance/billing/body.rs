//! Bodies of requests about bills.

use serde_json::Value;
use utoipa::ToSchema;

use super::{BillStatus, rules};
use crate::types::{
    Fields, FromFields, Input, Money, Patch, Problem, Text,
    ids::{BillingPoId, ClientPoId},
};

/// The state that a request asks for: only a draft or a final bill can be asked for, another word says nothing.
struct AskedStatus(Option<BillStatus>);

impl Input for AskedStatus {
    fn read(value: &Value) -> Result<Self, Problem> {
        if !value.is_string() {
            return Err(Problem::new("value_error", "must be text"));
        }
        let status = BillStatus::read(value).ok();
        Ok(Self(status.filter(|status| {
            matches!(status, BillStatus::Draft | BillStatus::Final)
        })))
    }
}

fn asked_status(fields: &mut Fields<'_>) -> Option<BillStatus> {
    fields.optional("status").and_then(|AskedStatus(status)| status)
}

/// A bill to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewBill {
    /// The PO that it bills; the project's main one if absent.
    pub(super) client_po_id: Option<ClientPoId>,
    /// Its number; the PO's if absent.
    pub(super) po_number: Option<Text<100>>,
    /// Net of GST.
    pub(super) billed_value: Money,
    /// The GST on it.
    pub(super) billed_gst: Money,
    /// Both together.
    pub(super) billed_total: Money,
    /// Notes on the bill.
    pub(super) billing_notes: Option<Text<5000>>,
    /// Draft or final.
    pub(super) status: BillStatus,
    /// The bill whose place it takes.
    pub(super) revises_id: Option<BillingPoId>,
}

impl FromFields for NewBill {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias("billed_value", "amount");
        fields.alias("billing_notes", "description");
        let client_po_id = fields.optional("client_po_id");
        let po_number = fields.optional("po_number");
        if !fields.has_text("billed_value") {
            fields.fault("billed_value", Problem::new("missing", "Field required"));
        }
        let billed_value = fields.optional("billed_value");
        let billed_gst = fields.optional("billed_gst").unwrap_or(Money::ZERO);
        let billing_notes = fields.optional("billing_notes");
        let status = asked_status(fields).unwrap_or(BillStatus::Final);
        let revises_id = fields.optional("revises_id");
        let billed_value = billed_value?;
        let billed_total = match rules::total(billed_value, billed_gst) {
            Ok(total) => total,
            Err(problem) => {
                fields.fault("billed_gst", problem);
                return None;
            }
        };
        Some(Self {
            client_po_id,
            po_number,
            billed_value,
            billed_gst,
            billed_total,
            billing_notes,
            status,
            revises_id,
        })
    }
}

/// The body of a bill to be made.
#[derive(Debug, ToSchema)]
#[schema(as = NewBillingPo)]
#[expect(dead_code, reason = "read through `NewBill`; this only documents the body")]
pub(super) struct NewBillBody {
    /// One of the project's POs that are not cancelled; unless given the primary one, else the only one.
    client_po_id: Option<ClientPoId>,
    /// Net of GST; `amount` is another name.
    billed_value: Money,
    /// 0 unless given.
    billed_gst: Option<Money>,
    /// At most 5000 characters; `description` is another name.
    #[schema(example = "First part", max_length = 5000)]
    billing_notes: Option<String>,
    /// Unless given the PO's number, else `BILLING-` and the project's id.
    #[schema(max_length = 100)]
    po_number: Option<String>,
    /// `DRAFT` or `FINAL`, which is meant unless given; other words are not looked at.
    #[schema(example = "FINAL")]
    status: Option<String>,
    /// The bill whose place this one takes once it is final: a final or approved one of the same PO, which no other revises.
    revises_id: Option<BillingPoId>,
}

/// What is to become of a bill; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BillChange {
    /// Its number.
    pub(super) po_number: Option<Text<100>>,
    /// Net of GST.
    pub(super) billed_value: Option<Money>,
    /// The GST on it.
    pub(super) billed_gst: Option<Money>,
    /// Notes on the bill.
    pub(super) billing_notes: Patch<Text<5000>>,
    /// Draft or final.
    pub(super) status: Option<BillStatus>,
    /// The bill whose place it takes.
    pub(super) revises_id: Patch<BillingPoId>,
}

impl BillChange {
    /// Whether it names nothing that could change.
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            po_number,
            billed_value,
            billed_gst,
            billing_notes,
            status,
            revises_id,
        } = self;
        po_number.is_none()
            && billed_value.is_none()
            && billed_gst.is_none()
            && *billing_notes == Patch::Keep
            && status.is_none()
            && *revises_id == Patch::Keep
    }
}

impl FromFields for BillChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias_of_change("billed_value", "amount");
        fields.alias_of_change("billing_notes", "description");
        Some(Self {
            po_number: fields.present("po_number"),
            billed_value: fields.optional("billed_value"),
            billed_gst: fields.optional("billed_gst"),
            billing_notes: fields.patch_text("billing_notes"),
            status: asked_status(fields),
            revises_id: fields.patch_text("revises_id"),
        })
    }
}

/// The body of a change of a bill; null is as good as absent.
#[derive(Debug, ToSchema)]
#[schema(as = BillingPoChange)]
#[expect(dead_code, reason = "read through `BillChange`; this only documents the body")]
pub(super) struct BillChangeBody {
    /// Net of GST; `amount` is another name.
    billed_value: Option<Money>,
    billed_gst: Option<Money>,
    /// At most 5000 characters; empty text clears. `description` is another name.
    #[schema(example = "First part", max_length = 5000)]
    billing_notes: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    po_number: Option<String>,
    /// `FINAL` makes a draft final; other words are not looked at.
    #[schema(example = "FINAL")]
    status: Option<String>,
    /// Only of a draft; empty text clears.
    revises_id: Option<BillingPoId>,
}

/// What an approval says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Approval {
    pub(super) notes: Option<Text<5000>>,
}

impl FromFields for Approval {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            notes: fields.optional("notes"),
        })
    }
}

/// The body of an approval; it may be empty.
#[derive(Debug, ToSchema)]
#[schema(as = BillingPoApproval)]
#[expect(dead_code, reason = "read through `Approval`; this only documents the body")]
pub(super) struct ApprovalBody {
    /// Kept as `approval_notes`; at most 5000 characters.
    #[schema(example = "As agreed", max_length = 5000)]
    notes: Option<String>,
    /// Not looked at: who calls approves.
    approved_by: Option<String>,
}
