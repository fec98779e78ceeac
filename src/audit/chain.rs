//! The chain of the trail: what the hash of a batch covers, so that anybody can compute it anew.
//!
//! The hash of a batch is the SHA-256 of these fields, one after the other:
//!
//! 1. the text `nexgen-finance audit 1`, the number of the batch, and the hash of the batch before it (32 bytes, NULL for the
//!    first batch);
//! 2. of each of its entries, in the order of their ids: `id`, `at`, `actor_id`, `actor_name`, `request_id`, `action`,
//!    `entity`, `entity_id`, `before`, `after`, `note`, `xid`;
//! 3. the seal's `first_id`, `last_id`, `count` and `sealed_at`.
//!
//! A field is its length in bytes as four bytes, the highest first, and then its bytes; NULL is the length `ffffffff` and no
//! bytes. Texts are UTF-8, numbers are in decimal digits, times are microseconds since 1970-01-01 UTC in decimal digits, and
//! JSON is the text that PostgreSQL gives it (`before::text`). No two batches have the same fields, because each field says
//! how long it is and their number follows from that of the entries.
//!
//! In SQL a field is `int4send(octet_length(value)) || convert_to(value, 'UTF8')`, and the hash is `sha256` of all of them; a
//! test computes it so.

use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::error::Result;

/// Stands first in what is hashed; another encoding would have another number.
const ENCODING: &str = "nexgen-finance audit 1";
/// How many entries are read at once, and so are in memory.
pub const PAGE: i64 = 1000;
const NULL: u32 = u32::MAX;

/// An entry, each column as the text that is hashed, where it is not a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEntry {
    /// The id.
    pub id: i64,
    /// Microseconds since 1970-01-01 UTC.
    pub at: i64,
    /// The actor's id.
    pub actor_id: Option<i32>,
    /// The actor's name.
    pub actor_name: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// What was done.
    pub action: String,
    /// To a row of which table.
    pub entity: String,
    /// With which id.
    pub entity_id: String,
    /// PostgreSQL's text of it.
    pub before: Option<String>,
    /// PostgreSQL's text of it.
    pub after: Option<String>,
    /// The note.
    pub note: Option<String>,
    /// The transaction that wrote it.
    pub xid: String,
}

/// What a seal says beside the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Its first entry.
    pub first_id: i64,
    /// Its last entry.
    pub last_id: i64,
    /// How many entries it has.
    pub count: i32,
    /// Microseconds since 1970-01-01 UTC.
    pub sealed_at: i64,
}

/// The hash of a batch in the making.
#[derive(Debug, Clone)]
pub struct BatchHash(Sha256);

impl BatchHash {
    /// Begins a batch.
    pub fn new(batch: i64, previous: Option<&[u8]>) -> Self {
        let mut hash = Self(Sha256::new());
        hash.field(Some(ENCODING.as_bytes()));
        hash.number(batch);
        hash.field(previous);
        hash
    }

    /// Adds an entry; they come in the order of their ids.
    pub fn add(&mut self, entry: &SealedEntry) {
        let SealedEntry {
            id,
            at,
            actor_id,
            actor_name,
            request_id,
            action,
            entity,
            entity_id,
            before,
            after,
            note,
            xid,
        } = entry;
        self.number(*id);
        self.number(*at);
        match actor_id {
            Some(actor_id) => self.number(i64::from(*actor_id)),
            None => self.field(None),
        }
        self.text(actor_name.as_deref());
        self.text(request_id.as_deref());
        self.text(Some(action));
        self.text(Some(entity));
        self.text(Some(entity_id));
        self.text(before.as_deref());
        self.text(after.as_deref());
        self.text(note.as_deref());
        self.text(Some(xid));
    }

    /// Ends the batch.
    pub fn finish(mut self, extent: Extent) -> [u8; 32] {
        self.number(extent.first_id);
        self.number(extent.last_id);
        self.number(i64::from(extent.count));
        self.number(extent.sealed_at);
        self.0.finalize().into()
    }

    fn number(&mut self, number: i64) {
        self.text(Some(&number.to_string()));
    }

    fn text(&mut self, text: Option<&str>) {
        self.field(text.map(str::as_bytes));
    }

