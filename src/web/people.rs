//! Where is their picture?

use crate::core::id::Spelling;
use crate::core::model::Picture;

/// The URL of a profile picture: a path here, which needs no token, or another place.
pub fn picture_url(spell: &Spelling, picture: Option<&Picture>) -> Option<String> {
    picture.map(|picture| match picture {
        Picture::Kept(file) => format!("/uploads/profile-{}", spell.hex(*file)),
        Picture::Elsewhere(url) => url.clone(),
    })
}
