//! Client payments as they are sent, and those of one PO as they are shown.

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use crate::{
    finance::payments::{
        CREATED, ID, PAYMENT_DATE, Payment, PaymentMode, PaymentStage, PaymentState, PaymentView, SORTS,
        States, TransactionType, positive_amount,
    },
    http::{
        envelope::SUCCESS,
        list::{Direction, Order, PageInfo, Paging},
    },
    types::{Fields, FromFields, Money, Patch, Problem, Text, ids::ClientPoId},
};

/// A payment to be recorded.
#[derive(Debug, Clone)]
pub struct NewClientPayment {
    /// When it was paid.
    pub payment_date: NaiveDate,
    /// The gross sum settled, above 0.
    pub amount: Money,
    /// By which way it went.
    pub payment_mode: PaymentMode,
    /// How it stands.
    pub status: PaymentState,
    /// What it is in the course of the work.
    pub payment_stage: PaymentStage,
    /// Which way it went.
    pub transaction_type: TransactionType,
    /// Whether the client withheld tax.
    pub is_tds_deducted: bool,
    /// The part of the amount that the client withheld; 0 unless it did.
    pub tds_amount: Money,
    /// The account that it went to.
    pub received_by_account: Option<Text<100>>,
    /// The bank's reference.
    pub reference_number: Option<Text<100>>,
    /// Free text.
    pub notes: Option<Text<5000>>,
}

impl FromFields for NewClientPayment {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias("payment_mode", "payment_method");
        for name in ["payment_date", "amount", "payment_mode"] {
            if !fields.has_text(name) {
                fields.fault(name, Problem::new("missing", "Field required"));
            }
        }
        let payment_date = fields.optional("payment_date");
        let amount = positive_amount(fields, "amount");
        let payment_mode = fields.optional("payment_mode");
        let status = fields.optional("status").unwrap_or(PaymentState::Pending);
        if status == PaymentState::Reconciled {
            fields.fault(
                "status",
                Problem::new("enum", "must be reconciled by its own route"),
            );
        }
        let payment_stage = fields.optional("payment_stage").unwrap_or(PaymentStage::Other);
        let transaction_type = fields
            .optional("transaction_type")
            .unwrap_or(TransactionType::Credit);
        let is_tds_deducted = fields.optional("is_tds_deducted").unwrap_or(false);
        let tds_amount = fields.optional("tds_amount").unwrap_or(Money::ZERO);
        if amount.is_some_and(|amount| tds_amount > amount) {
            fields.fault("tds_amount", tds_above_amount());
        }
        let received_by_account = fields.optional("received_by_account");
        let reference_number = fields.optional("reference_number");
        let notes = fields.optional("notes");
        Some(Self {
            payment_date: payment_date?,
            amount: amount?,
            payment_mode: payment_mode?,
            status,
            payment_stage,
            transaction_type,
            is_tds_deducted,
            tds_amount: if is_tds_deducted { tds_amount } else { Money::ZERO },
            received_by_account,
            reference_number,
            notes,
        })
    }
}

/// What is withheld is a part of the amount.
pub(super) fn tds_above_amount() -> Problem {
    Problem::new("less_than_equal", "must be at most the amount")
}

/// The body of a payment to be recorded under a PO.
#[derive(Debug, ToSchema)]
#[schema(as = NewPoPayment)]
#[expect(
    dead_code,
    reason = "read through `NewClientPayment`; this only documents the body"
)]
pub(crate) struct NewPoPaymentBody {
    #[schema(example = "2026-02-22")]
    payment_date: NaiveDate,
    /// Above 0.
    amount: Money,
    /// `payment_method` is another name of it.
    payment_mode: PaymentMode,
    /// `pending` unless given; never `reconciled`.
    status: Option<PaymentState>,
    /// `other` unless given.
    payment_stage: Option<PaymentStage>,
    /// `credit` unless given.
    transaction_type: Option<TransactionType>,
    /// False unless given.
    is_tds_deducted: Option<bool>,
    /// At most `amount`; stored as 0 unless tax was deducted.
    tds_amount: Option<Money>,
    received_by_account: Option<Text<100>>,
    reference_number: Option<Text<100>>,
    notes: Option<Text<5000>>,
}

