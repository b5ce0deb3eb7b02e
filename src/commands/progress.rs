//! Is it still at it? On a terminal, work that takes longer than a moment says how far it is.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often it says so; what is done sooner says nothing.
const EVERY: Duration = Duration::from_millis(500);

/// Does the work. Where a file grows by it until it is as large as another, that is how far it is.
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
