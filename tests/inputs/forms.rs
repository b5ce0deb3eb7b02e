//! Forms as no browser writes them: refused, or taken for what is whole in them; never half, and never a fault.

use super::cases::Cases;
use super::verdict::{is_well, wrong_with};
use crate::support::*;
use proptest::prelude::*;
use proptest::sample::Index;

const FORM: &str = "multipart/form-data; boundary=b";

/// One part, as it should be.
fn part(head: &str, body: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
}

fn file(name: &str) -> String {
    part(&format!("name=\"file\"; filename=\"{name}\""), "Hello")
}

/// Each with its content type, its body, and the status where only one is right.
fn known(room: &str) -> Vec<(&'static str, String, Option<u16>)> {
    let end = "--b--\r\n";
    let good = file("a.txt");
    let in_room = part("name=\"roomId\"", room);
    vec![
        (FORM, format!("{good}{end}"), Some(201)),
        (FORM, format!("{good}{in_room}{end}"), Some(201)),
        (FORM, format!("{in_room}{good}{end}"), Some(201)),
        ("multipart/form-data", format!("{good}{end}"), Some(400)),
        (
            "multipart/form-data; boundary=",
            format!("{good}{end}"),
            Some(400),
        ),
        (
            "multipart/form-data; boundary=c",
            format!("{good}{end}"),
            Some(400),
        ),
        (
            "multipart/form-data; boundary=\"b\"",
            format!("{good}{end}"),
            Some(201),
        ),
        (
            "multipart/mixed; boundary=b",
            format!("{good}{end}"),
            Some(415),
        ),
        ("", format!("{good}{end}"), Some(415)),
        (FORM, String::new(), Some(400)),
        (FORM, end.to_owned(), Some(400)),
        (FORM, good.clone(), Some(400)),
        (FORM, good.trim_end().to_owned(), Some(400)),
        (FORM, "--b\r\n".to_owned(), Some(400)),
        (FORM, "--b\r\n\r\nno head\r\n--b--\r\n".to_owned(), None),
        (
            FORM,
            format!("before it all\r\n{good}{end}behind it all"),
            None,
        ),
        // Not once, and not under that name.
        (FORM, format!("{good}{good}{end}"), None),
        (FORM, format!("{in_room}{in_room}{good}{end}"), None),
        (
            FORM,
            format!("{}{good}{end}", part("name=\"roomId\"", "nowhere")),
            Some(400),
        ),
        (
            FORM,
            format!("{}{good}{end}", part("name=\"roomId\"", "999999999")),
            Some(404),
        ),
        (
            FORM,
            format!("{}{end}", part("filename=\"a.txt\"", "Hello")),
            Some(400),
        ),
        (
            FORM,
            format!(
                "{}{end}",
                part("name=\"data\"; filename=\"a.txt\"", "Hello")
            ),
            Some(400),
        ),
        (
            FORM,
            format!("{}{good}{end}", part("name=\"roomId\"", &"x".repeat(2_000))),
            Some(413),
        ),
        (
            FORM,
            format!("{}{end}", part("name=\"file\"", "Hello")),
            None,
        ),
        // A form within the form is a file like others.
        (
            FORM,
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n{end}"
            ),
            None,
        ),
        (
            FORM,
            format!("{}{good}{end}", part("name=\"x\"", "y").repeat(1_000)),
            None,
        ),
        (
            FORM,
            format!(
                "{}{end}",
                part(
                    &format!(
                        "name=\"file\"; filename=\"a\"\r\nX-Long: {}",
                        "x".repeat(100_000)
                    ),
                    "Hello"
                )
            ),
            None,
        ),
        (
            FORM,
            format!(
                "{}{end}",
                part(
                    &format!("name=\"file\"; filename=\"a\"{}", "\r\nX: y".repeat(1_000)),
                    "Hello"
                )
            ),
            None,
        ),
        (
            FORM,
            format!(
                "{}{end}",
                part("name=\"file\"; filename*=UTF-8''%e2%82%ac.txt", "Hello")
            ),
            None,
        ),
        (
            FORM,
            format!(
                "{}{end}",
                part("name=\"file\"; filename*=UTF-8''%ff%00", "Hello")
            ),
            None,
        ),
        (FORM, format!("{good}--b--"), Some(201)),
        (FORM, format!("{}{end}", file(&"n".repeat(500))), Some(400)),
    ]
}

