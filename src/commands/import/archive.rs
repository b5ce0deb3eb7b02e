//! What was read from an export of any kind: people, conversations with their members, and files in memory; messages in a
//! file without a name that is gone with the process, sorted by when they were said.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::json::Row;
use crate::commands::progress::Progress;
use crate::commands::stop::Stop;
use crate::core::importing::Newcomer;
use crate::core::limits;
use crate::core::model::{Kind, Level, Notice, RestraintKind, Session, Time, Until};
use crate::core::unwanted::{Consequence, Sort};

/// Reasons of which examples are kept.
const EXAMPLES: usize = 20;
/// A text that is longer than so many messages is cut.
const PARTS: usize = 100;
/// How a cut text ends.
const CUT: &str = " […]";

/// Everything of an export, without the messages' texts.
pub struct Archive {
    /// chat, slack or mattermost, and which server or workspace.
    pub source: String,
    pub people: Vec<Newcomer>,
    pub sessions: Vec<(String, SessionOf)>,
    pub places: Vec<Conversation>,
    pub files: Vec<FileFrom>,
    pub notices: Vec<(String, u32, Notice)>,
    pub restraints: Vec<Restraint>,
    pub blocks: Vec<Block>,
    pub unwanted: Vec<Unwanted>,
    pub said: Spool,
    pub left_out: LeftOut,
    /// Joins, topics and the like: such messages are not made here.
    pub system: u64,
    pub stop: Stop,
    pub progress: Arc<Progress>,
    limit: usize,
    people_by_key: HashMap<String, u32>,
    places_by_key: HashMap<String, u32>,
    /// When the first message of each conversation was said.
    began: HashMap<u32, i64>,
}

/// A mentoring session between people of the archive.
pub struct SessionOf {
    pub session: Session,
    pub mentor: u32,
    pub mentee: u32,
}

/// A conversation of the archive; people are named by their place in it.
pub struct Conversation {
    pub key: String,
    pub kind: Kind,
    pub name: String,
    pub description: String,
    pub creator: Option<u32>,
    pub pair: Option<(u32, u32)>,
    pub session: Option<String>,
    pub picture: Option<u32>,
    /// 0: when the first message was said.
    pub created_at: Time,
    pub archived_at: Option<Time>,
    /// How long messages and files are kept, in milliseconds.
    pub keep: (Option<i64>, Option<i64>),
    /// Seconds between two messages of one account.
    pub slow_mode: u32,
    pub members: Vec<Member>,
    /// The numbers that its messages had, in order, if members have read up to one.
    pub numbers: Vec<i64>,
}

pub struct Member {
    pub who: u32,
    pub joined_at: Time,
    /// The number of the last message that they have read; `None`: all.
    pub read_upto: Option<i64>,
    pub owner_since: Option<Time>,
    pub level: Option<Level>,
    pub muted_until: Option<Time>,
}

/// A ban or a silence.
#[derive(Clone)]
pub struct Restraint {
    pub key: String,
    pub place: u32,
    pub who: u32,
    pub kind: RestraintKind,
    pub until: Until,
    pub by: u32,
    pub at: Time,
}

/// Whom somebody has blocked.
#[derive(Clone)]
pub struct Block {
    pub key: String,
    pub who: u32,
    pub blocked: u32,
    pub at: Time,
}

/// A word or a pattern that the administrators do not want.
#[derive(Clone)]
pub struct Unwanted {
    pub key: String,
    pub text: String,
    pub sort: Sort,
    pub consequence: Consequence,
    pub by: Option<u32>,
    pub at: Time,
}

/// A file, and where its bytes are.
pub struct FileFrom {
    pub key: String,
    pub entry: String,
    pub original: String,
    pub uploader: u32,
    pub conversation: Option<u32>,
    pub public: bool,
    pub created_at: Time,
    /// SHA-256 in hex, if the export says it.
    pub hash: Option<String>,
    /// Spellings of its id in texts and URLs.
    pub spelled: Vec<String>,
    pub picture_of: Option<u32>,
}

impl FileFrom {
    /// One that somebody has shared in a place, of which no more is said.
    pub fn shared(
        key: String,
        entry: String,
        original: String,
        by: u32,
        place: u32,
        at: i64,
    ) -> Self {
        Self {
            key,
            entry,
            original,
            uploader: by,
            conversation: Some(place),
            public: false,
            created_at: Time(at),
            hash: None,
            spelled: Vec::new(),
            picture_of: None,
        }
    }
}

