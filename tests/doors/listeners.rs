//! A port for each dialect: its own routes come first there, the others' still work, and behind all ports is one world.

use crate::support::mentor::*;
use crate::support::*;

/// A server with a port for everybody, one for mentor and one for emote; and the addresses of these.
async fn with_three_ports() -> (Chat, [String; 3]) {
    let flags = "--listen 0 --listen 0=mentor --listen 0=emote";
    let chat = Chat::with(&flags.split(' ').collect::<Vec<_>>()).await;
    let listeners = chat.announced["listeners"].as_array();
    let listeners = listeners.expect("the announcement lists the listeners");
    let addresses = listeners.iter().map(|listener| {
        let url = listener["url"].as_str().expect("a listener has a url");
        let address = url.strip_prefix("http://").expect("an http URL");
        address.to_owned()
    });
    let addresses = addresses.collect::<Vec<_>>();
    let addresses = addresses.try_into().expect("three listeners");
    (chat, addresses)
}

#[tokio::test]
async fn each_listener_is_announced_with_its_dialect() {
    let (chat, [plain, mentors, emotes]) = with_three_ports().await;
    let said = &chat.announced;
    let dialects = json!([{ "dialect": null }, { "dialect": "mentor" }, { "dialect": "emote" }]);
    assert_looks_like(&said["listeners"], dialects, "the listeners");
    assert_eq!(
        said["url"], said["listeners"][0]["url"],
        "the first is the one"
    );
    assert!(plain != mentors && mentors != emotes && plain != emotes);
}

#[tokio::test]
async fn the_port_decides_whose_list_it_is() {
    let (chat, [plain, mentors, emotes]) = with_three_ports().await;
    // Ann's home is emote, Bob's is not.
    let (ann, bob) = (chat.emote("ann").await, chat.rooms("bob").await);
    let conversation = ann.meets(&bob).await;
    ann.sends_to(&conversation, "Hello").await;
    let mentors_item = json!({
        "id": conversation, "mentor": null, "mentee": null, "session": null,
        "lastMessage": { "content": "Hello", "senderId": ann.uuid },
    });
    let emotes_item = json!({
        "id": conversation, "type": "direct",
        "lastMessage": { "content": "Hello", "senderId": ann.uuid },
    });
    for (person, port, query, is_emotes) in [
        (&ann, &mentors, "", false),
        (&ann, &mentors, "?page=1", false),
        (&ann, &mentors, "?page=1&page_size=10", false),
        (&bob, &mentors, "?limit=5", false),
        (&bob, &emotes, "", true),
        (&bob, &emotes, "?limit=5", true),
        (&bob, &emotes, "?limit=5&offset=0", true),
        (&ann, &emotes, "?page=1", true),
        // Without a dialect the query decides, and the account's home where it says nothing.
        (&bob, &plain, "?page=1", true),
        (&bob, &plain, "?page_size=10", true),
        (&ann, &plain, "?limit=5", false),
        (&ann, &plain, "?offset=0", false),
        (&ann, &plain, "", true),
        (&bob, &plain, "", false),
    ] {
        let path = format!("/api/conversations{query}");
        let answer = person.by(port).get(&path).await;
        let expected = if is_emotes {
            json!({ "conversations": [emotes_item], "pagination": { "page": 1, "total": 1 } })
        } else {
            json!([mentors_item])
        };
        let listed = answer.has_status(200).json();
        let what = format!("{}'s {path} at {port}", person.name);
        assert_looks_like(&listed, expected, &what);
        assert_eq!(answer.says("X-Total-Count"), "1", "{what}");
    }
}

#[tokio::test]
async fn the_parameters_of_the_other_dialect_mean_nothing_on_a_dialects_port() {
    let (chat, [_, mentors, emotes]) = with_three_ports().await;
    let ann = chat.emote("ann").await;
    for name in ["bob", "cleo", "dan"] {
        let other = chat.emote(name).await;
        ann.meets(&other).await;
    }
    let path = "/api/conversations?page=2&page_size=1&limit=2&offset=0";
    let two = ann.by(&mentors).get(path).await;
    let listed = two.has_status(200).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
    let one = ann.by(&emotes).get(path).await;
    let listed = one.has_status(200).json();
    let page = json!({ "page": 2, "page_size": 1, "total": 3, "total_pages": 3 });
    assert_eq!(listed["pagination"], page);
    assert_eq!(listed["conversations"].as_array().map(Vec::len), Some(1));
    for answer in [&one, &two] {
        assert_eq!(answer.says("X-Total-Count"), "3");
    }
}

