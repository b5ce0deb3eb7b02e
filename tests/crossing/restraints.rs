//! Whom an owner bans is gone at once in each dialect, and whom they silence speaks in none, until it is over.

use crate::support::person::email_of;
use crate::support::*;

/// How one begins to hear a conversation in each dialect of the namespace `/`, and how one speaks there.
const DIALECTS: [(&str, &str, &str, &str); 3] = [
    (
        "join-conversation",
        "conversationId",
        "send-message",
        "message",
    ),
    ("joinRoom", "roomId", "message", "content"),
    (
        "join_conversation",
        "conversationId",
        "send_message",
        "content",
    ),
];

fn bans(place: &str, who: &Person) -> String {
    format!("/api/rooms/{place}/bans/{}", who.id)
}

fn silences(place: &str, who: &Person) -> String {
    format!("/api/conversations/{place}/silences/{}", who.uuid)
}

fn members(place: &str) -> String {
    format!("/api/conversations/{place}/members")
}

fn for_an_hour() -> Value {
    json!({ "seconds": 3600 })
}

/// Sockets that listen in campus, rooms, direct and mentor, with the name of the event for bans and silences.
async fn ears(person: &Person, place: &str) -> Vec<(Socket, &'static str)> {
    let mut ears = Vec::new();
    let names = ["member-restrained", "memberRestrained", "member_restrained"];
    for ((join, field, ..), name) in DIALECTS.into_iter().zip(names) {
        let socket = person.opens_a_socket().await;
        socket.does(join, json!({ field: place })).await;
        ears.push((socket, name));
    }
    ears.push((person.opens_chat().await, "member_restrained"));
    ears
}

/// Two hours pass for what was imposed.
fn two_hours_pass(chat: &Chat) {
    let earlier = "UPDATE restraints SET until = until - 7200000 WHERE until IS NOT NULL";
    chat.kept.does(earlier, &[]);
}

/// This person may not hear the conversation by any request or event; `words` is in every refusal.
async fn is_kept_out(person: &Person, place: &str, words: &str) {
    let refused = [
        person.get(format!("/conversaton/{place}")).await,
        person
            .get(format!("/message/get-messages?conversationId={place}"))
            .await,
        person.get(format!("/api/rooms/{place}")).await,
        person.get(format!("/api/messages/{place}")).await,
        person.get(format!("/api/rooms/{place}/pins")).await,
        person.get(format!("/api/conversations/{place}")).await,
        person
            .get(format!("/api/conversations/{place}/messages"))
            .await,
        person
            .get(format!("/api/messages/search?q=hello&roomId={place}"))
            .await,
        person
            .post(members(place), json!({ "userId": person.id }))
            .await,
        person
            .post(
                "/api/messages",
                json!({ "roomId": place, "content": "Hello" }),
            )
            .await,
        person
            .post(
                "/message/create",
                json!({ "conversationId": place, "message": "Hello" }),
            )
            .await,
        person
            .post(
                format!("/api/conversations/{place}/messages"),
                json!({ "content": "Hello" }),
            )
            .await,
        person
            .uploads(Form::file("notes.txt", "text/plain", "Hello").field("roomId", place))
            .await,
    ];
    for answer in &refused {
        let told = answer.refused(403).json();
        let told = told["message"].as_str().expect("a sentence");
        assert!(told.contains(words), "{told}");
    }
    let socket = person.opens_a_socket().await;
    for (join, field, speak, content) in DIALECTS {
        let joining = json!({ field: place });
        let told = socket.is_refused(403, join, joining).await;
        assert!(told.to_string().contains(words), "{told}");
        let said = json!({ field: place, content: "Hello" });
        socket.is_refused(403, speak, said).await;
    }
    let typing = json!({ "conversationId": place });
    socket.is_refused(403, "typing_start", typing).await;
}

