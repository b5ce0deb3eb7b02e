//! How is a PostgreSQL server reached? Encrypted as the address says, with a password out of a file, host after host. What
//! is tried here is asked by `chat doctor`, which only connects and looks.

use super::{Ended, typed, words};
use crate::support::Chat;
use crate::support::postgres::{Cluster, Disk};
use crate::support::proxy::Proxy;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

/// Who may come how.
const RULES: &str = "
    hostssl   all only_encrypted 127.0.0.1/32 trust
    hostnossl all only_plain     127.0.0.1/32 trust
    host      all with_password  127.0.0.1/32 scram-sha-256
    host      all chat           127.0.0.1/32 trust
    local     all all                         trust
";

/// A cluster with somebody for each rule, on a thread that may wait for it.
async fn cluster() -> Cluster {
    let started = tokio::task::spawn_blocking(|| {
        let mut cluster = Cluster::start(Disk::Hurried);
        cluster.keeps("data/pg_hba.conf", RULES);
        cluster.is_set(&[]);
        cluster
    });
    let cluster = started.await.expect("a cluster");
    let database = cluster.database().await;
    let client = database.client().await;
    let roles = "CREATE ROLE only_encrypted LOGIN; CREATE ROLE only_plain LOGIN;
        CREATE ROLE with_password LOGIN PASSWORD 'it:s a\\secret'";
    client.batch_execute(roles).await.expect("roles");
    cluster
}

/// It starts again with these settings.
async fn set(mut cluster: Cluster, settings: &[&str]) -> Cluster {
    let settings: Vec<String> = settings.iter().map(|&one| one.to_owned()).collect();
    let set = tokio::task::spawn_blocking(move || {
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        cluster.is_set(&settings);
        cluster
    });
    set.await.expect("a cluster")
}

/// What the doctor says of it.
async fn doctor(url: &str) -> Ended {
    typed(&["doctor", "--db", url, "--listen", "127.0.0.1:0"]).await
}

/// It is reached, and this is said of how.
async fn reached(url: &str, encryption: &str) {
    let ended = doctor(url).await;
    let says = |about: &str, text: &str| {
        let mut lines = ended.out.lines();
        lines.any(|line| line.starts_with("ok ") && line.contains(about) && line.contains(text))
    };
    assert!(says("database", "answers"), "{url}: {ended:?}");
    assert!(says("encryption", encryption), "{url}: {ended:?}");
}

/// It is not, and this is why.
async fn refused(url: &str, why: &str) {
    let ended = doctor(url).await;
    let problem = ended.out.lines().find(|line| line.starts_with("problem"));
    let problem = problem.unwrap_or_else(|| panic!("{url}: {ended:?}"));
    assert!(
        problem.contains("database") && problem.contains(why),
        "{url}: no {why:?} in {problem}"
    );
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// A certificate for this host, and its key.
    fn issues(&self, host: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([host.to_owned()]).expect("a name");
        let issued = params.signed_by(&key, &self.0).expect("a certificate");
        (issued.pem(), key.serialize_pem())
    }
}