const NAMES: &[&str] = &[
    "",
    " ",
    ".",
    "..",
    "../../etc/passwd",
    "C:\\\\autoexec.bat",
    "a\\\"b.txt",
    "a%22b.txt",
    "a\tb.txt",
    "a\0b.txt",
    "a;b=c.txt",
    "\u{202e}txt.exe",
    "\u{1f680}.png",
    "e\u{301}.txt",
    ".htaccess",
    "con.txt",
    "-rf",
    "a.txt\u{2028}",
    "%00.txt",
    "no ending",
];

#[tokio::test]
async fn a_form_is_a_form_or_refused() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let mut wrong = Vec::new();
    let send = async |content_type: &str, body: Vec<u8>| {
        let form = Request::new("POST", "/api/files/upload").body(content_type, body);
        ann.sends(form).await
    };
    for (content_type, body, status) in known(&room) {
        let answer = send(content_type, body.clone().into_bytes()).await;
        let as_told = status.is_none_or(|status| answer.status == status);
        let what = wrong_with(&answer)
            .or_else(|| (!as_told).then(|| format!("{} instead of {status:?}", answer.status)));
        wrong.extend(what.map(|what| format!("{content_type:?} {body:?}: {what}")));
    }
    // Whatever a file was called, it comes back under a name that is safe in a path and a header.
    for name in NAMES {
        let answer = send(FORM, format!("{}--b--\r\n", file(name)).into_bytes()).await;
        wrong.extend(wrong_with(&answer).map(|what| format!("{name:?}: {what}")));
        if answer.status != 201 {
            continue;
        }
        let url = answer.json()["data"]["url"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let got = ann.get(&url).await;
        let disposition = got.header("content-disposition").unwrap_or_default();
        let safe = disposition
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte));
        if got.body != b"Hello" || disposition.is_empty() || !safe {
            wrong.push(format!("{name:?} at {url}: {got:?}"));
        }
    }
    // A form that something happened to on its way.
    let whole = format!(
        "{}{}{}--b--\r\n",
        part("name=\"clientMessageId\"", "one"),
        file("a.txt"),
        part("name=\"roomId\"", &room)
    );
    let damage = (any::<Index>(), any::<Index>(), any::<u8>(), 0..4_u8);
    let mut cases = Cases::of(300);
    for (from, to, byte, how) in cases.all(&damage) {
        let mut body = whole.clone().into_bytes();
        let (from, to) = (from.index(body.len()), to.index(body.len()));
        let (from, to) = (from.min(to), from.max(to));
        match how {
            0 => body.truncate(from),
            1 => body[from] = byte,
            2 => drop(body.drain(from..to)),
            _ => {
                let again = body[from..to].to_vec();
                body.splice(from..from, again);
            }
        }
        let answer = send(FORM, body.clone()).await;
        let body = String::from_utf8_lossy(&body).into_owned();
        wrong.extend(wrong_with(&answer).map(|what| format!("{body:?}: {what}")));
    }
    cases.all_well(&wrong);
    is_well(&chat).await;
}

/// The other form of the house: a registration, with a picture or without.
#[tokio::test]
async fn a_damaged_registration_is_refused_field_by_field() {
    let chat = Chat::open().await;
    let fields = arriving::student("ann");
    let token = chat.proves(&person::email_of("ann")).await;
    let fields = fields.as_object().expect("an object").iter();
    let fields = fields.map(|(name, value)| {
        part(
            &format!("name=\"{name}\""),
            value.as_str().unwrap_or_default(),
        )
    });
    let picture = part(
        "name=\"profile\"; filename=\"me.png\"",
        "\u{89}PNG no picture",
    );
    let token = part("name=\"signupToken\"", &token);
    let whole = format!("{}{token}{picture}--b--\r\n", fields.collect::<String>());
    let damage = (any::<Index>(), any::<Index>(), any::<u8>(), any::<bool>());
    let mut cases = Cases::of(200);
    let mut wrong = Vec::new();
    for (from, to, byte, cut) in cases.all(&damage) {
        let mut body = whole.clone().into_bytes();
        let (from, to) = (from.index(body.len()), to.index(body.len()));
        if cut {
            drop(body.drain(from.min(to)..from.max(to)));
        } else {
            body[from] = byte;
        }
        let form = Request::new("POST", "/user/register").body(FORM, body.clone());
        let answer = chat.nobody().sends(form).await;
        let body = String::from_utf8_lossy(&body).into_owned();
        wrong.extend(wrong_with(&answer).map(|what| format!("{body:?}: {what}")));
    }
    cases.all_well(&wrong);
    is_well(&chat).await;
}
