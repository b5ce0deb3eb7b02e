//! Whoever owns a group or a room changes it, in one dialect, and the others see it in theirs.

use crate::support::mentor::id;
use crate::support::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// How one begins to hear a conversation in each dialect of the namespace `/`, and what its owners' changes are called there.
const JOINS: [(&str, &str, &str); 3] = [
    (
        "join-conversation",
        "conversationId",
        "conversation-updated",
    ),
    ("joinRoom", "roomId", "roomUpdated"),
    (
        "join_conversation",
        "conversationId",
        "conversation_updated",
    ),
];

/// Sockets that listen in campus, rooms, direct and mentor, with the name of the event for what is changed.
async fn ears(person: &Person, place: &str) -> Vec<(Socket, &'static str)> {
    let mut ears = Vec::new();
    for (join, field, event) in JOINS {
        let socket = person.opens_a_socket().await;
        socket.does(join, json!({ field: place })).await;
        ears.push((socket, event));
    }
    ears.push((person.opens_chat().await, "conversation_updated"));
    ears
}

fn owner(place: &str, who: &Person) -> String {
    format!("/api/conversations/{place}/owners/{}", who.id)
}

fn members(place: &str) -> String {
    format!("/api/conversations/{place}/members")
}

fn taken(who: &Person) -> Value {
    json!({ "userId": who.id })
}

/// The owners as campus, mentor and rooms show them.
async fn is_owned_by(person: &Person, place: &str, owners: &[&Person]) {
    let uuids: Vec<_> = owners.iter().map(|owner| &owner.uuid).collect();
    let hex: Vec<_> = owners.iter().map(|owner| &owner.id).collect();
    let campus = person.get(format!("/conversaton/{place}")).await;
    assert_eq!(campus.has_status(200).json()["owners"], json!(uuids));
    assert_eq!(person.conversation(place).await["owners"], json!(uuids));
    let rooms = person.get(format!("/api/rooms/{place}")).await;
    assert_eq!(rooms.has_status(200).json()["data"]["owners"], json!(hex));
}

#[tokio::test]
async fn what_an_owner_changes_is_changed_and_told_in_all_dialects() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.direct("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let shown = bob.conversation(&group).await;
    for absent in [
        "description",
        "pictureUrl",
        "archivedAt",
        "level",
        "mutedUntil",
    ] {
        assert!(shown.get(absent).is_none(), "{absent}: {shown}");
    }
    let his = ears(&bob, &group).await;

    let change = json!({ "name": " Old friends ", "description": "Since school" });
    let new = json!({ "name": "Old friends", "description": "Since school", "owners": [ann.uuid] });
    ann.patch(format!("/conversaton/{group}"), change.clone())
        .await
        .looks_like(200, new.clone());
    // The same again is no news.
    ann.patch(format!("/api/conversations/{group}"), change)
        .await
        .looks_like(200, new);
    let words = json!({ "name": "Old friends", "description": "Since school" });
    bob.get(format!("/api/rooms/{group}"))
        .await
        .looks_like(200, json!({ "data": words }));
    for (socket, event) in &his {
        let told = socket.hears(event, words.clone()).await;
        assert!(
            told["owners"]
                .as_array()
                .is_some_and(|owners| owners.len() == 1)
        );
        socket.hears_nothing().await;
    }

    let room = ann.opens_room("Lobby").await;
    let his = ears(&bob, &room).await;
    let change = json!({ "description": "Be kind" });
    ann.patch(format!("/api/rooms/{room}"), change.clone())
        .await
        .looks_like(200, json!({ "message": "Room updated successfully", "data": { "name": "Lobby", "description": "Be kind" } }));
    for (socket, event) in &his[..3] {
        socket.hears(event, change.clone()).await;
    }
    let found = bob.get("/api/rooms?sort=description&limit=1").await;
    assert_eq!(found.json()["data"][0]["description"], "Since school");
}

