//! A client that knows only its document, among others who edit, react, pin and delete: it notices nothing. The rules that
//! keep it so, each in the words in which they are promised. The third and the seventh are played in `changed`, too.

use super::changed::{changed, lists};
use super::changes::{Change, Named, answers, changes};
use super::stage::*;
use crate::support::*;
use std::collections::BTreeSet;

/// What a document says that its clients hear and get, as it shows it; nothing else is known to them.
struct Document {
    listener: Listener,
    /// Where its people talk.
    sorts: &'static [Sort],
    /// The events that its clients hear, and what is in them.
    hears: &'static [(&'static str, &'static str)],
    /// Its routes that show messages or conversations, where in the answer they stand, and what each of them is. `{}` is the
    /// conversation.
    lists: &'static [(&'static str, &'static str, &'static str)],
}

const CAMPUS_MESSAGE: &str = r#"{
   "id": "string",
   "message": "string",
   "senderId": "string",
   "conversationId": "string",
   "createdAt": "date"
}"#;

const MENTORS_MESSAGE: &str = r#"{
  "id": "uuid", "conversationId": "uuid", "senderId": "uuid", "content": "Hello, mentor!", "contentType": "text",
  "attachments": [{ "filename": "doc.pdf", "mimeType": "application/pdf", "url": "https://...", "size": 12345 }],
  "createdAt": "2024-01-15T12:00:00Z"
}"#;

const MENTORS_CONVERSATION: &str = r#"{
  "id": "uuid",
  "mentor": { "id": "uuid", "fullName": "John Doe", "avatarUrl": null },
  "mentee": { "id": "uuid", "fullName": "Jane Doe", "avatarUrl": null },
  "session": { "id": "uuid", "startAt": "2024-01-15T10:00:00Z", "status": "completed" },
  "lastMessage": { "id": "uuid", "content": "Hello!", "createdAt": "...", "senderId": "uuid" },
  "unreadCount": 3,
  "updatedAt": "2024-01-15T12:00:00Z"
}"#;

const ROOMS_MESSAGE: &str = r#"{
  "_id": "64f8a1b2c3d4e5f6a7b8c9d2",
  "content": "Hello everyone!",
  "sender": { "_id": "64f8a1b2c3d4e5f6a7b8c9d0", "username": "john_doe" },
  "createdAt": "2024-01-01T00:00:00.000Z"
}"#;

const ROOM: &str = r#"{
  "_id": "64f8a1b2c3d4e5f6a7b8c9d1",
  "name": "General Discussion",
  "description": "A room for general conversations",
  "createdAt": "2024-01-01T00:00:00.000Z"
}"#;

const DIRECTS_MESSAGE: &str = r#"{
  "id": 101,
  "conversation_id": 123,
  "sender_id": 456,
  "receiver_id": 789,
  "content": "Hello world!",
  "is_read": false,
  "read_at": null,
  "created_at": "2023-10-27T10:00:00.000Z"
}"#;

