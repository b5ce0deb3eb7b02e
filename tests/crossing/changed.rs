//! What is so once a message was changed: its new words are the only ones, what was deleted is nowhere, and nothing else is
//! another than before.

use super::changes::{Change, Named, Now, answers, changes, message_in, position, updated_in};
use super::stage::*;
use crate::support::mentor::id;
use crate::support::*;

/// All that lists messages of a conversation, or shows its last one, in all dialects.
pub fn lists(stage: &Stage) -> Vec<String> {
    let (uuid, hex) = (&stage.uuid, &stage.hex);
    vec![
        format!("/api/messages/{hex}?limit=100"),
        format!("/api/rooms/{hex}"),
        format!("/api/rooms/{hex}/pins"),
        format!("/api/conversations/{uuid}/messages?limit=100"),
        format!("/api/conversations/{uuid}/pins"),
        format!("/api/conversations/{uuid}"),
        "/api/conversations?limit=50".to_owned(),
        "/api/conversations?page=1".to_owned(),
        format!("/message/get-messages?conversationId={uuid}&limit=100"),
        format!("/message/get-pinned?conversationId={uuid}"),
    ]
}

/// Changes a message by a speaker's ways, which must succeed.
pub async fn changed(
    stage: &Stage,
    who: &Person,
    speaker: Speaker,
    message: &Named,
    change: Change<'_>,
) -> Value {
    let socket = who.opens_a_socket().await;
    let (status, answer) = changes(who, &socket, speaker, &stage.uuid, message, change).await;
    assert_eq!(status, 200, "{change:?} by {speaker:?}: {answer}");
    answer
}

/// Edited text is the only text, everywhere, from the commit on.
#[tokio::test]
async fn words_that_were_edited_are_nowhere_any_more() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let (ann, bob) = (&stage.ann, &stage.bob);
        for speaker in SPEAKERS {
            let said = Named::of(&stage.chat, &ann.sends_to(&stage.uuid, "At midnight").await);
            // The pin lists have something to list; every speaker's message is the last one once.
            changed(&stage, ann, speaker, &said, Change::Pin).await;
            changed(&stage, ann, speaker, &said, Change::Edit("At noon")).await;
            for path in lists(&stage) {
                let shown = bob.get(&path).await.has_status(200).text();
                let right = shown.contains("At noon") && !shown.contains("midnight");
                assert!(right, "{sort:?} by {speaker:?}, {path}: {shown}");
            }
            let path = format!("/api/admin/conversations/{}/messages", stage.uuid);
            let shown = stage.chat.admin().get(path).await.has_status(200).text();
            assert!(!shown.contains("midnight"), "{shown}");
            let path = format!("/message/get-message/{}", said.uuid);
            let one = bob.get(path).await.has_status(200).json();
            let mut now = Now::said("At noon");
            (now.edited, now.pinned) = (true, Some(ann));
            now.is_told(Listener::Campus, &one, false);
            let path = format!("/api/conversations/{}/messages/{}", stage.uuid, said.uuid);
            let one = bob.get(path).await.has_status(200).json();
            now.is_told(Listener::Mentor, &one, false);
        }
        assert!(!stage.chat.said().concat().contains("midnight"));
    }
}

