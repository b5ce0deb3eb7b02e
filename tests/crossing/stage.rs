//! Where the crossing table is played: Ann and Bob in a conversation of any sort, speaking and listening in any dialect.

use crate::support::mentor::*;
use crate::support::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sort {
    Direct,
    Group,
    Room,
    Session,
}

pub const SORTS: [Sort; 4] = [Sort::Direct, Sort::Group, Sort::Room, Sort::Session];

impl Sort {
    /// Two people and nobody else.
    pub fn is_of_two(self) -> bool {
        matches!(self, Sort::Direct | Sort::Session)
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Speaker {
    RoomsRest,
    RoomsSocket,
    DirectSocket,
    CampusRest,
    CampusSocket,
    MentorRest,
}

pub const SPEAKERS: [Speaker; 6] = [
    Speaker::RoomsRest,
    Speaker::RoomsSocket,
    Speaker::DirectSocket,
    Speaker::CampusRest,
    Speaker::CampusSocket,
    Speaker::MentorRest,
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Listener {
    Rooms,
    Direct,
    Campus,
    Mentor,
}

/// The dialects that share the namespace `/`, so that one socket can listen in all of them.
pub const AT_HOME: [Listener; 3] = [Listener::Rooms, Listener::Direct, Listener::Campus];

/// A socket, and the dialects in which it has joined.
pub struct Ears {
    pub socket: Socket,
    pub dialects: Vec<Listener>,
}

impl Ears {
    pub fn in_dialect(&self, dialect: Listener) -> bool {
        self.dialects.contains(&dialect)
    }
}

pub struct Stage {
    pub chat: Chat,
    pub ann: Person,
    pub bob: Person,
    pub sort: Sort,
    /// The conversation, as each dialect spells it.
    pub uuid: String,
    pub hex: String,
    pub number: Value,
}

impl Stage {
    /// Ann has opened the conversation, and Bob has said that he is there.
    pub async fn of(sort: Sort) -> Stage {
        Stage::with(sort, &[]).await
    }

    /// The same on a server with these flags.
    pub async fn with(sort: Sort, flags: &[&str]) -> Stage {
        let chat = Chat::with(flags).await;
        let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
        let place = match sort {
            Sort::Direct => ann.meets(&bob).await,
            Sort::Group => ann.gathers("Friends", &[&bob]).await,
            Sort::Room => ann.opens_room("Lobby").await,
            Sort::Session => {
                chat.has_session(SESSION, &ann, &bob).await;
                id(&ann.opens_session(SESSION).await)
            }
        };
        let here = json!({ "conversationId": place, "content": "I am here" });
        let said = bob.does("send_message", here).await;
        bob.hangs_up().await;
        let in_rooms = ann.get(format!("/api/rooms/{place}")).await;
        let in_rooms = in_rooms.has_status(200).json();
        Stage {
            uuid: id(&ann.conversation(&place).await),
            hex: in_rooms["data"]["_id"].as_str().expect("an _id").to_owned(),
            number: said["message"]["conversation_id"].clone(),
            chat,
            ann,
            bob,
            sort,
        }
    }

    /// A new socket that listens in these dialects.
    pub async fn listens(&self, person: &Person, dialects: &[Listener]) -> Ears {
        let in_chat = dialects.contains(&Listener::Mentor);
        let socket = match in_chat {
            true => person.opens_chat().await,
            false => person.opens_a_socket().await,
        };
        for dialect in dialects {
            let (event, payload) = match dialect {
                Listener::Rooms => ("joinRoom", json!({ "roomId": self.hex })),
                Listener::Direct => ("join_conversation", self.number.clone()),
                Listener::Campus if self.sort.is_of_two() => {
                    ("join-conversation", json!({ "conversationId": self.uuid }))
                }
                Listener::Campus => ("join-group", json!({ "conversation": self.uuid })),
                // Whoever connects to `/chat` has joined.
                Listener::Mentor => continue,
            };
            socket.does(event, payload).await;
        }
        let dialects = dialects.to_vec();
        Ears { socket, dialects }
    }

    /// A socket for each dialect, and one that has joined by three of them.
    pub async fn listens_everywhere(&self, person: &Person) -> Vec<Ears> {
        let mut all = Vec::new();
        for dialects in [&[Listener::Mentor][..], &AT_HOME] {
            all.push(self.listens(person, dialects).await);
        }
        for dialect in AT_HOME {
            all.push(self.listens(person, &[dialect]).await);
        }
        all
    }

    /// A new socket of somebody who was away since this position, and listens in one dialect.
    pub async fn comes_back(&self, who: &Person, dialect: Listener, position: &Value) -> Socket {
        let position = json!({ "lastMessageId": position });
        let socket = match dialect {
            Listener::Mentor => who.enters_chat(position).await,
            _ => who.enters(position).await,
        };
        let socket = socket.expect("a position");
        match dialect {
            Listener::Rooms => socket.emit("joinRoom", json!({ "roomId": self.hex })),
            Listener::Direct => socket.emit("join_conversation", self.number.clone()),
            Listener::Campus => socket.emit("join-group", json!({ "conversation": self.uuid })),
            Listener::Mentor => {}
        }
        socket
    }

    /// Ann speaks; the socket is one of hers, for those dialects that have an event for it.
    pub async fn says(&self, speaker: Speaker, socket: &Socket, content: &str) {
        let (ann, uuid) = (&self.ann, &self.uuid);
        match speaker {
            Speaker::RoomsRest => {
                ann.posts(&self.hex, content).await;
            }
            Speaker::RoomsSocket => {
                let said = json!({ "roomId": self.hex, "content": content });
                socket.does("message", said).await;
            }
            Speaker::DirectSocket => {
                let said = json!({ "conversationId": self.number, "content": content });
                socket.does("send_message", said).await;
            }
            Speaker::CampusRest => {
                ann.sends_to(uuid, content).await;
            }
            Speaker::CampusSocket => {
                let said = json!({ "conversationId": uuid, "message": content });
                let event = match self.sort.is_of_two() {
                    true => "send-message",
                    false => "send-group-message",
                };
                socket.does(event, said).await;
            }
            Speaker::MentorRest => {
                ann.says(uuid, content).await;
            }
        }
    }

    /// What of Ann's is heard in a dialect: the event, its body, and the path to the moment when it was said.
    pub fn heard_in(&self, dialect: Listener, content: &str) -> (&str, Value, &str) {
        let (ann, bob) = (&self.ann, &self.bob);
        match dialect {
            Listener::Rooms => {
                let sender = json!({ "_id": ann.id, "username": ann.name });
                let body = json!({ "content": content, "sender": sender, "room": self.hex });
                ("message", body, "/createdAt")
            }
            Listener::Direct => {
                let receiver = self.sort.is_of_two().then_some(bob.number);
                let body = json!({
                    "conversation_id": self.number, "sender_id": ann.number, "receiver_id": receiver,
                    "content": content, "is_read": false, "read_at": null,
                });
                ("new_message", body, "/created_at")
            }
            Listener::Campus => {
                let event = match self.sort.is_of_two() {
                    true => "receive-message",
                    false => "receive-group-message",
                };
                let body = json!({ "message": content, "senderId": ann.uuid, "conversationId": self.uuid });
                (event, body, "/createdAt")
            }
            Listener::Mentor => {
                let message = json!({
                    "conversationId": self.uuid, "senderId": ann.uuid,
                    "content": content, "contentType": "text", "attachments": [],
                });
                let body = json!({ "conversationId": self.uuid, "message": message });
                ("new_message", body, "/message/createdAt")
            }
        }
    }
}

/// None of these sockets has anything left to hear.
pub async fn all_is_quiet(ears: &[Ears]) {
    futures_util::future::join_all(ears.iter().map(|one| one.socket.hears_nothing_said())).await;
}
