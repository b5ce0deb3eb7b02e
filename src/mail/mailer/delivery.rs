//! Which mail is sent next? Several are sent at a time, codes and links first. Digests never take all places, so that with a
//! slow mail server nobody waits for a code behind them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::{INTERVAL, Links, SendError, Smtp, for_the_log};
use crate::core::error::Result;
use crate::core::model::{Mail, MailId, MailKind};
use crate::core::{Core, outbox};

/// How many mails are sent at a time, and how many of them may be digests.
const AT_A_TIME: usize = 6;
const DIGESTS: usize = 3;

/// How long until a mail's outcome is written to the database again, if that failed.
const AGAIN: Duration = Duration::from_secs(1);

struct Deliveries {
    core: Core,
    smtp: Arc<Smtp>,
    links: Links,
    sending: JoinSet<()>,
    under_way: HashMap<Id, (MailId, MailKind)>,
}

pub async fn deliver(core: Core, smtp: Arc<Smtp>, links: Links) {
    let mut deliveries = Deliveries {
        core,
        smtp,
        links,
        sending: JoinSet::new(),
        under_way: HashMap::new(),
    };
    let mut tick = interval(INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            Some(done) = deliveries.sending.join_next_with_id() => {
                let id = done.map_or_else(|error| error.id(), |(id, ())| id);
                deliveries.under_way.remove(&id);
            }
        }
        deliveries.core.keeping().await;
        for kind in [MailKind::Code, MailKind::Digest] {
            if let Err(error) = deliveries.send_due(kind).await {
                tracing::warn!(%error, "the outbox could not be read");
            }
        }
    }
}

impl Deliveries {
    /// Begins to send the due mails of this kind, as many as there are free places.
    async fn send_due(&mut self, kind: MailKind) -> Result<()> {
        let digests = self.under_way.values();
        let digests = digests.filter(|(_, kind)| *kind == MailKind::Digest);
        let room = AT_A_TIME - self.under_way.len();
        let room = match kind {
            MailKind::Code => room,
            MailKind::Digest => room.min(DIGESTS - digests.count()),
        };
        if room == 0 {
            return Ok(());
        }
        // Mails that are being sent are still due in the database.
        let most = 2 * AT_A_TIME as u32;
        let due = self
            .core
            .read(move |view| outbox::due(view, kind, most))
            .await?;
        let is_under_way = |mail: &Mail| self.under_way.values().any(|(id, _)| *id == mail.id);
        let next: Vec<_> = due.into_iter().filter(|mail| !is_under_way(mail)).collect();
        for mail in next.into_iter().take(room) {
            let (id, core, smtp) = (mail.id, self.core.clone(), self.smtp.clone());
            let off = mail.reader.map(|reader| self.links.off(reader));
            let task = self.sending.spawn(async move {
                let outcome = Outcome::of(&mail, smtp.send(&mail, off).await);
                // The mail keeps its place until its outcome is stored: otherwise it would be sent again at once.
                while let Err(error) = outcome.note(&core, &mail).await {
                    tracing::warn!(mail = id.number(), %error, "the outcome of a mail could not be stored yet");
                    tokio::time::sleep(AGAIN).await;
                }
            });
            self.under_way.insert(task.id(), (id, kind));
        }
        Ok(())
    }
}

/// The outcome of sending a mail.
#[derive(Clone)]
enum Outcome {
    Sent,
    /// To be tried again; with the mail server's words.
    Failed(String),
    /// Not to be tried again; with the mail server's words.
    Refused(String),
}

impl Outcome {
    fn of(mail: &Mail, sent: std::result::Result<(), SendError>) -> Self {
        let Err(SendError { for_good, error }) = sent else {
            return Self::Sent;
        };
        let (number, why) = (mail.id.number(), for_the_log(&error));
        let words = format!("{error:#}");
        if for_good {
            tracing::warn!(
                mail = number,
                why,
                "a mail was not taken, and is not tried again"
            );
            Self::Refused(words)
        } else {
            tracing::warn!(
                mail = number,
                why,
                "a mail was not taken, and is tried again"
            );
            Self::Failed(words)
        }
    }

    async fn note(&self, core: &Core, mail: &Mail) -> Result<()> {
        let (outcome, mail) = (self.clone(), mail.clone());
        core.write(move |tx| match outcome {
            Self::Sent => outbox::sent(tx, mail.id),
            Self::Failed(words) => outbox::failed(tx, &mail, &words),
            Self::Refused(words) => outbox::refused(tx, &mail, &words),
        })
        .await
    }
}
