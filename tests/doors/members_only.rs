//! `--members-only`: without a token there is nothing to read.

use crate::support::*;

#[tokio::test]
async fn nobody_reads_but_who_has_an_account() {
    let chat = Chat::with(&["--members-only"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    ann.posts(&room, "For members").await;
    let form = Form::file("notes.txt", "text/plain", "for members").field("roomId", &room);
    let file = ann
        .uploads(form)
        .await
        .looks_like(201, json!({ "success": true }))["data"]
        .clone();
    let (id, url) = (
        file["_id"].as_str().expect("an _id"),
        file["url"].as_str().expect("a url"),
    );
    for path in [
        "/api/rooms",
        &format!("/api/rooms/{room}"),
        &format!("/api/messages/{room}"),
        "/api/files",
        &format!("/api/files/{id}"),
        url,
    ] {
        chat.nobody().get(path).await.refused(401);
        bob.get(path).await.has_status(200);
    }
    // What is not there is not told apart from what is.
    chat.nobody().get("/api/rooms/999999999").await.refused(401);
}

#[tokio::test]
async fn without_the_flag_everybody_reads_as_the_document_says() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    ann.posts(&room, "For everybody").await;
    for path in [
        "/api/rooms",
        &format!("/api/rooms/{room}"),
        &format!("/api/messages/{room}"),
        "/api/files",
    ] {
        chat.nobody().get(path).await.has_status(200);
    }
}
