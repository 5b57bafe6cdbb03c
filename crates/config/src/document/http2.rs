//! How HTTP/2 is spoken.

use super::DAY;
use crate::{Duration, Size};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The window that both sides of HTTP/2 begin with (RFC 9113 section 6.9.2): a byte less than 64kb.
const WINDOW: Size = Size::from_bytes(65_535);

/// How HTTP/2 is spoken, with clients and with backends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Http2 {
    /// Whether clients may speak it.
    pub enabled: bool,
    /// The most requests of one client connection at the same time.
    #[garde(range(min = 1, max = 1000))]
    pub max_streams: u32,
    /// How much of one body may come before somebody takes it.
    #[garde(range(min = WINDOW, max = Size::from_mb(16)))]
    pub stream_window: Size,
    /// How much of all bodies of a connection may come before somebody takes it.
    #[garde(range(min = Size::from_kb(64), max = Size::from_mb(64)))]
    pub connection_window: Size,
    /// How long the other end of a connection that carries requests may be silent before it is asked for a sign of life.
    #[garde(range(min = Duration::from_secs(1), max = DAY))]
    pub ping_interval: Duration,
    /// How long that sign may take.
    #[garde(range(min = Duration::from_millis(100), max = Duration::from_secs(3600)))]
    pub ping_timeout: Duration,
}

impl Default for Http2 {
    fn default() -> Self {
        Self {
            enabled: true,
            max_streams: 100,
            stream_window: Size::from_kb(64),
            connection_window: Size::from_mb(1),
            ping_interval: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(10),
        }
    }
}
