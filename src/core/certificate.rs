//! The certificate that a server gets by itself (`--acme`): which one it is to get, what is kept of it, and how that has
//! gone so far. Its key and the account at the directory are secrets like those that tokens are signed with: whoever has a
//! copy of the file has them, and nothing else shows them.

use std::path::PathBuf;
use std::time::Duration;

use super::database::Database;
use super::error::Result;
use super::model::{Issued, Time};
use super::store::postgres::look;
use super::store::{Tx, View, backup};

/// Which certificate a server is to get, and where.
#[derive(Debug, Clone)]
pub struct Plan {
    /// In lower case, the first one first in what the server says of itself; at least one.
    pub domains: Vec<String>,
    /// Where the directory may write to.
    pub email: Option<String>,
    /// The URL of the ACME directory.
    pub directory: String,
    /// The certificates in PEM that the directory's own is checked with, in place of the public ones.
    pub ca_file: Option<PathBuf>,
    /// The port on which clients of plain HTTP are sent to HTTPS; 0: none.
    pub redirect_port: u16,
}

impl Plan {
    /// The domains in the order by which certificates are found again.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.domains.clone();
        names.sort();
        names
    }

    /// Where the server is reached, unless something else is said.
    pub fn url(&self) -> String {
        let first = self.domains.first().map(String::as_str);
        format!("https://{}", first.unwrap_or("localhost"))
    }
}

/// How getting certificates has gone so far.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub domains: Vec<String>,
    pub directory: String,
    /// Who issued the certificate in use, by its own name.
    pub issuer: Option<String>,
    /// From when until when the certificate in use is valid; `None`: there is none, and a stand-in is shown.
    pub valid: Option<(Time, Time)>,
    /// The last failure, and why.
    pub failed: Option<(Time, String)>,
    /// The last try was that failure.
    pub is_failing: bool,
    /// When the next one is asked for.
    pub next: Option<Time>,
    pub successes: u64,
    pub failures: u64,
}

impl Standing {
    /// Is there a certificate that clients accept now?
    pub fn is_valid(&self, now: Time) -> bool {
        self.valid
            .is_some_and(|(begins, ends)| begins <= now && now < ends)
    }
}

/// When a certificate is to be renewed: after two thirds of its time.
pub fn renewal((begins, ends): (Time, Time)) -> Time {
    begins.plus(ends.since(begins) * 2 / 3)
}

/// Until when the certificate for a plan is valid that is kept in a database; `None` if there is none.
pub async fn kept_until(db: &Database, plan: &Plan) -> Option<Time> {
    let (directory, domains) = (&plan.directory, plan.names().join(","));
    match db {
        Database::File(file) => backup::certificate_end(file, directory, &domains),
        Database::Postgres(at) => look::certificate_end(at, directory, &domains).await,
    }
}

/// The certificates of a directory that have not ended, the newest first.
pub fn issued(view: &View<'_>, directory: &str) -> Result<Vec<Issued>> {
    view.certificates(directory)
}

/// Keeps a new certificate. Those that have ended are deleted.
pub fn keep(tx: &Tx<'_>, directory: &str, issued: &Issued) -> Result<()> {
    tx.delete_ended_certificates()?;
    tx.put_certificate(directory, issued)?;
    tx.put_acme_try(directory, None)?;
    tx.record(None, GOT, &issued.names.join(","), "")
}

/// The account at a directory, as it was kept.
pub fn account(view: &View<'_>, directory: &str) -> Result<Option<String>> {
    view.acme_account(directory)
}

/// Keeps the account at a directory; `None`: the directory does not know it any more.
pub fn keep_account(tx: &Tx<'_>, directory: &str, account: Option<&str>) -> Result<()> {
    tx.put_acme_account(directory, account)
}

/// Notes that a certificate is asked for now. If a server is started over and over, it does not ask each time.
pub fn begin(tx: &Tx<'_>, directory: &str) -> Result<()> {
    tx.put_acme_try(directory, Some(tx.now))
}

/// How long ago a certificate was asked for that has not come; `None`: that has never been so.
pub fn since_try(view: &View<'_>, directory: &str) -> Result<Option<Duration>> {
    let tried = view.acme_try(directory)?;
    Ok(tried.map(|at| view.now.since(at)))
}

/// The last failure and why, if nothing has succeeded since. Of several failures in a row the first is noted.
pub fn failing(view: &View<'_>) -> Result<Option<(Time, String)>> {
    let got = view.last_audited(GOT)?.map(|(at, _)| at);
    let failed = view.last_audited(FAILED)?;
    Ok(failed.filter(|(at, _)| got.is_none_or(|got| *at > got)))
}

/// Notes that a certificate could not be got.
pub fn note_failure(tx: &Tx<'_>, why: &str) -> Result<()> {
    tx.record(None, FAILED, "certificate", why)
}

const GOT: &str = "certificate.get";
const FAILED: &str = "certificate_failure.note";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_renewed_after_two_thirds_of_their_time() {
        let day = 86_400_000;
        for (days, after) in [(90, 60), (6, 4), (3, 2)] {
            let valid = (Time(1_000), Time(1_000 + days * day));
            assert_eq!(renewal(valid), Time(1_000 + after * day));
        }
    }
}
