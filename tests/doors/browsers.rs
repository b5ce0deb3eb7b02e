//! Pages from elsewhere: what a browser lets them ask and read, and which of them get no socket.

use crate::support::*;

const PAGE: &str = "https://a.example";
const OTHERS: [&str; 7] = [
    "https://b.example",
    "http://a.example",
    "https://a.example:8443",
    "https://www.a.example",
    "https://a.example.evil.example",
    "https://b.example/https://a.example",
    "null",
];

/// What a browser asks before a page may send a request with a token and JSON.
fn preflight(path: &str, origin: &str, method: &str) -> Request {
    Request::new("OPTIONS", path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header(
            "Access-Control-Request-Headers",
            "authorization,content-type",
        )
}

/// Is this word in the comma-separated header, whichever case it is in?
fn lists(answer: &Answer, header: &str, word: &str) -> bool {
    let listed = answer.header(header).unwrap_or_default().split(',');
    listed
        .map(str::trim)
        .any(|one| one.eq_ignore_ascii_case(word))
}

/// The page may send this method, with a token and JSON.
#[track_caller]
fn allows(answer: &Answer, method: &str) {
    assert!((200..300).contains(&answer.status), "{answer:?}");
    let methods = "Access-Control-Allow-Methods";
    assert!(
        lists(answer, methods, "*") || lists(answer, methods, method),
        "{method}: {answer:?}"
    );
    // A star does not stand for Authorization, however it is meant: browsers want the word.
    for header in ["authorization", "content-type"] {
        assert!(
            lists(answer, "Access-Control-Allow-Headers", header),
            "{header}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn every_page_may_ask_with_a_token_and_without_cookies() {
    let chat = Chat::open().await;
    for (method, path) in [
        ("POST", "/api/auth/login"),
        ("POST", "/api/messages"),
        ("PATCH", "/api/notifications/1/read"),
        ("DELETE", "/auth/remove-session/1"),
        ("GET", "/api/conversations"),
        ("GET", "/socket.io/?EIO=4&transport=polling"),
        ("POST", "/socket.io/?EIO=4&transport=polling"),
    ] {
        let may = chat.nobody().sends(preflight(path, PAGE, method)).await;
        allows(&may, method);
        assert_eq!(may.says("Access-Control-Allow-Origin"), "*", "{may:?}");
        assert_eq!(may.header("Access-Control-Allow-Credentials"), None);
        let remembered = may.says("Access-Control-Max-Age").parse::<u32>();
        assert!(remembered.is_ok_and(|seconds| seconds > 0), "{may:?}");
    }
}

#[tokio::test]
async fn every_page_may_read_every_answer_and_the_headers_that_matter() {
    let chat = Chat::with(&["--limit-auth", "5/1m"]).await;
    let ann = chat.rooms("ann").await;
    let wrong = json!({ "email": "ann@example.test", "password": "wrong password" });
    let by_page = |method: &str, path: &str| Request::new(method, path).header("Origin", PAGE);
    for (status, request) in [
        (200, by_page("GET", "/api/conversations")),
        (404, by_page("GET", "/nowhere")),
        (405, by_page("DELETE", "/api/messages")),
        (400, by_page("POST", "/api/messages").json(&json!({}))),
        (401, by_page("POST", "/api/auth/login").json(&wrong)),
        (
            413,
            by_page("POST", "/api/messages").body("application/json", vec![b' '; 200_000]),
        ),
        (200, by_page("GET", "/socket.io/?EIO=4&transport=polling")),
        (
            400,
            by_page("GET", "/socket.io/?EIO=4&transport=polling&sid=none"),
        ),
    ] {
        let answer = ann.sends(request).await;
        answer.has_status(status);
        let allowed = answer.says("Access-Control-Allow-Origin");
        assert_eq!(allowed, "*", "{answer:?}");
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), None);
        for header in [
            "X-Total-Count",
            "Retry-After",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "X-Request-Id",
            "ETag",
            "Content-Range",
            "Content-Disposition",
        ] {
            assert!(
                lists(&answer, "Access-Control-Expose-Headers", header),
                "{header}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn any_page_may_open_a_socket_unless_told_otherwise() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    for origin in [PAGE, "http://localhost:5173", "null"] {
        let token = json!({ "token": ann.token });
        let entry = ann.entry().auth(token).header("Origin", origin);
        let socket = entry.connect().await;
        assert!(socket.is_ok_and(|socket| socket.is_open()), "{origin}");
    }
}

#[tokio::test]
async fn told_which_pages_may_ask_only_these_may() {
    let also = "http://localhost:5173";
    // Slashes are typed, and browsers do not send them.
    let flags = ["--cors-origin", "https://a.example/", "--cors-origin", also];
    let chat = Chat::with(&flags).await;
    let nobody = chat.nobody();
    for origin in [PAGE, also] {
        let may = nobody
            .sends(preflight("/api/messages", origin, "POST"))
            .await;
        allows(&may, "POST");
        assert_eq!(may.says("Access-Control-Allow-Origin"), origin);
        let read = Request::new("GET", "/api/rooms").header("Origin", origin);
        let read = nobody.sends(read).await;
        read.has_status(200);
        assert_eq!(read.says("Access-Control-Allow-Origin"), origin);
        // Or a cache between would hand one page's permission to another.
        assert!(lists(&read, "Vary", "origin"), "{read:?}");
        // Whom an administrator has named may bring what a proxy in front wants to see.
        for answer in [&may, &read] {
            assert_eq!(answer.says("Access-Control-Allow-Credentials"), "true");
        }
    }
    for origin in OTHERS {
        for request in [
            preflight("/api/messages", origin, "POST"),
            Request::new("GET", "/api/rooms").header("Origin", origin),
        ] {
            let answer = nobody.sends(request).await;
            let allowed = answer.header("Access-Control-Allow-Origin");
            assert!(
                allowed.is_none_or(|allowed| allowed != "*" && allowed != origin),
                "{origin}: {answer:?}"
            );
            assert!(lists(&answer, "Vary", "origin"), "{answer:?}");
        }
    }
    // Who is no page is asked for no permission.
    nobody.get("/api/rooms").await.has_status(200);
}

#[tokio::test]
async fn other_pages_get_no_socket() {
    let chat = Chat::with(&["--cors-origin", PAGE]).await;
    let ann = chat.rooms("ann").await;
    let token = || json!({ "token": ann.token });
    let polling = "/socket.io/?EIO=4&transport=polling";
    for origin in OTHERS {
        let entry = ann.entry().auth(token()).header("Origin", origin);
        let refused = entry.connect().await.err();
        let refused = refused.unwrap_or_else(|| panic!("{origin} got a websocket"));
        assert!(refused.contains("403"), "{origin}: {refused}");
        for version in ["3", "4"] {
            let path = format!("/socket.io/?EIO={version}&transport=polling");
            let knock = Request::new("GET", path).header("Origin", origin);
            ann.sends(knock).await.refused(403);
        }
    }
    // The page that may, and whoever is no page.
    for origin in [Some(PAGE), None] {
        let entry = ann.entry().auth(token());
        let knock = Request::new("GET", polling);
        let (entry, knock) = match origin {
            Some(origin) => (
                entry.header("Origin", origin),
                knock.header("Origin", origin),
            ),
            None => (entry, knock),
        };
        let socket = entry.connect().await;
        assert!(socket.is_ok_and(|socket| socket.is_open()), "{origin:?}");
        let opened = ann.sends(knock).await;
        assert_eq!(opened.header("Access-Control-Allow-Origin"), origin);
        let opened = opened.has_status(200).text();
        // A session is no way around: it stays with the pages that may.
        let opened: Value = serde_json::from_str(&opened[1..]).expect("an opening packet");
        let sid = opened["sid"].as_str().expect("a session");
        let path = format!("{polling}&sid={sid}");
        let stolen = Request::new("POST", path)
            .header("Origin", OTHERS[0])
            .body("text/plain", "40");
        ann.sends(stolen).await.refused(403);
    }
}

/// The page may ask, and gets a socket by either transport.
async fn is_at_home(chat: &Chat, origin: &str, host: Option<&str>) {
    let from = |request: Request| {
        let request = request.header("Origin", origin);
        match host {
            Some(host) => request.header("Host", host),
            None => request,
        }
    };
    let what = format!("{origin} at {host:?}");
    let read = from(Request::new("GET", "/api/rooms"));
    let read = chat.nobody().sends(read).await;
    let allowed = read.header("Access-Control-Allow-Origin");
    assert_eq!(allowed, Some(origin), "{what}");
    let knock = from(Request::new("GET", "/socket.io/?EIO=4&transport=polling"));
    let knock = chat.nobody().sends(knock).await;
    assert_eq!(knock.status, 200, "{what}: {knock:?}");
}

#[tokio::test]
async fn the_servers_own_pages_and_clients_are_let_in_whatever_else_may() {
    let public = "https://Chat.example.test/chat/";
    let flags = ["--cors-origin", PAGE, "--public-url", public];
    let chat = Chat::with(&flags).await;
    // Its own page, as this machine and as the world reach it; and what sends its server's name for an origin.
    is_at_home(&chat, &format!("http://{}", chat.address), None).await;
    is_at_home(&chat, "https://chat.example.test", None).await;
    for (origin, host) in [
        ("https://other.example.test", "other.example.test"),
        ("https://other.example.test", "other.example.test:443"),
        ("https://other.example.test:443", "Other.Example.test"),
        ("http://other.example.test:80", "other.example.test"),
        ("http://other.example.test:8080", "other.example.test:8080"),
    ] {
        is_at_home(&chat, origin, Some(host)).await;
    }
    let ann = chat.rooms("ann").await;
    let own = ann.entry().auth(json!({ "token": ann.token }));
    let own = own.header("Origin", "https://chat.example.test");
    assert!(own.connect().await.is_ok_and(|socket| socket.is_open()));
    // However the listed one is written.
    for same in ["https://A.example", "https://a.example:443"] {
        is_at_home(&chat, same, None).await;
    }
    for (origin, host) in [
        ("https://other.example.test", "chat.example.test"),
        ("https://other.example.test:444", "other.example.test"),
        ("http://other.example.test", "other.example.test:443"),
        ("null", "null"),
    ] {
        let knock = Request::new("GET", "/socket.io/?EIO=4&transport=polling");
        let knock = knock.header("Origin", origin).header("Host", host);
        chat.nobody().sends(knock).await.refused(403);
    }
}

#[tokio::test]
async fn whatever_header_a_client_wants_to_send_it_may() {
    let asked =
        "authorization,content-type,x-requested-with,traceparent,sentry-trace,if-range,x-my-own";
    for flags in [&[][..], &["--cors-origin", PAGE]] {
        let chat = Chat::with(flags).await;
        for path in ["/api/messages", "/socket.io/?EIO=4&transport=polling"] {
            let ask = Request::new("OPTIONS", path)
                .header("Origin", PAGE)
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", asked);
            let may = chat.nobody().sends(ask).await;
            allows(&may, "POST");
            for header in asked.split(',') {
                let allowed = lists(&may, "Access-Control-Allow-Headers", header);
                assert!(allowed, "{header}: {may:?}");
            }
        }
    }
}

#[tokio::test]
async fn credentials_are_for_pages_that_are_named_and_for_no_others() {
    let chat = Chat::with(&["--cors-origin", PAGE]).await;
    let own = format!("http://{}", chat.address);
    for (origin, may) in [(PAGE, true), (&*own, false), (OTHERS[0], false)] {
        for request in [
            preflight("/api/messages", origin, "PATCH"),
            Request::new("GET", "/socket.io/?EIO=4&transport=polling").header("Origin", origin),
        ] {
            let answer = chat.nobody().sends(request).await;
            let allowed = answer.header("Access-Control-Allow-Credentials");
            assert_eq!(allowed.is_some(), may, "{origin}: {answer:?}");
            // With credentials a star would be a method of that name.
            assert_ne!(answer.header("Access-Control-Allow-Methods"), Some("*"));
        }
    }
}
