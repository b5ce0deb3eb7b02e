//! `chat export`: everything that a server holds, as a ZIP, also while it serves.
//!
//! `manifest.json` names the format and its version. Each `.jsonl` has one JSON object on a line, in the order of the
//! numbers (`id`) by which lines name each other; times are ISO 8601, and what is not known is null.
//! - `accounts.jsonl`: people, without passwords, devices and logins by other systems; removed ones too
//! - `sessions.jsonl`: mentoring sessions
//! - `files.jsonl`: files; the bytes of each are the entry that `path` names, and texts name them by what is `spelled`
//! - `conversations.jsonl`: conversations; `between` are the two people of one that is for two; `slowMode` in seconds, where there is one
//! - `members.jsonl`: who belongs to which conversation, owns it, has read it up to which `number`
//! - `restraints.jsonl`: who is banned or silenced where (`kind`: ban or silence), `until` when (null: for good), `by` whom
//! - `blocks.jsonl`: which `account` has `blocked` which
//! - `messages.jsonl`: by conversation, in order: `number` counts within it, and those of deleted messages are missing
//! - `notices.jsonl`: system notifications
//! - `unwanted.jsonl`: words and patterns (`sort`: word or pattern) that are refused or reported (`act`: refuse or report)
//!
//! What was reported, and the audit log, are about this server's past and stay with it.
//!
//! `server` in the manifest is another one for every server. All is read in one snapshot, and no more than a page, or a part of a file, is in memory.

use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use zip::ZipWriter;

use super::import::server;
use super::progress::Progress;
use super::stop::Stop;
use super::{Failure, close, visit};
use crate::core::id::Spelling;
use crate::core::limits::FILE_PART;
use crate::core::model::{File, Message, Notice, Picture, Time};
use crate::core::moving::{
    self, MovedAccount, MovedBlock, MovedConversation, MovedMember, MovedRestraint, MovedSession,
};
use crate::core::unwanted::Entry;
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
    let stop = Stop::listen();
    let progress = Arc::new(Progress::begin());
    let going = Going {
        stop,
        progress: progress.clone(),
        server: server(&core),
        spelling: core.spelling().clone(),
    };
    let written = core
        .read(move |view| Ok(write(view, &writing, &name, &going)))
        .await;
    close(core).await;
    progress.end();
    if let Err(failure) = written.map_err(Failure::from).and_then(|it| Ok(it?)) {
        fs::remove_file(&partial).ok();
        return Err(failure);
    }
    if flags.file.json {
        println!("{}", json!({ "export": to }));
    } else {
        println!("{} holds everything of {}", to.display(), flags.file.db);
    }
    Ok(())
}

/// What is known while it is written.
struct Going {
    stop: Stop,
    progress: Arc<Progress>,
    server: String,
    spelling: Spelling,
}

impl Going {
    /// So much is written of this entry.
    ///
    /// # Errors
    /// If it is to end.
    fn on(&self, entry: &str, count: usize) -> anyhow::Result<()> {
        self.progress.say(format!("{entry}: {count}"));
        self.stop.check()
    }
}

fn write(view: &View<'_>, partial: &Path, name: &Path, going: &Going) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let file = options
        .open(partial)
        .map_err(|e| anyhow::anyhow!("{}: {e}", partial.display()))?;
    let mut zip = ZipWriter::new(BufWriter::new(file));
    zip.start_file("manifest.json", entry(false))?;
    let manifest = json!({ "format": "chat", "version": 1, "server": going.server });
    writeln!(zip, "{manifest}")?;
    lines(&mut zip, going, "accounts.jsonl", |to| {
        to.paged(
            |after| moving::accounts(view, after, PAGE),
            |one| (one.account.id.number(), Ok(account(one))),
        )
    })?;
    lines(&mut zip, going, "sessions.jsonl", |to| {
        to.paged(
            |after| moving::sessions(view, after, PAGE),
            |one| (one.id, Ok(session(one))),
        )
    })?;
    lines(&mut zip, going, "files.jsonl", |to| {
        to.paged(
            |after| moving::files(view, after, PAGE),
            |one| (one.id.number(), Ok(shared(&going.spelling, one))),
        )
    })?;
    lines(&mut zip, going, "conversations.jsonl", |to| {
        to.paged(
            |after| moving::conversations(view, after, PAGE),
            |one| (one.id, Ok(conversation(one))),
        )
    })?;
    lines(&mut zip, going, "members.jsonl", |to| {
        each(view, |place| {
            to.paged(
                |after| moving::members(view, place, after, PAGE),
                |one| (one.account, Ok(member(place, one))),
            )
        })
    })?;
    lines(&mut zip, going, "restraints.jsonl", |to| {
        to.paged(
            |after| moving::restraints(view, &after, PAGE),
            |one| {
                let key = (one.conversation, one.account, one.kind.clone());
                (key, Ok(restraint(one)))
            },
        )
    })?;
    lines(&mut zip, going, "blocks.jsonl", |to| {
        to.paged(
            |after| moving::blocks(view, after, PAGE),
            |one| ((one.account, one.blocked), Ok(block(one))),
        )
    })?;
    lines(&mut zip, going, "messages.jsonl", |to| {
        each(view, |place| {
            to.paged(
                |after| moving::messages(view, place, after, PAGE),
                |one| (one.seq, message(view, one)),
            )
        })
    })?;
    lines(&mut zip, going, "notices.jsonl", |to| {
        to.paged(
            |after| moving::notices(view, after, PAGE),
            |one| (one.id.number(), Ok(notice(one))),
        )
    })?;
    lines(&mut zip, going, "unwanted.jsonl", |to| {
        to.paged(
            |after| moving::unwanted(view, after, PAGE),
            |one| (one.id.number(), Ok(unwanted(one))),
        )
    })?;
    bytes(view, &mut zip, going)?;
    zip.finish()?.flush()?;
    backup::settle(partial, name)?;
    Ok(())
}

