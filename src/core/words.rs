//! Which words does a text consist of, as search sees it? The same for what was said and for what is looked for.
//!
//! Texts are compared in one case and without accents (`Größe` is found by `grosse`). Scripts that do not part their words
//! are cut into overlapping pairs of letters, so that a part of such a run is found too. An emoji is a word.

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use super::identity;

/// Which rules made an index. It is to be raised if the rules below change, and if `icu_normalizer` gets new tables;
/// the tables of the standard library are a part of it.
pub const RULES: i64 = {
    let (major, minor, _) = char::UNICODE_VERSION;
    1_000_000 + major as i64 * 1_000 + minor as i64
};

/// Different words of one message by which it is found, from its beginning on. Taking a message out of the index costs the
/// writer 30 µs for each of them.
pub const WORDS_OF_MESSAGE: usize = 1_000;

/// How a letter takes part in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letter {
    /// A letter or digit of a script that parts its words.
    Parted,
    /// A letter of a script that does not.
    Run,
    /// A word by itself.
    Sign,
    /// Between words.
    Gap,
}

/// The words of a text, in its order.
pub fn of_text(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for piece in pieces(text) {
        piece.into_words(&mut words, true);
    }
    words
}

/// A part of a search: these words, one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    pub words: Vec<String>,
    /// Is the last one only the beginning of a word?
    pub goes_on: bool,
}

/// The phrase that finds a text wherever it is a part of another. `None` if nothing of it is a word.
pub fn of_phrase(text: &str) -> Option<Phrase> {
    let mut pieces = pieces(text);
    let last = pieces.pop()?;
    let (mut words, mut goes_on) = (Vec::new(), false);
    for piece in pieces {
        piece.into_words(&mut words, true);
    }
    if let Piece::Run(run) = &last {
        // In the text the run may be longer, and then its last letter begins a pair.
        goes_on = run.len() == 1;
    }
    last.into_words(&mut words, false);
    Some(Phrase { words, goes_on })
}

/// Is there a link in this text?
pub fn has_link(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = |at: usize, with: &str| {
        let end = at + with.len();
        bytes
            .get(at..end)
            .is_some_and(|found| found.eq_ignore_ascii_case(with.as_bytes()))
            && bytes
                .get(end)
                .is_some_and(|next| !next.is_ascii_whitespace())
    };
    (0..bytes.len()).any(|at| begins(at, "http://") || begins(at, "https://"))
}

/// What stands between two gaps, or between two kinds of letters.
enum Piece {
    Word(String),
    Run(Vec<char>),
}

impl Piece {
    /// A run ends with its last letter alone if more may follow in the index: that letter begins no pair.
    fn into_words(self, words: &mut Vec<String>, with_end: bool) {
        match self {
            Self::Word(word) => words.push(word),
            Self::Run(run) => {
                words.extend(run.windows(2).map(|pair| pair.iter().collect()));
                if let Some(end) = run.last().filter(|_| with_end || run.len() == 1) {
                    words.push(end.to_string());
                }
            }
        }
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut before = Letter::Gap;
    for letter in plain(text).chars() {
        let kind = kind(letter);
        match (kind, pieces.last_mut()) {
            (Letter::Gap, _) => {}
            (Letter::Parted, Some(Piece::Word(word))) if before == kind => word.push(letter),
            (Letter::Run, Some(Piece::Run(run))) if before == kind => run.push(letter),
            (Letter::Run, _) => pieces.push(Piece::Run(vec![letter])),
            (Letter::Parted | Letter::Sign, _) => pieces.push(Piece::Word(letter.into())),
        }
        before = kind;
    }
    pieces
}

/// The text in one case, compatible letters made one (NFKD), without accents and what is invisible.
fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let classes = CanonicalCombiningClassMapBorrowed::new();
    let apart = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let bare: String = apart
        .chars()
        .filter(|letter| !is_mark(*letter, classes.get_u8(*letter)))
        .collect();
    // Syllables of Hangul, and kana with their voicing, are one letter again.
    let whole = ComposingNormalizerBorrowed::new_nfc().normalize(&bare);
    identity::in_one_case(&whole)
        .chars()
        .map(without_stroke)
        .collect()
}

/// A letter whose stroke is no mark of its own.
fn without_stroke(letter: char) -> char {
    match letter {
        'ł' => 'l',
        'ø' => 'o',
        'đ' => 'd',
        'ħ' => 'h',
        'ŧ' => 't',
        other => other,
    }
}

/// Is this left out? Accents, vowel points and tones are, and colours of emoji; what kills a vowel or voices a kana makes
/// another word.
fn is_mark(letter: char, class: u8) -> bool {
    const VOICES_KANA: u8 = 8;
    const KILLS_A_VOWEL: u8 = 9;
    match letter {
        // Signs over Thai and Khmer letters that count as nothing of all this.
        '\u{E47}' | '\u{E4C}'..='\u{E4E}' | '\u{17C9}'..='\u{17D1}' | '\u{17D3}' => true,
        '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' => true,
        // Arabic stretches words by this.
        '\u{640}' => true,
        _ if identity::is_hidden(letter) => !letter.is_control() && !letter.is_whitespace(),
        _ => !matches!(class, 0 | VOICES_KANA | KILLS_A_VOWEL),
    }
}

