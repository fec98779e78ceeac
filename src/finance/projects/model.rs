//! Projects as they are sent, stored and shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use super::delete::DeletedProject;
use crate::{
    http::list::{Column, Direction, Order, PageInfo, Paging},
    types::{
        Fields, FromFields, Latitude, Longitude, Patch, Text,
        ids::{ClientId, ProjectId},
        words::words,
    },
};

words! {
    /// How a project stands.
    ProjectStatus {
        /// Work goes on.
        Active = "active",
        /// Done.
        Completed = "completed",
        /// Interrupted.
        OnHold = "on-hold" | "on_hold",
        /// Given up.
        Cancelled = "cancelled",
    }
}

/// A project's row with its client's name and the number of its POs; also its audit record.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// The client that it is for.
    pub client_id: Option<ClientId>,
    /// That client's name.
    pub client_name: Option<String>,
    /// Where it is, in words.
    pub location: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// Degrees north.
    pub latitude: Option<Latitude>,
    /// Degrees east.
    pub longitude: Option<Longitude>,
    /// One of [`ProjectStatus`], or an older word.
    pub status: String,
    /// How many client POs belong to it.
    pub po_count: i64,
    /// Raised with every change.
    pub version: i32,
    /// When it was made; null on some adopted rows.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was changed last; null on some adopted rows.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A project on the wire.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Project)]
pub(super) struct ProjectView {
    id: ProjectId,
    project_id: ProjectId,
    #[schema(example = "Store ST-104")]
    name: String,
    client_id: Option<ClientId>,
    #[schema(example = "Dava India")]
    client_name: Option<String>,
    location: Option<String>,
    city: Option<String>,
    state: Option<String>,
    country: Option<String>,
    latitude: Option<Latitude>,
    longitude: Option<Longitude>,
    #[schema(example = "active")]
    status: String,
    /// How many client POs belong to the project.
    po_count: i64,
    version: i32,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        Self {
            id: project.id,
            project_id: project.id,
            name: project.name,
            client_id: project.client_id,
            client_name: project.client_name,
            location: project.location,
            city: project.city,
            state: project.state,
            country: project.country,
            latitude: project.latitude,
            longitude: project.longitude,
            status: project.status,
            po_count: project.po_count,
            version: project.version,
            created_at: project.created_at,
            updated_at: project.updated_at,
        }
    }
}

/// A project to be made.
#[derive(Debug, Clone, ToSchema)]
pub struct NewProject {
    /// 1 to 255 characters, unique.
    #[schema(example = "Store ST-104")]
    pub name: Text<255>,
    /// The client that it is for.
    pub client_id: Option<ClientId>,
    /// Where it is, in words.
    pub location: Option<Text<255>>,
    /// City.
    pub city: Option<Text<100>>,
    /// State.
    pub state: Option<Text<100>>,
    /// Country.
    pub country: Option<Text<100>>,
    /// Degrees north, -90 to 90.
    pub latitude: Option<Latitude>,
    /// Degrees east, -180 to 180.
    pub longitude: Option<Longitude>,
    /// `active` unless given.
    pub status: Option<ProjectStatus>,
}

impl NewProject {
    /// A project of which only name and client are known.
    pub fn named(name: Text<255>, client: ClientId) -> Self {
        Self {
            name,
            client_id: Some(client),
            location: None,
            city: None,
            state: None,
            country: None,
            latitude: None,
            longitude: None,
            status: None,
        }
    }
}

impl FromFields for NewProject {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let client_id = fields.optional("client_id");
        let location = fields.optional("location");
        let (city, state, country) = (
            fields.optional("city"),
            fields.optional("state"),
            fields.optional("country"),
        );
        let (latitude, longitude) = (fields.optional("latitude"), fields.optional("longitude"));
        let status = fields.optional("status");
        Some(Self {
            name: name?,
            client_id,
            location,
            city,
            state,
            country,
            latitude,
            longitude,
            status,
        })
    }
}

/// What becomes of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectChange {
    name: Option<Text<255>>,
    client_id: Patch<ClientId>,
    location: Patch<Text<255>>,
    city: Patch<Text<100>>,
    state: Patch<Text<100>>,
    country: Patch<Text<100>>,
    latitude: Patch<Latitude>,
    longitude: Patch<Longitude>,
    status: Option<ProjectStatus>,
}

/// The body of a change, for the OpenAPI document.
#[derive(Debug, ToSchema)]
#[schema(as = ProjectChange)]
#[expect(
    dead_code,
    reason = "read through `ProjectChange`; this only documents the fields"
)]
pub(super) struct ProjectChangeBody {
    /// 1 to 255 characters, unique.
    #[schema(example = "Store ST-104")]
    name: Option<Text<255>>,
    /// The client that it is for; null clears.
    client_id: Option<ClientId>,
    /// Where it is, in words; empty text clears.
    location: Option<String>,
    /// City; empty text clears.
    city: Option<String>,
    /// State; empty text clears.
    state: Option<String>,
    /// Country; empty text clears.
    country: Option<String>,
    /// Degrees north, -90 to 90; null clears.
    latitude: Option<Latitude>,
    /// Degrees east, -180 to 180; null clears.
    longitude: Option<Longitude>,
    /// How it stands.
    status: Option<ProjectStatus>,
}

impl FromFields for ProjectChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.present("name"),
            client_id: fields.patch("client_id"),
            location: fields.patch_text("location"),
            city: fields.patch_text("city"),
            state: fields.patch_text("state"),
            country: fields.patch_text("country"),
            latitude: fields.patch("latitude"),
            longitude: fields.patch("longitude"),
            status: fields.optional("status"),
        })
    }
}

