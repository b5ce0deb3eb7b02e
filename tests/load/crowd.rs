//! Who takes part: which accounts there are, in which rooms they sit, and how they come in?

use anyhow::Context;
use serde_json::{Value, json};

use crate::server::Server;
use crate::shape::Dialect;
use crate::websocket::Socket;

/// What everybody's password is.
pub const PASSWORD: &str = "correct horse";
/// Below the server's bound of sockets per account.
pub const SOCKETS_PER_ACCOUNT: usize = 40;

pub fn email(number: usize) -> String {
    format!("load{number}@example.test")
}

/// Signs up a person who is new to the server, and returns the token.
pub fn sign_up(server: &Server, number: usize) -> anyhow::Result<String> {
    let account = json!({ "username": format!("load{number}"), "email": email(number), "password": PASSWORD });
    server.post("/api/auth/signup", &account, None)?;
    log_in(server, number)
}

/// Makes a closed group of these people, the first of whom has this token, and returns its id.
pub fn gather(
    server: &Server,
    token: &str,
    people: &[usize],
    number: usize,
) -> anyhow::Result<String> {
    let ids = people.iter().map(|person| {
        let login = json!({ "email": email(*person), "password": PASSWORD });
        text(&server.post("/api/auth/login", &login, None)?["data"]["id"])
    });
    let ids = ids.collect::<anyhow::Result<Vec<_>>>()?;
    let group = json!({ "name": format!("Load {number}"), "groupMembers": ids });
    let answer = server.post("/conversation/create-group", &group, Some(token))?;
    text(&answer["id"])
}

/// Logs in a person whom the server knows, and returns the token.
pub fn log_in(server: &Server, number: usize) -> anyhow::Result<String> {
    let login = json!({ "email": email(number), "password": PASSWORD });
    let answer = server.post("/api/auth/login", &login, None)?;
    text(&answer["token"])
}

/// Opens a room and returns its id, in the spelling that every dialect takes.
pub fn open_room(server: &Server, token: &str, number: usize) -> anyhow::Result<String> {
    let name = format!("Load {number}");
    let room = json!({ "name": name, "description": name });
    let answer = server.post("/api/rooms", &room, Some(token))?;
    text(&answer["data"]["_id"])
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value
        .as_str()
        .context("a token or an id is a string")?
        .to_owned())
}

/// Makes the socket a listener of these rooms.
pub fn join(dialect: Dialect, socket: &mut Socket, rooms: &[&str]) -> anyhow::Result<()> {
    // A socket may have only so much under way.
    for rooms in rooms.chunks(50) {
        let events: Vec<_> = rooms.iter().map(|room| joining(dialect, room)).collect();
        socket.ask(&events)?;
    }
    Ok(())
}

pub fn joining(dialect: Dialect, room: &str) -> String {
    match dialect {
        Dialect::Rooms => format!("[\"joinRoom\",{{\"roomId\":\"{room}\"}}]"),
        Dialect::Direct => format!("[\"join_conversation\",\"{room}\"]"),
    }
}
