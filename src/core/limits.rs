//! The limits of the contract, in one place: lengths, counts, rates.

use std::time::Duration;

use super::invitation::{SignUpRule, Who};

/// Sizes that an operator can set by flag; the rest are constants below.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Characters in a message's text.
    pub message_chars: usize,
    /// Bytes in an uploaded file.
    pub upload_bytes: u64,
    /// Bytes that all files of one account may take up together; `None`: any number.
    pub stored_bytes: Option<u64>,
    /// Sockets that one account may hold open.
    pub sockets: usize,
    /// Devices that one account may be logged in on; `None`: any number.
    pub devices: Option<usize>,
    /// Requests that one account may have in flight, unread answers included; `None`: any number.
    pub requests: Option<usize>,
    /// Pending handshakes (no token yet) of one address; `None`: any number.
    pub handshakes: Option<usize>,
    /// Conversations that one account may belong to; `None`: any number.
    pub memberships: Option<u32>,
    /// Conversations that one account may make in a span of time; `None`: as many as it likes.
    pub new_conversations: Option<(u32, Duration)>,
    /// Times that one account may make somebody, also itself, a member in a span of time; `None`: as often as it likes.
    pub new_members: Option<(u32, Duration)>,
    /// KiB that the messages of one account may take up in a span of time, each at least one; `None`: any number.
    pub message_kib: Option<(u32, Duration)>,
    /// Messages that one account may edit or delete in a span of time; `None`: as many as it likes.
    pub changes: Option<(u32, Duration)>,
    /// Times that one account may change its name or picture in a span of time; `None`: as often as it likes.
    pub profile_changes: Option<(u32, Duration)>,
    /// Downloads of all that is one's own that one account may begin in a span of time; `None`: as many as it likes.
    pub exports: Option<(u32, Duration)>,
    /// Is sending a code again within a minute refused?
    pub resend: bool,
    /// How long mail about unread messages is held.
    pub mail_delay: Duration,
    /// Is mail limited per recipient and per author?
    pub mail_counted: bool,
    /// How long after sending a message its author may change the text; `None`: for ever.
    pub edit_window: Option<Duration>,
    /// How long messages and files are kept, unless their conversation says otherwise; `None`: for ever.
    pub keep_messages: Option<Duration>,
    pub keep_files: Option<Duration>,
    /// Who may make themselves an account.
    pub sign_up: SignUpRule,
    /// May everybody invite people, and not administrators alone?
    pub members_invite: bool,
    /// The name of the room that new accounts become members of; `None`: there is none.
    pub first_room: Option<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_chars: 8_000,
            upload_bytes: 10 << 20,
            stored_bytes: Some(STORED_BYTES),
            sockets: 50,
            devices: Some(DEVICES),
            requests: Some(REQUESTS),
            handshakes: Some(HANDSHAKES),
            memberships: Some(MEMBERSHIPS),
            new_conversations: Some(NEW_CONVERSATIONS),
            new_members: Some(NEW_MEMBERS),
            message_kib: Some(MESSAGE_KIB),
            changes: Some(CHANGES),
            profile_changes: Some(PROFILE_CHANGES),
            exports: Some(EXPORTS),
            resend: true,
            mail_delay: Duration::from_secs(5 * 60),
            mail_counted: true,
            edit_window: None,
            keep_messages: None,
            keep_files: None,
            sign_up: SignUpRule {
                who: Who::Everybody,
                domains: Vec::new(),
            },
            members_invite: false,
            first_room: None,
        }
    }
}

