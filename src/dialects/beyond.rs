//! How is input read that several dialects take beyond their documents? In the same words, whichever dialect it is.

use crate::core::level::SettingsChange;
use crate::core::model::{Level, Time};
use crate::web::fields::Fields;

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
