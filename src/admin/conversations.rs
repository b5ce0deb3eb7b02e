//! What is said, and where? Every conversation and its messages, for administrators.

use http::StatusCode;
use serde_json::{Value, json};

use super::{PAGE, done, listed, listing, one};
use crate::core::admin::{self, Participant, PlaceSeen};
use crate::core::id::Spelling;
use crate::core::model::{Kind, Message};
use crate::core::retention::{self, Chosen};
use crate::core::search::{Found, Seeker};
use crate::core::{View, limits, search};
use crate::web::answer::{Answer, ok};
use crate::web::call::Call;
use crate::web::finding;

/// GET /api/admin/conversations: newest first; `sort` asks for direct, group, room or session
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let kinds = [Kind::Direct, Kind::Group, Kind::Room, Kind::Session];
    let (q, page, kind) = listing(&call, |query| {
        let named = kinds.map(|kind| (kind.name(), Some(kind)));
        let words: Vec<_> = [("", None)].into_iter().chain(named).collect();
        query.word("sort", &words)
    })?;
    let places = call
        .read(move |view| admin::conversations(view, q.as_deref(), kind, page))
        .await?;
    let spell = call.core().spelling();
    Ok(listed("conversations", page, &places, |place| {
        shape(spell, place)
    }))
}

/// GET /api/admin/conversations/{conversationId}: the same, and its `participants`
pub async fn show(call: Call) -> Answer {
    call.admin()?;
    let id = call.id(0, "conversationId")?;
    let (place, people) = call.read(move |view| admin::conversation(view, id)).await?;
    let spell = call.core().spelling();
    let mut conversation = shape(spell, &place);
    conversation["participants"] = people.iter().map(|one| participant(spell, one)).collect();
    Ok(one(StatusCode::OK, "conversation", conversation))
}

/// PATCH /api/admin/conversations/{conversationId}: `{ keepMessages?, keepFiles? }`, in days; 0 is for ever, null as the server says
pub async fn change(mut call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "conversationId")?);
    let mut fields = call.fields().await?;
    let chosen = Chosen {
        messages: fields.optional_days(&["keepMessages"]),
        files: fields.optional_days(&["keepFiles"]),
    };
    fields.done(Some(()))?;
    call.write(move |tx| retention::set(tx, Some(me.id), id, chosen))
        .await?;
    call.core().rules_changed().notify_one();
    show(call).await
}

/// `{ id, type, name, members, memberNames, messages, createdAt, lastMessageAt, keepMessages, keepFiles }`
fn shape(spell: &Spelling, seen: &PlaceSeen) -> Value {
    let place = seen.conversation.place;
    json!({
        "id": spell.uuid(place.id),
        "type": place.kind.name(),
        "name": seen.conversation.name,
        "members": seen.members,
        "memberNames": seen.people,
        "messages": seen.messages,
        "createdAt": seen.conversation.created_at.iso(),
        "lastMessageAt": seen.last_at.map(|at| at.iso()),
        "keepMessages": seen.conversation.kept.messages.map(|kept| kept / retention::DAY),
        "keepFiles": seen.conversation.kept.files.map(|kept| kept / retention::DAY),
    })
}

fn participant(spell: &Spelling, one: &Participant) -> Value {
    json!({
        "id": spell.uuid(one.id),
        "name": one.name,
        "email": one.email,
        "readUpTo": one.read_upto,
        "unread": one.unread,
    })
}

/// GET /api/admin/conversations/{conversationId}/messages: newest first, with deleted ones; `before` asks for the next page
pub async fn messages(call: Call) -> Answer {
    call.admin()?;
    let id = call.id(0, "conversationId")?;
    let mut query = call.query();
    let before = query.optional_id(&["before"]);
    let limit = query.number("limit", PAGE, 1, limits::PAGE);
    query.done(Some(()))?;
    let (messages, more) = call
        .read(move |view| admin::messages(view, id, before, limit))
        .await?;
    let spell = call.core().spelling();
    ok(json!({
        "success": true,
        "messages": messages.iter().map(|(message, deleted)| said(spell, message, *deleted)).collect::<Value>(),
        "hasMore": more,
    }))
}

/// `{ id, seq, author: { id, name }, text, type, attachments, sentAt, deleted }`
fn said(spell: &Spelling, message: &Message, deleted: bool) -> Value {
    let attachments = message.attachments.iter().map(|attachment| {
        json!({
            "filename": attachment.filename,
            "mimeType": attachment.media_type,
            "url": attachment.url,
            "size": attachment.size,
        })
    });
    json!({
        "id": spell.uuid(message.id),
        "seq": message.seq,
        "author": { "id": spell.uuid(message.author.id), "name": &*message.author.name },
        "text": message.text,
        "type": message.content_type,
        "attachments": attachments.collect::<Value>(),
        "sentAt": message.sent_at.iso(),
        "deleted": deleted,
    })
}

/// DELETE /api/admin/messages/{messageId}: an empty message with its sequence number remains
pub async fn delete_message(call: Call) -> Answer {
    let (me, message) = (call.admin()?, call.id(0, "messageId")?);
    call.write(move |tx| admin::delete_message(tx, Some(me.id), message))
        .await?;
    Ok(done("The message is deleted"))
}

/// GET /api/admin/search: messages of all conversations by their words, newest first; `before` asks for the next page
pub async fn find(call: Call) -> Answer {
    call.admin()?;
    let names = &["conversationId"];
    let places = |view: &View<'_>, found: &Found| search::places(view, &found.messages);
    let finding = finding::find(&call, Seeker::Everywhere, names, PAGE, places).await?;
    let (spell, found) = (call.core().spelling(), &finding.found);
    let place = |message: &Message| {
        let place = finding
            .also
            .iter()
            .find(|one| one.conversation.place == message.place)?;
        Some(json!({
            "id": spell.uuid(place.conversation.place.id),
            "type": place.conversation.place.kind.name(),
            "name": place.conversation.name,
            "memberNames": place.people,
        }))
    };
    let messages = found.messages.iter().map(|message| {
        let mut shape = said(spell, message, false);
        shape["conversation"] = json!(place(message));
        shape
    });
    let body = json!({
        "success": true,
        "messages": messages.collect::<Value>(),
        "hasMore": found.more,
        "indexing": found.indexing,
    });
    ok(body).map(|reply| finding.headers.added_to(reply))
}
