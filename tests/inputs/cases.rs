//! Which cases are played? So many for each scene or row, drawn from a seed: the same ones every time.
//!
//! Many more, and others, in a bounded time:
//! `PROPTEST_CASES=500 PROPTEST_RNG_SEED=7 timeout 1h cargo test --test scenes inputs:: -- --test-threads=2`

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Where cases are drawn from.
pub struct Cases {
    runner: TestRunner,
    count: usize,
    seed: RngSeed,
}

impl Cases {
    /// So many, unless `PROPTEST_CASES` says how many; those of the first seed, unless `PROPTEST_RNG_SEED` says another.
    pub fn of(count: u32) -> Self {
        let mut config = Config::default();
        if std::env::var_os("PROPTEST_CASES").is_none() {
            config.cases = count;
        }
        if matches!(config.rng_seed, RngSeed::Random) {
            config.rng_seed = RngSeed::Fixed(1);
        }
        let (count, seed) = (config.cases as usize, config.rng_seed);
        Self {
            runner: TestRunner::new(config),
            count,
            seed,
        }
    }

    /// Draws one.
    pub fn draw<T: std::fmt::Debug>(&mut self, from: &impl Strategy<Value = T>) -> T {
        let drawn = from.new_tree(&mut self.runner);
        drawn.expect("every draw has a result").current()
    }

    /// Draws as many as there are to be.
    pub fn all<T: std::fmt::Debug>(&mut self, from: &impl Strategy<Value = T>) -> Vec<T> {
        (0..self.count).map(|_| self.draw(from)).collect()
    }

    /// Fails with everything that went wrong, and with what it takes to see it again.
    #[track_caller]
    pub fn all_well(&self, wrong: &[String]) {
        let shown: Vec<_> = wrong.iter().take(20).map(|one| shortened(one)).collect();
        assert!(
            wrong.is_empty(),
            "{} went wrong, with PROPTEST_RNG_SEED={} PROPTEST_CASES={}:\n{}",
            wrong.len(),
            self.seed,
            self.count,
            shown.join("\n")
        );
    }
}

/// Enough of it to know it by.
fn shortened(text: &str) -> String {
    let short: String = text.chars().take(1_500).collect();
    if short.len() < text.len() {
        format!("{short}… ({} bytes)", text.len())
    } else {
        short
    }
}

#[test]
fn the_same_seed_draws_the_same_cases() {
    let drawn = || Cases::of(20).all(&proptest::arbitrary::any::<u64>());
    let (first, second) = (drawn(), drawn());
    assert_eq!(first, second);
    assert!(first.iter().any(|one| *one != first[0]), "{first:?}");
}
