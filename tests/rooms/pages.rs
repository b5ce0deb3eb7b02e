//! Pages: `page`, `limit`, `sort` and `order`, wherever a list is returned.

use crate::support::*;

fn contents(answer: &Value) -> Vec<&str> {
    let listed = answer["data"].as_array().expect("a list");
    listed
        .iter()
        .map(|message| message["content"].as_str().expect("a message has content"))
        .collect()
}

fn said(numbers: impl Iterator<Item = u32>) -> Vec<String> {
    numbers.map(|number| format!("message {number}")).collect()
}

#[tokio::test]
async fn a_history_is_read_page_by_page_in_either_order() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    for at in 1..=25 {
        ann.posts(&room, &format!("message {at}")).await;
    }
    let read = async |query: &str| {
        let path = format!("/api/messages/{room}{query}");
        chat.nobody()
            .get(path)
            .await
            .looks_like(200, json!({ "success": true }))
    };
    let first = read("").await;
    assert_eq!(
        contents(&first),
        said((6..=25).rev()),
        "twenty, the newest first"
    );
    let pagination = json!({ "page": 1, "limit": 20, "total": 25, "totalPages": 2 });
    assert_looks_like(&first["pagination"], pagination, "pagination");
    assert_eq!(contents(&read("?page=2").await), said((1..=5).rev()));

    let second = read("?page=2&limit=10&sort=createdAt&order=asc").await;
    assert_eq!(contents(&second), said(11..=20));
    let pagination = json!({ "page": 2, "limit": 10, "total": 25, "totalPages": 3 });
    assert_looks_like(&second["pagination"], pagination, "pagination");
    assert_eq!(
        contents(&read("?page=3&limit=10&order=asc").await),
        said(21..=25)
    );
    assert_eq!(
        contents(&read("?page=3&limit=10&sort=_id&order=desc").await),
        said((1..=5).rev())
    );
    assert_eq!(contents(&read("?limit=100&order=asc").await), said(1..=25));
    let beyond = read("?page=4&limit=10").await;
    assert_looks_like(
        &beyond,
        json!({ "data": [], "pagination": { "page": 4, "total": 25, "totalPages": 3 } }),
        "beyond",
    );
}

#[tokio::test]
async fn rooms_and_files_come_in_pages_too() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let rooms = ["one", "two", "three"];
    for name in rooms {
        let room = ann.opens_room(name).await;
        let file = Form::file(&format!("{name}.txt"), "text/plain", name.repeat(10))
            .field("roomId", &room);
        ann.uploads(file).await.has_status(201);
    }
    let page = json!({ "data": [{ "name": "three" }], "pagination": { "page": 2, "limit": 2, "total": 3, "totalPages": 2 } });
    chat.nobody()
        .get("/api/rooms?page=2&limit=2&order=asc")
        .await
        .looks_like(200, page);
    let smallest = json!({ "data": [{ "size": 30 }], "pagination": { "page": 1, "limit": 1, "total": 3, "totalPages": 3 } });
    chat.nobody()
        .get("/api/files?limit=1&sort=size&order=asc")
        .await
        .looks_like(200, smallest);
    let by_name = json!({ "data": [{ "originalName": "one.txt" }, { "originalName": "three.txt" }, { "originalName": "two.txt" }] });
    chat.nobody()
        .get("/api/files?sort=originalName&order=asc")
        .await
        .looks_like(200, by_name);
}

#[tokio::test]
async fn what_is_no_page_is_refused_by_its_name() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    for path in ["/api/rooms", "/api/files", &format!("/api/messages/{room}")] {
        for (field, value) in [
            ("page", "0"),
            ("page", "-1"),
            ("page", "two"),
            ("page", "99999999999999999999"),
            ("limit", "0"),
            ("limit", "101"),
            ("limit", "many"),
            ("sort", "password"),
            ("sort", "createdAt;--"),
            ("order", "sideways"),
        ] {
            chat.nobody()
                .get(format!("{path}?{field}={value}"))
                .await
                .refused_for(&[field]);
        }
        let both = chat
            .nobody()
            .get(format!("{path}?page=0&order=sideways"))
            .await;
        both.refused_for(&["page", "order"]);
    }
    chat.nobody()
        .get(format!("/api/messages/{room}?sort=content"))
        .await
        .refused_for(&["sort"]);
}