#[tokio::test]
async fn whom_an_owner_bans_is_gone_in_every_dialect_and_comes_back_when_it_is_over() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.campus("bob").await,
        chat.rooms("eve").await,
    );
    let room = ann.opens_room("Lobby").await;
    ann.says(&room, "Hello everybody").await;
    let own = bob.says(&room, "Hello from Bob").await;
    let position = own["id"].clone();
    let shared = Form::file("notes.txt", "text/plain", "Hello").field("roomId", &room);
    let shared = ann.uploads(shared).await.has_status(201).json();
    let file = format!(
        "/api/files/{}",
        shared["data"]["_id"].as_str().expect("an id")
    );
    bob.get(&file).await.has_status(200);
    let (his, hers, others) = (
        ears(&bob, &room).await,
        ears(&ann, &room).await,
        ears(&eve, &room).await,
    );

    let banned = ann.puts(bans(&room, &bob), for_an_hour()).await;
    let banned = banned.looks_like(
        200,
        json!({ "success": true, "message": "Member banned successfully",
                "data": { "userId": bob.id, "name": "bob", "kind": "ban", "by": ann.id } }),
    );
    let until = banned["data"]["until"].as_str().expect("a time").to_owned();
    let left = [
        "conversation-left",
        "roomLeft",
        "conversation_left",
        "conversation_left",
    ];
    for ((socket, restrained), left) in his.iter().zip(left) {
        socket.hears(left, json!({})).await;
        let told = json!({ "kind": "ban", "active": true, "until": until });
        socket.hears(restrained, told).await;
    }
    for (socket, restrained) in &hers {
        let told = socket.hears(restrained, json!({ "active": true })).await;
        assert!(!told["userId"].is_null(), "{told}");
    }
    for (socket, restrained) in &others {
        socket.hears_nothing_of(restrained).await;
    }
    ann.says(&room, "He hears this no more").await;
    for (socket, _) in &his {
        socket.hears_nothing().await;
    }

    is_kept_out(&bob, &room, &until).await;
    ann.post(members(&room), json!({ "userId": bob.id }))
        .await
        .refused(409);
    bob.get(&file).await.refused(404);
    for list in ["/api/files", "/api/messages/search?q=hello"] {
        let found = bob.get(list).await.has_status(200).json();
        assert_eq!(found["data"], json!([]), "{list}");
        let found = eve.get(list).await.has_status(200).json();
        assert_ne!(found["data"], json!([]), "{list}");
    }
    let path = format!("/api/messages/{}", own["id"].as_str().expect("an id"));
    bob.patch(&path, json!({ "content": "Changed" }))
        .await
        .refused(403);
    bob.put(format!("{path}/reactions/%F0%9F%91%8D"))
        .await
        .refused(403);
    // Nor is it told to who comes back with a position.
    let back = bob.enters(json!({ "lastMessageId": position })).await;
    let back = back.expect("a socket");
    let joining = json!({ "roomId": room });
    back.is_refused(403, "joinRoom", joining).await;
    for event in ["message", "messageUpdated", "fileUpload"] {
        back.hears_nothing_of(event).await;
    }
    let listed = bob.get("/api/conversations?limit=10").await;
    assert_eq!(listed.has_status(200).json(), json!([]));
    // One's own words can always be taken back.
    bob.delete(&path).await.has_status(200);

    let listed = ann.get(format!("/conversaton/{room}/restraints")).await;
    listed.looks_like(
        200,
        json!({ "restraints": [{ "userId": bob.uuid, "kind": "ban", "until": until }],
                "pagination": { "total": 1 } }),
    );
    two_hours_pass(&chat);
    let listed = ann.get(format!("/api/rooms/{room}/restraints")).await;
    listed.looks_like(200, json!({ "data": [], "pagination": { "total": 0 } }));
    bob.get(format!("/api/rooms/{room}")).await.has_status(200);
    back.does("joinRoom", json!({ "roomId": room })).await;
    bob.says(&room, "Here I am again").await;
    // What he missed is told first: the room is open to him again.
    back.hears("message", json!({ "content": "He hears this no more" }))
        .await;
    back.hears("message", json!({ "content": "Here I am again" }))
        .await;
}

#[tokio::test]
async fn who_only_listened_to_a_room_hears_nothing_more_of_it() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("Lobby").await;
    let his = ears(&bob, &room).await;
    ann.puts(bans(&room, &bob), json!({}))
        .await
        .looks_like(200, json!({ "data": { "kind": "ban", "until": null } }));
    ann.says(&room, "He hears this no more").await;
    for (socket, restrained) in &his[..3] {
        socket
            .hears(restrained, json!({ "active": true, "until": null }))
            .await;
        socket.hears_nothing().await;
    }
    is_kept_out(&bob, &room, "for good").await;
    // What is for good ends when it is lifted.
    for _ in 0..2 {
        ann.delete(bans(&room, &bob)).await.looks_like(
            200,
            json!({ "success": true, "message": "Ban lifted successfully" }),
        );
    }
    for (socket, restrained) in &his[..3] {
        socket
            .hears(
                restrained,
                json!({ "kind": "ban", "active": false, "until": null }),
            )
            .await;
        socket.hears_nothing().await;
    }
    bob.says(&room, "Hello").await;
}