#[tokio::test]
async fn a_mail_that_waits_tells_the_words_as_they_are() {
    let chat = Chat::with(&["--mail-delay", "2s"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.campus("bob").await);
    let place = ann.meets(&bob).await;
    let said = id(&ann.sends_to(&place, "At midnight").await);
    let path = format!("/message/update/{said}");
    let edits = async |words: &str| {
        let edit = ann.patch(&path, json!({ "message": words })).await;
        edit.has_status(200);
    };
    // Before it is written, and while it waits for a mail server.
    edits("At noon").await;
    let mail = chat.digest_to(&bob).await.to_string();
    assert!(
        mail.contains("At noon") && !mail.contains("midnight"),
        "{mail}"
    );
    edits("At one").await;
    let mails = chat.digests_to(&bob).await;
    let told = Value::from(mails).to_string();
    assert!(!told.contains("At noon"), "from the commit on: {told}");
    eventually("it was written anew", async || {
        let mails = chat.digests_to(&bob).await;
        mails.len() == 1 && mails[0].to_string().contains("At one")
    })
    .await;
}

#[tokio::test]
async fn an_answer_outlives_what_it_answers() {
    let stage = Stage::of(Sort::Group).await;
    let first = Named::of(
        &stage.chat,
        &stage.ann.sends_to(&stage.uuid, "A question").await,
    );
    let mouth = stage.ann.opens_a_socket().await;
    let said = answers(&stage, &mouth, Speaker::RoomsSocket, &first, "An answer").await;
    changed(
        &stage,
        &stage.ann,
        Speaker::RoomsRest,
        &first,
        Change::Delete,
    )
    .await;
    let mut now = Now::said("An answer");
    now.reply_to = Some(first);
    let path = format!(
        "/message/get-message/{}",
        Named::of(&stage.chat, &said).uuid
    );
    let one = stage.bob.get(path).await.has_status(200).json();
    now.is_told(Listener::Campus, &one, false);
    let history = stage.bob.history(&stage.hex).await;
    now.is_told(Listener::Rooms, history.last().expect("the answer"), false);
}

#[tokio::test]
async fn what_is_gone_takes_along_the_files_that_nothing_else_names() {
    let stage = Stage::of(Sort::Group).await;
    let (ann, bob) = (&stage.ann, &stage.bob);
    let uploads = async |words: &str| {
        let file = ann
            .uploads(Form::file("plan.txt", "text/plain", words))
            .await;
        let file = file.has_status(201).json()["data"].clone();
        file["url"].as_str().expect("a url").to_owned()
    };
    let (once, twice) = (
        uploads("the secret plan").await,
        uploads("the other plan").await,
    );
    let attach = async |urls: &[&String]| {
        let attachments = urls.iter().map(|url| {
            json!({ "filename": "plan.txt", "mimeType": "text/plain", "url": url, "size": 8 })
        });
        let said = json!({ "content": "", "attachments": attachments.collect::<Value>() });
        let path = format!("/api/conversations/{}/messages", stage.uuid);
        Named::of(
            &stage.chat,
            &ann.post(path, said).await.has_status(201).json(),
        )
    };
    let first = attach(&[&once, &twice]).await;
    let second = attach(&[&twice]).await;
    let kept = || {
        let all = "SELECT bytes FROM file_parts ORDER BY file";
        let all: Vec<Vec<u8>> = stage.chat.kept.all(all, &[]);
        let texts = all.into_iter().map(String::from_utf8);
        texts.collect::<Result<Vec<_>, _>>().expect("texts")
    };
    assert_eq!(kept(), ["the secret plan", "the other plan"]);
    changed(&stage, ann, Speaker::MentorRest, &first, Change::Delete).await;
    for who in [ann, bob] {
        who.get(&once).await.refused(404);
        who.get(&twice).await.has_status(200);
    }
    assert_eq!(kept(), ["the other plan"]);
    // An edit keeps what is attached, and its words may go.
    changed(
        &stage,
        ann,
        Speaker::MentorRest,
        &second,
        Change::Edit("Words"),
    )
    .await;
    let edited = changed(&stage, ann, Speaker::MentorRest, &second, Change::Edit("")).await;
    assert_eq!(edited["attachments"][0]["url"], json!(twice));
    bob.get(&twice).await.has_status(200);
    changed(&stage, ann, Speaker::DirectSocket, &second, Change::Delete).await;
    bob.get(&twice).await.refused(404);
    assert_eq!(kept(), [""; 0]);
}

/// Unread counts, receipts and order are untouched by changes, save that a deleted unread message counts no more.
#[tokio::test]
async fn what_is_unread_read_and_in_which_order_is_as_it_was_whatever_changes() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let (ann, bob) = (&stage.ann, &stage.bob);
        let direct = Listener::Direct;
        let ears = stage.listens(ann, &[direct]).await;
        let read = Named::of(&stage.chat, &ann.sends_to(&stage.uuid, "Read").await);
        bob.reads(&stage.uuid).await;
        let (mut unread, mut said) = (Vec::new(), Vec::new());
        for words in ["One", "Two", "Three"] {
            unread.push(Named::of(
                &stage.chat,
                &ann.sends_to(&stage.uuid, words).await,
            ));
        }
        for _ in 0..4 {
            said.push(ears.socket.hears("new_message", json!({})).await);
        }
        ears.socket.hears("messages_read", json!({})).await;
        // Another conversation was active since.
        let later = ann.gathers("Later", &[bob]).await;
        ann.sends_to(&later, "Later").await;
        let before = bob.get("/api/conversations?limit=50").await.json();
        let paged = bob.get("/api/conversations?page=1").await.json();
        assert_eq!(before[0]["name"], "Later");
        for (message, is_read) in [(&read, true), (&unread[0], false), (&unread[1], false)] {
            for change in [
                Change::Edit("Edited"),
                Change::React("👍"),
                Change::Pin,
                Change::TakeBack("👍"),
                Change::Unpin,
            ] {
                let answer = changed(&stage, ann, Speaker::DirectSocket, message, change).await;
                let told = ears.socket.hears(updated_in(direct), json!({})).await;
                for shown in [&answer, message_in(direct, &told)] {
                    assert_eq!(shown["is_read"], is_read, "{shown}");
                    assert_eq!(shown["read_at"].is_string(), is_read, "{shown}");
                }
            }
        }
        assert_eq!(bob.get("/api/conversations?limit=50").await.json(), before);
        assert_eq!(bob.get("/api/conversations?page=1").await.json(), paged);
        // What is deleted is unread no more, and everything else is as it was.
        for (gone, left) in [(&read, 3), (&unread[2], 2), (&unread[0], 1)] {
            changed(&stage, ann, Speaker::CampusRest, gone, Change::Delete).await;
            let conversation = bob.conversation(&stage.uuid).await;
            assert_eq!(conversation["unreadCount"], left, "{sort:?}");
            let listed = bob.get("/api/conversations?limit=50").await.json();
            assert_eq!(listed[0]["name"], "Later", "{listed}");
        }
        assert_eq!(bob.reads(&stage.uuid).await, 1);
        let history = bob.history(&stage.hex).await;
        let words: Vec<_> = history.iter().map(|one| one["content"].clone()).collect();
        assert_eq!(words, ["I am here", "Edited"]);
    }
}

