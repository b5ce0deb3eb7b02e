//! Groups: named, closed, and with whoever creates them in them.

use super::names;
use crate::support::*;

async fn creates(by: &Person, name: &str, members: Value) -> Answer {
    let group = json!({ "name": name, "groupMenmbers": members });
    by.post("/conversaton/create-group", group).await
}

#[tokio::test]
async fn ann_creates_a_group_and_is_in_it() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.campus("ann").await,
        chat.campus("bob").await,
        chat.campus("cleo").await,
    );
    let made = creates(&ann, "Study group", json!([bob.uuid, cleo.uuid]))
        .await
        .looks_like(
            201,
            r#"{
          "id": "01234567-89ab-8def-8123-456789abcdef",
          "type": "group",
          "name": "Study group",
          "participants": [{ "id": "01234567-89ab-8def-8123-456789abcdef", "profile": null }, "…"],
          "createdAt": "2024-01-01T00:00:00.000Z"
        }"#,
        );
    assert_eq!(names(&made["participants"]), ["ann", "bob", "cleo"]);
    let path = format!("/conversaton/{}", made["id"].as_str().expect("an id"));
    for person in [&ann, &bob, &cleo] {
        person.get(&path).await.looks_like(200, made.clone());
    }
    chat.campus("eve").await.get(&path).await.refused(404);
    let another = creates(&ann, "Study group", json!([bob.uuid])).await;
    assert_ne!(
        another.has_status(201).json()["id"],
        made["id"],
        "a name is no id: there may be two of it"
    );
}

#[tokio::test]
async fn who_is_named_twice_is_in_it_once() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let members = json!([bob.uuid, bob.number, bob.id, ann.uuid]);
    let made = creates(&ann, "The two of us", members)
        .await
        .has_status(201)
        .json();
    assert_eq!(names(&made["participants"]), ["ann", "bob"]);
    assert_eq!(
        made["type"], "group",
        "two people in a group are not a direct conversation"
    );
    let direct = ann.meets(&bob).await;
    assert_ne!(made["id"], json!(direct));
}

#[tokio::test]
async fn the_corrected_spelling_works_too() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let group = json!({ "name": "Study group", "groupMembers": [bob.uuid] });
    for path in ["/conversaton/create-group", "/conversation/create-group"] {
        let made = ann.post(path, group.clone()).await.has_status(201).json();
        assert_eq!(names(&made["participants"]), ["ann", "bob"]);
    }
}

#[tokio::test]
async fn a_group_needs_a_name_and_people_who_are_there() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    for wrong in ["", "   ", &"x".repeat(101)] {
        creates(&ann, wrong, json!([bob.uuid]))
            .await
            .refused_for(&["name"]);
    }
    for wrong in [
        json!(null),
        json!(bob.uuid),
        json!({ "0": bob.uuid }),
        json!(["bob"]),
        json!([null]),
        json!([[bob.uuid]]),
        json!([bob.uuid, "01234567-89ab-8def-8123-456789abcdef"]),
    ] {
        creates(&ann, "Study group", wrong)
            .await
            .refused_for(&["groupMenmbers"]);
    }
    creates(&ann, "Study group", json!([bob.uuid, 999_999_999]))
        .await
        .refused(404);
    let empty = ann.post("/conversaton/create-group", json!({})).await;
    empty.refused_for(&["name", "groupMenmbers"]);
}

#[tokio::test]
async fn a_group_has_at_most_256_members() {
    let chat = Chat::open().await;
    let ann = chat.campus("ann").await;
    let mut others = Vec::new();
    for at in 0..256 {
        let name = format!("member{at}");
        let new = json!({
            "username": name,
            "email": format!("{name}@example.test"),
            "password": "securePassword123"
        });
        let new = chat.nobody().post("/api/auth/signup", new).await;
        others.push(new.has_status(201).json()["data"]["userId"].clone());
    }
    let too_many = creates(&ann, "Too many", json!(others)).await;
    too_many.refused_for(&["groupMenmbers"]);
    let last = others.pop().expect("256 others");
    let full = creates(&ann, "Full", json!(others))
        .await
        .has_status(201)
        .json();
    assert_eq!(names(&full["participants"]).len(), 256);
    let path = format!(
        "/api/conversations/{}/members",
        full["id"].as_str().expect("an id")
    );
    let one_more = ann.post(path, json!({ "userId": last })).await;
    assert!(matches!(one_more.status, 400 | 409), "{one_more:?}");
    one_more.refused(one_more.status);
}
