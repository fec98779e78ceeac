//! How many files may be sent and fetched in a clock hour (UTC), counted in the database over all servers.

use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use crate::{
    error::{Error, Result},
    postgres::Pool,
    types::ids::UserId,
    unit_of_work::UnitOfWork,
};

/// Counts one stored file; it counts only if the unit of work commits.
///
/// # Errors
/// `RateLimited` until the next hour if the user has sent `limit` files in this one.
pub(super) async fn count_upload(
    uow: &mut UnitOfWork,
    user: UserId,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<()> {
    let hour = now.duration_trunc(TimeDelta::hours(1)).map_err(Error::internal)?;
    let count = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".quota_counter AS counter (subject, kind, hour, used)
        VALUES ($1, 'upload', $2, 1)
            ON CONFLICT (subject, kind, hour) DO UPDATE
           SET used = counter.used + 1
        RETURNING used
        "#,
        user.to_string(),
        hour,
    )
    .fetch_one(uow.conn())
    .await?;
    if i64::from(count) > i64::from(limit) {
        return Err(full(limit, "uploaded", hour, now));
    }
    Ok(())
}

/// Counts downloads by a user, or through links; what is refused does not count.
///
/// # Errors
/// `RateLimited` until the next hour if there were `limit` in this one.
pub(super) async fn count_downloads(
    db: &Pool,
    subject: &str,
    files: usize,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<()> {
    let hour = now.duration_trunc(TimeDelta::hours(1)).map_err(Error::internal)?;
    let count = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".quota_counter AS counter (subject, kind, hour, used)
        SELECT $1, 'download', $2, $4::integer
         WHERE $4::integer <= $3::integer
            ON CONFLICT (subject, kind, hour) DO UPDATE
           SET used = counter.used + $4::integer
         WHERE counter.used + $4::integer <= $3::integer
        RETURNING used
        "#,
        subject,
        hour,
        i32::try_from(limit).map_err(Error::internal)?,
        i32::try_from(files).map_err(Error::internal)?,
    )
    .fetch_optional(db)
    .await?;
    count
        .map(drop)
        .ok_or_else(|| full(limit, "downloaded", hour, now))
}

fn full(limit: u32, done: &str, hour: DateTime<Utc>, now: DateTime<Utc>) -> Error {
    let wait = (hour + TimeDelta::hours(1) - now)
        .to_std()
        .unwrap_or(Duration::from_secs(1));
    Error::RateLimited(
        format!("At most {limit} files can be {done} in an hour").into(),
        wait,
    )
}
