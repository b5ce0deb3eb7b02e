//! The list of all users, page by page.

use super::pagination;
use crate::support::*;

/// The chat of five people, of whom each came by another way; the first asks.
async fn five(chat: &Chat) -> Vec<Person> {
    vec![
        chat.emote("ann").await,
        chat.emote("bob").await,
        chat.rooms("cleo").await,
        chat.campus("dan").await,
        chat.mentor("eve").await,
    ]
}

#[tokio::test]
async fn everybody_is_listed_wherever_they_signed_up() {
    let chat = Chat::open().await;
    let people = five(&chat).await;
    let listed = people[0]
        .get("/api/profile/users")
        .await
        .has_status(200)
        .json();
    pagination(&listed, 1, 30);
    for person in &people {
        let users = listed["users"].as_array().expect("a list of users").iter();
        let found: Vec<_> = users.filter(|user| user["id"] == person.uuid).collect();
        assert_eq!(found.len(), 1, "{} once in {listed}", person.name);
        assert_eq!(found[0]["name"], person.name);
        assert_looks_like(
            found[0],
            r#"{
              "id": "01234567-89ab-8def-8123-456789abcdef",
              "avatarUrl": null,
              "createdAt": "2024-01-01T00:00:00.000Z"
            }"#,
            "the user",
        );
        let email = found[0]["email"].as_str();
        let own = (person.name == "ann").then_some("ann@example.test");
        assert_eq!(email, own, "the address of {} is shown to Ann", person.name);
    }
}

#[tokio::test]
async fn page_by_page_everybody_comes_once() {
    let chat = Chat::open().await;
    let people = five(&chat).await;
    let read = async |page: u64, size: u64| {
        let path = format!("/api/profile/users?page={page}&page_size={size}");
        people[0].get(path).await.has_status(200).json()
    };
    let mut seen = Vec::new();
    let total = pagination(&read(1, 2).await, 1, 2);
    for page in 1..=total.div_ceil(2) {
        let listed = read(page, 2).await;
        assert_eq!(pagination(&listed, page, 2), total);
        let users = listed["users"].as_array().expect("a list of users");
        assert!(
            users.len() == 2 || page * 2 > total,
            "page {page} is full: {listed}"
        );
        seen.extend(users.iter().map(|user| user["id"].clone()));
    }
    assert_eq!(seen.len() as u64, total);
    for person in &people {
        let times = seen.iter().filter(|id| **id == person.uuid).count();
        assert_eq!(times, 1, "{} among {seen:?}", person.name);
    }
    let all = read(1, 100).await;
    assert_eq!(all["users"].as_array().map(Vec::len), Some(seen.len()));
    let beyond = read(50, 100).await;
    beyond["users"]
        .as_array()
        .filter(|users| users.is_empty())
        .expect("nobody is beyond");
    pagination(&beyond, 50, 100);
    let second = people[0]
        .get("/api/profile/users?page=2")
        .await
        .has_status(200)
        .json();
    pagination(&second, 2, 30);
}

#[tokio::test]
async fn thirty_are_on_a_page_unless_asked_otherwise() {
    let chat = Chat::open().await;
    let ann = chat.emote("ann").await;
    for at in 0..35 {
        let email = format!("user{at}@example.com");
        let user =
            json!({ "name": format!("User {at}"), "email": email, "password": "yourpassword" });
        chat.nobody()
            .post("/api/auth/register", user)
            .await
            .has_status(200);
    }
    let listed = ann.get("/api/profile/users").await.has_status(200).json();
    assert!(pagination(&listed, 1, 30) >= 36);
    assert_eq!(listed["users"].as_array().map(Vec::len), Some(30));
    assert!(
        !listed.to_string().contains("@example.com"),
        "others' addresses are not shown"
    );
}

#[tokio::test]
async fn one_is_shown_by_any_spelling_of_the_id_and_only_the_own_address() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.emote("ann").await, chat.rooms("bob").await);
    for id in [&bob.uuid, &bob.id] {
        let shown = ann.get(format!("/api/profile/users/{id}")).await;
        let user = json!({ "id": bob.uuid, "name": "bob", "avatarUrl": null });
        shown.looks_like(200, json!({ "user": user }));
        assert!(!shown.text().contains("example.test"), "{}", shown.text());
    }
    let own = ann.get(format!("/api/profile/users/{}", ann.uuid)).await;
    own.looks_like(200, json!({ "user": { "email": "ann@example.test" } }));
    ann.get("/api/profile/users/999999").await.refused(404);
}

#[tokio::test]
async fn what_is_no_page_is_refused_by_its_name() {
    let chat = Chat::open().await;
    let ann = chat.emote("ann").await;
    for path in ["/api/profile/users", "/api/conversations"] {
        for (field, wrong) in [
            ("page", "0"),
            ("page", "-1"),
            ("page", "two"),
            ("page_size", "0"),
            ("page_size", "101"),
            ("page_size", "all"),
        ] {
            ann.get(format!("{path}?{field}={wrong}"))
                .await
                .refused_for(&[field]);
        }
        let both = ann.get(format!("{path}?page=0&page_size=0")).await;
        both.refused_for(&["page", "page_size"]);
    }
}
