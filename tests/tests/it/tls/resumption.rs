//! Tickets: who may come again by one, and where.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::tls::{AlertDescription, Authority, Client, Files, Refused, Version};
use harness::{Backend, Document, Proxyd, Socket};

use super::place::Place;

const VERSIONS: [Version; 2] = [Version::V12, Version::V13];

/// Whether a request on a connection of its own is answered, and that connection was resumed. Tickets have come by then.
#[track_caller]
fn resumes(client: &Client, address: &Socket, name: &str) -> bool {
    let mut connection = client.to(address, name);
    connection.ask(format!("GET / HTTP/1.1\r\nHost: {name}\r\n\r\n"));
    assert_eq!(connection.response().unwrap().status(), 200);
    connection.tls().is_resumed
}

#[test]
fn a_client_that_comes_again_resumes_whatever_worker_it_comes_to() {
    let place =
        Place::with(|ground| ground.tls("").proxy("workers: 2").certificate(&ground.leaf(&["a.test"])));
    for version in VERSIONS {
        let client = place.client().version(version).resuming();
        assert!(!resumes(&client, &place.address(), "a.test"));
        // The system spreads connections over the workers: of twenty, all to one would be a wonder.
        for _ in 0..20 {
            assert!(resumes(&client, &place.address(), "a.test"), "{version:?}");
        }
    }
}

#[test]
fn a_client_that_comes_again_resumes_at_another_listener() {
    let place = Place::with(|ground| {
        ground.tls("").listener_with("127.0.0.1:0", "tls: {}").certificate(&ground.leaf(&["a.test"]))
    });
    for version in VERSIONS {
        let client = place.client().version(version).resuming();
        assert!(!resumes(&client, &place.address(), "a.test"));
        assert!(resumes(&client, &place.proxyd.nth_address(2), "a.test"), "{version:?}");
    }
}

#[test]
fn a_ticket_outlives_the_certificate_that_it_was_given_beside() {
    let place = Place::new();
    let client = place.client().resuming();
    assert!(!resumes(&client, &place.address(), "a.test"));
    place.files.put("a.test", &place.authority.leaf(&["a.test"]));
    place.proxyd.log().wait_for("certificate is served from now on", 2);
    assert!(resumes(&client, &place.address(), "a.test"));
}

/// Two instances with a file of ticket keys each.
fn pair(authority: &Authority, files: &Files, backend: &Backend, keys: [&str; 2]) -> [Proxyd; 2] {
    let written = files.put("a", &authority.leaf(&["a.test"]));
    keys.map(|keys| {
        let document = Document::to(backend)
            .listener_with("127.0.0.1:0", &format!("tls: {{ ticketKeys: \"{keys}\" }}"))
            .certificate(&written);
        Proxyd::start(&document)
    })
}

#[test]
fn instances_that_share_a_file_of_ticket_keys_open_each_other_s_tickets() {
    let (authority, files, backend) = (Authority::new("root"), Files::new(), Backend::ok());
    let shared = files.write("shared.key", format!("{}\n", STANDARD.encode([1; 48])));
    let [first, second] = pair(&authority, &files, &backend, [&shared, &shared]);
    for version in VERSIONS {
        let client = Client::new(&authority).version(version).resuming();
        assert!(!resumes(&client, &first.address(), "a.test"));
        assert!(resumes(&client, &second.address(), "a.test"), "{version:?}");
    }
}

#[test]
fn instances_that_share_none_do_not() {
    let (authority, files, backend) = (Authority::new("root"), Files::new(), Backend::ok());
    let keys = [1, 2].map(|byte| files.write(&format!("{byte}.key"), STANDARD.encode([byte; 48])));
    let [first, second] = pair(&authority, &files, &backend, [&keys[0], &keys[1]]);
    for version in VERSIONS {
        let client = Client::new(&authority).version(version).resuming();
        assert!(!resumes(&client, &first.address(), "a.test"));
        assert!(!resumes(&client, &second.address(), "a.test"), "{version:?}");
    }
}

#[test]
fn a_file_of_ticket_keys_that_changes_is_gone_by() {
    let (authority, files, backend) = (Authority::new("root"), Files::new(), Backend::ok());
    let [old, new] = [1, 2].map(|byte| STANDARD.encode([byte; 48]));
    let keys = files.write("tickets.key", &old);
    let [proxyd, _] = pair(&authority, &files, &backend, [&keys, &keys]);
    let client = Client::new(&authority).resuming();
    assert!(!resumes(&client, &proxyd.address(), "a.test"));
    files.replace("tickets.key", format!("{new}\n{old}\n"));
    proxyd.log().wait_for("are gone by", 1);
    assert!(resumes(&client, &proxyd.address(), "a.test"), "the old key opens, the new one seals");
    files.replace("tickets.key", &new);
    proxyd.log().wait_for("are gone by", 2);
    assert!(resumes(&client, &proxyd.address(), "a.test"));
}

