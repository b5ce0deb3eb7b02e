//! People report messages; an administrator sees them as they were then, decides, and closes the report.

use super::*;
use crate::support::mentor::id;
use chat::core::model::Time;

impl Chat {
    async fn reports(&self, state: &str) -> Vec<Value> {
        let path = format!("/api/admin/reports?state={state}&limit=100");
        let reports = self.admin().get(path).await.has_status(200).json();
        let listed = reports["reports"].as_array().expect("a list").clone();
        assert_eq!(reports["pagination"]["total"], listed.len(), "{reports}");
        listed
    }

    async fn open_reports(&self) -> Value {
        let stats = self.admin().get("/api/admin/stats").await;
        stats.has_status(200).json()["stats"]["reportsOpen"].clone()
    }

    async fn tells_in_metrics(&self, line: &str) {
        let metrics = self.admin().get("/metrics").await.text();
        assert!(metrics.lines().any(|one| one == line), "{line}: {metrics}");
    }
}

#[tokio::test]
async fn a_message_is_reported_in_every_dialect_and_stays_as_it_was() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let eve = chat.campus("eve").await;
    let group = ann.gathers("Friends", &[&bob, &eve]).await;
    let attached = json!({
        "content": "You are a fool",
        "attachments": [{ "filename": "fool.png", "mimeType": "image/png", "url": "https://example.test/fool.png", "size": 1 }],
    });
    let path = format!("/api/conversations/{group}/messages");
    let message = ann.post(&path, attached).await.has_status(201).json();
    let message = id(&message);
    let told = json!({ "message": "The message has been reported to the administrators" });
    for (person, path, reason) in [
        (&bob, format!("/message/report/{message}"), "Rude"),
        (&eve, format!("{path}/{message}/report"), "Not nice"),
        (&ann, format!("/api/messages/{message}/report"), ""),
    ] {
        // A repeat is as good as the first, and changes nothing.
        for reason in [reason, "another one"] {
            let body = json!({ "reason": reason });
            person.post(&path, body).await.looks_like(201, told.clone());
        }
    }
    let carl = chat.rooms("carl").await;
    let room = ann.opens_room("Lobby").await;
    let said = id(&ann.sends_to(&room, "Fools, all of you").await);
    carl.does("report_message", json!({ "messageId": said }))
        .await;
    assert_eq!(chat.open_reports().await, 4);
    chat.tells_in_metrics("chat_reports_open 4").await;

    // It stands there as it was, and as it is now.
    let path = format!("/message/update/{message}");
    ann.patch(&path, json!({ "message": "You are a friend" }))
        .await
        .has_status(200);
    let first = chat.reports("open").await.pop().expect("a report");
    let expected = json!({
        "reporter": { "id": bob.uuid, "name": "bob" }, "author": { "id": ann.uuid, "name": "ann" },
        "messageId": message, "conversationId": group, "text": "You are a fool", "attachments": ["fool.png"],
        "reason": "Rude", "textNow": "You are a friend", "state": "open", "closedAt": null, "closedBy": null, "note": null,
    });
    assert_looks_like(&first, expected, "the report");
    ann.delete(format!("/message/remove/{message}"))
        .await
        .has_status(200);
    let path = format!("/api/admin/reports/{}", id(&first));
    let gone = json!({ "text": "You are a fool", "textNow": null });
    let admin = chat.admin();
    admin
        .get(&path)
        .await
        .looks_like(200, json!({ "report": gone }));

    let close = format!("{path}/close");
    let note = json!({ "note": "She took it back" });
    let closed = admin.post(&close, note.clone()).await;
    let closed = closed.looks_like(
        200,
        json!({ "report": { "state": "closed", "note": "She took it back", "text": "You are a fool" } }),
    );
    assert_eq!(
        closed["report"]["closedBy"]["id"],
        chat.admins_uuid().await.as_str()
    );
    admin.post(&close, note).await.refused(409);
    assert_eq!(chat.reports("closed").await.len(), 1);
    assert_eq!(chat.open_reports().await, 3);
    assert_eq!(chat.audited().await[0], "report.close");
}

#[tokio::test]
async fn only_who_may_read_a_message_reports_it_and_with_few_words() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("eve").await,
    );
    let direct = ann.meets(&bob).await;
    let message = id(&ann.sends_to(&direct, "Hello").await);
    let path = format!("/message/report/{message}");
    eve.post(&path, json!({})).await.refused(404);
    bob.post(&path, json!({ "reason": "x".repeat(1_001) }))
        .await
        .refused_for(&["reason"]);
    // Also of whom one has blocked, and who has blocked one.
    bob.put(format!("/user/blocks/{}", ann.uuid))
        .await
        .has_status(200);
    bob.post(&path, json!({ "reason": "x".repeat(1_000) }))
        .await
        .has_status(201);
    ann.delete(format!("/message/remove/{message}"))
        .await
        .has_status(200);
    ann.post(&path, json!({})).await.refused(404);
    for closed in ["close", ""] {
        let path = format!("/api/admin/reports/999999999/{closed}");
        let path = path.trim_end_matches('/');
        let answer = match closed {
            "" => chat.admin().get(path).await,
            _ => chat.admin().post(path, json!({})).await,
        };
        answer.refused(404);
    }
}

#[tokio::test]
async fn one_reports_twenty_messages_a_day() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let direct = ann.meets(&bob).await;
    for nth in 0..=20 {
        let message = id(&ann.sends_to(&direct, "Hello").await);
        let answer = bob
            .post(format!("/message/report/{message}"), json!({}))
            .await;
        match nth {
            20 => {
                let wait = answer
                    .refused(429)
                    .header("Retry-After")
                    .expect("until when");
                let wait: u64 = wait.parse().expect("seconds");
                assert!((86_000..=86_400).contains(&wait), "{wait}");
                // Others go on.
                ann.post(format!("/message/report/{message}"), json!({}))
                    .await
                    .has_status(201);
            }
            _ => _ = answer.has_status(201),
        }
    }
    assert_eq!(chat.reports("open").await.len(), 21);
}

#[tokio::test]
async fn a_closed_report_is_gone_after_ninety_days() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let direct = ann.meets(&bob).await;
    for _ in 0..3 {
        let message = id(&ann.sends_to(&direct, "Hello").await);
        bob.post(format!("/message/report/{message}"), json!({}))
            .await
            .has_status(201);
        ann.delete(format!("/message/remove/{message}"))
            .await
            .has_status(200);
    }
    let kept = chat.kept.clone();
    chat.stop().await;
    const DAY: i64 = 86_400_000;
    kept.does("UPDATE reports SET at = at - $1", &[&(365 * DAY)]);
    for (id, days) in [(1_i64, 89), (2, 91)] {
        let close = "UPDATE reports SET closed_at = $1 WHERE id = $2";
        kept.does(close, &[&(Time::now().0 - days * DAY), &id]);
    }
    // What was closed long ago goes, what was closed lately and what is open stays, however old.
    let chat = Chat::on(&file, &[]).await;
    let left = || -> Vec<i64> { kept.all("SELECT id FROM reports ORDER BY id", &[]) };
    eventually("it is tidied", async || left() == [1, 3]).await;
    chat.stop().await;
}