#[tokio::test]
async fn what_one_has_said_one_may_delete_also_after_leaving() {
    let stage = Stage::of(Sort::Group).await;
    let (ann, bob) = (&stage.ann, &stage.bob);
    let mut said = Vec::new();
    for _ in SPEAKERS {
        said.push(Named::of(
            &stage.chat,
            &bob.sends_to(&stage.uuid, "By Bob").await,
        ));
    }
    let listening = stage.listens_everywhere(ann).await;
    let path = format!("/api/conversations/{}/members/{}", stage.uuid, bob.uuid);
    bob.delete(path).await.has_status(200);
    let mouth = bob.opens_a_socket().await;
    for (speaker, message) in SPEAKERS.into_iter().zip(&said) {
        for change in [Change::Edit("Edited"), Change::React("👍"), Change::Pin] {
            let refused = changes(bob, &mouth, speaker, &stage.uuid, message, change).await;
            assert_eq!(refused.0, 404, "{change:?} by {speaker:?}: {}", refused.1);
        }
        changed(&stage, bob, speaker, message, Change::Delete).await;
        for ears in &listening {
            for dialect in &ears.dialects {
                let (event, body, _) = super::gone::gone_in(&stage, *dialect, message.number);
                ears.socket.hears(event, body).await;
            }
        }
    }
    let left = ann.history(&stage.hex).await;
    assert_eq!(left.len(), 1, "{left:?}");
}

