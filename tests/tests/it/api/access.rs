//! Who may use the API, and from where.

use harness::tls::{Authority, Client, Files};
use harness::{Answer, Api, Backend, Connection, Home, Proxyd, Socket, proxyd};
use serde_json::{Value, json};

use super::{ask, document, get, home, home_with};

const READER: (&str, &str) =
    ("reader-token", "sha256:ba5005a40cf5212e4ac0190104cc127edab013294bb71279a975b27a80982d45");
const WRITER: (&str, &str) =
    ("writer-token", "sha256:3590c0a59f72ce02700194a05f228a725c1f135a6dcb3ded9b2d86ab6a6f52cb");

fn tokens() -> String {
    format!(
        "tokens: [{{ name: dashboard, hash: \"{}\" }}, {{ name: ops, hash: \"{}\", role: write }}]",
        READER.1, WRITER.1
    )
}

fn says(host: &str) -> Value {
    json!({ "vHost": host, "respond": { "status": 200 } })
}

/// A proxy whose API is at a port, with these settings beside the address.
fn at_a_port(settings: &str) -> (Proxyd, Api) {
    let proxyd = Proxyd::start_at(&home_with(&format!("admin: {{ address: 127.0.0.1:0, {settings} }}\n")));
    let api = Api::at_address(proxyd.api_address());
    (proxyd, api)
}

#[test]
fn a_token_lets_in_and_its_role_says_what_for() {
    let (proxyd, api) = at_a_port(&tokens());
    let missing = api.get("/routes").refuses(401, "auth_missing");
    assert_eq!(missing.field("www-authenticate"), "Bearer");
    for wrong in
        ["Bearer other", "Bearer ", "Basic cmVhZGVyLXRva2VuOg==", WRITER.0, &format!("Bearer {}", WRITER.1)]
    {
        let refused = api.clone().with("Authorization", wrong).get("/routes").refuses(401, "auth_invalid");
        assert!(refused.field("www-authenticate").starts_with("Bearer"), "{wrong}");
    }
    let reader = api.clone().with("Authorization", &format!("Bearer {}", READER.0));
    assert_eq!(reader.get("/routes").is(200).body, json!([]));
    for (method, path) in
        [("POST", "/routes"), ("POST", "/plan"), ("PUT", "/document"), ("DELETE", "/routes/r")]
    {
        let body = says("a.test");
        let refused = reader.ask(method, path, &[], Some(&body).filter(|_| method != "DELETE"));
        refused.is(403);
    }
    let writer = api.with("Authorization", &format!("bearer {}", WRITER.0));
    writer.post("/routes", &says("a.test")).is(201);
    assert_eq!(proxyd.get("/").status(), 200);
    assert_eq!(writer.get("/revisions?limit=1").body[0]["by"], "ops");
    let audited = proxyd.log().wait_for("\"a write was answered\"", 1);
    assert!(audited.contains("\"actor\":\"ops\"") && audited.contains("proxyd::audit"), "{audited}");
    let log = proxyd.stop().log.join("\n");
    assert!(!log.contains(WRITER.0) && !log.contains(READER.0), "{log}");
}

#[test]
fn who_guesses_tokens_is_kept_out_for_a_while() {
    let (_proxyd, api) = at_a_port(&tokens());
    let guess = api.clone().with("Authorization", "Bearer guess");
    let answers: Vec<u16> = (0..20).map(|_| guess.get("/routes").status).collect();
    assert!(answers.iter().all(|status| [401, 429].contains(status)), "{answers:?}");
    assert_eq!(answers.last(), Some(&429), "{answers:?}");
    // A guess that is right then is not told from one that is wrong.
    let right = api.with("Authorization", &format!("Bearer {}", READER.0));
    right.get("/routes").is(200);
}

#[test]
fn whoever_asks_too_often_is_told_so() {
    let (_proxyd, api) = at_a_port("rateLimit: { max: 5, windowMs: 1h }");
    for _ in 0..5 {
        api.get("/routes").is(200);
    }
    let refused = api.get("/routes").is(429);
    assert!(!refused.field("retry-after").is_empty(), "{:#}", refused.body);
}

