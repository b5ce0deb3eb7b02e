//! Verbs that share a commit on PostgreSQL, where they look things up and write them together, do what they do one by one.

use crate::endure::chance::Chance;
use crate::support::postgres::Database;
use crate::support::server::core_options;
use chat::core::id::IdKind;
use chat::core::may::Wish;
use chat::core::message::{self, Draft};
use chat::core::model::*;
use chat::core::owner::{self, Change};
use chat::core::{Core, Lookup, account, block, change, conversation, restraint};
use chat::core::{Tx, View};
use std::fmt::Debug;
use std::time::Duration;
use tokio::sync::mpsc;

const PEOPLE: i64 = 6;
/// In each: commits of one to so many verbs.
const COMMITS: usize = 40;
const VERBS: usize = 24;
const SEEDS: u64 = 8;

/// What can be done, with everything that it is done to.
#[derive(Clone, Debug)]
enum Step {
    Post {
        who: i64,
        place: i64,
        text: String,
        client_id: Option<String>,
        reply_to: Option<i64>,
        attached: bool,
        hears: bool,
    },
    Read(i64, i64, Option<i64>),
    Edit(i64, i64, String),
    React(i64, i64),
    Pin(i64, i64),
    Delete(i64, i64),
    Meet(i64, i64),
    Gather(i64, Vec<i64>),
    Open(i64),
    Add(i64, i64, i64),
    Remove(i64, i64, i64),
    Ban(i64, i64, i64),
    Silence(i64, i64, i64),
    Slow(i64, i64, u32),
    Block(i64, i64),
}

fn step(chance: &mut Chance) -> Step {
    let mut number = |most: usize| 1 + chance.below(most) as i64;
    // More conversations and messages than there are: some of them are not there.
    let (who, other, place, message) = (number(6), number(6), number(7), number(150));
    let (kind, some) = (number(100), number(8));
    match kind {
        1..=50 => Step::Post {
            who,
            place,
            text: match some {
                1 => String::new(),
                2 => format!("@person {other}, look"),
                3 => "x".repeat(3_000),
                _ => format!("Message {message}"),
            },
            client_id: (some % 2 == 0).then(|| format!("id {}", message % 20)),
            reply_to: (some == 5).then_some(message),
            attached: some == 6,
            hears: some == 7,
        },
        51..=68 => Step::Read(who, place, (some > 4).then_some(message)),
        69..=72 => Step::Edit(who, message, format!("Edited, @person {other}")),
        73..=76 => Step::React(who, message),
        77 => Step::Pin(who, message),
        78..=81 => Step::Delete(who, message),
        82..=83 => Step::Meet(who, other),
        84..=85 => Step::Open(who),
        86..=88 => Step::Add(who, place, other),
        89..=91 => Step::Remove(who, place, other),
        92..=93 => Step::Ban(who, place, other),
        94..=95 => Step::Silence(who, place, other),
        96..=97 => Step::Slow(who, place, if some > 4 { 3_600 } else { 0 }),
        _ => Step::Block(who, other),
    }
}

fn id<K: IdKind>(number: i64) -> Id<K> {
    Id::new(number).expect("an id")
}

fn me(number: i64) -> Me {
    Me {
        id: id(number),
        device: id(number),
        name: format!("person {number}").into(),
        home: "rooms".into(),
        admin: false,
    }
}

fn told<T: Debug>(done: chat::core::error::Result<T>) -> chat::core::error::Result<String> {
    done.map(|done| format!("{done:?}"))
}

