//! Certificates of clients: who is let in, and what backends learn of them.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::frames::{Fields, Http2};
use harness::tls::{AlertDescription, Authority, Client, Leaf, Refused, Version, Wish};
use harness::{Connection, Document, Message, PATIENCE};

use super::place::{Ground, Place};

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const FIELDS: [&str; 4] =
    ["X-Client-Cert-Subject", "X-Client-Cert-San", "X-Client-Cert-Fingerprint", "Client-Cert"];

/// The rule that the authority `clients` vouches for clients.
fn rule(ground: &Ground<'_>, clients: &Authority, mode: &str) -> String {
    let file = ground.files.write("clients.pem", clients.pem());
    format!("clientAuth: {{ mode: {mode}, ca: \"{file}\" }}")
}

/// A place whose listener has that rule.
fn place(clients: &Authority, mode: &str) -> Place {
    Place::with(|ground| ground.tls(&rule(ground, clients, mode)).certificate(&ground.leaf(&["a.test"])))
}

/// How a client is refused that shows nothing, and one that shows what is not believed.
fn is_refused(refused: &Refused, alerts: &[AlertDescription]) -> bool {
    matches!(refused, Refused::Alert(alert) if alerts.contains(alert))
}

/// In TLS 1.3 the lack has a word of its own; TLS 1.2 says what it has.
const NOTHING: [AlertDescription; 2] =
    [AlertDescription::CertificateRequired, AlertDescription::HandshakeFailure];
const UNBELIEVED: [AlertDescription; 5] = [
    AlertDescription::UnknownCA,
    AlertDescription::BadCertificate,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateRevoked,
    AlertDescription::DecryptError,
];

#[track_caller]
fn refuses(place: &Place, client: &Client, alerts: &[AlertDescription]) {
    for version in [Version::V12, Version::V13] {
        let refused = client.clone().version(version).refused(&place.address(), "a.test");
        assert!(is_refused(&refused, alerts), "{version:?}: {refused:?}");
    }
    assert_eq!(place.backend.request_count(), 0, "a backend has seen something of it");
}

#[test]
fn a_required_certificate_lets_in_who_has_it_and_nobody_else() {
    let clients = Authority::new("clients");
    let place = place(&clients, "required");
    refuses(&place, &place.client(), &NOTHING);
    for version in [Version::V12, Version::V13] {
        let client = place.client().version(version).with(&clients.client("alice"));
        assert_eq!(client.get(&place.address(), "a.test").status(), 200, "{version:?}");
    }
    assert_eq!(place.proxyd.stop().connections("handshake_failed:no_client_certificate"), 2);
}

#[test]
fn an_optional_certificate_may_be_missing_and_must_be_right_where_it_is_there() {
    let clients = Authority::new("clients");
    let place = place(&clients, "optional");
    refuses(&place, &place.client().with(&Authority::new("others").client("mallory")), &UNBELIEVED);
    for version in [Version::V12, Version::V13] {
        let client = place.client().version(version);
        assert_eq!(client.get(&place.address(), "a.test").status(), 200, "{version:?}");
        let alice = client.with(&clients.client("alice"));
        assert_eq!(alice.get(&place.address(), "a.test").status(), 200, "{version:?}");
    }
    let subjects: Vec<usize> =
        place.backend.requests().iter().map(|seen| seen.all(FIELDS[0]).len()).collect();
    assert_eq!(subjects, [0, 1, 0, 1]);
}

#[test]
fn a_certificate_that_is_not_believed_is_refused() {
    let clients = Authority::new("clients");
    let place = place(&clients, "required");
    let others = Authority::new("clients");
    let bad: [(&str, Leaf); 5] = [
        ("another authority of the same name", others.client("alice")),
        ("the authority of the proxy's own certificates", place.authority.client("alice")),
        ("expired", clients.issue(Wish::client("alice").expired())),
        ("not valid yet", clients.issue(Wish::client("alice").not_yet_valid())),
        ("a server's certificate", clients.leaf(&["alice.test"])),
    ];
    for (what, leaf) in &bad {
        for version in [Version::V12, Version::V13] {
            let client = place.client().version(version).with(leaf);
            let refused = client.refused(&place.address(), "a.test");
            assert!(matches!(refused, Refused::Alert(_)), "{what}, {version:?}: {refused:?}");
        }
    }
    assert_eq!(place.backend.request_count(), 0);
    assert_eq!(place.proxyd.stop().connections("handshake_failed:client_certificate"), 10);
}

