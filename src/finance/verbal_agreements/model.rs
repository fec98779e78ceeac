//! Verbal agreements as they are sent, stored and shown.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Order, PageInfo, Paging},
    },
    types::{
        Fields, FromFields, Money, Text,
        ids::{ClientId, ClientPoId, ProjectId},
    },
};

/// An agreement's row.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Agreement {
    /// Its id, which is that of the PO.
    pub id: ClientPoId,
    /// Who ordered; null on some adopted rows.
    pub client_id: Option<ClientId>,
    /// That client's name.
    pub client_name: Option<String>,
    /// The project that it belongs to.
    pub project_id: Option<ProjectId>,
    /// The proforma invoice's number.
    pub pi_number: Option<String>,
    /// The proforma invoice's date.
    pub pi_date: Option<NaiveDate>,
    /// When it was agreed.
    pub agreement_date: Option<NaiveDate>,
    /// The client's number; null while it is open.
    pub po_number: Option<String>,
    /// That number's date.
    pub po_date: Option<NaiveDate>,
    /// What it is worth, tax included.
    pub po_value: Money,
    /// What was agreed.
    pub stated_value: Option<Money>,
    /// Whether its lines count, or what was agreed.
    pub value_basis: String,
    /// How it stands as a PO.
    pub status: String,
    /// Free text.
    pub notes: Option<String>,
    /// Raised with every change of the agreement or its lines.
    pub version: i32,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
}

/// A verbal agreement on the wire; also its audit record.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VerbalAgreement)]
pub struct AgreementView {
    pub(super) id: ClientPoId,
    agreement_id: ClientPoId,
    client_po_id: ClientPoId,
    client_id: Option<ClientId>,
    #[schema(example = "Bajaj")]
    client_name: Option<String>,
    project_id: Option<ProjectId>,
    #[schema(example = "PI-7")]
    pub(super) pi_number: Option<String>,
    pi_date: Option<NaiveDate>,
    /// When it was agreed.
    agreement_date: Option<NaiveDate>,
    /// Null while it is open.
    po_number: Option<String>,
    po_date: Option<NaiveDate>,
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
    /// Whether it has its PO number.
    has_po: bool,
    notes: Option<String>,
    pub(super) version: i32,
    created_at: Option<DateTime<Utc>>,
}

impl From<Agreement> for AgreementView {
    fn from(agreement: Agreement) -> Self {
        Self {
            id: agreement.id,
            agreement_id: agreement.id,
            client_po_id: agreement.id,
            client_id: agreement.client_id,
            client_name: agreement.client_name,
            project_id: agreement.project_id,
            pi_number: agreement.pi_number,
            pi_date: agreement.pi_date,
            agreement_date: agreement.agreement_date,
            has_po: agreement.po_number.is_some(),
            po_number: agreement.po_number,
            po_date: agreement.po_date,
            value: agreement.po_value,
            po_value: agreement.po_value,
            stated_value: agreement.stated_value,
            value_basis: agreement.value_basis,
            status: agreement.status,
            notes: agreement.notes,
            version: agreement.version,
            created_at: agreement.created_at,
        }
    }
}

