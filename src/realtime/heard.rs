//! What did a client say? An event as it came in.

use std::convert::Infallible;
use std::sync::Arc;

use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::handler::{FromMessageParts, Value as Frame};
use socketioxide::socket::Socket as RawSocket;

use crate::core::error::{Error, Result};
use crate::core::limits::JSON_BYTES;
use crate::web::input::Input;

/// A socket of this server. Another adapter is named here, and in the two handlers that Socket.IO calls.
pub type Socket = SocketRef<LocalAdapter>;
/// Answers the callback of an event.
pub type Callback = AckSender<LocalAdapter>;

/// Binary attachments that an event may have: no document's event has more than a file.
const ATTACHMENTS: usize = 2;

/// An event as it came in.
pub struct Heard {
    pub name: String,
    /// `Err` for what is not JSON, or larger than an event may be.
    pub input: Result<Input>,
    /// How many attachments came with it, and how many bytes they have together.
    attached: (usize, usize),
    /// The bytes of its text and of its attachments.
    pub bytes: usize,
    /// If the client gave one.
    pub callback: Option<Callback>,
}

impl FromMessageParts<LocalAdapter> for Heard {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<RawSocket<LocalAdapter>>,
        frame: &mut Frame,
        ack: &Option<i64>,
    ) -> std::result::Result<Self, Infallible> {
        let name =
            Event::from_message_parts(socket, frame, ack).map_or(String::new(), |event| event.0);
        let attached = match frame {
            Frame::Str(_, Some(parts)) => (parts.len(), parts.iter().map(|part| part.len()).sum()),
            _ => (0, 0),
        };
        let text = match frame {
            Frame::Str(text, _) => text.len(),
            Frame::Bytes(bytes) => bytes.len(),
        };
        let input = input_in(socket, frame, ack);
        let Ok(callback) = AckSender::from_message_parts(socket, frame, ack);
        Ok(Self {
            name,
            input,
            attached,
            bytes: text + attached.1,
            callback: ack.is_some().then_some(callback),
        })
    }
}

/// The argument of an event.
fn input_in(
    socket: &Arc<RawSocket<LocalAdapter>>,
    frame: &mut Frame,
    ack: &Option<i64>,
) -> Result<Input> {
    // The frame without its attachments.
    let text = match frame {
        Frame::Str(text, _) => text.clone(),
        Frame::Bytes(_) => return Err(Error::Malformed("An event must be text".into())),
    };
    if text.as_str().len() > JSON_BYTES {
        return Err(Error::TooLarge(format!(
            "An event must be at most {JSON_BYTES} bytes"
        )));
    }
    let Ok(TryData(read)) = TryData::<Input>::from_message_parts(socket, frame, ack);
    read.or_else(|_| match serde_json::from_str::<Vec<Input>>(&text) {
        // An event without an argument.
        Ok(arguments) if arguments.len() < 2 => Ok(Input::Null),
        Ok(_) => Err(Error::Malformed(
            "The event names an attachment that did not come with it".into(),
        )),
        Err(wrong) => Err(Error::Malformed(format!(
            "The event is not valid JSON: {wrong}"
        ))),
    })
}

impl Heard {
    /// The argument of the event.
    ///
    /// # Errors
    /// `Malformed` for too many attachments, `TooLarge` if they have more than `most` bytes, or what is wrong with the event.
    pub fn checked(self, most: u64) -> Result<Input> {
        let (count, bytes) = self.attached;
        if count > ATTACHMENTS {
            return Err(Error::Malformed(format!(
                "An event must have at most {ATTACHMENTS} attachments"
            )));
        }
        if bytes as u64 > most {
            return Err(Error::TooLarge(format!(
                "A file must be at most {most} bytes"
            )));
        }
        self.input
    }
}
