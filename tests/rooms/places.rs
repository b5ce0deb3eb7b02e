//! Creating rooms, listing them, and looking into one.

use crate::support::*;

#[tokio::test]
async fn ann_opens_a_room_that_everybody_sees() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room =
        json!({ "name": "General Discussion", "description": "A room for general conversations" });
    let room = ann.post("/api/rooms", room).await.looks_like(
        201,
        r#"{
          "success": true,
          "message": "Room created successfully",
          "data": {
            "_id": "64f8a1b2c3d4e5f6a7b8c9d1",
            "name": "General Discussion",
            "description": "A room for general conversations",
            "createdBy": "64f8a1b2c3d4e5f6a7b8c9d0",
            "createdAt": "2024-01-01T00:00:00.000Z"
          }
        }"#,
    );
    assert_eq!(room["data"]["createdBy"], json!(ann.id));

    chat.nobody().get("/api/rooms").await.looks_like(
        200,
        r#"{
          "success": true,
          "message": "Rooms retrieved successfully",
          "data": [
            {
              "_id": "64f8a1b2c3d4e5f6a7b8c9d1",
              "name": "General Discussion",
              "description": "A room for general conversations",
              "createdAt": "2024-01-01T00:00:00.000Z"
            }
          ],
          "pagination": { "page": 1, "limit": 20, "total": 1, "totalPages": 1 }
        }"#,
    );
    let id = room["data"]["_id"].as_str().expect("a room has an _id");
    let details = chat
        .nobody()
        .get(format!("/api/rooms/{id}"))
        .await
        .looks_like(
            200,
            r#"{
          "success": true,
          "message": "Room details retrieved successfully",
          "data": {
            "_id": "64f8a1b2c3d4e5f6a7b8c9d1",
            "name": "General Discussion",
            "description": "A room for general conversations",
            "messages": [],
            "createdAt": "2024-01-01T00:00:00.000Z"
          }
        }"#,
        );
    assert_eq!(details["data"]["_id"], room["data"]["_id"]);
    assert_eq!(details["data"]["createdAt"], room["data"]["createdAt"]);
}

#[tokio::test]
async fn the_newest_room_is_listed_first() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    for name in ["First", "Second", "Third"] {
        ann.opens_room(name).await;
    }
    let newest_first =
        json!({ "data": [{ "name": "Third" }, { "name": "Second" }, { "name": "First" }] });
    chat.nobody()
        .get("/api/rooms")
        .await
        .looks_like(200, newest_first);
    let by_name =
        json!({ "data": [{ "name": "First" }, { "name": "Second" }, { "name": "Third" }] });
    chat.nobody()
        .get("/api/rooms?sort=name&order=asc")
        .await
        .looks_like(200, by_name);
}

#[tokio::test]
async fn a_room_needs_a_name_and_somebody_who_opens_it() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    ann.post("/api/rooms", json!({ "description": "Nameless" }))
        .await
        .refused_for(&["name"]);
    ann.post(
        "/api/rooms",
        json!({ "name": "", "description": "Nameless" }),
    )
    .await
    .refused_for(&["name"]);
    ann.post("/api/rooms", json!({ "name": 17, "description": 18 }))
        .await
        .refused_for(&["name", "description"]);
    ann.post("/api/rooms", json!({ "name": "A name is enough" }))
        .await
        .has_status(201);
    chat.nobody()
        .post("/api/rooms", json!({ "name": "Mine", "description": "" }))
        .await
        .refused(401);
}

#[tokio::test]
async fn a_look_into_a_room_shows_its_latest_fifty_messages() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    for at in 1..=52 {
        ann.posts(&room, &format!("message {at}")).await;
    }
    let details = chat
        .nobody()
        .get(format!("/api/rooms/{room}"))
        .await
        .looks_like(
            200,
            r#"{ "data": { "messages": [
            {
              "_id": "64f8a1b2c3d4e5f6a7b8c9d2",
              "content": "message 3",
              "sender": {
                "_id": "64f8a1b2c3d4e5f6a7b8c9d0",
                "username": "ann"
              },
              "createdAt": "2024-01-01T00:00:00.000Z"
            },
            "…"
        ] } }"#,
        );
    let messages = details["data"]["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 50);
    assert_eq!(
        messages[49]["content"], "message 52",
        "oldest first, the latest at the end"
    );
}

#[tokio::test]
async fn a_room_that_is_not_there_and_an_id_that_is_none() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    for (id, status) in [
        ("999999999", 404),
        // Whoever makes up an id, or brings one of another thing, has made a mistake and is told so.
        ("64f8a1b2c3d4e5f6a7b8c9d1", 400),
        ("00000000-0000-8000-8000-000000000001", 400),
        ("general", 400),
        ("-1", 400),
        ("0", 400),
        ("9007199254740992", 400),
        (&*ann.id, 400),
    ] {
        for path in [format!("/api/rooms/{id}"), format!("/api/messages/{id}")] {
            chat.nobody().get(&path).await.refused(status);
            ann.get(&path).await.refused(status);
        }
        ann.post(
            "/api/messages",
            json!({ "roomId": id, "content": "Hello?" }),
        )
        .await
        .refused(status);
    }
}
