//! What people do with their own account, beyond the document, in its words.

use crate::support::person::{email_of, password_of};
use crate::support::*;

#[tokio::test]
async fn a_students_profile_changes_and_the_rest_of_it_stays() {
    let chat = Chat::open().await;
    let ann = chat.campus("ann").await;
    let changed = ann
        .patch("/user/profile", json!({ "full_name": "Ann Lee" }))
        .await;
    let user = json!({ "id": ann.uuid, "full_name": "Ann Lee", "gender": "female", "dateOfBirth": "1999-12-31", "role": "student" });
    let told = changed.looks_like(200, json!({ "user": user }));
    assert!(told["message"].is_string(), "{told}");
    let shown = ann.get("/user/profile").await.has_status(200).json();
    assert_eq!(shown, told["user"]);
    let refused = ann.patch("/user/profile", json!({ "full_name": "" })).await;
    refused.refused_for(&["full_name"]);
}

#[tokio::test]
async fn password_address_and_leaving_are_told_in_a_message() {
    let chat = Chat::open().await;
    let (ann, new) = (chat.campus("ann").await, "Open Sesame");
    let passwords = json!({ "currentPassword": password_of("ann"), "newPassword": new });
    let other = ann.logs_in().await;
    let told = ann
        .puts("/user/password", passwords)
        .await
        .has_status(200)
        .json();
    assert!(told["message"].is_string(), "{told}");
    other.get("/user/profile").await.refused(401);
    let asked = json!({ "email": email_of("lee"), "password": new });
    ann.post("/user/email", asked).await.has_status(200);
    let code = json!({ "code": chat.code_for(&email_of("lee")).await });
    let told = ann.puts("/user/email", code).await;
    told.looks_like(200, json!({ "user": { "email": email_of("lee") } }));
    let told = ann
        .deletes("/user/profile", json!({ "password": new }))
        .await;
    assert!(told.has_status(200).json()["message"].is_string());
    ann.get("/user/profile").await.refused(401);
}
