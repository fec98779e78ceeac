//! The settings of the program: every environment variable, read and checked once, before anything else happens.
//!
//! [`Config::load`] takes `.env` of the working directory first and lets the real environment win over it;
//! [`Config::from_vars`] is the same without the outside world. A variable with an empty value counts as not set
//! (only an empty `LOG_DIR` has a meaning of its own: no log files). All faults are gathered and reported together,
//! with the variable's name and what is allowed, never with the value of a secret. No other module reads the
//! environment.
//!
//! `reader` holds the typed readers, `groups` what each variable means and what production refuses, `urls` the
//! handling of addresses, `show` the print of `check-config`.

mod groups;
mod load;
mod reader;
mod show;
#[cfg(test)]
mod tests;
mod urls;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use crate::auth::Role;

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the program runs (`APP_ENVIRONMENT`).
    pub environment: Environment,
    /// Whether 500 answers tell what happened (`DEBUG_MODE`); never true in production.
    pub debug_mode: bool,
    /// The zone in which "today", ageing and due dates are dates (`BUSINESS_TIMEZONE`).
    pub business_timezone: chrono_tz::Tz,
    /// The listener and what it lets in.
    pub server: ServerConfig,
    /// The database, embedded or external.
    pub database: DatabaseConfig,
    /// Tokens, cookies and signup.
    pub auth: AuthConfig,
    /// Files and their limits.
    pub uploads: UploadConfig,
    /// The general limits on requests.
    pub rate_limit: RateLimitConfig,
    /// Logs, metrics and traces.
    pub telemetry: TelemetryConfig,
    /// What is allowed but deserves a line in the log at start.
    pub warnings: Vec<String>,
    /// What was read, in order, masked; the print of `check-config`.
    settings: Vec<reader::Setting>,
}

/// Where the program runs; production is strict about weak settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine.
    Development,
    /// A rehearsal of production.
    Staging,
    /// Real data, real users.
    Production,
    /// An automatic test.
    Test,
}

impl Environment {
    /// The word of `APP_ENVIRONMENT`, also shown by the detailed health answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
            Self::Test => "test",
        }
    }

    /// Whether weak settings are refused and answers disclose nothing internal.
    pub const fn is_production(self) -> bool {
        matches!(self, Self::Production)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The listener and what it lets in.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Address or name to bind, IPv6 without brackets (`HOST`).
    pub host: String,
    /// Port to bind; 0 takes any free one (`PORT`).
    pub port: u16,
    /// The address under which users reach the server, without a trailing slash (`PUBLIC_BASE_URL`).
    pub public_base_url: Option<String>,
    /// Allowed hosts in lower case without port, `*.example.com` for sub-domains; `["*"]` lets any in (`TRUSTED_HOSTS`).
    pub trusted_hosts: Vec<String>,
    /// The networks whose `X-Forwarded-*` headers are believed (`TRUSTED_PROXIES`).
    pub trusted_proxies: Vec<IpNet>,
    /// Allowed origins in the form browsers send them (`CORS_ORIGINS`).
    pub cors_origins: Vec<String>,
    /// Limit of an ordinary request (`REQUEST_TIMEOUT_SECONDS`).
    pub request_timeout: Duration,
    /// Limit of uploads and bulk downloads: 300 s, fixed.
    pub upload_timeout: Duration,
    /// How long connections are still accepted after readiness has turned 503 (`SHUTDOWN_GRACE_SECONDS`).
    pub shutdown_grace: Duration,
    /// How long running requests may take after that (`SHUTDOWN_TIMEOUT_SECONDS`).
    pub shutdown_timeout: Duration,
    /// Whether `Strict-Transport-Security` is sent (`ENABLE_HSTS`).
    pub enable_hsts: bool,
    /// Whether the `OpenAPI` document and its pages are served (`DOCS_ENABLED`).
    pub docs_enabled: bool,
}

impl ServerConfig {
    /// Whether requests for any host are let in.
    pub fn trusts_any_host(&self) -> bool {
        self.trusted_hosts.iter().any(|host| host == "*")
    }
}

