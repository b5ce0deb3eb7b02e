//! What has a client asked for that is not done yet? Whoever tells it what it missed waits for its joins.

use std::convert::Infallible;
use std::mem::replace;

use parking_lot::Mutex;
use tokio::sync::mpsc;

/// What one client has asked for and is not done yet.
pub struct InFlight(Mutex<Since>);

/// What was asked for since somebody last waited: the channel closes when all of it is done.
struct Since {
    begun: mpsc::Sender<Infallible>,
    done: mpsc::Receiver<Infallible>,
}

/// Something that is being done until this is dropped.
pub struct Doing {
    _begun: mpsc::Sender<Infallible>,
}

impl Default for InFlight {
    fn default() -> Self {
        Self(Mutex::new(Since::now()))
    }
}

impl InFlight {
    /// Something was asked for.
    pub fn begin(&self) -> Doing {
        Doing {
            _begun: self.0.lock().begun.clone(),
        }
    }

    /// Waits until all is done that was asked for before. One task waits at a time.
    pub async fn done(&self) {
        let Since { begun, mut done } = replace(&mut *self.0.lock(), Since::now());
        drop(begun);
        done.recv().await;
    }
}

impl Since {
    fn now() -> Self {
        let (begun, done) = mpsc::channel(1);
        Self { begun, done }
    }
}
