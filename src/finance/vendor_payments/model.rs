//! Vendor payments as they are sent.

use chrono::NaiveDate;
use utoipa::ToSchema;

use crate::{
    finance::payments::{Payment, PaymentMode, PaymentState, positive_amount},
    types::{
        Fields, FromFields, Input, Money, Patch, Problem, Text,
        ids::{ProjectId, VendorId, VendorOrderId},
    },
};

/// The other names of fields; the first one wins.
const ALIASES: [(&str, &str); 5] = [
    ("amount", "payment_amount"),
    ("payment_date", "date"),
    ("payment_mode", "payment_method"),
    ("payment_mode", "method"),
    ("reference_number", "reference"),
];

/// A payment to be recorded.
#[derive(Debug, Clone)]
pub struct NewVendorPayment {
    /// Who is paid; follows from the order if it is given.
    pub vendor_id: Option<VendorId>,
    /// The order that is paid; none for an advance.
    pub vendor_order_id: Option<VendorOrderId>,
    /// The project that an advance is for; that of the order if it is given.
    pub project_id: Option<ProjectId>,
    /// Above 0.
    pub amount: Money,
    /// When it was paid.
    pub payment_date: NaiveDate,
    /// By which way it went.
    pub payment_mode: PaymentMode,
    /// How it stands.
    pub status: PaymentState,
    /// The bank's reference.
    pub reference_number: Option<Text<100>>,
    /// Free text.
    pub notes: Option<Text<5000>>,
}

impl FromFields for NewVendorPayment {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let vendor_order_id = fields.optional("vendor_order_id");
        let project_id = fields.optional("project_id");
        if !fields.has_text("vendor_id") && !fields.has_text("vendor_order_id") {
            fields.fault(
                "vendor_id",
                Problem::new("missing", "Field required, unless vendor_order_id is given"),
            );
        }
        Some(Self {
            vendor_order_id,
            project_id,
            ..Self::read(fields)?
        })
    }
}

impl NewVendorPayment {
    /// Reads what is said of any payment; its order and its project are left to the caller.
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        for (name, other) in ALIASES {
            fields.alias(name, other);
        }
        for name in ["amount", "payment_date"] {
            if !fields.has_text(name) {
                fields.fault(name, Problem::new("missing", "Field required"));
            }
        }
        let vendor_id = fields.optional("vendor_id");
        let amount = positive_amount(fields, "amount");
        let payment_date = fields.optional("payment_date");
        let payment_mode = fields
            .optional("payment_mode")
            .unwrap_or(PaymentMode::BankTransfer);
        let status = fields.optional("status").unwrap_or(PaymentState::Pending);
        if status == PaymentState::Reconciled {
            fields.fault(
                "status",
                Problem::new("enum", "must be reconciled by its own route"),
            );
        }
        let reference_number = fields.optional("reference_number");
        let notes = fields.optional("notes");
        Some(Self {
            vendor_id,
            vendor_order_id: None,
            project_id: None,
            amount: amount?,
            payment_date: payment_date?,
            payment_mode,
            status,
            reference_number,
            notes,
        })
    }
}

/// A payment to be recorded for the order that the path names, whatever the body says.
#[derive(Debug, Clone)]
pub(super) struct NewPaymentOfOrder(NewVendorPayment);

impl FromFields for NewPaymentOfOrder {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        NewVendorPayment::read(fields).map(Self)
    }
}

impl NewPaymentOfOrder {
    /// The payment for this order.
    pub(super) fn of(self, order: VendorOrderId) -> NewVendorPayment {
        NewVendorPayment {
            vendor_order_id: Some(order),
            ..self.0
        }
    }
}

/// A payment to be recorded for an order of the project that the path names.
#[derive(Debug, Clone)]
pub(super) struct NewPaymentOfProject(pub(super) NewVendorPayment);

impl FromFields for NewPaymentOfProject {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let vendor_order_id = fields.optional("vendor_order_id");
        if !fields.has_text("vendor_order_id") {
            fields.fault("vendor_order_id", Problem::new("missing", "Field required"));
        }
        let payment = NewVendorPayment::read(fields)?;
        Some(Self(NewVendorPayment {
            vendor_order_id,
            ..payment
        }))
    }
}

/// The body of a payment to be recorded for the order that the path names.
#[derive(Debug, ToSchema)]
#[schema(as = NewVendorOrderPayment)]
#[expect(
    dead_code,
    reason = "read through `NewPaymentOfOrder`; this only documents the body"
)]
pub(super) struct NewPaymentOfOrderBody {
    /// Required if the order's lines name several vendors; else the order's.
    vendor_id: Option<VendorId>,
    /// Above 0; `payment_amount` is another name of it.
    amount: Money,
    /// At most 366 days ahead; `date` is another name of it.
    #[schema(example = "2026-02-22")]
    payment_date: NaiveDate,
    /// `bank_transfer` unless given; `payment_method` and `method` are other names of it.
    payment_mode: Option<PaymentMode>,
    /// `pending` unless given; never `reconciled`.
    status: Option<PaymentState>,
    /// Not that of another payment of this amount to the vendor; `reference` is another name of it.
    reference_number: Option<Text<100>>,
    notes: Option<Text<5000>>,
}

