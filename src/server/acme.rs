//! When does the server get a certificate by itself (`--acme`)? If there is none for its domains, and once two thirds of its
//! time are over, by the wall clock. If that fails, the administrators are told once, and it is tried again; the server goes
//! on with what it has, or else with a stand-in.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::acme_directory::Directory;
use super::acme_order::{Failed, InUse, Ordering, stand_in};
use super::tls::Certificate;
use crate::core::certificate::{self, Plan, Standing, renewal};
use crate::core::model::Time;
use crate::core::{Core, outbox};
use crate::mail::templates;
use crate::web::watch::Watch;

/// How often the clock is read.
const LOOK: Duration = Duration::from_secs(1);
/// How long after a failure it is tried again: twice as long each time, and at most [`LONGEST_WAIT`]. A directory that was
/// asked for something counts that; Let's Encrypt bears five failed validations in an hour.
const UNREACHED: Duration = Duration::from_secs(4);
const REFUSED: Duration = Duration::from_secs(120);
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// So long after it was asked in vain it is not asked again, also by a server that was started anew.
const RESTARTED: Duration = Duration::from_secs(60);

/// A server's certificate, which it gets by itself.
pub struct Acme {
    plan: Plan,
    directory: Directory,
    pub certificate: Arc<Certificate>,
    /// `None`: the stand-in is.
    in_use: Option<InUse>,
    /// Not before this, whatever is due.
    wait_until: Option<Instant>,
    standing: Standing,
    /// How often in a row it has failed.
    in_a_row: u32,
    /// The administrators know that it is failing.
    told: bool,
}

impl Acme {
    /// Takes up what is kept: the certificate for the same domains, or one for some of them until there is a better one.
    ///
    /// # Errors
    /// If the database cannot be read, or no key can be made.
    pub async fn open(core: &Core, plan: Plan, directory: Directory) -> anyhow::Result<Self> {
        let url = plan.directory.clone();
        let (issued, failed, since) = core
            .read(move |view| {
                let since = certificate::since_try(view, &url)?;
                let issued = certificate::issued(view, &url)?;
                Ok((issued, certificate::failing(view)?, since))
            })
            .await?;
        let names = plan.names();
        let for_all = issued.iter().filter(|one| one.names == names);
        let for_some = issued
            .iter()
            .filter(|one| one.names.iter().any(|name| names.contains(name)));
        let in_use = for_all.chain(for_some).find_map(|one| {
            let read = InUse::read(one.names.clone(), &one.chain, &one.key);
            read.inspect_err(|error| {
                tracing::error!("a kept certificate cannot be used: {error:#}")
            })
            .ok()
        });
        let shown = match &in_use {
            Some(in_use) => in_use.certified.clone(),
            None => stand_in(&plan.domains)?,
        };
        let wait = since.and_then(|since| RESTARTED.checked_sub(since));
        let mut acme = Self {
            certificate: Certificate::new(shown),
            in_use,
            wait_until: wait.map(|wait| Instant::now() + wait),
            standing: Standing {
                domains: plan.domains.clone(),
                directory: plan.directory.clone(),
                ..Standing::default()
            },
            told: false,
            in_a_row: 0,
            directory,
            plan,
        };
        // A failure is over once nothing is due: other domains may have been asked for.
        acme.told = acme.is_due() && failed.is_some();
        acme.standing.is_failing = acme.told;
        acme.standing.failed = failed;
        acme.settle();
        Ok(acme)
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// When the next certificate is to be there; `None`: now.
    fn due(&self) -> Option<Time> {
        let in_use = self.in_use.as_ref()?;
        (in_use.names == self.plan.names()).then(|| renewal(in_use.span()))
    }

    fn is_due(&self) -> bool {
        self.due().is_none_or(|at| at <= Time::now())
    }

    /// Nothing is due, so nothing fails: the clock may have been set.
    fn rest(&mut self) {
        if self.standing.is_failing {
            self.standing.is_failing = false;
            (self.told, self.in_a_row, self.wait_until) = (false, 0, None);
            self.settle();
        }
    }

    /// Brings the standing up to date with the certificate in use and the next try.
    fn settle(&mut self) {
        let in_use = self.in_use.as_ref();
        self.standing.valid = in_use.map(InUse::span);
        self.standing.issuer = in_use.and_then(|in_use| in_use.valid.issuer.clone());
        let now = Time::now();
        let wait = self
            .wait_until
            .map(|until| now.plus(until.saturating_duration_since(Instant::now())));
        self.standing.next = self.due().max(wait).max(Some(now));
    }

    /// Lets administrators see how it goes.
    pub fn show(&self, watch: &Watch) {
        *watch.acme.lock() = Some(self.standing.clone());
    }

    fn is_waiting(&self) -> bool {
        self.wait_until.is_some_and(|until| Instant::now() < until)
    }
}

/// Gets certificates for as long as the server runs; `url` is where the server is reached. SIGHUP: if one is due, it is asked
/// for at once.
pub async fn run(core: Core, watch: Arc<Watch>, mut acme: Acme, url: String) {
    let mut asked = signal(SignalKind::hangup())
        .inspect_err(|error| tracing::warn!(%error, "signals cannot be received"))
        .ok();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        acme.show(&watch);
        let is_asked = tokio::select! {
            _ = look.tick() => false,
            () = told(asked.as_mut()) => true,
        };
        if !acme.is_due() {
            acme.rest();
        } else if is_asked || !acme.is_waiting() {
            acme.renew(&core, &url).await;
        }
    }
}

