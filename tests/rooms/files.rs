//! Uploading, downloading and listing files, and what a browser is told about them.

use crate::support::*;

const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

fn id(file: &Value) -> &str {
    file["_id"].as_str().expect("a file has an _id")
}

async fn uploaded(by: &Person, form: Form) -> Value {
    by.uploads(form)
        .await
        .looks_like(201, json!({ "success": true }))["data"]
        .clone()
}

#[tokio::test]
async fn ann_uploads_a_document_into_a_room() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let form = Form::file("document.pdf", "application/pdf", PDF).field("roomId", &room);
    let uploaded = ann.uploads(form).await.looks_like(
        201,
        r#"{
          "success": true,
          "message": "File uploaded successfully",
          "data": {
            "_id": "64f8a1b2c3d4e5f6a7b8c9d3",
            "filename": "document.pdf",
            "originalName": "document.pdf",
            "mimetype": "application/pdf",
            "size": 54,
            "url": "/uploads/document-1234567890.pdf",
            "uploadedBy": "64f8a1b2c3d4e5f6a7b8c9d0",
            "createdAt": "2024-01-01T00:00:00.000Z"
          }
        }"#,
    );
    let file = &uploaded["data"];
    assert_eq!(file["uploadedBy"], json!(ann.id));

    let nobody = chat.nobody();
    let url = file["url"].as_str().expect("a file has a url");
    for path in [&format!("/api/files/{}", id(file)), url] {
        let download = nobody.get(path).await;
        assert_eq!(download.has_status(200).body, PDF, "{path}");
        assert_eq!(download.says("Content-Type"), "application/pdf");
        assert_eq!(download.says("Content-Length"), PDF.len().to_string());
        assert_eq!(download.says("X-Content-Type-Options"), "nosniff");
        assert!(
            download
                .says("Content-Disposition")
                .contains("document.pdf"),
            "{download:?}"
        );
    }
    nobody.get("/api/files").await.looks_like(
        200,
        r#"{
          "success": true,
          "message": "Files retrieved successfully",
          "data": [
            {
              "_id": "64f8a1b2c3d4e5f6a7b8c9d3",
              "filename": "document.pdf",
              "originalName": "document.pdf",
              "size": 54,
              "createdAt": "2024-01-01T00:00:00.000Z"
            }
          ],
          "pagination": { "page": 1, "limit": 20, "total": 1, "totalPages": 1 }
        }"#,
    );
}

#[tokio::test]
async fn a_file_without_a_room_is_the_uploaders_own() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let file = uploaded(&ann, Form::file("diary.txt", "text/plain", "Dear diary")).await;
    let path = format!("/api/files/{}", id(&file));
    assert_eq!(ann.get(&path).await.has_status(200).body, b"Dear diary");
    let nothing = bob.get("/api/files/999999999").await.refused(404).json();
    for path in [&*path, file["url"].as_str().expect("a url")] {
        assert_eq!(bob.get(path).await.refused(404).json(), nothing, "{path}");
        chat.nobody().get(path).await.refused(404);
    }
    ann.get("/api/files")
        .await
        .looks_like(200, json!({ "data": [{ "originalName": "diary.txt" }] }));
    bob.get("/api/files")
        .await
        .looks_like(200, json!({ "data": [], "pagination": { "total": 0 } }));
    chat.nobody()
        .get("/api/files")
        .await
        .looks_like(200, json!({ "data": [] }));
}

#[tokio::test]
async fn an_upload_needs_a_file_a_person_and_a_room_that_is_there() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let file = || Form::file("notes.txt", "text/plain", "some notes");
    ann.uploads(Form::default().field("note", "no file"))
        .await
        .refused_for(&["file"]);
    ann.uploads(file().field("roomId", "999999999"))
        .await
        .refused(404);
    ann.uploads(file().field("roomId", "64f8a1b2c3d4e5f6a7b8c9d1"))
        .await
        .refused_for(&["roomId"]);
    chat.nobody().uploads(file()).await.refused(401);
    ann.post("/api/files/upload", json!({ "file": "notes" }))
        .await
        .refused(415);
    let half = Request::new("POST", "/api/files/upload")
        .body("multipart/form-data; boundary=x", "--x\r\nContent-");
    ann.sends(half).await.refused(400);
    let unbound = Request::new("POST", "/api/files/upload").body("multipart/form-data", "--x--");
    ann.sends(unbound).await.refused(400);
    ann.get("/api/files")
        .await
        .looks_like(200, json!({ "data": [] }));
}

