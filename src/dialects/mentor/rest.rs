//! The document's routes.

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::shapes;
use crate::core::error::Result;
use crate::core::id::Spelling;
use crate::core::message::{After, Draft, PLAIN};
use crate::core::model::{Attachment, ConversationId, Me, Message};
use crate::core::search::Seeker;
use crate::core::{change, conversation, file, limits, message, session};
use crate::dialects::socket_event::{PLACE, UPTO};
use crate::dialects::{changing, owning};
use crate::web::answer::{Answer, json_reply, ok};
use crate::web::call::Call;
use crate::web::fields::{CONTENT, Fields};
use crate::web::finding;
use crate::web::input::Input;
use crate::web::presence;
use crate::web::uploads::{self, Destination};

/// Items of a page by default, as the document says.
const CONVERSATIONS: u32 = 20;
const MESSAGES: u32 = 50;

/// GET /api/conversations: the caller's, with last message and unread count
pub async fn list(call: Call) -> Answer {
    let me = call.me()?;
    let mut query = call.query();
    let limit = query.number("limit", CONVERSATIONS, 1, limits::PAGE);
    let offset = query.number("offset", 0, 0, u32::MAX);
    query.done(Some(()))?;
    let (inbox, position) = call
        .read_at(move |view| conversation::inbox(view, &me, limit, offset))
        .await?;
    let spell = call.core().spelling();
    let list: Value = inbox
        .items
        .iter()
        .map(|item| shapes::conversation(spell, item))
        .collect();
    let mut reply = json_reply(StatusCode::OK, &list);
    reply
        .headers_mut()
        .insert("x-total-count", HeaderValue::from(inbox.total));
    Ok(position.added_to(reply))
}

/// POST /api/conversations/by-session: get or create the conversation for a session
pub async fn by_session(mut call: Call) -> Answer {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    let uuid = fields.text(&["sessionId"]);
    if !session::is_uuid(&uuid) {
        fields.fault("sessionId", "must be a UUID");
    }
    let uuid = fields.done(Some(uuid))?;
    let asking = me.clone();
    let (place, made) = call
        .write(move |tx| session::talk(tx, &asking, &uuid))
        .await?;
    overview(
        &call,
        me,
        place.id,
        if made {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        },
    )
    .await
}

/// GET /api/conversations/:id
pub async fn show(call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "id")?;
    overview(&call, me, id, StatusCode::OK).await
}

async fn overview(call: &Call, me: Me, id: ConversationId, status: StatusCode) -> Answer {
    let overview = call
        .read(move |view| conversation::overview(view, &me, id))
        .await?;
    Ok(json_reply(
        status,
        &shapes::conversation(call.core().spelling(), &overview),
    ))
}

/// GET /api/conversations/:id/messages: newest first, by cursor; `after` and `unread` page towards the newest
pub async fn list_messages(call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "id")?;
    let mut query = call.query();
    let limit = query.number("limit", MESSAGES, 1, limits::PAGE);
    let before = query.optional_id(&["before"]);
    let after = query.optional_id(&["after"]).map(After::Message);
    let unread = query.word("unread", &[("false", None), ("true", Some(After::Read))]);
    if [before.is_some(), after.is_some(), unread.is_some()]
        .iter()
        .filter(|given| **given)
        .count()
        > 1
    {
        query.fault("after", "must stand alone: before, after or unread");
    }
    query.done(Some(()))?;
    let forward = after.or(unread);
    let ((page, more), position) = call
        .read_inline_at(move |view| match forward {
            Some(from) => message::after(view, me.id, id, from, limit),
            None => message::before(view, me.id, id, before, limit),
        })
        .await?;
    let spell = call.core().spelling();
    let end = match forward {
        Some(_) => page.first(),
        None => page.last(),
    };
    let next = end.filter(|_| more).map(|last| spell.uuid(last.id));
    let history = shapes::History {
        messages: page
            .iter()
            .map(|message| shapes::message(spell, message))
            .collect(),
        has_more: more,
        next_cursor: next,
    };
    ok(history).map(|reply| position.added_to(reply))
}

/// POST /api/conversations/:id/messages
pub async fn send(mut call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "id")?;
    let public_url = call.web().public_url.clone();
    let most = call.core().limits().message_chars;
    let draft = draft(id, call.fields().await?, &public_url, most)?;
    let sent = call.core().post(me, draft).await?;
    Ok(json_reply(
        StatusCode::CREATED,
        &shapes::message(call.core().spelling(), &sent),
    ))
}

