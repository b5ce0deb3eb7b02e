//! Which media type does a file have, and as which type is it served? The content decides before the name, and a browser
//! is never sent a type that it would run.

use crate::core::limits::FILE_PART;

/// Media types that browsers play only under another name.
const PLAYED_AS: &[(&str, &str)] = &[
    ("audio/m4a", "audio/mp4"),
    ("audio/x-m4a", "audio/mp4"),
    ("audio/opus", "audio/ogg"),
    ("application/ogg", "audio/ogg"),
    ("audio/x-flac", "audio/flac"),
    ("audio/x-wav", "audio/wav"),
    ("video/x-m4v", "video/mp4"),
];

/// Types that a browser does not run, and that are worth telling whoever downloads. No other text is served as its type: a
/// script, a style sheet or a page would count as one of our own.
const KNOWN: &[&str] = &[
    "text/plain",
    "text/csv",
    "text/markdown",
    "application/pdf",
    "application/json",
    "application/zip",
    "application/gzip",
    "application/x-7z-compressed",
    "application/x-bzip2",
    "application/x-tar",
    "application/x-xz",
    "application/vnd.rar",
    "application/epub+zip",
    "application/msword",
    "application/rtf",
];
/// The type of everything else.
const BYTES: &str = "application/octet-stream";

/// The media type of a file with this beginning and this name.
pub fn of(start: &[u8], name: &str) -> String {
    if let Some(known) = infer::get(start) {
        return played_as(known.mime_type()).into();
    }
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    let says_text = guess.type_() == "text"
        || matches!(
            guess.essence_str(),
            "application/json"
                | "application/xml"
                | "image/svg+xml"
                | "application/javascript"
                | "application/x-sh"
        );
    match (is_text(start), says_text) {
        (true, true) => guess.essence_str().into(),
        (true, false) => "text/plain".into(),
        (false, _) if guess.type_() == "application" && guess.subtype() != "pdf" => {
            guess.essence_str().into()
        }
        (false, _) => BYTES.into(),
    }
}

/// Is this the start of a text: UTF-8 without control characters, except those of layout and of terminal colours?
fn is_text(start: &[u8]) -> bool {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // A part may end within a character.
        Err(cut) if cut.error_len().is_none() && start.len() >= FILE_PART => {
            std::str::from_utf8(&start[..cut.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let is_of_one = |c: char| !c.is_control() || "\t\n\r\u{8}\u{c}\u{1b}\u{85}".contains(c);
    text.chars().all(is_of_one)
}

/// The type that a file of this media type is served as. A file that an earlier version stored may have any media type.
pub fn served(media_type: &str) -> &str {
    let media_type = played_as(media_type);
    let (kind, rest) = media_type.split_once('/').unwrap_or_default();
    let is_of_an_office = rest.starts_with("vnd.") && !rest.ends_with("+xml");
    let is_inert = match kind {
        "image" => !rest.ends_with("xml"),
        "audio" | "video" => true,
        "application" => KNOWN.contains(&media_type) || is_of_an_office,
        _ => KNOWN.contains(&media_type),
    };
    if is_inert { media_type } else { BYTES }
}

/// May a browser show it, rather than save it?
pub fn is_shown(served: &str) -> bool {
    let kind = served.split('/').next().unwrap_or_default();
    matches!(kind, "image" | "audio" | "video") || served == "text/plain"
}

fn played_as(media_type: &str) -> &str {
    let other = PLAYED_AS.iter().find(|(known, _)| *known == media_type);
    other.map_or(media_type, |(_, played)| played)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_and_the_name_helps() {
        for (start, name, expected) in [
            (&b"%PDF-1.4 \n"[..], "my-document.pdf", "application/pdf"),
            (b"\x89PNG\r\n\x1a\n____", "x.html", "image/png"),
            (b"hello", "notes.txt", "text/plain"),
            (b"hello", "picture.png", "text/plain"),
            (b"{}", "a.json", "application/json"),
            (b"\0\x01\x02", "picture.png", BYTES),
            (b"<script>", "a.svg", "text/html"),
            (b"<g onload=alert(1)>", "a.svg", "image/svg+xml"),
            (b"\x1b[31mred\x1b[0m\n", "build.log", "text/plain"),
            ("日本語".as_bytes(), "notes", "text/plain"),
            // No NUL, and no text.
            (b"\x01\x02\x03\x04", "data", BYTES),
            (b"\xff\xfe\xfd", "data", BYTES),
            (b"ab\xff", "notes.txt", BYTES),
            (
                "日本語".as_bytes().split_last().expect("bytes").1,
                "notes",
                BYTES,
            ),
            (b"\0\0\0\x20ftypM4A \0\0\0\0", "song.m4a", "audio/mp4"),
            (b"OggS\0\x02______________________", "song.ogg", "audio/ogg"),
        ] {
            assert_eq!(of(start, name), expected, "{name} {start:?}");
        }
        let mut long = vec![b'x'; FILE_PART - 1];
        long.push(0xe6);
        assert_eq!(of(&long, "notes"), "text/plain", "cut within a character");
    }

    #[test]
    fn nothing_that_a_browser_would_run_keeps_its_type() {
        for runs in [
            "text/html",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/xml",
            "application/xml",
            "text/javascript",
            "application/javascript",
            "application/ecmascript",
            "text/css",
            "application/wasm",
            "application/vnd.mozilla.xul+xml",
            "text/cache-manifest",
            "nonsense",
            "",
        ] {
            assert_eq!(served(runs), BYTES, "{runs}");
            assert!(!is_shown(served(runs)), "{runs}");
        }
        for inert in [
            "application/pdf",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "image/png",
            "video/mp4",
            "text/plain",
        ] {
            assert_eq!(served(inert), inert);
        }
        assert_eq!(served("audio/m4a"), "audio/mp4");
    }
}