fn kind(letter: char) -> Letter {
    match letter {
        '\0'..='\u{7F}' if letter.is_ascii_alphanumeric() => Letter::Parted,
        '\0'..='\u{7F}' => Letter::Gap,
        _ if is_of_a_run(letter) => Letter::Run,
        _ if letter.is_alphanumeric() => Letter::Parted,
        // Viramas, which is_alphanumeric leaves out.
        '\u{94D}' | '\u{9CD}' | '\u{A4D}' | '\u{ACD}' | '\u{B4D}' | '\u{BCD}' | '\u{C4D}' => {
            Letter::Parted
        }
        '\u{CCD}' | '\u{D4D}' | '\u{DCA}' => Letter::Parted,
        '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' => Letter::Sign,
        '\u{1F000}'..='\u{1FAFF}' => Letter::Sign,
        _ => Letter::Gap,
    }
}

/// Is it of a script that does not part its words, or parts them seldom?
fn is_of_a_run(letter: char) -> bool {
    let is_of_one = matches!(letter,
        // Thai, Lao, Burmese, Khmer
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        // Hangul, kana, and Han with its signs of repetition
        | '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7FF}' | '\u{3005}'..='\u{3007}'
        | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{318F}' | '\u{31A0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{A960}'..='\u{A97F}'
        | '\u{F900}'..='\u{FAFF}' | '\u{1AFF0}'..='\u{1B16F}' | '\u{20000}'..='\u{3FFFF}');
    // Combining vowels and the sign that stacks letters belong to their runs; digits are words as everywhere.
    let joins = matches!(
        letter,
        '\u{1039}' | '\u{103A}' | '\u{17D2}' | '\u{3099}' | '\u{309A}'
    );
    is_of_one && (joins || letter.is_alphabetic() || matches!(letter, '\u{3005}'..='\u{3007}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Is a part of this text found by what is looked for?
    fn finds(text: &str, looked_for: &str) -> bool {
        let said = of_text(text);
        let Some(phrase) = of_phrase(looked_for) else {
            return false;
        };
        said.windows(phrase.words.len()).any(|window| {
            let (last, first) = phrase.words.split_last().expect("a phrase has a word");
            let (end, begin) = window.split_last().expect("as long as the phrase");
            let fits = match phrase.goes_on {
                true => end.starts_with(&**last),
                false => end == last,
            };
            fits && begin == first
        })
    }

    #[test]
    fn what_means_the_same_is_found() {
        for (text, looked_for) in [
            ("Die Größe zählt", "GROSSE"),
            ("Die Grösse", "größe"),
            ("Łódź i Kraków", "lodz"),
            ("smørrebrød", "smorrebrod"),
            ("I'll be there", "i'll"),
            ("Mail ann@example.test now", "ann@example.test"),
            ("我在上海市工作", "上海"),
            ("我在上海市工作", "上海市"),
            ("我在上海市工作", "海"),
            ("我在上海", "海"),
            ("我在上海2024年", "上海2024"),
            ("我在上海2024年", "海2024年"),
            ("東京タワーへ", "タワー"),
            ("ﾀﾜｰ", "タワー"),
            ("한국어를 배워요", "국어"),
            ("ผมกินข้าวแล้ว", "ข้าว"),
            ("ไม่เป็นไร", "เป็น"),
            ("မြန်မာစာ", "မြန်မာ"),
            ("السَّلَامُ عَلَيْكُمْ", "السلام"),
            ("السلام عليكم", "السَّلَامُ"),
            ("שָׁלוֹם", "שלום"),
            ("हिन्दी में", "हिन्दी"),
            ("Ὀδυσσεύς", "οδυσσευσ"),
            ("Ёлка", "елка"),
            ("party 🎉 tonight", "🎉"),
            ("👍🏽", "👍"),
            ("❤️ you", "❤"),
            ("👩‍🚀 Eve", "👩‍🚀"),
            ("ﬁne", "fine"),
            ("Ｆｕｌｌ", "full"),
            ("می‌خواهم", "میخواهم"),
            ("one\ntwo\tthree", "two three"),
            ("𞤀𞤣𞤤𞤢𞤥", "𞤀𞤣𞤤𞤢𞤥"),
        ] {
            assert!(
                finds(text, looked_for),
                "{looked_for} in {text}: {:?}",
                of_text(text)
            );
        }
    }

    #[test]
    fn what_means_something_else_is_not() {
        for (text, looked_for) in [
            ("grossly", "gross"),
            ("one two", "two one"),
            ("北京 上海", "京上"),
            ("か", "が"),
            ("कि", "की"),
            ("!?", "!?"),
            ("a\u{E000}b", "ab"),
        ] {
            assert!(
                !finds(text, looked_for),
                "{looked_for} in {text}: {:?}",
                of_text(text)
            );
        }
    }

    #[test]
    fn links_are_seen() {
        for text in ["see https://example.test/", "HTTP://x"] {
            assert!(has_link(text), "{text}");
        }
        for text in ["https:// x", "https://", "http", "ann@example.test", ""] {
            assert!(!has_link(text), "{text}");
        }
    }
}
