//! What each variable means, what it allows, and what production refuses; one file a group of settings.

mod auth;
mod database;
mod server;
mod telemetry;
mod uploads;

use std::time::Duration;

use chrono_tz::Tz;

use super::reader::Reader;
use super::{Config, Environment, RateLimitConfig};
use crate::auth::Role;

const ROLES: [(&str, Role); 3] = [
    ("viewer", Role::Viewer),
    ("editor", Role::Editor),
    ("admin", Role::Admin),
];

/// Reads every setting; the order is that of `check-config` and `.env.example`.
pub(super) fn read(reader: &mut Reader<'_>) -> Config {
    let environment = reader.choice(
        "APP_ENVIRONMENT",
        Environment::Development,
        &[
            ("development", Environment::Development),
            ("staging", Environment::Staging),
            ("production", Environment::Production),
            ("test", Environment::Test),
        ],
    );
    let debug_mode = reader.boolean("DEBUG_MODE", false);
    if debug_mode && environment.is_production() {
        reader.fault(
            "DEBUG_MODE",
            "must be false in production, because answers would disclose what is internal",
        );
    }
    let business_timezone = reader.parsed("BUSINESS_TIMEZONE", Tz::Asia__Kolkata, timezone);
    let config = Config {
        environment,
        debug_mode,
        business_timezone,
        server: server::read(reader, environment),
        database: database::read(reader, environment),
        auth: auth::read(reader, environment),
        uploads: uploads::read(reader, environment),
        rate_limit: rate_limit(reader, environment.is_production()),
        telemetry: telemetry::read(reader, environment),
        warnings: Vec::new(),
        settings: Vec::new(),
    };
    if config.telemetry.metrics_port == Some(config.server.port) {
        reader.fault(
            "METRICS_PORT",
            "must differ from PORT; leave it out to serve metrics there",
        );
    }
    config
}

fn rate_limit(reader: &mut Reader<'_>, production: bool) -> RateLimitConfig {
    let enabled = reader.boolean("RATE_LIMIT_ENABLED", true);
    if production && !enabled {
        reader.warn("RATE_LIMIT_ENABLED is false: nobody is slowed down, unless the proxy does it");
    }
    RateLimitConfig {
        enabled,
        per_minute: reader.number("RATE_LIMIT_PER_MINUTE", 6000_u32, 1..=10_000_000),
    }
}

fn note_optional(reader: &mut Reader<'_>, name: &'static str, value: Option<&str>) {
    match value {
        Some(value) => reader.note(name, value, ""),
        None => reader.note(name, "", "default"),
    }
}

fn seconds(reader: &mut Reader<'_>, name: &'static str, default: u64, least: u64, most: u64) -> Duration {
    Duration::from_secs(reader.number(name, default, least..=most))
}

fn timezone(text: &str) -> Result<Tz, String> {
    text.parse()
        .map_err(|_| "must be an IANA zone such as Asia/Kolkata".to_owned())
}

fn joined<T: ToString>(values: &[T]) -> String {
    values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}
