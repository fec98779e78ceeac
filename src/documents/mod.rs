//! Parsers of purchase-order files.
//!
//! Pure functions from a file to a [`ParsedOrder`]: no database, no clock. What a file is tells [`inspect()`], from its name
//! and its content together; [`read_order`] reads it in the [`Layout`] that is named or in the one that fits. Where the
//! figures come from, in the order of reading:
//!
//! - `archive`, `compound`, `biff`: guards that run before a workbook reader opens a file. They bound time and memory, whatever
//!   the bytes are.
//! - `sheets`, `grid`: the workbook as plain grids of cells. Numbers come as exact decimals.
//! - `pdf`: the text of a PDF as lines with places, within bounds.
//! - `layout`: what a layout is, and the list of those that are known; `order`, `workbook`: a file given to the one that
//!   fits. Another layout is one more module, see `docs/layouts.md`.
//! - `proforma`, `bajaj` with `bajaj_head`, `bajaj_pdf`: the layouts, made of the parts that follow.
//! - `labels`, `header_labels`, `header`, `store`: label/value pairs, the parties, numbers and dates among them, the store's code.
//! - `table` with `column_titles`, `table_row`, `items`, `lines`: the item table and its columns, its rows cut into items, the
//!   figures of each line with `remarks` on them; `tax_rates`, `discounts`, `quantities` and `part_amounts` know what stands
//!   in such columns, `reprints` which rows are printed twice.
//! - `total_labels`, `printed_totals`, `charges`, `summary`, `share_tax`: the totals below the table and between its items,
//!   what stands beside them and changes them, what completes them; a tax that is printed once, shared over the lines.
//! - `requirements`: what a route insists on. Parsers refuse only what cannot be read at all; everything else they find
//!   is a finding, which a route refuses or turns into a warning.
//!
//! A file is read through `Read + Seek` and never taken into memory whole, except for an `.xls` or a PDF, which are bounded.
//! Reading blocks: call it on a thread that may.

mod archive;
mod bajaj;
mod bajaj_head;
mod bajaj_pdf;
mod biff;
mod charges;
mod column_titles;
mod compound;
mod discounts;
#[cfg(test)]
mod example_layout;
mod grid;
mod header;
mod header_labels;
mod inspect;
mod items;
mod labels;
mod layout;
mod lines;
mod model;
mod order;
mod part_amounts;
mod pdf;
#[cfg(test)]
#[path = "../../tests/it/support/pdf.rs"]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "shared with the integration tests"
)]
mod pdf_writer;
mod printed_totals;
mod proforma;
mod quantities;
mod remarks;
mod reprints;
mod requirements;
mod share_tax;
mod sheets;
mod store;
mod summary;
mod table;
mod table_row;
mod tax_rates;
mod text;
mod total_labels;
mod workbook;

pub use inspect::{ALLOWED_EXTENSIONS, FileKind, InspectError, inspect, safe_filename};
pub use layout::Layout;
pub use model::{Finding, FindingKind, OrderHeader, ParseFailure, ParsedLine, ParsedOrder, Totals};
pub use order::{NoOrderKind, OrderReading, read_order};
pub use requirements::{require_for_po_upload, require_for_proforma_upload};
pub use share_tax::share_tax;
