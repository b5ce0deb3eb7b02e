//! Which server gets which request? Each the next one, as behind a load balancer; a Socket.IO session the one that began it.
//!
//! Every request goes to a server on a connection of its own, so that one that ends between two requests costs nothing. What
//! a server answers comes back byte for byte.

use super::framing::{Body, Head};
use std::collections::{HashMap, VecDeque};
use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The longest head of a request or an answer.
const HEAD: usize = 1 << 20;
/// How much of what a client sends ahead is read before its turn.
const AHEAD: usize = 1 << 16;

pub struct Balancer {
    /// `127.0.0.1:41234`
    pub address: String,
    servers: Arc<Mutex<Servers>>,
    /// Its own, because a scene's stands still while the scene waits for a process.
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct Servers {
    /// The first one is next.
    in_turn: VecDeque<String>,
    /// Who began which Socket.IO session.
    sessions: HashMap<String, String>,
}

impl Balancer {
    /// One that knows no servers yet.
    pub fn open() -> Balancer {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("balancer")
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        listener.set_nonblocking(true).expect("a socket");
        let servers = Arc::new(Mutex::new(Servers::default()));
        runtime.spawn(accepting(listener, Arc::clone(&servers)));
        Balancer {
            address,
            servers,
            runtime: Some(runtime),
        }
    }

    /// What servers behind it are told, and these flags.
    pub fn flags(&self, flags: &[&str]) -> Vec<String> {
        let url = format!("http://{}", self.address);
        let own = ["--trust-proxy", "127.0.0.1/32"];
        let is_told = flags.contains(&"--public-url");
        let public = ["--public-url", &url];
        let public = if is_told { &[][..] } else { &public };
        let all = own.iter().chain(public).chain(flags);
        all.map(|&flag| flag.to_owned()).collect()
    }

    /// From now on this one gets its share.
    pub fn takes_in(&self, server: &str) {
        lock(&self.servers).in_turn.push_back(server.to_owned());
    }

    /// From now on this one gets what belongs to its sessions, and nothing else.
    pub fn lets_go(&self, server: &str) {
        lock(&self.servers).in_turn.retain(|other| other != server);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn lock(servers: &Mutex<Servers>) -> MutexGuard<'_, Servers> {
    servers.lock().expect("nothing panics while it holds them")
}

async fn accepting(listener: std::net::TcpListener, servers: Arc<Mutex<Servers>>) {
    let listener = TcpListener::from_std(listener).expect("a runtime with sockets");
    loop {
        // Whoever hangs up at once is no reason to stop.
        let Ok((client, from)) = listener.accept().await else {
            continue;
        };
        let servers = Arc::clone(&servers);
        tokio::spawn(async move {
            let mut connection = Connection {
                client,
                from,
                ahead: Vec::new(),
                servers,
            };
            // It ends in some way or other, and both sides notice.
            while let Ok(true) = connection.carries_one().await {}
        });
    }
}

/// A client's connection.
struct Connection {
    client: TcpStream,
    from: SocketAddr,
    /// What has come and was not handed on.
    ahead: Vec<u8>,
    servers: Arc<Mutex<Servers>>,
}

impl Connection {
    /// Carries a request to a server and the answer back. Is another one to come on this connection?
    async fn carries_one(&mut self) -> Result<bool> {
        let Some(end) = self.reads_a_head().await? else {
            return Ok(false);
        };
        let head: Vec<u8> = self.ahead.drain(..end).collect();
        let head = Head::read(&head);
        let session = head.session();
        let (mut server, name) = self.server(session.as_deref()).await?;
        server
            .write_all(&head.forwarded_for(self.from.ip()))
            .await?;
        if head.has("upgrade") {
            server.write_all(&self.ahead).await?;
            copy_bidirectional(&mut self.client, &mut server).await?;
            return Ok(false);
        }
        let mut asked = Body::of_request(&head);
        let begins_a_session = head.is_of_socket_io() && session.is_none();
        let mut answered = Answering::to(&head);
        let (mut from_client, mut to_client) = self.client.split();
        let (mut from_server, mut to_server) = server.split();
        let mut coming = [0; 1 << 14];
        let mut going = [0; 1 << 14];
        loop {
            let of_body = asked.takes(&self.ahead);
            if of_body > 0 {
                // It may have answered already, and read no more.
                let _ = to_server.write_all(&self.ahead[..of_body]).await;
                self.ahead.drain(..of_body);
            }
            tokio::select! {
                came = from_client.read(&mut coming), if self.ahead.len() < AHEAD => match came? {
                    // Nobody waits for the answer.
                    0 => return Ok(false),
                    count => self.ahead.extend(&coming[..count]),
                },
                came = from_server.read(&mut going) => match came? {
                    0 if answered.ends_with_connection() => return Ok(false),
                    0 => return Err(Error::from(ErrorKind::UnexpectedEof)),
                    count => {
                        to_client.write_all(&going[..count]).await?;
                        answered.came(&going[..count])?;
                        if begins_a_session && let Some(session) = answered.session() {
                            lock(&self.servers).sessions.insert(session, name.clone());
                        }
                    }
                },
            }
            if answered.is_over() {
                return Ok(asked.is_over() && head.keeps_alive() && answered.keeps_alive());
            }
        }
    }

