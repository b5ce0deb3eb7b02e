//! Mentions: `@name` in a message's text. The text stays what was typed; whom it means stands beside it.

use std::collections::BTreeSet;

use super::error::Result;
use super::model::{AccountId, ConversationId};
use super::store::View;
use super::{identity, limits};

/// Words of a name after the `@`.
const WORDS: usize = 5;

/// The members whom a text mentions by name or username, but not its author, in the order of their ids. Of several names
/// that begin alike the longest counts; who share a name are all meant.
pub(in crate::core) fn mentioned_in(
    view: &View<'_>,
    conversation: ConversationId,
    author: AccountId,
    text: &str,
) -> Result<Vec<AccountId>> {
    let mut people = BTreeSet::new();
    for after in text_after_signs(text).take(limits::MENTIONS) {
        for name in names_at(after) {
            let called = view.members_called(conversation, &identity::name_key(&name))?;
            if !called.is_empty() {
                people.extend(called);
                break;
            }
        }
    }
    people.remove(&author);
    Ok(people.into_iter().take(limits::MENTIONS).collect())
}

/// How many unread messages of a conversation mention this person, behind this one: up to [`limits::MENTIONS_COUNTED`].
/// Of the first so many, those of people whom they have blocked do not count.
pub(in crate::core) fn unread(
    view: &View<'_>,
    who: AccountId,
    conversation: ConversationId,
    read: i64,
) -> Result<i64> {
    match view.directory.blocks_anybody(who) {
        true => view.mentions_by_others_after(conversation, who, read),
        false => view.mentions_after(conversation, who, read),
    }
}

/// What follows each `@` that does not stand inside a word, as it does in an e-mail address.
fn text_after_signs(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('@').filter_map(|(at, _)| {
        let inside = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        (!inside).then(|| &text[at + 1..])
    })
}

/// The names that a text may begin with, the longest first: up to [`WORDS`] words of one line, the last of them with and
/// without the punctuation behind it.
fn names_at(text: &str) -> Vec<String> {
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    if line.starts_with(|c: char| c.is_whitespace()) {
        return Vec::new();
    }
    let end = line.char_indices().nth(limits::NAME_CHARS + 1);
    let line = &line[..end.map_or(line.len(), |(end, _)| end)];
    let words: Vec<_> = line.split_whitespace().take(WORDS).collect();
    let mut names = Vec::new();
    for count in (1..=words.len()).rev() {
        let name = words[..count].join(" ");
        let before_last = name.len() - words[count - 1].len();
        let bare = name.trim_end_matches(|c: char| !c.is_alphanumeric());
        let first_sign =
            words[count - 1].find(|c: char| !(c.is_alphanumeric() || "_-".contains(c)));
        let cut = first_sign.map(|at| name[..before_last + at].to_owned());
        for one in [Some(name.clone()), Some(bare.to_owned()), cut] {
            names.extend(one.filter(|one| !one.is_empty() && !names.contains(one)));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_from_the_longest_on() {
        assert_eq!(
            names_at("Ann Lee, look"),
            ["Ann Lee, look", "Ann Lee,", "Ann Lee", "Ann"]
        );
        assert_eq!(names_at("ann's"), ["ann's", "ann"]);
        assert_eq!(names_at("ann_b.\nand"), ["ann_b.", "ann_b"]);
        assert_eq!(names_at(" ann"), [""; 0]);
        assert_eq!(names_at(""), [""; 0]);
        assert!(names_at(&"x ".repeat(5_000)).len() <= 3 * WORDS);
    }

    #[test]
    fn an_address_is_no_mention() {
        let found: Vec<_> = text_after_signs("ann@example.test (@bob) @eve").collect();
        assert_eq!(found, ["bob) @eve", "eve"]);
    }
}
