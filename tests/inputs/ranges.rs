//! Any part of a file that a client may ask for, and what it gets: that part and no other, or a word why not.

use super::cases::Cases;
use super::verdict::{is_well, wrong_with};
use crate::support::*;
use proptest::prelude::*;
use proptest::sample::select;

/// Not a round number, and more than one part of the file's as it is stored.
const SIZE: usize = 300_007;

/// Each with the status and the bytes that it gets, where there is only one right answer.
const KNOWN: &[(&str, u16, usize, usize)] = &[
    ("bytes=0-", 206, 0, SIZE),
    ("bytes=0-0", 206, 0, 1),
    ("bytes=5-9", 206, 5, 10),
    ("bytes=300006-", 206, SIZE - 1, SIZE),
    ("bytes=300006-999999999", 206, SIZE - 1, SIZE),
    ("bytes=-1", 206, SIZE - 1, SIZE),
    ("bytes=-300007", 206, 0, SIZE),
    ("bytes=-999999999", 206, 0, SIZE),
    ("bytes=262143-262144", 206, 262_143, 262_145),
    ("bytes=0-18446744073709551615", 206, 0, SIZE),
    ("bytes=300007-", 416, 0, 0),
    ("bytes=-0", 416, 0, 0),
    ("bytes=18446744073709551615-", 416, 0, 0),
    // What is no range is as good as none.
    ("bytes=9-5", 200, 0, SIZE),
    ("bytes=1-0", 200, 0, SIZE),
    ("bytes=300009-5", 200, 0, SIZE),
    ("bytes=", 200, 0, SIZE),
    ("bytes=-", 200, 0, SIZE),
    ("bytes=x-y", 200, 0, SIZE),
    ("bytes", 200, 0, SIZE),
    ("", 200, 0, SIZE),
    ("lines=1-2", 200, 0, SIZE),
    // Of several, all of it, as HTTP allows.
    ("bytes=0-1,5-6", 200, 0, SIZE),
    ("bytes=0-9,5-14", 200, 0, SIZE),
];

#[tokio::test]
async fn a_range_is_what_was_asked_for_or_refused() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let whole: Vec<u8> = (0..SIZE).map(|at| (at * 7 % 251) as u8).collect();
    let shared = ann.uploads(Form::file("data.bin", "application/octet-stream", &whole));
    let shared = shared.await.has_status(201).json()["data"].clone();
    let paths = ["/api/files/", ""].map(|before| match before {
        "" => shared["url"].as_str().expect("a URL").to_owned(),
        before => format!("{before}{}", shared["_id"].as_str().expect("an id")),
    });
    for path in &paths {
        for (range, status, from, to) in KNOWN {
            let asked = Request::new("GET", path).header("Range", range);
            let got = ann.sends(asked).await;
            got.has_status(*status);
            if *status != 416 {
                assert!(got.body == whole[*from..*to], "{path} {range}");
            }
            assert_eq!(wrong_with_part(&got, &whole), None, "{path} {range}");
        }
    }
    let word = prop_oneof![
        select(vec![
            "-", ",", "0", "5", "300006", "300007", "bytes=", "=", " ", ";", "x", "+1", "1e3"
        ])
        .prop_map(str::to_owned),
        any::<u64>().prop_map(|number| number.to_string()),
    ];
    let range = prop::collection::vec(word, 0..7).prop_map(|words| words.concat());
    let range = prop_oneof![
        range.clone(),
        range.prop_map(|range| format!("bytes={range}"))
    ];
    let mut cases = Cases::of(150);
    let mut wrong = Vec::new();
    for range in cases.all(&range) {
        let asked = Request::new("GET", &paths[0]).header("Range", &range);
        let got = ann.sends(asked).await;
        if let Some(what) = wrong_with(&got).or_else(|| wrong_with_part(&got, &whole)) {
            wrong.push(format!("{range:?}: {what}"));
        }
    }
    cases.all_well(&wrong);
    is_well(&chat).await;
}

/// Is it the part that it says it is?
fn wrong_with_part(got: &Answer, whole: &[u8]) -> Option<String> {
    let told = got.header("content-range").unwrap_or_default();
    let expected = match got.status {
        200 => whole,
        206 => {
            let (bounds, _) = told.strip_prefix("bytes ")?.split_once('/')?;
            let (from, to) = bounds.split_once('-')?;
            let (from, to): (usize, usize) = (from.parse().ok()?, to.parse().ok()?);
            match whole.get(from..=to) {
                Some(part) => part,
                None => return Some(format!("there is no {told}")),
            }
        }
        416 if told == format!("bytes */{SIZE}") => return None,
        other => return Some(format!("{other} {told}")),
    };
    (got.body != expected).then(|| format!("not the bytes that {told:?} promises"))
}
