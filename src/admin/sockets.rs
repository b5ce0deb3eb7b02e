//! Who is connected? Lists the open sockets, and closes one.

use serde_json::{Value, json};

use super::{done, listed, listing};
use crate::core::error::Error;
use crate::core::id::Spelling;
use crate::core::model::Listed;
use crate::web::answer::Answer;
use crate::web::call::Call;
use crate::web::watch::SocketSeen;

/// GET /api/admin/sockets: the longest open first; `q` looks in names and addresses
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let (q, page, ()) = listing(&call, |_| ())?;
    let mut sockets = call.web().watch.sockets().await?;
    if let Some(q) = q.map(|q| q.to_lowercase()) {
        sockets.retain(|one| {
            one.name.to_lowercase().contains(&q) || one.address.to_string().contains(&q)
        });
    }
    sockets.sort_unstable_by_key(|one| one.number);
    let total = sockets.len() as i64;
    let (skipped, most) = (page.offset() as usize, page.limit as usize);
    let items = sockets.into_iter().skip(skipped).take(most).collect();
    let spell = call.core().spelling();
    let page_of = Listed { items, total };
    Ok(listed("sockets", page, &page_of, |one| shape(spell, one)))
}

/// `{ id, user: { id, name }, namespace, transport, dialects, rooms, address, userAgent, connectedAt }`
fn shape(spell: &Spelling, one: &SocketSeen) -> Value {
    json!({
        "id": one.number.to_string(),
        "user": { "id": spell.uuid(one.account), "name": &*one.name },
        "namespace": one.namespace,
        "transport": one.transport,
        "dialects": one.dialects,
        "rooms": one.rooms,
        "address": one.address,
        "userAgent": one.user_agent,
        "connectedAt": one.since.iso(),
    })
}

/// DELETE /api/admin/sockets/{socketId}: closes it; its client may connect again
pub async fn end(call: Call) -> Answer {
    let me = call.admin()?;
    let number = call.param(0).parse();
    let number = number.map_err(|_| Error::invalid("socketId", "must be the id of a socket"))?;
    call.web().watch.end_socket(number).await?;
    call.write(move |tx| {
        crate::core::admin::note(tx, Some(me.id), "socket.end", &format!("socket {number}"))
    })
    .await?;
    Ok(done("The socket is closed"))
}