/// `{ content, contentType, attachments: [{ filename, mimeType, url, size }], replyTo?, clientMessageId? }`
fn draft(
    conversation: ConversationId,
    mut fields: Fields<'_>,
    public_url: &str,
    most: usize,
) -> Result<Draft> {
    let text = fields.text(CONTENT);
    let content_type = fields
        .optional_text(&["contentType"])
        .map_or(PLAIN.into(), Into::into);
    let client_id = fields.optional_text(&["clientMessageId"]);
    let spell = fields.spelling();
    let attachments = fields
        .list(&["attachments"])
        .into_iter()
        .map(|given| attachment(given, spell, public_url))
        .collect();
    let draft = Draft {
        content_type,
        attachments,
        reply_to: changing::reply_to(&mut fields),
        ..Draft::text("mentor", conversation, text, client_id)
    };
    fields.name_also(|| message::wrong_with(&draft, most));
    fields.done(Some(draft))
}

/// A field that is missing or of another type becomes a value that the verb refuses: an empty text, a negative size.
/// A file of this server may be given by its whole URL too.
fn attachment(mut given: Input, spell: &Spelling, public_url: &str) -> Attachment {
    let mut text = |names: &[&str]| {
        names.iter().find_map(|name| match given.take(name) {
            Some(Input::Text(text)) => Some(text),
            _ => None,
        })
    };
    let (filename, media_type, url) = (
        text(&["filename"]),
        text(&["mimeType", "mimetype"]),
        text(&["url"]),
    );
    let size = match given.take("size") {
        Some(Input::Integer(size)) => size,
        None | Some(Input::Null) => 0,
        Some(_) => -1,
    };
    let url = url.unwrap_or_default();
    Attachment {
        filename: filename.unwrap_or_default(),
        media_type: media_type.unwrap_or_default(),
        file: file::at(spell, url.strip_prefix(public_url).unwrap_or(&url)),
        url,
        size,
    }
}

/// POST /api/conversations/:id/attachments: upload a file, to be attached to a message
pub async fn upload(mut call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "id")?;
    let file = uploads::take_upload(&mut call, me, Destination::Here(id)).await?;
    let shape = shapes::attachment(call.core().spelling(), &file);
    Ok(json_reply(StatusCode::CREATED, &shape))
}

/// PATCH /api/conversations/:id/read: mark all messages in conversation as read, or those up to a `messageId`
pub async fn mark_read(mut call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "id")?;
    let given = call.query_or_object(UPTO).await?;
    let mut fields = Fields::new(given, call.core().spelling());
    let upto = fields.optional_id(UPTO);
    fields.done(Some(()))?;
    let count = call
        .write(move |tx| conversation::mark_read(tx, &me, id, upto))
        .await?;
    ok(json!({ "conversationId": call.core().spelling().uuid(id), "count": count }))
}

/// GET /api/conversations/:id/reads: how far its members have read
pub async fn list_reads(call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "id")?;
    let readings = call
        .read(move |view| conversation::readings(view, &me, id))
        .await?;
    let spell = call.core().spelling();
    let reads: Value = readings
        .iter()
        .map(|one| shapes::reading(spell, one))
        .collect();
    ok(json!({ "reads": reads }))
}

/// POST /api/conversations/:id/members: take somebody into a group
pub async fn add_member(mut call: Call) -> Answer {
    let (me, id) = owning::add_member(&mut call, "id").await?;
    let overview = call
        .read(move |view| conversation::overview(view, &me, id))
        .await?;
    ok(json!({ "conversation": shapes::conversation(call.core().spelling(), &overview) }))
}

/// DELETE /api/conversations/:id/members/:userId: put somebody out of a group, or leave
pub async fn remove_member(call: Call) -> Answer {
    owning::remove_member(&call, "id").await?;
    ok(json!({ "message": "Member removed" }))
}

fn one(call: &Call, message: &Message) -> Answer {
    ok(shapes::message(call.core().spelling(), message))
}

/// GET /api/conversations/:id/pins: `{ messages }`, the latest pin first
pub async fn list_pinned(call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "id")?;
    let (pinned, position) = call
        .read_at(move |view| change::pins(view, Some(me.id), id))
        .await?;
    let spell = call.core().spelling();
    let messages = pinned
        .iter()
        .map(|message| shapes::message(spell, message))
        .collect();
    ok(shapes::Pinned { messages }).map(|reply| position.added_to(reply))
}

