//! Was every promise kept? What was acknowledged, and what each listener heard, against what the database has.

use super::breaks::Fleet;
use super::talk::{Said, Talk};
use std::collections::{BTreeMap, HashMap};

/// What there is, as far as it was looked at.
pub struct Record {
    upto: i64,
    /// The id of each message, by its words, which nobody says twice.
    ids: HashMap<String, i64>,
    acknowledged: HashMap<String, i64>,
}

impl Record {
    pub fn new() -> Record {
        Record {
            upto: 0,
            ids: HashMap::new(),
            acknowledged: HashMap::new(),
        }
    }

    /// How many messages were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// Waits until every server takes a message and every listener hears it; looks at everything until then that was not
    /// looked at before.
    pub async fn settles(&mut self, fleet: &Fleet, talk: &Talk) -> Result<(), String> {
        let upto = talk.is_heard_at_all().await?;
        let acknowledged = talk.acknowledged();
        let sql = "SELECT id, text FROM messages WHERE id > $1 AND id <= $2 ORDER BY id";
        let client = fleet.database().client().await;
        let rows = client.query(sql, &[&self.upto, &upto]).await;
        let rows = rows.map_err(|why| why.to_string())?;
        let kept: Vec<Said> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        for (id, words) in &kept {
            if let Some(first) = self.ids.insert(words.clone(), *id) {
                return Err(format!("{words} is doubled: it is {first} and {id}"));
            }
        }
        for ear in &talk.ears {
            let heard = ear.upto(upto).await?;
            is_the_same(&heard, &kept).map_err(|why| format!("{}: {why}", ear.name))?;
        }
        self.upto = upto;
        self.are_kept(acknowledged)
    }

    /// Those whose ids are further on are looked at with the others there.
    fn are_kept(&mut self, acknowledged: Vec<Said>) -> Result<(), String> {
        for (id, words) in acknowledged {
            let first = *self.acknowledged.entry(words.clone()).or_insert(id);
            if first != id {
                return Err(format!("{words} is acknowledged as {first} and as {id}"));
            }
        }
        let lost = self
            .acknowledged
            .iter()
            .find(|(words, id)| **id <= self.upto && self.ids.get(*words) != Some(id));
        match lost {
            Some((words, id)) => Err(format!(
                "{words}, acknowledged as {id}, is {:?}",
                self.ids.get(words)
            )),
            None => Ok(()),
        }
    }

    /// Nothing that was there at any time is lost, and all servers tell the same. Nobody speaks any more.
    pub async fn is_what_is_kept(&self, fleet: &Fleet, talk: &Talk) -> Result<(), String> {
        let sql = "SELECT conversation, seq, id, text, author, client_id FROM messages
             ORDER BY conversation, seq";
        let rows = fleet.database().client().await.query(sql, &[]).await;
        let rows = rows.map_err(|why| why.to_string())?;
        let mut conversations: BTreeMap<i64, Vec<Said>> = BTreeMap::new();
        let mut of_clients = HashMap::new();
        for row in &rows {
            let (conversation, seq, id): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
            let (words, by): (String, (i64, String)) = (row.get(3), (row.get(4), row.get(5)));
            let said = conversations.entry(conversation).or_default();
            if seq != said.len() as i64 + 1 {
                return Err(format!("{seq} follows on {} in {conversation}", said.len()));
            }
            if said.last().is_some_and(|(before, _)| *before >= id) {
                return Err(format!("{id} follows on a later one in {conversation}"));
            }
            if self.ids.get(&words) != Some(&id) {
                return Err(format!(
                    "{words} is {id}, and was {:?}",
                    self.ids.get(&words)
                ));
            }
            if let Some(first) = of_clients.insert(by, id) {
                return Err(format!("{words} is doubled: it is {first} and {id}"));
            }
            said.push((id, words));
        }
        if rows.len() != self.ids.len() {
            return Err(format!("{} are left of {}", rows.len(), self.ids.len()));
        }
        unread_is_counted(fleet).await?;
        // Ids of conversations grow, too.
        let kept: Vec<Vec<Said>> = conversations.into_values().collect();
        for address in &fleet.addresses {
            for (told, kept) in talk.histories(address).await.iter().zip(&kept) {
                is_the_same(told, kept).map_err(|why| format!("{address} tells: {why}"))?;
            }
        }
        Ok(())
    }
}

/// What is counted as unread for each member is what there is, and some have read.
async fn unread_is_counted(fleet: &Fleet) -> Result<(), String> {
    let sql = "SELECT account, conversation, read_seq, own_since FROM members m
         WHERE own_since <> (SELECT count(*) FROM messages u WHERE u.conversation = m.conversation
             AND u.seq > m.read_seq AND (u.author = m.account OR u.deleted_at IS NOT NULL))";
    let client = fleet.database().client().await;
    let wrong = client.query(sql, &[]).await;
    if let Some(row) = wrong.map_err(|why| why.to_string())?.first() {
        let [who, place, upto, own] = [0, 1, 2, 3].map(|at| row.get::<_, i64>(at));
        return Err(format!(
            "{who} has read {place} up to {upto}, behind which {own} of theirs are wrong"
        ));
    }
    let read = "SELECT count(*) FROM members WHERE read_seq > 0";
    let read = client.query_one(read, &[]).await;
    let read: i64 = read.map_err(|why| why.to_string())?.get(0);
    (read > 0)
        .then_some(())
        .ok_or_else(|| "nobody has read anything".to_owned())
}

/// Is this list what is kept, in that order?
fn is_the_same(list: &[Said], kept: &[Said]) -> Result<(), String> {
    let at = list.iter().zip(kept).position(|(one, other)| one != other);
    let at = at.unwrap_or(list.len().min(kept.len()));
    let (Some(one), other) = (list.get(at), kept.get(at)) else {
        return match kept.get(at) {
            Some(lost) => Err(format!("{lost:?} is lost, and all behind it")),
            None => Ok(()),
        };
    };
    let around = &list[at.saturating_sub(2)..list.len().min(at + 3)];
    let what = match list[..at].contains(one) {
        true => "is doubled",
        false if other.is_some_and(|other| list.contains(other)) => "is too early",
        false if kept.contains(one) => "comes in the place of one that is lost",
        false => "is not there",
    };
    Err(format!(
        "{one:?} {what} where {other:?} is kept: {around:?}"
    ))
}