/// Which database is used.
#[derive(Debug, Clone)]
pub enum DatabaseTarget {
    /// A private cluster that the program runs itself.
    Embedded {
        /// The folder that holds it (`DATA_DIR`).
        data_dir: PathBuf,
    },
    /// A server elsewhere, as a complete URL (`DATABASE_URL`, or made from `DB_*`).
    External(SecretString),
}

/// The database, embedded or external.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// Which database is used.
    pub target: DatabaseTarget,
    /// A direct connection for migrations (`MIGRATE_DATABASE_URL`); `None` means that of `target`.
    pub migrate_url: Option<SecretString>,
    /// A read replica for lists and reports (`DATABASE_REPLICA_URL`).
    pub replica_url: Option<SecretString>,
    /// Connections of the pool; half of them are kept open (`DB_POOL_SIZE`).
    pub pool_size: u32,
    /// Connections on top of `pool_size` under load (`DB_MAX_OVERFLOW`).
    pub max_overflow: u32,
    /// How long a request waits for a connection before it answers 503 (`DB_POOL_TIMEOUT`).
    pub pool_timeout: Duration,
    /// Limit of one statement (`DB_STATEMENT_TIMEOUT_MS`); `None` is no limit.
    pub statement_timeout: Option<Duration>,
    /// Whether the schema is brought up to date at start (`AUTO_MIGRATE`).
    pub auto_migrate: bool,
    /// The IANA zone of old timestamps without one (`LEGACY_TIMEZONE`); `None` means that of the database.
    pub legacy_timezone: Option<String>,
    /// The role of users found at adoption, but the first (`LEGACY_USER_ROLE`).
    pub legacy_user_role: Role,
    /// The folder with `PostgreSQL`'s programs for the embedded cluster (`PG_BINDIR`); `None` means look for them.
    pub pg_bindir: Option<PathBuf>,
    /// The search path in which `PostgreSQL`'s programs are looked for (`PATH`).
    pub path: Option<OsString>,
}

/// The algorithm that signs access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

/// The `SameSite` attribute of the access token's cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Sent with top-level navigation from other sites.
    Lax,
    /// Never sent from other sites.
    Strict,
    /// Always sent; needs `Secure`.
    None,
}

impl SameSite {
    /// The word in `Set-Cookie`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::Strict => "Strict",
            Self::None => "None",
        }
    }
}

/// Tokens, cookies and signup.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// The key that signs tokens and links (`SECRET_KEY`).
    pub secret_key: SecretString,
    /// Whether the key was made for this run only, so that tokens end with it.
    pub secret_key_is_random: bool,
    /// The algorithm of access tokens (`ALGORITHM`).
    pub algorithm: TokenAlgorithm,
    /// Life of an access token (`ACCESS_TOKEN_EXPIRE_MINUTES`).
    pub access_token_ttl: Duration,
    /// Life of a refresh token (`REFRESH_TOKEN_EXPIRE_DAYS`).
    pub refresh_token_ttl: Duration,
    /// Whether anyone but the first user may sign up (`ALLOW_SIGNUP`).
    pub allow_signup: bool,
    /// The role of those who sign up after the first (`SIGNUP_DEFAULT_ROLE`).
    pub signup_default_role: Role,
    /// Whether cookies are `Secure` (`COOKIE_SECURE`).
    pub cookie_secure: bool,
    /// `SameSite` of the access token's cookie (`COOKIE_SAMESITE`).
    pub cookie_same_site: SameSite,
}

/// Files and their limits; sizes in bytes.
#[derive(Debug, Clone)]
pub struct UploadConfig {
    /// The folder of stored files (`UPLOAD_DIR`, or `STORAGE_URL` as `file://`); with a bucket, of those that are arriving.
    pub dir: PathBuf,
    /// The bucket of stored files (`STORAGE_URL` as `s3://`), if they lie in one.
    pub s3: Option<S3Config>,
    /// Largest single file (`MAX_FILE_SIZE_MB`).
    pub max_file_size: u64,
    /// Largest bulk download or upload (`MAX_BULK_MB`).
    pub max_bulk_size: u64,
    /// Most files of one session (`MAX_FILES_PER_SESSION`).
    pub max_files_per_session: u32,
    /// How long a session takes files (`SESSION_TTL_HOURS`).
    pub session_ttl: Duration,
    /// How long an expired session is kept (`SESSION_RETENTION_HOURS`).
    pub session_retention: Duration,
    /// How long a signed link works (`DOWNLOAD_URL_TTL_SECONDS`).
    pub download_url_ttl: Duration,
    /// Uploads of one user in an hour (`UPLOADS_PER_HOUR`).
    pub uploads_per_hour: u32,
    /// Downloads of one user in an hour (`DOWNLOADS_PER_HOUR`).
    pub downloads_per_hour: u32,
}