/// GET /api/conversations/:id/messages/:messageId
pub async fn show_message(call: Call) -> Answer {
    let message = changing::one(&call, changing::target_within(&call)?).await?;
    one(&call, &message)
}

/// PATCH /api/conversations/:id/messages/:messageId `{ content }`
pub async fn edit_message(mut call: Call) -> Answer {
    let target = changing::target_within(&call)?;
    let message = changing::edit(&mut call, target, CONTENT).await?;
    one(&call, &message)
}

/// DELETE /api/conversations/:id/messages/:messageId
pub async fn delete_message(call: Call) -> Answer {
    let gone = changing::delete(&call, changing::target_within(&call)?).await?;
    ok(shapes::deleted(call.core().spelling(), &gone))
}

/// PUT /api/conversations/:id/messages/:messageId/reactions/:emoji
pub async fn react(mut call: Call) -> Answer {
    let target = changing::target_within(&call)?;
    let message = changing::react(&mut call, target, Some(2), true).await?;
    one(&call, &message)
}

/// DELETE /api/conversations/:id/messages/:messageId/reactions/:emoji
pub async fn take_reaction_back(mut call: Call) -> Answer {
    let target = changing::target_within(&call)?;
    let message = changing::react(&mut call, target, Some(2), false).await?;
    one(&call, &message)
}

/// PUT /api/conversations/:id/messages/:messageId/pin
pub async fn pin(call: Call) -> Answer {
    let message = changing::pin(&call, changing::target_within(&call)?, true).await?;
    one(&call, &message)
}

/// DELETE /api/conversations/:id/messages/:messageId/pin
pub async fn unpin(call: Call) -> Answer {
    let message = changing::pin(&call, changing::target_within(&call)?, false).await?;
    one(&call, &message)
}

/// POST /api/conversations/:id/messages/:messageId/report: `{ reason? }`
pub async fn report(mut call: Call) -> Answer {
    let target = changing::target_within(&call)?;
    changing::report(&mut call, target).await?;
    let told = json!({ "message": changing::REPORTED });
    Ok(json_reply(StatusCode::CREATED, &told))
}

/// GET /api/conversations/:id/settings: what the caller wants to be told of by mail
pub async fn show_settings(call: Call) -> Answer {
    let (id, own) = owning::settings(&call, "id").await?;
    ok(shapes::settings(call.core().spelling(), id, own))
}

/// PATCH /api/conversations/:id/settings
pub async fn change_settings(mut call: Call) -> Answer {
    let (id, own) = owning::change_settings(&mut call, "id").await?;
    ok(shapes::settings(call.core().spelling(), id, own))
}

/// GET /api/presence: who of these people is there
pub async fn list_presence(call: Call) -> Answer {
    let list = presence::asked_for(&call).await?;
    let spell = call.core().spelling();
    let list = list.iter().map(|one| shapes::presence(spell, one));
    ok(json!({ "presence": list.collect::<Value>() }))
}

/// PATCH /api/conversations/:id: name, describe, picture or archive a group or a room
pub async fn change(mut call: Call) -> Answer {
    let (me, id) = owning::change(&mut call, "id").await?;
    overview(&call, me, id, StatusCode::OK).await
}

/// PUT /api/conversations/:id/owners/:userId: make a member an owner
pub async fn appoint(call: Call) -> Answer {
    let (me, id) = owning::appoint(&call, "id").await?;
    overview(&call, me, id, StatusCode::OK).await
}

/// DELETE /api/conversations/:id/owners/:userId: make an owner a member like others
pub async fn dismiss(call: Call) -> Answer {
    let (me, id) = owning::dismiss(&call, "id").await?;
    overview(&call, me, id, StatusCode::OK).await
}

/// GET /api/conversations/search: messages by their words, newest first, by cursor
pub async fn search(call: Call) -> Answer {
    let me = call.me()?;
    let seeker = Seeker::Account(me.id);
    let finding = finding::find(&call, seeker, PLACE, MESSAGES, |_, _| Ok(())).await?;
    let (spell, found) = (call.core().spelling(), &finding.found);
    let last = found.messages.last().filter(|_| found.more);
    let history = shapes::History {
        messages: found
            .messages
            .iter()
            .map(|message| shapes::message(spell, message))
            .collect(),
        has_more: found.more,
        next_cursor: last.map(|last| spell.uuid(last.id)),
    };
    ok(history).map(|reply| finding.headers.added_to(reply))
}
