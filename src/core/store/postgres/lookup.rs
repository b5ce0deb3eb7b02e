//! Reads what the verbs of a commit are about to look up: each sort of it by one query over arrays.

use std::collections::HashSet;

use super::connection::Connection;
use super::value::Given;
use crate::core::error::Result;
use crate::core::limits::READ_STEP;
use crate::core::model::Id;
use crate::core::store::View;
use crate::core::store::conversation::standing;
use crate::core::store::lookup::Lookup;
use crate::core::store::read_mark::read_marks;
use crate::core::store::sql::{Owned, Row};

/// What somebody is in a conversation, and its last sequence number.
const STANDINGS: &str = standing!(
    "unnest($1::bigint[], $2::bigint[]) AS asked(place, who) JOIN conversations c ON c.id = asked.place",
    "asked.who",
    "asked.who",
    "(SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = c.id) AS last"
);

/// Which of these were sent.
const REPEATS: &str = "SELECT m.author, m.client_id
     FROM unnest($1::bigint[], $2::text[]) AS asked(author, client_id)
     JOIN messages m ON m.author = asked.author AND m.client_id = asked.client_id";

/// Where read marks stand, and what it takes to move them.
const MARKS: &str =
    read_marks!("unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS one(place, who, message)");

/// The rows that were found, by query.
pub(in crate::core::store) type Found = Vec<Vec<tokio_postgres::Row>>;

/// What several verbs are about to look up.
#[derive(Default)]
pub(in crate::core::store) struct Lookups {
    standings: HashSet<(i64, i64)>,
    repeats: HashSet<(i64, String)>,
    marks: HashSet<(i64, i64, Option<i64>)>,
}

impl Lookups {
    pub fn of<'l>(all: impl Iterator<Item = &'l Lookup>) -> Self {
        let mut lookups = Self::default();
        for one in all {
            let standing = one.standing;
            lookups
                .standings
                .extend(standing.map(|(who, place)| (place.number(), who.number())));
            let repeat = one.repeat.clone();
            lookups
                .repeats
                .extend(repeat.map(|(author, id)| (author.number(), id)));
            lookups.marks.extend(one.mark.map(|(who, place, upto)| {
                (
                    place.number(),
                    who.number(),
                    upto.map(|message| message.number()),
                )
            }));
        }
        lookups
    }

    pub fn is_empty(&self) -> bool {
        self.standings.is_empty() && self.repeats.is_empty() && self.marks.is_empty()
    }

    /// Looks it up, if there is anything.
    pub fn find(&self, conn: &Connection) -> Result<Found> {
        match self.is_empty() {
            true => Ok(Vec::new()),
            false => Ok(conn.fetch_all(&self.asked())?),
        }
    }

    /// What is to be asked: always the same statements in the same order, and last that of read marks, if any are moved.
    pub fn asked(&self) -> Vec<(&'static str, Vec<Given>)> {
        let (places, people) = self.standings.iter().copied().unzip();
        let (authors, ids): (Vec<_>, Vec<_>) = self.repeats.iter().cloned().unzip();
        let ids = ids.into_iter().map(Owned::Text);
        let mut asked = vec![
            (STANDINGS, vec![integers(places), integers(people)]),
            (REPEATS, vec![integers(authors), Given::Each(ids.collect())]),
        ];
        if !self.marks.is_empty() {
            let marks = self.marks.iter();
            let upto = marks
                .clone()
                .map(|(.., upto)| upto.map_or(Owned::Null, Owned::Integer));
            let (places, readers) = marks.clone().map(|(place, who, _)| (*place, *who)).unzip();
            asked.push((
                MARKS,
                vec![
                    integers(places),
                    integers(readers),
                    Given::Each(upto.collect()),
                    Given::One(Owned::Integer(READ_STEP)),
                ],
            ));
        }
        asked
    }

    /// Notes what was found, so that the verbs need not ask.
    pub fn note(self, view: &View<'_>, found: &Found) -> Result<()> {
        let [standings, sent, marks @ ..] = &**found else {
            return Ok(());
        };
        for found in marks.iter().flatten() {
            let own = |place, who| view.cache.own(place, who);
            view.cache.marks.note(&Row::Postgres(found), own)?;
        }
        for found in standings {
            let row = Row::Postgres(found);
            let standing = view.standing(&row)?;
            let place = standing.0.id;
            view.cache.note_end(place, row.get("last")?);
            let who = Id::stored(row.get("who")?);
            view.cache.note_place((place, Some(who)), standing);
        }
        let mut unsent = self.repeats;
        for found in sent {
            let row = Row::Postgres(found);
            unsent.remove(&(row.get("author")?, row.get("client_id")?));
        }
        for (author, id) in unsent {
            view.cache.note_unsent(Id::stored(author), id);
        }
        Ok(())
    }
}

fn integers(all: Vec<i64>) -> Given {
    Given::Each(all.into_iter().map(Owned::Integer).collect())
}
