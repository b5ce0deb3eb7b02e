//! Figures: what was done is counted, for the page and for Prometheus; settings, and whether it is well.

use super::text;
use crate::support::*;
use std::collections::HashMap;
use std::time::Duration;

/// The samples of a page in Prometheus' text format, by name and labels; each of a family that is described.
fn samples(page: &str) -> HashMap<String, f64> {
    let (mut samples, mut kinds) = (HashMap::new(), HashMap::new());
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a name and a kind");
            assert!(["counter", "gauge", "summary"].contains(&kind), "{line}");
            assert_eq!(kinds.insert(name, kind), None, "{line}");
        } else if !line.starts_with("# HELP ") {
            let (sample, value) = line.rsplit_once(' ').expect("a sample and a value");
            let name = sample.split('{').next().expect("a name");
            let family = name.strip_suffix("_sum").unwrap_or(name);
            let family = family.strip_suffix("_count").unwrap_or(family);
            assert!(kinds.contains_key(family), "of no family: {line}");
            let value = value.parse().unwrap_or_else(|why| panic!("{why}: {line}"));
            assert_eq!(samples.insert(sample.to_owned(), value), None, "{line}");
        }
    }
    samples
}

#[tokio::test]
async fn metrics_count_what_was_done() {
    let chat = Chat::alone(&[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let before = chat.nobody().get("/metrics").await;
    let before = samples(&before.has_status(200).text());
    ann.does("joinRoom", json!({ "roomId": room })).await;
    for at in 0..3 {
        ann.posts(&room, &format!("{at}")).await;
        ann.hears("message", json!({})).await;
    }
    ann.sends_to(&room, "one more").await;
    ann.hears("message", json!({})).await;
    ann.get("/api/nothing").await.refused(404);
    let page = chat.nobody().get("/metrics").await;
    assert_eq!(
        page.says("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let after = samples(&page.text());
    let more = |name: &str| after[name] - before.get(name).copied().unwrap_or_default();
    assert_eq!(more(r#"chat_messages_total{dialect="rooms"}"#), 3.0);
    assert_eq!(more(r#"chat_messages_total{dialect="campus"}"#), 1.0);
    assert_eq!(more(r#"chat_messages_total{dialect="mentor"}"#), 0.0);
    assert_eq!(more(r#"chat_sockets{transport="websocket"}"#), 1.0);
    assert!(more("chat_deliveries_total") >= 4.0);
    assert!(more("chat_write_seconds_count") >= 4.0);
    assert!(more(r#"chat_requests_total{status="2xx"}"#) >= 4.0);
    assert!(more(r#"chat_requests_total{status="4xx"}"#) >= 1.0);
    for positive in [
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        r#"chat_database_bytes{file="database"}"#,
    ] {
        assert!(after[positive] > 0.0, "{positive}");
    }
}

#[tokio::test]
async fn metrics_are_not_for_strangers_from_elsewhere() {
    let chat = Chat::alone(&["--trust-proxy", "127.0.0.1/32"]).await;
    let from_elsewhere =
        |address: &str| Request::new("GET", "/metrics").header("X-Forwarded-For", address);
    let ann = chat.rooms("ann").await;
    for address in ["203.0.113.7", "127.0.0.1, 203.0.113.7"] {
        let stranger = chat.nobody().sends(from_elsewhere(address)).await;
        stranger.refused(401);
        ann.sends(from_elsewhere(address)).await.refused(403);
        let admin = chat.admin().sends(from_elsewhere(address)).await;
        admin.has_status(200);
    }
    chat.nobody().get("/metrics").await.has_status(200);
    // A proxy that nobody told us of stands between all the same.
    let plain = Chat::alone(&[]).await;
    let forwarded = plain.nobody().sends(from_elsewhere("203.0.113.7")).await;
    forwarded.refused(401);
    for header in ["X-Real-IP", "Forwarded", "Via", "X-Forwarded-Proto"] {
        let forwarded = Request::new("GET", "/metrics").header(header, "203.0.113.7");
        plain.nobody().sends(forwarded).await.refused(401);
    }
}

#[tokio::test]
async fn metrics_are_for_this_machine_by_its_own_name_and_for_no_page() {
    let chat = Chat::alone(&[]).await;
    let (_, port) = chat.address.rsplit_once(':').expect("a port");
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "[::1]", "127.1.2.3"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            let asked = Request::new("GET", "/metrics").header("Host", &host);
            chat.nobody().sends(asked).await.has_status(200);
        }
    }
    // A name that leads here all the same is a proxy's, or a page's that wants to read what its reader may.
    for host in [
        "chat.example.test",
        "localhost.example.test",
        "10.0.0.1",
        "127.0.0.1.example.test",
        "",
    ] {
        let asked = || Request::new("GET", "/metrics").header("Host", host);
        chat.nobody().sends(asked()).await.refused(401);
        chat.admin().sends(asked()).await.has_status(200);
    }
    let old = "GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
    let old = crate::doors::raw::says(&chat, old).await;
    assert!(old.contains(" 401 "), "{old}");
    let origin = "https://a.example";
    let page = Request::new("GET", "/metrics").header("Origin", origin);
    let read = chat.nobody().sends(page).await;
    let ask = Request::new("OPTIONS", "/metrics")
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "GET")
        .header("Access-Control-Request-Headers", "authorization");
    let ask = chat.nobody().sends(ask).await;
    ask.refused(405);
    for answer in [read, ask] {
        assert_eq!(
            answer.header("Access-Control-Allow-Origin"),
            None,
            "{answer:?}"
        );
        assert_eq!(
            answer.header("Access-Control-Allow-Headers"),
            None,
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn stats_say_how_much_there_is() {
    // With the figures that only a file has.
    let chat = Chat::with_a_file(&[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let socket = ann.opens_a_socket().await;
    let other = ann.opens_chat().await;
    ann.posts(&room, "Hello").await;
    ann.uploads(Form::file("notes.txt", "text/plain", "Hello"))
        .await
        .has_status(201);
    let stats = chat.admin().get("/api/admin/stats").await;
    let stats = stats.looks_like(200, json!({ "success": true }))["stats"].clone();
    let expected = json!({
        "version": chat.announced["version"], "accounts": 2, "conversations": 1, "files": 1, "fileBytes": 5, "sockets": 2,
        "socketsByTransport": { "websocket": 2, "polling": 0 }, "socketsByNamespace": { "/": 1, "/chat": 1 },
        "messages": { "campus": 0, "mentor": 0, "emote": 0, "rooms": 1, "direct": 0 }, "messagesTotal": 1,
        "lastBackupAt": null, "outboxWaiting": 0, "outboxFailed": 0, "history": [],
    });
    assert_looks_like(&stats, expected, "stats");
    for number in [
        "uptimeSeconds",
        "databaseBytes",
        "walBytes",
        "diskFreeBytes",
        "memoryBytes",
        "requests",
        // What the server does by itself may wait at this moment.
        "queue",
    ] {
        assert!(stats[number].is_u64(), "{number} in {stats}");
    }
    assert!(stats["cpuSeconds"].is_f64() && stats["startedAt"].is_string());
    assert!(stats["latency"]["p50"].as_f64() <= stats["latency"]["p99"].as_f64());
    assert!(stats["latency"]["count"].as_u64() >= Some(1), "{stats}");
    let warnings: Vec<_> = stats["warnings"]
        .as_array()
        .expect("warnings")
        .iter()
        .collect();
    let codes: Vec<_> = warnings.iter().map(|one| text(&one["code"])).collect();
    for code in ["no-smtp", "no-backup"] {
        assert!(codes.iter().any(|known| known == code), "{codes:?}");
    }
    assert!(
        !codes
            .iter()
            .any(|code| code == "no-tls" || code == "durability"),
        "{codes:?}"
    );
    assert!(socket.is_open() && other.is_open());
}

#[tokio::test]
async fn settings_hide_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let password = folder.path().join("smtp-password");
    std::fs::write(&password, "mail secret\n").expect("a file");
    let password = password.to_str().expect("a plain path");
    let chat = Chat::with_a_file(&[
        "--user",
        "ann:password of ann",
        "--smtp-url",
        "smtp://user@127.0.0.1:1",
        "--smtp-password-file",
        password,
        "--members-only",
    ])
    .await;
    let settings = chat.admin().get("/api/admin/settings").await;
    let settings = settings.looks_like(200, json!({ "success": true }));
    let all = settings.to_string();
    for secret in ["password of ann", "mail secret"] {
        assert!(!all.contains(secret), "{secret}");
    }
    let of = |flag: &str| {
        let all = settings["settings"].as_array().expect("settings").iter();
        let one = all.clone().find(|one| one["flag"] == flag);
        one.unwrap_or_else(|| panic!("no {flag}")).clone()
    };
    assert_looks_like(
        &of("--user"),
        json!({ "value": "set", "default": false, "line": "--user NAME:PASSWORD" }),
        "--user",
    );
    assert_looks_like(
        &of("--members-only"),
        json!({ "value": "on", "default": false, "line": "--members-only" }),
        "--members-only",
    );
    assert_looks_like(
        &of("--jwt-ttl"),
        json!({ "value": "7d", "default": true, "line": "--jwt-ttl 7d" }),
        "--jwt-ttl",
    );
    assert_looks_like(
        &of("--public-url"),
        json!({ "value": null, "default": true, "line": "--public-url URL" }),
        "--public-url",
    );
    assert!(of("--smtp-url")["value"].is_string());
    let db = json!({ "value": chat.announced["db"], "default": false, "line": "--temp" });
    assert_looks_like(&of("--db"), db, "--db");
    let all = settings["settings"].as_array().expect("settings");
    let unexplained: Vec<_> = all.iter().filter(|one| one["help"] == "").collect();
    assert!(unexplained.is_empty(), "without help: {unexplained:?}");
}

#[tokio::test]
async fn the_history_says_how_many_bytes_of_files_there_were() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let form = Form::file("notes.txt", "text/plain", "Hello");
    ann.uploads(form).await.has_status(201);
    let mut history = json!([]);
    // A slice is ten seconds long.
    for _ in 0..60 {
        let stats = chat.admin().get("/api/admin/stats").await.json();
        history = stats["stats"]["history"].clone();
        if history != json!([]) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(history[0]["fileBytes"], 5, "{history}");
}

#[tokio::test]
async fn health_is_for_everybody() {
    let chat = Chat::open().await;
    let health = chat.nobody().get("/healthz").await;
    health.looks_like(
        200,
        json!({ "success": true, "status": "ok", "version": chat.announced["version"] }),
    );
    let from_elsewhere = Request::new("GET", "/healthz").header("X-Forwarded-For", "203.0.113.7");
    chat.nobody().sends(from_elsewhere).await.has_status(200);
}

#[tokio::test]
async fn a_backup_comes_as_a_file_that_can_be_opened() {
    let chat = Chat::with_a_file(&[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    ann.posts(&room, "Hello").await;
    let copy = chat.admin().get("/api/admin/backup").await;
    copy.has_status(200);
    assert!(copy.says("content-disposition").contains("attachment"));
    assert_eq!(copy.says("content-length"), copy.body.len().to_string());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("copy.db");
    std::fs::write(&file, &copy.body).expect("a file");
    let copied = rusqlite::Connection::open(&file).expect("a database");
    let said: String = copied
        .query_row("SELECT text FROM messages", (), |row| row.get(0))
        .expect("a message");
    assert_eq!(said, "Hello");
}