type Zip = ZipWriter<BufWriter<fs::File>>;

/// An entry of lines.
struct Lines<'a> {
    zip: &'a mut Zip,
    going: &'a Going,
    name: &'a str,
    count: usize,
}

fn lines(
    zip: &mut Zip,
    going: &Going,
    name: &str,
    write: impl FnOnce(&mut Lines<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    zip.start_file(name, entry(true))?;
    write(&mut Lines {
        zip,
        going,
        name,
        count: 0,
    })
}

impl Lines<'_> {
    /// Writes a line for each, page by page; `line` also says what the next page is behind.
    fn paged<T, K: Clone + Default>(
        &mut self,
        page: impl Fn(K) -> crate::core::error::Result<Vec<T>>,
        line: impl Fn(&T) -> (K, anyhow::Result<Value>),
    ) -> anyhow::Result<()> {
        let mut after = K::default();
        loop {
            let found = page(after.clone())?;
            for one in &found {
                let (key, line) = line(one);
                serde_json::to_writer(&mut *self.zip, &line?)?;
                self.zip.write_all(b"\n")?;
                after = key;
            }
            if found.is_empty() {
                return Ok(());
            }
            self.count += found.len();
            self.going.on(self.name, self.count)?;
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

fn bytes(view: &View<'_>, zip: &mut Zip, going: &Going) -> anyhow::Result<()> {
    let (mut after, mut count) = (0, 0);
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
            count += 1;
            going.on("files", count)?;
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
        "digests": one.wants_digests,
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

fn shared(spelling: &Spelling, one: &File) -> Value {
    json!({
        "id": one.id.number(),
        "path": path(one),
        "name": one.original,
        "mimeType": one.media_type,
        "size": one.size,
        "sha256": one.hash,
        "spelled": [spelling.uuid(one.id).as_str(), spelling.hex(one.id).as_str()],
        "uploader": one.uploader.number(),
        "conversation": one.conversation.map(|id| id.number()),
        "public": one.public,
        "createdAt": one.created_at.iso(),
    })
}

fn conversation(one: &MovedConversation) -> Value {
    let mut line = json!({
        "id": one.id,
        "type": one.kind,
        "name": one.name,
        "description": one.description,
        "creator": one.creator,
        "between": one.between.map(|(low, high)| [low, high]),
        "session": one.session,
        "picture": one.picture,
        "archivedAt": one.archived_at.map(Time::iso),
        "keepMessages": one.keep_messages,
        "keepFiles": one.keep_files,
        "createdAt": one.created_at.iso(),
    });
    if one.slow_mode > 0 {
        line["slowMode"] = json!(one.slow_mode);
    }
    line
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

fn restraint(one: &MovedRestraint) -> Value {
    json!({
        "conversation": one.conversation,
        "account": one.account,
        "kind": one.kind,
        "until": one.until.map(Time::iso),
        "by": one.by,
        "at": one.at.iso(),
    })
}

fn block(one: &MovedBlock) -> Value {
    json!({ "account": one.account, "blocked": one.blocked, "at": one.at.iso() })
}

fn unwanted(one: &Entry) -> Value {
    json!({
        "id": one.id.number(),
        "text": one.text,
        "sort": one.sort.name(),
        "act": one.consequence.name(),
        "by": one.by.map(|who| who.number()),
        "at": one.at.iso(),
    })
}

fn notice(one: &Notice) -> Value {
    json!({
        "id": one.id.number(),
        "account": one.account.number(),
        "title": one.title,
        "message": one.text,
        "type": one.kind,
        "createdAt": one.created_at.iso(),
        "readAt": one.read_at.map(Time::iso),
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
