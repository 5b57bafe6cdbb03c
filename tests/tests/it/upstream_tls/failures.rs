//! Each way in which TLS with a backend fails has a reason of its own.

use harness::tls::{Authority, Leaf, Version, Wish};
use harness::{Backend, Document, Message, Proxyd, TlsServer};

use super::trust::{Trust, document};

/// The answer says this status and reason, in its fields and in its body.
#[track_caller]
fn check(document: &Document, status: u16, fault: &str, error: &str) -> Message {
    let proxyd = Proxyd::start(document);
    let answer = proxyd.get("/");
    let reason = format!("upstream_tls:{fault}");
    assert_eq!((answer.status(), answer.reason()), (status, reason.as_str()), "{answer:?}");
    assert_eq!(answer.proxy_error(), error, "{fault}");
    assert_eq!(answer.field("Content-Type"), Some("application/problem+json"), "{fault}");
    assert!(answer.text().contains(&format!("\"reason\":\"{reason}\"")), "{answer:?}");
    assert!(!answer.text().contains("127.0.0.1"), "{answer:?}");
    assert_eq!(proxyd.stop().requests(&reason), 1, "{fault}");
    answer
}

/// A backend with a certificate that is not taken sees nothing of a request.
#[track_caller]
fn check_certificate(leaf: &Leaf, tls: &str, fault: &str) {
    for version in [Version::V12, Version::V13] {
        let backend = TlsServer::new(leaf).version(version).saying("never");
        check(&document(&backend, tls, ""), 502, fault, "tls_certificate_error");
        assert!(backend.handshakes().iter().all(|handshake| handshake.outcome.is_err()), "{fault}");
        assert_eq!(backend.request_count(), 0, "{fault}");
    }
}

