//! The handlers of projects.

use axum::extract::State;

use super::{
    delete::{self, DeletedProject},
    model::{
        DoomedName, NewProject, Project, ProjectAnswer, ProjectChange, ProjectChangeBody, ProjectCreated,
        ProjectDeleted, ProjectList, ProjectQuery, ProjectSearch, ProjectUpdated,
    },
    store,
};
use crate::{
    app::AppState,
    auth::{Admin, Editor},
    error::Result,
    finance::purchase_orders::Force,
    http::{
        envelope::Mirror,
        extract::{Json, Path, Query, path_parameters},
        list::{PageInfo, PageQuery},
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::ProjectId,
    unit_of_work::{Answer, StoredAnswer, UnitOfWork, Write},
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
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<ProjectQuery>,
) -> Result<SharedAnswer<Mirror<ProjectList>>> {
    shared
        .answer(async move {
            let (projects, page) = store::list(&db, &query).await?;
            Ok(page_of(projects, page))
        })
        .await
}

fn page_of(projects: Vec<Project>, page: PageInfo) -> Answer<Mirror<ProjectList>> {
    Answer::ok(Mirror(ProjectList {
        project_count: projects.len(),
        projects: projects.into_iter().map(Into::into).collect(),
        page,
    }))
}

/// Search the projects by a part of their name, location, city or state, the newest first.
///
/// Case does not count; `%`, `_` and `\` stand for themselves. `sort` may name what it may in the list.
#[utoipa::path(get, path = "/projects/search", tag = "projects", params(ProjectSearch, PageQuery),
    responses((status = 200, body = Mirror<ProjectList>), ReadErrors))]
pub(super) async fn search_projects(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<ProjectSearch>,
) -> Result<SharedAnswer<Mirror<ProjectList>>> {
    shared
        .answer(async move {
            let (projects, page) = store::search(&db, &query).await?;
            Ok(page_of(projects, page))
        })
        .await
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
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
) -> Result<SharedAnswer<ProjectAnswer>> {
    shared
        .answer(async move {
            let project = store::get(&db, project_id).await?;
            let version = project.version;
            Ok(Answer::ok(ProjectAnswer::from(project)).version(version))
        })
        .await
}

/// Change a project.
///
/// What is absent stays. Null clears client and coordinates, empty text clears location, city, state and country.
#[utoipa::path(put, path = "/projects/{project_id}", tag = "projects", params(ProjectPath),
    request_body = ProjectChangeBody, responses((status = 200, body = ProjectUpdated), WriteErrors))]
pub(super) async fn update_project(
    write: Write<Editor>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Json(change): Json<ProjectChange>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (project, is_changed) = store::update(&mut uow, project_id, &change).await?;
    let version = project.version;
    let answer = Answer::ok(ProjectUpdated::from(project)).version(version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// Delete a project with its POs, vendor orders, payments, bills and documents.
///
/// 409 names received and paid money, and bills that are final or approved; `force=true` deletes them too.
#[utoipa::path(delete, path = "/projects/{project_id}", tag = "projects", params(ProjectPath, Force),
    responses((status = 200, body = ProjectDeleted), WriteErrors))]
pub(super) async fn delete_project(
    write: Write<Admin>,
    State(state): State<AppState>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(Force { force }): Query<Force>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let deleted = delete::delete(&mut uow, project_id, force).await?;
    finish_deletion(&state, uow, deleted).await
}

/// Delete the project of a name, as by its id.
///
/// The whole name counts, but for outer blanks. 409 too if several projects bear it.
#[utoipa::path(delete, path = "/projects", tag = "projects", params(DoomedName),
    responses((status = 200, body = ProjectDeleted), WriteErrors))]
pub(super) async fn delete_project_by_name(
    write: Write<Admin>,
    State(state): State<AppState>,
    Query(DoomedName { name, force }): Query<DoomedName>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let deleted = delete::delete_named(&mut uow, &name, force).await?;
    finish_deletion(&state, uow, deleted).await
}

async fn finish_deletion(state: &AppState, uow: UnitOfWork, deleted: DeletedProject) -> Result<StoredAnswer> {
    let answer = uow.commit(Answer::ok(ProjectDeleted::from(&deleted))).await?;
    deleted.files.carry_out(state).await;
    Ok(answer)
}
