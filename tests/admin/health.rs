//! Is it alive, and is it ready? For whoever looks after it, and for containers.

use crate::doors::raw;
use crate::support::*;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

fn url_of(chat: &Chat) -> String {
    format!("http://{}", chat.address)
}

/// How many writes have been committed so far.
async fn writes(chat: &Chat) -> u64 {
    let page = chat.nobody().get("/metrics").await.has_status(200).text();
    let line = page.lines();
    let mut count = line.filter_map(|line| line.strip_prefix("chat_write_seconds_count "));
    let count = count.next_back().expect("it counts writes");
    count.parse().expect("a number")
}

#[tokio::test]
async fn anybody_may_ask_whether_it_lives_and_is_ready_and_learns_no_more() {
    let chat = Chat::alone(&[]).await;
    for path in ["/livez", "/readyz"] {
        let from_elsewhere = Request::new("GET", path).header("X-Forwarded-For", "203.0.113.7");
        let answer = chat.nobody().sends(from_elsewhere).await;
        assert_eq!(
            answer.has_status(200).json(),
            json!({ "success": true, "status": "ok" }),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_thousand_who_ask_at_once_share_one_write() {
    let chat = Chat::alone(&[]).await;
    let before = writes(&chat).await;
    let stranger = chat.nobody();
    for _ in 0..10 {
        let asked = (0..100).map(|_| stranger.get("/readyz"));
        for answer in futures_util::future::join_all(asked).await {
            answer.has_status(200);
        }
    }
    let cost = writes(&chat).await - before;
    // One every two seconds, on a machine of any speed.
    assert!((1..100).contains(&cost), "{cost} writes");
}

#[tokio::test]
async fn whoever_asks_and_runs_causes_no_more_writes() {
    let chat = Chat::alone(&[]).await;
    let before = writes(&chat).await;
    for _ in 0..200 {
        let mut connection = raw::connect(&chat).await;
        let asked = b"GET /readyz HTTP/1.1\r\nHost: chat.example.test\r\n\r\n";
        connection.write_all(asked).await.expect("it is asked");
    }
    chat.nobody().get("/readyz").await.has_status(200);
    let cost = writes(&chat).await - before;
    assert!((1..20).contains(&cost), "{cost} writes");
}

#[tokio::test]
async fn while_it_ends_it_is_alive_and_not_ready() {
    let folder = tempfile::tempdir().expect("a folder");
    let chat = Chat::on_the_file(&folder.path().join("chat.db"), &[]).await;
    let mut asking = Vec::new();
    for path in ["/livez", "/readyz"] {
        let mut connection = raw::connect(&chat).await;
        let half = format!("GET {path} HTTP/1.1\r\n");
        connection.write_all(half.as_bytes()).await.expect("half");
        asking.push(connection);
    }
    // Long enough for the server to have taken them.
    sleep(MOMENT).await;
    let ending = tokio::spawn(chat.stop());
    sleep(2 * MOMENT).await;
    let mut came = Vec::new();
    for connection in &mut asking {
        let rest = b"Host: chat.example.test\r\n\r\n";
        connection.write_all(rest).await.expect("the rest");
        came.push(raw::until_closed(connection, PATIENCE).await);
    }
    assert_eq!(raw::statuses(&came[0]), ["200"], "{came:?}");
    assert_eq!(raw::statuses(&came[1]), ["503"], "{came:?}");
    assert!(came[1].contains("The server is stopping"), "{came:?}");
    assert_eq!(ending.await.expect("it ends"), 0);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_makes_it_unready_and_not_dead() {
    let folder = tempfile::tempdir().expect("a folder");
    let chat = Chat::on_a_small_disk(&folder.path().join("chat.db")).await;
    chat.has_room_for(Some(0));
    let status = async |path: &str| chat.nobody().get(path).await.status;
    assert_eq!(status("/readyz").await, 503);
    assert_eq!(status("/livez").await, 200);
    let checked = healthcheck(&url_of(&chat)).await;
    assert_eq!(checked.0, Some(1), "{checked:?}");
    assert!(checked.1.contains("is not ready: 503"), "{checked:?}");
    chat.has_room_for(None);
    for _ in 0..100 {
        if status("/readyz").await == 200 {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("it is never ready again");
}

/// The exit code of `chat healthcheck`, and what it says.
async fn healthcheck(url: &str) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(Path::new(env!("CARGO_BIN_EXE_chat")));
    command.args(["healthcheck", "--url", url]);
    let ran = tokio::task::spawn_blocking(move || command.output());
    let ran = ran.await.expect("a thread").expect("it can be started");
    let said = [ran.stdout, ran.stderr].concat();
    (
        ran.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[tokio::test]
async fn a_container_asks_by_a_command() {
    let chat = Chat::open().await;
    let url = url_of(&chat);
    for url in [url.clone(), format!("{url}/")] {
        let (code, said) = healthcheck(&url).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("is ready"), "{said}");
    }
    // Where something else answers, or nothing does.
    let (code, said) = healthcheck(&format!("{url}/nowhere")).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not ready: 404"), "{said}");
    let address = chat.address.clone();
    drop(chat);
    let (code, said) = healthcheck(&format!("http://{address}")).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("does not answer") && said.contains("--url"),
        "{said}"
    );
    let (code, said) = healthcheck("nowhere").await;
    assert_eq!(code, Some(2), "{said}");
}
