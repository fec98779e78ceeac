//! Making a client PO: what a request says of it, and its row with its place in its project.

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::{
    PoStatus, PurchaseOrderView,
    model::PoType,
    places::{self, Invoice},
    store,
};
use crate::{
    audit::Change,
    error::{Error, Fault, Result},
    finance::kept_totals::Counted,
    http::envelope::SUCCESS,
    types::{
        Fields, FromFields, Money, Problem, Text,
        ids::{ClientId, ClientPoId, ProjectId},
    },
    unit_of_work::UnitOfWork,
};

/// What is said of a new PO wherever it is made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PoTerms {
    /// The client's number, unique over all POs; absent until it is issued.
    #[schema(example = "4500000001")]
    po_number: Option<Text<100>>,
    /// Tax included; what the PO is worth until it has lines.
    #[schema(default = 0)]
    po_value: Option<Money>,
    /// The tax in it; `stated_tax` is another name.
    total_tax: Option<Money>,
    /// `standard` unless given; not `verbal_agreement`, which has routes of its own.
    po_type: Option<PoType>,
    /// The PO that it adds to.
    parent_po_id: Option<ClientPoId>,
    /// `pending` unless given.
    status: Option<PoStatus>,
    /// The client's code of the store.
    store_id: Option<Text<100>>,
    /// The proforma invoice's number, unique within the project, or among the client's POs without one.
    pi_number: Option<Text<100>>,
    /// The proforma invoice's date.
    pi_date: Option<NaiveDate>,
    /// Free text; `description` is another name.
    notes: Option<Text<5000>>,
    /// Nothing but `INR`.
    #[schema(example = "INR")]
    po_currency: Option<Text<10>>,
}

impl FromFields for PoTerms {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias("notes", "description");
        let po_value = fields.optional("po_value");
        let tax_name = tax_name(fields);
        let total_tax = fields.optional(tax_name);
        if total_tax.unwrap_or_default() > po_value.unwrap_or_default() {
            fields.fault(tax_name, tax_too_large());
        }
        let po_type = fields.optional("po_type");
        if po_type == Some(PoType::VerbalAgreement) {
            fields.fault(
                "po_type",
                Problem::new("enum", "verbal agreements are made under their project"),
            );
        }
        let po_currency: Option<Text<10>> = fields.optional("po_currency");
        if po_currency
            .as_deref()
            .is_some_and(|currency| !currency.eq_ignore_ascii_case("INR"))
        {
            fields.fault("po_currency", Problem::new("enum", "must be INR"));
        }
        Some(Self {
            po_number: fields.optional("po_number"),
            po_value,
            total_tax,
            po_type,
            parent_po_id: fields.optional("parent_po_id"),
            status: fields.optional("status"),
            store_id: fields.optional("store_id"),
            pi_number: fields.optional("pi_number"),
            pi_date: fields.optional("pi_date"),
            notes: fields.optional("notes"),
            po_currency,
        })
    }
}

/// The name under which a request states the tax.
pub(super) fn tax_name(fields: &Fields<'_>) -> &'static str {
    if fields.has_text("stated_tax") && !fields.has_text("total_tax") {
        "stated_tax"
    } else {
        "total_tax"
    }
}

/// What is wrong with a tax above the value that holds it.
pub(super) fn tax_too_large() -> Problem {
    Problem::new("less_than_equal", "must be at most po_value")
}

/// A PO to be made for a client, in a project or in none.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct NewPo {
    /// The client; this or `client_name`.
    client_id: Option<ClientId>,
    /// The client by its name, without regard to case; `client_id` wins.
    #[schema(example = "Dava India")]
    client_name: Option<Text<255>>,
    /// The project that it belongs to.
    project_id: Option<ProjectId>,
    /// Today unless given.
    #[schema(example = "2026-02-10")]
    po_date: Option<NaiveDate>,
    #[serde(flatten)]
    terms: PoTerms,
}

