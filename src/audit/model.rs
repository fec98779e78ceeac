//! Entries and seals on the wire, and what a query may ask for.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use super::Action;
use crate::{
    http::list::{Column, Direction, Order, PageInfo, Paging},
    types::{Fields, FromFields, Input, Problem, Text, ids::UserId},
};

pub(super) const ID: Column = Column {
    name: "id",
    sql: "entry.id",
    kind: "bigint",
};
const AT: Column = Column {
    name: "at",
    sql: "entry.at",
    kind: "timestamptz",
};
const BATCH: Column = Column {
    name: "id",
    sql: "seal.batch",
    kind: "bigint",
};
const DEFAULT_LIMIT: i64 = 100;
/// The first year of which a time may be.
const FIRST_YEAR: i32 = 1900;

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, FromRow)]
pub(super) struct Entry {
    #[schema(example = 4711)]
    id: i64,
    /// When the change began.
    at: DateTime<Utc>,
    /// Who did it; null for somebody unknown, the server itself and its commands.
    actor_id: Option<UserId>,
    /// The name that they had then.
    #[schema(example = "meera")]
    actor_name: Option<String>,
    /// The request's `X-Request-ID`.
    request_id: Option<String>,
    #[schema(example = "updated")]
    action: String,
    /// The table of what was changed.
    #[schema(example = "client_po")]
    entity: String,
    #[schema(example = "12")]
    entity_id: String,
    /// The changed fields as they were.
    before: Option<Value>,
    /// The changed fields as they became.
    after: Option<Value>,
    note: Option<String>,
}

/// What happened to a document or a part of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, FromRow)]
pub(super) struct HistoryEntry {
    #[schema(example = 4711)]
    id: i64,
    /// When the change began.
    at: DateTime<Utc>,
    /// Who did it; null for somebody unknown, the server itself and its commands.
    actor_id: Option<UserId>,
    /// The name that they had then.
    #[schema(example = "meera")]
    actor_name: Option<String>,
    #[schema(example = "updated")]
    action: String,
    /// The table of what was changed: the document's own, or that of a part of it.
    #[schema(example = "client_po_line_item")]
    entity: String,
    #[schema(example = "34")]
    entity_id: String,
    /// The changed fields as they were.
    before: Option<Value>,
    /// The changed fields as they became.
    after: Option<Value>,
    note: Option<String>,
}

/// A page of the trail.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryList {
    pub(super) entries: Vec<Entry>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// A page of a document's history.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct History {
    pub(super) history: Vec<HistoryEntry>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// A batch of entries that is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Seal {
    #[schema(example = 12)]
    pub(super) batch: i64,
    /// Its first entry.
    #[schema(example = 4701)]
    pub(super) first_id: i64,
    /// Its last entry.
    #[schema(example = 4711)]
    pub(super) last_id: i64,
    /// How many entries it has; ids that were never used lie between them.
    #[schema(example = 10)]
    pub(super) count: i32,
    /// SHA-256, in hexadecimal digits, over the batch and the hash before it.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub(super) hash: String,
    /// That of the batch before; null for the first.
    pub(super) previous_hash: Option<String>,
    pub(super) sealed_at: DateTime<Utc>,
}

/// A page of seals.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SealList {
    pub(super) seals: Vec<Seal>,
    #[serde(flatten)]
    pub(super) page: PageInfo,
}

/// A time in a query: a day, which is the whole of it in UTC, or a moment, of which one without a zone is in UTC too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Day(NaiveDate),
    Moment(DateTime<Utc>),
}

impl Time {
    /// The first moment of it.
    fn begin(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => day.and_time(chrono::NaiveTime::MIN).and_utc(),
            Self::Moment(moment) => moment,
        }
    }

    /// The first moment, to the microsecond, that is after it.
    fn end(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => Self::Day(day.checked_add_days(Days::new(1)).unwrap_or(day)).begin(),
            Self::Moment(moment) => moment + TimeDelta::microseconds(1),
        }
    }
}

impl Input for Time {
    fn read(value: &Value) -> Result<Self, Problem> {
        let problem = || {
            Problem::new(
                "date_parsing",
                "must be a date as YYYY-MM-DD or a timestamp as YYYY-MM-DDTHH:MM:SSZ",
            )
        };
        let text = value.as_str().map(str::trim).ok_or_else(problem)?;
        if text.len() == 10 {
            return NaiveDate::read(value).map(Self::Day).map_err(|_| problem());
        }
        let zoned = DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc());
        let moment = zoned
            .or_else(|_| {
                NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc())
            })
            .map_err(|_| problem())?;
        // What PostgreSQL could not compare with is no time of business.
        if (FIRST_YEAR..=9999).contains(&moment.year()) {
            Ok(Self::Moment(moment))
        } else {
            Err(problem())
        }
    }
}

