//! The nouns of chat on one page, and what verbs announce about them.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::hash_text;
pub use super::id::{
    AccountId, AccountKind, ConversationId, ConversationKind, DeviceId, DeviceKind, FileId,
    FileKind, Id, InvitationId, MailId, MessageId, MessageKind, NoticeId, NoticeKind, ReportId,
    StopId, UnwantedId,
};
pub use super::sid::Sid;
pub use super::time::Time;

/// The person acting: who they are, and the device whose token they hold.
#[derive(Debug, Clone)]
pub struct Me {
    pub id: AccountId,
    pub device: DeviceId,
    pub name: Arc<str>,
    /// The dialect in which the account signed up.
    pub home: Arc<str>,
    pub admin: bool,
}

/// An account, as its owner and administrators see it. What its dialect did not ask for is `None`.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: AccountId,
    /// The dialect in which it signed up.
    pub home: String,
    pub name: String,
    pub username: Option<String>,
    pub email: Option<String>,
    /// When the owner proved the address; before that anybody may have signed up with it.
    pub proven_at: Option<Time>,
    pub gender: Option<String>,
    /// `YYYY-MM-DD`
    pub born_on: Option<String>,
    pub role: Option<String>,
    pub picture: Option<Picture>,
    /// The bcrypt cost of the password; `None` if there is none.
    pub password_cost: Option<u32>,
    pub admin: bool,
    pub suspended_at: Option<Time>,
    pub created_at: Time,
    /// When a device of it was last used, to the minute.
    pub seen_at: Option<Time>,
    /// Nobody is told whether this person is there.
    pub hides_presence: bool,
}

impl Account {
    /// Is the account's address unproven? Then anybody may have signed up with it.
    pub fn is_unproven(&self) -> bool {
        self.email.is_some() && self.proven_at.is_none()
    }
}

/// An entry of the audit log.
#[derive(Debug)]
pub struct Audited {
    pub id: i64,
    pub at: Time,
    /// `None`: the command line.
    pub actor: Option<(AccountId, String)>,
    pub action: String,
    pub subject: String,
    pub detail: String,
}

/// A profile picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Picture {
    Kept(FileId),
    Elsewhere(String),
}

/// A person, as others may see them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    pub id: AccountId,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    pub created_at: Time,
}

/// A mentoring session, recorded by another application.
#[derive(Debug, Clone)]
pub struct Session {
    /// The other application's id of it, a UUID.
    pub uuid: String,
    pub mentor: AccountId,
    pub mentee: AccountId,
    pub start_at: Time,
    pub status: String,
}

/// An attachment of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub filename: String,
    pub media_type: String,
    pub url: String,
    pub size: i64,
    /// The file of this server that the URL names; set only while the message is posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Named>,
}

/// A conversation as one of its members sees it in a list.
#[derive(Debug, Clone)]
pub struct Overview {
    pub conversation: Conversation,
    pub people: Vec<Person>,
    pub session: Option<Session>,
    pub last: Option<Message>,
    pub unread: i64,
    /// Unread messages that mention the member, counted up to [`limits::MENTIONS_COUNTED`](super::limits::MENTIONS_COUNTED).
    pub unread_mentions: i64,
    /// This person's; the defaults for who is no member.
    pub settings: Settings,
    /// Until when this person may not speak there.
    pub silenced: Option<Until>,
    /// When the last message was said, or when it was made.
    pub updated_at: Time,
}

/// Lets people make themselves an account.
#[derive(Debug)]
pub struct Invitation {
    pub id: InvitationId,
    /// Who made it; `None`: the command line.
    pub by: Option<AccountId>,
    /// How many accounts may be made with it, and how many were.
    pub uses: u32,
    pub used: u32,
    pub created_at: Time,
    pub expires_at: Time,
    /// Where it makes people members, with the names.
    pub conversations: Vec<(ConversationId, String)>,
}

/// A mail in the outbox.
#[derive(Debug, Clone)]
pub struct Mail {
    pub id: MailId,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub tries: i64,
    pub error: Option<String>,
    pub created_at: Time,
    /// When it is to be sent or retried.
    pub due_at: Time,
    pub sent_at: Option<Time>,
    /// When a mail server refused it for good; it is not retried.
    pub refused_at: Option<Time>,
    pub kind: MailKind,
    /// The reader of a digest; `None` for other mail.
    pub reader: Option<AccountId>,
}

