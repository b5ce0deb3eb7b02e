//! How much does it endure? Each scene takes how often: a few times among the others, many by `cargo bench --bench endure`.

mod chance;
pub mod cuts;
pub mod kills;
mod link;
pub mod order;
pub mod power;
mod preload;
mod tongues;
