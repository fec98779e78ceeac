//! What the database says of a user and their token, remembered for a few seconds.
//!
//! Role, password change, deactivation and logout reach every server within [`FRESH_FOR`]; the one that made the change
//! forgets at once.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::OnceCell;

use super::{Role, store};
use crate::{
    error::Result,
    postgres::Pool,
    types::{Clock, ids::UserId},
};

/// How old what is remembered may be. A second less than the five within which a revocation is promised to be seen, since
/// asking and answering take time too.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(4);
/// How many tokens are remembered; beyond it all are asked of the database again.
const MOST: usize = 10_000;

/// A user as they stand now, and whether one token of theirs was logged out.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) username: String,
    pub(super) role: Role,
    pub(super) is_active: bool,
    pub(super) token_version: i32,
    pub(super) is_revoked: bool,
}

/// A standing that one request loads while others with the same token wait for it; `None` if there is no such user.
type Slot = Arc<OnceCell<Option<Arc<Standing>>>>;

struct Entry {
    /// Before the database was asked, so that no answer is older than it seems.
    since: DateTime<Utc>,
    slot: Slot,
}

/// The standings by user and token.
pub(super) struct Standings {
    clock: Clock,
    entries: RwLock<HashMap<(UserId, String), Entry>>,
}

impl Standings {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            entries: RwLock::default(),
        }
    }

    /// The standing of a user with a token; `None` if there is no such user.
    ///
    /// # Errors
    /// `Unavailable` without the database.
    pub(super) async fn find(
        &self,
        db: &Pool,
        user: UserId,
        token_id: &str,
    ) -> Result<Option<Arc<Standing>>> {
        let key = (user, token_id.to_owned());
        let now = self.clock.now();
        let slot = match self.fresh(&key, now) {
            Some(slot) => slot,
            None => self.reserve(key, now),
        };
        let standing = slot
            .get_or_try_init(async || {
                store::find_standing(db, user, token_id)
                    .await
                    .map(|found| found.map(Arc::new))
            })
            .await?;
        Ok(standing.clone())
    }

    /// Forgets one token.
    pub(super) fn forget(&self, user: UserId, token_id: &str) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.remove(&(user, token_id.to_owned()));
    }

    /// Forgets all tokens of a user.
    pub(super) fn forget_user(&self, user: UserId) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|(owner, _), _| *owner != user);
    }

    fn fresh(&self, key: &(UserId, String), now: DateTime<Utc>) -> Option<Slot> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(key).filter(|entry| is_fresh(entry, now))?;
        Some(Arc::clone(&entry.slot))
    }

    fn reserve(&self, key: (UserId, String), now: DateTime<Utc>) -> Slot {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.retain(|_, entry| is_fresh(entry, now));
            if entries.len() >= MOST {
                entries.clear();
            }
        }
        // Another request may have been quicker between the two locks.
        let entry = entries
            .entry(key)
            .and_modify(|entry| {
                if !is_fresh(entry, now) {
                    *entry = Entry::empty(now);
                }
            })
            .or_insert_with(|| Entry::empty(now));
        Arc::clone(&entry.slot)
    }
}

impl Entry {
    fn empty(since: DateTime<Utc>) -> Self {
        Self {
            since,
            slot: Slot::default(),
        }
    }
}

/// A clock that was set back makes everything old.
fn is_fresh(entry: &Entry, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..FRESH_FOR).contains(&(now - entry.since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_has_a_bound_and_an_end() {
        let standings = Standings::new(Clock::new(chrono_tz::UTC));
        let now = standings.clock.now();
        let key = |number: usize| (UserId(1), number.to_string());
        for number in 0..=MOST {
            standings.reserve(key(number), now);
        }

        assert!(standings.entries.read().unwrap().len() <= MOST);
        assert!(
            standings
                .fresh(&key(MOST), now + FRESH_FOR - TimeDelta::milliseconds(1))
                .is_some()
        );
        assert!(standings.fresh(&key(MOST), now + FRESH_FOR).is_none());
        assert!(
            standings
                .fresh(&key(MOST), now - TimeDelta::milliseconds(1))
                .is_none()
        );
        let slot = standings.reserve(key(MOST), now);
        assert!(Arc::ptr_eq(
            &slot,
            &standings.reserve(key(MOST), now + TimeDelta::seconds(1))
        ));
        assert!(!Arc::ptr_eq(
            &slot,
            &standings.reserve(key(MOST), now + FRESH_FOR)
        ));
    }
}