/// A message of the archive, as it waits in the spool.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Message {
    pub key: String,
    pub place: u32,
    pub author: u32,
    /// Milliseconds since 1970.
    pub at: i64,
    pub text: String,
    pub content_type: Option<String>,
    pub attachments: Vec<Attached>,
    pub client_id: Option<String>,
    pub reply_to: Option<String>,
    pub mentions: Vec<u32>,
    pub reactions: Vec<(String, Vec<u32>)>,
    pub pin: Option<(i64, u32)>,
    pub edited_at: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attached {
    pub filename: String,
    pub media_type: Option<String>,
    /// `None`: a file of the archive.
    pub url: Option<String>,
    pub size: i64,
    pub file: Option<u32>,
}

/// What could not be taken over, and why.
#[derive(Default)]
pub struct LeftOut {
    pub reasons: BTreeMap<String, u64>,
    pub examples: Vec<(String, String)>,
}

impl LeftOut {
    pub fn note(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        let reason = reason.into();
        if self.examples.len() < EXAMPLES {
            self.examples.push((place.into(), reason.clone()));
        }
        *self.reasons.entry(reason).or_default() += 1;
    }

    pub fn count(&self) -> u64 {
        self.reasons.values().sum()
    }
}

/// Messages on the disk, and in memory only where each is.
pub struct Spool {
    file: BufWriter<File>,
    end: u64,
    index: Vec<Entry>,
}

/// 24 bytes for each message.
struct Entry {
    /// What they are sorted by.
    order: i64,
    at: u64,
    len: u32,
}

impl Spool {
    fn new(folder: &Path) -> anyhow::Result<Self> {
        let file = tempfile::tempfile_in(folder)
            .with_context(|| format!("{} cannot be written", folder.display()))?;
        Ok(Self {
            file: BufWriter::with_capacity(256 << 10, file),
            end: 0,
            index: Vec::new(),
        })
    }

    fn push(&mut self, order: i64, message: &Message) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec(message)?;
        self.file.write_all(&bytes)?;
        self.index.push(Entry {
            order,
            at: self.end,
            len: u32::try_from(bytes.len())?,
        });
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn sort(&mut self) -> anyhow::Result<()> {
        self.file.flush()?;
        self.index.sort_by_key(|entry| (entry.order, entry.at));
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }

    pub fn read(&self, at: usize) -> anyhow::Result<Message> {
        let entry = &self.index[at];
        let mut bytes = vec![0; entry.len as usize];
        self.file.get_ref().read_exact_at(&mut bytes, entry.at)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

impl Archive {
    /// Says now and then how far reading is: in this line of an entry, if there are several.
    ///
    /// # Errors
    /// If it is to stop.
    pub fn tell_line(&self, entry: Option<&str>, line: u64) -> anyhow::Result<()> {
        if line.is_multiple_of(1_000) {
            self.stop.check()?;
            let of = entry.map_or(String::new(), |entry| format!("{entry}, "));
            self.progress.say(format!("reading: {of}line {line}"));
        }
        Ok(())
    }

    /// An empty one. `limit` is how many characters a message may have.
    pub fn new(
        folder: &Path,
        limit: usize,
        stop: Stop,
        progress: Arc<Progress>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            source: String::new(),
            people: Vec::new(),
            sessions: Vec::new(),
            places: Vec::new(),
            files: Vec::new(),
            notices: Vec::new(),
            restraints: Vec::new(),
            blocks: Vec::new(),
            unwanted: Vec::new(),
            said: Spool::new(folder)?,
            left_out: LeftOut::default(),
            system: 0,
            stop,
            progress,
            limit,
            people_by_key: HashMap::new(),
            places_by_key: HashMap::new(),
            began: HashMap::new(),
        })
    }

    /// Everything was read.
    pub fn seal(&mut self) -> anyhow::Result<()> {
        self.bound_members();
        let now = Time::now();
        for (at, place) in self.places.iter_mut().enumerate() {
            if place.created_at.0 > 0 {
                continue;
            }
            let first = self.began.get(&(at as u32)).map_or(now, |at| Time(*at));
            place.created_at = first;
            for member in &mut place.members {
                member.joined_at = first;
                member.owner_since = member.owner_since.map(|_| first);
            }
        }
        self.said.sort()
    }

    /// `None` if somebody has this key already.
    pub fn add_person(&mut self, new: Newcomer) -> Option<u32> {
        let at = self.people.len() as u32;
        if self.people_by_key.contains_key(&new.key) {
            return None;
        }
        self.people_by_key.insert(new.key.clone(), at);
        self.people.push(new);
        Some(at)
    }

    pub fn person(&self, key: &str) -> Option<u32> {
        self.people_by_key.get(key).copied()
    }

    /// `None` if a conversation has this key already.
    pub fn add_place(&mut self, new: Conversation) -> Option<u32> {
        let at = self.places.len() as u32;
        if self.places_by_key.contains_key(&new.key) {
            return None;
        }
        self.places_by_key.insert(new.key.clone(), at);
        self.places.push(new);
        Some(at)
    }

