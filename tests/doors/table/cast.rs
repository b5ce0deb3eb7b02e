//! Who asks, and what is there to be asked for: people of its own for every row, so that no row disturbs another.

use crate::support::mentor::id;
use crate::support::*;
use chat::core::id::FileKind;
use std::collections::HashMap;
use tokio::sync::Mutex;

/// The columns of the table; all but the last two are outside.
pub const PEOPLE: [&str; 7] = [
    "nobody",
    "a device that was logged out",
    "who was suspended",
    "a stranger",
    "who was removed",
    "a member",
    "the owner",
];
pub const OUTSIDERS: usize = 5;
const LOGGED_OUT: usize = 1;
const SUSPENDED: usize = 2;
const REMOVED: usize = 4;
pub const MEMBER: usize = 5;
/// Under `[admin]` the administrator.
pub const OWNER: usize = 6;

/// The words of the group, of its messages and files; nobody outside ever reads them.
pub const SECRET: &str = "Between us";

pub struct Cast<'c> {
    pub chat: &'c Chat,
    pub people: [Person; 7],
    /// The owner, whoever stands in the last column.
    ann: Person,
    pub carl: Person,
    group: String,
    /// What the owner said there, and what was said there by who was removed.
    message: String,
    left_behind: String,
    /// What was made because the row mentions it.
    made: Mutex<HashMap<String, String>>,
    pub sockets: [Option<Socket>; 7],
}

