//! Does a row of the feed say what was announced, also to a server of another version?

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::feed::{read, told};
use crate::core::id::{END, IdKind};
use crate::core::model::*;

fn id<K: IdKind>(number: i64) -> Id<K> {
    Id::new(number).expect("an id")
}

fn person(number: i64) -> Author {
    Author {
        id: id(number),
        name: format!("Person {number}").into(),
    }
}

const PLACE: Place = Place {
    id: Id::stored(3),
    kind: Kind::Group,
    pair: None,
};

/// A message that has only what every one has.
fn bare() -> Message {
    Message {
        dialect: "",
        id: id(41),
        place: PLACE,
        seq: 7,
        author: person(1),
        text: "Are you coming to the harbour at eight?".to_owned(),
        content_type: "text".into(),
        attachments: Vec::new(),
        client_id: None,
        sent_at: Time(1_795_245_007_626),
        read_at: None,
        reply_to: None,
        mentions: Vec::new(),
        changed: None,
        edited_at: None,
        reactions: Vec::new(),
        pinned: None,
    }
}

/// A message with everything that one can have.
fn full() -> Message {
    let attachment = Attachment {
        filename: "plan.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        url: "/uploads/plan.pdf".to_owned(),
        size: 1_024,
        file: Some(Named {
            id: id(9),
            sealed: true,
        }),
    };
    let elsewhere = Attachment {
        file: None,
        ..attachment.clone()
    };
    Message {
        place: Place {
            kind: Kind::Session,
            pair: Some((id(1), id(2))),
            ..PLACE
        },
        text: "\"Quoted\",\u{0}\n\u{2028}𝄞 and @bob".to_owned(),
        content_type: "image".to_owned().into(),
        attachments: vec![attachment, elsewhere],
        client_id: Some("a-1".to_owned()),
        read_at: Some(Time(2)),
        reply_to: Some(id(40)),
        mentions: vec![id(2)],
        changed: Some(id(43)),
        edited_at: Some(Time(-1)),
        reactions: vec![Reaction {
            emoji: "🎉".to_owned(),
            count: 2,
            first: vec![id(1), id(2)],
        }],
        pinned: Some(Pin {
            at: Time(4),
            by: id(1),
        }),
        ..bare()
    }
}

fn conversation() -> Conversation {
    Conversation {
        place: PLACE,
        name: "Friends".to_owned(),
        description: String::new(),
        creator: None,
        created_at: Time(1),
        owners: Vec::new(),
        picture: None,
        archived_at: None,
        slow_mode: 0,
        kept: Kept::default(),
    }
}

fn file() -> File {
    File {
        id: id(9),
        name: "plan.pdf".to_owned(),
        original: "Plan?.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size: u64::MAX,
        hash: "00".repeat(32),
        uploader: id(1),
        conversation: None,
        public: true,
        created_at: Time(1),
        position: None,
    }
}

fn notice() -> Notice {
    Notice {
        id: id(5),
        account: id(1),
        title: "Paid".to_owned(),
        text: "Thank you".to_owned(),
        kind: "payment".to_owned(),
        created_at: Time(1),
        read_at: None,
    }
}

/// Each of them, and those of which something may be absent in both ways.
fn events() -> Vec<Event> {
    let (conversation_id, account, subscriber) = (PLACE.id, id(1), SubscriberId(8));
    vec![
        Event::MessagePosted(Arc::new(bare())),
        Event::MessagePosted(Arc::new(full())),
        Event::MessageUpdated(Arc::new(full())),
        Event::MessageDeleted(Deletion {
            id: id(41),
            conversation: conversation_id,
            at: Time(1),
            position: id(44),
        }),
        Event::FileShared {
            file: Arc::new(file()),
            place: PLACE,
        },
        Event::FileShared {
            file: Arc::new(File {
                conversation: Some(conversation_id),
                position: Some(id(45)),
                ..file()
            }),
            place: PLACE,
        },
        Event::MessagesRead {
            place: PLACE,
            receipt: Receipt {
                reader: account,
                count: 3,
                at: Time(1),
                left: 0,
                upto: id(41),
                upto_sent_at: Time(1),
            },
        },
        Event::Typing {
            place: PLACE,
            who: account,
            subscriber,
            on: true,
        },
        Event::NoticeMade(Arc::new(notice())),
        Event::NoticesWaiting {
            subscriber,
            notices: vec![Arc::new(Notice {
                read_at: Some(Time(2)),
                ..notice()
            })],
        },
        Event::SettingsChanged {
            conversation: conversation_id,
            account,
            settings: Settings::default(),
        },
        Event::SettingsChanged {
            conversation: conversation_id,
            account,
            settings: Settings {
                level: Level::Mentions,
                muted_until: Some(Time(9)),
            },
        },
        Event::BlockChanged {
            account,
            other: id(2),
            blocked: true,
        },
        Event::ConversationChanged(Arc::new(conversation())),
        Event::ConversationChanged(Arc::new(Conversation {
            creator: Some(account),
            owners: vec![account, id(2)],
            picture: Some(id(9)),
            archived_at: Some(Time(1)),
            slow_mode: 30,
            kept: Kept {
                messages: Some(0),
                files: Some(86_400_000),
            },
            ..conversation()
        })),
        Event::MemberJoined {
            conversation: conversation_id,
            account,
            arrival: Arrival::TakenIn,
        },
        Event::MemberLeft {
            conversation: conversation_id,
            account,
        },
        Event::RestraintChanged {
            conversation: conversation_id,
            account,
            kind: RestraintKind::Silence,
            until: Some(Until::At(Time(9))),
            owners: Arc::new([id(1), id(2)]),
        },
        Event::RestraintChanged {
            conversation: conversation_id,
            account,
            kind: RestraintKind::Ban,
            until: Some(Until::Lifted),
            owners: Arc::new([]),
        },
        Event::RestraintChanged {
            conversation: conversation_id,
            account,
            kind: RestraintKind::Ban,
            until: None,
            owners: Arc::new([]),
        },
        Event::PresenceChanged(Presence {
            account,
            online: false,
            last_seen_at: None,
        }),
        Event::PersonChanged(Arc::new(Person {
            id: account,
            name: "Ann".to_owned(),
            picture: Some(Picture::Elsewhere("https://example.test/a".to_owned())),
            created_at: Time(1),
        })),
    ]
}

