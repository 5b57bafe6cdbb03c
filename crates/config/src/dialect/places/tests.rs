use super::*;

#[track_caller]
fn check(path: &str, expected: &str) {
    let places =
        Places { upstreams: 2, fields: vec!["X-A".into(), "x.b".into()], pools: vec![(3, vec![1, 0])] };
    assert_eq!(places.in_file(path), expected, "{path}");
}

#[test]
fn paths_of_the_document_lead_to_what_they_were_made_from() {
    check("proxy.port", "server.listen");
    check("listeners[0].address", "server.listen");
    check("proxy.workers", "server.workers");
    check("proxy.timeout", "server");
    check("upstreams", "server.upstreams");
    check("upstreams[1]", "server.upstreams[1]");
    check("upstreams[1].name", "server.upstreams[1].id");
    check("upstreams[0].url", "server.upstreams[0].url");
    check("upstreams[0].strategy", "server.upstreams[0]");
    check("upstreams[2]", "server.rules[3].upstreams");
    check("upstreams[2].backends[0].hostname", "server.rules[3].upstreams[1]");
    check("upstreams[2].backends[9]", "server.rules[3].upstreams");
    check("upstreams[3]", "server");
    check("routes", "server.rules");
    check("routeOrder", "server.rules");
    check("routes[4]", "server.rules[4]");
    check("routes[4].id", "server.rules[4]");
    check("routes[4].path", "server.rules[4].path");
    check("routes[4].upstream", "server.rules[4].upstreams");
    check("routes[4].headers", "server.headers");
    check("routes[4].headers[\"X-A\"]", "server.headers[0].value");
    check("routes[4].headers[\"x.b\"]", "server.headers[1].value");
    check("routes[4].headers[\"other\"]", "server.headers");
    check("security.blockedIPs[0]", "server");
    check("server.rules[1].path", "server.rules[1].path");
}
