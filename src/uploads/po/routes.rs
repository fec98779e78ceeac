//! The handlers of PO uploads, under both of their paths.

use axum::extract::{Request, State};
use serde_json::json;

use super::{
    intake::{self, Completeness, Demands, Order},
    model::{UploadForm, UploadOptions, Uploaded},
};
use crate::{
    app::AppState,
    auth::Editor,
    documents::{ParseFailure, ParsedOrder},
    error::{Error, Fault, Result},
    finance::clients::{self, Parser},
    http::{envelope::Mirror, multipart::FormFile, openapi::WriteErrors},
    types::ids::ClientId,
    unit_of_work::{Answer, StoredAnswer, Write},
    uploads::{
        ingest::{
            self, DashboardInfo, Outcome, PoDetails, Purpose, ReadLine, Reading, Refusal, Saved, Sender,
            Session, Target, Upload,
        },
        intake as received,
    },
};

/// What is said of a file that nobody says whose it is.
const UNDECIDED: &str = "The client cannot be told from the file, in which neither the table of a purchase order (a row with \
    \"Description\" beside \"Qty\", \"Rate\" or \"Amount\") nor that of a proforma invoice was found; name it";

/// Upload a purchase-order file and make a client PO of it.
///
/// The file is stored in a session of its own, read, and saved with its lines, all or nothing. A file that is read but
/// cannot be saved (fields missing, the order exists already) is kept in its session, marked as failed; the error names
/// `file_id` and `session_id`, and for an order that exists `existing_client_po_id`.
#[utoipa::path(post, path = "/po/upload", tag = "uploads",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Mirror<Uploaded>), WriteErrors))]
pub(super) async fn upload_purchase_order(
    write: Write<Editor>,
    State(state): State<AppState>,
    request: Request,
) -> Result<StoredAnswer> {
    upload(write, &state, request).await
}

/// Upload a purchase-order file under the older path; the same as `/po/upload`.
#[utoipa::path(post, path = "/uploads/po/upload", tag = "uploads",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Mirror<Uploaded>), WriteErrors))]
pub(super) async fn upload_purchase_order_by_its_older_path(
    write: Write<Editor>,
    State(state): State<AppState>,
    request: Request,
) -> Result<StoredAnswer> {
    upload(write, &state, request).await
}

async fn upload(write: Write<Editor>, state: &AppState, request: Request) -> Result<StoredAnswer> {
    let (file, options): (_, UploadOptions) = received::receive(state, request).await?;
    let named = match options.client_id {
        Some(id) => Some(parser_of(state, id).await?),
        None => None,
    };
    let FormFile {
        filename, received, ..
    } = file;
    let layout = named.as_ref().map(|(_, parser)| parser.layout);
    let demands = Demands {
        layout,
        order: Completeness::Order,
        takes_any_kind: false,
    };
    let order = intake::read(state, filename, received, demands).await?;
    let (client_name, parser) = if let Some(named) = named {
        named
    } else if let Some(parser) = order.layout.and_then(Parser::of_layout) {
        parser_of(state, parser.client).await?
    } else {
        return Err(keep_undecided(write, state, &options, &order).await);
    };
    let target = Target {
        client: parser.client,
        client_name: &client_name,
        parser_type: parser.layout.parser_type(),
        project_id: options.project_id,
        project_name: options.project_name.as_ref(),
        is_revision: options.revision,
        description: parser.layout.upload_description(),
    };
    let upload = Upload::stage(
        state,
        Sender::new(write.caller()?, options.uploaded_by.as_deref()),
        Session::New { upload_type: "po" },
        Some(parser.client),
        if options.auto_save && order.parsed.is_ok() {
            Purpose::Order
        } else {
            Purpose::FileOnly
        },
        (&order.filename, order.kind, &order.received),
    )
    .await?;
    let mut uow = write.begin().await?;
    let reading = Reading::Done {
        parsed: &order.parsed,
        target: &target,
    };
    let outcome = upload.keep(&mut uow, state, reading).await?;
    let answer = match &outcome {
        Outcome::Refused(refusal) => {
            uow.commit_silent().await?;
            Err(refused(&upload, &target, refusal, &order.parsed))
        }
        Outcome::FileOnly => Ok(uow.commit(answer(&upload, &target, &order, None)).await?),
        Outcome::Saved(saved) => Ok(uow.commit(answer(&upload, &target, &order, Some(saved))).await?),
    };
    upload.publish(state, &outcome).await;
    answer
}

