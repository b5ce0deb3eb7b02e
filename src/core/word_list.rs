//! The list of unwanted words and patterns, ready to be compared with texts: in a time that grows with a text's length only.

use std::collections::HashMap;
use std::time::Instant;

use regex_automata::meta::{BuildError, Regex};
use regex_automata::util::syntax;
use regex_automata::{Input, PatternSet};

use super::error::{Error, Result};
use super::model::{AccountId, Time, UnwantedId};
use super::{limits, text, words};

/// What a text is looked through for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A whole word, or several in a row, whatever their case and accents.
    Word,
    /// A regular expression, whatever the case.
    Pattern,
}

impl Sort {
    pub const EACH: [Self; 2] = [Self::Word, Self::Pattern];

    pub fn name(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Pattern => "pattern",
        }
    }
}

/// What becomes of a text that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    Refuse,
    /// The message is said, and reported to the administrators. Names are not.
    Report,
}

impl Consequence {
    pub const EACH: [Self; 2] = [Self::Refuse, Self::Report];

    pub fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Report => "report",
        }
    }
}

/// An entry of the list.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: UnwantedId,
    /// As it was typed.
    pub text: String,
    pub sort: Sort,
    pub consequence: Consequence,
    /// Who put it there last; `None`: the command line.
    pub by: Option<AccountId>,
    pub at: Time,
}

/// The list, ready to be compared with texts.
#[derive(Debug, Default)]
pub struct List {
    entries: Vec<Entry>,
    /// By the first word of each: what follows it, and the entry's place.
    words: HashMap<String, Vec<(words::Phrase, usize)>>,
    /// A single letter of a script that does not part its words: it begins words, and stands for the entry at this place.
    letters: Vec<(String, usize)>,
    /// `None` if there are none.
    patterns: Option<Regex>,
    /// The entries' places, in the order of the patterns.
    of_patterns: Vec<usize>,
}

impl List {
    /// Compiles the list.
    ///
    /// # Errors
    /// If all patterns together are too large.
    pub(in crate::core) fn of(entries: Vec<Entry>) -> std::result::Result<Self, Box<BuildError>> {
        let mut list = Self::default();
        let mut patterns = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            match entry.sort {
                Sort::Pattern => {
                    patterns.push(&*entry.text);
                    list.of_patterns.push(at);
                }
                Sort::Word => match words::of_phrase(&entry.text) {
                    Some(phrase) if phrase.goes_on && phrase.words.len() == 1 => {
                        list.letters.push((phrase.words.concat(), at));
                    }
                    Some(phrase) => {
                        let first = phrase.words.first().cloned().unwrap_or_default();
                        list.words.entry(first).or_default().push((phrase, at));
                    }
                    None => {}
                },
            }
        }
        if !patterns.is_empty() {
            list.patterns = Some(compiled(&patterns, limits::UNWANTED_BYTES)?);
        }
        list.entries = entries;
        Ok(list)
    }

    /// The same of what the database has; what cannot be compiled any more is left out, and noted in the log.
    pub(in crate::core) fn read(entries: Vec<Entry>) -> Self {
        let without = |entries: &[Entry]| {
            let words = entries.iter().filter(|entry| entry.sort == Sort::Word);
            words.cloned().collect()
        };
        let words = without(&entries);
        Self::of(entries).unwrap_or_else(|error| {
            tracing::error!(%error, "the unwanted patterns cannot be used");
            Self::of(words).unwrap_or_default()
        })
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries that a text has, in the order of the list.
    pub fn found_in(&self, text: &str) -> Vec<&Entry> {
        let mut found = Vec::new();
        if !self.words.is_empty() || !self.letters.is_empty() {
            self.find_words(&words::of_text(text), &mut found);
        }
        if let Some(patterns) = &self.patterns {
            let matches = matches(patterns, text);
            found.extend(matches.iter().map(|nth| self.of_patterns[nth.as_usize()]));
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|at| &self.entries[at]).collect()
    }

    fn find_words(&self, said: &[String], found: &mut Vec<usize>) {
        for (at, word) in said.iter().enumerate() {
            for (phrase, entry) in self.words.get(word).into_iter().flatten() {
                if begins_with(&said[at..], phrase) {
                    found.push(*entry);
                }
            }
            for (letter, entry) in &self.letters {
                if word.starts_with(letter) {
                    found.push(*entry);
                }
            }
        }
    }
}

