//! Request targets and authorities. RFC 9112 section 3.2, RFC 9110 section 4.2.

use crate::{Method, Rule, word};

/// A request target, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The authority of an absolute-form target.
    pub authority: Option<&'a [u8]>,
    /// The path, `/` where an absolute target has none, `*` for the asterisk form.
    pub path: &'a [u8],
    /// What follows the first `?`.
    pub query: Option<&'a [u8]>,
}

impl<'a> Target<'a> {
    /// Takes a request target apart.
    ///
    /// # Errors
    /// [`Rule::Connect`] for CONNECT, [`Rule::Fragment`], [`Rule::TargetScheme`], [`Rule::Userinfo`], and
    /// [`Rule::Target`] for whatever else has none of the forms.
    #[inline]
    pub fn parse(text: &'a [u8], method: Method) -> Result<Self, Rule> {
        if method == Method::Connect {
            return Err(Rule::Connect);
        }
        if text.first() == Some(&b'/') {
            return Self::of_origin(text, None);
        }
        if text == b"*" {
            // RFC 9112 section 3.2.4: the asterisk form is for OPTIONS alone.
            return match method {
                Method::Options => Ok(Self { authority: None, path: text, query: None }),
                _ => Err(Rule::Target),
            };
        }
        Self::of_absolute(text, method)
    }

    #[inline]
    fn of_origin(text: &'a [u8], authority: Option<&'a [u8]>) -> Result<Self, Rule> {
        let question = question(text)?;
        let (path, query) = match question {
            Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
            None => (text, None),
        };
        Ok(Self { authority, path: if path.is_empty() { b"/" } else { path }, query })
    }

    fn of_absolute(text: &'a [u8], method: Method) -> Result<Self, Rule> {
        let colon = text.windows(3).position(|three| three == b"://").ok_or(Rule::Target)?;
        let (scheme, rest) =
            (text.get(..colon).unwrap_or_default(), text.get(colon + 3..).unwrap_or_default());
        // RFC 3986 section 3.1.
        if !scheme.first().is_some_and(u8::is_ascii_alphabetic)
            || !scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        {
            return Err(Rule::Target);
        }
        if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
            return Err(Rule::TargetScheme);
        }
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end).unwrap_or_default();
        if authority.contains(&b'@') {
            // RFC 9110 section 4.2.4: treated as an error, for it serves to hide the real authority.
            return Err(Rule::Userinfo);
        }
        // RFC 9110 section 4.2.1: the host is not empty.
        if authority.is_empty() || question(authority)?.is_some() {
            return Err(Rule::Target);
        }
        if rest.is_empty() && method == Method::Options {
            // RFC 9112 section 3.2.4: OPTIONS of a whole host, as one asks a proxy for it.
            return Ok(Self { authority: Some(authority), path: b"*", query: None });
        }
        Self::of_origin(rest, Some(authority))
    }
}

/// Where the first `?` stands, in a text of visible ASCII without fragment.
#[inline]
fn question(text: &[u8]) -> Result<Option<usize>, Rule> {
    let Some(last) = text.last_chunk::<8>() else { return question_in_few(text) };
    let (mut refused, mut question) = (0, None);
    let mut look = |at: usize, chunk: [u8; 8]| {
        let word = word::of(chunk);
        refused |= word::find_invisible(word) | word::find(word, b'#');
        let marks = word::find(word, b'?');
        if marks != 0 && question.is_none() {
            question = Some(at + word::first(marks));
        }
    };
    for (index, chunk) in text.as_chunks().0.iter().enumerate() {
        look(8 * index, *chunk);
    }
    // The last bytes once more, together with those that were left over.
    look(text.len() - 8, *last);
    if refused == 0 { Ok(question) } else { Err(fault(text)) }
}

#[inline]
fn question_in_few(text: &[u8]) -> Result<Option<usize>, Rule> {
    let mut question = None;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'?' if question.is_none() => question = Some(at),
            b'#' | ..=b' ' | 0x7f.. => return Err(fault(text)),
            _ => {}
        }
    }
    Ok(question)
}

