//! The proxy's own certificate, which backends ask for.

use harness::Proxyd;
use harness::tls::{Authority, Version};

use super::trust::{Trust, document};

#[test]
fn a_backend_that_asks_for_a_certificate_gets_it() {
    let trust = Trust::new();
    let clients = Authority::new("clients");
    let leaf = clients.client("proxy");
    let own = trust.files.put("own", &leaf);
    for version in [Version::V12, Version::V13] {
        let backend = trust.server().version(version).demanding(&clients).saying("ok");
        let proxyd = Proxyd::start(&document(&backend, &format!("{}, {own}", trust.ca()), ""));
        assert_eq!(proxyd.get("/").text(), "ok", "{version:?}");
        assert_eq!(backend.handshakes()[0].facts().leaf, leaf.der(), "{version:?}");
    }
}

#[test]
fn a_chain_of_the_own_certificate_is_shown_whole() {
    let trust = Trust::new();
    let clients = Authority::new("clients");
    let own = trust.files.put("own", &clients.below("between").client("proxy"));
    let backend = trust.server().demanding(&clients).saying("ok");
    let proxyd = Proxyd::start(&document(&backend, &format!("{}, {own}", trust.ca()), ""));
    assert_eq!(proxyd.get("/").text(), "ok");
}

#[test]
fn a_backend_that_does_not_ask_sees_no_certificate() {
    let trust = Trust::new();
    let own = trust.files.put("own", &Authority::new("clients").client("proxy"));
    let backend = trust.server().saying("ok");
    let proxyd = Proxyd::start(&document(&backend, &format!("{}, {own}", trust.ca()), ""));
    assert_eq!(proxyd.get("/").text(), "ok");
    assert!(backend.handshakes()[0].facts().leaf.is_empty());
}

/// A certificate is replaced in its files, and nobody notices but backends.
#[test]
fn a_certificate_that_is_replaced_is_shown_in_the_next_handshake() {
    let trust = Trust::new();
    let clients = Authority::new("clients");
    let (old, new) = (clients.client("old"), clients.client("new"));
    let both = trust.files.put_in_one("own", &old);
    let backend = trust.server().demanding(&clients).saying("ok");
    let proxyd =
        Proxyd::start(&document(&backend, &format!("{}, {both}", trust.ca()), "maxIdleConnections: 0"));
    assert_eq!(proxyd.get("/").text(), "ok");
    assert_eq!(backend.handshakes()[0].facts().leaf, old.der());
    trust.files.replace("own.pem", format!("{}{}", new.pem(), new.key_pem()));
    let ends = std::time::Instant::now() + harness::PATIENCE;
    loop {
        assert_eq!(proxyd.get("/").text(), "ok");
        if backend.handshakes().last().unwrap().facts().leaf == new.der() {
            break;
        }
        assert!(std::time::Instant::now() < ends, "the new certificate is not shown");
    }
}
