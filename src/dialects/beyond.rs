//! What do several dialects take and show beyond their documents? The same, in the same words.

use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::level::SettingsChange;
use crate::core::model::{AccountId, Conversation, Level, Time};
use crate::core::owner::Change;
use crate::core::retention::{Chosen, DAY};
use crate::core::short::Short;
use crate::web::fields::Fields;
use crate::web::people::place_picture_url;

/// `{ level?, mutedUntil? }`: `all`, `mentions` or `none`; an ISO date with an offset, or null.
pub fn settings(fields: &mut Fields<'_>) -> SettingsChange {
    let mutes = fields.has(MUTED_UNTIL);
    let level = fields.optional_text(&["level"]);
    let until = fields.optional_text(MUTED_UNTIL);
    let named = |name: String| Level::EACH.into_iter().find(|one| one.name() == name);
    let (level, muted_until) = (level.map(named), until.map(|text| Time::from_iso(&text)));
    if level == Some(None) {
        fields.fault("level", "must be one of all, mentions, none");
    }
    if muted_until == Some(None) {
        fields.fault(MUTED_UNTIL[0], "must be an ISO date, or null");
    }
    SettingsChange {
        level: level.flatten(),
        muted_until: mutes.then_some(muted_until.flatten()),
    }
}

const MUTED_UNTIL: &[&str] = &["mutedUntil", "muted_until"];

/// `{ name?, description?, picture?, archived?, keepMessages?, keepFiles? }`: the picture is a file here, or null; what is kept
/// is kept for so many days, or as long as the server keeps it if null.
pub fn change(fields: &mut Fields<'_>, public_url: &str) -> Change {
    let shows = fields.has(&["picture"]);
    Change {
        name: fields.optional_text(&["name"]),
        description: fields.optional_text(&["description"]),
        picture: shows.then(|| fields.optional_file("picture", public_url)),
        archived: fields.optional_flag("archived"),
        kept: kept(fields),
    }
}

fn kept(fields: &mut Fields<'_>) -> Chosen {
    Chosen {
        messages: fields.optional_days(&["keepMessages", "keep_messages"]),
        files: fields.optional_days(&["keepFiles", "keep_files"]),
    }
}

/// Adds to a conversation's shape what it has: `pictureUrl`, `owners`, `archivedAt`; `keepMessages` and `keepFiles` in days, 0
/// for ever.
pub fn add_to(
    shape: &mut Value,
    spell: &Spelling,
    known: &Conversation,
    id: impl Fn(AccountId) -> Short,
) {
    if let Some(picture) = known.picture {
        shape["pictureUrl"] = json!(place_picture_url(spell, picture));
    }
    if !known.owners.is_empty() {
        shape["owners"] = known.owners.iter().map(|owner| json!(id(*owner))).collect();
    }
    if let Some(at) = known.archived_at {
        shape["archivedAt"] = json!(at.iso());
    }
    if let Some(kept) = known.kept.messages {
        shape["keepMessages"] = json!(kept / DAY);
    }
    if let Some(kept) = known.kept.files {
        shape["keepFiles"] = json!(kept / DAY);
    }
}
