//! Answers of requests about bills.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Bill, BillView,
    lines::{Line, LineView},
};
use crate::{
    http::{envelope::SUCCESS, list::PageInfo},
    types::ids::{BillingPoId, ProjectId},
};

/// A bill flat and once more under its name, as clients read `data`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoData)]
struct BillData {
    #[serde(flatten)]
    #[schema(value_type = BillView<'static>)]
    content: Bill,
    #[schema(value_type = BillView<'static>)]
    billing_po: Bill,
}

/// A bill that was made, changed or approved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoAnswer)]
pub(super) struct BillAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Billing PO created")]
    message: &'static str,
    #[schema(value_type = BillView<'static>)]
    billing_po: Bill,
    data: BillData,
}

impl BillAnswer {
    pub(super) fn new(bill: Bill, message: &'static str) -> Self {
        Self {
            status: SUCCESS,
            message,
            billing_po: bill.clone(),
            data: BillData {
                content: bill.clone(),
                billing_po: bill,
            },
        }
    }
}

/// A bill and its lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoWithLines)]
pub(super) struct BillWithLines {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(value_type = BillView<'static>)]
    billing_po: Bill,
    /// By the time when they were made.
    #[schema(value_type = Vec<LineView<'static>>)]
    line_items: Vec<Line>,
    data: BillWithLinesData,
}

/// The same as clients read `data`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoWithLinesData)]
struct BillWithLinesData {
    #[serde(flatten)]
    bill: BillData,
    #[schema(value_type = Vec<LineView<'static>>)]
    line_items: Vec<Line>,
}

impl From<(Bill, Vec<Line>)> for BillWithLines {
    fn from((bill, line_items): (Bill, Vec<Line>)) -> Self {
        Self {
            status: SUCCESS,
            billing_po: bill.clone(),
            line_items: line_items.clone(),
            data: BillWithLinesData {
                bill: BillData {
                    content: bill.clone(),
                    billing_po: bill,
                },
                line_items,
            },
        }
    }
}

/// A bill that was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoDeleted)]
pub(super) struct BillDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Billing PO deleted")]
    message: &'static str,
    data: BillDeletedData,
}

/// What went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoDeletedData)]
struct BillDeletedData {
    billing_po_id: BillingPoId,
}

impl From<BillingPoId> for BillDeleted {
    fn from(billing_po_id: BillingPoId) -> Self {
        Self {
            status: SUCCESS,
            message: "Billing PO deleted",
            data: BillDeletedData { billing_po_id },
        }
    }
}

/// A page of a project's bills.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingPoList)]
pub(super) struct BillList {
    pub(super) project_id: ProjectId,
    #[schema(value_type = Vec<BillView<'static>>)]
    pub(super) billing_pos: Vec<Bill>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}
