//! One normalised path for routing and for the backend.

use harness::{Backend, Document, Proxyd};

use crate::it::front::Front;

/// CVE-2025-66490, CVE-2026-48020, GHSA-6jwx-7vp4-9847 (Traefik).
#[test]
fn the_path_that_is_matched_is_the_path_that_is_forwarded() {
    let (open, closed) = (Backend::ok(), Backend::ok());
    let document = Document::new()
        .upstream("open", &[&open], "")
        .upstream("closed", &[&closed], "")
        .route("id: open, path: /*, upstream: open")
        .route("id: closed, path: /admin/*, upstream: closed");
    let proxyd = Proxyd::start(&document);
    for target in [
        "/admin",
        "/admin/",
        "/admin/x",
        "//admin/x",
        "/./admin/x",
        "/open/../admin/x",
        "/open/%2e%2e/admin/x",
        "/open/%2E%2E/admin/x",
        "/open/.%2e/admin/x",
        "/%61dmin/x",
        "/open/..;/admin/x",
        "/open/..;a=b/admin/x",
        "/open%2f..%2fadmin/x",
        "/open/..%2fadmin/x",
        "/open\\..\\admin/x",
        "/open%5c..%5cadmin/x",
        "/admin%2fx",
        "/admin%00",
        "/admin;x",
        "/admin;x/y",
        "/open/..%00/admin/x",
        "/../admin/x",
        "/%2e%2e/admin/x",
        "/open/%252e%252e/admin/x",
        "/ADMIN/x",
        "/admin%3bx/y",
        "/open/%zz/admin",
        "/open/%",
    ] {
        let before = (open.requests().len(), closed.requests().len());
        let answer = proxyd.ask(format!("GET {target}?q=/admin/.. HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        let opened = open.requests().split_off(before.0);
        if answer.status() == 400 {
            assert_eq!((open.requests().len(), closed.requests().len()), before, "{target}");
            continue;
        }
        assert_eq!(answer.status(), 200, "{target}: {answer:?}");
        for seen in opened {
            let path = seen.target().split('?').next().unwrap();
            assert!(!means_admin(path), "{target} reached the open backend as {path}");
        }
        for seen in closed.requests().split_off(before.1) {
            let path = seen.target().split('?').next().unwrap();
            assert!(path == "/admin" || path.starts_with("/admin/"), "{target} came as {path}");
        }
    }
}

/// Whether a backend takes this path for one below `/admin`. An encoded slash and a parameter are data there, as RFC
/// 3986 has them, unless dots are beside them.
fn means_admin(path: &str) -> bool {
    let decoded = path.replace("%2e", ".").replace("%2E", ".").replace("%61", "a");
    let decoded = decoded.replace("%2f", "%2F").replace("%5c", "%2F").replace("%5C", "%2F");
    let decoded = decoded.replace("..%2F", "../").replace("%2F..", "/..").replace("..;", "../");
    let mut segments = Vec::new();
    for segment in decoded.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    segments.first().is_some_and(|first| *first == "admin")
}

#[test]
fn legal_paths_reach_the_backend_as_they_are() {
    let front = Front::new();
    for target in [
        "/",
        "/a/b/",
        "/a%20b",
        "/caf%C3%A9",
        "/a+b,c;d=e:f@g!h$i&j'k(l)m*n",
        "/~user/x.y-z_w",
        "/a...b/..c/...",
        "/x?",
        "/x?a=b&c=%2e%2e/../..&d=//",
        "/x?q=[1]|{2}^`",
        "/%E2%82%AC",
    ] {
        let answer = front.proxyd.get(target);
        assert_eq!(answer.status(), 200, "{target}");
        assert_eq!(front.backend.requests().last().unwrap().target(), target);
    }
}

/// CVE-2026-48020: what is left behind the prefix cannot leave the route's space.
#[test]
fn a_stripped_path_cannot_climb_out() {
    let front = Front::with(Backend::ok(), |backend| {
        Document::new()
            .upstream("app", &[backend], "")
            .route("id: api, path: /api/*, upstream: app, stripPrefix: /api")
            .route("id: mid, path: /mid*, upstream: app, stripPrefix: /mid, setPrefix: /inner")
    });
    for (target, expected) in [
        ("/api/x", Some("/x")),
        ("/api", Some("/")),
        ("/api/", Some("/")),
        ("/api//x", Some("/x")),
        ("/api/x/../y", Some("/y")),
        ("/api/../admin", None),
        ("/api../admin", None),
        ("/api%2e%2e/admin", None),
        ("/api/%2e%2e/admin", None),
        ("/api/..;/admin", None),
        ("/midway/x", Some("/inner/way/x")),
        ("/mid/x", Some("/inner/x")),
        ("/mid../x", None),
        ("/mid%2e%2e/x", None),
    ] {
        let before = front.backend.request_count();
        let answer = front.proxyd.get(target);
        let seen = front.backend.requests_since(before);
        match expected {
            Some(expected) => {
                assert_eq!(answer.status(), 200, "{target}: {answer:?}");
                assert_eq!(seen[0].target(), expected, "{target}");
            }
            None => {
                let path = seen.first().map(|seen| seen.target().to_owned()).unwrap_or_default();
                assert!(!path.contains("..") && !path.starts_with("/admin"), "{target} came as {path}");
                assert!(matches!(answer.status(), 400 | 404) || !path.is_empty(), "{target}: {answer:?}");
            }
        }
    }
}

/// CVE-2023-45539 (HAProxy).
#[test]
fn a_fragment_is_refused() {
    let front = Front::new();
    for target in ["/x#y", "/#", "/x?y#z", "http://a.test/x#y"] {
        let answer = front.refuses(format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n"), &[400]);
        assert_eq!(answer.reason(), "bad_request:fragment");
    }
}

/// RFC 9110 section 5.5; RFC 9112 section 3.
#[test]
fn control_bytes_are_refused_wherever_they_stand() {
    let front = Front::new();
    let places: [(&[u8], &[u8]); 5] = [
        (b"GET /x", b"y HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        (b"GET /x?y", b"z HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        (b"GE", b"T / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a.test\r\nX-", b"Y: z\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a.test\r\nX-Y: z", b"z\r\n\r\n"),
    ];
    for byte in (0..=0x1f).chain([0x7f]) {
        for (before, behind) in places {
            let is_value = before.ends_with(b"z");
            if byte == b'\t' && is_value {
                continue;
            }
            front.refuses([before, &[byte], behind].concat(), &[400]);
        }
    }
}
