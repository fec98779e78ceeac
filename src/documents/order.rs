//! A file of any kind read as an order, in the layout that is named or in the one that fits.

use std::io::{Read, Seek};

use super::inspect::FileKind;
use super::layout::{self, LAYOUTS, Layout};
use super::model::{ParseFailure, ParsedOrder};
use super::pdf;
use super::workbook::Workbook;

/// What became of a file that was read as an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderReading {
    /// The layout that was named, else the one that fits; `None` if nobody named one and none fits, or a file cannot be
    /// read at all that could have several.
    pub layout: Option<Layout>,
    /// The order; an empty one if no layout fits.
    pub order: Result<ParsedOrder, ParseFailure>,
}

/// A kind of file that holds no order, or none in the layout that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoOrderKind {
    /// Comma-separated values have lost what tells a label from a value.
    #[error("CSV cannot be parsed; upload the PDF or Excel original")]
    Csv,
    /// Any other kind.
    #[error(
        "A \"{}\" file cannot be parsed{}; upload the original ({})",
        kind.extension(), purpose(*.layout), extensions(*.layout)
    )]
    Other {
        /// The kind.
        kind: FileKind,
        /// The layout that was asked for.
        layout: Option<Layout>,
    },
}

/// The kinds in which orders come.
const KINDS: [FileKind; 3] = [FileKind::Pdf, FileKind::Xlsx, FileKind::Xls];

fn is_read(kind: FileKind, layout: Option<Layout>) -> bool {
    match layout {
        Some(layout) => layout.reads(kind),
        None => LAYOUTS.iter().any(|layout| layout.reads(kind)),
    }
}

fn extensions(layout: Option<Layout>) -> String {
    let kinds = KINDS.into_iter().filter(|kind| is_read(*kind, layout));
    kinds.map(FileKind::extension).collect::<Vec<_>>().join(", ")
}

fn purpose(layout: Option<Layout>) -> String {
    layout.map_or_else(String::new, |layout| {
        format!(" as a document of type \"{}\"", layout.parser_type())
    })
}

/// Reads a file as an order. This may take seconds for a large one: call it on a thread that may block.
///
/// # Errors
/// If files of this kind hold no orders, or none in the layout that is named. What is wrong with the file itself is in
/// what is returned.
pub fn read_order(
    file: &mut (impl Read + Seek),
    kind: FileKind,
    named: Option<Layout>,
) -> Result<OrderReading, NoOrderKind> {
    let candidates = || LAYOUTS.iter().copied().filter(|layout| layout.reads(kind));
    if !is_read(kind, named) {
        return Err(match kind {
            FileKind::Csv => NoOrderKind::Csv,
            kind => NoOrderKind::Other { kind, layout: named },
        });
    }
    let reading = if kind.is_workbook() {
        Workbook::read(file, kind).map(|book| {
            let layout = named.or_else(|| book.layout());
            (layout, layout.map(|layout| book.parse(layout)))
        })
    } else {
        pdf::read(file).map(|pages| {
            let fits = candidates().map(|layout| (layout, layout.rules().fit_of_pages(&pages)));
            let layout = named.or_else(|| layout::best(fits));
            (layout, layout.map(|layout| layout.rules().read_pages(&pages)))
        })
    };
    Ok(match reading {
        Ok((layout, order)) => OrderReading {
            layout,
            order: order.unwrap_or_else(|| Ok(ParsedOrder::default())),
        },
        // Where only one layout comes in such files, it is that one, so that it can be told whose file is broken.
        Err(failure) => OrderReading {
            layout: named.or_else(|| only(candidates())),
            order: Err(failure),
        },
    })
}

fn only(mut layouts: impl Iterator<Item = Layout>) -> Option<Layout> {
    layouts.next().filter(|_| layouts.next().is_none())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_kind_without_orders_is_refused_with_what_can_be_read() {
        let refusal = |kind, layout| {
            read_order(&mut Cursor::new(b""), kind, layout)
                .unwrap_err()
                .to_string()
        };

        assert_eq!(
            refusal(FileKind::Csv, None),
            "CSV cannot be parsed; upload the PDF or Excel original"
        );
        assert_eq!(
            refusal(FileKind::Png, None),
            "A \"png\" file cannot be parsed; upload the original (pdf, xlsx, xls)"
        );
        assert_eq!(
            refusal(FileKind::Pdf, Some(Layout::PROFORMA_INVOICE)),
            "A \"pdf\" file cannot be parsed as a document of type \"proforma_invoice\"; \
             upload the original (xlsx, xls)"
        );
    }

    #[test]
    fn a_broken_file_keeps_the_layout_that_was_named() {
        let read = |kind, layout| read_order(&mut Cursor::new(b"PK"), kind, layout).unwrap();
        let bajaj = Some(Layout::BAJAJ_ORDER);

        assert_eq!(read(FileKind::Xlsx, None).layout, None);
        assert_eq!(read(FileKind::Xlsx, bajaj).layout, bajaj);
        assert!(read(FileKind::Xlsx, None).order.is_err());
        // There is only one layout of PDFs.
        assert_eq!(read(FileKind::Pdf, None).layout, bajaj);
    }
}
