//! What a layout of purchase-order files is, and the list of those that are known.
//!
//! A layout is one module with one type that implements [`OrderLayout`], and one line in [`LAYOUTS`]. It never sees a file,
//! only what was read of one: a sheet as a grid of cells, or the lines of a PDF's pages. `docs/layouts.md` shows how one
//! is added.

use std::fmt;

use super::grid::Grid;
use super::inspect::FileKind;
use super::model::{ParseFailure, ParsedOrder};
use super::pdf::Page;
use super::{bajaj, proforma};

/// How well a content fits a layout. Where nobody says which layout a file has, the best fit decides, of equals the one
/// that stands first in [`LAYOUTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is not this layout, or nothing tells.
    No,
    /// It could be: what is found stands in other layouts, too.
    Possible,
    /// What is found is usual for this layout and rare in others.
    Likely,
    /// It says so itself.
    Certain,
}

/// One layout of purchase-order files: how it is told from others, and how an order is read in it.
///
/// Reading never refuses an order for what is missing or wrong in it: that becomes a finding of the order, tied to its
/// field, which the route refuses or turns into a warning. Only what cannot be read at all is a failure.
pub(super) trait OrderLayout: Sync {
    /// The layout's name on the wire, `parser_type`. No two layouts have the same.
    fn parser_type(&self) -> &'static str;

    /// What the row of a document says of a file that was uploaded by itself in this layout.
    fn upload_description(&self) -> &'static str;

    /// The kinds of files in which the layout comes. The methods for other kinds are never called.
    fn kinds(&self) -> &'static [FileKind];

    /// Whether the sheet has the layout's item table. The first such sheet is the one that is judged and read; where
    /// there is none, the first visible sheet is read, so that its findings say what is missing.
    fn has_table(&self, _sheet: &Grid) -> bool {
        false
    }

    /// How well a sheet with the layout's item table fits otherwise.
    fn fit_of_sheet(&self, _sheet: &Grid) -> Fit {
        Fit::No
    }

    /// Reads the order on a sheet.
    ///
    /// # Errors
    /// If it cannot be read at all.
    fn read_sheet(&self, _sheet: &Grid) -> Result<ParsedOrder, ParseFailure> {
        Err(ParseFailure::unreadable("the layout has no form as a workbook"))
    }

    /// How well the pages of a PDF fit.
    fn fit_of_pages(&self, _pages: &[Page]) -> Fit {
        Fit::No
    }

    /// Reads the order on the pages of a PDF.
    ///
    /// # Errors
    /// If it cannot be read at all.
    fn read_pages(&self, _pages: &[Page]) -> Result<ParsedOrder, ParseFailure> {
        Err(ParseFailure::unreadable("the layout has no form as a PDF"))
    }
}

/// The layouts that are known.
pub(super) const LAYOUTS: &[Layout] = &[Layout::PROFORMA_INVOICE, Layout::BAJAJ_ORDER];

/// A layout of purchase-order files.
#[derive(Clone, Copy)]
pub struct Layout(&'static dyn OrderLayout);

impl Layout {
    /// A Bajaj purchase order.
    pub const BAJAJ_ORDER: Self = Self(&bajaj::BajajOrder);
    /// A proforma invoice of Dava India's vendors.
    pub const PROFORMA_INVOICE: Self = Self(&proforma::ProformaInvoice);

    /// The layout's name in answers.
    pub fn parser_type(self) -> &'static str {
        self.0.parser_type()
    }

    /// What the row of a document says of a file that was uploaded by itself in this layout.
    pub fn upload_description(self) -> &'static str {
        self.0.upload_description()
    }

    /// Whether files of this kind can be read in this layout.
    pub fn reads(self, kind: FileKind) -> bool {
        self.0.kinds().contains(&kind)
    }

    pub(super) fn rules(self) -> &'static dyn OrderLayout {
        self.0
    }
}

impl PartialEq for Layout {
    fn eq(&self, other: &Self) -> bool {
        self.parser_type() == other.parser_type()
    }
}

impl Eq for Layout {}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Layout").field(&self.parser_type()).finish()
    }
}

/// The layout that fits best, given how well each does.
pub(super) fn best(fits: impl IntoIterator<Item = (Layout, Fit)>) -> Option<Layout> {
    let fits = fits.into_iter().filter(|(_, fit)| *fit > Fit::No);
    // Of equals the first, where `max_by_key` would take the last.
    let best = fits.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(layout, _)| layout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_layouts_have_one_name() {
        for (index, layout) in LAYOUTS.iter().enumerate() {
            assert!(
                LAYOUTS.iter().skip(index + 1).all(|other| other != layout),
                "{layout:?}"
            );
        }
    }

    #[test]
    fn the_best_fit_decides_and_of_equals_the_first() {
        let (order, invoice) = (Layout::BAJAJ_ORDER, Layout::PROFORMA_INVOICE);

        assert_eq!(best([(order, Fit::No), (invoice, Fit::No)]), None);
        assert_eq!(
            best([(order, Fit::Likely), (invoice, Fit::Possible)]),
            Some(order)
        );
        assert_eq!(
            best([(order, Fit::Likely), (invoice, Fit::Certain)]),
            Some(invoice)
        );
        assert_eq!(best([(order, Fit::Likely), (invoice, Fit::Likely)]), Some(order));
    }
}
