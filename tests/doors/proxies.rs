//! Behind a proxy: who is counted, and whose address is written down, when the connection is somebody else's.

use crate::support::*;

/// Tries to log in with a wrong password, with these lines of `X-Forwarded-For`.
async fn tries(person: &Person, forwarded: &[&str]) -> Answer {
    let login = json!({ "email": "nobody@example.test", "password": "wrong password" });
    let login = Request::new("POST", "/api/auth/login").json(&login);
    let login = forwarded
        .iter()
        .fold(login, |login, hops| login.header("X-Forwarded-For", hops));
    person.sends(login).await
}

/// How many tries are left for whoever this is; that was one of them.
async fn left(person: &Person, forwarded: &[&str]) -> u64 {
    let tried = tries(person, forwarded).await;
    tried.refused(401);
    let left = tried.says("RateLimit-Remaining").parse();
    left.unwrap_or_else(|_| panic!("no number of tries: {tried:?}"))
}

#[tokio::test]
async fn whoever_the_proxy_names_is_counted() {
    let chat = Chat::with(&["--limit-auth", "5/1m", "--trust-proxy", "127.0.0.0/8"]).await;
    let nobody = chat.nobody();
    for expected in (0..5).rev() {
        assert_eq!(left(&nobody, &["203.0.113.1"]).await, expected);
    }
    tries(&nobody, &["203.0.113.1"]).await.refused(429);
    // The next one behind the same proxy is somebody else, and so is the proxy.
    assert_eq!(left(&nobody, &["203.0.113.2"]).await, 4);
    assert_eq!(left(&nobody, &[]).await, 4);
    // Through another trusted proxy, or two of them in a row, it is still the same one.
    tries(&nobody.elsewhere(), &["203.0.113.1"])
        .await
        .refused(429);
    for hops in [
        &["203.0.113.1, 127.0.0.9"][..],
        &["203.0.113.1,127.0.0.8 ,  127.0.0.9"],
        &["203.0.113.1", "127.0.0.9"],
        &["::ffff:203.0.113.1"],
        // As some write it: with the port, and in brackets.
        &["203.0.113.1:51000"],
        &["198.51.100.1:80, 203.0.113.1:51001, 127.0.0.9:443"],
        &["[::ffff:203.0.113.1]"],
        &["[::ffff:203.0.113.1]:443"],
    ] {
        tries(&nobody, hops).await.refused(429);
    }
    assert_eq!(left(&nobody, &["[2001:db8::17]:443"]).await, 4);
    assert_eq!(left(&nobody, &["2001:db8::17"]).await, 3);
}

#[tokio::test]
async fn one_proxy_is_trusted_by_its_address() {
    for trusted in ["127.0.0.1", "127.0.0.1/32"] {
        let chat = Chat::with(&["--limit-auth", "5/1m", "--trust-proxy", trusted]).await;
        assert_eq!(left(&chat.nobody(), &["203.0.113.1"]).await, 4);
        assert_eq!(left(&chat.nobody(), &["203.0.113.2"]).await, 4);
        let other = chat.nobody().elsewhere();
        assert_eq!(left(&other, &["203.0.113.1"]).await, 4);
        assert_eq!(left(&other, &["203.0.113.2"]).await, 3);
    }
}

/// The codes of what `/admin` warns of.
async fn warnings(chat: &Chat) -> Vec<(String, String)> {
    let stats = chat.admin().get("/api/admin/stats").await;
    let stats = stats.has_status(200).json();
    let warnings = stats["stats"]["warnings"].as_array().expect("warnings");
    let word = |warning: &Value, name: &str| warning[name].as_str().expect("a text").to_owned();
    let both = warnings
        .iter()
        .map(|one| (word(one, "code"), word(one, "text")));
    both.collect()
}

#[tokio::test]
async fn whoever_runs_it_is_told_once_of_a_proxy_that_is_not_trusted() {
    let chat = Chat::open().await;
    let is_warned = |warnings: Vec<(String, String)>| {
        let warning = warnings
            .into_iter()
            .find(|(code, _)| code == "untrusted-proxy");
        warning.map(|(_, text)| text)
    };
    chat.nobody().get("/api/rooms").await.has_status(200);
    assert_eq!(is_warned(warnings(&chat).await), None);
    for header in ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"] {
        for _ in 0..3 {
            let through = Request::new("GET", "/api/rooms").header(header, "203.0.113.1");
            chat.nobody().sends(through).await.has_status(200);
        }
    }
    let through = chat
        .nobody()
        .entry()
        .header("X-Forwarded-For", "203.0.113.1");
    through.connect().await.err().expect("it has no token");
    let said = chat.log().matches("--trust-proxy 127.0.0.1").count();
    assert_eq!(said, 1, "{}", chat.log());
    let text = is_warned(warnings(&chat).await).expect("a warning");
    assert!(text.contains("--trust-proxy 127.0.0.1"), "{text}");

    let told = Chat::with(&["--trust-proxy", "127.0.0.1"]).await;
    let through = Request::new("GET", "/api/rooms").header("X-Forwarded-For", "203.0.113.1");
    told.nobody().sends(through).await.has_status(200);
    assert_eq!(is_warned(warnings(&told).await), None);
    assert!(!told.log().contains("--trust-proxy"), "{}", told.log());
}

