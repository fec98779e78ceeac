//! Clients in the database.

use sqlx::{PgConnection, PgExecutor, Postgres, QueryBuilder};

use super::{
    Client, ClientChange, NewClient, Parser,
    model::{ClientFigures, ClientQuery},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Fault, Result},
    finance::{
        kept_totals::{self, List, Scope},
        purchase_orders::delete::{ensure_unneeded, reason},
    },
    http::list::{Listed, PageInfo},
    postgres::Pool,
    types::ids::ClientId,
    unit_of_work::UnitOfWork,
};

/// A page of clients.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list(db: &Pool, query: &ClientQuery) -> Result<(Vec<Client>, PageInfo)> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT client.id, client.name, client.contact_person, client.email, client.phone, client.address, \
                client.gstin, client.bundle_by_store, client.created_at, client.version",
    );
    query.order.push_key(&mut sql);
    sql.push(r#" FROM "Finances".client WHERE TRUE"#);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<Client>> = sql.build_query_as().fetch_all(db).await?;
    let total = sqlx::query_scalar!(r#"SELECT count(*) AS "total!" FROM "Finances".client"#)
        .fetch_one(db)
        .await?;
    Ok(query.paging.page(rows, total))
}

/// A client; `None` if there is none of this id.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn find(db: impl PgExecutor<'_>, id: ClientId) -> Result<Option<Client>> {
    let client = sqlx::query_as!(
        Client,
        r#"
        SELECT id AS "id: ClientId",
               name,
               contact_person,
               email,
               phone,
               address,
               gstin,
               bundle_by_store,
               created_at,
               version
          FROM "Finances".client
         WHERE id = $1
        "#,
        id as ClientId,
    )
    .fetch_optional(db)
    .await?;
    Ok(client)
}

/// A client that must be there.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn get(db: impl PgExecutor<'_>, id: ClientId) -> Result<Client> {
    find(db, id).await?.ok_or(Error::NotFound("Client"))
}

/// What a client ordered and paid. What the running unit of work changes is not in it yet.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn figures(db: &mut PgConnection, id: ClientId) -> Result<ClientFigures> {
    let scope = Scope::Client(id.0);
    let projects = kept_totals::read(&mut *db, List::Project, scope, None).await?;
    let pos = kept_totals::read(db, List::ClientPo, scope, None).await?;
    Ok(ClientFigures {
        project_count: projects.entries,
        po_count: pos.paid_entries + pos.partial_entries + pos.pending_entries,
        total_po_value: pos.amount,
        total_paid: pos.paid,
        outstanding_amount: pos.amount - pos.paid,
    })
}

/// Adds a client.
///
/// # Errors
/// `Conflict` if the name is taken.
pub async fn insert(uow: &mut UnitOfWork, new: &NewClient) -> Result<Client> {
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".client (name, contact_person, email, phone, address, gstin, bundle_by_store)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        RETURNING id AS "id: ClientId"
        "#,
        &*new.name,
        new.contact_person.as_deref(),
        new.email.as_deref(),
        new.phone.as_deref(),
        new.address.as_deref(),
        new.gstin.as_deref(),
        new.bundle_by_store.unwrap_or(true),
    )
    .fetch_one(uow.conn())
    .await?;
    let client = get(uow.conn(), id).await?;
    uow.record(Change::created("client", id, &client));
    Ok(client)
}

/// Changes a client; `false` if it is as the change wants it.
///
/// # Errors
/// `NotFound` if there is none of this id, `Stale` if it has another version than `If-Match` says, `Conflict` if the name
/// is taken.
pub async fn update(uow: &mut UnitOfWork, id: ClientId, change: &ClientChange) -> Result<(Client, bool)> {
    sqlx::query!(
        r#"SELECT id FROM "Finances".client WHERE id = $1 FOR NO KEY UPDATE"#,
        id as ClientId,
    )
    .fetch_optional(uow.conn())
    .await?;
    let before = get(uow.conn(), id).await?;
    uow.ensure_current(before.version)?;
    let after = change.apply(&before);
    if after == before {
        return Ok((before, false));
    }
    sqlx::query!(
        r#"
        UPDATE "Finances".client
           SET name = $2,
               contact_person = $3,
               email = $4,
               phone = $5,
               address = $6,
               gstin = $7,
               bundle_by_store = $8,
               version = version + 1
         WHERE id = $1
        "#,
        id as ClientId,
        after.name,
        after.contact_person,
        after.email,
        after.phone,
        after.address,
        after.gstin,
        after.bundle_by_store,
    )
    .execute(uow.conn())
    .await?;
    let after = get(uow.conn(), id).await?;
    uow.record(
        Change::new(Action::Updated, "client", id)
            .before(&before)
            .after(&after),
    );
    Ok((after, true))
}

/// Deletes a client that nothing refers to.
///
/// # Errors
/// `NotFound` if there is none of this id, `Stale` if it has another version than `If-Match` says, `Conflict` (fault type
/// `still_referenced`) if it is needed.
pub async fn delete(uow: &mut UnitOfWork, id: ClientId) -> Result<Client> {
    // Against new rows that name it, too.
    sqlx::query!(
        r#"SELECT id FROM "Finances".client WHERE id = $1 FOR UPDATE"#,
        id as ClientId,
    )
    .fetch_optional(uow.conn())
    .await?;
    let client = get(uow.conn(), id).await?;
    uow.ensure_current(client.version)?;
    let reasons = reasons(uow.conn(), id).await?;
    ensure_unneeded(&format!("Client '{}'", client.name), reasons)?;
    sqlx::query!(r#"DELETE FROM "Finances".client WHERE id = $1"#, id as ClientId)
        .execute(uow.conn())
        .await?;
    uow.record(Change::new(Action::Deleted, "client", id).before(&client));
    Ok(client)
}

/// What stands in the way of a client's deletion.
async fn reasons(db: &mut PgConnection, id: ClientId) -> Result<Vec<Fault>> {
    let found = sqlx::query!(
        r#"
        SELECT (SELECT count(*) FROM "Finances".project WHERE client_id = $1) AS "projects!",
               (SELECT count(*) FROM "Finances".client_po WHERE client_id = $1) AS "pos!",
               (SELECT count(*) FROM "Finances".client_payment WHERE client_id = $1) AS "payments!",
               (SELECT count(*) FROM "Finances".upload_session WHERE metadata ->> 'client_id' = $1::bigint::text)
                   AS "sessions!"
        "#,
        id as ClientId,
    )
    .fetch_one(db)
    .await?;
    let parser =
        Parser::is_of(id).then(|| Fault::new("client", "still_referenced", "the parser of its files"));
    let reasons = [
        reason("project", found.projects, "project"),
        reason("client_po", found.pos, "PO"),
        reason("client_payment", found.payments, "payment"),
        reason("upload_session", found.sessions, "upload session"),
        parser,
    ];
    Ok(reasons.into_iter().flatten().collect())
}
