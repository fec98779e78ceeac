//! Looks at a received file and reads it as an order, off the async threads and within bounds.

use std::{fs::File, io::BufReader};

use crate::{
    app::AppState,
    documents::{self, FileKind, Layout, ParseFailure, ParsedOrder, Workbook},
    error::{Error, Result},
    uploads::{intake, storage::Received},
};

/// A file that is what its name says, and what could be read of it.
#[derive(Debug)]
pub(super) struct Order {
    /// The file's name, made safe.
    pub(super) filename: String,
    pub(super) kind: FileKind,
    pub(super) received: Received,
    /// The layout that it was read in; `None` if nobody named one and none fits.
    pub(super) layout: Option<Layout>,
    pub(super) parsed: Result<ParsedOrder, ParseFailure>,
}

/// Reads a file in the layout of its client, or in the one that fits.
///
/// # Errors
/// `Invalid` if the file is empty, nameless or an unsafe archive, `UnsupportedMediaType` if it is of no kind that can be
/// read; a file that is read but is no complete order is not an error here.
pub(super) async fn read(
    state: &AppState,
    filename: String,
    received: Received,
    layout: Option<Layout>,
) -> Result<Order> {
    let name = intake::safe_name(&filename)?;
    let name_on_thread = name.clone();
    let (kind, layout, parsed) = intake::off_the_async_threads(state, &received, move |file| {
        look_at(&name_on_thread, file, layout)
    })
    .await?;
    Ok(Order {
        filename: name,
        kind,
        received,
        layout,
        parsed,
    })
}

type Read = (FileKind, Option<Layout>, Result<ParsedOrder, ParseFailure>);

fn look_at(name: &str, mut file: BufReader<File>, named: Option<Layout>) -> Result<Read> {
    let kind = intake::kind_of(name, &mut file)?;
    if !kind.is_workbook() {
        return Err(unsupported(kind));
    }
    let book = match Workbook::read(&mut file, kind) {
        Ok(book) => book,
        Err(failure) => return Ok((kind, named, Err(failure))),
    };
    let layout = named.or_else(|| book.layout());
    let parsed = match layout {
        Some(layout) => book.parse(layout).and_then(complete),
        // Without a layout there is no client either, so that nobody looks at this.
        None => Ok(ParsedOrder::default()),
    };
    Ok((kind, layout, parsed))
}

/// What an order must have, with a tax that is printed once shared over its lines.
fn complete(order: ParsedOrder) -> Result<ParsedOrder, ParseFailure> {
    let mut order = documents::require_for_po_upload(order)?;
    documents::share_tax(&mut order);
    Ok(order)
}

fn unsupported(kind: FileKind) -> Error {
    Error::UnsupportedMediaType(match kind {
        FileKind::Csv => "CSV cannot be parsed; upload the PDF or Excel original".into(),
        kind => format!(
            "A \"{}\" file cannot be parsed; upload the Excel original (xlsx, xls)",
            kind.extension()
        )
        .into(),
    })
}
