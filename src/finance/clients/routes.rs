//! The handlers of clients.

use axum::extract::State;

use super::{
    Client,
    model::{ClientAnswer, ClientChange, ClientChangeBody, ClientList, ClientQuery, NewClient},
    store,
};
use crate::{
    auth::{Admin, Editor},
    error::Result,
    http::{
        envelope::WithData,
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::ClientId,
    unit_of_work::{Answer, StoredAnswer, UnitOfWork, Write},
};

path_parameters! {
    /// A client.
    ClientPath {
        /// Its id.
        client_id: ClientId,
    }
}

/// List the clients.
///
/// In the order of their ids, unless `sort` says otherwise (`id`, `name`, `created_at`).
#[utoipa::path(get, path = "/clients", tag = "clients", params(PageQuery),
    responses((status = 200, body = WithData<ClientList>), ReadErrors))]
pub(super) async fn list_clients(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<ClientQuery>,
) -> Result<SharedAnswer<WithData<ClientList>>> {
    shared
        .answer(async move {
            let (clients, page) = store::list(&db, &query).await?;
            Ok(Answer::ok(WithData(ClientList {
                count: clients.len(),
                clients: clients.into_iter().map(Into::into).collect(),
                page,
            })))
        })
        .await
}

/// Add a client.
///
/// Its name is unique without regard to case.
#[utoipa::path(post, path = "/clients", tag = "clients", request_body = NewClient,
    responses((status = 201, body = ClientAnswer), WriteErrors))]
pub(super) async fn create_client(write: Write<Editor>, Json(new): Json<NewClient>) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let client = store::insert(&mut uow, &new).await?;
    let location = format!("/api/clients/{}", client.id);
    let (content, version) = answer(&mut uow, "Client created", client).await?;
    uow.commit(Answer::created(content, location).version(version))
        .await
}

/// One client with what it ordered and paid.
///
/// Sums and `po_count` are over POs that are not cancelled.
#[utoipa::path(get, path = "/clients/{client_id}", tag = "clients", params(ClientPath),
    responses((status = 200, body = ClientAnswer), ReadErrors))]
pub(super) async fn get_client(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ClientPath { client_id }): Path<ClientPath>,
) -> Result<SharedAnswer<ClientAnswer>> {
    shared
        .answer(async move {
            let mut connection = db.acquire().await?;
            let client = store::get(&mut *connection, client_id).await?;
            let figures = store::figures(&mut connection, client_id).await?;
            let version = client.version;
            Ok(Answer::ok(ClientAnswer::new("Client found", (client, figures))).version(version))
        })
        .await
}

/// Change a client.
///
/// What is absent or null stays; empty text clears all but the name.
#[utoipa::path(put, path = "/clients/{client_id}", tag = "clients", params(ClientPath),
    request_body = ClientChangeBody, responses((status = 200, body = ClientAnswer), WriteErrors))]
pub(super) async fn update_client(
    write: Write<Editor>,
    Path(ClientPath { client_id }): Path<ClientPath>,
    Json(change): Json<ClientChange>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (client, is_changed) = store::update(&mut uow, client_id, &change).await?;
    let (content, version) = answer(&mut uow, "Client updated", client).await?;
    let answer = Answer::ok(content).version(version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// Delete a client that nothing refers to.
///
/// 409 names what does: projects, POs, payments, upload sessions. The clients whose files can be read stay.
#[utoipa::path(delete, path = "/clients/{client_id}", tag = "clients", params(ClientPath),
    responses((status = 200, body = ClientAnswer), WriteErrors))]
pub(super) async fn delete_client(
    write: Write<Admin>,
    Path(ClientPath { client_id }): Path<ClientPath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let client = store::delete(&mut uow, client_id).await?;
    let (content, _) = answer(&mut uow, "Client deleted", client).await?;
    uow.commit(Answer::ok(content)).await
}

/// The client with its figures, and its version.
async fn answer(uow: &mut UnitOfWork, message: &'static str, client: Client) -> Result<(ClientAnswer, i32)> {
    let figures = store::figures(uow.conn(), client.id).await?;
    let version = client.version;
    Ok((ClientAnswer::new(message, (client, figures)), version))
}
