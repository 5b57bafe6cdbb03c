//! What a fuzzer calls: any bytes, no panic, and what is accepted is accepted again when it was written on, and
//! means the same. Each assertion is a promise that the crate makes.

use crate::chunked::{self, Decoder};
use crate::target::{Authority, Target};
use crate::{
    Fields, Limits, Lines, Method, Parsed, RequestHead, ResponseHead, Rule, Version, connection, framing,
    parse_trailers, push_decimal,
};

/// Each line may grow by a space when it is written on.
const ROOMY: Limits = Limits { head: 80 * 1024, fields: 100, target: 16 * 1024 };

/// A request head: however it is cut it is judged alike; whatever is accepted and written on is accepted again,
/// with the same fields and body length.
pub fn fuzz_request(data: &[u8]) {
    let mut head = RequestHead::default();
    let parsed = head.parse(data, &Limits::default());
    let mut again = RequestHead::default();
    check_pieces(data, parsed, |bytes, seen| again.parse_more(bytes, seen, &Limits::default()));
    let Ok(Parsed::Complete { len }) = parsed else { return };
    assert!(len <= data.len());
    let _ = Target::parse(head.target(data), head.method());
    let Ok(body) = framing::of_request(&head, data) else { return };
    let mut out = Vec::with_capacity(data.len() + 16);
    out.extend_from_slice(head.method_text(data));
    out.push(b' ');
    out.extend_from_slice(head.target(data));
    out.extend_from_slice(if head.version() == Version::Http10 {
        b" HTTP/1.0\r\n"
    } else {
        b" HTTP/1.1\r\n"
    });
    head.fields(data).write_to(&mut out);
    out.extend_from_slice(b"\r\n");
    assert_eq!(again.parse(&out, &ROOMY), Ok(Parsed::Complete { len: out.len() }));
    assert_eq!(framing::of_request(&again, &out), Ok(body));
    assert_eq!((again.method(), again.version()), (head.method(), head.version()));
    check_fields(head.fields(data), again.fields(&out));
    let _ = connection::apply(head.lines_mut(), data);
}

/// A response head: as for requests.
pub fn fuzz_response(data: &[u8]) {
    let mut head = ResponseHead::default();
    let parsed = head.parse(data, &Limits::default());
    let mut again = ResponseHead::default();
    check_pieces(data, parsed, |bytes, seen| again.parse_more(bytes, seen, &Limits::default()));
    let Ok(Parsed::Complete { len }) = parsed else { return };
    assert!(len <= data.len() && (100..=599).contains(&head.status()));
    let Ok(body) = framing::of_response(&head, Method::Get, data) else { return };
    let mut out = Vec::with_capacity(data.len() + 16);
    out.extend_from_slice(if head.version() == Version::Http10 { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
    push_decimal(&mut out, head.status().into());
    out.push(b' ');
    out.extend_from_slice(head.reason(data));
    out.extend_from_slice(b"\r\n");
    head.fields(data).write_to(&mut out);
    out.extend_from_slice(b"\r\n");
    assert_eq!(again.parse(&out, &ROOMY), Ok(Parsed::Complete { len: out.len() }));
    assert_eq!(framing::of_response(&again, Method::Get, &out), Ok(body));
    assert_eq!((again.status(), again.reason(&out)), (head.status(), head.reason(data)));
    check_fields(head.fields(data), again.fields(&out));
    let _ = connection::apply(head.lines_mut(), data);
}

/// What comes byte by byte is judged as what comes at once. A rule may be broken in several ways, and by fewer
/// bytes than there are; that it is broken does not depend on the cuts.
fn check_pieces(
    data: &[u8],
    whole: Result<Parsed, Rule>,
    mut parse_more: impl FnMut(&[u8], usize) -> Result<Parsed, Rule>,
) {
    let mut pieces = Ok(Parsed::Partial);
    for len in 1..=data.len() {
        pieces = parse_more(data.get(..len).unwrap_or_default(), len - 1);
        if pieces != Ok(Parsed::Partial) {
            break;
        }
    }
    match (whole, pieces) {
        // The line that breaks a rule has not ended, and is not looked at before.
        (Err(_), Err(_) | Ok(Parsed::Partial)) => {}
        (whole, pieces) => assert_eq!(whole, pieces),
    }
}

fn check_fields(fields: Fields<'_>, again: Fields<'_>) {
    assert!(fields.iter().eq(again.iter()));
    for field in again.iter() {
        assert!(crate::token::is_token(field.name));
        assert!(!field.value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | b'\0')));
        assert_eq!(crate::token::trim(field.value), field.value);
    }
}

