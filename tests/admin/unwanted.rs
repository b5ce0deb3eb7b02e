//! Administrators keep a list of words and patterns: a text that has one is refused or reported, in every dialect.

use super::*;
use crate::support::mentor::*;

const REFUSED: &str = "This message contains words that are not allowed here";

impl Chat {
    async fn unwanted(&self, text: &str, sort: &str, action: &str) -> String {
        let word = json!({ "text": text, "sort": sort, "action": action });
        let put = self.admin().puts("/api/admin/words", word.clone()).await;
        id(&put.looks_like(200, json!({ "success": true, "word": word }))["word"])
    }
}

/// By each way in which a text is said, this one is refused: each names its own field.
async fn is_unsayable(person: &Person, place: &str, text: &str) {
    let of = |field: &str| json!([format!("{field}: {REFUSED}")]);
    for (path, body, field) in [
        (
            "/message/create".to_owned(),
            json!({ "conversationId": place, "senderId": person.uuid, "message": text }),
            "message",
        ),
        (
            format!("/api/conversations/{place}/messages"),
            json!({ "content": text }),
            "content",
        ),
        (
            "/api/messages".to_owned(),
            json!({ "roomId": place, "content": text }),
            "content",
        ),
    ] {
        let refused = person.post(path, body).await.refused(400).json();
        assert_eq!(refused["errors"], of(field), "{refused}");
    }
    for (event, payload, field) in [
        (
            "send-message",
            json!({ "conversationId": place, "message": text }),
            "message",
        ),
        (
            "message",
            json!({ "roomId": place, "content": text }),
            "content",
        ),
        (
            "send_message",
            json!({ "conversationId": place, "content": text }),
            "content",
        ),
    ] {
        let refused = person.is_refused(400, event, payload).await;
        assert_eq!(refused["errors"], of(field), "{refused}");
    }
}

#[tokio::test]
async fn a_text_with_an_unwanted_word_is_refused_wherever_it_is_said() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let said = id(&ann.sends_to(&group, "You scoundrel").await);
    let word = chat.unwanted("Scoundrel", "word", "refuse").await;
    chat.unwanted(r"bad\s*word\d+", "pattern", "refuse").await;
    for text in ["You SCOUNDREL!", "scoündrel", "a BAD  word7"] {
        is_unsayable(&ann, &group, text).await;
    }
    let other = id(&ann.sends_to(&group, "Scoundrels, no bad word").await);
    let edits = json!({ "message": "Scoundrel" });
    ann.patch(format!("/message/update/{other}"), edits)
        .await
        .refused_for(&["message"]);
    for (event, field) in [
        ("edit-message", "message"),
        ("editMessage", "content"),
        ("edit_message", "content"),
    ] {
        let edits = json!({ "messageId": other, field: "scoundrel" });
        ann.is_refused(400, event, edits).await;
    }
    // What was said before stays, and is reacted to; names of what is attached count as well.
    ann.does("react_message", json!({ "messageId": said, "emoji": "👍" }))
        .await;
    let attached = json!({
        "attachments": [{ "filename": "scoundrel.png", "mimeType": "image/png", "url": "https://example.test/a.png", "size": 1 }],
    });
    ann.post(format!("/api/conversations/{group}/messages"), attached)
        .await
        .refused(400);
    ann.uploads(Form::file("a scoundrel.txt", "text/plain", "Hello"))
        .await
        .refused(400);

    let gone = chat
        .admin()
        .delete(format!("/api/admin/words/{word}"))
        .await;
    gone.looks_like(200, json!({ "message": "The word is removed" }));
    ann.sends_to(&group, "You scoundrel").await;
    let audited = chat.audited().await;
    assert_eq!(audited[..3], ["words.remove", "words.put", "words.put"]);
}

#[tokio::test]
async fn nobody_and_nothing_is_called_so() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    chat.unwanted("scoundrel", "word", "refuse").await;
    chat.unwanted("rascal", "word", "report").await;
    let room = ann.opens_room("A rascal's").await;
    let group = ann.gathers("Friends", &[]).await;
    ann.post("/api/rooms", json!({ "name": "Scoundrel" }))
        .await
        .refused_for(&["name"]);
    let described = json!({ "name": "Fine", "description": "For every scoundrel" });
    ann.post("/api/rooms", described)
        .await
        .refused_for(&["description"]);
    let named = json!({ "name": "Scoundrel", "groupMembers": [] });
    ann.post("/conversation/create-group", named)
        .await
        .refused_for(&["name"]);
    for (path, body, field) in [
        (
            format!("/api/rooms/{room}"),
            json!({ "name": "Scoundrel" }),
            "name",
        ),
        (
            format!("/conversation/{group}"),
            json!({ "description": "scoundrel" }),
            "description",
        ),
        (
            "/api/auth/profile".to_owned(),
            json!({ "username": "scoundrel" }),
            "username",
        ),
        (
            "/api/profile".to_owned(),
            json!({ "name": "scoundrel" }),
            "name",
        ),
        (
            "/user/profile".to_owned(),
            json!({ "full_name": "scoundrel" }),
            "full_name",
        ),
    ] {
        ann.patch(path, body).await.refused_for(&[field]);
    }
    let new = |name: &str| json!({ name: "scoundrel", "email": "s@example.test", "password": "open sesame" });
    let nobody = chat.nobody();
    let signs_up = nobody.post("/api/auth/signup", new("username")).await;
    signs_up.refused_for(&["username"]);
    let registers = nobody.post("/api/auth/register", new("name")).await;
    registers.refused_for(&["name"]);
}

