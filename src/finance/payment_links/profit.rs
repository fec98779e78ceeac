//! What was paid of a vendor order and for it, and what it earns: the payment summary and the profit analysis.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::rules::{BillableBasis, Earnings, billable, profit};
use crate::{
    error::{Error, Result},
    http::envelope::SUCCESS,
    postgres::Pool,
    types::{
        Money, Percent,
        ids::{ClientPoId, PaymentId, PaymentLinkId, VendorOrderId},
    },
};

/// An order's figures, as the query makes them.
struct OrderMoney {
    id: VendorOrderId,
    version: i32,
    po_value: Money,
    paid: Money,
    payment_status: String,
    client_po_id: Option<ClientPoId>,
    is_live: bool,
    is_po_cancelled: bool,
    by_lines: Option<Money>,
    pro_rata: Money,
    by_payments: Option<Money>,
    linked_in: Money,
    refunded: Money,
    link_count: i64,
    client_pos: Vec<ClientPoId>,
}

/// The figures of an order.
///
/// # Errors
/// `NotFound` if there is no such order.
async fn order_money(db: &Pool, id: VendorOrderId) -> Result<OrderMoney> {
    sqlx::query_file_as!(
        OrderMoney,
        "src/finance/payment_links/sql/order_money.sql",
        id as VendorOrderId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("Vendor order"))
}

/// What came in for an order and went out for it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct CashFlow {
    /// Money from the client that is meant for it and arrived.
    total_incoming: Money,
    /// What was paid of it, and what went back to the client.
    total_outgoing: Money,
    /// What it earns less what it is worth.
    profit: Money,
    /// `total_incoming` − `total_outgoing`.
    net_cash: Money,
    /// All its links.
    link_count: i64,
}

/// An order's earnings and cash.
#[derive(Debug, Clone)]
pub(super) struct Analysis {
    pub(super) version: i32,
    vendor_order_id: VendorOrderId,
    po_value: Money,
    paid: Money,
    payment_status: String,
    basis: BillableBasis,
    billable: Money,
    margin: Percent,
    cash: CashFlow,
    client_pos: Vec<ClientPoId>,
}

impl From<OrderMoney> for Analysis {
    fn from(order: OrderMoney) -> Self {
        let (basis, billable) = billable(Earnings {
            is_live: order.is_live,
            has_po: order.client_po_id.is_some(),
            is_po_cancelled: order.is_po_cancelled,
            by_lines: order.by_lines,
            pro_rata: order.pro_rata,
            by_payments: order.by_payments,
        });
        let (profit, margin) = profit(basis, billable, order.po_value);
        let total_outgoing = order.paid + order.refunded;
        Self {
            version: order.version,
            vendor_order_id: order.id,
            po_value: order.po_value,
            paid: order.paid,
            payment_status: order.payment_status,
            basis,
            billable,
            margin,
            cash: CashFlow {
                total_incoming: order.linked_in,
                total_outgoing,
                profit,
                net_cash: order.linked_in - total_outgoing,
                link_count: order.link_count,
            },
            client_pos: order.client_pos,
        }
    }
}

/// What an order earns.
///
/// # Errors
/// `NotFound` if there is no such order.
pub(super) async fn analyze(db: &Pool, id: VendorOrderId) -> Result<Analysis> {
    Ok(order_money(db, id).await?.into())
}

/// A payment that has to do with an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VendorOrderMoney)]
pub(super) struct PaymentEntry {
    /// The id of a vendor payment, or of a client payment if `source` is `client`.
    id: PaymentId,
    /// `order` for the order's own payment, `advance` for a share of one, `client` for money back to the client.
    #[schema(example = "order")]
    source: String,
    /// Null for the order's own.
    link_id: Option<PaymentLinkId>,
    payment_date: Option<NaiveDate>,
    date: Option<NaiveDate>,
    /// The whole payment if it is the order's own, else the allotted part.
    amount: Money,
    #[schema(example = "bank_transfer")]
    payment_mode: String,
    reference_number: Option<String>,
    #[schema(example = "cleared")]
    status: String,
    notes: Option<String>,
}

/// What was paid of an order and for it, and every payment that went out, the latest first.
///
/// # Errors
/// `NotFound` if there is no such order.
pub(super) async fn summarize(db: &Pool, id: VendorOrderId) -> Result<(Analysis, Vec<PaymentEntry>)> {
    let analysis = analyze(db, id).await?;
    let payments = sqlx::query_as!(
        PaymentEntry,
        r#"
        SELECT entry.id AS "id!: PaymentId",
               entry.source AS "source!",
               entry.link_id AS "link_id: PaymentLinkId",
               entry.payment_date,
               entry.payment_date AS date,
               entry.amount AS "amount!: Money",
               entry.payment_mode AS "payment_mode!",
               entry.reference_number,
               entry.status AS "status!",
               entry.notes
          FROM (
               SELECT payment.id, 'order' AS source, NULL::bigint AS link_id, payment.payment_date, payment.amount,
                      payment.payment_mode, payment.reference_number, payment.status, payment.notes
                 FROM "Finances".vendor_payment AS payment
                WHERE payment.vendor_order_id = $1
                UNION ALL
               -- One that has an order of its own is that order's.
               SELECT payment.id, 'advance', link.id, payment.payment_date, link.amount_allocated, payment.payment_mode,
                      payment.reference_number, payment.status, payment.notes
                 FROM "Finances".payment_vendor_link AS link
                 JOIN "Finances".vendor_payment AS payment ON payment.id = link.vendor_payment_id
                WHERE link.vendor_order_id = $1
                  AND link.link_type = 'outgoing'
                  AND payment.vendor_order_id IS NULL
                UNION ALL
               SELECT payment.id, 'client', link.id, payment.payment_date, link.amount_allocated, payment.payment_mode,
                      payment.reference_number, payment.status, payment.notes
                 FROM "Finances".payment_vendor_link AS link
                 JOIN "Finances".client_payment AS payment ON payment.id = link.payment_id
                WHERE link.vendor_order_id = $1
                  AND link.link_type = 'outgoing'
               ) AS entry
         ORDER BY entry.payment_date DESC NULLS LAST, entry.id DESC, entry.source
        "#,
        id as VendorOrderId,
    )
    .fetch_all(db)
    .await?;
    Ok((analysis, payments))
}

