//! Projects in the database.

use sqlx::{FromRow, PgConnection, PgExecutor, PgPool, Postgres, QueryBuilder};

use super::{
    ProjectStatus,
    model::{NewProject, Project, ProjectQuery},
};
use crate::{
    audit::Change,
    error::{Error, Result},
    finance::kept_totals::{self, Counted, List, Scope},
    http::list::PageInfo,
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

#[derive(FromRow)]
struct Listed {
    #[sqlx(flatten)]
    project: Project,
    sort_key: Vec<Option<String>>,
}

/// A page of projects.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn list(db: &PgPool, query: &ProjectQuery) -> Result<(Vec<Project>, PageInfo)> {
    let mut sql = QueryBuilder::<Postgres>::new(COLUMNS);
    query.order.push_key(&mut sql);
    sql.push(
        r#" FROM "Finances".project LEFT JOIN "Finances".client ON client.id = project.client_id WHERE TRUE"#,
    );
    push_filters(&mut sql, query);
    query.order.push_after(&mut sql, &query.paging);
    query.order.push_page(&mut sql, &query.paging);
    let rows: Vec<Listed> = sql.build_query_as().fetch_all(db).await?;

    let scope = query
        .client_id
        .map_or(Scope::All, |client| Scope::Client(client.0));
    let status = query.status.map(|status| [status.as_str()]);
    let statuses = status.as_ref().map(<[_; 1]>::as_slice);
    let total = kept_totals::read(db, List::Project, scope, statuses).await?;
    let page = query.paging.info(
        total.entries,
        rows.len(),
        rows.last().map(|row| row.sort_key.clone()),
    );
    Ok((rows.into_iter().map(|row| row.project).collect(), page))
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

/// Makes a project.
///
/// # Errors
/// `Conflict` if the name is taken, `Invalid` if the client does not exist.
pub async fn insert(uow: &mut UnitOfWork, new: &NewProject) -> Result<Project> {
    if find_by_name(uow.conn(), &new.name).await?.is_some() {
        return Err(Error::conflict_field(
            "name",
            "value_error",
            "A project with this name already exists",
        ));
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
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock(hashtextextended('project.name:' || lower(btrim($1)), 0))"#,
        name,
    )
    .execute(&mut *db)
    .await?;
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
