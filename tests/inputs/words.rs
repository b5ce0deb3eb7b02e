//! What might be said on a socket: packets, what looks like packets, and noise.

use super::odd;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Packets and what looks like one. `TOKEN` is a token that is believed.
const PACKETS: &[&str] = &[
    "",
    "0",
    "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":0}",
    "1",
    "2",
    "2probe",
    "3",
    "3probe",
    "4",
    "5",
    "6",
    "7",
    "40",
    "40{}",
    "40null",
    "40[]",
    "40{\"token\":1}",
    "40{\"token\":\"TOKEN\"}",
    "40{\"token\":\"TOKEN\",\"lastMessageId\":1e400}",
    "40{\"token\":\"TOKEN\",\"lastMessageId\":\"9007199254740992\"}",
    "40/chat,{\"token\":\"TOKEN\"}",
    "40/chat,",
    "40/chat",
    "40/",
    "40/,{}",
    "40//,",
    "40/nowhere,{\"token\":\"TOKEN\"}",
    "40/chat?token=TOKEN",
    "40/\u{1f680},{}",
    "41",
    "41/chat,",
    "41/nowhere",
    "42",
    "42[]",
    "42{}",
    "42null",
    "42[1]",
    "42[null,{}]",
    "42[[\"message\"],{}]",
    "42[\"message\"]",
    "42[\"message\",",
    "42[\"message\",{\"roomId\":\"ROOM\",\"content\":\"noise\"},{},{}]",
    "42[\"connect\",{}]",
    "42[\"disconnect\"]",
    "42[\"connect_error\",{}]",
    "42[\"disconnecting\",1]",
    "42[\"newListener\"]",
    "42[\"error\",{}]",
    "42[\"new_message\",{\"content\":\"forged\"}]",
    "42[\"__proto__\",{}]",
    "42[\"\",{}]",
    "42[\"\\u0000\"]",
    "42[\"\\ud800\",{}]",
    "42/chat,[\"typing\",{}]",
    "42/nowhere,[\"message\",{}]",
    "420[\"message\",{}]",
    "42-1[\"message\",{}]",
    "421.5[\"message\",{}]",
    "4218446744073709551616[\"message\",{}]",
    "429223372036854775807[\"message\",{}]",
    "43[]",
    "430[]",
    "431[{\"ok\":true}]",
    "4318446744073709551616[]",
    "43/chat,7[]",
    "44",
    "44{\"message\":\"x\"}",
    "45",
    "45-",
    "45x-[]",
    "450-[\"fileUpload\",{}]",
    "451-",
    "451-[]",
    "451-[\"fileUpload\",{\"roomId\":\"ROOM\",\"filename\":\"a\",\"data\":{\"_placeholder\":true,\"num\":0}}]",
    "451-7[\"fileUpload\",{\"data\":{\"_placeholder\":true,\"num\":1}}]",
    "451-[\"fileUpload\",{\"data\":{\"_placeholder\":true,\"num\":-1}}]",
    "451-[\"fileUpload\",{\"data\":{\"_placeholder\":true,\"num\":1e99}}]",
    "451-[\"fileUpload\",{\"_placeholder\":true}]",
    "452-[\"fileUpload\",{\"data\":{\"_placeholder\":true,\"num\":0}}]",
    "453-[\"x\"]",
    "4510001-[\"x\"]",
    "45999999999999999999999-[\"fileUpload\",{}]",
    "451-/nowhere,[\"x\",{\"_placeholder\":true,\"num\":0}]",
    "461-0[{\"_placeholder\":true,\"num\":0}]",
    "46",
    "47",
    "4a",
    "b",
    "bAAAA",
    "b====",
    "b4AAEC",
];

/// A word on a connection.
#[derive(Debug, Clone)]
pub enum Word {
    Text(String),
    Binary(Vec<u8>),
}

/// Any word, most of them packets or nearly so; `filled` puts in who speaks and where.
pub fn word(filled: impl Fn(&str) -> String) -> impl Strategy<Value = Word> {
    let mut packets: Vec<String> = PACKETS.iter().map(|packet| filled(packet)).collect();
    for large in odd::large() {
        packets.push(format!("42[\"message\",{large}]"));
        packets.push(format!("42[{large}]"));
        packets.push(format!("40{large}"));
    }
    packets.push(format!("42[\"{}\",{{}}]", "e".repeat(100_000)));
    packets.push(format!("42/{},[\"message\"]", "n".repeat(10_000)));
    let packet = select(packets);
    let damaged =
        (packet.clone(), any::<(Index, u8, char)>()).prop_map(|(packet, (at, how, letter))| {
            let mut letters: Vec<char> = packet.chars().collect();
            let at = at.index(letters.len() + 1);
            match how % 3 {
                0 => letters.truncate(at),
                1 => letters.insert(at, letter),
                _ => letters = letters.split_off(at),
            }
            letters.into_iter().collect()
        });
    prop_oneof![
        5 => packet.prop_map(Word::Text),
        3 => damaged.prop_map(Word::Text),
        1 => any::<String>().prop_map(Word::Text),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Word::Binary),
    ]
}