/// What was paid of an order and for it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderPaymentSummary<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_order_id: VendorOrderId,
    po_amount: Money,
    paid_amount: Money,
    pending_amount: Money,
    #[schema(example = "partial")]
    payment_status: &'a str,
    payment_count: usize,
    summary: CashFlow,
    payments: &'a [PaymentEntry],
    data: OrderPaymentSummaryData<'a>,
}

/// The same once more, with what is left or over.
#[derive(Debug, Serialize, ToSchema)]
struct OrderPaymentSummaryData<'a> {
    vendor_order_id: VendorOrderId,
    po_amount: Money,
    po_value: Money,
    paid_amount: Money,
    total_paid: Money,
    /// What is left to be paid; 0 if more was paid.
    pending_amount: Money,
    /// What was paid beyond the order's value.
    overpaid_amount: Money,
    #[schema(example = "partial")]
    payment_status: &'a str,
    payment_count: usize,
    #[serde(flatten)]
    cash: CashFlow,
    summary: CashFlow,
    payments: &'a [PaymentEntry],
}

impl<'a> OrderPaymentSummary<'a> {
    pub(super) fn new(order: &'a Analysis, payments: &'a [PaymentEntry]) -> Self {
        let pending_amount = Money::ZERO.max(order.po_value - order.paid);
        Self {
            status: SUCCESS,
            vendor_order_id: order.vendor_order_id,
            po_amount: order.po_value,
            paid_amount: order.paid,
            pending_amount,
            payment_status: &order.payment_status,
            payment_count: payments.len(),
            summary: order.cash,
            payments,
            data: OrderPaymentSummaryData {
                vendor_order_id: order.vendor_order_id,
                po_amount: order.po_value,
                po_value: order.po_value,
                paid_amount: order.paid,
                total_paid: order.paid,
                pending_amount,
                overpaid_amount: Money::ZERO.max(order.paid - order.po_value),
                payment_status: &order.payment_status,
                payment_count: payments.len(),
                cash: order.cash,
                summary: order.cash,
                payments,
            },
        }
    }
}

/// What came in and went out, and the margin.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct ProfitAnalysis {
    #[serde(flatten)]
    cash: CashFlow,
    /// Percent of what the order earns, 2 decimals.
    profit_margin: Percent,
}

/// What an order earns, and from what that is told.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct OrderEarnings<'a> {
    po_value: Money,
    po_amount: Money,
    /// What the order earns.
    billable_amount: Money,
    /// From what it is told: the client lines that its lines name, its share of the client PO, what the client paid for it.
    billable_basis: BillableBasis,
    /// Whether it is a share of the PO by value.
    billable_is_estimate: bool,
    /// `billable_amount` − `po_value`; 0 with the basis `none`.
    profit: Money,
    /// Percent of `billable_amount`, 2 decimals; 0 with the basis `none` or of nothing.
    profit_margin: Percent,
    /// The order's client PO, and those whose payments are meant for it.
    #[schema(value_type = Vec<ClientPoId>)]
    linked_client_pos: &'a [ClientPoId],
}

/// What an order earns and costs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderProfit<'a> {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    vendor_order_id: VendorOrderId,
    #[serde(flatten)]
    earnings: OrderEarnings<'a>,
    profit_analysis: ProfitAnalysis,
    data: OrderProfitData<'a>,
}

/// The same once more, with what came in and went out.
#[derive(Debug, Serialize, ToSchema)]
struct OrderProfitData<'a> {
    vendor_order_id: VendorOrderId,
    #[serde(flatten)]
    earnings: OrderEarnings<'a>,
    total_incoming: Money,
    total_outgoing: Money,
    net_cash: Money,
    link_count: i64,
    profit_analysis: ProfitAnalysis,
}

impl<'a> From<&'a Analysis> for OrderProfit<'a> {
    fn from(order: &'a Analysis) -> Self {
        let earnings = OrderEarnings {
            po_value: order.po_value,
            po_amount: order.po_value,
            billable_amount: order.billable,
            billable_basis: order.basis,
            billable_is_estimate: order.basis == BillableBasis::ProRata,
            profit: order.cash.profit,
            profit_margin: order.margin,
            linked_client_pos: &order.client_pos,
        };
        let profit_analysis = ProfitAnalysis {
            cash: order.cash,
            profit_margin: order.margin,
        };
        Self {
            status: SUCCESS,
            vendor_order_id: order.vendor_order_id,
            earnings,
            profit_analysis,
            data: OrderProfitData {
                vendor_order_id: order.vendor_order_id,
                earnings,
                total_incoming: order.cash.total_incoming,
                total_outgoing: order.cash.total_outgoing,
                net_cash: order.cash.net_cash,
                link_count: order.cash.link_count,
                profit_analysis,
            },
        }
    }
}