#[tokio::test]
async fn from_a_group_members_are_banned_and_nobody_adds_them() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("cleo").await,
    );
    let (eve, group) = (
        chat.rooms("eve").await,
        ann.gathers("Friends", &[&bob, &cleo]).await,
    );
    ann.puts(bans(&group, &eve), json!({})).await.refused(404);
    ann.puts(bans(&group, &bob), for_an_hour())
        .await
        .has_status(200);
    is_kept_out(&bob, &group, "banned").await;
    // To a stranger it looks as if there were nothing, as before.
    eve.get(format!("/api/rooms/{group}")).await.refused(404);
    let added = ann.post(members(&group), json!({ "userId": bob.id })).await;
    let told = added.refused(409).json()["message"].to_string();
    assert!(told.contains("lift the ban"), "{told}");
    let shown = cleo.conversation(&group).await;
    assert_eq!(shown["participants"].as_array().map(Vec::len), Some(2));
    // From for an hour to for good.
    ann.puts(bans(&group, &bob), json!({ "seconds": null }))
        .await
        .looks_like(200, json!({ "data": { "until": null } }));
    two_hours_pass(&chat);
    bob.get(format!("/api/rooms/{group}")).await.refused(403);
    ann.delete(bans(&group, &bob)).await.has_status(200);
    bob.get(format!("/api/rooms/{group}")).await.refused(404);
    ann.post(members(&group), json!({ "userId": bob.id }))
        .await
        .has_status(200);
    bob.says(&group, "Thank you").await;
}

#[tokio::test]
async fn who_is_silenced_hears_and_reads_and_says_nothing() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let own = bob.says(&group, "Hello").await;
    let own = own["id"].as_str().expect("an id").to_owned();
    let hers = ann.says(&group, "Hello, Bob").await;
    let hers = hers["id"].as_str().expect("an id");
    let his = ears(&bob, &group).await;
    let silenced = ann.puts(silences(&group, &bob), for_an_hour()).await;
    let silenced = silenced.looks_like(
        200,
        json!({ "userId": bob.uuid, "kind": "silence", "by": ann.uuid }),
    );
    let until = silenced["until"].as_str().expect("a time").to_owned();
    for (socket, restrained) in &his {
        let told = json!({ "kind": "silence", "active": true, "until": until });
        socket.hears(restrained, told).await;
        socket.hears_nothing().await;
    }
    let shown = bob.conversation(&group).await;
    assert_eq!(shown["silencedUntil"], json!(until));
    assert!(
        ann.conversation(&group)
            .await
            .get("silencedUntil")
            .is_none()
    );

    let here = format!("/api/conversations/{group}/messages");
    let refused = [
        bob.post(&here, json!({ "content": "Hello" })).await,
        bob.post(
            "/api/messages",
            json!({ "roomId": group, "content": "Hello" }),
        )
        .await,
        bob.post(
            "/message/create",
            json!({ "conversationId": group, "message": "Hello" }),
        )
        .await,
        bob.patch(format!("{here}/{own}"), json!({ "content": "Changed" }))
            .await,
        bob.put(format!("{here}/{hers}/reactions/%F0%9F%91%8D"))
            .await,
        bob.put(format!("{here}/{hers}/pin")).await,
        bob.uploads(Form::file("notes.txt", "text/plain", "Hello").field("roomId", &group))
            .await,
    ];
    for answer in &refused {
        let told = answer.refused(403).json()["message"].to_string();
        assert!(told.contains(&until), "{told}");
    }
    let (mouth, _) = &his[2];
    for (_, field, speak, content) in DIALECTS {
        let said = json!({ field: group, content: "Hello" });
        mouth.is_refused(403, speak, said).await;
    }
    let typing = json!({ "conversationId": group });
    mouth.is_refused(403, "typing_start", typing).await;
    let reacting = json!({ "messageId": hers, "emoji": "👍" });
    mouth.is_refused(403, "react_message", reacting).await;

    ann.says(&group, "You hear me").await;
    for ((socket, _), event) in his.iter().zip([
        "receive-group-message",
        "message",
        "new_message",
        "new_message",
    ]) {
        socket.hears(event, json!({})).await;
    }
    assert_eq!(bob.reads(&group).await, 2);
    two_hours_pass(&chat);
    bob.says(&group, "At last").await;
    assert!(
        bob.conversation(&group)
            .await
            .get("silencedUntil")
            .is_none()
    );
    ann.puts(silences(&group, &bob), json!({}))
        .await
        .has_status(200);
    let shown = bob.conversation(&group).await;
    assert_eq!(shown.get("silencedUntil"), Some(&Value::Null));
    ann.delete(silences(&group, &bob))
        .await
        .looks_like(200, json!({ "message": "Silence lifted" }));
    bob.says(&group, "At last again").await;
}