#[tokio::test]
async fn what_an_administrator_deletes_of_others_is_in_the_audit_log() {
    let stage = Stage::of(Sort::Room).await;
    let (chat, ann, bob) = (&stage.chat, &stage.ann, &stage.bob);
    let admin = chat.admin();
    let audited = async || {
        let log = admin
            .get("/api/admin/audit?limit=100")
            .await
            .has_status(200)
            .json();
        let log = log["audit"].as_array().expect("a log");
        let deletions = log.iter().filter(|one| one["action"] == "message.delete");
        deletions.cloned().collect::<Vec<_>>()
    };
    let says = async |who: &Person| Named::of(chat, &who.posts(&stage.hex, "Hello").await);
    // What an owner or an author deletes is nobody else's business.
    for (by, who) in [(ann, bob), (bob, bob), (&admin, &admin)] {
        let said = says(who).await;
        changed(&stage, by, Speaker::CampusRest, &said, Change::Delete).await;
    }
    assert_eq!(audited().await, Vec::<Value>::new());
    for (count, speaker) in SPEAKERS.into_iter().enumerate() {
        let said = says(bob).await;
        for _ in 0..2 {
            changed(&stage, &admin, speaker, &said, Change::Delete).await;
        }
        let log = audited().await;
        assert_eq!(log.len(), count + 1, "{speaker:?}, once: {log:?}");
        let subject = format!("message {}", said.number);
        assert_eq!(log[0]["subject"], json!(subject), "{log:?}");
    }
    // Where administrators may not read they delete nothing, but by their own API.
    let pair = ann.meets(bob).await;
    let said = Named::of(chat, &ann.sends_to(&pair, "Between us").await);
    admin
        .delete(format!("/message/remove/{}", said.uuid))
        .await
        .refused(404);
}

async fn mentioned(who: &Person, place: &str, words: &str) -> Vec<String> {
    let said = who.sends_to(place, words).await;
    let mentions = said["mentions"].as_array().cloned().unwrap_or_default();
    assert_eq!(
        said.get("mentions").is_some(),
        !mentions.is_empty(),
        "{said}"
    );
    let mentions = mentions
        .iter()
        .map(|one| one.as_str().expect("an id").to_owned());
    mentions.collect()
}

#[tokio::test]
async fn whom_a_text_mentions() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    // Rooms asks for a username; campus and emote for a name, which others may have too.
    let (bob, cleo) = (chat.rooms("bob_x").await, chat.campus("Cleo Stone").await);
    let (dora, twin) = (chat.emote("Dora").await, chat.campus("Cleo Stone II").await);
    let (stranger, example) = (chat.rooms("stranger").await, chat.rooms("example").await);
    let all = [&bob, &cleo, &dora, &twin, &example];
    let group = ann.gathers("Friends", &all).await;
    let nobody: [&Person; 0] = [];
    for (words, expected) in [
        ("@bob_x", &[&bob][..]),
        ("Hello @Bob_X, and @dora!", &[&bob, &dora]),
        ("(@cleo stone)", &[&cleo]),
        ("@Cleo Stone, look", &[&cleo]),
        ("@Cleo Stone II is here", &[&twin]),
        ("@Cleo", &nobody),
        ("@stranger @nobody @ann @", &nobody),
        ("bob_x@example.test, mailto:dora@example", &nobody),
        ("bob_x Dora Cleo Stone", &nobody),
        ("@dora @dora @Dora", &[&dora]),
        ("@example.test", &[&example]),
    ] {
        let mut expected: Vec<_> = expected.iter().map(|one| one.uuid.clone()).collect();
        let mut told = mentioned(&ann, &group, words).await;
        expected.sort();
        told.sort();
        assert_eq!(told, expected, "{words}");
    }
    // A room is open to everybody, and mentions its members.
    let room = ann.opens_room("Lobby").await;
    assert_eq!(mentioned(&ann, &room, "@stranger").await, [""; 0]);
    stranger.posts(&room, "I am here").await;
    assert_eq!(
        mentioned(&ann, &room, "@stranger").await,
        std::slice::from_ref(&stranger.uuid)
    );
}