/// The kinds of mail; the first goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// A code or a link, for which somebody waits.
    Code,
    /// A digest of unread messages.
    Digest,
}

impl MailKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Digest => "digest",
        }
    }
}

/// A login that has not ended.
#[derive(Debug, Clone)]
pub struct Device {
    pub id: DeviceId,
    pub sid: Sid,
    pub account: AccountId,
    pub user_agent: String,
    pub address: String,
    pub created_at: Time,
    pub seen_at: Time,
    pub expires_at: Time,
}

/// The four kinds of conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Two people.
    Direct,
    /// Named and closed.
    Group,
    /// Named and open to every account.
    Room,
    /// A mentor and a mentee, tied to a session.
    Session,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Room => "room",
            Self::Session => "session",
        }
    }
}

/// A conversation, as far as permissions and delivery need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub id: ConversationId,
    pub kind: Kind,
    /// The two people of a direct or session conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<(AccountId, AccountId)>,
}

impl Place {
    /// The other of two people; `None` in groups and rooms.
    pub fn other(&self, one: AccountId) -> Option<AccountId> {
        self.pair
            .map(|(low, high)| if low == one { high } else { low })
    }
}

/// What somebody is in a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    pub member: bool,
    /// One of the owners of a group or a room, and so a member.
    pub owner: bool,
    /// The conversation is archived: nobody may speak there.
    pub archived: bool,
    /// They may not come in. Whoever is banned is no member.
    pub banned: Option<Until>,
    /// They may not speak.
    pub silenced: Option<Until>,
    /// Seconds between two messages of one account; 0: any number at once.
    pub slow_mode: u32,
}

impl Standing {
    pub fn is_restrained(&self) -> bool {
        self.banned.is_some() || self.silenced.is_some()
    }

    /// As if they were neither banned nor silenced.
    pub fn without_restraints(self) -> Self {
        Self {
            banned: None,
            silenced: None,
            ..self
        }
    }
}

/// What owners impose on people in their conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestraintKind {
    /// They may not come in.
    Ban,
    /// They may not speak, but hear and read.
    Silence,
}

impl RestraintKind {
    pub const EACH: [Self; 2] = [Self::Ban, Self::Silence];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Silence => "silence",
        }
    }
}

/// When something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Until {
    At(Time),
    /// When somebody lifts it.
    Lifted,
}

impl Until {
    /// `None`: when somebody lifts it.
    pub fn time(self) -> Option<Time> {
        match self {
            Self::At(time) => Some(time),
            Self::Lifted => None,
        }
    }
}

/// A ban or a silence, in a group or a room.
#[derive(Debug, Clone)]
pub struct Restraint {
    pub kind: RestraintKind,
    pub conversation: ConversationId,
    /// Whom it concerns, and who imposed it.
    pub account: Author,
    pub by: Author,
    pub at: Time,
    pub until: Until,
}

/// What a member wants to be told of while they are away. It rules mail, never what their sockets hear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    #[default]
    All,
    /// Messages that mention them.
    Mentions,
    None,
}

impl Level {
    pub const EACH: [Self; 3] = [Self::All, Self::Mentions, Self::None];

    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::None => "none",
        }
    }
}

/// A member's own settings of a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub level: Level,
    /// Until then they are told of nothing; `None`, or a time that is over: it is not muted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Time>,
}

impl Settings {
    /// May a message be told of now, which mentions them or does not?
    pub fn let_through(&self, mentioned: bool, now: Time) -> bool {
        let muted = self.muted_until.is_some_and(|until| until > now);
        !muted
            && match self.level {
                Level::All => true,
                Level::Mentions => mentioned,
                Level::None => false,
            }
    }
}

/// How long messages and files of a conversation are kept, in milliseconds; 0 is for ever, `None` what the server says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<i64>,
}

/// A conversation in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub place: Place,
    pub name: String,
    pub description: String,
    /// Who made it. If they leave a group, the first of its owners stands here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<AccountId>,
    pub created_at: Time,
    /// The owners of a group or a room, who has been one longest first.
    pub owners: Vec<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<FileId>,
    /// Since then it is read, and nobody speaks there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Time>,
    /// Seconds between two messages of one account; 0: any number at once.
    pub slow_mode: u32,
    pub kept: Kept,
}

/// Somebody's name beside their id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Author {
    pub id: AccountId,
    pub name: Arc<str>,
}

