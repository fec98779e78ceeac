//! Idempotency keys: a POST with an `Idempotency-Key` is done once, and repeats get the first answer, byte for byte but for
//! signed links, which would have ended.
//!
//! While a request's transaction is open, an advisory lock on the key's hash keeps a second one away (409, after a moment
//! in which the first may end); it ends with the connection, so that a killed server leaves nothing behind. The answer is kept in the transaction of the change. An
//! upload, whose body may take minutes before its transaction opens, also leaves a `running` row with a lease that it
//! renews; the lease of a killed server lapses within seconds.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Bytes,
    http::{HeaderName, Method, StatusCode, header, request::Parts},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use tokio::task::JoinHandle;

use super::StoredAnswer;
use crate::{
    app::AppState,
    auth::Caller,
    error::{Error, Result},
    http::{
        RequestContext,
        signed_links::{Links, SignedLink},
    },
    postgres::Pool,
    types::ids::UserId,
};

const KEY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const KEY_LENGTH: usize = 255;
/// Where the signed links of an answer are kept among its headers, none of which has such a name.
const LINKS: &str = ":links";
/// How often a running upload renews its lease, which is three times as long.
const LEASE_RENEWAL: Duration = Duration::from_millis(1500);

/// The SHA-256 of a request's query and body, which an extractor that consumes the body leaves here.
#[derive(Debug, Clone, Default)]
pub struct Fingerprint(Arc<Mutex<Option<[u8; 32]>>>);

impl Fingerprint {
    /// Takes the whole body at once.
    pub fn set_body(&self, body: &[u8]) {
        self.set(Sha256::digest(body).into());
    }

    /// Takes the body's hash, made while it streamed.
    pub fn set(&self, hash: [u8; 32]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(hash);
    }

    fn body_hash(&self) -> [u8; 32] {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .unwrap_or_else(|| Sha256::digest([]).into())
    }
}

/// Whose key it is, for what.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    user: UserId,
    method: &'static str,
    path: String,
    key: String,
    query: String,
}

impl Scope {
    /// Reads the key of a POST by a known caller; authentication itself takes none.
    pub(super) fn of(
        parts: &Parts,
        context: &RequestContext,
        caller: Option<&Caller>,
    ) -> Result<Option<Self>> {
        let Some(header) = parts.headers.get(KEY_HEADER) else {
            return Ok(None);
        };
        let Some(caller) = caller else { return Ok(None) };
        if parts.method != Method::POST || context.route_path.starts_with("/api/auth/") {
            return Ok(None);
        }
        let key = header.to_str().unwrap_or_default();
        if key.is_empty() || key.len() > KEY_LENGTH || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid_field(
                "Idempotency-Key",
                "value_error",
                "must be 1 to 255 visible ASCII characters",
            ));
        }
        Ok(Some(Self {
            user: caller.id,
            method: "POST",
            path: context.route_path.to_string(),
            key: key.to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
        }))
    }

    /// The number under which the key is locked.
    fn lock_number(&self) -> i64 {
        let mut hash = Sha256::new();
        for part in [&self.user.to_string(), self.method, &self.path, &self.key] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        let mut number = [0; 8];
        for (place, byte) in number.iter_mut().zip(&digest) {
            *place = *byte;
        }
        i64::from_be_bytes(number)
    }
}

/// A key that this request has taken.
#[derive(Debug)]
pub(super) struct Claim {
    scope: Scope,
    fingerprint: Fingerprint,
    lease: Option<Lease>,
    /// Signs what a repeat gets afresh.
    links: Links,
}

