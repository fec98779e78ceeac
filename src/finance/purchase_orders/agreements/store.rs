//! Verbal agreements in the database: rows of `client_po` of the type `verbal_agreement`.

use serde::Serialize;
use sqlx::{PgExecutor, Postgres, QueryBuilder};

use super::model::{Agreement, AgreementList, AgreementQuery, AgreementTotals, NewAgreement, PoNumber};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    finance::{
        kept_totals::Counted,
        projects,
        purchase_orders::{
            PoStatus, PoType, PurchaseOrder,
            create::{self, ClientQuery},
            places::{self, Invoice},
            store::{lock, map_to_project, po_columns},
        },
    },
    http::list::Listed,
    postgres::Pool,
    types::{
        Money,
        ids::{ClientPoId, ProjectId},
    },
    unit_of_work::UnitOfWork,
};

async fn get(db: impl PgExecutor<'_>, id: ClientPoId) -> Result<Agreement> {
    const SQL: &str = concat!(
        po_columns!(),
        r#" FROM "Finances".client_po_figures AS po WHERE po.id = $1 AND po.po_type = 'verbal_agreement'"#
    );
    let po: Option<PurchaseOrder> = sqlx::query_as(SQL).bind(id).fetch_optional(db).await?;
    Ok(po.ok_or(Error::NotFound("Verbal agreement"))?.into())
}

/// The open agreements of a project that are not cancelled, the latest first, at most 1000.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn open_of_project(db: impl PgExecutor<'_>, project: ProjectId) -> Result<Vec<Agreement>> {
    const SQL: &str = concat!(
        po_columns!(),
        r#" FROM "Finances".client_po_figures AS po
         WHERE po.project_id = $1
           AND po.is_open_agreement
           AND po.is_live
         ORDER BY po.pi_date DESC NULLS LAST, po.id DESC
         LIMIT 1000"#
    );
    let rows: Vec<PurchaseOrder> = sqlx::query_as(SQL).bind(project).fetch_all(db).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Makes an agreement in a project, for this client or the project's own.
///
/// # Errors
/// `NotFound` without the project; `Invalid` if the client is unknown; `Conflict` if the project has its proforma number.
pub(super) async fn create(
    uow: &mut UnitOfWork,
    project: ProjectId,
    query: &ClientQuery,
    new: &NewAgreement,
) -> Result<Agreement> {
    let client = create::client_in_project(uow.conn(), project, query).await?;
    places::take_invoice(uow.conn(), Some(client), Some(&new.pi_number)).await?;
    if places::lock_projects(uow.conn(), &[project]).await?.is_empty() {
        return Err(Error::NotFound("Project"));
    }
    let invoice = Invoice {
        number: &new.pi_number,
        client: Some(client),
        project: Some(project),
    };
    places::ensure_invoice_free(uow.conn(), invoice, None).await?;
    let value = new.value.unwrap_or_default();
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".client_po
               (client_id, project_id, po_value, total_tax, stated_value, po_type, status, pi_number, pi_date,
                agreement_date, notes)
        VALUES ($1, $2, $3, 0, $3, $4, $5, $6, $7, $7, $8)
        RETURNING id AS "id: ClientPoId"
        "#,
        client.0,
        project.0,
        value as Money,
        PoType::VerbalAgreement.as_str(),
        PoStatus::Pending.as_str(),
        &*new.pi_number,
        new.pi_date,
        new.notes.as_deref(),
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::ClientPo(id));
    map_to_project(uow.conn(), id, project).await?;
    let agreement = get(uow.conn(), id).await?;
    let recorded = Recorded {
        agreement: &agreement,
        po_type: PoType::VerbalAgreement.as_str(),
        parent_po_id: None,
    };
    uow.record(Change::created("client_po", id, &recorded));
    Ok(agreement)
}

/// An agreement as the trail has it: with what makes it one.
#[derive(Serialize)]
struct Recorded<'a> {
    #[serde(flatten)]
    agreement: &'a Agreement,
    po_type: &'static str,
    parent_po_id: Option<ClientPoId>,
}

/// Gives an agreement its number; the flag says whether anything is different.
///
/// # Errors
/// `NotFound` if the id is no agreement's; `Stale`; `Conflict` if it has another number, or another PO has this one.
pub(super) async fn add_po_number(
    uow: &mut UnitOfWork,
    id: ClientPoId,
    new: &PoNumber,
) -> Result<(Agreement, bool)> {
    let locked = match lock(uow, id).await {
        Ok(po) if po.po_type == PoType::VerbalAgreement.as_str() => po,
        Ok(_) | Err(Error::NotFound(_)) => return Err(Error::NotFound("Verbal agreement")),
        Err(error) => return Err(error),
    };
    uow.ensure_current(locked.version)?;
    if let Some(number) = locked
        .po_number
        .as_deref()
        .filter(|number| *number != &*new.po_number)
    {
        return Err(Error::conflict_field(
            "po_number",
            "value_error",
            format!("The agreement has the number {number} already"),
        ));
    }
    let before = get(uow.conn(), id).await?;
    if before.po_number.is_some() && before.po_date == Some(new.po_date) {
        return Ok((before, false));
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
        id.0,
        &*new.po_number,
        new.po_date,
    )
    .execute(uow.conn())
    .await?;
    let after = get(uow.conn(), id).await?;
    uow.record(
        Change::new(Action::Updated, "client_po", id)
            .before(&before)
            .after(&after),
    );
    Ok((after, true))
}

/// A page of a project's agreements, and sums over all of them.
///
/// # Errors
/// `NotFound` without the project.
pub(super) async fn list(db: &Pool, project: ProjectId, query: &AgreementQuery) -> Result<AgreementList> {
    if !projects::store::exists(db, project).await? {
        return Err(Error::NotFound("Project"));
    }
    let mut sql = QueryBuilder::<Postgres>::new("");
    sql.push(po_columns!());
    query.order.push_key(&mut sql);
    sql.push(
        r#" FROM "Finances".client_po_figures AS po
         WHERE po.po_type = 'verbal_agreement' AND po.project_id = "#,
    )
    .push_bind(project);
    if query.open_only {
        sql.push(" AND po.is_open_agreement");
    }
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<PurchaseOrder>> = sql.build_query_as().fetch_all(db).await?;
    let totals: AgreementTotals = sqlx::query_as(
        r#"
        SELECT count(*) AS total_agreement_count,
               COALESCE(sum(po_value) FILTER (WHERE is_open), 0) AS total_agreement_value,
               count(*) FILTER (WHERE is_open) AS open_count,
               COALESCE(sum(po_value) FILTER (WHERE is_open), 0) AS open_value,
               count(*) FILTER (WHERE po_number IS NULL OR NOT $2) AS matching
          FROM (
               SELECT po_value, po_number, po_number IS NULL AND status <> 'cancelled' AS is_open
                 FROM "Finances".client_po
                WHERE project_id = $1
                  AND po_type = 'verbal_agreement'
               ) AS agreement
        "#,
    )
    .bind(project)
    .bind(query.open_only)
    .fetch_one(db)
    .await?;
    let (rows, page) = query.paging.page(rows, totals.matching);
    Ok(AgreementList {
        project_id: project,
        agreements: rows.into_iter().map(Into::into).collect(),
        totals,
        page,
    })
}
