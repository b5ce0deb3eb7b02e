//! How much may change: which emoji and how many, how long a text, how many pins, until when.

use super::changed::changed;
use super::changes::{Change, Named, changes};
use super::stage::*;
use crate::support::*;

/// Everything by which a message is changed refuses this change with this status, and says which field is wrong.
async fn all_refuse(stage: &Stage, message: &Named, change: Change<'_>, status: u16, field: &str) {
    let mouth = stage.ann.opens_a_socket().await;
    for speaker in SPEAKERS {
        let tried = changes(&stage.ann, &mouth, speaker, &stage.uuid, message, change).await;
        assert_eq!(tried.0, status, "{change:?} by {speaker:?}: {}", tried.1);
        let named = tried.1["errors"].to_string();
        // Campus calls the text as its document does.
        let own = match (speaker, field) {
            (Speaker::CampusRest | Speaker::CampusSocket, "content") => "message",
            _ => field,
        };
        assert!(
            named.contains(own),
            "{change:?} by {speaker:?}: {}",
            tried.1
        );
    }
}

#[tokio::test]
async fn what_is_no_emoji_is_refused() {
    let stage = Stage::of(Sort::Group).await;
    let said = Named::of(&stage.chat, &stage.ann.sends_to(&stage.uuid, "Hello").await);
    let longest = "é".repeat(16);
    changed(
        &stage,
        &stage.ann,
        Speaker::RoomsRest,
        &said,
        Change::React(&longest),
    )
    .await;
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
    changed(
        &stage,
        &stage.ann,
        Speaker::MentorRest,
        &said,
        Change::React(family),
    )
    .await;
    let too_long = format!("{longest}!");
    for emoji in [&too_long, " ", "a b", "a\u{a0}", "a\u{7}", "\n", "\u{9b}x"] {
        all_refuse(&stage, &said, Change::React(emoji), 400, "emoji").await;
    }
    // Where no path names it, it may be missing altogether.
    let path = format!("/message/reaction/{}", said.uuid);
    for body in [
        json!({}),
        json!({ "emoji": 1 }),
        json!({ "emoji": null }),
        json!({ "emoji": "" }),
    ] {
        stage
            .ann
            .sends(Request::new("PUT", &path).json(&body))
            .await
            .refused_for(&["emoji"]);
    }
    for broken in ["%", "%4", "%zz", "%ff%fe"] {
        let path = format!("/api/messages/{}/reactions/{broken}", said.hex);
        stage
            .ann
            .sends(Request::new("PUT", path))
            .await
            .refused_for(&["emoji"]);
    }
    let history = stage.ann.history(&stage.hex).await;
    let kept = history.last().expect("the message")["reactions"]
        .as_array()
        .cloned();
    assert_eq!(kept.map(|all| all.len()), Some(2));
}

#[tokio::test]
async fn a_message_has_twenty_different_emoji_at_most() {
    let stage = Stage::of(Sort::Group).await;
    let said = Named::of(&stage.chat, &stage.ann.sends_to(&stage.uuid, "Hello").await);
    let does =
        async |who: &Person, speaker, change| changed(&stage, who, speaker, &said, change).await;
    let all: Vec<_> = (0..20).map(|at| format!("e{at}")).collect();
    for emoji in &all {
        does(&stage.ann, Speaker::CampusRest, Change::React(emoji)).await;
    }
    all_refuse(&stage, &said, Change::React("e20"), 409, "").await;
    // One that is there may have more people, and one that is taken back makes room.
    does(&stage.bob, Speaker::RoomsSocket, Change::React("e7")).await;
    does(&stage.ann, Speaker::DirectSocket, Change::TakeBack("e7")).await;
    all_refuse(&stage, &said, Change::React("e20"), 409, "").await;
    does(&stage.bob, Speaker::RoomsSocket, Change::TakeBack("e7")).await;
    does(&stage.bob, Speaker::MentorRest, Change::React("e20")).await;
}

#[tokio::test]
async fn a_text_is_edited_within_the_limits_of_one_that_is_sent() {
    let stage = Stage::of(Sort::Group).await;
    let said = Named::of(&stage.chat, &stage.ann.sends_to(&stage.uuid, "Hello").await);
    let (longest, too_long) = ("é".repeat(8_000), "é".repeat(8_001));
    for text in ["", " \n", "\u{1b}", &too_long] {
        all_refuse(&stage, &said, Change::Edit(text), 400, "content").await;
    }
    for speaker in SPEAKERS {
        let edited = changed(&stage, &stage.ann, speaker, &said, Change::Edit(&longest)).await;
        assert!(edited.to_string().contains(&longest));
        changed(&stage, &stage.ann, speaker, &said, Change::Edit("a\u{1b}b")).await;
    }
    assert_eq!(stage.chat.said().last().map(String::as_str), Some("ab"));
    // A text of another type, or none.
    for body in [
        json!({}),
        json!({ "message": 1 }),
        json!({ "message": null }),
    ] {
        let path = format!("/message/update/{}", said.uuid);
        stage.ann.patch(path, body).await.refused_for(&["message"]);
    }
}

