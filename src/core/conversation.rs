//! Making conversations, joining and leaving them, typing, reading, listing.

use super::error::{Error, Fault, Result};
use super::limits;
use super::may::{self, Wish, may};
use super::model::{
    AccountId, Arrival, Conversation, ConversationId, Event, Kind, Listed, Me, MessageId, Overview,
    Page, Person, Place, Reading, StateChange, SubscriberId,
};
use super::store::{ConversationOrder, NewConversation, Tx, View};
use super::{block, mention, owner, text, unwanted};

/// Opens a room to every account. Its creator is its first member, and its owner.
///
/// # Errors
/// `Invalid` for an empty or overlong name, or an overlong description.
pub fn open_room(tx: &Tx<'_>, me: &Me, name: &str, description: &str) -> Result<Conversation> {
    let (name, description) = (name.trim(), description.trim());
    let faults = wrong_with(name, description);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    unwanted::check(tx, "name", name)?;
    unwanted::check(tx, "description", description)?;
    let description = text::without_hidden(description.to_owned());
    let id = make(
        tx,
        &NewConversation {
            kind: Kind::Room,
            name,
            description: &description,
            creator: me.id,
            pair: None,
        },
    )?;
    add(tx, id, me.id, Arrival::Expected)?;
    tx.set_owner(id, me.id, true)?;
    tx.conversation(id)?.ok_or(Error::NotFound("Conversation"))
}

/// What is wrong with the name and the description of a conversation.
pub(in crate::core) fn wrong_with(name: &str, description: &str) -> Vec<Fault> {
    let wrong = [
        ("name", text::wrong_with_name(name)),
        (
            "description",
            text::wrong_with_text(description, limits::DESCRIPTION_CHARS),
        ),
    ];
    let faults = wrong.into_iter();
    faults
        .filter_map(|(field, wrong)| Some(Fault::new(field, wrong?)))
        .collect()
}

/// Counts people whom somebody makes members: everybody there is told of each.
///
/// # Errors
/// `UsedUp` if they were too many lately.
fn count_new_members(tx: &Tx<'_>, me: &Me, more: usize) -> Result<()> {
    let more = u32::try_from(more).unwrap_or(u32::MAX);
    let quota = "You have made many people members of conversations lately";
    let made = tx.directory.new_members();
    made.count(me.id, tx.now, more, tx.limits.new_members, quota)
}

/// Makes a conversation without members.
///
/// # Errors
/// `UsedUp` if this account has made too many lately.
pub(in crate::core) fn make(tx: &Tx<'_>, new: &NewConversation<'_>) -> Result<ConversationId> {
    let (limit, quota) = (
        tx.limits.new_conversations,
        "You have made many conversations lately",
    );
    let made = tx.directory.new_conversations();
    made.count(new.creator, tx.now, 1, limit, quota)?;
    tx.insert_conversation(new)
}

/// Makes somebody a member who speaks in a conversation that is there already.
///
/// # Errors
/// `Conflict` if this person belongs to [`limits::MEMBERSHIPS`] conversations already.
pub(in crate::core) fn enrol(tx: &Tx<'_>, id: ConversationId, who: AccountId) -> Result<()> {
    come(tx, id, who, Arrival::Expected)
}

/// Makes somebody a member of a conversation that is there already. A room that nobody owns is its creator's again.
fn come(tx: &Tx<'_>, id: ConversationId, who: AccountId, arrival: Arrival) -> Result<()> {
    if add(tx, id, who, arrival)? && tx.own_again(id, who)? {
        owner::changed(tx, id)?;
    }
    Ok(())
}

/// Makes somebody a member. `false` if they were one before.
///
/// # Errors
/// `Conflict` if this person belongs to [`limits::MEMBERSHIPS`] conversations already.
pub(in crate::core) fn add(
    tx: &Tx<'_>,
    id: ConversationId,
    who: AccountId,
    arrival: Arrival,
) -> Result<bool> {
    if !tx.insert_member(id, who)? {
        return Ok(false);
    }
    if let Some(most) = tx.limits.memberships
        && tx.belongs_to_more_than(who, most)?
    {
        return Err(Error::Conflict(
            "Nobody may belong to more than 10,000 conversations",
        ));
    }
    tx.announce(Event::MemberJoined {
        conversation: id,
        account: who,
        arrival,
    });
    Ok(true)
}

/// Two people as a pair: the smaller id first.
pub(in crate::core) fn pair(one: AccountId, other: AccountId) -> (AccountId, AccountId) {
    (one.min(other), one.max(other))
}

