use std::time::Duration;

use health::{CheckSettings, Start};
use proxy_core::spec::{AgentSpec, UpstreamSpec};

use super::{plan, upstream};

/// Compiles an upstream with these keys.
#[track_caller]
fn compiled(keys: &str) -> UpstreamSpec {
    let text = format!("upstreams: [{{ name: app, url: a, {keys} }}]\nroutes: [{{ upstream: app }}]\n");
    upstream(&plan(&text), "app").clone()
}

#[test]
fn checks_come_when_the_document_says() {
    let check = compiled(
        "healthCheck: { port: 81, interval: 1s, fastInterval: 2s, downInterval: 3s, jitter: 50, timeout: 4s, rise: 5, fall: 6 }",
    );
    let check = check.check.unwrap();
    let settings = CheckSettings {
        interval: Duration::from_secs(1),
        timeout: Duration::from_secs(4),
        rise: 5,
        fall: 6,
        fast_interval: Some(Duration::from_secs(2)),
        down_interval: Some(Duration::from_secs(3)),
        jitter: 0.5,
        start: Start::Up,
    };
    assert_eq!((check.settings, check.port), (settings, Some(81)));
    let plain = compiled("healthCheck: {}").check.unwrap();
    let settings = CheckSettings {
        fast_interval: Some(Duration::from_millis(2500)),
        down_interval: Some(Duration::from_secs(5)),
        ..CheckSettings::default()
    };
    assert_eq!((plain.settings, plain.port), (settings, None));
}

#[test]
fn more_than_a_connection_is_asked_for_by_http_and_grpc_alone() {
    for (kind, asks) in [("tcp", false), ("http", true), ("grpc", true)] {
        let check = compiled(&format!("healthCheck: {{ type: {kind} }}")).check.unwrap();
        assert_eq!(check.check.is_some(), asks, "{kind}");
    }
}

#[test]
fn agents_are_asked_as_the_document_says() {
    assert_eq!(compiled("agentCheck: { port: 7 }").agent, Some(AgentSpec::at(7)));
    let mut expected = AgentSpec::at(7);
    expected.interval = Duration::from_secs(1);
    expected.timeout = Duration::from_secs(3);
    expected.send = b"how are you\n".into();
    let keys = "agentCheck: { port: 7, interval: 1s, timeout: 3s, send: \"how are you\\n\" }";
    assert_eq!(compiled(keys).agent, Some(expected));
}
