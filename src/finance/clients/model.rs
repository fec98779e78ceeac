//! Clients as they are stored and shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::{
    http::list::{Column, Direction, Order, PageInfo, Paging},
    types::{Fields, FromFields, ids::ClientId},
};

/// The layout of the purchase-order files that a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Bajaj's purchase order.
    Bajaj,
    /// Dava India's proforma invoice.
    ProformaInvoice,
}

impl Layout {
    /// The name of the parser in answers.
    pub const fn parser_type(self) -> &'static str {
        match self {
            Self::Bajaj => "po",
            Self::ProformaInvoice => "proforma_invoice",
        }
    }

    /// The client whose files have this layout.
    pub const fn client(self) -> ClientId {
        match self {
            Self::Bajaj => ClientId(1),
            Self::ProformaInvoice => ClientId(2),
        }
    }

    const fn client_name(self) -> &'static str {
        match self {
            Self::Bajaj => "Bajaj",
            Self::ProformaInvoice => "Dava India",
        }
    }

    /// The layout of a client's files; `None` if there is no parser for them.
    pub fn of(client: ClientId, name: &str) -> Option<Self> {
        [Self::Bajaj, Self::ProformaInvoice].into_iter().find(|layout| {
            layout.client() == client && layout.client_name().eq_ignore_ascii_case(name.trim())
        })
    }
}

/// A client's row.
#[derive(Debug, Clone, FromRow)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// Its name.
    pub name: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Raised with every change.
    pub version: i32,
}

/// A client in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ClientSummary {
    id: ClientId,
    #[schema(example = "Bajaj")]
    name: String,
    created_at: DateTime<Utc>,
    /// Whether purchase-order files of this client can be uploaded and read.
    supports_upload: bool,
    #[schema(example = 1)]
    version: i32,
}

impl From<Client> for ClientSummary {
    fn from(client: Client) -> Self {
        Self {
            supports_upload: Layout::of(client.id, &client.name).is_some(),
            id: client.id,
            name: client.name,
            created_at: client.created_at,
            version: client.version,
        }
    }
}

/// A page of clients.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ClientList {
    pub(super) clients: Vec<ClientSummary>,
    /// Clients on this page.
    pub(super) count: usize,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

const ID: Column = Column {
    name: "id",
    sql: "client.id",
    kind: "bigint",
};
const COLUMNS: [Column; 3] = [
    ID,
    Column {
        name: "name",
        sql: "client.name",
        kind: "text",
    },
    Column {
        name: "created_at",
        sql: "client.created_at",
        kind: "timestamptz",
    },
];

/// Which clients are asked for.
#[derive(Debug, Clone)]
pub struct ClientQuery {
    pub(super) paging: Paging,
    pub(super) order: Order,
}

impl FromFields for ClientQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            paging: Paging::read(fields, 1000),
            order: Order::read(fields, &COLUMNS, Order::of(&[(ID, Direction::Up)])),
        })
    }
}
