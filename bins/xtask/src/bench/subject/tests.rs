use super::*;

fn assignment(task: Task, backends: &[u16]) -> Assignment<'_> {
    let (protocol, folder) = (Protocol::Http1, Path::new("/f"));
    Assignment { port: 1, backends, task, protocol, certificates: &[], routes: None, folder }
}

/// Whether `text` has all of `parts`, in this order.
#[track_caller]
fn check(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("no `{part}` in its place in {text}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn proxyd_is_told_to_limit_by_the_route_or_by_itself() {
    let limit = |subject| proxyd::configuration(subject, assignment(Task::Limit, &[7]));
    let route = "upstream: app, reqActiveLength: 8, reqQueueLength: 64, queueTimeout: 500ms }";
    check(&limit(Subject::Proxyd), &["{ name: app, backends: [ { hostname: 127.0.0.1, port: 7 }", route]);
    check(&limit(Subject::ProxydAuto), &["name: app, maxRequests: auto,", "upstream: app }"]);
}

#[test]
fn each_proxy_is_told_its_strategy_and_all_backends() {
    let told = assignment(Task::Balance, &[7, 8]);
    check(&proxyd::configuration(Subject::Proxyd, told), &["strategy: LEAST_LATENCY", "port: 7", "port: 8"]);
    let servers = ["server b0 127.0.0.1:7 ", "server b1 127.0.0.1:8 "];
    let haproxy = |subject| haproxy::configuration(subject, told);
    check(&haproxy(Subject::Haproxy), &["balance leastconn\n", servers[0], servers[1]]);
    check(&haproxy(Subject::HaproxyRandom), &["balance random\n", servers[0], servers[1]]);
    let upstream = ["least_conn;\n", "server 127.0.0.1:7;\n", "server 127.0.0.1:8;\n", "keepalive 1024;\n"];
    check(&nginx::configuration(told), &upstream);
}

#[test]
fn haproxy_limits_what_a_backend_gets_and_how_long_others_wait() {
    let text = haproxy::configuration(Subject::Haproxy, assignment(Task::Limit, &[7]));
    check(&text, &["timeout queue 500ms\n", "server b0 127.0.0.1:7 ", " maxconn 8\n"]);
}

#[test]
fn nothing_is_balanced_or_limited_unless_it_is_the_task() {
    let told = assignment(Task::Forward, &[7]);
    let texts = [
        proxyd::configuration(Subject::Proxyd, told),
        haproxy::configuration(Subject::Haproxy, told),
        nginx::configuration(told),
    ];
    for word in
        ["strategy", "reqActive", "maxRequests", "balance", "timeout queue", " maxconn 8", "least_conn"]
    {
        assert!(texts.iter().all(|text| !text.contains(word)), "{word}");
    }
    for word in ["tls", "ssl", "certificates", "alpn"] {
        assert!(texts.iter().all(|text| !text.contains(word)), "{word}");
    }
}

#[test]
fn each_proxy_is_told_where_its_certificate_lies() {
    let pairs = [Pair::called("a", Path::new("/c"))];
    let told = Assignment { certificates: &pairs, ..assignment(Task::Forward, &[7]) };
    let listener = "listeners: [ { address: \"127.0.0.1:1\", tls: {} } ]\n";
    let certificate = "certificates:\n  - { cert: \"/c/a.pem\", key: \"/c/a.pem.key\" }\n";
    check(&proxyd::configuration(Subject::Proxyd, told), &[listener, certificate, "routes:\n"]);
    // It finds the key by its name.
    let bind = "bind 127.0.0.1:1 backlog 4096 ssl crt /c/a.pem alpn h2,http/1.1 ssl-min-ver TLSv1.3\n";
    check(&haproxy::configuration(Subject::Haproxy, told), &[bind, "X-Forwarded-Proto https\n"]);
    let files = ["ssl_certificate /c/a.pem;\n", "ssl_certificate_key /c/a.pem.key;\n"];
    check(
        &nginx::configuration(told),
        &["listen 127.0.0.1:1 reuseport backlog=4096 ssl;\n", files[0], files[1]],
    );
}

#[test]
fn http2_over_tls_is_agreed_upon_by_alpn() {
    let pairs = [Pair::called("a", Path::new("/c"))];
    let protocol = Protocol::Http2;
    let told = Assignment { certificates: &pairs, protocol, ..assignment(Task::Forward, &[7]) };
    let haproxy = haproxy::configuration(Subject::Haproxy, told);
    check(&haproxy, &["tune.h2.max-concurrent-streams 128\n", "alpn h2,http/1.1"]);
    assert!(!haproxy.contains("proto h2"));
    check(&nginx::configuration(told), &["backlog=4096 ssl http2;\n"]);
}
