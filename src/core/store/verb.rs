//! A verb in the writer's queue, and how its caller is answered.

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::Tx;
use super::lookup::Lookup;
use crate::core::error::{Error, Result};
use crate::core::model::Announcement;

/// A verb in the queue.
pub(super) trait Job: Send {
    /// Runs the verb. The caller is answered later, when the commit has succeeded or failed.
    fn run(self: Box<Self>, tx: &Tx<'_>) -> Outcome;
    fn refuse(self: Box<Self>, error: Error);
    /// What it is about to look up.
    fn lookup(&self) -> &Lookup;
}

pub(super) struct Outcome {
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
pub(super) enum AnsweredBy {
    /// By the writer, right after the commit.
    Writer,
    /// By the fan-out, behind the commit's events: the caller may hear these.
    FanOut,
}

/// Answers a caller, given whether the commit succeeded.
pub(super) type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// A verb with the result `T`, and what is done with the result.
pub(super) struct Verb<V, D, T> {
    lookup: Lookup,
    verb: V,
    done: D,
    queued: Instant,
    answered_by: AnsweredBy,
    answers: PhantomData<fn() -> T>,
}

impl<V, D, T> Verb<V, D, T> {
    pub fn new(answered_by: AnsweredBy, lookup: Lookup, verb: V, done: D) -> Self {
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
        let result = catch_unwind(AssertUnwindSafe(|| verb(tx))).unwrap_or_else(|panic| {
            Err(Error::Internal(format!(
                "a verb panicked: {}",
                words(&*panic)
            )))
        });
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
