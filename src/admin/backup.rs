//! How is a backup downloaded? As a consistent copy, streamed while the server goes on.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use tokio::sync::mpsc;

use crate::core::error::Error;
use crate::core::limits::FILE_PART;
use crate::core::model::Time;
use crate::core::{admin, backup};
use crate::web::answer::{Answer, stream_reply};
use crate::web::call::Call;

const ELSEWHERE: &str =
    "The database is on a PostgreSQL server, whose own tools copy it: pg_dump, or pg_basebackup";

/// GET /api/admin/backup: a consistent copy of the database, as a file
pub async fn download(call: Call) -> Answer {
    let me = call.admin()?;
    let Some(db) = call.core().database().file().map(Path::to_path_buf) else {
        return Err(Error::Conflict(ELSEWHERE));
    };
    let made = tokio::task::spawn_blocking(move || copy_of(&db)).await;
    let (file, size) = made
        .map_err(|e| Error::Internal(format!("a backup ended: {e}")))?
        .map_err(|e| Error::Internal(format!("a backup: {e:#}")))?;
    call.write(move |tx| admin::note(tx, Some(me.id), "backup.download", &format!("{size} bytes")))
        .await?;
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

/// A copy, opened and already unlinked: it is gone as soon as the file is closed, also if sending fails.
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
        // The client may have gone.
        if sender.blocking_send(part).is_err() || !goes_on {
            break;
        }
    }
}