/// The default: more than a page or a library asks for at once.
pub const REQUESTS: usize = 64;
/// Bytes in a JSON body, and in a socket event without its file.
pub const JSON_BYTES: usize = 128 << 10;
/// Bytes that all files of one account may take up together, unless the operator says otherwise.
pub const STORED_BYTES: u64 = 5 << 30;
/// Items on a page.
pub const PAGE: u32 = 100;
/// Characters in what somebody searches for.
pub const QUERY_CHARS: usize = 500;
/// Searches that run at the same time, and that may wait for their turn.
pub const SEARCHES: usize = 2;
pub const SEARCHES_WAITING: usize = 64;
/// Characters in a name of a person or a conversation.
pub const NAME_CHARS: usize = 100;
/// Characters in a conversation's description.
pub const DESCRIPTION_CHARS: usize = 1_000;
/// Messages by which one partial `mark_read` moves the mark: they are counted one by one.
pub const READ_STEP: i64 = 10_000;
/// Attachments of a message, and bytes in the URL of one.
pub const ATTACHMENTS: usize = 10;
pub const URL_BYTES: usize = 2_048;
/// Messages that one account edits or deletes in a span of time, unless the operator says otherwise: taking the words of a
/// long one out of the search index takes the writer 30 ms.
pub const CHANGES: (u32, Duration) = (300, Duration::from_secs(60));
/// KiB that the messages of one account take up in a span of time, unless the operator says otherwise: the disk is everybody's.
pub const MESSAGE_KIB: (u32, Duration) = (1 << 20, Duration::from_secs(86_400));
/// Different emoji of a message, bytes in one, and people who react to a message, each as often as with different emoji.
pub const EMOJI: usize = 20;
pub const EMOJI_BYTES: usize = 32;
pub const REACTIONS: i64 = 5_000;
/// People who are listed beside an emoji.
pub const REACTIONS_SHOWN: u32 = 100;
/// Pinned messages of a conversation.
pub const PINS: i64 = 100;
/// People whom a message mentions, and places in a text where a name is looked for.
pub const MENTIONS: usize = 50;
/// Unread messages with a mention are counted up to here.
pub const MENTIONS_COUNTED: i64 = 100;
/// Devices that one account is logged in on, unless the operator says otherwise.
pub const DEVICES: usize = 100;
/// Pending handshakes (no token yet) of one address.
pub const HANDSHAKES: usize = 1_024;
/// Conversations that one account makes in a span of time, unless the operator says otherwise.
pub const NEW_CONVERSATIONS: (u32, Duration) = (300, Duration::from_secs(3_600));
/// Times that one account makes somebody a member in a span of time, unless the operator says otherwise: a few of the
/// largest groups, and some coming and going.
pub const NEW_MEMBERS: (u32, Duration) = (1_500, Duration::from_secs(3_600));
/// Conversations that one account may belong to: each of its sockets in `/chat` subscribes to all of them.
pub const MEMBERSHIPS: u32 = 10_000;
/// Invitations of one administrator that are kept at the same time, accounts that are made with one, and conversations that
/// one leads to.
pub const INVITATIONS: i64 = 1_000;
pub const INVITATION_USES: u32 = 1_000;
pub const INVITED_TO: usize = 20;
/// The same for members, where they may invite: also those that are revoked or used up count until they would have expired.
pub const MEMBER_INVITATIONS: i64 = 20;
pub const MEMBER_INVITATION_USES: u32 = 25;
pub const MEMBER_INVITATION_LONGEST: Duration = Duration::from_secs(30 * 86_400);
/// How long an invitation lasts if nobody says, and at most.
pub const INVITATION_LASTS: Duration = Duration::from_secs(7 * 86_400);
pub const INVITATION_LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// People in a group.
pub const GROUP_MEMBERS: usize = 256;
/// Owners of a group or a room.
pub const OWNERS: usize = 100;
/// Characters in a file's name.
pub const FILE_NAME_CHARS: usize = 255;
/// Characters in a notification's title and text.
pub const NOTICE_TITLE_CHARS: usize = 200;
pub const NOTICE_TEXT_CHARS: usize = 4_000;
/// Characters in a `clientMessageId`.
pub const CLIENT_ID_CHARS: usize = 100;
/// Characters and bytes in a password.
pub const PASSWORD_MIN_CHARS: usize = 8;
pub const PASSWORD_MAX_BYTES: usize = 256;
/// The span of the mail quotas below, from the first mail on.
pub const MAIL_SPAN: Duration = Duration::from_secs(3_600);
/// Codes and links that may be requested for one address, whether or not it has an account.
pub const CODES_PER_ADDRESS: u32 = 10;
/// Codes that one account has sent to addresses that are to become its own.
pub const CODES_PER_ACCOUNT: u32 = 10;
/// Codes that are sent to addresses without an account, whoever asks for them: more would make a mail server think ill of this
/// one. Past it no code is sent to such an address, and the answer is the same.
pub const CODES_TO_STRANGERS: u32 = 1_000;
/// Digests that one address gets. Counted apart from codes: the codes that are left must not tell whether digests were sent.
pub const DIGESTS_PER_ADDRESS: u32 = 6;
/// Digests that one account causes: as many as one message in the largest group.
pub const DIGESTS_PER_SENDER: u32 = GROUP_MEMBERS as u32;
/// How long delivery of a mail is retried.
pub const MAIL_TRIED: Duration = Duration::from_secs(3 * 86_400);
/// How long a mail stays in the outbox, sent or not.
pub const MAIL_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// How long "typing" lasts if it is not repeated.
pub const TYPING_LASTS: Duration = Duration::from_secs(10);
/// At most one typing event in this time, per socket and conversation.
pub const TYPING_EVERY: Duration = Duration::from_secs(2);
/// Bytes in one part of a stored file: bounds how long one write of a file delays others.
pub const FILE_PART: usize = 256 << 10;
/// Times that one account changes its name or picture in a span of time: all who share a conversation with it are told.
pub const PROFILE_CHANGES: (u32, Duration) = (10, Duration::from_secs(3_600));
/// Downloads of all that is one's own that one account begins in a span of time: each reads all its conversations.
pub const EXPORTS: (u32, Duration) = (5, Duration::from_secs(3_600));
/// How long ago somebody without a password may have logged in to prove by it who they are.
pub const RECENT_LOGIN: Duration = Duration::from_secs(10 * 60);
