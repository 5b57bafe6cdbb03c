//! Mutual TLS: what a backend gets to know of us, and how it refuses us.

use tls_sni::{CertificateError, Client, ClientSettings, ConnectFailure, Identity, Protocol, failure_of};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::rig::{Authority, Backend, EACH, Issued, NAME, V12, V13, shake, talk, trusting};

fn identity(issued: &Issued) -> Identity {
    Identity::parse(issued.pem.as_bytes(), issued.key.serialize_pem().as_bytes()).unwrap()
}

fn with(authority: &Authority, issued: &Issued) -> ClientSettings {
    let mut settings = trusting(authority);
    settings.identity = Some(identity(issued));
    settings
}

#[track_caller]
fn alert(failure: Option<ConnectFailure>) -> &'static str {
    let Some(ConnectFailure::Alert(alert)) = failure else { panic!("{failure:?}") };
    alert.name()
}

#[tokio::test]
async fn a_backend_that_knows_us_takes_us() {
    let (authority, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let between = theirs.below("between", 3);
    let own = between.issue("us.test").with_chain(&[&between]);
    let shown = authority.issue(NAME);
    for versions in EACH {
        let backend = Backend { versions, believes: Some(&theirs), ..Backend::with(&shown) }.config();
        let client = Client::new(with(&authority, &own)).unwrap();
        let (mut ours, mut far) = shake(&client, &backend, NAME).await.both();
        talk(&mut ours, &mut far).await;
        assert_eq!(far.get_ref().1.peer_certificates().map(<[_]>::len), Some(2));
    }
}

#[tokio::test]
async fn a_backend_that_asks_for_nothing_is_shown_nothing() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    let client = Client::new(with(&authority, &authority.issue("us.test"))).unwrap();
    let (mut ours, mut far) = shake(&client, &Backend::with(&shown).config(), NAME).await.both();
    talk(&mut ours, &mut far).await;
    assert!(far.get_ref().1.peer_certificates().is_none());
}