impl Claim {
    /// Takes the key as far as it can be taken before the body is read.
    pub(super) async fn make(scope: Scope, parts: &mut Parts, state: &AppState) -> Result<Self> {
        let fingerprint = Fingerprint::default();
        parts.extensions.insert(fingerprint.clone());
        let is_upload = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("multipart/"));
        let lease = if is_upload {
            Lease::take(&scope, &state.db).await?
        } else {
            None
        };
        Ok(Self {
            scope,
            fingerprint,
            lease,
            links: Links::of(state)?,
        })
    }

    /// The same key for one part of the request, which is done in a transaction of its own. The request's own lease keeps
    /// others away from its parts.
    pub(super) fn part(&self, name: &str) -> Self {
        Self {
            scope: Scope {
                // No path has this sign in it.
                path: format!("{}#{name}", self.scope.path),
                ..self.scope.clone()
            },
            fingerprint: self.fingerprint.clone(),
            lease: None,
            links: self.links.clone(),
        }
    }

    /// Locks the key for the transaction, and ends the request with the stored answer if there is one.
    pub(super) async fn enter(&self, db: &mut PgConnection) -> Result<()> {
        let is_free = sqlx::query_scalar!(
            r#"SELECT pg_try_advisory_xact_lock($1) AS "is_free!""#,
            self.scope.lock_number()
        )
        .fetch_one(&mut *db)
        .await?;
        if !is_free {
            self.wait_for_end(db).await?;
        }
        // A statement of its own: one that took the lock as well would see the rows as they were before the wait.
        let kept = sqlx::query!(
            r#"
            SELECT fingerprint, state, status, headers, body
              FROM "Finances".idempotency_key
             WHERE user_id = $1
               AND method = $2
               AND path = $3
               AND key = $4
               AND created_at > now() - interval '24 hours'
            "#,
            self.scope.user as UserId,
            self.scope.method,
            self.scope.path,
            self.scope.key,
        )
        .fetch_optional(&mut *db)
        .await?;
        let Some(kept) = kept.filter(|kept| kept.state == "done") else {
            return Ok(());
        };
        if kept.fingerprint.as_deref() != Some(self.fingerprint_bytes().as_slice()) {
            return Err(Error::invalid_field(
                "Idempotency-Key",
                "value_error",
                "This key was used for another request",
            ));
        }
        let status = kept.status.and_then(|status| u16::try_from(status).ok());
        let mut headers = match kept.headers {
            Some(Value::Object(headers)) => headers,
            _ => Map::new(),
        };
        let links: Vec<SignedLink> = headers
            .remove(LINKS)
            .and_then(|links| serde_json::from_value(links).ok())
            .unwrap_or_default();
        let mut answer = StoredAnswer {
            status: status
                .and_then(|status| StatusCode::from_u16(status).ok())
                .unwrap_or(StatusCode::OK),
            headers: read_headers(&headers),
            body: Bytes::from(kept.body.unwrap_or_default()),
            cookies: Vec::new(),
            links: Vec::new(),
            is_replay: true,
        };
        self.renew_links(&mut answer, &links)?;
        Err(Error::Replayed(Box::new(answer)))
    }

    /// Those of the first answer may have ended.
    fn renew_links(&self, answer: &mut StoredAnswer, links: &[SignedLink]) -> Result<()> {
        if links.is_empty() {
            return Ok(());
        }
        for (_, value) in &mut answer.headers {
            *value = self.links.renew(value, links)?;
        }
        let body = std::str::from_utf8(&answer.body).map_err(Error::internal)?;
        answer.body = self.links.renew(body, links)?.into();
        Ok(())
    }

    /// Gives the request that holds the key a moment to end. One that was refused has told its client so before its
    /// connection has told the database, and the client may have been quick to try again.
    async fn wait_for_end(&self, db: &mut PgConnection) -> Result<()> {
        sqlx::query("SET LOCAL lock_timeout = '200ms'")
            .execute(&mut *db)
            .await?;
        let locked = sqlx::query!("SELECT pg_advisory_xact_lock($1)", self.scope.lock_number())
            .execute(&mut *db)
            .await;
        match locked.map_err(Error::from) {
            Ok(_) => {}
            Err(Error::Contended(_)) => return Err(still_running()),
            Err(error) => return Err(error),
        }
        sqlx::query("SET LOCAL lock_timeout TO DEFAULT")
            .execute(db)
            .await?;
        Ok(())
    }

    /// Keeps the answer in the transaction of the change.
    pub(super) async fn fulfil(&self, db: &mut PgConnection, answer: &StoredAnswer) -> Result<()> {
        let fingerprint = self.fingerprint_bytes();
        let mut headers: Map<String, Value> = answer
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), Value::String(value.clone())))
            .collect();
        if !answer.links.is_empty() {
            let links = serde_json::to_value(&answer.links).map_err(Error::internal)?;
            headers.insert(LINKS.to_owned(), links);
        }
        let kept = sqlx::query!(
            r#"
            INSERT INTO "Finances".idempotency_key AS kept
                   (user_id, method, path, key, fingerprint, state, status, headers, body, created_at)
            VALUES ($1, $2, $3, $4, $5, 'done', $6, $7, $8, now())
                ON CONFLICT (user_id, method, path, key) DO UPDATE
               SET fingerprint = EXCLUDED.fingerprint,
                   state = 'done',
                   status = EXCLUDED.status,
                   headers = EXCLUDED.headers,
                   body = EXCLUDED.body,
                   created_at = EXCLUDED.created_at,
                   lease_until = NULL
             WHERE kept.state = 'running'
                OR kept.created_at <= now() - interval '24 hours'
            "#,
            self.scope.user as UserId,
            self.scope.method,
            self.scope.path,
            self.scope.key,
            fingerprint.as_slice(),
            i32::from(answer.status.as_u16()),
            Value::Object(headers),
            answer.body.as_ref(),
        )
        .execute(db)
        .await?;
        if kept.rows_affected() != 1 {
            return Err(still_running());
        }
        Ok(())
    }

    /// The transaction with the answer is committed: the row is no longer this request's to remove.
    pub(super) fn fulfilled(mut self) {
        if let Some(lease) = self.lease.take() {
            lease.keep_row();
        }
    }

    fn fingerprint_bytes(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.scope.query.as_bytes());
        hash.update([0]);
        hash.update(self.fingerprint.body_hash());
        hash.finalize().into()
    }
}

