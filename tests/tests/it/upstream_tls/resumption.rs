//! Sessions with backends are resumed: RFC 8446 section 2.2.

use harness::tls::Version;
use harness::{Document, Proxyd};

use super::trust::{Trust, document};

/// Whether each handshake was one that resumed a session.
fn resumed(backend: &harness::TlsBackend) -> Vec<bool> {
    backend.handshakes().iter().map(|handshake| handshake.facts().is_resumed).collect()
}

/// No connection is used twice.
const EACH_ITS_OWN: &str = "maxIdleConnections: 0";

#[test]
fn the_second_connection_to_a_backend_resumes_the_session_of_the_first() {
    let trust = Trust::new();
    for version in [Version::V12, Version::V13] {
        let backend = trust.server().version(version).saying("ok");
        let proxyd = trust.start(&backend, EACH_ITS_OWN);
        for _ in 0..4 {
            assert_eq!(proxyd.get("/").text(), "ok", "{version:?}");
        }
        assert_eq!(resumed(&backend), [false, true, true, true], "{version:?}");
    }
}

#[test]
fn a_backend_that_remembers_nothing_is_spoken_to_all_the_same() {
    let trust = Trust::new();
    let backend = trust.server().version(Version::V13).without_tickets().saying("ok");
    let proxyd = trust.start(&backend, EACH_ITS_OWN);
    for _ in 0..3 {
        assert_eq!(proxyd.get("/").text(), "ok");
    }
    assert_eq!(resumed(&backend), [false; 3]);
    // It has forgotten all that it gave.
    let backend = trust.server().saying("ok");
    let proxyd = trust.start(&backend, EACH_ITS_OWN);
    for _ in 0..3 {
        assert_eq!(proxyd.get("/").text(), "ok");
        backend.become_like(&trust.server());
    }
    assert_eq!(resumed(&backend), [false; 3]);
}

/// A session says who the backend was: it is none of another upstream, which believes others.
#[test]
fn upstreams_do_not_share_sessions() {
    let trust = Trust::new();
    let backend = trust.server().saying("ok");
    let url = format!("url: \"https://127.0.0.1:{}\", {EACH_ITS_OWN}", backend.port());
    let document = Document::new()
        .raw_upstream(&format!("name: one, {url}, tls: {{ {} }}", trust.ca()))
        .raw_upstream(&format!("name: two, {url}, tls: {{ insecureSkipVerify: true }}"))
        .route("path: /one, upstream: one")
        .route("path: /two, upstream: two");
    let proxyd = Proxyd::start(&document);
    for path in ["/one", "/two", "/one", "/two"] {
        assert_eq!(proxyd.get(path).text(), "ok");
    }
    assert_eq!(resumed(&backend), [false, false, true, true]);
}

/// A session that was begun under an authority is over with it.
#[test]
fn sessions_do_not_outlive_what_they_were_verified_by() {
    let trust = Trust::new();
    let backend = trust.server().saying("ok");
    let proxyd = Proxyd::start(&document(&backend, &trust.ca(), EACH_ITS_OWN));
    assert_eq!(proxyd.get("/").text(), "ok");
    trust.files.replace("ca.pem", harness::tls::Authority::new("other").pem());
    let ends = std::time::Instant::now() + harness::PATIENCE;
    while proxyd.get("/").status() == 200 {
        assert!(std::time::Instant::now() < ends, "the session goes on");
    }
}
