//! The table: whoever speaks, in whatever sort of conversation, is heard by all who listen, each in their own words.

use super::stage::*;
use crate::support::mentor::*;
use crate::support::*;

async fn everybody_is_heard_by_everybody(sort: Sort) {
    let stage = Stage::of(sort).await;
    let (ann, bob) = (&stage.ann, &stage.bob);
    let (hers, his) = (
        stage.listens_everywhere(ann).await,
        stage.listens_everywhere(bob).await,
    );
    let mouth = ann.opens_a_socket().await;
    for speaker in SPEAKERS {
        let content = format!("Hello by {speaker:?}");
        stage.says(speaker, &mouth, &content).await;
        let mut moments = Vec::new();
        for ears in hers.iter().chain(&his) {
            for dialect in &ears.dialects {
                let (event, body, moment) = stage.heard_in(*dialect, &content);
                let heard = ears.socket.hears(event, body).await;
                moments.push(heard.pointer(moment).cloned());
            }
        }
        let same = moments.iter().all(|moment| *moment == moments[0]);
        assert!(same && moments[0].is_some(), "said once: {moments:?}");
    }
    // Only a conversation of two notifies, and all sockets of the receiver in `/`, joined or not.
    for ears in his.iter().filter(|_| sort.is_of_two()) {
        if !ears.in_dialect(Listener::Mentor) {
            let count = SPEAKERS.len();
            ears.socket.hears_many(count, "message_notification").await;
        }
    }
    all_is_quiet(&hers).await;
    all_is_quiet(&his).await;
}

#[tokio::test]
async fn in_a_direct_conversation_everybody_is_heard_by_everybody() {
    everybody_is_heard_by_everybody(Sort::Direct).await;
}

#[tokio::test]
async fn in_a_group_everybody_is_heard_by_everybody() {
    everybody_is_heard_by_everybody(Sort::Group).await;
}

#[tokio::test]
async fn in_a_room_everybody_is_heard_by_everybody() {
    everybody_is_heard_by_everybody(Sort::Room).await;
}

#[tokio::test]
async fn in_a_session_everybody_is_heard_by_everybody() {
    everybody_is_heard_by_everybody(Sort::Session).await;
}

#[tokio::test]
async fn all_hear_all_in_one_order() {
    const EACH: usize = 15;
    let stage = Stage::of(Sort::Group).await;
    let listening = stage.listens_everywhere(&stage.bob).await;
    let speaking = SPEAKERS.map(async |speaker| {
        let mouth = stage.ann.opens_a_socket().await;
        for at in 0..EACH {
            stage
                .says(speaker, &mouth, &format!("{speaker:?} {at}"))
                .await;
        }
    });
    futures_util::future::join_all(speaking).await;
    let in_order: Vec<_> = stage.ann.history(&stage.hex).await[1..]
        .iter()
        .map(|message| message["content"].clone())
        .collect();
    assert_eq!(in_order.len(), EACH * SPEAKERS.len());
    for ears in &listening {
        let mut said = std::collections::HashMap::<_, Vec<_>>::new();
        for dialect in &ears.dialects {
            let (event, ..) = stage.heard_in(*dialect, "");
            let heard = ears.socket.hears_many(in_order.len(), event).await;
            let contents = heard.into_iter().map(|heard| match dialect {
                Listener::Rooms | Listener::Direct => heard["content"].clone(),
                Listener::Campus => heard["message"].clone(),
                Listener::Mentor => heard["message"]["content"].clone(),
            });
            said.entry(format!("{dialect:?}"))
                .or_default()
                .extend(contents);
        }
        for (dialect, contents) in said {
            assert_eq!(contents, in_order, "in {dialect}");
        }
    }
    all_is_quiet(&listening).await;
}

