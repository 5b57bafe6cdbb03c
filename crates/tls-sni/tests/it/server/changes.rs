//! What changes while it serves: for the next handshake, and for no connection that stands.

use rustls::AlertDescription;
use tls_sni::{ClientAuthMode, HandshakeFailure, Protocol, Server, TlsVersion, UnknownName};

use super::rig::{Authority, V12, V13, Visitor, client, settings, shake, shown, table, talk, visit};

const NAME: &str = "a.test";

#[tokio::test]
async fn another_certificate_holds_for_the_next_handshake() {
    let authority = Authority::new("ours");
    let (old, new) = (authority.issue(&[NAME]), authority.issue(&[NAME]));
    let certificates = table(vec![]);
    certificates.put("file:a", old.served());
    let server = Server::new(certificates.clone(), &settings()).unwrap();
    let (mut ours, mut theirs) = shake(&server, &client(&authority), NAME).await.both();
    assert_eq!(shown(&theirs), old.der);

    certificates.put("file:a", new.served());
    assert_eq!(shake(&server, &client(&authority), NAME).await.shown(), new.der);
    talk(&mut theirs, &mut ours).await;

    certificates.replace_matching("file:", vec![("file:b".to_owned(), old.served())]);
    assert_eq!(shake(&server, &client(&authority), NAME).await.shown(), old.der);
    certificates.remove("file:b");
    let ends = shake(&server, &client(&authority), NAME).await;
    assert_eq!(ends.failure(), HandshakeFailure::UnknownName);
    talk(&mut theirs, &mut ours).await;
}

#[tokio::test]
async fn other_settings_hold_for_the_next_handshake_of_every_clone() {
    let (authority, clients) = (Authority::new("ours"), Authority::new("clients"));
    let issued = authority.issue(&[NAME, "default.test"]);
    let mut served = issued.as_default();
    served.names = Some(vec![NAME.to_owned()]);
    let mut settings = settings();
    let server = Server::new(table(vec![served]), &settings).unwrap();
    let clone = server.clone();
    let old = Visitor { versions: &V12, protocols: &[b"h2"], ..Visitor::of(&authority) }.client();
    let (mut ours, mut theirs) = shake(&server, &old, NAME).await.both();
    assert_eq!(ours.session().protocol, None);

    settings.protocols = vec![Protocol::Http2];
    clone.replace(&settings).unwrap();
    assert_eq!(visit(&server, &old, NAME).await.protocol, Some(Protocol::Http2));

    settings.unknown_name = UnknownName::Default;
    clone.replace(&settings).unwrap();
    visit(&server, &old, "default.test").await;

    settings.client_auth = Some(clients.rule(ClientAuthMode::Required));
    clone.replace(&settings).unwrap();
    let ends = shake(&server, &client(&authority), NAME).await;
    assert_eq!(ends.failure(), HandshakeFailure::NoClientCertificate);
    assert_eq!(ends.alert().await, AlertDescription::CertificateRequired);

    settings.min_version = TlsVersion::V13;
    clone.replace(&settings).unwrap();
    assert_eq!(shake(&server, &old, NAME).await.failure(), HandshakeFailure::NoSharedParameters);
    let identity = clients.issue(&["client.test"]);
    let new = Visitor { versions: &V13, shows: Some(&identity), ..Visitor::of(&authority) }.client();
    assert!(visit(&server, &new, NAME).await.client.is_some());

    // The one from before goes on as it was agreed upon.
    talk(&mut theirs, &mut ours).await;
    assert_eq!((ours.session().protocol, ours.session().version), (None, TlsVersion::V12));
}