const DOCUMENTS: [Document; 4] = [
    Document {
        listener: Listener::Campus,
        sorts: &[Sort::Direct, Sort::Group],
        hears: &[
            ("receive-message", CAMPUS_MESSAGE),
            ("receive-group-message", CAMPUS_MESSAGE),
        ],
        lists: &[(
            "/message/get-messages?conversationId={}",
            "",
            CAMPUS_MESSAGE,
        )],
    },
    Document {
        listener: Listener::Mentor,
        sorts: &[Sort::Session],
        hears: &[
            (
                "new_message",
                r#"{ "conversationId": "uuid", "message": {} }"#,
            ),
            (
                "user_typing",
                r#"{ "conversationId": "uuid", "userId": "uuid", "isTyping": true }"#,
            ),
            (
                "messages_read",
                r#"{ "conversationId": "uuid", "readBy": "uuid", "count": 1 }"#,
            ),
        ],
        lists: &[
            (
                "/api/conversations?limit=20&offset=0",
                "",
                MENTORS_CONVERSATION,
            ),
            (
                "/api/conversations/{}/messages?limit=100",
                "/messages",
                MENTORS_MESSAGE,
            ),
        ],
    },
    Document {
        listener: Listener::Rooms,
        sorts: &[Sort::Room],
        hears: &[("message", ROOMS_MESSAGE), ("fileUpload", "{}")],
        lists: &[
            ("/api/rooms", "/data", ROOM),
            ("/api/rooms/{}", "/data/messages", ROOMS_MESSAGE),
            ("/api/messages/{}?limit=100", "/data", ROOMS_MESSAGE),
        ],
    },
    Document {
        listener: Listener::Direct,
        sorts: &[Sort::Direct],
        hears: &[
            ("new_message", DIRECTS_MESSAGE),
            (
                "message_notification",
                r#"{
                  "id": 101, "conversation_id": 123, "sender_id": 456, "receiver_id": 789, "content": "Hello world!",
                  "is_read": false, "created_at": "2023-10-27T10:00:00.000Z", "type": "new_message"
                }"#,
            ),
            (
                "messages_read",
                r#"{ "conversationId": 123, "userId": 456, "readAt": "2023-10-27T10:05:00.000Z" }"#,
            ),
            (
                "typing_start",
                r#"{ "conversationId": 123, "userId": 456 }"#,
            ),
            ("typing_stop", r#"{ "conversationId": 123, "userId": 456 }"#),
            ("new_notification", "{}"),
            ("error", r#"{ "message": "Failed to send message" }"#),
        ],
        lists: &[],
    },
];

impl Document {
    fn knows(&self, event: &str) -> Option<&'static str> {
        let known = self.hears.iter().find(|(name, _)| *name == event);
        known.map(|(_, shape)| *shape)
    }

    /// Bob says something as his document has it.
    async fn says(&self, stage: &Stage, socket: &Socket, words: &str) -> Value {
        match self.listener {
            Listener::Campus => stage.bob.sends_to(&stage.uuid, words).await,
            Listener::Mentor => stage.bob.says(&stage.uuid, words).await,
            Listener::Rooms => stage.bob.posts(&stage.hex, words).await,
            Listener::Direct => {
                let said = json!({ "conversationId": stage.number, "content": words });
                socket.does("send_message", said).await["message"].clone()
            }
        }
    }
}

/// Everything that the document shows is there, and of its type; where it shows null, a moment may be.
#[track_caller]
fn is_as_documented(got: &Value, shape: &str) {
    let shape = serde_json::from_str(shape).expect("a shape is JSON");
    let mut wrong = Vec::new();
    compare("", got, &shape, &mut wrong);
    assert!(wrong.is_empty(), "{wrong:?} in {got}");
}

fn compare(path: &str, got: &Value, shape: &Value, wrong: &mut Vec<String>) {
    match (shape, got) {
        (Value::Object(fields), Value::Object(given)) => {
            for (name, shape) in fields {
                let path = format!("{path}/{name}");
                match given.get(name) {
                    Some(got) => compare(&path, got, shape, wrong),
                    None => wrong.push(format!("{path} is missing")),
                }
            }
        }
        (Value::Array(shapes), Value::Array(given)) => {
            for got in given {
                compare(path, got, &shapes[0], wrong);
            }
        }
        (Value::String(_) | Value::Null, Value::String(_))
        | (Value::Null, Value::Null)
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => {}
        _ => wrong.push(format!("{path} is {got}, not like {shape}")),
    }
}

/// What others do to messages, over and over.
const CHANGES: [Change<'static>; 8] = [
    Change::React("👍"),
    Change::Edit("Edited"),
    Change::Pin,
    Change::React("🎉"),
    Change::Edit("Edited again, @bob"),
    Change::TakeBack("👍"),
    Change::Unpin,
    Change::Delete,
];

/// The words of a message in whatever shape.
fn words(message: &Value) -> String {
    let inner = message.get("message").filter(|inner| inner.is_object());
    let message = inner.unwrap_or(message);
    let words = message.get("content").or(message.get("message"));
    words.and_then(Value::as_str).expect("words").to_owned()
}

