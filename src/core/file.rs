//! Files: stored part by part, so that a large one delays no other write, and visible once complete.

use std::sync::Arc;

use super::error::{Error, Result};
pub use super::file_path::{at, is_ours, named, named_in};
use super::limits;
use super::may::{Wish, may};
use super::model::{AccountId, ConversationId, Event, File, FileId, Listed, Me, Named, Page};
use super::slow_mode::Saying;
pub use super::store::FinishedUpload;
use super::store::{FileOrder, Tx, View};
use super::{conversation, slow_mode, text, unwanted};

/// The media types of pictures of people and conversations.
const PICTURES: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp"];

/// May a file of this media type be a picture of somebody or of a conversation?
pub fn is_picture(media_type: &str) -> bool {
    PICTURES.contains(&media_type)
}

/// Begins a file of this media type, which was decided by its content; it is visible after [`finish`].
///
/// # Errors
/// `Invalid` for an unusable name and one with an unwanted word, `TooLarge` if this person's files take up all that they may.
pub fn begin(tx: &Tx<'_>, me: &Me, original: &str, media_type: &str) -> Result<FileId> {
    let original = last_part(original);
    if let Some(wrong) = text::wrong_with_line(original, limits::FILE_NAME_CHARS) {
        return Err(Error::invalid("filename", wrong));
    }
    unwanted::check(tx, "filename", original)?;
    has_room(tx, me, 1)?;
    tx.insert_file(&safe_name(original), original, media_type, me.id)
}

/// May this person's files take up so many bytes more?
fn has_room(tx: &Tx<'_>, me: &Me, size: u64) -> Result<()> {
    match tx.limits.stored_bytes {
        Some(most) if tx.stored_by(me.id)?.saturating_add(size) > most => Err(Error::TooLarge(
            format!("All your files together must be at most {most} bytes: delete some first"),
        )),
        _ => Ok(()),
    }
}

/// May this person share a file here? Asked before the bytes are taken in; [`finish`] asks again.
///
/// # Errors
/// `NotFound` to a stranger, `Restrained` to who is banned or silenced, `TooSoon` in slow mode.
pub fn may_share(view: &View<'_>, me: &Me, conversation: ConversationId) -> Result<()> {
    let (place, standing) = may(view, Some(me.id), Wish::Speak, conversation)?;
    slow_mode::turn(view, place.id, me.id, standing, Saying::File).map(drop)
}

/// Stores the next part.
pub fn add_part(tx: &Tx<'_>, file: FileId, position: i64, bytes: &[u8]) -> Result<()> {
    tx.insert_file_part(file, position, bytes)
}

/// Completes a file: it is visible from now on, and its conversation hears of it. A repeat of a `client_id` is dropped, and
/// the first file is returned.
///
/// # Errors
/// As [`may_share`], if the uploader may not speak there any more; `TooLarge` past what all their files may take up.
pub fn finish(tx: &Tx<'_>, me: &Me, id: FileId, whole: &FinishedUpload) -> Result<Arc<File>> {
    if let Some(client_id) = &whole.client_id {
        if let Some(wrong) = text::wrong_with_line(client_id, limits::CLIENT_ID_CHARS) {
            return Err(Error::invalid("clientMessageId", wrong));
        }
        if let Some(first) = tx.already_uploaded(me.id, client_id)? {
            tx.delete_file(id)?;
            return Ok(Arc::new(first));
        }
    }
    has_room(tx, me, whole.size)?;
    let place = match whole.conversation {
        Some(conversation) => {
            let (place, standing) = may(tx, Some(me.id), Wish::Speak, conversation)?;
            let turn = slow_mode::turn(tx, place.id, me.id, standing, Saying::File)?;
            if !standing.member {
                conversation::enrol(tx, place.id, me.id)?;
            }
            slow_mode::take(tx, turn)?;
            Some(place)
        }
        None => None,
    };
    tx.complete_file(id, whole)?;
    let file = Arc::new(tx.file(id)?.ok_or(Error::NotFound("File"))?);
    if let Some(place) = place {
        tx.announce(Event::FileShared {
            file: file.clone(),
            place,
        });
    }
    Ok(file)
}

