//! `chat doctor`: what is wrong with these flags, the file, the disk, the clock, the addresses, mail, the certificate and
//! the backups, and what to type? It changes nothing, and may be asked while a server runs.

mod postgres;

use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::Failure;
use crate::core::backup;
use crate::core::backup_folder::BackupFolder;
use crate::core::certificate::{self, Plan};
use crate::core::database::Database;
use crate::core::model::Time;
use crate::flags::{self, Doctor, DurabilityFlag, Listen, Serve};
use crate::server::acme_directory::Directory;
use crate::server::certificate_files::CertificateFiles;
use crate::web::issuer;
use crate::web::this_machine::is_this_machine;
use crate::web::watch::ends_soon;

/// Fewer free bytes than this are a warning, and fewer than that a problem.
const LITTLE_ROOM: u64 = 1 << 30;
const NO_ROOM: u64 = 64 << 20;
/// How long a mail server may take.
const MAIL_TIMEOUT: Duration = Duration::from_secs(25);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warning,
    Problem,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What was looked at, how that is, and what to do.
struct Finding {
    about: &'static str,
    verdict: Verdict,
    text: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, about: &'static str, text: impl Into<String>) {
        self.add(about, Verdict::Ok, text);
    }

    fn warning(&mut self, about: &'static str, text: impl Into<String>) {
        self.add(about, Verdict::Warning, text);
    }

    fn problem(&mut self, about: &'static str, text: impl Into<String>) {
        self.add(about, Verdict::Problem, text);
    }

    fn add(&mut self, about: &'static str, verdict: Verdict, text: impl Into<String>) {
        // A line for each.
        let text = text.into().replace('\n', "; ");
        self.0.push(Finding {
            about,
            verdict,
            text,
        });
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.0.iter().filter(|one| one.verdict == verdict).count()
    }
}

/// Looks at everything, and says it a line for each.
pub async fn run(asked: &Doctor) -> Result<(), Failure> {
    let words = std::iter::once("chat").chain(asked.flags.iter().map(String::as_str));
    let mut findings = Findings::default();
    match flags::read(words) {
        Err(wrong) => findings.problem("flags", first_lines(&wrong.to_string())),
        Ok((read, _)) if read.command.is_some() => {
            findings.problem(
                "flags",
                "give the flags that the server is started with, and no subcommand",
            );
        }
        Ok((read, matches)) => {
            let given =
                matches.value_source("listen") == Some(clap::parser::ValueSource::CommandLine);
            look(&read.serve, given, &mut findings).await;
        }
    }
    let problems = findings.count(Verdict::Problem);
    if asked.json {
        let all = findings.0.iter().map(
            |one| json!({ "about": one.about, "verdict": one.verdict.word(), "text": one.text }),
        );
        println!("{}", json!({ "findings": all.collect::<Value>() }));
    } else {
        for one in &findings.0 {
            println!("{:<8} {:<12} {}", one.verdict.word(), one.about, one.text);
        }
    }
    match problems {
        0 => Ok(()),
        1 => Err(anyhow::anyhow!("there is a problem").into()),
        many => Err(anyhow::anyhow!("there are {many} problems").into()),
    }
}

