//! `chat search`: finds messages in all conversations, also while no server runs.

use serde_json::{Value, json};

use super::{Failure, close, table, visit};
use crate::core::Core;
use crate::core::error::Result as Verdict;
use crate::core::model::Message;
use crate::core::search::{self, Found, FoundIn, Query, Search, Seeker};
use crate::flags::SearchFor;

pub async fn run(sought: SearchFor) -> Result<(), Failure> {
    let core = visit(&sought.file.db)?;
    let found = find(&core, &sought).await;
    close(core).await;
    let (found, places) = found?;
    let place = |message: &Message| {
        places
            .iter()
            .find(|one| one.conversation.place == message.place)
    };
    if sought.file.json {
        let shapes = found
            .messages
            .iter()
            .map(|message| shape(message, place(message)));
        println!("{}", shapes.collect::<Value>());
        return Ok(());
    }
    let rows = found
        .messages
        .iter()
        .map(|message| row(message, place(message)));
    table::print(
        ["time", "conversation", "author", "text"],
        &rows.collect::<Vec<_>>(),
    );
    if found.more {
        println!("and more: say --limit, or before: a day");
    }
    Ok(())
}

async fn find(core: &Core, sought: &SearchFor) -> Verdict<(Found, Vec<FoundIn>)> {
    let query = Query::read(&sought.words.join(" "), core.spelling())?;
    // If no server runs on the file, nobody else does it.
    core.index_all().await?;
    let search = Search {
        query,
        seeker: Seeker::Everywhere,
        within: None,
        before: None,
        limit: sought.limit,
    };
    core.search(search, |view, found| search::places(view, &found.messages))
        .await
}

fn row(message: &Message, place: Option<&FoundIn>) -> [String; 4] {
    [
        message.sent_at.iso().to_string(),
        place.map(name).unwrap_or_default(),
        message.author.name.to_string(),
        message
            .text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
    ]
}

/// The conversation's name, or those of its members.
fn name(place: &FoundIn) -> String {
    match &*place.conversation.name {
        "" => place.people.join(", "),
        name => name.to_owned(),
    }
}

fn shape(message: &Message, place: Option<&FoundIn>) -> Value {
    json!({
        "id": message.id.number(),
        "sentAt": message.sent_at.iso(),
        "conversation": place.map(|place| json!({
            "id": place.conversation.place.id.number(),
            "type": place.conversation.place.kind.name(),
            "name": name(place),
        })),
        "author": { "id": message.author.id.number(), "name": &*message.author.name },
        "text": message.text,
    })
}