#[test]
fn requests_for_other_hosts_and_from_other_sites_are_refused() {
    let (_proxyd, api) = at_a_port("hosts: [proxy.example.com]");
    let port = match api_port(&api) {
        port if port > 0 => port,
        _ => panic!("no port"),
    };
    for host in
        ["localhost", &format!("127.0.0.1:{port}"), "[::1]:1", "proxy.example.com", "PROXY.example.com:99"]
    {
        api.clone().with("Host", host).get("/routes").is(200);
    }
    for host in ["evil.test", "10.0.0.1", "localhost.evil.test", "proxy.example.com.evil.test"] {
        api.clone().with("Host", host).get("/routes").refuses(421, "foreign_host");
    }
    let body = says("a.test");
    for (name, value) in [
        ("Origin", "http://evil.test"),
        ("Origin", "null"),
        ("Origin", "http://localhost:1"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        for method in ["GET", "POST"] {
            let from = api.clone().with(name, value);
            let asked = from.ask(method, "/routes", &[], Some(&body).filter(|_| method == "POST"));
            asked.refuses(403, "foreign_origin");
        }
    }
    api.clone().with("Origin", "http://localhost").get("/routes").is(200);
    // A form of a page cannot send JSON.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        api.ask("POST", "/routes", &[("Content-Type", kind)], Some(&body))
            .refuses(415, "unsupported_media_type");
    }
    let bare = format!(
        "POST /api/v1/routes HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.to_string().len()
    );
    api.raw("POST", bare.as_bytes()).refuses(415, "unsupported_media_type");
    assert_eq!(api.get("/routes").body, json!([]));
}

