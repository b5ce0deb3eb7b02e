//! `chat export`: everything that a server holds, as a ZIP, also while it serves.
//!
//! `manifest.json` names the format and its version. Each `.jsonl` has one JSON object on a line, in the order of the
//! numbers (`id`) by which lines name each other; times are ISO 8601, and what is not known is null.
//! - `accounts.jsonl`: people, without passwords, devices and logins by other systems; removed ones too
//! - `sessions.jsonl`: mentoring sessions
//! - `files.jsonl`: files; the bytes of each are the entry that `path` names
//! - `conversations.jsonl`: conversations; `between` are the two people of one that is for two
//! - `members.jsonl`: who belongs to which conversation, owns it, has read it up to which `number`
//! - `messages.jsonl`: by conversation, in order: `number` counts within it, and those of deleted messages are missing
//!
//! All is read in one snapshot, and no more than a page, or a part of a file, is in memory.

use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::{Value, json};
use zip::ZipWriter;

use super::{Failure, close, visit};
use crate::core::limits::FILE_PART;
use crate::core::model::{File, Message, Picture, Time};
use crate::core::moving::{self, MovedAccount, MovedConversation, MovedMember, MovedSession};
use crate::core::{OpenError, View, backup, file};
use crate::flags::CopyFile;
use crate::web::export::{SMALL, entry};

/// Lines that are read at once.
const PAGE: u32 = 200;

pub async fn run(flags: CopyFile) -> Result<(), Failure> {
    let to = flags.copy;
    if to.exists() {
        return Err(OpenError::Exists(to).into());
    }
    let core = visit(&flags.file.db)?;
    let partial = backup::partial(&to);
    let (writing, name) = (partial.clone(), to.clone());
    let written = core
        .read(move |view| Ok(write(view, &writing, &name)))
        .await;
    close(core).await;
    if let Err(failure) = written.map_err(Failure::from).and_then(|it| Ok(it?)) {
        fs::remove_file(&partial).ok();
        return Err(failure);
    }
    if flags.file.json {
        println!("{}", json!({ "export": to }));
    } else {
        let db = flags.file.db.display();
        println!("{} holds everything of {db}", to.display());
    }
    Ok(())
}

fn write(view: &View<'_>, partial: &Path, name: &Path) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let file = options
        .open(partial)
        .map_err(|e| anyhow::anyhow!("{}: {e}", partial.display()))?;
    let mut zip = ZipWriter::new(BufWriter::new(file));
    zip.start_file("manifest.json", entry(false))?;
    writeln!(zip, "{}", json!({ "format": "chat", "version": 1 }))?;
    lines(&mut zip, "accounts.jsonl", |zip| {
        paged(
            zip,
            |after| moving::accounts(view, after, PAGE),
            |one| (one.account.id.number(), Ok(account(one))),
        )
    })?;
    lines(&mut zip, "sessions.jsonl", |zip| {
        paged(
            zip,
            |after| moving::sessions(view, after, PAGE),
            |one| (one.id, Ok(session(one))),
        )
    })?;
    lines(&mut zip, "files.jsonl", |zip| {
        paged(
            zip,
            |after| moving::files(view, after, PAGE),
            |one| (one.id.number(), Ok(shared(one))),
        )
    })?;
    lines(&mut zip, "conversations.jsonl", |zip| {
        paged(
            zip,
            |after| moving::conversations(view, after, PAGE),
            |one| (one.id, Ok(conversation(one))),
        )
    })?;
    lines(&mut zip, "members.jsonl", |zip| {
        each(view, |place| {
            paged(
                zip,
                |after| moving::members(view, place, after, PAGE),
                |one| (one.account, Ok(member(place, one))),
            )
        })
    })?;
    lines(&mut zip, "messages.jsonl", |zip| {
        each(view, |place| {
            paged(
                zip,
                |after| moving::messages(view, place, after, PAGE),
                |one| (one.seq, message(view, one)),
            )
        })
    })?;
    bytes(view, &mut zip)?;
    zip.finish()?.flush()?;
    backup::settle(partial, name)?;
    Ok(())
}

type Zip = ZipWriter<BufWriter<fs::File>>;

fn lines(
    zip: &mut Zip,
    name: &str,
    write: impl FnOnce(&mut Zip) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    zip.start_file(name, entry(true))?;
    write(zip)
}

/// Writes a line for each, page by page; `line` also says what the next page is behind.
fn paged<T>(
    zip: &mut Zip,
    page: impl Fn(i64) -> crate::core::error::Result<Vec<T>>,
    line: impl Fn(&T) -> (i64, anyhow::Result<Value>),
) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let found = page(after)?;
        for one in &found {
            let (key, line) = line(one);
            serde_json::to_writer(&mut *zip, &line?)?;
            zip.write_all(b"\n")?;
            after = key;
        }
        if found.is_empty() {
            return Ok(());
        }
    }
}

