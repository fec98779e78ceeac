//! Projects as they are sent, stored and shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::list::{Column, Direction, Order, PageInfo, Paging},
    types::{
        Fields, FromFields, Latitude, Longitude, Text,
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
#[derive(Debug, Clone, FromRow, Serialize)]
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
