//! Who asks: forwarding fields, hop-by-hop fields, request ids.

use harness::{Backend, Document, Message};

use crate::it::front::Front;

fn trusting(settings: &str) -> Front {
    Front::with(Backend::ok(), |backend| {
        Document::to(backend).proxy(&format!("trustedProxies: [\"127.0.0.0/8\", \"10.0.0.0/8\"]{settings}"))
    })
}

#[track_caller]
fn asks(front: &Front, fields: &str) -> Message {
    front.passes(format!("GET /x HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n"))
}

#[test]
fn a_backend_learns_who_asks_and_over_what() {
    let front = Front::with(Backend::ok(), |backend| Document::to(backend).proxy("forwarded: true"));
    let seen = asks(&front, "");
    let port = front.proxyd.address().port().to_string();
    for (name, value) in [
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", "a.test"),
        ("X-Forwarded-Port", port.as_str()),
        ("Via", "1.1 proxyd"),
    ] {
        assert_eq!(seen.all(name), [value], "{name}");
    }
    let forwarded = seen.field("Forwarded").unwrap().to_ascii_lowercase();
    for part in ["for=127.0.0.1", "host=a.test", "proto=http"] {
        assert!(forwarded.split(';').any(|pair| pair.trim() == part), "{forwarded} has no {part}");
    }
}

/// RFC 7239 section 8.
#[test]
fn what_a_stranger_says_of_itself_is_replaced() {
    let front =
        Front::with(Backend::ok(), |backend| Document::to(backend).proxy("trustedProxies: [\"10.0.0.0/8\"]"));
    let seen = asks(
        &front,
        "X-Forwarded-For: 9.9.9.9\r\nx-forwarded-for: 8.8.8.8\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n\
         X-Forwarded-Host: evil.test\r\nX-Forwarded-Port: 1\r\nForwarded: for=9.9.9.9\r\nX-Request-Id: chosen\r\n",
    );
    assert_eq!(seen.all("X-Forwarded-For"), ["127.0.0.1"]);
    assert_eq!(seen.all("X-Real-IP"), ["127.0.0.1"]);
    assert_eq!(seen.all("X-Forwarded-Proto"), ["http"]);
    assert_eq!(seen.all("X-Forwarded-Host"), ["a.test"]);
    assert_eq!(seen.all("X-Forwarded-Port"), [front.proxyd.address().port().to_string()]);
    assert_eq!(seen.all("Forwarded"), [""; 0]);
    assert_ne!(seen.all("X-Request-Id"), ["chosen"]);
}

#[test]
fn what_a_trusted_proxy_says_is_believed_and_continued() {
    let front = trusting("");
    let seen = asks(
        &front,
        "X-Forwarded-For: 1.1.1.1, 9.9.9.9, 10.0.0.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: front.test\r\n\
         X-Forwarded-Port: 443\r\nX-Request-Id: from-the-front\r\n",
    );
    assert_eq!(seen.field("X-Forwarded-For"), Some("1.1.1.1, 9.9.9.9, 10.0.0.7, 127.0.0.1"));
    assert_eq!(seen.all("X-Real-IP"), ["9.9.9.9"], "the first from the right that is not trusted");
    assert_eq!(seen.all("X-Forwarded-Proto"), ["https"]);
    assert_eq!(seen.all("X-Forwarded-Host"), ["front.test"]);
    assert_eq!(seen.all("X-Forwarded-Port"), ["443"]);
    assert_eq!(seen.all("X-Request-Id"), ["from-the-front"]);
}

/// RFC 7239: the chain is walked from the right, and ends at what is no address.
#[test]
fn nobody_can_hide_behind_a_malformed_chain() {
    let front = trusting("");
    for (chain, client) in [
        ("X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 10.1.1.1\r\n", "9.9.9.9"),
        ("X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n", "10.0.0.1"),
        ("X-Forwarded-For: 8.8.8.8, garbage, 10.0.0.2\r\n", "10.0.0.2"),
        ("X-Forwarded-For: [2001:db8::1]:443\r\n", "2001:db8::1"),
        ("X-Forwarded-For: 9.9.9.9:1234\r\n", "9.9.9.9"),
        ("X-Forwarded-For: ,\r\n", "127.0.0.1"),
        ("X-Forwarded-For: unknown\r\n", "127.0.0.1"),
    ] {
        assert_eq!(asks(&front, chain).all("X-Real-IP"), [client], "{chain:?}");
    }
}

