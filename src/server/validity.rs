//! Until when is a certificate valid?

use crate::core::model::Time;

/// Until when this one is valid, in DER: `Certificate.tbsCertificate.validity.notAfter` (RFC 5280). `None` if it does not say.
pub fn ends(certificate: &[u8]) -> Option<Time> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (SEQUENCE, outer, _) = element(certificate)? else {
        return None;
    };
    let (SEQUENCE, mut rest, _) = element(outer)? else {
        return None;
    };
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    // The serial number, the algorithm and the issuer come before it.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (SEQUENCE, validity, _) = element(rest)? else {
        return None;
    };
    let (_, _, after) = element(validity)?;
    let (kind, text, _) = element(after)?;
    moment(kind, std::str::from_utf8(text).ok()?)
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
