//! Lists: which page is asked for, in which order, and what goes with the page.
//!
//! `skip`/`limit` or `page`/`page_size` name a page by its place, an opaque `cursor` by the row before it. The order is a
//! list of columns that ends in the id, so that it is stable. Source: the platform contract, section 10.4.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{
    Decode, FromRow, Postgres, QueryBuilder, Row, Type, Value as _, ValueRef,
    error::BoxDynError,
    postgres::{PgRow, PgTypeInfo, PgValue, PgValueRef},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::types::{Fields, Problem};

/// The most rows of one page.
pub const MOST: i64 = 1000;
/// The words of a query that name a page rather than what is listed.
const PAGE_WORDS: [&str; 6] = ["skip", "offset", "limit", "page", "page_size", "cursor"];
/// A cursor is made here; a longer one is not ours.
const CURSOR_LENGTH: usize = 4096;
const NO_CURSOR: &str = "is not a cursor of this list";

/// The query of every list, for the OpenAPI document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read through `Paging`; this only documents the names")]
pub struct PageQuery {
    /// How many rows to pass over; `offset` is another name.
    #[param(minimum = 0, default = 0)]
    skip: Option<i64>,
    /// How many rows to answer at most.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
    /// The page, from 1; with `page_size` instead of `skip` and `limit`.
    #[param(minimum = 1)]
    page: Option<i64>,
    /// Another name of `limit`.
    #[param(minimum = 1, maximum = 1000)]
    page_size: Option<i64>,
    /// `next_cursor` of the answer before; filters and sort must be the same.
    cursor: Option<String>,
    /// `field` or `-field` (descending), comma separated.
    sort: Option<String>,
}

/// A row of a list with its sort key, which [`Order::push_key`] asks for.
pub struct Listed<T> {
    row: T,
    sort_key: SortKey,
}

/// The texts of the columns by which a list is sorted, as they came: only those of a page's last row are read.
#[derive(Clone)]
pub struct SortKey(PgValue);

impl SortKey {
    /// Its texts.
    pub fn read(&self) -> Option<Vec<Option<String>>> {
        let key = self.0.try_decode();
        debug_assert!(key.is_ok(), "a sort key is no list of texts");
        key.ok()
    }
}

impl Type<Postgres> for SortKey {
    fn type_info() -> PgTypeInfo {
        <Vec<Option<String>>>::type_info()
    }

    fn compatible(other: &PgTypeInfo) -> bool {
        <Vec<Option<String>>>::compatible(other)
    }
}

impl<'r> Decode<'r, Postgres> for SortKey {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(ValueRef::to_owned(&value)))
    }
}

impl<'r, T: FromRow<'r, PgRow>> FromRow<'r, PgRow> for Listed<T> {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            row: T::from_row(row)?,
            sort_key: row.try_get("sort_key")?,
        })
    }
}

impl<T> Listed<T> {
    /// The row without its key.
    pub fn into_row(self) -> T {
        self.row
    }
}

/// Which rows of a list are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Rows to pass over; 0 with a cursor.
    pub skip: i64,
    /// Rows to answer at most.
    pub limit: i64,
    /// The sort key of the row before the page.
    after: Option<Vec<Option<String>>>,
    /// Stands in cursors for what is listed, so that one of another list is noticed.
    scope: String,
}

impl Paging {
    /// The first rows of a list, at most so many.
    pub fn first(limit: i64) -> Self {
        Self {
            skip: 0,
            limit,
            after: None,
            scope: String::new(),
        }
    }

    /// Reads the page words of a query; faults are left in `fields`.
    pub fn read(fields: &mut Fields<'_>, default_limit: i64) -> Self {
        let skip = bounded(fields, "skip", 0, i64::MAX).or_else(|| bounded(fields, "offset", 0, i64::MAX));
        let limit = bounded(fields, "limit", 1, MOST);
        let page = bounded(fields, "page", 1, i64::MAX);
        let page_size = bounded(fields, "page_size", 1, MOST);
        let limit = limit.or(page_size).unwrap_or(default_limit);
        let skip = skip.or_else(|| page.map(|page| page.saturating_sub(1).saturating_mul(limit)));
        let scope = scope(fields);
        let after = cursor(fields, &scope);
        Self {
            skip: if after.is_some() { 0 } else { skip.unwrap_or(0) },
            limit,
            after,
            scope,
        }
    }

