//! What people do with their own account, beyond the document, in its envelope.

use crate::support::person::{email_of, password_of};
use crate::support::*;

#[tokio::test]
async fn everything_ones_own_comes_in_the_envelope() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let changed = ann
        .patch("/api/auth/profile", json!({ "username": "ann_lee" }))
        .await;
    let data =
        json!({ "id": ann.id, "username": "ann_lee", "email": email_of("ann"), "picture": null });
    changed.looks_like(
        200,
        json!({ "success": true, "message": "Profile updated successfully", "data": data }),
    );
    let refused = ann
        .patch("/api/auth/profile", json!({ "username": "" }))
        .await;
    refused.refused_for(&["username"]);

    let phone = ann.with_token(&ann.token);
    let other = {
        let login = json!({ "email": email_of("ann"), "password": password_of("ann") });
        let login = chat.nobody().post("/api/auth/login", login).await;
        let token = login.has_status(200).json()["data"]["accessToken"].clone();
        ann.with_token(token.as_str().expect("a token"))
    };
    let listed = phone.get("/api/auth/devices").await;
    let listed = listed.looks_like(200, json!({ "success": true }))["data"].clone();
    let devices = listed.as_array().expect("a list");
    let end = devices
        .iter()
        .find(|one| one["current"] == false)
        .expect("the other");
    let path = format!("/api/auth/devices/{}", end["_id"].as_str().expect("an id"));
    bob.delete(&path).await.refused(404);
    ann.delete(&path)
        .await
        .looks_like(200, json!({ "success": true }));
    other.get("/api/auth/validate").await.refused(401);

    let passwords =
        json!({ "currentPassword": password_of("ann"), "newPassword": "securePassword123" });
    ann.puts("/api/auth/password", passwords)
        .await
        .looks_like(200, json!({ "success": true }));
    let leaves = json!({ "password": "securePassword123", "messages": "keep" });
    ann.deletes("/api/auth/profile", leaves)
        .await
        .looks_like(200, json!({ "success": true }));
    ann.get("/api/auth/validate").await.refused(401);
}
