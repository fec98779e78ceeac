//! Payments as they are shown, and the words in them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer};
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::{
    http::{envelope::SUCCESS, list::PageInfo},
    types::{
        Money,
        ids::{ClientId, ClientPoId, PaymentId, ProjectId, VendorId, VendorOrderId},
        moment,
        words::words,
    },
};

words! {
    /// Where a payment is written down.
    Ledger {
        /// Money from clients, and back to them.
        Client = "client",
        /// Money to vendors.
        Vendor = "vendor",
    }
}

words! {
    /// How a payment stands.
    PaymentState {
        /// Promised.
        Pending = "pending",
        /// On its way.
        Processing = "processing",
        /// It arrived.
        Cleared = "cleared",
        /// It arrived, and nothing is left to do.
        Completed = "completed",
        /// It arrived, and the bank's statement says so.
        Reconciled = "reconciled",
        /// The bank sent it back.
        Bounced = "bounced",
        /// It never left.
        Failed = "failed",
        /// Given up.
        Cancelled = "cancelled",
    }
}

impl PaymentState {
    /// The words that count as paid.
    pub const PAID: [Self; 3] = [Self::Cleared, Self::Completed, Self::Reconciled];
    /// The words of money that is promised.
    pub const OPEN: [Self; 2] = [Self::Pending, Self::Processing];

    /// The word of a row; `None` for one that only an older program knew.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Pending,
            Self::Processing,
            Self::Cleared,
            Self::Completed,
            Self::Reconciled,
            Self::Bounced,
            Self::Failed,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }

    /// Whether the money arrived; only then it counts.
    pub fn is_paid(self) -> bool {
        Self::PAID.contains(&self)
    }

    /// Whether the money is promised.
    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }

    /// Whether the money will not come.
    pub fn is_dead(self) -> bool {
        !self.is_paid() && !self.is_open()
    }
}

words! {
    /// By which way the money went.
    PaymentMode {
        /// National Electronic Funds Transfer.
        Neft = "neft",
        /// Immediate Payment Service.
        Imps = "imps" | "imap",
        /// Real Time Gross Settlement.
        Rtgs = "rtgs",
        /// A cheque.
        Cheque = "cheque",
        /// Notes and coins.
        Cash = "cash",
        /// Unified Payments Interface.
        Upi = "upi",
        /// Another transfer between banks.
        BankTransfer = "bank_transfer" | "bank transfer" | "bank-transfer",
        /// A card.
        Card = "card",
        /// A demand draft.
        DemandDraft = "demand_draft" | "demand draft" | "demand-draft",
        /// None of these.
        Other = "other",
    }
}

words! {
    /// What a payment is in the course of the work.
    PaymentStage {
        /// Before the work.
        Advance = "advance",
        /// A part.
        Partial = "partial",
        /// In between.
        Interim = "interim",
        /// By a running bill.
        Running = "running",
        /// For something reached.
        Milestone = "milestone",
        /// The last one.
        Final = "final",
        /// What was held back as security.
        Retention = "retention",
        /// None of these.
        Other = "other",
    }
}

words! {
    /// Which way the money of a client payment goes.
    TransactionType {
        /// From the client.
        Credit = "credit",
        /// Back to the client.
        Debit = "debit",
    }
}

/// A payment's row in either ledger; what the ledger does not know is null.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Payment {
    /// Its id in its ledger.
    pub id: PaymentId,
    /// One of [`Ledger`].
    pub kind: String,
    /// The PO that it is for; null on some adopted rows.
    pub po_id: Option<ClientPoId>,
    /// Who pays.
    pub client_id: Option<ClientId>,
    /// That client's name.
    pub client_name: Option<String>,
    /// The PO's number.
    pub po_number: Option<String>,
    /// The project of the PO or the vendor order.
    pub project_id: Option<ProjectId>,
    /// When it was paid; null on some adopted rows.
    pub payment_date: Option<NaiveDate>,
    /// The gross sum settled, without a sign.
    pub amount: Money,
    /// One of [`PaymentMode`], or an older word.
    pub payment_mode: String,
    /// One of [`PaymentState`], or an older word.
    pub status: String,
    /// One of [`PaymentStage`], or an older word.
    pub payment_stage: Option<String>,
    /// One of [`TransactionType`], or an older word.
    pub transaction_type: Option<String>,
    /// Whether the client withheld tax.
    pub is_tds_deducted: Option<bool>,
    /// The part of `amount` that the client withheld.
    pub tds_amount: Option<Money>,
    /// The account that it went to.
    pub received_by_account: Option<String>,
    /// The bank's reference.
    pub reference_number: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// The batch in which it was processed.
    pub batch_reference: Option<String>,
    /// When it was found in the bank's statement.
    pub reconciled_at: Option<DateTime<Utc>>,
    /// Who is paid.
    pub vendor_id: Option<VendorId>,
    /// That vendor's name.
    pub vendor_name: Option<String>,
    /// That vendor's mail address.
    pub vendor_email: Option<String>,
    /// The order that it is for; null for an advance.
    pub vendor_order_id: Option<VendorOrderId>,
    /// Raised with every change.
    pub version: i32,
    /// When it was made; null on some adopted rows.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was changed last; null on some adopted rows.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Payment {
    /// How it stands; `None` for a word that only an older program knew.
    pub fn state(&self) -> Option<PaymentState> {
        PaymentState::parse(&self.status)
    }

    /// Whether it counts as paid.
    pub fn is_paid(&self) -> bool {
        self.state().is_some_and(PaymentState::is_paid)
    }

    /// Whether the bank's statement has it, so that it is fixed.
    pub fn is_reconciled(&self) -> bool {
        self.state() == Some(PaymentState::Reconciled)
    }
}

