//! Which file is meant by a path or a name?

use super::id::{FileKind, Spelling};
use super::model::Named;

/// The file that this spelling of an id names.
pub fn named(spelling: &Spelling, text: &str) -> Option<Named> {
    let sealed = spelling.read_sealed::<FileKind>(text);
    let id = sealed.or_else(|| spelling.read(text))?;
    let sealed = sealed.is_some();
    Some(Named { id, sealed })
}

/// The file of a name that ends with its id and perhaps an extension: `document-64f8a1b2c3d4e5f6a7b8c9d3.pdf`.
pub fn named_in(spelling: &Spelling, name: &str) -> Option<Named> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let uuid = stem.len().checked_sub(36).and_then(|at| stem.get(at..));
    let behind = stem.rsplit_once('-').map(|(_, id)| id);
    let spelled = [Some(stem), uuid, behind].into_iter().flatten();
    spelled.filter_map(|text| named(spelling, text)).next()
}

/// The paths of this server's files: by a name that ends with the id, and by the id alone.
const BY_NAME: &str = "/uploads/";
const BY_ID: &str = "/api/files/";
/// A path for a file that does not exist and never will.
pub(in crate::core) const NOWHERE: &str = "/uploads/nowhere";

/// Is this URL a path of this server, whether or not a file is there?
pub fn is_ours(url: &str) -> bool {
    url.starts_with('/')
}

/// The file of this server that this path names: one segment behind ours, with nothing in it that a browser would read as
/// another path. The page of everybody who looks at a message fetches this path, with that person's token.
pub fn at(spelling: &Spelling, path: &str) -> Option<Named> {
    let is_plain = |name: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        !name.contains("..") && name.chars().all(plain)
    };
    if let Some(name) = path.strip_prefix(BY_NAME).filter(is_plain) {
        return named_in(spelling, name);
    }
    named(spelling, path.strip_prefix(BY_ID).filter(is_plain)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::FileId;

    #[test]
    fn a_path_of_a_file_is_one_plain_segment() {
        let spell = Spelling::new(*b"sixteen bytes!!!");
        let id = FileId::new(7).expect("an id");
        let (hex, uuid) = (spell.hex(id), spell.uuid(id));
        let is = |sealed| Some(Named { id, sealed });
        for path in [
            format!("/uploads/my-document-{hex}.pdf"),
            format!("/uploads/{hex}"),
            format!("/uploads/my-document-{uuid}.pdf"),
            format!("/uploads/{uuid}"),
            format!("/api/files/{hex}"),
            format!("/api/files/{uuid}"),
        ] {
            assert_eq!(at(&spell, &path), is(true), "{path}");
        }
        assert_eq!(at(&spell, "/api/files/7"), is(false));
        for path in [
            "/uploads/../api/auth/logout".to_owned(),
            format!("/uploads/../api/files/{hex}"),
            format!("/uploads/%2e%2e/api/auth/logout-{hex}"),
            format!("/uploads/x/{hex}"),
            format!("/uploads/x-{hex}.pdf?a=1"),
            format!("/uploads/x-{hex}.pdf#a"),
            format!("/uploads/..-{hex}"),
            format!("/api/files/{hex}/"),
            format!("/api/files/x-{hex}"),
            format!("//uploads/{hex}"),
            "/api/files/upload".to_owned(),
            "/api/auth/logout".to_owned(),
            NOWHERE.to_owned(),
            "/".to_owned(),
        ] {
            assert_eq!(at(&spell, &path), None, "{path}");
        }
    }
}
