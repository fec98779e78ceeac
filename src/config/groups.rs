//! What each variable means, what it allows, and what production refuses; one function a group of settings.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use ipnet::IpNet;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::reader::{MASK, Reader, number};
use super::urls::{self, DatabaseParts};
use super::{
    AuthConfig, Config, DatabaseConfig, DatabaseTarget, Environment, LogFormat, RateLimitConfig, SameSite,
    ServerConfig, TelemetryConfig, TokenAlgorithm, UploadConfig,
};
use crate::auth::Role;

/// The one schema there is.
const SCHEMA: &str = "Finances";
/// Uploads and bulk downloads may take this long.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(5);
/// A key that signs tokens has at least this many bytes in production.
const SECRET_KEY_BYTES: usize = 32;
/// A key with fewer different bytes was typed, not drawn.
const SECRET_KEY_DISTINCT: usize = 8;
/// Keys that are printed in examples and so known to everyone.
const KNOWN_SECRET_KEYS: [&str; 2] = ["change-me-in-production", "your-secret-key-change-in-production"];
/// The frontend's addresses during development.
const DEVELOPMENT_ORIGINS: &str = "http://localhost:3000,http://localhost:8080,http://localhost:5175";
const MEGABYTE: u64 = 1024 * 1024;
const LEVELS: [(&str, tracing::Level); 7] = [
    ("TRACE", tracing::Level::TRACE),
    ("DEBUG", tracing::Level::DEBUG),
    ("INFO", tracing::Level::INFO),
    ("WARNING", tracing::Level::WARN),
    ("WARN", tracing::Level::WARN),
    ("ERROR", tracing::Level::ERROR),
    ("CRITICAL", tracing::Level::ERROR),
];
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
        server: server(reader, environment),
        database: database(reader, environment),
        auth: auth(reader, environment),
        uploads: uploads(reader, environment),
        rate_limit: rate_limit(reader),
        telemetry: telemetry(reader, environment),
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

fn server(reader: &mut Reader<'_>, environment: Environment) -> ServerConfig {
    let production = environment.is_production();
    let host = reader.parsed("HOST", "127.0.0.1".to_owned(), urls::bind_host);
    let port = reader.number("PORT", 8000_u16, 0..=u16::MAX);
    let base_url = reader.optional("PUBLIC_BASE_URL", urls::base_url);
    let public_base_url = base_url
        .as_ref()
        .map(|url| url.as_str().trim_end_matches('/').to_owned());
    note_optional(reader, "PUBLIC_BASE_URL", public_base_url.as_deref());
    let trusted_hosts = trusted_hosts(reader, environment, base_url.as_ref());
    let trusted_proxies = reader.list("TRUSTED_PROXIES", network);
    let shown = trusted_proxies.as_ref().map(|networks| joined(networks));
    note_optional(reader, "TRUSTED_PROXIES", shown.as_deref());
    ServerConfig {
        host,
        port,
        public_base_url,
        trusted_hosts,
        trusted_proxies: trusted_proxies.unwrap_or_default(),
        cors_origins: cors_origins(reader, production),
        request_timeout: seconds(reader, "REQUEST_TIMEOUT_SECONDS", 60, 1, 3600),
        upload_timeout: UPLOAD_TIMEOUT,
        shutdown_grace: seconds(
            reader,
            "SHUTDOWN_GRACE_SECONDS",
            if production { 5 } else { 0 },
            0,
            120,
        ),
        shutdown_timeout: seconds(reader, "SHUTDOWN_TIMEOUT_SECONDS", 30, 0, 3600),
        enable_hsts: reader.boolean("ENABLE_HSTS", production),
        docs_enabled: reader.boolean("DOCS_ENABLED", !production),
    }
}

fn trusted_hosts(reader: &mut Reader<'_>, environment: Environment, base_url: Option<&Url>) -> Vec<String> {
    let (hosts, source) = match reader.list("TRUSTED_HOSTS", urls::trusted_host) {
        Some(hosts) => (hosts, ""),
        None => match base_url.and_then(Url::host_str) {
            Some(host) => (vec![host.to_owned()], "default, from PUBLIC_BASE_URL"),
            None => (vec!["*".to_owned()], "default"),
        },
    };
    let any = hosts.iter().any(|host| host == "*");
    if any && environment.is_production() {
        let reason =
            "must name the hosts of this server in production, not *; PUBLIC_BASE_URL alone does it too";
        reader.fault("TRUSTED_HOSTS", reason);
    } else if any && environment == Environment::Staging {
        reader.warn("TRUSTED_HOSTS lets requests for any host in; production will refuse that");
    }
    reader.note("TRUSTED_HOSTS", joined(&hosts), source);
    hosts
}

fn cors_origins(reader: &mut Reader<'_>, production: bool) -> Vec<String> {
    if let Some(origins) = reader.list("CORS_ORIGINS", urls::origin) {
        reader.note("CORS_ORIGINS", joined(&origins), "");
        return origins;
    }
    if production {
        reader.warn(
            "CORS_ORIGINS is not set: of other origins, only the development ones on localhost are allowed",
        );
    }
    reader.note("CORS_ORIGINS", DEVELOPMENT_ORIGINS, "default");
    DEVELOPMENT_ORIGINS.split(',').map(str::to_owned).collect()
}

