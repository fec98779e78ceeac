//! What each variable allows, refuses and defaults to; production's rules; that secrets stay secret; that
//! `.env.example` and the code agree.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::*;

const EXAMPLE: &str = include_str!("../../.env.example");
const GUIDE: &str = include_str!("../../DEPLOYMENT_GUIDE.md");
const KEY: &str = "0f9a1c55d4e24b0e8d7b3a6c9e1f2a4b";

/// A production that starts.
const PRODUCTION: [(&str, &str); 5] = [
    ("APP_ENVIRONMENT", "production"),
    ("DATABASE_URL", "postgres://fin:geheim@db/erp"),
    ("SECRET_KEY", KEY),
    ("TRUSTED_HOSTS", "erp.example.com"),
    ("UPLOAD_DIR", "/srv/uploads"),
];

fn good(pairs: &[(&str, &str)]) -> Config {
    Config::from_pairs(pairs).unwrap()
}

/// The names at fault, in order.
fn faulty(pairs: &[(&str, &str)]) -> Vec<String> {
    match Config::from_pairs(pairs) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.0.into_iter().map(|fault| fault.name).collect(),
    }
}

/// Production with some variables changed; an empty value takes one away.
fn production<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    PRODUCTION.into_iter().chain(changes.iter().copied()).collect()
}

fn external_url(config: &Config) -> &str {
    match &config.database.target {
        DatabaseTarget::External(url) => url.expose_secret(),
        DatabaseTarget::Embedded { .. } => panic!("the database is embedded"),
    }
}

#[test]
fn nothing_set_gives_the_defaults_of_development() {
    let config = good(&[]);

    assert_eq!(config.environment, Environment::Development);
    assert!(!config.debug_mode);
    assert_eq!(config.business_timezone, chrono_tz::Asia::Kolkata);
    let server = &config.server;
    assert_eq!((server.host.as_str(), server.port), ("127.0.0.1", 8000));
    assert_eq!(server.public_base_url, None);
    assert_eq!(server.trusted_hosts, ["*"]);
    assert!(server.trusts_any_host());
    assert!(server.trusted_proxies.is_empty());
    assert_eq!(server.cors_origins.len(), 3);
    assert!(server.cors_origins.contains(&"http://localhost:5175".to_owned()));
    assert_eq!(server.request_timeout, Duration::from_mins(1));
    assert_eq!(server.upload_timeout, Duration::from_mins(5));
    assert_eq!(server.shutdown_grace, Duration::ZERO);
    assert_eq!(server.shutdown_timeout, Duration::from_secs(30));
    assert!(!server.enable_hsts);
    assert!(server.docs_enabled);
    let database = &config.database;
    assert!(
        matches!(&database.target, DatabaseTarget::Embedded { data_dir } if data_dir.as_os_str() == "data")
    );
    assert!(database.migrate_url.is_none() && database.replica_url.is_none());
    assert_eq!((database.pool_size, database.max_overflow), (20, 40));
    assert_eq!(database.pool_timeout, Duration::from_secs(30));
    assert_eq!(database.statement_timeout, Some(Duration::from_secs(30)));
    assert!(database.auto_migrate);
    assert_eq!(
        (database.legacy_timezone.as_deref(), database.legacy_user_role),
        (None, Role::Editor)
    );
    assert_eq!((&database.pg_bindir, &database.path), (&None, &None));
    let auth = &config.auth;
    assert!(auth.secret_key_is_random);
    assert_eq!(auth.secret_key.expose_secret().len(), 64);
    assert_eq!(auth.algorithm, TokenAlgorithm::Hs256);
    assert_eq!(auth.access_token_ttl, Duration::from_mins(30));
    assert_eq!(auth.refresh_token_ttl, Duration::from_hours(168));
    assert!(auth.allow_signup);
    assert_eq!(auth.signup_default_role, Role::Viewer);
    assert!(!auth.cookie_secure);
    assert_eq!(auth.cookie_same_site, SameSite::Lax);
    let uploads = &config.uploads;
    assert_eq!(uploads.dir, PathBuf::from("uploads"));
    assert_eq!(
        (uploads.max_file_size, uploads.max_bulk_size),
        (52_428_800, 209_715_200)
    );
    assert_eq!(uploads.max_files_per_session, 50);
    assert_eq!(uploads.session_ttl, Duration::from_hours(24));
    assert_eq!(uploads.session_retention, Duration::from_hours(168));
    assert_eq!(uploads.download_url_ttl, Duration::from_hours(1));
    assert_eq!(
        (uploads.uploads_per_hour, uploads.downloads_per_hour),
        (100, 1000)
    );
    assert!(config.rate_limit.enabled);
    assert_eq!(config.rate_limit.per_minute, 6000);
    let telemetry = &config.telemetry;
    assert_eq!(
        (telemetry.log_level, telemetry.log_format),
        (tracing::Level::INFO, LogFormat::Text)
    );
    assert_eq!(telemetry.log_dir, Some(PathBuf::from("logs")));
    assert_eq!((&telemetry.otlp_endpoint, telemetry.metrics_port), (&None, None));
    assert!(telemetry.metrics_token.is_none());
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    assert!(config.warnings[0].contains("SECRET_KEY"));
}

