//! Whoever comes by TLS: what they see of the certificate, and what they say behind it.

use super::DOMAIN;
use crate::support::{PATIENCE, Value, json};
use futures_util::{SinkExt, StreamExt};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A client of the server at a port of this machine.
pub struct Secure {
    tls: ClientConfig,
    port: u16,
}

impl Secure {
    /// One that trusts this root, in PEM, and no other.
    pub fn trusting(root: &str, port: u16) -> Secure {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(root.as_bytes()).expect("a root");
        roots.add(root).expect("a good root");
        let tls = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Secure { tls, port }
    }

    /// One that takes every certificate.
    pub fn careless(port: u16) -> Secure {
        let provider = ClientConfig::builder().crypto_provider().clone();
        let tls = ClientConfig::builder()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Careless(provider)))
            .with_no_client_auth();
        Secure { tls, port }
    }

    pub async fn connects(&self, name: &str) -> io::Result<Connected> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let tls = TlsConnector::from(Arc::new(self.tls.clone()));
        Ok(Connected(tls.connect(name, stream).await?))
    }

    /// The certificate that the server shows for this name, if it is a good one.
    pub async fn shown(&self, name: &str) -> io::Result<Vec<u8>> {
        let connected = self.connects(name).await?;
        let shown = connected.0.get_ref().1.peer_certificates();
        Ok(shown.expect("certificates")[0].to_vec())
    }

    /// Comes as a directory would that validates this name.
    pub async fn asks_for_a_proof(&self, name: &str) -> io::Result<Connected> {
        let mut tls = self.tls.clone();
        tls.alpn_protocols = vec![b"acme-tls/1".to_vec()];
        Secure { tls, ..*self }.connects(name).await
    }

    pub async fn is_ready(&self, name: &str) -> bool {
        matches!(self.get(name, "/readyz").await, Ok((200, _)))
    }

    pub async fn get(&self, name: &str, path: &str) -> io::Result<(u16, String)> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
        self.connects(name).await?.says(&head).await
    }

    /// The status and the body of the answer; with a token or "".
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> (u16, String) {
        let body = body.map_or_else(String::new, |body| body.to_string());
        // Figures are for whoever asks from this machine.
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        if !token.is_empty() {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        let length = body.len();
        head +=
            &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
        let mut connected = self.connects(DOMAIN).await.expect("a connection");
        connected.says(&head).await.expect("an answer")
    }

    pub async fn logs_in(&self, email: &str, password: &str) -> String {
        let login = json!({ "email": email, "password": password });
        let (status, said) = self.ask("POST", "/api/auth/login", "", Some(login)).await;
        assert_eq!(status, 200, "{said}");
        read(&said)["token"].as_str().expect("a token").to_owned()
    }

    pub async fn signs_up(&self, name: &str) -> String {
        assert_eq!(self.tries_to_sign_up(name, None).await, 201);
        self.logs_in(&format!("{name}@example.test"), "correct horse")
            .await
    }

    /// The status of the answer.
    pub async fn tries_to_sign_up(&self, name: &str, invitation: Option<&str>) -> u16 {
        let email = format!("{name}@example.test");
        let new = json!({
            "username": name, "email": email, "password": "correct horse", "invitation": invitation,
        });
        self.ask("POST", "/api/auth/signup", "", Some(new)).await.0
    }

    pub async fn opens_room(&self, token: &str, name: &str) -> String {
        let new = json!({ "name": name, "description": "" });
        let (status, said) = self.ask("POST", "/api/rooms", token, Some(new)).await;
        assert_eq!(status, 201, "{said}");
        read(&said)["data"]["_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    pub async fn posts(&self, token: &str, room: &str, content: &str) {
        let new = json!({ "roomId": room, "content": content });
        let (status, said) = self.ask("POST", "/api/messages", token, Some(new)).await;
        assert_eq!(status, 201, "{said}");
    }

    /// A websocket that has joined this room.
    pub async fn listens(&self, name: &str, token: &str, room: &str) -> Listening {
        let connected = self.connects(name).await.expect("a connection");
        let url = format!("wss://{name}/socket.io/?EIO=4&transport=websocket");
        let upgraded = tokio_tungstenite::client_async(url, connected.0).await;
        let mut socket = Listening(upgraded.expect("a websocket").0);
        socket.hears("0{").await;
        socket
            .says(format!("40{}", json!({ "token": token })))
            .await;
        socket.hears("40{").await;
        let joins = json!(["joinRoom", { "roomId": room }]);
        socket.says(format!("421{joins}")).await;
        socket.hears("431").await;
        socket
    }
}

fn read(said: &str) -> Value {
    serde_json::from_str(said).unwrap_or_else(|why| panic!("{why}: {said}"))
}

/// A connection, behind whatever certificate there was when it was made.
pub struct Connected(TlsStream<TcpStream>);

impl Connected {
    /// The status of an answer; the connection stays.
    pub async fn asks(&mut self, path: &str) -> u16 {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n");
        self.0.write_all(head.as_bytes()).await.expect("asked");
        let mut said = vec![0; 8192];
        let length = self.0.read(&mut said).await.expect("answered");
        status(&String::from_utf8_lossy(&said[..length])).expect("a status")
    }

    /// The status and the body of the last answer here.
    async fn says(&mut self, request: &str) -> io::Result<(u16, String)> {
        self.0.write_all(request.as_bytes()).await?;
        let mut said = Vec::new();
        match self.0.read_to_end(&mut said).await {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
            _ => {}
        }
        let said = String::from_utf8_lossy(&said);
        let status = status(&said).ok_or(io::ErrorKind::InvalidData)?;
        let body = said.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok((status, body.to_owned()))
    }
}

fn status(said: &str) -> Option<u16> {
    said.get(9..12)?.parse().ok()
}

/// A websocket that speaks Engine.IO.
pub struct Listening(WebSocketStream<TlsStream<TcpStream>>);

impl Listening {
    async fn says(&mut self, text: String) {
        self.0.send(Message::text(text)).await.expect("said");
    }

    /// Waits for a packet with this in it.
    pub async fn hears(&mut self, what: &str) {
        let hearing = async {
            while let Some(heard) = self.0.next().await {
                let heard = heard.expect("a frame").into_text().expect("a text");
                if heard.contains(what) {
                    return;
                }
                if heard == "2" {
                    self.says("3".to_owned()).await;
                }
            }
            panic!("the socket ended before {what}");
        };
        let heard = timeout(PATIENCE, hearing).await;
        heard.unwrap_or_else(|_| panic!("{what} was not heard"));
    }
}

/// Takes every certificate.
#[derive(Debug)]
struct Careless(Arc<CryptoProvider>);

impl ServerCertVerifier for Careless {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
