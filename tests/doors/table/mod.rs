//! Who may do what, as a table: every request and every event of every dialect, and what seven people get for it.

pub mod asking;
pub mod cast;
pub mod rows;

use crate::support::ground::Ground;
use crate::support::*;
use asking::{Asking, is_private};
use cast::{Cast, OUTSIDERS, PEOPLE, SECRET};
use chat::web::routes::Route;
use futures_util::stream::{self, StreamExt};
use rows::{EVENTS, REQUESTS, Row};
use std::collections::HashMap;

/// How many rows are played at the same time.
const AT_ONCE: usize = 8;

/// The tables of contents, each with the name that the table gives it.
fn contents() -> Vec<(&'static str, Vec<Route>)> {
    let dialects = chat::dialects::ALL.iter();
    let dialects = dialects.map(|dialect| (dialect.name(), dialect.routes()));
    let own = [
        chat::admin::routes(),
        chat::web::pages::routes(),
        chat::web::mailing::routes(),
        chat::web::inviting::routes(),
        chat::web::about::routes(),
        chat::web::documents::routes(),
    ]
    .concat();
    dialects.chain([("admin", own)]).collect()
}

/// Is this request of the table one of that route's? `{group}` in the one stands where the other has its `{id}`.
fn is_of(row: &Row, dialect: &str, route: &Route) -> bool {
    let path = row.asked.split('?').next().unwrap_or_default();
    let known = format!("{} {}", route.method, route.path);
    let (asked, known) = (path.split('/'), known.split('/'));
    let is_name = |segment: &str| segment.starts_with('{');
    let mut both = asked.clone().zip(known.clone());
    row.dialect == dialect
        && asked.count() == known.count()
        && both.all(|(asked, known)| asked == known || (is_name(asked) && is_name(known)))
}

#[test]
fn the_table_has_all_routes_and_no_others() {
    let (rows, contents) = (rows::read(REQUESTS), contents());
    let mut wrong = Vec::new();
    for (dialect, routes) in &contents {
        for route in routes {
            if !rows.iter().any(|row| is_of(row, dialect, route)) {
                wrong.push(format!(
                    "no row: [{dialect}] {} {}",
                    route.method, route.path
                ));
            }
        }
    }
    for row in &rows {
        let mut known = contents
            .iter()
            .filter(|(dialect, _)| *dialect == row.dialect);
        if !known.any(|(dialect, routes)| routes.iter().any(|route| is_of(row, dialect, route))) {
            wrong.push(format!("no route: [{}] {}", row.dialect, row.asked));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_all_events_and_no_others() {
    let rows = rows::read(EVENTS);
    let dialects = chat::dialects::ALL.iter();
    let known = dialects.flat_map(|dialect| {
        let events = dialect.hears().iter();
        events.map(|(event, _)| (dialect.name(), *event))
    });
    let known: Vec<_> = known.collect();
    let asked: Vec<_> = rows.iter().map(|row| (row.dialect, row.asked)).collect();
    let missing: Vec<_> = known
        .iter()
        .filter(|event| !asked.contains(event))
        .collect();
    let unknown: Vec<_> = asked
        .iter()
        .filter(|event| !known.contains(event))
        .collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
    assert!(unknown.is_empty(), "nobody hears {unknown:?}");
}

#[tokio::test]
async fn everybody_gets_for_a_request_what_the_table_says() {
    // A listener for each dialect: there it answers itself where two share a path.
    let mut flags = vec!["--listen", "127.0.0.1:0"];
    let own: Vec<_> = chat::dialects::ALL
        .iter()
        .map(|dialect| format!("127.0.0.1:0={}", dialect.name()))
        .collect();
    flags.extend(own.iter().flat_map(|own| ["--listen", own]));
    let chat = Chat::with(&flags).await;
    let listeners = chat.announced["listeners"].as_array().expect("listeners");
    let addresses: HashMap<_, _> = listeners
        .iter()
        .map(|one| {
            (
                one["dialect"].as_str().unwrap_or("admin"),
                one["address"].as_str().expect("an address"),
            )
        })
        .collect();
    let mut requests = REQUESTS.to_owned();
    if Ground::wished() != Ground::File {
        // Only a file can be downloaded.
        requests = requests.replace("200  GET /api/admin/backup", "409  GET /api/admin/backup");
        assert_ne!(requests, REQUESTS);
    }
    all_get_what_they_should(rows::read(requests.leak()), async |at, row| {
        let cast = Cast::of(&chat, at, row.dialect, None).await;
        let address = addresses[row.dialect];
        is_as_told(row, &cast, async |asking| {
            asking.asks(address, row.asked, row.given).await
        })
        .await
    })
    .await;
}

#[tokio::test]
async fn everybody_gets_for_an_event_what_the_table_says() {
    let chat = Chat::open().await;
    let namespaces: HashMap<_, _> = chat::dialects::ALL
        .iter()
        .map(|dialect| (dialect.name(), dialect.namespace().path()))
        .collect();
    all_get_what_they_should(rows::read(EVENTS), async |at, row| {
        let namespace = namespaces[row.dialect];
        let cast = Cast::of(&chat, at, row.dialect, Some(namespace)).await;
        is_as_told(row, &cast, async |asking| {
            asking.says(namespace, row.asked, row.given).await
        })
        .await
    })
    .await;
}

/// Plays all rows, and fails with everything that is not as it should be.
async fn all_get_what_they_should(rows: Vec<Row>, play: impl AsyncFn(usize, &Row) -> Vec<String>) {
    let playing = rows.iter().enumerate().map(|(at, row)| play(at, row));
    let wrong: Vec<_> = stream::iter(playing)
        .buffer_unordered(AT_ONCE)
        .concat()
        .await;
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// All seven ask in turn, those first who should be refused. To whom something is not there, it is not there in the same
/// words as what never was.
async fn is_as_told(
    row: &Row,
    cast: &Cast<'_>,
    ask: impl AsyncFn(Asking<'_>) -> (u16, String),
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (who, status) in row.statuses.iter().enumerate() {
        let (got, body) = ask(Asking::of(cast, who, false)).await;
        let mut tell = |what: String| {
            wrong.push(format!(
                "[{}] {} {}: {} {what}",
                row.dialect, row.asked, row.given, PEOPLE[who]
            ));
        };
        if got != *status {
            tell(format!("got {got} instead of {status}: {body}"));
        }
        if who < OUTSIDERS && body.contains(SECRET) {
            tell(format!("read what is secret: {body}"));
        }
        let is_refused = *status == 404 || (who < OUTSIDERS && *status >= 400);
        if is_refused && (is_private(row.asked) || is_private(row.given)) {
            let nothing = ask(Asking::of(cast, who, true)).await;
            if nothing != (got, body.clone()) {
                tell(format!("got {got} {body}, but for nothing {nothing:?}"));
            }
        }
    }
    wrong
}
