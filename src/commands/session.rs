//! `chat session put` and `chat session list`: mentoring sessions, recorded for another application.

use serde_json::{Value, json};

use super::{Failure, close, visit};
use crate::core::model::{Page, Session, Time};
use crate::core::{account, session};
use crate::flags::{DbFile, SessionPut};

/// How many sessions a list shows.
const SHOWN: u32 = 1_000;

pub async fn put(flags: SessionPut) -> Result<(), Failure> {
    let SessionPut {
        uuid,
        mentor,
        mentee,
        start_at,
        status,
        file,
    } = flags;
    let start_at = Time::from_iso(&start_at).ok_or_else(|| {
        anyhow::anyhow!("--start-at {start_at} is no time: write 2024-01-15T10:00:00Z")
    })?;
    let core = visit(&file.db)?;
    let put = core
        .write(move |tx| {
            let (mentor, mentee) = (
                account::found(tx, &mentor)?.id,
                account::found(tx, &mentee)?.id,
            );
            session::put(
                tx,
                None,
                Session {
                    uuid,
                    mentor,
                    mentee,
                    start_at,
                    status,
                },
            )
        })
        .await;
    close(core).await;
    let put = put?;
    if file.json {
        println!("{}", shape(&put));
    } else {
        println!("session {} is {}", put.uuid, put.status);
    }
    Ok(())
}

pub async fn list(file: DbFile) -> Result<(), Failure> {
    let core = visit(&file.db)?;
    let page = Page {
        page: 1,
        limit: SHOWN,
        descending: true,
    };
    let listed = core.read(move |view| session::list(view, page)).await;
    close(core).await;
    let listed = listed?;
    if file.json {
        println!("{}", listed.items.iter().map(shape).collect::<Value>());
        return Ok(());
    }
    for known in &listed.items {
        let (mentor, mentee) = (known.mentor.number(), known.mentee.number());
        let start = known.start_at.iso();
        println!(
            "{}  {start}  {:<12}  mentor {mentor}  mentee {mentee}",
            known.uuid, known.status
        );
    }
    if listed.total > i64::from(SHOWN) {
        println!("and {} more", listed.total - i64::from(SHOWN));
    }
    Ok(())
}

fn shape(session: &Session) -> Value {
    json!({
        "id": session.uuid,
        "mentorId": session.mentor.number(),
        "menteeId": session.mentee.number(),
        "startAt": session.start_at.iso(),
        "status": session.status,
    })
}
