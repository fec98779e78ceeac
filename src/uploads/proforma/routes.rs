//! The handler of one proforma invoice.

use axum::extract::{Request, State};
use serde_json::json;

use super::model::{InvoiceForm, InvoiceOptions, InvoiceUploaded, ParsedData};
use crate::{
    app::AppState,
    auth::Editor,
    documents::{Layout, ParseFailure, ParsedOrder},
    error::{Error, Result},
    finance::clients,
    http::{envelope::Mirror, multipart::FormFile, openapi::WriteErrors},
    unit_of_work::{Answer, StoredAnswer, Write},
    uploads::{
        ingest::{DashboardInfo, Outcome, Purpose, Reading, Refusal, Saved, Sender, Session, Target, Upload},
        intake as received,
        po::intake::{self, Completeness, Demands},
    },
};

/// Upload a proforma invoice and make a client PO of it.
///
/// For any client. The invoice has to be complete: parties with GSTINs, number, date, items with quantity and rate, and a
/// total that the items give to half a percent. What is missing is named, each thing in `errors` and in `validation_errors`,
/// beside what was read, `parsed_data`; the file stays in its session, marked as failed. 409 names a PO that exists already,
/// `existing_client_po_id`; with `revision` that PO takes the figures of this file.
#[utoipa::path(post, path = "/proforma-invoice/upload", tag = "uploads",
    request_body(content = InvoiceForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Mirror<InvoiceUploaded>), WriteErrors))]
pub(super) async fn upload_proforma_invoice(
    write: Write<Editor>,
    State(state): State<AppState>,
    request: Request,
) -> Result<StoredAnswer> {
    let (file, options): (_, InvoiceOptions) = received::receive(&state, request).await?;
    let client = clients::store::find(&state.db, options.client_id)
        .await?
        .ok_or_else(|| Error::unknown_reference("client_id", "client"))?;
    let FormFile {
        filename, received, ..
    } = file;
    let demands = Demands {
        layout: Some(Layout::PROFORMA_INVOICE),
        order: Completeness::Invoice,
        takes_any_kind: false,
    };
    let order = intake::read(&state, filename, received, demands).await?;
    let upload = Upload::stage(
        &state,
        Sender::new(write.caller()?, options.uploaded_by.as_deref()),
        Session::New {
            upload_type: "proforma_invoice",
        },
        Some(client.id),
        Purpose::of(&order.parsed),
        (&order.filename, order.kind, &order.received),
    )
    .await?;
    let target = Target {
        client: client.id,
        client_name: &client.name,
        parser_type: Layout::PROFORMA_INVOICE.parser_type(),
        project_id: options.project_id,
        project_name: options.project_name.as_ref(),
        is_revision: options.revision,
        description: Layout::PROFORMA_INVOICE.upload_description(),
    };
    let mut uow = write.begin().await?;
    let reading = Reading::Done {
        parsed: &order.parsed,
        target: &target,
    };
    let outcome = upload.keep(&mut uow, &state, reading).await?;
    let answer = match (&outcome, &order.parsed) {
        (Outcome::Saved(saved), Ok(read)) => Ok(uow.commit(answer(&upload, saved, read)).await?),
        (Outcome::Refused(refusal), parsed) => {
            uow.commit_silent().await?;
            Err(refused(&upload, refusal, parsed))
        }
        _ => {
            return Err(Error::internal(anyhow::anyhow!(
                "an invoice that was read became neither a PO nor a refusal"
            )));
        }
    };
    upload.publish(&state, &outcome).await;
    answer
}

fn answer(upload: &Upload, saved: &Saved, read: &ParsedOrder) -> Answer<Mirror<InvoiceUploaded>> {
    let lines = read.lines.len();
    let noun = if lines == 1 { "item" } else { "items" };
    Answer::ok(Mirror(InvoiceUploaded {
        client_po_id: saved.po,
        project_name: saved.project_name.clone(),
        project_id: saved.project,
        po_number: read.header.po_number.clone(),
        pi_number: read.header.pi_number.clone(),
        parsed_data: ParsedData::from(read),
        line_item_count: lines,
        message: format!("Proforma Invoice uploaded and parsed. {lines} line {noun} created."),
        dashboard_info: DashboardInfo {
            project_name: saved.project_name.clone(),
            po_number: read.header.po_number.clone(),
            client_po_id: Some(saved.po),
            line_items_count: lines,
        },
        file_id: upload.file_id.clone(),
        session_id: upload.session_id.clone(),
    }))
    .at(format!("/api/po/{}", saved.po))
}

/// What the client is told of a file that is kept and of which no PO was made.
fn refused(upload: &Upload, refusal: &Refusal, parsed: &Result<ParsedOrder, ParseFailure>) -> Error {
    let read = match parsed {
        Ok(order) => order,
        Err(failure) => &*failure.partial,
    };
    let error = upload.named_in(refusal.to_error());
    let Error::Invalid(invalid) = &error else {
        return error;
    };
    let messages: Vec<&str> = invalid
        .faults
        .iter()
        .map(|fault| fault.message.as_str())
        .collect();
    let messages = json!(messages);
    error
        .with_extra("parsed_data", json!(ParsedData::from(read)))
        .with_extra("validation_errors", messages)
}
