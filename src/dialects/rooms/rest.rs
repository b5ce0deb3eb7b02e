//! The document's routes.
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::shapes;
use crate::core::error::{Error, Result};
use crate::core::message::Draft;
use crate::core::model::{ConversationId, Me, Message, Page, RestraintKind};
use crate::core::search::Seeker;
use crate::core::{ConversationOrder, FileOrder, account, change, conversation, file, message};
use crate::dialects::{changing, owning};
use crate::web::answer::{Answer, json_reply, ok};
use crate::web::call::{Call, page};
use crate::web::downloads;
use crate::web::fields::{CONTENT, Fields};
use crate::web::uploads::{self, Destination};
use crate::web::{finding, presence, signing_up};

/// Items of a page by default.
const PAGE: u32 = 20;
/// How many messages the details of a room have.
const LATEST: u32 = 50;
/// The names of the field with the conversation's id; the first is the document's.
const ROOM: &[&str] = &["roomId", "conversationId", "room", "conversation"];

/// `{ success, message }`
pub fn told(message: &str) -> Answer {
    ok(json!({ "success": true, "message": message }))
}

/// `{ success, message, data }`
pub fn with_data(message: &str, data: impl Serialize) -> Value {
    json!({ "success": true, "message": message, "data": data })
}

/// POST /api/auth/signup: register a new user
pub async fn sign_up(mut call: Call) -> Answer {
    let mut fields = call.fields().await?;
    let name = fields.text(&["username", "name", "full_name", "fullName"]);
    let email = fields.text(&["email"]);
    let password = fields.text(&["password"]);
    let brought = signing_up::brought(&mut fields);
    let new = account::SignUp {
        home: "rooms",
        name,
        username: true,
        email,
    };
    let new = match new.checked("username", &password) {
        Ok(new) => fields.done(Some(new))?,
        Err(faults) => return Err(fields.refused(faults)),
    };
    let made = signing_up::sign_up(&call, new, password, brought).await;
    let id = made.map_err(|error| match error {
        // The document: "400: Validation failed or email already exists".
        Error::Taken("Email") => Error::Malformed("Email already exists".into()),
        other => other.about("name", "username"),
    })?;
    let data = json!({ "userId": call.core().spelling().hex(id) });
    Ok(json_reply(
        StatusCode::CREATED,
        &with_data("User registered successfully.", data),
    ))
}

/// POST /api/rooms: create a new chat room
pub async fn open_room(mut call: Call) -> Answer {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    let (name, description) = (fields.text(&["name"]), fields.text(&["description"]));
    let (name, description) = fields.done(Some((name, description)))?;
    let room = call
        .write(move |tx| conversation::open_room(tx, &me, &name, &description))
        .await?;
    let shape = shapes::room(call.core().spelling(), &room);
    Ok(json_reply(
        StatusCode::CREATED,
        &with_data("Room created successfully", shape),
    ))
}

/// GET /api/rooms: retrieve all chat rooms
pub async fn list_rooms(call: Call) -> Answer {
    let who = call.reader()?.map(|me| me.id);
    let mut query = call.query();
    let page = page(&mut query, PAGE);
    let order = query.word(
        "sort",
        &[
            ("createdAt", ConversationOrder::Created),
            ("_id", ConversationOrder::Created),
            ("name", ConversationOrder::Name),
            ("description", ConversationOrder::Description),
        ],
    );
    query.done(Some(()))?;
    let (rooms, position) = call
        .read_at(move |view| conversation::seen_by(view, who, order, page))
        .await?;
    let spell = call.core().spelling();
    let list = shapes::list("Rooms retrieved successfully", &rooms, page, |room| {
        shapes::room(spell, room)
    });
    ok(list).map(|reply| position.added_to(reply))
}

