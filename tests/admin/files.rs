//! Files from above: whose they are, and gone from wherever they were shown.

use super::{asking, named, of, text};
use crate::support::arriving::student;
use crate::support::*;

const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae,
    0x42, 0x60, 0x82,
];

#[tokio::test]
async fn a_deleted_file_is_gone_everywhere() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let form = Form::file("notes.txt", "text/plain", "Hello").field("roomId", &room);
    let shared = ann.uploads(form).await.has_status(201).json()["data"].clone();
    let own = ann.uploads(Form::file("diary.txt", "text/plain", "Dear diary"));
    own.await.has_status(201);
    let admin = chat.admin();
    let listed = admin.get("/api/admin/files").await.has_status(200).json();
    assert_eq!(named(&listed, "files", "name"), ["diary.txt", "notes.txt"]);
    assert_eq!(listed["files"][0]["conversation"], Value::Null);
    let expected = json!({
        "name": "notes.txt", "type": "text/plain", "size": 5, "uploader": { "id": ann.uuid, "name": "ann" },
        "public": false,
    });
    assert_looks_like(&listed["files"][1], expected.clone(), "the file");
    assert!(listed["files"][1]["conversation"].is_string());
    let found = admin.get(asking("files", "NOTES")).await.json();
    assert_eq!(found["pagination"]["total"], 1);
    let path = format!("/api/admin/files/{}", text(&listed["files"][1]["id"]));
    let one = admin.get(&path).await;
    one.looks_like(200, json!({ "success": true, "file": expected }));
    let url = text(&listed["files"][1]["url"]);
    ann.get(&url).await.has_status(200);

    admin.delete(&path).await.has_status(200);
    admin.delete(&path).await.refused(404);
    admin.get(&path).await.refused(404);
    ann.get(&url).await.refused(404);
    ann.get(text(&shared["url"])).await.refused(404);
    let shown = format!("/api/files/{}", text(&shared["_id"]));
    ann.get(shown).await.refused(404);
    let files = ann.get("/api/files").await.has_status(200).text();
    assert!(!files.contains("notes.txt") && files.contains("diary.txt"));
    for wrong in ["999999", "x"] {
        let status = if wrong == "x" { 400 } else { 404 };
        let refused = admin.get(format!("/api/admin/files/{wrong}")).await;
        refused.refused(status);
    }
}

#[tokio::test]
async fn an_administrator_reads_any_file_and_the_log_says_which_were_private() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let pair = ann.meets(&bob).await;
    let plain = |name| Form::file(name, "text/plain", "Dear diary");
    for form in [
        plain("open.txt").field("roomId", &room),
        plain("own.txt"),
        plain("between.txt").field("roomId", &pair),
    ] {
        ann.uploads(form).await.has_status(201);
    }
    let admin = chat.admin();
    let listed = admin.get("/api/admin/files").await.has_status(200).json();
    let before = chat.audited().await;
    for file in listed["files"].as_array().expect("files") {
        let path = format!("/api/admin/files/{}/content", text(&file["id"]));
        let whole = admin.get(&path).await;
        assert_eq!(whole.has_status(200).text(), "Dear diary");
        let tag = whole.says("etag").to_owned();
        assert_eq!(whole.says("content-type"), "text/plain; charset=utf-8");
        assert!(whole.says("content-disposition").contains("inline"));
        assert!(whole.says("content-security-policy").contains("sandbox"));
        let part = Request::new("GET", &path).header("Range", "bytes=5-");
        let part = admin.sends(part).await;
        assert_eq!(part.has_status(206).text(), "diary");
        assert_eq!(part.says("content-range"), "bytes 5-9/10");
        // Whoever gets no bytes has read nothing.
        for (name, value, status) in [
            ("Range", "bytes=10-", 416),
            ("If-None-Match", tag.as_str(), 304),
        ] {
            let asked = Request::new("GET", &path).header(name, value);
            admin.sends(asked).await.has_status(status);
        }
        ann.get(&path).await.refused(403);
    }
    let audit = admin.get("/api/admin/audit?limit=100").await.json();
    let lines = audit["audit"].as_array().expect("lines");
    let new = &lines[..lines.len() - before.len()];
    let read: Vec<_> = new
        .iter()
        .map(|line| (text(&line["action"]), text(&line["detail"])))
        .collect();
    let twice = |name: &str| vec![("file.read".to_owned(), name.to_owned()); 2];
    assert_eq!(read, [twice("own.txt"), twice("between.txt")].concat());
    assert_eq!(new[0]["actor"]["name"], "admin");
    let nothing = admin.get("/api/admin/files/999999/content").await;
    nothing.refused(404);
}

#[tokio::test]
async fn a_profile_picture_goes_away() {
    let chat = Chat::open().await;
    chat.proves("ann@example.test").await;
    let form = Form::default().fields(&student("ann"));
    let form = form.with_file("profile", "ann.png", "image/png", PNG);
    let new = Request::new("POST", "/user/register").form(form);
    chat.nobody().sends(new).await.has_status(201);
    let mut ann = chat.nobody();
    ann.name = "ann".to_owned();
    let ann = ann.logs_in().await;
    let admin = chat.admin();
    let shown = admin.get(of(&ann)).await.json()["user"]["picture"].clone();
    assert!(shown.is_string(), "{shown}");
    let listed = admin.get("/api/admin/files").await.json();
    assert_eq!(listed["files"][0]["public"], true);
    let path = format!("/api/admin/files/{}", text(&listed["files"][0]["id"]));
    admin.delete(path).await.has_status(200);
    let shown = admin.get(of(&ann)).await.json();
    assert_eq!(shown["user"]["picture"], Value::Null);
    let profile = ann.get("/user/profile").await.has_status(200).json();
    assert_eq!(profile["profile"], Value::Null);
}
