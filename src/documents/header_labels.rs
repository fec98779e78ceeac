//! What the labels of a proforma invoice's header mean.

use super::labels::Words;

/// What a label names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    VendorName,
    VendorAddress,
    VendorGstin,
    ClientName,
    BillToAddress,
    BillToGstin,
    ShipToName,
    ShipToAddress,
    PoNumber,
    PoDate,
    PiNumber,
    PiDate,
    SiteName,
}

impl Field {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::VendorName => "vendor name",
            Self::VendorAddress => "vendor address",
            Self::VendorGstin => "vendor GSTIN",
            Self::ClientName => "client name",
            Self::BillToAddress => "bill-to address",
            Self::BillToGstin => "bill-to GSTIN",
            Self::ShipToName => "ship-to name",
            Self::ShipToAddress => "ship-to address",
            Self::PoNumber => "PO number",
            Self::PoDate => "PO date",
            Self::PiNumber => "PI number",
            Self::PiDate => "PI date",
            Self::SiteName => "site name",
        }
    }
}

/// A party whose details stand together in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    Vendor,
    BillTo,
    ShipTo,
}

/// A label's meaning before it is known which block it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Exact(Field),
    /// The field, unless a more exact label names it too.
    Loose(Field),
    /// A name, address or GSTIN without a party: it belongs to the block above.
    Name,
    Address,
    Gstin,
    /// A date without a subject.
    Date,
}

impl Meaning {
    pub(super) fn of(words: &Words) -> Option<Self> {
        if words.has_any(&["DATE", "DATED"]) {
            return Self::of_date(words);
        }
        Self::of_number(words)
            .or_else(|| Self::of_party(words))
            .or_else(|| {
                let is_gstin = words.has_any(&["GSTIN", "GST"]);
                if words.are_among(&["GSTIN", "GST", "UIN", "NO", "NUMBER", "#"]) && is_gstin {
                    Some(Self::Gstin)
                } else if words.are(&["NAME"]) || words.are(&["COMPANY", "NAME"]) {
                    Some(Self::Name)
                } else if words.are(&["ADDRESS"]) || words.are(&["ADD"]) || words.are(&["ADDR"]) {
                    Some(Self::Address)
                } else if words.are(&["SITE", "NAME"]) || words.are(&["LOCATION", "NAME"]) {
                    Some(Self::Exact(Field::SiteName))
                } else {
                    None
                }
            })
    }

    fn of_date(words: &Words) -> Option<Self> {
        // "PI No & Date" names two values in one cell, of which neither can be told from the other.
        if words.has_any(&[
            "DELIVERY", "DUE", "VALID", "VALIDITY", "PAYMENT", "NO", "NUMBER", "#",
        ]) {
            None
        } else if words.has_any(&["PI", "INVOICE", "PROFORMA"]) {
            Some(Self::Exact(Field::PiDate))
        } else if words.has_any(&["PO", "ORDER"]) {
            Some(Self::Exact(Field::PoDate))
        } else {
            (words.are(&["DATE"]) || words.are(&["DATED"])).then_some(Self::Date)
        }
    }

    fn of_number(words: &Words) -> Option<Self> {
        let is_number = words.has_any(&["NO", "NOS", "NUMBER", "#"]);
        let is_reference = words.has_any(&["REF", "REFERENCE"]);
        if words.has("PO") && (is_number || is_reference) || words.has("ORDER") && is_number {
            (!words.has("DELIVERY")).then_some(Self::Exact(Field::PoNumber))
        } else if is_number && words.has_any(&["PI", "INVOICE", "PROFORMA"]) {
            Some(Self::Exact(Field::PiNumber))
        } else if is_reference && (is_number || words.has_any(&["CLIENT", "CLIENTS"])) {
            Some(Self::Loose(Field::PoNumber))
        } else {
            None
        }
    }

    fn of_party(words: &Words) -> Option<Self> {
        const NAMES: &[&str] = &[
            "NAME", "CO", "COMPANY", "DETAILS", "DETAIL", "PARTY", "OF", "THE", "MS", "TO",
        ];
        const OWN: &[&str] = &[
            "VENDOR",
            "VENDORS",
            "SUPPLIER",
            "SUPPLIERS",
            "BILL",
            "BILLED",
            "BILLING",
            "BUYER",
            "BUYERS",
            "CLIENT",
            "CLIENTS",
            "SHIP",
            "SHIPPED",
            "SHIPPING",
        ];
        let party = if words.has_any(&["VENDOR", "VENDORS", "SUPPLIER", "SUPPLIERS"]) {
            Party::Vendor
        } else if words.has_any(&["BILL", "BILLED"]) && words.has("TO")
            || words.has_any(&["BILLING", "BUYER", "BUYERS", "CLIENT", "CLIENTS"])
        {
            Party::BillTo
        } else if words.has_any(&["SHIP", "SHIPPED"]) && words.has("TO") || words.has("SHIPPING") {
            Party::ShipTo
        } else {
            return None;
        };
        let is_name = words
            .iter()
            .all(|word| NAMES.contains(&word) || OWN.contains(&word));
        if words.has_any(&["ADDRESS", "ADD", "ADDR"]) {
            Some(Self::Exact(party.address()))
        } else if words.has_any(&["GSTIN", "GST"]) || words.has("TAX") && party == Party::Vendor {
            party.gstin().map(Self::Exact)
        } else if is_name && party == Party::Vendor && !words.has_any(&["NAME", "CO", "COMPANY"]) {
            Some(Self::Loose(Field::VendorName))
        } else {
            is_name.then_some(Self::Exact(party.name()))
        }
    }

    /// The party whose block starts at such a label.
    pub(super) fn heading(self) -> Option<Party> {
        match self {
            Self::Exact(Field::VendorName) | Self::Loose(Field::VendorName) => Some(Party::Vendor),
            Self::Exact(Field::ClientName) => Some(Party::BillTo),
            Self::Exact(Field::ShipToName) => Some(Party::ShipTo),
            _ => None,
        }
    }
}

impl Party {
    pub(super) fn name(self) -> Field {
        match self {
            Self::Vendor => Field::VendorName,
            Self::BillTo => Field::ClientName,
            Self::ShipTo => Field::ShipToName,
        }
    }

    pub(super) fn address(self) -> Field {
        match self {
            Self::Vendor => Field::VendorAddress,
            Self::BillTo => Field::BillToAddress,
            Self::ShipTo => Field::ShipToAddress,
        }
    }

    pub(super) fn gstin(self) -> Option<Field> {
        match self {
            Self::Vendor => Some(Field::VendorGstin),
            Self::BillTo => Some(Field::BillToGstin),
            Self::ShipTo => None,
        }
    }
}
