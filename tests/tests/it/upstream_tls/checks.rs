//! Active checks of backends behind TLS.

use harness::frames::{Fields, Frame};
use harness::tls::Authority;
use harness::{Backend, Document, Proxyd, TlsServer};

use super::trust::Trust;

const QUICK: &str = "interval: 50ms, fastInterval: 50ms, downInterval: 50ms, rise: 1, fall: 1";

fn pool(trust: &Trust, backends: &[&Backend], check: &str) -> Document {
    let settings = format!(
        "tls: {{ {} }}, healthCheck: {{ {check}, {QUICK} }}, slowStart: off, panic: {{ threshold: 0 }}",
        trust.ca()
    );
    Document::new().upstream("app", backends, &settings).route("path: /*, upstream: app")
}

#[test]
fn a_request_that_checks_goes_over_tls() {
    let trust = Trust::new();
    for protocols in [&["http/1.1"][..], &["h2"], &[]] {
        let backend = trust.server().protocols(protocols).saying("all is well");
        let check = "type: http, path: /health, host: check.test, expect: { body: \"^all\" }";
        let _proxyd = Proxyd::start(&pool(&trust, &[&backend], check));
        if protocols == ["h2"] {
            // Checks are made in HTTP/1.1 unless the upstream speaks HTTP/2 alone.
            continue;
        }
        let requests = backend.wait_for(2);
        assert_eq!(requests[0].target(), "/health", "{protocols:?}");
        assert_eq!(requests[0].field("Host"), Some("check.test"), "{protocols:?}");
        assert!(requests[0].field("User-Agent").is_some_and(|agent| agent.starts_with("proxyd-health/")));
    }
}

#[test]
fn a_check_over_http_2_goes_over_tls() {
    let trust = Trust::new();
    let backend = trust.server().protocols(&["h2"]).saying("all is well");
    let settings = format!(
        "tls: {{ {} }}, protocol: http2, healthCheck: {{ type: http, path: /health, {QUICK} }}",
        trust.ca()
    );
    let document = Document::new().upstream("app", &[&backend], &settings).route("path: /*, upstream: app");
    let _proxyd = Proxyd::start(&document);
    let requests = backend.http2().wait_for(2);
    assert_eq!(requests[0].field(":path"), Some("/health"));
    assert_eq!(requests[0].field(":scheme"), Some("https"));
}

/// One that is not to be believed is not well, however well it answers.
#[test]
fn a_backend_with_a_bad_certificate_is_out_and_comes_back_with_a_good_one() {
    let trust = Trust::new();
    for check in ["type: http, path: /", "type: tcp"] {
        let stranger = TlsServer::new(&Authority::new("stranger").leaf(&["127.0.0.1"]));
        let (bad, good) = (stranger.saying("bad"), trust.server().saying("good"));
        let proxyd = Proxyd::start(&pool(&trust, &[&bad, &good], check));
        proxyd.log().wait_for("backend is out: active checks fail", 1);
        for _ in 0..6 {
            assert_eq!(proxyd.get("/").text(), "good", "{check}");
        }
        bad.become_like(&trust.server());
        proxyd.log().wait_for("backend is back: active checks pass", 1);
        let texts: Vec<String> = (0..4).map(|_| proxyd.get("/").text()).collect();
        assert!(texts.contains(&"bad".to_owned()), "{check}: {texts:?}");
    }
}

/// A check of `type: tcp` shakes hands, so that a backend sees no broken ones.
#[test]
fn a_connection_that_checks_shakes_hands() {
    let trust = Trust::new();
    let backend = trust.server().saying("ok");
    let _proxyd = Proxyd::start(&pool(&trust, &[&backend], "type: tcp"));
    let handshakes = backend.wait_for_handshakes(3);
    assert!(handshakes.iter().all(|handshake| handshake.outcome.is_ok()), "{handshakes:?}");
    assert_eq!(backend.request_count(), 0);
}

/// The health service of gRPC: `grpc.health.v1.Health/Check`.
#[test]
fn a_check_of_grpc_goes_over_tls() {
    let trust = Trust::new();
    let backend = trust.server().start_http2(|session| {
        while let Some(stream) = session.request() {
            let head = Fields::response(200).and("content-type", "application/grpc");
            session.send(&Frame::headers(stream, &head));
            // `SERVING`.
            session.send(&Frame::data(stream, [0, 0, 0, 0, 2, 8, 1]));
            session.send(&Frame::headers(stream, &Fields::new().and("grpc-status", "0")).end());
        }
    });
    let proxyd = Proxyd::start(&pool(&trust, &[&backend], "type: grpc"));
    let requests = backend.http2().wait_for(2);
    assert_eq!(requests[0].field(":path"), Some("/grpc.health.v1.Health/Check"));
    assert_eq!(requests[0].field(":scheme"), Some("https"));
    assert!(!proxyd.stop().log.iter().any(|line| line.contains("backend is out")));
}

/// An agent beside a backend is none: it says its line in the clear.
#[test]
fn an_agent_speaks_no_tls() {
    let trust = Trust::new();
    let agent = Backend::start(|session| session.send("up\n"));
    let backend = trust.server().saying("ok");
    let proxyd = trust.start(
        &backend,
        &format!("agentCheck: {{ port: {}, interval: 50ms }}, sendProxyProtocol: v2", agent.port()),
    );
    proxyd.log().wait_for("agent has changed its mind", 1);
    agent.wait_for_ends(2);
    assert!(agent.bytes().iter().all(Vec::is_empty), "{:?}", agent.bytes());
}