#[tokio::test]
async fn what_is_to_be_reported_is_said_and_reported_by_the_server() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    chat.unwanted("rascal", "word", "report").await;
    let heard = bob.opens_chat().await;
    let said = id(&ann.sends_to(&group, "You rascal").await);
    heard
        .hears(
            "new_message",
            json!({ "message": { "content": "You rascal" } }),
        )
        .await;
    let quiet = id(&ann.sends_to(&group, "You dear").await);
    ann.patch(
        format!("/message/update/{quiet}"),
        json!({ "message": "You Rascal" }),
    )
    .await
    .has_status(200);
    let reports = chat.admin().get("/api/admin/reports").await;
    let reports = reports.has_status(200).json();
    let expected = |message: &str, text: &str| json!({ "reporter": null, "messageId": message, "text": text, "reason": "rascal" });
    assert_looks_like(
        &reports["reports"],
        json!([
            expected(&quiet, "You Rascal"),
            expected(&said, "You rascal")
        ]),
        "the reports",
    );

    // However much is said, so many an hour are enough.
    for _ in 0..110 {
        ann.sends_to(&group, "rascal").await;
    }
    let reports = chat.admin().get("/api/admin/reports").await.json();
    assert_eq!(reports["pagination"]["total"], 100);
}

#[tokio::test]
async fn an_entry_is_tried_out_changed_and_bounded() {
    let chat = Chat::open().await;
    let admin = chat.admin();
    let tries = async |text: &str| {
        let tried = admin.post("/api/admin/words/try", json!({ "text": text }));
        tried.await.has_status(200).json()
    };
    let word = chat.unwanted("rascal", "word", "report").await;
    let found =
        json!({ "refused": false, "reported": true, "words": [{ "id": word, "text": "rascal" }] });
    assert_looks_like(&tries("Rascal!").await, found, "what would become of it");
    assert_eq!(chat.unwanted("rascal", "word", "refuse").await, word);
    let found = json!({ "refused": true, "reported": false });
    assert_looks_like(&tries("Rascal!").await, found, "what would become of it");
    let found = json!({ "refused": false, "reported": false, "words": [] });
    assert_looks_like(&tries("Hello").await, found, "what would become of it");

    for (text, sort) in [
        ("", "word"),
        ("…", "word"),
        ("(", "pattern"),
        ("a*", "pattern"),
        ("(?:a{1000}){1000}", "pattern"),
        (r"(.)\1", "pattern"),
    ] {
        let wrong = json!({ "text": text, "sort": sort });
        admin
            .puts("/api/admin/words", wrong)
            .await
            .refused_for(&["text"]);
    }
    let wrong = json!({ "text": "x".repeat(201), "sort": "phrase", "action": "burn" });
    let refused = admin.puts("/api/admin/words", wrong).await;
    refused.refused_for(&["text", "sort", "action"]);
    for nth in 1..500 {
        chat.unwanted(&format!("word {nth}"), "word", "refuse")
            .await;
    }
    let one_more = json!({ "text": "one more" });
    admin.puts("/api/admin/words", one_more).await.refused(409);
    let listed = admin.get("/api/admin/words").await.has_status(200).json();
    assert_eq!(listed["words"].as_array().map(Vec::len), Some(500));
    assert_eq!(tries("one more").await["refused"], false);
    assert_eq!(tries("Word 499").await["refused"], true);
    admin
        .delete("/api/admin/words/999999999")
        .await
        .refused(404);
}

/// A backtracking engine would be at it for longer than the sun will shine.
#[tokio::test]
async fn a_pattern_that_would_explode_elsewhere_holds_nobody_up() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    chat.unwanted("(a+)+(b+)+$", "pattern", "refuse").await;
    chat.unwanted("(x|xx|xxx)+y", "pattern", "refuse").await;
    let begun = std::time::Instant::now();
    for text in ["a".repeat(8_000) + "c", "x".repeat(8_000)] {
        let short: String = text.chars().skip(1).collect();
        ann.sends_to(&group, &short).await;
    }
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    is_unsayable(&ann, &group, "aab").await;
}

/// Another process on the same file changes the list, and the server that runs knows it within a second.
#[tokio::test]
async fn a_change_by_another_process_is_heard() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let place = chat.kept.place().parse().expect("a database");
    let other = chat::core::Core::visit(&place, server::core_options());
    let other = other.expect("the same database");
    use chat::core::unwanted::{self, Consequence, Sort};
    other
        .write(|tx| unwanted::put(tx, None, "scoundrel", Sort::Word, Consequence::Refuse))
        .await
        .expect("it is on the list");
    eventually("the server knows", async || {
        let said = json!({ "conversationId": group, "senderId": ann.uuid, "message": "Scoundrel" });
        ann.post("/message/create", said).await.status == 400
    })
    .await;
    let listed = chat.admin().get("/api/admin/words").await.json();
    assert_eq!(listed["words"][0]["by"], json!(null), "{listed}");
}
