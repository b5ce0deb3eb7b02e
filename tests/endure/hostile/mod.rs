//! What may one hostile account cost, or a thousand hostile addresses? Each attack goes on beside calm people, who hear each
//! other as soon as before; the server stays as small as before, and ends in time when it is told to in the middle of it.
//!
//! - `stage`: the server, its people, and what was prepared for an attack; `calm`: how long they wait for each other
//! - `field`, `wire`: what an attacker works with
//! - `measured`: what was seen, and what of it should not be
//! - the others: an attack each

mod answers;
mod calm;
mod connections;
mod deaf;
mod everything;
mod field;
mod groups;
mod halves;
mod handshakes;
mod joining;
mod lists;
mod logins;
mod measured;
mod multipart;
mod posts;
mod presence;
mod refusals;
mod stage;
mod typing;
mod wire;

use super::sleepers::resident;
use clap::ValueEnum;
use field::{Field, Size, attackers};
use measured::{Bounds, Measured};
use stage::Stage;
use std::time::{Duration, Instant};

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Attack {
    /// Joining so many groups by oneself, again and again
    Joining,
    /// Events with huge names past the rate, on sockets that do not read how they are refused
    Refusals,
    /// Asking for long pages on hundreds of connections, and reading none
    Answers,
    /// As many connections from one address as there are places, which say nothing
    Connections,
    /// Forms of endless headers, endless fields, and fields that nobody asked for
    Multipart,
    /// Sockets that stop reading where much is said, some of which go on answering pings
    Deaf,
    /// Many packets at once in one polling session, each the largest there may be, and none finished
    Posts,
    /// As many sessions as an account may have, each with one packet that is never finished
    Halves,
    /// One member's words at full speed in groups of 256 who are away
    Groups,
    /// Lists, where there are a million groups that are not shown
    Lists,
    /// Handshakes that say nothing more
    Handshakes,
    /// Typing in two places by turns
    Typing,
    /// Logins, sign-ups and codes
    Logins,
    /// Coming and going, where very many are told of it
    Presence,
    /// Everything that an account may do, and everything that strangers may ask, as fast as they may
    Everything,
}

/// How long they talk before anything is measured.
const WARMING_UP: Duration = Duration::from_millis(1_000);
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// An attack that has cost so many MiB is over: that it succeeded is seen, and the machine is others' too.
const ENOUGH: u64 = 1_024;
/// How long a server that was told to end is waited for.
const END: Duration = Duration::from_secs(30);

/// Beside a minute's attack, alone on a small machine.
const WHOLE: Bounds = Bounds {
    times: 2,
    unnoticed: Duration::from_millis(25),
    visit: Duration::from_secs(1),
    memory: 256,
    disk: 64,
    // As many as go to strangers in an hour, and a few to whoever has an account.
    mails: 1_100,
    processors: 2.0,
    ending: Duration::from_secs(10),
};
/// Among the other scenes, all at once and in a debug build.
const SMALL: Bounds = Bounds {
    times: 2,
    unnoticed: Duration::from_millis(1_500),
    visit: Duration::from_secs(5),
    memory: 128,
    disk: 64,
    mails: 1_100,
    processors: 8.0,
    ending: Duration::from_secs(10),
};

/// Each of these for so long, with a line on standard output; returns what was not borne.
pub async fn hostile(attacks: &[Attack], long: Duration) -> Vec<String> {
    let (size, mut broken) = (Size::in_time(long), Vec::new());
    for attack in attacks {
        let measured = attack.is_tried(size, long / 3, long).await;
        println!("{measured}");
        broken.extend(measured.broken(&attack.bounds(size)));
    }
    broken
}

/// As long as a scene among the others may take.
async fn is_borne(attack: Attack) {
    let broken = hostile(&[attack], Duration::from_secs(3)).await;
    assert!(broken.is_empty(), "not borne:\n{}", broken.join("\n"));
}

impl Attack {
    /// What it may cost.
    fn bounds(self, size: Size) -> Bounds {
        let usual = size.of(WHOLE, SMALL);
        match self {
            Attack::Halves => Bounds {
                memory: halves::MOST,
                ..usual
            },
            // 128 MiB of unread answers are held at most, and pages are written beside them.
            Attack::Answers => Bounds {
                memory: 256,
                ..usual
            },
            // What an account may upload in a day.
            Attack::Everything => Bounds {
                disk: 500 + usual.disk,
                ..usual
            },
            _ => usual,
        }
    }

    /// One attack for so long, beside calm people who were measured for so long before.
    async fn is_tried(self, size: Size, calm: Duration, long: Duration) -> Measured {
        super::open_more_files();
        let stage = Stage::set(self, size).await;
        let mut people = stage.calm().await;
        people.goes_on(WARMING_UP).await;
        let (calm, before) = stage.watched(u64::MAX, || {}, people.goes_on(calm)).await;

        let field = stage.field(size);
        let mut running = Some(attackers());
        if let Some(attackers) = &running {
            attackers.spawn(self.goes_on(field.clone()));
        }
        let call_off = || {
            if let Some(attackers) = running.take() {
                attackers.shutdown_background();
            }
        };
        let (since, taken) = (Instant::now(), stage.taken());
        let beside = async {
            field.is_under_way(self.at_first(size)).await;
            people.goes_on(long).await
        };
        let (beside, most) = stage.watched(before + ENOUGH, call_off, beside).await;
        let taken = stage.taken().since(taken);
        let seconds = since.elapsed().as_secs_f64();
        // In the middle of it.
        let ended = stage.chat.ends_within(END).await;
        let was_called_off = running.is_none();
        if let Some(attackers) = running {
            attackers.shutdown_background();
        }
        Measured {
            attack: self,
            calm,
            beside,
            before,
            most,
            taken,
            seconds,
            was_called_off,
            ended,
            begun: field.begun(),
            findings: field.found(),
        }
    }

    /// How often attackers get as far as to do harm before it can be seen.
    fn at_first(self, size: Size) -> usize {
        match self {
            Attack::Connections => connections::at_first(size),
            Attack::Handshakes => handshakes::AT_FIRST,
            _ => 1,
        }
    }

    /// For as long as the runtime lives.
    async fn goes_on(self, field: Field) {
        match self {
            Attack::Joining => joining::attack(field).await,
            Attack::Refusals => refusals::attack(field).await,
            Attack::Answers => answers::attack(field).await,
            Attack::Connections => connections::attack(field).await,
            Attack::Multipart => multipart::attack(field).await,
            Attack::Deaf => deaf::attack(field).await,
            Attack::Posts => posts::attack(field).await,
            Attack::Halves => halves::attack(field).await,
            Attack::Groups => groups::attack(field).await,
            Attack::Lists => lists::attack(field).await,
            Attack::Handshakes => handshakes::attack(field).await,
            Attack::Typing => typing::attack(field).await,
            Attack::Logins => logins::attack(field).await,
            Attack::Presence => presence::attack(field).await,
            Attack::Everything => everything::attack(field).await,
        }
    }
}
