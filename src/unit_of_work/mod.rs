//! The one way to write: a transaction that knows who acts, in which request, under which idempotency key, and that
//! commits the change together with its audit entries and its answer, or not at all.
//!
//! A handler takes [`Write`], which says who may call and holds no connection while the body arrives; [`Write::begin`]
//! opens the transaction and answers a repeated key; [`UnitOfWork::commit`] writes everything at once. Dropping a unit
//! of work rolls it back.

mod answer;
mod idempotency;
mod if_match;

use std::marker::PhantomData;

use axum::{extract::FromRequestParts, http::request::Parts};
use sqlx::{PgConnection, Postgres, Transaction};

pub use answer::{Answer, StoredAnswer};
pub use idempotency::Fingerprint;
use idempotency::{Claim, Scope};
use if_match::IfMatch;

use crate::{
    app::AppState,
    audit::{self, Actor, Change},
    auth::{Caller, RequiredRole},
    error::{Error, Result},
    finance::kept_totals::{Counted, Followed},
    http::RequestContext,
    postgres::Pool,
    types::ids::UserId,
};

/// A request that may write, made from its head; `R` says who may.
pub struct Write<R> {
    db: Pool,
    caller: Option<Caller>,
    actor: Actor,
    claim: Option<Claim>,
    if_match: IfMatch,
    role: PhantomData<R>,
}

impl<R: RequiredRole> FromRequestParts<AppState> for Write<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let caller = R::check(parts)?;
        let context = parts
            .extensions
            .get::<RequestContext>()
            .cloned()
            .ok_or_else(|| Error::internal(anyhow::anyhow!("the request has no context")))?;
        let actor = Actor {
            id: caller.as_ref().map(|caller| caller.id),
            name: caller
                .as_ref()
                .map_or_else(|| "anonymous".to_owned(), |caller| caller.username.clone()),
            request_id: context.request_id.to_string(),
        };
        let scope = Scope::of(parts, &context, caller.as_ref())?;
        let claim = match scope {
            Some(scope) => Some(Claim::make(scope, parts, state).await?),
            None => None,
        };
        Ok(Self {
            db: state.db.clone(),
            caller,
            actor,
            claim,
            if_match: IfMatch::of(&parts.headers)?,
            role: PhantomData,
        })
    }
}

impl<R: RequiredRole> Write<R> {
    /// Who calls.
    ///
    /// # Errors
    /// `Unauthenticated` on a route that anyone may call, if nobody is known.
    pub fn caller(&self) -> Result<&Caller> {
        self.caller
            .as_ref()
            .ok_or(Error::Unauthenticated("Not authenticated"))
    }

    /// Opens the transaction.
    ///
    /// # Errors
    /// `Replayed` with the stored answer if the request was done before under its key; `Conflict` if it is being done
    /// right now; `Invalid` if the key belongs to another body; `Unavailable` without a connection.
    pub async fn begin(self) -> Result<UnitOfWork> {
        let mut uow = UnitOfWork::open(&self.db, self.actor).await?;
        uow.if_match = self.if_match;
        if let Some(claim) = self.claim {
            if let Err(ended) = claim.enter(&mut uow.transaction).await {
                // Before the answer goes out: a client that sends the key again must not find it held by this.
                uow.transaction.rollback().await?;
                return Err(ended);
            }
            uow.claim = Some(claim);
        }
        Ok(uow)
    }

    /// Ends a request that is done in parts, each a unit of work of its own, with its stored answer if it was done before
    /// under its key. The parts come after this; [`begin`](Self::begin) and the answer of the whole come last.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn ensure_not_done(&self) -> Result<()> {
        if let Some(claim) = &self.claim {
            let mut uow = UnitOfWork::open(&self.db, self.actor.clone()).await?;
            let entered = claim.enter(&mut uow.transaction).await;
            uow.transaction.rollback().await?;
            entered?;
        }
        Ok(())
    }

    /// Opens the transaction of one part of a request; `part` names it, and is the same in a repeat of the request. Its
    /// answer is kept under the request's key for itself, so that a request that was cut off between two parts finds those
    /// that are done when it is repeated.
    ///
    /// # Errors
    /// `Replayed` with the part's answer if it was done before; else as [`begin`](Self::begin).
    pub async fn begin_part(&self, part: &str) -> Result<UnitOfWork> {
        let mut uow = UnitOfWork::open(&self.db, self.actor.clone()).await?;
        if let Some(claim) = self.claim.as_ref().map(|claim| claim.part(part)) {
            if let Err(ended) = claim.enter(&mut uow.transaction).await {
                uow.transaction.rollback().await?;
                return Err(ended);
            }
            uow.claim = Some(claim);
        }
        Ok(uow)
    }
}

/// An open transaction with what has to be committed beside the change.
pub struct UnitOfWork {
    transaction: Transaction<'static, Postgres>,
    actor: Actor,
    claim: Option<Claim>,
    changes: Vec<Change>,
    if_match: IfMatch,
    followed: Followed,
}

