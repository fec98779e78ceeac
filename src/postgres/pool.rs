//! The pool of connections, the limits that every connection carries, and the few that are kept warm.
//!
//! A statement that needs no transaction takes a connection from the top of a small stack. The one that was used last is used
//! next: PostgreSQL's process behind it has its plans and catalogues in the processor's caches still, where a pool that goes
//! round wakes the one that slept longest. For as long as there are enough, nothing is given back to the pool, which asks the
//! database for a sign of life each time. Statements wait a moment for their turn rather than run all at once: few processes
//! that finish are quicker than many that take the processor from each other.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use futures_util::{
    StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    ConnectOptions, Connection, Describe, Either, Error, Execute, Executor, PgPool, Postgres, SqlStr,
    Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
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
/// How long a statement waits for its turn. When all turns are taken by slow ones, it runs beside them.
const TURN: Duration = Duration::from_millis(50);
/// A warm connection goes back to the pool after so long, which then decides whether it is too old.
const WARM: Duration = Duration::from_mins(5);
/// The share of the pool that may be kept warm, as its divisor: what is warm is not there for transactions.
const WARM_SHARE: u32 = 4;

/// The options of every connection of the pool.
fn with_limits(options: PgConnectOptions, config: &DatabaseConfig) -> PgConnectOptions {
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

/// The one pool of connections. As an [`Executor`] it runs single statements, whose rows are read before the first is given
/// out; a transaction or a session has a connection of its own.
#[derive(Debug, Clone)]
pub struct Pool {
    all: PgPool,
    warm: Arc<Warm>,
}

#[derive(Debug)]
struct Warm {
    /// How many statements run at once before others wait for a turn.
    turns: Semaphore,
    /// How many connections are kept at most; as many as there are turns.
    most: usize,
    /// Those that nobody uses, the last used on top.
    parked: Mutex<Vec<Parked>>,
    /// When the database was found to have ended a session; it may have ended others then.
    lost: Arc<Mutex<Option<Instant>>>,
}

#[derive(Debug)]
struct Parked {
    connection: PoolConnection<Postgres>,
    /// When it was taken from the pool.
    taken: Instant,
    /// When it was used last.
    used: Instant,
}

impl Pool {
    /// Makes the pool; it connects when it is first used.
    pub fn open(options: PgConnectOptions, config: &DatabaseConfig) -> Self {
        let most = config.pool_size.saturating_add(config.max_overflow);
        let lost = Arc::new(Mutex::new(None));
        let lost_at = Arc::clone(&lost);
        let all = PgPoolOptions::new()
            .max_connections(most)
            .min_connections(config.pool_size / 2)
            .acquire_timeout(config.pool_timeout)
            .idle_timeout(Duration::from_mins(5))
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                let is_trusted = meta.idle_for <= TRUSTED_IDLE
                    && lock(&lost_at).is_none_or(|lost: Instant| lost.elapsed() > meta.idle_for);
                Box::pin(async move {
                    if !is_trusted {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(with_limits(options, config));
        let warm = usize::try_from(most / WARM_SHARE).map_or(0, |share| share.min(turns()));
        Self {
            all,
            warm: Arc::new(Warm {
                turns: Semaphore::new(warm),
                most: warm,
                parked: Mutex::default(),
                lost,
            }),
        }
    }

    /// Opens a transaction on a connection of its own.
    ///
    /// # Errors
    /// Without a connection.
    #[expect(
        clippy::disallowed_methods,
        reason = "what the one place that opens transactions calls"
    )]
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.make_room();
        match self.all.begin().await {
            // Nothing was begun on a session that the database has ended: another will do.
            Err(error) if is_loss(&error) => {
                self.lose();
                self.all.begin().await
            }
            begun => begun,
        }
    }

    /// A connection of one's own, for several statements.
    ///
    /// # Errors
    /// Without a connection.
    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, Error> {
        self.make_room();
        self.all.acquire().await
    }

    /// How its connections are made.
    pub fn connect_options(&self) -> Arc<PgConnectOptions> {
        self.all.connect_options()
    }

    /// How many connections there are.
    pub fn size(&self) -> u32 {
        self.all.size()
    }

    /// How many of them nobody uses.
    pub fn num_idle(&self) -> usize {
        self.all.num_idle() + self.parked(|parked| parked.len())
    }

    /// How many there may be.
    pub fn most(&self) -> u32 {
        self.all.options().get_max_connections()
    }

    /// Closes all connections, once they are given back.
    pub async fn close(&self) {
        let closing = self.all.close();
        self.cool();
        closing.await;
    }

    fn parked<T>(&self, with: impl FnOnce(&mut Vec<Parked>) -> T) -> T {
        with(&mut lock(&self.warm.parked))
    }

    /// Gives the warm connections back.
    fn cool(&self) {
        drop(self.parked(std::mem::take));
    }

    /// Trusts no connection that was idle until now.
    fn lose(&self) {
        *lock(&self.warm.lost) = Some(Instant::now());
        self.cool();
    }

    /// What is kept warm must not be what a transaction waits for.
    fn make_room(&self) {
        if self.is_exhausted() {
            self.cool();
        }
    }

    /// Whether who comes now waits for a connection, unless a warm one is given back.
    fn is_exhausted(&self) -> bool {
        self.all.num_idle() == 0 && self.all.size() >= self.most()
    }

    /// The connection that was used last, or else one from the pool.
    async fn lease(&self) -> Result<Lease<'_>, Error> {
        // Nobody closes the semaphore; who waited in vain goes on without a turn.
        let turn = match self.warm.turns.try_acquire() {
            Ok(turn) => Some(turn),
            Err(_) if self.warm.most == 0 => None,
            Err(_) => timeout(TURN, self.warm.turns.acquire())
                .await
                .ok()
                .and_then(Result::ok),
        };
        let now = Instant::now();
        if let Some(Parked {
            connection,
            taken,
            used,
            ..
        }) = self.parked(Vec::pop)
        {
            if now.duration_since(used) <= TRUSTED_IDLE {
                return Ok(Lease {
                    pool: self,
                    connection,
                    taken,
                    _turn: turn,
                });
            }
            // Those below it were used before it. The pool tries each before it gives it out again.
            drop(connection);
            self.cool();
        }
        Ok(Lease {
            pool: self,
            connection: self.all.acquire().await?,
            taken: now,
            _turn: turn,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As many turns as keep the processors busy while answers are on their way.
fn turns() -> usize {
    thread::available_parallelism().map_or(4, |processors| processors.get().saturating_mul(2).max(4))
}

/// A connection for one statement.
struct Lease<'a> {
    pool: &'a Pool,
    connection: PoolConnection<Postgres>,
    taken: Instant,
    _turn: Option<SemaphorePermit<'a>>,
}

impl Lease<'_> {
    /// Gives the connection back as one that has nothing left to read: onto the stack, or where that is full to the pool.
    fn park(self) {
        let Self {
            pool,
            connection,
            taken,
            _turn,
        } = self;
        let used = Instant::now();
        let parked = Parked {
            connection,
            taken,
            used,
        };
        // What is not kept is dropped after the lock. Whether the pool is closed is asked within it, so that its end misses none.
        let _not_kept = pool.parked(|stack| {
            let is_kept = stack.len() < pool.warm.most
                && used.duration_since(taken) < WARM
                && !pool.is_exhausted()
                && !pool.all.is_closed();
            if is_kept {
                stack.push(parked);
                None
            } else {
                Some(parked)
            }
        });
    }

    /// Parks it after a statement that succeeded. After one that failed the pool looks at it, as it does when the statement
    /// was given up half-way; and if the database is gone, at all the others too.
    fn settle<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        match &result {
            Ok(_) => self.park(),
            Err(error) if is_loss(error) => self.pool.lose(),
            Err(_) => {}
        }
        result
    }
}

/// Whether an error may be the end of other connections too.
fn is_loss(error: &Error) -> bool {
    match error {
        Error::Database(refused) => refused.code().is_some_and(|code| code.starts_with("57P")),
        Error::Io(_) | Error::Protocol(_) | Error::Tls(_) | Error::WorkerCrashed => true,
        _ => false,
    }
}

impl<'c> Executor<'c> for &'c Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let all = async move {
            let mut lease = self.lease().await?;
            let all = lease.connection.fetch_many(query).try_collect::<Vec<_>>().await;
            lease.settle(all)
        };
        let one_by_one = stream::once(all)
            .map_ok(|all| stream::iter(all.into_iter().map(Ok)))
            .try_flatten();
        one_by_one.boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let mut lease = self.lease().await?;
            let row = lease.connection.fetch_optional(query).await;
            lease.settle(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let mut lease = self.lease().await?;
            let statement = lease.connection.prepare_with(sql, parameters).await;
            lease.settle(statement)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        self.all.describe(sql)
    }
}