#[tokio::test]
async fn what_is_no_name_is_refused_and_nothing_is_changed() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let path = format!("/api/conversations/{group}");
    for (wrong, fields) in [
        (json!({ "name": " " }), &["name"][..]),
        (
            json!({ "name": "x".repeat(101), "description": "x".repeat(1_001) }),
            &["name", "description"],
        ),
        (
            json!({ "name": "Other", "picture": "nothing" }),
            &["picture"],
        ),
        (json!({ "name": "Other", "archived": "yes" }), &["archived"]),
        (json!({ "name": 7 }), &["name"]),
    ] {
        ann.patch(&path, wrong).await.refused_for(fields);
    }
    ann.patch(&path, json!({ "name": null, "archived": null }))
        .await
        .looks_like(200, json!({ "name": "Friends" }));
}

#[tokio::test]
async fn two_peoples_conversation_is_nobodys_to_change() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("eve").await,
    );
    let direct = ann.meets(&bob).await;
    let path = format!("/api/conversations/{direct}");
    for person in [&ann, &bob] {
        person
            .patch(&path, json!({ "name": "Us" }))
            .await
            .refused(403);
        person.put(owner(&direct, person)).await.refused(403);
    }
    eve.patch(&path, json!({ "name": "Us" })).await.refused(404);
    assert!(ann.conversation(&direct).await.get("owners").is_none());
}

#[tokio::test]
async fn owners_name_owners_and_there_is_always_one() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let (cleo, eve) = (chat.rooms("cleo").await, chat.rooms("eve").await);
    let group = ann.gathers("Friends", &[&bob, &cleo]).await;
    is_owned_by(&bob, &group, &[&ann]).await;
    let his = ears(&bob, &group).await;

    bob.put(owner(&group, &bob)).await.refused(403);
    eve.put(owner(&group, &eve)).await.refused(404);
    ann.put(owner(&group, &eve)).await.refused(404);
    ann.delete(owner(&group, &ann)).await.refused(409);
    for _ in 0..2 {
        ann.put(format!("/api/rooms/{group}/owners/{}", bob.id))
            .await
            .has_status(200);
    }
    is_owned_by(&cleo, &group, &[&ann, &bob]).await;
    for (socket, event) in &his {
        let told = socket.hears(event, json!({})).await;
        assert_eq!(told["owners"].as_array().map(Vec::len), Some(2), "{told}");
        socket.hears_nothing().await;
    }

    // Now he may do what she may, and they may do it to each other.
    bob.patch(format!("/conversaton/{group}"), json!({ "name": "Bob's" }))
        .await
        .has_status(200);
    for _ in 0..2 {
        bob.delete(format!("/conversaton/{group}/owners/{}", ann.uuid))
            .await
            .has_status(200);
    }
    is_owned_by(&cleo, &group, &[&bob]).await;
    ann.patch(format!("/conversaton/{group}"), json!({ "name": "Ann's" }))
        .await
        .refused(403);
    ann.delete(format!("{}/{}", members(&group), cleo.id))
        .await
        .refused(403);

    // Whom the last one leaves it to is who has been there longest.
    bob.delete(format!("{}/{}", members(&group), bob.id))
        .await
        .has_status(200);
    is_owned_by(&cleo, &group, &[&ann]).await;
}

#[tokio::test]
async fn a_group_that_another_owner_is_left_with_stays_theirs() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("cleo").await,
    );
    let group = ann.gathers("Friends", &[&bob]).await;
    ann.post(members(&group), taken(&cleo))
        .await
        .has_status(200);
    ann.put(owner(&group, &cleo)).await.has_status(200);
    let hers = ears(&cleo, &group).await;
    ann.delete(format!("{}/{}", members(&group), ann.id))
        .await
        .has_status(200);
    // Not Bob's, who has been there longer.
    is_owned_by(&bob, &group, &[&cleo]).await;
    for (socket, event) in &hers {
        let told = socket.hears(event, json!({})).await;
        assert_eq!(told["owners"].as_array().map(Vec::len), Some(1), "{told}");
    }
}

#[tokio::test]
async fn a_conversation_has_a_hundred_owners_at_most() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let group = ann.gathers("Friends", &[]).await;
    let mut last = None;
    for at in 0..100 {
        let other = chat.rooms(&format!("other {at}")).await;
        ann.post(members(&group), taken(&other))
            .await
            .has_status(200);
        let named = ann.put(owner(&group, &other)).await;
        assert_eq!(named.status, if at < 99 { 200 } else { 409 });
        last = Some(other);
    }
    let owners = ann.conversation(&group).await["owners"].clone();
    assert_eq!(owners.as_array().map(Vec::len), Some(100));
    let last = last.expect("somebody");
    last.patch(format!("/conversaton/{group}"), json!({ "name": "Mine" }))
        .await
        .refused(403);
}

