//! Ids: `Id<IdKind>` inside, and their spellings outside.
//!
//! Inside, an id is a positive integer below 2^53. Outside it is spelled as that integer (direct), as a UUID of
//! version 8 (campus, mentor, emote) or as 24 hex digits (rooms). The two long spellings are a keyed permutation of
//! the integer, the kind of thing, and zeros: reversible without a look-up, not guessable from a neighbour, and an
//! invented one is detected because the zeros do not come back.

use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use siphasher::sip::SipHasher24;

use super::short::Short;

/// The first integer that is no id: ids stay exact in JavaScript.
pub const END: i64 = 1 << 53;

/// A kind of thing that has ids; `TAG` tells a spelling of one kind from a spelling of another.
pub trait IdKind: 'static {
    const TAG: u8;
    const NAME: &'static str;
}

macro_rules! kinds {
    ($($kind:ident, $id:ident, $tag:literal, $name:literal;)*) => {$(
        #[derive(Debug)]
        pub enum $kind {}
        impl IdKind for $kind {
            const TAG: u8 = $tag;
            const NAME: &'static str = $name;
        }
        pub type $id = Id<$kind>;
    )*};
}

// A tag is part of every spelling that clients have stored: never change or reuse one.
kinds! {
    AccountKind, AccountId, 1, "user";
    DeviceKind, DeviceId, 2, "device";
    ConversationKind, ConversationId, 3, "conversation";
    MessageKind, MessageId, 4, "message";
    FileKind, FileId, 5, "file";
    NoticeKind, NoticeId, 6, "notification";
    MailKind, MailId, 7, "mail";
    InvitationKind, InvitationId, 8, "invitation";
    ReportKind, ReportId, 20, "report";
    UnwantedKind, UnwantedId, 21, "unwanted word";
    StopKind, StopId, 16, "link that turns mail off";
}

/// The id of one thing of kind `K`: a positive integer below 2^53.
pub struct Id<K>(i64, PhantomData<fn() -> K>);

impl<K: IdKind> Id<K> {
    /// The id with this number, if it can be one.
    pub fn new(number: i64) -> Option<Self> {
        (number > 0 && number < END).then_some(Self(number, PhantomData))
    }

    /// The integer: how the database and the direct dialect spell it.
    pub fn number(self) -> i64 {
        self.0
    }

    /// An id read from the database, which holds only valid ones.
    pub(in crate::core) const fn stored(number: i64) -> Self {
        Self(number, PhantomData)
    }
}

/// As its number.
impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        Self::new(number).ok_or_else(|| D::Error::custom(format!("{number} is no id")))
    }
}
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", K::NAME, self.0)
    }
}

/// Spells ids and reads them back, with the key that is kept in the database.
#[derive(Clone)]
pub struct Spelling {
    key: [u8; 16],
}

impl fmt::Debug for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spelling")
    }
}

/// Key, plaintext and half of its length, and the result.
type Sealed = ((u128, u128, u32), u128);

/// How many ids each thread remembers. Six hashes take 150 ns, a remembered id 5 ns: for the hundred ids of people and
/// conversations on a page of 50 messages that is 15 µs, of about 80 for the page. A cache for all threads would need a
/// lock. This one only saves time: what is in it changes no spelling, and each entry has its key.
const RECENTLY: usize = 64;
thread_local! {
    static RECENT: [Cell<Option<Sealed>>; RECENTLY] = const { [const { Cell::new(None) }; RECENTLY] };
}

/// Feistel rounds: four make a strong pseudorandom permutation, two more leave room for its birthday bound.
const ROUNDS: u8 = 6;
/// Half of 24 hex digits.
const HEX_HALF: u32 = 48;
/// Half of the 122 bits that a UUID of version 8 leaves free.
const UUID_HALF: u32 = 61;

impl Spelling {
    pub fn new(key: [u8; 16]) -> Self {
        Self { key }
    }

    /// 24 lower-case hex digits.
    pub fn hex<K: IdKind>(&self, id: Id<K>) -> Short {
        digits(self.seal(id, HEX_HALF), *b"000000000000000000000000")
    }

