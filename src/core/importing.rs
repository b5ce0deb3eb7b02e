//! How does the history of another server, or of another chat, become ours? Accounts, conversations, files and messages
//! as they are there, each under its key there, so that importing again doubles nothing.
//!
//! Only a process that has the file alone does this: a server's memory would not know of it. A message gets the log's next
//! position, as if it were said now, and the time at which it was sent. It is no news: whoever comes back with an older
//! position is told nothing of it ([`super::missed`]). A conversation that is made here has no members and is archived until
//! its history is complete, so nothing is said before what was said earlier.

use super::change::wrong_with_emoji;
use super::error::Result;
use super::model::{
    AccountId, ConversationId, FileId, Id, Kind, MessageId, Notice, RestraintKind, Session, Time,
};
pub use super::store::{
    Blocking, Import, Imposed, Kept, Listing, NewPlace, Newcomer, Reading, Said, State, Taken, What,
};
use super::store::{Tx, View};
use super::word_list::{List, Sort, wrong_with_entry};
use super::{conversation, identity, limits, text};

/// What became of a newcomer.
#[derive(Debug)]
pub enum Arrived {
    /// They were imported before.
    Before(AccountId),
    /// They have an account here: the address is the same.
    Met(AccountId),
    Made {
        id: AccountId,
        /// The username that they got, if it is another than they had.
        renamed: Option<String>,
        /// Somebody here has signed up with the address and never proven it: the account is made without one.
        without_address: bool,
    },
}

impl Arrived {
    pub fn id(&self) -> AccountId {
        match self {
            Self::Before(id) | Self::Met(id) | Self::Made { id, .. } => *id,
        }
    }
}

/// Where a conversation's messages go.
#[derive(Debug, Clone, Copy)]
pub struct Placed {
    pub id: ConversationId,
    pub kind: Kind,
    pub state: State,
    /// It was not there before this call.
    pub made: bool,
    /// Messages that are older than what is there come too late.
    pub floor: Option<Time>,
}

/// What became of a batch of messages.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counted {
    pub made: u64,
    /// They were here.
    pub before: u64,
}

/// A path for an attachment whose file is not here.
pub const NOWHERE: &str = super::file_path::NOWHERE;

/// Usernames with a number that are tried one after another; after that a random ending is found at once.
const NUMBERED: u32 = 20;

/// Begins to import from this source, or goes on.
pub fn begin(tx: &Tx<'_>, source: &str) -> Result<Import> {
    // What an import that was killed has left of a file.
    tx.delete_unfinished_files(Time(i64::MAX))?;
    match tx.import_from(source)? {
        Some(known) => Ok(known),
        None => tx.insert_import(source),
    }
}

/// The earlier import from this source.
pub fn earlier(view: &View<'_>, source: &str) -> Result<Option<Import>> {
    view.import_from(source)
}

/// How many of these were imported.
pub fn count_before(view: &View<'_>, import: Import, what: What, keys: &[String]) -> Result<u64> {
    let mut count = 0;
    for key in keys {
        count += u64::from(view.imported(import, what, key)?.is_some());
    }
    Ok(count)
}

/// Whom a newcomer with this address would be here; `None` if nobody.
pub fn would_meet(view: &View<'_>, email: &str) -> Result<Option<AccountId>> {
    let known = view.account_by_email(email)?;
    let Some(known) = known else {
        return Ok(None);
    };
    // Nobody is handed another's history because they typed the other's address.
    let theirs = known.proven_at.is_some() || view.is_nobodys(known.id)?;
    Ok(theirs.then_some(known.id))
}

/// Takes people in. Who has an account here with the same address, proven or not used by anybody yet, is that person.
pub fn arrive(tx: &Tx<'_>, import: Import, people: Vec<Newcomer>) -> Result<Vec<Arrived>> {
    tx.decide();
    let mut all = Vec::with_capacity(people.len());
    for new in people {
        let arrived = match tx.imported(import, What::Account, &new.key)? {
            Some(id) => Arrived::Before(Id::stored(id)),
            None => {
                let key = new.key.clone();
                let arrived = arrive_first(tx, new)?;
                tx.note_imported(import, What::Account, &key, arrived.id().number())?;
                arrived
            }
        };
        all.push(arrived);
    }
    Ok(all)
}

