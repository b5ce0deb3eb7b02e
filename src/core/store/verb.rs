//! A verb in the writer's queue, and how its caller is answered.

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use tokio::sync::oneshot;

use super::Tx;
use super::lookup::Lookup;
use super::writer::STOPPING;
use crate::core::error::{Error, Result};
use crate::core::model::Announcement;

/// A verb in the queue.
pub(in crate::core) trait Job: Send {
    /// Runs the verb. The caller is answered later, when the commit has succeeded or failed.
    fn run(self: Box<Self>, tx: &Tx<'_>) -> Outcome;
    fn refuse(self: Box<Self>, error: Error);
    /// What it is about to look up.
    fn lookup(&self) -> &Lookup;
}

pub(in crate::core) struct Outcome {
    pub failed: bool,
    pub queued: Instant,
    pub answered_by: AnsweredBy,
    pub answer: Answer,
}

impl Outcome {
    /// It has failed after all: what it wrote could not be written.
    pub fn fail(&mut self, error: Error) {
        self.failed = true;
        let answer = std::mem::replace(&mut self.answer, Box::new(|_| ()));
        self.answer = Box::new(move |commit| answer(commit.and(Err(error))));
    }
}

/// How a caller is to be answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::core) enum AnsweredBy {
    /// By the writer, right after the commit.
    Writer,
    /// By the fan-out, behind the commit's events: the caller may hear these.
    FanOut,
}

/// Answers a caller, given whether the commit succeeded.
pub(in crate::core) type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// A verb whose caller waits for its answer. The future is ready after the commit.
pub(in crate::core) fn awaited<T, V>(
    lookup: Lookup,
    verb: V,
) -> (
    Box<dyn Job>,
    impl Future<Output = Result<T>> + Send + use<T, V>,
)
where
    V: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    // The caller may have gone; the commit stays.
    let done = move |result| drop(reply.send(result));
    let job = Verb::new(AnsweredBy::Writer, lookup, verb, done);
    (Box::new(job), answered(answer))
}

async fn answered<T>(answer: oneshot::Receiver<Result<T>>) -> Result<T> {
    answer
        .await
        .unwrap_or_else(|_| Err(Error::Overloaded(STOPPING)))
}

/// A verb whose caller may hear its events: `done` runs on the fan-out task, behind them.
pub(in crate::core) fn told<T, V, D>(lookup: Lookup, verb: V, done: D) -> Box<dyn Job>
where
    V: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    D: FnOnce(Result<T>) + Send + 'static,
    T: Send + 'static,
{
    Box::new(Verb::new(AnsweredBy::FanOut, lookup, verb, done))
}

/// A verb with the result `T`, and what is done with the result.
struct Verb<V, D, T> {
    lookup: Lookup,
    verb: V,
    done: D,
    queued: Instant,
    answered_by: AnsweredBy,
    answers: PhantomData<fn() -> T>,
}

impl<V, D, T> Verb<V, D, T> {
    fn new(answered_by: AnsweredBy, lookup: Lookup, verb: V, done: D) -> Self {
        Self {
            lookup,
            verb,
            done,
            queued: Instant::now(),
            answered_by,
            answers: PhantomData,
        }
    }
}

impl<V, D, T> Job for Verb<V, D, T>
where
    V: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    D: FnOnce(Result<T>) + Send + 'static,
    T: Send + 'static,
{
    fn run(self: Box<Self>, tx: &Tx<'_>) -> Outcome {
        let Self {
            verb,
            done,
            queued,
            answered_by,
            ..
        } = *self;
        let result = catch_unwind(AssertUnwindSafe(|| verb(tx)));
        let result = result.unwrap_or_else(|panic| Err(panicked(&*panic)));
        Outcome {
            failed: result.is_err(),
            queued,
            answered_by,
            answer: Box::new(move |commit: Result<()>| done(commit.and(result))),
        }
    }

    fn refuse(self: Box<Self>, error: Error) {
        (self.done)(Err(error));
    }

    fn lookup(&self) -> &Lookup {
        &self.lookup
    }
}

#[cold]
fn panicked(panic: &(dyn Any + Send)) -> Error {
    Error::Internal(format!("a verb panicked: {}", words(panic)))
}

/// What one commit made true, in the order of its verbs, and the callers who wait to be answered behind that.
#[must_use = "its callers wait for `answer`"]
pub struct Commit {
    announced: Vec<Announcement>,
    answers: Vec<Answer>,
}

impl Commit {
    pub(super) fn new(announced: Vec<Announcement>, answers: Vec<Answer>) -> Self {
        Self { announced, answers }
    }

    pub fn announced(&self) -> &[Announcement] {
        &self.announced
    }

    /// Answers the callers, in the order of their verbs. The fan-out does so once the events have been told: an answer
    /// never overtakes them.
    pub fn answer(self) {
        for answer in self.answers {
            // If one panics, the others are still answered.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| answer(Ok(())))) {
                tracing::error!(cause = words(&*panic), "an answer panicked");
            }
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(|s| s.as_str()))
        .unwrap_or("?")
}
