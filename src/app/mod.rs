//! What the server is made of, how it starts, and how it stops without losing anything.

mod commands;
mod connections;
mod database;
mod patient;
mod serve;

use std::{net::SocketAddr, ops::Deref, sync::Arc};

use axum::extract::{FromRef, connect_info::IntoMakeServiceWithConnectInfo};

pub use self::{
    commands::{
        Checks, NewAdmin, Part, Progress, RestoreReport, VerifyReport, adopt, backup, create_admin, migrate,
        openapi_json, repair_line_rates, restore, retry_constraints, verify,
    },
    connections::serve_connections,
    database::Database,
    serve::serve,
};
use crate::{
    auth::tokens::AuthState,
    config::Config,
    health::HealthState,
    http::{rate_limit::RateLimits, router, shared_read::SharedReads},
    postgres::Pool,
    telemetry::metrics::Metrics,
    types::Clock,
    uploads::{Parsers, storage::Storage},
};

/// What handlers share; a clone costs one reference count, since every layer of the middleware makes some.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// The parts of an [`AppState`].
pub struct Parts {
    /// The settings.
    pub config: Arc<Config>,
    /// The one pool of connections.
    pub db: Pool,
    /// The time.
    pub clock: Clock,
    /// Keys, cached user states and the bound on password hashing.
    pub auth: Arc<AuthState>,
    /// The general limits, unless they are switched off.
    pub rate_limits: Option<Arc<RateLimits>>,
    /// The stored files.
    pub storage: Storage,
    /// The last known state of the database, and whether the server is stopping.
    pub health: Arc<HealthState>,
    /// Bounds how many files are parsed at once.
    pub parsers: Parsers,
    /// The reads that others may take part in.
    pub shared_reads: SharedReads,
    /// The process's figures.
    pub metrics: Metrics,
}

impl AppState {
    /// Puts the parts together.
    ///
    /// # Errors
    /// If the upload folder cannot be made or written to.
    pub async fn new(config: Arc<Config>, db: Pool) -> anyhow::Result<Self> {
        let clock = Clock::new(config.business_timezone);
        let storage = Storage::open(&config.uploads).await?;
        Ok(Self(Arc::new(Parts {
            auth: Arc::new(AuthState::new(&config.auth, clock.clone())),
            rate_limits: RateLimits::new(&config.rate_limit).map(Arc::new),
            storage,
            health: Arc::new(HealthState::default()),
            parsers: Parsers::default(),
            shared_reads: SharedReads::default(),
            metrics: Metrics::install(),
            config,
            db,
            clock,
        })))
    }

    /// The whole service: routes behind the middleware stack.
    pub fn into_service(self) -> IntoMakeServiceWithConnectInfo<axum::Router, SocketAddr> {
        router::service(self).into_make_service_with_connect_info::<SocketAddr>()
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<AppState> for Pool {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}

impl FromRef<AppState> for Clock {
    fn from_ref(state: &AppState) -> Self {
        state.clock.clone()
    }
}
