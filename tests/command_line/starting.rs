//! What a start says to people, where it says it, and what a start that fails leaves behind.

use super::{Ended, fed, typed, with_secret, words};
use crate::support::*;
use std::path::Path;

/// Starts a server here that ends when it serves, because nothing is on its standard input.
async fn started(file: &Path, flags: &[&str]) -> Ended {
    let own = ["--db", words(file), "--exit-with-stdin"];
    let listens = flags.contains(&"--listen");
    let somewhere: &[&str] = if listens {
        &[]
    } else {
        &["--listen", "127.0.0.1:0"]
    };
    fed(&[&own[..], somewhere, flags].concat(), "").await
}

/// The link that makes the first administrator.
#[track_caller]
fn link(said: &str) -> (&str, &str) {
    let link = said.lines().find(|line| line.contains("#setup="));
    let link = link.unwrap_or_else(|| panic!("no link in {said}")).trim();
    link.split_once("/admin#setup=").expect("its page")
}

#[tokio::test]
async fn what_is_for_people_goes_beside_the_announcement() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let announced = started(&file, &["--announce", "json"]).await;
    let line: Value = serde_json::from_str(&announced.well().out).expect("one line of JSON");
    assert_eq!(announced.out.lines().count(), 1, "{announced:?}");
    let url = line["url"].as_str().expect("a URL");
    for said in ["serves", url, "in a browser", "30 minutes", "Ctrl-C"] {
        assert!(announced.err.contains(said), "{said}: {announced:?}");
    }
    let (page, token) = link(&announced.err);
    assert_eq!(page, url);
    let token = token.to_owned();
    // To people alone, it is on standard output.
    let plain = started(&file, &[]).await;
    let (_, another) = link(&plain.well().out);
    assert_ne!(another, token);
    assert!(!plain.err.contains("#setup="), "{plain:?}");
    assert!(!plain.out.contains("in a browser"), "not new: {plain:?}");
    // A throwaway instance has an administrator.
    let temp = fed(&["--temp", "--announce", "json", "--exit-with-stdin"], "").await;
    assert_eq!(temp.well().out.lines().count(), 1, "{temp:?}");
    assert!(temp.err.contains("serves"), "{temp:?}");
    assert!(!temp.err.contains("#setup="), "{temp:?}");
}

#[tokio::test]
async fn what_may_be_lost_is_said_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    for (flags, said) in [
        (&["--durability", "normal"][..], true),
        (&["--durability", "full"], false),
        (&[], false),
    ] {
        let warned = |text: &str| text.contains("may be lost when the power fails");
        let plain = started(&file, flags).await;
        assert_eq!(warned(&plain.well().out), said, "{plain:?}");
        let announced = started(&file, &[flags, &["--announce", "json"]].concat()).await;
        assert_eq!(warned(&announced.well().err), said, "{announced:?}");
    }
}

#[tokio::test]
async fn every_address_of_this_machine_is_none_that_one_could_go_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    for everywhere in ["0.0.0.0:0", "[::]:0"] {
        let started = started(&file, &["--listen", everywhere]).await;
        let (page, _) = link(&started.well().out);
        assert!(page.starts_with("http://localhost:"), "{page}");
        assert!(started.out.contains(page), "{started:?}");
        for nowhere in ["0.0.0.0", "[::]"] {
            assert!(!started.out.contains(nowhere), "{started:?}");
        }
    }
    let public = [
        "--listen",
        "0.0.0.0:0",
        "--sign-up",
        "open",
        "--public-url",
        "https://chat.example.test/",
    ];
    let public = started(&file, &public).await;
    let (page, _) = link(&public.well().out);
    assert_eq!(page, "https://chat.example.test");
    assert!(public.out.contains("http://localhost:"), "{public:?}");
    // A link in a mail leads somewhere too.
    let chat = Chat::start(&[
        "--db",
        words(&file),
        "--listen",
        "0.0.0.0:0",
        "--sign-up",
        "open",
    ])
    .await;
    let chat = chat.expect("it serves");
    chat.rooms("ann").await;
    let ask = json!({ "email": "ann@example.test" });
    let asked = chat.nobody().post("/api/password/reset-request", ask).await;
    asked.has_status(200);
    let mail = rusqlite::Connection::open(&file).expect("the file");
    let text: String = mail
        .query_row(
            "SELECT text FROM outbox ORDER BY id DESC LIMIT 1",
            (),
            |row| row.get(0),
        )
        .expect("a mail");
    let (_, port) = chat.address.rsplit_once(':').expect("a port");
    assert!(
        text.contains(&format!("http://localhost:{port}/")),
        "{text}"
    );
}

