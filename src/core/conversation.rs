//! Opening rooms, finding the conversation of two people, listening, typing.

use super::error::{Error, Fault, Result};
use super::limits;
use super::may::{Wish, may};
use super::model::{
    AccountId, Conversation, ConversationId, Ear, Event, Listed, Me, Page, Place, Sort,
};
use super::store::{ConversationOrder, NewConversation, Tx, View};
use super::text;

/// Opens a room to every account. Its creator is its first member.
///
/// # Errors
/// `Invalid` for an empty or overlong name, or an overlong description.
pub fn open_room(tx: &Tx<'_>, me: &Me, name: &str, description: &str) -> Result<Conversation> {
    let (name, description) = (name.trim(), description.trim());
    let faults: Vec<_> = [
        ("name", text::wrong_with_name(name)),
        (
            "description",
            text::wrong_with_text(description, limits::DESCRIPTION_CHARS),
        ),
    ]
    .into_iter()
    .filter_map(|(field, wrong)| Some(Fault::new(field, wrong?)))
    .collect();
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let id = tx.insert_conversation(&NewConversation {
        sort: Sort::Room,
        name,
        description,
        creator: me.id,
        pair: None,
    })?;
    tx.insert_member(id, me.id)?;
    tx.conversation(id)?.ok_or(Error::NotFound("Conversation"))
}

/// The direct conversation of two people; made where there is none yet.
///
/// # Errors
/// `NotFound` where there is no such person, `Invalid` for a conversation with oneself.
pub fn between(tx: &Tx<'_>, me: &Me, other: AccountId) -> Result<Place> {
    if other == me.id {
        return Err(Error::invalid("toUserId", "must be somebody else"));
    }
    if let Some(place) = tx.direct_between(me.id, other)? {
        return Ok(place);
    }
    if tx.account(other)?.is_none() {
        return Err(Error::NotFound("User"));
    }
    let pair = (me.id.min(other), me.id.max(other));
    let id = tx.insert_conversation(&NewConversation {
        sort: Sort::Direct,
        name: "",
        description: "",
        creator: me.id,
        pair: Some(pair),
    })?;
    tx.insert_member(id, me.id)?;
    tx.insert_member(id, other)?;
    Ok(Place {
        id,
        sort: Sort::Direct,
        pair: Some(pair),
    })
}

/// Makes a listener hear a conversation from exactly here on.
///
/// # Errors
/// `NotFound` where this person may not hear it.
pub fn listen(tx: &Tx<'_>, me: &Me, id: ConversationId, ear: Ear) -> Result<Place> {
    let (place, _) = may(tx, Some(me.id), Wish::Hear, id)?;
    tx.announce(Event::Listening {
        ear,
        conversation: id,
    });
    Ok(place)
}

/// Makes a listener hear it no more, from exactly here on.
///
/// # Errors
/// `NotFound` where this person may not hear it anyway.
pub fn stop_listening(tx: &Tx<'_>, me: &Me, id: ConversationId, ear: Ear) -> Result<()> {
    may(tx, Some(me.id), Wish::Hear, id)?;
    tx.announce(Event::NotListening {
        ear,
        conversation: id,
    });
    Ok(())
}

/// Says that somebody types, or has stopped; `ear` is where they type.
///
/// # Errors
/// `NotFound` where this person may not speak.
pub fn type_in(tx: &Tx<'_>, me: &Me, id: ConversationId, ear: Ear, on: bool) -> Result<()> {
    let (place, _) = may(tx, Some(me.id), Wish::Speak, id)?;
    tx.announce(Event::Typing {
        place,
        who: me.id,
        ear,
        on,
    });
    Ok(())
}

/// Marks everything in a conversation as read; answers how many messages of others became so.
///
/// # Errors
/// `NotFound` where this person may not hear it.
pub fn mark_read(tx: &Tx<'_>, me: &Me, id: ConversationId) -> Result<i64> {
    let (place, member) = may(tx, Some(me.id), Wish::Hear, id)?;
    if !member {
        // Who passes by an open room has no read mark to move.
        return Ok(0);
    }
    let Some(receipt) = tx.move_read_mark(id, me.id)? else {
        return Ok(0);
    };
    let count = receipt.count;
    tx.announce(Event::MessagesRead { place, receipt });
    Ok(count)
}

/// Open rooms, and the conversations of this person.
///
/// # Errors
/// Only the database's.
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
