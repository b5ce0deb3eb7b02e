//! What is compared: which work, and who does it?

use crate::contestant::Contestant::{self, Bun, Chat};
use crate::reading::Reading;
use crate::shape::{By, Shape};

/// One row of the comparison.
pub struct Row {
    pub name: &'static str,
    /// What is done, in words.
    pub about: &'static str,
    pub who: Vec<Contestant>,
    pub work: Work,
}

pub enum Work {
    /// Messages through rooms.
    Talk(Shape),
    /// Requests to a database in which much was said.
    Read(Reading),
    /// Logins, so many at a time.
    LogIn(u32),
    /// So many connections break at once.
    Storm(u32),
    /// So many sockets say nothing.
    Idle(u32),
    /// Starts on an empty database.
    Start(u32),
    /// Our own, with ten times the data and ten times that.
    Grow(Reading),
}

/// All rows, in the order in which they are measured.
pub fn all() -> Vec<Row> {
    let everyone = || Contestant::SERVERS.to_vec();
    let with = |more: &[Contestant]| [&Contestant::SERVERS[..], more].concat();
    let best = || with(&[Contestant::Broadcast, Contestant::Inserts]);
    let telling = || with(&[Contestant::Broadcast]);
    // Those that differ only in how they write read alike.
    let readers = || vec![Chat, Bun, Contestant::NodeBatched];
    let talk = |name, about, who, shape| Row {
        name,
        about,
        who,
        work: Work::Talk(shape),
    };
    let usual = Shape::default;
    let few = |senders, in_flight| Shape {
        senders,
        in_flight,
        people: Some(10),
        sweep_us: 0,
        ..usual()
    };
    // The peers have rooms alone, and tell nobody by mail: theirs is a room with as many in it.
    let group = |size, away, group| Shape {
        senders: 4,
        in_flight: 16,
        room_size: size,
        people: Some(size),
        group,
        away,
        ..usual()
    };
    let rest = |shape: Shape| Shape {
        by: By::Rest,
        ..shape
    };
    let read = |name, about, reading| Row {
        name,
        about,
        who: readers(),
        work: Work::Read(reading),
    };
    let grow = |name, about, reading| Row {
        name,
        about,
        who: vec![Chat],
        work: Work::Grow(reading),
    };
    vec![
        talk(
            "socket-1",
            "sent by socket into a room of 10, one at a time",
            best(),
            few(1, 1),
        ),
        talk(
            "socket-16",
            "sent by socket into a room of 10, 16 under way",
            best(),
            few(8, 2),
        ),
        talk(
            "socket-512",
            "64 people with 8 under way each, rooms of 10",
            best(),
            usual(),
        ),
        talk(
            "rest-1",
            "sent by REST into a room of 10, one at a time",
            everyone(),
            rest(few(1, 1)),
        ),
        talk(
            "rest-16",
            "sent by REST into a room of 10, 16 under way",
            everyone(),
            rest(few(8, 2)),
        ),
        talk(
            "rest-512",
            "sent by REST, 64 people with 8 under way each, rooms of 10",
            everyone(),
            rest(usual()),
        ),
        talk(
            "rooms-4x8",
            "4 rooms of 8, 8 people with 8 under way each",
            telling(),
            Shape {
                senders: 8,
                people: Some(32),
                room_size: 8,
                ..usual()
            },
        ),
        talk(
            "pairs",
            "64 people with 8 under way each, two by two",
            telling(),
            Shape {
                room_size: 2,
                ..usual()
            },
        ),
        talk(
            "fan-out",
            "one sender with 8 under way, heard by 1,000",
            telling(),
            Shape {
                senders: 1,
                room_size: 1_000,
                ..usual()
            },
        ),
        talk(
            "rooms-1000",
            "1,000 rooms of 5, 50 people with 4 under way each",
            everyone(),
            Shape {
                senders: 50,
                in_flight: 4,
                room_size: 5,
                rooms: Some(1_000),
                ..usual()
            },
        ),
        talk(
            "room-away",
            "4 people with 16 under way each in an open room; nobody else is there",
            telling(),
            group(4, true, false),
        ),
        talk(
            "group-10-away",
            "the same in a closed group of 10, the others away",
            everyone(),
            group(10, true, true),
        ),
        talk(
            "group-50-away",
            "the same in a closed group of 50, the others away",
            everyone(),
            group(50, true, true),
        ),
        talk(
            "group-256-away",
            "the same in a closed group of 256, the others away",
            everyone(),
            group(256, true, true),
        ),
        talk(
            "group-10",
            "the same in a closed group of 10, all there",
            everyone(),
            group(10, false, true),
        ),
        talk(
            "group-50",
            "the same in a closed group of 50, all there",
            everyone(),
            group(50, false, true),
        ),
        talk(
            "group-256",
            "the same in a closed group of 256, all there",
            everyone(),
            group(256, false, true),
        ),
        talk(
            "steady",
            "100 messages a second into a room of 10",
            everyone(),
            Shape {
                rate: Some(100),
                ..few(10, 1)
            },
        ),
        read(
            "page-newest",
            "the newest 50 messages of a room, of 1,000 rooms",
            Reading::Newest,
        ),
        read(
            "page-deepest",
            "the oldest 50 messages of a room with half of all",
            Reading::Deepest,
        ),
        read(
            "list",
            "the 50 latest of one person's 1,000 conversations",
            Reading::List,
        ),
        read(
            "unread",
            "one conversation with what is unread in it",
            Reading::Unread,
        ),
        Row {
            name: "login",
            about: "logins, 8 at a time, bcrypt cost 10",
            who: readers(),
            work: Work::LogIn(8),
        },
        Row {
            name: "storm",
            about: "2,000 sockets come back and join their rooms",
            who: telling(),
            work: Work::Storm(2_000),
        },
        Row {
            name: "idle",
            about: "2,000 joined sockets that say nothing",
            who: with(&[Contestant::Broadcast]),
            work: Work::Idle(2_000),
        },
        Row {
            name: "start",
            about: "from exec to serving, on an empty database",
            who: everyone(),
            work: Work::Start(5),
        },
        grow(
            "grow-page",
            "the oldest page, with so much said",
            Reading::Deepest,
        ),
        grow(
            "grow-list",
            "1,000 conversations, with so much said in them",
            Reading::List,
        ),
        grow(
            "grow-send",
            "sent by REST into the longest room",
            Reading::Send,
        ),
    ]
}
