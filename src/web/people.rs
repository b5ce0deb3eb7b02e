//! At which URLs are pictures and files?

use crate::core::id::Spelling;
use crate::core::model::{File, FileId, Picture};

/// The URL of a profile picture: a path of this server, which needs no token, or a URL elsewhere.
pub fn picture_url(spell: &Spelling, picture: Option<&Picture>) -> Option<String> {
    picture.map(|picture| match picture {
        Picture::Kept(file) => format!("/uploads/profile-{}", spell.hex(*file)),
        Picture::Elsewhere(url) => url.clone(),
    })
}

/// The path of a conversation's picture, for whoever may read there.
pub fn place_picture_url(spell: &Spelling, file: FileId) -> String {
    format!("/uploads/picture-{}", spell.hex(file))
}

/// The path of a file: its name, with its id before the extension.
pub fn file_url(spell: &Spelling, file: &File) -> String {
    let id = spell.hex(file.id);
    match file.name.rsplit_once('.') {
        Some((stem, ending)) => format!("/uploads/{stem}-{id}.{ending}"),
        None => format!("/uploads/{}-{id}", file.name),
    }
}
