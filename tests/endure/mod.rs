//! How much does it endure? Each scene takes how often: a few times among the others, many by `cargo bench --bench endure`.

pub mod backups;
pub mod chance;
mod clock;
pub mod cuts;
pub mod endings;
pub mod kills;
pub mod link;
mod log;
pub mod order;
pub mod power;
mod preload;
pub mod sleepers;
pub mod storm;
pub mod tongues;
mod vanished;
pub mod year;
