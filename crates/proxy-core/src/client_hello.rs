//! What a client asks for with its first message in TLS, read from the bytes as they come: nothing is answered, and TLS is
//! not ended here. Pure.
//!
//! RFC 8446 section 4.1.2, RFC 6066 section 3, RFC 7301 section 3.1. What two readers could understand in two ways is no
//! ClientHello: whoever ends TLS behind would go by another name.

mod reader;

use std::borrow::Cow;

use reader::Reader;

/// The longest message that is read. The hellos of browsers take a tenth of it.
const LONGEST: usize = 16 * 1024;
/// How long it may be in records: a client may cut it into as small ones as it likes, and some do.
const LONGEST_IN_RECORDS: usize = 24 * 1024;

/// RFC 8446 section 5.1.
const HANDSHAKE: u8 = 22;
const LONGEST_FRAGMENT: usize = 16 * 1024;
/// RFC 8446 section 4.
const CLIENT_HELLO: u8 = 1;
/// All versions from SSL 3.0 on, in records and in messages.
const MAJOR: u8 = 3;

/// RFC 6066 section 3.
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;
/// RFC 7301 section 3.1.
const PROTOCOLS: u16 = 16;

/// What stands at the beginning of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Peeked {
    /// The beginning of a ClientHello: it takes more to tell.
    Partial,
    /// A ClientHello.
    Complete {
        /// The host that is asked for, in lower case and without the root's dot; `None` where there is none, or what is asked
        /// for is no name of a host: an address, say.
        server_name: Option<String>,
        protocols: Protocols,
    },
}

/// The protocols that a client offers, in the order of its preference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Protocols(Box<[u8]>);

impl Protocols {
    /// Their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = Reader::of(&self.0);
        std::iter::from_fn(move || rest.vector8())
    }
}

/// Bytes do not begin with a ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no ClientHello")]
pub(crate) struct NotTls;

/// Reads the ClientHello at the beginning of `bytes`. What cannot become one is none at once, and stays so, whatever follows.
///
/// # Errors
/// It is none, or too long.
pub(crate) fn peek(bytes: &[u8]) -> Result<Peeked, NotTls> {
    match message(bytes)? {
        None if bytes.len() >= LONGEST_IN_RECORDS => Err(NotTls),
        None => Ok(Peeked::Partial),
        Some(hello) => read(&hello).ok_or(NotTls),
    }
}

/// The message, without its head; `None` while it is not whole.
fn message(bytes: &[u8]) -> Result<Option<Cow<'_, [u8]>>, NotTls> {
    const HEAD: usize = 4;
    let bytes = bytes.get(..LONGEST_IN_RECORDS).unwrap_or(bytes);
    let mut message = Cow::Borrowed(&[][..]);
    for fragment in fragments(bytes) {
        let fragment = fragment?;
        if message.is_empty() {
            message = Cow::Borrowed(fragment);
        } else {
            message.to_mut().extend_from_slice(fragment);
        }
        let len = match *message {
            [] => continue,
            [CLIENT_HELLO, high, middle, low, ..] => u32::from_be_bytes([0, high, middle, low]) as usize,
            [CLIENT_HELLO, ..] => continue,
            _ => return Err(NotTls),
        };
        if len > LONGEST {
            return Err(NotTls);
        }
        if message.len() >= HEAD + len {
            let body = HEAD..HEAD + len;
            return Ok(Some(match message {
                Cow::Borrowed(message) => Cow::Borrowed(message.get(body).unwrap_or_default()),
                Cow::Owned(mut message) => {
                    message.truncate(body.end);
                    message.drain(..HEAD);
                    Cow::Owned(message)
                }
            }));
        }
    }
    Ok(None)
}

/// What stands in the records, one after another; the last may not be whole yet.
fn fragments(bytes: &[u8]) -> impl Iterator<Item = Result<&[u8], NotTls>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let is_handshake = rest.first().is_none_or(|kind| *kind == HANDSHAKE)
            && rest.get(1).is_none_or(|major| *major == MAJOR);
        if !is_handshake {
            rest = &[];
            return Some(Err(NotTls));
        }
        let (&[_, _, _, high, low], behind) = rest.split_first_chunk()?;
        let len = usize::from(u16::from_be_bytes([high, low]));
        // RFC 8446 section 5.1: fragments of a handshake are not empty.
        if !(1..=LONGEST_FRAGMENT).contains(&len) {
            rest = &[];
            return Some(Err(NotTls));
        }
        let (fragment, behind) = behind.split_at(len.min(behind.len()));
        rest = behind;
        Some(Ok(fragment))
    })
}

