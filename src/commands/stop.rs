//! Ctrl-C and SIGTERM end long work in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::signal::unix::{SignalKind, signal};

/// Told when the person at the keyboard wants it to end.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens to the signals from now on.
    pub fn listen() -> Self {
        let stop = Self::default();
        for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
            // Without a handler it ends at once, and that does no harm either.
            if let Ok(mut signals) = signal(kind) {
                let stop = stop.clone();
                tokio::spawn(async move {
                    while signals.recv().await.is_some() {
                        stop.0.store(true, Relaxed);
                    }
                });
            }
        }
        stop
    }

    /// # Errors
    /// If it is to end.
    pub fn check(&self) -> anyhow::Result<()> {
        match self.0.load(Relaxed) {
            true => Err(anyhow::anyhow!("stopped")),
            false => Ok(()),
        }
    }
}
