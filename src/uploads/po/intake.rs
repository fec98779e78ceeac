//! Looks at a received file and reads it as an order, off the async threads and within bounds.

use std::{fs::File, io::BufReader};

use crate::{
    app::AppState,
    documents::{self, FileKind, Layout, ParseFailure, ParsedOrder},
    error::{Error, Result},
    uploads::{intake, storage::Received},
};

/// A file that is what its name says, and what could be read of it.
#[derive(Debug)]
pub(in crate::uploads) struct Order {
    /// The file's name, made safe.
    pub(in crate::uploads) filename: String,
    pub(in crate::uploads) kind: FileKind,
    pub(in crate::uploads) received: Received,
    /// The layout that it was read in; `None` if nobody named one and none fits, or the file cannot be read at all.
    pub(in crate::uploads) layout: Option<Layout>,
    pub(in crate::uploads) parsed: Result<ParsedOrder, ParseFailure>,
}

/// What is asked of a file.
#[derive(Debug, Clone, Copy)]
pub(in crate::uploads) struct Demands {
    /// The layout of its client; without one the file's own decides.
    pub(in crate::uploads) layout: Option<Layout>,
    /// What an order must have.
    pub(in crate::uploads) order: Completeness,
    /// Whether a file of a kind that cannot be read is no error, but an order that could not be read.
    pub(in crate::uploads) takes_any_kind: bool,
}

/// What an order must have to be saved.
#[derive(Debug, Clone, Copy)]
pub(in crate::uploads) enum Completeness {
    /// A number and items; everything else that is amiss becomes a warning.
    Order,
    /// Everything that a proforma invoice has.
    Invoice,
}

/// Reads a file in the layout of its client, or in the one that fits.
///
/// # Errors
/// `Invalid` if the file is empty, nameless or an unsafe archive, `UnsupportedMediaType` if it is of no kind that can be
/// read; a file that is read but is no complete order is not an error here.
pub(in crate::uploads) async fn read(
    state: &AppState,
    filename: String,
    received: Received,
    demands: Demands,
) -> Result<Order> {
    let name = intake::safe_name(&filename)?;
    let kind = intake::kind(state, &name, &received).await?;
    let file = received.open().map_err(Error::storage)?;
    let reading = state.parsers.read(file, move |file| parse(file, kind, demands));
    // One that takes too long is a file that cannot be read, as others are.
    let (layout, parsed) = match reading.await? {
        Some(read) => read?,
        None => (
            demands.layout,
            Err(ParseFailure::unreadable(intake::TOO_LONG.to_owned())),
        ),
    };
    Ok(Order {
        filename: name,
        kind,
        received,
        layout,
        parsed,
    })
}

type Read = (Option<Layout>, Result<ParsedOrder, ParseFailure>);

fn parse(mut file: BufReader<File>, kind: FileKind, demands: Demands) -> Result<Read> {
    let reading = match documents::read_order(&mut file, kind, demands.layout) {
        Ok(reading) => reading,
        Err(reason) if demands.takes_any_kind => {
            return Ok((demands.layout, Err(ParseFailure::unreadable(reason.to_string()))));
        }
        Err(reason) => return Err(Error::UnsupportedMediaType(reason.to_string().into())),
    };
    let parsed = match reading.layout {
        Some(_) => reading.order.and_then(|order| complete(order, demands.order)),
        None => reading.order,
    };
    Ok((reading.layout, parsed))
}

/// What an order must have, with a tax that is printed once shared over its lines.
fn complete(order: ParsedOrder, demand: Completeness) -> Result<ParsedOrder, ParseFailure> {
    let mut order = match demand {
        Completeness::Order => documents::require_for_po_upload(order)?,
        Completeness::Invoice => documents::require_for_proforma_upload(order)?,
    };
    documents::share_tax(&mut order);
    Ok(order)
}
