//! The bodies of the probes.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::router::{SERVICE, VERSION};

/// The time to the microsecond with `Z`.
pub(super) fn timestamp(now: DateTime<Utc>) -> String {
    now.to_rfc3339_opts(SecondsFormat::Micros, true)
}

const fn up(is_up: bool) -> &'static str {
    if is_up { "UP" } else { "DOWN" }
}

const fn overall(is_up: bool) -> &'static str {
    if is_up { "UP" } else { "DEGRADED" }
}

/// The state of the service in a few words.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Summary {
    /// `UP`, or `DEGRADED` without the database.
    #[schema(example = "UP")]
    status: &'static str,
    #[schema(example = "Nexgen ERP - Finance API")]
    service: &'static str,
    /// `UP` or `DOWN`.
    #[schema(example = "UP")]
    database: &'static str,
    #[schema(example = "1.0.0")]
    version: &'static str,
    #[schema(example = "2026-02-10T10:00:00.000000Z")]
    timestamp: String,
}

/// The summary, at the top level and again under `data`, where the frontend reads it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    #[serde(flatten)]
    summary: Summary,
    data: Summary,
}

impl Health {
    pub(super) fn new(is_up: bool, now: DateTime<Utc>) -> Self {
        let summary = Summary {
            status: overall(is_up),
            service: SERVICE,
            database: up(is_up),
            version: VERSION,
            timestamp: timestamp(now),
        };
        Self {
            data: summary.clone(),
            summary,
        }
    }
}

/// The parts and their states.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Components {
    #[schema(example = "UP")]
    api: &'static str,
    #[schema(example = "UP")]
    database: &'static str,
}

/// What an operator may see without a token.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Details {
    /// `UP`, or `DEGRADED` without the database.
    #[schema(example = "UP")]
    status: &'static str,
    timestamp: String,
    service: &'static str,
    version: &'static str,
    #[schema(example = "development")]
    environment: &'static str,
    components: Components,
    /// Tables in the schema; absent without the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    database_tables: Option<i64>,
}

/// The details, at the top level and again under `data`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DetailedHealth {
    #[serde(flatten)]
    details: Details,
    data: Details,
}

impl DetailedHealth {
    pub(super) fn new(tables: Option<i64>, environment: &'static str, now: DateTime<Utc>) -> Self {
        let details = Details {
            status: overall(tables.is_some()),
            timestamp: timestamp(now),
            service: SERVICE,
            version: VERSION,
            environment,
            components: Components {
                api: "UP",
                database: up(tables.is_some()),
            },
            database_tables: tables,
        };
        Self {
            data: details.clone(),
            details,
        }
    }
}

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Live {
    #[schema(example = "UP")]
    pub(super) status: &'static str,
    pub(super) timestamp: String,
}

/// The server can do its work.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    #[schema(example = "UP")]
    pub(super) status: &'static str,
    /// `connected`.
    #[schema(example = "connected")]
    pub(super) database: &'static str,
    pub(super) timestamp: String,
}
