//! Between the field maps of `h2` and our field lists.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, COOKIE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};
use http1::{Fields, Lines, Name, NameSet, Rule};

/// What a walk over the fields of a message found beside them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// Content-Length is among them.
    pub(super) has_length: bool,
    /// Content-Length says that there is a body.
    pub(super) announces_body: bool,
}

/// Appends the fields of a message to `lines` and their text to `bytes`. The pieces of a cookie are joined (RFC 9113
/// section 8.2.3), and Host is left out: the authority stands elsewhere.
///
/// # Errors
/// The rule that a field breaks; [`Rule::TooManyFields`] where there are more than `most`.
pub(super) fn push(
    map: &HeaderMap,
    most: usize,
    lines: &mut Lines,
    bytes: &mut Vec<u8>,
) -> Result<Found, Rule> {
    let (mut count, mut has_cookie, mut found) = (0, false, Found::default());
    for (name, value) in map {
        if name == COOKIE {
            has_cookie = true;
            continue;
        }
        if name == HOST {
            continue;
        }
        if name == CONTENT_LENGTH {
            found.has_length = true;
            found.announces_body |= value.as_bytes().iter().any(|byte| *byte != b'0');
        }
        count += 1;
        if count > most {
            return Err(Rule::TooManyFields);
        }
        lines.push(bytes, name.as_str().as_bytes(), value.as_bytes())?;
    }
    if has_cookie {
        if count == most {
            return Err(Rule::TooManyFields);
        }
        push_cookie(map, lines, bytes)?;
    }
    Ok(found)
}

fn push_cookie(map: &HeaderMap, lines: &mut Lines, bytes: &mut Vec<u8>) -> Result<(), Rule> {
    let mut pieces = map.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let first = pieces.next().unwrap_or_default();
    let Some(second) = pieces.next() else { return lines.push(bytes, b"cookie", first) };
    let mut joined = [first, b"; ", second].concat();
    for piece in pieces {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(piece);
    }
    lines.push(bytes, b"cookie", &joined)
}

/// Appends trailers that may be passed on, each as `name: value CRLF`. RFC 9110 section 6.5.1: nothing that frames,
/// routes or identifies.
pub(super) fn lines_of_trailers(map: &HeaderMap, out: &mut Vec<u8>) {
    let (mut lines, mut text) = (Lines::default(), Vec::new());
    for (name, value) in map {
        if matches!(Name::of(name.as_str().as_bytes()), Name::Other | Name::ProxyStatus) {
            // What cannot stand in a line is left out.
            let _ = lines.push(&mut text, name.as_str().as_bytes(), value.as_bytes());
        }
    }
    lines.fields(&text).write_to(out);
}

/// A map of the fields of a head that are passed on, and of further lines, each `name: value CRLF`. Of either, those
/// whose names are in the set beside it are left out. The values share one piece of memory.
pub(super) fn map_of(fields: (Fields<'_>, NameSet), lines: (&[u8], NameSet)) -> HeaderMap {
    let mut found: [(Name, &[u8], &[u8]); SEVERAL] = [(Name::Other, b"", b""); SEVERAL];
    let (mut count, mut len) = (0, 0);
    for_each_field(fields, lines, |id, name, value| {
        if let Some(place) = found.get_mut(count) {
            *place = (id, name, value);
        }
        count += 1;
        len += value.len();
    });
    let mut map = HeaderMap::with_capacity(count);
    let mut text = Vec::with_capacity(len);
    let Some(found) = found.get(..count) else {
        // Hardly any head has so many: they are looked for once more.
        for_each_field(fields, lines, |_, _, value| text.extend_from_slice(value));
        let mut text = Bytes::from(text);
        for_each_field(fields, lines, |id, name, value| {
            put(id, name, text.split_to(value.len()), &mut map);
        });
        return map;
    };
    for (_, _, value) in found {
        text.extend_from_slice(value);
    }
    let mut text = Bytes::from(text);
    for (id, name, value) in found {
        put(*id, name, text.split_to(value.len()), &mut map);
    }
    map
}

/// Values that are never put into the table of a connection: secrets, since whoever shares the connection could guess at
/// them (RFC 7541 section 7.1.3), and one that no other message has.
const UNINDEXED: NameSet = NameSet::of(&[
    Name::Authorization,
    Name::ProxyAuthorization,
    Name::Cookie,
    Name::SetCookie,
    Name::XRequestId,
]);

/// So many fields of a head are found in one walk.
const SEVERAL: usize = 32;

/// Puts a field into a map; what is none is left out.
fn put(id: Name, name: &[u8], value: Bytes, map: &mut HeaderMap) {
    let Ok(mut value) = HeaderValue::from_maybe_shared(value) else { return };
    value.set_sensitive(UNINDEXED.contains(id));
    if let Some(name) = name_of(id, name) {
        map.append(name, value);
    }
}

fn for_each_field<'a>(
    (fields, skip): (Fields<'a>, NameSet),
    (lines, skipped): (&'a [u8], NameSet),
    mut take: impl FnMut(Name, &'a [u8], &'a [u8]),
) {
    for field in fields.iter().filter(|field| !skip.contains(field.id)) {
        take(field.id, field.name, field.value);
    }
    for_each_line(lines, |name, value| {
        let id = Name::of(name);
        if !skipped.contains(id) {
            take(id, name, value);
        }
    });
}

/// A name as `h2` has it, in lower case. RFC 9113 section 8.2.1.
fn name_of(id: Name, name: &[u8]) -> Option<HeaderName> {
    static KNOWN: LazyLock<Vec<HeaderName>> =
        LazyLock::new(|| Name::known().map(|name| HeaderName::from_static(name.as_str())).collect());
    match (id as usize).checked_sub(1) {
        Some(place) => KNOWN.get(place).cloned(),
        None => HeaderName::from_bytes(name).ok(),
    }
}

/// A map of lines, each `name: value CRLF`.
pub(super) fn map_of_lines(lines: &[u8]) -> HeaderMap {
    map_of((Fields::new(&[], &[]), NameSet::EMPTY), (lines, NameSet::EMPTY))
}

/// Calls `take` with the name and the trimmed value of each line.
pub(super) fn for_each_line<'a>(mut lines: &'a [u8], mut take: impl FnMut(&'a [u8], &'a [u8])) {
    while let Some(end) = memchr::memchr(b'\n', lines) {
        let (line, rest) = lines.split_at(end + 1);
        lines = rest;
        if let Some(colon) = memchr::memchr(b':', line) {
            let (name, value) = line.split_at(colon);
            take(name, value.get(1..).unwrap_or_default().trim_ascii());
        }
    }
}

/// Appends a field whose value stands in `text`; it is left out where it is none.
pub(super) fn append(text: &Bytes, name: &[u8], value: &[u8], map: &mut HeaderMap) {
    put(Name::of(name), name, text.slice_ref(value), map);
}

#[cfg(test)]
mod tests;
