//! One file becomes rows: a file in a session, and, where it is an order that can be saved, a client PO with its lines, its
//! project, vendor and site, and a document. All of them in the caller's unit of work, all or nothing.
//!
//! Every route that takes purchase-order files goes through here, in four steps:
//!
//! 1. [`Upload::stage`] stores a received file under a name that no row has yet, and as a document too if a PO is to be made
//!    of it ([`Purpose`]); nothing is written to the database.
//! 2. The caller begins its unit of work. One that puts the file into a session that exists locks that session first.
//! 3. [`Upload::keep`] writes. It is given a [`Session`] (a new one, or one that exists) and a [`Reading`]: what was read of
//!    the file, and for whom a PO is to be made of it ([`Target`]). It says what has become of the file ([`Outcome`]):
//!    - `Saved`: a PO was made, or one that exists took the order's figures; file row, document and PO are written.
//!    - `FileOnly`: no PO was to be made of it; the file row is written.
//!    - `Refused`: the file could not be read as an order, or the order cannot be saved. The file row is written, marked as
//!      failed; of the order nothing is left: no PO, no project, no vendor, no site.
//! 4. The caller commits, a refusal too, and then calls [`Upload::publish`], which gives the stored bytes their places.
//!
//! In a session of its own a file is kept only as evidence of what could be an order one day: a request that contradicts
//! itself (a project of another client, a revision of nothing) is an error of [`Upload::keep`], and the caller lets the unit
//! of work go. In a session that exists the upload is done whatever becomes of the order, so that this is a refusal too. A
//! fault of ours is always an error.
//!
//! A file counts for its sender's upload quota as soon as it is kept, once, however many rows it makes.

mod paper;
mod save;
mod upload;

use serde_json::{Map, Value};

pub(super) use paper::{DashboardInfo, PoDetails, ReadLine};
pub(super) use upload::{Purpose, Sender, Upload, session_id};

use crate::{
    documents::{ParseFailure, ParsedOrder},
    error::{Error, Fault},
    types::{
        Money, Text,
        ids::{ClientId, ClientPoId, DocumentId, ProjectId},
    },
};

/// The session that the file is put into.
#[derive(Debug)]
pub(super) enum Session {
    /// One that is opened for it.
    New {
        /// Its `metadata.upload_type`.
        upload_type: &'static str,
    },
    /// One that exists and takes files; the caller has made sure of that under its lock.
    Existing {
        /// Its id.
        session_id: String,
        /// What else the file's `metadata` says, such as its category.
        metadata: Map<String, Value>,
        /// The PO number that the file was sent with; that of its order wins.
        po_number: Option<String>,
    },
}

/// For whom a PO is to be made, and where it is to go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    /// Whose order it is.
    pub(super) client: ClientId,
    /// That client's name.
    pub(super) client_name: &'a str,
    /// The parser that has read the file, as answers and rows name it.
    pub(super) parser_type: &'static str,
    /// The project; must exist and be no other client's.
    pub(super) project_id: Option<ProjectId>,
    /// Its name instead; made if there is none. Without both, the store or site on the paper names the project.
    pub(super) project_name: Option<&'a Text<255>>,
    /// Whether a PO that exists already takes the figures of this order.
    pub(super) is_revision: bool,
    /// What the document's row says it is.
    pub(super) description: &'static str,
}

/// What was read of the file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reading<'a> {
    /// Nothing: nobody asked for it.
    Skipped,
    /// It is in no layout that is known, or cannot be read, and nobody said whose it is: what is wrong with it.
    Undecided(&'a [Fault]),
    /// An order, or why it is none.
    Done {
        /// As [`intake`](super::po::intake) reads it, with everything that the route insists on.
        parsed: &'a Result<ParsedOrder, ParseFailure>,
        /// For whom.
        target: &'a Target<'a>,
    },
}

/// What has become of the file in the open unit of work.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A PO.
    Saved(Saved),
    /// Nothing but the file, as was asked for.
    FileOnly,
    /// Nothing but the file, and why.
    Refused(Refusal),
}

/// The PO that was made, or that took the order's figures.
#[derive(Debug, Clone)]
pub(super) struct Saved {
    /// The PO.
    pub(super) po: ClientPoId,
    /// What it is worth, tax included.
    pub(super) value: Money,
    /// Its project.
    pub(super) project: Option<ProjectId>,
    /// That project's name.
    pub(super) project_name: Option<String>,
    /// The document that holds the file.
    pub(super) document: DocumentId,
}

/// Why nothing was made of a file that is kept.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It could not be read as an order.
    Unread(Vec<Fault>),
    /// Its order exists already.
    Duplicate {
        /// One sentence that names it.
        message: String,
        /// The PO.
        existing: ClientPoId,
    },
    /// A figure of it does not fit into the books.
    Unfit(Vec<Fault>),
    /// The request contradicts itself or what is there; only in a session that exists.
    Contradicted(String),
}

impl Refusal {
    /// Everything that is wrong, in one line separated by semicolons.
    pub(super) fn summary(&self) -> String {
        match self {
            Self::Unread(faults) | Self::Unfit(faults) => {
                let messages: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
                messages.join("; ")
            }
            Self::Duplicate { message, .. } | Self::Contradicted(message) => message.clone(),
        }
    }

    /// The same as an error of the request; one that is about an existing PO names it.
    pub(super) fn to_error(&self) -> Error {
        match self {
            Self::Unread(faults) | Self::Unfit(faults) => Error::invalid(faults.clone()),
            Self::Contradicted(message) => Error::conflict(message.clone()),
            Self::Duplicate { message, existing } => Error::conflict(message.clone())
                .with_extra("existing_client_po_id", serde_json::json!(existing)),
        }
    }
}

impl From<&ParseFailure> for Refusal {
    fn from(failure: &ParseFailure) -> Self {
        Self::Unread(faults(failure))
    }
}

/// What is wrong with a file that could not be read as an order.
pub(super) fn faults(failure: &ParseFailure) -> Vec<Fault> {
    let faults = failure.findings.iter().map(|finding| {
        Fault::new(
            finding.field.clone(),
            finding.kind.as_str(),
            finding.message.clone(),
        )
    });
    faults.collect()
}
