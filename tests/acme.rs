//! A server that gets its certificate by itself, from a directory of Let's Encrypt's own making (`pebble`), which validates
//! each domain by coming to the server's port.

#[path = "acme/pebble.rs"]
mod pebble;
#[path = "acme/secure.rs"]
mod secure;
#[path = "acme/walk.rs"]
mod walk;

use crate::backup::by_itself::is_administered;
use crate::command_line::{typed, words};
use crate::endure::preload;
use crate::support::*;
use chat::core::model::Time;
use pebble::{Pebble, free_port};
use secure::Secure;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

const DOMAIN: &str = "chat.example.com";
const OTHER: &str = "talk.example.com";

/// A server's file, and the two ports that it has.
struct Place {
    folder: tempfile::TempDir,
    file: PathBuf,
    port: u16,
    plain: u16,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("chat.db");
        let (port, plain) = (free_port(), free_port());
        Place {
            folder,
            file,
            port,
            plain,
        }
    }

    /// The flags with which a server here gets certificates for these domains.
    fn flags(&self, pebble: &Pebble, domains: &[&str]) -> Vec<String> {
        let flags = [
            ("--listen", format!("127.0.0.1:{}", self.port)),
            ("--acme-directory", pebble.directory()),
            ("--acme-ca-file", words(&pebble.ca_file()).to_owned()),
            ("--acme-email", "boss@example.test".to_owned()),
            ("--redirect-port", self.plain.to_string()),
        ];
        let domains = domains
            .iter()
            .map(|domain| ("--acme", (*domain).to_owned()));
        let flags = flags.into_iter().chain(domains);
        flags
            .flat_map(|(flag, value)| [flag.to_owned(), value])
            .collect()
    }

    async fn serves(&self, pebble: &Pebble, domains: &[&str]) -> Chat {
        self.serves_in(&[], pebble, domains).await
    }

    async fn serves_in(
        &self,
        environment: &[(&str, &Path)],
        pebble: &Pebble,
        domains: &[&str],
    ) -> Chat {
        let unlimited = "--bcrypt-cost 4 --limit-auth off --limit-api off --sign-up open";
        let own = ["--db", words(&self.file)];
        let flags = self.flags(pebble, domains);
        let flags = flags.iter().map(String::as_str);
        let flags: Vec<_> = own
            .into_iter()
            .chain(unlimited.split(' '))
            .chain(flags)
            .collect();
        let started = Chat::start_in(environment, &flags).await;
        started.unwrap_or_else(|refusal| panic!("{flags:?}: {refusal:?}"))
    }

    /// Whoever knows the directory's root.
    async fn trusting(&self, pebble: &Pebble) -> Secure {
        Secure::trusting(&pebble.root().await, self.port)
    }

    /// Whoever believes everything.
    fn careless(&self) -> Secure {
        Secure::careless(self.port)
    }

    /// How many mails were written that a certificate could not be got.
    fn told(&self) -> u32 {
        let conn = rusqlite::Connection::open(&self.file).expect("the file");
        let count = "SELECT count(*) FROM outbox WHERE subject = 'A certificate could not be got'";
        conn.query_row(count, (), |row| row.get(0))
            .expect("a count")
    }
}

/// What the administrator sees of the certificate that has not come, and why it has not.
async fn failure(client: &Secure) -> (Value, String) {
    let token = client
        .logs_in("boss@example.test", "password of boss")
        .await;
    let (own, _) = seen(client, &token).await;
    let why = own["failure"].as_str().expect("why").to_owned();
    (own, why)
}

/// What administrators see of the certificate, and the codes of the warnings.
async fn seen(client: &Secure, token: &str) -> (Value, Vec<String>) {
    let (status, said) = client.ask("GET", "/api/admin/stats", token, None).await;
    assert_eq!(status, 200, "{said}");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let warnings = said["stats"]["warnings"].as_array().expect("warnings");
    let codes = warnings
        .iter()
        .map(|one| one["code"].as_str().expect("a code").to_owned());
    (said["stats"]["certificate"].clone(), codes.collect())
}