#[test]
fn a_certificate_that_an_authority_below_has_issued_is_believed() {
    let clients = Authority::new("clients");
    let place = place(&clients, "required");
    let alice = clients.below("teams").client("alice");
    assert_eq!(place.client().with(&alice).get(&place.address(), "a.test").status(), 200);
}

#[test]
fn a_certificate_that_is_revoked_is_refused() {
    let clients = Authority::new("clients");
    let (alice, mallory) = (clients.client("alice"), clients.client("mallory"));
    let place = Place::with(|ground| {
        let file = ground.files.write("clients.pem", clients.pem());
        let revoked = ground.files.write("revoked.pem", clients.revokes(&[&mallory]));
        let rule = format!("clientAuth: {{ mode: required, ca: \"{file}\", crls: [\"{revoked}\"] }}");
        ground.tls(&rule).certificate(&ground.leaf(&["a.test"]))
    });
    refuses(&place, &place.client().with(&mallory), &[AlertDescription::CertificateRevoked]);
    let resuming = place.client().with(&alice).resuming();
    assert_eq!(resuming.get(&place.address(), "a.test").status(), 200);
    let mut early = place.client().with(&alice).to(&place.address(), "a.test");
    early.ask(GET);
    assert_eq!(early.response().unwrap().status(), 200);
    // A list that changes holds for those who had been let in before, whatever ticket they have.
    place.files.replace("revoked.pem", clients.revokes(&[&mallory, &alice]));
    place.proxyd.log().wait_for("are gone by", 1);
    let refused = resuming.refused(&place.address(), "a.test");
    assert_eq!(refused, Refused::Alert(AlertDescription::CertificateRevoked));
    // Nor does a connection help that was made before: RFC 9110 section 15.5.20.
    early.ask(GET);
    assert_eq!(early.response().unwrap().status(), 421);
    // A list that is broken does not.
    place.files.replace("revoked.pem", "-----BEGIN X509 CRL-----\n");
    let told = place.proxyd.log().wait_for("the former hold", 1);
    assert!(told.contains("revoked.pem") || told.contains("revoked certificates"), "{told}");
    let refused = place.client().with(&mallory).refused(&place.address(), "a.test");
    assert_eq!(refused, Refused::Alert(AlertDescription::CertificateRevoked));
}

/// Two hosts that ask nobody for a certificate, one that demands it, and one that takes it.
fn hosts(clients: &Authority) -> Place {
    Place::with(|ground| {
        let of = |mode: &str| rule(ground, clients, mode);
        Document::new()
            .upstream("app", &[ground.backend], "")
            .listener_with("127.0.0.1:0", "tls: {}")
            .listener("127.0.0.1:0")
            .route("vHost: open.test, upstream: app")
            .route(&format!("vHost: closed.test, upstream: app, {}", of("required")))
            .route(&format!("vHost: ajar.test, upstream: app, {}", of("optional")))
            .certificate(&ground.leaf(&["open.test", "closed.test", "ajar.test"]))
    })
}

#[test]
fn a_host_has_a_rule_of_its_own() {
    let clients = Authority::new("clients");
    let place = hosts(&clients);
    let (nobody, alice) = (place.client(), place.client().with(&clients.client("alice")));
    for host in ["open.test", "ajar.test"] {
        assert_eq!(nobody.get(&place.address(), host).status(), 200, "{host}");
    }
    for name in ["closed.test", "CLOSED.test"] {
        let refused = nobody.refused(&place.address(), name);
        assert!(is_refused(&refused, &NOTHING), "{name}: {refused:?}");
    }
    for host in ["open.test", "ajar.test", "closed.test"] {
        assert_eq!(alice.get(&place.address(), host).status(), 200, "{host}");
    }
    let subjects: Vec<usize> =
        place.backend.requests().iter().map(|seen| seen.all(FIELDS[0]).len()).collect();
    assert_eq!(subjects, [0, 0, 0, 1, 1], "only where it is asked for");
}

