//! Who gets mail about unread messages? A message writes at most one row for its conversation ([`hold`]). When that row is
//! due, the members who are offline and have unread messages each get one digest of everything unread, in all their
//! conversations.

use std::time::Duration;

use super::error::{Error, Result};
use super::model::{AccountId, ConversationId, Kind, Level, Message, MessageId, Place, Settings};
use super::outbox::MailContent;
use super::quota::{self, Quota};
pub use super::store::Waiting;
use super::store::{Away, Tx, View};

/// Members that are looked at in one step.
const STEP: u32 = 64;
/// Conversations that a digest shows, and messages of each.
const PLACES: usize = 10;
const SHOWN: u32 = 5;
/// Conversations of one person that are looked at for a digest.
const LOOKED_AT: u32 = 100;
/// The shortest time between two looks at a conversation, even if `--mail-delay` is shorter.
const AGAIN: Duration = Duration::from_secs(1);

/// A mail about everything that somebody has not read, where they want to be told of it.
#[derive(Debug)]
pub struct Digest {
    pub reader: AccountId,
    pub email: String,
    pub name: String,
    /// How many messages, in all conversations together.
    pub count: i64,
    /// By conversation, the latest activity first.
    pub conversations: Vec<UnreadConversation>,
    /// How many further conversations it does not show.
    pub more: usize,
    /// The author whose message caused it, for the quota.
    cause: AccountId,
    upto: MessageId,
}

/// What somebody has not read in one conversation.
#[derive(Debug)]
pub struct UnreadConversation {
    /// What the conversation is called, if it has a name.
    pub place: Option<String>,
    /// The latest messages, oldest first; at least one.
    pub latest: Vec<Message>,
}

impl UnreadConversation {
    fn newest(&self) -> Option<MessageId> {
        self.latest.last().map(|message| message.id)
    }
}

/// What one step found among some members of a conversation.
#[derive(Debug, Default)]
pub struct Look {
    pub digests: Vec<Digest>,
    /// Where the next step begins; `None` if there is none.
    pub next: Option<AccountId>,
    /// A digest is due later: look again.
    pub later: bool,
    /// The position that the log had come to.
    pub seen: Option<MessageId>,
}

/// Notes that members may need a mail about this message. If the conversation has such a row already, nothing is written.
pub(in crate::core) fn hold(tx: &Tx<'_>, message: &Message) -> Result<()> {
    if message.place.kind == Kind::Room {
        return Ok(());
    }
    let due_at = tx.now.plus(tx.limits.mail_delay);
    tx.hold_unread_mail(message.place.id, message.id, due_at)
}

/// After a message was deleted: queued digests that may contain it are dropped and written anew.
pub(in crate::core) fn unsay(tx: &Tx<'_>, id: ConversationId) -> Result<()> {
    let place = tx.place_for(id, None)?.map(|(place, _)| place);
    if place.is_none_or(|place| place.kind == Kind::Room) {
        return Ok(());
    }
    if tx.drop_digests_of_members(id)? {
        tx.hold_all_unread_mail(id)?;
    }
    Ok(())
}

/// The conversations whose row is due.
pub fn waiting(view: &View<'_>, limit: u32) -> Result<Vec<Waiting>> {
    view.unread_mail_due(limit)
}

/// The digests for some members of a conversation, those behind `after`.
pub fn look(view: &View<'_>, waiting: Waiting, after: Option<AccountId>) -> Result<Look> {
    let mut found = Look {
        seen: view.position()?,
        ..Look::default()
    };
    let Some((place, _)) = view.place_for(waiting.conversation, None)? else {
        return Ok(found);
    };
    let members = view.members_from(place.id, after, STEP)?;
    if members.len() == STEP as usize {
        found.next = members.last().map(|member| member.account);
    }
    for member in members {
        let Some(email) = member.email.as_deref().filter(|_| member.reachable) else {
            continue;
        };
        if member.unread <= 0 || view.directory.is_here(member.account) {
            continue;
        }
        let latest = unread_for(view, place, &member, member.read_seq, member.settings)?;
        let is_new = |message: &Message| {
            message.id >= waiting.first && member.told_upto.is_none_or(|upto| message.id > upto)
        };
        if !latest.last().is_some_and(is_new) {
            continue;
        }
        let again = member.told_at.plus(view.limits.mail_delay);
        if again > view.now || !quota::is_left(view, Quota::Digests(email))? {
            found.later = true;
            continue;
        }
        match digest(view, &member, email, (place, latest))? {
            Some(digest) => found.digests.push(digest),
            None => found.later = true,
        }
    }
    Ok(found)
}

