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
async fn a_file_without_a_room_opens_by_its_url_and_is_listed_for_its_uploader_alone() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let file = uploaded(&ann, Form::file("diary.txt", "text/plain", "Dear diary")).await;
    let path = format!("/api/files/{}", id(&file));
    for path in [&*path, file["url"].as_str().expect("a url")] {
        for who in [&ann, &bob, &chat.nobody()] {
            assert_eq!(who.get(path).await.has_status(200).body, b"Dear diary");
        }
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
        ("module.mjs", "text/javascript", "alert(1)"),
        ("style.css", "text/css", "body { display: none }"),
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
        // Not even as an attachment: a page of ours that loads it as a script must get none.
        let kind = download.says("Content-Type").to_lowercase();
        let runs = ["html", "svg", "xml", "script", "css"]
            .iter()
            .any(|word| kind.contains(word));
        assert!(!runs, "{name} as {claimed} is served as {kind}");
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

#[tokio::test]
async fn names_of_other_scripts_and_systems_stay_names() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    for (parameter, original, name) in [
        (
            "filename=\"日本語 ファイル.txt\"",
            "日本語 ファイル.txt",
            "file.txt",
        ),
        (
            "filename*=UTF-8''%E6%97%A5%E6%9C%AC%20notes.txt",
            "日本 notes.txt",
            "notes.txt",
        ),
        (
            "filename=\"notes.txt\"; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt",
            "grüße.txt",
            "gr--e.txt",
        ),
        ("filename=\"C:\\Users\\ann\\doc.txt\"", "doc.txt", "doc.txt"),
        ("filename=\"/home/ann/doc.txt\"", "doc.txt", "doc.txt"),
    ] {
        let part = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; {parameter}\r\n\r\nwords\r\n--b--\r\n"
        );
        let form =
            Request::new("POST", "/api/files/upload").body("multipart/form-data; boundary=b", part);
        let file = ann.sends(form).await.has_status(201).json()["data"].clone();
        assert_eq!(file["originalName"], original);
        assert_eq!(file["filename"], name, "{original}");
        let download = ann.get(file["url"].as_str().expect("a url")).await;
        assert_eq!(download.has_status(200).text(), "words", "{original}");
    }
    let room = ann.opens_room("Lobby").await;
    let said = json!({ "roomId": room, "filename": "C:\\temp\\日本語.txt" });
    let shared = ann.asks_with("fileUpload", said, b"words").await;
    assert_eq!(shared["file"]["originalName"], "日本語.txt", "{shared}");
    assert_eq!(shared["file"]["filename"], "file.txt");
}

#[tokio::test]
async fn what_is_played_is_served_so_that_a_browser_plays_it() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let isom = |brand: &str| [b"\0\0\0\x20ftyp", brand.as_bytes(), &[0; 20]].concat();
    let wav = [b"RIFF\x24\0\0\0WAVEfmt ", &[0; 28][..]].concat();
    let ogg = [b"OggS\0\x02", &[0; 30][..]].concat();
    for (name, bytes, kind) in [
        ("film.mp4", isom("isom"), "video/mp4"),
        (
            "film.webm",
            [b"\x1a\x45\xdf\xa3", &b"\x42\x82\x84webm"[..], &[0; 256]].concat(),
            "video/webm",
        ),
        (
            "song.mp3",
            b"ID3\x04\0\0\0\0\0\0____".to_vec(),
            "audio/mpeg",
        ),
        ("song.wav", wav, "audio/wav"),
        ("song.m4a", isom("M4A "), "audio/mp4"),
        ("song.ogg", ogg, "audio/ogg"),
    ] {
        let file = uploaded(&ann, Form::file(name, "application/octet-stream", &bytes)).await;
        assert_eq!(file["mimetype"], kind, "{name}");
        let played = ann.get(file["url"].as_str().expect("a url")).await;
        assert_eq!(played.has_status(200).says("Content-Type"), kind, "{name}");
        assert!(played.says("Content-Disposition").starts_with("inline"));
        // The page that a browser makes around it loads it once more.
        let policy = played.says("Content-Security-Policy");
        assert!(policy.contains("media-src 'self'"), "{policy}");
        assert!(policy.contains("sandbox"), "{policy}");
    }
    for bytes in [
        &b"\x01\x02\x03\x04"[..],
        b"\xff\xfe\xfd",
        b"words \xff\xff words",
    ] {
        let file = uploaded(&ann, Form::file("data", "text/plain", bytes)).await;
        assert_eq!(file["mimetype"], "application/octet-stream", "{bytes:?}");
    }
}
