//! How what is relayed over TLS to backends ends.

use harness::tls::Version;
use harness::{Backend, Broken, Ending};

use super::both::{GET, VERSIONS, before, much};
use super::trust::Trust;

#[test]
fn a_body_until_the_end_of_the_connection_ends_with_a_word_of_tls() {
    for version in VERSIONS {
        let both = before(version, |session| {
            let _ = session.request();
            session.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            session.send(much());
        });
        for mut client in both.clients() {
            client.ask(GET);
            assert!(client.response().unwrap().body == much(), "{version:?}: another body came");
        }
    }
}

/// RFC 8446 section 6.1, RFC 9112 section 9.8: without `close_notify`, somebody else may have cut it off.
#[test]
fn a_body_that_is_cut_off_below_tls_is_not_taken_for_whole() {
    for version in VERSIONS {
        let both = before(version, |session| {
            let _ = session.request();
            session.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of it");
            session.connection.close_below_tls();
            session.hold();
        });
        for mut client in both.clients() {
            client.ask(GET);
            let answer = client.response();
            assert!(answer.is_err(), "{version:?}: {answer:?}");
        }
        // A body that nothing tells the end of but that of the connection, which is none then.
        for mut client in both.clients() {
            client.ask("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
            let answer = client.response();
            assert!(
                matches!(answer, Err(Broken::Cut(Ending::Reset, _) | Broken::End(Ending::Reset))),
                "{version:?}: {answer:?}"
            );
        }
    }
}

/// With a length, the end of the body is known, whoever ends the connection behind it and how.
#[test]
fn a_body_of_a_known_length_needs_no_end_of_the_connection() {
    for version in VERSIONS {
        let both = before(version, |session| {
            let _ = session.request();
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            session.connection.close_below_tls();
            session.hold();
        });
        for mut client in both.clients() {
            client.ask(GET);
            assert_eq!(client.response().unwrap().text(), "ok", "{version:?}");
        }
    }
}

#[test]
fn a_tunnel_passes_bytes_in_both_directions_and_ends_by_halves() {
    for version in VERSIONS {
        let both = before(version, |session| {
            let _ = session.request();
            session.send(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome",
            );
            let (all, _) = session.connection.rest();
            session.send(all);
        });
        for mut client in both.clients() {
            client.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
            assert_eq!(client.head().unwrap().status(), 101);
            assert_eq!(client.exactly(7).unwrap(), b"welcome");
            client.send(much());
            client.half_close();
            let (all, ending) = client.rest();
            assert!(all == much(), "{version:?}: {} bytes", all.len());
            assert_eq!(ending, Ending::Closed);
        }
    }
}

/// A backend that says more than it was asked for is not listened to for the next one.
#[test]
fn an_answer_that_nobody_has_asked_for_goes_to_nobody() {
    let backend_says = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for version in VERSIONS {
        let trust = Trust::new();
        let backend: harness::TlsBackend = trust.server().version(version).start(move |session| {
            while session.request().is_ok() {
                session.send(format!("{backend_says}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
            }
        });
        let proxyd = trust.start(&backend, "");
        for _ in 0..5 {
            assert_eq!(proxyd.get("/").text(), "ok", "{version:?}");
        }
        let plain: &Backend = &backend;
        assert_eq!(plain.connections(), 5, "{version:?}");
    }
}

/// RFC 9112 section 9.5: a backend may say that it has had enough.
#[test]
fn an_answer_that_comes_before_the_body_is_up_is_passed_on() {
    for version in VERSIONS {
        let both = before(version, |session| {
            if session.head().is_ok() {
                session.send(
                    "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig",
                );
                session.connection.half_close();
                session.hold();
            }
        });
        for mut client in both.clients() {
            client.ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 8000000\r\n\r\n");
            let mut writer = client.writer();
            let sending = std::thread::spawn(move || (0..8).all(|_| writer.try_send(much()).is_ok()));
            let answer = client.response().unwrap();
            assert_eq!((answer.status(), answer.text().as_str()), (413, "big"), "{version:?}");
            drop(client);
            let _ = sending.join();
        }
    }
}

/// What a client has not sent whole is no request.
#[test]
fn a_request_that_is_cut_off_is_not_taken_for_whole() {
    let both = before(Version::V13, |session| {
        let Ok(head) = session.head() else { return };
        session.send("HTTP/1.1 103 Early Hints\r\n\r\n");
        let _ = session.body(head);
    });
    for cut in [false, true] {
        for mut client in both.clients() {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
            assert_eq!(client.head().unwrap().status(), 103);
            if cut {
                client.close_below_tls();
                client.reset();
            } else {
                client.half_close();
                let _ = client.rest();
            }
        }
    }
    both.backend.wait_for_ends(4);
    assert_eq!(both.backend.request_count(), 0);
}