#[tokio::test]
async fn every_dialects_routes_work_on_every_port() {
    let (chat, ports) = with_three_ports().await;
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    chat.has_session(SESSION, &john, &jane).await;
    for (at, port) in ports.iter().enumerate() {
        // emote and rooms: signing up and logging in.
        let new =
            json!({ "email": format!("new.{at}@example.test"), "password": "password of new" });
        let nobody = chat.nobody().by(port);
        let mut named = new.clone();
        named["name"] = json!("New");
        let made = nobody.post("/api/auth/register", named).await;
        made.has_status(200);
        let login = nobody.post("/api/auth/login", new.clone()).await;
        login.looks_like(200, json!({ "success": true }));
        let mut named = new;
        named["email"] = json!(format!("newer.{at}@example.test"));
        named["username"] = json!(format!("newer {at}"));
        let made = nobody.post("/api/auth/signup", named).await;
        made.looks_like(201, json!({ "success": true }));

        let john = john.by(port);
        let users = john.get("/api/profile/users").await;
        users.looks_like(200, json!({ "pagination": { "page": 1 } }));
        // campus
        let login = json!({ "email": "john@example.test", "password": "password of john" });
        let login = nobody.post("/auth/login", login).await;
        login.looks_like(200, json!({ "user": { "full_name": "john" } }));
        let conversation = john.meets(&jane).await;
        john.sends_to(&conversation, "By campus").await;
        // rooms
        let room = john.opens_room(&format!("Room {at}")).await;
        john.posts(&room, "By rooms").await;
        // mentor
        let session = john.opens_session(SESSION).await;
        john.says(&id(&session), "By mentor").await;
        // direct
        let notices = john.get("/api/notifications").await;
        notices.has_status(200);
        john.get("/nowhere").await.refused(404);
        john.delete("/api/conversations").await.refused(405);
    }
}

#[tokio::test]
async fn behind_all_ports_is_one_world() {
    let (chat, ports) = with_three_ports().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let written = ann.writes_to(&bob, "First").await;
    let number = written["conversation_id"].clone();
    let mut listening = Vec::new();
    for port in &ports {
        let bob = bob.by(port);
        let (main, own) = (bob.opens_a_socket().await, bob.opens_chat().await);
        main.does("join_conversation", number.clone()).await;
        // The answer shows that it has come in, and heard its conversations.
        own.does("join_conversation", number.clone()).await;
        listening.push((main, own));
    }
    for port in &ports {
        let content = format!("Said at {port}");
        let speaker = ann.by(port);
        let said = json!({ "conversationId": number, "content": content });
        speaker.does("send_message", said).await;
        for (main, own) in &listening {
            let expected = json!({ "content": content, "sender_id": ann.number });
            main.hears("new_message", expected).await;
            let expected = json!({ "message": { "content": content } });
            own.hears("new_message", expected).await;
        }
    }
    // A token is one at every port, and over at every port.
    let out = bob.by(&ports[1]).post("/api/auth/logout", json!({})).await;
    out.has_status(200);
    for (main, own) in &listening {
        main.is_sent_away().await;
        own.is_sent_away().await;
    }
    for port in &ports {
        bob.by(port).get("/api/notifications").await.refused(401);
        let entered = bob.by(port).enters(json!({})).await;
        assert!(entered.is_err(), "a revoked token enters at {port}");
    }
}

#[tokio::test]
async fn a_dialect_that_nobody_speaks_is_refused_with_those_that_are() {
    for wrong in ["0=irc", "0=", "0=Mentor", "0=mentor=emote"] {
        let refusal = Chat::start(&["--temp", "--listen", wrong]).await;
        let refusal = refusal.err().unwrap_or_else(|| panic!("{wrong} started"));
        assert_eq!(refusal.code, Some(2), "{wrong}: {}", refusal.log);
        for known in ["campus", "mentor", "emote", "rooms", "direct"] {
            assert!(refusal.log.contains(known), "{wrong}: {}", refusal.log);
        }
    }
}
