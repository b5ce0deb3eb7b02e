//! `chat invite`: a link for whoever is to have an account.

use super::{typed, words};
use crate::support::person::{email_of, password_of};
use crate::support::*;

/// The page's URL, and the token behind the `#`.
#[track_caller]
fn parts(link: &str) -> (&str, &str) {
    link.split_once("/#invitation=").expect("an invitation")
}

async fn signs_up(chat: &Chat, name: &str, invitation: &str) -> Answer {
    let new = json!({
        "username": name, "email": email_of(name), "password": password_of(name), "invitation": invitation,
    });
    chat.nobody().post("/api/auth/signup", new).await
}

#[tokio::test]
async fn a_printed_link_lets_so_many_people_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::on(&file, &["--sign-up", "invited"]).await;
    let printed = typed(&["invite", "--db", words(&file)]).await;
    let link = printed.well().out.lines().next().expect("a line");
    let (page, token) = parts(link);
    assert_eq!(page, format!("http://{}", chat.address));
    assert!(printed.out.contains("for one person"), "{printed:?}");
    signs_up(&chat, "ann", token).await.has_status(201);
    signs_up(&chat, "bob", token).await.refused(403);

    let url = ["--public-url", "https://chat.example.test/chat/"];
    let more = ["invite", "--uses", "2", "--lasts", "1h", "--json", "--db"];
    let told = typed(&[&more[..], &[words(&file)], &url].concat())
        .await
        .json();
    let (page, token) = parts(told["link"].as_str().expect("a link"));
    assert_eq!(page, "https://chat.example.test/chat");
    assert_eq!(told["uses"], 2);
    for name in ["bob", "carl"] {
        signs_up(&chat, name, token).await.has_status(201);
    }
    signs_up(&chat, "dora", token).await.refused(403);
    let long = typed(&["invite", "--lasts", "1000d", "--db", words(&file)]).await;
    long.badly(1, "366 days");
}