#[tokio::test]
async fn who_is_mentioned_sees_how_often_until_it_is_read() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let (ann, bob) = (&stage.ann, &stage.bob);
        bob.reads(&stage.uuid).await;
        let counts = async |expected: Option<i64>| {
            let one = bob.conversation(&stage.uuid).await;
            let listed = bob.get("/api/conversations?limit=50").await.json();
            for shown in [&one, &listed[0]] {
                assert_eq!(
                    shown.get("unreadMentions"),
                    expected.map(Value::from).as_ref()
                );
            }
            assert_eq!(
                ann.conversation(&stage.uuid).await.get("unreadMentions"),
                None
            );
        };
        ann.sends_to(&stage.uuid, "To nobody").await;
        counts(None).await;
        let mut said = Vec::new();
        for words in ["@bob one", "@bob two", "@bob three", "and @bob, twice @bob"] {
            said.push(Named::of(
                &stage.chat,
                &ann.sends_to(&stage.uuid, words).await,
            ));
        }
        counts(Some(4)).await;
        changed(
            &stage,
            ann,
            Speaker::RoomsRest,
            &said[0],
            Change::Edit("none"),
        )
        .await;
        counts(Some(3)).await;
        changed(
            &stage,
            ann,
            Speaker::RoomsRest,
            &said[0],
            Change::Edit("@bob"),
        )
        .await;
        counts(Some(4)).await;
        changed(&stage, ann, Speaker::CampusRest, &said[1], Change::Delete).await;
        counts(Some(3)).await;
        let upto = json!({ "messageId": said[2].uuid });
        let path = format!("/api/conversations/{}/read", stage.uuid);
        bob.patch(&path, upto).await.has_status(200);
        counts(Some(1)).await;
        bob.reads(&stage.uuid).await;
        counts(None).await;
    }
}

#[tokio::test]
async fn reacting_in_an_open_room_makes_no_member() {
    let stage = Stage::of(Sort::Room).await;
    let eve = stage.chat.rooms("eve").await;
    let said = Named::of(&stage.chat, &stage.ann.posts(&stage.hex, "Hello").await);
    for (speaker, emoji) in SPEAKERS.into_iter().zip(["1", "2", "3", "4", "5", "6"]) {
        changed(&stage, &eve, speaker, &said, Change::React(emoji)).await;
        changed(&stage, &eve, speaker, &said, Change::TakeBack(emoji)).await;
        changed(&stage, &eve, speaker, &said, Change::React(emoji)).await;
    }
    let listed = eve.get("/api/conversations?limit=10").await;
    assert_eq!(listed.has_status(200).json(), json!([]));
    let people = stage.ann.conversation(&stage.uuid).await["participants"].to_string();
    assert!(!people.contains(&eve.uuid), "{people}");
    let shown = stage.bob.history(&stage.hex).await;
    let shown = shown.last().expect("the message")["reactions"].as_array();
    assert_eq!(shown.map(Vec::len), Some(SPEAKERS.len()));
}

#[tokio::test]
async fn of_a_crowd_that_reacts_the_first_hundred_are_named() {
    let stage = Stage::of(Sort::Room).await;
    let said = Named::of(
        &stage.chat,
        &stage.ann.posts(&stage.hex, "Who comes?").await,
    );
    let arriving = (0..104).map(async |at| stage.chat.rooms(&format!("guest{at}")).await);
    let guests = futures_util::future::join_all(arriving).await;
    let react = async |who: &Person, on: bool| {
        let method = if on { "PUT" } else { "DELETE" };
        let path = format!("/api/messages/{}/reactions/%F0%9F%91%8D", said.hex);
        who.sends(Request::new(method, path))
            .await
            .has_status(200)
            .json()["data"]
            .clone()
    };
    let told = async |message: &Value, first: &[Person], count: usize| {
        let ids: Value = first.iter().take(100).map(|one| json!(one.id)).collect();
        let expected = json!([{ "emoji": "👍", "count": count, "users": ids }]);
        assert_eq!(message["reactions"], expected);
        let history = stage.bob.history(&stage.hex).await;
        assert_eq!(history.last().expect("the message")["reactions"], expected);
    };
    let mut message = Value::Null;
    for guest in &guests {
        message = react(guest, true).await;
    }
    told(&message, &guests, 104).await;
    // Who comes next moves up.
    let message = react(&guests[0], false).await;
    told(&message, &guests[1..], 103).await;
    // Two at once are two; none is lost.
    let all = guests[1..].iter().map(|guest| react(guest, false));
    futures_util::future::join_all(all).await;
    let history = stage.bob.history(&stage.hex).await;
    assert_eq!(history.last().expect("the message").get("reactions"), None);
    let before = position(&stage.ann).await;
    react(&guests[0], false).await;
    assert_eq!(position(&stage.ann).await, before);
}
