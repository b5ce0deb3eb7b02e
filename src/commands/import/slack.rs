//! Reads Slack's export: a ZIP with `users.json`, lists of conversations, and a folder for each with a file for each day.
//!
//! Files are links there. Tools that fetch them put them at `__uploads/FILE ID/NAME`, where they are found.

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::Context;
use serde::Deserialize;

use super::archive::{Archive, Attached, Conversation, FileFrom, Member, Message, value};
use super::container::Container;
use super::emoji;
use super::json::Elements;
use crate::core::importing::{self, Newcomer};
use crate::core::limits;
use crate::core::model::{Kind, Time};
use crate::core::text;

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    id: String,
    team_id: Option<String>,
    name: Option<String>,
    real_name: Option<String>,
    deleted: bool,
    profile: Profile,
}

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
struct Profile {
    real_name: Option<String>,
    display_name: Option<String>,
    name: Option<String>,
    email: Option<String>,
    bot_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Channel {
    id: String,
    name: Option<String>,
    created: i64,
    creator: Option<String>,
    is_archived: bool,
    members: Vec<String>,
    topic: Told,
    purpose: Told,
    pins: Vec<Pin>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Told {
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pin {
    id: String,
    created: i64,
    user: Option<String>,
    owner: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Post {
    r#type: Option<String>,
    subtype: Option<String>,
    user: Option<String>,
    bot_id: Option<String>,
    username: Option<String>,
    text: Option<String>,
    ts: Option<String>,
    thread_ts: Option<String>,
    hidden: bool,
    edited: Option<Edited>,
    comment: Option<Comment>,
    user_profile: Option<Profile>,
    bot_profile: Option<Profile>,
    files: Option<Vec<Option<Shared>>>,
    file: Option<Shared>,
    attachments: Option<Vec<Preview>>,
    reactions: Option<Vec<Reaction>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Edited {
    ts: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Comment {
    user: Option<String>,
    comment: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Shared {
    id: String,
    mode: Option<String>,
    name: Option<String>,
    title: Option<String>,
    mimetype: Option<String>,
    size: Option<i64>,
    permalink: Option<String>,
    url_private: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Preview {
    fallback: Option<String>,
    pretext: Option<String>,
    title: Option<String>,
    text: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reaction {
    name: String,
    users: Vec<String>,
}

/// What is said of joins, topics and the like: no such messages are made here.
const SYSTEM: &[&str] = &[
    "channel_join",
    "channel_leave",
    "channel_topic",
    "channel_purpose",
    "channel_name",
    "channel_archive",
    "channel_unarchive",
    "channel_canvas_updated",
    "channel_convert_to_private",
    "channel_convert_to_public",
    "channel_posting_permissions",
    "group_join",
    "group_leave",
    "group_topic",
    "group_purpose",
    "group_name",
    "group_archive",
    "group_unarchive",
    "bot_add",
    "bot_remove",
    "bot_enable",
    "bot_disable",
    "pinned_item",
    "unpinned_item",
    "reminder_add",
    "reminder_delete",
    "huddle_thread",
    "sh_room_created",
    "sh_room_shared",
    "app_conversation_join",
    "app_conversation_leave",
    "ekm_access_denied",
    "joiner_notification",
    "joiner_notification_for_inviter",
    "message_changed",
    "message_deleted",
    "message_replied",
    "reply_broadcast",
    "tombstone",
];

/// The lists of conversations, and what they become.
const LISTS: &[(&str, Kind)] = &[
    ("channels.json", Kind::Room),
    ("groups.json", Kind::Group),
    ("mpims.json", Kind::Group),
    ("dms.json", Kind::Direct),
];

/// Is this an export of Slack?
pub fn is_slack(container: &mut Container) -> bool {
    container.enter_folder_of("users.json");
    container.has("users.json") || container.has("org_users.json")
}

/// # Errors
/// If the ZIP is damaged.
pub fn read(container: &mut Container, archive: &mut Archive) -> anyhow::Result<()> {
    container.enter_folder_of("users.json");
    let mut bots = HashMap::new();
    let mut team = None;
    for list in ["users.json", "org_users.json"] {
        each(container, archive, list, |archive, user: User| {
            if user.id.is_empty() {
                return Err("it has no id".into());
            }
            team = team.take().or(user.team_id.clone());
            let bot = user.profile.bot_id.clone();
            let at = archive
                .add_person(newcomer(&user))
                .ok_or("it is there twice")?;
            bots.extend(bot.map(|bot| (bot, at)));
            Ok(())
        })?;
    }
    archive.source = match team {
        Some(team) => format!("slack {team}"),
        None => "slack".to_owned(),
    };
    let mut reader = Reader {
        bots,
        pins: HashMap::new(),
        days: days(container),
        uploads: uploads(container),
        files: HashMap::new(),
        seen: HashSet::new(),
    };
    for (list, kind) in LISTS {
        let mut folders = Vec::new();
        each(container, archive, list, |archive, channel: Channel| {
            let (at, folder) = reader.place(archive, channel, *kind)?;
            folders.push((at, folder));
            Ok(())
        })?;
        for (place, folder) in folders {
            reader.read_folder(container, archive, place, &folder)?;
        }
    }
    Ok(())
}

/// The files of each folder that are a day's messages, by day.
fn days(container: &Container) -> HashMap<String, BTreeSet<String>> {
    let mut days = HashMap::<String, BTreeSet<String>>::new();
    for name in container.names() {
        if let Some((folder, file)) = name.split_once('/')
            && file.ends_with(".json")
            && !file.contains('/')
        {
            days.entry(folder.to_owned()).or_default().insert(name);
        }
    }
    days
}

/// Files that a tool has put into the ZIP.
fn uploads(container: &Container) -> HashMap<String, String> {
    let uploads = container.names().into_iter().filter_map(|name| {
        let (id, file) = name.strip_prefix("__uploads/")?.split_once('/')?;
        (!file.is_empty()).then(|| (id.to_owned(), name.clone()))
    });
    uploads.collect()
}

fn newcomer(user: &User) -> Newcomer {
    let profile = &user.profile;
    let names = [
        &profile.display_name,
        &profile.real_name,
        &user.real_name,
        &user.name,
    ];
    let email = profile.email.as_deref().unwrap_or_default().trim();
    somebody(
        &user.id,
        names.into_iter().flatten().map(String::as_str),
        user.name.as_deref(),
        Some(email),
        user.deleted,
    )
}

/// Somebody as they are known elsewhere: the first usable of these names, or the key.
pub fn somebody<'a>(
    key: &str,
    names: impl Iterator<Item = &'a str>,
    username: Option<&str>,
    email: Option<&str>,
    suspended: bool,
) -> Newcomer {
    let mut names = names.filter_map(importing::named);
    let now = Time::now();
    Newcomer {
        key: key.to_owned(),
        // Made by an administrator, as far as any document is concerned.
        home: "admin".to_owned(),
        name: names
            .next()
            .or_else(|| importing::named(key))
            .unwrap_or_else(|| "Unknown".to_owned()),
        username: username.and_then(importing::named),
        email: email
            .filter(|email| text::wrong_with_email(email).is_none())
            .map(str::to_owned),
        proven_at: None,
        gender: None,
        born_on: None,
        role: None,
        picture_url: None,
        admin: false,
        hides_presence: false,
        wants_digests: true,
        suspended_at: suspended.then_some(now),
        removed_at: None,
        created_at: now,
    }
}

/// Somebody who speaks and is in no list: an account that nobody can log in to.
fn stranger<'a>(
    archive: &mut Archive,
    key: &str,
    names: impl Iterator<Item = &'a str>,
) -> anyhow::Result<u32> {
    if let Some(known) = archive.person(key) {
        return Ok(known);
    }
    archive
        .add_person(somebody(key, names, None, None, false))
        .context("somebody was added twice")
}

struct Reader {
    bots: HashMap<String, u32>,
    /// By conversation and time: when and by whom a message was pinned.
    pins: HashMap<(u32, String), (i64, u32)>,
    days: HashMap<String, BTreeSet<String>>,
    /// The entries with the bytes of files, by the files' ids.
    uploads: HashMap<String, String>,
    /// Where these are in the archive.
    files: HashMap<String, u32>,
    /// Messages of the folder that is read.
    seen: HashSet<String>,
}

impl Reader {
    fn place(
        &mut self,
        archive: &mut Archive,
        channel: Channel,
        kind: Kind,
    ) -> Result<(u32, String), String> {
        if channel.id.is_empty() {
            return Err("it has no id".into());
        }
        let everything = |error: anyhow::Error| error.to_string();
        let mut people = Vec::new();
        for member in &channel.members {
            people.push(stranger(archive, member, std::iter::empty()).map_err(everything)?);
        }
        people.sort_unstable();
        people.dedup();
        let mut kind = kind;
        let pair = match (kind, &people[..]) {
            (Kind::Direct, [one, other]) => Some((*one, *other)),
            (Kind::Direct, _) => {
                // With oneself, or with people whom the export does not name.
                kind = Kind::Group;
                None
            }
            _ => None,
        };
        let name = channel.name.clone().unwrap_or_default();
        let shown = match kind {
            Kind::Group if name.is_empty() || name.starts_with("mpdm-") => {
                names_of(archive, &people)
            }
            Kind::Direct => String::new(),
            _ => importing::named(&name).unwrap_or_else(|| channel.id.clone()),
        };
        let folder = match &*name {
            name if !name.is_empty() && self.days.contains_key(name) => name.to_owned(),
            _ => channel.id.clone(),
        };
        let created_at = Time(channel.created.clamp(0, 1 << 40) * 1_000);
        let creator = match channel.creator.as_deref().filter(|key| !key.is_empty()) {
            Some(key) => Some(stranger(archive, key, std::iter::empty()).map_err(everything)?),
            None => None,
        };
        let told = match channel.purpose.value.trim() {
            "" => &channel.topic.value,
            _ => &channel.purpose.value,
        };
        let description = self.shown(archive, told, None).0;
        let members = people.iter().map(|who| Member {
            who: *who,
            joined_at: created_at,
            read_upto: None,
            owner_since: (creator == Some(*who) && kind != Kind::Direct).then_some(created_at),
            level: None,
            muted_until: None,
        });
        let new = Conversation {
            key: channel.id.clone(),
            kind,
            name: shown,
            description: text::cut(&description, limits::DESCRIPTION_CHARS),
            creator: creator.or(pair.map(|(one, _)| one)),
            pair,
            session: None,
            picture: None,
            created_at,
            archived_at: channel.is_archived.then(Time::now),
            keep: (None, None),
            slow_mode: 0,
            members: members.collect(),
            numbers: Vec::new(),
        };
        let at = archive.add_place(new).ok_or("it is there twice")?;
        for pin in channel.pins {
            let by = pin.user.or(pin.owner).or(channel.creator.clone());
            if let Some(by) = by.and_then(|key| archive.person(&key)) {
                let when = pin.created.clamp(0, 1 << 40) * 1_000;
                self.pins.insert((at, pin.id), (when, by));
            }
        }
        Ok((at, folder))
    }

    fn read_folder(
        &mut self,
        container: &mut Container,
        archive: &mut Archive,
        place: u32,
        folder: &str,
    ) -> anyhow::Result<()> {
        self.seen.clear();
        let files = self.days.remove(folder).unwrap_or_default();
        for name in files {
            let entry = match container.read(&name) {
                Ok(Some(entry)) => entry,
                Ok(None) => continue,
                Err(error) => {
                    archive.left_out.note(name, format!("{error:#}"));
                    continue;
                }
            };
            let mut rows = Elements::new(entry);
            loop {
                let row = match rows.next() {
                    Ok(Some(row)) => row,
                    Ok(None) => break,
                    Err(error) => {
                        damaged(archive, &name, error)?;
                        break;
                    }
                };
                let taken = match value(row) {
                    Ok(post) => self.post(archive, place, post)?,
                    Err(reason) => Err(reason),
                };
                if let Err(reason) = taken {
                    let place = format!("{name}, element {}", rows.number);
                    archive.left_out.note(place, reason);
                }
            }
        }
        Ok(())
    }

    /// Keeps one message.
    ///
    /// # Errors
    /// Inside: what is wrong with it.
    fn post(
        &mut self,
        archive: &mut Archive,
        place: u32,
        post: Post,
    ) -> anyhow::Result<Result<(), String>> {
        let subtype = post.subtype.as_deref().unwrap_or_default();
        let is_message = post.r#type.as_deref().is_none_or(|kind| kind == "message");
        if !is_message || post.hidden || SYSTEM.contains(&subtype) {
            archive.system += 1;
            return Ok(Ok(()));
        }
        let Some(ts) = post.ts.as_deref() else {
            return Ok(Err("it has no time (ts)".into()));
        };
        let Some(micros) = micros(ts) else {
            return Ok(Err("its time (ts) is none".into()));
        };
        let author = self.author(archive, &post)?;
        let Some(author) = author else {
            return Ok(Err("it has no author".into()));
        };
        let words = post
            .comment
            .as_ref()
            .and_then(|comment| comment.comment.clone())
            .filter(|_| subtype == "file_comment")
            .or(post.text.clone())
            .filter(|text| !text.trim().is_empty())
            .unwrap_or_else(|| previews(&post));
        let (mut said, mentions) = self.shown(archive, &words, Some(author));
        if subtype == "me_message" && !said.is_empty() {
            said = format!("_{said}_");
        }
        let shared = post.files.unwrap_or_default().into_iter().flatten();
        let shared: Vec<_> = shared.chain(post.file).collect();
        let mut attachments = Vec::new();
        for file in shared {
            attachments.extend(self.attached(archive, (place, author, micros / 1_000), file));
        }
        if text::is_blank(&said) && attachments.is_empty() {
            return Ok(Err("it says nothing".into()));
        }
        let place_key = archive.places[place as usize].key.clone();
        let Some(key) = self.key_of(format!("{place_key}/{ts}"), author, &said) else {
            return Ok(Err("it is there twice".into()));
        };
        let reply_to = post
            .thread_ts
            .filter(|thread| thread != ts)
            .map(|thread| format!("{place_key}/{thread}"));
        let reactions = post.reactions.unwrap_or_default().into_iter().map(|one| {
            let people = one.users.iter().filter_map(|key| archive.person(key));
            (reacted(&one.name), people.collect())
        });
        let message = Message {
            key,
            place,
            author,
            at: micros / 1_000,
            reactions: reactions.collect(),
            text: said,
            content_type: None,
            attachments,
            client_id: None,
            reply_to,
            mentions,
            pin: self.pins.remove(&(place, ts.to_owned())),
            edited_at: post
                .edited
                .and_then(|edited| micros_of(edited.ts))
                .map(|micros| micros / 1_000),
        };
        archive.say(micros, None, message)?;
        Ok(Ok(()))
    }

    /// The key of a message, with a mark if another one was said at the same time; `None` if it is the same one again.
    fn key_of(&mut self, key: String, author: u32, said: &str) -> Option<String> {
        let marked = format!("{key}~{:08x}", mark(format!("{author}:{said}").as_bytes()));
        if !self.seen.insert(marked.clone()) {
            return None;
        }
        match self.seen.insert(key.clone()) {
            true => Some(key),
            false => Some(marked),
        }
    }

    fn author(&mut self, archive: &mut Archive, post: &Post) -> anyhow::Result<Option<u32>> {
        let commented = post
            .comment
            .as_ref()
            .and_then(|comment| comment.user.as_deref())
            .filter(|_| post.subtype.as_deref() == Some("file_comment"));
        let user = commented
            .or(post.user.as_deref())
            .filter(|user| !user.is_empty());
        if let Some(user) = user {
            let profile = post.user_profile.clone().unwrap_or_default();
            let names = [&profile.display_name, &profile.real_name, &profile.name];
            let names = names.into_iter().flatten().map(String::as_str);
            return Ok(Some(stranger(archive, user, names)?));
        }
        let called = [
            post.username.as_deref(),
            post.bot_profile
                .as_ref()
                .and_then(|profile| profile.name.as_deref()),
        ];
        match post.bot_id.as_deref().filter(|bot| !bot.is_empty()) {
            Some(bot) => match self.bots.get(bot) {
                Some(known) => Ok(Some(*known)),
                None => {
                    let who = stranger(archive, bot, called.into_iter().flatten())?;
                    self.bots.insert(bot.to_owned(), who);
                    Ok(Some(who))
                }
            },
            None => match called.into_iter().flatten().find(|name| !name.is_empty()) {
                Some(name) => {
                    let key = format!("bot {name}");
                    Ok(Some(stranger(archive, &key, std::iter::once(name))?))
                }
                None => Ok(None),
            },
        }
    }

    /// A file of a message: one of the archive if it is there, or a link without the export's own secret.
    fn attached(
        &mut self,
        archive: &mut Archive,
        (place, author, at): (u32, u32, i64),
        file: Shared,
    ) -> Option<Attached> {
        if let Some("tombstone" | "hidden_by_limit") = file.mode.as_deref() {
            return None;
        }
        let name = file.name.or(file.title).unwrap_or_default();
        let filename = importing::named(&name).unwrap_or_else(|| "file".into());
        let url = file.permalink.or(file.url_private);
        let url = url.map(|url| url.split('?').next().unwrap_or_default().to_owned());
        let kept = match (self.files.get(&file.id), self.uploads.get(&file.id)) {
            (Some(known), _) => Some(*known),
            (None, Some(entry)) => {
                let new = archive.files.len() as u32;
                let (key, original) = (file.id.clone(), filename.clone());
                let shared = FileFrom::shared(key, entry.clone(), original, author, place, at);
                archive.files.push(shared);
                self.files.insert(file.id, new);
                Some(new)
            }
            (None, None) => None,
        };
        let attached = Attached {
            filename,
            media_type: file.mimetype,
            url,
            size: file.size.unwrap_or_default().max(0),
            file: kept,
        };
        (attached.url.is_some() || attached.file.is_some()).then_some(attached)
    }

    /// Slack's marks as text, and whom it mentions.
    fn shown(&self, archive: &Archive, text: &str, author: Option<u32>) -> (String, Vec<u32>) {
        let (mut said, mut mentions) = (String::with_capacity(text.len()), Vec::new());
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            let (before, after) = rest.split_at(at);
            said.push_str(before);
            let Some(end) = after.find('>') else {
                said.push_str(after);
                rest = "";
                break;
            };
            let (inside, label) = match after[1..end].split_once('|') {
                Some((inside, label)) => (inside, Some(label)),
                None => (&after[1..end], None),
            };
            match inside.chars().next() {
                Some('@') => {
                    let known = archive.person(&inside[1..]);
                    if let Some(who) = known
                        && Some(who) != author
                        && !mentions.contains(&who)
                        && mentions.len() < limits::MENTIONS
                    {
                        mentions.push(who);
                    }
                    let name = known.map(|who| &*archive.people[who as usize].name);
                    said.push('@');
                    said.push_str(name.or(label).unwrap_or(&inside[1..]));
                }
                Some('#') => {
                    let place = archive.place(&inside[1..]);
                    let name = place.map(|place| &*archive.places[place as usize].name);
                    said.push('#');
                    let label = label.filter(|label| !label.is_empty());
                    said.push_str(label.or(name).unwrap_or(&inside[1..]));
                }
                Some('!') => match (inside, label) {
                    ("!here" | "!channel" | "!everyone", _) => {
                        said.push('@');
                        said.push_str(&inside[1..]);
                    }
                    (_, Some(label)) => said.push_str(label),
                    (_, None) => said.push_str(&inside[1..]),
                },
                _ => {
                    let is_page = inside.starts_with("http://") || inside.starts_with("https://");
                    let plain = inside.split_once("://").map_or(inside, |(_, plain)| plain);
                    match label {
                        Some(label) if is_page && label != plain && label != inside => {
                            said.push_str(&format!("[{label}]({inside})"));
                        }
                        Some(label) if !is_page => said.push_str(label),
                        _ => said.push_str(inside),
                    }
                }
            }
            rest = &after[end + 1..];
        }
        said.push_str(rest);
        let said = said
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        (emoji::in_text(&said), mentions)
    }
}

/// What a bot's message shows that has no text.
fn previews(post: &Post) -> String {
    let previews = post.attachments.as_deref().unwrap_or_default();
    let lines = previews.iter().flat_map(|one| {
        let shown = [&one.pretext, &one.title, &one.text];
        let shown: Vec<_> = shown
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty())
            .collect();
        match &shown[..] {
            [] => one.fallback.iter().collect(),
            _ => shown,
        }
    });
    lines.map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// An emoji to react with: the emoji itself, or its name between colons.
pub fn reacted(name: &str) -> String {
    emoji::named(name).unwrap_or_else(|| format!(":{name}:"))
}

/// The first names of people, for a group without a name.
pub fn names_of(archive: &Archive, people: &[u32]) -> String {
    let names = people
        .iter()
        .take(4)
        .map(|who| &*archive.people[*who as usize].name);
    let mut names = names.collect::<Vec<_>>().join(", ");
    if people.len() > 4 {
        names.push_str(&format!(" and {} more", people.len() - 4));
    }
    importing::named(&names).unwrap_or_else(|| "Group".into())
}

/// `1355517523.000005` in microseconds.
fn micros(ts: &str) -> Option<i64> {
    let (seconds, part) = ts.split_once('.').unwrap_or((ts, "0"));
    let part = format!("{part:0<6}");
    let seconds: i64 = seconds.parse().ok()?;
    let part: i64 = part.get(..6)?.parse().ok()?;
    // What is no time may be too large to multiply.
    (0..1 << 40)
        .contains(&seconds)
        .then(|| seconds * 1_000_000 + part)
}

fn micros_of(ts: Option<String>) -> Option<i64> {
    micros(&ts?)
}

/// Tells two texts apart (FNV-1a).
pub fn mark(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// An entry that is damaged is passed over from there on; an archive that is a bomb is refused.
fn damaged(archive: &mut Archive, name: &str, error: std::io::Error) -> anyhow::Result<()> {
    if error.kind() == std::io::ErrorKind::Other && error.to_string().contains("times its size") {
        return Err(error.into());
    }
    archive
        .left_out
        .note(name, format!("it is damaged from there on: {error}"));
    Ok(())
}

/// Does this for each element of a list.
fn each<T: for<'de> Deserialize<'de>>(
    container: &mut Container,
    archive: &mut Archive,
    name: &str,
    mut take: impl FnMut(&mut Archive, T) -> Result<(), String>,
) -> anyhow::Result<()> {
    let Some(entry) = container.read(name)? else {
        return Ok(());
    };
    let mut rows = Elements::new(entry);
    while let Some(row) = rows.next()? {
        if rows.number.is_multiple_of(1_000) {
            archive.stop.check()?;
            archive
                .progress
                .say(format!("reading: {name}, {}", rows.number));
        }
        let taken = value(row).and_then(|one| take(archive, one));
        if let Err(reason) = taken {
            archive
                .left_out
                .note(format!("{name}, element {}", rows.number), reason);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_microseconds() {
        assert_eq!(micros("1355517523.000005"), Some(1_355_517_523_000_005));
        assert_eq!(micros("1355517523"), Some(1_355_517_523_000_000));
        assert_eq!(micros("1355517523.5"), Some(1_355_517_523_500_000));
        for bad in ["", "x", "-1.0", "99999999999999.0", "1.x"] {
            assert_eq!(micros(bad), None, "{bad}");
        }
    }
}
