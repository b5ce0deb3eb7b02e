//! Profile, conversations and messages.

use http::StatusCode;

use super::shapes;
use crate::core::error::{Error, Result};
use crate::core::message::Draft;
use crate::core::model::{AccountId, AccountKind, ConversationId, Me};
use crate::core::search::Seeker;
use crate::core::{account, conversation, limits, message};
use crate::dialects::socket_event::PLACE;
use crate::web::answer::{Answer, json_reply, ok};
use crate::web::call::Call;
use crate::web::fields::Fields;
use crate::web::finding;

/// The names of the field with a message's text; the first is the document's.
const WORDS: &[&str] = &["message", "content", "text"];
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
    let sent = call.write(move |tx| message::post(tx, &me, draft)).await?;
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
    fields.done(place.map(|place| Draft {
        text_field: WORDS[0],
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
