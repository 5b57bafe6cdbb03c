use std::sync::Arc;

use super::*;
use crate::admit::admit;
use crate::incoming::parsed;
use crate::registry::Registry;
use crate::snapshot::Snapshot;
use crate::spec::{BackendSpec, Blueprint, FieldEdits, RouteSpec, Settings, Template, UpstreamSpec};

/// What a request is forwarded with.
struct Case {
    settings: Settings,
    upstream: UpstreamSpec,
    route: RouteSpec,
    peer: &'static str,
    is_secure: bool,
    by_guards: Vec<(String, String)>,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            settings: Settings {
                trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
                ..Settings::default()
            },
            upstream: UpstreamSpec::new("app").backend(BackendSpec::new("a", "backend.test", 3000)),
            route: RouteSpec::to("r", "app"),
            peer: "192.0.2.1",
            is_secure: false,
            by_guards: Vec::new(),
        }
    }
}

impl Case {
    /// The head that the backend gets for this one, without its final empty line.
    fn forwards(self, head: &str) -> String {
        let blueprint = Blueprint {
            settings: self.settings,
            upstreams: vec![Arc::new(self.upstream)],
            routes: vec![Arc::new(self.route)],
            ..Blueprint::default()
        };
        let snapshot = Snapshot::compile(blueprint, &Arc::new(Registry::new(1)), None).unwrap();
        let route = snapshot.route("r").unwrap();
        let upstream = route.first_upstream().unwrap();
        let mut incoming = parsed(head);
        let peer = self.peer.parse().unwrap();
        admit(&mut incoming, peer, &snapshot.settings).unwrap();
        if let Some(edits) = &route.request_edits {
            let Incoming { head, bytes, .. } = &mut incoming;
            edits.take_out(head.lines_mut(), bytes.unread());
        }
        incoming.set_later = self.by_guards;
        let mut out = Vec::new();
        Forwarding {
            incoming: &incoming,
            facts: &Facts {
                peer,
                local_port: 8080,
                is_secure: self.is_secure,
                is_http2: false,
                secured: None,
                peer_port: 0,
                local: None,
            },
            settings: &snapshot.settings,
            route,
            upstream,
            request_id: &RequestId::given(b"id").unwrap(),
        }
        .write(&upstream.roster(0).0.members[0], &mut out);
        let text = String::from_utf8(out).unwrap();
        text.strip_suffix("\r\n\r\n").unwrap().to_owned() + "\r\n"
    }
}

