//! How does one download all that is one's own? As a ZIP that is written while it is sent: no memory holds more of it than
//! a part of a file, and no read of the database lasts longer than a page.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::answer::{Answer, stream_reply};
use super::call::Call;
use super::people::picture_url;
use crate::core::error::{Error, Result};
use crate::core::id::Spelling;
use crate::core::limits::FILE_PART;
use crate::core::model::{
    Account, AccountId, Attachment, Blocked, Device, File, Me, Message, Time,
};
use crate::core::oneself::{Cursor, Membership};
use crate::core::{Core, account, block, device, digest, file, oneself};

/// Downloads that are written at the same time.
const AT_ONCE: usize = 8;
/// How long a client may take for one part, and for all.
const PART: Duration = Duration::from_secs(30);
const ALL: Duration = Duration::from_secs(3_600);
/// Conversations, and files, of one page.
const PAGE: u32 = 100;
/// Files up to this size are written so that readers that know no ZIP64 read them too.
pub const SMALL: u64 = 1 << 30;

/// The downloads that are under way.
pub struct Exports {
    slots: Arc<Semaphore>,
    accounts: Arc<Mutex<HashSet<AccountId>>>,
}

impl Default for Exports {
    fn default() -> Self {
        Self {
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            accounts: Arc::default(),
        }
    }
}

impl Exports {
    /// Begins one of this person, until what this returns is dropped.
    ///
    /// # Errors
    /// `TooOften` if this person has one under way, `Overloaded` if too many others have.
    fn begin(&self, me: &Me) -> Result<UnderWay> {
        let slot = self.slots.clone().try_acquire_owned();
        let slot = slot.map_err(|_| Error::Overloaded("Too many are downloading just now"))?;
        if !self.accounts.lock().insert(me.id) {
            return Err(Error::TooOften { retry_after: PART });
        }
        Ok(UnderWay {
            accounts: self.accounts.clone(),
            me: me.clone(),
            _slot: slot,
        })
    }
}

/// A download that is under way as long as this lives.
struct UnderWay {
    accounts: Arc<Mutex<HashSet<AccountId>>>,
    me: Me,
    _slot: OwnedSemaphorePermit,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.accounts.lock().remove(&self.me.id);
    }
}

/// All that is one's own: `account.json`, `devices.json`, `blocks.json`, `conversations.json`, `messages.jsonl`, `files.json` and the files.
///
/// # Errors
/// `Unauthorized`; `TooOften` if one is under way or too many were lately; `Overloaded`.
pub async fn download(call: Call) -> Answer {
    let me = call.me()?;
    let under_way = call.web().exports.begin(&me)?;
    let asking = me.clone();
    call.read(move |view| oneself::begin_export(view, &asking))
        .await?;
    let (sender, mut receiver) = mpsc::channel(2);
    let core = call.core().clone();
    tokio::spawn(async move {
        let mut archive = Archive::new(core, me, sender);
        if let Err(error) = archive.write().await {
            archive.break_off(&error).await;
        }
        drop(under_way);
    });
    let parts = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let mut reply = stream_reply(StatusCode::OK, parts);
    let headers = reply.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/zip"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"chat.zip\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(reply)
}

/// What the ZIP's writer has written and the client has not got yet.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A ZIP on its way to its owner.
struct Archive {
    core: Core,
    me: Me,
    zip: ZipWriter<StreamWriter<Written>>,
    written: Written,
    client: mpsc::Sender<io::Result<Bytes>>,
    ends: Instant,
}

/// How an entry of a ZIP is written; `large`: it may become larger than [`SMALL`].
pub fn entry(large: bool) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o600)
        .large_file(large)
}

fn zipping(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("a ZIP: {error}"))
}

impl Archive {
    fn new(core: Core, me: Me, client: mpsc::Sender<io::Result<Bytes>>) -> Self {
        let written = Written::default();
        Self {
            core,
            me,
            zip: ZipWriter::new_stream(written.clone()),
            written,
            client,
            ends: Instant::now() + ALL,
        }
    }