/// The rule that the first byte which no target may hold breaks.
#[cold]
fn fault(text: &[u8]) -> Rule {
    match text.iter().find(|byte| !byte.is_ascii_graphic() || **byte == b'#') {
        Some(b'#') => Rule::Fragment,
        _ => Rule::Target,
    }
}

/// A host and perhaps a port, as Host and `:authority` carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    /// The host: a name, an IPv4 address, or an IPv6 address in its brackets. Never empty.
    pub host: &'a [u8],
    /// The port, where one is given.
    pub port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Takes an authority apart. RFC 9110 section 7.2, RFC 3986 section 3.2.
    ///
    /// # Errors
    /// [`Rule::Host`] for whatever is not one host (letters, digits, `-`, `.`, `_`, `~`, or an IPv6 address in
    /// brackets) and at most one port; [`Rule::Userinfo`] where there is an `@`.
    #[inline]
    pub fn parse(text: &'a [u8]) -> Result<Self, Rule> {
        let host_len = if text.first() == Some(&b'[') { ipv6_len(text)? } else { name_len(text)? };
        let (host, rest) = text.split_at_checked(host_len).ok_or(Rule::Host)?;
        let port = match rest {
            [] | [b':'] => None,
            [b':', digits @ ..] if digits.len() <= 5 => {
                let number = crate::number::decimal(digits).ok_or(Rule::Host)?;
                Some(u16::try_from(number).map_err(|_| Rule::Host)?)
            }
            _ => return Err(Rule::Host),
        };
        Ok(Self { host, port })
    }
}

/// DNS names have at most 253 characters; some room is left for the trailing dot.
const MOST_IN_NAME: usize = 255;

/// The length of the name that `text` begins with. Its bytes are those of RFC 3986's `unreserved`: other marks
/// and percent-encoding are no part of a name that could be looked up. No label is empty.
#[inline]
fn name_len(text: &[u8]) -> Result<usize, Rule> {
    let Some(last) = text.last_chunk::<8>() else { return name_len_by_bytes(text) };
    let (mut len, mut before, mut doubled) = (0, 0x80, 0);
    let mut odd = 0;
    for chunk in text.as_chunks::<8>().0 {
        let word = word::of(*chunk);
        odd = word::find_odd_in_host(word);
        let dots = word::find_each(word, b'.');
        doubled |= dots & (dots << 8 | before);
        before = dots >> 56;
        if odd != 0 {
            break;
        }
        len += 8;
    }
    if odd == 0 && len < text.len() {
        // The last bytes once more, together with those that were left over.
        let word = word::of(*last);
        let dots = word::find_each(word, b'.');
        doubled |= dots & dots << 8;
        len = text.len() - 8 + word::first(word::find_odd_in_host(word));
    } else if odd != 0 {
        len += word::first(odd);
    }
    match text.get(len) {
        None | Some(b':') if doubled == 0 && (1..=MOST_IN_NAME).contains(&len) => Ok(len),
        _ => name_len_by_bytes(text),
    }
}

/// The same for short names, for those with odd bytes, and for those that are refused.
fn name_len_by_bytes(text: &[u8]) -> Result<usize, Rule> {
    let (mut len, mut was_dot) = (0, true);
    for byte in text {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'A'..=b'Z' | b'_' | b'~' => was_dot = false,
            b'.' if !was_dot => was_dot = true,
            b':' => break,
            b'@' => return Err(Rule::Userinfo),
            _ => return Err(Rule::Host),
        }
        len += 1;
    }
    if len == 0 || len > MOST_IN_NAME { Err(Rule::Host) } else { Ok(len) }
}

fn ipv6_len(text: &[u8]) -> Result<usize, Rule> {
    let end = text.iter().position(|byte| *byte == b']').ok_or(Rule::Host)?;
    let inside = text.get(1..end).and_then(|inside| std::str::from_utf8(inside).ok()).ok_or(Rule::Host)?;
    inside.parse::<std::net::Ipv6Addr>().map_err(|_| Rule::Host)?;
    Ok(end + 1)
}

#[cfg(test)]
mod tests;