/// Makes a group of these people and its creator.
///
/// # Errors
/// `Invalid` for an empty or overlong name or too many people, `NotFound` if one of them is not there, `Forbidden` if one has
/// blocked the creator, `UsedUp`.
pub fn gather(tx: &Tx<'_>, me: &Me, name: &str, others: &[AccountId]) -> Result<ConversationId> {
    let name = name.trim();
    if let Some(wrong) = text::wrong_with_name(name) {
        return Err(Error::invalid("name", wrong));
    }
    unwanted::check(tx, "name", name)?;
    let everybody: std::collections::BTreeSet<_> = others
        .iter()
        .copied()
        .chain(std::iter::once(me.id))
        .collect();
    if everybody.len() > limits::GROUP_MEMBERS {
        let wrong = format!("must be at most {} people", limits::GROUP_MEMBERS);
        return Err(Error::invalid("groupMembers", wrong));
    }
    count_new_members(tx, me, everybody.len() - 1)?;
    let id = make(
        tx,
        &NewConversation {
            kind: Kind::Group,
            name,
            description: "",
            creator: me.id,
            pair: None,
        },
    )?;
    for who in everybody {
        if tx.account(who)?.is_none() {
            return Err(Error::NotFound("User"));
        }
        block::may_reach(tx, me.id, who)?;
        let arrival = match who == me.id {
            true => Arrival::Expected,
            false => Arrival::Gathered,
        };
        add(tx, id, who, arrival)?;
    }
    tx.set_owner(id, me.id, true)?;
    Ok(id)
}

/// Adds somebody to a group, which its owners may; or joins an open room, which everybody may for themselves.
///
/// # Errors
/// `NotFound` to a stranger, `Forbidden` to who does not own the group or whom that person has blocked, `Conflict` for what
/// takes nobody in or is full, and for who is banned there, `UsedUp`.
pub fn add_member(tx: &Tx<'_>, me: &Me, id: ConversationId, who: AccountId) -> Result<()> {
    let (place, _) = may(tx, Some(me.id), Wish::Hear, id)?;
    match place.kind {
        Kind::Group => {
            may(tx, Some(me.id), Wish::Moderate, id)?;
        }
        Kind::Room if who == me.id => {}
        Kind::Room => {
            return Err(Error::Conflict(
                "Everybody joins an open room by themselves",
            ));
        }
        Kind::Direct | Kind::Session => return Err(Error::Conflict("Only groups take members in")),
    }
    if tx.account(who)?.is_none() {
        return Err(Error::NotFound("User"));
    }
    let theirs = tx.place_for(id, Some(who))?;
    if theirs.is_some_and(|(_, theirs)| theirs.banned.is_some()) {
        return Err(Error::Conflict(
            "This person is banned here: lift the ban first",
        ));
    }
    block::may_reach(tx, me.id, who)?;
    if place.kind == Kind::Group && tx.member_count(id)? >= limits::GROUP_MEMBERS as i64 {
        return Err(Error::Conflict("The group is full"));
    }
    count_new_members(tx, me, 1)?;
    come(tx, id, who, Arrival::TakenIn)
}

/// Removes a member from a group or a room, or leaves it. Its owners may remove others, everybody may leave.
///
/// # Errors
/// `NotFound` to a stranger and for who is no member, `Forbidden` to who does not own it, `Conflict` in a conversation of
/// two.
pub fn remove_member(tx: &Tx<'_>, me: &Me, id: ConversationId, who: AccountId) -> Result<()> {
    let (place, _) = may(tx, Some(me.id), Wish::Hear, id)?;
    match place.kind {
        Kind::Direct | Kind::Session => {
            return Err(Error::Conflict("Two people's conversation cannot be left"));
        }
        Kind::Group | Kind::Room if who != me.id => {
            let (_, standing) = may(tx, Some(me.id), Wish::Moderate, id)?;
            let detail = format!("user {}", who.number());
            owner::note(tx, me, standing, "conversation.remove-member", id, &detail)?;
        }
        Kind::Group | Kind::Room => {}
    }
    leave_for(tx, id, who)
}

