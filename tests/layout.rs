//! The house has its directions: who may know whom is read from the sources themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A source file without its comments, with its strings apart.
struct Source {
    path: String,
    /// Names, `::`, braces, commas and semicolons; nothing else matters here.
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
    let tokens = text.parse().unwrap_or_else(|why| panic!("{path}: {why}"));
    let mut source = Source {
        path,
        words: Vec::new(),
        strings: Vec::new(),
    };
    source.read(tokens);
    source
}

impl Source {
    fn read(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => {
                    let is_doc = |first: TokenTree| first.to_string() == "doc";
                    if group.stream().into_iter().next().is_some_and(is_doc) {
                        continue;
                    }
                    let braces = group.delimiter() == Delimiter::Brace;
                    self.words.extend(braces.then(|| "{".to_owned()));
                    self.read(group.stream());
                    self.words.extend(braces.then(|| "}".to_owned()));
                }
                TokenTree::Ident(name) => self.words.push(name.to_string()),
                TokenTree::Punct(mark) if mark.as_char() == ':' => {
                    let twice = matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                    if twice {
                        tokens.next();
                        self.words.push("::".to_owned());
                    }
                }
                TokenTree::Punct(mark) if matches!(mark.as_char(), ',' | ';') => {
                    self.words.push(mark.to_string());
                }
                TokenTree::Literal(literal) => {
                    let literal = literal.to_string();
                    let inside = literal
                        .split_once('"')
                        .and_then(|(_, rest)| rest.rsplit_once('"'));
                    self.strings.extend(inside.map(|(text, _)| text.to_owned()));
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

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
        // Rows of the feed are JSON, which servers of other versions read.
        let is_feed = source.path.starts_with("src/core/store/feed");
        for outsider in [
            "warp",
            "serde_json",
            "socketioxide",
            "engineioxide",
            "hyper",
        ] {
            if source.names(outsider) && !(is_feed && outsider == "serde_json") {
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
fn the_store_knows_no_module_of_the_core_that_knows_the_store() {
    let core = sources("src/core");
    let (store, verbs): (Vec<_>, Vec<_>) = core
        .iter()
        .partition(|source| source.path.starts_with("src/core/store/"));
    let names_store = |source: &&&Source| source.behind(&["super"]).contains(&"store");
    let verbs: Vec<&str> = verbs
        .iter()
        .filter(names_store)
        .filter_map(|source| Path::new(&source.path).file_stem()?.to_str())
        .collect();
    assert!(verbs.len() > 10, "{verbs:?}");
    let mut found = Vec::new();
    for source in store {
        for module in source.behind(&["crate", "core"]) {
            if verbs.contains(&module) {
                found.push(format!("{} names core::{module}", source.path));
            }
        }
    }
    refuse(found);
}

#[test]
fn statements_pass_the_helpers_and_are_what_sqlite_and_postgresql_share() {
    // They set a database up, copy it, fold its log in or listen there, before and beside any view of it; or they are what the
    // helpers ask.
    let sets_up = [
        "backup.rs",
        "checkpoint.rs",
        "connection.rs",
        "identify.rs",
        "leap.rs",
        "listener.rs",
        "schema.rs",
        "transfer.rs",
        "upgrade.rs",
    ];
    let mut found = Vec::new();
    for source in sources("src/core/store") {
        let name = source.path.rsplit('/').next().unwrap_or_default();
        if name != "mod.rs" && !sets_up.contains(&name) {
            for bypass in [
                "prepare",
                "prepare_cached",
                "query_row",
                "query_map",
                "execute",
                "execute_batch",
            ] {
                if source.names(bypass) {
                    found.push(format!(
                        "{} names {bypass}: use View's and Tx's helpers",
                        source.path
                    ));
                }
            }
        }
        for string in &source.strings {
            // It says SQLite's words in PostgreSQL's.
            if source.path.ends_with("postgres/schema.rs") {
                continue;
            }
            for foreign in [
                " ?",
                "(?",
                "OR IGNORE",
                "OR REPLACE",
                "iif(",
                "ifnull(",
                "COLLATE NOCASE",
            ] {
                if string.contains(foreign) {
                    found.push(format!("{} says {foreign:?}: {string}", source.path));
                }
            }
            if let Some(number) = out_of_order(string) {
                found.push(format!(
                    "{}: ${number} comes too early: {string}",
                    source.path
                ));
            }
        }
    }
    refuse(found);
}

/// The first parameter that is not numbered in the order of first appearance. A part of a statement may begin with any.
fn out_of_order(sql: &str) -> Option<u32> {
    let mut last = None;
    for part in sql.split('$').skip(1) {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Ok(number) = part[..digits].parse::<u32>() else {
            continue;
        };
        if last.is_some_and(|last| number > last + 1) {
            return Some(number);
        }
        last = last.max(Some(number));
    }
    None
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
fn no_file_of_the_servers_imports_one_that_imports_it() {
    let folders = ["realtime", "server"];
    let all: Vec<Source> = folders
        .iter()
        .flat_map(|folder| sources(&format!("src/{folder}")))
        .collect();
    let name = |source: &Source| source.path["src/".len()..].replace(".rs", "");
    let files: BTreeSet<String> = all.iter().map(name).collect();
    // What is no file stands in the folder's mod.rs.
    let file = |folder: &str, named: &str| {
        let file = format!("{folder}/{named}");
        if files.contains(&file) {
            file
        } else {
            format!("{folder}/mod")
        }
    };
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &all {
        let name = name(source);
        let (own, stem) = name.split_once('/').expect("a folder");
        let named = folders.iter().flat_map(|folder| {
            let named = source.behind(&["crate", folder]).into_iter();
            named.map(|named| file(folder, named))
        });
        let mut named: BTreeSet<String> = named.collect();
        if stem == "mod" {
            let children = source.words.windows(2).filter(|pair| pair[1] == "::");
            let children = children.map(|pair| format!("{own}/{}", pair[0]));
            named.extend(children.filter(|child| files.contains(child)));
        } else {
            let beside = source.behind(&["super"]).into_iter();
            named.extend(beside.map(|named| file(own, named)));
        }
        imports.insert(name, named);
    }
    assert!(imports["realtime/mod"].contains("realtime/fan_out"));
    assert!(imports["server/ingress"].contains("realtime/handshake"));
    // Files that import nothing are taken out, then those that import nothing else, until only circles are left.
    while let Some(below) = imports
        .iter()
        .find(|(_, named)| named.is_empty())
        .map(|(name, _)| name.clone())
    {
        imports.remove(&below);
        imports.values_mut().for_each(|named| {
            named.remove(&below);
        });
    }
    let circles = imports
        .iter()
        .map(|(name, named)| format!("{name} is in a circle with one of {named:?}"));
    refuse(circles.collect());
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

#[test]
fn the_tour_names_every_module() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tour = fs::read_to_string(root.join("src/lib.rs")).expect("the tour");
    let tour: String = tour
        .lines()
        .filter(|line| line.starts_with("//!"))
        .collect();
    let mut found = Vec::new();
    for source in sources("src") {
        let path = source
            .path
            .trim_start_matches("src/")
            .trim_end_matches(".rs");
        let name = match path.split('/').collect::<Vec<_>>()[..] {
            ["lib" | "main"] => continue,
            [top, "mod"] | ["core", top, "mod"] => top,
            [_, name] | ["core", "store", name] => name,
            // The parts of a dialect, of the documents and of the mailer are in their folders' own words.
            _ => continue,
        };
        if !tour.contains(&format!("`{name}`")) {
            found.push(format!("{} is not in the tour of src/lib.rs", source.path));
        }
    }
    refuse(found);
}