/// How long after the last failure it is tried again.
fn waits(own: &Value) -> Duration {
    let at = |name: &str| Time::from_iso(own[name].as_str().expect("a time"));
    let (failed, next) = (at("failedAt"), at("nextTryAt"));
    next.expect("a time").since(failed.expect("a time"))
}

/// A sample of `/metrics`.
async fn metric(client: &Secure, name: &str) -> u64 {
    let (status, page) = client.ask("GET", "/metrics", "", None).await;
    assert_eq!(status, 200, "{page}");
    let found = page
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let found = found.unwrap_or_else(|| panic!("no {name} in {page}"));
    found.parse().expect("a number")
}

async fn orders(client: &Secure) -> (u64, u64) {
    let count = async |result: &str| {
        metric(
            client,
            &format!("chat_acme_orders_total{{result=\"{result}\"}}"),
        )
        .await
    };
    (count("success").await, count("failure").await)
}

/// What a plain HTTP server answers to a request with this host: the status, and where it leads to.
async fn led(port: u16, host: &str, path: &str) -> (u16, Option<String>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("a listener");
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.expect("asked");
    let mut said = String::new();
    // One request, and the connection ends.
    stream.read_to_string(&mut said).await.expect("answered");
    let place = said
        .lines()
        .find_map(|line| line.strip_prefix("location: "));
    let status = said.get(9..12).and_then(|status| status.parse().ok());
    (status.expect("a status"), place.map(str::to_owned))
}

#[tokio::test]
async fn a_certificate_comes_from_nothing_stays_and_grows_with_the_domains() {
    let place = Place::new();
    let pebble = Pebble::start(place.port).await;
    let chat = place.serves(&pebble, &[DOMAIN]).await;
    let client = place.trusting(&pebble).await;
    within(3 * PATIENCE, "a client believes it", async || {
        client.is_ready(DOMAIN).await
    })
    .await;
    let first = client.shown(DOMAIN).await.expect("a certificate");
    assert!(client.shown(OTHER).await.is_err(), "it is for one domain");
    assert_eq!(orders(&client).await, (1, 0));
    assert!(metric(&client, "chat_certificate_end_timestamp_seconds").await > 1_700_000_000);

    // Strangers who ask for a proof get none, before anything is signed.
    for name in [DOMAIN, "evil.test"] {
        for _ in 0..100 {
            assert!(client.asks_for_a_proof(name).await.is_err(), "{name}");
        }
    }
    // Plain HTTP leads to one's own domain, and nowhere else.
    let there = (308, Some(format!("https://{DOMAIN}/chat?room=1")));
    assert_eq!(led(place.plain, DOMAIN, "/chat?room=1").await, there);
    assert_eq!(
        led(place.plain, &format!("{DOMAIN}:80"), "/chat?room=1").await,
        there
    );
    for host in ["evil.test", "", "chat.example.com.evil.test"] {
        assert_eq!(led(place.plain, host, "/").await, (404, None), "{host}");
    }
    // Where it is reached is what links say.
    let invited = typed(&["invite", "--db", words(&place.file)]).await;
    assert!(
        invited.out.contains(&format!("https://{DOMAIN}/")),
        "{invited:?}"
    );
    // Its key is for nobody.
    let zip = place.folder.path().join("all.zip");
    typed(&["export", words(&zip), "--db", words(&place.file)])
        .await
        .well();
    let mut zip =
        zip::ZipArchive::new(std::fs::File::open(&zip).expect("the file")).expect("a ZIP");
    for at in 0..zip.len() {
        let mut entry = String::new();
        use std::io::Read;
        let read = zip
            .by_index(at)
            .expect("an entry")
            .read_to_string(&mut entry);
        assert!(read.is_ok() && !entry.contains("PRIVATE KEY") && !entry.contains("key_pkcs8"));
    }
    assert_eq!(chat.stop().await, 0);

    // It is there at once, and needs nobody.
    let pebble = pebble.stops();
    let chat = place.serves(&pebble, &[DOMAIN]).await;
    assert_eq!(client.shown(DOMAIN).await.expect("a certificate"), first);
    assert!(client.is_ready(DOMAIN).await);
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(orders(&client).await, (0, 0));
    assert_eq!(chat.stop().await, 0);

    // Another domain: until there is a certificate for both, the one for the first is shown. The account that is kept is
    // unknown to a directory that has forgotten everything.
    let chat = place.serves(&pebble, &[OTHER, DOMAIN]).await;
    assert_eq!(client.shown(DOMAIN).await.expect("a certificate"), first);
    let mut early = client.connects(DOMAIN).await.expect("a connection");
    assert_eq!(early.asks("/livez").await, 200);
    let pebble = pebble.again().await;
    chat.is_told_to_look();
    let client = place.trusting(&pebble).await;
    within(3 * PATIENCE, "it is for both", async || {
        client.is_ready(OTHER).await && client.is_ready(DOMAIN).await
    })
    .await;
    assert_eq!(early.asks("/livez").await, 200, "who was there stays");
}