#[tokio::test]
async fn only_owners_may_and_to_no_owner_nor_administrator() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("cleo").await,
    );
    let (eve, admin) = (chat.rooms("eve").await, chat.admin());
    let group = ann.gathers("Friends", &[&bob, &cleo]).await;
    let room = ann.opens_room("Lobby").await;
    let admins = admin.get("/api/auth/validate").await.has_status(200).json();
    let admins = admins["user"]["id"].as_str().expect("an id");
    for path in [bans(&group, &cleo), silences(&group, &cleo)] {
        bob.puts(&path, json!({})).await.refused(403);
        bob.delete(&path).await.refused(403);
        eve.puts(&path, json!({})).await.refused(404);
        eve.delete(&path).await.refused(404);
        for seconds in [0, 59, 316_224_001, u64::from(u32::MAX) + 1] {
            ann.puts(&path, json!({ "seconds": seconds }))
                .await
                .refused_for(&["seconds"]);
        }
        for seconds in [json!(-1), json!("1h"), json!(1.5)] {
            ann.puts(&path, json!({ "seconds": seconds }))
                .await
                .refused_for(&["seconds"]);
        }
    }
    let owner = format!("/api/conversations/{group}/owners/{}", bob.id);
    ann.put(owner).await.has_status(200);
    for path in [bans(&group, &bob), silences(&group, &bob)] {
        ann.puts(path, json!({})).await.refused(403);
    }
    for path in [bans(&group, &ann), silences(&group, &ann)] {
        ann.puts(path, json!({})).await.refused(409);
    }
    for kind in ["bans", "silences"] {
        let path = format!("/api/rooms/{room}/{kind}/{admins}");
        ann.puts(path, json!({})).await.refused(403);
        let path = format!("/api/rooms/{room}/{kind}/999999999");
        ann.puts(path, json!({})).await.refused(404);
    }
    // An owner whom an administrator silenced does not lift it by themselves.
    let path = format!("/api/admin/conversations/{group}/silences/{}", bob.uuid);
    admin.puts(path, for_an_hour()).await.has_status(200);
    bob.post(
        "/api/messages",
        json!({ "roomId": group, "content": "Hello" }),
    )
    .await
    .refused(403);
    bob.delete(silences(&group, &bob)).await.refused(403);
    ann.delete(silences(&group, &bob)).await.has_status(200);
    bob.says(&group, "Thank you").await;
}