/// Which entries are asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EntryQuery {
    /// Only those of this table, such as `client_po`.
    #[param(value_type = Option<String>)]
    pub(super) entity: Option<Text<50>>,
    /// Only those of the row with this id.
    #[param(value_type = Option<String>)]
    pub(super) entity_id: Option<Text<64>>,
    /// Only those of this user, by id or by name.
    #[param(value_type = Option<String>)]
    pub(super) actor: Option<Text<255>>,
    /// Only those of this kind.
    #[param(inline)]
    pub(super) action: Option<Action>,
    /// Only those from this time on: a timestamp, or a date, which begins at midnight UTC.
    #[param(value_type = Option<String>, example = "2026-02-01")]
    #[expect(dead_code, reason = "read as `since`; this only documents the name")]
    from: Option<Time>,
    /// Only those up to this time, which counts too: a timestamp, or a date with the whole of its day in UTC.
    #[param(value_type = Option<String>, example = "2026-02-10T18:30:00Z")]
    #[expect(dead_code, reason = "read as `until`; this only documents the name")]
    to: Option<Time>,
    #[param(ignore)]
    pub(super) since: Option<DateTime<Utc>>,
    /// The first moment that is no longer asked for.
    #[param(ignore)]
    pub(super) until: Option<DateTime<Utc>>,
    #[param(ignore)]
    pub(super) paging: Paging,
    #[param(ignore)]
    pub(super) order: Order,
}

impl FromFields for EntryQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let (from, to) = (fields.optional::<Time>("from"), fields.optional::<Time>("to"));
        let (since, until) = (from.map(Time::begin), to.map(Time::end));
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            fields.fault(
                "to",
                Problem::new("greater_than_equal", "must not be before from"),
            );
        }
        // By time where a time is asked for: one index then finds the page and all that is on it.
        let newest_first = if since.or(until).is_some() {
            Order::of(&[(AT, Direction::Down), (ID, Direction::Down)])
        } else {
            Order::of(&[(ID, Direction::Down)])
        };
        Some(Self {
            entity: fields.optional("entity"),
            entity_id: fields.optional("entity_id"),
            actor: fields.optional("actor"),
            action: fields.optional("action"),
            from,
            to,
            since,
            until,
            paging: Paging::read(fields, DEFAULT_LIMIT),
            order: Order::read(fields, &[ID], newest_first),
        })
    }
}

/// A page of a document's history.
#[derive(Debug)]
pub(super) struct HistoryQuery {
    pub(super) paging: Paging,
    pub(super) order: Order,
}

impl FromFields for HistoryQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            paging: Paging::read(fields, DEFAULT_LIMIT),
            order: Order::read(fields, &[ID], Order::of(&[(ID, Direction::Up)])),
        })
    }
}

/// A page of seals.
#[derive(Debug)]
pub(super) struct SealQuery {
    pub(super) paging: Paging,
    pub(super) order: Order,
}

impl FromFields for SealQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            paging: Paging::read(fields, DEFAULT_LIMIT),
            order: Order::read(fields, &[BATCH], Order::of(&[(BATCH, Direction::Down)])),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bounds(text: &str) -> (String, String) {
        let time = Time::read(&json!(text)).unwrap();
        (time.begin().to_rfc3339(), time.end().to_rfc3339())
    }

    #[test]
    fn a_day_is_the_whole_of_it_and_a_moment_counts_too() {
        for (text, begin, end) in [
            (
                "2026-02-28",
                "2026-02-28T00:00:00+00:00",
                "2026-03-01T00:00:00+00:00",
            ),
            (
                "2026-02-28T05:30:00+05:30",
                "2026-02-28T00:00:00+00:00",
                "2026-02-28T00:00:00.000001+00:00",
            ),
            (
                " 2026-02-28T10:00:00.25Z ",
                "2026-02-28T10:00:00.250+00:00",
                "2026-02-28T10:00:00.250001+00:00",
            ),
            (
                "2026-02-28T10:00:00",
                "2026-02-28T10:00:00+00:00",
                "2026-02-28T10:00:00.000001+00:00",
            ),
        ] {
            assert_eq!(bounds(text), (begin.to_owned(), end.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in [
            "yesterday",
            "2026-02-30",
            "2026-2-3",
            "28.02.2026",
            "2026-02-28T",
            "2026-02-28T25:00:00Z",
            "1700000000",
            "1800-01-01",
            "0001-01-01T00:00:00Z",
            "+10000-01-01T00:00:00Z",
        ] {
            assert_eq!(
                Time::read(&json!(text)).unwrap_err().kind,
                "date_parsing",
                "{text}"
            );
        }
        assert!(Time::read(&json!(5)).is_err());
    }
}
