//! Who brings the mail? One task that looks into the outbox, writes what is due and has no words yet, and hands letters
//! over by SMTP, again and again with growing waits until one is taken. Nobody waits for it.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::letters;
use crate::core::error::Result;
use crate::core::model::{Mail, Time};
use crate::core::{Core, outbox};

/// How often the outbox is looked into.
const ROUND: Duration = Duration::from_millis(500);
/// Letters of one round.
const BAG: u32 = 20;
/// How long an SMTP server may take to take a letter.
const PATIENCE: Duration = Duration::from_secs(20);

/// How mail is handed over.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// `smtp://[user@]host[:port]` (STARTTLS where it is offered, and required for a password unless the server is on
    /// this machine) or `smtps://…`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn new(url: &str, password: Option<String>, from: &str) -> anyhow::Result<Self> {
        let from = from
            .parse()
            .with_context(|| format!("--mail-from {from} is no address"))?;
        // Looked for before anything is read: a password may have in it what ends the name of a host.
        let after = url.split_once("://").map_or(url, |(_, after)| after);
        let before_host = after.rsplit_once('@').map_or("", |(user, _)| user);
        if before_host.contains(':') {
            bail!("--smtp-url holds a password: put it into a file and give --smtp-password-file");
        }
        let wrong = || anyhow!("--smtp-url {url}: write smtp://user@host:587 or smtps://user@host");
        let parsed: http::Uri = url.parse().map_err(|_| wrong())?;
        let authority = parsed.authority().ok_or_else(wrong)?;
        let host = authority.host().trim_matches(['[', ']']);
        let user = authority.as_str().rsplit_once('@').map(|(user, _)| user);
        let here = host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        // On this machine nobody listens in between, and certificates are self-made.
        let tls = TlsParameters::builder(host.to_owned())
            .dangerous_accept_invalid_certs(here)
            .build()?;
        let (default_port, tls) = match (parsed.scheme_str(), user.is_some() && !here) {
            (Some("smtps"), _) => (465, Tls::Wrapper(tls)),
            (Some("smtp"), true) => (587, Tls::Required(tls)),
            (Some("smtp"), false) => (if here { 25 } else { 587 }, Tls::Opportunistic(tls)),
            _ => return Err(wrong()),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(authority.port_u16().unwrap_or(default_port))
            .tls(tls)
            .timeout(Some(PATIENCE));
        match (user, password) {
            (Some(user), Some(password)) => {
                let user = user.replace("%40", "@");
                transport = transport.credentials(Credentials::new(user, password));
            }
            (None, Some(_)) => {
                bail!("--smtp-password-file needs a user in --smtp-url: smtp://user@host")
            }
            (Some(_), None) => bail!("the user in --smtp-url needs --smtp-password-file"),
            (None, None) => {}
        }
        Ok(Self {
            transport: transport.build(),
            from,
        })
    }

    async fn send(&self, mail: &Mail) -> anyhow::Result<()> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(mail.to.parse().context("the recipient is no address")?)
            .subject(&mail.subject)
            // The same letter has the same id: a server that got it twice can tell.
            .message_id(Some(format!(
                "<{}.{}@chat>",
                mail.id.number(),
                mail.created_at.0
            )))
            .multipart(MultiPart::alternative_plain_html(
                mail.text.clone(),
                mail.html.clone(),
            ))?;
        let sending = tokio::time::timeout(PATIENCE, self.transport.send(message));
        sending.await.context("the mail server took too long")??;
        Ok(())
    }
}

/// Goes round until the core has closed. Without SMTP letters are written and stay in the outbox.
pub async fn go_round(core: Core, smtp: Option<Smtp>) {
    let mut round = tokio::time::interval(ROUND);
    round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        let done = async {
            write_due(&core).await?;
            match &smtp {
                Some(smtp) => deliver(&core, smtp).await,
                None => Ok(()),
            }
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "a round of the postman ended early");
        }
    }
}

/// Gives words to mail about unread messages, and forgets what was read in time.
async fn write_due(core: &Core) -> Result<()> {
    let due = core
        .read(|view| outbox::to_write(view, Time::now(), BAG))
        .await?;
    for mail in due {
        core.write(move |tx| match outbox::unread(tx, &mail)? {
            Some(unread) => outbox::write(tx, mail.id, &letters::unread(&unread)),
            None => outbox::drop_mail(tx, mail.id),
        })
        .await?;
    }
    Ok(())
}

async fn deliver(core: &Core, smtp: &Smtp) -> Result<()> {
    let due = core
        .read(|view| outbox::due(view, Time::now(), BAG))
        .await?;
    for mail in due.into_iter().filter(|mail| !mail.subject.is_empty()) {
        let (id, sent) = (mail.id, smtp.send(&mail).await);
        match sent {
            Ok(()) => core.write(move |tx| outbox::sent(tx, id)).await?,
            Err(error) => {
                let why = for_the_log(&error);
                tracing::warn!(
                    mail = id.number(),
                    why,
                    "a mail was not taken, and is tried again"
                );
                let error = format!("{error:#}");
                core.write(move |tx| outbox::failed(tx, &mail, &error))
                    .await?;
            }
        }
    }
    Ok(())
}

/// What a mail server says may repeat the mail, and there are codes in it: the log gets the number, the outbox the words.
fn for_the_log(error: &anyhow::Error) -> String {
    let answer = error.downcast_ref::<lettre::transport::smtp::Error>();
    match answer.and_then(lettre::transport::smtp::Error::status) {
        Some(code) => format!("the mail server answered {code}; its words are in the outbox"),
        None => format!("{error:#}"),
    }
}
