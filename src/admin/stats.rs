//! How is the server doing? Figures of now and of the last half hour, and warnings for the administrator.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::one;
use crate::core::Core;
use crate::core::admin;
use crate::core::model::Time;
use crate::core::size::Size;
use crate::dialects;
use crate::web::answer::{Answer, ok};
use crate::web::call::Call;
use crate::web::watch::{Slice, Watch, ends_soon};

/// The length of a slice of time.
const SLICE: Duration = Duration::from_secs(10);
/// Warn if fewer bytes than this are free on the disk.
const LITTLE_ROOM: u64 = 1 << 30;
/// Warn if the write-ahead log has more bytes than this: twice what it is cut to when it begins anew.
const LONG_LOG: u64 = 128 << 20;
/// Warn if the last backup is older than this, in milliseconds.
const OLD_BACKUP: i64 = 7 * 86_400_000;

/// Gathers a slice of figures every ten seconds, for as long as the server runs.
pub async fn observe(core: Core, watch: Arc<Watch>) {
    let mut tick = tokio::time::interval(SLICE);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut file_bytes, mut database_bytes) = (0, 0);
    let (mut durations, mut posted) = (core.meter().durations(), core.meter().posted());
    tick.tick().await;
    loop {
        tick.tick().await;
        let Ok(sockets) = watch.count().await else {
            return;
        };
        // If the database cannot be read, the last value stays.
        file_bytes = core.read(admin::file_bytes).await.unwrap_or(file_bytes);
        let size = core.size().await;
        database_bytes = size.map_or(database_bytes, |size| size.database);
        let (durations_now, posted_now) = (core.meter().durations(), core.meter().posted());
        let took = durations_now.since(&durations);
        let messages = posted_now.iter().map(|(dialect, count)| {
            let before = posted.get(dialect).copied().unwrap_or_default();
            (*dialect, count - before)
        });
        watch.remember(Slice {
            at: Time::now(),
            sockets,
            messages: messages.collect(),
            p50: took.percentile(50).map(millis),
            p99: took.percentile(99).map(millis),
            database_bytes,
            file_bytes,
        });
        (durations, posted) = (durations_now, posted_now);
    }
}

fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1_000.0
}

/// GET /api/admin/stats
pub async fn show(call: Call) -> Answer {
    call.admin()?;
    let (core, watch) = (call.core(), &call.web().watch);
    let sockets = watch.count().await?;
    let (figures, servers, (last_backup, last_said)) = call
        .read(|view| {
            let latest = (admin::last_backup(view)?, admin::last_said(view)?);
            Ok((admin::figures(view)?, admin::servers(view)?, latest))
        })
        .await?;
    let (slices, now) = (watch.slices(), Time::now());
    let recent = core.meter().durations();
    let process = Process::now();
    let size = core.size().await?;
    let messages = core.meter().posted();
    let by_dialect = |count: &dyn Fn(&str) -> u64| -> Value {
        let names = dialects::ALL.iter().map(|dialect| dialect.name());
        Value::Object(
            names
                .map(|name| (name.to_owned(), count(name).into()))
                .collect(),
        )
    };
    let history = slices.iter().map(|slice| {
        let of = |name: &str| {
            let found = slice.messages.iter().find(|(dialect, _)| *dialect == name);
            found.map_or(0, |(_, count)| *count)
        };
        json!({
            "at": slice.at.iso(),
            "sockets": slice.sockets.main + slice.sockets.chat,
            "messages": by_dialect(&of),
            "p50": slice.p50,
            "p99": slice.p99,
            "databaseBytes": slice.database_bytes,
            "fileBytes": slice.file_bytes,
        })
    });
    let warnings = warnings(watch, size, (last_backup, last_said), figures.messages, now);
    let stats = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "startedAt": watch.started_at.iso(),
        "uptimeSeconds": (now.0 - watch.started_at.0) / 1_000,
        "accounts": figures.accounts,
        "conversations": figures.conversations,
        "messages": by_dialect(&|name| messages.get(name).copied().unwrap_or_default()),
        "messagesTotal": figures.messages,
        "files": figures.files,
        "fileBytes": figures.file_bytes,
        "databaseBytes": size.database,
        "walBytes": size.log,
        "diskFreeBytes": size.room,
        "sockets": sockets.main + sockets.chat,
        "socketsByTransport": { "websocket": sockets.websocket, "polling": sockets.polling },
        "socketsByNamespace": { "/": sockets.main, "/chat": sockets.chat },
        "servers": servers.iter().map(|one| json!({
            "name": one.name,
            "this": one.is_this,
            "sockets": one.sockets,
            "people": one.people,
            "seenAt": one.seen_at.iso(),
        })).collect::<Value>(),
        "queue": core.meter().waiting.load(std::sync::atomic::Ordering::Relaxed),
        "memoryBytes": process.memory_bytes,
        "cpuSeconds": process.cpu_seconds,
        "latency": {
            "p50": recent.percentile(50).map(millis),
            "p99": recent.percentile(99).map(millis),
            "count": recent.count(),
        },
        "requests": watch.requests().map(|(_, count)| count).sum::<u64>(),
        "delivered": watch.delivered(),
        "lastBackupAt": last_backup.map(|at| at.iso()),
        "backups": watch.backups.lock().as_ref().map(|standing| json!({
            "everySeconds": standing.every.as_secs(),
            "lastAt": standing.last.map(Time::iso),
            "failedAt": standing.failed.as_ref().map(|(at, _)| at.iso()),
            "failure": standing.failed.as_ref().map(|(_, why)| why),
            "failing": standing.is_failing,
        })),
        "certificate": watch.acme.lock().as_ref().map(|own| json!({
            "domains": own.domains,
            "directory": own.directory,
            "issuer": own.issuer,
            "notAfter": own.valid.map(|(_, ends)| ends.iso()),
            "failedAt": own.failed.as_ref().map(|(at, _)| at.iso()),
            "failure": own.failed.as_ref().map(|(_, why)| why),
            "failing": own.is_failing,
            "nextTryAt": own.next.map(Time::iso),
        })),
        "outboxWaiting": figures.mail_waiting,
        "outboxFailed": figures.mail_failed,
        "reportsOpen": figures.reports_open,
        "history": history.collect::<Value>(),
        "warnings": warnings,
    });
    Ok(one(StatusCode::OK, "stats", stats))
}