fn database(reader: &mut Reader<'_>, environment: Environment) -> DatabaseConfig {
    let target = database_target(reader, environment);
    let pg_bindir = reader.text("PG_BINDIR");
    note_optional(reader, "PG_BINDIR", pg_bindir.as_deref());
    let migrate_url = optional_database(reader, "MIGRATE_DATABASE_URL", "");
    let replica_url = optional_database(reader, "DATABASE_REPLICA_URL", "");
    if matches!(target, DatabaseTarget::Embedded { .. }) {
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
    let url = optional_database(reader, "DATABASE_URL", "not set");
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
fn optional_database(
    reader: &mut Reader<'_>,
    name: &'static str,
    unset: &'static str,
) -> Option<SecretString> {
    let checked = reader.text(name).map(|text| urls::database_url(&text));
    let url = match checked {
        None => None,
        Some(Ok(url)) => Some(url),
        Some(Err(reason)) => {
            reader.fault(name, reason);
            None
        }
    };
    match &url {
        Some(url) => reader.note(name, urls::masked(url), ""),
        None => reader.note(name, "", if unset.is_empty() { "default" } else { unset }),
    }
    url.map(SecretString::from)
}

fn auth(reader: &mut Reader<'_>, environment: Environment) -> AuthConfig {
    let production = environment.is_production();
    let (secret_key, secret_key_is_random) = secret_key(reader, production);
    let algorithm = reader.choice(
        "ALGORITHM",
        TokenAlgorithm::Hs256,
        &[
            ("HS256", TokenAlgorithm::Hs256),
            ("HS384", TokenAlgorithm::Hs384),
            ("HS512", TokenAlgorithm::Hs512),
        ],
    );
    let access_minutes = reader.number("ACCESS_TOKEN_EXPIRE_MINUTES", 30_u64, 1..=1440);
    let refresh_days = reader.number("REFRESH_TOKEN_EXPIRE_DAYS", 7_u64, 1..=90);
    let allow_signup = reader.boolean("ALLOW_SIGNUP", !production);
    let signup_default_role = reader.choice("SIGNUP_DEFAULT_ROLE", Role::Viewer, &ROLES);
    if allow_signup && signup_default_role == Role::Admin {
        reader.warn("SIGNUP_DEFAULT_ROLE makes everyone who signs up an admin");
    }
    let cookie_secure = reader.boolean("COOKIE_SECURE", production);
    let cookie_same_site = reader.choice(
        "COOKIE_SAMESITE",
        SameSite::Lax,
        &[
            ("Lax", SameSite::Lax),
            ("Strict", SameSite::Strict),
            ("None", SameSite::None),
        ],
    );
    if cookie_same_site == SameSite::None && !cookie_secure {
        reader.fault(
            "COOKIE_SAMESITE",
            "None needs COOKIE_SECURE=true, because browsers drop such cookies otherwise",
        );
    }
    AuthConfig {
        secret_key,
        secret_key_is_random,
        algorithm,
        access_token_ttl: Duration::from_mins(access_minutes),
        refresh_token_ttl: Duration::from_hours(refresh_days * 24),
        allow_signup,
        signup_default_role,
        cookie_secure,
        cookie_same_site,
    }
}

/// The key that signs tokens, and whether it was drawn for this run only.
fn secret_key(reader: &mut Reader<'_>, production: bool) -> (SecretString, bool) {
    const NAME: &str = "SECRET_KEY";
    if let Some(key) = reader.raw(NAME) {
        if let Some(weakness) = weakness(&key) {
            if production {
                reader.fault(
                    NAME,
                    format!("{weakness}; production needs at least {SECRET_KEY_BYTES} random bytes"),
                );
            } else {
                reader.warn(format!("{NAME} {weakness}; production will refuse it"));
            }
        }
        reader.note(NAME, MASK, "");
        return (key.into(), false);
    }
    reader.note(NAME, MASK, "random at every start");
    if production {
        let reason = format!("must be set in production to at least {SECRET_KEY_BYTES} random bytes");
        reader.fault(NAME, reason);
    } else {
        reader.warn(format!(
            "{NAME} is not set: a random one signs tokens, which end with this run"
        ));
    }
    let mut key = [0; SECRET_KEY_BYTES];
    if getrandom::fill(&mut key).is_err() {
        reader.fault(NAME, "must be set, because this system gives no random bytes");
    }
    (hex::encode(key).into(), true)
}

/// Why a key is easy to guess.
fn weakness(key: &str) -> Option<&'static str> {
    let distinct: std::collections::BTreeSet<u8> = key.bytes().collect();
    if KNOWN_SECRET_KEYS.contains(&key.trim()) {
        Some("is the one of the examples, known to everyone")
    } else if key.len() < SECRET_KEY_BYTES {
        Some("is too short")
    } else if distinct.len() < SECRET_KEY_DISTINCT {
        Some("consists of too few different characters")
    } else {
        None
    }
}

fn uploads(reader: &mut Reader<'_>, environment: Environment) -> UploadConfig {
    let dir = upload_dir(reader, environment.is_production());
    let file_mb = reader.number("MAX_FILE_SIZE_MB", 50_u64, 1..=500);
    let bulk_mb = reader.number("MAX_BULK_MB", file_mb.max(200), 1..=500);
    if bulk_mb < file_mb {
        reader.fault(
            "MAX_BULK_MB",
            format!("must not be below MAX_FILE_SIZE_MB, which is {file_mb}, found {bulk_mb}"),
        );
    }
    let max_files_per_session = reader.number("MAX_FILES_PER_SESSION", 50_u32, 1..=1000);
    let ttl_hours = reader.number("SESSION_TTL_HOURS", 24_u64, 1..=720);
    let retention_hours = reader.number("SESSION_RETENTION_HOURS", 168_u64, 0..=8760);
    UploadConfig {
        dir,
        max_file_size: file_mb * MEGABYTE,
        max_bulk_size: bulk_mb * MEGABYTE,
        max_files_per_session,
        session_ttl: Duration::from_hours(ttl_hours),
        session_retention: Duration::from_hours(retention_hours),
        download_url_ttl: seconds(reader, "DOWNLOAD_URL_TTL_SECONDS", 3600, 60, 86_400),
        uploads_per_hour: reader.number("UPLOADS_PER_HOUR", 100_u32, 1..=1_000_000),
        downloads_per_hour: reader.number("DOWNLOADS_PER_HOUR", 1000_u32, 1..=1_000_000),
    }
}

fn upload_dir(reader: &mut Reader<'_>, production: bool) -> PathBuf {
    let dir = reader.text("UPLOAD_DIR").map(PathBuf::from);
    let has_storage = reader.text("STORAGE_URL").is_some();
    let storage = reader.optional("STORAGE_URL", urls::storage_folder);
    match (&dir, &storage) {
        (Some(dir), Some(storage)) if dir != storage => {
            reader.fault(
                "STORAGE_URL",
                "must be the folder of UPLOAD_DIR when both are set; one of them suffices",
            );
        }
        (None, None) if production && !has_storage => {
            reader.fault("UPLOAD_DIR", "must be set in production (or STORAGE_URL)");
        }
        _ => {}
    }
    let source = match (&dir, &storage) {
        (Some(_), _) => "",
        (None, Some(_)) => "from STORAGE_URL",
        (None, None) => "default",
    };
    let chosen = dir
        .or_else(|| storage.clone())
        .unwrap_or_else(|| PathBuf::from("uploads"));
    reader.note("UPLOAD_DIR", chosen.display().to_string(), source);
    let shown = storage.map(|folder| format!("file://{}", folder.display()));
    note_optional(reader, "STORAGE_URL", shown.as_deref());
    chosen
}

fn rate_limit(reader: &mut Reader<'_>) -> RateLimitConfig {
    RateLimitConfig {
        enabled: reader.boolean("RATE_LIMIT_ENABLED", true),
        per_minute: reader.number("RATE_LIMIT_PER_MINUTE", 6000_u32, 1..=10_000_000),
    }
}

fn telemetry(reader: &mut Reader<'_>, environment: Environment) -> TelemetryConfig {
    let log_level = reader.choice("LOG_LEVEL", tracing::Level::INFO, &LEVELS);
    let default_format = if environment.is_production() {
        LogFormat::Json
    } else {
        LogFormat::Text
    };
    let log_format = reader.choice(
        "LOG_FORMAT",
        default_format,
        &[("json", LogFormat::Json), ("text", LogFormat::Text)],
    );
    let (log_dir, source) = match reader.given("LOG_DIR") {
        None => ("logs".to_owned(), "default"),
        Some(folder) if folder.trim().is_empty() => (String::new(), "no files"),
        Some(folder) => (folder.trim().to_owned(), ""),
    };
    reader.note("LOG_DIR", log_dir.as_str(), source);
    let otlp_endpoint = reader.optional("OTEL_EXPORTER_OTLP_ENDPOINT", urls::collector);
    let shown = otlp_endpoint.as_deref().map(urls::masked);
    note_optional(reader, "OTEL_EXPORTER_OTLP_ENDPOINT", shown.as_deref());
    let metrics_port = reader.optional("METRICS_PORT", |text| number(text, &(1..=u16::MAX)));
    note_optional(
        reader,
        "METRICS_PORT",
        metrics_port.map(|port| port.to_string()).as_deref(),
    );
    let metrics_token = reader.secret("METRICS_TOKEN");
    if metrics_token
        .as_ref()
        .is_some_and(|token| !token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()))
    {
        reader.fault(
            "METRICS_TOKEN",
            "must be visible ASCII characters without blanks, because a header carries it",
        );
    }
    TelemetryConfig {
        log_level,
        log_format,
        log_dir: (!log_dir.is_empty()).then(|| log_dir.into()),
        otlp_endpoint,
        metrics_port,
        metrics_token,
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

fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "must be addresses or networks such as 10.0.0.0/8".to_owned())
}

fn joined<T: ToString>(values: &[T]) -> String {
    values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}