fn changes() -> Vec<StateChange> {
    let (conversation, account, subscriber, device) = (PLACE.id, id(1), SubscriberId(8), id(6));
    let made = |token| StateChange::DeviceMade {
        device,
        sid: Sid::random(),
        account,
        expires_at: Time(9),
        token,
    };
    let (number, by) = (5, ServerId(7));
    let asked = |question| StateChange::Asked {
        number,
        by,
        question,
    };
    let replied = |reply| StateChange::Replied { number, by, reply };
    vec![
        StateChange::Subscribed {
            subscriber,
            conversation,
        },
        StateChange::Unsubscribed {
            subscriber,
            conversation,
        },
        StateChange::AccountChanged(account),
        StateChange::UnwantedChanged,
        StateChange::ProfileChanged(account),
        made(None),
        made(Some([0xa5; 32])),
        StateChange::DeviceProlonged {
            device,
            account,
            expires_at: Time(9),
        },
        StateChange::DeviceEnded { device, account },
        StateChange::Attended {
            server: ServerId(7),
            account,
            said: Attendance {
                sockets: 2,
                online: true,
            },
            seen_at: Some(Time(9)),
        },
        StateChange::ServerGone {
            server: ServerId(7),
            accounts: vec![account, id(2)],
        },
        asked(Question::Sockets {
            q: Some("ann".to_owned()),
            most: 20,
        }),
        asked(Question::EndSocket {
            server: ServerId(8),
            number: 1,
        }),
        replied(Reply::SocketEnded(true)),
        replied(Reply::Sockets(Listed {
            items: vec![SocketSeen {
                number: 1,
                account,
                name: "ann".into(),
                namespace: "/".into(),
                transport: "polling".into(),
                dialects: vec!["rooms".into()],
                rooms: 2,
                address: [192, 0, 2, 1].into(),
                user_agent: "a client".to_owned(),
                since: Time(9),
            }],
            total: 30,
        })),
    ]
}

