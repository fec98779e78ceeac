//! Lists of payments: which are asked for, in either ledger.

use chrono::NaiveDate;
use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};
use utoipa::IntoParams;

use super::{Ledger, PaymentMode, PaymentState, TransactionType};
use crate::{
    error::Result,
    finance::references::References,
    http::list::{Column, Direction, Order, Paging},
    postgres::Pool,
    types::{
        Fields, FromFields, Input, Money, Problem, Text,
        ids::{ClientId, ClientPoId, ProjectId, VendorId},
    },
};

/// The id, which closes every order.
pub const ID: Column = Column {
    name: "id",
    sql: "payment.id",
    kind: "bigint",
};
/// The day of the payment.
pub const PAYMENT_DATE: Column = Column {
    name: "payment_date",
    sql: "payment.payment_date",
    kind: "date",
};
/// When it was written down.
pub const CREATED: Column = Column {
    name: "created_at",
    sql: "payment.created_at",
    kind: "timestamptz",
};
/// What payments of both ledgers can be sorted by.
pub const SORTS: [Column; 5] = [
    ID,
    PAYMENT_DATE,
    Column {
        name: "amount",
        sql: "payment.amount",
        kind: "numeric",
    },
    Column {
        name: "status",
        sql: "payment.status",
        kind: "text",
    },
    CREATED,
];

/// One or several statuses, comma separated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct States(pub Vec<PaymentState>);

impl States {
    /// The words in the database.
    pub fn words(&self) -> Vec<&'static str> {
        self.0.iter().map(|state| state.as_str()).collect()
    }
}

impl Input for States {
    fn read(value: &Value) -> Result<Self, Problem> {
        let words = value.as_str().unwrap_or_default().split(',');
        let states: Result<Vec<PaymentState>, Problem> = words
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(|word| PaymentState::read(&Value::from(word)))
            .collect();
        Ok(Self(states?))
    }
}

/// Which payments are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PaymentQuery {
    /// `client`, unless given or `vendor_id` is.
    #[param(value_type = Option<Ledger>, inline)]
    pub kind: Ledger,
    /// Only those that stand so: one status or several, comma separated.
    #[param(value_type = Option<String>, example = "cleared,completed")]
    pub status: Option<States>,
    /// Only those to this vendor.
    pub vendor_id: Option<VendorId>,
    /// Only those for this PO.
    pub po_id: Option<ClientPoId>,
    /// Only this client's.
    pub client_id: Option<ClientId>,
    /// Only this project's.
    pub project_id: Option<ProjectId>,
    /// Only those of this day or later.
    pub payment_date_from: Option<NaiveDate>,
    /// Only those of this day or earlier.
    pub payment_date_to: Option<NaiveDate>,
    /// Only those of this amount or more.
    pub min_amount: Option<Money>,
    /// Only those of this amount or less.
    pub max_amount: Option<Money>,
    /// Only those that went this way.
    #[param(inline)]
    pub payment_mode: Option<PaymentMode>,
    /// Only those in this direction.
    #[param(inline)]
    pub transaction_type: Option<TransactionType>,
    /// Only those with this reference, exactly.
    #[param(value_type = Option<String>)]
    pub reference_number: Option<Text<100>>,
    /// Only those of this batch, exactly.
    #[param(value_type = Option<String>)]
    pub batch_reference: Option<Text<100>>,
    #[param(ignore)]
    pub(crate) paging: Paging,
    #[param(ignore)]
    pub(crate) order: Order,
}

/// The ledger of a query: the vendors' if it names one.
pub(super) fn ledger(fields: &mut Fields<'_>) -> Ledger {
    let kind = fields.optional("kind");
    match kind {
        Some(Ledger::Client) if fields.has_text("vendor_id") => {
            fields.fault(
                "vendor_id",
                Problem::new("value_error", "does not go with kind client"),
            );
            Ledger::Client
        }
        None if fields.has_text("vendor_id") => Ledger::Vendor,
        Some(ledger) => ledger,
        None => Ledger::Client,
    }
}

/// Finds fault with a last day before the first.
pub(crate) fn check_days(
    fields: &mut Fields<'_>,
    from: (&str, Option<NaiveDate>),
    to: (&str, Option<NaiveDate>),
) {
    if let (Some(first), Some(last)) = (from.1, to.1)
        && first > last
    {
        fields.fault(
            to.0,
            Problem::new("greater_than_equal", format!("must not be before {}", from.0)),
        );
    }
}

