//! Owners, members and settings of conversations, as requests say it and dialects tell it. The forms are the same in all
//! dialects; the names of paths and events and the shapes of the answers are each dialect's own.
//!
//! `name` is what a dialect calls a conversation's id, which is the first in the path.

use serde_json::Value;

use crate::core::error::Result;
use crate::core::id::Spelling;
use crate::core::model::{AccountId, Arrival, ConversationId, Event, Me, Settings};
use crate::core::{Tx, conversation, level, owner};
use crate::dialects::beyond;
use crate::dialects::telling::Telling;
use crate::web::call::Call;

/// What the caller wants to be told of by mail there.
pub async fn settings(call: &Call, name: &str) -> Result<(ConversationId, Settings)> {
    let me = call.me()?;
    let id = call.id(0, name)?;
    let own = call.read(move |view| level::settings(view, &me, id));
    Ok((id, own.await?))
}

/// Changes that: `{ level?, mutedUntil? }`.
pub async fn change_settings(call: &mut Call, name: &str) -> Result<(ConversationId, Settings)> {
    let me = call.me()?;
    let id = call.id(0, name)?;
    let mut fields = call.fields().await?;
    let change = beyond::settings(&mut fields);
    let change = fields.done(Some(change))?;
    let own = call.write(move |tx| level::set(tx, &me, id, change));
    Ok((id, own.await?))
}

/// Names, describes, pictures or archives a group or a room: `{ name?, description?, picture?, archived?, keepMessages?,
/// keepFiles? }`. Answers who
/// did it where, as what follows here.
pub async fn change(call: &mut Call, name: &str) -> Result<(Me, ConversationId)> {
    let me = call.me()?;
    let id = call.id(0, name)?;
    let public_url = call.web().public_url.clone();
    let mut fields = call.fields().await?;
    let change = beyond::change(&mut fields, &public_url);
    let change = fields.done(Some(change))?;
    let asking = me.clone();
    let has_rule = !change.kept.is_empty();
    call.write(move |tx| owner::change(tx, &asking, id, change))
        .await?;
    if has_rule {
        call.core().rules_changed().notify_one();
    }
    Ok((me, id))
}

/// Takes somebody into a group, or joins a room: `{ userId }`.
pub async fn add_member(call: &mut Call, name: &str) -> Result<(Me, ConversationId)> {
    let me = call.me()?;
    let id = call.id(0, name)?;
    let mut fields = call.fields().await?;
    let who = fields.id(&["userId"]);
    let who = fields.done(who)?;
    let asking = me.clone();
    call.write(move |tx| conversation::add_member(tx, &asking, id, who))
        .await?;
    Ok((me, id))
}

/// Puts somebody out of a group or a room, or leaves it. The path names them behind the conversation, as in what follows.
pub async fn remove_member(call: &Call, name: &str) -> Result<()> {
    of_member(call, name, conversation::remove_member).await?;
    Ok(())
}

/// Makes a member an owner.
pub async fn appoint(call: &Call, name: &str) -> Result<(Me, ConversationId)> {
    of_member(call, name, owner::appoint).await
}

/// Makes an owner a member like others.
pub async fn dismiss(call: &Call, name: &str) -> Result<(Me, ConversationId)> {
    of_member(call, name, owner::dismiss).await
}

/// A verb on a member of a conversation.
type OfMember = fn(&Tx<'_>, &Me, ConversationId, AccountId) -> Result<()>;

async fn of_member(call: &Call, name: &str, verb: OfMember) -> Result<(Me, ConversationId)> {
    let me = call.me()?;
    let (id, who) = (call.id(0, name)?, call.id(1, "userId")?);
    let asking = me.clone();
    call.write(move |tx| verb(tx, &asking, id, who)).await?;
    Ok((me, id))
}

/// What a dialect says to whoever has become a member, or is one no more, and to the others.
pub struct MemberEvents {
    pub joined: &'static str,
    pub left: &'static str,
    pub other_joined: &'static str,
    pub other_left: &'static str,
    pub own_shape: fn(&Spelling, ConversationId) -> Value,
    pub other_shape: fn(&Spelling, ConversationId, AccountId) -> Value,
}

/// Tells that somebody has become a member, or is one no more; of other events it tells nothing.
pub fn retell_members(event: &Event, tell: &mut Telling<'_>, says: &MemberEvents) {
    match event {
        Event::MemberJoined {
            conversation,
            account,
            arrival,
        } => {
            if *arrival != Arrival::Expected {
                tell.speaker(*account, says.joined, |spell| {
                    (says.own_shape)(spell, *conversation)
                });
            }
            if *arrival == Arrival::TakenIn {
                tell.others(*account, says.other_joined, |spell| {
                    (says.other_shape)(spell, *conversation, *account)
                });
            }
        }
        Event::MemberLeft {
            conversation,
            account,
        } => {
            tell.speaker(*account, says.left, |spell| {
                (says.own_shape)(spell, *conversation)
            });
            tell.room(says.other_left, |spell| {
                (says.other_shape)(spell, *conversation, *account)
            });
        }
        _ => {}
    }
}
