//! A directory: Debian's `pebble`, with names that lead to this machine.

use crate::acme::secure::Secure;
use crate::support::PATIENCE;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A port at which nobody listens now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// It issues for each name under which it reaches the server by TLS-ALPN-01.
pub struct Pebble {
    port: u16,
    management: u16,
    folder: tempfile::TempDir,
    /// Certificates are valid for so many seconds.
    valid: u64,
    /// The port to which it comes.
    server: u16,
    running: Option<(Child, JoinHandle<()>)>,
}

impl Pebble {
    /// One that comes to this port.
    pub async fn start(server: u16) -> Pebble {
        Pebble::stopped(server).again().await
    }

    /// One whose certificates are valid for so many seconds.
    pub async fn start_for(server: u16, valid: u64) -> Pebble {
        let mut pebble = Pebble::stopped(server);
        pebble.valid = valid;
        pebble.again().await
    }

    /// One that does not run yet.
    pub fn stopped(server: u16) -> Pebble {
        let folder = tempfile::tempdir().expect("a folder");
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(names).expect("a certificate");
        for (name, pem) in [
            ("ca.pem", cert.pem()),
            ("key.pem", signing_key.serialize_pem()),
        ] {
            fs::write(folder.path().join(name), pem).expect("a file");
        }
        Pebble {
            port: free_port(),
            management: free_port(),
            folder,
            valid: 90 * 86_400,
            server,
            running: None,
        }
    }

    /// In its place something that answers to each request that there were too many, and to come back in two hours.
    pub async fn too_busy(server: u16) -> Pebble {
        let pebble = Pebble::stopped(server);
        let read = |name: &str| pebble.folder.path().join(name);
        let own = CertificateDer::from_pem_file(read("ca.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(read("key.pem")).expect("a key");
        let tls = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![own], key);
        let tls = TlsAcceptor::from(Arc::new(tls.expect("they belong together")));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", pebble.port)).await;
        let listener = listener.expect("the port");
        let problem =
            r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"Come back later"}"#;
        let answer = format!(
            "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/problem+json\r\n\
             Retry-After: 7200\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{problem}",
            problem.len()
        );
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(mut stream) = tls.accept(stream).await {
                    let mut asked = [0; 1024];
                    let _ = stream.read(&mut asked).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        pebble
    }

    /// Runs it, with another root than before, and no account.
    pub async fn again(mut self) -> Pebble {
        let names = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let dns = names.local_addr().expect("an address").to_string();
        let answering = tokio::spawn(answer(names));
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.port),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": path("ca.pem"),
            "privateKey": path("key.pem"),
            "httpPort": 1,
            "tlsPort": self.server,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": self.valid,
        } });
        fs::write(path("config.json"), config.to_string()).expect("a file");
        let child = Command::new("pebble")
            .args(["-config", &path("config.json"), "-dnsserver", &dns])
            // Each order is validated anew, at once, and some requests are asked for twice.
            .env("PEBBLE_AUTHZREUSE", "0")
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "2")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|why| panic!("pebble cannot be started (apt install pebble): {why}"));
        self.running = Some((child, answering));
        let asked = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", self.management))
            .await
            .is_err()
            || tokio::net::TcpStream::connect(("127.0.0.1", self.port))
                .await
                .is_err()
        {
            assert!(asked.elapsed() < PATIENCE, "pebble does not come up");
            sleep(Duration::from_millis(20)).await;
        }
        self
    }

    pub fn stops(mut self) -> Pebble {
        self.end();
        self
    }

    fn end(&mut self) {
        if let Some((mut child, answering)) = self.running.take() {
            answering.abort();
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    /// What its own certificate is checked with.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The root of what it issues, in PEM.
    pub async fn root(&self) -> String {
        let own = fs::read_to_string(self.ca_file()).expect("the file");
        let client = Secure::trusting(&own, self.management);
        let (status, root) = client
            .get("localhost", "/roots/0")
            .await
            .expect("an answer");
        assert_eq!(status, 200, "{root}");
        root
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.end();
    }
}

/// DNS for which every name leads to this machine: `elsewhere.…` to an address of it at which nobody listens.
async fn answer(names: UdpSocket) {
    const A: &[u8] = &[0, 1];
    let mut asked = [0; 512];
    while let Ok((length, from)) = names.recv_from(&mut asked).await {
        let Some(question) = asked.get(12..length) else {
            continue;
        };
        let Some(end) = question.iter().position(|byte| *byte == 0) else {
            continue;
        };
        let Some(kind) = question.get(end + 1..end + 3) else {
            continue;
        };
        let last = if question.starts_with(b"\x09elsewhere") {
            2
        } else {
            1
        };
        let found = u8::from(kind == A);
        // The question's id; an answer, without error; one question, and what was found.
        let mut answer = vec![asked[0], asked[1], 0x81, 0x80, 0, 1, 0, found, 0, 0, 0, 0];
        answer.extend(&question[..end + 5]);
        if found == 1 {
            // The name that was asked for, its kind, a minute, and the address.
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, last]);
        }
        let _ = names.send_to(&answer, from).await;
    }
}