#[tokio::test]
async fn an_answer_is_to_a_message_of_the_same_conversation_that_is_still_there() {
    let stage = Stage::of(Sort::Group).await;
    let (chat, ann) = (&stage.chat, &stage.ann);
    let elsewhere = ann.gathers("Elsewhere", &[&stage.bob]).await;
    let elsewhere = Named::of(chat, &ann.sends_to(&elsewhere, "Elsewhere").await);
    let gone = Named::of(chat, &ann.sends_to(&stage.uuid, "Gone").await);
    changed(&stage, ann, Speaker::CampusRest, &gone, Change::Delete).await;
    let mouth = ann.opens_a_socket().await;
    for wrong in [
        json!(elsewhere.number),
        json!(gone.uuid),
        json!(999_999_999),
        json!("x"),
        json!([]),
    ] {
        let mentor = format!("/api/conversations/{}/messages", stage.uuid);
        for (path, body) in [
            (
                "/api/messages",
                json!({ "roomId": stage.hex, "content": "An answer" }),
            ),
            (
                "/message/create",
                json!({ "conversationId": stage.uuid, "message": "An answer" }),
            ),
            (&mentor, json!({ "content": "An answer" })),
        ] {
            let mut body = body;
            body["replyTo"] = wrong.clone();
            ann.post(path, body).await.refused_for(&["replyTo"]);
        }
        for (event, words) in [
            ("message", "content"),
            ("send_message", "content"),
            ("send-message", "message"),
        ] {
            let said =
                json!({ "conversationId": stage.uuid, words: "An answer", "replyTo": wrong });
            let refused = mouth.is_refused(400, event, said).await;
            assert!(
                refused["errors"].to_string().contains("replyTo"),
                "{refused}"
            );
        }
    }
    // None at all is none.
    let said = json!({ "content": "No answer", "replyTo": null });
    let path = format!("/api/conversations/{}/messages", stage.uuid);
    let said = ann.post(path, said).await.has_status(201).json();
    assert_eq!(said.get("replyTo"), None);
}

#[tokio::test]
async fn a_conversation_has_a_hundred_pins_at_most() {
    let stage = Stage::of(Sort::Direct).await;
    let mut said = Vec::new();
    for at in 0..101 {
        said.push(Named::of(
            &stage.chat,
            &stage.ann.sends_to(&stage.uuid, &format!("{at}")).await,
        ));
    }
    for message in &said[..100] {
        let path = format!("/message/pin/{}", message.uuid);
        stage
            .ann
            .sends(Request::new("PUT", path))
            .await
            .has_status(200);
    }
    all_refuse(&stage, &said[100], Change::Pin, 409, "").await;
    // The latest pin is the first that is listed.
    let path = format!("/api/conversations/{}/pins", stage.uuid);
    let pins = stage.bob.get(&path).await.has_status(200).json();
    let pins = pins["messages"].as_array().expect("pins").clone();
    assert_eq!((pins.len(), &pins[0]["content"]), (100, &json!("99")));
    // Either of the two; and what is gone is pinned no more.
    changed(
        &stage,
        &stage.bob,
        Speaker::RoomsRest,
        &said[5],
        Change::Unpin,
    )
    .await;
    changed(
        &stage,
        &stage.bob,
        Speaker::DirectSocket,
        &said[100],
        Change::Pin,
    )
    .await;
    changed(
        &stage,
        &stage.ann,
        Speaker::CampusSocket,
        &said[7],
        Change::Delete,
    )
    .await;
    let again = Named::of(
        &stage.chat,
        &stage.ann.sends_to(&stage.uuid, "One more").await,
    );
    changed(
        &stage,
        &stage.bob,
        Speaker::RoomsSocket,
        &again,
        Change::Pin,
    )
    .await;
    let pins = stage.bob.get(&path).await.has_status(200).json();
    let pins = pins["messages"].as_array().expect("pins").clone();
    assert_eq!((pins.len(), &pins[0]["content"]), (100, &json!("One more")));
}

#[tokio::test]
async fn words_are_changed_within_the_edit_window_and_everything_else_also_later() {
    let stage = Stage::with(Sort::Group, &["--edit-window", "2s"]).await;
    let ann = &stage.ann;
    let said = Named::of(&stage.chat, &ann.sends_to(&stage.uuid, "Hello").await);
    changed(
        &stage,
        ann,
        Speaker::CampusRest,
        &said,
        Change::Edit("In time"),
    )
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    all_refuse(&stage, &said, Change::Edit("Too late"), 403, "").await;
    all_refuse(&stage, &said, Change::Edit("In time"), 403, "").await;
    let edited = json!({ "message": "In time" });
    let path = format!("/message/get-message/{}", said.uuid);
    stage.bob.get(path).await.looks_like(200, edited);
    changed(
        &stage,
        &stage.bob,
        Speaker::RoomsRest,
        &said,
        Change::React("👍"),
    )
    .await;
    changed(&stage, ann, Speaker::RoomsRest, &said, Change::Pin).await;
    changed(&stage, ann, Speaker::RoomsRest, &said, Change::Delete).await;
}

#[tokio::test]
async fn who_edits_and_deletes_without_end_is_told_to_wait() {
    let chat = Chat::with(&["--limit-changes", "5/1h"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let said = ann.posts(&room, "Words 0").await;
    let id = said["_id"].as_str().expect("an id").to_owned();
    let edits = async |words: String| {
        let path = format!("/api/messages/{id}");
        ann.patch(path, json!({ "content": words })).await
    };
    for at in 1..=5 {
        edits(format!("Words {at}")).await.has_status(200);
        // The same again changes nothing, and does not count.
        edits(format!("Words {at}")).await.has_status(200);
    }
    let refused = edits("Words 6".into()).await;
    refused.refused(429);
    assert!(
        refused
            .says("retry-after")
            .parse::<u32>()
            .is_ok_and(|wait| wait > 0)
    );
    ann.delete(format!("/api/messages/{id}")).await.refused(429);
    // Reactions change no words, and others have their own count.
    let path = format!("/api/messages/{id}/reactions/%F0%9F%91%8D");
    ann.put(path).await.has_status(200);
    let other = bob.posts(&room, "Mine").await;
    let other = other["_id"].as_str().expect("an id");
    bob.delete(format!("/api/messages/{other}"))
        .await
        .has_status(200);
}