impl UnitOfWork {
    /// Opens a transaction for a job or a command, which have no request.
    ///
    /// # Errors
    /// `Unavailable` without a connection.
    pub async fn open(db: &Pool, actor: Actor) -> Result<Self> {
        let transaction = db.begin().await?;
        Ok(Self {
            transaction,
            actor,
            claim: None,
            changes: Vec::new(),
            if_match: IfMatch::default(),
            followed: Followed::default(),
        })
    }

    /// The connection, for the statements of the change.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Compares the version of the locked row that the request is about with the one that its `If-Match` names.
    ///
    /// # Errors
    /// `Stale` if it names another.
    pub fn ensure_current(&self, version: i32) -> Result<()> {
        if self.if_match.allows(version) {
            Ok(())
        } else {
            Err(Error::Stale)
        }
    }

    /// Has the kept totals follow rows that are about to change or go. Lock them first; one that is followed already, or is
    /// not there, costs nothing.
    ///
    /// # Errors
    /// `Unavailable` without the database.
    pub async fn follow(&mut self, rows: &[Counted]) -> Result<()> {
        self.followed.follow(&mut self.transaction, rows).await
    }

    /// Has the kept totals count a row that was made just now.
    pub fn follow_new(&mut self, row: Counted) {
        self.followed.follow_new(row);
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Names the actor once it is known, as at login; without an id it is who they say they are.
    pub fn act_as(&mut self, id: Option<UserId>, name: &str) {
        self.actor.id = id;
        name.clone_into(&mut self.actor.name);
    }

    /// Marks a point to which the change can be taken back while what came before it stays.
    ///
    /// # Errors
    /// `Unavailable` without the database.
    pub async fn savepoint(&mut self) -> Result<Savepoint> {
        sqlx::query("SAVEPOINT kept").execute(self.conn()).await?;
        Ok(Savepoint {
            changes: self.changes.len(),
        })
    }

    /// Takes back everything since the point, what was recorded too.
    ///
    /// # Errors
    /// `Unavailable` without the database.
    pub async fn roll_back_to(&mut self, savepoint: Savepoint) -> Result<()> {
        sqlx::query("ROLLBACK TO SAVEPOINT kept")
            .execute(self.conn())
            .await?;
        self.changes.truncate(savepoint.changes);
        Ok(())
    }

    /// Notes what was changed; it is committed with the change.
    pub fn record(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Commits change, audit entries and answer.
    ///
    /// # Errors
    /// `Internal` if nothing was recorded: a write that leaves no trace is a fault of ours. Everything that the
    /// database refuses at commit.
    pub async fn commit<T: serde::Serialize>(self, answer: Answer<T>) -> Result<StoredAnswer> {
        if self.changes.is_empty() {
            return Err(Error::internal(anyhow::anyhow!(
                "a unit of work was committed without a record"
            )));
        }
        self.finish(answer).await
    }

    /// Commits the answer of a request that changed nothing, such as one that sets what is already so, or whose changes are
    /// committed part by part.
    ///
    /// # Errors
    /// `Internal` if something was recorded after all; everything that the database refuses at commit.
    pub async fn unchanged<T: serde::Serialize>(self, answer: Answer<T>) -> Result<StoredAnswer> {
        if !self.changes.is_empty() {
            return Err(Error::internal(anyhow::anyhow!(
                "a unit of work calls a recorded change unchanged"
            )));
        }
        self.finish(answer).await
    }

    /// Commits the record of a refusal (a failed login, a file that could not be read) and gives the refusal back for
    /// the client. Nothing is kept under the idempotency key, which is free again.
    pub async fn commit_refused(self, refusal: Error) -> Error {
        match self.commit_silent().await {
            Ok(()) => refusal,
            Err(error) => error,
        }
    }

    /// Commits without an answer, for jobs and commands.
    ///
    /// # Errors
    /// Everything that the database refuses.
    pub async fn commit_silent(self) -> Result<()> {
        let Self {
            mut transaction,
            actor,
            claim: _,
            changes,
            if_match: _,
            followed,
        } = self;
        if !changes.is_empty() {
            audit::write(&mut transaction, &actor, &changes).await?;
        }
        // Last before the commit, because others wait for these rows.
        followed.settle(&mut transaction).await?;
        transaction.commit().await?;
        audit::log(&actor, &changes);
        Ok(())
    }

    async fn finish<T: serde::Serialize>(mut self, answer: Answer<T>) -> Result<StoredAnswer> {
        let stored = answer.into_stored()?;
        let claim = self.claim.take();
        if let Some(claim) = &claim {
            claim.fulfil(&mut self.transaction, &stored).await?;
        }
        self.commit_silent().await?;
        if let Some(claim) = claim {
            claim.fulfilled();
        }
        Ok(stored)
    }
}

/// A point in a unit of work.
#[derive(Debug)]
pub struct Savepoint {
    changes: usize,
}

/// Removes the idempotency keys that are older than a day.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn sweep(db: &Pool) -> Result<()> {
    idempotency::sweep(db).await
}
