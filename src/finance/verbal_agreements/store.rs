//! Verbal agreements in the database.

use serde_json::json;
use sqlx::{FromRow, PgExecutor, PgPool, Postgres, QueryBuilder};

use super::{
    Agreement, AgreementView, NewAgreement, PoNumber,
    model::{AgreementQuery, AgreementTotals},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    finance::{
        kept_totals::Counted,
        purchase_orders::{
            self, ClientQuery, PoStatus, PoType, client_in,
            places::{self, Invoice},
        },
    },
    http::list::PageInfo,
    types::{
        Money,
        ids::{ClientId, ClientPoId, ProjectId},
    },
    unit_of_work::UnitOfWork,
};

const NOT_FOUND: Error = Error::NotFound("Verbal agreement");

/// The columns of [`Agreement`].
const COLUMNS: &str = "
SELECT po.id,
       po.client_id,
       client.name AS client_name,
       po.project_id,
       po.pi_number,
       po.pi_date,
       po.agreement_date,
       po.po_number,
       po.po_date,
       po.po_value,
       po.stated_value,
       po.value_basis,
       po.status,
       po.notes,
       po.version,
       po.created_at";

#[derive(FromRow)]
struct Listed {
    #[sqlx(flatten)]
    agreement: Agreement,
    sort_key: Vec<Option<String>>,
}

/// A page of a project's agreements, and the sums over all of them.
///
/// # Errors
/// `NotFound` without the project.
pub(super) async fn list(
    db: &PgPool,
    project: ProjectId,
    query: &AgreementQuery,
) -> Result<(Vec<Agreement>, AgreementTotals, PageInfo)> {
    let totals = totals(db, project).await?.ok_or(Error::NotFound("Project"))?;
    let mut sql = QueryBuilder::<Postgres>::new(COLUMNS);
    query.order.push_key(&mut sql);
    sql.push(
        r#" FROM "Finances".client_po AS po
            LEFT JOIN "Finances".client ON client.id = po.client_id
           WHERE po.po_type = 'verbal_agreement'
             AND po.project_id = "#,
    )
    .push_bind(project);
    if query.open_only {
        sql.push(" AND po.po_number IS NULL");
    }
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed> = sql.build_query_as().fetch_all(db).await?;
    let matching = if query.open_only {
        totals.unnumbered
    } else {
        totals.all
    };
    let last = rows.last().map(|row| row.sort_key.clone());
    let page = query.paging.info(matching, rows.len(), last);
    Ok((rows.into_iter().map(|row| row.agreement).collect(), totals, page))
}

/// The sums over a project's agreements; `None` without the project.
async fn totals(db: impl PgExecutor<'_>, project: ProjectId) -> Result<Option<AgreementTotals>> {
    let totals = sqlx::query_as!(
        AgreementTotals,
        r#"
        SELECT count(po.id) AS "all!",
               count(po.id) FILTER (WHERE po.po_number IS NULL) AS "unnumbered!",
               count(po.id) FILTER (WHERE po.po_number IS NULL AND po.status <> 'cancelled') AS "open!",
               COALESCE(sum(po.po_value) FILTER (WHERE po.po_number IS NULL AND po.status <> 'cancelled'), 0)
                   AS "open_value!: Money"
          FROM "Finances".project
          LEFT JOIN "Finances".client_po AS po
            ON po.project_id = project.id
           AND po.po_type = 'verbal_agreement'
         WHERE project.id = $1
         GROUP BY project.id
        "#,
        project as ProjectId,
    )
    .fetch_optional(db)
    .await?;
    Ok(totals)
}

/// The open agreements of a project that are not cancelled, the newest first, at most 1000.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn open_of_project(db: impl PgExecutor<'_>, project: ProjectId) -> Result<Vec<Agreement>> {
    let agreements = sqlx::query_as!(
        Agreement,
        r#"
        SELECT po.id AS "id: ClientPoId",
               po.client_id AS "client_id: ClientId",
               client.name AS "client_name?",
               po.project_id AS "project_id: ProjectId",
               po.pi_number,
               po.pi_date,
               po.agreement_date,
               po.po_number,
               po.po_date,
               po.po_value AS "po_value: Money",
               po.stated_value AS "stated_value: Money",
               po.value_basis,
               po.status,
               po.notes,
               po.version,
               po.created_at AS "created_at?"
          FROM "Finances".client_po AS po
          LEFT JOIN "Finances".client ON client.id = po.client_id
         WHERE po.project_id = $1
           AND po.po_type = 'verbal_agreement'
           AND po.po_number IS NULL
           AND po.status <> 'cancelled'
         ORDER BY po.pi_date DESC NULLS LAST, po.id DESC
         LIMIT 1000
        "#,
        project as ProjectId,
    )
    .fetch_all(db)
    .await?;
    Ok(agreements)
}