/// `[{ code, text }]`: what is wrong, and what to do about it.
fn warnings(
    watch: &Watch,
    size: Size,
    (last_backup, last_said): (Option<Time>, Option<Time>),
    messages: i64,
    now: Time,
) -> Value {
    let old = last_backup.is_none_or(|at| now.0 - at.0 > OLD_BACKUP);
    let known = [
        (
            !watch.facts.mails,
            "no-smtp",
            "Mail stays in the outbox: nobody gets codes or links. Set --smtp-url.",
        ),
        (
            watch.facts.exposed,
            "no-tls",
            "Passwords and messages cross the network in the clear. Set --acme, or --tls-cert and --tls-key, or put a proxy with TLS in front and set --public-url.",
        ),
        (
            // Of a PostgreSQL database others make them, and do not tell us.
            old && messages > 0 && size.log.is_some(),
            "no-backup",
            match last_backup {
                None => {
                    "There is no backup yet. Set --backup-dir, download one, or run: chat backup FILE"
                }
                Some(_) => {
                    "There has been no backup for a week. Set --backup-dir, download one, or run: chat backup FILE"
                }
            },
        ),
        (
            size.room.is_some_and(|room| room < LITTLE_ROOM),
            "disk",
            "Less than 1 GiB is free on the disk. When it is full, messages are refused.",
        ),
        (
            size.log.is_some_and(|log| log > LONG_LOG),
            "long-log",
            "The write-ahead log has more than 128 MiB: somebody has been reading the database for long, so it cannot begin anew. It is found by: fuser -v FILE",
        ),
        (
            !watch.facts.durable,
            "durability",
            "With --durability normal the last moments may be lost when the power fails.",
        ),
    ];
    let so = known.iter().filter(|(is_so, ..)| *is_so);
    let mut warnings: Vec<_> = so
        .map(|(_, code, text)| json!({ "code": code, "text": text }))
        .collect();
    if let Some(said) = last_said.filter(|said| said.is_ahead(now)) {
        let text = format!(
            "The clock says {}, and the newest message is from {}. Set the clock: timedatectl set-ntp true",
            now.iso(),
            said.iso()
        );
        warnings.push(json!({ "code": "clock", "text": text }));
    }
    let acme = watch.acme.lock().clone();
    if let Some((at, why)) = acme
        .as_ref()
        .and_then(|own| own.failed.as_ref().filter(|_| own.is_failing))
    {
        let text = format!(
            "At {} no certificate could be got: {why}. It is tried again.",
            at.iso()
        );
        warnings.push(json!({ "code": "certificate-failed", "text": text }));
    }
    let certificate_ends = *watch.facts.certificate_ends.lock();
    if let Some(ends) = certificate_ends.filter(|ends| acme.is_none() && ends_soon(*ends, now)) {
        let text = format!(
            "The certificate in --tls-cert is valid until {}. Renew it: the server reads it again by itself.",
            ends.iso()
        );
        warnings.push(json!({ "code": "certificate", "text": text }));
    }
    let backups = watch.backups.lock().clone();
    if let Some((at, why)) = backups.and_then(|known| known.failed.filter(|_| known.is_failing)) {
        let text = format!(
            "The backup of {} failed: {why}. It is tried again.",
            at.iso()
        );
        warnings.push(json!({ "code": "backup-failed", "text": text }));
    }
    if let Some(proxy) = watch.untrusted_proxy() {
        let text = format!(
            "Requests come through a proxy at {proxy} that is not trusted, so everybody behind it counts as one client: \
             five of them sign in a minute. If it is yours, set --trust-proxy {proxy}."
        );
        warnings.push(json!({ "code": "untrusted-proxy", "text": text }));
    }
    warnings.into()
}

/// GET /api/admin/settings: each flag, its value, and the line to paste
pub async fn settings(call: Call) -> Answer {
    call.admin()?;
    let settings = call.web().watch.facts.settings.iter().map(|setting| {
        json!({
            "flag": setting.flag,
            "value": setting.value,
            "default": setting.is_default,
            "help": setting.help,
            "line": setting.line,
        })
    });
    ok(json!({ "success": true, "settings": settings.collect::<Value>() }))
}

/// What the operating system knows of this process.
pub struct Process {
    pub memory_bytes: u64,
    pub cpu_seconds: f64,
}

impl Process {
    pub fn now() -> Self {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Self {
            memory_bytes: pages.unwrap_or(0) * rustix::param::page_size() as u64,
            cpu_seconds: used.tv_sec as f64 + used.tv_nsec as f64 / 1e9,
        }
    }
}
