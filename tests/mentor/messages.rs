//! `/api/conversations/:id/messages`: sending a message, with attachments or without, and reading page by page.

use crate::support::mentor::*;
use crate::support::*;

const MESSAGE: &str = r#"{
  "id": "0190b5a2-0000-8000-8000-000000000001",
  "conversationId": "0190b5a2-0000-8000-8000-000000000002",
  "senderId": "0190b5a2-0000-8000-8000-000000000003",
  "content": "Hello, mentor!",
  "contentType": "text",
  "attachments": [
    {
      "filename": "doc.pdf",
      "mimeType": "application/pdf",
      "url": "https://files.example.test/doc.pdf",
      "size": 12345
    }
  ],
  "createdAt": "2024-01-15T12:00:00.000Z"
}"#;

fn attachment(url: &str) -> Value {
    json!({ "filename": "doc.pdf", "mimeType": "application/pdf", "url": url, "size": 12345 })
}

/// Ann, Bob, what they call their conversation, and its path.
async fn two_who_talk(chat: &Chat) -> (Person, Person, String, String) {
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    chat.has_session(SESSION, &ann, &bob).await;
    let conversation = id(&ann.opens_session(SESSION).await);
    let path = format!("/api/conversations/{conversation}/messages");
    (ann, bob, conversation, path)
}

#[tokio::test]
async fn a_message_is_sent_as_the_document_says() {
    let chat = Chat::open().await;
    let (ann, bob, conversation, path) = two_who_talk(&chat).await;
    let sent = json!({
        "content": "Hello, mentor!",
        "contentType": "text",
        "attachments": [attachment("https://files.example.test/doc.pdf")],
    });
    let sent = bob.post(&path, sent).await.looks_like(201, MESSAGE);
    assert_eq!(sent["conversationId"], json!(conversation));
    assert_eq!(sent["senderId"], json!(bob.uuid));
    let listed = ann.get(&path).await.has_status(200).json();
    assert_eq!(listed["messages"], json!([sent]));
    assert_eq!(listed["hasMore"], false);

    let plain = ann.says(&conversation, "Hello, mentee!").await;
    let plain_is = json!({ "contentType": "text", "attachments": [], "content": "Hello, mentee!" });
    assert_looks_like(&plain, plain_is, "a message without attachments");
    for other_word in ["message", "text"] {
        let said = json!({ other_word: "By another word" });
        let said = bob.post(&path, said).await;
        said.looks_like(201, json!({ "content": "By another word" }));
    }
}

#[tokio::test]
async fn messages_come_newest_first_and_page_by_page() {
    let chat = Chat::open().await;
    let (ann, bob, conversation, path) = two_who_talk(&chat).await;
    let empty = bob.get(&path).await.has_status(200).json();
    assert_looks_like(
        &empty,
        json!({ "messages": [], "hasMore": false, "nextCursor": null }),
        "nothing",
    );
    for at in 0..57 {
        ann.says(&conversation, &format!("{at}")).await;
    }
    let first = bob.get(&path).await.has_status(200).json();
    assert_eq!(first["messages"].as_array().map(Vec::len), Some(50));
    assert_eq!(first["hasMore"], true);

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = bob.get(format!("{path}?limit=10{cursor}")).await;
        let page = page.has_status(200).json();
        let messages = page["messages"].as_array().expect("messages").clone();
        let last = messages.last().expect("no page is empty")["id"].clone();
        seen.extend(messages.iter().map(|message| message["content"].clone()));
        if page["hasMore"] == false {
            assert_eq!((messages.len(), &page["nextCursor"]), (7, &Value::Null));
            break;
        }
        assert_eq!(messages.len(), 10);
        // Following the cursor and following the oldest id are the same thing.
        assert_eq!(page["nextCursor"], last);
        cursor = format!("&before={}", last.as_str().expect("an id"));
        ann.says(&conversation, "in between").await;
    }
    let all: Vec<_> = (0..57).rev().map(|at| json!(format!("{at}"))).collect();
    assert_eq!(seen, all, "each once, whatever is said in between");
}

