//! Threads of their own for what computes long and needs much memory for it.
//!
//! On the runtime's threads for blocking work, of which there are many, each would keep what the allocator holds back of such
//! work for the next time: several times as much memory as is ever in use at once.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// So many threads, which take one piece of work after the other. They are started with the first and end with this.
#[derive(Debug)]
pub(super) struct Workers {
    name: &'static str,
    most: usize,
    queue: Mutex<Option<Sender<Job>>>,
}

impl Workers {
    /// Threads of this name.
    pub(super) const fn new(name: &'static str, most: usize) -> Self {
        Self {
            name,
            most,
            queue: Mutex::new(None),
        }
    }

    /// What a piece of work makes, once a thread has had time for it. It is done also if nobody waits for it any more.
    ///
    /// # Errors
    /// If no thread can be started, or the work panics.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Whoever asked may be gone.
            done.send(work()).ok();
        });
        self.queue()?
            .send(job)
            .map_err(|_| io::Error::other("the threads have ended"))?;
        result
            .await
            .map_err(|_| io::Error::other("the work has panicked"))
    }

    fn queue(&self) -> io::Result<Sender<Job>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queue.as_ref() {
            return Ok(queue.clone());
        }
        let (sender, jobs) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..self.most {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name(self.name.to_owned())
                .spawn(move || work_off(&jobs))?;
        }
        Ok(queue.insert(sender).clone())
    }
}

fn work_off(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // Its sender is dropped with it, which tells who waits. The panic itself was logged where it happened.
        catch_unwind(AssertUnwindSafe(job)).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Barrier};

    use super::*;

    #[tokio::test]
    async fn work_is_done_by_so_many_threads_and_no_more() {
        let workers = Workers::new("worker", 2);
        let together = Arc::new(Barrier::new(2));
        let mut all = Vec::new();
        for _ in 0..20 {
            let together = Arc::clone(&together);
            all.push(workers.run(move || {
                // Two are at it at a time.
                together.wait();
                thread::current().id()
            }));
        }
        let mut ids = HashSet::new();
        for id in futures_util::future::join_all(all).await {
            ids.insert(id.unwrap());
        }
        assert_eq!(ids.len(), 2);
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_the_thread_goes_on() {
        let workers = Workers::new("worker", 1);
        assert!(workers.run(|| panic!("on purpose")).await.is_err());
        assert_eq!(workers.run(|| 7).await.unwrap(), 7);
    }
}