impl ProjectChange {
    /// The name that the project is to have, if the change says one.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What the change makes of the project; its client's name stays as it is.
    pub(super) fn apply(&self, project: &Project) -> Project {
        let Self {
            name,
            client_id,
            location,
            city,
            state,
            country,
            latitude,
            longitude,
            status,
        } = self;
        let mut changed = project.clone();
        if let Some(name) = name {
            changed.name = name.to_string();
        }
        changed.client_id = client_id.over(project.client_id);
        changed.location = location
            .clone()
            .map(Text::into_string)
            .over(project.location.clone());
        changed.city = city.clone().map(Text::into_string).over(project.city.clone());
        changed.state = state.clone().map(Text::into_string).over(project.state.clone());
        changed.country = country
            .clone()
            .map(Text::into_string)
            .over(project.country.clone());
        changed.latitude = latitude.over(project.latitude);
        changed.longitude = longitude.over(project.longitude);
        if let Some(status) = status {
            status.as_str().clone_into(&mut changed.status);
        }
        changed
    }
}

/// A project and where clients look for it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProjectAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    project: ProjectView,
    data: ProjectData,
}

/// The project, with itself under `project` once more.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ProjectData {
    #[serde(flatten)]
    fields: ProjectView,
    project: ProjectView,
}

impl From<Project> for ProjectAnswer {
    fn from(project: Project) -> Self {
        let view = ProjectView::from(project);
        Self {
            status: crate::http::envelope::SUCCESS,
            project: view.clone(),
            data: ProjectData {
                fields: view.clone(),
                project: view,
            },
        }
    }
}

/// A project that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProjectCreated {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Project 'Store ST-104' created")]
    message: String,
    project_id: ProjectId,
    id: ProjectId,
    name: String,
    project: ProjectView,
    data: ProjectView,
}

impl From<Project> for ProjectCreated {
    fn from(project: Project) -> Self {
        let view = ProjectView::from(project);
        Self {
            status: crate::http::envelope::SUCCESS,
            message: format!("Project '{}' created", view.name),
            project_id: view.id,
            id: view.id,
            name: view.name.clone(),
            project: view.clone(),
            data: view,
        }
    }
}

/// A project that was changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProjectUpdated {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Project updated successfully")]
    message: &'static str,
    project: ProjectView,
    data: ProjectView,
}

impl From<Project> for ProjectUpdated {
    fn from(project: Project) -> Self {
        let view = ProjectView::from(project);
        Self {
            status: crate::http::envelope::SUCCESS,
            message: "Project updated successfully",
            project: view.clone(),
            data: view,
        }
    }
}

/// A project that was deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProjectDeleted {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[serde(flatten)]
    content: ProjectDeletedData,
    data: ProjectDeletedData,
}

/// What went.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ProjectDeletedData {
    success: bool,
    #[schema(example = "Project 'Store ST-104' and all associated data deleted successfully")]
    message: String,
    project_id: ProjectId,
    /// How many client POs went with it.
    #[schema(example = 2)]
    pos_deleted: usize,
}

impl From<&DeletedProject> for ProjectDeleted {
    fn from(deleted: &DeletedProject) -> Self {
        let content = ProjectDeletedData {
            success: true,
            message: format!(
                "Project '{}' and all associated data deleted successfully",
                deleted.name
            ),
            project_id: deleted.id,
            pos_deleted: deleted.pos,
        };
        Self {
            status: crate::http::envelope::SUCCESS,
            data: content.clone(),
            content,
        }
    }
}

/// A page of projects.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProjectList {
    pub(super) projects: Vec<ProjectView>,
    /// Projects on this page.
    pub(super) project_count: usize,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

const ID: Column = Column {
    name: "id",
    sql: "project.id",
    kind: "bigint",
};
const COLUMNS: [Column; 5] = [
    ID,
    Column {
        name: "name",
        sql: "project.name",
        kind: "text",
    },
    Column {
        name: "status",
        sql: "project.status",
        kind: "text",
    },
    Column {
        name: "created_at",
        sql: "project.created_at",
        kind: "timestamptz",
    },
    Column {
        name: "updated_at",
        sql: "project.updated_at",
        kind: "timestamptz",
    },
];

/// Which projects are asked for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProjectQuery {
    /// Only this client's.
    pub(super) client_id: Option<ClientId>,
    /// Only those that stand so.
    #[param(inline)]
    pub(super) status: Option<ProjectStatus>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for ProjectQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            client_id: fields.optional("client_id"),
            status: fields.optional("status"),
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &COLUMNS, Order::of(&[(ID, Direction::Down)])),
        })
    }
}

/// What is looked for among the projects.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProjectSearch {
    /// A part of the name, location, city or state, 1 to 200 characters, without regard to case.
    #[param(value_type = String)]
    pub(super) q: Text<200>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for ProjectSearch {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let q = fields.required("q");
        let paging = Paging::read(fields, 1000);
        let order = Order::read(fields, &COLUMNS, Order::of(&[(ID, Direction::Down)]));
        Some(Self { q: q?, paging, order })
    }
}

/// The name of a project that is to be deleted, and whether it is done whatever goes with it.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DoomedName {
    /// The whole name, but for outer blanks.
    #[param(value_type = String)]
    pub(super) name: Text<255>,
    /// Deletes received payments, paid orders and bills that count too.
    #[param(value_type = Option<bool>, default = false)]
    pub(super) force: bool,
}

impl FromFields for DoomedName {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let force = fields.optional("force").unwrap_or(false);
        Some(Self { name: name?, force })
    }
}