async fn told(asked: Option<&mut Signal>) {
    match asked {
        Some(asked) => drop(asked.recv().await),
        None => std::future::pending().await,
    }
}

impl Acme {
    async fn renew(&mut self, core: &Core, url: &str) {
        let domains = self.plan.domains.join(" ");
        tracing::info!(
            domains,
            directory = self.plan.directory,
            "a certificate is asked for"
        );
        self.directory.rest();
        let ordering = Ordering::new(core, &self.plan, &self.directory, &self.certificate);
        // What panics there must not be the end of all renewals.
        let got = AssertUnwindSafe(ordering.get()).catch_unwind().await;
        let got = got.unwrap_or_else(|_| {
            Err(Failed {
                why: "it ended in the middle".to_owned(),
                has_asked: true,
            })
        });
        match got {
            Ok(in_use) => {
                let until = in_use.valid.ends.iso();
                tracing::info!(domains, until = &*until, "there is a new certificate");
                self.certificate.replace(in_use.certified.clone());
                self.in_use = Some(in_use);
                self.standing.successes += 1;
                if self.is_due() {
                    let why = format!(
                        "the new certificate is valid until {until}, and it is {} here: set the clock",
                        Time::now().iso()
                    );
                    let has_asked = true;
                    self.failed(core, url, Failed { why, has_asked }).await;
                } else {
                    self.rest();
                }
            }
            Err(failed) => self.failed(core, url, failed).await,
        }
        self.settle();
    }

    async fn failed(&mut self, core: &Core, url: &str, failed: Failed) {
        let (at, why) = (Time::now(), failed.why);
        let first = if failed.has_asked { REFUSED } else { UNREACHED };
        let doubled = first.saturating_mul(1 << self.in_a_row.min(16));
        let wait =
            jittered(doubled.min(LONGEST_WAIT)).max(self.directory.rest().unwrap_or_default());
        tracing::error!(
            why,
            again_in = wait.as_secs(),
            "a certificate could not be got"
        );
        self.wait_until = Some(Instant::now() + wait);
        self.in_a_row += 1;
        self.standing.failed = Some((at, why.clone()));
        self.standing.is_failing = true;
        self.standing.failures += 1;
        if self.told {
            return;
        }
        let ends = self.in_use.as_ref().map(|in_use| in_use.valid.ends);
        let mail = templates::certificate_failed(url, at, &why, ends);
        let telling = core.write(move |tx| {
            certificate::note_failure(tx, &why)?;
            outbox::post_to_administrators(tx, &mail)
        });
        // If the disk takes nothing now, the next failure tells them.
        match telling.await {
            Ok(()) => self.told = true,
            Err(error) => {
                tracing::warn!(%error, "administrators could not be told of a certificate that was not got");
            }
        }
    }
}

/// Up to a quarter longer, so that servers that failed together do not come back together.
fn jittered(wait: Duration) -> Duration {
    let [by] = crate::core::random::<1>();
    wait + wait.mul_f32(f32::from(by) / 1_024.0)
}