/// What clap says, without the usage.
fn first_lines(said: &str) -> String {
    let lines = said
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:"));
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

async fn look(flags: &Serve, listen_given: bool, findings: &mut Findings) {
    let wrong = [
        flags.options().err(),
        flags.oidc().err(),
        flags
            .admin_password_file
            .as_deref()
            .and_then(|path| flags::secret("--admin-password-file", path).err()),
    ];
    let wrong: Vec<_> = wrong
        .into_iter()
        .flatten()
        .map(|error| format!("{error:#}"))
        .collect();
    match wrong.is_empty() {
        true => findings.ok("flags", "they can be used"),
        false => findings.problem("flags", wrong.join("; ")),
    }
    match &flags.db {
        Database::Postgres(address) => {
            let durable = matches!(flags.durability, DurabilityFlag::Full);
            postgres::examine(address, durable, findings).await;
        }
        Database::File(db) => {
            file(db, findings);
            disk(db, findings);
            clock(db, findings);
        }
    }
    addresses(flags, listen_given, findings).await;
    mail(flags, findings).await;
    match flags.acme() {
        Some(plan) => automatic(&plan, flags, listen_given, findings).await,
        None => certificate(flags, findings),
    }
    backups(flags, findings);
}

fn file(db: &Path, findings: &mut Findings) {
    let name = db.display();
    let Ok(metadata) = std::fs::metadata(db) else {
        return findings.warning(
            "file",
            format!("{name} is not there: the first start makes it, or say which file with --db"),
        );
    };
    match backup::quick_check(db) {
        Err(error) => return findings.problem("file", error.to_string()),
        Ok(wounds) if !wounds.is_empty() => {
            let text = format!(
                "{name} is damaged ({}): stop the server, and chat restore the last good backup",
                wounds[0]
            );
            return findings.problem("file", text);
        }
        Ok(_) => {}
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let text = format!("{name} can be read by others (mode {mode:o}): chmod 600 {name}");
        return findings.warning("file", text);
    }
    match backup::is_older(db) {
        Ok(true) => findings.ok(
            "file",
            format!(
                "{name} is of an older version: the next start copies it and brings it up to date"
            ),
        ),
        _ => findings.ok(
            "file",
            format!("{name} is sound, and for its owner alone; chat check looks deeper"),
        ),
    }
}

fn disk(db: &Path, findings: &mut Findings) {
    let directory = backup::directory_of(db);
    let Some(room) = backup::room(directory) else {
        let text = format!("{0} is not there: mkdir -p {0}", directory.display());
        return findings.problem("disk", text);
    };
    let text = format!("{} MiB are free", room >> 20);
    match room {
        0..NO_ROOM => findings.problem(
            "disk",
            format!("{text}: messages are refused soon; make room"),
        ),
        NO_ROOM..LITTLE_ROOM => findings.warning(
            "disk",
            format!("{text}: when it is full, messages are refused"),
        ),
        _ => findings.ok("disk", text),
    }
}

fn clock(db: &Path, findings: &mut Findings) {
    let now = Time::now();
    match backup::last_moment(db) {
        Some(last) if last.is_ahead(now) => {
            let text = format!(
                "it is {}, and something in the file is from {}: timedatectl set-ntp true",
                now.iso(),
                last.iso()
            );
            findings.problem("clock", text);
        }
        _ => findings.ok("clock", format!("it is {}", now.iso())),
    }
}

async fn addresses(flags: &Serve, listen_given: bool, findings: &mut Findings) {
    let plan = flags.acme();
    let scheme = match flags.tls_cert.is_some() || plan.is_some() {
        true => "https",
        false => "http",
    };
    let listeners = flags.listeners(listen_given);
    for Listen { address, .. } in &listeners {
        let shown = address.to_string();
        match TcpListener::bind(address) {
            Ok(_) => findings.ok("address", format!("{shown} is free")),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                let mut asked = *address;
                if asked.ip().is_unspecified() {
                    asked.set_ip(match asked.is_ipv4() {
                        true => std::net::Ipv4Addr::LOCALHOST.into(),
                        false => std::net::Ipv6Addr::LOCALHOST.into(),
                    });
                }
                // A certificate is for a name, so over TLS it can only be asked by the public URL.
                let answers = scheme == "https" || lives(&format!("http://{asked}")).await.is_ok();
                match answers {
                    true => findings.ok("address", format!("a server listens on {shown}")),
                    false => findings.problem("address", format!(
                        "{shown} is in use by another program: ss -ltnp 'sport = :{}' names it", address.port()
                    )),
                }
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => findings.problem("address", format!(
                "{shown} may not be listened on ({error}): use a port above 1023, or the unit of chat systemd"
            )),
            Err(error) => findings.problem("address", format!("{shown}: {error}; see ip address, and --listen")),
        }
    }
    let is_exposed = listeners
        .iter()
        .any(|one| !is_this_machine(one.address.ip()));
    match &flags.public_url.clone().or(plan.map(|plan| plan.url())) {
        None if is_exposed && scheme == "http" => findings.warning("public URL",
            "passwords and messages cross the network in the clear: set --acme, or --tls-cert and --tls-key, or put a proxy with TLS in front and set --public-url"),
        None => findings.ok("public URL", "links in mail lead to the first listener; --public-url says otherwise"),
        Some(url) => match lives(url).await {
            Ok(()) => findings.ok("public URL", format!("{url} answers")),
            Err(why) => findings.warning("public URL", format!(
                "{url} does not answer ({why}): start the server, and see its name, its proxy and its firewall"
            )),
        },
    }
}

/// Does a server of ours answer at this URL?
async fn lives(url: &str) -> Result<(), String> {
    let answer = issuer::get(&format!("{url}/livez"))
        .await
        .map_err(|error| error.to_string())?;
    match answer.status().is_success() {
        true => Ok(()),
        false => Err(format!("it says {}", answer.status().as_u16())),
    }
}

async fn mail(flags: &Serve, findings: &mut Findings) {
    let smtp = match flags.smtp() {
        Err(error) => return findings.problem("mail", format!("{error:#}")),
        Ok(None) => {
            return findings.warning(
                "mail",
                "it stays in the outbox, and nobody gets codes or links: set --smtp-url",
            );
        }
        Ok(Some(smtp)) => smtp,
    };
    let reached = tokio::time::timeout(MAIL_TIMEOUT, smtp.greet()).await;
    match reached.unwrap_or_else(|_| Err(anyhow::anyhow!("it took too long"))) {
        Ok(()) => findings.ok("mail", "the mail server lets us in; nothing was sent"),
        Err(error) => findings.problem("mail", format!("the mail server does not let us in ({error:#}): see --smtp-url and --smtp-password-file")),
    }
}

fn certificate(flags: &Serve, findings: &mut Findings) {
    let (Some(cert), Some(key)) = (&flags.tls_cert, &flags.tls_key) else {
        return findings.ok("certificate", "none is set: whoever is in front has it");
    };
    let read = match CertificateFiles::open(cert.clone(), key.clone()) {
        Ok(read) => read,
        Err(error) => return findings.problem("certificate", format!("{error:#}")),
    };
    let name = cert.display();
    let known = *read.certificate.ends.lock();
    let Some(ends) = known else {
        return findings.warning(
            "certificate",
            format!("{name} does not tell until when it is valid"),
        );
    };
    let (now, until) = (Time::now(), ends.iso());
    if ends <= now {
        findings.problem(
            "certificate",
            format!(
                "{name} was valid until {until}: renew it: the server reads it again by itself"
            ),
        );
    } else if ends_soon(ends, now) {
        findings.warning(
            "certificate",
            format!("{name} is valid until {until}: renew it: the server reads it again by itself"),
        );
    } else {
        findings.ok(
            "certificate",
            format!("{name} belongs to its key, and is valid until {until}"),
        );
    }
}

/// The certificate that the server gets by itself, and what the directory needs for that.
async fn automatic(plan: &Plan, flags: &Serve, listen_given: bool, findings: &mut Findings) {
    for domain in &plan.domains {
        match tokio::net::lookup_host((domain.as_str(), 443)).await {
            Ok(found) => {
                let found: Vec<_> = found.map(|at| at.ip().to_string()).collect();
                let at = found.join(", ");
                findings.ok(
                    "domain",
                    format!("{domain} leads to {at}; that must be here"),
                );
            }
            Err(error) => findings.problem(
                "domain",
                format!("{domain} leads nowhere ({error}): make a record A or AAAA for it"),
            ),
        }
    }
    let listeners = flags.listeners(listen_given);
    if !listeners.iter().any(|one| one.address.port() == 443) {
        findings.warning(
            "validation",
            "the directory comes to port 443: set --listen '[::]:443', or lead that port here",
        );
    }
    match Directory::new(plan) {
        Err(error) => findings.problem("directory", format!("{error:#}")),
        Ok(directory) => match directory.answers(&plan.directory).await {
            Ok(()) => findings.ok("directory", format!("{} answers", plan.directory)),
            Err(why) => findings.problem(
                "directory",
                format!(
                    "{} does not answer ({why}): see --acme-directory, --acme-ca-file and the firewall",
                    plan.directory
                ),
            ),
        },
    }
    let now = Time::now();
    match certificate::kept_until(&flags.db, plan).await {
        None => findings.warning(
            "certificate",
            "there is none for these domains yet: the server gets it when it runs",
        ),
        Some(ends) if ends <= now => findings.problem(
            "certificate",
            format!(
                "it was valid until {}: start the server, and see its log and /admin",
                ends.iso()
            ),
        ),
        Some(ends) => findings.ok(
            "certificate",
            format!(
                "it is valid until {}; the server renews it by itself",
                ends.iso()
            ),
        ),
    }
}

fn backups(flags: &Serve, findings: &mut Findings) {
    if flags.db.file().is_none() {
        return match flags.backups() {
            Err(error) => findings.problem("backups", format!("{error:#}")),
            Ok(_) => findings.ok(
                "backups",
                "PostgreSQL's own tools make them: pg_dump, or pg_basebackup",
            ),
        };
    }
    let Some(directory) = &flags.backup_dir else {
        return findings.warning(
            "backups",
            "the server makes none by itself: set --backup-dir",
        );
    };
    let name = directory.display();
    let newest = match BackupFolder::newest(directory) {
        Err(error) => {
            return findings.problem(
                "backups",
                format!("{name} cannot be read ({error}): mkdir -p {name}"),
            );
        }
        Ok(newest) => newest,
    };
    match newest {
        None => findings.warning("backups", format!("there is none in {name} yet")),
        Some(last) if Time::now().since(last) > 2 * flags.backup_every => findings.problem(
            "backups",
            format!(
                "the last one is of {}: see the server's log, and /admin",
                last.iso()
            ),
        ),
        Some(last) => findings.ok("backups", format!("the last one is of {}", last.iso())),
    }
}
