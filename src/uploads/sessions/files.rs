//! Files of sessions in the database.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{PgExecutor, Postgres, QueryBuilder};

use super::{
    model::{FileQuery, FileRow, Sums, UploadedFile},
    store,
};
use crate::{
    app::AppState,
    audit::{Action, Change},
    auth::Caller,
    error::{Error, Result},
    http::{
        base_url::BaseUrl,
        list::{Listed, PageInfo},
        signed_links::Links,
    },
    postgres::Pool,
    types::ids::UserId,
    unit_of_work::UnitOfWork,
    uploads::{
        removal::{self, Removal},
        storage::Address,
    },
};

/// A file that can be fetched: of a session that takes files, or one that stays for its PO.
///
/// # Errors
/// `NotFound` if there is none of this id in this session.
pub(super) async fn find(
    db: impl PgExecutor<'_>,
    session: &str,
    id: &str,
    now: DateTime<Utc>,
) -> Result<FileRow> {
    sqlx::query_as!(
        FileRow,
        r#"
        SELECT file.id,
               file.session_id,
               file.po_number,
               file.original_filename,
               file.storage_filename,
               file.file_size,
               file.compressed_size,
               file.is_compressed,
               file.mime_type,
               file.original_mime_type,
               file.file_hash,
               file.compressed_hash,
               file.upload_timestamp,
               file.uploaded_by,
               file.metadata,
               file.status,
               CASE WHEN session.status = 'active' AND session.expires_at > $3 THEN session.expires_at END AS session_ends
          FROM "Finances".upload_file AS file
          JOIN "Finances".upload_session AS session USING (session_id)
         WHERE file.session_id = $1
           AND file.id = $2
           AND file.status = 'active'
           AND (session.status = 'active' AND session.expires_at > $3
                OR file.po_number IS NOT NULL
                OR file.metadata ->> 'po_id' IS NOT NULL)
        "#,
        session,
        id,
        now,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("File"))
}

/// The id of the file of a session that is stored under a name, or was before it was deleted.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn id_of_stored(db: &Pool, session: &str, name: &str) -> Result<Option<String>> {
    let id = sqlx::query_scalar!(
        r#"
        SELECT id
          FROM "Finances".upload_file
         WHERE session_id = $1
           AND storage_filename = $2
         LIMIT 1
        "#,
        session,
        name,
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}

/// Whose files are listed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner<'a> {
    Session(&'a str),
    PoNumber(&'a str),
}

/// A page of the active files of a session or a PO's number, of which there are so many, with their links.
///
/// # Errors
/// `Unavailable` without the database, `Internal` if a link cannot be signed.
pub(super) async fn page(
    state: &AppState,
    base: &BaseUrl,
    owner: Owner<'_>,
    total_count: i64,
    query: &FileQuery,
) -> Result<(Vec<UploadedFile>, PageInfo)> {
    let links = Links::of(state)?;
    let (rows, page) = list(&state.db, owner, total_count, query, state.clock.now()).await?;
    let files: Result<_> = rows
        .into_iter()
        .map(|row| UploadedFile::new(row, base, &links))
        .collect();
    Ok((files?, page))
}

async fn list(
    db: &Pool,
    owner: Owner<'_>,
    total_count: i64,
    query: &FileQuery,
    now: DateTime<Utc>,
) -> Result<(Vec<FileRow>, PageInfo)> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT file.id, file.session_id, file.po_number, file.original_filename, file.storage_filename, file.file_size, \
                file.compressed_size, file.is_compressed, file.mime_type, file.original_mime_type, file.file_hash, \
                file.compressed_hash, file.upload_timestamp, file.uploaded_by, file.metadata, file.status, \
                CASE WHEN session.status = 'active' AND session.expires_at > ",
    );
    sql.push_bind(now);
    sql.push(" THEN session.expires_at END AS session_ends");
    query.order.push_key(&mut sql);
    sql.push(
        r#" FROM "Finances".upload_file AS file
            JOIN "Finances".upload_session AS session USING (session_id)
           WHERE file.status = 'active' AND "#,
    );
    match owner {
        Owner::Session(id) => sql.push("file.session_id = ").push_bind(id),
        Owner::PoNumber(number) => sql.push("file.po_number = ").push_bind(number),
    };
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed<FileRow>> = sql.build_query_as().fetch_all(db).await?;
    Ok(query.paging.page(rows, total_count))
}

/// All active files of a session, the oldest first.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn all(db: &Pool, session: &str) -> Result<Vec<FileRow>> {
    let files = sqlx::query_as!(
        FileRow,
        r#"
        SELECT id,
               session_id,
               po_number,
               original_filename,
               storage_filename,
               file_size,
               compressed_size,
               is_compressed,
               mime_type,
               original_mime_type,
               file_hash,
               compressed_hash,
               upload_timestamp,
               uploaded_by,
               metadata,
               status,
               NULL::timestamptz AS session_ends
          FROM "Finances".upload_file
         WHERE session_id = $1
           AND status = 'active'
         ORDER BY upload_timestamp, id
        "#,
        session,
    )
    .fetch_all(db)
    .await?;
    Ok(files)
}

/// The active files of a PO's number, added up.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn sums(db: &Pool, po_number: &str) -> Result<Sums> {
    let sums = sqlx::query_as!(
        Sums,
        r#"
        SELECT count(*) AS "file_count!",
               COALESCE(sum(file_size), 0)::bigint AS "total_size!",
               COALESCE(sum(COALESCE(compressed_size, file_size)), 0)::bigint AS "compressed_size!"
          FROM "Finances".upload_file
         WHERE po_number = $1
           AND status = 'active'
        "#,
        po_number,
    )
    .fetch_one(db)
    .await?;
    Ok(sums)
}

/// Deletes a file for who sent it or an admin; its row stays and says so.
///
/// # Errors
/// `Missing` if the session is none, or has ended; `NotFound` if it has no such file; `Forbidden` if somebody else sent it.
pub(super) async fn delete(
    uow: &mut UnitOfWork,
    session: &str,
    id: &str,
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<Removal> {
    store::lock_open(uow, session, now).await?;
    let file = sqlx::query!(
        r#"
        SELECT uploader_id AS "uploader: UserId", storage_filename
          FROM "Finances".upload_file
         WHERE session_id = $1
           AND id = $2
           AND status = 'active'
           FOR UPDATE
        "#,
        session,
        id,
    )
    .fetch_optional(uow.conn())
    .await?
    .ok_or(Error::NotFound("File"))?;
    caller.ensure_owns(file.uploader, "Only an admin may delete a file of somebody else")?;
    sqlx::query!(
        r#"
        WITH seen AS (
            UPDATE "Finances".upload_stats SET last_activity = $3 WHERE session_id = $1
        )
        UPDATE "Finances".upload_file
           SET status = 'deleted'
         WHERE session_id = $1
           AND id = $2
        "#,
        session,
        id,
        now,
    )
    .execute(uow.conn())
    .await?;
    uow.record(
        Change::new(Action::Deleted, "upload_file", id)
            .between(&json!({"status": "active"}), &json!({"status": "deleted"})),
    );
    removal::note(
        uow.conn(),
        vec![Address::in_session(session, file.storage_filename)],
    )
    .await
}
