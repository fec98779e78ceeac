//! A file comes into a session, and is read as an order where the session's client has a parser.

use axum::extract::{Request, State};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{files, model::FileReceived, routes::SessionPath, store};
use crate::{
    app::AppState,
    auth::Editor,
    error::{Error, Result},
    finance::clients::{self, Parser},
    http::{
        base_url::BaseUrl, envelope::Mirror, extract::Path, multipart::FormFile, openapi::WriteErrors,
        signed_links::Links,
    },
    types::{
        Fields, FromFields, Input, Text,
        ids::{ClientId, ProjectId},
    },
    unit_of_work::{Answer, StoredAnswer, Write},
    uploads::{
        ingest::{Purpose, Reading, Sender, Session, Target, Upload},
        intake,
        po::intake::{self as orders, Completeness, Demands},
    },
};

/// What is said beside the file, in the form or in the query; the form wins.
#[derive(Debug, Clone)]
struct FileOptions {
    uploaded_by: Option<Text<100>>,
    po_number: Option<Text<100>>,
    auto_parse: bool,
    category: Option<Text<100>>,
    document_type: Option<Text<50>>,
}

impl FromFields for FileOptions {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            uploaded_by: fields.optional("uploaded_by"),
            po_number: fields.optional("po_number"),
            auto_parse: fields.optional("auto_parse").unwrap_or(true),
            category: fields.optional("category"),
            document_type: fields.optional("document_type"),
        })
    }
}

/// The form, for the OpenAPI document. Every field but the file may also stand in the query.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "read through `FileOptions`; this only documents the form"
)]
pub(super) struct SessionFileForm {
    /// The file: pdf, xlsx, xls, docx, doc, csv, txt, jpg, jpeg, png, gif or webp.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// Who sends it, if not the caller.
    uploaded_by: Option<Text<100>>,
    /// The PO that it is about; that of the order in it wins.
    po_number: Option<Text<100>>,
    /// Whether it is read as an order, if the session's client has orders that can be read.
    #[schema(default = true)]
    auto_parse: Option<bool>,
    /// What it is, as its metadata keep it.
    category: Option<Text<100>>,
    /// The same.
    document_type: Option<Text<50>>,
}

/// Send a file into an upload session.
///
/// The file's name and its content have to agree. Where the session is for a client whose orders can be read, and unless
/// `auto_parse` says no, it is read, and a PO is made of it: `parse_status` is then `SUCCESS`, else `FAILED` with what was
/// missing in `parse_error`, and nothing but the file is kept; `SKIPPED` where nothing was to be read. 409 when the session is
/// full, 429 when the caller has sent as many files as an hour has room for.
#[utoipa::path(post, path = "/uploads/session/{session_id}/files", tag = "upload sessions", params(SessionPath),
    request_body(content = SessionFileForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Mirror<FileReceived>), WriteErrors))]
pub(super) async fn upload_session_file(
    write: Write<Editor>,
    State(state): State<AppState>,
    Path(SessionPath { session_id }): Path<SessionPath>,
    base: BaseUrl,
    request: Request,
) -> Result<StoredAnswer> {
    let id = session_id.known()?;
    // Before megabytes arrive for what is not there or full; the locked session decides.
    let session = store::find_open(&state.db, id, state.clock.now()).await?;
    ensure_room(&state, session.file_count)?;
    let (file, options): (_, FileOptions) = intake::receive(&state, request).await?;
    let FormFile {
        filename, received, ..
    } = file;
    let order_of = OrderOf::read(&session.metadata);
    let client = match order_of.client.filter(|_| options.auto_parse) {
        Some(client) => parser_of(&state, client).await?,
        None => None,
    };
    let (name, kind, received, parsed) = if let Some((_, parser)) = &client {
        let demands = Demands {
            layout: Some(parser.layout),
            order: Completeness::Order,
            takes_any_kind: true,
        };
        let order = orders::read(&state, filename, received, demands).await?;
        (order.filename, order.kind, order.received, Some(order.parsed))
    } else {
        let name = intake::safe_name(&filename)?;
        let kind = intake::kind(&state, &name, &received).await?;
        (name, kind, received, None)
    };
    let target = client.as_ref().map(|(client_name, parser)| Target {
        client: parser.client,
        client_name,
        parser_type: parser.layout.parser_type(),
        project_id: order_of.project_id,
        project_name: order_of.project_name.as_ref(),
        is_revision: false,
        description: parser.layout.upload_description(),
    });
    let mut metadata = Map::new();
    let said = [
        ("category", options.category.as_deref()),
        ("document_type", options.document_type.as_deref()),
    ];
    for (name, text) in said {
        if let Some(text) = text {
            metadata.insert(name.to_owned(), Value::from(text));
        }
    }
    let upload = Upload::stage(
        &state,
        Sender::new(write.caller()?, options.uploaded_by.as_deref()),
        Session::Existing {
            session_id: id.to_owned(),
            metadata,
            po_number: options.po_number.map(Text::into_string),
        },
        None,
        if matches!(parsed, Some(Ok(_))) {
            Purpose::Order
        } else {
            Purpose::FileOnly
        },
        (&name, kind, &received),
    )
    .await?;
    let reading = match (&parsed, &target) {
        (Some(parsed), Some(target)) => Reading::Done { parsed, target },
        _ => Reading::Skipped,
    };
    let links = Links::of(&state)?;
    let mut uow = write.begin().await?;
    let locked = store::lock_open(&mut uow, id, upload.now).await?;
    ensure_room(&state, locked.file_count)?;
    let outcome = upload.keep(&mut uow, &state, reading).await?;
    let row = files::find(uow.conn(), id, &upload.file_id, upload.now).await?;
    let file = FileReceived::new(row, &base, &links)?;
    let (location, link) = (file.location(), file.kept_link());
    let answer = uow
        .commit(Answer::ok(Mirror(file)).at(location).link(link))
        .await?;
    upload.publish(&state, &outcome).await;
    Ok(answer)
}

fn ensure_room(state: &AppState, file_count: i64) -> Result<()> {
    let most = state.config.uploads.max_files_per_session;
    if file_count >= i64::from(most) {
        return Err(Error::conflict(format!("Session file limit ({most}) reached")));
    }
    Ok(())
}

/// The client of a session with the parser of its files; `None` if there is no such client any more, or no parser.
async fn parser_of(state: &AppState, id: ClientId) -> Result<Option<(String, Parser)>> {
    let client = clients::store::find(&state.db, id).await?;
    Ok(client.and_then(|client| {
        let parser = Parser::of(&client)?;
        Some((client.name, parser))
    }))
}

/// What a session's metadata say of the orders in its files; older ones may hold anything.
struct OrderOf {
    client: Option<ClientId>,
    project_id: Option<ProjectId>,
    project_name: Option<Text<255>>,
}

impl OrderOf {
    fn read(metadata: &Value) -> Self {
        let name = value::<Text<255>>(metadata, "project_name").or_else(|| value(metadata, "project"));
        Self {
            client: value(metadata, "client_id"),
            project_id: value(metadata, "project_id"),
            project_name: name,
        }
    }
}

fn value<T: Input>(metadata: &Value, name: &str) -> Option<T> {
    let value = metadata.get(name)?;
    T::read(value).ok()
}