#[tokio::test]
async fn who_comes_and_goes_is_told_so_and_the_others_hear_it_once() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("cleo").await,
    );
    let hers = cleo.opens_a_socket().await;
    let group = ann.gathers("Friends", &[&bob]).await;
    let his = ears(&bob, &group).await;
    let path = format!("/conversaton/{group}/members");
    for _ in 0..2 {
        ann.post(&path, taken(&cleo)).await.has_status(200);
    }
    for (event, field) in [
        ("conversation-joined", "conversationId"),
        ("roomJoined", "roomId"),
        ("conversation_joined", "conversationId"),
    ] {
        let told = hers.hears(event, json!({})).await;
        assert!(!told[field].is_null(), "{told}");
    }
    hers.does("joinRoom", json!({ "roomId": group })).await;
    ann.delete(format!("/api/rooms/{group}/members/{}", cleo.id))
        .await
        .looks_like(
            200,
            json!({ "success": true, "message": "Member removed successfully" }),
        );
    // By now it is known which dialect her socket speaks.
    hers.hears("roomLeft", json!({})).await;
    ann.says(&group, "Without her").await;
    hers.hears_nothing().await;
    let names = [
        ["member-joined", "member-left", "receive-group-message"],
        ["memberJoined", "memberLeft", "message"],
        ["member_joined", "member_left", "new_message"],
        ["member_joined", "member_left", "new_message"],
    ];
    let her_ids = [
        json!(cleo.uuid),
        json!(cleo.id),
        json!(cleo.number),
        json!(cleo.uuid),
    ];
    for (((socket, _), events), her_id) in his.iter().zip(names).zip(her_ids) {
        let heard = socket.hears_all(3).await;
        let heard_names: Vec<_> = heard.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(heard_names, events);
        assert_eq!(heard[0].1["userId"], her_id);
        assert_eq!(heard[1].1["userId"], her_id);
        socket.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_group_that_is_made_is_told_to_whom_it_was_made_of() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("cleo").await,
    );
    let (his, hers, in_chat) = (
        bob.opens_a_socket().await,
        ann.opens_a_socket().await,
        bob.opens_chat().await,
    );
    ann.gathers("Friends", &[&bob, &cleo]).await;
    for event in ["conversation-joined", "roomJoined", "conversation_joined"] {
        his.hears(event, json!({})).await;
    }
    in_chat.hears("conversation_joined", json!({})).await;
    // It came at once with all its people.
    for socket in [&his, &hers, &in_chat] {
        socket.hears_nothing().await;
    }
}

#[tokio::test]
async fn everybody_joins_an_open_room_by_themselves_and_may_be_put_out() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("cleo").await,
    );
    let room = ann.opens_room("Lobby").await;
    ann.post(members(&room), taken(&bob)).await.refused(409);
    bob.post(format!("/api/rooms/{room}/members"), taken(&bob))
        .await
        .looks_like(
            200,
            json!({ "message": "Member added successfully", "data": { "_id": room } }),
        );
    ann.says(&room, "Welcome").await;
    assert_eq!(bob.conversation(&room).await["unreadCount"], 1);
    cleo.says(&room, "By speaking").await;
    bob.delete(format!("{}/{}", members(&room), cleo.id))
        .await
        .refused(403);
    ann.delete(format!("{}/{}", members(&room), cleo.id))
        .await
        .has_status(200);
    ann.delete(format!("{}/{}", members(&room), cleo.id))
        .await
        .refused(404);
}