    pub fn place(&self, key: &str) -> Option<u32> {
        self.places_by_key.get(key).copied()
    }

    /// A group has only so many members: the rest is left out.
    fn bound_members(&mut self) {
        for place in &mut self.places {
            let most = match place.kind {
                Kind::Group => limits::GROUP_MEMBERS,
                _ => usize::MAX,
            };
            for _ in most..place.members.len() {
                let reason = format!("a group has at most {most} members");
                self.left_out.note(place.name.clone(), reason);
            }
            place.members.truncate(most);
        }
    }

    /// Keeps a message: several, if its text is too long for one, or too much is attached.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn say(&mut self, order: i64, number: Option<i64>, message: Message) -> anyhow::Result<()> {
        if self.said.len().is_multiple_of(1_000) {
            self.stop.check()?;
            self.progress
                .say(format!("reading: {} messages", self.said.len()));
        }
        let fits = message.attachments.len() <= limits::ATTACHMENTS
            && (message.text.len() <= self.limit || message.text.chars().count() <= self.limit);
        let began = self.began.entry(message.place).or_insert(message.at);
        *began = message.at.min(*began);
        let numbers = &mut self.places[message.place as usize].numbers;
        if fits {
            numbers.extend(number);
            return self.said.push(order, &message);
        }
        let texts = parts(&message.text, self.limit);
        let mut attached = message.attachments.chunks(limits::ATTACHMENTS);
        let count = texts.len().max(attached.len());
        let mut texts = texts.into_iter();
        for nth in 0..count {
            let (text, attachments) = (texts.next().unwrap_or_default(), attached.next());
            let part = Message {
                key: format!("{}#{nth}", message.key),
                text,
                attachments: attachments.map(<[Attached]>::to_vec).unwrap_or_default(),
                content_type: message.content_type.clone(),
                edited_at: message.edited_at,
                ..Message::default()
            };
            let part = Message {
                place: message.place,
                author: message.author,
                at: message.at,
                ..part
            };
            let part = match nth {
                // Replies to it look for its own key.
                0 => Message {
                    key: message.key.clone(),
                    client_id: message.client_id.clone(),
                    reply_to: message.reply_to.clone(),
                    mentions: message.mentions.clone(),
                    reactions: message.reactions.clone(),
                    pin: message.pin,
                    ..part
                },
                _ => part,
            };
            numbers.extend(number);
            self.said.push(order, &part)?;
        }
        Ok(())
    }
}

/// A text in parts of at most so many characters, which end at a line or a word where there is one.
fn parts(text: &str, most: usize) -> Vec<String> {
    let (mut rest, mut all) = (text, Vec::new());
    while rest.chars().nth(most).is_some() {
        let hard = rest
            .char_indices()
            .nth(most)
            .map_or(rest.len(), |(at, _)| at);
        if all.len() == PARTS - 1 {
            let room = most.saturating_sub(CUT.chars().count());
            let cut: String = rest.chars().take(room).collect();
            all.push(format!("{cut}{CUT}"));
            return all;
        }
        let soft = ['\n', ' ']
            .iter()
            .find_map(|end| rest[..hard].rfind(*end).filter(|at| *at > hard / 2));
        let (part, after) = rest.split_at(soft.unwrap_or(hard));
        all.push(part.to_owned());
        rest = match soft {
            Some(_) => &after[1..],
            None => after,
        };
    }
    all.push(rest.to_owned());
    all
}

/// Reads a row of JSON. Bytes that are no UTF-8 are replaced by a sign.
///
/// # Errors
/// What is wrong with it, for [`LeftOut`].
pub fn value<T: for<'de> Deserialize<'de>>(row: Row) -> Result<T, String> {
    let Row::Whole(bytes) = row else {
        return Err("it is longer than 16 MiB".into());
    };
    let text = String::from_utf8_lossy(&bytes);
    serde_json::from_str(&text).map_err(|error| {
        let error = error.to_string();
        // The place within the row says nothing to a person who has a file.
        let what = error.split(" at line ").next().unwrap_or_default();
        format!("it is not as documented: {what}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_split_at_words_and_loses_nothing_but_the_blank() {
        assert_eq!(parts("one two three", 9), ["one two", "three"]);
        assert_eq!(parts("one\ntwo three", 9), ["one\ntwo", "three"]);
        assert_eq!(parts("äöüäöü", 4), ["äöüä", "öü"]);
        assert_eq!(parts("", 4), [""]);
        let endless = parts(&"x".repeat(10 * PARTS + 10), 10);
        assert_eq!(endless.len(), PARTS);
        assert!(endless[PARTS - 1].ends_with(CUT));
    }
}
