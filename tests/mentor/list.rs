//! `GET /api/conversations` and `GET /api/conversations/:id`: what somebody takes part in, newest activity first.

use crate::support::mentor::*;
use crate::support::*;

/// The names or people of what is listed, as far as they tell the conversations apart.
async fn listed(person: &Person, query: &str) -> Vec<String> {
    let list = person.get(format!("/api/conversations?{query}")).await;
    let list = list.has_status(200).json();
    let list = list.as_array().expect("mentor's list is an array").clone();
    let told = list
        .iter()
        .map(|one| one["lastMessage"]["content"].as_str());
    told.map(|content| content.unwrap_or("nothing").to_owned())
        .collect()
}

#[tokio::test]
async fn the_list_is_an_array_of_the_documents_objects() {
    let chat = Chat::open().await;
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    let none = john.get("/api/conversations").await;
    assert_eq!(none.has_status(200).json(), json!([]));
    assert_eq!(none.says("X-Total-Count"), "0");

    chat.has_session(SESSION, &john, &jane).await;
    let conversation = john.opens_session(SESSION).await;
    for _ in 0..2 {
        john.says(&id(&conversation), "Before").await;
    }
    let last = john.says(&id(&conversation), "Hello!").await;
    let list = jane.get("/api/conversations?limit=20&offset=0").await;
    assert_eq!(list.says("X-Total-Count"), "1");
    let list = list.looks_like(
        200,
        r#"[{
          "id": "0190b5a2-0000-8000-8000-000000000001",
          "mentor": { "id": "0190b5a2-0000-8000-8000-000000000002", "fullName": "john", "avatarUrl": null },
          "mentee": { "id": "0190b5a2-0000-8000-8000-000000000003", "fullName": "jane", "avatarUrl": null },
          "session": {
            "id": "6f1d2c3b-4a59-4e87-9b06-1c2d3e4f5a6b",
            "startAt": "2024-01-15T10:00:00.000Z",
            "status": "scheduled"
          },
          "lastMessage": {
            "id": "0190b5a2-0000-8000-8000-000000000004",
            "content": "Hello!",
            "createdAt": "2024-01-15T12:00:00.000Z",
            "senderId": "0190b5a2-0000-8000-8000-000000000002"
          },
          "unreadCount": 3,
          "updatedAt": "2024-01-15T12:00:00.000Z"
        }]"#,
    );
    let told = json!({ "id": last["id"], "createdAt": last["createdAt"], "senderId": list[0]["mentor"]["id"] });
    let exactly =
        json!([{ "id": conversation["id"], "lastMessage": told, "updatedAt": last["createdAt"] }]);
    assert_looks_like(&list, exactly, "the list");
    assert_eq!(list[0], jane.conversation(&id(&conversation)).await);
}

#[tokio::test]
async fn conversations_without_roles_have_participants() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let cleo = chat.rooms("cleo").await;
    ann.writes_to(&bob, "Between us").await;
    ann.gathers("Friends", &[&bob, &cleo]).await;
    ann.opens_room("Lobby").await;
    let list = ann.get("/api/conversations").await;
    let list = list.has_status(200).json();
    let list = list.as_array().expect("an array");
    assert_eq!(list.len(), 3);
    for (sort, name, people) in [
        ("direct", None, vec![&ann, &bob]),
        ("group", Some("Friends"), vec![&ann, &bob, &cleo]),
        ("room", Some("Lobby"), vec![&ann]),
    ] {
        let found = list.iter().find(|one| one["type"] == sort);
        let found = found.unwrap_or_else(|| panic!("no {sort} in {list:?}"));
        let empty = json!({ "mentor": null, "mentee": null, "session": null, "unreadCount": 0 });
        assert_looks_like(found, empty, sort);
        if let Some(name) = name {
            assert_eq!(found["name"], name);
            assert_eq!(found["lastMessage"], Value::Null);
        }
        has_people(found, &people);
        let participants = found["participants"].as_array().expect("participants");
        assert!(participants.iter().all(|one| one["avatarUrl"].is_null()));
        assert_looks_like(
            found,
            r#"{ "updatedAt": "2024-01-15T12:00:00.000Z" }"#,
            sort,
        );
    }
}

#[tokio::test]
async fn the_newest_activity_comes_first_page_by_page() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let mut rooms = Vec::new();
    for name in ["one", "two", "three", "four", "five"] {
        let room = ann.opens_room(name).await;
        ann.says(&room, name).await;
        rooms.push(room);
    }
    ann.says(&rooms[1], "two again").await;
    let order = ["two again", "five", "four", "three", "one"];
    assert_eq!(listed(&ann, "").await, order);
    assert_eq!(listed(&ann, "limit=2").await, order[..2]);
    assert_eq!(listed(&ann, "limit=2&offset=2").await, order[2..4]);
    assert_eq!(listed(&ann, "offset=4").await, order[4..]);
    assert!(listed(&ann, "offset=5").await.is_empty());
    let page = ann.get("/api/conversations?limit=1&offset=1").await;
    assert_eq!(page.says("X-Total-Count"), "5");
    for (field, wrong) in [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "many"),
        ("offset", "-1"),
        ("offset", "far"),
    ] {
        let refused = ann.get(format!("/api/conversations?{field}={wrong}")).await;
        refused.refused_for(&[field]);
    }
}

#[tokio::test]
async fn twenty_are_listed_unless_asked_otherwise() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let opening = (0..23).map(|at| ann.opens_room(["a", "b", "c"][at % 3]));
    futures_util::future::join_all(opening).await;
    assert_eq!(listed(&ann, "").await.len(), 20);
    assert_eq!(listed(&ann, "offset=20").await.len(), 3);
    assert_eq!(listed(&ann, "limit=100").await.len(), 23);
}

#[tokio::test]
async fn nobody_sees_what_is_not_theirs() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let eve = chat.rooms("eve").await;
    let direct = ann.writes_to(&bob, "Between us").await["conversation_id"].clone();
    let group = ann.gathers("Friends", &[&bob]).await;
    let room = ann.opens_room("Lobby").await;
    assert!(listed(&eve, "").await.is_empty());
    chat.nobody().get("/api/conversations").await.refused(401);
    let show = async |id: &str| eve.get(format!("/api/conversations/{id}")).await;
    let of_nothing = show("999999999").await.refused(404).json();
    for private in [direct.to_string(), group] {
        assert_eq!(show(&private).await.refused(404).json(), of_nothing);
    }
    // An open room may be looked at; it is Eve's when she has said something there.
    show(&room).await.has_status(200);
    assert!(listed(&eve, "").await.is_empty());
    eve.says(&room, "Here I am").await;
    assert_eq!(listed(&eve, "").await, ["Here I am"]);
    for wrong in [
        &eve.id,
        "one",
        "0",
        "-1",
        "64f8a1b2c3d4e5f6a7b8c9d1",
        SESSION,
    ] {
        show(wrong).await.refused(400);
    }
}
