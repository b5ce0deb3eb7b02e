//! The document's routes.
use http::StatusCode;
use serde_json::{Value, json};

use super::shapes;
use crate::core::error::{Error, Result};
use crate::core::message::Draft;
use crate::core::model::Page;
use crate::core::search::Seeker;
use crate::core::{ConversationOrder, FileOrder, account, conversation, file, message};
use crate::web::answer::{Answer, json_reply, ok};
use crate::web::call::{Call, page};
use crate::web::downloads;
use crate::web::fields::{CONTENT, Fields};
use crate::web::finding;
use crate::web::uploads::{self, Destination};

/// Items of a page by default.
const PAGE: u32 = 20;
/// How many messages the details of a room have.
const LATEST: u32 = 50;
/// The names of the field with the conversation's id; the first is the document's.
const ROOM: &[&str] = &["roomId", "conversationId", "room", "conversation"];

fn with_data(message: &str, data: Value) -> Value {
    json!({ "success": true, "message": message, "data": data })
}

/// POST /api/auth/signup: register a new user
pub async fn sign_up(mut call: Call) -> Answer {
    let mut fields = call.fields().await?;
    let name = fields.text(&["username", "name", "full_name", "fullName"]);
    let email = fields.text(&["email"]);
    let password = fields.text(&["password"]);
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
    let hash = call.core().passwords().hash(password).await?;
    let made = call.write(move |tx| account::sign_up(tx, new, hash)).await;
    let id = made.map_err(|error| match error {
        // The document: "400: Validation failed or email already exists".
        Error::Taken("Email") => Error::Malformed("Email already exists".into()),
        other => other,
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
                message::page(view, who, id, latest)?.items,
            ))
        })
        .await?;
    // They were read newest first, and are shown oldest first.
    messages.reverse();
    let shape = shapes::room_with_messages(call.core().spelling(), &room, &messages);
    ok(with_data("Room details retrieved successfully", shape))
        .map(|reply| position.added_to(reply))
}

/// POST /api/messages: send a message to a chat room
pub async fn send(mut call: Call) -> Answer {
    let me = call.me()?;
    let most = call.core().limits().message_chars;
    let draft = draft(call.fields().await?, most)?;
    let sent = call.write(move |tx| message::post(tx, &me, draft)).await?;
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
    fields.done(room.map(|room| Draft::text("rooms", room, text, client_id)))
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
    let (messages, position) = call
        .read_inline_at(move |view| message::page(view, who, room, page))
        .await?;
    let spell = call.core().spelling();
    let list = shapes::list(
        "Messages retrieved successfully",
        &messages,
        page,
        |message| shapes::listed(spell, message),
    );
    ok(list).map(|reply| position.added_to(reply))
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

/// GET /api/messages/search: messages by their words, newest first
pub async fn search(call: Call) -> Answer {
    let me = call.reader()?;
    let seeker = me.map_or(Seeker::Anybody, |me| Seeker::Account(me.id));
    let finding = finding::find(&call, seeker, ROOM, PAGE, |_, _| Ok(())).await?;
    let spell = call.core().spelling();
    ok(shapes::found(spell, &finding.found)).map(|reply| finding.headers.added_to(reply))
}
