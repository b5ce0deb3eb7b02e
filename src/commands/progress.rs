//! How far is it? On a terminal, work that takes longer than half a second shows its progress.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often progress is shown. Work that is done sooner shows none.
const EVERY: Duration = Duration::from_millis(500);

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
