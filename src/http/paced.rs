//! A request body that comes no faster than it is read.
//!
//! The reader of forms takes in all that has arrived before it looks at any of it, and looks for the end of a part's head
//! however long that gets. A quick client could fill the memory with a file, and a malicious one with a head.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};

/// How many more bytes may come; both sides hold it.
#[derive(Debug, Clone, Default)]
pub(super) struct Allowance(Arc<AtomicU64>);

impl Allowance {
    /// From here on so many bytes may come, and the rest of the piece with the last of them.
    pub(super) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn spend(&self, bytes: usize) {
        let left = self.0.load(Ordering::Relaxed);
        self.set(left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX)));
    }
}

/// The body, which gives one piece at a time and fails once the allowance is spent.
pub(super) struct Paced {
    body: Body,
    allowance: Allowance,
    has_given: bool,
}

impl Paced {
    pub(super) fn new(body: Body, allowance: Allowance) -> Self {
        Self {
            body,
            allowance,
            has_given: false,
        }
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if std::mem::take(&mut self.has_given) {
            // "Nothing yet" makes the reader look at what it has before it asks again.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.allowance.is_spent() && !self.body.is_end_stream() {
            let error = std::io::Error::other("too much came before the end of a part's head");
            return Poll::Ready(Some(Err(axum::Error::new(error))));
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.has_given = true;
            self.allowance.spend(frame.data_ref().map_or(0, Bytes::len));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures_util::stream;

    use super::*;

    fn paced(pieces: &[&'static str], allowance: u64) -> Paced {
        let pieces = pieces
            .iter()
            .map(|piece| Ok::<_, std::io::Error>(Bytes::from(*piece)));
        let limit = Allowance::default();
        limit.set(allowance);
        Paced::new(Body::from_stream(stream::iter(pieces.collect::<Vec<_>>())), limit)
    }

    /// What each poll gives: a piece's length, a pause, a fault or the end.
    fn polls(mut body: Paced, count: usize) -> Vec<String> {
        let mut context = Context::from_waker(Waker::noop());
        let mut poll = || match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Pending => "pause".to_owned(),
            Poll::Ready(None) => "end".to_owned(),
            Poll::Ready(Some(Err(_))) => "fault".to_owned(),
            Poll::Ready(Some(Ok(frame))) => frame.data_ref().map_or(0, Bytes::len).to_string(),
        };
        (0..count).map(|_| poll()).collect()
    }

    #[test]
    fn each_piece_is_followed_by_a_pause() {
        assert_eq!(
            polls(paced(&["abc", "de"], 100), 5),
            ["3", "pause", "2", "pause", "end"]
        );
    }

    #[test]
    fn what_is_beyond_the_allowance_is_a_fault() {
        assert_eq!(
            polls(paced(&["abc", "de", "f"], 4), 5),
            ["3", "pause", "2", "pause", "fault"]
        );
    }
}