impl FromFields for PaymentQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = ledger(fields);
        let payment_date_from = fields.optional("payment_date_from");
        let payment_date_to = fields.optional("payment_date_to");
        check_days(
            fields,
            ("payment_date_from", payment_date_from),
            ("payment_date_to", payment_date_to),
        );
        let min_amount = fields.optional::<Money>("min_amount");
        let max_amount = fields.optional::<Money>("max_amount");
        if let (Some(least), Some(most)) = (min_amount, max_amount)
            && least > most
        {
            fields.fault(
                "max_amount",
                Problem::new("greater_than_equal", "must not be below min_amount"),
            );
        }
        let default = Order::of(&[(PAYMENT_DATE, Direction::DownNullsLast), (ID, Direction::Down)]);
        Some(Self {
            kind,
            status: fields.optional("status"),
            vendor_id: fields.optional("vendor_id"),
            po_id: fields.optional("po_id"),
            client_id: fields.optional("client_id"),
            project_id: fields.optional("project_id"),
            payment_date_from,
            payment_date_to,
            min_amount,
            max_amount,
            payment_mode: fields.optional("payment_mode"),
            transaction_type: fields.optional("transaction_type"),
            reference_number: fields.optional("reference_number"),
            batch_reference: fields.optional("batch_reference"),
            paging: Paging::read(fields, 50),
            order: Order::read(fields, &SORTS, default),
        })
    }
}

/// The payments between two days.
#[derive(Debug, Clone)]
pub(super) struct ByDate(pub(super) PaymentQuery);

/// The two days, for the document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read through `ByDate`; this only documents the names")]
pub(super) struct ByDateQuery {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
}

impl FromFields for ByDate {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let (from, to) = (fields.required("from"), fields.required("to"));
        check_days(fields, ("from", from), ("to", to));
        let mut query = PaymentQuery::from_fields(fields)?;
        query.payment_date_from = from;
        query.payment_date_to = to;
        Some(Self(query))
    }
}

impl PaymentQuery {
    /// Whether no filter but those of kept totals (status, client, project, vendor) narrows the list.
    pub(crate) fn is_counted_by_whose(&self) -> bool {
        matches!(
            self,
            Self {
                kind: _,
                status: _,
                vendor_id: _,
                po_id: None,
                client_id: _,
                project_id: _,
                payment_date_from: None,
                payment_date_to: None,
                min_amount: None,
                max_amount: None,
                payment_mode: None,
                transaction_type: None,
                reference_number: None,
                batch_reference: None,
                paging: _,
                order: _,
            }
        )
    }

    /// Adds the conditions on columns that both ledgers have.
    pub(crate) fn push_common_filters(&self, sql: &mut QueryBuilder<Postgres>) {
        if let Some(states) = &self.status {
            match states.words().as_slice() {
                // A plain comparison, so that an index gives the order too.
                [word] => sql.push(" AND payment.status = ").push_bind(*word),
                words => sql
                    .push(" AND payment.status = ANY (")
                    .push_bind(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
                    .push(")"),
            };
        }
        if let Some(from) = self.payment_date_from {
            sql.push(" AND payment.payment_date >= ").push_bind(from);
        }
        if let Some(to) = self.payment_date_to {
            sql.push(" AND payment.payment_date <= ").push_bind(to);
        }
        if let Some(least) = self.min_amount {
            sql.push(" AND payment.amount >= ").push_bind(least);
        }
        if let Some(most) = self.max_amount {
            sql.push(" AND payment.amount <= ").push_bind(most);
        }
        if let Some(mode) = self.payment_mode {
            sql.push(" AND payment.payment_mode = ").push_bind(mode.as_str());
        }
        if let Some(reference) = &self.reference_number {
            sql.push(" AND payment.reference_number = ")
                .push_bind(reference.to_string());
        }
        if let Some(batch) = &self.batch_reference {
            sql.push(" AND payment.batch_reference = ")
                .push_bind(batch.to_string());
        }
    }

    /// Leaves only those of these statuses of what is asked for.
    pub(super) fn restrict_to(&mut self, states: &[PaymentState]) {
        let asked = self.status.take().map_or_else(
            || states.to_vec(),
            |asked| {
                asked
                    .0
                    .into_iter()
                    .filter(|state| states.contains(state))
                    .collect()
            },
        );
        self.status = Some(States(asked));
    }

    /// Looks up the rows that the query names, for a list that turned out empty.
    ///
    /// # Errors
    /// `Invalid` with one fault for each that does not exist.
    pub(crate) async fn ensure_known(&self, db: &Pool) -> Result<()> {
        let named = References {
            client_id: self.client_id,
            project_id: self.project_id,
            po_id: self.po_id,
            vendor_id: self.vendor_id,
            ..References::default()
        };
        named.ensure_known(db).await
    }
}
