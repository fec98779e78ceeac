//! The handlers of projects.

use axum::extract::State;
use sqlx::PgPool;

use super::{
    model::{NewProject, ProjectAnswer, ProjectCreated, ProjectList, ProjectQuery},
    store,
};
use crate::{
    auth::{Editor, Viewer},
    error::Result,
    http::{
        envelope::Mirror,
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    types::ids::ProjectId,
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// A project.
    ProjectPath {
        /// Its id.
        project_id: ProjectId,
    }
}

/// List the projects, the newest first.
///
/// `sort` may name `id`, `name`, `status`, `created_at` or `updated_at`.
#[utoipa::path(get, path = "/projects", tag = "projects", params(ProjectQuery, PageQuery),
    responses((status = 200, body = Mirror<ProjectList>), ReadErrors))]
pub(super) async fn list_projects(
    _: Viewer,
    State(db): State<PgPool>,
    Query(query): Query<ProjectQuery>,
) -> Result<Answer<Mirror<ProjectList>>> {
    let (projects, page) = store::list(&db, &query).await?;
    Ok(Answer::ok(Mirror(ProjectList {
        project_count: projects.len(),
        projects: projects.into_iter().map(Into::into).collect(),
        page,
    })))
}

/// Make a project.
///
/// Its name is unique without regard to case and outer blanks.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = NewProject,
    responses((status = 200, body = ProjectCreated), WriteErrors))]
pub(super) async fn create_project(
    write: Write<Editor>,
    Json(new): Json<NewProject>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let project = store::insert(&mut uow, &new).await?;
    let (id, version) = (project.id, project.version);
    uow.commit(
        Answer::ok(ProjectCreated::from(project))
            .at(format!("/api/projects/{id}"))
            .version(version),
    )
    .await
}

/// One project.
#[utoipa::path(get, path = "/projects/{project_id}", tag = "projects", params(ProjectPath),
    responses((status = 200, body = ProjectAnswer), ReadErrors))]
pub(super) async fn get_project(
    _: Viewer,
    State(db): State<PgPool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
) -> Result<Answer<ProjectAnswer>> {
    let project = store::get(&db, project_id).await?;
    let version = project.version;
    Ok(Answer::ok(ProjectAnswer::from(project)).version(version))
}
