//! `chat export`: what a server holds, taken elsewhere.

use std::io::Read;
use std::path::Path;

use super::{typed, words};
use crate::support::*;

const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// The bytes of an entry of a ZIP.
fn bytes(zip: &Path, name: &str) -> Vec<u8> {
    let file = std::fs::File::open(zip).expect("the ZIP");
    let mut zip = zip::ZipArchive::new(file).expect("a ZIP");
    let mut bytes = Vec::new();
    let mut entry = zip.by_name(name).expect("an entry");
    entry.read_to_end(&mut bytes).expect("its bytes");
    bytes
}

fn lines(zip: &Path, name: &str) -> Vec<Value> {
    let text = String::from_utf8(bytes(zip, name)).expect("text");
    let line = |line| serde_json::from_str(line).expect("JSON");
    text.lines().map(line).collect()
}

#[tokio::test]
async fn everything_is_exported_while_the_server_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let db = ["--db", words(&file)];
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let first = ann.posts(&room, "Who is there?").await;
    let gone = ann.posts(&room, "Nobody?").await;
    let path = |said: &Value| format!("/api/messages/{}", said["_id"].as_str().expect("an id"));
    ann.delete(path(&gone)).await.has_status(200);
    let answer = json!({ "roomId": room, "content": "I am", "replyTo": first["_id"] });
    ann.post("/api/messages", answer).await.has_status(201);
    let edit = Request::new("PATCH", path(&first)).json(&json!({ "content": "Anybody there?" }));
    ann.sends(edit).await.has_status(200);
    let thumb = format!("{}/reactions/%F0%9F%91%8D", path(&first));
    ann.put(thumb).await.has_status(200);
    ann.put(format!("{}/pin", path(&first)))
        .await
        .has_status(200);
    let form = Form::file("plan.pdf", "application/pdf", PDF).field("roomId", &room);
    ann.uploads(form).await.has_status(201);
    let pair = ann.meets(&bob).await;
    bob.sends_to(&pair, "Hello Ann").await;

    let all = folder.path().join("all.zip");
    let made = typed(&[&["export", words(&all)][..], &db].concat()).await;
    let said = format!("{} holds everything of {}\n", all.display(), file.display());
    assert_eq!(made.well().out, said);
    let manifest = lines(&all, "manifest.json");
    let server = &manifest[0]["server"];
    assert_eq!(
        manifest,
        [json!({ "format": "chat", "version": 1, "server": server })]
    );
    assert_eq!(server.as_str().map(str::len), Some(36));

    let accounts = lines(&all, "accounts.jsonl");
    let names: Vec<_> = accounts.iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["ann", "bob"]);
    let (anns, bobs) = (&accounts[0]["id"], &accounts[1]["id"]);
    let hashed = String::from_utf8(bytes(&all, "accounts.jsonl")).expect("text");
    assert!(
        !hashed.contains("$2") && !hashed.contains("password"),
        "{hashed}"
    );

    let conversations = lines(&all, "conversations.jsonl");
    let (lobby, two) = (&conversations[0], &conversations[1]);
    assert_eq!(
        (&lobby["type"], &lobby["name"]),
        (&json!("room"), &json!("Lobby"))
    );
    assert_eq!(two["between"], json!([anns, bobs]));
    let members = lines(&all, "members.jsonl");
    let of = |one: &Value| [one["conversation"].clone(), one["account"].clone()];
    let expected = [(lobby, anns), (two, anns), (two, bobs)];
    let expected = expected.map(|(place, who)| [place["id"].clone(), who.clone()]);
    assert_eq!(members.iter().map(of).collect::<Vec<_>>(), expected);
    assert!(members[0]["ownerSince"].is_string(), "{members:?}");

    let messages = lines(&all, "messages.jsonl");
    let texts: Vec<_> = messages.iter().map(|one| one["text"].clone()).collect();
    assert_eq!(texts, ["Anybody there?", "I am", "Hello Ann"]);
    let asked = &messages[0];
    assert_eq!(asked["createdAt"], first["createdAt"]);
    assert!(asked["editedAt"].is_string(), "{asked}");
    assert_eq!(
        asked["reactions"],
        json!([{ "emoji": "👍", "accounts": [anns] }])
    );
    assert_eq!(asked["pinnedBy"], *anns);
    assert_eq!(messages[1]["replyTo"], asked["id"]);
    assert_eq!(messages[1]["number"], 3, "the deleted one keeps its place");
    assert_eq!(messages[2]["author"], *bobs);

    let files = lines(&all, "files.jsonl");
    assert_eq!((files.len(), &files[0]["name"]), (1, &json!("plan.pdf")));
    assert_eq!(bytes(&all, files[0]["path"].as_str().expect("a path")), PDF);

    // What is there stays, and the same again is the same, byte by byte.
    let again = folder.path().join("again.zip");
    typed(&[&["export", words(&all)][..], &db].concat())
        .await
        .badly(1, "is there already");
    let made = typed(&[&["export", words(&again), "--json"][..], &db].concat()).await;
    assert_eq!(made.json(), json!({ "export": again }));
    let read = |zip| std::fs::read(zip).expect("a ZIP");
    assert!(read(&all) == read(&again));
    assert!(!folder.path().join("again.zip.partial").exists());
    assert_eq!(chat.stop().await, 0);
}
