//! What nobody may read in a log: tokens, passwords, codes. Everything that has to do with them is done at the log's most
//! talkative level, well and badly, and then looked for in it.

use super::outside::{Issuer, Post};
use crate::support::*;
use crate::trust_jwt::keys::Keys;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SMTP_PASSWORD: &str = "the password of the post";
const CLIENT_SECRET: &str = "the secret of this client";
const SIGNING_SECRET: &str = "a signing secret of more than thirty-two bytes";
const USER_PASSWORD: &str = "john's own password";

#[tokio::test]
async fn no_token_password_or_code_is_in_the_log_as_text() {
    nothing_is_said("text").await;
}

#[tokio::test]
async fn no_token_password_or_code_is_in_the_log_as_json() {
    nothing_is_said("json").await;
}

async fn nothing_is_said(format: &str) {
    let (issuer, post) = (Issuer::open().await, Post::open().await);
    let keys = Keys::hs256();
    let files = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str, text: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, text).expect("a secret is written");
        path.to_str().expect("a path that is UTF-8").to_owned()
    };
    let (smtp, client) = (file("smtp", SMTP_PASSWORD), file("client", CLIENT_SECRET));
    let (signing, user) = (
        file("signing", SIGNING_SECRET),
        format!("john:{USER_PASSWORD}"),
    );
    let flags =
        format!("--log trace --log-format {format} --google-client-id chat --mail-delay 1s");
    let mut flags: Vec<&str> = flags.split(' ').collect();
    let postbox = post.url.replace("//", "//postman@");
    flags.extend(["--smtp-url", &postbox, "--smtp-password-file", &smtp]);
    flags.extend([
        "--oidc-issuer",
        &issuer.url,
        "--google-client-secret-file",
        &client,
    ]);
    flags.extend([
        "--jwt-secret-file",
        &signing,
        "--user",
        &user,
        "--trust-jwt",
        keys.file(),
    ]);
    let chat = Chat::with(&flags).await;

    let mut secrets = vec![chat.admin().token.clone()];
    secrets
        .extend([SMTP_PASSWORD, CLIENT_SECRET, SIGNING_SECRET, USER_PASSWORD].map(str::to_owned));
    secrets.extend(logins(&chat).await);
    secrets.extend(sockets(&chat, &keys).await);
    secrets.extend(codes_and_links(&chat, &post).await);
    secrets.extend(elsewhere(&chat, &issuer).await);
    garbles(&chat, &secrets).await;

    let log = chat.log();
    // It was as talkative as it gets, and has noted what it should have.
    for note in [
        "a connection ended",
        "an authorization code was not taken",
        "an ID token was refused",
        "a mail was not taken",
    ] {
        assert!(log.contains(note), "nothing of {note:?} in {log}");
    }
    assert!(secrets.len() > 25, "{secrets:?}");
    for secret in &secrets {
        assert!(secret.len() >= 6, "{secret:?} is hardly a secret");
        let told = log.lines().find(|line| tells(line, secret));
        assert_eq!(told, None, "{secret:?} is in the log");
    }
}

/// Is it in this line? Six digits may be in a moment, or within a longer number.
fn tells(line: &str, secret: &str) -> bool {
    // A token's signature is what makes it one.
    let part = secret.rsplit('.').next().filter(|part| part.len() > 20);
    let (before, line) = line.split_once('Z').unwrap_or(("", line));
    let moment = before.contains("T") && before.len() < 60;
    let line = if moment { line } else { before };
    [Some(secret), part].into_iter().flatten().any(|secret| {
        line.match_indices(secret).any(|(at, _)| {
            let around = [
                line[..at].chars().last(),
                line[at + secret.len()..].chars().next(),
            ];
            let is_digit = |letter: Option<char>| letter.is_some_and(|one| one.is_ascii_digit());
            secret.len() > 6 || !around.into_iter().any(is_digit)
        })
    })
}

