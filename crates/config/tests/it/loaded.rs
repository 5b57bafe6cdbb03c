//! What a loaded document tells later stages.

use config::{Place, parse};

const TEXT: &str = "\
upstreams:
  - name: api
    url: localhost
routes:
  - path: /a
    upstream: api
    headers: { x.y: \"1\" }
  - path: /b
    upstream: api
    vHost: a.example.com
";

#[track_caller]
fn check_place(path: &str, expected: Option<(u32, u32)>) {
    let loaded = parse(TEXT, "proxyd.yaml").unwrap();
    assert_eq!(loaded.place(path), expected.map(|(line, column)| Place { line, column }));
}

#[test]
fn every_value_keeps_its_place() {
    check_place("upstreams[0].name", Some((2, 11)));
    check_place("routes[1].vHost", Some((10, 12)));
    check_place("routes[1].v_host", Some((10, 12)));
    check_place("routes", Some((4, 1)));
    check_place("routes[0].headers[\"x.y\"]", Some((7, 21)));
    check_place("routes[2]", None);
    check_place("routes[0].methods", None);
}

#[test]
fn a_later_stage_reports_at_the_place_of_a_value() {
    let loaded = parse(TEXT, "proxyd.yaml").unwrap();
    let problem = loaded.problem("upstreams[0].url", "does not resolve", Some("check the name".into()));
    let expected = "\
proxyd.yaml:3:10: upstreams[0].url: does not resolve
  |
3 |     url: localhost
  |          ^^^^^^^^^
  hint: check the name";
    assert_eq!(problem.to_string(), expected);
}

#[test]
fn a_value_that_the_file_lacks_is_reported_where_it_would_be() {
    let loaded = parse(TEXT, "proxyd.yaml").unwrap();
    let problem = loaded.problem("routes[1].redirect.to", "is missing", None);
    assert_eq!(problem.path, "routes[1].redirect.to");
    assert_eq!(problem.place, Some(Place { line: 8, column: 5 }));
}

#[test]
fn a_later_stage_reports_at_the_place_that_a_value_of_the_document_was_made_from() {
    let text = "\
server:
  listen: 80
  upstreams: [{ id: a, url: a }, { id: b, url: b }]
  headers:
    - { key: x.y, value: \"1\" }
  rules:
    - { path: /a/, upstreams: [a] }
    - { path: /b, upstreams: [b, a] }
";
    let loaded = parse(text, "config.yaml").unwrap();
    for (path, line, column) in [
        ("upstreams[1].url", 3, 48),
        ("proxy.port", 2, 11),
        ("routes[0].path", 7, 15),
        ("routes[1]", 8, 7),
        ("routes[0].headers[\"x.y\"]", 5, 26),
        ("upstreams[2].backends[1].hostname", 8, 34),
        ("server.rules[1].upstreams[1]", 8, 34),
    ] {
        assert_eq!(loaded.place(path), Some(Place { line, column }), "{path}");
    }
    let problem = loaded.problem("routes[0].path", "does not please", None);
    let expected = "\
config.yaml:7:15: server.rules[0].path: does not please
  |
7 |     - { path: /a/, upstreams: [a] }
  |               ^^^";
    assert_eq!(problem.to_string(), expected);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let errors = config::load("/nowhere/proxyd.yaml".as_ref()).unwrap_err();
    assert!(errors.to_string().starts_with("/nowhere/proxyd.yaml: cannot be read: "), "{errors}");
}

#[test]
fn a_file_that_is_not_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proxyd.yaml");
    std::fs::write(&file, [0xff, 0xfe, 0x00]).unwrap();
    let errors = config::load(&file).unwrap_err();
    assert!(errors.to_string().contains("is not UTF-8 text"), "{errors}");
}

#[test]
fn secrets_are_never_shown() {
    let text = "\
rateLimit: { redis: { url: \"redis://:hunter2@redis\" } }
upstreams: [{ name: a, url: h, sticky: { secret: hunter2 } }]
routes: [{ upstreams: [{ name: a }], upstreamsSticky: { secret: hunter2 } }]
";
    let loaded = parse(text, "proxyd.yaml").unwrap();
    let redis = loaded.document.rate_limit.clone().unwrap().redis.unwrap();
    assert_eq!(redis.url.as_ref().unwrap().expose(), "redis://:hunter2@redis");
    let shown = format!("{:?} {}", loaded.document, serde_json::to_string(&loaded.document).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!format!("{loaded:?}").contains("hunter2"), "the tree shows it");
}

#[test]
fn a_hundred_errors_are_enough() {
    let routes: String =
        (0..5000).map(|n| format!("  - {{ path: /{n}, upstream: nowhere, x{n}: 1 }}\n")).collect();
    let errors = parse(&format!("routes:\n{routes}"), "proxyd.yaml").unwrap_err();
    assert_eq!(errors.problems().len(), 100);
    assert!(errors.to_string().ends_with("the first 100 errors; there may be more"));
}

#[test]
fn backends_of_a_route_make_an_upstream_of_its_own() {
    let text =
        "routes: [{ id: a, backends: [{ hostname: h }], strategy: random }, { path: /b, respond: {} }]";
    let loaded = parse(text, "proxyd.yaml").unwrap();
    let [with, without] = loaded.document.routes.as_slice() else { panic!("two routes") };
    let upstream = with.inline_upstream().unwrap();
    assert_eq!((upstream.name.as_str(), &*upstream.strategy), ("route:a", "RANDOM"));
    assert_eq!((with.upstream_name(), upstream.backends[0].id.as_str()), (Some("route:a".into()), "h:80"));
    assert_eq!((without.upstream_name(), without.inline_upstream()), (None, None));
}

#[track_caller]
fn check_attempt(proxy: &str, upstream: &str, route: &str, seconds: u64) {
    let text = format!(
        "proxy: {{ {proxy} }}\nupstreams: [{{ name: a, url: h {upstream} }}]\nroutes: [{{ upstream: a {route} }}]"
    );
    let document = parse(&text, "proxyd.yaml").unwrap().document;
    let found = document.attempt_timeout(&document.routes[0], &document.upstreams[0]);
    assert_eq!(found.as_secs(), seconds, "{text}");
}

#[test]
fn who_allows_a_request_more_time_lets_the_backend_have_it() {
    check_attempt("", "", "", 15);
    check_attempt("timeout: 30s", "", "", 15);
    check_attempt("timeout: 1m", "", "", 60);
    check_attempt("timeout: 1m", ", timeout: 5s", "", 5);
    check_attempt("", ", timeout: 5s", ", timeout: 2m", 120);
    check_attempt("", ", timeout: 5s", ", timeout: 1s", 5);
    check_attempt("", "", ", timeout: 2m", 120);
}

/// What `maxRequests` and its like make of the queue: how many wait, and for how many milliseconds.
#[track_caller]
fn check_queue(upstream: &str, route: &str, expected: [(u32, u128); 2]) {
    let text = format!("upstreams: [{{ name: a, url: h {upstream} }}]\nroutes: [{{ upstream: a {route} }}]");
    let document = parse(&text, "proxyd.yaml").unwrap().document;
    let (upstream, route) = (&document.upstreams[0], &document.routes[0]);
    let found = [
        (upstream.queue_length(), upstream.queue_timeout().as_millis()),
        (route.queue_length(), route.queue_timeout().as_millis()),
    ];
    assert_eq!(found, expected, "{text}");
}

#[test]
fn as_many_wait_as_are_in_flight_where_nobody_says_otherwise() {
    check_queue("", "", [(0, 1000), (0, 1000)]);
    check_queue(", maxRequests: 7", ", reqActiveLength: 9", [(7, 1000), (9, 1000)]);
    check_queue(", maxRequests: auto", ", reqActiveLength: auto", [(128, 1000), (128, 1000)]);
    check_queue(
        ", maxRequests: 7, queueLength: 0, queueTimeout: 5s",
        ", reqActiveLength: auto, reqQueueLength: 3, queueTimeout: 20ms",
        [(0, 5000), (3, 20)],
    );
}

#[track_caller]
fn check_intervals(check: &str, fast: u128, down: u128) {
    let text = format!("upstreams: [{{ name: a, url: h, healthCheck: {{ {check} }} }}]");
    let document = parse(&text, "proxyd.yaml").unwrap().document;
    let check = document.upstreams[0].health_check.as_ref().unwrap();
    let found = (check.fast_interval().as_millis(), check.down_interval().as_millis());
    assert_eq!(found, (fast, down), "{text}");
}

#[test]
fn probes_come_twice_as_fast_while_the_state_may_be_about_to_change() {
    check_intervals("", 2500, 5000);
    check_intervals("interval: 150ms", 100, 150);
    check_intervals("interval: 50ms", 50, 50);
    check_intervals("interval: 1s, fastInterval: 2s, downInterval: 3s", 2000, 3000);
}

#[test]
fn a_range_of_statuses_is_asked_about_one() {
    let text =
        "upstreams: [{ name: a, url: h, healthCheck: { type: http, expect: { status: [204, 300-399] } } }]";
    let document = parse(text, "proxyd.yaml").unwrap().document;
    let status = document.upstreams[0].health_check.as_ref().unwrap().expect.status.clone();
    let found = [200, 204, 300, 399, 400].map(|code| status.iter().any(|range| range.contains(code)));
    assert_eq!(found, [false, true, true, true, false]);
}

#[test]
fn tls_is_spoken_with_backends_where_the_url_or_the_pool_says_so() {
    for (upstream, expected) in [
        ("url: \"https://a\"", true),
        ("url: a", false),
        ("backends: [{ hostname: a }], tls: {}", true),
        ("backends: [{ hostname: a }]", false),
    ] {
        let document = parse(&format!("upstreams: [{{ name: a, {upstream} }}]"), "x").unwrap().document;
        assert_eq!(document.upstreams[0].uses_tls(), expected, "{upstream}");
    }
}

#[test]
fn a_key_in_a_file_keeps_the_path_beside_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.key");
    std::fs::write(&file, "-----BEGIN PRIVATE KEY-----\n").unwrap();
    let text = format!("certificates: [{{ cert: /a.pem, keyFile: {:?} }}]", file.display().to_string());
    let document = parse(&text, "proxyd.yaml").unwrap().document;
    let certificate = &document.certificates[0];
    assert_eq!(certificate.key_file.as_deref(), Some(file.as_path()));
    assert!(config::is_pem(certificate.key.as_ref().unwrap().expose()));
    assert!(!config::is_pem(&certificate.cert));
}

