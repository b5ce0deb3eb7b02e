//! Reads Mattermost's bulk export: JSON lines, alone or in a ZIP, with attachments at the paths that they name or in `data`.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::archive::{Archive, Attached, Conversation, FileFrom, Member, Message, value};
use super::container::{Container, beside};
use super::emoji;
use super::json::Lines;
use super::slack::{mark, names_of, reacted, somebody};
use crate::core::importing;
use crate::core::limits;
use crate::core::model::{Kind, Time};
use crate::core::text;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Line {
    r#type: String,
    version: Option<u64>,
    team: Option<Team>,
    channel: Option<Channel>,
    user: Option<User>,
    bot: Option<User>,
    post: Option<Post>,
    direct_channel: Option<DirectChannel>,
    direct_post: Option<Post>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Team {
    name: String,
    display_name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Channel {
    team: String,
    name: String,
    display_name: Option<String>,
    r#type: Option<String>,
    header: Option<String>,
    purpose: Option<String>,
    deleted_at: Option<i64>,
    delete_at: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    profile_image: Option<String>,
    username: String,
    email: Option<String>,
    nickname: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
    delete_at: Option<i64>,
    teams: Option<Vec<UserTeam>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UserTeam {
    name: String,
    channels: Option<Vec<UserChannel>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UserChannel {
    name: String,
    roles: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DirectChannel {
    members: Option<Vec<String>>,
    participants: Option<Vec<Participant>>,
    header: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Participant {
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Post {
    team: String,
    channel: String,
    channel_members: Option<Vec<String>>,
    user: String,
    r#type: Option<String>,
    message: Option<String>,
    create_at: i64,
    edit_at: Option<i64>,
    reactions: Option<Vec<Reaction>>,
    replies: Option<Vec<Post>>,
    attachments: Option<Vec<Attachment>>,
    is_pinned: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reaction {
    user: String,
    emoji_name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Attachment {
    path: String,
}

/// The latest time that is one, in milliseconds.
const LATEST: i64 = 1 << 50;

/// The name of the JSON lines in a ZIP: those at its top, or in its one folder.
fn lines_in(container: &Container) -> Option<String> {
    let mut named: Vec<_> = container
        .names()
        .into_iter()
        .filter(|name| name.ends_with(".jsonl") && name.matches('/').count() < 2)
        .collect();
    named.sort_by_key(|name| (name.matches('/').count(), name.clone()));
    named.into_iter().next()
}

/// Is this a bulk export of Mattermost?
pub fn is_mattermost(container: &mut Container) -> bool {
    let entry = match lines_in(container) {
        Some(name) => container.read(&name).ok().flatten(),
        None => container.read_plain().ok().flatten(),
    };
    let first = entry.and_then(|entry| {
        let mut lines = Lines::new(entry);
        value::<Value>(lines.next().ok()??).ok()
    });
    first.is_some_and(|line| line["type"] == "version")
}

/// # Errors
/// If it is damaged, or of another version. `name` tells it from other servers, which the export does not.
pub fn read(container: &mut Container, archive: &mut Archive, name: &str) -> anyhow::Result<()> {
    archive.source = match name {
        "" => "mattermost".to_owned(),
        name => format!("mattermost {name}"),
    };
    let mut reader = Reader {
        entries: container.names().into_iter().collect(),
        plain: match container {
            Container::Plain(path) => Some(path.clone()),
            Container::Zip(_) => None,
        },
        teams: HashMap::new(),
        later: Vec::new(),
        files: HashMap::new(),
        seen: HashSet::new(),
        folder: String::new(),
    };
    // Twice: people may be named before their line, and posts before their channel's.
    for posts in [false, true] {
        let entry = match lines_in(container) {
            Some(name) => {
                reader.folder = match name.rsplit_once('/') {
                    Some((folder, _)) => format!("{folder}/"),
                    None => String::new(),
                };
                container.read(&name)?
            }
            None => container.read_plain()?,
        };
        let Some(entry) = entry else {
            anyhow::bail!("there are no JSON lines (.jsonl) in it");
        };
        let mut lines = Lines::new(entry);
        while let Some(row) = lines.next()? {
            archive.tell_line(None, lines.number)?;
            let place = format!("line {}", lines.number);
            match value::<Line>(row) {
                Ok(line) => reader.line(archive, line, posts, &place)?,
                Err(reason) if !posts => archive.left_out.note(place, reason),
                Err(_) => {}
            }
        }
        if !posts {
            reader.join(archive);
        }
    }
    Ok(())
}

struct Reader {
    entries: HashSet<String>,
    /// The JSON lines, if they are in no ZIP.
    plain: Option<PathBuf>,
    teams: HashMap<String, String>,
    /// Memberships: channel, person, and whether they administer it.
    later: Vec<(String, u32, bool)>,
    files: HashMap<String, u32>,
    seen: HashSet<(u32, i64, u32, u32)>,
    /// The folder of a ZIP that everything is in.
    folder: String,
}

impl Reader {
    fn line(
        &mut self,
        archive: &mut Archive,
        line: Line,
        posts: bool,
        place: &str,
    ) -> anyhow::Result<()> {
        let taken = match (&*line.r#type, posts) {
            ("version", false) => match line.version {
                Some(1) => Ok(()),
                other => anyhow::bail!("it is of version {other:?}, and version 1 is read"),
            },
            ("team", false) => self.team(line.team),
            ("channel", false) => self.channel(archive, line.channel),
            ("user", false) => self.user(archive, line.user),
            ("bot", false) => self.user(archive, line.bot),
            ("direct_channel", true) => match line.direct_channel {
                Some(channel) => {
                    let people = channel.participants.unwrap_or_default();
                    let mut names: Vec<_> = people.into_iter().map(|one| one.username).collect();
                    names.extend(channel.members.unwrap_or_default());
                    self.between(archive, names, channel.header).map(drop)
                }
                None => Err("it has no direct_channel".into()),
            },
            ("post", true) => match line.post {
                Some(post) => {
                    let key = format!("{}/{}", post.team, post.channel);
                    match archive.place(&key) {
                        Some(at) => return self.post(archive, at, post, None, place),
                        None => Err("it names a channel that is not there".into()),
                    }
                }
                None => Err("it has no post".into()),
            },
            ("direct_post", true) => match line.direct_post {
                Some(mut post) => {
                    let names = post.channel_members.take().unwrap_or_default();
                    match self.between(archive, names, None) {
                        Ok(at) => return self.post(archive, at, post, None, place),
                        Err(reason) => Err(reason),
                    }
                }
                None => Err("it has no direct_post".into()),
            },
            ("", false) => Err("it has no type".into()),
            // Emoji, roles and the like have no place here.
            _ => Ok(()),
        };
        if let Err(reason) = taken {
            archive.left_out.note(place, reason);
        }
        Ok(())
    }

    fn team(&mut self, team: Option<Team>) -> Result<(), String> {
        let team = team.ok_or("it has no team")?;
        let shown = team.display_name.as_deref().and_then(importing::named);
        let shown = shown.unwrap_or_else(|| team.name.clone());
        self.teams.insert(team.name, shown);
        Ok(())
    }

    fn channel(&mut self, archive: &mut Archive, channel: Option<Channel>) -> Result<(), String> {
        let channel = channel.ok_or("it has no channel")?;
        let shown = channel.display_name.as_deref().and_then(importing::named);
        let shown = shown
            .or_else(|| importing::named(&channel.name))
            .ok_or("it has no name")?;
        let told = [channel.purpose, channel.header];
        let told = told
            .into_iter()
            .flatten()
            .find(|text| !text.trim().is_empty());
        let deleted = channel.deleted_at.or(channel.delete_at).unwrap_or_default();
        let new = Conversation {
            key: format!("{}/{}", channel.team, channel.name),
            kind: match channel.r#type.as_deref() {
                Some("P") => Kind::Group,
                _ => Kind::Room,
            },
            name: shown,
            description: text::cut(&told.unwrap_or_default(), limits::DESCRIPTION_CHARS),
            creator: None,
            pair: None,
            session: None,
            picture: None,
            created_at: Time(0),
            archived_at: (deleted > 0).then_some(Time(deleted.min(LATEST))),
            keep: (None, None),
            slow_mode: 0,
            members: Vec::new(),
            numbers: Vec::new(),
        };
        archive.add_place(new).ok_or("it is there twice")?;
        Ok(())
    }

    fn user(&mut self, archive: &mut Archive, user: Option<User>) -> Result<(), String> {
        let user = user.ok_or("it has no user")?;
        if user.username.is_empty() {
            return Err("it has no username".into());
        }
        let both = [user.first_name, user.last_name];
        let both: Vec<_> = both
            .into_iter()
            .flatten()
            .filter(|name| !name.is_empty())
            .collect();
        let both = both.join(" ");
        let names = [
            user.nickname.as_deref(),
            user.display_name.as_deref(),
            Some(&both),
            Some(&user.username),
        ];
        let new = somebody(
            &user.username,
            names.into_iter().flatten(),
            Some(&user.username),
            user.email.as_deref(),
            user.delete_at.is_some_and(|at| at > 0),
        );
        let who = archive.add_person(new).ok_or("it is there twice")?;
        for team in user.teams.unwrap_or_default() {
            for channel in team.channels.unwrap_or_default() {
                let owns = channel
                    .roles
                    .is_some_and(|roles| roles.contains("channel_admin"));
                self.later
                    .push((format!("{}/{}", team.name, channel.name), who, owns));
            }
        }
        if let Some(path) = user.profile_image.filter(|path| !path.is_empty())
            && let Some(entry) = self.entry(&path)
        {
            archive.files.push(FileFrom {
                key: format!("picture of {}", user.username),
                original: "picture".into(),
                entry,
                uploader: who,
                conversation: None,
                public: true,
                created_at: Time::now(),
                hash: None,
                spelled: Vec::new(),
                picture_of: Some(who),
            });
        }
        Ok(())
    }

    /// All people and channels are known.
    fn join(&mut self, archive: &mut Archive) {
        if self.teams.len() > 1 {
            for place in &mut archive.places {
                let team = place.key.split('/').next().unwrap_or_default();
                if let Some(team) = self.teams.get(team) {
                    let whole = format!("{team}: {}", place.name);
                    place.name = importing::named(&whole).unwrap_or(whole);
                }
            }
        }
        for (channel, who, owns) in self.later.drain(..) {
            match archive.place(&channel) {
                Some(place) => {
                    let place = &mut archive.places[place as usize];
                    place.members.push(Member {
                        who,
                        joined_at: place.created_at,
                        read_upto: None,
                        owner_since: owns.then_some(place.created_at),
                        level: None,
                        muted_until: None,
                    });
                    if owns {
                        place.creator = place.creator.or(Some(who));
                    }
                }
                None => archive
                    .left_out
                    .note(channel, "somebody belongs to a channel that is not there"),
            }
        }
    }

    /// The conversation of these people.
    fn between(
        &mut self,
        archive: &mut Archive,
        mut names: Vec<String>,
        header: Option<String>,
    ) -> Result<u32, String> {
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return Err("it names no members".into());
        }
        let key = format!("direct {}", names.join(","));
        if let Some(known) = archive.place(&key) {
            return Ok(known);
        }
        let people: Vec<_> = names.iter().map(|name| self.who(archive, name)).collect();
        let pair = match people[..] {
            [one, other] => Some((one, other)),
            _ => None,
        };
        let new = Conversation {
            key,
            kind: if pair.is_some() {
                Kind::Direct
            } else {
                Kind::Group
            },
            name: match pair {
                Some(_) => String::new(),
                None => names_of(archive, &people),
            },
            description: text::cut(&header.unwrap_or_default(), limits::DESCRIPTION_CHARS),
            creator: people.first().copied(),
            pair,
            session: None,
            picture: None,
            created_at: Time(0),
            archived_at: None,
            keep: (None, None),
            slow_mode: 0,
            members: people
                .iter()
                .map(|who| Member {
                    who: *who,
                    joined_at: Time(0),
                    read_upto: None,
                    owner_since: None,
                    level: None,
                    muted_until: None,
                })
                .collect(),
            numbers: Vec::new(),
        };
        archive
            .add_place(new)
            .ok_or_else(|| "it is there twice".into())
    }

    /// Somebody by their username; whoever has no line gets an account that nobody can log in to.
    fn who(&self, archive: &mut Archive, name: &str) -> u32 {
        if let Some(known) = archive.person(name) {
            return known;
        }
        let new = somebody(name, std::iter::once(name), Some(name), None, false);
        // There is none with this key.
        archive.add_person(new).unwrap_or_default()
    }

    fn post(
        &mut self,
        archive: &mut Archive,
        place: u32,
        post: Post,
        thread: Option<&str>,
        at: &str,
    ) -> anyhow::Result<()> {
        if post
            .r#type
            .as_deref()
            .is_some_and(|kind| kind.starts_with("system_"))
        {
            archive.system += 1;
            return Ok(());
        }
        let wrong = if post.user.is_empty() {
            Some("it has no user")
        } else if !(1..LATEST).contains(&post.create_at) {
            Some("its create_at is none")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            archive.left_out.note(at, wrong);
            return Ok(());
        }
        let author = self.who(archive, &post.user);
        let words = post.message.unwrap_or_default();
        let key = format!(
            "{}:{}:{}:{:08x}",
            archive.places[place as usize].key,
            post.create_at,
            post.user,
            mark(words.as_bytes())
        );
        let replies = post.replies.unwrap_or_default();
        let mut attachments = Vec::new();
        for attachment in post.attachments.unwrap_or_default() {
            let made = (place, author, post.create_at);
            match self.attached(archive, made, &attachment.path) {
                Some(one) => attachments.push(one),
                None => archive
                    .left_out
                    .note(at, format!("its file is not there: {}", attachment.path)),
            }
        }
        let is_new = self
            .seen
            .insert((place, post.create_at, author, mark(words.as_bytes())));
        if !is_new {
            archive.left_out.note(at, "it is there twice");
        } else if text::is_blank(&words) && attachments.is_empty() {
            archive.left_out.note(at, "it says nothing");
        } else {
            let mut reactions: Vec<(String, Vec<u32>)> = Vec::new();
            for one in post.reactions.unwrap_or_default() {
                let emoji = reacted(&one.emoji_name);
                let who = self.who(archive, &one.user);
                match reactions.iter_mut().find(|(known, _)| *known == emoji) {
                    Some((_, people)) => people.push(who),
                    None => reactions.push((emoji, vec![who])),
                }
            }
            let pin = post.is_pinned == Some(true);
            let message = Message {
                key: key.clone(),
                place,
                author,
                at: post.create_at,
                mentions: mentioned(archive, &words, author),
                text: emoji::in_text(&words),
                content_type: None,
                attachments,
                client_id: None,
                reply_to: thread.map(str::to_owned),
                reactions,
                pin: pin.then_some((post.create_at, author)),
                edited_at: post.edit_at.filter(|edited| (1..LATEST).contains(edited)),
            };
            archive.say(post.create_at, None, message)?;
        }
        // Replies have none.
        if thread.is_none() {
            for reply in replies {
                self.post(archive, place, reply, Some(&key), at)?;
            }
        }
        Ok(())
    }

    /// An attachment, if its file is there.
    fn attached(
        &mut self,
        archive: &mut Archive,
        (place, author, at): (u32, u32, i64),
        path: &str,
    ) -> Option<Attached> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let filename = importing::named(name).unwrap_or_else(|| "file".into());
        let file = match self.files.get(path) {
            Some(known) => *known,
            None => {
                let entry = self.entry(path)?;
                let new = archive.files.len() as u32;
                let (key, original) = (path.to_owned(), filename.clone());
                let shared = FileFrom::shared(key, entry, original, author, place, at);
                archive.files.push(shared);
                self.files.insert(path.to_owned(), new);
                new
            }
        };
        Some(Attached {
            filename,
            media_type: None,
            url: None,
            size: 0,
            file: Some(file),
        })
    }

    /// The name of the entry for a path.
    fn entry(&self, path: &str) -> Option<String> {
        let tried = [
            path.to_owned(),
            format!("data/{path}"),
            format!("{}{path}", self.folder),
            format!("{}data/{path}", self.folder),
        ];
        tried.into_iter().find(|name| match &self.plain {
            Some(plain) => beside(plain, name).is_some(),
            None => self.entries.contains(name),
        })
    }
}

/// Whom a text mentions by their usernames.
fn mentioned(archive: &Archive, words: &str, author: u32) -> Vec<u32> {
    let mut mentions = Vec::new();
    for part in words.split('@').skip(1).take(limits::MENTIONS) {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let end = part.find(|c| !is_of_name(c)).unwrap_or(part.len());
        let name = part[..end].to_ascii_lowercase();
        let known = archive
            .person(&name)
            .or_else(|| archive.person(name.trim_end_matches(['.', '-', '_'])));
        mentions.extend(known.filter(|who| *who != author && !mentions.contains(who)));
    }
    mentions
}