/// The names of an enum's variants, which serde lists when it is asked for one that is not there.
fn names_in<T: DeserializeOwned + Debug>() -> BTreeSet<String> {
    let unknown = serde_json::from_str::<T>(r#"{"?":0}"#).expect_err("there is no such variant");
    let unknown = unknown.to_string();
    let quoted = unknown.split('`').skip(1).step_by(2).skip(1);
    quoted.map(str::to_owned).collect()
}

fn name_of(one: &impl Serialize) -> String {
    match serde_json::to_value(one).expect("JSON") {
        Value::String(name) => name,
        Value::Object(fields) => fields.keys().next().cloned().expect("a name"),
        other => panic!("{other} is no variant"),
    }
}

/// As another server hears it; `None` if it does not.
fn as_heard(one: &Announcement) -> Option<Announcement> {
    let mut heard = one.clone();
    match &mut heard {
        Announcement::Event(Event::NoticesWaiting { .. })
        | Announcement::StateChange(
            StateChange::Subscribed { .. } | StateChange::Unsubscribed { .. },
        ) => return None,
        Announcement::Event(Event::Typing { subscriber, .. }) => {
            *subscriber = SubscriberId(subscriber.0 | 1 << 63);
        }
        Announcement::Event(_) | Announcement::StateChange(_) => {}
    }
    Some(heard)
}

fn all() -> Vec<Announcement> {
    let events = events().into_iter().map(Announcement::from);
    let changes = changes().into_iter().map(Announcement::from);
    events.chain(changes).collect()
}

#[test]
fn whatever_is_announced_is_read_as_it_was_written() {
    let events: BTreeSet<_> = events().iter().map(name_of).collect();
    let changes: BTreeSet<_> = changes().iter().map(name_of).collect();
    assert_eq!(events, names_in::<Event>(), "each event is tried here");
    assert_eq!(changes, names_in::<StateChange>(), "and each change");
    for one in all() {
        let told = told(std::slice::from_ref(&one)).expect("JSON");
        let heard = told.map(|told| read(&told).expect("a list"));
        let expected = as_heard(&one).map(|heard| vec![heard]);
        assert_eq!(format!("{heard:?}"), format!("{expected:?}"));
    }
}

#[test]
fn a_commit_is_heard_in_its_order_without_what_concerns_one_socket() {
    let told = told(&all()).expect("JSON").expect("a row");
    let expected: Vec<_> = all().iter().filter_map(as_heard).collect();
    assert_eq!(expected.len(), all().len() - 3);
    let heard = read(&told).expect("a list");
    // The random names of devices differ.
    let names = |all: &[Announcement]| {
        let name = |one: &Announcement| match one {
            Announcement::Event(event) => name_of(event),
            Announcement::StateChange(change) => name_of(change),
        };
        all.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(&heard), names(&expected));
}

proptest! {
    #[test]
    fn whatever_people_write_is_read_as_it_was_written(
        text: String,
        client_id: Option<String>,
        filename: String,
        (number, seq) in (1..END, any::<i64>()),
        at: i64,
    ) {
        let attachment = Attachment { filename, ..full().attachments.remove(0) };
        let message = Message {
            id: id(number),
            seq,
            text,
            client_id,
            attachments: vec![attachment],
            sent_at: Time(at),
            ..bare()
        };
        let posted = [Event::MessagePosted(Arc::new(message)).into()];
        let told = told(&posted).unwrap().unwrap();
        prop_assert_eq!(format!("{:?}", read(&told).unwrap()), format!("{posted:?}"));
    }
}

/// Servers of two versions share a database while one takes the other's place: what a row looks like changes only so that
/// both can read it.
#[test]
fn a_row_is_written_thus() {
    let posted = [
        Event::MessagePosted(Arc::new(bare())).into(),
        StateChange::DeviceEnded {
            device: id(6),
            account: id(1),
        }
        .into(),
        StateChange::UnwantedChanged.into(),
    ];
    assert_eq!(
        told(&posted).expect("JSON").expect("a row"),
        concat!(
            r#"[{"Event":{"MessagePosted":{"id":41,"place":{"id":3,"kind":"Group"},"seq":7,"#,
            r#""author":{"id":1,"name":"Person 1"},"text":"Are you coming to the harbour at eight?","#,
            r#""content_type":"text","sent_at":1795245007626}}},"#,
            r#"{"StateChange":{"DeviceEnded":{"device":6,"account":1}}},"#,
            r#"{"StateChange":"UnwantedChanged"}]"#,
        )
    );
}

#[test]
fn what_a_newer_version_announces_is_passed_over_one_by_one() {
    let told = r#"[
        {"StateChange":{"AccountChanged":7}},
        {"Event":{"PollOpened":{"id":1,"options":["a","b"]}}},
        {"Weather":"fine"}, 5, null, [],
        {"StateChange":{"AccountChanged":{"id":7}}},
        {"StateChange":{"AccountChanged":0}},
        {"Event":{"MemberJoined":{"conversation":3,"account":1,"arrival":"Beamed"}}},
        {"StateChange":"UnwantedChanged"}
    ]"#;
    let expected: [Announcement; 2] = [
        StateChange::AccountChanged(id(7)).into(),
        StateChange::UnwantedChanged.into(),
    ];
    let heard = read(told).expect("a list");
    assert_eq!(format!("{heard:?}"), format!("{expected:?}"));
    for broken in ["", "{}", "[", r#"[{"StateChange":"#] {
        assert!(read(broken).is_err(), "{broken}");
    }
}

#[test]
fn what_a_newer_version_says_besides_is_passed_over() {
    let mut told: Value = serde_json::from_str(&told_of(bare())).expect("JSON");
    for place in ["", "/place", "/author"] {
        let at = format!("/0/Event/MessagePosted{place}");
        let fields = told.pointer_mut(&at).and_then(Value::as_object_mut);
        let fields = fields.expect("an object");
        fields.insert("mood".to_owned(), serde_json::json!({ "is": ["calm"] }));
    }
    let heard = read(&told.to_string()).expect("a list");
    let expected: [Announcement; 1] = [Event::MessagePosted(Arc::new(bare())).into()];
    assert_eq!(format!("{heard:?}"), format!("{expected:?}"));
}

fn told_of(message: Message) -> String {
    let posted = [Event::MessagePosted(Arc::new(message)).into()];
    told(&posted).expect("JSON").expect("a row")
}
