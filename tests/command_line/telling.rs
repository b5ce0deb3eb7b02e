//! `chat session` and `chat notify`: what another application tells by the command line.

use super::{a_file, fed, typed, words};
use crate::support::mentor::SESSION;
use crate::support::*;

#[tokio::test]
async fn sessions_and_notifications_are_told() {
    let (_folder, file) = a_file().await;
    let db = ["--db", words(&file)];
    for name in ["ann", "bob"] {
        let email = format!("{name}@example.test");
        let add = ["user", "add", name, "--email", &email];
        fed(&[&add[..], &db].concat(), "a good password")
            .await
            .well();
    }
    let put = [
        "session", "put", SESSION, "--mentor", "ann", "--mentee", "2",
    ];
    let start = ["--start-at", "2024-01-15T10:00:00Z"];
    let done = typed(&[&put[..], &start, &db].concat()).await;
    assert_eq!(done.well().out, format!("session {SESSION} is scheduled\n"));
    let done = typed(&[&put[..], &start, &["--status", "done", "--json"], &db].concat()).await;
    let session = json!({ "id": SESSION, "mentorId": 1, "menteeId": 2, "startAt": "2024-01-15T10:00:00.000Z", "status": "done" });
    assert_eq!(done.json(), session);
    let listed = typed(&[&["session", "list", "--json"][..], &db].concat()).await;
    assert_eq!(listed.json(), json!([session]));
    let listed = typed(&[&["session", "list"][..], &db].concat()).await;
    assert!(listed.well().out.starts_with(SESSION), "{listed:?}");
    let wrong = typed(&[&put[..], &["--start-at", "tomorrow"], &db].concat()).await;
    wrong.badly(1, "write 2024-01-15T10:00:00Z");
    let nobody = [
        "session", "put", SESSION, "--mentor", "eve", "--mentee", "bob",
    ];
    typed(&[&nobody[..], &start, &db].concat())
        .await
        .badly(1, "User not found");

    let notice = ["notify", "ann", "--title", "Paid", "--message", "Thank you"];
    let told = typed(&[&notice[..], &db].concat()).await;
    assert_eq!(told.well().out, "ann was notified: Paid\n");
    let told = typed(&[&notice[..], &["--type", "payment", "--json"], &db].concat()).await;
    assert_eq!(
        told.json(),
        json!({ "id": 2, "userId": 1, "title": "Paid" })
    );
    let nobody = ["notify", "eve", "--title", "Paid", "--message", "Thank you"];
    typed(&[&nobody[..], &db].concat())
        .await
        .badly(1, "User not found");
}
