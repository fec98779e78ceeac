//! Walks the trail and tells where it is not what was sealed: an entry or a seal that was changed, removed, put in or moved.
//!
//! Each batch is hashed anew. A seal that is gone leaves a gap in the numbers of the batches, except for the last ones: who
//! takes those away, or makes the whole chain anew, is found out only by a hash that was noted elsewhere (an [`Anchor`]).
//! The log has one for every batch.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::chain::{self, BatchHash, Extent, SealedEntry};
use crate::error::Result;
use crate::postgres::Pool;

/// How many seals are read at once.
const SEALS: i64 = 1000;

/// The hash of a batch that was noted earlier, with its number or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    batch: Option<i64>,
    hash: String,
}

impl FromStr for Anchor {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let (batch, hash) = match text.trim().split_once(':') {
            Some((batch, hash)) => (
                Some(batch.parse().map_err(|_| "the batch is not a number")?),
                hash,
            ),
            None => (None, text.trim()),
        };
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("a hash has 64 hexadecimal digits");
        }
        Ok(Self {
            batch,
            hash: hash.to_ascii_lowercase(),
        })
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.batch {
            Some(batch) => write!(f, "{batch}:{}", self.hash),
            None => f.write_str(&self.hash),
        }
    }
}

/// What is wrong with the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailFault {
    /// The batch, where one is to blame.
    pub batch: Option<i64>,
    /// The first and the last of the entries that are meant, where they are known.
    pub ids: Option<(i64, i64)>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for TrailFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.batch, self.ids) {
            (Some(batch), Some((first, last))) => write!(f, "batch {batch}, entries {first} to {last}: ")?,
            (Some(batch), None) => write!(f, "batch {batch}: ")?,
            (None, Some((first, last))) => write!(f, "entries {first} to {last}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.what)
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct TrailReport {
    /// How many sealed entries were read.
    pub entries: u64,
    /// How many batches they have.
    pub batches: u64,
    /// How many entries are not sealed yet.
    pub unsealed: i64,
    /// The time of the oldest of them.
    pub unsealed_since: Option<DateTime<Utc>>,
    /// Number and hash of the last batch, to be noted for later.
    pub head: Option<Anchor>,
    /// What is wrong.
    pub faults: Vec<TrailFault>,
}

#[derive(Debug, Clone)]
struct Seal {
    batch: i64,
    first_id: i64,
    last_id: i64,
    count: i32,
    hash: Vec<u8>,
    previous_hash: Option<Vec<u8>>,
    sealed_at: DateTime<Utc>,
}

impl Seal {
    fn fault(&self, what: impl Into<String>) -> TrailFault {
        TrailFault {
            batch: Some(self.batch),
            ids: Some((self.first_id, self.last_id)),
            what: what.into(),
        }
    }
}

/// What the entries of a batch are found to be.
#[derive(Debug)]
struct Found {
    /// With what the seal says of them.
    hash: [u8; 32],
    /// With what they are, whatever the seal says.
    own_hash: [u8; 32],
    count: i64,
    first_id: Option<i64>,
    last_id: Option<i64>,
}

/// A seal whose hash is not that of its entries, and what they are.
struct Suspect {
    seal: Seal,
    found: Found,
}

impl Suspect {
    /// Who was changed: the seal that follows it remembers the hash that it had.
    fn judged(self, next: Option<&Seal>) -> TrailFault {
        let Self { seal, found } = self;
        let remembered = next.and_then(|next| next.previous_hash.as_deref());
        if remembered == Some(&found.hash) {
            return seal.fault("the hash of its seal was changed; its entries are those that were sealed");
        }
        if *seal.hash == found.own_hash {
            return seal.fault("its seal was changed; its entries are those that were sealed");
        }
        let count = i64::from(seal.count);
        if found.count < count {
            let text = format!(
                "has {} entries instead of {count}: some were removed",
                found.count
            );
            return seal.fault(text);
        }
        if found.count > count {
            let text = format!("has {} entries instead of {count}: some were put in", found.count);
            return seal.fault(text);
        }
        if (found.first_id, found.last_id) != (Some(seal.first_id), Some(seal.last_id)) {
            return seal.fault("its entries have other ids than were sealed");
        }
        seal.fault("an entry of it, or its seal, was changed")
    }
}

/// Walks the trail from its beginning; `progress` hears of each batch.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn verify(
    db: &Pool,
    anchors: &[Anchor],
    mut progress: impl FnMut(&TrailReport),
) -> Result<TrailReport> {
    let mut db = db.acquire().await?;
    let mut report = TrailReport::default();
    let mut previous: Option<Seal> = None;
    let mut suspect: Option<Suspect> = None;
    let mut unmet: Vec<&Anchor> = anchors.iter().collect();
    loop {
        let last = previous.as_ref().map_or(i64::MIN, |seal| seal.batch);
        let seals = seals_after(&mut db, last).await?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            let follows = follows(previous.as_ref(), &seal, &mut report);
            if let Some(suspect) = suspect.take() {
                report
                    .faults
                    .push(suspect.judged(Some(&seal).filter(|_| follows)));
            } else if let Some(previous) = previous.as_ref().filter(|_| follows)
                && seal.previous_hash.as_ref() != Some(&previous.hash)
            {
                report
                    .faults
                    .push(seal.fault("does not continue the batch before it: another hash came before"));
            }
            // Where the seals before it are gone, its own word has to do.
            let after = match &previous {
                Some(previous) if follows => previous.last_id,
                None if follows => i64::MIN,
                _ => seal.first_id.saturating_sub(1),
            };
            let found = hash_of(&mut db, &seal, after).await?;
            report.entries += u64::try_from(found.count).unwrap_or_default();
            report.batches += 1;
            if found.hash != *seal.hash {
                suspect = Some(Suspect {
                    seal: seal.clone(),
                    found,
                });
            }
            let hash = hex::encode(&seal.hash);
            unmet.retain(|anchor| {
                anchor.hash != hash || anchor.batch.is_some_and(|batch| batch != seal.batch)
            });
            report.head = Some(Anchor {
                batch: Some(seal.batch),
                hash,
            });
            progress(&report);
            previous = Some(seal);
        }
    }
    report.faults.extend(suspect.map(|suspect| suspect.judged(None)));
    for anchor in unmet {
        report.faults.push(TrailFault {
            batch: anchor.batch,
            ids: None,
            what: format!(
                "no batch has the hash {}: seals were removed, or the trail was sealed anew",
                anchor.hash
            ),
        });
    }
    let sealed = previous.map_or(i64::MIN, |seal| seal.last_id);
    (report.unsealed, report.unsealed_since) = unsealed(&mut db, sealed).await?;
    report.faults.extend(guards(&mut db).await?);
    report.faults.extend(totals(&mut db).await?);
    Ok(report)
}

