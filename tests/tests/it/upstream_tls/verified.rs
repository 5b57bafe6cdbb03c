//! Who is believed to be the backend.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::tls::{Authority, Leaf, Wish};
use harness::{Proxyd, TlsServer, proxyd};

use super::trust::{Trust, document};

/// The pin of a certificate's key: RFC 7469 section 2.4.
pub(crate) fn pin(leaf: &Leaf) -> String {
    format!("sha256/{}", STANDARD.encode(sha256(leaf.public_key())))
}

/// By the system's own tool, so that nothing of the proxy is believed here.
fn sha256(bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, bytes).unwrap();
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    let hex = String::from_utf8(output.stdout).unwrap();
    (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

#[test]
fn a_backend_is_asked_for_by_its_name_or_by_another_one() {
    let trust = Trust::new();
    let backend = TlsServer::new(&trust.authority.leaf(&["backend.test"])).saying("ok");
    let proxyd = Proxyd::start(&document(&backend, &format!("{}, serverName: backend.test", trust.ca()), ""));
    assert_eq!(proxyd.get("/").text(), "ok");
    assert_eq!(backend.handshakes()[0].name.as_deref(), Some("backend.test"));
    // RFC 6066 section 3: addresses are no names.
    let backend = trust.server().saying("ok");
    assert_eq!(trust.start(&backend, "").get("/").text(), "ok");
    assert_eq!(backend.handshakes()[0].name, None);
    // `localhost` is a name.
    let backend = TlsServer::new(&trust.authority.leaf(&["localhost"])).saying("ok");
    let text = format!(
        "name: app, backends: [{{ hostname: localhost, port: {} }}], tls: {{ {} }}",
        backend.port(),
        trust.ca()
    );
    let document = harness::Document::new().raw_upstream(&text).route("path: /*, upstream: app");
    assert_eq!(Proxyd::start(&document).get("/").text(), "ok");
    assert_eq!(backend.handshakes()[0].name.as_deref(), Some("localhost"));
}

#[test]
fn a_server_name_is_not_the_host_that_is_asked_for() {
    let trust = Trust::new();
    let backend = TlsServer::new(&trust.authority.leaf(&["backend.test"])).saying("ok");
    let tls = format!("{}, serverName: backend.test", trust.ca());
    for (settings, host) in [
        ("", format!("127.0.0.1:{}", backend.port())),
        ("hostHeader: preserve", "a.test".to_owned()),
        ("hostHeader: other.test", "other.test".to_owned()),
    ] {
        let proxyd = Proxyd::start(&document(&backend, &tls, settings));
        assert_eq!(proxyd.get("/").status(), 200);
        let requests = backend.requests();
        assert_eq!(requests.last().unwrap().field("Host"), Some(host.as_str()), "{settings}");
    }
}

#[test]
fn a_chain_is_followed_up_to_who_is_believed() {
    let trust = Trust::new();
    let between = trust.authority.below("between").below("lower");
    let backend = TlsServer::new(&between.leaf(&["127.0.0.1"])).saying("ok");
    assert_eq!(trust.start(&backend, "").get("/").text(), "ok");
    // PEM that stands in the document itself.
    let pem = trust.authority.pem().replace('\n', "\\n");
    assert_eq!(Proxyd::start(&document(&backend, &format!("ca: \"{pem}\""), "")).get("/").text(), "ok");
    // Keys of other kinds.
    for wish in [Wish::rsa, Wish::ed25519] {
        let leaf = trust.authority.issue(wish(Wish::of(&["127.0.0.1"])));
        assert_eq!(trust.start(&TlsServer::new(&leaf).saying("ok"), "").get("/").text(), "ok");
    }
}

#[test]
fn a_list_of_revoked_certificates_lets_others_through() {
    let trust = Trust::new();
    let crl = trust.files.write("crl.pem", trust.authority.revokes(&[&trust.leaf()]));
    let backend = trust.server().saying("ok");
    let proxyd = Proxyd::start(&document(&backend, &format!("{}, crls: [\"{crl}\"]", trust.ca()), ""));
    assert_eq!(proxyd.get("/").text(), "ok");
}

#[test]
fn one_of_several_pins_is_enough_and_does_not_replace_the_authority() {
    let trust = Trust::new();
    let (leaf, other) = (trust.leaf(), trust.leaf());
    let backend = TlsServer::new(&leaf).saying("ok");
    let pins = format!("pins: [\"{}\", \"{}\"]", pin(&other), pin(&leaf));
    assert_eq!(
        Proxyd::start(&document(&backend, &format!("{}, {pins}", trust.ca()), "")).get("/").text(),
        "ok"
    );
    // The key is right, and nobody vouches for it.
    let answer = Proxyd::start(&document(&backend, &pins, "")).get("/");
    assert_eq!(answer.reason(), "upstream_tls:unknown_authority");
    // The key is right, and that is all that is asked for.
    let tls = format!("insecureSkipVerify: true, {pins}");
    assert_eq!(Proxyd::start(&document(&backend, &tls, "")).get("/").text(), "ok");
    let tls = format!("insecureSkipVerify: true, pins: [\"{}\"]", pin(&other));
    assert_eq!(Proxyd::start(&document(&backend, &tls, "")).get("/").reason(), "upstream_tls:pin_mismatch");
}

#[test]
fn whoever_skips_verification_takes_any_certificate_and_is_warned() {
    let stranger = Authority::new("stranger");
    for leaf in [
        stranger.leaf(&["b.test"]),
        stranger.issue(Wish::of(&["127.0.0.1"]).expired()),
        stranger.issue(Wish::of(&["127.0.0.1"]).not_yet_valid()),
    ] {
        let backend = TlsServer::new(&leaf).saying("ok");
        let document = document(&backend, "insecureSkipVerify: true", "");
        let proxyd = Proxyd::start(&document);
        assert_eq!(proxyd.get("/").text(), "ok");
        let warning = "the certificates of these backends are not verified";
        let line = proxyd.log().wait_for(warning, 1);
        assert!(line.contains("\"level\":\"WARN\""), "{line}");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proxyd.yaml");
        std::fs::write(&path, document.text()).unwrap();
        let checked = proxyd_check(path.to_str().unwrap());
        assert_eq!(checked.code, Some(0));
        let told = format!("{}{}", checked.output, checked.errors);
        assert!(told.contains(warning) && told.contains("insecureSkipVerify"), "{told}");
    }
}

fn proxyd_check(path: &str) -> harness::Finished {
    proxyd(&["check", "--config", path])
}

/// It is for the one upstream alone.
#[test]
fn skipping_verification_for_one_upstream_changes_no_other() {
    let trust = Trust::new();
    let stranger = TlsServer::new(&Authority::new("stranger").leaf(&["127.0.0.1"])).saying("ok");
    let url = format!("url: \"https://127.0.0.1:{}\"", stranger.port());
    let document = harness::Document::new()
        .raw_upstream(&format!("name: careless, {url}, tls: {{ insecureSkipVerify: true }}"))
        .raw_upstream(&format!("name: careful, {url}, tls: {{ {} }}", trust.ca()))
        .route("path: /careless, upstream: careless")
        .route("path: /careful, upstream: careful");
    let proxyd = Proxyd::start(&document);
    for _ in 0..3 {
        assert_eq!(proxyd.get("/careless").text(), "ok");
    }
    // Neither its connections nor its sessions are another's.
    assert_eq!(proxyd.get("/careful").reason(), "upstream_tls:unknown_authority");
    assert_eq!(stranger.request_count(), 3);
}

/// The authority is read again when its file changes.
#[test]
fn an_authority_that_is_replaced_holds_for_the_next_handshake() {
    let trust = Trust::new();
    let next = Authority::new("next");
    let backend = TlsServer::new(&next.leaf(&["127.0.0.1"])).saying("ok");
    let proxyd = trust.start(&backend, "passive: { firstProbe: 10ms, longestProbe: 10ms }");
    assert_eq!(proxyd.get("/").reason(), "upstream_tls:unknown_authority");
    trust.files.replace("ca.pem", next.pem());
    let ends = std::time::Instant::now() + harness::PATIENCE;
    loop {
        let answer = proxyd.get("/");
        if answer.status() == 200 {
            break;
        }
        assert!(["upstream_tls:unknown_authority", "no_backend"].contains(&answer.reason()), "{answer:?}");
        assert!(std::time::Instant::now() < ends, "the new authority is not believed");
    }
}

/// Two files may say the same today; whom an upstream believes is its own file's to say.
#[test]
fn an_authority_that_is_replaced_for_one_upstream_is_not_believed_for_another() {
    let trust = Trust::new();
    let other = trust.files.write("other.pem", trust.authority.pem());
    let (proxyd, _backend) = replaced_for_one(&trust, &format!("ca: \"{other}\""));
    for _ in 0..20 {
        let answer = proxyd.get("/two");
        assert!(["upstream_tls:unknown_authority", "no_backend"].contains(&answer.reason()), "{answer:?}");
    }
}

/// One file, and two upstreams that go by it.
#[test]
fn an_authority_that_is_replaced_is_believed_by_all_that_name_its_file() {
    let trust = Trust::new();
    let (proxyd, _backend) = replaced_for_one(&trust, &trust.ca());
    until_answered(&proxyd, "/two");
}

/// Two upstreams of a backend that another authority vouches for than the one that they believe, the first by the file of `trust`, the
/// second by what is said. That file is replaced then, and the first upstream answers at `/one`; the second one is at `/two`.
#[track_caller]
fn replaced_for_one(trust: &Trust, second: &str) -> (Proxyd, harness::TlsBackend) {
    let next = Authority::new("next");
    let backend = TlsServer::new(&next.leaf(&["127.0.0.1"])).saying("ok");
    let document = harness::Document::new()
        .raw_upstream(&quick("one", &backend, &trust.ca()))
        .raw_upstream(&quick("two", &backend, second))
        .route("id: one, path: /one, upstream: one")
        .route("id: two, path: /two, upstream: two");
    let proxyd = Proxyd::start(&document);
    assert_eq!(proxyd.get("/one").reason(), "upstream_tls:unknown_authority");
    trust.files.replace("ca.pem", next.pem());
    until_answered(&proxyd, "/one");
    (proxyd, backend)
}

/// An upstream that asks a dead backend again soon.
fn quick(name: &str, backend: &harness::Backend, tls: &str) -> String {
    let url = format!("https://127.0.0.1:{}", backend.port());
    let passive = "passive: { firstProbe: 10ms, longestProbe: 10ms }";
    format!("name: {name}, url: \"{url}\", tls: {{ {tls} }}, {passive}")
}

#[track_caller]
fn until_answered(proxyd: &Proxyd, path: &str) {
    let ends = std::time::Instant::now() + harness::PATIENCE;
    while proxyd.get(path).status() != 200 {
        assert!(std::time::Instant::now() < ends, "the new authority is not believed at {path}");
    }
}

/// Names of backends are looked up, and are what certificates must be for; addresses of IPv6 have brackets.
#[test]
fn a_backend_of_ipv6_is_known_by_its_address() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else { return };
    let trust = Trust::new();
    let backend = TlsServer::new(&trust.authority.leaf(&["::1"])).saying_on(listener, "ok");
    let url = format!("https://[::1]:{}", backend.port());
    let document = harness::Document::new()
        .raw_upstream(&format!("name: app, url: \"{url}\", tls: {{ {} }}", trust.ca()))
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    assert_eq!(proxyd.get("/").text(), "ok");
    assert_eq!(backend.request().field("Host"), Some(format!("[::1]:{}", backend.port()).as_str()));
    assert_eq!(backend.handshakes()[0].name, None);
}

/// A list of revoked certificates is read again when its file changes, and sessions do not go around it.
#[test]
fn a_certificate_that_is_revoked_while_it_is_used_is_refused_from_the_next_handshake_on() {
    let trust = Trust::new();
    let leaf = trust.leaf();
    let crl = trust.files.write("crl.pem", trust.authority.revokes(&[]));
    let backend = TlsServer::new(&leaf).saying("ok");
    let tls = format!("{}, crls: [\"{crl}\"]", trust.ca());
    let proxyd = Proxyd::start(&document(&backend, &tls, "maxIdleConnections: 0"));
    assert_eq!(proxyd.get("/").text(), "ok");
    trust.files.replace("crl.pem", trust.authority.revokes(&[&leaf]));
    let ends = std::time::Instant::now() + harness::PATIENCE;
    loop {
        let answer = proxyd.get("/");
        if answer.status() != 200 {
            assert_eq!(answer.reason(), "upstream_tls:revoked");
            break;
        }
        assert!(std::time::Instant::now() < ends, "the certificate is still believed");
    }
}
