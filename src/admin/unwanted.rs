//! Which words are unwanted? Texts that have one are refused, or reported.

use http::StatusCode;
use serde_json::{Value, json};

use super::{done, one};
use crate::core::unwanted::{self, Consequence, Entry, Sort};
use crate::web::answer::{Answer, ok};
use crate::web::call::Call;

/// GET /api/admin/words: all of them, the oldest first
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let list = call.core().directory().unwanted();
    let words = list.entries().iter().map(|entry| shape(&call, entry));
    ok(json!({ "success": true, "words": words.collect::<Value>() }))
}

/// PUT /api/admin/words: `{ text, sort?, action? }`, to add a `word` or a `pattern`, or to change whether texts with it are
/// `refuse`d or `report`ed
pub async fn put(mut call: Call) -> Answer {
    let me = call.admin()?;
    let mut fields = call.fields().await?;
    let text = fields.text(&["text"]);
    let sort = fields.word("sort", &Sort::EACH.map(|sort| (sort.name(), sort)));
    let consequence = fields.word("action", &Consequence::EACH.map(|one| (one.name(), one)));
    fields.check("text", unwanted::wrong_with_entry(&text, sort));
    let text = fields.done(Some(text))?;
    let put = call
        .write(move |tx| unwanted::put(tx, Some(me.id), &text, sort, consequence))
        .await?;
    Ok(one(StatusCode::OK, "word", shape(&call, &put)))
}

/// POST /api/admin/words/try: `{ text }`; what would become of it: `{ refused, reported, words: […] }`
pub async fn try_out(mut call: Call) -> Answer {
    call.admin()?;
    let mut fields = call.fields().await?;
    let text = fields.text(&["text"]);
    let text = fields.done(Some(text))?;
    let list = call.core().directory().unwanted();
    let found = list.found_in(&text);
    let has = |consequence| found.iter().any(|entry| entry.consequence == consequence);
    let refused = has(Consequence::Refuse);
    let words = found.iter().map(|entry| shape(&call, entry));
    ok(json!({
        "success": true,
        "refused": refused,
        "reported": !refused && has(Consequence::Report),
        "words": words.collect::<Value>(),
    }))
}

/// DELETE /api/admin/words/{wordId}
pub async fn remove(call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "wordId")?);
    call.write(move |tx| unwanted::remove(tx, Some(me.id), id))
        .await?;
    Ok(done("The word is removed"))
}

/// `{ id, text, sort, action, createdAt, by: { id, name } | null }`; `by` is null for one from the command line.
fn shape(call: &Call, entry: &Entry) -> Value {
    let (spell, people) = (call.core().spelling(), call.core().directory());
    let by = entry
        .by
        .map(|by| json!({ "id": spell.uuid(by), "name": people.name(by).as_deref() }));
    json!({
        "id": spell.uuid(entry.id),
        "text": entry.text,
        "sort": entry.sort.name(),
        "action": entry.consequence.name(),
        "createdAt": entry.at.iso(),
        "by": by,
    })
}