    /// A UUID of version 8 (RFC 9562), lower case, with dashes.
    pub fn uuid<K: IdKind>(&self, id: Id<K>) -> Short {
        let sealed = self.seal(id, UUID_HALF);
        let (custom_a, custom_b, custom_c) = (
            sealed >> 74,
            (sealed >> 62) & 0xfff,
            sealed & 0x3fff_ffff_ffff_ffff,
        );
        let bits = (custom_a << 80) | (0x8 << 76) | (custom_b << 64) | (0b10 << 62) | custom_c;
        digits(bits, *b"00000000-0000-0000-0000-000000000000")
    }

    /// Reads any spelling: decimal, 24 hex digits, or a UUID with or without dashes. Length tells them apart.
    /// `None` for what is malformed, of another kind of thing, or fails its check.
    pub fn read<K: IdKind>(&self, text: &str) -> Option<Id<K>> {
        match text.len() {
            1..=16 if text.bytes().all(|b| b.is_ascii_digit()) => Id::new(text.parse().ok()?),
            _ => self.read_sealed(text),
        }
    }

    /// Reads the spellings that nobody can guess, a UUID or 24 hex digits, and no other.
    pub fn read_sealed<K: IdKind>(&self, text: &str) -> Option<Id<K>> {
        match text.len() {
            24 => self.open(hex_digits(text)?, HEX_HALF),
            36 if [8, 13, 18, 23]
                .iter()
                .all(|&at| text.as_bytes()[at] == b'-') =>
            {
                self.open_uuid(hex_digits(&text.replace('-', ""))?)
            }
            32 => self.open_uuid(hex_digits(text)?),
            _ => None,
        }
    }

    fn open_uuid<K: IdKind>(&self, bits: u128) -> Option<Id<K>> {
        if (bits >> 76) & 0xf != 0x8 || (bits >> 62) & 0b11 != 0b10 {
            return None;
        }
        let (custom_a, custom_b, custom_c) = (
            bits >> 80,
            (bits >> 64) & 0xfff,
            bits & 0x3fff_ffff_ffff_ffff,
        );
        self.open((custom_a << 74) | (custom_b << 62) | custom_c, UUID_HALF)
    }

    /// The plaintext is `zeros ‖ tag ‖ number`: with 24 hex digits 35 zeros and 8 bits of kind stand guard.
    fn seal<K: IdKind>(&self, id: Id<K>, half: u32) -> u128 {
        let plain = (u128::from(K::TAG) << 53) | id.0 as u128;
        // Message ids hardly repeat; ids of people and conversations do.
        if K::TAG == MessageKind::TAG {
            return self.permute(plain, half);
        }
        RECENT.with(|recent| {
            let slot = &recent[plain as usize % RECENTLY];
            let asked = (u128::from_le_bytes(self.key), plain, half);
            match slot.get() {
                Some((known, sealed)) if known == asked => sealed,
                _ => {
                    let sealed = self.permute(plain, half);
                    slot.set(Some((asked, sealed)));
                    sealed
                }
            }
        })
    }

    fn permute(&self, plain: u128, half: u32) -> u128 {
        let mask = (1u64 << half) - 1;
        let (mut left, mut right) = ((plain >> half) as u64, plain as u64 & mask);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ (self.mix(half, round, right) & mask));
        }
        (u128::from(left) << half) | u128::from(right)
    }

    fn open<K: IdKind>(&self, sealed: u128, half: u32) -> Option<Id<K>> {
        let mask = (1u64 << half) - 1;
        let (mut left, mut right) = ((sealed >> half) as u64, sealed as u64 & mask);
        for round in (0..ROUNDS).rev() {
            (left, right) = (right ^ (self.mix(half, round, left) & mask), left);
        }
        let plain = (u128::from(left) << half) | u128::from(right);
        (plain >> 53 == u128::from(K::TAG)).then(|| Id::new((plain & (END as u128 - 1)) as i64))?
    }

    fn mix(&self, half: u32, round: u8, input: u64) -> u64 {
        let mut block = [0; 10];
        block[..8].copy_from_slice(&input.to_le_bytes());
        (block[8], block[9]) = (half as u8, round);
        SipHasher24::new_with_key(&self.key).hash(&block)
    }
}