#[tokio::test]
async fn what_is_archived_is_read_and_nobody_speaks_there() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("eve").await,
    );
    let group = ann.gathers("Friends", &[&bob]).await;
    let room = ann.opens_room("Lobby").await;
    bob.posts(&room, "First").await;
    for place in [&group, &room] {
        ann.says(place, "Before").await;
        let his = ears(&bob, place).await;
        let archived = ann
            .patch(
                format!("/api/conversations/{place}"),
                json!({ "archived": true }),
            )
            .await;
        let at = archived.has_status(200).json()["archivedAt"].clone();
        for (socket, event) in &his {
            let told = socket.hears(event, json!({})).await;
            let told = [&told["archivedAt"], &told["archived_at"]];
            assert!(told.contains(&&at), "{told:?}");
        }
        // It stays since when it was.
        ann.patch(
            format!("/api/rooms/{place}"),
            json!({ "archived": true, "description": "Over" }),
        )
        .await
        .looks_like(
            200,
            json!({ "data": { "archivedAt": at, "description": "Over" } }),
        );

        for person in [&ann, &bob] {
            let hello = json!({ "conversationId": place, "senderId": person.uuid, "message": "Hello", "content": "Hello" });
            for path in [
                "/message/create".to_owned(),
                format!("/api/conversations/{place}/messages"),
                "/api/messages".to_owned(),
            ] {
                let refused = person.post(&path, hello.clone()).await;
                refused.refused(403);
                assert_eq!(refused.json()["message"], "This conversation is archived");
            }
            for event in [
                "send-message",
                "send-group-message",
                "message",
                "send_message",
                "typing_start",
            ] {
                person.is_refused(403, event, hello.clone()).await;
            }
            let file = Form::file("a.txt", "text/plain", "Hello").field("roomId", place);
            person.uploads(file).await.refused(403);
        }
        bob.patch(
            format!("/api/conversations/{place}"),
            json!({ "archived": false }),
        )
        .await
        .refused(403);

        // All else is as it was.
        assert_eq!(bob.conversation(place).await["archivedAt"], at);
        assert_eq!(bob.conversation(place).await["unreadCount"], 1);
        bob.patch(format!("/api/conversations/{place}/read"), json!({}))
            .await
            .looks_like(200, json!({ "count": 1 }));
        let listed = bob.get("/api/rooms").await.json();
        let listed = listed["data"].as_array().expect("rooms");
        assert!(
            listed.iter().any(|one| one["archivedAt"] == at),
            "{listed:?}"
        );
        let said = bob.history(place).await;
        assert_eq!(said.last().expect("a message")["content"], "Before");
    }
    // A stranger is told nothing of the group, and of the room what everybody is.
    let hello = |place: &str| json!({ "conversationId": place, "content": "Hello" });
    eve.post("/api/messages", hello(&group)).await.refused(404);
    eve.post("/api/messages", hello(&room)).await.refused(403);
    chat.nobody()
        .get(format!("/api/rooms/{room}"))
        .await
        .has_status(200);

    for place in [&group, &room] {
        ann.patch(
            format!("/conversaton/{place}"),
            json!({ "archived": false }),
        )
        .await
        .has_status(200);
        bob.says(place, "After").await;
        assert!(bob.conversation(place).await.get("archivedAt").is_none());
    }
}

