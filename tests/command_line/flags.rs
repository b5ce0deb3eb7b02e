//! Flags that are wrong: what is said, and how it ends.

use super::{a_file, typed, with_secret, words};
use crate::support::*;

#[tokio::test]
async fn wrong_flags_say_what_to_type() {
    for (wrong, words) in [
        (&["--listne", "3000"][..], "--listen"),
        (&["serve"], "chat"),
        (&["usr", "list"], "user"),
        (&["user", "suspend"], "<USER>"),
        (&["user", "add", "ann"], "--email"),
        (
            &["--temp", "--db", "chat.db"],
            "'--temp' cannot be used with",
        ),
        (&["--user", "ann:password of ann"], "add --temp"),
        (&["--listen", "here"], "--listen"),
        (&["--listen", "3000=nobody"], "campus"),
        (&["--limit-auth", "often"], "--limit-auth"),
        (&["--jwt-ttl", "long"], "--jwt-ttl"),
        (&["--max-upload", "much"], "--max-upload"),
        (&["--bcrypt-cost", "3"], "4..=16"),
        (&["--durability", "some"], "normal"),
        (&["--tls-cert", "cert.pem"], "--tls-key"),
        (&["--smtp-password-file", "file"], "--smtp-url"),
        (&["--google-client-id", "id"], "--google-client-secret-file"),
        (&["--admin-password-file", "file"], "--admin-email"),
        (&["--trust-proxy", "everybody"], "write 127.0.0.1"),
        (&["--trust-proxy", "10.0.0.0/33"], "10.0.0.0/8"),
        (&["--trust-aud", "chat"], "--trust-jwt"),
        (&["--trust-iss", "https://app.example.test"], "--trust-jwt"),
        (&["--cors-origin", "foo"], "write https://"),
        (&["--cors-origin", "app.example.test"], "write https://"),
        (
            &["--cors-origin", "https://app.example.test/chat"],
            "write https://app.example.test",
        ),
        (&["--cors-origin", "*"], "leave it out"),
        (&["--cors-origin", "null"], "leave --cors-origin out"),
        (&["--public-url", "chat.example.test"], "write https://"),
        (
            &["--public-url", "ftp://chat.example.test"],
            "write https://",
        ),
        (&["--public-url", "https://"], "write https://"),
        (
            &["admin", "link", "--public-url", "chat.example.test"],
            "write https://",
        ),
        (&["--members-only", "user", "list"], "cannot be used with"),
        (&["--db", "chat.db", "check"], "chat check … --db FILE"),
    ] {
        typed(wrong).await.badly(2, words);
    }
}

#[tokio::test]
async fn a_password_in_a_mail_servers_address_is_refused_and_not_repeated() {
    for wrong in [
        "open sesame",
        "open#sesame",
        "1/sesame",
        "1?sesame",
        "a@b:c",
    ] {
        let url = format!("smtp://ann:{wrong}@mail.example.test");
        let refused = typed(&["--temp", "--smtp-url", &url]).await;
        refused.badly(2, "--smtp-password-file");
        assert!(!refused.err.contains(wrong), "{refused:?}");
    }
}

#[tokio::test]
async fn each_way_to_end_has_its_code() {
    let (folder, file) = a_file().await;
    let elsewhere = folder.path().join("second.db");
    let chat = Chat::on(&file, &[]).await;
    // A second server on the file; then one on the address.
    typed(&["--listen", "127.0.0.1:0", "--db", words(&file)])
        .await
        .badly(3, "in use by another chat server");
    typed(&["--listen", &chat.address, "--db", words(&elsewhere)])
        .await
        .badly(4, "--listen");
    assert_eq!(chat.stop().await, 0);
    let short = with_secret(&folder, "secret", "too short");
    let flags = ["--jwt-secret-file", words(&short)];
    let db = ["--listen", "127.0.0.1:0", "--db", words(&file)];
    typed(&[&flags[..], &db].concat())
        .await
        .badly(2, "32 bytes");
    let missing = folder.path().join("missing");
    let flags = ["--trust-jwt", words(&missing)];
    typed(&[&flags[..], &db].concat())
        .await
        .badly(2, "cannot be read");
    typed(&["user", "list", "--db", words(&missing)])
        .await
        .badly(1, "--db");
    assert!(!missing.exists());
}