/// Whether a seal is the next one after another; else the gap is told.
fn follows(previous: Option<&Seal>, seal: &Seal, report: &mut TrailReport) -> bool {
    let expected = previous.map_or(1, |previous| previous.batch.saturating_add(1));
    if previous.is_none() && seal.batch == expected && seal.previous_hash.is_some() {
        report
            .faults
            .push(seal.fault("is the first one and says that another came before"));
    }
    if seal.batch == expected {
        return true;
    }
    let first = previous.map_or(1, |previous| previous.last_id.saturating_add(1));
    let missing = seal.batch.saturating_sub(1);
    report.faults.push(TrailFault {
        batch: Some(expected),
        ids: Some((first, seal.first_id.saturating_sub(1))),
        what: if missing == expected {
            "its seal is missing".to_owned()
        } else {
            format!("its seal is missing, and all up to that of batch {missing}")
        },
    });
    false
}

async fn seals_after(db: &mut PgConnection, batch: i64) -> Result<Vec<Seal>> {
    let seals = sqlx::query_as!(
        Seal,
        r#"
        SELECT batch, first_id, last_id, count, hash, previous_hash, sealed_at
          FROM "Finances".audit_seal
         WHERE batch > $1
         ORDER BY batch
         LIMIT $2
        "#,
        batch,
        SEALS,
    )
    .fetch_all(db)
    .await?;
    Ok(seals)
}

/// Hashes the entries after an id that belong to a batch.
async fn hash_of(db: &mut PgConnection, seal: &Seal, after: i64) -> Result<Found> {
    let mut hash = BatchHash::new(seal.batch, seal.previous_hash.as_deref());
    let (mut count, mut first_id, mut last_id) = (0_i64, None, None);
    let mut after = after;
    loop {
        let page: Vec<SealedEntry> = chain::entries(db, after, seal.last_id, chain::PAGE).await?;
        let Some(last) = page.last() else { break };
        first_id = first_id.or(page.first().map(|entry| entry.id));
        last_id = Some(last.id);
        after = last.id;
        for entry in &page {
            hash.add(entry);
            count += 1;
        }
    }
    let sealed = Extent {
        first_id: seal.first_id,
        last_id: seal.last_id,
        count: seal.count,
        sealed_at: seal.sealed_at.timestamp_micros(),
    };
    let own = Extent {
        first_id: first_id.unwrap_or(seal.first_id),
        last_id: last_id.unwrap_or(seal.last_id),
        count: i32::try_from(count).unwrap_or(i32::MAX),
        ..sealed
    };
    Ok(Found {
        own_hash: hash.clone().finish(own),
        hash: hash.finish(sealed),
        count,
        first_id,
        last_id,
    })
}

