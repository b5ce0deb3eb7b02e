//! Logging in with Google, played by an issuer of this machine; and where nobody has set it up.

use crate::inputs::outside::{Issuer, base64url, code_of};
use crate::support::*;
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::HashMap;

/// Servers that know this issuer are told so.
pub struct Google {
    pub issuer: Issuer,
    secret: tempfile::NamedTempFile,
}

impl Google {
    pub async fn open() -> Google {
        let secret = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(secret.path(), "the secret of this client").expect("a secret");
        let issuer = Issuer::open().await;
        Google { issuer, secret }
    }

    pub fn flags(&self) -> [&str; 6] {
        let secret = self.secret.path().to_str().expect("a plain path");
        [
            "--google-client-id",
            "chat",
            "--google-client-secret-file",
            secret,
            "--oidc-issuer",
            &self.issuer.url,
        ]
    }
}

/// A login that has begun in somebody's browser, who is back from the issuer.
pub struct Begun {
    pub cookie: String,
    /// Where the issuer sends the browser.
    pub back: String,
    challenge: String,
}

/// Begins a login as the page does that has this query, up to the way back.
pub async fn begins(browser: &Person, name: &str, query: &str) -> Begun {
    let begun = browser.get(format!("/auth/google{query}")).await;
    let location = begun.has_status(302).says("location");
    let (_, asked) = location.split_once('?').expect("a query");
    let asked: HashMap<String, String> = form_urlencoded::parse(asked.as_bytes())
        .into_owned()
        .collect();
    let cookie = begun.says("set-cookie").split(';').next();
    let (state, code) = (&asked["state"], code_of(name, &asked["nonce"]));
    Begun {
        cookie: cookie.expect("a cookie").to_owned(),
        back: format!("/auth/google/callback?code={code}&state={state}"),
        challenge: asked["code_challenge"].clone(),
    }
}

impl Begun {
    /// Comes back by this browser with this cookie.
    pub async fn ends_with(&self, browser: &Person, cookie: &str) -> Answer {
        let back = Request::new("GET", &self.back);
        browser.sends(back.header("Cookie", cookie)).await
    }

    pub async fn ends(&self, browser: &Person) -> Answer {
        self.ends_with(browser, &self.cookie).await
    }
}

#[tokio::test]
async fn a_login_ends_once_in_the_browser_that_began_it() {
    let google = Google::open().await;
    let chat = Chat::with(&google.flags()).await;
    let nobody = chat.nobody();
    let (ann, eve) = (
        begins(&nobody, "ann", "").await,
        begins(&nobody, "eve", "").await,
    );
    // By another browser, by none, and by one that makes something up.
    let (secret, _) = ann.cookie.split_once('.').expect("several parts");
    for cookie in [
        &*eve.cookie,
        "chat_login=",
        "other=1",
        secret,
        &format!("{secret}.page.invitation"),
    ] {
        ann.ends_with(&nobody, cookie).await.refused(401);
    }
    let user = ann.ends(&nobody).await.has_status(200).json()["user"].clone();
    assert_eq!(user["email"], person::email_of("ann"));
    let verifier = google.issuer.heard().pop().expect("a verifier");
    let hash = digest(&SHA256, verifier.as_bytes());
    assert_eq!(base64url(hash.as_ref()), ann.challenge);
    for _ in 0..3 {
        ann.ends(&nobody).await.refused(401);
    }
    assert_eq!(google.issuer.heard().len(), 1, "nothing else was asked");
    eve.ends(&nobody).await.has_status(200);
}

#[tokio::test]
async fn what_is_kept_of_a_begun_login_lets_nobody_in_and_has_an_end() {
    let google = Google::open().await;
    let chat = Chat::with(&google.flags()).await;
    let nobody = chat.nobody();
    let first = begins(&nobody, "ann", "?state=page-7&invitation=inv-8").await;
    let kept = || {
        chat.kept
            .all::<Vec<u8>>("SELECT hash FROM logins ORDER BY id", &[])
    };
    assert_eq!(kept().len(), 1);
    assert_eq!(kept()[0].len(), 32, "a hash, and nothing else");
    // Only so many are kept, and each for so long.
    let id = chat.kept.one::<i64>("SELECT id FROM logins", &[]);
    let put = "INSERT INTO logins (id, hash, ends_at) VALUES ($1, $2, $3)";
    let (never, over) = (1_i64 << 52, 1_i64);
    for (id, hash, ends_at) in [
        (id - 9_999, vec![1_u8], never),
        (id - 9_998, vec![2], never),
        (id - 1, vec![3], over),
    ] {
        chat.kept.does(put, &[&id, &hash, &ends_at]);
    }
    let second = begins(&nobody, "bob", "").await;
    let left = kept();
    assert_eq!((left.len(), &left[0]), (3, &vec![2]), "{left:?}");
    chat.kept.does("UPDATE logins SET ends_at = $1", &[&over]);
    for begun in [first, second] {
        begun.ends(&nobody).await.refused(401);
    }
}

#[tokio::test]
async fn unconfigured_it_says_which_flags_turn_it_on() {
    let chat = Chat::open().await;
    for path in [
        "/auth/google",
        "/auth/google/callback",
        "/auth/google/callback?code=1&state=2",
    ] {
        let answer = chat.nobody().get(path).await;
        let said = answer.refused(501).json();
        let words = said["message"].as_str().expect("a message");
        assert!(words.contains("--google-client-id"), "{words}");
    }
}
