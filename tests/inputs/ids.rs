//! An id reads back from every spelling, and from nothing else: no changed letter, no other kind of thing, no other key.

use super::cases::Cases;
use chat::core::id::{
    AccountId, AccountKind, ConversationId, ConversationKind, DeviceId, DeviceKind, END, FileId,
    FileKind, Id, IdKind, MailId, MailKind, MessageId, MessageKind, NoticeId, NoticeKind, Spelling,
};
use chat::web::fields::Fields;
use chat::web::input::Input;
use proptest::prelude::*;

const CASES: u32 = 200;

/// The ends, and whatever lies between.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![1 => Just(1), 1 => Just(END - 1), 2 => 1..1_000_i64, 4 => 1..END]
}

fn reads_back<K: IdKind>(spell: &Spelling, other: &Spelling, number: i64) -> Vec<String> {
    let id = Id::<K>::new(number).expect("a number that an id may have");
    let (hex, uuid) = (spell.hex(id).to_string(), spell.uuid(id).to_string());
    let sealed = [
        uuid.to_uppercase(),
        hex.to_uppercase(),
        uuid.replace('-', ""),
        hex.clone(),
        uuid.clone(),
    ];
    for text in &sealed {
        assert_eq!(spell.read(text), Some(id), "{text}");
        assert_eq!(spell.read_sealed(text), Some(id), "{text}");
        assert_eq!(other.read::<K>(text), None, "another key reads {text}");
    }
    let decimal = number.to_string();
    assert_eq!(spell.read(&decimal), Some(id));
    assert_eq!(spell.read_sealed::<K>(&decimal), None, "{decimal}");
    vec![hex, uuid]
}

/// Each kind with how many others read its spellings, which must be none.
macro_rules! all_kinds {
    ($spell:expr, $other:expr, $number:expr, $($kind:ty),*) => {{
        let mut all: Vec<(&str, Vec<String>)> = Vec::new();
        $(all.push((<$kind>::NAME, reads_back::<$kind>($spell, $other, $number)));)*
        for (name, spellings) in &all {
            for text in spellings {
                $(
                    let read = $spell.read::<$kind>(text).is_some();
                    assert_eq!(read, <$kind>::NAME == *name, "{text} of a {name}");
                )*
            }
        }
    }};
}

#[test]
fn every_kind_reads_back_from_its_own_spellings_alone() {
    let mut cases = Cases::of(CASES);
    for (number, key, other) in cases.all(&(number(), any::<[u8; 16]>(), any::<[u8; 16]>())) {
        let (spell, other) = (Spelling::new(key), Spelling::new(other));
        all_kinds!(
            &spell,
            &other,
            number,
            AccountKind,
            DeviceKind,
            ConversationKind,
            MessageKind,
            FileKind,
            NoticeKind,
            MailKind
        );
    }
}

/// Everything that differs from a spelling in one bit, one letter more, less or exchanged.
fn neighbours(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut near = Vec::new();
    for at in 0..bytes.len() {
        for bit in 0..7 {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << bit;
            near.extend(String::from_utf8(changed));
        }
        let (before, behind) = text.split_at(at);
        near.push(format!("{before}{}", &behind[1..]));
        for more in ["0", "f", "-", " ", "\0", "é"] {
            near.push(format!("{before}{more}{behind}"));
        }
        if at > 0 && bytes[at] != bytes[at - 1] {
            let mut changed = bytes.to_vec();
            changed.swap(at, at - 1);
            near.extend(String::from_utf8(changed));
        }
    }
    near.extend([
        format!("{text} "),
        format!("{{{text}}}"),
        format!("urn:uuid:{text}"),
    ]);
    near
}

#[test]
fn whatever_is_near_a_spelling_is_none() {
    let mut cases = Cases::of(CASES / 10);
    for (number, key) in cases.all(&(number(), any::<[u8; 16]>())) {
        let spell = Spelling::new(key);
        let id = MessageId::new(number).expect("an id");
        for text in [
            spell.hex(id).to_string(),
            spell.uuid(id).to_string(),
            spell.uuid(id).replace('-', ""),
        ] {
            for near in neighbours(&text) {
                // Upper case is the same.
                let same = near.to_lowercase() == text;
                let read = spell.read::<MessageKind>(&near);
                assert_eq!(read, same.then_some(id), "{near} near {text}");
            }
        }
    }
}

#[test]
fn a_number_is_an_id_where_it_is_whole_and_small_enough() {
    let spell = Spelling::new(*b"sixteen bytes!!!");
    let read = |json: &str| -> Option<i64> {
        let given: Input = serde_json::from_str(json).ok()?;
        let mut fields = Fields::new(given, &spell);
        let id: Option<ConversationId> = fields.bare_id(&["conversationId"]);
        fields.done(id).ok().map(|id| id.number())
    };
    for (json, number) in [
        ("7", Some(7)),
        ("\"7\"", Some(7)),
        ("\"007\"", Some(7)),
        ("7.0", Some(7)),
        ("1e3", Some(1_000)),
        ("9007199254740991", Some(END - 1)),
        ("\"9007199254740991\"", Some(END - 1)),
        ("{\"conversationId\":7}", Some(7)),
        ("{\"conversationId\":\"7\"}", Some(7)),
        ("{\"conversationId\":null,\"x\":7}", None),
        ("0", None),
        ("-0", None),
        ("-7", None),
        ("\"-7\"", None),
        ("\"+7\"", None),
        ("7.5", None),
        ("\"7.0\"", None),
        ("\"1e3\"", None),
        ("\"0x7\"", None),
        ("\" 7\"", None),
        ("\"7 \"", None),
        ("\"٧\"", None),
        ("\"\"", None),
        ("9007199254740992", None),
        ("\"9007199254740992\"", None),
        ("9007199254740993", None),
        ("18446744073709551615", None),
        ("18446744073709551616", None),
        ("1e300", None),
        ("1e400", None),
        ("-1e300", None),
        ("true", None),
        ("[7]", None),
        ("{}", None),
        ("null", None),
        ("NaN", None),
    ] {
        assert_eq!(read(json), number, "{json}");
    }
}

#[test]
fn a_number_that_no_id_may_have_makes_none() {
    for number in [0, -1, END, i64::MIN, i64::MAX] {
        assert_eq!(AccountId::new(number), None);
        assert_eq!(DeviceId::new(number), None);
        assert_eq!(FileId::new(number), None);
        assert_eq!(NoticeId::new(number), None);
        assert_eq!(MailId::new(number), None);
    }
}