/// The body of a payment to be recorded for an order of a project.
#[derive(Debug, ToSchema)]
#[schema(as = NewProjectVendorPayment)]
#[expect(
    dead_code,
    reason = "read through `NewPaymentOfProject`; this only documents the body"
)]
pub(super) struct NewPaymentOfProjectBody {
    /// An order of the project.
    #[schema(value_type = i64, example = 10)]
    vendor_order_id: VendorOrderId,
    #[serde(flatten)]
    payment: NewPaymentOfOrderBody,
}

/// The body of a payment to be recorded.
#[derive(Debug, ToSchema)]
#[schema(as = NewVendorPayment)]
#[expect(
    dead_code,
    reason = "read through `NewVendorPayment`; this only documents the body"
)]
pub(crate) struct NewVendorPaymentBody {
    /// Required unless `vendor_order_id` gives it.
    vendor_id: Option<VendorId>,
    /// The order that is paid; none for an advance.
    vendor_order_id: Option<VendorOrderId>,
    /// The project that an advance is for; with an order none but the order's.
    project_id: Option<ProjectId>,
    /// Above 0.
    amount: Money,
    /// At most 366 days ahead.
    #[schema(example = "2026-02-22")]
    payment_date: NaiveDate,
    /// `bank_transfer` unless given.
    payment_mode: Option<PaymentMode>,
    /// `pending` unless given; never `reconciled`.
    status: Option<PaymentState>,
    /// Not that of another payment of this amount to the vendor.
    reference_number: Option<Text<100>>,
    notes: Option<Text<5000>>,
}

/// What is to change of a payment.
#[derive(Debug, Clone, Default)]
pub struct VendorPaymentChange {
    /// Who is paid; only where nobody is named yet.
    pub vendor_id: Option<VendorId>,
    /// The order that is paid; only where none is named yet.
    pub vendor_order_id: Option<VendorOrderId>,
    /// Above 0.
    pub amount: Option<Money>,
    /// When it was paid.
    pub payment_date: Option<NaiveDate>,
    /// By which way it went.
    pub payment_mode: Option<PaymentMode>,
    /// How it stands.
    pub status: Option<PaymentState>,
    /// The bank's reference.
    pub reference_number: Patch<Text<100>>,
    /// Free text.
    pub notes: Patch<Text<5000>>,
}

/// A field that empty text clears; null leaves it.
fn patch<T: Input>(fields: &mut Fields<'_>, name: &str) -> Patch<T> {
    if fields.has(name) {
        fields.patch(name)
    } else {
        Patch::Keep
    }
}

impl FromFields for VendorPaymentChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        for (name, other) in ALIASES {
            fields.alias_of_change(name, other);
        }
        Some(Self {
            vendor_id: fields.optional("vendor_id"),
            vendor_order_id: fields.optional("vendor_order_id"),
            amount: positive_amount(fields, "amount"),
            payment_date: fields.optional("payment_date"),
            payment_mode: fields.optional("payment_mode"),
            status: fields.optional("status"),
            reference_number: patch(fields, "reference_number"),
            notes: patch(fields, "notes"),
        })
    }
}

/// The body of a change.
#[derive(Debug, ToSchema)]
#[schema(as = VendorPaymentChange)]
#[expect(
    dead_code,
    reason = "read through `VendorPaymentChange`; this only documents the body"
)]
pub(crate) struct VendorPaymentChangeBody {
    /// Only while nobody is named.
    vendor_id: Option<VendorId>,
    /// Only while none is named.
    vendor_order_id: Option<VendorOrderId>,
    /// Above 0, and not below what is linked to vendor orders.
    amount: Option<Money>,
    /// At most 366 days ahead.
    payment_date: Option<NaiveDate>,
    payment_mode: Option<PaymentMode>,
    status: Option<PaymentState>,
    /// Empty clears it.
    reference_number: Option<Text<100>>,
    /// Empty clears it.
    notes: Option<Text<5000>>,
}

impl VendorPaymentChange {
    /// The payment as it is to be; what follows from a new order is left to the caller.
    pub(super) fn apply(&self, payment: &Payment) -> Payment {
        let Self {
            vendor_id,
            vendor_order_id,
            amount,
            payment_date,
            payment_mode,
            status,
            reference_number,
            notes,
        } = self;
        let mut changed = payment.clone();
        changed.vendor_id = vendor_id.or(changed.vendor_id);
        changed.vendor_order_id = vendor_order_id.or(changed.vendor_order_id);
        changed.amount = amount.unwrap_or(changed.amount);
        changed.payment_date = payment_date.or(changed.payment_date);
        if let Some(mode) = payment_mode {
            mode.as_str().clone_into(&mut changed.payment_mode);
        }
        if let Some(state) = status {
            state.as_str().clone_into(&mut changed.status);
        }
        reference_number.apply_to(&mut changed.reference_number, ToString::to_string);
        notes.apply_to(&mut changed.notes, ToString::to_string);
        changed
    }
}
