//! What is sent to clients? Every event in each dialect's shapes, streamed to administrators who watch.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::broadcast::error::RecvError;

use crate::core::Core;
use crate::core::model::Me;
use crate::core::short::Short;
use crate::web::answer::{Answer, stream_reply};
use crate::web::call::Call;
use crate::web::watch::{Watch, WireEvent};

/// How often it is checked that the watcher is still an administrator.
const LOOK: Duration = Duration::from_millis(500);
/// After so many checks without an event (15 s) the stream sends a comment, so that proxies keep it open.
const SILENCE: u32 = 30;

/// An event, as the stream shows it.
#[derive(Serialize)]
struct WireEventShape<'p> {
    at: Short,
    dialect: &'p str,
    event: &'p str,
    conversation: Option<Short>,
    audience: &'p str,
    to: usize,
    body: &'p RawValue,
}

/// GET /api/admin/wire: `text/event-stream` of `{ at, dialect, event, conversation, audience, to, body }`; with a
/// `limit` it ends after so many
pub async fn watch(call: Call) -> Answer {
    let me = call.admin()?;
    let mut query = call.query();
    let limit = query.optional_text(&["limit"]).map(|limit| limit.parse());
    let limit = limit.transpose();
    if limit.is_err() {
        query.fault("limit", "must be a number");
    }
    let limit = query.done(limit.ok())?.unwrap_or(usize::MAX);
    let parts = lines(call.core().clone(), me, call.web().watch.clone(), limit);
    let mut reply = stream_reply(StatusCode::OK, parts);
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        reply
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    Ok(reply)
}

/// The stream. It ends when the watcher is no longer an administrator, after `limit` events, and when the server stops.
fn lines(
    core: Core,
    me: Me,
    watch: Arc<Watch>,
    limit: usize,
) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync {
    let (wire, closing) = (watch.wire(), watch.closing());
    let first = stream::once(async { Ok(Bytes::from_static(b":\n\n")) });
    let rest = stream::unfold(
        (wire, closing, limit),
        move |(mut wire, mut closing, left)| {
            let (core, me) = (core.clone(), me.clone());
            async move {
                if left == 0 {
                    return None;
                }
                let mut looks = 0;
                let heard = loop {
                    let heard = tokio::select! {
                        heard = tokio::time::timeout(LOOK, wire.recv()) => heard,
                        _ = closing.wait_for(|closing| *closing) => return None,
                    };
                    let still = core.directory().me(me.id, me.device);
                    if !still.is_ok_and(|me| me.admin) {
                        return None;
                    }
                    looks += 1;
                    if heard.is_ok() || looks == SILENCE {
                        break heard;
                    }
                };
                let (line, left) = match heard {
                    Err(_silence) => (":\n\n".to_owned(), left),
                    Ok(Ok(passing)) => (data(&core, &passing), left - 1),
                    Ok(Err(RecvError::Lagged(missed))) => (format!(": {missed} missed\n\n"), left),
                    Ok(Err(RecvError::Closed)) => return None,
                };
                Some((Ok(Bytes::from(line)), (wire, closing, left)))
            }
        },
    );
    first.chain(rest)
}

fn data(core: &Core, passing: &WireEvent) -> String {
    let line = WireEventShape {
        at: passing.at.iso(),
        dialect: passing.dialect,
        event: passing.event,
        conversation: passing.conversation.map(|id| core.spelling().uuid(id)),
        audience: passing.audience,
        to: passing.to,
        body: &passing.body,
    };
    let line = serde_json::to_string(&line).unwrap_or_default();
    format!("data: {line}\n\n")
}