#[tokio::test]
async fn a_backend_that_refuses_us_says_so_in_the_handshake_of_tls_1_2() {
    let (authority, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let shown = authority.issue(NAME);
    let versions = &V12;
    let backend = Backend { versions, believes: Some(&theirs), ..Backend::with(&shown) }.config();
    let client = Client::new(with(&authority, &authority.issue("us.test"))).unwrap();
    let failure = shake(&client, &backend, NAME).await.failure();
    assert_eq!(alert(Some(failure)), "unknown_ca");
    let client = Client::new(trusting(&authority)).unwrap();
    let failure = shake(&client, &backend, NAME).await.failure();
    assert!(matches!(failure, ConnectFailure::Alert(_)), "{failure}");
}

#[tokio::test]
async fn a_backend_that_refuses_us_says_so_at_the_first_read_of_tls_1_3() {
    let (authority, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let shown = authority.issue(NAME);
    let versions = &V13;
    let backend = Backend { versions, believes: Some(&theirs), ..Backend::with(&shown) }.config();
    for (settings, expected) in [
        (trusting(&authority), "certificate_required"),
        (with(&authority, &authority.issue("us.test")), "unknown_ca"),
    ] {
        let client = Client::new(settings).unwrap();
        let ends = shake(&client, &backend, NAME).await;
        assert!(ends.theirs.is_err());
        let mut ours = ends.ours.unwrap();
        for _ in 0..2 {
            let error = ours.read(&mut [0; 16]).await.unwrap_err();
            assert_eq!(alert(failure_of(&error)), expected);
            assert!(error.get_ref().unwrap().downcast_ref::<ConnectFailure>().is_some());
            assert!(error.to_string().starts_with("the backend refused: "), "{error}");
        }
    }
}

#[tokio::test]
async fn who_writes_to_a_backend_that_refused_us_learns_why() {
    let (authority, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let shown = authority.issue(NAME);
    let versions = &V13;
    let backend = Backend { versions, believes: Some(&theirs), ..Backend::with(&shown) }.config();
    let client = Client::new(trusting(&authority)).unwrap();

    let mut ours = shake(&client, &backend, NAME).await.ours.unwrap();
    let error = ours.write_all(b"GET / HTTP/1.1\r\n").await.unwrap_err();
    assert_eq!(alert(failure_of(&error)), "certificate_required");

    let mut ours = shake(&client, &backend, NAME).await.ours.unwrap();
    let slices = [std::io::IoSlice::new(b"GET / "), std::io::IoSlice::new(b"HTTP/1.1\r\n")];
    let error = ours.write_vectored(&slices).await.unwrap_err();
    assert_eq!(alert(failure_of(&error)), "certificate_required");
}

#[tokio::test]
async fn who_writes_to_a_socket_whose_backend_refused_us_learns_why() {
    let (authority, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let shown = authority.issue(NAME);
    let versions = &V13;
    let backend = Backend { versions, believes: Some(&theirs), ..Backend::with(&shown) }.config();
    let client = Client::new(trusting(&authority)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let io = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    let acceptor = TlsAcceptor::from(backend);
    let (ours, theirs) = tokio::join!(client.connect(io, NAME), acceptor.accept(far));
    assert!(theirs.is_err());
    let mut ours = ours.unwrap();
    // The backend has closed by now: the first write is answered with a reset, of which a later one learns.
    let error = loop {
        if let Err(error) = ours.write_all(b"GET / HTTP/1.1\r\n").await {
            break error;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(alert(failure_of(&error)), "certificate_required");
}

#[tokio::test]
async fn protocols_are_negotiated() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    let (h1, h2) = (Protocol::Http1, Protocol::Http2);
    let cases: [(&[Protocol], &[Protocol], Option<Protocol>); 7] = [
        (&[h2, h1], &[h2, h1], Some(h2)),
        // The backend chooses: RFC 7301 section 3.2.
        (&[h2, h1], &[h1, h2], Some(h1)),
        (&[h2, h1], &[h1], Some(h1)),
        (&[h1], &[h2, h1], Some(h1)),
        (&[h2], &[h2], Some(h2)),
        (&[h2, h1], &[], None),
        (&[], &[h2, h1], None),
    ];
    for (offered, protocols, expected) in cases {
        let mut settings = trusting(&authority);
        settings.protocols = offered.to_vec();
        let client = Client::new(settings).unwrap();
        let backend = Backend { protocols, ..Backend::with(&shown) }.config();
        for _ in 0..2 {
            let (mut ours, mut theirs) = shake(&client, &backend, NAME).await.both();
            talk(&mut ours, &mut theirs).await;
            assert_eq!(ours.protocol(), expected, "{offered:?} {protocols:?}");
        }
    }
}

#[tokio::test]
async fn a_backend_that_speaks_no_offered_protocol_refuses() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    let mut settings = trusting(&authority);
    settings.protocols = vec![Protocol::Http2];
    let client = Client::new(settings).unwrap();
    let backend = Backend { protocols: &[Protocol::Http1], ..Backend::with(&shown) }.config();
    let failure = shake(&client, &backend, NAME).await.failure();
    assert_eq!(alert(Some(failure)), "no_application_protocol");
}

#[test]
fn an_identity_is_checked_but_for_names_and_time() {
    let authority = Authority::new("ours");
    let (one, other) = (authority.issue("us.test"), authority.issue("us.test"));
    let of = |chain: &str, key: &str| Identity::parse(chain.as_bytes(), key.as_bytes());
    let key = one.key.serialize_pem();
    let both = format!("{key}{}", one.pem);
    assert_eq!(of(&both, &both), of(&one.pem, &key));
    assert_ne!(identity(&one), identity(&other));
    assert_eq!(of(&one.pem, &other.key.serialize_pem()), Err(CertificateError::KeyMismatch));
    assert_eq!(of("", &key), Err(CertificateError::NoCertificate));
    assert_eq!(of(&one.pem, ""), Err(CertificateError::NoKey));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert_eq!(of(&one.pem, encrypted), Err(CertificateError::KeyEncrypted));
    let wrong = format!("{}{}", one.pem, other.pem);
    assert_eq!(of(&wrong, &key), Err(CertificateError::ChainOrder { number: 1 }));

    let nameless = authority.issue_with("us.test", |params| {
        params.subject_alt_names.clear();
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    });
    let nameless = identity(&nameless);
    assert!(nameless.not_before() < nameless.not_after());
    assert!(nameless.not_after() < std::time::SystemTime::now());
    assert_eq!(nameless.fingerprint().len(), 64);
}