/// Rule 1: no known event with another meaning, none sent again for a change, no documented field missing, null or of another
/// type because of one.
async fn notices_nothing(document: &Document, sort: Sort) {
    let stage = Stage::of(sort).await;
    let (ann, bob, listener) = (&stage.ann, &stage.bob, document.listener);
    let old = stage.listens(bob, &[listener]).await.socket;
    let mouth = ann.opens_a_socket().await;
    let (mut expected, mut anns, mut living) = (Vec::new(), Vec::new(), Vec::new());
    let (mut gone, mut turn) = (BTreeSet::new(), 0);
    // He has said something too, which they change; in a conversation of two nobody deletes what is his.
    let his = document.says(&stage, &old, "By Bob").await;
    let his = Named::of(&stage.chat, &his);
    expected.push("By Bob".to_owned());
    for change in [
        Change::React("👍"),
        Change::React("🎉"),
        Change::TakeBack("👍"),
    ] {
        changed(&stage, ann, Speaker::DirectSocket, &his, change).await;
    }
    if !sort.is_of_two() {
        changed(&stage, ann, Speaker::CampusSocket, &his, Change::Delete).await;
        gone.insert(his.number);
    }
    for round in 0..5 {
        for speaker in SPEAKERS {
            let content = format!("{round} by {speaker:?}");
            stage.says(speaker, &mouth, &content).await;
            let history = ann.history(&stage.hex).await;
            let said = history.last().expect("a message");
            assert_eq!(said["content"], json!(content));
            living.push(Named::of(&stage.chat, said));
            expected.push(content.clone());
            anns.push(content);
            // One of those said before, each of them several times, by changing ways.
            let at = (turn * 5 / 3) % living.len();
            let change = CHANGES[turn % CHANGES.len()];
            let by = SPEAKERS[(turn + 1) % SPEAKERS.len()];
            changed(&stage, ann, by, &living[at], change).await;
            if change == Change::Delete {
                gone.insert(living.remove(at).number);
            }
            turn += 1;
        }
    }
    assert!(gone.len() >= 3, "they have deleted, too");
    ann.reads(&stage.uuid).await;
    let answered = answers(
        &stage,
        &mouth,
        Speaker::MentorRest,
        &living[0],
        "@bob, the last",
    )
    .await;
    living.push(Named::of(&stage.chat, &answered));
    expected.push("@bob, the last".to_owned());
    anns.push("@bob, the last".to_owned());

    let heard = old.hears_the_rest().await;
    let is_known = |(event, _): &&(String, Value)| document.knows(event).is_some();
    // What is said to somebody is told to all his sockets in `/`, as ever.
    let heard = heard
        .iter()
        .filter(|(event, _)| listener == Listener::Direct || event != "message_notification");
    let (known, beyond): (Vec<_>, Vec<_>) = heard.partition(is_known);
    for (event, body) in &known {
        let shape = document.knows(event).expect("a known event");
        is_as_documented(body, shape);
        if listener == Listener::Mentor && event == "new_message" {
            is_as_documented(&body["message"], MENTORS_MESSAGE);
        }
    }
    // Each message once, in the order in which they were said, with the words of that time.
    let said = |name: &str| {
        let those = known.iter().filter(|(event, _)| event == name);
        those.map(|(_, body)| words(body)).collect::<Vec<_>>()
    };
    let (event, ..) = stage.heard_in(listener, "");
    assert_eq!(said(event), expected, "{event}");
    let receipts = matches!(listener, Listener::Mentor | Listener::Direct);
    let count = |name: &str| known.iter().filter(|(event, _)| event == name).count();
    assert_eq!(count("messages_read"), usize::from(receipts));
    let mut all = expected.len() + usize::from(receipts);
    if listener == Listener::Direct {
        assert_eq!(said("message_notification"), anns);
        all += anns.len();
    }
    assert_eq!(known.len(), all, "and nothing else that it knows");
    // What it does not know is called as nothing that any document knows.
    let documented = DOCUMENTS.iter().flat_map(|one| one.hears);
    let documented: BTreeSet<_> = documented.map(|(event, _)| *event).collect();
    assert!(
        beyond.len() > turn / 2,
        "everything else was told beside it"
    );
    for (event, _) in &beyond {
        assert!(!documented.contains(event.as_str()), "{event}");
    }

    shows_what_it_documents(document, &stage, &living, &gone).await;

    // Away, and back with the last message that it knows of.
    drop(old);
    let last = living.last().expect("a message").clone();
    let (missed, short) = (
        Named::of(&stage.chat, &ann.sends_to(&stage.uuid, "Missed").await),
        Named::of(
            &stage.chat,
            &ann.sends_to(&stage.uuid, "Came and went").await,
        ),
    );
    changed(&stage, ann, Speaker::RoomsRest, &short, Change::Delete).await;
    changed(
        &stage,
        ann,
        Speaker::RoomsRest,
        &last,
        Change::Edit("Edited meanwhile"),
    )
    .await;
    changed(
        &stage,
        ann,
        Speaker::RoomsRest,
        &missed,
        Change::React("👍"),
    )
    .await;
    changed(&stage, ann, Speaker::RoomsRest, &living[0], Change::Delete).await;
    let back = stage
        .comes_back(bob, listener, &last.in_dialect(listener))
        .await;
    // However long it takes; nothing more that it knows comes behind it.
    let mut heard = vec![(event.to_owned(), back.hears(event, json!({})).await)];
    heard.extend(back.hears_the_rest().await);
    let known: Vec<_> = heard.iter().filter(is_known).collect();
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(
        (known[0].0.as_str(), words(&known[0].1)),
        (event, "Missed".to_owned())
    );
    is_as_documented(&known[0].1, document.knows(event).expect("a known event"));
}