/// CVE-2024-45410, CVE-2025-48865, CVE-2022-31813.
#[test]
fn connection_cannot_take_away_what_the_proxy_adds() {
    let front = Front::new();
    let seen = asks(
        &front,
        "Connection: close, X-Real-IP, X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, X-Request-Id, Via, Authorization, \
         Content-Length\r\nAuthorization: Basic eDp5\r\nX-Own: kept\r\n",
    );
    assert_eq!(seen.all("X-Forwarded-For"), ["127.0.0.1"]);
    assert_eq!(seen.all("X-Real-IP"), ["127.0.0.1"]);
    assert_eq!(seen.all("X-Forwarded-Host"), ["a.test"]);
    assert_eq!(seen.all("X-Forwarded-Proto"), ["http"]);
    assert_eq!(seen.all("Via"), ["1.1 proxyd"]);
    assert_eq!(seen.all("X-Request-Id").len(), 1);
    assert_eq!(seen.all("X-Own"), ["kept"]);
    assert_eq!(seen.all("Host"), ["a.test"]);
}

/// CVE-2022-31813: Host is no field between neighbours.
#[test]
fn connection_cannot_take_away_host_or_framing() {
    let front = Front::new();
    for name in ["Host", "Content-Length"] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: a.test\r\nConnection: {name}\r\nContent-Length: 5\r\n\r\nhello"
        );
        let before = front.backend.request_count();
        let answer = front.proxyd.ask(request);
        match answer.status() {
            400 => assert_eq!(front.backend.requests().len(), before),
            200 => {
                let seen = front.backend.requests().remove(before);
                assert_eq!((seen.all("Host"), seen.text().as_str()), (vec!["a.test"], "hello"));
            }
            _ => panic!("{answer:?}"),
        }
    }
}

/// RFC 9110 section 7.6.1.
#[test]
fn fields_between_neighbours_end_at_the_proxy_both_ways() {
    let answer = "HTTP/1.1 200 OK\r\nConnection: X-Secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\n\
        Proxy-Connection: keep-alive\r\nProxy-Authenticate: Basic\r\nTransfer-Encoding: chunked\r\nUpgrade: h2c\r\n\
        TE: x\r\nX-Kept: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let front = Front::with(Backend::answering(answer), Document::to);
    let seen = asks(
        &front,
        "Connection: X-Mine, Keep-Alive, HTTP2-Settings, Upgrade\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\n\
         HTTP2-Settings: AAMAAABkAAQ\r\nUpgrade: h2c\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\n\
         TE: gzip\r\nX-Kept: 1\r\n",
    );
    for name in [
        "Connection",
        "X-Mine",
        "Keep-Alive",
        "HTTP2-Settings",
        "Upgrade",
        "Proxy-Connection",
        "Proxy-Authorization",
        "TE",
    ] {
        assert_eq!(seen.all(name), [""; 0], "{name} of the request");
    }
    assert_eq!(seen.all("X-Kept"), ["1"]);
    let answer = front.proxyd.get("/");
    for name in ["Connection", "X-Secret", "Keep-Alive", "Proxy-Connection", "Upgrade", "TE"] {
        assert_eq!(answer.all(name), [""; 0], "{name} of the answer");
    }
    assert_eq!(answer.all("X-Kept"), ["1"]);
}

/// RFC 9110 section 10.1.4.
#[test]
fn the_wish_for_trailers_is_passed_on_in_the_proxy_s_own_name() {
    let front = Front::new();
    let seen = asks(&front, "TE: trailers, gzip;q=0.5\r\nConnection: TE\r\n");
    assert_eq!((seen.all("TE"), seen.all("Connection")), (vec!["trailers"], vec!["TE"]));
}

/// CVE-2025-64484; the edge guide of Envoy.
#[test]
fn fields_with_underscores_that_look_like_ours_are_dropped_or_refused() {
    let front = Front::new();
    for name in [
        "X_Real_IP",
        "X_Forwarded_For",
        "x_forwarded-host",
        "Transfer_Encoding",
        "Content_Length",
        "X_Request_Id",
    ] {
        let answer = front.proxyd.ask(format!("GET / HTTP/1.1\r\nHost: a.test\r\n{name}: 9.9.9.9\r\n\r\n"));
        assert!(matches!(answer.status(), 200 | 400), "{answer:?}");
        assert!(
            front.backend.requests().iter().all(|seen| seen.field(name).is_none()),
            "{name} came through"
        );
    }
}