/// GET /api/rooms/:roomId: get specific room details
pub async fn show_room(call: Call) -> Answer {
    let who = call.reader()?.map(|me| me.id);
    let id = call.id(0, "roomId")?;
    let latest = Page {
        page: 1,
        limit: LATEST,
        descending: true,
    };
    let ((room, mut messages), position) = call
        .read_inline_at(move |view| {
            Ok((
                conversation::show(view, who, id)?,
                message::page(view, who, id, latest)?.0.items,
            ))
        })
        .await?;
    // They were read newest first, and are shown oldest first.
    messages.reverse();
    let shape = shapes::room_with_messages(call.core().spelling(), &room, &messages);
    ok(with_data("Room details retrieved successfully", shape))
        .map(|reply| position.added_to(reply))
}

/// PATCH /api/rooms/:roomId: name, describe, picture or archive a group or a room
pub async fn change_room(mut call: Call) -> Answer {
    let (me, id) = owning::change(&mut call, "roomId").await?;
    updated(&call, me, id, "Room updated successfully").await
}

async fn updated(call: &Call, me: Me, id: ConversationId, message: &str) -> Answer {
    let room = call
        .read(move |view| conversation::show(view, Some(me.id), id))
        .await?;
    ok(with_data(
        message,
        shapes::room(call.core().spelling(), &room),
    ))
}

/// PUT /api/rooms/:roomId/owners/:userId: make a member an owner
pub async fn appoint(call: Call) -> Answer {
    let (me, id) = owning::appoint(&call, "roomId").await?;
    updated(&call, me, id, "Owner added successfully").await
}

/// DELETE /api/rooms/:roomId/owners/:userId: make an owner a member like others
pub async fn dismiss(call: Call) -> Answer {
    let (me, id) = owning::dismiss(&call, "roomId").await?;
    updated(&call, me, id, "Owner removed successfully").await
}

/// POST /api/rooms/:roomId/members: take somebody into a group, or join a room
pub async fn add_member(mut call: Call) -> Answer {
    let (me, id) = owning::add_member(&mut call, "roomId").await?;
    updated(&call, me, id, "Member added successfully").await
}

/// DELETE /api/rooms/:roomId/members/:userId: put somebody out of a group or a room, or leave
pub async fn remove_member(call: Call) -> Answer {
    owning::remove_member(&call, "roomId").await?;
    told("Member removed successfully")
}

/// GET /api/rooms/:roomId/restraints: who is banned or silenced
pub async fn list_restraints(call: Call) -> Answer {
    let (page, listed) = owning::restraints(&call, "roomId").await?;
    let spell = call.core().spelling();
    ok(shapes::list(
        "Restraints retrieved successfully",
        &listed,
        page,
        |one| shapes::restraint(spell, one),
    ))
}

/// PUT /api/rooms/:roomId/bans/:userId `{ seconds? }`
pub async fn ban(call: Call) -> Answer {
    restrain(call, RestraintKind::Ban).await
}

/// PUT /api/rooms/:roomId/silences/:userId `{ seconds? }`
pub async fn silence(call: Call) -> Answer {
    restrain(call, RestraintKind::Silence).await
}

async fn restrain(mut call: Call, kind: RestraintKind) -> Answer {
    let made = owning::restrain(&mut call, "roomId", kind).await?;
    let message = match kind {
        RestraintKind::Ban => "Member banned successfully",
        RestraintKind::Silence => "Member silenced successfully",
    };
    ok(with_data(
        message,
        shapes::restraint(call.core().spelling(), &made),
    ))
}

/// DELETE /api/rooms/:roomId/bans/:userId
pub async fn lift_ban(call: Call) -> Answer {
    owning::lift(&call, "roomId", RestraintKind::Ban).await?;
    told("Ban lifted successfully")
}

/// DELETE /api/rooms/:roomId/silences/:userId
pub async fn lift_silence(call: Call) -> Answer {
    owning::lift(&call, "roomId", RestraintKind::Silence).await?;
    told("Silence lifted successfully")
}

