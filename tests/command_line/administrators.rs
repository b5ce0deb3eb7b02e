//! The first administrator: a link at the first start, `chat admin …`, and `--admin-email`.

use super::{a_file, fed, logs_in, typed, with_secret, words};
use crate::support::server::on_file;
use crate::support::*;
use crate::trust_jwt::keys::Keys;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server as a person starts it, and what it says until it serves.
struct Started {
    child: Child,
    said: String,
}

impl Started {
    fn on(file: &Path, flags: &[&str]) -> Started {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chat"))
            .args(on_file(file))
            .args(["--exit-with-stdin"])
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server can be started");
        let out = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut said = String::new();
        for line in out.lines() {
            let line = line.expect("its output is text");
            said += &format!("{line}\n");
            if line.starts_with("Ctrl-C") {
                break;
            }
        }
        Started { child, said }
    }

    /// What stands behind `#setup=`, and the URL before it.
    fn link(&self) -> Option<(&str, &str)> {
        let link = self.said.lines().find(|line| line.contains("#setup="))?;
        link.trim().split_once("/admin#setup=")
    }

    /// The address of the first listener.
    fn address(&self) -> String {
        let url = self
            .said
            .lines()
            .find_map(|line| line.trim().strip_prefix("http://"));
        let url = url.unwrap_or_else(|| panic!("no URL in {}", self.said));
        url.split([' ', '/']).next().expect("an address").to_owned()
    }

    async fn asks(&self, path: &str, body: Value) -> Answer {
        Request::new("POST", path)
            .json(&body)
            .send(&self.address())
            .await
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn boss(token: &str) -> Value {
    json!({ "token": token, "name": "boss", "email": "boss@example.test", "password": "password of boss" })
}

#[tokio::test]
async fn the_first_start_prints_a_link_that_works_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let first = Started::on(&file, &[]);
    let (url, old) = first.link().expect("a link");
    assert_eq!(url, format!("http://{}", first.address()));
    assert!(
        old.len() >= 32 && old.bytes().all(|b| b.is_ascii_alphanumeric()),
        "{old}"
    );
    let old = old.to_owned();
    drop(first);
    // As long as nobody administers it, each start makes a new link, and the one before is void.
    let second = Started::on(&file, &["--public-url", "https://chat.example.test/"]);
    let (url, token) = second.link().expect("a link");
    assert_eq!(url, "https://chat.example.test");
    second
        .asks("/api/admin/setup", boss(&old))
        .await
        .refused(400);
    let wrong = json!({ "token": token, "name": "", "email": "nothing", "password": "short" });
    let wrong = second.asks("/api/admin/setup", wrong).await;
    wrong.refused_for(&["name", "email", "password"]);
    let made = second.asks("/api/admin/setup", boss(token)).await;
    let expected = json!({ "success": true, "user": { "name": "boss", "email": "boss@example.test", "admin": true } });
    let made = made.looks_like(201, expected);
    let stats = Request::new("GET", "/api/admin/stats");
    let bearer = format!("Bearer {}", made["token"].as_str().expect("a token"));
    let stats = stats.header("Authorization", bearer);
    stats.send(&second.address()).await.has_status(200);
    let mut again = boss(token);
    again["email"] = json!("second@example.test");
    again["name"] = json!("second");
    second.asks("/api/admin/setup", again).await.refused(400);
    drop(second);
    let third = Started::on(&file, &[]);
    assert_eq!(third.link(), None, "{}", third.said);
}

#[tokio::test]
async fn a_link_can_be_had_on_the_command_line() {
    let chat = Chat::open().await;
    let db = chat.announced["db"].as_str().expect("a file");
    let link = typed(&["admin", "link", "--db", db]).await;
    let link = link.well().out.lines().next().expect("a link").to_owned();
    let (url, void) = link.split_once("/admin#setup=").expect("a token");
    assert_eq!(url, format!("http://{}", chat.address));
    let url = "https://chat.example.test/";
    let link = ["admin", "link", "--json", "--public-url", url, "--db", db];
    let link = typed(&link).await.json();
    let link = link["link"].as_str().expect("a link");
    let (url, token) = link.split_once("/admin#setup=").expect("a token");
    assert_eq!(url, "https://chat.example.test");
    let post = async |token: &str| chat.nobody().post("/api/admin/setup", boss(token)).await;
    post(void).await.refused(400);
    post(token).await.has_status(201);
    assert_eq!(
        logs_in(&chat, "boss@example.test", "password of boss")
            .await
            .0,
        200
    );
    // After half an hour it is none.
    let late = typed(&["admin", "link", "--db", db]).await;
    let late = late.well().out.lines().next().expect("a link").to_owned();
    let (_, late) = late.split_once("#setup=").expect("a token");
    chat.time_passes(std::time::Duration::from_secs(30 * 60 + 1))
        .await;
    post(late).await.refused(400);
}

#[tokio::test]
async fn administrators_are_made_of_who_is_there_or_anew() {
    let (_folder, file) = a_file().await;
    let db = ["--db", words(&file)];
    let add = ["user", "add", "ann", "--email", "ann@example.test"];
    fed(&[&add[..], &db].concat(), "password of ann")
        .await
        .well();
    let promoted = ["admin", "add", "--email", "ann@example.test", "--json"];
    let promoted = typed(&[&promoted[..], &db].concat()).await.json();
    assert_eq!(
        (&promoted["name"], &promoted["admin"]),
        (&json!("ann"), &json!(true))
    );
    let new = ["admin", "add", "--email", "boss@example.test"];
    let new = fed(&[&new[..], &db].concat(), "password of boss").await;
    assert_eq!(
        new.well().out,
        "boss (boss@example.test, id 2) is an administrator\n"
    );
    let nothing = ["admin", "add", "--email", "third@example.test"];
    typed(&[&nothing[..], &db].concat())
        .await
        .badly(1, "password");
    let chat = Chat::on(&file, &[]).await;
    for name in ["ann", "boss"] {
        let email = format!("{name}@example.test");
        let (status, admin) = logs_in(&chat, &email, &format!("password of {name}")).await;
        assert_eq!(status, 200);
        admin.get("/api/admin/stats").await.has_status(200);
    }
}

#[tokio::test]
async fn who_has_only_typed_an_address_is_no_administrator_by_it() {
    let (_folder, file) = a_file().await;
    let chat = Chat::on(&file, &[]).await;
    let db = ["--db", words(&file)];
    for (name, command) in [
        ("boss", &["admin", "add"][..]),
        ("chief", &["user", "add", "The Chief", "--admin"]),
    ] {
        let eve = chat.rooms(name).await;
        let socket = eve.opens_a_socket().await;
        let email = format!("{name}@example.test");
        let command = [command, &["--email", &email], &db].concat();
        typed(&command).await.badly(1, "password");
        eve.get("/api/admin/stats").await.refused(403);
        let made = fed(&command, "a new password").await;
        assert!(made.well().out.contains(&email), "{made:?}");
        // A running server hears of it.
        socket.is_sent_away().await;
        eve.get("/api/auth/validate").await.refused(401);
        let old = logs_in(&chat, &email, &format!("password of {name}")).await;
        assert_eq!(old.0, 401);
        let (status, owner) = logs_in(&chat, &email, "a new password").await;
        assert_eq!(status, 200);
        owner.get("/api/admin/stats").await.has_status(200);
    }
}

#[tokio::test]
async fn a_start_with_an_address_makes_no_administrator_of_whoever_typed_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let keys = Keys::hs256();
    let trusting = ["--trust-jwt", keys.file()];
    let chat = Chat::on(&file, &trusting).await;
    // One has signed up with it, and has the name too; the other is the application's user with such an address.
    let eve = chat.rooms("boss").await;
    let claims = json!({ "sub": "42", "name": "Mallory", "email": "chief@example.test", "exp": 4_000_000_000_u64 });
    let mallory = chat.nobody().with_token(&keys.sign(&claims));
    mallory.get("/api/auth/validate").await.has_status(200);
    assert_eq!(chat.stop().await, 0);

