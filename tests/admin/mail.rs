//! The outbox: what waits, for whom, and one more try.

use super::{asking, named, text};
use crate::support::*;

#[tokio::test]
async fn mail_that_waits_is_shown_and_tried_again() {
    let chat = Chat::open().await;
    let nobody = chat.nobody();
    for name in ["ann", "bob"] {
        let asked = json!({ "email": format!("{name}@example.test") });
        let asked = nobody.post("/user/send-signup-code", asked).await;
        asked.has_status(200);
    }
    let admin = chat.admin();
    let listed = admin.get("/api/admin/outbox").await;
    let listed = listed.looks_like(200, json!({ "success": true }));
    assert_eq!(
        named(&listed, "outbox", "to"),
        ["bob@example.test", "ann@example.test"]
    );
    let mail = &listed["outbox"][0];
    assert_looks_like(
        mail,
        json!({ "sentAt": null, "tries": 0, "error": null }),
        "a mail",
    );
    for field in ["id", "subject", "text", "html", "createdAt", "dueAt"] {
        assert!(mail[field].is_string(), "{field} of {mail}");
    }
    let only = admin
        .get("/api/admin/outbox?to=ann@example.test")
        .await
        .json();
    assert_eq!(named(&only, "outbox", "to"), ["ann@example.test"]);
    assert_eq!(only["pagination"]["total"], 1);
    let path = format!("/api/admin/outbox/{}/retry", text(&mail["id"]));
    admin.post(path, json!({})).await.has_status(200);
    let missing = "/api/admin/outbox/999999/retry";
    admin.post(missing, json!({})).await.refused(404);
    let audit = admin.get(asking("audit", "mail.retry")).await.json();
    assert_eq!(audit["audit"][0]["detail"], "bob@example.test");
}
