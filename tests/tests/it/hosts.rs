//! Which host a request is for.

use harness::{Backend, Document, Proxyd};

use crate::it::front::Front;

/// RFC 9112 section 3.2; RFC 9110 section 7.2.
#[test]
fn a_host_that_is_not_one_host_is_refused() {
    let front = Front::new();
    let hosts: &[&[u8]] = &[
        b"",
        b"Host: a.test\r\nHost: b.test\r\n",
        b"Host: a.test\r\nHost: a.test\r\n",
        b"Host: a.test\r\nhost: b.test\r\n",
        b"Host: a.test, b.test\r\n",
        b"Host: user@a.test\r\n",
        b"Host: user:pass@a.test\r\n",
        b"Host: a.test/path\r\n",
        b"Host: a.test?x\r\n",
        b"Host: a.test#x\r\n",
        b"Host: a test\r\n",
        b"Host: a.test\0\r\n",
        b"Host: a.test:\x0b80\r\n",
        b"Host: a.test:99999\r\n",
        b"Host: a.test:-1\r\n",
        b"Host: a.test:80:80\r\n",
        b"Host: a.test:x\r\n",
        b"Host: [::1\r\n",
        b"Host: ::1\r\n",
        b"Host: [x]\r\n",
        b"Host: http://a.test\r\n",
        b"Host: a.t\\est\r\n",
        b"Host : a.test\r\n",
        b" Host: a.test\r\n",
        b"X: y\r\n Host: a.test\r\n",
    ];
    for host in hosts {
        let request = [b"GET / HTTP/1.1\r\n", *host, b"\r\n"].concat();
        let answer = front.refuses(request, &[400]);
        assert!(answer.reason().starts_with("bad_request:"), "{answer:?}");
        assert_eq!(answer.proxy_error(), "http_request_error");
    }
}

#[test]
fn hosts_that_are_right_reach_the_backend_as_they_came() {
    let front = Front::new();
    for host in [
        "a.test",
        "A.Test",
        "a.test:8080",
        "a.test.",
        "127.0.0.1",
        "[::1]:8080",
        "x_y.test",
        "xn--bcher-kva.test",
    ] {
        let seen = front.passes(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(seen.all("Host"), [host]);
        assert_eq!(seen.field("X-Forwarded-Host"), Some(host));
    }
}

/// RFC 9110 section 15.5.20: never another tenant's.
#[test]
fn an_unknown_host_is_nobody_s() {
    let front = Front::with(Backend::ok(), |backend| {
        Document::new().upstream("app", &[backend], "").route("id: a, vHost: a.test, upstream: app")
    });
    assert_eq!(front.proxyd.get("/").status(), 200);
    for host in ["b.test", "a.test.evil.test", "evil-a.test", "x.a.test", "test", "127.0.0.1"] {
        let answer = front.proxyd.ask(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!((answer.status(), answer.reason()), (404, "no_route"), "{host}");
        assert_eq!(answer.proxy_error(), "destination_not_found");
    }
    assert_eq!(front.backend.requests().len(), 1);
}

/// RFC 9112 section 3.2.2.
#[test]
fn the_authority_of_an_absolute_target_wins_and_replaces_host() {
    let (first, second) = (Backend::ok(), Backend::ok());
    let document = Document::new()
        .upstream("first", &[&first], "")
        .upstream("second", &[&second], "")
        .route("id: a, vHost: a.test, upstream: first")
        .route("id: b, vHost: b.test, upstream: second");
    let proxyd = Proxyd::start(&document);
    let answer = proxyd.ask("GET http://a.test/x?y HTTP/1.1\r\nHost: b.test\r\n\r\n");
    assert_eq!(answer.status(), 200);
    assert_eq!(second.connections(), 0);
    let seen = first.request();
    assert_eq!((seen.target(), seen.all("Host")), ("/x?y", vec!["a.test"]));
    assert_eq!(seen.all("X-Forwarded-Host"), ["a.test"]);
    assert_eq!(proxyd.ask("GET HTTP://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n").status(), 200);
    assert_eq!(first.requests()[1].target(), "/");
}

/// RFC 9112 section 3.2; RFC 9110 section 9.3.6: this is no forward proxy.
#[test]
fn targets_that_are_no_path_of_ours_are_refused() {
    let front = Front::new();
    for line in [
        "CONNECT a.test:443",
        "CONNECT /",
        "GET a.test:80",
        "GET a.test",
        "GET *",
        "POST *",
        "GET @a.test/",
        "GET ftp://a.test/",
        "GET http:///x",
        "GET http://user@a.test/",
        "GET http://a.test:99999/",
        "GET https:/a.test",
        "GET //",
        "GET x",
        "GET ",
        "GET  /",
        "G@T /",
        " GET /",
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: a.test\r\n\r\n");
        if line == "GET //" {
            // Two slashes are a path; they are made one.
            assert_eq!(front.passes(request).target(), "/");
        } else {
            front.refuses(request, &[400, 405]);
        }
    }
    for version in ["HTTP/1.2x", "HTTP/2.0", "HTTP/0.9", "HTTP/11", "http/1.1", "HTTP/1.1 x", "HTTQ/1.1"] {
        front.refuses(format!("GET / {version}\r\nHost: a.test\r\n\r\n"), &[400, 505]);
    }
    front.refuses("GET /\r\n\r\n", &[400, 505]);
}

/// RFC 9112 section 3.2.4.
#[test]
fn options_of_everything_reaches_the_backend_as_it_is() {
    let front = Front::new();
    assert_eq!(front.passes("OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n").target(), "*");
}

/// Traefik GHSA-5m6w-wvh7-57vm.
#[test]
fn fields_that_name_another_host_or_path_never_change_the_route() {
    let (first, second) = (Backend::ok(), Backend::ok());
    let document = Document::new()
        .proxy("trustedProxies: [\"127.0.0.0/8\"]")
        .upstream("first", &[&first], "")
        .upstream("second", &[&second], "")
        .route("id: a, vHost: a.test, path: /open, upstream: first")
        .route("id: b, vHost: b.test, upstream: second")
        .route("id: c, vHost: a.test, path: /closed, upstream: second");
    let proxyd = Proxyd::start(&document);
    let fields = "X-Forwarded-Host: b.test\r\nForwarded: host=b.test\r\nX-Original-URL: /closed\r\n\
        X-Rewrite-URL: /closed\r\nX-Host: b.test\r\nX-HTTP-Method-Override: PUT\r\n";
    assert_eq!(proxyd.ask(format!("GET /open HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n")).status(), 200);
    assert_eq!(second.connections(), 0);
    assert_eq!((first.request().target(), first.request().head.method()), ("/open", "GET"));
}

/// RFC 9110 section 7.6.2.
#[test]
fn max_forwards_counts_down_and_ends_at_the_proxy() {
    let front = Front::new();
    let seen = front.passes("OPTIONS / HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 2\r\n\r\n");
    assert_eq!(seen.all("Max-Forwards"), ["1"]);
    let options = front.proxyd.ask("OPTIONS / HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 0\r\n\r\n");
    assert!(matches!(options.status(), 200 | 204), "{options:?}");
    let trace =
        front.proxyd.ask("TRACE /x HTTP/1.1\r\nHost: a.test\r\nCookie: secret\r\nMax-Forwards: 0\r\n\r\n");
    assert_eq!((trace.status(), trace.text().contains("secret")), (200, false), "{trace:?}");
    assert_eq!(front.backend.requests().len(), 1);
}
