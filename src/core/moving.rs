//! What does a server hold? Everything, page by page, for whoever holds its file: the command line alone may ask.

use super::error::Result;
use super::model::{File, Message, MessageId, Notice};
use super::store::View;
pub use super::store::{
    MovedAccount, MovedBlock, MovedConversation, MovedMember, MovedRestraint, MovedSession,
};
use super::word_list::Entry;

/// Accounts behind this number, also removed ones.
pub fn accounts(view: &View<'_>, after: i64, most: u32) -> Result<Vec<MovedAccount>> {
    view.all_accounts(after, most)
}

/// Mentoring sessions behind this number.
pub fn sessions(view: &View<'_>, after: i64, most: u32) -> Result<Vec<MovedSession>> {
    view.all_sessions(after, most)
}

/// Conversations behind this number.
pub fn conversations(view: &View<'_>, after: i64, most: u32) -> Result<Vec<MovedConversation>> {
    view.all_conversations(after, most)
}

/// Members of a conversation whose account is behind this number.
pub fn members(
    view: &View<'_>,
    conversation: i64,
    after: i64,
    most: u32,
) -> Result<Vec<MovedMember>> {
    view.all_members(conversation, after, most)
}

/// Bans and silences behind this conversation, account and kind, also such as are over.
pub fn restraints(
    view: &View<'_>,
    after: &(i64, i64, String),
    most: u32,
) -> Result<Vec<MovedRestraint>> {
    view.all_restraints(after, most)
}

/// Who has blocked whom, behind these two.
pub fn blocks(view: &View<'_>, after: (i64, i64), most: u32) -> Result<Vec<MovedBlock>> {
    view.some_blocks(after, most)
}

/// Unwanted words and patterns behind this number.
pub fn unwanted(view: &View<'_>, after: i64, most: u32) -> Result<Vec<Entry>> {
    view.some_unwanted(after, most)
}

/// Messages of a conversation behind this sequence number, without those that are deleted.
pub fn messages(view: &View<'_>, conversation: i64, after: i64, most: u32) -> Result<Vec<Message>> {
    view.all_messages(conversation, after, most)
}

/// Everybody who reacts to a message with this emoji, in order.
pub fn who_react(view: &View<'_>, message: MessageId, emoji: &str) -> Result<Vec<i64>> {
    view.all_who_react(message, emoji)
}

/// For each attachment of a message: which file of this server it is, if it is one.
pub fn files_attached(view: &View<'_>, message: MessageId) -> Result<Vec<Option<i64>>> {
    view.files_attached(message)
}

/// Notifications behind this number.
pub fn notices(view: &View<'_>, after: i64, most: u32) -> Result<Vec<Notice>> {
    view.all_notices(after, most)
}

/// Complete files behind this number.
pub fn files(view: &View<'_>, after: i64, most: u32) -> Result<Vec<File>> {
    view.all_files(after, most)
}
