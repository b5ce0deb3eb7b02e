//! The audit log: every change, by whom, those on the command line too.

use super::{asking, named, of, text};
use crate::support::*;

#[tokio::test]
async fn every_change_is_in_the_log() {
    let chat = Chat::with_a_file(&[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let admin = chat.admin();
    let room = ann.opens_room("Lobby").await;
    let said = text(&ann.sends_to(&room, "Hello").await["id"]);
    let file = ann.uploads(Form::file("notes.txt", "text/plain", "Hello"));
    let file = text(&file.await.has_status(201).json()["data"]["_id"]);
    let change = async |change: Value| {
        admin.patch(of(&ann), change).await.has_status(200);
    };
    change(json!({ "name": "Ann Smith" })).await;
    change(json!({ "password": "password of ann" })).await;
    change(json!({ "suspended": true })).await;
    change(json!({ "suspended": false })).await;
    for path in ["messages", "files"] {
        let id = if path == "files" { &file } else { &said };
        let deleted = admin.delete(format!("/api/admin/{path}/{id}")).await;
        deleted.has_status(200);
    }
    admin.get("/api/admin/backup").await.has_status(200);
    admin.delete(of(&bob)).await.has_status(200);
    chat.command(&["user", "suspend", "ann@example.test"]).await;
    chat.command(&["user", "resume", "ann@example.test"]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().expect("a plain path");
    chat.command(&["backup", copy]).await;

    let listed = admin.get("/api/admin/audit?limit=100").await;
    let listed = listed.looks_like(200, json!({ "success": true }));
    let actions = named(&listed, "audit", "action");
    let expected = [
        "backup.make",
        "user.resume",
        "user.suspend",
        "user.remove",
        "backup.download",
        "file.delete",
        "message.delete",
        "user.resume",
        "user.suspend",
        "user.password",
        "user.rename",
    ];
    assert_eq!(actions, expected);
    let lines = listed["audit"].as_array().expect("lines");
    let admins = json!({ "id": chat.admins_uuid().await, "name": "admin" });
    for (at, line) in lines.iter().enumerate() {
        let by = if at < 3 { &Value::Null } else { &admins };
        assert_eq!(&line["actor"], by, "{line}");
        assert!(
            line["at"].is_string() && line["subject"].is_string() && line["detail"].is_string()
        );
    }
    assert_eq!(lines[0]["subject"], copy);
    assert!(
        text(&lines[1]["subject"]).contains("Ann Smith"),
        "{lines:?}"
    );
    // Nothing secret, and nobody who was removed by name.
    let log = listed.to_string();
    assert!(
        !log.contains("password of ann") && !log.contains("bob"),
        "{log}"
    );
    let found = admin.get(asking("audit", "notes")).await.json();
    assert_eq!(named(&found, "audit", "action"), ["file.delete"]);
    let second = admin.get("/api/admin/audit?page=2&limit=4").await.json();
    assert_eq!(named(&second, "audit", "action"), expected[4..8]);
    // The last copy is known, wherever it was made.
    let stats = admin.get("/api/admin/stats").await.json();
    assert_eq!(stats["stats"]["lastBackupAt"], lines[0]["at"]);
}