    /// Where the head of the next request ends in what has come; `None` if the client hangs up.
    async fn reads_a_head(&mut self) -> Result<Option<usize>> {
        let mut some = [0; 1 << 14];
        loop {
            if let Some(end) = Head::end(&self.ahead) {
                return Ok(Some(end));
            }
            if self.ahead.len() > HEAD {
                return Err(Error::from(ErrorKind::InvalidData));
            }
            match self.client.read(&mut some).await? {
                0 => return Ok(None),
                count => self.ahead.extend(&some[..count]),
            }
        }
    }

    /// A connection to the server of this session, or to the next one in turn that takes it.
    async fn server(&self, session: Option<&str>) -> Result<(TcpStream, String)> {
        let (its, count) = {
            let servers = lock(&self.servers);
            let its = session.and_then(|session| servers.sessions.get(session).cloned());
            (its, servers.in_turn.len())
        };
        let in_turn = (0..count).filter_map(|_| {
            let mut servers = lock(&self.servers);
            servers.in_turn.rotate_left(1);
            servers.in_turn.back().cloned()
        });
        for name in its.into_iter().chain(in_turn) {
            if let Ok(server) = TcpStream::connect(&name).await {
                server.set_nodelay(true)?;
                self.client.set_nodelay(true)?;
                return Ok((server, name));
            }
        }
        Err(Error::from(ErrorKind::ConnectionRefused))
    }
}

/// An answer on its way back.
struct Answering {
    /// What it answers has no body, whatever its head says.
    is_to_head: bool,
    /// What came until the head was there, and then as much of the body as tells of a session.
    seen: Vec<u8>,
    head: Option<Head>,
    body: Body,
}

impl Answering {
    fn to(request: &Head) -> Self {
        Answering {
            is_to_head: request.method() == "HEAD",
            seen: Vec::new(),
            head: None,
            body: Body::none(),
        }
    }

    fn came(&mut self, bytes: &[u8]) -> Result<()> {
        if self.head.is_some() {
            let taken = self.body.takes(bytes);
            if self.seen.len() < 1 << 12 {
                self.seen.extend(&bytes[..taken]);
            }
            return Ok(());
        }
        self.seen.extend(bytes);
        while let Some(end) = Head::end(&self.seen) {
            let head = Head::read(&self.seen[..end]);
            self.seen.drain(..end);
            // `100 Continue` and the like come before the answer.
            if head.status() / 100 == 1 {
                continue;
            }
            self.body = match self.is_to_head {
                true => Body::none(),
                false => Body::of_answer(&head),
            };
            self.body.takes(&self.seen);
            self.head = Some(head);
            return Ok(());
        }
        match self.seen.len() > HEAD {
            true => Err(Error::from(ErrorKind::InvalidData)),
            false => Ok(()),
        }
    }

    fn is_over(&self) -> bool {
        self.head.is_some() && self.body.is_over()
    }

    fn ends_with_connection(&self) -> bool {
        self.head.is_some() && self.body.ends_with_connection()
    }

    fn keeps_alive(&self) -> bool {
        self.head.as_ref().is_some_and(Head::keeps_alive)
    }

    /// The session that a handshake by polling begins.
    fn session(&self) -> Option<String> {
        self.head.as_ref()?;
        let text = String::from_utf8_lossy(&self.seen);
        let (_, behind) = text.split_once(r#""sid":""#)?;
        Some(behind.split_once('"')?.0.to_owned())
    }
}
