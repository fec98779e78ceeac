//! How many entries a query finds, at the same cost however long the trail is where one word or a span of time is asked for: the
//! sealed entries are kept as totals (`audit_total`), which the [`sealer`](super::sealer) writes with each batch; those after
//! the last batch are few, and counted.

use chrono::{DateTime, Days, NaiveTime, Utc};
use sqlx::{Postgres, QueryBuilder};

use super::{chain::SealedEntry, model::EntryQuery};
use crate::error::Result;
use crate::postgres::Pool;

/// Cuts out the entries after the last batch by their ids, whatever the planner thinks of how many of them match. All of a
/// count is one statement, so that a batch that is sealed meanwhile is counted once.
const REST: &str = r#"
    WITH sealed AS MATERIALIZED (
        SELECT COALESCE(max(last_id), 0) AS upto FROM "Finances".audit_seal
    ),
    entry AS MATERIALIZED (
        SELECT at, entity, actor_id, actor_name, action
          FROM "Finances".audit_entry
         WHERE id > (SELECT upto FROM sealed)
    )
    SELECT count(*) + "#;

/// The totals that an entry adds one to: scope and word of each.
pub(super) fn words_of(entry: &SealedEntry) -> Vec<(&'static str, String)> {
    let day = DateTime::from_timestamp_micros(entry.at).map(day_word);
    let words = [
        ("all", Some(String::new())),
        ("entity", Some(entry.entity.clone())),
        ("actor_id", entry.actor_id.map(|id| id.to_string())),
        ("actor_name", entry.actor_name.clone()),
        ("action", Some(entry.action.clone())),
        ("day", day),
    ];
    words
        .into_iter()
        .filter_map(|(scope, word)| Some((scope, word?)))
        .collect()
}

/// A day in UTC; in the order of time as text, too.
fn day_word(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

impl EntryQuery {
    /// The id of the actor, if that is how they are named: what is a number is one.
    fn actor_id(&self) -> Option<i32> {
        self.actor.as_deref()?.parse().ok()
    }

    /// Scope and word of the total of all that is asked for; `None` if no one total is.
    fn total(&self) -> Option<(&'static str, String)> {
        if self.entity_id.is_some() || self.since.is_some() || self.until.is_some() {
            return None;
        }
        match (self.entity.as_deref(), self.actor.as_deref(), self.action) {
            (None, None, None) => Some(("all", String::new())),
            (Some(entity), None, None) => Some(("entity", entity.to_owned())),
            (None, Some(name), None) => Some(match self.actor_id() {
                Some(id) => ("actor_id", id.to_string()),
                None => ("actor_name", name.to_owned()),
            }),
            (None, None, Some(action)) => Some(("action", action.as_str().to_owned())),
            _ => None,
        }
    }

    /// Whether a span of time is all that is asked for.
    fn is_span(&self) -> bool {
        self.since.or(self.until).is_some()
            && self.entity.is_none()
            && self.entity_id.is_none()
            && self.actor.is_none()
            && self.action.is_none()
    }

    /// Adds the conditions, as more `AND`s.
    pub(super) fn push_filters(&self, sql: &mut QueryBuilder<Postgres>) {
        if let Some(entity) = &self.entity {
            sql.push(" AND entry.entity = ").push_bind(entity.to_string());
        }
        if let Some(id) = &self.entity_id {
            sql.push(" AND entry.entity_id = ").push_bind(id.to_string());
        }
        match (self.actor_id(), &self.actor) {
            (Some(id), _) => {
                sql.push(" AND entry.actor_id = ").push_bind(id);
            }
            (None, Some(name)) => {
                sql.push(" AND entry.actor_name = ").push_bind(name.to_string());
            }
            (None, None) => {}
        }
        if let Some(action) = self.action {
            sql.push(" AND entry.action = ").push_bind(action.as_str());
        }
        if let Some(since) = self.since {
            sql.push(" AND entry.at >= ").push_bind(since);
        }
        if let Some(until) = self.until {
            sql.push(" AND entry.at < ").push_bind(until);
        }
    }
}

/// How many entries match.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn matching(db: &Pool, query: &EntryQuery) -> Result<i64> {
    let mut sql = QueryBuilder::<Postgres>::new("");
    if let Some((scope, word)) = query.total() {
        sql.push(REST)
            .push(r#"COALESCE((SELECT entries FROM "Finances".audit_total WHERE scope = "#)
            .push_bind(scope)
            .push(" AND word = ")
            .push_bind(word)
            .push("), 0) FROM entry WHERE TRUE");
    } else if query.is_span() {
        sql.push(REST);
        push_sealed_of_span(&mut sql, query);
        sql.push(" FROM entry WHERE TRUE");
    } else {
        sql.push(r#"SELECT count(*) FROM "Finances".audit_entry AS entry WHERE TRUE"#);
    }
    query.push_filters(&mut sql);
    Ok(sql.build_query_scalar().persistent(false).fetch_one(db).await?)
}

/// Adds the number of sealed entries of a span: by the totals of its whole days, and by what lies before and after these.
fn push_sealed_of_span(sql: &mut QueryBuilder<Postgres>, query: &EntryQuery) {
    let first = query.since.map(next_midnight);
    let end = query.until.map(last_midnight);
    if let (Some(first), Some(end), Some(since), Some(until)) = (first, end, query.since, query.until)
        && first >= end
    {
        push_edge(sql, Some(since), Some(until));
        return;
    }
    sql.push(r#"(SELECT COALESCE(sum(entries), 0)::bigint FROM "Finances".audit_total WHERE scope = 'day'"#);
    if let Some(first) = first {
        sql.push(" AND word >= ").push_bind(day_word(first));
    }
    if let Some(end) = end {
        sql.push(" AND word < ").push_bind(day_word(end));
    }
    sql.push(")");
    if query.since != first {
        sql.push(" + ");
        push_edge(sql, query.since, first);
    }
    if query.until != end {
        sql.push(" + ");
        push_edge(sql, end, query.until);
    }
}

/// Adds the number of sealed entries of a short span.
fn push_edge(sql: &mut QueryBuilder<Postgres>, since: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) {
    sql.push(
        r#"(SELECT count(*) FROM "Finances".audit_entry AS edge WHERE edge.id <= (SELECT upto FROM sealed) AND edge.at >= "#,
    )
    .push_bind(since)
    .push(" AND edge.at < ")
    .push_bind(until)
    .push(")");
}

/// The midnight at which the day of a moment began.
fn last_midnight(at: DateTime<Utc>) -> DateTime<Utc> {
    at.date_naive().and_time(NaiveTime::MIN).and_utc()
}

/// The first midnight that is not before a moment.
fn next_midnight(at: DateTime<Utc>) -> DateTime<Utc> {
    let midnight = last_midnight(at);
    if midnight == at {
        at
    } else {
        midnight.checked_add_days(Days::new(1)).unwrap_or(at)
    }
}
