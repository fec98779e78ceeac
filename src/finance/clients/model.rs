//! Clients as they are stored and shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::{
    documents::Layout,
    http::{
        envelope::SUCCESS,
        list::{Column, Direction, Order, PageInfo, Paging},
    },
    types::{Email, Fields, FromFields, Gstin, Money, Patch, Text, ids::ClientId},
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
}

const PARSERS: [Parser; 2] = [
    Parser {
        client: ClientId(1),
        client_name: "Bajaj",
        layout: Layout::BAJAJ_ORDER,
    },
    Parser {
        client: ClientId(2),
        client_name: "Dava India",
        layout: Layout::PROFORMA_INVOICE,
    },
];

impl Parser {
    /// The parser of a client; `None` if there is none.
    pub fn of(client: &Client) -> Option<Self> {
        PARSERS.into_iter().find(|parser| {
            parser.client == client.id && parser.client_name.eq_ignore_ascii_case(client.name.trim())
        })
    }

    /// Whether there is a parser for the client of this id, whatever its name is by now.
    pub(super) fn is_of(id: ClientId) -> bool {
        PARSERS.iter().any(|parser| parser.client == id)
    }

    /// The parser of a layout, and so the client whose files have it.
    pub fn of_layout(layout: Layout) -> Option<Self> {
        PARSERS.into_iter().find(|parser| parser.layout == layout)
    }
}

/// A client's row; also its audit record.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// Its name.
    pub name: String,
    /// Whom to ask for.
    pub contact_person: Option<String>,
    /// Address for mail.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Postal address.
    pub address: Option<String>,
    /// Its number in the goods and services tax.
    pub gstin: Option<String>,
    /// Whether its POs are shown in bundles by store.
    pub bundle_by_store: bool,
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
    contact_person: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    address: Option<String>,
    #[schema(example = "27AAAAA0000A1Z5")]
    gstin: Option<String>,
    /// Whether its POs are shown in bundles by store.
    bundle_by_store: bool,
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
            contact_person: client.contact_person,
            email: client.email,
            phone: client.phone,
            address: client.address,
            gstin: client.gstin,
            bundle_by_store: client.bundle_by_store,
            created_at: client.created_at,
            version: client.version,
        }
    }
}

/// What was ordered by a client and what was paid of it; POs that are cancelled do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClientFigures {
    /// Projects for the client.
    #[schema(example = 3)]
    pub project_count: i64,
    /// Its POs.
    #[schema(example = 12)]
    pub po_count: i64,
    /// What they are worth.
    pub total_po_value: Money,
    /// What was paid of them.
    pub total_paid: Money,
    /// What is still owed; negative if too much was paid.
    pub outstanding_amount: Money,
}

/// A client with all that is known of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Client)]
pub(super) struct ClientView {
    #[serde(flatten)]
    summary: ClientSummary,
    #[serde(flatten)]
    figures: ClientFigures,
}

impl From<(Client, ClientFigures)> for ClientView {
    fn from((client, figures): (Client, ClientFigures)) -> Self {
        Self {
            summary: client.into(),
            figures,
        }
    }
}

/// A client, where clients of the API look for it, and what was done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ClientAnswer {
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Client created")]
    message: &'static str,
    client: ClientView,
    data: ClientData,
}

/// The client once more.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ClientData {
    client: ClientView,
}

impl ClientAnswer {
    pub(super) fn new(message: &'static str, client: (Client, ClientFigures)) -> Self {
        let client = ClientView::from(client);
        Self {
            status: SUCCESS,
            message,
            data: ClientData {
                client: client.clone(),
            },
            client,
        }
    }
}

/// A client to be added.
#[derive(Debug, Clone, ToSchema)]
pub struct NewClient {
    /// 1 to 255 characters, unique without regard to case.
    #[schema(example = "Example Retail Ltd")]
    pub name: Text<255>,
    /// Whom to ask for.
    pub contact_person: Option<Text<255>>,
    /// Address for mail.
    pub email: Option<Email>,
    /// Telephone number.
    pub phone: Option<Text<50>>,
    /// Postal address.
    pub address: Option<Text<5000>>,
    /// 15 letters and digits.
    #[schema(example = "27AAAAA0000A1Z5")]
    pub gstin: Option<Gstin>,
    /// Whether its POs are shown in bundles by store; true unless given.
    pub bundle_by_store: Option<bool>,
}

impl FromFields for NewClient {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let (contact_person, email) = (fields.optional("contact_person"), fields.optional("email"));
        let (phone, address) = (fields.optional("phone"), fields.optional("address"));
        let gstin = fields.optional("gstin");
        let bundle_by_store = fields.optional("bundle_by_store");
        Some(Self {
            name: name?,
            contact_person,
            email,
            phone,
            address,
            gstin,
            bundle_by_store,
        })
    }
}

/// What becomes of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientChange {
    name: Option<Text<255>>,
    contact_person: Patch<Text<255>>,
    email: Patch<Email>,
    phone: Patch<Text<50>>,
    address: Patch<Text<5000>>,
    gstin: Patch<Gstin>,
    bundle_by_store: Option<bool>,
}

/// The body of a change, for the OpenAPI document.
#[derive(Debug, ToSchema)]
#[schema(as = ClientChange)]
#[expect(
    dead_code,
    reason = "read through `ClientChange`; this only documents the fields"
)]
pub(super) struct ClientChangeBody {
    /// 1 to 255 characters, unique without regard to case.
    #[schema(example = "Example Retail Ltd")]
    name: Option<Text<255>>,
    /// Whom to ask for; empty text clears.
    contact_person: Option<String>,
    /// Address for mail; empty text clears.
    email: Option<String>,
    /// Telephone number; empty text clears.
    phone: Option<String>,
    /// Postal address; empty text clears.
    address: Option<String>,
    /// 15 letters and digits; empty text clears.
    gstin: Option<String>,
    /// Whether its POs are shown in bundles by store.
    bundle_by_store: Option<bool>,
}

impl FromFields for ClientChange {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.present("name"),
            contact_person: fields.patch_text("contact_person"),
            email: fields.patch_text("email"),
            phone: fields.patch_text("phone"),
            address: fields.patch_text("address"),
            gstin: fields.patch_text("gstin"),
            bundle_by_store: fields.optional("bundle_by_store"),
        })
    }
}

impl ClientChange {
    /// What the change makes of a client.
    pub(super) fn apply(&self, client: &Client) -> Client {
        let Self {
            name,
            contact_person,
            email,
            phone,
            address,
            gstin,
            bundle_by_store,
        } = self.clone();
        let was = client.clone();
        Client {
            id: was.id,
            name: name.map_or(was.name, Text::into_string),
            contact_person: contact_person.map(Text::into_string).over(was.contact_person),
            email: email.map(Email::into_string).over(was.email),
            phone: phone.map(Text::into_string).over(was.phone),
            address: address.map(Text::into_string).over(was.address),
            gstin: gstin.map(Gstin::into_string).over(was.gstin),
            bundle_by_store: bundle_by_store.unwrap_or(was.bundle_by_store),
            created_at: was.created_at,
            version: was.version,
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
