//! The sealer: chains committed entries in batches, behind the writers and without ever making one of them wait.
//!
//! An entry gets its id before its transaction ends, so that ids become visible out of order, and one of a transaction that
//! is rolled back never does. A batch covers all ids up to its last one; nothing may appear below that afterwards. So the
//! sealer first marks a place: the highest id that is visible, and the transactions that have the trail open for writing
//! right after that. Whoever has an id up to the mark and is not done is among them, because a writer opens the table before
//! it takes an id, and keeps it open until its transaction has ended, in whichever way. Once these transactions are gone
//! from the lock table, all entries up to the mark that will ever be are there. (A snapshot's horizon would not do: an id can
//! be taken by a transaction younger than that of a visible, higher one. It would also wait for transactions that never
//! write here, and mean nothing in a database that was restored into another cluster.) This needs the ids to come from a
//! sequence that keeps none back for a session, as ours does.
//!
//! Several servers may seal at once: a batch is made under an advisory lock, and continues the last one that is committed.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::{
    Actor,
    chain::{self, BatchHash, Extent, SealedEntry},
    count,
};
use crate::{error::Result, postgres::Pool, unit_of_work::UnitOfWork};

/// The most entries of a batch.
pub const MOST: i32 = 10_000;
/// How long a round waits for the writers of its mark; those that take longer are waited for in the next round.
const PATIENCE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(50);
/// The advisory lock of sealing, which nothing else here takes.
pub const LOCK: i64 = 0x6e78_6175_6469_7401;

/// Up to where the trail is to be sealed, and the transactions that may still add something up to there.
#[derive(Debug)]
struct Mark {
    upto: i64,
    writers: Vec<String>,
}

/// Seals what is committed, again and again.
#[derive(Debug)]
pub struct Sealer {
    patience: Duration,
    /// One whose writers were not done in the round before.
    mark: Option<Mark>,
}

impl Default for Sealer {
    fn default() -> Self {
        Self::waiting(PATIENCE)
    }
}

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// How many batches were made.
    pub batches: u32,
    /// How many entries they have.
    pub entries: i64,
    /// Whether a writer was not done, so that nothing could be sealed yet.
    pub is_waiting: bool,
}

impl Sealer {
    /// One that waits so long in a round for writers that are not done.
    pub fn waiting(patience: Duration) -> Self {
        Self { patience, mark: None }
    }

    /// Seals all that is committed now, unless a transaction that is still open could slip in below it.
    ///
    /// # Errors
    /// `Unavailable` without the database.
    pub async fn seal(&mut self, db: &Pool) -> Result<Round> {
        let mark = match self.mark.take() {
            Some(mark) => mark,
            None => match mark(db).await? {
                Some(mark) => mark,
                None => return Ok(Round::default()),
            },
        };
        if !are_done(db, &mark.writers, self.patience).await? {
            self.mark = Some(mark);
            return Ok(Round {
                is_waiting: true,
                ..Round::default()
            });
        }
        let mut round = Round::default();
        let until = Instant::now() + self.patience;
        loop {
            match seal_batch(db, mark.upto).await? {
                Batch::Sealed(count) => {
                    round.batches += 1;
                    round.entries += i64::from(count);
                }
                Batch::Busy if Instant::now() < until => tokio::time::sleep(POLL).await,
                Batch::Busy | Batch::Nothing => return Ok(round),
            }
        }
    }
}

/// Marks how far the trail has come; `None` if all of it is sealed.
async fn mark(db: &Pool) -> Result<Option<Mark>> {
    // The statement's snapshot, which says what is visible, is older than what it reads of the lock table.
    let found = sqlx::query!(
        r#"
        SELECT COALESCE((SELECT max(id) FROM "Finances".audit_entry), 0) AS "upto!",
               COALESCE((SELECT max(last_id) FROM "Finances".audit_seal), 0) AS "sealed!",
               ARRAY (
                   SELECT held.virtualtransaction
                     FROM pg_catalog.pg_locks AS held
                    WHERE held.locktype = 'relation'
                      AND held.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
                      AND held.relation = '"Finances".audit_entry'::regclass
                      AND held.mode = 'RowExclusiveLock'
                      AND held.granted
               ) AS "writers!: Vec<String>"
        "#
    )
    .fetch_one(db)
    .await?;
    Ok((found.upto > found.sealed).then_some(Mark {
        upto: found.upto,
        writers: found.writers,
    }))
}

