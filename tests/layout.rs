//! The house has its directions: who may know whom is read from the sources themselves.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file with its comments gone and its strings apart.
struct Source {
    path: String,
    /// Names, `::`, braces and commas; nothing else matters here.
    words: Vec<String>,
    strings: Vec<String>,
}

fn sources(under: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut open, mut found) = (vec![root.join(under)], Vec::new());
    while let Some(directory) = open.pop() {
        let entries =
            fs::read_dir(&directory).unwrap_or_else(|why| panic!("{}: {why}", directory.display()));
        for path in entries.map(|entry| entry.expect("an entry of a directory").path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(source(&path, root));
            }
        }
    }
    assert!(!found.is_empty(), "{under} has sources");
    found
}

fn source(path: &PathBuf, root: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let path = path
        .strip_prefix(root)
        .expect("below the root")
        .display()
        .to_string();
    let (mut words, mut strings, mut rest) = (Vec::new(), Vec::new(), text.as_str());
    while let Some(letter) = rest.chars().next() {
        let name = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
                .len();
        let raw = rest
            .strip_prefix('r')
            .map(|raw| raw.len() - raw.trim_start_matches('#').len());
        let raw = raw.filter(|hashes| rest[1 + hashes..].starts_with('"'));
        let taken = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(hashes) = raw {
            let end = format!("\"{}", "#".repeat(hashes));
            let begun = &rest[hashes + 2..];
            let long = begun.find(&end).unwrap_or(begun.len());
            strings.push(begun[..long].to_owned());
            hashes + 2 + long + end.len()
        } else if letter == '"' {
            let long = end_of_string(&rest[1..]);
            strings.push(rest[1..=long].to_owned());
            long + 2
        } else if let Some(quoted) = rest.strip_prefix('\'').filter(|_| is_letter_literal(rest)) {
            1 + quoted[1..].find('\'').map_or(0, |end| end + 2)
        } else if name > 0 {
            words.push(rest[..name].to_owned());
            name
        } else if rest.starts_with("::") {
            words.push("::".to_owned());
            2
        } else {
            if matches!(letter, '{' | '}' | ',' | ';') {
                words.push(letter.to_string());
            }
            letter.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    Source {
        path,
        words,
        strings,
    }
}

/// `'x'` and `'\n'` are letters, `'static` is a lifetime.
fn is_letter_literal(rest: &str) -> bool {
    let mut letters = rest.chars().skip(1);
    letters.next() == Some('\\') || letters.next() == Some('\'')
}

fn end_of_string(begun: &str) -> usize {
    let mut escaped = false;
    let end = begun.char_indices().find(|(_, letter)| {
        let ends = *letter == '"' && !escaped;
        escaped = *letter == '\\' && !escaped;
        ends
    });
    end.map_or(begun.len().saturating_sub(1), |(at, _)| at)
}

impl Source {
    fn names(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }

    /// What stands right behind a path: `web` and `core` for `crate` in `use crate::{web::Call, core}`.
    fn behind(&self, path: &[&str]) -> Vec<&str> {
        let path: Vec<&str> = path.iter().flat_map(|name| [*name, "::"]).collect();
        let mut found = Vec::new();
        for at in 0..self.words.len() {
            let words = self.words[at..].iter().map(String::as_str);
            if !words.clone().take(path.len()).eq(path.iter().copied()) {
                continue;
            }
            let (mut depth, mut first) = (0, true);
            for word in words.skip(path.len()) {
                match word {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    "," => first = depth == 1,
                    ";" => break,
                    name if first && depth < 2 => {
                        found.push(name);
                        first = false;
                    }
                    _ => {}
                }
                if depth == 0 && word != "{" {
                    break;
                }
            }
        }
        found
    }
}

fn refuse(found: Vec<String>) {
    assert!(
        found.is_empty(),
        "the directions are not kept:\n  {}",
        found.join("\n  ")
    );
}

#[test]
fn the_core_knows_no_http_no_json_and_no_socket() {
    let mut found = Vec::new();
    for source in sources("src/core") {
        for outsider in [
            "warp",
            "serde_json",
            "socketioxide",
            "engineioxide",
            "hyper",
        ] {
            if source.names(outsider) {
                found.push(format!("{} names {outsider}", source.path));
            }
        }
        for module in source.behind(&["crate"]) {
            if [
                "web", "dialects", "realtime", "admin", "server", "commands", "flags", "mail",
            ]
            .contains(&module)
            {
                found.push(format!("{} names crate::{module}", source.path));
            }
        }
    }
    refuse(found);
}

#[test]
fn sql_stands_in_the_store_and_nowhere_else() {
    let mut found = Vec::new();
    for source in sources("src")
        .iter()
        .filter(|source| !source.path.starts_with("src/core/store"))
    {
        for string in &source.strings {
            let words: Vec<&str> = string.split_whitespace().take(40).collect();
            let has = |first: &str, then: &str| {
                words
                    .iter()
                    .position(|word| *word == first)
                    .is_some_and(|at| then.is_empty() || words[at..].contains(&then))
            };
            if has("SELECT", "")
                || has("INSERT", "INTO")
                || has("UPDATE", "SET")
                || has("DELETE", "FROM")
                || has("PRAGMA", "")
            {
                found.push(format!("{}: {}", source.path, words.join(" ")));
            }
        }
    }
    refuse(found);
}

#[test]
fn no_dialect_knows_another() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dialects");
    let entries = fs::read_dir(&root).expect("src/dialects is there");
    let folders = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir());
    let names = folders.map(|path| {
        path.file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    });
    let names: Vec<String> = names.collect();
    assert!(names.len() >= 2, "rooms and direct at least, not {names:?}");
    let mut found = Vec::new();
    for name in &names {
        for source in sources(&format!("src/dialects/{name}")) {
            // `super` is the list of dialects for the folder's own file, and `super::super` for those in it.
            let above: &[&str] = if source.path.ends_with("/mod.rs") {
                &["super"]
            } else {
                &["super", "super"]
            };
            let reached = [source.behind(&["dialects"]), source.behind(above)].concat();
            for other in reached
                .into_iter()
                .filter(|reached| reached != name && names.iter().any(|name| name == reached))
            {
                found.push(format!("{} names the dialect {other}", source.path));
            }
        }
    }
    refuse(found);
}

#[test]
fn what_the_dialects_share_names_none_of_them() {
    let mut found = Vec::new();
    for source in sources("src/web") {
        for module in source.behind(&["crate"]) {
            if ["dialects", "admin", "commands", "realtime", "server"].contains(&module) {
                found.push(format!("{} names crate::{module}", source.path));
            }
        }
        for dialect in ["campus", "mentor", "emote"] {
            if source.names(dialect) {
                found.push(format!("{} names {dialect}", source.path));
            }
        }
    }
    refuse(found);
}

#[test]
fn grouped_imports_are_seen_through() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("one.rs");
    let text = "// use crate::admin;\nuse crate::{core::{web, Id}, dialects::rooms, web};\nlet x = 'a'; let s = \"a \\\" b\";\n\
                fn f<'a>(x: &'a str) { crate::realtime::tell(r#\"SELECT \"1\"\"#) }\n";
    fs::write(&path, text).expect("a source");
    let source = source(&path, directory.path());
    assert_eq!(
        source.behind(&["crate"]),
        ["core", "dialects", "web", "realtime"]
    );
    assert_eq!(source.behind(&["dialects"]), ["rooms"]);
    assert_eq!(source.strings, ["a \\\" b", "SELECT \"1\""]);
}
