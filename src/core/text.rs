//! What is wrong with names, addresses, passwords and texts, in words for the person who typed them.

use email_address::EmailAddress;

use super::{identity, limits};

/// A control character other than a line break or a tab hides what is shown.
fn hides(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// What is wrong with a line of 1 to `most` characters.
pub fn wrong_with_line(line: &str, most: usize) -> Option<String> {
    if line.trim().is_empty() {
        Some("must not be empty".into())
    } else if line.chars().count() > most {
        Some(format!("must be at most {most} characters"))
    } else if line.chars().any(char::is_control) {
        Some("must not contain control characters".into())
    } else {
        None
    }
}

/// What is wrong with the name of a person or a conversation.
pub fn wrong_with_name(name: &str) -> Option<String> {
    wrong_with_line(name, limits::NAME_CHARS).or_else(|| identity::wrong_with_signs(name))
}

/// What is wrong with a text of at most `most` characters; an empty one is fine. What [`without_hidden`] drops does not
/// count.
pub fn wrong_with_text(text: &str, most: usize) -> Option<String> {
    let shown = text.chars().filter(|c| !hides(*c)).count();
    (shown > most).then(|| format!("must be at most {most} characters"))
}

/// The text without hidden control characters: text pasted from a terminal has escapes in it.
pub fn without_hidden(text: String) -> String {
    if !text.contains(hides) {
        return text;
    }
    text.chars().filter(|c| !hides(*c)).collect()
}

/// Is a text blank?
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || hides(c))
}

/// What is wrong with an e-mail address. Whether it exists, only a mail can tell.
pub fn wrong_with_email(email: &str) -> Option<String> {
    // Quoted local parts and address literals are valid, but nobody has one, and attacks use them to misdirect mail.
    let plain =
        !email.contains(|c: char| c.is_whitespace() || c.is_control() || "\"<>[]".contains(c));
    if email.is_empty() {
        Some("must not be empty".into())
    } else if !plain || !EmailAddress::is_valid(email) {
        Some("must be an e-mail address".into())
    } else {
        identity::wrong_with_signs(email)
    }
}

/// What is wrong with a password that is being chosen.
pub fn wrong_with_password(password: &str) -> Option<String> {
    if password.chars().count() < limits::PASSWORD_MIN_CHARS {
        Some(format!(
            "must be at least {} characters",
            limits::PASSWORD_MIN_CHARS
        ))
    } else if password.len() > limits::PASSWORD_MAX_BYTES {
        Some(format!(
            "must be at most {} bytes",
            limits::PASSWORD_MAX_BYTES
        ))
    } else {
        None
    }
}

/// The first `most` characters.
pub fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for good in [
            "john@example.com",
            "a.b+c@sub.example.co",
            "jürgen@exämple.de",
            "x@localhost",
        ] {
            assert_eq!(wrong_with_email(good), None, "{good}");
        }
        for bad in [
            "",
            "john",
            "@example.com",
            "john@",
            "a b@c.de",
            "a@b@c.de",
            "a@b..de",
            "<a@b.de>",
            "a@-b.de",
        ] {
            assert!(wrong_with_email(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn what_hides_in_a_text_is_dropped_and_the_rest_stays() {
        let pasted = "\u{1b}[31mred\u{1b}[0m\tand\u{b}\u{c}\r\nblue\u{0}\u{9b}";
        assert_eq!(without_hidden(pasted.into()), "[31mred[0m\tand\r\nblue");
        assert_eq!(wrong_with_text(pasted, 20), None);
        assert!(wrong_with_text(pasted, 19).is_some());
        assert!(is_blank("\u{1b}\u{c} \n") && !is_blank("\u{1b}x"));
    }
}