/// CVE-2016-5385.
#[test]
fn the_field_proxy_is_dropped() {
    let front = Front::new();
    assert_eq!(asks(&front, "Proxy: http://evil.test\r\n").field("Proxy"), None);
}

#[test]
fn a_request_has_one_id_in_both_directions_and_in_answers_of_the_proxy() {
    let front = Front::new();
    let answer = front.proxyd.get("/");
    let id = answer.field("X-Request-Id").unwrap().to_owned();
    assert_eq!(front.backend.request().all("X-Request-Id"), [id.as_str()]);
    // RFC 9562 section 5.7: a UUID of version 7.
    let parts: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!((parts.as_slice(), &id[14..15]), (&[8, 4, 4, 4, 12][..], "7"), "{id}");
    let other = front.proxyd.get("/").field("X-Request-Id").unwrap().to_owned();
    // The first twelve digits are the time in milliseconds.
    assert!(other != id && other[..13] >= id[..13], "{other} is not later than {id}");
    let refused = front.proxyd.ask("GET / HTTP/1.1\r\n\r\n");
    let id = refused.field("X-Request-Id").unwrap();
    assert!(refused.text().contains(id), "{refused:?}");
}

/// RFC 9110 section 6.6.1 and 7.6.3; the backend's own fields stay as they are, in order and spelling.
#[test]
fn fields_keep_their_order_and_spelling_both_ways() {
    let answer = "HTTP/1.1 200 Fine\r\nsErVer: own\r\nX-B: 2\r\nX-A: 1\r\nx-b: 3\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\
        Content-Length: 0\r\n\r\n";
    let front = Front::with(Backend::answering(answer), Document::to);
    let seen = asks(&front, "X-B: 2\r\nx-A: 1\r\nX-B: 3\r\nCookie: a=b\r\nCookie: c=d\r\nX-Empty:\r\n");
    let own = |message: &Message, prefix: &[&str]| -> Vec<(String, String)> {
        let is_own = |name: &str| prefix.iter().any(|prefix| name.eq_ignore_ascii_case(prefix));
        message.head.fields.iter().filter(|(name, _)| is_own(name)).cloned().collect()
    };
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(
        own(&seen, &["X-A", "X-B", "Cookie", "X-Empty"]),
        pairs(&[
            ("X-B", "2"),
            ("x-A", "1"),
            ("X-B", "3"),
            ("Cookie", "a=b"),
            ("Cookie", "c=d"),
            ("X-Empty", "")
        ])
    );
    let answer = front.proxyd.get("/");
    assert_eq!(answer.head.start, "HTTP/1.1 200 Fine");
    assert_eq!(
        own(&answer, &["Server", "X-A", "X-B", "Set-Cookie"]),
        pairs(&[
            ("sErVer", "own"),
            ("X-B", "2"),
            ("X-A", "1"),
            ("x-b", "3"),
            ("Set-Cookie", "a=b"),
            ("Set-Cookie", "c=d")
        ])
    );
    assert_eq!(answer.all("Date").len(), 1);
}

/// Visible characters of ASCII make an id, up to 64 of them; what is none is replaced, whoever says it.
#[test]
fn an_id_that_is_none_is_replaced() {
    let front = trusting("");
    let long = "x".repeat(65);
    for id in ["", "a b", "a\tb", "caf\u{e9}", long.as_str()] {
        let seen = asks(&front, &format!("X-Request-Id: {id}\r\n"));
        let ids = seen.all("X-Request-Id");
        assert!(ids.len() == 1 && ids[0] != id && ids[0].len() == 36, "{id:?} became {ids:?}");
    }
    assert_eq!(asks(&front, &format!("X-Request-Id: {}\r\n", &long[1..])).all("X-Request-Id"), [&long[1..]]);
}

/// CWE-79, CWE-116.
#[test]
fn an_id_stands_escaped_in_the_proxy_s_own_answers() {
    let front = Front::with(Backend::ok(), |_| Document::new().proxy("trustedProxies: [127.0.0.1]"));
    let ask = |accept: &str| {
        let fields = format!("X-Request-Id: \"<b>\\\r\nAccept: {accept}\r\n");
        front.proxyd.ask(format!("GET / HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n")).text()
    };
    let (html, json) = (ask("text/html"), ask("application/json"));
    assert!(html.contains("&quot;&lt;b&gt;") && !html.contains("<b>"), "{html}");
    assert!(json.contains(r#""requestId":"\"<b>\\""#), "{json}");
}
