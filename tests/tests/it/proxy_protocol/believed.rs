//! Whose connection it is, as a load balancer that is believed says it.

use harness::frames::{Fields, Http2, Http2Backend};
use harness::{Backend, Connection, Document, Message, Proxyd, Socket};

use super::header::{ARRIVAL, CLIENT, LOCAL, PROXY, TCP4, binary, v1, v2, v2_checked, v2_with, vector};

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
/// Everybody on this machine is a load balancer.
pub(crate) const ALL: &str = "proxyProtocol: { from: [\"127.0.0.0/8\"] }";
pub(crate) const OPTIONAL: &str = "proxyProtocol: { from: [\"127.0.0.1\"], required: false }";

struct Place {
    backend: Backend,
    proxyd: Proxyd,
}

impl Place {
    fn new(listener: &str, settings: &str) -> Self {
        let backend = Backend::ok();
        let document = Document::to(&backend)
            .listener_with("127.0.0.1:0", listener)
            .proxy(&format!("forwarded: true{settings}"));
        let proxyd = Proxyd::start(&document);
        Self { backend, proxyd }
    }

    /// What the backend sees of a request that comes behind such bytes, which are sent at once.
    #[track_caller]
    fn seen(&self, header: &[u8]) -> Message {
        self.seen_in([header, GET.as_bytes()].concat().chunks(usize::MAX))
    }

    #[track_caller]
    fn seen_in<'b>(&self, parts: impl Iterator<Item = &'b [u8]>) -> Message {
        let before = self.backend.request_count();
        let mut client = self.proxyd.connect();
        parts.for_each(|part| client.send(part));
        let answer = client.response().unwrap_or_else(|broken| panic!("no answer: {broken:?}"));
        assert_eq!(answer.status(), 200, "{answer:?}");
        let mut requests = self.backend.requests_since(before);
        assert_eq!(requests.len(), 1, "not one request");
        requests.remove(0)
    }
}

#[track_caller]
fn is_of(request: &Message, client: &str) {
    for name in ["X-Forwarded-For", "X-Real-IP"] {
        assert_eq!(request.all(name), [client], "{name}");
    }
}

#[test]
fn a_client_that_is_announced_is_who_asks() {
    let place = Place::new(ALL, "");
    for header in [v1(CLIENT, ARRIVAL), v2(CLIENT, ARRIVAL)] {
        let seen = place.seen(&header);
        is_of(&seen, "203.0.113.7");
        assert_eq!(seen.all("X-Forwarded-Port"), ["443"]);
        assert_eq!(seen.all("X-Forwarded-Proto"), ["http"]);
        assert!(seen.field("Forwarded").unwrap().contains("for=203.0.113.7"), "{seen:?}");
    }
}

#[test]
fn clients_have_addresses_of_both_families() {
    let place = Place::new(ALL, "");
    for header in [v1, v2] {
        is_of(&place.seen(&header("[2001:db8::7]:4711", "[2001:db8::1]:443")), "2001:db8::7");
        // What a socket for both families gives for an address of IPv4.
        is_of(&place.seen(&header("[::ffff:203.0.113.9]:1", "[::ffff:198.51.100.1]:2")), "203.0.113.9");
    }
}

#[test]
fn an_announcement_holds_for_all_requests_of_its_connection_and_for_no_other() {
    let place = Place::new(ALL, "");
    let mut one = place.proxyd.connect();
    let mut two = place.proxyd.connect();
    one.send(v1(CLIENT, ARRIVAL));
    two.send(v2("203.0.113.8:1", ARRIVAL));
    for _ in 0..3 {
        for (client, address) in [(&mut one, "203.0.113.7"), (&mut two, "203.0.113.8")] {
            client.ask(GET);
            assert_eq!(client.response().unwrap().status(), 200);
            is_of(place.backend.requests().last().unwrap(), address);
        }
    }
}

#[test]
fn a_header_may_come_in_any_pieces() {
    let place = Place::new(ALL, "");
    let vectors = vector(4, &[0; 200]);
    for header in [v1(CLIENT, ARRIVAL), v2(CLIENT, ARRIVAL), v2_with(CLIENT, ARRIVAL, &vectors)] {
        let whole = [&header, GET.as_bytes()].concat();
        is_of(&place.seen_in(whole.chunks(1)), "203.0.113.7");
        is_of(&place.seen_in(whole.chunks(7)), "203.0.113.7");
        let (header, request) = whole.split_at(header.len());
        is_of(&place.seen_in([header, request].into_iter()), "203.0.113.7");
    }
}

#[test]
fn what_a_load_balancer_says_of_itself_is_its_own_connection() {
    let place = Place::new(ALL, "");
    for header in [
        b"PROXY UNKNOWN\r\n".to_vec(),
        b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n".to_vec(),
        binary(LOCAL, 0, &[]),
        // Section 2.2: whatever else it says is not looked at.
        binary(LOCAL, TCP4, &[203, 0, 113, 7, 198, 51, 100, 2, 1, 2, 3, 4]),
        binary(LOCAL, 0xff, b"whatever"),
        // Clients of families that are none of the Internet.
        binary(PROXY, 0, &[]),
        binary(PROXY, 0x31, &[b'/'; 216]),
    ] {
        let seen = place.seen(&header);
        is_of(&seen, "127.0.0.1");
        assert_eq!(seen.all("X-Forwarded-Port"), [place.proxyd.address().port().to_string()]);
    }
}

