//! Verbal agreements as they are sent and shown.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use crate::{
    finance::purchase_orders::{
        PurchaseOrder,
        list::{ID, PI_DATE, SORTS},
    },
    http::{
        envelope::SUCCESS,
        list::{Direction, Order, PageInfo, Paging},
    },
    types::{
        Fields, FromFields, Money, Text,
        ids::{ClientId, ClientPoId, ProjectId},
    },
};

/// What was agreed.
#[derive(Debug, Clone, ToSchema)]
pub(super) struct NewAgreement {
    /// The proforma invoice's number, unique within the project.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "PI-7")]
    pub(super) pi_number: Text<100>,
    /// The proforma invoice's date, which is the agreement's too.
    #[schema(example = "2026-02-10")]
    pub(super) pi_date: NaiveDate,
    /// Tax included; 0 unless given.
    pub(super) value: Option<Money>,
    /// Free text.
    pub(super) notes: Option<Text<5000>>,
}

impl FromFields for NewAgreement {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let pi_number = fields.required("pi_number");
        let pi_date = fields.required("pi_date");
        let value = fields.optional("value");
        let notes = fields.optional("notes");
        Some(Self {
            pi_number: pi_number?,
            pi_date: pi_date?,
            value,
            notes,
        })
    }
}

/// The number that an agreement gets.
#[derive(Debug, Clone, ToSchema)]
pub(super) struct PoNumber {
    /// Unique over all POs.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "4500000007")]
    pub(super) po_number: Text<100>,
    /// The date on the paper.
    #[schema(example = "2026-03-01")]
    pub(super) po_date: NaiveDate,
}

impl FromFields for PoNumber {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let po_number = fields.required("po_number");
        let po_date = fields.required("po_date");
        Some(Self {
            po_number: po_number?,
            po_date: po_date?,
        })
    }
}

/// A verbal agreement.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VerbalAgreement)]
pub struct Agreement {
    pub(super) id: ClientPoId,
    agreement_id: ClientPoId,
    client_po_id: ClientPoId,
    client_id: Option<ClientId>,
    client_name: Option<String>,
    project_id: Option<ProjectId>,
    #[schema(example = "PI-7")]
    pub(super) pi_number: Option<String>,
    pub(super) pi_date: Option<NaiveDate>,
    agreement_date: Option<NaiveDate>,
    pub(super) po_number: Option<String>,
    pub(super) po_date: Option<NaiveDate>,
    /// What it is worth, tax included.
    value: Money,
    po_value: Money,
    /// What was agreed.
    stated_value: Option<Money>,
    /// `lines` or `stated`: what the value follows from.
    #[schema(example = "stated")]
    value_basis: String,
    #[schema(example = "pending")]
    status: String,
    /// Whether it has its number.
    has_po: bool,
    notes: Option<String>,
    pub(super) version: i32,
    created_at: Option<DateTime<Utc>>,
}

impl From<PurchaseOrder> for Agreement {
    fn from(po: PurchaseOrder) -> Self {
        Self {
            id: po.id,
            agreement_id: po.id,
            client_po_id: po.id,
            client_id: po.client_id,
            client_name: po.client_name,
            project_id: po.project_id,
            pi_number: po.pi_number,
            pi_date: po.pi_date,
            agreement_date: po.agreement_date,
            has_po: po.po_number.is_some(),
            po_number: po.po_number,
            po_date: po.po_date,
            value: po.po_value,
            po_value: po.po_value,
            stated_value: po.stated_value,
            value_basis: po.value_basis,
            status: po.status,
            notes: po.notes,
            version: po.version,
            created_at: po.created_at,
        }
    }
}

/// An agreement that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct AgreementCreated {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Verbal agreement created")]
    message: &'static str,
    agreement_id: ClientPoId,
    pi_number: Option<String>,
    pi_date: Option<NaiveDate>,
    agreement: Agreement,
    data: Agreement,
}

impl From<Agreement> for AgreementCreated {
    fn from(agreement: Agreement) -> Self {
        Self {
            status: SUCCESS,
            message: "Verbal agreement created",
            agreement_id: agreement.id,
            pi_number: agreement.pi_number.clone(),
            pi_date: agreement.pi_date,
            agreement: agreement.clone(),
            data: agreement,
        }
    }
}

/// An agreement that has its number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PoNumberAdded {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "PO number added to verbal agreement")]
    message: &'static str,
    agreement_id: ClientPoId,
    pi_number: Option<String>,
    po_number: Option<String>,
    po_date: Option<NaiveDate>,
    agreement: Agreement,
    data: Agreement,
}

impl From<Agreement> for PoNumberAdded {
    fn from(agreement: Agreement) -> Self {
        Self {
            status: SUCCESS,
            message: "PO number added to verbal agreement",
            agreement_id: agreement.id,
            pi_number: agreement.pi_number.clone(),
            po_number: agreement.po_number.clone(),
            po_date: agreement.po_date,
            agreement: agreement.clone(),
            data: agreement,
        }
    }
}

/// Which agreements of a project are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AgreementQuery {
    /// Only those without a number.
    #[param(value_type = Option<bool>, default = false)]
    pub(super) open_only: bool,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for AgreementQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let default = Order::of(&[(PI_DATE, Direction::DownNullsLast), (ID, Direction::Down)]);
        Some(Self {
            open_only: fields.optional("open_only").unwrap_or(false),
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &SORTS, default),
        })
    }
}

/// Sums over all agreements of a project, whatever is listed.
#[derive(Debug, Clone, Copy, FromRow, Serialize, ToSchema)]
pub(super) struct AgreementTotals {
    /// All of them, those with a number and cancelled ones too.
    total_agreement_count: i64,
    /// Σ `po_value` of those that are open and not cancelled.
    total_agreement_value: Money,
    /// Those that are open and not cancelled.
    open_count: i64,
    open_value: Money,
    /// Those that match.
    #[serde(skip)]
    pub(super) matching: i64,
}

/// A page of a project's agreements.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct AgreementList {
    pub(super) project_id: ProjectId,
    pub(super) agreements: Vec<Agreement>,
    #[serde(flatten)]
    pub(super) totals: AgreementTotals,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}
