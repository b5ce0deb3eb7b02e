//! What is changed in a websocket's frames before Socket.IO reads them?
//!
//! Only what Socket.IO would end the connection for, or would never answer:
//! - Attachments with more bytes than a file may have are cut a little beyond that limit. Their event is then refused with a
//!   message, and the rest stays out of memory.
//! - An Engine.IO 3 client connects to a namespace with its query behind the name, `40/chat?token=…,`, which Socket.IO takes
//!   for a part of the name. It is changed into auth, `40/chat,["…"]`, and filled up with spaces to the same length.
//!
//! What is held of [unfinished packets](super::unfinished) is counted here, too.

use serde_json::json;

use super::unfinished::MessageCount;
use crate::realtime::EXCESS_BYTES;

/// Longer CONNECT packets are left as they are. A token may be as long as a header.
const CONNECT_BYTES: u64 = 16 << 10;

/// How a websocket's frames are read.
#[derive(Debug, Clone, Copy)]
pub struct Framing {
    /// The client speaks Engine.IO 3.
    pub is_old: bool,
    /// Bytes that the attachments of one event may have together.
    pub attached: u64,
}

/// A place in a websocket's frames.
#[derive(Debug)]
pub struct Frames {
    framing: Framing,
    /// Bytes that are still kept of the attachments of this event.
    room: u64,
    /// Bytes of this frame that are still kept, and bytes that are dropped after them.
    keep: u64,
    leave_out: u64,
    /// The current message is an attachment.
    attachment: bool,
    /// The current frame, while it belongs to a message.
    frame: Option<InFrame>,
    /// What is held of the current message.
    count: MessageCount,
    /// More came than may be held.
    is_too_much: bool,
    /// The beginning of a frame, until there is enough of it to decide.
    held: Vec<u8>,
}

/// A place in a frame that belongs to a message.
#[derive(Debug, Clone, Copy)]
struct InFrame {
    /// The last frame of its message?
    is_last: bool,
    mask: [u8; 4],
    /// Bytes of its header that are still to come.
    head: u64,
    /// Bytes of its payload that have come.
    at: usize,
}

impl Frames {
    pub fn new(framing: Framing, count: MessageCount) -> Self {
        Self {
            framing,
            room: framing.attached + EXCESS_BYTES,
            keep: 0,
            leave_out: 0,
            attachment: false,
            frame: None,
            count,
            is_too_much: false,
            held: Vec::new(),
        }
    }

    /// Did more of unfinished packets come than may be held? Then the connection must end.
    pub fn is_too_much(&self) -> bool {
        self.is_too_much
    }

    /// Bytes that were held back; they belong before those that are read next. Nearly always none.
    pub fn take_held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// Changes bytes in place, and returns how many of them are left.
    pub fn pass(&mut self, came: &mut [u8]) -> usize {
        let (mut from, mut to) = (0, 0);
        while from < came.len() {
            let left = (came.len() - from) as u64;
            if self.keep > 0 {
                let kept = self.keep.min(left);
                self.keep -= kept;
                self.count(&came[from..from + kept as usize]);
                if from != to {
                    came.copy_within(from..from + kept as usize, to);
                }
                from += kept as usize;
                to += kept as usize;
            } else if self.leave_out > 0 {
                let left_out = self.leave_out.min(left);
                self.leave_out -= left_out;
                from += left_out as usize;
            } else {
                let Some(head) = Head::of(&came[from..]) else {
                    self.held = came[from..].to_vec();
                    break;
                };
                if self.may_connect(&head, &came[from..]) {
                    let end = from + head.size + head.length as usize;
                    if end > came.len() {
                        self.held = came[from..].to_vec();
                        break;
                    }
                    head.unmasked(&mut came[from..end], without_query);
                }
                let kept = self.kept_of(&head);
                head.shorten(&mut came[from..], kept);
                self.keep = head.size as u64 + kept;
                self.leave_out = head.length - kept;
                self.frame = head.is_of_message().then_some(InFrame {
                    is_last: head.is_last,
                    mask: head.mask,
                    head: head.size as u64,
                    at: 0,
                });
            }
            if self.keep + self.leave_out == 0
                && let Some(frame) = self.frame.take()
                && frame.is_last
            {
                let bytes = self.count.bytes();
                self.count.end(self.attachment.then_some(bytes));
            }
        }
        to
    }

    /// Counts bytes of a frame that are kept.
    fn count(&mut self, kept: &[u8]) {
        let Some(frame) = &mut self.frame else {
            return;
        };
        let head = frame.head.min(kept.len() as u64);
        frame.head -= head;
        let (payload, begun) = (&kept[head as usize..], frame.at);
        frame.at += payload.len();
        let mask = frame.mask;
        let unmask = |at: usize, byte: u8| byte ^ mask[(begun + at) % 4];
        self.is_too_much |= !self.count.hold(payload, unmask);
    }