/// Keeps a file whose client nobody named and its content does not tell, marked as failed; the error of the request.
async fn keep_undecided(
    write: Write<Editor>,
    state: &AppState,
    options: &UploadOptions,
    order: &Order,
) -> Error {
    let faults = match &order.parsed {
        // That it cannot be read tells more than that it has no known layout either.
        Err(failure) => ingest::faults(failure),
        Ok(_) => vec![Fault::new("client_id", "missing", UNDECIDED)],
    };
    let kept = async {
        let upload = Upload::stage(
            state,
            Sender::new(write.caller()?, options.uploaded_by.as_deref()),
            Session::New { upload_type: "po" },
            None,
            Purpose::FileOnly,
            (&order.filename, order.kind, &order.received),
        )
        .await?;
        let mut uow = write.begin().await?;
        let outcome = upload.keep(&mut uow, state, Reading::Undecided(&faults)).await?;
        uow.commit_silent().await?;
        let error = upload.named_in(Error::invalid(faults.clone()));
        upload.publish(state, &outcome).await;
        Ok(error)
    };
    let error = match kept.await {
        Ok(error) | Err(error) => error,
    };
    if !matches!(error, Error::Invalid(_)) {
        return error;
    }
    failed(error, None, &order.parsed)
}

/// A client's name and the parser of its files.
async fn parser_of(state: &AppState, id: ClientId) -> Result<(String, Parser)> {
    let client = clients::store::find(&state.db, id)
        .await?
        .ok_or_else(|| Error::unknown_reference("client_id", "client"))?;
    let parser = Parser::of(&client)
        .ok_or_else(|| Error::invalid_field("client_id", "value_error", "No parser for this client"))?;
    Ok((client.name, parser))
}

fn answer(
    upload: &Upload,
    target: &Target<'_>,
    order: &Order,
    saved: Option<&Saved>,
) -> Answer<Mirror<Uploaded>> {
    let nothing = ParsedOrder::default();
    let read = order.parsed.as_ref().unwrap_or(&nothing);
    let (po, project, project_name) = match saved {
        Some(saved) => (Some(saved.po), saved.project, saved.project_name.clone()),
        None => (None, None, None),
    };
    let answer = Answer::ok(Mirror(Uploaded {
        parsing_status: "completed",
        file_id: upload.file_id.clone(),
        session_id: upload.session_id.clone(),
        client_id: target.client,
        client_name: target.client_name.to_owned(),
        parser_type: target.parser_type,
        po_details: PoDetails::from(read),
        line_items: read.lines.iter().map(ReadLine::from).collect(),
        line_item_count: read.lines.len(),
        client_po_id: po,
        project_id: project,
        project_name: project_name.clone(),
        original_filename: upload.filename.clone(),
        upload_timestamp: upload.now,
        warnings: read.warnings.clone(),
        error: None,
        dashboard_info: DashboardInfo {
            project_name,
            po_number: read.header.po_number.clone(),
            client_po_id: po,
            line_items_count: read.lines.len(),
        },
    }));
    match po {
        Some(po) => answer.at(format!("/api/po/{po}")),
        None => answer,
    }
}

/// What the client is told of a file that is kept and of which no PO was made.
fn refused(
    upload: &Upload,
    target: &Target<'_>,
    refusal: &Refusal,
    parsed: &Result<ParsedOrder, ParseFailure>,
) -> Error {
    let error = upload.named_in(refusal.to_error());
    if !matches!(error, Error::Invalid(_)) {
        return error;
    }
    failed(error, Some(target), parsed)
}

/// The error with what was found in the file, and for whom it was read if that is known.
fn failed(error: Error, target: Option<&Target<'_>>, parsed: &Result<ParsedOrder, ParseFailure>) -> Error {
    let order = match parsed {
        Ok(order) => order,
        Err(failure) => &*failure.partial,
    };
    error
        .with_extra("parse_status", json!("FAILED"))
        .with_extra("parsing_status", json!("failed"))
        .with_extra("client_id", json!(target.map(|target| target.client)))
        .with_extra("parser_type", json!(target.map(|target| target.parser_type)))
        .with_extra("po_details", json!(PoDetails::from(order)))
        .with_extra("warnings", json!(order.warnings))
}