impl<'c> Cast<'c> {
    /// With sockets in this namespace, where there is one. Who is removed, suspended or logged out had theirs before.
    pub async fn of(
        chat: &'c Chat,
        row: usize,
        dialect: &str,
        namespace: Option<&str>,
    ) -> Cast<'c> {
        let new = |name: &str| {
            let name = format!("{name}{row}");
            async move { chat.rooms(&name).await }
        };
        let (ann, bob, carl) = tokio::join!(new("ann"), new("bob"), new("carl"));
        let (max, sam, eve) = tokio::join!(new("max"), new("sam"), new("eve"));
        let group = ann.gathers(SECRET, &[&bob, &carl, &max, &sam]).await;
        let message = id(&ann.sends_to(&group, SECRET).await);
        // His own words are no secret to him: he may download them.
        let left_behind = id(&max.sends_to(&group, "Among us").await);
        let gone = bob.logs_in().await;
        let owner = ann.with_token(&ann.token);
        let people = [chat.nobody(), gone, sam, eve, max, bob, owner];
        let mut sockets = [const { None }; 7];
        if let Some(namespace) = namespace {
            for who in LOGGED_OUT..=OWNER {
                let socket = enters(&people[who], namespace).await;
                sockets[who] = Some(socket.expect("a socket"));
            }
            // Being inside before must not help: this event is in both namespaces.
            for socket in [LOGGED_OUT, SUSPENDED, REMOVED].map(|who| &sockets[who]) {
                let joining = json!({ "conversationId": group });
                let socket = socket.as_ref().expect("just opened");
                socket.does("join_conversation", joining).await;
            }
        }
        let member = format!(
            "/api/conversations/{group}/members/{}",
            people[REMOVED].uuid
        );
        ann.delete(member).await.has_status(200);
        people[LOGGED_OUT]
            .post("/api/auth/logout", json!({}))
            .await
            .has_status(200);
        let suspended = format!("/api/admin/users/{}", people[SUSPENDED].uuid);
        chat.admin()
            .patch(suspended, json!({ "suspended": true }))
            .await
            .has_status(200);
        // Their sockets end with it: whatever these say next comes too late.
        for socket in [LOGGED_OUT, SUSPENDED]
            .iter()
            .filter_map(|&who| sockets[who].as_ref())
        {
            socket.is_sent_away().await;
        }
        let mut cast = Cast {
            chat,
            people,
            ann,
            carl,
            group,
            message,
            left_behind,
            made: Mutex::default(),
            sockets,
        };
        if dialect == "admin" {
            cast.people[OWNER] = chat.admin();
        }
        cast
    }

    /// What the owner, or Carl, makes once, and what it is called by in the table.
    pub async fn thing(&self, name: &str) -> String {
        let mut made = self.made.lock().await;
        if let Some(known) = made.get(name) {
            return known.clone();
        }
        let (ann, bob, carl) = (&self.ann, &self.people[MEMBER], &self.carl);
        let thing = match name {
            "ann" => ann.uuid.clone(),
            "bob" => bob.uuid.clone(),
            "carl" => carl.uuid.clone(),
            "group" => self.group.clone(),
            "message" => self.message.clone(),
            "message of bob" => id(&bob.sends_to(&self.group, SECRET).await),
            "message of carl" => id(&carl.sends_to(&self.group, SECRET).await),
            "message of max" => self.left_behind.clone(),
            "direct message" => {
                let met = ann.meets(bob).await;
                id(&ann.sends_to(&met, SECRET).await)
            }
            "talk message" => {
                let talk = id(&ann.opens_session(&self.has_session().await).await);
                id(&ann.sends_to(&talk, SECRET).await)
            }
            "room message" => {
                let room = ann.opens_room("Wall").await;
                id(&ann.sends_to(&room, "Welcome").await)
            }
            "emoji" => "%F0%9F%91%8D".to_owned(),
            "asset" => "base.css".to_owned(),
            "dialect" => "rooms".to_owned(),
            "direct" => {
                let met = ann.meets(bob).await;
                ann.sends_to(&met, SECRET).await;
                met
            }
            "room" => ann.opens_room("Lobby").await,
            "session" => self.has_session().await,
            "talk" => {
                let talk = id(&ann.opens_session(&self.has_session().await).await);
                ann.sends_to(&talk, SECRET).await;
                talk
            }
            "file" => text(&self.shares(Some(&self.group)).await["_id"]),
            "file url" => {
                let url = text(&self.shares(Some(&self.group)).await["url"]);
                url.trim_start_matches("/uploads/").to_owned()
            }
            "diary" => text(&self.shares(None).await["_id"]),
            "diarys number" => {
                let hex = self.shares(None).await;
                let hex = text(&hex["_id"]);
                let id = self.chat.spelling().read::<FileKind>(&hex);
                id.expect("an id of a file").number().to_string()
            }
            "poster" => {
                let wall = ann.opens_room("Wall").await;
                text(&self.shares(Some(&wall)).await["_id"])
            }
            "notice" => {
                self.chat.notifies(ann, SECRET, SECRET, "payment").await;
                let notices = ann.get("/api/notifications").await.json();
                notices["notifications"][0]["id"].to_string()
            }
            "device" => another_device(ann).await,
            "carls device" => another_device(carl).await,
            "carls group" => carl.gathers("Carl's", &[bob]).await,
            "carls message" => {
                let place = carl.gathers("Carl's", &[bob]).await;
                id(&carl.sends_to(&place, "Hello").await)
            }
            "carls file" => {
                let shared = carl.uploads(Form::file("notes.txt", "text/plain", "Hello"));
                text(&shared.await.has_status(201).json()["data"]["_id"])
            }
            "invitation" => {
                let admin = self.chat.admin();
                let made = admin.post("/api/admin/invitations", json!({})).await;
                id(&made.has_status(201).json()["invitation"])
            }
            "report" => {
                let message = id(&bob.sends_to(&self.group, SECRET).await);
                let path = format!("/message/report/{message}");
                carl.post(path, json!({})).await.has_status(201);
                let reports = self.chat.admin().get("/api/admin/reports?limit=100").await;
                let reports = reports.has_status(200).json();
                let mut reports = reports["reports"].as_array().expect("reports").iter();
                let is_it = |one: &&Value| one["messageId"] == message.as_str();
                id(reports.find(is_it).expect("the report"))
            }
            "word" => {
                let word = json!({ "text": format!("unwanted by {}", carl.name) });
                let put = self.chat.admin().puts("/api/admin/words", word).await;
                id(&put.has_status(200).json()["word"])
            }
            "mail" => {
                let to = format!("mail.to.{}@example.test", carl.name);
                let asked = self.chat.nobody();
                let asked = asked.post("/user/send-signup-code", json!({ "email": to }));
                asked.await.has_status(200);
                id(&self.chat.mail_to(&to).await)
            }
            "stop of nobody" => "0190b5a2-0000-8000-8000-000000000001".to_owned(),
            "socket of nobody" => "999999999".to_owned(),
            other => panic!("the table knows nothing of {{{other}}}"),
        };
        made.insert(name.to_owned(), thing.clone());
        thing
    }

    /// A session of the owner's and the member's: another application's UUID.
    async fn has_session(&self) -> String {
        let (mentor, mentee) = (&self.ann, &self.people[MEMBER]);
        let session = format!("6f1d2c3b-4a59-4e87-9b06-{:012x}", mentor.number);
        self.chat.has_session(&session, mentor, mentee).await;
        session
    }

    async fn shares(&self, place: Option<&str>) -> Value {
        // What hangs in an open room is no secret, nor is what lies nowhere and has a path that nobody can guess.
        let words = if place == Some(&self.group) {
            SECRET
        } else {
            "Welcome"
        };
        let form = Form::file(&format!("{words}.txt"), "text/plain", words);
        let form = match place {
            Some(place) => form.field("roomId", place),
            None => form,
        };
        let shared = self.ann.uploads(form).await;
        shared.has_status(201).json()["data"].clone()
    }
}

/// The id of a device that this person logs in with, beside the first one.
async fn another_device(person: &Person) -> String {
    let other = person.logs_in().await;
    let devices = other.get("/auth/active-devices").await.json();
    let devices = devices.as_array().expect("a list of devices");
    let own = devices.iter().find(|device| device["current"] == true);
    id(own.expect("the asking device"))
}

pub async fn enters(person: &Person, namespace: &str) -> Result<Socket, String> {
    let auth = match &*person.token {
        "" => json!({}),
        token => json!({ "token": token }),
    };
    person
        .entry()
        .namespace(namespace)
        .auth(auth)
        .connect()
        .await
}

pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
