//! Requests: RFC 9113 sections 8.1 to 8.3.

use harness::frames::{Fields, Frame, code};

use super::front;
use crate::it::http2::case::Want::StreamError;
use crate::it::http2::case::{Case, check, head, post};

const PROTOCOL_ERROR: &[u32] = &[code::PROTOCOL_ERROR];

fn wrong(name: &'static str, fields: &Fields) -> Case {
    Case::new(name).send(&[head(fields)]).see(StreamError(PROTOCOL_ERROR))
}

fn get() -> Fields {
    Fields::request("GET", "/")
}

#[test]
fn trailers_end_their_stream() {
    let front = front();
    let trailers = || Frame::headers(1, &Fields::new().and("x-test", "ok"));
    let cases = [
        Case::new("8.1 a second head that does not end the stream")
            .send(&[post(1), trailers()])
            .see(StreamError(PROTOCOL_ERROR)),
        Case::new("8.1 one behind DATA")
            .send(&[post(1), Frame::data(1, "test"), trailers()])
            .see(StreamError(PROTOCOL_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn fields_are_those_that_http2_has() {
    let front = front();
    let late = Fields([vec![("x-test".to_owned(), "ok".to_owned())], get().0].concat());
    let trailers = Frame::headers(1, &Fields::new().and(":method", "POST"));
    let cases = [
        wrong("8.2.1 upper case", &get().and("X-TEST", "ok")),
        wrong("8.3 an unknown pseudo-header", &get().and(":test", "ok")),
        wrong("8.3 a pseudo-header of responses", &get().and(":status", "200")),
        Case::new("8.3 a pseudo-header in trailers")
            .send(&[post(1), Frame::data(1, "test"), trailers])
            .see(StreamError(PROTOCOL_ERROR)),
        wrong("8.3 a pseudo-header behind a field", &late),
        wrong("8.2.2 Connection", &get().and("connection", "keep-alive")),
        wrong("8.2.2 TE other than trailers", &get().and("te", "trailers, deflate")),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_request_has_each_of_its_pseudo_headers_once() {
    let front = front();
    let cases = [
        wrong("8.3.1 an empty :path", &get().with(":path", "")),
        wrong("8.3.1 no :method", &get().without(":method")),
        wrong("8.3.1 no :scheme", &get().without(":scheme")),
        wrong("8.3.1 no :path", &get().without(":path")),
        wrong("8.3.1 two :method", &get().and(":method", "GET")),
        wrong("8.3.1 two :scheme", &get().and(":scheme", "http")),
        wrong("8.3.1 two :path", &get().and(":path", "/")),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_body_is_as_long_as_was_said() {
    let front = front();
    let sized = || Frame::headers(1, &Fields::request("POST", "/").and("content-length", "1"));
    let cases = [
        Case::new("8.1.1 one DATA of another length")
            .send(&[sized(), Frame::data(1, "test").end()])
            .see(StreamError(PROTOCOL_ERROR)),
        Case::new("8.1.1 several DATA of another length")
            .send(&[sized(), Frame::data(1, "test"), Frame::data(1, "test").end()])
            .see(StreamError(PROTOCOL_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}