#[tokio::test]
async fn a_directory_that_is_down_stops_nobody_and_is_told() {
    let place = Place::new();
    is_administered(&place.file).await;
    let pebble = Pebble::stopped(place.port);
    let chat = place.serves(&pebble, &[DOMAIN]).await;
    let client = place.careless();
    within(3 * PATIENCE, "it is told", async || place.told() == 1).await;
    let (status, said) = client.ask("GET", "/readyz", "", None).await;
    assert_eq!(status, 503, "{said}");
    assert!(said.contains("no valid certificate"), "{said}");
    assert_eq!(client.ask("GET", "/livez", "", None).await.0, 200);
    let token = client
        .logs_in("boss@example.test", "password of boss")
        .await;
    let (own, warnings) = seen(&client, &token).await;
    assert_looks_like(
        &own,
        json!({ "domains": [DOMAIN], "issuer": null, "notAfter": null, "failing": true }),
        "what is seen",
    );
    let why = own["failure"].as_str().expect("why");
    assert!(why.contains("refused"), "{why}");
    assert!(
        own["nextTryAt"].as_str() > own["failedAt"].as_str(),
        "{own}"
    );
    assert!(
        warnings.iter().any(|code| code == "certificate-failed"),
        "{warnings:?}"
    );
    assert_eq!(
        metric(&client, "chat_certificate_end_timestamp_seconds").await,
        0
    );
    // Again and again, and told once.
    within(3 * PATIENCE, "it is tried again", async || {
        orders(&client).await.1 >= 2
    })
    .await;
    assert_eq!(place.told(), 1);

    let pebble = pebble.again().await;
    let client = place.trusting(&pebble).await;
    within(3 * PATIENCE, "it comes by itself", async || {
        client.is_ready(DOMAIN).await
    })
    .await;
    let (own, warnings) = seen(&client, &token).await;
    assert_looks_like(&own, json!({ "failing": false }), "what is seen");
    let issuer = own["issuer"].as_str().expect("an issuer");
    assert!(issuer.starts_with("Pebble Intermediate CA"), "{issuer}");
    assert!(
        own["nextTryAt"].as_str() < own["notAfter"].as_str(),
        "{own}"
    );
    assert!(
        !warnings.iter().any(|code| code.starts_with("certificate")),
        "{warnings:?}"
    );
    let (_, audit) = client
        .ask("GET", "/api/admin/audit?q=certificate", &token, None)
        .await;
    for action in ["certificate_failure.note", "certificate.get"] {
        assert_eq!(
            audit.matches(&format!("\"{action}\"")).count(),
            1,
            "{audit}"
        );
    }
    assert_eq!(chat.stop().await, 0);
}

#[tokio::test]
async fn it_is_renewed_in_time_and_connections_stay() {
    let place = Place::new();
    let pebble = Pebble::start_for(place.port, 18).await;
    let _chat = place.serves(&pebble, &[DOMAIN]).await;
    let client = place.trusting(&pebble).await;
    within(3 * PATIENCE, "a client believes it", async || {
        client.is_ready(DOMAIN).await
    })
    .await;
    let first = client.shown(DOMAIN).await.expect("a certificate");
    let token = client.signs_up("ann").await;
    let room = client.opens_room(&token, "Lobby").await;
    let mut socket = client.listens(DOMAIN, &token, &room).await;
    within(3 * PATIENCE, "it is renewed", async || {
        let shown = client.shown(DOMAIN).await;
        shown.expect("always a good one") != first
    })
    .await;
    client
        .posts(&token, &room, "Hello behind another certificate")
        .await;
    socket.hears("Hello behind another certificate").await;
    assert_eq!(orders(&client).await, (2, 0));
}

