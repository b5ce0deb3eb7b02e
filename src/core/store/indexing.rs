//! When are messages indexed for search? Behind the log, when nobody waits for the writer.

use std::time::{Duration, Instant};

use super::search;
use super::writer::LOOK;
use crate::core::error::Result;

/// What a commit did, as far as it matters for the index.
#[derive(Default)]
pub(super) struct Done {
    pub posted: usize,
    pub taken_out: u32,
}

/// What a step did.
pub(super) struct Step {
    /// Are more left to index?
    pub more: bool,
    /// After how many that were taken out it was tidied up, if that was to be done.
    pub tidied: Option<u32>,
}

/// How far it is, as the writer knows it.
pub(super) struct Indexing {
    /// How many are not indexed yet, as far as it is known.
    left: usize,
    /// How many were taken out whose pages are not tidied up.
    taken_out: u32,
    /// They are not tidied up before then, because they could not be.
    untidy_until: Option<Instant>,
    stepped: Instant,
    is_idle: bool,
    /// Not before then, because it has failed.
    not_before: Option<Instant>,
}

/// While messages come in, a step is made this often: few enough that its checkpoints delay no more than one message in a
/// hundred.
const STEP_EVERY: Duration = Duration::from_millis(25);
/// While nothing comes in: other threads need the processor, too.
const IDLE_STEP_EVERY: Duration = Duration::from_millis(2);
/// Even if verbs are always waiting.
const STEP_AT_LEAST_EVERY: Duration = Duration::from_secs(1);
/// After a step that failed.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// After a step that could not tidy up.
const TIDY_AFTER: Duration = Duration::from_secs(1);

impl Default for Indexing {
    fn default() -> Self {
        Self {
            left: usize::MAX,
            taken_out: 0,
            untidy_until: None,
            stepped: Instant::now(),
            is_idle: false,
            not_before: None,
        }
    }
}

impl Indexing {
    /// A commit posted so many messages, and took so many out of the index.
    pub fn committed(&mut self, done: Done) {
        self.left = self.left.saturating_add(done.posted);
        self.taken_out = self.taken_out.saturating_add(done.taken_out);
    }

    /// How many were taken out whose pages the next step tidies up.
    pub fn taken_out(&self) -> u32 {
        match self.untidy_until {
            Some(then) if Instant::now() < then => 0,
            _ => self.taken_out,
        }
    }

    /// Is there enough for a whole step?
    fn has_many(&self) -> bool {
        self.left.max(self.taken_out() as usize) >= search::BATCH as usize
    }

    /// How long to wait for verbs before the next step.
    pub fn wait(&self) -> Duration {
        match self.is_idle {
            _ if !self.has_many() || self.not_before.is_some() => LOOK,
            true => IDLE_STEP_EVERY,
            false => STEP_EVERY,
        }
    }

    /// Is the next step to be made now? `is_idle`: no verb came while the writer waited; `waiting`: some wait.
    pub fn is_due(&mut self, is_idle: bool, waiting: bool) -> bool {
        self.is_idle = is_idle;
        if (self.left == 0 && self.taken_out() == 0)
            || self.not_before.is_some_and(|then| Instant::now() < then)
        {
            return false;
        }
        let since = self.stepped.elapsed();
        is_idle
            || (self.has_many() && !waiting && since >= STEP_EVERY)
            || since >= STEP_AT_LEAST_EVERY
    }

    /// A step was made.
    pub fn stepped(&mut self, indexed: Result<Step>) {
        self.stepped = Instant::now();
        self.not_before = None;
        match indexed {
            Ok(Step { more, tidied }) => {
                self.left = if more { usize::MAX } else { 0 };
                self.taken_out -= tidied.unwrap_or(0);
                if let Some(tidied) = tidied {
                    self.untidy_until = (tidied == 0).then(|| self.stepped + TIDY_AFTER);
                }
            }
            Err(error) => {
                tracing::warn!(cause = ?error, "messages could not be indexed for search");
                self.not_before = Some(self.stepped + RETRY_AFTER);
            }
        }
    }
}
