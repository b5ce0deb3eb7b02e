//! Who sends mail? One task writes digests that are due ([`writing`]), another sends mails by SMTP ([`delivery`]). It tries
//! each mail with growing pauses until it is accepted or refused for good. No request waits for them.

mod delivery;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::core::Core;
use crate::core::model::{AccountId, Mail, StopId};
use crate::web::this_machine::names_this_machine;

/// How often the tasks look for what is due.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long an SMTP server may take to accept a mail.
const SMTP_TIMEOUT: Duration = Duration::from_secs(20);

/// The connection to the mail server, and the sender.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// `smtp://[user@]host[:port]` (STARTTLS if it is offered; with a password it is required, unless the server is on
    /// this machine) or `smtps://…`.
    ///
    /// # Errors
    /// What is wrong with a flag, and what to write instead.
    pub fn new(url: &str, password: Option<String>, from: Mailbox) -> anyhow::Result<Self> {
        // Before the URL is parsed: a password may contain signs that end a host's name.
        let after = url.split_once("://").map_or(url, |(_, after)| after);
        let before_host = after.rsplit_once('@').map_or("", |(user, _)| user);
        if before_host.contains(':') {
            bail!("--smtp-url holds a password: put it into a file and give --smtp-password-file");
        }
        let wrong = || anyhow!("--smtp-url {url}: write smtp://user@host:587 or smtps://user@host");
        let parsed: http::Uri = url.parse().map_err(|_| wrong())?;
        let authority = parsed.authority().ok_or_else(wrong)?;
        let host = authority.host().trim_matches(['[', ']']);
        let here = names_this_machine(host);
        let user = authority.as_str().rsplit_once('@').map(|(user, _)| user);
        // On this machine nobody can listen in, and certificates are usually self-signed.
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
            .timeout(Some(SMTP_TIMEOUT));
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

    /// Connects to the mail server, logs in as for a mail, and sends none.
    ///
    /// # Errors
    /// Why that is not possible.
    pub async fn greet(&self) -> anyhow::Result<()> {
        match self.transport.test_connection().await? {
            true => Ok(()),
            false => bail!("it does not answer"),
        }
    }

    /// Sends a mail; `off` is the URL at which its reader turns such mail off.
    async fn send(&self, mail: &Mail, off: Option<String>) -> Result<(), SendError> {
        let message = self.message(mail, off).map_err(SendError::for_good)?;
        let sending = tokio::time::timeout(SMTP_TIMEOUT, self.transport.send(message));
        match sending.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(SendError {
                for_good: is_final(&error),
                error: error.into(),
            }),
            Err(_) => Err(SendError {
                for_good: false,
                error: anyhow!("the mail server took too long"),
            }),
        }
    }

    fn message(&self, mail: &Mail, off: Option<String>) -> anyhow::Result<Message> {
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(mail
                .to
                .parse()
                .context("the recipient is not an e-mail address")?)
            .subject(&mail.subject)
            // A mail that is sent again has the same id, so that a mail server can drop the second one.
            .message_id(Some(format!(
                "<{}.{}@chat>",
                mail.id.number(),
                mail.created_at.0
            )));
        if let Some(off) = off {
            message = message
                .header(ListUnsubscribe(off))
                .header(ListUnsubscribePost);
        }
        Ok(message.multipart(MultiPart::alternative_plain_html(
            mail.text.clone(),
            mail.html.clone(),
        ))?)
    }
}

/// Why a mail was not accepted.
struct SendError {
    /// It will never be accepted, so it is not tried again.
    for_good: bool,
    error: anyhow::Error,
}

impl SendError {
    fn for_good(error: anyhow::Error) -> Self {
        Self {
            for_good: true,
            error,
        }
    }
}

/// Status codes about our login at the mail server, and not about the mail: the mail may be accepted later.
const ABOUT_US: [&str; 4] = ["530", "534", "535", "538"];

/// Would the mail server refuse this mail every time?
fn is_final(error: &lettre::transport::smtp::Error) -> bool {
    let about_us = |code: String| ABOUT_US.contains(&&*code);
    error.is_permanent()
        && !error
            .status()
            .is_some_and(|code| about_us(code.to_string()))
}

/// `List-Unsubscribe` (RFC 2369): the URL at which mail programs turn such mail off.
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.trim_matches(['<', '>']).to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), format!("<{}>", self.0))
    }
}

/// `List-Unsubscribe-Post` (RFC 8058): a POST to that URL turns it off without a question.
#[derive(Clone)]
struct ListUnsubscribePost;

impl Header for ListUnsubscribePost {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}

/// Makes the links in mails.
#[derive(Clone)]
pub struct Links {
    core: Core,
    public_url: String,
}

impl Links {
    pub fn new(core: Core, public_url: String) -> Self {
        Self { core, public_url }
    }

    /// The link that turns mail about unread messages off for this person; it is good for nothing else.
    fn off(&self, reader: AccountId) -> String {
        let token = StopId::new(reader.number()).map(|id| self.core.spelling().uuid(id));
        let token = token.as_ref().map_or("", |token| token);
        format!("{}/mail/off/{token}", self.public_url)
    }
}

/// Writes and sends mails until it is cancelled. Without SMTP they are written and stay in the outbox.
pub async fn run(core: Core, smtp: Option<Smtp>, public_url: String) {
    let links = Links::new(core.clone(), public_url);
    let delivering = async {
        if let Some(smtp) = smtp {
            delivery::deliver(core.clone(), Arc::new(smtp), links.clone()).await;
        }
    };
    tokio::join!(writing::write(&core, &links), delivering);
}

/// A mail server's words may repeat the mail with its codes: so the log gets only the status code, and the outbox the words.
fn for_the_log(error: &anyhow::Error) -> String {
    let answer = error.downcast_ref::<lettre::transport::smtp::Error>();
    match answer.and_then(lettre::transport::smtp::Error::status) {
        Some(code) => format!("the mail server answered {code}; its words are in the outbox"),
        None => format!("{error:#}"),
    }
}