/// The latest unread messages of a conversation of which this member wants to be told.
fn unread_for(
    view: &View<'_>,
    place: Place,
    member: &Away,
    read_seq: i64,
    settings: Settings,
) -> Result<Vec<Message>> {
    match settings.level {
        _ if !settings.let_through(true, view.now) => Ok(Vec::new()),
        Level::Mentions => view.unread_mentions_of(place, member.account, read_seq, SHOWN),
        Level::All | Level::None => view.unread_of_others(place, member.account, read_seq, SHOWN),
    }
}

/// Everything unread of this person; `None` if its authors have caused as much mail as they may for now.
fn digest(
    view: &View<'_>,
    member: &Away,
    email: &str,
    (place, latest): (Place, Vec<Message>),
) -> Result<Option<Digest>> {
    let mut unread_in = vec![UnreadConversation {
        place: named(view, place)?,
        latest,
    }];
    let count_in = |place: Place, read_seq, unread, settings: Settings| match settings.level {
        Level::Mentions => view.mentions_after(place.id, member.account, read_seq),
        Level::All | Level::None => Ok(unread),
    };
    let mut count = count_in(place, member.read_seq, member.unread, member.settings)?;
    let mut more = 0;
    for (other, read_seq, unread, settings) in view.waiting_for(member.account, LOOKED_AT)? {
        if other.id == place.id {
            continue;
        }
        let latest = unread_for(view, other, member, read_seq, settings)?;
        if latest.is_empty() {
            continue;
        }
        count += count_in(other, read_seq, unread, settings)?;
        let place = named(view, other)?;
        unread_in.push(UnreadConversation { place, latest });
    }
    unread_in.sort_by_key(|one| std::cmp::Reverse(one.newest()));
    let mut cause = None;
    let said = unread_in.iter().flat_map(|one| one.latest.iter().rev());
    for message in said.filter(|said| member.told_upto.is_none_or(|upto| said.id > upto)) {
        if quota::is_left(view, Quota::CausedBy(message.author.id))? {
            cause = Some(message.author.id);
            break;
        }
    }
    let (Some(cause), Some(upto)) = (cause, view.position()?) else {
        return Ok(None);
    };
    if unread_in.len() > PLACES {
        more = unread_in.len() - PLACES;
        unread_in.truncate(PLACES);
    }
    Ok(Some(Digest {
        reader: member.account,
        email: email.to_owned(),
        name: member.name.clone(),
        count,
        conversations: unread_in,
        more,
        cause,
        upto,
    }))
}

/// The conversation's name. A conversation of two has none: the author's name says it.
fn named(view: &View<'_>, place: Place) -> Result<Option<String>> {
    let known = view.conversation(place.id)?;
    Ok(known
        .map(|known| known.name)
        .filter(|name| !name.is_empty()))
}

/// Queues a digest, unless its reader has come back or turned digests off since. Answers whether it was queued.
///
/// # Errors
/// `UsedUp` if its reader has got, or its author has caused, as much mail as allowed for now.
pub fn post(tx: &Tx<'_>, digest: &Digest, content: &MailContent) -> Result<bool> {
    let reader = tx.account(digest.reader)?;
    let same = reader.is_some_and(|reader| {
        reader.proven_at.is_some()
            && reader.suspended_at.is_none()
            && reader.email.as_deref() == Some(&*digest.email)
    });
    if !same || !tx.wants_digests(digest.reader)? || tx.directory.is_here(digest.reader) {
        return Ok(false);
    }
    quota::count(tx, Quota::Digests(&digest.email))?;
    quota::count(tx, Quota::CausedBy(digest.cause))?;
    tx.insert_digest(digest.reader, &digest.email, content)?;
    tx.note_told(digest.reader, digest.upto)?;
    Ok(true)
}

/// Ends a look at a conversation. Its row stays if a digest is due later or if more was said meanwhile.
pub fn looked(tx: &Tx<'_>, waiting: Waiting, seen: Option<MessageId>, later: bool) -> Result<()> {
    let again = tx.now.plus(tx.limits.mail_delay.max(AGAIN));
    let newest = tx.newest_in(waiting.conversation)?;
    let meanwhile = newest.filter(|newest| seen.is_none_or(|seen| *newest > seen));
    let first = if later {
        Some(waiting.first)
    } else {
        meanwhile
    };
    match first {
        Some(first) => tx.keep_unread_mail(waiting, first, again),
        None => tx.delete_unread_mail(waiting),
    }
}

/// Does this person want digests?
pub fn wanted(view: &View<'_>, who: AccountId) -> Result<bool> {
    view.wants_digests(who)
}

/// Turns digests on or off; queued ones are dropped.
///
/// # Errors
/// `NotFound` for an account that is not there.
pub fn want(tx: &Tx<'_>, who: AccountId, wanted: bool) -> Result<()> {
    tx.account(who)?.ok_or(Error::NotFound("User"))?;
    if !wanted {
        tx.drop_digests(who)?;
    }
    tx.want_digests(who, wanted)
}