    /// The rows of a page, and what goes with it.
    pub fn page<T>(&self, rows: Vec<Listed<T>>, total_count: i64) -> (Vec<T>, PageInfo) {
        let last = rows.last().and_then(|listed| listed.sort_key.read());
        let page = self.info(total_count, rows.len(), last);
        (rows.into_iter().map(|listed| listed.row).collect(), page)
    }

    /// What goes with a page: `last` is the sort key of its last row, `rows` how many it has.
    pub fn info(&self, total_count: i64, rows: usize, last: Option<Vec<Option<String>>>) -> PageInfo {
        let is_full = i64::try_from(rows).is_ok_and(|rows| rows == self.limit);
        // A full page may be the last one by chance; without a cursor its place among all rows tells.
        let is_last =
            !is_full || (self.after.is_none() && self.skip.saturating_add(self.limit) >= total_count);
        let next_cursor = last.filter(|_| !is_last).and_then(|key| {
            let cursor = Cursor {
                scope: Cow::Borrowed(&self.scope),
                key,
            };
            Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).ok()?))
        });
        PageInfo {
            total_count,
            total: total_count,
            skip: self.skip,
            offset: self.skip,
            limit: self.limit,
            next_cursor,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Cursor<'a> {
    #[serde(rename = "s")]
    scope: Cow<'a, str>,
    #[serde(rename = "k")]
    key: Vec<Option<String>>,
}

fn bounded(fields: &mut Fields<'_>, name: &str, least: i64, most: i64) -> Option<i64> {
    let number = fields.optional::<i64>(name)?;
    if number < least {
        fields.fault(
            name,
            Problem::new("greater_than_equal", format!("must be at least {least}")),
        );
        return None;
    }
    if number > most {
        fields.fault(
            name,
            Problem::new("less_than_equal", format!("must be at most {most}")),
        );
        return None;
    }
    Some(number)
}

/// A short hash of everything in the query but the page.
fn scope(fields: &Fields<'_>) -> String {
    let mut hash = Sha256::new();
    for (name, value) in fields.sorted() {
        if !PAGE_WORDS.contains(&name) {
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(value.to_string().as_bytes());
            hash.update([0]);
        }
    }
    let mut text = hex::encode(hash.finalize());
    text.truncate(16);
    text
}

fn cursor(fields: &mut Fields<'_>, scope: &str) -> Option<Vec<Option<String>>> {
    let text = fields.raw("cursor")?.as_str().unwrap_or_default().trim();
    if text.is_empty() {
        return None;
    }
    let text = match decode(text) {
        Some((of, key)) if of == scope => return Some(key),
        Some(_) => "belongs to a list with other filters or another sort",
        None => NO_CURSOR,
    };
    fields.fault("cursor", Problem::new("value_error", text));
    None
}

/// The scope and the key in a cursor; `None` if it is none.
fn decode(text: &str) -> Option<(String, Vec<Option<String>>)> {
    let bytes = URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() <= CURSOR_LENGTH)?);
    let cursor: Cursor<'_> = serde_json::from_slice(&bytes.ok()?).ok()?;
    let is_clean = cursor.key.iter().flatten().all(|text| !text.contains('\0'));
    is_clean.then(|| (cursor.scope.into_owned(), cursor.key))
}