/// The lowest bits as lower-case hex digits, written over the pattern's zeros.
fn digits<const LENGTH: usize>(bits: u128, mut pattern: [u8; LENGTH]) -> Short {
    let mut left = bits;
    for place in pattern.iter_mut().rev().filter(|place| **place == b'0') {
        *place = b"0123456789abcdef"[(left & 0xf) as usize];
        left >>= 4;
    }
    let mut spelled = Short::new();
    let text = std::str::from_utf8(&pattern).expect("hex digits are ASCII, and so is the pattern");
    spelled.write_str(text).expect("a UUID has room");
    spelled
}

fn hex_digits(text: &str) -> Option<u128> {
    // `from_str_radix` would take a sign.
    text.bytes()
        .all(|b| b.is_ascii_hexdigit())
        .then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spelling() -> Spelling {
        Spelling::new(*b"sixteen bytes!!!")
    }

    proptest! {
        #[test]
        fn every_spelling_reads_back(number in 1..END) {
            let (spell, id) = (spelling(), MessageId::new(number).unwrap());
            prop_assert_eq!(spell.read(&spell.hex(id)), Some(id));
            prop_assert_eq!(spell.read(&spell.uuid(id)), Some(id));
            prop_assert_eq!(spell.read(&spell.uuid(id).to_uppercase()), Some(id));
            prop_assert_eq!(spell.read(&number.to_string()), Some(id));
            prop_assert_eq!(spell.hex(id).len(), 24);
            prop_assert_eq!(&spell.uuid(id)[14..15], "8");
        }

        #[test]
        fn a_spelling_of_one_kind_is_none_of_another(number in 1..END) {
            let (spell, id) = (spelling(), MessageId::new(number).unwrap());
            prop_assert_eq!(spell.read::<AccountKind>(&spell.hex(id)), None);
            prop_assert_eq!(spell.read::<FileKind>(&spell.uuid(id)), None);
        }

        #[test]
        fn a_changed_digit_is_found_out(number in 1..END, at in 0usize..24, digit in 0u32..16) {
            let (spell, id) = (spelling(), FileId::new(number).unwrap());
            let mut text = spell.hex(id).as_bytes().to_vec();
            let new = char::from_digit(digit, 16).unwrap() as u8;
            prop_assume!(text[at] != new);
            text[at] = new;
            prop_assert_eq!(spell.read::<FileKind>(std::str::from_utf8(&text).unwrap()), None);
        }

        #[test]
        fn made_up_text_is_no_id_and_no_panic(text in "\\PC{0,40}", hex in "[0-9a-f]{24}", long in "[0-9a-f]{32}") {
            let spell = spelling();
            if let Some(id) = spell.read::<MessageKind>(&text) {
                prop_assert_eq!(id.number().to_string(), text.trim_start_matches('0'));
            }
            prop_assert_eq!(spell.read::<MessageKind>(&hex), None);
            prop_assert_eq!(spell.read::<MessageKind>(&long), None);
        }

        #[test]
        fn neighbours_share_nothing(number in 1..END - 1) {
            let spell = spelling();
            let [one, next] = [number, number + 1].map(|n| spell.hex(MessageId::new(n).unwrap()));
            let same = one.bytes().zip(next.bytes()).filter(|(a, b)| a == b).count();
            prop_assert!(same < 14, "{one} {next}");
        }

        #[test]
        fn another_key_reads_nothing(number in 1..END) {
            let id = MessageId::new(number).unwrap();
            let other = Spelling::new(*b"another key here");
            prop_assert_eq!(other.read::<MessageKind>(&spelling().hex(id)), None);
        }
    }

    #[test]
    fn the_bounds_are_no_ids() {
        let spell = spelling();
        for text in [
            "0",
            "9007199254740992",
            "-1",
            "+1",
            "",
            " 1",
            "1.0",
            "99999999999999999",
        ] {
            assert_eq!(spell.read::<MessageKind>(text), None, "{text}");
        }
        assert_eq!(
            spell.read::<MessageKind>("9007199254740991"),
            MessageId::new(END - 1)
        );
    }
}
