//! How is a connection served? Listeners, the accept loop, time-outs and limits, TLS, and an orderly stop.
//!
//! warp's own server has no header time-out and no connection limit, and cannot host Socket.IO. So connections are accepted
//! here, and every request passes the [`ingress`], then Socket.IO, then warp.

pub mod acme;
pub mod acme_directory;
mod acme_order;
mod backing_up;
pub mod certificate_files;
mod connection;
mod engine_request;
mod engine_sessions;
mod erasing;
mod frames;
mod ingress;
mod listeners;
mod messages;
mod origins;
mod payload;
mod proxies;
mod redirecting;
mod slots;
pub mod temp;
mod tidying;
mod timeouts;
pub mod tls;
mod unfinished;
mod unread_answers;
mod validity;
mod websocket;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::admin;
use crate::core::backup_folder::BackupFolder;
use crate::core::{Core, Durability, Locked, News};
use crate::dialects::{self, ALL};
use crate::mail::mailer::{self, Smtp};
use crate::realtime::Realtime;
use crate::web::documents::{self, Described, SpecCache};
use crate::web::export::Exports;
use crate::web::oidc::{Oidc, OidcFlags};
use crate::web::origin::Origin;
use crate::web::pages::Pages;
use crate::web::rates::{Rate, Rates};
use crate::web::routes::Routes;
use crate::web::this_machine::is_this_machine;
use crate::web::volume::Volume;
use crate::web::watch::{ServerFacts, Setting, Watch};
use crate::web::{self, Web};
use acme::Acme;
use connection::{Connection, ConnectionIo};
use ingress::Ingress;
pub use listeners::{Endpoint, Listeners};
use origins::Origins;
use proxies::Proxies;
use slots::{ConnectionSlot, ConnectionSlots};
use timeouts::{HEAD_TIMEOUT, TimedIo, Timeouts};
use tls::TlsAcceptor;

/// How many headers a request may have, and how many bytes together.
const HEADERS: usize = 100;
const HEADER_BYTES: usize = 16 << 10;
/// When the server stops: how long disconnecting the sockets may take, and finishing the requests.
const SOCKETS_STOP: Duration = Duration::from_secs(2);
const REQUESTS_STOP: Duration = Duration::from_secs(4);
/// How long the writer may take to stop: what it has not acknowledged by then was not done.
const WRITER_STOP: Duration = Duration::from_secs(3);

/// What a server is started with.
pub struct Settings {
    pub core: Core,
    pub news: News,
    /// Of a database file.
    pub lock: Option<Locked>,
    pub listeners: Listeners,
    /// Of logins and the like, API, uploads, events, connects.
    pub rates: [Rate; 5],
    /// How many bytes an account may upload.
    pub volume: Volume,
    pub members_only: bool,
    pub trust_proxy: Vec<IpNet>,
    pub cors_origin: Vec<Origin>,
    /// For HTTPS.
    pub certificate: Option<Arc<tls::Certificate>>,
    /// If it gets that certificate by itself.
    pub acme: Option<Acme>,
    /// How long a connection may wait for the next request.
    pub keep_alive: Duration,
    /// Connections that one address may have; `None`: any number of them.
    pub connections_per_address: Option<usize>,
    /// How this server is reached from outside; `None`: as its first listener is.
    pub public_url: Option<String>,
    pub oidc: Option<OidcFlags>,
    pub smtp: Option<Smtp>,
    /// Where it backs itself up.
    pub backups: Option<BackupFolder>,
    /// Each flag, as it is set.
    pub flags: Vec<Setting>,
}

/// A running server.
pub struct Server {
    core: Core,
    realtime: Realtime,
    endpoints: Vec<Endpoint>,
    /// How it is reached from outside.
    url: String,
    stop: watch::Sender<bool>,
    accepting: JoinSet<()>,
    /// The mailer, tidying up, and the observer of figures.
    background: JoinSet<()>,
    watch: Arc<Watch>,
    _lock: Option<Locked>,
}

/// What whoever runs several servers knows one by: the host, or its address, and the port.
fn name(endpoints: &[Endpoint]) -> String {
    let Some(first) = endpoints.first().map(|own| own.address) else {
        return String::new();
    };
    if !first.ip().is_unspecified() {
        return first.to_string();
    }
    // Not everywhere there is such a file.
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", host.trim(), first.port())
}

