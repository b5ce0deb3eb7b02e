//! Reads what `chat export` has written.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::archive::{
    Archive, Attached, Block, Conversation, FileFrom, Member, Message, Restraint, SessionOf,
    Unwanted, value,
};
use super::container::Container;
use super::json::Lines;
use crate::core::importing::{self, Newcomer};
use crate::core::model::{Id, Kind, Level, Notice, RestraintKind, Session, Time, Until};
use crate::core::unwanted::{Consequence, Sort};
use crate::core::{limits, text};

/// The version of the format that is read.
const VERSION: u64 = 1;

#[derive(Deserialize)]
struct Manifest {
    format: String,
    version: u64,
    #[serde(default)]
    server: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountLine {
    id: i64,
    home: String,
    name: String,
    username: Option<String>,
    email: Option<String>,
    email_proven_at: Option<String>,
    gender: Option<String>,
    date_of_birth: Option<String>,
    role: Option<String>,
    picture: Option<i64>,
    picture_url: Option<String>,
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    hides_presence: bool,
    #[serde(default = "yes")]
    digests: bool,
    suspended_at: Option<String>,
    removed_at: Option<String>,
    created_at: String,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionLine {
    id: i64,
    uuid: String,
    mentor: i64,
    mentee: i64,
    start_at: String,
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConversationLine {
    id: i64,
    r#type: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
    creator: Option<i64>,
    between: Option<(i64, i64)>,
    session: Option<i64>,
    picture: Option<i64>,
    archived_at: Option<String>,
    keep_messages: Option<i64>,
    keep_files: Option<i64>,
    #[serde(default)]
    slow_mode: u32,
    created_at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MemberLine {
    conversation: i64,
    account: i64,
    joined_at: String,
    read_up_to: i64,
    owner_since: Option<String>,
    level: Option<String>,
    muted_until: Option<String>,
}

#[derive(Deserialize)]
struct RestraintLine {
    conversation: i64,
    account: i64,
    kind: String,
    until: Option<String>,
    by: i64,
    at: String,
}

#[derive(Deserialize)]
struct BlockLine {
    account: i64,
    blocked: i64,
    at: String,
}

#[derive(Deserialize)]
struct UnwantedLine {
    id: i64,
    text: String,
    sort: String,
    act: String,
    by: Option<i64>,
    at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileLine {
    id: i64,
    path: String,
    name: String,
    sha256: String,
    #[serde(default)]
    spelled: Vec<String>,
    uploader: i64,
    conversation: Option<i64>,
    #[serde(default)]
    public: bool,
    created_at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NoticeLine {
    id: i64,
    account: i64,
    title: String,
    message: String,
    r#type: String,
    created_at: String,
    read_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageLine {
    conversation: i64,
    number: i64,
    id: i64,
    author: i64,
    text: String,
    content_type: Option<String>,
    #[serde(default)]
    attachments: Vec<AttachmentLine>,
    client_message_id: Option<String>,
    reply_to: Option<i64>,
    #[serde(default)]
    mentions: Vec<i64>,
    #[serde(default)]
    reactions: Vec<ReactionLine>,
    pinned_at: Option<String>,
    pinned_by: Option<i64>,
    edited_at: Option<String>,
    created_at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttachmentLine {
    filename: String,
    mime_type: String,
    url: String,
    #[serde(default)]
    size: i64,
    file: Option<i64>,
}

#[derive(Deserialize)]
struct ReactionLine {
    emoji: String,
    accounts: Vec<i64>,
}

/// Is this one of our exports?
pub fn is_ours(container: &mut Container) -> bool {
    let manifest = container.read("manifest.json").ok().flatten();
    let read = manifest.and_then(|entry| {
        let mut lines = Lines::new(entry);
        value::<Value>(lines.next().ok()??).ok()
    });
    read.is_some_and(|manifest| manifest["format"] == "chat")
}

/// # Errors
/// If it is of a newer version, or not whole.
pub fn read(container: &mut Container, archive: &mut Archive, admins: bool) -> anyhow::Result<()> {
    let mut manifest = None;
    each(container, archive, "manifest.json", |_, line: Manifest| {
        manifest = Some(line);
        Ok(())
    })?;
    let manifest = manifest.ok_or_else(|| anyhow::anyhow!("manifest.json is missing"))?;
    if manifest.format != "chat" || manifest.version > VERSION {
        anyhow::bail!(
            "the export is of version {}, and this program reads {VERSION}: update chat",
            manifest.version
        );
    }
    archive.source = format!("chat {}", manifest.server);
    let mut pictures = HashMap::new();
    each(
        container,
        archive,
        "accounts.jsonl",
        |archive, line: AccountLine| {
            let picture = line.picture;
            let who = archive
                .add_person(newcomer(line, admins)?)
                .ok_or("there twice")?;
            pictures.extend(picture.map(|file| (file, who)));
            Ok(())
        },
    )?;
    let mut uuids = HashMap::new();
    each(
        container,
        archive,
        "sessions.jsonl",
        |archive, line: SessionLine| {
            let (mentor, mentee) = (who(archive, line.mentor)?, who(archive, line.mentee)?);
            let session = Session {
                uuid: line.uuid.clone(),
                mentor: Id::new(1).ok_or("no id")?,
                mentee: Id::new(1).ok_or("no id")?,
                start_at: time(&line.start_at)?,
                status: line.status,
            };
            uuids.insert(line.id, line.uuid);
            let of = SessionOf {
                session,
                mentor,
                mentee,
            };
            archive.sessions.push((line.id.to_string(), of));
            Ok(())
        },
    )?;
    let mut files = Vec::new();
    each(
        container,
        archive,
        "files.jsonl",
        |archive, line: FileLine| {
            files.push((line.id, line.conversation));
            let picture_of = pictures.get(&line.id).copied();
            archive.files.push(FileFrom {
                key: line.id.to_string(),
                entry: line.path,
                original: line.name,
                uploader: who(archive, line.uploader)?,
                conversation: None,
                public: line.public,
                created_at: time(&line.created_at)?,
                hash: Some(line.sha256),
                spelled: line.spelled,
                picture_of,
            });
            Ok(())
        },
    )?;
    let file_at = |archive: &Archive, id: i64| {
        let key = id.to_string();
        let at = archive.files.binary_search_by(|file| {
            let number = file.key.parse::<i64>().unwrap_or_default();
            number.cmp(&id)
        });
        at.ok()
            .or_else(|| archive.files.iter().position(|file| file.key == key))
            .map(|at| at as u32)
    };
    each(
        container,
        archive,
        "conversations.jsonl",
        |archive, line: ConversationLine| {
            let kind = [Kind::Direct, Kind::Group, Kind::Room, Kind::Session]
                .into_iter()
                .find(|kind| kind.name() == line.r#type)
                .ok_or("its type is not one of direct, group, room and session")?;
            let pair = match line.between {
                Some((one, other)) => Some((who(archive, one)?, who(archive, other)?)),
                None => None,
            };
            let new = Conversation {
                key: line.id.to_string(),
                kind,
                name: line.name,
                description: text::cut(&line.description, limits::DESCRIPTION_CHARS),
                creator: line.creator.and_then(|one| who(archive, one).ok()),
                pair,
                session: line.session.and_then(|id| uuids.get(&id).cloned()),
                picture: line.picture.and_then(|id| file_at(archive, id)),
                created_at: time(&line.created_at)?,
                archived_at: maybe(&line.archived_at)?,
                keep: (
                    line.keep_messages.filter(|span| *span >= 0),
                    line.keep_files.filter(|span| *span >= 0),
                ),
                slow_mode: line.slow_mode.min(limits::SLOW_MODE),
                members: Vec::new(),
                numbers: Vec::new(),
            };
            archive.add_place(new).ok_or("there twice")?;
            Ok(())
        },
    )?;
    for (id, conversation) in files {
        let place = conversation.and_then(|id| archive.place(&id.to_string()));
        if let Some(at) = file_at(archive, id) {
            archive.files[at as usize].conversation = place;
        }
    }
    each(
        container,
        archive,
        "members.jsonl",
        |archive, line: MemberLine| {
            let place = place(archive, line.conversation)?;
            let member = Member {
                who: who(archive, line.account)?,
                joined_at: time(&line.joined_at)?,
                read_upto: Some(line.read_up_to),
                owner_since: maybe(&line.owner_since)?,
                level: line.level.and_then(|name| {
                    Level::EACH
                        .into_iter()
                        .find(|level| level.name() == name && *level != Level::All)
                }),
                muted_until: maybe(&line.muted_until)?,
            };
            archive.places[place as usize].members.push(member);
            Ok(())
        },
    )?;
    restraints(container, archive)?;
    blocks(container, archive)?;
    if admins {
        unwanted(container, archive)?;
    }
    each(
        container,
        archive,
        "notices.jsonl",
        |archive, line: NoticeLine| {
            let account = who(archive, line.account)?;
            let notice = Notice {
                id: Id::new(line.id).ok_or("its id is none")?,
                account: Id::new(1).ok_or("no id")?,
                title: line.title,
                text: line.message,
                kind: line.r#type,
                created_at: time(&line.created_at)?,
                read_at: maybe(&line.read_at)?,
            };
            archive.notices.push((line.id.to_string(), account, notice));
            Ok(())
        },
    )?;
    each(
        container,
        archive,
        "messages.jsonl",
        |archive, line: MessageLine| {
            let (order, number) = (line.id, line.number);
            let message = message(archive, line, &file_at)?;
            archive
                .say(order, Some(number), message)
                .map_err(Wrong::All)
        },
    )?;
    if archive.people.is_empty() && !container.has("accounts.jsonl") {
        anyhow::bail!("accounts.jsonl is missing");
    }
    Ok(())
}

fn restraints(container: &mut Container, archive: &mut Archive) -> anyhow::Result<()> {
    each(
        container,
        archive,
        "restraints.jsonl",
        |archive, line: RestraintLine| {
            let mut kinds = RestraintKind::EACH.into_iter();
            let restraint = Restraint {
                key: format!(
                    "{} {} {} {}",
                    line.conversation, line.account, line.kind, line.at
                ),
                place: place(archive, line.conversation)?,
                who: who(archive, line.account)?,
                kind: kinds
                    .find(|kind| kind.name() == line.kind)
                    .ok_or("its kind is not one of ban and silence")?,
                until: maybe(&line.until)?.map_or(Until::Lifted, Until::At),
                by: who(archive, line.by)?,
                at: time(&line.at)?,
            };
            archive.restraints.push(restraint);
            Ok(())
        },
    )
}

fn blocks(container: &mut Container, archive: &mut Archive) -> anyhow::Result<()> {
    each(
        container,
        archive,
        "blocks.jsonl",
        |archive, line: BlockLine| {
            let block = Block {
                key: format!("{} {} {}", line.account, line.blocked, line.at),
                who: who(archive, line.account)?,
                blocked: who(archive, line.blocked)?,
                at: time(&line.at)?,
            };
            archive.blocks.push(block);
            Ok(())
        },
    )
}

fn unwanted(container: &mut Container, archive: &mut Archive) -> anyhow::Result<()> {
    each(
        container,
        archive,
        "unwanted.jsonl",
        |archive, line: UnwantedLine| {
            let mut sorts = Sort::EACH.into_iter();
            let mut acts = Consequence::EACH.into_iter();
            if archive.unwanted.len() == limits::UNWANTED {
                return Err("the list may have 500 entries".into());
            }
            let unwanted = Unwanted {
                key: line.id.to_string(),
                text: line.text,
                sort: sorts
                    .find(|sort| sort.name() == line.sort)
                    .ok_or("its sort is not one of word and pattern")?,
                consequence: acts
                    .find(|act| act.name() == line.act)
                    .ok_or("its act is not one of refuse and report")?,
                by: line.by.and_then(|id| who(archive, id).ok()),
                at: time(&line.at)?,
            };
            archive.unwanted.push(unwanted);
            Ok(())
        },
    )
}

fn message(
    archive: &Archive,
    line: MessageLine,
    file_at: &impl Fn(&Archive, i64) -> Option<u32>,
) -> Result<Message, Wrong> {
    let people = |ids: &[i64]| -> Vec<u32> {
        ids.iter()
            .filter_map(|id| archive.person(&id.to_string()))
            .collect()
    };
    let attached = |one: AttachmentLine| {
        let file = one.file.and_then(|id| file_at(archive, id));
        Attached {
            filename: one.filename,
            media_type: Some(one.mime_type),
            url: Some(one.url),
            size: one.size,
            file,
        }
    };
    let pin = match (&line.pinned_at, line.pinned_by) {
        (Some(at), Some(by)) => Some((time(at)?.0, who(archive, by)?)),
        _ => None,
    };
    Ok(Message {
        key: line.id.to_string(),
        place: place(archive, line.conversation)?,
        author: who(archive, line.author)?,
        at: time(&line.created_at)?.0,
        mentions: people(&line.mentions),
        reactions: line
            .reactions
            .into_iter()
            .map(|one| (one.emoji, people(&one.accounts)))
            .collect(),
        text: line.text,
        content_type: line.content_type,
        attachments: line.attachments.into_iter().map(attached).collect(),
        client_id: line.client_message_id,
        reply_to: line.reply_to.map(|id| id.to_string()),
        pin,
        edited_at: maybe(&line.edited_at)?.map(|at| at.0),
    })
}

fn newcomer(line: AccountLine, admins: bool) -> Result<Newcomer, Wrong> {
    let is_removed = line.removed_at.is_some();
    Ok(Newcomer {
        key: line.id.to_string(),
        home: line.home,
        name: importing::named(&line.name).ok_or("its name is empty")?,
        username: line.username.as_deref().and_then(importing::named),
        email: line
            .email
            .filter(|email| text::wrong_with_email(email).is_none()),
        proven_at: maybe(&line.email_proven_at)?,
        gender: line.gender,
        born_on: line.date_of_birth,
        role: line.role,
        picture_url: line.picture_url,
        admin: admins && line.admin && !is_removed,
        hides_presence: line.hides_presence,
        wants_digests: line.digests,
        suspended_at: maybe(&line.suspended_at)?,
        removed_at: maybe(&line.removed_at)?,
        created_at: time(&line.created_at)?,
    })
}

/// What is wrong with a line, or with everything.
enum Wrong {
    Line(String),
    All(anyhow::Error),
}

impl From<&str> for Wrong {
    fn from(reason: &str) -> Self {
        Self::Line(reason.to_owned())
    }
}

impl From<String> for Wrong {
    fn from(reason: String) -> Self {
        Self::Line(reason)
    }
}

/// Does this for each line of an entry; a bad one is noted.
fn each<T: for<'de> Deserialize<'de>>(
    container: &mut Container,
    archive: &mut Archive,
    name: &str,
    mut take: impl FnMut(&mut Archive, T) -> Result<(), Wrong>,
) -> anyhow::Result<()> {
    let Some(entry) = container.read(name)? else {
        return Ok(());
    };
    let mut lines = Lines::new(entry);
    while let Some(row) = lines.next()? {
        archive.tell_line(Some(name), lines.number)?;
        let taken = value(row)
            .map_err(Wrong::Line)
            .and_then(|line| take(archive, line));
        match taken {
            Ok(()) => {}
            Err(Wrong::Line(reason)) => {
                let place = format!("{name}, line {}", lines.number);
                archive.left_out.note(place, reason);
            }
            Err(Wrong::All(error)) => return Err(error),
        }
    }
    Ok(())
}

fn who(archive: &Archive, id: i64) -> Result<u32, Wrong> {
    let found = archive.person(&id.to_string());
    found.ok_or_else(|| "it names an account that is not there".into())
}

fn place(archive: &Archive, id: i64) -> Result<u32, Wrong> {
    let found = archive.place(&id.to_string());
    found.ok_or_else(|| "it names a conversation that is not there".into())
}

fn time(text: &str) -> Result<Time, Wrong> {
    Time::from_iso(text).ok_or_else(|| "its time is none".into())
}

fn maybe(text: &Option<String>) -> Result<Option<Time>, Wrong> {
    text.as_deref().map(time).transpose()
}
