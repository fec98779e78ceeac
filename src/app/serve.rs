//! Starting in order, serving, and stopping in order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    time::MissedTickBehavior,
};

use super::{AppState, Database, serve_connections};
use crate::{
    audit::sealer::Sealer,
    auth,
    config::{Config, DatabaseTarget},
    finance::kept_totals,
    telemetry, unit_of_work, uploads,
};

/// The exit code of a second signal, as shells know it.
const INTERRUPTED: i32 = 130;
const SWEEP_INTERVAL: Duration = Duration::from_mins(15);
/// How much longer than a request an idle connection may take; a proxy that keeps connections for a minute closes first.
const IDLE_MARGIN: Duration = Duration::from_secs(15);
/// How long a start waits for the kept totals.
const RECOUNT_PATIENCE: Duration = Duration::from_millis(500);
const TIDY_INTERVAL: Duration = Duration::from_mins(1);
const SEAL_INTERVAL: Duration = Duration::from_mins(1);
/// How long a stop waits for the last entries to be sealed; another server, or the next start, seals what is left.
const SEAL_PATIENCE: Duration = Duration::from_secs(5);

/// Runs the server until a signal stops it.
///
/// # Errors
/// If it cannot start: the database, the upload folder or the address cannot be used.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    // Before anything that takes time: a signal during the first start must not be lost.
    let mut signals = Signals::listen()?;
    let config = Arc::new(config);
    let started = tokio::select! {
        started = start(Arc::clone(&config)) => started?,
        () = signals.next() => {
            tracing::info!("Stopped before the start was complete");
            return Ok(());
        }
    };
    let Started {
        state,
        listener,
        metrics_listener,
        database,
    } = started;
    let address = listener.local_addr()?;
    announce(&config, address, auth::has_users(&state.db).await?);

    let mut jobs = vec![
        tokio::spawn(sweep(state.clone())),
        tokio::spawn(tidy(state.clone())),
        tokio::spawn(seal(state.clone())),
    ];
    if let Some(listener) = metrics_listener {
        jobs.push(tokio::spawn(serve_metrics(listener, state.clone())));
    }
    let watch = database.watch();
    run(&state, listener, &mut signals).await?;

    for job in jobs {
        job.abort();
    }
    seal_last(&state).await;
    tracing::info!("Shutting down application");
    state.db.close().await;
    watch.stop().await;
    Ok(())
}

struct Started {
    state: AppState,
    listener: TcpListener,
    /// That of `METRICS_PORT`.
    metrics_listener: Option<TcpListener>,
    database: Database,
}

async fn start(config: Arc<Config>) -> anyhow::Result<Started> {
    let database = Database::reach(&config.database).await?;
    database.prepare(&config.database).await?;
    let state = AppState::new(Arc::clone(&config), database.pool(&config.database)).await?;
    // What takes longer is done by the sweep, while the server serves already.
    if let Ok(recounted) =
        tokio::time::timeout(RECOUNT_PATIENCE, kept_totals::recount_if_off(&state.db)).await
    {
        recounted.map_err(anyhow::Error::new)?;
    }
    uploads::sweep(&state)
        .await
        .map_err(anyhow::Error::new)
        .context("finishing interrupted uploads")?;
    let metrics_listener = match config.telemetry.metrics_port {
        Some(port) => Some(bind(&config.server.host, port).await?),
        None => None,
    };
    let listener = bind(&config.server.host, config.server.port).await?;
    Ok(Started {
        state,
        listener,
        metrics_listener,
        database,
    })
}

async fn bind(host: &str, port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((host, port))
        .await
        .with_context(|| format!("{host}:{port} cannot be listened on"))
}

/// Serves `/metrics` on a port of its own until the server ends.
async fn serve_metrics(listener: TcpListener, state: AppState) {
    if let Err(error) = axum::serve(listener, telemetry::routes::own_listener(state)).await {
        tracing::error!(%error, "the listener of METRICS_PORT has ended");
    }
}

