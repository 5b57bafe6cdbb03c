//! Conditions beside host and path, and whether a request meets them.

use std::sync::Arc;

use super::{Conditions, MatchInput, Outcome};
use crate::cidr::AddressSet;

/// Conditions ready to be looked at.
#[derive(Debug)]
pub(crate) struct Wanted {
    methods: Box<[String]>,
    headers: Box<[(String, String)]>,
    query: Box<[(String, String)]>,
    /// Absent when the client does not matter.
    clients: Option<AddressSet>,
}

impl Wanted {
    /// `None` when nothing is wanted.
    pub(crate) fn new(conditions: &Conditions) -> Option<Arc<Self>> {
        if conditions.count() == 0 {
            return None;
        }
        let Conditions { methods, mut headers, query, clients } = conditions.clone();
        headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
        let clients = (!clients.is_empty()).then(|| clients.into_iter().collect());
        Some(Arc::new(Self {
            methods: methods.into(),
            headers: headers.into(),
            query: query.into(),
            clients,
        }))
    }

    /// Whether the request meets all conditions, or the first that it does not.
    pub(super) fn outcome(&self, input: &MatchInput<'_>) -> Outcome<'_> {
        if !self.methods.is_empty() && !self.methods.iter().any(|method| method.as_bytes() == input.method) {
            return Outcome::Method;
        }
        if self.clients.as_ref().is_some_and(|clients| !clients.contains(input.client)) {
            return Outcome::Client;
        }
        for (name, value) in &self.headers {
            if !input.fields.has_value(name, value.as_bytes()) {
                return Outcome::Header(name);
            }
        }
        let query = input.query.unwrap_or_default();
        for (name, value) in &self.query {
            if !query.split(|&byte| byte == b'&').any(|pair| is_pair(pair, name, value)) {
                return Outcome::Query(name);
            }
        }
        Outcome::Matched
    }
}

/// Whether `pair` is `name=value` once decoded. A pair without `=` has an empty value; an empty pair is none.
fn is_pair(pair: &[u8], name: &str, value: &str) -> bool {
    let mut halves = pair.splitn(2, |&byte| byte == b'=');
    let (raw_name, raw_value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    !pair.is_empty() && decodes_to(raw_name, name.as_bytes()) && decodes_to(raw_value, value.as_bytes())
}

/// Whether `raw` is the form encoding of `text`: `+` for a space and triplets for anything. A `%` without two
/// hexadecimal digits stands for itself.
fn decodes_to(mut raw: &[u8], text: &[u8]) -> bool {
    for &wanted in text {
        let Some((byte, rest)) = decoded(raw) else { return false };
        if byte != wanted {
            return false;
        }
        raw = rest;
    }
    raw.is_empty()
}

fn decoded(raw: &[u8]) -> Option<(u8, &[u8])> {
    match raw {
        [] => None,
        [b'+', rest @ ..] => Some((b' ', rest)),
        [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            Some((digit(*high) << 4 | digit(*low), rest))
        }
        [byte, rest @ ..] => Some((*byte, rest)),
    }
}

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> u8 {
    if byte.is_ascii_digit() { byte - b'0' } else { (byte | 0x20) - b'a' + 10 }
}

#[cfg(test)]
mod tests;