/// GET /api/rooms/:roomId/settings: what the caller wants to be told of by mail
pub async fn show_settings(call: Call) -> Answer {
    let (id, own) = owning::settings(&call, "roomId").await?;
    let shape = shapes::settings(call.core().spelling(), id, own);
    ok(with_data("Settings retrieved successfully", shape))
}

/// PATCH /api/rooms/:roomId/settings
pub async fn change_settings(mut call: Call) -> Answer {
    let (id, own) = owning::change_settings(&mut call, "roomId").await?;
    let shape = shapes::settings(call.core().spelling(), id, own);
    ok(with_data("Settings updated successfully", shape))
}

/// POST /api/messages: send a message to a chat room
pub async fn send(mut call: Call) -> Answer {
    let me = call.me()?;
    let most = call.core().limits().message_chars;
    let draft = draft(call.fields().await?, most)?;
    let sent = call.core().post(me, draft).await?;
    let shape = shapes::sent(call.core().spelling(), &sent);
    Ok(json_reply(
        StatusCode::CREATED,
        &with_data("Message sent successfully", shape),
    ))
}

/// `{ roomId, content, clientMessageId? }`, in the body and in the `message` event.
pub fn draft(mut fields: Fields<'_>, most: usize) -> Result<Draft> {
    let room = fields.id(ROOM);
    let text = fields.required_text(CONTENT);
    let client_id = fields.optional_text(&["clientMessageId"]);
    fields.name_also(|| Vec::from_iter(message::wrong_with_text(CONTENT[0], &text, most)));
    let reply_to = changing::reply_to(&mut fields);
    fields.done(room.map(|room| Draft {
        reply_to,
        ..Draft::text("rooms", room, text, client_id)
    }))
}

/// GET /api/messages/:roomId: retrieve messages for a room
pub async fn list_messages(call: Call) -> Answer {
    let who = call.reader()?.map(|me| me.id);
    let room = call.id(0, "roomId")?;
    let mut query = call.query();
    let page = page(&mut query, PAGE);
    // Both are the order in which messages were sent, the only one in which a deep page costs no more than the first.
    query.word("sort", &[("createdAt", ()), ("_id", ())]);
    query.done(Some(()))?;
    let ((messages, places), position) = call
        .read_inline_at(move |view| message::page(view, who, room, page))
        .await?;
    let spell = call.core().spelling();
    let list = shapes::list(
        "Messages retrieved successfully",
        &messages,
        page,
        |message| shapes::listed(spell, message),
    );
    ok(list.over(places, page)).map(|reply| position.added_to(reply))
}

fn message_updated(call: &Call, message: &Message) -> Answer {
    let shape = shapes::sent(call.core().spelling(), message);
    ok(with_data("Message updated successfully", shape))
}

/// PATCH /api/messages/:messageId `{ content }`
pub async fn edit_message(mut call: Call) -> Answer {
    let target = changing::target(&call, 0)?;
    let message = changing::edit(&mut call, target, CONTENT).await?;
    message_updated(&call, &message)
}

/// DELETE /api/messages/:messageId
pub async fn delete_message(call: Call) -> Answer {
    let gone = changing::delete(&call, changing::target(&call, 0)?).await?;
    let shape = shapes::deleted(call.core().spelling(), &gone);
    ok(with_data("Message deleted successfully", shape))
}

/// PUT /api/messages/:messageId/reactions/:emoji
pub async fn react(mut call: Call) -> Answer {
    let target = changing::target(&call, 0)?;
    let message = changing::react(&mut call, target, Some(1), true).await?;
    message_updated(&call, &message)
}

/// DELETE /api/messages/:messageId/reactions/:emoji
pub async fn take_reaction_back(mut call: Call) -> Answer {
    let target = changing::target(&call, 0)?;
    let message = changing::react(&mut call, target, Some(1), false).await?;
    message_updated(&call, &message)
}