/// What its document's routes list is what is there, in the document's shape.
async fn shows_what_it_documents(
    document: &Document,
    stage: &Stage,
    living: &[Named],
    gone: &BTreeSet<i64>,
) {
    let place = match document.listener {
        Listener::Rooms => &stage.hex,
        _ => &stage.uuid,
    };
    for (path, at, shape) in document.lists {
        let path = path.replace("{}", place);
        let listed = stage.bob.get(&path).await.has_status(200).json();
        let items = listed.pointer(at).and_then(Value::as_array);
        let items = items.unwrap_or_else(|| panic!("{path}: {listed}"));
        assert!(!items.is_empty(), "{path}");
        for item in items {
            is_as_documented(item, shape);
        }
        if [ROOM, MENTORS_CONVERSATION].contains(shape) {
            continue;
        }
        let ids = items.iter().map(|item| Named::of(&stage.chat, item).number);
        let ids: BTreeSet<_> = ids.collect();
        assert!(ids.is_disjoint(gone), "{path}");
        assert!(living.iter().all(|one| ids.contains(&one.number)), "{path}");
        // To what nobody has touched nothing was added.
        let untouched = items.iter().find(|item| words(item) == "I am here");
        let fields = untouched
            .expect("the first message")
            .as_object()
            .expect("a message");
        let shape: Value = serde_json::from_str(shape).expect("a shape is JSON");
        let names =
            |fields: &serde_json::Map<_, _>| fields.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(
            names(fields),
            names(shape.as_object().expect("an object")),
            "{path}"
        );
    }
}

async fn clients_notice_nothing(listener: Listener) {
    let document = DOCUMENTS.iter().find(|one| one.listener == listener);
    let document = document.expect("its document");
    for sort in document.sorts {
        notices_nothing(document, *sort).await;
    }
}

#[tokio::test]
async fn rule_1_a_client_of_campus_notices_nothing() {
    clients_notice_nothing(Listener::Campus).await;
}

#[tokio::test]
async fn rule_1_a_client_of_mentor_notices_nothing() {
    clients_notice_nothing(Listener::Mentor).await;
}

#[tokio::test]
async fn rule_1_a_client_of_rooms_notices_nothing() {
    clients_notice_nothing(Listener::Rooms).await;
}

