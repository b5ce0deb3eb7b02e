//! The room that everybody meets in: whoever gets an account is a member of it from the start.

use super::conversation;
use super::error::Result;
use super::invitation;
use super::model::{AccountId, Arrival, Kind};
use super::store::{NewConversation, Tx};

/// Makes the room, if there is to be one and it was not made yet, as soon as there is an administrator to own it. It is
/// made once: whatever becomes of it, no other takes its place.
pub fn open(tx: &Tx<'_>) -> Result<()> {
    let Some(name) = &tx.limits.first_room else {
        return Ok(());
    };
    let (None, Some(creator)) = (tx.first_room()?, tx.first_administrator()?) else {
        return Ok(());
    };
    let id = conversation::make(
        tx,
        &NewConversation {
            kind: Kind::Room,
            name,
            description: "",
            creator,
            pair: None,
        },
    )?;
    conversation::add(tx, id, creator, Arrival::Expected)?;
    tx.set_owner(id, creator, true)?;
    tx.put_first_room(id)
}

/// Makes a new account a member, if there is such a room and it is still written in.
pub(in crate::core) fn welcome(tx: &Tx<'_>, who: AccountId) -> Result<()> {
    if tx.limits.first_room.is_none() {
        return Ok(());
    }
    open(tx)?;
    let room = tx.first_room()?;
    invitation::join(tx, who, room.as_slice())
}
