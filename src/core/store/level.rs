//! Members' settings of conversations, as columns of their rows. What is the default is null.

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{AccountId, ConversationId, Level, Settings, Time};

/// From the columns `level` and `muted_until`. A mute that is over is none.
pub(super) fn settings(row: &Row<'_>, now: Time) -> Result<Settings> {
    let named: Option<String> = row.get("level")?;
    let mut levels = Level::EACH.into_iter();
    let level = levels.find(|level| named.as_deref() == Some(level.name()));
    let until = row.get::<_, Option<i64>>("muted_until")?.map(Time);
    Ok(Settings {
        level: level.unwrap_or_default(),
        muted_until: until.filter(|until| *until > now),
    })
}

impl View<'_> {
    /// `None` for who is no member.
    pub(in crate::core) fn settings(
        &self,
        id: ConversationId,
        who: AccountId,
    ) -> Result<Option<Settings>> {
        self.one(
            "SELECT level, muted_until FROM members WHERE conversation = $1 AND account = $2",
            (id.number(), who.number()),
            |row| settings(row, self.now),
        )
    }
}

impl Tx<'_> {
    pub(in crate::core) fn update_settings(
        &self,
        id: ConversationId,
        who: AccountId,
        new: Settings,
    ) -> Result<()> {
        let level = Some(new.level).filter(|level| *level != Level::default());
        self.write(
            "UPDATE members SET level = $1, muted_until = $2 WHERE conversation = $3 AND account = $4",
            (
                level.map(Level::name),
                new.muted_until.map(|until| until.0),
                id.number(),
                who.number(),
            ),
        )
    }
}