/// The port of an API: what it says to a request for another path tells nothing, so that it is asked for in its own words.
fn api_port(api: &Api) -> u16 {
    let text = format!("{api:?}");
    let port = text.split_once("127.0.0.1:").map(|(_, rest)| rest);
    port.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn an_address_that_others_reach_needs_tokens_or_certificates() {
    let check = |admin: &str| {
        let home = home_with(&format!("admin: {{ {admin} }}\n"));
        proxyd(&["check", "--config", home.file().to_str().unwrap()])
    };
    for address in ["0.0.0.0:9901", "[::]:9901", "192.0.2.1:9901"] {
        let refused = check(&format!("address: \"{address}\""));
        assert_eq!(refused.code, Some(78), "{address}: {refused:#?}");
        assert!(refused.errors.contains("anybody who reaches"), "{address}: {refused:#?}");
        let taken = check(&format!("address: \"{address}\", {}", tokens()));
        assert_eq!(taken.code, Some(0), "{address}: {taken:#?}");
    }
    assert_eq!(check("address: 127.0.0.1:9901").code, Some(0));
}

#[test]
fn a_certificate_of_a_client_lets_in_over_tls() {
    let (authority, others, files) = (Authority::new("root"), Authority::new("others"), Files::new());
    let own = files.put("admin", &authority.leaf(&["localhost"]));
    let roots = files.write("roots.pem", authority.pem());
    let clients = "clients: [{ name: alice, role: write }, { name: bob, role: read }]";
    let (proxyd, api) = at_a_port(&format!("tls: {{ {own}, clientCa: \"{roots}\", {clients} }}"));
    let address = proxyd.api_address();
    let as_who = |name: &str| Client::new(&authority).with(&authority.client(name));
    let asked = |client: &Client, request: &str| -> Option<Answer> {
        let mut connection = client.try_to(&address, "localhost").ok()?;
        connection.try_ask(request).map(Answer::from)
    };
    let look = "GET /api/v1/routes HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let body = says("a.test").to_string();
    let write = format!(
        "POST /api/v1/routes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    asked(&as_who("bob"), look).unwrap().is(200);
    asked(&as_who("bob"), &write).unwrap().is(403);
    asked(&as_who("carol"), look).unwrap().is(403);
    asked(&as_who("alice"), &write).unwrap().is(201);
    assert_eq!(proxyd.get("/").status(), 200);
    let unknown = Client::new(&authority).with(&others.client("alice"));
    assert!(asked(&unknown, look).is_none_or(|answer| answer.status == 401));
    assert!(asked(&Client::new(&authority), look).is_none_or(|answer| answer.status == 401));
    // Without TLS there is nothing.
    assert!(api.try_ask("GET", "/routes", &[], None).is_none());
}

/// What becomes of a request over a route to a backend that is the API's own address.
#[track_caller]
fn is_never_dialled(proxyd: &Proxyd, api: &Api, hostnames: &[String], port: Option<u16>) {
    for hostname in hostnames {
        let mut backend = json!({ "hostname": hostname });
        if let Some(port) = port {
            backend["port"] = port.into();
        }
        let route = json!({ "vHost": "a.test", "backends": [backend] });
        let made = api.ask("PUT", "/routes/own", &[], Some(&route));
        assert!(made.status < 300, "{hostname}: {:#}", made.body);
        let mut client = proxyd.connect();
        for _ in 0..2 {
            client.ask("GET /api/v1/routes HTTP/1.1\r\nHost: a.test\r\n\r\n");
            let answer = client.response().unwrap();
            assert_eq!(answer.status(), 502, "{hostname}: {answer:?}");
            assert!(!answer.text().contains("vHost"), "{hostname}: {answer:?}");
            assert_eq!(answer.reason(), "egress_denied", "{hostname}: {answer:?}");
        }
    }
}

#[test]
fn the_data_path_never_reaches_the_api_at_its_port() {
    let (proxyd, api) = at_a_port("maxConnections: 64");
    let port = proxyd.api_address().port();
    let hostnames = ["127.0.0.1", "0.0.0.0", "localhost", "::ffff:127.0.0.1", "::"].map(str::to_owned);
    is_never_dialled(&proxyd, &api, &hostnames, Some(port));
    // What resolvers read differently cannot be written.
    for hostname in ["127.1", "2130706433", "0x7f.0.0.1"] {
        let route = json!({ "vHost": "a.test", "backends": [{ "hostname": hostname, "port": port }] });
        api.put("/routes/own", &route).refuses(422, "invalid");
    }
    // A neighbour at the same host is reached.
    let backend = Backend::ok();
    let body =
        json!({ "vHost": "a.test", "backends": [{ "hostname": "127.0.0.1", "port": backend.port() }] });
    api.put("/routes/own", &body).is(200);
    assert_eq!(proxyd.get("/").status(), 200);
}

#[test]
fn the_data_path_never_reaches_the_api_at_its_socket() {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    let socket = proxyd.home().socket();
    let folder = socket.parent().unwrap();
    let link = folder.join("link.sock");
    std::os::unix::fs::symlink(&socket, &link).unwrap();
    let hard = folder.join("hard.sock");
    std::fs::hard_link(&socket, &hard).unwrap();
    let around = folder.join("../run/admin.sock");
    let hostnames = [socket.clone(), link, hard, around].map(|path| format!("unix:{}", path.display()));
    is_never_dialled(&proxyd, &api, &hostnames, None);
}

/// The file may say so before there is an API at all.
#[test]
fn the_data_path_never_reaches_the_api_that_the_file_leads_to() {
    let home = Home::new();
    let upstream = format!(
        "upstreams: [{{ name: own, healthCheck: {{ type: http, path: /health/live, interval: 100ms }}, backends: [{{ id: own, hostname: \"unix:{}\" }}] }}]\n",
        home.socket().display()
    );
    home.write(&document(&format!("{upstream}routes: [{{ vHost: a.test, upstream: own }}]\n")));
    let proxyd = Proxyd::start_at(&home);
    let mut client = proxyd.connect();
    for _ in 0..3 {
        let answer = ask(&mut client, "a.test");
        assert!([502, 503].contains(&answer.status()), "{answer:?}");
    }
}

#[test]
fn connections_that_are_passed_through_never_reach_the_api_either() {
    let home = Home::new();
    home.write(&format!(
        "proxy: {{ workers: 1 }}\n\
         listeners: [{{ address: 127.0.0.1:0, mode: tcp, upstream: own }}]\n\
         upstreams: [{{ name: own, backends: [{{ hostname: \"unix:{}\" }}] }}]\n",
        home.socket().display()
    ));
    let proxyd = Proxyd::start_at(&home);
    let mut client = proxyd.connect();
    let _ = client.try_send("GET /api/v1/routes HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.rest().0, b"");
    proxyd.api().get("/routes").is(200);
}

#[test]
fn without_an_api_nothing_listens_for_it() {
    let backend = Backend::ok();
    let home = home(&backend, "routes: [{ vHost: a.test, upstream: app }]\nadmin: { enabled: false }");
    let proxyd = Proxyd::launch_at(&home);
    assert_eq!(proxyd.get("/").status(), 200);
    assert!(!home.socket().exists());
    let ended = proxyd.stop();
    assert!(!ended.log.iter().any(|line| line.contains("the API is served")), "{:#?}", ended.log);
}

#[test]
fn a_socket_of_a_proxy_that_is_gone_is_taken_over_and_one_of_a_proxy_that_runs_is_not() {
    let home = home_with("");
    Proxyd::start_at(&home).kill();
    assert!(home.socket().exists());
    let proxyd = Proxyd::start_at(&home);
    proxyd.api().get("/routes").is(200);
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(home.socket()).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // The second one serves traffic alone.
    let second = Proxyd::launch_at(&home);
    second.log().wait_for("there is no API", 1);
    assert_eq!(second.get("/").status(), 404);
    assert_eq!(second.stop().code, Some(0));
    proxyd.api().get("/routes").is(200);
    assert_eq!(proxyd.stop().code, Some(0));
    assert!(!home.socket().exists());
}

#[test]
fn an_api_at_a_port_is_asked_over_one_connection_again_and_again() {
    let (proxyd, _) = at_a_port("maxConnections: 1");
    let mut connection = Connection::to(&proxyd.api_address());
    for _ in 0..10 {
        connection.ask("GET /api/v1/routes HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(connection.response().unwrap().status(), 200);
    }
    assert!(matches!(proxyd.api_address(), Socket::Tcp(_)));
    assert_eq!(proxyd.ask(get("a.test")).status(), 404);
}
