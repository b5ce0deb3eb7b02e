//! How long messages and files are kept. What is older is removed a little at a time, with as much time in between for
//! everybody else; what remains begins with a later number.
//!
//! The server has a rule, and a conversation may have its own. Nobody is told of each message that goes: who loads a page or
//! searches does not find it any more, and who comes back with an old position is told what remains. The last message of a
//! conversation leaves an empty row behind, as one that was deleted, so that numbers go on where they were.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::admin::By;
use super::error::{Error, Fault, Result};
use super::limits::Limits;
use super::model::{ConversationId, Event, FileId, Kept, Time};
use super::owner;
pub use super::store::{Cut, OldFile};
use super::store::{Tx, View};

/// A day, in milliseconds: the unit in which people say how long something is kept.
pub const DAY: i64 = 86_400_000;
/// How long a conversation may say that it keeps something, in days: a hundred years.
pub const MOST_DAYS: u32 = 36_500;
/// Conversations and files that one look takes in.
const LOOK: u32 = 200;
/// Messages that one step removes at most, and members whose marks it moves.
const STEP: u32 = 200;
const MARKS: u32 = 64;
/// A step that has gone on for so long ends: a message that is long, or that very many have not read, takes long.
const LONG: Duration = Duration::from_millis(5);
/// How long the audit log and notifications are kept.
const AUDIT_KEPT: Duration = Duration::from_secs(2 * 366 * 86_400);
const NOTICES_KEPT: Duration = Duration::from_secs(2 * 366 * 86_400);
/// Pages of the file that are free and stay so, for what is written next: 4 MiB, and a twentieth of the file.
const FREE_PAGES: i64 = 1_024;
/// Pages that are given back in one step.
const GIVEN_BACK: u32 = 64;

/// For how many days somebody wants messages and files to be kept: `Some(None)` is as long as the server keeps them, `None` as
/// before.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chosen {
    pub messages: Option<Option<u32>>,
    pub files: Option<Option<u32>>,
}

impl Chosen {
    /// Nothing is chosen.
    pub fn is_empty(&self) -> bool {
        self.messages.is_none() && self.files.is_none()
    }

    /// What is kept with that, where owners choose: not longer than the server keeps things.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::core) fn by_owner(
        self,
        before: Kept,
        limits: &Limits,
    ) -> std::result::Result<Kept, Vec<Fault>> {
        let longest = |server: Option<Duration>| {
            server.map_or(MOST_DAYS, |server| (server.as_secs() / 86_400) as u32)
        };
        let [messages, files] = [limits.keep_messages, limits.keep_files].map(longest);
        self.within(before, [1..=messages, 1..=files])
    }

    fn within(
        self,
        mut kept: Kept,
        [messages, files]: [RangeInclusive<u32>; 2],
    ) -> std::result::Result<Kept, Vec<Fault>> {
        let mut faults = Vec::new();
        for (field, days, allowed, kept) in [
            ("keepMessages", self.messages, messages, &mut kept.messages),
            ("keepFiles", self.files, files, &mut kept.files),
        ] {
            match days {
                Some(Some(days)) if !allowed.contains(&days) => {
                    let (least, most) = allowed.into_inner();
                    let wrong =
                        format!("must be a whole number of days from {least} to {most}, or null");
                    faults.push(Fault::new(field, wrong));
                }
                Some(days) => *kept = days.map(|days| i64::from(days) * DAY),
                None => {}
            }
        }
        match faults.is_empty() {
            true => Ok(kept),
            false => Err(faults),
        }
    }
}

/// Sets for how long a conversation keeps messages and files, whatever the server's rule is: 0 days are for ever. For
/// administrators.
///
/// # Errors
/// `NotFound`, `Invalid` for more days than [`MOST_DAYS`].
pub fn set(tx: &Tx<'_>, by: By, id: ConversationId, chosen: Chosen) -> Result<()> {
    let before = tx
        .conversation(id)?
        .ok_or(Error::NotFound("Conversation"))?;
    let mut after = before.clone();
    let kept = chosen.within(before.kept, [0..=MOST_DAYS, 0..=MOST_DAYS]);
    after.kept = kept.map_err(Error::Invalid)?;
    if after == before {
        return Ok(());
    }
    tx.update_conversation(&before, &after)?;
    note(tx, by, id, after.kept)?;
    tx.announce(Event::ConversationChanged(Arc::new(after)));
    Ok(())
}

pub(in crate::core) fn note(tx: &Tx<'_>, by: By, id: ConversationId, kept: Kept) -> Result<()> {
    let said = |kept: Option<i64>| match kept {
        None => "as the server says".to_owned(),
        Some(0) => "for ever".to_owned(),
        Some(kept) => format!("{} days", kept / DAY),
    };
    let detail = format!(
        "messages {}, files {}",
        said(kept.messages),
        said(kept.files)
    );
    tx.record(by, "conversation.keep", &owner::subject(id), &detail)
}