#[tokio::test]
async fn rule_1_a_client_of_direct_notices_nothing() {
    clients_notice_nothing(Listener::Direct).await;
}

#[tokio::test]
async fn rule_1_a_client_of_emote_notices_nothing() {
    let stage = Stage::of(Sort::Group).await;
    let (ann, dora) = (&stage.ann, stage.chat.emote("dora").await);
    let member = format!("/api/conversations/{}/members", stage.uuid);
    ann.post(&member, json!({ "userId": dora.uuid }))
        .await
        .has_status(200);
    let listed = async || {
        let conversations = dora.get("/api/conversations?page=1&page_size=30").await;
        let users = dora.get("/api/profile/users").await;
        (
            conversations.has_status(200).json(),
            users.has_status(200).json(),
        )
    };
    let said = Named::of(&stage.chat, &ann.sends_to(&stage.uuid, "Hello").await);
    let last = Named::of(&stage.chat, &ann.sends_to(&stage.uuid, "The last").await);
    let before = listed().await;
    for message in [&said, &last] {
        for change in [
            Change::React("👍"),
            Change::Pin,
            Change::Edit("@dora"),
            Change::TakeBack("👍"),
        ] {
            changed(&stage, ann, Speaker::MentorRest, message, change).await;
        }
    }
    // But for the last message's words there is nothing new, and nothing else.
    let mut expected = before.clone();
    assert_eq!(
        expected.0["conversations"][0]["lastMessage"]["content"],
        "The last"
    );
    expected.0["conversations"][0]["lastMessage"]["content"] = json!("@dora");
    assert_eq!(listed().await, expected);
    changed(&stage, ann, Speaker::MentorRest, &last, Change::Delete).await;
    let now = listed().await;
    let shown = &now.0["conversations"][0];
    assert_looks_like(
        shown,
        json!({ "unreadCount": 1, "lastMessage": { "id": said.uuid, "content": "@dora" } }),
        "the conversation",
    );
    assert_eq!(now.0["pagination"], before.0["pagination"]);
    assert_eq!(now.1, before.1);
}

/// Walks all pages of rooms' list, as its `pagination` says.
async fn pages_of_rooms(who: &Person, place: &str, limit: usize, order: &str) -> Vec<String> {
    let (mut found, mut page, mut pages) = (Vec::new(), 1, 1);
    while page <= pages {
        let path = format!("/api/messages/{place}?page={page}&limit={limit}&order={order}");
        let listed = who.get(path).await.has_status(200).json();
        let items = listed["data"].as_array().expect("a list");
        assert!(items.len() <= limit, "{listed}");
        found.extend(items.iter().map(words));
        pages = listed["pagination"]["totalPages"]
            .as_u64()
            .expect("a number");
        page += 1;
    }
    found
}

/// Walks all pages of mentor's list by its cursors.
async fn pages_of_mentor(who: &Person, place: &str, limit: usize) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/conversations/{place}/messages?limit={limit}{cursor}");
        let listed = who.get(path).await.has_status(200).json();
        let items = listed["messages"].as_array().expect("a list");
        found.extend(items.iter().map(words));
        if listed["hasMore"] == false {
            return found;
        }
        let next = listed["nextCursor"].as_str().expect("a cursor");
        cursor = format!("&before={next}");
    }
}

