//! Whatever is searched for is searched for, and means nothing else to the database.

use super::cases::Cases;
use super::odd;
use super::verdict::{is_well, wrong_with};
use crate::doors::table::asking::Asking;
use crate::doors::table::cast::{Cast, OWNER};
use crate::doors::table::rows::{self, REQUESTS};
use crate::support::*;

/// Every GET of the table, with each term under each name that a search might have.
#[tokio::test]
async fn a_term_is_a_term() {
    let chat = Chat::open().await;
    let mut wrong = Vec::new();
    let long = "x".repeat(4_000);
    let many = "a ".repeat(2_000);
    let terms: Vec<&str> = odd::TERMS.iter().copied().chain([&*long, &*many]).collect();
    let casts = [
        Cast::of(&chat, 0, "rooms", None).await,
        Cast::of(&chat, 1, "admin", None).await,
    ];
    for row in rows::read(REQUESTS) {
        // A copy of the whole file is no list.
        if !row.asked.starts_with("GET ") || row.asked.ends_with("/backup") {
            continue;
        }
        let cast = &casts[usize::from(row.dialect == "admin")];
        let asked = Asking::of(cast, OWNER, false).filled(row.asked).await;
        let path = asked.trim_start_matches("GET ");
        // Whoever logs out does it on a device of its own.
        let ann = match path.ends_with("/logout") {
            true => cast.people[OWNER].logs_in().await,
            false => cast.people[OWNER].with_token(&cast.people[OWNER].token),
        };
        let join = if path.contains('?') { '&' } else { '?' };
        for term in &terms {
            let encoded: String = form_urlencoded::byte_serialize(term.as_bytes()).collect();
            let names = ["q", "search", "to"].map(|name| format!("{name}={encoded}"));
            let answer = ann.get(format!("{path}{join}{}", names.join("&"))).await;
            if let Some(what) = wrong_with(&answer) {
                wrong.push(format!("{path} for {term:?}: {what}"));
            }
        }
    }
    Cases::of(1).all_well(&wrong);
    is_well(&chat).await;
}
