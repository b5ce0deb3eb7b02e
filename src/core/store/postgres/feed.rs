//! How far has this server heard what all servers on the database have committed?

use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::watch;

use super::pen::Pen;
use crate::core::error::{Error, Result};
use crate::core::model::Announcement;
use crate::core::random;
use crate::core::store::Tx;
use crate::core::store::feed::{Nonce, told};

/// The number of the last commit whose news this server has heard, and which history the numbers are of.
pub(in crate::core) struct Heard {
    number: watch::Sender<i64>,
    /// Another one after a failover that lost commits: then what this server knows need not be true.
    pub history: String,
    /// The process of PostgreSQL that commits for this server: what it tells is heard already.
    own: AtomicI32,
    /// Why this server must end.
    lost: watch::Sender<Option<&'static str>>,
}

impl Heard {
    pub fn new(number: i64, history: String) -> Self {
        Self {
            number: watch::Sender::new(number),
            history,
            own: AtomicI32::new(0),
            lost: watch::Sender::new(None),
        }
    }

    pub fn number(&self) -> i64 {
        *self.number.borrow()
    }

    /// This server commits by this process of PostgreSQL from now on.
    pub fn note_own(&self, process: i32) {
        self.own.store(process, Relaxed);
    }

    pub fn is_own(&self, process: i32) -> bool {
        self.own.load(Relaxed) == process
    }

    /// Everything up to this commit was heard.
    pub fn note(&self, number: i64) {
        self.number.send_replace(number);
    }

    /// What this server has in memory need not be true any more: it must end, and begin anew.
    pub fn lose(&self, why: &'static str) -> Error {
        if self.lost.send_replace(Some(why)).is_none() {
            tracing::error!(why, "this server has to begin anew");
        }
        Error::Overloaded("The server begins anew")
    }

    /// Ready once this server must end.
    pub fn lost(&self) -> impl Future<Output = &'static str> + Send + use<> {
        let mut lost = self.lost.subscribe();
        async move {
            let why = lost.wait_for(Option::is_some).await;
            let why = why.ok().and_then(|why| *why);
            match why {
                Some(why) => why,
                // The core is gone, and with it what could be lost.
                None => std::future::pending().await,
            }
        }
    }

    /// Waits until everything up to this commit was heard.
    pub async fn upto(&self, number: i64) {
        let mut heard = self.number.subscribe();
        // The sender is our own.
        heard.wait_for(|upto| *upto >= number).await.ok();
    }
}

/// A commit that has written, or that others hear of.
pub(in crate::core::store) struct Numbered {
    pub number: i64,
    pub nonce: Nonce,
}

impl Tx<'_> {
    /// This commit is the next one: others hear what it announced. `None` if it has written nothing, and nobody else is to hear
    /// of it.
    pub(in crate::core::store) fn take_number(
        &self,
        pen: &Pen,
        announced: &[Announcement],
    ) -> Result<Option<Numbered>> {
        let told = told(announced)?;
        if told.is_none() && !self.has_written.get() {
            return Ok(None);
        }
        let nonce = random();
        let told = told.unwrap_or_else(|| "[]".to_owned());
        self.conn.send(
            "INSERT INTO news (number, nonce, told, at) VALUES ($1, $2, $3, $4)",
            (pen.next(), nonce, told, pen.now.0),
        )?;
        let (last, said) = self.cache.take_said().unwrap_or((pen.last, 0));
        self.conn.send(
            "UPDATE log SET batch = $1, at = $2, last = greatest(last, $3), messages = messages + $4",
            (pen.next(), pen.now.0, last, said),
        )?;
        self.conn.begin("NOTIFY news")?;
        let number = pen.next();
        Ok(Some(Numbered { number, nonce }))
    }
}