#[tokio::test]
async fn a_file_is_news_where_files_are_known_and_open_to_those_who_belong() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let eve = stage.chat.rooms("eve").await;
        let listening = stage.listens_everywhere(&stage.bob).await;
        let form = Form::file("notes.txt", "text/plain", "by REST").field("roomId", &stage.hex);
        stage.ann.uploads(form).await.has_status(201);
        let file =
            json!({ "roomId": stage.uuid, "filename": "notes.txt", "mimetype": "text/plain" });
        let answer = stage.ann.asks_with("fileUpload", file, b"by event").await;
        assert_looks_like(&answer, json!({ "ok": true }), "fileUpload");
        for ears in &listening {
            if !ears.in_dialect(Listener::Rooms) {
                continue;
            }
            for bytes in ["by REST", "by event"] {
                let shared = json!({
                    "originalName": "notes.txt", "size": bytes.len(),
                    "uploadedBy": stage.ann.id, "room": stage.hex,
                });
                let heard = ears.socket.hears("fileUpload", shared).await;
                let url = heard["url"].as_str().expect("a url");
                let download = stage.bob.get(url).await;
                assert_eq!(download.has_status(200).text(), bytes);
                let status = if sort == Sort::Room { 200 } else { 404 };
                eve.get(url).await.has_status(status);
            }
        }
        all_is_quiet(&listening).await;
    }
}

#[tokio::test]
async fn an_attachment_alone_is_still_a_message_in_every_dialect() {
    let stage = Stage::of(Sort::Session).await;
    let listening = stage.listens_everywhere(&stage.bob).await;
    let attachment = json!({
        "filename": "doc.pdf", "mimeType": "application/pdf",
        "url": "https://files.example.test/doc.pdf", "size": 12345,
    });
    let said = json!({ "content": "", "attachments": [attachment] });
    let path = format!("/api/conversations/{}/messages", stage.uuid);
    stage.ann.post(path, said).await.has_status(201);
    for ears in &listening {
        for dialect in &ears.dialects {
            let (event, ..) = stage.heard_in(*dialect, "");
            let (expected, text) = match dialect {
                Listener::Rooms => (json!({ "room": stage.hex }), "/content"),
                Listener::Direct => (json!({ "sender_id": stage.ann.number }), "/content"),
                Listener::Campus => (json!({ "senderId": stage.ann.uuid }), "/message"),
                Listener::Mentor => (
                    json!({ "message": { "attachments": [attachment] } }),
                    "/message/content",
                ),
            };
            let heard = ears.socket.hears(event, expected).await;
            assert!(heard.pointer(text).is_some_and(Value::is_string), "{heard}");
        }
    }
}

#[tokio::test]
async fn whoever_is_removed_hears_nothing_more_in_any_dialect() {
    let stage = Stage::of(Sort::Group).await;
    let listening = stage.listens_everywhere(&stage.bob).await;
    let mouth = stage.ann.opens_a_socket().await;
    let path = format!(
        "/api/conversations/{}/members/{}",
        stage.uuid, stage.bob.uuid
    );
    let gone = stage.ann.delete(path).await;
    assert!((200..300).contains(&gone.status), "{gone:?}");
    // That it is so is the last that he hears.
    for ears in &listening {
        for dialect in &ears.dialects {
            let event = match dialect {
                Listener::Rooms => "roomLeft",
                Listener::Campus => "conversation-left",
                Listener::Direct | Listener::Mentor => "conversation_left",
            };
            ears.socket.hears(event, json!({})).await;
        }
    }
    for speaker in SPEAKERS {
        stage.says(speaker, &mouth, "Bob has gone").await;
    }
    let typing = json!({ "conversationId": stage.uuid });
    mouth.does("typing_start", typing.clone()).await;
    mouth.does("mark_read", typing).await;
    all_is_quiet(&listening).await;
    let list = stage.bob.get("/api/conversations").await;
    assert_eq!(list.has_status(200).json(), json!([]));
    for path in [
        format!("/api/rooms/{}", stage.hex),
        format!("/api/messages/{}", stage.hex),
        format!("/api/conversations/{}", stage.uuid),
        format!("/conversaton/{}", stage.uuid),
        format!("/message/get-messages?conversationId={}", stage.uuid),
    ] {
        stage.bob.get(path).await.refused(404);
    }
    assert_eq!(
        id(&stage.ann.conversation(&stage.uuid).await),
        stage.uuid,
        "Ann stays"
    );
}