/// Who is paid.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PaidVendor)]
struct VendorDetails<'a> {
    id: VendorId,
    #[schema(example = "Example Works Pvt Ltd")]
    name: Option<&'a str>,
    email: Option<&'a str>,
}

/// A payment on the wire, under every name that clients read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentView<'a> {
    id: PaymentId,
    payment_id: PaymentId,
    /// `client` or `vendor`.
    #[schema(example = "client")]
    kind: &'a str,
    po_id: Option<ClientPoId>,
    client_po_id: Option<ClientPoId>,
    client_id: Option<ClientId>,
    #[schema(example = "Bajaj")]
    client_name: Option<&'a str>,
    #[schema(example = "4100000002")]
    po_number: Option<&'a str>,
    project_id: Option<ProjectId>,
    payment_date: Option<NaiveDate>,
    /// Without a sign; `transaction_type` says which way it went.
    amount: Money,
    #[schema(example = "upi")]
    payment_mode: &'a str,
    payment_method: &'a str,
    #[schema(example = "cleared")]
    status: &'a str,
    payment_status: &'a str,
    #[schema(example = "advance")]
    payment_stage: Option<&'a str>,
    #[schema(example = "credit")]
    transaction_type: Option<&'a str>,
    is_tds_deducted: Option<bool>,
    /// The part of `amount` that the client withheld as tax.
    tds_amount: Option<Money>,
    received_by_account: Option<&'a str>,
    reference_number: Option<&'a str>,
    notes: Option<&'a str>,
    batch_reference: Option<&'a str>,
    #[serde(serialize_with = "moment::write_optional")]
    reconciled_at: Option<DateTime<Utc>>,
    vendor_id: Option<VendorId>,
    vendor_name: Option<&'a str>,
    vendor_order_id: Option<VendorOrderId>,
    vendor_details: Option<VendorDetails<'a>>,
    version: i32,
    #[serde(serialize_with = "moment::write_optional")]
    created_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "moment::write_optional")]
    updated_at: Option<DateTime<Utc>>,
}

impl Serialize for Payment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PaymentView {
            id: self.id,
            payment_id: self.id,
            kind: &self.kind,
            po_id: self.po_id,
            client_po_id: self.po_id,
            client_id: self.client_id,
            client_name: self.client_name.as_deref(),
            po_number: self.po_number.as_deref(),
            project_id: self.project_id,
            payment_date: self.payment_date,
            amount: self.amount,
            payment_mode: &self.payment_mode,
            payment_method: &self.payment_mode,
            status: &self.status,
            payment_status: &self.status,
            payment_stage: self.payment_stage.as_deref(),
            transaction_type: self.transaction_type.as_deref(),
            is_tds_deducted: self.is_tds_deducted,
            tds_amount: self.tds_amount,
            received_by_account: self.received_by_account.as_deref(),
            reference_number: self.reference_number.as_deref(),
            notes: self.notes.as_deref(),
            batch_reference: self.batch_reference.as_deref(),
            reconciled_at: self.reconciled_at,
            vendor_id: self.vendor_id,
            vendor_name: self.vendor_name.as_deref(),
            vendor_order_id: self.vendor_order_id,
            vendor_details: self.vendor_id.map(|id| VendorDetails {
                id,
                name: self.vendor_name.as_deref(),
                email: self.vendor_email.as_deref(),
            }),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
        .serialize(serializer)
    }
}

/// A payment that was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentRecorded {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Payment recorded")]
    message: &'static str,
    payment_id: PaymentId,
    id: PaymentId,
    po_id: Option<ClientPoId>,
    payment_date: Option<NaiveDate>,
    amount: Money,
    #[schema(example = "upi")]
    payment_mode: String,
    #[schema(example = "advance")]
    payment_stage: Option<String>,
    #[schema(example = "cleared")]
    payment_status: String,
    #[schema(example = "credit")]
    transaction_type: Option<String>,
    #[schema(value_type = PaymentView<'static>)]
    data: Payment,
}