#[tokio::test]
async fn what_the_directory_says_is_handed_on() {
    let place = Place::new();
    is_administered(&place.file).await;
    let pebble = Pebble::start(place.port).await;
    // DNS leads to an address at which nobody listens.
    let lost = "elsewhere.example.com";
    let chat = place.serves(&pebble, &[DOMAIN, lost]).await;
    let client = place.careless();
    within(3 * PATIENCE, "it is told", async || place.told() == 1).await;
    let (own, why) = failure(&client).await;
    for said in [lost, "Failed to connect", "urn:ietf:params:acme:error:"] {
        assert!(why.contains(said), "no {said} in {why}");
    }
    let wait = waits(&own);
    assert!(
        wait >= Duration::from_secs(119),
        "it is left alone: {wait:?}"
    );
    assert_eq!(chat.stop().await, 0);
    // Who starts it again asks no sooner.
    let chat = place.serves(&pebble, &[DOMAIN]).await;
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!(orders(&client).await, (0, 0));
    // Unless they say so.
    chat.is_told_to_look();
    let client = place.trusting(&pebble).await;
    within(3 * PATIENCE, "a client believes it", async || {
        client.is_ready(DOMAIN).await
    })
    .await;
}

#[tokio::test]
async fn a_certificate_that_is_over_as_it_comes_is_no_success() {
    let place = Place::new();
    is_administered(&place.file).await;
    let pebble = Pebble::start_for(place.port, 1).await;
    let _chat = place.serves(&pebble, &[DOMAIN]).await;
    within(3 * PATIENCE, "it is told", async || place.told() == 1).await;
    let client = place.careless();
    let (own, why) = failure(&client).await;
    assert!(why.contains("set the clock"), "{why}");
    // As many are not asked for as there is time.
    assert!(waits(&own) > Duration::from_secs(119));
    assert_eq!(client.ask("GET", "/readyz", "", None).await.0, 503);
}

#[tokio::test]
async fn a_clock_that_jumps_is_followed() {
    let place = Place::new();
    is_administered(&place.file).await;
    let folder = place.folder.path();
    let clock = preload::compiled(include_str!("endure/clock.c"), "clock.so", folder);
    let shift = folder.join("shift");
    let jumps = |days: i64| {
        let hand = std::fs::File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&shift);
        let set = hand.and_then(|hand| hand.write_all_at(&(days * 86_400).to_ne_bytes(), 0));
        set.expect("the clock is set");
    };
    jumps(0);
    let environment = [("LD_PRELOAD", &*clock), ("CLOCK_SHIFT", &*shift)];
    let pebble = Pebble::start(place.port).await;
    let _chat = place.serves_in(&environment, &pebble, &[DOMAIN]).await;
    let client = place.trusting(&pebble).await;
    within(3 * PATIENCE, "a client believes it", async || {
        client.is_ready(DOMAIN).await
    })
    .await;
    let first = client.shown(DOMAIN).await.expect("a certificate");
    let fails = async || {
        let token = client
            .logs_in("boss@example.test", "password of boss")
            .await;
        seen(&client, &token).await.0["failing"] == true
    };
    // After two thirds of its time there is another one, which is as old already by this clock.
    jumps(61);
    within(3 * PATIENCE, "it is renewed", async || {
        client.shown(DOMAIN).await.expect("a certificate") != first
    })
    .await;
    within(3 * PATIENCE, "it is told", async || fails().await).await;
    jumps(0);
    within(3 * PATIENCE, "nothing is wrong any more", async || {
        !fails().await
    })
    .await;
    jumps(91);
    within(3 * PATIENCE, "it is over", async || {
        !client.is_ready(DOMAIN).await
    })
    .await;
    within(3 * PATIENCE, "it is asked for", async || {
        orders(&client).await.0 >= 3
    })
    .await;
}

