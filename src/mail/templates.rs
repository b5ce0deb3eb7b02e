//! What does a mail say? The words are here; the templates in `assets/mail` lay them out and escape them.

use askama::Template;

use crate::core::digest::Digest;
use crate::core::model::{Message, Time};
use crate::core::oneself::AddressMail;
use crate::core::outbox::MailContent;
use crate::core::text;

/// The words of a mail, for its text and its HTML.
struct Words {
    heading: String,
    lines: Vec<String>,
    /// A code or a token, shown large.
    code: Option<String>,
    link: Option<Link>,
    quotes: Vec<Quote>,
    /// Tells of conversations that are not quoted.
    rest: Option<String>,
    footer: &'static str,
    /// The URL that turns such mail off.
    off: Option<String>,
}

struct Link {
    url: String,
    label: &'static str,
}

struct Quote {
    /// The name of the conversation, at the first quote from it.
    place: Option<String>,
    author: String,
    text: String,
}

#[derive(Template)]
#[template(path = "mail.txt", config = "assets/askama.toml", escape = "none")]
struct Plain<'l> {
    words: &'l Words,
}

#[derive(Template)]
#[template(path = "mail.html", config = "assets/askama.toml")]
struct Html<'l> {
    words: &'l Words,
}

const NOT_YOU: &str = "If this was not you, you need not do anything.";

impl Words {
    fn new(heading: &str, lines: &[&str]) -> Self {
        Self {
            heading: heading.to_owned(),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            code: None,
            link: None,
            quotes: Vec::new(),
            rest: None,
            footer: NOT_YOU,
            off: None,
        }
    }

    fn render(&self) -> MailContent {
        // Never fails: a string takes everything.
        let text = Plain { words: self }.render().unwrap_or_default();
        let html = Html { words: self }.render().unwrap_or_default();
        MailContent {
            subject: self.heading.clone(),
            text,
            html,
        }
    }
}

/// A mail with the six digits to sign up with.
pub fn sign_up(code: &str) -> MailContent {
    let mut words = Words::new(
        "Your code to sign up",
        &["Type this code to go on. It is valid for 10 minutes."],
    );
    words.code = Some(code.to_owned());
    words.render()
}

/// A mail to an address that has an account, when somebody tries to sign up with it.
pub fn already_registered() -> MailContent {
    let lines = [
        "Somebody, probably you, wants to sign up with this address, which has an account already.",
    ];
    Words::new("You have an account already", &lines).render()
}

/// A mail with the six digits to reset a password with.
pub fn reset(code: &str) -> MailContent {
    let lines = ["Type this code to choose a new password. It is valid for 10 minutes."];
    let mut words = Words::new("Your code for a new password", &lines);
    words.code = Some(code.to_owned());
    words.render()
}

/// What is mailed to an address that somebody wants to have for their account: the six digits, or that it has an account.
pub fn new_address(code: &str) -> AddressMail {
    let lines = [
        "Type this code to use this address for your account from now on. It is valid for 10 minutes.",
    ];
    let mut words = Words::new("Your code for a new address", &lines);
    words.code = Some(code.to_owned());
    let taken = [
        "Somebody, probably you, wants to use this address for an account. It has an account already.",
    ];
    AddressMail {
        code: words.render(),
        taken: Words::new("This address has an account already", &taken).render(),
    }
}

/// A mail to the address that an account had until now.
pub fn moved_away() -> MailContent {
    let lines =
        ["Your account has another e-mail address now, and this one is not used for it any more."];
    let mut words = Words::new("Your account has another address", &lines);
    words.footer = "If this was not you, tell whoever runs this server.";
    words.render()
}

/// A mail with the link to reset a password with, and its token alone.
pub fn reset_link(public_url: &str, token: &str) -> MailContent {
    let lines =
        ["Use this token or this link to choose a new password. It is valid for one hour, once."];
    let mut words = Words::new("Choose a new password", &lines);
    words.code = Some(token.to_owned());
    let url = format!("{public_url}/#reset?token={token}");
    words.link = Some(Link {
        url,
        label: "Choose a new password",
    });
    words.render()
}

