//! What does one sender say who posts by REST, and was it taken?

use std::time::Instant;

use crate::line::{Line, request};
use crate::mark::Agenda;
use crate::person::Tally;

/// A kept connection, on which one message is under way at a time.
pub struct Voice {
    pub line: Line,
    pub agenda: Agenda,
    pub token: String,
    pub waiting: Option<Instant>,
}

impl Voice {
    /// Says the next message, unless one is under way.
    pub fn send(&mut self, rooms: &[String], text: usize, now: Instant) {
        if self.waiting.is_some() {
            return;
        }
        let mark = self.agenda.next();
        let (room, text) = (&rooms[mark.room], mark.text(text));
        let body = format!("{{\"roomId\":\"{room}\",\"content\":\"{text}\"}}");
        let request = request("POST", "/api/messages", Some(&self.token), &body);
        self.line.wire.say(&request);
        self.waiting = Some(now);
    }

    pub fn listen(&mut self, scratch: &mut [u8], tally: &mut Tally) -> anyhow::Result<()> {
        let waiting = &mut self.waiting;
        self.line.look(scratch, |answer| match waiting.take() {
            Some(since) if answer.status == 201 => {
                tally.acknowledged += 1;
                tally.latencies.push(since.elapsed());
            }
            _ => tally.blame("not created", answer.body),
        })
    }
}