/// Ends a membership; this person hears nothing more from there. If nobody owns the group now, the member who has been there
/// longest does, so that it always has an owner.
///
/// # Errors
/// `NotFound` for who is no member.
pub(in crate::core) fn leave_for(tx: &Tx<'_>, id: ConversationId, who: AccountId) -> Result<()> {
    let place = tx.place_for(id, Some(who))?;
    if !tx.delete_member(id, who)? {
        return Err(Error::NotFound("Member"));
    }
    tx.leave_group_to_another(id, who)?;
    tx.drop_digests(who)?;
    tx.announce(Event::MemberLeft {
        conversation: id,
        account: who,
    });
    if place.is_some_and(|(_, standing)| standing.owner) {
        owner::changed(tx, id)?;
    }
    Ok(())
}

/// The direct conversation of two people, made if there is none yet; and whether it was made.
///
/// # Errors
/// `NotFound` if there is no such person, `Invalid` for a conversation with oneself, `Forbidden` for a new one if one of the
/// two blocks the other.
pub fn between(tx: &Tx<'_>, me: &Me, other: AccountId) -> Result<(Place, bool)> {
    if other == me.id {
        return Err(Error::invalid("toUserId", "must be somebody else"));
    }
    if let Some(place) = tx.direct_between(me.id, other)? {
        return Ok((place, false));
    }
    if tx.account(other)?.is_none() {
        return Err(Error::NotFound("User"));
    }
    block::may_meet(tx, me.id, other)?;
    let pair = pair(me.id, other);
    let id = make(
        tx,
        &NewConversation {
            kind: Kind::Direct,
            name: "",
            description: "",
            creator: me.id,
            pair: Some(pair),
        },
    )?;
    add(tx, id, me.id, Arrival::Expected)?;
    add(tx, id, other, Arrival::Expected)?;
    let place = Place {
        id,
        kind: Kind::Direct,
        pair: Some(pair),
    };
    Ok((place, true))
}

/// Subscribes to a conversation, from exactly this point of the log on.
///
/// # Errors
/// `NotFound` if this person may not hear it.
pub fn subscribe(
    tx: &Tx<'_>,
    me: &Me,
    id: ConversationId,
    subscriber: SubscriberId,
) -> Result<Place> {
    let (place, _) = may(tx, Some(me.id), Wish::Hear, id)?;
    tx.announce(StateChange::Subscribed {
        subscriber,
        conversation: id,
    });
    Ok(place)
}

/// The conversations that this person belongs to, by ascending id: at most `limit` behind `after`.
pub fn memberships(
    view: &View<'_>,
    who: AccountId,
    after: Option<ConversationId>,
    most: u32,
) -> Result<Vec<ConversationId>> {
    view.memberships(who, after, most)
}

/// Somebody as they are now, and some of their conversations.
#[derive(Debug)]
pub struct Acquaintance {
    pub person: Person,
    /// Without open rooms.
    pub closed: Vec<ConversationId>,
    /// Behind which there are more; `None` if there are none.
    pub next: Option<ConversationId>,
}

/// Who this person is now, and where others know them from: `most` of their conversations behind `after` are looked at.
/// `None` if there is no such person.
pub fn acquaintance(
    view: &View<'_>,
    who: AccountId,
    after: Option<ConversationId>,
    most: u32,
) -> Result<Option<Acquaintance>> {
    let Some(person) = view.person(who)? else {
        return Ok(None);
    };
    let page = view.memberships_and_kinds(who, after, most)?;
    let last = page.last().map(|(id, _)| *id);
    Ok(Some(Acquaintance {
        person,
        next: last.filter(|_| page.len() == most as usize),
        closed: page
            .into_iter()
            .filter_map(|(id, is_closed)| is_closed.then_some(id))
            .collect(),
    }))
}

/// Ends a subscription, at exactly this point of the log.
///
/// # Errors
/// `NotFound` if this person may not hear it anyway.
pub fn unsubscribe(
    tx: &Tx<'_>,
    me: &Me,
    id: ConversationId,
    subscriber: SubscriberId,
) -> Result<()> {
    may(tx, Some(me.id), Wish::Hear, id)?;
    tx.announce(StateChange::Unsubscribed {
        subscriber,
        conversation: id,
    });
    Ok(())
}

/// Somebody types, or has stopped, at this subscriber's socket.
///
/// # Errors
/// `NotFound` if this person may not speak.
pub fn type_in(
    tx: &Tx<'_>,
    me: &Me,
    id: ConversationId,
    subscriber: SubscriberId,
    on: bool,
) -> Result<()> {
    let (place, _) = may(tx, Some(me.id), Wish::Speak, id)?;
    tx.announce(Event::Typing {
        place,
        who: me.id,
        subscriber,
        on,
    });
    Ok(())
}