#[test]
fn a_path_becomes_a_json_pointer() {
    for (path, expected) in [
        ("", ""),
        ("backends[0].port", "/backends/0/port"),
        ("[2].address", "/2/address"),
        ("headers[\"x.y\"]", "/headers/x.y"),
        ("headers.a/b~c", "/headers/a~1b~0c"),
    ] {
        assert_eq!(config::pointer(path), expected, "{path}");
    }
}

#[track_caller]
fn check_object(problem: &config::Problem, expected: Option<(&str, &str)>) {
    let found = problem.object.as_ref().map(|(key, path)| (key.to_string(), path.clone()));
    assert_eq!(found, expected.map(|(key, path)| (key.into(), path.into())), "{problem}");
}

#[test]
fn a_problem_tells_its_object() {
    let loaded = parse(TEXT, "proxyd.yaml").unwrap();
    for (path, expected) in [
        ("routes[1].vHost", Some(("routes/a.example.com/b", "vHost"))),
        ("routes[1].redirect.to", Some(("routes/a.example.com/b", "redirect.to"))),
        ("upstreams[0]", Some(("upstreams/api", ""))),
        ("routes", None),
        ("routes[7].vHost", None),
        ("proxy.port", None),
        ("", None),
    ] {
        check_object(&loaded.problem(path, "is wrong", None), expected);
    }
    let text = "\
proxy: { prot: 1 }
upstreams: [{ name: a, url: h, retries: 99 }]
routes: [{ id: b, upstream: c }, { upstream: d }]
";
    let errors = parse(text, "proxyd.yaml").unwrap_err();
    let [prot, retries, c, d] = errors.problems() else { panic!("{errors}") };
    check_object(prot, Some(("proxy", "prot")));
    check_object(retries, Some(("upstreams/a", "retries")));
    check_object(c, Some(("routes/b", "upstream")));
    // Its id would be derived from what is right with it.
    check_object(d, None);
}