fn values<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    fields.filter(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

#[test]
fn a_plain_request_keeps_its_order_and_gets_our_fields() {
    assert_eq!(
        Case::default().forwards(
            "GET /a?b HTTP/1.1\r\nAccept: x\r\nhost: example.com\r\nX-B: 2\r\nX-A: 1\r\nX-B:  3 \r\n"
        ),
        "GET /a?b HTTP/1.1\r\nAccept: x\r\nhost: example.com\r\nX-B: 2\r\nX-A: 1\r\nX-B: 3\r\n\
         X-Forwarded-For: 192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\nX-Forwarded-Proto: http\r\n\
         X-Forwarded-Host: example.com\r\nX-Forwarded-Port: 8080\r\nVia: 1.1 proxyd\r\nX-Request-Id: id\r\n"
    );
}

#[test]
fn what_is_for_neighbours_stays_here() {
    // RFC 9110 section 7.6.1, both the listed fields and those that Connection names.
    let head = Case::default().forwards(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Mine, Keep-Alive\r\nX-Mine: 1\r\nKeep-Alive: 5\r\n\
         Proxy-Connection: x\r\nProxy-Authorization: x\r\nTE: gzip\r\nTrailer: a\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: x\r\nProxy: http://evil\r\nContent-Length: 3\r\nX-Kept: 1\r\n",
    );
    for name in [
        "connection",
        "x-mine",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "te",
        "trailer",
        "upgrade",
        "http2-settings",
        "proxy",
    ] {
        assert_eq!(values(&head, name), [""; 0], "{head}");
    }
    assert_eq!((values(&head, "content-length"), values(&head, "x-kept")), (vec!["3"], vec!["1"]));
}

#[test]
fn what_a_client_nominates_never_takes_our_fields_away() {
    // CVE-2024-45410: the wish is applied first, and ours are added then.
    let head = Case::default().forwards(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\
         Connection: X-Real-IP, X-Forwarded-For, Host, Content-Length, Via, X-Request-Id, X-Forwarded-Proto\r\n\
         X-Real-IP: 6.6.6.6\r\n",
    );
    for (name, value) in [
        ("host", "a"),
        ("content-length", "1"),
        ("x-real-ip", "192.0.2.1"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "http"),
        ("via", "1.1 proxyd"),
        ("x-request-id", "id"),
    ] {
        assert_eq!(values(&head, name), [value], "{name}: {head}");
    }
}

const FORGED: &str = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.7\r\nX-Real-IP: 6.6.6.6\r\n\
                      X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\n\
                      Forwarded: for=6.6.6.6\r\nX-Request-Id: forged\r\nX_Real_IP: 6.6.6.6\r\nVia: 1.0 x\r\n";

#[test]
fn a_stranger_says_nothing_of_itself() {
    let mut case = Case::default();
    case.settings.forwarded = true;
    let head = case.forwards(FORGED);
    for (name, value) in [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-real-ip", "192.0.2.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "a"),
        ("x-forwarded-port", "8080"),
        ("x-request-id", "id"),
        ("forwarded", "for=192.0.2.1;host=a;proto=http;by=_proxyd"),
    ] {
        let held = values(&head, name);
        assert_eq!(held.len(), 1, "{name}: {head}");
        let sorted = |value: &str| {
            let mut parts: Vec<String> = value.split(';').map(str::to_owned).collect();
            parts.sort();
            parts
        };
        assert_eq!(sorted(held[0]), sorted(value), "{name}: {head}");
    }
    assert!(!head.contains("6.6.6.6") && !head.contains("evil") && !head.contains("forged"), "{head}");
    // RFC 9110 section 7.6.3: each intermediary is a member of Via.
    assert_eq!(values(&head, "via"), ["1.0 x", "1.1 proxyd"]);
}

#[test]
fn a_trusted_proxy_is_believed_and_added_to() {
    let mut case = Case { peer: "10.0.0.9", ..Case::default() };
    case.settings.forwarded = true;
    let head = case.forwards(FORGED);
    assert_eq!(values(&head, "x-forwarded-for"), ["198.51.100.7, 10.0.0.9"]);
    assert_eq!(values(&head, "x-real-ip"), ["198.51.100.7"]);
    assert_eq!(values(&head, "x-forwarded-proto"), ["https"]);
    assert_eq!(values(&head, "x-forwarded-host"), ["evil"]);
    assert_eq!(values(&head, "x-forwarded-port"), ["1"]);
    let forwarded = values(&head, "forwarded");
    assert!(forwarded.len() == 1 && forwarded[0].starts_with("for=6.6.6.6, "), "{head}");
}

#[test]
fn an_encrypted_connection_is_told() {
    let head = Case { is_secure: true, ..Case::default() }.forwards("GET / HTTP/1.1\r\nHost: a\r\n");
    assert_eq!(values(&head, "x-forwarded-proto"), ["https"]);
}

#[test]
fn host_is_what_the_upstream_wants() {
    let absolute = "GET http://target.test:81/x HTTP/1.1\r\nHost: said.test\r\n";
    let origin = "GET /x HTTP/1.1\r\nHost: said.test:80\r\n";
    let none = "GET /x HTTP/1.0\r\n";
    for (header, request, host) in [
        (HostHeader::Preserve, origin, "said.test:80"),
        (HostHeader::Preserve, absolute, "target.test:81"),
        (HostHeader::Preserve, none, "backend.test:3000"),
        (HostHeader::Upstream, origin, "backend.test:3000"),
        (HostHeader::Upstream, absolute, "backend.test:3000"),
        (HostHeader::Name("fixed.test".to_owned()), origin, "fixed.test"),
        (HostHeader::Name("fixed.test".to_owned()), none, "fixed.test"),
    ] {
        let mut case = Case::default();
        case.upstream.host_header = header.clone();
        let head = case.forwards(request);
        assert_eq!(values(&head, "host"), [host], "{header:?} {request}");
        assert!(head.starts_with("GET /x HTTP/1.1\r\n"), "our own request is in origin-form: {head}");
    }
    let head = Case::default().forwards(absolute);
    assert_eq!(values(&head, "x-forwarded-host"), ["target.test:81"]);
    // Without a host there is none to tell.
    assert_eq!(values(&Case::default().forwards(none), "x-forwarded-host"), [""; 0]);
}