/// A host that is open, and two that demand certificates, each of another authority.
fn hosts(clients: &Authority, others: &Authority) -> Place {
    Place::with(|ground| {
        let rule = |name: &str, authority: &Authority| {
            let file = ground.files.write(name, authority.pem());
            format!("clientAuth: {{ mode: required, ca: \"{file}\" }}")
        };
        Document::new()
            .upstream("app", &[ground.backend], "")
            .listener_with("127.0.0.1:0", "tls: {}")
            .route("vHost: open.test, upstream: app")
            .route(&format!("vHost: closed.test, upstream: app, {}", rule("clients.pem", clients)))
            .route(&format!("vHost: twin.test, upstream: app, {}", rule("clients.pem", clients)))
            .route(&format!("vHost: other.test, upstream: app, {}", rule("others.pem", others)))
            .certificate(&ground.leaf(&["open.test", "closed.test", "twin.test", "other.test"]))
    })
}

/// CVE-2025-23419: a session that was resumed would not be asked for a certificate.
#[test]
fn a_ticket_from_an_open_host_does_not_open_one_that_demands_a_certificate() {
    let (clients, others) = (Authority::new("clients"), Authority::new("others"));
    let place = hosts(&clients, &others);
    for version in VERSIONS {
        let client = place.client().version(version).mixing_tickets();
        assert!(!resumes(&client, &place.address(), "open.test"));
        assert!(resumes(&client, &place.address(), "open.test"), "the ticket is good: {version:?}");
        let refused = client.refused(&place.address(), "closed.test");
        let alerts = [AlertDescription::CertificateRequired, AlertDescription::HandshakeFailure];
        assert!(
            matches!(refused, Refused::Alert(alert) if alerts.contains(&alert)),
            "{version:?}: {refused:?}"
        );
    }
    assert!(place.backend.requests().iter().all(|seen| seen.field("Host") == Some("open.test")));
}

#[test]
fn a_ticket_opens_no_host_under_another_authority_s_rule() {
    let (clients, others) = (Authority::new("clients"), Authority::new("others"));
    let place = hosts(&clients, &others);
    let alice = clients.client("alice");
    for version in VERSIONS {
        let client = place.client().version(version).with(&alice).mixing_tickets();
        assert!(!resumes(&client, &place.address(), "closed.test"));
        assert!(resumes(&client, &place.address(), "closed.test"), "{version:?}");
        // Another name is another name, RFC 6066 section 3, though it is let in just the same.
        let _ = resumes(&client, &place.address(), "twin.test");
        let refused = client.refused(&place.address(), "other.test");
        assert!(matches!(refused, Refused::Alert(_)), "{version:?}: {refused:?}");
        // The other way round nobody is told of alice.
        let client = place.client().version(version).with(&alice).mixing_tickets();
        assert!(!resumes(&client, &place.address(), "closed.test"));
        assert!(!resumes(&client, &place.address(), "open.test"), "{version:?}");
    }
    // Who came by a ticket is who got it.
    for seen in place.backend.requests() {
        let expected =
            if seen.field("Host") == Some("open.test") { &[][..] } else { &["CN=alice, O=Clients"] };
        assert_eq!(seen.all("X-Client-Cert-Subject"), expected);
    }
}

#[test]
fn a_ticket_from_an_open_listener_does_not_open_one_that_demands_a_certificate() {
    let clients = Authority::new("clients");
    let place = Place::with(|ground| {
        let file = ground.files.write("clients.pem", clients.pem());
        let demanding = format!("tls: {{ clientAuth: {{ mode: required, ca: \"{file}\" }} }}");
        let optional = format!("tls: {{ clientAuth: {{ mode: optional, ca: \"{file}\" }} }}");
        ground
            .tls("")
            .listener_with("127.0.0.1:0", &demanding)
            .listener_with("127.0.0.1:0", &optional)
            .certificate(&ground.leaf(&["a.test"]))
    });
    for version in VERSIONS {
        for from in [1, 3] {
            let client = place.client().version(version).resuming();
            assert!(!resumes(&client, &place.proxyd.nth_address(from), "a.test"));
            assert!(resumes(&client, &place.proxyd.nth_address(from), "a.test"));
            let refused = client.refused(&place.proxyd.nth_address(2), "a.test");
            assert!(matches!(refused, Refused::Alert(_)), "{version:?} from {from}: {refused:?}");
        }
    }
}

/// RFC 8446 section 8: what is sent ahead of the handshake can be sent again by whoever has seen it.
#[test]
fn no_ticket_lets_a_request_come_ahead_of_the_handshake() {
    let place = Place::new();
    let client = place.client().resuming().early();
    assert!(!resumes(&client, &place.address(), "a.test"));
    assert!(!client.may_be_early("a.test"));
    assert!(resumes(&client, &place.address(), "a.test"), "there was a ticket");
}