/// Every variable but the parts of an address, with a value that is not its default.
const GOOD: &[(&str, &str)] = &[
    ("APP_ENVIRONMENT", " Staging "),
    ("DEBUG_MODE", "yes"),
    ("BUSINESS_TIMEZONE", "Europe/Berlin"),
    ("HOST", "[::]"),
    ("PORT", "0"),
    ("PUBLIC_BASE_URL", "https://ERP.example.com/finance"),
    ("TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7"),
    (
        "CORS_ORIGINS",
        " https://App.example.com:443 ,http://localhost:5175,",
    ),
    ("REQUEST_TIMEOUT_SECONDS", "90"),
    ("SHUTDOWN_GRACE_SECONDS", "120"),
    ("SHUTDOWN_TIMEOUT_SECONDS", "45"),
    ("ENABLE_HSTS", "1"),
    ("DOCS_ENABLED", "no"),
    ("DATABASE_URL", "postgresql+psycopg2://fin:geheim@db:6432/erp"),
    ("MIGRATE_DATABASE_URL", "postgres://fin:geheim@db:5432/erp"),
    ("DATABASE_REPLICA_URL", "postgres://fin:geheim@replica/erp"),
    ("DB_POOL_SIZE", "500"),
    ("DB_MAX_OVERFLOW", "0"),
    ("DB_POOL_TIMEOUT", "1"),
    ("DB_STATEMENT_TIMEOUT_MS", "0"),
    ("DB_SCHEMA", "Finances"),
    ("AUTO_MIGRATE", "false"),
    ("LEGACY_TIMEZONE", "UTC"),
    ("LEGACY_USER_ROLE", "Viewer"),
    ("PG_BINDIR", "/usr/lib/postgresql/17/bin"),
    ("PATH", "/usr/bin:/bin"),
    ("SECRET_KEY", KEY),
    ("ALGORITHM", "hs512"),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", "480"),
    ("REFRESH_TOKEN_EXPIRE_DAYS", "90"),
    ("ALLOW_SIGNUP", "off"),
    ("SIGNUP_DEFAULT_ROLE", "editor"),
    ("COOKIE_SECURE", "true"),
    ("COOKIE_SAMESITE", "none"),
    ("UPLOAD_DIR", "/srv/up loads"),
    ("MAX_FILE_SIZE_MB", "300"),
    ("MAX_FILES_PER_SESSION", "1000"),
    ("SESSION_TTL_HOURS", "720"),
    ("SESSION_RETENTION_HOURS", "0"),
    ("DOWNLOAD_URL_TTL_SECONDS", "60"),
    ("UPLOADS_PER_HOUR", "1"),
    ("DOWNLOADS_PER_HOUR", "2"),
    ("RATE_LIMIT_ENABLED", "false"),
    ("RATE_LIMIT_PER_MINUTE", "60"),
    ("LOG_LEVEL", "critical"),
    ("LOG_FORMAT", "JSON"),
    ("LOG_DIR", "/var/log/nexgen"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/"),
    ("METRICS_PORT", "9100"),
    ("METRICS_TOKEN", "prometheus-0123456789"),
];

#[test]
fn every_variable_takes_a_good_value() {
    let config = good(GOOD);

    assert_eq!(config.environment, Environment::Staging);
    assert!(config.debug_mode);
    assert_eq!(config.business_timezone, chrono_tz::Europe::Berlin);
    assert_eq!((config.server.host.as_str(), config.server.port), ("::", 0));
    assert_eq!(
        config.server.public_base_url.as_deref(),
        Some("https://erp.example.com/finance")
    );
    assert_eq!(config.server.trusted_hosts, ["erp.example.com"]);
    assert_eq!(joined(&config.server.trusted_proxies), "10.0.0.0/8 192.0.2.7/32");
    assert_eq!(
        config.server.cors_origins,
        ["https://app.example.com", "http://localhost:5175"]
    );
    assert_eq!(config.server.request_timeout, Duration::from_secs(90));
    assert_eq!(config.server.shutdown_grace, Duration::from_mins(2));
    assert_eq!(config.server.shutdown_timeout, Duration::from_secs(45));
    assert!(config.server.enable_hsts);
    assert!(!config.server.docs_enabled);
    assert_eq!(external_url(&config), "postgres://fin:geheim@db:6432/erp");
    assert!(config.database.migrate_url.is_some() && config.database.replica_url.is_some());
    assert_eq!(
        (config.database.pool_size, config.database.max_overflow),
        (500, 0)
    );
    assert_eq!(config.database.pool_timeout, Duration::from_secs(1));
    assert_eq!(config.database.statement_timeout, None);
    assert!(!config.database.auto_migrate);
    assert_eq!(config.database.legacy_timezone.as_deref(), Some("UTC"));
    assert_eq!(config.database.legacy_user_role, Role::Viewer);
    assert_eq!(
        config.database.pg_bindir,
        Some(PathBuf::from("/usr/lib/postgresql/17/bin"))
    );
    assert_eq!(config.database.path, Some("/usr/bin:/bin".into()));
    assert_eq!(config.auth.secret_key.expose_secret(), KEY);
    assert!(!config.auth.secret_key_is_random);
    assert_eq!(config.auth.algorithm, TokenAlgorithm::Hs512);
    assert_eq!(config.auth.access_token_ttl, Duration::from_hours(8));
    assert_eq!(config.auth.refresh_token_ttl, Duration::from_hours(2160));
    assert!(!config.auth.allow_signup);
    assert_eq!(config.auth.signup_default_role, Role::Editor);
    assert!(config.auth.cookie_secure);
    assert_eq!(config.auth.cookie_same_site, SameSite::None);
    assert_eq!(config.uploads.dir, PathBuf::from("/srv/up loads"));
    assert_eq!(config.uploads.max_file_size, 300 << 20);
    assert_eq!(
        config.uploads.max_bulk_size,
        300 << 20,
        "the default follows a larger file size"
    );
    assert_eq!(config.uploads.session_retention, Duration::ZERO);
    assert_eq!(
        (config.uploads.uploads_per_hour, config.uploads.downloads_per_hour),
        (1, 2)
    );
    assert!(!config.rate_limit.enabled);
    assert_eq!(config.rate_limit.per_minute, 60);
    assert_eq!(
        (config.telemetry.log_level, config.telemetry.log_format),
        (tracing::Level::ERROR, LogFormat::Json)
    );
    assert_eq!(config.telemetry.log_dir, Some(PathBuf::from("/var/log/nexgen")));
    assert_eq!(
        config.telemetry.otlp_endpoint.as_deref(),
        Some("http://localhost:4318")
    );
    assert_eq!(config.telemetry.metrics_port, Some(9100));
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    assert!(config.warnings[0].contains("DATABASE_REPLICA_URL"));
}

fn joined(values: &[IpNet]) -> String {
    values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Variable, and values of it that are refused.
const BAD: &[(&str, &[&str])] = &[
    ("APP_ENVIRONMENT", &["prod", "live"]),
    ("DEBUG_MODE", &["maybe", "2"]),
    ("BUSINESS_TIMEZONE", &["Kolkata", "+05:30"]),
    ("HOST", &["http://a", "a:80", "a b"]),
    ("PORT", &["-1", "65536", "http", "8000.0"]),
    (
        "PUBLIC_BASE_URL",
        &[
            "erp.example.com",
            "https://a/",
            "ftp://a",
            "https://a?b=c",
            "https://u:p@a",
        ],
    ),
    ("TRUSTED_HOSTS", &["https://a", "a b", ",", "a,*b"]),
    ("TRUSTED_PROXIES", &["10.0.0.0/33", "proxy", "10.0.0.1,x"]),
    (
        "CORS_ORIGINS",
        &[
            "*",
            "https://*.example.com",
            "localhost:3000",
            "https://a/b",
            "null",
            "http://a,*",
        ],
    ),
    ("REQUEST_TIMEOUT_SECONDS", &["0", "3601", "60s"]),
    ("SHUTDOWN_GRACE_SECONDS", &["121", "-1"]),
    ("SHUTDOWN_TIMEOUT_SECONDS", &["x", "3601"]),
    ("ENABLE_HSTS", &["y"]),
    ("DOCS_ENABLED", &["enabled"]),
    (
        "DATABASE_URL",
        &[
            "mysql://h/d",
            "h/d",
            "postgres://h:0x/d",
            "postgres://h/d?sslmode=maybe",
        ],
    ),
    ("MIGRATE_DATABASE_URL", &["h"]),
    ("DATABASE_REPLICA_URL", &["h"]),
    ("DB_HOST", &["a/b", "postgres://h", "u@h"]),
    ("DB_PORT", &["0", "65536", "x"]),
    ("DB_SSLMODE", &["yes"]),
    ("DB_SCHEMA", &["public", "finances"]),
    ("DB_POOL_SIZE", &["0", "501", "x"]),
    ("DB_MAX_OVERFLOW", &["-1", "501"]),
    ("DB_POOL_TIMEOUT", &["0", "301"]),
    ("DB_STATEMENT_TIMEOUT_MS", &["-1", "1s", "3600001"]),
    ("AUTO_MIGRATE", &["sure"]),
    ("LEGACY_TIMEZONE", &["IST+5", "Mars/Base"]),
    ("LEGACY_USER_ROLE", &["owner"]),
    ("ALGORITHM", &["none", "RS256", "HS1"]),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", &["0", "1441", "30m"]),
    ("REFRESH_TOKEN_EXPIRE_DAYS", &["0", "91"]),
    ("ALLOW_SIGNUP", &["perhaps"]),
    ("SIGNUP_DEFAULT_ROLE", &["user"]),
    ("COOKIE_SECURE", &["x"]),
    ("COOKIE_SAMESITE", &["Loose", "None"]),
    (
        "STORAGE_URL",
        &["s3://", "s3://bucket/a?b", "/srv", "file://host/share"],
    ),
    ("AWS_ENDPOINT_URL", &["localhost:9000", "s3://h"]),
    ("MAX_FILE_SIZE_MB", &["0", "501", "50.5"]),
    ("MAX_BULK_MB", &["0", "501", "49"]),
    ("MAX_FILES_PER_SESSION", &["0", "1001"]),
    ("SESSION_TTL_HOURS", &["0", "721"]),
    ("SESSION_RETENTION_HOURS", &["-1", "8761"]),
    ("DOWNLOAD_URL_TTL_SECONDS", &["59", "86401"]),
    ("UPLOADS_PER_HOUR", &["0"]),
    ("DOWNLOADS_PER_HOUR", &["0"]),
    ("RATE_LIMIT_PER_MINUTE", &["0", "x"]),
    ("LOG_LEVEL", &["LOUD"]),
    ("LOG_FORMAT", &["xml"]),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", &["localhost:4318", "grpc://h"]),
    ("METRICS_PORT", &["0", "70000", "8000"]),
];

#[test]
fn a_bad_value_is_named_and_nothing_else_is() {
    for &(name, values) in BAD {
        for value in values {
            let names = faulty(&[(name, value)]);
            assert!(
                !names.is_empty() && names.iter().all(|found| found == name),
                "{name}={value}: {names:?}"
            );
        }
    }
    assert_eq!(faulty(&[("RATE_LIMIT_ENABLED", "x")]), ["RATE_LIMIT_ENABLED"]);
    assert_eq!(faulty(&[("METRICS_TOKEN", "two words")]), ["METRICS_TOKEN"]);
    assert_eq!(
        faulty(&[("UPLOAD_DIR", "/a"), ("STORAGE_URL", "file:///b")]),
        ["STORAGE_URL"]
    );
    assert_eq!(
        faulty(&[("MIGRATE_DATABASE_URL", "postgres://h/d")]),
        ["MIGRATE_DATABASE_URL"]
    );
    assert_eq!(
        faulty(&[("DATABASE_URL", "h"), ("MIGRATE_DATABASE_URL", "postgres://h/d")]),
        ["DATABASE_URL"]
    );
    assert_eq!(faulty(&[("HOST", "caf\u{fffd}")]), ["HOST"]);
}

#[test]
fn all_faults_come_at_once_in_one_message() {
    let pairs: Vec<_> = BAD.iter().map(|(name, values)| (*name, values[0])).collect();

    let faults = Config::from_pairs(&pairs).unwrap_err();

    let message = faults.to_string();
    for &(name, _) in BAD {
        assert!(
            message.contains(&format!("\n  {name}: ")),
            "{name} is missing in {message}"
        );
    }
    assert!(
        message.starts_with(&format!("{} settings cannot be used:\n", BAD.len())),
        "{message}"
    );
}

#[test]
fn a_message_says_what_is_allowed_and_what_was_found() {
    let faults = Config::from_pairs(&[("DB_PORT", "abc\ndef")]).unwrap_err();

    assert_eq!(
        faults.to_string(),
        "1 setting cannot be used:\n  DB_PORT: must be a whole number from 1 to 65535, found \"abc\\ndef\"\n\
         Every setting is explained in .env.example."
    );
}

#[test]
fn an_empty_value_counts_as_not_set_but_for_log_dir() {
    let names: Vec<_> = example().into_keys().filter(|name| name != "LOG_DIR").collect();
    let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();

    let config = good(&pairs);

    assert_eq!(config.server.port, 8000);
    assert!(config.auth.secret_key_is_random);
    assert_eq!(good(&[("LOG_DIR", "")]).telemetry.log_dir, None);
    assert_eq!(
        good(&[("LOG_DIR", "")]).show().to_string(),
        good(&[("LOG_DIR", " ")]).show().to_string()
    );
}

#[test]
fn parts_make_an_address_and_a_whole_one_wins() {
    let parts = [
        ("DB_HOST", "db"),
        ("DB_USER", "f@n"),
        ("DB_PASSWORD", " p/w "),
        ("DB_SSLMODE", "require"),
    ];

    assert_eq!(
        external_url(&good(&parts)),
        "postgres://f%40n:%20p%2Fw%20@db:5432/Nexgen_erp?sslmode=require"
    );
    let both: Vec<_> = parts
        .into_iter()
        .chain([("DATABASE_URL", "postgres://other/d")])
        .collect();
    assert_eq!(external_url(&good(&both)), "postgres://other/d");
}

#[test]
fn storage_is_another_way_to_name_the_upload_folder() {
    assert_eq!(
        good(&[("STORAGE_URL", "file:///srv/files")]).uploads.dir,
        PathBuf::from("/srv/files")
    );
    let same = [("STORAGE_URL", "file:///srv/files"), ("UPLOAD_DIR", "/srv/files")];
    assert_eq!(good(&same).uploads.dir, PathBuf::from("/srv/files"));
    assert_eq!(
        faulty(&production(&[
            ("UPLOAD_DIR", ""),
            ("STORAGE_URL", "file:///srv/files")
        ])),
        [""; 0]
    );
}

#[test]
fn production_has_its_own_defaults() {
    let config = good(&production(&[]));

    assert!(config.environment.is_production());
    assert!(config.server.enable_hsts && config.auth.cookie_secure);
    assert!(!config.server.docs_enabled && !config.auth.allow_signup);
    assert_eq!(config.server.shutdown_grace, Duration::from_secs(5));
    assert_eq!(config.telemetry.log_format, LogFormat::Json);
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    assert!(config.warnings[0].contains("CORS_ORIGINS"));
}

#[test]
fn production_warns_of_what_may_be_meant() {
    let doubtful = [
        ("COOKIE_SECURE", "false"),
        ("RATE_LIMIT_ENABLED", "false"),
        ("CORS_ORIGINS", "https://erp.example.com"),
    ];
    let warnings = good(&production(&doubtful)).warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    for name in ["COOKIE_SECURE", "RATE_LIMIT_ENABLED"] {
        assert!(
            warnings.iter().any(|warning| warning.starts_with(name)),
            "{warnings:?}"
        );
    }
}

#[test]
fn production_refuses_all_weak_settings_in_one_message() {
    let bare = faulty(&[
        ("APP_ENVIRONMENT", "production"),
        ("DEBUG_MODE", "true"),
        ("CORS_ORIGINS", "*"),
    ]);
    assert_eq!(
        bare,
        [
            "DEBUG_MODE",
            "TRUSTED_HOSTS",
            "CORS_ORIGINS",
            "DATABASE_URL",
            "SECRET_KEY",
            "UPLOAD_DIR"
        ]
    );

    assert_eq!(
        faulty(&production(&[("DATABASE_URL", ""), ("DB_HOST", "db")])),
        ["DB_PASSWORD"]
    );
    assert_eq!(
        faulty(&production(&[("TRUSTED_HOSTS", "a.example,*")])),
        ["TRUSTED_HOSTS"]
    );
    assert_eq!(
        faulty(&production(&[
            ("COOKIE_SAMESITE", "None"),
            ("COOKIE_SECURE", "false")
        ])),
        ["COOKIE_SAMESITE"]
    );
    for everyone in ["0.0.0.0/0", "10.0.0.0/8,::/0"] {
        assert_eq!(
            faulty(&production(&[("TRUSTED_PROXIES", everyone)])),
            ["TRUSTED_PROXIES"]
        );
    }
    let by_base_url = [
        ("TRUSTED_HOSTS", ""),
        ("PUBLIC_BASE_URL", "https://erp.example.com"),
    ];
    assert_eq!(
        good(&production(&by_base_url)).server.trusted_hosts,
        ["erp.example.com"]
    );
}

#[test]
fn production_refuses_weak_keys_and_others_are_warned() {
    let same = "a".repeat(64);
    for weak in [
        "change-me-in-production",
        "please-CHANGE-ME-before-you-go-to-production",
        "0123456789abcdef0123456789abcde",
        &same,
        "abcabcabcabcabcabcabcabcabcabcabcabc",
    ] {
        assert_eq!(
            faulty(&production(&[("SECRET_KEY", weak)])),
            ["SECRET_KEY"],
            "{weak}"
        );
        let elsewhere = good(&[("SECRET_KEY", weak)]);
        assert_eq!(elsewhere.auth.secret_key.expose_secret(), weak);
        assert_eq!(elsewhere.warnings.len(), 1, "{:?}", elsewhere.warnings);
    }
}

#[test]
fn files_may_lie_in_a_bucket() {
    let pairs = [
        ("STORAGE_URL", "s3://nexgen-files/live"),
        ("UPLOAD_DIR", "/var/spool/nexgen"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000/"),
        ("AWS_REGION", "ap-south-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];

    let uploads = good(&pairs).uploads;

    assert_eq!(uploads.dir, PathBuf::from("/var/spool/nexgen"));
    let s3 = uploads.s3.unwrap();
    assert_eq!((s3.bucket.as_str(), s3.prefix.as_str()), ("nexgen-files", "live"));
    assert_eq!(s3.region, "ap-south-1");
    assert_eq!(s3.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
    let keys = s3.keys.unwrap();
    assert_eq!(keys.id.expose_secret(), "id");
    assert_eq!(keys.secret.expose_secret(), "secret");

    let plain = good(&pairs[..1]).uploads;
    assert_eq!(plain.dir, PathBuf::from("uploads"));
    assert!(plain.s3.unwrap().keys.is_none());
    assert!(good(&pairs[1..]).uploads.s3.is_none());
    assert_eq!(faulty(&pairs[..5]), ["AWS_SECRET_ACCESS_KEY"]);
    assert_eq!(faulty(&[pairs[0], pairs[5]]), ["AWS_ACCESS_KEY_ID"]);
    assert_eq!(
        faulty(&production(&[("UPLOAD_DIR", ""), ("STORAGE_URL", "s3://b")])),
        [""; 0]
    );
}

#[test]
fn secrets_are_shown_nowhere() {
    const SECRET: &str = "geheim-7c1d9e0b5a4f3826-geheim-7c1d";
    let url = format!("postgres://fin:{SECRET}@db/erp?password={SECRET}");
    let pairs = [
        ("SECRET_KEY", SECRET),
        ("DB_PASSWORD", SECRET),
        ("METRICS_TOKEN", SECRET),
        ("STORAGE_URL", "s3://bucket"),
        ("AWS_ACCESS_KEY_ID", SECRET),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", SECRET),
        ("DATABASE_URL", &url),
        ("MIGRATE_DATABASE_URL", &url),
        ("DATABASE_REPLICA_URL", &url),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            &format!("http://u:{SECRET}@collector:4318"),
        ),
    ];
    let config = good(&pairs);
    let shown = config.show().to_string();
    assert!(!shown.contains(SECRET), "{shown}");
    assert!(shown.contains("SECRET_KEY=********\n"), "{shown}");
    assert!(
        shown.contains("DATABASE_URL=postgres://fin:********@db/erp?password=********\n"),
        "{shown}"
    );
    let debug = format!(
        "{:?} {:?} {:?} {:?}",
        config.auth, config.database, config.telemetry.metrics_token, config.uploads
    );
    assert!(!debug.contains(SECRET), "{debug}");

    let broken = format!("postgres//fin:{SECRET}@db");
    let wrong = [
        ("APP_ENVIRONMENT", "production"),
        ("DATABASE_URL", broken.as_str()),
        ("MIGRATE_DATABASE_URL", &broken),
        ("PUBLIC_BASE_URL", &format!("https://u:{SECRET}@a/")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("u:{SECRET}@collector")),
        ("STORAGE_URL", &format!("s3://key:{SECRET}@bucket")),
        ("SECRET_KEY", &SECRET[..20]),
        ("METRICS_TOKEN", &format!("{SECRET} {SECRET}")),
    ];
    let message = Config::from_pairs(&wrong).unwrap_err().to_string();
    assert!(!message.contains(&SECRET[..20]), "{message}");
}

#[test]
fn the_print_tells_what_was_set_and_what_is_default() {
    let shown = good(&[("PORT", "9000"), ("PUBLIC_BASE_URL", "https://erp.example.com")])
        .show()
        .to_string();

    for line in [
        "APP_ENVIRONMENT=development  # default",
        "PORT=9000",
        "TRUSTED_HOSTS=erp.example.com  # default, from PUBLIC_BASE_URL",
        "DB_SCHEMA=Finances  # fixed",
        "SECRET_KEY=********  # random at every start",
        "LOG_DIR=logs  # default",
    ] {
        assert!(
            shown.lines().any(|found| found == line),
            "{line} is missing in\n{shown}"
        );
    }
}

/// The variables of `.env.example` with their commented values.
fn example() -> BTreeMap<String, String> {
    EXAMPLE
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn the_example_file_names_exactly_the_variables_that_are_read() {
    let read: std::collections::BTreeSet<_> = good(&[]).settings.iter().map(|setting| setting.name).collect();
    let asked = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let config = Config::from_vars(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    assert!(config.is_ok());
    let mut asked = asked.into_inner();
    assert!(asked.remove("PATH"), "the search path is read, but is no setting");

    assert!(
        asked.iter().map(String::as_str).eq(read.iter().copied()),
        "{asked:?} is not {read:?}"
    );
    assert!(example().into_keys().eq(asked), "{:?}", example());
}

#[test]
fn the_values_of_the_example_file_are_the_defaults() {
    let example = example();

    let config = Config::from_vars(|name| example.get(name).cloned()).unwrap();

    let effective = |config: &Config| {
        config
            .settings
            .iter()
            .map(|setting| (setting.name, setting.value.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(effective(&config), effective(&good(&[])));
    assert!(
        EXAMPLE
            .lines()
            .all(|line| line.is_empty() || line.starts_with('#')),
        "every line is a comment"
    );
}

#[test]
fn the_example_file_has_the_order_of_the_print() {
    let order: Vec<_> = EXAMPLE
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        .collect();

    let config = good(&[]);
    let printed: Vec<_> = config.settings.iter().map(|setting| setting.name).collect();

    assert_eq!(order, printed);
}

#[test]
fn the_guide_has_a_line_for_every_variable_with_its_default() {
    let rows: Vec<(&str, &str)> = GUIDE
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        .filter_map(|(name, rest)| Some((name, rest.split('|').next()?.trim())))
        .collect();

    let config = good(&[]);

    let names: Vec<_> = rows.iter().map(|(name, _)| *name).collect();
    let printed: Vec<_> = config.settings.iter().map(|setting| setting.name).collect();
    assert_eq!(names, printed);
    for ((name, told), setting) in rows.iter().zip(&config.settings) {
        let default = told.split(';').next().unwrap();
        let is_plain = setting.value.parse::<u64>().is_ok() || setting.value.parse::<bool>().is_ok();
        if is_plain {
            assert_eq!(default, setting.value, "{name}");
        }
    }
}