fn arrive_first(tx: &Tx<'_>, mut new: Newcomer) -> Result<Arrived> {
    let mut without_address = false;
    if let Some(email) = &new.email
        && tx.is_address_taken(email)?
    {
        if let Some(id) = would_meet(tx, email)? {
            return Ok(Arrived::Met(id));
        }
        without_address = true;
        (new.email, new.proven_at) = (None, None);
    }
    let wanted = new.username.clone();
    if let Some(name) = &wanted {
        new.username = Some(free_username(tx, name)?);
    }
    let renamed = (new.username != wanted).then(|| new.username.clone());
    let id = tx.insert_newcomer(&new)?;
    Ok(Arrived::Made {
        id,
        renamed: renamed.flatten(),
        without_address,
    })
}

/// The username, or the first with a number behind it that nobody has.
fn free_username(tx: &Tx<'_>, name: &str) -> Result<String> {
    if !tx.is_username_taken(name)? {
        return Ok(name.to_owned());
    }
    let stem = text::cut(name, limits::NAME_CHARS - 20);
    for number in 2..=NUMBERED {
        let numbered = format!("{stem}-{number}");
        if !tx.is_username_taken(&numbered)? {
            return Ok(numbered);
        }
    }
    Ok(format!("{stem}-{}", super::hex(&super::random::<8>())))
}

/// A name as it may be here; `None` if nothing is left of it.
pub fn named(name: &str) -> Option<String> {
    let cleaned = identity::cleaned(name, limits::NAME_CHARS)?;
    text::wrong_with_name(&cleaned).is_none().then_some(cleaned)
}

/// Is this an emoji that somebody may react with?
pub fn is_emoji(emoji: &str) -> bool {
    wrong_with_emoji(emoji).is_none()
}

/// Records mentoring sessions.
pub fn hold(tx: &Tx<'_>, import: Import, sessions: Vec<(String, Session)>) -> Result<()> {
    tx.decide();
    for (key, session) in sessions {
        if tx.imported(import, What::Session, &key)?.is_none() {
            let id = tx.insert_session(&session)?;
            tx.note_imported(import, What::Session, &key, id)?;
        }
    }
    Ok(())
}

/// Makes room for conversations, or finds where their messages go on. If two people have talked here already, what they said
/// elsewhere becomes a group of the two: it cannot be put before what was said since.
pub fn place(tx: &Tx<'_>, import: Import, places: Vec<NewPlace>) -> Result<Vec<Placed>> {
    tx.decide();
    places
        .into_iter()
        .map(
            |new| match tx.imported(import, What::Conversation, &new.key)? {
                Some(id) => go_on(tx, Id::stored(id)),
                None => {
                    let placed = place_first(tx, &new)?;
                    tx.note_imported(import, What::Conversation, &new.key, placed.id.number())?;
                    Ok(placed)
                }
            },
        )
        .collect()
}

/// More of a history: it fits if nobody has said anything here since.
fn go_on(tx: &Tx<'_>, id: ConversationId) -> Result<Placed> {
    let history = tx.history(id)?;
    let end = tx.end_of(id)?;
    let (upto, state) = history.map_or((0, State::Complete), |one| (one.upto, one.state));
    let is_last = end.is_none_or(|(last, _)| last.number() <= upto);
    let (state, floor) = match state {
        State::New => (State::New, None),
        _ if !is_last => (State::Complete, None),
        State::Longer | State::Complete => (State::Longer, end.map(|(_, at)| at)),
    };
    let kind = tx.place_for(id, None)?.map(|(place, _)| place.kind);
    Ok(Placed {
        id,
        kind: kind.unwrap_or(Kind::Group),
        state,
        made: false,
        floor,
    })
}

fn place_first(tx: &Tx<'_>, new: &NewPlace) -> Result<Placed> {
    let there = match (new.kind, new.pair, &new.session) {
        (Kind::Direct, Some((one, other)), _) if one != other => tx.direct_between(one, other)?,
        (Kind::Session, Some(_), Some(uuid)) => tx.session_place(uuid)?,
        _ => None,
    };
    let of_two = new.pair.filter(|(one, other)| one != other);
    let kind = match new.kind {
        Kind::Direct | Kind::Session if of_two.is_none() => Kind::Group,
        Kind::Session if new.session.is_none() => Kind::Group,
        kind => kind,
    };
    if let Some(there) = there {
        let state = tx.history(there.id)?.map(|history| history.state);
        if state == Some(State::New) {
            // Two conversations elsewhere are one here, and both are on their way.
            return Ok(placed(there.id, there.kind, State::New, false));
        }
        if tx.end_of(there.id)?.is_none() {
            tx.open_history(there.id, State::Longer)?;
            return Ok(placed(there.id, there.kind, State::Longer, false));
        }
        return insert(tx, new, Kind::Group, None);
    }
    insert(tx, new, kind, of_two)
}

