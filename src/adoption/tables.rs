//! What is known of the predecessor's schema: its tables, which of their columns hold money, and how the description of a
//! table is carried from a source into the target without executing a word of the source.

use super::dates::Keeps;
use crate::postgres::sql::{identifier, literal, qualified};

/// The predecessor's tables, parents first; nothing else of a source is read.
pub(super) const TABLES: [&str; 21] = [
    "client",
    "project",
    "site",
    "vendor",
    "user",
    "client_po",
    "client_po_line_item",
    "po_project_mapping",
    "client_payment",
    "vendor_order",
    "vendor_order_line_item",
    "vendor_payment",
    "payment_vendor_link",
    "billing_po",
    "billing_po_line_item",
    "quotation",
    "quotation_line_item",
    "project_document",
    "upload_session",
    "upload_file",
    "upload_stats",
];

/// The columns that hold rupees, in any of the shapes.
pub(super) const MONEY: [(&str, &[&str]); 11] = [
    (
        "client_po",
        &[
            "po_value",
            "receivable_amount",
            "subtotal",
            "cgst",
            "sgst",
            "igst",
            "total_tax",
        ],
    ),
    (
        "client_po_line_item",
        &["total_price", "gst_amount", "gross_amount"],
    ),
    ("client_payment", &["amount", "tds_amount"]),
    ("vendor_order", &["po_value", "amount", "final_po_value"]),
    ("vendor_order_line_item", &["total_price", "amount"]),
    ("vendor_payment", &["amount"]),
    ("payment_vendor_link", &["amount_allocated"]),
    (
        "billing_po",
        &["amount", "billed_value", "billed_gst", "billed_total"],
    ),
    ("billing_po_line_item", &["amount", "total"]),
    ("quotation", &["total_amount", "subtotal", "total_gst"]),
    ("quotation_line_item", &["gst_amount", "total"]),
];

/// Where a column that an old shape lacks takes its money from.
pub(super) const TAKEN_FROM: [(&str, &str, &str); 4] = [
    ("vendor_order", "po_value", "amount"),
    ("vendor_order_line_item", "total_price", "amount"),
    ("billing_po", "billed_value", "amount"),
    ("billing_po_line_item", "total", "amount"),
];

/// The columns whose presence and type tell the shapes apart.
pub(super) const SHAPE: [(&str, &str); 12] = [
    ("billing_po", "id"),
    ("billing_po", "amount"),
    ("billing_po_line_item", "description"),
    ("billing_po_line_item", "item_description"),
    ("vendor_order", "amount"),
    ("vendor_order", "po_value"),
    ("vendor_order", "category"),
    ("vendor_order_line_item", "item_description"),
    ("vendor_order_line_item", "item_name"),
    ("vendor", "gstin"),
    ("project_document", "original_filename"),
    ("upload_stats", "total_files"),
];

/// The table of this name, if it is one of the predecessor's.
pub(super) fn known(name: &str) -> Option<&'static str> {
    TABLES.into_iter().find(|table| *table == name)
}

/// A table as a source describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// One of [`TABLES`].
    pub(super) name: &'static str,
    pub(super) columns: Vec<Column>,
}

/// A column as a source describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// As it stands in the catalog, unquoted.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) not_null: bool,
    pub(super) default: Option<Fallback>,
}

/// A column's type, written by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind(String);

/// What a column is filled with that is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fallback {
    /// A constant, to be cast to the column's type.
    Constant(String),
    /// One of the functions that are taken over.
    Function(&'static str),
    /// The next number of a sequence of this name; a serial column's has the usual one.
    Sequence(Option<String>),
}

impl Kind {
    /// Text, for what is not known here: enumerations and domains are read as what they print.
    pub(super) fn text() -> Self {
        Self("text".to_owned())
    }

    /// The type of this name and these lengths, if it is one of PostgreSQL's own that a table of ours may have.
    pub(super) fn new(name: &str, lengths: &[u32], is_array: bool) -> Option<Self> {
        let (name, most) = match name {
            "bigint" | "int8" | "bigserial" | "serial8" => ("bigint", 0),
            "integer" | "int" | "int4" | "serial" | "serial4" => ("integer", 0),
            "smallint" | "int2" | "smallserial" | "serial2" => ("smallint", 0),
            "numeric" | "decimal" => ("numeric", 2),
            // The digits of a real are kept as they are written: read into 24 bits and out again, some would be lost.
            "real" | "float4" | "double precision" | "float8" | "float" => ("double precision", 0),
            "boolean" | "bool" => ("boolean", 0),
            "text" | "citext" => ("text", 0),
            "character varying" | "varchar" => ("character varying", 1),
            "character" | "char" | "bpchar" => ("character", 1),
            "date" => ("date", 0),
            "timestamp" | "timestamp without time zone" => ("timestamp without time zone", 1),
            "timestamptz" | "timestamp with time zone" => ("timestamp with time zone", 1),
            "time" | "time without time zone" => ("time without time zone", 1),
            "timetz" | "time with time zone" => ("time with time zone", 1),
            "interval" => ("interval", 0),
            "uuid" => ("uuid", 0),
            "json" => ("json", 0),
            "jsonb" => ("jsonb", 0),
            "bytea" => ("bytea", 0),
            "inet" => ("inet", 0),
            _ => return None,
        };
        if lengths.len() > most {
            return None;
        }
        let mut sql = name.to_owned();
        if !lengths.is_empty() {
            let listed: Vec<String> = lengths.iter().map(u32::to_string).collect();
            let listed = format!("({})", listed.join(","));
            // The precision of a time stands inside its name.
            match name.split_once(" with") {
                Some((time, zone)) => sql = format!("{time}{listed} with{zone}"),
                None => sql.push_str(&listed),
            }
        }
        if is_array {
            sql.push_str("[]");
        }
        Some(Self(sql))
    }