/// Rule 2: deleted messages stand in no list, page, last message, count, total, search or mail; there is no empty stand-in. A
/// page may be shorter than its limit.
#[tokio::test]
async fn rule_2_what_is_deleted_stands_nowhere() {
    let stage = Stage::with(Sort::Group, &["--mail-delay", "3s"]).await;
    let (chat, ann, bob) = (&stage.chat, &stage.ann, &stage.bob);
    let cleo = chat.campus("cleo").await;
    let member = format!("/api/conversations/{}/members", stage.uuid);
    ann.post(member, json!({ "userId": cleo.uuid }))
        .await
        .has_status(200);
    bob.reads(&stage.uuid).await;
    let first = ann.history(&stage.hex).await;
    changed(
        &stage,
        bob,
        Speaker::RoomsRest,
        &Named::of(chat, &first[0]),
        Change::Delete,
    )
    .await;
    let (mut goes, mut stays) = (Vec::new(), Vec::new());
    for at in 0..24 {
        let word = if at % 3 == 1 { "Stays" } else { "Gone" };
        let said = Named::of(
            chat,
            &ann.sends_to(&stage.uuid, &format!("{word} {at}")).await,
        );
        changed(&stage, ann, Speaker::RoomsRest, &said, Change::Pin).await;
        if at % 3 == 1 {
            stays.push((at, said))
        } else {
            goes.push(said)
        }
    }
    for (at, message) in goes.iter().enumerate() {
        changed(
            &stage,
            ann,
            SPEAKERS[at % SPEAKERS.len()],
            message,
            Change::Delete,
        )
        .await;
    }
    let left: Vec<_> = stays.iter().map(|(at, _)| format!("Stays {at}")).collect();
    let newest: Vec<_> = left.iter().rev().cloned().collect();
    for path in lists(&stage) {
        let shown = bob.get(&path).await.has_status(200).text();
        assert!(
            shown.contains("Stays 22") && !shown.contains("Gone"),
            "{path}: {shown}"
        );
        for empty in [r#""content":"""#, r#""message":"""#, r#""content":null"#] {
            assert!(!shown.contains(empty), "{path}: {shown}");
        }
    }
    for path in ["/api/conversations?limit=9", "/api/conversations?page=1"] {
        let listed = bob.get(path).await.json();
        let shown = listed["conversations"].get(0).or(listed.get(0));
        let expected = json!({ "unreadCount": 8, "lastMessage": { "content": "Stays 22" } });
        assert_looks_like(shown.expect("a conversation"), expected, path);
    }
    let path = format!("/api/messages/{}?limit=20", stage.hex);
    let total = json!({ "pagination": { "total": 8 } });
    bob.get(path).await.looks_like(200, total);
    for limit in [1, 3, 20, 100] {
        assert_eq!(
            pages_of_rooms(bob, &stage.hex, limit, "asc").await,
            left,
            "{limit}"
        );
        assert_eq!(
            pages_of_rooms(bob, &stage.hex, limit, "desc").await,
            newest,
            "{limit}"
        );
        assert_eq!(
            pages_of_mentor(bob, &stage.uuid, limit).await,
            newest,
            "{limit}"
        );
    }
    let mail = chat.digest_to(&cleo).await;
    assert_eq!(mail["subject"], "8 messages you have not read");
    assert!(!mail.to_string().contains("Gone"), "{mail}");

    // A page that ended at what is deleted by now goes on behind it; reading up to it reads what was before it.
    let (_, cursor) = stays.pop().expect("one that stays");
    changed(&stage, ann, Speaker::MentorRest, &cursor, Change::Delete).await;
    let upto = json!({ "conversationId": stage.uuid, "messageId": cursor.uuid });
    for path in [
        format!(
            "/api/conversations/{}/messages?before={}",
            stage.uuid, cursor.uuid
        ),
        format!(
            "/message/get-messages?conversationId={}&before={}",
            stage.uuid, cursor.uuid
        ),
    ] {
        let listed = bob.get(path).await.has_status(200).json();
        let listed = listed
            .as_array()
            .or(listed["messages"].as_array())
            .map(Vec::len);
        assert_eq!(listed, Some(7));
    }
    assert_eq!(bob.does("mark_read", upto).await["count"], 7);
    for (_, message) in &stays {
        changed(&stage, ann, Speaker::CampusRest, message, Change::Delete).await;
    }
    let empty = bob.conversation(&stage.uuid).await;
    assert_eq!(
        (&empty["lastMessage"], &empty["unreadCount"]),
        (&Value::Null, &json!(0))
    );
    let path = format!("/api/messages/{}", stage.hex);
    let none = json!({ "data": [], "pagination": { "total": 0 } });
    bob.get(path).await.looks_like(200, none);
}