/// The paging words beside a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageInfo {
    /// All rows that match, on whatever page.
    #[schema(example = 1)]
    pub total_count: i64,
    /// The same.
    #[schema(example = 1)]
    pub total: i64,
    /// Rows passed over.
    #[schema(example = 0)]
    pub skip: i64,
    /// The same.
    #[schema(example = 0)]
    pub offset: i64,
    /// Rows at most.
    #[schema(example = 1000)]
    pub limit: i64,
    /// Names the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// A column that a list may be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The word in `sort`.
    pub name: &'static str,
    /// The column as it stands in the list's query.
    pub sql: &'static str,
    /// Its type, to read a cursor's text back.
    pub kind: &'static str,
}

impl Column {
    /// Whether a text is a value of the column's type, so that the database will not refuse it.
    fn can_hold(self, text: &str) -> bool {
        let years = 1..=9999;
        match self.kind {
            "bigint" => text.parse::<i64>().is_ok(),
            "integer" => text.parse::<i32>().is_ok(),
            "numeric" => text.parse::<Decimal>().is_ok(),
            "uuid" => Uuid::try_parse(text).is_ok(),
            "date" => text
                .parse::<NaiveDate>()
                .is_ok_and(|date| years.contains(&date.year())),
            "timestamptz" => DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z")
                .is_ok_and(|time| years.contains(&time.year())),
            _ => true,
        }
    }
}

/// Which way a column is ordered, and where its nulls are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Ascending, nulls last.
    Up,
    /// Descending, nulls first: the same index read backwards.
    Down,
    /// Descending, nulls last.
    DownNullsLast,
}

/// The order of a list: columns with their directions, the id last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order(Vec<(Column, Direction)>);

impl Order {
    /// The order that a route has by itself; `id` closes it.
    pub fn of(keys: &[(Column, Direction)]) -> Self {
        Self(keys.to_vec())
    }

    /// Reads `sort`, whose words are the names of `columns`, the first of which is the id; a cursor whose key does not fit
    /// the order is a fault too.
    pub fn read(fields: &mut Fields<'_>, columns: &[Column], default: Self) -> Self {
        let order = Self::asked_for(fields, columns, default);
        order.check_cursor(fields);
        order
    }

    fn check_cursor(&self, fields: &mut Fields<'_>) {
        let cursor = fields
            .raw("cursor")
            .and_then(|value| decode(value.as_str()?.trim()));
        // One that is none, or another list's, was told of where it was read.
        let Some((_, key)) = cursor.filter(|(of, _)| *of == scope(fields)) else {
            return;
        };
        let fits = key.len() == self.0.len()
            && self
                .0
                .iter()
                .zip(&key)
                .all(|((column, _), value)| value.as_deref().is_none_or(|value| column.can_hold(value)));
        if !fits {
            fields.fault("cursor", Problem::new("value_error", NO_CURSOR));
        }
    }

