//! Sessions and notifications: facts of another application, told by the administrator.

use super::named;
use crate::support::mentor::SESSION;
use crate::support::*;

#[tokio::test]
async fn a_session_is_recorded_and_becomes_a_conversation() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let admin = chat.admin();
    let path = format!("/api/admin/sessions/{SESSION}");
    admin.get(&path).await.refused(404);
    let put = async |body: Value| admin.sends(Request::new("PUT", &path).json(&body)).await;
    let session = json!({ "mentorId": ann.uuid, "menteeId": bob.number, "startAt": "2024-01-15T10:00:00Z", "status": "scheduled" });
    let expected = json!({ "success": true, "session": {
        "id": SESSION, "mentorId": ann.uuid, "menteeId": bob.uuid, "mentor": { "id": ann.uuid, "name": "ann" },
        "mentee": { "id": bob.uuid, "name": "bob" }, "startAt": "2024-01-15T10:00:00.000Z", "status": "scheduled",
    } });
    put(session.clone()).await.looks_like(200, expected.clone());
    admin.get(&path).await.looks_like(200, expected);
    let mut done = session;
    done["status"] = json!("done");
    put(done)
        .await
        .looks_like(200, json!({ "session": { "status": "done" } }));
    let listed = admin
        .get("/api/admin/sessions")
        .await
        .has_status(200)
        .json();
    assert_eq!(named(&listed, "sessions", "status"), ["done"]);
    assert_eq!(listed["pagination"]["total"], 1);
    let opened = bob.opens_session(SESSION).await;
    assert_eq!(opened["session"]["status"], "done");
    let wrong = put(json!({ "mentorId": "x", "startAt": "tomorrow" })).await;
    wrong.refused_for(&["mentorId", "menteeId", "startAt"]);
    let nobody =
        json!({ "mentorId": 999_999, "menteeId": bob.number, "startAt": "2024-01-15T10:00:00Z" });
    put(nobody).await.refused(404);
    let wrong = "/api/admin/sessions/none";
    let wrong = admin.get(wrong).await;
    assert!(matches!(wrong.status, 400 | 404), "{wrong:?}");
    assert_eq!(chat.audited().await.len(), 2);
}

#[tokio::test]
async fn a_notification_is_heard_and_kept() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let socket = ann.opens_a_socket().await;
    let notice =
        json!({ "userId": ann.uuid, "title": "Paid", "message": "Thank you", "type": "payment" });
    let admin = chat.admin();
    let path = "/api/admin/notifications";
    let made = admin.post(path, notice.clone()).await;
    let expected = json!({ "success": true, "notification": notice });
    let made = made.looks_like(201, expected);
    assert!(
        made["notification"]["id"].is_string() && made["notification"]["createdAt"].is_string()
    );
    let heard = json!({ "title": "Paid", "message": "Thank you", "type": "payment" });
    socket.hears("new_notification", heard.clone()).await;
    let kept = ann.get("/api/notifications").await.json();
    assert_looks_like(&kept["notifications"][0], heard, "the notification");
    let wrong = admin.post(path, json!({ "userId": ann.uuid })).await;
    wrong.refused_for(&["title", "message"]);
    let nobody = json!({ "userId": 999_999, "title": "Paid", "message": "Thank you" });
    admin.post(path, nobody).await.refused(404);
    assert_eq!(chat.audited().await, ["notification.create"]);
}
