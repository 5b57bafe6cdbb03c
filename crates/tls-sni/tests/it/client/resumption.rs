//! Sessions that are taken up again, and those that must not be.

use std::sync::Arc;

use rustls::ServerConfig;
use tls_sni::{Client, ClientSettings, ConnectFailure, Pin, Roots};

use super::rig::{Authority, Backend, EACH, Issued, NAME, V13, Versions, shake, talk, trusting};

/// Connects, and tells whether the session was resumed.
async fn comes_again(client: &Client, backend: &Arc<ServerConfig>) -> bool {
    let (mut ours, mut theirs) = shake(client, backend, NAME).await.both();
    talk(&mut ours, &mut theirs).await;
    ours.is_resumed()
}

fn backend(shows: &Issued, versions: Versions) -> Arc<ServerConfig> {
    Backend { versions, ..Backend::with(shows) }.config()
}

#[tokio::test]
async fn a_session_is_resumed() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    for versions in EACH {
        let client = Client::new(trusting(&authority)).unwrap();
        let backend = backend(&shown, versions);
        assert!(!comes_again(&client, &backend).await);
        for _ in 0..3 {
            assert!(comes_again(&client.clone(), &backend).await);
        }
    }
}

#[tokio::test]
async fn a_session_is_of_one_client_and_one_name() {
    let authority = Authority::new("ours");
    let shown = authority.issue("*.hosts.test");
    let backend = Backend::with(&shown).config();
    let client = Client::new(trusting(&authority)).unwrap();
    let another = Client::new(trusting(&authority)).unwrap();
    for (client, host, is_resumed) in [
        (&client, "a.hosts.test", false),
        (&another, "a.hosts.test", false),
        (&client, "b.hosts.test", false),
        (&client, "A.hosts.test.", true),
    ] {
        let (mut ours, mut theirs) = shake(client, &backend, host).await.both();
        talk(&mut ours, &mut theirs).await;
        assert_eq!(ours.is_resumed(), is_resumed, "{host}");
    }
}

#[tokio::test]
async fn the_same_settings_again_keep_sessions() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    let backend = Backend::with(&shown).config();
    let client = Client::new(trusting(&authority)).unwrap();
    assert!(!comes_again(&client, &backend).await);
    client.replace(trusting(&authority)).unwrap();
    assert!(comes_again(&client, &backend).await);
}

#[tokio::test]
async fn no_session_outlives_a_change_of_trust() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    let changes: [fn(&mut ClientSettings); 6] = [
        |settings| {
            let Roots::Pem(text) = &mut settings.roots else { panic!("not the system's") };
            text.extend(Authority::new("another").pem().into_bytes());
        },
        |settings| settings.skips_verification = true,
        |settings| settings.pins = vec![Pin::new([0; 32])],
        |settings| settings.server_name = Some(NAME.into()),
        |settings| settings.protocols = vec![tls_sni::Protocol::Http1],
        |settings| {
            let own = Authority::new("another").issue("us.test");
            let key = own.key.serialize_pem();
            settings.identity = Some(tls_sni::Identity::parse(own.pem.as_bytes(), key.as_bytes()).unwrap());
        },
    ];
    for versions in EACH {
        for (number, change) in changes.iter().enumerate() {
            let backend = backend(&shown, versions);
            let client = Client::new(trusting(&authority)).unwrap();
            assert!(!comes_again(&client, &backend).await);
            assert!(comes_again(&client, &backend).await);
            let mut settings = trusting(&authority);
            change(&mut settings);
            let is_refused = !settings.pins.is_empty();
            client.replace(settings).unwrap();
            let ends = shake(&client, &backend, NAME).await;
            if is_refused {
                assert_eq!(ends.failure(), ConnectFailure::PinMismatch);
            } else {
                assert!(!ends.both().0.is_resumed(), "change {number}");
            }
        }
    }
}

#[tokio::test]
async fn a_session_that_was_begun_unverified_is_verified_once_verification_is_on() {
    let authority = Authority::new("ours");
    let shown = Issued::by_itself("other.test", |_| ());
    for versions in EACH {
        let backend = backend(&shown, versions);
        let mut settings = trusting(&authority);
        settings.skips_verification = true;
        let client = Client::new(settings.clone()).unwrap();
        assert!(!comes_again(&client, &backend).await);
        assert!(comes_again(&client, &backend).await);
        client.replace(trusting(&authority)).unwrap();
        assert_eq!(shake(&client, &backend, NAME).await.failure(), ConnectFailure::UnknownAuthority);
        // Nor does what was remembered come back with the former settings.
        client.replace(settings).unwrap();
        assert!(!comes_again(&client, &backend).await);
    }
}

#[tokio::test]
async fn a_connection_from_before_a_change_remembers_nothing_for_after_it() {
    let authority = Authority::new("ours");
    let shown = Issued::by_itself(NAME, |_| ());
    let backend = backend(&shown, &V13);
    let mut settings = trusting(&authority);
    settings.skips_verification = true;
    let client = Client::new(settings).unwrap();
    let (mut ours, mut theirs) = shake(&client, &backend, NAME).await.both();
    client.replace(trusting(&authority)).unwrap();
    // The tickets are read only now.
    talk(&mut ours, &mut theirs).await;
    assert_eq!(shake(&client, &backend, NAME).await.failure(), ConnectFailure::UnknownAuthority);
}

#[tokio::test]
async fn bad_settings_change_nothing() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    let backend = Backend::with(&shown).config();
    let client = Client::new(trusting(&authority)).unwrap();
    assert!(!comes_again(&client, &backend).await);
    let mut settings = trusting(&authority);
    settings.roots = Roots::Pem(b"nothing".to_vec());
    assert!(client.replace(settings).is_err());
    assert!(comes_again(&client, &backend).await);
}
