//! The head of a request to a backend that speaks HTTP/2, from the text that every backend's head is written as.

use std::io::Write as _;

use bytes::Bytes;
use h2::ext::Protocol;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http1::{Name, Rule};

use super::fields;
use super::websocket;

/// So many fields are room enough for most requests: those of a small one, and ours.
const FIELDS: usize = 16;

/// A head, and what the answer to it must be known to be.
pub(super) struct Head {
    pub(super) request: Request<()>,
    /// The protocol that is asked for instead of HTTP.
    pub(super) upgrade: Option<Upgrade>,
}

/// A wish for another protocol.
pub(super) struct Upgrade {
    /// Its name, as the client wrote it.
    pub(super) protocol: Vec<u8>,
    /// What the client of a WebSocket waits to read.
    pub(super) accept: Option<[u8; 28]>,
}

/// Reads a head as HTTP/1.1 has it. Names are in lower case then, what is for neighbours only is gone, Host has become
/// the authority, and an upgrade has become extended CONNECT. RFC 9113 section 8.2.2, RFC 8441 section 4.
///
/// # Errors
/// [`Rule::Target`] where the target or the authority is none that HTTP/2 could carry.
pub(super) fn read(text: &Bytes, is_secure: bool) -> Result<Head, Rule> {
    let end = text.iter().position(|byte| *byte == b'\n').ok_or(Rule::StartLine)?;
    let (line, rest) = text.split_at(end + 1);
    let mut words = line.trim_ascii_end().split(|byte| *byte == b' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut taken =
        Taken { text, map: HeaderMap::with_capacity(FIELDS), host: b"", protocol: None, key: None };
    fields::for_each_line(rest, |name, value| taken.take(name, value));

    let mut request = Request::new(());
    let is_upgrade = taken.protocol.is_some();
    *request.uri_mut() = uri(text.slice_ref(taken.host), &text.slice_ref(target), is_secure)?;
    *request.method_mut() =
        if is_upgrade { Method::CONNECT } else { Method::from_bytes(method).map_err(|_| Rule::StartLine)? };
    let upgrade = taken
        .protocol
        .map(|protocol| Upgrade { protocol: protocol.to_vec(), accept: taken.key.map(websocket::accept) });
    if let Some(upgrade) = &upgrade {
        let protocol = std::str::from_utf8(&upgrade.protocol).map_err(|_| Rule::Upgrade)?;
        request.extensions_mut().insert(Protocol::from(&*protocol.to_ascii_lowercase()));
        // RFC 9110 section 9.3.6: CONNECT has no content. An upgrade may say so, with 0; here it would be the tunnel's.
        taken.map.remove(http::header::CONTENT_LENGTH);
    }
    *request.headers_mut() = taken.map;
    Ok(Head { request, upgrade })
}

/// What the lines of a head hold.
struct Taken<'a> {
    text: &'a Bytes,
    map: HeaderMap,
    host: &'a [u8],
    protocol: Option<&'a [u8]>,
    key: Option<&'a [u8]>,
}

impl<'a> Taken<'a> {
    fn take(&mut self, name: &[u8], value: &'a [u8]) {
        match Name::of(name) {
            Name::Host => self.host = value,
            // RFC 9110 section 7.8: whoever cannot switch goes on as if it was not asked. What else could be asked for has
            // no counterpart here.
            Name::Upgrade => self.protocol = is_websocket(value).then_some(value),
            Name::SecWebSocketKey => self.key = Some(value),
            Name::Connection | Name::TransferEncoding => {}
            Name::Te => {
                self.map.insert(http::header::TE, HeaderValue::from_static("trailers"));
            }
            _ => fields::append(self.text, name, value, &mut self.map),
        }
    }
}

fn uri(host: Bytes, target: &Bytes, is_secure: bool) -> Result<Uri, Rule> {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(if is_secure { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(Authority::from_maybe_shared(host).map_err(|_| Rule::Host)?);
    let path = PathAndQuery::from_maybe_shared(target.clone());
    let path = path.or_else(|_| PathAndQuery::from_maybe_shared(encoded(target)));
    parts.path_and_query = Some(path.map_err(|_| Rule::Target)?);
    Uri::from_parts(parts).map_err(|_| Rule::Target)
}

/// The target, where what `http` does not take is percent-encoded: some clients leave a few such bytes in queries.
fn encoded(target: &[u8]) -> Bytes {
    let mut encoded = Vec::with_capacity(target.len() + 32);
    for byte in target {
        if byte.is_ascii_graphic()
            && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
        {
            encoded.push(*byte);
        } else {
            // Writing to memory does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded.into()
}

/// True for the protocol whose handshake has a key.
fn is_websocket(protocol: &[u8]) -> bool {
    protocol.eq_ignore_ascii_case(b"websocket")
}

#[cfg(test)]
mod tests;
