//! What people do with their own account, which the document leaves out: name and picture, password, address, devices, a
//! download of all that is theirs, and leaving for good.

use super::told;
use crate::support::person::{email_of, password_of};
use crate::support::*;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\x0bIDATx\x9cc\xf8\x0f\x04\0\x09\xfb\x03\xfd\xfb^k+\0\0\0\0IEND\xaeB`\x82";
const GIF: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
const NEW: &str = "newpassword";

async fn shows(person: &Person, name: &str, bytes: &[u8]) -> Answer {
    let form = Form::default().with_file("picture", name, "image/png", bytes);
    let form = Request::new("PATCH", "/api/profile").form(form);
    person.sends(form).await
}

fn passwords(current: &str, new: &str) -> Value {
    json!({ "currentPassword": current, "newPassword": new })
}

async fn logs_in(chat: &Chat, email: &str, password: &str) -> Answer {
    let login = json!({ "email": email, "password": password });
    chat.nobody().post("/api/auth/login", login).await
}

/// What came in a ZIP, by name.
fn unzipped(answer: &Answer) -> BTreeMap<String, Vec<u8>> {
    assert_eq!(answer.says("Content-Type"), "application/zip");
    let mut zip = zip::ZipArchive::new(Cursor::new(&answer.has_status(200).body)).expect("a ZIP");
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).expect("a file");
        let mut bytes = Vec::new();
        // Reading it to its end compares its checksum.
        file.read_to_end(&mut bytes).expect("its bytes");
        let name = file.name().expect("a name").into_owned();
        files.insert(name, bytes);
    }
    files
}

fn parsed(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    serde_json::from_slice(&files[name]).unwrap_or_else(|why| panic!("{why} in {name}"))
}

fn lines(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<Value> {
    let lines = files[name].split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).expect("a line is JSON"))
        .collect()
}

#[tokio::test]
async fn a_name_is_another_one_from_now_on() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.emote("ann").await, chat.emote("bob").await);
    let changed = ann
        .patch("/api/profile", json!({ "name": " Ann Lee " }))
        .await;
    changed.looks_like(200, json!({ "success": true, "user": { "id": ann.uuid, "name": "Ann Lee", "email": email_of("ann") } }));
    let seen = bob.get(format!("/api/profile/users/{}", ann.uuid)).await;
    seen.looks_like(200, json!({ "user": { "name": "Ann Lee" } }));
    let audit = chat
        .admin()
        .get("/api/admin/audit?q=user.rename")
        .await
        .json();
    assert_eq!(audit["audit"].as_array().map(Vec::len), Some(1), "{audit}");
    assert_eq!(audit["audit"][0]["detail"], "Ann Lee");

    // Nothing at all is nothing to do, and the same name again is none either.
    for nothing in [json!({}), json!({ "name": "Ann Lee" })] {
        ann.patch("/api/profile", nothing).await.has_status(200);
    }
    let audit = chat
        .admin()
        .get("/api/admin/audit?q=user.rename")
        .await
        .json();
    assert_eq!(audit["audit"].as_array().map(Vec::len), Some(1), "{audit}");
    for wrong in [
        json!(""),
        json!("  "),
        json!("x".repeat(101)),
        json!("a\u{202E}nn"),
        json!(7),
    ] {
        let refused = ann.patch("/api/profile", json!({ "name": wrong })).await;
        refused.refused_for(&["name"]);
    }
}

#[tokio::test]
async fn a_username_stays_nobody_elses() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    for path in ["/api/profile", "/api/auth/profile"] {
        ann.patch(path, json!({ "username": "BOB" }))
            .await
            .refused(409);
    }
    ann.patch("/api/profile", json!({ "name": "cleo" }))
        .await
        .has_status(200);
    // The name that she had is free.
    bob.patch("/api/profile", json!({ "name": "ann" }))
        .await
        .has_status(200);
    bob.patch("/api/profile", json!({ "name": "cleo" }))
        .await
        .refused(409);
}

#[tokio::test]
async fn a_picture_comes_in_a_form_and_the_one_before_is_gone() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.emote("ann").await, chat.emote("bob").await);
    let url = async |answer: Answer| {
        let user = answer.has_status(200).json()["user"].clone();
        user["avatarUrl"].as_str().map(str::to_owned)
    };
    let first = url(shows(&ann, "me.png", PNG).await)
        .await
        .expect("a picture");
    assert_eq!(chat.nobody().get(&first).await.has_status(200).body, PNG);
    let second = url(shows(&ann, "me.gif", GIF).await)
        .await
        .expect("a picture");
    assert_eq!(bob.get(&second).await.has_status(200).body, GIF);
    bob.get(&first).await.refused(404);
    let both = Form::default().with_file("picture", "me.png", "image/png", PNG);
    let both = Request::new("PATCH", "/api/profile").form(both.field("name", "Ann Lee"));
    ann.sends(both)
        .await
        .looks_like(200, json!({ "user": { "name": "Ann Lee" } }));

    // One of one's own files by its path; nobody else's, and nothing but pictures.
    let uploaded = async |person: &Person, name: &str, bytes: &[u8]| {
        let file = person.uploads(Form::file(name, "image/png", bytes)).await;
        file.has_status(201).json()["data"]["url"].clone()
    };
    let own = uploaded(&ann, "own.png", PNG).await;
    let third = url(ann.patch("/api/profile", json!({ "picture": own })).await).await;
    assert_eq!(
        bob.get(third.expect("a picture"))
            .await
            .has_status(200)
            .body,
        PNG
    );
    for wrong in [
        uploaded(&bob, "bob.png", PNG).await,
        uploaded(&ann, "notes.txt", b"Hello").await,
        json!("/uploads/nothing"),
        json!("https://example.com/me.png"),
        json!(true),
    ] {
        let refused = ann.patch("/api/profile", json!({ "picture": wrong })).await;
        refused.refused_for(&["picture"]);
    }
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    shows(&ann, "me.png", svg).await.refused_for(&["picture"]);

    let none = url(ann.patch("/api/profile", json!({ "picture": null })).await).await;
    assert_eq!(none, None);
    let seen = bob.get(format!("/api/profile/users/{}", ann.uuid)).await;
    seen.looks_like(200, json!({ "user": { "avatarUrl": null } }));
}

#[tokio::test]
async fn a_new_password_ends_all_other_devices_at_once() {
    let chat = Chat::open().await;
    let ann = chat.emote("ann").await;
    let phone = ann.logs_in().await;
    let (here, there) = (ann.opens_a_socket().await, phone.opens_a_socket().await);
    let refused = ann
        .puts("/api/profile/password", passwords("password of bob", NEW))
        .await;
    refused.refused(403);
    phone.get("/api/auth/validate").await.has_status(200);

    let current = password_of("ann");
    told(
        &ann.puts("/api/profile/password", passwords(&current, NEW))
            .await,
    );
    phone.get("/api/auth/validate").await.refused(401);
    there.is_sent_away().await;
    ann.get("/api/auth/validate").await.has_status(200);
    assert!(here.is_open());
    logs_in(&chat, &email_of("ann"), &current)
        .await
        .refused(401);
    logs_in(&chat, &email_of("ann"), NEW).await.has_status(200);
    let audit = chat
        .admin()
        .get("/api/admin/audit?q=user.password")
        .await
        .json();
    assert_eq!(audit["audit"][0]["actor"]["id"], ann.uuid, "{audit}");
    assert!(!audit.to_string().contains(NEW), "{audit}");

    for short in ["", "short", &"x".repeat(257)] {
        let refused = ann
            .puts("/api/profile/password", passwords(NEW, short))
            .await;
        refused.refused_for(&["newPassword"]);
    }
    let refused = ann
        .puts("/api/profile/password", json!({ "newPassword": NEW }))
        .await;
    refused.refused_for(&["currentPassword"]);
}

#[tokio::test]
async fn a_wrong_password_counts_like_a_wrong_login() {
    let chat = Chat::with(&["--limit-auth", "5/1m"]).await;
    let ann = chat.emote("ann").await;
    for _ in 0..5 {
        let guessed = passwords("password of bob", NEW);
        ann.puts("/api/profile/password", guessed)
            .await
            .refused(403);
    }
    let right = passwords(&password_of("ann"), NEW);
    let refused = ann.puts("/api/profile/password", right).await;
    refused.refused(429);
    assert!(refused.header("Retry-After").is_some());
}

#[tokio::test]
async fn another_address_takes_effect_by_the_code_that_was_sent_there() {
    let chat = Chat::open().await;
    let ann = chat.campus("ann").await;
    let (old, new) = (email_of("ann"), "Lee@example.test");
    let asked = json!({ "email": new, "password": password_of("ann") });
    told(&ann.post("/api/profile/email", asked).await);
    // Until the code is back, nothing is different.
    ann.get("/api/auth/validate")
        .await
        .looks_like(200, json!({ "user": { "email": old } }));
    let before = chat.mails_to(&old).await.len();
    let code = chat.code_for(new).await;
    let changed = ann
        .puts("/api/profile/email", json!({ "code": code }))
        .await;
    changed.looks_like(200, json!({ "success": true, "user": { "email": new } }));
    assert_eq!(chat.mails_to(&old).await.len(), before + 1);
    let farewell = chat.mail_to(&old).await;
    assert!(
        farewell["subject"]
            .as_str()
            .is_some_and(|said| said.contains("another address")),
        "{farewell}"
    );
    logs_in(&chat, &old, &password_of("ann")).await.refused(401);
    logs_in(&chat, new, &password_of("ann"))
        .await
        .has_status(200);
    // A code works once.
    ann.puts("/api/profile/email", json!({ "code": code }))
        .await
        .refused_for(&["code"]);
    let again = json!({ "email": "lee@example.test", "password": password_of("ann") });
    ann.post("/api/profile/email", again).await.refused(409);
}

#[tokio::test]
async fn nobody_learns_who_has_an_account_and_a_proven_address_stays_its_owners() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.emote("ann").await, chat.campus("bob").await);
    let asks = async |email: &str| {
        let asked = json!({ "email": email, "password": password_of("ann") });
        let answer = ann.post("/api/profile/email", asked).await;
        told(&answer)
    };
    assert_eq!(
        asks(&email_of("nobody")).await,
        asks(&email_of("bob")).await
    );
    let mail = chat.mail_to(&email_of("bob")).await;
    assert!(mail::codes_in(&mail).is_empty(), "{mail}");
    let guessed = ann
        .puts("/api/profile/email", json!({ "code": "000000" }))
        .await;
    guessed.refused_for(&["code"]);
    bob.get("/api/auth/validate")
        .await
        .looks_like(200, json!({ "user": { "email": email_of("bob") } }));

    // Who proved it in the time between has it.
    asks("late@example.test").await;
    let code = chat.code_for("late@example.test").await;
    chat.campus("late").await;
    ann.puts("/api/profile/email", json!({ "code": code }))
        .await
        .refused(409);
}

#[tokio::test]
async fn an_address_that_nobody_has_proven_blocks_nobody() {
    let chat = Chat::open().await;
    // Somebody typed Ann's new address when they signed up.
    let (ann, eve) = (chat.emote("ann").await, chat.emote("lee").await);
    let asked = json!({ "email": email_of("lee"), "password": password_of("ann") });
    told(&ann.post("/api/profile/email", asked).await);
    let code = chat.code_for(&email_of("lee")).await;
    ann.puts("/api/profile/email", json!({ "code": code }))
        .await
        .has_status(200);
    eve.get("/api/auth/validate")
        .await
        .looks_like(200, json!({ "user": { "email": null } }));
    logs_in(&chat, &email_of("lee"), &password_of("lee"))
        .await
        .refused(401);
    logs_in(&chat, &email_of("lee"), &password_of("ann"))
        .await
        .has_status(200);
    // Ann's old address was never proven, so nobody was written to there.
    assert!(chat.mails_to(&email_of("ann")).await.is_empty());
}

#[tokio::test]
async fn a_code_is_for_who_asked_and_void_after_five_guesses() {
    let chat = Chat::open().await;
    let (ann, eve) = (chat.emote("ann").await, chat.emote("eve").await);
    let asks = async |person: &Person, email: &str| {
        let asked = json!({ "email": email, "password": password_of(&person.name) });
        told(&person.post("/api/profile/email", asked).await);
        chat.code_for(email).await
    };
    let code = asks(&ann, "lee@example.test").await;
    let tries = async |person: &Person, code: &str| {
        person
            .puts("/api/profile/email", json!({ "code": code }))
            .await
    };
    // Not Eve's, though she asked for an address too.
    asks(&eve, "eve.lee@example.test").await;
    tries(&eve, &code).await.refused_for(&["code"]);
    for _ in 0..5 {
        tries(&ann, &mail::another(&code))
            .await
            .refused_for(&["code"]);
    }
    tries(&ann, &code).await.refused_for(&["code"]);
    // The newest counts, and it lasts ten minutes.
    let first = asks(&ann, "lee@example.test").await;
    let second = asks(&ann, "ann.lee@example.test").await;
    tries(&ann, &first).await.refused_for(&["code"]);
    chat.time_passes(Duration::from_secs(600)).await;
    tries(&ann, &second).await.refused_for(&["code"]);
    let third = asks(&ann, "ann.lee@example.test").await;
    tries(&ann, &third).await.has_status(200);
}

#[tokio::test]
async fn what_was_mailed_to_the_address_before_opens_nothing() {
    let chat = Chat::open().await;
    let ann = chat.emote("ann").await;
    let asked = json!({ "email": email_of("ann") });
    told(
        &chat
            .nobody()
            .post("/api/password/reset-request", asked)
            .await,
    );
    let link = chat.link_token_for(&email_of("ann")).await;
    let asked = json!({ "email": "lee@example.test", "password": password_of("ann") });
    told(&ann.post("/api/profile/email", asked).await);
    let code = chat.code_for("lee@example.test").await;
    ann.puts("/api/profile/email", json!({ "code": code }))
        .await
        .has_status(200);
    let reset = json!({ "token": link, "password": NEW });
    chat.nobody()
        .post("/api/password/reset", reset)
        .await
        .refused(400);
}

#[tokio::test]
async fn devices_are_listed_and_logged_out_and_they_are_ones_own() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.emote("ann").await, chat.emote("bob").await);
    let phone = ann.logs_in().await;
    let listed = async |person: &Person| {
        let listed = person
            .get("/api/profile/devices")
            .await
            .has_status(200)
            .json();
        listed["devices"].as_array().expect("a list").clone()
    };
    let devices = listed(&ann).await;
    assert_eq!(devices.len(), 2, "{devices:?}");
    assert_eq!(
        devices.iter().filter(|one| one["current"] == true).count(),
        1
    );
    let other = devices
        .iter()
        .find(|one| one["current"] == false)
        .expect("the phone");
    assert_looks_like(
        other,
        r#"{ "id": "01234567-89ab-8def-8123-456789abcdef", "userAgent": "", "address": "127.0.0.1",
             "createdAt": "2024-01-01T00:00:00.000Z", "seenAt": "2024-01-01T00:00:00.000Z", "current": false }"#,
        "the device",
    );
    let path = format!(
        "/api/profile/devices/{}",
        other["id"].as_str().expect("an id")
    );
    bob.delete(&path).await.refused(404);
    let socket = phone.opens_a_socket().await;
    told(&ann.delete(&path).await);
    phone.get("/api/auth/validate").await.refused(401);
    socket.is_sent_away().await;
    ann.delete(&path).await.refused(404);
    assert_eq!(listed(&ann).await.len(), 1);
    assert_eq!(listed(&bob).await.len(), 1);
}

#[tokio::test]
async fn all_that_is_anns_comes_in_one_download() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.rooms("bob").await);
    let (met, group) = (ann.meets(&bob).await, ann.gathers("Friends", &[&bob]).await);
    let left = bob.gathers("Left", &[&ann]).await;
    for at in 0..150 {
        ann.sends_to(&met, &format!("Ann's {at}")).await;
        bob.sends_to(&met, &format!("Bob's {at}")).await;
    }
    ann.sends_to(&left, "Good bye").await;
    ann.delete(format!("/api/conversations/{left}/members/{}", ann.uuid))
        .await
        .has_status(200);
    let gone = ann.sends_to(&group, "Never mind").await;
    let gone = format!(
        "/api/admin/messages/{}",
        gone["id"].as_str().expect("an id")
    );
    chat.admin().delete(gone).await.has_status(200);
    let large = vec![7_u8; 600 << 10];
    ann.uploads(Form::file("diary.bin", "application/octet-stream", &large))
        .await
        .has_status(201);
    bob.uploads(Form::file("bob.txt", "text/plain", "Bob's own").field("roomId", &met))
        .await
        .has_status(201);

    for path in ["/api/profile/export", "/user/export", "/api/auth/export"] {
        let export = ann.get(path).await;
        let files = unzipped(&export);
        let account = parsed(&files, "account.json");
        assert_looks_like(
            &account,
            json!({ "id": ann.uuid, "name": "ann", "email": email_of("ann") }),
            "the account",
        );
        let devices = parsed(&files, "devices.json");
        // Registering has logged her in once, too.
        let current = devices.as_array().expect("a list").iter();
        let current: Vec<_> = current.map(|one| one["current"] == true).collect();
        assert_eq!(current, [false, true], "{devices}");
        let conversations = parsed(&files, "conversations.json");
        let listed: Vec<_> = conversations
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| &one["id"])
            .collect();
        assert_eq!(listed, [&json!(met), &json!(group)]);
        assert_eq!(conversations[0]["with"]["name"], "bob");
        let messages = lines(&files, "messages.jsonl");
        let said: Vec<_> = messages
            .iter()
            .map(|one| one["content"].as_str().expect("a text").to_owned())
            .collect();
        let own: Vec<_> = (0..150)
            .map(|at| format!("Ann's {at}"))
            .chain(["Good bye".to_owned()])
            .collect();
        assert_eq!(said, own);
        assert_eq!(messages[0]["conversationId"], met);
        let index = parsed(&files, "files.json");
        assert_eq!(index.as_array().map(Vec::len), Some(1), "{index}");
        assert_eq!(files[index[0]["path"].as_str().expect("a path")], large);
        let all = files.values().flatten().copied().collect::<Vec<_>>();
        let words = String::from_utf8_lossy(&all);
        for others in ["Bob's", "Never mind", "password", "$2"] {
            assert!(!words.contains(others), "{others}");
        }
    }
}

#[tokio::test]
async fn downloads_and_changes_are_not_without_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let chat = Chat::alone_on(&folder.path().join("chat.db"), &[]).await;
    let (ann, bob) = (chat.emote("ann").await, chat.emote("bob").await);
    for _ in 0..5 {
        ann.get("/api/profile/export").await.has_status(200);
    }
    let refused = ann.get("/api/profile/export").await;
    refused.refused(429);
    assert!(refused.header("Retry-After").is_some());
    for at in 0..10 {
        let name = json!({ "name": format!("Ann {at}") });
        ann.patch("/api/profile", name).await.has_status(200);
    }
    ann.patch("/api/profile", json!({ "name": "Ann 11" }))
        .await
        .refused(429);
    shows(&ann, "me.png", PNG).await.refused(429);
    let files = ann.get("/api/files").await.json();
    assert_eq!(files["data"], json!([]), "what was refused is not kept");
    bob.get("/api/profile/export").await.has_status(200);
    bob.patch("/api/profile", json!({ "name": "Bob Roe" }))
        .await
        .has_status(200);
}

/// What a database says to a question with one number for an answer.
fn counted(chat: &Chat, question: &str) -> i64 {
    chat.kept.one(question, &[])
}

#[tokio::test]
async fn who_leaves_for_good_is_gone_and_what_was_said_stays() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.rooms("bob").await);
    let (met, group) = (ann.meets(&bob).await, ann.gathers("Friends", &[&bob]).await);
    ann.sends_to(&met, "Hello Bob").await;
    let socket = ann.opens_a_socket().await;
    let phone = ann.logs_in().await;
    ann.deletes("/api/profile", json!({ "password": "password of bob" }))
        .await
        .refused(403);
    ann.deletes("/api/profile", json!({}))
        .await
        .refused_for(&["password"]);
    let wrong = json!({ "password": password_of("ann"), "messages": "burn" });
    ann.deletes("/api/profile", wrong)
        .await
        .refused_for(&["messages"]);

    told(
        &ann.deletes("/api/profile", json!({ "password": password_of("ann") }))
            .await,
    );
    for device in [&ann, &phone] {
        device.get("/api/auth/validate").await.refused(401);
    }
    socket.is_sent_away().await;
    logs_in(&chat, &email_of("ann"), &password_of("ann"))
        .await
        .refused(401);
    bob.get(format!("/api/profile/users/{}", ann.uuid))
        .await
        .refused(404);
    let said = bob.history(&met).await;
    assert_looks_like(
        &said[0],
        json!({ "content": "Hello Bob", "sender": { "username": "Removed user" } }),
        "what she said",
    );
    // The group is Bob's now.
    let carl = chat.rooms("carl").await;
    let taken = json!({ "userId": carl.uuid });
    bob.post(format!("/api/conversations/{group}/members"), taken)
        .await
        .has_status(200);
    let audit = chat
        .admin()
        .get("/api/admin/audit?q=user.remove")
        .await
        .json();
    assert_eq!(audit["audit"][0]["actor"]["id"], ann.uuid, "{audit}");
    // Whoever has the address next is somebody else.
    chat.campus("ann").await;
}

#[tokio::test]
async fn all_that_was_said_goes_too_if_so_wished_whatever_happens_meanwhile() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let (met, left) = (ann.meets(&bob).await, bob.gathers("Left", &[&ann]).await);
    ann.sends_to(&left, "Good bye").await;
    ann.delete(format!("/api/conversations/{left}/members/{}", ann.uuid))
        .await
        .has_status(200);
    for at in 0..200 {
        ann.sends_to(&met, &format!("Ann's {at}")).await;
        if at % 10 == 0 {
            bob.sends_to(&met, &format!("Bob's {at}")).await;
        }
    }
    let shared = Form::file("notes.txt", "text/plain", "Hello").field("roomId", &met);
    let shared = ann.uploads(shared).await.has_status(201).json()["data"]["url"].clone();
    let shared = shared.as_str().expect("a path");
    let listening = bob.opens_a_socket().await;
    listening.does("joinRoom", json!({ "roomId": met })).await;
    let gone = json!({ "password": password_of("ann"), "messages": "delete" });
    told(&ann.deletes("/api/profile", gone).await);
    listening.hears("messageDeleted", json!({})).await;
    chat.kill().await;

    let chat = Chat::on(&file, &[]).await;
    let bob = bob.at(&chat);
    eventually("all is deleted", async || {
        counted(&chat, "SELECT count(*) FROM erasures") == 0
    })
    .await;
    let said = bob.get(format!("/api/conversations/{met}/messages?limit=100"));
    let said = said.await.has_status(200).json()["messages"].clone();
    let authors = said.as_array().expect("a list").iter();
    let authors: Vec<_> = authors.map(|one| one["senderId"].as_str()).collect();
    assert_eq!(authors, [Some(&*bob.uuid); 20], "{said}");
    assert!(bob.history(&left).await.is_empty());
    bob.get(shared).await.refused(404);
    let listed = bob.conversation(&met).await;
    assert_eq!(listed["unreadCount"], 0, "{listed}");
    assert_eq!(
        counted(
            &chat,
            "SELECT count(*) FROM messages WHERE text LIKE 'Ann%' OR text = 'Good bye'"
        ),
        0
    );
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let chat = Chat::open().await;
    let new = json!({ "name": "root", "email": email_of("root"), "password": password_of("root"), "admin": true });
    chat.admin()
        .post("/api/admin/users", new)
        .await
        .has_status(201);
    let login = logs_in(&chat, &email_of("root"), &password_of("root"))
        .await
        .json();
    let root = chat
        .nobody()
        .with_token(login["token"].as_str().expect("a token"));
    let plain = json!({ "admin": false });
    let first = chat.admin().get("/api/auth/validate").await.json()["user"]["id"].clone();
    let first = format!("/api/admin/users/{}", first.as_str().expect("an id"));
    root.patch(&first, plain).await.has_status(200);
    let leaves = json!({ "password": password_of("root") });
    root.deletes("/api/profile", leaves.clone())
        .await
        .refused(409);
    root.patch(&first, json!({ "admin": true, "password": "open sesame" }))
        .await
        .has_status(200);
    told(&root.deletes("/api/profile", leaves).await);
}

#[tokio::test]
async fn however_many_places_somebody_leaves_nobody_waits_and_none_is_left_over() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.emote("ann").await, chat.emote("bob").await);
    for at in 0..150 {
        ann.opens_room(&format!("Room {at}")).await;
    }
    for at in 0..20 {
        let name = format!("{at}.txt");
        let stored = ann.uploads(Form::file(&name, "text/plain", "Hello")).await;
        stored.has_status(201);
    }
    let group = ann.gathers("Friends", &[&bob]).await;
    let leaves = json!({ "password": password_of("ann") });
    told(&ann.deletes("/api/profile", leaves).await);
    let left = format!(
        "SELECT count(*) FROM members WHERE account = {}",
        ann.number
    );
    let files = format!("SELECT count(*) FROM files WHERE uploader = {}", ann.number);
    eventually("all places are left", async || {
        counted(&chat, &left)
            + counted(&chat, &files)
            + counted(&chat, "SELECT count(*) FROM erasures")
            == 0
    })
    .await;
    let members = bob.get(format!("/conversaton/{group}")).await.json();
    assert_eq!(
        members["participants"].as_array().map(Vec::len),
        Some(1),
        "{members}"
    );
}

#[tokio::test]
async fn one_download_at_a_time() {
    let chat = Chat::alone(&[]).await;
    let ann = chat.emote("ann").await;
    let large = vec![7_u8; 9 << 20];
    for name in ["one.bin", "two.bin"] {
        let form = Form::file(name, "application/octet-stream", &large);
        ann.uploads(form).await.has_status(201);
    }
    // A client that takes nothing of what it asked for.
    let mut deaf = tokio::net::TcpStream::connect(&chat.address)
        .await
        .expect("a connection");
    let asked = format!(
        "GET /api/profile/export HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        ann.token
    );
    deaf.write_all(asked.as_bytes()).await.expect("a request");
    deaf.readable().await.expect("an answer begins");
    ann.get("/api/profile/export").await.refused(429);
    drop(deaf);
    eventually("the other one has ended", async || {
        ann.get("/api/profile/export").await.status == 200
    })
    .await;
}