/// A payment to be recorded, and the PO that it names.
#[derive(Debug, Clone)]
pub struct NewPaymentOfPo {
    /// The PO.
    pub po_id: ClientPoId,
    /// The payment.
    pub payment: NewClientPayment,
}

impl FromFields for NewPaymentOfPo {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias_of_row("po_id", "client_po_id");
        let po_id = fields.required("po_id");
        let payment = NewClientPayment::from_fields(fields);
        Some(Self {
            po_id: po_id?,
            payment: payment?,
        })
    }
}

/// The body of a payment to be recorded for a PO that it names.
#[derive(Debug, ToSchema)]
#[schema(as = NewClientPayment)]
#[expect(
    dead_code,
    reason = "read through `NewClientPayment`; this only documents the body"
)]
pub(crate) struct NewClientPaymentBody {
    /// The PO; `client_po_id` is another name of it.
    po_id: ClientPoId,
    #[serde(flatten)]
    payment: NewPoPaymentBody,
}

/// What is to change of a payment.
#[derive(Debug, Clone, Default)]
pub struct ClientPaymentChange {
    /// The PO, which must stay.
    pub po_id: Option<ClientPoId>,
    /// When it was paid.
    pub payment_date: Option<NaiveDate>,
    /// The gross sum settled, above 0.
    pub amount: Option<Money>,
    /// By which way it went.
    pub payment_mode: Option<PaymentMode>,
    /// How it stands.
    pub status: Option<PaymentState>,
    /// What it is in the course of the work.
    pub payment_stage: Option<PaymentStage>,
    /// Which way it went.
    pub transaction_type: Option<TransactionType>,
    /// Whether the client withheld tax.
    pub is_tds_deducted: Option<bool>,
    /// The part of the amount that the client withheld.
    pub tds_amount: Option<Money>,
    /// The account that it went to.
    pub received_by_account: Patch<Text<100>>,
    /// The bank's reference.
    pub reference_number: Patch<Text<100>>,
    /// Free text.
    pub notes: Patch<Text<5000>>,
}

impl FromFields for ClientPaymentChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias_of_change("payment_mode", "payment_method");
        fields.alias_of_row("po_id", "client_po_id");
        Some(Self {
            po_id: fields.optional("po_id"),
            payment_date: fields.optional("payment_date"),
            amount: positive_amount(fields, "amount"),
            payment_mode: fields.optional("payment_mode"),
            status: fields.optional("status"),
            payment_stage: fields.optional("payment_stage"),
            transaction_type: fields.optional("transaction_type"),
            is_tds_deducted: fields.optional("is_tds_deducted"),
            tds_amount: fields.optional("tds_amount"),
            received_by_account: fields.patch("received_by_account"),
            reference_number: fields.patch("reference_number"),
            notes: fields.patch("notes"),
        })
    }
}

/// The body of a change.
#[derive(Debug, ToSchema)]
#[schema(as = ClientPaymentChange)]
#[expect(
    dead_code,
    reason = "read through `ClientPaymentChange`; this only documents the body"
)]
pub(crate) struct ClientPaymentChangeBody {
    payment_date: Option<NaiveDate>,
    /// Above 0, and not below what is linked to vendor orders.
    amount: Option<Money>,
    payment_mode: Option<PaymentMode>,
    status: Option<PaymentState>,
    payment_stage: Option<PaymentStage>,
    transaction_type: Option<TransactionType>,
    is_tds_deducted: Option<bool>,
    /// At most the amount.
    tds_amount: Option<Money>,
    /// Null or empty clears it.
    received_by_account: Option<Text<100>>,
    /// Null or empty clears it.
    reference_number: Option<Text<100>>,
    /// Null or empty clears it.
    notes: Option<Text<5000>>,
}

/// Sets a field of a change.
fn set<T: ToString>(field: &mut String, value: Option<T>) {
    if let Some(value) = value {
        *field = value.to_string();
    }
}