/// One message. `id` grows in commit order over all conversations, `seq` counts 1, 2, 3 … within its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    /// The dialect that it was posted in; empty if the message was read from the database, or posted at another server.
    #[serde(skip)]
    pub dialect: &'static str,
    pub id: MessageId,
    pub place: Place,
    pub seq: i64,
    pub author: Author,
    pub text: String,
    /// `text`, unless its author said otherwise.
    pub content_type: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub sent_at: Time,
    /// When somebody other than the author first marked it as read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Time>,
    /// The message that it answers, which may be deleted since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Members whom it mentions, other than its author.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<AccountId>,
    /// The position of its latest change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Position>,
    /// When its author last changed the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Time>,
    /// In order of first use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Pin>,
}

/// An emoji with which people react to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub emoji: String,
    /// How many people do.
    pub count: i64,
    /// The first of them.
    pub first: Vec<AccountId>,
}

/// Since when a message is pinned, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    pub at: Time,
    pub by: AccountId,
}

/// A stored file, without its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct File {
    pub id: FileId,
    /// Safe characters only.
    pub name: String,
    /// As the uploader called it.
    pub original: String,
    /// Media type, decided by content.
    pub media_type: String,
    pub size: u64,
    /// SHA-256 in hex.
    pub hash: String,
    pub uploader: AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    pub public: bool,
    pub created_at: Time,
    /// The position at which it was shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// A file, and how it was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub id: FileId,
    /// By one of its long ids, which nobody can guess?
    pub sealed: bool,
}

/// A position in the one log. A message's id is the position at which it was said; shared files and changes have positions
/// of their own.
pub type Position = MessageId;

/// A deleted message, and the position of its deletion.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deletion {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub at: Time,
    pub position: Position,
}

/// A system notification.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notice {
    pub id: NoticeId,
    pub account: AccountId,
    pub title: String,
    pub text: String,
    pub kind: String,
    pub created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Time>,
}

/// Somebody whom one has blocked, and since when.
#[derive(Debug)]
pub struct Blocked {
    pub person: Person,
    pub at: Time,
}

/// A message that was reported.
#[derive(Debug)]
pub struct Report {
    pub id: ReportId,
    pub at: Time,
    /// `None`: the server, because of an unwanted word.
    pub reporter: Option<AccountId>,
    pub message: MessageId,
    pub conversation: ConversationId,
    pub author: AccountId,
    /// As it was when it was reported.
    pub text: String,
    /// The names of its attachments then.
    pub attachments: Vec<String>,
    /// The reporter's, or the unwanted word.
    pub reason: String,
    pub closed: Option<Closed>,
    /// The message's text now; `None` if it is deleted.
    pub text_now: Option<String>,
}

/// How a report ended.
#[derive(Debug)]
pub struct Closed {
    pub at: Time,
    /// `None`: the command line.
    pub by: Option<AccountId>,
    pub note: String,
}

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    pub account: AccountId,
    pub online: bool,
    /// When they were last there: now, if they are. `None` if they never were, or do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Time>,
}

/// A running server: random, so that one that starts again is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServerId(pub(in crate::core) i64);

impl Default for ServerId {
    fn default() -> Self {
        Self(i64::from_ne_bytes(super::random()) >> 11)
    }
}

/// Sixteen hex digits.
impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for ServerId {
    type Err = ParseIntError;

    fn from_str(hex: &str) -> std::result::Result<Self, ParseIntError> {
        u64::from_str_radix(hex, 16).map(|id| Self(id.cast_signed()))
    }
}

/// A server as an administrator sees it.
#[derive(Debug, Clone)]
pub struct ServerSeen {
    pub id: ServerId,
    /// It is the one that is asked.
    pub is_this: bool,
    /// Where it listens.
    pub name: String,
    pub sockets: i64,
    /// Accounts that have a socket there.
    pub people: i64,
    /// When it last said that it lives.
    pub seen_at: Time,
}

/// An open socket as an administrator sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SocketSeen {
    /// At its server.
    pub number: u64,
    pub account: AccountId,
    pub name: Arc<str>,
    pub namespace: Cow<'static, str>,
    pub transport: Cow<'static, str>,
    /// The dialects in which it has joined a conversation.
    pub dialects: Vec<Cow<'static, str>>,
    pub rooms: usize,
    pub address: IpAddr,
    pub user_agent: String,
    pub since: Time,
}

/// What a server asks the others on its database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Question {
    /// The first of the sockets that have `q` in a name or an address.
    Sockets { q: Option<String>, most: usize },
    /// To close a socket of that server.
    EndSocket { server: ServerId, number: u64 },
}