    /// May this frame be an Engine.IO 3 client's CONNECT, as far as it has come?
    fn may_connect(&self, head: &Head, came: &[u8]) -> bool {
        let begun = &came[head.size..];
        let begun = begun.iter().zip(head.mask).map(|(byte, mask)| byte ^ mask);
        self.framing.is_old
            && head.kind == TEXT
            && head.is_last
            && (3..=CONNECT_BYTES).contains(&head.length)
            && begun.zip(*b"40/").all(|(byte, expected)| byte == expected)
    }

    /// How many bytes of this frame's payload are kept.
    fn kept_of(&mut self, head: &Head) -> u64 {
        match head.kind {
            // An event. Its attachments follow.
            TEXT => {
                self.attachment = false;
                self.room = self.framing.attached + EXCESS_BYTES;
            }
            BINARY => self.attachment = true,
            CONTINUED => {}
            _ => return head.length,
        }
        if !self.attachment {
            return head.length;
        }
        let kept = head.length.min(self.room);
        self.room -= kept;
        kept
    }
}

const CONTINUED: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// The header of a frame.
struct Head {
    is_last: bool,
    kind: u8,
    mask: [u8; 4],
    /// Bytes of the payload.
    length: u64,
    /// Bytes of this header.
    size: usize,
}

impl Head {
    /// `None` if it has not come completely.
    fn of(came: &[u8]) -> Option<Self> {
        let (first, second) = (*came.first()?, *came.get(1)?);
        let (length, at) = match second & 0x7f {
            126 => (u16::from_be_bytes(bytes(came, 2)?).into(), 4),
            127 => (u64::from_be_bytes(bytes(came, 2)?), 10),
            short => (short.into(), 2),
        };
        // Clients must mask. A frame without a mask is left as it is, and refused.
        let (mask, size) = match second & 0x80 {
            0 => ([0; 4], at),
            _ => (bytes(came, at)?, at + 4),
        };
        Some(Self {
            is_last: first & 0x80 != 0,
            kind: first & 0x0f,
            mask,
            length,
            size,
        })
    }

    /// Does it belong to a message? If not, it is a ping, a pong or a close.
    fn is_of_message(&self) -> bool {
        matches!(self.kind, TEXT | BINARY | CONTINUED)
    }

    /// Replaces the length in the frame by one that is not larger.
    fn shorten(&self, frame: &mut [u8], length: u64) {
        if length == self.length {
            return;
        }
        match frame[1] & 0x7f {
            126 => frame[2..4].copy_from_slice(&length.to_be_bytes()[6..]),
            127 => frame[2..10].copy_from_slice(&length.to_be_bytes()),
            _ => frame[1] = frame[1] & 0x80 | length as u8,
        }
    }

    /// Changes the payload of a whole frame.
    fn unmasked(&self, frame: &mut [u8], change: impl Fn(&mut [u8])) {
        let mask = |payload: &mut [u8]| {
            for (at, byte) in payload.iter_mut().enumerate() {
                *byte ^= self.mask[at % 4];
            }
        };
        let payload = &mut frame[self.size..];
        mask(payload);
        change(payload);
        mask(payload);
    }
}

fn bytes<const COUNT: usize>(came: &[u8], at: usize) -> Option<[u8; COUNT]> {
    came.get(at..at + COUNT)?.try_into().ok()
}

