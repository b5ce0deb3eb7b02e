//! `--db postgres://…`: what commands do there as on a file, what only a file has, and what is right and wrong with a
//! PostgreSQL server.

use super::{Ended, typed, words};
use crate::support::postgres::{Cluster, Database, Disk};
use crate::support::server::on;
use crate::support::*;
use std::fs;
use std::path::Path;

/// A server has run there, which makes the tables.
async fn is_begun(url: &str) {
    let started = Chat::start(&on(url)).await;
    let chat = started.unwrap_or_else(|refusal| panic!("{url}: {refusal:?}"));
    assert_eq!(chat.stop().await, 0);
}

/// A database that has our tables and one account.
async fn a_database() -> Database {
    let database = Database::new().await;
    let url = database.url();
    is_begun(&url).await;
    let added = [
        "user",
        "add",
        "ann",
        "--email",
        "ann@example.test",
        "--db",
        &url,
    ];
    super::fed(&added, "secret of ann\n").await.well();
    database
}

#[tokio::test]
async fn commands_work_there_as_on_a_file() {
    let database = a_database().await;
    let url = database.url();
    let on = async |words: &[&str]| typed(&[words, &["--db", &url]].concat()).await;
    assert!(
        on(&["user", "list"])
            .await
            .well()
            .out
            .contains("ann@example.test")
    );
    on(&[
        "notify",
        "ann",
        "--title",
        "Hello",
        "--message",
        "Read this",
    ])
    .await
    .well();
    assert!(on(&["invite"]).await.well().out.contains("/#invitation="));
    assert!(on(&["invite", "list"]).await.well().out.lines().count() > 1);
    assert!(
        on(&["admin", "link"])
            .await
            .well()
            .out
            .contains("/admin#setup=")
    );
    on(&["session", "list"]).await.well();
    on(&["search", "hello"]).await.well();
    on(&["user", "suspend", "ann"]).await.well();
    on(&["user", "resume", "ann"]).await.well();
    // What one database holds goes to another, and to a file.
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("all.zip");
    let exported = on(&["export", words(&archive)]).await;
    assert!(exported.well().out.contains(&url), "{exported:?}");
    let other = Database::new().await;
    let file = folder.path().join("chat.db");
    for there in [&*other.url(), words(&file)] {
        typed(&["import", words(&archive), "--db", there])
            .await
            .well();
        let listed = typed(&["user", "list", "--db", there]).await;
        assert!(listed.well().out.contains("ann"), "{listed:?}");
    }
}

#[tokio::test]
async fn a_database_without_a_chat_stays_as_it_is() {
    let database = Database::new().await;
    let url = database.url();
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("all.zip");
    for command in [
        &["user", "list"][..],
        &["user", "suspend", "ann"],
        &["invite", "list"],
        &["invite"],
        &["session", "list"],
        &["search", "hello"],
        &["admin", "link"],
        &[
            "notify",
            "ann",
            "--title",
            "Hello",
            "--message",
            "Read this",
        ],
        &["export", words(&archive)],
    ] {
        let ended = typed(&[command, &["--db", &url]].concat()).await;
        ended.badly(1, "is not there: say which database");
        ended.badly(1, &url);
    }
    assert!(!archive.exists());
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    let tables = database.client().await.query_one(tables, &[]).await;
    assert_eq!(tables.expect("a count").get::<_, i64>(0), 0);
}