impl FromFields for NewPo {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        if !fields.has_text("client_id") && !fields.has_text("client_name") {
            fields.fault(
                "client_id",
                Problem::new("missing", "Field required, unless client_name is given"),
            );
        }
        Some(Self {
            client_id: fields.optional("client_id"),
            client_name: fields.optional("client_name"),
            project_id: fields.optional("project_id"),
            po_date: fields.optional("po_date"),
            terms: PoTerms::from_fields(fields)?,
        })
    }
}

/// A PO to be made in the project of the path.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct NewProjectPo {
    #[schema(example = "2026-02-10")]
    po_date: NaiveDate,
    #[serde(flatten)]
    terms: PoTerms,
}

impl FromFields for NewProjectPo {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let po_date = fields.required("po_date");
        let terms = PoTerms::from_fields(fields);
        Some(Self {
            po_date: po_date?,
            terms: terms?,
        })
    }
}

/// Whose PO it is.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ClientQuery {
    /// The client; the project's own unless given.
    client_id: Option<ClientId>,
}

impl FromFields for ClientQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            client_id: fields.optional("client_id"),
        })
    }
}

/// A PO that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PoCreated {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "PO created")]
    message: &'static str,
    client_po_id: ClientPoId,
    po_id: ClientPoId,
    pub(super) id: ClientPoId,
    po_number: Option<String>,
    #[schema(example = "standard")]
    po_type: String,
    pub(super) po: PurchaseOrderView,
    data: CreatedData,
}

/// The PO, with itself under `po` once more.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedData {
    #[serde(flatten)]
    fields: PurchaseOrderView,
    po: PurchaseOrderView,
}

impl From<PurchaseOrderView> for PoCreated {
    fn from(po: PurchaseOrderView) -> Self {
        Self {
            status: SUCCESS,
            message: "PO created",
            client_po_id: po.id,
            po_id: po.id,
            id: po.id,
            po_number: po.po_number.clone(),
            po_type: po.po_type.clone(),
            po: po.clone(),
            data: CreatedData {
                fields: po.clone(),
                po,
            },
        }
    }
}

/// Makes a PO for the client that the request names.
///
/// # Errors
/// `Invalid` if client, project or parent is unknown; `Conflict` if one of its numbers is taken.
pub(super) async fn create(uow: &mut UnitOfWork, new: &NewPo, today: NaiveDate) -> Result<PurchaseOrderView> {
    let client = match (new.client_id, &new.client_name) {
        (Some(id), _) => id,
        (None, Some(name)) => find_client(uow.conn(), name)
            .await?
            .ok_or_else(|| Error::unknown_reference("client_name", "client"))?,
        (None, None) => {
            return Err(Error::invalid_field("client_id", "missing", "Field required"));
        }
    };
    ensure_known(uow.conn(), client, new.project_id, new.terms.parent_po_id).await?;
    places::take_invoice(uow.conn(), Some(client), new.terms.pi_number.as_deref()).await?;
    if let Some(project) = new.project_id
        && places::lock_projects(uow.conn(), &[project]).await?.is_empty()
    {
        return Err(Error::unknown_reference("project_id", "project"));
    }
    let date = new.po_date.unwrap_or(today);
    insert(uow, client, new.project_id, date, &new.terms).await
}

/// Makes a PO in a project, for this client or the project's own.
///
/// # Errors
/// `NotFound` without the project; `Invalid` if the client or the parent is unknown, or no client is known; `Conflict` if one
/// of its numbers is taken.
pub(super) async fn create_in_project(
    uow: &mut UnitOfWork,
    project: ProjectId,
    query: &ClientQuery,
    new: &NewProjectPo,
) -> Result<PurchaseOrderView> {
    let client = client_in_project(uow.conn(), project, query).await?;
    ensure_known(uow.conn(), client, None, new.terms.parent_po_id).await?;
    places::take_invoice(uow.conn(), Some(client), new.terms.pi_number.as_deref()).await?;
    if places::lock_projects(uow.conn(), &[project]).await?.is_empty() {
        return Err(Error::NotFound("Project"));
    }
    insert(uow, client, Some(project), new.po_date, &new.terms).await
}

