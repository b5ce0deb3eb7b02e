//! What every scene needs: a server of its own, people who use it, and eyes for what they get back.
//!
//! - `server`: `Chat`, the real binary started for one scene and ended with it; `process`: one process of it
//! - `ground`: whether scenes stand on files or on PostgreSQL; `postgres`: clusters, and a database for each scene;
//!   `kept`: what a server keeps, in either; `balancer`: what stands before several servers, and `framing`, where what
//!   passes there ends; `proxy`: the way to PostgreSQL, which can be cut
//! - `person`: `Person`, an account that asks by REST and talks through a socket; `arriving`: how one signs up in each
//!   dialect; `habits`: what people do again and again
//! - `mail`: what was mailed to whom, and the codes in it
//! - `http`; `entry`, `socket`, `ears`, `packet`: the wires, as raw as a foreign client would use them
//! - `looks`: when an answer looks like the document's block
//! - `documented`: whether what came back is written down
//! - `token`: what a token says, and tokens that nobody should believe

pub mod arriving;
pub mod balancer;
pub mod documented;
pub mod ears;
pub mod entry;
pub mod framing;
pub mod ground;
pub mod habits;
pub mod http;
pub mod kept;
pub mod looks;
pub mod mail;
pub mod mentor;
pub mod packet;
pub mod person;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod server;
pub mod socket;
pub mod token;

pub use http::{Answer, Form, Request};
pub use looks::assert_looks_like;
pub use person::Person;
pub use serde_json::{Value, json};
pub use server::Chat;
pub use socket::Socket;

use std::time::{Duration, Instant};

/// How long something that must happen may take, on a machine that runs all scenes at once.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How long something that must not happen is given to happen all the same.
pub const MOMENT: Duration = Duration::from_millis(150);

/// Waits until something is so that becomes so by itself.
pub async fn eventually(what: &str, is_so: impl AsyncFnMut() -> bool) {
    within(PATIENCE, what, is_so).await;
}

/// The same for what may take so long.
pub async fn within(patience: Duration, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let asked = Instant::now();
    while !is_so().await {
        assert!(asked.elapsed() < patience, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
