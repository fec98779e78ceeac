//! The pool of connections and the limits that every connection carries.

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tracing::log::LevelFilter;

use crate::config::DatabaseConfig;

/// How long a statement may wait for another transaction's lock.
const LOCK_TIMEOUT: &str = "10s";
/// A transaction that does nothing for so long is a fault; the database ends it.
const IDLE_TRANSACTION_TIMEOUT: &str = "60s";
/// A connection that lay unused for longer is tried before it is given out, so that a database that was restarted costs
/// no failing request.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// The options of every connection of the pool.
pub fn with_limits(options: PgConnectOptions, config: &DatabaseConfig) -> PgConnectOptions {
    let statement = config.statement_timeout.map_or(0, |limit| limit.as_millis());
    options
        .application_name("nexgen-finance")
        .options([
            ("statement_timeout", statement.to_string().as_str()),
            ("lock_timeout", LOCK_TIMEOUT),
            ("idle_in_transaction_session_timeout", IDLE_TRANSACTION_TIMEOUT),
        ])
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Warn, Duration::from_secs(1))
}

/// Makes the pool; it connects when it is first used.
pub fn open(options: PgConnectOptions, config: &DatabaseConfig) -> PgPool {
    PgPoolOptions::new()
        .max_connections(config.pool_size.saturating_add(config.max_overflow))
        .min_connections(config.pool_size / 2)
        .acquire_timeout(config.pool_timeout)
        .idle_timeout(Duration::from_mins(5))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(with_limits(options, config))
}