#[tokio::test]
async fn an_upload_has_a_greatest_size() {
    let chat = Chat::with(&["--max-upload", "64KiB"]).await;
    let ann = chat.rooms("ann").await;
    ann.uploads(Form::file(
        "fits.bin",
        "application/octet-stream",
        vec![7; 60 * 1024],
    ))
    .await
    .has_status(201);
    ann.uploads(Form::file(
        "large.bin",
        "application/octet-stream",
        vec![7; 70 * 1024],
    ))
    .await
    .refused(413);
    ann.uploads(Form::file(
        "larger.bin",
        "application/octet-stream",
        vec![7; 700 * 1024],
    ))
    .await
    .refused(413);
}

#[tokio::test]
async fn a_name_is_only_a_name() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    for name in [
        "../../etc/passwd",
        "C:\\temp\\evil.txt",
        "a\nb.txt",
        "Übung 世界.txt",
        ".",
        "x%00.txt",
        &"n".repeat(400),
    ] {
        let form = Form::file(&name.replace('\n', "%0A"), "text/plain", "harmless");
        let answer = ann.uploads(form).await;
        if answer.status == 400 {
            continue; // refusing a strange name is as good as taming it
        }
        let file = answer.looks_like(201, json!({ "success": true }))["data"].clone();
        for field in ["filename", "url"] {
            let spelled = file[field].as_str().expect("a name");
            let tail = spelled.strip_prefix("/uploads/").unwrap_or(spelled);
            assert!(
                !tail.contains(['/', '\\', '\n']) && !tail.contains(".."),
                "{field} of {name:?} is {spelled:?}"
            );
        }
        let download = ann.get(file["url"].as_str().expect("a url")).await;
        assert_eq!(download.has_status(200).body, b"harmless", "{name:?}");
    }
}

#[tokio::test]
async fn nothing_that_a_browser_would_run_is_shown_inline() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let html = "<!DOCTYPE html><html><script>alert(1)</script></html>";
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    for (name, claimed, bytes) in [
        ("page.html", "text/html", html),
        ("page.htm", "image/png", html),
        ("page.xhtml", "application/xhtml+xml", html),
        ("picture.svg", "image/svg+xml", svg),
        ("script.js", "text/javascript", "alert(1)"),
        ("feed.xml", "application/xml", svg),
        ("picture.png", "text/html", html),
        ("picture.jpg", "image/jpeg", html),
        ("nothing", "text/html", html),
    ] {
        let file = uploaded(
            &ann,
            Form::file(name, claimed, bytes).field("roomId", &room),
        )
        .await;
        let download = chat
            .nobody()
            .get(file["url"].as_str().expect("a url"))
            .await;
        assert_eq!(download.has_status(200).body, bytes.as_bytes());
        assert_eq!(download.says("X-Content-Type-Options"), "nosniff");
        let kind = download.says("Content-Type").to_lowercase();
        let runs = ["html", "svg", "xml", "script"]
            .iter()
            .any(|word| kind.contains(word));
        let attached = download
            .says("Content-Disposition")
            .starts_with("attachment");
        assert!(
            attached || !runs,
            "{name} as {claimed} is served inline as {kind}"
        );
    }
}

#[tokio::test]
async fn a_part_of_a_file_can_be_asked_for() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let file = uploaded(&ann, Form::file("digits.txt", "text/plain", "0123456789")).await;
    let ask = async |range: &str| {
        ann.sends(Request::new("GET", format!("/api/files/{}", id(&file))).header("Range", range))
            .await
    };
    for (range, part, said) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let answer = ask(range).await;
        assert_eq!(answer.has_status(206).text(), part, "{range}");
        assert_eq!(answer.says("Content-Range"), said);
    }
    let beyond = ask("bytes=10-").await;
    assert_eq!(beyond.has_status(416).says("Content-Range"), "bytes */10");
    let whole = ask("lines=1-2").await;
    assert_eq!(
        whole.has_status(200).text(),
        "0123456789",
        "a unit that is not known is not asked for"
    );
    assert_eq!(whole.says("Accept-Ranges"), "bytes");
}

#[tokio::test]
async fn a_file_that_is_known_already_is_not_sent_again() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let file = uploaded(&ann, Form::file("digits.txt", "text/plain", "0123456789")).await;
    let path = format!("/api/files/{}", id(&file));
    let tag = ann.get(&path).await.has_status(200).says("ETag").to_owned();
    let with = async |name: &str, value: &str| {
        ann.sends(Request::new("GET", &path).header(name, value))
            .await
    };
    for known in [&*tag, "*", &format!("\"other\", {tag}")] {
        let answer = with("If-None-Match", known).await;
        assert!(answer.has_status(304).body.is_empty(), "{answer:?}");
        assert_eq!(answer.says("ETag"), tag);
    }
    with("If-None-Match", "\"other\"").await.has_status(200);
    let head = ann.sends(Request::new("HEAD", &path)).await;
    assert!(head.has_status(200).body.is_empty(), "HEAD has no body");
    assert_eq!(head.says("Content-Length"), "10");
}