/// Rule 3: edited text is the only text, everywhere, from the commit on; waiting mails and the file's free pages included.
#[tokio::test]
async fn rule_3_not_even_the_file_keeps_what_was_edited_or_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::on_the_file(&file, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let mut said = Vec::new();
    for at in 0..60 {
        // Some fit into a page of the file beside others, some do not.
        let long = format!("midnight {at} ").repeat(1 + at % 7 * 100);
        said.push(ann.sends_to(&group, &long).await);
    }
    let plan = Form::file("plan.txt", "text/plain", "at midnight ".repeat(10_000));
    let plan = ann.uploads(plan).await.has_status(201).json()["data"]["url"].clone();
    let attached =
        json!([{ "filename": "plan.txt", "mimeType": "text/plain", "url": plan, "size": 8 }]);
    let with_plan = json!({ "content": "midnight", "attachments": attached });
    let path = format!("/api/conversations/{group}/messages");
    said.push(ann.post(&path, with_plan).await.has_status(201).json());
    for (at, message) in said.iter().enumerate() {
        let id = message["id"].as_str().expect("an id");
        match at % 2 {
            0 => ann.delete(format!("/message/remove/{id}")).await,
            _ => {
                let noon = json!({ "message": format!("noon {at}") });
                ann.patch(format!("/message/update/{id}"), noon).await
            }
        }
        .has_status(200);
    }
    assert_eq!(chat.stop().await, 0);
    for entry in std::fs::read_dir(folder.path()).expect("the folder") {
        let path = entry.expect("a file").path();
        let bytes = std::fs::read(&path).expect("a file");
        let holds = |words: &str| {
            bytes
                .windows(words.len())
                .any(|part| part == words.as_bytes())
        };
        assert!(!holds("midnight"), "{}", path.display());
        assert!(path != file || holds("noon 59"), "what is there is there");
    }
}

/// Rule 4: no system messages in the log; a text is what was typed: no quoted fallback, no `<@id>`, no HTML.
#[tokio::test]
async fn rule_4_the_log_holds_what_was_typed_and_nothing_else() {
    let stage = Stage::of(Sort::Group).await;
    let (ann, bob) = (&stage.ann, &stage.bob);
    let mouth = ann.opens_a_socket().await;
    let typed = ["I am here", "<b>@bob</b> & @ann", "> no quote", "<@1> *x*"];
    let first = Named::of(&stage.chat, &ann.sends_to(&stage.uuid, typed[1]).await);
    let second = answers(&stage, &mouth, Speaker::CampusSocket, &first, typed[2]).await;
    let second = Named::of(&stage.chat, &second);
    for change in [
        Change::React("👍"),
        Change::Pin,
        Change::Edit("@bob edited"),
        Change::Edit(typed[3]),
    ] {
        changed(&stage, ann, Speaker::DirectSocket, &second, change).await;
    }
    let third = Named::of(&stage.chat, &bob.sends_to(&stage.uuid, "Gone").await);
    changed(&stage, ann, Speaker::RoomsRest, &third, Change::Delete).await;
    let expected = [typed[0], typed[1], typed[3], ""];
    assert_eq!(stage.chat.said(), expected, "and the place of what is gone");
    let shown: Vec<_> = bob.history(&stage.hex).await.iter().map(words).collect();
    assert_eq!(shown, expected[..3]);
}

