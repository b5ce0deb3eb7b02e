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

#[tokio::test]
async fn an_invitation_leads_somewhere_is_listed_and_revoked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::on(&file, &["--sign-up", "invited"]).await;
    let first = typed(&["invite", "--db", words(&file), "--json"])
        .await
        .json();
    let (_, token) = parts(first["link"].as_str().expect("a link"));
    signs_up(&chat, "ann", token).await.has_status(201);
    let ann = chat.logs_in("ann").await;
    ann.opens_room("Lobby").await;
    let twice = ann.opens_room("Twice").await;
    ann.gathers("twice", &[]).await;
    let at = ["--db", words(&file)];
    let invite = async |more: &[&str]| typed(&[&["invite"], more, &at].concat()).await;
    invite(&["--to", "Nowhere"]).await.badly(1, "not found");
    invite(&["--to", "Twice"])
        .await
        .badly(1, "could be several: say id:");
    let number = chat
        .spelling()
        .read::<chat::core::model::ConversationKind>(&twice);
    let number = format!("id:{}", number.expect("an id").number());
    let printed = invite(&["--to", "lobby", "--to", &number, "--qr"]).await;
    let out = &printed.well().out;
    assert!(
        out.contains("It leads to Lobby, Twice.") && out.contains('\u{2580}'),
        "{out}"
    );
    let (_, token) = parts(out.lines().next().expect("a line"));
    signs_up(&chat, "bob", token).await.has_status(201);
    let listed = invite(&["list"]).await;
    let line = listed
        .well()
        .out
        .lines()
        .nth(1)
        .expect("an invitation")
        .to_owned();
    assert!(
        line.contains("1 of 1")
            && line.contains("the command line")
            && line.contains("Lobby, Twice"),
        "{line}"
    );
    let more = invite(&["--json"]).await.json();
    let (_, token) = parts(more["link"].as_str().expect("a link"));
    let id = more["id"].to_string();
    invite(&["revoke", &id]).await.well();
    signs_up(&chat, "carl", token).await.refused(403);
    invite(&["revoke", &id]).await.badly(1, "not found");
    let known = invite(&["list", "--json"]).await;
    assert_eq!(known.well().out.lines().count(), 2);
}