impl Server {
    /// Starts to serve.
    ///
    /// # Errors
    /// If a listener has no address, or the flags for external logins are wrong.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let core = settings.core;
        let [auth, api, upload, events, connects] = settings.rates;
        let rates = Arc::new(Rates::new(auth, api, upload, connects, settings.volume));
        let scheme = settings.certificate.as_ref().map_or("http", |_| "https");
        let endpoints = settings.listeners.endpoints(scheme)?;
        let first = endpoints.first().map(|first| first.url.clone());
        let domain = settings.acme.as_ref().map(|acme| acme.plan().url());
        let url = settings.public_url.or(domain).or(first);
        let url = url.unwrap_or_default();
        let url = url.trim_end_matches('/').to_owned();
        let oidc = settings.oidc.map(|flags| Oidc::new(flags, &url));
        let is_plain = settings.certificate.is_none() && !url.starts_with("https:");
        let is_public = |own: &Endpoint| !is_this_machine(own.address.ip());
        let certificate_ends = settings.certificate.as_ref().map(|own| own.ends.clone());
        let (watch, queries) = Watch::new(ServerFacts {
            settings: settings.flags,
            mails: settings.smtp.is_some(),
            durable: core.durability() == Durability::Full,
            certificate_ends: certificate_ends.unwrap_or_default(),
            exposed: is_plain && endpoints.iter().any(is_public),
        });
        let web = Web {
            core: core.clone(),
            rates: rates.clone(),
            in_flight: Arc::default(),
            exports: Exports::default(),
            members_only: settings.members_only,
            public_url: url.clone(),
            oidc,
            watch: watch.clone(),
            pages: Pages::default(),
            dialects: dialects::spoken(),
            documents: SpecCache::new(described()),
        };
        let warp = warp::service(web::filter(Arc::new(web)));
        let (realtime, service) = Realtime::start(
            core.clone(),
            settings.news,
            rates,
            events,
            (watch.clone(), queries),
            warp,
        );
        let trust_proxy = settings.trust_proxy;
        let ingress = Ingress::new(
            core.clone(),
            service,
            Proxies::new(trust_proxy.clone(), watch.clone()),
            Origins::new(settings.cors_origin, &url),
        );

        let (stop, stopping) = watch::channel(false);
        let slots = ConnectionSlots::new(settings.connections_per_address, trust_proxy);
        let tls = settings
            .certificate
            .as_ref()
            .map(tls::Certificate::acceptor);
        let mut accepting = JoinSet::new();
        for (listener, dialect) in settings.listeners.0 {
            let accept = Accept {
                routes: Arc::new(routes_for(dialect)),
                ingress: ingress.clone(),
                slots: slots.clone(),
                keep_alive: settings.keep_alive,
                tls: tls.clone(),
                stopping: stopping.clone(),
            };
            accepting.spawn(accept.run(listener));
        }
        if let Some(acme) = &settings.acme {
            acme.show(&watch);
            let domains: Arc<[String]> = acme.plan().domains.clone().into();
            let addresses = endpoints.iter().map(|own| own.address);
            for listener in redirecting::bind(addresses, acme.plan().redirect_port).await {
                let (slots, stopping) = (slots.clone(), stopping.clone());
                let domains = domains.clone();
                accepting.spawn(redirecting::run(listener, slots, domains, stopping));
            }
        }
        let mut background = JoinSet::new();
        background.spawn(admin::stats::observe(core.clone(), watch.clone()));
        let (beating, name) = (core.clone(), name(&endpoints));
        background.spawn(async move { beating.beat(&name).await });
        background.spawn(tidying::tidy_up(core.clone()));
        background.spawn(erasing::run(core.clone()));
        background.spawn(tidying::retain(core.clone()));
        background.spawn(mailer::run(core.clone(), settings.smtp, url.clone()));
        if let Some(folder) = settings.backups {
            background.spawn(backing_up::run(
                core.clone(),
                watch.clone(),
                folder,
                url.clone(),
            ));
        }
        if let Some(acme) = settings.acme {
            background.spawn(acme::run(core.clone(), watch.clone(), acme, url.clone()));
        }
        Ok(Self {
            background,
            watch,
            core,
            realtime,
            endpoints,
            url,
            stop,
            accepting,
            _lock: settings.lock,
        })
    }

    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// How it is reached from outside: as `--public-url` says, or else by its first listener.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ready once it must end because what it has in memory need not be true any more: it is to be started again.
    pub async fn lost(&self) -> &'static str {
        self.core.lost().await
    }

    /// Stops it in order: closes the listeners, disconnects the sockets, answers the requests, and checkpoints the database.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.background.abort_all();
        self.watch.close();
        while self.accepting.join_next().await.is_some() {}
        tokio::time::timeout(SOCKETS_STOP, self.realtime.close())
            .await
            .ok();
        // Closed when the last connection drops its receiver.
        if tokio::time::timeout(REQUESTS_STOP, self.stop.closed())
            .await
            .is_err()
        {
            tracing::warn!("some requests did not finish in time");
        }
        let left = self.core.leave_peers();
        tokio::time::timeout(SOCKETS_STOP, left).await.ok();
        let core = self.core.clone();
        let closing = tokio::task::spawn_blocking(move || core.close());
        if tokio::time::timeout(WRITER_STOP, closing).await.is_err() {
            tracing::warn!("the database was not closed in time; nothing acknowledged is lost");
        }
    }
}

