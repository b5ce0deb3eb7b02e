//! What waits to be written, and who is told what became of it?

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::Tx;
use crate::core::error::{Error, Result};
use crate::core::model::Announcement;

/// A verb in the queue.
pub(super) trait Job: Send {
    /// Runs the verb; the answer is given when the commit's fate is known.
    fn run(self: Box<Self>, tx: &Tx<'_>) -> Outcome;
    fn refuse(self: Box<Self>, error: Error);
}

pub(super) struct Outcome {
    pub failed: bool,
    pub queued: Instant,
    pub asked_by: AskedBy,
    pub answer: Answer,
}

/// Who waits for an answer?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AskedBy {
    /// Somebody who may not hear the news, and is answered by the writer.
    Anybody,
    /// Somebody who hears them, and is answered by whoever tells them, behind them.
    Listener,
}

/// Tells whoever asked what became of the commit.
pub(super) type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// A verb that answers a `T`, and what is done with the answer.
pub(super) struct Verb<V, D, T> {
    verb: V,
    done: D,
    queued: Instant,
    asked_by: AskedBy,
    answers: PhantomData<fn() -> T>,
}

impl<V, D, T> Verb<V, D, T> {
    pub fn new(asked_by: AskedBy, verb: V, done: D) -> Self {
        Self {
            verb,
            done,
            queued: Instant::now(),
            asked_by,
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
            asked_by,
            ..
        } = *self;
        let result = catch_unwind(AssertUnwindSafe(|| verb(tx))).unwrap_or_else(|panic| {
            Err(Error::Internal(format!(
                "a verb panicked: {}",
                words(&*panic)
            )))
        });
        Outcome {
            failed: result.is_err(),
            queued,
            asked_by,
            answer: Box::new(move |commit: Result<()>| done(commit.and(result))),
        }
    }

    fn refuse(self: Box<Self>, error: Error) {
        (self.done)(Err(error));
    }
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
            // One that panics must not keep the others from theirs.
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
