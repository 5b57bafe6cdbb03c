//! Which certificate goes to whom.

use rustls::AlertDescription;
use tls_sni::{HandshakeFailure, Served, Server, UnknownName};

use super::rig::{Authority, Issued, client, feed, hello, nameless, serving, settings, shake, table};

/// Nothing but names is decided on here: the client believes that it is the host it asked for, or it breaks off.
async fn shown(server: &Server, authority: &Authority, name: &str) -> Vec<u8> {
    shake(server, &client(authority), name).await.shown().to_vec()
}

#[tokio::test]
async fn the_exact_name_goes_before_the_wildcard() {
    let authority = Authority::new("ours");
    let exact = authority.issue(&["a.hosts.test"]);
    let wild = authority.issue(&["*.hosts.test"]);
    let server = serving(&[&wild, &exact]);
    assert_eq!(shown(&server, &authority, "a.hosts.test").await, exact.der.to_vec());
    assert_eq!(shown(&server, &authority, "b.hosts.test").await, wild.der.to_vec());
}

#[tokio::test]
async fn an_unknown_name_is_refused_by_its_alert() {
    let authority = Authority::new("ours");
    // A default certificate changes nothing: the client asked for somebody else.
    let mut wild = authority.issue(&["*.hosts.test"]).served();
    wild.is_default = true;
    let server = Server::new(table(vec![wild]), &settings()).unwrap();
    for name in ["other.test", "hosts.test", "a.b.hosts.test", "ahosts.test"] {
        let ends = shake(&server, &client(&authority), name).await;
        assert_eq!(ends.failure(), HandshakeFailure::UnknownName, "{name}");
        assert_eq!(ends.alert().await, AlertDescription::UnrecognisedName, "{name}");
    }
}

#[tokio::test]
async fn a_server_without_certificates_knows_nobody() {
    let authority = Authority::new("ours");
    let server = serving(&[]);
    let ends = shake(&server, &client(&authority), "a.test").await;
    assert_eq!(ends.failure(), HandshakeFailure::UnknownName);
    let ends = shake(&server, &nameless(&authority), "a.test").await;
    assert_eq!(ends.failure(), HandshakeFailure::UnknownName);
    assert_eq!(ends.alert().await, AlertDescription::UnrecognisedName);
}

/// A server of `a.test` and `b.test`, and who was shown for a name that is known to none of them, or for none.
async fn otherwise(unknown: UnknownName, has_default: bool, asks: bool) -> Option<&'static str> {
    let authority = Authority::new("ours");
    // What a client believes that asks for neither.
    let names = ["x.test", "c.test"];
    let of = |issued: &Issued, name: &str| {
        let mut served = issued.served();
        served.names = Some(vec![name.to_owned()]);
        served
    };
    let (first, second) = (authority.issue(&names), authority.issue(&names));
    let (a, mut b): (Served, Served) = (of(&first, "a.test"), of(&second, "b.test"));
    b.is_default = has_default;
    let mut settings = settings();
    settings.unknown_name = unknown;
    let server = Server::new(table(vec![a, b]), &settings).unwrap();
    let client = if asks { client(&authority) } else { nameless(&authority) };
    let ends = shake(&server, &client, "x.test").await;
    if ends.ours.is_err() {
        assert_eq!(ends.failure(), HandshakeFailure::UnknownName);
        return None;
    }
    let (ours, theirs) = ends.both();
    assert_eq!(ours.session().server_name.as_deref(), asks.then_some("x.test"));
    Some(if super::rig::shown(&theirs) == first.der { "a.test" } else { "b.test" })
}

#[tokio::test]
async fn unknown_names_are_refused_or_get_the_default_certificate() {
    let (reject, default) = (UnknownName::Reject, UnknownName::Default);
    for (unknown, has_default, asks, expected) in [
        (reject, false, true, None),
        (reject, true, true, None),
        (reject, false, false, None),
        // Who names nobody cannot be wrong about it.
        (reject, true, false, Some("b.test")),
        (default, true, true, Some("b.test")),
        (default, true, false, Some("b.test")),
        // Without one that is marked, it is the first.
        (default, false, true, Some("a.test")),
        (default, false, false, Some("a.test")),
    ] {
        let got = otherwise(unknown, has_default, asks).await;
        assert_eq!(got, expected, "{unknown:?}, default: {has_default}, asks: {asks}");
    }
}

#[tokio::test]
async fn an_address_is_no_name() {
    let authority = Authority::new("ours");
    let server = Server::new(table(vec![authority.issue(&["127.0.0.1"]).as_default()]), &settings()).unwrap();
    // rustls sends no name for an address. RFC 6066 section 3.
    let session = shake(&server, &client(&authority), "127.0.0.1").await.session();
    assert_eq!(session.server_name, None);
}

/// What the server makes of a hello whose name is written like this, and whether it went on to answer it.
async fn written(server: &Server, authority: &Authority, name: &str) -> (HandshakeFailure, Option<u8>) {
    let plain = "z".repeat(name.len() - 5) + ".test";
    let mut bytes = hello(&client(authority), &plain);
    let at = bytes.windows(plain.len()).position(|window| window == plain.as_bytes()).unwrap();
    bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
    let (failure, answer) = feed(server, &bytes).await;
    (failure, answer.first().copied())
}

#[tokio::test]
async fn a_name_has_more_than_one_spelling() {
    let authority = Authority::new("ours");
    let server = serving(&[&authority.issue(&["a.test", "*.Wild.Test"])]);
    for name in ["a.test", "A.TEST", "a.test.", "A.Test.", "B.wILD.tEST."] {
        // A record of the handshake, in which it says hello, and waits.
        assert_eq!(written(&server, &authority, name).await, (HandshakeFailure::Closed, Some(22)), "{name}");
    }
    for name in ["b.test", "B.TEST.", "wild.test."] {
        assert_eq!(written(&server, &authority, name).await, (HandshakeFailure::UnknownName, Some(21)));
    }
    for name in ["a..test", "a.test..", "*.test", "a/test", "a\0test", ".a.test"] {
        assert_eq!(
            written(&server, &authority, name).await,
            (HandshakeFailure::NotTls, Some(21)),
            "{name:?}"
        );
    }
}

#[tokio::test]
async fn the_session_has_the_name_in_its_one_spelling() {
    let authority = Authority::new("ours");
    let server = serving(&[&authority.issue(&["a.test"])]);
    let session = shake(&server, &client(&authority), "A.Test").await.session();
    assert_eq!(session.server_name.as_deref(), Some("a.test"));
}