fn insert(
    tx: &Tx<'_>,
    new: &NewPlace,
    kind: Kind,
    pair: Option<(AccountId, AccountId)>,
) -> Result<Placed> {
    let is_of_two = matches!(kind, Kind::Direct | Kind::Session);
    let name = match new.kind {
        Kind::Direct | Kind::Session if !is_of_two => &new.group_name,
        _ => &new.name,
    };
    let pair = pair.map(|(one, other)| (one.min(other), one.max(other)));
    let id = tx.insert_place(new, kind, name, pair.filter(|_| is_of_two))?;
    if let (Kind::Session, Some(uuid)) = (kind, &new.session) {
        tx.tie_to_session(id, uuid)?;
    }
    tx.open_history(id, State::New)?;
    Ok(placed(id, kind, State::New, true))
}

fn placed(id: ConversationId, kind: Kind, state: State, made: bool) -> Placed {
    Placed {
        id,
        kind,
        state,
        made,
        floor: None,
    }
}

/// Appends messages, in the order in which they were said.
pub fn say(tx: &Tx<'_>, import: Import, batch: Vec<Said>) -> Result<Counted> {
    tx.decide();
    let mut counted = Counted::default();
    let mut places = Vec::new();
    for said in batch {
        if tx.imported(import, What::Message, &said.key)?.is_some() {
            counted.before += 1;
            continue;
        }
        let reply_to = match &said.reply_to {
            Some(key) => tx.imported(import, What::Message, key)?,
            None => None,
        };
        let id: MessageId = tx.append_said(&said, reply_to)?;
        tx.note_imported(import, What::Message, &said.key, id.number())?;
        counted.made += 1;
        if !places.contains(&said.place) {
            places.push(said.place);
        }
    }
    for place in places {
        tx.end_history_here(place)?;
    }
    Ok(counted)
}

/// Takes people into a conversation whose messages are all there. Who has left it here, or is banned, stays out.
pub fn take_in(tx: &Tx<'_>, placed: Placed, people: &[Taken]) -> Result<()> {
    tx.decide();
    for one in people {
        let may = placed.state == State::New || tx.may_be_taken_in(placed.id, one.account)?;
        let ban = tx.restraint(placed.id, one.account, RestraintKind::Ban)?;
        if may && ban.is_none() {
            tx.insert_taken(placed.id, one)?;
        }
    }
    Ok(())
}

/// The conversation has all its messages and members.
pub fn complete(
    tx: &Tx<'_>,
    placed: Placed,
    archived_at: Option<Time>,
    picture: Option<FileId>,
) -> Result<()> {
    tx.decide();
    let stored = tx.history(placed.id)?.map(|history| history.state);
    if placed.state == State::Longer && stored == Some(State::Complete) {
        // Nothing has come.
        return Ok(());
    }
    tx.complete_history(placed.id, placed.kind, placed.state, archived_at, picture)
}

/// Why something is left out; `None`: it is here now, or was before.
pub type LeftOut = Option<String>;

/// Imposes bans and silences, each once: one that was lifted here stays lifted. One that is over, and one where another holds
/// already, changes nothing. Whoever is banned is no member any more.
pub fn restrain(tx: &Tx<'_>, import: Import, restraints: Vec<Imposed>) -> Result<Vec<LeftOut>> {
    tx.decide();
    restraints
        .into_iter()
        .map(|one| {
            let is_over = one.until.time().is_some_and(|until| until <= tx.now);
            if is_over || tx.imported(import, What::Restraint, &one.key)?.is_some() {
                return Ok(None);
            }
            let left_out = restrain_first(tx, &one)?;
            if left_out.is_none() {
                tx.note_imported(import, What::Restraint, &one.key, one.account.number())?;
            }
            Ok(left_out.map(str::to_owned))
        })
        .collect()
}

