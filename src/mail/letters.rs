//! What does a mail say? Its words here, its looks in `assets/mail`; everything in it is escaped there.

use askama::Template;

use crate::core::outbox::{Letter, Unread};

/// What a letter says, whatever it looks like.
struct Words {
    heading: String,
    lines: Vec<String>,
    /// Shown large.
    code: Option<String>,
    link: Option<Link>,
    quotes: Vec<Quote>,
    footer: &'static str,
}

struct Link {
    url: String,
    label: &'static str,
}

struct Quote {
    author: String,
    text: String,
}

#[derive(Template)]
#[template(path = "letter.txt", config = "assets/askama.toml", escape = "none")]
struct Plain<'l> {
    words: &'l Words,
}

#[derive(Template)]
#[template(path = "letter.html", config = "assets/askama.toml")]
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
            footer: NOT_YOU,
        }
    }

    fn letter(&self) -> Letter {
        // Rendering fails for a writer that fails, which a string is not.
        let text = Plain { words: self }.render().unwrap_or_default();
        let html = Html { words: self }.render().unwrap_or_default();
        Letter {
            subject: self.heading.clone(),
            text,
            html,
        }
    }
}

/// The six digits to sign up with.
pub fn sign_up(code: &str) -> Letter {
    let mut words = Words::new(
        "Your code to sign up",
        &["Type this code to go on. It is valid for 10 minutes."],
    );
    words.code = Some(code.to_owned());
    words.letter()
}

/// Somebody tried to sign up with an address that has an account.
pub fn already_registered() -> Letter {
    let lines = [
        "Somebody, probably you, wants to sign up with this address, which has an account already.",
    ];
    Words::new("You have an account already", &lines).letter()
}

/// The six digits to reset a password with.
pub fn reset(code: &str) -> Letter {
    let lines = ["Type this code to choose a new password. It is valid for 10 minutes."];
    let mut words = Words::new("Your code for a new password", &lines);
    words.code = Some(code.to_owned());
    words.letter()
}

/// The link to reset a password with, and the token alone.
pub fn reset_link(public_url: &str, token: &str) -> Letter {
    let lines =
        ["Use this token or this link to choose a new password. It is valid for one hour, once."];
    let mut words = Words::new("Choose a new password", &lines);
    words.code = Some(token.to_owned());
    let url = format!("{public_url}/#reset?token={token}");
    words.link = Some(Link {
        url,
        label: "Choose a new password",
    });
    words.letter()
}

/// What somebody has not read.
pub fn unread(unread: &Unread) -> Letter {
    let last = unread
        .latest
        .last()
        .map_or("somebody", |message| &message.author.name);
    let heading = match unread.count {
        1 => format!("A message from {last}"),
        count => format!("{count} messages you have not read"),
    };
    let greeting = format!("Hello {},", unread.name);
    let mut words = Words::new(&one_line(&heading), &[&greeting]);
    words.quotes = unread
        .latest
        .iter()
        .map(|message| Quote {
            author: message.author.name.to_string(),
            text: message.text.clone(),
        })
        .collect();
    words.footer = "You get this because you were not there when it was said.";
    words.letter()
}

/// A heading becomes a mail's subject: nothing in it may begin another header.
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
            author: "<b>".into(),
            text: "a & b".into(),
        });
        let letter = words.letter();
        assert!(
            !letter.html.contains("<img") && !letter.html.contains("<b>"),
            "{}",
            letter.html
        );
        assert!(
            letter.text.contains("<img src=x onerror=alert(1)>")
                && letter.text.contains("<b>: a & b")
        );
    }

    #[test]
    fn codes_stand_alone_on_a_line() {
        assert!(sign_up("012345").text.lines().any(|line| line == "012345"));
        let link = reset_link("https://chat.example", "abc");
        assert!(link.text.lines().any(|line| line == "abc") && link.text.contains("token=abc"));
    }
}
