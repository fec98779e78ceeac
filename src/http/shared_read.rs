//! Reads of the same, waiting together, are answered by one.
//!
//! When many clients ask the same at the same time, a dashboard's page say, it is read from the database for all those who
//! wait, not for each of them. Nothing is kept: whoever asks after a read has begun takes part in the next one, so that an
//! answer holds whatever was committed before it was asked for.

use std::{
    collections::{HashMap, hash_map::Entry},
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::sync::{OnceCell, Semaphore};

use crate::{
    app::AppState,
    auth::Viewer,
    error::{Error, Result},
    http::RequestContext,
    unit_of_work::{Answer, StoredAnswer},
};

/// How many reads of the same run at once: while the rows of one become an answer, the database may be at the next.
const AT_ONCE: usize = 2;

/// The reads that run or wait, by what they ask for.
#[derive(Debug, Default)]
pub struct SharedReads(Mutex<HashMap<Arc<str>, Asked>>);

/// One thing that is asked for.
#[derive(Debug)]
struct Asked {
    /// Bounds how many reads of it run.
    turns: Arc<Semaphore>,
    /// The read that has not begun yet, which all who come now wait for.
    next: Option<Arc<Round>>,
    /// How many wait for a read of it, whether it has begun or not.
    askers: usize,
}

/// One read, and what came of it.
type Round = OnceCell<StoredAnswer>;

impl SharedReads {
    /// What `read` answers, or the same read of somebody else who waited beside this one.
    ///
    /// An error is nobody's but the one's who got it; the others try for themselves.
    async fn answer(
        &self,
        what: Arc<str>,
        read: impl Future<Output = Result<StoredAnswer>>,
    ) -> Result<StoredAnswer> {
        let (asking, turns, round) = self.join(what);
        let answer = round
            .get_or_try_init(|| async {
                // Nobody closes it.
                let _turn = turns.acquire().await.map_err(Error::internal)?;
                asking.begin(&round);
                read.await
            })
            .await;
        answer.cloned()
    }

    /// Takes part in the next read.
    fn join(&self, what: Arc<str>) -> (Asking<'_>, Arc<Semaphore>, Arc<Round>) {
        let mut all = self.lock();
        let asked = all.entry(Arc::clone(&what)).or_insert_with(|| Asked {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            next: None,
            askers: 0,
        });
        asked.askers += 1;
        let round = Arc::clone(asked.next.get_or_insert_default());
        let turns = Arc::clone(&asked.turns);
        drop(all);
        (Asking { reads: self, what }, turns, round)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who asks, until they have their answer or give up.
struct Asking<'a> {
    reads: &'a SharedReads,
    what: Arc<str>,
}

impl Asking<'_> {
    /// From now on nobody takes part in this read any more.
    fn begin(&self, round: &Arc<Round>) {
        if let Some(asked) = self.reads.lock().get_mut(&self.what) {
            asked.next.take_if(|next| Arc::ptr_eq(next, round));
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Entry::Occupied(mut asked) = self.reads.lock().entry(Arc::clone(&self.what)) {
            asked.get_mut().askers -= 1;
            if asked.get().askers == 0 {
                asked.remove();
            }
        }
    }
}

/// A [`Viewer`]'s read whose answer depends on nothing but its path and query, so that all who may read get the same.
pub struct SharedRead {
    state: AppState,
    what: Arc<str>,
}

impl FromRequestParts<AppState> for SharedRead {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        Viewer::from_request_parts(parts, state).await?;
        let path = parts
            .extensions
            .get::<RequestContext>()
            .map_or(parts.uri.path(), |context| &context.route_path);
        let what = match parts.uri.query() {
            Some(query) => format!("{path}?{query}").into(),
            None => path.into(),
        };
        Ok(Self {
            state: state.clone(),
            what,
        })
    }
}

impl SharedRead {
    /// Answers with what `read` makes, or with what it made of the same request of somebody else.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn answer<T: Serialize + Send>(
        self,
        read: impl Future<Output = Result<Answer<T>>> + Send,
    ) -> impl Future<Output = Result<SharedAnswer<T>>> + Send {
        // It stands in the futures of all layers, and is moved with them until it first waits.
        let read = Box::pin(async { read.await?.into_stored() });
        async move {
            let answer = self.state.shared_reads.answer(self.what, read).await?;
            Ok(SharedAnswer {
                answer,
                body: PhantomData,
            })
        }
    }
}

/// The answer of a read, whose body is a `T`.
pub struct SharedAnswer<T> {
    answer: StoredAnswer,
    body: PhantomData<T>,
}

impl<T> IntoResponse for SharedAnswer<T> {
    fn into_response(self) -> Response {
        self.answer.into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::atomic::{AtomicU32, Ordering},
        task::Poll,
    };

