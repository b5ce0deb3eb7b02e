//! A service manager hears when the server serves, that it lives, and when it ends.

use crate::support::*;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

/// What is told next.
async fn told(socket: &UnixDatagram) -> String {
    let socket = socket.try_clone().expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("patience");
    let waiting = tokio::task::spawn_blocking(move || {
        let mut room = [0; 256];
        let length = socket.recv(&mut room).expect("something is told");
        String::from_utf8_lossy(&room[..length]).into_owned()
    });
    waiting.await.expect("a thread")
}

#[tokio::test]
async fn it_is_told_when_the_server_serves_and_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    let chat = Chat::start_in(&[("NOTIFY_SOCKET", &path)], &["--temp"]).await;
    let chat = chat.expect("it serves");
    assert_eq!(told(&socket).await, "READY=1");
    chat.nobody().get("/readyz").await.has_status(200);
    socket.set_nonblocking(true).expect("a socket");
    assert!(socket.recv(&mut [0; 16]).is_err(), "it has no watchdog");
    socket.set_nonblocking(false).expect("a socket");
    let ending = tokio::spawn(chat.stop());
    assert_eq!(told(&socket).await, "STOPPING=1");
    assert_eq!(ending.await.expect("it ends"), 0);
}

#[tokio::test]
async fn a_watchdog_hears_that_it_lives_at_a_name_in_no_directory() {
    let name = format!("chat-notify-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let socket = UnixDatagram::bind_addr(&address).expect("a socket");
    let hidden = format!("@{name}");
    let environment = [
        ("NOTIFY_SOCKET", Path::new(&hidden)),
        ("WATCHDOG_USEC", Path::new("400000")),
    ];
    let chat = Chat::start_in(&environment, &["--temp"])
        .await
        .expect("it serves");
    assert_eq!(told(&socket).await, "READY=1");
    for _ in 0..3 {
        assert_eq!(told(&socket).await, "WATCHDOG=1");
    }
    drop(chat);
}

#[tokio::test]
async fn a_manager_that_is_gone_holds_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere");
    let chat = Chat::start_in(&[("NOTIFY_SOCKET", &nowhere)], &["--temp"]).await;
    let chat = chat.expect("it serves");
    chat.nobody().get("/readyz").await.has_status(200);
    // Nor does one that hears nothing.
    let deaf = folder.path().join("deaf");
    let _socket = UnixDatagram::bind(&deaf).expect("a socket");
    let environment = [
        ("NOTIFY_SOCKET", &*deaf),
        ("WATCHDOG_USEC", Path::new("2000")),
    ];
    let full = Chat::start_in(&environment, &["--temp"])
        .await
        .expect("it serves");
    tokio::time::sleep(Duration::from_millis(700)).await;
    full.nobody().get("/readyz").await.has_status(200);
    for chat in [chat, full] {
        assert_eq!(chat.stop().await, 0);
    }
}
