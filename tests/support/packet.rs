//! How Socket.IO's packets are written on the wire (protocol 5 inside Engine.IO 4).

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
}

#[derive(Debug)]
pub struct Packet {
    pub kind: Kind,
    pub namespace: String,
    pub ack: Option<u64>,
    pub data: Value,
    /// How many binary messages follow that belong to this packet.
    pub attachments: usize,
}

impl Packet {
    /// The text without Engine.IO's leading `4`: `2/chat,17["typing",{}]`, `51-["fileUpload",{"_placeholder":…}]`.
    pub fn read(text: &str) -> Option<Packet> {
        let (kind, rest) = text.split_at_checked(1)?;
        let (binary, kind) = match kind {
            "0" => (false, Kind::Connect),
            "1" => (false, Kind::Disconnect),
            "2" => (false, Kind::Event),
            "3" => (false, Kind::Ack),
            "4" => (false, Kind::ConnectError),
            "5" => (true, Kind::Event),
            "6" => (true, Kind::Ack),
            _ => return None,
        };
        let (attachments, rest) = if binary {
            rest.split_once('-')?
        } else {
            ("0", rest)
        };
        let (namespace, rest) = if rest.starts_with('/') {
            rest.split_once(',').unwrap_or((rest, ""))
        } else {
            ("/", rest)
        };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (ack, data) = rest.split_at(digits);
        Some(Packet {
            kind,
            namespace: namespace.to_owned(),
            ack: ack.parse().ok(),
            data: if data.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(data).ok()?
            },
            attachments: attachments.parse().ok()?,
        })
    }

    /// Puts the binary message of this number where its placeholder stands, as an array of bytes.
    fn attach(&mut self, number: usize, bytes: &[u8]) {
        put(
            &mut self.data,
            &json!({ "_placeholder": true, "num": number }),
            bytes,
        );
    }
}

/// A packet with binary parts comes in several messages, and is whole with the last.
#[derive(Default)]
pub struct Incoming {
    unfinished: Option<(Packet, usize)>,
}

impl Incoming {
    pub fn text(&mut self, text: &str) -> Option<Packet> {
        let packet = text.strip_prefix('4').and_then(Packet::read)?;
        self.whole(packet, 0)
    }

    pub fn binary(&mut self, bytes: &[u8]) -> Option<Packet> {
        let (mut packet, number) = self.unfinished.take()?;
        packet.attach(number, bytes);
        self.whole(packet, number + 1)
    }

    fn whole(&mut self, packet: Packet, arrived: usize) -> Option<Packet> {
        if arrived == packet.attachments {
            return Some(packet);
        }
        self.unfinished = Some((packet, arrived));
        None
    }
}

fn put(value: &mut Value, placeholder: &Value, bytes: &[u8]) {
    match value {
        found if found == placeholder => *found = json!(bytes),
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| put(value, placeholder, bytes)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|value| put(value, placeholder, bytes)),
        _ => {}
    }
}

/// `40{"token":…}`: the request to enter a namespace.
pub fn connect(namespace: &str, auth: &Value) -> String {
    format!("40{}{auth}", prefix(namespace))
}

/// `42["message",{…}]`, with an ack's number if an answer is wanted, and with the number of binary messages that follow.
pub fn event(namespace: &str, ack: Option<u64>, arguments: &Value, attachments: usize) -> String {
    let kind = if attachments > 0 {
        format!("5{attachments}-")
    } else {
        "2".to_owned()
    };
    let ack = ack.map(|number| number.to_string()).unwrap_or_default();
    format!("4{kind}{}{ack}{arguments}", prefix(namespace))
}

fn prefix(namespace: &str) -> String {
    if namespace == "/" {
        String::new()
    } else {
        format!("{namespace},")
    }
}

#[test]
fn packets_are_read_as_the_protocol_writes_them() {
    let packet = Packet::read(r#"2/chat,17["typing",{"a":1}]"#).expect("an event");
    assert_eq!(
        (packet.kind, &*packet.namespace, packet.ack),
        (Kind::Event, "/chat", Some(17))
    );
    assert_eq!(packet.data, json!(["typing", { "a": 1 }]));
    let mut incoming = Incoming::default();
    let begun = incoming.text(r#"451-["f",{"data":{"_placeholder":true,"num":0}}]"#);
    assert!(begun.is_none(), "its bytes are still to come");
    let packet = incoming.binary(b"\x01\x02").expect("a binary event");
    assert_eq!(
        (packet.attachments, packet.data),
        (1, json!(["f", { "data": [1, 2] }]))
    );
    assert_eq!(
        event("/chat", Some(3), &json!(["x"]), 0),
        r#"42/chat,3["x"]"#
    );
    assert_eq!(connect("/", &json!({ "token": "t" })), r#"40{"token":"t"}"#);
}