/// What another server says to that.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    Sockets(Listed<SocketSeen>),
    /// `false`: it has none of that number.
    SocketEnded(bool),
}

/// What one server says of one account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    /// How many sockets the account has open there.
    pub sockets: usize,
    /// Does it count as being there? Also some seconds after the last socket has gone.
    pub online: bool,
}

impl Attendance {
    pub(in crate::core) fn is_over(self) -> bool {
        self == Self::default()
    }
}

/// How far somebody has read now, as `messages_read` tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Receipt {
    pub reader: AccountId,
    /// Messages of others that became read.
    pub count: i64,
    pub at: Time,
    /// Messages of others that are still unread.
    pub left: i64,
    /// This message and everything before it is read.
    pub upto: MessageId,
    pub upto_sent_at: Time,
}

/// How far a member has read: up to this message.
#[derive(Debug, Clone)]
pub struct Reading {
    pub reader: AccountId,
    pub upto: MessageId,
    pub upto_sent_at: Time,
}

/// A subscriber: a number that realtime gave to a socket in a dialect. Core only carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SubscriberId(pub u64);

impl SubscriberId {
    /// Subscribers of other servers have numbers that none of this one has.
    const ELSEWHERE: u64 = 1 << 63;

    pub(in crate::core) fn elsewhere(self) -> Self {
        Self(self.0 | Self::ELSEWHERE)
    }

    /// Is it another server's?
    pub fn is_elsewhere(self) -> bool {
        self.0 & Self::ELSEWHERE != 0
    }
}

/// What a verb announces. It leaves with the commit, in the order of the announcements.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Announcement {
    Event(Event),
    StateChange(StateChange),
}

/// How did somebody come to belong to a conversation?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrival {
    /// They made it, spoke there, or are one of its two people: nobody has to be told but their sockets that join by
    /// themselves.
    Expected,
    /// They were taken into a group when it was made: they are told.
    Gathered,
    /// They came later, as others have to be told too.
    TakenIn,
}

/// What happened in a conversation, or to a person: dialects retell it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    MessagePosted(Arc<Message>),
    /// A message was edited, pinned or reacted to: it is now thus.
    MessageUpdated(Arc<Message>),
    /// A message's words and attachments are gone for everybody.
    MessageDeleted(Deletion),
    FileShared {
        file: Arc<File>,
        place: Place,
    },
    MessagesRead {
        place: Place,
        receipt: Receipt,
    },
    /// Somebody types, at this socket, or has stopped.
    Typing {
        place: Place,
        who: AccountId,
        subscriber: SubscriberId,
        on: bool,
    },
    NoticeMade(Arc<Notice>),
    /// A subscriber that has just connected hears the notices that nobody had heard, of which there may be none.
    NoticesWaiting {
        subscriber: SubscriberId,
        notices: Vec<Arc<Notice>>,
    },
    /// A member has changed their own settings.
    SettingsChanged {
        conversation: ConversationId,
        account: AccountId,
        settings: Settings,
    },
    /// Somebody has blocked another person, or does so no more: nobody else is told.
    BlockChanged {
        account: AccountId,
        other: AccountId,
        blocked: bool,
    },
    /// A group or a room has another name, description, picture, other owners, or was archived or opened again.
    ConversationChanged(Arc<Conversation>),
    /// Somebody belongs to a conversation from now on.
    MemberJoined {
        conversation: ConversationId,
        account: AccountId,
        arrival: Arrival,
    },
    /// Somebody belongs to a conversation no more.
    MemberLeft {
        conversation: ConversationId,
        account: AccountId,
    },
    /// Somebody was banned or silenced, or is so no more. They are told, and so are the owners.
    RestraintChanged {
        conversation: ConversationId,
        account: AccountId,
        kind: RestraintKind,
        /// `None`: it was lifted.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Until>,
        owners: Arc<[AccountId]>,
    },
    /// Somebody has come, or has gone. No verb announces it, and no conversation is its place.
    PresenceChanged(Presence),
    /// Somebody has another name or picture. No verb announces it: the fan-out makes it from
    /// [`StateChange::ProfileChanged`], for each page of this person's conversations.
    PersonChanged(Arc<Person>),
}

