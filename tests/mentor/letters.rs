//! How much mail may anybody cause? So many codes for an address and so many digests for it in an hour, and so many
//! digests that one account is the reason for; and nothing of it is kept for ever.

use crate::support::kept::Given;
use crate::support::person::{email_of, password_of};
use crate::support::*;
use chat::core::model::Time;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

const HOUR: i64 = 3_600_000;

/// A server on whose file mail is counted; on a throwaway one it is not.
struct House {
    chat: Chat,
    home: TempDir,
}

impl House {
    async fn open() -> House {
        let home = tempfile::tempdir().expect("a folder");
        let chat = Chat::on(&home.path().join("chat.db"), &["--mail-delay", "1s"]).await;
        House { chat, home }
    }

    fn does(&self, sql: &str, values: &[&dyn Given]) {
        self.chat.kept.does(sql, values);
    }

    /// Somebody whose address is proven, without the codes that count.
    async fn proven(&self, name: &str) -> Person {
        let person = self.chat.rooms(name).await;
        self.does(
            "UPDATE accounts SET proven_at = 1 WHERE name = $1",
            &[&name],
        );
        person
    }

    /// How many digests were written to this person.
    fn digests(&self, person: &Person) -> i64 {
        let count = "SELECT count(*) FROM outbox WHERE kind = 'digest' AND recipient = $1";
        let to = email_of(&person.name);
        self.chat.kept.one(count, &[&to])
    }