fn begins_with(said: &[String], phrase: &words::Phrase) -> bool {
    let Some((last, before)) = phrase.words.split_last() else {
        return false;
    };
    let ends = |word: &String| match phrase.goes_on {
        true => word.starts_with(last),
        false => word == last,
    };
    said.starts_with(before) && said.get(before.len()).is_some_and(ends)
}

fn compiled(patterns: &[&str], bytes: usize) -> std::result::Result<Regex, Box<BuildError>> {
    Regex::builder()
        .configure(Regex::config().nfa_size_limit(Some(bytes)))
        .syntax(syntax::Config::new().case_insensitive(true))
        .build_many(patterns)
        .map_err(Box::new)
}

/// The patterns that a text has. A long text is looked through piece by piece, each of which overlaps the one before by half,
/// so that the time is looked at in between: many patterns that count, and a text made for them, take a second for each
/// thousand characters.
fn matches(patterns: &Regex, text: &str) -> PatternSet {
    let mut found = PatternSet::new(patterns.pattern_len());
    let (begun, mut from) = (Instant::now(), 0);
    loop {
        let to = text.ceil_char_boundary(from + limits::UNWANTED_PIECE);
        // What stands around the piece is still seen, by `^` and the like.
        patterns.which_overlapping_matches(&Input::new(text).span(from..to), &mut found);
        if to == text.len() {
            return found;
        }
        if begun.elapsed() > limits::UNWANTED_PATIENCE {
            tracing::debug!(
                "a text was not looked through to its end: the unwanted patterns are slow"
            );
            return found;
        }
        from = text.floor_char_boundary(from + limits::UNWANTED_PIECE / 2);
    }
}

/// What the list says about the texts of a message.
#[derive(Debug, Clone, Default)]
pub(in crate::core) struct Verdict {
    pub refused: bool,
    /// The entry for which it is to be reported.
    pub reported: Option<String>,
}

impl Verdict {
    pub fn on<'t>(list: &List, texts: impl Iterator<Item = &'t str>) -> Self {
        let mut verdict = Self::default();
        for text in texts {
            for entry in list.found_in(text) {
                match entry.consequence {
                    Consequence::Refuse => verdict.refused = true,
                    Consequence::Report => {
                        verdict.reported.get_or_insert_with(|| entry.text.clone());
                    }
                }
            }
        }
        verdict
    }

    /// Refuses the text of this field if it is to be refused.
    ///
    /// # Errors
    /// `Invalid`.
    pub fn let_through(&self, field: &str) -> Result<()> {
        match self.refused {
            true => Err(Error::invalid(
                field,
                "This message contains words that are not allowed here",
            )),
            false => Ok(()),
        }
    }
}

/// What is wrong with an entry. [`put`](super::unwanted::put) checks it; a handler asks before, off the writer: a pattern is compiled for it.
pub fn wrong_with_entry(typed: &str, sort: Sort) -> Option<String> {
    let wrong = text::wrong_with_line(typed, limits::UNWANTED_CHARS);
    wrong.or_else(|| match sort {
        Sort::Word => {
            let is_word = words::of_phrase(typed).is_some();
            (!is_word).then(|| "must have a letter, a digit or an emoji".into())
        }
        Sort::Pattern => match compiled(&[typed], limits::UNWANTED_PATTERN_BYTES) {
            Ok(pattern) => pattern
                .is_match("")
                .then(|| "must not fit a text of no letters: it would fit every text".into()),
            Err(error) => Some(sentence(&error)),
        },
    })
}