impl From<Payment> for PaymentRecorded {
    fn from(payment: Payment) -> Self {
        Self {
            status: SUCCESS,
            message: "Payment recorded",
            payment_id: payment.id,
            id: payment.id,
            po_id: payment.po_id,
            payment_date: payment.payment_date,
            amount: payment.amount,
            payment_mode: payment.payment_mode.clone(),
            payment_stage: payment.payment_stage.clone(),
            payment_status: payment.status.clone(),
            transaction_type: payment.transaction_type.clone(),
            data: payment,
        }
    }
}

/// One payment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    payment_id: PaymentId,
    amount: Money,
    #[schema(example = "cleared")]
    payment_status: String,
    #[schema(value_type = PaymentView<'static>)]
    payment: Payment,
    #[schema(value_type = PaymentView<'static>)]
    data: Payment,
}

impl From<Payment> for PaymentAnswer {
    fn from(payment: Payment) -> Self {
        Self {
            status: SUCCESS,
            payment_id: payment.id,
            amount: payment.amount,
            payment_status: payment.status.clone(),
            payment: payment.clone(),
            data: payment,
        }
    }
}

/// A payment that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentChanged {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Payment updated")]
    message: &'static str,
    #[schema(value_type = PaymentView<'static>)]
    payment: Payment,
    #[schema(value_type = PaymentView<'static>)]
    data: Payment,
}

impl PaymentChanged {
    pub(super) fn new(message: &'static str, payment: Payment) -> Self {
        Self {
            status: SUCCESS,
            message,
            payment: payment.clone(),
            data: payment,
        }
    }
}

/// A payment that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentDeleted {
    #[schema(example = "Payment deleted")]
    pub(super) message: &'static str,
    #[schema(example = true)]
    pub(super) success: bool,
    pub(super) payment_id: PaymentId,
}

/// A page of payments.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentList {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(value_type = Vec<PaymentView<'static>>)]
    payments: Vec<Payment>,
    /// Payments on this page.
    payment_count: usize,
    #[serde(flatten)]
    page: PageInfo,
    data: PaymentListData,
}

/// The same once more, the payments under a second name too.
#[derive(Debug, Serialize, ToSchema)]
struct PaymentListData {
    #[schema(value_type = Vec<PaymentView<'static>>)]
    payments: Vec<Payment>,
    #[schema(value_type = Vec<PaymentView<'static>>)]
    data: Vec<Payment>,
    payment_count: usize,
    #[serde(flatten)]
    page: PageInfo,
}

impl PaymentList {
    pub(super) fn new(payments: Vec<Payment>, page: PageInfo) -> Self {
        Self {
            status: SUCCESS,
            payment_count: payments.len(),
            page: page.clone(),
            data: PaymentListData {
                payments: payments.clone(),
                data: payments.clone(),
                payment_count: payments.len(),
                page,
            },
            payments,
        }
    }
}

/// One status that a payment had.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize, ToSchema)]
pub struct StatusEntry {
    /// The status that it got.
    #[schema(example = "cleared")]
    pub status: String,
    /// The one before; null at the start.
    #[schema(example = "pending")]
    pub old_status: Option<String>,
    /// When.
    pub timestamp: Option<DateTime<Utc>>,
    /// Who; null for what was found at adoption.
    pub changed_by: Option<String>,
    /// Why, as far as it was said.
    pub notes: Option<String>,
}

/// The statuses that a payment had, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatusHistory {
    pub(super) payment_id: PaymentId,
    #[schema(example = "cleared")]
    pub(super) current_status: String,
    pub(super) status_history: Vec<StatusEntry>,
}

/// Several payments that were moved together.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BatchDone {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Batch processing initiated")]
    message: &'static str,
    batch_id: String,
    data: BatchDetails,
}

#[derive(Debug, Serialize, ToSchema)]
struct BatchDetails {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    message: &'static str,
    batch_id: String,
    batch_reference: String,
    /// Σ `amount`.
    total_amount: Money,
    payment_count: usize,
    processing_date: NaiveDate,
    /// There is no queue: always 1.
    #[schema(example = 1)]
    queue_position: i32,
    payment_ids: Vec<PaymentId>,
    data: BatchFigures,
}

#[derive(Debug, Serialize, ToSchema)]
struct BatchFigures {
    batch_id: String,
    total_amount: Money,
    payment_count: usize,
    processing_date: NaiveDate,
    #[schema(example = 1)]
    queue_position: i32,
}

impl BatchDone {
    pub(super) fn new(
        message: &'static str,
        batch: &str,
        day: NaiveDate,
        ids: Vec<PaymentId>,
        total: Money,
    ) -> Self {
        Self {
            status: SUCCESS,
            message,
            batch_id: batch.to_owned(),
            data: BatchDetails {
                status: SUCCESS,
                message,
                batch_id: batch.to_owned(),
                batch_reference: batch.to_owned(),
                total_amount: total,
                payment_count: ids.len(),
                processing_date: day,
                queue_position: 1,
                data: BatchFigures {
                    batch_id: batch.to_owned(),
                    total_amount: total,
                    payment_count: ids.len(),
                    processing_date: day,
                    queue_position: 1,
                },
                payment_ids: ids,
            },
        }
    }
}