/// Changes `40/chat?token=…&lastMessageId=…,` into auth, `40/chat,["…","…"]`, of the same length.
pub fn without_query(packet: &mut [u8]) {
    let end = packet.iter().position(|byte| *byte == b',');
    let end = end.unwrap_or(packet.len());
    let Some(at) = packet[..end].iter().position(|byte| *byte == b'?') else {
        return;
    };
    let of = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(&packet[at + 1..end]);
        pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    let said = match of("lastMessageId") {
        None => json!([of("token")]),
        position => json!([of("token"), position]),
    };
    let said = said.to_string();
    let rest = &mut packet[at..];
    rest.fill(b' ');
    rest[0] = b',';
    // In a query it takes more bytes, except for quotes and the like, which are in no token.
    if let Some(there) = rest.get_mut(1..=said.len()) {
        there.copy_from_slice(said.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::unfinished::UnfinishedPackets;
    use proptest::prelude::*;

    const MASK: [u8; 4] = [7, 77, 177, 250];

    fn frame(kind: u8, is_last: bool, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![kind | u8::from(is_last) << 7];
        match payload.len() {
            short @ ..126 => frame.push(0x80 | short as u8),
            longer @ ..0x1_0000 => {
                frame.push(0x80 | 126);
                frame.extend((longer as u16).to_be_bytes());
            }
            long => {
                frame.push(0x80 | 127);
                frame.extend((long as u64).to_be_bytes());
            }
        }
        frame.extend(MASK);
        frame.extend(
            payload
                .iter()
                .enumerate()
                .map(|(at, byte)| byte ^ MASK[at % 4]),
        );
        frame
    }

    /// The frames that are left of it, if it comes in pieces that end here.
    fn read(framing: Framing, came: &[u8], mut ends: Vec<usize>) -> Vec<(u8, Vec<u8>)> {
        let all = UnfinishedPackets::new(0);
        let session = all.session([127, 0, 0, 1].into());
        let mut frames = Frames::new(framing, session.count());
        let mut passed = Vec::new();
        ends.push(came.len());
        ends.sort_unstable();
        let mut begun = 0;
        for end in ends {
            let mut piece = [&frames.take_held(), &came[begun..end]].concat();
            let count = frames.pass(&mut piece);
            passed.extend_from_slice(&piece[..count]);
            begun = end;
        }
        let mut read = Vec::new();
        while !passed.is_empty() {
            let head = Head::of(&passed).expect("a head");
            let end = head.size + head.length as usize;
            head.unmasked(&mut passed[..end], |_| {});
            let payload = &passed[head.size..end];
            let plain = payload.iter().enumerate();
            let plain = plain.map(|(at, byte)| byte ^ head.mask[at % 4]).collect();
            read.push((head.kind, plain));
            passed.drain(..end);
        }
        read
    }

    proptest! {
        #[test]
        fn attachments_are_cut_past_the_limit_however_they_come(
            sizes in prop::collection::vec((any::<bool>(), 0..700_usize), 1..8),
            attached in 0..600_u64,
            ends in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let framing = Framing { is_old: false, attached };
            let mut came = frame(TEXT, true, b"451-[]");
            let mut expected = vec![(TEXT, b"451-[]".to_vec())];
            let mut room = (attached + EXCESS_BYTES) as usize;
            for (at, (is_last, size)) in sizes.iter().enumerate() {
                // One message in several frames, or several messages, and a ping between them.
                let is_new = at == 0 || sizes[at - 1].0;
                let kind = if is_new { BINARY } else { CONTINUED };
                let payload = vec![at as u8; *size];
                came.extend(frame(kind, *is_last, &payload));
                came.extend(frame(9, true, b"ping"));
                let kept = room.min(*size);
                room -= kept;
                expected.push((kind, payload[..kept].to_vec()));
                expected.push((9, b"ping".to_vec()));
            }
            let ends = ends.iter().map(|end| end.index(came.len())).collect();
            prop_assert_eq!(read(framing, &came, ends), expected);
        }

        #[test]
        fn a_query_behind_a_name_becomes_auth_however_it_comes(
            ends in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
            token in "[A-Za-z0-9_.-]{1,200}",
        ) {
            let framing = Framing { is_old: true, attached: 0 };
            let asked = format!("40/chat?EIO=3&token={token},");
            let said = b"42/chat,[\"typing\",{\"why?\":1}]".to_vec();
            let came = [frame(TEXT, true, asked.as_bytes()), frame(TEXT, true, &said)].concat();
            let ends = ends.iter().map(|end| end.index(came.len())).collect();
            let read = read(framing, &came, ends);
            let answer = format!("40/chat,[\"{token}\"]");
            let answer = format!("{answer:width$}", width = asked.len());
            prop_assert_eq!(read, [(TEXT, answer.into_bytes()), (TEXT, said)]);
        }
    }

    #[test]
    fn what_has_no_query_stays_as_it_is() {
        for (asked, read) in [
            ("40/chat,", "40/chat,"),
            ("40/chat?token=T", "40/chat,[\"T\"]  "),
            (
                "40/chat?token=T&lastMessageId=7,",
                "40/chat,[\"T\",\"7\"]               ",
            ),
            ("40/chat?lastMessageId=7", "40/chat,[null,\"7\"]     "),
            ("40/chat?token=Bearer%20T,", "40/chat,[\"Bearer T\"]     "),
            ("40/chat?,", "40/chat, "),
            (
                "40/chat,{\"token\":\"what?\"}",
                "40/chat,{\"token\":\"what?\"}",
            ),
        ] {
            let mut packet = asked.as_bytes().to_vec();
            without_query(&mut packet);
            assert_eq!(String::from_utf8_lossy(&packet), read);
        }
    }
}
