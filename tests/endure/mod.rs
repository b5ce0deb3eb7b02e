//! How much does it endure? Each scene takes how often: a few times among the others, many by `cargo bench --bench endure`.

pub mod backups;
pub mod chance;
pub mod changes;
mod clock;
pub mod cuts;
pub mod endings;
pub mod hostile;
pub mod kills;
pub mod link;
mod log;
pub mod nodes;
pub mod order;
pub mod power;
pub mod preload;
pub mod sleepers;
pub mod storm;
pub mod tongues;
mod vanished;
pub mod year;
pub mod years;

/// 1,024 open files are too few for many connections; a server inherits what we get.
pub fn open_more_files() {
    let files = rustix::process::Resource::Nofile;
    let mut limit = rustix::process::getrlimit(files);
    limit.current = limit.maximum;
    rustix::process::setrlimit(files, limit).expect("more open files");
}