/// Columns and indexes, whatever the steps were that led there.
async fn shape(database: &Database) -> Vec<String> {
    let lines = "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || is_identity
            || ' ' || coalesce(collation_name, '-') || ' ' || coalesce(column_default, '-') AS line
         FROM information_schema.columns WHERE table_schema = 'public'
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY line";
    let rows = database.client().await.query(lines, &[]).await;
    let rows = rows.expect("lines");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn tables_of_every_earlier_version_become_those_of_this() {
    let fresh = Database::new().await;
    is_begun(&fresh.url()).await;
    let fresh = shape(&fresh).await;
    assert!(fresh.len() > 100, "{fresh:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixtures = fs::read_dir(root.join("tests/fixtures/postgres")).expect("fixtures");
    for fixture in fixtures {
        let dump = fs::read_to_string(fixture.expect("a file").path()).expect("a dump");
        let old = Database::new().await;
        let loaded = old.client().await.batch_execute(&dump).await;
        loaded.expect("a dump that can be loaded");
        let url = old.url();
        // Two at once, and one of them takes the steps.
        let flags = on(&url);
        let (chat, other) = tokio::join!(Chat::start(&flags), Chat::start(&flags));
        let [chat, other] = [chat, other].map(|one| one.unwrap_or_else(|why| panic!("{why:?}")));
        eventually("one of them took the steps", async || {
            let told = [&chat, &other].map(|one| one.log().contains("brought up to date"));
            told.into_iter().filter(|told| *told).count() == 1
        })
        .await;
        let (status, ann) = super::logs_in(&chat, "ann@example.test", "password of ann").await;
        assert_eq!(status, 200);
        let rooms = ann.get("/api/rooms").await.has_status(200).json();
        let mut rooms = rooms["data"].as_array().expect("rooms").iter();
        let lobby = rooms.find(|room| room["name"] == "Lobby");
        let room = lobby.expect("the room")["_id"].as_str().expect("an id");
        assert_eq!(ann.history(room).await[0]["content"], "Hello everyone!");
        ann.at(&other).posts(room, "Still there?").await;
        assert_eq!([chat.stop().await, other.stop().await], [0, 0]);
        assert_eq!(shape(&old).await, fresh);
        // Nothing is left to do.
        is_begun(&url).await;
    }
}

#[tokio::test]
async fn what_only_a_file_has_is_refused_in_words() {
    let database = a_database().await;
    let url = database.url();
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    let copy = words(&copy);
    for (command, instead) in [
        (&["backup", copy][..], "pg_dump"),
        (&["restore", copy], "pg_restore"),
        (&["check"], "chat doctor"),
    ] {
        let ended = typed(&[command, &["--db", &url]].concat()).await;
        ended.badly(1, instead);
        ended.badly(1, &url);
    }
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    let by_itself = ["--db", &url, "--backup-dir", words(folder.path())];
    typed(&by_itself).await.badly(2, "--backup-dir");
    let doctor = typed(&[&["doctor"], &by_itself[..]].concat()).await;
    says(&doctor, "problem", "backups", "pg_dump");
}

#[tokio::test]
async fn the_page_shows_what_there_is_and_no_password() {
    let database = Database::new().await;
    // Whoever is trusted may say any.
    let url = database.url();
    let with_password = url.replace("chat@", "chat:not-to-be-shown@");
    assert_ne!(with_password, url);
    let started = Chat::start(&["--temp", "--db", &with_password]).await;
    let chat = started.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    assert_eq!(chat.announced["db"], url.as_str());
    let greeting = format!("{url}   everything is in it");
    eventually("it says where", async || chat.log().contains(&greeting)).await;
    let admin = chat.admin();
    let stats = admin.get("/api/admin/stats").await.json()["stats"].clone();
    assert!(stats["databaseBytes"].as_u64() > Some(1 << 20), "{stats}");
    assert!(
        stats["walBytes"].is_null() && stats["diskFreeBytes"].is_null(),
        "{stats}"
    );
    let warnings = stats["warnings"].as_array().expect("warnings");
    assert!(
        warnings
            .iter()
            .all(|warning| warning["code"] != "no-backup"),
        "{stats}"
    );
    let metrics = chat.nobody().get("/metrics").await.text();
    assert!(
        metrics.contains("chat_database_bytes{file=\"database\"}"),
        "{metrics}"
    );
    assert!(
        !metrics.contains("chat_database_bytes{file=\"wal\"}"),
        "{metrics}"
    );
    let copy = admin.get("/api/admin/backup").await;
    copy.refused(409);
    let settings = admin.get("/api/admin/settings").await.json();
    let db =
        json!({ "flag": "--db", "value": url, "line": format!("--db {url}"), "default": false });
    let settings = settings["settings"].as_array().expect("settings");
    let shown = settings.iter().find(|setting| setting["flag"] == "--db");
    assert_looks_like(shown.expect("--db"), db, "--db");
    assert!(!chat.log().contains("not-to-be-shown"), "{}", chat.log());
}

/// The doctor says this in a line of its own.
#[track_caller]
fn says(ended: &Ended, verdict: &str, about: &str, text: &str) {
    let mut lines = ended.out.lines();
    let said = lines.any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some(verdict) && words.next() == Some(about) && line.contains(text)
    });
    assert!(
        said,
        "no {verdict} about {about} with {text:?} in {ended:?}"
    );
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_with_a_server_and_what_to_type() {
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Disk::Flushed));
    let mut cluster = cluster.await.expect("a cluster");
    let database = cluster.database().await;
    let client = database.client().await;
    let name = database
        .url()
        .rsplit('/')
        .next()
        .expect("a name")
        .to_owned();
    let owned = format!(
        "CREATE ROLE ann LOGIN; CREATE ROLE bob LOGIN; ALTER DATABASE {name} OWNER TO ann;
         REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"
    );
    client.batch_execute(&owned).await.expect("roles");
    let by = |who: &str| database.url().replace("chat@", &format!("{who}@"));
    let doctor = async |url: &str| typed(&["doctor", "--db", url, "--listen", "127.0.0.1:0"]).await;

    let sound = doctor(&by("ann")).await;
    sound.well();
    for about in [
        "database",
        "encoding",
        "role",
        "others",
        "sessions",
        "durability",
        "standbys",
        "encryption",
        "clock",
    ] {
        says(&sound, "ok", about, "");
    }
    says(&sound, "ok", "tables", "the first start makes them");
    says(&sound, "ok", "backups", "pg_dump");
    is_begun(&by("ann")).await;
    typed(&["user", "list", "--db", &by("ann")]).await.well();
    says(&doctor(&by("ann")).await, "ok", "tables", "of this version");

    says(
        &doctor(&by("chat")).await,
        "warning",
        "role",
        "ALTER DATABASE",
    );
    says(
        &doctor(&by("bob")).await,
        "problem",
        "database",
        "permission denied",
    );
    let opened = format!("GRANT CONNECT ON DATABASE {name} TO bob");
    client.batch_execute(&opened).await.expect("a grant");
    says(
        &doctor(&by("ann")).await,
        "warning",
        "others",
        &format!("REVOKE CONNECT ON DATABASE {name}"),
    );

    let limited = "ALTER ROLE ann CONNECTION LIMIT 5";
    client.batch_execute(limited).await.expect("a limit");
    says(
        &doctor(&by("ann")).await,
        "problem",
        "sessions",
        "5 are left",
    );
    let newer =
        "ALTER ROLE ann CONNECTION LIMIT -1; UPDATE schema_version SET version = version + 1";
    client.batch_execute(newer).await.expect("another version");
    says(
        &doctor(&by("ann")).await,
        "problem",
        "tables",
        "update chat",
    );
    typed(&["user", "list", "--db", &by("ann")])
        .await
        .badly(3, "newer version");

    let foreign = cluster.database().await;
    let made = foreign
        .client()
        .await
        .batch_execute("CREATE TABLE orders (id BIGINT)")
        .await;
    made.expect("a table");
    says(
        &doctor(&foreign.url()).await,
        "problem",
        "tables",
        "CREATE DATABASE chat",
    );
    typed(&["user", "list", "--db", &foreign.url()])
        .await
        .badly(3, "another program");

    let latin = "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'";
    client.batch_execute(latin).await.expect("a database");
    says(
        &doctor(&cluster.url("latin")).await,
        "problem",
        "encoding",
        "ENCODING 'UTF8'",
    );
    says(
        &doctor(&cluster.url("nowhere")).await,
        "problem",
        "database",
        "does not exist",
    );

    let careless = [
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
    ];
    let set = tokio::task::spawn_blocking(move || {
        cluster.is_set(&careless);
        cluster
    });
    let mut cluster = set.await.expect("a cluster");
    let url = cluster.url("postgres");
    let found = doctor(&url).await;
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        says(
            &found,
            "problem",
            "durability",
            &format!("SET {setting} = on"),
        );
    }
    let waiting = tokio::task::spawn_blocking(move || {
        cluster.is_set(&["synchronous_standby_names=*"]);
        cluster
    });
    let mut cluster = waiting.await.expect("a cluster");
    says(&doctor(&url).await, "problem", "standbys", "none is there");
    let standby = cluster.is_copied().await;
    let found = doctor(&url).await;
    says(&found, "ok", "standbys", "1; commits wait for them");
    drop(standby);
    let alone = tokio::task::spawn_blocking(move || {
        cluster.is_set(&[]);
        cluster
    });
    let cluster = alone.await.expect("a cluster");
    let _standby = cluster.is_copied().await;
    let found = doctor(&url).await;
    says(&found, "warning", "standbys", "1; no commit waits for them");
    drop(cluster);
}
