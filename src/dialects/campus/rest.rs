//! Profile, conversations and messages.

use http::StatusCode;
use serde_json::{Value, json};

use super::shapes;
use crate::core::error::{Error, Result};
use crate::core::message::Draft;
use crate::core::model::{AccountId, AccountKind, ConversationId, Me, Message};
use crate::core::search::Seeker;
use crate::core::{account, change, conversation, limits, message};
use crate::dialects::socket_event::PLACE;
use crate::dialects::{changing, owning};
use crate::web::answer::{Answer, json_reply, ok};
use crate::web::call::Call;
use crate::web::fields::Fields;
use crate::web::{finding, presence};

/// The names of the field with a message's text; the first is the document's.
pub const WORDS: &[&str] = &["message", "content", "text"];
/// The names of the field with a group's members: as the document spells it, and correctly.
const MEMBERS: &[&str] = &["groupMenmbers", "groupMembers", "members"];
/// Messages of a page by default.
const PAGE: u32 = 50;

/// GET /user/profile
pub async fn profile(call: Call) -> Answer {
    let me = call.me()?;
    let own = call.read(move |view| account::get(view, me.id)).await?;
    ok(shapes::user(call.core().spelling(), &own))
}

/// Refuses a `senderId` that is not the caller.
fn is_me(me: &Me, sender: Option<AccountId>) -> Result<()> {
    match sender {
        Some(sender) if sender != me.id => Err(Error::Forbidden("senderId must be you")),
        _ => Ok(()),
    }
}

/// POST /conversaton/create
pub async fn create_conversation(mut call: Call) -> Answer {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    let sender = fields.optional_id::<AccountKind>(&["senderId"]);
    let receiver = fields.id(&["receiverId"]);
    let receiver = fields.done(receiver)?;
    is_me(&me, sender)?;
    let asking = me.clone();
    let (place, made) = call
        .write(move |tx| conversation::between(tx, &asking, receiver))
        .await
        .map_err(|error| error.about("toUserId", "receiverId"))?;
    show(&call, me, place.id, made).await
}

/// GET /conversaton/:id
pub async fn show_conversation(call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "id")?;
    show(&call, me, id, false).await
}

/// POST /conversaton/create-group
pub async fn create_group(mut call: Call) -> Answer {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    let (name, members) = (fields.required_text(&["name"]), fields.ids(MEMBERS));
    let (name, members) = fields.done(Some((name, members)))?;
    let asking = me.clone();
    let id = call
        .write(move |tx| conversation::gather(tx, &asking, &name, &members))
        .await
        .map_err(|error| error.about("groupMembers", MEMBERS[0]))?;
    show(&call, me, id, true).await
}

