//! Projects in the database.

use sqlx::{PgConnection, PgExecutor, Postgres, QueryBuilder};

use super::{
    ProjectStatus,
    model::{NewProject, Project, ProjectChange, ProjectQuery, ProjectSearch},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    finance::kept_totals::{self, Counted, List, Scope},
    http::list::{Listed, Order, PageInfo, Paging, contains},
    postgres::Pool,
    types::{
        Latitude, Longitude,
        ids::{ClientId, ProjectId},
    },
    unit_of_work::UnitOfWork,
};

/// The columns of [`Project`].
const COLUMNS: &str = r#"
SELECT project.id,
       project.name,
       project.client_id,
       client.name AS client_name,
       project.location,
       project.city,
       project.state,
       project.country,
       project.latitude,
       project.longitude,
       project.status,
       (SELECT count(*) FROM "Finances".client_po AS po WHERE po.project_id = project.id) AS po_count,
       project.version,
       project.created_at,
       project.updated_at"#;

/// A page of projects.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list(db: &Pool, query: &ProjectQuery) -> Result<(Vec<Project>, PageInfo)> {
    let rows = page(db, &query.order, &query.paging, false, |sql| {
        push_filters(sql, query);
    })
    .await?;
    let scope = query
        .client_id
        .map_or(Scope::All, |client| Scope::Client(client.0));
    let status = query.status.map(|status| [status.as_str()]);
    let statuses = status.as_ref().map(<[_; 1]>::as_slice);
    let total = kept_totals::read(db, List::Project, scope, statuses).await?;
    Ok(query.paging.page(rows, total.entries))
}

/// A page of the projects that have a text in their name or place.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn search(db: &Pool, query: &ProjectSearch) -> Result<(Vec<Project>, PageInfo)> {
    let rows = page(db, &query.order, &query.paging, true, |sql| {
        push_search(sql, &query.q);
    })
    .await?;
    let mut sql = QueryBuilder::<Postgres>::new(r#"SELECT count(*) FROM "Finances".project WHERE TRUE"#);
    push_search(&mut sql, &query.q);
    let total = sql.build_query_scalar().persistent(false).fetch_one(db).await?;
    Ok(query.paging.page(rows, total))
}

async fn page(
    db: &Pool,
    order: &Order,
    paging: &Paging,
    is_search: bool,
    push_filters: impl FnOnce(&mut QueryBuilder<Postgres>) + Send,
) -> Result<Vec<Listed<Project>>> {
    let mut sql = QueryBuilder::<Postgres>::new(COLUMNS);
    order.push_key(&mut sql);
    sql.push(
        r#" FROM "Finances".project LEFT JOIN "Finances".client ON client.id = project.client_id WHERE TRUE"#,
    );
    push_filters(&mut sql);
    order.push_after(&mut sql, paging);
    order.push_page(&mut sql, paging);
    // Whether an index pays for a search depends on its text: each is planned for its own.
    Ok(sql.build_query_as().persistent(!is_search).fetch_all(db).await?)
}

fn push_search(sql: &mut QueryBuilder<Postgres>, text: &str) {
    let pattern = contains(text);
    for (before, column) in [
        (" AND (", "project.name"),
        (" OR ", "project.location"),
        (" OR ", "project.city"),
        (" OR ", "project.state"),
    ] {
        sql.push(before)
            .push(column)
            .push(" ILIKE ")
            .push_bind(pattern.clone());
    }
    sql.push(")");
}

fn push_filters(sql: &mut QueryBuilder<Postgres>, query: &ProjectQuery) {
    if let Some(client) = query.client_id {
        sql.push(" AND project.client_id = ").push_bind(client);
    }
    if let Some(status) = query.status {
        sql.push(" AND project.status = ").push_bind(status.as_str());
    }
}

/// A project; `None` if there is none of this id.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn find(db: impl PgExecutor<'_>, id: ProjectId) -> Result<Option<Project>> {
    let project = sqlx::query_as!(
        Project,
        r#"
        SELECT project.id AS "id: ProjectId",
               project.name,
               project.client_id AS "client_id: ClientId",
               client.name AS "client_name?",
               project.location,
               project.city,
               project.state,
               project.country,
               project.latitude AS "latitude: Latitude",
               project.longitude AS "longitude: Longitude",
               project.status,
               (SELECT count(*) FROM "Finances".client_po AS po WHERE po.project_id = project.id) AS "po_count!",
               project.version,
               project.created_at AS "created_at?",
               project.updated_at AS "updated_at?"
          FROM "Finances".project
          LEFT JOIN "Finances".client ON client.id = project.client_id
         WHERE project.id = $1
        "#,
        id as ProjectId,
    )
    .fetch_optional(db)
    .await?;
    Ok(project)
}

/// A project that must be there.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn get(db: impl PgExecutor<'_>, id: ProjectId) -> Result<Project> {
    find(db, id).await?.ok_or(Error::NotFound("Project"))
}

/// Whether there is such a project.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn exists(db: impl PgExecutor<'_>, id: ProjectId) -> Result<bool> {
    let is_there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM "Finances".project WHERE id = $1) AS "is_there!""#,
        id as ProjectId,
    )
    .fetch_one(db)
    .await?;
    Ok(is_there)
}

/// Keeps a project from being deleted until the transaction ends; `None` if there is none of this id.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn hold(db: &mut PgConnection, id: ProjectId) -> Result<Option<ProjectId>> {
    let found = sqlx::query_scalar!(
        r#"SELECT id AS "id: ProjectId" FROM "Finances".project WHERE id = $1 FOR KEY SHARE"#,
        id as ProjectId,
    )
    .fetch_optional(db)
    .await?;
    Ok(found)
}