#[tokio::test]
async fn a_directory_that_wants_rest_gets_it() {
    let place = Place::new();
    let busy = Pebble::too_busy(place.port).await;
    is_administered(&place.file).await;
    let _chat = place.serves(&busy, &[DOMAIN]).await;
    within(3 * PATIENCE, "it is told", async || place.told() == 1).await;
    let client = place.careless();
    let (own, why) = failure(&client).await;
    assert!(why.contains("Come back later"), "{why}");
    let wait = waits(&own);
    assert!(
        wait > Duration::from_secs(7_190) && wait < Duration::from_secs(7_300),
        "{wait:?}"
    );
    // Longer than for the first pause after a failure.
    sleep(Duration::from_secs(6)).await;
    assert_eq!(orders(&client).await, (0, 1));
}

#[tokio::test]
async fn flags_that_get_no_certificate_are_refused_and_the_doctor_looks() {
    let place = Place::new();
    let pebble = Pebble::stopped(place.port);
    let good = place.flags(&pebble, &["localhost"]);
    let missing = place.folder.path().join("missing.pem");
    let empty = place.folder.path().join("empty.pem");
    std::fs::write(&empty, "").expect("a file");
    for (flags, why) in [
        (&["--acme", "*.example.test"][..], "is no domain"),
        (&["--acme", "192.0.2.1"], "is no domain"),
        (
            &["--acme", DOMAIN, "--tls-cert", "a", "--tls-key", "b"],
            "cannot be used with",
        ),
        (&["--acme-email", "boss@example.test"], "--acme"),
        (
            &["--acme", DOMAIN, "--acme-directory", "http://127.0.0.1/dir"],
            "no https URL",
        ),
        (
            &["--acme", DOMAIN, "--acme-ca-file", words(&missing)],
            "--acme-ca-file",
        ),
        (
            &["--acme", DOMAIN, "--acme-ca-file", words(&empty)],
            "no certificate in it",
        ),
    ] {
        let own = ["--db", words(&place.file)];
        let refused = Chat::start(&[&own[..], flags].concat()).await;
        let refusal = refused.err().unwrap_or_else(|| panic!("{flags:?} serves"));
        assert_eq!(refusal.code, Some(2), "{refusal:?}");
        assert!(refusal.log.contains(why), "no {why} in {refusal:?}");
        assert!(!place.file.exists(), "{flags:?}");
    }
    let good: Vec<_> = good.iter().map(String::as_str).collect();
    let doctor = [&["doctor", "--db", words(&place.file)], &good[..]].concat();
    let looked = typed(&doctor).await;
    let says = |about: &str, verdict: &str, text: &str| {
        let is_it =
            |line: &&str| line.starts_with(verdict) && line[9..].trim_start().starts_with(about);
        assert!(
            looked
                .out
                .lines()
                .filter(is_it)
                .any(|line| line.contains(text)),
            "no {verdict} of {about} with {text}: {looked:?}"
        );
    };
    says("domain", "ok", "127.0.0.1");
    says("validation", "warning", "443");
    says("directory", "problem", "--acme-directory");
    says("certificate", "warning", "there is none");

    // What is kept is looked at too.
    is_administered(&place.file).await;
    let conn = rusqlite::Connection::open(&place.file).expect("the file");
    let row = "INSERT INTO certificates (directory, domains, chain, key, got_at, ends_at) VALUES ($1, 'localhost', '', '', 0, $2)
               ON CONFLICT DO UPDATE SET ends_at = excluded.ends_at";
    for (ends, verdict) in [
        (4_000_000_000_000_i64, "ok"),
        (1_600_000_000_000, "problem"),
    ] {
        conn.execute(row, (pebble.directory(), ends))
            .expect("a row");
        let looked = typed(&doctor).await;
        let mut lines = looked.out.lines();
        let line = lines.find(|line| line[9..].trim_start().starts_with("certificate"));
        assert!(
            line.is_some_and(|line| line.starts_with(verdict)),
            "{looked:?}"
        );
    }
}