    /// A type as the catalog writes it, such as `timestamp(6) without time zone`.
    pub(super) fn from_catalog(text: &str) -> Option<Self> {
        let (text, is_array) = match text.strip_suffix("[]") {
            Some(element) => (element, true),
            None => (text, false),
        };
        let Some((head, rest)) = text.split_once('(') else {
            return Self::new(text, &[], is_array);
        };
        let (lengths, tail) = rest.split_once(')')?;
        let lengths: Vec<u32> = lengths
            .split(',')
            .map(|length| length.trim().parse().ok())
            .collect::<Option<_>>()?;
        Self::new(&format!("{head}{tail}"), &lengths, is_array)
    }

    pub(super) fn is_json(&self) -> bool {
        matches!(self.0.as_str(), "json" | "jsonb")
    }

    /// True for a day without a time.
    pub(super) fn is_day(&self) -> bool {
        self.0 == "date"
    }

    /// What dates of this type keep, if it is one of those.
    pub(super) fn keeps(&self) -> Option<Keeps> {
        let name = self.0.as_str();
        if name.ends_with("[]") {
            return None;
        }
        match (name.starts_with("timestamp"), name.ends_with(" with time zone")) {
            (true, true) => Some(Keeps::Moment),
            (true, false) => Some(Keeps::Local),
            _ => self.is_day().then_some(Keeps::Day),
        }
    }

    /// How many decimals figures of this type keep, if it rounds them.
    pub(super) fn decimals(&self) -> Option<usize> {
        let lengths = self.0.strip_prefix("numeric(")?.strip_suffix(')')?;
        lengths
            .split_once(',')
            .map_or(Some(0), |(_, decimals)| decimals.parse().ok())
    }
}

impl Column {
    /// The column as it stands in `CREATE TABLE`; a sequence is made later, when its position is known.
    pub(super) fn sql(&self) -> String {
        let Self {
            name,
            kind: Kind(kind),
            not_null,
            default,
        } = self;
        let mut sql = format!("{} {kind}", identifier(name));
        if let Some(default) = default.as_ref().and_then(|default| default.sql(kind)) {
            sql.push_str(" DEFAULT ");
            sql.push_str(&default);
        }
        if *not_null {
            sql.push_str(" NOT NULL");
        }
        sql
    }

    /// A default for a column whose type the database knows.
    pub(super) fn default_of(default: &Fallback) -> Option<String> {
        match default {
            Fallback::Constant(text) => Some(literal(text)),
            other => other.sql(""),
        }
    }
}

impl Fallback {
    fn sql(&self, kind: &str) -> Option<String> {
        match self {
            Self::Constant(text) => Some(format!("{}::{kind}", literal(text))),
            Self::Function(call) => Some((*call).to_owned()),
            Self::Sequence(_) => None,
        }
    }
}

impl Table {
    /// The statement that makes it.
    pub(super) fn sql(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(Column::sql).collect();
        format!("CREATE TABLE {} ({})", qualified(self.name), columns.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_a_catalog_are_written_anew() {
        for (catalog, sql) in [
            ("bigint", "bigint"),
            ("numeric(15,2)", "numeric(15,2)"),
            ("character varying(500)", "character varying(500)"),
            ("timestamp(6) without time zone", "timestamp(6) without time zone"),
            ("timestamp without time zone", "timestamp without time zone"),
            ("text[]", "text[]"),
        ] {
            assert_eq!(
                Kind::from_catalog(catalog),
                Some(Kind(sql.to_owned())),
                "{catalog}"
            );
        }
        for unknown in [
            "public.mood",
            "numeric(a)",
            "numeric(1,2,3)",
            "text(3)",
            "regclass",
        ] {
            assert_eq!(Kind::from_catalog(unknown), None, "{unknown}");
        }
    }
}