#[test]
fn special_requests_are_written_as_such() {
    for (request, start, name, value) in [
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n", "OPTIONS * HTTP/1.1\r\n", "x", vec![]),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n",
            "POST /",
            "transfer-encoding",
            vec!["chunked"],
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers;q=1, trailers\r\nConnection: TE\r\n",
            "GET /",
            "te",
            vec!["trailers"],
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n",
            "GET /",
            "connection",
            vec!["TE"],
        ),
        ("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 3\r\n", "OPTIONS /", "max-forwards", vec!["2"]),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
            "GET /",
            "upgrade",
            vec!["websocket"],
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
            "GET /",
            "connection",
            vec!["upgrade"],
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n", "GET /", "upgrade", vec![]),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n",
            "POST /",
            "expect",
            vec!["100-continue"],
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n", "GET /", "expect", vec![]),
        ("GET / HTTP/1.0\r\nHost: a\r\n", "GET / HTTP/1.1\r\n", "via", vec!["1.0 proxyd"]),
    ] {
        let head = Case::default().forwards(request);
        assert!(head.starts_with(start), "{head}");
        assert_eq!(values(&head, name), value, "{request}: {head}");
    }
}

fn edits(remove: &[&str], set: &[(&str, &str)], add: &[(&str, &str)]) -> FieldEdits {
    let fields = |fields: &[(&str, &str)]| {
        fields.iter().map(|(name, value)| ((*name).to_owned(), Template::parse(value).unwrap())).collect()
    };
    FieldEdits {
        remove: remove.iter().map(|name| (*name).to_owned()).collect(),
        set: fields(set),
        add: fields(add),
    }
}

#[test]
fn a_route_changes_what_is_forwarded() {
    let mut case = Case::default();
    case.route.request_fields = edits(
        &["Cookie", "X-Forwarded-Port"],
        &[("X-Tenant", "acme-$route"), ("X-Real-IP", "$ip!")],
        &[("Accept", "text/x")],
    );
    let head = case.forwards(
        "GET / HTTP/1.1\r\nHost: a\r\nCookie: a\r\ncookie: b\r\nX-Tenant: evil\r\nx_tenant: evil\r\nAccept: y\r\n",
    );
    assert_eq!(values(&head, "cookie"), [""; 0]);
    assert_eq!(values(&head, "x-forwarded-port"), [""; 0]);
    assert_eq!(values(&head, "x-tenant"), ["acme-r"]);
    assert_eq!(values(&head, "x-real-ip"), ["192.0.2.1!"]);
    assert_eq!(values(&head, "accept"), ["y", "text/x"]);
    assert!(!head.contains("evil"));
}

#[test]
fn a_value_that_would_break_the_message_is_left_out() {
    for value in ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"] {
        let Ok(template) = Template::parse(value) else { continue };
        let mut case = Case::default();
        case.route.request_fields.set = vec![("X-A".to_owned(), template)];
        let head = case.forwards("GET / HTTP/1.1\r\nHost: a\r\nX-A: client\r\n");
        assert_eq!(values(&head, "x-a"), [""; 0], "{value:?}");
        assert!(!head.contains("X-Evil"));
    }
}

#[test]
fn what_a_guard_sets_stands_alone() {
    let by_guards = vec![("X-User".to_owned(), "ann".to_owned()), ("X-Real-IP".to_owned(), "::1".to_owned())];
    let head = Case { by_guards, ..Case::default() }.forwards("GET / HTTP/1.1\r\nHost: a\r\n");
    assert_eq!((values(&head, "x-user"), values(&head, "x-real-ip")), (vec!["ann"], vec!["::1"]));
}