#[test]
fn vectors_are_passed_over_and_checksums_hold() {
    let place = Place::new(ALL, "");
    // ALPN, the name, an id of the connection, TLS, a network: section 2.2.
    let vectors = [
        vector(1, b"h2"),
        vector(2, b"a.test"),
        vector(5, &[7; 128]),
        vector(0x20, &[1, 0, 0, 0, 0]),
        vector(0x30, b"blue"),
        vector(0xea, b"vpc"),
        vector(4, &[]),
    ]
    .concat();
    is_of(&place.seen(&v2_with(CLIENT, ARRIVAL, &vectors)), "203.0.113.7");
    is_of(&place.seen(&v2_checked(CLIENT, ARRIVAL, &vectors)), "203.0.113.7");
    is_of(&place.seen(&v2_checked(CLIENT, ARRIVAL, &[])), "203.0.113.7");
}

#[test]
fn where_a_header_is_optional_connections_come_with_and_without() {
    let place = Place::new(OPTIONAL, "");
    is_of(&place.seen(&v1(CLIENT, ARRIVAL)), "203.0.113.7");
    is_of(&place.seen(&[]), "127.0.0.1");
    is_of(&place.seen(&v2(CLIENT, ARRIVAL)), "203.0.113.7");
    is_of(&place.seen_in(GET.as_bytes().chunks(1)), "127.0.0.1");
    // A method that begins as the line does.
    for method in ["P", "PROP", "PROXYING"] {
        let request = format!("{method} / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        let mut client = place.proxyd.connect();
        client.ask(request);
        assert_eq!(client.response().unwrap().text(), "ok", "{method}");
    }
}

/// Who is announced is one client like any other: what it says of itself counts where it is trusted.
#[test]
fn fields_of_an_announced_client_are_believed_where_it_is_trusted() {
    let request =
        "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n\r\n";
    for (trusted, expected) in [("127.0.0.0/8", "203.0.113.7"), ("203.0.113.0/24", "9.9.9.9, 203.0.113.7")] {
        let place = Place::new(ALL, &format!(", trustedProxies: [\"{trusted}\"]"));
        let mut client = place.proxyd.connect();
        client.ask([&v2(CLIENT, ARRIVAL), request.as_bytes()].concat());
        assert_eq!(client.response().unwrap().status(), 200);
        assert_eq!(place.backend.request().all("X-Forwarded-For"), [expected], "{trusted}");
    }
}

#[test]
fn routes_go_by_the_announced_client() {
    let backends = [Backend::saying("inside"), Backend::saying("outside")];
    let document = Document::new()
        .listener_with("127.0.0.1:0", ALL)
        .upstream("inside", &[&backends[0]], "")
        .upstream("outside", &[&backends[1]], "")
        .route("path: /*, upstream: inside, match: { clientIp: [\"10.0.0.0/8\"] }")
        .route("path: /*, upstream: outside");
    let proxyd = Proxyd::start(&document);
    for (client, expected) in [("10.1.2.3:4", "inside"), (CLIENT, "outside")] {
        let mut connection = proxyd.connect();
        connection.ask([&v1(client, ARRIVAL), GET.as_bytes()].concat());
        assert_eq!(connection.response().unwrap().text(), expected);
    }
}

#[test]
fn http_2_may_begin_behind_a_header() {
    let backend = Http2Backend::saying("ok");
    let proxyd = Proxyd::start(&Document::to_http2(&backend).listener_with("127.0.0.1:0", ALL));
    let mut connection = proxyd.connect();
    connection.send(v2(CLIENT, ARRIVAL));
    let mut client = Http2::over(connection);
    let stream = client.ask(&Fields::request("GET", "/"));
    assert_eq!(client.response(stream).text(), "ok");
    assert_eq!(backend.requests()[0].field("x-forwarded-for"), Some("203.0.113.7"));
}

/// Each listener by itself.
#[test]
fn a_listener_without_load_balancers_reads_no_header() {
    let backend = Backend::ok();
    let document = Document::to(&backend).listener_with("127.0.0.1:0", ALL).listener("127.0.0.1:0");
    let proxyd = Proxyd::start(&document);
    let ask = |address: &Socket, bytes: &[u8]| {
        let mut client = Connection::to(address);
        client.ask(bytes);
        client.response().unwrap().status()
    };
    let announced = [&v1(CLIENT, ARRIVAL), GET.as_bytes()].concat();
    assert_eq!(ask(&proxyd.nth_address(1), &announced), 200);
    assert_eq!(ask(&proxyd.nth_address(2), &announced), 400);
    assert_eq!(ask(&proxyd.nth_address(2), GET.as_bytes()), 200);
}

/// Who comes through a Unix socket counts as this machine.
#[test]
fn a_load_balancer_may_come_through_a_unix_socket() {
    let backend = Backend::ok();
    let folder = tempfile::tempdir().unwrap();
    let address = format!("unix:{}", folder.path().join("in.sock").display());
    let proxyd = Proxyd::start(&Document::to(&backend).listener_with(&address, ALL));
    let mut client = proxyd.connect();
    client.ask([&v2(CLIENT, ARRIVAL), GET.as_bytes()].concat());
    assert_eq!(client.response().unwrap().status(), 200);
    is_of(&backend.request(), "203.0.113.7");
}
