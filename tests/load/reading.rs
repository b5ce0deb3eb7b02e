//! What is asked of a database in which much was said?

use anyhow::Context;

use crate::contestant::{Contestant, Launch};
use crate::past::{Past, UNREAD};
use crate::requests::{self, Ask};
use crate::server::Server;
use crate::{Results, crowd};

/// So many connections ask at a time.
const CONNECTIONS: u32 = 16;
const PAGE: i64 = 50;
/// So many pages are the oldest ones.
const OLDEST: u64 = 50;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Newest,
    Deepest,
    List,
    Unread,
    Send,
}

/// Asks a server of its own on this database.
pub fn measure(
    contestant: Contestant,
    past: &Past,
    reading: Reading,
    seconds: u32,
) -> anyhow::Result<Results> {
    let mut launch = Launch::of(contestant);
    launch.db = Some(past.file.clone());
    let server = Server::start(&launch)?;
    let asked = ask(&server, contestant, past, reading)
        .and_then(|ask| requests::measure(&server, &ask, CONNECTIONS, 0.7, seconds));
    if asked.is_err() {
        eprintln!("{}", server.last_words());
    }
    server.stop()?;
    if reading == Reading::Send {
        past.restore()?;
    }
    asked
}

fn ask(
    server: &Server,
    contestant: Contestant,
    past: &Past,
    reading: Reading,
) -> anyhow::Result<Ask> {
    let rooms = past.rooms.clone();
    let longest = rooms.first().context("there are rooms")?.clone();
    let turn = move |number: u64| rooms[number as usize % rooms.len()].clone();
    let pages = past.longest() / PAGE;
    let what: Box<dyn Fn(u64) -> (String, String)> = match reading {
        Reading::Newest => {
            get(move |number| format!("/api/messages/{}?limit={PAGE}", turn(number)))
        }
        Reading::Deepest => get(move |number| {
            let from_last = (number % OLDEST) as i64 % pages;
            let which = match contestant {
                Contestant::Chat => format!("page={}", pages - from_last),
                // The first room has every other id, from 1: a page by what stands behind it.
                _ => format!("before={}", (from_last + 1) * PAGE * 2 + 1),
            };
            format!("/api/messages/{longest}?limit={PAGE}&{which}")
        }),
        Reading::List => get(|_| format!("/api/conversations?limit={PAGE}")),
        Reading::Unread => get(move |number| format!("/api/conversations/{}", turn(number))),
        Reading::Send => Box::new(move |number| {
            let body = format!("{{\"roomId\":\"{longest}\",\"content\":\"number {number:.<56}\"}}");
            ("/api/messages".to_owned(), body)
        }),
    };
    let (listed, unread) = ("\"content\":", format!("\"unreadCount\":{UNREAD},"));
    let (method, holds) = match reading {
        Reading::Newest | Reading::Deepest => ("GET", (listed.to_owned(), PAGE as usize)),
        Reading::List => ("GET", (unread, PAGE as usize)),
        Reading::Unread => ("GET", (unread, 1)),
        Reading::Send => ("POST", (listed.to_owned(), 1)),
    };
    // Whose conversations are listed has said nothing; whoever sends has.
    let person = usize::from(reading == Reading::Send);
    Ok(Ask {
        method,
        token: Some(crowd::log_in(server, person)?),
        what,
        holds,
    })
}

fn get(path: impl Fn(u64) -> String + 'static) -> Box<dyn Fn(u64) -> (String, String)> {
    Box::new(move |number| (path(number), String::new()))
}

/// Logs in again and again, as a few people.
pub fn log_in(server: &Server, at_a_time: u32, seconds: u32) -> anyhow::Result<Results> {
    let people = u64::from(at_a_time);
    for number in 0..at_a_time {
        crowd::sign_up(server, number as usize)?;
    }
    let what = move |number: u64| {
        let email = crowd::email((number % people) as usize);
        let password = crowd::PASSWORD;
        let body = format!("{{\"email\":\"{email}\",\"password\":\"{password}\"}}");
        ("/api/auth/login".to_owned(), body)
    };
    let ask = Ask {
        method: "POST",
        token: None,
        what: Box::new(what),
        holds: ("\"accessToken\":".to_owned(), 1),
    };
    requests::measure(server, &ask, at_a_time, 0.3, seconds)
}