impl UploadConfig {
    /// What the parts around a file may add to it.
    const AROUND_A_FILE: u64 = 1024 * 1024;

    /// The longest form with one file, in bytes of its body.
    pub const fn max_form_size(&self) -> u64 {
        self.max_file_size + Self::AROUND_A_FILE
    }
}

/// A bucket of an S3-compatible store.
#[derive(Debug, Clone)]
pub struct S3Config {
    /// Its name.
    pub bucket: String,
    /// What every key begins with; may be empty.
    pub prefix: String,
    /// Its region (`AWS_REGION`).
    pub region: String,
    /// The address of a store other than Amazon's (`AWS_ENDPOINT_URL`); the bucket then stands in the path.
    pub endpoint: Option<String>,
    /// Without them the role of the machine is used.
    pub keys: Option<S3Keys>,
}

/// What requests to a bucket are signed with.
#[derive(Debug, Clone)]
pub struct S3Keys {
    /// `AWS_ACCESS_KEY_ID`.
    pub id: SecretString,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: SecretString,
    /// `AWS_SESSION_TOKEN`, of temporary keys.
    pub session_token: Option<SecretString>,
}

/// The general limits on requests, kept by each server for itself.
#[derive(Debug, Clone)]
pub struct RateLimitConfig {
    /// Whether requests are limited at all (`RATE_LIMIT_ENABLED`).
    pub enabled: bool,
    /// Requests of one user in a minute; an address has twice that (`RATE_LIMIT_PER_MINUTE`).
    pub per_minute: u32,
}

/// The form of log lines on stdout; files are always JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// `time - name - LEVEL - message`.
    Text,
}

/// Logs, metrics and traces.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// The least severe level that is logged (`LOG_LEVEL`).
    pub log_level: tracing::Level,
    /// The form on stdout (`LOG_FORMAT`).
    pub log_format: LogFormat,
    /// The folder of log files (`LOG_DIR`); `None` writes none.
    pub log_dir: Option<PathBuf>,
    /// The OTLP/HTTP collector that gets traces (`OTEL_EXPORTER_OTLP_ENDPOINT`).
    pub otlp_endpoint: Option<String>,
    /// A port for `/metrics` alone, off the main listener (`METRICS_PORT`).
    pub metrics_port: Option<u16>,
    /// A bearer token that opens `/metrics` (`METRICS_TOKEN`).
    pub metrics_token: Option<SecretString>,
}

/// One setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// The variable.
    pub name: String,
    /// What is wrong and what is allowed, without the value of a secret.
    pub reason: String,
}

/// Every setting that cannot be used, as one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<ConfigFault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => writeln!(f, "1 setting cannot be used:")?,
            count => writeln!(f, "{count} settings cannot be used:")?,
        }
        for ConfigFault { name, reason } in &self.0 {
            writeln!(f, "  {name}: {reason}")?;
        }
        f.write_str("Every setting is explained in .env.example.")
    }
}

impl std::error::Error for ConfigFaults {}

impl Config {
    /// Reads the settings from `.env` in the working directory and the environment, which wins.
    ///
    /// # Errors
    /// Every setting that cannot be used, at once.
    pub fn load() -> Result<Self, ConfigFaults> {
        load::load()
    }

    /// Reads the settings from any source of variables.
    ///
    /// # Errors
    /// Every setting that cannot be used, at once.
    pub fn from_vars(vars: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigFaults> {
        let mut reader = reader::Reader::new(&vars);
        let config = groups::read(&mut reader);
        reader.finish(config)
    }

    /// Reads the settings from a list of names and values; of a name that is there twice, the last counts.
    ///
    /// # Errors
    /// Every setting that cannot be used, at once.
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Result<Self, ConfigFaults> {
        Self::from_vars(|name| {
            pairs
                .iter()
                .rev()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }
}