    use futures_util::poll;
    use tokio::sync::oneshot;

    use super::*;

    fn numbered(number: u32) -> Result<StoredAnswer> {
        Answer::ok(number).into_stored()
    }

    async fn body(answer: impl Future<Output = Result<StoredAnswer>>) -> String {
        String::from_utf8(answer.await.unwrap().body.to_vec()).unwrap()
    }

    /// A read that answers its number once it is let.
    fn held(number: u32) -> (oneshot::Sender<()>, impl Future<Output = Result<StoredAnswer>>) {
        let (let_go, held) = oneshot::channel::<()>();
        (let_go, async move {
            held.await.unwrap();
            numbered(number)
        })
    }

    fn what() -> Arc<str> {
        "/api/po?limit=1".into()
    }

    #[tokio::test]
    async fn who_waits_together_is_answered_by_one_read_that_began_after_all_of_them_asked() {
        let reads = SharedReads::default();
        let (let_first, first) = held(1);
        let (let_second, second) = held(2);
        let mut first = pin!(body(reads.answer(what(), first)));
        let mut second = pin!(body(reads.answer(what(), second)));
        assert_eq!(poll!(&mut first), Poll::Pending);
        assert_eq!(poll!(&mut second), Poll::Pending);
        // Both turns are taken by reads that have begun.
        let runs = AtomicU32::new(0);
        let read = |number| reads.answer(what(), async move { numbered(number) });
        let counted = |number| {
            let runs = &runs;
            reads.answer(what(), async move {
                runs.fetch_add(1, Ordering::Relaxed);
                numbered(number)
            })
        };
        let mut third = pin!(body(counted(3)));
        let mut fourth = pin!(body(counted(4)));
        assert_eq!(poll!(&mut third), Poll::Pending);
        assert_eq!(poll!(&mut fourth), Poll::Pending);
        let_first.send(()).unwrap();
        assert_eq!(first.await, "1");
        assert_eq!((third.await, fourth.await), ("3".to_owned(), "3".to_owned()));
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        // Who comes after it has begun, and ended, is read for anew.
        assert_eq!(body(read(5)).await, "5");
        let_second.send(()).unwrap();
        assert_eq!(second.await, "2");
        assert!(reads.lock().is_empty());
    }

    #[tokio::test]
    async fn who_asks_after_a_read_has_begun_takes_no_part_in_it() {
        let reads = SharedReads::default();
        let (let_first, first) = held(1);
        let mut first = pin!(body(reads.answer(what(), first)));
        assert_eq!(poll!(&mut first), Poll::Pending);
        assert_eq!(body(reads.answer(what(), async { numbered(2) })).await, "2");
        let_first.send(()).unwrap();
        assert_eq!(first.await, "1");
    }

    #[tokio::test]
    async fn of_others_nobody_gets_an_answer() {
        let reads = SharedReads::default();
        let (_never, first) = held(1);
        let (_neither, second) = held(2);
        let mut first = pin!(reads.answer(what(), first));
        let mut second = pin!(reads.answer(what(), second));
        assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
        let other = reads.answer("/api/po?limit=2".into(), async { numbered(3) });
        assert_eq!(body(other).await, "3");
    }

    #[tokio::test]
    async fn when_the_one_who_reads_gives_up_another_goes_on() {
        let reads = SharedReads::default();
        let (let_first, first) = held(1);
        let (let_second, second) = held(2);
        let mut first = Box::pin(body(reads.answer(what(), first)));
        let mut second = Box::pin(body(reads.answer(what(), second)));
        assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
        let mut third = Box::pin(body(reads.answer(what(), async { numbered(3) })));
        let mut fourth = Box::pin(body(reads.answer(what(), async { numbered(4) })));
        assert!(poll!(&mut third).is_pending() && poll!(&mut fourth).is_pending());
        drop((first, second, third));
        assert_eq!(fourth.await, "4");
        assert!(reads.lock().is_empty());
        drop((let_first, let_second));
    }

    #[tokio::test]
    async fn an_error_is_nobodys_but_the_ones_who_got_it() {
        let reads = SharedReads::default();
        let (let_first, first) = held(1);
        let (_never, second) = held(2);
        let mut first = pin!(body(reads.answer(what(), first)));
        let mut second = pin!(reads.answer(what(), second));
        assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
        let mut third = pin!(reads.answer(what(), async { Err(Error::NotFound("PO")) }));
        let mut fourth = pin!(body(reads.answer(what(), async { numbered(4) })));
        assert!(poll!(&mut third).is_pending() && poll!(&mut fourth).is_pending());
        let_first.send(()).unwrap();
        assert_eq!(first.await, "1");
        assert!(matches!(third.await, Err(Error::NotFound("PO"))));
        assert_eq!(fourth.await, "4");
    }
}
