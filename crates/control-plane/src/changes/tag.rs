//! Tags of what an object says.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

/// That of a value: the same for the same value, whatever the order of its keys was.
pub(crate) fn of(value: &Value) -> String {
    of_text(&value.to_string())
}

pub(crate) fn of_text(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    let mut tag = String::with_capacity(32);
    for byte in digest.as_ref().iter().take(16) {
        // Nothing fails to be written into a text.
        let _ = write!(tag, "{byte:02x}");
    }
    tag
}
