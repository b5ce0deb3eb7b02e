//! System notifications: live, at the next connection, and over REST.

use crate::support::*;

#[tokio::test]
async fn bob_hears_of_his_project_at_once() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let (phone, laptop) = (bob.opens_a_socket().await, bob.opens_a_socket().await);
    ann.socket().await;
    chat.notifies(
        &bob,
        "Project Update",
        "You have been assigned to Project X",
        "project_assigned",
    )
    .await;
    for socket in [&phone, &laptop] {
        let heard = socket.hears(
            "new_notification",
            r#"{
              "id": 50,
              "user_id": 789,
              "title": "Project Update",
              "message": "You have been assigned to Project X",
              "type": "project_assigned",
              "created_at": "2023-10-27T12:00:00.000Z"
            }"#,
        );
        assert_eq!(heard.await["user_id"], json!(bob.number));
    }
    ann.hears_nothing_of("new_notification").await;
    let later = bob.opens_a_socket().await;
    later.hears_nothing_of("new_notification").await;
}

#[tokio::test]
async fn what_nobody_heard_is_told_at_the_next_connection_and_once() {
    let chat = Chat::open().await;
    let bob = chat.direct("bob").await;
    chat.notifies(&bob, "Payment received", "First", "payment")
        .await;
    chat.notifies(&bob, "Payment received", "Second", "payment")
        .await;
    let first = bob.opens_a_socket().await;
    for message in ["First", "Second"] {
        first
            .hears(
                "new_notification",
                json!({ "message": message, "type": "payment", "user_id": bob.number }),
            )
            .await;
    }
    first.hears_nothing_of("new_notification").await;
    let second = bob.opens_a_socket().await;
    second.hears_nothing_of("new_notification").await;
}

#[tokio::test]
async fn notifications_are_listed_and_marked_read() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    bob.get("/api/notifications").await.looks_like(
        200,
        json!({ "success": true, "notifications": [], "unreadCount": 0, "pagination": { "page": 1, "total": 0 } }),
    );
    chat.notifies(
        &bob,
        "Project Update",
        "You have been assigned to Project X",
        "project_assigned",
    )
    .await;
    chat.notifies(&bob, "Payment received", "All of it", "payment")
        .await;
    let listed = bob.get("/api/notifications").await.looks_like(
        200,
        r#"{
          "success": true,
          "notifications": [
            {
              "id": 51,
              "user_id": 789,
              "title": "Payment received",
              "message": "All of it",
              "type": "payment",
              "is_read": false,
              "read_at": null,
              "created_at": "2023-10-27T12:00:00.000Z"
            },
            {
              "id": 50,
              "user_id": 789,
              "title": "Project Update",
              "message": "You have been assigned to Project X",
              "type": "project_assigned",
              "is_read": false,
              "read_at": null,
              "created_at": "2023-10-27T12:00:00.000Z"
            }
          ],
          "unreadCount": 2,
          "pagination": { "page": 1, "limit": 20, "total": 2, "totalPages": 1 }
        }"#,
    );
    let id = listed["notifications"][1]["id"].clone();
    let read = r#"{
      "success": true,
      "notification": {
        "id": 50,
        "user_id": 789,
        "title": "Project Update",
        "message": "You have been assigned to Project X",
        "type": "project_assigned",
        "is_read": true,
        "read_at": "2023-10-27T12:05:00.000Z",
        "created_at": "2023-10-27T12:00:00.000Z"
      }
    }"#;
    let marked = bob
        .patch(format!("/api/notifications/{id}/read"), json!({}))
        .await
        .looks_like(200, read);
    let again = bob
        .patch(format!("/api/notifications/{id}/read"), json!({}))
        .await
        .looks_like(200, read);
    assert_eq!(again, marked, "read once, it stays read since then");
    bob.get("/api/notifications")
        .await
        .looks_like(200, json!({ "unreadCount": 1 }));
    let page = json!({ "notifications": [{ "id": id }], "pagination": { "page": 2, "limit": 1, "total": 2, "totalPages": 2 } });
    bob.get("/api/notifications?page=2&limit=1")
        .await
        .looks_like(200, page);

    ann.get("/api/notifications")
        .await
        .looks_like(200, json!({ "notifications": [], "unreadCount": 0 }));
    let foreign = ann
        .patch(format!("/api/notifications/{id}/read"), json!({}))
        .await;
    let nothing = ann
        .patch("/api/notifications/999999999/read", json!({}))
        .await;
    assert_eq!(foreign.refused(404).json(), nothing.refused(404).json());
    ann.patch("/api/notifications/one/read", json!({}))
        .await
        .refused(400);
    chat.nobody().get("/api/notifications").await.refused(401);
    chat.nobody()
        .patch(format!("/api/notifications/{id}/read"), json!({}))
        .await
        .refused(401);
}

#[tokio::test]
async fn a_notification_that_was_read_is_not_told_again() {
    let chat = Chat::open().await;
    let bob = chat.direct("bob").await;
    chat.notifies(&bob, "Payment received", "All of it", "payment")
        .await;
    let listed = bob.get("/api/notifications").await.json();
    let id = &listed["notifications"][0]["id"];
    bob.patch(format!("/api/notifications/{id}/read"), json!({}))
        .await
        .has_status(200);
    bob.hears_nothing_of("new_notification").await;
}