    fn asked_for(fields: &mut Fields<'_>, columns: &[Column], default: Self) -> Self {
        let Some(text) = fields
            .raw("sort")
            .and_then(|value| value.as_str())
            .map(str::to_owned)
        else {
            return default;
        };
        let mut keys: Vec<(Column, Direction)> = Vec::new();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let (name, direction) = match word.strip_prefix('-') {
                Some(name) => (name, Direction::Down),
                None => (word, Direction::Up),
            };
            match columns.iter().find(|column| column.name == name) {
                Some(column) if keys.iter().all(|(known, _)| known != column) => {
                    keys.push((*column, direction));
                }
                Some(_) => {}
                None => {
                    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
                    let text = format!("can be sorted by: {}", names.join(", "));
                    fields.fault("sort", Problem::new("enum", text));
                    return default;
                }
            }
        }
        let Some((_, last)) = keys.last().copied() else {
            return default;
        };
        if let Some(id) = columns.first()
            && keys.iter().all(|(column, _)| column != id)
        {
            // In the direction of the key before it, so that one index serves both.
            keys.push((*id, last));
        }
        Self(keys)
    }

    /// Adds the condition that a row comes after the cursor's, as one more `AND`.
    pub fn push_after(&self, query: &mut QueryBuilder<Postgres>, paging: &Paging) {
        let Some(after) = &paging.after else { return };
        if after.len() != self.0.len() {
            // Of an older version of the server; the list starts anew.
            return;
        }
        query.push(" AND (");
        for (index, (key, value)) in self.0.iter().zip(after).enumerate() {
            if index > 0 {
                query.push(" OR ");
            }
            query.push("(");
            for ((column, _), value) in self.0.iter().zip(after).take(index) {
                push_equal(query, *column, value.as_deref());
                query.push(" AND ");
            }
            push_beyond(query, *key, value.as_deref());
            query.push(")");
        }
        query.push(")");
    }

    /// Adds `ORDER BY`, `LIMIT` and `OFFSET`.
    ///
    /// The limit, of which clients use few, stands in the text: where it is a parameter, PostgreSQL takes a plan made for
    /// any limit for a bad one, and plans the same page anew each time.
    pub fn push_page(&self, query: &mut QueryBuilder<Postgres>, paging: &Paging) {
        self.push_order(query);
        query.push(format_args!(" LIMIT {}", paging.limit));
        if paging.skip > 0 {
            query.push(" OFFSET ").push_bind(paging.skip);
        }
    }

    /// Adds `ORDER BY` and a `LIMIT` within which the page is, for a part of what a list is put together from.
    pub fn push_reach(&self, query: &mut QueryBuilder<Postgres>, paging: &Paging) {
        self.push_order(query);
        if paging.skip > 0 {
            query
                .push(" LIMIT ")
                .push_bind(paging.skip.saturating_add(paging.limit));
        } else {
            query.push(format_args!(" LIMIT {}", paging.limit));
        }
    }

    /// Adds `ORDER BY`.
    pub fn push_order(&self, query: &mut QueryBuilder<Postgres>) {
        query.push(" ORDER BY ");
        for (index, (column, direction)) in self.0.iter().enumerate() {
            if index > 0 {
                query.push(", ");
            }
            query.push(column.sql);
            query.push(match direction {
                Direction::Up => "",
                Direction::Down => " DESC",
                Direction::DownNullsLast => " DESC NULLS LAST",
            });
        }
    }

    /// Adds the sort key of a row as one column, `sort_key`, for the next page's cursor.
    pub fn push_key(&self, query: &mut QueryBuilder<Postgres>) {
        query.push(", ARRAY[");
        for (index, (column, _)) in self.0.iter().enumerate() {
            if index > 0 {
                query.push(", ");
            }
            query.push(column.sql).push("::text");
        }
        query.push("] AS sort_key");
    }
}

fn push_equal(query: &mut QueryBuilder<Postgres>, column: Column, value: Option<&str>) {
    query.push(column.sql);
    match value {
        None => query.push(" IS NULL"),
        Some(value) => push_value(query.push(" = "), column, value),
    };
}

fn push_beyond(
    query: &mut QueryBuilder<Postgres>,
    (column, direction): (Column, Direction),
    value: Option<&str>,
) {
    match (direction, value) {
        (Direction::Up | Direction::DownNullsLast, None) => {
            query.push("FALSE");
        }
        (Direction::Down, None) => {
            query.push(column.sql).push(" IS NOT NULL");
        }
        (Direction::Down, Some(value)) => {
            push_value(query.push(column.sql).push(" < "), column, value);
        }
        (Direction::Up | Direction::DownNullsLast, Some(value)) => {
            let sign = if direction == Direction::Up { " > " } else { " < " };
            push_value(query.push("(").push(column.sql).push(sign), column, value);
            query.push(" OR ").push(column.sql).push(" IS NULL)");
        }
    }
}

fn push_value<'q>(
    query: &'q mut QueryBuilder<Postgres>,
    column: Column,
    value: &str,
) -> &'q mut QueryBuilder<Postgres> {
    query.push_bind(value.to_owned()).push("::").push(column.kind)
}

/// A pattern for `ILIKE` that finds the text as it is, wherever it stands.
pub fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