#[tokio::test]
async fn what_the_client_wrote_before_the_proxy_is_not_believed() {
    let chat = Chat::with(&["--limit-auth", "5/1m", "--trust-proxy", "127.0.0.0/8"]).await;
    let nobody = chat.nobody();
    // The right-most address that is no trusted proxy's was written by one; everything before it by anybody.
    for (at, hops) in [
        &["198.51.100.1, 203.0.113.1"][..],
        &["198.51.100.2", "203.0.113.1"],
        &["127.0.0.1, 203.0.113.1"],
        &["198.51.100.3, 127.0.0.4, 203.0.113.1, 127.0.0.9"],
        &["not even an address, 203.0.113.1"],
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(left(&nobody, hops).await, 4 - at as u64, "{hops:?}");
    }
    for spoofed in ["198.51.100.4", "127.0.0.1", "10.0.0.1"] {
        let hops = format!("{spoofed}, 203.0.113.1");
        tries(&nobody, &[&hops]).await.refused(429);
    }
    // Nobody has used up the tries of those who were named.
    for named in ["198.51.100.1", "198.51.100.4", "10.0.0.1"] {
        assert_eq!(left(&nobody, &[named]).await, 4, "{named}");
    }
}

#[tokio::test]
async fn who_is_no_trusted_proxy_is_counted_whatever_it_says() {
    for flags in [
        &["--limit-auth", "5/1m"][..],
        &["--limit-auth", "5/1m", "--trust-proxy", "10.0.0.0/8"],
        &["--limit-auth", "5/1m", "--trust-proxy", "127.0.0.2/32"],
    ] {
        let chat = Chat::with(flags).await;
        for at in 0..5 {
            let hops = format!("203.0.113.{at}");
            assert_eq!(left(&chat.nobody(), &[&hops]).await, 4 - at, "{flags:?}");
        }
        let more = tries(&chat.nobody(), &["203.0.113.9"]).await;
        more.refused(429);
    }
    // Only the one that is trusted is.
    let chat = Chat::with(&["--limit-auth", "5/1m", "--trust-proxy", "127.0.0.2/32"]).await;
    let proxy = chat.nobody().elsewhere();
    assert_eq!(left(&proxy, &["203.0.113.1"]).await, 4);
    assert_eq!(left(&proxy, &["203.0.113.2"]).await, 4);
    assert_eq!(left(&chat.nobody(), &["203.0.113.1"]).await, 4);
    assert_eq!(left(&chat.nobody(), &["203.0.113.2"]).await, 3);
}

#[tokio::test]
async fn a_device_is_listed_with_the_address_that_the_proxy_named() {
    let proxy = ["--trust-proxy", "127.0.0.0/8", "--trust-proxy", "::1/128"];
    let john = ["--user", "john:securePassword123"];
    let chat = Chat::with(&[&proxy[..], &john].concat()).await;
    let from = async |chat: &Chat, hops: &str| {
        let login = json!({ "email": "john@example.test", "password": "securePassword123" });
        let login = Request::new("POST", "/auth/login")
            .json(&login)
            .header("X-Forwarded-For", hops);
        let login = chat.nobody().sends(login).await;
        let login = login.has_status(200).json();
        let john = chat
            .nobody()
            .with_token(login["token"].as_str().expect("a token"));
        let devices = john.get("/auth/active-devices").await;
        let devices = devices.has_status(200).json();
        let devices = devices.as_array().expect("a list of devices");
        let current = devices.iter().find(|device| device["current"] == true);
        current.expect("one is the asking one")["ip"].clone()
    };
    for (hops, address) in [
        ("203.0.113.5", "203.0.113.5"),
        ("198.51.100.1, 203.0.113.6", "203.0.113.6"),
        ("203.0.113.7, 127.0.0.3", "203.0.113.7"),
        ("2001:db8::17", "2001:db8::17"),
        ("::ffff:203.0.113.8", "203.0.113.8"),
        ("nonsense", "127.0.0.1"),
    ] {
        assert_eq!(from(&chat, hops).await, address, "{hops}");
    }
    let alone = Chat::with(&john).await;
    assert_eq!(from(&alone, "203.0.113.5").await, "127.0.0.1");
}

#[tokio::test]
async fn garbage_in_the_header_harms_nothing() {
    let chat = Chat::with(&["--limit-auth", "50/1m", "--trust-proxy", "127.0.0.0/8"]).await;
    let nobody = chat.nobody();
    let endless = "203.0.113.1,".repeat(1_000);
    let mut before = left(&nobody, &[]).await;
    for garbage in [
        "",
        " ",
        ",",
        ",,,,",
        "unknown",
        "_hidden",
        "for=203.0.113.1",
        "203.0.113.1.",
        "203.0.113.256",
        "203.0.113.1/24",
        "0x7f.1",
        "\"203.0.113.1\"",
        "203.0.113.1 203.0.113.2",
        "203.0.113.1, garbage",
        "ü, 😀",
        "%00",
        &endless,
    ] {
        // Whoever cannot be made out is the proxy itself.
        let now = left(&nobody, &[garbage]).await;
        assert_eq!(now, before - 1, "{garbage:?}");
        before = now;
    }
    assert!(!chat.log().contains("panicked"), "{}", chat.log());
    assert_eq!(left(&nobody, &["203.0.113.1"]).await, 49);
}