/// Drops a file that did not arrive complete.
pub fn abandon(tx: &Tx<'_>, id: FileId) -> Result<()> {
    tx.delete_file(id)
}

/// A file, for somebody who may read it: its uploader; whoever may read the conversation that it is shared in, or one with a
/// message that it is attached to; everybody if it is a profile picture. A file that is neither shared nor attached is for
/// whoever knows one of its long ids, which nobody can guess.
///
/// # Errors
/// `NotFound`, the same for what is not there and for what is not for this person.
pub fn get(view: &View<'_>, who: Option<AccountId>, named: Named) -> Result<File> {
    let file = view.file(named.id)?.ok_or(Error::NotFound("File"))?;
    let hears = |place: Option<ConversationId>| {
        place.is_some_and(|place| may(view, who, Wish::Hear, place).is_ok())
    };
    let allowed = file.public
        || who == Some(file.uploader)
        || hears(file.conversation)
        || hears(view.attached_for(file.id, who)?)
        || (named.sealed && file.conversation.is_none() && !view.was_attached(file.id)?);
    if allowed {
        Ok(file)
    } else {
        Err(Error::NotFound("File"))
    }
}

/// One part of a file's bytes; `None` past the last. [`get`] has checked that the file may be read.
pub fn part(view: &View<'_>, id: FileId, position: i64) -> Result<Option<Vec<u8>>> {
    view.file_part(id, position)
}

/// Files in open rooms, and this person's own.
pub fn seen_by(
    view: &View<'_>,
    who: Option<AccountId>,
    order: FileOrder,
    page: Page,
) -> Result<Listed<File>> {
    view.files_seen_by(who, order, page)
}

/// The name without folders, which some browsers send and which are private.
fn last_part(original: &str) -> &str {
    let name = original.trim_end_matches(['/', '\\']);
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// At most so many characters of the original name are in a safe one.
const SAFE_NAME_CHARS: usize = 100;

/// The original name with safe characters only, for paths and headers. A name in another script keeps its extension.
pub(in crate::core) fn safe_name(original: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let safe: String = original
        .chars()
        .map(|c| if is_safe(c) { c } else { '-' })
        .collect();
    let (stem, ending) = match safe.rsplit_once('.') {
        Some((stem, ending)) => (stem, format!(".{}", ending.trim_matches('-'))),
        None => (&*safe, String::new()),
    };
    let stem = stem.trim_matches(['.', '-']);
    let ending = if ending.len() > 1 { &*ending } else { "" };
    let name = match stem {
        "" => format!("file{ending}"),
        stem => format!("{stem}{ending}"),
    };
    // Only ASCII is left here.
    name[name.len().saturating_sub(SAFE_NAME_CHARS)..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_last_part_of_a_path() {
        for path in [
            "C:\\Users\\ann\\doc.txt",
            "../../etc/doc.txt",
            "doc.txt",
            "a/doc.txt/",
        ] {
            assert_eq!(last_part(path), "doc.txt", "{path}");
        }
        assert_eq!(last_part("/"), "");
    }

    #[test]
    fn names_become_safe_and_keep_their_ending() {
        assert_eq!(safe_name("my document.pdf"), "my-document.pdf");
        assert_eq!(safe_name("…"), "file");
        assert_eq!(safe_name("日本語 ファイル.txt"), "file.txt");
        assert_eq!(safe_name("Übung 世界.tar.gz"), "bung---.tar.gz");
        assert_eq!(safe_name(".."), "file");
        assert_eq!(safe_name(".bashrc"), "file.bashrc");
        assert_eq!(safe_name("v1.日本"), "v1");
        assert!(safe_name(&format!("{}.pdf", "x".repeat(300))).ends_with("x.pdf"));
    }
}
