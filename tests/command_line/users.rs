//! `chat user …`: accounts, with a server on the file and without.

use super::{a_file, actions, fed, logs_in, typed, with_secret, words};
use crate::support::person::{email_of, password_of};
use crate::support::*;
use std::time::{Duration, Instant};

#[tokio::test]
async fn accounts_are_made_listed_and_changed_without_a_server() {
    let (folder, file) = a_file().await;
    let db = ["--db", words(&file)];
    let on = |arguments: &[&'static str]| [arguments, &["--json"]].concat();
    let secret = with_secret(&folder, "password", "password of ann");
    let add = ["user", "add", "ann", "--email", "ann@example.test"];
    let from = ["--password-file", words(&secret)];
    let made = typed(&[&add[..], &from, &db].concat()).await;
    assert_eq!(made.well().out, "ann (ann@example.test, id 1) made\n");
    let add = [
        "user",
        "add",
        "Bob Roe",
        "--email",
        "bob@example.test",
        "--admin",
    ];
    let made = fed(&[&on(&add)[..], &db].concat(), "password of bob\n").await;
    let bob = json!({ "id": 2, "name": "Bob Roe", "email": "bob@example.test", "admin": true, "suspended": false });
    assert_eq!(made.json(), bob);

    let listed = typed(&[&["user", "list"][..], &db].concat()).await;
    let lines: Vec<_> = listed.well().out.lines().collect();
    let head: Vec<_> = lines[0].split_whitespace().collect();
    assert_eq!(head, ["ID", "NAME", "EMAIL", "IS", "MADE", "LAST", "SEEN"]);
    assert!(
        lines[1].starts_with("2   Bob Roe  bob@example.test  administrator"),
        "{lines:?}"
    );
    assert!(
        lines[2].starts_with("1   ann      ann@example.test"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 3);
    let listed = typed(&[&on(&["user", "list", "bob"])[..], &db].concat()).await;
    let listed = listed.json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_looks_like(&listed[0], bob, "bob");
    assert_eq!(
        (&listed[0]["devices"], &listed[0]["lastSeenAt"]),
        (&json!(0), &Value::Null)
    );

    // By name, by address and by id.
    for (user, verb, is) in [
        ("ann", "suspend", true),
        ("ann@example.test", "resume", false),
        ("1", "suspend", true),
        ("ANN", "resume", false),
    ] {
        let done = typed(&[&["user", verb, user, "--json"][..], &db].concat()).await;
        assert_eq!(done.json()["suspended"], is, "{user}");
    }
    let removed = typed(&[&["user", "remove", "ann"][..], &db].concat()).await;
    assert!(
        removed
            .well()
            .out
            .contains("ann (ann@example.test, id 1) removed"),
        "{removed:?}"
    );
    for user in ["ann", "1", "nobody", "999"] {
        let none = typed(&[&["user", "suspend", user][..], &db].concat()).await;
        none.badly(1, "User not found");
    }
    // Without a word nothing is taken as a password, and too short a one is refused.
    for (input, why) in [("", "password"), ("short\n", "8 characters")] {
        let refused = fed(&[&["user", "password", "2"][..], &db].concat(), input).await;
        refused.badly(1, why);
    }
    let add = ["user", "add", "Bob Roe", "--email", "bob@example.test"];
    let taken = fed(&[&add[..], &db].concat(), "password of bob").await;
    assert_eq!(taken.code, Some(1), "{taken:?}");
    let wrong = ["user", "add", "eve", "--email", "nothing"];
    fed(&[&wrong[..], &db].concat(), "password of eve")
        .await
        .badly(1, "email");
    // Never an argument.
    let told = ["user", "password", "2", "--password", "password of bob"];
    typed(&[&told[..], &db].concat())
        .await
        .badly(2, "--password-file");

    let password = fed(
        &[&["user", "password", "2"][..], &db].concat(),
        "a new password",
    )
    .await;
    assert!(password.well().out.contains("has a new password"));
    let chat = Chat::on(&file, &[]).await;
    assert_eq!(
        logs_in(&chat, "ann@example.test", "password of ann")
            .await
            .0,
        401
    );
    assert_eq!(
        logs_in(&chat, "bob@example.test", "password of bob")
            .await
            .0,
        401
    );
    let (status, bob) = logs_in(&chat, "bob@example.test", "a new password").await;
    assert_eq!(status, 200);
    let audit = bob.get("/api/admin/audit").await.has_status(200).json();
    assert_eq!(actions(&audit)[..2], ["user.password", "user.remove"]);
}

#[tokio::test]
async fn what_is_typed_reaches_the_running_server_within_a_second() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let listening = ann.opens_a_socket().await;
    let joining = json!({ "conversationId": group });
    listening.does("join_conversation", joining.clone()).await;

    let run = async |arguments: &[&str], input: &str| {
        let db = chat.announced["db"].as_str().expect("a file").to_owned();
        let ended = fed(&[arguments, &["--db", &db]].concat(), input).await;
        ended.well();
        Instant::now()
    };
    let sockets = [bob.opens_a_socket().await, bob.opens_chat().await];
    sockets[0].does("join_conversation", joining.clone()).await;
    let is_out = async |sockets: &[Socket; 2], since: Instant| {
        for socket in sockets {
            socket.is_sent_away().await;
        }
        let took = since.elapsed();
        assert!(took < Duration::from_millis(1_500), "took {took:?}");
    };
    let told = run(&["user", "suspend", "bob"], "").await;
    is_out(&sockets, told).await;
    bob.get("/api/auth/validate").await.refused(401);
    assert_eq!(
        logs_in(&chat, "bob@example.test", "password of bob")
            .await
            .0,
        403
    );
    run(&["user", "resume", "bob"], "").await;
    eventually("resumed", async || {
        let (_, bob) = logs_in(&chat, "bob@example.test", "password of bob").await;
        bob.get("/api/auth/validate").await.status == 200
    })
    .await;

    let bob = bob.logs_in().await;
    let sockets = [bob.opens_a_socket().await, bob.opens_chat().await];
    let told = run(&["user", "password", "bob"], "another password").await;
    is_out(&sockets, told).await;
    let (status, again) = logs_in(&chat, "bob@example.test", "another password").await;
    assert_eq!(status, 200);

    let sockets = [again.opens_a_socket().await, again.opens_chat().await];
    let told = run(&["user", "remove", "bob"], "").await;
    is_out(&sockets, told).await;
    eventually("the group is left", async || {
        let path = format!("/message/get-conversation-participants?conversationId={group}");
        let people = ann.get(path).await.json();
        people.as_array().map(Vec::len) == Some(1)
    })
    .await;

    // Somebody new is known at once, and so is who becomes an administrator.
    run(
        &["user", "add", "eve", "--email", "eve@example.test"],
        "password of eve",
    )
    .await;
    eventually("eve is there", async || {
        logs_in(&chat, "eve@example.test", "password of eve")
            .await
            .0
            == 200
    })
    .await;
    ann.get("/api/admin/stats").await.refused(403);
    run(&["admin", "add", "--email", "ann@example.test"], "").await;
    eventually("ann administers", async || {
        ann.get("/api/admin/stats").await.status == 200
    })
    .await;
    assert!(listening.is_open());
}

#[tokio::test]
async fn who_could_be_two_people_is_neither() {
    let (_folder, file) = a_file().await;
    let db = ["--db", words(&file)];
    let types =
        async |arguments: &[&str], input: &str| fed(&[arguments, &db].concat(), input).await;
    for (name, email) in [
        ("ann", "ann@example.test"),
        ("bob", "bob@example.test"),
        // An id of another one, an address of another one, and a name that is written as ids are chosen.
        ("2", "two@example.test"),
        ("ann@example.test", "eve@example.test"),
        ("id:1", "mallory@example.test"),
    ] {
        let add = ["user", "add", name, "--email", email];
        types(&add, "a long password").await.well();
    }
    let uuid = "0190b5a2-5c1e-7d6a-9a55-1c2d3e4f5a6b";
    let session = |mentor, mentee| {
        let start = ["--start-at", "2026-01-15T10:00:00Z"];
        let words = [
            "session", "put", uuid, "--mentor", mentor, "--mentee", mentee,
        ];
        [&words[..], &start].concat()
    };
    for (typed, readings) in [
        (
            "2",
            ["bob (bob@example.test, id 2)", "2 (two@example.test, id 3)"],
        ),
        (
            "ann@example.test",
            [
                "ann (ann@example.test, id 1)",
                "ann@example.test (eve@example.test, id 4)",
            ],
        ),
    ] {
        for command in [
            &["user", "suspend", typed][..],
            &["user", "resume", typed],
            &["user", "remove", typed],
            &["user", "password", typed],
            &["notify", typed, "--title", "T", "--message", "M"],
            &session(typed, "bob"),
            &session("bob", typed),
        ] {
            let refused = types(command, "another password").await;
            for reading in readings {
                refused.badly(1, reading);
            }
        }
    }
    let is = async |typed: &str| {
        let done = types(&["user", "resume", typed, "--json"], "").await;
        done.json()["id"].clone()
    };
    for (typed, id) in [
        ("id:2", 2),
        ("name:2", 3),
        ("email:ann@example.test", 1),
        ("name:ann@example.test", 4),
        ("name:bob", 2),
        // The word before the colon is ours.
        ("id:1", 1),
        ("name:id:1", 5),
        // Whom only one reading fits.
        ("1", 1),
        ("bob", 2),
        ("5", 5),
        ("bob@example.test", 2),
    ] {
        assert_eq!(is(typed).await, id, "{typed}");
    }
    for none in ["id:bob", "name:1", "email:bob", "id:", "nobody:2"] {
        let none = types(&["user", "suspend", none], "").await;
        none.badly(1, "User not found");
    }
}

#[tokio::test]
async fn how_long_hashing_takes_does_not_tell_who_has_an_account() {
    let (_folder, file) = a_file().await;
    let db = ["--db", words(&file)];
    let hashes = || -> Vec<String> {
        let database = rusqlite::Connection::open(&file).expect("the file");
        let mut asked = database
            .prepare("SELECT password FROM accounts ORDER BY id")
            .expect("SQL");
        let rows = asked.query_map((), |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("a hash")).collect()
    };
    // Hashed sixteen times as hard as the server does it.
    for (name, email) in [("ann", "ann@example.test"), ("bob", "bob@example.test")] {
        let add = ["user", "add", name, "--email", email, "--bcrypt-cost", "8"];
        fed(&[&add[..], &db].concat(), &format!("password of {name}"))
            .await
            .well();
    }
    let cost = [
        "admin",
        "add",
        "--email",
        "boss@example.test",
        "--bcrypt-cost",
        "8",
    ];
    fed(&[&cost[..], &db].concat(), "password of boss")
        .await
        .well();
    assert!(
        hashes().iter().all(|hash| hash.starts_with("$2b$08$")),
        "{:?}",
        hashes()
    );

    let chat = Chat::on(&file, &[]).await;
    let refused_in = async |email: &str| {
        let mut least = Duration::MAX;
        for _ in 0..4 {
            let begun = Instant::now();
            assert_eq!(logs_in(&chat, email, "a wrong password").await.0, 401);
            least = least.min(begun.elapsed());
        }
        least
    };
    let (known, nobody) = (
        refused_in("bob@example.test").await,
        refused_in("nobody@example.test").await,
    );
    assert!(
        nobody > known / 3 && known > nobody / 3,
        "{known:?} for somebody, {nobody:?} for nobody"
    );

    // Who shows the password has it hashed as hard as the server does from then on, and stays logged in.
    let (status, ann) = logs_in(&chat, "ann@example.test", "password of ann").await;
    assert_eq!(status, 200);
    eventually("the password is hashed anew", async || {
        hashes()[0].starts_with("$2b$04$")
    })
    .await;
    ann.get("/api/auth/validate").await.has_status(200);
    assert_eq!(
        logs_in(&chat, "ann@example.test", "password of ann")
            .await
            .0,
        200
    );
    assert_eq!(
        logs_in(&chat, "ann@example.test", "a wrong password")
            .await
            .0,
        401
    );
    let again = ["user", "password", "bob", "--bcrypt-cost", "5"];
    fed(&[&again[..], &db].concat(), "another password")
        .await
        .well();
    assert!(hashes()[1].starts_with("$2b$05$"));
}

#[tokio::test]
async fn who_was_just_added_beside_a_running_server_logs_in_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::on(&file, &[]).await;
    for name in ["ann", "bob", "carl"] {
        let email = email_of(name);
        let add = ["user", "add", name, "--email", &email, "--db", words(&file)];
        fed(&add, &password_of(name)).await.well();
        // Logging in asks with the token, too.
        chat.logs_in(name).await;
    }
}