/// Marks a conversation as read, up to a message or all of it; answers how many messages of others became read. A read mark
/// never moves back.
///
/// # Errors
/// `NotFound` if this person may not hear it, or the message is not of this conversation.
pub fn mark_read(tx: &Tx<'_>, me: &Me, id: ConversationId, upto: Option<MessageId>) -> Result<i64> {
    let (place, standing) = may(tx, Some(me.id), Wish::Hear, id)?;
    if !standing.member {
        // Who looks into an open room without being a member has no read mark.
        tx.seq_before(id, upto)?.ok_or(Error::NotFound("Message"))?;
        return Ok(0);
    }
    let Some(receipt) = tx.move_read_mark(id, me.id, upto)? else {
        return Ok(0);
    };
    let count = receipt.count;
    tx.announce(Event::MessagesRead { place, receipt });
    Ok(count)
}

/// How far the members of a conversation have read, the farthest first. Empty for an open room: anybody may have read it.
///
/// # Errors
/// `NotFound` if this person may not hear it.
pub fn readings(view: &View<'_>, me: &Me, id: ConversationId) -> Result<Vec<Reading>> {
    let (place, _) = may(view, Some(me.id), Wish::Hear, id)?;
    match place.kind {
        Kind::Room => Ok(Vec::new()),
        Kind::Direct | Kind::Group | Kind::Session => view.readings(id),
    }
}

/// Open rooms, and the conversations of this person.
pub fn seen_by(
    view: &View<'_>,
    who: Option<AccountId>,
    order: ConversationOrder,
    page: Page,
) -> Result<Listed<Conversation>> {
    view.conversations_seen_by(who, order, page)
}

/// A conversation, for somebody who may read it.
///
/// # Errors
/// `NotFound`.
pub fn show(view: &View<'_>, who: Option<AccountId>, id: ConversationId) -> Result<Conversation> {
    may(view, who, Wish::Hear, id)?;
    view.conversation(id)?
        .ok_or(Error::NotFound("Conversation"))
}

/// A conversation as this person sees it.
///
/// # Errors
/// `NotFound`. An open room is shown to non-members too, with nothing unread.
pub fn overview(view: &View<'_>, me: &Me, id: ConversationId) -> Result<Overview> {
    let conversation = show(view, Some(me.id), id)?;
    let unread = view.unread(id, me.id)?;
    with_people(view, me, conversation, unread)
}

/// The conversations that this person belongs to, the latest activity first.
pub fn inbox(view: &View<'_>, me: &Me, limit: u32, offset: u32) -> Result<Listed<Overview>> {
    let Listed { items, total } = view.inbox(me.id, limit, offset)?;
    let items = items
        .into_iter()
        .map(|(conversation, unread)| with_people(view, me, conversation, unread));
    Ok(Listed {
        items: items.collect::<Result<_>>()?,
        total,
    })
}

fn with_people(
    view: &View<'_>,
    me: &Me,
    conversation: Conversation,
    unread: i64,
) -> Result<Overview> {
    let Place { id, kind, .. } = conversation.place;
    let last = view.last_message(conversation.place)?;
    let session = match kind {
        Kind::Session => view.session_of(id)?,
        Kind::Direct | Kind::Group | Kind::Room => None,
    };
    let updated_at = last
        .as_ref()
        .map_or(conversation.created_at, |message| message.sent_at);
    let people = view.members_of(id)?;
    let silenced = match kind {
        Kind::Group | Kind::Room => may::silenced(view, me.id, id)?,
        Kind::Direct | Kind::Session => None,
    };
    Ok(Overview {
        conversation,
        people,
        session,
        last,
        unread,
        unread_mentions: match unread {
            0 => 0,
            _ => unread_mentions(view, me, id)?,
        },
        settings: view.settings(id, me.id)?.unwrap_or_default(),
        silenced,
        updated_at,
    })
}

fn unread_mentions(view: &View<'_>, me: &Me, id: ConversationId) -> Result<i64> {
    match view.read_seq(id, me.id)? {
        Some(read) => mention::unread(view, me.id, id, read),
        None => Ok(0),
    }
}

/// The members of a conversation, for somebody who may read it.
///
/// # Errors
/// `NotFound`.
pub fn people(view: &View<'_>, me: &Me, id: ConversationId) -> Result<Vec<Person>> {
    may(view, Some(me.id), Wish::Hear, id)?;
    view.members_of(id)
}