/// An agreement to be made.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(as = NewVerbalAgreement)]
pub struct NewAgreement {
    /// The proforma invoice's number, unique within the project.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "PI-7")]
    pub pi_number: Text<100>,
    /// The proforma invoice's date, on which it was agreed.
    #[schema(example = "2026-02-10")]
    pub pi_date: NaiveDate,
    /// What was agreed, tax included; 0 unless given.
    pub value: Option<Money>,
    /// Free text.
    pub notes: Option<Text<5000>>,
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

/// An agreement that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VerbalAgreementCreated)]
pub(super) struct AgreementCreated {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Verbal agreement created")]
    message: &'static str,
    agreement_id: ClientPoId,
    pi_number: Option<String>,
    pi_date: Option<NaiveDate>,
    agreement: AgreementView,
    data: AgreementView,
}

impl From<AgreementView> for AgreementCreated {
    fn from(agreement: AgreementView) -> Self {
        Self {
            status: SUCCESS,
            message: "Verbal agreement created",
            agreement_id: agreement.id,
            pi_number: agreement.pi_number.clone(),
            pi_date: agreement.pi_date,
            data: agreement.clone(),
            agreement,
        }
    }
}

/// The number that an agreement gets.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(as = AgreementPoNumber)]
pub struct PoNumber {
    /// The client's number, unique over all POs.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "4500000001")]
    pub po_number: Text<100>,
    /// The date on the PO.
    #[schema(example = "2026-02-20")]
    pub po_date: NaiveDate,
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

/// An agreement that has its number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PoNumberAdded {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "PO number added to verbal agreement")]
    message: &'static str,
    agreement_id: ClientPoId,
    pi_number: Option<String>,
    #[schema(example = "4500000001")]
    po_number: Option<String>,
    po_date: Option<NaiveDate>,
    agreement: AgreementView,
    data: AgreementView,
}

impl From<AgreementView> for PoNumberAdded {
    fn from(agreement: AgreementView) -> Self {
        Self {
            status: SUCCESS,
            message: "PO number added to verbal agreement",
            agreement_id: agreement.id,
            pi_number: agreement.pi_number.clone(),
            po_number: agreement.po_number.clone(),
            po_date: agreement.po_date,
            data: agreement.clone(),
            agreement,
        }
    }
}

/// How many agreements a project has, and what the open ones are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AgreementTotals {
    /// All of them, with a number or cancelled too.
    pub(super) all: i64,
    /// Those without a number, cancelled ones too.
    pub(super) unnumbered: i64,
    /// Those without a number that are not cancelled.
    pub(super) open: i64,
    /// What these are worth.
    pub(super) open_value: Money,
}

/// A page of a project's agreements.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VerbalAgreementList)]
pub(super) struct AgreementList {
    project_id: ProjectId,
    agreements: Vec<AgreementView>,
    /// All agreements of the project, whether open, numbered or cancelled.
    #[schema(example = 2)]
    total_agreement_count: i64,
    /// Σ `value` of those that are open and not cancelled.
    total_agreement_value: Money,
    /// How many these are.
    #[schema(example = 1)]
    open_count: i64,
    /// `total_agreement_value`.
    open_value: Money,
    #[serde(flatten)]
    page: PageInfo,
}

impl AgreementList {
    pub(super) fn new(
        project_id: ProjectId,
        agreements: Vec<Agreement>,
        totals: AgreementTotals,
        page: PageInfo,
    ) -> Self {
        Self {
            project_id,
            agreements: agreements.into_iter().map(Into::into).collect(),
            total_agreement_count: totals.all,
            total_agreement_value: totals.open_value,
            open_count: totals.open,
            open_value: totals.open_value,
            page,
        }
    }
}

const ID: Column = Column {
    name: "id",
    sql: "po.id",
    kind: "bigint",
};
const PI_DATE: Column = Column {
    name: "pi_date",
    sql: "po.pi_date",
    kind: "date",
};
const COLUMNS: [Column; 8] = [
    ID,
    Column {
        name: "po_number",
        sql: "po.po_number",
        kind: "text",
    },
    Column {
        name: "po_date",
        sql: "po.po_date",
        kind: "date",
    },
    PI_DATE,
    Column {
        name: "po_value",
        sql: "po.po_value",
        kind: "numeric",
    },
    Column {
        name: "status",
        sql: "po.status",
        kind: "text",
    },
    Column {
        name: "store_id",
        sql: "po.store_id",
        kind: "text",
    },
    Column {
        name: "created_at",
        sql: "po.created_at",
        kind: "timestamptz",
    },
];

/// Which agreements of a project are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AgreementQuery {
    /// Only those that have no PO number yet.
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
            order: Order::read(fields, &COLUMNS, default),
        })
    }
}
