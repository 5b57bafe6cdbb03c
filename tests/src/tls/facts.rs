//! What was agreed upon.

use rustls::{AlertDescription, Error};

use crate::Ending;

/// What a connection's two sides have agreed upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What is spoken inside: `h2`, `http/1.1`; `None` where nothing was negotiated.
    pub protocol: Option<String>,
    /// `1.2` or `1.3`.
    pub version: &'static str,
    /// Whether a ticket was taken.
    pub is_resumed: bool,
    /// The other side's certificate, DER; empty where it showed none.
    pub leaf: Vec<u8>,
}

/// Why there is no connection, or none any more.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// The other side says so.
    Alert(AlertDescription),
    /// The connection ended without a word.
    Ended(Ending),
    /// This side refuses the other.
    Own(Error),
}