/// PUT /api/messages/:messageId/pin
pub async fn pin(call: Call) -> Answer {
    let message = changing::pin(&call, changing::target(&call, 0)?, true).await?;
    message_updated(&call, &message)
}

/// DELETE /api/messages/:messageId/pin
pub async fn unpin(call: Call) -> Answer {
    let message = changing::pin(&call, changing::target(&call, 0)?, false).await?;
    message_updated(&call, &message)
}

/// POST /api/messages/:messageId/report: `{ reason? }`
pub async fn report(mut call: Call) -> Answer {
    let target = changing::target(&call, 0)?;
    changing::report(&mut call, target).await?;
    let told = json!({ "success": true, "message": changing::REPORTED });
    Ok(json_reply(StatusCode::CREATED, &told))
}

/// GET /api/rooms/:roomId/pins: the latest pin first
pub async fn list_pinned(call: Call) -> Answer {
    let who = call.reader()?.map(|me| me.id);
    let room = call.id(0, "roomId")?;
    let (pinned, position) = call
        .read_at(move |view| change::pins(view, who, room))
        .await?;
    let spell = call.core().spelling();
    let messages: Vec<_> = pinned
        .iter()
        .map(|message| shapes::listed(spell, message))
        .collect();
    ok(with_data(
        "Pinned messages retrieved successfully",
        messages,
    ))
    .map(|reply| position.added_to(reply))
}

/// POST /api/files/upload: upload a file
pub async fn upload(mut call: Call) -> Answer {
    let me = call.me()?;
    let file = uploads::take_upload(&mut call, me, Destination::Named(ROOM)).await?;
    let shape = shapes::file(call.core().spelling(), &file);
    Ok(json_reply(
        StatusCode::CREATED,
        &with_data("File uploaded successfully", shape),
    ))
}

/// GET /api/files/:fileId: download a file
pub async fn download(call: Call) -> Answer {
    let named = file::named(call.core().spelling(), call.param(0));
    downloads::serve(&call, named).await
}

/// GET /uploads/…: the `url` of a file; only the id before the extension counts
pub async fn download_by_url(call: Call) -> Answer {
    let named = file::named_in(call.core().spelling(), call.param(0));
    downloads::serve(&call, named).await
}

/// GET /api/files: list uploaded files
pub async fn list_files(call: Call) -> Answer {
    let who = call.reader()?.map(|me| me.id);
    let mut query = call.query();
    let page = page(&mut query, PAGE);
    let order = query.word(
        "sort",
        &[
            ("createdAt", FileOrder::Created),
            ("_id", FileOrder::Created),
            ("filename", FileOrder::Name),
            ("originalName", FileOrder::Original),
            ("size", FileOrder::Size),
        ],
    );
    query.done(Some(()))?;
    let files = call
        .read(move |view| file::seen_by(view, who, order, page))
        .await?;
    let spell = call.core().spelling();
    ok(shapes::list(
        "Files retrieved successfully",
        &files,
        page,
        |file| shapes::file(spell, file),
    ))
}

/// GET /api/users/presence: who of these people is there
pub async fn list_presence(call: Call) -> Answer {
    let list = presence::asked_for(&call).await?;
    let spell = call.core().spelling();
    let list = list.iter().map(|one| shapes::presence(spell, one));
    ok(with_data(
        "Presence retrieved successfully",
        list.collect::<Value>(),
    ))
}

/// GET /api/messages/search: messages by their words, newest first
pub async fn search(call: Call) -> Answer {
    let me = call.reader()?;
    let seeker = me.map_or(Seeker::Anybody, |me| Seeker::Account(me.id));
    let finding = finding::find(&call, seeker, ROOM, PAGE, |_, _| Ok(())).await?;
    let spell = call.core().spelling();
    ok(shapes::found(spell, &finding.found)).map(|reply| finding.headers.added_to(reply))
}