async fn unsealed(db: &mut PgConnection, sealed: i64) -> Result<(i64, Option<DateTime<Utc>>)> {
    let rest = sqlx::query!(
        r#"SELECT count(*) AS "entries!", min(at) AS since FROM "Finances".audit_entry WHERE id > $1"#,
        sealed,
    )
    .fetch_one(db)
    .await?;
    Ok((rest.entries, rest.since))
}

/// The tables whose guard against changes is gone or off.
async fn guards(db: &mut PgConnection) -> Result<Vec<TrailFault>> {
    let missing = sqlx::query_scalar!(
        r#"
        SELECT guarded.name AS "name!"
          FROM (VALUES ('audit_entry'), ('audit_seal')) AS guarded (name)
         WHERE NOT EXISTS (
               SELECT
                 FROM pg_catalog.pg_trigger AS guard
                WHERE guard.tgrelid = format('"Finances".%I', guarded.name)::regclass
                  AND guard.tgname = guarded.name || '_append_only'
                  AND guard.tgenabled IN ('O', 'A')
               )
         ORDER BY guarded.name
        "#
    )
    .fetch_all(db)
    .await?;
    let faults = missing.into_iter().map(|table| TrailFault {
        batch: None,
        ids: None,
        what: format!("{table}: its guard against changes is gone or switched off"),
    });
    Ok(faults.collect())
}

/// The kept numbers of entries that are not those of the sealed entries.
async fn totals(db: &mut PgConnection) -> Result<Vec<TrailFault>> {
    let off = sqlx::query!(
        r#"
        WITH sealed AS (
            SELECT at, entity, actor_id::text AS actor_id, actor_name, action
              FROM "Finances".audit_entry
             WHERE id <= (SELECT max(last_id) FROM "Finances".audit_seal)
        ),
        counted AS (
            SELECT 'all' AS scope, '' AS word, count(*) AS entries FROM sealed HAVING count(*) > 0
             UNION ALL
            SELECT 'entity', entity, count(*) FROM sealed GROUP BY entity
             UNION ALL
            SELECT 'actor_id', actor_id, count(*) FROM sealed WHERE actor_id IS NOT NULL GROUP BY actor_id
             UNION ALL
            SELECT 'actor_name', actor_name, count(*) FROM sealed WHERE actor_name IS NOT NULL GROUP BY actor_name
             UNION ALL
            SELECT 'action', action, count(*) FROM sealed GROUP BY action
             UNION ALL
            SELECT 'day', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), count(*) FROM sealed GROUP BY 2
        )
        SELECT scope AS "scope!",
               word AS "word!",
               COALESCE(total.entries, 0) AS "kept!",
               COALESCE(counted.entries, 0) AS "counted!"
          FROM "Finances".audit_total AS total
          FULL JOIN counted USING (scope, word)
         WHERE COALESCE(total.entries, 0) <> COALESCE(counted.entries, 0)
         ORDER BY scope, word
        "#
    )
    .fetch_all(db)
    .await?;
    let faults = off.into_iter().map(|row| TrailFault {
        batch: None,
        ids: None,
        what: format!(
            "audit_total {}/{}: has {} entries; should have {}",
            row.scope, row.word, row.kept, row.counted
        ),
    });
    Ok(faults.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_a_hash_with_or_without_its_batch() {
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        for (text, batch) in [
            (hash.to_owned(), None),
            (hash.to_uppercase(), None),
            (format!(" 12:{hash} "), Some(12)),
        ] {
            let anchor: Anchor = text.parse().unwrap();
            assert_eq!((anchor.batch, anchor.hash.as_str()), (batch, hash), "{text}");
        }
        for text in [
            "",
            "12",
            "12:",
            "x:9f",
            &hash[1..],
            &format!("a:{hash}"),
            &format!("{hash}0"),
        ] {
            assert!(text.parse::<Anchor>().is_err(), "{text}");
        }
    }
}
