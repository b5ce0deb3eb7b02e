//! What is older than it is kept is gone, in every dialect; what remains is whole: pages, counts, order, positions.

use crate::support::kept::{Given, Kept};
use crate::support::mentor::id;
use crate::support::person::password_of;
use crate::support::*;
use rusqlite::Connection;
use std::path::Path;
use tempfile::TempDir;

const DAY: i64 = 86_400_000;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// A server on a file in which time can be made to have passed.
struct House {
    chat: Chat,
    home: TempDir,
    /// It is about the file as such.
    is_file: bool,
    /// A room whose rule is changed so that the server looks for what is old.
    bell: String,
}

impl House {
    async fn keeps(flags: &[&str]) -> House {
        House::stands(false, flags).await
    }

    async fn keeps_in_a_file(flags: &[&str]) -> House {
        House::stands(true, flags).await
    }

    async fn stands(is_file: bool, flags: &[&str]) -> House {
        let home = tempfile::tempdir().expect("a folder");
        let chat = House::serves(&home, is_file, flags).await;
        let bell = chat.logs_in("boss").await.opens_room("Bell").await;
        House {
            chat,
            home,
            is_file,
            bell,
        }
    }

    async fn serves(home: &TempDir, is_file: bool, flags: &[&str]) -> Chat {
        let secret = home.path().join("secret");
        std::fs::write(&secret, password_of("boss")).expect("a password");
        let secret = secret.to_str().expect("a path");
        let boss = [
            "--admin-email",
            "boss@example.test",
            "--admin-password-file",
            secret,
        ];
        let file = home.path().join("chat.db");
        let flags = [&boss, flags].concat();
        match is_file {
            true => Chat::on_the_file(&file, &flags).await,
            false => Chat::on(&file, &flags).await,
        }
    }

    async fn admin(&self) -> Person {
        self.chat.logs_in("boss").await
    }

    fn does(&self, sql: &str, values: &[&dyn Given]) {
        self.chat.kept.does(sql, values);
    }

    fn number(&self, sql: &str) -> i64 {
        self.chat.kept.one(sql, &[])
    }

    /// All messages of a conversation up to this sequence number, and all files, are so many days older now.
    fn ages(&self, up_to: i64, days: i64) {
        self.does(
            "UPDATE messages SET sent_at = sent_at - $1 WHERE seq <= $2",
            &[&(days * DAY), &up_to],
        );
        self.does(
            "UPDATE files SET created_at = created_at - $1",
            &[&(days * DAY)],
        );
    }

    /// The server looks for what is old, everywhere: as it does when it starts.
    async fn starts_again(self, flags: &[&str]) -> House {
        self.chat.stop().await;
        let chat = House::serves(&self.home, self.is_file, flags).await;
        House { chat, ..self }
    }

    /// It looks where there are rules.
    async fn rings(&self) {
        let path = format!("/api/admin/conversations/{}", self.bell);
        for days in [1, 2] {
            let rule = json!({ "keepMessages": days });
            self.admin().await.patch(&path, rule).await.has_status(200);
        }
    }

    /// PostgreSQL looks after what it keeps by itself.
    async fn is_sound(&self) {
        if let Kept::File(_) = self.chat.kept {
            self.chat.command(&["check"]).await;
        }
    }
}

const MONTH: &[&str] = &["--keep-messages", "30d"];

fn words(messages: &Value, field: &str) -> Vec<String> {
    let messages = messages.as_array().expect("a list").iter();
    messages
        .map(|one| one[field].as_str().expect("words").to_owned())
        .collect()
}

