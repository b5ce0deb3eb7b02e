//! Is the server well? For monitoring: `/healthz`, `/livez`, `/readyz`, and `/metrics` in Prometheus' text format 0.0.4.
//!
//! The text is written by hand: `prometheus-client` knows no summaries and writes OpenMetrics, with other names for counters.

use std::fmt::Write as _;
use std::sync::atomic::Ordering::Relaxed;

use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::stats::Process;
use crate::core::error::Error;
use crate::core::model::Time;
use crate::core::size::Size;
use crate::core::{Core, report};
use crate::dialects;
use crate::web::answer::{Answer, json_reply, ok};
use crate::web::call::Call;
use crate::web::watch::{SocketCount, Watch};

/// GET /healthz: 200 if a write reaches the disk now, 503 if not
pub async fn health(call: Call) -> Answer {
    call.core().is_well().await?;
    ok(json!({ "success": true, "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// GET /livez: 200 if the process answers
pub async fn live(_call: Call) -> Answer {
    ok(json!({ "success": true, "status": "ok" }))
}

/// GET /readyz: 200 if a write commits; 503 if not, if there is no valid certificate, and from the moment on that the server stops
pub async fn ready(call: Call) -> Answer {
    if *call.web().watch.closing().borrow() {
        return Err(Error::Overloaded("The server is stopping"));
    }
    let now = Time::now();
    let acme = &call.web().watch.acme;
    if acme.lock().as_ref().is_some_and(|own| !own.is_valid(now)) {
        return Err(Error::Overloaded("There is no valid certificate yet"));
    }
    let written = call.core().is_well().await;
    written.map_err(|_| Error::Overloaded("The database cannot be written"))?;
    ok(json!({ "success": true, "status": "ok" }))
}

/// GET /metrics: for administrators, and without a login for a client on this machine without a proxy in between
pub async fn show(call: Call) -> Answer {
    if !call.visitor().is_local {
        call.admin()?;
    }
    let sockets = call.web().watch.count().await?;
    let reports = call.read(report::open).await?;
    let size = call.core().size().await?;
    let text = text(call.core(), &call.web().watch, sockets, reports, size);
    let mut reply = json_reply(StatusCode::OK, &json!(null));
    *reply.body_mut() = text.into();
    reply.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    Ok(reply)
}

fn text(core: &Core, watch: &Watch, sockets: SocketCount, reports: i64, size: Size) -> String {
    let mut page = Exposition(String::new());
    page.family("chat_build_info", "gauge", "What runs.");
    let version = env!("CARGO_PKG_VERSION");
    page.sample("chat_build_info", &[("version", version)], 1);
    page.family("chat_sockets", "gauge", "Open sockets by transport.");
    page.sample(
        "chat_sockets",
        &[("transport", "websocket")],
        sockets.websocket,
    );
    page.sample("chat_sockets", &[("transport", "polling")], sockets.polling);
    let (name, (own, foreign)) = ("chat_logins", core.directory().remembered());
    page.family(
        name,
        "gauge",
        "Logins that are alive, and tokens of another application that are remembered.",
    );
    page.sample(name, &[("kind", "device")], own);
    page.sample(name, &[("kind", "application")], foreign);
    let (name, posted) = ("chat_messages_total", core.meter().posted());
    page.family(
        name,
        "counter",
        "Messages by the dialect they were said in.",
    );
    for dialect in dialects::ALL.iter().map(|dialect| dialect.name()) {
        let count = posted.get(dialect).copied().unwrap_or_default();
        page.sample(name, &[("dialect", dialect)], count);
    }
    let name = "chat_deliveries_total";
    page.family(name, "counter", "Events told, counted for each socket.");
    page.sample(name, &[], watch.delivered());
    let name = "chat_requests_total";
    page.family(name, "counter", "Requests by the class of their status.");
    for (class, count) in watch.requests().filter(|(class, _)| *class > 0) {
        page.sample(name, &[("status", &format!("{class}xx"))], count);
    }
    let name = "chat_removed_total";
    page.family(
        name,
        "counter",
        "Messages and files removed because they were old.",
    );
    let meter = core.meter();
    for (what, removed) in [
        ("messages", &meter.removed_messages),
        ("files", &meter.removed_files),
    ] {
        page.sample(name, &[("what", what)], removed.load(Relaxed));
    }
    let (name, took) = ("chat_write_seconds", core.meter().durations());
    page.family(name, "summary", "From a write's arrival to its commit.");
    for (quantile, percent) in [("0.5", 50), ("0.9", 90), ("0.99", 99)] {
        let time = took.percentile(percent).unwrap_or_default();
        page.sample(name, &[("quantile", quantile)], time.as_secs_f64());
    }
    page.sample("chat_write_seconds_sum", &[], took.total.as_secs_f64());
    page.sample("chat_write_seconds_count", &[], took.count());
    let name = "chat_writes_waiting";
    page.family(name, "gauge", "Writes that wait for the writer.");
    page.sample(name, &[], core.meter().waiting.load(Relaxed));
    let name = "chat_reports_open";
    page.family(
        name,
        "gauge",
        "Reported messages that no administrator has closed.",
    );
    page.sample(name, &[], reports);
    let name = "chat_database_bytes";
    page.family(
        name,
        "gauge",
        "Size of the database and its write-ahead log.",
    );
    page.sample(name, &[("file", "database")], size.database);
    if let Some(log) = size.log {
        page.sample(name, &[("file", "wal")], log);
    }
    if let Some(standing) = watch.backups.lock().as_ref() {
        let seconds = |at: Option<Time>| at.map_or(0, Time::seconds);
        let name = "chat_backup_last_success_timestamp_seconds";
        page.family(
            name,
            "gauge",
            "When the last good backup was made, in seconds since 1970; 0: never.",
        );
        page.sample(name, &[], seconds(standing.last));
        let name = "chat_backup_last_failure_timestamp_seconds";
        page.family(
            name,
            "gauge",
            "When a backup failed last, in seconds since 1970; 0: never.",
        );
        page.sample(
            name,
            &[],
            seconds(standing.failed.as_ref().map(|(at, _)| *at)),
        );
        let name = "chat_backup_failures_total";
        page.family(name, "counter", "Backups that failed since the start.");
        page.sample(name, &[], standing.failures);
    }
    certificate(&mut page, watch);
    let process = Process::now();
    let name = "process_resident_memory_bytes";
    page.family(name, "gauge", "Resident memory.");
    page.sample(name, &[], process.memory_bytes);
    let name = "process_cpu_seconds_total";
    page.family(name, "counter", "Processor time used.");
    page.sample(name, &[], process.cpu_seconds);
    let name = "process_start_time_seconds";
    page.family(name, "gauge", "When it started, in seconds since 1970.");
    page.sample(name, &[], watch.started_at.seconds());
    page.0
}

fn certificate(page: &mut Exposition, watch: &Watch) {
    let acme = watch.acme.lock().clone();
    let of_files = *watch.facts.certificate_ends.lock();
    let ends = match &acme {
        Some(own) => Some(own.valid.map_or(0, |(_, ends)| ends.seconds())),
        None => of_files.map(Time::seconds),
    };
    if let Some(ends) = ends {
        let name = "chat_certificate_end_timestamp_seconds";
        page.family(
            name,
            "gauge",
            "Until when the certificate is valid, in seconds since 1970; 0: there is none yet.",
        );
        page.sample(name, &[], ends);
    }
    if let Some(own) = acme {
        let name = "chat_acme_orders_total";
        page.family(
            name,
            "counter",
            "Certificates that were asked for since the start, by what came of it.",
        );
        page.sample(name, &[("result", "success")], own.successes);
        page.sample(name, &[("result", "failure")], own.failures);
        let name = "chat_acme_last_failure_timestamp_seconds";
        page.family(
            name,
            "gauge",
            "When a certificate could not be got last, in seconds since 1970; 0: never.",
        );
        let failed = own.failed.map_or(0, |(at, _)| at.seconds());
        page.sample(name, &[], failed);
    }
}

struct Exposition(String);

impl Exposition {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<_> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{value}\""))
            .collect();
        match labels.is_empty() {
            true => self.line(format_args!("{name} {value}")),
            false => self.line(format_args!("{name}{{{}}} {value}", labels.join(","))),
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a string takes everything");
    }
}