#[tokio::test]
async fn administrators_do_it_in_every_group_and_room_and_all_is_in_the_audit_log() {
    let chat = Chat::open().await;
    let (ann, bob, admin) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.admin(),
    );
    let group = ann.gathers("Friends", &[&bob]).await;
    let path = format!("/api/admin/conversations/{group}");
    let of = |what: &str, who: &Person| format!("{path}/{what}/{}", who.uuid);
    let slow = json!({ "slowMode": 30 });
    admin
        .patch(&path, slow.clone())
        .await
        .looks_like(200, json!({ "success": true, "conversation": slow }));
    let shown = admin.get(&path).await;
    shown.looks_like(200, json!({ "conversation": slow }));
    admin
        .puts(of("silences", &bob), for_an_hour())
        .await
        .looks_like(
            200,
            json!({ "restraint": { "userId": bob.uuid, "kind": "silence" } }),
        );
    let listed = admin.get(format!("{path}/restraints")).await;
    listed.looks_like(
        200,
        json!({ "restraints": [{ "userId": bob.uuid, "kind": "silence" }] }),
    );
    admin
        .delete(of("silences", &bob))
        .await
        .looks_like(200, json!({ "message": "The silence is lifted" }));
    admin
        .puts(of("bans", &bob), for_an_hour())
        .await
        .has_status(200);
    admin
        .delete(of("bans", &bob))
        .await
        .looks_like(200, json!({ "message": "The ban is lifted" }));
    ann.post(members(&group), json!({ "userId": bob.id }))
        .await
        .has_status(200);
    // The last owner too: the group is another's then.
    admin
        .puts(of("bans", &ann), json!({}))
        .await
        .has_status(200);
    assert_eq!(bob.conversation(&group).await["owners"], json!([bob.uuid]));
    admin
        .delete(of("members", &bob))
        .await
        .looks_like(200, json!({ "message": "The member is removed" }));
    admin.delete(of("members", &bob)).await.refused(404);
    let direct = ann.meets(&bob).await;
    let bobs = format!("/api/admin/conversations/{direct}/bans/{}", bob.uuid);
    admin.puts(bobs, json!({})).await.refused(404);

    // What owners do stands there too.
    let room = ann.opens_room("Lobby").await;
    ann.puts(bans(&room, &bob), for_an_hour())
        .await
        .has_status(200);
    ann.patch(format!("/api/rooms/{room}"), json!({ "slowMode": 5 }))
        .await
        .has_status(200);
    let listed = admin.get(format!("/api/admin/conversations/{room}/restraints"));
    listed.await.looks_like(
        200,
        json!({ "restraints": [{ "userId": bob.uuid, "kind": "ban", "by": ann.uuid, "byName": ann.name }] }),
    );
    let log = admin.get("/api/admin/audit?limit=100").await;
    let log = log.has_status(200).json();
    let lines = log["audit"].as_array().expect("lines").iter();
    let known: Vec<_> = lines
        .filter(|line| {
            line["action"]
                .as_str()
                .is_some_and(|action| action.starts_with("conversation."))
        })
        .map(|line| (line["action"].as_str(), line["actor"]["name"].as_str()))
        .collect();
    let of_admin = |action| (Some(action), Some("admin"));
    let of_ann = |action| (Some(action), Some("ann"));
    assert_eq!(
        known,
        [
            of_ann("conversation.slow-mode"),
            of_ann("conversation.ban"),
            of_admin("conversation.remove-member"),
            of_admin("conversation.ban"),
            of_admin("conversation.lift-ban"),
            of_admin("conversation.ban"),
            of_admin("conversation.lift-silence"),
            of_admin("conversation.silence"),
            of_admin("conversation.slow-mode"),
        ]
    );
    assert!(log.to_string().contains("until "), "{log}");
}

#[tokio::test]
async fn who_is_banned_from_the_first_room_does_not_come_back_by_it() {
    let chat = Chat::with(&["--first-room", "General"]).await;
    let admin = chat.admin();
    let eve = chat.rooms("eve").await;
    let rooms = eve.get("/api/rooms").await.has_status(200).json();
    let room = rooms["data"][0]["_id"].as_str().expect("an id");
    admin
        .puts(bans(room, &eve), for_an_hour())
        .await
        .has_status(200);
    // Whoever vouches for her address makes the account anew.
    let new = json!({ "name": "Eve", "email": email_of("eve"), "password": "open sesame" });
    admin.post("/api/admin/users", new).await.has_status(201);
    let login = json!({ "email": email_of("eve"), "password": "open sesame" });
    let login = chat.nobody().post("/api/auth/login", login).await;
    let login = login.has_status(200).json();
    let eve = eve.with_token(login["token"].as_str().expect("a token"));
    let listed = eve.get("/api/conversations?limit=10").await;
    assert_eq!(listed.has_status(200).json(), json!([]));
    eve.get(format!("/api/rooms/{room}")).await.refused(403);
}

#[tokio::test]
async fn who_bans_and_lifts_without_end_is_told_to_wait() {
    let chat = Chat::with(&["--limit-changes", "5/1h"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    for _ in 0..2 {
        ann.puts(bans(&room, &bob), json!({})).await.has_status(200);
        ann.delete(bans(&room, &bob)).await.has_status(200);
        // What is not so already changes nothing, and does not count.
        ann.delete(bans(&room, &bob)).await.has_status(200);
    }
    ann.patch(format!("/api/rooms/{room}"), json!({ "slowMode": 5 }))
        .await
        .has_status(200);
    let refused = ann.puts(silences(&room, &bob), json!({})).await;
    assert!(
        refused
            .refused(429)
            .says("retry-after")
            .parse::<u32>()
            .is_ok_and(|wait| wait > 0)
    );
    bob.says(&room, "Hello").await;
}

#[tokio::test]
async fn what_is_over_is_deleted() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    ann.puts(bans(&room, &bob), for_an_hour())
        .await
        .has_status(200);
    ann.puts(silences(&room, &bob), json!({}))
        .await
        .has_status(200);
    two_hours_pass(&chat);
    let kinds = || -> Vec<String> { chat.kept.all("SELECT kind FROM restraints", &[]) };
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(100);
    while kinds() != ["silence"] {
        assert!(std::time::Instant::now() < patience, "{:?}", kinds());
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}