#[test]
fn the_rule_of_a_wildcard_holds_for_all_below_it_that_have_none() {
    let clients = Authority::new("clients");
    let place = Place::with(|ground| {
        Document::new()
            .upstream("app", &[ground.backend], "")
            .listener_with("127.0.0.1:0", "tls: {}")
            .route(&format!("vHost: \"*.in.test\", upstream: app, {}", rule(ground, &clients, "required")))
            .route("vHost: a.in.test, upstream: app")
            .route("vHost: in.test, upstream: app")
            .certificate(&ground.leaf(&["in.test", "*.in.test", "b.c.in.test"]))
    });
    let alice = place.client().with(&clients.client("alice"));
    for host in ["a.in.test", "b.in.test", "b.c.in.test"] {
        let refused = place.client().refused(&place.address(), host);
        assert!(is_refused(&refused, &NOTHING), "{host}: {refused:?}");
        assert_eq!(alice.get(&place.address(), host).status(), 200, "{host}");
    }
    assert_eq!(place.client().get(&place.address(), "in.test").status(), 200);
}

#[test]
fn the_rule_of_a_host_goes_before_that_of_the_listener() {
    let (clients, others) = (Authority::new("clients"), Authority::new("others"));
    let place = Place::with(|ground| {
        let file = ground.files.write("others.pem", others.pem());
        let tls = format!("tls: {{ clientAuth: {{ mode: required, ca: \"{file}\" }} }}");
        Document::new()
            .upstream("app", &[ground.backend], "")
            .listener_with("127.0.0.1:0", &tls)
            .route("vHost: a.test, upstream: app")
            .route(&format!("vHost: b.test, upstream: app, {}", rule(ground, &clients, "required")))
            .certificate(&ground.leaf(&["a.test", "b.test"]))
    });
    let client = |authority: &Authority| place.client().with(&authority.client("alice"));
    assert_eq!(client(&others).get(&place.address(), "a.test").status(), 200);
    assert_eq!(client(&clients).get(&place.address(), "b.test").status(), 200);
    for (authority, host) in [(&clients, "a.test"), (&others, "b.test")] {
        let refused = client(authority).refused(&place.address(), host);
        assert!(is_refused(&refused, &UNBELIEVED), "{host}: {refused:?}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn backends_learn_who_the_client_is() {
    let clients = Authority::new("clients");
    let place = place(&clients, "required");
    let wish = Wish::client("alice").uri("spiffe://x.test/alice").mail("alice@x.test");
    let alice = clients.issue(wish);
    let client = place.client().with(&alice);
    assert_eq!(client.get(&place.address(), "a.test").status(), 200);
    let mut http2 = Http2::over(client.protocols(&["h2"]).to(&place.address(), "a.test"));
    let stream = http2.ask(&Fields::request("GET", "/").with(":scheme", "https"));
    assert_eq!(http2.response(stream).status(), 200);
    let digest = aws_digest(alice.der());
    for seen in place.backend.requests() {
        assert_eq!(seen.all("X-Client-Cert-Subject"), ["CN=alice, O=Clients"]);
        assert_eq!(seen.all("X-Client-Cert-San"), ["URI:spiffe://x.test/alice, email:alice@x.test"]);
        assert_eq!(seen.all("X-Client-Cert-Fingerprint"), [digest.as_str()]);
        // RFC 9440 section 2.2.
        assert_eq!(seen.all("Client-Cert"), [format!(":{}:", STANDARD.encode(alice.der()))]);
    }
}

/// SHA-256 as another program counts it.
fn aws_digest(der: &[u8]) -> String {
    use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256 as SUITE;
    let suite = SUITE.tls13().unwrap();
    hex(suite.common.hash_provider.hash(der).as_ref())
}

#[test]
fn a_subject_cannot_break_out_of_its_field() {
    let clients = Authority::new("clients");
    let place = place(&clients, "required");
    let mallory = clients.client("m\r\nX-Admin: 1\r\n\u{e9}\0");
    assert_eq!(place.client().with(&mallory).get(&place.address(), "a.test").status(), 200);
    let seen = place.backend.request();
    assert_eq!(seen.field("X-Admin"), None);
    let subject = seen.field("X-Client-Cert-Subject").unwrap();
    assert!(subject.is_ascii() && subject.contains("X-Admin"), "{subject:?}");
}

/// What a client says of its own certificate.
const FORGED: &str = "X-Client-Cert-Subject: CN=root\r\nx-client-cert-san: DNS:root\r\nX-Client-Cert-Fingerprint: 00\r\n\
     Client-Cert: :AAAA:\r\nClient-Cert-Chain: :AAAA:\r\nX_Client_Cert_Subject: CN=root\r\nX-Client_Cert-San: DNS:root\r\n\
     x_client-cert_fingerprint: 00\r\nClient_Cert: :AAAA:\r\nClient_Cert_Chain: :AAAA:\r\n";

#[track_caller]
fn has_nothing_forged(seen: &Message) {
    for (name, value) in &seen.head.fields {
        let plain = name.to_ascii_lowercase().replace('_', "-");
        let is_ours = plain.starts_with("x-client-cert") || plain.starts_with("client-cert");
        assert!(!is_ours, "{name}: {value} came through");
    }
}

#[test]
fn a_client_cannot_forge_a_certificate_on_any_connection() {
    let clients = Authority::new("clients");
    let place = hosts(&clients);
    let request = format!("GET / HTTP/1.1\r\nHost: open.test\r\n{FORGED}\r\n");
    let secure = place.client().to(&place.address(), "open.test");
    let plain = Connection::to(&place.proxyd.nth_address(2));
    for mut connection in [secure, plain] {
        connection.ask(&request);
        let answer = connection.response().unwrap();
        assert!(matches!(answer.status(), 200 | 400), "{answer:?}");
    }
    let requests = place.backend.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    requests.iter().for_each(has_nothing_forged);
    let mut http2 = Http2::over(place.client().protocols(&["h2"]).to(&place.address(), "ajar.test"));
    let mut head = Fields::request("GET", "/").with(":scheme", "https").with(":authority", "ajar.test");
    for line in FORGED.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        head = head.and(&name.to_ascii_lowercase(), value);
    }
    let stream = http2.ask(&head);
    assert_eq!(http2.response(stream).status(), 200);
    has_nothing_forged(&place.backend.requests()[2]);
}

#[test]
fn a_client_with_a_certificate_cannot_have_another_one_told() {
    let clients = Authority::new("clients");
    let place = place(&clients, "required");
    let mut connection = place.client().with(&clients.client("alice")).to(&place.address(), "a.test");
    connection.ask(format!(
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: X-Client-Cert-Subject, Client-Cert\r\n{FORGED}\r\n"
    ));
    assert_eq!(connection.response().unwrap().status(), 200);
    let seen = place.backend.request();
    assert_eq!(seen.all("X-Client-Cert-Subject"), ["CN=alice, O=Clients"]);
    assert_eq!(seen.all("X-Client-Cert-San"), [""; 0], "alice has none");
    assert!(FIELDS[2..].iter().all(|name| seen.all(name).len() == 1), "{seen:?}");
    assert!(seen.head.fields.iter().all(|(name, _)| !name.contains('_')), "{seen:?}");
}

#[test]
fn nobody_else_may_say_who_the_client_is_not_even_a_trusted_proxy() {
    let clients = Authority::new("clients");
    let place = Place::with(|ground| {
        Document::to(ground.backend)
            .proxy("trustedProxies: [127.0.0.1]")
            .listener_with("127.0.0.1:0", &format!("tls: {{ {} }}", rule(ground, &clients, "optional")))
            .certificate(&ground.leaf(&["a.test"]))
    });
    let request = "GET / HTTP/1.1\r\nHost: a.test\r\nX-Client-Cert-Subject: CN=bob\r\nX_Client_Cert_San: DNS:root\r\n\r\n";
    for client in [place.client(), place.client().with(&clients.client("alice"))] {
        let mut connection = client.to(&place.address(), "a.test");
        connection.ask(request);
        assert_eq!(connection.response().unwrap().status(), 200);
    }
    let requests = place.backend.requests();
    assert_eq!(requests[0].all("X-Client-Cert-Subject"), [""; 0]);
    assert_eq!(requests[1].all("X-Client-Cert-Subject"), ["CN=alice, O=Clients"]);
    assert!(requests.iter().all(|seen| seen.field("X_Client_Cert_San").is_none()));
}

/// A ticket spares the verification of the certificate, and with it the look at its time.
#[test]
fn a_ticket_does_not_outlive_the_client_s_certificate() {
    let clients = Authority::new("clients");
    let place = place(&clients, "required");
    for version in [Version::V12, Version::V13] {
        let alice = clients.issue(Wish::client("alice").ending_in(Duration::from_secs(2)));
        let client = place.client().version(version).with(&alice).resuming();
        let ends = Instant::now() + PATIENCE;
        // It was let in at least once, and is not any more some time.
        let mut count = 0;
        let refused = loop {
            let connection = client.try_to(&place.address(), "a.test");
            let answered = connection.ok().and_then(|mut connection| connection.try_ask(GET));
            if answered.is_none() {
                break client.refused(&place.address(), "a.test");
            }
            count += 1;
            assert!(Instant::now() < ends, "it is let in for ever");
        };
        assert!(count > 1, "{version:?}: {refused:?}");
    }
}
