//! `chat doctor`: what is wrong, each in a line with what to type.

use super::{Ended, typed, words};
use crate::support::*;
use chat::core::model::Time;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;

const NOWHERE: [&str; 2] = ["--listen", "127.0.0.1:0"];

async fn doctor(flags: &[&str]) -> Ended {
    typed(&[&["doctor"], flags].concat()).await
}

/// The one line about this.
#[track_caller]
fn about<'t>(ended: &'t Ended, what: &str) -> &'t str {
    let lines = ended.out.lines();
    let mut lines = lines.filter(|line| line[9..].trim_start().starts_with(what));
    let line = lines
        .next()
        .unwrap_or_else(|| panic!("nothing about {what} in {ended:?}"));
    assert_eq!(lines.next(), None, "{ended:?}");
    line
}

/// What it says of this begins like this and has that in it.
#[track_caller]
fn says(ended: &Ended, what: &str, verdict: &str, text: &str) {
    let line = about(ended, what);
    assert!(line.starts_with(verdict), "{what} is no {verdict}: {line}");
    assert!(line.contains(text), "no {text} in {line}");
    let fails = ended.out.lines().any(|line| line.starts_with("problem"));
    assert_eq!(ended.code, Some(i32::from(fails)), "{ended:?}");
}

#[tokio::test]
async fn a_sound_server_has_no_problem_and_hears_what_is_missing() {
    let (folder, file) = super::a_file().await;
    let in_there = || fs::read_dir(&folder).expect("the folder").count();
    let before = in_there();
    let well = doctor(&[&["--db", words(&file)][..], &NOWHERE].concat()).await;
    well.well();
    for sound in [
        "flags",
        "file",
        "clock",
        "address",
        "public URL",
        "certificate",
    ] {
        says(&well, sound, "ok", "");
    }
    says(&well, "mail", "warning", "--smtp-url");
    says(&well, "backups", "warning", "--backup-dir");
    let json = doctor(&[&["--json", "--db", words(&file)][..], &NOWHERE].concat())
        .await
        .json();
    let findings = json["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), well.out.lines().count());
    assert_looks_like(
        &findings[0],
        json!({ "about": "flags", "verdict": "ok" }),
        "flags",
    );
    // It leaves nothing behind.
    assert_eq!(in_there(), before);
    // On a server that runs, with what it makes.
    let backups = folder.path().join("backups");
    fs::create_dir(&backups).expect("a directory");
    let flags = ["--backup-dir", words(&backups)];
    let chat = Chat::on(&file, &flags).await;
    let listen = ["--db", words(&file), "--listen", &*chat.address];
    for _ in 0..100 {
        if fs::read_dir(&backups).expect("a directory").count() > 0
            && chat.log().contains("a backup was made")
        {
            break;
        }
        tokio::time::sleep(MOMENT).await;
    }
    let running = doctor(&[&listen[..], &flags].concat()).await;
    says(&running, "address", "ok", "a server listens");
    says(&running, "backups", "ok", "the last one is of 20");
    says(&running, "file", "ok", "sound");
    let url = format!("http://{}", chat.address);
    let reached = doctor(&[&listen[..], &["--public-url", &url]].concat()).await;
    says(&reached, "public URL", "ok", "answers");
    let old = "chat-backup-000001-20200101T000000Z.db";
    fs::write(backups.join(old.replace("000001", "999999")), "").expect("a file");
    let old = doctor(&[&listen[..], &flags].concat()).await;
    says(&old, "backups", "problem", "2020-01-01");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_what_to_type() {
    let (folder, file) = super::a_file().await;
    let flags = async |flags: &[&str]| {
        doctor(&[&["--db", words(&file)][..], &NOWHERE, flags].concat()).await
    };
    says(
        &doctor(&["--listne", "3000"]).await,
        "flags",
        "problem",
        "--listen",
    );
    says(
        &doctor(&["user", "list"]).await,
        "flags",
        "problem",
        "no subcommand",
    );
    let secret = super::with_secret(&folder, "secret", "short");
    let short = flags(&["--jwt-secret-file", words(&secret)]).await;
    says(&short, "flags", "problem", "openssl rand");

    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("ours");
    says(&flags(&[]).await, "file", "warning", "chmod 600");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("ours");
    let missing = folder.path().join("missing.db");
    let missing = doctor(&[&["--db", words(&missing)][..], &NOWHERE].concat()).await;
    says(&missing, "file", "warning", "--db");
    let missing = doctor(&[&["--db", "/nowhere/chat.db"][..], &NOWHERE].concat()).await;
    says(&missing, "disk", "problem", "mkdir -p /nowhere");
    let foreign = doctor(&[&["--db", words(&secret)][..], &NOWHERE].concat()).await;
    says(&foreign, "file", "problem", "secret");
    let damaged = folder.path().join("damaged.db");
    let mut bytes = fs::read(&file).expect("the file");
    let length = bytes.len();
    bytes[2 * length / 4..3 * length / 4].fill(0x5a);
    fs::write(&damaged, bytes).expect("a file");
    let damaged = doctor(&[&["--db", words(&damaged)][..], &NOWHERE].concat()).await;
    says(&damaged, "file", "problem", "damaged");

    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = other.local_addr().expect("an address").to_string();
    // Whoever listens there says nothing in our language.
    thread::spawn(move || other.incoming().for_each(drop));
    let taken = doctor(&["--db", words(&file), "--listen", &taken]).await;
    says(&taken, "address", "problem", "ss -ltnp");
    let nowhere = doctor(&["--db", words(&file), "--listen", "192.0.2.1:3000"]).await;
    says(&nowhere, "address", "problem", "--listen");
    let exposed = doctor(&["--db", words(&file), "--listen", "0.0.0.0:0"]).await;
    says(&exposed, "public URL", "warning", "--tls-cert");
    let lost = flags(&["--public-url", "http://127.0.0.1:1"]).await;
    says(&lost, "public URL", "warning", "does not answer");
    let backups = folder.path().join("backups");
    let backups = flags(&["--backup-dir", words(&backups)]).await;
    says(&backups, "backups", "problem", "mkdir -p");
}

#[tokio::test]
async fn a_clock_that_is_behind_is_told_here_and_on_the_page() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    ann.posts(&room, "Hello").await;
    let warns = async || {
        let stats = chat
            .admin()
            .get("/api/admin/stats")
            .await
            .has_status(200)
            .json();
        let warnings = stats["stats"]["warnings"]
            .as_array()
            .expect("warnings")
            .clone();
        warnings.iter().any(|one| one["code"] == "clock")
    };
    let file = chat.announced["db"].as_str().expect("a path");
    says(&doctor(&["--db", file]).await, "clock", "ok", "it is 20");
    assert!(!warns().await);
    let conn = rusqlite::Connection::open(file).expect("the file");
    let ahead = "UPDATE messages SET sent_at = sent_at + 86400000";
    conn.execute(ahead, ()).expect("changed");
    says(
        &doctor(&["--db", file]).await,
        "clock",
        "problem",
        "timedatectl",
    );
    assert!(warns().await);
}

/// A mail server that greets, and what it was told.
fn greeter() -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let heard = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody");
        let lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
        stream.write_all(b"220 here\r\n").expect("greeted");
        let mut heard = Vec::new();
        for line in lines.map_while(Result::ok) {
            let answer: &[u8] = if line.starts_with("QUIT") {
                b"221 bye\r\n"
            } else {
                b"250 well\r\n"
            };
            heard.push(line);
            if stream.write_all(answer).is_err() {
                break;
            }
        }
        heard
    });
    (format!("smtp://{address}"), heard)
}