/// A chunked body: the same data, however it is cut, and once more when it was written on. The first byte says
/// where it is cut.
pub fn fuzz_chunked(data: &[u8]) {
    let Some((cut, body)) = data.split_first() else { return };
    let whole = decode_in_pieces(body, body.len().max(1));
    let pieces = decode_in_pieces(body, usize::from(*cut).max(1));
    assert_eq!(whole, pieces);
    let Some((data, _, true)) = whole else { return };
    let mut out = Vec::with_capacity(data.len() + 32);
    if !data.is_empty() {
        chunked::push_size(&mut out, data.len());
        out.extend_from_slice(&data);
        out.extend_from_slice(chunked::END_OF_DATA);
    }
    out.extend_from_slice(chunked::LAST);
    assert_eq!(decode_in_pieces(&out, out.len()), Some((data, Vec::new(), true)));
}

type Body = (Vec<u8>, Vec<u8>, bool);

fn decode_in_pieces(body: &[u8], size: usize) -> Option<Body> {
    let mut decoder = Decoder::default();
    let mut data = Vec::new();
    let mut is_done = false;
    for piece in body.chunks(size) {
        let mut piece = piece.to_vec();
        let decoded = decoder.decode(&mut piece).ok()?;
        assert!(decoded.consumed <= piece.len() && decoded.data.end <= decoded.consumed);
        data.extend_from_slice(piece.get(decoded.data).unwrap_or_default());
        is_done = decoded.is_done;
        if is_done {
            break;
        }
    }
    let mut lines = Lines::default();
    if !decoder.trailers().is_empty() && is_done {
        parse_trailers(decoder.trailers(), &Limits::default(), &mut lines).ok()?;
    }
    Some((data, decoder.trailers().to_vec(), is_done))
}

/// An authority: what is accepted is the same again when it is put together from its parts.
pub fn fuzz_authority(data: &[u8]) {
    let Ok(authority) = Authority::parse(data) else { return };
    assert!(!authority.host.is_empty() && data.starts_with(authority.host));
    assert!(
        !authority.host.iter().any(|byte| matches!(byte, b'@' | b'/' | b'\\' | b',' | 0..=b' ' | 0x7f..))
    );
    let mut out = authority.host.to_vec();
    if let Some(port) = authority.port {
        out.push(b':');
        push_decimal(&mut out, port.into());
    }
    assert_eq!(Authority::parse(&out), Ok(authority));
}

/// A request target: what is accepted is the same again when it is put together from its parts.
pub fn fuzz_target(data: &[u8]) {
    for method in [Method::Get, Method::Options] {
        let Ok(target) = Target::parse(data, method) else { continue };
        assert!(target.path.starts_with(b"/") || (target.path == b"*" && method == Method::Options));
        assert!(data.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#'));
        assert!(target.authority.is_none_or(|authority| !authority.is_empty() && !authority.contains(&b'@')));
        let mut out = target.path.to_vec();
        if let Some(query) = target.query {
            out.push(b'?');
            out.extend_from_slice(query);
        }
        assert_eq!(Target::parse(&out, method), Ok(Target { authority: None, ..target }));
    }
}

#[cfg(test)]
mod tests;
