//! What is too long, too many, too often? The numbers of the contract, in one place.

use std::time::Duration;

/// Sizes that an operator can set by flag; the rest are constants below.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Characters in a message's text.
    pub message_chars: usize,
    /// Bytes in an uploaded file.
    pub upload_bytes: u64,
    /// Sockets that one account may hold open.
    pub sockets: usize,
    /// Requests that one account may have in flight, answers that it has not read among them; `None`: any number.
    pub requests: Option<usize>,
    /// Handshakes that one address may have open without having said who it is; `None`: any number.
    pub handshakes: Option<usize>,
    /// Conversations that one account may belong to; `None`: any number.
    pub memberships: Option<u32>,
    /// Conversations that one account may make in a span of time; `None`: as many as it likes.
    pub new_conversations: Option<(u32, Duration)>,
    /// Is sending a code again within a minute refused?
    pub resend: bool,
    /// How long mail about unread messages is held.
    pub mail_delay: Duration,
    /// Is mail counted, by who gets it and by who causes it?
    pub mail_counted: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_chars: 8_000,
            upload_bytes: 10 << 20,
            sockets: 50,
            requests: Some(REQUESTS),
            handshakes: Some(HANDSHAKES),
            memberships: Some(MEMBERSHIPS),
            new_conversations: Some(NEW_CONVERSATIONS),
            resend: true,
            mail_delay: Duration::from_secs(5 * 60),
            mail_counted: true,
        }
    }
}

/// Requests of one account that may be in flight: more than a page or a library asks for at once.
pub const REQUESTS: usize = 64;
/// Bytes in a JSON body, and in a socket event without its file.
pub const JSON_BYTES: usize = 128 << 10;
/// Items on a page.
pub const PAGE: u32 = 100;
/// Characters in a name of a person or a conversation.
pub const NAME_CHARS: usize = 100;
/// Characters in a conversation's description.
pub const DESCRIPTION_CHARS: usize = 1_000;
/// Messages over which one reading moves the mark where it does not go to the end: those are counted one by one.
pub const READ_STEP: i64 = 10_000;
/// What may be attached to a message, and bytes in its URL.
pub const ATTACHMENTS: usize = 10;
pub const URL_BYTES: usize = 2_048;
/// Handshakes that one address may have open without having said who it is.
pub const HANDSHAKES: usize = 1_024;
/// Conversations that one account makes in a span of time, unless the operator says otherwise.
pub const NEW_CONVERSATIONS: (u32, Duration) = (300, Duration::from_secs(3_600));
/// Conversations that one account may belong to: each of its sockets in `/chat` listens to all of them.
pub const MEMBERSHIPS: u32 = 10_000;
/// People in a group.
pub const GROUP_MEMBERS: usize = 256;
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
/// How long mail is counted from the first on; the numbers below are for that long.
pub const MAIL_SPAN: Duration = Duration::from_secs(3_600);
/// Codes and links that may be asked for one address, whether or not it has an account.
pub const CODES_PER_ADDRESS: u32 = 10;
/// Digests that one address gets. They are counted apart: how many codes are left must not tell whether there are any.
pub const DIGESTS_PER_ADDRESS: u32 = 6;
/// Digests that one account causes: what it says once in the largest group is told to everybody.
pub const DIGESTS_PER_SENDER: u32 = GROUP_MEMBERS as u32;
/// How long a mail is tried, from its writing on.
pub const MAIL_TRIED: Duration = Duration::from_secs(3 * 86_400);
/// How long it is kept in the outbox, sent or not.
pub const MAIL_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// How long somebody types without saying so again.
pub const TYPING_LASTS: Duration = Duration::from_secs(10);
/// At most one word of typing in this time, per socket and conversation.
pub const TYPING_EVERY: Duration = Duration::from_secs(2);
/// One part of a stored file, in bytes: the most that one write of a file holds up the others.
pub const FILE_PART: usize = 256 << 10;