/// A mail to administrators: the backup of this moment failed. `last` is the last good one.
pub fn backup_failed(public_url: &str, at: Time, why: &str, last: Option<Time>) -> MailContent {
    let failed = format!("The backup of {} failed: {why}", at.iso());
    let last = match last {
        Some(last) => format!("The last good backup is of {}.", last.iso()),
        None => "There is no good backup.".to_owned(),
    };
    let next = "The server goes on, and tries again by itself. There is no other mail until a backup has succeeded.";
    let mut words = Words::new("A backup failed", &[&failed, &last, next]);
    words.link = Some(Link {
        url: format!("{public_url}/admin"),
        label: "See how the server does",
    });
    words.footer = "You get this because you administer this server.";
    words.render()
}

/// A mail to administrators: at this moment a certificate could not be got. `ends` is until when the one in use is valid.
pub fn certificate_failed(
    public_url: &str,
    at: Time,
    why: &str,
    ends: Option<Time>,
) -> MailContent {
    let failed = format!("At {} no certificate could be got: {why}", at.iso());
    let now = match ends {
        Some(ends) => format!("The one in use is valid until {}.", ends.iso()),
        None => "There is none, so nobody can come in.".to_owned(),
    };
    let next = "The server goes on, and tries again by itself. There is no other mail until it has succeeded.";
    let mut words = Words::new("A certificate could not be got", &[&failed, &now, next]);
    words.link = Some(Link {
        url: format!("{public_url}/admin"),
        label: "See how the server does",
    });
    words.footer = "You get this because you administer this server.";
    words.render()
}

/// A mail about messages that somebody has not read; `off` is the URL that turns such mail off.
pub fn digest(digest: &Digest, off: &str) -> MailContent {
    let newest = digest
        .conversations
        .first()
        .and_then(|told| told.latest.last());
    let heading = match (digest.count, newest) {
        (1, Some(message)) => format!("A message from {}", message.author.name),
        (count, _) => format!("{count} messages you have not read"),
    };
    let greeting = format!("Hello {},", digest.name);
    let mut words = Words::new(&one_line(&heading), &[&greeting]);
    for told in &digest.conversations {
        // A conversation of two has no name: beside others it goes by whoever wrote.
        let author = || told.latest.first().map(|message| &*message.author.name);
        let is_one_of_many = digest.conversations.len() > 1;
        let place = told.place.as_deref();
        let mut place = place
            .or_else(|| author().filter(|_| is_one_of_many))
            .map(one_line);
        for message in &told.latest {
            words.quotes.push(Quote {
                place: place.take(),
                author: message.author.name.to_string(),
                text: said(message),
            });
        }
    }
    words.rest = match digest.more {
        0 => None,
        1 => Some("And there is more in one other conversation.".to_owned()),
        more => Some(format!("And there is more in {more} other conversations.")),
    };
    words.footer = "You get this because you were not there when it was said.";
    words.off = Some(off.to_owned());
    words.render()
}

/// How many characters of a message a mail quotes.
const QUOTED: usize = 500;

/// The text of a message, and what is attached to it.
fn said(message: &Message) -> String {
    let attached = message
        .attachments
        .iter()
        .map(|one| format!("[{}]", one.filename));
    let mut text = text::cut(&message.text, QUOTED);
    if text.len() < message.text.len() {
        text.push_str(" …");
    }
    let text = Some(text).filter(|text| !text.is_empty());
    text.into_iter()
        .chain(attached)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text without line breaks, because a heading becomes the subject, and a line break would begin another header.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_is_escaped() {
        let mut words = Words::new("Hi", &["<img src=x onerror=alert(1)>"]);
        words.quotes.push(Quote {
            place: Some("<i>".into()),
            author: "<b>".into(),
            text: "a & b".into(),
        });
        let content = words.render();
        assert!(
            ["<img", "<b>", "<i>"]
                .iter()
                .all(|tag| !content.html.contains(tag)),
            "{}",
            content.html
        );
        assert!(
            content.text.contains("<img src=x onerror=alert(1)>")
                && content.text.contains("<b>: a & b")
        );
    }

    #[test]
    fn codes_stand_alone_on_a_line() {
        assert!(sign_up("012345").text.lines().any(|line| line == "012345"));
        let link = reset_link("https://chat.example", "abc");
        assert!(link.text.lines().any(|line| line == "abc") && link.text.contains("token=abc"));
    }
}