/// The moment before which something is removed, if it is not kept for ever.
fn before(own: Option<i64>, server: Option<Duration>, now: Time) -> Option<Time> {
    match own {
        Some(0) => None,
        Some(own) => Some(Time(now.0.saturating_sub(own))),
        None => server.map(|server| now.minus(server)),
    }
}

/// Conversations of which something may be too old.
#[derive(Debug)]
pub struct Due {
    /// Each with the moment before which it is.
    pub conversations: Vec<(ConversationId, Time)>,
    /// Behind which to look on; `None` if those were the last.
    pub next: Option<ConversationId>,
}

/// A page of those behind `after`: all, or only those with a rule of their own.
pub fn due(view: &View<'_>, whole: bool, after: Option<ConversationId>) -> Result<Due> {
    let (server, now) = (view.limits.keep_messages, view.now);
    let page = view.oldest_messages(after, whole && server.is_some(), LOOK)?;
    let last = page.last().map(|one| one.conversation);
    let next = last.filter(|_| page.len() == LOOK as usize);
    let due = page.into_iter().filter_map(|one| {
        let before = before(one.keep, server, now)?;
        (one.oldest? < before).then_some((one.conversation, before))
    });
    Ok(Due {
        conversations: due.collect(),
        next,
    })
}

/// What the next step removes of a conversation; `None` if nothing there is older than that.
pub fn next(view: &View<'_>, id: ConversationId, before: Time) -> Result<Option<Cut>> {
    view.cut_before(id, before, STEP)
}

/// Removes a little; answers how many messages.
pub fn step(tx: &Tx<'_>, cut: Cut) -> Result<u64> {
    let began = Instant::now();
    // Whoever has not read them must not count them as unread any more.
    loop {
        let behind = tx.members_behind(&cut, MARKS)?;
        if behind.is_empty() {
            break;
        }
        for member in behind {
            tx.move_mark(&cut, member)?;
            if began.elapsed() > tx.longest_step(LONG) {
                return Ok(0);
            }
        }
    }
    let (mut removed, mut words) = (0, Vec::new());
    for seq in cut.first..=cut.last {
        tx.remove_message(&cut, seq, &mut words)?;
        removed += 1;
        if began.elapsed() > tx.longest_step(LONG) {
            break;
        }
    }
    tx.forget_bounds(&words)?;
    tx.forget_reads(&cut)?;
    Ok(removed)
}

/// Files that are too old, among those behind `after`; and where to look on. Pictures of people and of conversations are
/// kept; a file that several conversations show, as long as one of them keeps it.
pub fn old_files(view: &View<'_>, after: Option<FileId>) -> Result<(Vec<OldFile>, Option<FileId>)> {
    let (server, now) = (view.limits.keep_files, view.now);
    if server.is_none() && !view.has_own_rules()? {
        return Ok((Vec::new(), None));
    }
    let page = view.oldest_files(after, Time(now.0 - DAY), LOOK)?;
    let next = page.last().map(|file| file.id);
    let next = next.filter(|_| page.len() == LOOK as usize);
    let mut old = Vec::new();
    for file in page {
        let mut rules = view.rules_of_file(&file)?;
        if rules.is_empty() {
            rules.push(None);
        }
        let cuts = rules.into_iter().map(|own| before(own, server, now));
        let all: Option<Vec<_>> = cuts.collect();
        let is_old = all.is_some_and(|all| all.iter().all(|before| file.created_at < *before));
        if is_old && !view.is_shown(file.id)? {
            old.push(file);
        }
    }
    Ok((old, next))
}

/// Removes a file. Messages keep their link, which leads nowhere any more.
pub fn remove_file(tx: &Tx<'_>, id: FileId) -> Result<()> {
    match tx.is_shown(id)? {
        // It has become a picture meanwhile.
        true => Ok(()),
        false => tx.delete_file(id),
    }
}

/// Deletes some of what has an end of its own: the audit log and notifications; answers whether there may be more.
pub fn forget(tx: &Tx<'_>) -> Result<bool> {
    let audit = tx.delete_old_audit(tx.now.minus(AUDIT_KEPT), STEP)?;
    let notices = tx.delete_old_notices(tx.now.minus(NOTICES_KEPT), STEP)?;
    Ok(audit.max(notices) == STEP as usize)
}

/// Gives free pages of the file back to the disk, a few at a time; answers whether more are to be given back.
pub fn give_back(tx: &Tx<'_>) -> Result<bool> {
    let space = tx.space()?;
    let kept = FREE_PAGES.max(space.pages / 20);
    if !space.shrinks || space.free <= kept {
        return Ok(false);
    }
    tx.give_back(GIVEN_BACK)?;
    Ok(true)
}
