//! The search index on PostgreSQL: a row for each message, with its marks and words as a `tsvector`. What FTS5 is asked in a
//! file is asked here in the language of `tsquery`.

use crate::core::error::Result;
use crate::core::model::{Id, MessageId};
use crate::core::store::search::{Mark, Sought};
use crate::core::store::{Tx, View};

/// A `tsvector` takes no word of more bytes. Of a longer one its beginning is looked up.
const BYTES: usize = 2_046;

/// The word in quotes. No word has a quote or a backslash.
fn quoted(word: &str) -> String {
    format!("'{}'", &word[..word.floor_char_boundary(BYTES)])
}

/// Words in their order, as a `tsvector`.
fn vector(words: &[String]) -> String {
    let placed = (1_usize..).zip(words);
    let placed = placed.map(|(place, word)| format!("{}:{place}", quoted(word)));
    placed.collect::<Vec<_>>().join(" ")
}

/// What is sought, as a `tsquery`.
fn query(sought: &Sought) -> String {
    let phrases = sought.phrases.iter().map(|phrase| {
        let words: Vec<_> = phrase.words.iter().map(|word| quoted(word)).collect();
        let end = if phrase.goes_on { ":*" } else { "" };
        format!("({}{end})", words.join(" <-> "))
    });
    let any = |marks: &[Mark]| {
        let words: Vec<_> = marks.iter().map(|mark| quoted(&mark.word())).collect();
        format!("({})", words.join(" | "))
    };
    let marks = sought.marks.iter().map(|marks| any(marks));
    let mut all: Vec<_> = phrases.chain(marks).collect();
    if !sought.not.is_empty() {
        all.push(format!("!{}", any(&sought.not)));
    }
    all.join(" & ")
}

impl View<'_> {
    /// As [`View::find_messages`]. There are phrases or marks to look up.
    pub(in crate::core::store) fn find_in_vectors(
        &self,
        sought: &Sought,
        sent: (i64, i64),
        limit: u32,
    ) -> Result<Vec<MessageId>> {
        // The planner is to know how rare the words are, so it plans each search by itself.
        self.conn.send(
            "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)",
            (),
        )?;
        self.all(
            "SELECT s.id FROM search s
                 JOIN messages m ON m.id = s.id
                 JOIN conversations c ON c.id = m.conversation
             WHERE s.words @@ CAST(CAST($1 AS TEXT) AS TSQUERY) AND s.id >= $2 AND s.id < $3
                 AND (CAST($4 AS BIGINT) IS NULL OR ((c.kind = 'room' OR EXISTS
                     (SELECT 1 FROM members WHERE conversation = m.conversation AND account = $4))
                     AND NOT EXISTS
                     (SELECT 1 FROM restraints r WHERE r.conversation = m.conversation AND r.account = $4
                      AND r.kind = 'ban' AND (r.until IS NULL OR r.until > $5))))
                 AND m.sent_at >= $6 AND m.sent_at < $7
             ORDER BY s.id DESC LIMIT $8",
            (
                query(sought),
                sought.from,
                sought.before,
                sought.reader.map(|who| who.number()),
                self.now.0,
                sent.0,
                sent.1,
                limit,
            ),
            |row| row.get(0).map(Id::stored),
        )
    }
}

impl Tx<'_> {
    /// Puts a message's words into the index.
    pub(in crate::core::store) fn put_vector(&self, id: i64, words: &[String]) -> Result<()> {
        self.write(
            "INSERT INTO search (id, words) VALUES ($1, CAST(CAST($2 AS TEXT) AS TSVECTOR))
             ON CONFLICT (id) DO UPDATE SET words = excluded.words",
            (id, vector(words)),
        )
    }

    pub(in crate::core::store) fn take_vector(&self, id: i64) -> Result<()> {
        self.write("DELETE FROM search WHERE id = $1", [id])
    }

    pub(in crate::core::store) fn take_all_vectors(&self) -> Result<()> {
        self.write("DELETE FROM search", ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::words;

    #[test]
    fn what_is_sought_is_said_in_the_language_of_the_index() {
        let sought = Sought {
            phrases: words::of_phrase("how are you").into_iter().collect(),
            marks: vec![vec![Mark::Open, Mark::File], vec![Mark::Link]],
            not: vec![Mark::In(Id::stored(7))],
            ..Sought::default()
        };
        assert_eq!(
            query(&sought),
            "('how' <-> 'are' <-> 'you') & ('\u{E000}open' | '\u{E000}file') & ('\u{E000}link') & !('\u{E000}c7')"
        );
    }

    #[test]
    fn a_word_that_is_too_long_is_cut_between_letters() {
        let word = "ä".repeat(BYTES);
        assert_eq!(quoted(&word).len(), BYTES + 2);
        assert_eq!(vector(&["a".into(), "b".into()]), "'a':1 'b':2");
    }
}
