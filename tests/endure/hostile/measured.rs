//! What was seen of an attack, and what of it should not be.

use super::Attack;
use super::calm::Waits;
use clap::ValueEnum;
use std::fmt;
use std::time::Duration;

/// What is borne.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How much longer than in calm the slowest hundredth of messages may take to be heard, and to be acknowledged.
    pub times: u32,
    /// Below this nobody notices, and on a small machine where everything runs at once nothing can be told.
    pub unnoticed: Duration,
    /// How long the slowest hundredth of visitors may take to come in and be shown a list.
    pub visit: Duration,
    /// How many MiB more than in calm the server may have in memory.
    pub memory: u64,
    /// How many MiB the file and its log may grow by.
    pub disk: u64,
    /// How many mails may be written.
    pub mails: u64,
    /// How many processors the server may keep busy.
    pub processors: f64,
    /// How long the server may take to end.
    pub ending: Duration,
}

/// What the server has taken up so far, beside memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// MiB of the file and its log.
    pub disk: u64,
    pub mails: u64,
    /// Seconds of processors.
    pub busy: f64,
}

impl Taken {
    /// What was taken up between then and now.
    pub fn since(self, then: Self) -> Self {
        Self {
            disk: self.disk.saturating_sub(then.disk),
            mails: self.mails.saturating_sub(then.mails),
            busy: self.busy - then.busy,
        }
    }
}

#[derive(Debug)]
pub struct Measured {
    pub attack: Attack,
    pub calm: Waits,
    pub beside: Waits,
    /// Resident memory in MiB, at most: in calm, and beside the attack.
    pub before: u64,
    pub most: u64,
    /// Beside the attack alone.
    pub taken: Taken,
    /// How long that was, in seconds.
    pub seconds: f64,
    /// The attack was called off, for what it had cost by then.
    pub was_called_off: bool,
    /// How long the server took to end, and its exit code; `None` where it had to be killed.
    pub ended: Option<(Duration, i32)>,
    /// How often an attacker got as far as to do harm.
    pub begun: usize,
    /// What the attackers saw that they should not have.
    pub findings: Vec<String>,
}

impl Measured {
    /// Everything that is not borne, in words.
    pub fn broken(&self, bounds: &Bounds) -> Vec<String> {
        let mut broken = Vec::new();
        for (what, calm, beside) in [
            ("heard", &self.calm.heard, &self.beside.heard),
            (
                "acknowledged",
                &self.calm.acknowledged,
                &self.beside.acknowledged,
            ),
        ] {
            let (calm, beside) = (p99(calm), p99(beside));
            let bound = bounds.unnoticed.max(calm * bounds.times);
            if beside > bound {
                broken.push(format!(
                    "messages are {what} after {beside:?}: {calm:?} in calm"
                ));
            }
        }
        let visit = p99(&self.beside.visits);
        if visit > bounds.visit {
            broken.push(format!("a visitor was in after {visit:?}"));
        }
        broken.extend(self.calm.wrongs.iter().take(3).cloned());
        broken.extend(self.beside.wrongs.iter().take(3).cloned());
        let grown = self.most.saturating_sub(self.before);
        if grown > bounds.memory {
            broken.push(format!("the server has grown by {grown} MiB"));
        }
        if self.taken.disk > bounds.disk {
            broken.push(format!("the file has grown by {} MiB", self.taken.disk));
        }
        if self.taken.mails > bounds.mails {
            broken.push(format!("{} mails were written", self.taken.mails));
        }
        if self.processors() > bounds.processors {
            broken.push(format!("{:.2} processors were busy", self.processors()));
        }
        match self.ended {
            Some((took, 0)) if took <= bounds.ending => {}
            Some(late) => broken.push(format!("told to end, it did late or badly: {late:?}")),
            None => broken.push("told to end, it had to be killed".to_owned()),
        }
        if self.begun == 0 {
            broken.push("the attack never began, so nothing is shown".to_owned());
        }
        broken.extend(self.findings.iter().cloned());
        let name = self.name();
        let broken = broken.into_iter();
        broken.map(|what| format!("{name}: {what}")).collect()
    }

    fn processors(&self) -> f64 {
        self.taken.busy / self.seconds
    }

    fn name(&self) -> String {
        let value = self.attack.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |wait: Duration| format!("{:.1}", wait.as_secs_f64() * 1_000.0);
        let ended = self.ended.map_or_else(
            || "never ended".to_owned(),
            |(took, _)| format!("ended in {:.1} s", took.as_secs_f64()),
        );
        write!(
            f,
            "{:<11} heard {:>6} → {:>8} ms  acknowledged {:>6} → {:>8} ms  visitors {:>6} → {:>8} ms  memory {:>4} → {:>5} MiB{}  disk {:>4} MiB  mails {:>4}  processors {:.2}  {ended}  tried {}",
            self.name(),
            ms(p99(&self.calm.heard)),
            ms(p99(&self.beside.heard)),
            ms(p99(&self.calm.acknowledged)),
            ms(p99(&self.beside.acknowledged)),
            ms(p99(&self.calm.visits)),
            ms(p99(&self.beside.visits)),
            self.before,
            self.most,
            if self.was_called_off {
                ", called off"
            } else {
                ""
            },
            self.taken.disk,
            self.taken.mails,
            self.processors(),
            self.begun,
        )
    }
}

/// How long the slowest hundredth took at least.
fn p99(waits: &[Duration]) -> Duration {
    let mut waits = waits.to_vec();
    waits.sort_unstable();
    waits
        .get(waits.len() * 99 / 100)
        .copied()
        .unwrap_or_default()
}
