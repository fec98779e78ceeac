//! Clients as they are stored and shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::{
    documents::Layout,
    http::list::{Column, Direction, Order, PageInfo, Paging},
    types::{Fields, FromFields, ids::ClientId},
};

/// The parser of a client's purchase-order files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parser {
    /// The client.
    pub client: ClientId,
    /// Its name; the id alone might be another client's in an older database.
    client_name: &'static str,
    /// The layout of its files.
    pub layout: Layout,
    /// The parser's name in answers.
    pub parser_type: &'static str,
}

const PARSERS: [Parser; 2] = [
    Parser {
        client: ClientId(1),
        client_name: "Bajaj",
        layout: Layout::BajajOrder,
        parser_type: "po",
    },
    Parser {
        client: ClientId(2),
        client_name: "Dava India",
        layout: Layout::ProformaInvoice,
        parser_type: "proforma_invoice",
    },
];

impl Parser {
    /// The parser of a client; `None` if there is none.
    pub fn of(client: &Client) -> Option<Self> {
        PARSERS.into_iter().find(|parser| {
            parser.client == client.id && parser.client_name.eq_ignore_ascii_case(client.name.trim())
        })
    }

    /// The parser of a layout, and so the client whose files have it.
    pub fn of_layout(layout: Layout) -> Option<Self> {
        PARSERS.into_iter().find(|parser| parser.layout == layout)
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
            supports_upload: Parser::of(&client).is_some(),
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
