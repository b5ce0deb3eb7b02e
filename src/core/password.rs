//! Hashing and checking passwords: bcrypt on a few threads of low priority, so that a storm of logins delays no message.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use tokio::sync::{Semaphore, oneshot};

use super::error::{Error, Result};

/// Hashings that may wait for a thread; beyond that a login is refused at once.
const WAITING: usize = 128;
/// bcrypt ignores bytes beyond this.
const BCRYPT_BYTES: usize = 72;

/// Hashes and checks passwords, a few at a time.
#[derive(Debug, Clone)]
pub struct Passwords {
    cost: u32,
    threads: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl Passwords {
    /// `cost` is bcrypt's: each step doubles the time.
    pub fn new(cost: u32) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cost,
            threads: Arc::new(Semaphore::new(cores)),
            waiting: Arc::default(),
        }
    }

    /// # Errors
    /// `Overloaded` if too many wait.
    pub async fn hash(&self, password: String) -> Result<String> {
        let cost = self.cost;
        self.on_a_thread(move || bcrypt::hash(within_bounds(password), cost))
            .await
    }

    /// The bcrypt cost of new passwords.
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// Takes as long for an account that does not exist (`hash` is `None`) as for a wrong password of the cost `commonest`,
    /// or of ours.
    ///
    /// # Errors
    /// `Overloaded` if too many wait.
    pub async fn fits(
        &self,
        password: String,
        hash: Option<String>,
        commonest: Option<u32>,
    ) -> Result<bool> {
        let cost = commonest.unwrap_or(self.cost);
        self.on_a_thread(move || match hash {
            Some(hash) => bcrypt::verify(within_bounds(password), &hash),
            None => bcrypt::hash(within_bounds(password), cost).map(|_| false),
        })
        .await
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> bcrypt::BcryptResult<T> + Send + 'static,
    ) -> Result<T> {
        let waiting = Waiting::enter(&self.waiting)?;
        let permit = self.threads.clone().acquire_owned().await;
        let (answer, done) = oneshot::channel();
        // A thread of its own: a lowered priority cannot be raised again.
        let thread = std::thread::Builder::new().name("hashing".into());
        let begun = thread.spawn(move || {
            // Held until the work is done, even if the caller has gone.
            let _held = (permit, waiting);
            stand_back();
            answer.send(work()).ok();
        });
        begun.map_err(|e| Error::Internal(format!("no thread for hashing: {e}")))?;
        done.await
            .map_err(|e| Error::Internal(format!("hashing: {e}")))?
            .map_err(|e| Error::Internal(format!("bcrypt: {e}")))
    }
}

/// Lowers this thread's priority to about a tenth of a busy processor. Only on Linux: elsewhere it would be the whole
/// process.
pub fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 10) {
        tracing::debug!(%error, "a thread does not stand back");
    }
}

struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn enter(waiting: &Arc<AtomicUsize>) -> Result<Self> {
        let entered = Self(waiting.clone());
        if waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            return Err(Error::Overloaded(
                "Too many people are logging in, please try again",
            ));
        }
        Ok(entered)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The cost of a bcrypt hash: `$2b$11$…`
pub fn cost_of(hash: Option<&str>) -> Option<u32> {
    let cost = hash?.split('$').nth(2)?.parse().ok();
    cost.filter(|cost| (4..=31).contains(cost))
}

/// bcrypt would silently cut a long password, or one with a NUL: those are hashed by SHA-256 first.
fn within_bounds(password: String) -> String {
    if password.len() <= BCRYPT_BYTES && !password.contains('\0') {
        return password;
    }
    super::hex(digest(&SHA256, password.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_73rd_byte_counts() {
        let passwords = Passwords::new(4);
        let (long, longer) = ("x".repeat(80), "x".repeat(81));
        let hash = passwords.hash(long.clone()).await.expect("a hash");
        assert!(
            passwords
                .fits(long, Some(hash.clone()), None)
                .await
                .expect("an answer")
        );
        assert!(
            !passwords
                .fits(longer, Some(hash), None)
                .await
                .expect("an answer")
        );
        assert!(
            !passwords
                .fits("anything".into(), None, Some(4))
                .await
                .expect("an answer")
        );
    }
}
