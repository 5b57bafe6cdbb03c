//! Headers that come before TLS.

use harness::tls::{Authority, Client, Files, Refused, Version};
use harness::{Backend, Connection, Document, Message, Proxyd};

use super::header::{ARRIVAL, CLIENT, LOCAL, binary, v1, v2, v2_with, vector};

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

struct Place {
    authority: Authority,
    _files: Files,
    backend: Backend,
    proxyd: Proxyd,
}

impl Place {
    fn new(protocol: &str) -> Self {
        let (authority, files, backend) = (Authority::new("root"), Files::new(), Backend::ok());
        let document = Document::to(&backend)
            .listener_with("127.0.0.1:0", &format!("tls: {{}}, proxyProtocol: {{ {protocol} }}"))
            .certificate(&files.put("a", &authority.leaf(&["a.test"])));
        let proxyd = Proxyd::start(&document);
        Self { authority, _files: files, backend, proxyd }
    }

    /// A connection on which `header` comes before TLS, with the first flight cut in pieces together with it.
    fn try_connect(
        &self,
        (header, version): (&[u8], Version),
        pieces: impl FnOnce(Vec<u8>) -> Vec<Vec<u8>>,
    ) -> Result<Connection, Refused> {
        let client = Client::new(&self.authority).version(version);
        let header = header.to_vec();
        client.begin(self.proxyd.connect(), "a.test", |flight| pieces([header, flight].concat()))
    }

    #[track_caller]
    fn seen(&self, header: &[u8], version: Version, pieces: impl FnOnce(Vec<u8>) -> Vec<Vec<u8>>) -> Message {
        let mut client =
            self.try_connect((header, version), pieces).unwrap_or_else(|refused| panic!("{refused:?}"));
        client.ask(GET);
        assert_eq!(client.response().unwrap().status(), 200);
        self.backend.requests().remove(self.backend.request_count() - 1)
    }
}

fn whole(bytes: Vec<u8>) -> Vec<Vec<u8>> {
    vec![bytes]
}

fn bytes(bytes: Vec<u8>) -> Vec<Vec<u8>> {
    bytes.into_iter().map(|byte| vec![byte]).collect()
}

#[test]
fn a_client_that_is_announced_before_tls_is_who_asks() {
    let place = Place::new("from: [\"127.0.0.1\"]");
    let much = v2_with(CLIENT, ARRIVAL, &vector(4, &[0; 2000]));
    for version in [Version::V12, Version::V13] {
        for header in [v1(CLIENT, ARRIVAL), v2(CLIENT, ARRIVAL), much.clone()] {
            let length = header.len();
            let cut = |at: usize| move |bytes: Vec<u8>| vec![bytes[..at].to_vec(), bytes[at..].to_vec()];
            for seen in [
                place.seen(&header, version, whole),
                place.seen(&header, version, bytes),
                // With the header, within it, and with the beginning of the ClientHello.
                place.seen(&header, version, cut(length)),
                place.seen(&header, version, cut(length - 1)),
                place.seen(&header, version, cut(length + 3)),
            ] {
                assert_eq!(seen.all("X-Forwarded-For"), ["203.0.113.7"]);
                assert_eq!(seen.all("X-Real-IP"), ["203.0.113.7"]);
                assert_eq!(seen.all("X-Forwarded-Proto"), ["https"]);
            }
        }
    }
}

#[test]
fn a_load_balancer_may_speak_tls_itself() {
    let place = Place::new("from: [\"127.0.0.1\"]");
    for header in [b"PROXY UNKNOWN\r\n".to_vec(), binary(LOCAL, 0, &[])] {
        let seen = place.seen(&header, Version::V13, whole);
        assert_eq!(seen.all("X-Forwarded-For"), ["127.0.0.1"]);
    }
}

#[test]
fn where_a_header_is_optional_tls_may_begin_without() {
    let place = Place::new("from: [\"127.0.0.1\"], required: false");
    for pieces in [whole, bytes] {
        assert_eq!(place.seen(&[], Version::V13, pieces).all("X-Forwarded-For"), ["127.0.0.1"]);
        let seen = place.seen(&v1(CLIENT, ARRIVAL), Version::V13, pieces);
        assert_eq!(seen.all("X-Forwarded-For"), ["203.0.113.7"]);
    }
}

#[test]
fn where_a_header_is_required_tls_does_not_begin_without() {
    let place = Place::new("from: [\"127.0.0.1\"]");
    assert!(matches!(place.try_connect((&[], Version::V13), whole), Err(Refused::Ended(_))));
    assert_eq!(place.proxyd.stop().connections("bad_proxy_header"), 1);
}

#[test]
fn a_header_of_a_stranger_is_no_beginning_of_tls() {
    let place = Place::new("from: [\"10.0.0.0/8\"]");
    for header in [v1(CLIENT, ARRIVAL), v2(CLIENT, ARRIVAL)] {
        let refused = place.try_connect((&header, Version::V13), whole);
        assert!(refused.is_err(), "a stranger is believed");
    }
    assert_eq!(place.backend.connections(), 0);
    assert_eq!(place.seen(&[], Version::V13, whole).all("X-Forwarded-For"), ["127.0.0.1"]);
}

/// A header within TLS is none.
#[test]
fn a_header_within_tls_is_a_bad_request() {
    let place = Place::new("from: [\"127.0.0.1\"]");
    for header in [v1("192.0.2.66:1", ARRIVAL), v2("192.0.2.66:1", ARRIVAL)] {
        let mut client = place.try_connect((&v1(CLIENT, ARRIVAL), Version::V13), whole).unwrap();
        client.ask([&header, GET.as_bytes()].concat());
        assert_eq!(client.response().unwrap().status(), 400);
    }
}