    async fn write(&mut self) -> Result<()> {
        self.account().await?;
        self.conversations().await?;
        self.messages().await?;
        self.files().await?;
        let zip = std::mem::replace(&mut self.zip, ZipWriter::new_stream(Written::default()));
        zip.finish().map_err(zipping)?;
        self.send().await
    }

    /// The client must see that something is missing.
    async fn break_off(&mut self, error: &Error) {
        tracing::debug!(%error, "a download of all that is somebody's own ended early");
        let broken = Err(io::Error::other(error.to_string()));
        timeout(PART, self.client.send(broken)).await.ok();
    }

    async fn account(&mut self) -> Result<()> {
        let me = self.me.clone();
        let read = self.core.read(move |view| {
            let own = account::get(view, me.id)?;
            let of_it = (device::list(view, &me)?, block::list(view, &me)?);
            Ok((own, digest::wanted(view, me.id)?, of_it))
        });
        let (own, wants_mail, (devices, blocked)) = read.await?;
        let spell = self.core.spelling().clone();
        self.begin("account.json", false)?;
        self.json(&own_account(&spell, &own, wants_mail)).await?;
        self.begin("devices.json", false)?;
        let current = self.me.device;
        let devices: Value = devices
            .iter()
            .map(|one| own_device(&spell, one, one.id == current))
            .collect();
        self.json(&devices).await?;
        self.begin("blocks.json", false)?;
        let blocked: Value = blocked.iter().map(|one| own_block(&spell, one)).collect();
        self.json(&blocked).await
    }

    async fn conversations(&mut self) -> Result<()> {
        self.begin("conversations.json", false)?;
        let spell = self.core.spelling().clone();
        let (me, mut after, mut between) = (self.me.id, None, "[\n");
        loop {
            let page = self
                .core
                .read(move |view| oneself::memberships(view, me, after, PAGE))
                .await?;
            for one in &page {
                self.text(between)?;
                self.shape(&own_conversation(&spell, one))?;
                between = ",\n";
                after = Some(one.conversation.place.id);
            }
            self.send().await?;
            if page.is_empty() {
                break;
            }
        }
        let end = match between {
            ",\n" => "\n]\n",
            _ => "[]\n",
        };
        self.text(end)?;
        self.send().await
    }

    /// A line for each message: of many, a reader needs one at a time.
    async fn messages(&mut self) -> Result<()> {
        self.begin("messages.jsonl", true)?;
        let spell = self.core.spelling().clone();
        let (me, mut from) = (self.me.id, Some(Cursor::default()));
        while let Some(begin) = from {
            let began = std::time::Instant::now();
            let found = self
                .core
                .read(move |view| oneself::messages(view, me, begin))
                .await?;
            for message in &found.messages {
                self.shape(&own_message(&spell, message))?;
                self.text("\n")?;
            }
            self.send().await?;
            from = found.next;
            // Conversations may be long: others read in between.
            sleep(began.elapsed().min(PART)).await;
        }
        Ok(())
    }

    async fn files(&mut self) -> Result<()> {
        let spell = self.core.spelling().clone();
        let (me, mut after, mut listed) = (self.me.id, None, Vec::new());
        loop {
            let page = self
                .core
                .read(move |view| oneself::files(view, me, after, PAGE))
                .await?;
            for one in &page {
                let path = format!("files/{}-{}", spell.hex(one.id), one.name);
                self.begin(&path, one.size > SMALL)?;
                self.bytes_of(one).await?;
                listed.push(own_file(&spell, one, &path));
                after = Some(one.id);
            }
            if page.is_empty() {
                break;
            }
        }
        self.begin("files.json", false)?;
        self.json(&listed.into()).await
    }

    async fn bytes_of(&mut self, one: &File) -> Result<()> {
        let id = one.id;
        for position in 0..one.size.div_ceil(FILE_PART as u64) {
            // It may have been deleted meanwhile.
            let Some(part) = self
                .core
                .read(move |view| file::part(view, id, position as i64))
                .await?
            else {
                break;
            };
            self.zip.write_all(&part).map_err(zipping)?;
            self.send().await?;
        }
        Ok(())
    }

