//! What a fuzzer calls: any bytes, no panic, and what is accepted is accepted again when it was written on.

use crate::chunked::Decoder;
use crate::target::{Authority, Target};
use crate::{Limits, Lines, Method, Parsed, RequestHead, ResponseHead, connection, framing, parse_trailers};

/// A request head: whatever is accepted and written on is accepted again, with the same body length.
pub fn fuzz_request(data: &[u8]) {
    let limits = Limits::default();
    let mut head = RequestHead::default();
    let Ok(Parsed::Complete { .. }) = head.parse(data, &limits) else { return };
    let Ok(body) = framing::of_request(&head, data) else { return };
    let mut out = Vec::with_capacity(data.len() + 16);
    out.extend_from_slice(head.method_text(data));
    out.push(b' ');
    out.extend_from_slice(head.target(data));
    out.extend_from_slice(if head.version() == crate::Version::Http10 {
        b" HTTP/1.0\r\n"
    } else {
        b" HTTP/1.1\r\n"
    });
    head.fields(data).write_to(&mut out);
    out.extend_from_slice(b"\r\n");
    let mut again = RequestHead::default();
    let roomy = Limits { head: limits.head + 1024, ..limits };
    assert_eq!(again.parse(&out, &roomy), Ok(Parsed::Complete { len: out.len() }));
    assert_eq!(framing::of_request(&again, &out), Ok(body));
    assert!(head.fields(data).iter().eq(again.fields(&out).iter()));
    let _ = Target::parse(head.target(data), head.method());
    let _ = connection::apply(head.lines_mut(), data);
}

/// A response head.
pub fn fuzz_response(data: &[u8]) {
    let mut head = ResponseHead::default();
    if let Ok(Parsed::Complete { len }) = head.parse(data, &Limits::default()) {
        assert!(len <= data.len());
        let _ = framing::of_response(&head, Method::Get, data);
        let _ = connection::apply(head.lines_mut(), data);
    }
}

/// A chunked body: the same data, however it is cut. The first byte says where.
pub fn fuzz_chunked(data: &[u8]) {
    let Some((cut, body)) = data.split_first() else { return };
    let whole = decode_in_pieces(body, body.len().max(1));
    let pieces = decode_in_pieces(body, usize::from(*cut).max(1));
    assert_eq!(whole, pieces);
}

type Body = (Vec<u8>, Vec<u8>, bool);

fn decode_in_pieces(body: &[u8], size: usize) -> Option<Body> {
    let mut decoder = Decoder::default();
    let mut data = Vec::new();
    let mut is_done = false;
    for piece in body.chunks(size) {
        let mut piece = piece.to_vec();
        let decoded = decoder.decode(&mut piece).ok()?;
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

/// An authority: what is accepted has a host.
pub fn fuzz_authority(data: &[u8]) {
    if let Ok(authority) = Authority::parse(data) {
        assert!(!authority.host.is_empty());
    }
}