/// Serves until a signal, then drains: not ready at once, closed after the grace, cut off after the timeout.
async fn run(state: &AppState, listener: TcpListener, signals: &mut Signals) -> anyhow::Result<()> {
    let (close, closing) = tokio::sync::oneshot::channel::<()>();
    let server = serve_connections(
        listener,
        state.clone().into_service(),
        state.config.server.request_timeout + IDLE_MARGIN,
        async {
            closing.await.ok();
        },
    );
    let mut server = tokio::spawn(server);
    tokio::select! {
        ended = &mut server => return Ok(ended?),
        () = signals.next() => {}
    }
    state.health.stop();
    tracing::info!("Stopping: no longer ready");
    let limits = &state.config.server;
    let drained = async {
        tokio::time::sleep(limits.shutdown_grace).await;
        close.send(()).ok();
        tokio::time::timeout(limits.shutdown_timeout, &mut server).await
    };
    tokio::select! {
        drained = drained => {
            if drained.is_err() {
                tracing::warn!("requests were still running after SHUTDOWN_TIMEOUT_SECONDS and were cut off");
                server.abort();
            }
        }
        () = signals.next() => std::process::exit(INTERRUPTED),
    }
    Ok(())
}

/// The signals that stop the server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Says where everything is, and how to go on.
fn announce(config: &Config, address: SocketAddr, has_users: bool) {
    tracing::info!("Application startup complete");
    tracing::info!("API: http://{address}/api (health: http://{address}/api/health)");
    if config.server.docs_enabled {
        tracing::info!("Docs: http://{address}/api/docs and http://{address}/api/redoc");
    }
    if let Some(port) = config.telemetry.metrics_port {
        tracing::info!("Metrics: http://{}:{port}/metrics", config.server.host);
    }
    if let Some(folder) = &config.telemetry.log_dir {
        tracing::info!("Logs: {}/app.log and error.log", folder.display());
    }
    if let DatabaseTarget::Embedded { data_dir } = &config.database.target {
        tracing::info!("Database: a private PostgreSQL below {}", data_dir.display());
    }
    if !has_users {
        tracing::info!(
            "The first user to sign up (POST /api/auth/signup) becomes admin; or run 'nexgen-finance create-admin'"
        );
    }
}

/// Removes what has expired, every hour and at the start.
async fn sweep(state: AppState) {
    let mut ticks = tokio::time::interval(SWEEP_INTERVAL);
    let mut scrubber = uploads::Scrubber::default();
    loop {
        ticks.tick().await;
        for (what, result) in [
            (
                "tokens and failed logins",
                auth::sweep(&state.db, &state.clock).await,
            ),
            ("idempotency keys", unit_of_work::sweep(&state.db).await),
            ("uploads", uploads::sweep(&state).await),
            ("stored files", scrubber.go_on(&state.db, &state.storage).await),
            (
                "kept totals",
                kept_totals::recount_if_off(&state.db).await.map(|_| ()),
            ),
        ] {
            if let Err(error) = result {
                tracing::warn!(%error, "sweeping {what} failed; the next round tries again");
            }
        }
    }
}

/// Seals the audit trail.
async fn seal(state: AppState) {
    let mut ticks = tokio::time::interval(SEAL_INTERVAL);
    // A round that took long is not made up for by others close upon it.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sealer = Sealer::default();
    loop {
        ticks.tick().await;
        if let Err(error) = sealer.seal(&state.db).await {
            tracing::warn!(%error, "sealing the audit trail failed; the next round tries again");
        }
    }
}

/// Seals what was written since the last round.
async fn seal_last(state: &AppState) {
    match tokio::time::timeout(SEAL_PATIENCE, Sealer::default().seal(&state.db)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the last audit entries were not sealed"),
        Err(_) => tracing::warn!("the last audit entries were not sealed in time"),
    }
}

/// Keeps in-memory state small and the pool's figures fresh.
async fn tidy(state: AppState) {
    let mut ticks = tokio::time::interval(TIDY_INTERVAL);
    loop {
        ticks.tick().await;
        if let Some(limits) = &state.rate_limits {
            limits.forget_idle();
        }
    }
}