/// What only the server keeps track of: no dialect tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum StateChange {
    /// A subscriber hears a conversation from exactly this point of the order.
    Subscribed {
        subscriber: SubscriberId,
        conversation: ConversationId,
    },
    Unsubscribed {
        subscriber: SubscriberId,
        conversation: ConversationId,
    },
    /// An account was made or changed: memory is to be read again.
    AccountChanged(AccountId),
    /// The list of unwanted words is another one: memory is to be read again.
    UnwantedChanged,
    /// A name or a picture is another one: whoever shares a conversation with this person is told.
    ProfileChanged(AccountId),
    DeviceMade {
        device: DeviceId,
        sid: Sid,
        account: AccountId,
        expires_at: Time,
        /// SHA-256 of a token that another application minted.
        #[serde(default, with = "hash_text", skip_serializing_if = "Option::is_none")]
        token: Option<[u8; 32]>,
    },
    /// A device that is in use lives longer.
    DeviceProlonged {
        device: DeviceId,
        account: AccountId,
        expires_at: Time,
    },
    DeviceEnded {
        device: DeviceId,
        account: AccountId,
    },
    /// What a server has of an account, as it tells the others on its database.
    Attended {
        server: ServerId,
        account: AccountId,
        said: Attendance,
        /// When they were last there, as far as that server knows.
        seen_at: Option<Time>,
    },
    /// A server is gone, at which these people were.
    ServerGone {
        server: ServerId,
        accounts: Vec<AccountId>,
    },
    /// A server asks the others.
    Asked {
        number: u64,
        by: ServerId,
        question: Question,
    },
    /// One of them replies to the question of this number.
    Replied {
        number: u64,
        by: ServerId,
        reply: Reply,
    },
}

impl From<Event> for Announcement {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}

impl From<StateChange> for Announcement {
    fn from(change: StateChange) -> Self {
        Self::StateChange(change)
    }
}

impl Event {
    /// The conversation whose subscribers it concerns.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::MessagePosted(message) | Self::MessageUpdated(message) => Some(message.place.id),
            Self::MessageDeleted(deletion) => Some(deletion.conversation),
            Self::FileShared { place, .. }
            | Self::MessagesRead { place, .. }
            | Self::Typing { place, .. } => Some(place.id),
            Self::ConversationChanged(changed) => Some(changed.place.id),
            Self::SettingsChanged { conversation, .. }
            | Self::MemberJoined { conversation, .. }
            | Self::MemberLeft { conversation, .. }
            | Self::RestraintChanged { conversation, .. } => Some(*conversation),
            Self::NoticeMade(_)
            | Self::NoticesWaiting { .. }
            | Self::BlockChanged { .. }
            | Self::PresenceChanged(_)
            | Self::PersonChanged(_) => None,
        }
    }

    /// Does it show this message?
    pub fn is_about(&self, id: MessageId) -> bool {
        match self {
            Self::MessagePosted(message) | Self::MessageUpdated(message) => message.id == id,
            _ => false,
        }
    }

    /// Its position in the log, from which a client that comes back catches up; `None`: only who is connected hears it.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::MessagePosted(message) => Some(message.id),
            Self::MessageUpdated(message) => message.changed,
            Self::MessageDeleted(deletion) => Some(deletion.position),
            Self::FileShared { file, .. } => file.position,
            Self::MessagesRead { .. }
            | Self::Typing { .. }
            | Self::NoticeMade(_)
            | Self::NoticesWaiting { .. }
            | Self::SettingsChanged { .. }
            | Self::BlockChanged { .. }
            | Self::ConversationChanged(_)
            | Self::MemberJoined { .. }
            | Self::MemberLeft { .. }
            | Self::RestraintChanged { .. }
            | Self::PresenceChanged(_)
            | Self::PersonChanged(_) => None,
        }
    }
}

/// A page of a list: `page` counts from 1.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub page: u32,
    pub limit: u32,
    pub descending: bool,
}

impl Page {
    pub fn offset(&self) -> i64 {
        i64::from(self.page - 1) * i64::from(self.limit)
    }

    /// How many pages there are of so many items.
    pub fn pages(&self, total: i64) -> u64 {
        u64::try_from(total)
            .unwrap_or(0)
            .div_ceil(self.limit.into())
    }
}

/// One page of a list, and how many there are in all.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub total: i64,
}

/// A certificate that a directory has issued.
#[derive(Clone)]
pub struct Issued {
    /// Sorted.
    pub names: Vec<String>,
    /// The chain in PEM, its own certificate first.
    pub chain: String,
    /// The private key in PEM.
    pub key: String,
    pub ends: Time,
}
