//! `profile`: the picture that one may bring to the registration.

use super::{john, john_with};
use crate::support::*;

/// The smallest pictures: one pixel each.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\x0bIDATx\x9cc\xf8\x0f\x04\0\x09\xfb\x03\xfd\xfb^k+\0\0\0\0IEND\xaeB`\x82";
const GIF: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9";
const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";

/// Registers whoever this address belongs to, with this picture.
async fn with_picture(chat: &Chat, email: &str, name: &str, kind: &str, bytes: &[u8]) -> Answer {
    chat.proves(email).await;
    let form = Form::default().fields(&john_with("email", json!(email)));
    let form = form.with_file("profile", name, kind, bytes);
    let form = Request::new("POST", "/user/register").form(form);
    chat.nobody().sends(form).await
}

#[tokio::test]
async fn everybody_sees_johns_picture() {
    let chat = Chat::open().await;
    for (at, (name, kind, bytes)) in [
        ("me.png", "image/png", PNG),
        ("me.gif", "image/gif", GIF),
        ("me.jpg", "image/jpeg", JPEG),
        // Decided by content: the name and the type that came along may be wrong.
        ("me.txt", "application/octet-stream", PNG),
    ]
    .into_iter()
    .enumerate()
    {
        let new = with_picture(&chat, &format!("john{at}@example.com"), name, kind, bytes).await;
        let user = new.has_status(201).json()["user"].clone();
        let path = user["profile"].as_str().expect("a picture has a path");
        assert!(path.starts_with('/'), "{path} is a path of this server");
        let picture = chat.nobody().get(path).await;
        assert_eq!(picture.has_status(200).body, bytes);
        assert!(
            picture.says("Content-Type").starts_with("image/"),
            "{picture:?}"
        );
        assert_eq!(picture.says("X-Content-Type-Options"), "nosniff");

        let token = new.json()["token"].clone();
        let john = chat.nobody().with_token(token.as_str().expect("a token"));
        let shown = john.get("/user/profile").await.has_status(200).json();
        assert_eq!(shown, user);
    }
}

#[tokio::test]
async fn the_others_in_a_conversation_are_shown_it_too() {
    let chat = Chat::open().await;
    let new = with_picture(&chat, "john@example.com", "me.png", "image/png", PNG).await;
    let john = new.has_status(201).json()["user"].clone();
    let ann = chat.campus("ann").await;
    let pair = json!({ "senderId": ann.uuid, "receiverId": john["id"] });
    let met = ann
        .post("/conversaton/create", pair)
        .await
        .has_status(201)
        .json();
    let people = met["participants"].as_array().expect("two people");
    let shown = people.iter().find(|person| person["id"] == john["id"]);
    let shown = shown.expect("John is one of them");
    assert_eq!(shown["profile"], john["profile"]);
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let chat = Chat::open().await;
    for (at, (name, kind, bytes)) in [
        (
            "me.png",
            "image/png",
            &b"<html><script>alert(1)</script>"[..],
        ),
        ("me.svg", "image/svg+xml", SVG),
        ("me.png", "image/png", b"MZ\x90\0 a program"),
        ("me.pdf", "application/pdf", b"%PDF-1.7\n"),
        ("me.png", "image/png", b"just text"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("john{at}@example.com");
        let refused = with_picture(&chat, &email, name, kind, bytes).await;
        refused.refused_for(&["profile"]);
        let john = john_with("email", json!(email));
        let without = chat.nobody().post("/user/register", john).await;
        without.looks_like(201, json!({ "user": { "profile": null } }));
    }
}

#[tokio::test]
async fn a_form_in_which_no_picture_was_chosen() {
    let chat = Chat::open().await;
    // What a browser sends for an empty file field.
    let empty = with_picture(
        &chat,
        "john@example.com",
        "",
        "application/octet-stream",
        b"",
    )
    .await;
    empty.looks_like(201, json!({ "user": { "profile": null } }));
    chat.proves("jane@example.com").await;
    let form = Form::default().fields(&john_with("email", json!("jane@example.com")));
    let form = Request::new("POST", "/user/register").form(form.field("profile", ""));
    let without = chat.nobody().sends(form).await;
    without.looks_like(201, json!({ "user": { "profile": null } }));
}

#[tokio::test]
async fn a_picture_has_a_greatest_size() {
    let chat = Chat::with(&["--max-upload", "64KiB"]).await;
    let mut large = PNG.to_vec();
    large.resize(70 * 1024, 0);
    let refused = with_picture(&chat, "john@example.com", "me.png", "image/png", &large).await;
    refused.refused(413);
    let john = chat.nobody().post("/user/register", john()).await;
    john.has_status(201);
}

#[tokio::test]
async fn a_picture_of_somebody_who_may_not_register_is_not_kept() {
    let chat = Chat::open().await;
    let form = Form::default().fields(&john());
    let form = form.with_file("profile", "me.png", "image/png", PNG);
    let form = Request::new("POST", "/user/register").form(form);
    chat.nobody().sends(form).await.refused(403);
    let listed = chat.nobody().get("/api/files").await;
    listed.looks_like(200, json!({ "data": [] }));
}