#[tokio::test]
async fn the_mail_server_is_greeted_and_gets_no_mail() {
    let (_folder, file) = super::a_file().await;
    let (url, heard) = greeter();
    let flags = [&["--db", words(&file)][..], &NOWHERE].concat();
    let well = doctor(&[&flags[..], &["--smtp-url", &url]].concat()).await;
    says(&well, "mail", "ok", "nothing was sent");
    let heard = heard.join().expect("it ends");
    assert!(
        heard.iter().any(|line| line.starts_with("EHLO")),
        "{heard:?}"
    );
    assert!(
        !heard.iter().any(|line| line.starts_with("MAIL")),
        "{heard:?}"
    );
    let gone = doctor(&[&flags[..], &["--smtp-url", "smtp://127.0.0.1:1"]].concat()).await;
    says(&gone, "mail", "problem", "--smtp-url");
    let wrong = doctor(&[&flags[..], &["--smtp-url", "mail.example.test"]].concat()).await;
    says(&wrong, "mail", "problem", "smtps://");
}

/// A certificate and its key, valid for so many days from now on.
fn certified(folder: &Path, days: &str) -> [String; 2] {
    let [cert, key] = ["crt", "key"].map(|ending| {
        let path = folder.join(format!("{days}.{ending}"));
        words(&path).to_owned()
    });
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-subj", "/CN=localhost", "-days", days])
        .args(["-keyout", &key, "-out", &cert])
        .output()
        .expect("openssl is there");
    assert!(made.status.success(), "{made:?}");
    [cert, key]
}

#[tokio::test]
async fn a_certificate_is_told_that_ends_soon_or_has_another_key() {
    let (folder, file) = super::a_file().await;
    let flags = [&["--db", words(&file)][..], &NOWHERE].concat();
    let certificate = async |cert: &str, key: &str| {
        doctor(&[&flags[..], &["--tls-cert", cert, "--tls-key", key]].concat()).await
    };
    let [long, long_key] = certified(folder.path(), "365");
    let ends = Time::now()
        .plus(std::time::Duration::from_secs(365 * 86_400))
        .iso();
    says(
        &certificate(&long, &long_key).await,
        "certificate",
        "ok",
        &ends[..10],
    );
    let [soon, soon_key] = certified(folder.path(), "5");
    says(
        &certificate(&soon, &soon_key).await,
        "certificate",
        "warning",
        "renew it",
    );
    let over = folder.path().join("over.crt");
    let made = Command::new("openssl")
        .args([
            "x509",
            "-in",
            &long,
            "-signkey",
            &long_key,
            "-days",
            "-1",
            "-out",
            words(&over),
        ])
        .output();
    assert!(made.expect("openssl is there").status.success());
    says(
        &certificate(words(&over), &long_key).await,
        "certificate",
        "problem",
        "was valid until",
    );
    // Later than the clocks of this century's first half can be written in two digits.
    let [far, far_key] = certified(folder.path(), "20000");
    says(
        &certificate(&far, &far_key).await,
        "certificate",
        "ok",
        "until 20",
    );
    says(
        &certificate(&long, &soon_key).await,
        "certificate",
        "problem",
        "do not belong together",
    );
    says(
        &certificate(&long_key, &long_key).await,
        "certificate",
        "problem",
        "--tls-cert",
    );
}