    async fn has_written(&self, person: &Person, count: i64) {
        let asked = Instant::now();
        while self.digests(person) != count {
            assert!(asked.elapsed() < PATIENCE, "{}", self.digests(person));
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Who has caused, or was sent, so many in this hour.
    fn has_counted(&self, who: &str, count: i64) {
        self.does(
            "INSERT INTO mail_counts (who, since, count) VALUES ($1, $2, $3)
             ON CONFLICT (who) DO UPDATE SET count = excluded.count",
            &[&who, &Time::now().0, &count],
        );
    }

    /// Another code may be sent.
    fn a_minute_passes(&self) {
        self.does("UPDATE codes SET created_at = created_at - 61000", &[]);
    }

    fn an_hour_passes(&self) {
        self.does("UPDATE mail_counts SET since = since - $1", &[&HOUR]);
    }
}

#[tokio::test]
async fn so_many_codes_in_an_hour_whether_or_not_there_is_an_account() {
    let house = House::open().await;
    let (john, ann) = (house.chat.rooms("john").await, house.proven("ann").await);
    // Ann gets mail that nobody asked for, which must not show in how many codes are left.
    john.writes_to(&ann, "Hello").await;
    house.has_written(&ann, 1).await;
    let nobody = house.chat.nobody();
    let ways = [
        "/user/reset-password-code",
        "/user/send-signup-code",
        "/user/resend-signup-code",
        "/api/password/reset-request",
    ];
    for address in ["ann@example.test", "Nobody@example.test"] {
        for at in 0..10 {
            let asked = json!({ "email": address });
            house.a_minute_passes();
            nobody.post(ways[at % 4], asked).await.has_status(200);
        }
        for way in ways {
            let asked = json!({ "email": address.to_uppercase() });
            house.a_minute_passes();
            let refused = nobody.post(way, asked).await;
            refused.refused(429);
            let wait: u64 = refused.says("retry-after").parse().expect("seconds");
            assert!((3_000..=3_600).contains(&wait), "{way} {address}: {wait}");
        }
    }
    // The others' are theirs.
    let other = json!({ "email": "other@example.test" });
    nobody.post(ways[0], other.clone()).await.has_status(200);
    // A restart forgives nothing, and an hour does.
    let House { chat, home } = house;
    assert_eq!(chat.stop().await, 0);
    let chat = Chat::on(&home.path().join("chat.db"), &[]).await;
    let house = House { chat, home };
    let again = async || {
        let asked = json!({ "email": "ann@example.test" });
        house.a_minute_passes();
        house.chat.nobody().post(ways[0], asked).await
    };
    again().await.refused(429);
    house.an_hour_passes();
    again().await.has_status(200);
}

#[tokio::test]
async fn so_many_codes_to_strangers_in_an_hour_and_the_answer_does_not_tell() {
    let house = House::open().await;
    house.has_counted("strangers", 999);
    let nobody = house.chat.nobody();
    let asks = async |address: &str| {
        let asked = json!({ "email": address });
        let asked = nobody.post("/user/send-signup-code", asked).await;
        asked.has_status(200).text()
    };
    let written = |address: &str| -> i64 {
        let count = "SELECT count(*) FROM outbox WHERE recipient = $1";
        house.chat.kept.one(count, &[&address])
    };
    let last = asks("last@example.test").await;
    assert_eq!(asks("late@example.test").await, last);
    assert_eq!(
        (written("last@example.test"), written("late@example.test")),
        (1, 0)
    );
    // Whoever has an account still gets theirs.
    house.proven("ann").await;
    let asked = json!({ "email": "ann@example.test" });
    nobody
        .post("/user/reset-password-code", asked)
        .await
        .has_status(200);
    assert_eq!(written("ann@example.test"), 1);
    house.an_hour_passes();
    asks("next@example.test").await;
    assert_eq!(written("next@example.test"), 1);
}

#[tokio::test]
async fn an_account_has_so_many_codes_sent_to_other_addresses_in_an_hour() {
    let house = House::open().await;
    let mallory = house.chat.rooms("mallory").await;
    let asks = async |address: String| {
        let asked = json!({ "email": address, "password": password_of("mallory") });
        mallory.post("/api/auth/email", asked).await
    };
    for number in 0..10 {
        asks(format!("victim{number}@example.test"))
            .await
            .has_status(200);
    }
    let refused = asks("another@example.test".to_owned()).await;
    let said = refused.refused(429).json();
    assert!(said["message"].to_string().contains("many codes"), "{said}");
    house.an_hour_passes();
    asks("another@example.test".to_owned())
        .await
        .has_status(200);
}

#[tokio::test]
async fn an_address_gets_so_many_digests_in_an_hour() {
    let house = House::open().await;
    let (john, jane) = (house.chat.rooms("john").await, house.proven("jane").await);
    house.has_counted("digest:jane@example.test", 5);
    john.writes_to(&jane, "The sixth").await;
    house.has_written(&jane, 1).await;
    // Groups that strangers put her into are hers as well.
    let group = john.gathers("Cheap watches", &[&jane]).await;
    john.says(&group, "Buy now").await;
    let mary = house.proven("mary").await;
    john.writes_to(&mary, "And you?").await;
    house.has_written(&mary, 1).await;
    assert_eq!(house.digests(&jane), 1);
    // It was not forgotten.
    house.an_hour_passes();
    house.has_written(&jane, 2).await;
}

#[tokio::test]
async fn an_account_causes_so_many_digests_in_an_hour() {
    let house = House::open().await;
    let (john, carl) = (
        house.chat.rooms("john").await,
        house.chat.rooms("carl").await,
    );
    let people = [house.proven("jane").await, house.proven("mary").await];
    house.has_counted(&format!("by:{}", john.number), 255);
    let group = john.gathers("All", &[&people[0], &people[1], &carl]).await;
    john.says(&group, "To all").await;
    house.has_written(&people[0], 1).await;
    assert_eq!(house.digests(&people[1]), 0);
    // Somebody else's words are another reason to write.
    carl.writes_to(&people[1], "I am not John").await;
    house.has_written(&people[1], 1).await;
    john.says(&group, "To all again").await;
    let dora = house.proven("dora").await;
    carl.writes_to(&dora, "And you?").await;
    house.has_written(&dora, 1).await;
    assert_eq!(
        [house.digests(&people[0]), house.digests(&people[1])],
        [1, 1]
    );
    house.an_hour_passes();
    for one in &people {
        house.has_written(one, 2).await;
    }
}

#[tokio::test]
async fn mail_is_forgotten_after_thirty_days_sent_or_not() {
    let house = House::open().await;
    let asked = json!({ "email": "new@example.test" });
    let nobody = house.chat.nobody();
    nobody
        .post("/user/send-signup-code", asked)
        .await
        .has_status(200);
    let House { chat, home } = house;
    let kept = chat.kept.clone();
    assert_eq!(chat.stop().await, 0);
    let a_month_ago = Time::now().0 - 31 * 24 * HOUR;
    // More than one step takes; some were sent, some were never.
    kept.does(
        "WITH RECURSIVE old (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM old WHERE id < 1200)
         INSERT INTO outbox (id, recipient, subject, text, html, due_at, created_at, sent_at)
         SELECT id + 10, 'old@example.test', 'Old', '', '', 1, $1,
                CASE WHEN id % 2 = 0 THEN 1 END FROM old",
        &[&a_month_ago],
    );
    kept.does("UPDATE outbox SET id = 5000 WHERE subject <> 'Old'", &[]);
    let chat = Chat::on(&home.path().join("chat.db"), &[]).await;
    let asked = Instant::now();
    let left = || -> i64 { kept.one("SELECT count(*) FROM outbox", &[]) };
    while left() > 1 {
        assert!(asked.elapsed() < PATIENCE, "{}", left());
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(left(), 1, "what is new stays");
    drop(chat);
}
