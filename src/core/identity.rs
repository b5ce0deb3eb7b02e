//! Which names and addresses count as the same? What names may contain, and the keys by which both are compared.
//!
//! Names and addresses are compared by their keys, so that what looks the same to a person is the same. They are shown, and
//! mail is sent, as they were written.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::text;

/// Is this character invisible, or does it change the direction of others?
pub(super) fn is_hidden(c: char) -> bool {
    match c {
        // Zero-width spaces, joiners and direction marks; soft hyphens and the like.
        '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' => true,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{17B4}' | '\u{17B5}' => {
            true
        }
        // Direction overrides, embeddings and isolates.
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}' => true,
        // Line and paragraph separators.
        '\u{2028}' | '\u{2029}' => true,
        // Blank letters.
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}' => true,
        // Variation selectors (except the two that choose text or emoji), annotations, musical beams, tags.
        '\u{FE00}'..='\u{FE0D}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' => true,
        '\u{E0000}'..='\u{E0FFF}' => true,
        _ => c.is_control(),
    }
}

/// Does a joiner (ZWJ or ZWNJ) between these letters change how they are written? Names in Persian and Indic scripts need
/// them, and emoji are composed with one.
fn is_spelled(before: char, joiner: char, after: char) -> bool {
    let is_arabic = |c| matches!(c, '\u{620}'..='\u{6FF}');
    let kills_a_vowel = matches!(
        before,
        '\u{94D}'
            | '\u{9CD}'
            | '\u{A4D}'
            | '\u{ACD}'
            | '\u{B4D}'
            | '\u{BCD}'
            | '\u{C4D}'
            | '\u{CCD}'
            | '\u{D4D}'
            | '\u{DCA}'
    );
    let is_picture =
        |c| matches!(c, '\u{2600}'..='\u{27BF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}');
    match joiner {
        '\u{200C}' => kills_a_vowel || is_arabic(before) && is_arabic(after),
        '\u{200D}' => kills_a_vowel || is_picture(before) && is_picture(after),
        _ => false,
    }
}

/// The positions of a name's invisible characters.
fn hidden_in(name: &str) -> Vec<bool> {
    let letters: Vec<_> = name.chars().collect();
    let beside = |at: usize| letters.get(at).copied().unwrap_or(' ');
    let hides = |(at, c): (usize, &char)| {
        is_hidden(*c) && !(at > 0 && is_spelled(letters[at - 1], *c, beside(at + 1)))
    };
    letters.iter().enumerate().map(hides).collect()
}

/// What is wrong if a name or an address has invisible characters.
pub fn wrong_with_signs(name: &str) -> Option<String> {
    if name.chars().any(char::is_control) {
        Some("must not contain control characters".into())
    } else if hidden_in(name).contains(&true) {
        Some("must not contain invisible characters".into())
    } else {
        None
    }
}

/// A name from another system as one of at most `most` characters, without invisible characters and line ends. `None` if
/// nothing is left. It is never refused, because the person cannot correct it there.
pub fn cleaned(name: &str, most: usize) -> Option<String> {
    let seen = name.chars().zip(hidden_in(name)).map(|(c, hides)| match c {
        _ if !hides => Some(c),
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        _ => None,
    });
    let seen: String = seen.flatten().collect();
    let words: Vec<_> = seen.split_whitespace().collect();
    let name = text::cut(&words.join(" "), most);
    Some(name.trim_end().to_owned()).filter(|name| !name.is_empty())
}

/// The key of a name: compatible letters made one (NFKC), one case, nothing invisible.
pub fn name_key(name: &str) -> String {
    let compatible = ComposingNormalizerBorrowed::new_nfkc();
    let folded = in_one_case(&compatible.normalize(name));
    let folded = compatible.normalize(&folded);
    let seen: String = folded.chars().filter(|c| !is_hidden(*c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The key of an e-mail address: its domain as in the DNS (IDNA), the local part in one case (NFC).
pub fn email_key(email: &str) -> String {
    let email = email.trim();
    if email.is_ascii() {
        return email.to_ascii_lowercase();
    }
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    // No NFKC here: compatible letters may name different mailboxes.
    let canonical = ComposingNormalizerBorrowed::new_nfc();
    let local = canonical.normalize(local).to_lowercase();
    let local = canonical.normalize(&local);
    let domain = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase());
    format!("{local}@{domain}")
}

/// Folds case letter by letter, by upper case first: some letters are equal only there (`ß` and `SS`, `ς` and `σ`).
pub(super) fn in_one_case(name: &str) -> String {
    let capitals = name.chars().flat_map(char::to_uppercase);
    capitals.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_is_compared_as_the_same() {
        for (one, other) in [
            ("Ann", "aNN"),
            ("ann", "\u{FF21}\u{FF2E}\u{FF2E}"),
            ("straße", "STRASSE"),
            ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
            ("José", "Jose\u{301}"),
            ("ann lee", " Ann\u{A0} Lee "),
            ("office", "oﬃce"),
            ("ශ්‍රී", "ශ්රී"),
        ] {
            assert_eq!(name_key(one), name_key(other), "{one} and {other}");
        }
        assert_ne!(name_key("ann"), name_key("anne"));
    }

    #[test]
    fn an_address_is_the_same_however_it_is_spelled() {
        for (one, other) in [
            ("Ann@Example.Test", "ann@example.test"),
            ("böss@example.test", "BÖSS@example.test"),
            ("bo\u{308}ss@example.test", "böss@example.test"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
            ("ann@BÜCHER.example", "ann@bücher.example"),
            ("ann@ｅxample.test", "ann@example.test"),
        ] {
            assert_eq!(email_key(one), email_key(other), "{one} and {other}");
        }
        assert_ne!(
            email_key("ｂoss@example.test"),
            email_key("boss@example.test")
        );
    }

    #[test]
    fn hidden_signs_are_found_and_spelling_is_not() {
        for good in [
            "Ann",
            "O'Brien, Jr.",
            "李 雷",
            "علی‌رضا",
            "ශ්‍රී",
            "👩‍🚀 Eve",
            "❤️",
            "José",
        ] {
            assert_eq!(wrong_with_signs(good), None, "{good:?}");
        }
        for bad in [
            "an\u{200B}n",
            "an\u{200D}n",
            "\u{200F}ann",
            "\u{202E}nna",
            "\u{2067}ann",
            "ann\u{FEFF}",
            "\u{3164}",
            "\u{2800}",
            "a\nb",
            "a\0b",
            "a\u{2028}b",
            "a\u{AD}b",
            "\u{E0061}",
            "\u{200C}ann",
            "a\u{85}b",
        ] {
            assert!(wrong_with_signs(bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn what_others_call_somebody_is_made_a_name() {
        assert_eq!(
            cleaned("  Ann\r\n\u{202E}Lee\0 ", 100).as_deref(),
            Some("Ann Lee")
        );
        assert_eq!(cleaned(&"x".repeat(9_000), 100), Some("x".repeat(100)));
        assert_eq!(cleaned("\u{3164}\u{200B}\n", 100), None);
    }
}
