//! The list of conversations: what was said last, what is unread, and whose list it is.

use super::pagination;
use crate::support::*;

async fn listed(of: &Person, query: &str) -> Value {
    of.get(format!("/api/conversations{query}"))
        .await
        .has_status(200)
        .json()
}

/// The ids of what is listed, in its order.
fn ids(listed: &Value) -> Vec<&str> {
    let listed = listed["conversations"]
        .as_array()
        .expect("a list of conversations");
    listed
        .iter()
        .map(|one| one["id"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn bob_sees_what_ann_wrote_and_that_it_is_unread() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.emote("ann").await, chat.emote("bob").await);
    let conversation = ann.meets(&bob).await;
    ann.sends_to(&conversation, "Hello").await;
    let last = ann.sends_to(&conversation, "Are you there?").await;
    let bobs = listed(&bob, "").await;
    assert_eq!(pagination(&bobs, 1, 30), 1);
    let item = &bobs["conversations"][0];
    assert_looks_like(
        item,
        r#"{
          "id": "01234567-89ab-8def-8123-456789abcdef",
          "type": "direct",
          "participants": [
            { "id": "01234567-89ab-8def-8123-456789abcdef", "avatarUrl": null, "createdAt": "2024-01-01T00:00:00.000Z" },
            { "id": "01234567-89ab-8def-8123-456789abcdef", "avatarUrl": null, "createdAt": "2024-01-01T00:00:00.000Z" }
          ],
          "lastMessage": {
            "id": "01234567-89ab-8def-8123-456789abcdef",
            "content": "Are you there?",
            "senderId": "01234567-89ab-8def-8123-456789abcdef",
            "createdAt": "2024-01-01T00:00:00.000Z"
          },
          "unreadCount": 2,
          "createdAt": "2024-01-01T00:00:00.000Z",
          "updatedAt": "2024-01-01T00:00:00.000Z"
        }"#,
        "the conversation",
    );
    let same =
        json!({ "id": conversation, "lastMessage": { "id": last["id"], "senderId": ann.uuid } });
    assert_looks_like(item, same, "the conversation");
    let people = item["participants"].as_array().expect("two people");
    let mut names: Vec<_> = people
        .iter()
        .filter_map(|person| person["name"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["ann", "bob"]);
    assert!(
        !bobs.to_string().contains("ann@example.test"),
        "Ann's address is not Bob's business"
    );

    let anns = listed(&ann, "").await;
    assert_looks_like(
        &anns["conversations"][0],
        json!({ "unreadCount": 0 }),
        "one's own are read",
    );
    bob.does("mark_read", json!({ "conversationId": conversation }))
        .await;
    let read = listed(&bob, "").await;
    assert_looks_like(
        &read["conversations"][0],
        json!({ "unreadCount": 0 }),
        "after reading",
    );
}

#[tokio::test]
async fn a_group_in_which_nobody_has_spoken_yet() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.emote("ann").await,
        chat.emote("bob").await,
        chat.emote("cleo").await,
    );
    let group = ann.gathers("Study group", &[&bob]).await;
    let silent = json!({
        "id": group, "type": "group", "name": "Study group", "lastMessage": null, "unreadCount": 0
    });
    for person in [&ann, &bob] {
        let listed = listed(person, "?page=1").await;
        assert_looks_like(&listed["conversations"], json!([silent]), "the list");
    }
    let cleos = listed(&cleo, "").await;
    assert_eq!(cleos["conversations"], json!([]));
    assert_eq!(pagination(&cleos, 1, 30), 0);
}

#[tokio::test]
async fn the_latest_talk_comes_first_page_by_page() {
    let chat = Chat::open().await;
    let ann = chat.emote("ann").await;
    let mut talks = Vec::new();
    for name in ["bob", "cleo", "dan", "eve", "fay"] {
        let other = chat.emote(name).await;
        let conversation = ann.meets(&other).await;
        ann.sends_to(&conversation, "Hello").await;
        talks.insert(0, conversation);
    }
    assert_eq!(ids(&listed(&ann, "").await), talks);
    // An old talk that goes on is the latest.
    ann.sends_to(&talks[3], "Still there?").await;
    let revived = talks.remove(3);
    talks.insert(0, revived);
    for (page, expected) in [
        (1, &talks[..2]),
        (2, &talks[2..4]),
        (3, &talks[4..]),
        (4, &[]),
    ] {
        let answer = ann
            .get(format!("/api/conversations?page={page}&page_size=2"))
            .await;
        let read = answer.has_status(200).json();
        assert_eq!(ids(&read), expected, "page {page}");
        assert_eq!(pagination(&read, page, 2), 5);
        assert_eq!(answer.says("X-Total-Count"), "5");
    }
}

#[tokio::test]
async fn the_home_decides_whose_list_it_is_unless_the_query_does() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.emote("ann").await, chat.rooms("bob").await);
    let conversation = ann.meets(&bob).await;
    ann.sends_to(&conversation, "Hello").await;
    for (person, query, is_emotes) in [
        (&ann, "", true),
        (&ann, "?page=1", true),
        (&ann, "?page_size=10", true),
        (&ann, "?limit=10", false),
        (&ann, "?offset=0", false),
        (&bob, "", false),
        (&bob, "?page=1", true),
        (&bob, "?page_size=10", true),
        (&bob, "?limit=10&offset=0", false),
    ] {
        let answer = person.get(format!("/api/conversations{query}")).await;
        let listed = answer.has_status(200).json();
        let found = if is_emotes {
            &listed["conversations"]
        } else {
            &listed
        };
        assert_looks_like(
            found,
            json!([{ "id": conversation }]),
            &format!("{}'s list with {query:?}", person.name),
        );
        assert_eq!(answer.says("X-Total-Count"), "1");
    }
}
