//! A walk as the operator of a fresh machine with a public address, by the README alone.

use super::pebble::Pebble;
use super::{DOMAIN, Place};
use crate::command_line::{typed, words};
use crate::support::*;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The command of the README's chapter, word by word, without `chat`.
fn command() -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("the README");
    let (_, chapter) = readme
        .split_once("## On the open internet")
        .expect("the chapter");
    let (_, block) = chapter.split_once("```sh\nchat ").expect("a command");
    let (block, _) = block.split_once("```").expect("its end");
    let (mut words, mut is_quoted) = (vec![String::new()], false);
    for letter in block.replace("\\\n", " ").chars() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            blank if blank.is_whitespace() && !is_quoted => words.push(String::new()),
            letter => words.last_mut().expect("a word").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The README's command, for this place and this directory in place of the machine's and Let's Encrypt.
async fn serves(place: &Place, pebble: &Pebble, backups: &Path) -> Chat {
    let here = [
        ("--db", words(&place.file).to_owned()),
        ("--listen", format!("127.0.0.1:{}", place.port)),
        ("--backup-dir", words(backups).to_owned()),
        ("--smtp-url", "smtp://chat@127.0.0.1:1".to_owned()),
    ];
    let mut flags = command();
    for (flag, value) in here {
        let at = flags.iter().position(|word| word == flag);
        flags[at.unwrap_or_else(|| panic!("no {flag} in the README")) + 1] = value;
    }
    let ca_file = pebble.ca_file();
    let (directory, plain) = (pebble.directory(), place.plain.to_string());
    let mut all: Vec<_> = flags.iter().map(String::as_str).collect();
    all.extend([
        "--acme-directory",
        &directory,
        "--acme-ca-file",
        words(&ca_file),
    ]);
    all.extend([
        "--redirect-port",
        &plain,
        "--bcrypt-cost",
        "4",
        "--limit-auth",
        "off",
    ]);
    let mut binary = Command::new(env!("CARGO_BIN_EXE_chat"));
    // The file with the password of the mail server is beside it.
    binary.current_dir(place.folder.path());
    let started = Chat::start_by(binary, &all).await;
    started.unwrap_or_else(|refusal| panic!("{all:?}: {refusal:?}"))
}

/// The finished backups, the oldest first.
fn finished(backups: &Path) -> Vec<String> {
    let entries = fs::read_dir(backups).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| name.ends_with(".db"));
    names.sort();
    names
}

#[tokio::test]
async fn a_closed_encrypted_server_with_backups_by_the_readme_alone() {
    let place = Place::new();
    let backups = place.folder.path().join("backups");
    fs::create_dir(&backups).expect("a directory");
    fs::write(place.folder.path().join("smtp.password"), "secret").expect("a file");
    let pebble = Pebble::start(place.port).await;
    let chat = serves(&place, &pebble, &backups).await;

    // The certificate comes.
    let client = place.trusting(&pebble).await;
    within(3 * PATIENCE, "a client believes it", async || {
        client.is_ready(DOMAIN).await
    })
    .await;
    // The link that the start prints makes the first administrator.
    let log = chat.log();
    let links = format!("https://{DOMAIN}/admin#setup=");
    let token = log
        .lines()
        .find_map(|line| line.trim().strip_prefix(&links));
    let token = token.expect("a link");
    let boss = json!({
        "token": token, "name": "boss", "email": "boss@example.test", "password": "password of boss",
    });
    let (status, said) = client.ask("POST", "/api/admin/setup", "", Some(boss)).await;
    assert_eq!(status, 201, "{said}");
    // Nobody else comes in, or reads anything.
    let stranger = client.tries_to_sign_up("stranger", None).await;
    assert_eq!(stranger, 403);
    assert_eq!(client.ask("GET", "/api/rooms", "", None).await.0, 401);
    // An invitation, and three people.
    let invited = typed(&["invite", "--uses", "3", "--db", words(&place.file)]).await;
    let link = invited.well().out.lines().next().expect("a line");
    let links = format!("https://{DOMAIN}/#invitation=");
    let invitation = link.strip_prefix(&links).expect("an invitation");
    let people = ["ann", "bob", "carl"];
    for name in people {
        let came = client.tries_to_sign_up(name, Some(invitation)).await;
        assert_eq!(came, 201, "{name}");
    }
    assert_eq!(client.tries_to_sign_up("dora", Some(invitation)).await, 403);
    // They meet in the first room.
    let ann = client.logs_in("ann@example.test", "correct horse").await;
    let (_, rooms) = client.ask("GET", "/api/rooms", &ann, None).await;
    let rooms: Value = serde_json::from_str(&rooms).expect("JSON");
    assert_eq!(rooms["data"][0]["name"], "General", "{rooms}");
    let room = rooms["data"][0]["_id"].as_str().expect("an id");
    client.posts(&ann, room, "Hello everyone!").await;
    for name in &people[1..] {
        let token = client
            .logs_in(&format!("{name}@example.test"), "correct horse")
            .await;
        let (_, read) = client
            .ask("GET", &format!("/api/rooms/{room}"), &token, None)
            .await;
        assert!(read.contains("Hello everyone!"), "{name}: {read}");
    }
    // The first backup is there; a day later there is the next one.
    within(3 * PATIENCE, "it is backed up", async || {
        finished(&backups).len() == 1
    })
    .await;
    assert_eq!(chat.stop().await, 0);
    let first = &finished(&backups)[0];
    let old = first.replace(&first[19..], "20200101T000000Z.db");
    fs::rename(backups.join(first), backups.join(old)).expect("renamed");
    let chat = serves(&place, &pebble, &backups).await;
    within(3 * PATIENCE, "it is backed up again", async || {
        finished(&backups).len() == 2
    })
    .await;
    assert_eq!(chat.stop().await, 0);

    // Elsewhere, where nobody issues certificates, it goes on with all that it had.
    let pebble = pebble.stops();
    let mut elsewhere = Place::new();
    elsewhere.port = place.port;
    fs::write(elsewhere.folder.path().join("smtp.password"), "secret").expect("a file");
    let copy = backups.join(&finished(&backups)[1]);
    let restored = typed(&["restore", "--db", words(&elsewhere.file), words(&copy)]).await;
    restored.well();
    let others = elsewhere.folder.path().join("backups");
    fs::create_dir(&others).expect("a directory");
    let chat = serves(&elsewhere, &pebble, &others).await;
    assert!(client.is_ready(DOMAIN).await, "the certificate came along");
    assert_eq!(chat.said(), ["Hello everyone!"]);
    client.logs_in("carl@example.test", "correct horse").await;
}
