//! How far is it? Work that takes longer than half a second shows its progress: on a terminal on one line, elsewhere on a
//! line every few seconds.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How often progress is shown. Work that is done sooner shows none.
const EVERY: Duration = Duration::from_millis(500);
/// How often where it is kept.
const EVERY_LINE: Duration = Duration::from_secs(5);

/// Does the work. `growing` is a file that grows until it is as large as another: the percentage that is shown.
pub fn show<T>(doing: &str, growing: Option<(&Path, &Path)>, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let (done, doneness) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let since = Instant::now();
            while let Err(RecvTimeoutError::Timeout) = doneness.recv_timeout(EVERY) {
                let seconds = since.elapsed().as_secs();
                let percent = growing.and_then(|(file, like)| percent(file, like));
                let percent = percent.map_or(String::new(), |percent| format!(" {percent} %,"));
                eprint!("\r\x1b[K{doing}:{percent} {seconds} s");
                std::io::stderr().flush().ok();
            }
            eprint!("\r\x1b[K");
        });
        let result = work();
        drop(done);
        result
    })
}

fn percent(file: &Path, like: &Path) -> Option<u64> {
    let (now, whole) = (
        fs::metadata(file).ok()?.len(),
        fs::metadata(like).ok()?.len(),
    );
    (now * 100)
        .checked_div(whole)
        .map(|percent| percent.min(99))
}

/// Shows what was said last, until it is dropped.
pub struct Progress {
    doing: std::sync::Arc<Mutex<String>>,
    running: Mutex<Option<(Sender<()>, thread::JoinHandle<()>)>>,
}

impl Progress {
    pub fn begin() -> Self {
        let doing = std::sync::Arc::new(Mutex::new(String::new()));
        let (done, doneness) = channel::<()>();
        let shown = doing.clone();
        let thread = thread::spawn(move || {
            let terminal = std::io::stderr().is_terminal();
            let every = if terminal { EVERY } else { EVERY_LINE };
            let since = Instant::now();
            while let Err(RecvTimeoutError::Timeout) = doneness.recv_timeout(every) {
                let (doing, seconds) = (shown.lock().clone(), since.elapsed().as_secs());
                match terminal {
                    true => eprint!("\r\x1b[K{doing}, {seconds} s"),
                    false => eprintln!("{doing}, {seconds} s"),
                }
                std::io::stderr().flush().ok();
            }
            if terminal {
                eprint!("\r\x1b[K");
            }
        });
        Self {
            doing,
            running: Mutex::new(Some((done, thread))),
        }
    }

    pub fn say(&self, doing: String) {
        *self.doing.lock() = doing;
    }

    /// Shows nothing more.
    pub fn end(&self) {
        if let Some((done, thread)) = self.running.lock().take() {
            drop(done);
            thread.join().ok();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