impl ClientPaymentChange {
    /// The payment as it is to be; the PO is left to the caller.
    pub(super) fn apply(&self, payment: &Payment) -> Payment {
        let Self {
            po_id: _,
            payment_date,
            amount,
            payment_mode,
            status,
            payment_stage,
            transaction_type,
            is_tds_deducted,
            tds_amount,
            received_by_account,
            reference_number,
            notes,
        } = self;
        let mut changed = payment.clone();
        changed.payment_date = payment_date.or(changed.payment_date);
        changed.amount = amount.unwrap_or(changed.amount);
        set(&mut changed.payment_mode, payment_mode.map(PaymentMode::as_str));
        set(&mut changed.status, status.map(PaymentState::as_str));
        if let Some(stage) = payment_stage {
            changed.payment_stage = Some(stage.as_str().to_owned());
        }
        if let Some(kind) = transaction_type {
            changed.transaction_type = Some(kind.as_str().to_owned());
        }
        changed.is_tds_deducted = is_tds_deducted.or(changed.is_tds_deducted);
        changed.tds_amount = tds_amount.or(changed.tds_amount);
        if changed.is_tds_deducted == Some(false) {
            changed.tds_amount = Some(Money::ZERO);
        }
        received_by_account.apply_to(&mut changed.received_by_account, ToString::to_string);
        reference_number.apply_to(&mut changed.reference_number, ToString::to_string);
        notes.apply_to(&mut changed.notes, ToString::to_string);
        changed
    }
}

/// Which payments of a PO are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PoPaymentQuery {
    /// Only those that stand so: one status or several, comma separated.
    #[param(value_type = Option<String>, example = "cleared,completed")]
    pub(super) status: Option<States>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for PoPaymentQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let default = Order::of(&[
            (PAYMENT_DATE, Direction::DownNullsLast),
            (CREATED, Direction::Down),
            (ID, Direction::Down),
        ]);
        Some(Self {
            status: fields.optional("status"),
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &SORTS, default),
        })
    }
}

/// What was paid of a PO, over all its payments.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
pub struct PoPaymentSummary {
    /// Money that arrived, less money sent back.
    pub total_paid: Money,
    /// The part of it that the client withheld as tax.
    pub total_tds: Money,
    /// `total_paid` − `total_tds`.
    pub net_received: Money,
    /// Σ `amount` that arrived.
    pub total_credit: Money,
    /// Σ `amount` that went back.
    pub total_debit: Money,
    /// What the PO is worth, tax included.
    pub po_value: Money,
    /// `po_value` − `total_paid`; negative when overpaid.
    pub receivable_amount: Money,
    /// The same.
    pub outstanding_amount: Money,
    /// `pending`, `partial` or `paid`.
    #[schema(example = "partial")]
    pub payment_status: String,
    /// Payments that arrived.
    pub cleared_count: i64,
    /// Payments that are promised.
    pub pending_count: i64,
    /// Payments that came back or never left.
    pub bounced_count: i64,
}

/// A page of a PO's payments.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PoPaymentList {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    po_id: ClientPoId,
    #[schema(value_type = Vec<PaymentView<'static>>)]
    payments: Vec<Payment>,
    /// All payments that match, on whatever page.
    payment_count: i64,
    #[serde(flatten)]
    page: PageInfo,
    summary: PoPaymentSummary,
    data: PoPaymentData,
}

/// The same once more.
#[derive(Debug, Serialize, ToSchema)]
struct PoPaymentData {
    #[schema(value_type = Vec<PaymentView<'static>>)]
    payments: Vec<Payment>,
    summary: PoPaymentSummary,
    payment_count: i64,
    #[serde(flatten)]
    page: PageInfo,
}

impl PoPaymentList {
    pub(super) fn new(
        po_id: ClientPoId,
        payments: Vec<Payment>,
        summary: PoPaymentSummary,
        page: PageInfo,
    ) -> Self {
        Self {
            status: SUCCESS,
            po_id,
            payment_count: page.total_count,
            page: page.clone(),
            data: PoPaymentData {
                payments: payments.clone(),
                summary: summary.clone(),
                payment_count: page.total_count,
                page,
            },
            payments,
            summary,
        }
    }
}
