//! One server of all sends mail; however it ends, another goes on.

use crate::inputs::outside::Post;
use crate::support::*;
use std::time::{Duration, Instant};

/// How long a mail may take to come.
const SECONDS: Duration = Duration::from_secs(5);

/// Somebody who signs up at this server gets a code.
async fn mails(chat: &Chat, server: &str, post: &Post, name: &str) {
    let email = person::email_of(name);
    let asked = Instant::now();
    let code = json!({ "email": email });
    let nobody = chat.nobody().by(server);
    let sent = nobody.post("/user/send-signup-code", code).await;
    sent.has_status(200);
    post.mail_to(&email, "sign up").await;
    assert!(asked.elapsed() < SECONDS, "{:?}", asked.elapsed());
    // Whoever ends before it is noted sends it again.
    let waiting = "SELECT count(*) FROM outbox WHERE sent_at IS NULL";
    let is_noted = async || chat.kept.one::<i64>(waiting, &[]) == 0;
    eventually("it is noted as sent", is_noted).await;
}

/// Waits until the only server there is mails for all.
async fn is_the_keeper(chat: &Chat) {
    let keepers = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = 525742081
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually("it is the keeper", async || {
        chat.kept.one::<i64>(keepers, &[]) == 1
    })
    .await;
}

#[tokio::test]
async fn another_server_goes_on_mailing() {
    let post = Post::open().await;
    let mut chat = Chat::of_several(1, &["--smtp-url", &post.url]).await;
    is_the_keeper(&chat).await;
    let first = chat.servers().remove(0);
    let second = chat.gains_a_server().await;
    mails(&chat, &first, &post, "ann").await;
    mails(&chat, &second, &post, "bob").await;
    chat.loses(&first).await;
    mails(&chat, &second, &post, "cleo").await;

    is_the_keeper(&chat).await;
    let third = chat.gains_a_server().await;
    mails(&chat, &third, &post, "dora").await;
    chat.drains(&second).await;
    mails(&chat, &third, &post, "eve").await;
    // Nobody was written to twice.
    for name in ["ann", "bob", "cleo", "dora", "eve"] {
        let mails = post.mails_to(&person::email_of(name));
        assert_eq!(mails, 1, "{name}");
    }
}