/// Whose the POs are that are made in a project: the client that the request names, or the project's own.
///
/// # Errors
/// `NotFound` without the project, `Invalid` if no client is known.
pub(super) async fn client_in_project(
    db: &mut PgConnection,
    project: ProjectId,
    query: &ClientQuery,
) -> Result<ClientId> {
    let own = places::client_of_project(db, project).await?;
    query.client_id.or(own).ok_or_else(|| {
        Error::invalid_field(
            "client_id",
            "missing",
            "Field required, since the project has no client",
        )
    })
}

/// Makes sure that the rows are there that a new PO names.
///
/// # Errors
/// `Invalid` with a fault for each that is not.
async fn ensure_known(
    db: &mut PgConnection,
    client: ClientId,
    project: Option<ProjectId>,
    parent: Option<ClientPoId>,
) -> Result<()> {
    let unknown = sqlx::query!(
        r#"
        SELECT NOT EXISTS (SELECT FROM "Finances".client WHERE id = $1) AS "client!",
               $2::bigint IS NOT NULL AND NOT EXISTS (SELECT FROM "Finances".project WHERE id = $2) AS "project!",
               $3::bigint IS NOT NULL AND NOT EXISTS (SELECT FROM "Finances".client_po WHERE id = $3) AS "parent!"
        "#,
        client as ClientId,
        project as Option<ProjectId>,
        parent as Option<ClientPoId>,
    )
    .fetch_one(db)
    .await?;
    let faults: Vec<Fault> = [
        (unknown.client, "client_id", "Unknown client"),
        (unknown.project, "project_id", "Unknown project"),
        (unknown.parent, "parent_po_id", "Unknown PO"),
    ]
    .into_iter()
    .filter(|(is_unknown, ..)| *is_unknown)
    .map(|(_, field, message)| Fault::new(field, "foreign_key", message))
    .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid(faults))
    }
}

/// The client of this name, without regard to case.
async fn find_client(db: &mut PgConnection, name: &str) -> Result<Option<ClientId>> {
    let id = sqlx::query_scalar!(
        r#"
        SELECT id AS "id: ClientId"
          FROM "Finances".client
         WHERE lower(btrim(name)) = lower($1)
         ORDER BY id
         LIMIT 1
        "#,
        name,
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}

/// Inserts the PO and puts it into its project, which the caller has locked.
async fn insert(
    uow: &mut UnitOfWork,
    client: ClientId,
    project: Option<ProjectId>,
    date: NaiveDate,
    terms: &PoTerms,
) -> Result<PurchaseOrderView> {
    if let Some(number) = terms.pi_number.as_deref() {
        let invoice = Invoice {
            number,
            client: Some(client),
            project,
        };
        places::ensure_invoice_free(uow.conn(), invoice, None).await?;
    }
    let value = terms.po_value.unwrap_or_default();
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".client_po
               (client_id, project_id, po_number, po_date, po_value, total_tax, stated_value, stated_tax, po_type,
                parent_po_id, status, store_id, pi_number, pi_date, notes)
        VALUES ($1, $2, $3, $4, $5, COALESCE($6::numeric, 0), $5, $6, $7, $8, $9, $10, $11, $12, $13)
        RETURNING id AS "id: ClientPoId"
        "#,
        client as ClientId,
        project as Option<ProjectId>,
        terms.po_number.as_deref(),
        date,
        value as Money,
        terms.total_tax as Option<Money>,
        terms.po_type.unwrap_or(PoType::Standard).as_str(),
        terms.parent_po_id as Option<ClientPoId>,
        terms.status.unwrap_or(PoStatus::Pending).as_str(),
        terms.store_id.as_deref(),
        terms.pi_number.as_deref(),
        terms.pi_date,
        terms.notes.as_deref(),
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::ClientPo(id));
    if let Some(project) = project {
        store::map_to_project(uow.conn(), id, project).await?;
    }
    let po = store::get(uow.conn(), id).await?.po;
    uow.record(Change::created("client_po", id, &po));
    Ok(po)
}