#[test]
fn what_is_told_is_found_out() {
    let line = r#"{"timestamp":"2026-11-21T05:59:36.123456Z","fields":{"why":"code 654321 x.y"}}"#;
    assert!(tells(line, "654321"));
    assert!(!tells(line, "123456"), "a moment is no code");
    let text = "2026-11-21T05:59:36.123456Z  WARN chat: token=aaa.bbb.0123456789abcdef0123456789";
    assert!(tells(text, "aaa.bbb.0123456789abcdef0123456789"));
    assert!(
        tells(text, "other.0123456789abcdef0123456789"),
        "the signature alone"
    );
    assert!(!tells(text, "123456"));
}

/// Ways to log in, with the right words, with wrong ones, and with right ones in the wrong place.
async fn logins(chat: &Chat) -> Vec<String> {
    let (ann, bob) = (chat.rooms("ann").await, chat.emote("bob").await);
    let wrong = "a password that is wrong";
    let nobody = chat.nobody();
    let (email, password) = (person::email_of("ann"), person::password_of("ann"));
    for path in ["/auth/login", "/api/auth/login"] {
        let login = nobody.post(path, json!({ "email": email, "password": password }));
        login.await.has_status(200);
        for (email, password) in [
            (&*email, wrong),
            (&*password, wrong),
            (wrong, &*email),
            ("", &*password),
        ] {
            let login = json!({ "email": email, "password": password });
            nobody.post(path, login).await;
        }
        let list = json!({ "email": [password], "password": { "is": password } });
        nobody.post(path, list).await.refused(400);
        let broken = format!("{{\"password\":\"{password}\"");
        let broken = Request::new("POST", path).body("application/json", broken);
        nobody.sends(broken).await.refused(400);
        let query = password.replace(' ', "%20");
        nobody.get(format!("{path}?password={query}")).await;
        nobody.get(format!("{path}/{query}")).await;
    }
    let signup = json!({ "username": password, "email": password, "password": "short1" });
    nobody.post("/api/auth/signup", signup).await.refused(400);
    let gone = ann.logs_in().await;
    gone.post("/api/auth/logout", json!({}))
        .await
        .has_status(200);
    gone.get("/user/profile").await.refused(401);
    let (_, signature) = ann.token.rsplit_once('.').expect("a signature");
    let forged = bob.token.rsplit_once('.').expect("a signature").0;
    let forged = format!("{forged}.{signature}");
    bob.with_token(&forged)
        .get("/user/profile")
        .await
        .refused(401);
    let passwords = [wrong.to_owned(), password, person::password_of("bob")];
    let tokens = [
        ann.token.clone(),
        bob.token.clone(),
        gone.token.clone(),
        forged,
    ];
    [&passwords[..], &tokens[..]].concat()
}

/// Ways to come in by a socket, and by a token that another application made.
async fn sockets(chat: &Chat, keys: &Keys) -> Vec<String> {
    let carl = chat.rooms("carl").await;
    let foreign = keys.sign(&json!({ "sub": "u1", "name": "Uma", "exp": 4_000_000_000_u64 }));
    let over = keys.sign(&json!({ "sub": "u1", "name": "Uma", "exp": 1_000_000_000_u64 }));
    for token in [&carl.token, &foreign] {
        let known = carl.with_token(token);
        known.opens_a_socket().await;
        let by_query = known.entry().query(&format!("token={token}"));
        by_query.connect().await.expect("a socket");
        known.get("/user/profile").await.has_status(200);
    }
    for (namespace, token) in [("/", &over), ("/chat", &over)] {
        let entry = || carl.entry().namespace(namespace);
        let by_query = entry().query(&format!("token={token}"));
        assert!(by_query.connect().await.is_err());
        let by_auth = entry().auth(json!({ "token": token, "password": token }));
        assert!(by_auth.connect().await.is_err());
    }
    vec![carl.token.clone(), foreign, over]
}

