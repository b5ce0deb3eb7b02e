//! How much does it endure? Each scene takes how often: a few times among the others, many by `cargo bench --bench endure`.

mod chance;
pub mod kills;
pub mod power;
mod preload;
