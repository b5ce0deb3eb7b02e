//! Is everything written down, and nothing else? The documents against the route tables, the events, and the wire.

use std::collections::BTreeSet;
use std::sync::Arc;

use chat::core::directory::Directory;
use chat::core::id::Spelling;
use chat::core::model::*;
use chat::dialects::ALL;
use chat::dialects::telling::Telling;
use chat::server::described;
use chat::web::documents::{template, written};

use super::support::{Chat, Request, Value, documented};

fn names<T: Into<String>>(names: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    names.into_iter().map(Into::into).collect()
}

#[track_caller]
fn same(what: &str, described: &BTreeSet<String>, there: &BTreeSet<String>) {
    let (missing, made_up): (Vec<_>, Vec<_>) = (
        there.difference(described).collect(),
        described.difference(there).collect(),
    );
    assert!(
        missing.is_empty() && made_up.is_empty(),
        "{what}: not described {missing:?}, described and not there {made_up:?}"
    );
}

#[test]
fn every_route_is_described_and_no_other() {
    for one in described() {
        let (openapi, _) = written(&one, "http://localhost", 8_000).expect("JSON");
        let paths = openapi["paths"].as_object().expect("paths");
        let operations = paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().expect("a path's methods").keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        });
        let routes = one
            .routes
            .iter()
            .map(|route| format!("{} {}", route.method, template(route.path)));
        same(one.name, &names(operations), &names(routes));
        let ids = paths
            .values()
            .flat_map(|item| item.as_object().into_iter().flatten());
        let ids: Vec<_> = ids
            .map(|(_, operation)| operation["operationId"].to_string())
            .collect();
        assert_eq!(
            ids.len(),
            names(ids.clone()).len(),
            "{}: an operation's name is its own",
            one.name
        );
    }
}

#[test]
fn every_operation_has_a_summary_and_every_body_an_example() {
    for one in described() {
        let (openapi, _) = written(&one, "http://localhost", 8_000).expect("JSON");
        for (path, item) in openapi["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("methods") {
                let of = format!("{}: {method} {path}", one.name);
                assert!(
                    operation["summary"]
                        .as_str()
                        .is_some_and(|said| !said.is_empty()),
                    "{of}: no summary"
                );
                let responses = operation["responses"]
                    .as_object()
                    .expect("responses")
                    .values();
                let bodies = responses.chain(operation.get("requestBody"));
                for body in bodies.filter_map(|body| body["content"].get("application/json")) {
                    assert!(!body["example"].is_null(), "{of}: no example in {body}");
                }
            }
        }
    }
}

#[test]
fn every_event_is_described_and_no_other() {
    for (dialect, one) in ALL.iter().zip(described()) {
        let (_, asyncapi) = written(&one, "http://localhost", 8_000).expect("JSON");
        let operations = asyncapi["operations"].as_object().expect("operations");
        let of = |kind: &'static str| {
            operations
                .keys()
                .filter_map(move |key| key.strip_prefix(kind))
                .map(str::to_owned)
        };
        let hears = dialect.hears().iter().map(|(event, _)| *event);
        same(
            &format!("{} hears", one.name),
            &names(of("hears-")),
            &names(hears),
        );
        let mut says = names(dialect.says().iter().copied());
        says.extend(retold(*dialect));
        if !says.is_empty() {
            // What a socket says may be refused, whichever dialect it speaks.
            says.insert("error".into());
        }
        same(&format!("{} says", one.name), &names(of("says-")), &says);
    }
}

/// The events in which a dialect tells whatever can become true; and each looks as it is written.
fn retold(dialect: &dyn chat::dialects::Dialect) -> BTreeSet<String> {
    let (spell, people) = (Spelling::new(*b"sixteen bytes!!!"), Directory::default());
    let mut told = BTreeSet::new();
    for event in events() {
        let mut telling = Telling::new(&spell, &people, true, &|_| true);
        dialect.retell(&event, &mut telling);
        for one in telling.into_events() {
            let body = serde_json::from_str(one.body.get()).expect("a shape is JSON");
            documented::heard(dialect.namespace().path(), one.event, &body);
            told.insert(one.event.to_owned());
        }
    }
    told
}

