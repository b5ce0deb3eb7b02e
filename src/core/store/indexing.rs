//! When are messages indexed for search? Behind the log, when nobody waits for the writer.

use std::time::{Duration, Instant};

use super::search;
use super::writer::LOOK;
use crate::core::error::Result;

/// How far it is, as the writer knows it.
pub(super) struct Indexing {
    /// How many are not indexed yet, as far as it is known.
    left: usize,
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

impl Default for Indexing {
    fn default() -> Self {
        Self {
            left: usize::MAX,
            stepped: Instant::now(),
            is_idle: false,
            not_before: None,
        }
    }
}

impl Indexing {
    /// So many messages were posted.
    pub fn said(&mut self, posted: usize) {
        self.left = self.left.saturating_add(posted);
    }

    /// How long to wait for verbs before the next step.
    pub fn wait(&self) -> Duration {
        match self.is_idle {
            _ if self.left < search::BATCH as usize || self.not_before.is_some() => LOOK,
            true => IDLE_STEP_EVERY,
            false => STEP_EVERY,
        }
    }

    /// Is the next step to be made now? `is_idle`: no verb came while the writer waited; `waiting`: some wait.
    pub fn is_due(&mut self, is_idle: bool, waiting: bool) -> bool {
        self.is_idle = is_idle;
        if self.left == 0 || self.not_before.is_some_and(|then| Instant::now() < then) {
            return false;
        }
        let since = self.stepped.elapsed();
        let many = self.left >= search::BATCH as usize;
        is_idle || (many && !waiting && since >= STEP_EVERY) || since >= STEP_AT_LEAST_EVERY
    }

    /// A step was made; it says whether more are left.
    pub fn stepped(&mut self, indexed: Result<bool>) {
        self.stepped = Instant::now();
        self.not_before = None;
        match indexed {
            Ok(true) => self.left = usize::MAX,
            Ok(false) => self.left = 0,
            Err(error) => {
                tracing::warn!(cause = ?error, "messages could not be indexed for search");
                self.not_before = Some(self.stepped + RETRY_AFTER);
            }
        }
    }
}