/// What rooms, campus and mentor show of a conversation, the oldest first; and rooms' total.
async fn shown(person: &Person, place: &str) -> ([Vec<String>; 3], i64) {
    let rooms = person
        .get(format!("/api/messages/{place}?limit=4&order=asc"))
        .await;
    let rooms = rooms.has_status(200).json();
    let total = rooms["pagination"]["total"].as_i64().expect("a total");
    let mut by_rooms = Vec::new();
    for page in 1..=3 {
        let asked = format!("/api/messages/{place}?limit=4&order=asc&page={page}");
        by_rooms.extend(words(&person.get(asked).await.json()["data"], "content"));
    }
    let campus = person
        .get(format!("/message/get-messages?conversationId={place}"))
        .await;
    let mentor = person
        .get(format!("/api/conversations/{place}/messages?limit=50"))
        .await;
    let mut by_mentor = words(&mentor.has_status(200).json()["messages"], "content");
    by_mentor.reverse();
    let shown = [
        by_rooms,
        words(&campus.has_status(200).json(), "message"),
        by_mentor,
    ];
    (shown, total)
}

async fn unread(person: &Person, place: &str) -> Value {
    person.conversation(place).await["unreadCount"].clone()
}

/// A group of ann's, in which she and bob have said ten things by turns, and bob has read none of hers.
async fn talk(house: &House) -> (Person, Person, String, Vec<Value>) {
    let (ann, bob) = (house.chat.rooms("ann").await, house.chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let mut said = Vec::new();
    for number in 1..=10 {
        let who = if number % 3 == 0 { &bob } else { &ann };
        said.push(who.sends_to(&group, &format!("word{number}")).await);
    }
    (ann, bob, group, said)
}

#[tokio::test]
async fn what_is_old_is_gone_in_every_dialect_and_the_rest_is_whole() {
    let house = House::keeps(MONTH).await;
    let (ann, bob, group, said) = talk(&house).await;
    let first = id(&said[0]);
    let answer = json!({ "conversationId": group, "senderId": bob.uuid, "message": "yes", "replyTo": first });
    bob.post("/message/create", answer).await.has_status(201);
    let react = format!("/api/conversations/{group}/messages/{first}/reactions/%F0%9F%91%8D");
    bob.put(react).await.has_status(200);
    ann.put(format!("/api/conversations/{group}/messages/{first}/pin"))
        .await
        .has_status(200);
    // Bob's own do not count, nor does what is deleted.
    let third_last = id(&said[7]);
    ann.delete(format!("/api/conversations/{group}/messages/{third_last}"))
        .await
        .has_status(200);
    assert_eq!(unread(&bob, &group).await, 6);
    house.ages(7, 40);
    let house = house.starts_again(MONTH).await;
    let (ann, bob) = (ann.at(&house.chat), bob.at(&house.chat));

    let rest = vec!["word9".to_owned(), "word10".to_owned(), "yes".to_owned()];
    eventually("the old ones are gone", async || {
        shown(&bob, &group).await.0[0] == rest
    })
    .await;
    let (all, total) = shown(&bob, &group).await;
    assert_eq!(all, [rest.clone(), rest.clone(), rest]);
    assert_eq!(total, 3);
    assert_eq!(unread(&bob, &group).await, 1);
    let gone = format!("/api/conversations/{group}/messages/{first}");
    ann.get(&gone).await.refused(404);
    let found = bob
        .get("/api/conversations/search?q=word1")
        .await
        .has_status(200)
        .json();
    assert!(!found.to_string().contains("\"word1\""), "{found}");
    for table in ["reactions", "emoji"] {
        assert_eq!(
            house.number(&format!("SELECT count(*) FROM {table}")),
            0,
            "{table}"
        );
    }
    assert_eq!(
        house.number("SELECT count(*) FROM messages WHERE pinned_at IS NOT NULL"),
        0
    );
    // It goes on where it was.
    ann.sends_to(&group, "word11").await;
    assert_eq!(unread(&bob, &group).await, 2);
    assert_eq!(house.number("SELECT max(seq) FROM messages"), 12);
    bob.reads(&group).await;
    assert_eq!(unread(&bob, &group).await, 0);
    house.is_sound().await;
}

#[tokio::test]
async fn when_all_is_old_the_conversation_is_as_a_new_one_and_its_numbers_go_on() {
    let house = House::keeps(MONTH).await;
    let (ann, bob, group, _) = talk(&house).await;
    house.ages(10, 40);
    let house = house.starts_again(MONTH).await;
    let (ann, bob) = (ann.at(&house.chat), bob.at(&house.chat));
    eventually("everything is gone", async || {
        shown(&ann, &group).await.1 == 0
    })
    .await;
    assert_eq!(
        shown(&bob, &group).await.0,
        [vec![] as Vec<String>, vec![], vec![]]
    );
    assert_eq!(unread(&bob, &group).await, 0);
    assert!(bob.conversation(&group).await["lastMessage"].is_null());
    let listed = bob
        .get("/api/conversations?page=1&page_size=10")
        .await
        .has_status(200)
        .json();
    assert!(
        listed["conversations"][0]["last_message"].is_null(),
        "{listed}"
    );
    assert_eq!(
        house.number("SELECT count(*) FROM messages"),
        1,
        "an empty row for the number"
    );

    ann.sends_to(&group, "word11").await;
    assert_eq!(unread(&bob, &group).await, 1);
    let only = vec!["word11".to_owned()];
    assert_eq!(
        shown(&bob, &group).await,
        ([only.clone(), only.clone(), only], 1)
    );
    let house = house.starts_again(MONTH).await;
    eventually("the empty row goes", async || {
        house.number("SELECT count(*) FROM messages") == 1
    })
    .await;
    assert_eq!(house.number("SELECT seq FROM messages"), 11);
    house.is_sound().await;
}

#[tokio::test]
async fn who_comes_back_with_an_old_position_is_told_what_remains() {
    let house = House::keeps(MONTH).await;
    let (ann, bob, group, said) = talk(&house).await;
    house.ages(7, 40);
    let house = house.starts_again(MONTH).await;
    let (ann, bob) = (ann.at(&house.chat), bob.at(&house.chat));
    eventually("the old ones are gone", async || {
        shown(&bob, &group).await.1 == 3
    })
    .await;
    // After the second, which is gone; and from before everything.
    for position in [json!(said[1]["id"]), json!(0)] {
        let back = bob.enters(json!({ "lastMessageId": position })).await;
        let back = back.expect("a position");
        back.does("join-group", json!({ "conversation": group }))
            .await;
        let missed = back.hears_many(3, "receive-group-message").await;
        let missed: Vec<_> = missed.iter().map(|one| one["message"].clone()).collect();
        assert_eq!(missed, ["word8", "word9", "word10"]);
        ann.sends_to(&group, "live").await;
        back.hears("receive-group-message", json!({ "message": "live" }))
            .await;
        let last = house.number("SELECT max(seq) FROM messages");
        house.does("DELETE FROM messages WHERE seq = $1", &[&last]);
    }
}

#[tokio::test]
async fn an_owner_keeps_things_shorter_and_an_administrator_as_long_as_they_like() {
    let house = House::keeps(MONTH).await;
    let (ann, bob, group, _) = talk(&house).await;
    let path = format!("/api/conversations/{group}");
    for wrong in [json!(0), json!(31), json!("a week"), json!(-1)] {
        let refused = ann.patch(&path, json!({ "keepMessages": wrong })).await;
        refused.refused_for(&["keepMessages"]);
    }
    bob.patch(&path, json!({ "keepMessages": 7 }))
        .await
        .refused(403);
    let listening = bob.opens_chat().await;
    ann.patch(&path, json!({ "keepMessages": 7 }))
        .await
        .has_status(200);
    listening
        .hears("conversation_updated", json!({ "keepMessages": 7 }))
        .await;
    assert_eq!(ann.conversation(&group).await["keepMessages"], 7);
    house.ages(4, 10);
    house.rings().await;
    eventually("a week has passed", async || {
        shown(&bob, &group).await.1 == 6
    })
    .await;

    let admin = house.admin().await;
    let whole = format!("/api/admin/conversations/{group}");
    let set = admin
        .patch(&whole, json!({ "keepMessages": 0 }))
        .await
        .has_status(200)
        .json();
    assert_eq!(set["conversation"]["keepMessages"], 0);
    house.ages(10, 400);
    house.rings().await;
    // The bell's own words are gone by then, and nothing of the group.
    house.admin().await.posts(&house.bell, "Ding").await;
    house.does(
        "UPDATE messages SET sent_at = sent_at - $1 WHERE text = 'Ding'",
        &[&(9 * DAY)],
    );
    house.rings().await;
    let dings = "SELECT count(*) FROM messages WHERE text = 'Ding'";
    eventually("the bell is quiet", async || house.number(dings) == 0).await;
    assert_eq!(shown(&bob, &group).await.1, 6);
    admin
        .patch(&whole, json!({ "keepMessages": null }))
        .await
        .has_status(200);
    assert!(ann.conversation(&group).await["keepMessages"].is_null());
    let audit = admin
        .get("/api/admin/audit?q=conversation.keep")
        .await
        .has_status(200)
        .json();
    assert!(
        audit
            .to_string()
            .contains("messages 7 days, files as the server says"),
        "{audit}"
    );
}

#[tokio::test]
async fn nobody_changes_the_rules_all_the_time() {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("chat.db");
    let chat = Chat::alone_on(&file, &[]).await;
    let ann = chat.rooms("ann").await;
    let path = format!("/api/conversations/{}", ann.gathers("Friends", &[]).await);
    for days in 1..=10 {
        ann.patch(&path, json!({ "keepMessages": days }))
            .await
            .has_status(200);
    }
    let refused = ann.patch(&path, json!({ "keepMessages": 11 })).await;
    refused.refused(429);
    // The same again changes nothing, and costs nothing.
    ann.patch(&path, json!({ "keepMessages": 10, "name": "Foes" }))
        .await
        .has_status(200);
}

#[tokio::test]
async fn old_files_are_gone_and_pictures_stay() {
    const FLAGS: &[&str] = &["--keep-files", "30d"];
    let house = House::keeps(FLAGS).await;
    let (ann, bob, group, _) = talk(&house).await;
    let shares = async |place: &str, name: &str| {
        let form = Form::file(name, "text/plain", "x".repeat(1_000)).field("roomId", place);
        ann.uploads(form).await.has_status(201).json()["data"].clone()
    };
    let old = shares(&group, "old.txt").await;
    let forever = ann.gathers("Archive", &[&bob]).await;
    let kept = shares(&forever, "kept.txt").await;
    let rule = json!({ "keepFiles": 0 });
    let whole = format!("/api/admin/conversations/{forever}");
    house.admin().await.patch(whole, rule).await.has_status(200);
    let own = ann
        .uploads(Form::file("own.txt", "text/plain", "mine"))
        .await;
    let own = own.has_status(201).json()["data"].clone();
    let face = Form::default().with_file("picture", "face.png", "image/png", PNG);
    let face = ann
        .sends(Request::new("PATCH", "/api/auth/profile").form(face))
        .await;
    face.has_status(200);
    house.ages(10, 40);
    let new = shares(&group, "new.txt").await;
    let house = house.starts_again(FLAGS).await;
    let (ann, bob) = (ann.at(&house.chat), bob.at(&house.chat));

    let gets = async |file: &Value| {
        let url = file["url"].as_str().expect("a URL");
        bob.get(
            url.split("://")
                .last()
                .map_or(url, |rest| &rest[rest.find('/').unwrap_or(0)..]),
        )
        .await
        .status
    };
    let own = format!("/api/files/{}", own["_id"].as_str().expect("an id"));
    // One after the other.
    eventually("the old files are gone", async || {
        gets(&old).await == 404 && ann.get(own.clone()).await.status == 404
    })
    .await;
    assert_eq!((gets(&kept).await, gets(&new).await), (200, 200));
    assert_eq!(
        house.number("SELECT count(*) FROM files WHERE public = 1"),
        1,
        "the face"
    );
    let sums =
        "SELECT CAST((SELECT sum(stored) FROM accounts) - (SELECT sum(size) FROM files) AS BIGINT)";
    assert_eq!(house.number(sums), 0);
    assert_eq!(shown(&bob, &group).await.1, 10, "messages stay");
    house.is_sound().await;
}

/// How long removing 12,000 long messages may take where all scenes run at once; alone it takes 20 s.
const REMOVING: std::time::Duration = std::time::Duration::from_secs(180);

#[tokio::test]
async fn what_was_removed_gives_its_space_back() {
    let house = House::keeps_in_a_file(MONTH).await;
    let ann = house.chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let room_number = house.number("SELECT max(id) FROM conversations");
    let author = ann.number as i64;
    house.does(
        "INSERT INTO messages (conversation, seq, id, author, text, sent_at)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
         SELECT $1, i, 1000000 + i, $2, 'old' || hex(randomblob(700)), 1 FROM n",
        &[&room_number, &author],
    );
    house.does("UPDATE log SET last = 2000000", &[]);
    let house = house.starts_again(MONTH).await;
    let ann = ann.at(&house.chat);
    let size = || {
        house.number("PRAGMA wal_checkpoint(PASSIVE)");
        std::fs::metadata(house.home.path().join("chat.db"))
            .expect("the file")
            .len()
            >> 20
    };
    let before = size();
    assert!(before >= 16, "{before} MiB");
    // Nobody waits for that.
    let left = "SELECT count(*) FROM messages WHERE text <> 'Hello'";
    let mut slowest = std::time::Duration::ZERO;
    let begun = std::time::Instant::now();
    while house.number(left) > 0 || size() > before / 2 {
        assert!(
            begun.elapsed() < REMOVING,
            "{} left, {} MiB, {} pages free",
            house.number(left),
            size(),
            house.number("PRAGMA freelist_count"),
        );
        let asked = std::time::Instant::now();
        ann.posts(&room, "Hello").await;
        slowest = slowest.max(asked.elapsed());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(slowest.as_millis() < 1_500, "{slowest:?}");
    house.is_sound().await;
}

#[tokio::test]
async fn a_file_that_gives_no_space_back_has_copies_that_do() {
    let home = tempfile::tempdir().expect("a folder");
    let [file, copy] = ["chat.db", "copy.db"].map(|name| home.path().join(name));
    let chat = Chat::on_the_file(&file, &[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    ann.posts(&room, "Hello").await;
    assert_eq!(chat.stop().await, 0);
    // As earlier versions made files.
    let earlier = "PRAGMA auto_vacuum = NONE; VACUUM";
    let conn = Connection::open(&file).expect("the database");
    conn.execute_batch(earlier).expect("a file of its own");
    drop(conn);
    let shrinks = |file: &Path| -> i64 {
        let conn = Connection::open(file).expect("the database");
        conn.query_row("PRAGMA auto_vacuum", (), |row| row.get(0))
            .expect("a number")
    };
    let chat = Chat::on_the_file(&file, &[]).await;
    chat.command(&["backup", copy.to_str().expect("a path")])
        .await;
    assert_eq!((shrinks(&file), shrinks(&copy)), (0, 2));
    let second = home.path().join("second.db");
    assert_eq!(chat.stop().await, 0);
    let chat = Chat::on_the_file(&copy, &[]).await;
    chat.command(&["backup", second.to_str().expect("a path")])
        .await;
    assert_eq!(shrinks(&second), 2);
    assert_eq!(ann.at(&chat).history(&room).await.len(), 1);
}
