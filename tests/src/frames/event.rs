//! What comes on a connection.

use crate::Ending;
use crate::frames::{Fields, Frame};

/// What came next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole field block, decoded.
    Headers {
        /// The stream.
        stream: u32,
        /// A head, or trailers.
        fields: Fields,
        /// Whether nothing will follow.
        has_ended: bool,
    },
    /// A part of a body, without its padding.
    Data {
        /// The stream.
        stream: u32,
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether nothing will follow.
        has_ended: bool,
    },
    /// RST_STREAM.
    Reset {
        /// The stream.
        stream: u32,
        /// One of [`code`](crate::frames::code).
        code: u32,
    },
    /// SETTINGS.
    Settings(Vec<(u16, u32)>),
    /// The answer to SETTINGS.
    SettingsAck,
    /// PING.
    Ping([u8; 8]),
    /// The answer to PING.
    Pong([u8; 8]),
    /// GOAWAY.
    GoAway {
        /// The last stream that was looked at.
        last: u32,
        /// One of [`code`](crate::frames::code).
        code: u32,
    },
    /// WINDOW_UPDATE.
    WindowUpdate {
        /// The stream, or 0.
        stream: u32,
        /// How many more bytes may be sent.
        increment: u32,
    },
    /// Another frame.
    Other(Frame),
    /// The end of the connection.
    End(Ending),
    /// Nothing, for as long as anything is waited for.
    Silence,
}

impl Event {
    /// Whether nothing will come after it.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::End(_) | Self::Silence)
    }
}
