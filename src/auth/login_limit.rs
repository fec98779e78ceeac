//! How often a login may fail: 10 times for one name, 30 times for one address, within 15 minutes, over all servers.
//!
//! An attempt counts as failed from before its password is compared until it has turned out right, and attempts at one
//! name, and from one address, are counted one after the other. So attempts that arrive all at once get no further than
//! those that come in a row; refused ones are not counted, so that the wait does not grow while somebody knocks.
//!
//! The limit by name lets anybody keep anybody out for as long as they go on failing on purpose. Three things keep
//! that from being a way to lock an admin out for good: who is logged in stays so, since refreshing has no limit; a
//! browser that holds a good refresh token of that very user is asked by address alone; and `create-admin` gives the
//! account a new password and forgets its failures. What never happens is that a success wipes out other failures than
//! those of the same name from the same address, so that nobody can clear the count of their guesses by logging in
//! under a name of their own.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor};

use super::{login::Origin, rules::LONGEST_NAME, sessions};
use crate::{
    audit::Actor,
    error::{Error, Result},
    postgres::Pool,
    unit_of_work::UnitOfWork,
};

/// How long a failure counts.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
const MOST_BY_NAME: i64 = 10;
const MOST_BY_ADDRESS: i64 = 30;
/// An IPv6 client has this many leading bits for itself; the rest it may choose freely.
const IPV6_PREFIX: u32 = 64;

/// A login that may go on, counted as failed until it says otherwise; the audit trail shows name and address.
#[derive(Debug, Serialize)]
pub(super) struct Attempt {
    #[serde(skip)]
    id: i64,
    username: String,
    address: String,
}

/// Counts an attempt and lets it go on.
///
/// # Errors
/// `RateLimited` after too many failures.
pub(super) async fn admit(
    db: &Pool,
    now: DateTime<Utc>,
    username: &str,
    origin: Origin<'_>,
) -> Result<Attempt> {
    // No longer name exists; what names nobody is counted all the same.
    let username: String = username.chars().take(LONGEST_NAME).collect();
    let address = network(origin.address);
    let device = origin.refresh_token.map(sessions::hash);
    let device = device.as_deref();
    // Once without the locks, so that who knocks at a closed door keeps nobody waiting.
    ensure_below(db, now, &username, &address, device).await?;

    let mut uow = UnitOfWork::open(db, Actor::system("login limit")).await?;
    // Names before addresses, everywhere, so that two attempts cannot wait for each other.
    sqlx::query!(
        r#"
        SELECT pg_advisory_xact_lock(hashtextextended('login name ' || lower($1), 0)) AS name,
               pg_advisory_xact_lock(hashtextextended('login address ' || $2, 0)) AS address
        "#,
        username,
        address,
    )
    .execute(uow.conn())
    .await?;
    ensure_below(uow.conn(), now, &username, &address, device).await?;
    let id = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".login_failure (username, address, at)
        VALUES ($1, $2::text::inet, $3)
        RETURNING id
        "#,
        username,
        address,
        now,
    )
    .fetch_one(uow.conn())
    .await?;
    uow.commit_silent().await?;
    Ok(Attempt {
        id,
        username,
        address,
    })
}

impl Attempt {
    /// The name, cut to what can be kept.
    pub(super) fn username(&self) -> &str {
        &self.username
    }

    /// The password was right: forgets this attempt and the slips of the same user at the same address before it.
    pub(super) async fn succeed(&self, db: &mut PgConnection) -> Result<()> {
        sqlx::query!(
            r#"
            DELETE FROM "Finances".login_failure
             WHERE lower(username) = lower($1)
               AND address = $2::text::inet
            "#,
            self.username,
            self.address,
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// The password was not even compared: the attempt does not count.
    pub(super) async fn withdraw(&self, db: impl PgExecutor<'_>) -> Result<()> {
        sqlx::query!(r#"DELETE FROM "Finances".login_failure WHERE id = $1"#, self.id)
            .execute(db)
            .await?;
        Ok(())
    }
}

/// Refuses once there were too many failures. `device` is the hash of the refresh token that the client holds.
async fn ensure_below(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    username: &str,
    address: &str,
    device: Option<&str>,
) -> Result<()> {
    let limits = sqlx::query!(
        r#"
        WITH by_name AS (
            SELECT at
              FROM "Finances".login_failure
             WHERE lower(username) = lower($1)
               AND at > $3
             ORDER BY at DESC
             LIMIT $4
        ), by_address AS (
            SELECT at
              FROM "Finances".login_failure
             WHERE address = $2::text::inet
               AND at > $3
             ORDER BY at DESC
             LIMIT $5
        )
        -- The failure whose end makes room again, if there is none left.
        SELECT (SELECT min(at) FROM by_name HAVING count(*) >= $4) AS name_full_since,
               (SELECT min(at) FROM by_address HAVING count(*) >= $5) AS address_full_since,
               EXISTS (
                   SELECT
                     FROM "Finances".refresh_token AS token
                     JOIN "Finances"."user" AS account
                       ON account.id = token.user_id
                    WHERE token.token_hash = $6
                      AND lower(account.username) = lower($1)
                      AND token.expires_at > $7
                      AND token.used_at IS NULL
                      AND token.revoked_at IS NULL
               ) AS "is_known_device!"
        "#,
        username,
        address,
        now - WINDOW,
        MOST_BY_NAME,
        MOST_BY_ADDRESS,
        device,
        now,
    )
    .fetch_one(db)
    .await?;
    let by_name = limits.name_full_since.filter(|_| !limits.is_known_device);
    match by_name.max(limits.address_full_since) {
        None => Ok(()),
        Some(since) => {
            let wait = (since + WINDOW - now).to_std().unwrap_or(Duration::ZERO);
            Err(Error::RateLimited("Too many login attempts".into(), wait))
        }
    }
}

/// Forgets all failures of a name.
pub(super) async fn forget(db: &mut PgConnection, username: &str) -> Result<()> {
    sqlx::query!(
        r#"DELETE FROM "Finances".login_failure WHERE lower(username) = lower($1)"#,
        username
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes failures that no longer count.
pub(super) async fn sweep(db: &Pool, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"DELETE FROM "Finances".login_failure WHERE at <= $1"#,
        now - WINDOW
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What stands for the client: its address, or the network that an IPv6 client has for itself.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << (u128::BITS - IPV6_PREFIX));
            format!("{}/{IPV6_PREFIX}", Ipv6Addr::from_bits(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_client_is_its_network() {
        for (address, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(network(address.parse().unwrap()), expected);
        }
    }
}
