//! One row for each rule, with the clause that it comes from.

use std::net::Ipv4Addr;

use super::*;
use crate::incoming::parsed;
use crate::registry::Registry;
use crate::snapshot::Snapshot;
use crate::spec::Blueprint;

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Settings that trust some proxies.
fn settings() -> Compiled {
    let mut blueprint = Blueprint::default();
    blueprint.settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    Snapshot::compile(blueprint, &std::sync::Arc::new(Registry::new(1)), None).unwrap().settings
}

fn admitted(head: &str) -> Result<Incoming, Reason> {
    let mut incoming = parsed(head);
    admit(&mut incoming, PEER, &settings()).map(|()| incoming)
}

#[track_caller]
fn refuses(head: &str, reason: &str) {
    match admitted(head) {
        Ok(_) => panic!("admitted: {head:?}"),
        Err(refused) => assert_eq!(refused.to_string(), reason, "{head:?}"),
    }
}

#[test]
fn what_is_malformed_or_ambiguous_is_refused() {
    for (clause, lines, reason) in [
        ("RFC 9112 3.2", "GET / HTTP/1.1\r\n", "bad_request:host_missing"),
        ("RFC 9112 3.2", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", "bad_request:host_repeated"),
        ("RFC 9112 3.2", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n", "bad_request:host_repeated"),
        ("RFC 9110 7.2", "GET / HTTP/1.1\r\nHost:\r\n", "bad_request:host"),
        ("RFC 9110 7.2", "GET / HTTP/1.1\r\nHost: a, b\r\n", "bad_request:host"),
        ("RFC 9110 7.2", "GET / HTTP/1.1\r\nHost: a b\r\n", "bad_request:host"),
        ("RFC 9110 7.2", "GET / HTTP/1.1\r\nHost: a/b\r\n", "bad_request:host"),
        ("RFC 9110 7.2", "GET / HTTP/1.1\r\nHost: a:b\r\n", "bad_request:host"),
        ("RFC 9110 7.2", "GET / HTTP/1.1\r\nHost: a:99999\r\n", "bad_request:host"),
        ("RFC 9110 7.2", "GET / HTTP/1.1\r\nHost: [::1\r\n", "bad_request:host"),
        ("RFC 9110 4.2.4", "GET / HTTP/1.1\r\nHost: u@a\r\n", "bad_request:userinfo"),
        ("RFC 9110 4.2.4", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n", "bad_request:userinfo"),
        ("RFC 9112 3.2.2", "GET http://a/ HTTP/1.1\r\nHost: b/c\r\n", "bad_request:host"),
        ("RFC 9112 3.2.2", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n", "bad_request:target_scheme"),
        ("RFC 9112 3.2", "GET a HTTP/1.1\r\nHost: a\r\n", "bad_request:target"),
        ("RFC 9112 3.2.4", "GET * HTTP/1.1\r\nHost: a\r\n", "bad_request:target"),
        ("RFC 9110 9.3.6", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n", "bad_request:connect"),
        ("RFC 3986 3.5", "GET /a#b HTTP/1.1\r\nHost: a\r\n", "bad_request:fragment"),
        ("RFC 3986 2.1", "GET /%zz HTTP/1.1\r\nHost: a\r\n", "bad_request:path"),
        ("CVE-2026-48020", "GET /%00 HTTP/1.1\r\nHost: a\r\n", "bad_request:path"),
        (
            "RFC 9112 6.3",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
            "bad_request:content_length_repeated",
        ),
        (
            "RFC 9110 8.6",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n",
            "bad_request:content_length",
        ),
        (
            "RFC 9112 6.3",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "bad_request:length_and_coding",
        ),
        (
            "RFC 9112 6.1",
            "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n",
            "bad_request:coding_in_http10",
        ),
        (
            "RFC 9112 6.1",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n",
            "bad_request:transfer_coding",
        ),
        (
            "RFC 9112 6.1",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n",
            "bad_request:transfer_encoding",
        ),
        ("RFC 9110 7.6.1", "GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n", "bad_request:connection"),
        (
            "RFC 9110 10.1.1",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: magic\r\n",
            "bad_request:expect",
        ),
        (
            "RFC 9110 10.1.1",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: y 100-continue\r\n",
            "bad_request:expect",
        ),
        (
            "RFC 9110 10.1.1",
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n",
            "bad_request:expect",
        ),
        ("RFC 9110 7.6.2", "TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n", "bad_request:max_forwards"),
        ("RFC 9110 7.6.2", "TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: +1\r\n", "bad_request:max_forwards"),
        (
            "RFC 9110 7.6.2",
            "TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 99999999999999999999\r\n",
            "bad_request:max_forwards",
        ),
    ] {
        match admitted(lines) {
            Ok(_) => panic!("{clause}: admitted: {lines:?}"),
            Err(refused) => {
                let refused = refused.to_string();
                let is_right =
                    refused == reason || reason == "bad_request:path" && refused.starts_with("bad_request:");
                assert!(is_right, "{clause}: {lines:?}: {refused}");
            }
        }
    }
    refuses("GET / HTTP/1.1\r\n", "bad_request:host_missing");
}

#[test]
fn the_host_that_counts_is_one_and_normal() {
    // RFC 9112 section 3.2.2: the target's authority replaces what Host says.
    for (lines, host, authority, port, is_absolute) in [
        ("GET / HTTP/1.1\r\nHost: Example.COM\r\n", "example.com", "Example.COM", None, false),
        (
            "GET / HTTP/1.1\r\nHost: example.com.:8080\r\n",
            "example.com",
            "example.com.:8080",
            Some(8080),
            false,
        ),
        ("GET / HTTP/1.1\r\nHost: [::1]:81\r\n", "[::1]", "[::1]:81", Some(81), false),
        ("GET http://B.test:1/x HTTP/1.1\r\nHost: a.test\r\n", "b.test", "B.test:1", Some(1), true),
        ("GET http://b.test HTTP/1.0\r\n", "b.test", "b.test", None, true),
        ("GET / HTTP/1.0\r\n", "", "", None, false),
    ] {
        let incoming = admitted(lines).unwrap();
        assert_eq!(incoming.host(), host, "{lines:?}");
        assert_eq!(incoming.authority(), authority.as_bytes(), "{lines:?}");
        assert_eq!((incoming.admitted.port, incoming.admitted.is_absolute), (port, is_absolute), "{lines:?}");
    }
}

#[test]
fn one_path_is_kept_for_all_that_follows() {
    for (target, path, query) in [
        ("/", "/", None),
        ("/a/b?c=%2F", "/a/b", Some("c=%2F")),
        ("/a/../b/./c", "/b/c", None),
        ("/a?", "/a", Some("")),
        ("/a?b?c", "/a", Some("b?c")),
        ("http://a?x", "/", Some("x")),
        ("http://a/%7Eb", "/~b", None),
    ] {
        let incoming = admitted(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n")).unwrap();
        assert_eq!(String::from_utf8_lossy(&incoming.path), path, "{target}");
        assert_eq!(incoming.query(), query.map(str::as_bytes), "{target}");
    }
    let incoming = admitted("OPTIONS * HTTP/1.1\r\nHost: a\r\n").unwrap();
    assert!(incoming.admitted.is_asterisk && incoming.path == b"/");
}

#[test]
fn bodies_and_wishes_are_noted() {
    let of = |lines: &str| admitted(&format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}")).unwrap().admitted;
    assert_eq!(of("").body, BodyLength::None);
    assert_eq!(of("Content-Length: 7\r\n").body, BodyLength::Bytes(7));
    assert_eq!(of("Transfer-Encoding: Chunked\r\n").body, BodyLength::Chunked);
    assert!(of("Content-Length: 7\r\nExpect: 100-Continue\r\n").expects_continue);
    // RFC 9110 section 10.1.1: without content there is nothing to wait for.
    assert!(!of("Expect: 100-continue\r\n").expects_continue);
    assert!(of("Connection: close\r\n").options.close);
    assert!(of("TE: gzip;q=1, trailers\r\n").takes_trailers && !of("TE: gzip\r\n").takes_trailers);
    assert_eq!(of("Max-Forwards: 3\r\n").max_forwards, Some(3));
    assert!(of("Upgrade: websocket\r\nConnection: upgrade\r\n").wants_upgrade);
    assert!(!of("Upgrade: websocket\r\n").wants_upgrade, "RFC 9110 section 7.8: Connection names it");
    assert!(!of("Upgrade: h2c\r\nConnection: upgrade\r\n").wants_upgrade, "RFC 9113 section 3.1");
    assert!(!of("Upgrade: a\r\nConnection: upgrade\r\nContent-Length: 1\r\n").wants_upgrade);
    let empty = of("Upgrade: a\r\nConnection: upgrade\r\nContent-Length: 0\r\n");
    assert_eq!((empty.wants_upgrade, empty.body), (true, BodyLength::None));
    let old = admitted("GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: upgrade\r\n").unwrap();
    assert!(!old.admitted.wants_upgrade);
    // RFC 9110 section 10.1.1: a client of HTTP/1.0 expects nothing.
    assert!(
        !admitted("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n")
            .unwrap()
            .admitted
            .expects_continue
    );
}

#[test]
fn only_trusted_proxies_say_whose_request_it_is() {
    for (connection, lines, client, is_trusted) in [
        ("192.0.2.1", "", "192.0.2.1", false),
        ("192.0.2.1", "X-Forwarded-For: 198.51.100.7\r\n", "192.0.2.1", false),
        ("10.0.0.1", "", "10.0.0.1", true),
        ("10.0.0.1", "X-Forwarded-For: 198.51.100.7\r\n", "198.51.100.7", true),
        // Walked from the right: what a client wrote in front does not count.
        ("10.0.0.1", "X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.9.9.9\r\n", "198.51.100.7", true),
        (
            "10.0.0.1",
            "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.7\r\n",
            "198.51.100.7",
            true,
        ),
    ] {
        let mut incoming = parsed(&format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}"));
        admit(&mut incoming, connection.parse().unwrap(), &settings()).unwrap();
        assert_eq!(incoming.admitted.client, Some(client.parse().unwrap()), "{connection} {lines:?}");
        assert_eq!(incoming.admitted.is_trusted, is_trusted);
    }
}
