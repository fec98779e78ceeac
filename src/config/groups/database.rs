//! The database, embedded or external, its pool and what adoption needs to know.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{ROLES, note_optional, seconds, timezone};
use crate::auth::Role;
use crate::config::reader::Reader;
use crate::config::urls::{self, DatabaseParts};
use crate::config::{DatabaseConfig, DatabaseTarget, Environment};

/// The one schema there is.
const SCHEMA: &str = "Finances";

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment) -> DatabaseConfig {
    let target = database_target(reader, environment);
    let pg_bindir = reader.text("PG_BINDIR");
    note_optional(reader, "PG_BINDIR", pg_bindir.as_deref());
    let migrate_url = optional_database(reader, "MIGRATE_DATABASE_URL");
    let replica_url = optional_database(reader, "DATABASE_REPLICA_URL");
    let is_external = reader.text("DATABASE_URL").is_some() || reader.text("DB_HOST").is_some();
    if !is_external {
        for (name, url) in [
            ("MIGRATE_DATABASE_URL", &migrate_url),
            ("DATABASE_REPLICA_URL", &replica_url),
        ] {
            if url.is_some() {
                reader.fault(
                    name,
                    "needs DATABASE_URL or DB_HOST; the embedded database is the only one otherwise",
                );
            }
        }
    }
    if replica_url.is_some() {
        reader.warn(
            "DATABASE_REPLICA_URL is checked but not used by this version: all reads go to DATABASE_URL",
        );
    }
    let pool_size = reader.number("DB_POOL_SIZE", 20_u32, 1..=500);
    let max_overflow = reader.number("DB_MAX_OVERFLOW", 40_u32, 0..=500);
    let pool_timeout = seconds(reader, "DB_POOL_TIMEOUT", 30, 1, 300);
    let statement_timeout_ms = reader.number("DB_STATEMENT_TIMEOUT_MS", 30_000_u64, 0..=3_600_000);
    let auto_migrate = reader.boolean("AUTO_MIGRATE", true);
    let legacy_timezone = reader
        .optional("LEGACY_TIMEZONE", timezone)
        .map(|zone| zone.name().to_owned());
    note_optional(reader, "LEGACY_TIMEZONE", legacy_timezone.as_deref());
    let legacy_user_role = reader.choice("LEGACY_USER_ROLE", Role::Editor, &ROLES);
    DatabaseConfig {
        target,
        migrate_url,
        replica_url,
        pool_size,
        max_overflow,
        pool_timeout,
        statement_timeout: (statement_timeout_ms > 0).then(|| Duration::from_millis(statement_timeout_ms)),
        auto_migrate,
        legacy_timezone,
        legacy_user_role,
        pg_bindir: pg_bindir.map(PathBuf::from),
        path: reader.search_path().map(OsString::from),
    }
}

fn database_target(reader: &mut Reader<'_>, environment: Environment) -> DatabaseTarget {
    let production = environment.is_production();
    let has_url = reader.text("DATABASE_URL").is_some();
    let url = optional_database(reader, "DATABASE_URL");
    let host = reader.optional("DB_HOST", |text| match text.strip_prefix('/') {
        Some(_) => Ok(text.to_owned()),
        None => urls::bind_host(text),
    });
    let has_host = reader.text("DB_HOST").is_some();
    note_optional(reader, "DB_HOST", host.as_deref());
    let port = reader.number("DB_PORT", 5432_u16, 1..=u16::MAX);
    let name = reader.parsed("DB_NAME", "Nexgen_erp".to_owned(), |text| Ok(text.to_owned()));
    let user = reader.parsed("DB_USER", "postgres".to_owned(), |text| Ok(text.to_owned()));
    let password = reader.secret("DB_PASSWORD");
    let ssl_mode = reader.choice("DB_SSLMODE", "prefer", &urls::SSL_MODES.map(|mode| (mode, mode)));
    let schema = reader.text("DB_SCHEMA");
    if schema.is_some_and(|schema| schema != SCHEMA) {
        reader.fault(
            "DB_SCHEMA",
            format!("must be {SCHEMA}, which is fixed; leave it out"),
        );
    }
    reader.note("DB_SCHEMA", SCHEMA, "fixed");
    let data_dir = reader.parsed("DATA_DIR", "data".to_owned(), |text| Ok(text.to_owned()));

    if !has_url && !has_host && production {
        let reason =
            "must be set in production (or DB_HOST with its parts), because the embedded database is refused";
        reader.fault("DATABASE_URL", reason);
    }
    if has_host && !has_url && password.is_none() && production {
        reader.fault("DB_PASSWORD", "must be set in production");
    }
    match (url, host) {
        (Some(url), _) => DatabaseTarget::External(url),
        (None, Some(host)) => {
            let password = password.as_ref().map(ExposeSecret::expose_secret);
            let parts = DatabaseParts {
                host: &host,
                port,
                name: &name,
                user: &user,
                password,
                ssl_mode,
            };
            DatabaseTarget::External(parts.url().into())
        }
        (None, None) => DatabaseTarget::Embedded {
            data_dir: data_dir.into(),
        },
    }
}

/// A database URL that need not be there; noted with its password masked, and its faults do not repeat it.
fn optional_database(reader: &mut Reader<'_>, name: &'static str) -> Option<SecretString> {
    let checked = reader.text(name).map(|text| urls::database_url(&text));
    let url = match checked {
        None => None,
        Some(Ok(url)) => Some(url),
        Some(Err(reason)) => {
            reader.fault(name, reason);
            None
        }
    };
    note_optional(reader, name, url.as_deref().map(urls::masked).as_deref());
    url.map(SecretString::from)
}