#[tokio::test]
async fn each_sslmode_checks_what_it_says() {
    let cluster = cluster().await;
    let port = cluster.port;
    let at = |user: &str, host: &str, query: &str| {
        format!("postgres://{user}@{host}:{port}/postgres?{query}")
    };
    const PLAIN: &str = "does not leave this machine";
    const GOOD: &str = "the certificate is good";

    // A server that knows no TLS.
    for mode in ["disable", "prefer"] {
        reached(
            &at("only_plain", "127.0.0.1", &format!("sslmode={mode}")),
            PLAIN,
        )
        .await;
    }
    for mode in ["require", "verify-full"] {
        let url = at("only_plain", "127.0.0.1", &format!("sslmode={mode}"));
        refused(&url, "server does not support TLS").await;
    }

    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let (certificate, key) = ours.issues("localhost");
    cluster.keeps("server.crt", &certificate);
    cluster.keeps("server.key", &key);
    let trusted = cluster.keeps("ours.pem", &ours.0.pem());
    let unknown = cluster.keeps("others.pem", &others.0.pem());
    let (trusted, unknown) = (words(&trusted), words(&unknown));
    const TLS: [&str; 3] = [
        "ssl=on",
        "ssl_cert_file=../server.crt",
        "ssl_key_file=../server.key",
    ];
    let cluster = set(cluster, &TLS).await;

    // Who comes as nobody may, and who goes back to it.
    refused(
        &at("only_encrypted", "127.0.0.1", "sslmode=disable"),
        "no encryption",
    )
    .await;
    reached(&at("only_encrypted", "127.0.0.1", ""), PLAIN).await;
    reached(&at("only_encrypted", "127.0.0.1", "sslmode=require"), PLAIN).await;
    reached(&at("only_plain", "127.0.0.1", "sslmode=disable"), PLAIN).await;
    reached(&at("only_plain", "127.0.0.1", ""), PLAIN).await;
    refused(
        &at("only_plain", "127.0.0.1", "sslmode=require"),
        "SSL encryption",
    )
    .await;

    // Who signed the certificate, and whose it is.
    let with = |host: &str, mode: &str, roots: &str| {
        at(
            "only_encrypted",
            host,
            &format!("sslmode={mode}&sslrootcert={roots}"),
        )
    };
    reached(&with("127.0.0.1", "verify-ca", trusted), GOOD).await;
    reached(&with("127.0.0.1", "require", trusted), GOOD).await;
    reached(&with("localhost", "verify-full", trusted), GOOD).await;
    refused(
        &with("127.0.0.1", "verify-full", trusted),
        "not valid for name",
    )
    .await;
    for mode in ["require", "verify-ca", "verify-full"] {
        refused(&with("localhost", mode, unknown), "UnknownIssuer").await;
    }
    for public in ["sslmode=verify-full", "sslrootcert=system"] {
        refused(&at("only_encrypted", "localhost", public), "UnknownIssuer").await;
    }
    let nowhere = cluster.home().join("nowhere.pem");
    let nowhere = with("localhost", "verify-full", words(&nowhere));
    refused(&nowhere, "nowhere.pem cannot be read").await;
    let empty = cluster.keeps("empty.pem", "");
    refused(
        &with("localhost", "verify-ca", words(&empty)),
        "no certificate in it",
    )
    .await;

    // A certificate that is its own authority, as PostgreSQL's manual makes one.
    let mut alone = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    alone.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let alone = alone.self_signed(&key).expect("a certificate");
    let file = cluster.keeps("server.crt", &alone.pem());
    cluster.keeps("server.key", &key.serialize_pem());
    let cluster = set(cluster, &TLS).await;
    reached(&with("127.0.0.1", "verify-ca", words(&file)), GOOD).await;
    reached(&with("localhost", "verify-full", words(&file)), GOOD).await;
    refused(
        &with("127.0.0.1", "verify-full", words(&file)),
        "not valid for name",
    )
    .await;
    refused(
        &with("localhost", "verify-ca", trusted),
        "invalid peer certificate",
    )
    .await;
    drop(cluster);
}

