//! What does whoever runs it need? The administrator's API; a dialect like the others, with its own door.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::core::error::Error;
use crate::core::id::Spelling;
use crate::core::limits::FILE_PART;
use crate::core::model::{Mail, Time};
use crate::core::{backup, outbox};
use crate::routes;
use crate::web::answer::{Answer, json_reply, stream_reply};
use crate::web::call::{Call, page, pagination};
use crate::web::pages::page as page_of;
use crate::web::routes::Route;

/// How many a page has, unless asked otherwise.
const PAGE: u32 = 20;

pub fn routes() -> Vec<Route> {
    routes! {
        GET "/admin" => async |call: Call| page_of(&call, "admin/index.html"), Free;
        GET "/api/admin/outbox" => list_outbox, Free;
        GET "/api/admin/backup" => download_backup, Long;
    }
}

/// GET /api/admin/outbox: mail, newest first; `to` asks for one recipient's
async fn list_outbox(call: Call) -> Answer {
    call.admin()?;
    let mut query = call.query();
    let (to, page) = (query.optional_text(&["to"]), page(&mut query, PAGE));
    let to = query.done(Some(to))?;
    let mails = call
        .read(move |view| outbox::list(view, to.as_deref(), page))
        .await?;
    let spell = call.core().spelling();
    let body = json!({
        "success": true,
        "outbox": mails.items.iter().map(|mail| shape(spell, mail)).collect::<Value>(),
        "pagination": pagination(page, mails.total),
    });
    Ok(json_reply(StatusCode::OK, &body))
}

/// `{ id, to, subject, text, html, createdAt, sentAt, error }`
fn shape(spell: &Spelling, mail: &Mail) -> Value {
    json!({
        "id": spell.uuid(mail.id),
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "createdAt": mail.created_at.iso(),
        "sentAt": mail.sent_at.map(|at| at.iso()),
        "error": mail.error,
    })
}

/// GET /api/admin/backup: a consistent copy of the database, as a file
async fn download_backup(call: Call) -> Answer {
    call.admin()?;
    let db = call.core().path().to_path_buf();
    let made = tokio::task::spawn_blocking(move || copy_of(&db)).await;
    let (file, size) = made
        .map_err(|e| Error::Internal(format!("a backup ended: {e}")))?
        .map_err(|e| Error::Internal(format!("a backup: {e:#}")))?;
    let (sender, mut receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || send(file, &sender));
    let parts = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let mut reply = stream_reply(StatusCode::OK, parts);
    let name = format!("attachment; filename=\"chat-{}.db\"", Time::now().seconds());
    let headers = reply.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/vnd.sqlite3"),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(reply)
}

/// A copy that has no name any more: it is gone when it has been sent, however that ends.
fn copy_of(db: &Path) -> anyhow::Result<(File, u64)> {
    let beside = db.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = tempfile::tempdir_in(beside.unwrap_or(Path::new(".")))?;
    let path = directory.path().join("chat.db");
    backup::make(db, &path)?;
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

fn send(mut file: File, sender: &mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let mut part = vec![0; FILE_PART];
        let read = file.read(&mut part);
        let goes_on = matches!(read, Ok(1..));
        if let Ok(0) = read {
            break;
        }
        let part = read.map(|read| {
            part.truncate(read);
            Bytes::from(part)
        });
        // Whoever asked may have gone.
        if sender.blocking_send(part).is_err() || !goes_on {
            break;
        }
    }
}
