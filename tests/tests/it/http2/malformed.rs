//! Requests that no backend may see anything of.

use harness::frames::{Event, Fields, Frame, Http2, bytes_of, code, flag};
use harness::{Backend, Document};

use crate::it::front::Front;

fn get() -> Fields {
    Fields::request("GET", "/")
}

fn front() -> Front {
    Front::with(Backend::ok(), Document::to)
}

/// Sends frames that open stream 1: it ends in an error of the stream or of the connection, or in 400.
fn refusal(front: &Front, frames: &[Frame]) -> Result<(), Event> {
    let mut client = Http2::to(&front.proxyd.address());
    drop(client.connection.try_send(bytes_of(frames)));
    loop {
        match client.read() {
            Event::Headers { stream: 1, fields, .. } if fields.status() == Some(400) => return Ok(()),
            Event::Reset { stream: 1, code: code::PROTOCOL_ERROR }
            | Event::GoAway { code: code::PROTOCOL_ERROR | code::COMPRESSION_ERROR, .. }
            | Event::End(_) => return Ok(()),
            Event::Settings(_) | Event::SettingsAck | Event::WindowUpdate { .. } | Event::Ping(_) => {}
            other => return Err(other),
        }
    }
}

/// None of them is taken, and a backend sees nothing of any.
#[track_caller]
fn check(cases: &[(&str, Fields)]) {
    let front = front();
    let failed = cases.iter().filter_map(|(name, fields)| {
        let refusal = refusal(&front, &[Frame::headers(1, fields).end()]);
        refusal.err().map(|came| format!("{name}: {came:?}"))
    });
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n"));
    assert_eq!(front.backend.connections(), 0, "a backend saw something");
}

/// RFC 9113 section 8.2.1.
#[test]
fn a_name_has_only_what_names_have() {
    let names = [
        "X-Upper", "x y", "x\ty", "x\r\ny", "x\ny", "x\ry", "x\0y", "x:y", " x", "x ", "", "x\u{7f}",
        "x\u{80}", "x(", "x,y", "x\"y",
    ];
    let cases: Vec<_> = names.iter().map(|name| (*name, get().and(name, "v"))).collect();
    check(&cases);
}

/// CVE-2019-9516: a field block may have a name without a length in every form.
#[test]
fn a_name_has_a_length() {
    let front = front();
    for representation in [0x00, 0x10, 0x40] {
        let block = [&get().block()[..], &[representation, 0, 1, b'v']].concat();
        let came = refusal(&front, &[Frame::block(1, block).with(flag::END_STREAM)]);
        assert_eq!(came, Ok(()), "{representation:#x}");
    }
    assert_eq!(front.backend.connections(), 0);
}

/// RFC 9113 section 8.2.1.
#[test]
fn a_value_has_no_control_characters() {
    let values = ["a\0b", "a\rb", "a\nb", "a\r\nX-Smuggled: b", "\n", "a\r\n\r\nGET /smuggled HTTP/1.1"];
    let mut cases: Vec<_> = values.iter().map(|value| (*value, get().and("x-field", value))).collect();
    cases.push(("Cookie", get().and("cookie", "a=b\r\nX-Smuggled: b")));
    check(&cases);
}

/// RFC 9113 section 8.3.1: what becomes part of the first line of HTTP/1.1, or of Host.
#[test]
fn pseudo_headers_have_no_more_than_they_say() {
    let with = |name: &str, value: &str| get().with(name, value);
    let cases = [
        ("a line in :path", with(":path", "/ HTTP/1.1\r\nX-Smuggled: b\r\n\r\n")),
        ("a space in :path", with(":path", "/a b")),
        ("NUL in :path", with(":path", "/\0")),
        (":path without a slash", with(":path", "a")),
        ("a line in :method", with(":method", "GET / HTTP/1.1\r\nX: b\r\n\r\nGET")),
        ("a space in :method", with(":method", "GET /smuggled")),
        ("an empty :method", with(":method", "")),
        (":method that is no token", with(":method", "G(T")),
        ("a line in :authority", with(":authority", "a.test\r\nX-Smuggled: b")),
        ("a space in :authority", with(":authority", "a.test b.test")),
        ("a user in :authority", with(":authority", "user@a.test")),
        ("an empty :authority", with(":authority", "")),
        ("a path in :authority", with(":authority", "a.test/b")),
        ("a port that is no port", with(":authority", "a.test:80a")),
        ("a line in :scheme", with(":scheme", "http\r\nX-Smuggled: b")),
        ("a space in :scheme", with(":scheme", "http ")),
        ("an empty :scheme", with(":scheme", "")),
    ];
    check(&cases);
}

/// CVE-2023-45539: a fragment is no part of `:path`. It is cut off before anything is decided, so that whoever judges
/// the path and whoever is asked for it have the same.
#[test]
fn a_fragment_is_cut_off_before_anything_is_decided() {
    let front = Front::with(Backend::ok(), |backend| {
        Document::new()
            .upstream("app", &[backend], "")
            .route("id: fragment, path: \"~\\\\.png$\", respond: { body: fragment }")
            .route("id: all, path: \"/a\", upstream: app")
    });
    let mut client = Http2::to(&front.proxyd.address());
    let stream = client.ask(&get().with(":path", "/a#b.png"));
    assert_eq!(client.response(stream).text(), "ok");
    assert_eq!(front.backend.request().target(), "/a");
}