    fn begin(&mut self, name: &str, large: bool) -> Result<()> {
        self.zip.start_file(name, entry(large)).map_err(zipping)
    }

    fn text(&mut self, text: &str) -> Result<()> {
        self.zip.write_all(text.as_bytes()).map_err(zipping)
    }

    fn shape(&mut self, shape: &Value) -> Result<()> {
        serde_json::to_writer(&mut self.zip, shape).map_err(zipping)
    }

    async fn json(&mut self, shape: &Value) -> Result<()> {
        serde_json::to_writer_pretty(&mut self.zip, shape).map_err(zipping)?;
        self.text("\n")?;
        self.send().await
    }

    /// Sends what is written, as fast as the client takes it.
    ///
    /// # Errors
    /// `TooSlow`; `Unauthorized` if the device has ended meanwhile.
    async fn send(&mut self) -> Result<()> {
        self.core.directory().still(&self.me)?;
        let bytes = Bytes::from(std::mem::take(&mut *self.written.0.lock()));
        if bytes.is_empty() {
            return Ok(());
        }
        let until = self.ends.min(Instant::now() + PART);
        match timeout_at(until, self.client.send(Ok(bytes))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Error::TooSlow),
        }
    }
}

fn own_account(spell: &Spelling, own: &Account, wants_mail: bool) -> Value {
    json!({
        "id": spell.uuid(own.id),
        "name": own.name,
        "username": own.username,
        "email": own.email,
        "emailProvenAt": own.proven_at.map(Time::iso),
        "gender": own.gender,
        "dateOfBirth": own.born_on,
        "role": own.role,
        "picture": picture_url(spell, own.picture.as_ref()),
        "mailAboutUnreadMessages": wants_mail,
        "createdAt": own.created_at.iso(),
    })
}

fn own_device(spell: &Spelling, device: &Device, current: bool) -> Value {
    json!({
        "id": spell.uuid(device.id),
        "userAgent": device.user_agent,
        "address": device.address,
        "createdAt": device.created_at.iso(),
        "seenAt": device.seen_at.iso(),
        "expiresAt": device.expires_at.iso(),
        "current": current,
    })
}

fn own_block(spell: &Spelling, one: &Blocked) -> Value {
    json!({
        "id": spell.uuid(one.person.id),
        "name": one.person.name,
        "blockedAt": one.at.iso(),
    })
}

fn own_conversation(spell: &Spelling, one: &Membership) -> Value {
    let known = &one.conversation;
    json!({
        "id": spell.uuid(known.place.id),
        "type": known.place.kind.name(),
        "name": known.name,
        "with": one.other.as_ref().map(|other| json!({
            "id": spell.uuid(other.id),
            "name": other.name,
        })),
        "createdAt": known.created_at.iso(),
        "joinedAt": one.joined_at.iso(),
    })
}

fn own_message(spell: &Spelling, message: &Message) -> Value {
    let attached = |one: &Attachment| {
        json!({
            "filename": one.filename,
            "mimeType": one.media_type,
            "url": one.url,
            "size": one.size,
        })
    };
    json!({
        "id": spell.uuid(message.id),
        "conversationId": spell.uuid(message.place.id),
        "content": message.text,
        "contentType": message.content_type,
        "attachments": message.attachments.iter().map(attached).collect::<Value>(),
        "clientMessageId": message.client_id,
        "createdAt": message.sent_at.iso(),
    })
}

fn own_file(spell: &Spelling, one: &File, path: &str) -> Value {
    json!({
        "id": spell.uuid(one.id),
        "path": path,
        "name": one.original,
        "mimeType": one.media_type,
        "size": one.size,
        "sha256": one.hash,
        "conversationId": one.conversation.map(|id| spell.uuid(id)),
        "createdAt": one.created_at.iso(),
    })
}
