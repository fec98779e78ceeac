//! What is sent to the routes of both ledgers.

use chrono::NaiveDate;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::{Ledger, PaymentState};
use crate::{
    error::Result,
    finance::{
        client_payments::{ClientPaymentChangeBody, NewClientPaymentBody},
        vendor_payments::{NewVendorPaymentBody, VendorPaymentChangeBody},
    },
    http::extract::parse,
    types::{Fields, FromFields, Input, Money, Problem, Text, ids::PaymentId},
};

/// The most payments of one batch.
const MOST: usize = 500;

/// A body as it came: its fields are read once it is known which ledger they are for.
#[derive(Debug, Clone)]
pub(super) struct Given(Map<String, Value>);

impl FromFields for Given {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let pairs = fields.sorted();
        Some(Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect(),
        ))
    }
}

impl Given {
    /// Reads the fields of one ledger.
    pub(super) fn read<T: FromFields>(&self) -> Result<T> {
        parse(Fields::new(&self.0))
    }

    /// Whether one of these fields is there and neither null nor blank.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        let fields = Fields::new(&self.0);
        names.iter().any(|name| fields.has_text(name))
    }
}

/// Which ledger a request means; the clients' unless it says.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LedgerQuery {
    /// `client` unless given.
    #[param(inline)]
    pub(super) kind: Option<Ledger>,
}

impl FromFields for LedgerQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            kind: fields.optional("kind"),
        })
    }
}

impl LedgerQuery {
    pub(super) fn ledger(self) -> Ledger {
        self.kind.unwrap_or(Ledger::Client)
    }
}

/// What is paid.
struct Paid(Money);

impl Input for Paid {
    fn read(value: &Value) -> Result<Self, Problem> {
        match Money::read(value) {
            Ok(amount) if amount > Money::ZERO => Ok(Self(amount)),
            Err(problem) if problem.kind != "greater_than_equal" => Err(problem),
            _ => Err(Problem::new("greater_than", "must be greater than 0")),
        }
    }
}

/// Reads an amount, and finds fault with 0 or less.
pub fn positive_amount(fields: &mut Fields<'_>, name: &str) -> Option<Money> {
    fields.optional::<Paid>(name).map(|amount| amount.0)
}

/// A new status of a payment.
#[derive(Debug, Clone, ToSchema)]
pub(super) struct StatusChange {
    /// The word that it gets.
    pub(super) status: PaymentState,
    /// Why; stands in the history.
    pub(super) notes: Option<Text<1000>>,
}

impl FromFields for StatusChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let status = fields.required("status");
        let notes = fields.optional("notes");
        Some(Self {
            status: status?,
            notes,
        })
    }
}

/// The body of a payment to be recorded, in either ledger.
#[derive(Debug, ToSchema)]
#[schema(as = NewPayment)]
#[serde(untagged)]
#[expect(dead_code, reason = "read through `Given`; this only documents the body")]
pub(super) enum NewPaymentBody {
    /// Of a client.
    Client(NewClientPaymentBody),
    /// To a vendor.
    Vendor(NewVendorPaymentBody),
}

/// The body of a change, in either ledger.
#[derive(Debug, ToSchema)]
#[schema(as = PaymentChange)]
#[serde(untagged)]
#[expect(dead_code, reason = "read through `Given`; this only documents the body")]
pub(super) enum PaymentChangeBody {
    /// Of a client.
    Client(ClientPaymentChangeBody),
    /// To a vendor.
    Vendor(VendorPaymentChangeBody),
}

/// What the bank's statement says of a payment.
#[derive(Debug, Clone, ToSchema)]
pub struct Reconciliation {
    /// Replaces the one that is stored.
    pub reference_number: Option<Text<100>>,
    /// Why; stands in the history.
    pub notes: Option<Text<1000>>,
}

impl FromFields for Reconciliation {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            reference_number: fields.optional("reference_number"),
            notes: fields.optional("notes"),
        })
    }
}

/// Payments that are moved together.
#[derive(Debug, Clone, ToSchema)]
pub struct Batch {
    /// 1 to 500 different ids.
    #[schema(min_items = 1, max_items = 500)]
    pub payment_ids: Vec<PaymentId>,
    /// Names the batch.
    pub batch_reference: Option<Text<100>>,
    /// The day of the batch.
    pub processing_date: Option<NaiveDate>,
    /// Why; stands in the history.
    pub notes: Option<Text<1000>>,
}

impl FromFields for Batch {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let payment_ids = payment_ids(fields);
        let batch_reference = fields.optional("batch_reference");
        let processing_date = fields.optional("processing_date");
        let notes = fields.optional("notes");
        Some(Self {
            payment_ids: payment_ids?,
            batch_reference,
            processing_date,
            notes,
        })
    }
}

/// A batch whose name and day are given.
#[derive(Debug, Clone)]
pub(super) struct NamedBatch {
    pub(super) batch: Batch,
    pub(super) reference: Text<100>,
    pub(super) day: NaiveDate,
}

impl FromFields for NamedBatch {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let batch = Batch::from_fields(fields);
        for name in ["batch_reference", "processing_date"] {
            if !fields.has_text(name) {
                fields.fault(name, Problem::new("missing", "Field required"));
            }
        }
        let batch = batch?;
        Some(Self {
            reference: batch.batch_reference.clone()?,
            day: batch.processing_date?,
            batch,
        })
    }
}

/// The body of a batch whose name and day are given, for the document.
#[derive(Debug, ToSchema)]
#[schema(as = NamedBatch)]
#[expect(dead_code, reason = "read through `NamedBatch`; this only documents the body")]
pub(super) struct NamedBatchBody {
    /// 1 to 500 different ids.
    #[schema(min_items = 1, max_items = 500)]
    payment_ids: Vec<PaymentId>,
    /// Names the batch.
    batch_reference: Text<100>,
    /// The day of the batch.
    processing_date: NaiveDate,
    /// Why; stands in the history.
    notes: Option<Text<1000>>,
}

/// Different ids, at least one; a fault names its place.
fn payment_ids(fields: &mut Fields<'_>) -> Option<Vec<PaymentId>> {
    const NAME: &str = "payment_ids";
    let entries = match fields.raw(NAME) {
        Some(Value::Array(entries)) => entries.clone(),
        Some(_) => {
            fields.fault(NAME, Problem::new("value_error", "must be a list"));
            return None;
        }
        None => {
            fields.fault(NAME, Problem::new("missing", "Field required"));
            return None;
        }
    };
    if entries.is_empty() || entries.len() > MOST {
        fields.fault(
            NAME,
            Problem::new("value_error", format!("must have 1 to {MOST} entries")),
        );
        return None;
    }
    let mut ids = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let id = PaymentId::read(entry).and_then(|id| {
            if ids.contains(&id) {
                return Err(Problem::new("value_error", "must not be named twice"));
            }
            Ok(id)
        });
        match id {
            Ok(id) => ids.push(id),
            Err(problem) => fields.fault(&format!("{NAME}[{index}]"), problem),
        }
    }
    Some(ids)
}
