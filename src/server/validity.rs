//! From when until when is a certificate valid, and who says so?

use crate::core::model::Time;

const SEQUENCE: u8 = 0x30;
/// The object identifier of a common name: 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// What a certificate says of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Validity {
    pub begins: Time,
    pub ends: Time,
    /// The issuer's common name, if it has one.
    pub issuer: Option<String>,
}

impl Validity {
    /// Of this one, in DER (RFC 5280): `tbsCertificate.validity` and `tbsCertificate.issuer`. `None` if it does not say.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        const VERSION: u8 = 0xa0;
        let (outer, _) = sequence(certificate)?;
        let (mut rest, _) = sequence(outer)?;
        if rest.first() == Some(&VERSION) {
            rest = element(rest)?.2;
        }
        // The serial number and the algorithm come first.
        for _ in 0..2 {
            rest = element(rest)?.2;
        }
        let (issuer, rest) = sequence(rest)?;
        let (validity, _) = sequence(rest)?;
        let (kind, begins, after) = element(validity)?;
        let begins = moment(kind, std::str::from_utf8(begins).ok()?)?;
        let (kind, ends, _) = element(after)?;
        Some(Self {
            begins,
            ends: moment(kind, std::str::from_utf8(ends).ok()?)?,
            issuer: common_name(issuer),
        })
    }
}

/// What is in the sequence that stands first, and what comes after it.
fn sequence(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (tag, inside, after) = element(der)?;
    (tag == SEQUENCE).then_some((inside, after))
}

/// The common name among the parts of a name, which are sets of pairs of an identifier and a text.
fn common_name(mut parts: &[u8]) -> Option<String> {
    while !parts.is_empty() {
        let (_, part, after) = element(parts)?;
        parts = after;
        let (_, identifier, text) = element(sequence(part)?.0)?;
        if identifier == COMMON_NAME {
            let text = element(text)?.1;
            return String::from_utf8(text.to_vec()).ok();
        }
    }
    None
}

/// The first element of DER: its tag, what is in it, and what comes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, mut rest) = rest.split_first()?;
    let mut length = usize::from(*first);
    if length > 0x80 {
        let (bytes, after) = rest.split_at_checked(length - 0x80)?;
        let add = |sum: usize, byte: &u8| sum.checked_mul(256)?.checked_add(usize::from(*byte));
        length = bytes.iter().try_fold(0, add)?;
        rest = after;
    }
    let (inside, after) = rest.split_at_checked(length)?;
    Some((*tag, inside, after))
}

/// `YYMMDDHHMMSSZ` as UTCTime, `YYYYMMDDHHMMSSZ` as GeneralizedTime.
fn moment(kind: u8, text: &str) -> Option<Time> {
    let whole = match kind {
        0x17 if text.get(..2)? < "50" => format!("20{text}"),
        0x17 => format!("19{text}"),
        0x18 => text.to_owned(),
        _ => return None,
    };
    Time::from_iso(&format!("{}T{}", whole.get(..8)?, whole.get(8..)?))
}