async fn show(call: &Call, me: Me, id: ConversationId, made: bool) -> Answer {
    let (known, people) = call
        .read(move |view| {
            Ok((
                conversation::show(view, Some(me.id), id)?,
                conversation::people(view, &me, id)?,
            ))
        })
        .await?;
    let status = if made {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(json_reply(
        status,
        &shapes::conversation(call.core().spelling(), &known, &people),
    ))
}

/// POST /message/create
pub async fn create_message(mut call: Call) -> Answer {
    let me = call.me()?;
    let most = call.core().limits().message_chars;
    let mut fields = call.fields().await?;
    let sender = fields.optional_id::<AccountKind>(&["senderId"]);
    let draft = draft(fields, most)?;
    is_me(&me, sender)?;
    let sent = call.core().post(me, draft).await?;
    Ok(json_reply(
        StatusCode::CREATED,
        &shapes::message(call.core().spelling(), &sent),
    ))
}

/// `{ conversationId, message, clientMessageId? }`, in the body and in the events.
pub fn draft(mut fields: Fields<'_>, most: usize) -> Result<Draft> {
    let place = fields.id(PLACE);
    let text = fields.required_text(WORDS);
    let client_id = fields.optional_text(&["clientMessageId"]);
    fields.name_also(|| Vec::from_iter(message::wrong_with_text(WORDS[0], &text, most)));
    let reply_to = changing::reply_to(&mut fields);
    fields.done(place.map(|place| Draft {
        text_field: WORDS[0],
        reply_to,
        ..Draft::text("campus", place, text, client_id)
    }))
}

/// GET /message/get-messages: the conversation in the query, or in the GET's body
pub async fn list_messages(mut call: Call) -> Answer {
    let me = call.me()?;
    let given = call.query_or_object(PLACE).await?;
    let mut fields = Fields::new(given, call.core().spelling());
    let place = fields.id(PLACE);
    let limit = fields.number("limit", PAGE, 1, limits::PAGE);
    let before = fields.optional_id(&["before"]);
    let place = fields.done(place)?;
    let ((mut page, _), position) = call
        .read_inline_at(move |view| message::before(view, me.id, place, before, limit))
        .await?;
    page.reverse();
    let spell = call.core().spelling();
    let page: Vec<_> = page
        .iter()
        .map(|message| shapes::message(spell, message))
        .collect();
    ok(page).map(|reply| position.added_to(reply))
}

fn one(call: &Call, message: &Message) -> Answer {
    ok(shapes::message(call.core().spelling(), message))
}

/// GET /message/get-message/:id
pub async fn show_message(call: Call) -> Answer {
    let message = changing::one(&call, changing::target(&call, 0)?).await?;
    one(&call, &message)
}

/// GET /message/get-pinned: the pinned messages of a conversation, the latest pin first
pub async fn list_pinned(mut call: Call) -> Answer {
    let me = call.me()?;
    let given = call.query_or_object(PLACE).await?;
    let mut fields = Fields::new(given, call.core().spelling());
    let place = fields.id(PLACE);
    let place = fields.done(place)?;
    let (pinned, position) = call
        .read_at(move |view| change::pins(view, Some(me.id), place))
        .await?;
    let spell = call.core().spelling();
    let shaped: Vec<_> = pinned
        .iter()
        .map(|message| shapes::message(spell, message))
        .collect();
    ok(shaped).map(|reply| position.added_to(reply))
}

/// PATCH /message/update/:id `{ message }`
pub async fn edit_message(mut call: Call) -> Answer {
    let target = changing::target(&call, 0)?;
    let message = changing::edit(&mut call, target, WORDS).await?;
    one(&call, &message)
}

/// DELETE /message/remove/:id
pub async fn delete_message(call: Call) -> Answer {
    let gone = changing::delete(&call, changing::target(&call, 0)?).await?;
    ok(shapes::deleted(call.core().spelling(), &gone))
}

/// PUT /message/reaction/:id `{ emoji }`
pub async fn react(mut call: Call) -> Answer {
    let target = changing::target(&call, 0)?;
    let message = changing::react(&mut call, target, None, true).await?;
    one(&call, &message)
}

/// DELETE /message/reaction/:id `{ emoji }`, in the body or in the query
pub async fn take_reaction_back(mut call: Call) -> Answer {
    let target = changing::target(&call, 0)?;
    let message = changing::react(&mut call, target, None, false).await?;
    one(&call, &message)
}

/// PUT /message/pin/:id
pub async fn pin(call: Call) -> Answer {
    let message = changing::pin(&call, changing::target(&call, 0)?, true).await?;
    one(&call, &message)
}

/// DELETE /message/pin/:id
pub async fn unpin(call: Call) -> Answer {
    let message = changing::pin(&call, changing::target(&call, 0)?, false).await?;
    one(&call, &message)
}

/// POST /message/report/:id: `{ reason? }`
pub async fn report(mut call: Call) -> Answer {
    let target = changing::target(&call, 0)?;
    changing::report(&mut call, target).await?;
    let told = json!({ "message": changing::REPORTED });
    Ok(json_reply(StatusCode::CREATED, &told))
}

/// GET /message/get-conversation-participants
pub async fn list_participants(mut call: Call) -> Answer {
    let me = call.me()?;
    let given = call.query_or_object(PLACE).await?;
    let mut fields = Fields::new(given, call.core().spelling());
    let place = fields.id(PLACE);
    let place = fields.done(place)?;
    let people = call
        .read(move |view| conversation::people(view, &me, place))
        .await?;
    let spell = call.core().spelling();
    ok(people
        .iter()
        .map(|person| shapes::participant(spell, person))
        .collect::<Vec<_>>())
}

/// GET /conversaton/:id/settings: what the caller wants to be told of by mail
pub async fn show_settings(call: Call) -> Answer {
    let (id, own) = owning::settings(&call, "id").await?;
    ok(shapes::settings(call.core().spelling(), id, own))
}

/// PATCH /conversaton/:id/settings
pub async fn change_settings(mut call: Call) -> Answer {
    let (id, own) = owning::change_settings(&mut call, "id").await?;
    ok(shapes::settings(call.core().spelling(), id, own))
}

/// GET /user/presence: who of these people is there
pub async fn list_presence(call: Call) -> Answer {
    let list = presence::asked_for(&call).await?;
    let spell = call.core().spelling();
    let list = list.iter().map(|one| shapes::presence(spell, one));
    ok(list.collect::<Value>())
}

/// PATCH /conversaton/:id: name, describe, picture or archive a group or a room
pub async fn change_conversation(mut call: Call) -> Answer {
    let (me, id) = owning::change(&mut call, "id").await?;
    show(&call, me, id, false).await
}

/// PUT /conversaton/:id/owners/:userId: make a member an owner
pub async fn appoint(call: Call) -> Answer {
    let (me, id) = owning::appoint(&call, "id").await?;
    show(&call, me, id, false).await
}

/// DELETE /conversaton/:id/owners/:userId: make an owner a member like others
pub async fn dismiss(call: Call) -> Answer {
    let (me, id) = owning::dismiss(&call, "id").await?;
    show(&call, me, id, false).await
}

/// POST /conversaton/:id/members: take somebody into a group, or join a room
pub async fn add_member(mut call: Call) -> Answer {
    let (me, id) = owning::add_member(&mut call, "id").await?;
    show(&call, me, id, false).await
}

/// DELETE /conversaton/:id/members/:userId: put somebody out of a group or a room, or leave
pub async fn remove_member(call: Call) -> Answer {
    owning::remove_member(&call, "id").await?;
    ok(json!({ "message": "Member removed" }))
}

/// GET /message/search: messages by their words, newest first
pub async fn search(call: Call) -> Answer {
    let me = call.me()?;
    let seeker = Seeker::Account(me.id);
    let finding = finding::find(&call, seeker, PLACE, PAGE, |_, _| Ok(())).await?;
    let spell = call.core().spelling();
    let messages = finding.found.messages.iter();
    let messages: Vec<_> = messages
        .map(|message| shapes::message(spell, message))
        .collect();
    ok(messages).map(|reply| finding.headers.added_to(reply))
}