#[tokio::test]
async fn a_password_comes_from_a_file_that_nobody_else_reads() {
    let cluster = cluster().await;
    let host = format!("127.0.0.1:{}", cluster.port);
    let at = |query: &str| format!("postgres://with_password@{host}/postgres?{query}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("passwords");
    let name = words(&file);
    let by_file = at(&format!("passfile={name}"));
    let written = |line: &str| {
        fs::write(&file, format!("# of chat\n{line}\n")).expect("a file");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("it is ours");
    };
    refused(&at(""), "password").await;
    refused(&by_file, "passwords cannot be read").await;
    written(&format!(r"{host}:*:with_password:it\:s a\\secret"));
    reached(&by_file, "").await;
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("it is ours");
    refused(&by_file, &format!("chmod 600 {name}")).await;
    written("127.0.0.1:1:*:*:x");
    refused(&by_file, "has no line 127.0.0.1:").await;
    written("*:*:*:*:wrong-secret");
    refused(&by_file, "password authentication failed").await;
    // In the address itself, where it must be written otherwise; nobody says it again.
    let whole = format!("postgres://with_password:it%3As%20a%5Csecret@{host}/postgres");
    reached(&whole, "").await;
    let front = format!("postgres://with_password:wrong-secret@{host}/postgres");
    let behind = at("password=wrong-secret");
    for command in [["doctor", "--db", &front], ["doctor", "--db", &behind]] {
        let ended = typed(&command).await;
        assert!(
            ended.out.contains("password authentication failed"),
            "{ended:?}"
        );
        assert!(!ended.out.contains("wrong-secret"), "{ended:?}");
    }
    let listed = typed(&["user", "list", "--db", &front]).await;
    listed.badly(3, "password authentication failed");
    assert!(!listed.err.contains("wrong-secret"), "{listed:?}");
    let unread = typed(&["user", "list", "--db", "postgres://ann:wrong-secret@db"]).await;
    unread.badly(2, "it names no database");
    assert!(!unread.err.contains("wrong-secret"), "{unread:?}");
}

/// Nothing would be another way if one waited: it is said at once.
async fn said_at_once(url: &str, why: &str) {
    let began = Instant::now();
    typed(&["user", "list", "--db", url]).await.badly(3, why);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{why:?} after {took:?}");
}

#[tokio::test]
async fn who_is_refused_is_told_at_once_and_a_database_that_starts_is_waited_for() {
    let mut cluster = cluster().await;
    let host = format!("127.0.0.1:{}", cluster.port);
    let at = |who: &str, rest: &str| format!("postgres://{who}@{host}/{rest}");
    let wrong = "password authentication failed";
    said_at_once(&at("with_password:wrong", "postgres"), wrong).await;
    said_at_once(&at("with_password", "postgres"), "password missing").await;
    said_at_once(&at("nobody", "postgres"), "no pg_hba.conf entry").await;
    said_at_once(&at("chat", "nowhere"), "does not exist").await;
    let encrypted = at("chat", "postgres?sslmode=require");
    said_at_once(&encrypted, "does not support TLS").await;
    let unreadable = at("chat", "postgres?passfile=/nowhere");
    said_at_once(&unreadable, "/nowhere cannot be read").await;
    // Of two, the other one may come yet.
    let one = format!("postgres://chat@127.0.0.1:1,{host}/nowhere");
    let began = Instant::now();
    let ended = typed(&["user", "list", "--db", &one]).await;
    ended.badly(3, "does not exist");
    assert!(began.elapsed() > Duration::from_secs(9), "{ended:?}");

    let database = cluster.database().await;
    let url = database.url();
    cluster.is_killed();
    let flags = ["--temp", "--db", &url];
    let waits = Chat::start(&flags);
    let starts = tokio::task::spawn_blocking(move || {
        std::thread::sleep(Duration::from_secs(1));
        cluster.goes_on();
        cluster
    });
    let (chat, cluster) = tokio::join!(waits, starts);
    let chat = chat.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    chat.rooms("ann").await;
    drop((chat, cluster));
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused_in_words() {
    let cluster = cluster().await;
    let database = cluster.database().await;
    let proxy = Proxy::before(cluster.port);
    let url = format!("{}?sslmode=disable", proxy.url(&database.url()));
    proxy.says_it_is_of(*b"14");
    reached(&url, "").await;
    proxy.says_it_is_of(*b"13");
    let old = "it is PostgreSQL 13";
    refused(&url, old).await;
    said_at_once(&url, old).await;
    said_at_once(&url, "install 14 or later").await;
}

#[tokio::test]
async fn of_several_hosts_the_first_that_takes_writes_is_used() {
    let cluster = cluster().await;
    let there = format!("127.0.0.1:{}", cluster.port);
    let at = |hosts: &str| format!("postgres://chat@{hosts}/postgres?connect_timeout=1");
    reached(&at(&format!("127.0.0.1:1,{there}")), "").await;
    // One that takes up connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().expect("an address").to_string();
    let began = Instant::now();
    reached(&at(&format!("{silent},{there}")), "").await;
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "{:?}",
        began.elapsed()
    );
    let both = at(&format!("127.0.0.1:1,{silent}"));
    refused(&both, "127.0.0.1:1: ").await;
    refused(&both, "did not answer within 3 s").await;
    // By a socket of this machine there is no TLS, and none is needed.
    let home = cluster.home().to_owned();
    let directory = format!("unix_socket_directories={}", words(&home));
    let cluster = set(cluster, &[&directory]).await;
    let socket = format!(
        "postgres:///postgres?host={}&port={}&user=only_encrypted&sslmode=verify-full",
        words(&home),
        cluster.port
    );
    reached(&socket, "does not leave this machine").await;
    // One that copies another takes no writes.
    let cluster = set(cluster, &["default_transaction_read_only=on"]).await;
    refused(&at(&there), "takes no writes").await;
    drop(cluster);
}
