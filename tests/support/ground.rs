//! What do scenes stand on? A file each; or PostgreSQL, with one server or two in turn, as `CHAT_SCENES_ON` says.
//!
//! It counts for `Chat::open`, `with` and `on` alone, in the scenes that `tests/on-postgres` names. What is about a file as
//! such says so: `Chat::on_the_file`, `Chat::start`.

use super::MOMENT;
use std::env;
use std::time::Duration;

/// Flags about what each server has or counts by itself: addresses, certificates, and rates that nobody's secrets hang on.
const OF_ONE_SERVER: [&str; 13] = [
    "--listen",
    "--tls-cert",
    "--acme",
    "--backup-dir",
    "--limit-api",
    "--limit-changes",
    "--limit-conversations",
    "--limit-upload",
    "--limit-upload-bytes",
    "--limit-events",
    "--limit-connects",
    "--limit-members",
    "--limit-message-bytes",
];

#[derive(Clone, Copy, PartialEq)]
pub enum Ground {
    File,
    /// One server on PostgreSQL.
    Postgres,
    /// Two servers on PostgreSQL, in turn.
    Nodes,
}

impl Ground {
    pub fn wished() -> Ground {
        match env::var("CHAT_SCENES_ON").as_deref() {
            Err(_) | Ok("" | "file") => Ground::File,
            Ok("postgres") => Ground::Postgres,
            Ok("nodes") => Ground::Nodes,
            Ok(other) => panic!("CHAT_SCENES_ON is file, postgres or nodes, not {other}"),
        }
    }

    /// What a server with these flags stands on.
    pub fn for_flags(flags: &[&str]) -> Ground {
        match Ground::wished() {
            Ground::Nodes if flags.iter().any(|flag| OF_ONE_SERVER.contains(flag)) => {
                Ground::Postgres
            }
            wished => wished,
        }
    }

    /// How long something that must not happen is given to happen all the same: what is far away takes longer.
    pub fn moment(self) -> Duration {
        match self {
            Ground::File => MOMENT,
            _ => 2 * MOMENT,
        }
    }

    /// How many servers there are on PostgreSQL.
    pub fn servers(self) -> usize {
        match self {
            Ground::File => 0,
            Ground::Postgres => 1,
            Ground::Nodes => 2,
        }
    }
}
