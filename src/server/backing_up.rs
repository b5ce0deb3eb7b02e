//! When does the server back itself up? As soon as the last good backup is old enough, by the wall clock. If one fails, the
//! administrators are told once, and it is tried again; the server goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::core::backup_folder::{BackupFolder, Standing};
use crate::core::model::Time;
use crate::core::{Core, admin, outbox, password};
use crate::mail::templates;
use crate::web::watch::Watch;

/// How often the clock is read.
const LOOK: Duration = Duration::from_secs(1);
/// How long after a failure it is tried again, unless backups are more frequent.
const AGAIN: Duration = Duration::from_secs(15 * 60);

struct Backups {
    core: Core,
    db: PathBuf,
    watch: Arc<Watch>,
    folder: Arc<BackupFolder>,
    standing: Standing,
    /// The administrators know that it is failing.
    told: bool,
    url: String,
}

/// Makes backups for as long as the server runs; `url` is where the server is reached. Only of a file: there is no copy of
/// anything else.
pub async fn run(core: Core, watch: Arc<Watch>, folder: BackupFolder, url: String) {
    let Some(db) = core.database().file().map(Path::to_path_buf) else {
        return;
    };
    let failed = core.read(admin::last_backup_failure).await;
    let failed = failed.unwrap_or_default();
    let is_failing = failed
        .as_ref()
        .is_some_and(|(at, _)| folder.last.is_none_or(|last| *at > last));
    let mut backups = Backups {
        standing: Standing {
            every: folder.every(),
            last: folder.last,
            failed,
            is_failing,
            failures: 0,
        },
        told: is_failing,
        folder: Arc::new(folder),
        core,
        db,
        watch,
        url,
    };
    backups.show();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut wait_until = None;
    loop {
        look.tick().await;
        let is_waiting = wait_until.is_some_and(|until| Instant::now() < until);
        if is_waiting || !backups.folder.is_due(backups.standing.last, Time::now()) {
            continue;
        }
        wait_until = match backups.make().await {
            true => None,
            false => Some(Instant::now() + AGAIN.min(backups.folder.every())),
        };
    }
}

impl Backups {
    /// Tries to make one; answers whether that went well.
    async fn make(&mut self) -> bool {
        let at = Time::now();
        let (folder, db) = (self.folder.clone(), self.db.clone());
        match on_a_thread(folder, db, at).await {
            Ok(name) => self.succeeded(at, name).await,
            Err(why) => {
                self.failed(at, why).await;
                return false;
            }
        }
        true
    }

    async fn succeeded(&mut self, at: Time, name: String) {
        tracing::info!(name, "a backup was made");
        self.standing.last = Some(at);
        self.standing.is_failing = false;
        self.told = false;
        self.show();
        let noted = self
            .core
            .write(move |tx| admin::note(tx, None, "backup.make", &name));
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a backup could not be noted in the audit log");
        }
    }

    async fn failed(&mut self, at: Time, why: String) {
        tracing::error!(why, "a backup failed");
        self.standing.failed = Some((at, why.clone()));
        self.standing.is_failing = true;
        self.standing.failures += 1;
        self.show();
        if self.told {
            return;
        }
        let mail = templates::backup_failed(&self.url, at, &why, self.standing.last);
        let telling = self.core.write(move |tx| {
            admin::note_backup_failure(tx, &why)?;
            outbox::post_to_administrators(tx, &mail)
        });
        // If the disk takes nothing now, the next failure tells them.
        match telling.await {
            Ok(()) => self.told = true,
            Err(error) => {
                tracing::warn!(%error, "administrators could not be told of a failed backup")
            }
        }
    }

    fn show(&self) {
        *self.watch.backups.lock() = Some(self.standing.clone());
    }
}

/// On a thread of its own, which takes no time from others.
async fn on_a_thread(folder: Arc<BackupFolder>, db: PathBuf, at: Time) -> Result<String, String> {
    let (answer, made) = oneshot::channel();
    let begun = std::thread::Builder::new()
        .name("backup".into())
        .spawn(move || {
            password::stand_back();
            let made = folder.make(&db, at);
            answer.send(made.map_err(|error| format!("{error:#}"))).ok();
        });
    begun.map_err(|error| format!("there is no thread for it: {error}"))?;
    made.await
        .unwrap_or_else(|_| Err("it ended in the middle".to_owned()))
}