fn events() -> Vec<Event> {
    let [ann, bob] = [1, 2].map(|number| AccountId::new(number).expect("an id"));
    let id = ConversationId::new(3).expect("an id");
    let at = Time(1_704_067_200_000);
    let places = [Kind::Direct, Kind::Session, Kind::Group, Kind::Room].map(|kind| {
        let pair = matches!(kind, Kind::Direct | Kind::Session).then_some((ann, bob));
        Place { id, kind, pair }
    });
    let notice = Arc::new(Notice {
        id: NoticeId::new(4).expect("an id"),
        account: bob,
        title: "Project Update".into(),
        text: "You have been assigned to Project X".into(),
        kind: "project_assigned".into(),
        created_at: at,
        read_at: None,
    });
    let file = Arc::new(File {
        id: FileId::new(5).expect("an id"),
        name: "document.pdf".into(),
        original: "my document.pdf".into(),
        media_type: "application/pdf".into(),
        size: 1_024,
        hash: String::new(),
        uploader: ann,
        conversation: Some(id),
        public: false,
        created_at: at,
        position: MessageId::new(7),
    });
    let joined = |arrival| Event::MemberJoined {
        conversation: id,
        account: bob,
        arrival,
    };
    let mut events = vec![
        joined(Arrival::Expected),
        joined(Arrival::Gathered),
        joined(Arrival::TakenIn),
        Event::MemberLeft {
            conversation: id,
            account: bob,
        },
        Event::SettingsChanged {
            conversation: id,
            account: bob,
            settings: Settings {
                level: Level::Mentions,
                muted_until: Some(at),
            },
        },
        Event::PresenceChanged(Presence {
            account: bob,
            online: false,
            last_seen_at: Some(at),
        }),
        Event::PersonChanged(Arc::new(Person {
            id: ann,
            name: "Ann".into(),
            picture: FileId::new(5).map(Picture::Kept),
            created_at: at,
        })),
        Event::NoticeMade(notice.clone()),
        Event::NoticesWaiting {
            subscriber: SubscriberId(1),
            notices: vec![notice],
        },
    ];
    events.push(Event::MessageDeleted(Deletion {
        id: MessageId::new(6).expect("an id"),
        conversation: id,
        at,
        position: MessageId::new(8).expect("an id"),
    }));
    for place in places {
        events.push(Event::ConversationChanged(Arc::new(Conversation {
            place,
            name: "Friends".into(),
            description: "Of old".into(),
            creator: Some(ann),
            created_at: at,
            owners: vec![ann, bob],
            picture: FileId::new(5),
            archived_at: Some(at),
            kept: chat::core::model::Kept {
                messages: Some(86_400_000),
                files: Some(0),
            },
        })));
        let message = Message {
            id: MessageId::new(6).expect("an id"),
            place,
            seq: 1,
            author: Author {
                id: ann,
                name: "ann".into(),
            },
            text: "Hello".into(),
            dialect: "rooms",
            content_type: "text".into(),
            attachments: Vec::new(),
            client_id: None,
            sent_at: at,
            read_at: Some(at),
            reply_to: None,
            mentions: Vec::new(),
            changed: None,
            edited_at: None,
            reactions: Vec::new(),
            pinned: None,
        };
        events.push(Event::MessageUpdated(Arc::new(Message {
            reply_to: MessageId::new(5),
            mentions: vec![bob],
            changed: MessageId::new(9),
            edited_at: Some(at),
            reactions: vec![Reaction {
                emoji: "👍".into(),
                count: 1,
                first: vec![bob],
            }],
            pinned: Some(Pin { at, by: bob }),
            ..message.clone()
        })));
        events.push(Event::MessagePosted(Arc::new(message)));
        events.push(Event::FileShared {
            file: file.clone(),
            place,
        });
        let receipt = Receipt {
            reader: bob,
            count: 2,
            at,
            left: 0,
            upto: MessageId::new(6).expect("an id"),
            upto_sent_at: at,
        };
        events.push(Event::MessagesRead { place, receipt });
        for on in [true, false] {
            events.push(Event::Typing {
                place,
                who: ann,
                subscriber: SubscriberId(1),
                on,
            });
        }
    }
    events
}

#[tokio::test]
async fn the_documents_are_served_as_of_this_server() {
    let chat = Chat::with(&[
        "--public-url",
        "https://chat.example.com/here/",
        "--max-message",
        "20",
    ])
    .await;
    for one in described() {
        let openapi = Request::new("GET", format!("/docs/{}/openapi.json", one.name))
            .send(&chat.address)
            .await;
        let document = openapi.has_status(200).json();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(
            document["servers"][0]["url"],
            "https://chat.example.com/here"
        );
        assert_eq!(openapi.says("content-type"), "application/json");
        let text = &document["components"]["schemas"]["Text"];
        assert!(
            text.is_null() || text["maxLength"] == 20,
            "{}: {text}",
            one.name
        );

        let tag = openapi.says("etag").to_owned();
        let again = Request::new("GET", format!("/docs/{}/openapi.json", one.name))
            .header("If-None-Match", &tag);
        let again = again.send(&chat.address).await;
        again.has_status(304);
        assert_eq!((again.says("etag"), again.body.len()), (tag.as_str(), 0));
        let other = Request::new("GET", format!("/docs/{}/openapi.json", one.name))
            .header("If-None-Match", "\"other\"");
        other.send(&chat.address).await.has_status(200);
    }
    for dialect in ALL {
        let asyncapi = Request::new("GET", format!("/docs/{}/asyncapi.json", dialect.name()))
            .send(&chat.address)
            .await;
        let document: Value = asyncapi.has_status(200).json();
        assert_eq!(document["asyncapi"], "3.0.0");
        let server = &document["servers"]["here"];
        assert_eq!(
            [&server["host"], &server["pathname"], &server["protocol"]],
            ["chat.example.com", "/here/socket.io", "wss"]
        );
        if !dialect.says().is_empty() {
            assert_eq!(
                document["channels"]["namespace"]["address"],
                dialect.namespace().path()
            );
        }
    }
}

#[tokio::test]
async fn what_is_no_document_is_not_there() {
    let chat = Chat::open().await;
    for path in [
        "/docs/nobody/openapi.json",
        "/docs/rooms/other.json",
        "/docs/rooms",
        "/docs/rooms/openapi.json/other",
    ] {
        Request::new("GET", path)
            .send(&chat.address)
            .await
            .refused(404);
    }
    Request::new("POST", "/docs/rooms/openapi.json")
        .send(&chat.address)
        .await
        .refused(405);
}