    fn field(&mut self, bytes: Option<&[u8]>) {
        // PostgreSQL has no value of 4 GB, so that no length is cut here.
        let length = bytes.map_or(NULL, |bytes| u32::try_from(bytes.len()).unwrap_or(NULL));
        self.0.update(length.to_be_bytes());
        self.0.update(bytes.unwrap_or_default());
    }
}

/// The entries after one id up to another, in the order of their ids, at most so many.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn entries(db: &mut PgConnection, after: i64, upto: i64, limit: i64) -> Result<Vec<SealedEntry>> {
    let entries = sqlx::query_as!(
        SealedEntry,
        r#"
        SELECT id,
               (extract(epoch FROM at) * 1000000)::bigint AS "at!",
               actor_id,
               actor_name,
               request_id,
               action,
               entity,
               entity_id,
               before::text,
               after::text,
               note,
               xid::text AS "xid!"
          FROM "Finances".audit_entry
         WHERE id > $1
           AND id <= $2
         ORDER BY id
         LIMIT $3
        "#,
        after,
        upto,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        "[a-b0-1]{0,3}"
    }

    fn maybe() -> impl Strategy<Value = Option<String>> {
        proptest::option::of(text())
    }

    prop_compose! {
        fn entry()(
            numbers in (0..3_i64, 0..3_i64, proptest::option::of(0..3_i32)),
            names in (maybe(), maybe()),
            words in (text(), text(), text()),
            fields in (maybe(), maybe(), maybe()),
            xid in text(),
        ) -> SealedEntry {
            SealedEntry {
                id: numbers.0,
                at: numbers.1,
                actor_id: numbers.2,
                actor_name: names.0,
                request_id: names.1,
                action: words.0,
                entity: words.1,
                entity_id: words.2,
                before: fields.0,
                after: fields.1,
                note: fields.2,
                xid,
            }
        }
    }

    fn hash(batch: i64, previous: Option<&[u8]>, entries: &[SealedEntry], extent: Extent) -> [u8; 32] {
        let mut hash = BatchHash::new(batch, previous);
        for entry in entries {
            hash.add(entry);
        }
        hash.finish(extent)
    }

    const EXTENT: Extent = Extent {
        first_id: 1,
        last_id: 2,
        count: 2,
        sealed_at: 1_767_225_600_000_000,
    };

    proptest! {
        #[test]
        fn only_the_same_entries_have_the_same_hash(
            one in proptest::collection::vec(entry(), 0..3),
            other in proptest::collection::vec(entry(), 0..3),
        ) {
            let is_same = hash(1, None, &one, EXTENT) == hash(1, None, &other, EXTENT);
            prop_assert_eq!(is_same, one == other);
        }
    }

    #[test]
    fn the_hash_covers_the_seal_and_the_one_before_it() {
        let known = hash(1, None, &[], EXTENT);
        let others = [
            hash(2, None, &[], EXTENT),
            hash(1, Some(&[0; 32]), &[], EXTENT),
            hash(1, Some(&[]), &[], EXTENT),
            hash(
                1,
                None,
                &[],
                Extent {
                    first_id: 0,
                    ..EXTENT
                },
            ),
            hash(1, None, &[], Extent { last_id: 3, ..EXTENT }),
            hash(1, None, &[], Extent { count: 1, ..EXTENT }),
            hash(
                1,
                None,
                &[],
                Extent {
                    sealed_at: 0,
                    ..EXTENT
                },
            ),
        ];
        assert!(!others.contains(&known));
    }

    #[test]
    fn a_text_that_moves_to_the_next_field_changes_the_hash() {
        let entry = SealedEntry {
            id: 1,
            at: 1,
            actor_id: None,
            actor_name: Some("ab".to_owned()),
            request_id: Some(String::new()),
            action: "created".to_owned(),
            entity: "vendor".to_owned(),
            entity_id: "1".to_owned(),
            before: None,
            after: None,
            note: None,
            xid: "1".to_owned(),
        };
        let moved = SealedEntry {
            actor_name: Some("a".to_owned()),
            request_id: Some("b".to_owned()),
            ..entry.clone()
        };
        let without = SealedEntry {
            request_id: None,
            ..entry.clone()
        };
        let hashes = [entry, moved, without].map(|entry| hash(1, None, &[entry], EXTENT));
        assert!(hashes[0] != hashes[1] && hashes[0] != hashes[2] && hashes[1] != hashes[2]);
    }
}