/// Everything that has an OpenAPI or AsyncAPI document.
pub fn described() -> Vec<Described> {
    let mut described = dialects::described();
    described.push(crate::admin::described());
    described
}

/// All routes. Those of a listener's own dialect are asked first.
fn routes_for(dialect: Option<&str>) -> Routes {
    let mut asked = ALL.to_vec();
    // A stable sort: the others keep their order.
    asked.sort_by_key(|known| Some(known.name()) != dialect);
    let tables = asked.into_iter().map(|known| known.routes());
    let own = [
        admin::routes(),
        crate::web::pages::routes(),
        crate::web::mailing::routes(),
        crate::web::about::routes(),
        crate::web::inviting::routes(),
        documents::routes(),
    ];
    Routes::new(tables.chain(own), dialect.is_some())
}

/// What a listener's connections are served with.
#[derive(Clone)]
struct Accept {
    routes: Arc<Routes>,
    ingress: Ingress,
    slots: Arc<ConnectionSlots>,
    /// How long a connection may wait for the next request.
    keep_alive: Duration,
    tls: Option<TlsAcceptor>,
    stopping: watch::Receiver<bool>,
}

impl Accept {
    async fn run(self, listener: TcpListener) {
        let mut stopping = self.stopping.clone();
        loop {
            let (stream, peer, slot) = tokio::select! {
                accepted = self.slots.next(&listener) => accepted,
                _ = stopping.changed() => break,
            };
            stream.set_nodelay(true).ok();
            tokio::spawn(self.clone().serve(stream, peer, slot));
        }
    }

    async fn serve(self, stream: TcpStream, peer: SocketAddr, slot: ConnectionSlot) {
        match self.tls.clone() {
            None => self.serve_http(stream, peer, slot).await,
            Some(tls) => {
                let greeted =
                    tokio::time::timeout(HEAD_TIMEOUT, Box::pin(tls.accept(stream))).await;
                if let Ok(Ok(Some(stream))) = greeted {
                    // Boxed, because a future is as large as its largest branch: connections without TLS stay small.
                    Box::pin(self.serve_http(stream, peer, slot)).await;
                }
            }
        }
    }

    /// HTTP/1.1 on one connection, until it ends or becomes a websocket.
    async fn serve_http<S>(mut self, stream: S, peer: SocketAddr, slot: ConnectionSlot)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = Arc::new(Connection::default());
        let timeouts = Timeouts::new(connection.clone(), self.keep_alive, slot.idleness());
        let io = ConnectionIo::new(stream, connection, slot);
        let io = TimedIo::new(io, timeouts.clone());
        let slot = timeouts.clone();
        let (routes, ingress) = (self.routes, self.ingress);
        let service = service_fn(move |request| {
            ingress
                .clone()
                .answer(request, peer.ip(), timeouts.clone(), routes.clone())
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // TimedIo has it: hyper does not tell a head from the time between two requests.
            .header_read_timeout(None)
            .max_headers(HEADERS)
            .max_buf_size(HEADER_BYTES)
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            _ = self.stopping.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            () = slot.slot_needed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, %peer, "a connection ended");
        }
    }
}