/// RFC 9113 section 8.3.
#[test]
fn pseudo_headers_come_once_and_first_and_are_known() {
    let late = Fields([vec![("x-first".to_owned(), "v".to_owned())], get().0].concat());
    let cases = [
        ("two :method", get().and(":method", "GET")),
        ("two :path", get().and(":path", "/")),
        ("two :scheme", get().and(":scheme", "http")),
        ("two :authority", get().and(":authority", "b.test")),
        ("late", late),
        ("later", get().and("x-field", "v").and(":path", "/")),
        ("unknown", get().and(":unknown", "v")),
        ("of a response", get().and(":status", "200")),
        (":protocol without CONNECT", get().and(":protocol", "websocket")),
        ("no :method", get().without(":method")),
        ("no :path", get().without(":path")),
        ("no :scheme", get().without(":scheme")),
        ("no :authority and no Host", get().without(":authority")),
        ("none", Fields::new().and("x-field", "v")),
    ];
    check(&cases);
}

/// RFC 9113 section 8.2.2.
#[test]
fn fields_of_a_connection_are_refused() {
    let names = [
        ("connection", "close"),
        ("connection", "x-other"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("transfer-encoding", "chunked"),
        ("transfer-encoding", "identity"),
        ("upgrade", "websocket"),
        ("te", "gzip"),
        ("te", "trailers, gzip"),
    ];
    let cases: Vec<_> = names.iter().map(|(name, value)| (*name, get().and(name, value))).collect();
    check(&cases);
}

/// RFC 9110 section 8.6; RFC 9113 section 8.1.1.
#[test]
fn a_length_is_one_number() {
    let lengths = ["+5", "-1", "5a", "0x5", "5, 5", "5,6", "", " ", "99999999999999999999999"];
    let mut cases: Vec<_> =
        lengths.iter().map(|length| (*length, get().and("content-length", length))).collect();
    cases.push(("two that differ", get().and("content-length", "0").and("content-length", "5")));
    cases.push(("5 and no body", get().and("content-length", "5")));
    check(&cases);
}

/// RFC 9113 section 8.1.1: a backend never has such a request as a whole.
#[test]
fn a_body_that_is_not_as_long_as_was_said_is_cut() {
    let front = front();
    let head = |length: &str| Frame::headers(1, &Fields::request("POST", "/").and("content-length", length));
    let cases = [
        ("too much", vec![head("2"), Frame::data(1, "test").end()]),
        ("too much, in two", vec![head("2"), Frame::data(1, "te"), Frame::data(1, "st").end()]),
        ("too much, without an end", vec![head("2"), Frame::data(1, "te"), Frame::data(1, "st")]),
        ("too little", vec![head("8"), Frame::data(1, "test").end()]),
        ("none", vec![head("8"), Frame::data(1, "").end()]),
        ("some, where none was said", vec![head("0"), Frame::data(1, "test").end()]),
        ("too little before trailers", {
            let trailers = Frame::headers(1, &Fields::new().and("x-t", "v")).end();
            vec![head("8"), Frame::data(1, "test"), trailers]
        }),
    ];
    for (name, frames) in cases {
        assert_eq!(refusal(&front, &frames), Ok(()), "{name}");
    }
    front.backend.wait_for_ends(front.backend.connections());
    assert!(front.backend.requests().is_empty(), "{:?}", front.backend.requests());
}

/// RFC 9113 sections 8.1 and 8.3.
#[test]
fn trailers_have_no_pseudo_headers_and_nothing_of_a_connection() {
    let front = front();
    let fields = [
        (":path", "/"),
        (":method", "GET"),
        (":status", "200"),
        ("X-Upper", "v"),
        ("x-field", "a\r\nb"),
        ("", "v"),
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
    ];
    let taken = fields.into_iter().filter(|(name, value)| {
        let trailers = Frame::headers(1, &Fields::new().and(name, value)).end();
        let frames = [Frame::headers(1, &Fields::request("POST", "/")), Frame::data(1, "test"), trailers];
        refusal(&front, &frames).is_err()
    });
    assert_eq!(taken.collect::<Vec<_>>(), [], "these were taken");
    front.backend.wait_for_ends(front.backend.connections());
    assert!(front.backend.requests().is_empty(), "{:?}", front.backend.requests());
}

/// RFC 9113 section 8.3.1; RFC 9112 section 3.2.
#[test]
fn a_host_that_is_not_the_authority_is_refused() {
    check(&[
        ("another", get().and("host", "b.test")),
        ("another port", get().and("host", "a.test:81")),
        ("two", get().and("host", "a.test").and("host", "b.test")),
        ("an empty one", get().and("host", "")),
        ("two without an authority", get().without(":authority").and("host", "a.test").and("host", "b.test")),
    ]);
}