#[tokio::test]
async fn a_page_that_is_none_is_refused() {
    let chat = Chat::open().await;
    let (ann, bob, conversation, path) = two_who_talk(&chat).await;
    let other = ann.writes_to(&bob, "Elsewhere").await["id"].clone();
    let message = ann.says(&conversation, "Here").await;
    for (field, wrong) in [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "many"),
        ("before", "yesterday"),
        ("before", &*conversation),
        ("before", "64f8a1b2c3d4e5f6a7b8c9d1"),
    ] {
        let refused = ann.get(format!("{path}?{field}={wrong}")).await;
        refused.refused_for(&[field]);
    }
    ann.get(format!("{path}?limit=100&before={}", id(&message)))
        .await
        .looks_like(200, json!({ "messages": [], "hasMore": false }));
    // Another conversation's message is no page of this one, and shows nothing of the other.
    let elsewhere = ann.get(format!("{path}?before={other}")).await;
    assert!(!elsewhere.text().contains("Elsewhere"), "{elsewhere:?}");
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_by_its_name() {
    let chat = Chat::open().await;
    let (ann, bob, _, path) = two_who_talk(&chat).await;
    let good = attachment("https://files.example.test/doc.pdf");
    for wrong in [
        json!({}),
        json!({ "content": "" }),
        json!({ "content": " \n " }),
    ] {
        bob.post(&path, wrong).await.refused_for(&["content"]);
    }
    for wrong in [json!(17), json!("x".repeat(8_001)), json!(["Hello"])] {
        let said = json!({ "content": wrong });
        bob.post(&path, said).await.refused_for(&["content"]);
    }
    let mut without_a_name = good.clone();
    without_a_name["filename"] = json!("");
    let mut of_no_size = good.clone();
    of_no_size["size"] = json!(-1);
    for wrong in [
        json!("doc.pdf"),
        json!(["doc.pdf"]),
        json!([{}]),
        json!(vec![good.clone(); 11]),
        json!([without_a_name]),
        json!([of_no_size]),
        json!([attachment("")]),
        json!([attachment("doc.pdf")]),
        json!([attachment("javascript:alert(1)")]),
        json!([attachment("data:text/html,<script>alert(1)</script>")]),
        json!([attachment("ftp://files.example.test/doc.pdf")]),
        json!([attachment("//files.example.test/doc.pdf")]),
    ] {
        let said = json!({ "content": "With something", "attachments": wrong });
        bob.post(&path, said).await.refused_for(&["attachments"]);
    }
    chat.nobody()
        .post(&path, json!({ "content": "Hello" }))
        .await
        .refused(401);
    let listed = ann.get(&path).await;
    listed.looks_like(200, json!({ "messages": [] }));
}

#[tokio::test]
async fn an_attachment_may_stand_alone_or_be_a_file_of_this_server() {
    let chat = Chat::open().await;
    let (ann, bob, conversation, path) = two_who_talk(&chat).await;
    let form = Form::file("notes.txt", "text/plain", "some notes").field("roomId", &conversation);
    let file = bob.uploads(form).await.has_status(201).json()["data"].clone();
    let url = file["url"].as_str().expect("a file has a url");
    let many: Vec<_> = (0..9)
        .map(|at| attachment(&format!("http://files.example.test/{at}.pdf")))
        .chain([attachment(url)])
        .collect();
    let sent = json!({ "content": "", "attachments": many });
    let sent = bob.post(&path, sent).await;
    let sent = sent.looks_like(201, json!({ "content": "", "attachments": many }));
    let listed = ann.get(&path).await.has_status(200).json();
    assert_eq!(listed["messages"], json!([sent]), "in their order");
    let download = ann.get(url).await;
    assert_eq!(download.has_status(200).body, b"some notes");
    let last = &ann.conversation(&conversation).await["lastMessage"];
    assert_eq!((&last["id"], &last["content"]), (&sent["id"], &json!("")));
}

#[tokio::test]
async fn a_repeat_is_the_first_message() {
    let chat = Chat::open().await;
    let (ann, bob, conversation, path) = two_who_talk(&chat).await;
    let socket = bob.opens_chat().await;
    socket.hears_the_rest().await;
    let message = json!({ "content": "Once", "clientMessageId": "m1", "attachments": [attachment("https://a.test/x")] });
    let first = ann.post(&path, message).await.has_status(201).json();
    let again = json!({ "content": "Whatever else", "clientMessageId": "m1" });
    let again = ann.post(&path, again).await.has_status(201).json();
    assert_eq!(again, first);
    let in_rooms =
        json!({ "roomId": conversation, "content": "In rooms", "clientMessageId": "m1" });
    ann.post("/api/messages", in_rooms)
        .await
        .looks_like(201, json!({ "data": { "content": "Once" } }));
    socket
        .hears("new_message", json!({ "message": first }))
        .await;
    socket.hears_nothing().await;
}

#[tokio::test]
async fn an_emoji_in_a_path_is_what_was_encoded() {
    let chat = Chat::open().await;
    let (ann, bob, conversation, path) = two_who_talk(&chat).await;
    let said = ann.says(&conversation, "We won!").await;
    let reactions = format!("{path}/{}/reactions", id(&said));
    let put = |emoji: &str| Request::new("PUT", format!("{reactions}/{emoji}"));
    let reacted = bob.sends(put("%F0%9F%8E%89")).await;
    let shown = json!({ "reactions": [{ "emoji": "🎉", "count": 1, "users": [bob.uuid] }] });
    reacted.looks_like(200, shown);
    for broken in ["%F0%9F", "%", "%zz", "%20"] {
        bob.sends(put(broken)).await.refused(400);
    }
    let back = bob.delete(format!("{reactions}/%F0%9F%8E%89")).await;
    assert!(back.has_status(200).json().get("reactions").is_none());
}