fn restrain_first(tx: &Tx<'_>, one: &Imposed) -> Result<Option<&'static str>> {
    let (id, who, kind) = (one.place, one.account, one.kind);
    let standing = match tx.place_for(id, Some(who))? {
        Some((place, theirs)) if matches!(place.kind, Kind::Group | Kind::Room) => theirs,
        _ => return Ok(Some("it is of no group or room that is here")),
    };
    if tx.directory.is_admin(who) {
        return Ok(Some("administrators are neither banned nor silenced"));
    }
    if tx.restraint(id, who, kind)?.is_some() {
        return Ok(None);
    }
    if tx.has_restraints(id, kind, limits::RESTRAINTS)? {
        return Ok(Some("its conversation has as many of them as it may"));
    }
    tx.put_restraint(id, who, kind, one.until, one.by, one.at)?;
    if kind == RestraintKind::Ban && standing.member {
        conversation::leave_for(tx, id, who)?;
    }
    Ok(None)
}

/// Lets people block whom they have blocked elsewhere, each once: who is blocked no more here stays so.
pub fn block(tx: &Tx<'_>, import: Import, blocks: Vec<Blocking>) -> Result<Vec<LeftOut>> {
    tx.decide();
    blocks
        .into_iter()
        .map(|one| {
            let is_there = tx.account(one.account)?.is_some();
            if !is_there || tx.imported(import, What::Block, &one.key)?.is_some() {
                return Ok(None);
            }
            if one.account == one.blocked {
                return Ok(Some("nobody blocks themselves".to_owned()));
            }
            if !tx.blocks(one.account, one.blocked)? {
                if tx.count_blocked_by(one.account)? >= limits::BLOCKS {
                    return Ok(Some("nobody may block more than 1,000 people".to_owned()));
                }
                tx.insert_block(one.account, one.blocked, one.at)?;
                // One that waits may tell of what this person says.
                tx.drop_digests(one.account)?;
            }
            tx.note_imported(import, What::Block, &one.key, one.blocked.number())?;
            Ok(None)
        })
        .collect()
}

/// Adds to the list of unwanted words and patterns, each once: what is on it already stays as it is, and what was taken off
/// it here stays off.
pub fn list(tx: &Tx<'_>, import: Import, entries: Vec<Listing>) -> Result<Vec<LeftOut>> {
    tx.decide();
    entries
        .into_iter()
        .map(|one| {
            if tx.imported(import, What::Unwanted, &one.key)?.is_some() {
                return Ok(None);
            }
            if !tx.has_unwanted(&one.text, one.sort)?
                && let Some(wrong) = list_first(tx, &one)?
            {
                return Ok(Some(wrong));
            }
            tx.note_imported(import, What::Unwanted, &one.key, 0)?;
            Ok(None)
        })
        .collect()
}

fn list_first(tx: &Tx<'_>, one: &Listing) -> Result<LeftOut> {
    if let Some(wrong) = wrong_with_entry(&one.text, one.sort) {
        return Ok(Some(format!("its text {wrong}")));
    }
    let id = tx.put_unwanted(one.by, &one.text, one.sort, one.consequence, one.at)?;
    let entries = tx.unwanted_entries()?;
    let wrong = match one.sort {
        _ if entries.len() > limits::UNWANTED => "the list may have 500 entries",
        Sort::Pattern if List::of(entries).is_err() => "it makes the list of patterns too large",
        Sort::Word | Sort::Pattern => return Ok(None),
    };
    tx.delete_unwanted(id)?;
    Ok(Some(wrong.to_owned()))
}

/// The file that this became when it was imported before; it may be gone since.
pub fn file_before(view: &View<'_>, import: Import, key: &str) -> Result<Option<FileId>> {
    Ok(view.imported(import, What::File, key)?.map(Id::stored))
}

/// Begins a file of this media type; [`super::file::add_part`] adds its bytes.
pub fn begin_file(
    tx: &Tx<'_>,
    uploader: AccountId,
    original: &str,
    media_type: &str,
) -> Result<FileId> {
    let name = super::file::safe_name(original);
    tx.insert_file(&name, original, media_type, uploader)
}

/// Completes it. `picture_of` is whose profile picture it becomes, if they have none.
pub fn finish_file(
    tx: &Tx<'_>,
    import: Import,
    key: &str,
    id: FileId,
    kept: &Kept,
    picture_of: Option<AccountId>,
) -> Result<()> {
    tx.decide();
    tx.complete_kept(id, kept)?;
    if let Some(who) = picture_of {
        tx.picture_for(who, id)?;
    }
    tx.note_imported(import, What::File, key, id.number())
}

/// Keeps notifications; nobody is told of them again.
pub fn notify(tx: &Tx<'_>, import: Import, notices: Vec<(String, Notice)>) -> Result<()> {
    tx.decide();
    for (key, notice) in notices {
        if tx.imported(import, What::Notice, &key)?.is_none() {
            let id = tx.insert_heard_notice(&notice)?;
            tx.note_imported(import, What::Notice, &key, id.number())?;
        }
    }
    Ok(())
}

/// Notes in the audit log what was imported.
pub fn note(tx: &Tx<'_>, source: &str, detail: &str) -> Result<()> {
    tx.record(None, "import", source, detail)
}