/// Makes a project.
///
/// # Errors
/// `Conflict` if the name is taken, `Invalid` if the client does not exist.
pub async fn insert(uow: &mut UnitOfWork, new: &NewProject) -> Result<Project> {
    if find_by_name(uow.conn(), &new.name).await?.is_some() {
        return Err(name_taken());
    }
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".project
               (name, client_id, location, city, state, country, latitude, longitude, status)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        RETURNING id AS "id: ProjectId"
        "#,
        &*new.name,
        new.client_id as Option<ClientId>,
        new.location.as_deref(),
        new.city.as_deref(),
        new.state.as_deref(),
        new.country.as_deref(),
        new.latitude as Option<Latitude>,
        new.longitude as Option<Longitude>,
        new.status.unwrap_or(ProjectStatus::Active).as_str(),
    )
    .fetch_one(uow.conn())
    .await?;
    uow.follow_new(Counted::Project(id));
    let project = get(uow.conn(), id).await?;
    uow.record(Change::created("project", id, &project));
    Ok(project)
}

fn name_taken() -> Error {
    Error::conflict_field("name", "value_error", "A project with this name already exists")
}

/// Changes a project; `false` if it is as the change wants it.
///
/// # Errors
/// `NotFound` if there is none of this id, `Stale` if it has another version than `If-Match` says, `Conflict` if the name
/// is taken, `Invalid` if the client does not exist.
pub async fn update(uow: &mut UnitOfWork, id: ProjectId, change: &ProjectChange) -> Result<(Project, bool)> {
    // Before the row, as uploads do, which look a project up by name and then add to it.
    if let Some(name) = change.name() {
        lock_name(uow.conn(), name).await?;
    }
    lock(uow.conn(), id).await?;
    let before = get(uow.conn(), id).await?;
    uow.ensure_current(before.version)?;
    let after = change.apply(&before);
    if after == before {
        return Ok((before, false));
    }
    // Old data may hold a name twice; a project may keep the one that it has.
    if after.name != before.name && is_taken(uow.conn(), &after.name, id).await? {
        return Err(name_taken());
    }
    uow.follow(&[Counted::Project(id)]).await?;
    sqlx::query!(
        r#"
        UPDATE "Finances".project
           SET name = $2,
               client_id = $3,
               location = $4,
               city = $5,
               state = $6,
               country = $7,
               latitude = $8,
               longitude = $9,
               status = $10,
               version = version + 1,
               updated_at = now()
         WHERE id = $1
        "#,
        id as ProjectId,
        after.name,
        after.client_id as Option<ClientId>,
        after.location,
        after.city,
        after.state,
        after.country,
        after.latitude as Option<Latitude>,
        after.longitude as Option<Longitude>,
        after.status,
    )
    .execute(uow.conn())
    .await?;
    let after = get(uow.conn(), id).await?;
    uow.record(
        Change::new(Action::Updated, "project", id)
            .before(&before)
            .after(&after),
    );
    Ok((after, true))
}

/// Keeps a project as it is until the transaction ends, and its POs in it, for a row that is to hang on one of them.
///
/// # Errors
/// `NotFound` if there is none of this id.
pub async fn hold_with_pos(db: &mut PgConnection, id: ProjectId) -> Result<()> {
    // POs come and go under a stronger lock of their projects, for which this one is in the way.
    sqlx::query_scalar!(
        r#"SELECT id FROM "Finances".project WHERE id = $1 FOR SHARE"#,
        id as ProjectId,
    )
    .fetch_optional(db)
    .await?
    .map(|_| ())
    .ok_or(Error::NotFound("Project"))
}

/// Locks a project for a change; what hangs on it may be written meanwhile.
async fn lock(db: &mut PgConnection, id: ProjectId) -> Result<()> {
    sqlx::query!(
        r#"SELECT id FROM "Finances".project WHERE id = $1 FOR NO KEY UPDATE"#,
        id as ProjectId,
    )
    .fetch_optional(db)
    .await?;
    Ok(())
}

/// Whether another project has this name; the name is locked.
async fn is_taken(db: &mut PgConnection, name: &str, id: ProjectId) -> Result<bool> {
    let is_taken = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM "Finances".project
                    WHERE lower(btrim(name)) = lower(btrim($1))
                      AND id <> $2
               ) AS "is_taken!"
        "#,
        name,
        id as ProjectId,
    )
    .fetch_one(db)
    .await?;
    Ok(is_taken)
}

/// Lets nobody else take or look up a name to the end of the transaction.
async fn lock_name(db: &mut PgConnection, name: &str) -> Result<()> {
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock(hashtextextended('project.name:' || lower(btrim($1)), 0))"#,
        name,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A project that was looked up by its name.
#[derive(Debug)]
pub struct NamedProject {
    /// Its id.
    pub id: ProjectId,
    /// Its name as it is stored.
    pub name: String,
    /// Whose it is.
    pub client_id: Option<ClientId>,
}

/// The project of this name, the oldest if old data has several.
///
/// From here to the end of the transaction nobody else can take or look up the name this way.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn find_by_name(db: &mut PgConnection, name: &str) -> Result<Option<NamedProject>> {
    // A statement of its own: one that waited for the lock would still see the names as they were before the wait.
    lock_name(db, name).await?;
    let found = sqlx::query_as!(
        NamedProject,
        r#"
        SELECT id AS "id: ProjectId",
               name,
               client_id AS "client_id: ClientId"
          FROM "Finances".project
         WHERE lower(btrim(name)) = lower(btrim($1))
         ORDER BY id
         LIMIT 1
        "#,
        name,
    )
    .fetch_optional(db)
    .await?;
    Ok(found)
}