/// Does this for each conversation.
fn each(view: &View<'_>, mut what: impl FnMut(i64) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let page = moving::conversations(view, after, PAGE)?;
        for one in &page {
            what(one.id)?;
            after = one.id;
        }
        if page.is_empty() {
            return Ok(());
        }
    }
}

fn bytes(view: &View<'_>, zip: &mut Zip) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let page = moving::files(view, after, PAGE)?;
        for one in &page {
            zip.start_file(path(one), entry(one.size > SMALL))?;
            for position in 0..one.size.div_ceil(FILE_PART as u64) {
                let part = file::part(view, one.id, position as i64)?;
                let part = part.ok_or_else(|| {
                    anyhow::anyhow!("a part of file {} is missing: see chat check", one.name)
                })?;
                zip.write_all(&part)?;
            }
            after = one.id.number();
        }
        if page.is_empty() {
            return Ok(());
        }
    }
}

fn path(file: &File) -> String {
    format!("files/{}-{}", file.id.number(), file.name)
}

fn account(one: &MovedAccount) -> Value {
    let known = &one.account;
    let (picture, elsewhere) = match &known.picture {
        Some(Picture::Kept(file)) => (Some(file.number()), None),
        Some(Picture::Elsewhere(url)) => (None, Some(url)),
        None => (None, None),
    };
    json!({
        "id": known.id.number(),
        "home": known.home,
        "name": known.name,
        "username": known.username,
        "email": known.email,
        "emailProvenAt": known.proven_at.map(Time::iso),
        "gender": known.gender,
        "dateOfBirth": known.born_on,
        "role": known.role,
        "picture": picture,
        "pictureUrl": elsewhere,
        "admin": known.admin,
        "hidesPresence": known.hides_presence,
        "suspendedAt": known.suspended_at.map(Time::iso),
        "removedAt": one.removed_at.map(Time::iso),
        "createdAt": known.created_at.iso(),
    })
}

fn session(one: &MovedSession) -> Value {
    json!({
        "id": one.id,
        "uuid": one.uuid,
        "mentor": one.mentor,
        "mentee": one.mentee,
        "startAt": one.start_at.iso(),
        "status": one.status,
    })
}

fn shared(one: &File) -> Value {
    json!({
        "id": one.id.number(),
        "path": path(one),
        "name": one.original,
        "mimeType": one.media_type,
        "size": one.size,
        "sha256": one.hash,
        "uploader": one.uploader.number(),
        "conversation": one.conversation.map(|id| id.number()),
        "public": one.public,
        "createdAt": one.created_at.iso(),
    })
}

fn conversation(one: &MovedConversation) -> Value {
    json!({
        "id": one.id,
        "type": one.kind,
        "name": one.name,
        "description": one.description,
        "creator": one.creator,
        "between": one.between.map(|(low, high)| [low, high]),
        "session": one.session,
        "picture": one.picture,
        "archivedAt": one.archived_at.map(Time::iso),
        "createdAt": one.created_at.iso(),
    })
}

fn member(conversation: i64, one: &MovedMember) -> Value {
    json!({
        "conversation": conversation,
        "account": one.account,
        "joinedAt": one.joined_at.iso(),
        "readUpTo": one.read_upto,
        "ownerSince": one.owner_since.map(Time::iso),
        "level": one.level,
        "mutedUntil": one.muted_until.map(Time::iso),
    })
}

fn message(view: &View<'_>, one: &Message) -> anyhow::Result<Value> {
    let mut attachments = Vec::with_capacity(one.attachments.len());
    if !one.attachments.is_empty() {
        let files = moving::files_attached(view, one.id)?;
        for (attached, file) in one.attachments.iter().zip(files) {
            attachments.push(json!({
                "filename": attached.filename,
                "mimeType": attached.media_type,
                "url": attached.url,
                "size": attached.size,
                "file": file,
            }));
        }
    }
    let mut reactions = Vec::with_capacity(one.reactions.len());
    for reaction in &one.reactions {
        let accounts = moving::who_react(view, one.id, &reaction.emoji)?;
        reactions.push(json!({ "emoji": reaction.emoji, "accounts": accounts }));
    }
    Ok(json!({
        "conversation": one.place.id.number(),
        "number": one.seq,
        "id": one.id.number(),
        "author": one.author.id.number(),
        "text": one.text,
        "contentType": one.content_type,
        "attachments": attachments,
        "clientMessageId": one.client_id,
        "replyTo": one.reply_to.map(|id| id.number()),
        "mentions": one.mentions.iter().map(|id| id.number()).collect::<Vec<_>>(),
        "reactions": reactions,
        "pinnedAt": one.pinned.map(|pin| pin.at.iso()),
        "pinnedBy": one.pinned.map(|pin| pin.by.number()),
        "editedAt": one.edited_at.map(Time::iso),
        "createdAt": one.sent_at.iso(),
    }))
}
