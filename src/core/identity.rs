//! Is this the same name, the same address? What names may hold, and the keys by which they and addresses are compared.
//!
//! Whoever compares two names or two addresses compares their keys, so that what looks the same to a person is the same.
//! What is shown, and where mail goes, stays as it was written.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::text;

/// Is this a sign that is not seen, or that has others seen elsewhere than they stand?
fn is_hidden(c: char) -> bool {
    match c {
        // Zero-width spaces, joiners and marks of direction; soft hyphens and the like.
        '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' => true,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{17B4}' | '\u{17B5}' => {
            true
        }
        // Overrides, embeddings and isolates of direction.
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}' => true,
        // Lines and paragraphs.
        '\u{2028}' | '\u{2029}' => true,
        // Letters that are blank.
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}' => true,
        // Variants (but for the two that choose between text and picture), annotations, musical beams, tags.
        '\u{FE00}'..='\u{FE0D}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' => true,
        '\u{E0000}'..='\u{E0FFF}' => true,
        _ => c.is_control(),
    }
}

/// Does the one of these two joiners that stands between such letters change how they are written? Persian and the scripts
/// of India spell names with them, and pictures are put together by one.
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

/// Where the hidden signs of a name are.
fn hidden_in(name: &str) -> Vec<bool> {
    let letters: Vec<_> = name.chars().collect();
    let beside = |at: usize| letters.get(at).copied().unwrap_or(' ');
    let hides = |(at, c): (usize, &char)| {
        is_hidden(*c) && !(at > 0 && is_spelled(letters[at - 1], *c, beside(at + 1)))
    };
    letters.iter().enumerate().map(hides).collect()
}

/// What is wrong with the hidden signs of a name or an address, if it has any.
pub fn wrong_with_signs(name: &str) -> Option<String> {
    if name.chars().any(char::is_control) {
        Some("must not contain control characters".into())
    } else if hidden_in(name).contains(&true) {
        Some("must not contain invisible characters".into())
    } else {
        None
    }
}

/// What another place calls somebody, as a name of at most `most` characters: its hidden signs are gone, and a line has
/// one end. `None` if nothing is left. Whoever comes from there cannot mend it, so it is never refused.
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

/// By what a name is compared: letters that stand for the same one, in one case, and nothing that is not seen.
pub fn name_key(name: &str) -> String {
    let compatible = ComposingNormalizerBorrowed::new_nfkc();
    let folded = in_one_case(&compatible.normalize(name));
    let folded = compatible.normalize(&folded);
    let seen: String = folded.chars().filter(|c| !is_hidden(*c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// By what an e-mail address is compared: its domain as it stands in the DNS, and what is before it in one case.
pub fn email_key(email: &str) -> String {
    let email = email.trim();
    if email.is_ascii() {
        return email.to_ascii_lowercase();
    }
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    // Compatible letters are told apart there: another mailbox may be called by them.
    let canonical = ComposingNormalizerBorrowed::new_nfc();
    let local = canonical.normalize(local).to_lowercase();
    let local = canonical.normalize(&local);
    let domain = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase());
    format!("{local}@{domain}")
}

/// Each letter by itself: capitals first, because some letters are one only there (`ß` and `SS`, `ς` and `σ`).
fn in_one_case(name: &str) -> String {
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