/// Rule 5: new refusals have documented statuses (403, 429) and concern only whom they mean.
#[tokio::test]
async fn rule_5_who_is_refused_is_told_and_nobody_else() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let (chat, ann, bob) = (&stage.chat, &stage.ann, &stage.bob);
        let said = Named::of(chat, &ann.sends_to(&stage.uuid, "Hello").await);
        let listening = stage.listens_everywhere(ann).await;
        let socket = bob.opens_a_socket().await;
        let mut refused = vec![Change::Edit("By Bob"), Change::Delete];
        refused.extend((!sort.is_of_two()).then_some(Change::Pin));
        for speaker in SPEAKERS {
            for change in &refused {
                let of = format!("{change:?} by {speaker:?} in {sort:?}");
                let (status, why) =
                    changes(bob, &socket, speaker, &stage.uuid, &said, *change).await;
                assert_eq!(status, 403, "{of}: {why}");
                assert!(
                    why["message"].as_str().is_some_and(|said| !said.is_empty()),
                    "{of}"
                );
            }
        }
        for ears in &listening {
            ears.socket.hears_nothing().await;
        }
        // What the documents let one do is refused to nobody because of what others do.
        for at in 0..20 {
            let emoji = format!("e{at}");
            changed(
                &stage,
                ann,
                Speaker::RoomsRest,
                &said,
                Change::React(&emoji),
            )
            .await;
        }
        let once = json!({ "content": "Once", "clientMessageId": "once" });
        let path = format!("/api/conversations/{}/messages", stage.uuid);
        let first = bob.post(&path, once.clone()).await.has_status(201).json();
        let named = Named::of(chat, &first);
        changed(
            &stage,
            bob,
            Speaker::RoomsRest,
            &named,
            Change::Edit("Edited"),
        )
        .await;
        let again = bob.post(&path, once).await.has_status(201).json();
        assert_eq!(
            (&again["id"], &again["content"]),
            (&first["id"], &json!("Edited"))
        );
        let mouth = ann.opens_a_socket().await;
        for speaker in SPEAKERS {
            stage.says(speaker, &mouth, "Goes on").await;
        }
    }
}

/// Rule 6: new events reach a socket in the dialect by which it joined; nothing is asked of a client.
#[tokio::test]
async fn rule_6_a_socket_hears_of_changes_in_the_dialect_by_which_it_joined() {
    let stage = Stage::of(Sort::Group).await;
    let (ann, bob) = (&stage.ann, &stage.bob);
    let said = Named::of(&stage.chat, &ann.sends_to(&stage.uuid, "Hello").await);
    let joined = stage.listens_everywhere(bob).await;
    let outside = bob.opens_a_socket().await;
    let left = stage
        .listens(bob, &[Listener::Rooms, Listener::Direct])
        .await
        .socket;
    left.does("leaveRoom", json!({ "roomId": stage.hex })).await;
    left.does("leave_conversation", stage.number.clone()).await;
    // Who changes something has not joined by that, as one has who says something.
    let mouth = ann.opens_a_socket().await;
    for change in [Change::React("👍"), Change::Delete] {
        let way = Speaker::DirectSocket;
        let (status, _) = changes(ann, &mouth, way, &stage.uuid, &said, change).await;
        assert_eq!(status, 200);
        for ears in &joined {
            let heard = ears.socket.hears_the_rest().await;
            let heard: BTreeSet<_> = heard.iter().map(|(event, _)| event.as_str()).collect();
            let expected = ears.dialects.iter().map(|dialect| match change {
                Change::Delete => super::gone::gone_in(&stage, *dialect, said.number).0,
                _ => super::changes::updated_in(*dialect),
            });
            assert_eq!(heard, expected.collect(), "{:?}", ears.dialects);
        }
        for socket in [&outside, &left, &mouth] {
            socket.hears_nothing().await;
        }
    }
    // Who was put out hears of no change either.
    let path = format!("/api/conversations/{}/members/{}", stage.uuid, bob.uuid);
    ann.delete(path).await.has_status(200);
    let said = Named::of(&stage.chat, &ann.sends_to(&stage.uuid, "Among us").await);
    changed(
        &stage,
        ann,
        Speaker::MentorRest,
        &said,
        Change::Edit("Still among us"),
    )
    .await;
    for ears in &joined {
        let heard = ears.socket.hears_the_rest().await;
        // Only that they were, in the dialects by which they had joined.
        let heard: BTreeSet<_> = heard.iter().map(|(event, _)| event.as_str()).collect();
        let expected = ears.dialects.iter().map(|dialect| match dialect {
            Listener::Rooms => "roomLeft",
            Listener::Campus => "conversation-left",
            Listener::Direct | Listener::Mentor => "conversation_left",
        });
        assert_eq!(heard, expected.collect(), "{:?}", ears.dialects);
    }
}