impl Step {
    fn run(self, tx: &Tx<'_>) -> chat::core::error::Result<String> {
        let target = |number| change::Target::from(id::<MessageKind>(number));
        let restrained = |who, at, other, kind| {
            let lasts = Some(Duration::from_secs(3_600));
            restraint::impose(tx, &me(who), Wish::Moderate, id(at), id(other), kind, lasts)
        };
        match self {
            Self::Post { hears: true, .. } => {
                let (author, draft) = self.draft();
                told(message::post_and_subscribe(
                    tx,
                    &author,
                    draft,
                    SubscriberId(7),
                ))
            }
            Self::Post { .. } => {
                let (author, draft) = self.draft();
                told(message::post(tx, &author, draft))
            }
            Self::Read(who, at, upto) => {
                let upto = upto.map(id);
                told(conversation::mark_read(tx, &me(who), id(at), upto))
            }
            Self::Edit(who, message, text) => told(change::edit(
                tx,
                &me(who),
                target(message),
                "content",
                text,
                Default::default(),
            )),
            Self::React(who, message) => {
                told(change::react(tx, &me(who), target(message), "👍", true))
            }
            Self::Pin(who, message) => told(change::pin(tx, &me(who), target(message), true)),
            Self::Delete(who, message) => told(change::delete(tx, &me(who), target(message))),
            Self::Meet(who, other) => told(conversation::between(tx, &me(who), id(other))),
            Self::Gather(who, others) => {
                let others: Vec<_> = others.into_iter().map(id).collect();
                told(conversation::gather(tx, &me(who), "Friends", &others))
            }
            Self::Open(who) => told(conversation::open_room(tx, &me(who), "Lobby", "")),
            Self::Add(who, at, other) => {
                told(conversation::add_member(tx, &me(who), id(at), id(other)))
            }
            Self::Remove(who, at, other) => {
                told(conversation::remove_member(tx, &me(who), id(at), id(other)))
            }
            Self::Ban(who, at, other) => told(restrained(who, at, other, RestraintKind::Ban)),
            Self::Silence(who, at, other) => {
                told(restrained(who, at, other, RestraintKind::Silence))
            }
            Self::Slow(who, at, seconds) => {
                let change = Change {
                    slow_mode: Some(seconds),
                    ..Change::default()
                };
                told(owner::change(tx, &me(who), Wish::Moderate, id(at), change))
            }
            Self::Block(who, other) => told(block::block(tx, &me(who), id(other))),
        }
    }

    fn draft(self) -> (Me, Draft) {
        let Self::Post {
            who,
            place,
            text,
            client_id,
            reply_to,
            attached,
            ..
        } = self
        else {
            unreachable!("only a post is asked for its draft");
        };
        let attachment = Attachment {
            filename: "plan.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            url: "https://example.test/plan.pdf".to_owned(),
            size: 1_024,
            file: None,
        };
        let draft = Draft {
            reply_to: reply_to.map(id),
            attachments: if attached {
                vec![attachment]
            } else {
                Vec::new()
            },
            ..Draft::text("rooms", id(place), text, client_id)
        };
        (me(who), draft)
    }

    /// Queues it as its callers do: a post says what it looks up.
    fn queue(self, core: &Core) -> impl Future<Output = String> + use<> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let lookup = match &self {
            Self::Post { .. } => {
                let (author, draft) = self.clone().draft();
                draft.lookup(&author)
            }
            Self::Read(who, place, upto) => Lookup::to_read(&me(*who), id(*place), upto.map(id)),
            _ => Default::default(),
        };
        core.write_then(
            lookup,
            move |tx| self.run(tx),
            |done| drop(answer.send(done)),
        );
        async move { without_times(&format!("{:?}", answered.await.expect("an answer"))) }
    }
}

/// One of the two: what was answered, and what was announced.
struct Side {
    core: Core,
    announced: mpsc::UnboundedReceiver<String>,
}