#[test]
fn a_certificate_that_is_out_of_its_time_is_told_from_others() {
    let trust = Trust::new();
    let issue = |wish: fn(Wish) -> Wish| trust.authority.issue(wish(Wish::of(&["127.0.0.1"])));
    check_certificate(&issue(Wish::expired), &trust.ca(), "expired");
    check_certificate(&issue(Wish::not_yet_valid), &trust.ca(), "not_yet_valid");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_told_from_others() {
    let trust = Trust::new();
    let stranger = Authority::new("stranger").leaf(&["127.0.0.1"]);
    check_certificate(&stranger, &trust.ca(), "unknown_authority");
    // Without `ca` it takes the system's authorities, of which no test is one.
    check_certificate(&trust.leaf(), "", "unknown_authority");
}

#[test]
fn a_certificate_for_somebody_else_is_told_from_others() {
    let trust = Trust::new();
    check_certificate(&trust.authority.leaf(&["b.test"]), &trust.ca(), "wrong_name");
    check_certificate(&trust.authority.leaf(&["127.0.0.2"]), &trust.ca(), "wrong_name");
    // A name that looks like the address is none.
    check_certificate(
        &trust.authority.leaf(&["127.0.0.1"]),
        &format!("{}, serverName: b.test", trust.ca()),
        "wrong_name",
    );
}

#[test]
fn a_certificate_that_was_revoked_is_told_from_others() {
    let trust = Trust::new();
    let leaf = trust.leaf();
    let crl = trust.files.write("crl.pem", trust.authority.revokes(&[&leaf]));
    check_certificate(&leaf, &format!("{}, crls: [\"{crl}\"]", trust.ca()), "revoked");
    // A list of somebody else says nothing of it.
    let crl = trust.files.write("other.pem", Authority::new("other").revokes(&[]));
    check_certificate(&leaf, &format!("{}, crls: [\"{crl}\"]", trust.ca()), "unknown_revocation");
}

#[test]
fn a_key_that_is_not_pinned_is_told_from_others() {
    let trust = Trust::new();
    let pin = super::verified::pin(&trust.leaf());
    check_certificate(&trust.leaf(), &format!("{}, pins: [\"{pin}\"]", trust.ca()), "pin_mismatch");
}

#[test]
fn a_certificate_for_clients_is_bad() {
    let trust = Trust::new();
    let leaf = trust.authority.client("somebody");
    check_certificate(&leaf, &trust.ca(), "bad_certificate");
}

#[test]
fn a_backend_that_wants_a_certificate_and_gets_none_refuses_by_an_alert() {
    let trust = Trust::new();
    for (version, fault) in [(Version::V12, "alert"), (Version::V13, "late_alert")] {
        let backend = trust.server().version(version).demanding(&Authority::new("clients")).saying("never");
        check(&trust.document(&backend, ""), 502, fault, "tls_alert_received");
        assert_eq!(backend.request_count(), 0, "{fault}");
    }
}

#[test]
fn a_backend_that_wants_another_certificate_refuses_by_an_alert() {
    let trust = Trust::new();
    let own = trust.files.put("own", &Authority::new("strangers").client("proxy"));
    for (version, fault) in [(Version::V12, "alert"), (Version::V13, "late_alert")] {
        let backend = trust.server().version(version).demanding(&Authority::new("clients")).saying("never");
        let document = document(&backend, &format!("{}, {own}", trust.ca()), "");
        check(&document, 502, fault, "tls_alert_received");
        assert_eq!(backend.request_count(), 0, "{fault}");
    }
}

#[test]
fn a_backend_that_is_not_spoken_to_as_it_expects_is_told_from_others() {
    let trust = Trust::new();
    let backend = Backend::start(|session| {
        session.connection.goes_on();
        session.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        session.hold();
    });
    check(&trust.document(&backend, ""), 502, "not_tls", "tls_protocol_error");

    // A ServerHello of no content. RFC 8446 section 4.1.3.
    let backend = Backend::start(|session| {
        session.connection.goes_on();
        session.send([22, 3, 3, 0, 4, 2, 0, 0, 0]);
        session.hold();
    });
    check(&trust.document(&backend, ""), 502, "bad_tls", "tls_protocol_error");

    let backend = Backend::start(|session| {
        session.connection.goes_on();
    });
    check(&trust.document(&backend, ""), 502, "closed", "tls_protocol_error");

    let backend = Backend::start(|session| {
        session.connection.goes_on();
        session.reset();
    });
    check(&trust.document(&backend, ""), 502, "io", "tls_protocol_error");
}

/// RFC 8446 section 6: `unrecognized_name` and others.
#[test]
fn a_backend_that_refuses_by_an_alert_is_told_from_others() {
    let trust = Trust::new();
    let backend = Backend::start(|session| {
        session.connection.goes_on();
        session.send([21, 3, 3, 0, 2, 2, 112]);
        session.hold();
    });
    check(&trust.document(&backend, ""), 502, "alert", "tls_alert_received");
}

#[test]
fn a_backend_that_says_nothing_has_until_the_connect_timeout() {
    let trust = Trust::new();
    let backend = Backend::start(harness::Session::hold);
    let document = trust.document(&backend, "connectTimeout: 100ms, retries: 0");
    check(&document, 504, "timeout", "tls_protocol_error");
    backend.wait_for_ends(1);
}

#[test]
fn a_backend_that_is_to_speak_http_2_and_does_not_say_so_is_told_from_others() {
    let trust = Trust::new();
    let backend = trust.server().saying("never");
    check(&trust.document(&backend, "protocol: http2"), 502, "no_http2", "tls_protocol_error");
    // RFC 7301 section 3.2: `no_application_protocol`.
    let backend = trust.server().protocols(&["http/1.1"]).saying("never");
    check(&trust.document(&backend, "protocol: http2"), 502, "alert", "tls_alert_received");
    assert_eq!(backend.request_count(), 0);
}

/// A plain backend behind TLS, and one of TLS behind plain HTTP: nothing is guessed.
#[test]
fn a_backend_of_tls_that_is_asked_in_the_clear_is_no_backend() {
    let trust = Trust::new();
    let backend = Backend::start(|session| {
        session.connection.goes_on();
        // What a server of TLS says to a request: RFC 8446 section 6, `decode_error`.
        session.send([21, 3, 3, 0, 2, 2, 50]);
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    assert_eq!(proxyd.get("/").status(), 502);
    let backend = trust.server().saying("never");
    assert_eq!(trust.start(&backend, "protocol: http1").get("/").text(), "never");
}

/// Nothing was sent yet: HTTP/2 begins with the backend's settings.
#[test]
fn a_backend_of_http_2_that_wants_a_certificate_and_gets_none_refuses_in_time() {
    let trust = Trust::new();
    for settings in ["protocol: http2", ""] {
        let server = trust.server().version(Version::V13).protocols(&["h2"]);
        let backend = server.demanding(&Authority::new("clients")).saying("never");
        check(&trust.document(&backend, settings), 502, "alert", "tls_alert_received");
    }
}