/// The `running` row of an upload, renewed as long as this lives and removed with it.
#[derive(Debug)]
struct Lease {
    renewal: JoinHandle<()>,
    db: Pool,
    scope: Scope,
    is_row_kept: bool,
}

impl Lease {
    /// Takes the lease; `None` if the key already has an answer, which is compared once the body is known.
    async fn take(scope: &Scope, db: &Pool) -> Result<Option<Self>> {
        let taken = sqlx::query_scalar!(
            r#"
            INSERT INTO "Finances".idempotency_key AS kept (user_id, method, path, key, state, created_at, lease_until)
            VALUES ($1, $2, $3, $4, 'running', now(), now() + interval '4.5 seconds')
                ON CONFLICT (user_id, method, path, key) DO UPDATE
               SET fingerprint = NULL,
                   state = 'running',
                   status = NULL,
                   headers = NULL,
                   body = NULL,
                   created_at = now(),
                   lease_until = EXCLUDED.lease_until
             WHERE (kept.state = 'running' AND COALESCE(kept.lease_until, kept.created_at) < now())
                OR kept.created_at <= now() - interval '24 hours'
            RETURNING true AS "taken!"
            "#,
            scope.user as UserId,
            scope.method,
            scope.path,
            scope.key,
        )
        .fetch_optional(db)
        .await?;
        if taken.is_some() {
            let renewal = tokio::spawn(renew(scope.clone(), db.clone()));
            return Ok(Some(Self {
                renewal,
                db: db.clone(),
                scope: scope.clone(),
                is_row_kept: false,
            }));
        }
        let is_done = sqlx::query_scalar!(
            r#"
            SELECT state = 'done' AS "is_done!"
              FROM "Finances".idempotency_key
             WHERE user_id = $1
               AND method = $2
               AND path = $3
               AND key = $4
            "#,
            scope.user as UserId,
            scope.method,
            scope.path,
            scope.key,
        )
        .fetch_optional(db)
        .await?;
        if is_done == Some(true) {
            Ok(None)
        } else {
            Err(still_running())
        }
    }

    fn keep_row(mut self) {
        self.is_row_kept = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
        if self.is_row_kept {
            return;
        }
        let (db, scope) = (self.db.clone(), self.scope.clone());
        tokio::spawn(async move {
            let removed = sqlx::query!(
                r#"
                DELETE FROM "Finances".idempotency_key
                 WHERE user_id = $1
                   AND method = $2
                   AND path = $3
                   AND key = $4
                   AND state = 'running'
                "#,
                scope.user as UserId,
                scope.method,
                scope.path,
                scope.key,
            )
            .execute(&db)
            .await;
            if let Err(error) = removed {
                tracing::debug!(%error, "the lease of an idempotency key is left to lapse");
            }
        });
    }
}

async fn renew(scope: Scope, db: Pool) {
    loop {
        tokio::time::sleep(LEASE_RENEWAL).await;
        let renewed = sqlx::query!(
            r#"
            UPDATE "Finances".idempotency_key
               SET lease_until = now() + interval '4.5 seconds'
             WHERE user_id = $1
               AND method = $2
               AND path = $3
               AND key = $4
               AND state = 'running'
            "#,
            scope.user as UserId,
            scope.method,
            scope.path,
            scope.key,
        )
        .execute(&db)
        .await;
        if let Err(error) = renewed {
            tracing::debug!(%error, "the lease of an idempotency key could not be renewed");
        }
    }
}

fn still_running() -> Error {
    Error::RunningUnderKey
}

fn read_headers(headers: &Map<String, Value>) -> Vec<(HeaderName, String)> {
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value.as_str()?.to_owned())))
        .collect()
}

/// Removes keys that nobody may repeat any more.
pub(super) async fn sweep(db: &Pool) -> Result<()> {
    sqlx::query!(r#"DELETE FROM "Finances".idempotency_key WHERE created_at <= now() - interval '24 hours'"#)
        .execute(db)
        .await?;
    Ok(())
}