#[tokio::test]
async fn where_strangers_can_come_only_the_invited_sign_up_unless_it_is_said_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let everywhere = ["--listen", "0.0.0.0:0"];
    for (flags, said) in [
        (
            &everywhere[..],
            Some("because others than this machine reach it"),
        ),
        (
            &["--sign-up", "invited"],
            Some("Only who is invited may sign up. "),
        ),
        (&["--sign-up", "closed"], Some("Nobody may sign up")),
        (&["--listen", "0.0.0.0:0", "--sign-up", "open"], None),
        (&["--listen", "127.0.0.1:0", "--listen", "[::1]:0"], None),
        (&[], None),
    ] {
        let started = started(&file, flags).await;
        let out = &started.well().out;
        match said {
            Some(said) => assert!(out.contains(said), "{flags:?}: {started:?}"),
            None => assert!(!out.contains("may sign up"), "{flags:?}: {started:?}"),
        }
        assert_eq!(
            out.contains("chat invite --db"),
            out.contains("invited"),
            "{started:?}"
        );
    }
}

#[tokio::test]
async fn a_link_leads_to_the_server_that_runs_on_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let links = async || {
        let made = typed(&["admin", "link", "--db", words(&file)]).await;
        link(&made.well().out).0.to_owned()
    };
    let chat = Chat::on(&file, &[]).await;
    assert_eq!(links().await, format!("http://{}", chat.address));
    assert_eq!(chat.stop().await, 0);
    let chat = Chat::on(&file, &["--public-url", "https://chat.example.test/chat/"]).await;
    assert_eq!(links().await, "https://chat.example.test/chat");
    assert_eq!(chat.stop().await, 0);
    // Nobody runs: the last one, until it is said otherwise.
    assert_eq!(links().await, "https://chat.example.test/chat");
    let other = [
        "admin",
        "link",
        "--public-url",
        "http://10.0.0.7:3000",
        "--db",
    ];
    let other = typed(&[&other[..], &[words(&file)]].concat()).await;
    assert_eq!(link(&other.well().out).0, "http://10.0.0.7:3000");
}

#[tokio::test]
async fn a_start_that_fails_leaves_no_database_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::open().await;
    let secret = with_secret(&folder, "secret", "short");
    let missing = folder.path().join("missing");
    let (secret, missing) = (words(&secret), words(&missing));
    let google = [
        "--google-client-id",
        "id",
        "--google-client-secret-file",
        secret,
    ];
    let boss = ["--admin-email", "boss@example.test"];
    for (flags, code, why) in [
        (&["--listen", &*chat.address][..], 4, "in use"),
        (&["--listen", "192.0.2.1:3000"], 1, "cannot listen"),
        (
            &["--tls-cert", missing, "--tls-key", missing],
            2,
            "--tls-cert",
        ),
        (&["--smtp-url", "mail.example.test"], 2, "--smtp-url"),
        (&["--jwt-secret-file", secret], 2, "32 bytes"),
        // Also while what they are for is off.
        (&["--mail-from", "nobody"], 2, "chat@example.com"),
        (&["--oidc-issuer", "http://example.com"], 2, "https URL"),
        (&["--login-return", "ftp://x"], 2, "https URL"),
        (&["--trust-jwt", missing], 2, "cannot be read"),
        (
            &[&google[..], &["--oidc-issuer", "nobody"]].concat(),
            2,
            "--oidc-issuer",
        ),
        (
            &[&google[..], &["--login-return", "nowhere"]].concat(),
            2,
            "--login-return",
        ),
        // Not that nobody has the address: in a new file nobody can.
        (&boss, 2, "--admin-password-file"),
        (&["--admin-email", "boss"], 2, "--admin-email boss"),
        (
            &[&boss[..], &["--admin-password-file", missing]].concat(),
            2,
            "cannot be read",
        ),
        (
            &[&boss[..], &["--admin-password-file", secret]].concat(),
            2,
            "8 characters",
        ),
    ] {
        let failed = started(&file, flags).await;
        failed.badly(code, why);
        assert!(!failed.err.contains("nobody has"), "{failed:?}");
        let left: Vec<_> = std::fs::read_dir(&folder)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name())
            .filter(|name| name != "secret")
            .collect();
        assert!(left.is_empty(), "{flags:?} left {left:?}");
    }
}