impl Side {
    fn open(database: &str) -> Self {
        let database = database.parse().expect("a database");
        let (core, mut news, lock) = Core::open(&database, core_options()).expect("it opens");
        let (tell, announced) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let _lock = lock;
            while let Some(commit) = news.recv().await {
                for one in commit.announced() {
                    tell.send(without_times(&format!("{one:?}"))).ok();
                }
                commit.answer();
            }
        });
        Self { core, announced }
    }

    async fn signs_up(&self) {
        for number in 1..=PEOPLE {
            let made = self.core.write(move |tx| {
                let new = account::SignUp {
                    home: "rooms",
                    name: format!("person {number}"),
                    username: false,
                    email: format!("{number}@example.test"),
                };
                account::make(tx, &new, String::new())
            });
            made.await.expect("an account");
        }
    }

    fn hears(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.announced.try_recv().ok()).collect()
    }

    /// All that anybody can read, as they read it.
    async fn shown(&self) -> Vec<String> {
        let read = self.core.read(|view| {
            let mut shown = Vec::new();
            for who in 1..=PEOPLE {
                let me = me(who);
                for place in (1..=12).map(id) {
                    shown.push(format!("{:?}", of_place(view, &me, place)));
                }
            }
            Ok(shown)
        });
        let shown = read.await.expect("it can be read");
        shown.iter().map(|one| without_times(one)).collect()
    }
}

fn of_place(view: &View<'_>, me: &Me, place: ConversationId) -> impl Debug + use<> {
    let page = Page {
        page: 1,
        limit: 1_000,
        descending: false,
    };
    // Who came in the same millisecond stands in the order of their ids.
    let overview = conversation::overview(view, me, place).map(|mut overview| {
        overview.conversation.owners.sort_unstable();
        overview.people.sort_unstable_by_key(|person| person.id);
        overview
    });
    (
        overview,
        conversation::readings(view, me, place),
        message::page(view, Some(me.id), place, page),
        change::pins(view, Some(me.id), place),
    )
}

/// The two do the same things at different times.
fn without_times(text: &str) -> String {
    let mut rest = text;
    let mut without = String::new();
    while let Some(at) = ["Time(", "retry_after: "]
        .iter()
        .filter_map(|word| Some(rest.find(word)? + word.len()))
        .min()
    {
        without += &rest[..at];
        rest = rest[at..].trim_start_matches(|c: char| c.is_ascii_digit() || ".-nµms".contains(c));
    }
    without + rest
}

/// Where they differ, only that is said.
fn are_alike(seed: u64, got: &[String], expected: &[String]) {
    for (got, expected) in got.iter().zip(expected) {
        let same = got.bytes().zip(expected.bytes());
        let same = same.take_while(|(got, expected)| got == expected).count();
        let around = |text: &str| {
            let text: String = text.chars().skip(same.saturating_sub(200)).collect();
            text.chars().take(400).collect::<String>()
        };
        assert!(
            got == expected,
            "seed {seed}:\n{}\ninstead of\n{}",
            around(got),
            around(expected)
        );
    }
    assert_eq!(got.len(), expected.len(), "seed {seed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_of_many_does_what_they_do_one_by_one() {
    for seed in 1..=SEEDS {
        let (folder, database) = (
            tempfile::tempdir().expect("a folder"),
            Database::new().await,
        );
        let file = folder.path().join("chat.db");
        let mut alone = Side::open(file.to_str().expect("a path"));
        let mut together = Side::open(&database.url());
        alone.signs_up().await;
        together.signs_up().await;
        let mut chance = Chance::of(seed);
        let mut done = 0;
        for commit in 0..COMMITS {
            let count = 1 + chance.below(VERBS);
            let mut steps: Vec<_> = (0..count).map(|_| step(&mut chance)).collect();
            if commit == 0 {
                // Before anybody is blocked: the number of a group that fails late is left out on PostgreSQL.
                let groups = (1..=3).map(|who| Step::Gather(who, (who..=who + 3).collect()));
                steps.splice(0..0, groups);
            }
            let queued: Vec<_> = steps
                .iter()
                .map(|step| step.clone().queue(&together.core))
                .collect();
            for (step, queued) in steps.into_iter().zip(queued) {
                let expected = step.clone().queue(&alone.core).await;
                let got = queued.await;
                assert_eq!(got, expected, "seed {seed}, commit {commit}: {step:?}");
                done += usize::from(got.starts_with("Ok"));
            }
        }
        are_alike(seed, &together.hears(), &alone.hears());
        are_alike(seed, &together.shown().await, &alone.shown().await);
        assert!(done > COMMITS * VERBS / 8, "only {done} were allowed");
    }
}