/// Codes, links and what they become; and mails that are not taken.
async fn codes_and_links(chat: &Chat, post: &Post) -> Vec<String> {
    let nobody = chat.nobody();
    let mut secrets = Vec::new();
    let dora = person::email_of("dora");
    let code = json!({ "email": dora });
    nobody
        .post("/user/send-signup-code", code)
        .await
        .has_status(200);
    let code = mail::code_in(&post.mail_to(&dora, "sign up").await);
    let wrong = json!({ "email": dora, "verificationCode": mail::another(&code) });
    nobody.post("/user/verify-email", wrong).await.refused(400);
    let proof = json!({ "email": dora, "verificationCode": code });
    let proof = nobody
        .post("/user/verify-email", proof)
        .await
        .has_status(200)
        .json();
    let mut student = arriving::student("dora");
    student["signupToken"] = proof["signupToken"].clone();
    nobody.post("/user/register", student).await.has_status(201);
    secrets.extend([
        code,
        text(&proof["signupToken"]),
        person::password_of("dora"),
    ]);

    let code = json!({ "email": dora });
    nobody
        .post("/user/reset-password-code", code)
        .await
        .has_status(200);
    let code = mail::code_in(&post.mail_to(&dora, "new password").await);
    let proof = json!({ "email": dora, "verificationCode": code });
    let proof = nobody
        .post("/user/verify-reset-code", proof)
        .await
        .has_status(200)
        .json();
    let new = "another password of dora";
    let reset = json!({ "email": dora, "password": new, "resetToken": proof["resetToken"] });
    nobody
        .patch("/user/reset-password", reset)
        .await
        .has_status(200);
    secrets.extend([code, text(&proof["resetToken"]), new.to_owned()]);

    let link = json!({ "email": dora });
    nobody
        .post("/api/password/reset-request", link)
        .await
        .has_status(200);
    let link = mail::token_in(&post.mail_to(&dora, "token=").await);
    let newest = "the newest password of dora";
    let reset = json!({ "token": link, "password": newest });
    nobody
        .post("/api/password/reset", reset.clone())
        .await
        .has_status(200);
    nobody.post("/api/password/reset", reset).await;
    nobody.get(format!("/reset?token={link}")).await;
    secrets.extend([link, newest.to_owned()]);

    // Whoever does not take a mail may say why in its own words.
    let refused = person::email_of("refused");
    let code = json!({ "email": refused });
    nobody
        .post("/user/send-signup-code", code)
        .await
        .has_status(200);
    secrets.push(mail::code_in(&post.mail_to(&refused, "code").await));
    eventually("the refusal is noted", async || {
        chat.log().contains("not taken, and")
    })
    .await;
    secrets
}

/// Logins at an issuer who says too much, or nothing that holds.
async fn elsewhere(chat: &Chat, issuer: &Issuer) -> Vec<String> {
    let mut secrets = Vec::new();
    for code in ["unknown-code-4f1d2c3b", "token-code-9b061c2d"] {
        let begun = chat.nobody().get("/auth/google").await;
        let location = begun.has_status(302).says("location").to_owned();
        let cookie = begun.says("set-cookie").to_owned();
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let state = location.split_once("state=").expect("a state").1;
        let state = state.split('&').next().unwrap_or_default().to_owned();
        let path = format!("/auth/google/callback?code={code}&state={state}");
        let back = Request::new("GET", path).header("Cookie", &cookie);
        chat.nobody().sends(back).await.refused(401);
        let (_, browser) = cookie.split_once('=').expect("a cookie's value");
        secrets.extend([code.to_owned(), state, browser.to_owned()]);
    }
    let heard = issuer.heard();
    assert!(heard.len() >= 3, "{heard:?}");
    secrets.extend(heard);
    secrets
}

/// Secrets in heads that are none, and connections that break off behind them.
async fn garbles(chat: &Chat, secrets: &[String]) {
    let token = &secrets[0];
    for head in [
        format!("GET /{token} HTTP/9.9\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nAuthorization\0: Bearer {token}\r\n\r\n"),
        format!("POST /api/auth/login?token={token} HTTP/1.1\r\nContent-Length: x\r\n\r\n"),
        format!("GET /socket.io/?EIO=4&transport=websocket&token={token} HTTP/1.1\r\n\r\n"),
        format!("BREW {token}\r\n\r\n"),
    ] {
        let mut connection = TcpStream::connect(&chat.address).await.expect("it accepts");
        let _ = connection.write_all(head.as_bytes()).await;
        let _ = connection.shutdown().await;
        let _ = connection.read_to_end(&mut Vec::new()).await;
    }
    let ends = async || chat.log().contains("a connection ended");
    eventually("a broken head is noted", ends).await;
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