/// Whether these transactions have ended, now or in a moment.
async fn are_done(db: &Pool, writers: &[String], patience: Duration) -> Result<bool> {
    let until = Instant::now() + patience;
    loop {
        let are_done = writers.is_empty() || !is_any_open(db, writers).await?;
        if are_done || Instant::now() >= until {
            return Ok(are_done);
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn is_any_open(db: &Pool, writers: &[String]) -> Result<bool> {
    let is_open = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM pg_catalog.pg_locks AS held
                    WHERE held.relation = '"Finances".audit_entry'::regclass
                      AND held.mode = 'RowExclusiveLock'
                      -- One that is prepared for a second phase goes by another name than before, and is waited for too.
                      AND (held.virtualtransaction = ANY ($1) OR held.virtualtransaction LIKE '-1/%')
               ) AS "is_open!"
        "#,
        writers,
    )
    .fetch_one(db)
    .await?;
    Ok(is_open)
}

/// The end of the chain, and the time.
struct Head {
    batch: i64,
    last_id: i64,
    hash: Option<Vec<u8>>,
    now: DateTime<Utc>,
}

/// What became of a batch.
enum Batch {
    /// It has so many entries.
    Sealed(i32),
    /// There are none.
    Nothing,
    /// Another server is at it.
    Busy,
}

/// Seals the next entries up to an id.
async fn seal_batch(db: &Pool, upto: i64) -> Result<Batch> {
    let mut uow = UnitOfWork::open(db, Actor::system("sealer")).await?;
    let is_ours = sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "is_ours!""#, LOCK)
        .fetch_one(uow.conn())
        .await?;
    if !is_ours {
        return Ok(Batch::Busy);
    }
    // After the lock, so that the batch of whoever had it is seen.
    let head = sqlx::query_as!(
        Head,
        r#"
        SELECT COALESCE(seal.batch, 0) AS "batch!",
               COALESCE(seal.last_id, 0) AS "last_id!",
               seal.hash AS "hash?",
               clock_timestamp() AS "now!"
          FROM (VALUES (1)) AS once
          LEFT JOIN (
               SELECT batch, last_id, hash FROM "Finances".audit_seal ORDER BY batch DESC LIMIT 1
               ) AS seal ON TRUE
        "#
    )
    .fetch_one(uow.conn())
    .await?;
    let batch = head.batch + 1;
    let mut hash = BatchHash::new(batch, head.hash.as_deref());
    let mut totals = Totals::default();
    let (mut first_id, mut last_id, mut count) = (None, head.last_id, 0_i32);
    while count < MOST {
        let limit = chain::PAGE.min(i64::from(MOST - count));
        let page = chain::entries(uow.conn(), last_id, upto, limit).await?;
        let Some(last) = page.last() else { break };
        first_id = first_id.or(page.first().map(|entry| entry.id));
        last_id = last.id;
        for entry in &page {
            hash.add(entry);
            totals.add(entry);
            count += 1;
        }
    }
    let Some(first_id) = first_id else {
        // Ends the transaction now: one that is only dropped may keep the lock for a moment.
        uow.commit_silent().await?;
        return Ok(Batch::Nothing);
    };
    let hash = hash.finish(Extent {
        first_id,
        last_id,
        count,
        sealed_at: head.now.timestamp_micros(),
    });
    sqlx::query!(
        r#"
        INSERT INTO "Finances".audit_seal (batch, first_id, last_id, count, hash, previous_hash, sealed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        "#,
        batch,
        first_id,
        last_id,
        count,
        hash.as_slice(),
        head.hash,
        head.now,
    )
    .execute(uow.conn())
    .await?;
    totals.write(&mut uow).await?;
    uow.commit_silent().await?;
    // The log is where the head of the chain can be compared with, should somebody make the chain anew.
    tracing::info!(
        target: "audit",
        batch,
        first_id,
        last_id,
        count,
        hash = hex::encode(hash),
        "audit entries {first_id} to {last_id} are sealed: {batch}:{}",
        hex::encode(hash),
    );
    Ok(Batch::Sealed(count))
}

/// How many entries of a batch have which word; see `audit_total`.
#[derive(Debug, Default)]
struct Totals(BTreeMap<(&'static str, String), i64>);

impl Totals {
    fn add(&mut self, entry: &SealedEntry) {
        for total in count::words_of(entry) {
            *self.0.entry(total).or_default() += 1;
        }
    }

    async fn write(&self, uow: &mut UnitOfWork) -> Result<()> {
        let scopes: Vec<&str> = self.0.keys().map(|(scope, _)| *scope).collect();
        let words: Vec<&str> = self.0.keys().map(|(_, word)| &**word).collect();
        let entries: Vec<i64> = self.0.values().copied().collect();
        sqlx::query!(
            r#"
            INSERT INTO "Finances".audit_total AS total (scope, word, entries)
            SELECT scope, word, entries
              FROM UNNEST($1::text[], $2::text[], $3::bigint[]) AS batch (scope, word, entries)
                ON CONFLICT (scope, word) DO UPDATE
               SET entries = total.entries + EXCLUDED.entries
            "#,
            &scopes as &[&str],
            &words as &[&str],
            &entries,
        )
        .execute(uow.conn())
        .await?;
        Ok(())
    }
}