/// An agreement, open or with its number.
///
/// # Errors
/// `NotFound` if there is none of this id, or if it is another PO's.
pub async fn get(db: impl PgExecutor<'_>, id: ClientPoId) -> Result<Agreement> {
    sqlx::query_as!(
        Agreement,
        r#"
        SELECT po.id AS "id: ClientPoId",
               po.client_id AS "client_id: ClientId",
               client.name AS "client_name?",
               po.project_id AS "project_id: ProjectId",
               po.pi_number,
               po.pi_date,
               po.agreement_date,
               po.po_number,
               po.po_date,
               po.po_value AS "po_value: Money",
               po.stated_value AS "stated_value: Money",
               po.value_basis,
               po.status,
               po.notes,
               po.version,
               po.created_at AS "created_at?"
          FROM "Finances".client_po AS po
          LEFT JOIN "Finances".client ON client.id = po.client_id
         WHERE po.id = $1
           AND po.po_type = 'verbal_agreement'
        "#,
        id as ClientPoId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(NOT_FOUND)
}

/// Makes an agreement in a project, for this client or the project's own.
///
/// # Errors
/// `NotFound` without the project; `Invalid` if the client is unknown, or none is known; `Conflict` if another PO of the
/// project has the proforma number.
pub(super) async fn insert(
    uow: &mut UnitOfWork,
    project: ProjectId,
    query: &ClientQuery,
    new: &NewAgreement,
) -> Result<AgreementView> {
    let client = client_in(uow.conn(), project, query).await?;
    places::take_invoice(uow.conn(), Some(client), Some(&new.pi_number)).await?;
    // Under this lock the number stays free in the project, whichever client another request is for.
    if places::lock_projects(uow.conn(), &[project]).await?.is_empty() {
        return Err(Error::NotFound("Project"));
    }
    let invoice = Invoice {
        number: &new.pi_number,
        client: Some(client),
        project: Some(project),
    };
    places::ensure_invoice_free(uow.conn(), invoice, None).await?;
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".client_po
               (client_id, project_id, po_type, status, pi_number, pi_date, agreement_date, po_value, total_tax,
                stated_value, notes)
        VALUES ($1, $2, $3, $4, $5, $6, $6, $7, 0, $7, $8)
        RETURNING id AS "id: ClientPoId"
        "#,
        client as ClientId,
        project as ProjectId,
        PoType::VerbalAgreement.as_str(),
        PoStatus::Pending.as_str(),
        &*new.pi_number,
        new.pi_date,
        new.value.unwrap_or_default() as Money,
        new.notes.as_deref(),
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::ClientPo(id));
    purchase_orders::store::map_to_project(uow.conn(), id, project).await?;
    let agreement = AgreementView::from(get(uow.conn(), id).await?);
    uow.record(Change::created("client_po", id, &agreement));
    Ok(agreement)
}

/// Gives an agreement its PO number, or its number another date; the agreement and whether anything changed.
///
/// # Errors
/// `NotFound` if there is no such agreement; `Stale`; `Conflict` if it has another number, or another PO has this one.
pub async fn add_number(
    uow: &mut UnitOfWork,
    id: ClientPoId,
    number: &PoNumber,
) -> Result<(AgreementView, bool)> {
    let locked = purchase_orders::store::lock(uow, id)
        .await
        .map_err(|error| match error {
            Error::NotFound(_) => NOT_FOUND,
            other => other,
        })?;
    let before = get(uow.conn(), id).await?;
    uow.ensure_current(locked.version)?;
    let PoNumber { po_number, po_date } = number;
    if let Some(known) = before.po_number.as_deref().filter(|known| *known != &**po_number) {
        return Err(Error::conflict_field(
            "po_number",
            "value_error",
            format!("The agreement already has the PO number {known}"),
        ));
    }
    if before.po_number.is_some() && before.po_date == Some(*po_date) {
        return Ok((before.into(), false));
    }
    sqlx::query!(
        r#"
        UPDATE "Finances".client_po
           SET po_number = $2,
               po_date = $3,
               version = version + 1,
               updated_at = now()
         WHERE id = $1
        "#,
        id as ClientPoId,
        &**po_number,
        po_date,
    )
    .execute(uow.conn())
    .await?;
    let after = get(uow.conn(), id).await?;
    uow.record(
        Change::new(Action::Updated, "client_po", id)
            .before(&json!({"po_number": before.po_number, "po_date": before.po_date}))
            .after(&json!({"po_number": after.po_number, "po_date": after.po_date})),
    );
    Ok((after.into(), true))
}
