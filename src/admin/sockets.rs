//! Who is connected, at any of the servers on the database? Lists the open sockets, and closes one.

use http::StatusCode;
use serde_json::{Value, json};

use super::{done, listing};
use crate::core::error::{Error, Result};
use crate::core::id::Spelling;
use crate::core::model::{Question, Reply, ServerId, SocketSeen};
use crate::core::{admin, questions};
use crate::web::answer::{Answer, json_reply};
use crate::web::call::{Call, pagination};

/// GET /api/admin/sockets: the longest open first; `q` looks in names and addresses. Of each other server the first thousand
/// are listed, and all are counted; `silent` names those that have not said theirs within two seconds.
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let (q, page, ()) = listing(&call, |_| ())?;
    let (skipped, most) = (page.offset() as usize, page.limit as usize);
    let question = Question::Sockets {
        q: q.clone(),
        most: skipped + most,
    };
    let asked = call.core().ask_peers(question).await?;
    let own = call.web().watch.sockets().await?;
    let own = questions::sockets(own, q.as_deref(), skipped + most);
    let mut total = own.total;
    let here = call.core().has_peers().then(|| call.core().server());
    let mut all: Vec<_> = own.items.into_iter().map(|one| (here, one)).collect();
    for (server, reply) in asked.replies {
        if let Reply::Sockets(theirs) = reply {
            total += theirs.total;
            all.extend(theirs.items.into_iter().map(|one| (Some(server), one)));
        }
    }
    all.sort_by_key(|(_, one)| (one.since, one.number));
    let spell = call.core().spelling();
    let shown = all.iter().skip(skipped).take(most);
    let shown = shown.map(|(server, one)| {
        let name = server.and_then(|server| asked.names.get(&server));
        shape(spell, *server, name, one)
    });
    let body = json!({
        "success": true,
        "sockets": shown.collect::<Value>(),
        "silent": asked.silent,
        "pagination": pagination(page, total),
    });
    Ok(json_reply(StatusCode::OK, &body))
}

/// `{ id, user: { id, name }, namespace, transport, dialects, rooms, address, userAgent, connectedAt, server }`; `server` is
/// null on a file, which has one.
fn shape(
    spell: &Spelling,
    server: Option<ServerId>,
    name: Option<&String>,
    one: &SocketSeen,
) -> Value {
    let id = match server {
        Some(server) => format!("{server}-{}", one.number),
        None => one.number.to_string(),
    };
    json!({
        "id": id,
        "user": { "id": spell.uuid(one.account), "name": &*one.name },
        "namespace": one.namespace,
        "transport": one.transport,
        "dialects": one.dialects,
        "rooms": one.rooms,
        "address": one.address,
        "userAgent": one.user_agent,
        "connectedAt": one.since.iso(),
        "server": name,
    })
}

/// A socket's number, and at which server, as [`shape`] spells them.
fn read(id: &str) -> Result<(Option<ServerId>, u64)> {
    let (server, number) = match id.split_once('-') {
        Some((server, number)) => (server.parse().map(Some).ok(), number),
        None => (Some(None), id),
    };
    let both = server.zip(number.parse().ok());
    both.ok_or_else(|| Error::invalid("socketId", "must be the id of a socket"))
}

/// DELETE /api/admin/sockets/{socketId}: closes it; its client may connect again
///
/// # Errors
/// `Overloaded` if the server that has it does not say within two seconds that it is closed.
pub async fn end(call: Call) -> Answer {
    let me = call.admin()?;
    let (server, number) = read(call.param(0))?;
    match server.filter(|server| *server != call.core().server()) {
        None => call.web().watch.end_socket(number).await?,
        Some(server) => {
            let question = Question::EndSocket { server, number };
            let asked = call.core().ask_peers(question).await?;
            let has_ended = matches!(&*asked.replies, [(_, Reply::SocketEnded(true))]);
            if !asked.silent.is_empty() {
                return Err(Error::Overloaded(
                    "The server of that socket does not answer",
                ));
            }
            if !has_ended {
                return Err(Error::NotFound("Socket"));
            }
        }
    }
    call.write(move |tx| admin::note(tx, Some(me.id), "socket.end", &format!("socket {number}")))
        .await?;
    Ok(done("The socket is closed"))
}
