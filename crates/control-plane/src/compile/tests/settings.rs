use std::fmt::Debug;
use std::time::Duration;

use proxy_core::spec::{RouteOrder, Settings};

use super::{APP, plan};

/// Compiles one key of `proxy` and looks at the setting that it is for.
#[track_caller]
fn check<T: PartialEq + Debug>(key: &str, setting: impl Fn(&Settings) -> T, expected: &T) {
    let changed = plan(&format!("proxy: {{ {key} }}\n{APP}")).blueprint.settings;
    assert_eq!(setting(&changed), *expected);
    assert_ne!(setting(&plan(APP).blueprint.settings), *expected, "the default says the same");
}

#[test]
fn every_key_of_the_proxy_is_a_setting() {
    let second = Duration::from_secs(1);
    check("timeout: 1s", |settings| settings.timeout, &second);
    check("headerTimeout: 1s", |settings| settings.header_timeout, &second);
    check("keepAliveTimeout: 1s", |settings| settings.keep_alive_timeout, &second);
    check("bodyIdleTimeout: 1s", |settings| settings.body_idle_timeout, &second);
    check("bodyMinRate: 1kb", |settings| settings.body_min_rate, &1024);
    check("tunnelIdleTimeout: 1s", |settings| settings.tunnel_idle_timeout, &second);
    check("drainTimeout: 1s", |settings| settings.drain_timeout, &second);
    check("maxBodySize: 1kb", |settings| settings.max_body_size, &1024);
    check("maxBodySize: off", |settings| settings.max_body_size, &u64::MAX);
    check("maxHeadSize: 2kb", |settings| settings.limits.head, &2048);
    check("maxFields: 7", |settings| settings.limits.fields, &7);
    check("maxUriLength: 1kb", |settings| settings.limits.target, &1024);
    check("maxConnections: 7", |settings| settings.max_connections, &7);
    check("maxConnectionsPerClient: 7", |settings| settings.max_connections_per_client, &Some(7));
    check("forwarded: true", |settings| settings.forwarded, &true);
    check("http2: { enabled: false }", |settings| settings.http2.enabled, &false);
    check("http2: { maxStreams: 7 }", |settings| settings.http2.max_streams, &7);
    check("http2: { streamWindow: 65535 }", |settings| settings.http2.stream_window, &65_535);
    check("http2: { connectionWindow: 64mb }", |settings| settings.http2.connection_window, &(64 << 20));
    check("http2: { pingInterval: 1s }", |settings| settings.http2.ping_interval, &second);
    check("http2: { pingTimeout: 1s }", |settings| settings.http2.ping_timeout, &second);
    assert_eq!(plan(APP).blueprint.settings.route_order, RouteOrder::Specific);
    let written = plan(&format!("routeOrder: written\n{APP}"));
    assert_eq!(written.blueprint.settings.route_order, RouteOrder::Written);
    let trusted = |settings: &Settings| settings.trusted_proxies.clone();
    check(
        "trustedProxies: [10.0.0.0/8, \"::1\"]",
        trusted,
        &vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
    );
}

/// Both crates have defaults of their own; a proxy is the same whether it is embedded or run.
#[test]
fn the_defaults_of_the_document_are_those_of_the_engine() {
    let settings = plan(APP).blueprint.settings;
    assert_eq!(format!("{settings:?}"), format!("{:?}", Settings::default()));
}

#[test]
fn workers_are_as_many_as_cores_unless_a_number_is_given() {
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(plan(APP).workers, cores);
    assert_eq!(plan(&format!("proxy: {{ workers: 5 }}\n{APP}")).workers, 5);
}

#[track_caller]
fn check_addresses(text: &str, expected: &[&str]) {
    let plan = plan(&format!("{text}\n{APP}"));
    let addresses: Vec<String> = plan.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, expected);
}

#[test]
fn every_listener_is_an_address() {
    check_addresses("", &["0.0.0.0:3000"]);
    check_addresses("proxy: { port: 81 }", &["0.0.0.0:81"]);
    check_addresses(
        "listeners: [{ address: \"[::1]:0\" }, { address: \"unix:/run/x.sock\" }]",
        &["[::1]:0", "unix:/run/x.sock"],
    );
    check_addresses(
        "proxy: { port: 0 }\nlisteners: [{ address: \"127.0.0.1:80\" }]",
        &["0.0.0.0:0", "127.0.0.1:80"],
    );
}