    let secret = with_secret(&folder, "password", "a new password");
    for (email, stranger) in [
        ("boss@example.test", &eve),
        ("chief@example.test", &mallory),
    ] {
        let address = ["--admin-email", email];
        let refused = Chat::start(&[&on_file(&file)[..], &trusting, &address].concat()).await;
        let refused = refused.err().expect("nobody has proven the address");
        assert_eq!(refused.code, Some(1));
        assert!(refused.log.contains("--admin-password-file"), "{refused:?}");

        let password = ["--admin-password-file", words(&secret)];
        let chat = Chat::on(&file, &[&trusting[..], &address, &password].concat()).await;
        stranger
            .at(&chat)
            .get("/api/auth/validate")
            .await
            .refused(401);
        let (status, owner) = logs_in(&chat, email, "a new password").await;
        assert_eq!(status, 200);
        owner.get("/api/admin/stats").await.has_status(200);
        assert_eq!(chat.stop().await, 0);
    }
    // The application's next token is somebody else's.
    let chat = Chat::on(&file, &trusting).await;
    let mut later = claims.clone();
    later["jti"] = json!("another token");
    let mallory = chat.nobody().with_token(&keys.sign(&later));
    mallory.get("/api/admin/stats").await.refused(403);
}

#[tokio::test]
async fn a_start_with_an_address_makes_that_administrator() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let email = ["--admin-email", "boss@example.test"];
    let refused = Chat::start(&[&on_file(&file)[..], &email].concat()).await;
    let refused = refused
        .err()
        .expect("nobody has the address, and no password");
    assert_eq!(refused.code, Some(2));
    assert!(refused.log.contains("--admin-password-file"), "{refused:?}");

    let secret = with_secret(&folder, "password", "password of boss");
    let flags = [&email[..], &["--admin-password-file", words(&secret)]].concat();
    let chat = Chat::on(&file, &flags).await;
    let (status, admin) = logs_in(&chat, "boss@example.test", "password of boss").await;
    assert_eq!(status, 200);
    admin.get("/api/admin/stats").await.has_status(200);
    assert_eq!(chat.stop().await, 0);
    // The same password is no change: nobody is logged out.
    let chat = Chat::on(&file, &flags).await;
    let admin = admin.at(&chat);
    admin.get("/api/admin/stats").await.has_status(200);
    // Made plain, the next start makes it one again.
    let db = chat.announced["db"].as_str().expect("a file").to_owned();
    assert_eq!(chat.stop().await, 0);
    let demoted = rusqlite::Connection::open(&db).expect("the file");
    demoted
        .execute("UPDATE accounts SET admin = 0", ())
        .expect("one row");
    drop(demoted);
    std::fs::write(&secret, "another password\n").expect("a file");
    let chat = Chat::on(&file, &flags).await;
    admin.at(&chat).get("/api/admin/stats").await.refused(401);
    let (status, admin) = logs_in(&chat, "boss@example.test", "another password").await;
    assert_eq!(status, 200);
    admin.get("/api/admin/stats").await.has_status(200);
    assert_eq!(chat.stop().await, 0);
    // Without a password it is an administrator still, with the password that it has.
    let chat = Chat::on(&file, &email).await;
    admin
        .at(&chat)
        .get("/api/admin/stats")
        .await
        .has_status(200);
}