/// Reads a whole message.
fn read(hello: &[u8]) -> Option<Peeked> {
    let mut hello = Reader::of(hello);
    let [major, _] = *hello.take()?;
    let _random: &[u8; 32] = hello.take()?;
    let session = hello.vector8()?;
    let suites = hello.vector16()?;
    let compressions = hello.vector8()?;
    let is_right = major == MAJOR
        && session.len() <= 32
        && !suites.is_empty()
        && suites.len().is_multiple_of(2)
        && !compressions.is_empty();
    if !is_right {
        return None;
    }
    // RFC 5246 section 7.4.1.2: before TLS 1.3 there need not be any.
    let mut extensions = if hello.is_empty() { Reader::of(&[]) } else { Reader::of(hello.vector16()?) };
    if !hello.is_empty() {
        return None;
    }
    let (mut server_name, mut protocols) = (None, None);
    while !extensions.is_empty() {
        let kind = u16::from_be_bytes(*extensions.take()?);
        let value = extensions.vector16()?;
        // RFC 8446 section 4.2: each comes once.
        let is_repeated = match kind {
            SERVER_NAME => server_name.replace(read_server_name(value)?).is_some(),
            PROTOCOLS => protocols.replace(read_protocols(value)?).is_some(),
            _ => false,
        };
        if is_repeated {
            return None;
        }
    }
    Some(Peeked::Complete {
        server_name: server_name.and_then(host),
        protocols: protocols.map(|names| Protocols(names.into())).unwrap_or_default(),
    })
}

/// RFC 6066 section 3 knows one type of name, and at most one name of each type.
fn read_server_name(value: &[u8]) -> Option<&[u8]> {
    let mut value = Reader::of(value);
    let mut names = Reader::of(value.vector16()?);
    let [kind] = *names.take()?;
    let name = names.vector16()?;
    let is_right = kind == HOST_NAME && !name.is_empty() && names.is_empty() && value.is_empty();
    is_right.then_some(name)
}

/// The list of names, each with its length in front, and none of them empty.
fn read_protocols(value: &[u8]) -> Option<&[u8]> {
    let mut value = Reader::of(value);
    let list = value.vector16()?;
    let mut names = Reader::of(list);
    while !names.is_empty() {
        if names.vector8()?.is_empty() {
            return None;
        }
    }
    (!list.is_empty() && value.is_empty()).then_some(list)
}

/// A host in the shape that others are named in; `None` where it is no name of one.
fn host(name: &[u8]) -> Option<String> {
    /// RFC 1035 section 2.3.4, without the root's dot.
    const LONGEST_NAME: usize = 253;
    // RFC 6066 section 3 does not allow the dot, and clients send it.
    let name = name.strip_suffix(b".").unwrap_or(name);
    let is_name = name.len() <= LONGEST_NAME && name.split(|byte| *byte == b'.').all(is_label);
    if !is_name || is_number(name.rsplit(|byte| *byte == b'.').next().unwrap_or_default()) {
        return None;
    }
    Some(std::str::from_utf8(name).ok()?.to_ascii_lowercase())
}

/// Letters, digits, hyphens, and the underscore that many private names have. RFC 1035 section 2.3.4 has the length.
fn is_label(label: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&label.len()) && label.iter().all(is_letter)
}

/// As in the URL standard, a name whose last label is a number is an address or nothing.
fn is_number(label: &[u8]) -> bool {
    let hexadecimal = label.strip_prefix(b"0x").or_else(|| label.strip_prefix(b"0X"));
    label.iter().all(u8::is_ascii_digit)
        || hexadecimal.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// What a fuzzer calls: whatever comes, and however much of it, the same is found in it, and a name that is found is one.
///
/// # Panics
/// It is not so.
#[doc(hidden)]
pub fn fuzz_client_hello(data: &[u8]) {
    let peeked = peek(data);
    // Some cuts of long inputs are enough.
    let step = 1 + data.len() / 64;
    let mut last = Ok(Peeked::Partial);
    for cut in (0..data.len()).step_by(step) {
        let part = peek(data.get(..cut).unwrap_or_default());
        assert!(last == Ok(Peeked::Partial) || part == last, "cut at {cut}, it is something else");
        last = part;
    }
    assert!(last == Ok(Peeked::Partial) || last == peeked, "cut short, it is something else");
    let Ok(Peeked::Complete { server_name, protocols }) = peeked else { return };
    if let Some(name) = server_name {
        assert_eq!(host(name.as_bytes()), Some(name));
    }
    let offered: usize = protocols.iter().map(|name| 1 + name.len()).sum();
    assert!(offered == protocols.0.len() && protocols.iter().all(|name| !name.is_empty()));
}

#[cfg(test)]
mod tests;