/// What a person has to know of it: the last line, without what points at the pattern.
fn sentence(error: &BuildError) -> String {
    match error.syntax_error() {
        Some(wrong) => {
            let said = wrong.to_string();
            let last = said.lines().last().unwrap_or_default();
            let last = last.trim_start_matches("error: ");
            format!("is no pattern: {last}")
        }
        None => "is too large a pattern".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::core::model::Id;

    fn list(entries: &[(&str, Sort, Consequence)]) -> List {
        let entry = |(at, (text, sort, consequence)): (usize, &(&str, Sort, Consequence))| Entry {
            id: Id::stored(at as i64 + 1),
            text: (*text).to_owned(),
            sort: *sort,
            consequence: *consequence,
            by: None,
            at: Time(0),
        };
        List::of(entries.iter().enumerate().map(entry).collect()).expect("it is not too large")
    }

    fn finds(word: &str, text: &str) -> bool {
        let list = list(&[(word, Sort::Word, Consequence::Refuse)]);
        !list.found_in(text).is_empty()
    }

    #[test]
    fn a_word_is_found_whole_whatever_its_case_and_accents() {
        assert!(finds("Größe", "what a GROSSE!"));
        assert!(finds("ass", "you ASS, you"));
        assert!(!finds("ass", "first class"));
        assert!(finds("very bad", "it is very, BAD"));
        assert!(!finds("very bad", "very good, bad"));
        assert!(finds("敏感", "這是敏感詞"));
        assert!(finds("詞", "這是敏感詞"));
        assert!(!finds("詞", "這是"));
    }

    #[test]
    fn a_pattern_that_would_explode_elsewhere_takes_no_time() {
        let list = list(&[("(a+)+$", Sort::Pattern, Consequence::Refuse)]);
        let text = "a".repeat(8_000) + "!";
        let begun = Instant::now();
        assert!(list.found_in(&text).is_empty());
        assert!(begun.elapsed().as_millis() < 500, "{:?}", begun.elapsed());
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_a_sentence() {
        let wrong = |typed: &str| wrong_with_entry(typed, Sort::Pattern).unwrap_or_default();
        assert_eq!(wrong("bad(word"), "is no pattern: unclosed group");
        assert_eq!(wrong("(?:a{1000}){1000}"), "is too large a pattern");
        assert!(wrong("a*").starts_with("must not fit"));
        assert_eq!(wrong(r"\bbad\w*\b"), "");
        assert!(wrong_with_entry("…", Sort::Word).is_some());
    }

    /// As many as fit that count, and a text made for them.
    #[test]
    fn the_worst_list_and_the_worst_text_take_a_bounded_time() {
        let typed: Vec<String> = (0..limits::UNWANTED)
            .map(|nth| format!("(?:[ab]{{1,{}}}a)+x{nth}", 20 + nth % 180))
            .collect();
        let mut entries: Vec<_> = typed
            .iter()
            .map(|typed| (&**typed, Sort::Pattern, Consequence::Report))
            .collect();
        let fits = |entries: &[(&str, Sort, Consequence)]| {
            let patterns: Vec<_> = entries.iter().map(|(typed, ..)| *typed).collect();
            compiled(&patterns, limits::UNWANTED_BYTES).is_ok()
        };
        while !fits(&entries) {
            entries.truncate(entries.len() * 9 / 10);
        }
        let list = list(&entries);
        let text: String = (0..8_000u32)
            .map(|nth| {
                if (nth.wrapping_mul(2_654_435_761) >> 16) & 1 == 0 {
                    'a'
                } else {
                    'b'
                }
            })
            .collect();
        let begun = Instant::now();
        list.found_in(&text);
        let took = begun.elapsed();
        println!("{} patterns: {took:?}", entries.len());
        assert!(
            took.as_millis() < 2_000,
            "{} patterns: {took:?}",
            entries.len()
        );
    }

    #[test]
    fn a_long_text_is_looked_through_to_its_end() {
        let list = list(&[
            (r"bad\d{9}", Sort::Pattern, Consequence::Refuse),
            (r"^only$", Sort::Pattern, Consequence::Refuse),
        ]);
        for before in [0, 250, 255, 300, 511, 7_000] {
            let text = "ß".repeat(before) + "BAD123456789" + &"only".repeat(500);
            assert_eq!(list.found_in(&text).len(), 1, "{before}");
        }
    }
}