#[tokio::test]
async fn a_picture_is_for_whoever_may_read_there() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("eve").await,
    );
    let group = ann.gathers("Friends", &[&bob]).await;
    let path = format!("/api/conversations/{group}");
    let uploaded = async |person: &Person, name: &str, bytes: &[u8]| {
        let sent = person.uploads(Form::file(name, "image/png", bytes)).await;
        sent.has_status(201).json()["data"].clone()
    };
    let words = uploaded(&ann, "a.png", b"just words").await;
    let hers = uploaded(&ann, "a.png", PNG).await;
    let other = uploaded(&ann, "b.png", PNG).await;
    let apart = eve.gathers("Apart", &[]).await;
    let form = Form::file("c.png", "image/png", PNG).field("roomId", &apart);
    let eves = eve.uploads(form).await.has_status(201).json()["data"].clone();
    for (wrong, who) in [
        (&words, &ann),
        (&eves, &ann),
        (&json!({ "_id": 999_999_999 }), &ann),
    ] {
        who.patch(&path, json!({ "picture": wrong["_id"] }))
            .await
            .refused_for(&["picture"]);
    }

    // By its id or by where it is.
    for picture in [&hers["_id"], &hers["url"]] {
        let shown = ann.patch(&path, json!({ "picture": picture })).await;
        let url = shown.has_status(200).json()["pictureUrl"].clone();
        let url = url.as_str().expect("a path");
        let got = bob.get(url).await;
        assert_eq!(got.has_status(200).says("content-type"), "image/png");
        eve.get(url).await.refused(404);
        chat.nobody().get(url).await.refused(404);
    }
    let listed = bob.get("/api/rooms").await.json();
    assert!(listed["data"][0]["pictureUrl"].is_string(), "{listed}");

    // Another one, and then none: who owns the first has it still, and nobody else.
    let shown = ann.patch(&path, json!({ "picture": other["_id"] })).await;
    let url = shown.has_status(200).json()["pictureUrl"].clone();
    bob.get(hers["url"].as_str().expect("a path"))
        .await
        .refused(404);
    ann.get(hers["url"].as_str().expect("a path"))
        .await
        .has_status(200);
    bob.get(url.as_str().expect("a path")).await.has_status(200);
    let none = ann.patch(&path, json!({ "picture": null })).await;
    assert!(none.has_status(200).json().get("pictureUrl").is_none());
    bob.get(url.as_str().expect("a path")).await.refused(404);

    // What an administrator deletes is nobody's picture.
    ann.patch(&path, json!({ "picture": hers["_id"] }))
        .await
        .has_status(200);
    let id = hers["_id"].as_str().expect("an id");
    chat.admin()
        .delete(format!("/api/admin/files/{id}"))
        .await
        .has_status(200);
    assert!(bob.conversation(&group).await.get("pictureUrl").is_none());
}

#[tokio::test]
async fn a_room_whose_owner_has_gone_waits_for_them_and_administrators_look_after_it() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    bob.posts(&room, "Hello").await;
    ann.delete(format!("{}/{}", members(&room), ann.id))
        .await
        .has_status(200);
    let path = format!("/api/rooms/{room}");
    let rename = |name: &str| json!({ "name": name });
    for person in [&ann, &bob] {
        person.patch(&path, rename("Mine")).await.refused(403);
    }
    let admin = chat.admin();
    admin.patch(&path, rename("Ours")).await.has_status(200);
    let cleo = chat.rooms("cleo").await;
    cleo.posts(&room, "Me too").await;
    admin
        .delete(format!("{path}/members/{}", cleo.id))
        .await
        .has_status(200);
    let audit = admin.get("/api/admin/audit").await.json().to_string();
    for done in ["conversation.change", "conversation.remove-member"] {
        assert!(audit.contains(done), "{done}: {audit}");
    }
    // What is not for administrators to read is not for them to change.
    let group = ann.gathers("Friends", &[&bob]).await;
    admin
        .patch(format!("/api/rooms/{group}"), rename("Ours"))
        .await
        .refused(404);

    let his = bob.opens_a_socket().await;
    his.does("joinRoom", json!({ "roomId": room })).await;
    ann.posts(&room, "I am back").await;
    his.hears("roomUpdated", json!({ "name": "Ours", "owners": [ann.id] }))
        .await;
    ann.patch(&path, rename("Mine")).await.has_status(200);
    // Whom she leaves it to keeps it.
    ann.put(owner(&room, &bob)).await.has_status(200);
    bob.delete(owner(&room, &ann)).await.has_status(200);
    ann.delete(format!("{}/{}", members(&room), ann.id))
        .await
        .has_status(200);
    ann.posts(&room, "And again").await;
    is_owned_by(&ann, &room, &[&bob]).await;
}

#[tokio::test]
async fn a_list_shows_ones_own_level_where_it_is_another_than_all() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let path = format!("/api/conversations/{group}/settings");
    ann.patch(
        &path,
        json!({ "level": "none", "mutedUntil": "2999-01-01T00:00:00Z" }),
    )
    .await
    .has_status(200);
    let listed = ann.get("/api/conversations?limit=1").await.json();
    let own =
        json!({ "id": id(&listed[0]), "level": "none", "mutedUntil": "2999-01-01T00:00:00.000Z" });
    assert_looks_like(&listed[0], own, "the group");
    assert!(bob.conversation(&group).await.get("level").is_none());
}
