//! Elements of the `Forwarded` field, RFC 7239.

use std::net::IpAddr;

use super::push_ip;

/// What one proxy knows of a request, for the `Forwarded` field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    /// The address that the request came from.
    pub(crate) from: IpAddr,
    /// The Host that the request had.
    pub(crate) host: Option<&'a [u8]>,
    /// The scheme that the request had.
    pub(crate) proto: &'a str,
    /// The name that this proxy goes by.
    pub(crate) by: Option<By>,
}

/// An obfuscated identifier, RFC 7239 section 6.3: `_` and letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct By(&'static str);

impl By {
    /// The identifier `name`; `None` when it is not of the form.
    #[must_use]
    pub(crate) const fn new(name: &'static str) -> Option<Self> {
        let bytes = name.as_bytes();
        let mut at = 1;
        while at < bytes.len() {
            if !bytes[at].is_ascii_alphanumeric() && !matches!(bytes[at], b'.' | b'_' | b'-') {
                return None;
            }
            at += 1;
        }
        if bytes.len() < 2 || bytes[0] != b'_' { None } else { Some(Self(name)) }
    }
}

impl Element<'_> {
    /// Appends the element to `out`, such as `for="[2001:db8::1]";host=a.test;proto=https;by=_proxyd`. Values that
    /// are no token are quoted; a host with a control character, which has no form there, is left out.
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        match self.from {
            IpAddr::V4(_) => {
                out.extend_from_slice(b"for=");
                push_ip(out, self.from);
            }
            // Section 6: in brackets, and since these and colons are in no token, in quotes.
            IpAddr::V6(_) => {
                out.extend_from_slice(b"for=\"[");
                push_ip(out, self.from);
                out.extend_from_slice(b"]\"");
            }
        }
        if let Some(host) = self.host.filter(|host| !host.iter().any(u8::is_ascii_control)) {
            out.extend_from_slice(b";host=");
            push_value(out, host);
        }
        out.extend_from_slice(b";proto=");
        out.extend_from_slice(self.proto.as_bytes());
        if let Some(By(name)) = self.by {
            out.extend_from_slice(b";by=");
            out.extend_from_slice(name.as_bytes());
        }
    }
}

/// A token as it is, anything else as a quoted string (RFC 9110 section 5.6.4).
fn push_value(out: &mut Vec<u8>, value: &[u8]) {
    if !value.is_empty() && value.iter().all(|&byte| is_token(byte)) {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    for &byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
